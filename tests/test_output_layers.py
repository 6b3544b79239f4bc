"""Output layers against torch's cross-entropy, finite differences and enumerated samples."""

from functools import partial
from itertools import product

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from course_utils import output_layers
from course_utils.output_layers import (
    AdaptiveSoftmax,
    FullSoftmax,
    SampledSoftmax,
    blocks,
    inclusion_probs,
    linear_cross_entropy,
)

N, D, V, E = 7, 5, 11, 3


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


def random_layer(Layer, embedding=None, **options):
    layer = Layer(D, V, embedding, **options).double()
    for parameter in layer.parameters():
        torch.nn.init.normal_(parameter)
    return layer


def random_rows():
    h = torch.randn(N, D, dtype=torch.float64, requires_grad=True)
    targets = torch.randint(V, (N,))
    targets[1] = targets[0]  # a word that is a target twice
    return h, targets


def gradients(loss, *tensors):
    return torch.autograd.grad(loss, tensors)


def oracle_loss(layer, h, targets):
    """The mean of -ln P(target), from the parameters alone."""
    a = h @ layer.weight.T + layer.bias
    p = a.exp() / a.exp().sum(dim=1, keepdim=True)
    return -p[range(len(h)), targets].log().mean()


assert_close = partial(torch.testing.assert_close, rtol=1e-12, atol=1e-12)


def make_blocks_small(monkeypatch, rows):
    monkeypatch.setattr(output_layers, "BLOCK_BYTES", rows * V * 8)


@pytest.mark.parametrize("rows", [1, 2, 3, N, 10 * N])
def test_blockwise_cross_entropy_and_its_gradients_are_those_of_the_whole(monkeypatch, rows):
    make_blocks_small(monkeypatch, rows)
    layer, (h, targets) = random_layer(FullSoftmax), random_rows()
    loss = linear_cross_entropy(h, layer.weight, layer.bias, targets)
    whole = oracle_loss(layer, h, targets)
    assert_close(loss, whole)
    wanted = h, layer.weight, layer.bias
    assert_close(gradients(3 * loss, *wanted), gradients(3 * whole, *wanted))


def test_blockwise_cross_entropy_passes_gradcheck(monkeypatch):
    make_blocks_small(monkeypatch, rows=3)
    layer, (h, targets) = random_layer(FullSoftmax), random_rows()
    function = linear_cross_entropy
    assert torch.autograd.gradcheck(function, (h, layer.weight, layer.bias, targets))


def test_blockwise_cross_entropy_never_holds_more_than_a_block(monkeypatch):
    make_blocks_small(monkeypatch, rows=2)
    layer, (h, targets) = random_layer(FullSoftmax), random_rows()
    with Sizes() as sizes:
        layer.loss(h, targets).backward()
    # products of (2 rows, V) logits; the gradient of W_hy is (V, D)
    assert max(sizes.seen) == max(2 * V, V * D) < N * V


class Sizes(torch.utils._python_dispatch.TorchDispatchMode):
    """Note the size of every tensor an operation returns."""

    def __init__(self):
        super().__init__()
        self.seen, self.operations = [], set()

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        self.operations.add(str(function))
        self.seen += [x.numel() for x in [result] if isinstance(x, torch.Tensor)]
        return result


def test_large_logits_do_not_overflow(monkeypatch):
    make_blocks_small(monkeypatch, rows=2)
    h = torch.tensor([[1000.0], [-1000.0], [3.0]], dtype=torch.float64, requires_grad=True)
    W = torch.tensor([[1.0], [-1.0]], dtype=torch.float64)
    loss = linear_cross_entropy(h, W, torch.zeros(2).double(), torch.tensor([0, 0, 1]))
    # rows: 0; 2000; ln(1 + e^6) = 6.002476
    assert loss.item() == pytest.approx((0 + 2000 + np.log1p(np.exp(6))) / 3, rel=1e-12)
    assert loss.requires_grad


def test_blockwise_loss_without_gradients_makes_none(monkeypatch):
    make_blocks_small(monkeypatch, rows=2)
    layer, (h, targets) = random_layer(FullSoftmax), random_rows()
    with torch.no_grad(), Sizes() as sizes:
        loss = layer.loss(h, targets)
    assert_close(loss, oracle_loss(layer, h, targets).detach())
    assert "aten.addmm.default" in sizes.operations and "aten.mm.out" not in sizes.operations


def test_small_and_large_batches_give_the_same_loss(monkeypatch):
    layer, (h, targets) = random_layer(FullSoftmax), random_rows()
    whole = layer.loss(h, targets)
    make_blocks_small(monkeypatch, rows=2)
    assert_close(layer.loss(h, targets), whole)


@pytest.mark.parametrize(
    "Layer", [FullSoftmax, partial(SampledSoftmax, n_samples=2), AdaptiveSoftmax]
)
def test_target_log_probs_are_those_of_the_logits(monkeypatch, Layer):
    make_blocks_small(monkeypatch, rows=3)
    layer, (h, targets) = random_layer(Layer), random_rows()
    log_p = layer(h).log_softmax(dim=-1)
    assert log_p.shape == (N, V)
    assert_close(log_p.exp().sum(dim=-1), torch.ones(N).double())
    found = layer.target_log_probs(h, targets)
    assert_close(found, log_p[range(N), targets])
    layer.eval()
    assert_close(layer.loss(h, targets), -found.mean())


@pytest.mark.parametrize("Layer", [FullSoftmax, SampledSoftmax, AdaptiveSoftmax])
def test_logits_of_any_shape(Layer):
    layer = random_layer(Layer)
    h = torch.randn(2, 3, D, dtype=torch.float64)
    assert_close(layer(h)[1, 2], layer(h[1, 2]))


def test_tied_weights_are_one_parameter_and_get_both_gradients():
    embedding = torch.nn.Embedding(V, D).double()
    layer = FullSoftmax(D, V, embedding.weight).double()
    assert layer.weight is embedding.weight
    words, targets = torch.tensor([3, 4]), torch.tensor([4, 6])
    W = embedding.weight.detach().clone().requires_grad_()
    W_in = W.detach().clone().requires_grad_()
    layer.loss(embedding(words), targets).backward()
    F.cross_entropy(W_in[words] @ W.T, targets).backward()
    assert_close(embedding.weight.grad, W.grad + W_in.grad)


def test_a_projection_stands_between_features_and_shorter_word_vectors(monkeypatch):
    embedding = torch.nn.Embedding(V, E).double()
    layer = random_layer(FullSoftmax, embedding.weight)
    h, targets = random_rows()
    a = h @ layer.projection.weight.T @ embedding.weight.T + layer.bias
    assert_close(layer(h), a)
    make_blocks_small(monkeypatch, rows=2)
    wanted = layer.projection.weight, h
    theirs = gradients(F.cross_entropy(a, targets), *wanted)
    assert_close(gradients(layer.loss(h, targets), *wanted), theirs)


def test_all_words_sampled_is_the_full_softmax():
    layer, (h, targets) = random_layer(SampledSoftmax, n_samples=V), random_rows()
    wanted = h, layer.weight, layer.bias
    sampled, full = layer.loss(h, targets), oracle_loss(layer, h, targets)
    assert_close(sampled, full)
    assert_close(gradients(sampled, *wanted), gradients(full, *wanted))


def sampled_losses(layer, h, targets, monkeypatch):
    """Yield the probability of every possible sample and the layer's loss with it."""
    Q = layer.Q.double()
    for chosen in product([False, True], repeat=V):
        chosen = torch.tensor(chosen)
        probability = torch.where(chosen, Q, 1 - Q).prod().item()
        if probability > 0:
            numbers = torch.where(chosen, 0.0, 1.0)  # 0 lies below every Q, 1 below none
            monkeypatch.setattr(torch, "rand_like", lambda _, numbers=numbers: numbers)
            yield probability, layer.loss(h, targets)


def test_the_estimate_of_Z_is_unbiased(monkeypatch):
    layer, (h, targets) = random_layer(SampledSoftmax, n_samples=4), random_rows()
    h, targets = h[:1], targets[:1]
    a = layer(h)[0]
    # loss = ln Z - a[target], so the estimate of Z is exp(loss + a[target])
    expected = sum(
        p * (loss + a[targets[0]]).exp()
        for p, loss in sampled_losses(layer, h, targets, monkeypatch)
    )
    assert_close(expected, a.exp().sum(), rtol=1e-6, atol=1e-6)  # Q is float32


def test_the_mean_gradient_of_many_samples_is_the_full_gradient():
    rows, words = 20, 1000
    W = 0.3 * torch.randn(words, D, dtype=torch.float64)
    h, targets = torch.randn(rows, D, dtype=torch.float64), torch.randint(words, (rows,))
    distances = []
    for n_samples in (10, 60, 300):
        layer = SampledSoftmax(D, words, n_samples=n_samples).double()
        layer.load_state_dict({"weight": W, "bias": torch.zeros(words)})
        full = gradients(oracle_loss(layer, h, targets), layer.weight)[0]
        draws = [gradients(layer.loss(h, targets), layer.weight)[0] for _ in range(300)]
        distances.append((torch.stack(draws).mean(dim=0) - full).norm() / full.norm())
    assert distances[0] > distances[1] > distances[2]
    assert distances[2] < 0.02 < 0.1 < (draws[0] - full).norm() / full.norm()


def test_the_sampled_loss_is_too_small_in_the_mean(monkeypatch):
    layer, (h, targets) = random_layer(SampledSoftmax, n_samples=4), random_rows()
    h, targets = h[:1], targets[:1]
    mean = sum(p * loss for p, loss in sampled_losses(layer, h, targets, monkeypatch))
    assert mean < oracle_loss(layer, h, targets)  # E ln X < ln E X


def test_a_target_that_was_sampled_counts_once():
    layer = random_layer(SampledSoftmax, n_samples=V)  # every word is sampled, so every target is
    layer.Q.fill_(0.5)
    torch.manual_seed(3)
    chosen = torch.rand_like(layer.Q) < layer.Q
    h, targets = random_rows()
    torch.manual_seed(3)
    loss = layer.loss(h, targets)
    a, total = layer(h), 0.0
    for row, target in zip(a, targets, strict=True):
        Z = row[target].exp()
        Z += sum(row[v].exp() / 0.5 for v in range(V) if chosen[v] and v != target)
        total += Z.log() - row[target]
    assert chosen[targets].any() and not chosen.all()
    assert_close(loss, total / N)


def test_an_empty_sample_leaves_a_finite_loss():
    layer, (h, targets) = random_layer(SampledSoftmax, n_samples=1), random_rows()
    layer.Q.fill_(0)
    loss = layer.loss(h, targets)
    assert loss.item() == 0
    assert all(g.isfinite().all() for g in gradients(loss, layer.weight, layer.bias))


def test_samples_follow_torchs_seed_and_their_stated_probabilities():
    layer, (h, targets) = random_layer(SampledSoftmax, n_samples=4), random_rows()
    torch.manual_seed(5)
    first, second = layer.loss(h, targets), layer.loss(h, targets)
    torch.manual_seed(5)
    assert layer.loss(h, targets) == first != second
    # log-uniform: Q(v) proportional to ln((v + 2) / (v + 1)), at most 1, four words in the mean
    zipf = np.log(np.arange(2, V + 2) / np.arange(1, V + 1))
    ratio = layer.Q.numpy() / zipf
    assert layer.Q.max() == 1
    np.testing.assert_allclose(ratio[layer.Q < 1], ratio[-1], rtol=1e-5)
    assert layer.Q.sum().item() == pytest.approx(4)


def test_a_proposal_by_counts():
    counts = [90, 30, 20, 10, 10, 5, 5, 5, 5, 5, 5]
    layer = random_layer(SampledSoftmax, n_samples=3, proposal=counts)
    # c * 90 > 1, so word 0 is always in; the others share 2 by counts of 100 together
    np.testing.assert_allclose(layer.Q.numpy(), [1, 0.6, 0.4, 0.2, 0.2] + [0.1] * 6, rtol=1e-6)


@pytest.mark.parametrize("n", [1, 2, 5, 9, 10, 11, 30])
def test_inclusion_probabilities_sum_to_n(n):
    weights = torch.rand(10, dtype=torch.float64) ** 4 + 1e-9
    Q = inclusion_probs(weights, n)
    assert Q.max() <= 1 and Q.min() > 0
    assert Q.sum().item() == pytest.approx(min(n, 10), rel=1e-12)
    c = (Q / weights).max()
    assert_close(Q, (c * weights).clamp(max=1))


def test_sampled_weights_fit_the_full_layer():
    sampled = random_layer(SampledSoftmax, n_samples=3)
    full = FullSoftmax(D, V).double()
    full.load_state_dict(sampled.state_dict())
    h, _ = random_rows()
    assert_close(full(h), sampled(h))


def test_an_adaptive_softmax_has_the_probabilities_of_its_groups():
    layer, h = AdaptiveSoftmax(17, V, cutoffs=[2, 6]).double(), torch.randn(N, 17).double()
    groups = layer.groups
    head = (h @ groups.head.weight.T + groups.head.bias).softmax(dim=-1)  # 2 words and 2 groups
    parts = [head[:, :2]]
    for k, (first, second) in enumerate(groups.tail):
        inside = (h @ first.weight.T @ second.weight.T).softmax(dim=-1)
        parts.append(head[:, 2 + k, None] * inside)
    assert_close(layer(h).exp(), torch.cat(parts, dim=1), rtol=1e-10, atol=1e-12)


def test_blocks_cover_all_rows_once():
    for n_rows in (0, 1, 5, 8):
        for row_bytes in (1, 2**22, 2**23, 2**30):
            parts = list(blocks(n_rows, row_bytes))
            assert [i for part in parts for i in range(n_rows)[part]] == list(range(n_rows))
            assert all(
                (part.stop - part.start) * row_bytes <= max(2**23, row_bytes) for part in parts
            )


@pytest.mark.parametrize(
    ("Layer", "options", "message"),
    [
        (
            AdaptiveSoftmax,
            {"cutoffs": [2, 6]},
            "2 groups need features of length 16 or more, got 5",
        ),
        (SampledSoftmax, {"n_samples": 0}, "n_samples must be at least 1, got 0"),
        (SampledSoftmax, {"n_samples": float("nan")}, "at least 1, got nan"),
        (FullSoftmax, {"embedding": torch.ones(V - 1, E)}, r"with 11 rows, got shape \(10, 3\)"),
        (FullSoftmax, {"embedding": torch.nn.Embedding(V, E)}, "a parameter .* got Embedding"),
        (SampledSoftmax, {"proposal": [1.0, 2.0]}, "one number for each of 11 words, got shape"),
        (SampledSoftmax, {"proposal": [1.0] * 10 + [0.0]}, "word 10 has 0.0; add 1 to counts"),
        (SampledSoftmax, {"proposal": [float("nan")] * 11}, "word 0 has nan"),
        (AdaptiveSoftmax, {"embedding": torch.ones(V, D)}, "set tie_weights=False"),
    ],
)
def test_errors_name_the_value_and_the_cure(Layer, options, message):
    with pytest.raises(ValueError, match=message):
        Layer(D, V, **options)


def test_blockwise_loss_in_mixed_precision_is_near_the_exact_one():
    """Autocast hands over bfloat16 features, but blocks and gradients keep the weights' type."""
    torch.manual_seed(0)
    layer = FullSoftmax(8, 20_000)
    h, targets = torch.randn(300, 8), torch.randint(20_000, (300,))
    exact = layer.loss(h, targets)
    with torch.autocast("cpu", torch.bfloat16):
        loss = layer.loss((h * 1.0).to(torch.bfloat16).requires_grad_(), targets)
    loss.backward()
    assert loss.dtype == layer.weight.grad.dtype == torch.float32
    assert abs(loss.item() - exact.item()) < 0.01
