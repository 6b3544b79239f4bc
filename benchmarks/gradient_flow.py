"""How much of the gradient comes back, with which network and which initial values?

    python benchmarks/gradient_flow.py [--save]

The figures are norms of d loss(T) / d h(T - k), k steps back, where the loss is the mean of the
states at step T, scaled so that the norm is 1 for k = 0; for LSTMs also of d loss(T) / d c(T - k).
Networks that nobody trained: 16 inputs drawn from the normal distribution, 64 units, 8 texts whose
norms are averaged, in float64. Each network is drawn several times; the figures are the median and,
in brackets, the smallest and the largest.

From the beginning: T = 100, and the state before the first step, which is 100 steps back, is zero.
The first states are small, unlike later ones; of an IRNN many units are off at first and let
nothing back. In the middle: T = 200, and nothing of the first 100 steps is shown.

A gate alone does not save the gradient, an open gate does: as torch makes them, with forget and
update gates near sigmoid(0) = 1/2, LSTM and GRU lose it nearly as fast as a simple recurrent
network. In float32 the norms below 1e-23 would be 0, since their squares are.
"""

from pathlib import Path

import click
import numpy as np
import torch
from ngrams import machine, publish, table

from course_utils.diagnostics import gradient_norms
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

RESULTS = Path(__file__).parent / "results" / "gradient_flow.md"
INPUTS, UNITS, TEXTS = 16, 64, 8
LAGS = (10, 50, 100)
NETWORKS = {
    "SRN": lambda: SRN(INPUTS, UNITS),
    "SRN, orthogonal": lambda: orthogonal_(SRN(INPUTS, UNITS)),
    "SRN, ReLU": lambda: SRN(INPUTS, UNITS, nonlinearity="relu"),
    "IRNN (ReLU, identity)": lambda: identity_(SRN(INPUTS, UNITS, nonlinearity="relu")),
    "LSTM": lambda: LSTM(INPUTS, UNITS),
    "LSTM, forget bias 1": lambda: forget_bias_(LSTM(INPUTS, UNITS), 1),
    "LSTM, forget bias 3": lambda: forget_bias_(LSTM(INPUTS, UNITS), 3),
    "LSTM, chrono, 100 steps": lambda: chrono_(LSTM(INPUTS, UNITS), 100),
    "GRU": lambda: GRU(INPUTS, UNITS),
    "GRU, update bias 1": lambda: update_bias_(GRU(INPUTS, UNITS), 1),
    "GRU, update bias 3": lambda: update_bias_(GRU(INPUTS, UNITS), 3),
    "GRU, chrono, 100 steps": lambda: chrono_(GRU(INPUTS, UNITS), 100),
}


def measure(make, steps, draws):
    """Return the norms of several networks along h and c, (draws, lags) each, c None without."""
    found = []
    for seed in range(draws):
        torch.manual_seed(seed)
        network, x = make(), torch.randn(steps, TEXTS, INPUTS)
        norms = gradient_norms(network, x)
        found.append([part[list(LAGS), 0].mean(-1) for part in norms if part is not None])
    by_state = [np.array(of_draws) for of_draws in zip(*found, strict=True)]
    return (*by_state, None)[:2]


def rows(steps, draws):
    """Return the rows of the table for texts of so many steps."""
    for name, make in NETWORKS.items():
        along_h, along_c = measure(make, steps, draws)
        cells = [spread(along_h[:, n]) for n in range(len(LAGS))]
        yield [name, *cells, "" if along_c is None else spread(along_c[:, -1])]


def spread(values):
    """Write the median of some numbers and, in brackets, their range."""
    return f"{np.median(values):.0e} ({values.min():.0e} .. {values.max():.0e})"


@click.command(help=__doc__, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--draws", default=10, show_default=True, help="Networks of each kind.")
@click.option("--save", is_flag=True, help=f"Write the report to results/{RESULTS.name} as well.")
def main(draws, save):
    """Measure and print."""
    head = ["network", *(f"h, {lag} steps back" for lag in LAGS), f"c, {LAGS[-1]} steps back"]
    report = ["# How much of the gradient comes back", f"{machine()}, torch {torch.__version__}"]
    for title, steps in (("From the beginning", 100), ("In the middle", 200)):
        report += [f"## {title}", table(head, list(rows(steps, draws)))]
    report.append(__doc__.split("\n\n", 2)[2].strip())
    publish(report, RESULTS if save else None)


if __name__ == "__main__":
    main()
