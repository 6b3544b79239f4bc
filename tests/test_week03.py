"""The oracles of week 3 against torch, against the course's own modules, and by hand."""

import math
from pathlib import Path

import nbformat
import numpy as np
import pytest
import torch

from course_utils import text as course_text
from course_utils.checks import week03
from course_utils.generation import sampling_probs
from course_utils.models import LanguageModel

ROOT = Path(__file__).resolve().parents[1]
SOLUTION = ROOT / "solutions" / "week03" / "week03_simple_recurrent_networks.ipynb"


def tensor(array):
    return torch.tensor(array)


@pytest.mark.parametrize("seed", range(10))
def test_step_and_forward_oracles_against_torch(seed):
    xs, h_0, W_xh, W_hh, b_h = week03._random_run(np.random.default_rng(seed))
    rnn = torch.nn.RNN(xs.shape[1], len(h_0)).double()
    with torch.no_grad():
        rnn.weight_ih_l0.copy_(tensor(W_xh))
        rnn.weight_hh_l0.copy_(tensor(W_hh))
        rnn.bias_ih_l0.copy_(tensor(b_h))
        rnn.bias_hh_l0.zero_()
        hs = rnn(tensor(xs), tensor(h_0)[None])[0].numpy()
    np.testing.assert_allclose(week03.forward_rnn(xs, h_0, W_xh, W_hh, b_h), hs, atol=1e-12)
    np.testing.assert_allclose(week03.srn_step(xs[0], h_0, W_xh, W_hh, b_h), hs[0], atol=1e-12)


@pytest.mark.parametrize("seed", range(10))
def test_tagger_oracle_against_torch(seed):
    X, tags, U, W, V = week03._random_tagging(np.random.default_rng(seed))
    rnn = torch.nn.RNN(X.shape[1], len(W), nonlinearity="relu", bias=False).double()
    with torch.no_grad():
        rnn.weight_ih_l0.copy_(tensor(U.T))
        rnn.weight_hh_l0.copy_(tensor(W.T))
        y = torch.softmax(rnn(tensor(X))[0] @ tensor(V), dim=1).numpy()
    wanted = y[np.arange(len(tags)), tags]
    np.testing.assert_allclose(week03.tag_probs(X, tags, U, W, V), wanted, atol=1e-12)


@pytest.mark.parametrize(
    ("last", "probabilities"),
    [(-1, [0.3775, 0.7176, 8.0e-7]), (1, [0.2846, 0.5678, 0.4903])],
)
def test_persian_cat_by_hand(last, probabilities):
    # h: (1, 1); (4, 3) + (1, 1) = (5, 4); (-0.5, 2) + (4, 5) = (3.5, 7).
    by_hand = []
    for (a, b), tag in (((1, 1), 0), ((5, 4), 1), ((3.5, 7), 3)):
        scores = [b, a, b / 3, last * b]
        by_hand.append(math.exp(scores[tag]) / sum(map(math.exp, scores)))
    X, tags, U, W = week03._PERSIAN_CAT
    answer = week03.tag_probs(X, tags, U, W, np.array([[0, 1, 0, 0], [1, 0, 1 / 3, last]]))
    np.testing.assert_allclose(answer, by_hand, rtol=1e-12)
    np.testing.assert_allclose(answer, probabilities, rtol=3e-4)


@pytest.mark.parametrize("seed", range(10))
def test_loss_oracles_against_torch(seed):
    logits, targets = week03._random_logits(np.random.default_rng(seed))
    nats = torch.nn.functional.cross_entropy(tensor(logits), tensor(targets), reduction="none")
    log_probs = week03.token_log_probs(logits, targets)
    np.testing.assert_allclose(log_probs, -nats.numpy(), atol=1e-9)
    pieces = [log_probs[:1], log_probs[1:]]
    mean = torch.nn.functional.cross_entropy(tensor(logits), tensor(targets)).item()
    assert week03.mean_loss(pieces) == pytest.approx(mean)


@pytest.mark.parametrize("seed", range(10))
def test_shift_and_streams_oracles_against_the_course(seed):
    text, batch_size = week03._random_streams(np.random.default_rng(seed))
    wanted = course_text.streams(text, batch_size)
    for ids, columns in zip(week03.inputs_and_targets(text), wanted, strict=True):
        np.testing.assert_array_equal(week03.streams(ids, batch_size), columns)


@pytest.mark.parametrize("temperature", [0.3, 1.0, 2.5])
def test_temperature_oracle_against_torch_and_the_course(temperature):
    logits = np.random.default_rng(0).normal(size=7)
    wanted = torch.softmax(tensor(logits) / temperature, dim=0).numpy()
    answer = week03.temperature_probs(logits, temperature)
    np.testing.assert_allclose(answer, wanted, atol=1e-12)
    np.testing.assert_allclose(answer, sampling_probs(logits, temperature), atol=1e-12)


@pytest.fixture
def model_and_weights():
    """A language model of the course, in float64, and its weights as the exercise takes them."""
    torch.manual_seed(0)
    lm = LanguageModel(7, embedding_size=3, hidden_size=5, cell="srn", tie_weights=False).double()
    with torch.no_grad():
        for parameter in lm.parameters():
            parameter.normal_()
    lm.eval()
    p = {name: value.detach().numpy() for name, value in lm.named_parameters()}
    return lm, {
        "embedding": p["embedding.weight"],
        "W_xh": p["rnn.weight_ih_l0"],
        "W_hh": p["rnn.weight_hh_l0"],
        "b_h": p["rnn.bias_ih_l0"] + p["rnn.bias_hh_l0"],
        "W_hy": p["output.weight"],
        "b_y": p["output.bias"],
    }


@pytest.mark.parametrize("length", [1, 3, 4, 50])
def test_pieces_oracle_against_the_model_of_the_course(length, model_and_weights):
    lm, weights = model_and_weights
    text = np.random.default_rng(1).integers(0, 7, size=23)
    previous, h, found = 1, np.zeros(5), []
    for start in range(0, len(text), length):
        piece = text[start : start + length]
        log_probs, h = week03.score_piece(piece, previous, h, weights)
        previous = int(piece[-1])
        found.append(log_probs)
    np.testing.assert_allclose(np.concatenate(found), lm.log_probs(text), atol=1e-10)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_generator_oracle_against_the_model_of_the_course(temperature, model_and_weights):
    lm, weights = model_and_weights
    lengths = set()
    for seed in range(20):
        numbers = np.random.default_rng(seed).random(9).tolist()
        words = []
        for u in numbers:
            p = lm.next_word_probs(words) ** (1 / temperature)
            words.append(int(np.searchsorted(np.cumsum(p / p.sum()), u, side="right")))
            if words[-1] == 1:
                words.pop()
                break
        assert week03.generate(weights, numbers, temperature) == words
        lengths.add(len(words))
    assert len(lengths) > 2


def test_random_texts_end_in_many_ways():
    """Among them texts that stop at once and texts that use all numbers."""
    rng = np.random.default_rng(0)
    drawn = [week03._random_writing(rng) for _ in range(100)]
    written = [week03.generate(*inputs) for inputs in drawn]
    stopped = [len(words) < len(inputs[1]) for words, inputs in zip(written, drawn, strict=True)]
    assert 20 < sum(stopped) < 80
    assert sum(len(words) > 2 for words in written) > 20


def cell(name):
    cells = nbformat.read(SOLUTION, as_version=4).cells
    return next(cell.source for cell in cells if cell.id == name)


def test_docstrings_tell_the_truth():
    """The numbers of the examples, as the oracles compute them."""
    step = week03.srn_step(*(np.array(a) for a in ([1], [0.5], [[0.5]], [[1]], [-0.25])))
    assert f"[{step[0]:.4f}]" in cell("srn-step")
    hs = week03.forward_rnn(*map(np.array, ([[1], [0]], [0], [[1]], [[0.5]], [0.25])))
    assert f"[[{hs[0, 0]:.4f}], [{hs[1, 0]:.4f}]]" in cell("forward-rnn")
    tag = week03.tag_probs(
        *map(np.array, ([[1]], [0], [[1, -1]], np.eye(2), [[1, 0, -1], [0, 1, 1]]))
    )
    assert f"[{tag[0]:.4f}]" in cell("tag-probs")
    hot = week03.temperature_probs(np.array([0.0, 1.0]), 0.5)
    assert f"[{hot[0]:.4f}, {hot[1]:.4f}]" in cell("temperature-probs")
    assert f"{-math.log(4):.4f}" in cell("token-log-probs")


def test_open_task_begins_forgetful_and_its_solution_remembers(capsys):
    start, rest = cell("one-unit").split("### BEGIN SOLUTION")
    answer, rest = rest.split("### END SOLUTION")
    names = {"np": np, "check": lambda *_: True, "forward_rnn": week03.forward_rnn}
    exec(start + rest, dict(names))
    assert capsys.readouterr().out.endswith("forgotten\n")
    exec(start + answer.replace("\n    ", "\n") + rest, dict(names))
    assert capsys.readouterr().out.endswith("held\n")


@pytest.mark.parametrize(("W_hh", "held"), [(1.63, False), (1.65, True)])
def test_guide_names_the_least_weight_that_holds(W_hh, held):
    h = 1.0
    for _ in range(1000):
        h = math.tanh(W_hh * h)
    assert (h >= 0.9) == held
    guide = (SOLUTION.parent / "guide.md").read_text(encoding="utf-8")
    assert "greater than about 1.64" in guide


def test_guide_counts_the_weights_that_tying_saves():
    V, E = 10_000, 128
    lm = LanguageModel(V, hidden_size=E, cell="srn", tie_weights=False)
    tied = LanguageModel(V, hidden_size=E, cell="srn", tie_weights=True)
    n, n_tied = (sum(p.numel() for p in m.parameters()) for m in (lm, tied))
    assert n - n_tied == 1_280_000
    assert round(n / 1e6, 1) == 2.6
    assert "saves 1,280,000 of about 2.6 million" in (
        " ".join((SOLUTION.parent / "guide.md").read_text(encoding="utf-8").split())
    )
