"""The oracles of week 4 against torch, the course's network and hand arithmetic; its notebook."""

import math

import numpy as np
import pytest
import torch
from test_checks import names_after_helpers, notebook, solution_cells, solutions

from course_utils.checks import week04 as questions
from course_utils.numpy_rnn import NumpyRNN

SEEDS = range(6)


def a_text(seed):
    """Return inputs, targets, h0 and weights; T, H and V all different, h0 not zero."""
    return questions.QUESTIONS["sequence_loss"].random_inputs(np.random.default_rng(seed))


def close(answer, wanted):
    assert np.shape(answer) == np.shape(wanted)
    np.testing.assert_allclose(answer, wanted, rtol=1e-9, atol=1e-14)


class Torch:
    """The same network in torch, its loss differentiated automatically."""

    def __init__(self, inputs, targets, h0, *weights):
        self.weights = [torch.tensor(W, requires_grad=True) for W in weights]
        W_xh, W_hh, W_hy = self.weights
        self.h0, h = torch.tensor(h0), torch.tensor(h0)
        self.nets, self.logits, self.losses = [], [], []
        for x, y in zip(inputs, targets, strict=True):
            self.nets.append(W_xh[:, x] + W_hh @ h)
            h = torch.tanh(self.nets[-1])
            self.logits.append(W_hy @ h)
            self.losses.append(torch.nn.functional.cross_entropy(self.logits[-1], torch.tensor(y)))
        self.loss = torch.stack(self.losses).mean()
        self.h = h.detach().numpy()

    def gradients(self, loss, of):
        found = torch.autograd.grad(loss, of, retain_graph=True, materialize_grads=True)
        return [gradient.numpy() for gradient in found]

    def arrays(self, *names):
        return [np.array([row.detach().numpy() for row in getattr(self, name)]) for name in names]


# The oracles against torch


@pytest.mark.parametrize("seed", SEEDS)
def test_loss_and_gradients_against_torch(seed):
    given = a_text(seed)
    net = Torch(*given)
    assert questions.sequence_loss(*given) == pytest.approx(net.loss.item(), rel=1e-12)
    *gradients, h = questions.bptt(*given)
    for ours, theirs in zip(gradients, net.gradients(net.loss, net.weights), strict=True):
        close(ours, theirs)
    close(h, net.h)


@pytest.mark.parametrize("seed", SEEDS)
def test_errors_and_deltas_against_torch(seed):
    given = a_text(seed)
    _, targets, _, _, W_hh, W_hy = given
    net = Torch(*given)
    (nets,) = net.arrays("nets")
    errors = questions.output_errors(np.tanh(nets), targets, W_hy)
    close(errors, net.gradients(net.loss, net.logits))
    deltas = np.array(net.gradients(net.loss, net.nets))
    close(questions.delta_recursion(errors, nets, W_hy, W_hh), deltas)
    for t in range(len(nets) - 1):
        close(questions.delta_step(errors[t], deltas[t + 1], nets[t], W_hy, W_hh), deltas[t])
    table = questions.delta_table(errors, nets, W_hy, W_hh)
    for t, loss in enumerate(net.losses):
        close(table[t], np.array(net.gradients(loss / len(nets), net.nets)))


@pytest.mark.parametrize("seed", SEEDS)
def test_gradients_from_deltas_against_torch(seed):
    given = a_text(seed)
    inputs, _, h0, W_xh, _, _ = given
    net = Torch(*given)
    (nets,) = net.arrays("nets")
    deltas = np.array(net.gradients(net.loss, net.nets))
    dW_xh, dW_hh, _ = net.gradients(net.loss, net.weights)
    close(questions.gradient_W_hh(deltas, np.tanh(nets), h0), dW_hh)
    close(questions.gradient_W_xh(deltas, inputs, W_xh.shape[1]), dW_xh)


@pytest.mark.parametrize("seed", SEEDS)
def test_central_differences_miss_the_gradient_by_the_square_of_the_step(seed):
    given = a_text(seed)
    net = Torch(*given)
    _, dW_hh, _ = net.gradients(net.loss, net.weights)
    miss = [
        np.abs(questions.numerical_gradient(*given, step) - dW_hh).max() for step in (1e-2, 1e-3)
    ]
    assert miss[0] / miss[1] == pytest.approx(100, rel=0.01)


@pytest.mark.parametrize("tau", [1, 2, 3, 9])
@pytest.mark.parametrize("seed", SEEDS)
def test_truncation_against_the_network_of_the_course(seed, tau):
    inputs, targets, h0, W_xh, W_hh, W_hy = a_text(seed)
    H, V = W_xh.shape
    net = NumpyRNN(W_xh, W_hh, W_hy, np.zeros(H), np.zeros(V), activation="tanh")
    (nets,) = Torch(inputs, targets, h0, W_xh, W_hh, W_hy).arrays("nets")
    errors = questions.output_errors(np.tanh(nets), targets, W_hy)
    table = questions.delta_table(errors, nets, W_hy, W_hh)
    close(table, net.deltas_by_target(inputs, targets, h0))
    truncated = net.deltas_by_target(inputs, targets, h0, tau=tau).sum(axis=0)
    close(questions.truncated_deltas(table, tau), truncated)
    *gradients, h = questions.bptt(inputs, targets, h0, W_xh, W_hh, W_hy, tau)
    theirs = net.bptt(inputs, targets, h0, tau=tau)
    for name, ours in zip(("W_xh", "W_hh", "W_hy"), gradients, strict=True):
        close(ours, theirs.gradients[name])
    close(h, theirs.state)


# The oracles by hand: what the docstrings of the exercise say


def test_oracles_by_hand():
    ids, zeros = np.array([0, 2, 1]), np.zeros((3, 3))
    loss = questions.sequence_loss(ids, ids, np.zeros(3), zeros, zeros, zeros)
    assert loss == pytest.approx(math.log(3))
    errors = questions.output_errors(np.zeros((1, 2)), np.array([1]), np.ones((3, 2)))
    close(errors, [[1 / 3, -2 / 3, 1 / 3]])
    # net = 0: the derivative of tanh is 1. (1, 0) @ W_hy + (0, 2) @ W_hh = (1, 2) + (14, 16).
    W_hy, W_hh = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[5.0, 6.0], [7.0, 8.0]])
    given = np.array([1.0, 0.0]), np.array([0.0, 2.0])
    close(questions.delta_step(*given, np.zeros(2), W_hy, W_hh), [15, 18])
    # tanh(1) ** 2 = 0.58002566.
    delta = questions.delta_step(*given, np.array([0.0, 1.0]), W_hy, W_hh)
    np.testing.assert_allclose(delta, [15, 18 * (1 - 0.58002566)], rtol=1e-7)
    row = np.array([[1.0, 2.0]])
    close(questions.gradient_W_hh(row, row, np.array([3.0, 5.0])), [[3, 5], [6, 10]])
    gradient = questions.gradient_W_xh(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([1, 1]), 3)
    close(gradient, [[0, 4, 0], [0, 6, 0]])
    table = np.array([[[1.0], [0.0], [0.0]], [[2.0], [3.0], [0.0]], [[4.0], [5.0], [6.0]]])
    close(questions.truncated_deltas(table, 1), [[1], [3], [6]])
    close(questions.truncated_deltas(table, 2), [[3], [8], [6]])
    close(questions.truncated_deltas(table, 3), [[7], [8], [6]])


# The notebook


CELLS = {cell.id: cell.source for cell in solution_cells("week04")}


@pytest.fixture(params=[0, 1])
def names(request):
    return names_after_helpers("week04", request.param)


def test_columns_fit_and_the_best_step_is_the_one_the_guide_names(names, capsys):
    exec(CELLS["agreement"], names)
    lines = capsys.readouterr().out.splitlines()
    assert float(lines[0].split()[-1]) < 1e-14
    errors = {float(line.split()[0]): float(line.split()[1]) for line in lines[2:]}
    assert min(errors, key=errors.get) in (1e-4, 1e-5, 1e-6)
    assert min(errors.values()) < 1e-9
    assert errors[1e-1] / errors[1e-2] == pytest.approx(100, rel=0.1)


def test_part_on_real_text_runs_with_every_function_that_is_right(names, capsys):
    """On a short text."""
    exec(CELLS["text"], names)
    names["train_ids"] = names["train_ids"][:400]
    for cell in ("training", "reach", "tau"):
        exec(CELLS[cell].replace("40_00", "6").replace("200_000", "300"), names)
    said = capsys.readouterr().out
    assert "finish" not in said
    perplexities = [float(line.split()[-1]) for line in said.splitlines() if "read:" in line]
    assert len(perplexities) == 6
    assert perplexities[0] == pytest.approx(len(names["vocab"]), abs=0.05)
    assert perplexities[-1] < perplexities[0]
    assert said.count("steps back") == 11
    assert said.count("tau ") == 5


def test_an_echo_needs_an_error_that_reaches_the_step_that_read_the_symbol():
    names = dict(solutions("week04"))
    exec(CELLS["helpers"], names)
    exec(CELLS["echo"], names)
    echo = names["echo"]
    assert echo(lag=1, tau=1, length=16_000) < 0.1
    assert echo(lag=2, tau=2, length=16_000) > 1
    assert echo(lag=2, tau=3, length=16_000) < 0.1


def test_the_open_task_and_the_guide_name_the_same_taus():
    answer = CELLS["needed"].split("### BEGIN SOLUTION")[1].split("### END SOLUTION")[0]
    needed = {}
    exec(answer, needed)
    guide = (notebook("week04").parent / "guide.md").read_text(encoding="utf-8")
    table = guide.split("\n## The open task")[1].split("\n| ")[2:]
    rows = [[int(cell) for cell in row.split(" | ")[:2]] for row in table]
    assert needed["needed"] == dict(rows)
    for lag, tau in rows:
        assert tau == (lag + 1 if lag != 1 else 1)
