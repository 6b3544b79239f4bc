"""Let a language model write: one word after another, each drawn from what the model expects next.

A model that writes runs *free*: the word it has drawn is its next input. In training it was
*teacher-forced*: the next input was the word of the text, whatever the model expected.

The state is carried along, so that a word costs the same at the end of a text as at its beginning.
On a CPU the step of a recurrent model is computed by NumPy: for a single text most of torch's time
goes into calling its functions, not into arithmetic.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch

from course_utils.models import LanguageModel, NeuralLanguageModel, evaluating
from course_utils.output_layers import FullSoftmax
from course_utils.text import Vocabulary

BLOCK = 128
BELOW_1 = np.nextafter(1.0, 0.0)
Step = Callable[[int], np.ndarray]  # reads one word, returns the logits (V,) of the next


def generate(
    lm,
    vocab: Vocabulary,
    prompt: str = "",
    max_tokens: int = 50,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    greedy: bool = False,
    seed: int | np.random.Generator | None = None,
) -> str:
    """Continue a prompt until the model ends the sentence.

    If every ordinary word of the vocabulary is one character long, the prompt is read and continued
    by characters, otherwise by words, which blanks separate.

    Parameters
    ----------
    lm : NeuralLanguageModel, or any model with ``next_word_probs``
    vocab : Vocabulary
        The vocabulary the model was trained with.
    prompt : str
        What stands there already, from the start of a sentence. A line break ends a sentence.
    max_tokens : int
        Stop after so many words or characters at the latest.
    temperature, top_k, top_p, greedy
        How a word is drawn: `sampling_probs`.
    seed : int or numpy.random.Generator, optional
        The same seed gives the same text. Default: another text each time.

    Returns
    -------
    str
        The prompt and its continuation, without ``</s>``. ``<unk>`` is a word like any other.

    Raises
    ------
    TypeError, ValueError
        If a number is out of its range, model and vocabulary differ in size, or the model's logits
        are not finite, as after a training that diverged.

    Examples
    --------
    >>> from course_utils.ngrams import MLE
    >>> vocab, ids = Vocabulary.build_and_encode([["the", "cat", "sat"]])
    >>> generate(MLE(order=2).fit(ids, vocab), vocab, "the")
    'the cat sat'
    """
    _check_vocabulary(lm, vocab)
    _check_whole("max_tokens", max_tokens, least=0)
    draw = _drawing(temperature, top_k, top_p, greedy, seed)
    new = []
    for word in _run_free(lm, encode_prompt(prompt, vocab), max_tokens, draw):
        if word == vocab.eos_id:
            break
        new.append(vocab.words[word])
    if of_characters(vocab):
        return prompt + "".join(new)
    glue = " " if prompt and new and not prompt[-1].isspace() else ""
    return prompt + glue + " ".join(new)


def of_characters(vocab: Vocabulary) -> bool:
    """Say whether every ordinary word of a vocabulary is one character long."""
    return all(len(word) == 1 for word in vocab.words[2:])


def encode_prompt(prompt: str, vocab: Vocabulary) -> list[int]:
    """Turn a prompt into ids, by characters or by words as in `generate`; a line break is ``</s>``.

    Examples
    --------
    >>> encode_prompt("ab b", Vocabulary(["a", "b", " "]))
    [2, 3, 4, 3]
    """
    if not isinstance(prompt, str):
        raise TypeError(f"a prompt is a string, got {prompt!r}; ' '.join(words) makes one")
    ids = []
    for k, line in enumerate(prompt.split("\n") if "\n" not in vocab else [prompt]):
        if k > 0:
            ids.append(vocab.eos_id)
        ids += vocab.encode_words(list(line) if of_characters(vocab) else line.split())
    return ids


def sample(
    lm,
    n: int,
    context: Sequence[int] = (),
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    greedy: bool = False,
    seed: int | np.random.Generator | None = None,
) -> np.ndarray:
    """Draw a text of n tokens; after ``</s>`` the next sentence begins, the state carried on.

    Parameters
    ----------
    lm : NeuralLanguageModel, or any model with ``next_word_probs``
    n : int
        How many tokens, ``</s>`` included.
    context : sequence of int
        The ids to go on from, as in ``next_word_probs``.
    temperature, top_k, top_p, greedy, seed
        As in `generate`.

    Returns
    -------
    ndarray of int64, shape (n,)
        The new ids, without the context.
    """
    _check_whole("n", n, least=0)
    draw = _drawing(temperature, top_k, top_p, greedy, seed)
    return np.fromiter(_run_free(lm, context, n, draw), dtype=np.int64)


def sampling_probs(
    logits: np.ndarray,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    greedy: bool = False,
) -> np.ndarray:
    """Return the distribution from which the next word is drawn.

    Parameters
    ----------
    logits : ndarray, shape (V,)
        Logits or log-probabilities.
    temperature : float
        T in ``softmax(logits / T)``: below 1 likely words become likelier, above 1 the distribution
        becomes flatter.
    top_k : int, optional
        Keep only the k most probable words (Fan et al. 2018).
    top_p : float, optional
        Keep only the nucleus: the fewest most probable words that have probability ``top_p``
        together (Holtzman et al. 2020), after temperature and ``top_k``.
    greedy : bool
        Keep only the most probable word, whatever the other arguments.

    Returns
    -------
    ndarray of float64, shape (V,)
        Sums to 1. Of words equally probable the one with the lower id is kept first.

    Raises
    ------
    ValueError
        If the temperature is not positive and finite, ``top_k`` below 1, ``top_p`` not in (0, 1],
        or no logit is finite.

    Examples
    --------
    >>> logits = np.log([0.5, 0.3, 0.2])
    >>> sampling_probs(logits, top_k=2).round(3)
    array([0.625, 0.375, 0.   ])
    >>> sampling_probs(logits, temperature=0.5).round(3)
    array([0.658, 0.237, 0.105])
    """
    _check_drawing(temperature, top_k, top_p)
    weights = _weights(np.asarray(logits, dtype=np.float64), temperature, top_k, top_p, greedy)
    return weights / weights.sum()


def _weights(logits, temperature, top_k, top_p, greedy) -> np.ndarray:
    """Return what `sampling_probs` does before it is divided by its sum."""
    best = _best(logits)
    if greedy:
        return np.eye(1, len(logits), best)[0]
    temperature = min(max(temperature, 1e-30), 1e30)  # the limits of float32 are near
    weights = np.exp((logits - logits[best]) / temperature)  # (V,), the largest is 1
    if top_k is None and top_p is None:
        return weights
    candidates = np.arange(len(weights))
    if top_k is not None and top_k < len(weights):  # sorting all of many words would take long
        candidates = np.flatnonzero(weights >= np.partition(weights, -top_k)[-top_k])
    order = candidates[np.argsort(-weights[candidates], kind="stable")][:top_k]
    if top_p is not None:
        mass = np.cumsum(weights[order], dtype=np.float64)
        order = order[: np.searchsorted(mass, top_p * mass[-1]) + 1]
    kept = np.zeros_like(weights)
    kept[order] = weights[order]
    return kept


def _best(logits: np.ndarray) -> int:
    """Return the most probable word."""
    best = int(logits.argmax())  # where there is nan, that
    if not -np.inf < logits[best] < np.inf:
        raise ValueError(
            f"the largest logit is {logits[best]}, so no word can be drawn; did the training of "
            "this model diverge?"
        )
    return best


def _drawing(temperature, top_k, top_p, greedy, seed) -> Callable[[np.ndarray], int]:
    """Return the function that draws a word, given the logits: one random number a word."""
    _check_drawing(temperature, top_k, top_p)
    random = np.random.default_rng(seed).random

    def draw(logits: np.ndarray) -> int:
        if greedy:
            return _best(logits)
        return _pick(_weights(logits, temperature, top_k, top_p, False), random())

    return draw


def _pick(weights: np.ndarray, u: float) -> int:
    """Return the word at the share u of the total weight, 0 <= u < 1: ``P(w)`` is its own share.

    Sums of blocks come first: running sums over many words would cost as much as their weights.
    """
    if len(weights) <= 2 * BLOCK:
        return _locate(weights, u)[0]
    block, u = _locate(np.add.reduceat(weights, np.arange(0, len(weights), BLOCK)), u)
    first = BLOCK * block
    return first + _locate(weights[first : first + BLOCK], u)[0]


def _locate(weights: np.ndarray, u: float) -> tuple[int, float]:
    """Return which part of the total weight the share u falls into, and where inside the part."""
    mass = weights.cumsum(dtype=np.float64)
    wanted = u * mass[-1]
    k = int(mass.searchsorted(wanted, side="right"))
    inside = (wanted - mass[k]) / weights[k] + 1
    return k, min(max(inside, 0.0), BELOW_1)


def _run_free(lm, context: Sequence[int], n: int, draw: Callable[[np.ndarray], int]):
    """Yield n words, each drawn from what the model expects after all before it."""
    step, logits = start(lm, context)
    for _ in range(n):
        word = draw(logits)
        yield word
        logits = step(word)


def start(lm, context: Sequence[int] = ()) -> tuple[Step, np.ndarray]:
    """Read a context; return the function that reads on, and the logits of the next word.

    Parameters
    ----------
    lm : NeuralLanguageModel, or any model with ``next_word_probs``
    context : sequence of int
        As in ``next_word_probs``.

    Returns
    -------
    step : callable
        ``step(word) -> logits``, (V,): reads one word more. Its weights are those of this moment or
        later ones; ask for a new step after training.
    logits : ndarray, shape (V,)
        Of the word after the context; the next call may write over it.
    """
    if not isinstance(lm, NeuralLanguageModel):
        seen = list(context)
        return _counting_step(lm, seen), _log(lm.next_word_probs(seen))
    step = numpy_step(lm) if _numpy_can(lm) else torch_step(lm)
    for word in lm.with_start(context):
        logits = step(int(word))
    return step, logits


def _counting_step(lm, seen: list[int]) -> Step:
    """Return the step of a model that looks its contexts up."""

    def step(word: int) -> np.ndarray:
        seen.append(word)
        return _log(lm.next_word_probs(seen))

    return step


def torch_step(lm: NeuralLanguageModel) -> Step:
    """Return the step of any neural model at the start of a text, computed by the model itself."""
    device = next(lm.parameters()).device
    state = None

    def step(word: int) -> np.ndarray:
        nonlocal state
        with evaluating(lm):
            logits, state = lm(torch.tensor([[word]], device=device), state)  # (1, 1, V)
        return logits[0, 0].cpu().double().numpy()

    return step


def numpy_step(lm: LanguageModel) -> Step:
    """Return the step of a recurrent model at the start of a text, computed by NumPy.

    What the first layer gets from a word is computed when the word first appears, and kept.
    """
    prepare = NUMPY_LAYERS[lm.cell]
    layers = [prepare(_layer(lm.rnn), *weights) for weights in _layer_weights(lm.rnn)]
    (W_x, b_x, read_word), *deeper = layers
    vectors, W_hy, b_y = map(_array, (lm.embedding.weight, lm.output.weight, lm.output.bias))
    P_hy = None if lm.output.projection is None else _array(lm.output.projection.weight)
    inputs = {}

    def step(word: int) -> np.ndarray:
        if word not in inputs:
            inputs[word] = W_x @ vectors[word] + b_x  # (gates * H,)
        h = read_word(inputs[word])  # (H,)
        for W, b, layer in deeper:
            h = layer(W @ h + b)  # (H,)
        if P_hy is not None:
            h = P_hy @ h  # (E,)
        return W_hy @ h + b_y  # (V,)

    return step


def _numpy_can(lm: NeuralLanguageModel) -> bool:
    weight = lm.embedding.weight
    return (
        isinstance(lm, LanguageModel)
        and not getattr(_layer(lm.rnn), "skip", None)
        and not getattr(_layer(lm.rnn), "peepholes", False)
        and isinstance(lm.output, FullSoftmax)
        and weight.device.type == "cpu"
        and weight.dtype in (torch.float32, torch.float64)
    )


def _layer(rnn):
    """Return what knows the options of a network's cells: the network, or a layer of a stack."""
    return getattr(rnn, "layers", [rnn])[0]


def _layer_weights(rnn):
    """Yield W_xh, W_hh, b_xh, b_hh of each layer as arrays."""
    for weights in rnn.all_weights:
        W_xh, W_hh, *biases = map(_array, weights)
        zeros = np.zeros(len(W_xh), dtype=W_xh.dtype)
        yield W_xh, W_hh, *(biases or (zeros, zeros))


# Each of the next three functions prepares a layer. It returns W_x, b_x and a function that takes
# ``W_x @ x + b_x`` of one step, keeps the state, and returns h (H,).


def _srn_layer(srn, W_xh, W_hh, b_xh, b_hh):
    h = np.zeros(W_hh.shape[1], dtype=W_hh.dtype)
    f = {"tanh": np.tanh, "relu": _relu, "sigmoid": _sigmoid}[srn.nonlinearity]

    def step(x):
        h[:] = f(W_hh @ h + x)
        return h

    return W_xh, b_xh + b_hh, step


def _lstm_layer(lstm, W_xh, W_hh, b_xh, b_hh):
    """Prepare an LSTM: with ``2 sigma(a) = 1 + tanh(a / 2)`` one tanh serves all gates."""
    H = W_hh.shape[1]
    i, f, g, o = np.split(np.arange(4 * H), 4)
    rows = np.concatenate([i, f, o, g])
    half = np.where(rows // H == 2, 1, 0.5).astype(W_hh.dtype)  # 1 for g
    W_x, W_h = W_xh[rows] * half[:, None], W_hh[rows] * half[:, None]  # (4H, D), (4H, H)
    h, c, a = np.zeros((H,), W_h.dtype), np.zeros((H,), W_h.dtype), np.empty((4 * H,), W_h.dtype)
    gates = a[: 3 * H]
    i, f, o, g = np.split(a, 4)  # views

    def step(x):
        np.dot(W_h, h, out=a)
        np.add(a, x, out=a)
        np.tanh(a, out=a)
        np.add(gates, 1, out=gates)  # 2i, 2f, 2o
        np.multiply(c, f, out=c)
        np.multiply(i, g, out=g)
        np.add(c, g, out=c)
        np.multiply(c, 0.5, out=c)  # c = f * c_prev + i * g
        np.tanh(c, out=h)
        np.multiply(h, o, out=h)
        return np.multiply(h, 0.5, out=h)  # h = o * tanh(c)

    return W_x, (b_xh + b_hh)[rows] * half, step


def _gru_layer(gru, W_xh, W_hh, b_xh, b_hh):
    """Prepare a GRU: r and z with ``sigma(a) = (1 + tanh(a / 2)) / 2``."""
    H = W_hh.shape[1]
    h = np.zeros(H, dtype=W_hh.dtype)
    reset_before = getattr(gru, "reset", "after") == "before"
    W_rz, b_rz, W_n, b_n = W_hh[: 2 * H], b_hh[: 2 * H], W_hh[2 * H :], b_hh[2 * H :]

    def step(x):
        r, z = np.split(_sigmoid(W_rz @ h + b_rz + x[: 2 * H]), 2)  # (H,) each
        h_n = W_n @ (r * h) + b_n if reset_before else r * (W_n @ h + b_n)
        n = np.tanh(x[2 * H :] + h_n)
        h[:] = n + z * (h - n)
        return h

    return W_xh, b_xh, step


def _relu(a):
    return np.maximum(a, 0)


def _sigmoid(a):
    return 0.5 * (1 + np.tanh(0.5 * a))


NUMPY_LAYERS = {"srn": _srn_layer, "lstm": _lstm_layer, "gru": _gru_layer}


def _array(parameter: torch.Tensor) -> np.ndarray:
    return parameter.detach().numpy()


def _log(p: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore"):
        return np.log(p)


def _check_vocabulary(lm, vocab: Vocabulary) -> None:
    known = getattr(lm, "vocab_size", None) or len(getattr(lm, "vocab", None) or vocab)
    if known != len(vocab):
        raise ValueError(
            f"the model knows {known} words, the vocabulary has {len(vocab)}; give the vocabulary "
            "the model was trained with"
        )


def _check_drawing(temperature, top_k, top_p) -> None:
    if not 0 < temperature < np.inf:
        raise ValueError(
            f"temperature must be positive and finite, got {temperature}; greedy=True always takes "
            "the most probable word"
        )
    if top_k is not None:
        _check_whole("top_k", top_k, least=1)
    if top_p is not None and not 0 < top_p <= 1:
        raise ValueError(f"top_p must be above 0 and at most 1, got {top_p}")


def _check_whole(name: str, value: int, least: int) -> None:
    if not isinstance(value, int | np.integer) or value < least:
        raise ValueError(f"{name} must be a whole number of at least {least}, got {value!r}")
