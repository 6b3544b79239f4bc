"""Skip connections between layers and along time, against one text at a time and torch's cells."""

import copy
import pickle
import random

import pytest
import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from course_utils.recurrent import GRU, LSTM, SKIPS, SRN, Highway

CELLS = {
    "tanh": (SRN, {}),
    "relu": (SRN, {"nonlinearity": "relu"}),
    "sigmoid": (SRN, {"nonlinearity": "sigmoid"}),
    "lstm": (LSTM, {}),
    "peepholes": (LSTM, {"peepholes": True}),
    "gru": (GRU, {}),
    "reset before": (GRU, {"reset": "before"}),
}
every_skip = pytest.mark.parametrize("skip", SKIPS)


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(5)


def normal(*shape):
    return torch.randn(*shape, dtype=torch.float64)


def make(name, *sizes, **options):
    """A network in float64 with random weights, those of gates and their biases included."""
    cell, own = CELLS[name]
    module = cell(*sizes, **own, **options).double()
    for parameter in module.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    return module


# The oracle reads one text at a time, and looks every state it needs up in a dictionary.


def cell_of_torch(name, p, x, h, c):
    """One step by torch's cells where torch has it, p being the parameters by their short names."""
    W, V = p["weight_ih"], p["weight_hh"]
    a, b = (p.get(bias, W.new_zeros(len(W))) for bias in ("bias_ih", "bias_hh"))
    if name in ("tanh", "relu"):
        return getattr(torch, f"rnn_{name}_cell")(x[None], h[None], W, V, a, b)[0], c
    if name == "gru":
        return torch.gru_cell(x[None], h[None], W, V, a, b)[0], c
    if name == "lstm":
        h, c = torch.lstm_cell(x[None], (h[None], c[None]), W, V, a, b)
        return h[0], c[0]
    return rare_cell(name, p, W @ x + a, h, V, b, c)


def rare_cell(name, p, a, h, V, b, c):
    """One step of what torch has not, ``a`` being all that comes from the input."""
    H = len(h)
    if name == "sigmoid":
        return 1 / (1 + torch.exp(-(a + V @ h + b))), c
    if name == "reset before":
        r, z = torch.special.expit(a + V @ h + b)[: 2 * H].split(H)
        n = torch.tanh(a[2 * H :] + V[2 * H :] @ (r * h) + b[2 * H :])
        return n + z * (h - n), c
    w_i, w_f, w_o = p["weight_ch"].split(H)
    a_i, a_f, a_g, a_o = (a + V @ h + b).split(H)
    c = torch.special.expit(a_f + w_f * c) * c + torch.special.expit(a_i + w_i * c) * a_g.tanh()
    return torch.special.expit(a_o + w_o * c) * c.tanh(), c


def one_text(name, module, x, state):
    """Return the states of the last layer, (T, ...), and the final state as the module gives it."""
    parameters = dict(module.named_parameters())
    directions, k = 1 + module.bidirectional, module.time_skip
    seen, finals = [x], []
    for layer in range(module.num_layers):
        below = torch.cat(seen, dim=-1) if module.skip == "dense" else seen[-1]
        both = []
        for direction in range(directions):
            ending = f"_l{layer}" + "_reverse" * direction
            p = {n.removesuffix(ending): v for n, v in parameters.items() if n.endswith(ending)}
            place = layer * directions + direction
            first = [s[place] for s in state]
            h = {0: first[0]}
            c = first.pop(1) if isinstance(module, LSTM) else None
            h |= {-back: first[back] for back in range(1, len(first))}
            order = reversed(range(len(x))) if direction else range(len(x))
            for t, row in enumerate(order, 1):
                x_t = below[row]
                if k and module.skip == "dense":
                    x_t = torch.cat([x_t, h[t - k]])
                new, c = cell_of_torch(name, p, x_t, h[t - 1], c)
                if k and module.skip == "residual":
                    new = h[t - k] + new
                if k and module.skip == "highway":
                    W, b = (parameters[f"time_gates.{place}.{n}"] for n in ("weight", "bias"))
                    carried = 1 / (1 + torch.exp(W @ torch.cat([x_t, h[t - k]]) + b))  # 1 - g
                    new = (1 - carried) * new + carried * h[t - k]
                h[t] = new
            T = len(x)
            both.append(torch.stack([h[T - t if direction else t + 1] for t in range(T)]))
            finals.append([h[T], *([] if c is None else [c]), *(h[T - j] for j in range(1, k))])
        y = torch.cat(both, dim=-1)
        if layer and module.skip == "residual":
            y = below + y
        if layer and module.skip == "highway":
            W, b = (parameters[f"skips.gates.{layer - 1}.{n}"] for n in ("weight", "bias"))
            carried = 1 / (1 + torch.exp(below @ W.T + b))
            y = carried * below + (1 - carried) * y
        seen.append(y)
    return y, [torch.stack(parts) for parts in zip(*finals, strict=True)]


def random_case(rng, skip):
    name = rng.choice(list(CELLS))
    options = {
        "num_layers": rng.randint(1, 4),
        "bias": rng.random() < 0.6,
        "bidirectional": rng.random() < 0.4,
        "skip": skip,
        "time_skip": rng.choice([0, 0, 1, 2, 3, 7]),
    }
    if options["time_skip"] == 0:
        options["gradient"] = rng.choice(["bptt", "autograd"])
    module = make(name, rng.randint(1, 6), rng.randint(1, 6), **options)
    lengths = [rng.randint(1, 6) for _ in range(rng.randint(1, 5))]
    return name, module, lengths


@every_skip
@pytest.mark.parametrize("part", range(2))
def test_25_random_networks_equal_the_oracle(skip, part):
    """Outputs, final states and all gradients, for packed texts and any initial state."""
    rng = random.Random(part)
    for _ in range(25):
        name, module, lengths = random_case(rng, skip)
        B, what = len(lengths), f"{name} {module!r} {lengths}"
        x = normal(max(lengths), B, module.input_size).requires_grad_()
        places = module.num_layers * (1 + module.bidirectional)
        number = (2 if isinstance(module, LSTM) else 1) + max(0, module.time_skip - 1)
        state = [normal(places, B, module.hidden_size).requires_grad_() for _ in range(number)]
        packed, finals = module(
            pack_padded_sequence(x, lengths, enforce_sorted=False),
            tuple(state) if number > 1 else state[0],
        )
        finals = list(finals) if number > 1 else [finals]
        found = [pad_packed_sequence(packed)[0], *finals]
        expected = [torch.zeros_like(part) for part in found]
        for b, length in enumerate(lengths):
            y, final = one_text(name, module, x[:length, b], [s[:, b] for s in state])
            expected[0][:length, b] = y
            for whole, one in zip(expected[1:], final, strict=True):
                whole[:, b] = one
        leaves = [x, *state, *module.parameters()]
        weights = [normal(*part.shape) for part in found]
        for parts in (found, expected):
            loss = sum((w * part.sin()).sum() for w, part in zip(weights, parts, strict=True))
            parts += torch.autograd.grad(loss, leaves, allow_unused=parts is expected)
        for mine, wanted in zip(found, expected, strict=True):
            wanted = torch.zeros_like(mine) if wanted is None else wanted
            torch.testing.assert_close(mine, wanted, rtol=1e-9, atol=1e-10, msg=what)


@every_skip
@pytest.mark.parametrize("time_skip", [0, 1, 3])
@pytest.mark.parametrize("name", CELLS)
def test_gradcheck(name, skip, time_skip):
    """Finite differences, by the default way to the gradient, in a ragged batch of 3, 2, 1, 1."""
    module = make(name, 2, 3, num_layers=2, skip=skip, time_skip=time_skip)
    names, parameters = zip(*module.named_parameters(), strict=True)
    number = (2 if isinstance(module, LSTM) else 1) + max(0, time_skip - 1)
    state = [normal(2, 3, 3).requires_grad_() for _ in range(number)]
    x = normal(4, 3, 2).requires_grad_()

    def run(x, *others):
        state, weights = others[:number], others[number:]
        packed = pack_padded_sequence(x, [4, 2, 1])
        y, final = torch.func.functional_call(
            module,
            dict(zip(names, weights, strict=True)),
            (packed, state if number > 1 else state[0]),
        )
        return (y.data, *final) if number > 1 else (y.data, final)

    parameters = [p.detach().clone().requires_grad_() for p in parameters]
    assert torch.autograd.gradcheck(run, [x, *state, *parameters], fast_mode=True)


@every_skip
@pytest.mark.parametrize("time_skip", [0, 1, 3, 8])
def test_the_state_joins_pieces_of_a_text(skip, time_skip):
    module = make("lstm", 3, 4, 2, skip=skip, time_skip=time_skip)
    x = normal(9, 2, 3)
    whole, last = module(x)
    for sizes in ([1] * 9, [2, 7], [5, 3, 1]):
        state, parts = None, []
        for piece in x.split(sizes):
            y, state = module(piece, state)
            parts.append(y)
        torch.testing.assert_close(torch.cat(parts), whole, rtol=0, atol=1e-12)
        torch.testing.assert_close(state, last, rtol=0, atol=1e-12)


@every_skip
@pytest.mark.parametrize("time_skip", [0, 2])
def test_all_layouts_agree(skip, time_skip):
    options = {"skip": skip, "time_skip": time_skip, "bidirectional": True}
    module, x = make("gru", 3, 4, 2, **options), normal(5, 2, 3)
    whole, final = module(x)
    turned = make("gru", 3, 4, 2, batch_first=True, **options)
    turned.load_state_dict(module.state_dict())
    torch.testing.assert_close(turned(x.transpose(0, 1))[0].transpose(0, 1), whole)
    alone, last = module(x[:, 1])
    torch.testing.assert_close(alone, whole[:, 1])
    pairs = zip(last, final, strict=True) if time_skip else [(last, final)]
    assert all(torch.allclose(one, both[:, 1]) for one, both in pairs)


@every_skip
@pytest.mark.parametrize("gradient", ["autograd", "bptt"])
@pytest.mark.parametrize("name", ["tanh", "lstm", "gru"])
def test_a_text_does_not_depend_on_what_it_is_batched_with(name, gradient, skip):
    """Two directions, three layers, packed in any order, from any first state."""
    options = {"skip": skip, "gradient": gradient, "bidirectional": True}
    module, lengths = make(name, 3, 4, 3, **options), [2, 7, 1, 4]
    x, number = normal(7, 4, 3), 1 + (name == "lstm")
    state = [normal(6, 4, 4) for _ in range(number)]

    def run(input, state):
        output, final = module(input, tuple(state) if number > 1 else state[0])
        return output, [final] if number == 1 else final

    packed, final = run(pack_padded_sequence(x, lengths, enforce_sorted=False), state)
    output, found = pad_packed_sequence(packed)
    assert found.tolist() == lengths
    for b, length in enumerate(lengths):
        alone, last = run(x[:length, [b]], [s[:, [b]] for s in state])
        torch.testing.assert_close(output[:length, [b]], alone, rtol=0, atol=1e-12)
        for batched, one in zip(final, last, strict=True):
            torch.testing.assert_close(batched[:, [b]], one, rtol=0, atol=1e-12)


def test_dropout_leaves_a_dense_layer_its_input():
    """Everything dropped between layers: as a network that has no weights for what was dropped."""
    dropping = make("gru", 3, 4, 3, skip="dense", dropout=1.0, bidirectional=True)
    blind = copy.deepcopy(dropping).eval()
    for name, parameter in blind.named_parameters():
        if "weight_ih" in name:
            parameter.data[:, 3:] = 0
    packed = pack_padded_sequence(normal(5, 3, 3), [2, 5, 3], enforce_sorted=False)
    torch.testing.assert_close(dropping(packed)[0].data, blind(packed)[0].data, rtol=0, atol=1e-12)


# What the connections are for


def test_a_simple_network_with_a_highway_along_time_is_a_gru_without_reset():
    srn = make("tanh", 3, 4, skip="highway", time_skip=1)
    gru = torch.nn.GRU(3, 4).double()
    gate = srn.time_gates[0]
    with torch.no_grad():
        gru.weight_ih_l0[8:], gru.weight_hh_l0[8:] = srn.weight_ih_l0, srn.weight_hh_l0
        gru.bias_ih_l0[8:], gru.bias_hh_l0[8:] = srn.bias_ih_l0, srn.bias_hh_l0
        gru.weight_ih_l0[4:8], gru.weight_hh_l0[4:8] = -gate.weight.split([3, 4], dim=1)[0], 0
        gru.weight_hh_l0[4:8] = -gate.weight[:, 3:]  # z keeps, g renews
        gru.bias_ih_l0[4:8], gru.bias_hh_l0[4:8] = -gate.bias, 0
        gru.bias_ih_l0[:4] = 800  # r = 1
    x, h_0 = normal(6, 2, 3), normal(1, 2, 4)
    torch.testing.assert_close(srn(x, h_0)[0], gru(x, h_0)[0], rtol=0, atol=1e-12)


@pytest.mark.parametrize("k", [1, 4])
def test_a_residual_path_along_time_neither_loses_nor_gains(k):
    """With no weights, h_t = h_{t-k}: after 100 steps value and gradient are what they were."""
    srn = SRN(2, 3, skip="residual", time_skip=k, dtype=torch.float64)
    for parameter in srn.parameters():
        torch.nn.init.zeros_(parameter)
    state = [normal(1, 2, 3).requires_grad_() for _ in range(k)]
    output, _ = srn(normal(100, 2, 2), tuple(state) if k > 1 else state[0])
    before = [*state[:0:-1], state[0]]  # h_{1-k} .. h_0
    for t in range(100):
        assert torch.equal(output[t], before[t % k][0])
    (gradient,) = torch.autograd.grad(output[99].sum(), before[99 % k])
    assert torch.equal(gradient, torch.ones(1, 2, 3, dtype=torch.float64))


def test_a_new_highway_carries():
    srn = SRN(4, 30, 8, skip="highway", time_skip=1)
    gates = [module for module in srn.modules() if isinstance(module, Highway)]
    assert len(gates) == 7 + 8 and all((gate.bias == -2).all() for gate in gates)
    srn.reset_parameters()
    assert all((gate.bias == -2).all() for gate in gates)
    x = torch.randn(1, 1000, 30)
    carried = gates[0](x, torch.ones(30), torch.zeros(30))  # 1 - g
    assert carried.mean().item() == pytest.approx(0.88, abs=0.03)


def test_dropout_silences_what_a_layer_adds_and_not_what_goes_around_it():
    srn = SRN(3, 200, 4, dropout=0.5, skip="residual")
    for name, parameter in srn.named_parameters():
        if not name.endswith("_l0"):
            torch.nn.init.zeros_(parameter)  # the layers above add nothing
    output, _ = srn(torch.randn(7, 5, 3))
    assert (output == 0).float().mean().item() == pytest.approx(0.5, abs=0.03)  # once, not 3 times
    srn.eval()
    x = torch.randn(7, 5, 3)
    lower = SRN(3, 200)
    lower.load_state_dict({n: p for n, p in srn.state_dict().items() if n.endswith("_l0")})
    torch.testing.assert_close(srn(x)[0], lower(x)[0])


# Parameters


def test_dense_layers_see_everything_below_and_the_state_before():
    module = GRU(3, 4, 3, bidirectional=True, skip="dense", time_skip=2)
    shapes = [tuple(module.get_parameter(f"weight_ih_l{k}_reverse").shape) for k in range(3)]
    assert shapes == [(12, 3 + 4), (12, 3 + 8 + 4), (12, 3 + 16 + 4)]
    assert all(p.isfinite().all() and p.abs().max() <= 0.5 for p in module.parameters())


@pytest.mark.parametrize("name", CELLS)
def test_residual_layers_have_the_plain_ones_parameters(name):
    plain, skipping = make(name, 3, 4, 3), make(name, 3, 4, 3, skip="residual", time_skip=5)
    skipping.load_state_dict(plain.state_dict())
    assert list(skipping.state_dict()) == list(plain.state_dict())


@every_skip
def test_one_layer_has_nothing_to_go_around(skip):
    plain, skipping = make("lstm", 3, 4), make("lstm", 3, 4, skip=skip)
    skipping.load_state_dict(plain.state_dict())
    x = normal(5, 2, 3)
    torch.testing.assert_close(skipping(x), plain(x), rtol=0, atol=0)


@every_skip
@pytest.mark.parametrize("name", ["tanh", "peepholes", "reset before"])
def test_copies_and_pickles(name, skip):
    module, x = make(name, 3, 4, 2, skip=skip, time_skip=2), normal(5, 2, 3)
    for other in (copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
        assert torch.equal(other(x)[0], module(x)[0])
    assert module.to(torch.float32)(x.float())[0].dtype == torch.float32
    module.flatten_parameters()


def test_cudnn_lays_out_no_matrices_it_does_not_know(monkeypatch):
    """On a GPU it takes the shapes for granted that a plain network of the same sizes has."""
    laid_out = []
    monkeypatch.setattr(torch.nn.RNNBase, "flatten_parameters", lambda self: laid_out.append(self))
    dense, residual = LSTM(3, 4, 2, skip="dense"), LSTM(3, 4, 2, skip="residual")
    laid_out.clear()
    for module in (dense, residual):
        module.flatten_parameters()
        module.to(torch.float64)
    assert laid_out == [residual] * 2


def test_layers_pickled_before_there_were_skips_still_run():
    module, x = make("lstm", 3, 4), normal(5, 2, 3)
    wanted = module(x)[0]
    for name in ("skip", "time_skip"):
        del module.__dict__[name]
    assert "peepholes" not in module.__dict__
    assert torch.equal(pickle.loads(pickle.dumps(module))(x)[0], wanted)


def test_what_is_printed():
    assert "num_layers=2, reset='before', skip='dense'" in repr(
        make("reset before", 3, 4, 2, skip="dense")
    )
    assert "3, 4, skip='residual', time_skip=5" in repr(
        make("tanh", 3, 4, skip="residual", time_skip=5)
    )


def test_default_ways_to_the_gradient():
    x = normal(5, 2, 3)
    plain, along_time = (
        make("gru", 3, 4, 2, skip="residual"),
        make("gru", 3, 4, skip="dense", time_skip=1),
    )
    assert "GRUBackward" in plain(x)[1].grad_fn.next_functions[0][0].name()
    assert along_time._gradient_on(x) == "autograd"
    assert plain._gradient_on(x.to("meta")) == "bptt"  # torch's kernels cannot


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"skip": "Residual"}, "'residual', 'dense', 'highway' or None, got 'Residual'"),
        ({"skip": True}, "or None, got True"),
        ({"skip": "dense", "time_skip": -1}, "number of steps, 0 for none, got -1"),
        ({"skip": "dense", "time_skip": 2.0}, "got 2.0"),
        ({"skip": "dense", "time_skip": True}, "got True"),
        ({"time_skip": 3}, "time_skip=3 needs a kind .*set skip to one of 'residual', 'dense'"),
        (
            {"skip": "dense", "gradient": "torch"},
            "torch's kernels have no skip='dense'; choose gradient='bptt' or 'autograd'",
        ),
        (
            {"skip": "dense", "time_skip": 2, "gradient": "torch"},
            "have no skip='dense', time_skip=2; choose gradient='autograd'",
        ),
        (
            {"skip": "dense", "time_skip": 2, "gradient": "bptt"},
            "by hand have no time_skip=2; choose gradient='autograd'",
        ),
    ],
)
@pytest.mark.parametrize("cell", [SRN, LSTM, GRU])
def test_constructors_name_the_bad_value_and_the_cure(cell, options, message):
    with pytest.raises(ValueError, match=message):
        cell(3, 4, **options)


def test_a_state_too_short_is_named():
    lstm = LSTM(3, 4, skip="residual", time_skip=3)
    state = (torch.zeros(1, 2, 4), torch.zeros(1, 2, 4))
    with pytest.raises(RuntimeError, match=r"\(h_0, c_0, h_-1, h_-2\) .*, got \(1, 2, 4\), \(1"):
        lstm(torch.zeros(5, 2, 3), state)
