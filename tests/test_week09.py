"""The oracles of week 9 against torch, the course, enumeration and by hand; its notebook."""

import itertools
import math

import nbformat
import numpy as np
import pytest
import torch
from test_checks import names_after_helpers, notebook, solution_cells

from course_utils import evaluation
from course_utils.checks import week09 as questions
from course_utils.models import SentenceEncoder
from course_utils.models.sequences import pool
from course_utils.text import Vocabulary

SEEDS = range(6)
GUIDE = notebook("week09").parent / "guide.md"
CELLS = {cell.id: cell.source for cell in solution_cells("week09")}


def drawn(name, seed):
    return questions.QUESTIONS[name].random_inputs(np.random.default_rng(seed))


def close(answer, wanted, rtol=1e-9):
    assert np.shape(answer) == np.shape(wanted)
    np.testing.assert_allclose(answer, wanted, rtol=rtol, atol=1e-13)


# The oracles against torch and the course


@pytest.mark.parametrize("seed", SEEDS)
def test_pad_against_torch(seed):
    sentences, filler = drawn("pad", seed)
    ids, mask = questions.pad(sentences, filler)
    tensors = [torch.tensor(s) for s in sentences]
    wanted = torch.nn.utils.rnn.pad_sequence(tensors, padding_value=filler)
    assert ids.tolist() == wanted.tolist()
    assert mask.sum(axis=0).tolist() == list(map(len, sentences))
    assert [column[m].tolist() for column, m in zip(ids.T, mask.T, strict=True)] == sentences


@pytest.mark.parametrize("seed", SEEDS)
def test_loss_and_gradient_against_torch(seed):
    logits, tags, mask = drawn("tag_loss", seed)
    z = torch.tensor(logits, requires_grad=True)
    targets = torch.tensor(np.where(mask, tags, -100))
    loss = torch.nn.functional.cross_entropy(z.flatten(0, 1), targets.flatten())
    loss.backward()
    assert questions.tag_loss(logits, tags, mask) == pytest.approx(loss.item(), rel=1e-12)
    close(questions.tag_loss_gradient(logits, tags, mask), z.grad.numpy())


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_at_the_padding_matters(seed):
    rng = np.random.default_rng(seed)
    logits, tags, mask = drawn("tag_loss", seed)
    other = np.where(mask[:, :, None], logits, rng.normal(size=logits.shape))
    for name in ("tag_loss", "tag_loss_gradient"):
        oracle = getattr(questions, name)
        close(oracle(other, np.where(mask, tags, 0), mask), oracle(logits, tags, mask))
    for pool_words in (questions.mean_pool, lambda *given: questions.max_pool(*given)[0]):
        states, mask = drawn("max_pool", seed)
        other = np.where(mask[:, :, None], states, 10 + rng.random(states.shape))
        close(pool_words(other, mask), pool_words(states, mask))


@pytest.mark.parametrize("seed", range(40))
def test_spans_and_their_score_against_the_course(seed):
    gold, predicted = drawn("span_f1", seed)
    for tags in gold + predicted:
        assert questions.spans(tags) == evaluation.spans(tags)
    wanted = evaluation.span_scores(gold, predicted).f1
    assert questions.span_f1(gold, predicted) == pytest.approx(wanted, abs=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_last_states_against_packed_sentences_in_torch(seed):
    x, _, lengths = drawn("last_states", seed)
    torch.manual_seed(seed)
    gru = torch.nn.GRU(x.shape[2], 3, bidirectional=True).double()
    packed = torch.nn.utils.rnn.pack_padded_sequence(
        torch.tensor(x), torch.tensor(lengths), enforce_sorted=False
    )
    output, h = gru(packed)
    states = torch.nn.utils.rnn.pad_packed_sequence(output)[0].detach().numpy()
    wanted = torch.cat([h[0], h[1]], dim=1).detach().numpy()
    close(questions.last_states(states[..., :3], states[..., 3:], lengths), wanted)


@pytest.mark.parametrize("seed", SEEDS)
def test_last_states_against_the_encoder_of_the_course(seed):
    torch.manual_seed(seed)
    encoder = SentenceEncoder(Vocabulary(["a", "b"]), 3, 4, cell="gru").double()
    sentences = [encoder.encode(list(text)) for text in ("ab", "a", "bba", "abab")]
    ids, lengths, _ = encoder.collate(sentences)
    with torch.no_grad():
        states, last = encoder(ids, lengths)
    forward, backward = np.split(states.numpy(), 2, axis=2)
    close(questions.last_states(forward, backward, lengths.numpy()), last.numpy())


@pytest.mark.parametrize("seed", SEEDS)
def test_pooling_against_the_course_and_its_gradient_in_torch(seed):
    states, mask = drawn("max_pool", seed)
    lengths = torch.tensor(mask.sum(axis=0))
    leaf = torch.tensor(states, requires_grad=True)
    close(questions.mean_pool(states, mask), pool(leaf, lengths, "mean").detach().numpy())
    values, places = questions.max_pool(states, mask)
    largest = pool(leaf, lengths, "max")
    close(values, largest.detach().numpy())
    largest.sum().backward()
    assert leaf.grad.sum().item() == values.size
    assert (leaf.grad.argmax(dim=0).numpy() == places).all()


@pytest.mark.parametrize("seed", SEEDS)
def test_decoder_inputs_fed_to_a_loop_that_decodes(seed):
    """A decoder that is told step by step what it hears next, with its own last word in mind."""
    targets, outputs, forced, start = drawn("decoder_inputs", seed)
    for b in range(targets.shape[1]):
        heard, column = start, []
        for t in range(len(targets)):
            if t:
                heard = targets[t - 1, b] if forced[t, b] else outputs[t - 1, b]
            column.append(heard)
        assert questions.decoder_inputs(targets, outputs, forced, start)[:, b].tolist() == column


@pytest.mark.parametrize("seed", SEEDS)
def test_greedy_never_sees_a_better_next_symbol(seed):
    table, start, stop, limit = drawn("greedy", seed)
    said = questions.greedy(table, start, stop, limit)
    assert len(said) <= limit
    assert stop not in said
    path = [start, *said] + [stop] * (len(said) < limit)
    for last, chosen in itertools.pairwise(path):
        assert table[last, chosen] == table[last].max()
    if len(said) == limit:
        return
    assert table[path[-2], stop] == table[path[-2]].max()


@pytest.mark.parametrize("seed", SEEDS)
def test_beam_step_against_torch(seed):
    """All candidates in one table, where a finished prefix has one way to go, for nothing."""
    prefixes, scores, log_probs, size, stop = drawn("beam_step", seed)
    rows = torch.tensor(log_probs)
    for k, prefix in enumerate(prefixes):
        if prefix[-1] == stop:
            rows[k] = torch.where(torch.arange(rows.shape[1]) == stop, 0.0, -torch.inf)
    table = torch.tensor(scores)[:, None] + rows
    values, places = table.flatten().topk(min(size, int(table.isfinite().sum())))
    found, new = questions.beam_step(prefixes, scores, log_probs, size, stop)
    close(new, values.numpy())
    for prefix, place in zip(found, places.tolist(), strict=True):
        before, symbol = prefixes[place // rows.shape[1]], place % rows.shape[1]
        assert prefix == (before if before[-1] == stop else [*before, symbol])


@pytest.mark.parametrize("seed", SEEDS)
def test_a_beam_wide_enough_finds_the_best_of_all_outputs(seed):
    rng = np.random.default_rng(seed)
    V, limit = 4, 4
    table = np.log(rng.dirichlet(np.ones(V), size=V))
    best = max(
        sum(table[a, b] for a, b in itertools.pairwise([0, *said, 1]))
        for n in range(limit)
        for said in itertools.product([0, 2, 3], repeat=n)
    )
    prefixes, scores = [[]], np.zeros(1)
    for _ in range(limit):
        rows = np.array([table[prefix[-1] if prefix else 0] for prefix in prefixes])
        prefixes, scores = questions.beam_step(prefixes, scores, rows, 10**4, 1)
    ended = [s for p, s in zip(prefixes, scores, strict=True) if p[-1] == 1]
    assert max(ended) == pytest.approx(best, rel=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_interval_against_numpy(seed):
    right, words, picks, level = drawn("bootstrap_interval", seed)
    accuracies = [sum(right[row]) / sum(words[row]) for row in picks]
    wanted = np.quantile(accuracies, [0.5 - level / 2, 0.5 + level / 2])
    close(questions.bootstrap_interval(right, words, picks, level), wanted)


def test_interval_holds_what_the_course_finds():
    """Both draw by themselves; with many draws they agree to the second digit."""
    rng = np.random.default_rng(0)
    gold = [["a"] * int(n) for n in rng.integers(1, 9, size=60)]
    said = [[tag if rng.random() < 0.8 else "b" for tag in tags] for tags in gold]
    right = np.array([tags.count("a") for tags in said])
    words, picks = np.array(list(map(len, gold))), rng.integers(60, size=(4000, 60))
    theirs = evaluation.bootstrap_interval(evaluation.accuracy, gold, said, samples=4000)
    assert questions.bootstrap_interval(right, words, picks, 0.95) == pytest.approx(
        theirs, abs=0.01
    )


# The oracles by hand: what the docstrings of the exercise say


def test_docstrings_tell_the_truth():
    ids, mask = questions.pad([[5, 7], [3]], 0)
    assert ids.tolist() == [[5, 3], [7, 0]]
    assert mask.tolist() == [[True, True], [True, False]]
    word = np.zeros((1, 1, 2)), np.array([[1]]), np.array([[True]])
    assert questions.tag_loss(*word) == pytest.approx(math.log(2), rel=1e-12)
    assert f"ln 2 = {math.log(2):.4f}" in CELLS["tag-loss"]
    assert questions.tag_loss_gradient(*word).tolist() == [[[0.5, -0.5]]]
    found = questions.spans(["B-PER", "I-PER", "O", "I-LOC"])
    assert str(found).replace("'", '"') in CELLS["spans"]
    assert questions.spans(["B-PER", "I-LOC"]) == [("PER", 0, 1), ("LOC", 1, 2)]
    assert questions.span_f1([["B-PER", "I-PER"]], [["B-PER", "O"]]) == 0.0
    states = np.array([[[1.0], [4.0]], [[3.0], [9.0]]])
    close(questions.mean_pool(states, mask), [[2.0], [4.0]])
    states = np.array([[[-0.5]], [[-0.2]], [[0.0]]])
    values, places = questions.max_pool(states, np.array([[True], [True], [False]]))
    assert (values.tolist(), places.tolist()) == ([[-0.2]], [[1]])
    fed = questions.decoder_inputs(
        np.array([[5], [6], [7]]),
        np.array([[1], [2], [3]]),
        np.array([[True], [True], [False]]),
        9,
    )
    assert fed.tolist() == [[9], [5], [2]]
    assert questions.greedy(np.eye(4)[[1, 2, 3, 0]], 0, 3, 9) == [1, 2]
    assert questions.greedy(np.eye(4)[[1, 2, 3, 0]], 0, 3, 1) == [1]
    prefixes, scores = questions.beam_step(
        [[0], [1]], np.array([-1.0, -3.0]), np.array([[-1.0, -4.0]] * 2), 3, 1
    )
    assert (prefixes, scores.tolist()) == ([[0, 0], [1], [0, 1]], [-2.0, -3.0, -5.0])
    picks = np.array([[0, 0], [0, 1], [1, 1]])
    ends = questions.bootstrap_interval(np.array([1, 0]), np.array([1, 1]), picks, 0.5)
    assert ends == (0.25, 0.75)


# The notebook


@pytest.fixture(params=[0, 1])
def names(request):
    return names_after_helpers("week09", request.param)


def test_columns_fit(names, capsys):
    exec(CELLS["agreement"], names)
    lines = capsys.readouterr().out.splitlines()
    for line in lines[:2]:
        differences, formula = (float(part.split()[-1]) for part in line.split(","))
        assert differences == pytest.approx(formula, abs=1e-8)
    assert float(lines[1].split()[-1]) == 0
    assert [line.rsplit(":", 1)[1].strip() for line in lines[2:]] == ["True"] * 5


@pytest.mark.parametrize("real", [True, False])
def test_part_on_real_text_runs_with_every_function_that_is_right(real, names, capsys):
    """In few batches; once with the corpora that are always there."""
    if not real:
        generated = {"ewt": "entities", "polarity": "reviews"}
        load = names["load_corpus"]
        names["load_corpus"] = lambda name, fallback: load(generated[name])
    exec(CELLS["tagger"].replace("steps = 500", "steps = 20"), names)
    exec(CELLS["scores"], names)
    short = CELLS["classifier"].replace("epochs = 2", "epochs = 1; del train_reviews[300:]")
    exec(short.replace("batches(reviews.train", "batches(reviews.train[:300]"), names)
    exec(CELLS["decoder"], names)
    said = capsys.readouterr().out
    assert "finish" not in said
    first, last = (float(said.split(f"batch{n:4}: ")[1].split()[0]) for n in (1, 20))
    assert first == pytest.approx(math.log(len(names["number"])), abs=0.3)
    assert last < first
    assert "the tagger is better by" in said
    assert "as it says itself: True" in said
    assert said.count("  beam  50  ") == len(names["shown"]) == 3


@pytest.mark.parametrize("tag", ["ADV", "B-PER"])
def test_wider_beams_find_more_probable_words(tag, capsys):
    names = names_after_helpers("week09", 0)
    corpus = names["load_corpus"]("ewt" if tag == "ADV" else "entities", fallback="entities")
    names |= {"train": corpus.examples("train"), "valid": corpus.examples("valid")}
    names["number"] = dict.fromkeys(corpus.label_set)
    names["tagger"] = type("Tagger", (), {"tags": corpus.label_set})
    exec(CELLS["decoder"], names)
    blocks = capsys.readouterr().out.split("nats a letter")[1:]
    assert len(blocks) == 3
    for block in blocks:
        forced, half, alone = map(float, block.split("[")[1].split("]")[0].split())
        assert forced < half < alone
        probabilities = [float(p.split()[0]) for p in block.split("P = ")[1:]]
        assert probabilities == sorted(probabilities)
    if corpus.name == "ewt":  # the numbers of question 4
        adverbs, adjectives, verbs = blocks
        assert [float(adverbs.split("[")[1].split()[k].rstrip("]")) for k in (0, 2)] == (
            pytest.approx([2.6, 4.6], abs=0.05)
        )
        assert "beam  50  d  " in adjectives
        assert "beam  50  d  " in verbs
    # What the search of 50 leaves out is nothing: dynamic programming finds the same.
    table, limit = names["table"], 12
    best = np.full(len(table), -np.inf)
    best[0], ended = 0.0, []
    for _ in range(limit + 1):
        best = (best[:, None] + table).max(axis=0)
        ended.append(best[1])
        best[1] = -np.inf
    assert f"{np.exp(max(ended)):.1e}" == blocks[-1].split("P = ")[-1].strip()


def test_open_task_begins_greedy_and_its_solution_loses_by_greed(capsys):
    start, rest = CELLS["greed"].split("### BEGIN SOLUTION")
    answer, rest = rest.split("### END SOLUTION")
    for text, end in ((start + rest, "not yet\n"), (start + answer + rest, "greed loses\n")):
        names = names_after_helpers("week09", 0)
        exec(text, names)
        said = capsys.readouterr().out
        assert said.endswith(end)
        for name, line in zip(("first", "second"), said.splitlines(), strict=False):
            table = names["as_log_probs"](names[name])
            outputs = {
                said: sum(table[a, b] for a, b in itertools.pairwise([0, *said, 4]))
                for n in range(7)
                for said in itertools.product([1, 2, 3], repeat=n)
            }
            best = max(outputs, key=outputs.get)
            assert line.endswith(
                f"best {''.join(' abc'[k] for k in best)!r} {np.exp(outputs[best]):.3f}"
            )


def test_guide_says_what_is_best():
    names = names_after_helpers("week09", 0)
    exec(CELLS["greed"], names)
    table = GUIDE.read_text(encoding="utf-8").split("\n## The open task")[1].split("\n| ")[2:]
    for row in table:
        name, *cells = (cell.strip() for cell in row.split("|")[:4])
        log_probs = names["as_log_probs"](names[name])
        for size, cell in zip((1, 2, 4000), cells, strict=True):
            output, score = names["beam"](log_probs, size, 0, 4, 6)
            assert cell == f"{''.join(' abc'[k] for k in output)} {np.exp(score):.3f}"
    assert len(table) == 2


def test_numbers_of_the_discussion():
    """Words right nine times out of ten; the weight of a word in three kinds of mean."""
    guide = GUIDE.read_text(encoding="utf-8")
    cells = nbformat.read(notebook("week09"), as_version=4).cells
    for text in (guide, " ".join(cell.source for cell in cells)):
        assert "0.9, 0.81 and 0.73" in text
    assert [round(0.9**n, 2) for n in (1, 2, 3)] == [0.9, 0.81, 0.73]
    mask = np.arange(9)[:, None] < np.array([1, 9])
    costs = np.zeros((9, 2))
    costs[0, 0] = 1.0  # the word of the first sentence alone costs something
    weights = costs[mask].mean(), costs.sum(axis=0)[0] / mask[:, 0].sum() / 2, costs.mean()
    assert weights == pytest.approx((1 / 10, 1 / 2, 1 / 18))
    assert "one tenth, one half, one eighteenth" in guide
