"""Training on labelled examples: batches of near lengths, scores, and all that texts have as well.

The models are small ones of our own, and those of the course.
"""

import dataclasses
import math

import numpy as np
import pytest
import torch
from test_training import interrupt_at, same, weights

from course_utils import training
from course_utils.models import (
    CharacterEncoder,
    EncoderDecoder,
    MostFrequentTag,
    MultiTask,
    SentenceEncoder,
    SequenceClassifier,
    SequenceTagger,
    SpanReader,
)
from course_utils.text import Vocabulary
from course_utils.training import Diverged, History, fit

WORDS, TAGS = "abcdefg", ("N", "V", "P")


@dataclasses.dataclass
class Encoded:
    words: torch.Tensor
    tags: torch.Tensor
    decisions: int

    def __len__(self):
        return len(self.words)


class Linear(torch.nn.Module):
    """Tags a word by itself and by the word before it: no padding, no state."""

    def __init__(self, dropout=0.0, tags=TAGS, dtype=torch.float32):
        super().__init__()
        self.tags = tags
        with torch.random.fork_rng():
            torch.manual_seed(3)
            self.word = torch.nn.Embedding(len(WORDS), len(tags))
            self.before = torch.nn.Embedding(len(WORDS) + 1, len(tags))
        self.dropout = torch.nn.Dropout(dropout)
        self.seen = []  # batches
        self.to(dtype)

    def encode(self, x, y):
        if len(x) != len(y):
            raise ValueError(f"{len(x)} words have {len(y)} tags")
        words = torch.tensor([WORDS.index(word) for word in x])
        return Encoded(words, torch.tensor([self.tags.index(tag) for tag in y]), len(x))

    def logits(self, words):
        before = torch.cat([torch.tensor([len(WORDS)]), words[:-1]])
        return self.dropout(self.word(words)) + self.before(before)  # (T, K)

    def loss(self, examples):
        self.seen.append(examples)
        logits = torch.cat([self.logits(example.words) for example in examples])
        return torch.nn.functional.cross_entropy(logits, torch.cat([e.tags for e in examples]))

    def predict(self, xs):
        found = [self.logits(torch.tensor([WORDS.index(w) for w in x])).argmax(-1) for x in xs]
        return [[self.tags[k] for k in ks] for ks in found]

    def score(self, examples):
        predicted = self.predict([x for x, y in examples])
        gold = np.concatenate([y for x, y in examples])
        return np.mean(gold == np.concatenate(predicted))  # NumPy's number, no float


def sentences(number, seed=0):
    """Return sentences of 1 to 9 words with tags that follow from a word and the one before."""
    rng, found = np.random.default_rng(seed), []
    for _ in range(number):
        x = [WORDS[k] for k in rng.integers(len(WORDS), size=rng.integers(1, 10))]
        pairs = zip(["", *x[:-1]], x, strict=True)
        y = [TAGS[WORDS.index(word) % 3 if before < "c" else 0] for before, word in pairs]
        found.append((x, y))
    return found


TRAIN, VALID = sentences(38), sentences(20, seed=1)  # 38 = 7 batches of 5, and 3


def quick(model, train=TRAIN, valid=VALID, **options):
    """Call `fit` with small settings."""
    settings = {"epochs": 2, "batch_size": 5, "lr": 0.02, "progress": False}
    return fit(model, train, valid, **(settings | options))


@pytest.fixture
def scripted(monkeypatch):
    """Let validations answer what a list says."""

    def script(values):
        values = iter(values)
        monkeypatch.setattr(Linear, "score", lambda model, examples: next(values))

    return script


RISING = [k / 100 for k in range(100)]


def read(model):
    """Return what a model read, batch by batch, as tuples of word and tag numbers."""
    return [[(*e.words.tolist(), -1, *e.tags.tolist()) for e in batch] for batch in model.seen]


def test_two_epochs_of_sgd_are_torchs_own_on_the_batches_read_bit_for_bit(scripted):
    scripted(RISING)  # so that the last weights are the best
    model, oracle = Linear(), Linear()
    history = quick(model, optimizer="sgd", lr=0.7, clip=0.3)
    other = torch.optim.SGD(oracle.parameters(), lr=0.7, fused=True)
    losses = []
    for batch in model.seen:
        loss = oracle.loss(batch)
        other.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(oracle.parameters(), 0.3)
        other.step()
        losses.append(loss.item())
    assert same(weights(model), weights(oracle))
    assert history.losses == losses and len(losses) == len(history.weight_norms) == 16


def test_an_epoch_reads_every_example_once_in_another_order(scripted):
    scripted(RISING)
    model, again, other = Linear(), Linear(), Linear()
    quick(model, epochs=3)
    quick(again, epochs=3)
    quick(other, epochs=3, seed=1)
    batches = read(model)
    epochs = [batches[:8], batches[8:16], batches[16:]]
    given = sorted((*map(WORDS.index, x), -1, *map(TAGS.index, y)) for x, y in TRAIN)
    for epoch in epochs:
        assert sorted(example for batch in epoch for example in batch) == given
        assert sorted(map(len, epoch)) == [3, 5, 5, 5, 5, 5, 5, 5]
    assert len({str(epoch) for epoch in epochs}) == 3
    assert batches == read(again) != read(other)


def test_batches_are_of_near_lengths_and_come_in_no_order(monkeypatch):
    monkeypatch.setattr(training, "POOL", 8)
    lengths = np.random.default_rng(5).integers(1, 60, size=1003)
    batches = training._shuffled(lengths, 10, np.random.default_rng(0))
    assert sorted(np.concatenate(batches)) == list(range(1003))
    assert sorted(map(len, batches)) == [3] + [10] * 100
    # of 80 sentences with lengths 1 .. 59, ten neighbours differ by about 7
    spread = [np.ptp(lengths[batch]) for batch in batches]
    assert np.mean(spread) < 9
    means = np.array([lengths[batch].mean() for batch in batches])
    assert abs(np.corrcoef(means[1:], means[:-1])[0, 1]) < 0.3
    # and sentences of one length do not always meet
    other = training._shuffled(lengths, 10, np.random.default_rng(1))
    assert not {frozenset(batch) for batch in batches} & {frozenset(batch) for batch in other}


def test_the_learning_rate_falls_when_the_score_does_not_rise(scripted):
    #         best best worse worse best same worse worse
    scripted([0.2, 0.3, 0.25, 0.1, 0.4, 0.4, 0.35, 0.3, 0.9])
    history = quick(Linear(), lr=0.8, decay=0.5, patience=3, epochs=50)
    assert history.table().lr.tolist() == [0.8, 0.8, 0.8, 0.4, 0.2, 0.2, 0.1, 0.05]
    assert history.stopped == "no better score in 3 validations"
    assert history.best["valid_score"] == 0.4 and history.best["epoch"] == 5
    assert repr(history) == (
        "History(best score 0.4 after 5 epochs; no better score in 3 validations)"
    )


def test_the_model_ends_with_its_best_weights_in_evaluation_mode(scripted):
    scripted([0.7, 0.8])
    after_two = Linear(dropout=0.2)
    quick(after_two)
    scripted([0.7, 0.8, 0.75, 0.1])
    model = Linear(dropout=0.2)
    quick(model, epochs=4)
    assert same(weights(model), weights(after_two))
    assert not any(module.training for module in model.modules())


def test_a_linear_decay_ends_at_zero(scripted):
    scripted([0.2, 0.1, 0.3, 0.1])
    history = quick(Linear(), lr=0.8, decay="linear", epochs=4)
    left = [32 - before for before in (7, 15, 23, 31)]  # of 32 batches, at each epoch's last one
    assert history.table().lr.tolist() == pytest.approx([0.8 * n / 32 for n in left])


def test_what_the_history_says():
    model = Linear(dtype=torch.float64)
    history = quick(model, optimizer="sgd", lr=1e-9)
    table = history.table()
    assert list(table.columns) == [
        "step", "epoch", "seconds", "train_nats", "valid_score", "lr", "tokens_per_second",
    ]  # fmt: skip
    assert table.step.tolist() == [8, 16] and table.epoch.tolist() == [1, 2]
    # with such a learning rate nothing changes: the mean over all words of all sentences
    loss = model.loss([model.encode(x, y) for x, y in TRAIN]).item()
    np.testing.assert_allclose(table.train_nats, loss, rtol=1e-7)
    right = sum(
        tag == guess
        for (x, y), z in zip(VALID, model.predict([x for x, y in VALID]), strict=True)
        for tag, guess in zip(y, z, strict=True)
    )
    assert history.best["valid_score"] == right / sum(len(x) for x, y in VALID)


def test_decisions_weigh_the_loss_and_tokens_are_counted_by_themselves(monkeypatch):
    def one_decision(self, x, y):
        return dataclasses.replace(encode(self, x, y), decisions=1)

    encode = Linear.encode
    monkeypatch.setattr(Linear, "encode", one_decision)
    model = Linear()
    history = quick(model, epochs=1, lr=1e-9)
    sizes = [len(batch) for batch in model.seen]
    expected = np.average(history.losses, weights=sizes)
    assert sorted(sizes) == [3] + [5] * 7 and history.losses[0] != history.losses[1]
    assert history.rows[0]["train_nats"] == pytest.approx(expected, rel=1e-12)


class Clock:
    """A clock that only work moves: a word of a batch takes 1 s, of a validation 0.01 s."""

    def __init__(self, monkeypatch, model):
        self.now, self.validations = 100.0, []
        monkeypatch.setattr(training, "clock", lambda: self.now)
        loss, score = model.loss, model.score

        def slow_loss(examples):
            self.now += sum(map(len, examples))
            return loss(examples)

        def slow_score(examples):
            self.now += 0.01 * sum(len(x) for x, y in examples)
            self.validations.append(examples)
            return score(examples)

        model.loss, model.score = slow_loss, slow_score


def test_seconds_hold_and_speed_is_words_a_second(monkeypatch):
    model = Linear()
    clock = Clock(monkeypatch, model)
    history = quick(model, seconds=6000, epochs=None, patience=99)
    table = history.table()
    assert 6000 - 50 < table.seconds.iloc[-1] <= 6000 + 50  # to a batch
    assert history.stopped == "6000 seconds are over"
    assert 25 <= len(table) <= 30
    assert table.tokens_per_second.tolist()[1:] == pytest.approx([1] * (len(table) - 1))
    assert {len(examples) for examples in clock.validations[1:]} == {20}


def test_a_long_validation_list_is_read_in_part_by_a_sample_that_is_always_the_same(monkeypatch):
    long = sorted(sentences(3000, seed=2), key=lambda example: len(example[0]))
    parts = []
    for seed in (0, 7):
        model = Linear()
        clock = Clock(monkeypatch, model)
        history = quick(model, valid=long, seconds=1000, epochs=None, patience=99, seed=seed)
        part = clock.validations[2]
        # a fiftieth of 1000 s is 20 s: 2000 words of 5 a sentence
        assert 320 < len(part) < 480
        assert np.mean([len(x) for x, y in part]) == pytest.approx(5, abs=0.3)
        assert [len(e) for e in clock.validations[2:]] == [len(part)] * len(history.rows)
        parts.append(part)
    assert parts[0] == parts[1]


@pytest.mark.parametrize(
    ("valid", "steps"),
    [
        (20, [8, 16]),  # an epoch of 38 examples: not ten times 20
        (1, [3, 6, 8, 11, 14, 16]),  # three times ten times 1: every 8/3 batches
    ],
)
def test_with_epochs_validation_is_at_their_ends_and_not_too_often(valid, steps):
    history = quick(Linear(), valid=VALID[:valid], patience=99)
    assert history.table().step.tolist() == steps


def test_ctrl_c_at_any_batch_and_going_on_changes_nothing(tmp_path, scripted):
    scripted(RISING)
    undisturbed = Linear(dropout=0.3)
    history = quick(undisturbed)
    for step in (1, 5, 8, 13, 16):
        scripted(RISING)
        file = tmp_path / f"{step}.pt"
        model, resumed = Linear(dropout=0.3), Linear(dropout=0.3)
        interrupt_at(model, step)
        quick(model, checkpoint=file)
        if step > 8:
            scripted(RISING[1:])
        torch.manual_seed(99)
        again = quick(resumed, checkpoint=file)
        assert same(weights(resumed), weights(undisturbed))
        columns = ["step", "epoch", "train_nats", "valid_score", "lr"]
        assert again.table()[columns].equals(history.table()[columns])
        for name in training.OF_CHUNKS:
            assert getattr(again, name) == getattr(history, name)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"train": TRAIN[1:]}, "train_examples are others, or encoded otherwise"),
        ({"valid": VALID[::-1]}, "valid_examples are others, or encoded otherwise"),
        ({"model": Linear(tags=("V", "N", "P"))}, "train_examples are others, or encoded"),
    ],
)
def test_a_checkpoint_of_another_run_is_refused(tmp_path, change, message):
    file = tmp_path / "run.pt"
    quick(Linear(), epochs=1, checkpoint=file)
    quick(Linear(), checkpoint=file)  # the same run
    with pytest.raises(ValueError, match=f"run.pt is of another run: .*{message}"):
        quick(**({"model": Linear()} | change), checkpoint=file)


def test_a_loss_that_is_no_number_stops_and_keeps_the_best(scripted):
    scripted(RISING)
    one_epoch, model = Linear(), Linear()
    quick(one_epoch, epochs=1)
    loss, calls = model.loss, []

    def spoiled(examples):
        calls.append(1)
        return loss(examples) * (math.nan if len(calls) == 11 else 1)

    model.loss = spoiled
    with pytest.raises(Diverged, match=r"the loss is nan at step 11 \(epoch 1.38\)") as error:
        quick(model)
    assert len(error.value.history.losses) == 11
    assert same(weights(model), weights(one_epoch))


def test_a_score_that_is_no_number_stops_too(scripted):
    scripted([0.5, math.nan])
    with pytest.raises(Diverged, match="the score of the validation examples is nan at step 16"):
        quick(Linear())


def test_a_validation_leaves_the_model_in_training():
    model = Linear(dropout=0.3)
    modes = []
    model.dropout.register_forward_hook(lambda m, i, o: modes.append((m.training, o.requires_grad)))
    quick(model)
    # 38 sentences are read in training, 20 in validation, and so again
    assert modes == ([(True, True)] * 38 + [(False, False)] * 20) * 2


def test_a_model_learns_what_there_is_to_learn():
    history = quick(Linear(), epochs=60, lr=0.1, patience=99)
    assert history.best["valid_score"] == 1.0
    assert history.rows[-1]["train_nats"] < 0.1 < history.rows[0]["train_nats"]


def test_the_history_draws_loss_and_score(monkeypatch):
    from course_utils import plots

    shown = []
    monkeypatch.setattr(plots, "display", shown.append)
    history = History(
        rows=[
            {"epoch": 1, "train_nats": 2.0, "valid_score": 0.25},
            {"epoch": 2, "train_nats": 1.5, "valid_score": 0.75},
        ]
    )
    drawn = []
    monkeypatch.setattr(plots, "lines", lambda ax, curves, **names: drawn.append((curves, names)))
    history.plot()
    assert [curves for curves, _ in drawn] == [
        {"training": ([1, 2], [2.0, 1.5])}, {"validation": ([1, 2], [0.25, 0.75])},
    ]  # fmt: skip
    assert [names["ylabel"] for _, names in drawn] == ["loss (nats a decision)", "score"]
    (image,) = shown
    assert image._repr_mimebundle_()[1]["image/png"]["alt"] == (
        "Score against the epoch. Validation begins at 0.25; its best is 0.75 at epoch 2."
    )


def test_the_bar_shows_loss_and_score(monkeypatch, capsys):
    monkeypatch.setattr(training, "LOOK_SECONDS", 0)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    quick(Linear(), progress=True)
    shown = capsys.readouterr().err
    assert "tokens/s, loss " in shown and " nats, best validation 0." in shown


class NoEncode(torch.nn.Linear):
    """A model that someone forgot to give an encode."""


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"steps": 20}, ValueError, "steps=20 is for texts, .* so leave it out"),
        ({"train": []}, ValueError, r"train is empty; this model needs a list of examples \(x, y"),
        ({"valid": []}, ValueError, "valid is empty"),
        ({"train": [["a", "b", "c"]]}, ValueError, r"train\[0\] is \['a', 'b', 'c'\], not a pair"),
        ({"valid": np.arange(5)}, ValueError, r"valid\[0\] is .*0.*corpus.examples\('valid'\)"),
        ({"model": NoEncode(1, 1)}, TypeError, r"train\[0\] is .* NoEncode has no encode"),
    ],
)
def test_bad_arguments_are_named(options, error, message):
    with pytest.raises(error, match=message):
        quick(**({"model": Linear()} | options))


@pytest.mark.parametrize("name", ["train", "valid"])
def test_an_example_that_cannot_be_encoded_is_named(name):
    with pytest.raises(ValueError, match="2 words have 1 tags") as error:
        quick(Linear(), **{name: [*VALID, (["a", "b"], ["N"])]})
    assert error.value.__notes__ == [f"This is about {name}[20]: (['a', 'b'], ['N'])"]


def test_a_batch_may_be_the_whole_list():
    model = Linear()
    assert quick(model, batch_size=999, epochs=3).table().step.tolist() == [1, 2, 3]
    assert [len(batch) for batch in model.seen] == [38] * 3


def real(kind):
    """Make a model of the course and its examples, always the same."""
    vocab, options = Vocabulary(list(WORDS[:-1])), {"embedding_size": 5, "hidden_size": 4}
    with torch.random.fork_rng():
        torch.manual_seed(1)
        characters = CharacterEncoder(Vocabulary(list(WORDS)), embedding_size=3, hidden_size=2)
        encoder = SentenceEncoder(
            vocab, **options, num_layers=2, dropout=0.2, word_dropout=0.1, characters=characters
        )
        classes = ("short", "long")
        models = {
            "tagger": lambda: SequenceTagger(encoder, TAGS),
            "classifier": lambda: SequenceClassifier(encoder, classes, pooling="max"),
            "reader": lambda: SpanReader(encoder),
            "translator": lambda: EncoderDecoder(
                encoder, Vocabulary(list(TAGS)), **options, cell="gru", teacher_forcing=0.6
            ),
            "tasks": lambda: MultiTask(
                tag=SequenceTagger(encoder, TAGS), kind=SequenceClassifier(encoder, classes)
            ),
        }
        model = models[kind]()

    def examples(pairs):
        kinds = [(x, classes[len(x) > 4]) for x, y in pairs]
        return {
            "classifier": kinds,
            "reader": [((x, ["e", "b"]), (len(x) // 2, len(x))) for x, y in pairs],
            "tasks": [(("tag", x), y) for x, y in pairs] + [(("kind", x), y) for x, y in kinds],
        }.get(kind, pairs)

    return model, examples(TRAIN), examples(VALID)


DECISIONS = {  # of a sentence and its tags
    "tagger": len,
    "classifier": lambda x: 1,
    "reader": lambda x: 1,
    "translator": lambda x: len(x) + 1,
}


@pytest.mark.parametrize(
    ("kind", "decay"),
    [("tagger", 0.5), ("tagger", "linear"), ("classifier", 0.5), ("reader", 0.5),
     ("translator", "linear"), ("tasks", 0.5)],
)  # fmt: skip
def test_the_models_of_the_course_go_on_after_ctrl_c_bit_for_bit(tmp_path, kind, decay):
    settings = {"decay": decay, "batch_size": 9, "epochs": 2}
    undisturbed, *examples = real(kind)
    chunks = quick(undisturbed, *examples, **settings).rows[0]["step"]
    history = quick(real(kind)[0], *examples, **settings)
    for step in (2, chunks + 2):
        file = tmp_path / f"{step}.pt"
        model, resumed = real(kind)[0], real(kind)[0]
        interrupt_at(model, step)
        stopped = quick(model, *examples, checkpoint=file, **settings)
        assert stopped.stopped == f"interrupted at step {step}"
        torch.manual_seed(99)
        again = quick(resumed, *examples, checkpoint=file, **settings)
        assert same(weights(resumed), weights(undisturbed))
        assert again.losses == history.losses and len(history.losses) == 2 * chunks
        assert [row["valid_score"] for row in again.rows] == [
            row["valid_score"] for row in history.rows
        ]


@pytest.mark.parametrize("kind", DECISIONS)
def test_the_training_loss_of_the_models_of_the_course_is_a_mean_over_decisions(kind):
    model, *examples = real(kind)
    batches, loss = [], model.loss

    def listening(batch):
        batches.append(len(batch))
        with torch.random.fork_rng():
            return loss(batch)

    model.loss = listening
    history = quick(model, *examples, epochs=1, optimizer="sgd", lr=1e-9)
    # the order of the sentences is that of our own model, which reads the same lengths
    own = Linear()
    quick(own, epochs=1)
    assert batches == [len(batch) for batch in own.seen]
    decisions = [sum(DECISIONS[kind](e.words) for e in batch) for batch in own.seen]
    expected = np.average(history.losses, weights=decisions)
    assert history.rows[0]["train_nats"] == pytest.approx(expected, rel=1e-12)


def test_a_tagger_learns_with_a_linear_decay():
    with torch.random.fork_rng():
        torch.manual_seed(1)
        encoder = SentenceEncoder(Vocabulary(list(WORDS)), 8, 12, dropout=0.1)
        tagger = SequenceTagger(encoder, TAGS)
    train, valid = sentences(200), sentences(50, seed=1)
    history = quick(tagger, train, valid, epochs=10, batch_size=10, decay="linear", patience=99)
    assert history.stopped == "10 epochs are done"
    assert history.rows[-1]["lr"] == pytest.approx(0.02 / 200)  # of the last of 200 batches
    assert history.best["valid_score"] == tagger.score(valid) > 0.98
    baseline = MostFrequentTag().fit(train)
    guesses = baseline.predict([x for x, y in valid])
    right = np.concatenate(guesses) == np.concatenate([y for x, y in valid])
    assert right.mean() < 0.9


@pytest.mark.parametrize("kind", [*DECISIONS, "tasks"])
def test_mixed_precision_computes_in_bfloat16_and_validates_as_always(kind):
    model, *examples = real(kind)
    seen = {True: set(), False: set()}
    for module in model.modules():
        if isinstance(module, torch.nn.Linear):
            module.register_forward_hook(lambda m, i, out: seen[m.training].add(out.dtype))
    quick(model, *examples, epochs=1, batch_size=13, mixed_precision=True)
    assert seen == {True: {torch.bfloat16}, False: {torch.float32}}
    assert {p.dtype for p in model.parameters()} == {torch.float32}
