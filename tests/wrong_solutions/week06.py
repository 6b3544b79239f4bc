"""Wrong solutions of week 6 as students write them."""

import math

import numpy as np

from wrong_solutions import new_bank

WRONG, RIGHT, wrong, right = new_bank()


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def net(x, h_prev, W_xh, W_hh, b_h):
    return W_xh @ x + W_hh @ h_prev + b_h


# lstm_gates


@right("lstm_gates")
def gates_by_slices(x, h_prev, W_xh, W_hh, b_h):
    H = len(h_prev)
    a = W_xh.dot(x) + W_hh.dot(h_prev) + b_h
    return [sigmoid(a[:H]), sigmoid(a[H : 2 * H]), np.tanh(a[2 * H : 3 * H]), sigmoid(a[3 * H :])]


@right("lstm_gates")
def gate_after_gate(x, h_prev, W_xh, W_hh, b_h):
    H, gates = len(h_prev), []
    for k in range(4):
        rows = slice(k * H, (k + 1) * H)
        a = W_xh[rows] @ x + W_hh[rows] @ h_prev + b_h[rows]
        gates.append(np.tanh(a) if k == 2 else np.exp(a) / (1 + np.exp(a)))
    return tuple(gates)


@wrong("lstm_gates", "g goes through the sigmoid")
def sigmoid_on_g(x, h_prev, W_xh, W_hh, b_h):
    return tuple(np.split(sigmoid(net(x, h_prev, W_xh, W_hh, b_h)), 4))


@wrong("lstm_gates", "i, f and o go through tanh")
def tanh_on_all(x, h_prev, W_xh, W_hh, b_h):
    return tuple(np.split(np.tanh(net(x, h_prev, W_xh, W_hh, b_h)), 4))


@wrong("lstm_gates", "sigmoid and tanh are swapped")
def squashes_swapped(x, h_prev, W_xh, W_hh, b_h):
    i, f, g, o = np.split(net(x, h_prev, W_xh, W_hh, b_h), 4)
    return np.tanh(i), np.tanh(f), sigmoid(g), np.tanh(o)


@wrong("lstm_gates", "these are the pre-activations")
def not_squashed(x, h_prev, W_xh, W_hh, b_h):
    return tuple(np.split(net(x, h_prev, W_xh, W_hh, b_h), 4))


@wrong("lstm_gates", "tanh is missing on g")
def linear_content(x, h_prev, W_xh, W_hh, b_h):
    i, f, g, o = np.split(net(x, h_prev, W_xh, W_hh, b_h), 4)
    return sigmoid(i), sigmoid(f), g, sigmoid(o)


@wrong("lstm_gates", "the sign in the exponent is wrong")
def sign_of_the_exponent(x, h_prev, W_xh, W_hh, b_h):
    i, f, g, o = np.split(net(x, h_prev, W_xh, W_hh, b_h), 4)
    return 1 / (1 + np.exp(i)), 1 / (1 + np.exp(f)), np.tanh(g), 1 / (1 + np.exp(o))


@wrong("lstm_gates", "the rows are read in the order i, f, o, g")
def order_of_the_slide(x, h_prev, W_xh, W_hh, b_h):
    i, f, o, g = np.split(net(x, h_prev, W_xh, W_hh, b_h), 4)
    return sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)


@wrong("lstm_gates", "the rows are read in the order f, i, o, g")
def order_of_cs224n(x, h_prev, W_xh, W_hh, b_h):
    f, i, o, g = np.split(net(x, h_prev, W_xh, W_hh, b_h), 4)
    return sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)


@wrong("lstm_gates", "i and f are swapped")
def forget_gate_first(x, h_prev, W_xh, W_hh, b_h):
    i, f, g, o = gates_by_slices(x, h_prev, W_xh, W_hh, b_h)
    return f, i, g, o


@wrong("lstm_gates", "the last two results are swapped")
def content_last(x, h_prev, W_xh, W_hh, b_h):
    i, f, g, o = gates_by_slices(x, h_prev, W_xh, W_hh, b_h)
    return i, f, o, g


@wrong("lstm_gates", "every fourth row is taken")
def every_fourth_row(x, h_prev, W_xh, W_hh, b_h):
    a = net(x, h_prev, W_xh, W_hh, b_h)
    return sigmoid(a[0::4]), sigmoid(a[1::4]), np.tanh(a[2::4]), sigmoid(a[3::4])


@wrong("lstm_gates", "the biases are shared")
def one_bias_for_all(x, h_prev, W_xh, W_hh, b_h):
    a = (W_xh @ x + W_hh @ h_prev).reshape(4, -1) + b_h[: len(h_prev)]
    return sigmoid(a[0]), sigmoid(a[1]), np.tanh(a[2]), sigmoid(a[3])


@wrong("lstm_gates", "the bias b_h is forgotten")
def no_bias(x, h_prev, W_xh, W_hh, b_h):
    return gates_by_slices(x, h_prev, W_xh, W_hh, np.zeros_like(b_h))


@wrong("lstm_gates", "the bias b_h is added twice")
def two_biases(x, h_prev, W_xh, W_hh, b_h):
    i, f, g, o = np.split((W_xh @ x + b_h) + (W_hh @ h_prev + b_h), 4)
    return sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)


@wrong("lstm_gates", "the gates do not see the state before")
def input_only(x, h_prev, W_xh, W_hh, b_h):
    i, f, g, o = np.split(W_xh @ x + b_h, 4)
    return sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)


@wrong("lstm_gates", "the gates do not see the input")
def state_only(x, h_prev, W_xh, W_hh, b_h):
    i, f, g, o = np.split(W_hh @ h_prev + b_h, 4)
    return sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)


@wrong("lstm_gates", "W_hh is transposed gate by gate")
def row_vector_state(x, h_prev, W_xh, W_hh, b_h):
    a = np.split(W_xh @ x + b_h, 4)
    i, f, g, o = (own + h_prev @ W for own, W in zip(a, np.split(W_hh, 4), strict=True))
    return sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)


@wrong("lstm_gates", "W_xh (4H, D) meets x (D,)")
def matrices_swapped(x, h_prev, W_xh, W_hh, b_h):
    i, f, g, o = np.split(W_hh @ x + W_xh @ h_prev + b_h, 4)
    return sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)


@wrong("lstm_gates", "it changes its argument `b_h`")
def adds_to_the_bias(x, h_prev, W_xh, W_hh, b_h):
    b_h += W_xh @ x + W_hh @ h_prev
    return sigmoid_on_g(0 * x, 0 * h_prev, W_xh, W_hh, b_h)


# lstm_step


@right("lstm_step")
def step_as_one(x, h_prev, c_prev, W_xh, W_hh, b_h):
    H = len(c_prev)
    a = np.concatenate([W_xh, W_hh], axis=1) @ np.concatenate([x, h_prev]) + b_h
    c = c_prev / (1 + np.exp(-a[H : 2 * H])) + np.tanh(a[2 * H : 3 * H]) / (1 + np.exp(-a[:H]))
    return [np.tanh(c) / (1 + np.exp(-a[3 * H :])), c]


@right("lstm_step")
def step_unit_by_unit(x, h_prev, c_prev, W_xh, W_hh, b_h):
    h, c = np.empty(len(c_prev)), np.empty(len(c_prev))
    for j, (i, f, g, o) in enumerate(
        zip(*gate_after_gate(x, h_prev, W_xh, W_hh, b_h), strict=True)
    ):
        c[j] = f * c_prev[j] + i * g
        h[j] = o * math.tanh(c[j])
    return h, c


@wrong("lstm_step", "the forget gate multiplies the new content too")
def forget_gate_times_the_sum(x, h_prev, c_prev, W_xh, W_hh, b_h):
    i, f, g, o = gates_by_slices(x, h_prev, W_xh, W_hh, b_h)
    c = f * (c_prev + i * g)
    return o * np.tanh(c), c


@wrong("lstm_step", "f keeps the old cell, i lets the new content in")
def forget_gate_times_new_content(x, h_prev, c_prev, W_xh, W_hh, b_h):
    i, f, g, o = gates_by_slices(x, h_prev, W_xh, W_hh, b_h)
    c = i * c_prev + f * g
    return o * np.tanh(c), c


@wrong("lstm_step", "the input gate is missing")
def everything_enters(x, h_prev, c_prev, W_xh, W_hh, b_h):
    _, f, g, o = gates_by_slices(x, h_prev, W_xh, W_hh, b_h)
    c = f * c_prev + g
    return o * np.tanh(c), c


@wrong("lstm_step", "the forget gate is missing")
def lstm_of_1997(x, h_prev, c_prev, W_xh, W_hh, b_h):
    i, _, g, o = gates_by_slices(x, h_prev, W_xh, W_hh, b_h)
    c = c_prev + i * g
    return o * np.tanh(c), c


@wrong("lstm_step", "1 - f is kept")
def gate_that_forgets(x, h_prev, c_prev, W_xh, W_hh, b_h):
    i, f, g, o = gates_by_slices(x, h_prev, W_xh, W_hh, b_h)
    c = (1 - f) * c_prev + i * g
    return o * np.tanh(c), c


@wrong("lstm_step", "the new content enters by 1 - f")
def coupled_gates(x, h_prev, c_prev, W_xh, W_hh, b_h):
    _, f, g, o = gates_by_slices(x, h_prev, W_xh, W_hh, b_h)
    c = f * c_prev + (1 - f) * g
    return o * np.tanh(c), c


@wrong("lstm_step", "the old cell is kept by 1 - i")
def coupled_the_other_way(x, h_prev, c_prev, W_xh, W_hh, b_h):
    i, _, g, o = gates_by_slices(x, h_prev, W_xh, W_hh, b_h)
    c = (1 - i) * c_prev + i * g
    return o * np.tanh(c), c


@wrong("lstm_step", "tanh is taken of the cell itself")
def squashed_cell(x, h_prev, c_prev, W_xh, W_hh, b_h):
    i, f, g, o = gates_by_slices(x, h_prev, W_xh, W_hh, b_h)
    c = np.tanh(f * c_prev + i * g)
    return o * c, c


@wrong("lstm_step", "tanh is taken of the cell itself")
def squashed_twice(x, h_prev, c_prev, W_xh, W_hh, b_h):
    i, f, g, o = gates_by_slices(x, h_prev, W_xh, W_hh, b_h)
    c = np.tanh(f * c_prev + i * g)
    return o * np.tanh(c), c


@wrong("lstm_step", "the tanh of the cell is missing")
def tanh_missing_on_c(x, h_prev, c_prev, W_xh, W_hh, b_h):
    i, f, g, o = gates_by_slices(x, h_prev, W_xh, W_hh, b_h)
    c = f * c_prev + i * g
    return o * c, c


@wrong("lstm_step", "h goes through the sigmoid")
def sigmoid_of_the_cell(x, h_prev, c_prev, W_xh, W_hh, b_h):
    i, f, g, o = gates_by_slices(x, h_prev, W_xh, W_hh, b_h)
    c = f * c_prev + i * g
    return o * sigmoid(c), c


@wrong("lstm_step", "the output gate stands inside the tanh")
def bracket_too_late(x, h_prev, c_prev, W_xh, W_hh, b_h):
    i, f, g, o = gates_by_slices(x, h_prev, W_xh, W_hh, b_h)
    c = f * c_prev + i * g
    return np.tanh(o * c), c


@wrong("lstm_step", "the output gate is missing")
def always_read(x, h_prev, c_prev, W_xh, W_hh, b_h):
    i, f, g, _ = gates_by_slices(x, h_prev, W_xh, W_hh, b_h)
    c = f * c_prev + i * g
    return np.tanh(c), c


@wrong("lstm_step", "h is read from the cell before the step")
def reads_the_old_cell(x, h_prev, c_prev, W_xh, W_hh, b_h):
    i, f, g, o = gates_by_slices(x, h_prev, W_xh, W_hh, b_h)
    return o * np.tanh(c_prev), f * c_prev + i * g


@wrong("lstm_step", "h is read from the new content alone")
def reads_the_content(x, h_prev, c_prev, W_xh, W_hh, b_h):
    i, f, g, o = gates_by_slices(x, h_prev, W_xh, W_hh, b_h)
    return o * np.tanh(g), f * c_prev + i * g


@wrong("lstm_step", "the candidate is missing")
def gate_for_content(x, h_prev, c_prev, W_xh, W_hh, b_h):
    i, f, _, o = gates_by_slices(x, h_prev, W_xh, W_hh, b_h)
    c = f * c_prev + i
    return o * np.tanh(c), c


@wrong("lstm_step", "the old cell is missing")
def nothing_kept(x, h_prev, c_prev, W_xh, W_hh, b_h):
    i, _, g, o = gates_by_slices(x, h_prev, W_xh, W_hh, b_h)
    c = i * g
    return o * np.tanh(c), c


@wrong("lstm_step", "the cell comes first")
def cell_first(x, h_prev, c_prev, W_xh, W_hh, b_h):
    h, c = step_as_one(x, h_prev, c_prev, W_xh, W_hh, b_h)
    return c, h


@wrong("lstm_step", "only h is returned")
def only_h(x, h_prev, c_prev, W_xh, W_hh, b_h):
    return step_as_one(x, h_prev, c_prev, W_xh, W_hh, b_h)[0]


@wrong("lstm_step", "g goes through the sigmoid")
def step_with_sigmoid_on_g(x, h_prev, c_prev, W_xh, W_hh, b_h):
    i, f, g, o = sigmoid_on_g(x, h_prev, W_xh, W_hh, b_h)
    c = f * c_prev + i * g
    return o * np.tanh(c), c


@wrong("lstm_step", "the biases are shared")
def step_with_shared_biases(x, h_prev, c_prev, W_xh, W_hh, b_h):
    i, f, g, o = one_bias_for_all(x, h_prev, W_xh, W_hh, b_h)
    c = f * c_prev + i * g
    return o * np.tanh(c), c


# gradient_along_c


@right("gradient_along_c")
def by_cumprod(f):
    return np.cumprod(np.vstack([np.ones(f.shape[1]), f[::-1]]), axis=0)


@right("gradient_along_c")
def product_of_a_slice(f):
    return np.array([f[len(f) - k :].prod(axis=0) for k in range(len(f) + 1)])


@wrong("gradient_along_c", "row 0 is missing")
def without_row_0(f):
    return np.cumprod(f[::-1], axis=0)


@wrong("gradient_along_c", "the last row is missing")
def without_the_last_row(f):
    return np.array([f[len(f) - k :].prod(axis=0) for k in range(len(f))])


@wrong("gradient_along_c", "the product begins at the first step")
def from_the_first_step(f):
    return np.cumprod(np.vstack([np.ones(f.shape[1]), f]), axis=0)


@wrong("gradient_along_c", "longest distance first")
def never_reversed(f):
    return by_cumprod(f)[::-1]


@wrong("gradient_along_c", "the forget gates are added up")
def sum_of_gates(f):
    return np.cumsum(np.vstack([np.zeros(f.shape[1]), f[::-1]]), axis=0)


@wrong("gradient_along_c", "these are the gates, not their products")
def gates_themselves(f):
    return np.vstack([np.ones(f.shape[1]), f[::-1]])


@wrong("gradient_along_c", "every row is a power of the last gate")
def power_of_the_last(f):
    return np.array([f[-1] ** k for k in range(len(f) + 1)])


@wrong("gradient_along_c", "every row is a power of the mean gate")
def power_of_the_mean(f):
    return np.array([f.mean(axis=0) ** k for k in range(len(f) + 1)])


@wrong("gradient_along_c", "the product runs over the units")
def along_the_units(f):
    return np.vstack([np.ones(f.shape[1]), np.cumprod(f[::-1], axis=1)])


@wrong("gradient_along_c", "the units are multiplied together")
def units_together(f):
    rows = [np.ones(f.shape[1])]
    for gate in f[::-1]:
        rows.append(rows[-1] * gate.prod())
    return np.array(rows)


@wrong("gradient_along_c", "the last gate is left out")
def last_gate_left_out(f):
    rows = [np.ones(f.shape[1]), np.ones(f.shape[1])]
    for t in range(len(f) - 2, -1, -1):
        rows.append(rows[-1] * f[t])
    return np.array(rows)


@wrong("gradient_along_c", "1 - f is multiplied")
def what_is_lost(f):
    return by_cumprod(1 - f)


@wrong("gradient_along_c", "the slope f * (1 - f) is multiplied")
def slopes_of_the_gates(f):
    return by_cumprod(f * (1 - f))


@wrong("gradient_along_c", "only the longest distance is returned")
def longest_only(f):
    left = np.ones(f.shape[1])
    for gate in f[::-1]:
        left = left * gate
    return left


@wrong("gradient_along_c", "all rows are the same array")
def the_same_array(f):
    left, rows = np.ones(f.shape[1]), []
    rows.append(left)
    for gate in f[::-1]:
        left *= gate
        rows.append(left)
    return np.array(rows)


@wrong("gradient_along_c", "it changes its argument `f`")
def multiplies_in_place(f):
    for t in range(len(f) - 2, -1, -1):
        f[t] *= f[t + 1]
    return np.vstack([np.ones(f.shape[1]), f[::-1]])


# bias_to_hold


@right("bias_to_hold")
def minus_log_of_the_odds(steps, share):
    return -math.log(math.exp(-math.log(share) / steps) - 1)


@right("bias_to_hold")
def by_the_root(steps, share):
    return float(np.log(np.power(share, 1 / steps)) - np.log1p(-np.power(share, 1 / steps)))


@wrong("bias_to_hold", "this is the gate, not its bias")
def gate_itself(steps, share):
    return share ** (1 / steps)


@wrong("bias_to_hold", "the sigmoid is taken")
def sigmoid_of_the_gate(steps, share):
    return float(sigmoid(share ** (1 / steps)))


@wrong("bias_to_hold", "the sign is wrong")
def odds_upside_down(steps, share):
    f = share ** (1 / steps)
    return math.log((1 - f) / f)


@wrong("bias_to_hold", "the number of steps plays no part")
def one_step(steps, share):
    return math.log(share / (1 - share))


@wrong("bias_to_hold", "the share is taken to the power of steps")
def power_for_root(steps, share):
    f = share**steps
    return float(np.log(f / (1 - f)))


@wrong("bias_to_hold", "the share is divided by the steps")
def divided_by_the_steps(steps, share):
    f = share / steps
    return math.log(f) - math.log(1 - f)


@wrong("bias_to_hold", "the loss is divided by the steps")
def the_same_loss_each_step(steps, share):
    f = 1 - (1 - share) / steps
    return math.log(f / (1 - f))


@wrong("bias_to_hold", "one step too many")
def one_step_more(steps, share):
    return minus_log_of_the_odds(steps + 1, share)


@wrong("bias_to_hold", "share is what is left")
def share_that_is_lost(steps, share):
    return minus_log_of_the_odds(steps, 1 - share)


@wrong("bias_to_hold", "this is ln f")
def logarithm_of_the_gate(steps, share):
    return math.log(share) / steps


@wrong("bias_to_hold", "the inverse of tanh is taken")
def inverse_of_tanh(steps, share):
    return math.atanh(share ** (1 / steps))


@wrong("bias_to_hold", "take the natural one")
def base_ten(steps, share):
    f = share ** (1 / steps)
    return math.log10(f / (1 - f))


@wrong("bias_to_hold", "lacks f")
def half_of_the_odds(steps, share):
    return -math.log(1 - share ** (1 / steps))


@wrong("bias_to_hold", "take its logarithm")
def odds(steps, share):
    f = share ** (1 / steps)
    return f / (1 - f)


# latch_weights


def latch(strength, W_xh, b_h):
    return strength * np.array(W_xh, dtype=float), np.zeros((4, 1)), strength * np.array(b_h) * 1.0


@right("latch_weights")
def entry_by_entry(strength):
    W_xh, W_hh, b_h = np.zeros((4, 3)), np.zeros((4, 1)), np.zeros(4)
    W_xh[0, 1], b_h[0] = 2 * strength, -strength
    W_xh[1, 1], b_h[1] = -2 * strength, strength
    W_xh[2, 0] = strength
    W_xh[3, 2], b_h[3] = 2 * strength, -strength
    return W_xh, W_hh, b_h


@right("latch_weights")
def times_the_strength(strength):
    return latch(strength, [[0, 2, 0], [0, -2, 0], [1, 0, 0], [0, 0, 2]], [-1, 1, 0, -1])


@wrong("latch_weights", "the forget gate does as the input gate")
def forget_gate_like_input_gate(strength):
    return latch(strength, [[0, 2, 0], [0, 2, 0], [1, 0, 0], [0, 0, 2]], [-1, -1, 0, -1])


@wrong("latch_weights", "i and f have changed places")
def latch_i_and_f(strength):
    return latch(strength, [[0, -2, 0], [0, 2, 0], [1, 0, 0], [0, 0, 2]], [1, -1, 0, -1])


@wrong("latch_weights", "the forget gate stays open while something is written")
def never_erases(strength):
    return latch(strength, [[0, 2, 0], [0, 0, 0], [1, 0, 0], [0, 0, 2]], [-1, 1, 0, -1])


@wrong("latch_weights", "the rows lie as i, f, o, g")
def latch_order(strength):
    return latch(strength, [[0, 2, 0], [0, -2, 0], [0, 0, 2], [1, 0, 0]], [-1, 1, -1, 0])


@wrong("latch_weights", "the biases are missing")
def latch_without_biases(strength):
    return latch(strength, [[0, 2, 0], [0, -2, 0], [1, 0, 0], [0, 0, 2]], [0, 0, 0, 0])


@wrong("latch_weights", "the signs of the biases are wrong")
def latch_signs(strength):
    return latch(strength, [[0, 2, 0], [0, -2, 0], [1, 0, 0], [0, 0, 2]], [1, -1, 0, 1])


@wrong("latch_weights", "a command brings a gate to 0 only")
def half_open(strength):
    return latch(strength, [[0, 1, 0], [0, -1, 0], [1, 0, 0], [0, 0, 1]], [-1, 1, 0, -1])


@wrong("latch_weights", "all weights are doubled")
def all_doubled(strength):
    return latch(strength, [[0, 2, 0], [0, -2, 0], [2, 0, 0], [0, 0, 2]], [-1, 1, 0, -1])


@wrong("latch_weights", "the output gate is always open")
def always_reads(strength):
    return latch(strength, [[0, 2, 0], [0, -2, 0], [1, 0, 0], [0, 0, 0]], [-1, 1, 0, 1])


@wrong("latch_weights", "g sees the command to write")
def content_sees_write(strength):
    return latch(strength, [[0, 2, 0], [0, -2, 0], [1, 1, 0], [0, 0, 2]], [-1, 1, 0, -1])


@wrong("latch_weights", "g has a bias")
def content_with_bias(strength):
    return latch(strength, [[0, 2, 0], [0, -2, 0], [2, 0, 0], [0, 0, 2]], [-1, 1, -1, -1])


@wrong("latch_weights", "the input is (value, write, read)")
def write_first(strength):
    return latch(strength, [[2, 0, 0], [-2, 0, 0], [0, 1, 0], [0, 0, 2]], [-1, 1, 0, -1])


@wrong("latch_weights", "write and read are swapped")
def write_and_read(strength):
    return latch(strength, [[0, 0, 2], [0, 0, -2], [1, 0, 0], [0, 2, 0]], [-1, 1, 0, -1])


@wrong("latch_weights", "W_hh is not zero")
def from_the_state(strength):
    W_xh, _, b_h = entry_by_entry(strength)
    return W_xh, np.ones((4, 1)), b_h


@wrong("latch_weights", "W_xh is transposed")
def latch_transposed(strength):
    W_xh, W_hh, b_h = entry_by_entry(strength)
    return W_xh.T, W_hh, b_h


@wrong("latch_weights", "the strength plays no part")
def strength_one(strength):
    return entry_by_entry(1.0)


# cell_gradient


@right("cell_gradient")
def by_cosh(dh, dc_later, c, o):
    return dh * o / np.cosh(c) ** 2 + dc_later


@right("cell_gradient")
def unit_after_unit(dh, dc_later, c, o):
    return np.array(
        [
            dc_later[j] + dh[j] * o[j] * (1 - math.tanh(c[j])) * (1 + math.tanh(c[j]))
            for j in range(len(c))
        ]
    )


@wrong("cell_gradient", "what comes back along the cell is forgotten")
def only_through_h(dh, dc_later, c, o):
    return dh * o * (1 - np.tanh(c) ** 2)


@wrong("cell_gradient", "what h says to the cell is forgotten")
def only_along_the_cell(dh, dc_later, c, o):
    return dc_later.copy()


@wrong("cell_gradient", "the output gate is missing")
def output_gate_missing(dh, dc_later, c, o):
    return dh * (1 - np.tanh(c) ** 2) + dc_later


@wrong("cell_gradient", "the derivative of tanh is missing")
def slope_missing(dh, dc_later, c, o):
    return dh * o + dc_later


@wrong("cell_gradient", "tanh itself stands where its derivative is meant")
def tanh_for_its_slope(dh, dc_later, c, o):
    return dh * o * np.tanh(c) + dc_later


@wrong("cell_gradient", "c may be larger than 1")
def slope_of_the_cell(dh, dc_later, c, o):
    return dh * o * (1 - c**2) + dc_later


@wrong("cell_gradient", "the square is missing")
def no_square(dh, dc_later, c, o):
    return dh * o * (1 - np.tanh(c)) + dc_later


@wrong("cell_gradient", "one tanh, not two")
def tanh_twice(dh, dc_later, c, o):
    return dh * o * (1 - np.tanh(np.tanh(c)) ** 2) + dc_later


@wrong("cell_gradient", "this is the derivative of the sigmoid")
def slope_of_the_sigmoid(dh, dc_later, c, o):
    return dh * o * sigmoid(c) * (1 - sigmoid(c)) + dc_later


@wrong("cell_gradient", "the cell goes on without a tanh")
def slope_of_the_sum(dh, dc_later, c, o):
    return (dh * o + dc_later) * (1 - np.tanh(c) ** 2)


@wrong("cell_gradient", "it stands between the cell and h only")
def gate_of_the_sum(dh, dc_later, c, o):
    return o * (dh * (1 - np.tanh(c) ** 2) + dc_later)


@wrong("cell_gradient", "output gate and derivative multiply dc_later too")
def sum_first(dh, dc_later, c, o):
    return (dh + dc_later) * o * (1 - np.tanh(c) ** 2)


@wrong("cell_gradient", "belongs to the gate's own gradient")
def slope_of_the_gate(dh, dc_later, c, o):
    return dh * o * (1 - o) * (1 - np.tanh(c) ** 2) + dc_later


@wrong("cell_gradient", "the two parts are multiplied")
def product_of_the_parts(dh, dc_later, c, o):
    return dh * o * (1 - np.tanh(c) ** 2) * dc_later


@wrong("cell_gradient", "it changes its argument `dc_later`")
def adds_in_place(dh, dc_later, c, o):
    dc_later += dh * o * (1 - np.tanh(c) ** 2)
    return dc_later


# gate_gradients


@right("gate_gradients")
def as_a_table(dh, dc, c_prev, i, f, g, o):
    met = np.array([dc * g, dc * c_prev, dc * i, dh * np.tanh(f * c_prev + i * g)])
    slopes = np.array([i - i**2, f - f**2, (1 - g) * (1 + g), o - o**2])
    return (met * slopes).ravel()


@right("gate_gradients")
def filled_in(dh, dc, c_prev, i, f, g, o):
    H = len(dh)
    da = np.zeros(4 * H)
    da[:H] = dc * g * i * (1 - i)
    da[H : 2 * H] = dc * c_prev * f * (1 - f)
    da[2 * H : 3 * H] = dc * i * (1 - g * g)
    da[3 * H :] = dh * np.tanh(f * c_prev + i * g) * o * (1 - o)
    return da


@wrong("gate_gradients", "the slopes are missing")
def no_slopes(dh, dc, c_prev, i, f, g, o):
    return np.concatenate([dc * g, dc * c_prev, dc * i, dh * np.tanh(f * c_prev + i * g)])


@wrong("gate_gradients", "the slope of g is that of a sigmoid")
def content_as_a_gate(dh, dc, c_prev, i, f, g, o):
    met = [dc * g, dc * c_prev, dc * i, dh * np.tanh(f * c_prev + i * g)]
    return np.concatenate([m * s * (1 - s) for m, s in zip(met, (i, f, g, o), strict=True)])


@wrong("gate_gradients", "the slopes of i, f, o are those of a tanh")
def gates_as_content(dh, dc, c_prev, i, f, g, o):
    met = [dc * g, dc * c_prev, dc * i, dh * np.tanh(f * c_prev + i * g)]
    return np.concatenate([m * (1 - s**2) for m, s in zip(met, (i, f, g, o), strict=True)])


@wrong("gate_gradients", "i is the sigmoid already")
def sigmoid_of_a_gate(dh, dc, c_prev, i, f, g, o):
    i_, f_, o_ = (sigmoid(gate) * (1 - sigmoid(gate)) for gate in (i, f, o))
    c = f * c_prev + i * g
    return np.concatenate(
        [dc * g * i_, dc * c_prev * f_, dc * i * (1 - g**2), dh * np.tanh(c) * o_]
    )


@wrong("gate_gradients", "g is the tanh already")
def tanh_of_the_content(dh, dc, c_prev, i, f, g, o):
    da = filled_in(dh, dc, c_prev, i, f, g, o)
    da[2 * len(g) : 3 * len(g)] = dc * i * (1 - np.tanh(g) ** 2)
    return da


@wrong("gate_gradients", "it multiplies tanh(c)")
def output_gate_meets_c(dh, dc, c_prev, i, f, g, o):
    da = filled_in(dh, dc, c_prev, i, f, g, o)
    da[3 * len(g) :] = dh * (f * c_prev + i * g) * o * (1 - o)
    return da


@wrong("gate_gradients", "it reads the new one")
def output_gate_meets_the_old_cell(dh, dc, c_prev, i, f, g, o):
    da = filled_in(dh, dc, c_prev, i, f, g, o)
    da[3 * len(g) :] = dh * np.tanh(c_prev) * o * (1 - o)
    return da


@wrong("gate_gradients", "the output gate gets dc")
def output_gate_gets_dc(dh, dc, c_prev, i, f, g, o):
    return filled_in(dc, dc, c_prev, i, f, g, o)


@wrong("gate_gradients", "i, f and g get dh")
def all_get_dh(dh, dc, c_prev, i, f, g, o):
    return filled_in(dh, dh, c_prev, i, f, g, o)


@wrong("gate_gradients", "dh and dc are swapped")
def dh_and_dc(dh, dc, c_prev, i, f, g, o):
    return filled_in(dc, dh, c_prev, i, f, g, o)


@wrong("gate_gradients", "the input gate meets itself")
def input_gate_meets_itself(dh, dc, c_prev, i, f, g, o):
    da = filled_in(dh, dc, c_prev, i, f, g, o)
    da[: len(g)] = dc * i * i * (1 - i)
    return da


@wrong("gate_gradients", "the forget gate meets the new cell")
def forget_gate_meets_the_new_cell(dh, dc, c_prev, i, f, g, o):
    H = len(g)
    da = filled_in(dh, dc, c_prev, i, f, g, o)
    da[H : 2 * H] = dc * (f * c_prev + i * g) * f * (1 - f)
    return da


@wrong("gate_gradients", "input and forget gate have changed places")
def factors_swapped(dh, dc, c_prev, i, f, g, o):
    H = len(g)
    da = filled_in(dh, dc, c_prev, i, f, g, o)
    da[:H], da[H : 2 * H] = dc * c_prev * i * (1 - i), dc * g * f * (1 - f)
    return da


@wrong("gate_gradients", "the output gate multiplies dc")
def output_gate_once_more(dh, dc, c_prev, i, f, g, o):
    return filled_in(dh, dc * o, c_prev, i, f, g, o)


@wrong("gate_gradients", "the rows are in the order i, f, o, g")
def gradients_in_another_order(dh, dc, c_prev, i, f, g, o):
    da_i, da_f, da_g, da_o = np.split(filled_in(dh, dc, c_prev, i, f, g, o), 4)
    return np.concatenate([da_i, da_f, da_o, da_g])


@wrong("gate_gradients", "put them end to end")
def still_a_table(dh, dc, c_prev, i, f, g, o):
    return filled_in(dh, dc, c_prev, i, f, g, o).reshape(4, -1)


# peephole_step


@right("peephole_step")
def peepholes_by_split(x, h_prev, c_prev, W_xh, W_hh, w_ch, b_h):
    a_i, a_f, a_g, a_o = np.split(net(x, h_prev, W_xh, W_hh, b_h), 4)
    w_i, w_f, w_o = w_ch.reshape(3, -1)
    c = sigmoid(a_f + c_prev * w_f) * c_prev + sigmoid(a_i + c_prev * w_i) * np.tanh(a_g)
    return sigmoid(a_o + c * w_o) * np.tanh(c), c


@right("peephole_step")
def peepholes_as_biases(x, h_prev, c_prev, W_xh, W_hh, w_ch, b_h):
    H = len(c_prev)
    early = np.concatenate([w_ch[: 2 * H] * np.tile(c_prev, 2), np.zeros(2 * H)])
    _, c = step_as_one(x, h_prev, c_prev, W_xh, W_hh, b_h + early)
    late = np.concatenate([np.zeros(3 * H), w_ch[2 * H :] * c])
    return gates_by_slices(x, h_prev, W_xh, W_hh, b_h + late)[3] * np.tanh(c), c


@wrong("peephole_step", "the output gate sees the cell before the step")
def all_see_the_old_cell(x, h_prev, c_prev, W_xh, W_hh, w_ch, b_h):
    H = len(c_prev)
    seen = w_ch * np.tile(c_prev, 3)
    early = np.concatenate([seen[: 2 * H], np.zeros(H), seen[2 * H :]])
    return step_as_one(x, h_prev, c_prev, W_xh, W_hh, b_h + early)


@wrong("peephole_step", "the peepholes are not used")
def blind(x, h_prev, c_prev, W_xh, W_hh, w_ch, b_h):
    return step_as_one(x, h_prev, c_prev, W_xh, W_hh, b_h)


@wrong("peephole_step", "the output gate has no peephole")
def blind_output_gate(x, h_prev, c_prev, W_xh, W_hh, w_ch, b_h):
    H = len(c_prev)
    early = np.concatenate([w_ch[: 2 * H] * np.tile(c_prev, 2), np.zeros(2 * H)])
    return step_as_one(x, h_prev, c_prev, W_xh, W_hh, b_h + early)


@wrong("peephole_step", "only the output gate has its peephole")
def only_the_output_gate_sees(x, h_prev, c_prev, W_xh, W_hh, w_ch, b_h):
    H = len(c_prev)
    _, c = step_as_one(x, h_prev, c_prev, W_xh, W_hh, b_h)
    late = np.concatenate([np.zeros(3 * H), w_ch[2 * H :] * c])
    return gates_by_slices(x, h_prev, W_xh, W_hh, b_h + late)[3] * np.tanh(c), c


@wrong("peephole_step", "the peepholes lead to h_prev")
def peepholes_to_h(x, h_prev, c_prev, W_xh, W_hh, w_ch, b_h):
    w_i, w_f, w_o = np.split(w_ch, 3)
    seen = np.concatenate([w_i * h_prev, w_f * h_prev, 0 * h_prev, w_o * h_prev])
    return step_as_one(x, h_prev, c_prev, W_xh, W_hh, b_h + seen)


@wrong("peephole_step", "the gates see tanh of the cell")
def squashed_view(x, h_prev, c_prev, W_xh, W_hh, w_ch, b_h):
    a_i, a_f, a_g, a_o = np.split(net(x, h_prev, W_xh, W_hh, b_h), 4)
    w_i, w_f, w_o = np.split(w_ch, 3)
    i, f = sigmoid(a_i + w_i * np.tanh(c_prev)), sigmoid(a_f + w_f * np.tanh(c_prev))
    c = f * c_prev + i * np.tanh(a_g)
    return sigmoid(a_o + w_o * np.tanh(c)) * np.tanh(c), c


@wrong("peephole_step", "added after the sigmoid")
def peephole_outside(x, h_prev, c_prev, W_xh, W_hh, w_ch, b_h):
    i, f, g, o = gates_by_slices(x, h_prev, W_xh, W_hh, b_h)
    w_i, w_f, w_o = np.split(w_ch, 3)
    c = (f + w_f * c_prev) * c_prev + (i + w_i * c_prev) * g
    return (o + w_o * c) * np.tanh(c), c


@wrong("peephole_step", "w_ch is read in the order f, i, o")
def peepholes_f_first(x, h_prev, c_prev, W_xh, W_hh, w_ch, b_h):
    w_f, w_i, w_o = np.split(w_ch, 3)
    w_ch = np.concatenate([w_i, w_f, w_o])
    return peepholes_by_split(x, h_prev, c_prev, W_xh, W_hh, w_ch, b_h)


@wrong("peephole_step", "w_ch is read in the order i, o, f")
def peepholes_f_last(x, h_prev, c_prev, W_xh, W_hh, w_ch, b_h):
    w_i, w_o, w_f = np.split(w_ch, 3)
    w_ch = np.concatenate([w_i, w_f, w_o])
    return peepholes_by_split(x, h_prev, c_prev, W_xh, W_hh, w_ch, b_h)


@wrong("peephole_step", "all gates get the first H weights of w_ch")
def one_peephole_for_all(x, h_prev, c_prev, W_xh, W_hh, w_ch, b_h):
    w_ch = np.tile(w_ch[: len(c_prev)], 3)
    return peepholes_by_split(x, h_prev, c_prev, W_xh, W_hh, w_ch, b_h)


@wrong("peephole_step", "the third peephole leads to g")
def content_sees_the_cell(x, h_prev, c_prev, W_xh, W_hh, w_ch, b_h):
    seen = np.concatenate([w_ch * np.tile(c_prev, 3), np.zeros(len(c_prev))])
    return step_as_one(x, h_prev, c_prev, W_xh, W_hh, b_h + seen)


@wrong("peephole_step", "the cell is added without weights")
def weights_forgotten(x, h_prev, c_prev, W_xh, W_hh, w_ch, b_h):
    return peepholes_by_split(x, h_prev, c_prev, W_xh, W_hh, np.ones_like(w_ch), b_h)


@wrong("peephole_step", "the tanh of the cell is missing")
def peepholes_and_no_tanh(x, h_prev, c_prev, W_xh, W_hh, w_ch, b_h):
    a_i, a_f, a_g, a_o = np.split(net(x, h_prev, W_xh, W_hh, b_h), 4)
    w_i, w_f, w_o = np.split(w_ch, 3)
    c = sigmoid(a_f + w_f * c_prev) * c_prev + sigmoid(a_i + w_i * c_prev) * np.tanh(a_g)
    return sigmoid(a_o + w_o * c) * c, c


@wrong("peephole_step", "g goes through the sigmoid")
def peepholes_and_sigmoid_on_g(x, h_prev, c_prev, W_xh, W_hh, w_ch, b_h):
    a_i, a_f, a_g, a_o = np.split(net(x, h_prev, W_xh, W_hh, b_h), 4)
    w_i, w_f, w_o = np.split(w_ch, 3)
    c = sigmoid(a_f + w_f * c_prev) * c_prev + sigmoid(a_i + w_i * c_prev) * sigmoid(a_g)
    return sigmoid(a_o + w_o * c) * np.tanh(c), c


@wrong("peephole_step", "the cell comes first")
def peepholes_and_cell_first(x, h_prev, c_prev, W_xh, W_hh, w_ch, b_h):
    h, c = peepholes_by_split(x, h_prev, c_prev, W_xh, W_hh, w_ch, b_h)
    return c, h


# from_darmstadt


@right("from_darmstadt")
def side_by_side_and_turned(U_i, W_i, U_f, W_f, U_o, W_o, U, W):
    return np.hstack([U_i, U_f, U, U_o]).T, np.hstack([W_i, W_f, W, W_o]).T


@right("from_darmstadt")
def block_after_block(U_i, W_i, U_f, W_f, U_o, W_o, U, W):
    D, H = U.shape
    W_xh, W_hh = np.empty((4 * H, D)), np.empty((4 * H, H))
    for k, (of_x, of_h) in enumerate([(U_i, W_i), (U_f, W_f), (U, W), (U_o, W_o)]):
        W_xh[k * H : (k + 1) * H] = of_x.transpose()
        W_hh[k * H : (k + 1) * H] = of_h.transpose()
    return W_xh, W_hh


@wrong("from_darmstadt", "the slide's order i, f, o, new content is kept")
def slide_order(U_i, W_i, U_f, W_f, U_o, W_o, U, W):
    return np.vstack([U_i.T, U_f.T, U_o.T, U.T]), np.vstack([W_i.T, W_f.T, W_o.T, W.T])


@wrong("from_darmstadt", "the order is f, i, g, o")
def forget_first(U_i, W_i, U_f, W_f, U_o, W_o, U, W):
    return np.vstack([U_f.T, U_i.T, U.T, U_o.T]), np.vstack([W_f.T, W_i.T, W.T, W_o.T])


@wrong("from_darmstadt", "the order is f, i, o, g")
def order_of_the_other_slide(U_i, W_i, U_f, W_f, U_o, W_o, U, W):
    return np.vstack([U_f.T, U_i.T, U_o.T, U.T]), np.vstack([W_f.T, W_i.T, W_o.T, W.T])


@wrong("from_darmstadt", "the W are not transposed")
def only_U_turned(U_i, W_i, U_f, W_f, U_o, W_o, U, W):
    return np.vstack([U_i.T, U_f.T, U.T, U_o.T]), np.vstack([W_i, W_f, W, W_o])


@wrong("from_darmstadt", "the U are not transposed")
def only_W_turned(U_i, W_i, U_f, W_f, U_o, W_o, U, W):
    return np.vstack([U_i, U_f, U, U_o]), np.vstack([W_i.T, W_f.T, W.T, W_o.T])


@wrong("from_darmstadt", "nothing is transposed")
def not_turned(U_i, W_i, U_f, W_f, U_o, W_o, U, W):
    return np.vstack([U_i, U_f, U, U_o]), np.vstack([W_i, W_f, W, W_o])


@wrong("from_darmstadt", "the gates lie side by side")
def turned_and_side_by_side(U_i, W_i, U_f, W_f, U_o, W_o, U, W):
    return np.hstack([U_i.T, U_f.T, U.T, U_o.T]), np.hstack([W_i.T, W_f.T, W.T, W_o.T])


@wrong("from_darmstadt", "side by side, and nothing is transposed")
def side_by_side(U_i, W_i, U_f, W_f, U_o, W_o, U, W):
    return np.hstack([U_i, U_f, U, U_o]), np.hstack([W_i, W_f, W, W_o])


@wrong("from_darmstadt", "reshape does not transpose")
def reshaped(U_i, W_i, U_f, W_f, U_o, W_o, U, W):
    D, H = U.shape
    W_xh = np.vstack([M.reshape(H, D) for M in (U_i, U_f, U, U_o)])
    return W_xh, np.vstack([W_i, W_f, W, W_o])


@wrong("from_darmstadt", "reshape does not transpose")
def reshaped_to_fit(U_i, W_i, U_f, W_f, U_o, W_o, U, W):
    D, H = U.shape
    W_xh = np.vstack([M.reshape(H, D) for M in (U_i, U_f, U, U_o)])
    return W_xh, np.vstack([W_i.T, W_f.T, W.T, W_o.T])


@wrong("from_darmstadt", "U and W are swapped")
def edinburgh(U_i, W_i, U_f, W_f, U_o, W_o, U, W):
    return np.vstack([W_i.T, W_f.T, W.T, W_o.T]), np.vstack([U_i.T, U_f.T, U.T, U_o.T])


@wrong("from_darmstadt", "the rows of the gates alternate")
def alternating(U_i, W_i, U_f, W_f, U_o, W_o, U, W):
    (D, H), of_x, of_h = U.shape, (U_i, U_f, U, U_o), (W_i, W_f, W, W_o)
    W_xh, W_hh = np.empty((4 * H, D)), np.empty((4 * H, H))
    for k in range(4):
        W_xh[k::4], W_hh[k::4] = of_x[k].T, of_h[k].T
    return W_xh, W_hh


@wrong("from_darmstadt", "one axis too many")
def three_axes(U_i, W_i, U_f, W_f, U_o, W_o, U, W):
    return np.array([U_i.T, U_f.T, U.T, U_o.T]), np.array([W_i.T, W_f.T, W.T, W_o.T])


@wrong("from_darmstadt", "only W_xh is returned")
def only_W_xh(U_i, W_i, U_f, W_f, U_o, W_o, U, W):
    return np.vstack([U_i.T, U_f.T, U.T, U_o.T])


# parameter_count


@right("parameter_count")
def first_and_others(input_size, hidden_size, num_layers, biases, peepholes):
    H = hidden_size
    own = 4 * H * (H + biases) + (3 * H if peepholes else 0)
    return num_layers * own + 4 * H * input_size + (num_layers - 1) * 4 * H * H


@right("parameter_count")
def layer_by_recursion(input_size, hidden_size, num_layers, biases, peepholes):
    if num_layers == 0:
        return 0
    below = 4 * (hidden_size * input_size + hidden_size**2 + biases * hidden_size)
    above = layer_by_recursion(hidden_size, hidden_size, num_layers - 1, biases, peepholes)
    return below + 3 * hidden_size * int(peepholes) + above


@wrong("parameter_count", "only one gate is counted")
def simple_network(input_size, hidden_size, num_layers, biases, peepholes):
    total = first_and_others(input_size, hidden_size, num_layers, biases, False) // 4
    return total + 3 * hidden_size * num_layers * peepholes


@wrong("parameter_count", "only three gates are counted")
def three_gates(input_size, hidden_size, num_layers, biases, peepholes):
    total = first_and_others(input_size, hidden_size, num_layers, biases, False) // 4 * 3
    return total + 3 * hidden_size * num_layers * peepholes


@wrong("parameter_count", "the biases are forgotten")
def count_without_biases(input_size, hidden_size, num_layers, biases, peepholes):
    return first_and_others(input_size, hidden_size, num_layers, 0, peepholes)


@wrong("parameter_count", "the biases are shared by the gates")
def count_with_shared_biases(input_size, hidden_size, num_layers, biases, peepholes):
    without = first_and_others(input_size, hidden_size, num_layers, 0, peepholes)
    return without + num_layers * hidden_size * biases


@wrong("parameter_count", "one number a bias")
def one_number_a_bias(input_size, hidden_size, num_layers, biases, peepholes):
    without = first_and_others(input_size, hidden_size, num_layers, 0, peepholes)
    return without + num_layers * 4 * biases


@wrong("parameter_count", "there is always one bias")
def always_one_bias(input_size, hidden_size, num_layers, biases, peepholes):
    return first_and_others(input_size, hidden_size, num_layers, 1, peepholes)


@wrong("parameter_count", "there are always two biases")
def always_two_biases(input_size, hidden_size, num_layers, biases, peepholes):
    return first_and_others(input_size, hidden_size, num_layers, 2, peepholes)


@wrong("parameter_count", "all layers read the input")
def every_layer_reads_the_input(input_size, hidden_size, num_layers, biases, peepholes):
    return num_layers * first_and_others(input_size, hidden_size, 1, biases, peepholes)


@wrong("parameter_count", "only the first layer is counted")
def one_layer(input_size, hidden_size, num_layers, biases, peepholes):
    return first_and_others(input_size, hidden_size, 1, biases, peepholes)


@wrong("parameter_count", "the weights from the state are forgotten")
def no_recurrence(input_size, hidden_size, num_layers, biases, peepholes):
    total, read = 0, input_size
    for _ in range(num_layers):
        total += 4 * hidden_size * (read + biases) + 3 * hidden_size * peepholes
        read = hidden_size
    return total


@wrong("parameter_count", "the peepholes are forgotten")
def count_without_peepholes(input_size, hidden_size, num_layers, biases, peepholes):
    return first_and_others(input_size, hidden_size, num_layers, biases, False)


@wrong("parameter_count", "four gates get peepholes")
def four_peepholes(input_size, hidden_size, num_layers, biases, peepholes):
    return count_without_peepholes(input_size, hidden_size, num_layers, biases, False) + (
        4 * hidden_size * num_layers * peepholes
    )


@wrong("parameter_count", "the peepholes are counted as full matrices")
def peepholes_as_matrices(input_size, hidden_size, num_layers, biases, peepholes):
    return count_without_peepholes(input_size, hidden_size, num_layers, biases, False) + (
        3 * hidden_size**2 * num_layers * peepholes
    )


@wrong("parameter_count", "only the first layer has peepholes")
def peepholes_once(input_size, hidden_size, num_layers, biases, peepholes):
    return count_without_peepholes(input_size, hidden_size, num_layers, biases, False) + (
        3 * hidden_size * peepholes
    )


@wrong("parameter_count", "even if peepholes is False")
def always_peepholes(input_size, hidden_size, num_layers, biases, peepholes):
    return first_and_others(input_size, hidden_size, num_layers, biases, True)


@wrong("parameter_count", "input and hidden size are swapped")
def sizes_swapped(input_size, hidden_size, num_layers, biases, peepholes):
    total, read = 0, input_size
    for _ in range(num_layers):
        total += 4 * read * (read + hidden_size + biases) + 3 * hidden_size * peepholes
        read = hidden_size
    return total


@wrong("parameter_count", "the weights are multiplied, not added")
def product_of_sizes(input_size, hidden_size, num_layers, biases, peepholes):
    total, read = 0, input_size
    for _ in range(num_layers):
        total += 4 * hidden_size * (read * hidden_size + biases) + 3 * hidden_size * peepholes
        read = hidden_size
    return total


# lstm_bptt


def forward(xs, h, c, W_xh, W_hh, b_h):
    kept = []
    for x in xs:
        kept.append((x, h, c, *gates_by_slices(x, h, W_xh, W_hh, b_h)))
        h, c = step_as_one(x, h, c, W_xh, W_hh, b_h)
    return kept, h


def back(kept, dhs, W_hh):
    """Return da of all steps, (T, 4H)."""
    H = W_hh.shape[1]
    dh_later, dc_later, das = np.zeros(H), np.zeros(H), []
    for (_, _, c_prev, i, f, g, o), own in zip(kept[::-1], dhs[::-1], strict=True):
        dh = own + dh_later
        dc = by_cosh(dh, dc_later, f * c_prev + i * g, o)
        das.append(filled_in(dh, dc, c_prev, i, f, g, o))
        dh_later, dc_later = das[-1] @ W_hh, dc * f
    return np.array(das[::-1])


def gradients_of(das, kept):
    xs, h_prevs = (np.array([step[k] for step in kept]) for k in (0, 1))
    return das.T @ xs, das.T @ h_prevs, das.sum(axis=0)


@right("lstm_bptt")
def bptt_in_parts(xs, dhs, h0, c0, W_xh, W_hh, b_h):
    kept, _ = forward(xs, h0, c0, W_xh, W_hh, b_h)
    return gradients_of(back(kept, dhs, W_hh), kept)


@right("lstm_bptt")
def adds_up_on_the_way(xs, dhs, h0, c0, W_xh, W_hh, b_h):
    kept, _ = forward(xs, h0, c0, W_xh, W_hh, b_h)
    dW_xh, dW_hh, db_h = np.zeros_like(W_xh), np.zeros_like(W_hh), np.zeros_like(b_h)
    dh, dc = np.zeros_like(h0), np.zeros_like(c0)
    for t in range(len(xs) - 1, -1, -1):
        x, h_prev, c_prev, i, f, g, o = kept[t]
        dh = dh + dhs[t]
        dc = by_cosh(dh, dc, f * c_prev + i * g, o)
        da = as_a_table(dh, dc, c_prev, i, f, g, o)
        dW_xh += np.outer(da, x)
        dW_hh += np.outer(da, h_prev)
        db_h += da
        dh, dc = W_hh.T @ da, f * dc
    return [dW_xh, dW_hh, db_h]


@wrong("lstm_bptt", "no error goes back in time")
def ordinary_backpropagation(xs, dhs, h0, c0, W_xh, W_hh, b_h):
    kept, _ = forward(xs, h0, c0, W_xh, W_hh, b_h)
    das = [back([step], [own], W_hh)[0] for step, own in zip(kept, dhs, strict=True)]
    return gradients_of(np.array(das), kept)


@wrong("lstm_bptt", "nothing comes back along the cell")
def dc_not_carried(xs, dhs, h0, c0, W_xh, W_hh, b_h):
    kept, _ = forward(xs, h0, c0, W_xh, W_hh, b_h)
    das, dh_later = np.zeros((len(xs), len(b_h))), np.zeros_like(h0)
    for t in reversed(range(len(xs))):
        _, _, c_prev, i, f, g, o = kept[t]
        dh = dhs[t] + dh_later
        dc = by_cosh(dh, np.zeros_like(c0), f * c_prev + i * g, o)
        das[t] = filled_in(dh, dc, c_prev, i, f, g, o)
        dh_later = W_hh.T @ das[t]
    return gradients_of(das, kept)


@wrong("lstm_bptt", "nothing comes back along h")
def dh_not_carried(xs, dhs, h0, c0, W_xh, W_hh, b_h):
    kept, _ = forward(xs, h0, c0, W_xh, W_hh, b_h)
    return gradients_of(back(kept, dhs, np.zeros_like(W_hh)), kept)


@wrong("lstm_bptt", "dc goes back whole")
def forget_gate_missing(xs, dhs, h0, c0, W_xh, W_hh, b_h):
    kept, _ = forward(xs, h0, c0, W_xh, W_hh, b_h)
    das, dh_later, dc = np.zeros((len(xs), len(b_h))), np.zeros_like(h0), np.zeros_like(c0)
    for t in reversed(range(len(xs))):
        _, _, c_prev, i, f, g, o = kept[t]
        dh = dhs[t] + dh_later
        dc = by_cosh(dh, dc, f * c_prev + i * g, o)
        das[t] = filled_in(dh, dc, c_prev, i, f, g, o)
        dh_later = W_hh.T @ das[t]
    return gradients_of(das, kept)


@wrong("lstm_bptt", "the forget gate of the step before")
def gate_of_the_step_before(xs, dhs, h0, c0, W_xh, W_hh, b_h):
    kept, _ = forward(xs, h0, c0, W_xh, W_hh, b_h)
    das, dh_later, dc_later = np.zeros((len(xs), len(b_h))), np.zeros_like(h0), np.zeros_like(c0)
    for t in reversed(range(len(xs))):
        _, _, c_prev, i, f, g, o = kept[t]
        dh = dhs[t] + dh_later
        dc = by_cosh(dh, dc_later, f * c_prev + i * g, o)
        das[t] = filled_in(dh, dc, c_prev, i, f, g, o)
        dh_later, dc_later = W_hh.T @ das[t], dc * kept[t - 1][4]
    return gradients_of(das, kept)


@wrong("lstm_bptt", "through the rows of o only")
def back_through_o(xs, dhs, h0, c0, W_xh, W_hh, b_h):
    kept, _ = forward(xs, h0, c0, W_xh, W_hh, b_h)
    rows = np.vstack([np.zeros_like(W_hh[: 3 * len(h0)]), W_hh[3 * len(h0) :]])
    return gradients_of(back(kept, dhs, rows), kept)


@wrong("lstm_bptt", "only the last step's dhs goes back")
def last_error_only(xs, dhs, h0, c0, W_xh, W_hh, b_h):
    only = np.zeros_like(dhs)
    only[-1] = dhs[-1]
    return bptt_in_parts(xs, only, h0, c0, W_xh, W_hh, b_h)


@wrong("lstm_bptt", "all gradients are zero")
def own_error_forgotten(xs, dhs, h0, c0, W_xh, W_hh, b_h):
    return bptt_in_parts(xs, np.zeros_like(dhs), h0, c0, W_xh, W_hh, b_h)


@wrong("lstm_bptt", "these are the gradients of the last step")
def last_appearance(xs, dhs, h0, c0, W_xh, W_hh, b_h):
    kept, _ = forward(xs, h0, c0, W_xh, W_hh, b_h)
    return gradients_of(back(kept, dhs, W_hh)[-1:], kept[-1:])


@wrong("lstm_bptt", "these are the gradients of the first step")
def assigned_in_the_loop(xs, dhs, h0, c0, W_xh, W_hh, b_h):
    kept, _ = forward(xs, h0, c0, W_xh, W_hh, b_h)
    for da, (x, h_prev, *_) in zip(back(kept, dhs, W_hh)[::-1], kept[::-1], strict=True):
        gradients = np.outer(da, x), np.outer(da, h_prev), da
    return gradients


@wrong("lstm_bptt", "W_hh was multiplied by h_(t-1)")
def meets_the_new_state(xs, dhs, h0, c0, W_xh, W_hh, b_h):
    kept, h = forward(xs, h0, c0, W_xh, W_hh, b_h)
    das = back(kept, dhs, W_hh)
    hs = np.array([*(step[1] for step in kept[1:]), h])
    return das.T @ xs, das.T @ hs, das.sum(axis=0)


@wrong("lstm_bptt", "in the gradient of W_hh step 0 meets zeros")
def wraps_around(xs, dhs, h0, c0, W_xh, W_hh, b_h):
    kept, h = forward(xs, h0, c0, W_xh, W_hh, b_h)
    das = back(kept, dhs, W_hh)
    hs = np.array([*(step[1] for step in kept[1:]), h])
    return das.T @ xs, das.T @ np.roll(hs, 1, axis=0), das.sum(axis=0)


@wrong("lstm_bptt", "c0 is ignored")
def empty_cell(xs, dhs, h0, c0, W_xh, W_hh, b_h):
    return bptt_in_parts(xs, dhs, h0, np.zeros_like(c0), W_xh, W_hh, b_h)


@wrong("lstm_bptt", "h0 is ignored")
def zero_state(xs, dhs, h0, c0, W_xh, W_hh, b_h):
    return bptt_in_parts(xs, dhs, np.zeros_like(h0), c0, W_xh, W_hh, b_h)


@wrong("lstm_bptt", "the errors come in at the wrong steps")
def errors_in_reverse(xs, dhs, h0, c0, W_xh, W_hh, b_h):
    return bptt_in_parts(xs, dhs[::-1], h0, c0, W_xh, W_hh, b_h)


@wrong("lstm_bptt", "the gradients are averaged over the steps")
def mean_over_steps(xs, dhs, h0, c0, W_xh, W_hh, b_h):
    return tuple(G / len(xs) for G in bptt_in_parts(xs, dhs, h0, c0, W_xh, W_hh, b_h))


@wrong("lstm_bptt", "the gradients are in another order")
def another_order(xs, dhs, h0, c0, W_xh, W_hh, b_h):
    dW_xh, dW_hh, db_h = bptt_in_parts(xs, dhs, h0, c0, W_xh, W_hh, b_h)
    return dW_hh, dW_xh, db_h


@wrong("lstm_bptt", "the gradient of the biases is missing")
def no_bias_gradient(xs, dhs, h0, c0, W_xh, W_hh, b_h):
    return bptt_in_parts(xs, dhs, h0, c0, W_xh, W_hh, b_h)[:2]


@wrong("lstm_bptt", "the derivative multiplies dc_later too")
def slope_on_the_cell_path(xs, dhs, h0, c0, W_xh, W_hh, b_h):
    kept, _ = forward(xs, h0, c0, W_xh, W_hh, b_h)
    das, dh_later, dc_later = np.zeros((len(xs), len(b_h))), np.zeros_like(h0), np.zeros_like(c0)
    for t in reversed(range(len(xs))):
        _, _, c_prev, i, f, g, o = kept[t]
        dh = dhs[t] + dh_later
        dc = (dh * o + dc_later) * (1 - np.tanh(f * c_prev + i * g) ** 2)
        das[t] = filled_in(dh, dc, c_prev, i, f, g, o)
        dh_later, dc_later = W_hh.T @ das[t], dc * f
    return gradients_of(das, kept)
