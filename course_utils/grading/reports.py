"""What comes of the marks: tables, a page for each student, a report on the class.

`write` makes all of it. The same marks give the same bytes: everything is sorted and no time of
day is in it. What a submission brought along (names, messages) is escaped wherever it is shown.

The two policies that departments want otherwise are `late` and `best`.
"""

from __future__ import annotations

import csv
import hashlib
import io
import itertools
import json
import math
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from course_utils.grading import pages
from course_utils.grading.judge import Mark
from course_utils.grading.similarity import Similar, person, similar
from course_utils.notebooks import write_whole

LATE_PER_DAY = 0.10  # of the points to be had, for each day that has begun
LARGE = 8  # members; a group of more is flagged

# The columns of nbgrader's own exporter (`nbgrader export`, version 0.9).
NBGRADER = (
    "assignment",
    "duedate",
    "timestamp",
    "student_id",
    "last_name",
    "first_name",
    "email",
    "raw_score",
    "late_submission_penalty",
    "score",
    "max_score",
)


# Policies: who gets which points


def late(points: float, max_points: float, days: int) -> float:
    """Return what is left of the points of a submission that came so many begun days late."""
    return max(0.0, points - LATE_PER_DAY * days * max_points)


def best(attempts: Sequence[Row]) -> Row:
    """Choose the attempt that counts: most points, then the earliest; "not graded" is no zero."""
    return max(attempts, key=lambda row: (row.points or 0, row.points is None))


@dataclass(frozen=True)
class Row:
    """What a student gets.

    Attributes
    ----------
    student : str
    mark : Mark
        Of the submission that counts; a member of a group may not have handed it in.
    points : float or None
        After the policies; None where the submission was not graded.
    days_late : int
        Days that had begun after the due date.
    attempts : int
        How many submissions there were to choose from.
    """

    student: str
    mark: Mark
    points: float | None
    days_late: int = 0
    attempts: int = 1

    @property
    def status(self) -> str:
        """The status of the submission, and the days for which points were taken off."""
        if not self.days_late or not self.mark.points:
            return self.mark.status
        return f"{self.mark.status}, {pages.count(self.days_late, 'day')} late"


def rows(marks: Iterable[Mark], due: str | datetime | None = None) -> list[Row]:
    """Return a row for everyone who handed something in or was named as a member of a group.

    Parameters
    ----------
    marks : iterable of Mark
    due : str or datetime, optional
        When the submissions were due, as ISO 8601; without a time, at the end of that day, and
        without a zone, in UTC. Without it nothing is late.

    Returns
    -------
    list of Row
        Sorted by student. A member whose name is a student's, whatever the blanks and capitals,
        is that student; of several submissions the `best` counts.

    Raises
    ------
    ValueError
        If ``due`` cannot be read.
    """
    due = deadline(due)
    by_student = defaultdict(list)
    for student, mark in _shares(marks):
        days = _days_late(mark.submitted, due)
        points = mark.points
        if points is not None:
            points = round(late(points, mark.max_points, days), 4)
        by_student[student].append(Row(student, mark, points, days))
    found = []
    for student, attempts in sorted(by_student.items(), key=lambda item: _in_order(item[0])):
        row = best(sorted(attempts, key=lambda row: (row.mark.submitted, row.mark.path)))
        found.append(Row(student, row.mark, row.points, row.days_late, len(attempts)))
    return found


def deadline(due: str | datetime | None) -> datetime | None:
    """Read a due date.

    Raises
    ------
    ValueError
        If it is not a date of ISO 8601.

    Examples
    --------
    >>> deadline("2025-05-31")
    datetime.datetime(2025, 6, 1, 0, 0, tzinfo=datetime.timezone.utc)
    """
    if due is None:
        return None
    time = _time(due)
    if time is None:
        raise ValueError(
            f"the due date {due!r} cannot be read; write 2025-05-31 or 2025-05-31T18:00+02:00"
        )
    only_date = isinstance(due, str) and ":" not in due
    return time + timedelta(days=1) if only_date else time


def _time(text: str | datetime) -> datetime | None:
    """Read a time, in UTC where it names no zone; None if it cannot be read."""
    try:
        time = datetime.fromisoformat(text.strip()) if isinstance(text, str) else text
        return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def _days_late(submitted: str, due: datetime | None) -> int:
    """Return how many days had begun; a submission without a time is taken to be in time."""
    time = _time(submitted)
    if due is None or time is None:
        return 0
    return max(0, math.ceil((time - due) / timedelta(days=1)))


def _shares(marks: Iterable[Mark]) -> list[tuple[str, Mark]]:
    """Return everyone who has a share in a submission, each once."""
    marks = list(marks)
    spelled = _spellings(marks)
    found = []
    for mark in marks:
        names = [mark.student, *itertools.chain(*(spelled[name] for name in mark.members))]
        found += [(name, mark) for name in dict.fromkeys(names)]
    return found


def _spellings(marks: Iterable[Mark]) -> dict[str, list[str]]:
    """Return whose row a member's name means: a student's, or one under the name as first typed.

    Names of students come from files, so two of them may differ in capitals only and mean two
    people; a member's name that fits both counts for both.
    """
    students = {mark.student for mark in marks}
    typed = sorted({name for mark in marks for name in mark.members})
    people = defaultdict(list)
    for student in sorted(students):
        people[person(student)].append(student)
    for name in typed:
        if person(name) not in people:
            people[person(name)] = [name]
    return {name: [name] if name in students else people[person(name)] for name in typed}


# What a human should look at


@dataclass(frozen=True)
class Flag:
    """Something for the instructor to look at: whose, which check ("" for none), and what."""

    student: str
    check: str
    flag: str


def flags(marks: Iterable[Mark], alike: Sequence[Similar] | None = None) -> list[Flag]:
    """Return all that a human should look at, sorted by student.

    Parameters
    ----------
    marks : iterable of Mark
    alike : list of Similar, optional
        What `similar` found among these marks; it is looked for if not given.
    """
    marks = list(marks)
    several = Counter(mark.student for mark in marks)
    found = set()
    for mark in marks:
        where = f"{mark.path}: " if several[mark.student] > 1 else ""
        if mark.status != "graded":
            found.add(Flag(mark.student, "", where + mark.status))
        for cell, error in mark.broken[:1]:
            more = f", nor do {len(mark.broken) - 1} more" if len(mark.broken) > 1 else ""
            text = f"{where}code cell {cell} does not compile{more}: {error}"
            found.add(Flag(mark.student, "", text))
        if len(mark.members) > LARGE:
            text = f"{where}names {len(mark.members)} members, each of whom has a row"
            found.add(Flag(mark.student, "", text))
        for check in mark.checks:
            found |= {Flag(mark.student, check.name, where + flag) for flag in check.flags}
    submissions = defaultdict(list)
    for student, mark in _shares(marks):
        submissions[student].append(mark)
    for student, shared in submissions.items():
        if len({mark.student for mark in shared}) > 1:
            paths = ", ".join(sorted(mark.path for mark in shared))
            found.add(Flag(student, "", f"is named by more than one submission: {paths}"))
    for name, people in _spellings(marks).items():
        if len(people) > 1:
            text = f"the member {name!r} may be any of {', '.join(people)}"
            found |= {Flag(student, "", text) for student in people}
    for group in similar(marks) if alike is None else alike:
        for student in group.students:
            shared = [name for name, students in group.answers.items() if student in students]
            others = ", ".join(other for other in group.students if other != student)
            text = f"near-identical to {others}: {', '.join(shared)}"
            found.add(Flag(student, "", text))
    return sorted(found, key=lambda flag: (_in_order(flag.student), flag.check, flag.flag))


# Files


def write(
    folder: Path, marks: Iterable[Mark], due: str | datetime | None = None
) -> tuple[list[Row], list[Flag]]:
    """Write everything into a folder: tables, pages, results for Gradescope.

    That is grades.csv, flags.csv, nbgrader.csv, report.html, and for each student
    feedback/STUDENT.html and gradescope/STUDENT.json. Each file is written whole or not at all.

    Parameters
    ----------
    folder : Path
        It is made if it is not there.
    marks : iterable of Mark
    due : str or datetime, optional
        As in `rows`.

    Returns
    -------
    rows, flags
        As `rows` and `flags` return them.

    Raises
    ------
    ValueError
        If ``due`` cannot be read, before anything is written.
    OSError
        If a file cannot be written.
    """
    folder, marks, due = Path(folder), list(marks), deadline(due)
    table, alike = rows(marks, due), similar(marks)
    found = flags(marks, alike)
    write_grades(folder / "grades.csv", table)
    write_flags(folder / "flags.csv", found)
    write_nbgrader(folder / "nbgrader.csv", table, due)
    write_feedback(folder / "feedback", table)
    names = file_names(row.student for row in table)
    for row in table:
        text = json.dumps(gradescope(row.mark), indent=2) + "\n"
        write_whole(folder / "gradescope" / f"{names[row.student]}.json", text)
    write_report(folder / "report.html", table, found, alike, due)
    return table, found


def file_names(students: Iterable[str]) -> dict[str, str]:
    """Return a file name, without an ending, for each student: safe on every system, distinct.

    A name that is safe stays as it is. Any other is made safe and gets a few digits computed from
    the name, so that two students never share a file, also where capitals make no difference.

    Examples
    --------
    >>> file_names(["ada", "../bo"])
    {'ada': 'ada', '../bo': '_bo-e8b01960'}
    """
    names, taken = {}, set()
    safe = {student: _safe(student) for student in students}
    for student in sorted(safe, key=lambda student: (safe[student] != student, student)):
        name, digits = safe[student], 8
        digest = hashlib.sha256(student.encode("utf-8", "surrogatepass")).hexdigest()
        while name.casefold() in taken or (name != student and digits == 8):
            name, digits = f"{safe[student]}-{digest[:digits]}", digits + 8
        taken.add(name.casefold())
        names[student] = name
    return {student: names[student] for student in safe}


def _safe(name: str) -> str:
    """Keep letters, digits and a few signs, 80 bytes of them at most."""
    kept = "".join(
        c if c in " .,'@+()-_" or unicodedata.category(c)[0] in "LNM" else "_"
        for c in unicodedata.normalize("NFC", name)
    )
    kept = kept.encode()[:80].decode(errors="ignore").strip(" .-")
    reserved = re.fullmatch(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?", kept)  # by Windows
    return f"_{kept}" if reserved or not kept else kept


def check_names(marks: Iterable[Mark]) -> list[str]:
    """Return the names of all checks, in the order of the week."""
    by_length = sorted(marks, key=lambda mark: (-len(mark.checks), _in_order(mark.student)))
    return list(dict.fromkeys(check.name for mark in by_length for check in mark.checks))


def write_grades(path: Path, table: Sequence[Row]) -> Path:
    """Write grades.csv: student, points, max_points, status, then the points of each check.

    What was not graded is an empty cell, never 0. The points are those after the policies; those
    of the checks are as the judge gave them.
    """
    names = check_names(row.mark for row in table)
    lines = [["student", "points", "max_points", "status", *names]]
    for row in table:
        lines.append([row.student, row.points, row.mark.max_points, row.status])
        lines[-1] += [_points_of(row.mark, name) for name in names]
    return write_whole(path, _csv(lines))


def write_flags(path: Path, found: Sequence[Flag]) -> Path:
    """Write flags.csv: student, check, flag."""
    lines = [["student", "check", "flag"]]
    return write_whole(path, _csv(lines + [[f.student, f.check, f.flag] for f in found]))


def write_nbgrader(path: Path, table: Sequence[Row], due: str | datetime | None = None) -> Path:
    """Write the marks in the columns in which nbgrader exports its gradebook.

    Tools that take what ``nbgrader export`` writes take this. nbgrader knows names and addresses
    from its own list of students, so these columns are empty; times are in UTC, as there.
    """
    lines = [list(NBGRADER)]
    due = _nbgrader_time(deadline(due))
    for row in table:
        raw, score = row.mark.points, row.points
        penalty = None if raw is None else round(raw - score, 4)
        when = _nbgrader_time(_time(row.mark.submitted))
        who = [row.mark.week, due, when, row.student, "", "", ""]
        lines.append([*who, raw, penalty, score, row.mark.max_points])
    return write_whole(path, _csv(lines))


def _nbgrader_time(time: datetime | None) -> str:
    return f"{time:%Y-%m-%d %H:%M:%S}" if time else ""


def gradescope(mark: Mark) -> dict:
    """Return the results of one submission in Gradescope's format (results.json).

    Where the submission could not be graded there is no score: Gradescope then reports that the
    autograder failed, and gives no zero. Late days are Gradescope's own affair.
    """
    tests = [
        {
            "name": check.name,
            "score": None if check.status == "not graded" else check.points,
            "max_score": check.max_points,
            "status": "passed" if check.status == "right" else "failed",
            "output": pages.plain(f"{check.status}\n{pages.explanation(check)}".strip()),
            "output_format": "text",
            "visibility": "visible",
        }
        for check in mark.checks
    ]
    for test in tests:
        if test["score"] is None:
            del test["score"], test["status"]
    said = [pages.notice(mark)] if pages.notice(mark) else []
    said += [f"Code cell {cell} does not compile: {error}" for cell, error in mark.broken]
    if mark.members:
        said.append(f"Group: {', '.join(mark.members)}")
    results = {
        "score": mark.points,
        "output": pages.plain("\n".join(said) or "Graded."),
        "output_format": "text",
        "visibility": "visible",
        "tests": tests,
    }
    if mark.points is None:
        del results["score"]
        results["tests"] = []
    return results


def write_feedback(folder: Path, table: Sequence[Row]) -> list[Path]:
    """Write a page for each student, STUDENT.html."""
    names = file_names(row.student for row in table)
    return [
        write_whole(folder / f"{names[row.student]}.html", pages.feedback(row)) for row in table
    ]


def write_report(
    path: Path,
    table: Sequence[Row],
    found: Sequence[Flag],
    alike: Sequence[Similar],
    due: str | datetime | None = None,
) -> Path:
    """Write the report on the class, with links to feedback/STUDENT.html beside it.

    Parameters
    ----------
    path : Path
    table, found, alike
        What `rows`, `flags` and `similar` returned.
    due : str or datetime, optional
        As in `rows`.
    """
    names = file_names(row.student for row in table)
    links = {student: f"feedback/{name}.html" for student, name in names.items()}
    time = deadline(due)
    policy = time and (
        f"Due {time:%Y-%m-%d %H:%M} UTC; each day begun since then takes off "
        f"{LATE_PER_DAY:.0%} of the points to be had."
    )
    checks = check_names(row.mark for row in table)
    return write_whole(path, pages.report(table, checks, found, alike, links, policy or ""))


# Texts


def _points_of(mark: Mark, name: str) -> float | None:
    """Return the points of a check: none where the submission or the check was not graded."""
    if mark.points is None:
        return None
    check = next((check for check in mark.checks if check.name == name), None)
    if check is None:
        return 0
    return None if check.status == "not graded" else check.points


def _in_order(name: str) -> tuple[str, str]:
    return name.casefold(), name


def _csv(lines: Iterable[Sequence]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows([map(_cell, line) for line in lines])
    return buffer.getvalue()


def _cell(value: str | float | None) -> str:
    """Return a cell that a spreadsheet takes for a text or a number, never for a formula."""
    if not isinstance(value, str):
        return pages.number(value)
    text = pages.plain(value).replace("\n", " ")
    return f"'{text}" if text.lstrip().startswith(tuple("=+-@＝＋－＠")) else text
