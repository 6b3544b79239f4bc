"""Wrong solutions of week 4 as students write them."""

from itertools import product

import numpy as np

from wrong_solutions import new_bank

WRONG, RIGHT, wrong, right = new_bank()


def softmax(logits):
    e = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


# sequence_loss


@right("sequence_loss")
def loss_in_one_product(inputs, targets, h0, W_xh, W_hh, W_hy):
    states, h = np.zeros((len(inputs), len(h0))), h0
    for t in range(len(inputs)):
        h = np.tanh(W_xh.T[inputs[t]] + W_hh @ h)
        states[t] = h
    p = softmax(states @ W_hy.T)
    return -np.log(p[np.arange(len(targets)), targets]).mean()


@right("sequence_loss")
def loss_with_one_hot_vectors(inputs, targets, h0, W_xh, W_hh, W_hy):
    V, h, losses = len(W_hy), h0, []
    for x, y in zip(np.eye(V)[inputs], np.eye(V)[targets], strict=True):
        h = np.tanh(np.dot(W_xh, x) + np.dot(W_hh, h))
        losses.append(-np.sum(y * np.log(softmax(np.dot(W_hy, h)))))
    return np.mean(losses)


@wrong("sequence_loss", "divide by T")
def summed(inputs, targets, h0, W_xh, W_hh, W_hy):
    return len(inputs) * loss_in_one_product(inputs, targets, h0, W_xh, W_hh, W_hy)


@wrong("sequence_loss", "the sign is wrong")
def log_likelihood(inputs, targets, h0, W_xh, W_hh, W_hy):
    return -loss_in_one_product(inputs, targets, h0, W_xh, W_hh, W_hy)


@wrong("sequence_loss", "in bits")
def in_bits(inputs, targets, h0, W_xh, W_hh, W_hy):
    h, total = h0, 0
    for x, y in zip(inputs, targets, strict=True):
        h = np.tanh(W_xh[:, x] + W_hh @ h)
        total -= np.log2(softmax(W_hy @ h)[y])
    return total / len(inputs)


@wrong("sequence_loss", "the state is not carried")
def state_not_carried(inputs, targets, h0, W_xh, W_hh, W_hy):
    total = 0
    for x, y in zip(inputs, targets, strict=True):
        h = np.tanh(W_xh[:, x] + W_hh @ h0)
        total -= np.log(softmax(W_hy @ h)[y])
    return total / len(inputs)


@wrong("sequence_loss", "h0 is ignored")
def starts_with_zeros(inputs, targets, h0, W_xh, W_hh, W_hy):
    return loss_in_one_product(inputs, targets, np.zeros_like(h0), W_xh, W_hh, W_hy)


@wrong("sequence_loss", "only the last step counts")
def last_step_only(inputs, targets, h0, W_xh, W_hh, W_hy):
    h = h0
    for x, y in zip(inputs, targets, strict=True):
        h = np.tanh(W_xh[:, x] + W_hh @ h)
        loss = -np.log(softmax(W_hy @ h)[y])
    return loss


@wrong("sequence_loss", "`return` stands inside the loop")
def returns_in_the_loop(inputs, targets, h0, W_xh, W_hh, W_hy):
    for x, y in zip(inputs, targets, strict=True):
        return -np.log(softmax(W_hy @ np.tanh(W_xh[:, x] + W_hh @ h0))[y])


@wrong("sequence_loss", "score the target, the token after it")
def scores_the_input(inputs, targets, h0, W_xh, W_hh, W_hy):
    return loss_in_one_product(inputs, inputs, h0, W_xh, W_hh, W_hy)


@wrong("sequence_loss", "from the state before the step")
def output_before_the_step(inputs, targets, h0, W_xh, W_hh, W_hy):
    h, total = h0, 0
    for x, y in zip(inputs, targets, strict=True):
        total -= np.log(softmax(W_hy @ h)[y])
        h = np.tanh(W_xh[:, x] + W_hh @ h)
    return total / len(inputs)


@wrong("sequence_loss", "W_hh is transposed")
def row_vector_state(inputs, targets, h0, W_xh, W_hh, W_hy):
    return loss_in_one_product(inputs, targets, h0, W_xh, W_hh.T, W_hy)


@wrong("sequence_loss", "the column of a token is W_xh[:, token]")
def takes_a_row(inputs, targets, h0, W_xh, W_hh, W_hy):
    h, total = h0, 0
    for x, y in zip(inputs, targets, strict=True):
        h = np.tanh(W_xh[x] + W_hh @ h)
        total -= np.log(softmax(W_hy @ h)[y])
    return total / len(inputs)


@wrong("sequence_loss", "tanh is missing")
def linear(inputs, targets, h0, W_xh, W_hh, W_hy):
    h, total = h0, 0
    for x, y in zip(inputs, targets, strict=True):
        h = W_xh[:, x] + W_hh @ h
        total -= np.log(softmax(W_hy @ h)[y])
    return total / len(inputs)


@wrong("sequence_loss", "tanh is taken of one part only")
def bracket_too_early(inputs, targets, h0, W_xh, W_hh, W_hy):
    h, total = h0, 0
    for x, y in zip(inputs, targets, strict=True):
        h = np.tanh(W_xh[:, x]) + W_hh @ h
        total -= np.log(softmax(W_hy @ h)[y])
    return total / len(inputs)


@wrong("sequence_loss", "this is the perplexity")
def exponentiated(inputs, targets, h0, W_xh, W_hh, W_hy):
    return np.exp(loss_in_one_product(inputs, targets, h0, W_xh, W_hh, W_hy))


# numerical_gradient


def differences(inputs, targets, h0, W_xh, W_hh, W_hy, difference):
    """Return ``difference(loss, matrix of zeros but for a 1)`` for each entry of W_hh."""

    def loss(move):
        return loss_in_one_product(inputs, targets, h0, W_xh, W_hh + move, W_hy)

    gradient = np.zeros(W_hh.shape)
    for place in np.ndindex(*W_hh.shape):
        one = np.zeros(W_hh.shape)
        one[place] = 1
        gradient[place] = difference(loss, one)
    return gradient


@right("numerical_gradient")
def with_a_matrix_of_moves(inputs, targets, h0, W_xh, W_hh, W_hy, step):
    return differences(
        inputs,
        targets,
        h0,
        W_xh,
        W_hh,
        W_hy,
        lambda loss, one: (loss(step * one) - loss(-step * one)) / (2 * step),
    )


@right("numerical_gradient")
def moves_back_each_time(inputs, targets, h0, W_xh, W_hh, W_hy, step):
    W, rows = np.array(W_hh), []
    for i in range(len(W)):
        rows.append([])
        for j in range(len(W)):
            kept = W[i, j]
            W[i, j] = kept + step
            up = loss_with_one_hot_vectors(inputs, targets, h0, W_xh, W, W_hy)
            W[i, j] = kept - step
            down = loss_with_one_hot_vectors(inputs, targets, h0, W_xh, W, W_hy)
            W[i, j] = kept
            rows[i].append((up - down) / step / 2)
    return np.array(rows)


@right("numerical_gradient")
def moves_the_argument_and_puts_it_back(inputs, targets, h0, W_xh, W_hh, W_hy, step):
    gradient = np.zeros_like(W_hh)
    for i, j in product(range(len(W_hh)), repeat=2):
        W_hh[i, j] += step
        up = loss_in_one_product(inputs, targets, h0, W_xh, W_hh, W_hy)
        W_hh[i, j] -= 2 * step
        down = loss_in_one_product(inputs, targets, h0, W_xh, W_hh, W_hy)
        W_hh[i, j] += step
        gradient[i, j] = (up - down) / (2 * step)
    return gradient


@wrong("numerical_gradient", "one-sided")
def one_sided(inputs, targets, h0, W_xh, W_hh, W_hy, step):
    return differences(
        inputs,
        targets,
        h0,
        W_xh,
        W_hh,
        W_hy,
        lambda loss, one: (loss(step * one) - loss(0 * one)) / step,
    )


@wrong("numerical_gradient", "divide by 2 * step, not by step")
def step_not_halved(inputs, targets, h0, W_xh, W_hh, W_hy, step):
    return differences(
        inputs,
        targets,
        h0,
        W_xh,
        W_hh,
        W_hy,
        lambda loss, one: (loss(step * one) - loss(-step * one)) / step,
    )


@wrong("numerical_gradient", "put brackets around 2 * step")
def brackets_missing(inputs, targets, h0, W_xh, W_hh, W_hy, step):
    return differences(
        inputs,
        targets,
        h0,
        W_xh,
        W_hh,
        W_hy,
        lambda loss, one: (loss(step * one) - loss(-step * one)) / 2 * step,
    )


@wrong("numerical_gradient", "the sign is wrong")
def below_minus_above(inputs, targets, h0, W_xh, W_hh, W_hy, step):
    return differences(
        inputs,
        targets,
        h0,
        W_xh,
        W_hh,
        W_hy,
        lambda loss, one: (loss(-step * one) - loss(step * one)) / (2 * step),
    )


@wrong("numerical_gradient", "not divided by 2 * step")
def not_divided(inputs, targets, h0, W_xh, W_hh, W_hy, step):
    return differences(
        inputs,
        targets,
        h0,
        W_xh,
        W_hh,
        W_hy,
        lambda loss, one: loss(step * one) - loss(-step * one),
    )


@wrong("numerical_gradient", "rows and columns are swapped")
def rows_and_columns(inputs, targets, h0, W_xh, W_hh, W_hy, step):
    return with_a_matrix_of_moves(inputs, targets, h0, W_xh, W_hh, W_hy, step).T


@wrong("numerical_gradient", "the argument `step` has no effect")
def its_own_step(inputs, targets, h0, W_xh, W_hh, W_hy, step):
    return with_a_matrix_of_moves(inputs, targets, h0, W_xh, W_hh, W_hy, 1e-6)


@wrong("numerical_gradient", "it changes its argument `W_hh`")
def stays_moved(inputs, targets, h0, W_xh, W_hh, W_hy, step):
    gradient = np.zeros_like(W_hh)
    for i, j in product(range(len(W_hh)), repeat=2):
        W_hh[i, j] += step
        up = loss_in_one_product(inputs, targets, h0, W_xh, W_hh, W_hy)
        W_hh[i, j] -= 2 * step
        down = loss_in_one_product(inputs, targets, h0, W_xh, W_hh, W_hy)
        gradient[i, j] = (up - down) / (2 * step)
    return gradient


@wrong("numerical_gradient", "a weight is not put back")
def one_copy_stays_moved(inputs, targets, h0, W_xh, W_hh, W_hy, step):
    return stays_moved(inputs, targets, h0, W_xh, W_hh.copy(), W_hy, step)


@wrong("numerical_gradient", "give sequence_loss the weights that were moved")
def moved_weights_not_used(inputs, targets, h0, W_xh, W_hh, W_hy, step):
    gradient = np.zeros_like(W_hh)
    for place in np.ndindex(*W_hh.shape):
        up, down = W_hh.copy(), W_hh.copy()
        up[place] += step
        down[place] -= step
        above = loss_in_one_product(inputs, targets, h0, W_xh, W_hh, W_hy)
        below = loss_in_one_product(inputs, targets, h0, W_xh, W_hh, W_hy)
        gradient[place] = (above - below) / (2 * step)
    return gradient


@wrong("numerical_gradient", "all weights move at once")
def all_at_once(inputs, targets, h0, W_xh, W_hh, W_hy, step):
    up = loss_in_one_product(inputs, targets, h0, W_xh, W_hh + step, W_hy)
    down = loss_in_one_product(inputs, targets, h0, W_xh, W_hh - step, W_hy)
    return np.full_like(W_hh, (up - down) / (2 * step))


@wrong("numerical_gradient", "a sum over the steps")
def gradient_of_the_sum(inputs, targets, h0, W_xh, W_hh, W_hy, step):
    numerical = with_a_matrix_of_moves(inputs, targets, h0, W_xh, W_hh, W_hy, step)
    return len(inputs) * numerical


# output_errors


@right("output_errors")
def step_by_step(states, targets, W_hy):
    T, errors = len(targets), []
    for h, target in zip(states, targets, strict=True):
        e = np.exp(W_hy @ h)
        error = e / sum(e)
        error[target] -= 1
        errors.append(error / T)
    return np.array(errors)


@right("output_errors")
def by_einsum(states, targets, W_hy):
    p = softmax(np.einsum("th,vh->tv", states, W_hy))
    return (p - np.eye(len(W_hy))[targets]) / len(states)


@wrong("output_errors", "not divided by T")
def error_of_the_sum(states, targets, W_hy):
    return softmax(states @ W_hy.T) - np.eye(len(W_hy))[targets]


@wrong("output_errors", "this is desired - y")
def desired_minus_y(states, targets, W_hy):
    return (np.eye(len(W_hy))[targets] - softmax(states @ W_hy.T)) / len(states)


@wrong("output_errors", "this is desired - y, the direction to go in; the gradient of the loss is")
def desired_minus_y_of_the_sum(states, targets, W_hy):
    return np.eye(len(W_hy))[targets] - softmax(states @ W_hy.T)


@wrong("output_errors", "the factor p * (1 - p) belongs to another loss")
def with_the_slope_of_the_output(states, targets, W_hy):
    p = softmax(states @ W_hy.T)
    return (p - np.eye(len(W_hy))[targets]) * p * (1 - p) / len(states)


@wrong("output_errors", "the target is missing")
def probabilities_only(states, targets, W_hy):
    return softmax(states @ W_hy.T) / len(states)


@wrong("output_errors", "the softmax is missing")
def no_softmax(states, targets, W_hy):
    errors = states @ W_hy.T
    errors[np.arange(len(targets)), targets] -= 1
    return errors / len(states)


@wrong("output_errors", "the softmax runs over the steps")
def softmax_over_the_steps(states, targets, W_hy):
    e = np.exp(states @ W_hy.T)
    p = e / e.sum(axis=0)
    p[np.arange(len(targets)), targets] -= 1
    return p / len(states)


@wrong("output_errors", "the softmax runs over all steps together")
def softmax_over_all(states, targets, W_hy):
    e = np.exp(states @ W_hy.T)
    p = e / e.sum()
    p[np.arange(len(targets)), targets] -= 1
    return p / len(states)


@wrong("output_errors", "keepdims=True")
def no_keepdims(states, targets, W_hy):
    e = np.exp(states @ W_hy.T)
    p = e / e.sum(axis=1)
    p[np.arange(len(targets)), targets] -= 1
    return p / len(states)


@wrong("output_errors", "take it in row t only")
def whole_columns(states, targets, W_hy):
    p = softmax(states @ W_hy.T)
    p[:, targets] -= 1
    return p / len(states)


@wrong("output_errors", "row t belongs to targets[t]")
def targets_one_off(states, targets, W_hy):
    later = np.append(targets[1:], targets[:1])
    return (softmax(states @ W_hy.T) - np.eye(len(W_hy))[later]) / len(states)


@wrong("output_errors", "divide by the number of steps T")
def over_the_vocabulary(states, targets, W_hy):
    return error_of_the_sum(states, targets, W_hy) / len(W_hy)


@wrong("output_errors", "divide the whole difference, with brackets")
def brackets_missing_again(states, targets, W_hy):
    return softmax(states @ W_hy.T) - np.eye(len(W_hy))[targets] / len(states)


@wrong("output_errors", "multiply by W_hy.T")
def shapes_of_the_output(states, targets, W_hy):
    return softmax(states @ W_hy) - np.eye(len(W_hy))[targets]


# delta_step


def slope(net):
    return 1 - np.tanh(net) ** 2


@right("delta_step")
def one_unit_after_the_other(error, delta_next, net, W_hy, W_hh):
    delta = []
    for j in range(len(net)):
        own = sum(error[k] * W_hy[k, j] for k in range(len(error)))
        later = sum(delta_next[i] * W_hh[i, j] for i in range(len(net)))
        delta.append((own + later) / np.cosh(net[j]) ** 2)
    return np.array(delta)


@right("delta_step")
def by_jacobians(error, delta_next, net, W_hy, W_hh):
    return (error @ W_hy + delta_next @ W_hh) @ np.diag(slope(net))


@wrong("delta_step", "derivative of tanh at the pre-activation")
def slope_at_the_pre_activation(error, delta_next, net, W_hy, W_hh):
    return (W_hy.T @ error + W_hh.T @ delta_next) * (1 - net**2)


@wrong("delta_step", "f'(h) where f'(net) is meant")
def slope_at_the_state(error, delta_next, net, W_hy, W_hh):
    h = np.tanh(net)
    return (W_hy.T @ error + W_hh.T @ delta_next) * (1 - np.tanh(h) ** 2)


@wrong("delta_step", "belongs to the sigmoid")
def slope_of_the_sigmoid(error, delta_next, net, W_hy, W_hh):
    h = np.tanh(net)
    return (W_hy.T @ error + W_hh.T @ delta_next) * h * (1 - h)


@wrong("delta_step", "this is the derivative of the sigmoid")
def sigmoid_throughout(error, delta_next, net, W_hy, W_hh):
    h = 1 / (1 + np.exp(-net))
    return (W_hy.T @ error + W_hh.T @ delta_next) * h * (1 - h)


@wrong("delta_step", "the square is missing")
def no_square(error, delta_next, net, W_hy, W_hh):
    return (W_hy.T @ error + W_hh.T @ delta_next) * (1 - np.tanh(net))


@wrong("delta_step", "the derivative of tanh is missing")
def no_slope(error, delta_next, net, W_hy, W_hh):
    return W_hy.T @ error + W_hh.T @ delta_next


@wrong("delta_step", "W_hh is not transposed")
def missing_transpose(error, delta_next, net, W_hy, W_hh):
    return (W_hy.T @ error + W_hh @ delta_next) * slope(net)


@wrong("delta_step", "the carry is forgotten")
def no_carry(error, delta_next, net, W_hy, W_hh):
    return W_hy.T @ error * slope(net)


@wrong("delta_step", "own error is forgotten")
def no_error(error, delta_next, net, W_hy, W_hh):
    return W_hh.T @ delta_next * slope(net)


@wrong("delta_step", "multiplies only what comes back")
def slope_of_the_carry(error, delta_next, net, W_hy, W_hh):
    return W_hy.T @ error + W_hh.T @ delta_next * slope(net)


@wrong("delta_step", "multiplies only the step's own error")
def slope_of_the_error(error, delta_next, net, W_hy, W_hh):
    return W_hy.T @ error * slope(net) + W_hh.T @ delta_next


@wrong("delta_step", "take W_hh.T @ delta first")
def slope_before_the_matrix(error, delta_next, net, W_hy, W_hh):
    return W_hy.T @ error * slope(net) + W_hh.T @ (delta_next * slope(net))


@wrong("delta_step", "does not pass through W_hh")
def carry_without_the_matrix(error, delta_next, net, W_hy, W_hh):
    return (W_hy.T @ error + delta_next) * slope(net)


@wrong("delta_step", "W_hy.T @ error")
def shapes_of_the_error(error, delta_next, net, W_hy, W_hh):
    return (W_hy @ error + W_hh @ delta_next) * slope(net)


@wrong("delta_step", "where an array of shape (2,) is expected")
def a_sum(error, delta_next, net, W_hy, W_hh):
    return sum((W_hy.T @ error + W_hh.T @ delta_next) * slope(net))


# delta_recursion


def recursion(errors, nets, W_hy, W_hh, step=by_jacobians):
    delta, deltas = np.zeros(len(W_hh)), []
    for t in range(len(errors) - 1, -1, -1):
        delta = step(errors[t], delta, nets[t], W_hy, W_hh)
        deltas.insert(0, delta)
    return np.array(deltas)


@right("delta_recursion")
def written_out(errors, nets, W_hy, W_hh):
    slopes, own = slope(nets), errors @ W_hy
    deltas = own * slopes
    for t in reversed(range(len(nets) - 1)):
        deltas[t] = (own[t] + W_hh.T @ deltas[t + 1]) * slopes[t]
    return deltas


@right("delta_recursion")
def recursive(errors, nets, W_hy, W_hh):
    later = np.zeros((1, len(W_hh)))
    if len(errors) > 1:
        later = recursive(errors[1:], nets[1:], W_hy, W_hh)
    first = by_jacobians(errors[0], later[0], nets[0], W_hy, W_hh)
    return np.vstack([first, later])[: len(errors)]


@right("delta_recursion")
def sum_of_all_paths(errors, nets, W_hy, W_hh):
    T = len(errors)
    deltas = np.zeros_like(nets)
    for s in range(T):
        jacobian = np.diag(slope(nets[s]))
        for t in range(s, T):
            deltas[s] += errors[t] @ W_hy @ jacobian
            if t + 1 < T:
                jacobian = np.diag(slope(nets[t + 1])) @ W_hh @ jacobian
    return deltas


@wrong("delta_recursion", "the carry is forgotten")
def deltas_without_carry(errors, nets, W_hy, W_hh):
    return errors @ W_hy * slope(nets)


@wrong("delta_recursion", "time runs forward")
def forward_in_time(errors, nets, W_hy, W_hh):
    delta, deltas = np.zeros(len(W_hh)), []
    for error, net in zip(errors, nets, strict=True):
        delta = by_jacobians(error, delta, net, W_hy, W_hh)
        deltas.append(delta)
    return np.array(deltas)


@wrong("delta_recursion", "the rows come out last step first")
def never_reversed(errors, nets, W_hy, W_hh):
    delta, deltas = np.zeros(len(W_hh)), []
    for error, net in zip(errors[::-1], nets[::-1], strict=True):
        delta = by_jacobians(error, delta, net, W_hy, W_hh)
        deltas.append(delta)
    return np.array(deltas)


@wrong("delta_recursion", "only the last target's error goes back")
def one_target(errors, nets, W_hy, W_hh):
    deltas = np.zeros_like(nets)
    deltas[-1] = W_hy.T @ errors[-1] * slope(nets[-1])
    for t in reversed(range(len(nets) - 1)):
        deltas[t] = W_hh.T @ deltas[t + 1] * slope(nets[t])
    return deltas


@wrong("delta_recursion", "carry its whole delta")
def carries_the_own_error_only(errors, nets, W_hy, W_hh):
    own = errors @ W_hy * slope(nets)
    later = np.vstack([own[1:], np.zeros(len(W_hh))])
    return own + later @ W_hh * slope(nets)


@wrong("delta_recursion", "the last step has no delta")
def last_row_zero(errors, nets, W_hy, W_hh):
    deltas = written_out(errors, nets, W_hy, W_hh)
    result = np.zeros_like(deltas)
    for t in reversed(range(len(deltas) - 1)):
        result[t] = deltas[t]
    return result


@wrong("delta_recursion", "the loop ends one step too early")
def range_stops_at_one(errors, nets, W_hy, W_hh):
    delta, deltas = np.zeros(len(W_hh)), np.zeros_like(nets)
    for t in range(len(errors) - 1, 0, -1):
        delta = by_jacobians(errors[t], delta, nets[t], W_hy, W_hh)
        deltas[t] = delta
    return deltas


@wrong("delta_recursion", "derivative of tanh at the pre-activation")
def recursion_at_the_pre_activation(errors, nets, W_hy, W_hh):
    return recursion(errors, nets, W_hy, W_hh, slope_at_the_pre_activation)


@wrong("delta_recursion", "W_hh is not transposed")
def recursion_without_transpose(errors, nets, W_hy, W_hh):
    return recursion(errors, nets, W_hy, W_hh, missing_transpose)


@wrong("delta_recursion", "that of the next step; delta_t takes it at nets[t]")
def slope_of_the_next_step(errors, nets, W_hy, W_hh):
    return recursion(errors, np.vstack([nets[1:], nets[:1]]), W_hy, W_hh)


@wrong("delta_recursion", "that of the next step; delta_t takes errors[t]")
def errors_one_off(errors, nets, W_hy, W_hh):
    return recursion(np.vstack([errors[1:], errors[:1]]), nets, W_hy, W_hh)


@wrong("delta_recursion", "there is no row t + 1 after the last step")
def row_after_the_last(errors, nets, W_hy, W_hh):
    deltas = np.zeros_like(nets)
    for t in reversed(range(len(nets))):
        deltas[t] = by_jacobians(errors[t], deltas[t + 1], nets[t], W_hy, W_hh)
    return deltas


@wrong("delta_recursion", "all rows are the same array")
def one_array_for_all(errors, nets, W_hy, W_hh):
    delta, deltas = np.zeros(len(W_hh)), []
    for error, net in zip(errors[::-1], nets[::-1], strict=True):
        delta[:] = by_jacobians(error, delta, net, W_hy, W_hh)
        deltas.append(delta)
    return np.array(deltas)


@wrong("delta_recursion", "make it one with np.array(...)")
def list_of_rows(errors, nets, W_hy, W_hh):
    return list(written_out(errors, nets, W_hy, W_hh))


# gradient_W_hh


@right("gradient_W_hh")
def in_one_product(deltas, states, h0):
    return deltas.T @ np.vstack([h0, states[:-1]])


@right("gradient_W_hh")
def entry_by_entry(deltas, states, h0):
    T, H = deltas.shape
    gradient = np.zeros((H, H))
    for t, i, j in product(range(T), range(H), range(H)):
        gradient[i, j] += deltas[t, i] * (h0[j] if t == 0 else states[t - 1, j])
    return gradient


@right("gradient_W_hh")
def all_appearances_then_the_sum(deltas, states, h0):
    before = np.roll(states, 1, axis=0)
    before[0] = h0
    return (deltas[:, :, None] * before[:, None, :]).sum(axis=0)


@wrong("gradient_W_hh", "last step only")
def last_appearance(deltas, states, h0):
    h_prev = h0
    for delta, h in zip(deltas, states, strict=True):
        gradient = np.outer(delta, h_prev)
        h_prev = h
    return gradient


@wrong("gradient_W_hh", "first step only")
def first_appearance(deltas, states, h0):
    for delta in deltas:
        return np.outer(delta, h0)


@wrong("gradient_W_hh", "delta_t meets h_t")
def the_same_step(deltas, states, h0):
    return sum(np.outer(delta, h) for delta, h in zip(deltas, states, strict=True))


@wrong("gradient_W_hh", "states[-1] is the last state")
def wraps_around(deltas, states, h0):
    return sum(np.outer(deltas[t], states[t - 1]) for t in range(len(deltas)))


@wrong("gradient_W_hh", "step 0 is left out")
def begins_at_step_one(deltas, states, h0):
    gradient = np.zeros((len(h0), len(h0)))
    for t in range(1, len(deltas)):
        gradient += np.outer(deltas[t], states[t - 1])
    return gradient


@wrong("gradient_W_hh", "the outer product is transposed")
def outer_transposed(deltas, states, h0):
    return np.vstack([h0, states[:-1]]).T @ deltas


@wrong("gradient_W_hh", "the appearances are averaged")
def averaged(deltas, states, h0):
    return in_one_product(deltas, states, h0) / len(deltas)


@wrong("gradient_W_hh", "h0 meets every delta")
def forgets_to_move_on(deltas, states, h0):
    return sum(np.outer(delta, h0) for delta in deltas)


@wrong("gradient_W_hh", "deltas and states are added up first")
def product_of_sums(deltas, states, h0):
    return np.outer(deltas.sum(axis=0), states.sum(axis=0))


@wrong("gradient_W_hh", "the appearances are not added up")
def not_added_up(deltas, states, h0):
    return deltas[:, :, None] * np.vstack([h0, states[:-1]])[:, None, :]


@wrong("gradient_W_hh", "entry by entry")
def no_outer(deltas, states, h0):
    return (deltas * np.vstack([h0, states[:-1]])).sum(axis=0)


@wrong("gradient_W_hh", "the update is its negative")
def the_update(deltas, states, h0):
    return -in_one_product(deltas, states, h0)


# gradient_W_xh


@right("gradient_W_xh")
def one_hot_product(deltas, inputs, vocab_size):
    return deltas.T @ np.eye(vocab_size)[inputs]


@right("gradient_W_xh")
def by_add_at(deltas, inputs, vocab_size):
    gradient = np.zeros((vocab_size, deltas.shape[1]))
    np.add.at(gradient, inputs, deltas)
    return gradient.T


@right("gradient_W_xh")
def by_masks(deltas, inputs, vocab_size):
    return np.array([deltas[inputs == v].sum(axis=0) for v in range(vocab_size)]).T


@wrong("gradient_W_xh", "keeps only its last delta")
def buffered(deltas, inputs, vocab_size):
    gradient = np.zeros((deltas.shape[1], vocab_size))
    gradient[:, inputs] += deltas.T
    return gradient


@wrong("gradient_W_xh", "keeps only its last delta")
def assigned(deltas, inputs, vocab_size):
    gradient = np.zeros((deltas.shape[1], vocab_size))
    for t, token in enumerate(inputs):
        gradient[:, token] = deltas[t]
    return gradient


@wrong("gradient_W_xh", "last step only")
def last_input(deltas, inputs, vocab_size):
    for delta, token in zip(deltas, inputs, strict=True):
        gradient = np.zeros((deltas.shape[1], vocab_size))
        gradient[:, token] += delta
    return gradient


@wrong("gradient_W_xh", "it is transposed, (V, H)")
def tokens_first(deltas, inputs, vocab_size):
    return one_hot_product(deltas, inputs, vocab_size).T


@wrong("gradient_W_xh", "averaged over the steps")
def mean_over_steps(deltas, inputs, vocab_size):
    return one_hot_product(deltas, inputs, vocab_size) / len(inputs)


@wrong("gradient_W_xh", "the appearances of a token are averaged")
def mean_over_appearances(deltas, inputs, vocab_size):
    gradient = np.zeros((deltas.shape[1], vocab_size))
    for token in set(inputs.tolist()):
        gradient[:, token] = deltas[inputs == token].mean(axis=0)
    return gradient


@wrong("gradient_W_xh", "column of the token before")
def token_before(deltas, inputs, vocab_size):
    gradient = np.zeros((deltas.shape[1], vocab_size))
    for t in range(1, len(inputs)):
        gradient[:, inputs[t - 1]] += deltas[t]
    return gradient


@wrong("gradient_W_xh", "its column is inputs[t]")
def token_before_wrapped(deltas, inputs, vocab_size):
    gradient = np.zeros((deltas.shape[1], vocab_size))
    for t in range(len(inputs)):
        gradient[:, inputs[t - 1]] += deltas[t]
    return gradient


@wrong("gradient_W_xh", "W_xh has vocab_size of them")
def too_narrow(deltas, inputs, vocab_size):
    return one_hot_product(deltas, inputs, inputs.max() + 1)


@wrong("gradient_W_xh", "every token gets every delta")
def every_delta(deltas, inputs, vocab_size):
    gradient = np.zeros((deltas.shape[1], vocab_size))
    for token in set(inputs.tolist()):
        gradient[:, token] += deltas.sum(axis=0)
    return gradient


# delta_table


def table_by(errors, nets, W_hy, W_hh, back):
    """Fill the table from the diagonal; ``back(delta, s)`` goes from step s to s - 1."""
    T, H = nets.shape
    table = np.zeros((T, T, H))
    for t in range(T):
        delta = W_hy.T @ errors[t] * slope(nets[t])
        table[t, t] = delta
        for s in range(t, 0, -1):
            delta = back(delta, s)
            table[t, s - 1] = delta
    return table


@right("delta_table")
def diagonal_first(errors, nets, W_hy, W_hh):
    return table_by(errors, nets, W_hy, W_hh, lambda delta, s: W_hh.T @ delta * slope(nets[s - 1]))


@right("delta_table")
def target_by_target(errors, nets, W_hy, W_hh):
    return np.array(
        [recursion(np.diag(own) @ errors, nets, W_hy, W_hh) for own in np.eye(len(errors))]
    )


@right("delta_table")
def all_targets_at_a_step(errors, nets, W_hy, W_hh):
    T, H = nets.shape
    carried, columns = np.zeros((T, H)), []
    for s in reversed(range(T)):
        carried = carried @ W_hh
        carried[s] = errors[s] @ W_hy
        carried = carried * slope(nets[s])
        columns.insert(0, carried)
    return np.stack(columns, axis=1)


@wrong("delta_table", "target and step are swapped")
def steps_first(errors, nets, W_hy, W_hh):
    T, H = nets.shape
    table = np.zeros((T, T, H))
    for t in range(T):
        table[t, t] = W_hy.T @ errors[t] * slope(nets[t])
        for s in reversed(range(t)):
            table[s, t] = W_hh.T @ table[s + 1, t] * slope(nets[s])
    return table


@wrong("delta_table", "only the diagonal is filled")
def diagonal_only(errors, nets, W_hy, W_hh):
    return table_by(errors, nets, W_hy, W_hh, lambda delta, s: 0)


@wrong("delta_table", "the diagonal is missing")
def no_diagonal(errors, nets, W_hy, W_hh):
    T, H = nets.shape
    table = np.zeros((T, T, H))
    for t in range(T):
        delta = W_hy.T @ errors[t] * slope(nets[t])
        for s in reversed(range(t)):
            delta = W_hh.T @ delta * slope(nets[s])
            table[t, s] = delta
    return table


@wrong("delta_table", "it stops one step too early")
def stops_before_step_zero(errors, nets, W_hy, W_hh):
    T, H = nets.shape
    table = np.zeros((T, T, H))
    for t in range(T):
        table[t, t] = W_hy.T @ errors[t] * slope(nets[t])
        for s in range(t - 1, 0, -1):
            table[t, s] = W_hh.T @ table[t, s + 1] * slope(nets[s])
    return table


@wrong("delta_table", "row t begins with target t's alone")
def errors_of_all_targets(errors, nets, W_hy, W_hh):
    T, H = nets.shape
    table = np.zeros((T, T, H))
    for t in range(T):
        table[t, : t + 1] = recursion(errors[: t + 1], nets[: t + 1], W_hy, W_hh)
    return table


@wrong("delta_table", "row t begins with target t's alone")
def the_same_row(errors, nets, W_hy, W_hh):
    return np.array([recursion(errors, nets, W_hy, W_hh) for _ in errors])


@wrong("delta_table", "the derivative of the step it leaves")
def slope_of_the_step_it_leaves(errors, nets, W_hy, W_hh):
    return table_by(errors, nets, W_hy, W_hh, lambda delta, s: W_hh.T @ delta * slope(nets[s]))


@wrong("delta_table", "at the target's step only")
def one_slope(errors, nets, W_hy, W_hh):
    return table_by(errors, nets, W_hy, W_hh, lambda delta, s: W_hh.T @ delta)


@wrong("delta_table", "W_hh is not transposed")
def table_without_transpose(errors, nets, W_hy, W_hh):
    return table_by(errors, nets, W_hy, W_hh, lambda delta, s: W_hh @ delta * slope(nets[s - 1]))


@wrong("delta_table", "derivative of tanh at the pre-activation")
def table_at_the_pre_activation(errors, nets, W_hy, W_hh):
    return np.array(
        [
            recursion(np.diag(own) @ errors, nets, W_hy, W_hh, slope_at_the_pre_activation)
            for own in np.eye(len(errors))
        ]
    )


@wrong("delta_table", "only the last target is carried back")
def last_row_only(errors, nets, W_hy, W_hh):
    T, H = nets.shape
    table = np.zeros((T, T, H))
    table[-1] = diagonal_first(errors, nets, W_hy, W_hh)[-1]
    return table


@wrong("delta_table", "where (1, 1, 2) is expected")
def already_added_up(errors, nets, W_hy, W_hh):
    return recursion(errors, nets, W_hy, W_hh)


# truncated_deltas


@right("truncated_deltas")
def slices(table, tau):
    return np.stack([table[s : s + tau, s].sum(axis=0) for s in range(len(table))])


@right("truncated_deltas")
def three_loops(table, tau):
    T, _, H = table.shape
    deltas = np.zeros((T, H))
    for t, s in product(range(T), repeat=2):
        if t - tau < s <= t:
            deltas[s] += table[t, s]
    return deltas


@right("truncated_deltas")
def masked(table, tau):
    t, s = np.mgrid[: len(table), : len(table)]
    return np.where((t - s < tau)[:, :, None], table, 0).sum(axis=0)


@wrong("truncated_deltas", "one step too far")
def off_by_one(table, tau):
    return np.stack([table[s : s + tau + 1, s].sum(axis=0) for s in range(len(table))])


@wrong("truncated_deltas", "stops one step too early")
def own_step_not_counted(table, tau):
    return np.stack([table[s : s + tau - 1, s].sum(axis=0) for s in range(len(table))])


@wrong("truncated_deltas", "nothing is cut off")
def untruncated(table, tau):
    return table.sum(axis=0)


@wrong("truncated_deltas", "add up over the targets, the first axis")
def sums_over_steps(table, tau):
    return np.stack([table[t, max(t - tau + 1, 0) : t + 1].sum(axis=0) for t in range(len(table))])


@wrong("truncated_deltas", "it keeps the last tau targets")
def last_targets(table, tau):
    return table[-tau:].sum(axis=0)


@wrong("truncated_deltas", "it keeps the first tau targets")
def first_targets(table, tau):
    return table[:tau].sum(axis=0)


@wrong("truncated_deltas", "it keeps the last tau steps of the text")
def last_steps(table, tau):
    deltas = table.sum(axis=0)
    deltas[: max(len(deltas) - tau, 0)] = 0
    return deltas


@wrong("truncated_deltas", "the text is cut into chunks of tau")
def chunks(table, tau):
    T, _, H = table.shape
    deltas = np.zeros((T, H))
    for start in range(0, T, tau):
        deltas[start : start + tau] = table[start : start + tau, start : start + tau].sum(axis=0)
    return deltas


@wrong("truncated_deltas", "the far one kept")
def keeps_the_far(table, tau):
    return table.sum(axis=0) - slices(table, tau)


@wrong("truncated_deltas", "no error goes before step 0")
def negative_steps(table, tau):
    deltas = np.zeros(table.shape[1:])
    for t in range(len(table)):
        for s in range(t - tau + 1, t + 1):
            deltas[s] += table[t, s]
    return deltas


@wrong("truncated_deltas", "the targets are averaged")
def mean_over_targets(table, tau):
    return masked(table, tau) / len(table)


@wrong("truncated_deltas", "sum over the first axis")
def still_a_table(table, tau):
    t, s = np.mgrid[: len(table), : len(table)]
    return np.where((t - s < tau)[:, :, None], table, 0)


@wrong("truncated_deltas", "it changes its argument `table`")
def cuts_the_argument(table, tau):
    for t in range(len(table)):
        table[t, : max(t - tau + 1, 0)] = 0
    return table.sum(axis=0)


# bptt


def forward(inputs, h0, W_xh, W_hh):
    nets, h = [], h0
    for token in inputs:
        nets.append(W_xh[:, token] + W_hh @ h)
        h = np.tanh(nets[-1])
    return np.array(nets), np.tanh(nets)


def deltas_by(errors, nets, W_hy, W_hh, tau):
    if tau is None:
        return recursion(errors, nets, W_hy, W_hh)
    return slices(diagonal_first(errors, nets, W_hy, W_hh), tau)


@right("bptt")
def parts_together(inputs, targets, h0, W_xh, W_hh, W_hy, tau=None, deltas_by=deltas_by):
    nets, states = forward(inputs, h0, W_xh, W_hh)
    errors = by_einsum(states, targets, W_hy)
    deltas = deltas_by(errors, nets, W_hy, W_hh, tau)
    return (
        one_hot_product(deltas, inputs, W_xh.shape[1]),
        in_one_product(deltas, states, h0),
        errors.T @ states,
        states[-1],
    )


@right("bptt")
def target_after_target(inputs, targets, h0, W_xh, W_hh, W_hy, tau=None):
    _, states = forward(inputs, h0, W_xh, W_hh)
    dW_xh, dW_hh, dW_hy = np.zeros_like(W_xh), np.zeros_like(W_hh), np.zeros_like(W_hy)
    for t in range(len(inputs)):
        error = softmax(W_hy @ states[t])
        error[targets[t]] -= 1
        error /= len(inputs)
        dW_hy += np.outer(error, states[t])
        from_above = W_hy.T @ error
        for s in range(t, max(t - (tau or len(inputs)), -1), -1):
            delta = from_above * (1 - states[s] ** 2)
            dW_xh[:, inputs[s]] += delta
            dW_hh += np.outer(delta, states[s - 1] if s else h0)
            from_above = W_hh.T @ delta
    return [dW_xh, dW_hh, dW_hy, states[-1]]


@wrong("bptt", "the state is cut off too")
def state_cut_off(inputs, targets, h0, W_xh, W_hh, W_hy, tau=None):
    return *parts_together(inputs, targets, h0, W_xh, W_hh, W_hy, tau)[:3], np.zeros_like(h0)


@wrong("bptt", "the state is cut off too")
def state_not_moved(inputs, targets, h0, W_xh, W_hh, W_hy, tau=None):
    return *parts_together(inputs, targets, h0, W_xh, W_hh, W_hy, tau)[:3], h0


@wrong("bptt", "the text is cut off too")
def reads_the_last_tokens(inputs, targets, h0, W_xh, W_hh, W_hy, tau=None):
    if tau is not None:
        inputs, targets = inputs[-tau:], targets[-tau:]
    return parts_together(inputs, targets, h0, W_xh, W_hh, W_hy)


@wrong("bptt", "tau has no effect on the deltas")
def never_truncates(inputs, targets, h0, W_xh, W_hh, W_hy, tau=None):
    return parts_together(inputs, targets, h0, W_xh, W_hh, W_hy)


@wrong("bptt", "tau may be None")
def always_truncates(inputs, targets, h0, W_xh, W_hh, W_hy, tau=None):
    def by_table(errors, nets, W_hy, W_hh, tau):
        return slices(diagonal_first(errors, nets, W_hy, W_hh), tau)

    return parts_together(inputs, targets, h0, W_xh, W_hh, W_hy, tau, by_table)


@wrong("bptt", "one step too far")
def tau_off_by_one(inputs, targets, h0, W_xh, W_hh, W_hy, tau=None):
    if tau is not None:
        tau += 1
    return parts_together(inputs, targets, h0, W_xh, W_hh, W_hy, tau)


@wrong("bptt", "the way back ends tau steps before the end of the text")
def stops_once(inputs, targets, h0, W_xh, W_hh, W_hy, tau=None):
    def the_last_tau(errors, nets, W_hy, W_hh, tau):
        deltas = recursion(errors, nets, W_hy, W_hh)
        if tau is not None and tau < len(deltas):
            deltas[:-tau] = 0
        return deltas

    return parts_together(inputs, targets, h0, W_xh, W_hh, W_hy, tau, the_last_tau)


@wrong("bptt", "the last entry is the pre-activation")
def last_net(inputs, targets, h0, W_xh, W_hh, W_hy, tau=None):
    nets, _ = forward(inputs, h0, W_xh, W_hh)
    return *parts_together(inputs, targets, h0, W_xh, W_hh, W_hy, tau)[:3], nets[-1]


@wrong("bptt", "the last entry holds all states")
def all_states(inputs, targets, h0, W_xh, W_hh, W_hy, tau=None):
    _, states = forward(inputs, h0, W_xh, W_hh)
    return *parts_together(inputs, targets, h0, W_xh, W_hh, W_hy, tau)[:3], states


@wrong("bptt", "the gradients are in another order")
def another_order(inputs, targets, h0, W_xh, W_hh, W_hy, tau=None):
    dW_xh, dW_hh, dW_hy, h = parts_together(inputs, targets, h0, W_xh, W_hh, W_hy, tau)
    return dW_hh, dW_xh, dW_hy, h


@wrong("bptt", "the last state is missing")
def gradients_only(inputs, targets, h0, W_xh, W_hh, W_hy, tau=None):
    return parts_together(inputs, targets, h0, W_xh, W_hh, W_hy, tau)[:3]


@wrong("bptt", "meets the state before")
def output_gradient_with_the_state_before(inputs, targets, h0, W_xh, W_hh, W_hy, tau=None):
    dW_xh, dW_hh, _, h = parts_together(inputs, targets, h0, W_xh, W_hh, W_hy, tau)
    _, states = forward(inputs, h0, W_xh, W_hh)
    errors = by_einsum(states, targets, W_hy)
    return dW_xh, dW_hh, errors.T @ np.vstack([h0, states[:-1]]), h


@wrong("bptt", "the gradient of W_hy is transposed")
def output_gradient_transposed(inputs, targets, h0, W_xh, W_hh, W_hy, tau=None):
    dW_xh, dW_hh, dW_hy, h = parts_together(inputs, targets, h0, W_xh, W_hh, W_hy, tau)
    return dW_xh, dW_hh, dW_hy.T, h


@wrong("bptt", "the gradient of W_hh is that of the last step only")
def last_step_of_W_hh(inputs, targets, h0, W_xh, W_hh, W_hy, tau=None):
    dW_xh, _, dW_hy, h = parts_together(inputs, targets, h0, W_xh, W_hh, W_hy, tau)
    nets, states = forward(inputs, h0, W_xh, W_hh)
    deltas = deltas_by(by_einsum(states, targets, W_hy), nets, W_hy, W_hh, tau)
    return dW_xh, last_appearance(deltas, states, h0), dW_hy, h


@wrong("bptt", "takes zeros for the state before step 0")
def zeros_before_step_zero(inputs, targets, h0, W_xh, W_hh, W_hy, tau=None):
    dW_xh, _, dW_hy, h = parts_together(inputs, targets, h0, W_xh, W_hh, W_hy, tau)
    nets, states = forward(inputs, h0, W_xh, W_hh)
    deltas = deltas_by(by_einsum(states, targets, W_hy), nets, W_hy, W_hh, tau)
    return dW_xh, in_one_product(deltas, states, np.zeros_like(h0)), dW_hy, h


@wrong("bptt", "no error goes back in time")
def ordinary_backpropagation(inputs, targets, h0, W_xh, W_hh, W_hy, tau=None):
    return parts_together(inputs, targets, h0, W_xh, W_hh, W_hy, 1)


@wrong("bptt", "the deltas are computed from the states")
def states_for_nets(inputs, targets, h0, W_xh, W_hh, W_hy, tau=None):
    def from_states(errors, nets, W_hy, W_hh, tau):
        return deltas_by(errors, np.tanh(nets), W_hy, W_hh, tau)

    return parts_together(inputs, targets, h0, W_xh, W_hh, W_hy, tau, from_states)


@wrong("bptt", "computed from the pre-activations")
def nets_for_states(inputs, targets, h0, W_xh, W_hh, W_hy, tau=None):
    nets, states = forward(inputs, h0, W_xh, W_hh)
    errors = by_einsum(nets, targets, W_hy)
    deltas = deltas_by(errors, nets, W_hy, W_hh, tau)
    return (
        one_hot_product(deltas, inputs, W_xh.shape[1]),
        in_one_product(deltas, states, h0),
        errors.T @ states,
        states[-1],
    )


@wrong("bptt", "all signs are wrong")
def updates(inputs, targets, h0, W_xh, W_hh, W_hy, tau=None):
    *gradients, h = parts_together(inputs, targets, h0, W_xh, W_hh, W_hy, tau)
    return *(-g for g in gradients), h
