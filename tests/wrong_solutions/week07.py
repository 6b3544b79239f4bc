"""Wrong solutions of week 7 as students write them."""

import math

import numpy as np

from wrong_solutions import new_bank

WRONG, RIGHT, wrong, right = new_bank()


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def sides(x, h_prev, W_xh, W_hh, b_xh, b_hh):
    return np.split(W_xh @ x + b_xh, 3), np.split(W_hh @ h_prev + b_hh, 3)


# gru_gates


@right("gru_gates")
def gates_by_slices(x, h_prev, W_xh, W_hh, b_xh, b_hh):
    H = len(h_prev)
    a = W_xh.dot(x) + b_xh + W_hh.dot(h_prev) + b_hh
    return [sigmoid(a[:H]), sigmoid(a[H : 2 * H])]


@right("gru_gates")
def gate_after_gate(x, h_prev, W_xh, W_hh, b_xh, b_hh):
    H, gates = len(h_prev), []
    for k in range(2):
        rows = slice(k * H, (k + 1) * H)
        a = W_xh[rows] @ x + W_hh[rows] @ h_prev + (b_xh + b_hh)[rows]
        gates.append(np.exp(a) / (1 + np.exp(a)))
    return tuple(gates)


@wrong("gru_gates", "r and z are swapped")
def order_of_keras(x, h_prev, W_xh, W_hh, b_xh, b_hh):
    z, r, _ = np.split(sigmoid(W_xh @ x + W_hh @ h_prev + b_xh + b_hh), 3)
    return r, z


@wrong("gru_gates", "r and z are swapped")
def update_gate_first(x, h_prev, W_xh, W_hh, b_xh, b_hh):
    r, z = gates_by_slices(x, h_prev, W_xh, W_hh, b_xh, b_hh)
    return z, r


@wrong("gru_gates", "a gate goes through tanh")
def tanh_on_the_gates(x, h_prev, W_xh, W_hh, b_xh, b_hh):
    r, z, _ = np.split(np.tanh(W_xh @ x + W_hh @ h_prev + b_xh + b_hh), 3)
    return r, z


@wrong("gru_gates", "the sigmoid is missing")
def not_squashed(x, h_prev, W_xh, W_hh, b_xh, b_hh):
    r, z, _ = np.split(W_xh @ x + W_hh @ h_prev + b_xh + b_hh, 3)
    return r, z


@wrong("gru_gates", "the sign in the exponent is wrong")
def sign_of_the_exponent(x, h_prev, W_xh, W_hh, b_xh, b_hh):
    r, z, _ = np.split(W_xh @ x + W_hh @ h_prev + b_xh + b_hh, 3)
    return 1 / (1 + np.exp(r)), 1 / (1 + np.exp(z))


@wrong("gru_gates", "the sigmoid is taken twice")
def squashed_twice(x, h_prev, W_xh, W_hh, b_xh, b_hh):
    r, z = gates_by_slices(x, h_prev, W_xh, W_hh, b_xh, b_hh)
    return sigmoid(r), sigmoid(z)


@wrong("gru_gates", "the rows are read in the order r, n, z")
def candidate_in_the_middle(x, h_prev, W_xh, W_hh, b_xh, b_hh):
    r, _, z = np.split(sigmoid(W_xh @ x + W_hh @ h_prev + b_xh + b_hh), 3)
    return r, z


@wrong("gru_gates", "the rows are read in the order n, r, z")
def candidate_first(x, h_prev, W_xh, W_hh, b_xh, b_hh):
    _, r, z = np.split(sigmoid(W_xh @ x + W_hh @ h_prev + b_xh + b_hh), 3)
    return r, z


@wrong("gru_gates", "every third row is taken")
def every_third_row(x, h_prev, W_xh, W_hh, b_xh, b_hh):
    a = W_xh @ x + W_hh @ h_prev + b_xh + b_hh
    return sigmoid(a[0::3]), sigmoid(a[1::3])


@wrong("gru_gates", "the biases are shared")
def one_bias_for_all(x, h_prev, W_xh, W_hh, b_xh, b_hh):
    a = (W_xh @ x + W_hh @ h_prev).reshape(3, -1) + (b_xh + b_hh)[: len(h_prev)]
    return sigmoid(a[0]), sigmoid(a[1])


@wrong("gru_gates", "the bias b_hh is forgotten")
def one_of_two_biases(x, h_prev, W_xh, W_hh, b_xh, b_hh):
    return gates_by_slices(x, h_prev, W_xh, W_hh, b_xh, np.zeros_like(b_hh))


@wrong("gru_gates", "the bias b_xh is forgotten")
def the_other_bias(x, h_prev, W_xh, W_hh, b_xh, b_hh):
    return gates_by_slices(x, h_prev, W_xh, W_hh, np.zeros_like(b_xh), b_hh)


@wrong("gru_gates", "the biases are forgotten")
def no_biases(x, h_prev, W_xh, W_hh, b_xh, b_hh):
    r, z, _ = np.split(W_xh @ x + W_hh @ h_prev, 3)
    return sigmoid(r), sigmoid(z)


@wrong("gru_gates", "b_xh is added twice")
def same_bias_twice(x, h_prev, W_xh, W_hh, b_xh, b_hh):
    return gates_by_slices(x, h_prev, W_xh, W_hh, b_xh, b_xh)


@wrong("gru_gates", "the state before is not seen")
def input_only(x, h_prev, W_xh, W_hh, b_xh, b_hh):
    r, z, _ = np.split(W_xh @ x + b_xh + b_hh, 3)
    return sigmoid(r), sigmoid(z)


@wrong("gru_gates", "the input is not seen")
def state_only(x, h_prev, W_xh, W_hh, b_xh, b_hh):
    r, z, _ = np.split(b_xh + W_hh @ h_prev + b_hh, 3)
    return sigmoid(r), sigmoid(z)


@wrong("gru_gates", "W_hh is transposed block by block")
def row_vector_state(x, h_prev, W_xh, W_hh, b_xh, b_hh):
    a = np.split(W_xh @ x + b_xh + b_hh, 3)
    r, z, _ = (own + h_prev @ W for own, W in zip(a, np.split(W_hh, 3), strict=True))
    return sigmoid(r), sigmoid(z)


@wrong("gru_gates", "W_xh (3H, D) meets x (D,)")
def matrices_swapped(x, h_prev, W_xh, W_hh, b_xh, b_hh):
    r, z, _ = np.split(W_hh @ x + W_xh @ h_prev + b_xh + b_hh, 3)
    return sigmoid(r), sigmoid(z)


@wrong("gru_gates", "this is 1 - z")
def gate_of_the_lectures(x, h_prev, W_xh, W_hh, b_xh, b_hh):
    r, z = gates_by_slices(x, h_prev, W_xh, W_hh, b_xh, b_hh)
    return r, 1 - z


@wrong("gru_gates", "this is 1 - r")
def resets_where_it_should_not(x, h_prev, W_xh, W_hh, b_xh, b_hh):
    r, z = gates_by_slices(x, h_prev, W_xh, W_hh, b_xh, b_hh)
    return 1 - r, z


@wrong("gru_gates", "r is returned twice")
def reset_gate_twice(x, h_prev, W_xh, W_hh, b_xh, b_hh):
    r, _ = gates_by_slices(x, h_prev, W_xh, W_hh, b_xh, b_hh)
    return r, r


@wrong("gru_gates", "the update gate sees the reset state")
def update_gate_sees_the_reset_state(x, h_prev, W_xh, W_hh, b_xh, b_hh):
    r, _ = gates_by_slices(x, h_prev, W_xh, W_hh, b_xh, b_hh)
    _, z = gates_by_slices(x, r * h_prev, W_xh, W_hh, b_xh, b_hh)
    return r, z


@wrong("gru_gates", "it changes its argument `b_xh`")
def adds_to_the_bias(x, h_prev, W_xh, W_hh, b_xh, b_hh):
    b_xh += W_xh @ x + W_hh @ h_prev + b_hh
    r, z, _ = np.split(sigmoid(b_xh), 3)
    return r, z


# gru_step


@right("gru_step")
def step_as_torch(x, h_prev, W_xh, W_hh, b_xh, b_hh):
    (x_r, x_z, x_n), (h_r, h_z, h_n) = sides(x, h_prev, W_xh, W_hh, b_xh, b_hh)
    r, z = sigmoid(x_r + h_r), sigmoid(x_z + h_z)
    n = np.tanh(x_n + r * h_n)
    return n - z * n + z * h_prev


@right("gru_step")
def step_unit_by_unit(x, h_prev, W_xh, W_hh, b_xh, b_hh):
    H, h = len(h_prev), np.empty(len(h_prev))
    from_x, from_h = W_xh @ x + b_xh, W_hh @ h_prev + b_hh
    for j in range(H):
        r = 1 / (1 + math.exp(-from_x[j] - from_h[j]))
        z = 1 / (1 + math.exp(-from_x[H + j] - from_h[H + j]))
        h[j] = (1 - z) * math.tanh(from_x[2 * H + j] + r * from_h[2 * H + j]) + z * h_prev[j]
    return h


@wrong("gru_step", "z and 1 - z are swapped")
def update_of_the_lectures(x, h_prev, W_xh, W_hh, b_xh, b_hh):
    (x_r, x_z, x_n), (h_r, h_z, h_n) = sides(x, h_prev, W_xh, W_hh, b_xh, b_hh)
    r, z = sigmoid(x_r + h_r), sigmoid(x_z + h_z)
    return (1 - z) * h_prev + z * np.tanh(x_n + r * h_n)


@wrong("gru_step", "this is the candidate")
def candidate_alone(x, h_prev, W_xh, W_hh, b_xh, b_hh):
    (x_r, _, x_n), (h_r, _, h_n) = sides(x, h_prev, W_xh, W_hh, b_xh, b_hh)
    return np.tanh(x_n + sigmoid(x_r + h_r) * h_n)


@wrong("gru_step", "the old state is missing")
def nothing_kept(x, h_prev, W_xh, W_hh, b_xh, b_hh):
    (x_r, x_z, x_n), (h_r, h_z, h_n) = sides(x, h_prev, W_xh, W_hh, b_xh, b_hh)
    r, z = sigmoid(x_r + h_r), sigmoid(x_z + h_z)
    return (1 - z) * np.tanh(x_n + r * h_n)


@wrong("gru_step", "the candidate enters whole")
def candidate_whole(x, h_prev, W_xh, W_hh, b_xh, b_hh):
    (x_r, x_z, x_n), (h_r, h_z, h_n) = sides(x, h_prev, W_xh, W_hh, b_xh, b_hh)
    r, z = sigmoid(x_r + h_r), sigmoid(x_z + h_z)
    return np.tanh(x_n + r * h_n) + z * h_prev


@wrong("gru_step", "the old state is kept whole")
def residual(x, h_prev, W_xh, W_hh, b_xh, b_hh):
    (x_r, x_z, x_n), (h_r, h_z, h_n) = sides(x, h_prev, W_xh, W_hh, b_xh, b_hh)
    r, z = sigmoid(x_r + h_r), sigmoid(x_z + h_z)
    return (1 - z) * np.tanh(x_n + r * h_n) + h_prev


@wrong("gru_step", "z multiplies both")
def one_gate_for_both(x, h_prev, W_xh, W_hh, b_xh, b_hh):
    (x_r, x_z, x_n), (h_r, h_z, h_n) = sides(x, h_prev, W_xh, W_hh, b_xh, b_hh)
    r, z = sigmoid(x_r + h_r), sigmoid(x_z + h_z)
    return z * np.tanh(x_n + r * h_n) + z * h_prev


@wrong("gru_step", "as the input gate of an LSTM")
def as_an_lstm(x, h_prev, W_xh, W_hh, b_xh, b_hh):
    (x_r, x_z, x_n), (h_r, h_z, h_n) = sides(x, h_prev, W_xh, W_hh, b_xh, b_hh)
    r, z = sigmoid(x_r + h_r), sigmoid(x_z + h_z)
    return r * np.tanh(x_n + r * h_n) + z * h_prev


@wrong("gru_step", "the reset gate mixes old and new")
def mixes_by_r(x, h_prev, W_xh, W_hh, b_xh, b_hh):
    (x_r, _, x_n), (h_r, _, h_n) = sides(x, h_prev, W_xh, W_hh, b_xh, b_hh)
    r = sigmoid(x_r + h_r)
    return (1 - r) * np.tanh(x_n + r * h_n) + r * h_prev


@wrong("gru_step", "the reset gate multiplies what is kept, too")
def keeps_the_reset_state(x, h_prev, W_xh, W_hh, b_xh, b_hh):
    (x_r, x_z, x_n), (h_r, h_z, h_n) = sides(x, h_prev, W_xh, W_hh, b_xh, b_hh)
    r, z = sigmoid(x_r + h_r), sigmoid(x_z + h_z)
    return (1 - z) * np.tanh(x_n + r * h_n) + z * (r * h_prev)


@wrong("gru_step", "tanh is taken of the new state")
def squashed_state(x, h_prev, W_xh, W_hh, b_xh, b_hh):
    return np.tanh(step_as_torch(x, h_prev, W_xh, W_hh, b_xh, b_hh))


@wrong("gru_step", "the reset gate acts before the matrix product")
def reset_before(x, h_prev, W_xh, W_hh, b_xh, b_hh):
    r, z = gates_by_slices(x, h_prev, W_xh, W_hh, b_xh, b_hh)
    W_xn, W_hn, b_xn, b_hn = (np.split(W, 3)[2] for W in (W_xh, W_hh, b_xh, b_hh))
    n = np.tanh(W_xn @ x + b_xn + W_hn @ (r * h_prev) + b_hn)
    return (1 - z) * n + z * h_prev


@wrong("gru_step", "b_hn stands outside the bracket")
def one_shared_bias(x, h_prev, W_xh, W_hh, b_xh, b_hh):
    r, z = gates_by_slices(x, h_prev, W_xh, W_hh, b_xh, b_hh)
    W_xn, W_hn, b_n = (np.split(W, 3)[2] for W in (W_xh, W_hh, b_xh + b_hh))
    n = np.tanh(W_xn @ x + r * (W_hn @ h_prev) + b_n)
    return (1 - z) * n + z * h_prev


@wrong("gru_step", "both biases stand inside the bracket")
def both_biases_inside(x, h_prev, W_xh, W_hh, b_xh, b_hh):
    r, z = gates_by_slices(x, h_prev, W_xh, W_hh, b_xh, b_hh)
    W_xn, W_hn, b_n = (np.split(W, 3)[2] for W in (W_xh, W_hh, b_xh + b_hh))
    n = np.tanh(W_xn @ x + r * (W_hn @ h_prev + b_n))
    return (1 - z) * n + z * h_prev


@wrong("gru_step", "the biases have changed places")
def biases_swapped(x, h_prev, W_xh, W_hh, b_xh, b_hh):
    return step_as_torch(x, h_prev, W_xh, W_hh, b_hh, b_xh)


@wrong("gru_step", "b_hn is missing in the candidate")
def second_bias_forgotten(x, h_prev, W_xh, W_hh, b_xh, b_hh):
    r, z = gates_by_slices(x, h_prev, W_xh, W_hh, b_xh, b_hh)
    W_xn, W_hn, b_xn = (np.split(W, 3)[2] for W in (W_xh, W_hh, b_xh))
    return (1 - z) * np.tanh(W_xn @ x + b_xn + r * (W_hn @ h_prev)) + z * h_prev


@wrong("gru_step", "the candidate is without reset gate")
def never_resets(x, h_prev, W_xh, W_hh, b_xh, b_hh):
    _, z = gates_by_slices(x, h_prev, W_xh, W_hh, b_xh, b_hh)
    n = np.tanh(np.split(W_xh @ x + W_hh @ h_prev + b_xh + b_hh, 3)[2])
    return (1 - z) * n + z * h_prev


@wrong("gru_step", "the reset gate multiplies what comes from x")
def resets_the_input(x, h_prev, W_xh, W_hh, b_xh, b_hh):
    (x_r, x_z, x_n), (h_r, h_z, h_n) = sides(x, h_prev, W_xh, W_hh, b_xh, b_hh)
    r, z = sigmoid(x_r + h_r), sigmoid(x_z + h_z)
    return (1 - z) * np.tanh(r * x_n + h_n) + z * h_prev


@wrong("gru_step", "the reset gate multiplies x and state")
def bracket_too_early(x, h_prev, W_xh, W_hh, b_xh, b_hh):
    (x_r, x_z, x_n), (h_r, h_z, h_n) = sides(x, h_prev, W_xh, W_hh, b_xh, b_hh)
    r, z = sigmoid(x_r + h_r), sigmoid(x_z + h_z)
    return (1 - z) * np.tanh(r * (x_n + h_n)) + z * h_prev


@wrong("gru_step", "the reset gate stands outside the tanh")
def resets_the_candidate(x, h_prev, W_xh, W_hh, b_xh, b_hh):
    (x_r, x_z, x_n), (h_r, h_z, h_n) = sides(x, h_prev, W_xh, W_hh, b_xh, b_hh)
    r, z = sigmoid(x_r + h_r), sigmoid(x_z + h_z)
    return (1 - z) * r * np.tanh(x_n + h_n) + z * h_prev


@wrong("gru_step", "1 - r resets")
def open_gate_resets(x, h_prev, W_xh, W_hh, b_xh, b_hh):
    (x_r, x_z, x_n), (h_r, h_z, h_n) = sides(x, h_prev, W_xh, W_hh, b_xh, b_hh)
    r, z = sigmoid(x_r + h_r), sigmoid(x_z + h_z)
    return (1 - z) * np.tanh(x_n + (1 - r) * h_n) + z * h_prev


@wrong("gru_step", "the update gate stands in the candidate")
def resets_by_z(x, h_prev, W_xh, W_hh, b_xh, b_hh):
    (_, x_z, x_n), (_, h_z, h_n) = sides(x, h_prev, W_xh, W_hh, b_xh, b_hh)
    z = sigmoid(x_z + h_z)
    return (1 - z) * np.tanh(x_n + z * h_n) + z * h_prev


@wrong("gru_step", "the candidate goes through the sigmoid")
def sigmoid_on_n(x, h_prev, W_xh, W_hh, b_xh, b_hh):
    (x_r, x_z, x_n), (h_r, h_z, h_n) = sides(x, h_prev, W_xh, W_hh, b_xh, b_hh)
    r, z = sigmoid(x_r + h_r), sigmoid(x_z + h_z)
    return (1 - z) * sigmoid(x_n + r * h_n) + z * h_prev


@wrong("gru_step", "tanh is missing on the candidate")
def linear_candidate(x, h_prev, W_xh, W_hh, b_xh, b_hh):
    (x_r, x_z, x_n), (h_r, h_z, h_n) = sides(x, h_prev, W_xh, W_hh, b_xh, b_hh)
    r, z = sigmoid(x_r + h_r), sigmoid(x_z + h_z)
    return (1 - z) * (x_n + r * h_n) + z * h_prev


@wrong("gru_step", "the candidate does not see the state")
def candidate_from_x(x, h_prev, W_xh, W_hh, b_xh, b_hh):
    _, z = gates_by_slices(x, h_prev, W_xh, W_hh, b_xh, b_hh)
    return (1 - z) * np.tanh(np.split(W_xh @ x + b_xh, 3)[2]) + z * h_prev


@wrong("gru_step", "the matrix W_hn is missing")
def without_the_matrix(x, h_prev, W_xh, W_hh, b_xh, b_hh):
    r, z = gates_by_slices(x, h_prev, W_xh, W_hh, b_xh, b_hh)
    return (1 - z) * np.tanh(np.split(W_xh @ x + b_xh, 3)[2] + r * h_prev) + z * h_prev


@wrong("gru_step", "r and z are swapped")
def order_z_r_n(x, h_prev, W_xh, W_hh, b_xh, b_hh):
    (x_z, x_r, x_n), (h_z, h_r, h_n) = sides(x, h_prev, W_xh, W_hh, b_xh, b_hh)
    r, z = sigmoid(x_r + h_r), sigmoid(x_z + h_z)
    return (1 - z) * np.tanh(x_n + r * h_n) + z * h_prev


@wrong("gru_step", "the rows are read in the order n, r, z")
def order_n_r_z(x, h_prev, W_xh, W_hh, b_xh, b_hh):
    (x_n, x_r, x_z), (h_n, h_r, h_z) = sides(x, h_prev, W_xh, W_hh, b_xh, b_hh)
    r, z = sigmoid(x_r + h_r), sigmoid(x_z + h_z)
    return (1 - z) * np.tanh(x_n + r * h_n) + z * h_prev


@wrong("gru_step", "a gate goes through tanh")
def step_with_tanh_on_all(x, h_prev, W_xh, W_hh, b_xh, b_hh):
    (x_r, x_z, x_n), (h_r, h_z, h_n) = sides(x, h_prev, W_xh, W_hh, b_xh, b_hh)
    r, z = np.tanh(x_r + h_r), np.tanh(x_z + h_z)
    return (1 - z) * np.tanh(x_n + r * h_n) + z * h_prev


@wrong("gru_step", "the biases are shared")
def step_with_shared_biases(x, h_prev, W_xh, W_hh, b_xh, b_hh):
    H = len(h_prev)
    return step_as_torch(x, h_prev, W_xh, W_hh, np.tile(b_xh[:H], 3), np.tile(b_hh[:H], 3))


@wrong("gru_step", "the update gate sees the reset state")
def step_with_reset_for_z(x, h_prev, W_xh, W_hh, b_xh, b_hh):
    r, z = update_gate_sees_the_reset_state(x, h_prev, W_xh, W_hh, b_xh, b_hh)
    (_, _, x_n), (_, _, h_n) = sides(x, h_prev, W_xh, W_hh, b_xh, b_hh)
    return (1 - z) * np.tanh(x_n + r * h_n) + z * h_prev


@wrong("gru_step", "it changes its argument `h_prev`")
def mixes_in_place(x, h_prev, W_xh, W_hh, b_xh, b_hh):
    h = step_as_torch(x, h_prev, W_xh, W_hh, b_xh, b_hh)
    h_prev[:] = h
    return h


# gru_states


@right("gru_states")
def list_of_states(xs, h0, W_xh, W_hh, b_xh, b_hh):
    states = [h0]
    for t in range(len(xs)):
        states.append(step_as_torch(xs[t], states[t], W_xh, W_hh, b_xh, b_hh))
    return np.stack(states[1:])


@right("gru_states")
def filled_row_by_row(xs, h0, W_xh, W_hh, b_xh, b_hh):
    hs, h = np.empty((len(xs), len(h0))), h0
    for t, x in enumerate(xs):
        hs[t] = h = step_as_torch(x, h, W_xh, W_hh, b_xh, b_hh)
    return hs


@wrong("gru_states", "every step begins with h0")
def not_carried(xs, h0, W_xh, W_hh, b_xh, b_hh):
    return np.array([step_as_torch(x, h0, W_xh, W_hh, b_xh, b_hh) for x in xs])


@wrong("gru_states", "h0 is ignored")
def begins_with_zeros(xs, h0, W_xh, W_hh, b_xh, b_hh):
    return list_of_states(xs, np.zeros_like(h0), W_xh, W_hh, b_xh, b_hh)


@wrong("gru_states", "h0 is among the states")
def with_the_first_state(xs, h0, W_xh, W_hh, b_xh, b_hh):
    return np.vstack([h0, list_of_states(xs, h0, W_xh, W_hh, b_xh, b_hh)])


@wrong("gru_states", "these are the states before the steps")
def appended_too_early(xs, h0, W_xh, W_hh, b_xh, b_hh):
    h, rows = h0, []
    for x in xs:
        rows.append(h)
        h = step_as_torch(x, h, W_xh, W_hh, b_xh, b_hh)
    return np.array(rows)


@wrong("gru_states", "only the last state is returned")
def last_state(xs, h0, W_xh, W_hh, b_xh, b_hh):
    h = h0
    for x in xs:
        h = step_as_torch(x, h, W_xh, W_hh, b_xh, b_hh)
    return h


@wrong("gru_states", "the states come out last first")
def inserted_in_front(xs, h0, W_xh, W_hh, b_xh, b_hh):
    return list_of_states(xs, h0, W_xh, W_hh, b_xh, b_hh)[::-1]


@wrong("gru_states", "the text is read from its end")
def read_backwards(xs, h0, W_xh, W_hh, b_xh, b_hh):
    return list_of_states(xs[::-1], h0, W_xh, W_hh, b_xh, b_hh)


@wrong("gru_states", "all rows are the same state")
def the_same_array(xs, h0, W_xh, W_hh, b_xh, b_hh):
    h, rows = h0.copy(), []
    for x in xs:
        h[:] = step_as_torch(x, h, W_xh, W_hh, b_xh, b_hh)
        rows.append(h)
    return np.array(rows)


@wrong("gru_states", "every step reads the first token")
def first_token_only(xs, h0, W_xh, W_hh, b_xh, b_hh):
    return list_of_states(np.tile(xs[0], (len(xs), 1)), h0, W_xh, W_hh, b_xh, b_hh)


@wrong("gru_states", "the last token is not read")
def one_token_short(xs, h0, W_xh, W_hh, b_xh, b_hh):
    rows = [h0]
    for t in range(len(xs) - 1):
        rows.append(step_as_torch(xs[t], rows[-1], W_xh, W_hh, b_xh, b_hh))
    return np.array(rows[1:]).reshape(-1, len(h0))


@wrong("gru_states", "z and 1 - z are swapped")
def states_of_the_lectures(xs, h0, W_xh, W_hh, b_xh, b_hh):
    h, rows = h0, []
    for x in xs:
        h = update_of_the_lectures(x, h, W_xh, W_hh, b_xh, b_hh)
        rows.append(h)
    return np.array(rows)


@wrong("gru_states", "it changes its argument `h0`")
def first_state_overwritten(xs, h0, W_xh, W_hh, b_xh, b_hh):
    rows = []
    for x in xs:
        h0[:] = step_as_torch(x, h0, W_xh, W_hh, b_xh, b_hh)
        rows.append(h0.copy())
    return np.array(rows)


# set_gates


@right("set_gates")
def stacked_anew(r, z, strength, W_xh, W_hh, b_xh, b_hh):
    H = len(b_xh) // 3
    biases = np.full(H, (2 * r - 1) * strength), np.full(H, (2 * z - 1) * strength)
    return (
        np.vstack([np.zeros_like(W_xh[: 2 * H]), W_xh[2 * H :]]),
        np.vstack([np.zeros_like(W_hh[: 2 * H]), W_hh[2 * H :]]),
        np.concatenate([*biases, b_xh[2 * H :]]),
        np.concatenate([np.zeros(2 * H), b_hh[2 * H :]]),
    )


@right("set_gates")
def by_if_and_else(r, z, strength, W_xh, W_hh, b_xh, b_hh):
    W_xh, W_hh, b_xh, b_hh = W_xh.copy(), W_hh.copy(), b_xh.copy(), b_hh.copy()
    H = W_hh.shape[1]
    W_xh[: 2 * H], W_hh[: 2 * H], b_hh[: 2 * H] = 0, 0, 0
    for k, gate in enumerate((r, z)):
        if gate == 1:
            b_xh[k * H : (k + 1) * H] = strength
        else:
            b_xh[k * H : (k + 1) * H] = -strength
    return W_xh, W_hh, b_xh, b_hh


@wrong("set_gates", "r and z are swapped")
def rows_of_z_first(r, z, strength, W_xh, W_hh, b_xh, b_hh):
    return stacked_anew(z, r, strength, W_xh, W_hh, b_xh, b_hh)


@wrong("set_gates", "the signs are wrong")
def signs_wrong(r, z, strength, W_xh, W_hh, b_xh, b_hh):
    return stacked_anew(r, z, -strength, W_xh, W_hh, b_xh, b_hh)


@wrong("set_gates", "the sign of z is wrong")
def z_of_the_lectures(r, z, strength, W_xh, W_hh, b_xh, b_hh):
    return stacked_anew(r, 1 - z, strength, W_xh, W_hh, b_xh, b_hh)


def with_biases(of_r, of_z, W_xh, W_hh, b_xh, b_hh):
    W_xh, W_hh, b, b_hh = stacked_anew(1, 1, 1.0, W_xh, W_hh, b_xh, b_hh)
    H = W_hh.shape[1]
    b[:H], b[H : 2 * H] = of_r, of_z
    return W_xh, W_hh, b, b_hh


@wrong("set_gates", "gets the bias 0 and stands half open")
def half_open(r, z, strength, *weights):
    return with_biases(r * strength, z * strength, *weights)


@wrong("set_gates", "the gate itself stands for its bias")
def gate_as_bias(r, z, strength, *weights):
    return with_biases(r, z, *weights)


@wrong("set_gates", "the strength plays no part")
def strength_one(r, z, strength, *weights):
    return stacked_anew(r, z, 1.0, *weights)


@wrong("set_gates", "only the update gate is set")
def update_gate_only(r, z, strength, *weights):
    return with_biases(0, (2 * z - 1) * strength, *weights)


@wrong("set_gates", "only the reset gate is set")
def reset_gate_only(r, z, strength, *weights):
    return with_biases((2 * r - 1) * strength, 0, *weights)


@wrong("set_gates", "the strength stands in both biases")
def strength_in_both(r, z, strength, W_xh, W_hh, b_xh, b_hh):
    new_W_xh, new_W_hh, b, _ = stacked_anew(r, z, strength, W_xh, W_hh, b_xh, b_hh)
    H = W_hh.shape[1]
    return new_W_xh, new_W_hh, b, np.concatenate([b[: 2 * H], b_hh[2 * H :]])


@wrong("set_gates", "the strength stands in b_hh")
def strength_in_b_hh(r, z, strength, W_xh, W_hh, b_xh, b_hh):
    W_xh, W_hh, b_hh, b_xh = stacked_anew(r, z, strength, W_xh, W_hh, b_hh, b_xh)
    return W_xh, W_hh, b_xh, b_hh


@wrong("set_gates", "the strength is added to the old bias")
def added_to_the_bias(r, z, strength, W_xh, W_hh, b_xh, b_hh):
    new_W_xh, new_W_hh, b, new_b_hh = stacked_anew(r, z, strength, W_xh, W_hh, b_xh, b_hh)
    b[: 2 * W_hh.shape[1]] += b_xh[: 2 * W_hh.shape[1]]
    return new_W_xh, new_W_hh, b, new_b_hh


@wrong("set_gates", "the gates still see x and h_prev; their rows")
def weights_kept(r, z, strength, W_xh, W_hh, b_xh, b_hh):
    return W_xh, W_hh, *stacked_anew(r, z, strength, W_xh, W_hh, b_xh, b_hh)[2:]


@wrong("set_gates", "the gates still see h_prev")
def still_see_the_state(r, z, strength, W_xh, W_hh, b_xh, b_hh):
    new_W_xh, _, *biases = stacked_anew(r, z, strength, W_xh, W_hh, b_xh, b_hh)
    return new_W_xh, W_hh, *biases


@wrong("set_gates", "b_hh is left as it was")
def second_bias_kept(r, z, strength, W_xh, W_hh, b_xh, b_hh):
    return *stacked_anew(r, z, strength, W_xh, W_hh, b_xh, b_hh)[:3], b_hh


@wrong("set_gates", "only one bias is changed, and no weights")
def only_the_bias(r, z, strength, W_xh, W_hh, b_xh, b_hh):
    return W_xh, W_hh, stacked_anew(r, z, strength, W_xh, W_hh, b_xh, b_hh)[2], b_hh


@wrong("set_gates", "all rows are blanked")
def all_blanked(r, z, strength, W_xh, W_hh, b_xh, b_hh):
    H = W_hh.shape[1]
    b = np.zeros(3 * H)
    b[:H], b[H : 2 * H] = (2 * r - 1) * strength, (2 * z - 1) * strength
    return np.zeros_like(W_xh), np.zeros_like(W_hh), b, np.zeros_like(b_hh)


@wrong("set_gates", "b_hn is blanked, too")
def second_bias_blanked(r, z, strength, W_xh, W_hh, b_xh, b_hh):
    return *stacked_anew(r, z, strength, W_xh, W_hh, b_xh, b_hh)[:3], np.zeros_like(b_hh)


@wrong("set_gates", "every third row is set")
def every_third_row_set(r, z, strength, W_xh, W_hh, b_xh, b_hh):
    new = [W.copy() for W in (W_xh, W_hh, b_xh, b_hh)]
    for W in new:
        W[0::3], W[1::3] = 0, 0
    new[2][0::3], new[2][1::3] = (2 * r - 1) * strength, (2 * z - 1) * strength
    return tuple(new)


@wrong("set_gates", "it changes its argument `W_xh`")
def without_copies(r, z, strength, W_xh, W_hh, b_xh, b_hh):
    H = W_hh.shape[1]
    for W in (W_xh, W_hh, b_hh):
        W[: 2 * H] = 0
    b_xh[:H], b_xh[H : 2 * H] = (2 * r - 1) * strength, (2 * z - 1) * strength
    return W_xh, W_hh, b_xh, b_hh


# shares


def with_first(first, others):
    return np.vstack([first, others])


@right("shares")
def by_cumprod(z):
    after = np.vstack([np.cumprod(z[::-1], axis=0)[::-1], np.ones(z.shape[1])])  # (T + 1, H)
    return after * np.vstack([np.ones(z.shape[1]), 1 - z])


@right("shares")
def forward_through_the_steps(z):
    rows = [np.ones(z.shape[1])]
    for gate in z:
        rows = [row * gate for row in rows] + [1 - gate]
    return np.array(rows)


@wrong("shares", "z and 1 - z are swapped")
def shares_of_the_lectures(z):
    return by_cumprod(1 - z)


@wrong("shares", "row 0 is missing")
def without_h0(z):
    return by_cumprod(z)[1:]


@wrong("shares", "the last row is missing")
def without_the_last(z):
    return by_cumprod(z)[:-1]


@wrong("shares", "products of z alone")
def enter_whole(z):
    return np.vstack([np.cumprod(z[::-1], axis=0)[::-1], np.ones(z.shape[1])])


@wrong("shares", "the shares when they enter")
def never_fade(z):
    return with_first(z.prod(axis=0), 1 - z)


@wrong("shares", "the step's own z, too")
def own_gate_twice(z):
    return with_first(z.prod(axis=0), (1 - z) * np.cumprod(z[::-1], axis=0)[::-1])


@wrong("shares", "the gates before the step are multiplied")
def gates_before(z):
    before = np.vstack([np.ones(z.shape[1]), np.cumprod(z, axis=0)[:-1]])
    return with_first(z.prod(axis=0), (1 - z) * before)


@wrong("shares", "1 - z of the later steps is multiplied")
def later_candidates(z):
    later = np.vstack([np.cumprod((1 - z)[::-1], axis=0)[::-1], np.ones(z.shape[1])])
    return with_first((1 - z).prod(axis=0), (1 - z) * later[1:])


@wrong("shares", "the share of the first state is not 1")
def h0_never_fades(z):
    return with_first(np.ones(z.shape[1]), by_cumprod(z)[1:])


@wrong("shares", "the share of the first state is not 0")
def h0_forgotten(z):
    return with_first(np.zeros(z.shape[1]), by_cumprod(z)[1:])


@wrong("shares", "the rows come out last first")
def never_reversed(z):
    kept, rows = np.ones(z.shape[1]), []
    for gate in z[::-1]:
        rows.append((1 - gate) * kept)
        kept = kept * gate
    return np.array([*rows, kept])


@wrong("shares", "the first state comes last")
def h0_at_the_end(z):
    return np.roll(by_cumprod(z), -1, axis=0)


@wrong("shares", "every step has the same share")
def plain_mean(z):
    return np.full((len(z) + 1, z.shape[1]), 1 / (len(z) + 1))


@wrong("shares", "the product runs over the units")
def along_the_units(z):
    return with_first(z.prod(axis=0), (1 - z) * np.cumprod(z, axis=1))


@wrong("shares", "the units are taken together")
def mean_over_units(z):
    return np.tile(by_cumprod(z.mean(axis=1, keepdims=True)), (1, z.shape[1]))


@wrong("shares", "it changes its argument `z`")
def multiplies_in_place(z):
    entering = 1 - z
    for t in range(len(z) - 2, -1, -1):
        z[t] *= z[t + 1]
    return np.vstack([z[0], entering[:-1] * z[1:], entering[-1:]])


# half_life_bias


@right("half_life_bias")
def minus_log_of_the_odds(steps, keeps):
    bias = -math.log(2 ** (1 / steps) - 1)
    return bias if keeps else -bias


@right("half_life_bias")
def by_the_logarithm(steps, keeps):
    kept = np.exp(-np.log(2) / steps)
    lost = -np.expm1(-np.log(2) / steps)
    return float(np.log(kept / lost)) if keeps else float(np.log(lost / kept))


@wrong("half_life_bias", "the convention plays no part")
def always_keeps(steps, keeps):
    return minus_log_of_the_odds(steps, True)


@wrong("half_life_bias", "the two conventions are swapped")
def conventions_swapped(steps, keeps):
    return minus_log_of_the_odds(steps, not keeps)


@wrong("half_life_bias", "this is the gate, not its bias")
def gate_itself(steps, keeps):
    return 0.5 ** (1 / steps) if keeps else 1 - 0.5 ** (1 / steps)


@wrong("half_life_bias", "the sigmoid is taken")
def sigmoid_of_the_gate(steps, keeps):
    kept = 0.5 ** (1 / steps)
    return float(sigmoid(kept if keeps else 1 - kept))


@wrong("half_life_bias", "its bias is the negative, not 1 minus it")
def one_minus_the_bias(steps, keeps):
    bias = minus_log_of_the_odds(steps, True)
    return bias if keeps else 1 - bias


def bias_of(kept, keeps):
    bias = math.log(kept / (1 - kept))
    return bias if keeps else -bias


@wrong("half_life_bias", "the number of steps plays no part")
def half_at_once(steps, keeps):
    return bias_of(0.5, keeps)


@wrong("half_life_bias", "to the power of steps")
def power_for_root(steps, keeps):
    kept = 0.5**steps
    return math.log(kept) - math.log1p(-kept) if keeps else math.log1p(-kept) - math.log(kept)


@wrong("half_life_bias", "one half is divided by the steps")
def half_divided(steps, keeps):
    return bias_of(0.5 / steps, keeps)


@wrong("half_life_bias", "the loss is divided by the steps")
def loss_divided(steps, keeps):
    return bias_of(1 - 0.5 / steps, keeps)


@wrong("half_life_bias", "after these steps 1/e is left")
def time_constant(steps, keeps):
    return bias_of(math.exp(-1 / steps), keeps)


@wrong("half_life_bias", "1 / steps is lost at each step")
def chrono(steps, keeps):
    return math.log(steps) if keeps else -math.log(steps)


@wrong("half_life_bias", "one step too many")
def one_step_more(steps, keeps):
    return minus_log_of_the_odds(steps + 1, keeps)


@wrong("half_life_bias", "this is ln z")
def logarithm_of_the_gate(steps, keeps):
    return math.log(0.5 ** (1 / steps) if keeps else 1 - 0.5 ** (1 / steps))


@wrong("half_life_bias", "the inverse of tanh is taken")
def inverse_of_tanh(steps, keeps):
    return math.atanh(0.5 ** (1 / steps) if keeps else 1 - 0.5 ** (1 / steps))


@wrong("half_life_bias", "take the natural one")
def base_ten(steps, keeps):
    return minus_log_of_the_odds(steps, keeps) / math.log(10)


@wrong("half_life_bias", "take its logarithm")
def odds(steps, keeps):
    kept = 0.5 ** (1 / steps)
    return kept / (1 - kept) if keeps else (1 - kept) / kept


# gate_gradients


@right("gate_gradients")
def as_a_table(dh, h_prev, r, z, n, q):
    da_n = dh * (1 - z) * (1 - n) * (1 + n)
    return list(np.array([da_n * q * (r - r**2), dh * (h_prev - n) * (z - z**2), da_n]))


@right("gate_gradients")
def unit_after_unit(dh, h_prev, r, z, n, q):
    da_r, da_z, da_n = np.zeros((3, len(dh)))
    for j in range(len(dh)):
        da_n[j] = (dh[j] - z[j] * dh[j]) * (1 - n[j] * n[j])
        da_z[j] = (dh[j] * h_prev[j] - dh[j] * n[j]) * z[j] * (1 - z[j])
        da_r[j] = da_n[j] * q[j] * r[j] * (1 - r[j])
    return da_r, da_z, da_n


@wrong("gate_gradients", "z and 1 - z are swapped")
def gradients_of_the_lectures(dh, h_prev, r, z, n, q):
    da_n = dh * z * (1 - n**2)
    return da_n * q * r * (1 - r), dh * (n - h_prev) * z * (1 - z), da_n


@wrong("gate_gradients", "the sign of da_z is wrong")
def sign_of_da_z(dh, h_prev, r, z, n, q):
    da_r, da_z, da_n = as_a_table(dh, h_prev, r, z, n, q)
    return da_r, -da_z, da_n


@wrong("gate_gradients", "the candidate gets dh * z")
def candidate_gets_z(dh, h_prev, r, z, n, q):
    da_n = dh * z * (1 - n**2)
    return da_n * q * r * (1 - r), dh * (h_prev - n) * z * (1 - z), da_n


@wrong("gate_gradients", "the candidate gets dh whole")
def candidate_gets_all(dh, h_prev, r, z, n, q):
    da_n = dh * (1 - n**2)
    return da_n * q * r * (1 - r), dh * (h_prev - n) * z * (1 - z), da_n


@wrong("gate_gradients", "z is taken to multiply h_prev alone")
def z_meets_h_prev(dh, h_prev, r, z, n, q):
    da_r, _, da_n = as_a_table(dh, h_prev, r, z, n, q)
    return da_r, dh * h_prev * z * (1 - z), da_n


@wrong("gate_gradients", "z is taken to multiply n alone")
def z_meets_n(dh, h_prev, r, z, n, q):
    da_r, _, da_n = as_a_table(dh, h_prev, r, z, n, q)
    return da_r, -dh * n * z * (1 - z), da_n


@wrong("gate_gradients", "the two parts of da_z add up")
def sum_in_da_z(dh, h_prev, r, z, n, q):
    da_r, _, da_n = as_a_table(dh, h_prev, r, z, n, q)
    return da_r, dh * (h_prev + n) * z * (1 - z), da_n


@wrong("gate_gradients", "the slopes are missing")
def no_slopes(dh, h_prev, r, z, n, q):
    return dh * (1 - z) * q, dh * (h_prev - n), dh * (1 - z)


@wrong("gate_gradients", "the slopes of r and z are missing")
def no_slopes_of_gates(dh, h_prev, r, z, n, q):
    da_n = dh * (1 - z) * (1 - n**2)
    return da_n * q, dh * (h_prev - n), da_n


@wrong("gate_gradients", "the slope of n is missing")
def no_slope_of_n(dh, h_prev, r, z, n, q):
    da_n = dh * (1 - z)
    return da_n * q * r * (1 - r), dh * (h_prev - n) * z * (1 - z), da_n


@wrong("gate_gradients", "the slope of n is that of a sigmoid")
def candidate_as_a_gate(dh, h_prev, r, z, n, q):
    da_n = dh * (1 - z) * n * (1 - n)
    return da_n * q * r * (1 - r), dh * (h_prev - n) * z * (1 - z), da_n


@wrong("gate_gradients", "the slopes of r and z are those of a tanh")
def gates_as_candidates(dh, h_prev, r, z, n, q):
    da_n = dh * (1 - z) * (1 - n**2)
    return da_n * q * (1 - r**2), dh * (h_prev - n) * (1 - z**2), da_n


@wrong("gate_gradients", "r is the sigmoid already")
def sigmoid_of_a_gate(dh, h_prev, r, z, n, q):
    da_n = dh * (1 - z) * (1 - n**2)
    slope_r, slope_z = (sigmoid(gate) * (1 - sigmoid(gate)) for gate in (r, z))
    return da_n * q * slope_r, dh * (h_prev - n) * slope_z, da_n


@wrong("gate_gradients", "n is the tanh already")
def tanh_once_more(dh, h_prev, r, z, n, q):
    da_n = dh * (1 - z) * (1 - np.tanh(n) ** 2)
    return da_n * q * r * (1 - r), dh * (h_prev - n) * z * (1 - z), da_n


@wrong("gate_gradients", "the reset gate gets dh")
def reset_gate_gets_dh(dh, h_prev, r, z, n, q):
    _, da_z, da_n = as_a_table(dh, h_prev, r, z, n, q)
    return dh * q * r * (1 - r), da_z, da_n


@wrong("gate_gradients", "on the way to r the slope of n is missing")
def past_the_tanh(dh, h_prev, r, z, n, q):
    _, da_z, da_n = as_a_table(dh, h_prev, r, z, n, q)
    return dh * (1 - z) * q * r * (1 - r), da_z, da_n


@wrong("gate_gradients", "the reset gate meets h_prev")
def reset_gate_meets_h_prev(dh, h_prev, r, z, n, q):
    _, da_z, da_n = as_a_table(dh, h_prev, r, z, n, q)
    return da_n * h_prev * r * (1 - r), da_z, da_n


@wrong("gate_gradients", "q is missing")
def q_forgotten(dh, h_prev, r, z, n, q):
    _, da_z, da_n = as_a_table(dh, h_prev, r, z, n, q)
    return da_n * r * (1 - r), da_z, da_n


@wrong("gate_gradients", "the reset gate gets da_z")
def reset_gate_gets_da_z(dh, h_prev, r, z, n, q):
    _, da_z, da_n = as_a_table(dh, h_prev, r, z, n, q)
    return da_z * q * r * (1 - r), da_z, da_n


@wrong("gate_gradients", "da_r and da_z are swapped")
def da_z_first(dh, h_prev, r, z, n, q):
    da_r, da_z, da_n = as_a_table(dh, h_prev, r, z, n, q)
    return da_z, da_r, da_n


@wrong("gate_gradients", "the gradients come in the order n, z, r")
def as_computed(dh, h_prev, r, z, n, q):
    return tuple(as_a_table(dh, h_prev, r, z, n, q)[::-1])


@wrong("gate_gradients", "the three parts are put end to end")
def end_to_end(dh, h_prev, r, z, n, q):
    return np.concatenate(as_a_table(dh, h_prev, r, z, n, q))


# state_gradient


@right("state_gradient")
def one_product(dh, r, z, da_r, da_z, da_n, W_hh):
    return np.concatenate([da_r, da_z, r * da_n]) @ W_hh + z * dh


@right("state_gradient")
def way_after_way(dh, r, z, da_r, da_z, da_n, W_hh):
    H, dh_prev = len(dh), dh * z
    for k, da in enumerate((da_r, da_z, da_n * r)):
        dh_prev = dh_prev + W_hh[k * H : (k + 1) * H].T.dot(da)
    return dh_prev


@wrong("state_gradient", "the direct way through z is forgotten")
def gradient_through_z_forgotten(dh, r, z, da_r, da_z, da_n, W_hh):
    return np.concatenate([da_r, da_z, r * da_n]) @ W_hh


@wrong("state_gradient", "the direct way is dh whole")
def direct_way_whole(dh, r, z, da_r, da_z, da_n, W_hh):
    return np.concatenate([da_r, da_z, r * da_n]) @ W_hh + dh


@wrong("state_gradient", "z and 1 - z are swapped")
def direct_way_of_the_lectures(dh, r, z, da_r, da_z, da_n, W_hh):
    return np.concatenate([da_r, da_z, r * da_n]) @ W_hh + (1 - z) * dh


@wrong("state_gradient", "only the direct way is there")
def direct_way_only(dh, r, z, da_r, da_z, da_n, W_hh):
    return dh * z


@wrong("state_gradient", "r is missing on the way through the candidate")
def reset_forgotten(dh, r, z, da_r, da_z, da_n, W_hh):
    return np.concatenate([da_r, da_z, da_n]) @ W_hh + z * dh


@wrong("state_gradient", "r comes after the matrix")
def as_the_older_sister(dh, r, z, da_r, da_z, da_n, W_hh):
    W_hr, W_hz, W_hn = np.split(W_hh, 3)
    return z * dh + W_hr.T @ da_r + W_hz.T @ da_z + r * (W_hn.T @ da_n)


@wrong("state_gradient", "the way through the reset gate is forgotten")
def without_the_reset_gate(dh, r, z, da_r, da_z, da_n, W_hh):
    return one_product(dh, r, z, 0 * da_r, da_z, da_n, W_hh)


@wrong("state_gradient", "the way through the update gate is forgotten")
def without_the_update_gate(dh, r, z, da_r, da_z, da_n, W_hh):
    return one_product(dh, r, z, da_r, 0 * da_z, da_n, W_hh)


@wrong("state_gradient", "the ways through both gates are forgotten")
def without_the_gates(dh, r, z, da_r, da_z, da_n, W_hh):
    return z * dh + np.split(W_hh, 3)[2].T @ (r * da_n)


@wrong("state_gradient", "the way through the candidate is forgotten")
def without_the_candidate(dh, r, z, da_r, da_z, da_n, W_hh):
    return one_product(dh, r, z, da_r, da_z, 0 * da_n, W_hh)


@wrong("state_gradient", "the matrices are not transposed")
def not_transposed(dh, r, z, da_r, da_z, da_n, W_hh):
    W_hr, W_hz, W_hn = np.split(W_hh, 3)
    return z * dh + W_hr @ da_r + W_hz @ da_z + W_hn @ (r * da_n)


@wrong("state_gradient", "in the order z, r, n")
def rows_z_r_n(dh, r, z, da_r, da_z, da_n, W_hh):
    W_hz, W_hr, W_hn = np.split(W_hh, 3)
    return z * dh + W_hr.T @ da_r + W_hz.T @ da_z + W_hn.T @ (r * da_n)


@wrong("state_gradient", "every third row of W_hh is taken")
def rows_alternate(dh, r, z, da_r, da_z, da_n, W_hh):
    return z * dh + da_r @ W_hh[0::3] + da_z @ W_hh[1::3] + (r * da_n) @ W_hh[2::3]


@wrong("state_gradient", "r multiplies all three")
def reset_for_all(dh, r, z, da_r, da_z, da_n, W_hh):
    return (np.tile(r, 3) * np.concatenate([da_r, da_z, da_n])) @ W_hh + z * dh


@wrong("state_gradient", "1 - z is there once more")
def share_once_more(dh, r, z, da_r, da_z, da_n, W_hh):
    return one_product(dh, r, z, da_r, da_z, (1 - z) * da_n, W_hh)


@wrong("state_gradient", "z multiplies all ways")
def z_for_all(dh, r, z, da_r, da_z, da_n, W_hh):
    return z * (dh + np.concatenate([da_r, da_z, r * da_n]) @ W_hh)


@wrong("state_gradient", "the slope z * (1 - z) stands on the direct way")
def slope_on_the_direct_way(dh, r, z, da_r, da_z, da_n, W_hh):
    return one_product(dh * (1 - z), r, z, da_r, da_z, da_n, W_hh)


@wrong("state_gradient", "it changes its argument `dh`")
def adds_in_place(dh, r, z, da_r, da_z, da_n, W_hh):
    dh *= z
    dh += np.concatenate([da_r, da_z, r * da_n]) @ W_hh
    return dh


# gru_step_before


def gates_before_the_product(x, h_prev, W_xh, W_hh, b_h):
    r, z, _ = np.split(sigmoid(W_xh @ x + W_hh @ h_prev + b_h), 3)
    return r, z


def candidate_parts(*arrays):
    return (np.split(array, 3)[2] for array in arrays)


@right("gru_step_before")
def two_products(x, h_prev, W_xh, W_hh, b_h):
    r, z = gates_before_the_product(x, h_prev, W_xh, W_hh, b_h)
    n = np.tanh((W_xh @ x + W_hh @ (r * h_prev) + b_h)[-len(h_prev) :])
    return n + z * (h_prev - n)


@right("gru_step_before")
def slice_after_slice(x, h_prev, W_xh, W_hh, b_h):
    H = len(h_prev)
    r = sigmoid(W_xh[:H] @ x + W_hh[:H] @ h_prev + b_h[:H])
    z = sigmoid(W_xh[H : 2 * H] @ x + W_hh[H : 2 * H] @ h_prev + b_h[H : 2 * H])
    n = np.tanh(W_xh[2 * H :] @ x + W_hh[2 * H :] @ (h_prev * r) + b_h[2 * H :])
    return z * h_prev + (1 - z) * n


@wrong("gru_step_before", "the reset gate acts after the matrix product")
def reset_after(x, h_prev, W_xh, W_hh, b_h):
    r, z = gates_before_the_product(x, h_prev, W_xh, W_hh, b_h)
    W_xn, W_hn, b_n = candidate_parts(W_xh, W_hh, b_h)
    return (1 - z) * np.tanh(W_xn @ x + r * (W_hn @ h_prev) + b_n) + z * h_prev


@wrong("gru_step_before", "the reset gate acts after the matrix product")
def reset_after_with_bias(x, h_prev, W_xh, W_hh, b_h):
    r, z = gates_before_the_product(x, h_prev, W_xh, W_hh, b_h)
    W_xn, W_hn, b_n = candidate_parts(W_xh, W_hh, b_h)
    return (1 - z) * np.tanh(W_xn @ x + r * (W_hn @ h_prev + b_n)) + z * h_prev


@wrong("gru_step_before", "the reset gate multiplies the bias, too")
def reset_bias(x, h_prev, W_xh, W_hh, b_h):
    r, z = gates_before_the_product(x, h_prev, W_xh, W_hh, b_h)
    W_xn, W_hn, b_n = candidate_parts(W_xh, W_hh, b_h)
    return (1 - z) * np.tanh(W_xn @ x + W_hn @ (r * h_prev) + r * b_n) + z * h_prev


@wrong("gru_step_before", "the reset gate acts twice")
def resets_twice(x, h_prev, W_xh, W_hh, b_h):
    r, z = gates_before_the_product(x, h_prev, W_xh, W_hh, b_h)
    W_xn, W_hn, b_n = candidate_parts(W_xh, W_hh, b_h)
    return (1 - z) * np.tanh(W_xn @ x + r * (W_hn @ (r * h_prev)) + b_n) + z * h_prev


@wrong("gru_step_before", "the candidate is without reset gate")
def before_without_reset(x, h_prev, W_xh, W_hh, b_h):
    _, z = gates_before_the_product(x, h_prev, W_xh, W_hh, b_h)
    n = np.tanh(np.split(W_xh @ x + W_hh @ h_prev + b_h, 3)[2])
    return (1 - z) * n + z * h_prev


@wrong("gru_step_before", "the reset gate stands outside the tanh")
def before_outside(x, h_prev, W_xh, W_hh, b_h):
    r, z = gates_before_the_product(x, h_prev, W_xh, W_hh, b_h)
    n = r * np.tanh(np.split(W_xh @ x + W_hh @ h_prev + b_h, 3)[2])
    return (1 - z) * n + z * h_prev


@wrong("gru_step_before", "1 - r resets")
def before_turned_round(x, h_prev, W_xh, W_hh, b_h):
    r, z = gates_before_the_product(x, h_prev, W_xh, W_hh, b_h)
    W_xn, W_hn, b_n = candidate_parts(W_xh, W_hh, b_h)
    return (1 - z) * np.tanh(W_xn @ x + W_hn @ ((1 - r) * h_prev) + b_n) + z * h_prev


@wrong("gru_step_before", "the update gate stands in the candidate")
def before_by_z(x, h_prev, W_xh, W_hh, b_h):
    _, z = gates_before_the_product(x, h_prev, W_xh, W_hh, b_h)
    W_xn, W_hn, b_n = candidate_parts(W_xh, W_hh, b_h)
    return (1 - z) * np.tanh(W_xn @ x + W_hn @ (z * h_prev) + b_n) + z * h_prev


@wrong("gru_step_before", "the candidate goes through the sigmoid")
def before_with_sigmoid(x, h_prev, W_xh, W_hh, b_h):
    r, z = gates_before_the_product(x, h_prev, W_xh, W_hh, b_h)
    W_xn, W_hn, b_n = candidate_parts(W_xh, W_hh, b_h)
    return (1 - z) * sigmoid(W_xn @ x + W_hn @ (r * h_prev) + b_n) + z * h_prev


@wrong("gru_step_before", "the bias of the candidate is missing")
def before_without_bias(x, h_prev, W_xh, W_hh, b_h):
    r, z = gates_before_the_product(x, h_prev, W_xh, W_hh, b_h)
    W_xn, W_hn = candidate_parts(W_xh, W_hh)
    return (1 - z) * np.tanh(W_xn @ x + W_hn @ (r * h_prev)) + z * h_prev


@wrong("gru_step_before", "W_hn is transposed")
def before_transposed(x, h_prev, W_xh, W_hh, b_h):
    r, z = gates_before_the_product(x, h_prev, W_xh, W_hh, b_h)
    W_xn, W_hn, b_n = candidate_parts(W_xh, W_hh, b_h)
    return (1 - z) * np.tanh(W_xn @ x + (r * h_prev) @ W_hn + b_n) + z * h_prev


@wrong("gru_step_before", "z and 1 - z are swapped")
def slide_as_it_stands(x, h_prev, W_xh, W_hh, b_h):
    r, u = gates_before_the_product(x, h_prev, W_xh, W_hh, b_h)
    W_xn, W_hn, b_n = candidate_parts(W_xh, W_hh, b_h)
    return (1 - u) * h_prev + u * np.tanh(W_xn @ x + W_hn @ (r * h_prev) + b_n)


@wrong("gru_step_before", "the reset gate multiplies what is kept, too")
def before_keeps_the_reset_state(x, h_prev, W_xh, W_hh, b_h):
    r, z = gates_before_the_product(x, h_prev, W_xh, W_hh, b_h)
    W_xn, W_hn, b_n = candidate_parts(W_xh, W_hh, b_h)
    h = r * h_prev
    return (1 - z) * np.tanh(W_xn @ x + W_hn @ h + b_n) + z * h


@wrong("gru_step_before", "the update gate sees the reset state")
def before_for_both(x, h_prev, W_xh, W_hh, b_h):
    r, _ = gates_before_the_product(x, h_prev, W_xh, W_hh, b_h)
    _, a_z, a_n = np.split(W_xh @ x + W_hh @ (r * h_prev) + b_h, 3)
    return (1 - sigmoid(a_z)) * np.tanh(a_n) + sigmoid(a_z) * h_prev


@wrong("gru_step_before", "the bias b_h is added twice")
def before_with_two_biases(x, h_prev, W_xh, W_hh, b_h):
    return two_products(x, h_prev, W_xh, W_hh, 2 * b_h)


@wrong("gru_step_before", "r and z are swapped")
def before_z_r_n(x, h_prev, W_xh, W_hh, b_h):
    z, r = gates_before_the_product(x, h_prev, W_xh, W_hh, b_h)
    W_xn, W_hn, b_n = candidate_parts(W_xh, W_hh, b_h)
    return (1 - z) * np.tanh(W_xn @ x + W_hn @ (r * h_prev) + b_n) + z * h_prev


# from_cs224n


@right("from_cs224n")
def by_vstack(U_u, W_u, b_u, U_r, W_r, b_r, U_h, W_h, b_h):
    return np.vstack([U_r, -U_u, U_h]), np.vstack([W_r, -W_u, W_h]), np.hstack([b_r, -b_u, b_h])


@right("from_cs224n")
def block_after_block(U_u, W_u, b_u, U_r, W_r, b_r, U_h, W_h, b_h):
    H, D = U_h.shape
    W_xh, W_hh, b = np.empty((3 * H, D)), np.empty((3 * H, H)), np.empty(3 * H)
    W_xh[:H], W_hh[:H], b[:H] = U_r, W_r, b_r
    W_xh[H : 2 * H], W_hh[H : 2 * H], b[H : 2 * H] = 0 - U_u, 0 - W_u, 0 - b_u
    W_xh[2 * H :], W_hh[2 * H :], b[2 * H :] = U_h, W_h, b_h
    return [W_xh, W_hh, b]


@wrong("from_cs224n", "the update gate keeps its sign")
def sign_forgotten(U_u, W_u, b_u, U_r, W_r, b_r, U_h, W_h, b_h):
    return by_vstack(-U_u, -W_u, -b_u, U_r, W_r, b_r, U_h, W_h, b_h)


@wrong("from_cs224n", "the slide's order u, r, h is kept, and the sign of u")
def stacked_as_on_the_slide(U_u, W_u, b_u, U_r, W_r, b_r, U_h, W_h, b_h):
    return np.vstack([U_u, U_r, U_h]), np.vstack([W_u, W_r, W_h]), np.hstack([b_u, b_r, b_h])


@wrong("from_cs224n", "the slide's order u, r, h is kept; here")
def order_of_the_slide(U_u, W_u, b_u, U_r, W_r, b_r, U_h, W_h, b_h):
    return np.vstack([-U_u, U_r, U_h]), np.vstack([-W_u, W_r, W_h]), np.hstack([-b_u, b_r, b_h])


@wrong("from_cs224n", "the bias of u keeps its sign")
def bias_keeps_its_sign(U_u, W_u, b_u, U_r, W_r, b_r, U_h, W_h, b_h):
    return by_vstack(U_u, W_u, -b_u, U_r, W_r, b_r, U_h, W_h, b_h)


@wrong("from_cs224n", "the matrices of u keep their signs")
def only_the_bias_turned(U_u, W_u, b_u, U_r, W_r, b_r, U_h, W_h, b_h):
    return by_vstack(-U_u, -W_u, b_u, U_r, W_r, b_r, U_h, W_h, b_h)


@wrong("from_cs224n", "W_u keeps its sign")
def state_keeps_its_sign(U_u, W_u, b_u, U_r, W_r, b_r, U_h, W_h, b_h):
    return by_vstack(U_u, -W_u, b_u, U_r, W_r, b_r, U_h, W_h, b_h)


@wrong("from_cs224n", "the reset gate changes its sign")
def reset_gate_turned(U_u, W_u, b_u, U_r, W_r, b_r, U_h, W_h, b_h):
    return by_vstack(-U_u, -W_u, -b_u, -U_r, -W_r, -b_r, U_h, W_h, b_h)


@wrong("from_cs224n", "both gates change their signs")
def both_gates_turned(U_u, W_u, b_u, U_r, W_r, b_r, U_h, W_h, b_h):
    return by_vstack(U_u, W_u, b_u, -U_r, -W_r, -b_r, U_h, W_h, b_h)


@wrong("from_cs224n", "1 minus the weights is taken")
def one_minus_the_weights(U_u, W_u, b_u, U_r, W_r, b_r, U_h, W_h, b_h):
    return by_vstack(U_u - 1, W_u - 1, b_u - 1, U_r, W_r, b_r, U_h, W_h, b_h)


@wrong("from_cs224n", "U and W are swapped")
def edinburgh(U_u, W_u, b_u, U_r, W_r, b_r, U_h, W_h, b_h):
    W_xh, W_hh, b = by_vstack(U_u, W_u, b_u, U_r, W_r, b_r, U_h, W_h, b_h)
    return W_hh, W_xh, b


@wrong("from_cs224n", "the matrices are transposed")
def as_darmstadt(U_u, W_u, b_u, U_r, W_r, b_r, U_h, W_h, b_h):
    return by_vstack(U_u.T, W_u.T, b_u, U_r.T, W_r.T, b_r, U_h.T, W_h.T, b_h)


@wrong("from_cs224n", "the square matrices are transposed")
def only_W_turned(U_u, W_u, b_u, U_r, W_r, b_r, U_h, W_h, b_h):
    return by_vstack(U_u, W_u.T, b_u, U_r, W_r.T, b_r, U_h, W_h.T, b_h)


@wrong("from_cs224n", "the blocks lie side by side")
def side_by_side(U_u, W_u, b_u, U_r, W_r, b_r, U_h, W_h, b_h):
    return np.hstack([U_r, -U_u, U_h]), np.hstack([W_r, -W_u, W_h]), np.hstack([b_r, -b_u, b_h])


@wrong("from_cs224n", "the biases are rows of a table")
def table_of_biases(U_u, W_u, b_u, U_r, W_r, b_r, U_h, W_h, b_h):
    return np.vstack([U_r, -U_u, U_h]), np.vstack([W_r, -W_u, W_h]), np.vstack([b_r, -b_u, b_h])


@wrong("from_cs224n", "the rows alternate")
def alternating(U_u, W_u, b_u, U_r, W_r, b_r, U_h, W_h, b_h):
    (H, D), found = U_h.shape, []
    for blocks, shape in (
        ((U_r, -U_u, U_h), (3 * H, D)),
        ((W_r, -W_u, W_h), (3 * H, H)),
        ((b_r, -b_u, b_h), (3 * H,)),
    ):
        found.append(np.empty(shape))
        for k in range(3):
            found[-1][k::3] = blocks[k]
    return tuple(found)


@wrong("from_cs224n", "the order is r, h, u")
def update_gate_last(U_u, W_u, b_u, U_r, W_r, b_r, U_h, W_h, b_h):
    return np.vstack([U_r, U_h, -U_u]), np.vstack([W_r, W_h, -W_u]), np.hstack([b_r, b_h, -b_u])


@wrong("from_cs224n", "the biases are missing")
def without_biases(U_u, W_u, b_u, U_r, W_r, b_r, U_h, W_h, b_h):
    return np.vstack([U_r, -U_u, U_h]), np.vstack([W_r, -W_u, W_h])


# largest_hidden_size


def largest(count, budget):
    H = 0
    while count(H + 1) <= budget:
        H += 1
    return H


@right("largest_hidden_size")
def one_after_the_other(cell, input_size, budget):
    blocks = {"srn": 1, "gru": 3, "lstm": 4}[cell]
    H = 1
    while blocks * (H * input_size + H * H + 2 * H) <= budget:
        H = H + 1
    return H - 1


@right("largest_hidden_size")
def by_the_quadratic_formula(cell, input_size, budget):
    """Solve H * H + (D + 2) * H = budget // blocks, in whole numbers."""
    rest = budget // {"srn": 1, "gru": 3, "lstm": 4}[cell]
    return (math.isqrt((input_size + 2) ** 2 + 4 * rest) - (input_size + 2)) // 2


@wrong("largest_hidden_size", "only the gates are counted")
def gates_only(cell, input_size, budget):
    gates = {"srn": 1, "gru": 2, "lstm": 3}[cell]
    return largest(lambda H: gates * H * (input_size + H + 2), budget)


@wrong("largest_hidden_size", "the GRU has 3 blocks, not 2")
def gru_of_two(cell, input_size, budget):
    blocks = {"srn": 1, "gru": 2, "lstm": 4}[cell]
    return largest(lambda H: blocks * H * (input_size + H + 2), budget)


@wrong("largest_hidden_size", "the LSTM has 4 blocks, not 3")
def lstm_of_three(cell, input_size, budget):
    blocks = {"srn": 1, "gru": 3, "lstm": 3}[cell]
    return largest(lambda H: blocks * H * (input_size + H + 2), budget)


@wrong("largest_hidden_size", "GRU and LSTM are swapped")
def lstm_smaller(cell, input_size, budget):
    blocks = {"srn": 1, "gru": 4, "lstm": 3}[cell]
    return largest(lambda H: blocks * H * (input_size + H + 2), budget)


@wrong("largest_hidden_size", "the cell plays no part")
def all_simple(cell, input_size, budget):
    return largest(lambda H: H * (input_size + H + 2), budget)


@wrong("largest_hidden_size", "one bias is counted")
def one_bias(cell, input_size, budget):
    blocks = {"srn": 1, "gru": 3, "lstm": 4}[cell]
    return largest(lambda H: blocks * H * (input_size + H + 1), budget)


@wrong("largest_hidden_size", "torch gives every cell two")
def second_bias_for_the_candidate(cell, input_size, budget):
    blocks = {"srn": 1, "gru": 3, "lstm": 4}[cell]
    second = cell == "gru"
    return largest(lambda H: blocks * H * (input_size + H + 1) + second * H, budget)


@wrong("largest_hidden_size", "the biases are forgotten")
def no_bias_counted(cell, input_size, budget):
    blocks = {"srn": 1, "gru": 3, "lstm": 4}[cell]
    return largest(lambda H: blocks * H * (input_size + H), budget)


@wrong("largest_hidden_size", "the biases are shared by the blocks")
def biases_counted_once(cell, input_size, budget):
    blocks = {"srn": 1, "gru": 3, "lstm": 4}[cell]
    return largest(lambda H: blocks * H * (input_size + H) + 2 * H, budget)


@wrong("largest_hidden_size", "the weights from the input are forgotten")
def no_input(cell, input_size, budget):
    blocks = {"srn": 1, "gru": 3, "lstm": 4}[cell]
    return largest(lambda H: blocks * H * (H + 2), budget)


@wrong("largest_hidden_size", "the weights from the state are forgotten")
def no_recurrence(cell, input_size, budget):
    blocks = {"srn": 1, "gru": 3, "lstm": 4}[cell]
    return budget // (blocks * (input_size + 2))


@wrong("largest_hidden_size", "sizes are multiplied")
def product_of_sizes(cell, input_size, budget):
    blocks = {"srn": 1, "gru": 3, "lstm": 4}[cell]
    return largest(lambda H: blocks * H * (input_size * H + 2), budget)


@wrong("largest_hidden_size", "the size is one too large")
def first_that_does_not_fit(cell, input_size, budget):
    return one_after_the_other(cell, input_size, budget) + 1


@wrong("largest_hidden_size", "the size is one too small")
def stops_too_early(cell, input_size, budget):
    return one_after_the_other(cell, input_size, budget) - 1


@wrong("largest_hidden_size", "exactly the budget fits, too")
def strictly_less(cell, input_size, budget):
    return one_after_the_other(cell, input_size, budget - 1)


@wrong("largest_hidden_size", "rounded to the nearest")
def rounded(cell, input_size, budget):
    rest = budget / {"srn": 1, "gru": 3, "lstm": 4}[cell]
    return round((math.sqrt((input_size + 2) ** 2 + 4 * rest) - (input_size + 2)) / 2)


@wrong("largest_hidden_size", "the size is not a whole number")
def not_rounded(cell, input_size, budget):
    rest = budget / {"srn": 1, "gru": 3, "lstm": 4}[cell]
    return (math.sqrt((input_size + 2) ** 2 + 4 * rest) - (input_size + 2)) / 2


# gru_bptt


def forward(xs, h, W_xh, W_hh, b_xh, b_hh):
    """Return x, h_prev, r, z, n, q of every step, and the last state."""
    kept = []
    for x in xs:
        (x_r, x_z, x_n), (h_r, h_z, q) = sides(x, h, W_xh, W_hh, b_xh, b_hh)
        r, z = sigmoid(x_r + h_r), sigmoid(x_z + h_z)
        n = np.tanh(x_n + r * q)
        kept.append((x, h, r, z, n, q))
        h = (1 - z) * n + z * h
    return kept, h


def back(kept, dhs, W_hh, gradients=as_a_table, to_state=one_product):
    """Return the gradients at both sides of the pre-activations, (T, 3H) each."""
    later, of_x, of_h = np.zeros(W_hh.shape[1]), [], []
    for (_, h_prev, r, z, n, q), own in zip(kept[::-1], dhs[::-1], strict=True):
        dh = own + later
        da_r, da_z, da_n = gradients(dh, h_prev, r, z, n, q)
        of_x.append(np.concatenate([da_r, da_z, da_n]))
        of_h.append(np.concatenate([da_r, da_z, r * da_n]))
        later = to_state(dh, r, z, da_r, da_z, da_n, W_hh)
    return np.array(of_x[::-1]), np.array(of_h[::-1])


def added_up(of_x, of_h, kept):
    xs, h_prevs = (np.array([step[k] for step in kept]) for k in (0, 1))
    return of_x.T @ xs, of_h.T @ h_prevs, of_x.sum(axis=0), of_h.sum(axis=0)


@right("gru_bptt")
def bptt_in_parts(xs, dhs, h0, W_xh, W_hh, b_xh, b_hh):
    kept, _ = forward(xs, h0, W_xh, W_hh, b_xh, b_hh)
    return added_up(*back(kept, dhs, W_hh), kept)


@right("gru_bptt")
def adds_up_on_the_way(xs, dhs, h0, W_xh, W_hh, b_xh, b_hh):
    kept, _ = forward(xs, h0, W_xh, W_hh, b_xh, b_hh)
    gradients = [np.zeros_like(W) for W in (W_xh, W_hh, b_xh, b_hh)]
    dh = np.zeros_like(h0)
    for t in range(len(xs) - 1, -1, -1):
        x, h_prev, r, z, n, q = kept[t]
        dh = dh + dhs[t]
        da_r, da_z, da_n = unit_after_unit(dh, h_prev, r, z, n, q)
        of_x, of_h = np.concatenate([da_r, da_z, da_n]), np.concatenate([da_r, da_z, da_n * r])
        gradients[0] += np.outer(of_x, x)
        gradients[1] += np.outer(of_h, h_prev)
        gradients[2] += of_x
        gradients[3] += of_h
        dh = way_after_way(dh, r, z, da_r, da_z, da_n, W_hh)
    return gradients


@wrong("gru_bptt", "r is missing in the gradients of W_hh and b_hh")
def one_gradient_for_both_sides(xs, dhs, h0, W_xh, W_hh, b_xh, b_hh):
    kept, _ = forward(xs, h0, W_xh, W_hh, b_xh, b_hh)
    of_x, _ = back(kept, dhs, W_hh)
    return added_up(of_x, of_x, kept)


@wrong("gru_bptt", "the gradients of W_xh and b_xh have r")
def reset_on_both_sides(xs, dhs, h0, W_xh, W_hh, b_xh, b_hh):
    kept, _ = forward(xs, h0, W_xh, W_hh, b_xh, b_hh)
    _, of_h = back(kept, dhs, W_hh)
    return added_up(of_h, of_h, kept)


@wrong("gru_bptt", "the two sides are swapped")
def sides_swapped(xs, dhs, h0, W_xh, W_hh, b_xh, b_hh):
    kept, _ = forward(xs, h0, W_xh, W_hh, b_xh, b_hh)
    of_x, of_h = back(kept, dhs, W_hh)
    return added_up(of_h, of_x, kept)


@wrong("gru_bptt", "the two biases get the same gradient; in b_hh")
def biases_shared(xs, dhs, h0, W_xh, W_hh, b_xh, b_hh):
    dW_xh, dW_hh, db, _ = bptt_in_parts(xs, dhs, h0, W_xh, W_hh, b_xh, b_hh)
    return dW_xh, dW_hh, db, db


@wrong("gru_bptt", "no error goes back in time")
def ordinary_backpropagation(xs, dhs, h0, W_xh, W_hh, b_xh, b_hh):
    kept, _ = forward(xs, h0, W_xh, W_hh, b_xh, b_hh)
    of_x, of_h = back(kept, dhs, W_hh, to_state=lambda *given: 0)
    return added_up(of_x, of_h, kept)


@wrong("gru_bptt", "the direct way through z is forgotten")
def bptt_through_the_gates_only(xs, dhs, h0, W_xh, W_hh, b_xh, b_hh):
    kept, _ = forward(xs, h0, W_xh, W_hh, b_xh, b_hh)
    return added_up(*back(kept, dhs, W_hh, to_state=gradient_through_z_forgotten), kept)


@wrong("gru_bptt", "only the direct way is there")
def bptt_along_z_only(xs, dhs, h0, W_xh, W_hh, b_xh, b_hh):
    kept, _ = forward(xs, h0, W_xh, W_hh, b_xh, b_hh)
    return added_up(*back(kept, dhs, W_hh, to_state=direct_way_only), kept)


@wrong("gru_bptt", "r comes after the matrix")
def bptt_of_the_older_sister(xs, dhs, h0, W_xh, W_hh, b_xh, b_hh):
    kept, _ = forward(xs, h0, W_xh, W_hh, b_xh, b_hh)
    return added_up(*back(kept, dhs, W_hh, to_state=as_the_older_sister), kept)


@wrong("gru_bptt", "r is missing on the way through the candidate")
def bptt_without_reset(xs, dhs, h0, W_xh, W_hh, b_xh, b_hh):
    kept, _ = forward(xs, h0, W_xh, W_hh, b_xh, b_hh)
    return added_up(*back(kept, dhs, W_hh, to_state=reset_forgotten), kept)


@wrong("gru_bptt", "the sign of da_z is wrong")
def bptt_with_a_wrong_sign(xs, dhs, h0, W_xh, W_hh, b_xh, b_hh):
    kept, _ = forward(xs, h0, W_xh, W_hh, b_xh, b_hh)
    return added_up(*back(kept, dhs, W_hh, gradients=sign_of_da_z), kept)


@wrong("gru_bptt", "z and 1 - z are swapped; here the candidate enters")
def bptt_of_the_lectures(xs, dhs, h0, W_xh, W_hh, b_xh, b_hh):
    kept, _ = forward(xs, h0, W_xh, W_hh, b_xh, b_hh)
    return added_up(*back(kept, dhs, W_hh, gradients=gradients_of_the_lectures), kept)


@wrong("gru_bptt", "only the last step's dhs goes back")
def last_error_only(xs, dhs, h0, W_xh, W_hh, b_xh, b_hh):
    only = np.zeros_like(dhs)
    only[-1] = dhs[-1]
    return bptt_in_parts(xs, only, h0, W_xh, W_hh, b_xh, b_hh)


@wrong("gru_bptt", "all gradients are zero")
def own_error_forgotten(xs, dhs, h0, W_xh, W_hh, b_xh, b_hh):
    return bptt_in_parts(xs, np.zeros_like(dhs), h0, W_xh, W_hh, b_xh, b_hh)


@wrong("gru_bptt", "the states are wrong already")
def states_of_another_step(xs, dhs, h0, W_xh, W_hh, b_xh, b_hh):
    kept, h = [], h0
    for x in xs:
        kept += forward(x[None], h, W_xh, W_hh, b_xh, b_hh)[0]
        h = update_of_the_lectures(x, h, W_xh, W_hh, b_xh, b_hh)
    return added_up(*back(kept, dhs, W_hh), kept)


@wrong("gru_bptt", "these are the gradients of the last step")
def last_appearance(xs, dhs, h0, W_xh, W_hh, b_xh, b_hh):
    kept, _ = forward(xs, h0, W_xh, W_hh, b_xh, b_hh)
    of_x, of_h = back(kept, dhs, W_hh)
    return added_up(of_x[-1:], of_h[-1:], kept[-1:])


@wrong("gru_bptt", "these are the gradients of the first step")
def assigned_in_the_loop(xs, dhs, h0, W_xh, W_hh, b_xh, b_hh):
    kept, _ = forward(xs, h0, W_xh, W_hh, b_xh, b_hh)
    rows = zip(*back(kept, dhs, W_hh), kept, strict=True)
    for of_x, of_h, (x, h_prev, *_) in list(rows)[::-1]:
        gradients = np.outer(of_x, x), np.outer(of_h, h_prev), of_x, of_h
    return gradients


@wrong("gru_bptt", "W_hh was multiplied by h_(t-1)")
def meets_the_new_state(xs, dhs, h0, W_xh, W_hh, b_xh, b_hh):
    kept, h = forward(xs, h0, W_xh, W_hh, b_xh, b_hh)
    of_x, of_h = back(kept, dhs, W_hh)
    hs = np.array([*(step[1] for step in kept[1:]), h])
    return of_x.T @ xs, of_h.T @ hs, of_x.sum(axis=0), of_h.sum(axis=0)


@wrong("gru_bptt", "in the gradient of W_hh step 0 meets zeros")
def wraps_around(xs, dhs, h0, W_xh, W_hh, b_xh, b_hh):
    kept, h = forward(xs, h0, W_xh, W_hh, b_xh, b_hh)
    of_x, of_h = back(kept, dhs, W_hh)
    hs = np.array([*(step[1] for step in kept[1:]), h])
    return of_x.T @ xs, of_h.T @ np.roll(hs, 1, axis=0), of_x.sum(axis=0), of_h.sum(axis=0)


@wrong("gru_bptt", "h0 is ignored")
def zero_state(xs, dhs, h0, W_xh, W_hh, b_xh, b_hh):
    return bptt_in_parts(xs, dhs, np.zeros_like(h0), W_xh, W_hh, b_xh, b_hh)


@wrong("gru_bptt", "every step begins with h0")
def bptt_without_memory(xs, dhs, h0, W_xh, W_hh, b_xh, b_hh):
    alone = [
        bptt_in_parts(xs[t : t + 1], dhs[t : t + 1], h0, W_xh, W_hh, b_xh, b_hh)
        for t in range(len(xs))
    ]
    return tuple(sum(parts) for parts in zip(*alone, strict=True))


@wrong("gru_bptt", "the errors come in at the wrong steps")
def errors_in_reverse(xs, dhs, h0, W_xh, W_hh, b_xh, b_hh):
    return bptt_in_parts(xs, dhs[::-1], h0, W_xh, W_hh, b_xh, b_hh)


@wrong("gru_bptt", "the gradients are averaged over the steps")
def mean_over_steps(xs, dhs, h0, W_xh, W_hh, b_xh, b_hh):
    return tuple(G / len(xs) for G in bptt_in_parts(xs, dhs, h0, W_xh, W_hh, b_xh, b_hh))


@wrong("gru_bptt", "the gradients are in another order")
def another_order(xs, dhs, h0, W_xh, W_hh, b_xh, b_hh):
    dW_xh, dW_hh, db_xh, db_hh = bptt_in_parts(xs, dhs, h0, W_xh, W_hh, b_xh, b_hh)
    return dW_hh, dW_xh, db_xh, db_hh


@wrong("gru_bptt", "one gradient of the biases is missing")
def one_bias_gradient(xs, dhs, h0, W_xh, W_hh, b_xh, b_hh):
    return bptt_in_parts(xs, dhs, h0, W_xh, W_hh, b_xh, b_hh)[:3]
