"""How well do recurrent networks judge sentences of film reviews?

    python benchmarks/polarity.py [--save]

10,662 sentences, half of them praise (Pang and Lee 2005), with the fixed split of the course: the
share of the 1,066 sentences of the test part that get the right class, and of as many of the
validation part. Naive Bayes on the bag of words is the baseline.

Every network is a `SequenceClassifier` in two directions, with what `SETTINGS` says, trained by
`fit` with `RECIPE`; words seen once are one word. "last", "mean" and "max" say how the states of a
sentence become one vector.

A figure is the mean over seeds, in brackets the lowest and the highest; the baseline has the 95 %
interval of the bootstrap over sentences, which is as wide for every row. The seconds are CPU time
of training on one thread.
"""

import os
import statistics
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import click
import torch
from ngrams import machine, publish, table

from course_utils.corpora import load_corpus
from course_utils.evaluation import accuracy, bootstrap_interval
from course_utils.models import BagOfWords, SentenceEncoder, SequenceClassifier
from course_utils.text import Vocabulary
from course_utils.training import fit

RESULTS = Path(__file__).parent / "results" / "polarity.md"
BASELINE = "bag of words"
RECIPE = {"epochs": 4, "lr": 4e-3, "decay": "linear", "batch_size": 32}
SMALL = {"embedding_size": 64, "hidden_size": 64, "dropout": 0.5, "word_dropout": 0.2}
LARGE = {"embedding_size": 100, "hidden_size": 100, "dropout": 0.5, "word_dropout": 0.3}
SETTINGS = {
    f"{cell.upper()} {options['hidden_size']}, {pooling}": {"cell": cell, "pooling": pooling}
    | options
    for cell, options in (("lstm", SMALL), ("gru", LARGE))
    for pooling in ("last", "mean", "max")
}


def classify(job):
    """Train and test one classifier."""
    name, seed = job
    torch.set_num_threads(1)
    corpus, seconds = load_corpus("polarity"), 0.0
    if name == BASELINE:
        model = BagOfWords().fit(corpus.examples("train"))
    else:
        torch.manual_seed(seed)
        options = dict(SETTINGS[name])
        pooling = options.pop("pooling")
        encoder = SentenceEncoder(Vocabulary.from_sentences(corpus.train, min_count=2), **options)
        model = SequenceClassifier(encoder, corpus.label_set, pooling)
        before = time.process_time()
        examples = corpus.examples("train"), corpus.examples("valid")
        fit(model, *examples, seed=seed, progress=False, **RECIPE)
        seconds = time.process_time() - before
    found = {"seconds": seconds}
    for part in ("valid", "test"):
        predicted = model.predict(getattr(corpus, part))
        found[part] = accuracy(corpus.labels[part], predicted)
        found[f"{part} interval"] = bootstrap_interval(accuracy, corpus.labels[part], predicted)
    return found


def row(name, runs):
    """Return a row of the table."""
    cells = []
    for part in ("valid", "test"):
        values = [run[part] for run in runs]
        ends = (min(values), max(values)) if len(runs) > 1 else runs[0][f"{part} interval"]
        mean, low, high = (100 * value for value in (statistics.mean(values), *ends))
        cells.append(f"{mean:.1f} ({low:.1f} .. {high:.1f})")
    seconds = statistics.mean(run["seconds"] for run in runs)
    return [name, *cells, f"{seconds:.0f}" if seconds else ""]


@click.command(help=__doc__, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--seeds", default=5, show_default=True, help="Runs of each network.")
@click.option("--jobs", default=2, show_default=True, help="Runs at the same time.")
@click.option("--save", is_flag=True, help=f"Write results/{RESULTS.name} as well.")
def main(seeds, jobs, save):
    """Measure and print."""
    os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    models = {BASELINE: [1], **dict.fromkeys(SETTINGS, range(1, seeds + 1))}
    runs = [(name, seed) for name in models for seed in models[name]]
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        found = dict(zip(runs, pool.map(classify, runs), strict=True))
    rows = [row(name, [found[name, seed] for seed in models[name]]) for name in models]
    report = [
        "# Praise or blame",
        f"{machine()}, torch {torch.__version__}",
        table(["classifier", "validation, %", "test, %", "seconds"], rows),
        __doc__.split("\n\n", 2)[2].strip(),
    ]
    publish(report, RESULTS if save else None)


if __name__ == "__main__":
    main()
