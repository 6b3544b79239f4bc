"""What happens to gradients, states and gates inside a recurrent network: measured.

Every function takes one of the layers of `recurrent`, or a model that has one between an embedding
and an output layer, such as `models.LanguageModel`. It works on a copy, on the CPU, in float64 and
without dropout; the model stays as it is. Results are NumPy arrays. Along their first axis runs
either the time, or the distance back from the last step: 0, 1, 2, ...

>>> _ = torch.manual_seed(0)
>>> srn, x = SRN(3, 8), torch.randn(50, 1, 3)  # (T, B, D)
>>> norms = gradient_norms(srn, x)  # of d loss(T) / d h(T - k)
>>> norms.h.shape  # k = 0 .. T, layers, texts
(51, 1, 1)
>>> bool(norms.h[50] < 1e-6 * norms.h[0])
True
>>> jacobians = step_jacobians(srn, x)  # d h_t / d h_{t-1}
>>> products = running_products(jacobians)  # d h_T / d h_{T-k}
>>> bool(norms.h[50] <= spectrum(products).norm[50])
True
"""

from __future__ import annotations

import copy
import functools
import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence

from course_utils.recurrent import GRU, LSTM, SRN
from course_utils.training import History

STEEPEST = {"tanh": 1.0, "relu": 1.0, "sigmoid": 0.25}  # the largest slope f'(net) there is
LAYERS = (SRN, LSTM, GRU)
LOST = 2.0**-24  # added to 1 in float32, it leaves 1: a gradient's share that training cannot see


class GradientNorms(NamedTuple):
    """Norms of the gradient of the loss at the last step, T, for every distance k.

    Attributes
    ----------
    h : ndarray of float, shape (T + 1, layers, B)
        ``[k]``: ``||d loss(T) / d h(T - k)||`` of each layer and text; ``[T]`` is for the first
        state.
    c : ndarray of float, shape (T + 1, layers, B), or None
        The same for the cell of an LSTM.
    """

    h: np.ndarray
    c: np.ndarray | None = None


def gradient_norms(
    model: torch.nn.Module,
    inputs,
    state=None,
    *,
    loss: Callable[[Tensor], Tensor] | None = None,
    dtype: torch.dtype = torch.float64,
) -> GradientNorms:
    """Measure how much of the gradient at the last step arrives at each step before it.

    The derivatives are total ones, by every path, as in `bptt`: a lower layer's state also acts
    through the layers above it, and ``c`` also through its own ``h``. In one
    layer of an SRN or a GRU, ``d loss(T) / d h(t)`` is ``d loss(T) / d h(T)`` times the product of
    the step Jacobians ``d h(T) / d h(T-1) ... d h(t+1) / d h(t)`` (Pascanu et al. 2013, equation
    5); in an LSTM the same holds of h and c together.

    Parameters
    ----------
    model : Module
        A layer, or a language model.
    inputs : Tensor of float, shape (T, B, D) or (T, D), or ids of shape (T + 1, B) or (T + 1,)
        What a layer reads, in its own layout (``batch_first``). Of a text, a language model reads
        all but the last word; the last one is the word whose loss it is.
    state : Tensor or tuple of two Tensors, optional
        The state before the first step, as the layer takes it. Default: zeros.
    loss : callable, optional
        ``loss(y)`` of the outputs at step T, (B, H): a number, the sum over the texts. Default, of
        a layer: ``y.sum() / sqrt(H)``, whose gradient in y has norm 1; of a language model:
        ``-ln P(last word)``, in nats.
    dtype : torch.dtype
        The precision; ``torch.float32`` shows what training sees.

    Returns
    -------
    GradientNorms

    Raises
    ------
    TypeError, ValueError
        If the model has no recurrent layer of this course or reads both ways, or the input or the
        state does not fit it.
    """
    network = _open(model, inputs, state, dtype, scored=True)
    if network.directions == 2:
        raise ValueError(
            "a bidirectional layer reads both ways, so no step of it is a distance back; measure a "
            "layer of one direction"
        )
    first = tuple(part.requires_grad_() for part in network.state)  # (layers, B, H) each
    y, steps = network.run(first)
    value = network.loss(y[-1]) if loss is None else loss(y[-1])
    norms = []
    own = first[: 1 + isinstance(steps[0][0].layer, LSTM)]  # h, and c of an LSTM
    for n, start in enumerate(own):
        later = [step.after[n] for layer in steps for step in layer]  # (B, H) each
        found = torch.autograd.grad(
            value, [start, *later], retain_graph=True, materialize_grads=True
        )
        of_layers = torch.stack(found[1:]).unflatten(0, (len(steps), -1))  # (layers, T, B, H)
        gradients = torch.cat([found[0][:, None], of_layers], dim=1)  # (layers, T + 1, B, H)
        norms.append(gradients.norm(dim=-1).flip(1).transpose(0, 1).numpy())
    return GradientNorms(*norms)


def step_jacobians(
    model: torch.nn.Module, inputs, state=None, layer: int = 0, direction: int = 0
) -> np.ndarray:
    """Return the Jacobian of each step of a layer: its state after the step by the one before.

    The state of an LSTM is ``h`` and ``c`` side by side: the upper left quarter of the Jacobian is
    ``d h_t / d h_{t-1}`` with ``c_{t-1}`` held still, the lower right one ``d c_t / d c_{t-1}``,
    which is ``diag(f_t)`` where there are no peepholes. With ``time_skip=k``, h of the k - 1 steps
    before stand beside them. What the layer reads is held still.

    Parameters
    ----------
    model : Module
        A layer, or a language model.
    inputs : Tensor of float, shape (T, D) or (T, 1, D), or ids of shape (T,)
        One sequence.
    state : optional
        As in `gradient_norms`.
    layer, direction : int
        Which layer, from 0; direction 1 reads from right to left, and its first step is the last.

    Returns
    -------
    ndarray of float, shape (T, S, S)
        ``[t, a, b]``: the derivative of element a after step t by element b before it. S is H, for
        an LSTM 2H.

    Raises
    ------
    TypeError, ValueError
        As `gradient_norms`, or if there is more than one sequence or no such layer.
    """
    network = _open(model, inputs, state)
    network.check_one_text()
    _, steps = network.run()
    jacobians = []
    for step in steps[network.place(layer, direction)]:
        parts = [part.detach() for part in step.before]  # (1, H) each
        size = sum(part.shape[1] for part in parts)
        # a batch of equal rows: the derivative of element a is taken in row a
        rows = [part.expand(size, -1).clone().requires_grad_() for part in parts]
        after = step.again(step.x.expand(size, -1), tuple(rows))
        chosen = torch.cat(after, dim=1).diagonal().sum()
        jacobians.append(torch.cat(torch.autograd.grad(chosen, rows), dim=1))
    return torch.stack(jacobians).numpy()


def srn_jacobians(h: np.ndarray, W_hh: np.ndarray, nonlinearity: str = "tanh") -> np.ndarray:
    """Return the step Jacobians of a simple recurrent network by their formula.

    ``d h_t / d h_{t-1} = diag(f'(net_t)) W_hh``, with the slope written by the state: ``1 - h^2``
    for tanh, ``h (1 - h)`` for the sigmoid, 1 or 0 for ReLU. (Edinburgh's slides have ``f'(s)`` in
    its place.)

    Parameters
    ----------
    h : ndarray of float, shape (T, H)
        The states after the steps.
    W_hh : ndarray of float, shape (H, H)
    nonlinearity : {"tanh", "relu", "sigmoid"}

    Returns
    -------
    ndarray of float, shape (T, H, H)

    Examples
    --------
    One unit, w = 2, a state of 0.6: (1 - 0.36) * 2.

    >>> srn_jacobians(np.array([[0.6]]), np.array([[2.0]]))
    array([[[1.28]]])
    """
    _steepest(nonlinearity)
    h, W_hh = np.asarray(h, dtype=float), np.asarray(W_hh, dtype=float)
    if h.ndim != 2 or W_hh.shape != (h.shape[1], h.shape[1]):
        raise ValueError(
            f"states (T, H) go with W_hh (H, H); got shapes {h.shape} and {W_hh.shape}"
        )
    slopes = {"tanh": 1 - h * h, "relu": (h > 0).astype(float), "sigmoid": h * (1 - h)}
    return slopes[nonlinearity][:, :, None] * W_hh


def running_products(jacobians: np.ndarray) -> np.ndarray:
    """Multiply step Jacobians from the last one back, a factor at a time.

    Parameters
    ----------
    jacobians : ndarray of float, shape (T, S, S)
        ``[t - 1]``: ``d h_t / d h_{t-1}``.

    Returns
    -------
    ndarray of float, shape (T + 1, S, S)
        ``[k]``: ``d h_T / d h_{T-k}``, the product of the last k; ``[0]`` is the identity.
    """
    product = np.eye(np.shape(jacobians)[-1])
    products = [product]
    for jacobian in reversed(np.asarray(jacobians)):
        product = product @ jacobian
        products.append(product)
    return np.stack(products)


class Spectrum(NamedTuple):
    """What a matrix can do to the length of a vector.

    Attributes
    ----------
    singular_values : ndarray of float, shape (..., S)
        The largest first: the factors by which it stretches orthogonal directions.
    norm : ndarray of float, shape (...)
        The largest of them, the spectral norm: no vector grows by more.
    radius : ndarray of float, shape (...)
        The largest absolute eigenvalue, the spectral radius: the factor of a vector that only
        grows or shrinks. It is never above the norm, and is no bound.
    """

    singular_values: np.ndarray
    norm: np.ndarray
    radius: np.ndarray


def spectrum(matrices: np.ndarray) -> Spectrum:
    """Return singular values, spectral norm and spectral radius of matrices (..., S, S).

    Singular values below 1e-16 of the largest are rounding.

    Examples
    --------
    A matrix that doubles no eigenvector, and yet makes a vector four times as long:

    >>> found = spectrum(np.array([[0.5, 4.0], [0.0, 0.5]]))
    >>> float(found.radius), round(float(found.norm), 3)
    (0.5, 4.062)
    """
    matrices = np.asarray(matrices, dtype=float)
    if not np.isfinite(matrices).all():
        raise ValueError("a matrix holds nan or inf; the network has overflowed")
    singular_values = np.linalg.svd(matrices, compute_uv=False)
    radius = np.abs(np.linalg.eigvals(matrices)).max(-1)
    return Spectrum(singular_values, singular_values[..., 0], radius)


class Decay(NamedTuple):
    """Two curves over the distance k = 0 .. steps, of which one is a bound.

    Attributes
    ----------
    bound : ndarray of float, shape (steps + 1,)
        ``(gamma sigma)^k``, sigma the largest singular value of ``W_hh``.
    by_eigenvalue : ndarray of float, shape (steps + 1,)
        ``(gamma rho)^k``, rho the largest absolute eigenvalue.
    """

    bound: np.ndarray
    by_eigenvalue: np.ndarray


def decay(W_hh: np.ndarray, steps: int, nonlinearity: str = "tanh") -> Decay:
    """Bound the gradient of a simple recurrent network over a distance (Pascanu et al. 2013).

    A step Jacobian is ``diag(f'(net)) W_hh``; its norm is at most ``gamma sigma``, with gamma the
    largest slope of f: 1 for tanh and ReLU, 1/4 for the sigmoid. So
    ``||d h_T / d h_{T-k}|| <= (gamma sigma)^k``: where ``sigma < 1 / gamma``, the gradient must
    vanish; where it explodes, ``sigma > 1 / gamma``. CS224N 2019 says so of the largest eigenvalue,
    which bounds nothing: a product of matrices may be longer than all their eigenvalues say, at
    first or, with other slopes at every step, for ever.

    Parameters
    ----------
    W_hh : ndarray of float, shape (H, H)
    steps : int
        The largest distance.
    nonlinearity : {"tanh", "relu", "sigmoid"}

    Returns
    -------
    Decay

    Examples
    --------
    >>> found = decay(np.array([[0.5, 4.0], [0.0, 0.5]]), steps=1)
    >>> found.bound.round(3), found.by_eigenvalue
    (array([1.   , 4.062]), array([1. , 0.5]))
    """
    gamma, found, k = _steepest(nonlinearity), spectrum(W_hh), np.arange(steps + 1)
    return Decay((gamma * found.norm) ** k, (gamma * found.radius) ** k)


@torch.no_grad()
def spectral_radius_(layer: torch.nn.Module, radius: float) -> torch.nn.Module:
    """Scale the matrices of the state, each gate's on its own, to a spectral radius.

    Parameters
    ----------
    layer : Module
        A layer of this course, or a model that holds some.
    radius : float
        What the largest absolute eigenvalue of each (H, H) matrix is to be.

    Returns
    -------
    Module
        The same, changed in place.

    Raises
    ------
    ValueError
        If the radius is negative, or a matrix has no eigenvalue but 0.

    Examples
    --------
    >>> srn = spectral_radius_(SRN(4, 8), 0.9)
    >>> round(float(spectrum(srn.weight_hh_l0.detach()).radius), 5)
    0.9
    """
    if not radius >= 0:
        raise ValueError(f"a spectral radius is at least 0, got {radius}")
    for part in layer.modules():
        for weights in part.all_weights if isinstance(part, LAYERS) else ():
            for W_hg in weights[1].split(part.hidden_size):  # (H, H)
                found = float(spectrum(W_hg.cpu()).radius)
                if found == 0:
                    raise ValueError("all eigenvalues of a matrix are 0; no factor changes them")
                W_hg *= radius / found
    return layer


def sensitivity(model: torch.nn.Module, inputs, state=None, at: int = 0) -> np.ndarray:
    """Measure how much each output at each step depends on what was read at one early step.

    ``[t, j]`` is the norm of ``d y_j(t) / d x(at)``, which Graves 2012 (section 4.1) shades the
    nodes of an unrolled network by. For a language model x is the word vector, and y the states
    that its output layer sees.

    Parameters
    ----------
    model : Module
        A layer, or a language model.
    inputs : Tensor of float, shape (T, D) or (T, 1, D), or ids of shape (T,)
        One sequence.
    state : optional
        As in `gradient_norms`.
    at : int
        The early step, from 0; -1 is the last.

    Returns
    -------
    ndarray of float, shape (T, H), with two directions (T, 2H)
        Zeros where an output comes before the step, read left to right.

    Raises
    ------
    TypeError, ValueError
        As `step_jacobians`, or if there is no such step.
    """
    network = _open(model, inputs, state)
    network.check_one_text()
    T, _, D = network.x.shape
    if not -T <= at < T:
        raise ValueError(f"at must be a step of the text, {-T} .. {T - 1}, got {at}")
    # a batch of D copies: the derivative by element d of x(at) is taken in copy d
    x = network.x.repeat(1, D, 1)  # (T, D, D)
    state = tuple(part.repeat(1, D, 1) for part in network.state)
    direction = torch.zeros(T, D, D, dtype=x.dtype)
    direction[at] = torch.eye(D)
    _, dy = torch.autograd.functional.jvp(lambda x: network.rnn(x, _joined(state))[0], x, direction)
    return dy.norm(dim=1).numpy()  # (T, D, H) -> (T, H)


def gate_activations(
    model: torch.nn.Module, inputs, state=None, layer: int = 0, direction: int = 0
) -> dict[str, np.ndarray]:
    """Return what every gate of a layer does at every step of a text, and what becomes of it.

    Parameters
    ----------
    model : Module
        An LSTM or a GRU, or a language model of one.
    inputs : Tensor of float, shape (T, B, D) or (T, D), or ids of shape (T, B) or (T,)
    state : optional
        As in `gradient_norms`.
    layer, direction : int
        Which layer, from 0; direction 1 reads from right to left.

    Returns
    -------
    dict of str to ndarray of float, shape (T, B, H), for one sequence (T, H)
        For an LSTM ``i``, ``f``, ``g``, ``o``, ``c``, ``h``; for a GRU ``r``, ``z``, ``n``, ``h``.
        ``[t]`` is the step that reads input t, in either direction.

    Raises
    ------
    TypeError
        If the model has no gates.
    ValueError
        As `gradient_norms`, or if there is no such layer or direction.
    """
    network = _open(model, inputs, state)
    _, steps = network.run()
    steps = steps[network.place(layer, direction)]
    steps = steps[::-1] if direction else steps
    rows = [_gates(step) for step in steps]
    found = {name: torch.stack([row[name] for row in rows]).numpy() for name in rows[0]}
    return {name: table[:, 0] for name, table in found.items()} if network.alone else found


def run_cell(i, f, g, o, c_0: float = 0.0) -> dict[str, np.ndarray]:
    """Run one unit of an LSTM whose gates are set by hand: erase, write, read.

    ``c_t = f_t * c_{t-1} + i_t * g_t`` and ``h_t = o_t * tanh(c_t)``. f = 0 erases, i = 1 writes,
    o = 1 reads; f = 1 and i = 0 keep what is there, for as long as they stay so.

    Parameters
    ----------
    i, f, g, o : array of float, shape (T,), or float
        The gates, 0 .. 1, and the candidate, -1 .. 1. A number stands for every step.
    c_0 : float
        What the cell holds before the first step.

    Returns
    -------
    dict of str to ndarray of float, shape (T,)
        ``i``, ``f``, ``g``, ``o``, ``c``, ``h``, as from `gate_activations`.

    Examples
    --------
    Write 0.8, keep it for three steps, read it in the last:

    >>> run_cell(i=[1, 0, 0, 0], f=1, g=0.8, o=[0, 0, 0, 1])["h"].round(3)
    array([0.   , 0.   , 0.   , 0.664])
    """
    series = np.broadcast_arrays(*(np.atleast_1d(np.asarray(s, dtype=float)) for s in (i, f, g, o)))
    for name, values, least in zip("ifgo", series, (0, 0, -1, 0), strict=True):
        if values.ndim != 1 or not ((values >= least) & (values <= 1)).all():
            raise ValueError(f"{name} must be numbers {least} .. 1, one a step, got {values}")
    c, before = [], c_0
    for i_t, f_t, g_t in zip(*series[:3], strict=True):
        before = f_t * before + i_t * g_t
        c.append(before)
    c = np.array(c)
    return dict(zip("ifgo", map(np.array, series), strict=True)) | {
        "c": c,
        "h": series[3] * np.tanh(c),
    }


class Clipping(NamedTuple):
    """The norm of the gradient at every chunk of a training.

    Attributes
    ----------
    before, after : ndarray of float, shape (chunks,)
        As it came, and as the optimizer got it.
    """

    before: np.ndarray
    after: np.ndarray


def clipping(history: History) -> Clipping:
    """Return the gradient's norms of a training before and after they were clipped.

    ``after = before * min(1, clip / before)`` (Pascanu et al. 2013, algorithm 1; torch guards the
    quotient by adding 1e-6 to the norm).
    """
    before = np.array(history.gradient_norms)
    if history.clip is None:
        return Clipping(before, before)
    return Clipping(before, before * np.minimum(1, history.clip / (before + 1e-6)))


class Report(dict):
    """Symptoms by name, each with a sentence; it prints as one line a symptom."""

    def __repr__(self) -> str:
        return "\n".join(f"{name}: {words}" for name, words in self.items()) or "no symptom found"


def symptoms(
    history: History | None = None,
    model: torch.nn.Module | None = None,
    ids: np.ndarray | None = None,
    *,
    distance: int = 35,
) -> Report:
    """Say what is wrong with a training, or with the network that came out of it.

    The symptoms are those of Darmstadt 2022, lecture 7, each with a threshold far from what sound
    trainings of this course showed.

    Parameters
    ----------
    history : History, optional
        Of `training.fit`; of a training that broke off, ``error.history`` of
        `training.Diverged`. Shows the symptoms

        - ``loss is nan``: a loss or a gradient was no finite number;
        - ``loss explodes``: it was twice what a guess costs before anything is learnt;
        - ``loss jumps``: from chunk to chunk, by a tenth of that;
        - ``stuck``: from the second quarter to the last it moved by less than a hundredth, and is
          no better than word frequencies make it (without ``ids``: than it was at first);
        - ``weights explode``, ``weights vanish``: their norm grew thirtyfold, or fell to a tenth;
        - ``gradient explodes``: its norm was a hundred times the median, or the median is above
          100.
    model : Module, optional
        A language model; after `fit` it holds its best weights. Alone, it shows ``weights are
        nan``; with ``ids``

        - ``gradient vanishes``: so far back, it is lost when it is added up in float32;
        - ``gradient explodes``: so far back, it is a thousand times what it is at the last step.
    ids : ndarray of int, optional
        The training text.
    distance : int
        How far back to look, in steps: as far as `fit` does.

    Returns
    -------
    Report
        The symptoms found, by name; empty if there are none.

    Raises
    ------
    ValueError
        If there is neither history nor model, or the text is too short to look so far back.
    """
    if history is None and model is None:
        raise ValueError("give the history of a training, a model, or both")
    found = Report()
    if history is not None and history.losses:
        found.update(_of_losses(history, ids))
        found.update(_of_norms(history))
    if model is not None:
        bad = [name for name, p in model.named_parameters() if not bool(p.isfinite().all())]
        if bad:
            found["weights are nan"] = f"{', '.join(bad)} hold values that are no finite numbers"
        elif ids is not None:
            found.update(_of_distance(model, ids, distance))
    return found


def _of_losses(history: History, ids: np.ndarray | None) -> Report:
    losses, gradients = np.array(history.losses), np.array(history.gradient_norms)
    found, start = Report(), losses[0]
    broken = np.flatnonzero(~np.isfinite(losses) | ~np.isfinite(gradients))
    if len(broken):
        k = broken[0]
        what = f"it is {losses[k]}"
        if np.isfinite(losses[k]):
            what = f"the norm of its gradient is {gradients[k]}"
        before = f"; at the one before, the loss was {losses[k - 1]:.3g}" if k else ""
        found["loss is nan"] = f"{what} at chunk {k + 1}{before}"
    losses = losses[np.isfinite(losses)]
    if not len(losses):
        return found
    guess = start if ids is None else math.log(int(np.max(ids)) + 1)
    if losses.max() > 2 * guess:
        found["loss explodes"] = (
            f"it is {losses.max():.3g} nats at chunk {losses.argmax() + 1}; a guess among all "
            f"words costs {guess:.3g}"
        )
    jump = np.median(np.abs(np.diff(losses))) if len(losses) > 1 else 0.0
    if jump > 0.1 * guess:
        found["loss jumps"] = f"by {jump:.3g} nats from one chunk to the next, in the median"
    known = start if ids is None else _unigram_entropy(ids)
    if len(losses) >= 20:
        _, second, _, last = (quarter.mean() for quarter in np.array_split(losses, 4))
        if abs(second - last) < 0.01 * second and last > 0.95 * known:
            words = f"the loss stays at {last:.3g} nats; at the beginning it was {start:.3g}"
            if ids is not None:
                words += f", and to know how frequent each word is brings it to {known:.3g}"
            found["stuck"] = words
    return found


def _of_norms(history: History) -> Report:
    weights, gradients = np.array(history.weight_norms), np.array(history.gradient_norms)
    found, first = Report(), weights[0]
    weights, gradients = weights[np.isfinite(weights)], gradients[np.isfinite(gradients)]
    if len(weights) and weights[-1] > 30 * first:
        found["weights explode"] = f"their norm grew from {first:.3g} to {weights[-1]:.3g}"
    if len(weights) and weights[-1] < 0.1 * first:
        found["weights vanish"] = f"their norm fell from {first:.3g} to {weights[-1]:.3g}"
    if not len(gradients):
        return found
    median, largest = np.median(gradients), gradients.max()
    if largest > 100 * median or median > 100 or len(gradients) < len(history.gradient_norms):
        found["gradient explodes"] = (
            f"its norm is {largest:.3g} at chunk {gradients.argmax() + 1}, {median:.3g} in the "
            "median"
        )
        if history.clip is not None:
            share = np.mean(gradients > history.clip)
            found["gradient explodes"] += f"; {share:.0%} of the chunks were clipped"
    return found


def _of_distance(model: torch.nn.Module, ids: np.ndarray, distance: int) -> Report:
    """Follow the gradient of a few words of the text back, through all states together."""
    texts = min(8, len(ids) // (distance + 2))
    if not texts:
        raise ValueError(
            f"to look {distance} steps back needs a text of {distance + 2} words, got {len(ids)}; "
            "choose a smaller distance"
        )
    read = np.reshape(ids[: texts * (distance + 2)], (texts, -1)).T  # (T + 1, B)
    norms = gradient_norms(model, read)
    squares = sum((part**2).sum(axis=1) for part in norms if part is not None)  # (T + 1, B)
    flow = np.sqrt(squares).mean(axis=1)[: distance + 1]
    if not np.isfinite(flow).all():
        return Report({"gradient explodes": f"within {distance} steps back it is no number"})
    share = flow / max(flow[0], np.finfo(float).tiny)
    words = f"{distance} steps back it is {share[-1]:.2g} of what it is at the last step"
    if share[-1] > 1000:
        return Report({"gradient explodes": words})
    if share[-1] > LOST:
        return Report()
    first = int(np.argmax(share <= LOST))
    return Report({"gradient vanishes": f"{words}; beyond {first - 1} float32 loses it in the sum"})


def _unigram_entropy(ids: np.ndarray) -> float:
    """Return the entropy of the words of a text, in nats, when only their frequencies are known."""
    p = np.bincount(ids) / len(ids)
    p = p[p > 0]
    return -float(p @ np.log(p))


class _Step(NamedTuple):
    """One step of one layer as it was taken: tensors (B, ...), states as tuples of them."""

    layer: torch.nn.Module
    x: Tensor
    before: tuple[Tensor, ...]
    after: tuple[Tensor, ...]
    weights: tuple
    of_cell: tuple  # x, state, weights, as the equations got them: before a connection along time
    cell_after: tuple[Tensor, ...]

    def again(self, x: Tensor, before: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """Take the step from elsewhere."""
        return self.layer._step(x, before, *self.weights)


class _Network(NamedTuple):
    """A copy of a model, opened, with what it is to read."""

    rnn: torch.nn.Module
    x: Tensor  # (T, B, D)
    state: tuple[Tensor, ...]  # before the first step, (layers * directions, B, H) each
    directions: int
    alone: bool  # one sequence, given without B
    score: Callable[[Tensor], Tensor] | None  # of the outputs at the last step, (B, H) -> ()

    def run(self, state=None) -> tuple[Tensor, list[list[_Step]]]:
        """Return the outputs (T, B, ...) and, for each layer and direction, its steps."""
        steps, calls = [], []

        def noted_cell(layer, *given):
            after = type(layer)._cell_step(layer, *given)
            calls.append((given, after))
            return after

        def noted_step(layer, x, before, *weights):
            after = type(layer)._step(layer, x, before, *weights)
            steps.append(_Step(layer, x, tuple(before), tuple(after), weights, *calls.pop()))
            return after

        layers = [module for module in self.rnn.modules() if isinstance(module, LAYERS)]
        for layer in layers:
            layer._cell_step = functools.partial(noted_cell, layer)
            layer._step = functools.partial(noted_step, layer)
        y, _ = self.rnn(self.x, _joined(self.state if state is None else state))
        for layer in layers:  # steps that are taken again are not noted
            del layer._cell_step, layer._step
        T = len(self.x)
        return y, [steps[start : start + T] for start in range(0, len(steps), T)]

    def loss(self, y: Tensor) -> Tensor:
        """Return the loss of the outputs at the last step, summed over the texts."""
        return y.sum() / math.sqrt(y.shape[1]) if self.score is None else self.score(y)

    def place(self, layer: int, direction: int = 0) -> int:
        """Return where a layer and direction stands among the states."""
        layers = len(self.state[0]) // self.directions
        if not 0 <= layer < layers:
            raise ValueError(f"layer must be between 0 and {layers - 1}, got {layer}")
        if not 0 <= direction < self.directions:
            last = self.directions - 1
            raise ValueError(f"direction must be between 0 and {last}, got {direction}")
        return layer * self.directions + direction

    def check_one_text(self):
        if self.x.shape[1] != 1:
            raise ValueError(f"give one text at a time, got {self.x.shape[1]} side by side")


def _gates(step: _Step) -> dict[str, Tensor]:
    """Return what the equations of `steps` keep to themselves."""
    x, before, W_xh, W_hh, *others = step.of_cell
    h_prev, h, sigma = before[0], step.cell_after[0], torch.sigmoid
    if isinstance(step.layer, LSTM):
        b_h, w_ch = step.layer._bias_and_peepholes(others)
        a_i, a_f, a_g, a_o = (x @ W_xh.T + h_prev @ W_hh.T + b_h).chunk(4, dim=1)
        c_prev, c = before[1], step.cell_after[1]
        w_ci, w_cf, w_co = (0.0, 0.0, 0.0) if w_ch is None else w_ch.chunk(3)
        i, f, o = sigma(a_i + w_ci * c_prev), sigma(a_f + w_cf * c_prev), sigma(a_o + w_co * c)
        return {"i": i, "f": f, "g": a_g.tanh(), "o": o, "c": c, "h": h}
    if not isinstance(step.layer, GRU):
        raise TypeError(f"{type(step.layer).__name__} has no gates; give an LSTM or a GRU")
    b_xh, b_hh = others or (0.0, 0.0)
    x_r, x_z, x_n = (x @ W_xh.T + b_xh).chunk(3, dim=1)
    h_r, h_z, h_n = (h_prev @ W_hh.T + b_hh).chunk(3, dim=1)
    r, z = sigma(x_r + h_r), sigma(x_z + h_z)
    if step.layer.reset == "before":
        *_, n_r = ((r * h_prev) @ W_hh.T + b_hh).chunk(3, dim=1)
    else:
        n_r = r * h_n
    return {"r": r, "z": z, "n": torch.tanh(x_n + n_r), "h": h}


def _open(model, inputs, state, dtype=torch.float64, scored=False) -> _Network:
    """Copy a model and bring what it reads into one form; `scored` leaves the last word to score.

    The copy takes its steps in a visible loop: there the states of every step can be had.
    """
    rnn = _copied(getattr(model, "rnn", model), dtype)
    cells = [cell for cell in rnn.modules() if isinstance(cell, LAYERS)]
    if not cells:
        raise TypeError(
            f"{type(model).__name__} has no recurrent layer of this course; load the weights of a "
            "layer of torch.nn into the one of the same name in course_utils.recurrent"
        )
    for cell in cells:
        cell.gradient = "autograd"
    score = None
    if rnn_of_model := hasattr(model, "rnn"):
        ids, alone = _as_ids(inputs, model.embedding.num_embeddings)  # (T, B)
        if scored:
            ids, targets = ids[:-1], ids[-1]
            output = _copied(model.output, dtype)

            def score(y):
                return output.loss(y, targets) * len(targets)

        x = _copied(model.embedding, dtype)(ids)  # (T, B, E)
    else:
        x, alone = _as_floats(inputs, dtype)
        if getattr(rnn, "batch_first", False) and not alone:
            x = x.transpose(0, 1)
        rnn.batch_first = False
    if not len(x):
        cure = "one to read and one whose loss it is" if rnn_of_model and scored else "one"
        raise ValueError(f"there is no step to take; the text needs at least {cure}")
    directions = 2 if any(cell.bidirectional for cell in cells) else 1
    if state is None:
        state = tuple(torch.zeros_like(part) for part in _parts(rnn(x[:1])[1]))
    else:
        state = tuple(part.detach().to("cpu", dtype) for part in _parts(state))
        state = tuple(part[:, None] if alone and part.dim() == 2 else part for part in state)
    return _Network(rnn, x, state, directions, alone, score)


def _copied(module: torch.nn.Module, dtype: torch.dtype) -> torch.nn.Module:
    """Return a copy for reading: its weights are constants."""
    return copy.deepcopy(module).to("cpu", dtype).eval().requires_grad_(False)


def _as_floats(inputs, dtype) -> tuple[Tensor, bool]:
    """Return what a layer reads with three dimensions, and whether it was one sequence."""
    if isinstance(inputs, PackedSequence):
        raise TypeError("packed sequences end at different steps; give texts of one length")
    x = torch.as_tensor(inputs).detach()
    if x.dim() not in (2, 3) or not x.is_floating_point():
        raise ValueError(
            f"a layer reads floats of shape (T, B, D) or (T, D), got {x.dtype} of shape "
            f"{tuple(x.shape)}"
        )
    x = x.to("cpu", dtype)
    return (x[:, None], True) if x.dim() == 2 else (x, False)


def _as_ids(inputs, vocab_size: int) -> tuple[Tensor, bool]:
    """Return what a language model reads with two dimensions, and whether it was one text."""
    ids = torch.as_tensor(inputs).detach().cpu()
    if ids.dim() not in (1, 2) or ids.is_floating_point() or ids.dtype == torch.bool:
        raise ValueError(
            f"a language model reads ids of shape (T, B) or (T,), got {ids.dtype} of shape "
            f"{tuple(ids.shape)}"
        )
    if ids.numel() and not (ids.min() >= 0 and ids.max() < vocab_size):
        wrong = int(ids.max() if ids.min() >= 0 else ids.min())
        raise ValueError(f"id {wrong} is outside the vocabulary of {vocab_size} words")
    ids = ids.long()
    return (ids[:, None], True) if ids.dim() == 1 else (ids, False)


def _parts(state) -> tuple[Tensor, ...]:
    return tuple(state) if isinstance(state, tuple | list) else (state,)


def _joined(parts: tuple[Tensor, ...]):
    return parts[0] if len(parts) == 1 else tuple(parts)


def _steepest(nonlinearity: str) -> float:
    if nonlinearity not in STEEPEST:
        raise ValueError(
            f"nonlinearity must be one of {', '.join(map(repr, STEEPEST))}, got {nonlinearity!r}"
        )
    return STEEPEST[nonlinearity]
