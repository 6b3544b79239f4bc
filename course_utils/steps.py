"""One time step of a simple recurrent network, an LSTM and a GRU: the equations, nothing else.

Every function takes the input and the previous state of one step and returns the new state. The
weights have torch's shapes and order, so that ``weight_ih_l0`` of a `torch.nn` layer is ``W_xh``
here and ``weight_hh_l0`` is ``W_hh``; the gates of a gated cell are stacked from top to bottom, H
rows each. A whole sequence is a loop over one of these functions: `course_utils.recurrent`.

>>> x, h = torch.tensor([[1.0, 2.0]]), torch.tensor([[0.5]])  # (B, D), (B, H): B = 1, D = 2, H = 1
>>> W_xh, W_hh = torch.tensor([[0.1, 0.2]]), torch.tensor([[0.6]])  # (H, D), (H, H)
>>> srn_step(x, h, W_xh, W_hh)  # tanh(0.1 * 1 + 0.2 * 2 + 0.6 * 0.5) = tanh(0.8)
tensor([[0.6640]])
"""

from __future__ import annotations

import torch
from torch import Tensor


def srn_step(x: Tensor, h_prev: Tensor, W_xh, W_hh, b_h=0.0, f=torch.tanh) -> Tensor:
    """Take one step of a simple recurrent network.

    ``h = f(W_xh x + W_hh h_prev + b_h)``: Edinburgh 2018, equations (1) and (2); Elman 1990.

    Parameters
    ----------
    x : Tensor, shape (B, D)
        The input of this step, one row a sequence.
    h_prev : Tensor, shape (B, H)
        The state after the step before.
    W_xh, W_hh : Tensor, shapes (H, D) and (H, H)
        The weights from input and from state. torch's two biases are one here: their sum.
    b_h : Tensor, shape (H,), or 0.0
    f : callable
        The nonlinearity, elementwise: `torch.tanh`, `torch.relu` or `torch.sigmoid`.

    Returns
    -------
    Tensor, shape (B, H)
        The state after this step, which is also the output.
    """
    return f(x @ W_xh.T + h_prev @ W_hh.T + b_h)  # (B, H)


def lstm_step(x: Tensor, state: tuple[Tensor, Tensor], W_xh, W_hh, b_h=0.0):
    """Take one step of an LSTM without peepholes.

    ``c = f * c_prev + i * g`` and ``h = o * tanh(c)``, with the gates ``i``, ``f``, ``o`` and the
    candidate ``g`` computed from input and state: Hochreiter and Schmidhuber 1997 with the forget
    gate of Gers et al. 2000.

    Parameters
    ----------
    x : Tensor, shape (B, D)
        The input of this step.
    state : tuple of two Tensors, each of shape (B, H)
        ``(h_prev, c_prev)``, the state after the step before.
    W_xh, W_hh : Tensor, shapes (4H, D) and (4H, H)
        The weights of ``i``, ``f``, ``g``, ``o``, stacked in this order.
    b_h : Tensor, shape (4H,), or 0.0
        The sum of torch's two biases.

    Returns
    -------
    tuple of two Tensors, each of shape (B, H)
        ``(h, c)``; ``h`` is also the output.
    """
    h_prev, c_prev = state
    a = x @ W_xh.T + h_prev @ W_hh.T + b_h  # (B, 4H)
    a_i, a_f, a_g, a_o = a.chunk(4, dim=-1)  # (B, H) each
    i, f, o = torch.sigmoid(a_i), torch.sigmoid(a_f), torch.sigmoid(a_o)
    g = torch.tanh(a_g)
    c = f * c_prev + i * g
    h = o * torch.tanh(c)
    return h, c


def peephole_lstm_step(x: Tensor, state: tuple[Tensor, Tensor], W_xh, W_hh, w_ch, b_h=0.0):
    """Take one step of an LSTM whose gates look at the cell, through peepholes.

    As `lstm_step`, but the input and the forget gate see ``c_prev`` and the output gate sees the
    new ``c``, each unit of a gate its own unit of the cell: Gers and Schmidhuber 2000.

    Parameters
    ----------
    x, state, W_xh, W_hh, b_h
        As in `lstm_step`.
    w_ch : Tensor, shape (3H,)
        The weights from the cell to ``i``, ``f``, ``o``, stacked in this order.

    Returns
    -------
    tuple of two Tensors, each of shape (B, H)
        ``(h, c)``; ``h`` is also the output.
    """
    h_prev, c_prev = state
    w_ci, w_cf, w_co = w_ch.chunk(3)  # (H,) each
    a = x @ W_xh.T + h_prev @ W_hh.T + b_h  # (B, 4H)
    a_i, a_f, a_g, a_o = a.chunk(4, dim=-1)  # (B, H) each
    i, f = torch.sigmoid(a_i + w_ci * c_prev), torch.sigmoid(a_f + w_cf * c_prev)
    g = torch.tanh(a_g)
    c = f * c_prev + i * g
    o = torch.sigmoid(a_o + w_co * c)
    h = o * torch.tanh(c)
    return h, c


def gru_step(x: Tensor, h_prev: Tensor, W_xh, W_hh, b_xh=0.0, b_hh=0.0, reset="after") -> Tensor:
    """Take one step of a GRU.

    ``h = (1 - z) * n + z * h_prev``, with the reset gate ``r``, the update gate ``z`` and the
    candidate ``n``. The reset gate acts on the state before or after it is multiplied by its
    matrix, and the two are different functions:

    - before: ``n = tanh(W_xn x + b_xn + W_hn (r * h_prev) + b_hn)``, Cho et al. 2014;
    - after: ``n = tanh(W_xn x + b_xn + r * (W_hn h_prev + b_hn))``, torch's and cuDNN's.

    Parameters
    ----------
    x : Tensor, shape (B, D)
        The input of this step.
    h_prev : Tensor, shape (B, H)
        The state after the step before.
    W_xh, W_hh : Tensor, shapes (3H, D) and (3H, H)
        The weights of ``r``, ``z``, ``n``, stacked in this order.
    b_xh, b_hh : Tensor, shape (3H,), or 0.0
        The biases of the two products. Only for ``n`` with reset after is their sum not enough.
    reset : {"after", "before"}

    Returns
    -------
    Tensor, shape (B, H)
        The state after this step, which is also the output.
    """
    x_r, x_z, x_n = (x @ W_xh.T + b_xh).chunk(3, dim=-1)  # (B, H) each
    h_r, h_z, h_n = (h_prev @ W_hh.T + b_hh).chunk(3, dim=-1)  # (B, H) each
    r, z = torch.sigmoid(x_r + h_r), torch.sigmoid(x_z + h_z)
    if reset == "before":
        W_hn, b_hn = W_hh.chunk(3)[2], b_hh.chunk(3)[2] if torch.is_tensor(b_hh) else b_hh
        n = torch.tanh(x_n + (r * h_prev) @ W_hn.T + b_hn)
    else:
        n = torch.tanh(x_n + r * h_n)
    return (1 - z) * n + z * h_prev
