"""Can the marks be trusted, and what does a mark cost? One run, the same machine.

    python benchmarks/grading.py [--nbgrader PYTHON] [--copies N] [--save]

The submissions are those of the tests, `tests/submissions`: hostile ones, each with a few honest
answers beside the dishonest one, and honest ones that are odd. All are graded by `course grade`'s
own function, in the strongest sandbox at hand, with a seed that is not the notebook's.

Undeserved are points for the dishonest answer, lost are points that an honest answer did not get.
Harm is what the run noticed outside the sandbox: files written or changed, connections on loopback,
signals, processes left behind. Each prize that could be found there is a right answer, so that who
finds it gets undeserved points.

Speed: N copies of a week's solution under N names, graded by the command `course grade` as a
process of its own, from its start to the last page written; the clock's seconds, divided by N. On
one core everything is bound to the first core.

PYTHON is an interpreter with nbgrader 0.9.6 and what week 1's notebook needs (click, matplotlib,
nbclient, nbformat, numpy, pandas, pooch, tqdm). It autogrades eight copies of the same solution,
made from the same notebook by `nbgrader generate_assignment`; it executes every cell, so its time
is mostly that of the notebook. That it gives the solution full marks is checked.
"""

import csv
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import click

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "benchmarks")]

from ngrams import machine, publish, table  # noqa: E402
from submissions import WEEKS, content, honest, hostile, questions, solution  # noqa: E402

RESULTS = Path(__file__).parent / "results" / "grading.md"
SEED = 20_240_229
CORES = hasattr(os, "sched_setaffinity")
NB_COPIES = 8


# What the marks are worth


def graded(suite, folder, seconds):
    """Grade a suite week by week; yield each case and its mark, or None if it got none."""
    from course_utils.grading import grade

    for week in sorted({case.week for case in suite}):
        cases = [case for case in suite if case.week == week]
        submissions, out = folder / f"{week}-in", folder / f"{week}-out"
        submissions.mkdir()
        for number, case in enumerate(cases):
            (submissions / f"s{number:04}.ipynb").write_bytes(case.content)
        marks = grade(week, submissions, out, seed=SEED, seconds=seconds, say=lambda text: None)
        by_student = {mark.student: mark for mark in marks if mark.points is not None}
        for number, case in enumerate(cases):
            yield case, by_student.get(f"s{number:04}")


def fairness(case, mark):
    """Return the points that a mark gave undeservedly, and those that it did not give."""
    points = {name: question.points for name, question in questions(case.week).items()}
    got = {check.name for check in mark.checks if check.points} if mark else set()
    undeserved = sum(points[name] for name in got - case.deserved)
    return undeserved, sum(points[name] for name in case.deserved - got)


def outcome(case, mark):
    """Return in a few words what came of a hostile submission."""
    if mark is None:
        return "no mark"
    if mark.status != "graded":
        return mark.status
    tried = [check for check in mark.checks if check.name not in case.deserved]
    return ", ".join(dict.fromkeys(c.status for c in tried if c.status != "not done")) or "not done"


def judged(suite, title, folder, seconds):
    """Grade a suite; return the sums, one row, and a row for each case."""
    rows, undeserved, lost, none = [], [], [], 0
    with tempfile.TemporaryDirectory(dir=folder) as name, hostile.Watch() as watch:
        for case, mark in graded(suite, Path(name), seconds):
            more, less = fairness(case, mark)
            undeserved += [more] * bool(more)
            lost += [less] * bool(less)
            none += mark is None
            rows.append([case.name, case.why, outcome(case, mark), str(more), str(less)])
        harm = watch.harm()
    shown = [f"{sum(points)} ({len(points)})" for points in (undeserved, lost)]
    return [title, str(len(suite)), *shown, str(none), ", ".join(harm) or "none"], rows


# What a mark costs


def clock(command, cores, **more):
    """Run a command on so many cores; return its seconds."""
    bind = (lambda: os.sched_setaffinity(0, range(cores))) if CORES else None
    start = time.perf_counter()
    run = subprocess.run(command, capture_output=True, text=True, preexec_fn=bind, **more)
    seconds = time.perf_counter() - start
    if run.returncode:
        raise click.ClickException(f"{' '.join(command[:4])} failed:\n{run.stderr[-2000:]}")
    return seconds


def ours(week, copies, cores, folder):
    """Return the seconds of a mark when the command grades so many copies of the solution."""
    submissions, out = folder / "in", folder / "out"
    submissions.mkdir()
    for number in range(copies):
        (submissions / f"student-{number:03}.ipynb").write_bytes(content(solution(week)))
    command = [sys.executable, "-m", "course_utils.cli", "grade", week, submissions, "--out", out]
    command += ["--jobs", cores]
    seconds = clock(list(map(str, command)), cores, cwd=ROOT)
    with open(out / "grades.csv", encoding="utf-8", newline="") as rows:
        wrong = [
            row["student"] for row in csv.DictReader(rows) if row["points"] != row["max_points"]
        ]
    if wrong:
        raise click.ClickException(f"{week}: {len(wrong)} copies of the solution lost points")
    shutil.rmtree(submissions)
    shutil.rmtree(out)
    return seconds / copies


class Nbgrader:
    """The same exercise in nbgrader's own folders."""

    def __init__(self, python, folder):
        self.program = [python, "-m", "nbgrader"]
        self.folder = folder / "nbgrader"
        programs = os.pathsep.join([str(Path(python).parent), os.environ["PATH"]])
        environment = {**os.environ, "PATH": programs, "PYTHONPATH": str(ROOT)}
        self.more = {"cwd": self.folder, "env": environment}
        source = self.folder / "source" / "week01"
        source.mkdir(parents=True)
        [path] = (ROOT / "solutions" / "week01").glob("*.ipynb")
        shutil.copy(path, source / path.name)
        clock([*self.program, "generate_assignment", "week01"], os.cpu_count(), **self.more)
        for number in range(NB_COPIES):
            home = self.folder / "submitted" / f"student-{number}" / "week01"
            home.mkdir(parents=True)
            (home / path.name).write_bytes(content(solution()))

    def seconds(self, cores):
        """Return the seconds of a submission, and check that it got the points of all functions."""
        command = [*self.program, "autograde", "week01", "--force"]
        seconds = clock(command, cores, **self.more)
        clock([*self.program, "export"], os.cpu_count(), **self.more)
        with open(self.folder / "grades.csv", encoding="utf-8", newline="") as rows:
            points = {float(row["score"]) for row in csv.DictReader(rows)}
        expected = sum(question.points for question in questions("week01").values())
        if points != {expected}:
            raise click.ClickException(f"nbgrader gave {points}, not {expected} points")
        return seconds / NB_COPIES


def speed(python, copies, folder):
    """Return the table of seconds a submission, and nbgrader's beside them."""
    limits = [cores for cores in (2, 1) if CORES or cores > 1]
    peer = Nbgrader(python, folder) if python else None
    rows, firsts = [], {}
    for week in WEEKS:
        row = [week]
        for cores in limits:
            firsts.setdefault(cores, seconds := ours(week, copies, cores, folder))
            row.append(f"{seconds:.3f} s")
        rows.append([*row, "at most 0.15"])
    report = table(["solution of", *(f"{c} core{'s' * (c > 1)}" for c in limits), "target"], rows)
    if peer is None:
        return f"{report}\n\nnbgrader: not measured."
    rows = []
    for cores in limits:
        theirs = peer.seconds(cores)
        ratio = firsts[cores] / theirs
        rows.append(
            [
                f"{cores} core{'s' * (cores > 1)}",
                f"{firsts[cores]:.3f} s",
                f"{theirs:.2f} s",
                f"{ratio:.3f}",
                "at most 0.15",
                "yes" if ratio <= 0.15 else "no",
            ]
        )
    return f"{report}\n\n" + table(["week 1", "ours", "nbgrader", "ratio", "target", "met"], rows)


@click.command(help=__doc__, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--nbgrader", metavar="PYTHON", help="An interpreter with nbgrader.")
@click.option("--copies", default=200, show_default=True, help="Submissions whose time is taken.")
@click.option("--save", is_flag=True, help=f"Write the report to results/{RESULTS.name} as well.")
def main(nbgrader, copies, save):
    """Grade, measure and print."""
    from course_utils.grading.sandbox import strongest

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        level, sentence = strongest()
        bad = [case for case in hostile.SUITE if level == "bubblewrap" or not case.boxed]
        attacks, rows = judged(bad, "hostile", folder, seconds=1.0)
        odd, honest_rows = judged(honest.SUITE, "honest and odd", folder, seconds=10.0)
        head = ["submissions", "number", "undeserved points (submissions)"]
        head += ["deserved points lost (submissions)", "without a mark", "harm outside"]
        report = ["# Marks that can be trusted", f"{machine()}. {sentence}"]
        report += [table(head, [attacks, odd])]
        report += ["## What a mark costs", speed(nbgrader, copies, folder)]
    report += ["## Who tries what, and what comes of it"]
    report += [table(["attack", "what it tries", "outcome", "undeserved", "lost"], rows)]
    report += ["## Honest work that is odd"]
    lost = [[name, why, less] for name, why, _, _, less in honest_rows if less != "0"]
    report += [
        table(["submission", "what is odd", "lost"], lost)
        if lost
        else "Full points for: " + "; ".join(row[0] for row in honest_rows) + "."
    ]
    report.append(__doc__.split("\n\n", 2)[2].strip())
    publish(report, RESULTS if save else None)


if __name__ == "__main__":
    main()
