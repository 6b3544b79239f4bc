"""Diagnostics against hand arithmetic, torch's own cells, restarts, and finite differences."""

import copy
import itertools
import math

import numpy as np
import pytest
import torch

from course_utils import diagnostics
from course_utils.diagnostics import (
    clipping,
    decay,
    gate_activations,
    gradient_norms,
    run_cell,
    running_products,
    sensitivity,
    spectral_radius_,
    spectrum,
    srn_jacobians,
    step_jacobians,
    symptoms,
)
from course_utils.models import LanguageModel, WindowLanguageModel
from course_utils.recurrent import GRU, LSTM, SRN, identity_
from course_utils.training import Diverged, History, fit

CELLS = {
    "srn": (SRN, {}),
    "srn relu": (SRN, {"nonlinearity": "relu"}),
    "srn sigmoid": (SRN, {"nonlinearity": "sigmoid"}),
    "lstm": (LSTM, {}),
    "lstm without biases": (LSTM, {"bias": False}),
    "lstm with peepholes": (LSTM, {"peepholes": True}),
    "gru": (GRU, {}),
    "gru without biases": (GRU, {"bias": False}),
    "gru, reset before": (GRU, {"reset": "before"}),
    "srn residual in time": (SRN, {"skip": "residual", "time_skip": 2}),
    "srn dense in time": (SRN, {"skip": "dense", "time_skip": 3}),
    "srn highway in time": (SRN, {"skip": "highway", "time_skip": 1}),
    "lstm highway in time": (LSTM, {"skip": "highway", "time_skip": 2}),
    "gru residual in time": (GRU, {"skip": "residual", "time_skip": 1}),
}
T, B, D, H = 6, 3, 4, 5


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """Small products are not worth two threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(autouse=True)
def seed():
    with torch.random.fork_rng():
        torch.manual_seed(5)
        yield


def make(name, **more):
    """Return a layer with weights large enough that everything depends on everything."""
    cell, options = CELLS[name]
    layer = cell(D, H, **(options | more)).double()
    with torch.no_grad():
        for p in layer.parameters():
            p.mul_(1.7)
    return layer


def normal(*shape):
    return torch.randn(*shape, dtype=torch.float64)


def as_tuple(state):
    return state if isinstance(state, tuple) else (state,)


def first_state(layer, batch=B):
    """Return a random state of a layer: a tensor or a tuple of them."""
    x = normal(1, batch, D)
    parts = tuple(0.5 * normal(*part.shape) for part in as_tuple(layer(x)[1]))
    return parts if len(parts) > 1 else parts[0]


def test_the_gradient_of_one_unit_by_hand():
    srn = SRN(1, 1, bias=False)
    with torch.no_grad():
        srn.weight_ih_l0.fill_(0.5)
        srn.weight_hh_l0.fill_(0.8)
    x = torch.tensor([[1.0], [-2.0], [0.5], [3.0]])  # (T, 1)
    h, slopes = 0.3, []
    for x_t in (1.0, -2.0, 0.5, 3.0):
        h = math.tanh(0.5 * x_t + 0.8 * h)
        slopes.append(1 - h * h)  # f'(net)
    found = gradient_norms(srn, x, torch.tensor([[0.3]])).h.ravel()
    # d h_4 / d h_{4-k}: the product of the last k factors w f'(net)
    factors = [0.8 * slope for slope in reversed(slopes)]
    np.testing.assert_allclose(found, [math.prod(factors[:k]) for k in range(5)], rtol=1e-7)
    jacobians = step_jacobians(srn, x, torch.tensor([[0.3]])).ravel()
    np.testing.assert_allclose(jacobians, [0.8 * slope for slope in slopes], rtol=1e-7)


@pytest.mark.parametrize("name", CELLS)
def test_the_gradient_is_that_of_a_network_begun_anew_at_the_step(name):
    """One layer: h_t is the first state of what is left; its gradient comes from the default."""
    layer, x = make(name), normal(T, B, D)
    state = first_state(layer)
    norms = gradient_norms(layer, x, state)
    is_lstm = isinstance(layer, LSTM)
    assert norms.h.shape == (T + 1, 1, B) and (norms.c is not None) == is_lstm
    np.testing.assert_allclose(norms.h[0], 1, rtol=1e-12)
    v = torch.ones(H, dtype=torch.float64) / math.sqrt(H)
    for t in range(T):
        leaves = [s.detach().requires_grad_() for s in as_tuple(state)]
        y, _ = layer(x[t:], tuple(leaves) if len(leaves) > 1 else leaves[0])
        gradients = torch.autograd.grad((y[-1] @ v).sum(), leaves, allow_unused=True)
        np.testing.assert_allclose(norms.h[T - t, 0], gradients[0][0].norm(dim=1), rtol=1e-9)
        if is_lstm and t == 0:  # c_0 has made no h
            np.testing.assert_allclose(norms.c[T, 0], gradients[1][0].norm(dim=1), rtol=1e-9)
        state = layer(x[t : t + 1], state)[1]


def test_along_the_cell_the_way_through_its_own_output_counts():
    lstm, x = make("lstm"), normal(T, B, D)
    cell = torch.nn.LSTMCell(D, H).double()
    cell.load_state_dict({k[:-3]: v for k, v in lstm.state_dict().items()})
    h, c, kept = normal(B, H), normal(B, H), []
    state = h[None], c[None]
    h.requires_grad_(), c.requires_grad_()
    kept.append((h, c))
    for x_t in x:
        # torch's cell gives c after h was made of it; by the equations both are of one graph
        i, f, g, o = (x_t @ cell.weight_ih.T + cell.bias_ih + h @ cell.weight_hh.T
                      + cell.bias_hh).chunk(4, dim=1)  # fmt: skip
        wanted = cell(x_t, (h, c))
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        h = o.sigmoid() * c.tanh()
        torch.testing.assert_close((h, c), wanted)
        kept.append((h, c))
    y = h.sum() / math.sqrt(H)
    norms = gradient_norms(lstm, x, state)
    for k, (h, c) in enumerate(reversed(kept)):
        dh, dc = torch.autograd.grad(y, (h, c), retain_graph=True)
        np.testing.assert_allclose(norms.h[k, 0], dh.norm(dim=1), rtol=1e-9)
        np.testing.assert_allclose(norms.c[k, 0], dc.norm(dim=1), rtol=1e-9)


@pytest.mark.parametrize("skip", [None, "residual", "dense", "highway"])
def test_a_lower_layer_also_acts_through_the_layers_above(skip):
    """Two layers of a GRU, written out with torch's cell."""
    gru, x = GRU(D, H, num_layers=2, skip=skip).double(), normal(T, B, D)
    state = first_state(gru)
    cells = []
    for k in range(2):
        size = D + H if (skip, k) == ("dense", 1) else (D, H)[k]
        cells.append(torch.nn.GRUCell(size, H).double())
        names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        cells[k].load_state_dict({n: gru.state_dict()[f"{n}_l{k}"] for n in names})
    below, above = (s.clone().requires_grad_() for s in state)
    kept = [(below, above)]
    for x_t in x:
        below = cells[0](x_t, below)
        seen = torch.cat([x_t, below], dim=1) if skip == "dense" else below
        above = cells[1](seen, above)
        kept.append((below, above))
    y = above
    if skip == "residual":
        y = below + above
    elif skip == "highway":
        g = torch.sigmoid(gru.skips.gates[0].weight @ below.T).T
        g = torch.sigmoid(below @ gru.skips.gates[0].weight.T + gru.skips.gates[0].bias)
        y = g * above + (1 - g) * below
    norms = gradient_norms(gru, x, state, loss=lambda y: (y**3).sum())
    assert norms.h.shape == (T + 1, 2, B)
    for k, states in enumerate(reversed(kept)):
        gradients = torch.autograd.grad((y**3).sum(), states, retain_graph=True)
        for layer, gradient in enumerate(gradients):
            np.testing.assert_allclose(norms.h[k, layer], gradient.norm(dim=1), rtol=1e-9)


@pytest.mark.parametrize("name", CELLS)
def test_the_gradient_at_the_first_state_by_finite_differences(name):
    layer, x = make(name, num_layers=2), normal(T, 1, D)
    state = as_tuple(first_state(layer, batch=1))

    def loss(h_0):
        parts = (h_0, *state[1:])
        return (layer(x, parts if len(parts) > 1 else h_0)[0][-1] ** 3).sum().item()

    wanted = np.zeros((2, 1, H))
    for place in itertools.product(range(2), [0], range(H)):
        step = torch.zeros_like(state[0])
        step[place] = 1e-6
        with torch.no_grad():
            wanted[place] = (loss(state[0] + step) - loss(state[0] - step)) / 2e-6
    given = state if len(state) > 1 else state[0]
    norms = gradient_norms(layer, x, given, loss=lambda y: (y**3).sum())
    np.testing.assert_allclose(
        norms.h[T, :, 0], np.linalg.norm(wanted[:, 0], axis=-1), rtol=1e-6, atol=1e-8
    )


@pytest.mark.parametrize("options", [
    {"cell": "srn", "num_layers": 2}, {"cell": "gru", "num_layers": 2, "dropout": 0.5},
    {"cell": "lstm", "variational": True, "num_layers": 2, "skip": "highway", "dropout": 0.5},
    {"cell": "lstm", "tie_weights": False, "output": "sampled", "embedding_size": 3},
    {"cell": "lstm", "tie_weights": False, "output": "adaptive"},
])  # fmt: skip
def test_the_gradient_of_a_language_model_is_of_the_last_word(options):
    """By finite differences of -ln P(last word | the words before it)."""
    lm = LanguageModel(30, hidden_size=H, **options).double()
    with torch.no_grad():
        for p in lm.parameters():
            p.mul_(2)
    ids = torch.randint(30, (T + 1, 2))
    lm.eval()
    parts = as_tuple(lm.features(ids[:1])[1])
    parts = tuple(0.5 * normal(*part.shape) for part in parts)
    lm.train()
    norms = gradient_norms(lm, ids.numpy(), parts if len(parts) > 1 else parts[0])

    def nats(h_0, text):
        state = tuple(part[:, [text]] for part in (h_0, *parts[1:]))
        with torch.no_grad():
            h, _ = lm.features(ids[:-1, [text]], state if len(state) > 1 else state[0])
            return -lm.output.target_log_probs(h[-1], ids[-1, [text]]).item()

    lm.eval()
    for text in range(2):
        wanted = torch.zeros_like(parts[0][:, text])  # (layers, H)
        for place in itertools.product(*map(range, wanted.shape)):
            step = torch.zeros_like(parts[0])
            step[place[0], text, place[1]] = 1e-6
            wanted[place] = (nats(parts[0] + step, text) - nats(parts[0] - step, text)) / 2e-6
        np.testing.assert_allclose(norms.h[T, :, text], wanted.norm(dim=-1), rtol=1e-5, atol=1e-9)


def test_layouts_are_of_the_layer():
    lstm = make("lstm", batch_first=True)
    x, (h, c) = normal(B, T, D), first_state(make("lstm"))
    together = gradient_norms(lstm, x, (h, c))
    alone = [gradient_norms(lstm, x[b], (h[:, b], c[:, b])) for b in range(B)]
    for name in ("h", "c"):
        each = np.concatenate([getattr(norms, name) for norms in alone], axis=-1)
        np.testing.assert_allclose(getattr(together, name), each, rtol=1e-10)


@pytest.mark.parametrize("gradient", [None, "autograd", "bptt", "torch"])
def test_the_model_stays_as_it_is(gradient):
    lm = LanguageModel(9, hidden_size=H, cell="lstm", dropout=0.5, gradient=gradient)
    before, modes = copy.deepcopy(lm.state_dict()), [m.training for m in lm.modules()]
    random = torch.get_rng_state()
    ids = torch.randint(9, (T,))
    random = torch.get_rng_state()
    gradient_norms(lm, ids), step_jacobians(lm, ids), sensitivity(lm, ids)
    gate_activations(lm, ids), symptoms(model=lm, ids=ids.numpy(), distance=2)
    assert all(torch.equal(value, before[name]) for name, value in lm.state_dict().items())
    assert [m.training for m in lm.modules()] == modes
    assert all(p.grad is None and p.requires_grad for p in lm.parameters())
    assert lm.rnn.gradient == gradient and "_step" not in vars(lm.rnn)
    assert torch.equal(torch.get_rng_state(), random)


def test_float64_shows_what_float32_loses():
    srn, x = SRN(16, 64), torch.randn(100, 1, 16)
    exact = gradient_norms(srn, x).h[100].item()
    assert 1e-32 < exact < 1e-20
    assert gradient_norms(srn, x, dtype=torch.float32).h[100] == 0  # the squares underflow
    lstm = LSTM(16, 64)
    exact = gradient_norms(lstm, x).h[100].item()
    assert 1e-24 < exact < 1e-17
    rough = gradient_norms(lstm, x, dtype=torch.float32).h[100].item()
    assert rough == pytest.approx(exact, rel=0.05)


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize("layer", [0, 1])
def test_step_jacobians_by_finite_differences(name, layer):
    network, x = make(name, num_layers=2), normal(T, 1, D)
    state = as_tuple(first_state(network, batch=1))
    jacobians = step_jacobians(network, x, state if len(state) > 1 else state[0], layer=layer)
    size = len(state) * H
    assert jacobians.shape == (T, size, size)
    for t in range(T):
        # perturb this layer's state alone: what it reads from below stays, in the same step
        for column in range(size):
            part, unit = divmod(column, H)
            ends = []
            for sign in (1, -1):
                moved = [s.clone() for s in state]
                moved[part][layer, 0, unit] += sign * 1e-6
                after = network(x[t : t + 1], tuple(moved) if len(moved) > 1 else moved[0])[1]
                ends.append(torch.cat([s[layer, 0] for s in as_tuple(after)]))
            slope = (ends[0] - ends[1]).detach().numpy() / 2e-6
            np.testing.assert_allclose(jacobians[t, :, column], slope, rtol=1e-5, atol=1e-8)
        state = as_tuple(network(x[t : t + 1], state if len(state) > 1 else state[0])[1])
        state = tuple(s.detach() for s in state)


@pytest.mark.parametrize("nonlinearity", ["tanh", "relu", "sigmoid"])
def test_the_formula_and_autograd_agree(nonlinearity):
    srn, x = make({"tanh": "srn"}.get(nonlinearity, f"srn {nonlinearity}")), normal(40, D)
    h = srn(x)[0].detach().numpy()
    by_formula = srn_jacobians(h, srn.weight_hh_l0.detach().numpy(), nonlinearity)
    np.testing.assert_allclose(step_jacobians(srn, x), by_formula, rtol=1e-10, atol=1e-14)


def test_the_gradient_is_the_loss_at_the_end_times_the_product():
    for name in ("srn", "gru", "lstm"):
        layer, x = make(name), normal(20, D)
        products = running_products(step_jacobians(layer, x))
        end = np.zeros(products.shape[-1])
        end[:H] = 1 / math.sqrt(H)  # d loss / d h; of an LSTM, c_T has no other way to the loss
        norms, carried = gradient_norms(layer, x), end @ products  # (T + 1, S)
        np.testing.assert_allclose(
            norms.h[1:, 0, 0], np.linalg.norm(carried[1:, :H], axis=1), rtol=1e-9
        )


def test_along_the_cell_a_step_is_the_forget_gate():
    lstm, x = make("lstm"), normal(T, D)
    f = gate_activations(lstm, x)["f"]  # (T, H)
    jacobians = step_jacobians(lstm, x)
    np.testing.assert_allclose(jacobians[:, H:, H:], f[:, :, None] * np.eye(H), atol=1e-12)


def test_running_products_begin_at_the_end():
    jacobians = normal(4, 3, 3).numpy()
    products = running_products(jacobians)
    np.testing.assert_array_equal(products[0], np.eye(3))
    np.testing.assert_allclose(products[2], jacobians[3] @ jacobians[2])
    np.testing.assert_allclose(products[4], np.linalg.multi_dot(jacobians[::-1]))


def test_the_spectrum_of_matrices_that_are_known():
    angle = 0.3
    rotation = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    found = spectrum(np.stack([2 * rotation, np.diag([-3.0, 1.0]), [[0.0, 5.0], [0.0, 0.0]]]))
    np.testing.assert_allclose(found.singular_values, [[2, 2], [3, 1], [5, 0]], atol=1e-12)
    np.testing.assert_allclose(found.norm, [2, 3, 5])
    np.testing.assert_allclose(found.radius, [2, 3, 0], atol=1e-12)
    with pytest.raises(ValueError, match="nan or inf"):
        spectrum(np.full((2, 2), np.nan))


@pytest.mark.parametrize("cell", [SRN, LSTM, GRU])
def test_a_spectral_radius_is_set_for_every_gate_layer_and_direction(cell):
    layer = cell(D, H, num_layers=2, bidirectional=True)
    before = copy.deepcopy(layer.state_dict())
    assert spectral_radius_(layer, 1.3) is layer
    for name, weight in layer.named_parameters():
        if not name.startswith("weight_hh"):
            assert torch.equal(weight, before[name])
            continue
        for W_hg, old in zip(weight.split(H), before[name].split(H), strict=True):
            largest = np.abs(np.linalg.eigvals(W_hg.detach().double().numpy())).max()
            assert largest == pytest.approx(1.3, rel=1e-5)
            ratio = W_hg / old
            torch.testing.assert_close(ratio, torch.full_like(ratio, ratio[0, 0].item()))
    with pytest.raises(ValueError, match="at least 0, got -1"):
        spectral_radius_(layer, -1)
    with torch.no_grad():
        layer.weight_hh_l0.copy_(torch.eye(H).roll(1, 0).tril().repeat(len(weight) // H, 1))
    with pytest.raises(ValueError, match="all eigenvalues of a matrix are 0"):
        spectral_radius_(layer, 1)


@pytest.mark.parametrize("nonlinearity", ["tanh", "relu", "sigmoid"])
def test_the_largest_singular_value_bounds_the_gradient(nonlinearity):
    srn, x = make({"tanh": "srn"}.get(nonlinearity, f"srn {nonlinearity}")), normal(30, D)
    bound = decay(srn.weight_hh_l0.detach().numpy(), 30, nonlinearity).bound
    norms = spectrum(running_products(step_jacobians(srn, x))).norm
    assert (norms <= bound * (1 + 1e-9)).all() and norms[1] > 0.05 * bound[1]


@pytest.mark.parametrize(("nonlinearity", "gamma"), [("tanh", 1), ("relu", 1), ("sigmoid", 1 / 4)])
def test_the_bound_is_reached_where_the_slope_is_steepest(nonlinearity, gamma):
    # W stretches one direction by 3 and has the eigenvalues 0: sigma = 3, rho = 0
    W = np.array([[0.0, 3.0], [0.0, 0.0]])
    found = decay(W, 2, nonlinearity)
    np.testing.assert_allclose(found.bound, [1, 3 * gamma, (3 * gamma) ** 2])
    np.testing.assert_allclose(found.by_eigenvalue, [1, 0, 0])
    steepest = {"tanh": 0.0, "relu": 1.0, "sigmoid": 0.5}[nonlinearity]  # the state there
    jacobian = srn_jacobians(np.full((1, 2), steepest), W, nonlinearity)[0]
    assert np.linalg.norm(jacobian, 2) == pytest.approx(found.bound[1])


def test_the_largest_eigenvalue_bounds_nothing():
    # two units that hand a signal to each other, a hundredfold one way: the eigenvalues are 0.5
    W = np.array([[0.5, 100.0], [0.0, 0.5]])
    found = decay(W, 20)
    powers = np.stack([np.linalg.norm(np.linalg.matrix_power(W, k), 2) for k in range(21)])
    assert (powers <= found.bound).all()
    assert (powers[1:] > found.by_eigenvalue[1:]).all() and powers[3] > 50
    np.testing.assert_allclose(found.by_eigenvalue, 0.5 ** np.arange(21))
    # and with ReLU, each of whose Jacobians has only zeros as eigenvalues, it explodes for ever:
    # the first unit is alive at odd steps, the second at even ones
    W, h = np.array([[0.0, 2.0], [2.0, 0.0]]), np.tile([[1.0, 0.0], [0.0, 1.0]], (10, 1))
    jacobians = srn_jacobians(h, W, "relu")
    assert (spectrum(jacobians).radius == 0).all()
    np.testing.assert_allclose(spectrum(running_products(jacobians)).norm, 2.0 ** np.arange(21))


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize("bidirectional", [False, True])
def test_sensitivity_by_finite_differences(name, bidirectional):
    layer, x, at = make(name, num_layers=2, bidirectional=bidirectional), normal(T, D), 2
    state = first_state(layer, batch=1)
    table = sensitivity(layer, x, tuple(s[:, 0] for s in as_tuple(state))
                        if isinstance(state, tuple) else state[:, 0], at=at)  # fmt: skip
    slopes = []
    for d in range(D):
        step = torch.zeros(T, 1, D, dtype=torch.float64)
        step[at, 0, d] = 1e-6
        with torch.no_grad():
            ends = [layer(x[:, None] + sign * step, state)[0] for sign in (1, -1)]
        slopes.append((ends[0] - ends[1])[:, 0] / 2e-6)
    wanted = torch.stack(slopes).norm(dim=0)
    np.testing.assert_allclose(table, wanted, rtol=1e-5, atol=1e-8)
    assert table[:at].any() == bidirectional and table[at:].any()


def test_the_sensitivity_of_a_language_model_is_to_the_word_vector():
    lm = LanguageModel(9, hidden_size=H, embedding_size=D, cell="gru", dropout=0.4).double()
    ids = torch.randint(9, (T,))
    table = sensitivity(lm, ids, at=-2)
    wanted = sensitivity(lm.rnn, lm.embedding(ids), at=T - 2)
    np.testing.assert_allclose(table, wanted, rtol=1e-12)
    assert not table[: T - 2].any() and table[T - 2 :].all()


def sigma(net):
    return 1 / (1 + np.exp(-net))


@pytest.mark.parametrize("layer", [0, 1])
@pytest.mark.parametrize("direction", [0, 1])
@pytest.mark.parametrize("peepholes", [False, True])
def test_the_gates_of_an_lstm_by_numpy(layer, direction, peepholes):
    name = "lstm with peepholes" if peepholes else "lstm"
    lstm, x = make(name, num_layers=2, bidirectional=True), normal(T, B, D)
    state = first_state(lstm)
    gates = gate_activations(lstm, x, state, layer=layer, direction=direction)
    assert list(gates) == list("ifgoch")
    assert all(table.shape == (T, B, H) for table in gates.values())
    seen = x.numpy()
    if layer == 1:  # what goes up from the first layer: the same network without the second
        first = LSTM(D, H, bidirectional=True, peepholes=peepholes).double()
        first.load_state_dict({k: v for k, v in lstm.state_dict().items() if "_l1" not in k})
        seen = first(x, tuple(s[:2] for s in state))[0].detach().numpy()
    end = f"_l{layer}" + "_reverse" * direction
    weights = {n: p.detach().numpy() for n, p in lstm.named_parameters() if n.endswith(end)}
    h, c = (s[2 * layer + direction].numpy() for s in state)
    for t in reversed(range(T)) if direction else range(T):
        net = seen[t] @ weights["weight_ih" + end].T + h @ weights["weight_hh" + end].T
        net = net + weights["bias_ih" + end] + weights["bias_hh" + end]
        net_i, net_f, net_g, net_o = np.split(net, 4, axis=1)
        w_i, w_f, w_o = np.split(weights.get("weight_ch" + end, np.zeros(3 * H)), 3)
        i, f, g = sigma(net_i + w_i * c), sigma(net_f + w_f * c), np.tanh(net_g)
        c = f * c + i * g
        o = sigma(net_o + w_o * c)
        h = o * np.tanh(c)
        for letter, wanted in zip("ifgoch", (i, f, g, o, c, h), strict=True):
            np.testing.assert_allclose(gates[letter][t], wanted, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", ["gru", "gru, reset before", "gru without biases"])
def test_the_gates_of_a_gru_by_numpy(name):
    gru, x = make(name), normal(T, B, D)
    state = first_state(gru)
    gates = gate_activations(gru, x, state)
    assert list(gates) == list("rznh")
    W_xr, W_xz, W_xn = np.split(gru.weight_ih_l0.detach().numpy(), 3)
    W_hr, W_hz, W_hn = np.split(gru.weight_hh_l0.detach().numpy(), 3)
    b = np.zeros((2, 3, H))
    if gru.bias:
        b = np.stack([gru.bias_ih_l0.detach(), gru.bias_hh_l0.detach()]).reshape(2, 3, H)
    h = state[0].numpy()
    for t, x_t in enumerate(x.numpy()):
        r = sigma(x_t @ W_xr.T + h @ W_hr.T + b[0, 0] + b[1, 0])
        z = sigma(x_t @ W_xz.T + h @ W_hz.T + b[0, 1] + b[1, 1])
        if gru.reset == "before":
            n = np.tanh(x_t @ W_xn.T + b[0, 2] + (r * h) @ W_hn.T + b[1, 2])
        else:
            n = np.tanh(x_t @ W_xn.T + b[0, 2] + r * (h @ W_hn.T + b[1, 2]))
        h = (1 - z) * n + z * h
        for letter, wanted in zip("rznh", (r, z, n, h), strict=True):
            np.testing.assert_allclose(gates[letter][t], wanted, rtol=1e-9, atol=1e-12)


def test_gates_along_a_text_and_along_time_skips():
    lm = LanguageModel(9, hidden_size=H, cell="lstm", variational=True, num_layers=2)
    ids = np.random.default_rng(0).integers(9, size=T)
    gates = gate_activations(lm, ids, layer=1)
    assert gates["f"].shape == (T, H)
    _, (h, c) = lm.rnn(lm.embedding(torch.from_numpy(ids)[:, None]))
    np.testing.assert_allclose(gates["c"][-1], c[1, 0].detach(), rtol=1e-4, atol=1e-7)
    np.testing.assert_allclose(gates["h"][-1], h[1, 0].detach(), rtol=1e-4, atol=1e-7)
    gru, x = make("gru residual in time"), normal(T, D)
    gates = gate_activations(gru, x)
    y = gru(x)[0].detach().numpy()  # h_t = cell(x_t, h_{t-1}) + h_{t-1}
    np.testing.assert_allclose(gates["h"] + np.vstack([np.zeros(H), y[:-1]]), y, rtol=1e-10)


def test_a_cell_set_by_hand_keeps_a_bit_for_five_hundred_steps():
    write, read = np.zeros(502), np.zeros(502)
    write[0], read[501] = 1, 1
    cell = run_cell(i=write, f=1, g=-1, o=read)
    assert (cell["c"] == -1).all() and not cell["h"][:501].any()
    assert cell["h"][501] == math.tanh(-1)
    # the same numbers as a layer whose biases hold the gates
    i, f, g, o = 0.3, 0.9, -0.5, 0.6
    lstm = LSTM(1, 1).double()
    with torch.no_grad():
        for p in lstm.parameters():
            p.zero_()
        lstm.bias_ih_l0.copy_(torch.tensor([math.log(p / (1 - p)) for p in (i, f, 0.5, o)]))
        lstm.bias_hh_l0[2] = math.atanh(g)
    found = gate_activations(lstm, torch.zeros(7, 1), (torch.zeros(1, 1), torch.full((1, 1), 2.0)))
    wanted = run_cell([i] * 7, f, g, o, c_0=2.0)
    for letter in "ifgoch":
        np.testing.assert_allclose(found[letter][:, 0], wanted[letter], rtol=1e-6)
    # erased: f = 0
    assert run_cell(i=0, f=[1, 0, 1], g=0, o=1, c_0=5)["c"].tolist() == [5, 0, 0]


@pytest.mark.parametrize(("name", "value"), [("i", 1.5), ("f", -0.1), ("g", -2), ("o", math.nan)])
def test_gates_set_by_hand_stay_in_range(name, value):
    with pytest.raises(ValueError, match=rf"{name} must be numbers .* \.\. 1, one a step, got"):
        run_cell(**({"i": 0, "f": 1, "g": 0, "o": 1} | {name: [0.5, value]}))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: gradient_norms(torch.nn.LSTM(D, H), normal(T, D)), TypeError,
         "LSTM has no recurrent layer of this course; load the weights"),
        (lambda: gradient_norms(WindowLanguageModel(9), [1, 2, 3]), TypeError,
         "WindowLanguageModel has no recurrent layer"),
        (lambda: gradient_norms(GRU(D, H, bidirectional=True), normal(T, D)), ValueError,
         "a bidirectional layer reads both ways"),
        (lambda: gradient_norms(GRU(D, H), normal(T)), ValueError,
         r"reads floats of shape \(T, B, D\) or \(T, D\), got torch.float64 of shape \(6,\)"),
        (lambda: gradient_norms(GRU(D, H), torch.ones(T, D).int()), ValueError, "reads floats"),
        (lambda: gradient_norms(GRU(D, H), torch.zeros(0, D)), ValueError, "no step to take"),
        (lambda: gradient_norms(GRU(D, H), normal(T, B, D), normal(1, 2, H)), RuntimeError,
         "the initial state h_0 must have shape"),
        (lambda: gradient_norms(LanguageModel(9), [1]), ValueError,
         "at least one to read and one whose loss it is"),
        (lambda: gradient_norms(LanguageModel(9), [1, 9]), ValueError,
         "id 9 is outside the vocabulary of 9 words"),
        (lambda: gradient_norms(LanguageModel(9), [1.0, 2.0]), ValueError,
         r"reads ids of shape \(T, B\) or \(T,\), got torch.float32"),
        (lambda: step_jacobians(GRU(D, H), normal(T, B, D)), ValueError,
         "give one text at a time, got 3 side by side"),
        (lambda: step_jacobians(GRU(D, H), normal(T, D), layer=1), ValueError,
         "layer must be between 0 and 0, got 1"),
        (lambda: gate_activations(GRU(D, H), normal(T, D), direction=1), ValueError,
         "direction must be between 0 and 0, got 1"),
        (lambda: gate_activations(SRN(D, H), normal(T, D)), TypeError, "SRN has no gates"),
        (lambda: sensitivity(GRU(D, H), normal(T, D), at=6), ValueError,
         r"at must be a step of the text, -6 \.\. 5, got 6"),
        (lambda: srn_jacobians(np.zeros((3, 2)), np.eye(3)), ValueError, r"\(3, 2\) and \(3, 3\)"),
        (lambda: decay(np.eye(2), 3, "gelu"), ValueError, "nonlinearity must be one of 'tanh', "),
        (lambda: symptoms(), ValueError, "give the history of a training, a model, or both"),
        (lambda: symptoms(model=LanguageModel(9), ids=np.arange(9)), ValueError,
         "to look 35 steps back needs a text of 37 words, got 9; choose a smaller distance"),
    ],
)  # fmt: skip
def test_what_cannot_be_measured_is_refused_with_its_cure(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_packed_sequences_are_refused():
    packed = torch.nn.utils.rnn.pack_sequence([torch.zeros(3, D), torch.zeros(2, D)])
    with pytest.raises(TypeError, match="end at different steps"):
        gradient_norms(GRU(D, H), packed)


V = 12


def text(length, seed=0):
    """Return a text in which a token mostly follows from the one before; some are frequent."""
    rng, ids = np.random.default_rng(seed), [2]
    while len(ids) < length:
        ids.append(int(rng.integers(2)) if rng.random() < 0.35 else (ids[-1] + 1) % V)
    return np.array(ids)


TEXT = text(1500)


def train(lm, ids=TEXT, **options):
    """Train as a reader does; return the history, also of a training that broke off."""
    settings = {"epochs": 6, "batch_size": 4, "steps": 10, "patience": 99, "progress": False}
    with np.errstate(all="ignore"):  # what overflows is to be found in the report
        try:
            return fit(lm, ids, ids[:200], **(settings | options))
        except Diverged as error:
            return error.history


def scaled(lm, factor):
    with torch.no_grad():
        lm.rnn.weight_hh_l0.mul_(factor)
    return lm


@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_a_sound_training_has_no_symptom(cell):
    lm = LanguageModel(V, hidden_size=16, cell=cell)
    history = train(lm)
    assert symptoms(history, lm, TEXT, distance=10) == {}
    assert repr(symptoms(history)) == "no symptom found"


@pytest.mark.filterwarnings("ignore:overflow", "ignore:invalid value")
def test_symptom_loss_is_nan_and_gradient_explodes():
    lm = scaled(LanguageModel(V, hidden_size=16, cell="srn", nonlinearity="relu"), 6)
    report = symptoms(history := train(lm, optimizer="sgd", lr=5.0, clip=None), ids=TEXT)
    bad = len(history.losses)
    assert not (math.isfinite(history.losses[-1]) and math.isfinite(history.gradient_norms[-1]))
    assert f"at chunk {bad}" in report["loss is nan"]
    largest = np.nanmax([n for n in history.gradient_norms if math.isfinite(n)])
    assert f"its norm is {largest:.3g} at chunk" in report["gradient explodes"]
    # cured: by clipping, and a matrix that is no longer so large
    lm = scaled(LanguageModel(V, hidden_size=16, cell="srn", nonlinearity="relu"), 0.5)
    assert symptoms(train(lm, optimizer="sgd", lr=1.0, clip=1.0), ids=TEXT) == {}


def test_symptoms_loss_explodes_and_jumps_and_weights_explode():
    lm = LanguageModel(V, hidden_size=16, cell="srn")
    history = train(lm, optimizer="sgd", lr=500.0, clip=1.0)
    report = symptoms(history, ids=TEXT)
    assert f"it is {max(history.losses):.3g} nats" in report["loss explodes"]
    assert f"a guess among all words costs {math.log(V):.3g}" in report["loss explodes"]
    jumps = np.median(np.abs(np.diff(history.losses)))
    assert f"by {jumps:.3g} nats" in report["loss jumps"] and jumps > 1
    first, last = history.weight_norms[0], history.weight_norms[-1]
    assert report["weights explode"] == f"their norm grew from {first:.3g} to {last:.3g}"
    assert "loss is nan" not in report


def test_symptom_weights_vanish():
    lm = LanguageModel(V, hidden_size=16, cell="gru")
    loss = lm.loss

    def decaying(inputs, targets, state):  # as with a weight decay that is far too strong
        nats, state = loss(inputs, targets, state)
        return nats + 10 * sum(p.square().sum() for p in lm.parameters()), state

    lm.loss = decaying
    report = symptoms(history := train(lm, optimizer="sgd", lr=0.01, clip=None))
    last = history.weight_norms[-1]
    assert report["weights vanish"].endswith(f"to {last:.3g}") and "weights explode" not in report


def test_symptom_stuck_at_the_frequencies_of_words():
    lm = LanguageModel(V, hidden_size=16, cell="srn", nonlinearity="relu", tie_weights=False)
    with torch.no_grad():
        lm.rnn.bias_ih_l0.fill_(-50)  # no unit ever wakes: only the bias of the output can learn
    history = train(lm, epochs=20, lr=0.03)
    counts = np.bincount(TEXT)
    entropy = -sum(n / 1500 * math.log(n / 1500) for n in counts if n)
    report = symptoms(history, ids=TEXT)
    assert np.mean(history.losses[-200:]) == pytest.approx(entropy, rel=0.05)
    assert f"to know how frequent each word is brings it to {entropy:.3g}" in report["stuck"]
    assert "stuck" not in symptoms(history), "without the text it is a loss that fell"
    # a gru on the same text ends far below, flat, and is not stuck
    history = train(LanguageModel(V, hidden_size=16, cell="gru"), epochs=20)
    assert "stuck" not in symptoms(history, ids=TEXT)


def test_symptom_stuck_at_the_beginning():
    lm = LanguageModel(V, hidden_size=16, cell="srn")
    history = train(lm, optimizer="sgd", lr=1e-5)
    for given in (None, TEXT):
        assert "the loss stays at 2.4" in symptoms(history, ids=given)["stuck"]


def test_a_loss_that_still_falls_is_not_stuck():
    lm = LanguageModel(V, hidden_size=16, cell="srn")
    history = train(lm, optimizer="sgd", lr=0.01)
    assert history.losses[0] - np.mean(history.losses[-50:]) > 0.1
    assert np.mean(history.losses[-50:]) > 2, "not yet where the frequencies of words bring it"
    assert symptoms(history, ids=TEXT) == {}


def test_symptom_gradient_vanishes_or_explodes_over_a_distance():
    lm = LanguageModel(V, hidden_size=16, cell="srn")
    report = symptoms(model=lm, ids=TEXT)
    norms = gradient_norms(lm, TEXT[: 8 * 37].reshape(8, 37).T)
    share = norms.h[35].mean() / norms.h[0].mean()
    assert report["gradient vanishes"].startswith(f"35 steps back it is {share:.2g} of")
    lost = np.argmax(norms.h.mean((1, 2)) < 2**-24 * norms.h[0].mean()) - 1
    assert report["gradient vanishes"].endswith(f"beyond {lost} float32 loses it in the sum")
    assert np.float32(1) + np.float32(2**-24) == 1 < np.float32(1) + np.float32(2**-23)

    irnn = LanguageModel(V, hidden_size=16, cell="srn", nonlinearity="relu")
    report = symptoms(model=identity_(irnn, 1.5), ids=TEXT)
    assert "explodes" in next(iter(report)) and len(report) == 1
    assert symptoms(model=identity_(irnn), ids=TEXT) == {}


def test_symptom_weights_are_nan():
    lm = LanguageModel(V, hidden_size=16)
    with torch.no_grad():
        lm.rnn.weight_hh_l0[3, 4] = math.nan
    words = "rnn.weight_hh_l0 hold values that are no finite numbers"
    assert symptoms(model=lm, ids=TEXT) == {"weights are nan": words}


@pytest.mark.parametrize("clip", [0.4, None])
def test_clipping_is_what_the_optimizer_got(clip):
    lm, seen = LanguageModel(V, hidden_size=16, cell="srn"), []
    step = torch.optim.SGD.step

    class Watching(torch.optim.SGD):
        def step(self):
            gradients = [p.grad.flatten() for p in lm.parameters()]
            seen.append(torch.cat(gradients).double().norm().item())
            step(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.optim, "SGD", Watching)
        history = train(lm, optimizer="sgd", lr=0.5, clip=clip, epochs=2)
    before, after = clipping(history)
    np.testing.assert_allclose(after, seen, rtol=1e-5)
    assert np.array_equal(before, history.gradient_norms)
    assert (0 < np.sum(before > after) < len(before)) if clip else np.array_equal(before, after)


def test_a_report_prints_a_line_a_symptom():
    report = diagnostics.Report({"stuck": "it is", "loss is nan": "it is nan"})
    assert repr(report) == "stuck: it is\nloss is nan: it is nan"
    assert symptoms(History()) == {}
