import math

import pytest
import torch

from course_utils.steps import gru_step, lstm_step, peephole_lstm_step, srn_step

B, D, H = 4, 3, 5


def random(*shape):
    return torch.randn(*shape, dtype=torch.float64)


def sigmoid(a):
    return 1 / (1 + math.exp(-a))


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(3)


@pytest.mark.parametrize("f", ["tanh", "relu"])
def test_srn_step_is_torchs_cell(f):
    cell = torch.nn.RNNCell(D, H, nonlinearity=f, dtype=torch.float64)
    x, h = random(B, D), random(B, H)
    b_h = cell.bias_ih + cell.bias_hh
    ours = srn_step(x, h, cell.weight_ih, cell.weight_hh, b_h, getattr(torch, f))
    torch.testing.assert_close(ours, cell(x, h), rtol=0, atol=1e-12)


def test_srn_step_with_edinburghs_sigmoid():
    # net = 0.5 * 1 - 1 * 2 + 2 * 0.25 + 0.3 = -0.7
    one = [torch.tensor(v, dtype=torch.float64) for v in ([[1, 2]], [[0.25]], [[0.5, -1]], [[2]])]
    x, h_prev, W_xh, W_hh = one
    h = srn_step(x, h_prev, W_xh, W_hh, torch.tensor([0.3], dtype=torch.float64), torch.sigmoid)
    assert h.item() == pytest.approx(sigmoid(-0.7), rel=1e-12)


def test_lstm_step_is_torchs_cell():
    cell = torch.nn.LSTMCell(D, H, dtype=torch.float64)
    x, state = random(B, D), (random(B, H), random(B, H))
    ours = lstm_step(x, state, cell.weight_ih, cell.weight_hh, cell.bias_ih + cell.bias_hh)
    for mine, theirs in zip(ours, cell(x, state), strict=True):
        torch.testing.assert_close(mine, theirs, rtol=0, atol=1e-12)


def test_lstm_step_by_hand():
    # One input 1, one unit, no weights from the state: the gates are functions of W_xh alone.
    W_xh = torch.tensor([[0.1], [0.2], [0.3], [0.4]], dtype=torch.float64)  # i, f, g, o
    one, two = torch.ones(1, 1, dtype=torch.float64), torch.full((1, 1), 2.0, dtype=torch.float64)
    h, c = lstm_step(one, (one, two), W_xh, torch.zeros(4, 1, dtype=torch.float64))
    expected = sigmoid(0.2) * 2 + sigmoid(0.1) * math.tanh(0.3)  # f * c_prev + i * g
    assert c.item() == pytest.approx(expected, rel=1e-12)
    assert h.item() == pytest.approx(sigmoid(0.4) * math.tanh(expected), rel=1e-12)


def test_peephole_lstm_step_by_hand():
    # As above; the gates see the cell: i and f the old one, 2, by 0.5 and -0.25, o the new one.
    W_xh = torch.tensor([[0.1], [0.2], [0.3], [0.4]], dtype=torch.float64)  # i, f, g, o
    w_ch = torch.tensor([0.5, -0.25, 0.75], dtype=torch.float64)  # i, f, o
    one, two = torch.ones(1, 1, dtype=torch.float64), torch.full((1, 1), 2.0, dtype=torch.float64)
    W_hh = torch.zeros(4, 1, dtype=torch.float64)
    h, c = peephole_lstm_step(one, (one, two), W_xh, W_hh, w_ch)
    expected = sigmoid(0.2 - 0.25 * 2) * 2 + sigmoid(0.1 + 0.5 * 2) * math.tanh(0.3)
    assert c.item() == pytest.approx(expected, rel=1e-12)
    new_h = sigmoid(0.4 + 0.75 * expected) * math.tanh(expected)
    assert h.item() == pytest.approx(new_h, rel=1e-12)


def test_peepholes_look_at_their_own_unit_only():
    W_xh, W_hh, w_ch, b_h = random(4 * H, D), random(4 * H, H), random(3 * H), random(4 * H)
    x, h_prev, c_prev = random(B, D), random(B, H), random(B, H)
    before = peephole_lstm_step(x, (h_prev, c_prev), W_xh, W_hh, w_ch, b_h)
    c_prev[:, 2] += 1
    after = peephole_lstm_step(x, (h_prev, c_prev), W_xh, W_hh, w_ch, b_h)
    for one, other in zip(before, after, strict=True):
        assert ((one != other).any(dim=0) == (torch.arange(H) == 2)).all()
    plain = lstm_step(x, (h_prev, c_prev), W_xh, W_hh, b_h)
    no_weights = peephole_lstm_step(x, (h_prev, c_prev), W_xh, W_hh, 0 * w_ch, b_h)
    torch.testing.assert_close(no_weights, plain, rtol=0, atol=1e-12)


def test_gru_step_is_torchs_cell():
    cell = torch.nn.GRUCell(D, H, dtype=torch.float64)
    x, h = random(B, D), random(B, H)
    ours = gru_step(x, h, cell.weight_ih, cell.weight_hh, cell.bias_ih, cell.bias_hh)
    torch.testing.assert_close(ours, cell(x, h), rtol=0, atol=1e-12)


def test_gru_step_with_reset_before_the_product():
    # Two units, W_hn = [[0, 1], [0, 0]]: the first unit's candidate sees only the second's state,
    # so only the second's reset gate. Biases open it by 0 and -1: r = 1/2 and sigma(-1).
    W_hh = torch.zeros(6, 2, dtype=torch.float64)
    W_hh[4, 1] = 1
    b_hh = torch.tensor([0.0, -1.0, 0.0, 0.0, 0.2, 0.0], dtype=torch.float64)  # r, z, n
    x, W_xh = torch.zeros(1, 1, dtype=torch.float64), torch.zeros(6, 1, dtype=torch.float64)
    h_prev = torch.tensor([[3.0, 5.0]], dtype=torch.float64)
    before = gru_step(x, h_prev, W_xh, W_hh, 0.0, b_hh, reset="before")
    after = gru_step(x, h_prev, W_xh, W_hh, 0.0, b_hh, reset="after")
    # z = 1/2, so h = n / 2 + h_prev / 2
    assert before[0, 0].item() == pytest.approx(
        math.tanh(sigmoid(-1) * 5 + 0.2) / 2 + 1.5, rel=1e-12
    )
    assert after[0, 0].item() == pytest.approx(math.tanh(0.5 * (5 + 0.2)) / 2 + 1.5, rel=1e-12)


def test_the_gates_extremes():
    x, h_prev = random(B, D), random(B, H)
    W_xh, W_hh = random(3 * H, D), random(3 * H, H)
    closed, open_ = torch.full((H,), -800.0), torch.full((H,), 800.0)
    zero = torch.zeros(H)
    keep = gru_step(x, h_prev, W_xh, W_hh, 0.0, torch.cat([zero, open_, zero]).double())
    assert torch.equal(keep, h_prev)  # z = 1 keeps the state
    for reset in ("before", "after"):
        # r = 0 and z = 0: the candidate alone, of the input alone
        b_xh = torch.cat([closed, closed, zero]).double()
        fresh = gru_step(x, h_prev, W_xh, W_hh, b_xh, 0.0, reset)
        torch.testing.assert_close(fresh, torch.tanh(x @ W_xh[2 * H :].T), rtol=0, atol=1e-12)
