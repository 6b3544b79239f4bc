"""The questions of week 7: the GRU, its extreme cases, what its state holds, and the way back.

As in week 6, the oracles of gradients nudge by a complex step, so they know no chain rule. The
others compute by other means than the exercise asks for: the new state as a move from the old one
to the candidate, the shares of the state by sending unit vectors through the steps, a bias by
bisection, a size by counting up the entries of arrays. The tests hold all of them against torch.

The misconceptions share `_step` and `_assembled`, with one thing changed each time.
"""

from __future__ import annotations

from functools import partial
from types import SimpleNamespace

import numpy as np

from course_utils.checks import Question

TINY = 1e-30  # the complex step


def _sigmoid(a):
    return (1 + np.tanh(a / 2)) / 2


# gru_gates


def _nets(x, h_prev, W_xh, W_hh, b_xh, b_hh):
    """Return what comes from x and what comes from h_prev, (..., 3, H) each.

    The weights of several networks may be stacked.
    """
    from_x = np.einsum("...ij,...j->...i", W_xh, x) + b_xh
    from_h = np.einsum("...ij,...j->...i", W_hh, h_prev) + b_hh
    return tuple(a.reshape(*a.shape[:-1], 3, -1) for a in (from_x, from_h))


def gru_gates(x, h_prev, W_xh, W_hh, b_xh, b_hh):
    """Lay what comes from x and from h_prev out as three rows, and squash two of the sum."""
    gates = _sigmoid(sum(_nets(x, h_prev, W_xh, W_hh, b_xh, b_hh))[..., :2, :])
    return gates[..., 0, :], gates[..., 1, :]


def _gates(*given, nets=_nets, squash=_sigmoid, order=(0, 1, 2), kept=lambda r, z: (r, z)):
    """Return r and z as someone has them who is mistaken about one part."""
    a = sum(nets(*given))
    return kept(squash(a[order[0]]), squash(a[order[1]]))


def _interleaved(*given):
    return tuple(a.reshape(-1, 3).T for a in _nets(*given))


def _blocks_transposed(x, h_prev, W_xh, W_hh, b_xh, b_hh):
    H = len(h_prev)
    turned = W_hh.reshape(3, H, H).swapaxes(1, 2).reshape(3 * H, H)
    return _nets(x, h_prev, W_xh, turned, b_xh, b_hh)


def _shared_biases(x, h_prev, W_xh, W_hh, b_xh, b_hh):
    b_xh, b_hh = (np.tile(b[: len(h_prev)], 3) for b in (b_xh, b_hh))
    return _nets(x, h_prev, W_xh, W_hh, b_xh, b_hh)


def _other_biases(change):
    def nets(x, h_prev, W_xh, W_hh, b_xh, b_hh):
        return _nets(x, h_prev, W_xh, W_hh, *change(b_xh, b_hh))

    return nets


def _same(a):
    return a


_SWAPPED_ROWS = "r and z are swapped; the rows lie as r, z, n, and so do the results"

# A misconception, and what it changes in `_gates` and in `_step`.
_GATE_CHANGES = [
    (_SWAPPED_ROWS, {"order": (1, 0, 2)}),
    (
        "a gate goes through tanh; it is a share between 0 and 1: the sigmoid",
        {"squash": np.tanh},
    ),
    (
        "r and z are pre-activations; the sigmoid is missing",
        {"squash": _same},
    ),
    (
        "the sign in the exponent is wrong; the sigmoid is 1 / (1 + exp(-a))",
        {"squash": lambda a: _sigmoid(-a)},
    ),
    (
        "the sigmoid is taken twice",
        {"squash": lambda a: _sigmoid(_sigmoid(a))},
    ),
    (
        "the rows are read in the order r, n, z; here they lie as r, z, n",
        {"order": (0, 2, 1)},
    ),
    (
        "the rows are read in the order n, r, z; here they lie as r, z, n",
        {"order": (1, 2, 0)},
    ),
    (
        "every third row is taken; r, z and n lie one below the other, H rows each",
        {"nets": _interleaved},
    ),
    (
        "the biases are shared: r, z and n get the first H; each has its own",
        {"nets": _shared_biases},
    ),
    (
        "W_hh is transposed block by block; each block (H, H) stands before h_prev: W @ h_prev",
        {"nets": _blocks_transposed},
    ),
]
_TWO_BIASES = [
    (
        "the biases are forgotten",
        {"nets": _other_biases(lambda b_xh, b_hh: (0 * b_xh, 0 * b_hh))},
    ),
    (
        "the bias b_hh is forgotten; as in torch there are two",
        {"nets": _other_biases(lambda b_xh, b_hh: (b_xh, 0 * b_hh))},
    ),
    (
        "the bias b_xh is forgotten; as in torch there are two",
        {"nets": _other_biases(lambda b_xh, b_hh: (0 * b_xh, b_hh))},
    ),
    (
        "b_xh is added twice, b_hh not at all",
        {"nets": _other_biases(lambda b_xh, b_hh: (b_xh, b_xh))},
    ),
]
_BLIND = [
    (
        "the state before is not seen: W_hh @ h_prev is missing",
        {"nets": lambda x, h_prev, W_xh, W_hh, *b: _nets(x, h_prev, W_xh, 0 * W_hh, *b)},
    ),
    (
        "the input is not seen: W_xh @ x is missing",
        {"nets": lambda x, h_prev, W_xh, W_hh, *b: _nets(x, h_prev, 0 * W_xh, W_hh, *b)},
    ),
    (
        "x and h_prev are swapped; W_xh (3H, D) meets x (D,), W_hh (3H, H) meets h_prev (H,)",
        {"nets": lambda x, h_prev, *rest: _nets(h_prev, x, *rest)},
    ),
]


def _update_gate_sees_the_reset_state(x, h_prev, *weights):
    r, _ = gru_gates(x, h_prev, *weights)
    return r, gru_gates(x, r * h_prev, *weights)[1]


_GATE_MISTAKES = [
    *(
        (sentence, partial(_gates, **changed))
        for sentence, changed in _GATE_CHANGES + _TWO_BIASES + _BLIND
    ),
    (
        "this is 1 - z; here z itself is asked for, which keeps the old state",
        partial(_gates, kept=lambda r, z: (r, 1 - z)),
    ),
    (
        "this is 1 - r; r = 1 lets the old state through",
        partial(_gates, kept=lambda r, z: (1 - r, z)),
    ),
    (
        "r is returned twice; return r, then z",
        partial(_gates, kept=lambda r, z: (r, r)),
    ),
    (
        "the update gate sees the reset state; r acts on the candidate alone",
        _update_gate_sees_the_reset_state,
    ),
    (
        "z and r are made to sum to 1, as a softmax; each gate is a sigmoid of its own",
        partial(_gates, squash=np.exp, kept=lambda r, z: (r / (r + z), z / (r + z))),
    ),
]


# gru_step


def gru_step(x, h_prev, W_xh, W_hh, b_xh, b_hh):
    """Move from the old state towards the candidate, by 1 - z of the way."""
    from_x, from_h = _nets(x, h_prev, W_xh, W_hh, b_xh, b_hh)
    gates = _sigmoid((from_x + from_h)[..., :2, :])
    r, z = gates[..., 0, :], gates[..., 1, :]
    n = np.tanh(from_x[..., 2, :] + from_h[..., 2, :] * r)
    return h_prev + (1 - z) * (n - h_prev)


def _candidate(m):
    return np.tanh(m.a + m.r * m.q)


def _mix(m):
    return m.h_prev * m.z + m.n * (1 - m.z)


def _moments(
    x,
    h_prev,
    W_xh,
    W_hh,
    b_xh,
    b_hh,
    nets=_nets,
    squash=_sigmoid,
    order=(0, 1, 2),
    candidate=_candidate,
    mix=_mix,
    gates=None,
):
    """Take a step as someone does who is mistaken about one part; return all there is in it."""
    m = SimpleNamespace(x=x, h_prev=h_prev)
    from_x, from_h = nets(x, h_prev, W_xh, W_hh, b_xh, b_hh)
    m.r, m.z = (squash(from_x[k] + from_h[k]) for k in order[:2])
    if gates:
        m.r, m.z = gates(x, h_prev, W_xh, W_hh, b_xh, b_hh)
    k = order[2]
    rows = slice(k * len(h_prev), (k + 1) * len(h_prev))
    m.a, m.q = from_x[k], from_h[k]
    m.W_hn, m.b_xn, m.b_hn = W_hh[rows], b_xh[rows], b_hh[rows]
    m.n = candidate(m)
    m.h = mix(m)
    return m


def _step(*given, **changed):
    return _moments(*given, **changed).h


_BEFORE = "the reset gate acts before the matrix product; here after it, as in torch: "
_AFTER = "the reset gate acts after the matrix product; here before it, as in the first GRU: "

_MIX_CHANGES = [
    (
        "z and 1 - z are swapped; here, as in torch, z keeps the old state, and 1 - z lets the "
        "candidate in (in Darmstadt and CS224N it is the other way round)",
        {"mix": lambda m: (1 - m.z) * m.h_prev + m.z * m.n},
    ),
    (
        "this is the candidate; mix it with the old state: (1 - z) * n + z * h_prev",
        {"mix": lambda m: m.n},
    ),
    (
        "the old state is missing; z * h_prev is kept",
        {"mix": lambda m: (1 - m.z) * m.n},
    ),
    (
        "the candidate enters whole; 1 - z lets it in",
        {"mix": lambda m: m.n + m.z * m.h_prev},
    ),
    (
        "the old state is kept whole; z * h_prev is kept",
        {"mix": lambda m: (1 - m.z) * m.n + m.h_prev},
    ),
    (
        "z multiplies both; the candidate enters by 1 - z",
        {"mix": lambda m: m.z * (m.n + m.h_prev)},
    ),
    (
        "the reset gate lets the candidate in, as the input gate of an LSTM; here it is 1 - z",
        {"mix": lambda m: m.r * m.n + m.z * m.h_prev},
    ),
    (
        "the reset gate mixes old and new; that is what z is for",
        {"mix": lambda m: (1 - m.r) * m.n + m.r * m.h_prev},
    ),
    (
        "the reset gate multiplies what is kept, too; it acts on the candidate alone",
        {"mix": lambda m: (1 - m.z) * m.n + m.z * m.r * m.h_prev},
    ),
    (
        "tanh is taken of the new state; it is a plain mean of old and new",
        {"mix": lambda m: np.tanh((1 - m.z) * m.n + m.z * m.h_prev)},
    ),
    (
        "old and new are subtracted; they add up",
        {"mix": lambda m: (1 - m.z) * m.n - m.z * m.h_prev},
    ),
]
# The same wherever the reset gate acts.
_CANDIDATE_CHANGES = [
    (
        "the candidate is without reset gate; r multiplies what comes from the state",
        {"candidate": lambda m: np.tanh(m.a + m.q)},
    ),
    (
        "the reset gate multiplies what comes from x; it resets the state",
        {"candidate": lambda m: np.tanh(m.r * m.a + m.q)},
    ),
    (
        "the reset gate multiplies x and state; it resets the state alone",
        {"candidate": lambda m: np.tanh(m.r * (m.a + m.q))},
    ),
    (
        "the reset gate stands outside the tanh; it multiplies what comes from the state",
        {"candidate": lambda m: m.r * np.tanh(m.a + m.q)},
    ),
    (
        "the candidate does not see the state: what comes from it is missing",
        {"candidate": lambda m: np.tanh(m.a)},
    ),
    (
        "the matrix W_hn is missing: the candidate sees r * h_prev as it is",
        {"candidate": lambda m: np.tanh(m.a + m.r * m.h_prev)},
    ),
]
_AFTER_CHANGES = [
    (
        _BEFORE + "r * (W_hn @ h_prev + b_hn)",
        {"candidate": lambda m: np.tanh(m.a + m.W_hn @ (m.r * m.h_prev) + m.b_hn)},
    ),
    (
        _BEFORE + "r * (W_hn @ h_prev + b_hn)",
        {"candidate": lambda m: np.tanh(m.a + m.W_hn @ (m.r * m.h_prev) + m.r * m.b_hn)},
    ),
    (
        "b_hn stands outside the bracket, as if one shared bias were enough; the reset gate "
        "multiplies it, too: r * (W_hn @ h_prev + b_hn)",
        {"candidate": lambda m: np.tanh(m.a + m.b_hn + m.r * (m.q - m.b_hn))},
    ),
    (
        "both biases stand inside the bracket; the reset gate multiplies b_hn, not b_xn",
        {"candidate": lambda m: np.tanh(m.a - m.b_xn + m.r * (m.q + m.b_xn))},
    ),
    (
        "the biases have changed places: r multiplies b_hn, not b_xn",
        {"candidate": lambda m: np.tanh(m.a - m.b_xn + m.b_hn + m.r * (m.q - m.b_hn + m.b_xn))},
    ),
    (
        "b_hn is missing in the candidate: r * (W_hn @ h_prev + b_hn)",
        {"candidate": lambda m: np.tanh(m.a + m.r * (m.q - m.b_hn))},
    ),
    (
        "b_xn is missing in the candidate",
        {"candidate": lambda m: np.tanh(m.a - m.b_xn + m.r * m.q)},
    ),
    (
        "1 - r resets; r = 1 lets the state through, r = 0 resets",
        {"candidate": lambda m: np.tanh(m.a + (1 - m.r) * m.q)},
    ),
    (
        "the update gate stands in the candidate; it is the reset gate's place",
        {"candidate": lambda m: np.tanh(m.a + m.z * m.q)},
    ),
    (
        "the candidate goes through the sigmoid; it may be negative: tanh",
        {"candidate": lambda m: _sigmoid(m.a + m.r * m.q)},
    ),
    (
        "tanh is missing on the candidate",
        {"candidate": lambda m: m.a + m.r * m.q},
    ),
    (
        "the candidate does not see the input: W_xn @ x is missing",
        {"candidate": lambda m: np.tanh(m.b_xn + m.r * m.q)},
    ),
]
_STEP_CHANGES = [
    *_MIX_CHANGES,
    *_AFTER_CHANGES,
    *_CANDIDATE_CHANGES,
    *_GATE_CHANGES,
    *_TWO_BIASES,
    *_BLIND,
    (
        "the update gate sees the reset state; r acts on the candidate alone",
        {"gates": _update_gate_sees_the_reset_state},
    ),
]
_STEP_MISTAKES = [(sentence, partial(_step, **changed)) for sentence, changed in _STEP_CHANGES]


# gru_states


def gru_states(xs, h0, W_xh, W_hh, b_xh, b_hh):
    """Go through the text by recursion: the states of all but the last token, then one more."""
    if not len(xs):
        return np.zeros((0, len(h0)))
    network = W_xh, W_hh, b_xh, b_hh
    before = gru_states(xs[:-1], h0, *network)
    h_prev = before[-1] if len(before) else h0
    return np.vstack([before, gru_step(xs[-1], h_prev, *network)])


def _run(xs, h0, *weights, step=gru_step):
    """Return the states before and after all steps, (T + 1, H)."""
    hs = [h0]
    for x in xs:
        hs.append(step(x, hs[-1], *weights))
    return np.array(hs)


def _states_of(**changed):
    return lambda xs, h0, *weights: _run(xs, h0, *weights, step=partial(_step, **changed))[1:]


_STATES_MISTAKES = [
    (
        "the state is not carried: every step begins with h0",
        lambda xs, h0, *weights: np.array([gru_step(x, h0, *weights) for x in xs]),
    ),
    (
        "h0 is ignored; the state before the first step is h0, not zeros",
        lambda xs, h0, *weights: gru_states(xs, 0 * h0, *weights),
    ),
    (
        "h0 is among the states; row t is the state after step t, so T rows",
        lambda xs, h0, *weights: _run(xs, h0, *weights),
    ),
    (
        "these are the states before the steps; row t is the state after step t",
        lambda xs, h0, *weights: _run(xs, h0, *weights)[:-1],
    ),
    (
        "only the last state is returned; return that of every step, (T, H)",
        lambda xs, h0, *weights: _run(xs, h0, *weights)[-1],
    ),
    (
        "the states come out last first",
        lambda xs, h0, *weights: _run(xs, h0, *weights)[:0:-1],
    ),
    (
        "the text is read from its end",
        lambda xs, h0, *weights: gru_states(xs[::-1], h0, *weights),
    ),
    (
        "the text is read from its end",
        lambda xs, h0, *weights: gru_states(xs[::-1], h0, *weights)[::-1],
    ),
    (
        "the last token is not read",
        lambda xs, h0, *weights: gru_states(xs[:-1], h0, *weights),
    ),
    (
        "all rows are the same state; append a new one at each step",
        lambda xs, h0, *weights: np.repeat(_run(xs, h0, *weights)[-1:], len(xs), axis=0),
    ),
    (
        "every step reads the first token",
        lambda xs, h0, *weights: gru_states(np.repeat(xs[:1], len(xs), axis=0), h0, *weights),
    ),
    (
        "the states are added up; each replaces the one before",
        lambda xs, h0, *weights: np.cumsum(_run(xs, h0, *weights)[1:], axis=0),
    ),
    *((sentence, _states_of(**changed)) for sentence, changed in _STEP_CHANGES),
]


# set_gates


def set_gates(r, z, strength, W_xh, W_hh, b_xh, b_hh):
    """Blank the rows of the gates by a mask; a sign for 1, the other for 0."""
    H = W_hh.shape[1]
    of_n = np.arange(3 * H) >= 2 * H
    signs = np.where(np.repeat([r, z, 1], H) == 1, 1.0, -1.0)
    W_xh, W_hh, b_hh = (np.where(of_n, W.T, 0.0).T for W in (W_xh, W_hh, b_hh))
    return W_xh, W_hh, np.where(of_n, b_xh, strength * signs), b_hh


def _changed_setting(change):
    """Return an answer that changes what is right: ``change(m)`` on its parts."""

    def answer(r, z, strength, *weights):
        H = weights[1].shape[1]
        m = SimpleNamespace(r=r, z=z, s=strength, H=H, old=weights, gates=slice(0, 2 * H))
        m.n = slice(2 * H, 3 * H)
        m.W_xh, m.W_hh, m.b_xh, m.b_hh = set_gates(r, z, strength, *weights)
        change(m)
        return m.W_xh, m.W_hh, m.b_xh, m.b_hh

    return answer


def _other_biases_of_gates(biases):
    """Return an answer whose gates get ``biases(r, z, strength)``."""

    def change(m):
        m.b_xh[m.gates] = np.repeat(np.array(biases(m.r, m.z, m.s), dtype=float), m.H)

    return _changed_setting(change)


def _sign(gate):
    return 2 * gate - 1


def _keep_weights(*names):
    """Return an answer in which the gates' rows of some arrays are left as they were."""

    def change(m):
        for name, old in zip(("W_xh", "W_hh", "b_xh", "b_hh"), m.old, strict=True):
            if name in names:
                getattr(m, name)[m.gates] = old[m.gates]

    return _changed_setting(change)


def _add_to_the_old_bias(m):
    m.b_xh[m.gates] += m.old[2][m.gates]


def _strength_in_b_hh(m):
    m.b_hh[m.gates] = m.b_xh[m.gates]
    m.b_xh[m.gates] = 0.0


def _strength_in_both(m):
    m.b_hh[m.gates] = m.b_xh[m.gates]


def _blank_candidate(*names):
    def change(m):
        for name in names:
            getattr(m, name)[m.n] = 0.0

    return _changed_setting(change)


def _every_third(m):
    for name, old in zip(("W_xh", "W_hh", "b_xh", "b_hh"), m.old, strict=True):
        new = old.copy()
        new[0::3] = new[1::3] = 0.0
        setattr(m, name, new)
    m.b_xh[0::3], m.b_xh[1::3] = m.s * _sign(m.r), m.s * _sign(m.z)


_SETTING_MISTAKES = [
    (
        "r and z are swapped; the rows lie as r, z, n",
        lambda r, z, *rest: set_gates(z, r, *rest),
    ),
    (
        "the signs are wrong: a large positive bias opens a gate, a large negative one closes it",
        _other_biases_of_gates(lambda r, z, s: (-s * _sign(r), -s * _sign(z))),
    ),
    (
        "the sign of z is wrong, as if z = 1 replaced the state; here z = 1 keeps it",
        _other_biases_of_gates(lambda r, z, s: (s * _sign(r), -s * _sign(z))),
    ),
    (
        "a gate that is to be 0 gets the bias 0 and stands half open; it takes -strength",
        _other_biases_of_gates(lambda r, z, s: (s * r, s * z)),
    ),
    (
        "the gate itself stands for its bias; it takes strength or -strength",
        _other_biases_of_gates(lambda r, z, s: (r, z)),
    ),
    (
        "the sigmoid of the strength stands for the bias; the step takes the sigmoid",
        _other_biases_of_gates(lambda r, z, s: (_sigmoid(s * _sign(r)), _sigmoid(s * _sign(z)))),
    ),
    (
        "the strength plays no part",
        lambda r, z, strength, *weights: set_gates(r, z, 1.0, *weights),
    ),
    (
        "the strength goes from 0 to 1, twice as far as it should",
        _other_biases_of_gates(lambda r, z, s: (2 * s * _sign(r), 2 * s * _sign(z))),
    ),
    (
        "only the reset gate is set; z takes its bias, too",
        _other_biases_of_gates(lambda r, z, s: (s * _sign(r), 0)),
    ),
    (
        "only the update gate is set; r takes its bias, too",
        _other_biases_of_gates(lambda r, z, s: (0, s * _sign(z))),
    ),
    (
        "the strength stands in both biases, together twice; put it into b_xh, 0 into b_hh",
        _changed_setting(_strength_in_both),
    ),
    (
        "the strength stands in b_hh; put it into b_xh, and 0 into b_hh",
        _changed_setting(_strength_in_b_hh),
    ),
    (
        "the strength is added to the old bias; it replaces it",
        _changed_setting(_add_to_the_old_bias),
    ),
    (
        "the gates still see x and h_prev; their rows of W_xh and W_hh become 0",
        _keep_weights("W_xh", "W_hh"),
    ),
    (
        "the gates still see x; their rows of W_xh become 0",
        _keep_weights("W_xh"),
    ),
    (
        "the gates still see h_prev; their rows of W_hh become 0",
        _keep_weights("W_hh"),
    ),
    (
        "b_hh is left as it was; its rows of r and z become 0",
        _keep_weights("b_hh"),
    ),
    (
        "only one bias is changed, and no weights: the gates still see x, h_prev and b_hh",
        _keep_weights("W_xh", "W_hh", "b_hh"),
    ),
    (
        "all rows are blanked; those of n stay as they are",
        _blank_candidate("W_xh", "W_hh", "b_xh", "b_hh"),
    ),
    (
        "the matrices of n are blanked, too; its rows stay as they are",
        _blank_candidate("W_xh", "W_hh"),
    ),
    (
        "the biases of n are blanked, too; they stay as they are",
        _blank_candidate("b_xh", "b_hh"),
    ),
    (
        "b_hn is blanked, too; it stays as it is",
        _blank_candidate("b_hh"),
    ),
    (
        "every third row is set; r, z and n lie one below the other, H rows each",
        _changed_setting(_every_third),
    ),
]


# shares


def shares(z):
    """Send a unit vector for the first state and for each candidate through the steps."""
    T, H = z.shape
    rows = np.zeros((T + 1, H))
    rows[0] = 1.0
    for t in range(T):
        entering = np.zeros((T + 1, 1))
        entering[t + 1] = 1.0
        rows = rows + (1 - z[t]) * (entering - rows)
    return rows


def _later(z):
    """Return the product of the gates after each step, (T, H)."""
    return np.array([z[t + 1 :].prod(axis=0) for t in range(len(z))])


def _rows(first, others):
    return np.vstack([first[None], others])


_SHARES_MISTAKES = [
    (
        "z and 1 - z are swapped; a step keeps z of the state and lets 1 - z of its candidate in",
        lambda z: shares(1 - z),
    ),
    (
        "row 0 is missing: the share of the first state",
        lambda z: shares(z)[1:],
    ),
    (
        "the last row is missing: the last candidate has the share 1 - z of the last step",
        lambda z: shares(z)[:-1],
    ),
    (
        "these are products of z alone; a candidate enters by 1 - z of its own step",
        lambda z: _rows(z.prod(axis=0), _later(z)),
    ),
    (
        "these are the shares when they enter, 1 - z; each later step keeps z of them",
        lambda z: _rows(z.prod(axis=0), 1 - z),
    ),
    (
        "the product holds the step's own z, too; it begins with the step after",
        lambda z: _rows(z.prod(axis=0), (1 - z) * z * _later(z)),
    ),
    (
        "the gates before the step are multiplied; those after it keep what it let in",
        lambda z: _rows(
            z.prod(axis=0),
            (1 - z) * np.array([z[:t].prod(axis=0) for t in range(len(z))]),
        ),
    ),
    (
        "only the next step is looked at; every later step multiplies",
        lambda z: _rows(z[0], (1 - z) * np.vstack([z[1:], np.ones_like(z[:1])])),
    ),
    (
        "1 - z of the later steps is multiplied; they keep z",
        lambda z: _rows((1 - z).prod(axis=0), (1 - z) * _later(1 - z)),
    ),
    (
        "the share of the first state is not 1: every step keeps z of it",
        lambda z: _rows(np.ones(z.shape[1]), shares(z)[1:]),
    ),
    (
        "the share of the first state is not 0: every step keeps z of it",
        lambda z: _rows(np.zeros(z.shape[1]), shares(z)[1:]),
    ),
    (
        "the first state enters by 1 - z of the first step; nothing lets it in, it is there",
        lambda z: _rows((1 - z[0]) * _later(z)[0], shares(z)[1:]),
    ),
    (
        "the rows come out last first; row 0 is the first state, row t + 1 the candidate of step t",
        lambda z: shares(z)[::-1],
    ),
    (
        "the first state comes last; it is row 0",
        lambda z: np.roll(shares(z), -1, axis=0),
    ),
    (
        "the gates are added up; they multiply",
        lambda z: np.vstack([z.sum(axis=0), 1 - z + np.cumsum(z[::-1], axis=0)[::-1] - z]),
    ),
    (
        "the units are taken together; each unit has its own gates",
        lambda z: np.repeat(shares(z.mean(axis=1, keepdims=True)), z.shape[1], axis=1),
    ),
    (
        "the product runs over the units; let it run over the steps, the first axis",
        lambda z: _rows(z.prod(axis=0), (1 - z) * np.cumprod(z, axis=1)),
    ),
    (
        "every step has the same share; the gates decide",
        lambda z: np.ones((len(z) + 1, z.shape[1])) / (len(z) + 1),
    ),
]


# half_life_bias


def half_life_bias(steps, keeps):
    """Search the pre-activation: how much is left after the steps grows or falls with it."""
    low, high = -60.0, 60.0
    for _ in range(200):
        middle = (low + high) / 2
        left = -steps * np.logaddexp(0.0, -middle)  # the logarithm of what a keeping gate leaves
        low, high = (middle, high) if left < np.log(0.5) else (low, middle)
    return float(low) if keeps else float(-low)


def _bias_of(gate, base=np.e):
    """Return an answer that takes another share to be kept at each step."""

    def answer(steps, keeps):
        g = gate(steps)
        bias = np.log(g / (1 - g)) / np.log(base)
        return float(bias if keeps else -bias)

    return answer


def _kept(steps):
    return 0.5 ** (1 / steps)


_HALF_LIFE_MISTAKES = [
    (
        "the convention plays no part; a gate that replaces must be nearly closed",
        lambda steps, keeps: half_life_bias(steps, True),
    ),
    (
        "the two conventions are swapped: keeps says that z = 1 keeps, as in torch",
        lambda steps, keeps: half_life_bias(steps, not keeps),
    ),
    (
        "this is the gate, not its bias: find b with sigmoid(b) equal to it",
        lambda steps, keeps: _kept(steps) if keeps else 1 - _kept(steps),
    ),
    (
        "this is the gate, not its bias: find b with sigmoid(b) equal to it",
        lambda steps, keeps: _kept(steps),
    ),
    (
        "the sigmoid is taken; its inverse is asked for, ln(z / (1 - z))",
        lambda steps, keeps: float(_sigmoid(_kept(steps) if keeps else 1 - _kept(steps))),
    ),
    (
        "a gate is 1 minus the other where it replaces; its bias is the negative, not 1 minus it",
        lambda steps, keeps: half_life_bias(steps, True) if keeps else 1 - half_life_bias(steps, 1),
    ),
    (
        "the number of steps plays no part; a step keeps more than one half",
        _bias_of(lambda steps: 0.5),
    ),
    (
        "one half is taken to the power of steps; the gate is its root, 0.5 ** (1 / steps)",
        _bias_of(lambda steps: 0.5**steps),
    ),
    (
        "one half is divided by the steps; what a step keeps multiplies: 0.5 ** (1 / steps)",
        _bias_of(lambda steps: 0.5 / steps),
    ),
    (
        "the loss is divided by the steps; a step loses a share of what is left: 0.5 ** (1 / "
        "steps)",
        _bias_of(lambda steps: 1 - 0.5 / steps),
    ),
    (
        "after these steps 1/e is left; half-life means one half",
        _bias_of(lambda steps: np.exp(-1 / steps)),
    ),
    (
        "1 / steps is lost at each step, which leaves about 1/e; half-life means one half",
        _bias_of(lambda steps: 1 - 1 / (steps + 1)),
    ),
    (
        "1 / steps is lost at each step, which leaves about 1/e; half-life means one half",
        _bias_of(lambda steps: 1 - 1 / steps),
    ),
    (
        "one step too many: the gate multiplies `steps` times, not steps + 1",
        _bias_of(lambda steps: 0.5 ** (1 / (steps + 1))),
    ),
    (
        "this is ln z; the inverse of the sigmoid is ln(z / (1 - z))",
        lambda steps, keeps: float(np.log(0.5) / steps),
    ),
    (
        "this is ln z; the inverse of the sigmoid is ln(z / (1 - z))",
        lambda steps, keeps: float(np.log(_kept(steps) if keeps else 1 - _kept(steps))),
    ),
    (
        "the inverse of tanh is taken; a gate is a sigmoid, whose inverse is ln(z / (1 - z))",
        lambda steps, keeps: float(np.arctanh(_kept(steps) if keeps else 1 - _kept(steps))),
    ),
    (
        "this is a logarithm to base 10 or 2; take the natural one",
        _bias_of(_kept, base=10),
    ),
    (
        "this is a logarithm to base 10 or 2; take the natural one",
        _bias_of(_kept, base=2),
    ),
    (
        "this is z / (1 - z); take its logarithm",
        lambda steps, keeps: float(np.exp(half_life_bias(steps, keeps))),
    ),
]


# gate_gradients


def gate_gradients(dh, h_prev, r, z, n, q):
    """Nudge one pre-activation at a time and see what the new state does."""
    a_r, a_z = (np.log(gate / (1 - gate)) for gate in (r, z))
    a_n = np.arctanh(n)

    def moved(by_r=0, by_z=0, by_n=0):
        n = np.tanh(a_n + by_n + q * (_sigmoid(a_r + by_r) - r))
        keep = _sigmoid(a_z + by_z)
        return (dh * (keep * h_prev + n - keep * n)).imag / TINY

    return moved(by_r=1j * TINY), moved(by_z=1j * TINY), moved(by_n=1j * TINY)


def _gate_parts(
    dh,
    h_prev,
    r,
    z,
    n,
    q,
    slope=lambda gate: gate * (1 - gate),
    slope_of_n=lambda n: 1 - n**2,
    to_n=lambda m: m.dh * (1 - m.z),
    to_z=lambda m: m.dh * (m.h_prev - m.n),
    to_r=lambda m: m.da_n * m.q,
    order=(0, 1, 2),
    join=tuple,
):
    """Put the three parts together, one of them as someone has it who is mistaken."""
    m = SimpleNamespace(dh=dh, h_prev=h_prev, r=r, z=z, n=n, q=q)
    m.dn = to_n(m)
    m.da_n = m.dn * slope_of_n(n)
    parts = to_r(m) * slope(r), to_z(m) * slope(z), m.da_n
    return join([parts[k] for k in order])


_GATE_GRADIENT_MISTAKES = [
    (
        "z and 1 - z are swapped; here the candidate enters by 1 - z, and z keeps h_prev",
        partial(_gate_parts, to_n=lambda m: m.dh * m.z, to_z=lambda m: m.dh * (m.n - m.h_prev)),
    ),
    (
        "the sign of da_z is wrong: z multiplies h_prev, and takes n away",
        partial(_gate_parts, to_z=lambda m: m.dh * (m.n - m.h_prev)),
    ),
    (
        "the candidate gets dh * z; it enters by 1 - z",
        partial(_gate_parts, to_n=lambda m: m.dh * m.z),
    ),
    (
        "the candidate gets dh whole; it enters by 1 - z",
        partial(_gate_parts, to_n=lambda m: m.dh),
    ),
    (
        "z is taken to multiply h_prev alone; 1 - z multiplies n, so z takes n away: h_prev - n",
        partial(_gate_parts, to_z=lambda m: m.dh * m.h_prev),
    ),
    (
        "z is taken to multiply n alone; it multiplies h_prev, too: h_prev - n",
        partial(_gate_parts, to_z=lambda m: -m.dh * m.n),
    ),
    (
        "the two parts of da_z add up where they are subtracted: h_prev - n",
        partial(_gate_parts, to_z=lambda m: m.dh * (m.h_prev + m.n)),
    ),
    (
        "the slopes are missing: gate * (1 - gate) for r and z, and 1 - n**2",
        partial(_gate_parts, slope=np.ones_like, slope_of_n=np.ones_like),
    ),
    (
        "the slopes of r and z are missing: gate * (1 - gate)",
        partial(_gate_parts, slope=np.ones_like),
    ),
    (
        "the slope of n is missing: 1 - n**2",
        partial(_gate_parts, slope_of_n=np.ones_like),
    ),
    (
        "the slope of n is that of a sigmoid; n is a tanh: 1 - n**2",
        partial(_gate_parts, slope_of_n=lambda n: n * (1 - n)),
    ),
    (
        "the slopes of r and z are those of a tanh; a sigmoid has gate * (1 - gate)",
        partial(_gate_parts, slope=lambda gate: 1 - gate**2),
    ),
    (
        "the slope of a sigmoid is gate * (1 - gate); a factor is missing",
        partial(_gate_parts, slope=lambda gate: 1 - gate),
    ),
    (
        "the slope is taken of the gate as if it were a pre-activation; r is the sigmoid already",
        partial(_gate_parts, slope=lambda gate: _sigmoid(gate) * _sigmoid(-gate)),
    ),
    (
        "the tanh is taken once more; n is the tanh already: 1 - n**2",
        partial(_gate_parts, slope_of_n=lambda n: 1 - np.tanh(n) ** 2),
    ),
    (
        "the reset gate gets dh; it acts inside the tanh, so it gets da_n",
        partial(_gate_parts, to_r=lambda m: m.dh * m.q),
    ),
    (
        "on the way to r the slope of n is missing; r acts inside the tanh: da_n",
        partial(_gate_parts, to_r=lambda m: m.dn * m.q),
    ),
    (
        "the reset gate meets h_prev; it multiplies q, what comes from the state through W_hn",
        partial(_gate_parts, to_r=lambda m: m.da_n * m.h_prev),
    ),
    (
        "the reset gate meets n; it multiplies q",
        partial(_gate_parts, to_r=lambda m: m.da_n * m.n),
    ),
    (
        "the reset gate meets itself; it multiplies q, so its gradient has q in it",
        partial(_gate_parts, to_r=lambda m: m.da_n * m.r),
    ),
    (
        "q is missing: da_n meets what r multiplies",
        partial(_gate_parts, to_r=lambda m: m.da_n),
    ),
    (
        "the reset gate gets da_z; it acts on the candidate: da_n",
        partial(_gate_parts, to_r=lambda m: m.dh * (m.h_prev - m.n) * m.z * (1 - m.z) * m.q),
    ),
    (
        "da_n is multiplied by r; r multiplies q, not the whole candidate",
        partial(
            _gate_parts, to_n=lambda m: m.dh * (1 - m.z) * m.r, to_r=lambda m: m.da_n / m.r * m.q
        ),
    ),
    (
        "da_r and da_z are swapped; return da_r, da_z, da_n",
        partial(_gate_parts, order=(1, 0, 2)),
    ),
    (
        "the gradients come in the order n, z, r; return da_r, da_z, da_n",
        partial(_gate_parts, order=(2, 1, 0)),
    ),
    (
        "the gradients come in the order z, n, r; return da_r, da_z, da_n",
        partial(_gate_parts, order=(1, 2, 0)),
    ),
    (
        "the three parts are put end to end; return a tuple of three arrays (H,)",
        partial(_gate_parts, join=np.concatenate),
    ),
    (
        "the sign is wrong",
        lambda *given: tuple(-part for part in gate_gradients(*given)),
    ),
]


# state_gradient


def state_gradient(dh, r, z, da_r, da_z, da_n, W_hh):
    """Nudge each unit of the old state, and see what the next step makes of it."""
    H = len(dh)
    nudged = 1j * TINY * np.eye(H)  # one row a unit
    to_r, to_z, q = np.einsum("kij,uj->kui", W_hh.reshape(3, H, H), nudged)
    seen = nudged @ (dh * z) + to_r @ da_r + to_z @ da_z + (q * r) @ da_n
    return seen.imag / TINY


def _paths(
    dh,
    r,
    z,
    da_r,
    da_z,
    da_n,
    W_hh,
    direct=lambda m: m.dh * m.z,
    by_r=lambda m: m.W_r.T @ m.da_r,
    by_z=lambda m: m.W_z.T @ m.da_z,
    by_n=lambda m: m.W_n.T @ (m.da_n * m.r),
    blocks=lambda W_hh, H: W_hh.reshape(3, H, H),
):
    """Add up the four ways back, one of them as someone has it who is mistaken."""
    m = SimpleNamespace(dh=dh, r=r, z=z, da_r=da_r, da_z=da_z, da_n=da_n)
    m.W_r, m.W_z, m.W_n = blocks(W_hh, len(dh))
    return direct(m) + by_r(m) + by_z(m) + by_n(m)


def _nothing(m):
    return 0 * m.dh


_STATE_GRADIENT_MISTAKES = [
    (
        "the direct way through z is forgotten: dh * z is missing, the very way that lasts",
        partial(_paths, direct=_nothing),
    ),
    (
        "the direct way is dh whole; z of the old state is kept: dh * z",
        partial(_paths, direct=lambda m: m.dh),
    ),
    (
        "z and 1 - z are swapped; z of the old state is kept, so dh * z comes back",
        partial(_paths, direct=lambda m: m.dh * (1 - m.z)),
    ),
    (
        "only the direct way is there; the gates and the candidate saw the state, too",
        partial(_paths, by_r=_nothing, by_z=_nothing, by_n=_nothing),
    ),
    (
        "r is missing on the way through the candidate: da_n * r goes through W_hn",
        partial(_paths, by_n=lambda m: m.W_n.T @ m.da_n),
    ),
    (
        "r comes after the matrix, as where the reset acts before the product; here it was "
        "r * (W_hn @ h_prev), so da_n meets r first",
        partial(_paths, by_n=lambda m: m.r * (m.W_n.T @ m.da_n)),
    ),
    (
        "r is on the way twice, before and after the matrix; da_n meets it once",
        partial(_paths, by_n=lambda m: m.r * (m.W_n.T @ (m.da_n * m.r))),
    ),
    (
        "the way through the reset gate is forgotten: W_hr.T @ da_r",
        partial(_paths, by_r=_nothing),
    ),
    (
        "the way through the update gate is forgotten: W_hz.T @ da_z",
        partial(_paths, by_z=_nothing),
    ),
    (
        "the ways through both gates are forgotten; they saw the state, too",
        partial(_paths, by_r=_nothing, by_z=_nothing),
    ),
    (
        "the way through the candidate is forgotten: W_hn.T @ (da_n * r)",
        partial(_paths, by_n=_nothing),
    ),
    (
        "the matrices are not transposed; backwards it is W.T",
        partial(_paths, blocks=lambda W_hh, H: W_hh.reshape(3, H, H).swapaxes(1, 2)),
    ),
    (
        "the rows of W_hh are read in the order z, r, n; they lie as r, z, n",
        partial(_paths, blocks=lambda W_hh, H: W_hh.reshape(3, H, H)[[1, 0, 2]]),
    ),
    (
        "every third row of W_hh is taken; r, z and n have H rows each, one below the other",
        partial(_paths, blocks=lambda W_hh, H: W_hh.reshape(H, 3, H).swapaxes(0, 1)),
    ),
    (
        "r multiplies da_r, too; it stands on the way through the candidate alone",
        partial(_paths, by_r=lambda m: m.W_r.T @ (m.da_r * m.r)),
    ),
    (
        "r multiplies all three; it stands on the way through the candidate alone",
        partial(
            _paths,
            by_r=lambda m: m.W_r.T @ (m.da_r * m.r),
            by_z=lambda m: m.W_z.T @ (m.da_z * m.r),
        ),
    ),
    (
        "1 - z is there once more; it is in da_n already",
        partial(_paths, by_n=lambda m: m.W_n.T @ (m.da_n * m.r * (1 - m.z))),
    ),
    (
        "1 - r is on the way through the candidate; r let the state through",
        partial(_paths, by_n=lambda m: m.W_n.T @ (m.da_n * (1 - m.r))),
    ),
    (
        "z multiplies all ways; it stands on the direct one alone",
        partial(
            _paths,
            by_r=lambda m: m.z * (m.W_r.T @ m.da_r),
            by_z=lambda m: m.z * (m.W_z.T @ m.da_z),
            by_n=lambda m: m.z * (m.W_n.T @ (m.da_n * m.r)),
        ),
    ),
    (
        "the slope z * (1 - z) stands on the direct way; there it is z itself",
        partial(_paths, direct=lambda m: m.dh * m.z * (1 - m.z)),
    ),
    (
        "the direct way goes through r; z keeps the state",
        partial(_paths, direct=lambda m: m.dh * m.r),
    ),
    (
        "the direct way is subtracted; all ways add up",
        partial(_paths, direct=lambda m: -m.dh * m.z),
    ),
]


# gru_step_before


def gru_step_before(x, h_prev, W_xh, W_hh, b_h):
    """Take the gates from one pass, and the candidate from a second that reads the reset state."""
    zeros = np.zeros_like(b_h)
    r, z = gru_gates(x, h_prev, W_xh, W_hh, zeros, b_h)
    from_x, from_h = _nets(x, r * h_prev, W_xh, W_hh, zeros, b_h)
    return h_prev + (1 - z) * (np.tanh(from_x[2] + from_h[2]) - h_prev)


def _reset_before(m):
    return np.tanh(m.a + m.W_hn @ (m.r * m.h_prev))


def _step_before(x, h_prev, W_xh, W_hh, b_h, candidate=_reset_before, **changed):
    return _step(x, h_prev, W_xh, W_hh, b_h, 0 * b_h, candidate=candidate, **changed)


def _reset_for_all(x, h_prev, W_xh, W_hh, b_h):
    """Let the gates see the reset state as well, in a second pass, and keep r of it."""
    r, _ = gru_gates(x, h_prev, W_xh, W_hh, b_h, 0 * b_h)
    reset = r * h_prev
    _, z = gru_gates(x, reset, W_xh, W_hh, b_h, 0 * b_h)
    n = np.tanh((W_xh @ x + W_hh @ reset + b_h)[2 * len(h_prev) :])
    return (1 - z) * n + z * h_prev


def _one_bias(change):
    return lambda x, h_prev, W_xh, W_hh, b_h: gru_step_before(x, h_prev, W_xh, W_hh, change(b_h))


_BEFORE_CHANGES = [
    (
        _AFTER + "W_hn @ (r * h_prev)",
        {"candidate": _candidate},
    ),
    (
        _AFTER + "W_hn @ (r * h_prev)",
        {"candidate": lambda m: np.tanh(m.a - m.b_xn + m.r * (m.q + m.b_xn))},
    ),
    (
        "the reset gate multiplies the bias, too; it multiplies h_prev alone",
        {"candidate": lambda m: np.tanh(m.a - m.b_xn + m.W_hn @ (m.r * m.h_prev) + m.r * m.b_xn)},
    ),
    (
        "the reset gate acts twice, before and after the matrix product; before is enough",
        {"candidate": lambda m: np.tanh(m.a + m.r * (m.W_hn @ (m.r * m.h_prev)))},
    ),
    (
        "1 - r resets; r = 1 lets the state through, r = 0 resets",
        {"candidate": lambda m: np.tanh(m.a + m.W_hn @ ((1 - m.r) * m.h_prev))},
    ),
    (
        "the update gate stands in the candidate; it is the reset gate's place",
        {"candidate": lambda m: np.tanh(m.a + m.W_hn @ (m.z * m.h_prev))},
    ),
    (
        "the candidate goes through the sigmoid; it may be negative: tanh",
        {"candidate": lambda m: _sigmoid(m.a + m.W_hn @ (m.r * m.h_prev))},
    ),
    (
        "tanh is missing on the candidate",
        {"candidate": lambda m: m.a + m.W_hn @ (m.r * m.h_prev)},
    ),
    (
        "the candidate does not see the input: W_xn @ x is missing",
        {"candidate": lambda m: np.tanh(m.b_xn + m.W_hn @ (m.r * m.h_prev))},
    ),
    (
        "W_hn is transposed; it stands before r * h_prev: W @ (r * h_prev)",
        {"candidate": lambda m: np.tanh(m.a + m.W_hn.T @ (m.r * m.h_prev))},
    ),
    (
        "the bias of the candidate is missing",
        {"candidate": lambda m: np.tanh(m.a - m.b_xn + m.W_hn @ (m.r * m.h_prev))},
    ),
]


def _reset_before_turned(x, h_prev, W_xh, W_hh, b_h):
    turned = np.concatenate([W.T for W in np.split(W_hh, 3)])
    return gru_step_before(x, h_prev, W_xh, turned, b_h)


_BEFORE_MISTAKES = [
    *(
        (sentence, partial(_step_before, **changed))
        for sentence, changed in _MIX_CHANGES + _BEFORE_CHANGES + _CANDIDATE_CHANGES
    ),
    *(
        (sentence, partial(_step_before, **changed))
        for sentence, changed in _GATE_CHANGES
        if "nets" not in changed
    ),
    (
        "the update gate sees the reset state; r acts on the candidate alone",
        _reset_for_all,
    ),
    (
        "the biases are shared: r, z and n get the first H; each has its own",
        _one_bias(lambda b_h: np.tile(b_h[: len(b_h) // 3], 3)),
    ),
    ("the bias b_h is forgotten", _one_bias(lambda b_h: 0 * b_h)),
    (
        "the bias b_h is added twice; here it is one, as in the lectures",
        _one_bias(lambda b_h: 2 * b_h),
    ),
    (
        "W_hh is transposed block by block; each block (H, H) stands before h_prev: W @ h_prev",
        _reset_before_turned,
    ),
]


# from_cs224n


def from_cs224n(U_u, W_u, b_u, U_r, W_r, b_r, U_h, W_h, b_h):
    """Stack along a new axis, and give each gate a sign: 1 - sigmoid(a) is sigmoid(-a)."""

    def stacked(of_r, of_u, of_h):
        blocks = np.array([of_r, of_u, of_h])
        signs = np.array([1.0, -1.0, 1.0]).reshape(3, *[1] * of_r.ndim)
        return (signs * blocks).reshape(-1, *of_r.shape[1:])

    return stacked(U_r, U_u, U_h), stacked(W_r, W_u, W_h), stacked(b_r, b_u, b_h)


def _other_stack(
    order=("r", "u", "h"),
    signs=(-1, -1, -1),
    minus="u",
    turn=_same,
    join=np.concatenate,
    finish=lambda W_xh, W_hh, b_h: (W_xh, W_hh, b_h),
):
    """Return an answer with ``signs`` for U, W and b of the gates in ``minus``."""

    def answer(U_u, W_u, b_u, U_r, W_r, b_r, U_h, W_h, b_h):
        given = {"u": (U_u, W_u, b_u), "r": (U_r, W_r, b_r), "h": (U_h, W_h, b_h)}
        arrays = []
        for k, sign in enumerate(signs):
            blocks = [turn(given[g][k]) * (sign if g in minus else 1) for g in order]
            arrays.append(join(blocks))
        return finish(*arrays)

    return answer


_ANOTHER_ORDER = "the slide's order u, r, h is kept; here the rows lie as r, z, n"

_STACK_MISTAKES = [
    (
        "the update gate keeps its sign: u replaces the state, z keeps it, so z = 1 - u",
        _other_stack(minus=""),
    ),
    (
        "the slide's order u, r, h is kept, and the sign of u: here the rows lie as r, z, n, and "
        "z = 1 - u",
        _other_stack(order=("u", "r", "h"), minus=""),
    ),
    (_ANOTHER_ORDER, _other_stack(order=("u", "r", "h"))),
    (
        "the order is r, h, u; here the rows lie as r, z, n",
        _other_stack(order=("r", "h", "u")),
    ),
    (
        "the bias of u keeps its sign; 1 - sigmoid(a) = sigmoid(-a), and the bias is part of a",
        _other_stack(signs=(-1, -1, 1)),
    ),
    (
        "the matrices of u keep their signs; all of a changes its sign: U_u, W_u and b_u",
        _other_stack(signs=(1, 1, -1)),
    ),
    (
        "W_u keeps its sign; all of a changes its sign: U_u, W_u and b_u",
        _other_stack(signs=(-1, 1, -1)),
    ),
    (
        "U_u keeps its sign; all of a changes its sign: U_u, W_u and b_u",
        _other_stack(signs=(1, -1, -1)),
    ),
    (
        "only W_u changes its sign; all of a does: U_u, W_u and b_u",
        _other_stack(signs=(1, -1, 1)),
    ),
    (
        "only U_u changes its sign; all of a does: U_u, W_u and b_u",
        _other_stack(signs=(-1, 1, 1)),
    ),
    (
        "the reset gate changes its sign; r means the same on both sides, only u is turned",
        _other_stack(minus="r"),
    ),
    (
        "both gates change their signs; r means the same on both sides",
        _other_stack(minus="ru"),
    ),
    (
        "everything changes its sign; only the update gate is turned",
        _other_stack(minus="ruh"),
    ),
    (
        "1 minus the weights is taken; 1 - sigmoid(a) is sigmoid(-a), so they change their signs",
        lambda U_u, W_u, b_u, *rest: from_cs224n(U_u - 1, W_u - 1, b_u - 1, *rest),
    ),
    (
        "U and W are swapped: CS224N's U belongs to x, its W to h",
        _other_stack(finish=lambda W_xh, W_hh, b_h: (W_hh, W_xh, b_h)),
    ),
    (
        "the matrices are transposed; CS224N's vectors are columns, as here",
        _other_stack(turn=np.transpose),
    ),
    (
        "the square matrices are transposed; CS224N's vectors are columns, as here",
        _other_stack(turn=lambda W: W.T if W.ndim == 2 and len(W) == W.shape[1] else W),
    ),
    (
        "the blocks lie side by side; put them one below the other: np.concatenate",
        _other_stack(join=np.hstack),
    ),
    (
        "the biases are rows of a table; put them end to end, (3H,): np.concatenate",
        _other_stack(join=np.vstack),
    ),
    (
        "the rows alternate; r, z and n lie one below the other, H rows each",
        _other_stack(
            join=lambda blocks: np.stack(blocks, axis=1).reshape(-1, *blocks[0].shape[1:])
        ),
    ),
    (
        "the biases are missing; return W_xh, W_hh and b_h",
        _other_stack(finish=lambda W_xh, W_hh, b_h: (W_xh, W_hh)),
    ),
    (
        "the bias is that of the new content alone; it is stacked as the matrices are",
        lambda *given: (*from_cs224n(*given)[:2], given[-1]),
    ),
]


# largest_hidden_size

_BLOCKS = {"srn": 1, "gru": 3, "lstm": 4}


def largest_hidden_size(cell, input_size, budget):
    """Count entries of arrays, as torch lays them out, until they no longer fit."""
    blocks, H = _BLOCKS[cell], 0
    while True:
        rows = blocks * (H + 1)
        shapes = (rows, input_size), (rows, H + 1), (rows,), (rows,)
        if sum(int(np.prod(shape)) for shape in shapes) > budget:
            return H
        H += 1


def _search(count, fits=lambda n, budget: n <= budget):
    """Return an answer that counts ``count(blocks, D, H)`` numbers."""

    def answer(cell, input_size, budget):
        H = 0
        while fits(count(_BLOCKS[cell], input_size, H + 1), budget):
            H += 1
        return H

    return answer


def _exact(D, blocks, budget):
    """Solve blocks * H * (D + H + 2) = budget."""
    half = (D + 2) / 2
    return np.sqrt(half**2 + budget / blocks) - half


def _other_blocks(**blocks):
    def answer(cell, input_size, budget):
        other = blocks.get(cell, _BLOCKS[cell])
        return _search(lambda k, D, H: other * H * (D + H + 2))(cell, input_size, budget)

    return answer


_SIZE_MISTAKES = [
    (
        "only the gates are counted; the candidate has weights, too: 3 blocks in a GRU, 4 in an "
        "LSTM",
        _other_blocks(gru=2, lstm=3),
    ),
    (
        "the GRU has 3 blocks, not 2; its candidate has weights, too",
        _other_blocks(gru=2),
    ),
    (
        "the LSTM has 4 blocks, not 3; its new content has weights, too",
        _other_blocks(lstm=3),
    ),
    (
        "GRU and LSTM are swapped: the LSTM is the larger one",
        _other_blocks(gru=4, lstm=3),
    ),
    (
        "the GRU is counted as an LSTM; it has 3 blocks",
        _other_blocks(gru=4),
    ),
    (
        "the cell plays no part: all are counted as simple networks",
        _other_blocks(gru=1, lstm=1),
    ),
    (
        "all are counted as GRUs",
        _other_blocks(srn=3, lstm=3),
    ),
    (
        "a GRU with the reset after the product has two biases; torch gives every cell two",
        _search(lambda k, D, H: k * H * (D + H + 1) + (H if k == 3 else 0)),
    ),
    (
        "one bias is counted; torch has two, so a unit of a block sees D + H + 2 numbers",
        _search(lambda k, D, H: k * H * (D + H + 1)),
    ),
    (
        "the biases are forgotten: a unit of a block sees D + H + 2 numbers",
        _search(lambda k, D, H: k * H * (D + H)),
    ),
    (
        "the biases are shared by the blocks; each has its own",
        _search(lambda k, D, H: k * H * (D + H) + 2 * H),
    ),
    (
        "the weights from the input are forgotten",
        _search(lambda k, D, H: k * H * (H + 2)),
    ),
    (
        "the weights from the state are forgotten",
        _search(lambda k, D, H: k * H * (D + 2)),
    ),
    (
        "sizes are multiplied where they add up: a unit sees D + H numbers, not D * H",
        _search(lambda k, D, H: k * H * (D * H + 2)),
    ),
    (
        "the size is one too large: it is the first that does not fit",
        lambda cell, D, budget: largest_hidden_size(cell, D, budget) + 1,
    ),
    (
        "the size is one too small: one unit more still fits",
        lambda cell, D, budget: largest_hidden_size(cell, D, budget) - 1,
    ),
    (
        "a size that needs exactly the budget fits, too: at most",
        _search(lambda k, D, H: k * H * (D + H + 2), fits=lambda n, budget: n < budget),
    ),
    (
        "the size is not a whole number; round down",
        lambda cell, D, budget: float(_exact(D, _BLOCKS[cell], budget)),
    ),
    (
        "the size is rounded to the nearest; a larger one does not fit, round down",
        lambda cell, D, budget: round(float(_exact(D, _BLOCKS[cell], budget))),
    ),
    (
        "the size is rounded up; then it does not fit",
        lambda cell, D, budget: int(np.ceil(_exact(D, _BLOCKS[cell], budget) - 1e-9)),
    ),
    (
        "this is how many numbers there are; the size that has so many is asked for",
        lambda cell, D, budget: (lambda H: _BLOCKS[cell] * H * (D + H + 2))(
            largest_hidden_size(cell, D, budget)
        ),
    ),
]


# gru_bptt


def gru_bptt(xs, dhs, h0, W_xh, W_hh, b_xh, b_hh):
    """Differentiate the sum of dhs[t] * h_t with respect to every weight by a complex step."""
    network = W_xh, W_hh, b_xh, b_hh
    ends = np.cumsum([W.size for W in network])
    nudges = 1j * TINY * np.eye(ends[-1])  # one row for each network, nudged in one weight
    parts = np.split(nudges, ends[:-1], axis=1)
    nudged = [W + part.reshape(-1, *W.shape) for W, part in zip(network, parts, strict=True)]
    h, slopes = h0, 0
    for x, dh in zip(xs, dhs, strict=True):
        h = gru_step(x, h, *nudged)
        slopes = slopes + (h @ dh).imag / TINY
    gradients = np.split(slopes, ends[:-1])
    return tuple(g.reshape(W.shape) for g, W in zip(gradients, network, strict=True))


def _back(
    xs, dhs, h0, *weights, gates=gate_gradients, state=state_gradient, carried=None, step=None
):
    """Return the gradients at r, z, n of all steps, (T, H) each, the gates r and all states."""
    hs, steps = [h0], []
    for x in xs:
        steps.append(_moments(x, hs[-1], *weights))
        hs.append(step(x, hs[-1], *weights) if step else steps[-1].h)
    later, found = 0 * h0, []
    for m, own in zip(steps[::-1], dhs[::-1], strict=True):
        dh = own + later
        da = gates(dh, m.h_prev, m.r, m.z, m.n, m.q)
        found.append(da)
        later = state(dh, m.r, m.z, *da, weights[1])
        later = carried(later, da, m) if carried else later
    da_r, da_z, da_n = np.array(found[::-1]).swapaxes(0, 1)
    return da_r, da_z, da_n, np.array([m.r for m in steps]), np.array(hs)


def _by_sides(da_r, da_z, da_n, r):
    """Return the gradients at what comes from x and at what comes from h_prev, (T, 3H) each."""
    return np.hstack([da_r, da_z, da_n]), np.hstack([da_r, da_z, r * da_n])


def _assembled(*given, before=lambda hs: hs[:-1], sides=_by_sides, **changed):
    """Put the parts together, one of them as someone has it who is mistaken."""
    *das, r, hs = _back(*given, **changed)
    of_x, of_h = sides(*das, r)
    return of_x.T @ given[0], of_h.T @ before(hs), of_x.sum(axis=0), of_h.sum(axis=0)


def _changed_gradients(change):
    return lambda *given: change(*_assembled(*given))


def _one_appearance(*given, row=-1):
    *das, r, hs = _back(*given)
    of_x, of_h = (side[row] for side in _by_sides(*das, r))
    return np.outer(of_x, given[0][row]), np.outer(of_h, hs[:-1][row]), of_x, of_h


def _last_error_only(xs, dhs, *rest):
    return _assembled(xs, dhs * (np.arange(len(dhs)) == len(dhs) - 1)[:, None], *rest)


def _not_carried_forward(xs, dhs, h0, *weights):
    alone = [_assembled(xs[t : t + 1], dhs[t : t + 1], h0, *weights) for t in range(len(xs))]
    return tuple(sum(parts) for parts in zip(*alone, strict=True))


_ONE_SIDE = (
    "r is missing in the gradients of W_hh and b_hh: what comes from the state reaches the "
    "candidate through r, so their part of n is r * da_n"
)

_BPTT_MISTAKES = [
    (
        _ONE_SIDE,
        partial(_assembled, sides=lambda da_r, da_z, da_n, r: [np.hstack([da_r, da_z, da_n])] * 2),
    ),
    (
        "the gradients of W_xh and b_xh have r in their part of n; x comes in without r",
        partial(
            _assembled, sides=lambda da_r, da_z, da_n, r: [np.hstack([da_r, da_z, r * da_n])] * 2
        ),
    ),
    (
        "the two sides are swapped: r * da_n belongs to W_hh and b_hh, da_n to W_xh and b_xh",
        partial(_assembled, sides=lambda *das: _by_sides(*das)[::-1]),
    ),
    (
        "the two biases get the same gradient; in b_hh the part of n is r * da_n",
        _changed_gradients(lambda dW_xh, dW_hh, db_xh, db_hh: (dW_xh, dW_hh, db_xh, db_xh)),
    ),
    (
        "the two biases get the same gradient; in b_xh the part of n is da_n, without r",
        _changed_gradients(lambda dW_xh, dW_hh, db_xh, db_hh: (dW_xh, dW_hh, db_hh, db_hh)),
    ),
    (
        "no error goes back in time: the next step's part of dh is missing",
        partial(_assembled, carried=lambda later, da, m: 0 * later),
    ),
    (
        "only the last step's dhs goes back; each step adds its own",
        _last_error_only,
    ),
    (
        "all gradients are zero: the step's own dhs[t] does not come in",
        lambda xs, dhs, *rest: _assembled(xs, 0 * dhs, *rest),
    ),
    (
        "these are the gradients of the last step; the weights appear at every step, add up",
        _one_appearance,
    ),
    (
        "these are the gradients of the first step; the weights appear at every step, add up",
        partial(_one_appearance, row=0),
    ),
    (
        "in the gradient of W_hh step t meets h_t; W_hh was multiplied by h_(t-1)",
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
        "h0 is ignored; the state before the first step is h0, not zeros",
        lambda xs, dhs, h0, *weights: _assembled(xs, dhs, 0 * h0, *weights),
    ),
    (
        "the state is not carried: every step begins with h0",
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
        "the gradients are in another order; return those of W_xh, W_hh, b_xh, b_hh",
        _changed_gradients(lambda dW_xh, dW_hh, db_xh, db_hh: (dW_hh, dW_xh, db_xh, db_hh)),
    ),
    (
        "the gradients are in another order; return those of W_xh, W_hh, b_xh, b_hh",
        _changed_gradients(lambda dW_xh, dW_hh, db_xh, db_hh: (dW_xh, dW_hh, db_hh, db_xh)),
    ),
    (
        "the gradients are in another order; return those of W_xh, W_hh, b_xh, b_hh",
        _changed_gradients(lambda dW_xh, dW_hh, db_xh, db_hh: (dW_xh, db_xh, dW_hh, db_hh)),
    ),
    (
        "the gradients are transposed; each has the shape of its weights",
        _changed_gradients(lambda dW_xh, dW_hh, *db: (dW_xh.T, dW_hh.T, *db)),
    ),
    (
        "the gradients of the biases are missing; return four arrays",
        _changed_gradients(lambda dW_xh, dW_hh, db_xh, db_hh: (dW_xh, dW_hh)),
    ),
    (
        "one gradient of the biases is missing; return four arrays",
        _changed_gradients(lambda dW_xh, dW_hh, db_xh, db_hh: (dW_xh, dW_hh, db_xh)),
    ),
    (
        "all signs are wrong; these are gradients, the update goes against them",
        _changed_gradients(lambda *gradients: tuple(-gradient for gradient in gradients)),
    ),
    *(
        (
            "the states are wrong already; check gru_step and gru_states first",
            partial(_assembled, step=partial(_step, **changed)),
        )
        for _, changed in (_MIX_CHANGES[0], *_AFTER_CHANGES[:3], _CANDIDATE_CHANGES[0])
    ),
    *((sentence, partial(_assembled, state=state)) for sentence, state in _STATE_GRADIENT_MISTAKES),
    *(
        (sentence, partial(_assembled, gates=gates))
        for sentence, gates in _GATE_GRADIENT_MISTAKES
        if "end to end" not in sentence
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
    biases = _normal(rng, 3 * H), _normal(rng, 3 * H)
    return _normal(rng, 3 * H, D), _normal(rng, 3 * H, H), *biases


def _random_step(rng):
    D, H = _sizes(rng, 2)
    return _normal(rng, D), _normal(rng, H), *_weights(rng, D, H)


def _random_states(rng):
    D, H, T = _sizes(rng, 3)
    return _normal(rng, T, D), _normal(rng, H), *_weights(rng, D, H)


def _random_setting(rng):
    D, H = _sizes(rng, 2)
    strength = float(rng.choice([1.5, 3.0, 4.5, 8.0, 20.0]))
    return int(rng.integers(2)), int(rng.integers(2)), strength, *_weights(rng, D, H)


def _random_shares(rng):
    T, H = _sizes(rng, 2, most=7)
    return (_share(rng, T, H),)


def _random_half_life(rng):
    return int(rng.integers(2, 1000)), bool(rng.random() < 0.5)


def _random_gate_gradients(rng):
    (H,) = _sizes(rng, 1)
    dh, h_prev, q = _normal(rng, 3, H, scale=1.2)
    r, z, n = _share(rng, 3, H)
    return dh, h_prev, r, z, n * rng.choice([-1.0, 1.0], size=H), q


def _random_state_gradient(rng):
    (H,) = _sizes(rng, 1)
    dh, da_r, da_z, da_n = _normal(rng, 4, H, scale=1.2)
    r, z = _share(rng, 2, H)
    return dh, r, z, da_r, da_z, da_n, _normal(rng, 3 * H, H)


def _random_before(rng):
    *given, b_xh, _ = _random_step(rng)
    return *given, b_xh


def _random_cs224n(rng):
    D, H = _sizes(rng, 2)
    return tuple(_normal(rng, *shape) for shape in [(H, D), (H, H), (H,)] * 3)


def _random_size(rng):
    """Return budgets that fit exactly, are one short, or lie anywhere."""
    cell = str(rng.choice(["srn", "gru", "lstm"]))
    D, H = (int(n) for n in rng.integers(2, 60, size=2))
    exactly = _BLOCKS[cell] * H * (D + H + 2)
    spare = rng.choice([0, 0, -1, 1, int(rng.integers(5, 200))])
    return cell, D, int(exactly + spare)


def _random_bptt(rng):
    D, H, T = _sizes(rng, 3)
    return _normal(rng, T, D), _normal(rng, T, H), _normal(rng, H), *_weights(rng, D, H)


# One input, one unit; two inputs, one unit; one input, two units.
_ONE = np.array([1.0])
_W1 = np.array([[1.0], [-0.5], [2.0]])
_V1 = np.array([[0.5], [1.0], [-1.0]])
_B1, _C1 = np.array([0.5, 1.0, -1.0]), np.array([-0.5, 0.5, 2.0])
_W2 = np.array([[1.0, -1.0], [0.5, 0.0], [2.0, 0.5]])
_W12 = np.array([[1.0], [0.5], [-0.5], [0.0], [1.0], [-1.0]])
_V2 = np.array([[0.5, -1.0], [1.0, 0.0], [-0.5, 0.5], [0.0, 1.0], [1.0, -1.0], [0.5, 2.0]])
_B2, _C2 = np.array([0.0, 0.5, 1.0, -0.5, 0.5, -1.0]), np.array([0.5, 0.0, -1.0, 0.5, 1.0, -0.5])
_X2 = np.array([[1.0], [0.0], [-1.0]])
_H0 = np.array([0.5, -0.5])
_Z = np.array([[0.5, 1.0], [0.5, 0.9], [0.8, 0.0]])
_DHS = np.array([[1.0, 0.0], [0.0, -0.5], [0.5, 1.0]])
_STEPS = (
    # Zero weights: both gates are 1/2, n is 0, and half of the state is left.
    (_ONE, 1 * _ONE, np.zeros((3, 1)), np.zeros((3, 1)), np.zeros(3), np.zeros(3)),
    # The candidate's second bias alone: n = tanh(1/2 * 2).
    (0 * _ONE, 0 * _ONE, np.zeros((3, 1)), np.zeros((3, 1)), np.zeros(3), np.array([0.0, 0, 2])),
    (_ONE, 0.5 * _ONE, _W1, _V1, _B1, _C1),
    (np.array([1.0, -0.5]), 0.5 * _ONE, _W2, _V1, _B1, _C1),
    (_ONE, _H0, _W12, _V2, _B2, _C2),
)

QUESTIONS = {
    question.name: question
    for question in [
        Question(
            points=2,
            expected=gru_gates,
            examples=_STEPS,
            random_inputs=_random_step,
            mistakes=_GATE_MISTAKES,
            returns=("r", "z"),
        ),
        Question(
            points=2,
            expected=gru_step,
            examples=_STEPS,
            random_inputs=_random_step,
            mistakes=_STEP_MISTAKES,
        ),
        Question(
            points=1,
            expected=gru_states,
            examples=tuple((_X2[:T], _H0, _W12, _V2, _B2, _C2) for T in (1, 2, 3)),
            random_inputs=_random_states,
            mistakes=_STATES_MISTAKES,
        ),
        Question(
            points=2,
            expected=set_gates,
            examples=(
                *((r, z, 10.0, _W1, _V1, _B1, _C1) for r in (0, 1) for z in (0, 1)),
                (1, 0, 5.0, _W12, _V2, _B2, _C2),
            ),
            random_inputs=_random_setting,
            mistakes=_SETTING_MISTAKES,
            returns=("W_xh", "W_hh", "b_xh", "b_hh"),
        ),
        Question(
            points=2,
            expected=shares,
            # Unit 0: 0.5 * 0.5 of h0, 0.5 * 0.5 of the first candidate, 0.5 of the second.
            examples=tuple((_Z[:T],) for T in (1, 2, 3)),
            random_inputs=_random_shares,
            mistakes=_SHARES_MISTAKES,
        ),
        Question(
            points=2,
            expected=half_life_bias,
            # A gate of 1/2 halves the state in one step: sigmoid(0) = 1/2.
            examples=((1, True), (2, True), (2, False), (10, True), (100, False)),
            random_inputs=_random_half_life,
            mistakes=_HALF_LIFE_MISTAKES,
        ),
        Question(
            points=3,
            expected=gate_gradients,
            # Gates of 1/2 have slope 1/4, n = 0 has slope 1.
            examples=(
                (_ONE, 2 * _ONE, 0.5 * _ONE, 0.5 * _ONE, 0 * _ONE, 1 * _ONE),
                (2 * _ONE, -_ONE, 0.25 * _ONE, 0.75 * _ONE, 0.5 * _ONE, 3 * _ONE),
                (
                    *(_DHS[2], _H0, np.array([0.1, 0.6]), np.array([0.9, 0.5])),
                    *(np.array([-0.5, 0.8]), np.array([2.0, -1.0])),
                ),
            ),
            random_inputs=_random_gate_gradients,
            mistakes=_GATE_GRADIENT_MISTAKES,
            returns=("da_r", "da_z", "da_n"),
        ),
        Question(
            points=2,
            expected=state_gradient,
            examples=(
                (2 * _ONE, 0.5 * _ONE, 0.5 * _ONE, 0 * _ONE, _ONE, 4 * _ONE, _V1),
                (_ONE, 0.25 * _ONE, 0.75 * _ONE, 2 * _ONE, -_ONE, 0.5 * _ONE, _W1),
                (
                    *(_DHS[2], np.array([0.1, 0.6]), np.array([0.9, 0.5])),
                    *(np.array([1.0, -2.0]), np.array([0.5, 1.0]), np.array([-1.0, 2.0]), _V2),
                ),
            ),
            random_inputs=_random_state_gradient,
            mistakes=_STATE_GRADIENT_MISTAKES,
        ),
        Question(
            points=2,
            expected=gru_step_before,
            examples=tuple(given[:-1] for given in _STEPS),
            random_inputs=_random_before,
            mistakes=_BEFORE_MISTAKES,
        ),
        Question(
            points=2,
            expected=from_cs224n,
            examples=(
                tuple(
                    np.full(shape, float(k))
                    for k, shape in enumerate([(1, 1), (1, 1), (1,)] * 3, start=1)
                ),
                (
                    *(np.array([[1.0, 2.0]]), np.array([[3.0]]), np.array([4.0])),
                    *(np.array([[0.5, -1.0]]), np.array([[-2.0]]), np.array([1.5])),
                    *(np.array([[-0.5, 0.0]]), np.array([[5.0]]), np.array([-3.0])),
                ),
            ),
            random_inputs=_random_cs224n,
            mistakes=_STACK_MISTAKES,
            returns=("W_xh", "W_hh", "b_h"),
        ),
        Question(
            points=2,
            expected=largest_hidden_size,
            # Two units of a GRU that read 3 + 2 numbers and have two biases: 3 * 2 * 7 = 42.
            examples=(
                ("gru", 3, 42),
                ("gru", 3, 41),
                ("gru", 3, 36),
                ("srn", 3, 42),
                ("lstm", 3, 60),
                ("gru", 10, 1000),
                ("lstm", 50, 100_000),
            ),
            random_inputs=_random_size,
            mistakes=_SIZE_MISTAKES,
        ),
        Question(
            points=2,
            expected=gru_bptt,
            examples=(
                (_X2[:1], np.array([[1.0]]), 0.5 * _ONE, _W1, _V1, _B1, _C1),
                *((_X2[:T], _DHS[:T], _H0, _W12, _V2, _B2, _C2) for T in (1, 2, 3)),
            ),
            random_inputs=_random_bptt,
            mistakes=_BPTT_MISTAKES,
            returns=("dW_xh", "dW_hh", "db_xh", "db_hh"),
        ),
    ]
}
