"""Wrong solutions of week 2 as students write them."""

import math

import numpy as np

from wrong_solutions import new_bank

WRONG, RIGHT, wrong, right = new_bank()


# softmax


@wrong("softmax", "inf/inf is nan; subtract the greatest score of each row first")
def no_maximum(scores):
    return np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)


@wrong("softmax", "each column sums to 1")
def down_the_columns(scores):
    powers = np.exp(scores - scores.max(axis=0))
    return powers / powers.sum(axis=0)


@wrong("softmax", "all entries together sum to 1")
def sum_of_all(scores):
    powers = np.exp(scores - np.max(scores))
    return powers / np.sum(powers)


@wrong("softmax", "the greatest score of the whole array is subtracted")
def one_maximum(scores):
    powers = np.exp(scores - scores.max())
    return powers / powers.sum(axis=1, keepdims=True)


@wrong("softmax", "keep its axis with keepdims=True")
def sum_without_keepdims(scores):
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1)


@wrong("softmax", "keep its axis with keepdims=True")
def maximum_without_keepdims(scores):
    powers = np.exp(scores - scores.max(axis=1))
    return powers / powers.sum(axis=1, keepdims=True)


@wrong("softmax", "the rows are not divided by their sums")
def not_normalised(scores):
    return np.exp(scores - scores.max(axis=1, keepdims=True))


@wrong("softmax", "exp is missing")
def shares_of_scores(scores):
    return scores / scores.sum(axis=1, keepdims=True)


@wrong("softmax", "large scores are clipped")
def clipped(scores):
    powers = np.exp(np.clip(scores, -500, 500))
    return powers / powers.sum(axis=1, keepdims=True)


@wrong("softmax", "these are the logarithms of the probabilities")
def log_softmax(scores):
    shifted = scores - scores.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


@wrong("softmax", "it changes its argument `scores`")
def in_place(scores):
    scores -= scores.max(axis=1, keepdims=True)
    powers = np.exp(scores)
    return powers / powers.sum(axis=1, keepdims=True)


@wrong("softmax", "it returns a list where an array of shape (1, 2) is expected")
def list_of_rows(scores):
    rows = []
    for row in scores.tolist():
        powers = [math.exp(s - max(row)) for s in row]
        rows.append([power / sum(powers) for power in powers])
    return rows


@wrong("softmax", "the sum runs on from row to row")
def list_outside_the_loop(scores):
    powers, rows = [], []
    for row in scores:
        powers += [math.exp(s - max(row)) for s in row]
        rows.append(np.array(powers[-len(row) :]) / sum(powers))
    return np.array(rows)


@right("softmax")
def row_by_row(scores):
    rows = []
    for row in scores:
        powers = [math.exp(s - max(row)) for s in row]
        rows.append([power / sum(powers) for power in powers])
    return np.array(rows)


@right("softmax")
def with_transposes(scores):
    powers = np.exp(scores.T - scores.max(1))
    return (powers / powers.sum(0)).T


@right("softmax")
def by_logarithms(scores):
    highest = np.amax(scores, axis=-1)[:, None]
    log_sums = highest + np.log(np.exp(scores - highest).sum(-1))[:, None]
    return np.exp(scores - log_sums)


# cross_entropy


@wrong("cross_entropy", "this is in bits")
def bits(probs, targets):
    return -np.mean(np.log2(probs[np.arange(len(targets)), targets]))


@wrong("cross_entropy", "the minus sign is missing")
def no_sign(probs, targets):
    return np.mean(np.log(probs[np.arange(len(targets)), targets]))


@wrong("cross_entropy", "divide by the number of examples")
def sum_of_losses(probs, targets):
    return -sum(math.log(probs[b, target]) for b, target in enumerate(targets))


@wrong("cross_entropy", "`return` stands inside the loop")
def return_in_the_loop(probs, targets):
    for row, target in zip(probs, targets, strict=True):
        return -np.log(row[target])


@wrong("cross_entropy", "only the last example counts")
def last_loss(probs, targets):
    for row, target in zip(probs, targets, strict=True):
        loss = -np.log(row[target])
    return loss


@wrong("cross_entropy", "not by B * V")
def mean_over_the_table(probs, targets):
    y = np.eye(probs.shape[1])[targets]
    return -np.mean(y * np.log(probs))


@wrong("cross_entropy", "this is the loss of each example")
def loss_of_each(probs, targets):
    return -np.log(probs[np.arange(len(targets)), targets])


@wrong("cross_entropy", "takes every target's column in every row")
def columns_of_all_targets(probs, targets):
    return -np.mean(np.log(probs[:, targets]))


@wrong("cross_entropy", "the target picks a row")
def rows_of_targets(probs, targets):
    return -np.mean(np.log(probs[targets]))


@wrong("cross_entropy", "it takes the greatest probability of each row")
def of_the_greatest(probs, targets):
    return -np.mean(np.log(probs.max(axis=1)))


@wrong("cross_entropy", "the probabilities are averaged before the logarithm")
def log_of_the_mean(probs, targets):
    return -np.log(np.mean(probs[np.arange(len(targets)), targets]))


@wrong("cross_entropy", "this is the entropy of the predictions")
def entropy(probs, targets):
    return -np.sum(probs * np.log(probs)) / len(probs)


@wrong("cross_entropy", "this is the perplexity")
def perplexity(probs, targets):
    return np.exp(-np.mean(np.log(probs[np.arange(len(targets)), targets])))


@right("cross_entropy")
def with_one_hot_vectors(probs, targets):
    y = np.zeros(probs.shape)
    for b in range(len(targets)):
        y[b, targets[b]] = 1
    return -np.sum(y * np.log(probs)) / len(targets)


@right("cross_entropy")
def zipped(probs, targets):
    return sum(-math.log(row[i]) for row, i in zip(probs, targets, strict=True)) / len(targets)


@right("cross_entropy")
def diagonal(probs, targets):
    return np.array(-np.log(probs[:, targets].diagonal()).mean())


# cut_windows


@wrong("cut_windows", "the windows reach into the sentence before")
def over_sentence_ends(ids, size, eos):
    padded = np.concatenate([np.full(size, eos), ids])
    return np.array([padded[t : t + size] for t in range(len(ids))]), ids


@wrong("cut_windows", "the windows reach into the sentence before")
def never_emptied(ids, size, eos):
    window, windows = [eos] * size, []
    for i in ids:
        windows.append(window)
        window = [*window[1:], i]
    return np.array(windows), ids


@wrong("cut_windows", "the window ends with the target itself")
def target_in_the_window(ids, size, eos):
    window, windows = [eos] * size, []
    for i in ids:
        window = [*window[1:], i]
        windows.append(window)
        if i == eos:
            window = [eos] * size
    return np.array(windows), ids


@wrong("cut_windows", "the window ends with the target itself")
def target_in_the_window_of_the_text(ids, size, eos):
    padded = [eos] * (size - 1) + ids.tolist()
    return np.array([padded[t : t + size] for t in range(len(ids))]), ids.copy()


@wrong("cut_windows", "the target is one word too far")
def target_too_far(ids, size, eos):
    padded = np.concatenate([[eos] * size, ids])
    windows = [padded[t : t + size] for t in range(len(ids) - 1)]
    return np.array(windows), ids[1:]


@wrong("cut_windows", "the windows that begin with padding are missing")
def no_padding(ids, size, eos):
    windows = np.array([ids[t - size : t] for t in range(size, len(ids))])
    return windows, ids[size:]


@wrong("cut_windows", "the first word of a sentence is no target")
def sentence_begins_with_its_second_word(ids, size, eos):
    window, windows, targets = [], [], []
    for i in ids:
        if window:
            windows.append(([eos] * size + window)[-size:])
            targets.append(i)
        window = [*window, i] if i != eos else []
    return np.array(windows), np.array(targets)


@wrong("cut_windows", "`</s>` is no target")
def no_end(ids, size, eos):
    window, windows, targets = [eos] * size, [], []
    for i in ids:
        if i == eos:
            window = [eos] * size
            continue
        windows.append(window)
        targets.append(i)
        window = [*window[1:], i]
    return np.array(windows), np.array(targets)


@wrong("cut_windows", "the last target is lost")
def range_too_short(ids, size, eos):
    padded = np.array([eos] * size + list(ids))
    places = range(len(padded) - size - 1)
    return np.array([padded[t : t + size] for t in places]), np.array(
        [padded[t + size] for t in places]
    )


@wrong("cut_windows", "one list that goes on changing; append a copy")
def one_list(ids, size, eos):
    window, windows = [eos] * size, []
    for i in ids:
        windows.append(window)
        window.pop(0)
        window.append(i)
        if i == eos:
            window[:] = [eos] * size
    return np.array(windows), ids


@wrong("cut_windows", "the windows run backwards")
def nearest_first(ids, size, eos):
    window, windows = [eos] * size, []
    for i in ids:
        windows.append(window)
        window = [i, *window[:-1]] if i != eos else [eos] * size
    return np.array(windows), ids


@wrong("cut_windows", "the window here has `size`")
def ngrams(ids, size, eos):
    window, windows = [eos] * (size - 1), []
    for i in ids:
        windows.append(window)
        window = ([*window, i] if i != eos else [eos] * size)[1:]
    return np.array(windows), ids


@wrong("cut_windows", "move on by one word")
def side_by_side(ids, size, eos):
    padded = np.concatenate([np.full(size, eos), ids])
    starts = range(0, len(ids), size)
    return np.array([padded[t : t + size] for t in starts]), ids[::size]


@wrong("cut_windows", "np.roll and negative indices wrap around")
def rolls(ids, size, eos):
    return np.stack([np.roll(ids, k) for k in range(size, 0, -1)], axis=1), ids.copy()


@wrong("cut_windows", "np.roll and negative indices wrap around")
def negative_indices(ids, size, eos):
    return np.array([[ids[t - k] for k in range(size, 0, -1)] for t in range(len(ids))]), ids


@wrong("cut_windows", "the padding is 0, whatever `</s>` is")
def zeros_in_front(ids, size, eos):
    windows, start = np.zeros((len(ids), size), dtype=int), 0
    for t in range(len(ids)):
        seen = ids[max(t - size, start) : t]
        if len(seen):
            windows[t, -len(seen) :] = seen
        if ids[t] == eos:
            start = t + 1
    return windows, ids.copy()


@wrong("cut_windows", "the padding stands after the words")
def pads_behind(ids, size, eos):
    windows, start = np.full((len(ids), size), eos), 0
    for t in range(len(ids)):
        seen = ids[max(t - size, start) : t]
        windows[t, : len(seen)] = seen
        if ids[t] == eos:
            start = t + 1
    return windows, ids.copy()


@wrong("cut_windows", "windows is an array of float64 where int64 is expected")
def float_windows(ids, size, eos):
    windows, start = np.ones((len(ids), size)) * eos, 0
    for t in range(1, len(ids)):
        start = t if ids[t - 1] == eos else start
        seen = ids[max(t - size, start) : t]
        windows[t, size - len(seen) :] = seen
    return windows, ids.copy()


@wrong("cut_windows", "windows is a list where an array of shape (3, 1) is expected")
def list_of_windows(ids, size, eos):
    return RIGHT["cut_windows"][0](ids, size, eos)[0].tolist(), ids


@wrong("cut_windows", "only the windows are returned")
def windows_only(ids, size, eos):
    return RIGHT["cut_windows"][0](ids, size, eos)[0]


@right("cut_windows")
def moving_list(ids, size, eos):
    window, windows = [eos] * size, []
    for i in ids:
        windows.append(window)
        window = [*window[1:], i] if i != eos else [eos] * size
    return np.array(windows), np.array(ids)


@right("cut_windows")
def sentence_by_sentence(ids, size, eos):
    windows, sentence = [], []
    for i in ids:
        windows.append(([eos] * size + sentence)[-size:])
        sentence = [] if i == eos else [*sentence, i]
    return [np.array(windows), ids]


@right("cut_windows")
def emptied_afterwards(ids, size, eos):
    padded = np.pad(ids, (size, 0), constant_values=eos)
    windows = padded[np.arange(len(ids))[:, None] + np.arange(size)]
    for k in range(size - 2, -1, -1):  # what stands before a padding is padding
        windows[windows[:, k + 1] == eos, k] = eos
    return windows, padded[size:]


# embed


@wrong("embed", "the vectors are not put side by side")
def three_axes(windows, E):
    return E[windows]


@wrong("embed", "the vectors are not put side by side")
def a_row_a_word(windows, E):
    return E[windows].reshape(-1, E.shape[1])


@wrong("embed", "the vectors of a window are added")
def sum_of_vectors(windows, E):
    return E[windows].sum(axis=1)


@wrong("embed", "the vectors of a window are averaged")
def mean_of_vectors(windows, E):
    return np.mean([E[column] for column in windows.T], axis=0)


@wrong("embed", "the numbers are in the wrong order")
def interleaved(windows, E):
    B, C = windows.shape
    return np.stack([E[windows[:, c]] for c in range(C)], axis=2).reshape(B, -1)


@wrong("embed", "the numbers are in the wrong order")
def places_first(windows, E):
    return np.array([E[windows[:, c]] for c in range(windows.shape[1])]).reshape(len(windows), -1)


@wrong("embed", "only the last word")
def last_word(windows, E):
    return E[windows[:, -1]]


@wrong("embed", "columns of E are taken")
def columns(windows, E):
    return E[:, windows]


@wrong("embed", "ids are multiplied with E as if they were quantities")
def ids_times_E(windows, E):
    return windows @ E


@wrong("embed", "these are the one-hot vectors")
def one_hot_only(windows, E):
    return np.eye(len(E))[windows]


@wrong("embed", "E must not be transposed")
def E_transposed(windows, E):
    return np.concatenate([np.eye(len(E))[column] @ E.T for column in windows.T], axis=1)


@wrong("embed", "one window is a column")
def transposed(windows, E):
    return np.concatenate([E[column].T for column in windows.T])


@right("embed")
def looked_up(windows, E):
    return E[windows].reshape(len(windows), -1)


@right("embed")
def loops(windows, E):
    return np.array([[number for i in window for number in E[i]] for window in windows])


@right("embed")
def one_product(windows, E):
    B, C = windows.shape
    one_hot = np.zeros((B * C, len(E)))
    one_hot[np.arange(B * C), windows.reshape(-1)] = 1
    return (one_hot @ E).reshape(B, C * E.shape[1])


@right("embed")
def contraction(windows, E):
    y = np.eye(len(E))[windows]
    return np.einsum("bcv,vd->bcd", y, E).reshape(len(y), -1)


# forward


def _embed(windows, E):
    return np.hstack([E[column] for column in windows.T])


def _softmax(scores):
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


@wrong("forward", "tanh is missing")
def linear(windows, E, W_xh, b_h, W_hy, b_y):
    x = _embed(windows, E)
    h = x @ W_xh.T + b_h
    return x, h, _softmax(h @ W_hy.T + b_y)


@wrong("forward", "the hidden layer has a sigmoid")
def logistic_units(windows, E, W_xh, b_h, W_hy, b_y):
    x = _embed(windows, E)
    h = 1 / (1 + np.exp(-(x @ W_xh.T + b_h)))
    return x, h, _softmax(h @ W_hy.T + b_y)


@wrong("forward", "b_h is missing")
def no_hidden_bias(windows, E, W_xh, b_h, W_hy, b_y):
    x = _embed(windows, E)
    h = np.tanh(x @ W_xh.T)
    return x, h, _softmax(h @ W_hy.T + b_y)


@wrong("forward", "b_h is added after tanh")
def bias_outside(windows, E, W_xh, b_h, W_hy, b_y):
    x = _embed(windows, E)
    h = np.tanh(x @ W_xh.T) + b_h
    return x, h, _softmax(h @ W_hy.T + b_y)


@wrong("forward", "b_y is missing")
def no_output_bias(windows, E, W_xh, b_h, W_hy, b_y):
    x = _embed(windows, E)
    h = np.tanh(x @ W_xh.T + b_h)
    return x, h, _softmax(h @ W_hy.T)


@wrong("forward", "softmax is missing")
def scores_for_p(windows, E, W_xh, b_h, W_hy, b_y):
    x = _embed(windows, E)
    h = np.tanh(x @ W_xh.T + b_h)
    return x, h, h @ W_hy.T + b_y


@wrong("forward", "W_xh has a row for each hidden unit and must be transposed here")
def W_xh_as_it_is(windows, E, W_xh, b_h, W_hy, b_y):
    x = _embed(windows, E)
    h = np.tanh(x @ W_xh + b_h)
    return x, h, _softmax(h @ W_hy.T + b_y)


@wrong("forward", "W_hy has a row for each word and must be transposed here")
def W_hy_as_it_is(windows, E, W_xh, b_h, W_hy, b_y):
    x = _embed(windows, E)
    h = np.tanh(x @ W_xh.T + b_h)
    return x, h, _softmax(h @ W_hy + b_y)


@wrong("forward", "W_xh @ x needs columns")
def matrix_first(windows, E, W_xh, b_h, W_hy, b_y):
    x = _embed(windows, E)
    h = np.tanh(W_xh @ x + b_h)
    return x, h, _softmax(W_hy @ h + b_y)


@wrong("forward", "h is taken before tanh")
def before_tanh(windows, E, W_xh, b_h, W_hy, b_y):
    x = _embed(windows, E)
    h = x @ W_xh.T + b_h
    return x, h, _softmax(np.tanh(h) @ W_hy.T + b_y)


@wrong("forward", "only p is returned")
def p_alone(windows, E, W_xh, b_h, W_hy, b_y):
    h = np.tanh(_embed(windows, E) @ W_xh.T + b_h)
    return _softmax(h @ W_hy.T + b_y)


@wrong("forward", "examples stand in columns")
def in_columns(windows, E, W_xh, b_h, W_hy, b_y):
    x = _embed(windows, E).T
    h = np.tanh(W_xh @ x + b_h[:, None])
    return x, h, _softmax((W_hy @ h + b_y[:, None]).T).T


@right("forward")
def example_by_example(windows, E, W_xh, b_h, W_hy, b_y):
    xs, hs, ps = [], [], []
    for window in windows:
        x = np.concatenate([E[i] for i in window])
        h = np.tanh(W_xh @ x + b_h)
        powers = np.exp(W_hy @ h + b_y)
        xs.append(x)
        hs.append(h)
        ps.append(powers / powers.sum())
    return np.array(xs), np.array(hs), np.array(ps)


@right("forward")
def with_einsum(windows, E, W_xh, b_h, W_hy, b_y):
    x = E[windows].reshape(len(windows), -1)
    h = np.tanh(np.einsum("hi,bi->bh", W_xh, x) + b_h)
    return x, h, _softmax(np.einsum("vh,bh->bv", W_hy, h) + b_y)


# sigmoid


@wrong("sigmoid", "the slope is a * (1 - a)")
def slope_of_a(a):
    return 1 / (1 + np.exp(-a)), a * (1 - a)


@wrong("sigmoid", "the sigmoid is applied twice")
def slope_at_s(a):
    def f(a):
        return 1 / (1 + np.exp(-a))

    s = f(a)
    return s, f(s) * (1 - f(s))


@wrong("sigmoid", "the slope is that of tanh")
def slope_of_tanh(a):
    s = 1 / (1 + np.exp(-a))
    return s, 1 - s**2


@wrong("sigmoid", "exp(a) is inf for a large a")
def exp_over_exp(a):
    s = np.exp(a) / (1 + np.exp(a))
    return s, s * (1 - s)


@wrong("sigmoid", "the slope is inf/inf for a very negative a")
def quotient_rule(a):
    return 1 / (1 + np.exp(-a)), np.exp(-a) / (1 + np.exp(-a)) ** 2


@wrong("sigmoid", "the sign of a is wrong")
def sign_of_a(a):
    s = 1 / (1 + np.exp(a))
    return s, s * (1 - s)


@wrong("sigmoid", "the slope lacks the factor s")
def half_a_slope(a):
    s = 1 / (1 + np.exp(-a))
    return s, 1 - s


@wrong("sigmoid", "only the sigmoid is returned")
def no_slope(a):
    return 1 / (1 + np.exp(-a))


@wrong("sigmoid", "this is tanh")
def tanh(a):
    return np.tanh(a), 1 - np.tanh(a) ** 2


@right("sigmoid")
def in_two_cases(a):
    s = [1 / (1 + math.exp(-x)) if x > 0 else math.exp(x) / (1 + math.exp(x)) for x in a]
    return np.array(s), np.array([x * (1 - x) for x in s])


@right("sigmoid")
def by_tanh(a):
    t = np.tanh(a / 2)
    return [0.5 + t / 2, (1 - t * t) / 4]


# logistic_step


def _sigmoid(a):
    return 1 / (1 + np.exp(-a))


@wrong("logistic_step", "the step goes uphill")
def uphill(x, y, w, b, lr):
    error = y - _sigmoid(x @ w + b)
    return w - lr * error @ x / len(y), b - lr * error.mean()


@wrong("logistic_step", "the gradients are added over the examples")
def no_mean(x, y, w, b, lr):
    error = _sigmoid(x @ w + b) - y
    return w - lr * x.T @ error, b - lr * error.sum()


@wrong("logistic_step", "the mean is missing in the gradient of w")
def mean_for_b_alone(x, y, w, b, lr):
    error = _sigmoid(x @ w + b) - y
    return w - lr * x.T @ error, b - lr * error.mean()


@wrong("logistic_step", "there is a factor p (1 - p) too many")
def slope_too_many(x, y, w, b, lr):
    p = _sigmoid(x @ w + b)
    error = (p - y) * p * (1 - p)
    return w - lr * x.T @ error / len(y), b - lr * error.mean()


@wrong("logistic_step", "the sigmoid is missing")
def linear_regression(x, y, w, b, lr):
    error = x @ w + b - y
    return w - lr * x.T @ error / len(y), b - lr * error.mean()


@wrong("logistic_step", "which makes a perceptron")
def perceptron(x, y, w, b, lr):
    error = (x @ w + b > 0) - y
    return w - lr * x.T @ error / len(y), b - lr * error.mean()


def _sigmoid_and_slope(a):
    return _sigmoid(a), _sigmoid(a) * (1 - _sigmoid(a))


@wrong("logistic_step", "sigmoid returns two arrays")
def both_arrays_for_p(x, y, w, b, lr):
    p = _sigmoid_and_slope(x @ w + b)
    return w - lr * x.T @ (p - y) / len(y), b - lr * np.mean(p - y)


@wrong("logistic_step", "sigmoid returns two arrays")
def both_arrays_first(x, y, w, b, lr):
    error = _sigmoid_and_slope(x @ w + b) - y
    return w - lr * error @ x / len(y), b - lr * np.mean(error)


@wrong("logistic_step", "b is left as it was")
def b_stays(x, y, w, b, lr):
    error = _sigmoid(x @ w + b) - y
    return w - lr * x.T @ error / len(y), b


@wrong("logistic_step", "the gradient of b is computed with the new w")
def one_after_the_other(x, y, w, b, lr):
    w = w - lr * x.T @ (_sigmoid(x @ w + b) - y) / len(y)
    b = b - lr * (_sigmoid(x @ w + b) - y).mean()
    return w, b


@wrong("logistic_step", "these are the gradients")
def gradients_returned(x, y, w, b, lr):
    error = _sigmoid(x @ w + b) - y
    return x.T @ error / len(y), error.mean()


@wrong("logistic_step", "x must be transposed in the gradient")
def no_transpose(x, y, w, b, lr):
    error = _sigmoid(x @ w + b) - y
    return w - lr * (x @ error) / len(y), b - lr * error.mean()


@wrong("logistic_step", "it changes its argument `w`")
def w_in_place(x, y, w, b, lr):
    error = _sigmoid(x @ w + b) - y
    w -= lr * x.T @ error / len(y)
    return w, b - lr * error.mean()


@wrong("logistic_step", "lr is not used")
def no_learning_rate(x, y, w, b, lr):
    error = _sigmoid(x @ w + b) - y
    return w - x.T @ error / len(y), b - error.mean()


@right("logistic_step")
def summed_in_loops(x, y, w, b, lr):
    dw, db = [0.0] * len(w), 0.0
    for row, wanted in zip(x, y, strict=True):
        p = 1 / (1 + math.exp(-(sum(r * v for r, v in zip(row, w, strict=True)) + b)))
        for j in range(len(w)):
            dw[j] += (p - wanted) * row[j] / len(y)
        db += (p - wanted) / len(y)
    return np.array([v - lr * d for v, d in zip(w, dw, strict=True)]), b - lr * db


@right("logistic_step")
def mean_of_products(x, y, w, b, lr):
    error = _sigmoid(x @ w + b) - y
    return w - lr * (error[:, None] * x).mean(axis=0), np.array(b - lr * np.mean(error))


# output_gradient


@wrong("output_gradient", "the gradient is not divided by the number of examples")
def not_divided(h, p, targets, W_hy):
    d = p.copy()
    d[np.arange(len(targets)), targets] -= 1
    return d.T @ h, d.sum(axis=0), d @ W_hy


@wrong("output_gradient", "the sign is wrong")
def desired_minus_p(h, p, targets, W_hy):
    d = (np.eye(p.shape[1])[targets] - p) / len(p)
    return d.T @ h, d.sum(axis=0), d @ W_hy


@wrong("output_gradient", "subtracts in every row at every target")
def whole_columns(h, p, targets, W_hy):
    d = p.copy()
    d[:, targets] -= 1
    d /= len(p)
    return d.T @ h, d.sum(axis=0), d @ W_hy


@wrong("output_gradient", "1 is not subtracted at the targets")
def p_for_error(h, p, targets, W_hy):
    d = p / len(p)
    return d.T @ h, d.sum(axis=0), d @ W_hy


@wrong("output_gradient", "there is a factor p (1 - p) too many")
def softmax_slope(h, p, targets, W_hy):
    d = (p - np.eye(p.shape[1])[targets]) * p * (1 - p) / len(p)
    return d.T @ h, d.sum(axis=0), d @ W_hy


@wrong("output_gradient", "dW_hy is transposed")
def dW_transposed(h, p, targets, W_hy):
    d = (p - np.eye(p.shape[1])[targets]) / len(p)
    return h.T @ d, d.sum(axis=0), d @ W_hy


@wrong("output_gradient", "a transpose is missing in dW_hy")
def dW_without_transpose(h, p, targets, W_hy):
    d = (p - np.eye(p.shape[1])[targets]) / len(p)
    return d @ h, d.sum(axis=0), d @ W_hy


@wrong("output_gradient", "W_hy need not be transposed on the way back")
def transposed_on_the_way_back(h, p, targets, W_hy):
    d = (p - np.eye(p.shape[1])[targets]) / len(p)
    return d.T @ h, d.sum(axis=0), d @ W_hy.T


@wrong("output_gradient", "db_y has a row for each example")
def db_not_summed(h, p, targets, W_hy):
    d = (p - np.eye(p.shape[1])[targets]) / len(p)
    return d.T @ h, d, d @ W_hy


@wrong("output_gradient", "db_y is a mean of a mean")
def db_mean_twice(h, p, targets, W_hy):
    d = (p - np.eye(p.shape[1])[targets]) / len(p)
    return d.T @ h, d.mean(axis=0), d @ W_hy


@wrong("output_gradient", "targets are ids, not quantities")
def targets_subtracted(h, p, targets, W_hy):
    d = (p - targets[:, None]) / len(p)
    return d.T @ h, d.sum(axis=0), d @ W_hy


@wrong("output_gradient", "it changes its argument `p`")
def p_in_place(h, p, targets, W_hy):
    p[np.arange(len(targets)), targets] -= 1
    d = p / len(p)
    return d.T @ h, d.sum(axis=0), d @ W_hy


@wrong("output_gradient", "dh holds the slope of tanh already")
def slope_too_early(h, p, targets, W_hy):
    d = (p - np.eye(p.shape[1])[targets]) / len(p)
    return d.T @ h, d.sum(axis=0), (d @ W_hy) * (1 - h**2)


@right("output_gradient")
def sum_of_outer_products(h, p, targets, W_hy):
    dW, db, dh = np.zeros_like(W_hy), np.zeros(len(W_hy)), []
    for b in range(len(h)):
        d = p[b].copy()
        d[targets[b]] -= 1
        dW += np.outer(d, h[b]) / len(h)
        db += d / len(h)
        dh.append(W_hy.T @ d / len(h))
    return dW, db, np.array(dh)


@right("output_gradient")
def output_einsum(h, p, targets, W_hy):
    d = p - (targets[:, None] == np.arange(p.shape[1]))
    dW = np.einsum("bv,bh->vh", d, h)
    return dW / len(p), d.mean(axis=0), np.einsum("bv,vh->bh", d, W_hy) / len(p)


# hidden_gradient


@wrong("hidden_gradient", "tanh is taken a second time")
def tanh_again(x, h, dh, W_xh):
    da = dh * (1 - np.tanh(h) ** 2)
    return da.T @ x, da.sum(axis=0), da @ W_xh


@wrong("hidden_gradient", "the slope of tanh is missing; multiply dh")
def no_slope_at_all(x, h, dh, W_xh):
    return dh.T @ x, dh.sum(axis=0), dh @ W_xh


@wrong("hidden_gradient", "the slope of tanh is missing in dx")
def dx_without_slope(x, h, dh, W_xh):
    da = dh * (1 - h**2)
    return da.T @ x, da.sum(axis=0), dh @ W_xh


@wrong("hidden_gradient", "the slope is that of the sigmoid")
def sigmoid_slope(x, h, dh, W_xh):
    da = dh * h * (1 - h)
    return da.T @ x, da.sum(axis=0), da @ W_xh


@wrong("hidden_gradient", "the square is missing")
def no_square(x, h, dh, W_xh):
    da = dh * (1 - h)
    return da.T @ x, da.sum(axis=0), da @ W_xh


@wrong("hidden_gradient", "the square is in the wrong place")
def square_of_difference(x, h, dh, W_xh):
    da = dh * (1 - h) ** 2
    return da.T @ x, da.sum(axis=0), da @ W_xh


@wrong("hidden_gradient", "dW_xh is transposed")
def dW_xh_transposed(x, h, dh, W_xh):
    da = dh * (1 - h**2)
    return x.T @ da, da.sum(axis=0), da @ W_xh


@wrong("hidden_gradient", "a transpose is missing in dW_xh")
def dW_xh_without_transpose(x, h, dh, W_xh):
    da = dh * (1 - h**2)
    return da @ x, da.sum(axis=0), da @ W_xh


@wrong("hidden_gradient", "W_xh need not be transposed")
def W_xh_transposed(x, h, dh, W_xh):
    da = dh * (1 - h**2)
    return da.T @ x, da.sum(axis=0), da @ W_xh.T


@wrong("hidden_gradient", "divided by the number of examples a second time")
def divided_twice(x, h, dh, W_xh):
    da = dh * (1 - h**2) / len(x)
    return da.T @ x, da.sum(axis=0), da @ W_xh


@wrong("hidden_gradient", "db_h is a mean")
def db_h_mean(x, h, dh, W_xh):
    da = dh * (1 - h**2)
    return da.T @ x, da.mean(axis=0), da @ W_xh


@wrong("hidden_gradient", "db_h adds along the hidden units")
def db_h_other_axis(x, h, dh, W_xh):
    da = dh * (1 - h**2)
    return da.T @ x, da.sum(axis=1), da @ W_xh


@right("hidden_gradient")
def unit_by_unit(x, h, dh, W_xh):
    dW, db, dx = np.zeros_like(W_xh), np.zeros(len(W_xh)), np.zeros_like(x)
    for b in range(len(x)):
        for j in range(len(W_xh)):
            da = dh[b, j] * (1 - h[b, j] ** 2)
            dW[j] += da * x[b]
            db[j] += da
            dx[b] += da * W_xh[j]
    return dW, db, dx


@right("hidden_gradient")
def hidden_einsum(x, h, dh, W_xh):
    da = dh * (1 - h) * (1 + h)
    return np.einsum("bh,bi->hi", da, x), da.sum(0), np.einsum("bh,hi->bi", da, W_xh)


# embedding_gradient


@wrong("embedding_gradient", "the last place overwrites the others")
def assigned(windows, dx, vocab_size):
    B, C = windows.shape
    D = dx.shape[1] // C
    dE = np.zeros((vocab_size, D))
    dE[windows] = dx.reshape(B, C, D)
    return dE


@wrong("embedding_gradient", "the last place overwrites the others")
def added_with_an_index(windows, dx, vocab_size):
    B, C = windows.shape
    dE = np.zeros((vocab_size, dx.shape[1] // C))
    dE[windows.reshape(-1)] += dx.reshape(B * C, -1)
    return dE


@wrong("embedding_gradient", "a word that stands twice in one window counts once")
def window_by_window(windows, dx, vocab_size):
    B, C = windows.shape
    dE = np.zeros((vocab_size, dx.shape[1] // C))
    for b in range(B):
        dE[windows[b]] += dx[b].reshape(C, -1)
    return dE


@wrong("embedding_gradient", "at one place of two windows counts once")
def place_by_place(windows, dx, vocab_size):
    C = windows.shape[1]
    D = dx.shape[1] // C
    dE = np.zeros((vocab_size, D))
    for c in range(C):
        dE[windows[:, c]] += dx[:, c * D : (c + 1) * D]
    return dE


@wrong("embedding_gradient", "are averaged; add them")
def averaged(windows, dx, vocab_size):
    B, C = windows.shape
    dE, counts = np.zeros((vocab_size, dx.shape[1] // C)), np.zeros(vocab_size)
    np.add.at(dE, windows, dx.reshape(B, C, -1))
    np.add.at(counts, windows, 1)
    return dE / np.maximum(counts, 1)[:, None]


@wrong("embedding_gradient", "words that do not occur have gradient 0")
def averaged_with_nan(windows, dx, vocab_size):
    dE = np.full((vocab_size, dx.shape[1] // windows.shape[1]), np.nan)
    dE[windows] = 0
    np.add.at(dE, windows, dx.reshape(*windows.shape, -1))
    return dE


@wrong("embedding_gradient", "only the last word of each window")
def last_place(windows, dx, vocab_size):
    D = dx.shape[1] // windows.shape[1]
    dE = np.zeros((vocab_size, D))
    for b in range(len(windows)):
        dE[windows[b, -1]] += dx[b, -D:]
    return dE


@wrong("embedding_gradient", "are given to the wrong places")
def every_third_number(windows, dx, vocab_size):
    C = windows.shape[1]
    dE = np.zeros((vocab_size, dx.shape[1] // C))
    for b in range(len(windows)):
        for c in range(C):
            dE[windows[b, c]] += dx[b, c::C]
    return dE


@wrong("embedding_gradient", "dE is transposed")
def dE_transposed(windows, dx, vocab_size):
    return looped(windows, dx, vocab_size).T


@wrong("embedding_gradient", "divided by the number of examples")
def divided_by_the_batch(windows, dx, vocab_size):
    return looped(windows, dx, vocab_size) / len(windows)


@wrong("embedding_gradient", "a row only up to the greatest id")
def up_to_the_greatest_id(windows, dx, vocab_size):
    return looped(windows, dx, windows.max() + 1)


@wrong("embedding_gradient", "whole numbers (int64) where floats are expected")
def whole_numbers(windows, dx, vocab_size):
    B, C = windows.shape
    dE = np.zeros((vocab_size, dx.shape[1] // C), dtype=int)
    for b in range(B):
        for c, piece in enumerate(dx[b].reshape(C, -1)):
            dE[windows[b, c]] = dE[windows[b, c]] + piece
    return dE


def looped(windows, dx, vocab_size):
    B, C = windows.shape
    D = dx.shape[1] // C
    dE = np.zeros((vocab_size, D))
    for b in range(B):
        for c in range(C):
            dE[windows[b, c]] += dx[b, c * D : (c + 1) * D]
    return dE


right("embedding_gradient")(looped)


@right("embedding_gradient")
def one_hot_transposed(windows, dx, vocab_size):
    one_hot = np.eye(vocab_size)[windows.reshape(-1)]  # (B C, V)
    return one_hot.T @ dx.reshape(windows.size, -1)


@right("embedding_gradient")
def added_at(windows, dx, vocab_size):
    dE = np.zeros((vocab_size, dx.shape[1] // windows.shape[1]))
    np.add.at(dE, windows.ravel(), dx.reshape(windows.size, -1))
    return dE
