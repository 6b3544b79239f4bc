"""The oracles of week 2 against torch and hand arithmetic."""

import math

import numpy as np
import pytest
import torch

from course_utils.checks import week02 as questions
from course_utils.models import WindowLanguageModel
from course_utils.text import Vocabulary

SEEDS = range(8)


def inputs(name, seed):
    return questions.QUESTIONS[name].random_inputs(np.random.default_rng(seed))


def tensors(*arrays):
    arrays = map(np.asarray, arrays)
    return [torch.tensor(a, requires_grad=a.dtype == float) for a in arrays]


def close(answer, wanted):
    wanted = wanted.detach().numpy() if isinstance(wanted, torch.Tensor) else wanted
    assert np.shape(answer) == np.shape(wanted)
    np.testing.assert_allclose(answer, wanted, rtol=1e-9, atol=1e-13)


def test_softmax_by_hand():
    # e^0 : e^ln 3 = 1 : 3; the same shifted by 5000.
    scores = np.array([[0.0, math.log(3)], [5000.0, 5000.0 + math.log(3)]])
    np.testing.assert_allclose(questions.softmax(scores), [[0.25, 0.75], [0.25, 0.75]], rtol=1e-9)


@pytest.mark.parametrize("seed", SEEDS)
def test_softmax_against_torch(seed):
    (scores,) = inputs("softmax", seed)
    with np.errstate(over="ignore"):  # its way, 1 / sum of exp(differences), may have 1 / inf = 0
        found = questions.softmax(scores)
    close(found, torch.softmax(torch.tensor(scores), dim=1))


@pytest.mark.parametrize("seed", SEEDS)
def test_cross_entropy_against_torch(seed):
    probs, targets = inputs("cross_entropy", seed)
    wanted = torch.nn.functional.nll_loss(torch.tensor(probs).log(), torch.tensor(targets))
    close(questions.cross_entropy(probs, targets), wanted)


def test_cross_entropy_by_hand():
    # (ln 2 + ln 4) / 2 = 1.5 ln 2.
    answer = questions.cross_entropy(np.array([[0.5, 0.5], [0.25, 0.75]]), np.array([1, 0]))
    assert answer == pytest.approx(1.5 * math.log(2))


def test_windows_by_hand():
    windows, targets = questions.cut_windows(np.array([5, 6, 1, 7]), 2, 1)
    assert windows.tolist() == [[1, 1], [1, 5], [5, 6], [1, 1]]
    assert targets.tolist() == [5, 6, 1, 7]


@pytest.mark.parametrize("seed", SEEDS)
def test_embedding_against_torch(seed):
    windows, E = inputs("embed", seed)
    vectors = torch.nn.functional.embedding(torch.tensor(windows), torch.tensor(E))
    close(questions.embed(windows, E), vectors.flatten(start_dim=1))


@pytest.mark.parametrize("seed", SEEDS)
def test_forward_against_the_model_of_the_course(seed):
    """Window by window: the course's network reads a text, here the window and nothing before."""
    windows, E, W_xh, b_h, W_hy, b_y = inputs("forward", seed)
    sizes = {"embedding_size": E.shape[1], "hidden_size": len(b_h)}
    model = WindowLanguageModel(len(E), windows.shape[1], **sizes).double()
    names = ["embedding.weight", "hidden.weight", "hidden.bias", "output.weight", "output.bias"]
    weights = [torch.tensor(w) for w in (E, W_xh, b_h, W_hy, b_y)]
    model.load_state_dict(dict(zip(names, weights, strict=True)))
    x, h, p = questions.forward(windows, E, W_xh, b_h, W_hy, b_y)
    for window, x_row, h_row, p_row in zip(windows, x, h, p, strict=True):
        close(x_row, E[window].reshape(-1))
        close(h_row, torch.tanh(model.hidden(torch.tensor(x_row))))
        close(p_row, model.next_word_probs(window))


@pytest.mark.parametrize("seed", SEEDS)
def test_windows_and_forward_score_sentences_as_the_model_of_the_course(seed):
    V, D, H, size = 7, 2, 5, 3
    sentences = [[2, 5, 2, 6, 3, 1], [1], [4, 1], [2, 2, 3]]
    model = WindowLanguageModel(V, size, embedding_size=D, hidden_size=H).double()
    weights = model.state_dict()
    assert list(weights) == [
        "embedding.weight",
        "hidden.weight",
        "hidden.bias",
        "output.weight",
        "output.bias",
    ]
    ids = np.concatenate(sentences)
    windows, targets = questions.cut_windows(ids, size, Vocabulary.eos_id)
    p = questions.forward(windows, *(weight.numpy() for weight in weights.values()))[2]
    wanted = np.concatenate([model.log_probs(np.array(sentence)) for sentence in sentences])
    close(np.log(p[np.arange(len(ids)), targets]), wanted)


@pytest.mark.parametrize("seed", SEEDS)
def test_sigmoid_against_torch(seed):
    (a,) = tensors(*inputs("sigmoid", seed))
    value = torch.sigmoid(a)
    (slope,) = torch.autograd.grad(value.sum(), a)
    with np.errstate(over="ignore"):
        s, ds = questions.sigmoid(a.detach().numpy())
    np.testing.assert_allclose(s, value.detach(), atol=1e-15)
    np.testing.assert_allclose(ds, slope, atol=1e-15)


def test_sigmoid_by_hand():
    # At ln 3: 1 / (1 + 1/3) = 3/4, and 3/4 * 1/4 = 3/16.
    s, slope = questions.sigmoid(np.array([0.0, math.log(3)]))
    np.testing.assert_allclose(s, [1 / 2, 3 / 4])
    np.testing.assert_allclose(slope, [1 / 4, 3 / 16])


@pytest.mark.parametrize("seed", SEEDS)
def test_logistic_step_against_torch(seed):
    *given, lr = inputs("logistic_step", seed)
    x, y, w, b = tensors(*given)
    loss = torch.nn.functional.binary_cross_entropy_with_logits(x @ w + b, y.detach())
    dw, db = torch.autograd.grad(loss, (w, b))
    new_w, new_b = questions.logistic_step(*given, lr)
    close(new_w, w - lr * dw)
    close(new_b, b - lr * db)


def test_logistic_step_by_hand():
    # p = 1/2, so p - y = -1/2: w moves by lr/2 times x, b by lr/2.
    w, b = questions.logistic_step(np.array([[1.0, 2.0]]), np.array([1.0]), np.zeros(2), 0.0, 1.0)
    np.testing.assert_allclose(w, [0.5, 1])
    assert b == pytest.approx(0.5)


@pytest.mark.parametrize("seed", SEEDS)
def test_gradients_against_torch(seed):
    """From the loss back to the word vectors, each function given what the one before returned."""
    windows, *given = inputs("forward", seed)
    targets = np.random.default_rng(seed).integers(0, len(given[0]), size=len(windows))
    E, W_xh, b_h, W_hy, b_y = weights = tensors(*given)
    h = torch.tanh(E[torch.tensor(windows)].flatten(start_dim=1) @ W_xh.T + b_h)
    loss = torch.nn.functional.cross_entropy(h @ W_hy.T + b_y, torch.tensor(targets))
    wanted = torch.autograd.grad(loss, weights)

    x, h, p = questions.forward(windows, *given)
    dW_hy, db_y, dh = questions.output_gradient(h, p, targets, given[3])
    dW_xh, db_h, dx = questions.hidden_gradient(x, h, dh, given[1])
    dE = questions.embedding_gradient(windows, dx, len(given[0]))
    for answer, gradient in zip((dE, dW_xh, db_h, dW_hy, db_y), wanted, strict=True):
        np.testing.assert_allclose(answer, gradient, rtol=1e-8, atol=1e-12)


def test_embedding_gradient_by_hand():
    # Word 2 stands at both places: (1, 2) + (3, 4).
    answer = questions.embedding_gradient(np.array([[2, 2]]), np.array([[1.0, 2, 3, 4]]), 3)
    assert answer.tolist() == [[0, 0], [0, 0], [4, 6]]


@pytest.mark.parametrize("seed", range(30))
def test_sizes_of_random_networks_differ(seed):
    windows, E, W_xh, _, W_hy, _ = inputs("forward", seed)
    sizes = [*windows.shape, E.shape[1], W_xh.shape[1], *W_hy.shape]
    assert len(set(sizes)) == len(sizes), "a wrong product could fit by accident"
