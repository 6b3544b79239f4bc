"""SRN, LSTM and GRU as layers: drop-in for `torch.nn.RNN`, `torch.nn.LSTM` and `torch.nn.GRU`.

They are torch's own modules, with torch's parameters, names and initial values; what is ours is how
the states and the gradients are computed. The keyword ``gradient`` chooses:

- ``"autograd"``: a visible loop over `course_utils.steps`, differentiated by torch. For reading.
- ``"bptt"``: the hand-derived backward passes of `course_utils.bptt`. The default on a CPU.
- ``"torch"``: torch's own kernels. The default on other devices, for the networks torch knows.

All three give the same numbers, up to rounding.

One layout serves whole batches and packed ones. The rows of all steps lie one below the other, and
``batch_sizes[t]`` says how many belong to step t. Longer sequences come first, so the sequences
that go on are always the first rows of a step, and a batch needs neither padding nor masks.

>>> lstm = LSTM(4, 3, bidirectional=True)
>>> output, (h_n, c_n) = lstm(torch.randn(7, 2, 4))  # (T, B, D)
>>> output.shape, h_n.shape
(torch.Size([7, 2, 6]), torch.Size([2, 2, 3]))
>>> theirs = torch.nn.LSTM(4, 3, bidirectional=True)
>>> theirs.load_state_dict(lstm.state_dict())
<All keys matched successfully>
"""

from __future__ import annotations

from contextlib import nullcontext

import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence

from course_utils import bptt
from course_utils.steps import gru_step, lstm_step, srn_step

GRADIENTS = ("autograd", "bptt", "torch")


def unroll(step, x: Tensor, batch_sizes: list[int], state: tuple[Tensor, ...]):
    """Apply a step function to every time step, one after the other.

    Parameters
    ----------
    step : callable
        ``step(x, state) -> state`` with ``x`` of shape (B, D) and a tuple of (B, H) tensors.
    x : Tensor, shape (N, D)
        The inputs of all steps, the first step's first.
    batch_sizes : list of int
        Rows of each step, never more than of the step before; they sum to N.
    state : tuple of Tensor, shape (B, H) each
        The state before the first step. Its first tensor is the output of a step.

    Returns
    -------
    output : Tensor, shape (N, H)
        The outputs of all steps.
    final : tuple of Tensor, shape (B, H) each
        The state of each sequence after its own last step.
    """
    outputs, ended = [], []
    for x_t in x.split(batch_sizes):  # (B_t, D)
        going_on = len(x_t)
        if going_on < len(state[0]):
            ended.append([s[going_on:] for s in state])
            state = tuple(s[:going_on] for s in state)
        state = step(x_t, state)  # (B_t, H) each
        outputs.append(state[0])
    ended.append(state)
    final = tuple(torch.cat(parts) for parts in zip(*reversed(ended), strict=True))
    return torch.cat(outputs), final


def reversed_rows(batch_sizes: list[int]) -> Tensor:
    """Return the index of rows that reverses every sequence within its own length.

    It is its own inverse: the same index brings the outputs of the backward direction into order.

    Examples
    --------
    Two sequences, of the steps a b c and A B, lie as a A, b B, c. Reversed: c B, b A, a.

    >>> [["a", "A", "b", "B", "c"][row] for row in reversed_rows([2, 2, 1])]
    ['c', 'B', 'b', 'A', 'a']
    """
    sizes = torch.tensor(batch_sizes)  # (T,)
    first_row = sizes.cumsum(0) - sizes  # (T,)
    lengths = (sizes[:, None] > torch.arange(batch_sizes[0])).sum(0)  # (B,)
    step = torch.arange(len(sizes)).repeat_interleave(sizes)  # (N,) which step is a row of,
    sequence = torch.arange(len(step)) - first_row[step]  # (N,) and which sequence?
    return first_row[lengths[sequence] - 1 - step] + sequence


class _Unrolled:
    """What the three layers share: layers, directions, layouts. A subclass adds the step."""

    def __init__(self, **options):
        """Let torch make the parameters: its names, its shapes, its initial values."""
        for name in ("input_size", "hidden_size", "num_layers"):
            if isinstance(options[name], int) and options[name] <= 0:
                raise ValueError(f"{name} must be positive, got {options[name]}")
        super().__init__(**options)

    @property
    def gradient(self):
        """How the gradient is had: "autograd", "bptt", "torch", or None to follow the device."""
        return self._gradient

    @gradient.setter
    def gradient(self, gradient):
        if gradient not in (None, *GRADIENTS):
            choices = ", ".join(map(repr, GRADIENTS))
            raise ValueError(f"gradient must be one of {choices} or None, got {gradient!r}")
        if gradient == "torch" and self._own:
            raise ValueError(
                f"torch's kernels have no {self._own}; choose gradient='bptt' or 'autograd'"
            )
        self._gradient = gradient

    @property
    def _own(self):
        """What of this network torch's kernels lack, as it is written in the constructor."""
        return ""

    def extra_repr(self):
        """Add our own options to torch's."""
        chosen = f"gradient={self.gradient!r}" if self.gradient else ""
        return ", ".join(option for option in (super().extra_repr(), self._own, chosen) if option)

    def forward(self, input, hx=None):
        """Run all layers over a batch of sequences; arguments and results as in `torch.nn`.

        Parameters
        ----------
        input : Tensor or PackedSequence
            (T, B, input_size); (B, T, input_size) with ``batch_first``; (T, input_size) for one
            sequence; or packed.
        hx : Tensor, or tuple of two Tensors for an LSTM, optional
            The initial state ``h_0`` or ``(h_0, c_0)``, each (layers * directions, B, hidden_size),
            without B for one sequence. Default: zeros.

        Returns
        -------
        output : Tensor or PackedSequence
            The last layer's states, (T, B, directions * hidden_size), in the input's layout.
        h_n : Tensor, or tuple of two Tensors for an LSTM
            The states after the last step of every layer and direction, in the layout of ``hx``.
        """
        if self._gradient_on(input) == "torch":
            return super().forward(input, hx)
        if isinstance(input, PackedSequence):
            return self._forward_packed(input, hx)
        if input.dim() == 2:
            batch = 0 if self.batch_first else 1
            output, state = self.forward(input.unsqueeze(batch), _map(lambda s: s.unsqueeze(1), hx))
            return output.squeeze(batch), _map(lambda s: s.squeeze(1), state)
        if input.dim() != 3:
            raise ValueError(f"the input must have 2 or 3 dimensions, got {input.dim()}")
        x = input.transpose(0, 1) if self.batch_first else input  # (T, B, D)
        steps, batch, _ = x.shape
        if steps * batch == 0:
            raise RuntimeError(f"the input is empty: its shape is {tuple(input.shape)}")
        y, state = self._run(x.flatten(0, 1), [batch] * steps, hx)
        y = y.view(steps, batch, -1)  # (T, B, directions * H)
        return (y.transpose(0, 1) if self.batch_first else y), state

    def _forward_packed(self, packed, hx):
        """Run over a packed batch. Its rows lie as ours do; states are in the user's order."""
        if packed.sorted_indices is not None:
            hx = _map(lambda s: s.index_select(1, packed.sorted_indices), hx)
        y, state = self._run(packed.data, packed.batch_sizes.tolist(), hx)
        if packed.unsorted_indices is not None:
            state = _map(lambda s: s.index_select(1, packed.unsorted_indices), state)
        return packed._replace(data=y), state

    def _run(self, x, batch_sizes, hx):
        """Run all layers and directions over the rows of all steps; see `unroll` for the layout."""
        self.check_input(x, batch_sizes)
        one_direction = self._visible_loop if self._gradient_on(x) == "autograd" else self._by_hand
        directions = 2 if self.bidirectional else 1
        backwards = reversed_rows(batch_sizes).to(x.device) if self.bidirectional else None
        state = self._initial_state(hx, batch_sizes[0], x.device)
        finals = []
        for layer in range(self.num_layers):
            outputs = []
            for direction in range(directions):
                k = layer * directions + direction  # the place of its weights and states
                rows = x.index_select(0, backwards) if direction else x  # (N, D)
                state_k = [s[k] for s in state]  # (B, H) each
                y, final = one_direction(rows, batch_sizes, state_k, *self.all_weights[k])
                outputs.append(y.index_select(0, backwards) if direction else y)  # (N, H)
                finals.append(final)
            x = torch.cat(outputs, dim=-1) if self.bidirectional else y
            if layer < self.num_layers - 1:
                x = torch.nn.functional.dropout(x, self.dropout, self.training)
        h_n, *c_n = (torch.stack(parts) for parts in zip(*finals, strict=True))
        return x, (h_n, *c_n) if c_n else h_n

    def _gradient_on(self, input):
        """Return the way to the gradient for this input: the one chosen, or the device's."""
        if self.gradient is not None:
            return self.gradient
        device = (input.data if isinstance(input, PackedSequence) else input).device
        return "bptt" if device.type == "cpu" or self._own else "torch"

    def _initial_state(self, hx, batch, device):
        """Return ``hx``, checked, or zeros: one or two tensors (layers * directions, B, H)."""
        shape = (len(self.all_weights), batch, self.hidden_size)
        if hx is None:
            return [torch.zeros(shape, dtype=self.weight_hh_l0.dtype, device=device)] * self._states
        state = [hx] if torch.is_tensor(hx) else list(hx)
        if [s.shape for s in state] != [shape] * self._states:
            name = "h_0" if self._states == 1 else "(h_0, c_0)"
            raise RuntimeError(
                f"the initial state {name} must have shape (layers * directions, B, hidden_size) = "
                f"{shape}, got {', '.join(str(tuple(s.shape)) for s in state)}"
            )
        W_hh = self.weight_hh_l0
        for s in state:
            if s.dtype != W_hh.dtype:
                raise ValueError(
                    f"the initial state is {s.dtype}, the weights are {W_hh.dtype}; "
                    f"convert the state with .to({W_hh.dtype})"
                )
        return state

    def _visible_loop(self, x, batch_sizes, state, *weights):
        """Run one layer in one direction, step by step."""
        return unroll(lambda x, state: self._step(x, state, *weights), x, batch_sizes, state)

    def _by_hand(self, x, batch_sizes, state, *weights):
        """Run one layer in one direction by `course_utils.bptt`, in the weights' precision."""
        on = x.device.type in ("cpu", "cuda")
        with torch.autocast(x.device.type, enabled=False) if on else nullcontext():
            return self._bptt(x.to(weights[0].dtype), batch_sizes, state, *weights)


def _map(f, state):
    """Apply f to a state: to a tensor, to each of a pair, or to nothing."""
    if state is None:
        return None
    return tuple(map(f, state)) if isinstance(state, tuple | list) else f(state)


class SRN(_Unrolled, torch.nn.RNN):
    """A simple recurrent network in layers: drop-in for `torch.nn.RNN`.

    ``h_t = f(W_xh x_t + W_hh h_{t-1} + b_h)``; see `course_utils.steps.srn_step`.

    Parameters
    ----------
    input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, device, dtype
        As in `torch.nn.RNN`. Dropout acts between layers, in training mode.
    nonlinearity : {"tanh", "relu", "sigmoid"}
        ``f``. torch has no sigmoid here; Edinburgh's slides have.
    gradient : {"autograd", "bptt", "torch"}, optional
        How the gradient is had; see the head of this module. Default: by device.

    Raises
    ------
    ValueError
        If an option is unknown, a size is not positive, or torch's kernels are asked for a network
        they lack.
    """

    _states = 1

    def __init__(
        self,
        input_size,
        hidden_size,
        num_layers=1,
        nonlinearity="tanh",
        bias=True,
        batch_first=False,
        dropout=0.0,
        bidirectional=False,
        *,
        device=None,
        dtype=None,
        gradient=None,
    ):
        if nonlinearity not in ("tanh", "relu", "sigmoid"):
            raise ValueError(
                f"nonlinearity must be 'tanh', 'relu' or 'sigmoid', got {nonlinearity!r}"
            )
        super().__init__(
            input_size=input_size,
            hidden_size=hidden_size,
            num_layers=num_layers,
            nonlinearity="relu" if nonlinearity == "relu" else "tanh",
            bias=bias,
            batch_first=batch_first,
            dropout=dropout,
            bidirectional=bidirectional,
            device=device,
            dtype=dtype,
        )
        self.nonlinearity = nonlinearity
        self.gradient = gradient

    @property
    def _own(self):
        return "nonlinearity='sigmoid'" if self.nonlinearity == "sigmoid" else ""

    def _step(self, x, state, W_xh, W_hh, b_xh=0.0, b_hh=0.0):
        f = getattr(torch, self.nonlinearity)
        return (srn_step(x, *state, W_xh, W_hh, b_xh + b_hh, f),)

    def _bptt(self, x, batch_sizes, state, W_xh, W_hh, b_xh=None, b_hh=None):
        b_h = x.new_zeros(self.hidden_size) if b_xh is None else b_xh + b_hh
        y, *final = bptt.SRN.apply(x, *state, W_xh, W_hh, b_h, batch_sizes, self.nonlinearity)
        return y, final


class LSTM(_Unrolled, torch.nn.LSTM):
    """An LSTM in layers: drop-in for `torch.nn.LSTM`, without projections.

    ``c_t = f_t * c_{t-1} + i_t * g_t`` and ``h_t = o_t * tanh(c_t)``; see
    `course_utils.steps.lstm_step`.

    Parameters
    ----------
    input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, device, dtype
        As in `torch.nn.LSTM`. Dropout acts between layers, in training mode.
    gradient : {"autograd", "bptt", "torch"}, optional
        How the gradient is had; see the head of this module. Default: by device.

    Raises
    ------
    ValueError
        If ``proj_size`` is not 0, an option is unknown, or a size is not positive.
    """

    _states = 2

    def __init__(
        self,
        input_size,
        hidden_size,
        num_layers=1,
        bias=True,
        batch_first=False,
        dropout=0.0,
        bidirectional=False,
        proj_size=0,
        *,
        device=None,
        dtype=None,
        gradient=None,
    ):
        if proj_size != 0:
            raise ValueError(
                f"an LSTM with projections (proj_size={proj_size}) is not part of this course; "
                "leave proj_size out, or use torch.nn.LSTM"
            )
        super().__init__(
            input_size=input_size,
            hidden_size=hidden_size,
            num_layers=num_layers,
            bias=bias,
            batch_first=batch_first,
            dropout=dropout,
            bidirectional=bidirectional,
            device=device,
            dtype=dtype,
        )
        self.gradient = gradient

    def _step(self, x, state, W_xh, W_hh, b_xh=0.0, b_hh=0.0):
        return lstm_step(x, state, W_xh, W_hh, b_xh + b_hh)

    def _bptt(self, x, batch_sizes, state, W_xh, W_hh, b_xh=None, b_hh=None):
        b_h = x.new_zeros(4 * self.hidden_size) if b_xh is None else b_xh + b_hh
        y, *final = bptt.LSTM.apply(x, *state, W_xh, W_hh, b_h, batch_sizes)
        return y, final


class GRU(_Unrolled, torch.nn.GRU):
    """A GRU in layers: drop-in for `torch.nn.GRU`.

    ``h_t = (1 - z_t) * n_t + z_t * h_{t-1}``; see `course_utils.steps.gru_step`.

    Parameters
    ----------
    input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, device, dtype
        As in `torch.nn.GRU`. Dropout acts between layers, in training mode.
    reset : {"after", "before"}
        Whether the reset gate acts after the product with ``W_hn``, as in torch and cuDNN, or
        before, as in Cho et al. 2014. Parameters have the same names and shapes either way.
    gradient : {"autograd", "bptt", "torch"}, optional
        How the gradient is had; see the head of this module. Default: by device.

    Raises
    ------
    ValueError
        If an option is unknown, a size is not positive, or torch's kernels are asked for a network
        they lack.
    """

    _states = 1

    def __init__(
        self,
        input_size,
        hidden_size,
        num_layers=1,
        bias=True,
        batch_first=False,
        dropout=0.0,
        bidirectional=False,
        *,
        device=None,
        dtype=None,
        reset="after",
        gradient=None,
    ):
        if reset not in ("after", "before"):
            raise ValueError(f"reset must be 'after' or 'before', got {reset!r}")
        super().__init__(
            input_size=input_size,
            hidden_size=hidden_size,
            num_layers=num_layers,
            bias=bias,
            batch_first=batch_first,
            dropout=dropout,
            bidirectional=bidirectional,
            device=device,
            dtype=dtype,
        )
        self.reset = reset
        self.gradient = gradient

    @property
    def _own(self):
        return "reset='before'" if self.reset == "before" else ""

    def _step(self, x, state, W_xh, W_hh, b_xh=0.0, b_hh=0.0):
        return (gru_step(x, *state, W_xh, W_hh, b_xh, b_hh, self.reset),)

    def _bptt(self, x, batch_sizes, state, W_xh, W_hh, b_xh=None, b_hh=None):
        if b_xh is None:
            b_xh = b_hh = x.new_zeros(3 * self.hidden_size)
        if self.reset == "before":
            y, *final = bptt.GRUResetBefore.apply(x, *state, W_xh, W_hh, b_xh + b_hh, batch_sizes)
        else:
            b_rz, b_hn = b_hh.split([2 * self.hidden_size, self.hidden_size])
            b = b_xh + torch.nn.functional.pad(b_rz, (0, self.hidden_size))  # b_hn stays apart
            y, *final = bptt.GRU.apply(x, *state, W_xh, W_hh, b, b_hn, batch_sizes)
        return y, final
