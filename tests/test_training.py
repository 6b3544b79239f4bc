"""Training against loops written out, scripted perplexities, a clock of our own, and kills."""

import functools
import math
import multiprocessing
import os
import random
import signal
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from course_utils import training
from course_utils.evaluation import perplexity
from course_utils.models import LanguageModel, WindowLanguageModel
from course_utils.output_layers import SampledSoftmax
from course_utils.training import Diverged, History, fit

VOCAB = 7


class Toy(torch.nn.Module):
    """An LSTM with dropout and a sampled loss, independent of `course_utils.models`."""

    def __init__(self, hidden=5, dropout=0.0, samples=0, dtype=torch.float32):
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(3)
            self.embedding = torch.nn.Embedding(VOCAB, 4)
            self.rnn = torch.nn.LSTM(4, hidden, num_layers=2)
            self.dropout = torch.nn.Dropout(dropout)
            self.output = torch.nn.Linear(hidden, VOCAB)
        self.samples = samples
        self.to(dtype)

    def logits(self, ids, state):
        h, state = self.rnn(self.dropout(self.embedding(ids)), state)  # (T, B, H)
        return self.output(self.dropout(h)), state  # (T, B, V)

    def loss(self, inputs, targets, state=None):
        logits, state = self.logits(inputs, state)
        if self.samples and self.training:
            negatives = logits[..., torch.randint(VOCAB, (self.samples,))]  # (T, B, samples)
            score = logits.gather(-1, targets[..., None]) - negatives.logsumexp(-1, keepdim=True)
            return -torch.nn.functional.logsigmoid(score).mean(), state
        return torch.nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten()), state

    def log_probs(self, ids):
        inputs = torch.tensor([1, *ids[:-1]])[:, None]
        was_training = self.training
        self.eval()
        with torch.no_grad():
            log_p = self.logits(inputs, None)[0].log_softmax(-1).squeeze(1)
        self.train(was_training)
        return log_p[torch.arange(len(ids)), torch.as_tensor(ids)].double().numpy()


def text(length, seed=0):
    """Return a text in which a token mostly follows from the one before."""
    rng = np.random.default_rng(seed)
    ids = [2]
    while len(ids) < length:
        ids.append(int(rng.integers(VOCAB)) if rng.random() < 0.1 else (3 * ids[-1] + 1) % VOCAB)
    return np.array(ids)


TRAIN, VALID = text(200), text(40, seed=1)


def quick(model, train_ids=TRAIN, valid_ids=VALID, **options):
    """Call `fit` with small settings."""
    settings = {"epochs": 2, "batch_size": 3, "steps": 8, "lr": 0.02, "progress": False}
    return fit(model, train_ids, valid_ids, **(settings | options))


def weights(model):
    return {name: value.clone() for name, value in model.state_dict().items()}


def same(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """Small products are not worth two threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def scripted(monkeypatch):
    """Let validations answer what a list says."""

    def script(values):
        values = iter(values)
        monkeypatch.setattr(training, "perplexity", lambda model, ids: next(values))

    return script


FALLING = [9 - k / 100 for k in range(800)]


def test_two_epochs_of_sgd_are_the_loop_written_out(scripted):
    scripted(FALLING)  # so that the last weights are the best
    ids = text(77)
    model, oracle = Toy(dtype=torch.float64), Toy(dtype=torch.float64)
    quick(model, ids, optimizer="sgd", lr=0.7, clip=0.25, batch_size=3, steps=8)

    # 77 tokens in 3 columns of 25: chunks of 8, 8, 8 and 1 rows; 2 tokens are left out
    clipped = 0
    for _ in range(2):
        h = torch.zeros(2, 3, 5, dtype=torch.float64)
        c = torch.zeros(2, 3, 5, dtype=torch.float64)
        for rows in (range(0, 8), range(8, 16), range(16, 24), range(24, 25)):
            x = torch.tensor(
                [[ids[25 * b + t - 1] if b + t else 1 for b in range(3)] for t in rows]
            )
            y = torch.tensor([[ids[25 * b + t] for b in range(3)] for t in rows])
            loss, (h, c) = oracle.loss(x, y, (h.detach(), c.detach()))
            oracle.zero_grad()
            loss.backward()
            gradients = [p.grad for p in oracle.parameters()]
            norm = math.sqrt(sum((g * g).sum().item() for g in gradients))
            clipped += norm > 0.25
            with torch.no_grad():
                for p in oracle.parameters():
                    p -= 0.7 * p.grad * min(1, 0.25 / (norm + 1e-6))  # torch's guard against 0
    assert 0 < clipped < 8, "the test must see both sides of the norm"
    for name, value in oracle.state_dict().items():
        torch.testing.assert_close(model.state_dict()[name], value, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(
    ("name", "kind", "options"),
    [
        ("sgd", torch.optim.SGD, {}),
        ("adam", torch.optim.Adam, {}),
        ("adam", torch.optim.Adam, {"betas": (0.7, 0.8)}),
    ],
)
def test_an_epoch_is_that_of_torchs_own_optimizer_bit_for_bit(scripted, name, kind, options):
    scripted(FALLING)
    model, oracle = Toy(), Toy()
    settings = {"epochs": 1, "lr": 0.05, "clip": 0.3, "batch_size": 4, "steps": 9} | options
    quick(model, TRAIN, optimizer=name, **settings)

    other = kind(oracle.parameters(), lr=0.05, fused=True, **options)
    targets = torch.tensor(TRAIN).reshape(4, 50).T
    inputs = torch.tensor([1, *TRAIN[:-1]]).reshape(4, 50).T
    state = None
    for x, y in zip(inputs.split(9), targets.split(9), strict=True):
        other.zero_grad()
        loss, state = oracle.loss(x, y, state)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(oracle.parameters(), 0.3)
        other.step()
        state = tuple(part.detach() for part in state)
    assert same(weights(model), weights(oracle))


@pytest.mark.parametrize(("clip", "length"), [(0.01, 0.01), (1e6, None), (None, None)])
def test_a_long_gradient_is_cut_to_the_norm_and_a_short_one_is_left(scripted, clip, length):
    scripted(FALLING)
    model, start = Toy(dtype=torch.float64), Toy(dtype=torch.float64)
    quick(model, text(12), optimizer="sgd", lr=1.0, clip=clip, epochs=1, batch_size=3, steps=4)
    moved = [a - b for a, b in zip(start.parameters(), model.parameters(), strict=True)]
    norm = math.sqrt(sum((m * m).sum().item() for m in moved))
    ids = text(12)
    x = torch.tensor([1, *ids[:-1]]).reshape(3, 4).T
    start.loss(x, torch.tensor(ids).reshape(3, 4).T)[0].backward()
    raw = torch.nn.utils.clip_grad_norm_(start.parameters(), math.inf).item()
    assert norm == pytest.approx(length or raw, rel=1e-3)


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_the_learning_rate_falls_when_validation_does_not(scripted, optimizer):
    #          best best worse worse best same worse worse
    scripted([8.0, 7.0, 7.5, 7.2, 6.0, 6.0, 6.5, 9.0, 1.0])
    history = quick(Toy(), optimizer=optimizer, lr=0.8, decay=0.5, patience=3, epochs=50)
    assert history.table().lr.tolist() == [0.8, 0.8, 0.8, 0.4, 0.2, 0.2, 0.1, 0.05]
    assert history.stopped == "no better perplexity in 3 validations"
    assert history.best["valid_perplexity"] == 6.0
    assert history.best["epoch"] == 5


def test_a_linear_decay_ends_at_zero(scripted):
    scripted([8.0, 7.0, 7.5, 7.2, 6.0])  # a failure changes nothing
    history = quick(Toy(), lr=0.8, decay="linear", epochs=4)
    left = [36 - before for before in (8, 17, 26, 35)]  # of 36 chunks, at each epoch's last one
    assert history.table().lr.tolist() == pytest.approx([0.8 * n / 36 for n in left])
    assert history.stopped == "4 epochs are done"


def test_the_model_ends_with_its_best_weights_in_evaluation_mode(scripted):
    scripted([8.0, 7.0])
    after_two = Toy(dropout=0.2)
    quick(after_two, epochs=2)
    scripted([8.0, 7.0, 7.1, 7.2])
    model = Toy(dropout=0.2)
    quick(model, epochs=4)
    assert same(weights(model), weights(after_two))
    assert not any(module.training for module in model.modules())


def test_what_the_history_says():
    model = Toy(dtype=torch.float64)
    history = quick(model, text(77), optimizer="sgd", lr=1e-9, epochs=2)
    table = history.table()
    assert list(table.columns) == [
        "step", "epoch", "seconds", "train_nats", "valid_perplexity", "lr", "tokens_per_second",
    ]  # fmt: skip
    assert table.step.tolist() == [4, 8]
    assert table.epoch.tolist() == [1, 2]
    # with such a learning rate nothing changes: the mean over the 75 tokens read is the loss
    inputs = torch.tensor([1, *text(77)[:74]]).reshape(3, 25).T
    loss = model.loss(inputs, torch.tensor(text(77)[:75]).reshape(3, 25).T)[0].item()
    np.testing.assert_allclose(table.train_nats, loss, rtol=1e-6)
    assert history.best["valid_perplexity"] == perplexity(model, VALID)
    assert repr(history).endswith("epochs; 2 epochs are done)")
    with pytest.raises(ValueError, match="before its first validation"):
        _ = History().best


@pytest.mark.parametrize("look_seconds", [0, 1e9])
def test_the_history_has_loss_and_norms_of_every_chunk(scripted, monkeypatch, look_seconds):
    monkeypatch.setattr(training, "LOOK_SECONDS", look_seconds)
    scripted(FALLING)
    ids = text(77)
    model, oracle = Toy(dtype=torch.float64), Toy(dtype=torch.float64)
    history = quick(model, ids, optimizer="sgd", lr=0.7, clip=0.25, epochs=1)
    assert history.clip == 0.25
    x = torch.tensor([1, *ids[:74]]).reshape(3, 25).T
    y = torch.tensor(ids[:75]).reshape(3, 25).T
    state, rows = None, []
    for inputs, targets in zip(x.split(8), y.split(8), strict=True):  # 8, 8, 8 and 1 rows
        loss, state = oracle.loss(inputs, targets, state)
        gradients = torch.autograd.grad(loss, list(oracle.parameters()))
        norm = torch.cat([g.flatten() for g in gradients]).norm().item()
        weight_norm = torch.cat([p.detach().flatten() for p in oracle.parameters()]).norm().item()
        with torch.no_grad():
            for p, g in zip(oracle.parameters(), gradients, strict=True):
                p -= 0.7 * g * min(1, 0.25 / (norm + 1e-6))
        rows.append([loss.item(), norm, weight_norm])
        state = tuple(part.detach() for part in state)
    found = [history.losses, history.gradient_norms, history.weight_norms]
    np.testing.assert_allclose(np.transpose(found), rows, rtol=1e-10)


def test_the_history_draws_itself(monkeypatch):
    from course_utils import plots

    shown = []
    monkeypatch.setattr(plots, "display", shown.append)
    history = quick(Toy())
    history.plot()
    history.plot("seconds")
    alts = [image._repr_mimebundle_()[1]["image/png"]["alt"] for image in shown]
    assert [alt.split(".")[0] for alt in alts] == [
        "Perplexity against the epoch", "Perplexity against the seconds",
    ]  # fmt: skip
    with pytest.raises(ValueError, match="x must be 'epoch', 'seconds' or 'step', got 'lr'"):
        history.plot("lr")


@pytest.mark.parametrize(
    ("valid", "steps"),
    [
        (40, [9, 18]),  # an epoch of 9 chunks, 198 tokens: not ten times 40
        (9, [5, 9, 14, 18]),  # 198 tokens: twice ten times 9
        (3, [2, 3, 5, 6, 8, 9, 11, 12, 14, 15, 17, 18]),  # six times ten times 3
    ],
)
def test_with_epochs_validation_is_at_their_ends_and_not_too_often(valid, steps):
    history = quick(Toy(), valid_ids=VALID[:valid], epochs=2, patience=99)
    assert history.table().step.tolist() == steps


def test_a_part_of_an_epoch_is_measured_at_its_end():
    assert quick(Toy(), epochs=1.5).table().step.tolist() == [9, 14]


class Clock:
    """A clock that only work moves: a chunk takes 1 s, a validation 0.02 s a token."""

    def __init__(self, monkeypatch, model, chunk=1.0, token=0.02):
        self.now, self.validations = 100.0, []
        monkeypatch.setattr(training, "clock", lambda: self.now)
        loss, measure = model.loss, training.perplexity

        def slow_loss(*args):
            self.now += chunk
            return loss(*args)

        def slow_perplexity(model, ids):
            self.now += token * len(ids)
            self.validations.append((self.now, len(ids)))
            return measure(model, ids)

        model.loss = slow_loss
        monkeypatch.setattr(training, "perplexity", slow_perplexity)


def test_seconds_hold_and_leave_validation_a_tenth(monkeypatch):
    model = Toy()
    clock = Clock(monkeypatch, model, chunk=5.0)
    history = quick(model, seconds=600, epochs=None, patience=99)
    table = history.table()
    assert 595 < table.seconds.iloc[-1] <= 605  # to a chunk
    assert history.stopped == "600 seconds are over"
    assert len(table) == 29  # every 20 s and what it takes: 0.8 s
    assert {n for _, n in clock.validations} == {40}
    assert table.tokens_per_second.mean() == pytest.approx(198 / 45, rel=0.01)  # 9 chunks


def test_a_linear_decay_goes_by_the_clock(monkeypatch):
    model = Toy()
    Clock(monkeypatch, model, chunk=5.0)
    table = quick(model, seconds=600, epochs=None, lr=0.8, decay="linear", patience=99).table()
    began = table.seconds - 0.8 - 5  # the last chunk before a validation
    assert table.lr.tolist() == pytest.approx((0.8 * (1 - began / 600)).tolist())


def test_a_long_validation_text_is_not_read_to_its_end(monkeypatch):
    model = Toy()
    clock = Clock(monkeypatch, model, chunk=40.0)
    history = quick(model, valid_ids=text(9000), seconds=4000, epochs=None, patience=99)
    # a fiftieth of 4000 s is 80 s: 4000 tokens; a tenth of the time: every 720 s
    assert [n for _, n in clock.validations[2:]] == [4000] * len(history.rows)
    assert 5 <= len(history.rows) <= 6
    assert history.rows[-1]["seconds"] <= 4040


def test_the_end_that_comes_first_counts(monkeypatch):
    model = Toy()
    Clock(monkeypatch, model)
    assert quick(model, seconds=5, epochs=9).stopped == "5 seconds are over"
    assert quick(model, seconds=500, epochs=2).stopped == "2 epochs are done"


def test_the_seed_decides_and_the_callers_random_numbers_stay():
    ends = []
    for seed in (4, 4, 5):
        torch.manual_seed(len(ends))
        before = torch.get_rng_state()
        model = Toy(dropout=0.3)
        quick(model, seed=seed)
        ends.append(weights(model))
        assert torch.equal(torch.get_rng_state(), before)
    assert same(ends[0], ends[1])
    assert not same(ends[0], ends[2])


THREE_SAMPLES = functools.partial(SampledSoftmax, n_samples=3)
MODELS = {
    "toy": lambda: Toy(dropout=0.3, samples=4),
    "lstm": lambda: LanguageModel(VOCAB, hidden_size=6, num_layers=2, dropout=0.1),
    "srn": lambda: LanguageModel(VOCAB, hidden_size=6, cell="srn"),
    "gru": lambda: LanguageModel(
        VOCAB, hidden_size=6, cell="gru", variational=True, dropout=0.1, output=THREE_SAMPLES
    ),
    "window": lambda: WindowLanguageModel(VOCAB, 3, 4, 5, dropout=0.2),
}


def make(kind):
    """Make a model, always the same."""
    with torch.random.fork_rng():
        torch.manual_seed(1)
        return MODELS[kind]()


def interrupt_at(model, step, times=1):
    """Press Ctrl-C while the model reads a chunk."""
    loss, calls = model.loss, []

    def pressing(*args):
        calls.append(1)
        if len(calls) == step:
            for _ in range(times):
                signal.raise_signal(signal.SIGINT)
        return loss(*args)

    model.loss = pressing


@pytest.mark.parametrize("kind", MODELS)
def test_ctrl_c_at_any_chunk_and_going_on_changes_nothing(tmp_path, capsys, kind):
    undisturbed = make(kind)
    history = quick(undisturbed)
    assert history.best["step"] == 18, "the last weights are compared"
    for step in (1, 5, 9, 14, 18):
        file = tmp_path / f"{step}.pt"
        model = make(kind)
        interrupt_at(model, step)
        stopped = quick(model, checkpoint=file)
        if step < 18:
            assert stopped.stopped == f"interrupted at step {step}"
            assert f"interrupted at step {step}; the model holds" in capsys.readouterr().out
        torch.manual_seed(99)
        resumed = make(kind)
        again = quick(resumed, checkpoint=file)
        assert same(weights(resumed), weights(undisturbed))
        columns = ["step", "epoch", "train_nats", "valid_perplexity", "lr"]
        assert again.table()[columns].equals(history.table()[columns])
        for name in training.OF_CHUNKS:
            assert getattr(again, name) == getattr(history, name)
            assert len(getattr(history, name)) == 18
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_ctrl_c_keeps_the_best_model_not_the_last():
    one_epoch, model = Toy(), Toy()
    quick(one_epoch, epochs=1)
    interrupt_at(model, 14)
    assert len(quick(model).rows) == 1
    assert same(weights(model), weights(one_epoch))


def test_a_second_ctrl_c_interrupts_at_once():
    one_epoch, model = Toy(), Toy()
    quick(one_epoch, epochs=1)
    interrupt_at(model, 14, times=2)
    with pytest.raises(KeyboardInterrupt):
        quick(model)
    assert same(weights(model), weights(one_epoch))
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_training_in_a_thread_leaves_signals_alone():
    models = Toy(), Toy()
    quick(models[0])
    thread = threading.Thread(target=quick, args=[models[1]])
    thread.start()
    thread.join()
    assert same(weights(models[0]), weights(models[1]))


def test_a_larger_budget_goes_on_as_if_it_had_been_given_at_once(tmp_path):
    at_once, step_by_step = make("toy"), make("toy")
    expected = quick(at_once, epochs=2.5).table().step.tolist()
    for epochs in (0.5, 1.2, 1.2, 2.5):
        history = quick(step_by_step, epochs=epochs, checkpoint=tmp_path / "run.pt")
        assert history.stopped == f"{epochs:g} epochs are done"
    assert same(weights(at_once), weights(step_by_step))
    assert history.table().step.tolist() == expected == [9, 18, 23]


def test_a_finished_run_that_is_started_again_only_gives_its_model_back(tmp_path):
    file = tmp_path / "new" / "folder" / "run.pt"
    model, again = make("toy"), make("toy")
    history = quick(model, checkpoint=file)
    before = file.stat().st_mtime_ns
    repeated = quick(again, checkpoint=file)
    assert same(weights(again), weights(model))
    assert repeated.best["valid_perplexity"] == history.best["valid_perplexity"]
    assert file.stat().st_mtime_ns == before and not Path(f"{file}.previous").exists()


def train_and_tell(file, out, pipe):
    """Train with a checkpoint after every chunk, and say so at every chunk."""
    torch.set_num_threads(1)
    training.CHECKPOINT_SECONDS = 0
    model = make("toy")
    loss = model.loss

    def telling(*args):
        pipe.send_bytes(b".")
        return loss(*args)

    model.loss = telling
    quick(model, text(700), epochs=3, steps=10, checkpoint=file)
    torch.save(model.state_dict(), out)


def test_kills_at_any_moment_change_nothing(tmp_path):
    undisturbed = make("toy")
    history = quick(undisturbed, text(700), epochs=3, steps=10)
    assert history.best["step"] == history.rows[-1]["step"] == 72, "the last weights are compared"

    # on Linux a server that has imported torch is copied for every start; others start afresh
    has_server = sys.platform == "linux"
    context = multiprocessing.get_context("forkserver" if has_server else "spawn")
    if has_server:
        modules = ["course_utils.models", "course_utils.training", "pytest", "torch._dynamo"]
        context.set_forkserver_preload(modules)
    file, out = tmp_path / "run.pt", tmp_path / "weights.pt"
    rng, steps = random.Random(), []
    while not out.exists():
        listening, telling = context.Pipe(duplex=False)
        process = context.Process(target=train_and_tell, args=(file, out, telling))
        process.start()
        telling.close()
        try:
            for _ in range(rng.randint(1, 12) if len(steps) < (10 if has_server else 4) else 999):
                listening.recv_bytes()
            time.sleep(rng.uniform(0, 0.01))
        except EOFError:
            process.join()
            assert process.exitcode == 0
            break
        process.kill()
        process.join()
        whole = file.exists() and torch.load(file, weights_only=True)
        steps.append(whole["step"] if whole else 0)
    assert steps == sorted(steps) and any(0 < step < 72 for step in steps), steps
    assert same(torch.load(out, weights_only=True), weights(undisturbed))


class Crash(BaseException):
    """The machine stops here."""


@pytest.mark.parametrize("number", range(1, 9))  # 3 calls for the first checkpoint, then 5
def test_a_crash_at_any_call_of_a_save_leaves_a_whole_checkpoint(tmp_path, monkeypatch, number):
    monkeypatch.setattr(training, "CHECKPOINT_SECONDS", 0)
    file, calls = tmp_path / "run.pt", []

    def crashing(function):
        def call(*args):
            calls.append(1)
            if len(calls) < number:
                return function(*args)
            if function is torch.save:
                args[1].write(b"half a file")
            raise Crash

        return call

    with monkeypatch.context() as patch:
        patch.setattr(torch, "save", crashing(torch.save))
        for name in ("fsync", "link", "replace"):
            patch.setattr(os, name, crashing(getattr(os, name)))
        with pytest.raises(Crash):
            quick(make("toy"), epochs=1, checkpoint=file)
    if number > 3:
        assert torch.load(file, weights_only=True)["step"] == 1

    model, undisturbed = make("toy"), make("toy")
    quick(model, epochs=1, checkpoint=file)
    quick(undisturbed, epochs=1)
    assert same(weights(model), weights(undisturbed))
    assert {path.name for path in tmp_path.iterdir()} == {"run.pt", "run.pt.previous"}


def test_disks_without_second_names_keep_the_previous_checkpoint_too(tmp_path, monkeypatch):
    def no_links(*args):
        raise OSError("no such thing on this disk")

    monkeypatch.setattr(os, "link", no_links)
    file = tmp_path / "run.pt"
    for epochs in (1, 2):
        quick(Toy(), epochs=epochs, checkpoint=file)
    steps = [torch.load(f, weights_only=True)["step"] for f in (file, Path(f"{file}.previous"))]
    assert steps == [18, 9]


def test_a_damaged_checkpoint_is_named_with_its_cure_and_the_one_before_stays(tmp_path):
    file, previous = tmp_path / "run.pt", tmp_path / "run.pt.previous"
    quick(make("toy"), epochs=1, checkpoint=file)
    whole = file.read_bytes()
    model = make("toy")
    damages = [b"", b"not a checkpoint", whole[: len(whole) // 2], whole[:-9]]
    numbers = torch.load(file, weights_only=True)["weights"]["rnn.weight_hh_l1"].numpy().tobytes()
    for place in range(whole.index(numbers), whole.index(numbers) + len(numbers), 29):  # one bit
        damages.append(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :])
    for content in damages:
        file.write_bytes(content)
        with pytest.raises(ValueError, match=r"run.pt is damaged; delete .*run.pt to begin anew"):
            quick(model, checkpoint=file)
        assert file.read_bytes() == content
    previous.write_bytes(whole)
    with pytest.raises(ValueError, match=r"damaged; rename .*run.pt.previous to .*run.pt to go on"):
        quick(model, checkpoint=file)
    assert previous.read_bytes() == whole
    assert same(weights(model), weights(make("toy"))), "the model was not touched"

    os.replace(previous, file)  # the cure
    undisturbed = make("toy")
    quick(undisturbed)
    quick(model, checkpoint=file)
    assert same(weights(model), weights(undisturbed))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"lr": 0.5}, "lr was 0.02 and is 0.5"),
        ({"batch_size": 4}, "batch_size was 3 and is 4"),
        ({"seed": 2, "clip": None}, "clip was 1.0 and is None; seed was 0 and is 2"),
        ({"train_ids": text(200, 7)}, "train_ids is another text"),
        ({"valid_ids": text(9, 7)}, "valid_ids is another text"),
        ({"epochs": None, "seconds": 9}, "validation was 'by epochs' and is 'by time'"),
        (
            {"model": Toy(hidden=6)},
            r"its model has rnn.weight_ih_l0 \(20, 4\) torch.float32 where this one has "
            r"rnn.weight_ih_l0 \(24, 4\)",
        ),
        ({"model": Toy(dropout=0.1)}, r"Dropout\(p=0.0, .* where this one has .*Dropout\(p=0.1"),
    ],
)
def test_a_checkpoint_of_another_run_is_refused(tmp_path, change, message):
    file = tmp_path / "run.pt"
    quick(Toy(), epochs=1, checkpoint=file)
    model = change.pop("model", Toy())
    before, content = weights(model), file.read_bytes()
    with pytest.raises(ValueError, match=f"run.pt is of another run: .*{message}"):
        quick(model, checkpoint=file, **change)
    assert same(weights(model), before)
    assert file.read_bytes() == content


def test_a_file_of_something_else_is_no_checkpoint(tmp_path):
    torch.save(Toy().state_dict(), tmp_path / "weights.pt")
    with pytest.raises(ValueError, match=r"weights\.pt is no checkpoint"):
        quick(Toy(), checkpoint=tmp_path / "weights.pt")


def spoil(model, step, value, gradient=False):
    """Make the loss, or only its gradient, something else at one chunk."""
    loss, calls = model.loss, []

    def spoiled(*args):
        calls.append(1)
        result, state = loss(*args)
        if len(calls) == step and gradient:
            result.register_hook(lambda g: g * value)
        elif len(calls) == step:
            result = result * value
        return result, state

    model.loss = spoiled


@pytest.mark.parametrize("look_seconds", [0, 1e9])
@pytest.mark.parametrize(
    ("value", "gradient", "message"),
    [
        (
            math.nan,
            False,
            r"the loss is nan at step 14 \(epoch 1.56\); likely cures: a smaller lr ",
        ),
        (math.inf, False, "the loss is inf at step 14"),
        (math.nan, True, "the gradient's norm is nan at step 14"),
    ],
)
def test_a_loss_that_is_no_number_stops_and_keeps_the_best(
    tmp_path, monkeypatch, value, gradient, message, look_seconds
):
    monkeypatch.setattr(training, "LOOK_SECONDS", look_seconds)
    file, one_epoch, model = tmp_path / "run.pt", Toy(), Toy()
    quick(one_epoch, epochs=1, checkpoint=file)
    spoil(model, 14, value, gradient)
    with pytest.raises(Diverged, match=message) as error:
        quick(model, epochs=3)
    assert len(error.value.history.rows) == 1
    assert error.value.history.stopped.endswith(" at step 14")
    chunks = error.value.history.gradient_norms if gradient else error.value.history.losses
    assert len(chunks) == 14 and np.isfinite(chunks[:13]).all() and not math.isfinite(chunks[13])
    assert same(weights(model), weights(one_epoch))

    before = file.read_bytes()
    spoil(model, 5, value, gradient)
    with pytest.raises(Diverged):
        quick(model, epochs=3, checkpoint=file)
    assert file.read_bytes() == before


def test_a_checkpoint_never_holds_what_a_bad_loss_made(tmp_path, monkeypatch):
    monkeypatch.setattr(training, "LOOK_SECONDS", 1e9)
    monkeypatch.setattr(training, "CHECKPOINT_SECONDS", 0)
    model = Toy()
    spoil(model, 5, math.nan)
    with pytest.raises(Diverged, match="the loss is nan at step 5"):
        quick(model, checkpoint=tmp_path / "run.pt")
    assert torch.load(tmp_path / "run.pt", weights_only=True)["step"] == 4


def test_divergence_before_any_validation_gives_the_first_weights_back():
    model = Toy()
    spoil(model, 3, math.nan)
    with pytest.raises(Diverged, match=r"lr \(it is 0.02\), a smaller clip \(it is 0.5\)"):
        quick(model, clip=0.5)
    assert same(weights(model), weights(Toy()))


def test_a_validation_that_is_no_number_stops_too(scripted):
    scripted([8.0, math.nan])
    with pytest.raises(Diverged, match="the perplexity of the validation text is nan at step 18"):
        quick(Toy())


def test_mixed_precision_computes_in_bfloat16_and_keeps_weights_and_validation(monkeypatch):
    seen = {True: set(), False: set()}
    model = Toy()
    model.output.register_forward_hook(lambda m, i, out: seen[model.training].add(out.dtype))
    history = quick(model, epochs=6, mixed_precision=True)
    assert seen == {True: {torch.bfloat16}, False: {torch.float32}}
    assert {value.dtype for value in model.state_dict().values()} == {torch.float32}
    assert history.rows[-1]["valid_perplexity"] < history.rows[0]["valid_perplexity"]


@pytest.mark.parametrize("cell", ["srn", "lstm", "gru"])
def test_mixed_precision_with_the_layers_of_the_course(cell):
    model = LanguageModel(VOCAB, hidden_size=8, cell=cell, num_layers=2)
    history = quick(model, epochs=6, mixed_precision=True)
    assert history.rows[-1]["valid_perplexity"] < history.rows[0]["valid_perplexity"]


def test_a_compiled_loss_is_accepted():
    plain, compiled = Toy(), Toy()
    quick(plain, epochs=1)
    compiled.loss = torch.compile(compiled.loss, backend="eager")
    quick(compiled, epochs=1)
    assert same(weights(plain), weights(compiled))


@pytest.mark.parametrize("kind", ["lstm", "srn", "window"])
def test_the_models_of_the_course_learn_what_a_text_repeats(kind):
    ids = np.tile([2, 3, 4, 2, 5, 6, 1], 30)  # after 2 comes 3 or 5: the token before 2 says which
    model = make(kind)
    history = quick(model, ids, ids[:70], epochs=12, batch_size=2, steps=7, lr=0.05, patience=99)
    assert history.best["valid_perplexity"] < 1.2
    assert history.best["valid_perplexity"] == perplexity(model, ids[:70])


def test_the_bar_shows_speed_and_perplexities_where_it_can_be_seen(monkeypatch, capsys):
    monkeypatch.setattr(training, "LOOK_SECONDS", 0)
    quick(Toy(), progress=True)
    assert capsys.readouterr().err == ""  # a file, not a terminal
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    quick(Toy(), progress=True)
    shown = capsys.readouterr().err
    assert "tokens/s, perplexity" in shown and "best validation" in shown and "100%" in shown
    for options, environment in [({"progress": False}, ""), ({"progress": True}, "1")]:
        monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
        monkeypatch.setenv("TQDM_DISABLE", environment)
        quick(Toy(), **options)
        assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"epochs": None}, "say how long to train: seconds=60 or epochs=10"),
        ({"epochs": 0}, "epochs must be positive, got 0"),
        ({"seconds": -1}, "seconds must be positive, got -1"),
        ({"seconds": math.nan}, "seconds must be positive, got nan"),
        ({"optimizer": "rmsprop"}, "optimizer must be 'adam' or 'sgd', got 'rmsprop'"),
        ({"lr": 0}, "lr must be positive, got 0"),
        ({"clip": 0}, "clip must be positive, got 0"),
        ({"steps": 0}, "steps must be at least 1, got 0"),
        ({"batch_size": 0}, "batch_size must be at least 1, got 0"),
        ({"batch_size": 201}, "200 tokens cannot be cut into 201 columns"),
        ({"betas": (0.9, 1)}, r"betas must be two numbers from 0 to below 1, got \(0.9, 1.0\)"),
        ({"betas": (0.9,)}, "betas must be two numbers"),
        ({"patience": 0}, "patience must be at least 1, got 0"),
        ({"decay": 1.5}, "decay must be 'linear', or above 0 and at most 1, got 1.5"),
        ({"valid_ids": []}, "the validation text is empty"),
        ({"model": torch.nn.Identity()}, r"Identity\(\) has no weights to train"),
    ],
)
def test_bad_arguments_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        quick(**({"model": Toy()} | options))
