"""The questions of week 4: backpropagation through time, by hand and by differences.

The oracles differentiate a forward pass by a complex step (Squire and Trapp 1998): for a function
made of products, sums, tanh, exp and log, ``f(w + ih).imag / h`` is the derivative up to rounding,
since nothing is subtracted. So they know no delta, no transpose and no derivative of tanh. Where
the answer is a sum of products, they have no loop over the steps. The tests hold them against
torch's automatic differentiation in float64.

The misconceptions share one recursion, `_recursion`, with one thing changed each time.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from course_utils.checks import Question

TINY = 1e-30  # the complex step


# sequence_loss


def _losses(inputs, targets, h0, W_xh, W_hh, W_hy):
    """Return the loss of each step, (..., T); the weights of several nets may be stacked."""
    h, steps = h0, []
    for x, y in zip(inputs, targets, strict=True):
        h = np.tanh(W_xh[..., x] + np.einsum("...ij,...j->...i", W_hh, h))  # (..., H)
        scores = np.exp(np.einsum("...kj,...j->...k", W_hy, h))  # (..., V)
        steps.append(np.log(scores.sum(axis=-1) / scores[..., y]))
    return np.stack(steps, axis=-1)


def sequence_loss(inputs, targets, h0, W_xh, W_hh, W_hy):
    """Average the losses of the steps."""
    return float(_losses(inputs, targets, h0, W_xh, W_hh, W_hy).mean())


def _run(inputs, h0, W_xh, W_hh, update=lambda x, h, h0, W_hh: np.tanh(x + W_hh @ h)):
    """Return the states (T, H) of a network whose step is ``update``; x is a column of W_xh."""
    states = [h0]
    for token in inputs:
        states.append(update(W_xh[:, token], states[-1], h0, W_hh))
    return np.array(states[1:])


def _loss_of(states, targets, W_hy):
    scores = np.exp(states @ W_hy.T)  # (T, V)
    steps = np.log(scores.sum(axis=1) / scores[np.arange(len(targets)), targets])
    return float(steps.mean())


def _with_step(update):
    return lambda inputs, targets, h0, W_xh, W_hh, W_hy: _loss_of(
        _run(inputs, h0, W_xh, W_hh, update), targets, W_hy
    )


def _state_before(inputs, targets, h0, W_xh, W_hh, W_hy):
    states = np.vstack([h0, _run(inputs, h0, W_xh, W_hh)])
    return _loss_of(states[:-1], targets, W_hy)


_LOSS_MISTAKES = [
    (
        "the losses of the steps are added; divide by T, the loss is their mean",
        lambda *given: float(_losses(*given).sum()),
    ),
    (
        "the sign is wrong; the loss of a step is -ln p",
        lambda *given: -sequence_loss(*given),
    ),
    (
        "this is in bits; take the natural logarithm",
        lambda *given: sequence_loss(*given) / np.log(2),
    ),
    (
        "this is the perplexity; the loss is its logarithm",
        lambda *given: float(np.exp(sequence_loss(*given))),
    ),
    (
        "only the last step counts; average over all steps",
        lambda *given: float(_losses(*given)[-1]),
    ),
    (
        "only the last step counts; average over all steps",
        lambda *given: float(_losses(*given)[-1] / len(given[0])),
    ),
    (
        "only the first step counts; `return` stands inside the loop",
        lambda *given: float(_losses(*given)[0]),
    ),
    (
        "the probabilities are averaged; average their logarithms",
        lambda *given: float(-np.log(np.exp(-_losses(*given)).mean())),
    ),
    (
        "the token that was read is scored; score the target, the token after it",
        lambda inputs, targets, *rest: sequence_loss(inputs, inputs, *rest),
    ),
    (
        "the state is not carried: every step begins with h0",
        _with_step(lambda x, h, h0, W_hh: np.tanh(x + W_hh @ h0)),
    ),
    (
        "h0 is ignored; the state before the first step is h0, not zeros",
        lambda inputs, targets, h0, *rest: sequence_loss(inputs, targets, 0 * h0, *rest),
    ),
    (
        "the output is computed from the state before the step; compute h_t first",
        _state_before,
    ),
    (
        "W_hh is transposed; the way forward is W_hh @ h_prev",
        _with_step(lambda x, h, h0, W_hh: np.tanh(x + h @ W_hh)),
    ),
    (
        "W_xh[token] is a row; the column of a token is W_xh[:, token]",
        lambda inputs, targets, h0, W_xh, W_hh, W_hy: [W_xh[x] + W_hh @ h0 for x in inputs],
    ),
    (
        "tanh is missing: the net input is taken for the state",
        _with_step(lambda x, h, h0, W_hh: x + W_hh @ h),
    ),
    (
        "the activation is the sigmoid; here it is tanh",
        _with_step(lambda x, h, h0, W_hh: 1 / (1 + np.exp(-x - W_hh @ h))),
    ),
    (
        "tanh is taken of one part only; take it of the sum",
        _with_step(lambda x, h, h0, W_hh: np.tanh(x) + W_hh @ h),
    ),
    (
        "tanh is taken of one part only; take it of the sum",
        _with_step(lambda x, h, h0, W_hh: x + np.tanh(W_hh @ h)),
    ),
]


# numerical_gradient


def _moved_losses(inputs, targets, h0, W_xh, W_hh, W_hy, step):
    """Return the loss with each entry of W_hh moved by ``step``, (H, H), all in one pass."""
    H = len(W_hh)
    moved = W_hh + step * np.eye(H * H).reshape(H, H, H, H)
    return _losses(inputs, targets, h0, W_xh, moved, W_hy).mean(axis=-1)


def numerical_gradient(inputs, targets, h0, W_xh, W_hh, W_hy, step):
    """Return the central differences of the mean loss, (H, H)."""
    given = inputs, targets, h0, W_xh, W_hh, W_hy
    return (_moved_losses(*given, step) - _moved_losses(*given, -step)) / (2 * step)


def _one_sided(*given):
    *rest, step = given
    return (_moved_losses(*rest, step) - sequence_loss(*rest)) / step


def _never_put_back(inputs, targets, h0, W_xh, W_hh, W_hy, step, shift):
    """Move one entry after the other and leave each at ``shift`` times the step."""
    W, gradient = W_hh.copy(), np.empty_like(W_hh)
    for place in np.ndindex(*W.shape):
        losses = []
        for move in (step, -step):
            changed = W.copy()
            changed[place] += move
            losses.append(sequence_loss(inputs, targets, h0, W_xh, changed, W_hy))
        gradient[place] = (losses[0] - losses[1]) / (2 * step)
        W[place] += shift * step
    return gradient


def _all_at_once(inputs, targets, h0, W_xh, W_hh, W_hy, step):
    up, down = (
        sequence_loss(inputs, targets, h0, W_xh, W_hh + move, W_hy) for move in (step, -step)
    )
    return np.full(W_hh.shape, (up - down) / (2 * step))


_NUMERICAL_MISTAKES = [
    (
        "this is the one-sided difference; move the weight up and down, and divide by both moves",
        _one_sided,
    ),
    (
        "this is the one-sided difference; move the weight up and down, and divide by both moves",
        lambda *given: _one_sided(*given[:-1], -given[-1]),
    ),
    (
        "the two losses lie 2 * step apart; divide by 2 * step, not by step",
        lambda *given: 2 * numerical_gradient(*given),
    ),
    (
        "one side is left out of the difference, but 2 * step divides it",
        lambda *given: _one_sided(*given) / 2,
    ),
    (
        "the sign is wrong; it is the loss above minus the loss below",
        lambda *given: -numerical_gradient(*given),
    ),
    (
        "the difference is not divided by 2 * step",
        lambda *given: 2 * given[-1] * numerical_gradient(*given),
    ),
    (
        "it is divided by 2, then multiplied by step; put brackets around 2 * step",
        lambda *given: given[-1] ** 2 * numerical_gradient(*given),
    ),
    (
        "rows and columns are swapped; entry [i, j] belongs to W_hh[i, j]",
        lambda *given: numerical_gradient(*given).T,
    ),
    (
        "a weight is not put back before the next one moves; work on a fresh copy of W_hh",
        partial(_never_put_back, shift=-1),
    ),
    (
        "a weight is not put back before the next one moves; work on a fresh copy of W_hh",
        partial(_never_put_back, shift=1),
    ),
    (
        "the two losses are the same; give sequence_loss the weights that were moved",
        lambda inputs, targets, h0, W_xh, W_hh, W_hy, step: 0 * W_hh,
    ),
    (
        "all weights move at once; move one entry at a time",
        _all_at_once,
    ),
    (
        "the argument `step` has no effect; move each weight by step, up and down",
        lambda *given: bptt(*given[:-1])[1],
    ),
    (
        "the loss that is differentiated is a sum over the steps; it is their mean",
        lambda *given: len(given[0]) * numerical_gradient(*given),
    ),
]


# output_errors


def _softmax(logits, axis=-1):
    return np.exp(logits) / np.exp(logits).sum(axis=axis, keepdims=True)


def output_errors(states, targets, W_hy):
    """Differentiate the loss with respect to the logits by a complex step."""
    logits = states @ W_hy.T  # (T, V)
    T, V = logits.shape
    nudged = logits + 1j * TINY * np.eye(T * V).reshape(T * V, T, V)
    chosen = nudged[:, np.arange(T), targets]  # (T V, T)
    loss = (np.log(np.exp(nudged).sum(axis=-1)) - chosen).mean(axis=-1)
    return loss.imag.reshape(T, V) / TINY


def _probabilities_and_desired(states, targets, W_hy):
    p = _softmax(states @ W_hy.T)
    return p, np.eye(len(W_hy))[targets]


def _with_error(error):
    """Return an answer made of the probabilities and the one-hot targets."""

    def answer(states, targets, W_hy):
        p, desired = _probabilities_and_desired(states, targets, W_hy)
        return error(p, desired) / len(p)

    return answer


def _two_ways(sentence, answer):
    """Return a mistake alone, and together with a forgotten division by T."""
    return [
        (sentence, answer),
        (f"{sentence}; and divide by T", lambda *given: len(given[1]) * answer(*given)),
    ]


_ERROR_MISTAKES = [
    (
        "it is not divided by T; the loss is the mean over the steps",
        lambda *given: len(given[1]) * output_errors(*given),
    ),
    *_two_ways(
        "this is desired - y, the direction to go in; the gradient of the loss is y - desired",
        _with_error(lambda p, desired: desired - p),
    ),
    *_two_ways(
        "the target is missing; take 1 from its probability",
        _with_error(lambda p, desired: p),
    ),
    *_two_ways(
        "the factor p * (1 - p) belongs to another loss; after softmax and -ln p it cancels",
        _with_error(lambda p, desired: (p - desired) * p * (1 - p)),
    ),
    *_two_ways(
        "only the target's entry is kept; the other words have an error too, their probability",
        _with_error(lambda p, desired: (p - desired) * desired),
    ),
    *_two_ways(
        "the softmax is missing: the logits are taken for probabilities",
        lambda states, targets, W_hy: (states @ W_hy.T - np.eye(len(W_hy))[targets]) / len(targets),
    ),
    *_two_ways(
        "the softmax runs over the steps; each row must sum to 1 (axis=1)",
        lambda states, targets, W_hy: (
            (_softmax(states @ W_hy.T, axis=0) - np.eye(len(W_hy))[targets]) / len(targets)
        ),
    ),
    *_two_ways(
        "the softmax runs over all steps together; each row must sum to 1 (axis=1)",
        lambda states, targets, W_hy: (
            (_softmax(states @ W_hy.T, axis=None) - np.eye(len(W_hy))[targets]) / len(targets)
        ),
    ),
    *_two_ways(
        "the targets are one step off; row t belongs to targets[t]",
        lambda states, targets, W_hy: output_errors(states, np.roll(targets, -1), W_hy),
    ),
    *_two_ways(
        "the targets are one step off; row t belongs to targets[t]",
        lambda states, targets, W_hy: output_errors(states, np.roll(targets, 1), W_hy),
    ),
    (
        "the sums of the rows are (T,) and must be (T, 1) to divide the rows: keepdims=True",
        lambda states, targets, W_hy: (
            (
                np.exp(states @ W_hy.T) / np.exp(states @ W_hy.T).sum(axis=1)
                - np.eye(len(W_hy))[targets]
            )
            / len(targets)
        ),
    ),
    (
        "it is divided by the size of the vocabulary; divide by the number of steps T",
        lambda *given: len(given[1]) / len(given[2]) * output_errors(*given),
    ),
    (
        "1 is taken from a target's column in every row; take it in row t only, for targets[t]",
        lambda states, targets, W_hy: (
            (_softmax(states @ W_hy.T) - np.isin(np.arange(len(W_hy)), targets)) / len(targets)
        ),
    ),
    (
        "only the targets are divided by T; divide the whole difference, with brackets",
        lambda *given: output_errors(*given) + _with_error(lambda p, d: (len(p) - 1) * p)(*given),
    ),
    (
        "two shapes do not fit; states is (T, H) and W_hy (V, H): multiply by W_hy.T",
        lambda states, targets, W_hy: states @ W_hy,
    ),
]


# delta_step


def _later_outputs(errors, nets, W_hy, W_hh):
    """Differentiate what each target sees of each pre-activation, (T, T, H), by a complex step.

    Target t sees ``errors[t] @ W_hy @ h_t``. A nudge at step s moves h_s, and through W_hh the
    pre-activations and states of all later steps.
    """
    T, H = nets.shape
    nudges = 1j * TINY * np.eye(T * H).reshape(T * H, T, H)
    moved, seen = np.zeros((T * H, H)), []
    for t in range(T):
        state = np.tanh(nets[t] + nudges[:, t] + np.einsum("ij,bj->bi", W_hh, moved))
        moved = state - np.tanh(nets[t])
        seen.append(np.einsum("k,kj,bj->b", errors[t], W_hy, state))
    return np.array(seen).imag.reshape(T, T, H) / TINY


def delta_step(error, delta_next, net, W_hy, W_hh):
    """Differentiate what this step's output and the next step see of h, by a complex step."""
    h = np.tanh(net + 1j * TINY * np.eye(len(net)))  # (H, H): in row j, net[j] is nudged
    seen = np.einsum("k,kj,bj->b", error, W_hy, h) + np.einsum("i,ij,bj->b", delta_next, W_hh, h)
    return seen.imag / TINY


def _slope(net):
    return 1 / np.cosh(net) ** 2


def _step(
    error, delta_next, net, W_hy, W_hh, slope=_slope, join=lambda own, later, f: (own + later) * f
):
    """Go one step back: ``own`` is what the step's output says, ``later`` what comes back."""
    return join(error @ W_hy, delta_next @ W_hh, slope(net))


def _sigmoid_slope(net):
    return np.exp(-net) / (1 + np.exp(-net)) ** 2


# What may go wrong in one step back, here and wherever the step is used.
_STEP_MISTAKES = [
    (
        "1 - net**2 is the derivative of tanh at the pre-activation; it is 1 - h**2, h = tanh(net)",
        partial(_step, slope=lambda net: 1 - net**2),
    ),
    (
        "the derivative is f'(h) where f'(net) is meant; take tanh once, not twice",
        partial(_step, slope=lambda net: _slope(np.tanh(net))),
    ),
    (
        "this is the derivative of the sigmoid; that of tanh is 1 - h**2",
        partial(_step, slope=_sigmoid_slope),
    ),
    (
        "h * (1 - h) belongs to the sigmoid; the derivative of tanh is 1 - h**2",
        partial(_step, slope=lambda net: np.tanh(net) * (1 - np.tanh(net))),
    ),
    (
        "the derivative of tanh is 1 - h**2; the square is missing",
        partial(_step, slope=lambda net: 1 - np.tanh(net)),
    ),
    (
        "tanh itself stands where its derivative is meant",
        partial(_step, slope=np.tanh),
    ),
    (
        "the derivative of tanh is missing",
        partial(_step, slope=np.ones_like),
    ),
    (
        "W_hh is not transposed; the way forward is W_hh @ h, the way back W_hh.T @ delta",
        lambda error, delta_next, net, W_hy, W_hh: _step(error, delta_next, net, W_hy, W_hh.T),
    ),
    (
        "the carry is forgotten: W_hh.T @ delta of the next step is missing",
        partial(_step, join=lambda own, later, f: own * f),
    ),
    (
        "the step's own error is forgotten: W_hy.T @ error is missing",
        partial(_step, join=lambda own, later, f: later * f),
    ),
    (
        "the derivative multiplies only what comes back; it multiplies the whole sum",
        partial(_step, join=lambda own, later, f: own + later * f),
    ),
    (
        "the derivative multiplies only the step's own error; it multiplies the whole sum",
        partial(_step, join=lambda own, later, f: own * f + later),
    ),
    (
        "the derivative multiplies delta before W_hh does; take W_hh.T @ delta first",
        lambda error, delta_next, net, W_hy, W_hh: (
            error @ W_hy * _slope(net) + (delta_next * _slope(net)) @ W_hh
        ),
    ),
    (
        "the derivative multiplies delta before W_hh does; take W_hh.T @ delta first",
        lambda error, delta_next, net, W_hy, W_hh: error @ W_hy + (delta_next * _slope(net)) @ W_hh,
    ),
    (
        "delta of the next step does not pass through W_hh; it comes back as W_hh.T @ delta",
        lambda error, delta_next, net, W_hy, W_hh: (error @ W_hy + delta_next) * _slope(net),
    ),
    (
        "the two parts are subtracted; they add up",
        partial(_step, join=lambda own, later, f: (own - later) * f),
    ),
    (
        "the two parts are multiplied; they add up",
        partial(_step, join=lambda own, later, f: own * later * f),
    ),
    (
        "the sign is wrong",
        partial(_step, join=lambda own, later, f: -(own + later) * f),
    ),
    (
        "two shapes do not fit; W_hy is (V, H), and the way back through it is W_hy.T @ error",
        lambda error, delta_next, net, W_hy, W_hh: W_hy @ error,
    ),
]


# delta_recursion


def delta_recursion(errors, nets, W_hy, W_hh):
    """Add up what all targets see of each pre-activation."""
    return _later_outputs(errors, nets, W_hy, W_hh).sum(axis=0)


def _recursion(errors, nets, W_hy, W_hh, step=_step):
    """Go back from the last step, as someone does whose step is ``step``."""
    delta, rows = np.zeros(nets.shape[1]), []
    for error, net in zip(errors[::-1], nets[::-1], strict=True):
        delta = step(error, delta, net, W_hy, W_hh)
        rows.append(delta)
    return np.array(rows[::-1])


def _forward_in_time(errors, nets, *weights):
    return _recursion(errors[::-1], nets[::-1], *weights)[::-1]


def _last_target_only(errors, *rest):
    return delta_recursion(errors * (np.arange(len(errors)) == len(errors) - 1)[:, None], *rest)


def _row_missing(errors, *rest, row):
    result = delta_recursion(errors, *rest)
    result[row] = 0
    return result


def _carried_one_step(errors, nets, W_hy, W_hh):
    """Carry back only the next step's own error, not what had come back to it."""
    table = _later_outputs(errors, nets, W_hy, W_hh)
    return np.array([table[s : s + 2, s].sum(axis=0) for s in range(len(nets))])


def _other_slope(errors, nets, W_hy, W_hh, shift):
    """Take the derivative of tanh at the step beside."""
    return _recursion(errors, np.roll(nets, shift, axis=0), W_hy, W_hh)


_RECURSION_MISTAKES = [
    (
        "the rows come out last step first; row t belongs to step t",
        lambda *given: delta_recursion(*given)[::-1],
    ),
    (
        "time runs forward; go from the last step to the first, for delta_t needs delta_(t+1)",
        _forward_in_time,
    ),
    (
        "only the last target's error goes back; each step adds its own",
        _last_target_only,
    ),
    (
        "what came back to the next step is not carried on; carry its whole delta",
        _carried_one_step,
    ),
    (
        "the last step has no delta; nothing comes back to it, but it has its own error",
        partial(_row_missing, row=-1),
    ),
    (
        "the loop ends one step too early; step 0 has a delta too",
        partial(_row_missing, row=0),
    ),
    (
        "the derivative is that of the next step; delta_t takes it at nets[t]",
        partial(_other_slope, shift=-1),
    ),
    (
        "the derivative is that of the step before; delta_t takes it at nets[t]",
        partial(_other_slope, shift=1),
    ),
    (
        "the error is that of the next step; delta_t takes errors[t]",
        lambda errors, *rest: _recursion(np.roll(errors, -1, axis=0), *rest),
    ),
    (
        "the error is that of the step before; delta_t takes errors[t]",
        lambda errors, *rest: _recursion(np.roll(errors, 1, axis=0), *rest),
    ),
    (
        "there is no row t + 1 after the last step; begin with zeros there",
        lambda errors, nets, *weights: nets[len(nets)],
    ),
    (
        "every delta is zero; a step's own error comes in by W_hy.T @ error",
        lambda errors, nets, *weights: 0 * nets,
    ),
    (
        "all rows are the same array, changed later; append a new array at each step",
        lambda *given: np.repeat(delta_recursion(*given)[:1], len(given[0]), axis=0),
    ),
    *((sentence, partial(_recursion, step=step)) for sentence, step in _STEP_MISTAKES),
]


# gradient_W_hh, gradient_W_xh


def gradient_W_hh(deltas, states, h0):
    """Write the sum over the appearances as one product of matrices, (H, H)."""
    before = np.concatenate([h0[None], states])[: len(deltas)]  # (T, H)
    return np.einsum("ti,tj->ij", deltas, before)


def _appearances(deltas, before):
    return np.einsum("ti,tj->tij", deltas, before)


def _before(states, h0):
    return np.vstack([h0, states[:-1]])


_W_HH_MISTAKES = [
    (
        "this is the gradient of the last step only; W_hh appears at every step, add them all up",
        lambda deltas, states, h0: _appearances(deltas, _before(states, h0))[-1],
    ),
    (
        "this is the gradient of the first step only; `return` stands inside the loop",
        lambda deltas, states, h0: _appearances(deltas, _before(states, h0))[0],
    ),
    (
        "delta_t meets h_t; W_hh was multiplied by the state before, h_(t-1)",
        lambda deltas, states, h0: deltas.T @ states,
    ),
    (
        "the state before step 0 is h0; states[-1] is the last state",
        lambda deltas, states, h0: deltas.T @ np.roll(states, 1, axis=0),
    ),
    (
        "step 0 is left out; there the state before is h0",
        lambda deltas, states, h0: deltas.T @ _before(states, 0 * h0),
    ),
    (
        "the outer product is transposed; entry [i, j] is delta[i] * h_prev[j]",
        lambda deltas, states, h0: gradient_W_hh(deltas, states, h0).T,
    ),
    (
        "the appearances are averaged; add them up",
        lambda deltas, states, h0: gradient_W_hh(deltas, states, h0) / len(deltas),
    ),
    (
        "h0 meets every delta; from step 1 on the state before is states[t - 1]",
        lambda deltas, states, h0: np.outer(deltas.sum(axis=0), h0),
    ),
    (
        "deltas and states are added up first; add up the outer products, one a step",
        lambda deltas, states, h0: np.outer(deltas.sum(axis=0), _before(states, h0).sum(axis=0)),
    ),
    (
        "deltas and states are added up first; add up the outer products, one a step",
        lambda deltas, states, h0: np.outer(deltas.sum(axis=0), states.sum(axis=0)),
    ),
    (
        "delta_t meets the state two steps before; the state before step t is states[t - 1]",
        lambda deltas, states, h0: deltas[1:].T @ _before(states, h0)[:-1],
    ),
    (
        "the sign is wrong; this is the gradient, the update is its negative",
        lambda deltas, states, h0: -gradient_W_hh(deltas, states, h0),
    ),
    (
        "the appearances are not added up: sum them over the steps",
        lambda deltas, states, h0: _appearances(deltas, _before(states, h0)),
    ),
    (
        "delta and state are multiplied entry by entry; the gradient is an outer product, (H, H)",
        lambda deltas, states, h0: (deltas * _before(states, h0)).sum(axis=0),
    ),
    (
        "delta and state are multiplied to one number; the gradient is an outer product, (H, H)",
        lambda deltas, states, h0: float((deltas * _before(states, h0)).sum()),
    ),
]


def gradient_W_xh(deltas, inputs, vocab_size):
    """Write the sum over the appearances as a product with the one-hot inputs, (H, V)."""
    return np.einsum("th,tv->hv", deltas, np.eye(vocab_size)[inputs])


def _assigned(deltas, inputs, vocab_size):
    columns = dict(zip(inputs.tolist(), deltas, strict=True))  # the last of each token
    return np.array([columns.get(v, 0 * deltas[0]) for v in range(vocab_size)]).T


_W_XH_MISTAKES = [
    (
        "a token that occurs twice keeps only its last delta; add up, in a loop or by np.add.at: "
        "G[:, inputs] += ... counts each column once",
        _assigned,
    ),
    (
        "a token that occurs twice keeps only its first delta; add up all its appearances",
        lambda deltas, inputs, vocab_size: _assigned(deltas[::-1], inputs[::-1], vocab_size),
    ),
    (
        "this is the gradient of the last step only; add up all steps",
        lambda deltas, inputs, vocab_size: gradient_W_xh(deltas[-1:], inputs[-1:], vocab_size),
    ),
    (
        "this is the gradient of the first step only; `return` stands inside the loop",
        lambda deltas, inputs, vocab_size: gradient_W_xh(deltas[:1], inputs[:1], vocab_size),
    ),
    (
        "it is transposed, (V, H); W_xh is (H, V), so its gradient is too",
        lambda deltas, inputs, vocab_size: gradient_W_xh(deltas, inputs, vocab_size).T,
    ),
    (
        "the appearances are averaged over the steps; add them up",
        lambda deltas, inputs, vocab_size: gradient_W_xh(deltas, inputs, vocab_size) / len(inputs),
    ),
    (
        "the appearances of a token are averaged; add them up",
        lambda deltas, inputs, vocab_size: (
            gradient_W_xh(deltas, inputs, vocab_size)
            / np.maximum(np.bincount(inputs, minlength=vocab_size), 1)
        ),
    ),
    (
        "delta_t goes to the column of the token before; its column is inputs[t]",
        lambda deltas, inputs, vocab_size: gradient_W_xh(deltas[1:], inputs[:-1], vocab_size),
    ),
    (
        "delta_t goes to the column of another step; its column is inputs[t]",
        lambda deltas, inputs, vocab_size: gradient_W_xh(deltas, np.roll(inputs, 1), vocab_size),
    ),
    (
        "delta_t goes to the column of another step; its column is inputs[t]",
        lambda deltas, inputs, vocab_size: gradient_W_xh(deltas, np.roll(inputs, -1), vocab_size),
    ),
    (
        "every token gets every delta; a token gets the deltas of its own steps",
        lambda deltas, inputs, vocab_size: np.outer(
            deltas.sum(axis=0), np.isin(np.arange(vocab_size), inputs)
        ),
    ),
    (
        "the sign is wrong; this is the gradient, the update is its negative",
        lambda deltas, inputs, vocab_size: -gradient_W_xh(deltas, inputs, vocab_size),
    ),
    (
        "it has columns only up to the largest id; W_xh has vocab_size of them",
        lambda deltas, inputs, vocab_size: gradient_W_xh(deltas, inputs, max(inputs) + 1),
    ),
]


# delta_table, truncated_deltas


def delta_table(errors, nets, W_hy, W_hh):
    """Keep apart what each target sees of each pre-activation, [target, step]."""
    return _later_outputs(errors, nets, W_hy, W_hh)


def _by_target(errors, nets, W_hy, W_hh, step=_step):
    """Run the recursion once for each target, with the errors of the others set to zero."""
    return np.array(
        [_recursion(errors * own[:, None], nets, W_hy, W_hh, step) for own in np.eye(len(errors))]
    )


def _kept(table, keep):
    """Keep the entries for which ``keep(target, step)`` holds; set the others to zero."""
    target, step = np.indices(table.shape[:2])
    return table * keep(target, step)[:, :, None]


def _through_its_own_slope_only(errors, nets, W_hy, W_hh):
    """Go back through W_hh alone: the derivative of tanh is taken at the target's step only."""
    table = np.zeros((*nets.shape[:1], *nets.shape))
    for t in range(len(nets)):
        table[t, t] = errors[t] @ W_hy * _slope(nets[t])
        for s in range(t, 0, -1):
            table[t, s - 1] = table[t, s] @ W_hh
    return table


def _all_later_errors(errors, nets, W_hy, W_hh):
    """In row t run the full recursion down from t, with the errors of all targets up to t."""
    T = len(nets)
    return np.array(
        [_recursion(errors * (np.arange(T) <= t)[:, None], nets, W_hy, W_hh) for t in range(T)]
    )


def _next_slope(errors, nets, W_hy, W_hh):
    """On the way from s to s - 1 take the derivative at s."""
    table = np.zeros((*nets.shape[:1], *nets.shape))
    for t in range(len(nets)):
        table[t, t] = errors[t] @ W_hy * _slope(nets[t])
        for s in range(t, 0, -1):
            table[t, s - 1] = table[t, s] @ W_hh * _slope(nets[s])
    return table


_TABLE_MISTAKES = [
    (
        "target and step are swapped; table[t, s] is what the error of target t says to step s",
        lambda *given: delta_table(*given).swapaxes(0, 1),
    ),
    (
        "only the diagonal is filled; go on from step t down to step 0",
        lambda *given: _kept(delta_table(*given), lambda t, s: t == s),
    ),
    (
        "the diagonal is missing; a target's error begins at its own step",
        lambda *given: _kept(delta_table(*given), lambda t, s: t != s),
    ),
    (
        "the error goes one step back and stops; go on down to step 0",
        lambda *given: _kept(delta_table(*given), lambda t, s: t - s <= 1),
    ),
    (
        "it stops one step too early; the error reaches step 0",
        lambda *given: _kept(delta_table(*given), lambda t, s: (s > 0) | (t == 0)),
    ),
    (
        "only the last target is carried back; each target has its own row",
        lambda *given: _kept(delta_table(*given), lambda t, s: t == t.max()),
    ),
    (
        "a row holds the errors of all targets up to t; row t begins with target t's alone",
        _all_later_errors,
    ),
    (
        "the errors of all targets go into every row; row t begins with target t's alone",
        lambda *given: np.repeat(delta_recursion(*given)[None], len(given[0]), axis=0),
    ),
    (
        "each step back takes the derivative of the step it leaves; take it at nets[s - 1]",
        _next_slope,
    ),
    (
        "the derivative of tanh is taken at the target's step only; each step back takes its own",
        _through_its_own_slope_only,
    ),
    *(
        (sentence, partial(_by_target, step=step))
        for sentence, step in _STEP_MISTAKES
        if not any(words in sentence for words in ("forgotten", "only the step's own error"))
    ),
]


def truncated_deltas(table, tau):
    """Blank the entries too far from their target, and add up the targets."""
    T = len(table)
    near = np.tri(T) - np.tri(T, k=-tau)  # (T, T): 0 <= target - step < tau
    return np.einsum("ts,tsh->sh", near, table)


def _kept_targets(keep):
    return lambda table, tau: _kept(table, lambda t, s: keep(t, s, tau)).sum(axis=0)


def _wrapping(table, tau):
    """Count the steps back from each target, without a look at where the text begins."""
    deltas = np.zeros(table.shape[1:])
    for t in range(len(table)):
        for back in range(tau):
            deltas[t - back] += table[t, t - back]
    return deltas


_TRUNCATION_MISTAKES = [
    (
        "t - tau + 1 may be negative, and counts from the end then; no error goes before step 0",
        _wrapping,
    ),
    (
        "an error goes one step too far; its own step is the first of the tau steps it reaches",
        _kept_targets(lambda t, s, tau: t - s <= tau),
    ),
    (
        "an error stops one step too early; with tau = 1 it reaches its own step",
        _kept_targets(lambda t, s, tau: t - s < tau - 1),
    ),
    (
        "nothing is cut off; an error reaches tau steps, its own included",
        lambda table, tau: table.sum(axis=0),
    ),
    (
        "it is added up over the steps; add up over the targets, the first axis",
        lambda table, tau: _kept(table, lambda t, s: t - s < tau).sum(axis=1),
    ),
    (
        "it keeps the last tau steps of the text; keep the tau steps up to each target",
        _kept_targets(lambda t, s, tau: s > s.max() - tau),
    ),
    (
        "it keeps the last tau targets; keep all targets, each for tau steps",
        _kept_targets(lambda t, s, tau: t > t.max() - tau),
    ),
    (
        "it keeps the first tau targets; keep all targets, each for tau steps",
        _kept_targets(lambda t, s, tau: t < tau),
    ),
    (
        "the near part is thrown away and the far one kept",
        _kept_targets(lambda t, s, tau: t - s >= tau),
    ),
    (
        "the text is cut into chunks of tau; here each target has its own tau steps",
        _kept_targets(lambda t, s, tau: t // tau == s // tau),
    ),
    (
        "only the target tau - 1 steps later is kept; add up all targets from s to s + tau - 1",
        _kept_targets(lambda t, s, tau: t - s == tau - 1),
    ),
    (
        "the targets are averaged; add them up",
        lambda table, tau: truncated_deltas(table, tau) / len(table),
    ),
    (
        "the targets are averaged; add them up",
        lambda table, tau: truncated_deltas(table, tau) / tau,
    ),
    (
        "only the last target's row is returned; add up all targets",
        _kept_targets(lambda t, s, tau: (t - s < tau) & (t == t.max())),
    ),
    (
        "the targets are not added up: sum over the first axis",
        lambda table, tau: _kept(table, lambda t, s: t - s < tau),
    ),
]


# bptt


def bptt(inputs, targets, h0, W_xh, W_hh, W_hy, tau=None):
    """Differentiate the loss with respect to every weight by a complex step.

    For each target the weights are nudged at the tau steps that its error reaches, and no others.
    """
    weights = W_xh, W_hh, W_hy
    sizes = [W.size for W in weights]
    nudges = 1j * TINY * np.eye(sum(sizes))  # one row for each network, nudged in one weight
    parts = np.split(nudges, np.cumsum(sizes)[:-1], axis=1)
    nudged = [W + part.reshape(-1, *W.shape) for W, part in zip(weights, parts, strict=True)]
    states = np.array([h0, *_run(inputs, h0, W_xh, W_hh)])  # the one before step s is states[s]
    slopes = 0
    for t in range(len(inputs)):
        s = 0 if tau is None else max(t - tau + 1, 0)
        near = inputs[s : t + 1], targets[s : t + 1]
        slopes += _losses(*near, states[s], *nudged)[..., -1].imag / TINY / len(inputs)
    gradients = np.split(slopes, np.cumsum(sizes)[:-1])
    shaped = [g.reshape(W.shape) for g, W in zip(gradients, weights, strict=True)]
    return *shaped, states[-1]


def _truncated(errors, nets, W_hy, W_hh, tau, step=_step):
    """Return the deltas: the targets apart, each for tau steps, then their sum."""
    if tau is None:
        return _recursion(errors, nets, W_hy, W_hh, step)
    return truncated_deltas(_by_target(errors, nets, W_hy, W_hh, step), tau)


def _assembled(
    inputs,
    targets,
    h0,
    W_xh,
    W_hh,
    W_hy,
    tau=None,
    errors_of=output_errors,
    deltas_of=_truncated,
    hidden=gradient_W_hh,
    outputs=lambda errors, states, h0: errors.T @ states,
    last=lambda nets, states, h0: states[-1],
):
    """Put the parts together, one of them as someone has it who is mistaken."""
    states = _run(inputs, h0, W_xh, W_hh)
    nets = W_xh[:, inputs].T + _before(states, h0) @ W_hh.T
    errors = errors_of(states, targets, W_hy)
    deltas = deltas_of(errors, nets, W_hy, W_hh, tau)
    return (
        gradient_W_xh(deltas, inputs, W_xh.shape[1]),
        hidden(deltas, states, h0),
        outputs(errors, states, h0),
        last(nets, states, h0),
    )


def _other_tau(change):
    """Return an answer with the deltas of another tau; the output layer does not see it."""

    def deltas_of(errors, nets, W_hy, W_hh, tau):
        return _truncated(errors, nets, W_hy, W_hh, tau if tau is None else change(tau))

    return partial(_assembled, deltas_of=deltas_of)


def _last_steps(errors, nets, W_hy, W_hh, tau):
    """Run one recursion, and stop it tau steps before the end of the text."""
    T = len(nets)
    kept = np.arange(T) >= T - (tau or T)
    return delta_recursion(errors, nets, W_hy, W_hh) * kept[:, None]


def _in_pieces(errors, nets, W_hy, W_hh, tau):
    table = _by_target(errors, nets, W_hy, W_hh)
    size = tau or len(nets)
    return _kept(table, lambda t, s: t // size == s // size).sum(axis=0)


def _last_tokens_only(inputs, targets, h0, W_xh, W_hh, W_hy, tau=None):
    n = 0 if tau is None else max(len(inputs) - tau, 0)
    return bptt(inputs[n:], targets[n:], h0, W_xh, W_hh, W_hy)


def _without_none(*given):
    if len(given) < 7 or given[6] is None:
        raise TypeError
    return bptt(*given)


def _reordered(*order):
    def answer(*given):
        result = bptt(*given)
        return tuple(result[i] for i in order)

    return answer


def _scaled(scale):
    """Return an answer whose gradients are ``scale(T)`` times the right ones."""

    def answer(*given):
        *gradients, h = bptt(*given)
        return *(scale(len(given[0])) * gradient for gradient in gradients), h

    return answer


_BPTT_MISTAKES = [
    (
        "the state is cut off too: the last entry is h0; return the last state, which the next "
        "piece of text begins with",
        partial(_assembled, last=lambda nets, states, h0: h0),
    ),
    (
        "the state is cut off too: the last entry is zeros; return the last state, which the next "
        "piece of text begins with",
        partial(_assembled, last=lambda nets, states, h0: 0 * h0),
    ),
    (
        "the text is cut off too: only the last tau tokens are read; truncation stops errors, the "
        "text and its states stay whole",
        _last_tokens_only,
    ),
    (
        "tau has no effect on the deltas; unless it is None, they are those of truncated_deltas",
        _other_tau(lambda tau: None),
    ),
    (
        "tau may be None; then no error is cut off",
        _without_none,
    ),
    (
        "an error goes one step too far; tau counts its own step",
        _other_tau(lambda tau: tau + 1),
    ),
    (
        "an error stops one step too early; with tau = 1 it reaches its own step",
        _other_tau(lambda tau: tau - 1),
    ),
    (
        "the way back ends tau steps before the end of the text; each target has its own tau steps",
        partial(_assembled, deltas_of=_last_steps),
    ),
    (
        "the text is cut into pieces of tau; here each target has its own tau steps",
        partial(_assembled, deltas_of=_in_pieces),
    ),
    (
        "the last entry is the pre-activation; return the state, tanh(net)",
        partial(_assembled, last=lambda nets, states, h0: nets[-1]),
    ),
    (
        "the last entry holds all states; return the last one, (H,)",
        partial(_assembled, last=lambda nets, states, h0: states),
    ),
    (
        "the last entry is the first state; return the last one",
        partial(_assembled, last=lambda nets, states, h0: states[0]),
    ),
    (
        "the last entry is the state before the last step; return the one after it",
        partial(_assembled, last=lambda nets, states, h0: _before(states, h0)[-1]),
    ),
    (
        "the gradients are in another order; return those of W_xh, W_hh, W_hy, then the state",
        _reordered(1, 0, 2, 3),
    ),
    (
        "the gradients are in another order; return those of W_xh, W_hh, W_hy, then the state",
        _reordered(2, 1, 0, 3),
    ),
    (
        "the state comes first; return the gradients of W_xh, W_hh, W_hy, then the state",
        _reordered(3, 0, 1, 2),
    ),
    (
        "the last state is missing; return the three gradients, then the state",
        _reordered(0, 1, 2),
    ),
    (
        "the gradient of W_hy meets the state before; W_hy is multiplied by h_t itself",
        partial(_assembled, outputs=lambda errors, states, h0: errors.T @ _before(states, h0)),
    ),
    (
        "the gradient of W_hy is that of the last step only; add up all steps",
        partial(_assembled, outputs=lambda errors, states, h0: np.outer(errors[-1], states[-1])),
    ),
    (
        "the gradient of W_hy is transposed; it has the shape of W_hy, (V, H)",
        partial(_assembled, outputs=lambda errors, states, h0: states.T @ errors),
    ),
    (
        "the gradient of W_hh is that of the last step only; W_hh appears at every step",
        partial(
            _assembled,
            hidden=lambda deltas, states, h0: np.outer(deltas[-1], _before(states, h0)[-1]),
        ),
    ),
    (
        "in the gradient of W_hh delta_t meets h_t; W_hh was multiplied by h_(t-1)",
        partial(_assembled, hidden=lambda deltas, states, h0: deltas.T @ states),
    ),
    (
        "the gradient of W_hh takes zeros for the state before step 0; it is h0",
        partial(_assembled, hidden=lambda deltas, states, h0: deltas.T @ _before(states, 0 * h0)),
    ),
    (
        "the carry is forgotten: no error goes back in time, as with tau = 1",
        partial(_assembled, deltas_of=lambda *given: _truncated(*given[:-1], tau=1)),
    ),
    (
        "the deltas are computed from the states; they need nets, and take tanh themselves",
        partial(
            _assembled,
            deltas_of=lambda errors, nets, *rest: _truncated(errors, np.tanh(nets), *rest),
        ),
    ),
    (
        "the errors are computed from the pre-activations; the output reads the state, tanh(net)",
        partial(
            _assembled,
            errors_of=lambda states, *rest: output_errors(np.arctanh(states), *rest),
        ),
    ),
    (
        "all signs are wrong; these are gradients, the update goes against them",
        _scaled(lambda T: -1),
    ),
    (
        "the loss is a sum here; it is the mean over the steps",
        _scaled(lambda T: T),
    ),
    (
        "the gradients are divided by T twice; the errors are divided by T already",
        _scaled(lambda T: 1 / T),
    ),
]


# Inputs. They are rounded to two decimals, so that what a message shows is what the function got.


def _sizes(rng, n, most=6):
    """Return n different sizes from 2 on."""
    return rng.permutation(np.arange(2, most))[:n]


def _normal(rng, *shape, scale=0.8):
    return rng.normal(scale=scale, size=shape).round(2)


def _random_network(rng):
    """Return W_xh (H, V), W_hh (H, H), W_hy (V, H) and T, with H, V and T all different."""
    H, V, T = _sizes(rng, 3)
    return _normal(rng, H, V), _normal(rng, H, H), _normal(rng, V, H), T


def _random_loss(rng):
    W_xh, W_hh, W_hy, T = _random_network(rng)
    inputs, targets = rng.integers(0, len(W_hy), size=(2, T))
    return inputs, targets, _normal(rng, len(W_hh)), W_xh, W_hh, W_hy


def _random_numerical(rng):
    return *_random_loss(rng), float(rng.choice([0.05, 0.1, 0.2]))


def _random_bptt(rng):
    tau = int(rng.integers(1, 5))
    return *_random_loss(rng), tau if rng.random() < 0.6 else None


def _random_errors(rng):
    _, W_hh, W_hy, T = _random_network(rng)
    states = np.tanh(_normal(rng, T, len(W_hh))).round(2)
    return states, rng.integers(0, len(W_hy), size=T), W_hy


def _random_recursion(rng):
    _, W_hh, W_hy, T = _random_network(rng)
    return _normal(rng, T, len(W_hy)), _normal(rng, T, len(W_hh)), W_hy, W_hh


def _random_step(rng):
    errors, nets, W_hy, W_hh = _random_recursion(rng)
    return errors[0], _normal(rng, len(W_hh)), nets[0], W_hy, W_hh


def _random_W_hh(rng):
    H, T = _sizes(rng, 2)
    return _normal(rng, T, H), np.tanh(_normal(rng, T, H)).round(2), _normal(rng, H)


def _random_W_xh(rng):
    H, V, T = _sizes(rng, 3)
    return _normal(rng, T, H), rng.integers(0, V, size=T), int(V)


def _random_table(rng):
    H, T = _sizes(rng, 2, most=7)
    table = np.tri(T)[:, :, None] * _normal(rng, T, T, H) + 0.0  # 0.0, not -0.0
    return table, int(rng.integers(1, T + 4))  # it may be larger than T


def _ids(*tokens):
    return np.array(tokens, dtype=np.int64)  # NumPy 1 makes it int32 on Windows


# A network of two units and three tokens, and texts of one to three tokens.
_W_XH = np.array([[1.0, 0.0, -0.5], [0.5, -1.0, 0.0]])
_W_HH = np.array([[0.5, -1.0], [0.0, 0.5]])
_W_HY = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.5]])
_H0 = np.array([0.5, -0.5])
_NETS = np.array([[1.0, 0.0], [0.0, -0.5], [-1.0, 0.5]])
_ERRORS = np.array([[-0.5, 0.0, 0.5], [1.0, -0.5, -0.5], [0.0, -0.5, 0.5]])
_DELTAS = np.array([[1.0, 0.5], [-0.5, 2.0], [0.0, -1.0]])
_STATES = np.array([[0.5, 0.0], [-0.5, 1.0], [0.0, -0.5]])
_TABLE = np.tri(3)[:, :, None] * np.array([[[1.0]], [[2.0]], [[4.0]]]) * np.array([1.0, -0.5]) + 0.0
_TEXTS = [([0], [1]), ([0, 2], [2, 1]), ([2, 0, 0], [0, 0, 1])]
_TEXTS = [(_ids(*inputs), _ids(*targets)) for inputs, targets in _TEXTS]
_ALL = _H0, _W_XH, _W_HH, _W_HY

QUESTIONS = {
    question.name: question
    for question in [
        Question(
            points=2,
            expected=sequence_loss,
            # Zero weights make every word equally probable: ln 3.
            examples=(
                (*_TEXTS[0], _H0, *map(np.zeros_like, _ALL[1:])),
                *((*text, *_ALL) for text in _TEXTS),
            ),
            random_inputs=_random_loss,
            mistakes=_LOSS_MISTAKES,
        ),
        Question(
            points=2,
            expected=numerical_gradient,
            examples=tuple((*text, *_ALL, 0.1) for text in _TEXTS),
            random_inputs=_random_numerical,
            mistakes=_NUMERICAL_MISTAKES,
            # Wide enough to recognise a tiny step, and far below what a step of 0.1 does.
            rel_tol=1e-6,
            abs_tol=1e-8,
        ),
        Question(
            points=3,
            expected=delta_step,
            # net = 0 has slope 1: W_hy^T error + W_hh^T delta = (1, 0) + (0.5, -1).
            examples=(
                (np.array([1.0, 0.0, 0.0]), np.array([1.0, 0.0]), np.zeros(2), _W_HY, _W_HH),
                (np.zeros(3), np.array([1.0, 0.0]), np.array([0.0, 1.0]), _W_HY, _W_HH),
                (np.array([1.0, 0.0, 0.0]), np.zeros(2), np.array([0.5, 1.0]), _W_HY, _W_HH),
                (_ERRORS[0], _DELTAS[0], _NETS[0], _W_HY, _W_HH),
            ),
            random_inputs=_random_step,
            mistakes=_STEP_MISTAKES,
        ),
        Question(
            points=2,
            expected=delta_recursion,
            examples=tuple((_ERRORS[:T], _NETS[:T], _W_HY, _W_HH) for T in (1, 2, 3)),
            random_inputs=_random_recursion,
            mistakes=_RECURSION_MISTAKES,
        ),
        Question(
            points=2,
            expected=output_errors,
            # A state of zeros makes p = 1/3 for each: (1/3, 1/3, 1/3) - (0, 1, 0).
            examples=(
                (np.zeros((1, 2)), _ids(1), _W_HY),
                *((_STATES[:T], _ids(2, 0, 0)[:T], _W_HY) for T in (1, 2, 3)),
            ),
            random_inputs=_random_errors,
            mistakes=_ERROR_MISTAKES,
        ),
        Question(
            points=2,
            expected=gradient_W_hh,
            # T = 1: the outer product of (1, 0.5) and h0 = (0.5, -0.5).
            examples=tuple((_DELTAS[:T], _STATES[:T], _H0) for T in (1, 2, 3)),
            random_inputs=_random_W_hh,
            mistakes=_W_HH_MISTAKES,
        ),
        Question(
            points=2,
            expected=gradient_W_xh,
            # Token 1 twice: its column is (1, 0.5) + (-0.5, 2).
            examples=(
                (_DELTAS[:1], _ids(2), 3),
                (_DELTAS[:2], _ids(1, 1), 3),
                (_DELTAS, _ids(1, 0, 1), 4),
            ),
            random_inputs=_random_W_xh,
            mistakes=_W_XH_MISTAKES,
        ),
        Question(
            points=3,
            expected=delta_table,
            examples=tuple((_ERRORS[:T], _NETS[:T], _W_HY, _W_HH) for T in (1, 2, 3)),
            random_inputs=_random_recursion,
            mistakes=_TABLE_MISTAKES,
        ),
        Question(
            points=2,
            expected=truncated_deltas,
            # tau = 2: step 0 keeps targets 0 and 1, step 1 keeps 1 and 2, step 2 keeps 2.
            examples=(
                (_TABLE[:1, :1], 1),
                (_TABLE[:2, :2], 1),
                *((_TABLE, n) for n in (1, 2, 3, 5)),
            ),
            random_inputs=_random_table,
            mistakes=_TRUNCATION_MISTAKES,
        ),
        Question(
            points=2,
            expected=bptt,
            examples=(
                *((*text, *_ALL) for text in _TEXTS),
                *((*_TEXTS[-1], *_ALL, tau) for tau in (1, 2)),
            ),
            random_inputs=_random_bptt,
            mistakes=_BPTT_MISTAKES,
            returns=("dW_xh", "dW_hh", "dW_hy", "h"),
        ),
    ]
}
