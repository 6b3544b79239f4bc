"""The questions of week 3: the recurrent step, language models of it, their loss, their texts.

The oracles compute all steps in bulk, or read the whole text anew for each word, where the exercise
goes step by step. The tests hold them against torch and against hand arithmetic.
"""

from __future__ import annotations

import math
from itertools import accumulate, chain

import numpy as np

from course_utils.checks import Question
from course_utils.text import Vocabulary

EOS = Vocabulary.eos_id


def _normal(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Return weights with two decimals, so that a failing input can be worked out by hand."""
    return rng.normal(size=shape).round(2)


def _sizes(rng: np.random.Generator, n: int, most: int = 5) -> list[int]:
    """Return n different sizes from 2 to ``most``."""
    return (2 + rng.permutation(most - 1)[:n]).tolist()


def _softmax(z: np.ndarray) -> np.ndarray:
    """Return the softmax of the last axis: ``P(k) = 1 / sum_j exp(z_j - z_k)``."""
    with np.errstate(over="ignore"):
        return 1 / np.exp(z[..., None, :] - z[..., None]).sum(axis=-1)


def _each(sentence, *mistakes):
    """Return several ways of making one mistake."""
    return [(sentence, mistake) for mistake in mistakes]


# srn_step


def srn_step(x, h_prev, W_xh, W_hh, b_h):
    """Multiply one wide matrix, ``[W_xh W_hh b_h]``, by one long vector, ``[x h_prev 1]``."""
    wide = np.column_stack([W_xh, W_hh, b_h])
    return np.tanh(wide @ np.concatenate([x, h_prev, [1.0]]))


def _random_step(rng):
    E, H = _sizes(rng, 2)
    return (
        _normal(rng, E),
        _normal(rng, H).clip(-0.9, 0.9),
        _normal(rng, H, E),
        _normal(rng, H, H),
        _normal(rng, H),
    )


_PART = "tanh stands around a part of the sum only; add all three terms, then take tanh"
_TRANSPOSED = "{} is transposed; a row of it makes one unit of the new state: {} @ {}"

_STEP_MISTAKES = [
    (
        "W_xh and W_hh are swapped; W_xh (H, E) belongs to x (E,), W_hh (H, H) to h_prev (H,)",
        lambda x, h, W, U, b: np.tanh(U @ x + W @ h + b),
    ),
    (_TRANSPOSED.format(*["W_hh"] * 2, "h_prev"), lambda x, h, W, U, b: np.tanh(W @ x + h @ U + b)),
    (_TRANSPOSED.format(*["W_xh"] * 2, "x"), lambda x, h, W, U, b: np.tanh(x @ W + U @ h + b)),
    (
        "both matrices are transposed; in this course vectors are columns: W_xh @ x, W_hh @ h_prev",
        lambda x, h, W, U, b: np.tanh(x @ W + h @ U + b),
    ),
    ("the bias b_h is forgotten", lambda x, h, W, U, b: np.tanh(W @ x + U @ h)),
    ("the bias b_h is added twice", lambda x, h, W, U, b: np.tanh(W @ x + U @ h + 2 * b)),
    ("the bias b_h is subtracted", lambda x, h, W, U, b: np.tanh(W @ x + U @ h - b)),
    ("tanh is forgotten", lambda x, h, W, U, b: W @ x + U @ h + b),
    (_PART, lambda x, h, W, U, b: np.tanh(W @ x + b) + U @ h),
    (_PART, lambda x, h, W, U, b: np.tanh(W @ x) + U @ h + b),
    (_PART, lambda x, h, W, U, b: W @ x + np.tanh(U @ h + b)),
    (_PART, lambda x, h, W, U, b: W @ x + np.tanh(U @ h) + b),
    (_PART, lambda x, h, W, U, b: np.tanh(W @ x + U @ h) + b),
    (_PART, lambda x, h, W, U, b: np.tanh(W @ x) + np.tanh(U @ h + b)),
    (_PART, lambda x, h, W, U, b: np.tanh(W @ x + b) + np.tanh(U @ h)),
    (_PART, lambda x, h, W, U, b: np.tanh(W @ x) + np.tanh(U @ h) + b),
    (
        "the sigmoid is used, as Edinburgh's lecture does; here the function is tanh",
        lambda x, h, W, U, b: 1 / (1 + np.exp(-(W @ x + U @ h + b))),
    ),
    (
        "ReLU is used, as in Darmstadt's example; here the function is tanh",
        lambda x, h, W, U, b: np.maximum(W @ x + U @ h + b, 0),
    ),
    (
        "the state before plays no part; add W_hh @ h_prev",
        lambda x, h, W, U, b: np.tanh(W @ x + b),
    ),
    ("the input plays no part; add W_xh @ x", lambda x, h, W, U, b: np.tanh(U @ h + b)),
    (
        "h_prev is added as it is; multiply it by W_hh first",
        lambda x, h, W, U, b: np.tanh(W @ x + h + b),
    ),
    (
        "the old state is added to the new one; the new state is the tanh alone",
        lambda x, h, W, U, b: h + np.tanh(W @ x + U @ h + b),
    ),
    (
        "`*` multiplies entry by entry; a matrix product is `@`",
        lambda x, h, W, U, b: np.tanh(W @ x + U * h + b),
    ),
    (
        "`*` multiplies entry by entry; a matrix product is `@`",
        lambda x, h, W, U, b: np.tanh(W * x + U * h + b),
    ),
]


# inputs_and_targets


def inputs_and_targets(text):
    """Slide a window of two tokens over the text, which begins after one ``</s>``."""
    pairs = np.lib.stride_tricks.sliding_window_view(np.array([EOS, *text], dtype=np.int64), 2)
    return pairs[:, 0].copy(), pairs[:, 1].copy()


def _random_text(rng, least=1, most=9, vocab_size=6):
    """Return token ids; the text may end anywhere, but not with ``</s>`` always or never."""
    return rng.integers(0, vocab_size, size=rng.integers(least, most + 1))


_TEXT_MISTAKES = [
    (
        "inputs and targets are swapped; return inputs, targets",
        lambda text: inputs_and_targets(text)[::-1],
    ),
    (
        "inputs and targets are the same: the network would read the token it must predict; "
        "shift the inputs by one",
        lambda text: (text, text),
    ),
    (
        "the first token is never predicted; the first input is `</s>`, and every token of the "
        "text is a target",
        lambda text: (text[:-1], text[1:]),
    ),
    (
        "it is shifted the wrong way: the first token is never predicted, and a `</s>` that is not "
        "in the text is",
        lambda text: (text, np.append(text[1:], EOS)),
    ),
    (
        "the first input is the last token of the text, as np.roll puts it there; it is `</s>`, "
        "whatever the text ends with",
        lambda text: (np.roll(text, 1), text),
    ),
    (
        "the first input is id 0, `<unk>`; `</s>` is EOS, id 1",
        lambda text: (np.array([0, *text[:-1]]), text),
    ),
    (
        "there is one input too many; after the last token there is nothing to predict",
        lambda text: (np.array([EOS, *text]), text),
    ),
    (
        "the text gets a `</s>` at its end; it holds all its `</s>` already",
        lambda text: (np.array([EOS, *text]), np.array([*text, EOS])),
    ),
    (
        "inputs and targets are both shifted, so that a target is two tokens after its input; the "
        "targets are the text itself",
        lambda text: (np.array([EOS, *text[:-1]]), np.append(text[1:], EOS)),
    ),
    (
        "`</s>` is never a target; where a sentence ends must be predicted like any other token",
        lambda text: tuple(ids[text != EOS] for ids in inputs_and_targets(text)),
    ),
    (
        "the inputs are shifted by two",
        lambda text: (np.array([EOS, EOS, *text])[: len(text)], text),
    ),
]


# forward_rnn


def forward_rnn(xs, h_0, W_xh, W_hh, b_h):
    """Compute all steps at once from all steps before, as often as there are steps.

    After t sweeps the first t states are right, whatever the others were at the beginning.
    """
    hs = np.zeros((len(xs), len(h_0)))
    for _ in xs:
        hs = np.tanh(xs @ W_xh.T + np.vstack([h_0, hs[:-1]]) @ W_hh.T + b_h)
    return hs


def _random_run(rng):
    E, H, T = _sizes(rng, 3)
    return (
        _normal(rng, T, E),
        _normal(rng, H).clip(-0.9, 0.9),
        _normal(rng, H, E),
        _normal(rng, H, H),
        _normal(rng, H),
    )


_FORWARD_MISTAKES = [
    (
        "every step begins with h_0; the state after one step goes into the next",
        lambda xs, h_0, W, U, b: np.tanh(xs @ W.T + U @ h_0 + b),
    ),
    (
        "every step begins with zeros; the state after one step goes into the next",
        lambda xs, h_0, W, U, b: np.tanh(xs @ W.T + b),
    ),
    (
        "the first step begins with zeros; it begins with h_0",
        lambda xs, h_0, W, U, b: forward_rnn(xs, 0 * h_0, W, U, b),
    ),
    (
        "h_0 is among the rows; row 0 is the state after reading xs[0]",
        lambda xs, h_0, W, U, b: np.vstack([h_0, forward_rnn(xs, h_0, W, U, b)]),
    ),
    (
        "the rows are one step late: row t must be the state after reading xs[t], not before",
        lambda xs, h_0, W, U, b: np.vstack([h_0, forward_rnn(xs, h_0, W, U, b)[:-1]]),
    ),
    (
        "row 0 is h_0, and xs[0] is never read; row 0 is the state after reading xs[0]",
        lambda xs, h_0, W, U, b: np.vstack([h_0, forward_rnn(xs[1:], h_0, W, U, b)]),
    ),
    (
        "input and state are swapped in the call; srn_step takes the input first",
        lambda xs, h_0, W, U, b: np.array(
            list(accumulate(xs, lambda h, x: np.tanh(W @ h + U @ x + b), initial=h_0))[1:]
        ),
    ),
    (
        "only the last state is returned; return those of all steps",
        lambda *inputs: forward_rnn(*inputs)[-1],
    ),
    (
        "only the first state is returned; `return` stands inside the loop",
        lambda *inputs: forward_rnn(*inputs)[0],
    ),
    (
        "only the first state is returned; `return` stands inside the loop",
        lambda *inputs: forward_rnn(*inputs)[:1],
    ),
    (
        "only the last state is returned; make the list once, before the loop",
        lambda *inputs: forward_rnn(*inputs)[-1:],
    ),
    (
        "the states stand in columns; a row of the result is a step: (T, H)",
        lambda *inputs: forward_rnn(*inputs).T,
    ),
    (
        "all rows are the last state: one array is changed in place and appended each time; let "
        "each step make a new one",
        lambda *inputs: np.tile(forward_rnn(*inputs)[-1], (len(inputs[0]), 1)),
    ),
    (
        "the text is read from its end; begin with xs[0]",
        lambda xs, *rest: forward_rnn(xs[::-1], *rest),
    ),
    (
        "the text is read from its end; begin with xs[0]",
        lambda xs, *rest: forward_rnn(xs[::-1], *rest)[::-1],
    ),
    ("the bias b_h is forgotten", lambda xs, h_0, W, U, b: forward_rnn(xs, h_0, W, U, 0 * b)),
    (
        _TRANSPOSED.format("W_hh", "W_hh", "h"),
        lambda xs, h_0, W, U, b: forward_rnn(xs, h_0, W, U.T, b),
    ),
    (
        "tanh is forgotten",
        lambda xs, h_0, W, U, b: np.array(
            list(accumulate(xs, lambda h, x: W @ x + U @ h + b, initial=h_0))[1:]
        ),
    ),
]


# tag_probs


def _tagger(X, U, W, V, f=lambda a: np.maximum(a, 0), carry=True):
    """Return the scores of all tags at all steps, (T, K), and the states, (T, H)."""
    states = np.zeros((len(X), len(W)))
    for _ in range(len(X) if carry else 1):
        states = f(X @ U + np.vstack([0 * states[:1], states[:-1]]) @ W)
    return states @ V, states


def _of_tags(table, tags):
    return np.array([row[tag] for row, tag in zip(table, tags, strict=True)])


def tag_probs(X, tags, U, W, V):
    """Compute the states of all steps in sweeps, then pick from the softmax of their scores."""
    return _of_tags(_softmax(_tagger(X, U, W, V)[0]), tags)


def _scores_mistake(pick):
    """Return a mistake made after the scores: ``pick(scores, tags)``."""
    return lambda X, tags, U, W, V: pick(_tagger(X, U, W, V)[0], tags)


def _tagger_mistake(change):
    """Return a mistake made on the way to the scores: ``change(X, U, W, V)``."""
    return lambda X, tags, U, W, V: _of_tags(_softmax(change(X, U, W, V)), tags)


def _sum_mistake(join):
    """Return a mistake made where the two products are joined: ``join(x @ U, h @ W)``."""

    def scores(X, U, W, V):
        states = accumulate(X, lambda h, x: join(x @ U, h @ W), initial=np.zeros(len(W)))
        return np.array(list(states)[1:]) @ V

    return _tagger_mistake(scores)


def _random_tagging(rng):
    E, H, K, T = _sizes(rng, 4)
    # Half of the states alive, no state large: ReLU has no upper limit.
    weights = _normal(rng, E, H), 0.5 * _normal(rng, H, H), _normal(rng, H, K)
    return _normal(rng, T, E), rng.integers(0, K, size=T), *(w.round(2) for w in weights)


_TAG_MISTAKES = [
    (
        "W is transposed; with row vectors it is h @ W",
        _tagger_mistake(lambda X, U, W, V: _tagger(X, U, W.T, V)[0]),
    ),
    *_each(
        "the matrices are used as if vectors were columns; here they are rows: x @ U, h @ W, h @ V",
        _tagger_mistake(lambda X, U, W, V: _tagger(X, U.T, W.T, V.T)[0]),
        _tagger_mistake(lambda X, U, W, V: U @ X[0]),
    ),
    *_each(
        "max(z, 0) is for two numbers, and np.max(z) makes one number of many; np.maximum(z, 0) "
        "takes each entry",
        _tagger_mistake(lambda X, U, W, V: max(X[0] @ U, 0)),
        _tagger_mistake(lambda X, U, W, V: np.max(X[0] @ U) @ V),
    ),
    (
        "tanh is used; Darmstadt's example has ReLU, max(0, z)",
        _tagger_mistake(lambda X, U, W, V: _tagger(X, U, W, V, f=np.tanh)[0]),
    ),
    (
        "ReLU is forgotten; a negative sum becomes 0",
        _tagger_mistake(lambda X, U, W, V: _tagger(X, U, W, V, f=lambda a: a)[0]),
    ),
    (
        "ReLU is applied to the scores; it belongs to the state, the scores may be negative",
        _tagger_mistake(
            lambda X, U, W, V: np.maximum(_tagger(X, U, W, V, f=lambda a: a)[1] @ V, 0)
        ),
    ),
    (
        "ReLU is applied to the scores too; only the state has it, the scores may be negative",
        _tagger_mistake(lambda X, U, W, V: np.maximum(_tagger(X, U, W, V)[0], 0)),
    ),
    *_each(
        "ReLU stands around a part of the sum only; add x @ U and h @ W first",
        _sum_mistake(lambda a, b: np.maximum(a, 0) + b),
        _sum_mistake(lambda a, b: np.maximum(a, 0) + np.maximum(b, 0)),
    ),
    (
        "the state before plays no part; each step adds h @ W, with h from the step before",
        _tagger_mistake(lambda X, U, W, V: _tagger(X, U, W, V, carry=False)[0]),
    ),
    (
        "the scores are one step late: y_t comes from h_t, the state after reading x_t",
        _tagger_mistake(lambda X, U, W, V: np.vstack([0 * V[:1], _tagger(X, U, W, V)[0][:-1]])),
    ),
    (
        "scores are returned; softmax makes probabilities of them",
        _scores_mistake(_of_tags),
    ),
    (
        "exp of the score is not yet a probability; divide by the sum over all tags",
        _scores_mistake(lambda z, tags: np.exp(_of_tags(z, tags))),
    ),
    (
        "the softmax runs over the steps; it must run over the tags of one step",
        _scores_mistake(lambda z, tags: _of_tags(_softmax(z.T).T, tags)),
    ),
    (
        "the softmax runs over all steps together; each step has its own",
        _scores_mistake(lambda z, tags: _of_tags(_softmax(z.reshape(-1)).reshape(z.shape), tags)),
    ),
    (
        "the scores are divided by their sum; softmax takes exp first",
        _scores_mistake(lambda z, tags: _of_tags(z / z.sum(axis=1, keepdims=True), tags)),
    ),
    (
        "logarithms are returned; probabilities are asked for",
        _scores_mistake(lambda z, tags: np.log(_of_tags(_softmax(z), tags))),
    ),
    (
        "all tags' probabilities are returned; pick that of the right tag at each step",
        _scores_mistake(lambda z, tags: _softmax(z)),
    ),
    (
        "the largest probability of each step is returned; return that of the right tag",
        _scores_mistake(lambda z, tags: _softmax(z).max(axis=1)),
    ),
    (
        "y[:, tags] takes every tag at every step; y[np.arange(T), tags] takes one a step",
        _scores_mistake(lambda z, tags: _softmax(z)[:, tags]),
    ),
    (
        "only the last step is answered; return one probability a step",
        _scores_mistake(lambda z, tags: _of_tags(_softmax(z), tags)[-1]),
    ),
]


# token_log_probs


def token_log_probs(logits, targets):
    """Return the target's logit less the logarithm of the sum of all exponentials."""
    return _of_tags(logits, targets) - np.logaddexp.reduce(logits, axis=1)


_OVERFLOW = (
    "exp of a large logit is infinite and inf / inf is nan; subtract the largest logit of each row "
    "first, which changes no probability"
)
_UNDERFLOW = (
    "a small probability is rounded to 0, and its logarithm is -inf; do not take the logarithm of "
    "the softmax: log(exp(z) / sum) is z - log(sum)"
)


def _exp_share(z, axis=-1):
    """Return the softmax as first written: with overflow."""
    with np.errstate(all="ignore"):
        return np.exp(z) / np.exp(z).sum(axis=axis, keepdims=True)


def _token_mistake(formula):
    return lambda logits, targets: _of_tags(formula(logits), targets)


def _log_softmax(z):
    return z - np.logaddexp.reduce(z, axis=-1)[..., None]


def _log_softmax_of_shifted(z):
    """Return the log-softmax as first written: what is too large or too small is lost."""
    with np.errstate(all="ignore"):
        return z - np.log(np.exp(z).sum(axis=1, keepdims=True))


def _log(p):
    with np.errstate(all="ignore"):
        return np.log(p)


_TOKEN_MISTAKES = [
    *(
        (sentence, _token_mistake(formula))
        for sentence, formula in [
            (_OVERFLOW, lambda z: _log(_exp_share(z))),
            (_OVERFLOW, lambda z: _log_softmax_of_shifted(z)),
            (_UNDERFLOW, lambda z: _log(_exp_share(z - z.max(axis=1, keepdims=True)))),
            *(
                (
                    "a small number is added to the probabilities so that no logarithm is -inf, "
                    "and every answer is a little wrong; log(exp(z) / sum) is z - log(sum)",
                    lambda z, tiny=tiny: np.log(_softmax(z) + tiny),
                )
                for tiny in (1e-12, 1e-10, 1e-9, 1e-8, 1e-7)
            ),
            (
                "logits are returned; subtract the logarithm of the sum of their exponentials",
                lambda z: z,
            ),
            (
                "probabilities are returned; logarithms are asked for",
                _softmax,
            ),
            (
                "probabilities are returned; logarithms are asked for",
                _exp_share,
            ),
            (
                "these are losses: the sign is turned; a log-probability is never positive",
                lambda z: -_log_softmax(z),
            ),
            (
                "the softmax runs over the steps; it must run over the words of one step",
                lambda z: _log_softmax(z.T).T,
            ),
            (
                "the softmax runs over the steps; it must run over the words of one step",
                lambda z: _log(_exp_share(z, axis=0)),
            ),
            (
                "the softmax runs over all steps together; each step has its own",
                lambda z: _log_softmax(z.reshape(-1)).reshape(z.shape),
            ),
            (
                "this is in bits; nats need the natural logarithm",
                lambda z: _log_softmax(z) / math.log(2),
            ),
            (
                "the largest logit of each column is subtracted; subtract that of each row: axis=1",
                lambda z: _log_softmax_of_shifted(z - z.max(axis=0)),
            ),
            (
                "the largest of all logits is subtracted, and in a row far below it every exp is "
                "0; subtract the largest of each row",
                lambda z: _log_softmax_of_shifted(z - z.max()),
            ),
            (
                "without keepdims=True the largest logits are (T,), which do not fit a (T, V)",
                lambda z: _log_softmax_of_shifted(z - z.max(axis=1)),
            ),
            (
                "the largest logit is subtracted, and then not the logarithm of the sum",
                lambda z: z - z.max(axis=1, keepdims=True),
            ),
            (
                "the largest logit is subtracted within the sum only; add it to the logarithm of "
                "the sum again, or subtract it from every logit",
                lambda z: (
                    z - _log(np.exp(z - z.max(axis=1, keepdims=True)).sum(axis=1, keepdims=True))
                ),
            ),
            (
                "the sum itself is subtracted; subtract its logarithm",
                lambda z: (
                    z
                    - z.max(axis=1, keepdims=True)
                    - np.exp(z - z.max(axis=1, keepdims=True)).sum(axis=1, keepdims=True)
                ),
            ),
        ]
    ),
    (
        "[:, targets] takes every target at every step; [np.arange(T), targets] takes one a step",
        lambda logits, targets: _log_softmax(logits)[:, targets],
    ),
    (
        "the log-probabilities of all words are returned; pick that of the target at each step",
        lambda logits, targets: _log_softmax(logits),
    ),
    (
        "it is off by one: row t scores targets[t], not the target after it",
        lambda logits, targets: token_log_probs(logits[:-1], targets[1:]),
    ),
    (
        "it is off by one: row t scores targets[t], not the target before it",
        lambda logits, targets: token_log_probs(logits[1:], targets[:-1]),
    ),
    (
        "it is off by one: row t scores targets[t], not the target after it",
        lambda logits, targets: token_log_probs(logits, np.roll(targets, -1)),
    ),
    (
        "it is off by one: row t scores targets[t], not the target before it",
        lambda logits, targets: token_log_probs(logits, np.roll(targets, 1)),
    ),
    (
        "the best word of each step is scored; score the target",
        lambda logits, targets: _log_softmax(logits).max(axis=1),
    ),
    (
        "one number for the whole text is returned; return one a token",
        lambda logits, targets: token_log_probs(logits, targets).sum(),
    ),
]


def _random_logits(rng):
    T, V = _sizes(rng, 2, most=6)
    scale = rng.choice([1.0, 3.0, 1000.0])
    return (scale * rng.normal(size=(T, V))).round(1), rng.integers(0, V, size=T)


# mean_loss


def mean_loss(log_probs):
    """Return the weighted mean of the sentences' means, the weights being their lengths."""
    means = [math.fsum(sentence) / len(sentence) for sentence in log_probs]
    return -float(np.average(means, weights=[len(sentence) for sentence in log_probs]))


def _mean_mistake(formula):
    return lambda log_probs: float(formula([a.tolist() for a in log_probs]))


def _flat(sentences):
    return list(chain.from_iterable(sentences))


def _of_means(sentences):
    return math.fsum(math.fsum(s) / len(s) for s in sentences) / len(sentences)


_MEAN_MISTAKES = [
    (sentence, _mean_mistake(formula))
    for sentence, formula in [
        (
            "it is the mean of the sentences' means, so a token of a short sentence counts for "
            "more; add all tokens up and divide once",
            lambda s: -_of_means(s),
        ),
        (
            "this is the sum, which grows with the text; divide by the number of tokens",
            lambda s: -math.fsum(_flat(s)),
        ),
        (
            "it divides by the number of sentences; divide by the number of tokens",
            lambda s: -math.fsum(_flat(s)) / len(s),
        ),
        (
            "the sign is missing: a loss is the negative log-probability",
            lambda s: math.fsum(_flat(s)) / len(_flat(s)),
        ),
        (
            "the sign is missing, and it is the mean of the sentences' means",
            _of_means,
        ),
        (
            "the sign is missing, and it is not divided by the number of tokens",
            lambda s: math.fsum(_flat(s)),
        ),
        (
            "this is the perplexity; the loss is its logarithm",
            lambda s: math.exp(-math.fsum(_flat(s)) / len(_flat(s))),
        ),
        (
            "it takes the logarithm of log-probabilities; they are logarithms already",
            lambda s: -np.mean(_log(np.array(_flat(s)))),
        ),
        (
            "it averages probabilities; average the log-probabilities",
            lambda s: -math.log(np.mean(np.exp(_flat(s)))),
        ),
        (
            "texts of different lengths make no matrix; np.concatenate joins them",
            lambda s: -np.array(s).mean(),
        ),
        (
            "only the last sentence counts; add up over all of them, then divide",
            lambda s: -math.fsum(s[-1]) / len(s[-1]),
        ),
        (
            "only the first sentence counts; `return` stands inside the loop",
            lambda s: -math.fsum(s[0]) / len(s[0]),
        ),
    ]
]


def _random_log_probs(rng):
    lengths = 1 + rng.permutation(5)[: rng.integers(2, 5)]
    return ([-rng.exponential(size=n).round(2) - 0.01 for n in lengths],)


# streams


def streams(text, batch_size):
    """Look up each entry: row t of column b is token ``b * length + t``."""
    length = len(text) // batch_size
    return text[np.arange(batch_size) * length + np.arange(length)[:, None]]


def _whole(text, batch_size):
    return text[: len(text) // batch_size * batch_size]


_STREAM_MISTAKES = [
    (
        "neighbours of the text stand side by side, in different columns; a column must be a "
        "piece of the text, read from top to bottom",
        lambda text, n: _whole(text, n).reshape(-1, n),
    ),
    (
        "it is transposed: a row for each piece; a column for each piece is asked for, (L, B)",
        lambda text, n: streams(text, n).T,
    ),
    (
        "batch_size is the number of columns, not of rows",
        lambda text, n: _whole(text, n).reshape(-1, n).T,
    ),
    (
        "the tokens that do not fill a row must be dropped",
        lambda text, n: text.reshape(n, -1).T,
    ),
    (
        "neighbours of the text stand side by side, in different columns, and the tokens left over "
        "are not dropped; a column must be a piece of the text",
        lambda text, n: text.reshape(-1, n),
    ),
    *_each(
        "`/` makes a float of every quotient; `//` divides whole numbers and drops the rest",
        lambda text, n: text[: len(text) / n * n],
        lambda text, n: text.reshape(n, len(text) / n),
    ),
    (
        "where no token is left over all are dropped: text[:-0] is empty; keep text[: L * "
        "batch_size]",
        lambda text, n: text[: -(len(text) % n)].reshape(n, -1).T,
    ),
    (
        "tokens are dropped at the start; drop those at the end",
        lambda text, n: text[len(text) % n :].reshape(n, -1).T,
    ),
    (
        "the tokens that do not fill a row are kept, with a filler after them; drop them",
        lambda text, n: (
            np.append(text, np.zeros(-len(text) % n, dtype=text.dtype)).reshape(n, -1).T
        ),
    ),
    (
        "the tokens that do not fill a row are kept, with a filler after them; drop them",
        lambda text, n: np.append(text, np.full(-len(text) % n, EOS)).reshape(n, -1).T,
    ),
]


def _random_streams(rng):
    batch_size = int(rng.integers(2, 5))
    length = batch_size + int(rng.integers(1, 3))  # a row and a column differ in length
    rest = int(rng.integers(0, batch_size))
    return rng.permutation(batch_size * length + rest) + 2, batch_size


# temperature_probs


def temperature_probs(logits, temperature):
    """Return ``P(k) = 1 / sum_j exp((z_j - z_k) / temperature)``."""
    return _softmax(logits / temperature)


_HEAT_MISTAKES = [
    (
        "the logits are multiplied by the temperature; divide by it, so that a low temperature "
        "widens the gaps between them",
        lambda z, temperature: _softmax(z * temperature),
    ),
    *_each(
        "the temperature plays no part: divide each logit by it, before exp; a factor of all "
        "powers cancels, and so does a number subtracted from all logits",
        lambda z, temperature: _softmax(z),
        lambda z, temperature: _exp_share(z),
    ),
    (
        "the powers of the probabilities do not sum to 1 yet; divide them by their sum",
        lambda z, temperature: _softmax(z) ** (1 / temperature),
    ),
    (
        "exp of a large number is infinite and inf / inf is nan; subtract the largest logit first",
        lambda z, temperature: _exp_share(z / temperature),
    ),
    (
        "the probabilities are divided by the temperature and no longer sum to 1; divide the "
        "logits, before the softmax",
        lambda z, temperature: _softmax(z) / temperature,
    ),
    (
        "probabilities are taken to the power of the temperature; the power is 1 / temperature",
        lambda z, temperature: _softmax(z) ** temperature / np.sum(_softmax(z) ** temperature),
    ),
    (
        "softmax is taken twice; divide the logits by the temperature, then softmax once",
        lambda z, temperature: _softmax(_softmax(z) / temperature),
    ),
    (
        "exp is missing; softmax is exp of each, divided by their sum",
        lambda z, temperature: (z / temperature) / np.sum(z / temperature),
    ),
    (
        "exp of the logits is not yet a probability; divide by the sum",
        lambda z, temperature: np.exp(z / temperature),
    ),
    (
        "exp of the logits is not yet a probability; divide by the sum",
        lambda z, temperature: np.exp((z - z.max()) / temperature),
    ),
    (
        "only the most probable word is left; that is temperature 0, the limit",
        lambda z, temperature: (np.arange(len(z)) == z.argmax()).astype(float),
    ),
    (
        "the temperature is subtracted; divide by it",
        lambda z, temperature: _softmax(z - temperature),
    ),
    (
        "logarithms are returned; probabilities are asked for",
        lambda z, temperature: _log_softmax(z / temperature),
    ),
    (
        "only the largest logit is divided by the temperature; brackets: "
        "(logits - largest) / temperature",
        lambda z, temperature: _exp_share(z - z.max() / temperature),
    ),
]


def _random_heat(rng):
    scale = rng.choice([1.0, 3.0, 1000.0])
    return (scale * rng.normal(size=rng.integers(2, 6))).round(1), float(
        rng.choice([0.25, 0.5, 2.0, 4.0])
    )


# generate


def _weights(rng, V, E, H):
    return {
        "embedding": _normal(rng, V, E),
        "W_xh": _normal(rng, H, E),
        "W_hh": _normal(rng, H, H),
        "b_h": _normal(rng, H),
        "W_hy": 2 * _normal(rng, V, H),
        "b_y": _normal(rng, V),
    }


def _states(ids, weights, h_0=None):
    """Return the states after reading each of the ids, (T, H)."""
    w = weights
    h_0 = np.zeros(len(w["b_h"])) if h_0 is None else h_0
    return forward_rnn(w["embedding"][np.asarray(ids)], h_0, w["W_xh"], w["W_hh"], w["b_h"])


def _pick(probabilities, u):
    return next((i for i, p in enumerate(accumulate(probabilities)) if u < p), -1)


def _write(weights, numbers, temperature, read=lambda ids: ids, keep=False, bias=1, pick=_pick):
    """Write a text; for each word, all that ``read`` leaves of the text before is read anew."""
    ids = [EOS]
    for u in numbers:
        h = _states(read(ids), weights)[-1] if read(ids) else 0 * weights["b_h"]
        logits = weights["W_hy"] @ h + bias * weights["b_y"]
        ids.append(pick(temperature_probs(logits, temperature), u))
        if ids[-1] == EOS:
            return ids[1:] if keep else ids[1:-1]
    return ids[1:]


def generate(weights, numbers, temperature):
    """Read the whole text anew for each word; the first text to read is ``</s>`` alone."""
    return _write(weights, numbers, temperature)


def _state_per_step(weights, numbers, temperature, carry=True, feed=True, stop=True):
    """Write word by word; carry no state, feed no word back, or do not stop, as asked."""
    ids, word, h = [], EOS, 0 * weights["b_h"]
    for u in numbers:
        h = _states([word], weights, h)[0]
        logits = weights["W_hy"] @ h + weights["b_y"]
        drawn = _pick(temperature_probs(logits, temperature), u)
        if drawn == EOS and stop is True:
            break
        if drawn != EOS or stop is None:
            ids.append(drawn)
        word = drawn if feed else EOS
        h = h if carry else 0 * h
    return ids


_WRITE_MISTAKES = [
    (
        "the state is not carried: each step begins with zeros; hand h to the next step",
        lambda *inputs: _state_per_step(*inputs, carry=False),
    ),
    (
        "the drawn word is not fed back; it is the input of the next step",
        lambda *inputs: _state_per_step(*inputs, feed=False),
    ),
    (
        "neither state nor word is handed on; all words come from one distribution",
        lambda *inputs: _state_per_step(*inputs, carry=False, feed=False),
    ),
    (
        "`</s>` is part of the answer; leave it out",
        lambda *inputs: _write(*inputs, keep=True),
    ),
    (
        "it does not stop at `</s>`",
        lambda *inputs: _state_per_step(*inputs, stop=None),
    ),
    (
        "it leaves `</s>` out but goes on after it; stop there",
        lambda *inputs: _state_per_step(*inputs, stop=False),
    ),
    (
        "it takes the most probable word each time; u must decide",
        lambda *inputs: _write(*inputs, pick=lambda p, u: int(np.argmax(p))),
    ),
    (
        "all words are drawn equally often; their probabilities must decide",
        lambda *inputs: _write(*inputs, pick=lambda p, u: int(u * len(p))),
    ),
    (
        "u is looked up among the probabilities; look it up among their running sums, np.cumsum(p)",
        lambda *inputs: _write(*inputs, pick=lambda p, u: int(np.searchsorted(p, u))),
    ),
    (
        "the last word is always left out; leave out `</s>`, which is not there where the numbers "
        "run out",
        lambda *inputs: _write(*inputs, keep=True)[:-1],
    ),
    (
        "the temperature plays no part",
        lambda weights, numbers, temperature: _write(weights, numbers, 1.0),
    ),
    (
        "the logits are multiplied by the temperature; divide by it",
        lambda weights, numbers, temperature: _write(weights, numbers, 1 / temperature),
    ),
    ("the bias b_y is forgotten", lambda *inputs: _write(*inputs, bias=0)),
    (
        "every word is drawn with the first number; use one number a word",
        lambda weights, numbers, temperature: _write(
            weights, [numbers[0]] * len(numbers), temperature
        ),
    ),
    (
        "the first word is drawn before anything is read; read `</s>` first",
        lambda *inputs: _write(*inputs, read=lambda ids: ids[1:]),
    ),
    (
        "the first input is id 0, `<unk>`; `</s>` is EOS, id 1",
        lambda *inputs: _write(*inputs, read=lambda ids: [0, *ids[1:]]),
    ),
    (
        "a word is drawn from the logits before the drawn one is read; read it first, then draw",
        lambda *inputs: _write(*inputs, read=lambda ids: ids[: max(1, len(ids) - 1)]),
    ),
    (
        "the answer holds the first `</s>`; it is read, not written",
        lambda *inputs: [EOS, *_write(*inputs)],
    ),
    (
        "one word is returned; return all that were drawn",
        lambda *inputs: _write(*inputs)[-1:],
    ),
]


def _random_writing(rng):
    V, E, H = _sizes(rng, 3, most=4)
    numbers = rng.random(rng.integers(3, 9)).round(3).clip(0, 0.999).tolist()  # never 1
    return _weights(rng, V + 1, E, H), numbers, float(rng.choice([0.5, 2.0]))


# score_piece


def _score(piece, inputs, weights, h_0, bias=1):
    """Return the log-probabilities of a piece after these inputs, and the states."""
    hs = _states(inputs, weights, h_0)
    logits = hs @ weights["W_hy"].T + bias * weights["b_y"]
    return token_log_probs(logits, piece), hs


def _shifted(piece, previous):
    return [previous, *piece[:-1]]


def score_piece(piece, previous, h, weights):
    """Score all tokens at once; the state to hand on is the last of all states."""
    scores, hs = _score(piece, _shifted(piece, previous), weights, h)
    return scores, hs[-1]


def _piece_mistake(mistake):
    def answer(piece, previous, h, weights):
        scores, hs = mistake(piece, previous, h, weights)
        return scores, hs[-1]

    return answer


_PIECE_MISTAKES = [
    (
        "the network reads the token it must predict, y_i[w_i]; the inputs are previous, then the "
        "piece without its last token",
        _piece_mistake(lambda piece, previous, h, w: _score(piece, piece, w, h)),
    ),
    (
        "the inputs are scored; score the piece: what follows each input",
        _piece_mistake(
            lambda piece, previous, h, w: _score(
                _shifted(piece, previous), _shifted(piece, previous), w, h
            )
        ),
    ),
    (
        "the state is not carried: it begins with zeros; begin with the h that is given",
        _piece_mistake(
            lambda piece, previous, h, w: _score(piece, _shifted(piece, previous), w, 0 * h)
        ),
    ),
    (
        "every piece begins with `</s>`; its first input is previous",
        _piece_mistake(lambda piece, previous, h, w: _score(piece, _shifted(piece, EOS), w, h)),
    ),
    (
        "the piece is scored as a text of its own, after `</s>` and zeros; begin with previous "
        "and h",
        _piece_mistake(lambda piece, previous, h, w: _score(piece, _shifted(piece, EOS), w, 0 * h)),
    ),
    (
        "the state has read the last token too; it is the first input of the next piece and would "
        "be read twice",
        lambda piece, previous, h, w: (
            score_piece(piece, previous, h, w)[0],
            _states([previous, *piece], w, h)[-1],
        ),
    ),
    (
        "the state that came in goes out again; return the one after the last input",
        lambda piece, previous, h, w: (score_piece(piece, previous, h, w)[0], h),
    ),
    (
        "the state after the first input is returned; return the one after the last",
        lambda piece, previous, h, w: (
            score_piece(piece, previous, h, w)[0],
            _states([previous], w, h)[0],
        ),
    ),
    (
        "all states are returned; the next piece needs the last",
        lambda piece, previous, h, w: _score(piece, _shifted(piece, previous), w, h),
    ),
    (
        "the first token is not scored; previous is there to predict it",
        _piece_mistake(lambda piece, previous, h, w: _score(piece[1:], piece[:-1], w, h)),
    ),
    (
        "the bias b_y is forgotten",
        _piece_mistake(
            lambda piece, previous, h, w: _score(piece, _shifted(piece, previous), w, h, bias=0)
        ),
    ),
    (
        "the scores are one step late: row t of the logits comes from the state after reading "
        "input t",
        lambda piece, previous, h, w: (
            token_log_probs(
                np.vstack([h, _states(_shifted(piece, previous), w, h)[:-1]]) @ w["W_hy"].T
                + w["b_y"],
                piece,
            ),
            score_piece(piece, previous, h, w)[1],
        ),
    ),
    (
        "state and log-probabilities are swapped; return log_probs, h",
        lambda *inputs: score_piece(*inputs)[::-1],
    ),
    (
        "only the log-probabilities are returned; return log_probs, h",
        lambda *inputs: score_piece(*inputs)[0],
    ),
    (
        "one number for the piece is returned; return one log-probability a token",
        lambda *inputs: (score_piece(*inputs)[0].sum(), score_piece(*inputs)[1]),
    ),
    (
        "probabilities are returned; logarithms are asked for",
        lambda *inputs: (np.exp(score_piece(*inputs)[0]), score_piece(*inputs)[1]),
    ),
]


def _random_piece(rng):
    V, E, H, T = _sizes(rng, 4)
    piece = rng.integers(0, V, size=T)
    previous = int(rng.choice([i for i in range(V) if i != EOS]))
    return piece, previous, _normal(rng, H).clip(-0.9, 0.9), _weights(rng, V, E, H)


# The questions


def _a(*rows, dtype=float):
    return np.array(rows, dtype=dtype)


_SMALL = {  # three words, <unk> </s> a, so that the loop of the network can be followed on paper
    "embedding": _a([0, 0], [1, 0], [0, 1]),
    "W_xh": _a([0.5, -0.5], [0.25, 1]),
    "W_hh": _a([0, 1], [-0.5, 0.25]),
    "b_h": _a(0.1, 0.0),
    "W_hy": _a([0, -1], [-1, 0.5], [1, 1]),
    "b_y": _a(0, 0.5, 0),
}
_PERSIAN_CAT = (
    _a([1, 0, 0], [1, 1, 2], [1, -1, 1]),
    _a(0, 1, 3, dtype=int),
    _a([1, 1], [2, 0], [0.5, 1]),
    _a([0, 1], [1, 0]),
)

QUESTIONS = {
    question.name: question
    for question in (
        Question(
            points=3,
            expected=srn_step,
            examples=(
                (_a(1), _a(0.5), _a([0.5]), _a([1.0]), _a(-0.25)),
                (_a(1, 2), _a(0.5, -0.5), _a([0.5, 0], [0, 0.25]), _a([0, 1], [0.5, 0]), _a(0, 1)),
                (_a(1, -1), _a(0), _a([0.5, 0.25]), _a([2]), _a(0.1)),
            ),
            random_inputs=_random_step,
            mistakes=_STEP_MISTAKES,
        ),
        Question(
            points=3,
            expected=inputs_and_targets,
            examples=(
                (_a(2, 3, 1, dtype=int),),
                (_a(2, 3, 1, 4, 1, dtype=int),),
                (_a(4, 2, 3, dtype=int),),
            ),
            random_inputs=lambda rng: (_random_text(rng),),
            mistakes=_TEXT_MISTAKES,
            returns=("inputs", "targets"),
        ),
        Question(
            points=3,
            expected=forward_rnn,
            examples=(
                (_a([1], [0]), _a(0), _a([1.0]), _a([0.5]), _a(0.25)),
                (_a([1], [2], [0]), _a(0.5), _a([0.5]), _a([-1]), _a(0)),
                (
                    _a([1], [0], [-1]),
                    _a(0.5, -0.5),
                    _a([0.5], [1]),
                    _a([0, 1], [-0.5, 0.25]),
                    _a(0, 0.5),
                ),
            ),
            random_inputs=_random_run,
            mistakes=_FORWARD_MISTAKES,
        ),
        Question(
            points=2,
            expected=tag_probs,
            examples=(
                (*_PERSIAN_CAT, _a([0, 1, 0, 0], [1, 0, 0.5, -1])),
                (
                    _a([1], [-1]),
                    _a(0, 2, dtype=int),
                    _a([1, -1]),
                    _a([0, 1], [0.5, 0]),
                    _a([1, 0, -1], [0, 1, 1]),
                ),
            ),
            random_inputs=_random_tagging,
            mistakes=_TAG_MISTAKES,
        ),
        Question(
            points=2,
            expected=token_log_probs,
            examples=(
                (_a([0, 0, 0, 0]), _a(2, dtype=int)),
                (_a([0, 1, 2], [1, 0, 0]), _a(2, 0, dtype=int)),
                (_a([1000, 0]), _a(0, dtype=int)),
                (_a([1000, 0]), _a(1, dtype=int)),
            ),
            random_inputs=_random_logits,
            mistakes=_TOKEN_MISTAKES,
        ),
        Question(
            points=1,
            expected=mean_loss,
            examples=(
                ([_a(-1, -2), _a(-6)],),
                ([_a(-0.5)],),
                ([_a(-1), _a(-2, -3, -4)],),
            ),
            random_inputs=_random_log_probs,
            mistakes=_MEAN_MISTAKES,
        ),
        Question(
            points=2,
            expected=streams,
            examples=(
                (_a(2, 3, 4, 5, 6, 7, 8, dtype=int), 2),
                (_a(2, 3, 4, 5, 6, 7, dtype=int), 2),
                (_a(2, 3, 4, 5, 6, 7, dtype=int), 3),
            ),
            random_inputs=_random_streams,
            mistakes=_STREAM_MISTAKES,
        ),
        Question(
            points=2,
            expected=temperature_probs,
            examples=(
                (_a(0, 1), 0.5),
                (_a(1, 2, 4), 2.0),
                (_a(1000, 999), 1.0),
                (_a(-2, 0, 1), 0.001),
            ),
            random_inputs=_random_heat,
            mistakes=_HEAT_MISTAKES,
        ),
        Question(
            points=3,
            expected=generate,
            examples=(
                (_SMALL, [0.5], 1.0),
                (_SMALL, [0.9, 0.8, 0.3], 1.0),
                (_SMALL, [0.9, 0.8, 0.95, 0.1, 0.6], 2.0),
            ),
            random_inputs=_random_writing,
            mistakes=_WRITE_MISTAKES,
        ),
        Question(
            points=3,
            expected=score_piece,
            examples=(
                (_a(2, 1, dtype=int), 1, _a(0, 0), _SMALL),
                (_a(2, 2, 1, dtype=int), 2, _a(0.5, -0.5), _SMALL),
            ),
            random_inputs=_random_piece,
            mistakes=_PIECE_MISTAKES,
            returns=("log_probs", "h"),
        ),
    )
}
