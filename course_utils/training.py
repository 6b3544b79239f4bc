"""Training: truncated backpropagation through time or labelled sentences, a schedule, checkpoints.

`fit` trains the models of `models`, or your own, of two kinds.

Language models have ``loss(inputs, targets, state)`` and ``log_probs(ids)``. The text is cut into
columns that are read side by side (`text.streams`), a chunk of a few time steps after the other.
The state at the end of a chunk is the first state of the next, but no gradient flows back into the
chunk before (Mikolov et al. 2010; Williams and Peng 1990).

Models of labelled examples have ``encode(x, y)``, ``loss(examples)`` and ``score(examples)``. They
read whole sentences, in batches of near lengths.
"""

from __future__ import annotations

import contextlib
import copy
import math
import operator
import os
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor
from tqdm.auto import tqdm

from course_utils import checkpoints
from course_utils.evaluation import perplexity
from course_utils.models.language import evaluating
from course_utils.text import streams

if TYPE_CHECKING:
    import pandas as pd

LEARNING_RATES = {"adam": 8e-3, "sgd": 2.0}
STEPS = 35  # T, the time steps of a chunk
POOL = 32  # batches: so many are taken together to find sentences of near lengths
CHECKPOINT_SECONDS = 60  # between two checkpoints
OF_CHUNKS = ("losses", "gradient_norms", "weight_norms")  # lists of a History
LOOK_SECONDS = 0.2  # between two looks at the loss: each look halts a GPU

clock = time.perf_counter


class Diverged(FloatingPointError):
    """The loss is no longer a number.

    Attributes
    ----------
    history : History
        What was measured before.
    """

    history: History


@dataclass
class History:
    """What was measured while a model was trained.

    Attributes
    ----------
    rows : list of dict
        One a validation: ``step`` (chunks or batches read), ``epoch``, ``seconds``, ``train_nats``
        (mean loss in nats a token, of labelled examples in nats a decision, since the row before,
        with dropout), ``valid_perplexity`` or, of labelled examples, ``valid_score`` (the share of
        right decisions), ``lr`` (the learning rate that led there), ``tokens_per_second`` (of
        training, without validation).
    losses, gradient_norms, weight_norms : list of float
        One a chunk or batch: its loss in nats a token or decision, the norm of its gradient before
        clipping, and the norm of all weights, before the optimizer's step. A loss that is no number
        is the last.
    clip : float, optional
        The norm to which longer gradients were cut.
    stopped : str
        Why the training ended.
    """

    rows: list[dict] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)
    gradient_norms: list[float] = field(default_factory=list)
    weight_norms: list[float] = field(default_factory=list)
    clip: float | None = None
    stopped: str = ""

    @property
    def measure(self) -> str:
        """What validations measured: ``"perplexity"``, or ``"score"`` of labelled examples."""
        return "score" if self.rows and "valid_score" in self.rows[0] else "perplexity"

    @property
    def best(self) -> dict:
        """The row of the lowest perplexity or the highest score, whose weights the model holds."""
        if not self.rows:
            raise ValueError("nothing was measured: the training ended before its first validation")
        choose = max if self.measure == "score" else min
        return choose(self.rows, key=lambda row: row[f"valid_{self.measure}"])

    def table(self) -> pd.DataFrame:
        """Return the rows as a pandas table."""
        import pandas as pd

        return pd.DataFrame(self.rows)

    def plot(self, x: str = "epoch") -> None:
        """Draw the perplexity on the training and the validation text; or the loss and the score.

        Parameters
        ----------
        x : {"epoch", "seconds", "step"}
            The horizontal axis.
        """
        from course_utils import plots

        if x not in ("epoch", "seconds", "step"):
            raise ValueError(f"x must be 'epoch', 'seconds' or 'step', got {x!r}")
        column, best = f"valid_{self.measure}", self.best
        at, valid = [row[x] for row in self.rows], [row[column] for row in self.rows]
        nats = [row["train_nats"] for row in self.rows]
        if self.measure == "perplexity":
            fig, (ax,) = plots.panels(1, width=7)
            curves = {"training": (at, [_exp(n) for n in nats]), "validation": (at, valid)}
            plots.lines(ax, curves, xlabel=x, ylabel="perplexity", log="y")
        else:  # they have no scale in common
            fig, (left, right) = plots.panels(2)
            plots.lines(left, {"training": (at, nats)}, xlabel=x, ylabel="loss (nats a decision)")
            plots.lines(right, {"validation": (at, valid)}, xlabel=x, ylabel="score")
        plots.show(
            fig,
            f"{self.measure.capitalize()} against the {x}. Validation begins at {valid[0]:.4g}; "
            f"its best is {best[column]:.4g} at {x} {best[x]:.4g}.",
        )

    def __repr__(self) -> str:
        if not self.rows:
            return f"History(no validation; {self.stopped})"
        best = self.best
        return (
            f"History(best {self.measure} {best[f'valid_{self.measure}']:.4g} "
            f"after {best['epoch']:.3g} epochs; {self.stopped})"
        )


def fit(
    model: torch.nn.Module,
    train: np.ndarray | Sequence[tuple],
    valid: np.ndarray | Sequence[tuple],
    *,
    seconds: float | None = None,
    epochs: float | None = None,
    batch_size: int = 32,
    steps: int | None = None,
    optimizer: str = "adam",
    lr: float | None = None,
    betas: tuple[float, float] = (0.9, 0.999),
    clip: float | None = 1.0,
    decay: float | str = 0.5,
    patience: int = 6,
    mixed_precision: bool = False,
    checkpoint: str | os.PathLike | None = None,
    seed: int = 0,
    progress: bool = True,
) -> History:
    """Train a model on one text or list of examples, until it no longer improves on another.

    The model is trained where its parameters are. Afterwards it holds the weights that were best in
    validation, and is in evaluation mode.

    Parameters
    ----------
    model : Module
        A language model: with ``loss(inputs, targets, state) -> (nats a token, state)``, ids of
        shape (T, B), and ``log_probs(ids)``. A model that reads better compiled may be given with
        ``model.loss = torch.compile(model.loss)``.
        Or a model of labelled examples: with ``encode(x, y) -> example``, where ``len(example)`` is
        its number of time steps and ``example.decisions`` how many things it decides;
        ``loss(list of examples) -> nats a decision``; and ``score(list of (x, y))``, the share of
        right decisions.
    train, valid : ndarray of int, or list of (x, y)
        Two texts, each a sequence of sentences that end with ``</s>``; or two lists of labelled
        examples, as ``corpus.examples("train")`` gives them.
    seconds, epochs : float
        The budget: time, or passes through the text; whichever ends first. One must be given.
    batch_size : int
        B, the columns of a text that are read side by side, or the sentences of a batch.
    steps : int, optional
        T, the time steps of a chunk of text: how far the gradient goes back; default 35. Labelled
        sentences are read whole.
    optimizer : {"adam", "sgd"}
        Adam (Kingma and Ba 2015) or plain stochastic gradient descent.
    lr : float, optional
        The learning rate at the beginning; default 0.008 for Adam, 2 for SGD.
    betas : (float, float)
        How much of the mean gradient, and of the mean squared one, Adam keeps from step to step. A
        second one of 0.99 forgets the loud beginning sooner.
    clip : float, optional
        The gradient is scaled down to this norm where it is longer (Pascanu et al. 2013).
    decay : float or "linear"
        The factor for the learning rate after a validation that brought no better perplexity or
        score (a half, as Mikolov et al. 2010, for Adam as well); or "linear": the learning rate
        falls in a straight line and is 0 when the budget ends.
    patience : int
        Stop after so many validations in a row that brought nothing better.
    mixed_precision : bool
        Compute the loss in bfloat16 where torch's autocast says so. Weights and validation stay as
        they are. It helps on GPUs; a CPU is rarely faster.
    checkpoint : path, optional
        The file to go on from, if it is there, and to keep up to date.
    seed : int
        Of dropout, sampling and the order of examples. The random numbers of the caller are left
        as they are.
    progress : bool
        Show a bar with tokens a second, and perplexities or loss and score: in notebooks and
        terminals, unless the environment variable ``TQDM_DISABLE`` is set.

    Returns
    -------
    History

    Raises
    ------
    ValueError
        If an argument is out of range, or the checkpoint is damaged or of another run.
    Diverged
        If the loss is infinite or not a number. The model holds its best weights.

    Notes
    -----
    **Settings.** The defaults suit networks of about 128 hidden units; larger or deeper ones want
    a smaller ``lr``. A small text wants dropout: on ``pydocs`` (40,000 tokens, words seen once are
    ``<unk>``) with dropout 0.5 the perplexity after 50 s on one core was 71 for an SRN, 68 for an
    LSTM, 62 for a GRU; Kneser-Ney 5-grams have 73. On ``grammar`` (310,000 tokens) without dropout,
    after 30 s: SRN 12.6, LSTM 10.2; Kneser-Ney 13.7. SGD is slower: its best on ``pydocs`` was
    ``lr=5, clip=0.25``. Taggers and classifiers want ``lr=0.004, decay="linear"``, and dropout of
    0.4 to 0.5.

    **Epochs of examples.** In each epoch the sentences are shuffled; each `POOL` times
    ``batch_size`` of them are sorted by length and cut into batches, so that there is little
    padding; and the batches are shuffled. The order follows from ``seed`` and the number of the
    epoch. The one smaller batch is read as well.

    **Validation.** With ``epochs``, at the end of each epoch, and in a long one each time that ten
    times as many tokens (examples) were read as there are for validation. With ``seconds`` alone,
    by the clock: at most thirty times, and so that a tenth of the time goes into it, on as much as
    can be read in a fiftieth of the budget: the beginning of a text, or a random sample of
    examples, which is the same in every training.

    **Checkpoints** are written every minute, and at the end: to a new file first, which then takes
    the name at once. ``FILE.previous`` is the one before. With ``epochs``, a run that was killed
    and started again ends with the same weights, bit for bit, on a CPU with as many threads.
    Another budget or ``patience`` may be given to go on with; other settings are refused.

    **Ctrl-C** (or the stop button of a notebook) ends the training after the current chunk, as if
    the budget had ended. A second one interrupts at once.
    """
    settings = {
        "batch_size": int(batch_size),
        "steps": steps if steps is None else int(steps),
        "optimizer": optimizer,
        "lr": LEARNING_RATES.get(optimizer) if lr is None else float(lr),
        "betas": tuple(map(float, betas)) if optimizer == "adam" else None,
        "clip": None if clip is None else float(clip),
        "decay": decay if decay == "linear" else float(decay),
        "mixed_precision": bool(mixed_precision),
        "seed": int(seed),
        "validation": "by time" if epochs is None else "by epochs",
    }
    _check(settings, seconds, epochs, patience)
    run = _Run(model, train, valid, settings)
    budget = _Budget(seconds or math.inf, epochs or math.inf, patience)
    path = None if checkpoint is None else Path(checkpoint)
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)

    with _seeded(run.device, seed), _interrupts() as interrupted, _bar(progress) as bar:
        try:
            run.begin(path, budget)
            while not (reason := budget.is_spent(run)) and not interrupted.is_set():
                if decay == "linear":
                    run.set_lr(settings["lr"] * (1 - budget.share_spent(run)))
                run.read_chunk()
                if clock() - run.looked >= LOOK_SECONDS:
                    run.look()
                    _advance(bar, run, budget.share_spent(run))
                if run.is_due(budget):
                    run.validate()
                if path is not None and clock() - run.saved >= CHECKPOINT_SECONDS:
                    run.save(path)
            run.look()
            if path is not None and run.step > run.saved_step:
                run.save(path)
            if not interrupted.is_set():
                run.validate_last()
                _advance(bar, run, 1.0)
        finally:
            run.end()
    run.history.stopped = reason or f"interrupted at step {run.step}"
    if not reason:
        print(f"{run.history.stopped}; the model holds its best weights so far")
    return run.history


@dataclass
class _Budget:
    """How long to train: whichever of the three ends first."""

    seconds: float
    epochs: float
    patience: int

    def is_spent(self, run: _Run) -> str:
        """Say why the training is over; nothing while it goes on."""
        if run.step >= self.epochs * run.data.chunks:
            return f"{self.epochs:g} epochs are done"
        if run.elapsed() + run.validation_seconds >= self.seconds:  # the last one is part of it
            return f"{self.seconds:g} seconds are over"
        if run.failures >= self.patience:
            return f"no better {run.data.measure} in {self.patience} validations"
        return ""

    def share_spent(self, run: _Run) -> float:
        """Return the part of the budget that is gone, 0 .. 1."""
        share = max(run.elapsed() / self.seconds, run.step / (self.epochs * run.data.chunks))
        return min(1.0, share)


class _Text:
    """A text for a language model: its chunks, and the perplexity of the validation text.

    `_Examples` has the same attributes, for models of labelled examples.

    Attributes
    ----------
    chunks : int
        Of an epoch.
    size, valid_size : int
        Of the training and the validation text, in tokens.
    settings : dict
        What a checkpoint must have in common with this training.
    """

    measure, noun = "perplexity", "text"
    is_better, worst = operator.lt, math.inf
    trial = (100, 2000)  # tokens: to warm up, and to find out what a validation costs

    def __init__(self, model, train_ids, valid_ids, settings, device):
        for name, ids in (("train", train_ids), ("valid", valid_ids)):
            if len(ids) and isinstance(ids[0], str | list | tuple):
                raise TypeError(
                    f"{name}[0] is {ids[0]!r:.100}, not the id of a token; and for labelled "
                    f"examples {type(model).__name__} has no encode(x, y)"
                )
        if len(valid_ids) == 0:
            raise ValueError("the validation text is empty; hold some sentences back for it")
        self.steps = STEPS if settings["steps"] is None else settings["steps"]
        inputs, targets = streams(train_ids, settings["batch_size"])
        self.inputs = torch.from_numpy(inputs).to(device)  # (L, B)
        self.targets = torch.from_numpy(targets).to(device)  # (L, B)
        self.valid_ids = np.asarray(valid_ids)
        self.chunks = math.ceil(len(inputs) / self.steps)
        self.size, self.valid_size = targets.size, len(valid_ids)
        self.settings = {
            "steps": self.steps,
            "train_ids": checkpoints.digest(np.asarray(train_ids)),
            "valid_ids": checkpoints.digest(self.valid_ids),
        }

    def loss(self, model, step: int, carried) -> tuple[Tensor, object, int, int]:
        """Return the loss of a chunk, the state after it, its tokens, and its decisions: tokens."""
        start = step % self.chunks * self.steps
        rows = slice(start, start + self.steps)
        inputs, targets = self.inputs[rows], self.targets[rows]  # (T, B)
        loss, state = model.loss(inputs, targets, carried if start else None)
        return loss, state, targets.numel(), targets.numel()

    def validate(self, model, size: int) -> float:
        """Return the perplexity of so many tokens of the validation text."""
        return perplexity(model, self.valid_ids[:size])

    def describe(self, nats: float) -> str:
        """Say for the bar what the training loss is."""
        return f"perplexity {_exp(nats):.4g}"


class _Examples:
    """Labelled examples: batches of near lengths, and the score of the validation examples.

    Attributes as of `_Text`; sizes are numbers of examples.
    """

    measure, noun = "score", "examples"
    is_better, worst = operator.gt, -math.inf
    trial = (8, 128)

    def __init__(self, model, train, valid, settings, device):
        if settings["steps"] is not None:
            raise ValueError(
                f"steps={settings['steps']} is for texts, which are cut into chunks; labelled "
                "sentences are read whole, so leave it out"
            )
        valid = list(valid)
        # a part of the list must be like the whole: it may be sorted by class or by source
        self.valid = [valid[i] for i in np.random.default_rng(0).permutation(len(valid))]
        self.train = _encoded(model, "train", train)
        self.batch_size, self.seed = settings["batch_size"], settings["seed"] % 2**64
        self.chunks = math.ceil(len(self.train) / self.batch_size)
        self.size, self.valid_size = len(self.train), len(self.valid)
        self.lengths = np.array([len(example) for example in self.train])
        self.epoch, self.batches = None, []
        self.settings = {
            "train_examples": checkpoints.digest(self.train),
            "valid_examples": checkpoints.digest(_encoded(model, "valid", valid)),
        }

    def loss(self, model, step: int, carried) -> tuple[Tensor, object, int, int]:
        """Return the loss of a batch, no state, and how many tokens and decisions it has."""
        epoch, place = divmod(step, self.chunks)
        if epoch != self.epoch:
            rng = np.random.default_rng([self.seed, epoch])
            self.epoch, self.batches = epoch, _shuffled(self.lengths, self.batch_size, rng)
        batch = [self.train[i] for i in self.batches[place]]
        loss = model.loss(batch)
        return loss, None, sum(map(len, batch)), sum(example.decisions for example in batch)

    def validate(self, model, size: int) -> float:
        """Return the score of so many of the validation examples."""
        with evaluating(model):
            return float(model.score(self.valid[:size]))  # a checkpoint holds plain numbers

    def describe(self, nats: float) -> str:
        """Say for the bar what the training loss is."""
        return f"loss {nats:.4g} nats"


def _shuffled(lengths: np.ndarray, batch_size: int, rng: np.random.Generator) -> list[np.ndarray]:
    """Return batches of near lengths, as indices, in a random order."""
    shuffled = rng.permutation(len(lengths))
    batches = []
    for pool in np.split(shuffled, range(POOL * batch_size, len(shuffled), POOL * batch_size)):
        pool = pool[np.argsort(lengths[pool], kind="stable")]
        batches += np.split(pool, range(batch_size, len(pool), batch_size))
    return [batches[i] for i in rng.permutation(len(batches))]


def _encoded(model, name: str, examples) -> list:
    """Encode examples, and say of one that cannot be encoded where it is."""
    examples = list(examples)
    if not examples:
        raise ValueError(f"{name} is empty; this model needs a list of examples (x, y)")
    encoded = []
    for i, example in enumerate(examples):
        if not (isinstance(example, tuple | list) and len(example) == 2):
            raise ValueError(
                f"{name}[{i}] is {example!r:.100}, not a pair (x, y); labelled corpora give a list "
                f"of pairs: corpus.examples({name!r})"
            )
        try:
            encoded.append(model.encode(*example))
        except (TypeError, ValueError) as error:
            error.add_note(f"This is about {name}[{i}]: {example!r:.200}")
            raise
    return encoded


class _Run:
    """One training: the model and its optimizer, the place in the data, what was measured.

    ``KEPT`` names what a checkpoint holds of it, beside the weights, the optimizer and the random
    states: with all this the next chunk is what it would have been.
    """

    KEPT = (
        "step", "carried", "nats", "tokens", "decisions", "failures", "best", "best_weights",
        "valid_size", "validation_seconds", "measured_at",
    )  # fmt: skip

    def __init__(self, model, train, valid, settings):
        self.model = model
        self.parameters = [p for p in model.parameters() if p.requires_grad]
        if not self.parameters:
            raise ValueError(f"{model} has no weights to train")
        self.device = self.parameters[0].device
        kind = _Examples if hasattr(model, "encode") else _Text
        self.data = kind(model, train, valid, settings, self.device)
        self.settings = settings | self.data.settings | {"model": checkpoints.description(model)}
        options = {"lr": settings["lr"], "fused": self.device.type in ("cpu", "cuda")}  # one kernel
        if settings["optimizer"] == "adam":
            self.optimizer = torch.optim.Adam(self.parameters, betas=settings["betas"], **options)
        else:
            self.optimizer = torch.optim.SGD(self.parameters, **options)

        self.history = History(clip=settings["clip"])
        self.step = self.saved_step = 0  # chunks read since the beginning
        self.carried = None  # the model's state after the last chunk
        self.unseen = []  # losses and norms that were not looked at
        self.nats, self.tokens, self.decisions = 0.0, 0, 0  # since the last validation
        self.failures = 0  # validations in a row that brought nothing better
        self.best = self.data.worst
        self.best_weights = copy.deepcopy(model.state_dict())
        self.has_diverged = False
        self.valid_size = self.data.valid_size  # how much of it is read
        self.validation_seconds = 0.0  # what the last one took
        self.measured_at = 0.0  # when it ended, in seconds of training

    def elapsed(self) -> float:
        """Return the seconds trained, those before an interruption included."""
        return clock() - self.began

    @property
    def lr(self) -> float:
        """The learning rate of the next step."""
        return self.optimizer.param_groups[0]["lr"]

    def set_lr(self, lr: float) -> None:
        """Change the learning rate."""
        for group in self.optimizer.param_groups:
            group["lr"] = lr

    def begin(self, path: Path | None, budget: _Budget) -> None:
        """Go on from the checkpoint if there is one; else find out what a validation costs."""
        self.model.train()
        self.began = self.saved = self.looked = clock()
        if path is not None and path.exists():
            self.restore(path)
        elif self.settings["validation"] == "by time":
            few, some = (min(size, self.valid_size) for size in self.data.trial)
            self.data.validate(self.model, few)  # the first call of anything is slow
            before = clock()
            self.data.validate(self.model, some)
            cost = max(clock() - before, 1e-9) / some
            affordable = max(some, int(budget.seconds / 50 / cost))
            self.valid_size = min(self.valid_size, affordable)
            self.validation_seconds = cost * self.valid_size

    def read_chunk(self) -> None:
        """Read a chunk or a batch and follow its gradient; none flows back into the one before."""
        mixed = self.settings["mixed_precision"]
        with (
            torch.autocast(self.device.type, torch.bfloat16) if mixed else contextlib.nullcontext()
        ):
            loss, state, tokens, decisions = self.data.loss(self.model, self.step, self.carried)
        weight_norm = torch.stack([p.detach().norm() for p in self.parameters]).norm()
        self.optimizer.zero_grad()
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(self.parameters, self.settings["clip"] or math.inf)
        self.optimizer.step()
        self.carried = _map(Tensor.detach, state)
        self.step += 1
        self.unseen.append((tokens, decisions, loss.detach(), norm, weight_norm))

    def look(self) -> None:
        """Add up the losses since the last look, and stop at one that is not finite."""
        if not self.unseen:
            return
        tokens, decisions, *measured = zip(*self.unseen, strict=True)
        first = self.step - len(tokens) + 1
        self.unseen, self.looked = [], clock()
        measured = (torch.stack(numbers).tolist() for numbers in measured)
        values = zip(tokens, decisions, *measured, strict=True)
        for step, (read, decided, loss, norm, weight_norm) in enumerate(values, start=first):
            self.history.losses.append(loss)
            self.history.gradient_norms.append(norm)
            self.history.weight_norms.append(weight_norm)
            if not (math.isfinite(loss) and math.isfinite(norm)):
                what = "the gradient's norm" if math.isfinite(loss) else "the loss"
                raise self.diverged(f"{what} is {norm if math.isfinite(loss) else loss}", step)
            self.nats += loss * decided
            self.decisions += decided
            self.tokens += read

    def is_due(self, budget: _Budget) -> bool:
        """Say whether it is time for a validation (`fit`, Notes)."""
        if self.settings["validation"] == "by time":
            waited = self.elapsed() - self.measured_at
            return waited >= max(9 * self.validation_seconds, budget.seconds / 30)
        chunks, parts = self.data.chunks, max(1, self.data.size // (10 * self.valid_size))
        chunk = (self.step - 1) % chunks  # the one just read
        return (chunk + 1) * parts // chunks > chunk * parts // chunks

    def validate(self) -> None:
        """Measure, keep the weights if they are the best so far, else lower the learning rate."""
        self.look()
        before = self.elapsed()
        measured = self.data.validate(self.model, self.valid_size)
        now = self.elapsed()
        if math.isnan(measured):
            what = f"the {self.data.measure} of the validation {self.data.noun} is nan"
            raise self.diverged(what, self.step)
        self.history.rows.append({
            "step": self.step,
            "epoch": self.step / self.data.chunks,
            "seconds": now,
            "train_nats": self.nats / self.decisions,
            f"valid_{self.data.measure}": measured,
            "lr": self.lr,
            "tokens_per_second": self.tokens / max(before - self.measured_at, 1e-9),
        })  # fmt: skip
        self.nats, self.tokens, self.decisions = 0.0, 0, 0
        self.validation_seconds, self.measured_at = now - before, now
        if self.data.is_better(measured, self.best):
            self.failures = 0
            self.best = measured
            self.best_weights = copy.deepcopy(self.model.state_dict())
        else:
            self.failures += 1
            if self.settings["decay"] != "linear":
                self.set_lr(self.lr * self.settings["decay"])

    def validate_last(self) -> None:
        """Measure at the end, unless that is done; no checkpoint knows of it.

        So a run that is given a larger budget goes on as if it had had it from the beginning.
        """
        if self.tokens:
            self.validate()

    def end(self) -> None:
        """Leave the model with its best weights; with its last ones if none were measured."""
        if self.history.rows or self.has_diverged:
            self.model.load_state_dict(self.best_weights)
        self.model.eval()

    def diverged(self, what: str, step: int) -> Diverged:
        """Make the sentence for a loss that is no number."""
        cures = [f"a smaller lr (it is {self.lr:g})"]
        clip = self.settings["clip"]
        cures.append("clip=1.0" if clip is None or clip > 1 else f"a smaller clip (it is {clip:g})")
        if self.settings["mixed_precision"]:
            cures.append("mixed_precision=False")
        self.has_diverged, self.history.stopped = True, f"{what} at step {step}"
        error = Diverged(
            f"{what} at step {step} (epoch {step / self.data.chunks:.3g}); likely cures: "
            f"{', '.join(cures)}. The model holds its best weights so far."
        )
        error.history = self.history
        return error

    def save(self, path: Path) -> None:
        """Write the checkpoint."""
        self.look()
        content = {name: getattr(self, name) for name in self.KEPT} | {
            "carried": _map(torch.clone, self.carried),  # it may be a piece of a larger tensor
            "settings": self.settings,
            "rows": self.history.rows,
            "chunks": [getattr(self.history, name) for name in OF_CHUNKS],
            "seconds": self.elapsed(),
            "weights": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "random": checkpoints.random_states(self.device),
        }
        checkpoints.save(path, content)
        self.saved, self.saved_step = clock(), self.step

    def restore(self, path: Path) -> None:
        """Go on where the checkpoint was written."""
        content = checkpoints.load(path, self.settings, ["chunks", *self.KEPT])
        for name in self.KEPT:
            setattr(self, name, content[name])
        self.carried = _map(lambda part: part.to(self.device), self.carried)
        self.history.rows = content["rows"]
        for name, values in zip(OF_CHUNKS, content["chunks"], strict=True):
            setattr(self.history, name, values)
        self.began, self.saved_step = clock() - content["seconds"], self.step
        self.model.load_state_dict(content["weights"])
        self.optimizer.load_state_dict(content["optimizer"])
        checkpoints.set_random_states(content["random"], self.device)


def _map(function, state):
    """Apply a function to the tensors of a state: a tensor, a tuple of states, or anything else."""
    if isinstance(state, tuple):
        return tuple(_map(function, part) for part in state)
    return function(state) if isinstance(state, Tensor) else state


@contextlib.contextmanager
def _seeded(device: torch.device, seed: int) -> Iterator[None]:
    """Begin with the random numbers of a seed; give the caller's back afterwards."""
    before = checkpoints.random_states(device)
    torch.default_generator.manual_seed(seed)
    if device.type == "cuda":
        with torch.cuda.device(device):
            torch.cuda.manual_seed(seed)
    elif device.type == "mps":
        torch.mps.manual_seed(seed)
    try:
        yield
    finally:
        checkpoints.set_random_states(before, device)


@contextlib.contextmanager
def _interrupts() -> Iterator[threading.Event]:
    """Turn the first Ctrl-C into an event; the second does what Ctrl-C did before."""
    event = threading.Event()
    before = signal.getsignal(signal.SIGINT)

    def interrupt(number, frame):
        event.set()
        signal.signal(signal.SIGINT, before)

    if threading.current_thread() is threading.main_thread() and callable(before):
        signal.signal(signal.SIGINT, interrupt)
        try:
            yield event
        finally:
            signal.signal(signal.SIGINT, before)
    else:
        yield event


def _bar(progress: bool) -> tqdm:
    """Make a bar that goes from 0 to 1; None lets tqdm hide it where there is no terminal."""
    hidden = not progress or bool(os.environ.get("TQDM_DISABLE"))
    layout = "{percentage:3.0f}%|{bar}| {elapsed}<{remaining}{postfix}"
    return tqdm(total=1.0, bar_format=layout, disable=True if hidden else None)


def _advance(bar: tqdm, run: _Run, share: float) -> None:
    """Show the share that is done, and speed and training loss since the last validation."""
    if run.tokens:
        rate = run.tokens / max(run.elapsed() - run.measured_at, 1e-9)
        text = f"{rate:,.0f} tokens/s, {run.data.describe(run.nats / run.decisions)}"
        if run.history.rows:
            text += f", best validation {run.best:.4g}"
        bar.set_postfix_str(text, refresh=False)
    bar.update(share - bar.n)


def _exp(nats: float) -> float:
    """Return the perplexity of a loss; infinity where it is too large for a float."""
    return math.exp(nats) if nats < 700 else math.inf


def _check(settings: dict, seconds, epochs, patience) -> None:
    if seconds is None and epochs is None:
        raise ValueError("say how long to train: seconds=60 or epochs=10")
    if settings["optimizer"] not in LEARNING_RATES:
        known = " or ".join(map(repr, LEARNING_RATES))
        raise ValueError(f"optimizer must be {known}, got {settings['optimizer']!r}")
    for name in ("batch_size", "steps"):
        if settings[name] is not None and settings[name] < 1:
            raise ValueError(f"{name} must be at least 1, got {settings[name]}")
    if patience < 1:
        raise ValueError(f"patience must be at least 1, got {patience}")
    positive = {"seconds": seconds, "epochs": epochs} | {n: settings[n] for n in ("lr", "clip")}
    for name, value in positive.items():
        if value is not None and not value > 0:
            raise ValueError(f"{name} must be positive, got {value}")
    if settings["betas"] and not (
        len(settings["betas"]) == 2 and all(0 <= beta < 1 for beta in settings["betas"])
    ):
        raise ValueError(f"betas must be two numbers from 0 to below 1, got {settings['betas']}")
    if settings["decay"] != "linear" and not 0 < settings["decay"] <= 1:
        raise ValueError(
            f"decay must be 'linear', or above 0 and at most 1, got {settings['decay']}"
        )
