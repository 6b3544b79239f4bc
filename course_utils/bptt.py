"""Backpropagation through time by hand: the fast path of SRN, LSTM and GRU.

Each network is one `torch.autograd.Function`: forward a loop over the steps of
`course_utils.steps`, backward the same steps from last to first. In the comments

- ``dh`` is a *total* derivative, of the loss with respect to ``h``, by every path through later
  steps and outputs; likewise ``dc`` and ``da``, where ``a`` is what goes into a gate's function;
- ``dh/da_o`` is a *local* derivative, of one equation with everything else in it held still.

A total derivative is local ones times the total ones of what comes after. Whatever does not have
to wait for the step after, then, is done for all steps at once:

1. before the loop forward, the products with the inputs;
2. before the loop backward, the local derivatives. They are written where the total derivatives
   ``da`` will be: the loop multiplies them, in place, by ``dh`` or ``dc``;
3. after it, the gradients of the weights: the sum over all steps is one matrix product.

Two more things make a step cheap. One function serves all gates, because
``sigma(a) = 1/2 + 1/2 tanh(a/2)`` and the inner 1/2 can be multiplied into the weights. And the
product with ``W_hh``, the same small product at every step, is taken in panels (`StepProduct`).

A batch lies as in `course_utils.recurrent`: the rows of all N steps one below the other, B_t of
them at step t, longer sequences first. A sequence that ends early is then in the last rows of the
buffers ``dh`` and ``dc``, and the gradient of its final state waits there until the loop backward
comes to its last step.

The functions take x (N, D), initial states (B, H) each, W_xh (G H, D) and W_hh (G H, H) with the G
gates stacked as in torch, biases (G H,), and the list of all B_t.

The arithmetic is NumPy's, on memory shared with the tensors; on a GPU it is torch's, by the same
lines. Second derivatives cannot be had here, only with ``gradient="autograd"``.
"""

from __future__ import annotations

from functools import wraps

import numpy as np
import torch
from torch import Tensor
from torch.autograd import Function


def first_derivatives_only(backward):
    """Let a backward pass refuse to be differentiated itself."""

    @wraps(backward)
    def refusing(ctx, *gradients):
        if torch.is_grad_enabled():  # torch says so with create_graph=True
            raise RuntimeError(
                "gradient='bptt' has first derivatives only, and create_graph=True asks for more; "
                "make the layer with gradient='autograd'"
            )
        return backward(ctx, *gradients)

    return refusing


class SRN(Function):
    """``h = f(a)`` with ``a = W_xh x + b_h + W_hh h_prev``."""

    @staticmethod
    def forward(ctx, x, h_0, W_xh, W_hh, b_h, batch_sizes, nonlinearity):
        """Return the states of all rows, (N, H), and the final ones, (B, H)."""
        xp, (x_, h_0, W_xh_, W_hh_, b_h) = as_arrays(x, h_0, W_xh, W_hh, b_h)
        B, H = h_0.shape
        a_x = input_products(x_, W_xh_, b_h, [1])[0]  # (N, H)
        W_h = StepProduct(W_hh_.T[None], B)
        h = empty(x_, B + len(x), H)
        h[:B] = h_0
        steps = walk(batch_sizes)
        for rows, before, after in steps:
            a = xp.add(a_x[rows], W_h(h[before])[0], out=h[after])  # W_xh x + b_h + W_hh h_prev
            if nonlinearity == "relu":
                xp.clip(a, 0, None, out=a)
            elif nonlinearity == "tanh":
                xp.tanh(a, out=a)
            else:  # sigma(a) = 1/2 + 1/2 tanh(a/2)
                a *= 0.5
                xp.tanh(a, out=a)
                a *= 0.5
                a += 0.5
        h, h_n = as_tensors(h, h[last_rows(steps)])
        ctx.save_for_backward(x, W_xh, W_hh, h)
        ctx.steps, ctx.nonlinearity = steps, nonlinearity
        return h[B:], h_n

    @staticmethod
    @first_derivatives_only
    def backward(ctx, dY, dh_n):
        """Return the total derivatives with respect to the arguments of `forward`."""
        dh_0 = dh_n.clone()  # it becomes the gradient of h_0 at the end of the loop
        xp, (x, W_xh, W_hh, h_all, dY, dh_all) = as_arrays(*ctx.saved_tensors, dY, dh_0)
        h = h_all[len(dh_0) :]  # (N, H)
        if ctx.nonlinearity == "relu":
            da = xp.sign(h)  # dh/da = 1 where h > 0, else 0
        elif ctx.nonlinearity == "tanh":
            da = 1 - h * h  # dh/da
        else:
            da = h * (1 - h)  # dh/da
        W_h = StepProduct(W_hh[None], len(dh_0))
        for rows, _, _ in reversed(ctx.steps):
            dh = dh_all[: rows.stop - rows.start]  # (B_t, H)
            dh += dY[rows]  # h is an output, and goes into the next step
            da[rows] *= dh  # da = dh/da dh
            dh[:] = W_h(da[rows])[0]  # dh_prev = W_hh^T da
        dx = xp.matmul(da, W_xh) if ctx.needs_input_grad[0] else None  # dx_t = W_xh^T da_t
        dW_xh = xp.matmul(da.T, x)  # sum over t of da_t x_t^T
        dW_hh = xp.matmul(da.T, all_before(h_all, ctx.steps))  # sum of da_t h_{t-1}^T
        return *as_tensors(dx, dh_0, dW_xh, dW_hh, da.sum(0)), None, None


class LSTM(Function):
    """``c = f * c_prev + i * g`` and ``h = o * tanh(c)``, gates in the order i, f, g, o.

    With ``w_ch`` (3H,) the gates have peepholes: i and f see ``c_prev``, o sees ``c``.
    """

    @staticmethod
    def forward(ctx, x, h_0, c_0, W_xh, W_hh, b_h, w_ch, batch_sizes):
        """Return the states h of all rows, (N, H), and the final ones, h and c, (B, H) each."""
        xp, (x_, h_0, c_0, W_xh_, W_hh_, b_h) = as_arrays(x, h_0, c_0, W_xh, W_hh, b_h)
        B, H = h_0.shape
        half = [0.5, 0.5, 1, 0.5]  # sigma(a) = 1/2 + 1/2 tanh(a/2), but g = 0 + 1 tanh(a)
        gates = input_products(x_, W_xh_, b_h, half)  # (4, N, H): so far only W_xh x + b_h
        half = column(x_, half)  # (4, 1, 1)
        other_half = 1 - half
        W_h = StepProduct(W_hh_.reshape(4, H, H).swapaxes(1, 2), B, half)
        h, c = empty(x_, B + len(x), H), empty(x_, B + len(x), H)
        h[:B], c[:B] = h_0, c_0
        if w_ch is not None:  # o has to wait for c
            half, other_half = half[:3], other_half[:3]
            w_c = as_arrays(w_ch)[1][0].reshape(3, 1, H) * 0.5
        steps = walk(batch_sizes)
        for rows, before, after in steps:
            a = gates[:, rows]  # (4, B_t, H)
            a += W_h(h[before])  # a = W_xh x + b_h + W_hh h_prev
            i, f, g, o = a  # (B_t, H) each
            if w_ch is not None:
                a[:2] += w_c[:2] * c[before]  # a_i and a_f: + w_c c_prev
                a = a[:3]
            xp.tanh(a, out=a)
            a *= half
            a += other_half
            c_t, h_t = c[after], h[after]
            xp.multiply(f, c[before], out=c_t)
            c_t += xp.multiply(i, g, out=h_t)  # c = f * c_prev + i * g
            if w_ch is not None:
                o += w_c[2] * c_t  # a_o: + w_co c
                xp.tanh(o, out=o)
                o *= 0.5
                o += 0.5
            xp.tanh(c_t, out=h_t)
            h_t *= o  # h = o * tanh(c)
        last = last_rows(steps)
        gates, h, c, h_n, c_n = as_tensors(gates, h, c, h[last], c[last])
        ctx.save_for_backward(x, W_xh, W_hh, gates, h, c, w_ch)
        ctx.steps = steps
        return h[B:], h_n, c_n

    @staticmethod
    @first_derivatives_only
    def backward(ctx, dY, dh_n, dc_n):
        """Return the total derivatives with respect to the arguments of `forward`."""
        dh_0, dc_0 = dh_n.clone(), dc_n.clone()  # gradients of h_0 and c_0 after the loop
        *saved, w_ch = ctx.saved_tensors
        xp, (x, W_xh, W_hh, gates, h, c, dY, dh_all, dc_all) = as_arrays(*saved, dY, dh_0, dc_0)
        (B, H), N = dh_0.shape, len(x)
        i, f, g, o = gates  # (N, H) each
        tanh_c = xp.tanh(c[B:])  # (N, H)
        dh_dc = o * (1 - tanh_c * tanh_c)
        da = empty(x, N, 4 * H)  # gates side by side, for the products below
        da_i, da_f, da_g, da_o = by_gate = da.reshape(N, 4, H).swapaxes(0, 1)  # (N, H) each
        xp.multiply(g, i * (1 - i), out=da_i)  # dc/da_i
        c_prev = all_before(c, ctx.steps)
        xp.multiply(c_prev, f * (1 - f), out=da_f)  # dc/da_f
        xp.multiply(i, 1 - g * g, out=da_g)  # dc/da_g
        xp.multiply(tanh_c, o * (1 - o), out=da_o)  # dh/da_o
        dc_dc_prev = f
        if w_ch is not None:  # the paths through the gates, which see c and c_prev
            w_ci, w_cf, w_co = as_arrays(w_ch)[1][0].reshape(3, H)
            dc_dc_prev = f + da_i * w_ci + da_f * w_cf
            dh_dc += da_o * w_co
        W_h = StepProduct(W_hh.reshape(4, H, H), B)
        for rows, _, _ in reversed(ctx.steps):
            size = rows.stop - rows.start
            dh, dc = dh_all[:size], dc_all[:size]  # (B_t, H)
            dh += dY[rows]  # h is an output, and goes into the next step
            dc += dh * dh_dc[rows]  # c goes into h, and into the next step
            by_gate[:3, rows] *= dc  # da_i = dc/da_i dc, and so on
            da_o[rows] *= dh  # da_o = dh/da_o dh
            dc *= dc_dc_prev[rows]  # dc_prev = dc/dc_prev dc
            W_h.total(by_gate[:, rows], out=dh)  # dh_prev = W_hh^T da, summed over gates
        dx = xp.matmul(da, W_xh) if ctx.needs_input_grad[0] else None  # dx_t = W_xh^T da_t
        dW_xh = xp.matmul(da.T, x)  # sum over t of da_t x_t^T
        dW_hh = xp.matmul(da.T, all_before(h, ctx.steps))  # sum of da_t h_{t-1}^T
        dw_ch = None
        if w_ch is not None:
            seen = (da_i * c_prev, da_f * c_prev, da_o * c[B:])
            dw_ch = xp.concatenate([products.sum(0) for products in seen])  # sum of da_t c
        return *as_tensors(dx, dh_0, dc_0, dW_xh, dW_hh, da.sum(0), dw_ch), None


class GRU(Function):
    """``h = (1 - z) * n + z * h_prev`` with ``n = tanh(a_n + r * m)``, ``m = W_hn h_prev + b_hn``.

    ``b_xh`` holds all other biases, those of ``W_hr`` and ``W_hz`` included.
    """

    @staticmethod
    def forward(ctx, x, h_0, W_xh, W_hh, b_xh, b_hn, batch_sizes):
        """Return the states of all rows, (N, H), and the final ones, (B, H)."""
        xp, (x_, h_0, W_xh_, W_hh_, b_xh, b_hn) = as_arrays(x, h_0, W_xh, W_hh, b_xh, b_hn)
        B, H = h_0.shape
        half = [0.5, 0.5, 1]  # sigma(a) = 1/2 + 1/2 tanh(a/2), but n = tanh(a)
        gates = input_products(x_, W_xh_, b_xh, half)  # (3, N, H): so far only W_xh x + b_xh
        W_h = StepProduct(W_hh_.reshape(3, H, H).swapaxes(1, 2), B, column(x_, half))
        h, m = empty(x_, B + len(x), H), empty(x_, len(x), H)
        h[:B] = h_0
        steps = walk(batch_sizes)
        for rows, before, after in steps:
            rz, n, m_t, h_t = gates[:2, rows], gates[2, rows], m[rows], h[after]
            product = W_h(h[before])  # (3, B_t, H)
            rz += product[:2]
            xp.tanh(rz, out=rz)
            rz *= 0.5
            rz += 0.5
            r, z = rz  # (B_t, H) each
            xp.add(product[2], b_hn, out=m_t)  # m = W_hn h_prev + b_hn
            n += xp.multiply(r, m_t, out=h_t)
            xp.tanh(n, out=n)  # n = tanh(a_n + r * m)
            xp.subtract(h[before], n, out=h_t)
            h_t *= z
            h_t += n  # h = n + z * (h_prev - n)
        gates, m, h, h_n = as_tensors(gates, m, h, h[last_rows(steps)])
        ctx.save_for_backward(x, W_xh, W_hh, gates, m, h)
        ctx.steps = steps
        return h[B:], h_n

    @staticmethod
    @first_derivatives_only
    def backward(ctx, dY, dh_n):
        """Return the total derivatives with respect to the arguments of `forward`."""
        dh_0 = dh_n.clone()  # it becomes the gradient of h_0 at the end of the loop
        xp, (x, W_xh, W_hh, gates, m, h, dY, dh_all) = as_arrays(*ctx.saved_tensors, dY, dh_0)
        (B, H), N = dh_0.shape, len(x)
        r, z, n = gates  # (N, H) each
        h_prev = all_before(h, ctx.steps)  # (N, H)
        dh_da_n = (1 - z) * (1 - n * n)
        da = empty(x, N, 4 * H)  # m, r, z, n side by side
        dm, da_r, da_z, da_n = by_gate = da.reshape(N, 4, H).swapaxes(0, 1)  # (N, H) each
        xp.multiply(dh_da_n, r, out=dm)  # dh/dm
        xp.multiply(dh_da_n * m, r * (1 - r), out=da_r)  # dh/da_r
        xp.multiply(h_prev - n, z * (1 - z), out=da_z)  # dh/da_z
        da_n[:] = dh_da_n
        # m, r, z depend on h_prev, by W_hn, W_hr, W_hz; r, z, n on x, by W_xr, W_xz, W_xn.
        W_h = StepProduct(W_hh.reshape(3, H, H)[[2, 0, 1]], B)
        for rows, _, _ in reversed(ctx.steps):
            dh = dh_all[: rows.stop - rows.start]  # (B_t, H)
            dh += dY[rows]  # h is an output, and goes into the next step
            by_gate[:, rows] *= dh  # dm = dh/dm dh, and so on
            dh *= z[rows]  # dh_prev = dh/dh_prev dh = z dh, directly,
            dh += W_h.total(by_gate[:3, rows])  # and W_hn^T dm + W_hr^T da_r + W_hz^T da_z
        dx = xp.matmul(da[:, H:], W_xh) if ctx.needs_input_grad[0] else None
        dW_xh = xp.matmul(da[:, H:].T, x)  # sum over t of da_t x_t^T
        dW_hh = xp.empty_like(W_hh)
        xp.matmul(da[:, H : 3 * H].T, h_prev, out=dW_hh[: 2 * H])  # sum of da_t h_{t-1}^T, r and z
        xp.matmul(dm.T, h_prev, out=dW_hh[2 * H :])  # sum of dm_t h_{t-1}^T
        return *as_tensors(dx, dh_0, dW_xh, dW_hh, da[:, H:].sum(0), dm.sum(0)), None


class GRUResetBefore(Function):
    """``h = (1 - z) * n + z * h_prev`` with ``n = tanh(a_n + W_hn q)`` and ``q = r * h_prev``.

    ``b_h`` holds the sums of torch's two biases.
    """

    @staticmethod
    def forward(ctx, x, h_0, W_xh, W_hh, b_h, batch_sizes):
        """Return the states of all rows, (N, H), and the final ones, (B, H)."""
        xp, (x_, h_0, W_xh_, W_hh_, b_h) = as_arrays(x, h_0, W_xh, W_hh, b_h)
        B, H = h_0.shape
        half = [0.5, 0.5, 1]  # sigma(a) = 1/2 + 1/2 tanh(a/2), but n = tanh(a)
        gates = input_products(x_, W_xh_, b_h, half)  # (3, N, H): so far only W_xh x + b_h
        W_h = W_hh_.reshape(3, H, H).swapaxes(1, 2)
        W_rz, W_n = StepProduct(W_h[:2], B, column(x_, half[:2])), StepProduct(W_h[2:], B)
        h, q = empty(x_, B + len(x), H), empty(x_, len(x), H)
        h[:B] = h_0
        steps = walk(batch_sizes)
        for rows, before, after in steps:
            rz, n, q_t, h_t = gates[:2, rows], gates[2, rows], q[rows], h[after]
            rz += W_rz(h[before])
            xp.tanh(rz, out=rz)
            rz *= 0.5
            rz += 0.5
            r, z = rz  # (B_t, H) each
            xp.multiply(r, h[before], out=q_t)  # q = r * h_prev
            n += W_n(q_t)[0]
            xp.tanh(n, out=n)  # n = tanh(a_n + W_hn q)
            xp.subtract(h[before], n, out=h_t)
            h_t *= z
            h_t += n  # h = n + z * (h_prev - n)
        gates, q, h, h_n = as_tensors(gates, q, h, h[last_rows(steps)])
        ctx.save_for_backward(x, W_xh, W_hh, gates, q, h)
        ctx.steps = steps
        return h[B:], h_n

    @staticmethod
    @first_derivatives_only
    def backward(ctx, dY, dh_n):
        """Return the total derivatives with respect to the arguments of `forward`."""
        dh_0 = dh_n.clone()  # it becomes the gradient of h_0 at the end of the loop
        xp, (x, W_xh, W_hh, gates, q, h, dY, dh_all) = as_arrays(*ctx.saved_tensors, dY, dh_0)
        (B, H), N = dh_0.shape, len(x)
        r, z, n = gates  # (N, H) each
        h_prev = all_before(h, ctx.steps)  # (N, H)
        da = empty(x, N, 3 * H)  # r, z, n side by side
        da_r, da_z, da_n = by_gate = da.reshape(N, 3, H).swapaxes(0, 1)  # (N, H) each
        xp.multiply(h_prev, r * (1 - r), out=da_r)  # dq/da_r
        xp.multiply(h_prev - n, z * (1 - z), out=da_z)  # dh/da_z
        xp.multiply(1 - z, 1 - n * n, out=da_n)  # dh/da_n
        W_h = W_hh.reshape(3, H, H)
        W_rz, W_n = StepProduct(W_h[:2], B), StepProduct(W_h[2:], B)
        for rows, _, _ in reversed(ctx.steps):
            dh = dh_all[: rows.stop - rows.start]  # (B_t, H)
            dh += dY[rows]  # h is an output, and goes into the next step
            by_gate[1:, rows] *= dh  # da_z = dh/da_z dh, da_n = dh/da_n dh
            dq = W_n(da_n[rows])[0]  # dq = W_hn^T da_n
            da_r[rows] *= dq  # da_r = dq/da_r dq
            dh *= z[rows]  # dh_prev = dh/dh_prev dh = z dh, directly,
            dh += dq * r[rows]  # dq/dh_prev dq = r dq,
            dh += W_rz.total(by_gate[:2, rows])  # and W_hr^T da_r + W_hz^T da_z
        dx = xp.matmul(da, W_xh) if ctx.needs_input_grad[0] else None  # dx_t = W_xh^T da_t
        dW_xh = xp.matmul(da.T, x)  # sum over t of da_t x_t^T
        dW_hh = xp.empty_like(W_hh)
        xp.matmul(da[:, : 2 * H].T, h_prev, out=dW_hh[: 2 * H])  # sum of da_t h_{t-1}^T, r and z
        xp.matmul(da_n.T, q, out=dW_hh[2 * H :])  # sum of da_n,t q_t^T
        return *as_tensors(dx, dh_0, dW_xh, dW_hh, da.sum(0)), None


class StepProduct:
    """The products ``h W_g`` with G fixed matrices, taken again at every step.

    BLAS copies a matrix into an order of its own before it multiplies. With a few rows to multiply
    that takes as long as the product. OpenBLAS, with which NumPy comes, leaves it out up to a
    million multiplications; so ``W`` is cut beforehand, in panels of columns below that limit.

    Parameters
    ----------
    W : array, shape (G, K, H)
    batch : int
        The most rows that ``h`` will have.
    factors : array, shape (G, 1, 1), optional
        They multiply the matrices.
    """

    limit = 10**6

    def __init__(self, W, batch, factors=None):
        G, K, H = W.shape
        numpy = isinstance(W, np.ndarray)
        widths = [p for p in range(16, H + 1) if H % p == 0 and batch * K * p <= self.limit]
        width = max(widths, default=H) if numpy else H
        W = W.reshape(G, K, H // width, width).swapaxes(1, 2)
        self.panels = empty(W, *W.shape)  # (G, H / width, K, width)
        self.panels[:] = W if factors is None else W * factors[..., None]
        self.product = empty(W, G, batch, H)
        self.product_panels = self.product.reshape(G, batch, -1, width).swapaxes(1, 2)
        self.matmul, self.sum = (np.matmul, np.add.reduce) if numpy else (torch.matmul, torch.sum)

    def __call__(self, h):
        """Return ``h W_g`` for h of shape (B, K) or (G, B, K): (G, B, H), until the next call."""
        size = h.shape[-2]
        self.matmul(h[..., None, :, :], self.panels, out=self.product_panels[:, :, :size])
        return self.product[:, :size]

    def total(self, h, out=None):
        """Return the sum of ``h_g W_g`` over g, for h of shape (G, B, K): (B, H)."""
        return self.sum(self(h), 0, out=out)


def input_products(x, W_xh, b, factors: list[float]):
    """Return ``(W_xh x + b) * factor`` for every gate and row: (G, N, H)."""
    G, D = len(factors), x.shape[1]
    factors = column(x, factors)  # (G, 1, 1)
    W_xh = W_xh.reshape(G, -1, D) * factors  # (G, H, D)
    a = x @ W_xh.swapaxes(1, 2)  # (G, N, H)
    a += b.reshape(G, 1, -1) * factors
    return a


def walk(batch_sizes: list[int]) -> list[tuple[slice, slice, slice]]:
    """Return three slices for every step: its rows, the states before it, the states after it.

    The first is for arrays (N, ...) of inputs and gates. The others are for arrays (B + N, H) of
    states, in which the B rows of the initial state stand above those of the steps.

    Examples
    --------
    Three steps, the first of two sequences, the others of one:

    >>> for step in walk([2, 1, 1]):
    ...     print([f"{rows.start}:{rows.stop}" for rows in step])
    ['0:2', '0:2', '2:4']
    ['2:3', '2:3', '4:5']
    ['3:4', '4:5', '5:6']
    """
    steps, start, before = [], 0, 0
    for size in batch_sizes:
        after = batch_sizes[0] + start
        starts = (start, before, after)
        steps.append(tuple(slice(first, first + size) for first in starts))
        start, before = start + size, after
    return steps


def last_rows(steps) -> list[int]:
    """Return for every sequence the row of its last step, in arrays (B + N, H) of states.

    Examples
    --------
    >>> last_rows(walk([2, 1, 1]))
    [5, 3]
    """
    going_on, last = 0, []
    for _, _, after in reversed(steps):
        last += range(after.start + going_on, after.stop)
        going_on = after.stop - after.start
    return last


def all_before(states, steps):
    """Return the state before every row, (N, H), from states (B + N, H)."""
    B, size = steps[0][0].stop, steps[-1][0].stop - steps[-1][0].start
    if B == size:  # no sequence ends early: a row's predecessor is B rows above it
        return states[:-B]
    return states[[row for _, before, _ in steps for row in range(before.start, before.stop)]]


def as_arrays(*tensors: Tensor):
    """Return NumPy and arrays on the memory of the tensors; if it cannot be, torch and tensors."""
    if tensors[0].device.type == "cpu" and tensors[0].dtype in (torch.float32, torch.float64):
        return np, [tensor.detach().numpy() for tensor in tensors]
    return torch, [tensor.detach() for tensor in tensors]


def as_tensors(*arrays):
    """Return arrays as tensors on the same memory; None stays None."""
    return [array if array is None else torch.as_tensor(array) for array in arrays]


def empty(like, *shape):
    """Return a new array of the kind and dtype of another, its values undefined."""
    return np.empty(shape, like.dtype) if isinstance(like, np.ndarray) else like.new_empty(shape)


def column(like, values: list[float]):
    """Return numbers as an array (G, 1, 1) of the kind and dtype of another."""
    if isinstance(like, np.ndarray):
        return np.array(values, like.dtype)[:, None, None]
    return like.new_tensor(values)[:, None, None]
