"""Which network solves the adding problem, and how soon? One budget for all, every seed shown.

    python benchmarks/adding.py [--save]

A network reads T numbers, two of them marked, and is to say their sum at the end (Hochreiter and
Schmidhuber 1997). It counts as solved when the mean squared error on 500 sequences that are not
trained on is below 0.01; 1/6 = 0.167 is what one gets who always says 1, 0.083 who knows one of the
two numbers. A figure is the time it took; in brackets stands the best error of a run that did not
get there, nan if its weights overflowed at once.

All have 64 hidden units and the same sequences, 50 at a time, by Adam with a learning rate of 0.01
and gradients clipped to a norm of 1. The time is CPU time of training on one thread.

SRN: tanh, torch's initial values; "orthogonal" and "identity" (with ReLU: IRNN, Le et al. 2015) are
those of its recurrent matrix. LSTM and GRU: torch's initial values; "bias b": that of the forget or
the update gate; "chrono" after Tallec and Ollivier (2018), for times up to T.
"""

import os
import statistics
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import click
import numpy as np
import torch
from ngrams import machine, publish, table

from course_utils.corpora import adding_problem
from course_utils.recurrent import (
    GRU,
    LSTM,
    SRN,
    chrono_,
    forget_bias_,
    identity_,
    orthogonal_,
    update_bias_,
)

RESULTS = Path(__file__).parent / "results" / "adding.md"
HIDDEN, BATCH, LEARNING_RATE, CLIP = 64, 50, 0.01, 1.0
SOLVED = 0.01
NETWORKS = {  # from T to a layer that reads (T, B, 2)
    "SRN": lambda steps: SRN(2, HIDDEN),
    "SRN, orthogonal": lambda steps: orthogonal_(SRN(2, HIDDEN)),
    "SRN, identity": lambda steps: identity_(SRN(2, HIDDEN, nonlinearity="relu")),
    "GRU": lambda steps: GRU(2, HIDDEN),
    "GRU, bias 1": lambda steps: update_bias_(GRU(2, HIDDEN), 1),
    "LSTM": lambda steps: LSTM(2, HIDDEN),
    "LSTM, bias 1": lambda steps: forget_bias_(LSTM(2, HIDDEN), 1),
    "LSTM, chrono": lambda steps: chrono_(LSTM(2, HIDDEN), steps),
}


def learn(layer, steps, seconds, seed):
    """Train a layer and a linear output on it; yield seconds and held-out error along the way."""
    torch.manual_seed(seed)
    output = torch.nn.Linear(HIDDEN, 1)
    parameters = [*layer.parameters(), *output.parameters()]
    adam = torch.optim.Adam(parameters, lr=LEARNING_RATE)

    def squared_error(sequences, rng):
        inputs, targets = map(torch.from_numpy, adding_problem(steps, sequences, rng))
        h, _ = layer(inputs)  # (T, B, H)
        return torch.mean((output(h[-1]).squeeze(1) - targets) ** 2)

    rng, spent = np.random.default_rng(seed), 0.0
    while spent < seconds:
        begin = time.process_time()
        for _ in range(25):
            adam.zero_grad()
            squared_error(BATCH, rng).backward()
            torch.nn.utils.clip_grad_norm_(parameters, CLIP)
            adam.step()
        spent += time.process_time() - begin
        with torch.no_grad():
            error = squared_error(500, np.random.default_rng(10**6)).item()
        yield spent, error
        if error < SOLVED:
            return


def measure(job, steps, seconds):
    """Return seconds and errors of one network with one seed."""
    name, seed = job
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    return list(learn(NETWORKS[name](steps), steps, seconds, seed))


def in_words(curve):
    """Say when it was solved, or how near a run came."""
    seconds, error = curve[-1]
    return f"{seconds:.0f} s" if error < SOLVED else f"({min(e for _, e in curve):.3f})"


@click.command(help=__doc__, context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("only", nargs=-1, type=click.Choice(NETWORKS))
@click.option(
    "--steps", multiple=True, default=[100], show_default=True, help="T; may be repeated."
)
@click.option("--seconds", default=60.0, show_default=True, help="Budget of each run.")
@click.option("--seeds", default=5, show_default=True, help="Runs of each network.")
@click.option("--jobs", default=1, show_default=True, help="Runs at the same time.")
@click.option("--save", is_flag=True, help=f"Write the report to results/{RESULTS.name} as well.")
def main(only, steps, seconds, seeds, jobs, save):
    """Measure and print."""
    os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    names, numbers = only or list(NETWORKS), range(1, seeds + 1)
    runs = [(name, seed) for name in names for seed in numbers]
    report = ["# The adding problem", f"{machine()}, torch {torch.__version__}"]
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        for T in steps:
            curves = list(pool.map(partial(measure, steps=T, seconds=seconds), runs))
            of = dict(zip(runs, curves, strict=True))
            rows = []
            for name in names:
                solved = sum(of[name, seed][-1][1] < SOLVED for seed in numbers)
                times = [of[name, seed][-1][0] for seed in numbers]
                median = f"{statistics.median(times):.0f} s" if solved > seeds / 2 else ""
                shown = [in_words(of[name, seed]) for seed in numbers]
                rows.append([name, *shown, f"{solved} of {seeds}", median])
            head = [f"T = {T}", *(f"seed {seed}" for seed in numbers), "solved", "median"]
            report += [f"## {T} steps, {seconds:g} seconds", table(head, rows)]
    report.append(__doc__.split("\n\n", 2)[2].strip())
    publish(report, RESULTS if save else None)


if __name__ == "__main__":
    main()
