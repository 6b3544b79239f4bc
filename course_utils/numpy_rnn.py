r"""A simple recurrent language model in NumPy, with backpropagation through time written out.

The network is that of Elman (1990) and Mikolov et al. (2010), here as in equations (1) to (4) of
the Edinburgh lecture, under the names of this course (`course_utils.notation` translates)::

    net_h(t) = W_xh x(t) + W_hh h(t-1) + b_h          (2)
    h(t)     = f(net_h(t))                            (1)
    net_y(t) = W_hy h(t) + b_y                        (4)
    y(t)     = softmax(net_y(t))                      (3)

The lecture has no biases; set them to zero to have its network. The loss of a text of T tokens is
the mean of the losses of its steps, ``-1/T sum_t ln y(t)[target(t)]``, in nats per token.

Backpropagation through time is the recursion of the deltas, ``delta(s) = dL / d net_h(s)``. The
error of one target t begins at its own step and goes back one step at a time::

    delta_t(t)   = W_hy^T (y(t) - onehot(target(t))) / T * f'(net_h(t))
    delta_t(s-1) = W_hh^T delta_t(s)                     * f'(net_h(s-1))

``tau`` says how many steps, its own included, the error of a target reaches. ``tau=1`` is
ordinary backpropagation; ``tau=None`` reaches the first step of the text, and no further.

Everything is float64 and reads one text at a time: these are the pages to read, `recurrent` and
`training` are the tools to use.

Sources: Rumelhart, Hinton and Williams 1986; Werbos 1990; Williams and Peng 1990 (truncation);
Edinburgh, Natural Language Understanding, lecture 12, 2018. Where the lecture's recursion has slips
(``f'(s)``, the index of ``u_ji``, the sum over later targets), this is the right form.

Examples
--------
>>> model = NumpyRNN.random(vocab_size=5, hidden_size=3, seed=0)
>>> inputs, targets = [1, 2, 4], [2, 4, 1]
>>> result = model.bptt(inputs, targets)
>>> result.deltas.shape, result.gradients["W_hh"].shape
((3, 3), (3, 3))
>>> by_differences = numerical_gradient(lambda: model.loss(inputs, targets), model.W_hh)
>>> bool(np.allclose(result.gradients["W_hh"], by_differences))
True
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np

from course_utils.text import Vocabulary


def sigmoid(net: np.ndarray) -> np.ndarray:
    """Return ``1 / (1 + exp(-net))``, without overflow for any finite number."""
    return 0.5 * (1 + np.tanh(0.5 * net))


def softmax(net: np.ndarray) -> np.ndarray:
    """Return ``exp(net_k) / sum_m exp(net_m)`` over the last axis."""
    e = np.exp(net - net.max(axis=-1, keepdims=True))  # the same ratio, and exp cannot overflow
    return e / e.sum(axis=-1, keepdims=True)


# f and its derivative f'(net), the latter written in terms of the value h = f(net).
ACTIVATIONS = {
    "sigmoid": (sigmoid, lambda h: h * (1 - h)),
    "tanh": (np.tanh, lambda h: 1 - h**2),
    "relu": (lambda net: np.maximum(net, 0), lambda h: (h > 0) * 1.0),
}


class Trace(NamedTuple):
    """What a forward pass leaves behind for the backward pass."""

    h_prev: np.ndarray  # (T, H) the state before each step
    h: np.ndarray  # (T, H) the state after each step
    y: np.ndarray  # (T, V) the distribution over the next token


class Bptt(NamedTuple):
    """The result of `NumpyRNN.bptt`."""

    loss: float  # mean nats per token
    gradients: dict[str, np.ndarray]  # a derivative of the loss for each parameter, same shape
    deltas: np.ndarray  # (T, H) dL / d net_h of each step, summed over the targets it serves
    state: np.ndarray  # (H,) the last state, to begin the next piece of the text with


@dataclass
class NumpyRNN:
    """A simple recurrent network that predicts the next token.

    Parameters
    ----------
    W_xh : ndarray of float, shape (H, X)
        Input to hidden. X is the vocabulary size when the inputs are token ids: the product with a
        one-hot vector is a column of this matrix.
    W_hh : ndarray of float, shape (H, H)
        State to state.
    W_hy : ndarray of float, shape (V, H)
        State to output.
    b_h, b_y : ndarray of float, shapes (H,) and (V,)
        Biases.
    activation : {"sigmoid", "tanh", "relu"}
        f. Edinburgh has the sigmoid, Darmstadt's example ReLU, torch tanh.

    Raises
    ------
    ValueError
        If the shapes do not fit together, or the activation is unknown.
    """

    W_xh: np.ndarray
    W_hh: np.ndarray
    W_hy: np.ndarray
    b_h: np.ndarray
    b_y: np.ndarray
    activation: str = "sigmoid"

    names: ClassVar[tuple[str, ...]] = ("W_xh", "W_hh", "W_hy", "b_h", "b_y")

    def __post_init__(self):
        if self.activation not in ACTIVATIONS:
            known = ", ".join(ACTIVATIONS)
            raise ValueError(f"activation {self.activation!r} is unknown; take one of {known}")
        for name in self.names:
            setattr(self, name, np.array(getattr(self, name), dtype=np.float64))
        H, V = len(self.W_hh), len(self.W_hy)
        expected = {"W_hh": (H, H), "W_xh": (H, self.W_xh.shape[-1]), "W_hy": (V, H)}
        for name, shape in {**expected, "b_h": (H,), "b_y": (V,)}.items():
            if getattr(self, name).shape != shape:
                raise ValueError(f"{name} must have shape {shape}, got {getattr(self, name).shape}")

    @classmethod
    def random(
        cls,
        vocab_size: int,
        hidden_size: int,
        *,
        input_size: int | None = None,
        activation: str = "sigmoid",
        scale: float | None = None,
        seed: int = 0,
    ) -> NumpyRNN:
        """Make a network with normal random weights and zero biases.

        Parameters
        ----------
        vocab_size : int
            V, the number of outputs.
        hidden_size : int
            H, the number of hidden units; the Edinburgh lecture says 30 to 500.
        input_size : int, optional
            X, the length of an input vector. The default is ``vocab_size``: one-hot inputs or ids.
        activation : str
            As in the class.
        scale : float, optional
            Standard deviation of the weights. The default is 0.1 for the rows of ``W_xh`` that
            ids pick, and ``1 / sqrt(H)`` for the matrices that multiply the state.
        seed : int

        Raises
        ------
        ValueError
            If a size is not positive.
        """
        X = vocab_size if input_size is None else input_size
        for name, size in (("vocab_size", vocab_size), ("hidden_size", hidden_size)):
            if size < 1:
                raise ValueError(f"{name} must be positive, got {size}")
        if X < 1:
            raise ValueError(f"input_size must be positive, got {X}")
        rng = np.random.default_rng(seed)
        V, H = vocab_size, hidden_size
        outer, inner = (0.1, H**-0.5) if scale is None else (scale, scale)
        return cls(
            W_xh=rng.normal(scale=outer, size=(H, X)),
            W_hh=rng.normal(scale=inner, size=(H, H)),
            W_hy=rng.normal(scale=inner, size=(V, H)),
            b_h=np.zeros(H),
            b_y=np.zeros(V),
            activation=activation,
        )

    @property
    def vocab_size(self) -> int:
        """V, the number of words it chooses from."""
        return len(self.W_hy)

    @property
    def hidden_size(self) -> int:
        """H, the number of hidden units."""
        return len(self.W_hh)

    @property
    def parameters(self) -> dict[str, np.ndarray]:
        """The five arrays by name, the arrays themselves: writing into them changes the model."""
        return {name: getattr(self, name) for name in self.names}

    def step(self, x: np.ndarray | int, h_prev: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Compute one time step: equations (1) to (4).

        Parameters
        ----------
        x : ndarray of shape (X,), or int
            An input vector, or the id of a token instead of its one-hot vector.
        h_prev : ndarray, shape (H,)

        Returns
        -------
        h : ndarray, shape (H,)
        y : ndarray, shape (V,)
            Probabilities.
        """
        f, _ = ACTIVATIONS[self.activation]
        W_x = self.W_xh[:, x] if np.ndim(x) == 0 else self.W_xh @ x  # (H,)
        h = f(W_x + self.W_hh @ h_prev + self.b_h)  # (H,)
        y = softmax(self.W_hy @ h + self.b_y)  # (V,)
        return h, y

    def forward(self, inputs: Sequence, h0: np.ndarray | None = None) -> Trace:
        """Run the network over a text, one step after the other.

        Parameters
        ----------
        inputs : sequence of int, shape (T,), or ndarray of float, shape (T, X)
            Token ids, or a vector for each step.
        h0 : ndarray, shape (H,), optional
            The state before the first step; zeros by default.

        Returns
        -------
        Trace
            ``h_prev`` (T, H), ``h`` (T, H), ``y`` (T, V).

        Raises
        ------
        ValueError
            If there is no input, an id has no column in ``W_xh``, or a vector has another length.
        """
        inputs = self._checked_inputs(inputs)
        T, H, V = len(inputs), self.hidden_size, self.vocab_size
        h_prev, h, y = np.empty((T, H)), np.empty((T, H)), np.empty((T, V))
        state = np.zeros(H) if h0 is None else np.asarray(h0, dtype=np.float64)
        if state.shape != (H,):
            raise ValueError(f"h0 must have shape ({H},), got {state.shape}")
        for t, x in enumerate(inputs):
            h_prev[t] = state
            h[t], y[t] = self.step(x, state)
            state = h[t]
        return Trace(h_prev, h, y)

    def loss(self, inputs: Sequence, targets: Sequence[int], h0: np.ndarray | None = None) -> float:
        """Return the mean loss of the steps, ``-1/T sum_t ln y(t)[target(t)]``, in nats."""
        return _mean_loss(self.forward(inputs, h0).y, self._checked_targets(inputs, targets))

    def errors(
        self, trace: Trace, targets: Sequence[int]
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return what both forms of the recursion begin with.

        Returns
        -------
        error : ndarray, shape (T, V)
            ``dL / d net_y(t) = (y(t) - onehot(target(t))) / T``. Edinburgh's
            ``desired - y`` is its negative: the direction to go, not the gradient.
        into_h : ndarray, shape (T, H)
            ``W_hy^T error(t)``: what the step's own target says to its state.
        slope : ndarray, shape (T, H)
            ``f'(net_h(t))``.
        """
        error = trace.y.copy()  # (T, V)
        error[np.arange(len(error)), targets] -= 1
        error /= len(error)
        _, slope_at = ACTIVATIONS[self.activation]
        return error, error @ self.W_hy, slope_at(trace.h)

    def deltas_by_target(
        self,
        inputs: Sequence,
        targets: Sequence[int],
        h0: np.ndarray | None = None,
        tau: int | None = None,
    ) -> np.ndarray:
        """Carry the error of each target back on its own.

        Parameters
        ----------
        inputs, targets, h0
            As in `bptt`.
        tau : int, optional
            How many steps the error of a target reaches, its own included.

        Returns
        -------
        ndarray, shape (T, T, H)
            ``[t, s]`` is the part of ``dL / d net_h(s)`` that comes from target t: zero for steps
            after the target and for those more than ``tau - 1`` before it. The sum over t is
            ``bptt(...).deltas``.
        """
        targets = self._checked_targets(inputs, targets)
        _, into_h, slope = self.errors(self.forward(inputs, h0), targets)
        return self._carry_back(into_h, slope, _checked_tau(tau, len(targets)))

    def _carry_back(self, into_h: np.ndarray, slope: np.ndarray, tau: int) -> np.ndarray:
        T = len(into_h)
        deltas = np.zeros((T, T, self.hidden_size))
        for t in range(T):
            deltas[t, t] = into_h[t] * slope[t]
            for s in range(t, max(t - tau + 1, 0), -1):
                deltas[t, s - 1] = (self.W_hh.T @ deltas[t, s]) * slope[s - 1]
        return deltas

    def bptt(
        self,
        inputs: Sequence,
        targets: Sequence[int],
        h0: np.ndarray | None = None,
        tau: int | None = None,
    ) -> Bptt:
        """Compute the gradients of `loss` by backpropagation through time.

        Without truncation one recursion serves all targets. The error that arrives at a step is
        that of its own target and that of all later ones::

            delta(t) = (W_hy^T error(t) + W_hh^T delta(t+1)) * f'(net_h(t))

        With truncation each target has its own end, so the targets stay apart
        (`deltas_by_target`) until the sum.

        Parameters
        ----------
        inputs : sequence of int, shape (T,), or ndarray of float, shape (T, X)
        targets : sequence of int, shape (T,)
            The id of the token to predict at each step.
        h0 : ndarray, shape (H,), optional
            The state before the first step; zeros by default. No error goes back beyond it.
        tau : int, optional
            How many steps the error of a target reaches, its own included; all by default.

        Returns
        -------
        Bptt
            ``loss``, ``gradients`` by parameter name, ``deltas`` (T, H), ``state`` (H,).

        Raises
        ------
        ValueError
            If inputs and targets differ in length, an id is outside its range, or tau is not
            positive.
        """
        targets = self._checked_targets(inputs, targets)
        T, tau = len(targets), _checked_tau(tau, len(targets))
        trace = self.forward(inputs, h0)
        error, into_h, slope = self.errors(trace, targets)
        if tau < T:
            deltas = self._carry_back(into_h, slope, tau).sum(axis=0)  # (T, H)
        else:
            deltas = np.zeros((T, self.hidden_size))
            from_later = np.zeros(self.hidden_size)
            for t in reversed(range(T)):
                deltas[t] = (into_h[t] + from_later) * slope[t]
                from_later = self.W_hh.T @ deltas[t]
        gradients = {
            "W_xh": self._input_gradient(inputs, deltas),  # (H, X)  sum_t delta(t) x(t)^T
            "W_hh": deltas.T @ trace.h_prev,  # (H, H)  sum_t delta(t) h(t-1)^T
            "W_hy": error.T @ trace.h,  # (V, H)  sum_t error(t) h(t)^T
            "b_h": deltas.sum(axis=0),  # (H,)
            "b_y": error.sum(axis=0),  # (V,)
        }
        return Bptt(_mean_loss(trace.y, targets), gradients, deltas, trace.h[-1])

    def _input_gradient(self, inputs: Sequence, deltas: np.ndarray) -> np.ndarray:
        inputs = self._checked_inputs(inputs)
        if inputs.ndim == 2:
            return deltas.T @ inputs
        gradient = np.zeros_like(self.W_xh)
        for x, delta in zip(inputs, deltas, strict=True):
            gradient[:, x] += delta  # the outer product with a one-hot vector
        return gradient

    def log_probs(self, ids: Sequence[int]) -> np.ndarray:
        """Return ln P(token | all tokens before it), the contract of every model of the course.

        The text is read as one stream: the state is carried over the ends of sentences. The token
        before the first is ``</s>``.

        Parameters
        ----------
        ids : sequence of int, shape (T,)

        Returns
        -------
        ndarray of float64, shape (T,)
            In nats.

        Raises
        ------
        ValueError
            If an id is outside the vocabulary.
        """
        ids = _checked_ids(ids, self.vocab_size, "token")
        inputs = np.concatenate([[Vocabulary.eos_id], ids[:-1]])[: len(ids)]
        log_probs, state = np.empty(len(ids)), None
        for start in range(0, len(ids), 1000):  # so that y need not hold the whole text
            piece = slice(start, start + 1000)
            trace = self.forward(inputs[piece], state)
            log_probs[piece] = _log_probs(trace.y, ids[piece])
            state = trace.h[-1]
        return log_probs

    def next_word_probs(self, context: Sequence[int] = ()) -> np.ndarray:
        """Return P(word | context) for every word of the vocabulary.

        Parameters
        ----------
        context : sequence of int
            The ids so far, from the start of the text. ``<s>``, the id V, is read as ``</s>``.

        Returns
        -------
        ndarray of float64, shape (V,)
            ``exp(log_probs(ids)[t])`` is element ``ids[t]`` of ``next_word_probs(ids[:t])``.

        Raises
        ------
        ValueError
            If an id is outside the vocabulary.
        """
        context = np.asarray(context)
        if context.ndim == 1 and len(context) and context[0] == self.vocab_size:
            context = context[1:]  # <s>; every text is read after </s> anyway
        context = _checked_ids(context, self.vocab_size, "token")
        return self.forward([Vocabulary.eos_id, *context]).y[-1]

    def _checked_inputs(self, inputs: Sequence) -> np.ndarray:
        inputs = np.asarray(inputs)
        if inputs.ndim not in (1, 2) or len(inputs) == 0:
            raise ValueError(
                f"inputs must be ids (T,) or vectors (T, X) with T > 0, got shape {inputs.shape}"
            )
        X = self.W_xh.shape[1]
        if inputs.ndim == 1:
            return _checked_ids(inputs, X, "input")
        if inputs.shape[1] != X:
            raise ValueError(f"each input must have length {X}, got {inputs.shape[1]}")
        return inputs.astype(np.float64)

    def _checked_targets(self, inputs: Sequence, targets: Sequence[int]) -> np.ndarray:
        if len(inputs) != len(targets):
            raise ValueError(f"there are {len(inputs)} inputs, but {len(targets)} targets")
        return _checked_ids(targets, self.vocab_size, "target")


def numerical_gradient(
    loss: Callable[[], float],
    parameter: np.ndarray,
    step: float = 1e-5,
    *,
    central: bool = True,
) -> np.ndarray:
    """Estimate the gradient of a loss by moving one number at a time.

    Central differences are ``(L(w + step) - L(w - step)) / (2 step)``, with an error of the order
    ``step**2``. The forward difference of the Darmstadt lecture, ``(L(w + step) - L(w)) / step``,
    has one of the order ``step``. Too small a step is no better: the two losses then agree in all
    but their last digits.

    Parameters
    ----------
    loss : function without arguments that returns a float
        It reads ``parameter``, which changes between calls and is put back at the end.
    parameter : ndarray of float64, any shape
    step : float
    central : bool

    Returns
    -------
    ndarray of float64, same shape

    Raises
    ------
    TypeError
        If the parameter is not an array of float64: the step would be lost in rounding.
    ValueError
        If the step is not positive.

    Examples
    --------
    >>> w = np.array([1.0, 3.0])
    >>> numerical_gradient(lambda: (w**2).sum(), w).round(6)
    array([2., 6.])
    """
    if getattr(parameter, "dtype", None) != np.float64:
        kind = getattr(parameter, "dtype", type(parameter).__name__)
        raise TypeError(f"parameter must be an array of float64, got {kind}")
    if not step > 0:
        raise ValueError(f"step must be positive, got {step}")
    gradient = np.zeros_like(parameter)
    here = None if central else loss()
    for i in np.ndindex(parameter.shape):
        w = parameter[i]
        try:
            parameter[i] = w + step
            up = loss()
            if central:
                parameter[i] = w - step
                gradient[i] = (up - loss()) / (2 * step)
            else:
                gradient[i] = (up - here) / step
        finally:
            parameter[i] = w
    return gradient


@dataclass
class Epoch:
    """What `train` notes after one pass over the training text."""

    epoch: int
    lr: float
    train_loss: float  # mean nats per token while it was being learned
    valid_perplexity: float
    seconds: float  # since the start


def train(
    model: NumpyRNN,
    train_ids: Sequence[int],
    valid_ids: Sequence[int],
    *,
    steps: int = 20,
    tau: int | None = None,
    lr: float = 0.1,
    max_epochs: int = 20,
    seconds: float | None = None,
    min_improvement: float = 1.003,
) -> list[Epoch]:
    """Train by stochastic gradient descent; halve the learning rate when validation says so.

    The text is read from the first token to the last, ``steps`` tokens an update; the state is
    carried from piece to piece. As in Mikolov et al. (2010): the learning rate stays until an epoch
    improves the validation text no longer, is then halved before every epoch, and training ends
    when an epoch brings no improvement again.

    Parameters
    ----------
    model : NumpyRNN
        Changed in place. At the end it holds the weights that were best on the validation text.
    train_ids, valid_ids : sequence of int
        Texts: ids in which ``</s>`` ends each sentence.
    steps : int
        Tokens in one update. No error goes back beyond its own piece.
    tau : int, optional
        How many steps the error of a target reaches within the piece; all by default.
    lr : float
        Learning rate per token: an update subtracts ``lr`` times the gradient of the piece's
        *summed* loss, so the same value serves for any ``steps``.
    max_epochs : int
    seconds : float, optional
        Stop after the epoch that passes this time.
    min_improvement : float
        An epoch counts as an improvement if the validation text's negative log-probability falls by
        more than this factor.

    Returns
    -------
    list of Epoch

    Raises
    ------
    ValueError
        If an option is not positive or a text is empty.
    FloatingPointError
        If the loss is not a finite number any more.
    """
    for name, value in (("steps", steps), ("lr", lr), ("max_epochs", max_epochs)):
        if not value > 0:
            raise ValueError(f"{name} must be positive, got {value}")
    train_ids = _checked_ids(train_ids, model.vocab_size, "token")
    if len(train_ids) == 0 or len(valid_ids) == 0:
        raise ValueError("the training and the validation text need at least one token each")
    inputs = np.concatenate([[Vocabulary.eos_id], train_ids[:-1]])
    history: list[Epoch] = []
    best_loss, best, halving, start = np.inf, {}, False, time.perf_counter()
    for epoch in range(1, max_epochs + 1):
        train_loss = _train_epoch(model, inputs, train_ids, steps, tau, lr)
        valid_loss = -model.log_probs(valid_ids).mean()
        _check_finite(valid_loss, f"after epoch {epoch}", lr)
        elapsed = time.perf_counter() - start
        history.append(Epoch(epoch, lr, train_loss, float(np.exp(valid_loss)), elapsed))
        improved = valid_loss * min_improvement < best_loss
        if valid_loss < best_loss:
            best_loss, best = valid_loss, {k: w.copy() for k, w in model.parameters.items()}
        if (halving and not improved) or (seconds is not None and elapsed > seconds):
            break
        halving = halving or not improved
        lr = lr / 2 if halving else lr
    for name, w in model.parameters.items():
        w[...] = best[name]
    return history


def _train_epoch(model, inputs, targets, steps, tau, lr) -> float:
    """Pass once over the text and return the mean loss per token, each before its update."""
    total, state = 0.0, None
    for start in range(0, len(targets), steps):
        piece = slice(start, start + steps)
        T = len(targets[piece])
        result = model.bptt(inputs[piece], targets[piece], state, tau)
        _check_finite(result.loss, f"at token {start}", lr)
        for name, gradient in result.gradients.items():
            getattr(model, name)[...] -= lr * T * gradient
        total += T * result.loss
        state = result.state
    return total / len(targets)


def _check_finite(loss: float, where: str, lr: float) -> None:
    if not np.isfinite(loss):
        raise FloatingPointError(f"the loss is {loss} {where}; an lr below {lr:g} may help")


def _log_probs(y: np.ndarray, targets: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore"):
        return np.log(y[np.arange(len(targets)), targets])


def _mean_loss(y: np.ndarray, targets: np.ndarray) -> float:
    return -float(_log_probs(y, targets).mean())


def _checked_ids(ids: Sequence[int], size: int, what: str) -> np.ndarray:
    ids = np.asarray(ids)
    if ids.ndim != 1 or (ids.size and ids.dtype.kind not in "iu"):
        raise ValueError(f"ids must be integers of shape (T,), got {ids.dtype} {ids.shape}")
    for i in ids[(ids < 0) | (ids >= size)][:1]:
        raise ValueError(f"{what} id {i} is outside 0 .. {size - 1}")
    return ids.astype(np.int64)


def _checked_tau(tau: int | None, T: int) -> int:
    if tau is None:
        return T
    if tau < 1:
        raise ValueError(f"tau must be at least 1 (the target's own step), got {tau}")
    return min(tau, T)
