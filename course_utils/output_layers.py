"""From hidden features to the probabilities of all words: the last layer of a language model.

Every layer here maps features ``h`` (N, D) to a distribution over V words and answers

- ``layer(h)``: logits (..., V), whose softmax is the distribution;
- ``layer.loss(h, targets)``: the mean of ``-ln P(target)`` in nats, for training;
- ``layer.target_log_probs(h, targets)``: ``ln P(target)`` of each row, for evaluation, exact.

With many words this layer is where a language model spends its time: N x V logits, each of D
products. Three remedies: never hold all logits (`linear_cross_entropy`), look at a sample of the
words while training (`SampledSoftmax`), or give rare words short vectors (`AdaptiveSoftmax`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

BLOCK_BYTES = 2**23  # of logits; measured: smaller blocks waste products, larger ones the cache


class FullSoftmax(torch.nn.Module):
    """The softmax over all words: ``P(w) = exp(W_hy h + b_y)_w / sum_v exp(W_hy h + b_y)_v``.

    Parameters
    ----------
    feature_size, vocab_size : int
        D and V.
    embedding : Parameter, shape (V, E), optional
        The word vectors to share as ``W_hy``: tied weights (Press and Wolf 2017; Inan et al. 2017).
        Layer and embedding then hold one and the same parameter. Where E is not D, a matrix (E, D)
        without bias stands between, the ``projection``.

    Attributes
    ----------
    weight : Parameter, shape (V, D), tied (V, E)
        ``W_hy``.
    bias : Parameter, shape (V,)
        ``b_y``, zeros at first: with small weights every word begins about equally probable.
    """

    def __init__(self, feature_size: int, vocab_size: int, embedding: Tensor | None = None):
        super().__init__()
        self.vocab_size = vocab_size
        self.projection = None
        if embedding is None:
            self.weight = torch.nn.Parameter(torch.empty(vocab_size, feature_size))
            torch.nn.init.uniform_(self.weight, -0.1, 0.1)
        else:
            shape = tuple(getattr(embedding, "shape", ()))
            if len(shape) != 2 or shape[0] != vocab_size:
                raise ValueError(
                    f"the embedding to share must be a parameter with {vocab_size} rows, got "
                    f"{f'shape {shape}' if shape else type(embedding).__name__}"
                )
            self.weight = embedding
            if embedding.shape[1] != feature_size:
                self.projection = torch.nn.Linear(feature_size, embedding.shape[1], bias=False)
        self.bias = torch.nn.Parameter(torch.zeros(vocab_size))

    def project(self, h: Tensor) -> Tensor:
        """Bring features to the size of the word vectors, (..., D) -> (..., E)."""
        return h if self.projection is None else self.projection(h)

    def forward(self, h: Tensor) -> Tensor:
        """Return the logits of all words, (..., D) -> (..., V)."""
        return F.linear(self.project(h), self.weight, self.bias)

    def loss(self, h: Tensor, targets: Tensor) -> Tensor:
        """Return the mean of ``-ln P(target)``, (N, D), (N,) -> (), in nats.

        On a CPU, logits that need more than one block are never held as a whole.
        """
        if h.device.type == "cpu" and len(h) * self.vocab_size * h.element_size() > BLOCK_BYTES:
            return linear_cross_entropy(self.project(h), self.weight, self.bias, targets)
        return F.cross_entropy(self(h), targets)

    def target_log_probs(self, h: Tensor, targets: Tensor) -> Tensor:
        """Return ``ln P(target)`` of each row, (N, D), (N,) -> (N,)."""
        parts = [
            -F.cross_entropy(self(h[rows]), targets[rows], reduction="none")
            for rows in blocks(len(h), self.vocab_size * h.element_size())
        ]
        return torch.cat(parts)


class SampledSoftmax(FullSoftmax):
    """A softmax trained on a sample of the words and evaluated on all of them.

    The loss ``ln Z - a_target``, with the logits ``a = W_hy h + b_y`` and ``Z = sum_v exp(a_v)``,
    needs every word for Z only. In training mode each word v enters the sample S with a known
    probability ``Q(v)``, independently of all others, and Z is estimated by

        ``exp(a_target) + sum of exp(a_v - ln Q(v)) over v in S, v != target``.

    The correction by ``ln Q`` makes the expectation of the estimate exactly Z (importance sampling:
    Bengio and Senecal 2008; Jean et al. 2015). The target's own term is exact, so a target that was
    sampled as well is left out of the sum. One sample serves all rows of a batch.

    Parameters
    ----------
    feature_size, vocab_size, embedding
        As in `FullSoftmax`.
    n_samples : int
        The expected size of S. From ``vocab_size`` on, S holds all words and the loss is exact.
    proposal : array of float, shape (V,), optional
        Positive numbers, for example counts: ``Q(v) = min(1, c * proposal[v])``, so the most
        frequent words are always in S. Default: Zipf's law ``ln((v + 2) / (v + 1))`` for a
        vocabulary sorted by frequency, as `text.Vocabulary` is.

    Notes
    -----
    The sample is drawn by torch's generator, on the device of the weights. The logarithm of an
    unbiased estimate is too small in the mean, so the training loss looks a little better than it
    is, the less so the larger the sample. Compare models in evaluation mode.
    """

    def __init__(
        self,
        feature_size: int,
        vocab_size: int,
        embedding: Tensor | None = None,
        n_samples: int = 1024,
        proposal: Sequence[float] | None = None,
    ):
        super().__init__(feature_size, vocab_size, embedding)
        if not n_samples >= 1:
            raise ValueError(f"n_samples must be at least 1, got {n_samples}")
        if proposal is None:
            rank = torch.arange(1, vocab_size + 1, dtype=torch.float64)
            proposal = torch.log1p(1 / rank)
        proposal = torch.as_tensor(proposal, dtype=torch.float64)
        if proposal.shape != (vocab_size,):
            raise ValueError(
                f"the proposal needs one number for each of {vocab_size} words, got shape "
                f"{tuple(proposal.shape)}"
            )
        if not (proposal > 0).all() or not proposal.isfinite().all():
            word = int((~((proposal > 0) & proposal.isfinite())).nonzero()[0])
            raise ValueError(
                f"the proposal must be positive and finite for every word, word {word} has "
                f"{float(proposal[word])}; add 1 to counts"
            )
        Q = inclusion_probs(proposal, n_samples).float()
        self.register_buffer("Q", Q, persistent=False)  # the weights fit every other output layer

    def loss(self, h: Tensor, targets: Tensor) -> Tensor:
        """Return the mean of ``-ln P(target)``, (N, D), (N,) -> (); in training an estimate."""
        if not self.training:
            return super().loss(h, targets)
        h = self.project(h)  # (N, E)
        sampled = (torch.rand_like(self.Q) < self.Q).nonzero().squeeze(1)  # (S,)
        W_target, W_sampled = F.embedding(torch.cat([targets, sampled]), self.weight).split(
            [len(targets), len(sampled)]
        )  # (N, E), (S, E): one look-up, so one pass over the gradient of W_hy
        a_target = (W_target * h).sum(dim=-1) + self.bias[targets]  # (N,)
        corrected = self.bias[sampled] - self.Q[sampled].log()  # (S,)
        a_sampled = F.linear(h, W_sampled, corrected)  # (N, S)
        a_sampled = a_sampled.masked_fill(sampled == targets.unsqueeze(1), -torch.inf)
        logits = torch.cat([a_target.unsqueeze(1), a_sampled], dim=1)  # (N, 1 + S)
        return F.cross_entropy(logits, torch.zeros_like(targets))


def inclusion_probs(proposal: Tensor, n: int) -> Tensor:
    """Return ``min(1, c * proposal)`` with the c for which the sum is n: (V,) -> (V,).

    >>> inclusion_probs(torch.tensor([8.0, 1.0, 1.0]), 2)
    tensor([1.0000, 0.5000, 0.5000])
    """
    always = torch.zeros(len(proposal), dtype=torch.bool)
    if n >= len(proposal):
        return torch.ones_like(proposal)
    while True:  # every round adds a word to those always in, or is the last
        c = (n - always.sum()) / proposal[~always].sum()
        if not (c * proposal[~always] > 1).any():
            return torch.where(always, 1, c * proposal)
        always |= c * proposal > 1


class AdaptiveSoftmax(torch.nn.Module):
    """A softmax in two steps: frequent words at once, rare ones by group (Grave et al. 2017).

    The first ``cutoffs[0]`` words and the groups share one softmax; within a group the next word is
    chosen by a softmax over shorter vectors, a fourth of the length from group to group. This is
    `torch.nn.AdaptiveLogSoftmaxWithLoss` in the interface of the other layers; its probabilities
    are exact and sum to 1. Words must be sorted by frequency, as in `text.Vocabulary`.

    Parameters
    ----------
    feature_size, vocab_size : int
        D and V.
    embedding : None
        Its weights cannot be shared.
    cutoffs : sequence of int, optional
        Where the groups begin. Default: at words 2,000 and 10,000; in a small vocabulary at V // 4.
    """

    def __init__(
        self,
        feature_size: int,
        vocab_size: int,
        embedding: Tensor | None = None,
        cutoffs: Sequence[int] | None = None,
    ):
        super().__init__()
        if embedding is not None:
            raise ValueError("an adaptive softmax has weights of its own; set tie_weights=False")
        if vocab_size < 3:
            raise ValueError(f"an adaptive softmax needs at least 3 words, got {vocab_size}")
        if cutoffs is None:
            cutoffs = [c for c in (2_000, 10_000) if c < vocab_size] or [max(1, vocab_size // 4)]
        if feature_size < 4 ** len(cutoffs):
            raise ValueError(
                f"{len(cutoffs)} groups need features of length {4 ** len(cutoffs)} or more, got "
                f"{feature_size}; give fewer cutoffs than {list(cutoffs)} or more hidden units"
            )
        self.groups = torch.nn.AdaptiveLogSoftmaxWithLoss(
            feature_size, vocab_size, list(cutoffs), head_bias=True
        )

    def forward(self, h: Tensor) -> Tensor:
        """Return log-probabilities, which are logits too, (..., D) -> (..., V)."""
        log_p = self.groups.log_prob(h.reshape(-1, h.shape[-1]))  # (N, V)
        return log_p.view(*h.shape[:-1], -1)

    def loss(self, h: Tensor, targets: Tensor) -> Tensor:
        """Return the mean of ``-ln P(target)``, (N, D), (N,) -> (), in nats."""
        return self.groups(h, targets).loss

    def target_log_probs(self, h: Tensor, targets: Tensor) -> Tensor:
        """Return ``ln P(target)`` of each row, (N, D), (N,) -> (N,)."""
        return self.groups(h, targets).output


OUTPUT_LAYERS = {"full": FullSoftmax, "sampled": SampledSoftmax, "adaptive": AdaptiveSoftmax}


def linear_cross_entropy(h: Tensor, W: Tensor, b: Tensor, targets: Tensor) -> Tensor:
    """Return ``cross_entropy(linear(h, W, b), targets)`` without holding all logits.

    Logits are computed for a block of rows, used for loss and gradient, and forgotten. Large arrays
    come from the operating system page by page, which can cost more than the arithmetic; and a
    block stays in the cache from one operation to the next.

    Parameters
    ----------
    h : Tensor, shape (N, D)
    W, b : Tensor, shapes (V, D) and (V,)
    targets : Tensor of int64, shape (N,)

    Returns
    -------
    Tensor, shape ()
        The mean of ``-ln P(target)`` in nats. It can be differentiated once.
    """
    with torch.autocast(h.device.type, enabled=False):  # blocks and sums have one precision, W's
        h = h.to(W.dtype)
        if torch.is_grad_enabled() and (h.requires_grad or W.requires_grad or b.requires_grad):
            return _LinearCrossEntropy.apply(h, W, b, targets)
        return _forward_and_gradients(h, W, b, targets, with_gradients=False)[0]


class _LinearCrossEntropy(torch.autograd.Function):
    """The gradients are made with the loss, while the block of logits is there."""

    @staticmethod
    def forward(ctx, h, W, b, targets):
        loss, *gradients = _forward_and_gradients(h, W, b, targets, with_gradients=True)
        ctx.save_for_backward(*gradients)
        return loss

    @staticmethod
    @once_differentiable
    def backward(ctx, d_loss):
        return *(d_loss * gradient for gradient in ctx.saved_tensors), None


def _forward_and_gradients(h, W, b, targets, with_gradients):
    """Return the loss and its gradients by h, W and b, from blocks of logits ``a = W h + b``.

    With ``p = softmax(a)``: ``loss = ln sum exp(a) - a[target]``, ``da = p - onehot(target)``,
    ``dh = da W``, ``dW = da^T h``, ``db = sum da``; all divided by the number of rows.
    """
    n, row_bytes = len(h), len(W) * h.element_size()
    loss = h.new_zeros(())
    dh, dW, db = (torch.zeros_like(x) if with_gradients else None for x in (h, W, b))
    for rows in blocks(n, row_bytes):
        target = targets[rows].unsqueeze(1)  # (R, 1)
        a = torch.addmm(b, h[rows], W.T)  # (R, V)
        a -= a.amax(dim=1, keepdim=True)
        a_target = a.gather(1, target)  # (R, 1)
        Z = a.exp_().sum(dim=1, keepdim=True)  # (R, 1)
        loss += (Z.log() - a_target).sum()
        if with_gradients:
            da = a.div_(n * Z).scatter_add_(1, target, torch.full_like(Z, -1 / n))  # (R, V)
            torch.mm(da, W, out=dh[rows])  # (R, D)
            dW.addmm_(da.T, h[rows])  # (V, D)
            db += da.sum(dim=0)  # (V,)
    return loss / n, dh, dW, db


def blocks(n_rows: int, row_bytes: int) -> Iterator[slice]:
    """Cut rows into slices of at most `BLOCK_BYTES`, but of at least one row.

    >>> list(blocks(5, BLOCK_BYTES // 2))
    [slice(0, 2, None), slice(2, 4, None), slice(4, 6, None)]
    """
    size = max(1, BLOCK_BYTES // row_bytes)
    return (slice(start, start + size) for start in range(0, n_rows, size))
