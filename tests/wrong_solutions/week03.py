"""Wrong solutions of week 3 as students write them."""

import math
from itertools import accumulate, pairwise

import numpy as np

from wrong_solutions import new_bank

WRONG, RIGHT, wrong, right = new_bank()
EOS = 1


# srn_step


def step(x, h_prev, W_xh, W_hh, b_h):
    return np.tanh(W_xh @ x + W_hh @ h_prev + b_h)


@wrong("srn_step", "W_xh and W_hh are swapped")
def swapped(x, h_prev, W_xh, W_hh, b_h):
    return np.tanh(W_hh @ x + W_xh @ h_prev + b_h)


@wrong("srn_step", "W_hh is transposed")
def hidden_transposed(x, h_prev, W_xh, W_hh, b_h):
    return np.tanh(W_xh @ x + W_hh.T @ h_prev + b_h)


@wrong("srn_step", "W_xh is transposed")
def input_transposed(x, h_prev, W_xh, W_hh, b_h):
    return np.tanh(W_xh.T @ x + W_hh @ h_prev + b_h)


@wrong("srn_step", "both matrices are transposed")
def row_vectors(x, h_prev, W_xh, W_hh, b_h):
    return np.tanh(x @ W_xh + h_prev @ W_hh + b_h)


@wrong("srn_step", "the bias b_h is forgotten")
def no_bias(x, h_prev, W_xh, W_hh, b_h):
    return np.tanh(W_xh @ x + W_hh @ h_prev)


@wrong("srn_step", "the bias b_h is added twice")
def two_biases(x, h_prev, W_xh, W_hh, b_h):
    return np.tanh((W_xh @ x + b_h) + (W_hh @ h_prev + b_h))


@wrong("srn_step", "tanh is forgotten")
def linear(x, h_prev, W_xh, W_hh, b_h):
    return W_xh @ x + W_hh @ h_prev + b_h


@wrong("srn_step", "tanh stands around a part of the sum only")
def tanh_of_the_input(x, h_prev, W_xh, W_hh, b_h):
    return np.tanh(W_xh @ x + b_h) + W_hh @ h_prev


@wrong("srn_step", "tanh stands around a part of the sum only")
def tanh_of_each(x, h_prev, W_xh, W_hh, b_h):
    return np.tanh(W_xh @ x) + np.tanh(W_hh @ h_prev) + b_h


@wrong("srn_step", "tanh stands around a part of the sum only")
def bias_outside(x, h_prev, W_xh, W_hh, b_h):
    return np.tanh(W_xh @ x + W_hh @ h_prev) + b_h


@wrong("srn_step", "the sigmoid is used")
def sigmoid(x, h_prev, W_xh, W_hh, b_h):
    return 1 / (1 + np.exp(-linear(x, h_prev, W_xh, W_hh, b_h)))


@wrong("srn_step", "ReLU is used")
def relu(x, h_prev, W_xh, W_hh, b_h):
    return np.maximum(0, linear(x, h_prev, W_xh, W_hh, b_h))


@wrong("srn_step", "the state before plays no part")
def feedforward(x, h_prev, W_xh, W_hh, b_h):
    return np.tanh(W_xh @ x + b_h)


@wrong("srn_step", "the old state is added")
def residual(x, h_prev, W_xh, W_hh, b_h):
    return h_prev + step(x, h_prev, W_xh, W_hh, b_h)


@wrong("srn_step", "a matrix product is `@`")
def entry_by_entry(x, h_prev, W_xh, W_hh, b_h):
    return np.tanh(W_xh @ x + W_hh * h_prev + b_h)


@wrong("srn_step", "it changes its argument `b_h`")
def changes_the_bias(x, h_prev, W_xh, W_hh, b_h):
    b_h += W_xh @ x + W_hh @ h_prev
    return np.tanh(b_h)


@right("srn_step")
def unit_by_unit(x, h_prev, W_xh, W_hh, b_h):
    h = np.zeros(len(b_h))
    for j in range(len(b_h)):
        net = b_h[j]
        for i in range(len(x)):
            net += W_xh[j, i] * x[i]
        for k in range(len(h_prev)):
            net += W_hh[j, k] * h_prev[k]
        h[j] = math.tanh(net)
    return h


@right("srn_step")
def einsum(x, h_prev, W_xh, W_hh, b_h):
    return np.tanh(np.einsum("he,e->h", W_xh, x) + np.einsum("jk,k->j", W_hh, h_prev) + b_h)


@right("srn_step")
def dot_of_rows(x, h_prev, W_xh, W_hh, b_h):
    return np.tanh(np.dot(x, W_xh.T) + h_prev.dot(W_hh.transpose()) + b_h)


# inputs_and_targets


@wrong("inputs_and_targets", "inputs and targets are the same")
def no_shift(text):
    return text, text


@wrong("inputs_and_targets", "the first token is never predicted")
def within_the_text(text):
    return text[:-1], text[1:]


@wrong("inputs_and_targets", "inputs and targets are swapped")
def targets_first(text):
    return text, np.concatenate([[EOS], text[:-1]])


@wrong("inputs_and_targets", "it is shifted the wrong way")
def shifted_targets(text):
    return text, np.concatenate([text[1:], [EOS]])


@wrong("inputs_and_targets", "as np.roll puts it there")
def rolled(text):
    return np.roll(text, 1), text


@wrong("inputs_and_targets", "it changes its argument `text`")
def in_place(text):
    targets = text.copy()
    text[1:] = text[:-1].copy()
    text[0] = EOS
    return text, targets


@wrong("inputs_and_targets", "two tokens after its input")
def both_shifted(text):
    return np.insert(text, 0, EOS)[:-1], np.append(text[1:], EOS)


@wrong("inputs_and_targets", "`</s>` is never a target")
def without_ends(text):
    ordinary = text != EOS
    return np.insert(text, 0, EOS)[:-1][ordinary], text[ordinary]


@wrong("inputs_and_targets", "one input too many")
def keeps_the_last(text):
    return np.insert(text, 0, EOS), text


@wrong("inputs_and_targets", "the first input is id 0")
def begins_with_zero(text):
    inputs = np.zeros_like(text)
    inputs[1:] = text[:-1]
    return inputs, text


@right("inputs_and_targets")
def copies(text):
    inputs = np.empty_like(text)
    inputs[0], inputs[1:] = EOS, text[:-1]
    return inputs, text.copy()


@right("inputs_and_targets")
def pairs_of_a_list(text):
    pairs = list(pairwise([EOS, *text.tolist()]))
    return [np.array([a for a, _ in pairs]), np.array([b for _, b in pairs])]


# forward_rnn


@wrong("forward_rnn", "every step begins with h_0")
def h_0_each_time(xs, h_0, W_xh, W_hh, b_h):
    return np.array([step(x, h_0, W_xh, W_hh, b_h) for x in xs])


@wrong("forward_rnn", "every step begins with zeros")
def zeros_each_time(xs, h_0, W_xh, W_hh, b_h):
    return np.array([step(x, np.zeros_like(h_0), W_xh, W_hh, b_h) for x in xs])


@wrong("forward_rnn", "the first step begins with zeros")
def ignores_h_0(xs, h_0, W_xh, W_hh, b_h):
    hs, h = [], np.zeros(len(b_h))
    for x in xs:
        h = step(x, h, W_xh, W_hh, b_h)
        hs.append(h)
    return np.array(hs)


@wrong("forward_rnn", "h_0 is among the rows")
def with_h_0(xs, h_0, W_xh, W_hh, b_h):
    hs = [h_0]
    for x in xs:
        hs.append(step(x, hs[-1], W_xh, W_hh, b_h))
    return np.array(hs)


@wrong("forward_rnn", "the rows are one step late")
def appended_too_early(xs, h_0, W_xh, W_hh, b_h):
    hs, h = [], h_0
    for x in xs:
        hs.append(h)
        h = step(x, h, W_xh, W_hh, b_h)
    return np.array(hs)


@wrong("forward_rnn", "xs[0] is never read")
def h_0_in_row_0(xs, h_0, W_xh, W_hh, b_h):
    hs = np.zeros((len(xs), len(h_0)))
    hs[0] = h_0
    for t in range(1, len(xs)):
        hs[t] = step(xs[t], hs[t - 1], W_xh, W_hh, b_h)
    return hs


@wrong("forward_rnn", "the first step begins with zeros")
def row_before_the_first(xs, h_0, W_xh, W_hh, b_h):
    hs = np.zeros((len(xs), len(h_0)))
    for t in range(len(xs)):
        hs[t] = step(xs[t], hs[t - 1], W_xh, W_hh, b_h)
    return hs


@wrong("forward_rnn", "input and state are swapped")
def arguments_swapped(xs, h_0, W_xh, W_hh, b_h):
    hs, h = [], h_0
    for x in xs:
        h = step(h, x, W_xh, W_hh, b_h)
        hs.append(h)
    return np.array(hs)


@wrong("forward_rnn", "only the last state is returned")
def last_state(xs, h_0, W_xh, W_hh, b_h):
    h = h_0
    for x in xs:
        h = step(x, h, W_xh, W_hh, b_h)
    return h


@wrong("forward_rnn", "`return` stands inside the loop")
def return_in_the_loop(xs, h_0, W_xh, W_hh, b_h):
    hs, h = [], h_0
    for x in xs:
        h = step(x, h, W_xh, W_hh, b_h)
        hs.append(h)
        return np.array(hs)


@wrong("forward_rnn", "changed in place and appended each time")
def one_array(xs, h_0, W_xh, W_hh, b_h):
    hs, h = [], h_0.copy()
    for x in xs:
        h[:] = step(x, h, W_xh, W_hh, b_h)
        hs.append(h)
    return np.array(hs)


@wrong("forward_rnn", "it changes its argument `h_0`")
def changes_h_0(xs, h_0, W_xh, W_hh, b_h):
    hs = np.zeros((len(xs), len(h_0)))
    for t, x in enumerate(xs):
        h_0[:] = step(x, h_0, W_xh, W_hh, b_h)
        hs[t] = h_0
    return hs


@wrong("forward_rnn", "the states stand in columns")
def states_in_columns(xs, h_0, W_xh, W_hh, b_h):
    return np.column_stack(by_accumulate(xs, h_0, W_xh, W_hh, b_h))


@wrong("forward_rnn", "the text is read from its end")
def backwards(xs, h_0, W_xh, W_hh, b_h):
    return by_accumulate(xs[::-1], h_0, W_xh, W_hh, b_h)


@wrong("forward_rnn", "it returns a list where an array")
def list_of_states(xs, h_0, W_xh, W_hh, b_h):
    return list(by_accumulate(xs, h_0, W_xh, W_hh, b_h))


@right("forward_rnn")
def by_accumulate(xs, h_0, W_xh, W_hh, b_h):
    states = accumulate(xs, lambda h, x: step(x, h, W_xh, W_hh, b_h), initial=h_0)
    return np.array(list(states)[1:])


@right("forward_rnn")
def input_product_first(xs, h_0, W_xh, W_hh, b_h):
    from_inputs = xs @ W_xh.T + b_h
    hs = np.empty_like(from_inputs)
    for t in range(len(xs)):
        hs[t] = np.tanh(from_inputs[t] + W_hh @ (hs[t - 1] if t else h_0))
    return hs


@right("forward_rnn")
def recursive(xs, h_0, W_xh, W_hh, b_h):
    if len(xs) == 0:
        return np.empty((0, len(h_0)))
    h = step(xs[0], h_0, W_xh, W_hh, b_h)
    return np.vstack([h, recursive(xs[1:], h, W_xh, W_hh, b_h)])


# tag_probs


def softmax(z, axis=-1):
    e = np.exp(z - z.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def _tag(X, tags, U, W, V, f=lambda a: np.maximum(a, 0), g=softmax):
    h, answers = np.zeros(len(W)), []
    for x, tag in zip(X, tags, strict=True):
        h = f(x @ U + h @ W)
        answers.append(g(h @ V)[tag])
    return np.array(answers)


@wrong("tag_probs", "W is transposed")
def tagger_transposed(X, tags, U, W, V):
    h, answers = np.zeros(len(W)), []
    for x, tag in zip(X, tags, strict=True):
        h = np.maximum(x @ U + W @ h, 0)
        answers.append(softmax(h @ V)[tag])
    return np.array(answers)


@wrong("tag_probs", "as if vectors were columns")
def tagger_columns(X, tags, U, W, V):
    h, answers = np.zeros(len(W)), []
    for x, tag in zip(X, tags, strict=True):
        h = np.maximum(U @ x + W @ h, 0)
        answers.append(softmax(V @ h)[tag])
    return np.array(answers)


@wrong("tag_probs", "tanh is used")
def tagger_tanh(X, tags, U, W, V):
    return _tag(X, tags, U, W, V, f=np.tanh)


@wrong("tag_probs", "ReLU is forgotten")
def tagger_linear(X, tags, U, W, V):
    return _tag(X, tags, U, W, V, f=lambda a: a)


@wrong("tag_probs", "np.maximum(z, 0) takes each entry")
def tagger_max(X, tags, U, W, V):
    return _tag(X, tags, U, W, V, f=lambda a: max(a, 0))


@wrong("tag_probs", "np.maximum(z, 0) takes each entry")
def tagger_np_max(X, tags, U, W, V):
    return _tag(X, tags, U, W, V, f=lambda a: np.max(a, 0))


@wrong("tag_probs", "ReLU stands around a part of the sum only")
def relu_of_each(X, tags, U, W, V):
    h, answers = np.zeros(len(W)), []
    for x, tag in zip(X, tags, strict=True):
        h = np.maximum(x @ U, 0) + np.maximum(h @ W, 0)
        answers.append(softmax(h @ V)[tag])
    return np.array(answers)


@wrong("tag_probs", "ReLU is applied to the scores too")
def relu_of_scores(X, tags, U, W, V):
    return _tag(X, tags, U, W, V, g=lambda z: softmax(np.maximum(z, 0)))


@wrong("tag_probs", "the state before plays no part")
def tagger_without_state(X, tags, U, W, V):
    y = softmax(np.maximum(X @ U, 0) @ V)
    return y[np.arange(len(tags)), tags]


@wrong("tag_probs", "scores are returned")
def scores(X, tags, U, W, V):
    return _tag(X, tags, U, W, V, g=lambda z: z)


@wrong("tag_probs", "exp of the score is not yet a probability")
def not_normalised(X, tags, U, W, V):
    return _tag(X, tags, U, W, V, g=np.exp)


@wrong("tag_probs", "the softmax runs over the steps")
def softmax_over_steps(X, tags, U, W, V):
    z = np.array([_tag(X, np.full(len(X), k), U, W, V, g=lambda z: z) for k in range(len(V[0]))]).T
    return softmax(z, axis=0)[np.arange(len(tags)), tags]


@wrong("tag_probs", "logarithms are returned")
def tag_log_probs(X, tags, U, W, V):
    return np.log(_tag(X, tags, U, W, V))


@wrong("tag_probs", "the largest probability of each step")
def best_tags(X, tags, U, W, V):
    h, answers = np.zeros(len(W)), []
    for x in X:
        h = np.maximum(x @ U + h @ W, 0)
        answers.append(softmax(h @ V).max())
    return np.array(answers)


@wrong("tag_probs", "all tags' probabilities")
def whole_distributions(X, tags, U, W, V):
    h, answers = np.zeros(len(W)), []
    for x in X:
        h = np.maximum(x @ U + h @ W, 0)
        answers.append(softmax(h @ V))
    return np.array(answers)


@wrong("tag_probs", "one step late")
def tagger_one_late(X, tags, U, W, V):
    h, answers = np.zeros(len(W)), []
    for x, tag in zip(X, tags, strict=True):
        answers.append(softmax(h @ V)[tag])
        h = np.maximum(x @ U + h @ W, 0)
    return np.array(answers)


@right("tag_probs")
def plain_loops(X, tags, U, W, V):
    H, h, answers = len(W), [0.0] * len(W), []
    for x, tag in zip(X.tolist(), tags.tolist(), strict=True):
        h = [
            max(
                0.0,
                sum(x[i] * U[i][j] for i in range(len(x))) + sum(h[k] * W[k][j] for k in range(H)),
            )
            for j in range(H)
        ]
        e = [math.exp(sum(h[j] * V[j][k] for j in range(H))) for k in range(len(V[0]))]
        answers.append(e[tag] / sum(e))
    return np.array(answers)


@right("tag_probs")
def in_columns(X, tags, U, W, V):
    h, answers = np.zeros((len(W), 1)), []
    for x, tag in zip(X, tags, strict=True):
        h = np.maximum(U.T @ x[:, None] + W.T @ h, 0)
        answers.append(softmax(V.T @ h, axis=0)[tag, 0])
    return np.stack(answers)


# token_log_probs


def log_softmax(z, axis=-1):
    z = z - z.max(axis=axis, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=axis, keepdims=True))


def at(table, targets):
    return table[np.arange(len(targets)), targets]


@wrong("token_log_probs", "exp of a large logit is infinite")
def overflows(logits, targets):
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return np.log(at(p, targets))


@wrong("token_log_probs", "exp of a large logit is infinite")
def log_of_a_large_sum(logits, targets):
    return at(logits, targets) - np.log(np.exp(logits).sum(axis=1))


@wrong("token_log_probs", "subtract that of each row: axis=1")
def largest_of_columns(logits, targets):
    z = logits - logits.max(axis=0)
    return at(z - np.log(np.exp(z).sum(axis=1, keepdims=True)), targets)


@wrong("token_log_probs", "subtract the largest of each row")
def largest_of_all(logits, targets):
    z = logits - logits.max()
    return at(z - np.log(np.exp(z).sum(axis=1, keepdims=True)), targets)


@wrong("token_log_probs", "without keepdims=True")
def largest_without_its_column(logits, targets):
    z = logits - logits.max(axis=1)
    return at(z - np.log(np.exp(z).sum(axis=1)), targets)


@wrong("token_log_probs", "a small probability is rounded to 0")
def log_of_softmax(logits, targets):
    return np.log(at(softmax(logits), targets))


@wrong("token_log_probs", "every answer is a little wrong")
def with_a_small_number(logits, targets):
    return np.log(at(softmax(logits), targets) + 1e-9)


@wrong("token_log_probs", "probabilities are returned")
def probabilities(logits, targets):
    return at(softmax(logits), targets)


@wrong("token_log_probs", "the sign is turned")
def losses(logits, targets):
    return -at(log_softmax(logits), targets)


@wrong("token_log_probs", "the softmax runs over the steps")
def wrong_axis(logits, targets):
    return at(log_softmax(logits, axis=0), targets)


@wrong("token_log_probs", "over all steps together")
def no_axis(logits, targets):
    z = logits - logits.max()
    return at(z - np.log(np.exp(z).sum()), targets)


@wrong("token_log_probs", "every target at every step")
def every_target(logits, targets):
    return log_softmax(logits)[:, targets]


@wrong("token_log_probs", "it is off by one")
def off_by_one(logits, targets):
    return at(log_softmax(logits)[:-1], targets[1:])


@wrong("token_log_probs", "logits are returned")
def raw(logits, targets):
    return at(logits, targets)


@wrong("token_log_probs", "this is in bits")
def bits(logits, targets):
    return at(log_softmax(logits), targets) / np.log(2)


@wrong("token_log_probs", "one number for the whole text")
def summed(logits, targets):
    return at(log_softmax(logits), targets).sum()


@wrong("token_log_probs", "add it to the logarithm of the sum again")
def forgets_the_largest(logits, targets):
    largest = logits.max(axis=1, keepdims=True)
    return at(logits - np.log(np.exp(logits - largest).sum(axis=1, keepdims=True)), targets)


@right("token_log_probs")
def step_by_step(logits, targets):
    answers = []
    for z, target in zip(logits, targets, strict=True):
        largest = max(z)
        answers.append(z[target] - largest - math.log(sum(math.exp(v - largest) for v in z)))
    return np.array(answers)


@right("token_log_probs")
def logaddexp(logits, targets):
    picked = np.take_along_axis(logits, targets[:, None], axis=1)[:, 0]
    return picked - np.logaddexp.reduce(logits, axis=1)


@right("token_log_probs")
def one_hot(logits, targets):
    return np.einsum("tv,tv->t", np.eye(logits.shape[1])[targets], log_softmax(logits))


# mean_loss


@wrong("mean_loss", "the mean of the sentences' means")
def mean_of_means(log_probs):
    return -np.mean([sentence.mean() for sentence in log_probs])


@wrong("mean_loss", "this is the sum")
def total(log_probs):
    return -sum(sentence.sum() for sentence in log_probs)


@wrong("mean_loss", "it divides by the number of sentences")
def per_sentence(log_probs):
    return -sum(sentence.sum() for sentence in log_probs) / len(log_probs)


@wrong("mean_loss", "the sign is missing")
def positive(log_probs):
    return np.concatenate(log_probs).mean()


@wrong("mean_loss", "this is the perplexity")
def perplexity(log_probs):
    return np.exp(-np.concatenate(log_probs).mean())


@wrong("mean_loss", "logarithms already")
def two_logarithms(log_probs):
    return -np.log(np.concatenate(log_probs)).mean()


@wrong("mean_loss", "texts of different lengths make no matrix")
def one_matrix(log_probs):
    return -np.array(log_probs).mean()


@wrong("mean_loss", "only the last sentence counts")
def last_sentence(log_probs):
    for sentence in log_probs:
        loss = -sentence.mean()
    return loss


@right("mean_loss")
def weighted(log_probs):
    n = sum(len(sentence) for sentence in log_probs)
    return -sum(sentence.mean() * len(sentence) / n for sentence in log_probs)


@right("mean_loss")
def concatenated(log_probs):
    return -np.concatenate(log_probs).mean()


# streams


@wrong("streams", "side by side, in different columns")
def interleaved(text, batch_size):
    length = len(text) // batch_size
    return text[: length * batch_size].reshape(length, batch_size)


@wrong("streams", "side by side, in different columns")
def every_other_token(text, batch_size):
    return np.array([text[b::batch_size] for b in range(batch_size)]).T


@wrong("streams", "`//` divides whole numbers")
def float_length(text, batch_size):
    length = len(text) / batch_size
    return text[: length * batch_size].reshape(batch_size, length).T


@wrong("streams", "text[:-0] is empty")
def drops_all(text, batch_size):
    return text[: -(len(text) % batch_size)].reshape(batch_size, -1).T


@wrong("streams", "it is transposed")
def rows(text, batch_size):
    length = len(text) // batch_size
    return text[: length * batch_size].reshape(batch_size, length)


@wrong("streams", "must be dropped")
def keeps_the_rest(text, batch_size):
    return text.reshape(batch_size, -1).T


@wrong("streams", "dropped at the start")
def drops_the_start(text, batch_size):
    length = len(text) // batch_size
    return text[-length * batch_size :].reshape(batch_size, length).T


@wrong("streams", "with a filler after them")
def filled(text, batch_size):
    length = math.ceil(len(text) / batch_size)
    padded = np.zeros(length * batch_size, dtype=np.int64)
    padded[: len(text)] = text
    return padded.reshape(batch_size, length).T


@wrong("streams", "batch_size is the number of columns")
def length_for_batch(text, batch_size):
    length = len(text) // batch_size
    return np.stack([text[i * batch_size : (i + 1) * batch_size] for i in range(length)], axis=1)


@right("streams")
def column_by_column(text, batch_size):
    length = len(text) // batch_size
    columns = [text[b * length : (b + 1) * length] for b in range(batch_size)]
    return np.column_stack(columns)


@right("streams")
def fortran_order(text, batch_size):
    length = len(text) // batch_size
    return text[: length * batch_size].reshape((length, batch_size), order="F")


@right("streams")
def two_loops(text, batch_size):
    length = len(text) // batch_size
    answer = np.zeros((length, batch_size), dtype=int)
    for b in range(batch_size):
        for t in range(length):
            answer[t, b] = text[b * length + t]
    return answer


# temperature_probs


@wrong("temperature_probs", "the logits are multiplied by the temperature")
def multiplied(logits, temperature):
    return softmax(logits * temperature)


@wrong("temperature_probs", "the temperature plays no part")
def no_temperature(logits, temperature):
    return softmax(logits)


@wrong("temperature_probs", "a factor of all powers cancels")
def powers_divided(logits, temperature):
    e = np.exp(logits - logits.max()) / temperature
    return e / e.sum()


@wrong("temperature_probs", "the powers of the probabilities do not sum to 1")
def powers(logits, temperature):
    return softmax(logits) ** (1 / temperature)


@wrong("temperature_probs", "inf / inf is nan")
def heat_overflows(logits, temperature):
    e = np.exp(logits / temperature)
    return e / e.sum()


@wrong("temperature_probs", "no longer sum to 1")
def divided_after(logits, temperature):
    return softmax(logits) / temperature


@wrong("temperature_probs", "exp is missing")
def no_exp(logits, temperature):
    z = logits / temperature
    return z / z.sum()


@wrong("temperature_probs", "softmax is taken twice")
def softmax_twice(logits, temperature):
    return softmax(softmax(logits) / temperature)


@wrong("temperature_probs", "only the most probable word is left")
def all_on_the_best(logits, temperature):
    p = np.zeros(len(logits))
    p[np.argmax(logits)] = 1
    return p


@wrong("temperature_probs", "divide by the sum")
def heat_not_normalised(logits, temperature):
    return np.exp((logits - logits.max()) / temperature)


@wrong("temperature_probs", "brackets: (logits - largest) / temperature")
def no_brackets(logits, temperature):
    e = np.exp(logits - logits.max() / temperature)
    return e / e.sum()


@right("temperature_probs")
def shares_of_powers(logits, temperature):
    p = softmax(logits) ** (1 / temperature)
    return p / p.sum()


@right("temperature_probs")
def logs_first(logits, temperature):
    z = logits / temperature
    return np.exp(z - np.logaddexp.reduce(z))


@right("temperature_probs")
def in_a_loop(logits, temperature):
    largest = max(logits)
    e = [math.exp((z - largest) / temperature) for z in logits]
    return np.array([v / sum(e) for v in e])


# generate


def draw(probabilities, u):
    return int(np.searchsorted(np.cumsum(probabilities), u, side="right"))


def read(word, h, weights):
    w = weights
    return step(w["embedding"][word], h, w["W_xh"], w["W_hh"], w["b_h"])


def next_probs(h, weights, temperature):
    return softmax((weights["W_hy"] @ h + weights["b_y"]) / temperature)


@wrong("generate", "the state is not carried")
def state_reset(weights, numbers, temperature):
    words, word = [], EOS
    for u in numbers:
        h = read(word, np.zeros(len(weights["b_h"])), weights)
        word = draw(next_probs(h, weights, temperature), u)
        if word == EOS:
            break
        words.append(word)
    return words


@wrong("generate", "the drawn word is not fed back")
def no_feedback(weights, numbers, temperature):
    words, h = [], np.zeros(len(weights["b_h"]))
    for u in numbers:
        h = read(EOS, h, weights)
        word = draw(next_probs(h, weights, temperature), u)
        if word == EOS:
            break
        words.append(word)
    return words


@wrong("generate", "`</s>` is part of the answer")
def keeps_the_end(weights, numbers, temperature):
    words, word, h = [], EOS, np.zeros(len(weights["b_h"]))
    for u in numbers:
        h = read(word, h, weights)
        word = draw(next_probs(h, weights, temperature), u)
        words.append(word)
        if word == EOS:
            break
    return words


@wrong("generate", "it does not stop at `</s>`")
def no_stop(weights, numbers, temperature):
    words, word, h = [], EOS, np.zeros(len(weights["b_h"]))
    for u in numbers:
        h = read(word, h, weights)
        word = draw(next_probs(h, weights, temperature), u)
        words.append(word)
    return words


@wrong("generate", "goes on after it")
def skips_the_end(weights, numbers, temperature):
    return [word for word in no_stop(weights, numbers, temperature) if word != EOS]


@wrong("generate", "the last word is always left out")
def cuts_the_last(weights, numbers, temperature):
    return keeps_the_end(weights, numbers, temperature)[:-1]


@wrong("generate", "look it up among their running sums")
def without_running_sums(weights, numbers, temperature):
    words, word, h = [], EOS, np.zeros(len(weights["b_h"]))
    for u in numbers:
        h = read(word, h, weights)
        word = int(np.searchsorted(next_probs(h, weights, temperature), u, side="right"))
        if word == EOS:
            break
        words.append(word)
    return words


@wrong("generate", "it takes the most probable word each time")
def greedy(weights, numbers, temperature):
    words, word, h = [], EOS, np.zeros(len(weights["b_h"]))
    for _ in numbers:
        h = read(word, h, weights)
        word = int(np.argmax(next_probs(h, weights, temperature)))
        if word == EOS:
            break
        words.append(word)
    return words


@wrong("generate", "the temperature plays no part")
def at_temperature_1(weights, numbers, temperature):
    return matrices_first(weights, numbers, 1.0)


@wrong("generate", "the logits are multiplied by the temperature")
def heat_multiplied(weights, numbers, temperature):
    return matrices_first(weights, numbers, 1 / temperature)


@wrong("generate", "the bias b_y is forgotten")
def no_output_bias(weights, numbers, temperature):
    return matrices_first(weights | {"b_y": 0 * weights["b_y"]}, numbers, temperature)


@wrong("generate", "read `</s>` first")
def draws_before_reading(weights, numbers, temperature):
    words, h = [], np.zeros(len(weights["b_h"]))
    for u in numbers:
        word = draw(next_probs(h, weights, temperature), u)
        if word == EOS:
            break
        words.append(word)
        h = read(word, h, weights)
    return words


@wrong("generate", "every word is drawn with the first number")
def one_number(weights, numbers, temperature):
    return matrices_first(weights, [numbers[0] for _ in numbers], temperature)


@wrong("generate", "the first input is id 0")
def starts_with_unknown(weights, numbers, temperature):
    words, word, h = [], 0, np.zeros(len(weights["b_h"]))
    for u in numbers:
        h = read(word, h, weights)
        word = draw(next_probs(h, weights, temperature), u)
        if word == EOS:
            break
        words.append(word)
    return words


@wrong("generate", "two calls with the same input give different answers")
def own_random_numbers(weights, numbers, temperature):
    return matrices_first(weights, np.random.default_rng().random(len(numbers)), temperature)


@wrong("generate", "the answer holds the first `</s>`")
def keeps_the_start(weights, numbers, temperature):
    return [EOS, *matrices_first(weights, numbers, temperature)]


@right("generate")
def matrices_first(weights, numbers, temperature):
    from_inputs = weights["embedding"] @ weights["W_xh"].T + weights["b_h"]
    words, word, h = [], EOS, 0 * weights["b_h"]
    for u in numbers:
        h = np.tanh(from_inputs[word] + weights["W_hh"] @ h)
        word = draw(next_probs(h, weights, temperature), u)
        if word == EOS:
            return words
        words.append(word)
    return words


@right("generate")
def array_of_words(weights, numbers, temperature):
    def rest(word, h, remaining):
        if len(remaining) == 0:
            return []
        h = read(word, h, weights)
        word = draw(next_probs(h, weights, temperature), remaining[0])
        return [] if word == EOS else [word, *rest(word, h, remaining[1:])]

    return np.array(rest(EOS, np.zeros(len(weights["W_hh"])), numbers), dtype=int)


# score_piece


def scored(inputs, targets, h, weights):
    hs = by_accumulate(
        weights["embedding"][inputs], h, weights["W_xh"], weights["W_hh"], weights["b_h"]
    )
    return at(log_softmax(hs @ weights["W_hy"].T + weights["b_y"]), targets), hs[-1]


def shifted(piece, previous):
    return np.concatenate([[previous], piece[:-1]])


@wrong("score_piece", "y_i[w_i]")
def reads_what_it_predicts(piece, previous, h, weights):
    return scored(piece, piece, h, weights)


@wrong("score_piece", "the inputs are scored")
def scores_the_inputs(piece, previous, h, weights):
    return scored(shifted(piece, previous), shifted(piece, previous), h, weights)


@wrong("score_piece", "the state is not carried")
def begins_with_zeros(piece, previous, h, weights):
    return scored(shifted(piece, previous), piece, np.zeros_like(h), weights)


@wrong("score_piece", "its first input is previous")
def begins_with_end(piece, previous, h, weights):
    return scored(shifted(piece, EOS), piece, h, weights)


@wrong("score_piece", "a text of its own")
def on_its_own(piece, previous, h, weights):
    return scored(shifted(piece, EOS), piece, np.zeros_like(h), weights)


@wrong("score_piece", "would be read twice")
def reads_the_last(piece, previous, h, weights):
    log_probs, h = scored(shifted(piece, previous), piece, h, weights)
    return log_probs, read(piece[-1], h, weights)


@wrong("score_piece", "the state that came in goes out again")
def old_state(piece, previous, h, weights):
    return scored(shifted(piece, previous), piece, h, weights)[0], h


@wrong("score_piece", "the first token is not scored")
def within_the_piece(piece, previous, h, weights):
    return scored(piece[:-1], piece[1:], h, weights)


@wrong("score_piece", "the bias b_y is forgotten")
def piece_without_bias(piece, previous, h, weights):
    return scored(shifted(piece, previous), piece, h, weights | {"b_y": 0 * weights["b_y"]})


@wrong("score_piece", "all states are returned")
def all_states(piece, previous, h, weights):
    w = weights
    hs = by_accumulate(w["embedding"][shifted(piece, previous)], h, w["W_xh"], w["W_hh"], w["b_h"])
    return at(log_softmax(hs @ w["W_hy"].T + w["b_y"]), piece), hs


@wrong("score_piece", "swapped; return log_probs, h")
def state_first(piece, previous, h, weights):
    return scored(shifted(piece, previous), piece, h, weights)[::-1]


@wrong("score_piece", "only the log-probabilities are returned")
def without_state(piece, previous, h, weights):
    return scored(shifted(piece, previous), piece, h, weights)[0]


@wrong("score_piece", "one log-probability a token")
def sum_of_the_piece(piece, previous, h, weights):
    log_probs, h = scored(shifted(piece, previous), piece, h, weights)
    return log_probs.sum(), h


@wrong("score_piece", "one step late")
def state_too_early(piece, previous, h, weights):
    log_probs, inputs = [], [previous, *piece[:-1]]
    for word, target in zip(inputs, piece, strict=True):
        log_probs.append(log_softmax(weights["W_hy"] @ h + weights["b_y"])[target])
        h = read(word, h, weights)
    return np.array(log_probs), h


@right("score_piece")
def token_by_token(piece, previous, h, weights):
    log_probs = []
    for token in piece:
        h = read(previous, h, weights)
        log_probs.append(log_softmax(weights["W_hy"] @ h + weights["b_y"])[token])
        previous = token
    return np.array(log_probs), h


@right("score_piece")
def as_a_list(piece, previous, h, weights):
    return list(scored(shifted(piece, previous), piece, h, weights))
