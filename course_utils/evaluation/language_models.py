"""How good is a language model? Perplexity and agreement, the same way for every model."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    import pandas as pd


class LanguageModel(Protocol):
    """What every language model of the course can do, counted or trained.

    A model may also have ``log_probs_of_each(texts)``, a list of results for a list of texts, if
    reading them side by side is faster than one by one.
    """

    def log_probs(self, ids: np.ndarray) -> np.ndarray:
        """Return log P(token | what the model may see before it) in nats, one number a token."""


def cross_entropy(model: LanguageModel, ids: np.ndarray) -> float:
    """Return the mean negative log-probability of a text, in nats per token.

    ``H = -1/T sum_t ln P(w_t | w_1 .. w_{t-1})`` over all T tokens, ``</s>`` included.

    Parameters
    ----------
    model : LanguageModel
        Anything with ``log_probs(ids) -> (T,)`` in nats.
    ids : ndarray of int, shape (T,)
        A text: token ids in which ``</s>`` ends each sentence.

    Returns
    -------
    float
        Infinite, with a warning that names the first such token, if the model gives a token
        probability 0.

    Raises
    ------
    ValueError
        If the text is empty.
    """
    if len(ids) == 0:
        raise ValueError("the text is empty; perplexity needs at least one token")
    log_probs = model.log_probs(ids)
    if not getattr(model, "is_normalized", True):
        warnings.warn(
            f"{model} gives scores that do not sum to 1; the result is not a perplexity and "
            "cannot be compared with one",
            stacklevel=2,
        )
    impossible = np.flatnonzero(np.isneginf(log_probs))
    if len(impossible):
        warnings.warn(_explain_zero(model, ids, int(impossible[0]), len(impossible)), stacklevel=2)
    return -float(np.mean(log_probs, dtype=np.float64))


def perplexity(model: LanguageModel, ids: np.ndarray) -> float:
    """Return the perplexity of a text: ``exp`` of the cross-entropy in nats per token.

    It is also the inverse probability of the text, ``P(w_1 .. w_T) ** (-1/T)``, and 2 to the
    power of the bits per token. Arguments and errors as in `cross_entropy`.

    Examples
    --------
    >>> import numpy as np
    >>> class Die:
    ...     def log_probs(self, ids):
    ...         return np.full(len(ids), np.log(1 / 6))
    >>> round(perplexity(Die(), np.array([0, 5, 2])), 12)
    6.0
    """
    return float(np.exp(cross_entropy(model, ids)))


def bits_per_token(model: LanguageModel, ids: np.ndarray) -> float:
    """Return the cross-entropy in bits per token. Arguments and errors as in `cross_entropy`."""
    return cross_entropy(model, ids) / float(np.log(2))


def _explain_zero(model: LanguageModel, ids: np.ndarray, position: int, number: int) -> str:
    """Say which event of probability 0 makes a perplexity infinite."""
    what = f"token {position}"
    if hasattr(model, "describe_event"):
        what = f"{model.describe_event(ids, position)} (token {position})"
    return (
        f"the perplexity is infinite: {model} gives probability 0 to {number} of {len(ids)} "
        f"tokens, first to {what}"
    )


@dataclass(frozen=True)
class Agreement:
    """How often a model found the right text of a pair the more probable one.

    Attributes
    ----------
    rows : list of dict
        One for each number of ``attractors``: ``pairs``, their number; ``right``, how many were
        decided right, a tie counting as half; ``accuracy``, the quotient; ``low`` and ``high``, its
        95 % interval (`wilson_interval`). Chance is 0.5.
    """

    rows: list[dict]

    @property
    def accuracy(self) -> float:
        """The accuracy on all pairs."""
        return sum(row["right"] for row in self.rows) / sum(row["pairs"] for row in self.rows)

    def table(self) -> pd.DataFrame:
        """Return the rows as a pandas table, by number of attractors."""
        import pandas as pd

        return pd.DataFrame(self.rows).set_index("attractors")


def agreement_accuracy(model: LanguageModel, pairs: Iterable[tuple]) -> Agreement:
    """Measure whether a model knows which form agrees, by the number of attractors.

    A pair is decided right if the model gives the right text a higher probability than the wrong
    one: ``P(verb | prefix) > P(other verb | prefix)`` if they differ in their last word alone
    (Linzen, Dupoux and Goldberg 2016), ``P(sentence) > P(other sentence)`` if they are whole
    sentences (Warstadt et al. 2020). Each text is read on its own, with nothing before it.

    Parameters
    ----------
    model : LanguageModel
        Anything with ``log_probs(ids) -> (T,)`` in nats.
    pairs : iterable of (right, wrong, attractors)
        Two texts of ids, and the number of nouns that lead astray: `corpora.encode_pairs`.

    Returns
    -------
    Agreement
        Accuracies, numbers of pairs and intervals.

    Raises
    ------
    TypeError
        If a text is made of words instead of ids.
    ValueError
        If there is no pair, a text is empty, no token of a pair differs, or the model's answer is
        not a number.

    Examples
    --------
    A model that finds token 2 likelier than token 3 wherever it stands:

    >>> class Fond:
    ...     def log_probs(self, ids):
    ...         return np.log(np.where(np.asarray(ids) == 2, 0.6, 0.2))
    >>> agreement = agreement_accuracy(Fond(), [([4, 2], [4, 3], 0), ([4, 3], [4, 2], 1)])
    >>> [(row["attractors"], row["accuracy"]) for row in agreement.rows]
    [(0, 1.0), (1, 0.0)]
    """
    pairs = list(pairs)
    if not pairs:
        raise ValueError(
            "there is no pair to decide; does the vocabulary hold the words of any pair?"
        )
    texts, firsts = [], []
    for number, pair in enumerate(pairs):
        if len(pair) != 3:
            raise ValueError(f"pair {number} must be (right, wrong, attractors), got {pair!r}")
        two = [_checked_text(text, number) for text in pair[:2]]
        firsts.append(_first_difference(*two, number))
        texts += two
    if hasattr(model, "log_probs_of_each"):
        log_probs = model.log_probs_of_each(texts)
    else:
        log_probs = [model.log_probs(text) for text in texts]

    results: dict[int, list[float]] = {}
    for number, ((*_, attractors), first) in enumerate(zip(pairs, firsts, strict=True)):
        # What both begin with is as probable in both; adding it up could hide a tie or make one.
        right, wrong = (float(np.sum(log_probs[2 * number + k][first:])) for k in (0, 1))
        if math.isnan(right) or math.isnan(wrong):
            raise ValueError(f"{model} gives pair {number} a probability that is not a number")
        results.setdefault(attractors, []).append(0.5 if right == wrong else float(right > wrong))

    rows = []
    for attractors in sorted(results):
        n, right = len(results[attractors]), sum(results[attractors])
        low, high = wilson_interval(right, n)
        figures = {"pairs": n, "right": right, "accuracy": right / n, "low": low, "high": high}
        rows.append({"attractors": attractors, **figures})
    return Agreement(rows)


def wilson_interval(successes: float, trials: int, z: float = 1.96) -> tuple[float, float]:
    """Return the interval of probabilities that a share of successes does not speak against.

    Its ends are the p for which ``|successes / trials - p| = z sqrt(p (1 - p) / trials)`` (Wilson
    1927). Unlike the plus-minus of a standard error it stays within 0 and 1, and is not a point
    where all trials succeed.

    Parameters
    ----------
    successes : float
        May hold halves, for ties.
    trials : int
    z : float
        1.96 standard errors: 95 %.

    Examples
    --------
    >>> low, high = wilson_interval(10, 10)
    >>> round(low, 3), high
    (0.722, 1.0)
    """
    if not 0 <= successes <= trials or trials <= 0:
        raise ValueError(
            f"trials must be positive and successes among them, got {successes} of {trials}"
        )
    share = successes / trials
    middle = share + z**2 / (2 * trials)
    width = z * math.sqrt(share * (1 - share) / trials + (z / (2 * trials)) ** 2)
    scale = 1 + z**2 / trials
    return max(0.0, (middle - width) / scale), min(1.0, (middle + width) / scale)


def _checked_text(text: Sequence[int], number: int) -> np.ndarray:
    ids = np.asarray(text)
    if ids.ndim != 1 or not len(ids):
        raise ValueError(
            f"pair {number} must hold two texts of ids, each of one dimension and at least one "
            f"token; got shape {ids.shape}"
        )
    if ids.dtype.kind not in "iu":
        raise TypeError(
            f"pair {number} holds {text[0]!r} instead of an id; encode_pairs(pairs, vocab) makes "
            "ids of words"
        )
    return ids.astype(np.int64)


def _first_difference(right: np.ndarray, wrong: np.ndarray, number: int) -> int:
    """Return the first place where two texts have different tokens."""
    shorter = min(len(right), len(wrong))
    different = np.flatnonzero(right[:shorter] != wrong[:shorter])
    if not len(different):
        raise ValueError(
            f"the two texts of pair {number} must differ in a token, got {right.tolist()} and "
            f"{wrong.tolist()}"
        )
    return int(different[0])
