import math

import numpy as np
import pytest
import torch

from course_utils.evaluation import perplexity
from course_utils.numpy_rnn import NumpyRNN, numerical_gradient, sigmoid, softmax, train

T, H, V, X = 6, 4, 7, 3
ACTIVATIONS = {"sigmoid": torch.sigmoid, "tanh": torch.tanh, "relu": torch.relu}


def make(activation, vectors=False, seed=0):
    """A model with random biases, inputs (ids or vectors), targets and a first state not zero."""
    rng = np.random.default_rng(seed)
    size = X if vectors else None
    model = NumpyRNN.random(V, H, input_size=size, activation=activation, scale=0.7, seed=seed)
    model.b_h[:], model.b_y[:] = rng.normal(size=H), rng.normal(size=V)
    inputs = rng.normal(size=(T, X)) if vectors else rng.integers(V, size=T)
    return model, inputs, rng.integers(V, size=T), rng.normal(size=H)


def torch_forward(model, inputs, h0, tau=None):
    """The same network as an autograd graph: leaves, and for each target its own loss.

    With ``tau`` the graph of each target is built anew, from the state tau steps back, detached.
    """
    leaves = {k: torch.tensor(w, requires_grad=True) for k, w in model.parameters.items()}
    x = torch.tensor(inputs)
    if x.ndim == 1:
        x = torch.nn.functional.one_hot(x, model.W_xh.shape[1]).double()
    f = ACTIVATIONS[model.activation]

    def step(x, h):
        return f(leaves["W_xh"] @ x + leaves["W_hh"] @ h + leaves["b_h"])

    states = [torch.tensor(h0)]
    for t in range(len(x)):
        states.append(step(x[t], states[-1]))
    outputs = []
    for t in range(len(x)):
        first = 0 if tau is None else max(0, t - tau + 1)
        h = states[first].detach()
        for s in range(first, t + 1):
            h = step(x[s], h)
        outputs.append(leaves["W_hy"] @ h + leaves["b_y"])
    return leaves, torch.stack(outputs)


def gradients_by_autograd(model, inputs, targets, h0, tau=None):
    leaves, outputs = torch_forward(model, inputs, h0, tau)
    loss = torch.nn.functional.cross_entropy(outputs, torch.tensor(targets))
    loss.backward()
    return loss.item(), {k: leaf.grad.numpy() for k, leaf in leaves.items()}


def assert_same(gradients, expected):
    for name, value in expected.items():
        np.testing.assert_allclose(gradients[name], value, rtol=1e-10, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("activation", ["tanh", "relu"])
@pytest.mark.parametrize("vectors", [False, True])
def test_forward_is_torchs(activation, vectors):
    model, inputs, _, h0 = make(activation, vectors)
    rnn = torch.nn.RNN(model.W_xh.shape[1], H, nonlinearity=activation, dtype=torch.float64)
    state = dict(
        zip(
            ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0"),
            (model.W_xh, model.W_hh, model.b_h),
            strict=True,
        )
    )
    state["bias_hh_l0"] = np.zeros(H)
    rnn.load_state_dict({k: torch.tensor(w) for k, w in state.items()})
    x = np.eye(V)[inputs] if not vectors else inputs
    h, _ = rnn(torch.tensor(x), torch.tensor(h0)[None])
    trace = model.forward(inputs, h0)
    np.testing.assert_allclose(trace.h, h.detach(), rtol=1e-12)
    y = torch.softmax(h @ torch.tensor(model.W_hy).T + torch.tensor(model.b_y), dim=1)
    np.testing.assert_allclose(trace.y, y.detach(), rtol=1e-12)
    np.testing.assert_array_equal(trace.h_prev, [h0, *trace.h[:-1]])


def test_one_step_of_edinburghs_equations_by_hand():
    # two words, two units, no biases; word 1 picks the second columns
    model = NumpyRNN([[5, 0.5], [5, -1]], [[0, 1], [2, 0]], [[1, 0], [3, -1]], [0, 0], [0, 0])
    h, y = model.step(1, np.array([0.25, 0.5]))
    # net_h = (0.5 + 0.5, -1 + 0.5) = (1, -0.5)
    h_by_hand = [1 / (1 + math.exp(-1)), 1 / (1 + math.exp(0.5))]
    np.testing.assert_allclose(h, h_by_hand, rtol=1e-14)
    # y_0 / y_1 = exp(h_0 - (3 h_0 - h_1))
    assert math.isclose(y[0] / y[1], math.exp(-2 * h_by_hand[0] + h_by_hand[1]), rel_tol=1e-14)
    assert math.isclose(y.sum(), 1)
    assert math.isclose(model.loss([1], [0], [0.25, 0.5]), -math.log(y[0]))


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("vectors", [False, True])
def test_gradients_are_autograds(activation, vectors):
    model, inputs, targets, h0 = make(activation, vectors)
    result = model.bptt(inputs, targets, h0)
    loss, expected = gradients_by_autograd(model, inputs, targets, h0)
    assert math.isclose(result.loss, loss, rel_tol=1e-12)
    assert math.isclose(model.loss(inputs, targets, h0), loss, rel_tol=1e-12)
    assert_same(result.gradients, expected)
    np.testing.assert_array_equal(result.state, model.forward(inputs, h0).h[-1])


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("tau", [1, 2, 3, T - 1])
def test_truncated_gradients_are_those_of_detached_states(activation, tau):
    model, inputs, targets, h0 = make(activation)
    result = model.bptt(inputs, targets, h0, tau=tau)
    _, expected = gradients_by_autograd(model, inputs, targets, h0, tau)
    assert_same(result.gradients, expected)
    full = model.bptt(inputs, targets, h0).gradients
    assert not np.allclose(result.gradients["W_hh"], full["W_hh"]), "this tau cuts something off"


@pytest.mark.parametrize("tau", [T, T + 1, 1000])
def test_tau_of_the_whole_text_is_no_truncation(tau):
    model, inputs, targets, h0 = make("tanh")
    assert_same(
        model.bptt(inputs, targets, h0, tau).gradients, model.bptt(inputs, targets, h0).gradients
    )


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_each_delta_is_the_derivative_of_its_target_at_its_step(activation):
    model, inputs, targets, h0 = make(activation)
    table = model.deltas_by_target(inputs, targets, h0)
    assert table.shape == (T, T, H)

    # a number added to net_h of one step is a bias of that step alone
    nets = torch.zeros(T, H, dtype=torch.float64, requires_grad=True)
    W = {k: torch.tensor(w) for k, w in model.parameters.items()}
    h, losses = torch.tensor(h0), []
    for t in range(T):
        net = W["W_xh"][:, inputs[t]] + W["W_hh"] @ h + W["b_h"] + nets[t]
        h = ACTIVATIONS[activation](net)
        losses.append(-torch.log_softmax(W["W_hy"] @ h + W["b_y"], 0)[targets[t]] / T)
    for t, loss in enumerate(losses):
        (expected,) = torch.autograd.grad(loss, nets, retain_graph=True)
        np.testing.assert_allclose(table[t], expected, rtol=1e-10, atol=1e-13)
    np.testing.assert_allclose(
        table.sum(axis=0), model.bptt(inputs, targets, h0).deltas, rtol=1e-10, atol=1e-13
    )


@pytest.mark.parametrize("tau", [1, 2, 4, T])
def test_truncation_keeps_the_deltas_within_tau_and_drops_the_others(tau):
    model, inputs, targets, h0 = make("tanh")
    full = model.deltas_by_target(inputs, targets, h0)
    table = model.deltas_by_target(inputs, targets, h0, tau)
    for t in range(T):
        for s in range(T):
            kept = 0 <= t - s < tau
            np.testing.assert_array_equal(table[t, s], full[t, s] if kept else np.zeros(H))
            assert np.any(full[t, s]) == (s <= t)
    np.testing.assert_allclose(
        table.sum(axis=0), model.bptt(inputs, targets, h0, tau).deltas, rtol=1e-12, atol=1e-15
    )


@pytest.mark.parametrize("vectors", [False, True])
def test_gradients_agree_with_finite_differences(vectors):
    model, inputs, targets, h0 = make("sigmoid", vectors)
    before = {k: w.copy() for k, w in model.parameters.items()}
    gradients = model.bptt(inputs, targets, h0).gradients
    for name, w in model.parameters.items():
        estimate = numerical_gradient(lambda: model.loss(inputs, targets, h0), w)
        np.testing.assert_allclose(gradients[name], estimate, rtol=1e-6, atol=1e-9, err_msg=name)
        np.testing.assert_array_equal(w, before[name], err_msg="the weights are put back")


def test_one_hot_vectors_and_ids_are_the_same():
    model, inputs, targets, h0 = make("tanh")
    by_ids, by_vectors = (model.bptt(x, targets, h0) for x in (inputs, np.eye(V)[inputs]))
    assert_same(by_ids.gradients, by_vectors.gradients)


def test_forward_differences_have_a_first_order_error():
    # L = w^3 at 2: derivative 12; forward difference 12 + 6 h + h^2, central 12 + h^2
    w = np.array([2.0])
    forward = numerical_gradient(lambda: float(w[0] ** 3), w, 0.01, central=False)
    central = numerical_gradient(lambda: float(w[0] ** 3), w, 0.01)
    assert math.isclose(forward[0], 12.0601, rel_tol=1e-9)
    assert math.isclose(central[0], 12.0001, rel_tol=1e-9)


def test_numerical_gradient_puts_the_number_back_when_the_loss_fails():
    w = np.array([1.0, 2.0])
    with pytest.raises(ZeroDivisionError):
        numerical_gradient(lambda: 1 / 0 if w[1] != 2 else 0.0, w)
    np.testing.assert_array_equal(w, [1, 2])


def test_squashing_functions_do_not_overflow():
    with np.errstate(all="raise"):
        np.testing.assert_array_equal(sigmoid(np.array([-1e4, 0, 1e4])), [0, 0.5, 1])
        np.testing.assert_array_equal(softmax(np.array([1e4, 1e4])), [0.5, 0.5])
    net = np.array([[0.3, -2.0], [1.0, 4.0]])
    np.testing.assert_allclose(softmax(net), torch.softmax(torch.tensor(net), 1), rtol=1e-14)
    np.testing.assert_allclose(sigmoid(net), torch.sigmoid(torch.tensor(net)), rtol=1e-14)


def test_log_probs_and_next_word_probs_agree():
    model, *_ = make("tanh")
    ids = np.random.default_rng(1).integers(V, size=9)
    log_probs = model.log_probs(ids)
    assert log_probs.shape == (9,) and log_probs.dtype == np.float64
    for t, token in enumerate(ids):
        p = model.next_word_probs(ids[:t])
        assert p.shape == (V,) and math.isclose(p.sum(), 1, rel_tol=1e-12)
        assert math.isclose(log_probs[t], math.log(p[token]), rel_tol=1e-12)
    # the first token is read after </s>, id 1; <s>, id V, means the same
    np.testing.assert_array_equal(model.next_word_probs([V, 2]), model.next_word_probs([2]))
    np.testing.assert_array_equal(model.next_word_probs(), model.forward([1]).y[0])
    assert math.isclose(perplexity(model, ids), math.exp(-log_probs.mean()))
    assert model.log_probs([]).shape == (0,)


def test_a_long_text_is_read_as_one_stream():
    model, *_ = make("tanh")
    ids = np.random.default_rng(2).integers(V, size=2300)
    y = model.forward([1, *ids[:-1]]).y
    expected = np.log(y[np.arange(len(ids)), ids])
    np.testing.assert_allclose(model.log_probs(ids), expected, rtol=1e-12)


def texts():
    """A text with a rule: each word is decided by the one two back, nine times of ten."""
    rng = np.random.default_rng(0)
    ids = [2, 3]
    while len(ids) < 1500:
        ids.append(2 + (ids[-2] - 1) % 3 if rng.random() < 0.9 else 1 + int(rng.integers(4)))
    return np.array(ids[:1200]), np.array(ids[1200:])


def test_training_learns_and_keeps_the_best_weights():
    train_ids, valid_ids = texts()
    model = NumpyRNN.random(5, 8, activation="tanh", seed=1)
    before = perplexity(model, valid_ids)
    history = train(model, train_ids, valid_ids, lr=0.1, steps=10, max_epochs=8)
    best = min(epoch.valid_perplexity for epoch in history)
    assert math.isclose(perplexity(model, valid_ids), best, rel_tol=1e-12)
    assert best < 0.6 * before
    assert [epoch.epoch for epoch in history] == list(range(1, len(history) + 1))


def test_an_update_is_one_step_down_the_summed_gradient():
    model, *_ = make("tanh")
    text = np.array([2, 5, 3, 3, 6])
    expected = {k: w.copy() for k, w in model.parameters.items()}
    state = np.zeros(H)
    for inputs, targets in (([1, 2, 5], [2, 5, 3]), ([3, 3], [3, 6])):
        now = NumpyRNN(**expected, activation="tanh")
        _, gradients = gradients_by_autograd(now, np.array(inputs), targets, state, tau=2)
        state = now.forward(inputs, state).h[-1]
        expected = {k: w - 0.01 * len(inputs) * gradients[k] for k, w in expected.items()}
    train(model, text, text, steps=3, tau=2, lr=0.01, max_epochs=1)
    assert_same(model.parameters, expected)


def test_the_training_loss_is_a_mean_over_tokens():
    """With a step so small that nothing is learned it is the loss of the text."""
    model, *_ = make("tanh")
    text = np.array([2, 5, 3, 3, 6])  # pieces of 3 and 2 tokens
    [epoch] = train(model, text, text, steps=3, lr=1e-12, max_epochs=1)
    assert math.isclose(epoch.train_loss, -model.log_probs(text).mean(), rel_tol=1e-9)


class Scripted(NumpyRNN):
    """A model whose validation losses are given, one an epoch."""

    def log_probs(self, ids):
        self.weights_seen = [*getattr(self, "weights_seen", []), self.W_hy.copy()]
        return np.full(len(ids), -self.losses[len(self.weights_seen) - 1])


def test_the_learning_rate_is_halved_once_validation_stalls_and_ever_after():
    model = Scripted.random(5, 3, seed=1)
    # the third epoch stalls: halve; the fourth improves: halve again; the fifth stalls: the end
    model.losses = [5, 4, 4, 3, 3.5, 2]
    history = train(model, texts()[0][:50], [1], lr=0.4)
    assert [epoch.lr for epoch in history] == [0.4, 0.4, 0.4, 0.2, 0.1]
    np.testing.assert_allclose(
        [epoch.valid_perplexity for epoch in history], np.exp(model.losses[:5])
    )
    np.testing.assert_array_equal(model.W_hy, model.weights_seen[3])  # the best, not the last


def test_a_smaller_gain_than_asked_for_is_no_improvement():
    model = Scripted.random(5, 3, seed=1)
    model.losses = [5, 4.99, 4.98, 1]
    history = train(model, texts()[0][:50], [1], lr=0.4, min_improvement=1.01)
    assert [epoch.lr for epoch in history] == [0.4, 0.4, 0.2]


def test_the_budget_in_seconds_ends_training_after_an_epoch():
    train_ids, valid_ids = texts()
    model = NumpyRNN.random(5, 3, seed=1)
    assert len(train(model, train_ids[:50], valid_ids[:50], seconds=0, max_epochs=9)) == 1


def test_a_loss_that_explodes_is_named():
    train_ids, valid_ids = texts()
    model = NumpyRNN.random(5, 3, activation="relu", seed=1)
    with np.errstate(all="ignore"), pytest.raises(FloatingPointError, match="an lr below 1e"):
        train(model, train_ids, valid_ids, lr=1e200)


def test_the_same_seed_gives_the_same_model():
    one, two, other = (NumpyRNN.random(V, H, seed=seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(one.W_hh, two.W_hh)
    assert not np.array_equal(one.W_hh, other.W_hh)
    assert (one.hidden_size, one.vocab_size) == (H, V)
    assert list(one.parameters) == ["W_xh", "W_hh", "W_hy", "b_h", "b_y"]


def test_errors_name_the_value_and_the_cure():
    model, inputs, targets, _ = make("tanh")
    with pytest.raises(ValueError, match="activation 'selu' is unknown; take one of sigmoid, tanh"):
        NumpyRNN.random(V, H, activation="selu")
    with pytest.raises(ValueError, match="hidden_size must be positive, got -3"):
        NumpyRNN.random(V, -3)
    with pytest.raises(ValueError, match="input_size must be positive, got 0"):
        NumpyRNN.random(V, H, input_size=0)
    with pytest.raises(ValueError, match=r"W_hy must have shape \(7, 4\), got \(7, 5\)"):
        NumpyRNN(model.W_xh, model.W_hh, np.ones((7, 5)), model.b_h, model.b_y)
    with pytest.raises(ValueError, match=r"input id 7 is outside 0 \.\. 6"):
        model.forward([1, 7])
    with pytest.raises(ValueError, match=r"target id -1 is outside 0 \.\. 6"):
        model.loss([1], [-1])
    with pytest.raises(ValueError, match=r"ids must be integers of shape \(T,\), got float64"):
        model.forward([1.0, 2.0])
    for context in ([2.5], ["the"], 3):
        with pytest.raises(ValueError, match="ids must be integers of shape"):
            model.next_word_probs(context)
    with pytest.raises(ValueError, match="each input must have length 7, got 2"):
        model.forward(np.ones((3, 2)))
    with pytest.raises(ValueError, match=r"with T > 0, got shape \(0,\)"):
        model.forward([])
    with pytest.raises(ValueError, match=r"h0 must have shape \(4,\), got \(1,\)"):
        model.forward([1], [0.5])
    with pytest.raises(ValueError, match="there are 6 inputs, but 5 targets"):
        model.bptt(inputs, targets[:5])
    with pytest.raises(ValueError, match="tau must be at least 1"):
        model.bptt(inputs, targets, tau=0)
    with pytest.raises(TypeError, match="parameter must be an array of float64, got float32"):
        numerical_gradient(lambda: 0.0, np.ones(2, dtype=np.float32))
    with pytest.raises(ValueError, match="step must be positive, got 0"):
        numerical_gradient(lambda: 0.0, np.ones(2), 0)
    with pytest.raises(ValueError, match="lr must be positive, got -1"):
        train(model, [1, 2], [1], lr=-1)
    with pytest.raises(ValueError, match="at least one token each"):
        train(model, [], [1])
