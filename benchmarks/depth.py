"""How deep may a recurrent network be, with and without connections around its layers?

    python benchmarks/depth.py [--save]

Taggers learn the tone of every word of the corpus `reviews`: ``+``, ``-`` or ``0``. The figure is
the share of intensifiers ("terribly", "awfully") in 1,000 test reviews whose tone is right; it is
that of an adjective 1 to 6 words later. Who knows both sides can have 1, who reads from the left
0.5, who calls every word ``0`` has 0. Each figure is the mean over seeds, in brackets the lowest
and the highest.

All have two directions, 32 units each, word vectors of 32, all initial values as torch draws them,
and read 2,500 reviews once (79 updates), by Adam with a learning rate of 0.01 that falls to 0 in a
line, where the first column does not say otherwise. "residual", "dense" and "highway" join what a
layer sees with its states; see `course_utils.recurrent`. The seconds are CPU time of training on
one thread.

"gradient" is that of the loss of the first batch before anything is learned: the norm over the
input weights of the lowest layer, divided by that over those of the highest; the median over seeds.
"""

import os
import statistics
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import click
import torch
from ngrams import machine, publish, table

from course_utils import plots, training
from course_utils.corpora import load_corpus
from course_utils.corpora.reviews import INTENSIFIERS
from course_utils.models import SentenceEncoder, SequenceTagger
from course_utils.notebooks import write_whole
from course_utils.text import Vocabulary

RESULTS = Path(__file__).parent / "results" / "depth.md"
LAYERS = (1, 2, 4, 6, 8)
SKIPS = {"plain": None, "residual": "residual", "dense": "dense", "highway": "highway"}
REVIEWS = 2_500
RECIPE = {"epochs": 1, "lr": 0.01}
DEEPEST = {  # what else may help eight plain layers
    "LSTM": ({}, {}),
    "LSTM, learning rate 0.03": ({}, {"lr": 0.03}),
    "LSTM, reading 4 times": ({}, {"epochs": 4}),
    "GRU": ({"cell": "gru"}, {}),
    "SRN": ({"cell": "srn"}, {}),
}


def learn(job, train, valid, test):
    """Train one tagger; return its accuracy at intensifiers, its gradient, and CPU seconds."""
    options, recipe, seed = job
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)  # gradients that vanish are slow to compute with
    torch.manual_seed(seed)
    vocab = Vocabulary.from_sentences(words for words, _ in train)
    encoder = SentenceEncoder(vocab, embedding_size=32, hidden_size=32, **options)
    torch.nn.init.normal_(encoder.embedding.weight)
    tagger = SequenceTagger(encoder, ["+", "-", "0"])
    gradient = lowest_by_highest(tagger, train[:32])
    before = time.process_time()
    recipe = RECIPE | recipe | {"decay": "linear", "patience": 1000, "seed": seed}
    training.fit(tagger, train, valid, progress=False, **recipe)
    seconds = time.process_time() - before
    right = [
        tone == found
        for (words, tones), predicted in zip(
            test, tagger.predict([x for x, _ in test]), strict=True
        )
        for word, tone, found in zip(words, tones, predicted, strict=True)
        if word in INTENSIFIERS
    ]
    return statistics.mean(right), gradient, seconds


def lowest_by_highest(tagger, examples):
    """Divide the norms of the gradients of the input weights of two layers."""
    tagger.zero_grad()
    tagger.loss(examples).backward()
    norms = [
        torch.stack([weights[0].grad.norm() for weights in layer]).norm().item()
        for layer in (tagger.encoder.rnn.all_weights[:2], tagger.encoder.rnn.all_weights[-2:])
    ]
    return norms[0] / norms[1]


def spread(values):
    """Write the mean of some numbers and, in brackets, their range."""
    return f"{statistics.mean(values):.2f} ({min(values):.2f} .. {max(values):.2f})"


def draw(accuracies):
    """Return the figure of accuracy by depth, ``{kind: {layers: values}}``, as a PNG."""
    fig, (ax,) = plots.panels(1, width=8.4, height=3.9)
    for k, (kind, by_layers) in enumerate(accuracies.items()):
        mean = [statistics.mean(values) for values in by_layers.values()]
        low = [m - min(values) for m, values in zip(mean, by_layers.values(), strict=True)]
        high = [max(values) - m for m, values in zip(mean, by_layers.values(), strict=True)]
        at = [layers + 0.06 * (k - 1.5) for layers in by_layers]  # beside one another
        ax.errorbar(at, mean, yerr=[low, high], label=kind, capsize=3)
    ax.axhline(0.5, color="#777777", linestyle=(0, (1, 2)), marker="")
    ax.text(1, 0.51, "reading from the left", color="#555555", va="bottom")
    ax.set(
        xlabel="layers",
        ylabel="intensifiers whose tone is right",
        title="Bidirectional LSTM taggers: mean and range of the seeds",
        xticks=list(LAYERS),
        ylim=(-0.03, 1.05),
    )
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False)
    return plots.png(fig)


@click.command(help=__doc__, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--seeds", default=3, show_default=True, help="Runs of each network.")
@click.option("--jobs", default=1, show_default=True, help="Runs at the same time.")
@click.option("--save", is_flag=True, help=f"Write results/{RESULTS.name} and the figure as well.")
def main(seeds, jobs, save):
    """Measure and print."""
    os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    corpus, numbers = load_corpus("reviews"), range(1, seeds + 1)
    train, valid, test = (
        list(zip(getattr(corpus, part), corpus.tags[part], strict=True))
        for part in ("train", "valid", "test")
    )
    by_depth = {
        (kind, layers): ({"num_layers": layers, "skip": skip}, {})
        for kind, skip in SKIPS.items()
        for layers in LAYERS
        if layers > 1 or not skip  # one layer has nothing to go around
    }
    deepest = {
        name: ({"num_layers": LAYERS[-1], **options}, recipe)
        for name, (options, recipe) in DEEPEST.items()
        if options or recipe
    }
    kinds = by_depth | deepest
    jobs_of = [(name, seed) for name in kinds for seed in numbers]
    measure = partial(learn, train=train[:REVIEWS], valid=valid[:100], test=test)
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        found = dict(
            zip(jobs_of, pool.map(measure, [(*kinds[n], seed) for n, seed in jobs_of]), strict=True)
        )

    def column(name, k):
        return [found[name, seed][k] for seed in numbers]

    def row(title, names):
        gradient = statistics.median(column(names[-1], 1))
        seconds = statistics.mean(column(names[-1], 2))
        return [title, *(spread(column(n, 0)) for n in names), f"{gradient:.0e}", f"{seconds:.0f}"]

    at = {kind: [(kind if n > 1 else "plain", n) for n in LAYERS] for kind in SKIPS}
    last = [f"gradient, {LAYERS[-1]} layers", f"seconds, {LAYERS[-1]} layers"]
    head = ["LSTM", "1 layer", *(f"{n} layers" for n in LAYERS[1:]), *last]
    rows = [row(kind, names) for kind, names in at.items()]
    report = ["# Depth, with and without skips", f"{machine()}, torch {torch.__version__}"]
    report += ["## By depth", table(head, rows)]
    if save:
        accuracies = {
            kind: {n: column(name, 0) for n, name in zip(LAYERS, names, strict=True)}
            for kind, names in at.items()
        }
        write_whole(RESULTS.with_suffix(".png"), draw(accuracies))
        report.append(f"![Accuracy at intensifiers by depth]({RESULTS.stem}.png)")
    rows = [row(name, [name if name in deepest else ("plain", LAYERS[-1])]) for name in DEEPEST]
    head = [f"{LAYERS[-1]} plain layers", "accuracy at intensifiers", "gradient", "seconds"]
    report += ["## What else helps", table(head, rows)]
    report.append(__doc__.split("\n\n", 2)[2].strip())
    publish(report, RESULTS if save else None)


if __name__ == "__main__":
    main()
