"""The oracles of week 5 against torch, the course and hand arithmetic; its notebook."""

import math
from random import Random

import numpy as np
import pytest
import torch
from test_checks import BANKS, names_after_helpers, notebook, solution_cells, solutions

from course_utils import diagnostics
from course_utils.checks import check
from course_utils.checks import week05 as questions
from course_utils.corpora.english import english_grammar
from course_utils.evaluation import agreement_accuracy
from course_utils.recurrent import SRN, identity_

SEEDS = range(6)
GUIDE = notebook("week05").parent / "guide.md"
CELLS = {cell.id: cell.source for cell in solution_cells("week05")}
OPTIONS = {
    "tanh": {},
    "relu": {"nonlinearity": "relu"},
    "residual": {"skip": "residual", "time_skip": 1},
}


def drawn(name, seed):
    return questions.QUESTIONS[name].random_inputs(np.random.default_rng(seed))


def close(answer, wanted, rtol=1e-9):
    assert np.shape(answer) == np.shape(wanted)
    np.testing.assert_allclose(answer, wanted, rtol=rtol, atol=1e-13)


def layer(cell, W_xh, W_hh, b_h):
    """A layer of the course with these weights; one of its two biases is zero."""
    srn = SRN(W_xh.shape[1], W_hh.shape[1], **OPTIONS[cell]).double()
    with torch.no_grad():
        srn.weight_ih_l0.copy_(torch.tensor(W_xh))
        srn.weight_hh_l0.copy_(torch.tensor(W_hh))
        srn.bias_ih_l0.copy_(torch.tensor(b_h))
        srn.bias_hh_l0.zero_()
    return srn


# The oracles against torch and the course


@pytest.mark.parametrize("cell", OPTIONS)
@pytest.mark.parametrize("seed", SEEDS)
def test_steps_against_torch_and_the_course(cell, seed):
    name = f"{cell}_step"
    x, h_prev, *weights = drawn(name, seed)
    W_xh, W_hh, b_h = map(torch.tensor, weights)

    def step(h):
        net = W_xh @ torch.tensor(x) + W_hh @ h + b_h
        return {"tanh": net.tanh(), "relu": net.relu(), "residual": h + net.tanh()}[cell]

    h = torch.tensor(h_prev)
    J = torch.autograd.functional.jacobian(step, h).numpy()
    found = getattr(questions, name)(x, h_prev, *weights)
    close(found[0], step(h).numpy())
    close(found[1], J)
    srn, state = layer(cell, *weights), h[None]
    close(diagnostics.step_jacobians(srn, torch.tensor(x)[None], state)[0], J)


@pytest.mark.parametrize("cell", OPTIONS)
@pytest.mark.parametrize("seed", SEEDS)
def test_gradient_norms_and_products_against_the_course(cell, seed):
    gradient, xs, h0, *weights, _ = drawn("gradient_norms", seed)
    given = layer(cell, *weights), torch.tensor(xs), torch.tensor(h0)[None]
    found = diagnostics.gradient_norms(*given, loss=lambda y: (y @ torch.tensor(gradient)).sum())
    norms = questions.gradient_norms(gradient, xs, h0, *weights, cell)
    close(norms, found.h[:, 0, 0])
    products = questions.running_products(diagnostics.step_jacobians(*given))
    close(products, diagnostics.running_products(diagnostics.step_jacobians(*given)))
    close(norms, np.linalg.norm(gradient @ products, axis=1))
    if cell != "residual":
        bound = questions.gradient_bound(gradient, weights[1], 1.0, len(xs))
        assert np.all(norms <= bound * (1 + 1e-12))


@pytest.mark.parametrize("seed", range(20))
def test_norm_radius_and_bound_against_the_course(seed):
    gradient, W_hh, _, steps = drawn("gradient_bound", seed)
    found = diagnostics.spectrum(W_hh)
    close(questions.norm_and_radius(W_hh), (found.norm, found.radius))
    for slope, nonlinearity in ((1.0, "tanh"), (0.25, "sigmoid")):
        wanted = diagnostics.decay(W_hh, steps, nonlinearity).bound * np.linalg.norm(gradient)
        close(questions.gradient_bound(gradient, W_hh, slope, steps), wanted)


def test_a_largest_eigenvalue_that_is_complex_is_known_too():
    """Not in the bank: complex numbers do not cross into the grader, which names no reason."""

    def signed(W_hh):
        return np.linalg.norm(W_hh, 2), np.linalg.eigvals(W_hh).max()

    assert "taken with its sign" in check("week05.norm_and_radius", signed).reason


def test_attractors_against_the_grammar():
    grammar, random = english_grammar(), Random(5)
    samples = [grammar.sample(random) for _ in range(300)]
    counts = [questions.count_attractors(s.tags, s.subject, s.verb) for s in samples]
    assert counts == [s.attractors for s in samples]
    assert max(counts) >= 3


@pytest.mark.parametrize("seed", SEEDS)
def test_accuracy_against_the_course(seed):
    right, wrong, attractors, _ = drawn("agreement_accuracy", seed)

    class Model:
        def log_probs(self, ids):
            return np.array([0.0, np.concatenate([right, wrong])[ids[1]]])

    n = len(right)
    pairs = [([99, i], [99, n + i], int(attractors[i])) for i in range(n)]
    for row in agreement_accuracy(Model(), pairs).rows:
        found = questions.agreement_accuracy(right, wrong, attractors, row["attractors"])
        assert found == pytest.approx(row["accuracy"])


@pytest.mark.parametrize("seed", SEEDS)
def test_one_unit_against_torch(seed):
    w, b, h0, target, steps = drawn("one_unit_loss", seed)
    w, b = (torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in (w, b))
    h = torch.tensor(h0, dtype=torch.float64)
    for _ in range(steps):
        h = torch.tanh(w * h + b)
    loss = (h - target) ** 2 / 2
    loss.backward()
    found = questions.one_unit_loss(w.item(), b.item(), h0, target, steps)
    close(found, (loss.item(), w.grad.item(), b.grad.item()))


@pytest.mark.parametrize("max_norm", [0.3, 3.0, 300.0])
@pytest.mark.parametrize("seed", SEEDS)
def test_clipping_against_torch(seed, max_norm):
    rng = np.random.default_rng(seed)
    gradients = [rng.normal(size=shape) for shape in ((3, 2), (3, 3), (3,))]
    parameters = [torch.nn.Parameter(torch.zeros(g.shape, dtype=float)) for g in gradients]
    for parameter, gradient in zip(parameters, gradients, strict=True):
        parameter.grad = torch.tensor(gradient)
    torch.nn.utils.clip_grad_norm_(parameters, max_norm)
    for ours, theirs in zip(questions.clip_gradients(gradients, max_norm), parameters, strict=True):
        close(ours, theirs.grad.numpy(), rtol=1e-5)  # torch adds 1e-6 to the norm


def test_first_weights_of_an_irnn_against_the_course():
    srn = identity_(SRN(3, 4, nonlinearity="relu").double(), 0.9)
    _, W_hh, b_h = questions.irnn_weights(np.ones((4, 3)), 0.1, 0.9)
    close(W_hh, srn.weight_hh_l0.detach().numpy(), rtol=1e-7)
    close(b_h, (srn.bias_ih_l0 + srn.bias_hh_l0).detach().numpy())


def test_what_is_not_finite_can_be_pasted():
    """The names `inf` and `nan` of a failing input are those the notebook imports."""
    assert "import inf, nan" in CELLS["imports"]
    question = questions.QUESTIONS["clip_gradients"]
    assert sum(np.isnan(g).any() for gs, _ in question.cases() for g in gs) > 2
    assert sum(np.isinf(g).any() for gs, _ in question.cases() for g in gs) > 2
    message = check("week05.clip_gradients", BANKS["week05"].WRONG["clip_gradients"]["nan_only"][0])
    assert "np.array([inf])" in message.message


# The oracles by hand: what the docstrings of the exercise say


def test_docstrings_tell_the_truth():
    one, half = np.array([1.0]), np.array([0.5])
    given = one, half, np.array([[0.5]]), np.array([[2.0]]), -one
    for cell in OPTIONS:
        h, J = getattr(questions, f"{cell}_step")(*given)
        assert f"h = [{float(f'{h[0]:.4f}')}] and" in CELLS[f"{cell}-step"]
        assert f"the Jacobian is [[{float(f'{J[0, 0]:.4f}')}]]" in CELLS[f"{cell}-step"]
    close(questions.running_products(np.array([[[0.5]], [[0.8]]])), [[[1.0]], [[0.8]], [[0.4]]])
    sigma, rho = questions.norm_and_radius(np.array([[0.5, 4], [0, 0.5]]))
    assert f"{sigma:.4f} and {rho:.1f}" in CELLS["norm-and-radius"]
    bound = questions.gradient_bound(np.array([3.0, 4]), np.diag([0.5, 0.25]), 1.0, 2)
    close(bound, [5, 2.5, 1.25])
    assert questions.count_attractors("DT NN IN DT NNS VBZ".split(), 1, 5) == 1
    pairs = np.array([-1.0, -2]), np.array([-2.0, -1]), np.array([0, 1])
    assert [questions.agreement_accuracy(*pairs, k) for k in (0, 1)] == [1, 0]
    loss, dw, db = questions.one_unit_loss(2.0, 0.0, 0.5, 0.0, 1)
    text = " ".join(CELLS["one-unit-loss"].split())
    assert f"the loss is {loss:.4f}," in text
    assert f"= {db:.4f}, and the derivatives are {dw:.4f} and {db:.4f}" in text
    clipped = questions.clip_gradients([np.array([3.0]), np.array([4.0])], 1.0)
    close(clipped, [[0.6], [0.8]])
    for found, wanted in zip(
        questions.irnn_weights(np.array([[2.0]]), 0.5, 0.9), ([[1.0]], [[0.9]], [0.0]), strict=True
    ):
        close(found, wanted)
    zeros = np.zeros((2, 3)), np.zeros((2, 2)), np.zeros(2)
    norms = questions.gradient_norms(
        np.array([3.0, 4]), np.ones((3, 3)), np.ones(2), *zeros, "residual"
    )
    close(norms, [5.0] * 4)


def test_gelfand_knows_defective_and_turning_matrices():
    close(questions.norm_and_radius(np.array([[0.0, 1], [0, 0]])), (1, 0))
    close(questions.norm_and_radius(np.array([[0.0, -2], [2, 0]])), (2, 2))
    close(questions.norm_and_radius(np.diag([1.0, -3])), (3, 3))
    golden = (1 + math.sqrt(5)) / 2
    close(questions.norm_and_radius(np.array([[1.0, 1], [1, 0]])), (golden, golden))
    close(questions.norm_and_radius(np.array([[1.0, 1], [0, 1]])), (golden, 1))


# The notebook


@pytest.fixture(params=[0, 1])
def names(request):
    return names_after_helpers("week05", request.param)


def test_columns_fit_and_the_cliff_throws(names, capsys):
    exec(CELLS["agreement"], names)
    *lines, clipped = capsys.readouterr().out.splitlines()
    assert clipped == "clipped as torch does: True"
    assert len(lines) == 4
    for line in lines:
        ours, differences = (float(part.split()[-1]) for part in line.split(", by differences"))
        assert ours == pytest.approx(differences, rel=1e-4)
    exec(CELLS["cliff"], names)
    line, free, clipped = capsys.readouterr().out.split("descent")
    rows = {float(w): float(dw) for w, _, dw in map(str.split, line.splitlines()[1:])}
    assert rows[1.285] < 1
    assert rows[1.29] < -300
    last = [[float(n) for n in part.splitlines()[-1].split()] for part in (free, clipped)]
    assert last[0][1] > 2.5  # thrown far away, to where nothing slopes any more
    assert last[0][4] < 1e-4
    assert last[0][3] > 0.04
    assert last[1][3] < 0.001


def test_part_on_real_text_runs_with_every_function_that_is_right(names, capsys):
    """On a short text; the numbers of the answers are those of the notebook."""
    for cell in ("text", "flow"):
        exec(CELLS[cell], names)
    said = capsys.readouterr().out
    assert "98 different ones" in said
    table = {line[:24].strip(): line[24:].split() for line in said.splitlines()[2:]}
    torch_s, tripled, orthogonal, irnn, residual = (
        [float(n) for n in row if n != "-"] for row in table.values()
    )
    assert torch_s[0] > 1 > torch_s[1]
    assert torch_s[3] < 1e-11
    assert torch_s[4] < 1e-21
    assert 3 < torch_s[5] < 5
    assert tripled[1] > 1
    assert 1e47 < tripled[5] < 1e49
    assert 1e-3 < orthogonal[4] < 1e-2
    assert 0.3 < irnn[4] < 0.5
    assert 50 < residual[4] < 500
    exec(CELLS["training"].replace("20_000", "1_000"), names)
    said = capsys.readouterr().out
    assert "finish" not in said
    assert len(said.splitlines()) == 6


def test_clipping_saves_what_explodes(capsys):
    """The numbers of question 4; only on which side of 20 they lie is the same everywhere."""
    names = dict(solutions("week05"))
    for cell in ("helpers", "text"):
        exec(CELLS[cell], names)
    capsys.readouterr()
    exec(CELLS["training"].replace("20_000", "10_000"), names)
    rows = capsys.readouterr().out.splitlines()
    perplexity = [float(row.split("perplexity")[1].split()[0]) for row in rows]
    assert all(not free < 19 for free in perplexity[::2])  # nan is no number below 19 either
    assert all(clipped < 18 for clipped in perplexity[1::2])


def test_agreement_by_attractors(names, capsys):
    exec(CELLS["attractors"].replace("[:100]", "[:40]"), names)
    rows = [line.rsplit(maxsplit=5) for line in capsys.readouterr().out.splitlines()]
    found = {name.strip(): [float(n.rstrip("%")) for n in numbers] for name, *numbers in rows}
    assert found["sentences"] == [48.2, 32.5, 11.5, 4.7, 1.9]
    assert found["optimum"] == [1.0] * 5
    assert found["nearest noun"][0] == 1
    assert max(found["nearest noun"][1:]) < 0.5
    assert max(found["5-gram"]) < 0.75
    mean = 0.482 + 0.325 * 0.33 + 0.115 * 0.26 + (0.047 + 0.019 + 0.012) * 0.3
    assert f"{mean:.2f}" == "0.64"


def test_open_task_begins_tame_and_its_solution_grows(capsys):
    start, rest = CELLS["powers"].split("### BEGIN SOLUTION")
    answer, rest = rest.split("### END SOLUTION")
    for text, end in (
        (start + rest, "not yet\n"),
        (start + answer + rest, "grew a hundredfold, then vanished\n"),
    ):
        names = dict(solutions("week05"))
        exec(CELLS["helpers"], names)
        exec(text, names)
        assert capsys.readouterr().out.endswith(end)


def test_guide_says_how_much_a_matrix_grows(capsys):
    names = dict(solutions("week05"))
    exec(CELLS["helpers"], names)
    before, rest = CELLS["powers"].split("### BEGIN SOLUTION")
    rest = rest.split("### END SOLUTION")[1]
    task = GUIDE.read_text(encoding="utf-8").split("\n## The open task")[1]
    rows = [[cell.strip() for cell in row.split("|")[:3]] for row in task.split("\n| ")[2:]]
    assert len(rows) == 5
    eight = "0.9 * np.eye(8) + 0.3 * np.eye(8, k=1)"
    assert "385-fold, and the top comes 67 steps back" in task
    rows = [(f"np.array([[0.9, {c}], [0, 0.9]])", *told) for c, *told in rows]
    grown = "grew a hundredfold, then vanished"
    for matrix, largest, verdict in [*rows, (eight, "385.0 at 67", grown)]:
        capsys.readouterr()
        exec(f"{before}\nW_hh = {matrix}\n{rest}", names)
        said = capsys.readouterr().out.splitlines()
        assert f"largest {largest}" in said[0]
        assert said[-1] == verdict
