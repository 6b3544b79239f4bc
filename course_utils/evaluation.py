"""How good is a language model? Perplexity, the same three ways for every model of the course."""

from __future__ import annotations

import warnings
from typing import Protocol

import numpy as np


class LanguageModel(Protocol):
    """What every language model of the course can do, counted or trained."""

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
