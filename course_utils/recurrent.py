"""SRN, LSTM and GRU as layers: drop-in for `torch.nn.RNN`, `torch.nn.LSTM` and `torch.nn.GRU`.

They are torch's own modules, with torch's parameters, names and initial values; what is ours is how
the states and the gradients are computed. The keyword ``gradient`` chooses:

- ``"autograd"``: a visible loop over `course_utils.steps`, differentiated by torch. For reading.
- ``"bptt"``: the hand-derived backward passes of `course_utils.bptt`. The default on a CPU.
- ``"torch"``: torch's own kernels. The default on other devices, for the networks torch knows.

All three give the same numbers, up to rounding.

Skip connections give a signal, and on the way back its gradient, a short way. ``skip`` says how two
vectors are joined. Between layers, where x is what a layer sees and y its states, there goes up

- ``"residual"``: ``x + y`` (He et al. 2016);
- ``"highway"``: ``g * y + (1 - g) * x``, with a gate ``g = sigmoid(W x + b)`` (`Highway`);
- ``"dense"``: ``[x; y]``, so that a layer sees the input and the states of all layers below it
  (Huang et al. 2017). From the last layer its states go out alone.

The first two go around every layer but the first, whose input has another size. Along time, with
``time_skip=k``, each layer and direction gets the same connection from k steps before as well:

- residual: ``h_t = cell(x_t, h_{t-1}) + h_{t-k}``. With k = 1 this is the path on which an LSTM
  keeps its cell, without gates (Hochreiter and Schmidhuber 1997); nothing bounds such a state;
- highway: ``h_t = g_t * cell(x_t, h_{t-1}) + (1 - g_t) * h_{t-k}``, where g_t sees ``[x_t;
  h_{t-k}]`` (Zilly et al. 2017, for k = 1). Such an SRN with k = 1 is a GRU without reset gate;
- dense: ``h_t = cell([x_t; h_{t-k}], h_{t-1})`` (El Hihi and Bengio 1995; Lin et al. 1996).

An error reaches ``n`` steps back through ``n / k`` factors (Goodfellow et al. 2016, 10.9.1). The
steps before the first have the state zero, or what a call before returned: with k > 1 the state has
k - 1 tensors more, h of 2, 3, .. k steps before. There is only the visible loop.

The functions whose names end in an underscore set initial values, as those of `torch.nn.init` do,
in a layer or in all layers of a model.

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
from course_utils.steps import gru_step, lstm_step, peephole_lstm_step, srn_step

GRADIENTS = ("autograd", "bptt", "torch")
SKIPS = ("residual", "dense", "highway")


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


class Highway(torch.nn.Linear):
    """Let a gate choose between what is new and what is carried along: Srivastava et al. 2015.

    ``g * new + (1 - g) * carried`` with ``g = sigmoid(W x + b)``. The bias begins at -2 (Zilly et
    al. 2017): g is then about 0.12, and nearly everything is carried.
    """

    def reset_parameters(self):
        """Draw the weights as `torch.nn.Linear` does, and set the bias."""
        super().reset_parameters()
        torch.nn.init.constant_(self.bias, -2)

    def forward(self, x, carried, new):
        """Mix: x (..., D), the others and the result (..., H)."""
        g = torch.sigmoid(super().forward(x))
        return g * new + (1 - g) * carried


class Skips(torch.nn.Module):
    """The skip connections between layers; see the head of this module.

    Parameters
    ----------
    kind : {"residual", "dense", "highway"}
    input_size, size, num_layers : int
        How many numbers a step has: of the input, and of the states of a layer.
    device, dtype : optional
        Of the gates.

    Attributes
    ----------
    sizes : list of int
        How many numbers each layer sees.
    """

    def __init__(self, kind, input_size, size, num_layers, device=None, dtype=None):
        super().__init__()
        self.kind = kind
        self.sizes = [input_size] + [size] * (num_layers - 1)
        if kind == "dense":
            self.sizes = [input_size + size * layer for layer in range(num_layers)]
        gates = num_layers - 1 if kind == "highway" else 0
        options = {"device": device, "dtype": dtype}
        self.gates = torch.nn.ModuleList(Highway(size, size, **options) for _ in range(gates))

    def forward(self, layer: int, x: Tensor, y: Tensor) -> Tensor:
        """Return what goes up from a layer that saw x (..., D) and has the states y (..., H)."""
        if self.kind == "dense":
            last = layer == len(self.sizes) - 1
            return y if last else torch.cat([x, y], dim=-1)
        if layer == 0:
            return y
        return x + y if self.kind == "residual" else self.gates[layer - 1](x, x, y)


class _Unrolled:
    """What the three layers share: layers, directions, layouts, skips. A subclass adds the step."""

    skip, time_skip = None, 0  # torch's constructor asks for them, and so do old pickles

    def __init__(self, *, skip, time_skip, **options):
        """Let torch make the parameters: its names, its shapes, its initial values."""
        for name in ("input_size", "hidden_size", "num_layers"):
            if isinstance(options[name], int) and options[name] <= 0:
                raise ValueError(f"{name} must be positive, got {options[name]}")
        _check_skip(skip, time_skip)
        super().__init__(**options)
        self.skip, self.time_skip = skip, time_skip
        if skip is not None:
            self._add_skips()

    def _add_skips(self):
        """Make what skip connections need and torch has not: gates, matrices for wider inputs."""
        W_hh, H = self.weight_hh_l0, self.hidden_size
        like = {"device": W_hh.device, "dtype": W_hh.dtype}
        directions = 2 if self.bidirectional else 1
        self.skips = Skips(self.skip, self.input_size, directions * H, self.num_layers, **like)
        sizes = [size for size in self.skips.sizes for _ in range(directions)]
        if self.skip == "dense":
            earlier = H if self.time_skip else 0  # h_{t-k}
            for (name, *_), size in zip(self._all_weights, sizes, strict=True):
                W_xh = torch.empty(len(W_hh), size + earlier, **like)
                setattr(self, name, torch.nn.Parameter(W_xh))
        elif self.skip == "highway" and self.time_skip:
            gates = (Highway(size + H, H, **like) for size in sizes)
            self.time_gates = torch.nn.ModuleList(gates)
        self.reset_parameters()

    def reset_parameters(self):
        """Draw the parameters as torch does, and those of gates as `Highway` does."""
        super().reset_parameters()
        for module in self.modules():
            if isinstance(module, Highway):
                module.reset_parameters()

    def flatten_parameters(self):
        """Lay the parameters in order for cuDNN, unless their shapes are none it knows."""
        if self.skip != "dense":
            super().flatten_parameters()

    @property
    def gradient(self):
        """How the gradient is had: "autograd", "bptt", "torch", or None to follow the device."""
        return self._gradient

    @gradient.setter
    def gradient(self, gradient):
        if gradient not in (None, *GRADIENTS):
            raise ValueError(
                f"gradient must be one of {_quoted(GRADIENTS)} or None, got {gradient!r}"
            )
        if gradient == "torch" and self._own:
            cure = "gradient='autograd'" if self.time_skip else "gradient='bptt' or 'autograd'"
            raise ValueError(f"torch's kernels have no {self._own}; choose {cure}")
        if gradient == "bptt" and self.time_skip:
            raise ValueError(
                f"the backward passes by hand have no time_skip={self.time_skip}; "
                "choose gradient='autograd'"
            )
        self._gradient = gradient

    @property
    def _own(self):
        """What of this network torch's kernels lack, as it is written in the constructor."""
        skip = f"skip={self.skip!r}" if self.skip else ""
        time_skip = f"time_skip={self.time_skip}" if self.time_skip else ""
        return ", ".join(option for option in (self._own_cell, skip, time_skip) if option)

    @property
    def _own_cell(self):
        """What of the cell torch's kernels lack."""
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
                y, final = one_direction(rows, batch_sizes, state_k, k)
                outputs.append(y.index_select(0, backwards) if direction else y)  # (N, H)
                finals.append(final)
            y = torch.cat(outputs, dim=-1) if self.bidirectional else outputs[0]
            if layer < self.num_layers - 1:
                y = torch.nn.functional.dropout(y, self.dropout, self.training)
            x = self.skips(layer, x, y) if self.skip else y
        h_n, *c_n = (torch.stack(parts) for parts in zip(*finals, strict=True))
        return x, (h_n, *c_n) if c_n else h_n

    def _gradient_on(self, input):
        """Return the way to the gradient for this input: the one chosen, or the device's."""
        if self.gradient is not None or self.time_skip:
            return self.gradient or "autograd"
        device = (input.data if isinstance(input, PackedSequence) else input).device
        return "bptt" if device.type == "cpu" or self._own else "torch"

    def _initial_state(self, hx, batch, device):
        """Return ``hx``, checked, or zeros: tensors (layers * directions, B, H)."""
        shape = (len(self.all_weights), batch, self.hidden_size)
        names = ["h_0", "c_0"][: self._states] + [f"h_{-k}" for k in range(1, self.time_skip)]
        if hx is None:
            return [torch.zeros(shape, dtype=self.weight_hh_l0.dtype, device=device)] * len(names)
        state = [hx] if torch.is_tensor(hx) else list(hx)
        if [s.shape for s in state] != [shape] * len(names):
            name = names[0] if len(names) == 1 else f"({', '.join(names)})"
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

    def _visible_loop(self, x, batch_sizes, state, k):
        """Run one layer in one direction, the k-th in all, step by step."""
        weights = self.all_weights[k]
        if self.skip == "highway" and self.time_skip:
            weights.append(self.time_gates[k])
        return unroll(lambda x, state: self._step(x, state, *weights), x, batch_sizes, state)

    def _step(self, x, state, *weights):
        """Take one step: that of the cell and, with ``time_skip``, the connection along time."""
        if not self.time_skip:
            return self._cell_step(x, state, *weights)
        own, past = state[: self._states], (state[0], *state[self._states :])
        earlier = past[-1]  # of h_{t-1} .. h_{t-k}
        if self.skip == "residual":
            h, *c = self._cell_step(x, own, *weights)
            h = h + earlier
        elif self.skip == "dense":
            h, *c = self._cell_step(torch.cat([x, earlier], dim=-1), own, *weights)
        else:
            *weights, gate = weights
            h, *c = self._cell_step(x, own, *weights)
            h = gate(torch.cat([x, earlier], dim=-1), earlier, h)
        return (h, *c, *past[:-1])

    def _by_hand(self, x, batch_sizes, state, k):
        """Run one layer in one direction by `course_utils.bptt`, in the weights' precision."""
        weights = self.all_weights[k]
        on = x.device.type in ("cpu", "cuda")
        with torch.autocast(x.device.type, enabled=False) if on else nullcontext():
            return self._bptt(x.to(weights[0].dtype), batch_sizes, state, *weights)


def _map(f, state):
    """Apply f to a state: to a tensor, to each of a pair, or to nothing."""
    if state is None:
        return None
    return tuple(map(f, state)) if isinstance(state, tuple | list) else f(state)


def _check_skip(skip, time_skip):
    if skip not in (None, *SKIPS):
        raise ValueError(f"skip must be one of {_quoted(SKIPS)} or None, got {skip!r}")
    if not isinstance(time_skip, int) or isinstance(time_skip, bool) or time_skip < 0:
        raise ValueError(f"time_skip must be a number of steps, 0 for none, got {time_skip!r}")
    if time_skip and skip is None:
        raise ValueError(
            f"time_skip={time_skip} needs a kind of connection; set skip to one of {_quoted(SKIPS)}"
        )


def _quoted(choices):
    return ", ".join(map(repr, choices))


class SRN(_Unrolled, torch.nn.RNN):
    """A simple recurrent network in layers: drop-in for `torch.nn.RNN`.

    ``h_t = f(W_xh x_t + W_hh h_{t-1} + b_h)``; see `course_utils.steps.srn_step`.

    Parameters
    ----------
    input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, device, dtype
        As in `torch.nn.RNN`. Dropout acts between layers, in training mode.
    nonlinearity : {"tanh", "relu", "sigmoid"}
        ``f``. torch has no sigmoid here; Edinburgh's slides have.
    skip : {"residual", "dense", "highway"}, optional
        Skip connections between layers; see the head of this module.
    time_skip : int
        Skip connections along time as well, over so many steps; 0 for none.
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
        skip=None,
        time_skip=0,
        gradient=None,
    ):
        if nonlinearity not in ("tanh", "relu", "sigmoid"):
            raise ValueError(
                f"nonlinearity must be 'tanh', 'relu' or 'sigmoid', got {nonlinearity!r}"
            )
        super().__init__(
            skip=skip,
            time_skip=time_skip,
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
    def _own_cell(self):
        return "nonlinearity='sigmoid'" if self.nonlinearity == "sigmoid" else ""

    def _cell_step(self, x, state, W_xh, W_hh, b_xh=0.0, b_hh=0.0):
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
    peepholes : bool
        Let the gates see the cell: `course_utils.steps.peephole_lstm_step`. The weights of layer k
        are ``weight_ch_lk`` (3H,), of i, f, o, and ``weight_ch_lk_reverse``.
    skip : {"residual", "dense", "highway"}, optional
        Skip connections between layers; see the head of this module.
    time_skip : int
        Skip connections along time as well, over so many steps; 0 for none.
    gradient : {"autograd", "bptt", "torch"}, optional
        How the gradient is had; see the head of this module. Default: by device.

    Raises
    ------
    ValueError
        If ``proj_size`` is not 0, an option is unknown, or a size is not positive.
    """

    _states = 2
    peepholes = False  # torch's constructor asks for it, and so do old pickles

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
        peepholes=False,
        skip=None,
        time_skip=0,
        gradient=None,
    ):
        if proj_size != 0:
            raise ValueError(
                f"an LSTM with projections (proj_size={proj_size}) is not part of this course; "
                "leave proj_size out, or use torch.nn.LSTM"
            )
        super().__init__(
            skip=skip,
            time_skip=time_skip,
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
        if peepholes:
            self._add_peepholes()
        self.gradient = gradient

    def _add_peepholes(self):
        self.peepholes = True
        for names in self._all_weights:
            names.append(names[0].replace("_ih_", "_ch_"))
            w_ch = self.weight_hh_l0.new_empty(3 * self.hidden_size)
            setattr(self, names[-1], torch.nn.Parameter(w_ch))
        self.reset_parameters()

    @property
    def _own_cell(self):
        return "peepholes=True" if self.peepholes else ""

    def _cell_step(self, x, state, W_xh, W_hh, *others):
        b_h, w_ch = self._bias_and_peepholes(others)
        if w_ch is None:
            return lstm_step(x, state, W_xh, W_hh, b_h)
        return peephole_lstm_step(x, state, W_xh, W_hh, w_ch, b_h)

    def _bptt(self, x, batch_sizes, state, W_xh, W_hh, *others):
        b_h, w_ch = self._bias_and_peepholes(others)
        b_h = b_h if self.bias else x.new_zeros(4 * self.hidden_size)
        y, *final = bptt.LSTM.apply(x, *state, W_xh, W_hh, b_h, w_ch, batch_sizes)
        return y, final

    def _bias_and_peepholes(self, others):
        """Return the sum of the biases, 0.0 without, and the weights w_ch, None without."""
        *biases, w_ch = others if self.peepholes else (*others, None)
        return (biases[0] + biases[1] if biases else 0.0), w_ch


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
    skip : {"residual", "dense", "highway"}, optional
        Skip connections between layers; see the head of this module.
    time_skip : int
        Skip connections along time as well, over so many steps; 0 for none.
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
        skip=None,
        time_skip=0,
        gradient=None,
    ):
        if reset not in ("after", "before"):
            raise ValueError(f"reset must be 'after' or 'before', got {reset!r}")
        super().__init__(
            skip=skip,
            time_skip=time_skip,
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
    def _own_cell(self):
        return "reset='before'" if self.reset == "before" else ""

    def _cell_step(self, x, state, W_xh, W_hh, b_xh=0.0, b_hh=0.0):
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


@torch.no_grad()
def forget_bias_(module, value=1.0):
    """Set the bias of the forget gates: Gers et al. 2000, Jozefowicz et al. 2015.

    A positive bias opens the gate: of the cell, sigmoid(1) = 0.73 is kept at a step, and with a
    bias of 3 it is 0.95. torch adds two biases, so that one gets the value and the other 0.

    Parameters
    ----------
    module : Module
        An LSTM of this module or of torch, or a model that holds some.
    value : float

    Returns
    -------
    Module
        The same module, changed in place.

    Raises
    ------
    TypeError
        If there is no such layer.
    ValueError
        If a layer has no biases.

    Examples
    --------
    >>> lstm = forget_bias_(LSTM(4, 2), 3)
    >>> (lstm.bias_ih_l0 + lstm.bias_hh_l0)[2:4].tolist()  # of i, f, g, o
    [3.0, 3.0]
    """
    for b_xh, b_hh in _biases(module, torch.nn.LSTM):  # (4, H) each: i, f, g, o
        b_xh[1], b_hh[1] = value, 0
    return module


@torch.no_grad()
def update_bias_(module, value=1.0):
    """Set the bias of the update gates, in torch's convention: a positive one keeps the state.

    For GRUs what `forget_bias_` is for LSTMs: ``h = (1 - z) * n + z * h_prev``, and z is what the
    forget gate is there. In the lectures of Darmstadt and CS224N the gate means the opposite.

    Arguments, result and errors are those of `forget_bias_`.
    """
    for b_xh, b_hh in _biases(module, torch.nn.GRU):  # (3, H) each: r, z, n
        b_xh[1], b_hh[1] = value, 0
    return module


@torch.no_grad()
def chrono_(module, t_max, generator=None):
    """Let the units remember over times from 1 to t_max: Tallec and Ollivier 2018, section 2.

    A unit whose forget gate stays at f forgets in about ``1 / (1 - f)`` steps. So that these times
    are uniform, ``b_f ~ log U(1, t_max - 1)`` and ``b_i = -b_f``; for a GRU the same ``b_z``.

    Parameters
    ----------
    module : Module
        An LSTM or GRU of this module or of torch, or a model that holds some.
    t_max : float
        The longest dependency expected, in steps, at least 2.
    generator : torch.Generator, optional

    Returns
    -------
    Module
        The same module, changed in place.

    Raises
    ------
    TypeError
        If there is no such layer.
    ValueError
        If a layer has no biases, or t_max is below 2.
    """
    if not t_max >= 2:
        raise ValueError(f"t_max must be at least 2 steps, got {t_max}")
    for b_xh, b_hh in _biases(module, torch.nn.LSTM, torch.nn.GRU):
        keep = torch.empty_like(b_xh[1]).uniform_(1, t_max - 1, generator=generator).log_()
        b_xh[1], b_hh[1] = keep, 0  # f of i, f, g, o, and z of r, z, n
        if len(b_xh) == 4:
            b_xh[0], b_hh[0] = -keep, 0
    return module


@torch.no_grad()
def identity_(module, scale=1.0):
    """Begin with a state that stays as it is: the IRNN of Le et al. 2015, for ReLU networks.

    ``W_hh = scale * I`` and no biases: without input, ``relu(h) = h`` for h that is not negative,
    and the gradient along time is 1. A scale below 1 forgets.

    Parameters
    ----------
    module : Module
        An SRN of this module or of torch, or a model that holds some.
    scale : float

    Returns
    -------
    Module
        The same module, changed in place.

    Raises
    ------
    TypeError
        If there is no such layer.
    """
    for layer in _layers(module, torch.nn.RNN):
        for name, parameter in layer.named_parameters(recurse=False):
            if name.startswith("weight_hh"):
                torch.nn.init.eye_(parameter).mul_(scale)
            elif name.startswith("bias"):
                parameter.zero_()
    return module


@torch.no_grad()
def orthogonal_(module, gain=1.0):
    """Make the matrices of the state orthogonal, each gate's on its own: Saxe et al. 2014.

    All singular values of ``W_hh`` are then ``gain``: the product alone neither shrinks nor
    stretches a state or a gradient.

    Parameters
    ----------
    module : Module
        An SRN, LSTM or GRU of this module or of torch, or a model that holds some.
    gain : float

    Returns
    -------
    Module
        The same module, changed in place.

    Raises
    ------
    TypeError
        If there is no such layer.
    """
    for layer in _layers(module, torch.nn.RNN, torch.nn.LSTM, torch.nn.GRU):
        for name, parameter in layer.named_parameters(recurse=False):
            if name.startswith("weight_hh"):
                for W_hg in parameter.split(layer.hidden_size):  # (H, H) of each gate
                    torch.nn.init.orthogonal_(W_hg, gain)
    return module


def _layers(module, *kinds):
    """Return the recurrent layers of some kinds that a module is or holds."""
    found = [layer for layer in module.modules() if isinstance(layer, kinds)]
    if not found:
        names = " or ".join(kind.__name__ for kind in kinds)
        raise TypeError(f"{type(module).__name__} holds no {names}, whose weights could be set")
    return found


def _biases(module, *kinds):
    """Return for all layers and directions both biases, (gates, H) each."""
    found = []
    for layer in _layers(module, *kinds):
        if not layer.bias:
            raise ValueError(f"{layer!r} has no biases; make it with bias=True")
        for name, b_xh in layer.named_parameters(recurse=False):
            if name.startswith("bias_ih"):
                b_hh = getattr(layer, name.replace("_ih_", "_hh_"))
                found.append((b_xh.view(-1, layer.hidden_size), b_hh.view(-1, layer.hidden_size)))
    return found
