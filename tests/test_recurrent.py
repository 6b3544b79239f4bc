import copy
import io
import pickle
import random

import numpy as np
import pytest
import torch
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from course_utils import bptt
from course_utils.recurrent import GRU, LSTM, SRN

CELLS = {SRN: torch.nn.RNN, LSTM: torch.nn.LSTM, GRU: torch.nn.GRU}
GRADIENTS = ("autograd", "bptt", "torch")


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(7)


def normal(*shape, dtype=torch.float64):
    return torch.randn(*shape, dtype=dtype)


def states_of(result):
    """Return the final states of a layer's result as a list."""
    return list(result) if isinstance(result, tuple) else [result]


def flat(parts):
    return [tensor for part in parts for tensor in part]


def results_and_gradients(module, input, state, leaves):
    """Run a module; return its outputs, and the gradients of an arbitrary function of them all."""
    output, final = module(input, state)
    outputs = [output.data if isinstance(output, PackedSequence) else output, *states_of(final)]
    weights = torch.Generator().manual_seed(11)
    loss = sum(
        (torch.randn(o.shape, generator=weights, dtype=torch.float64) * o.sin()).sum()
        for o in outputs
    )
    leaves = [*leaves, *module.parameters()]
    return outputs, list(torch.autograd.grad(loss, leaves, retain_graph=True))


def random_case(rng):
    """Draw a network, an input and an initial state, or None, with the tensors they are made of."""
    cell = rng.choice(list(CELLS))
    options = {
        "num_layers": rng.randint(1, 3),
        "bias": rng.random() < 0.6,
        "batch_first": rng.random() < 0.5,
        "bidirectional": rng.random() < 0.5,
        "dtype": torch.float64,
    }
    if cell is SRN:
        options["nonlinearity"] = rng.choice(["tanh", "relu"])
    D, H, B = rng.randint(1, 17), rng.randint(1, 17), rng.randint(1, 6)
    lengths = torch.tensor([rng.randint(1, 9) for _ in range(B)])
    T = int(lengths.max())
    layout = rng.choice(["padded", "packed", "packed, sorted by us", "one sequence"])
    first_two = (B, T) if options["batch_first"] else (T, B)
    x = normal(*((T,) if layout == "one sequence" else first_two), D).requires_grad_()
    batch = () if layout == "one sequence" else (B,)
    directions = 1 + options["bidirectional"]
    state = [
        normal(options["num_layers"] * directions, *batch, H).requires_grad_()
        for _ in range(1 + (cell is LSTM))
    ]
    input, leaves = x, [x]
    if layout.startswith("packed"):
        ours = layout == "packed"
        lengths = lengths if ours else lengths.sort(descending=True).values
        input = pack_padded_sequence(x, lengths, options["batch_first"], enforce_sorted=not ours)
    if rng.random() < 0.6:
        leaves += state
        state = tuple(state) if cell is LSTM else state[0]
    else:
        state = None
    return cell, (D, H), options, input, state, leaves


@pytest.mark.parametrize("part", range(4))
def test_200_random_networks_equal_torchs_for_every_gradient(part):
    """Outputs, final states, gradients of inputs, initial states and parameters: to 1e-10."""
    rng = random.Random(part)
    for _ in range(50):
        cell, sizes, options, input, state, leaves = random_case(rng)
        theirs = CELLS[cell](*sizes, **options)
        expected = results_and_gradients(theirs, input, state, leaves)
        for gradient in GRADIENTS:
            ours = cell(*sizes, **options, gradient=gradient)
            ours.load_state_dict(theirs.state_dict())
            found = results_and_gradients(ours, input, state, leaves)
            what = f"{ours!r}, {gradient}, {type(input).__name__}, {part}"
            for mine, wanted in zip(flat(found), flat(expected), strict=True):
                assert mine.shape == wanted.shape, what
                torch.testing.assert_close(mine, wanted, rtol=1e-10, atol=1e-10, msg=what)


@pytest.mark.parametrize("cell", CELLS)
def test_weights_travel_both_ways(cell):
    options = {"num_layers": 2, "bidirectional": True}
    ours, theirs = cell(3, 4, **options), CELLS[cell](3, 4, **options)
    assert [(k, v.shape) for k, v in ours.state_dict().items()] == [
        (k, v.shape) for k, v in theirs.state_dict().items()
    ]
    assert isinstance(ours, CELLS[cell])
    x = normal(5, 2, 3, dtype=torch.float32)
    for source, target in ((ours, theirs), (theirs, cell(3, 4, **options))):
        target.load_state_dict(source.state_dict())
        torch.testing.assert_close(source(x)[0], target(x)[0])


def test_packed_results_come_back_as_torch_packs_them():
    x, lengths = normal(6, 4, 3), torch.tensor([2, 6, 1, 4])
    ours, theirs = LSTM(3, 5, dtype=torch.float64), torch.nn.LSTM(3, 5, dtype=torch.float64)
    ours.load_state_dict(theirs.state_dict())
    packed = pack_padded_sequence(x, lengths, enforce_sorted=False)
    mine, wanted = ours(packed)[0], theirs(packed)[0]
    for field in ("batch_sizes", "sorted_indices", "unsorted_indices"):
        assert torch.equal(getattr(mine, field), getattr(wanted, field))
    output, found = pad_packed_sequence(mine)
    assert found.tolist() == [2, 6, 1, 4] and output.shape == (6, 4, 5)
    for b, length in enumerate(lengths):  # each sequence alone gives the same
        alone = ours(x[:length, b])[0]
        torch.testing.assert_close(output[:length, b], alone, rtol=0, atol=1e-12)


@pytest.mark.parametrize("gradient", GRADIENTS)
@pytest.mark.parametrize("cell", CELLS)
def test_the_last_state_stands_where_each_direction_ends(cell, gradient):
    """Forward at the last word, backward at the first: never at the padding of a ragged batch."""
    options = {"num_layers": 2, "bidirectional": True, "dtype": torch.float64}
    module, lengths = cell(3, 5, **options, gradient=gradient), [2, 6, 1, 4]
    state = tuple(normal(4, 4, 5) for _ in range(1 + (cell is LSTM)))
    packed = pack_padded_sequence(normal(6, 4, 3), lengths, enforce_sorted=False)
    output, final = module(packed, state if cell is LSTM else state[0])
    output, h_n = pad_packed_sequence(output)[0], states_of(final)[0]  # (T, B, 2H), (4, B, H)
    for b, length in enumerate(lengths):
        assert torch.equal(h_n[2, b], output[length - 1, b, :5])
        assert torch.equal(h_n[3, b], output[0, b, 5:])


@pytest.mark.parametrize("gradient", GRADIENTS)
@pytest.mark.parametrize("cell", CELLS)
def test_where_dropout_acts(cell, gradient):
    """All that goes from layer to layer dropped, in training mode: as torch, packed, two ways."""
    options = {"num_layers": 3, "bidirectional": True, "dropout": 1.0, "dtype": torch.float64}
    ours, theirs = cell(3, 5, **options, gradient=gradient), CELLS[cell](3, 5, **options)
    ours.load_state_dict(theirs.state_dict())
    x = normal(6, 4, 3).requires_grad_()
    packed = pack_padded_sequence(x, [2, 6, 1, 4], enforce_sorted=False)
    state = tuple(normal(6, 4, 5).requires_grad_() for _ in range(1 + (cell is LSTM)))
    hx, leaves = state if cell is LSTM else state[0], [x, *state]
    found = results_and_gradients(ours, packed, hx, leaves)
    expected = results_and_gradients(theirs, packed, hx, leaves)
    for mine, wanted in zip(flat(found), flat(expected), strict=True):
        torch.testing.assert_close(mine, wanted, rtol=1e-10, atol=1e-10)
    assert (found[1][leaves.index(x)] != 0).any()  # by the final states of the first layer
    assert not torch.allclose(ours.eval()(packed, hx)[0].data, found[0][0])


def gru_reset_before(weights, x, h):
    """Cho et al. 2014, unit by unit: an oracle that shares no line with the course's code."""
    W_xh, W_hh, b_xh, b_hh = weights
    H = h.shape[-1]
    (U_r, U_z, U_n), (V_r, V_z, V_n) = W_xh.split(H), W_hh.split(H)
    (p_r, p_z, p_n), (q_r, q_z, q_n) = b_xh.split(H), b_hh.split(H)
    outputs = []
    for x_t in x:
        columns = []
        for v, s in zip(x_t, h, strict=True):
            r = torch.sigmoid(U_r @ v + V_r @ s + p_r + q_r)
            z = torch.sigmoid(U_z @ v + V_z @ s + p_z + q_z)
            n = torch.tanh(U_n @ v + p_n + V_n @ (r * s) + q_n)
            columns.append((1 - z) * n + z * s)
        h = torch.stack(columns)
        outputs.append(h)
    return torch.stack(outputs), h


@pytest.mark.parametrize("gradient", ["autograd", "bptt"])
def test_reset_before_the_product(gradient):
    gru = GRU(3, 4, reset="before", gradient=gradient, dtype=torch.float64)
    x, h_0 = normal(5, 2, 3).requires_grad_(), normal(1, 2, 4).requires_grad_()
    mine = gru(x, h_0)
    wanted = gru_reset_before(gru.all_weights[0], x, h_0[0])
    torch.testing.assert_close(mine[0], wanted[0], rtol=0, atol=1e-12)
    torch.testing.assert_close(mine[1][0], wanted[1], rtol=0, atol=1e-12)
    leaves = [x, h_0, *gru.parameters()]
    for a, b in zip(
        torch.autograd.grad(mine[0].cos().sum() + mine[1].exp().sum(), leaves),
        torch.autograd.grad(wanted[0].cos().sum() + wanted[1].exp().sum(), leaves),
        strict=True,
    ):
        torch.testing.assert_close(a, b, rtol=0, atol=1e-11)


def test_reset_before_and_after_are_different_functions():
    before, after = GRU(3, 4, reset="before"), GRU(3, 4)
    before.load_state_dict(after.state_dict())
    x = normal(6, 2, 3, dtype=torch.float32)
    assert (before(x)[0] - after(x)[0]).abs().max() > 1e-3


def peephole_lstm(weights, x, h, c):
    """Graves 2013, equations (7) to (11), with his diagonal matrices: an oracle for one text."""
    W_xh, W_hh, b_xh, b_hh, w_ch = weights
    H = len(h)
    (W_xi, W_xf, W_xc, W_xo), (W_hi, W_hf, W_hc, W_ho) = W_xh.split(H), W_hh.split(H)
    b_i, b_f, b_c, b_o = (b_xh + b_hh).split(H)
    W_ci, W_cf, W_co = map(torch.diag, w_ch.split(H))
    outputs = []
    for x_t in x:
        i = 1 / (1 + torch.exp(-(W_xi @ x_t + W_hi @ h + W_ci @ c + b_i)))
        f = 1 / (1 + torch.exp(-(W_xf @ x_t + W_hf @ h + W_cf @ c + b_f)))
        c = f * c + i * torch.tanh(W_xc @ x_t + W_hc @ h + b_c)
        o = 1 / (1 + torch.exp(-(W_xo @ x_t + W_ho @ h + W_co @ c + b_o)))
        h = o * torch.tanh(c)
        outputs.append(h)
    return torch.stack(outputs), h, c


@pytest.mark.parametrize("gradient", ["autograd", "bptt"])
def test_peepholes(gradient):
    """Two layers, two directions, texts of unequal lengths: each text alone, by the oracle."""
    lstm = LSTM(3, 4, 2, bidirectional=True, peepholes=True, gradient=gradient, dtype=torch.float64)
    lengths, x = [5, 1, 6, 3], normal(6, 4, 3).requires_grad_()
    state = tuple(normal(4, 4, 4).requires_grad_() for _ in range(2))
    packed, finals = lstm(pack_padded_sequence(x, lengths, enforce_sorted=False), state)
    mine = [pad_packed_sequence(packed)[0], *finals]
    wanted = [torch.zeros_like(part) for part in mine]
    for b, length in enumerate(lengths):
        below = x[:length, b]
        for layer in range(2):
            both = []
            for direction in range(2):
                k = 2 * layer + direction
                text = below.flip(0) if direction else below
                y, h, c = peephole_lstm(lstm.all_weights[k], text, *(s[k, b] for s in state))
                both.append(y.flip(0) if direction else y)
                wanted[1][k, b], wanted[2][k, b] = h, c
            below = torch.cat(both, dim=-1)
        wanted[0][:length, b] = below
    for a, b in zip(mine, wanted, strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=1e-12)
    leaves = [x, *state, *lstm.parameters()]
    gradients = [
        torch.autograd.grad(sum(part.exp().sin().sum() for part in parts), leaves)
        for parts in (mine, wanted)
    ]
    for a, b in zip(*gradients, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-11)


@pytest.mark.parametrize("gradient", ["autograd", "bptt"])
@pytest.mark.parametrize("bias", [True, False])
def test_peepholes_without_weight_are_none(gradient, bias):
    options = {"bias": bias, "dtype": torch.float64}
    mine = LSTM(3, 4, 2, peepholes=True, gradient=gradient, **options)
    theirs = torch.nn.LSTM(3, 4, 2, **options)
    missing = mine.load_state_dict(theirs.state_dict(), strict=False)
    assert missing.missing_keys == ["weight_ch_l0", "weight_ch_l1"]
    assert not missing.unexpected_keys and mine.weight_ch_l1.shape == (12,)
    x, state = normal(5, 2, 3).requires_grad_(), (normal(2, 2, 4), normal(2, 2, 4))
    assert (mine(x, state)[0] - theirs(x, state)[0]).abs().max() > 1e-3
    torch.nn.init.zeros_(mine.weight_ch_l0)
    torch.nn.init.zeros_(mine.weight_ch_l1)
    found = results_and_gradients(mine, x, state, [x])
    expected = results_and_gradients(theirs, x, state, [x])
    peepholes = {id(mine.weight_ch_l0), id(mine.weight_ch_l1)}
    found[1][:] = [
        g for g, p in zip(found[1], [x, *mine.parameters()], strict=True) if id(p) not in peepholes
    ]
    for a, b in zip(flat(found), flat(expected), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-11)


@pytest.mark.parametrize("gradient", ["autograd", "bptt"])
def test_sigmoid_srn(gradient):
    srn = SRN(3, 4, nonlinearity="sigmoid", gradient=gradient, dtype=torch.float64)
    x = normal(5, 2, 3).requires_grad_()
    W_xh, W_hh, b_xh, b_hh = srn.all_weights[0]
    h, expected = torch.zeros(2, 4, dtype=torch.float64), []
    for x_t in x:
        h = 1 / (1 + torch.exp(-(x_t @ W_xh.T + b_xh + h @ W_hh.T + b_hh)))
        expected.append(h)
    output = srn(x)[0]
    torch.testing.assert_close(output, torch.stack(expected), rtol=0, atol=1e-12)
    leaves = [x, *srn.parameters()]
    for a, b in zip(
        torch.autograd.grad(output.cos().sum(), leaves),
        torch.autograd.grad(torch.stack(expected).cos().sum(), leaves),
        strict=True,
    ):
        torch.testing.assert_close(a, b, rtol=0, atol=1e-11)


def by_torch(*tensors):
    """Stand for `bptt.as_arrays` on a GPU."""
    return torch, [tensor.detach() for tensor in tensors]


def arguments(gates, biases, states=1):
    """Return random arguments of one of `bptt`'s functions, for batches of 3, 2, 2 and 1 rows."""
    N, B, D, H = 8, 3, 2, 4
    shapes = [(N, D)] + [(B, H)] * states + [(gates * H, D), (gates * H, H), *biases(H)]
    return [(0.7 * normal(*shape)).requires_grad_() for shape in shapes]


FUNCTIONS = {
    "SRN, tanh": (bptt.SRN.apply, 1, lambda H: [(H,)], 1, ("tanh",)),
    "SRN, relu": (bptt.SRN.apply, 1, lambda H: [(H,)], 1, ("relu",)),
    "SRN, sigmoid": (bptt.SRN.apply, 1, lambda H: [(H,)], 1, ("sigmoid",)),
    "LSTM": (lambda *t: bptt.LSTM.apply(*t[:-1], None, t[-1]), 4, lambda H: [(4 * H,)], 2, ()),
    "LSTM, peepholes": (bptt.LSTM.apply, 4, lambda H: [(4 * H,), (3 * H,)], 2, ()),
    "GRU, reset after": (bptt.GRU.apply, 3, lambda H: [(3 * H,), (H,)], 1, ()),
    "GRU, reset before": (bptt.GRUResetBefore.apply, 3, lambda H: [(3 * H,)], 1, ()),
}


@pytest.mark.parametrize("arrays", ["numpy", "torch"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_gradcheck(name, arrays, monkeypatch):
    """Finite differences, through outputs and final states, by NumPy and by a GPU's lines."""
    if arrays == "torch":
        monkeypatch.setattr(bptt, "as_arrays", by_torch)
    function, gates, biases, states, options = FUNCTIONS[name]
    tensors = arguments(gates, biases, states)
    for batch_sizes in ([3, 2, 2, 1], [2, 2, 2, 2]):
        if batch_sizes[0] != len(tensors[1]):
            tensors[1 : 1 + states] = [
                s.detach()[: batch_sizes[0]].clone().requires_grad_()
                for s in tensors[1 : 1 + states]
            ]
        assert torch.autograd.gradcheck(
            lambda *t, sizes=batch_sizes: function(*t, sizes, *options), tensors
        )


@pytest.mark.parametrize("cell", CELLS)
def test_panels_change_nothing(cell, monkeypatch):
    """A hidden size of 48 in panels of 16, 24 and 48 columns, and whole."""
    x, outcomes = normal(4, 3, 5).requires_grad_(), []
    module = cell(5, 48, dtype=torch.float64)
    for limit in (10**6, 3 * 48 * 24, 3 * 48 * 16, 1):
        monkeypatch.setattr(bptt.StepProduct, "limit", limit)
        outcomes.append(results_and_gradients(module, x, None, [x]))
    for other in outcomes[1:]:
        for mine, wanted in zip(flat(other), flat(outcomes[0]), strict=True):
            torch.testing.assert_close(mine, wanted, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("cell", CELLS)
def test_second_derivatives_are_refused_by_bptt_and_had_by_autograd(cell):
    x = normal(3, 2, 2).requires_grad_()
    module = cell(2, 3, dtype=torch.float64)
    with pytest.raises(RuntimeError, match=r"first derivatives only.*gradient='autograd'"):
        torch.autograd.grad(module(x)[0].sum(), x, create_graph=True)
    module.gradient = "autograd"
    (first,) = torch.autograd.grad(module(x)[0].sum(), x, create_graph=True)
    assert torch.autograd.grad(first.sum(), x)[0].abs().sum() > 0


@pytest.mark.parametrize("cell", CELLS)
def test_backward_can_be_repeated(cell):
    module, x = cell(3, 4), normal(5, 2, 3, dtype=torch.float32)
    loss = module(x)[0].square().sum()
    loss.backward(retain_graph=True)
    once = [p.grad.clone() for p in module.parameters()]
    loss.backward()
    for p, g in zip(module.parameters(), once, strict=True):
        torch.testing.assert_close(p.grad, 2 * g)


@pytest.mark.parametrize("cell", CELLS)
def test_an_output_overwritten_before_the_backward_pass_is_noticed(cell):
    module = cell(3, 4)
    output, _ = module(normal(5, 2, 3, dtype=torch.float32))
    with pytest.raises(RuntimeError, match=r"in-?place"):
        output.mul_(2).sum().backward()


@pytest.mark.parametrize("cell", CELLS)
def test_gradients_only_where_asked(cell):
    module = cell(3, 4)
    module.weight_ih_l0.requires_grad_(False)
    x = normal(5, 2, 3, dtype=torch.float32)
    module(x)[0].sum().backward()
    assert x.grad is None and module.weight_ih_l0.grad is None
    assert module.weight_hh_l0.grad.abs().sum() > 0
    output, final = module(x)
    states_of(final)[-1].sum().backward()  # through the final state alone
    with torch.no_grad():
        output, final = module(x)
    assert output.grad_fn is None and not states_of(final)[0].requires_grad


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("gradient", [None, *GRADIENTS])
def test_float32_agrees_with_torch(cell, gradient):
    ours, theirs = cell(20, 40, gradient=gradient), CELLS[cell](20, 40)
    ours.load_state_dict(theirs.state_dict())
    x = normal(12, 8, 20, dtype=torch.float32)
    for module in (ours, theirs):
        module(x)[0].square().mean().backward()
    torch.testing.assert_close(ours(x)[0], theirs(x)[0], rtol=0, atol=1e-6)
    for (name, p), q in zip(ours.named_parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(p.grad, q.grad, rtol=1e-4, atol=1e-6, msg=name)
        assert p.grad.dtype == torch.float32


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_runs_by_the_lines_of_a_gpu(dtype):
    module = LSTM(3, 4, dtype=dtype)
    x = normal(5, 2, 3).to(dtype)
    module(x)[0].float().sum().backward()
    exact = copy.deepcopy(module).double()
    torch.testing.assert_close(module(x)[0].double(), exact(x.double())[0], rtol=0.05, atol=0.02)


@pytest.mark.parametrize("arrays", ["numpy", "torch"])
def test_autocast_leaves_the_recurrence_in_the_weights_precision(arrays, monkeypatch):
    if arrays == "torch":
        monkeypatch.setattr(bptt, "as_arrays", by_torch)
    x, lstm = normal(5, 2, 3, dtype=torch.float32).requires_grad_(), LSTM(4, 6)
    project = torch.nn.Linear(3, 4)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        output, _ = lstm(project(x))
        assert output.dtype == torch.float32
    output.sum().backward()
    assert x.grad.dtype == torch.float32 and x.grad.abs().sum() > 0


@pytest.mark.parametrize("gradient", [None, "autograd"])
def test_dropout_acts_between_layers_in_training_only(gradient):
    gru = GRU(3, 50, num_layers=2, dropout=0.5, gradient=gradient)
    x = normal(4, 6, 3, dtype=torch.float32)
    assert not torch.equal(gru(x)[0], gru(x)[0])
    first = GRU(3, 50)
    first.load_state_dict({k: v for k, v in gru.state_dict().items() if k.endswith("l0")})
    torch.testing.assert_close(gru(x)[1][0], first(x)[1][0])  # the first layer is untouched
    gru.eval()
    torch.testing.assert_close(gru(x)[0], gru(x)[0], rtol=0, atol=0)


def test_dropout_zeroes_the_share_it_says():
    gru = GRU(3, 400, num_layers=2, dropout=0.25)
    seen = {}
    with torch.no_grad():  # the second layer copies: z = 0, r = anything, n = tanh(its input)
        for name, p in gru.named_parameters():
            if "l1" in name:
                p.zero_()
        gru.weight_ih_l1[800:] = torch.eye(400)
        gru.bias_ih_l1[400:800] = -800
    seen = gru(normal(10, 4, 3, dtype=torch.float32))[0]
    assert (seen == 0).double().mean().item() == pytest.approx(0.25, abs=0.03)


@pytest.mark.parametrize("cell", CELLS)
def test_copies_and_pickles(cell):
    module = cell(3, 4, num_layers=2, gradient="autograd")
    x = normal(5, 2, 3, dtype=torch.float32)
    file = io.BytesIO()
    torch.save(module, file)
    file.seek(0)
    for other in (
        copy.deepcopy(module),
        pickle.loads(pickle.dumps(module)),
        torch.load(file, weights_only=False),
    ):
        assert other.gradient == "autograd"
        assert torch.equal(other(x)[0], module(x)[0])
        other.gradient = "bptt"
        torch.testing.assert_close(other(x)[0], module(x)[0])
    module.flatten_parameters()
    assert module.to(torch.float64)(x.double())[0].dtype == torch.float64


def test_parameters_can_be_replaced_from_outside():
    module, x = LSTM(3, 4), normal(5, 2, 3, dtype=torch.float32)
    zeros = {name: torch.zeros_like(p) for name, p in module.named_parameters()}
    output, _ = torch.func.functional_call(module, zeros, (x,))
    assert torch.equal(output, torch.zeros(5, 2, 4))


def test_what_is_printed():
    assert repr(LSTM(3, 4, 2, batch_first=True)) == "LSTM(3, 4, num_layers=2, batch_first=True)"
    assert repr(GRU(3, 4, reset="before")) == "GRU(3, 4, reset='before')"
    assert repr(SRN(3, 4, gradient="bptt")) == "SRN(3, 4, gradient='bptt')"
    assert repr(LSTM(3, 4, peepholes=True)) == "LSTM(3, 4, peepholes=True)"


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: LSTM(3, -3), ValueError, "hidden_size must be positive, got -3"),
        (lambda: GRU(0, 3), ValueError, "input_size must be positive, got 0"),
        (lambda: SRN(2, 3, 0), ValueError, "num_layers must be positive, got 0"),
        (lambda: LSTM(3, 2.5), TypeError, "hidden_size should be of type int, got: float"),
        (lambda: LSTM(3, 4, proj_size=2), ValueError, "proj_size=2.*leave proj_size out"),
        (lambda: SRN(3, 4, nonlinearity="gelu"), ValueError, "'relu' or 'sigmoid', got 'gelu'"),
        (lambda: GRU(3, 4, reset="never"), ValueError, "'after' or 'before', got 'never'"),
        (lambda: GRU(3, 4, gradient="magic"), ValueError, "'torch' or None, got 'magic'"),
        (lambda: LSTM(3, 4, dropout=1.5), ValueError, "dropout"),
        (
            lambda: GRU(3, 4, reset="before", gradient="torch"),
            ValueError,
            "no reset='before'; choose gradient='bptt' or 'autograd'",
        ),
        (
            lambda: SRN(3, 4, nonlinearity="sigmoid", gradient="torch"),
            ValueError,
            "no nonlinearity='sigmoid'",
        ),
        (
            lambda: LSTM(3, 4, peepholes=True, gradient="torch"),
            ValueError,
            "no peepholes=True; choose gradient='bptt' or 'autograd'",
        ),
    ],
)
def test_constructors_name_the_bad_value_and_the_cure(make, error, message):
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize("gradient", ["autograd", "bptt"])
@pytest.mark.parametrize(
    ("cell", "shape", "state", "error", "message"),
    [
        (GRU, (5, 2, 4), None, RuntimeError, "Expected 3, got 4"),
        (GRU, (5, 2, 1, 3), None, ValueError, "2 or 3 dimensions, got 4"),
        (GRU, (0, 2, 3), None, RuntimeError, r"empty: its shape is \(0, 2, 3\)"),
        (GRU, (5, 2, 3), [(1, 3, 4)], RuntimeError, r"h_0 .* \(1, 2, 4\), got \(1, 3, 4\)"),
        (LSTM, (5, 2, 3), [(1, 2, 4)], RuntimeError, r"\(h_0, c_0\) .* got \(1, 2, 4\)"),
        (LSTM, (5, 2, 3), [(1, 2, 4), (1, 2, 5)], RuntimeError, r"got \(1, 2, 4\), \(1, 2, 5\)"),
    ],
)
def test_wrong_shapes_are_named(gradient, cell, shape, state, error, message):
    module = cell(3, 4, gradient=gradient)
    if state is not None:
        state = tuple(torch.zeros(s) for s in state)
        state = state if len(state) > 1 else state[0]
    with pytest.raises(error, match=message):
        module(torch.zeros(shape), state)


@pytest.mark.parametrize("gradient", ["autograd", "bptt"])
def test_wrong_types_are_named(gradient):
    module = GRU(3, 4, gradient=gradient)
    with pytest.raises(ValueError, match=r"float64.*float32"):
        module(torch.zeros(5, 2, 3, dtype=torch.float64))
    with pytest.raises(ValueError, match=r"float64.*float32.*\.to\(torch\.float32\)"):
        module(torch.zeros(5, 2, 3), torch.zeros(1, 2, 4, dtype=torch.float64))


def test_nothing_is_kept_of_a_pass_without_gradients(monkeypatch):
    kept = []
    with torch.autograd.graph.saved_tensors_hooks(lambda t: kept.append(t) or t, lambda t: t):
        with torch.no_grad():
            LSTM(3, 4)(torch.zeros(5, 2, 3))
        assert not kept
        LSTM(3, 4)(torch.zeros(5, 2, 3))
        assert kept


def test_numpy_arrays_share_the_memory_of_tensors():
    tensor = torch.zeros(2, 3, requires_grad=True)
    xp, (array,) = bptt.as_arrays(tensor)
    assert xp is np and np.shares_memory(array, tensor.detach().numpy())
    assert bptt.as_tensors(None, array)[0] is None
