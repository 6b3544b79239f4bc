"""Near-identical answers: who shares what hardly anyone else wrote.

Two students who both write ``return 2 ** mean(v0)`` prove nothing: so does half the class. Two who
share six answers that nobody else has are worth a conversation. `similar` tells them apart by
counting, in the class itself, how rare each shared answer is. It compares the answers as
`answers.select` normalises them, without names, comments and formatting.
"""

from __future__ import annotations

import itertools
import math
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from course_utils.grading.judge import Mark

SHINGLE = 4  # words in a row that are compared at a time
NEARLY = 0.85  # share of its shingles that an answer has in common with one nearly equal to it
LONG = 40  # words; shorter answers must be equal, and their length proves nothing
PER_BIT = 8  # words beyond that which make an equal answer half as likely
MOST = 5000  # words of an answer that are read
SURPLUS = 5.0  # bits beyond the best that chance would bring about in such a class


@dataclass(frozen=True)
class Similar:
    """Students whose answers are alike.

    Attributes
    ----------
    students : tuple of str
    answers : dict of str to tuple of str
        Each function whose answer some of them share, and which of them share it.
    bits : float
        How surprising the two of them are who share most; see `similar`.
    """

    students: tuple[str, ...]
    answers: dict[str, tuple[str, ...]]
    bits: float


def similar(marks: Iterable[Mark]) -> list[Similar]:
    """Find the students who share answers that hardly anyone else wrote, most surprising first.

    Two answers to a function are alike if their normalised texts are equal, or if they have at
    least `LONG` words and `NEARLY` all of their shingles (`SHINGLE` words in a row, whatever the
    local names) in common. Of the n students who answered, k wrote this answer or one like it.
    It counts only while it is unusual, k at most 4 + n/10, and then

        bits = log2((n - 1) / (k - 1)) + max(0, words - LONG) / 8 * own / (k - 1).

    The first part is how unlikely it is that the classmate one looks at wrote the same. The second
    is for what a class is too small to show: the longer a text, the more ways there are to write
    it. ``own`` is the share of the rest of the class who wrote an answer like nobody else's; where
    that is small, even a long answer has few forms. What nearly everybody writes adds nothing,
    however long; a short answer that is unusual adds a little, many of them much.

    A pair is listed if its bits, added over the functions, exceed by `SURPLUS` the logarithm of
    the number of pairs, which is what the most similar of independent students come to. Three or
    more are listed together where each two of them would be listed.
    Several attempts of one student are not compared with each other, nor are students who name
    each other as members of a group.

    Parameters
    ----------
    marks : iterable of Mark

    Returns
    -------
    list of Similar
    """
    marks = list(marks)
    writers = _writers(marks)
    people: dict[str, set[str]] = defaultdict(set)  # who stands behind a student's submissions
    for mark in marks:
        people[mark.student] |= {person(name) for name in (mark.student, *mark.members)}
    shared: dict[tuple[str, str], dict[str, float]] = defaultdict(dict)
    for function in sorted(writers):
        for pair, bits in _pairs(writers[function]):
            if people[pair[0]].isdisjoint(people[pair[1]]):
                shared[pair][function] = max(bits, shared[pair].get(function, 0.0))
    n = len({student for texts in writers.values() for who in texts.values() for student in who})
    least = math.log2(max(1, n * (n - 1) / 2)) + SURPLUS
    return _groups({pair: found for pair, found in shared.items() if sum(found.values()) >= least})


def person(name: str) -> str:
    """Return a name in the form in which two are compared: without blanks and capitals.

    Examples
    --------
    >>> person(" Ada  LOVELACE") == person("ada lovelace")
    True
    """
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())


def _writers(marks: Iterable[Mark]) -> dict[str, dict[str, set[str]]]:
    """Return who wrote each text: ``{function: {text: students}}``."""
    writers: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for mark in marks:
        for function, text in mark.shapes.items():
            if text:
                writers[function][text].add(mark.student)
    return writers


def _pairs(writers: Mapping[str, set[str]]) -> Iterator[tuple[tuple[str, str], float]]:
    """Yield two students who share an unusual answer, and its bits; they may be one student."""
    n = len(set().union(*writers.values()))
    words = {text: _words(text) for text in writers}
    near = _near(words)
    crowds = {text: set().union(*(writers[other] for other in near[text])) for text in near}
    alone = sum(len(crowd) == 1 for crowd in crowds.values())
    few = {text: crowd for text, crowd in crowds.items() if len(crowd) <= 4 + n / 10}
    for one in few:
        for other in near[one] & few.keys():
            k = len(few[one] | few[other])
            if other < one or k < 2:
                continue
            own = alone / (n - k) if n > k else 1.0
            length = max(0, min(len(words[one]), len(words[other])) - LONG) / PER_BIT
            bits = math.log2((n - 1) / (k - 1)) + length * own / (k - 1)
            for a, b in itertools.product(writers[one], writers[other]):
                yield (min(a, b), max(a, b)), bits


def _words(text: str) -> list[str]:
    """Return names, numbers and signs; a local name is a local name, whatever its number."""
    found = (match[0] for match in re.finditer(r"\w+|[^\w\s]", re.sub(r"\bv\d+\b", "v", text)))
    return list(itertools.islice(found, MOST))


def _near(words: Mapping[str, list[str]]) -> dict[str, set[str]]:
    """Return the texts that are alike to each text, itself among them."""
    near = {text: {text} for text in words}
    shingles = {
        text: frozenset(zip(*(found[i:] for i in range(SHINGLE)), strict=False))
        for text, found in words.items()
        if len(found) >= LONG
    }
    by_size = sorted(shingles, key=lambda text: (len(shingles[text]), text))
    for i, one in enumerate(by_size):
        for other in by_size[i + 1 :]:
            total = len(shingles[one]) + len(shingles[other])
            if 2 * len(shingles[one]) < NEARLY * total:  # as for all that are longer still
                break
            if 2 * len(shingles[one] & shingles[other]) >= NEARLY * total:
                near[one].add(other)
                near[other].add(one)
    return near


def _groups(pairs: Mapping[tuple[str, str], Mapping[str, float]]) -> list[Similar]:
    """Put pairs together whose students all pair with each other, the most surprising first."""
    bits = {pair: math.fsum(shared.values()) for pair, shared in pairs.items()}
    left = sorted(pairs, key=lambda pair: (-bits[pair], pair))
    found = []
    while left:
        group = list(left[0])
        for student in dict.fromkeys(itertools.chain(*left)):
            if student not in group and all(
                (min(student, other), max(student, other)) in pairs for other in group
            ):
                group.append(student)
        inside = [pair for pair in itertools.combinations(sorted(group), 2)]
        answers: dict[str, set[str]] = defaultdict(set)
        for pair in inside:
            for function in pairs[pair]:
                answers[function].update(pair)
        alike = {function: tuple(sorted(answers[function])) for function in sorted(answers)}
        found.append(Similar(tuple(sorted(group)), alike, bits[left[0]]))
        left = [pair for pair in left if pair not in set(inside)]
    return found
