"""The oracles of week 7 against torch, the course and hand arithmetic; its notebook."""

import numpy as np
import pytest
import torch
from test_checks import names_after_helpers, notebook, solution_cells, solutions

from course_utils import notation
from course_utils.checks import week07 as questions
from course_utils.recurrent import GRU, LSTM, SRN, update_bias_
from course_utils.steps import gru_step

SEEDS = range(6)
GUIDE = notebook("week07").parent / "guide.md"
CELLS = {cell.id: cell.source for cell in solution_cells("week07")}


def drawn(name, seed):
    return questions.QUESTIONS[name].random_inputs(np.random.default_rng(seed))


def close(answer, wanted, rtol=1e-9):
    assert np.shape(answer) == np.shape(wanted)
    np.testing.assert_allclose(answer, wanted, rtol=rtol, atol=1e-14)


def layer(W_xh, W_hh, b_xh, b_hh):
    """A GRU of torch with these weights."""
    gru = torch.nn.GRU(W_xh.shape[1], W_hh.shape[1]).double()
    with torch.no_grad():
        for theirs, ours in zip(gru.parameters(), (W_xh, W_hh, b_xh, b_hh), strict=True):
            theirs.copy_(torch.tensor(ours))
    return gru


# The oracles against torch


@pytest.mark.parametrize("seed", SEEDS)
def test_states_and_gradients_against_torch(seed):
    xs, dhs, h0, *weights = drawn("gru_bptt", seed)
    gru = layer(*weights)
    output, _ = gru(torch.tensor(xs), torch.tensor(h0)[None])
    close(questions.gru_states(xs, h0, *weights), output.detach().numpy())
    close(questions.gru_step(xs[0], h0, *weights), output[0].detach().numpy())
    (output * torch.tensor(dhs)).sum().backward()
    for ours, theirs in zip(
        questions.gru_bptt(xs, dhs, h0, *weights), gru.parameters(), strict=True
    ):
        close(ours, theirs.grad.numpy())


@pytest.mark.parametrize("seed", SEEDS)
def test_gates_against_torch_one_at_a_time(seed):
    x, h_prev, W_xh, W_hh, b_xh, b_hh = map(torch.tensor, drawn("gru_gates", seed))
    a_r, a_z, _ = (W_xh @ x + W_hh @ h_prev + b_xh + b_hh).chunk(3)
    wanted = torch.sigmoid(a_r).numpy(), torch.sigmoid(a_z).numpy()
    close(questions.gru_gates(*drawn("gru_gates", seed)), wanted)


@pytest.mark.parametrize("seed", SEEDS)
def test_both_conventions_of_the_reset_against_the_course(seed):
    x, h_prev, *weights = map(torch.tensor, drawn("gru_step", seed))
    after = gru_step(x[None], h_prev[None], *weights)[0]
    close(questions.gru_step(*drawn("gru_step", seed)), after.numpy())
    x, h_prev, *weights = map(torch.tensor, drawn("gru_step_before", seed))
    before = gru_step(x[None], h_prev[None], *weights, reset="before")[0]
    close(questions.gru_step_before(*drawn("gru_step_before", seed)), before.numpy())
    after = gru_step(x[None], h_prev[None], *weights)[0]
    assert not torch.allclose(before, after)


@pytest.mark.parametrize("seed", SEEDS)
def test_gradients_of_a_step_against_torch(seed):
    """All of a step at once: torch knows h_prev, we go back by two functions."""
    x, h_prev, *weights = map(torch.tensor, drawn("gru_step", seed))
    dh = torch.tensor(np.random.default_rng(seed).normal(size=len(h_prev)))
    h_prev.requires_grad_()
    weights[2].requires_grad_()
    from_x, from_h = weights[0] @ x + weights[2], weights[1] @ h_prev + weights[3]
    (x_r, x_z, x_n), (h_r, h_z, q) = from_x.chunk(3), from_h.chunk(3)
    r, z = torch.sigmoid(x_r + h_r), torch.sigmoid(x_z + h_z)
    n = torch.tanh(x_n + r * q)
    nets = x_r, x_z, x_n
    *wanted, dh_prev = torch.autograd.grad(dh @ ((1 - z) * n + z * h_prev), (*nets, h_prev))
    dh, h_prev, r, z, n, q = (a.detach().numpy() for a in (dh, h_prev, r, z, n, q))
    found = questions.gate_gradients(dh, h_prev, r, z, n, q)
    for ours, theirs in zip(found, wanted, strict=True):
        close(ours, theirs.numpy())
    close(questions.state_gradient(dh, r, z, *found, weights[1].numpy()), dh_prev.numpy())


@pytest.mark.parametrize("seed", SEEDS)
def test_shares_against_torch(seed):
    """A share is the derivative of the last state by the first one, or by a candidate."""
    (z,) = drawn("shares", seed)
    rows = [
        torch.zeros(z.shape[1], dtype=torch.float64, requires_grad=True) for _ in range(len(z) + 1)
    ]
    h = rows[0]
    for gate, n in zip(torch.tensor(z), rows[1:], strict=True):
        h = (1 - gate) * n + gate * h
    wanted = torch.stack(torch.autograd.grad(h.sum(), rows)).numpy()
    close(questions.shares(z), wanted)
    close(wanted.sum(axis=0), np.ones(z.shape[1]))


@pytest.mark.parametrize("r", [0, 1])
@pytest.mark.parametrize("z", [0, 1])
def test_extreme_cases_in_torch(r, z):
    x, h_prev, *weights = drawn("gru_step", 0)
    gru = layer(*questions.set_gates(r, z, 50.0, *weights))
    h = gru(torch.tensor(x)[None], torch.tensor(h_prev)[None])[0][0].detach().numpy()
    W_xn, W_hn, b_xn, b_hn = (np.split(W, 3)[2] for W in weights)
    if z:
        wanted = h_prev
    elif r:
        srn = torch.nn.RNNCell(len(x), len(h_prev)).double()
        for theirs, ours in zip(srn.parameters(), (W_xn, W_hn, b_xn, b_hn), strict=True):
            theirs.data = torch.tensor(ours)
        wanted = srn(torch.tensor(x)[None], torch.tensor(h_prev)[None])[0].detach().numpy()
    else:
        wanted = np.tanh(W_xn @ x + b_xn)
    close(h, wanted)


@pytest.mark.parametrize("seed", SEEDS)
def test_set_gates_leaves_the_candidate_and_nothing_else(seed):
    r, z, strength, *weights = drawn("set_gates", seed)
    H = weights[1].shape[1]
    for new, old in zip(questions.set_gates(r, z, strength, *weights), weights, strict=True):
        close(new[2 * H :], old[2 * H :])
    x, h_prev = np.ones(weights[0].shape[1]), np.ones(H)
    gates = questions.gru_gates(x, h_prev, *questions.set_gates(r, z, strength, *weights))
    for gate, wanted in zip(gates, (r, z), strict=True):
        close(gate, np.full(H, 1 / (1 + np.exp(strength if wanted == 0 else -strength))))


@pytest.mark.parametrize("steps", [1, 7, 500])
def test_half_life_in_a_gru_of_the_course(steps):
    gru = update_bias_(GRU(1, 1).double(), questions.half_life_bias(steps, True))
    with torch.no_grad():
        biases = (gru.bias_ih_l0 + gru.bias_hh_l0) * torch.tensor([0.0, 1, 0])  # n is 0
        for weight in gru.parameters():
            weight.zero_()
        gru.bias_ih_l0.copy_(biases)
        _, h = gru(torch.zeros(steps, 1).double(), torch.ones(1, 1).double())
    assert h.item() == pytest.approx(0.5, rel=1e-9)
    replaces = questions.half_life_bias(steps, False)
    assert (1 - 1 / (1 + np.exp(-replaces))) ** steps == pytest.approx(0.5, rel=1e-9)


@pytest.mark.parametrize("seed", SEEDS)
def test_cs224n_against_the_bridge_of_the_course(seed):
    """The course takes the slide's arrays out of a torch layer; the exercise puts them in."""
    torch.manual_seed(seed)
    gru = torch.nn.GRU(3, 2)
    names = [f"{letter}_{gate}" for gate in "urh" for letter in "UWb"]
    slide = [notation.lookup("CS224N", name, "gru").from_torch(gru).numpy() for name in names]
    W_xh, W_hh, b_h = questions.from_cs224n(*slide)
    close(W_xh, gru.weight_ih_l0.detach().numpy())
    close(W_hh, gru.weight_hh_l0.detach().numpy())
    close(b_h, (gru.bias_ih_l0 + gru.bias_hh_l0).detach().numpy())


@pytest.mark.parametrize("seed", SEEDS)
def test_size_against_torch_and_the_course(seed):
    cell, D, budget = drawn("largest_hidden_size", seed)
    H = questions.largest_hidden_size(cell, D, budget)
    for kinds in (
        {"srn": torch.nn.RNN, "gru": torch.nn.GRU, "lstm": torch.nn.LSTM},
        {"srn": SRN, "gru": GRU, "lstm": LSTM},
    ):
        counts = [sum(p.numel() for p in kinds[cell](D, n).parameters()) for n in (H, H + 1)]
        assert counts[0] <= budget < counts[1]


# The oracles by hand: what the docstrings of the exercise say


def test_docstrings_tell_the_truth():
    one, zeros = np.array([1.0]), (np.zeros((3, 1)), np.zeros((3, 1)))
    r, z = questions.gru_gates(one, one, *zeros, np.zeros(3), np.zeros(3))
    assert r == z == [0.5]
    h = questions.gru_step(one, one, *zeros, np.zeros(3), np.array([0.0, 0, 2]))
    assert f"= [{h[0]:.4f}]" in CELLS["gru-step"]
    assert f"0.5 * {np.tanh(1):.4f}" in CELLS["gru-step"]
    hs = questions.gru_states(np.ones((2, 1)), one, *zeros, np.zeros(3), np.zeros(3))
    close(hs, [[0.5], [0.25]])
    _, _, b_xh, b_hh = questions.set_gates(1, 0, 10.0, *zeros, np.arange(3.0), np.arange(3.0))
    close(b_xh, [10.0, -10, 2])
    close(b_hh, [0.0, 0, 2])
    close(questions.shares(np.array([[0.5], [0.8]])), [[0.4], [0.4], [0.2]])
    assert questions.half_life_bias(1, True) == pytest.approx(0, abs=1e-12)
    assert f"{questions.half_life_bias(2, True):.4f} or" in CELLS["half-life-bias"]
    assert f"{questions.half_life_bias(2, False):.4f}." in CELLS["half-life-bias"]
    assert f"{0.5**0.5:.4f} is kept" in CELLS["half-life-bias"]
    found = questions.gate_gradients(one, 2 * one, 0.5 * one, 0.5 * one, 0 * one, one)
    close(found, [[0.125], [0.5], [0.5]])
    W_hh = np.array([[0.5], [1.0], [-1.0]])
    back = questions.state_gradient(2 * one, 0.5 * one, 0.5 * one, 0 * one, one, 4 * one, W_hh)
    close(back, [0.0])
    h = questions.gru_step_before(one, one, zeros[0], np.array([[0.0], [0], [2]]), np.zeros(3))
    assert f"[{h[0]:.4f}]" in CELLS["gru-step-before"]
    slide = [np.full(shape, float(k)) for k, shape in enumerate([(1, 1), (1, 1), (1,)] * 3, 1)]
    close(questions.from_cs224n(*slide)[0], [[4.0], [-1], [7]])
    assert [questions.largest_hidden_size("gru", 3, budget) for budget in (42, 41)] == [2, 1]


# The notebook


@pytest.fixture(params=[0, 1])
def names(request):
    return names_after_helpers("week07", request.param)


def test_columns_fit_and_the_corners_are_what_they_are(names, capsys):
    exec(CELLS["agreement"], names)
    lines = capsys.readouterr().out.splitlines()
    differences, bptt = (float(line.split()[-1]) for line in lines[:2])
    assert differences == pytest.approx(bptt, rel=1e-6)
    assert lines[2] == "torch reads the same: True"
    slide, here = (line.split(":")[1].split() for line in lines[3:5])
    assert slide == here
    assert any(abs(float(n)) > 0.1 for n in lines[5].split("[")[1].strip("]").split())
    for line, units in zip(lines[6:], (269, 138, 115), strict=True):
        assert f": {units} units" in line
        assert int(line.split()[-1].replace(",", "")) <= 100_000
    exec(CELLS["corners"], names)
    corners = [line.split()[-3:] for line in capsys.readouterr().out.splitlines()[1:]]
    yes, no = "True", "False"
    # r 0 z 0, r 0 z 1, r 1 z 0, r 1 z 1
    assert corners == [[no, no, yes], [yes, no, no], [no, yes, no], [yes, no, no]]


def test_part_on_real_text_runs_with_every_function_that_is_right(names, capsys):
    """On a short text."""
    exec(CELLS["text"], names)
    for cell in ("training", "memory"):
        exec(CELLS[cell].replace("_00", ""), names)  # 400 and 100 for 40_000 and 10_000
    said = capsys.readouterr().out
    assert "finish" not in said
    perplexities = [float(line.split()[-1]) for line in said.splitlines() if "read:" in line]
    assert len(perplexities) == 5
    assert perplexities[0] == pytest.approx(len(names["vocab"]), abs=0.05)
    assert perplexities[-1] < perplexities[0]
    assert "half-lives of the units" in said


def test_a_gate_alone_does_not_save_the_gradient(capsys):
    """The numbers of question 4, as notebook and guide give them."""
    names = dict(solutions("week07"))
    for cell in ("helpers", "text", "flow"):
        exec(CELLS[cell], names)
    alone, *tables = capsys.readouterr().out.split("update bias ")
    assert [f"{k} steps" in alone for k in (1, 10, 100)] == [True] * 3
    assert alone.count("0.500 left") == 3
    assert "bias 4.97 (where the gate replaces -4.97)" in alone
    rows = [[[float(n) for n in line.split()] for line in t.splitlines()[1:]] for t in tables]
    at = {bias: {k: (dh, left) for k, dh, left in t} for bias, t in zip("0136", rows, strict=True)}
    assert 3e-12 < at["0"][50][0] < 3e-11
    assert 1e-6 < at["1"][50][0] < 3e-5
    assert 1e-11 < at["1"][100][0] < 3e-10
    assert 0.01 < at["3"][100][0] < 0.03
    assert 0.7 < at["6"][100][0] < 0.9


def test_open_task_begins_forgetful_and_its_solution_tells_apart(capsys):
    start, rest = CELLS["quotes"].split("### BEGIN SOLUTION")
    answer, rest = rest.split("### END SOLUTION")
    for text, end in ((start + rest, "lost it\n"), (start + answer + rest, "told apart\n")):
        names = dict(solutions("week07"))
        exec(CELLS["helpers"], names)
        exec(text, names)
        assert capsys.readouterr().out.endswith(end)


def test_guide_says_how_far_a_state_is_off():
    names = dict(solutions("week07"))
    exec(CELLS["helpers"], names)
    exec(CELLS["quotes"], names)
    table = GUIDE.read_text(encoding="utf-8").split("\n## The open task")[1].split("\n| ")[2:]
    rows = [[cell.strip() for cell in row.split("|")[:3]] for row in table]
    assert len(rows) == 4
    for bias, error, verdict in rows:
        W_xh, b_xh = np.array([[0.0], [-2 * float(bias)], [0]]), np.array([20.0, float(bias), 0])
        W_hh = np.array([[0.0], [0], [-20]])
        hs = names["gru_states"](
            names["marks"][:, None], -np.ones(1), W_xh, W_hh, b_xh, np.zeros(3)
        )
        off = np.abs(hs[:, 0] - names["inside"]).max()
        assert f"{off:.1g}" == error
        assert (verdict == "told apart") == (off < 0.5)
    marks = np.flatnonzero(names["marks"])
    assert np.diff(marks).max() == 549
    # A quarter of a way of 2 is lost over 549 steps: (1 - z) ** ... = 3/4.
    kept = 0.75 ** (1 / 549)
    assert round(np.log(kept / (1 - kept)), 1) == 7.6


def test_no_weighted_sum_turns_round():
    """A unit of a simple network cannot: mark and state would have to be an exclusive or."""
    grid = np.linspace(-3, 3, 13)
    for w in grid:
        for u in grid:
            for b in grid:
                a = [w * h + u * mark + b for h, mark in ((-1, 0), (1, 0), (-1, 1), (1, 1))]
                assert not (a[0] < 0 < a[1] and a[3] < 0 < a[2])


def test_numbers_of_the_discussion():
    assert 1 / (1 + np.exp(3)) == pytest.approx(0.05, abs=0.005)
    sizes = [questions.largest_hidden_size(cell, 100, 100_000) for cell in ("srn", "gru", "lstm")]
    assert sizes == [269, 138, 115]
    one = np.array([1.0])
    found = questions.gate_gradients(one, 2 * one, 0.5 * one, (1 - 1e-15) * one, 0 * one, one)
    assert np.abs(found).max() < 1e-14
    assert questions.half_life_bias(100, True) == pytest.approx(4.97, abs=0.005)
