"""The questions of week 8: two directions, many layers, ragged batches, and skips.

The oracles compute by other means than the exercise asks for: every sequence alone, without its
padding; right to left by an index that falls; what a word sees by sending a nan through running
sums; gradients by products of whole matrices or by a complex step; a size by counting up the
entries of arrays. The tests hold all of them against torch.

The misconceptions share `_run`, `_both`, `_stacked` and `_one_way`, with one thing changed each
time.
"""

from __future__ import annotations

from functools import partial, reduce

import numpy as np

from course_utils.checks import Question

TINY = 1e-30  # the complex step


def _same(a):
    return a


def _sigmoid(a):
    return (1 + np.tanh(a / 2)) / 2


def _halves(states):
    """Return the halves of the two directions, (..., H) each."""
    H = states.shape[-1] // 2
    return states[..., :H], states[..., H:]


def _beside(*parts):
    return np.concatenate(parts, axis=-1)


def _real(states, lengths):
    """Say which steps are not padding, (T, B, 1)."""
    return (np.arange(len(states))[:, None] < lengths)[..., None]


def _alternating(to_right, to_left):
    """Let the units of the two halves take turns."""
    return np.stack([to_right, to_left], axis=-1).reshape(*to_right.shape[:-1], -1)


# reverse_within


def reverse_within(xs, lengths):
    """Say of each step where it comes from, and take it from there."""
    t = np.arange(len(xs))[:, None]
    comes_from = np.where(t < lengths, lengths - 1 - t, t)  # (T, B)
    return np.take_along_axis(xs, comes_from[..., None], axis=0)


def _shift_back(xs, lengths):
    """Turn whole columns round, then bring each sequence to the front: zeros behind it."""
    turned = np.zeros_like(xs)
    for b, n in enumerate(lengths):
        turned[:n, b] = xs[::-1][len(xs) - n :, b]
    return turned


def _at_the_end(xs, lengths):
    turned = xs.copy()
    for b, n in enumerate(lengths):
        turned[len(xs) - n :, b] = xs[n - 1 :: -1, b]
        turned[: len(xs) - n, b] = xs[n:, b]
    return turned


def _all_reversed_to(end):
    """Return an answer that turns the first ``end(lengths)`` steps of every sequence round."""

    def answer(xs, lengths):
        turned, n = xs.copy(), end(lengths)
        turned[:n] = xs[:n][::-1]
        return turned

    return answer


def _off_by(one):
    return lambda xs, lengths: reverse_within(xs, np.clip(lengths + one, 0, len(xs)))


_REVERSE_MISTAKES = [
    (
        "the padding is reversed into the front: each sequence turns round within its own length",
        lambda xs, lengths: xs[::-1],
    ),
    (
        "nothing is reversed",
        lambda xs, lengths: xs.copy(),
    ),
    (
        "the sequences of the batch change places; the time axis is the first one",
        lambda xs, lengths: xs[:, ::-1],
    ),
    (
        "the numbers of a step change places; the time axis is the first one",
        lambda xs, lengths: xs[..., ::-1],
    ),
    (
        "all three axes are turned round; the time axis is the first one",
        lambda xs, lengths: np.flip(xs),
    ),
    (
        "the padding is lost; it stays where and what it is",
        _shift_back,
    ),
    (
        "the padding is at the front now; it stays where and what it is",
        _at_the_end,
    ),
    (
        "all sequences are turned round within the shortest length; each has its own",
        _all_reversed_to(min),
    ),
    (
        "all sequences are turned round within the longest length; each has its own",
        _all_reversed_to(max),
    ),
    (
        "all sequences are turned round within the length of the first; each has its own",
        _all_reversed_to(lambda lengths: lengths[0]),
    ),
    (
        "the last step of each sequence stays behind: it is step lengths[b] - 1, and a slice ends "
        "before its end",
        _off_by(-1),
    ),
    (
        "one step of padding is turned round, too: the last step is lengths[b] - 1",
        _off_by(1),
    ),
    (
        "the first step of each sequence stays where it is; it becomes the last",
        lambda xs, lengths: np.concatenate([xs[:1], reverse_within(xs[1:], lengths - 1)]),
    ),
    (
        "only the padding is turned round; it stays, the sequence before it turns",
        lambda xs, lengths: reverse_within(xs[::-1], len(xs) - lengths)[::-1],
    ),
    (
        "it comes out as (B, T, D); return (T, B, D)",
        lambda xs, lengths: reverse_within(xs, lengths).swapaxes(0, 1),
    ),
]


# run_direction


def run_direction(xs, lengths, W_xh, W_hh, b_h):
    """Read every sequence alone, without its padding, and lay its states into zeros."""
    states = np.zeros((*xs.shape[:2], len(b_h)))
    for b, n in enumerate(lengths):
        before = np.zeros(len(b_h))
        for x, row in zip(xs[:n, b], states[:n, b], strict=True):
            before = np.tanh(W_xh.dot(x) + W_hh.dot(before) + b_h)
            row[:] = before
    return states


def _net(x, h, W_xh, W_hh, b_h):
    return x @ W_xh.T + h @ W_hh.T + b_h


def _run(
    xs,
    lengths,
    *weights,
    net=_net,
    squash=np.tanh,
    real=lambda t, lengths, xs: t < lengths,
    at_padding=lambda new, old: 0 * new,
    carried=_same,
    start=None,
):
    """Read a batch as someone does who is mistaken about one part."""
    h = np.zeros((len(lengths), len(weights[2]))) if start is None else start
    rows = []
    for t, x in enumerate(xs):
        new = squash(net(x, carried(h), *weights))
        h = np.where(real(t, lengths, xs)[:, None], new, at_padding(new, h))
        rows.append(h)
    return np.array(rows)


def _one_long_sequence(xs, lengths, W_xh, W_hh, b_h):
    states, h = np.zeros((*xs.shape[:2], len(b_h))), np.zeros(len(b_h))
    for b, n in enumerate(lengths):
        for t in range(n):
            states[t, b] = h = np.tanh(_net(xs[t, b], h, W_xh, W_hh, b_h))
    return states


# A misconception, and what it changes in `_run`.
_RUN_CHANGES = [
    (
        "the padding is read, too: there the states are zeros",
        {"at_padding": lambda new, old: new},
    ),
    (
        "at the padding stands the last state; zeros are asked for",
        {"at_padding": lambda new, old: old},
    ),
    (
        "the first step of padding is read: the last step is lengths[b] - 1",
        {"real": lambda t, lengths, xs: t <= lengths},
    ),
    (
        "the last step of each sequence is not read: it is lengths[b] - 1",
        {"real": lambda t, lengths, xs: t < lengths - 1},
    ),
    (
        "the mask is turned round: zeros at the words, states at the padding",
        {"real": lambda t, lengths, xs: t >= lengths},
    ),
    (
        "all sequences end with the shortest; each has its own length",
        {"real": lambda t, lengths, xs: np.full(len(lengths), t < lengths.min())},
    ),
    (
        "the padding is told by zeros in xs; anything may stand there, lengths says where it is",
        {
            "real": lambda t, lengths, xs: xs[t].any(axis=1),
        },
    ),
    (
        "the lengths are taken as if the padding stood in front; it stands at the end",
        {"real": lambda t, lengths, xs: t >= len(xs) - lengths},
    ),
    (
        "the state is not carried: every step begins with zeros",
        {"carried": lambda h: 0 * h},
    ),
    (
        "the sequences see each other's states; each carries its own",
        {"carried": lambda h: np.repeat(h.sum(axis=0, keepdims=True), len(h), axis=0)},
    ),
    (
        "tanh is missing",
        {"squash": _same},
    ),
    (
        "the sigmoid is taken; a simple network has tanh",
        {"squash": _sigmoid},
    ),
    (
        "the bias b_h is forgotten",
        {"net": lambda x, h, W_xh, W_hh, b_h: _net(x, h, W_xh, W_hh, 0)},
    ),
    (
        "the input is not seen: W_xh is missing",
        {"net": lambda x, h, W_xh, W_hh, b_h: h @ W_hh.T + b_h},
    ),
    (
        "W_hh is transposed; a row of states h (B, H) meets W_hh.T",
        {"net": lambda x, h, W_xh, W_hh, b_h: x @ W_xh.T + h @ W_hh + b_h},
    ),
    (
        "W_xh is transposed; a row of inputs x (B, D) meets W_xh.T",
        {"net": lambda x, h, W_xh, W_hh, b_h: x @ W_xh + h @ W_hh.T + b_h},
    ),
    (
        "both matrices are transposed; rows meet W.T: x @ W_xh.T + h @ W_hh.T",
        {"net": lambda x, h, W_xh, W_hh, b_h: x @ W_xh + h @ W_hh + b_h},
    ),
]

_RUN_MISTAKES = [
    *((sentence, partial(_run, **changed)) for sentence, changed in _RUN_CHANGES),
    (
        "a sequence begins where the one before has ended; each begins with zeros",
        _one_long_sequence,
    ),
    (
        "these are the states before the steps; row t is the state after step t",
        lambda xs, *rest: (
            np.concatenate([0 * run_direction(xs[:1], *rest)[:1], _run(xs, *rest)])[:-1]
            * _real(xs, rest[0])
        ),
    ),
    (
        "the text is read from its end",
        lambda xs, lengths, *weights: reverse_within(
            run_direction(reverse_within(xs, lengths), lengths, *weights), lengths
        ),
    ),
    (
        "the text is read from its end",
        lambda xs, lengths, *weights: run_direction(reverse_within(xs, lengths), lengths, *weights),
    ),
    (
        "the state before the text is among the states; return T rows, after each step",
        lambda xs, *rest: np.concatenate([0 * _run(xs, *rest)[:1], _run(xs, *rest)]),
    ),
    (
        "only the last states are returned; return those of all steps, (T, B, H)",
        lambda xs, lengths, *weights: run_direction(xs, lengths, *weights)[
            lengths - 1, np.arange(len(lengths))
        ],
    ),
    (
        "only the last row is returned; return those of all steps, (T, B, H)",
        lambda *given: run_direction(*given)[-1],
    ),
    (
        "it comes out as (B, T, H); return (T, B, H)",
        lambda *given: run_direction(*given).swapaxes(0, 1),
    ),
    (
        "the loop goes over the batch: the first axis of xs is time, the second the sequences",
        lambda xs, lengths, *weights: (
            _run(
                xs.swapaxes(0, 1),
                np.full(len(xs), xs.shape[1]),
                *weights,
            ).swapaxes(0, 1)
            * _real(xs, lengths)
        ),
    ),
]


# bidirectional


def bidirectional(xs, lengths, forward, backward):
    """Read every sequence alone; from right to left with a number of the step that falls."""
    H = len(forward[2])
    states = np.zeros((*xs.shape[:2], 2 * H))
    for b, n in enumerate(lengths):
        for order, (W_xh, W_hh, b_h), half in (
            (range(n), forward, slice(None, H)),
            (range(n - 1, -1, -1), backward, slice(H, None)),
        ):
            before = np.zeros(H)
            for t in order:
                before = np.tanh(W_xh.dot(xs[t, b]) + W_hh.dot(before) + b_h)
                states[t, b, half] = before
    return states


def _whole(xs, lengths):
    return xs[::-1]


def _not_turned(xs, lengths):
    return xs


def _both(
    xs,
    lengths,
    forward,
    backward,
    into=reverse_within,
    out=reverse_within,
    run=_run,
    run_back=None,
    weights=lambda forward, backward: (forward, backward),
    join=_beside,
):
    """Read in both directions as someone does who is mistaken about one part."""
    forward, backward = weights(forward, backward)
    to_right = run(xs, lengths, *forward)
    to_left = (run_back or run)(into(xs, lengths), lengths, *backward)
    return join(to_right, out(to_left, lengths))


def _unmasked(xs, lengths, *weights):
    return _run(xs, np.full(len(lengths), len(xs)), *weights)


def _hidden_padding(xs, lengths, *weights):
    """Read the whole array turned round, padding first; zeros at the padding afterwards."""
    return _unmasked(xs, lengths, *weights) * _real(xs, lengths)[::-1]


def _reads_the_forward_states(xs, lengths, forward, backward):
    right = _run(xs, lengths, *forward)
    turned = _run(reverse_within(right, lengths), lengths, *backward)
    return _beside(right, reverse_within(turned, lengths))


def _one_goes_on(xs, lengths, forward, backward):
    """Let the backward direction begin with the last state of the forward one."""
    right = _run(xs, lengths, *forward)
    last = right[lengths - 1, np.arange(len(lengths))]
    turned = _run(reverse_within(xs, lengths), lengths, *backward, start=last)
    return _beside(right, reverse_within(turned, lengths))


def _without_its_word(xs, lengths, forward, backward):
    to_right, to_left = _halves(bidirectional(xs, lengths, forward, backward))
    return _beside(to_right, np.concatenate([to_left[1:], 0 * to_left[:1]]))


_INTO_THE_FRONT = (
    "the padding is reversed into the front: turn each sequence round within its own length, "
    "before the run and after it"
)
_NOT_TURNED_BACK = (
    "the backward outputs are not turned back: row t must hold the state at word t, in both halves"
)

_BOTH_CHANGES = [
    (_NOT_TURNED_BACK, {"out": _not_turned}),
    (_INTO_THE_FRONT, {"into": _whole, "out": _whole}),
    (_INTO_THE_FRONT, {"into": _whole, "out": _whole, "run_back": _unmasked}),
    (_INTO_THE_FRONT, {"into": _whole, "out": _whole, "run_back": _hidden_padding}),
    (_INTO_THE_FRONT, {"into": _whole}),
    (_INTO_THE_FRONT, {"into": _whole, "run_back": _unmasked}),
    (_INTO_THE_FRONT, {"into": _whole, "out": _not_turned}),
    (
        "the backward outputs are turned round as a whole: again, each within its own length",
        {"out": _whole},
    ),
    (
        "the backward direction reads from left to right, too; turn its input round",
        {"into": _not_turned, "out": _not_turned},
    ),
    (
        "the backward direction reads from left to right, too; turn its input round, not only "
        "its outputs",
        {"into": _not_turned},
    ),
    (
        "the sequences of the batch change places for the backward direction; the time is "
        "turned round",
        {"into": lambda xs, lengths: xs[:, ::-1], "out": lambda xs, lengths: xs[:, ::-1]},
    ),
    (
        "the numbers of a word change places for the backward direction; the time is turned round",
        {"into": lambda xs, lengths: xs[..., ::-1], "out": _not_turned},
    ),
    (
        "the directions share weights: both run with those of forward",
        {"weights": lambda forward, backward: (forward, forward)},
    ),
    (
        "the directions share weights: both run with those of backward",
        {"weights": lambda forward, backward: (backward, backward)},
    ),
    (
        "the directions share W_hh and b_h; backward has its own, too",
        {"weights": lambda forward, backward: (forward, (backward[0], *forward[1:]))},
    ),
    (
        "the directions share W_xh; backward has its own",
        {"weights": lambda forward, backward: (forward, (forward[0], *backward[1:]))},
    ),
    (
        "the two directions have changed their weights",
        {"weights": lambda forward, backward: (backward, forward)},
    ),
    (
        "the backward half comes first; concatenate forward, then backward",
        {"join": lambda to_right, to_left: _beside(to_left, to_right)},
    ),
    (
        "the two directions are added up; put them side by side, (T, B, 2H)",
        {"join": lambda to_right, to_left: to_right + to_left},
    ),
    (
        "the two directions are averaged; put them side by side, (T, B, 2H)",
        {"join": lambda to_right, to_left: (to_right + to_left) / 2},
    ),
    (
        "the two directions are multiplied; put them side by side, (T, B, 2H)",
        {"join": lambda to_right, to_left: to_right * to_left},
    ),
    (
        "the units of the two directions take turns; forward's H come first, then backward's",
        {"join": _alternating},
    ),
    (
        "the directions are put one after the other in time; the last axis is the one to join",
        {"join": lambda *parts: np.concatenate(parts)},
    ),
    (
        "the directions are joined along the batch; the last axis is the one to join",
        {"join": lambda *parts: np.concatenate(parts, axis=1)},
    ),
    (
        "the directions are stacked along a new axis; put them side by side, (T, B, 2H)",
        {"join": lambda *parts: np.stack(parts)},
    ),
    (
        "the directions are returned as a tuple; put them side by side, (T, B, 2H)",
        {"join": lambda *parts: parts},
    ),
    (
        "the backward direction is missing",
        {"join": lambda to_right, to_left: to_right},
    ),
    (
        "the forward half stands there twice",
        {"join": lambda to_right, to_left: _beside(to_right, to_right)},
    ),
]
# Mistaken networks of one layer, which a deep network may hold as well.
_BOTH_OTHERS = [
    (
        "the backward direction reads the states of the forward one; both read the words",
        _reads_the_forward_states,
    ),
    (
        "the backward direction begins with the last state of the forward one; each has a state "
        "of its own, zeros at its first word",
        _one_goes_on,
    ),
    (
        "backward's row t lacks word t; both halves of row t have read it",
        _without_its_word,
    ),
]
_BOTH_MISTAKES = [
    *((sentence, partial(_both, **changed)) for sentence, changed in _BOTH_CHANGES),
    *_BOTH_OTHERS,
    (
        "the padding is read, too: there the states are zeros",
        partial(_both, run=_unmasked),
    ),
    *(
        (sentence, partial(_both, run=partial(_run, **changed)))
        for sentence, changed in _RUN_CHANGES
    ),
]


# last_states


def last_states(states, lengths):
    """Take them sequence by sequence."""
    to_right, to_left = _halves(states)
    return np.array([[*to_right[n - 1, b], *to_left[0, b]] for b, n in enumerate(lengths)])


def _ends(of_right, of_left, join=_beside):
    """Return an answer that takes the halves at other steps, functions of lengths and T."""

    def answer(states, lengths):
        T, rows = len(states), np.arange(len(lengths))
        to_right, to_left = _halves(states)
        last = [
            half[np.broadcast_to(step(lengths, T), lengths.shape), rows]
            for half, step in ((to_right, of_right), (to_left, of_left))
        ]
        return join(*last)

    return answer


def _at_length(lengths, T):
    return lengths - 1


def _at_last_row(lengths, T):
    return T - 1


def _at_start(lengths, T):
    return 0


def _pooled(pool):
    def answer(states, lengths):
        return np.array([pool(states[:n, b]) for b, n in enumerate(lengths)])

    return answer


_LAST_MISTAKES = [
    (
        "both halves are taken at the last row, where shorter sequences have padding; forward ends "
        "at lengths - 1, backward at step 0",
        _ends(_at_last_row, _at_last_row),
    ),
    (
        "forward's last state is taken at the padding; the last word is at lengths - 1",
        _ends(_at_last_row, _at_start),
    ),
    (
        "backward's half is taken at the last word, where it has read one word only; it ends at "
        "step 0",
        _ends(_at_length, _at_length),
    ),
    (
        "backward's half is taken at the last row; it ends at step 0",
        _ends(_at_length, _at_last_row),
    ),
    (
        "forward's half is taken at the first word, where it has read one word only; it ends at "
        "lengths - 1",
        _ends(_at_start, _at_start),
    ),
    (
        "these are the wrong ends: each direction has read one word only there",
        _ends(_at_start, _at_length),
    ),
    (
        "these are the wrong ends: each direction has read one word only there",
        _ends(_at_start, _at_last_row),
    ),
    (
        "the last word is at lengths - 1, not at lengths",
        _ends(lambda lengths, T: lengths, _at_start),
    ),
    (
        "the last word is at lengths - 1, not at lengths - 2",
        _ends(lambda lengths, T: lengths - 2, _at_start),
    ),
    (
        "backward ends at step 0, not at step 1",
        _ends(_at_length, lambda lengths, T: 1),
    ),
    (
        "all sequences end with the longest; each has its own length",
        _ends(lambda lengths, T: lengths.max() - 1, _at_start),
    ),
    (
        "all sequences end with the shortest; each has its own length",
        _ends(lambda lengths, T: lengths.min() - 1, _at_start),
    ),
    (
        "all sequences end with the first one; each has its own length",
        _ends(lambda lengths, T: lengths[0] - 1, _at_start),
    ),
    (
        "the lengths are counted from the end; the padding stands there",
        _ends(lambda lengths, T: T - lengths, _at_start),
    ),
    (
        "the backward half comes first; forward, then backward",
        _ends(_at_length, _at_start, join=lambda right, left: _beside(left, right)),
    ),
    (
        "the two halves are added up; put them side by side, (B, 2H)",
        _ends(_at_length, _at_start, join=np.add),
    ),
    (
        "the two halves are averaged; put them side by side, (B, 2H)",
        _ends(_at_length, _at_start, join=lambda right, left: (right + left) / 2),
    ),
    (
        "the halves are taken for alternating units; forward has the first H, backward the others",
        lambda states, lengths: _alternating(
            states[lengths - 1, np.arange(len(lengths)), ::2], states[0, :, 1::2]
        ),
    ),
    (
        "the halves are put one below the other; side by side, (B, 2H)",
        _ends(_at_length, _at_start, join=lambda *parts: np.concatenate(parts)),
    ),
    (
        "the halves are returned as a tuple; put them side by side, (B, 2H)",
        _ends(_at_length, _at_start, join=lambda *parts: parts),
    ),
    (
        "only forward's half is returned; backward has a last state, too",
        lambda states, lengths: last_states(states, lengths)[:, : states.shape[2] // 2],
    ),
    (
        "this is the mean over the steps; the last state of each direction is asked for",
        _pooled(lambda rows: rows.mean(axis=0)),
    ),
    (
        "this is the mean over the steps; the last state of each direction is asked for",
        lambda states, lengths: states.mean(axis=0),
    ),
    (
        "this is the largest value over the steps; the last state of each direction is asked for",
        _pooled(lambda rows: rows.max(axis=0)),
    ),
    (
        "states[lengths - 1] takes whole rows, of all sequences; sequence b needs row lengths[b] "
        "- 1 of column b",
        lambda states, lengths: _beside(
            _halves(states)[0][lengths - 1],
            np.repeat(_halves(states)[1][:1], len(lengths), axis=0),
        ),
    ),
]


# sees

_KINDS = ("forward", "backward", "both", "around")


def sees(layers, T):
    """Put a nan at each word in turn and send it through running sums."""
    reached = np.where(np.eye(T, dtype=bool), np.nan, 0.0)  # [t, s]: the nan came in at s

    def before(a):
        return np.cumsum(a, axis=0)

    def after(a):
        return np.cumsum(a[::-1], axis=0)[::-1]

    def without(a, sums, step):
        shifted = np.zeros_like(a)
        if step > 0:
            shifted[1:] = sums(a)[:-1]
        else:
            shifted[:-1] = sums(a)[1:]
        return shifted

    for kind in layers:
        parts = {
            "forward": lambda a: before(a),
            "backward": lambda a: after(a),
            "both": lambda a: before(a) + after(a),
            "around": lambda a: without(a, before, 1) + without(a, after, -1),
        }
        reached = parts[kind](reached)
    return np.isnan(reached)


def _one_layer(kind, T):
    return sees([kind], T)


def _chained(layers, T, one=_one_layer, order=_same, combine=None):
    """Combine what single layers see as someone does who is mistaken about one part."""
    parts = [one(kind, T) for kind in order(list(layers))]
    return reduce(combine or (lambda below, above: (above.astype(int) @ below) > 0), parts)


def _other_kinds(**others):
    """Return what one layer sees, with some kinds taken for something else."""
    return lambda kind, T: others.get(kind, lambda T: _one_layer(kind, T))(T)


def _strict(kind, T):
    return _one_layer(kind, T) & ~np.eye(T, dtype=bool)


def _once(kind, T):
    """Keep the neighbours alone, as a convolution does."""
    near = np.abs(np.subtract.outer(np.arange(T), np.arange(T))) <= 1
    return _one_layer(kind, T) & near


_SEES_MISTAKES = [
    (
        "forward and backward are swapped, or rows and columns: row t says what the output at word "
        "t sees, and forward sees what stands before",
        lambda layers, T: sees(layers[::-1], T).T,
    ),
    (
        "the layers' views are united; a layer sees the layer below, not the words: multiply the "
        "matrices",
        partial(_chained, combine=np.logical_or),
    ),
    (
        "only what every layer sees is kept; a layer sees the layer below: multiply the matrices",
        partial(_chained, combine=np.logical_and),
    ),
    (
        "only the top layer counts; what it sees has seen other words itself",
        lambda layers, T: sees(layers[-1:], T),
    ),
    (
        "only the lowest layer counts; the layers above bring in more",
        lambda layers, T: sees(layers[:1], T),
    ),
    (
        "the layers come in the wrong order: the first of the list is the lowest",
        lambda layers, T: sees(layers[::-1], T),
    ),
    (
        "a layer of kind forward, backward or both sees the word itself, too",
        partial(_chained, one=_strict),
    ),
    (
        "the word is taken out at the end; a layer above one that goes around it may bring it back",
        lambda layers, T: (
            _chained(layers, T, one=_other_kinds(around=lambda T: np.ones((T, T), bool)))
            & ~(np.eye(T, dtype=bool) & ("around" in layers))
        ),
    ),
    (
        "around does not see the word itself",
        partial(_chained, one=_other_kinds(around=lambda T: np.ones((T, T), bool))),
    ),
    (
        "around sees all words but its own, not its own alone",
        partial(_chained, one=_other_kinds(around=lambda T: np.eye(T, dtype=bool))),
    ),
    (
        "around sees all words but its own, on both sides, not those before alone",
        partial(_chained, one=_other_kinds(around=lambda T: _strict("forward", T))),
    ),
    (
        "around sees all words but its own, not the two neighbours alone",
        partial(
            _chained,
            one=_other_kinds(around=lambda T: _once("both", T) & ~np.eye(T, dtype=bool)),
        ),
    ),
    (
        "both sees all words, not its own alone: either direction brings in words",
        partial(_chained, one=_other_kinds(both=lambda T: np.eye(T, dtype=bool))),
    ),
    (
        "both sees all words; here its own is missing",
        partial(_chained, one=_other_kinds(both=lambda T: ~np.eye(T, dtype=bool))),
    ),
    (
        "both is taken for forward; it sees what comes after as well",
        partial(_chained, one=_other_kinds(both=lambda T: _one_layer("forward", T))),
    ),
    (
        "a layer sees more than the neighbours: the state carries on what stood further off",
        partial(_chained, one=_once),
    ),
    (
        "these are numbers of ways; return True or False: ... > 0",
        lambda layers, T: reduce(
            lambda below, above: above @ below,
            [_one_layer(kind, T).astype(float) for kind in layers],
        ),
    ),
    (
        "these are numbers of ways; return True or False: ... > 0",
        lambda layers, T: reduce(
            lambda below, above: above @ below,
            [_one_layer(kind, T).astype(int) for kind in layers],
        ),
    ),
    (
        "these are 0 and 1; return True or False: ... > 0",
        lambda layers, T: sees(layers, T).astype(float),
    ),
    (
        "these are 0 and 1; return True or False: ... > 0",
        lambda layers, T: sees(layers, T).astype(int),
    ),
    (
        "True and False are swapped: True where the output depends on the word",
        lambda layers, T: ~sees(layers, T),
    ),
    (
        "two ways to the same word cancel each other: count the ways, and see if there are any",
        partial(
            _chained, combine=lambda below, above: (above.astype(int) @ below.astype(int)) % 2 == 1
        ),
    ),
]


# around


def around(states, lengths):
    """Lay the halves into zeros, sequence by sequence, one step later and one earlier."""
    found = np.zeros_like(states)
    to_right, to_left = _halves(found)  # views
    for b, n in enumerate(lengths):
        to_right[1:n, b], to_left[: n - 1, b] = (
            half[part, b]
            for half, part in zip(_halves(states), (slice(None, n - 1), slice(1, n)), strict=True)
        )
    return found


def _later(a, k=1):
    """Shift by k steps; zeros come in."""
    shifted = np.zeros_like(a)
    if k > 0:
        shifted[k:] = a[:-k]
    elif k < 0:
        shifted[:k] = a[-k:]
    else:
        shifted[:] = a
    return shifted


def _shifted(right, left, shift=_later, mask=True, join=_beside):
    """Return an answer that shifts the halves by other numbers of steps."""

    def answer(states, lengths):
        to_right, to_left = _halves(states)
        moved = join(shift(to_right, right), shift(to_left, left))
        return moved * _real(states, lengths) if mask else moved

    return answer


def _roll(a, k):
    return np.roll(a, k, axis=0)


def _edges(edge):
    """Return an answer that has something else where a neighbour is missing."""

    def answer(states, lengths):
        context = around(states, lengths)
        H = states.shape[2] // 2
        for b, n in enumerate(lengths):
            edge(context, states, b, n, H)
        return context

    return answer


def _edges_keep_their_own(context, states, b, n, H):
    context[0, b, :H] = states[0, b, :H]
    context[n - 1, b, H:] = states[n - 1, b, H:]


def _edges_are_all_zeros(context, states, b, n, H):
    context[0, b] = context[n - 1, b] = 0


_AROUND_MISTAKES = [
    (
        "nothing is shifted: both halves of row t have read word t",
        _shifted(0, 0),
    ),
    (
        "the shifts go the wrong way: forward has read word t at t and after; what it knew before "
        "is row t - 1",
        _shifted(-1, 1),
    ),
    (
        "both halves are shifted to t - 1; backward's there has read word t, take t + 1",
        _shifted(1, 1),
    ),
    (
        "both halves are shifted to t + 1; forward's there has read word t, take t - 1",
        _shifted(-1, -1),
    ),
    (
        "only forward is shifted; backward's half of row t has read word t",
        _shifted(1, 0),
    ),
    (
        "only backward is shifted; forward's half of row t has read word t",
        _shifted(0, -1),
    ),
    (
        "np.roll brings the last row round to the first, and the first to the last; before the "
        "first word and after the last there are zeros",
        _shifted(1, -1, shift=_roll),
    ),
    (
        "np.roll brings the last row round to the first, and the first to the last; before the "
        "first word and after the last there are zeros",
        _shifted(1, -1, shift=_roll, mask=False),
    ),
    (
        "at the padding there are zeros; forward's half was shifted into it",
        _shifted(1, -1, mask=False),
    ),
    (
        "the shift is two steps; it is one, for both halves have read their own word only",
        _shifted(2, -2),
    ),
    (
        "the backward half comes first; forward, then backward",
        _shifted(1, -1, join=lambda right, left: _beside(left, right)),
    ),
    (
        "the units are taken in turns; forward has the first H, backward the others",
        lambda states, lengths: (
            _alternating(_later(states[..., ::2], 1), _later(states[..., 1::2], -1))
            * _real(states, lengths)
        ),
    ),
    (
        "the first row has forward's own state, or the last row backward's; nothing was read "
        "there: zeros",
        _edges(_edges_keep_their_own),
    ),
    (
        "the first and the last row are all zeros; one neighbour is there",
        _edges(_edges_are_all_zeros),
    ),
    (
        "the first and the last step are left out; there are as many rows as words",
        lambda states, lengths: around(states, lengths)[1:-1],
    ),
    (
        "the shift goes along the batch; time is the first axis",
        lambda states, lengths: (
            _shifted(1, -1, mask=False)(states.swapaxes(0, 1), lengths).swapaxes(0, 1)
            * _real(states, lengths)
        ),
    ),
    (
        "the two halves are added up; put them side by side, (T, B, 2H)",
        _shifted(1, -1, join=np.add),
    ),
    (
        "the word's own states are taken away by subtraction; what they are made of stays mixed",
        lambda states, lengths: (states.sum(axis=0) - states) * _real(states, lengths),
    ),
    (
        "forward's half is missing",
        lambda states, lengths: _beside(
            *[a * k for k, a in enumerate(_halves(around(states, lengths)))]
        ),
    ),
    (
        "backward's half is missing",
        lambda states, lengths: _beside(
            *[a * (1 - k) for k, a in enumerate(_halves(around(states, lengths)))]
        ),
    ),
]


# stack_step


def stack_step(x, hs, layers):
    """Step by recursion: all layers but the highest first, then that one reads their last state."""
    if not len(layers):
        return np.zeros((0, hs.shape[1]))
    below = stack_step(x, hs[:-1], layers[:-1])
    W_xh, W_hh, b_h = layers[-1]
    seen = below[-1] if len(below) else x
    return np.vstack([below, np.tanh(W_xh.dot(seen) + W_hh.dot(hs[-1]) + b_h)])


def _stacked(
    x,
    hs,
    layers,
    seen=lambda x, new, hs, k: new[k - 1] if k else x,
    own=lambda x, new, hs, k: hs[k],
    squash=np.tanh,
    weights=lambda layers, k: layers[k],
    net=lambda x, h, W_xh, W_hh, b_h: W_xh @ x + W_hh @ h + b_h,
    finish=np.array,
    order=_same,
):
    """Step as someone does who is mistaken about one part."""
    new = {}
    for k in order(range(len(layers))):
        given = seen(x, new, hs, k), own(x, new, hs, k)
        new[k] = squash(net(*given, *weights(layers, k)))
    return finish([new[k] for k in sorted(new)])


_STACK_MISTAKES = [
    (
        "the layers share a state: each begins with that of the first; layer k has hs[k]",
        partial(_stacked, own=lambda x, new, hs, k: hs[0]),
    ),
    (
        "the layers share a state: each goes on from the one below; layer k has hs[k]",
        partial(_stacked, own=lambda x, new, hs, k: new[k - 1] if k else hs[0]),
    ),
    (
        "the layers share a state: each begins with that of the last; layer k has hs[k]",
        partial(_stacked, own=lambda x, new, hs, k: hs[-1]),
    ),
    (
        "a layer reads what the layer below said a step ago; it reads its new state",
        partial(_stacked, seen=lambda x, new, hs, k: hs[k - 1] if k else x),
    ),
    (
        "all layers read x; only the lowest does, the others read the layer below",
        partial(_stacked, seen=lambda x, new, hs, k: x),
    ),
    (
        "the upper layers read x besides the layer below; that would be a dense connection",
        partial(_stacked, seen=lambda x, new, hs, k: new[k - 1] + x if k else x),
    ),
    (
        "the upper layers read the sum of all layers below; they read the one below",
        partial(_stacked, seen=lambda x, new, hs, k: sum(new.values()) if k else x),
    ),
    (
        "the new state is added to the one below; that would be a residual connection",
        lambda x, hs, layers: np.cumsum(_stacked(x, hs, layers), axis=0),
    ),
    (
        "a layer reads its own old state in place of the layer below",
        partial(_stacked, seen=lambda x, new, hs, k: hs[k] if k else x),
    ),
    (
        "a layer begins with the old state of the layer above; layer k has hs[k]",
        partial(_stacked, own=lambda x, new, hs, k: hs[min(k + 1, len(hs) - 1)]),
    ),
    (
        "a layer begins with the old state of the layer below; layer k has hs[k]",
        partial(_stacked, own=lambda x, new, hs, k: hs[max(k - 1, 0)]),
    ),
    (
        "the states are taken from the top; hs[0] is the lowest",
        partial(_stacked, own=lambda x, new, hs, k: hs[::-1][k]),
    ),
    (
        "the states come out from the top; row 0 is the lowest layer",
        lambda x, hs, layers: _stacked(x, hs, layers)[::-1],
    ),
    (
        "the highest layer reads x; the lowest does",
        lambda x, hs, layers: _stacked(x, hs[::-1], layers[::-1])[::-1],
    ),
    (
        "the state is not carried: every layer begins with zeros",
        lambda x, hs, layers: _stacked(x, 0 * hs, layers),
    ),
    (
        "the layers share weights: all have those of the first",
        partial(_stacked, weights=lambda layers, k: layers[0]),
    ),
    (
        "the layers share W_hh and b_h: all have those of the first",
        partial(_stacked, weights=lambda layers, k: (layers[k][0], *layers[0][1:])),
    ),
    (
        "only the highest layer's state is returned; return that of each, (L, H)",
        partial(_stacked, finish=lambda rows: rows[-1]),
    ),
    (
        "the lower layers are left as they were; each layer has a new state",
        lambda x, hs, layers: np.vstack([hs[:-1], _stacked(x, hs, layers)[-1:]]),
    ),
    (
        "only the lowest layer takes a step; each layer has a new state",
        lambda x, hs, layers: np.vstack([_stacked(x, hs, layers)[:1], hs[1:]]),
    ),
    (
        "the states are put end to end; return (L, H), a row a layer",
        partial(_stacked, finish=np.concatenate),
    ),
    (
        "tanh is missing",
        partial(_stacked, squash=_same),
    ),
    (
        "the sigmoid is taken; a simple network has tanh",
        partial(_stacked, squash=_sigmoid),
    ),
    (
        "the bias b_h is forgotten",
        partial(_stacked, net=lambda x, h, W_xh, W_hh, b_h: W_xh @ x + W_hh @ h),
    ),
    (
        "W_hh is transposed; it stands before h: W_hh @ h",
        partial(_stacked, net=lambda x, h, W_xh, W_hh, b_h: W_xh @ x + W_hh.T @ h + b_h),
    ),
]


# join


def join(kind, x, y, gate):
    """Go the way from x towards y: all of it besides, a gate's share of it, or y as more units."""
    if kind == "dense":
        joined = np.empty((*x.shape[:-1], x.shape[-1] + y.shape[-1]))
        joined[..., : x.shape[-1]], joined[..., x.shape[-1] :] = x, y
        return joined
    if kind == "residual":
        return np.sum([x, y], axis=0)
    W_g, b_g = gate
    return x + _sigmoid(np.einsum("ij,...j->...i", W_g, x) + b_g) * (y - x)


def _joined(
    kind,
    x,
    y,
    gate,
    residual=lambda x, y: x + y,
    dense=_beside,
    highway=lambda g, x, y: g * y + (1 - g) * x,
    read=lambda x, y: x,
    net=lambda a, W_g, b_g: a @ W_g.T + b_g,
    squash=_sigmoid,
):
    """Join as someone does who is mistaken about one kind."""
    if kind == "residual":
        return residual(x, y)
    if kind == "dense":
        return dense(x, y)
    return highway(squash(net(read(x, y), *gate)), x, y)


_JOIN_MISTAKES = [
    (
        "g and 1 - g are swapped, or the exponent lacks its minus: g lets in what is new, y, and "
        "1 - g carries x",
        partial(_joined, highway=lambda g, x, y: g * x + (1 - g) * y),
    ),
    (
        "g multiplies both; what is carried is 1 - g of x",
        partial(_joined, highway=lambda g, x, y: g * (x + y)),
    ),
    (
        "x is carried whole; a highway carries 1 - g of it",
        partial(_joined, highway=lambda g, x, y: g * y + x),
    ),
    (
        "y comes in whole; a highway lets in g of it",
        partial(_joined, highway=lambda g, x, y: y + (1 - g) * x),
    ),
    (
        "x is lost: the highway carries 1 - g of it",
        partial(_joined, highway=lambda g, x, y: g * y),
    ),
    (
        "the highway is a plain mean; the gate says how much of each",
        partial(_joined, highway=lambda g, x, y: (x + y) / 2),
    ),
    (
        "the gate is one number for all units, and has no weights: each unit has its own",
        partial(_joined, squash=lambda a: _sigmoid(a.mean(axis=-1, keepdims=True))),
    ),
    (
        "the gate looks at y; it sees x, what the layer saw",
        partial(_joined, read=lambda x, y: y),
    ),
    (
        "the gate looks at x + y; it sees x, what the layer saw",
        partial(_joined, read=lambda x, y: x + y),
    ),
    (
        "the gate goes through tanh; it is a share between 0 and 1: the sigmoid",
        partial(_joined, squash=np.tanh),
    ),
    (
        "the sigmoid is missing on the gate",
        partial(_joined, squash=_same),
    ),
    (
        "the gate's bias is forgotten",
        partial(_joined, net=lambda a, W_g, b_g: a @ W_g.T),
    ),
    (
        "W_g is transposed; rows x meet W_g.T: x @ W_g.T",
        partial(_joined, net=lambda a, W_g, b_g: a @ W_g + b_g),
    ),
    (
        "the gate's weights multiply unit by unit; W_g is a matrix: x @ W_g.T",
        partial(_joined, net=lambda a, W_g, b_g: a * np.diag(W_g) + b_g),
    ),
    (
        "residual is y alone; x is added",
        partial(_joined, residual=lambda x, y: y),
    ),
    (
        "residual is a mean; x and y are added up",
        partial(_joined, residual=lambda x, y: (x + y) / 2),
    ),
    (
        "residual is a difference; x is added",
        partial(_joined, residual=lambda x, y: y - x),
    ),
    (
        "residual goes through tanh; nothing bounds x + y, and nothing damps its gradient",
        partial(_joined, residual=lambda x, y: np.tanh(x + y)),
    ),
    (
        "residual is a product; x and y are added up",
        partial(_joined, residual=lambda x, y: x * y),
    ),
    (
        "dense puts y first; x, then y",
        partial(_joined, dense=lambda x, y: _beside(y, x)),
    ),
    (
        "dense joins along the time; the units are the last axis",
        partial(_joined, dense=lambda x, y: np.concatenate([x, y])),
    ),
    (
        "dense joins along the batch; the units are the last axis",
        partial(_joined, dense=lambda x, y: np.concatenate([x, y], axis=1)),
    ),
    (
        "dense stacks along a new axis; put y beside x, in the last axis",
        partial(_joined, dense=lambda x, y: np.stack([x, y])),
    ),
    (
        "the units take turns in dense; all of x, then all of y",
        partial(_joined, dense=_alternating),
    ),
    (
        "dense adds up; that is residual, dense puts y beside x",
        partial(_joined, dense=lambda x, y: x + y),
    ),
    (
        "residual and dense are swapped",
        partial(_joined, residual=_beside, dense=lambda x, y: x + y),
    ),
    (
        "every kind is residual",
        partial(_joined, dense=lambda x, y: x + y, highway=lambda g, x, y: x + y),
    ),
]


# layer_gradients


def layer_gradients(dy, jacobians, residual):
    """Multiply the layers above each place to one matrix, and let the loss go through it."""
    H, rows = len(dy), []
    through = jacobians + np.eye(H) if residual else jacobians
    for k in range(len(jacobians) + 1):
        above = reduce(lambda product, J: J @ product, through[k:], np.eye(H))
        rows.append(np.einsum("i,ij->j", dy, above))
    return np.array(rows)


def _sent_back(
    dy,
    jacobians,
    residual,
    through=lambda J, d: J.T @ d,
    skip=lambda J, d, dy, k, L: d,
    order=lambda jacobians: jacobians[::-1],
    finish=lambda rows: np.array(rows[::-1]),
):
    """Send the error back as someone does who is mistaken about one part."""
    rows = [dy]
    L = len(jacobians)
    for k, J in enumerate(order(jacobians)):
        d = rows[-1]
        rows.append(through(J, d) + (skip(J, d, dy, k, L) if residual else 0))
    return finish(rows)


_LAYER_MISTAKES = [
    (
        "the Jacobians are not transposed; back it is J.T @ d",
        partial(_sent_back, through=lambda J, d: J @ d),
    ),
    (
        "the error goes through the lowest layer first; it comes from the top",
        partial(_sent_back, order=_same),
    ),
    (
        "the rows come out from the top; row 0 belongs to the input of the lowest layer",
        partial(_sent_back, finish=np.array),
    ),
    (
        "the skips are forgotten: with residual J.T @ d + d comes back",
        lambda dy, jacobians, residual: _sent_back(dy, jacobians, False),
    ),
    (
        "the skips are always there; without residual J.T @ d comes back",
        lambda dy, jacobians, residual: _sent_back(dy, jacobians, True),
    ),
    (
        "residual is turned round: with skips J.T @ d + d, without them J.T @ d",
        lambda dy, jacobians, residual: _sent_back(dy, jacobians, not residual),
    ),
    (
        "over a skip comes the error of the top; it is what has arrived at this layer, d",
        partial(_sent_back, skip=lambda J, d, dy, k, L: dy),
    ),
    (
        "the layers are lost with residual: the error goes over the skips alone",
        lambda dy, jacobians, residual: _sent_back(
            dy, jacobians, residual, through=lambda J, d: 0 * d if residual else J.T @ d
        ),
    ),
    (
        "the skip goes through the layer, too: J.T @ d + d, not twice J.T @ d",
        partial(_sent_back, skip=lambda J, d, dy, k, L: J.T @ d),
    ),
    (
        "the two ways are averaged; errors add up: J.T @ d + d",
        lambda dy, jacobians, residual: _sent_back(
            dy,
            jacobians,
            residual,
            through=lambda J, d: J.T @ d / (1 + residual),
            skip=lambda J, d, *_: d / 2,
        ),
    ),
    (
        "the two ways are multiplied; errors add up: J.T @ d + d",
        partial(_sent_back, skip=lambda J, d, *_: (J.T @ d) * d - J.T @ d),
    ),
    (
        "1 is added, not the error: J.T @ d + d",
        partial(_sent_back, skip=lambda *_: 1.0),
    ),
    (
        "1 is added to every entry of J; a skip adds the identity, np.eye(H)",
        partial(_sent_back, skip=lambda J, d, *_: np.full_like(d, d.sum())),
    ),
    (
        "the lowest layer has no skip here; each layer has one",
        partial(_sent_back, skip=lambda J, d, dy, k, L: d if k < L - 1 else 0),
    ),
    (
        "only the highest layer has a skip here; each layer has one",
        partial(_sent_back, skip=lambda J, d, dy, k, L: d if k == 0 else 0),
    ),
    (
        "there is one skip from the top to the bottom here; each layer has one",
        partial(_sent_back, skip=lambda J, d, dy, k, L: dy if k == L - 1 else 0),
    ),
    (
        "the row of dy is missing: row L is what comes in at the top",
        lambda *given: layer_gradients(*given)[:-1],
    ),
    (
        "the lowest row is missing: row 0 is the derivative by what the lowest layer saw",
        lambda *given: layer_gradients(*given)[1:],
    ),
    (
        "only the lowest row is returned; return all, (L + 1, H)",
        lambda *given: layer_gradients(*given)[0],
    ),
    (
        "each layer gets dy; the error goes from layer to layer",
        lambda dy, jacobians, residual: np.array(
            [*(J.T @ dy + residual * dy for J in jacobians), dy]
        ),
    ),
    (
        "only the diagonals of the Jacobians are taken; a unit moves others, too",
        partial(_sent_back, through=lambda J, d: np.diag(J) * d),
    ),
    (
        "J * d multiplies entry by entry; J.T @ d is a product of matrix and vector",
        partial(_sent_back, through=lambda J, d: (J * d).sum(axis=0)),
    ),
    (
        "the sign is wrong: errors add up",
        partial(_sent_back, skip=lambda J, d, *_: -d),
    ),
    (
        "the rows are added up; row k is what arrives at that place",
        lambda *given: np.cumsum(layer_gradients(*given)[::-1], axis=0)[::-1],
    ),
]


# count_parameters

_BLOCKS = {"srn": 1, "gru": 3, "lstm": 4}


def count_parameters(cell, input_size, hidden_size, num_layers, bidirectional, dense):
    """Count entries of arrays, direction by direction and layer by layer."""
    entries, rows = 0, _BLOCKS[cell] * hidden_size
    for layer in range(num_layers):
        below = [hidden_size] * (2 if bidirectional else 1)
        seen = [input_size] if layer == 0 else below
        if dense:
            seen = [input_size, *below * layer]
        for _ in below:
            shapes = [*((rows, n) for n in seen), (rows, hidden_size), (rows,), (rows,)]
            entries += sum(int(np.prod(shape)) for shape in shapes)
    return entries


def _counted(
    cell,
    D,
    H,
    L,
    bidirectional,
    dense,
    blocks=lambda cell: _BLOCKS[cell],
    one=lambda k, seen, H: k * H * (seen + H + 2),
    width=lambda H, n: n * H,
    grow=lambda seen, width, D: seen + width,
    directions=lambda two: 2 if two else 1,
    total=lambda parts, n: n * sum(parts),
    layers=_same,
):
    """Count as someone does who is mistaken about one part."""
    n, seen, parts = directions(bidirectional), D, []
    for _ in range(layers(L)):
        parts.append(one(blocks(cell), seen, H))
        seen = grow(seen, width(H, n), D) if dense else width(H, n)
    return total(parts, n)


def _as_if(**other):
    def answer(cell, D, H, L, bidirectional, dense):
        given = {"bidirectional": bidirectional, "dense": dense} | other
        return count_parameters(cell, D, H, L, **given)

    return answer


def _without_the_input(cell, D, H, L, bidirectional, dense):
    """Take the weights from the input away that the upper layers have."""
    right = count_parameters(cell, D, H, L, bidirectional, dense)
    return right - dense * (L - 1) * (1 + bidirectional) * _BLOCKS[cell] * H * D


_COUNT_MISTAKES = [
    (
        "a layer above sees H numbers; of two directions it sees both, 2 * H",
        partial(_counted, width=lambda H, n: H),
    ),
    (
        "a layer above sees 2 * H numbers where there is one direction; then it sees H",
        partial(_counted, width=lambda H, n: 2 * H),
    ),
    (
        "the directions share weights here; each has its own, so the layers count twice",
        partial(_counted, total=lambda parts, n: sum(parts)),
    ),
    (
        "the second direction is forgotten: it has weights of its own, and the layers above see it",
        _as_if(bidirectional=False),
    ),
    (
        "there are always two directions here",
        _as_if(bidirectional=True),
    ),
    (
        "the dense connections are forgotten: a layer sees the input and all layers below",
        _as_if(dense=False),
    ),
    (
        "the connections are always dense here",
        _as_if(dense=True),
    ),
    (
        "dense leaves the input out; a layer sees it and all layers below",
        _without_the_input,
    ),
    (
        "dense forgets the layers further below; a layer sees the input and all layers below",
        partial(_counted, grow=lambda seen, width, D: D + width),
    ),
    (
        "dense doubles what a layer sees; it grows by what one layer gives",
        partial(_counted, grow=lambda seen, width, D: 2 * seen),
    ),
    (
        "all layers are counted as the first; those above see what the layer below gives",
        partial(_counted, total=lambda parts, n: n * len(parts) * parts[0]),
    ),
    (
        "all layers are counted as the last; the lowest sees the input",
        partial(_counted, total=lambda parts, n: n * len(parts) * parts[-1]),
    ),
    (
        "only one layer is counted",
        partial(_counted, layers=lambda L: 1),
    ),
    (
        "one layer is missing",
        partial(_counted, layers=lambda L: L - 1),
    ),
    (
        "one layer too many is counted",
        partial(_counted, layers=lambda L: L + 1),
    ),
    (
        "W_hh has 2 * H columns here; each direction sees its own state, H",
        lambda cell, D, H, L, bidirectional, dense: _counted(
            cell,
            D,
            H,
            L,
            bidirectional,
            dense,
            one=lambda k, seen, H: k * H * (seen + (2 * H if bidirectional else H) + 2),
        ),
    ),
    (
        "one bias is counted; torch has two",
        partial(_counted, one=lambda k, seen, H: k * H * (seen + H + 1)),
    ),
    (
        "the biases are forgotten; torch has two of k * H each",
        partial(_counted, one=lambda k, seen, H: k * H * (seen + H)),
    ),
    (
        "the biases are shared by the blocks; each has its own",
        partial(_counted, one=lambda k, seen, H: k * H * (seen + H) + 2 * H),
    ),
    (
        "the weights from the state are forgotten",
        partial(_counted, one=lambda k, seen, H: k * H * (seen + 2)),
    ),
    (
        "the weights from below are forgotten",
        partial(_counted, one=lambda k, seen, H: k * H * (H + 2)),
    ),
    (
        "sizes are multiplied where they add up: a unit sees seen + H numbers",
        partial(_counted, one=lambda k, seen, H: k * H * (seen * H + 2)),
    ),
    (
        "the blocks are those of 2, 3: a GRU has 3 with its candidate, an LSTM 4",
        partial(_counted, blocks={"srn": 1, "gru": 2, "lstm": 3}.get),
    ),
    (
        "GRU and LSTM are swapped: the LSTM is the larger one",
        partial(_counted, blocks={"srn": 1, "gru": 4, "lstm": 3}.get),
    ),
    (
        "the cell plays no part: all are counted as simple networks",
        partial(_counted, blocks=lambda cell: 1),
    ),
    (
        "the hidden size is shared by the directions; torch gives each direction all of it",
        lambda cell, D, H, L, bidirectional, dense: int(
            _counted(cell, D, H / 2 if bidirectional else H, L, bidirectional, dense)
        ),
    ),
]


# input_gradients


def input_gradients(dstates, states, forward, backward):
    """Nudge one number of one word at a time, and read on; no chain rule.

    What came from the words is what the states say, less what came from the state before.
    """
    T = len(states)
    dxs = np.zeros((T, forward[0].shape[1]))
    for order, dhs, hs, (W_xh, W_hh, _) in (
        (range(T), *(_halves(a)[0] for a in (dstates, states)), forward),
        (range(T)[::-1], *(_halves(a)[1] for a in (dstates, states)), backward),
    ):
        for s in range(T):
            h = old = np.zeros((dxs.shape[1], len(W_hh)))  # a row for each number that is nudged
            for t in order:
                came_in = np.arctanh(hs[t]) - old @ W_hh.T
                nudge = 1j * TINY * W_xh.T if t == s else 0
                h, old = np.tanh(came_in + nudge + h @ W_hh.T), np.tile(hs[t], (len(h), 1))
                dxs[s] += (h @ dhs[t]).imag / TINY
    return dxs


def _one_way(
    dhs,
    hs,
    W_xh,
    W_hh,
    b_h,
    slope=lambda hs, t: 1 - hs[t] ** 2,
    back=lambda W_hh, da, dh: W_hh.T @ da,
    own=lambda dhs, t: dhs[t],
    out=lambda W_xh, da, dh: W_xh.T @ da,
):
    """Send the errors of a direction that reads from row 0 on back to its inputs."""
    rows, later = [], 0 * hs[0]
    for t in range(len(hs) - 1, -1, -1):
        dh = own(dhs, t) + later
        da = dh * slope(hs, t)
        rows.append(out(W_xh, da, dh))
        later = back(W_hh, da, dh)
    return np.array(rows[::-1])


def _turn(a):
    return a[::-1]


def _two_ways(
    dstates,
    states,
    forward,
    backward,
    of_right=(_same, _same),
    of_left=(_turn, _turn),
    weights=lambda forward, backward: (forward, backward),
    errors=_halves,
    outputs=_halves,
    join=np.add,
    **changed,
):
    """Send the errors back as someone does who is mistaken about one part.

    ``of_right`` and ``of_left``: how a direction is turned before `_one_way`, and after it.
    """
    parts = []
    turns = of_right, of_left
    given = turns, errors(dstates), outputs(states), weights(forward, backward)
    for (into, out), dhs, hs, direction in zip(*given, strict=True):
        parts.append(out(_one_way(into(dhs), into(hs), *direction, **changed)))
    return join(*parts)


def _forgets(part):
    return lambda right, left: right if part else left


_INPUT_MISTAKES = [
    (
        "backward's error goes from right to left; backward has read from right to left, so its "
        "error goes from left to right",
        partial(_two_ways, of_left=(_same, _same)),
    ),
    (
        "backward's gradients are not turned back: row t belongs to word t",
        partial(_two_ways, of_left=(_turn, _same)),
    ),
    (
        "backward's errors are not turned round before, only its gradients after",
        partial(_two_ways, of_left=(_same, _turn)),
    ),
    (
        "both errors go from left to right; forward's goes from right to left",
        partial(_two_ways, of_right=(_turn, _turn)),
    ),
    (
        "the two directions are swapped: forward's error goes from right to left, backward's from "
        "left to right",
        partial(_two_ways, of_right=(_turn, _turn), of_left=(_same, _same)),
    ),
    (
        "backward's part is missing; each word was read by both directions",
        partial(_two_ways, join=_forgets(1)),
    ),
    (
        "forward's part is missing; each word was read by both directions",
        partial(_two_ways, join=_forgets(0)),
    ),
    (
        "the two parts are put side by side; both directions read the same word: add up",
        partial(_two_ways, join=_beside),
    ),
    (
        "the two parts are averaged; they add up",
        partial(_two_ways, join=lambda right, left: (right + left) / 2),
    ),
    (
        "the two parts are subtracted; they add up",
        partial(_two_ways, join=np.subtract),
    ),
    (
        "the directions share weights: both errors go through those of forward",
        partial(_two_ways, weights=lambda forward, backward: (forward, forward)),
    ),
    (
        "the directions share weights: both errors go through those of backward",
        partial(_two_ways, weights=lambda forward, backward: (backward, backward)),
    ),
    (
        "the two directions have changed their weights",
        partial(_two_ways, weights=lambda forward, backward: (backward, forward)),
    ),
    (
        "the halves of dstates are swapped: the first H are forward's",
        partial(_two_ways, errors=lambda a: _halves(a)[::-1]),
    ),
    (
        "the halves of states are swapped: the first H are forward's",
        partial(_two_ways, outputs=lambda a: _halves(a)[::-1]),
    ),
    (
        "the error does not go on to other steps: what comes back through W_hh is missing",
        partial(_two_ways, back=lambda W_hh, da, dh: 0 * da),
    ),
    (
        "the slopes are missing: da is dh * (1 - h ** 2)",
        partial(_two_ways, slope=lambda hs, t: 1.0),
    ),
    (
        "the slope is taken of tanh(h); h is the tanh already: 1 - h ** 2",
        partial(_two_ways, slope=lambda hs, t: 1 - np.tanh(hs[t]) ** 2),
    ),
    (
        "the slope is that of a sigmoid; h is a tanh: 1 - h ** 2",
        partial(_two_ways, slope=lambda hs, t: hs[t] * (1 - hs[t])),
    ),
    (
        "the slope is 1 - h ** 2, not 1 - h",
        partial(_two_ways, slope=lambda hs, t: 1 - hs[t]),
    ),
    (
        "the slope is that of the step before; take the state of the step itself",
        partial(_two_ways, slope=lambda hs, t: 1 - hs[t - 1] ** 2 if t else np.ones_like(hs[0])),
    ),
    (
        "W_hh is not transposed; back it is W_hh.T @ da",
        partial(_two_ways, back=lambda W_hh, da, dh: W_hh @ da),
    ),
    (
        "dh goes back through W_hh; it passes the tanh first: da",
        partial(_two_ways, back=lambda W_hh, da, dh: W_hh.T @ dh),
    ),
    (
        "dh goes to the words; it passes the tanh first: da",
        partial(_two_ways, out=lambda W_xh, da, dh: W_xh.T @ dh),
    ),
    (
        "W_hh.T is missing on the way back in time",
        partial(_two_ways, back=lambda W_hh, da, dh: da),
    ),
    (
        "only the error of each direction's last step goes back; each step adds its own dstates[t]",
        partial(_two_ways, own=lambda dhs, t: dhs[t] * (t == len(dhs) - 1)),
    ),
    (
        "these are the gradients at the states' nets; W_xh.T takes them to the words",
        partial(_two_ways, out=lambda W_xh, da, dh: da),
    ),
    (
        "these are the gradients at the states' nets; W_xh.T takes them to the words",
        partial(_two_ways, out=lambda W_xh, da, dh: da, join=_beside),
    ),
    (
        "W_xh is not transposed; back it is W_xh.T @ da",
        partial(_two_ways, out=lambda W_xh, da, dh: W_xh @ da),
    ),
]


# network


def network(xs, lengths, layers, residual):
    """Read every sequence alone through all layers, and only then put the batch together."""
    H = len(layers[0][0][2])
    states, last = np.zeros((*xs.shape[:2], 2 * H)), np.zeros((len(lengths), 2 * H))
    for b, n in enumerate(lengths):
        ys = xs[:n, b : b + 1]
        for k, layer in enumerate(layers):
            above = bidirectional(ys, np.array([n]), *layer)
            ys = above + ys if residual and k else above
        states[:n, b] = ys[:, 0]
        last[b] = last_states(ys, np.array([n]))[0]
    return states, last


def _deep(
    xs,
    lengths,
    layers,
    residual,
    layer=_both,
    order=_same,
    see=lambda xs, ys, k: ys,
    skip=lambda xs, below, above, k: above + below if k else above,
    weights=lambda layers, k: layers[k],
    last=last_states,
    finish=lambda states, last: (states, last),
):
    """Read as someone does who is mistaken about one part."""
    ys = xs
    layers = order(list(layers))
    for k in range(len(layers)):
        above = layer(see(xs, ys, k), lengths, *weights(layers, k))
        ys = skip(xs, ys, above, k) if residual else above
    return finish(ys, last(ys, lengths))


def _with_last(states, lengths):
    return states, last_states(states, lengths)


def _without_skips_at(where):
    """Return an answer that takes the states, or the last states, before the last skip."""

    def answer(xs, lengths, layers, residual):
        right = network(xs, lengths, layers, residual)
        below = xs
        if len(layers) > 1:
            below, _ = network(xs, lengths, layers[:-1], residual)
        bare = bidirectional(below, lengths, *layers[-1])
        parts = bare, last_states(bare, lengths)
        return tuple(parts[k] if k in where else right[k] for k in (0, 1))

    return answer


def _state_goes_up(xs, lengths, layers, residual):
    """Let a layer begin with the last state of the layer below."""
    ys, starts = xs, [None, None]
    for k, (of_right, of_left) in enumerate(layers):
        to_right = _run(ys, lengths, *of_right, start=starts[0])
        to_left = _run(reverse_within(ys, lengths), lengths, *of_left, start=starts[1])
        rows = np.arange(len(lengths))
        starts = [half[lengths - 1, rows] for half in (to_right, to_left)]
        above = _beside(to_right, reverse_within(to_left, lengths))
        ys = above + ys if residual and k else above
    return _with_last(ys, lengths)


def _apart(xs, lengths, layers, residual):
    """Let each direction have a tower of its own; they meet at the top."""
    to_right, to_left = xs, reverse_within(xs, lengths)
    for k, (of_right, of_left) in enumerate(layers):
        below = to_right, to_left
        to_right = run_direction(to_right, lengths, *of_right)
        to_left = run_direction(to_left, lengths, *of_left)
        if residual and k:
            to_right, to_left = to_right + below[0], to_left + below[1]
    ys = _beside(to_right, reverse_within(to_left, lengths))
    return _with_last(ys, lengths)


_NETWORK_MISTAKES = [
    (
        "the skips are forgotten: with residual, what a layer saw is added to what it gives",
        lambda xs, lengths, layers, residual: _deep(xs, lengths, layers, False),
    ),
    (
        "the skips are always there; only with residual is there anything to add",
        lambda xs, lengths, layers, residual: _deep(xs, lengths, layers, True),
    ),
    (
        "residual is turned round",
        lambda xs, lengths, layers, residual: _deep(xs, lengths, layers, not residual),
    ),
    (
        "a skip goes around the first layer, too; its input has another size",
        partial(_deep, skip=lambda xs, below, above, k: above + below),
    ),
    (
        "only the highest layer has a skip; each but the first has one",
        lambda xs, lengths, layers, residual: _deep(
            xs,
            lengths,
            layers,
            residual,
            skip=lambda xs, below, above, k: above + below if 0 < k == len(layers) - 1 else above,
        ),
    ),
    (
        "the highest layer has no skip; each but the first has one",
        lambda xs, lengths, layers, residual: _deep(
            xs,
            lengths,
            layers,
            residual,
            skip=lambda xs, below, above, k: above + below if 0 < k < len(layers) - 1 else above,
        ),
    ),
    (
        "the last states are those before the skip; take them from what comes out",
        _without_skips_at({1}),
    ),
    (
        "the states are those before the skip; what comes out has it added",
        _without_skips_at({0}),
    ),
    (
        "layers share a state: each begins where the one below has ended; each begins with zeros",
        _state_goes_up,
    ),
    (
        "the two directions go up in towers of their own; each layer sees both directions of the "
        "layer below, 2 * H numbers",
        _apart,
    ),
    (
        "all layers read xs; only the lowest does, the others read the layer below",
        partial(_deep, see=lambda xs, ys, k: xs),
    ),
    (
        "the layers come in the wrong order: the first of the list is the lowest",
        partial(_deep, order=lambda layers: layers[::-1]),
    ),
    (
        "all layers have the weights of the first",
        partial(_deep, weights=lambda layers, k: layers[0]),
    ),
    (
        "only the lowest layer is there",
        lambda xs, lengths, layers, residual: _deep(xs, lengths, layers[:1], residual),
    ),
    (
        "the highest layer is missing",
        lambda xs, lengths, layers, residual: _deep(xs, lengths, layers[:-1] or layers, residual),
    ),
    (
        "the last states are those of the lowest layer; take them from the highest",
        lambda xs, lengths, layers, residual: (
            network(xs, lengths, layers, residual)[0],
            network(xs, lengths, layers[:1], residual)[1],
        ),
    ),
    (
        "the last states are missing; return two arrays, (T, B, 2H) and (B, 2H)",
        partial(_deep, finish=lambda states, last: states),
    ),
    (
        "the two results are swapped; return the states, then the last states",
        partial(_deep, finish=lambda states, last: (last, states)),
    ),
    *(
        ("the last states are wrong; check last_states first", partial(_deep, last=mistake))
        for _, mistake in _LAST_MISTAKES[:8]
    ),
    *(
        (sentence, partial(_deep, layer=partial(_both, **changed)))
        for sentence, changed in _BOTH_CHANGES
        if "join" not in changed
    ),
    *((sentence, partial(_deep, layer=mistake)) for sentence, mistake in _BOTH_OTHERS),
    *(
        (
            "the states of a layer are wrong already; check run_direction and bidirectional first",
            partial(_deep, layer=partial(_both, run=partial(_run, **changed))),
        )
        for _, changed in _RUN_CHANGES[:4]
    ),
]


# Inputs. They are rounded to two decimals, so that what a message shows is what the function got.


def _sizes(rng, n, most=5):
    """Return n different sizes from 2 on."""
    return rng.permutation(np.arange(2, most))[:n]


def _normal(rng, *shape, scale=0.8):
    return rng.normal(scale=scale, size=shape).round(2) + 0.0  # no -0.0


def _random_lengths(rng, T, B):
    """Return lengths in no order, at least two of them different; there may be idle steps."""
    while True:
        lengths = rng.integers(1, T + 1, size=B)
        if len(set(lengths)) > 1 and lengths.max() > 2:
            return lengths


def _random_direction(rng, D, H):
    return _normal(rng, H, D), _normal(rng, H, H), _normal(rng, H)


def _random_batch(rng):
    D, H, B = _sizes(rng, 3)
    T = int(rng.integers(4, 7))
    if rng.random() < 0.3:
        H = D  # a matrix that is transposed fits then, and is wrong all the same
    xs, lengths = _normal(rng, T, B, D), _random_lengths(rng, T, B)
    if rng.random() < 0.3:
        xs = xs * _real(xs, lengths) + 0.0  # zeros at the padding, as is usual
    return D, H, xs, lengths


def _random_reverse(rng):
    return _random_batch(rng)[2:]


def _random_run(rng):
    D, H, *batch = _random_batch(rng)
    return *batch, *_random_direction(rng, D, H)


def _random_bidirectional(rng):
    D, H, *batch = _random_batch(rng)
    return *batch, _random_direction(rng, D, H), _random_direction(rng, D, H)


def _random_states(rng):
    """Return states (T, B, 2H) with zeros at the padding, and lengths."""
    _, H, xs, lengths = _random_batch(rng)
    states = rng.uniform(-0.95, 0.95, size=(*xs.shape[:2], 2 * H)).round(2) + 0.0
    return states * _real(states, lengths) + 0.0, lengths


def _random_sees(rng):
    layers = [str(kind) for kind in rng.choice(_KINDS, size=rng.integers(1, 4))]
    return layers, int(rng.integers(3, 7))


def _random_stack(rng):
    D, H, L = _sizes(rng, 3, most=6)
    if rng.random() < 0.3:
        D = H
    layers = [_random_direction(rng, D if k == 0 else H, H) for k in range(L)]
    return _normal(rng, D), _normal(rng, L, H), layers


def _random_join(rng):
    kind = str(rng.choice(["residual", "highway", "dense"]))
    T, B, S = _sizes(rng, 3)
    seen = S + 1 if kind == "dense" and rng.random() < 0.5 else S
    gate = _normal(rng, S, S), _normal(rng, S)
    return kind, _normal(rng, T, B, seen), _normal(rng, T, B, S), gate


def _random_layers_of_jacobians(rng):
    H, L = _sizes(rng, 2, most=6)
    return _normal(rng, H, scale=1.2), _normal(rng, L, H, H), bool(rng.random() < 0.6)


def _random_count(rng):
    cell = str(rng.choice(["srn", "gru", "lstm"]))
    D, H = (int(n) for n in rng.permutation(np.arange(2, 60))[:2])
    two, dense = (bool(rng.random() < 0.6) for _ in range(2))
    return cell, D, H, int(rng.integers(2, 6)), two, dense


def _random_input_gradients(rng):
    D, H, T = _sizes(rng, 3, most=6)
    if rng.random() < 0.3:
        D = H
    states = rng.uniform(0.1, 0.9, size=(T, 2 * H)).round(2)
    states = states * rng.choice([-1.0, 1.0], size=states.shape)
    layer = _random_direction(rng, D, H), _random_direction(rng, D, H)
    return _normal(rng, T, 2 * H), states, *layer


def _random_network(rng):
    _, H, xs, lengths = _random_batch(rng)
    H = min(H, 3)
    if rng.random() < 0.3:
        xs = _normal(rng, *xs.shape[:2], 2 * H)  # as wide as what a layer gives
    L = int(rng.integers(2, 4))
    sizes = [xs.shape[2]] + [2 * H] * (L - 1)
    layers = [(_random_direction(rng, n, H), _random_direction(rng, n, H)) for n in sizes]
    return xs, lengths, layers, bool(rng.random() < 0.6)


# One number a word, one unit a direction; then two of each.
_XS = np.array([[[0.5], [1.0]], [[-1.0], [2.0]], [[1.5], [-0.5]]])  # (3, 2, 1)
_XS2 = np.array([[[0.5, 0.0], [1.0, -1.0]], [[-1.0, 0.5], [2.0, 0.5]], [[1.5, 1.0], [-0.5, 3.0]]])
_ONE, _TWO, _RAGGED = np.array([2]), np.array([2, 1]), np.array([3, 2])
_F = np.array([[1.0]]), np.array([[0.5]]), np.array([0.0])
_B = np.array([[-0.5]]), np.array([[1.0]]), np.array([0.5])
_F2 = np.array([[1.0, 0.5], [0.0, -1.0]]), np.array([[0.5, -0.5], [1.0, 0.0]]), np.array([0.0, 0.5])
_B2 = np.array([[0.5, -1.0], [1.0, 0.0]]), np.array([[0.0, 1.0], [0.5, 0.5]]), np.array([-0.5, 0.0])
_UP = np.array([[1.0, -0.5]]), np.array([[0.5]]), np.array([0.25])
_UP_B = np.array([[0.5, 1.0]]), np.array([[-0.5]]), np.array([0.0])
_STATES = np.array(
    [
        [[0.1, -0.1], [0.4, -0.4]],
        [[0.2, -0.2], [0.5, -0.5]],
        [[0.3, -0.3], [0.0, 0.0]],
    ]
)
_STATES2 = np.array(
    [
        [[0.1, 0.2, -0.1, -0.2], [0.7, 0.8, -0.7, -0.8]],
        [[0.3, 0.4, -0.3, -0.4], [0.0, 0.0, 0.0, 0.0]],
        [[0.5, 0.6, -0.5, -0.6], [0.0, 0.0, 0.0, 0.0]],
        [[0.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]],
    ]
)
_JS = np.array([[[0.5, 1.0], [0.0, -0.5]], [[0.0, 2.0], [0.5, 1.0]], [[1.0, 0.0], [-1.0, 0.5]]])
_GATE = np.array([[1.0, -1.0], [0.5, 0.0]]), np.array([0.0, -2.0])
_X, _Y = np.array([[[1.0, 2.0]]]), np.array([[[-1.0, 0.5]]])
_LAYERS = [(_F, _B), (_UP, _UP_B)]

QUESTIONS = {
    question.name: question
    for question in [
        Question(
            points=2,
            expected=reverse_within,
            examples=(
                (_XS[:, :1], np.array([3])),
                (_XS[:2], _TWO),
                (_XS, _RAGGED),
                (_XS2, np.array([1, 3])),
            ),
            random_inputs=_random_reverse,
            mistakes=_REVERSE_MISTAKES,
        ),
        Question(
            points=2,
            expected=run_direction,
            examples=(
                (_XS[:2, :1], _ONE, *_F),
                (_XS[:2], _TWO, *_B),
                (_XS, _RAGGED, *_B),
                (_XS2, _RAGGED, *_F2),
            ),
            random_inputs=_random_run,
            mistakes=_RUN_MISTAKES,
        ),
        Question(
            points=2,
            expected=bidirectional,
            examples=(
                (_XS[:2, :1], _ONE, _F, _B),
                (_XS, _RAGGED, _F, _B),
                (_XS2, _RAGGED, _F2, _B2),
            ),
            random_inputs=_random_bidirectional,
            mistakes=_BOTH_MISTAKES,
        ),
        Question(
            points=2,
            expected=last_states,
            examples=(
                (_STATES, _RAGGED),
                (_STATES2, np.array([3, 1])),
            ),
            random_inputs=_random_states,
            mistakes=_LAST_MISTAKES,
        ),
        Question(
            points=2,
            expected=sees,
            examples=(
                (["forward"], 3),
                (["around"], 3),
                (["forward", "backward"], 3),
                (["around", "forward"], 3),
                (["around", "around"], 4),
            ),
            random_inputs=_random_sees,
            mistakes=_SEES_MISTAKES,
        ),
        Question(
            points=2,
            expected=around,
            examples=(
                (_STATES[:, :1], np.array([3])),
                (_STATES, _RAGGED),
                (_STATES2, np.array([3, 1])),
            ),
            random_inputs=_random_states,
            mistakes=_AROUND_MISTAKES,
        ),
        Question(
            points=2,
            expected=stack_step,
            examples=(
                (np.array([1.0]), np.array([[0.5]]), [_F]),
                (np.array([1.0]), np.array([[0.5], [-1.0]]), [_F, _B]),
                (
                    np.array([1.0, -0.5]),
                    np.array([[0.5, 0.0], [-1.0, 0.25], [1.0, 2.0]]),
                    [_F2, _B2, _F2],
                ),
            ),
            random_inputs=_random_stack,
            mistakes=_STACK_MISTAKES,
        ),
        Question(
            points=2,
            expected=join,
            examples=tuple((kind, _X, _Y, _GATE) for kind in ("residual", "dense", "highway")),
            random_inputs=_random_join,
            mistakes=_JOIN_MISTAKES,
        ),
        Question(
            points=2,
            expected=layer_gradients,
            examples=(
                (np.array([2.0]), np.array([[[0.5]], [[0.1]]]), False),
                (np.array([2.0]), np.array([[[0.5]], [[0.1]]]), True),
                (np.array([1.0, 0.0]), _JS[:1], True),
                (np.array([1.0, -2.0]), _JS, False),
                (np.array([1.0, -2.0]), _JS, True),
            ),
            random_inputs=_random_layers_of_jacobians,
            mistakes=_LAYER_MISTAKES,
        ),
        Question(
            points=2,
            expected=count_parameters,
            # A direction of 2 units that read 3: 2 * (3 + 2 + 2) = 14; above them, 2 * (4 + 2 + 2).
            examples=(
                ("srn", 3, 2, 1, False, False),
                ("srn", 3, 2, 1, True, False),
                ("srn", 3, 2, 2, True, False),
                ("srn", 3, 2, 2, True, True),
                ("gru", 3, 2, 2, False, False),
                ("lstm", 50, 100, 3, True, True),
            ),
            random_inputs=_random_count,
            mistakes=_COUNT_MISTAKES,
        ),
        Question(
            points=2,
            expected=input_gradients,
            examples=(
                (np.array([[1.0, 0.5]]), np.array([[0.5, -0.5]]), _F, _B),
                (
                    np.array([[0.0, 1.0], [1.0, 0.0]]),
                    np.array([[0.5, -0.5], [0.2, 0.6]]),
                    *(_F, _B),
                ),
                (_STATES2[:3, 0] + 0.3, _STATES2[:3, 0], _F2, _B2),
            ),
            random_inputs=_random_input_gradients,
            mistakes=_INPUT_MISTAKES,
            # Through the inverse of tanh digits are lost.
            rel_tol=1e-8,
            abs_tol=1e-10,
        ),
        Question(
            points=2,
            expected=network,
            examples=(
                (_XS[:2, :1], _ONE, _LAYERS[:1], True),
                (_XS, _RAGGED, _LAYERS, False),
                (_XS, _RAGGED, _LAYERS, True),
            ),
            random_inputs=_random_network,
            mistakes=_NETWORK_MISTAKES,
            returns=("states", "last"),
        ),
    ]
}
