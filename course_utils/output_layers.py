"""From hidden features to the probabilities of all words: the last layer of a language model.

Every layer here maps features ``h`` (N, D) to a distribution over V words and answers

- ``layer(h)``: logits (..., V), whose softmax is the distribution;
- ``layer.loss(h, targets)``: the mean of ``-ln P(target)`` in nats, for training;
- ``layer.target_log_probs(h, targets)``: ``ln P(target)`` of each row, for evaluation, exact.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn import functional as F

BLOCK_BYTES = 2**23


class FullSoftmax(torch.nn.Module):
    """The softmax over all words: ``P(w) = exp(W_hy h + b_y)_w / sum_v exp(W_hy h + b_y)_v``.

    Parameters
    ----------
    feature_size, vocab_size : int
        D and V.
    embedding : Tensor, shape (V, E), optional
        The parameter to share as ``W_hy``: tied weights (Press and Wolf 2017; Inan et al. 2017).
        The layer and the embedding then hold one and the same parameter. Where ``E`` is not ``D``,
        a matrix (E, D) without bias stands between: ``P_hy``, called ``projection``.

    Attributes
    ----------
    weight : Parameter, shape (V, D), tied (V, E)
        ``W_hy``.
    bias : Parameter, shape (V,)
        ``b_y``, zeros at first, so that every word begins with about the same probability.
    """

    def __init__(self, feature_size: int, vocab_size: int, embedding: Tensor | None = None):
        super().__init__()
        self.vocab_size = vocab_size
        self.projection = None
        if embedding is None:
            self.weight = torch.nn.Parameter(torch.empty(vocab_size, feature_size))
            torch.nn.init.uniform_(self.weight, -0.1, 0.1)
        else:
            self.weight = embedding
            if embedding.shape[1] != feature_size:
                self.projection = torch.nn.Linear(feature_size, embedding.shape[1], bias=False)
        self.bias = torch.nn.Parameter(torch.zeros(vocab_size))

    def project(self, h: Tensor) -> Tensor:
        """Return the features in the size of the word vectors, (..., D) -> (..., E)."""
        return h if self.projection is None else self.projection(h)

    def forward(self, h: Tensor) -> Tensor:
        """Return the logits of all words: (..., D) -> (..., V)."""
        return F.linear(self.project(h), self.weight, self.bias)

    def loss(self, h: Tensor, targets: Tensor) -> Tensor:
        """Return the mean of ``-ln P(target)`` over N rows, in nats: (N, D), (N,) -> ()."""
        return F.cross_entropy(self(h), targets)

    def target_log_probs(self, h: Tensor, targets: Tensor) -> Tensor:
        """Return ``ln P(target)`` of each row: (N, D), (N,) -> (N,)."""
        parts = [
            -F.cross_entropy(self(h[rows]), targets[rows], reduction="none")
            for rows in blocks(len(h), self.vocab_size * h.element_size())
        ]
        return torch.cat(parts)


def blocks(n_rows: int, row_bytes: int) -> Iterator[slice]:
    """Cut rows into slices of at most `BLOCK_BYTES`, and of at least one row."""
    size = max(1, BLOCK_BYTES // row_bytes)
    return (slice(start, start + size) for start in range(0, n_rows, size))
