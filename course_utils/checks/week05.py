"""The questions of week 5: chains of Jacobians, their bound, the cliff, clipping, and ways out.

The oracles of derivatives nudge by a complex step, as those of weeks 4 and 6: they know no
derivative of a tanh, and no chain rule. The others compute by other means than the exercise asks
for: a product of matrices by the vectors that it moves, singular value and spectral radius by
squaring a matrix again and again, a global norm from one long vector. The tests hold all of them
against torch and the course.

The misconceptions of the three steps share `_step`, with one thing changed each time.
"""

from __future__ import annotations

import math
from functools import partial

import numpy as np

from course_utils.checks import Question

TINY = 1e-30  # the complex step


def _nudged(cell, x, h_prev, W_xh, W_hh, b_h):
    """Return the new state and how it answers to each element of h_prev, nudged on its own."""
    rows = h_prev + 1j * TINY * np.eye(len(h_prev))  # in row j element j is nudged
    after = cell(rows, rows @ W_hh.T + (W_xh @ x + b_h))
    return after[0].real, after.imag.T / TINY


CELLS = {
    "tanh": lambda h_prev, net: np.tanh(net),
    "relu": lambda h_prev, net: np.where(net.real > 0, net, 0),
    "residual": lambda h_prev, net: h_prev + np.tanh(net),
}


# tanh_step, relu_step, residual_step


def tanh_step(x, h_prev, W_xh, W_hh, b_h):
    """Nudge the state before the step and see what becomes of it."""
    return _nudged(CELLS["tanh"], x, h_prev, W_xh, W_hh, b_h)


def relu_step(x, h_prev, W_xh, W_hh, b_h):
    """Nudge the state before the step and see what becomes of it."""
    return _nudged(CELLS["relu"], x, h_prev, W_xh, W_hh, b_h)


def residual_step(x, h_prev, W_xh, W_hh, b_h):
    """Nudge the state before the step and see what becomes of it."""
    return _nudged(CELLS["residual"], x, h_prev, W_xh, W_hh, b_h)


def _net(x, h_prev, W_xh, W_hh, b_h):
    return b_h + W_hh @ h_prev + W_xh @ x


def _slope_of_tanh(net, h, h_prev):
    return np.cosh(net) ** -2.0


def _slope_of_relu(net, h, h_prev):
    return np.heaviside(net, 0.0)


def _chained(slope, W_hh, W_xh, net, h_prev):
    return np.diag(slope) @ W_hh


def _step(
    x,
    h_prev,
    W_xh,
    W_hh,
    b_h,
    net=_net,
    state=lambda net, h_prev: np.tanh(net),
    slope=_slope_of_tanh,
    jacobian=_chained,
    skip=0.0,
    results=lambda h, J: (h, J),
):
    """Take a step as someone does who is mistaken about the state, the slope or the Jacobian."""
    a = net(x, h_prev, W_xh, W_hh, b_h)
    h = state(a, h_prev)
    J = jacobian(slope(a, h, h_prev), W_hh, W_xh, a, h_prev)
    if np.shape(J) == W_hh.shape:
        J = J + skip * np.eye(len(W_hh))
    return results(h, J)


_RELU = {"state": lambda net, h_prev: np.where(net > 0, net, 0.0), "slope": _slope_of_relu}
_RESIDUAL = {"state": lambda net, h_prev: h_prev + np.tanh(net), "skip": 1.0}

# A misconception, and what `_step` is then given. They serve all three steps.
_ORDER_OF_RESULTS = [
    ("the Jacobian comes first; return h, then the Jacobian", {"results": lambda h, J: (J, h)}),
    ("only h is returned; return h, then the Jacobian", {"results": lambda h, J: h}),
    ("only the Jacobian is returned; return h, then the Jacobian", {"results": lambda h, J: J}),
]
_NET_MISTAKES = [
    (
        "the bias b_h is forgotten",
        {"net": lambda x, h_prev, W_xh, W_hh, b_h: W_xh @ x + W_hh @ h_prev},
    ),
    (
        "the input is forgotten: W_xh @ x is missing",
        {"net": lambda x, h_prev, W_xh, W_hh, b_h: W_hh @ h_prev + b_h},
    ),
    (
        "the state before is forgotten: W_hh @ h_prev is missing",
        {"net": lambda x, h_prev, W_xh, W_hh, b_h: W_xh @ x + b_h},
    ),
    (
        "h_prev stands before W_hh; it is W_hh @ h_prev",
        {"net": lambda x, h_prev, W_xh, W_hh, b_h: W_xh @ x + h_prev @ W_hh + b_h},
    ),
]
_JACOBIAN_MISTAKES = [
    (
        "the slopes multiply the columns; row i belongs to unit i after the step: slope[:, None]",
        {"jacobian": lambda slope, W_hh, W_xh, net, h_prev: W_hh * slope},
    ),
    (
        "the Jacobian is transposed; row i is the new unit i, column j the old unit j",
        {"jacobian": lambda slope, W_hh, W_xh, net, h_prev: W_hh.T * slope},
    ),
    (
        "W_hh is transposed; the step is W_hh @ h_prev, so entry [i, j] holds W_hh[i, j]",
        {"jacobian": lambda slope, W_hh, W_xh, net, h_prev: (W_hh * slope).T},
    ),
    (
        "the slope is missing; the Jacobian is W_hh with each row times its slope",
        {"jacobian": lambda slope, W_hh, W_xh, net, h_prev: 1.0 * W_hh},
    ),
    (
        "W_hh is missing; these are the slopes alone",
        {"jacobian": lambda slope, W_hh, W_xh, net, h_prev: np.diag(slope)},
    ),
    (
        "only the diagonal is left; np.diag(slope) is multiplied by @, not by *",
        {"jacobian": lambda slope, W_hh, W_xh, net, h_prev: np.diag(slope) * W_hh},
    ),
    (
        "slope @ W_hh adds up what each row holds; multiply each row by its slope",
        {"jacobian": lambda slope, W_hh, W_xh, net, h_prev: slope @ W_hh},
    ),
    (
        "this is the derivative by the input: W_xh; by the state before it is W_hh",
        {"jacobian": lambda slope, W_hh, W_xh, net, h_prev: slope[:, None] * W_xh},
    ),
    (
        "this is the derivative by W_hh; by h_prev the factor is W_hh, not h_prev",
        {"jacobian": lambda slope, W_hh, W_xh, net, h_prev: np.outer(slope, h_prev)},
    ),
    (
        "all units get the mean slope; each has its own",
        {"jacobian": lambda slope, W_hh, W_xh, net, h_prev: slope.mean() * W_hh},
    ),
    (
        "the slopes are added to W_hh; they multiply its rows",
        {"jacobian": lambda slope, W_hh, W_xh, net, h_prev: slope[:, None] + W_hh},
    ),
]
_TANH_SLOPES = [
    (
        "1 - net**2 is not the derivative of tanh at net: it is 1 - tanh(net)**2",
        {"slope": lambda net, h, h_prev: 1 - net**2},
    ),
    (
        "the tanh is taken twice: the derivative is 1 - tanh(net)**2",
        {"slope": lambda net, h, h_prev: 1 - np.tanh(np.tanh(net)) ** 2},
    ),
    (
        "the derivative of tanh is 1 - tanh(net)**2; the square is missing",
        {"slope": lambda net, h, h_prev: 1 - np.tanh(net)},
    ),
    (
        "tanh itself stands where its derivative is meant",
        {"slope": lambda net, h, h_prev: np.tanh(net)},
    ),
    (
        "t * (1 - t) belongs to the sigmoid; tanh has the derivative 1 - tanh(net)**2",
        {"slope": lambda net, h, h_prev: np.tanh(net) * (1 - np.tanh(net))},
    ),
    (
        "the slope is taken at the state before the step; it belongs to this step's net",
        {"slope": lambda net, h, h_prev: 1 - h_prev**2},
    ),
]


def _mistaken(own, *tables):
    """Return the misconceptions of a step with its own state and slope."""
    return [
        (sentence, partial(_step, **(own | changed)))
        for table in tables
        for sentence, changed in table
    ]


_TANH_MISTAKES = _mistaken(
    {},
    _JACOBIAN_MISTAKES,
    _TANH_SLOPES,
    _NET_MISTAKES,
    _ORDER_OF_RESULTS,
    [
        ("the tanh is missing: h is tanh of the sum", {"state": lambda net, h_prev: net}),
        (
            "h goes through the sigmoid; it is tanh",
            {"state": lambda net, h_prev: (1 + np.tanh(net / 2)) / 2},
        ),
    ],
)

_RELU_MISTAKES = _mistaken(
    _RELU,
    _JACOBIAN_MISTAKES,
    [
        (
            "the slope of ReLU is 1 or 0; these are the states themselves",
            {"slope": lambda net, h, h_prev: h},
        ),
        (
            "the derivative is that of tanh; ReLU has 1 where net is positive, else 0",
            {"slope": lambda net, h, h_prev: 1 - np.tanh(net) ** 2},
        ),
        (
            "the derivative is that of tanh; ReLU has 1 where net is positive, else 0",
            {"slope": lambda net, h, h_prev: 1 - h**2},
        ),
        (
            "the slope asks whether h_prev is positive; ask it of net, or of h",
            {"slope": lambda net, h, h_prev: np.heaviside(h_prev, 0.0)},
        ),
        (
            "the slope is 1 where net is negative, and 0 where it is positive: the wrong way round",
            {"slope": lambda net, h, h_prev: np.heaviside(-net, 0.0)},
        ),
        (
            "the slope is -1 where net is negative; there ReLU is constant: 0",
            {"slope": lambda net, h, h_prev: np.sign(net)},
        ),
        (
            "the slope is that of one unit; each unit asks its own net",
            {"slope": lambda net, h, h_prev: np.full(len(h), float(net[0] > 0))},
        ),
    ],
    [
        (
            "this is the absolute value; ReLU cuts what is negative to 0",
            {"state": lambda net, h_prev: np.abs(net)},
        ),
        (
            "ReLU cuts what is negative; here what is positive is cut: np.maximum, not np.minimum",
            {"state": lambda net, h_prev: np.minimum(net, 0.0)},
        ),
        ("the ReLU is missing: h is net where it is positive, else 0", {"state": lambda n, h: n}),
        ("h goes through tanh; this step has ReLU", {"state": lambda net, h_prev: np.tanh(net)}),
        (
            "this is a step of 0 or 1; ReLU keeps net where it is positive",
            {"state": lambda net, h_prev: np.heaviside(net, 0.0)},
        ),
        (
            "this is a leaky ReLU; what is negative becomes 0",
            {"state": lambda net, h_prev: np.where(net > 0, net, 0.01 * net)},
        ),
        (
            "all units get the largest net: np.maximum takes entry by entry, np.max does not",
            {"state": lambda net, h_prev: max(np.max(net), 0.0)},
        ),
    ],
    _NET_MISTAKES,
    _ORDER_OF_RESULTS,
)

_RESIDUAL_MISTAKES = _mistaken(
    _RESIDUAL,
    [
        (
            "h holds h_prev too, so 1 - h**2 is no slope; keep tanh(net) on its own",
            {"slope": lambda net, h, h_prev: 1 - h**2},
        ),
        (
            "the identity is missing from the Jacobian: h_prev goes on as it is",
            {"skip": 0.0},
        ),
        (
            "1 is added to every entry; the identity has ones on its diagonal alone: np.eye",
            {
                "jacobian": lambda slope, W_hh, W_xh, net, h_prev: (
                    1 + _chained(slope, W_hh, 0, 0, 0)
                ),
                "skip": 0.0,
            },
        ),
        (
            "the slopes multiply the identity too; it lies outside the tanh",
            {
                "jacobian": lambda s, W_hh, W_xh, net, h_prev: s[:, None] * (W_hh + np.eye(len(s))),
                "skip": 0.0,
            },
        ),
        (
            "h_prev stands inside the tanh; it is added after it",
            {"state": lambda net, h_prev: np.tanh(net + h_prev)},
        ),
        (
            "h_prev is not added: the residual connection is missing from h",
            {"state": lambda net, h_prev: np.tanh(net)},
        ),
        (
            "this is the step without the residual connection: h_prev is added to tanh(net)",
            {"state": lambda net, h_prev: np.tanh(net), "skip": 0.0},
        ),
        (
            "h_prev is taken away; it is added",
            {"state": lambda net, h_prev: np.tanh(net) - h_prev},
        ),
        (
            "the identity is taken away; it is added",
            {"skip": -1.0},
        ),
        (
            "state and identity are halved: it is a sum, not a mean",
            {"state": lambda net, h_prev: (h_prev + np.tanh(net)) / 2},
        ),
        (
            "net is added to h_prev without the tanh",
            {"state": lambda net, h_prev: h_prev + net},
        ),
        (
            "the tanh is taken of the sum with h_prev once more; h is h_prev + tanh(net)",
            {"state": lambda net, h_prev: np.tanh(h_prev + np.tanh(net))},
        ),
        (
            "h_prev and tanh(net) are multiplied; they add up",
            {"state": lambda net, h_prev: h_prev * np.tanh(net)},
        ),
    ],
    _JACOBIAN_MISTAKES,
    _TANH_SLOPES,
    _NET_MISTAKES,
    _ORDER_OF_RESULTS,
)


# running_products


def running_products(jacobians):
    """Push every unit vector from each start forward to the last step."""
    T, H, _ = jacobians.shape
    products = []
    for k in range(T + 1):
        columns = np.eye(H)  # the nudges of h_{T-k}, side by side
        for t in range(T - k, T):
            columns = np.einsum("ij,jn->in", jacobians[t], columns)
        products.append(columns)
    return np.array(products)


def _products(jacobians, start=None, times=lambda P, J: P @ J, order=slice(None, None, -1)):
    """Multiply up as someone does who is mistaken about start, order or product."""
    rows = [np.eye(jacobians.shape[1]) if start is None else start(jacobians)]
    for J in jacobians[order]:
        rows.append(times(rows[-1], J))
    return np.array(rows)


_PRODUCT_MISTAKES = [
    (
        "the factors stand in the wrong order; the last step's Jacobian is the leftmost: P @ J",
        partial(_products, times=lambda P, J: J @ P),
    ),
    (
        "the product begins at the first step; count back from the last one",
        partial(_products, times=lambda P, J: J @ P, order=slice(None)),
    ),
    (
        "the product begins at the first step; count back from the last one",
        partial(_products, order=slice(None)),
    ),
    ("row 0 is missing: over no step it is the identity", lambda J: running_products(J)[1:]),
    (
        "the last row is missing: over all T steps all Jacobians are multiplied",
        lambda J: running_products(J)[:-1],
    ),
    (
        "the rows come out longest distance first; row 0 is no step back",
        lambda J: running_products(J)[::-1],
    ),
    (
        "the entries are multiplied one by one; matrices are multiplied by @",
        partial(_products, times=lambda P, J: P * J),
    ),
    (
        "the entries are multiplied one by one; matrices are multiplied by @",
        partial(_products, start=lambda J: np.ones(J.shape[1:]), times=lambda P, J: P * J),
    ),
    (
        "it begins with ones in every entry; over no step it is the identity: np.eye",
        partial(_products, start=lambda J: np.ones(J.shape[1:])),
    ),
    (
        "it begins with zeros, and stays there; over no step it is the identity: np.eye",
        partial(_products, start=lambda J: np.zeros(J.shape[1:])),
    ),
    (
        "the Jacobians are added up; a chain multiplies them",
        partial(_products, times=lambda P, J: P + J),
    ),
    (
        "these are the Jacobians, not their products: row k is what k of them make together",
        partial(_products, times=lambda P, J: J),
    ),
    (
        "the products are transposed; row i is unit i after the last step",
        lambda J: running_products(J).swapaxes(1, 2),
    ),
    (
        "every row is a power of one Jacobian; each step has its own",
        lambda J: np.array([np.linalg.matrix_power(J[-1], k) for k in range(len(J) + 1)]),
    ),
    (
        "every row is a power of one Jacobian; each step has its own",
        lambda J: np.array([np.linalg.matrix_power(J[0], k) for k in range(len(J) + 1)]),
    ),
    (
        "the last Jacobian is left out: one step back is jacobians[-1], not the identity",
        lambda J: np.concatenate([np.eye(J.shape[1])[None], running_products(J[:-1])]),
    ),
    (
        "only the longest distance is returned; one matrix a distance, 0 to T",
        lambda J: running_products(J)[-1],
    ),
    (
        "all rows are the same array, changed later; append a new array at each step",
        lambda J: np.repeat(running_products(J)[-1:], len(J) + 1, axis=0),
    ),
]


# norm_and_radius


def _growth(matrix):
    """Return the spectral radius by Gelfand's formula, the limit of ||matrix^n||^(1/n)."""
    log, weight = 0.0, 1.0
    for _ in range(48):  # n = 2^48
        length = np.abs(matrix).max()
        if length == 0:
            return 0.0
        log += weight * math.log(length)
        matrix = matrix / length
        matrix, weight = matrix @ matrix, weight / 2
    return math.exp(log)


def norm_and_radius(W_hh):
    """Let the matrix, and its product with its transpose, multiply for very long."""
    return math.sqrt(_growth(W_hh.T @ W_hh)), _growth(W_hh)


def _singular(W):
    return np.linalg.svd(W)[1]


def _largest(W):
    return float(_singular(W)[0])


def _radius(W):
    return float(np.abs(np.linalg.eigvals(W)).max())


def _other_norm(norm):
    return lambda W_hh: (norm(W_hh), _radius(W_hh))


def _other_radius(radius):
    return lambda W_hh: (_largest(W_hh), radius(W_hh))


def _frobenius(W):
    return float(np.sqrt(np.einsum("ij,ij", W, W)))


_RADIUS_MISTAKES = [
    (
        "the two are swapped; return the largest singular value, then the spectral radius",
        lambda W_hh: (_radius(W_hh), _largest(W_hh)),
    ),
    (
        "the spectral radius stands in both places; the singular values are those of np.linalg.svd",
        lambda W_hh: (_radius(W_hh),) * 2,
    ),
    (
        "the singular value stands in both places; the radius asks for eigenvalues",
        lambda W_hh: (_largest(W_hh),) * 2,
    ),
    (
        "this is the Frobenius norm, the root of all squares; take the largest singular value",
        _other_norm(_frobenius),
    ),
    (
        "this is the smallest singular value; take the largest",
        _other_norm(lambda W: float(_singular(W)[-1])),
    ),
    (
        "the root is missing: the eigenvalues of W.T @ W are the squares of the singular values",
        _other_norm(lambda W: _largest(W) ** 2),
    ),
    (
        "this is the largest sum of a row or a column; take the largest singular value",
        _other_norm(lambda W: float(np.abs(W).sum(axis=0).max())),
    ),
    (
        "this is the largest sum of a row or a column; take the largest singular value",
        _other_norm(lambda W: float(np.abs(W).sum(axis=1).max())),
    ),
    (
        "this is the largest entry; take the largest singular value",
        _other_norm(lambda W: float(np.abs(W).max())),
    ),
    (
        "the singular values are added up; take the largest",
        _other_norm(lambda W: float(_singular(W).sum())),
    ),
    (
        "the largest eigenvalue is taken with its sign; -3 stretches as much as 3: absolute value",
        _other_radius(lambda W: float(np.linalg.eigvals(W).real.max())),
    ),
    (
        "the largest eigenvalue is taken with its sign; -3 stretches as much as 3: absolute value",
        _other_radius(lambda W: np.linalg.eigvals(W).max()),  # complex for some inputs
    ),
    (
        "only the real parts are looked at; the absolute value of a + ib is sqrt(a**2 + b**2)",
        _other_radius(lambda W: float(np.abs(np.linalg.eigvals(W).real).max())),
    ),
    (
        "the first eigenvalue is taken; they are in no order",
        _other_radius(lambda W: float(np.abs(np.linalg.eigvals(W)[0]))),
    ),
    (
        "the smallest eigenvalue is taken; the spectral radius is the largest absolute value",
        _other_radius(lambda W: float(np.abs(np.linalg.eigvals(W)).min())),
    ),
    (
        "eigvalsh is for symmetric matrices and reads one half of others; take np.linalg.eigvals",
        _other_radius(lambda W: float(np.abs(np.linalg.eigvalsh(W)).max())),
    ),
    (
        "eigvalsh is for symmetric matrices and reads one half of others; take np.linalg.eigvals",
        _other_radius(lambda W: float(np.linalg.eigvalsh(W).max())),
    ),
    (
        "the mean of the eigenvalues is taken, not the largest",
        _other_radius(lambda W: float(np.abs(np.linalg.eigvals(W)).mean())),
    ),
    (
        "this is the sum of the diagonal, of all eigenvalues; take the largest absolute value",
        _other_radius(lambda W: float(np.abs(W.diagonal().sum()))),
    ),
    (
        "this is the determinant, the product of all eigenvalues; take the largest absolute value",
        _other_radius(lambda W: float(np.abs(np.linalg.det(W)))),
    ),
    (
        "only the singular value is returned; return it, then the spectral radius",
        _largest,
    ),
]


# gradient_bound


def gradient_bound(gradient, W_hh, slope, steps):
    """Multiply by the same factor, a step at a time."""
    factor = slope * math.sqrt(_growth(W_hh.T @ W_hh))
    return np.cumprod([math.hypot(*gradient), *[factor] * steps])


def _bound(
    gradient,
    W_hh,
    slope,
    steps,
    length=lambda g: float(np.sqrt(g @ g)),
    size=_largest,
    factor=lambda slope, size: slope * size,
    over=lambda steps: np.arange(steps + 1),
):
    return length(gradient) * factor(slope, size(W_hh)) ** over(steps)


_BOUND_MISTAKES = [
    (
        "the spectral radius bounds nothing; the bound needs the largest singular value",
        partial(_bound, size=_radius),
    ),
    (
        "the Frobenius norm is larger than it need be; take the largest singular value",
        partial(_bound, size=_frobenius),
    ),
    (
        "the smallest singular value says how little may be left; the bound needs the largest",
        partial(_bound, size=lambda W: _singular(W)[-1]),
    ),
    (
        "the square of the singular value is taken; each step multiplies by it once",
        partial(_bound, size=lambda W: _largest(W) ** 2),
    ),
    (
        "the largest sum of a row or a column is taken; the bound needs the largest singular value",
        partial(_bound, size=lambda W: np.abs(W).sum(axis=0).max()),
    ),
    (
        "the largest sum of a row or a column is taken; the bound needs the largest singular value",
        partial(_bound, size=lambda W: np.abs(W).sum(axis=1).max()),
    ),
    (
        "the slope is forgotten; each step multiplies by it too",
        partial(_bound, factor=lambda slope, size: size),
    ),
    (
        "the slope is taken once for all steps; each step multiplies by it",
        lambda gradient, W_hh, slope, steps: (
            _bound(gradient, W_hh, 1.0, steps) * np.where(np.arange(steps + 1) > 0, slope, 1.0)
        ),
    ),
    (
        "the slope multiplies row 0 too; over no step nothing has been multiplied",
        lambda gradient, W_hh, slope, steps: slope * _bound(gradient, W_hh, 1.0, steps),
    ),
    (
        "the singular value is forgotten; each step multiplies by it too",
        partial(_bound, factor=lambda slope, size: slope),
    ),
    (
        "slope and singular value are added; they multiply",
        partial(_bound, factor=lambda slope, size: slope + size),
    ),
    (
        "slope and singular value are divided; they multiply",
        partial(_bound, factor=lambda slope, size: size / slope),
    ),
    (
        "the length of the gradient is forgotten; over no step the bound is that length",
        partial(_bound, length=lambda g: 1.0),
    ),
    (
        "the length of the gradient is the root of the sum of squares; the root is missing",
        partial(_bound, length=lambda g: g @ g),
    ),
    (
        "absolute values are added up; the length is the root of the sum of squares",
        partial(_bound, length=lambda g: np.abs(g).sum()),
    ),
    (
        "the entries of the gradient are added up; its length is the root of the sum of squares",
        partial(_bound, length=lambda g: g.sum()),
    ),
    (
        "the largest entry stands for the gradient; its length is the root of the sum of squares",
        partial(_bound, length=lambda g: np.abs(g).max()),
    ),
    (
        "row 0 is missing: over no step the bound is the length of the gradient",
        partial(_bound, over=lambda steps: np.arange(1, steps + 1)),
    ),
    (
        "the last row is missing; distances run from 0 to steps, both included",
        partial(_bound, over=lambda steps: np.arange(steps)),
    ),
    (
        "each row is one step too far: row k multiplies k times",
        partial(_bound, over=lambda steps: np.arange(1, steps + 2)),
    ),
    (
        "only the last distance is returned; one number a distance, 0 to steps",
        partial(_bound, over=lambda steps: steps),
    ),
    (
        "the factor grows with the distance instead of multiplying again: ** k, not * k",
        lambda gradient, W_hh, slope, steps: (
            _bound(gradient, W_hh, slope, 1)[1] * np.arange(steps + 1)
        ),
    ),
    (
        "the bound is kept from growing; where slope times singular value is above 1, it grows",
        lambda *given: np.minimum(_bound(*given), _bound(*given)[0]),
    ),
]


# count_attractors


def count_attractors(tags, subject, verb):
    """Walk through the words and look at each one's place and tag."""
    count = 0
    for place, tag in enumerate(tags):
        between = (place - subject) * (place - verb) < 0
        count += between and {tag, tags[subject]} == {"NN", "NNS"}
    return count


def _nouns(tags):
    return [tag in ("NN", "NNS") for tag in tags]


def _other(tags, subject):
    return "NNS" if tags[subject] == "NN" else "NN"


_COUNT_MISTAKES = [
    (
        "all nouns in between are counted; an attractor has the other number",
        lambda tags, subject, verb: sum(_nouns(tags[subject + 1 : verb])),
    ),
    (
        "the subject is counted too, and with it all nouns; an attractor has the other number",
        lambda tags, subject, verb: sum(_nouns(tags[subject:verb])),
    ),
    (
        "nouns of the subject's own number are counted; an attractor has the other number",
        lambda tags, subject, verb: tags[subject + 1 : verb].count(tags[subject]),
    ),
    (
        "nouns of the subject's own number are counted; an attractor has the other number",
        lambda tags, subject, verb: tags[subject:verb].count(tags[subject]),
    ),
    (
        "only plural nouns are counted; after a plural subject a singular noun leads astray",
        lambda tags, subject, verb: tags[subject + 1 : verb].count("NNS"),
    ),
    (
        "only plural nouns are counted; after a plural subject a singular noun leads astray",
        lambda tags, subject, verb: tags[subject:verb].count("NNS"),
    ),
    (
        "only singular nouns are counted; after a singular subject a plural noun leads astray",
        lambda tags, subject, verb: tags[subject + 1 : verb].count("NN"),
    ),
    (
        "only singular nouns are counted; after a singular subject a plural noun leads astray",
        lambda tags, subject, verb: tags[subject:verb].count("NN"),
    ),
    (
        "nouns after the verb are counted too; an attractor stands before it",
        lambda tags, subject, verb: tags[subject + 1 :].count(_other(tags, subject)),
    ),
    (
        "nouns before the subject are counted too; an attractor stands after it",
        lambda tags, subject, verb: tags[:verb].count(_other(tags, subject)),
    ),
    (
        "the whole sentence is counted; an attractor stands between subject and verb",
        lambda tags, subject, verb: tags.count(_other(tags, subject)),
    ),
    (
        "it only looks at the noun nearest to the verb; count all that lead astray",
        lambda tags, subject, verb: int(
            [t for t in tags[subject:verb] if t in ("NN", "NNS")][-1] != tags[subject]
        ),
    ),
    (
        "it only says whether there is an attractor; count them",
        lambda tags, subject, verb: int(count_attractors(tags, subject, verb) > 0),
    ),
    (
        "the word before the verb is left out; a slice ends before its second number",
        lambda tags, subject, verb: tags[subject : verb - 1].count(_other(tags, subject)),
    ),
    (
        "every tag other than the subject's is counted; only nouns are, NN and NNS",
        lambda tags, subject, verb: sum(t != tags[subject] for t in tags[subject:verb]),
    ),
    (
        "all words in between are counted",
        lambda tags, subject, verb: verb - subject - 1,
    ),
    (
        "in a list of tags, 'NN' in tag is true of NNS too; compare with ==",
        lambda tags, subject, verb: sum(
            _other(tags, subject) in tag for tag in tags[subject + 1 : verb]
        ),
    ),
]


# agreement_accuracy


def agreement_accuracy(right, wrong, attractors, k):
    """Give each pair 1, 1/2 or 0 by the sign of the difference, and weigh those with k."""
    weights = np.equal(attractors, k) / np.count_nonzero(attractors == k)
    return float(weights @ np.sign(right - wrong) / 2 + 0.5)


def _mean(values):
    return np.sum(values) / np.size(values)


def _accuracy(decide, chosen=lambda attractors, k: attractors == k, mean=_mean):
    def answer(right, wrong, attractors, k):
        keep = chosen(attractors, k)
        return float(mean(decide(right[keep], wrong[keep])))

    return answer


def _decide(right, wrong):
    return (np.sign(right - wrong) + 1) / 2


_ACCURACY_MISTAKES = [
    (
        "a tie counts as right; nobody has decided, it is worth one half",
        _accuracy(lambda right, wrong: right >= wrong),
    ),
    (
        "a tie counts as wrong; nobody has decided, it is worth one half",
        _accuracy(lambda right, wrong: right > wrong),
    ),
    (
        "ties are left out; each is worth one half",
        _accuracy(lambda right, wrong: (right > wrong)[right != wrong]),
    ),
    (
        "the comparison is the wrong way round: the right text should be more probable",
        _accuracy(lambda right, wrong: 1 - _decide(right, wrong)),
    ),
    (
        "the comparison is the wrong way round: the right text should be more probable",
        _accuracy(lambda right, wrong: right < wrong),
    ),
    (
        "all pairs are counted; only those with k attractors are asked for",
        _accuracy(_decide, chosen=lambda attractors, k: attractors >= 0),
    ),
    (
        "pairs with fewer attractors are counted too; only those with exactly k are asked for",
        _accuracy(_decide, chosen=lambda attractors, k: attractors <= k),
    ),
    (
        "pairs with more attractors are counted too; only those with exactly k are asked for",
        _accuracy(_decide, chosen=lambda attractors, k: attractors >= k),
    ),
    (
        "it is divided by the number of all pairs; divide by those with k attractors",
        lambda right, wrong, attractors, k: float(
            _decide(right, wrong)[attractors == k].sum() / len(right)
        ),
    ),
    (
        "the first k pairs are taken; take those whose number of attractors is k",
        lambda right, wrong, attractors, k: float(_mean(_decide(right, wrong)[:k])),
    ),
    (
        "this is the pair number k; take all pairs whose number of attractors is k",
        lambda right, wrong, attractors, k: float(_decide(right, wrong)[k]),
    ),
    (
        "this is how many are right; divide by the number of pairs",
        _accuracy(_decide, mean=np.sum),
    ),
    (
        "this is a percentage; return a share between 0 and 1",
        _accuracy(lambda right, wrong: 100 * _decide(right, wrong)),
    ),
    (
        "the right text is asked to have a probability above one half; compare it with the wrong",
        _accuracy(lambda right, wrong: np.exp(right) > 0.5),
    ),
    (
        "the sums are compared, so one pair decides for all; decide each pair on its own",
        _accuracy(lambda right, wrong: float(right.sum() > wrong.sum())),
    ),
    (
        "this is the mean probability that falls to the right text; each pair is decided, 1 or 0",
        _accuracy(lambda right, wrong: 1 / (1 + np.exp(wrong - right))),
    ),
    (
        "this is the mean difference; each pair is decided, 1 or 0",
        _accuracy(lambda right, wrong: right - wrong),
    ),
]


# one_unit_loss


def one_unit_loss(w, b, h0, target, steps):
    """Nudge w, then b, by a complex step."""
    losses = []
    for nudge_w, nudge_b in ((1j * TINY, 0), (0, 1j * TINY)):
        h = complex(h0)
        for _ in range(steps):
            h = np.tanh((w + nudge_w) * h + (b + nudge_b))
        losses.append((h - target) ** 2 / 2)
    of_w, of_b = losses
    return float(of_w.real), float(of_w.imag / TINY), float(of_b.imag / TINY)


def _unit(
    w,
    b,
    h0,
    target,
    steps,
    first=lambda hT, target: hT - target,
    slope=lambda h, net: 1 - h * h,
    met=lambda before, after: before,
    back=lambda d, w: d * w,
    kept=lambda ds: ds,
    loss=lambda hT, target: (hT - target) ** 2 / 2,
    results=lambda loss, dw, db: (loss, dw, db),
    start=lambda h0: h0,
):
    """Go there and back as someone does who is mistaken about one part."""
    hs, nets = [start(h0)], []
    for _ in range(steps):
        nets.append(w * hs[-1] + b)
        hs.append(float(np.tanh(nets[-1])))
    d, deltas = first(hs[-1], target), []  # of the last step first
    for t in range(steps)[::-1]:
        deltas.append(d * slope(hs[t + 1], nets[t]))
        d = back(deltas[-1], w)
    deltas = np.array(kept(deltas[::-1]), dtype=float)
    dw = sum(delta * met(hs[t], hs[t + 1]) for t, delta in enumerate(deltas))
    return results(float(loss(hs[-1], target)), float(dw), float(sum(deltas)))


def _mean_of(deltas):
    return [delta / len(deltas) for delta in deltas]


_UNIT_MISTAKES = [
    (
        "the loss is half of the square; its derivative is h - target, without a 2",
        partial(
            _unit,
            first=lambda hT, target: 2 * (hT - target),
            loss=lambda hT, target: (hT - target) ** 2,
        ),
    ),
    (
        "the loss is half of the square; the half is missing",
        partial(_unit, loss=lambda hT, target: (hT - target) ** 2),
    ),
    (
        "the derivative of (h - target)**2 / 2 is h - target, without a 2",
        partial(_unit, first=lambda hT, target: 2 * (hT - target)),
    ),
    (
        "the loss is the difference, not squared",
        partial(_unit, loss=lambda hT, target: hT - target),
    ),
    (
        "the loss is the absolute difference; it is half of the square",
        partial(_unit, loss=lambda hT, target: abs(hT - target)),
    ),
    (
        "the derivatives have the wrong sign: the loss has h - target in it, not target - h",
        partial(_unit, first=lambda hT, target: target - hT),
    ),
    (
        "these are the derivatives of the last step alone; w and b appear at every step, add up",
        partial(_unit, kept=lambda ds: [0] * (len(ds) - 1) + ds[-1:]),
    ),
    (
        "these are the derivatives of the first step alone; w and b appear at every step, add up",
        partial(_unit, kept=lambda ds: ds[:1]),
    ),
    (
        "the derivatives are averaged over the steps; add them up",
        partial(_unit, kept=_mean_of),
    ),
    (
        "the first step is left out on the way back; the loop must reach it",
        partial(_unit, kept=lambda ds: [0, *ds[1:]]),
    ),
    (
        "w is forgotten on the way back: a step back multiplies by the slope and by w",
        partial(_unit, back=lambda d, w: d),
    ),
    (
        "the slope is forgotten on the way back: a step back multiplies by the slope and by w",
        partial(_unit, slope=lambda h, net: 1.0),
    ),
    (
        "the slope is 1 - net**2; it is 1 - tanh(net)**2, so 1 - h**2",
        partial(_unit, slope=lambda h, net: 1 - net**2),
    ),
    (
        "the tanh is taken twice: with h = tanh(net) the slope is 1 - h**2",
        partial(_unit, slope=lambda h, net: 1 - np.tanh(h) ** 2),
    ),
    (
        "the slope h * (1 - h) belongs to the sigmoid; tanh has 1 - h**2",
        partial(_unit, slope=lambda h, net: h * (1 - h)),
    ),
    (
        "the square is missing: the slope is 1 - h**2",
        partial(_unit, slope=lambda h, net: 1 - h),
    ),
    (
        "w meets the state after the step; it multiplied the state before",
        partial(_unit, met=lambda before, after: after),
    ),
    (
        "both derivatives are that by b; w has multiplied the state before each step",
        partial(_unit, met=lambda before, after: 1.0),
    ),
    (
        "h0 is ignored; the first state is h0, not 0",
        partial(_unit, start=lambda h0: 0.0),
    ),
    (
        "one step too many: tanh is taken `steps` times",
        lambda w, b, h0, target, steps: one_unit_loss(w, b, h0, target, steps + 1),
    ),
    (
        "one step too few: tanh is taken `steps` times",
        lambda w, b, h0, target, steps: _unit(w, b, h0, target, steps - 1),
    ),
    (
        "the bias is added after the tanh; it stands inside",
        lambda w, b, h0, target, steps: _bias_outside(w, b, h0, target, steps),
    ),
    (
        "the two derivatives are swapped; return the loss, then by w, then by b",
        partial(_unit, results=lambda loss, dw, db: (loss, db, dw)),
    ),
    (
        "the loss comes last; return the loss, then the derivatives by w and by b",
        partial(_unit, results=lambda loss, dw, db: (dw, db, loss)),
    ),
    (
        "only the derivatives are returned; return the loss, then the derivatives by w and by b",
        partial(_unit, results=lambda loss, dw, db: (dw, db)),
    ),
    (
        "only the loss is returned; return the loss, then the derivatives by w and by b",
        partial(_unit, results=lambda loss, dw, db: loss),
    ),
]


def _bias_outside(w, b, h0, target, steps):
    """Take the bias to lie outside of the tanh, there and back."""
    h, by_w, by_b = h0, 0.0, 0.0
    for _ in range(steps):
        bare = np.tanh(w * h)
        slope = 1 - bare**2
        by_w, by_b = slope * (h + w * by_w), 1 + slope * w * by_b
        h = bare + b
    return float((h - target) ** 2 / 2), float((h - target) * by_w), float((h - target) * by_b)


# clip_gradients


def clip_gradients(gradients, max_norm):
    """Take the length of one long vector."""
    entries = np.concatenate([G.ravel() for G in gradients])
    if not np.isfinite(entries).all():
        return [np.zeros(G.shape) for G in gradients]
    length = math.hypot(*entries)
    return [G / max(length / max_norm, 1.0) for G in gradients]


def _norm_of(gradients):
    return np.sqrt(sum(np.sum(np.square(G)) for G in gradients))


def _clipped(
    gradients,
    max_norm,
    norm=_norm_of,
    share=lambda norm, max_norm: min(1.0, max_norm / norm) if norm > 0 else 1.0,
    broken=lambda gradients, max_norm: [0.0 * np.ones(G.shape) for G in gradients],
):
    """Clip as someone does who is mistaken about the norm, the share or what is not finite."""
    if not all(np.isfinite(G).all() for G in gradients):
        return broken(gradients, max_norm)
    return [share(norm(gradients), max_norm) * G for G in gradients]


def _unchecked(gradients, max_norm):
    length = _norm_of(gradients)
    return [G * (max_norm / length) if length > max_norm else G for G in gradients]


def _each(gradients, max_norm):
    return [part for G in gradients for part in _clipped([G], max_norm)]


def _scaled(length, max_norm):
    return max_norm / length if length > 0 else 1.0


def _unscaled(change):
    """Return an answer that changes the entries of finite gradients one by one."""

    def answer(gradients, max_norm):
        finite = all(np.isfinite(G).all() for G in gradients)
        return [change(G, max_norm) if finite else np.zeros(G.shape) for G in gradients]

    return answer


_BY_VALUE = (
    "it clips by value, entry by entry, which turns the direction; scale all gradients by one "
    "number"
)
_PER_TENSOR = (
    "each array is clipped by its own norm, which turns the direction; there is one norm of all "
    "together"
)
_SCALED_UP = "gradients that are shorter than max_norm are scaled up; they stay as they are"
_NOT_FINITE = (
    "a gradient with inf or nan in it gives no direction: inf / inf is nan, and a norm that is nan "
    "is never above max_norm; return zeros"
)

_CLIP_MISTAKES = [
    (_BY_VALUE, lambda gradients, max_norm: [np.clip(G, -max_norm, max_norm) for G in gradients]),
    (_BY_VALUE, _unscaled(lambda G, max_norm: np.clip(G, -max_norm, max_norm))),
    (
        _BY_VALUE,
        lambda gradients, max_norm: (
            _unscaled(lambda G, m: np.clip(G, -m, m))(gradients, max_norm)
            if _norm_of(gradients) > max_norm
            else _clipped(gradients, max_norm)
        ),
    ),
    (
        _PER_TENSOR,
        _each,
    ),
    (
        _PER_TENSOR,
        lambda gradients, max_norm: [_unchecked([G], max_norm)[0] for G in gradients],
    ),
    (
        _PER_TENSOR,
        lambda gradients, max_norm: (
            _clipped(gradients, max_norm)
            if not all(np.isfinite(G).all() for G in gradients)
            else _each(gradients, max_norm)
        ),
    ),
    (
        _SCALED_UP,
        partial(_clipped, share=_scaled),
    ),
    (
        _SCALED_UP,
        lambda gradients, max_norm: [G * max_norm / _norm_of(gradients) for G in gradients],
    ),
    (
        "short gradients are scaled up and long ones are left; it is the other way round",
        partial(_clipped, share=lambda norm, m: max(1.0, m / norm) if norm > 0 else 1.0),
    ),
    (
        "the root is missing: the norm is the root of the sum of all squares",
        partial(_clipped, norm=lambda gradients: _norm_of(gradients) ** 2),
    ),
    (
        "the norms of the arrays are added up; add the squares of all entries, then take the root",
        partial(_clipped, norm=lambda gradients: sum(_norm_of([G]) for G in gradients)),
    ),
    (
        "the mean of the norms is taken; add the squares of all entries, then take the root",
        partial(_clipped, norm=lambda gradients: np.mean([_norm_of([G]) for G in gradients])),
    ),
    (
        "the largest of the norms is taken; add the squares of all entries, then take the root",
        partial(_clipped, norm=lambda gradients: max(_norm_of([G]) for G in gradients)),
    ),
    (
        "the mean of the squares is taken; add them up",
        partial(
            _clipped,
            norm=lambda gradients: _norm_of(gradients) / np.sqrt(sum(G.size for G in gradients)),
        ),
    ),
    (
        "absolute values are added up; the norm is the root of the sum of all squares",
        partial(_clipped, norm=lambda gradients: sum(np.abs(G).sum() for G in gradients)),
    ),
    (
        "the largest entry is taken for the norm; it is the root of the sum of all squares",
        partial(_clipped, norm=lambda gradients: max(np.abs(G).max() for G in gradients)),
    ),
    (
        "only the first array is measured; the norm is that of all together",
        partial(_clipped, norm=lambda gradients: _norm_of(gradients[:1])),
    ),
    (
        "only the last array is measured; the norm is that of all together",
        partial(_clipped, norm=lambda gradients: _norm_of(gradients[-1:])),
    ),
    (
        "max_norm is forgotten in the scaling: the result has norm 1",
        partial(_clipped, share=lambda norm, m: 1.0 / norm if norm > m else 1.0),
    ),
    (
        "the norm is forgotten in the scaling: it is max_norm / norm",
        partial(_clipped, share=lambda norm, m: m if norm > m else 1.0),
    ),
    (
        "the share is upside down: it is max_norm / norm",
        partial(_clipped, share=lambda norm, m: norm / m if norm > m else 1.0),
    ),
    (
        "gradients longer than max_norm are thrown away; they are scaled down",
        partial(_clipped, share=lambda norm, m: 0.0 if norm > m else 1.0),
    ),
    (
        "1e-6 is added to the norm, as torch does; here it is max_norm / norm",
        partial(_clipped, share=lambda norm, m: min(1.0, m / (norm + 1e-6))),
    ),
    (
        "nothing is clipped",
        lambda gradients, max_norm: [1.0 * G for G in gradients],
    ),
    (
        "nothing is clipped",
        partial(_clipped, share=lambda norm, m: 1.0),
    ),
    (_NOT_FINITE, _unchecked),
    (_NOT_FINITE, partial(_clipped, broken=lambda gradients, m: [1.0 * G for G in gradients])),
    (
        _NOT_FINITE,
        lambda gradients, max_norm: [
            G * np.minimum(1.0, max_norm / _norm_of(gradients)) if _norm_of(gradients) else G
            for G in gradients
        ],
    ),
    (
        "only the entries that are inf or nan become 0; the rest is of no use either: all zeros",
        partial(
            _clipped,
            broken=lambda gradients, m: [np.where(np.isfinite(G), G, 0.0) for G in gradients],
        ),
    ),
    (
        "only the entries that are inf or nan become 0; the rest is of no use either: all zeros",
        lambda gradients, max_norm: _clipped(
            [np.where(np.isfinite(G), G, 0.0) for G in gradients], max_norm
        ),
    ),
    (
        "only the arrays with inf or nan become zeros; the step is of no use: all arrays",
        partial(
            _clipped,
            broken=lambda gradients, m: [
                1.0 * G if np.isfinite(G).all() else 0.0 * np.ones(G.shape) for G in gradients
            ],
        ),
    ),
    (
        "nan is thrown away and inf is not; np.isfinite is false for both",
        lambda gradients, max_norm: (
            clip_gradients(gradients, max_norm)
            if any(np.isnan(G).any() for G in gradients)
            else _unchecked(gradients, max_norm)
        ),
    ),
    (
        "inf is thrown away and nan is not; np.isfinite is false for both",
        lambda gradients, max_norm: (
            _unchecked(gradients, max_norm)
            if np.isnan(_norm_of(gradients))
            else clip_gradients(gradients, max_norm)
        ),
    ),
    (
        "all entries are in one long vector; return arrays with the shapes they had",
        lambda gradients, max_norm: np.concatenate(
            [G.ravel() for G in clip_gradients(gradients, max_norm)]
        ),
    ),
    (
        "the norm is returned; return the gradients",
        lambda gradients, max_norm: float(_norm_of(gradients)),
    ),
]


# irnn_weights


def irnn_weights(noise, std, scale):
    """Put the numbers where they belong, one by one."""
    H = len(noise)
    W_hh = np.zeros((H, H))
    W_hh.flat[:: H + 1] = scale
    return np.multiply(std, noise), W_hh, np.zeros(H)


def _irnn(
    noise,
    std,
    scale,
    W_xh=lambda noise, std, scale: std * noise,
    W_hh=lambda noise, std, scale: scale * np.identity(len(noise)),
    b_h=lambda noise, std, scale: np.zeros(len(noise)),
    results=lambda *weights: weights,
):
    given = noise, std, scale
    return results(W_xh(*given), W_hh(*given), b_h(*given))


_IRNN_MISTAKES = [
    (
        "W_hh is full of ones; the identity has them on its diagonal alone: np.eye",
        partial(_irnn, W_hh=lambda noise, std, scale: np.full((len(noise),) * 2, scale)),
    ),
    (
        "W_hh is full of ones; the identity has them on its diagonal alone: np.eye",
        partial(_irnn, W_hh=lambda noise, std, scale: np.ones((len(noise),) * 2)),
    ),
    (
        "the scale plays no part; it multiplies the identity",
        partial(_irnn, W_hh=lambda noise, std, scale: np.identity(len(noise))),
    ),
    (
        "the scale multiplies W_xh; it belongs to W_hh",
        partial(
            _irnn,
            W_xh=lambda noise, std, scale: scale * std * noise,
            W_hh=lambda noise, std, scale: np.identity(len(noise)),
        ),
    ),
    (
        "the scale multiplies W_xh too; it belongs to W_hh alone",
        partial(_irnn, W_xh=lambda noise, std, scale: scale * std * noise),
    ),
    (
        "std and scale are swapped: std is for W_xh, scale for W_hh",
        lambda noise, std, scale: _irnn(noise, scale, std),
    ),
    (
        "W_hh has the size of the input; it is (H, H), and noise is (H, D)",
        partial(_irnn, W_hh=lambda noise, std, scale: scale * np.identity(noise.shape[1])),
    ),
    (
        "the identity has the shape of W_xh; W_hh is (H, H)",
        partial(_irnn, W_hh=lambda noise, std, scale: scale * np.eye(*noise.shape)),
    ),
    (
        "W_hh is zero; it is the identity times scale",
        partial(_irnn, W_hh=lambda noise, std, scale: np.zeros((len(noise),) * 2)),
    ),
    (
        "the diagonal runs from top right to bottom left",
        partial(_irnn, W_hh=lambda noise, std, scale: scale * np.identity(len(noise))[::-1]),
    ),
    (
        "only the diagonal is returned; W_hh is a matrix (H, H)",
        partial(_irnn, W_hh=lambda noise, std, scale: np.full(len(noise), scale)),
    ),
    (
        "W_xh is the noise as it comes; multiply it by std",
        partial(_irnn, W_xh=lambda noise, std, scale: 1.0 * noise),
    ),
    (
        "W_xh is multiplied by the variance; std is the standard deviation",
        partial(_irnn, W_xh=lambda noise, std, scale: std**2 * noise),
    ),
    (
        "W_xh is multiplied by the root of std; std is the standard deviation, not the variance",
        partial(_irnn, W_xh=lambda noise, std, scale: std**0.5 * noise),
    ),
    (
        "W_xh is divided by std; multiply",
        partial(_irnn, W_xh=lambda noise, std, scale: noise / std),
    ),
    (
        "std is added to the noise; multiply",
        partial(_irnn, W_xh=lambda noise, std, scale: noise + std),
    ),
    (
        "W_xh is zero; then nothing that is read reaches the state",
        partial(_irnn, W_xh=lambda noise, std, scale: np.zeros(noise.shape)),
    ),
    (
        "W_xh is transposed; it has the shape of noise, (H, D)",
        partial(_irnn, W_xh=lambda noise, std, scale: std * noise.T),
    ),
    (
        "the biases are ones; they begin at 0",
        partial(_irnn, b_h=lambda noise, std, scale: np.ones(len(noise))),
    ),
    (
        "the biases are the scale; they begin at 0",
        partial(_irnn, b_h=lambda noise, std, scale: np.full(len(noise), scale)),
    ),
    (
        "there is a bias for each input; each unit has one, (H,)",
        partial(_irnn, b_h=lambda noise, std, scale: np.zeros(noise.shape[1])),
    ),
    (
        "W_hh comes first; return W_xh, W_hh, b_h",
        partial(_irnn, results=lambda W_xh, W_hh, b_h: (W_hh, W_xh, b_h)),
    ),
    (
        "the biases are missing; return W_xh, W_hh, b_h",
        partial(_irnn, results=lambda W_xh, W_hh, b_h: (W_xh, W_hh)),
    ),
]


# gradient_norms


def gradient_norms(gradient, xs, h0, W_xh, W_hh, b_h, cell):
    """Nudge each state, run on from there, and see what the loss does."""
    T, H = len(xs), len(h0)
    states = [h0]
    for x in xs:
        states.append(CELLS[cell](states[-1], _net(x, states[-1], W_xh, W_hh, b_h)))
    norms = []
    for k in range(T + 1):
        rows = states[T - k] + 1j * TINY * np.eye(H)
        for x in xs[T - k :]:
            rows = CELLS[cell](rows, rows @ W_hh.T + (W_xh @ x + b_h))
        norms.append(math.hypot(*(rows.imag @ gradient / TINY)))
    return np.array(norms)


_STEPS_OF = {
    "tanh": _step,
    "relu": partial(_step, **_RELU),
    "residual": partial(_step, **_RESIDUAL),
}


def _norms(
    gradient,
    xs,
    h0,
    W_xh,
    W_hh,
    b_h,
    cell,
    step=_STEPS_OF.get,
    before=lambda h, h0: h,
    products=_products,
    measure=lambda gradient, P: np.linalg.norm(gradient @ P),
):
    """Chain the Jacobians as someone does who is mistaken about one part."""
    h, jacobians = h0, []
    for x in xs:
        h, J = step(cell)(x, before(h, h0), W_xh, W_hh, b_h)
        jacobians.append(J)
    return np.array([measure(gradient, P) for P in products(np.array(jacobians))])


def _always(cell):
    return lambda _: _STEPS_OF[cell]


def _jacobian_mistakes(cell, table):
    """Return the mistaken steps of a cell whose state and shapes are right."""
    rng = np.random.default_rng(0)
    given = [rng.normal(size=shape) for shape in (3, 2, (2, 3), (2, 2), 2)]
    h, J = _STEPS_OF[cell](*given)
    same = partial(np.array_equal, h)
    tried = [(sentence, mistake, mistake(*given)) for sentence, mistake in table]
    return [
        (sentence, lambda name, mistake=mistake: mistake if name == cell else _STEPS_OF[name])
        for sentence, mistake, out in tried
        if len(out) == 2 and same(out[0]) and out[1].shape == J.shape
    ]


_NORMS_MISTAKES = [
    (
        "the product stands before the gradient; on the way back it is gradient @ P, or P.T @ "
        "gradient",
        partial(_norms, measure=lambda gradient, P: np.linalg.norm(P @ gradient)),
    ),
    (
        "this is the Frobenius norm of the product; the gradient goes through it: gradient @ P",
        partial(_norms, measure=lambda gradient, P: np.linalg.norm(P)),
    ),
    (
        "this is the product's largest singular value; the gradient goes through it: gradient @ P",
        partial(_norms, measure=lambda gradient, P: np.linalg.norm(P, 2)),
    ),
    (
        "norms of gradient and product are multiplied, which is a bound; measure gradient @ P",
        partial(
            _norms,
            measure=lambda gradient, P: np.linalg.norm(gradient) * np.linalg.norm(P, 2),
        ),
    ),
    (
        "norms of gradient and product are multiplied, which is a bound; measure gradient @ P",
        partial(
            _norms,
            measure=lambda gradient, P: np.linalg.norm(gradient) * np.linalg.norm(P),
        ),
    ),
    (
        "the root is missing: the norm is the root of the sum of squares",
        partial(_norms, measure=lambda gradient, P: np.sum((gradient @ P) ** 2)),
    ),
    (
        "absolute values are added up; the norm is the root of the sum of squares",
        partial(_norms, measure=lambda gradient, P: np.abs(gradient @ P).sum()),
    ),
    (
        "the entries are multiplied one by one: the gradient goes through the product by @",
        partial(_norms, measure=lambda gradient, P: np.linalg.norm(gradient * P)),
    ),
    (
        "these are the gradients, not their norms",
        partial(_norms, measure=lambda gradient, P: gradient @ P),
    ),
    (
        "the gradient plays no part: it is not all ones",
        lambda gradient, *rest: _norms(np.ones_like(gradient), *rest),
    ),
    (
        "cell has no effect: every step is a tanh_step",
        partial(_norms, step=_always("tanh")),
    ),
    (
        "cell has no effect: every step is a relu_step",
        partial(_norms, step=_always("relu")),
    ),
    (
        "cell has no effect: every step is a residual_step",
        partial(_norms, step=_always("residual")),
    ),
    (
        "the cells relu and residual are swapped",
        partial(
            _norms,
            step=lambda cell: _STEPS_OF[{"relu": "residual", "residual": "relu"}.get(cell, cell)],
        ),
    ),
    (
        "the state is not carried: every step begins with h0",
        partial(_norms, before=lambda h, h0: h0),
    ),
    (
        "h0 is ignored; the state before the first step is h0, not zeros",
        lambda gradient, xs, h0, *rest: _norms(gradient, xs, 0 * h0, *rest),
    ),
    (
        "the text is read backwards",
        lambda gradient, xs, *rest: _norms(gradient, xs[::-1], *rest),
    ),
    (
        "the biases are forgotten",
        lambda gradient, xs, h0, W_xh, W_hh, b_h, cell: _norms(
            gradient, xs, h0, W_xh, W_hh, 0 * b_h, cell
        ),
    ),
    (
        "the norms come out longest distance first; entry 0 is no step back",
        lambda *given: _norms(*given)[::-1],
    ),
    (
        "entry 0 is missing: no step back it is the norm of the gradient itself",
        lambda *given: _norms(*given)[1:],
    ),
    (
        "the last entry is missing: T steps back is h0",
        lambda *given: _norms(*given)[:-1],
    ),
    (
        "only the longest distance is returned; one number a distance, 0 to T",
        lambda *given: float(_norms(*given)[-1]),
    ),
    *(
        (sentence, partial(_norms, products=mistake))
        for sentence, mistake in _PRODUCT_MISTAKES
        if isinstance(mistake, partial)
    ),
    *(
        (sentence, partial(_norms, step=step))
        for cell, table in (
            ("tanh", _TANH_MISTAKES),
            ("relu", _RELU_MISTAKES),
            ("residual", _RESIDUAL_MISTAKES),
        )
        for sentence, step in _jacobian_mistakes(cell, table)
    ),
]


# Inputs. They are rounded to two decimals, so that what a message shows is what the function got.


def _sizes(rng, n, most=5):
    """Return n different sizes from 2 on."""
    return rng.permutation(np.arange(2, most))[:n]


def _normal(rng, *shape, scale=0.8):
    return rng.normal(scale=scale, size=shape).round(2) + 0.0  # no -0.0


def _random_step(rng):
    D, H = _sizes(rng, 2)
    weights = _normal(rng, H, D), _normal(rng, H, H), _normal(rng, H)
    return _normal(rng, D), _normal(rng, H), *weights


def _random_jacobians(rng):
    T, H = _sizes(rng, 2)
    return (_normal(rng, T, H, H),)


def _random_matrix(rng):
    (H,) = _sizes(rng, 1)
    return (_normal(rng, H, H),)


def _random_bound(rng):
    H, steps = _sizes(rng, 2, most=7)
    slope = float(rng.choice([0.25, 0.5, 0.9]))
    return _normal(rng, H), _normal(rng, H, H), slope, int(steps)


def _random_tags(rng):
    nouns, others = ["NN", "NNS"], ["DT", "JJ", "IN", "VBZ", "NNP", "WDT"]
    n = int(rng.integers(6, 12))
    tags = [str(rng.choice(nouns if rng.random() < 0.6 else others)) for _ in range(n)]
    subject = int(rng.integers(0, 3))
    verb = int(rng.integers(subject + 2, n))
    tags[subject], tags[verb] = str(rng.choice(nouns)), str(rng.choice(["VBZ", "VBP"]))
    return tags, subject, verb


def _random_pairs(rng):
    n = int(rng.integers(6, 12))
    attractors = rng.integers(0, 4, size=n)
    right = (-rng.exponential(2.0, size=n)).round(1)
    wrong = np.where(rng.random(n) < 0.3, right, (-rng.exponential(2.0, size=n)).round(1))
    return right, wrong, attractors, int(rng.choice(attractors))


def _random_unit(rng):
    w = float(rng.choice([-1, 1]) * round(rng.uniform(0.5, 2), 2))
    b, h0, target = rng.uniform(-0.9, 0.9, size=3).round(2).tolist()
    return w, b, h0, target, int(rng.integers(2, 9))


def _random_gradients(rng):
    D, H, V = rng.permutation(np.arange(1, 4))
    shapes = (H, D), (H, H), (V,), (V, H)
    gradients = [_normal(rng, *shape, scale=rng.choice([0.2, 2.0])) for shape in shapes]
    gradients = gradients[: rng.integers(2, 5)]
    if rng.random() < 0.25:
        bad = gradients[rng.integers(len(gradients))]
        bad.flat[rng.integers(bad.size)] = rng.choice([np.inf, -np.inf, np.nan])
    return gradients, float(rng.choice([0.25, 0.5, 2.0, 5.0]))


def _random_irnn(rng):
    D, H = _sizes(rng, 2)
    std, scale = rng.choice([0.001, 0.01, 0.1, 0.5]), rng.choice([0.5, 0.9, 0.95, 1.2])
    return _normal(rng, H, D), float(std), float(scale)


def _random_norms(rng):
    D, H, T = _sizes(rng, 3)
    weights = _normal(rng, H, D), _normal(rng, H, H), _normal(rng, H)
    cell = str(rng.choice(list(CELLS)))
    return _normal(rng, H), _normal(rng, T, D), _normal(rng, H), *weights, cell


_ONE = np.array([1.0])
_W1, _V1 = np.array([[0.5]]), np.array([[2.0]])
_W12 = np.array([[1.0], [-0.5]])
_W21 = np.array([[1.0, -0.5]])
_V2 = np.array([[0.5, -1.0], [2.0, 0.25]])
_H2, _B2 = np.array([0.5, -0.5]), np.array([0.25, 0.5])
_X2 = np.array([[1.0], [0.0], [-0.5]])
_STEPS = (
    # net = 0.5 + 2 * 0.5 - 1 = 0.5: the slope of tanh is 0.7864, that of ReLU 1.
    (_ONE, 0.5 * _ONE, _W1, _V1, -1 * _ONE),
    (np.array([1.0, 0.5]), -0.5 * _ONE, _W21, _V1, -0.5 * _ONE),  # net is negative
    (_ONE, _H2, _W12, _V2, _B2),
    (-2 * _ONE, _H2, _W12, _V2, _B2),  # the first net is negative
)
_J2 = np.array([[[0.5, 1.0], [0.0, 2.0]], [[1.0, 0.0], [3.0, 0.5]], [[0.0, 1.0], [-1.0, 0.0]]])
_SKEW = np.array([[0.5, 4.0], [0.0, 0.5]])
_TURN = np.array([[0.0, -2.0], [2.0, 0.0]])

QUESTIONS = {
    question.name: question
    for question in [
        Question(
            points=2,
            expected=tanh_step,
            examples=_STEPS,
            random_inputs=_random_step,
            mistakes=_TANH_MISTAKES,
            returns=("h", "jacobian"),
        ),
        Question(
            points=2,
            expected=running_products,
            examples=(
                (np.array([[[0.5]], [[0.8]]]),),  # 1, then 0.8, then 0.8 * 0.5
                *((_J2[:T],) for T in (1, 2, 3)),
            ),
            random_inputs=_random_jacobians,
            mistakes=_PRODUCT_MISTAKES,
        ),
        Question(
            points=2,
            expected=norm_and_radius,
            examples=(
                (np.array([[-3.0]]),),
                (np.diag([1.0, -3.0]),),
                (np.array([[0.0, 1.0], [0.0, 0.0]]),),  # both eigenvalues are 0
                (_SKEW,),
                (_TURN,),  # its eigenvalues are 2i and -2i
                (_V2,),
            ),
            random_inputs=_random_matrix,
            mistakes=_RADIUS_MISTAKES,
            returns=("norm", "radius"),
        ),
        Question(
            points=2,
            expected=gradient_bound,
            examples=(
                (np.array([3.0, 4.0]), np.diag([0.5, 0.25]), 1.0, 2),  # 5, 2.5, 1.25
                (np.array([3.0, 4.0]), _TURN, 0.25, 3),
                (np.array([1.0, 0.0]), _SKEW, 1.0, 2),
                (_H2, _V2, 0.5, 4),
            ),
            random_inputs=_random_bound,
            mistakes=_BOUND_MISTAKES,
        ),
        Question(
            points=2,
            expected=count_attractors,
            examples=(
                (["DT", "NN", "VBZ"], 1, 2),
                ("DT NN IN DT NNS VBZ".split(), 1, 5),  # the writer of the books is
                ("DT NNS IN DT NN VBP".split(), 1, 5),
                ("DT NN IN DT NN VBZ".split(), 1, 5),
                ("DT NNS IN DT NNS VBP".split(), 1, 5),
                ("DT NN IN DT NNS IN DT NN VBZ DT NNS".split(), 1, 8),
                ("NNS NN NNS JJ NNS VBZ NNS".split(), 1, 5),
            ),
            random_inputs=_random_tags,
            mistakes=_COUNT_MISTAKES,
        ),
        Question(
            points=2,
            expected=agreement_accuracy,
            examples=(
                (np.array([-1.0, -2.0]), np.array([-2.0, -1.0]), np.array([0, 1]), 1),
                (np.array([-1.0, -2.0]), np.array([-2.0, -1.0]), np.array([1, 1]), 1),
                (np.array([-1.0, -2.0]), np.array([-1.0, -3.0]), np.array([2, 0]), 2),
                (
                    np.array([-1.0, -4.0, -0.5, -3.0, -2.0]),
                    np.array([-2.0, -1.5, -0.5, -5.0, -1.0]),
                    np.array([1, 1, 1, 0, 2]),
                    1,
                ),
            ),
            random_inputs=_random_pairs,
            mistakes=_ACCURACY_MISTAKES,
        ),
        Question(
            points=3,
            expected=one_unit_loss,
            examples=(
                (2.0, 0.0, 0.5, 0.0, 1),  # h = tanh(1)
                (2.0, 0.5, 0.0, 1.0, 2),
                (-1.5, 0.25, 0.5, -0.5, 3),
                (1.3, -0.1, 0.5, 0.7, 50),
            ),
            random_inputs=_random_unit,
            mistakes=_UNIT_MISTAKES,
            returns=("loss", "dw", "db"),
        ),
        Question(
            points=2,
            expected=clip_gradients,
            examples=(
                ([np.array([3.0]), np.array([4.0])], 1.0),  # norm 5: 0.6 and 0.8
                ([np.array([3.0]), np.array([4.0])], 10.0),
                ([np.array([0.0]), np.array([0.0])], 1.0),
                ([np.array([[6.0, 0.0]]), np.array([-8.0, 0.5])], 5.0),
                ([np.array([np.inf]), np.array([1.0, 2.0])], 1.0),
                ([np.array([0.5]), np.array([np.nan, 2.0])], 1.0),
            ),
            random_inputs=_random_gradients,
            mistakes=_CLIP_MISTAKES,
        ),
        Question(
            points=1,
            expected=irnn_weights,
            examples=(
                (np.array([[2.0]]), 0.5, 0.9),
                (np.array([[2.0, -1.0, 0.5], [0.0, 1.0, -2.0]]), 0.001, 1.0),
                (np.array([[2.0], [-1.0], [0.5]]), 0.1, 0.5),
            ),
            random_inputs=_random_irnn,
            mistakes=_IRNN_MISTAKES,
            returns=("W_xh", "W_hh", "b_h"),
        ),
        Question(
            points=2,
            expected=relu_step,
            examples=_STEPS,
            random_inputs=_random_step,
            mistakes=_RELU_MISTAKES,
            returns=("h", "jacobian"),
        ),
        Question(
            points=2,
            expected=residual_step,
            examples=_STEPS,
            random_inputs=_random_step,
            mistakes=_RESIDUAL_MISTAKES,
            returns=("h", "jacobian"),
        ),
        Question(
            points=2,
            expected=gradient_norms,
            examples=(
                # One step: the length of the gradient, 1, then the Jacobian of tanh_step, 1.573.
                *((_ONE, _X2[:1], 0.5 * _ONE, _W1, _V1, -1 * _ONE, cell) for cell in CELLS),
                *((_H2, _X2, _B2, _W12, _V2, _H2, cell) for cell in CELLS),
            ),
            random_inputs=_random_norms,
            mistakes=_NORMS_MISTAKES,
        ),
    ]
}
