"""How well do recurrent networks tag parts of speech, and what does a language model lend them?

    python benchmarks/tagging.py [--save]

Universal Dependencies English EWT with its official split and gold tokens, 17 tags: the share of
the words of the test part that get the right tag, of all words, of those that stand in the training
part, and of those that do not. The most frequent tag of each word is the baseline.

"words" reads word vectors alone; "short" and "full" read the characters of each word as well, and
"short, large vectors" begins with word vectors of variance 1, as torch draws them. All are LSTMs
in both directions, with what `SETTINGS` says, trained by `fit` with `RECIPE`.

Few tagged sentences: the same tagger learns from the first of the training part, from its own first
weights, or from those of two language models, one for each direction, that read the words of Brown
and of the whole training part, without tags. Both taggers know the same words.

A figure is the mean over seeds, in brackets the lowest and the highest; the baseline has the 95 %
interval of the bootstrap over sentences, as has the first seed of "full" in the last line. The
seconds are CPU time of training on one thread.
"""

import os
import statistics
import time
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context
from pathlib import Path

import click
import torch
from ngrams import machine, publish, table

from course_utils.corpora import load_corpus
from course_utils.evaluation import accuracy, bootstrap_interval, tag_scores
from course_utils.models import (
    CharacterEncoder,
    LanguageModel,
    MostFrequentTag,
    SentenceEncoder,
    SequenceTagger,
)
from course_utils.text import Vocabulary
from course_utils.training import fit

RESULTS = Path(__file__).parent / "results" / "tagging.md"
RECIPE = {"lr": 4e-3, "decay": "linear", "batch_size": 32}
SETTINGS = {
    "words": {"epochs": 4, "characters": 0},
    "short, large vectors": {"epochs": 4, "scale": 1.0},
    "short": {"epochs": 4},
    "full": {"epochs": 10, "embedding_size": 100, "hidden_size": 200, "characters": 100,
             "dropout": 0.5},
}  # fmt: skip
FEW, FEW_EPOCHS = (100, 500, 2000), (40, 20, 10)
SIZE = 128  # of the word vectors and states of the language models


@cache
def corpus():
    """Return the corpus, and the words that stand in its training part."""
    ewt = load_corpus("ewt")
    return ewt, {word for words in ewt.train for word in words}


def make_encoder(vocab, embedding_size=64, hidden_size=128, characters=64, dropout=0.4, scale=None):
    """Return an encoder; ``characters`` is the hidden size of its reader of characters, or 0."""
    spelling = None
    if characters:
        letters = Vocabulary.from_sentences(map(list, sorted(corpus()[1])))
        spelling = CharacterEncoder(letters, 32, characters, cell="gru")
    sizes = embedding_size, hidden_size
    encoder = SentenceEncoder(
        vocab, *sizes, characters=spelling, dropout=dropout, word_dropout=0.25
    )
    if scale is not None:
        torch.nn.init.normal_(encoder.embedding.weight, std=scale)
    return encoder


def train(encoder, examples, epochs, seed):
    """Train a tagger; return its figures on the test part."""
    ewt, seen = corpus()
    tagger = SequenceTagger(encoder, ewt.label_set)
    before = time.process_time()
    valid = ewt.examples("valid")
    fit(tagger, examples, valid, epochs=epochs, seed=seed, progress=False, **RECIPE)
    seconds = time.process_time() - before
    return figures(tagger.predict(ewt.test), seen) | {"seconds": seconds}


def figures(predicted, seen):
    """Return the accuracies of predicted tags, with the interval of the first."""
    ewt, _ = corpus()
    gold = ewt.labels["test"]
    known = [[word in seen for word in words] for words in ewt.test]
    scores = tag_scores(gold, predicted, known)
    return {
        "all": scores.accuracy,
        "known": scores.known_accuracy,
        "unknown": scores.unknown_accuracy,
        "interval": bootstrap_interval(accuracy, gold, predicted),
    }


def tag(job):
    """Train and test one setting."""
    name, seed = job
    torch.set_num_threads(1)
    ewt, seen = corpus()
    if name == "most frequent tag":
        return figures(MostFrequentTag().fit(ewt.examples("train")).predict(ewt.test), seen)
    torch.manual_seed(seed)
    options = dict(SETTINGS[name])
    epochs = options.pop("epochs")
    encoder = make_encoder(Vocabulary.from_sentences(ewt.train), **options)
    return train(encoder, ewt.examples("train"), epochs, seed)


def untagged():
    """Return the sentences that the language models read, and their vocabulary."""
    ewt, brown = corpus()[0], load_corpus("brown")
    sentences = brown.train + ewt.train
    return sentences, Vocabulary.from_sentences(sentences, min_count=2)


def pretrain():
    """Train the two language models; return their weights and the CPU seconds.

    The second one keeps the word vectors of the first: an encoder has one kind.
    """
    torch.set_num_threads(1)
    torch.manual_seed(1)
    sentences, vocab = untagged()
    valid, models, seconds = corpus()[0].valid, [], 0.0
    for direction in (1, -1):
        lm = LanguageModel(len(vocab), hidden_size=SIZE, dropout=0.2, output="sampled")
        if models:
            lm.embedding.load_state_dict(models[0].embedding.state_dict())
            lm.embedding.requires_grad_(False)
        texts = ([words[::direction] for words in part] for part in (sentences, valid))
        train_ids, valid_ids = map(vocab.encode, texts)
        before = time.process_time()
        fit(lm, train_ids, valid_ids[:10_000], epochs=2, lr=4e-3, decay="linear", progress=False)
        seconds += time.process_time() - before
        models.append(lm)
    return [lm.state_dict() for lm in models], seconds


def tag_few(job, weights):
    """Train a tagger on a few sentences, from its own first weights or from language models."""
    (n, epochs), borrowed, seed = job
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    _, vocab = untagged()
    encoder = make_encoder(vocab, SIZE, SIZE)
    if borrowed:
        models = [LanguageModel(len(vocab), hidden_size=SIZE, output="sampled") for _ in weights]
        for lm, state in zip(models, weights, strict=True):
            lm.load_state_dict(state)
        encoder.start_from(*models)
    return train(encoder, corpus()[0].examples("train")[:n], epochs, seed)


def cell(runs, name):
    """Write the mean of a figure in per cent and, in brackets, its range."""
    values = [100 * run[name] for run in runs]
    ends = min(values), max(values)
    if len(runs) == 1:
        if name != "all":
            return f"{values[0]:.1f}"
        ends = [100 * end for end in runs[0]["interval"]]
    return f"{statistics.mean(values):.2f} ({ends[0]:.2f} .. {ends[1]:.2f})"


def row(name, runs):
    """Return a row of a table."""
    seconds = [run["seconds"] for run in runs if "seconds" in run]
    cells = [cell(runs, figure) for figure in ("all", "known", "unknown")]
    return [name, *cells, f"{statistics.mean(seconds):.0f}" if seconds else ""]


@click.command(help=__doc__, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--seeds", default=3, show_default=True, help="Runs of each network.")
@click.option("--jobs", default=2, show_default=True, help="Runs at the same time.")
@click.option("--save", is_flag=True, help=f"Write results/{RESULTS.name} as well.")
def main(seeds, jobs, save):
    """Measure and print."""
    os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    report = ["# Parts of speech", f"{machine()}, torch {torch.__version__}"]
    models = {"most frequent tag": [1], **dict.fromkeys(SETTINGS, range(1, seeds + 1))}
    few = list(zip(FEW, FEW_EPOCHS, strict=True))
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        lent = pool.submit(pretrain)
        found = {job: pool.submit(tag, job) for job in ((n, s) for n in models for s in models[n])}
        weights, lm_seconds = lent.result()
        jobs = [(n, b, s) for n in few for b in (False, True) for s in range(1, seeds + 1)]
        found |= {job: pool.submit(tag_few, job, weights) for job in jobs}
        found = {job: run.result() for job, run in found.items()}
    head = ["tagger", "all words, %", "known words", "unknown words", "seconds"]
    rows = [row(name, [found[name, seed] for seed in models[name]]) for name in models]
    low, high = (100 * end for end in found["full", 1]["interval"])
    report += [
        "## EWT",
        table(head, rows),
        f"95 % interval of full, seed 1: {low:.2f} .. {high:.2f}",
    ]
    rows = [
        row(
            f"{n[0]} sentences, {'language models' if borrowed else 'own first weights'}",
            [found[n, borrowed, seed] for seed in range(1, seeds + 1)],
        )
        for n in few
        for borrowed in (False, True)
    ]
    report += ["## Few tagged sentences", table(head, rows)]
    report += [f"The language models took {lm_seconds:.0f} CPU seconds."]
    report.append(__doc__.split("\n\n", 2)[2].strip())
    publish(report, RESULTS if save else None)


if __name__ == "__main__":
    main()
