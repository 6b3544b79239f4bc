"""The questions of week 2: softmax, cross-entropy, windows, and backpropagation by the chain rule.

The oracles of gradients differentiate the function itself by a complex step (Squire and Trapp
1998): where f is made of products, exp, log and tanh, ``f(w + ih).imag / h`` is its derivative up
to rounding. They know no chain rule and no transpose. The tests hold them against torch.

A misconception is the same computation with one thing changed.
"""

from __future__ import annotations

import math
from functools import partial

import numpy as np

from course_utils.checks import Question

TINY = 1e-30  # the complex step


def _one_hot(ids, vocab_size):
    return (np.asarray(ids)[..., None] == np.arange(vocab_size)).astype(float)  # (..., V)


def _derivative(function, shape):
    """Differentiate at 0 by each entry of an array; the function takes a stack of arrays."""
    steps = 1j * TINY * np.eye(math.prod(shape)).reshape(-1, *shape)
    return function(steps).imag.reshape(shape) / TINY


# softmax


def softmax(scores):
    """Divide by exp(s_i) above and below: 1 / sum_j exp(s_j - s_i), where no inf meets another."""
    differences = scores[:, None, :] - scores[:, :, None]  # (B, V, V)
    return 1 / np.exp(differences).sum(axis=-1)  # (B, V)


def _softmax(scores, shift=0.0, power=np.exp, axis=1):
    powers = power(scores - shift)
    return powers / powers.sum(axis=axis, keepdims=axis is not None)


def _row_max(scores):
    return scores.max(axis=1, keepdims=True)


_COLUMNS = "each column sums to 1; a row is one example, so sum each row: axis=1"
_ALL = "all entries together sum to 1; each row must, so sum with axis=1"
_UNSAFE = (
    "exp of a large score is inf and inf/inf is nan; subtract the greatest score of each row first"
)
_GLOBAL = (
    "the greatest score of the whole array is subtracted, and in a row far below it every exp is "
    "0; subtract the greatest of each row"
)
_KEEPDIMS = (
    "the result of max or sum has shape (B,) and does not fit (B, V); keep its axis with "
    "keepdims=True"
)

_SOFTMAX_MISTAKES = [
    *(
        (sentence, partial(_softmax, axis=axis))
        for sentence, axis in [(_UNSAFE, 1), (_COLUMNS, 0), (_ALL, None)]
    ),
    *(
        (
            sentence,
            lambda scores, axis=axis, shift=shift: _softmax(scores, shift(scores), axis=axis),
        )
        for sentence, axis in [(_COLUMNS, 0), (_ALL, None)]
        for shift in (_row_max, np.max, lambda scores: scores.max(axis=0))
    ),
    (_GLOBAL, lambda scores: _softmax(scores, scores.max())),
    (
        "the greatest score of each column is subtracted; a row may only be shifted as a whole",
        lambda scores: _softmax(scores, scores.max(axis=0)),
    ),
    (
        "the smallest score is subtracted, and exp still overflows; subtract the greatest",
        lambda scores: _softmax(scores, scores.min(axis=1, keepdims=True)),
    ),
    (
        "exp is missing; these are the shares of the scores themselves",
        lambda scores: _softmax(scores, power=lambda s: s),
    ),
    (
        "the rows are not divided by their sums",
        lambda scores: np.exp(scores - _row_max(scores)),
    ),
    ("the rows are not divided by their sums", np.exp),
    (
        "these are the logarithms of the probabilities",
        lambda scores: np.log(softmax(scores)),
    ),
    (
        "powers of 2 are taken; softmax has powers of e",
        lambda scores: _softmax(scores, _row_max(scores), power=np.exp2),
    ),
    ("powers of 2 are taken; softmax has powers of e", partial(_softmax, power=np.exp2)),
    (
        "each score goes through a sigmoid by itself; softmax divides by the sum of the row",
        lambda scores: 1 / (1 + np.exp(-scores)),
    ),
    (
        "the greatest score gets all the probability; softmax leaves some to the others",
        lambda scores: _one_hot(scores.argmax(axis=1), scores.shape[1]),
    ),
    *(
        (
            "large scores are clipped, and two that differ may become equal; subtract the greatest "
            "of each row",
            lambda scores, most=most: _softmax(np.clip(scores, -most, most)),
        )
        for most in (100, 500, 700)
    ),
    (
        "one of the scores is left out of the sum",
        lambda scores: np.exp(scores) / np.exp(scores[:, 1:]).sum(axis=1, keepdims=True),
    ),
    *(
        (
            "the sum runs on from row to row; begin a new one for each row",
            lambda scores, power=power: (
                power(scores) / np.cumsum(power(scores).sum(axis=1))[:, None]
            ),
        )
        for power in (np.exp, lambda scores: np.exp(scores - _row_max(scores)))
    ),
    *(
        (_KEEPDIMS, mistake)
        for mistake in (
            lambda scores: _softmax(scores, scores.max(axis=1)),
            lambda scores: np.exp(scores) / np.exp(scores).sum(axis=1),
            lambda scores: np.exp(scores - _row_max(scores)) / np.exp(scores).sum(axis=1),
            lambda scores: (
                np.exp(scores - _row_max(scores)) / np.exp(scores - _row_max(scores)).sum(axis=1)
            ),
        )
    ),
]


# cross_entropy


def cross_entropy(probs, targets):
    """Average the losses of the examples, one after the other."""
    losses = [-math.log(row[target]) for row, target in zip(probs, targets, strict=True)]
    return math.fsum(losses) / len(losses)


def _picked(probs, targets):
    return (probs * _one_hot(targets, probs.shape[1])).sum(axis=1)  # (B,)


def _of_picked(formula):
    return lambda probs, targets: formula(_picked(probs, targets))


_CROSS_ENTROPY_MISTAKES = [
    (
        "the minus sign is missing; a logarithm of a probability is negative",
        _of_picked(lambda p: np.log(p).mean()),
    ),
    ("this is in bits; take the natural logarithm", _of_picked(lambda p: -np.log2(p).mean())),
    ("this is in decimal digits; take np.log", _of_picked(lambda p: -np.log10(p).mean())),
    (
        "the losses are added; divide by the number of examples",
        _of_picked(lambda p: -np.log(p).sum()),
    ),
    (
        "this is the loss of each example; the answer is their mean, one number",
        _of_picked(lambda p: -np.log(p)),
    ),
    (
        "only the first example counts; `return` stands inside the loop",
        _of_picked(lambda p: -np.log(p[0])),
    ),
    (
        "only the last example counts; add the losses up",
        _of_picked(lambda p: -np.log(p[-1])),
    ),
    (
        "the mean is taken over all entries of the table, zeros included; divide by the number of "
        "examples, not by B * V",
        lambda probs, targets: -np.log(_picked(probs, targets)).sum() / probs.size,
    ),
    (
        "the probabilities are averaged before the logarithm; average the logarithms",
        _of_picked(lambda p: -np.log(p.mean())),
    ),
    (
        "this is the perplexity; the cross-entropy is its logarithm",
        _of_picked(lambda p: np.exp(-np.log(p).mean())),
    ),
    (
        "these are probabilities; the loss is their negative logarithm",
        _of_picked(lambda p: p.mean()),
    ),
    (
        "this is 1 - p; the loss is -ln p",
        _of_picked(lambda p: (1 - p).mean()),
    ),
    (
        "it takes the greatest probability of each row; take that of the target, right or not",
        lambda probs, targets: -np.log(probs.max(axis=1)).mean(),
    ),
    (
        "all words of a row count; only the probability of the target does",
        lambda probs, targets: -np.log(probs).mean(),
    ),
    (
        "all words of a row count; only the probability of the target does",
        lambda probs, targets: -np.log(probs).sum(axis=1).mean(),
    ),
    (
        "the target is not used; this is the entropy of the predictions",
        lambda probs, targets: -(probs * np.log(probs)).sum(axis=1).mean(),
    ),
    (
        "the logarithms are weighted by the probabilities; the target alone has weight 1",
        _of_picked(lambda p: -(p * np.log(p)).mean()),
    ),
    (
        "`probs[:, targets]` takes every target's column in every row; pair each row with its own "
        "target: probs[np.arange(B), targets]",
        lambda probs, targets: -np.log(probs[:, targets]).mean(),
    ),
    (
        "the target picks a row; a row is an example, the target picks the column",
        lambda probs, targets: -np.log(probs[targets]).mean(),
    ),
]


# cut_windows


def cut_windows(ids, size, eos):
    """Slide over each sentence by itself, with padding before it."""
    sentences = np.split(ids, np.flatnonzero(ids == eos) + 1)
    return np.concatenate([_slide(sentence, size, eos) for sentence in sentences]), ids.copy()


def _slide(ids, size, pad):
    padded = np.append(np.full(size, pad), ids)
    return np.lib.stride_tricks.sliding_window_view(padded, size)[:-1]  # (T, size)


def _rolled(ids, size):
    return np.stack([np.roll(ids, k) for k in range(size, 0, -1)], axis=1)


def _padding(ids, size, eos):
    """Say of each place of the windows whether it is padding, (T, size)."""
    return cut_windows(ids, size, eos)[0] == eos


def _padding_behind(ids, size, eos):
    windows, targets = cut_windows(ids, size, eos)
    order = np.argsort(_padding(ids, size, eos), axis=1, kind="stable")
    return np.take_along_axis(windows, order, axis=1), targets


def _over_sentences(ids, size, eos):
    return _slide(ids, size, eos), ids


def _rows(keep, cut=cut_windows):
    """Return the mistake that keeps only some windows and their targets."""
    return lambda ids, size, eos: tuple(part[keep(ids, size, eos)] for part in cut(ids, size, eos))


def _both_ways(*keeps):
    """Return the mistake for windows cut by sentences, and for windows cut through the text."""
    return [_rows(keep, cut) for keep in keeps for cut in (cut_windows, _over_sentences)]


_TARGET_INSIDE = "the window ends with the target itself; it must end with the word before"
_NO_PADDING = "the windows that begin with padding are missing; every token is a target once"
_FIRST_LOST = "the first word of a sentence is no target; its window is padding and nothing else"
_TOO_FAR = "the target is one word too far: between the window and the target a word is left out"
_LAST_LOST = "the last target is lost; the range is one too short"
_NO_OVERLAP = "the windows do not overlap; move on by one word, not by a whole window"

_CUT_MISTAKES = [
    (
        "the windows reach into the sentence before; begin anew with padding after each `</s>`",
        _over_sentences,
    ),
    *(
        (
            _TARGET_INSIDE,
            lambda ids, size, eos, cut=cut: (
                np.column_stack([cut(ids, size, eos)[0][:, 1:], ids]),
                ids,
            ),
        )
        for cut in (cut_windows, _over_sentences)
    ),
    *(
        (_TOO_FAR, lambda ids, size, eos, cut=cut: (cut(ids, size, eos)[0][:-1], ids[1:]))
        for cut in (cut_windows, _over_sentences)
    ),
    *(
        (_NO_PADDING, mistake)
        for mistake in (
            _rows(lambda *given: ~_padding(*given).any(axis=1)),
            _rows(lambda ids, size, eos: slice(size, None), _over_sentences),
        )
    ),
    *(
        (_FIRST_LOST, mistake)
        for mistake in (
            _rows(lambda *given: ~_padding(*given).all(axis=1)),
            *_both_ways(lambda ids, size, eos: slice(1, None)),
        )
    ),
    (
        "`</s>` is no target; it is predicted like any other word",
        _rows(lambda ids, size, eos: ids != eos),
    ),
    *((_LAST_LOST, mistake) for mistake in _both_ways(lambda ids, size, eos: slice(None, -1))),
    *(
        (_NO_OVERLAP, mistake)
        for mistake in _both_ways(lambda ids, size, eos: slice(None, None, size))
    ),
    (
        "all rows are the last window, one list that goes on changing; append a copy of it",
        lambda ids, size, eos: (
            np.tile(cut_windows(np.append(ids, eos), size, eos)[0][-1], (len(ids), 1)),
            ids,
        ),
    ),
    (
        "the padding stands after the words; it belongs before them",
        _padding_behind,
    ),
    *(
        (
            "the windows run backwards; the word just before the target comes last",
            lambda ids, size, eos, cut=cut: (cut(ids, size, eos)[0][:, ::-1], ids),
        )
        for cut in (cut_windows, _over_sentences)
    ),
    *(
        (
            "the window holds size - 1 words; an n-gram of that length has one context word less, "
            "the window here has `size`",
            lambda ids, size, eos, cut=cut: cut(ids, size - 1, eos),
        )
        for cut in (cut_windows, _over_sentences)
    ),
    *(
        (
            "the windows hold size + 1 words, the target among them",
            lambda ids, size, eos, cut=cut: (
                np.column_stack([cut(ids, size, eos)[0], ids]),
                ids,
            ),
        )
        for cut in (cut_windows, _over_sentences)
    ),
    *(
        (
            f"the padding is {pad}, whatever `</s>` is; put `eos` there",
            lambda ids, size, eos, pad=pad: (
                np.where(_padding(ids, size, eos), pad, cut_windows(ids, size, eos)[0]),
                ids,
            ),
        )
        for pad in (0, 1)
    ),
    (
        "the first windows hold words from the end of the text: np.roll and negative indices wrap "
        "around",
        lambda ids, size, eos: (_rolled(ids, size), ids),
    ),
    (
        "windows and targets are returned in the wrong order",
        lambda ids, size, eos: cut_windows(ids, size, eos)[::-1],
    ),
    (
        "one window is a column; put each window into a row",
        lambda ids, size, eos: (cut_windows(ids, size, eos)[0].T, ids),
    ),
    (
        "only the windows are returned; return windows and targets",
        lambda ids, size, eos: cut_windows(ids, size, eos)[0],
    ),
]


# embed


def embed(windows, E):
    """Multiply one-hot vectors and embeddings: (B, C, V) and (V, D) give (B, C, D)."""
    vectors = np.einsum("bcv,vd->bcd", _one_hot(windows, len(E)), E)
    return np.concatenate(list(vectors.transpose(1, 0, 2)), axis=1)  # (B, C D)


def _vectors(windows, E):
    return E[windows]  # (B, C, D)


def _of_vectors(formula):
    return lambda windows, E: formula(_vectors(windows, E))


_ONE_BY_ONE = "the vectors are not put side by side: the result must have shape (B, C * D)"
_MIXED = (
    "the numbers are in the wrong order; a row is the whole vector of the first word, then that of "
    "the second, and so on"
)

_EMBED_MISTAKES = [
    (_ONE_BY_ONE, _of_vectors(lambda v: v)),
    (_ONE_BY_ONE, _of_vectors(lambda v: v.reshape(-1, v.shape[-1]))),
    (_ONE_BY_ONE, _of_vectors(lambda v: v.reshape(-1))),
    (
        "the vectors of a window are added; put them side by side, or the order is lost",
        _of_vectors(lambda v: v.sum(axis=1)),
    ),
    (
        "the vectors of a window are averaged; put them side by side, or the order is lost",
        _of_vectors(lambda v: v.mean(axis=1)),
    ),
    (_MIXED, _of_vectors(lambda v: v.transpose(0, 2, 1).reshape(len(v), -1))),
    (_MIXED, _of_vectors(lambda v: v.transpose(1, 0, 2).reshape(len(v), -1))),
    (
        "one window is a column; put each window into a row",
        _of_vectors(lambda v: v.reshape(len(v), -1).T),
    ),
    (
        "the words of a window are in reverse order",
        _of_vectors(lambda v: v[:, ::-1].reshape(len(v), -1)),
    ),
    ("only the last word of each window is looked up", _of_vectors(lambda v: v[:, -1])),
    ("only the first word of each window is looked up", _of_vectors(lambda v: v[:, 0])),
    (
        "columns of E are taken; the vector of word i is the row E[i]",
        lambda windows, E: E[:, windows],
    ),
    (
        "ids are multiplied with E as if they were quantities; an id only says which row to take",
        lambda windows, E: windows @ E,
    ),
    (
        "these are the one-hot vectors; multiply them with E",
        lambda windows, E: _one_hot(windows, len(E)),
    ),
    (
        "these are the one-hot vectors; multiply them with E",
        lambda windows, E: _one_hot(windows, len(E)).reshape(len(windows), -1),
    ),
    (
        "E must not be transposed: one-hot vectors (.., V) times E (V, D) give (.., D)",
        lambda windows, E: _one_hot(windows, len(E)) @ E.T,
    ),
]


# forward


def forward(windows, E, W_xh, b_h, W_hy, b_y):
    """Compute one example after the other, with matrices times columns."""
    x = embed(windows, E)
    h = np.array([np.tanh(W_xh @ column + b_h) for column in x])
    scores = np.array([W_hy @ column + b_y for column in h])
    return x, h, softmax(scores)


def _forward(
    windows,
    E,
    W_xh,
    b_h,
    W_hy,
    b_y,
    x_of=embed,
    h_of=lambda x, W, b: np.tanh(x @ W.T + b),
    scores_of=lambda h, W, b: h @ W.T + b,
    p_of=softmax,
    result=lambda x, h, p: (x, h, p),
):
    x = x_of(windows, E)
    h = h_of(x, W_xh, b_h)
    return result(x, h, p_of(scores_of(h, W_hy, b_y)))


def _before_tanh(windows, E, W_xh, b_h, W_hy, b_y):
    a = embed(windows, E) @ W_xh.T + b_h
    return a, softmax(np.tanh(a) @ W_hy.T + b_y)


def _logistic(a):
    return (1 + np.tanh(a / 2)) / 2


_FORWARD_MISTAKES = [
    (
        "tanh is missing; without it two layers are no more than one",
        partial(_forward, h_of=lambda x, W, b: x @ W.T + b),
    ),
    (
        "the hidden layer has a sigmoid; here it is tanh",
        partial(_forward, h_of=lambda x, W, b: _logistic(x @ W.T + b)),
    ),
    (
        "the hidden layer has a ReLU; here it is tanh",
        partial(_forward, h_of=lambda x, W, b: np.maximum(x @ W.T + b, 0)),
    ),
    ("b_h is missing", partial(_forward, h_of=lambda x, W, b: np.tanh(x @ W.T))),
    (
        "b_h is added after tanh; it belongs inside",
        partial(_forward, h_of=lambda x, W, b: np.tanh(x @ W.T) + b),
    ),
    ("b_y is missing", partial(_forward, scores_of=lambda h, W, b: h @ W.T)),
    (
        "there is a tanh on the scores too; softmax takes them as they are",
        partial(_forward, scores_of=lambda h, W, b: np.tanh(h @ W.T + b)),
    ),
    (
        "softmax is missing: these are the scores",
        partial(_forward, p_of=lambda scores: scores),
    ),
    (
        "there is a sigmoid in place of the softmax",
        partial(_forward, p_of=_logistic),
    ),
    (
        "tanh comes twice; the scores are made from h",
        partial(_forward, scores_of=lambda h, W, b: np.tanh(h) @ W.T + b),
    ),
    (
        "h is taken before tanh; return what goes on to the output layer",
        lambda windows, E, *weights: (embed(windows, E), *_before_tanh(windows, E, *weights)),
    ),
    (
        "only p is returned; return x, h and p, which the gradients need",
        partial(_forward, result=lambda x, h, p: p),
    ),
    (
        "x, h and p are returned in another order",
        partial(_forward, result=lambda x, h, p: (p, h, x)),
    ),
    (
        "x, h and p are returned in another order",
        partial(_forward, result=lambda x, h, p: (h, x, p)),
    ),
    (
        "W_xh has a row for each hidden unit and must be transposed here: x @ W_xh.T",
        partial(_forward, h_of=lambda x, W, b: np.tanh(x @ W + b)),
    ),
    (
        "W_hy has a row for each word and must be transposed here: h @ W_hy.T",
        partial(_forward, scores_of=lambda h, W, b: h @ W + b),
    ),
    (
        "each example is a row here; W_xh @ x needs columns, so write x @ W_xh.T",
        partial(_forward, h_of=lambda x, W, b: np.tanh(W @ x + b)),
    ),
    (
        "each example is a row here; W_hy @ h needs columns, so write h @ W_hy.T",
        partial(_forward, scores_of=lambda h, W, b: W @ h + b),
    ),
    (
        "examples stand in columns; the course puts each into a row",
        partial(_forward, result=lambda x, h, p: (x.T, h.T, p.T)),
    ),
]


# sigmoid


def sigmoid(a):
    """Write it with tanh and cosh, which have no inf over inf."""
    return (1 + np.tanh(a / 2)) / 2, 1 / (2 * np.cosh(a / 2)) ** 2


def _with_slope(slope):
    return lambda a: (_logistic(a), slope(a, _logistic(a)))


def _half(a):
    return np.exp(a) / (1 + np.exp(a))


_SIGMOID_MISTAKES = [
    (
        "the slope is a * (1 - a); it is s * (1 - s), with the value s of the sigmoid",
        _with_slope(lambda a, s: a * (1 - a)),
    ),
    (
        "the slope is taken at s instead of at a: the sigmoid is applied twice",
        _with_slope(lambda a, s: _logistic(s) * (1 - _logistic(s))),
    ),
    ("the slope is that of tanh; here it is s * (1 - s)", _with_slope(lambda a, s: 1 - s**2)),
    ("the slope lacks the factor 1 - s", _with_slope(lambda a, s: s)),
    ("the slope lacks the factor s", _with_slope(lambda a, s: 1 - s)),
    ("the slope has the wrong sign; the sigmoid rises", _with_slope(lambda a, s: s * (s - 1))),
    (
        "exp(a) is inf for a large a and inf/inf is nan; write 1 / (1 + exp(-a))",
        lambda a: (_half(a), _half(a) * (1 - _half(a))),
    ),
    (
        "the slope is inf/inf for a very negative a; write it as s * (1 - s)",
        _with_slope(lambda a, s: np.exp(-a) / (1 + np.exp(-a)) ** 2),
    ),
    (
        "the slope is inf/inf for a large a; write it as s * (1 - s)",
        _with_slope(lambda a, s: np.exp(a) / (1 + np.exp(a)) ** 2),
    ),
    (
        "the sign of a is wrong: the sigmoid is near 1 for a large a",
        lambda a: (_logistic(-a), _logistic(a) * _logistic(-a)),
    ),
    (
        "this is tanh; the sigmoid lies between 0 and 1",
        lambda a: (np.tanh(a), 1 - np.tanh(a) ** 2),
    ),
    (
        "this is tanh; the sigmoid lies between 0 and 1",
        lambda a: (np.tanh(a), np.tanh(a) * (1 - np.tanh(a))),
    ),
    (
        "only the sigmoid is returned; return two arrays, the sigmoid and its slope",
        _logistic,
    ),
    (
        "only the slope is returned; return two arrays, the sigmoid and its slope",
        lambda a: _logistic(a) * (1 - _logistic(a)),
    ),
    (
        "the slope comes first; return the sigmoid, then its slope",
        lambda a: (_logistic(a) * (1 - _logistic(a)), _logistic(a)),
    ),
]


# logistic_step


def logistic_step(x, y, w, b, lr):
    """Differentiate the mean loss: ln(1 + exp(-a)) where y is 1, ln(1 + exp(a)) where it is 0."""

    def loss(change):
        return np.log(1 + np.exp((1 - 2 * y) * (x @ w + b + change))).mean(axis=-1)

    dw = _derivative(lambda d: loss(d @ x.T), w.shape)
    db = _derivative(loss, (1,))
    return w - lr * dw, float(b - lr * db[0])


def _step(x, y, w, b, lr, error=lambda p, y: p - y, p_of=_logistic, mean=None, dw=None, db=None):
    """Take the step with the gradients ``dw(error, x)`` and ``db(error)``, means unless given."""
    e = error(p_of(x @ w + b), y)
    mean = mean or len(y)
    dw = x.T @ e / mean if dw is None else dw(e, x)
    return w - lr * dw, b - lr * (e.sum() / mean if db is None else db(e))


def _second_of_two(x, y, w, b, lr):
    w = _step(x, y, w, b, lr)[0]
    return w, _step(x, y, w, b, lr)[1]


def _first_of_two(x, y, w, b, lr):
    b = _step(x, y, w, b, lr)[1]
    return _step(x, y, w, b, lr)[0], b


_LOGISTIC_MISTAKES = [
    (
        "the step goes uphill: the gradient is (p - y) x, and it is subtracted",
        partial(_step, error=lambda p, y: y - p),
    ),
    (
        "the gradients are added over the examples; take their mean, or the step grows with the "
        "size of the batch",
        partial(_step, mean=1),
    ),
    (
        "the mean is missing in the gradient of w",
        partial(_step, dw=lambda e, x: x.T @ e),
    ),
    (
        "the mean is missing in the gradient of b",
        partial(_step, db=lambda e: e.sum()),
    ),
    (
        "there is a factor p (1 - p) too many: with the cross-entropy the slope of the sigmoid "
        "cancels and p - y is left",
        partial(_step, error=lambda p, y: (p - y) * p * (1 - p)),
    ),
    (
        "the sigmoid is missing: p is a probability",
        partial(_step, p_of=lambda a: a),
    ),
    (
        "p is rounded to 0 or 1, which makes a perceptron; keep the probability",
        partial(_step, p_of=lambda a: np.round(_logistic(a))),
    ),
    (
        "there is a tanh in place of the sigmoid",
        partial(_step, p_of=np.tanh),
    ),
    (
        "lr is not used",
        lambda x, y, w, b, lr: _step(x, y, w, b, 1.0),
    ),
    (
        "b is left as it was; it is learned too",
        lambda x, y, w, b, lr: (_step(x, y, w, b, lr)[0], b),
    ),
    (
        "w is left as it was",
        lambda x, y, w, b, lr: (w, _step(x, y, w, b, lr)[1]),
    ),
    (
        "the gradient of b is computed with the new w; compute both gradients first",
        _second_of_two,
    ),
    (
        "the gradient of w is computed with the new b; compute both gradients first",
        _first_of_two,
    ),
    (
        "these are the gradients; return the new w and b, w - lr * dw and b - lr * db",
        lambda x, y, w, b, lr: _step(
            x, y, np.zeros_like(w), 0.0, -1.0, p_of=lambda a: _logistic(x @ w + b)
        ),
    ),
    (
        "the gradient of w lacks the factor x",
        partial(_step, dw=lambda e, x: e.mean()),
    ),
    (
        "y is not used; the error is p - y",
        partial(_step, error=lambda p, y: p),
    ),
    (
        "b is missing in the scores x @ w + b",
        lambda x, y, w, b, lr: tuple(
            new + old for new, old in zip(_step(x, y, w, 0.0, lr), (0.0, b), strict=True)
        ),
    ),
    *(
        (
            "sigmoid returns two arrays, the value and the slope, and the value alone is p: "
            "p, _ = sigmoid(a)",
            partial(_step, p_of=lambda a: np.array(sigmoid(a)), dw=dw, db=np.mean),
        )
        for dw in (lambda e, x: x.T @ e / len(x), lambda e, x: e @ x / len(x))
    ),
    (
        "the mean is taken over all entries of x; divide by the number of examples",
        lambda x, y, w, b, lr: _step(x, y, w, b, lr, dw=lambda e, x: x.T @ e / x.size),
    ),
    (
        "x must be transposed in the gradient: a product of (D, B) and (B,) sums over the examples",
        partial(_step, dw=lambda e, x: x @ e / len(e)),
    ),
]


# output_gradient


def output_gradient(h, p, targets, W_hy):
    """Differentiate the mean loss by what is added to the scores, which are ln p."""
    y = _one_hot(targets, p.shape[1])

    def loss(change):
        scores = np.log(p) + change  # (n, B, V)
        log_sums = np.log(np.exp(scores).sum(axis=-1))  # (n, B)
        return (log_sums - (scores * y).sum(axis=-1)).mean(axis=-1)

    return (
        _derivative(lambda d: loss(h @ d.swapaxes(1, 2)), W_hy.shape),
        _derivative(lambda d: loss(d[:, None]), p.shape[1:]),
        _derivative(lambda d: loss(d @ W_hy.T), h.shape),
    )


def _error(p, y):
    return (p - y) / len(p)


def _output(h, p, targets, W_hy, error=_error, dW=None, db=None, dh=None):
    """Return the gradients; ``dW(e, h)``, ``db(e)`` or ``dh(e, W)`` stands in for the right one."""
    e = error(p, _one_hot(targets, p.shape[1]))
    return (
        e.T @ h if dW is None else dW(e, h),
        e.sum(axis=0) if db is None else db(e),
        e @ W_hy if dh is None else dh(e, W_hy),
    )


def _columns_subtracted(h, p, targets, W_hy):
    y = _one_hot(targets, p.shape[1]).any(axis=0)
    return _output(h, p, targets, W_hy, lambda p, _: (p - y) / len(p))


_OUTPUT_MISTAKES = [
    (
        "the gradient is not divided by the number of examples; the loss is their mean",
        partial(_output, error=lambda p, y: p - y),
    ),
    (
        "the sign is wrong: the gradient of the loss is p - y, not y - p",
        partial(_output, error=lambda p, y: (y - p) / len(p)),
    ),
    (
        "the sign is wrong, and the gradient is not divided by the number of examples",
        partial(_output, error=lambda p, y: y - p),
    ),
    (
        "1 is not subtracted at the targets: this is p, the gradient is p - y",
        partial(_output, error=lambda p, y: p / len(p)),
    ),
    (
        "`p[:, targets] -= 1` subtracts in every row at every target; pair each row with its own "
        "target: [np.arange(B), targets]",
        _columns_subtracted,
    ),
    (
        "there is a factor p (1 - p) too many: softmax and logarithm together leave p - y",
        partial(_output, error=lambda p, y: (p - y) * p * (1 - p) / len(p)),
    ),
    (
        "it is divided by all entries of p; divide by the number of examples",
        partial(_output, error=lambda p, y: (p - y) / p.size),
    ),
    (
        "it is divided by the number of words; divide by the number of examples",
        partial(_output, error=lambda p, y: (p - y) / p.shape[1]),
    ),
    (
        "this is the slope of the logarithm alone, -1/p at the target; go on through the softmax",
        partial(_output, error=lambda p, y: -y / p / len(p)),
    ),
    (
        "dW_hy is transposed; it has the shape of W_hy, one row a word",
        partial(_output, dW=lambda e, h: h.T @ e),
    ),
    (
        "db_y has a row for each example; b_y is used by all of them, so add the rows",
        partial(_output, db=lambda e: e),
    ),
    (
        "db_y is a mean of a mean; add the rows, which are divided by B already",
        partial(_output, db=lambda e: e.mean(axis=0)),
    ),
    (
        "db_y adds along the words; add over the examples, axis=0",
        partial(_output, db=lambda e: e.sum(axis=1)),
    ),
    (
        "dh is not divided by the number of examples; dW_hy is",
        partial(_output, dh=lambda e, W: len(e) * e @ W),
    ),
    (
        "dh holds the slope of tanh already; that belongs to the hidden layer, the next step back",
        lambda h, p, targets, W_hy: _output(
            h, p, targets, W_hy, dh=lambda e, W: (e @ W) * (1 - h**2)
        ),
    ),
    (
        "dh is transposed; it has the shape of h, one row an example",
        partial(_output, dh=lambda e, W: (e @ W).T),
    ),
    (
        "W_hy need not be transposed on the way back: (B, V) times (V, H) gives (B, H)",
        partial(_output, dh=lambda e, W: e @ W.T),
    ),
    (
        "a transpose is missing in dW_hy: (V, B) times (B, H) sums over the examples",
        partial(_output, dW=lambda e, h: e @ h),
    ),
    (
        "targets are ids, not quantities: subtract 1 at the place of the target",
        lambda h, p, targets, W_hy: _output(
            h, p, targets, W_hy, lambda p, y: (p - targets) / len(p)
        ),
    ),
    (
        "targets are ids, not quantities: subtract 1 at the place of the target",
        lambda h, p, targets, W_hy: _output(
            h, p, targets, W_hy, lambda p, y: (p - targets[:, None]) / len(p)
        ),
    ),
]


# hidden_gradient


def hidden_gradient(x, h, dh, W_xh):
    """Differentiate the sum of dh * tanh(a) by what is added to a, which is artanh h."""

    def carried(change):
        return (dh * np.tanh(np.arctanh(h) + change)).sum(axis=(-2, -1))

    return (
        _derivative(lambda d: carried(x @ d.swapaxes(1, 2)), W_xh.shape),
        _derivative(lambda d: carried(d[:, None]), h.shape[1:]),
        _derivative(lambda d: carried(d @ W_xh.T), x.shape),
    )


def _hidden(
    x,
    h,
    dh,
    W_xh,
    slope=lambda h: 1 - h**2,
    dW=lambda da, dh, x: da.T @ x,
    db=lambda da, dh: da.sum(axis=0),
    dx=lambda da, dh, W: da @ W,
):
    da = dh * slope(h)
    return dW(da, dh, x), db(da, dh), dx(da, dh, W_xh)


_HIDDEN_MISTAKES = [
    (
        "tanh is taken a second time: h is tanh(a) already, so the slope is 1 - h**2",
        partial(_hidden, slope=lambda h: 1 - np.tanh(h) ** 2),
    ),
    (
        "the slope of tanh is missing; multiply dh by 1 - h**2",
        partial(_hidden, slope=lambda h: 1.0),
    ),
    (
        "the slope is that of the sigmoid; tanh has 1 - h**2",
        partial(_hidden, slope=lambda h: h * (1 - h)),
    ),
    ("the square is missing: the slope is 1 - h**2", partial(_hidden, slope=lambda h: 1 - h)),
    (
        "the square is in the wrong place: the slope is 1 - h**2, not (1 - h)**2",
        partial(_hidden, slope=lambda h: (1 - h) ** 2),
    ),
    ("the slope has the wrong sign; tanh rises", partial(_hidden, slope=lambda h: h**2 - 1)),
    (
        "the slope is that of ReLU; tanh has 1 - h**2",
        partial(_hidden, slope=lambda h: (h > 0).astype(float)),
    ),
    (
        "the slope of tanh is missing in dx; all three gradients go through it",
        partial(_hidden, dx=lambda da, dh, W: dh @ W),
    ),
    (
        "the slope of tanh is missing in dW_xh; all three gradients go through it",
        partial(_hidden, dW=lambda da, dh, x: dh.T @ x),
    ),
    (
        "the slope of tanh is missing in db_h; all three gradients go through it",
        partial(_hidden, db=lambda da, dh: dh.sum(axis=0)),
    ),
    (
        "dW_xh is transposed; it has the shape of W_xh, one row a hidden unit",
        partial(_hidden, dW=lambda da, dh, x: x.T @ da),
    ),
    (
        "db_h has a row for each example; b_h is used by all of them, so add the rows",
        partial(_hidden, db=lambda da, dh: da),
    ),
    (
        "db_h adds along the hidden units; add over the examples, axis=0",
        partial(_hidden, db=lambda da, dh: da.sum(axis=1)),
    ),
    (
        "db_h is a mean; the mean over the examples is in dh already, so add the rows",
        partial(_hidden, db=lambda da, dh: da.mean(axis=0)),
    ),
    (
        "it is divided by the number of examples a second time; dh holds that already",
        lambda x, h, dh, W_xh: _hidden(x, h, dh / len(h), W_xh),
    ),
    (
        "it is divided by the number of examples a second time; dh holds that already",
        partial(
            _hidden,
            dW=lambda da, dh, x: da.T @ x / len(x),
            db=lambda da, dh: da.mean(axis=0),
        ),
    ),
    (
        "dx is transposed; it has the shape of x, one row an example",
        partial(_hidden, dx=lambda da, dh, W: (da @ W).T),
    ),
    (
        "W_xh need not be transposed on the way back: (B, H) times (H, CD) gives (B, CD)",
        partial(_hidden, dx=lambda da, dh, W: da @ W.T),
    ),
    (
        "a transpose is missing in dW_xh: (H, B) times (B, CD) sums over the examples",
        partial(_hidden, dW=lambda da, dh, x: da @ x),
    ),
    (
        "a transpose is missing in dW_xh: (H, B) times (B, CD) sums over the examples",
        partial(_hidden, dW=lambda da, dh, x: x @ da),
    ),
    (
        "the slope of tanh is taken at x; it is 1 - h**2",
        lambda x, h, dh, W_xh: _hidden(x, h, dh, W_xh, lambda h: 1 - np.tanh(x) ** 2),
    ),
]


# embedding_gradient


def embedding_gradient(windows, dx, vocab_size):
    """Multiply one-hot vectors, transposed, with the gradients of the places they stood at."""
    B, C = windows.shape
    return np.einsum("bcv,bcd->vd", _one_hot(windows, vocab_size), dx.reshape(B, C, -1))


def _scattered(windows, parts, vocab_size, weights=1.0):
    """Add the parts (B, C, D), weighted, to the rows of their words."""
    dE = np.zeros((vocab_size, parts.shape[-1]))
    weights = np.broadcast_to(weights, windows.shape)
    np.add.at(dE, windows, parts * weights[..., None])
    return dE


def _parts(windows, dx):
    return dx.reshape(*windows.shape, -1)  # (B, C, D)


def _only(place):
    """Return the mistake that knows one place of the window."""
    return lambda windows, dx, vocab_size: _scattered(
        windows, _parts(windows, dx), vocab_size, np.arange(windows.shape[1]) == place(windows)
    )


def _once_in(groups):
    """Return the mistake that keeps only the last of equal words within each group of windows."""

    def mistake(windows, dx, vocab_size):
        dE = np.zeros((vocab_size, dx.shape[1] // windows.shape[1]))
        parts = _parts(windows, dx)
        for group in groups(windows):
            last = {windows[place]: parts[place] for place in group}
            for word, part in last.items():
                dE[word] += part
        return dE

    return mistake


def _all_places(windows):
    return list(np.ndindex(windows.shape))


_OVERWRITTEN = (
    "where a word stands twice, the last place overwrites the others: `dE[ids] = ...` and "
    "`dE[ids] += ...` keep one of them; add them all, with np.add.at or a loop"
)

_EMBEDDING_MISTAKES = [
    (_OVERWRITTEN, _once_in(lambda windows: [_all_places(windows)])),
    (_OVERWRITTEN, _once_in(lambda windows: [_all_places(windows)[::-1]])),
    (_OVERWRITTEN, _once_in(lambda windows: [_all_places(windows.T)])),
    (
        "a word that stands twice in one window counts once; add both places",
        _once_in(
            lambda windows: [[(b, c) for c in range(windows.shape[1])] for b in range(len(windows))]
        ),
    ),
    (
        "a word that stands at one place of two windows counts once; add both windows",
        _once_in(
            lambda windows: [[(b, c) for b in range(len(windows))] for c in range(windows.shape[1])]
        ),
    ),
    (
        "the gradients of a word's places are averaged; add them",
        lambda windows, dx, vocab_size: _scattered(
            windows,
            _parts(windows, dx),
            vocab_size,
            1 / np.bincount(windows.ravel(), minlength=vocab_size)[windows],
        ),
    ),
    (
        "it is divided by the number of examples; dx holds that already",
        lambda windows, dx, vocab_size: embedding_gradient(windows, dx / len(dx), vocab_size),
    ),
    (
        "it is divided by the number of words in a window; add the places, do not average",
        lambda windows, dx, vocab_size: embedding_gradient(
            windows, dx / windows.shape[1], vocab_size
        ),
    ),
    ("only the last word of each window gets a gradient", _only(lambda w: w.shape[1] - 1)),
    ("only the first word of each window gets a gradient", _only(lambda w: 0)),
    (
        "the numbers of a row of dx are given to the wrong places: the first D belong to the first "
        "word of the window, the next D to the second",
        lambda windows, dx, vocab_size: _scattered(
            windows,
            dx.reshape(len(dx), -1, windows.shape[1]).transpose(0, 2, 1),
            vocab_size,
        ),
    ),
    (
        "the pieces of dx are given to the words in reverse order",
        lambda windows, dx, vocab_size: _scattered(
            windows[:, ::-1], _parts(windows, dx), vocab_size
        ),
    ),
    (
        "dE is transposed; it has the shape of E, one row a word",
        lambda *given: embedding_gradient(*given).T,
    ),
    (
        "dE has a row for each place or window; it needs one for each word of the vocabulary",
        lambda windows, dx, vocab_size: dx.reshape(windows.size, -1),
    ),
    (
        "dE has a row only for the words that occur; it needs one for each word of the vocabulary",
        lambda *given: embedding_gradient(*given)[np.unique(given[0])],
    ),
    (
        "dE has a row only up to the greatest id; it needs one for each word of the vocabulary",
        lambda *given: embedding_gradient(*given)[: given[0].max() + 1],
    ),
    (
        "words that do not occur have gradient 0, they are not left out or nan",
        lambda windows, dx, vocab_size: np.where(
            np.isin(np.arange(vocab_size), windows)[:, None],
            embedding_gradient(windows, dx, vocab_size),
            np.nan,
        ),
    ),
    (
        "a row of dx holds the gradients of all words of its window; cut it into C pieces",
        lambda windows, dx, vocab_size: np.stack(
            [dx[(windows == v).any(axis=1)].sum(axis=0) for v in range(vocab_size)]
        ),
    ),
]


# Inputs: hundredths, so that the digits of a message are all there are; all sizes differ.


def _numbers(rng, *shape):
    return rng.normal(size=shape).round(2)


def _states(rng, *shape):
    """Return values a tanh may have, 0 not among them."""
    return rng.integers(1, 96, size=shape) / 100 * rng.choice([-1, 1], size=shape)


def _random_probs(rng, n_rows, n_words):
    """Return rows of hundredths that sum to 1, none of them 0."""
    shares = np.full(n_words, 1 / n_words)
    return (rng.multinomial(100 - 4 * n_words, shares, size=n_rows) + 4) / 100


def _random_sizes(rng):
    """Return B, C, D, H, V, all different, and different from C * D."""
    C, D = rng.permutation([2, 3])
    B, H, V = rng.permutation([2, 3, 4, 5, 7])[:3]
    return (B, C, D, H, V) if len({B, C, D, H, V}) == 5 else _random_sizes(rng)


def _random_softmax(rng):
    B, V = rng.permutation([1, 2, 3, 4, 5])[:2]
    scores = 2 * _numbers(rng, B, V)
    kind = rng.random()
    if kind < 0.25:  # rows far apart
        scores += 400 * rng.integers(-2, 3, size=(B, 1))
    elif kind < 0.5:  # great differences within a row
        scores *= 500
    return (scores.round(2),)


def _random_cross_entropy(rng):
    B, V = rng.permutation([2, 3, 4, 5])[:2]
    return _random_probs(rng, B, V), rng.integers(0, V, size=B)


def _random_text(rng):
    size, eos = int(rng.integers(2, 5)), int(rng.integers(0, 3))
    ids = rng.integers(3, 10, size=size + rng.integers(3, 7))
    ids[rng.random(len(ids)) < 0.2] = eos
    ids[rng.integers(1, len(ids) - 1)] = eos
    return ids, size, eos


def _random_windows(rng):
    B, C, D, _, V = _random_sizes(rng)
    return rng.integers(0, V, size=(B, C)), _numbers(rng, V, D)


def _random_network(rng):
    B, C, D, H, V = _random_sizes(rng)
    weights = [(V, D), (H, C * D), (H,), (V, H), (V,)]
    return rng.integers(0, V, size=(B, C)), *(_numbers(rng, *shape) for shape in weights)


def _random_sigmoid(rng):
    a = 3 * _numbers(rng, rng.integers(1, 5))
    if rng.random() < 0.4:
        a[rng.integers(len(a))] = rng.choice([-1, 1]) * 800
    return (a.round(2),)


def _random_logistic(rng):
    B, D = rng.permutation([2, 3, 4, 5])[:2]
    y = rng.integers(0, 2, size=B).astype(float)
    y[:2] = 0.0, 1.0
    lr = float(rng.choice([0.1, 0.5, 2.0]))
    return _numbers(rng, B, D), y, _numbers(rng, D), float(_numbers(rng)), lr


def _random_output(rng):
    B, _, _, H, V = _random_sizes(rng)
    targets = rng.integers(0, V, size=B)
    return _states(rng, B, H), _random_probs(rng, B, V), targets, _numbers(rng, V, H)


def _random_hidden(rng):
    B, C, D, H, _ = _random_sizes(rng)
    return _numbers(rng, B, C * D), _states(rng, B, H), _numbers(rng, B, H), _numbers(rng, H, C * D)


def _random_embedding(rng):
    B, C, D, _, V = _random_sizes(rng)
    windows = rng.integers(0, V, size=(B, C))
    if rng.random() < 0.5:  # a word twice in one window
        windows[0, -1] = windows[0, 0]
    return windows, _numbers(rng, B, C * D), int(V + rng.integers(0, 2))


_E = np.array([[0.0, 0.5], [1.0, -1.0], [2.0, 0.25]])  # (V, D) = (3, 2)
_NETWORK = (
    _E,
    np.array([[0.5, -1.0, 0.0, 1.0]]),  # W_xh (H, C D) = (1, 4)
    np.array([0.5]),
    np.array([[1.0], [-1.0], [0.5]]),  # W_hy (V, H) = (3, 1)
    np.array([0.0, 0.5, -0.5]),
)
_HALF = np.array([[0.5, 0.25, 0.25], [0.25, 0.25, 0.5]])


def _integers(*rows):
    return np.array(rows, dtype=np.int64)


QUESTIONS = {
    question.name: question
    for question in [
        Question(
            points=2,
            expected=softmax,
            # exp(ln 3) = 3 and exp(0) = 1: three quarters and one quarter.
            examples=(
                (np.array([[0.0, 0.0]]),),
                (np.array([[1.0, 0.0], [0.0, 2.0], [0.0, 0.0]]),),
                (np.array([[1000.0, 1000.0]]),),
                (np.array([[1000.0, 999.0], [1.0, 0.0]]),),
                (np.array([[-1000.0, -1001.0], [1.0, 0.0], [3.0, 3.0]]),),
                (np.array([[5.0], [-3.0]]),),
            ),
            random_inputs=_random_softmax,
            mistakes=_SOFTMAX_MISTAKES,
        ),
        Question(
            points=2,
            expected=cross_entropy,
            # -(ln 1/2 + ln 1/4) / 2 = (3 / 2) ln 2.
            examples=(
                (np.array([[0.5, 0.5]]), _integers(0)),
                (np.array([[0.25, 0.75]]), _integers(0)),
                (_HALF, _integers(0, 1)),
                (_HALF, _integers(2, 2)),
            ),
            random_inputs=_random_cross_entropy,
            mistakes=_CROSS_ENTROPY_MISTAKES,
        ),
        Question(
            points=2,
            expected=cut_windows,
            examples=(
                (np.array([5, 6, 7]), 1, 1),
                (np.array([5, 6, 7]), 2, 1),
                (np.array([5, 6, 1, 7]), 2, 1),
                (np.array([5, 6, 7, 8, 1, 9, 1]), 3, 1),
                (np.array([5, 6, 5, 8, 2, 4]), 3, 2),
                (np.array([5, 6, 5, 7, 0]), 3, 0),
            ),
            random_inputs=_random_text,
            mistakes=_CUT_MISTAKES,
            returns=("windows", "targets"),
        ),
        Question(
            points=2,
            expected=embed,
            examples=(
                (_integers([2]), _E),
                (_integers([2, 0]), _E),
                (_integers([2, 0], [1, 1], [0, 2]), _E),
            ),
            random_inputs=_random_windows,
            mistakes=_EMBED_MISTAKES,
        ),
        Question(
            points=2,
            expected=forward,
            examples=(
                (_integers([2, 0]), *_NETWORK),
                (_integers([2, 0], [1, 1]), *_NETWORK),
            ),
            random_inputs=_random_network,
            mistakes=_FORWARD_MISTAKES,
            returns=("x", "h", "p"),
        ),
        Question(
            points=2,
            expected=sigmoid,
            # At 0 the sigmoid is 1/2 and rises by 1/4; at ln 3 it is 3/4, and rises by 3/16.
            examples=(
                (np.array([0.0]),),
                (np.array([0.0, 1.0]),),
                (np.array([-2.0, 0.5, 3.0]),),
                (np.array([1000.0, -1000.0]),),
            ),
            random_inputs=_random_sigmoid,
            mistakes=_SIGMOID_MISTAKES,
            returns=("s", "slope"),
        ),
        Question(
            points=2,
            expected=logistic_step,
            # With w = 0 and b = 0 every p is 1/2.
            examples=(
                (np.array([[1.0, 2.0]]), np.array([1.0]), np.array([0.0, 0.0]), 0.0, 1.0),
                (
                    np.array([[1.0, 0.0], [0.0, 2.0], [1.0, 1.0]]),
                    np.array([1.0, 0.0, 1.0]),
                    np.array([0.0, 0.0]),
                    0.0,
                    0.5,
                ),
                (
                    np.array([[1.0, -1.0], [0.5, 2.0], [0.0, 1.0]]),
                    np.array([0.0, 1.0, 1.0]),
                    np.array([1.0, 0.5]),
                    -0.5,
                    0.5,
                ),
            ),
            random_inputs=_random_logistic,
            mistakes=_LOGISTIC_MISTAKES,
            returns=("w", "b"),
        ),
        Question(
            points=2,
            expected=output_gradient,
            examples=(
                (np.array([[0.5]]), np.array([[0.5, 0.25, 0.25]]), _integers(0), _NETWORK[3]),
                (np.array([[0.5], [-0.25]]), _HALF, _integers(0, 1), _NETWORK[3]),
                (np.array([[0.5], [-0.25]]), _HALF, _integers(2, 2), _NETWORK[3]),
            ),
            random_inputs=_random_output,
            mistakes=_OUTPUT_MISTAKES,
            returns=("dW_hy", "db_y", "dh"),
        ),
        Question(
            points=3,
            expected=hidden_gradient,
            examples=(
                (
                    np.array([[1.0, 2.0]]),
                    np.array([[0.5]]),
                    np.array([[1.0]]),
                    np.array([[3.0, -1.0]]),
                ),
                (
                    np.array([[1.0, 2.0], [0.0, -1.0], [0.5, 0.5]]),
                    np.array([[0.5], [-0.8], [0.1]]),
                    np.array([[1.0], [0.5], [-2.0]]),
                    np.array([[3.0, -1.0]]),
                ),
            ),
            random_inputs=_random_hidden,
            mistakes=_HIDDEN_MISTAKES,
            returns=("dW_xh", "db_h", "dx"),
        ),
        Question(
            points=3,
            expected=embedding_gradient,
            examples=(
                (_integers([2]), np.array([[1.0, -1.0]]), 3),
                (_integers([0, 2]), np.array([[1.0, 2.0, 3.0, 4.0]]), 3),
                (_integers([2, 2]), np.array([[1.0, 2.0, 3.0, 4.0]]), 3),
                (
                    _integers([0, 2], [2, 1]),
                    np.array([[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]]),
                    4,
                ),
                (
                    _integers([0, 2], [1, 2]),
                    np.array([[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]]),
                    4,
                ),
            ),
            random_inputs=_random_embedding,
            mistakes=_EMBEDDING_MISTAKES,
        ),
    ]
}
