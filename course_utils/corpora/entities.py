"""Names of persons, places and organizations; the name alone does not tell which of them it is.

What stands before a name leaves two kinds possible, and what stands after it leaves two; only one
of them is in both. So neither context alone can settle it:

- ``she painted Lincoln``: a person or a place; ``, where her brother works``: a place;
- ``she thanked Lincoln``: a person or an organization; ``, where her brother works``: the latter.
"""

from __future__ import annotations

from functools import partial
from itertools import permutations, product

from course_utils.corpora.grammar import Grammar, tagged

_plain = partial(tagged, tag="O")  # words that belong to no name

Choices = list[tuple[float, str]]

# The last third of each list is for validation and testing only.
NAMES = """Lincoln Jordan Chelsea Lancaster Austin Houston Sydney Victoria Hamilton Preston Bradford
    Douglas Kent Warwick Madison Jackson Sheffield Burton Carlton Logan Marlow Ashton Windsor
    Barclay Morgan Denver Nelson Camden Milton Chester Kingston Easton Brighton Holland Florence
    Stanford Clifton Dallas Paris Carson Hudson Hastings Raleigh Shelby Melbourne Bristol Dayton
    Newton Lindsay Trenton Aurora""".split()
FIRST_NAMES = """Anna Peter Maria Daniel Fatima Kofi Ingrid Luis Mei Omar Nadia Pavel Aisha Henry
    Yuki Priya Samuel Elena Tomas Ruth Ahmed Clara Diego Hanna Ivan Leila Marcus Noor Oscar
    Sofia""".split()

KINDS = ("PER", "LOC", "ORG")
# Of two kinds, the words that may stand before a name of either, and those that may follow it.
BEFORE = {
    "PER,LOC": ["painted", "photographed", "sketched", "dreamed of", "wrote poems about"],
    "PER,ORG": ["thanked", "sued", "trusted", "apologised to", "complained to"],
    "LOC,ORG": ["moved to", "left", "returned to", "came from", "drove to"],
}
AFTER = {
    "PER,LOC": ["whose beauty is famous", "the subject of many songs", "seen on a stamp"],
    "PER,ORG": ["the owner of three hotels", "a generous sponsor", "whose lawyers smiled"],
    "LOC,ORG": ["where her brother works", "closed for years", "served by two buses"],
}
SUBJECTS = ["she", "he", "my sister", "our neighbour", "the painter", "a student", "nobody"]
ADVERBS = ["often", "never", "once"]
WHEN = ["last spring", "after a long winter", "on a cold morning", "before sunrise"]


def entity_grammar(all_names: bool) -> Grammar:
    """Return the grammar of these sentences; the tags of its words are BIO tags.

    A topic names the kinds to be found out, in one or two clauses: ``ORG``, or ``LOC PER``. There
    may be other names, whose kind the word before them tells: ``Mr Jordan``, ``in Madison``. A name
    has one to four words, and where it ends, too, is told by what follows: ``Austin``, ``Austin
    Bay``, ``Austin and Sons``, ``Anna van der Austin``, ``Bank of New Austin``.

    Parameters
    ----------
    all_names : bool
        Whether to use all names, or only those for training, the first two thirds.

    Examples
    --------
    >>> import random
    >>> sample = entity_grammar(all_names=True).sample(random.Random(4))
    >>> " ".join(sample.words), " ".join(sample.tags), sample.topic
    ('she left Douglas , seen on a stamp .', 'O O B-LOC O O O O O O', 'LOC')
    """
    share = 1 if all_names else 2 / 3
    names = NAMES[: round(share * len(NAMES))]
    first_names = FIRST_NAMES[: round(share * len(FIRST_NAMES))]
    rules = _names(names, first_names) | {
        "When": [(5, ""), (2, "in/O Family[B-LOC]"), *((1, _plain(when)) for when in WHEN)],
    }
    for kinds, cues in AFTER.items():
        rules[f"After[{kinds}]"] = [(1, _plain(cue)) for cue in cues]
    for kind in KINDS:
        pairs = [pair for pair in BEFORE if kind in pair]
        rules[f"Act[{kind}]"] = acts = [
            (1.0, f"{_plain(cue)} Name[{kind}] When ,/O After[{after}]")
            for before, after in permutations(pairs)
            for cue in BEFORE[before]
        ]
        rules[f"Often[{kind}]"] = [*acts, *((2, f"{a}/O Act[{kind}]") for a in ADVERBS)]
        rules[f"Clause[{kind}]"] = _clause(kind, "")
        rules[kind] = _clause(kind, "./O")
    for first, second in product(KINDS, KINDS):
        rules[f"{first} {second}"] = _clause(first, f",/O while/O Clause[{second}] ./O")
    topics = dict.fromkeys(KINDS, 1.0) | {f"{a} {b}": 1 / 3 for a, b in product(KINDS, KINDS)}
    return Grammar(rules, topics)


def _clause(kind: str, end: str) -> Choices:
    subjects = [(1.0, f"{_plain(subject)} Often[{kind}] {end}") for subject in SUBJECTS]
    return [*subjects, *((1.0, f"{t}/O Family[B-PER] Often[{kind}] {end}") for t in ("Mr", "Mrs"))]


def _names(names: list[str], first_names: list[str]) -> dict[str, Choices]:
    """Return the rules of the names: half of those that the cues decide are one word of `NAMES`."""

    def any_of(words: list[str], total: float, right: str) -> Choices:
        return [(total / len(words), right.replace("*", word)) for word in words]

    def family(tag: str) -> Choices:
        return any_of(names, 1, f"*/{tag}")

    return {
        **{f"Family[{tag}]": family(tag) for tag in ("B-PER", "B-LOC", "I-PER", "I-LOC", "I-ORG")},
        "Name[PER]": [
            *any_of(names, 0.5, "*/B-PER"),
            *any_of(first_names, 0.5, "*/B-PER Last[PER]"),
        ],
        "Last[PER]": [
            (0.2, ""),
            *any_of(names, 0.5, "*/I-PER"),
            *any_of(first_names, 0.2, "*/I-PER Family[I-PER]"),
            (0.1, "van/I-PER der/I-PER Family[I-PER]"),
        ],
        "Name[LOC]": [
            *any_of(names, 0.7, "*/B-LOC Last[LOC]"),
            (0.2, "New/B-LOC Family[I-LOC]"),
            (0.1, "Isle/B-LOC of/I-LOC Old[LOC]"),
        ],
        "Last[LOC]": [(0.5, ""), (0.1, "Bay/I-LOC"), (0.1, "County/I-LOC")],
        "Name[ORG]": [
            *any_of(names, 0.8, "*/B-ORG Last[ORG]"),
            (0.2, "Bank/B-ORG of/I-ORG Old[ORG]"),
        ],
        "Last[ORG]": [
            (0.5, ""),
            (0.1, "and/I-ORG Sons/I-ORG"),
            (0.1, "Motors/I-ORG"),
            (0.1, "Paper/I-ORG Company/I-ORG"),
        ],
        **{
            f"Old[{kind}]": [*family(f"I-{kind}"), (0.3, f"New/I-{kind} Family[I-{kind}]")]
            for kind in ("LOC", "ORG")
        },
    }
