"""How fast is course_utils.ngrams, next to KenLM and NLTK? One run, side by side.

    python benchmarks/ngrams.py --kenlm FOLDER --nltk PYTHON [--save]

FOLDER holds KenLM's programs lmplz, build_binary and query (default: those on the PATH), PYTHON is
an interpreter that can import nltk 3.10 (default: this one). A peer that is missing is named in the
table as not measured. Needs the Brown corpus; runs on Linux and macOS.

The text is Brown, words seen once in its training part replaced by one ordinary word. Times are CPU
time, user and system, of all threads; NumPy's BLAS, which counting never calls, is kept to one.

Fit: a whole process. Ours starts the interpreter, imports, reads the text file, makes the
vocabulary, encodes, counts and computes the probabilities; lmplz goes from its start to an ARPA
file; NLTK's process is like ours. Ours and theirs run in turn, several times (NLTK's three times);
the figures are medians.

Score: starting, loading and making the index are left out on both sides. KenLM's figure is the
difference between `query -v summary` on eleven copies of the test text and on one. Ours is the time
of scoring ten copies in a process that has scored them before, three ways: from the text file, as
KenLM does; from sentences that are lists of words, as `load_corpus` gives them; and from ids. NLTK
takes so long for a token that only the first tokens of the text are timed. From the text file we
lose: splitting lines and finding words in a dictionary takes Python about as long as `query` takes
for everything, before the first n-gram is looked up.

Growth: the first N tokens of Brown. Brown ends at 1.2 million tokens; the rest are sentences drawn
from the relative frequencies of its bigrams, so that longer n-grams go on being new.
"""

import json
import os
import platform
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import click

RESULTS = Path(__file__).parent / "results" / "ngrams.md"
GROWTH = [100_000, 300_000, 1_000_000, 3_000_000]
ONE_THREAD = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}

FIT = """
import sys
from course_utils.ngrams import KneserNey
from course_utils.text import Vocabulary
with open(sys.argv[1], encoding="utf-8") as lines:
    vocab, train_ids = Vocabulary.build_and_encode(map(str.split, lines))
model = KneserNey(int(sys.argv[2])).fit(train_ids, vocab)
"""

SCORE = (
    FIT
    + """
import json, time
def tokens_per_second(score):
    score()
    start = time.process_time()
    log_probs = score()
    return len(log_probs) / (time.process_time() - start)
def from_file():
    with open(sys.argv[3], encoding="utf-8") as lines:
        return model.log_probs(vocab.encode(map(str.split, lines)))
with open(sys.argv[3], encoding="utf-8") as lines:
    sentences = [line.split() for line in lines]
ids = vocab.encode(sentences)
print(json.dumps({
    "file": tokens_per_second(from_file),
    "sentences": tokens_per_second(lambda: model.log_probs(vocab.encode(sentences))),
    "ids": tokens_per_second(lambda: model.log_probs(ids)),
}))
"""
)

NLTK_FIT = """
import sys
from nltk.lm import KneserNeyInterpolated
from nltk.lm.preprocessing import padded_everygram_pipeline
with open(sys.argv[1], encoding="utf-8") as lines:
    sentences = [line.split() for line in lines]
model = KneserNeyInterpolated(3)
model.fit(*padded_everygram_pipeline(3, sentences))
"""

NLTK_SCORE = (
    NLTK_FIT
    + """
import itertools, json, time
from nltk.util import ngrams
with open(sys.argv[2], encoding="utf-8") as lines:
    padded = [["<s>", "<s>", *line.split(), "</s>"] for line in itertools.islice(lines, 1000)]
start, tokens = time.process_time(), 0
for *context, word in itertools.chain.from_iterable(ngrams(words, 3) for words in padded):
    model.score(word, context)
    tokens += 1
    if time.process_time() - start > 20 and tokens >= 20:
        break
seconds = time.process_time() - start
print(json.dumps({"tokens": tokens, "tokens_per_second": tokens / seconds}))
"""
)


def prepare(folder):
    """Write train.txt, copies of the test text, and the growing texts."""
    from course_utils.corpora import load_corpus

    brown = load_corpus("brown")
    counts = Counter(word for sentence in brown.train for word in sentence)

    def write(name, sentences):
        text = "".join(
            " ".join(word if counts[word] > 1 else "_rare_" for word in sentence) + "\n"
            for sentence in sentences
        )
        (folder / name).write_text(text, encoding="utf-8")

    write("train.txt", brown.train)
    for copies in (1, 10, 11):
        write(f"test-{copies}.txt", brown.test * copies)

    everything = brown.train + brown.valid + brown.test
    text = everything + sentences_of_bigrams(everything, max(GROWTH))
    for size in GROWTH:
        tokens, last = 0, 0
        while tokens < size:
            tokens += len(text[last]) + 1
            last += 1
        write(f"grow-{size}.txt", text[:last])


def sentences_of_bigrams(sentences, tokens):
    """Draw sentences from the relative frequencies of the bigrams of a text: new longer n-grams."""
    after = defaultdict(list)
    for sentence in sentences:
        for previous, word in zip(["<s>", *sentence], [*sentence, "</s>"], strict=True):
            after[previous].append(word)
    rng, drawn = random.Random(0), []
    while tokens > 0:
        sentence, word = [], rng.choice(after["<s>"])
        while word != "</s>":
            sentence.append(word)
            word = rng.choice(after[word])
        drawn.append(sentence)
        tokens -= len(sentence) + 1
    return drawn


def run(command, stdin=os.devnull, stdout=os.devnull):
    """Run a process to its end; return its CPU seconds and its peak of memory in MB."""
    with open(stdin, "rb") as source, open(stdout, "wb") as output, tempfile.TemporaryFile() as err:
        process = subprocess.Popen(
            [str(part) for part in command], stdin=source, stdout=output, stderr=err, env=ONE_THREAD
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            err.seek(0)
            message = err.read().decode(errors="replace").strip().splitlines() or ["no message"]
            raise click.ClickException(f"{Path(command[0]).name} failed: {message[-1]}")
    unit = 2**20 if sys.platform == "darwin" else 2**10  # ru_maxrss is in bytes, on Linux in KiB
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / unit


def in_turn(runs, *commands):
    """Run the commands one after the other, `runs` times; medians of seconds and of MB for each."""
    figures = [[run(*command) for command in commands] for _ in range(runs)]
    return [
        [statistics.median(kind) for kind in zip(*of_one, strict=True)]
        for of_one in zip(*figures, strict=True)
    ]


class Bench:
    """The texts and programs of one run, and the questions put to them."""

    def __init__(self, folder, kenlm, nltk, runs):
        self.folder, self.runs = folder, runs
        programs = [shutil.which(name, path=kenlm) for name in ("lmplz", "build_binary", "query")]
        self.kenlm = all(programs)
        self.lmplz, self.build_binary, self.query = programs
        found = subprocess.run([nltk, "-c", "import nltk.lm"], capture_output=True, check=False)
        self.nltk = nltk if found.returncode == 0 else None
        self.rows = []

    def answer(self, question, ours, peer, ratio, at_least=None, at_most=None):
        """Add a row to the table; without a ratio the peer was not measured."""
        target = f"at most {at_most:.2f}" if at_least is None else f"at least {at_least:,}"
        shown, met = "", ""
        if ratio is not None:
            shown = f"{ratio:,.0f}" if ratio >= 100 else f"{ratio:.3g}"
            met = "yes" if (ratio <= at_most if at_least is None else ratio >= at_least) else "no"
        self.rows.append([question, ours, peer, shown, target, met])

    def fit_commands(self, text, order):
        """Return the commands of fitting `text`, ours and, where it is there, KenLM's."""
        text, arpa = self.folder / text, self.folder / f"{order}.arpa"
        lmplz = [self.lmplz, "-o", order, "-S", "1G", "-T", self.folder]
        ours = [sys.executable, "-c", FIT, text, order]
        return [(ours,), (lmplz, text, arpa)][: 1 + self.kenlm]

    def fit_kenlm(self):
        for order, limit in {3: 0.50, 5: 0.35}.items():
            ours, *theirs = in_turn(self.runs, *self.fit_commands("train.txt", order))
            peer, ratio = "KenLM not measured", None
            if theirs:
                peer, ratio = f"lmplz {theirs[0][0]:.2f} s", ours[0] / theirs[0][0]
            question = f"fit Kneser-Ney, order {order}"
            self.answer(question, f"{ours[0]:.2f} s", peer, ratio, at_most=limit)
        if theirs:
            peer, ratio = f"lmplz {theirs[0][1]:.0f} MB", ours[1] / theirs[0][1]
        question = "peak memory of the order-5 fit"
        self.answer(question, f"{ours[1]:.0f} MB", peer, ratio, at_most=0.7)

    def score_kenlm(self):
        for order in (3, 5):
            ours, theirs = self.tokens_per_second(order)
            peer = f"query {theirs / 1e6:.1f} M tokens/s" if theirs else "KenLM not measured"
            for source, limit in {"file": 1.0, "sentences": 1.0, "ids": 1.3}.items():
                ratio = ours[source] / theirs if theirs else None
                speed = f"{ours[source] / 1e6:.1f} M tokens/s"
                question = f"score the test text, order {order}, from {source}"
                self.answer(question, speed, peer, ratio, at_least=limit)

    def tokens_per_second(self, order):
        """Return our speeds from file, sentences and ids, and KenLM's or None, measured in turn."""
        train, once, ten_times, eleven_times = (
            self.folder / f"{name}.txt" for name in ("train", "test-1", "test-10", "test-11")
        )
        arpa, binary = (self.folder / f"{order}.{kind}" for kind in ("arpa", "binary"))
        if self.kenlm:
            run([self.build_binary, "probing", arpa, binary])  # fit_kenlm has left the ARPA file
        result, ours, short, long = self.folder / "score.json", [], [], []
        for _ in range(self.runs):
            run([sys.executable, "-c", SCORE, train, order, ten_times], stdout=result)
            ours.append(json.loads(result.read_text()))
            if self.kenlm:
                query = [self.query, "-v", "summary", binary]
                short.append(run(query, once)[0])
                long.append(run(query, eleven_times)[0])
        speeds = {key: statistics.median(figures[key] for figures in ours) for key in ours[0]}
        if not self.kenlm:
            return speeds, None
        with open(once, encoding="utf-8") as lines:
            tokens = sum(len(line.split()) + 1 for line in lines)
        return speeds, 10 * tokens / (statistics.median(long) - statistics.median(short))

    def nltk_order_3(self):
        peer, fit_ratio, score_ratio, note = "NLTK not measured", None, None, ""
        speed = self.tokens_per_second(3)[0]["sentences"]
        train, result = self.folder / "train.txt", self.folder / "nltk.json"
        commands = [self.fit_commands("train.txt", 3)[0], ([self.nltk, "-c", NLTK_FIT, train],)]
        (ours, _), *theirs = in_turn(3, *commands[: 1 + bool(self.nltk)])
        peers = [peer, peer]
        if self.nltk:
            run([self.nltk, "-c", NLTK_SCORE, train, self.folder / "test-1.txt"], stdout=result)
            score = json.loads(result.read_text())
            seconds = theirs[0][0]
            fit_ratio, score_ratio = seconds / ours, speed / score["tokens_per_second"]
            peers = [f"NLTK {seconds:.1f} s", f"NLTK {score['tokens_per_second']:.1f} tokens/s"]
            note = f" (NLTK: the first {score['tokens']} tokens)"
        self.answer("fit, order 3", f"{ours:.2f} s", peers[0], fit_ratio, at_least=40)
        question, speed = f"score, order 3, from sentences{note}", f"{speed / 1e6:.1f} M tokens/s"
        self.answer(question, speed, peers[1], score_ratio, at_least=100_000)

    def growth(self):
        """Return a table and a sentence: does the ratio to lmplz rise with the text?"""
        rows, ratios = [], []
        for size in GROWTH:
            commands = self.fit_commands(f"grow-{size}.txt", 5)
            (ours, _), (theirs, _) = in_turn(self.runs, *commands)
            ratios.append(ours / theirs)
            rows.append([f"{size:,}", f"{ours:.2f} s", f"{theirs:.2f} s", f"{ratios[-1]:.2f}"])
        rises = "higher" if ratios[-1] > ratios[0] else "not higher"
        sentence = f"At {GROWTH[-1]:,} tokens the ratio is {rises} than at {GROWTH[0]:,}."
        return table(["tokens, order 5", "ours", "lmplz", "ratio"], rows) + "\n\n" + sentence


def table(head, rows):
    """Return rows as a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def machine():
    """Return the machine in one line."""
    cpu, memory = platform.processor() or platform.machine(), ""
    if Path("/proc/cpuinfo").exists():
        fields = dict(
            line.split(":", 1)
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if ":" in line
        )
        cpu = {key.strip(): value.strip() for key, value in fields.items()}.get("model name", cpu)
        pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        memory = f", {pages / 2**30:.0f} GiB of memory"
    version = subprocess.run(
        [sys.executable, "-c", "import numpy; print(numpy.__version__)"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    return (
        f"{cpu}, {os.cpu_count()} cores{memory}; {platform.system()}, "
        f"Python {platform.python_version()}, NumPy {version}"
    )


def publish(report, path=None):
    """Print the parts of a report; write them to a file as well, whole or not at all."""
    from course_utils.notebooks import write_whole  # now: its imports would weigh on what is timed

    text = "\n\n".join(report)
    print(text)
    if path is not None:
        write_whole(path, text + "\n")


@click.command(help=__doc__, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--kenlm", metavar="FOLDER", help="Where lmplz, build_binary and query are.")
@click.option("--nltk", metavar="PYTHON", default=sys.executable, help="An interpreter with nltk.")
@click.option("--runs", default=7, show_default=True, help="Runs of each process.")
@click.option("--save", is_flag=True, help=f"Write the report to results/{RESULTS.name} as well.")
def main(kenlm, nltk, runs, save):
    """Measure and print."""
    if not hasattr(os, "wait4"):
        raise click.ClickException("this system cannot tell the CPU time of one process (os.wait4)")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # In a process of its own: a child inherits its parent's peak of memory.
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            pool.submit(prepare, folder).result()
        bench = Bench(folder, kenlm, nltk, runs)
        bench.fit_kenlm()
        bench.score_kenlm()
        bench.nltk_order_3()
        head = ["question", "ours", "peer", "ratio", "target", "met"]
        report = ["# Counting models next to their peers", machine(), table(head, bench.rows)]
        report.append(bench.growth() if bench.kenlm else "Growth: KenLM not measured.")
        report.append(__doc__.split("\n\n", 3)[3].strip())
    publish(report, RESULTS if save else None)


if __name__ == "__main__":
    main()
