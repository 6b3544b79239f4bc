"""How fast are the course's recurrent networks, next to torch.nn? One run, side by side.

    python benchmarks/recurrent.py [--save]

The peer is always what one writes with torch.nn: RNN, GRU, LSTM, Linear, cross_entropy. Ours and
theirs run in turn in one process, several times; the figures are medians, and a ratio is our time
divided by theirs. With one thread they are of CPU time, which other work on the machine disturbs
less, with two threads and on a GPU of wall time. Targets are for one thread.

Layers: forward and backward, 35 steps, float32, as many inputs as hidden units. "autograd" is the
visible loop over the equations, "bptt" the hand-derived backward pass. The packed batch has lengths
from 1 to 35.

Language models: loss and backward of one chunk, 35 steps of 32 texts, an LSTM with 128 units. The
peer has an embedding, an LSTM, a linear layer and the cross-entropy over all words, weights not
tied. Output layers alone are measured on the 1,120 rows of such a chunk.

Generation: tokens a second of one text, an LSTM with 128 units; the peer steps torch.nn.LSTM,
applies a linear layer and the softmax, and draws with torch.multinomial.

With more threads torch.nn's LSTM gains more than ours: oneDNN shares the products of a step among
threads, while NumPy takes them one after the other, each with one thread.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import click
import torch
from ngrams import machine, publish, table
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_padded_sequence

from course_utils import recurrent
from course_utils.generation import sample
from course_utils.models import LanguageModel
from course_utils.output_layers import AdaptiveSoftmax, FullSoftmax, SampledSoftmax

RESULTS = Path(__file__).parent / "results" / "recurrent.md"
STEPS = 35
SIZES = [(128, 32), (256, 20), (650, 20)]
TARGETS = {"SRN": [0.70, 0.80, 0.85], "GRU": [0.75, 0.85, 0.85], "LSTM": [1.10, 1.10, 1.10]}


class Bench:
    """One process's measurements: a list of sections, each a title, a head and rows."""

    def __init__(self, runs, clock, device="cpu"):
        self.runs, self.clock, self.device = runs, clock, device

    def in_turn(self, **calls):
        """Call each function in turn, many times; return the medians of seconds a call."""
        wait = torch.cuda.synchronize if self.device == "cuda" else lambda: None
        repeats, seconds = {}, {name: [] for name in calls}
        for name, call in calls.items():
            call()
            start = self.clock()
            call()
            wait()
            repeats[name] = max(1, round(0.03 / (self.clock() - start)))
        for _ in range(self.runs):
            for name, call in calls.items():
                start = self.clock()
                for _ in range(repeats[name]):
                    call()
                wait()
                seconds[name].append((self.clock() - start) / repeats[name])
        return {name: statistics.median(figures) for name, figures in seconds.items()}

    def layer(self, cell, sizes, target=None, packed=False, **options):
        """Return a row of the table of layers."""
        H, B = sizes
        x = torch.randn(STEPS, B, H, device=self.device, requires_grad=True)
        lengths = torch.linspace(STEPS, 1, B).long()
        modules = {"torch": getattr(torch.nn, "RNN" if cell == "SRN" else cell)(H, H, **options)}
        for gradient in ("autograd", "bptt"):
            modules[gradient] = getattr(recurrent, cell)(H, H, gradient=gradient, **options)
        if self.device == "cuda":
            modules["default"] = getattr(recurrent, cell)(H, H, **options)
        for module in modules.values():
            module.to(self.device)
        directions = 2 if options.get("bidirectional") else 1
        d_output = torch.randn(STEPS, B, directions * H, device=self.device)
        d_packed = pack_padded_sequence(d_output, lengths).data

        def step(module):
            module.zero_grad(set_to_none=True)
            x.grad = None
            if packed:
                module(pack_padded_sequence(x, lengths))[0].data.backward(d_packed)
            else:
                module(x)[0].backward(d_output)

        seconds = self.in_turn(**{name: partial(step, module) for name, module in modules.items()})
        label = f"{cell} ({H}, {B})" + (", 2 layers" if "num_layers" in options else "")
        label += (", both directions" if directions == 2 else "") + (", packed" if packed else "")
        return compare(label, seconds, target)

    def layers(self):
        rows = [
            self.layer(cell, sizes, target)
            for cell, targets in TARGETS.items()
            for sizes, target in zip(SIZES, targets, strict=True)
        ]
        rows.append(self.layer("LSTM", SIZES[0], 0.95, bidirectional=True))
        rows.append(self.layer("LSTM", SIZES[0], packed=True))
        rows.append(self.layer("LSTM", SIZES[0], 0.95, packed=True, bidirectional=True))
        rows += [self.layer(cell, SIZES[0], num_layers=2) for cell in TARGETS]
        head = ["layer (hidden, batch)", "torch.nn", "autograd", "bptt", "target", "met"]
        if self.device == "cuda":
            head.insert(4, "default")
        return head, rows

    def language_models(self):
        H, B, rows = 128, 32, []
        for V in (2_000, 10_000, 17_000):
            inputs, targets = zipf(V, (STEPS, B)), zipf(V, (STEPS, B))
            peer = peer_model(V, H)
            models = {
                "full": LanguageModel(V, hidden_size=H, tie_weights=False),
                "tied": LanguageModel(V, hidden_size=H),
                "adaptive": LanguageModel(V, hidden_size=H, tie_weights=False, output="adaptive"),
                "sampled": LanguageModel(V, hidden_size=H, output="sampled"),
            }

            def theirs(peer=peer, inputs=inputs, targets=targets):
                embedding, lstm, linear = peer
                peer.zero_grad(set_to_none=True)
                h, _ = lstm(embedding(inputs))
                F.cross_entropy(linear(h).flatten(0, 1), targets.flatten()).backward()

            def ours(model, inputs=inputs, targets=targets):
                model.zero_grad(set_to_none=True)
                model.loss(inputs, targets)[0].backward()

            calls = {name: partial(ours, model) for name, model in models.items()}
            seconds = self.in_turn(torch=theirs, **calls)
            rows.append(compare(f"{V:,} words", seconds)[:-2])
        return ["language model", "torch.nn", *models], rows

    def output_layers(self):
        H, rows = 128, []
        for V in (2_000, 10_000, 17_000, 33_000):
            h, targets = torch.randn(1120, H, requires_grad=True), zipf(V, (1120,))
            linear = torch.nn.Linear(H, V)
            layers = {
                "block-wise": FullSoftmax(H, V),
                "adaptive": AdaptiveSoftmax(H, V),
                "sampled": SampledSoftmax(H, V),
            }

            def theirs(linear=linear, h=h, targets=targets):
                linear.zero_grad(set_to_none=True)
                F.cross_entropy(linear(h), targets).backward()

            def ours(layer, h=h, targets=targets):
                layer.zero_grad(set_to_none=True)
                layer.loss(h, targets).backward()

            calls = {name: partial(ours, layer) for name, layer in layers.items()}
            seconds = self.in_turn(torch=theirs, **calls)
            rows.append(compare(f"{V:,} words", seconds)[:-2])
        return ["output layer and loss alone", "torch.nn", *layers], rows

    def generation(self):
        H, rows = 128, []
        for V, words, limit in ((65, "symbols", 8), (10_000, "words", 4)):
            peer, lm, n = peer_model(V, H), LanguageModel(V, hidden_size=H), 300

            @torch.no_grad()
            def theirs(peer=peer, n=n):
                embedding, lstm, linear = peer
                word, state = torch.tensor([[1]]), None
                for _ in range(n):
                    h, state = lstm(embedding(word), state)
                    word = torch.multinomial(torch.softmax(linear(h[0]), dim=-1), 1)

            seconds = self.in_turn(torch=theirs, ours=partial(sample, lm, n, seed=0))
            theirs_speed, speed = n / seconds["torch"], n / seconds["ours"]
            ratio = speed / theirs_speed
            rows.append(
                [
                    f"{V:,} {words}",
                    f"{theirs_speed:,.0f} tokens/s",
                    f"{speed:,.0f} tokens/s",
                    f"{ratio:.3g}",
                    f"at least {limit}",
                    "yes" if ratio >= limit else "no",
                ]
            )
        return ["generation", "torch.nn", "ours", "ratio of speeds", "target", "met"], rows


def compare(label, seconds, target=None):
    """Return a row: the peer's milliseconds, ratios of the others; the last one has the target."""
    theirs, *ours = seconds.values()
    ratios = [figure / theirs for figure in ours]
    met = "" if target is None else "yes" if ratios[-1] <= target else "no"
    wanted = "" if target is None else f"at most {target:.2f}"
    return [label, f"{1000 * theirs:.1f} ms", *(f"{ratio:.3g}" for ratio in ratios), wanted, met]


def peer_model(vocab_size, hidden_size):
    """Return the parts of a language model made of torch.nn: embedding, LSTM, linear layer."""
    return torch.nn.ModuleList(
        [
            torch.nn.Embedding(vocab_size, hidden_size),
            torch.nn.LSTM(hidden_size, hidden_size),
            torch.nn.Linear(hidden_size, vocab_size),
        ]
    )


def zipf(vocab_size, shape):
    """Draw words as they occur in texts: the r-th most frequent in proportion to 1 / r."""
    weights = 1 / torch.arange(1, vocab_size + 1)
    number = torch.Size(shape).numel()
    return torch.multinomial(weights, number, replacement=True).view(shape)


def measure(threads, runs, only):
    """Measure in a process with so many threads; return its sections."""
    names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
    environment = {**os.environ, **dict.fromkeys(names, str(threads))}
    command = [sys.executable, __file__, "--runs", str(runs), "--worker", *only]
    result = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(result.stdout)


SECTIONS = ["layers", "language_models", "output_layers", "generation"]


@click.command(help=__doc__, context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("only", nargs=-1, type=click.Choice(SECTIONS))
@click.option("--runs", default=11, show_default=True, help="Times that each is measured.")
@click.option("--save", is_flag=True, help=f"Write the report to results/{RESULTS.name} as well.")
@click.option("--worker", is_flag=True, hidden=True)
def main(only, runs, save, worker):
    """Measure and print."""
    only = only or SECTIONS
    if worker:
        threads = int(os.environ["OMP_NUM_THREADS"])
        torch.set_num_threads(threads)
        torch.manual_seed(0)
        bench = Bench(runs, time.process_time if threads == 1 else time.perf_counter)
        click.echo(json.dumps([getattr(bench, section)() for section in only]))
        return
    report = ["# Recurrent networks next to torch.nn", f"{machine()}, torch {torch.__version__}"]
    for threads in (1, 2):
        report.append(f"## {'One thread' if threads == 1 else 'Two threads'}")
        for head, rows in measure(threads, runs, only):
            columns = slice(None) if threads == 1 or head[-1] != "met" else slice(-2)
            report.append(table(head[columns], [row[columns] for row in rows]))
    if torch.cuda.is_available():
        report.append(f"## Layers on {torch.cuda.get_device_name()}, next to cuDNN")
        report.append(table(*Bench(runs, time.perf_counter, "cuda").layers()))
    report.append(__doc__.split("\n\n", 2)[2].strip())
    publish(report, RESULTS if save else None)


if __name__ == "__main__":
    main()
