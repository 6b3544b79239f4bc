"""Initial values of recurrent layers, by what the layers then do and by the papers' equations."""

import math

import pytest
import torch
from torch.nn.utils.rnn import pack_padded_sequence

from course_utils.models import LanguageModel
from course_utils.recurrent import (
    GRU,
    LSTM,
    SRN,
    chrono_,
    forget_bias_,
    identity_,
    orthogonal_,
    update_bias_,
)

torch_and_ours = {
    "lstm": [torch.nn.LSTM, LSTM],
    "gru": [torch.nn.GRU, GRU],
    "srn": [torch.nn.RNN, SRN],
}


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(9)


def without_weights(module):
    """Leave a network nothing but its biases."""
    for name, parameter in module.named_parameters():
        if "bias" not in name:
            torch.nn.init.zeros_(parameter)
    return module


def biases(module, gate):
    """Return the sums of both biases of a gate, one row for each layer and direction."""
    H, p = module.hidden_size, dict(module.named_parameters())
    return torch.stack(
        [
            (p[name] + p[name.replace("ih", "hh")])[gate * H : (gate + 1) * H]
            for name in p
            if name.startswith("bias_ih")
        ]
    )


@pytest.mark.parametrize("cell", torch_and_ours["lstm"])
def test_an_lstm_forgets_as_its_bias_says(cell):
    lstm = cell(3, 5, 2, bidirectional=True).double()
    before = {name: p.clone() for name, p in lstm.named_parameters()}
    assert forget_bias_(lstm, 3.0) is lstm
    for name, p in lstm.named_parameters():  # nothing else has changed
        same = p == before[name]
        expected = torch.ones_like(same)
        expected[5:10] = "bias" not in name
        assert torch.equal(same, expected), name
    without_weights(lstm)
    for name, p in lstm.named_parameters():
        if "bias" in name:
            torch.nn.init.zeros_(p[10:15])  # g = tanh(0) = 0: nothing comes in
    c_0 = torch.randn(4, 2, 5, dtype=torch.float64)
    x = torch.randn(2, 2, 3, dtype=torch.float64)
    _, (_, c_n) = lstm(x, (torch.zeros_like(c_0), c_0))
    torch.testing.assert_close(c_n, c_0 / (1 + math.exp(-3)) ** 2)  # f * f after two steps
    assert (biases(forget_bias_(lstm), 1) == 1).all()


@pytest.mark.parametrize("cell", torch_and_ours["gru"])
def test_a_gru_keeps_as_its_bias_says(cell):
    gru = cell(3, 5, 2, bidirectional=True).double()
    before = biases(gru, 0), biases(gru, 2)
    assert update_bias_(gru, 3) is gru
    assert torch.equal(biases(gru, 0), before[0]) and torch.equal(biases(gru, 2), before[1])
    without_weights(gru)
    for name, p in gru.named_parameters():
        if "bias" in name:
            torch.nn.init.zeros_(p[10:15])  # n = tanh(0) = 0
    h_0 = torch.randn(4, 2, 5, dtype=torch.float64)
    _, h_n = gru(torch.randn(1, 2, 3, dtype=torch.float64), h_0)
    torch.testing.assert_close(h_n, h_0 / (1 + math.exp(-3)))  # z * h_prev, z near 1: kept
    assert (biases(update_bias_(gru), 1) == 1).all()


@pytest.mark.parametrize("name", ["lstm", "gru"])
@pytest.mark.parametrize("t_max", [2, 3, 100])
def test_chrono_spreads_the_times_over_which_units_forget(name, t_max):
    """A unit keeps the share f of a step, so it forgets over 1 / (1 - f) steps: 2 to t_max."""
    for cell in torch_and_ours[name]:
        module = cell(3, 400, 2, bidirectional=True).double()
        untouched = biases(module, 2).clone()
        assert chrono_(module, t_max) is module
        keep = torch.sigmoid(biases(module, 1))
        times = 1 / (1 - keep)  # (4, 400)
        low, high = 2, max(2, t_max)
        assert times.min() > low - 1e-9 and times.max() < high + 1e-9
        if t_max == 100:
            shares = times.sort(dim=1).values
            uniform = torch.linspace(low, high, 400, dtype=torch.float64)
            assert (shares - uniform).abs().max() < 0.12 * t_max  # Kolmogorov-Smirnov
            assert len(times.unique()) == 1600  # each layer and direction its own
        if name == "lstm":
            torch.testing.assert_close(torch.sigmoid(biases(module, 0)), 1 - keep)
        assert torch.equal(biases(module, 2), untouched)


def test_chrono_can_be_repeated():
    drawn = [
        biases(chrono_(GRU(3, 9), 50, generator=torch.Generator().manual_seed(seed)), 1)
        for seed in (1, 1, 2)
    ]
    assert torch.equal(drawn[0], drawn[1]) and not torch.equal(drawn[0], drawn[2])


# The IRNN of Le et al. 2015


@pytest.mark.parametrize("cell", torch_and_ours["srn"])
@pytest.mark.parametrize("scale", [1.0, 0.5])
def test_an_irnn_adds_up(cell, scale):
    """h_t = relu(scale h_{t-1} + W_xh x_t): what can be computed by hand."""
    srn = cell(2, 3, 2, nonlinearity="relu", bidirectional=True).double()
    assert identity_(srn, scale) is srn
    x = torch.randn(20, 2, 2, dtype=torch.float64)
    h_0 = torch.rand(4, 2, 3, dtype=torch.float64)
    output, _ = srn(x, h_0)
    below = x
    for layer in range(2):
        both = []
        for direction in range(2):
            W = srn.get_parameter(f"weight_ih_l{layer}" + "_reverse" * direction)
            h, states = h_0[2 * layer + direction], []
            for x_t in below.flip(0) if direction else below:
                h = torch.clamp_min(scale * h + x_t @ W.T, 0)
                states.append(h)
            both.append(torch.stack(states[::-1] if direction else states))
        below = torch.cat(both, dim=-1)
    torch.testing.assert_close(output, below, rtol=0, atol=1e-12)


def test_an_irnn_without_input_keeps_state_and_gradient():
    srn = identity_(SRN(2, 3, nonlinearity="relu", dtype=torch.float64))
    h_0 = torch.rand(1, 2, 3, dtype=torch.float64, requires_grad=True)
    output, h_n = srn(torch.zeros(100, 2, 2, dtype=torch.float64), h_0)
    assert torch.equal(h_n, h_0)
    weights = torch.randn(2, 3, dtype=torch.float64)
    assert torch.equal(torch.autograd.grad((weights * output[99]).sum(), h_0)[0][0], weights)


@pytest.mark.parametrize("gradient", ["bptt", "autograd"])
def test_gradcheck_of_an_irnn(gradient):
    srn = identity_(SRN(2, 3, 2, nonlinearity="relu", gradient=gradient, dtype=torch.float64))
    names, parameters = zip(*srn.named_parameters(), strict=True)
    x = torch.randn(5, 3, 2, dtype=torch.float64, requires_grad=True)
    h_0 = torch.rand(2, 3, 3, dtype=torch.float64, requires_grad=True)

    def run(x, h_0, *weights):
        weights = dict(zip(names, weights, strict=True))
        packed = pack_padded_sequence(x, [5, 3, 1])
        y, h_n = torch.func.functional_call(srn, weights, (packed, h_0))
        return y.data, h_n

    assert torch.autograd.gradcheck(run, (x, h_0, *parameters))


@pytest.mark.parametrize(("name", "gates"), [("srn", 1), ("lstm", 4), ("gru", 3)])
@pytest.mark.parametrize("gain", [1.0, 1.5])
def test_each_gates_matrix_is_orthogonal(name, gates, gain):
    for cell in torch_and_ours[name]:
        module = cell(3, 6, 2, bidirectional=True).double()
        before = {n: p.clone() for n, p in module.named_parameters()}
        assert orthogonal_(module, gain) is module
        matrices = []
        for n, p in module.named_parameters():
            if n.startswith("weight_hh"):
                matrices += p.detach().view(gates, 6, 6)
            else:
                assert torch.equal(p, before[n])
        assert len(matrices) == 4 * gates
        for W in matrices:
            singular = torch.linalg.svdvals(W)
            torch.testing.assert_close(singular, torch.full_like(singular, gain))
            torch.testing.assert_close(W.T @ W, gain**2 * torch.eye(6, dtype=W.dtype))
        assert (matrices[0] - matrices[-1]).abs().max() > 0.1


# Which layers


def test_all_layers_of_a_model_are_reached_and_no_others():
    model = LanguageModel(11, hidden_size=5, num_layers=3, variational=True, skip="highway")
    before = {name: p.clone() for name, p in model.named_parameters()}
    forget_bias_(model, 2)
    for layer in model.rnn.layers:
        assert (biases(layer, 1) == 2).all()
    changed = {name for name, p in model.named_parameters() if not torch.equal(p, before[name])}
    assert {name.split(".")[-1] for name in changed} == {"bias_ih_l0", "bias_hh_l0"}
    assert len(changed) == 6
    both = torch.nn.ModuleList([LSTM(2, 3), torch.nn.GRU(2, 3)])
    chrono_(both, 9)
    assert (biases(both[0], 1) == -biases(both[0], 0)).all() and (biases(both[1], 1) >= 0).all()


def test_values_can_be_learned_afterwards():
    lstm = chrono_(orthogonal_(LSTM(3, 4)), 20)
    lstm(torch.randn(5, 2, 3))[0].sum().backward()
    assert all(p.requires_grad and p.is_leaf and p.grad is not None for p in lstm.parameters())


def test_layers_without_biases():
    srn = SRN(2, 3, nonlinearity="relu", bias=False)
    assert torch.equal(identity_(srn).weight_hh_l0, torch.eye(3))
    assert torch.linalg.svdvals(orthogonal_(srn).weight_hh_l0).allclose(torch.ones(3))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: forget_bias_(GRU(2, 3)), TypeError, "GRU holds no LSTM"),
        (lambda: update_bias_(LSTM(2, 3)), TypeError, "LSTM holds no GRU"),
        (lambda: identity_(LSTM(2, 3)), TypeError, "LSTM holds no RNN"),
        (lambda: chrono_(SRN(2, 3), 9), TypeError, "SRN holds no LSTM or GRU"),
        (lambda: orthogonal_(torch.nn.Linear(2, 3)), TypeError, "Linear holds no RNN or LSTM or"),
        (lambda: forget_bias_(LSTM(2, 3, bias=False)), ValueError, "no biases; .* bias=True"),
        (lambda: chrono_(GRU(2, 3, bias=False), 9), ValueError, "no biases; .* bias=True"),
        (lambda: chrono_(GRU(2, 3), 1), ValueError, "at least 2 steps, got 1"),
        (lambda: chrono_(GRU(2, 3), math.nan), ValueError, "at least 2 steps, got nan"),
    ],
)
def test_errors(call, error, message):
    with pytest.raises(error, match=message):
        call()
