"""The questions of week 6: the LSTM gate by gate, set by hand, and on the way back.

The oracles of gradients nudge by a complex step, as those of week 4: they know no derivative of a
sigmoid or a tanh, and no chain rule. The others compute by other means than the exercise asks for:
the sigmoid by a tanh, a bias by bisection, hand-set weights from the pre-activations they must
give, parameters by the shapes of arrays. The tests hold all of them against torch.

The misconceptions share `_step` and `_assembled`, with one thing changed each time.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from course_utils.checks import Question

TINY = 1e-30  # the complex step


def _sigmoid(a):
    return (1 + np.tanh(a / 2)) / 2


# lstm_gates


def _nets(x, h_prev, W_xh, W_hh, b_h):
    """Return the pre-activations, (..., 4, H); the weights of several nets may be stacked."""
    a = np.einsum("...ij,j->...i", W_xh, x) + np.einsum("...ij,...j->...i", W_hh, h_prev) + b_h
    return a.reshape(*a.shape[:-1], 4, -1)


def lstm_gates(x, h_prev, W_xh, W_hh, b_h):
    """Lay the pre-activations out as four rows, one a gate."""
    a = _nets(x, h_prev, W_xh, W_hh, b_h)
    i, f, o = _sigmoid(a[..., [0, 1, 3], :]).swapaxes(0, -2)
    return i, f, np.tanh(a[..., 2, :]), o


def _gates(x, h_prev, W_xh, W_hh, b_h, nets=_nets, squash=(_sigmoid, _sigmoid, np.tanh, _sigmoid)):
    a = nets(x, h_prev, W_xh, W_hh, b_h)
    return tuple(f(row) for f, row in zip(squash, a, strict=True))


def _reordered_rows(*order):
    """Return an answer that takes the rows of the weights to lie in another order."""
    return partial(_gates, nets=lambda *given: _nets(*given)[list(order)])


def _reordered_gates(*order):
    def answer(*given):
        gates = lstm_gates(*given)
        return tuple(gates[k] for k in order)

    return answer


def _interleaved(*given):
    a = _nets(*given)
    return a.reshape(-1, 4).T


def _blocks_transposed(x, h_prev, W_xh, W_hh, b_h):
    H = len(h_prev)
    turned = W_hh.reshape(4, H, H).swapaxes(1, 2).reshape(4 * H, H)
    return _nets(x, h_prev, W_xh, turned, b_h)


def _shared_biases(x, h_prev, W_xh, W_hh, b_h):
    return _nets(x, h_prev, W_xh, W_hh, np.tile(b_h[: len(h_prev)], 4))


def _same(a):
    return a


_GATE_MISTAKES = [
    (
        "g goes through the sigmoid; the new content may be negative: tanh",
        partial(_gates, squash=(_sigmoid,) * 4),
    ),
    (
        "i, f and o go through tanh; a gate is a share between 0 and 1: the sigmoid",
        partial(_gates, squash=(np.tanh,) * 4),
    ),
    (
        "sigmoid and tanh are swapped: i, f, o are shares between 0 and 1, g is from -1 to 1",
        partial(_gates, squash=(np.tanh, np.tanh, _sigmoid, np.tanh)),
    ),
    (
        "these are the pre-activations; the sigmoid is missing on i, f, o, and the tanh on g",
        partial(_gates, squash=(_same,) * 4),
    ),
    (
        "tanh is missing on g",
        partial(_gates, squash=(_sigmoid, _sigmoid, _same, _sigmoid)),
    ),
    (
        "the sign in the exponent is wrong; the sigmoid is 1 / (1 + exp(-a))",
        partial(_gates, nets=lambda *given: _nets(*given) * [[-1], [-1], [1], [-1]]),
    ),
    (
        "the rows are read in the order i, f, o, g; here they lie as i, f, g, o",
        _reordered_rows(0, 1, 3, 2),
    ),
    (
        "the rows are read in the order f, i, o, g; here they lie as i, f, g, o",
        _reordered_rows(1, 0, 3, 2),
    ),
    (
        "i and f are swapped; the rows lie as i, f, g, o, and so do the results",
        _reordered_gates(1, 0, 2, 3),
    ),
    (
        "the last two results are swapped; return i, f, g, o",
        _reordered_gates(0, 1, 3, 2),
    ),
    (
        "every fourth row is taken; the gates lie one below the other, H rows each",
        partial(_gates, nets=_interleaved),
    ),
    (
        "the biases are shared: all gates get the first H; each gate has its own",
        partial(_gates, nets=_shared_biases),
    ),
    (
        "the bias b_h is forgotten",
        lambda x, h_prev, W_xh, W_hh, b_h: lstm_gates(x, h_prev, W_xh, W_hh, 0 * b_h),
    ),
    (
        "the bias b_h is added twice; torch has two biases, here it is one, their sum",
        lambda x, h_prev, W_xh, W_hh, b_h: lstm_gates(x, h_prev, W_xh, W_hh, 2 * b_h),
    ),
    (
        "the gates do not see the state before: W_hh @ h_prev is missing",
        lambda x, h_prev, W_xh, W_hh, b_h: lstm_gates(x, 0 * h_prev, W_xh, W_hh, b_h),
    ),
    (
        "the gates do not see the input: W_xh @ x is missing",
        lambda x, h_prev, W_xh, W_hh, b_h: lstm_gates(0 * x, h_prev, W_xh, W_hh, b_h),
    ),
    (
        "W_hh is transposed gate by gate; each block (H, H) stands before h_prev: W @ h_prev",
        partial(_gates, nets=_blocks_transposed),
    ),
    (
        "x and h_prev are swapped; W_xh (4H, D) meets x (D,), W_hh (4H, H) meets h_prev (H,)",
        lambda x, h_prev, W_xh, W_hh, b_h: lstm_gates(h_prev, x, W_xh, W_hh, b_h),
    ),
]


# lstm_step


def lstm_step(x, h_prev, c_prev, W_xh, W_hh, b_h):
    """Write the new cell as a sum over what is kept and what is written."""
    gates = np.array(lstm_gates(x, h_prev, W_xh, W_hh, b_h))  # (4, H)
    c = np.einsum("sh,sh->h", gates[:2], np.array([gates[2], c_prev]))  # i meets g, f meets c_prev
    return gates[3] * np.tanh(c), c


def _keep(i, f, g, c_prev):
    return g * i + c_prev * f


def _read(o, c, c_prev, g):
    return np.tanh(c) * o


def _step(x, h_prev, c_prev, W_xh, W_hh, b_h, gates=lstm_gates, keep=_keep, read=_read):
    """Take a step as someone does who is mistaken about the gates, the cell or the output."""
    i, f, g, o = gates(x, h_prev, W_xh, W_hh, b_h)
    c = keep(i, f, g, c_prev)
    return read(o, c, c_prev, g), c


_FORGETS_ALL = "the forget gate multiplies the new content too; it multiplies c_prev alone"
_CELL_IS_LINEAR = "tanh is taken of the cell itself; c is a plain sum, only h takes the tanh of it"

# A misconception, and the function of `_step` that is another one then.
_CELL_MISTAKES = [
    (_FORGETS_ALL, {"keep": lambda i, f, g, c: f * (c + i * g)}),
    (
        "i and f have changed places: f keeps the old cell, i lets the new content in",
        {"keep": lambda i, f, g, c: i * c + f * g},
    ),
    (
        "the input gate is missing; the new content enters as i * g",
        {"keep": lambda i, f, g, c: f * c + g},
    ),
    (
        "the forget gate is missing: the old cell is kept whole; it is kept as f * c_prev",
        {"keep": lambda i, f, g, c: c + i * g},
    ),
    (
        "1 - f is kept; in an LSTM f = 1 keeps and f = 0 erases",
        {"keep": lambda i, f, g, c: (1 - f) * c + i * g},
    ),
    (
        "the new content enters by 1 - f; here the input gate has weights of its own",
        {"keep": lambda i, f, g, c: f * c + (1 - f) * g},
    ),
    (
        "the old cell is kept by 1 - i; here the forget gate has weights of its own",
        {"keep": lambda i, f, g, c: (1 - i) * c + i * g},
    ),
    (_CELL_IS_LINEAR, {"keep": lambda i, f, g, c: np.tanh(f * c + i * g)}),
    (
        _CELL_IS_LINEAR,
        {
            "keep": lambda i, f, g, c: np.tanh(f * c + i * g),
            "read": lambda o, c, c_prev, g: o * c,
        },
    ),
    (
        "the candidate is missing; what enters is i * g, not i",
        {"keep": lambda i, f, g, c: f * c + i},
    ),
    (
        "the old cell is missing: only i * g is left; f * c_prev is kept",
        {"keep": lambda i, f, g, c: i * g},
    ),
    (
        "old and new are multiplied; they add up",
        {"keep": lambda i, f, g, c: f * c * i * g},
    ),
    (
        "the new content is taken away; old and new add up",
        {"keep": lambda i, f, g, c: f * c - i * g},
    ),
    (
        "the tanh of the cell is missing; h = o * tanh(c)",
        {"read": lambda o, c, c_prev, g: o * c},
    ),
    (
        "h goes through the sigmoid; h = o * tanh(c)",
        {"read": lambda o, c, c_prev, g: o * _sigmoid(c)},
    ),
    (
        "the output gate stands inside the tanh; h = o * tanh(c)",
        {"read": lambda o, c, c_prev, g: np.tanh(o * c)},
    ),
    (
        "the output gate is missing; h = o * tanh(c)",
        {"read": lambda o, c, c_prev, g: np.tanh(c)},
    ),
    (
        "h is read from the cell before the step; compute c first",
        {"read": lambda o, c, c_prev, g: o * np.tanh(c_prev)},
    ),
    (
        "h is read from the new content alone; h = o * tanh(c)",
        {"read": lambda o, c, c_prev, g: o * g},
    ),
    (
        "h is read from the new content alone; h = o * tanh(c)",
        {"read": lambda o, c, c_prev, g: o * np.tanh(g)},
    ),
]

_ORDER_OF_STATES = [
    (
        "the cell comes first; return h, then c",
        lambda h, c: (c, h),
    ),
    (
        "only h is returned; return h, then c, which the next step needs",
        lambda h, c: h,
    ),
    (
        "only c is returned; return h, then c",
        lambda h, c: c,
    ),
]


def _states_of(step, change):
    return lambda *given: change(*step(*given))


_STEP_MISTAKES = [
    *((sentence, _states_of(lstm_step, change)) for sentence, change in _ORDER_OF_STATES),
    *((sentence, partial(_step, **changed)) for sentence, changed in _CELL_MISTAKES),
    *((sentence, partial(_step, gates=gates)) for sentence, gates in _GATE_MISTAKES),
]


# gradient_along_c


def gradient_along_c(f):
    """Blank what the distance does not reach, and multiply what is left."""
    T = len(f)
    reached = np.arange(T)[:, None, None] >= T - np.arange(T + 1)[:, None]  # (T, T + 1, 1)
    return np.prod(np.where(reached, f[:, None], 1.0), axis=0)


_ALONG_MISTAKES = [
    (
        "row 0 is missing: over no step the gradient is 1",
        lambda f: gradient_along_c(f)[1:],
    ),
    (
        "the last row is missing: over all T steps the product of all forget gates is left",
        lambda f: gradient_along_c(f)[:-1],
    ),
    (
        "the product begins at the first step; count back from the last one",
        lambda f: gradient_along_c(f[::-1]),
    ),
    (
        "the rows come out longest distance first; row 0 is no step back",
        lambda f: gradient_along_c(f)[::-1],
    ),
    (
        "the forget gates are added up; along the cell they are multiplied",
        lambda f: np.vstack([0 * f[:1], np.cumsum(f[::-1], axis=0)]),
    ),
    (
        "these are the gates, not their products: row k is what k gates leave together",
        lambda f: np.vstack([np.ones_like(f[:1]), f[::-1]]),
    ),
    (
        "every row is a power of the last gate; each step has its own",
        lambda f: f[-1] ** np.arange(len(f) + 1)[:, None],
    ),
    (
        "every row is a power of the mean gate; each step has its own",
        lambda f: f.mean(axis=0) ** np.arange(len(f) + 1)[:, None],
    ),
    (
        "the units are multiplied together; each unit of the cell has its own gates",
        lambda f: np.repeat(gradient_along_c(f.prod(axis=1, keepdims=True)), f.shape[1], axis=1),
    ),
    (
        "the product runs over the units; let it run over the steps, the first axis",
        lambda f: np.vstack([np.ones_like(f[:1]), np.cumprod(f[::-1], axis=1)]),
    ),
    (
        "the last gate is left out: one step back is f[-1], not 1",
        lambda f: np.vstack([np.ones_like(f[:1]), gradient_along_c(f[:-1])]),
    ),
    (
        "1 - f is multiplied; f is what is kept",
        lambda f: gradient_along_c(1 - f),
    ),
    (
        "the slope f * (1 - f) is multiplied; along the cell the factor is the gate itself",
        lambda f: gradient_along_c(f * (1 - f)),
    ),
    (
        "only the longest distance is returned; one row a distance, 0 to T",
        lambda f: gradient_along_c(f)[-1],
    ),
    (
        "all rows are the same array, changed later; append a new array at each step",
        lambda f: np.repeat(gradient_along_c(f)[-1:], len(f) + 1, axis=0),
    ),
]


# bias_to_hold


def bias_to_hold(steps, share):
    """Search the bias: what is left, sigmoid(b) ** steps, grows with b."""
    low, high = -60.0, 60.0
    for _ in range(200):
        middle = (low + high) / 2
        left = -steps * np.logaddexp(0.0, -middle)  # its logarithm
        low, high = (middle, high) if left < np.log(share) else (low, middle)
    return float(low)


def _bias_of(gate):
    def answer(steps, share):
        f = gate(steps, share)
        return float(np.log(f / (1 - f)))

    return answer


_HOLD_MISTAKES = [
    (
        "this is the gate, not its bias: find b with sigmoid(b) = f",
        lambda steps, share: share ** (1 / steps),
    ),
    (
        "the sigmoid is taken; its inverse is asked for, ln(f / (1 - f))",
        lambda steps, share: float(_sigmoid(share ** (1 / steps))),
    ),
    (
        "the sign is wrong: it is ln(f / (1 - f)), positive for an open gate",
        lambda steps, share: -bias_to_hold(steps, share),
    ),
    (
        "the number of steps plays no part; after each step the gate multiplies once more",
        _bias_of(lambda steps, share: share),
    ),
    (
        "the share is taken to the power of steps; the gate is its root, share ** (1 / steps)",
        _bias_of(lambda steps, share: share**steps),
    ),
    (
        "the share is divided by the steps; what is lost at each step multiplies: share ** (1 / "
        "steps)",
        _bias_of(lambda steps, share: share / steps),
    ),
    (
        "the loss is divided by the steps; a step loses a share of what is left: share ** (1 / "
        "steps)",
        _bias_of(lambda steps, share: 1 - (1 - share) / steps),
    ),
    (
        "one step too many: the gate multiplies `steps` times, not steps + 1",
        _bias_of(lambda steps, share: share ** (1 / (steps + 1))),
    ),
    (
        "share is what is left, not what is lost",
        _bias_of(lambda steps, share: (1 - share) ** (1 / steps)),
    ),
    (
        "this is ln f; the inverse of the sigmoid is ln(f / (1 - f))",
        lambda steps, share: float(np.log(share) / steps),
    ),
    (
        "the inverse of tanh is taken; a gate is a sigmoid, whose inverse is ln(f / (1 - f))",
        lambda steps, share: float(np.arctanh(share ** (1 / steps))),
    ),
    (
        "this is a logarithm to base 10 or 2; take the natural one",
        lambda steps, share: bias_to_hold(steps, share) / np.log(10),
    ),
    (
        "this is a logarithm to base 10 or 2; take the natural one",
        lambda steps, share: bias_to_hold(steps, share) / np.log(2),
    ),
    (
        "ln 1 / (1 - f) lacks f: it is ln(f / (1 - f))",
        lambda steps, share: float(-np.log(1 - share ** (1 / steps))),
    ),
    (
        "this is f / (1 - f); take its logarithm",
        lambda steps, share: float(np.exp(bias_to_hold(steps, share))),
    ),
]


# latch_weights

_COMMANDS = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]])  # value, write, read


def _latch_net(value, write, read):
    """Return what i, f, g, o must get, in units of the strength."""
    return np.array([2 * write - 1, 1 - 2 * write, value, 2 * read - 1])


def latch_weights(strength):
    """Solve for the weights that give four commands their pre-activations."""
    nets = strength * np.array([_latch_net(*command) for command in _COMMANDS], dtype=float)
    known = np.column_stack([_COMMANDS, np.ones(4)])
    solved = np.linalg.solve(known, nets).T  # (4, 3 + 1)
    return solved[:, :3], np.zeros((4, 1)), solved[:, 3]


def _other_latch(net):
    """Return an answer whose pre-activations are ``net(value, write, read)``, not quite right."""

    def answer(strength):
        rest = net(0, 0, 0)
        columns = [net(*command) - rest for command in _COMMANDS[1:]]
        W_xh = strength * np.array(columns, dtype=float).T
        return W_xh, np.zeros((4, 1)), strength * rest.astype(float)

    return answer


def _changed_latch(change):
    return lambda strength: change(*latch_weights(strength))


_LATCH_MISTAKES = [
    (
        "the forget gate does as the input gate: it closes where something is written, and is "
        "open otherwise",
        _other_latch(lambda v, w, r: np.array([2 * w - 1, 2 * w - 1, v, 2 * r - 1])),
    ),
    (
        "i and f have changed places: i opens where something is written, f closes",
        _other_latch(lambda v, w, r: np.array([1 - 2 * w, 2 * w - 1, v, 2 * r - 1])),
    ),
    (
        "the forget gate stays open while something is written; then old and new add up",
        _other_latch(lambda v, w, r: np.array([2 * w - 1, 1, v, 2 * r - 1])),
    ),
    (
        "the rows lie as i, f, o, g; here they lie as i, f, g, o",
        _other_latch(lambda v, w, r: np.array([2 * w - 1, 1 - 2 * w, 2 * r - 1, v])),
    ),
    (
        "the biases are missing: with no command a gate gets 0 and stands half open",
        _changed_latch(lambda W_xh, W_hh, b_h: (W_xh, W_hh, 0 * b_h)),
    ),
    (
        "the signs of the biases are wrong: with no command i and o are closed, f is open",
        _changed_latch(lambda W_xh, W_hh, b_h: (W_xh, W_hh, -b_h)),
    ),
    (
        "a command brings a gate to 0 only, half open: against a bias of -strength it takes 2 * "
        "strength",
        _other_latch(lambda v, w, r: np.array([w - 1, 1 - w, v, r - 1])),
    ),
    (
        "all weights are doubled; g gets strength * value, it has no bias against it",
        _other_latch(lambda v, w, r: np.array([2 * w - 1, 1 - 2 * w, 2 * v, 2 * r - 1])),
    ),
    (
        "the output gate is always open; it opens where read is 1",
        _other_latch(lambda v, w, r: np.array([2 * w - 1, 1 - 2 * w, v, 1])),
    ),
    (
        "g sees the command to write; it sees the value alone, the input gate does the rest",
        _other_latch(lambda v, w, r: np.array([2 * w - 1, 1 - 2 * w, v + w, 2 * r - 1])),
    ),
    (
        "g has a bias; then something is written where the value is 0",
        _other_latch(lambda v, w, r: np.array([2 * w - 1, 1 - 2 * w, 2 * v - 1, 2 * r - 1])),
    ),
    (
        "the columns are in another order; the input is (value, write, read)",
        _changed_latch(lambda W_xh, W_hh, b_h: (W_xh[:, [1, 0, 2]], W_hh, b_h)),
    ),
    (
        "the columns are in another order; the input is (value, write, read)",
        _changed_latch(lambda W_xh, W_hh, b_h: (W_xh[:, [1, 2, 0]], W_hh, b_h)),
    ),
    (
        "write and read are swapped: write is for i and f, read for o",
        _changed_latch(lambda W_xh, W_hh, b_h: (W_xh[:, [0, 2, 1]], W_hh, b_h)),
    ),
    (
        "W_hh is not zero; the cell remembers by its forget gate, nothing comes from h",
        _changed_latch(lambda W_xh, W_hh, b_h: (W_xh, W_hh + 1, b_h)),
    ),
    (
        "the strength plays no part",
        lambda strength: latch_weights(1.0),
    ),
    (
        "W_xh is transposed; one row a gate, one column an input: (4, 3)",
        _changed_latch(lambda W_xh, W_hh, b_h: (W_xh.T, W_hh, b_h)),
    ),
]


# cell_gradient


def cell_gradient(dh, dc_later, c, o):
    """Differentiate what h and the next step see of the cell, by a complex step."""
    nudged = c + 1j * TINY
    return (dh * o * np.tanh(nudged) + dc_later * nudged).imag / TINY


def _slope(c):
    return 1 / np.cosh(c) ** 2


_CELL_GRADIENT_MISTAKES = [
    (
        "what comes back along the cell is forgotten: dc_later is missing",
        lambda dh, dc_later, c, o: dh * o * _slope(c),
    ),
    (
        "what h says to the cell is forgotten: dh * o * (1 - tanh(c)**2) is missing",
        lambda dh, dc_later, c, o: 1.0 * dc_later,
    ),
    (
        "the output gate is missing; h = o * tanh(c)",
        lambda dh, dc_later, c, o: dh * _slope(c) + dc_later,
    ),
    (
        "the derivative of tanh is missing",
        lambda dh, dc_later, c, o: dh * o + dc_later,
    ),
    (
        "tanh itself stands where its derivative is meant",
        lambda dh, dc_later, c, o: dh * o * np.tanh(c) + dc_later,
    ),
    (
        "1 - c**2 is not the derivative: it is 1 - tanh(c)**2, and c may be larger than 1",
        lambda dh, dc_later, c, o: dh * o * (1 - c**2) + dc_later,
    ),
    (
        "the derivative of tanh is 1 - tanh(c)**2; the square is missing",
        lambda dh, dc_later, c, o: dh * o * (1 - np.tanh(c)) + dc_later,
    ),
    (
        "the derivative is taken at tanh(c); take it at c, one tanh, not two",
        lambda dh, dc_later, c, o: dh * o * _slope(np.tanh(c)) + dc_later,
    ),
    (
        "this is the derivative of the sigmoid; h is o * tanh(c)",
        lambda dh, dc_later, c, o: dh * o * _sigmoid(c) * _sigmoid(-c) + dc_later,
    ),
    (
        "the derivative multiplies dc_later too; the cell goes on without a tanh",
        lambda dh, dc_later, c, o: (dh * o + dc_later) * _slope(c),
    ),
    (
        "the output gate multiplies dc_later too; it stands between the cell and h only",
        lambda dh, dc_later, c, o: (dh * _slope(c) + dc_later) * o,
    ),
    (
        "output gate and derivative multiply dc_later too; they lie between the cell and h only",
        lambda dh, dc_later, c, o: (dh + dc_later) * o * _slope(c),
    ),
    (
        "the slope o * (1 - o) belongs to the gate's own gradient; towards the cell it is o",
        lambda dh, dc_later, c, o: dh * o * (1 - o) * _slope(c) + dc_later,
    ),
    (
        "the two parts are multiplied; they add up",
        lambda dh, dc_later, c, o: dh * o * _slope(c) * dc_later,
    ),
    (
        "the two parts are subtracted; they add up",
        lambda dh, dc_later, c, o: dh * o * _slope(c) - dc_later,
    ),
    (
        "the sign is wrong",
        lambda dh, dc_later, c, o: -cell_gradient(dh, dc_later, c, o),
    ),
]


# gate_gradients


def gate_gradients(dh, dc, c_prev, i, f, g, o):
    """Go back to the pre-activations, nudge them, and see what the cell and h do."""
    a_i, a_f, a_o = (np.log(gate / (1 - gate)) + 1j * TINY for gate in (i, f, o))
    c = f * c_prev + i * g
    seen = [
        dc * _sigmoid(a_i) * g,
        dc * _sigmoid(a_f) * c_prev,
        dc * np.tanh(np.arctanh(g) + 1j * TINY) * i,
        dh * _sigmoid(a_o) * np.tanh(c),
    ]
    return np.concatenate(seen).imag / TINY


def _gate_parts(
    dh,
    dc,
    c_prev,
    i,
    f,
    g,
    o,
    slope=lambda gate: gate * (1 - gate),
    slope_of_g=lambda g: 1 - g**2,
    to_i=lambda dh, dc, c_prev, c, i, f, g, o: dc * g,
    to_f=lambda dh, dc, c_prev, c, i, f, g, o: dc * c_prev,
    to_g=lambda dh, dc, c_prev, c, i, f, g, o: dc * i,
    to_o=lambda dh, dc, c_prev, c, i, f, g, o: dh * np.tanh(c),
    order=(0, 1, 2, 3),
    join=np.concatenate,
):
    """Put the four parts together, one of them as someone has it who is mistaken."""
    given = dh, dc, c_prev, f * c_prev + i * g, i, f, g, o
    parts = [
        to_i(*given) * slope(i),
        to_f(*given) * slope(f),
        to_g(*given) * slope_of_g(g),
        to_o(*given) * slope(o),
    ]
    return join([parts[k] for k in order])


_GATE_GRADIENT_MISTAKES = [
    (
        "the slopes are missing: gate * (1 - gate) for i, f, o, and 1 - g**2",
        partial(_gate_parts, slope=np.ones_like, slope_of_g=np.ones_like),
    ),
    (
        "the slope of g is that of a sigmoid; g is a tanh: 1 - g**2",
        partial(_gate_parts, slope_of_g=lambda g: g * (1 - g)),
    ),
    (
        "the slope of g is missing: 1 - g**2",
        partial(_gate_parts, slope_of_g=np.ones_like),
    ),
    (
        "the slopes of i, f, o are those of a tanh; a sigmoid has gate * (1 - gate)",
        partial(_gate_parts, slope=lambda gate: 1 - gate**2),
    ),
    (
        "the slope is taken of the gate as if it were a pre-activation; i is the sigmoid already",
        partial(_gate_parts, slope=lambda gate: _sigmoid(gate) * _sigmoid(-gate)),
    ),
    (
        "the tanh is taken once more; g is the tanh already: 1 - g**2",
        partial(_gate_parts, slope_of_g=lambda g: 1 - np.tanh(g) ** 2),
    ),
    (
        "the slope of a sigmoid is gate * (1 - gate); a factor is missing",
        partial(_gate_parts, slope=lambda gate: 1 - gate),
    ),
    (
        "the output gate meets c; it multiplies tanh(c)",
        partial(_gate_parts, to_o=lambda dh, dc, c_prev, c, i, f, g, o: dh * c),
    ),
    (
        "the output gate meets the cell before the step; it reads the new one, f * c_prev + i * g",
        partial(_gate_parts, to_o=lambda dh, dc, c_prev, c, i, f, g, o: dh * np.tanh(c_prev)),
    ),
    (
        "the output gate gets dc; it lies between c and h, so it gets dh",
        partial(_gate_parts, to_o=lambda dh, dc, c_prev, c, i, f, g, o: dc * np.tanh(c)),
    ),
    (
        "i, f and g get dh; what they do reaches h through the cell: dc",
        lambda dh, dc, c_prev, i, f, g, o: gate_gradients(dh, dh, c_prev, i, f, g, o),
    ),
    (
        "dh and dc are swapped: i, f, g get dc, o gets dh",
        lambda dh, dc, c_prev, i, f, g, o: gate_gradients(dc, dh, c_prev, i, f, g, o),
    ),
    (
        "the input gate meets itself; it multiplies g, so its gradient has g in it",
        partial(_gate_parts, to_i=lambda dh, dc, c_prev, c, i, f, g, o: dc * i),
    ),
    (
        "g meets itself; it is multiplied by i, so its gradient has i in it",
        partial(_gate_parts, to_g=lambda dh, dc, c_prev, c, i, f, g, o: dc * g),
    ),
    (
        "the forget gate meets itself; it multiplies c_prev",
        partial(_gate_parts, to_f=lambda dh, dc, c_prev, c, i, f, g, o: dc * f),
    ),
    (
        "the forget gate meets the new cell; it multiplies c_prev, the cell before the step",
        partial(_gate_parts, to_f=lambda dh, dc, c_prev, c, i, f, g, o: dc * c),
    ),
    (
        "input and forget gate have changed places: i meets g, f meets c_prev",
        partial(
            _gate_parts,
            to_i=lambda dh, dc, c_prev, c, i, f, g, o: dc * c_prev,
            to_f=lambda dh, dc, c_prev, c, i, f, g, o: dc * g,
        ),
    ),
    (
        "the output gate multiplies dc; it is in dc already, cell_gradient put it there",
        lambda dh, dc, c_prev, i, f, g, o: gate_gradients(dh, dc * o, c_prev, i, f, g, o),
    ),
    (
        "the rows are in the order i, f, o, g; here it is i, f, g, o",
        partial(_gate_parts, order=(0, 1, 3, 2)),
    ),
    (
        "the rows are in the order f, i, g, o; here it is i, f, g, o",
        partial(_gate_parts, order=(1, 0, 2, 3)),
    ),
    (
        "the rows are in the order f, i, o, g; here it is i, f, g, o",
        partial(_gate_parts, order=(1, 0, 3, 2)),
    ),
    (
        "the four parts are rows of a table; put them end to end, (4H,): np.concatenate",
        partial(_gate_parts, join=np.array),
    ),
    (
        "the four parts alternate; put them end to end, all of i first",
        partial(_gate_parts, join=lambda parts: np.array(parts).T.ravel()),
    ),
    (
        "the sign is wrong",
        lambda *given: -gate_gradients(*given),
    ),
]


# peephole_step


def peephole_step(x, h_prev, c_prev, W_xh, W_hh, w_ch, b_h):
    """Widen W_hh by diagonal blocks, and take the output gate from a second pass."""
    H = len(c_prev)
    w_i, w_f, w_o = w_ch.reshape(3, H)
    state = np.concatenate([h_prev, c_prev])
    blocks = [np.diag(w) for w in (w_i, w_f, 0 * w_i, 0 * w_o)]
    i, f, g, _ = lstm_gates(x, state, W_xh, np.hstack([W_hh, np.vstack(blocks)]), b_h)
    c = _keep(i, f, g, c_prev)
    blocks[3] = np.diag(w_o)
    state[H:] = c
    o = lstm_gates(x, state, W_xh, np.hstack([W_hh, np.vstack(blocks)]), b_h)[3]
    return o * np.tanh(c), c


def _peephole(
    x,
    h_prev,
    c_prev,
    W_xh,
    W_hh,
    w_ch,
    b_h,
    weights=lambda w_ch: w_ch.reshape(3, -1),
    seen=lambda c, c_prev, h_prev: (c_prev, c_prev, c),
    nets=_nets,
    squash=(_sigmoid, _sigmoid, np.tanh, _sigmoid),
    keep=_keep,
    read=_read,
):
    """Take the step as someone does who is mistaken about one part."""
    w_i, w_f, w_o = weights(w_ch)
    a_i, a_f, a_g, a_o = nets(x, h_prev, W_xh, W_hh, b_h)
    by_i, by_f, _ = seen(c_prev, c_prev, h_prev)
    i, f, g = squash[0](a_i + w_i * by_i), squash[1](a_f + w_f * by_f), squash[2](a_g)
    c = keep(i, f, g, c_prev)
    o = squash[3](a_o + w_o * seen(c, c_prev, h_prev)[2])
    return read(o, c, c_prev, g), c


def _after_the_sigmoid(x, h_prev, c_prev, W_xh, W_hh, w_ch, b_h):
    w_i, w_f, w_o = w_ch.reshape(3, -1)
    i, f, g, o = _gates(x, h_prev, W_xh, W_hh, b_h)
    c = (f + w_f * c_prev) * c_prev + (i + w_i * c_prev) * g
    return (o + w_o * c) * np.tanh(c), c


def _g_sees_the_cell(x, h_prev, c_prev, W_xh, W_hh, w_ch, b_h):
    w_i, w_f, w_g = w_ch.reshape(3, -1)
    i, f, g, o = (*_nets(x, h_prev, W_xh, W_hh, b_h),)
    gates = _sigmoid(i + w_i * c_prev), _sigmoid(f + w_f * c_prev), np.tanh(g + w_g * c_prev)
    c = _keep(*gates, c_prev)
    return _sigmoid(o) * np.tanh(c), c


_PEEPHOLE_MISTAKES = [
    (
        "the output gate sees the cell before the step; it sees the new one: compute c first",
        partial(_peephole, seen=lambda c, c_prev, h_prev: (c_prev, c_prev, c_prev)),
    ),
    (
        "the peepholes are not used: the gates do not see the cell",
        partial(_peephole, weights=lambda w_ch: 0 * w_ch.reshape(3, -1)),
    ),
    (
        "the output gate has no peephole; it sees the new cell",
        partial(_peephole, weights=lambda w_ch: w_ch.reshape(3, -1) * [[1], [1], [0]]),
    ),
    (
        "only the output gate has its peephole; i and f see c_prev",
        partial(_peephole, weights=lambda w_ch: w_ch.reshape(3, -1) * [[0], [0], [1]]),
    ),
    (
        "the peepholes lead to h_prev; they lead to the cell",
        partial(_peephole, seen=lambda c, c_prev, h_prev: (h_prev, h_prev, h_prev)),
    ),
    (
        "the gates see tanh of the cell; a peephole sees the cell itself",
        partial(
            _peephole,
            seen=lambda c, c_prev, h_prev: (np.tanh(c_prev), np.tanh(c_prev), np.tanh(c)),
        ),
    ),
    (
        "the peephole is added after the sigmoid; it belongs to the pre-activation",
        _after_the_sigmoid,
    ),
    (
        "w_ch is read in the order f, i, o; it lies as i, f, o",
        partial(_peephole, weights=lambda w_ch: w_ch.reshape(3, -1)[[1, 0, 2]]),
    ),
    (
        "w_ch is read in the order i, o, f; it lies as i, f, o",
        partial(_peephole, weights=lambda w_ch: w_ch.reshape(3, -1)[[0, 2, 1]]),
    ),
    (
        "all gates get the first H weights of w_ch; each has its own",
        partial(_peephole, weights=lambda w_ch: w_ch.reshape(3, -1)[[0, 0, 0]]),
    ),
    (
        "every third weight of w_ch is taken; they lie as i, f, o, H each",
        partial(_peephole, weights=lambda w_ch: w_ch.reshape(-1, 3).T),
    ),
    (
        "the third peephole leads to g; g has none, the third is the output gate's",
        _g_sees_the_cell,
    ),
    (
        "the peephole is a product of vectors, one number for all units; it is entry by entry",
        partial(
            _peephole,
            seen=lambda c, c_prev, h_prev: (c_prev, c_prev, c),
            weights=lambda w_ch: w_ch.reshape(3, -1).sum(axis=1),
        ),
    ),
    (
        "the cell is added without weights; it is w_ch * c",
        partial(_peephole, weights=lambda w_ch: np.ones((3, 1))),
    ),
    *((sentence, _states_of(peephole_step, change)) for sentence, change in _ORDER_OF_STATES),
    *((sentence, partial(_peephole, **changed)) for sentence, changed in _CELL_MISTAKES),
    *(
        (sentence, partial(_peephole, **mistake.keywords))
        for sentence, mistake in _GATE_MISTAKES
        if isinstance(mistake, partial)
    ),
]


# from_darmstadt


def from_darmstadt(U_i, W_i, U_f, W_f, U_o, W_o, U, W):
    """Turn row vectors into columns, all gates at once."""

    def stacked(*gates):
        turned = np.moveaxis(np.array(gates), 1, 2)  # (4, H, columns)
        return turned.reshape(-1, turned.shape[-1])

    return stacked(U_i, U_f, U, U_o), stacked(W_i, W_f, W, W_o)


def _other_stack(order=(0, 1, 2, 3), turn_U=np.transpose, turn_W=np.transpose, join=np.vstack):
    def answer(U_i, W_i, U_f, W_f, U_o, W_o, U, W):
        of_x, of_h = (U_i, U_f, U, U_o), (W_i, W_f, W, W_o)
        return join([turn_U(of_x[k]) for k in order]), join([turn_W(of_h[k]) for k in order])

    return answer


_STACK_MISTAKES = [
    (
        "the slide's order i, f, o, new content is kept; here the rows lie as i, f, g, o",
        _other_stack(order=(0, 1, 3, 2)),
    ),
    (
        "the order is f, i, g, o; here the rows lie as i, f, g, o",
        _other_stack(order=(1, 0, 2, 3)),
    ),
    (
        "the order is f, i, o, g; here the rows lie as i, f, g, o",
        _other_stack(order=(1, 0, 3, 2)),
    ),
    (
        "the W are not transposed: their shape fits either way, but the slide writes h W",
        _other_stack(turn_W=np.asarray),
    ),
    (
        "the U are not transposed: the slide writes x U with U (D, H), here W x with W (H, D)",
        _other_stack(turn_U=np.asarray),
    ),
    (
        "nothing is transposed: the slide's vectors are rows, x U and h W; here they are columns",
        _other_stack(turn_U=np.asarray, turn_W=np.asarray),
    ),
    (
        "the gates lie side by side; here they lie one below the other, H rows each",
        _other_stack(join=np.hstack),
    ),
    (
        "the gates lie side by side, and nothing is transposed: transpose what you have",
        _other_stack(turn_U=np.asarray, turn_W=np.asarray, join=np.hstack),
    ),
    (
        "reshape does not transpose: it keeps the order of the numbers; take U.T",
        _other_stack(turn_U=lambda U: U.reshape(U.shape[::-1]), turn_W=np.asarray),
    ),
    (
        "reshape does not transpose: it keeps the order of the numbers; take U.T",
        _other_stack(turn_U=lambda U: U.reshape(U.shape[::-1])),
    ),
    (
        "U and W are swapped: the slide's U belongs to x, its W to h",
        lambda *given: from_darmstadt(*given)[::-1],
    ),
    (
        "the rows of the gates alternate; they lie one below the other, H rows each",
        _other_stack(join=lambda blocks: np.stack(blocks, axis=1).reshape(-1, blocks[0].shape[1])),
    ),
    (
        "one axis too many: put the four blocks one below the other, (4H, D): np.vstack",
        _other_stack(join=np.array),
    ),
    (
        "only W_xh is returned; return W_xh and W_hh",
        lambda *given: from_darmstadt(*given)[0],
    ),
]


# parameter_count


def parameter_count(input_size, hidden_size, num_layers, biases, peepholes):
    """Count the entries of the arrays of each layer."""
    shapes = []
    for layer in range(num_layers):
        read = (hidden_size if layer else input_size) + hidden_size
        shapes += [(4, hidden_size, read)] + [(4, hidden_size)] * biases
        shapes += [(3, hidden_size)] * peepholes
    return sum(np.zeros(shape).size for shape in shapes)


def _count(layer, own=lambda D, H, L: [D] + [H] * (L - 1)):
    """Return an answer whose layer with n inputs has ``layer(n, H, biases, peepholes)``."""

    def answer(input_size, hidden_size, num_layers, biases, peepholes):
        sizes = own(input_size, hidden_size, num_layers)
        return sum(layer(n, hidden_size, biases, peepholes) for n in sizes)

    return answer


def _with_factor(gates):
    return _count(lambda D, H, b, p: gates * H * (D + H + b) + 3 * H * p)


_COUNT_MISTAKES = [
    (
        "only one gate is counted; i, f, g and o each have weights of their own",
        _with_factor(1),
    ),
    (
        "only three gates are counted; the new content g has weights too",
        _with_factor(3),
    ),
    (
        "the biases are forgotten: each gate has H, or twice H",
        _count(lambda D, H, b, p: 4 * H * (D + H) + 3 * H * p),
    ),
    (
        "the biases are shared by the gates; each gate has its own",
        _count(lambda D, H, b, p: 4 * H * (D + H) + H * b + 3 * H * p),
    ),
    (
        "one number a bias; a gate has a bias for each unit, H",
        _count(lambda D, H, b, p: 4 * (H * (D + H) + b) + 3 * H * p),
    ),
    (
        "there is always one bias; the argument says how many",
        _count(lambda D, H, b, p: 4 * H * (D + H + 1) + 3 * H * p),
    ),
    (
        "there are always two biases; the argument says how many",
        _count(lambda D, H, b, p: 4 * H * (D + H + 2) + 3 * H * p),
    ),
    (
        "all layers read the input; from the second on a layer reads the H states below",
        _count(
            lambda D, H, b, p: 4 * H * (D + H + b) + 3 * H * p,
            own=lambda D, H, L: [D] * L,
        ),
    ),
    (
        "only the first layer is counted",
        _count(
            lambda D, H, b, p: 4 * H * (D + H + b) + 3 * H * p,
            own=lambda D, H, L: [D],
        ),
    ),
    (
        "the weights from the state are forgotten: H for each unit of each gate",
        _count(lambda D, H, b, p: 4 * H * (D + b) + 3 * H * p),
    ),
    (
        "the weights from the input are forgotten: D for each unit of each gate",
        _count(lambda D, H, b, p: 4 * H * (H + b) + 3 * H * p),
    ),
    (
        "input and hidden size are swapped: there are 4H units, each reads D + H numbers",
        _count(
            lambda D, H, b, p: 4 * D * (D + H + b) + 3 * H * p,
        ),
    ),
    (
        "the peepholes are forgotten",
        _count(lambda D, H, b, p: 4 * H * (D + H + b)),
    ),
    (
        "four gates get peepholes; g has none, so there are 3 H",
        _count(lambda D, H, b, p: 4 * H * (D + H + b) + 4 * H * p),
    ),
    (
        "the peepholes are counted as full matrices; each unit of a gate sees one cell: 3 H",
        _count(lambda D, H, b, p: 4 * H * (D + H + b) + 3 * H * H * p),
    ),
    (
        "only one gate has a peephole; i, f and o have one: 3 H",
        _count(lambda D, H, b, p: 4 * H * (D + H + b) + H * p),
    ),
    (
        "the peepholes are there even if peepholes is False",
        _count(lambda D, H, b, p: 4 * H * (D + H + b) + 3 * H),
    ),
    (
        "only the first layer has peepholes; each has its own",
        lambda D, H, L, b, p: parameter_count(D, H, L, b, False) + 3 * H * p,
    ),
    (
        "the biases are those of the first layer only; each has its own",
        lambda D, H, L, b, p: parameter_count(D, H, L, 0, p) + 4 * H * b,
    ),
    (
        "the weights are multiplied, not added: a unit reads D + H numbers, not D * H",
        _count(lambda D, H, b, p: 4 * H * (D * H + b) + 3 * H * p),
    ),
    (
        "two layers fit together only if D = H here; the first reads D, the others H",
        lambda D, H, L, b, p: L * parameter_count(H, H, 1, b, p),
    ),
]


# lstm_bptt


def _run(xs, h0, c0, W_xh, W_hh, b_h, step=lstm_step):
    """Return the states before and after all steps, (T + 1, ..., H) each."""
    hs, cs = [h0], [c0]
    for x in xs:
        h, c = step(x, hs[-1], cs[-1], W_xh, W_hh, b_h)
        hs.append(h)
        cs.append(c)
    return hs, cs


def lstm_bptt(xs, dhs, h0, c0, W_xh, W_hh, b_h):
    """Differentiate the sum of dhs[t] * h_t with respect to every weight by a complex step."""
    weights = W_xh, W_hh, b_h
    sizes = [W.size for W in weights]
    nudges = 1j * TINY * np.eye(sum(sizes))  # one row for each network, nudged in one weight
    parts = np.split(nudges, np.cumsum(sizes)[:-1], axis=1)
    W_xh, W_hh, b_h = (
        W + part.reshape(-1, *W.shape) for W, part in zip(weights, parts, strict=True)
    )
    h, c, slopes = h0, c0, 0
    for x, dh in zip(xs, dhs, strict=True):
        a = _nets(x, h, W_xh, W_hh, b_h)  # (n, 4, H)
        c = _sigmoid(a[:, 1]) * c + _sigmoid(a[:, 0]) * np.tanh(a[:, 2])
        h = _sigmoid(a[:, 3]) * np.tanh(c)
        slopes = slopes + (h @ dh).imag / TINY
    gradients = np.split(slopes, np.cumsum(sizes)[:-1])
    return tuple(g.reshape(W.shape) for g, W in zip(gradients, weights, strict=True))


def _back(xs, dhs, h0, c0, W_xh, W_hh, b_h, cell=cell_gradient, gates_of=gate_gradients, **carry):
    """Return the gradients at the pre-activations, (T, 4H), and the states before the steps."""
    to_h = carry.get("to_h", lambda da, W_hh: da @ W_hh)
    to_c = carry.get("to_c", lambda dc, fs, t: dc * fs[t])
    hs, cs = _run(xs, h0, c0, W_xh, W_hh, b_h)
    gates = [lstm_gates(x, h, W_xh, W_hh, b_h) for x, h in zip(xs, hs[:-1], strict=True)]
    fs = [f for _, f, _, _ in gates]
    dh_later, dc_later, das = 0 * h0, 0 * c0, []
    for t in range(len(xs))[::-1]:
        i, f, g, o = gates[t]
        dh = dhs[t] + dh_later
        dc = cell(dh, dc_later, cs[t + 1], o)
        das.append(gates_of(dh, dc, cs[t], i, f, g, o))
        dh_later, dc_later = to_h(das[-1], W_hh), to_c(dc, fs, t)
    return np.array(das[::-1]), np.array(hs), np.array(cs)


def _assembled(*given, before=lambda hs: hs[:-1], **changed):
    """Put the parts together, one of them as someone has it who is mistaken."""
    das, hs, _ = _back(*given, **changed)
    return das.T @ given[0], das.T @ before(hs), das.sum(axis=0)


def _changed_gradients(change):
    return lambda *given: change(*_assembled(*given))


def _last_appearance(*given, row=-1):
    das, hs, _ = _back(*given)
    return np.outer(das[row], given[0][row]), np.outer(das[row], hs[:-1][row]), das[row]


def _last_error_only(xs, dhs, *rest):
    return _assembled(xs, dhs * (np.arange(len(dhs)) == len(dhs) - 1)[:, None], *rest)


def _own_errors_ignored(xs, dhs, *rest):
    return _assembled(xs, 0 * dhs, *rest)


def _other_gate(t, fs, shift):
    return fs[t + shift] if 0 <= t + shift < len(fs) else 1.0


def _one_block(k):
    def to_h(da, W_hh):
        blocks = W_hh.reshape(4, -1, W_hh.shape[1])
        return da.reshape(4, -1)[k] @ blocks[k]

    return to_h


def _not_carried_forward(xs, dhs, h0, c0, *weights):
    alone = [_assembled(xs[t : t + 1], dhs[t : t + 1], h0, c0, *weights) for t in range(len(xs))]
    return tuple(sum(parts) for parts in zip(*alone, strict=True))


_BPTT_MISTAKES = [
    (
        "no error goes back in time: neither dh nor dc of the next step comes in",
        partial(_assembled, to_h=lambda da, W_hh: 0, to_c=lambda dc, fs, t: 0 * dc),
    ),
    (
        "nothing comes back along the cell: the step before gets dc * f as dc_later",
        partial(_assembled, to_c=lambda dc, fs, t: 0 * dc),
    ),
    (
        "nothing comes back along h: the step before gets W_hh.T @ da on top of its own dhs",
        partial(_assembled, to_h=lambda da, W_hh: 0),
    ),
    (
        "dc goes back whole; on its way to c_prev it is multiplied by f",
        partial(_assembled, to_c=lambda dc, fs, t: dc),
    ),
    (
        "dc is multiplied by the forget gate of the step before; it goes back through its own f",
        partial(_assembled, to_c=lambda dc, fs, t: dc * _other_gate(t, fs, -1)),
    ),
    (
        "dc is multiplied by the forget gate of the next step; it goes back through its own f",
        partial(_assembled, to_c=lambda dc, fs, t: dc * _other_gate(t, fs, 1)),
    ),
    (
        "dh goes back through the rows of o only; h_prev is read by all four gates",
        partial(_assembled, to_h=_one_block(3)),
    ),
    (
        "dh goes back through the rows of g only; h_prev is read by all four gates",
        partial(_assembled, to_h=_one_block(2)),
    ),
    (
        "only the last step's dhs goes back; each step adds its own",
        _last_error_only,
    ),
    (
        "all gradients are zero: the step's own dhs[t] does not come in",
        _own_errors_ignored,
    ),
    (
        "these are the gradients of the last step; the weights appear at every step, add up",
        _last_appearance,
    ),
    (
        "these are the gradients of the first step; the weights appear at every step, add up",
        partial(_last_appearance, row=0),
    ),
    (
        "in the gradient of W_hh da_t meets h_t; W_hh was multiplied by h_(t-1)",
        partial(_assembled, before=lambda hs: hs[1:]),
    ),
    (
        "in the gradient of W_hh step 0 meets zeros, or the last state; it is h0",
        partial(_assembled, before=lambda hs: np.vstack([0 * hs[:1], hs[1:-1]])),
    ),
    (
        "in the gradient of W_hh step 0 meets zeros, or the last state; it is h0",
        partial(_assembled, before=lambda hs: np.vstack([hs[-1:], hs[1:-1]])),
    ),
    (
        "c0 is ignored; the cell before the first step is c0, not zeros",
        lambda xs, dhs, h0, c0, *weights: _assembled(xs, dhs, h0, 0 * c0, *weights),
    ),
    (
        "h0 is ignored; the state before the first step is h0, not zeros",
        lambda xs, dhs, h0, c0, *weights: _assembled(xs, dhs, 0 * h0, c0, *weights),
    ),
    (
        "the state is not carried: every step begins with h0 and c0",
        _not_carried_forward,
    ),
    (
        "the errors come in at the wrong steps: dhs[t] belongs to step t",
        lambda xs, dhs, *rest: _assembled(xs, dhs[::-1], *rest),
    ),
    (
        "the gradients are averaged over the steps; add them up",
        lambda *given: tuple(gradient / len(given[0]) for gradient in _assembled(*given)),
    ),
    (
        "the gradients are in another order; return those of W_xh, W_hh, b_h",
        _changed_gradients(lambda dW_xh, dW_hh, db_h: (dW_hh, dW_xh, db_h)),
    ),
    (
        "the gradients are transposed; each has the shape of its weights",
        _changed_gradients(lambda dW_xh, dW_hh, db_h: (dW_xh.T, dW_hh.T, db_h)),
    ),
    (
        "the gradient of the biases is missing; return three arrays",
        _changed_gradients(lambda dW_xh, dW_hh, db_h: (dW_xh, dW_hh)),
    ),
    (
        "all signs are wrong; these are gradients, the update goes against them",
        _changed_gradients(lambda *gradients: tuple(-gradient for gradient in gradients)),
    ),
    *((sentence, partial(_assembled, cell=cell)) for sentence, cell in _CELL_GRADIENT_MISTAKES),
    *(
        (sentence, partial(_assembled, gates_of=gates))
        for sentence, gates in _GATE_GRADIENT_MISTAKES
    ),
]


# Inputs. They are rounded to two decimals, so that what a message shows is what the function got.


def _sizes(rng, n, most=5):
    """Return n different sizes from 2 on."""
    return rng.permutation(np.arange(2, most))[:n]


def _normal(rng, *shape, scale=0.8):
    return rng.normal(scale=scale, size=shape).round(2) + 0.0  # no -0.0


def _share(rng, *shape):
    """Return gates: neither quite open nor quite closed."""
    return rng.uniform(0.05, 0.95, size=shape).round(2)


def _weights(rng, D, H):
    return _normal(rng, 4 * H, D), _normal(rng, 4 * H, H), _normal(rng, 4 * H)


def _random_gates(rng):
    D, H = _sizes(rng, 2)
    return _normal(rng, D), _normal(rng, H), *_weights(rng, D, H)


def _random_step(rng):
    x, h_prev, *weights = _random_gates(rng)
    return x, h_prev, _normal(rng, len(h_prev), scale=1.5), *weights


def _random_peephole(rng):
    *given, b_h = _random_step(rng)
    return *given, _normal(rng, 3 * len(given[1])), b_h


def _random_along(rng):
    T, H = _sizes(rng, 2, most=7)
    return (_share(rng, T, H),)


def _random_hold(rng):
    return int(rng.integers(2, 1000)), float(rng.choice([0.05, 0.1, 0.3, 0.6, 0.8, 0.95]))


def _random_strength(rng):
    return (float(rng.choice([1.5, 2.0, 3.0, 4.5, 6.0, 7.25, 12.0, 20.0])),)


def _random_cell(rng):
    (H,) = _sizes(rng, 1)
    dh, dc_later, c = _normal(rng, 3, H, scale=1.2)
    return dh, dc_later, c, _share(rng, H)


def _random_gate_gradients(rng):
    (H,) = _sizes(rng, 1)
    dh, dc, c_prev = _normal(rng, 3, H, scale=1.2)
    i, f, o = _share(rng, 3, H)
    return dh, dc, c_prev, i, f, _share(rng, H) * rng.choice([-1.0, 1.0], size=H), o


def _random_darmstadt(rng):
    D, H = _sizes(rng, 2)
    shapes = [(D, H), (H, H)] * 4
    return tuple(_normal(rng, *shape) for shape in shapes)


def _random_count(rng):
    D, H = rng.permutation(np.arange(2, 40))[:2]
    L, biases = rng.integers(1, 4), rng.integers(0, 3)
    return int(D), int(H), int(L), int(biases), bool(rng.random() < 0.5)


def _random_bptt(rng):
    D, H, T = _sizes(rng, 3)
    h0, c0 = _normal(rng, 2, H)
    return _normal(rng, T, D), _normal(rng, T, H), h0, c0, *_weights(rng, D, H)


# One input, one unit; two inputs, one unit; one input, two units.
_ONE = np.array([1.0])
_W1 = np.array([[1.0], [-0.5], [2.0], [0.5]])
_B1 = np.array([0.5, 1.0, -1.0, 0.0])
_W2 = np.array([[1.0, -1.0], [0.5, 0.0], [2.0, 0.5], [-0.5, 1.0]])
_V2 = np.array([[0.5, -1.0], [1.0, 0.0], [-0.5, 0.5], [0.0, 1.0]] * 2)
_B2 = np.array([0.0, 0.5, 1.0, -0.5, 0.5, -1.0, 0.0, 1.0])
_X2 = np.array([[1.0], [0.0], [-1.0]])
_H0, _C0 = np.array([0.5, -0.5]), np.array([1.0, -2.0])
_W12 = np.array([[1.0], [0.5], [-0.5], [0.0], [1.0], [-1.0], [0.5], [2.0]])
_F = np.array([[0.5, 1.0], [0.5, 0.9], [1.0, 0.0]])
_DHS = np.array([[1.0, 0.0], [0.0, -0.5], [0.5, 1.0]])
_HALF = np.array([0.5, 0.5])
_STEPS = (
    # Zero weights: every gate is 1/2, g is 0, and half of the cell is left.
    (_ONE, np.zeros(1), 2 * _ONE, np.zeros((4, 1)), np.zeros((4, 1)), np.zeros(4)),
    (_ONE, 0.5 * _ONE, -1.0 * _ONE, _W1, _W1[::-1].copy(), _B1),
    (np.array([1.0, -0.5]), 0.5 * _ONE, 2 * _ONE, _W2, _W1, _B1),
    (_ONE, _H0, _C0, _W12, _V2, _B2),
)

QUESTIONS = {
    question.name: question
    for question in [
        Question(
            points=2,
            expected=lstm_gates,
            examples=tuple((x, h, *weights) for x, h, _, *weights in _STEPS),
            random_inputs=_random_gates,
            mistakes=_GATE_MISTAKES,
            returns=("i", "f", "g", "o"),
        ),
        Question(
            points=2,
            expected=lstm_step,
            examples=_STEPS,
            random_inputs=_random_step,
            mistakes=_STEP_MISTAKES,
            returns=("h", "c"),
        ),
        Question(
            points=2,
            expected=gradient_along_c,
            # Unit 0: 1, then 1, 1 * 0.5, 1 * 0.5 * 0.5. Unit 1 is erased at the last step.
            examples=tuple((_F[:T],) for T in (1, 2, 3)),
            random_inputs=_random_along,
            mistakes=_ALONG_MISTAKES,
        ),
        Question(
            points=2,
            expected=bias_to_hold,
            # sigmoid(0) = 1/2 leaves 1/4 after two steps.
            examples=((2, 0.25), (1, 0.75), (2, 0.5), (10, 0.5), (500, 0.9)),
            random_inputs=_random_hold,
            mistakes=_HOLD_MISTAKES,
        ),
        Question(
            points=2,
            expected=latch_weights,
            examples=((2.0,), (10.0,)),
            random_inputs=_random_strength,
            mistakes=_LATCH_MISTAKES,
            returns=("W_xh", "W_hh", "b_h"),
        ),
        Question(
            points=2,
            expected=cell_gradient,
            # c = 0 has slope 1: 0.5 * 2 + 3 = 4.
            examples=(
                (2 * _ONE, 3 * _ONE, 0 * _ONE, 0.5 * _ONE),
                (0 * _ONE, 1 * _ONE, 2 * _ONE, 0.5 * _ONE),
                (1 * _ONE, 0 * _ONE, 2 * _ONE, 0.5 * _ONE),
                (_DHS[2], _DHS[1] - 1, _C0, np.array([0.25, 0.75])),
            ),
            random_inputs=_random_cell,
            mistakes=_CELL_GRADIENT_MISTAKES,
        ),
        Question(
            points=3,
            expected=gate_gradients,
            # Gates of 1/2 have slope 1/4, g = 0 has slope 1.
            examples=(
                (_ONE, _ONE, 2 * _ONE, 0.5 * _ONE, 0.5 * _ONE, 0 * _ONE, 0.5 * _ONE),
                (_ONE, 2 * _ONE, -_ONE, 0.25 * _ONE, 0.75 * _ONE, 0.5 * _ONE, 0.1 * _ONE),
                (
                    *(_DHS[2], _DHS[0] - 0.5, _C0),
                    *(np.array(gate) for gate in ([0.1, 0.6], [0.9, 0.5], [-0.5, 0.8], [0.2, 0.7])),
                ),
            ),
            random_inputs=_random_gate_gradients,
            mistakes=_GATE_GRADIENT_MISTAKES,
        ),
        Question(
            points=2,
            expected=peephole_step,
            examples=tuple(
                (*given, np.array([1.0, -1.0, 0.5, 2.0, -0.5, 1.5])[: 3 * len(given[1])], b_h)
                for *given, b_h in _STEPS
            ),
            random_inputs=_random_peephole,
            mistakes=_PEEPHOLE_MISTAKES,
            returns=("h", "c"),
        ),
        Question(
            points=2,
            expected=from_darmstadt,
            examples=(
                tuple(np.array([[k]]) for k in (1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0)),
                tuple(
                    np.array([[k, k + 0.5]]) if k % 2 else np.array([[k, 0.0], [0.5, -k]])
                    for k in (1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0)
                ),
            ),
            random_inputs=_random_darmstadt,
            mistakes=_STACK_MISTAKES,
            returns=("W_xh", "W_hh"),
        ),
        Question(
            points=2,
            expected=parameter_count,
            # Two units read 3 + 2 numbers and a bias, four times: 48.
            examples=(
                (3, 2, 1, 0, False),
                (3, 2, 1, 1, False),
                (3, 2, 1, 2, False),
                (3, 2, 1, 1, True),
                (3, 2, 2, 1, False),
                (5, 4, 3, 2, True),
            ),
            random_inputs=_random_count,
            mistakes=_COUNT_MISTAKES,
        ),
        Question(
            points=2,
            expected=lstm_bptt,
            examples=(
                (_X2[:1], np.array([[1.0]]), 0.5 * _ONE, _ONE, _W1, _W1[::-1].copy(), _B1),
                *((_X2[:T], _DHS[:T], _H0, _C0, _W12, _V2, _B2) for T in (1, 2, 3)),
            ),
            random_inputs=_random_bptt,
            mistakes=_BPTT_MISTAKES,
            returns=("dW_xh", "dW_hh", "db_h"),
        ),
    ]
}
