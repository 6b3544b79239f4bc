"""Which model knows which verb agrees with a far subject, and how near does it come to the floor?

    python benchmarks/agreement.py [--save]

Grammar: every network reads the same text of the course's grammar once; Kneser-Ney counts it. Then

- agreement: the beginning of a sentence up to a main verb, and two verbs, of which one has the
  number of the subject (Linzen, Dupoux and Goldberg 2016). Nouns between subject and verb that have
  the other number are attractors. 400 pairs for each number of attractors; chance is 50 %. The
  optimum knows the grammar;
- perplexity on the test text, over the optimum's on the same text: the floor.

Brown: the same networks, trained on Brown where words seen once are one word, decide the pairs of
BLiMP (Warstadt et al. 2020), as far as all their words are known. "verb" and "subject" say which
word differs; chance is 50 %.

A network's figure is the mean over seeds, in brackets the lowest and the highest; for a model
without a seed the brackets hold the 95 % interval of so many pairs (Wilson 1927).

All networks have one layer of 128 units and embeddings of 128 that are also the output's weights,
drawn with a standard deviation of 0.3, and are trained with `fit`: `RECIPES` has the options. On
Brown, with its 24,539 words, the loss is that of a sampled softmax; what is measured is never
sampled. The seconds are CPU time of training on one thread.
"""

import os
import statistics
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import islice
from multiprocessing import get_context
from pathlib import Path

import click
import torch
from ngrams import machine, publish, table

from course_utils import plots, training
from course_utils.corpora import agreement_pairs, encode_pairs, load_corpus, sample_corpus
from course_utils.corpora.english import english_grammar
from course_utils.corpora.grammar import OptimalModel
from course_utils.evaluation import agreement_accuracy, perplexity, wilson_interval
from course_utils.models import LanguageModel
from course_utils.ngrams import KneserNey
from course_utils.notebooks import write_whole
from course_utils.text import Vocabulary

RESULTS = Path(__file__).parent / "results" / "agreement.md"
CELLS = {"SRN": "srn", "GRU": "gru", "LSTM": "lstm"}
NGRAMS, OPTIMUM = "Kneser-Ney 5-gram", "optimum"
ATTRACTORS, PAIRS = range(5), 400
RECIPES = {
    "grammar": {"epochs": 1, "batch_size": 16, "betas": (0.9, 0.99), "decay": "linear"},
    "Brown": {"epochs": 2, "betas": (0.9, 0.99), "decay": "linear"},
}
FILES = {  # of BLiMP
    "distractor_agreement_relational_noun": "noun between, verb",
    "distractor_agreement_relative_clause": "clause between, verb",
    "regular_plural_subject_verb_agreement_1": "regular, verb",
    "regular_plural_subject_verb_agreement_2": "regular, subject",
    "irregular_plural_subject_verb_agreement_1": "irregular, verb",
    "irregular_plural_subject_verb_agreement_2": "irregular, subject",
}


def train(cell, train_ids, valid_ids, vocab_size, seed, output, recipe):
    """Train a network; return it and the CPU seconds."""
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    model = LanguageModel(vocab_size, hidden_size=128, cell=cell, output=output)
    torch.nn.init.normal_(model.embedding.weight, std=0.3)
    before = time.process_time()
    training.fit(model, train_ids, valid_ids, seed=seed, progress=False, **RECIPES[recipe])
    return model, time.process_time() - before


def on_grammar(job, words):
    """Return what one model reaches on the grammar."""
    name, seed = job
    grammar = english_grammar()
    corpus, vocab = sample_corpus(grammar, train_words=words), Vocabulary(grammar.words)
    train_ids, valid_ids, test_ids = map(vocab.encode, (corpus.train, corpus.valid, corpus.test))
    del corpus
    seconds, optimum = 0.0, OptimalModel(grammar, vocab)
    if name in CELLS:
        model, seconds = train(
            CELLS[name], train_ids, valid_ids, len(vocab), seed, "full", "grammar"
        )
    else:
        model = optimum if name == OPTIMUM else KneserNey(5).fit(train_ids, vocab)
    drawn = islice(agreement_pairs(grammar, ATTRACTORS), PAIRS * len(ATTRACTORS))
    rows = agreement_accuracy(model, encode_pairs(drawn, vocab)).rows
    measured = perplexity(model, test_ids)
    return {
        "right": [row["right"] for row in rows],
        "pairs": [row["pairs"] for row in rows],
        "perplexity": measured,
        "ratio": measured / perplexity(optimum, test_ids),
        "seconds": seconds,
    }


def on_brown(job):
    """Return what one model, trained on Brown, reaches there and on BLiMP."""
    name, seed = job
    corpus, blimp = load_corpus("brown"), load_corpus("blimp")
    vocab = Vocabulary.from_sentences(corpus.train, min_count=2)
    train_ids, valid_ids, test_ids = map(vocab.encode, (corpus.train, corpus.valid, corpus.test))
    seconds = 0.0
    if name in CELLS:
        model, seconds = train(
            CELLS[name], train_ids, valid_ids[:20_000], len(vocab), seed, "sampled", "Brown"
        )
    else:
        model = KneserNey(5).fit(train_ids, vocab)
    found = [agreement_accuracy(model, encode_pairs(blimp.pairs[file], vocab)) for file in FILES]
    return {
        "right": [sum(row["right"] for row in one.rows) for one in found],
        "pairs": [sum(row["pairs"] for row in one.rows) for one in found],
        "perplexity": perplexity(model, test_ids),
        "seconds": seconds,
    }


def shares(runs):
    """Return, for each kind of pair, the mean accuracy, and the range or the 95 % interval."""
    for right, pairs in zip(
        zip(*(run["right"] for run in runs), strict=True), runs[0]["pairs"], strict=True
    ):
        values = [r / pairs for r in right]
        ends = (min(values), max(values)) if len(runs) > 1 else wilson_interval(right[0], pairs)
        yield statistics.mean(values), *ends


def spread(values, digits):
    """Write the mean of some numbers and, in brackets, their range."""
    mean = f"{statistics.mean(values):.{digits}f}"
    if len(values) == 1:
        return mean
    return f"{mean} ({min(values):.{digits}f} .. {max(values):.{digits}f})"


def rows(found, ratio=False):
    """Return the rows of a table: model, accuracies, perplexity, CPU seconds."""
    for name, runs in found.items():
        cells = [f"{mean:.3f} ({low:.3f} .. {high:.3f})" for mean, low, high in shares(runs)]
        cells.append(spread([run["perplexity"] for run in runs], 2 if ratio else 0))
        if ratio:
            cells.append(spread([run["ratio"] for run in runs], 3))
        seconds = [run["seconds"] for run in runs]
        yield [name, *cells, f"{statistics.mean(seconds):.0f}" if any(seconds) else ""]


def draw(found, seeds):
    """Return the figure of agreement on the grammar, as a PNG."""
    fig, (ax,) = plots.panels(1, width=8.4, height=3.9)
    for k, (name, runs) in enumerate(found.items()):
        mean, low, high = zip(*shares(runs), strict=True)
        bars = [[m - a for m, a in zip(mean, low, strict=True)],
                [b - m for m, b in zip(mean, high, strict=True)]]  # fmt: skip
        at = [n + 0.04 * (k - 2) for n in ATTRACTORS]  # beside one another, so that bars are seen
        ax.errorbar(at, mean, yerr=bars, label=name, capsize=3)
    ax.axhline(0.5, color="#777777", linestyle=(0, (1, 2)), marker="")
    ax.text(0, 0.51, "chance", color="#555555", va="bottom")
    ax.set(
        xlabel="attractors between subject and verb",
        ylabel="share of pairs decided right",
        title=f"Agreement on the grammar: mean and range of {seeds} seeds",
        xticks=list(ATTRACTORS),
        ylim=(0.2, 1.03),
    )
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False)
    return plots.png(fig)


@click.command(help=__doc__, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--words", default=6_000_000, show_default=True, help="Of the grammar, to train on.")
@click.option("--seeds", default=3, show_default=True, help="Runs of each network.")
@click.option("--jobs", default=2, show_default=True, help="Runs at the same time.")
@click.option("--save", is_flag=True, help=f"Write results/{RESULTS.name} and the figure as well.")
def main(words, seeds, jobs, save):
    """Measure and print."""
    os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    models = {NGRAMS: (1,), **dict.fromkeys(CELLS, range(1, seeds + 1)), OPTIMUM: (1,)}
    report = ["# Agreement and the floor", f"{machine()}, torch {torch.__version__}"]

    def measure(function, names):
        runs = [(name, seed) for name in names for seed in models[name]]
        done = dict(zip(runs, pool.map(function, runs), strict=True))
        return {name: [done[name, seed] for seed in models[name]] for name in names}

    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        found = measure(partial(on_grammar, words=words), models)
        head = ["model", *(f"{n} attractors" for n in ATTRACTORS)]
        head += ["perplexity", "times the floor", "seconds"]
        report += [f"## Grammar, {words:,} words", table(head, list(rows(found, ratio=True)))]
        if save:
            write_whole(RESULTS.with_suffix(".png"), draw(found, seeds))
            report.append(f"![Agreement by number of attractors]({RESULTS.stem}.png)")
        found = measure(on_brown, [name for name in models if name != OPTIMUM])
        known = found[NGRAMS][0]["pairs"]
        head = ["model", *(f"{kind} ({n})" for kind, n in zip(FILES.values(), known, strict=True))]
        head += ["Brown: perplexity", "seconds"]
        report += ["## BLiMP, trained on Brown", table(head, list(rows(found)))]
    report.append(__doc__.split("\n\n", 2)[2].strip())
    publish(report, RESULTS if save else None)


if __name__ == "__main__":
    main()
