"""From a folder of submissions to marks, feedback and a table.

`grade` is what the command ``course grade`` does. It finds the submissions, marks them in parallel,
keeps each mark as it comes, and writes the reports from what it kept. So a run that was cut short
goes on where it stopped, and ends with the same files as one that was not.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import secrets
from collections.abc import Callable
from pathlib import Path

from course_utils.grading.judge import Mark, weeks
from course_utils.grading.parallel import Cluster, Cores, Run, version
from course_utils.grading.sandbox import SENTENCES, NoSandbox
from course_utils.grading.submissions import Submission, find_submissions

OWN_FOLDERS = ("feedback", "gradescope", "marks")


def grade(
    week: str,
    folder: Path,
    out: Path,
    *,
    seed: int | None = None,
    seconds: float = 10.0,
    level: str | None = None,
    require_sandbox: bool = False,
    n_jobs: int = -1,
    scheduler: str | None = None,
    due: str | None = None,
    say: Callable[[str], None] = print,
) -> list[Mark]:
    """Mark the submissions of a folder and write the reports.

    Parameters
    ----------
    week : str
        ``"week01"``, ``"01"`` or ``"1"``.
    folder : Path
        The submissions, see `find_submissions`.
    out : Path
        The folder for the results. Marks that it holds already are kept: what is in ``marks/`` was
        made from the same submission, seed and code.
    seed : int, optional
        The hidden inputs are drawn from it: by default from the one that ``out`` holds, in a new
        folder from a random one.
    seconds : float
        Processor time of one check.
    level : str, optional
        The sandbox, one of `sandbox.LEVELS`; by default the strongest that answers.
    require_sandbox : bool
        Refuse to grade under limits alone.
    n_jobs : int
        Processes; -1 is one a core.
    scheduler : str, optional
        The address of a Dask cluster, which marks instead of this machine.
    due : str, optional
        When the submissions were due, see `reports.rows`.
    say : callable
        Takes the sentences for the instructor.

    Returns
    -------
    list of Mark
        In the order of the submissions.

    Raises
    ------
    ValueError
        If an argument cannot be used; nothing is graded then.
    NoSandbox
        If no sandbox answers, or only a weaker one than asked for; nothing is graded then.
    """
    from course_utils.grading import reports  # here, since processes that mark need it not
    from course_utils.notebooks import write_whole

    week, folder, out = find_week(week), Path(folder), Path(out)
    _check_folders(folder, out)
    reports.deadline(due)
    if not 0 < seconds < math.inf:
        raise ValueError(f"the seconds of a check must be positive, got {seconds}")
    seed = _seed(out, week, seed)
    submissions = _find(folder, week, out)
    with Cluster(scheduler) if scheduler else Cores(n_jobs) as workers:
        level = workers.ping(level)
        if level == "limits" and require_sandbox:
            raise NoSandbox(
                "there is no sandbox on this system, only limits; grade on Linux with bubblewrap"
            )
        if level != "bubblewrap":
            say(SENTENCES[level])
        hidden = (str(folder.resolve()), str(out.resolve()))
        run = Run(week, seed, seconds, level, version(), hidden)
        settings = {name: value for name, value in vars(run).items() if name != "hidden"}
        write_whole(out / "run.json", json.dumps(settings, indent=2) + "\n")
        marks = _marks(workers, run, submissions, out / "marks")
    reports.write(out, marks, due)
    missing = [mark for mark in marks if mark.points is None]
    if missing:
        say(
            f"Not graded, by no fault of the students: {', '.join(m.path for m in missing)} "
            f"({missing[0].status}). The same command tries these again and no others."
        )
    return marks


def find_week(name: str) -> str:
    """Return the name of a week that has checks: ``"week01"`` for ``1``, ``01`` and ``week01``.

    Raises
    ------
    ValueError
        If it has none.
    """
    digits = str(name).lower().removeprefix("week")
    week = f"week{int(digits):02d}" if digits.isdecimal() else str(name)
    if week not in weeks():
        raise ValueError(f"there are no checks for week {name!r}; there are {', '.join(weeks())}")
    return week


def _check_folders(folder: Path, out: Path) -> None:
    """Refuse places where results and submissions would be mixed."""
    folder, out = folder.resolve(), out.resolve()
    if out.exists() and not out.is_dir():
        raise ValueError(f"{out} is a file; the results need a folder")
    if folder == out:
        raise ValueError("the results need a folder of their own, not that of the submissions")
    if folder.is_relative_to(out) and folder.relative_to(out).parts[0] in OWN_FOLDERS:
        raise ValueError(f"{folder} is a folder for results; give that of the submissions")


def _find(folder: Path, week: str, out: Path) -> list[Submission]:
    """Find the submissions; the results may lie among them."""
    found = find_submissions(folder, week)
    if not out.resolve().is_relative_to(folder.resolve()):
        return found
    ours = out.resolve().relative_to(folder.resolve()).as_posix()
    return [one for one in found if one.path != ours and not one.path.startswith(f"{ours}/")]


def _seed(out: Path, week: str, seed: int | None) -> int:
    """Return the seed of the marks in a folder, else the one given, else a random one."""
    path = out / "run.json"
    if seed is not None and seed < 0:
        raise ValueError(f"the seed must not be negative, got {seed}")
    if not path.exists():
        return secrets.randbelow(2**32) if seed is None else seed
    try:
        settings = json.loads(path.read_text(encoding="utf-8"))
        kept_week, kept_seed = settings["week"], int(settings["seed"])
    except (ValueError, TypeError, LookupError):
        raise ValueError(f"{path} is damaged; choose another folder for the results") from None
    if kept_week != week:
        raise ValueError(f"{out} holds the marks of {kept_week}; choose another folder for {week}")
    if seed not in (None, kept_seed):
        raise ValueError(
            f"{out} holds marks from seed {kept_seed}; choose another folder for seed {seed}"
        )
    return kept_seed


def _marks(
    workers: Cores | Cluster, run: Run, submissions: list[Submission], folder: Path
) -> list[Mark]:
    """Return a mark for each submission: those that are kept, and the others as they are made."""
    from tqdm import tqdm

    from course_utils.notebooks import write_whole

    files = [folder / f"{_key(run, one)}.json" for one in submissions]
    marks = dict(enumerate(map(_kept, files)))
    missing = [i for i, mark in marks.items() if mark is None]
    kept = len(files) - len(missing)
    with tqdm(total=len(files), initial=kept, unit=" submissions", disable=None) as bar:
        for i, mark in workers.mark(run, [submissions[i] for i in missing]):
            marks[missing[i]] = mark
            if mark.points is not None:  # else the next run shall try it again
                write_whole(files[missing[i]], json.dumps(mark.to_json()))
            bar.update()
    return list(marks.values())


def _key(run: Run, submission: Submission) -> str:
    """Return the name under which the mark of a submission is kept: what it depends on, hashed."""
    of_run = (run.week, run.seed, run.seconds, run.level, run.version)
    text = repr((*of_run, *dataclasses.astuple(submission)))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _kept(file: Path) -> Mark | None:
    try:
        return Mark.from_json(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, LookupError, AttributeError):
        return None
