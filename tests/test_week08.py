"""The oracles of week 8 against torch, the course and hand arithmetic; its notebook."""

import numpy as np
import pytest
import torch
from test_checks import names_after_helpers, notebook, solution_cells, solutions
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from course_utils.checks import week08 as questions
from course_utils.recurrent import GRU, LSTM, SRN, Highway, Skips, reversed_rows

SEEDS = range(6)
GUIDE = notebook("week08").parent / "guide.md"
CELLS = {cell.id: cell.source for cell in solution_cells("week08")}


def drawn(name, seed):
    return questions.QUESTIONS[name].random_inputs(np.random.default_rng(seed))


def close(answer, wanted, rtol=1e-9):
    assert np.shape(answer) == np.shape(wanted)
    np.testing.assert_allclose(answer, wanted, rtol=rtol, atol=1e-12)


def set_weights(rnn, layers):
    """Give a network of torch, or of the course, these weights; the second bias is 0."""
    directions = [direction for layer in layers for direction in layer]
    with torch.no_grad():
        for parameters, (W_xh, W_hh, b_h) in zip(rnn.all_weights, directions, strict=True):
            for parameter, array in zip(parameters, (W_xh, W_hh, b_h, 0 * b_h), strict=True):
                parameter.copy_(torch.tensor(array))
    return rnn


def read_packed(rnn, xs, lengths):
    """Return the outputs (T, B, ...) and the final states of a packed batch."""
    packed = pack_padded_sequence(torch.tensor(xs), torch.tensor(lengths), enforce_sorted=False)
    output, final = rnn(packed)
    padded, _ = pad_packed_sequence(output, total_length=len(xs))
    return padded.detach().numpy(), final.detach().numpy()


# The oracles against torch and the course


@pytest.mark.parametrize("seed", SEEDS)
def test_reverse_within_against_the_rows_of_the_course(seed):
    """The course reverses packed rows, the longer sequences first."""
    xs, lengths = drawn("reverse_within", seed)
    order = np.argsort(-lengths, kind="stable")
    sizes = [int((lengths > t).sum()) for t in range(lengths.max())]
    rows = np.concatenate([xs[t, order[:n]] for t, n in enumerate(sizes)])
    wanted = iter(rows[reversed_rows(sizes).numpy()])
    turned = questions.reverse_within(xs, lengths)
    for t, n in enumerate(sizes):
        for b in order[:n]:
            close(turned[t, b], next(wanted))
    for b, n in enumerate(lengths):
        close(turned[n:, b], xs[n:, b])


@pytest.mark.parametrize("seed", SEEDS)
def test_one_direction_against_torch(seed):
    xs, lengths, *direction = drawn("run_direction", seed)
    rnn = torch.nn.RNN(xs.shape[2], len(direction[2])).double()
    output, _ = read_packed(set_weights(rnn, [[direction]]), xs, lengths)
    close(questions.run_direction(xs, lengths, *direction), output)


@pytest.mark.parametrize("seed", SEEDS)
def test_both_directions_and_their_last_states_against_torch(seed):
    xs, lengths, *layer = drawn("bidirectional", seed)
    rnn = torch.nn.RNN(xs.shape[2], len(layer[0][2]), bidirectional=True).double()
    output, final = read_packed(set_weights(rnn, [layer]), xs, lengths)
    states = questions.bidirectional(xs, lengths, *layer)
    close(states, output)
    close(questions.last_states(states, lengths), np.hstack(final))


@pytest.mark.parametrize("seed", SEEDS)
def test_around_is_what_two_shorter_texts_say(seed):
    """Row t of around: torch reads the words before t, and those after t, as texts of their own."""
    xs, lengths, *layer = drawn("bidirectional", seed)
    rnn = torch.nn.RNN(xs.shape[2], len(layer[0][2]), bidirectional=True).double()
    set_weights(rnn, [layer])
    context = questions.around(questions.bidirectional(xs, lengths, *layer), lengths)
    wanted, H = np.zeros_like(context), len(layer[0][2])
    for b, n in enumerate(lengths):
        for t in range(n):
            if t:
                wanted[t, b, :H] = rnn(torch.tensor(xs[:t, b]))[1][0].detach().numpy()
            if t + 1 < n:
                wanted[t, b, H:] = rnn(torch.tensor(xs[t + 1 : n, b]))[1][1].detach().numpy()
    close(context, wanted)


@pytest.mark.parametrize(
    "layers",
    [
        ["forward"],
        ["backward", "forward"],
        ["around", "forward"],
        ["forward", "around"],
        ["around", "around"],
        ["backward", "around", "backward"],
        ["both", "forward"],
    ],
)
def test_what_an_output_sees_is_where_its_gradient_is_not_zero(layers):
    """Layers of torch whose weights are all positive, so that no two ways cancel each other."""
    T, size = 5, 2
    words = torch.rand(T, size).double().requires_grad_()
    seen = words
    for kind in layers:
        half = torch.nn.RNN(size, size, bidirectional=True, nonlinearity="relu").double()
        for parameter in half.parameters():
            parameter.data.uniform_(0.1, 0.3)
        output = half(seen)[0].reshape(T, 2, size)
        right, left = output[:, 0], output[:, 1]
        zeros = torch.zeros(1, size).double()
        seen = {
            "forward": right,
            "backward": left,
            "both": right + left,
            "around": torch.cat([zeros, right[:-1]]) + torch.cat([left[1:], zeros]),
        }[kind]
    rows = [torch.autograd.grad(row.sum(), words, retain_graph=True)[0] for row in seen]
    wanted = torch.stack(rows).abs().sum(dim=-1) > 0
    np.testing.assert_array_equal(questions.sees(layers, T), wanted.numpy())


@pytest.mark.parametrize("seed", SEEDS)
def test_a_step_through_all_layers_against_torch(seed):
    x, hs, layers = drawn("stack_step", seed)
    rnn = torch.nn.RNN(len(x), hs.shape[1], num_layers=len(layers)).double()
    set_weights(rnn, [[direction] for direction in layers])
    _, final = rnn(torch.tensor(x)[None], torch.tensor(hs))
    close(questions.stack_step(x, hs, layers), final.detach().numpy())


@pytest.mark.parametrize("seed", range(12))
def test_joins_against_those_of_the_course(seed):
    kind, x, y, (W_g, b_g) = drawn("join", seed)
    size = y.shape[2]
    skips = Skips(kind, x.shape[2], size, num_layers=3, dtype=torch.float64)
    for gate in skips.gates:
        assert isinstance(gate, Highway)
        gate.weight.data, gate.bias.data = torch.tensor(W_g), torch.tensor(b_g)
    wanted = skips(1, torch.tensor(x), torch.tensor(y))
    close(questions.join(kind, x, y, (W_g, b_g)), wanted.detach().numpy())


@pytest.mark.parametrize("seed", SEEDS)
def test_gradients_through_layers_against_torch(seed):
    dy, jacobians, residual = drawn("layer_gradients", seed)
    places = [torch.zeros(len(dy), dtype=torch.float64, requires_grad=True)]
    for J in torch.tensor(jacobians):
        y = J @ places[-1]
        places.append(y + places[-1] if residual else y)
    wanted = torch.autograd.grad(torch.tensor(dy) @ places[-1], places)
    close(questions.layer_gradients(dy, jacobians, residual), torch.stack(wanted).numpy())


@pytest.mark.parametrize("seed", range(12))
def test_count_against_torch_and_the_course(seed):
    cell, D, H, L, bidirectional, dense = drawn("count_parameters", seed)
    own = {"srn": SRN, "gru": GRU, "lstm": LSTM}[cell]
    theirs = own(D, H, L, bidirectional=bidirectional, skip="dense" if dense else None)
    n = sum(p.numel() for p in theirs.parameters())
    assert questions.count_parameters(cell, D, H, L, bidirectional, dense) == n
    if not dense:
        kind = {"srn": torch.nn.RNN, "gru": torch.nn.GRU, "lstm": torch.nn.LSTM}[cell]
        theirs = kind(D, H, L, bidirectional=bidirectional)
        assert sum(p.numel() for p in theirs.parameters()) == n


@pytest.mark.parametrize("seed", SEEDS)
def test_gradients_by_the_words_against_torch(seed):
    dstates, _, forward, backward = drawn("input_gradients", seed)
    words = np.random.default_rng(seed).normal(size=(len(dstates), forward[0].shape[1]))
    xs = torch.tensor(words, requires_grad=True)
    rnn = torch.nn.RNN(xs.shape[1], len(forward[2]), bidirectional=True).double()
    states, _ = set_weights(rnn, [(forward, backward)])(xs)
    (states * torch.tensor(dstates)).sum().backward()
    found = questions.input_gradients(dstates, states.detach().numpy(), forward, backward)
    close(found, xs.grad.numpy(), rtol=1e-8)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("residual", [False, True])
def test_deep_network_against_torch_and_the_course(seed, residual):
    xs, lengths, layers, _ = drawn("network", seed)
    H = len(layers[0][0][2])
    options = {"num_layers": len(layers), "bidirectional": True}
    rnn = SRN(xs.shape[2], H, **options, skip="residual") if residual else None
    rnn = (rnn or torch.nn.RNN(xs.shape[2], H, **options)).double()
    output, final = read_packed(set_weights(rnn, layers), xs, lengths)
    states, last = questions.network(xs, lengths, layers, residual)
    close(states, output)
    if not residual:  # the final states of the course are those before the skip
        close(last, np.hstack(final[-2:]))
    close(
        last,
        np.array(
            [
                [*s[n - 1, :H], *s[0, H:]]
                for s, n in zip(output.swapaxes(0, 1), lengths, strict=True)
            ]
        ),
    )


def test_no_sentence_knows_what_it_was_batched_with():
    for seed in SEEDS:
        xs, lengths, layers, residual = drawn("network", seed)
        states, last = questions.network(xs, lengths, layers, residual)
        for b, n in enumerate(lengths):
            alone = questions.network(xs[:n, b : b + 1], lengths[b : b + 1], layers, residual)
            close(alone[0][:, 0], states[:n, b])
            close(alone[1][0], last[b])
            assert not states[n:, b].any()


# The oracles by hand: what the docstrings of the exercise say


def test_docstrings_tell_the_truth():
    column = np.array([1.0, 2, 3, 9])[:, None, None]
    close(questions.reverse_within(column, np.array([3]))[:, 0, 0], [3.0, 2, 1, 9])
    one = np.ones((1, 1)), np.array([[0.5]]), np.zeros(1)
    xs = np.array([0.5, -1, 1.5])[:, None, None]
    first, second, third = questions.run_direction(xs, np.array([2]), *one)[:, 0, 0]
    assert f"tanh(0.5) = {first:.4f}, " in CELLS["run-direction"]
    assert f"tanh(-1 + 0.5 * {first:.4f}) = {second:.4f}, 0." in CELLS["run-direction"]
    assert third == 0
    padded = np.array([[[1.0, 2]], [[3, 4]], [[0, 0]]])
    close(questions.last_states(padded, np.array([2])), [[3.0, 2]])
    three = np.array([[[1.0, 2]], [[3, 4]], [[5, 6]]])
    close(questions.around(three, np.array([3])), [[[0.0, 4]], [[1, 6]], [[3, 0]]])
    assert questions.sees(["forward"], 2).tolist() == [[True, False], [True, True]]
    ones = [(np.ones((1, 1)), np.ones((1, 1)), np.zeros(1))] * 2
    lower, upper = questions.stack_step(np.zeros(1), np.array([[1.0], [-1]]), ones)[:, 0]
    assert (
        f"has tanh(0 + 1) = {lower:.4f}, the upper tanh({lower:.4f} - 1) = {upper:.4f}."
        in (CELLS["stack-step"])
    )
    x, y, gate = np.array([[[1.0, 2]]]), np.array([[[-1.0, 0.5]]]), (np.zeros((2, 2)), np.zeros(2))
    close(questions.join("residual", x, y, gate), [[[0, 2.5]]])
    close(questions.join("dense", x, y, gate), [[[1, 2, -1, 0.5]]])
    close(questions.join("highway", x, y, gate), [[[0, 1.25]]])
    jacobians = np.array([[[0.5]], [[0.1]]])
    for residual, wanted in ((False, [[0.1], [0.2], [2]]), (True, [[3.3], [2.2], [2]])):
        close(questions.layer_gradients(np.array([2.0]), jacobians, residual), wanted)
    counts = [questions.count_parameters("srn", 3, 2, 1, two, False) for two in (False, True)]
    assert counts == [14, 28]
    deeper = [questions.count_parameters("srn", 3, 2, 2, True, dense) for dense in (False, True)]
    assert deeper == [28 + 32, 28 + 44]


# The notebook


@pytest.fixture(params=[0, 1])
def names(request):
    return names_after_helpers("week08", request.param)


def test_columns_fit(names, capsys):
    exec(CELLS["agreement"], names)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(": ")[1] for line in lines[:3]] == ["True"] * 3
    differences, gradients = (float(line.split()[-1]) for line in lines[3:5])
    assert differences == pytest.approx(gradients, rel=1e-6)
    assert lines[5] == "we count 630,784, torch 630,784"


def test_tables_say_who_may_guess_what(names, capsys):
    exec(CELLS["views"], names)
    lines = capsys.readouterr().out.splitlines()
    verdicts = [(line.split()[-3], line.split()[-1]) for line in lines[-5:]]
    yes, no = "True", "False"
    assert verdicts == [(yes, no), (yes, no), (no, no), (no, yes), (no, no)]
    assert lines[1].split() == ["#.....", "#.....", "######", ".#####", "######"]


def test_part_on_real_text_runs_with_every_function_that_is_right(names, capsys):
    """On a little text, with a little training."""
    exec(CELLS["guessing"].replace("[:300]", "[:20]").replace("max_iter=40", "max_iter=3"), names)
    exec(CELLS["tone"].replace("range(60)", "range(2)").replace(":400]", ":40]"), names)
    exec(CELLS["way-back"].replace("range(50)", "range(2)"), names)
    said = capsys.readouterr().out
    assert "finish" not in said
    for word in ("cheating", "4-6 steps", "error at the bottom", "both"):
        assert word in said


def test_numbers_of_the_discussion(capsys):
    """As notebook and guide give them."""
    names = dict(solutions("week08"))
    for cell in ("helpers", "guessing", "tone", "way-back"):
        exec(CELLS[cell], names)
    lines = capsys.readouterr().out.splitlines()
    perplexity = {line[:18].strip(): float(line[18:].split()[1].strip(",")) for line in lines[:4]}
    assert perplexity["frequencies alone"] == pytest.approx(23, abs=0.5)
    assert perplexity["language model"] == pytest.approx(12.7, abs=0.3)
    assert perplexity["cheating"] < 1.15
    assert perplexity["gaps"] == pytest.approx(7.9, abs=0.3)
    shares = {
        line.split()[0]: [float(n.strip("%")) for n in line.split()[1:]] for line in lines[5:7]
    }
    assert shares["forward"][0] > 99
    assert all(40 < share < 60 for share in shares["forward"][1:])
    assert min(shares["both"]) > 98
    depth = {int(line.split()[0]): [float(n) for n in line.split()[1:]] for line in lines[8:12]}
    assert 0.4 < depth[2][0] / depth[1][0] < 0.7
    assert depth[8][0] == pytest.approx(0.008, abs=0.001)
    assert depth[8][1] == pytest.approx(1.9, abs=0.15)
    assert depth[1][3] == pytest.approx(1.1, abs=0.05)
    assert depth[8][3] == pytest.approx(1.9, abs=0.1)
    one, both = ([float(n) for n in line.split()[1:]] for line in lines[12:14])
    assert one.index(min(one)) == 0
    assert 1e-6 <= one[0] < 1e-5
    assert both.index(min(both)) == len(both) // 2
    assert 1e-3 < min(both) < 1e-2


def test_sizes_of_the_discussion():
    two = questions.count_parameters("lstm", 100, 64, 1, True, False)
    one = questions.count_parameters("lstm", 100, 128, 1, False, False)
    assert (two, one) == (84_992, 117_760)
    for text in (GUIDE.read_text(encoding="utf-8"), notebook("week08").read_text(encoding="utf-8")):
        assert f"{two:,}" in text
        assert f"{one:,}" in text


def test_open_task_begins_forgetful_and_its_solution_understands(capsys):
    start, rest = CELLS["terribly"].split("### BEGIN SOLUTION")
    answer, rest = rest.split("### END SOLUTION")
    for text, end in ((start + rest, "not understood"), (start + answer + rest, "understood")):
        names = dict(solutions("week08"))
        exec(CELLS["helpers"], names)
        exec(text, names)
        assert capsys.readouterr().out.splitlines()[-1] == end


def test_guide_says_how_long_a_unit_remembers():
    guide = GUIDE.read_text(encoding="utf-8").split("\n## The open task")[1]
    rows = [line.strip("| ").split(" | ") for line in guide.splitlines() if line.startswith("| ")]
    assert len(rows) == 5
    for W_hh, *kept in rows[1:]:
        h, found = 1.0, []
        for _ in range(1000):
            h = np.tanh(float(W_hh) * h)
            found.append(h)
        assert [f"{found[k - 1]:.2f}" for k in (20, 1000)] == kept
    # 0.5 = tanh(W 0.5), and what a bias of -1 does to a state of 1.
    assert round(np.arctanh(0.5) / 0.5, 1) == 1.1
    for W_hh, stays in ((4.0, True), (1.2, False)):
        h = 1.0
        for _ in range(100):
            h = np.tanh(W_hh * h - 1)
        assert (h > 0.5) == stays


def test_which_mistakes_a_sentence_alone_shows():
    """Question 2: what a sentence says alone and in its batch, and whom the first word moves."""
    xs, lengths, forward, backward = drawn("bidirectional", 0)
    mask = (np.arange(len(xs))[:, None] < lengths)[..., None]
    turned = questions._run(xs[::-1], np.full(len(lengths), len(xs)), *backward)[::-1] * mask
    right = questions.bidirectional(xs, lengths, forward, backward)[..., len(forward[2]) :]
    for b, n in enumerate(lengths):
        assert np.allclose(turned[:, b], right[:, b]) == (n == len(xs))
    longest, H = lengths.max(), len(forward[2])
    xs = xs[:longest]
    states = questions.bidirectional(xs, lengths, forward, backward)
    last = questions.last_states(states, lengths)
    for b, n in enumerate(lengths):
        assert np.allclose(states[-1, b, :H], last[b, :H]) == (n == longest)
        assert not np.allclose(states[-1, b, H:], last[b, H:])
    moved = xs.copy()
    moved[0] += 1
    again = questions.bidirectional(moved, lengths, forward, backward)
    close(again[-1][:, H:], states[-1][:, H:])
