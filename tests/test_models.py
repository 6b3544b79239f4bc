"""Neural language models against torch's modules, explicit loops and hand-written NumPy."""

import functools
import math
import pickle
import re

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from course_utils import models, output_layers
from course_utils.evaluation import perplexity
from course_utils.models import (
    JordanLanguageModel,
    LanguageModel,
    SequenceDropout,
    WindowLanguageModel,
    evaluating,
)
from course_utils.output_layers import SampledSoftmax

V, E, H, T, B = 11, 5, 7, 6, 3
THEIRS = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU, "srn": torch.nn.RNN}
few_samples = functools.partial(SampledSoftmax, n_samples=4)
MODELS = {
    "lstm": lambda: LanguageModel(V, E, H, "lstm", num_layers=2, dropout=0.3),
    "gru": lambda: LanguageModel(V, E, H, "gru", tie_weights=False, reset="before"),
    "srn": lambda: LanguageModel(V, None, H, "srn", output=few_samples, nonlinearity="sigmoid"),
    "variational": lambda: LanguageModel(
        V, E, H, "lstm", num_layers=2, dropout=0.3, variational=True
    ),
    "peepholes": lambda: LanguageModel(V, E, H, peepholes=True, skip="dense", num_layers=3),
    "residual": lambda: LanguageModel(V, E, H, "gru", 2, skip="residual"),
    "highway": lambda: LanguageModel(
        V, E, H, "srn", 2, skip="highway", time_skip=3, variational=True
    ),
    "adaptive": lambda: LanguageModel(V, E, H, tie_weights=False, output="adaptive"),
    "window": lambda: WindowLanguageModel(V, 4, E, H, dropout=0.3),
    "one word": lambda: WindowLanguageModel(V, 1, E, H, tie_weights=True),
    "direct": lambda: WindowLanguageModel(V, 3, E, H, direct=True),
    "output fed back": lambda: JordanLanguageModel(V, H),
    "teacher forced": lambda: JordanLanguageModel(V, H, teacher_forcing=True),
}
every_model = pytest.mark.parametrize("name", MODELS)
assert_close = functools.partial(torch.testing.assert_close, rtol=1e-11, atol=1e-11)


def make(name):
    """A model in float64 whose weights are random, large and asymmetric."""
    torch.manual_seed(0)
    return randomize(MODELS[name]())


def randomize(model):
    for parameter in model.double().parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    return model


def random_ids(*shape, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).integers(0, V, shape))


def snapshot(model):
    modes = [module.training for module in model.modules()]
    gradients = [None if p.grad is None else p.grad.clone() for p in model.parameters()]
    return modes, gradients, torch.get_rng_state(), [p.detach().clone() for p in model.parameters()]


# Every model


@every_model
def test_logits_and_loss_agree(name):
    model = make(name).eval()
    inputs, targets = random_ids(T, B), random_ids(T, B, seed=1)
    logits, _ = model(inputs)
    loss, _ = model.loss(inputs, targets)
    assert logits.shape == (T, B, V) and logits.dtype == torch.float64
    log_p = logits.log_softmax(dim=-1)
    expected = -sum(log_p[t, b, targets[t, b]] for t in range(T) for b in range(B)) / (T * B)
    assert loss.shape == ()
    assert_close(loss, expected)


@every_model
def test_the_state_joins_chunks_and_keeps_texts_apart(name):
    model = make(name).eval()
    ids = random_ids(T, B)
    whole, last = model(ids)
    for size in (1, 2, T - 1):
        state, parts = None, []
        for chunk in ids.split(size):
            logits, state = model(chunk, state)
            parts.append(logits)
        assert_close(torch.cat(parts), whole)
        assert_close(state, last)
    alone, _ = model(ids[:, 1:2])
    assert_close(alone, whole[:, 1:2])


@every_model
@pytest.mark.parametrize("chunk", [1, 3, 1000])
def test_log_probs_are_those_of_one_long_forward_pass(monkeypatch, name, chunk):
    monkeypatch.setattr(models.language, "CHUNK", chunk)
    monkeypatch.setattr(output_layers, "BLOCK_BYTES", 2 * 8 * V)
    model = make(name).train()
    ids = random_ids(17, seed=2).numpy()
    ids[[4, 9]] = 1  # the state goes on after </s>
    found = model.log_probs(ids)
    logits, _ = model.eval()(torch.tensor([1, *ids[:-1]])[:, None])
    expected = logits[:, 0].log_softmax(dim=-1)[range(17), torch.from_numpy(ids)].detach().numpy()
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, expected, rtol=1e-10)
    assert perplexity(model, ids) == pytest.approx(math.exp(-expected.mean()))


@every_model
def test_texts_side_by_side_are_those_one_by_one(monkeypatch, name):
    monkeypatch.setattr(models.language, "TEXTS", 3)
    model = make(name).train()
    lengths = [5, 1, 9, 0, 3, 9, 4]
    texts = [random_ids(n, seed=n + k).tolist() for k, n in enumerate(lengths)]
    before = snapshot(model)
    found = model.log_probs_of_each(texts)
    assert_close(before, snapshot(model), rtol=0, atol=0)
    assert [len(log_p) for log_p in found] == lengths
    for text, log_p in zip(texts, found, strict=True):
        assert log_p.dtype == np.float64
        np.testing.assert_allclose(log_p, model.log_probs(text), rtol=1e-10)
    assert model.log_probs_of_each([]) == []
    with pytest.raises(ValueError, match="outside the vocabulary"):
        model.log_probs_of_each([[2, 3], [V]])


@every_model
def test_next_word_probs_are_those_of_log_probs(name):
    model = make(name)
    ids = [3, 1, 7, 7, 0, 10, 2]
    log_p = model.log_probs(ids)
    for t in range(len(ids)):
        p = model.next_word_probs(ids[:t])
        assert p.shape == (V,) and p.dtype == np.float64
        assert p.sum() == pytest.approx(1, abs=1e-14)
        assert math.log(p[ids[t]]) == pytest.approx(log_p[t], rel=1e-10)
    np.testing.assert_array_equal(model.next_word_probs([V, 3, 1]), model.next_word_probs([3, 1]))
    np.testing.assert_array_equal(model.next_word_probs(np.array([V])), model.next_word_probs())


@every_model
def test_scoring_leaves_mode_gradients_and_chance_alone(name):
    model = make(name).train()
    model.loss(random_ids(T, B), random_ids(T, B))[0].backward()
    next(iter(model.children())).eval()  # one part in another mode than the rest
    before = snapshot(model)
    model.log_probs(random_ids(9).numpy())
    model.next_word_probs([2, 3])
    after = snapshot(model)
    assert before[0] == after[0]
    assert_close(before[1:], after[1:], rtol=0, atol=0)
    assert torch.is_grad_enabled()


def test_modes_come_back_after_an_error():
    model = make("lstm").train()
    with pytest.raises(KeyError), evaluating(model):
        assert not model.training and not torch.is_grad_enabled()
        raise KeyError
    assert all(module.training for module in model.modules()) and torch.is_grad_enabled()


@every_model
def test_texts_of_no_and_of_one_token(name):
    model = make(name)
    assert model.log_probs([]).shape == (0,)
    assert model.log_probs([4])[0] == pytest.approx(math.log(model.next_word_probs()[4]))


@every_model
def test_every_parameter_gets_a_gradient(name):
    model = make(name)
    model.loss(random_ids(T, B), random_ids(T, B, seed=1))[0].backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in model.parameters())


@every_model
def test_weights_travel_by_state_dict(name):
    model, other = make(name).eval(), MODELS[name]().double().eval()
    other.load_state_dict(model.state_dict())
    ids = random_ids(T, B)
    assert_close(model(ids), other(ids), rtol=0, atol=0)


@every_model
def test_a_few_steps_of_training_help(name):
    model = make(name)
    ids = random_ids(40, 1)
    inputs = torch.cat([torch.ones(1, 1, dtype=torch.int64), ids[:-1]])
    before = perplexity(model, ids[:, 0].numpy())
    optimizer = torch.optim.Adam(model.parameters(), lr=0.03)
    for _ in range(20):
        optimizer.zero_grad()
        model.loss(inputs, ids)[0].backward()
        optimizer.step()
    assert perplexity(model, ids[:, 0].numpy()) < 0.7 * before


def test_an_untrained_model_is_near_the_uniform_distribution():
    for model in (LanguageModel(1000), WindowLanguageModel(1000), JordanLanguageModel(1000)):
        assert 950 < perplexity(model, random_ids(50).numpy()) < 1050


# Recurrent models


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("cell", THEIRS)
def test_a_recurrent_model_is_torchs_modules_with_the_same_weights(cell, layers):
    model = randomize(LanguageModel(V, E, H, cell, layers, tie_weights=False))
    theirs = THEIRS[cell](E, H, layers).double()
    theirs.load_state_dict(model.rnn.state_dict())
    ids, targets = random_ids(T, B), random_ids(T, B, seed=1)
    state = torch.randn(layers, B, H, dtype=torch.float64)
    state = (state, 0.5 * state.flip(0)) if cell == "lstm" else state
    h, final = theirs(F.embedding(ids, model.embedding.weight), state)
    expected = h @ model.output.weight.T + model.output.bias
    logits, our_final = model(ids, state)
    assert_close(logits, expected)
    assert_close(our_final, final)
    loss = model.loss(ids, targets, state)[0]
    expected = F.cross_entropy(expected.flatten(0, 1), targets.flatten())
    assert_close(loss, expected)
    loss.backward()
    ours = dict(model.rnn.named_parameters())
    shared = [model.embedding.weight, model.output.weight, model.output.bias]
    wanted = torch.autograd.grad(expected, [*theirs.parameters(), *shared])
    names = [name for name, _ in theirs.named_parameters()]
    assert_close([ours[name].grad for name in names] + [p.grad for p in shared], list(wanted))


def test_the_cell_gets_its_options():
    model = LanguageModel(V, cell="gru", reset="before", gradient="autograd", bias=False)
    assert (model.rnn.reset, model.rnn.gradient, model.rnn.bias) == ("before", "autograd", False)
    model = LanguageModel(V, num_layers=2, peepholes=True, skip="residual", time_skip=4)
    assert (model.rnn.peepholes, model.rnn.skip, model.rnn.time_skip) == (True, "residual", 4)


def test_the_names_of_parameters_are_those_of_checkpoints():
    """Models written to a file before there were peepholes and skips can be read."""
    names = ["weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"]
    outer = ["embedding.weight", "output.weight", "output.bias", "output.projection.weight"]
    plain, opened = LanguageModel(V, E, H), LanguageModel(V, E, H, variational=True)
    assert set(plain.state_dict()) == {f"rnn.{name}" for name in names} | set(outer)
    assert set(opened.state_dict()) == {f"rnn.layers.0.{name}" for name in names} | set(outer)


def test_tied_weights_are_one_parameter():
    tied, free = LanguageModel(V, E, H), LanguageModel(V, E, H, tie_weights=False)
    assert tied.output.weight is tied.embedding.weight
    assert free.output.weight is not free.embedding.weight
    # tied: b_y and (E, H) for the projection; free: W_hy (V, H) and b_y
    count = [sum(p.numel() for p in model.parameters()) for model in (tied, free)]
    assert count[1] - count[0] == V * H - E * H
    assert LanguageModel(V).output.projection is None  # both sizes are the same by default
    assert WindowLanguageModel(V, tie_weights=True).output.projection is not None


def test_the_loss_is_sampled_in_training_only():
    model = make("srn")
    ids = random_ids(T, B)
    losses = [model.loss(ids, ids)[0].item() for _ in range(2)]
    model.eval()
    exact = [model.loss(ids, ids)[0].item() for _ in range(2)]
    assert losses[0] != losses[1] and exact[0] == exact[1]


def test_dropout_acts_on_words_layers_and_output_in_training_only():
    model = LanguageModel(V, E, H, num_layers=2, dropout=0.4)
    assert model.rnn.dropout == 0.4 and LanguageModel(V, dropout=0.4).rnn.dropout == 0
    seen = []
    model.dropout.register_forward_hook(lambda _, inputs, output: seen.append((inputs[0], output)))
    model(random_ids(50, 40))
    for x, y in seen:
        dropped = (y == 0).double().mean().item()
        assert dropped == pytest.approx(0.4, abs=0.02)
        assert_close(y[y != 0], x[y != 0] / 0.6, rtol=1e-5, atol=1e-5)
    assert [x.shape[-1] for x, _ in seen] == [E, H]
    model.eval()(random_ids(T, B))
    assert seen[-1][0] is seen[-1][1]


def test_dropout_of_a_window_acts_on_words_and_hidden_units():
    model = WindowLanguageModel(V, 4, E, H, dropout=0.4)
    h, _ = model.features(random_ids(50, 40))
    assert (h == 0).double().mean().item() == pytest.approx(0.4, abs=0.02)
    # words: of E * 4 numbers a step, the hidden layer sees about 0.6, the same word the same ones
    seen = []
    model.hidden.register_forward_hook(lambda _, inputs, output: seen.append(inputs[0]))
    model.features(random_ids(50, 40))
    assert (seen[0] == 0).double().mean().item() == pytest.approx(0.4, abs=0.03)
    assert_close(seen[0][1:, :, : 3 * E], seen[0][:-1, :, E:])
    model.eval().features(random_ids(50, 40))
    assert (seen[1] != 0).all()


def test_variational_dropout_has_one_mask_a_text():
    mask = SequenceDropout(0.4)(torch.ones(T, 50, 60))
    assert_close(mask, mask[:1].expand_as(mask))
    assert set(mask.unique().tolist()) == {0.0, torch.tensor(1 / 0.6).item()}
    assert (mask[0] == 0).double().mean().item() == pytest.approx(0.4, abs=0.03)
    assert (mask[0, 0] != mask[0, 1]).any()
    assert (SequenceDropout(0.4)(torch.ones(T, 50, 60)) != mask).any()


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"skip": "residual", "peepholes": True},
        {"skip": "dense"},
        {"skip": "highway"},
        {"skip": "highway", "time_skip": 3},
    ],
)
def test_a_variational_model_computes_what_the_plain_one_does(options):
    plain = randomize(LanguageModel(V, E, H, "lstm", 3, **options))
    opened = LanguageModel(V, E, H, "lstm", 3, variational=True, **options).double()
    names = dict(plain.named_parameters())
    for name, parameter in opened.named_parameters():
        stacked = re.sub(r"layers\.(\d)\.(.*)_l0$", r"\2_l\1", name)
        stacked = re.sub(r"layers\.(\d)\.time_gates\.0", r"time_gates.\1", stacked)
        parameter.data.copy_(names[stacked])
    ids = random_ids(T, B)
    number = 2 + max(0, options.get("time_skip", 0) - 1)
    state = torch.randn(number, 3, B, H, dtype=torch.float64).unbind()
    assert_close(opened(ids, state), plain(ids, state))


def test_a_stack_pickled_before_there_were_skips_still_runs():
    model = make("variational").eval()
    wanted = model(random_ids(T, B))
    del model.rnn.__dict__["skip"]
    assert_close(pickle.loads(pickle.dumps(model))(random_ids(T, B)), wanted, rtol=0, atol=0)


def test_variational_dropout_acts_between_layers():
    model = LanguageModel(V, E, H, "gru", 3, dropout=0.5, variational=True)
    seen = []
    model.dropout.register_forward_hook(lambda _, inputs, output: seen.append(output.shape[-1]))
    model(random_ids(T, B))
    assert seen == [E, H, H, H]


# The window


def window_by_hand(model, ids):
    """Bengio et al. 2003, equation (1), word by word."""
    C, H_, d, U, b = (
        x.detach().numpy()
        for x in (
            model.embedding.weight,
            model.hidden.weight,
            model.hidden.bias,
            model.output.weight,
            model.output.bias,
        )
    )
    n = model.context_size
    padded = [1] * n + list(ids)
    log_p = []
    for t, word in enumerate(ids):
        x = np.concatenate([C[w] for w in padded[t : t + n]])
        y = b + U[:, : len(d)] @ np.tanh(d + H_ @ x)
        if model.direct:
            y = y + U[:, len(d) :] @ x
        log_p.append(y[word] - np.log(np.exp(y).sum()))
    return np.array(log_p)


@pytest.mark.parametrize("direct", [False, True])
@pytest.mark.parametrize("n", [1, 2, 5])
def test_a_window_model_is_the_papers_equation(n, direct):
    model = randomize(WindowLanguageModel(V, n, E, H, direct=direct))
    ids = random_ids(12, seed=4).numpy()
    np.testing.assert_allclose(model.log_probs(ids), window_by_hand(model, ids), rtol=1e-10)


def test_a_window_sees_so_many_words_and_no_more():
    model = make("window").eval()  # four words
    ids = random_ids(9, 1)
    changed = ids.clone()
    changed[3] = (changed[3] + 1) % V
    differs = (model(ids)[0] != model(changed)[0]).any(dim=-1)[:, 0].tolist()
    assert differs == [False] * 3 + [True] * 4 + [False] * 2


def test_the_state_of_a_window_is_the_last_words():
    model = make("window")
    ids = random_ids(T, B)
    _, state = model(ids)
    assert state.dtype == torch.int64
    assert_close(state, ids[-3:])
    _, state = model(ids[:1])
    assert_close(state, torch.cat([torch.ones(2, B, dtype=torch.int64), ids[:1]]))


# Output connections


def jordan_by_hand(model, ids, teacher_forcing):
    p = {name: value.detach().numpy() for name, value in model.named_parameters()}
    said, logits = np.zeros(V), []
    for word in ids:
        if teacher_forcing:
            said = np.eye(V)[word]  # what should have been said one step before
        x = p["embedding.weight"][word]
        h = np.tanh(p["input.weight"] @ x + p["feedback.weight"] @ said + p["input.bias"])
        logits.append(p["output.weight"] @ h + p["output.bias"])
        said = np.exp(logits[-1]) / np.exp(logits[-1]).sum()
    return np.array(logits)


@pytest.mark.parametrize("teacher_forcing", [False, True])
def test_output_connections_by_hand(teacher_forcing):
    model = randomize(JordanLanguageModel(V, H, teacher_forcing))
    ids = random_ids(T, 1, seed=6)
    expected = jordan_by_hand(model, ids[:, 0].numpy(), teacher_forcing)
    np.testing.assert_allclose(model(ids)[0][:, 0].detach().numpy(), expected, rtol=1e-10)
    model.teacher_forcing = not teacher_forcing
    assert not np.allclose(model(ids)[0][:, 0].detach().numpy(), expected)


def test_teacher_forcing_leaves_a_bigram_model_and_running_free_does_not():
    model = make("output fed back").eval()
    ids = random_ids(T, 1)
    changed = ids.clone()
    changed[0] = (changed[0] + 1) % V
    for teacher_forcing in (False, True):
        model.teacher_forcing = teacher_forcing
        differs = (model(ids)[0] != model(changed)[0]).any(dim=-1)[:, 0]
        assert differs[0] and differs[1:].any() == (not teacher_forcing)


# Errors


@pytest.mark.parametrize(
    ("build", "error", "message"),
    [
        (lambda: LanguageModel(V, cell="lstmm"), ValueError, "unknown; did you mean 'lstm'"),
        (lambda: LanguageModel(V, cell="LSTM"), ValueError, "did you mean 'lstm'"),
        (lambda: LanguageModel(V, bidirectional=True), ValueError, "leave bidirectional out"),
        (lambda: LanguageModel(V, batch_first=True), ValueError, "leave batch_first out"),
        (lambda: LanguageModel(V, dropout="0.1"), ValueError, "must be a number, .*, got '0.1'"),
        (lambda: LanguageModel(V, skip="dens"), ValueError, "skip must be one of .* got 'dens'"),
        (lambda: LanguageModel(V, cell="gru", peepholes=True), TypeError, "GRU.*'peepholes'"),
        (lambda: LanguageModel(V, cell="cnn"), ValueError, "choose one of srn, lstm, gru"),
        (lambda: LanguageModel(V, output="fulll"), ValueError, "did you mean 'full'"),
        (lambda: LanguageModel(V, hidden_size=-3), ValueError, "hidden_size must be .*, got -3"),
        (lambda: LanguageModel(V, embedding_size=0), ValueError, "embedding_size must be positive"),
        (lambda: LanguageModel(V, num_layers=1.5), TypeError, "must be an integer, got 1.5"),
        (lambda: LanguageModel(0), ValueError, "vocab_size must be positive, got 0"),
        (lambda: LanguageModel(V, dropout=1.0), ValueError, "below 1, got 1.0"),
        (lambda: LanguageModel(V, output="adaptive"), ValueError, "set tie_weights=False"),
        (lambda: WindowLanguageModel(V, 0), ValueError, "context_size must be positive, got 0"),
        (lambda: WindowLanguageModel(V, dropout=-0.1), ValueError, "got -0.1"),
        (lambda: WindowLanguageModel(V, direct=True, tie_weights=True), ValueError, "=False"),
        (lambda: JordanLanguageModel(V, 0), ValueError, "hidden_size must be positive, got 0"),
    ],
)  # fmt: skip
def test_errors_of_construction(build, error, message):
    with pytest.raises(error, match=message):
        build()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda m: m(torch.ones(T, B)), TypeError, "got torch.float32; ids.long"),
        (lambda m: m(torch.ones(T, dtype=torch.int64)), ValueError, r"ids\[:, None\] makes"),
        (lambda m: m(torch.full((T, B), V)), ValueError, "id 11 is outside the vocabulary of 11"),
        (lambda m: m(torch.full((T, B), -1)), ValueError, "id -1 is outside"),
        (lambda m: m.loss(random_ids(T, B), random_ids(T, B) + V), ValueError, "id 2. is outside"),
        (lambda m: m.loss(random_ids(T, B), random_ids(B, T)), ValueError, r"and targets \(3, 6\)"),
        (lambda m: m([[2], [3]]), TypeError, "ids must be a tensor, got list; torch.tensor"),
        (lambda m: m(np.ones((T, B), int)), TypeError, "ids must be a tensor, got ndarray"),
        (lambda m: m(random_ids(0, B)), ValueError, r"ids hold no token, got shape \(0, 3\)"),
        (lambda m: m.loss(random_ids(T, 0), random_ids(T, 0)), ValueError, "inputs hold no token"),
        (lambda m: m.log_probs([2, V]), ValueError, r"id 11 is outside the vocabulary of 11 words"),
        (lambda m: m.log_probs([[2, 3]]), ValueError, r"array of shape \(1, 2\)"),
        (lambda m: m.log_probs([0.5]), TypeError, "integers, got float64; encode words"),
        (lambda m: m.log_probs(["the"]), TypeError, "integers, got <U3"),
        (lambda m: m.next_word_probs([3, V]), ValueError, r"<s> \(id 11\) may only begin"),
        (lambda m: m.next_word_probs([V, V]), ValueError, r"by </s> \(id 1\)"),
        (lambda m: m.next_word_probs([3, V + 1]), ValueError, "id 12 is outside"),
        (lambda m: m.next_word_probs(3), ValueError, "one dimension"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["lstm", "window"])
def test_errors_of_use(name, call, error, message):
    with pytest.raises(error, match=message):
        call(make(name))


def test_a_window_refuses_the_state_of_another_batch():
    with pytest.raises(ValueError, match=r"shape \(3, 3\), got \(3, 2\)"):
        make("window")(random_ids(T, B), random_ids(3, 2))


@pytest.mark.parametrize("name", ["output fed back", "teacher forced"])
def test_output_connections_refuse_the_state_of_another_batch(name):
    with pytest.raises(ValueError, match=r"its last output, shape \(3, 11\), got \(2, 11\)"):
        make(name)(random_ids(T, B), torch.zeros(2, V, dtype=torch.float64))
