"""How good are the labels? Accuracy, precision, recall and F1, with tags and spans alike.

``gold`` and ``predicted`` are lists with one entry a sentence: a list of tags, one a word, or a
single label, such as the class of the sentence or the (first, end) of an answer.

>>> gold, predicted = [["DET", "NOUN"], ["PRON", "VERB"]], [["DET", "VERB"], ["PRON", "VERB"]]
>>> accuracy(gold, predicted)
0.75
>>> accuracy(["positive", "negative"], ["positive", "positive"])
0.5
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from operator import eq
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

Labels = Sequence[list[str] | Hashable]


def accuracy(gold: Labels, predicted: Labels) -> float:
    """Return the share of labels that are right, 0 to 1: of words, or of sentences with one label.

    Raises
    ------
    ValueError
        If there is nothing to compare, or not one predicted label for each gold label.
    TypeError
        If an entry is neither a list of labels nor one label.
    """
    gold, predicted = _side_by_side(gold, predicted)
    return sum(map(eq, gold, predicted)) / len(gold)


@dataclass(frozen=True)
class Scores:
    """How well each label, or each kind of span, was found.

    Attributes
    ----------
    rows : list of dict
        One a ``label``, in alphabetical order: ``precision``, the share of those predicted that are
        right; ``recall``, the share of those in the gold that were found; ``f1``, their harmonic
        mean ``2 right / (predicted + support)``; ``support``, how many there are in the gold;
        ``predicted``, how many were predicted; ``right``, how many of these are in the gold too.
        A share of nothing is 0.
    """

    rows: list[dict]

    @property
    def precision(self) -> float:
        """The precision over all labels together (micro average)."""
        return _share(self._total("right"), self._total("predicted"))

    @property
    def recall(self) -> float:
        """The recall over all labels together (micro average)."""
        return _share(self._total("right"), self._total("support"))

    @property
    def f1(self) -> float:
        """The F1 over all labels together (micro average)."""
        return _share(2 * self._total("right"), self._total("predicted") + self._total("support"))

    @property
    def macro_f1(self) -> float:
        """The mean of the labels' F1, a rare label counting as much as a frequent one."""
        return _share(sum(row["f1"] for row in self.rows), len(self.rows))

    def table(self) -> pd.DataFrame:
        """Return the rows as a pandas table, by label."""
        import pandas as pd

        return pd.DataFrame(self.rows, columns=["label", *_COLUMNS]).set_index("label")

    def _total(self, column: str) -> int:
        return sum(row[column] for row in self.rows)


@dataclass(frozen=True)
class TagScores(Scores):
    """Scores of tags or classes, each word or sentence with exactly one.

    Attributes
    ----------
    accuracy : float
        The share that is right. The micro averages of precision, recall and F1 are the same number.
    known_accuracy, unknown_accuracy : float or None
        The same of the words that were known and of those that were not; None if it was not said
        which were, or if there are none.
    unknown_share : float or None
        The share of words that were not known.
    """

    accuracy: float
    known_accuracy: float | None = None
    unknown_accuracy: float | None = None
    unknown_share: float | None = None


def tag_scores(
    gold: Labels, predicted: Labels, known: Sequence[Sequence[bool]] | None = None
) -> TagScores:
    """Score tags of words, or classes of sentences.

    Parameters
    ----------
    gold, predicted : list of (list of str, or str)
        For each sentence a tag a word, or one class.
    known : list of list of bool, optional
        For each word whether it was seen in training:
        ``[[word in vocab for word in words] for words in corpus.test]``.

    Returns
    -------
    TagScores

    Raises
    ------
    ValueError, TypeError
        As `accuracy`; and if ``known`` does not say yes or no of each word.

    Examples
    --------
    >>> scores = tag_scores([["N", "V", "N"]], [["N", "N", "N"]], known=[[True, True, False]])
    >>> scores.known_accuracy, scores.unknown_accuracy
    (0.5, 1.0)
    >>> scores.table()[["precision", "recall", "f1", "support"]].round(2)
           precision  recall   f1  support
    label
    N           0.67     1.0  0.8        2
    V           0.00     0.0  0.0        1
    """
    golds, guesses = _side_by_side(gold, predicted)
    right = list(map(eq, golds, guesses))
    correct = Counter(label for label, is_right in zip(golds, right, strict=True) if is_right)
    rows = _rows(Counter(golds), Counter(guesses), correct)
    share = sum(right) / len(right)
    if known is None:
        return TagScores(rows, share)

    seen = _side_by_side(gold, known, "known")[1]
    if not {type(word) for word in seen} <= {bool, np.bool_}:
        raise TypeError("known must say True or False of each word: whether training held it")
    n_known = sum(seen)
    n_right = sum(a and b for a, b in zip(seen, right, strict=True))
    n_unknown = len(seen) - n_known
    return TagScores(
        rows,
        share,
        n_right / n_known if n_known else None,
        (sum(right) - n_right) / n_unknown if n_unknown else None,
        n_unknown / len(seen),
    )


def spans(tags: Sequence[str], strict: bool = False) -> list[tuple[str, int, int]]:
    """Return the spans that BIO tags mark, from left to right.

    ``B-PER`` begins a span of kind PER and ``I-PER`` continues it; ``O`` is outside. A tagger may
    write what no annotator would, an ``I-PER`` where no PER can go on. By default such a tag begins
    a span, as in the scorer of the CoNLL shared tasks (Tjong Kim Sang and De Meulder 2003).
    Strictly (IOB2), only B begins a span, and such a tag belongs to none. These are the two
    readings of seqeval (Nakayama 2018), its default and its strict mode.

    Parameters
    ----------
    tags : sequence of str
        The tags of one sentence: ``O``, or ``B-`` or ``I-`` and the kind.
    strict : bool

    Returns
    -------
    list of (kind, first, end)
        The words of a span are ``words[first:end]``.

    Raises
    ------
    ValueError
        If a tag is none of these.

    Examples
    --------
    >>> spans(["B-PER", "I-PER", "O", "I-LOC", "I-PER"])
    [('PER', 0, 2), ('LOC', 3, 4), ('PER', 4, 5)]
    >>> spans(["B-PER", "I-PER", "O", "I-LOC", "I-PER"], strict=True)
    [('PER', 0, 2)]
    """
    if isinstance(tags, str) or not all(isinstance(tag, str) for tag in tags):
        raise TypeError(f"tags are a list of str, one a word, got {tags!r}")
    found, open_kind, first = [], None, 0  # open_kind: of the span that the last word belongs to
    for t, tag in enumerate([*tags, "O"]):
        kind = _kind(tag)
        if tag[0] == "I" and kind == open_kind:
            continue
        if open_kind is not None:
            found.append((open_kind, first, t))
        begins = tag[0] == "B" or (tag[0] == "I" and not strict)
        open_kind, first = (kind, t) if begins else (None, t)
    return found


def _kind(tag: str) -> str | None:
    if tag == "O":
        return None
    if tag[:2] in ("B-", "I-") and tag[2:]:
        return tag[2:]
    raise ValueError(f"a BIO tag is 'O', or 'B-' or 'I-' and a kind as in 'B-PER'; got {tag!r}")


def span_scores(
    gold: Sequence[Sequence[str]], predicted: Sequence[Sequence[str]], strict: bool = False
) -> Scores:
    """Score the spans that BIO tags mark: right are kind, first word and last.

    A span found a word too short counts twice against a tagger, as one that is wrong and one that
    was missed: Tjong Kim Sang and De Meulder 2003.

    Parameters
    ----------
    gold, predicted : list of list of str
        The BIO tags of each sentence.
    strict : bool
        As in `spans`.

    Returns
    -------
    Scores
        One row a kind of span; ``.precision``, ``.recall`` and ``.f1`` are of all spans.

    Raises
    ------
    ValueError, TypeError
        As `accuracy`; and if a tag is no BIO tag.

    Examples
    --------
    >>> gold = [["B-PER", "I-PER", "O", "B-LOC"]]
    >>> span_scores(gold, [["B-PER", "O", "O", "B-LOC"]]).f1
    0.5
    """
    _side_by_side(gold, predicted)
    pairs = zip(map(tuple, gold), map(tuple, predicted), strict=True)
    found = [_kinds_found(*pair, strict) for pair in pairs]
    return Scores(
        _rows(*(Counter(chain.from_iterable(kinds)) for kinds in zip(*found, strict=True)))
    )


@lru_cache(maxsize=2**16)  # a bootstrap asks for the same sentences a thousand times
def _kinds_found(gold: tuple, predicted: tuple, strict: bool) -> tuple[list[str], ...]:
    """Return the kinds of a sentence's spans: in the gold, predicted, and in both."""
    golds, guesses = set(spans(gold, strict)), set(spans(predicted, strict))
    return tuple([kind for kind, *_ in found] for found in (golds, guesses, golds & guesses))


def confusion(gold: Labels, predicted: Labels) -> tuple[list, np.ndarray]:
    """Count how often each label was taken for each other.

    Parameters
    ----------
    gold, predicted : list of (list of str, or str)
        As in `tag_scores`.

    Returns
    -------
    labels : list, length K
        All labels of both, in alphabetical order.
    matrix : ndarray of int64, shape (K, K)
        ``[i, j]``: how often the gold is label i and the prediction label j. `plots.confusion`
        draws it.

    Raises
    ------
    ValueError, TypeError
        As `accuracy`.

    Examples
    --------
    >>> labels, matrix = confusion([["N", "V", "N"]], [["N", "N", "N"]])
    >>> labels
    ['N', 'V']
    >>> matrix
    array([[2, 0],
           [1, 0]])
    """
    gold, predicted = _side_by_side(gold, predicted)
    labels = sorted(set(gold) | set(predicted))
    place = {label: i for i, label in enumerate(labels)}
    matrix = np.zeros((len(labels), len(labels)), dtype=np.int64)
    for (one, other), number in Counter(zip(gold, predicted, strict=True)).items():
        matrix[place[one], place[other]] = number
    return labels, matrix


def bootstrap_interval(
    score: Callable[[list, list], float],
    gold: Labels,
    predicted: Labels,
    *,
    other: Labels | None = None,
    samples: int = 1000,
    seed: int = 0,
) -> tuple[float, float]:
    """Return the 95 % interval of a score, or of how much better it is than another system's.

    A test set is a sample; another one would have given another score. The bootstrap draws as many
    sentences as there are, with replacement, scores them, and does so again and again; the interval
    holds the middle 95 % of these scores (Efron 1979, the percentile method). Whole sentences are
    drawn, since words of one sentence are right or wrong together. Two systems are compared on the
    same draws (Berg-Kirkpatrick et al. 2012): where the interval of the difference leaves out 0, a
    difference like the one measured would hardly be an accident of the sentences.

    Parameters
    ----------
    score : callable
        ``score(gold, predicted) -> float``: `accuracy`, or
        ``lambda gold, predicted: span_scores(gold, predicted).f1``.
    gold, predicted : list
        One entry a sentence.
    other : list, optional
        The predictions of another system, for the interval of
        ``score(gold, predicted) - score(gold, other)``.
    samples : int
        How many times to draw.
    seed : int

    Returns
    -------
    low, high : float

    Raises
    ------
    ValueError
        If there are fewer than two sentences or two samples, predictions are missing, or a score is
        not a number.

    Examples
    --------
    >>> gold, predicted = ["a"] * 100, ["a"] * 80 + ["b"] * 20
    >>> low, high = bootstrap_interval(accuracy, gold, predicted)
    >>> low < 0.8 < high  # plus or minus 1.96 sqrt(0.8 * 0.2 / 100) = 0.08
    True
    """
    systems = [predicted] if other is None else [predicted, other]
    for answers in systems:
        if len(answers) != len(gold):
            raise ValueError(f"{len(gold)} sentences need {len(gold)} answers, got {len(answers)}")
    if len(gold) < 2 or samples < 2:
        raise ValueError(
            "a bootstrap needs at least two sentences and two samples, got "
            f"{len(gold)} and {samples}"
        )
    rng = np.random.default_rng(seed)
    values = np.empty(samples)
    for n in range(samples):
        draw = rng.integers(len(gold), size=len(gold)).tolist()
        drawn = [gold[i] for i in draw]
        scores = [score(drawn, [answers[i] for i in draw]) for answers in systems]
        values[n] = scores[0] - sum(scores[1:])
        if math.isnan(values[n]):
            raise ValueError("the score of some sentences drawn at random is not a number")
    low, high = np.quantile(values, [0.025, 0.975])
    return float(low), float(high)


_COLUMNS = ("precision", "recall", "f1", "support", "predicted", "right")


def _rows(support: Counter, predicted: Counter, right: Counter) -> list[dict]:
    """Make the rows of `Scores` from the counts of each label."""
    rows = []
    for label in sorted(support | predicted):
        n_gold, n_predicted, n_right = support[label], predicted[label], right[label]
        shares = (
            _share(n_right, n_predicted),
            _share(n_right, n_gold),
            _share(2 * n_right, n_gold + n_predicted),
        )
        figures = zip(_COLUMNS, (*shares, n_gold, n_predicted, n_right), strict=True)
        rows.append({"label": label, **dict(figures)})
    return rows


def _share(part: float, whole: int) -> float:
    return part / whole if whole else 0.0


def _side_by_side(gold: Labels, predicted: Labels, name: str = "predicted") -> tuple[list, list]:
    """Return all labels of all sentences in two lists, checked to be one to one."""
    for what, labels in (("gold", gold), (name, predicted)):
        if isinstance(labels, str):
            raise TypeError(f"{what} has one entry a sentence, got the string {labels[:30]!r}")
    if len(gold) != len(predicted):
        raise ValueError(f"gold has {len(gold)} sentences, {name} has {len(predicted)}")
    both: tuple[list, list] = [], []
    for number, pair in enumerate(zip(gold, predicted, strict=True)):
        one, other = map(_as_list, pair)
        if len(one) != len(other):
            raise ValueError(
                f"sentence {number} has {len(one)} labels in gold, {len(other)} in {name}; outputs "
                'of any length are compared whole, as " ".join(output)'
            )
        both[0].extend(one)
        both[1].extend(other)
    if not both[0]:
        raise ValueError("there is no label to compare")
    return both


def _as_list(entry: list | Hashable) -> list:
    """Return the labels of one sentence: its tags, or its class or the (first, end) of its span."""
    if isinstance(entry, list):
        return entry
    is_span = isinstance(entry, tuple) and all(isinstance(place, int) for place in entry)
    if isinstance(entry, str | int) or is_span:
        return [entry]
    raise TypeError(f"a sentence has a list of tags or one label, got {entry!r}")
