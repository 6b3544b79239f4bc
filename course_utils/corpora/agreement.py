"""Minimal pairs of subject and verb: two texts that differ in number, of which one is right.

>>> pair = AgreementPair("the pilot near the boats steers".split(),
...                      "the pilot near the boats steer".split(), attractors=1)
>>> vocab = Vocabulary(["the", "pilot", "near", "boats", "steers", "steer"])
>>> encode_pairs([pair], vocab)
[AgreementPair(right=[2, 3, 4, 2, 5, 6], wrong=[2, 3, 4, 2, 5, 7], attractors=1)]

`course_utils.evaluation.agreement_accuracy` asks a model which one it finds more probable.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import cycle
from random import Random
from typing import NamedTuple

from course_utils.corpora.english import other_number
from course_utils.corpora.grammar import Grammar, Sample
from course_utils.text import Vocabulary

NUMBERS = ("NN", "NNS")  # the tags of a subject: one, many
PATIENCE = 200_000  # sentences drawn in search of one with as many attractors as wanted


class AgreementPair(NamedTuple):
    """A right and a wrong text, as words or as ids.

    Either both are the beginning of a sentence, up to a verb that agrees with its subject in one
    of them alone (Linzen, Dupoux and Goldberg 2016), or both are whole sentences that end with
    ``</s>`` (Warstadt et al. 2020).

    Attributes
    ----------
    right, wrong : list of str or of int
    attractors : int
        The nouns between subject and verb whose number is not the subject's.
    """

    right: Sequence
    wrong: Sequence
    attractors: int


def agreement_pairs(
    grammar: Grammar, attractors: Iterable[int] = range(5), seed: int = 1
) -> Iterator[AgreementPair]:
    """Yield pairs from the grammar without end: the words before a main verb, and two verbs.

    The pairs come in turn: one subject, then many, of each number of attractors. Apart from that
    they are drawn as the grammar draws its sentences, so an optimal model decides every pair.

    Parameters
    ----------
    grammar : Grammar
        That of `english.english_grammar`.
    attractors : iterable of int
        The numbers of attractors wanted.
    seed : int
        The same seed gives the same pairs everywhere.

    Raises
    ------
    ValueError
        If no number is given, or one of them hardly ever occurs.

    Examples
    --------
    >>> from itertools import islice
    >>> from course_utils.corpora.english import english_grammar
    >>> for pair in islice(agreement_pairs(english_grammar(), attractors=[1]), 2):
    ...     print(*pair.right, "|", pair.wrong[-1])
    the juror behind the pans near the barn rarely drafts | draft
    the nervous singers opposite the onion hum | hums
    """
    cells = [(n, number) for n in attractors for number in NUMBERS]
    if not cells:
        raise ValueError("attractors is empty; range(5) asks for 0, 1, 2, 3 and 4")
    rng = Random(f"agreement {seed}")  # random() is the same in every version of Python
    waiting: dict[tuple[int, str], deque[AgreementPair]] = {
        cell: deque(maxlen=100) for cell in cells
    }
    for cell in cycle(cells):
        for _ in range(PATIENCE):
            if waiting[cell]:
                break
            sample = grammar.sample(rng)
            if sample.subject is None or sample.verb is None:
                continue
            found = (sample.attractors, sample.tags[sample.subject])
            if found in waiting:
                waiting[found].append(_pair(sample))
        else:
            raise ValueError(
                f"none of {PATIENCE:,} sentences of the grammar has {cell[0]} attractors between "
                "subject and verb; ask for fewer"
            )
        yield waiting[cell].popleft()


def _pair(sample: Sample) -> AgreementPair:
    prefix, verb = sample.words[: sample.verb], sample.words[sample.verb]
    return AgreementPair([*prefix, verb], [*prefix, other_number(verb)], sample.attractors)


def encode_pairs(pairs: Iterable[AgreementPair], vocab: Vocabulary) -> list[AgreementPair]:
    """Turn pairs of words into pairs of ids; those with a word outside the vocabulary are left out.

    Such a pair says nothing: to the model both verbs, or the nouns that tell the number, may be
    ``<unk>``. So state ``len`` of the result beside the number of pairs.
    """
    return [
        AgreementPair(vocab.encode_words(right), vocab.encode_words(wrong), attractors)
        for right, wrong, attractors in pairs
        if all(word in vocab for word in (*right, *wrong))
    ]
