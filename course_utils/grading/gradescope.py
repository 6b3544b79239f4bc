"""Grade at Gradescope: the autograder of a week, and what it does with one submission.

The format is that of https://gradescope-autograders.readthedocs.io/en/latest/specs/. Gradescope
unpacks the autograder to ``source``, runs ``setup.sh`` once, and for each submission runs
``run_autograder``, which stands beside ``source``, ``submission`` and ``results``. That calls
`main`: the same judge as in ``course grade``, for one student.
"""

from __future__ import annotations

import ast
import dataclasses
import importlib
import json
import secrets
import shutil
import sys
import tempfile
import traceback
from pathlib import Path

import course_utils
from course_utils import checks
from course_utils.bundle import write_zip
from course_utils.grading import find_week, reports
from course_utils.grading.judge import Judge
from course_utils.grading.sandbox import SENTENCES
from course_utils.grading.submissions import find_submissions
from course_utils.notebooks import write_whole

PACKAGE = Path(course_utils.__file__).parent
REQUIREMENTS = ("jinja2", "nbformat", "numpy")  # what the modules sent along import

SETUP = """#!/usr/bin/env bash
# Gradescope runs this once, as root, when the autograder is uploaded.
set -euo pipefail
cd "$(dirname "$0")"
export DEBIAN_FRONTEND=noninteractive

apt-get update
# What shuts submissions in. Where it cannot be had, Landlock or limits take its place.
apt-get install -y bubblewrap || true

python=python3
if ! "$python" -c "import sys; sys.exit(sys.version_info < (3, 11))"; then
  python=python3.11
  apt-get install -y "$python"
fi
apt-get install -y "$python-venv"
"$python" -m venv ../venv
../venv/bin/python -m pip install --no-input -c constraints.txt {requirements}
"""

RUN = """#!/usr/bin/env bash
# Gradescope runs this for each submission.
here="$(cd "$(dirname "$0")" && pwd)"
results="$here/results/results.json"
python="$here/venv/bin/python"
[ -x "$python" ] || python=python3

chmod 700 "$here/source"  # the questions and their answers
mkdir -p "$here/results"
# This stands there unless a whole result takes its place.
echo '{fault}' > "$results"
cd /
PYTHONPATH="$here/source" "$python" -m course_utils.grading.gradescope "$here"
"""

FAULT = {
    "output": "Not graded, by no fault of yours: the autograder did not work. This is no mark of "
    "0. Your instructor can run it again.",
    "visibility": "visible",
    "stdout_visibility": "hidden",
    "tests": [],
}


def autograder(week: str, target: Path, *, seed: int | None = None, seconds: float = 10.0) -> int:
    """Write the zip file to be uploaded as a programming assignment's autograder.

    It holds the modules of this package that grading the week needs, and nothing of other weeks.

    Parameters
    ----------
    week : str
        ``"week01"``, ``"01"`` or ``"1"``.
    target : Path
        The zip file. The same course and seed give the same bytes.
    seed : int, optional
        The hidden inputs of all submissions are drawn from it; by default a random one.
    seconds : float
        Processor time of one check.

    Returns
    -------
    int
        The seed.

    Raises
    ------
    ValueError
        If there is no such week.
    """
    week = find_week(week)
    seed = secrets.randbelow(2**32) if seed is None else seed
    needed = " ".join(REQUIREMENTS)
    if getattr(importlib.import_module(f"{checks.__name__}.{week}"), "TORCH", False):
        needed += " torch --extra-index-url https://download.pytorch.org/whl/cpu"
    settings = {"week": week, "seed": seed, "seconds": seconds}
    files = {
        "setup.sh": SETUP.replace("{requirements}", needed).encode(),
        "run_autograder": RUN.replace("{fault}", json.dumps(FAULT)).encode(),
        "constraints.txt": (PACKAGE.parent / "constraints.txt").read_bytes(),
        "run.json": (json.dumps(settings, indent=2) + "\n").encode(),
    }
    for path in _modules(week):
        files[path.relative_to(PACKAGE.parent).as_posix()] = path.read_bytes()
    write_zip(target, files, programs=("setup.sh", "run_autograder"))
    return seed


def _modules(week: str) -> set[Path]:
    """Return the files of this package that grading a week imports, wherever an import stands."""
    waiting = [*PACKAGE.glob("grading/*.py"), PACKAGE / "checks" / f"{week}.py"]
    found: set[Path] = set()
    while waiting:
        path = waiting.pop()
        if path in found or not path.is_file():
            continue
        found.add(path)
        waiting.append(path.with_name("__init__.py"))
        for node in ast.walk(ast.parse(path.read_bytes())):
            names = []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or "", *(f"{node.module}.{a.name}" for a in node.names)]
            elif isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            for name in names:
                if name.partition(".")[0] == PACKAGE.name:
                    module = PACKAGE.parent.joinpath(*name.split("."))
                    waiting += [module.with_suffix(".py"), module / "__init__.py"]
    return found


# At Gradescope


def main(here: Path) -> None:
    """Grade the submission in a folder laid out as at Gradescope, and write results.json."""
    try:
        results = _results(here)
    except Exception:
        traceback.print_exc()  # to the output that only instructors see
        results = FAULT
    write_whole(here / "results" / "results.json", json.dumps(results, indent=2) + "\n")


def _results(here: Path) -> dict:
    settings = json.loads((here / "source" / "run.json").read_text(encoding="utf-8"))
    names = _names(here / "submission_metadata.json")
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(here / "submission", Path(folder) / "submission", symlinks=True)
        submissions = find_submissions(Path(folder))
    with Judge(**settings, hidden=[here]) as judge:
        print(f"{judge.week}, seed {judge.seed}. {SENTENCES[judge.level]}")
        marks = [judge.mark(dataclasses.replace(one, student=names[0])) for one in submissions]
    if len(names) > 1:
        for mark in marks:
            mark.members = list(names)
    for flag in reports.flags(marks):
        print(f"{flag.check or 'submission'}: {flag.flag}")
    counts = next(row.mark for row in reports.rows(marks) if row.student == names[0])
    return reports.gradescope(counts) | {"stdout_visibility": "hidden"}


def _names(metadata: Path) -> list[str]:
    """Return the names of the students who submitted, as far as Gradescope tells."""
    try:
        users = json.loads(metadata.read_text(encoding="utf-8"))["users"]
        names = [str(user.get("name") or user["email"]) for user in users]
    except (OSError, ValueError, TypeError, LookupError, AttributeError):
        names = []
    return list(dict.fromkeys(names)) or ["submission"]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
