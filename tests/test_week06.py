"""The oracles of week 6 against torch, the course and hand arithmetic; its notebook."""

import math

import numpy as np
import pytest
import torch
from test_checks import names_after_helpers, notebook, solution_cells, solutions

from course_utils import notation
from course_utils.checks import week06 as questions
from course_utils.recurrent import LSTM, forget_bias_
from course_utils.steps import peephole_lstm_step

SEEDS = range(6)
GUIDE = notebook("week06").parent / "guide.md"
CELLS = {cell.id: cell.source for cell in solution_cells("week06")}


def drawn(name, seed):
    return questions.QUESTIONS[name].random_inputs(np.random.default_rng(seed))


def close(answer, wanted, rtol=1e-9):
    assert np.shape(answer) == np.shape(wanted)
    np.testing.assert_allclose(answer, wanted, rtol=rtol, atol=1e-14)


def layer(W_xh, W_hh, b_h):
    """An LSTM of torch with these weights; one of its two biases is zero."""
    lstm = torch.nn.LSTM(W_xh.shape[1], W_hh.shape[1]).double()
    with torch.no_grad():
        lstm.weight_ih_l0.copy_(torch.tensor(W_xh))
        lstm.weight_hh_l0.copy_(torch.tensor(W_hh))
        lstm.bias_ih_l0.copy_(torch.tensor(b_h))
        lstm.bias_hh_l0.zero_()
    return lstm


# The oracles against torch


@pytest.mark.parametrize("seed", SEEDS)
def test_step_and_gradients_against_torch(seed):
    xs, dhs, h0, c0, *weights = drawn("lstm_bptt", seed)
    lstm = layer(*weights)
    state = tuple(torch.tensor(s)[None] for s in (h0, c0))
    output, _ = lstm(torch.tensor(xs), state)
    (output * torch.tensor(dhs)).sum().backward()
    wanted = [getattr(lstm, f"{name}_l0").grad for name in ("weight_ih", "weight_hh", "bias_ih")]
    for ours, theirs in zip(questions.lstm_bptt(xs, dhs, h0, c0, *weights), wanted, strict=True):
        close(ours, theirs.numpy())
    _, (h, c) = lstm(torch.tensor(xs[:1]), state)
    wanted = h.detach()[0].numpy(), c.detach()[0].numpy()
    close(questions.lstm_step(xs[0], h0, c0, *weights), wanted)
    i, f, g, o = questions.lstm_gates(xs[0], h0, *weights)
    close((o * np.tanh(f * c0 + i * g), f * c0 + i * g), wanted)


@pytest.mark.parametrize("seed", SEEDS)
def test_gates_against_torch_one_at_a_time(seed):
    given = drawn("lstm_gates", seed)
    a = given[2] @ given[0] + given[3] @ given[1] + given[4]
    squash = torch.sigmoid, torch.sigmoid, torch.tanh, torch.sigmoid
    wanted = [f(part).numpy() for f, part in zip(squash, torch.tensor(a).chunk(4), strict=True)]
    close(questions.lstm_gates(*given), wanted)


@pytest.mark.parametrize("seed", SEEDS)
def test_gradients_of_a_step_against_torch(seed):
    dh, dc_later, c, o = (torch.tensor(a) for a in drawn("cell_gradient", seed))
    c.requires_grad_()
    (dh * o * torch.tanh(c) + dc_later * c).sum().backward()
    close(questions.cell_gradient(*drawn("cell_gradient", seed)), c.grad.numpy())

    dh, dc, c_prev, *gates = (torch.tensor(a) for a in drawn("gate_gradients", seed))
    nets = [torch.atanh(g) if k == 2 else torch.logit(g) for k, g in enumerate(gates)]
    a = torch.cat(nets).requires_grad_()
    i, f, g, o = a.chunk(4)
    i, f, g, o = torch.sigmoid(i), torch.sigmoid(f), torch.tanh(g), torch.sigmoid(o)
    c = f * c_prev + i * g
    # What dh says through the cell is in dc already; o alone meets dh.
    (dh * o * torch.tanh(c).detach() + dc * c).sum().backward()
    close(questions.gate_gradients(*drawn("gate_gradients", seed)), a.grad.numpy())


@pytest.mark.parametrize("seed", SEEDS)
def test_gradient_along_the_cell_against_torch(seed):
    (f,) = drawn("gradient_along_c", seed)
    cells = [torch.zeros(f.shape[1], dtype=torch.float64, requires_grad=True)]
    for gate in torch.tensor(f):
        cells.append(gate * cells[-1] + 0.1)
    found = torch.autograd.grad(cells[-1].sum(), cells)
    close(questions.gradient_along_c(f), np.array([g.numpy() for g in found])[::-1])


@pytest.mark.parametrize("seed", SEEDS)
def test_peepholes_against_the_course(seed):
    x, h_prev, c_prev, *weights = map(torch.tensor, drawn("peephole_step", seed))
    h, c = peephole_lstm_step(x[None], (h_prev[None], c_prev[None]), *weights)
    close(questions.peephole_step(*drawn("peephole_step", seed)), (h[0].numpy(), c[0].numpy()))


@pytest.mark.parametrize("seed", SEEDS)
def test_darmstadt_against_the_bridge_of_the_course(seed):
    """The course takes the slide's matrices out of a torch layer; the exercise puts them in."""
    torch.manual_seed(seed)
    lstm = torch.nn.LSTM(3, 2)
    names = [f"{letter}^({gate})" for gate in "ifo" for letter in "UW"] + ["U", "W"]
    slide = [notation.lookup("Darmstadt", name, "lstm").from_torch(lstm).numpy() for name in names]
    W_xh, W_hh = questions.from_darmstadt(*slide)
    close(W_xh, lstm.weight_ih_l0.detach().numpy())
    close(W_hh, lstm.weight_hh_l0.detach().numpy())


@pytest.mark.parametrize("seed", SEEDS)
def test_count_against_torch_and_the_course(seed):
    D, H, L, *_ = drawn("parameter_count", seed)
    for options in ({"bias": True}, {"bias": False}, {"peepholes": True}):
        lstm = LSTM(D, H, num_layers=L, **options)
        n = sum(p.numel() for p in lstm.parameters())
        biases = 2 if options.get("bias", True) else 0
        assert questions.parameter_count(D, H, L, biases, "peepholes" in options) == n
    n = sum(p.numel() for p in torch.nn.LSTM(D, H, num_layers=L).parameters())
    assert questions.parameter_count(D, H, L, 2, False) == n


@pytest.mark.parametrize(("steps", "share"), [(1, 0.3), (7, 0.5), (500, 0.9), (1000, 0.01)])
def test_bias_holds_in_an_lstm_of_the_course(steps, share):
    lstm = forget_bias_(LSTM(1, 1).double(), questions.bias_to_hold(steps, share))
    with torch.no_grad():
        for weight in (lstm.weight_ih_l0, lstm.weight_hh_l0):
            weight.zero_()
        biases = lstm.bias_ih_l0 + lstm.bias_hh_l0
        lstm.bias_ih_l0.copy_(biases * torch.tensor([0.0, 1, 0, 0]))  # g is 0
        lstm.bias_hh_l0.zero_()
        state = torch.zeros(1, 1).double(), torch.ones(1, 1).double()
        _, (_, c) = lstm(torch.zeros(steps, 1).double(), state)
    assert c.item() == pytest.approx(share, rel=1e-9)


def test_latch_erases_writes_and_reads_in_torch():
    lstm = layer(*questions.latch_weights(20.0))
    told = [[1, 1, 0], *[[-1, 0, 0]] * 300, [0, 0, 1], [-1, 1, 0], *[[1, 0, 0]] * 300, [0, 0, 1]]
    told += [[0, 1, 0], [1, 0, 1]]  # to write 0 is to erase
    h = lstm(torch.tensor(told, dtype=torch.float64))[0].detach()[:, 0]
    assert h[301].item() == pytest.approx(math.tanh(1), abs=1e-6)
    assert h[603].item() == pytest.approx(-math.tanh(1), abs=1e-6)
    assert h[605].item() == pytest.approx(0, abs=1e-6)
    assert h[:301].abs().max() < 1e-8


# The oracles by hand: what the docstrings of the exercise say


def test_docstrings_tell_the_truth():
    one, two, zeros = np.array([1.0]), np.array([2.0]), (np.zeros((4, 1)), np.zeros((4, 1)))
    h, c = questions.lstm_step(one, one, two, *zeros, np.zeros(4))
    assert c == [1.0]
    assert f"= [{h[0]:.4f}]" in CELLS["lstm-step"]
    close(questions.gradient_along_c(np.array([[0.5], [0.8]])), [[1], [0.8], [0.4]])
    assert questions.bias_to_hold(2, 0.25) == pytest.approx(0, abs=1e-12)
    assert f"ln 3 = {questions.bias_to_hold(1, 0.75):.4f}" in CELLS["bias-to-hold"]
    W_xh, W_hh, b_h = questions.latch_weights(10.0)
    close(b_h, [-10.0, 10, 0, -10])
    close(W_xh @ [1, 1, 1] + b_h, [10.0, -10, 10, 10])
    assert not W_hh.any()
    close(questions.cell_gradient(two, np.array([3.0]), 0 * one, 0.5 * one), [4.0])
    da = questions.gate_gradients(one, one, two, 0.5 * one, 0.5 * one, 0 * one, 0.5 * one)
    assert f"[0, {da[1]:.1f}, {da[2]:.1f}, {da[3]:.4f}]" in CELLS["gate-gradients"]
    assert da[0] == 0
    w_ch = np.array([0.0, 0, 1])
    h, c = questions.peephole_step(one, one, two, *zeros, w_ch, np.zeros(4))
    assert c == [1.0]
    assert f"= [{h[0]:.4f}]" in CELLS["peephole-step"]
    slide = [np.array([[float(k)]]) for k in range(1, 9)]
    close(questions.from_darmstadt(*slide)[0], [[1.0], [3], [7], [5]])
    assert questions.parameter_count(3, 2, 1, 1, False) == 48


# The notebook


@pytest.fixture(params=[0, 1])
def names(request):
    return names_after_helpers("week06", request.param)


def test_columns_fit_and_the_latch_holds(names, capsys):
    exec(CELLS["agreement"], names)
    said = capsys.readouterr().out
    differences, bptt = (float(line.split()[-1]) for line in said.splitlines()[:2])
    assert differences == pytest.approx(bptt, rel=1e-6)
    assert "change nothing: True" in said
    assert "torch counts 141600 and we 141600" in said
    slide, here = (line.split(":")[1].split() for line in said.splitlines()[-2:])
    assert slide == here
    exec(CELLS["latch"], names)
    said = capsys.readouterr().out
    assert "over 500 steps: 8.46" in said
    held = [float(line.split()[-6].strip(";")) for line in said.splitlines()[1:]]
    assert held == [0.0, 0.034, 0.688, 0.752, 0.762]


def test_part_on_real_text_runs_with_every_function_that_is_right(names, capsys):
    """On a short text."""
    exec(CELLS["text"], names)
    for cell in ("training", "gates"):
        exec(CELLS[cell].replace("_00", ""), names)  # 400 and 100 for 40_000 and 10_000
    said = capsys.readouterr().out
    assert "finish" not in said
    perplexities = [float(line.split()[-1]) for line in said.splitlines() if "read:" in line]
    assert len(perplexities) == 5
    assert perplexities[0] == pytest.approx(len(names["vocab"]), abs=0.05)
    assert perplexities[-1] < perplexities[0]
    assert "forget gates from" in said


def test_a_gate_alone_does_not_save_the_gradient(capsys):
    """The numbers of question 3, as notebook and guide give them."""
    names = dict(solutions("week06"))
    for cell in ("helpers", "text", "flow"):
        exec(CELLS[cell], names)
    tables = capsys.readouterr().out.split("forget bias ")[1:]
    rows = [[[float(n) for n in line.split()] for line in t.splitlines()[1:]] for t in tables]
    at = {
        bias: {k: (dh, dc, c) for k, dh, dc, c in t} for bias, t in zip("0136", rows, strict=True)
    }
    assert 3e-16 < at["0"][50][2] < 3e-15
    assert 3e-12 < at["0"][50][1] < 3e-11
    assert at["1"][100][1] < 1e-7
    assert 5e-3 < at["3"][100][2] < 2e-2
    assert at["6"][100][2] > 0.7
    assert at["6"][100][0] > 1


def test_open_task_begins_forgetful_and_its_solution_counts(capsys):
    start, rest = CELLS["counter"].split("### BEGIN SOLUTION")
    answer, rest = rest.split("### END SOLUTION")
    for text, end in ((start + rest, "lost count\n"), (start + answer + rest, "counted\n")):
        names = dict(solutions("week06"))
        exec(CELLS["helpers"], names)
        exec(text, names)
        assert capsys.readouterr().out.endswith(end)


def test_guide_says_how_far_a_counter_is_off():
    names = dict(solutions("week06"))
    exec(CELLS["helpers"], names)
    exec(CELLS["counter"], names)
    table = GUIDE.read_text(encoding="utf-8").split("\n## The open task")[1].split("\n| ")[2:]
    rows = [[cell.strip() for cell in row.split("|")[:3]] for row in table]
    assert len(rows) == 4
    for bias, error, verdict in rows:
        lstm = names["W_xh"], names["W_hh"], np.array([20.0, float(bias), 0, 20])
        xs = names["brackets"][:, None].astype(float)
        _, cs = names["read"](xs, np.zeros(1), np.zeros(1), lstm)
        off = np.abs(cs[:, 0] - names["depth"]).max()
        assert f"{off:.0f}" == error or f"{off:.1g}" == error
        assert (verdict == "counted") == (off < 0.5)


def test_numbers_of_question_4():
    assert questions.parameter_count(100, 100, 1, 1, False) == 80_400
    assert min(range(300), key=lambda H: abs(H * (H + 101) - 80_400)) == 238
    assert questions.parameter_count(100, 100, 1, 1, True) - 80_400 == 300
