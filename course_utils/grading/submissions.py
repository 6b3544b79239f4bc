"""Submissions come in: from a folder to the code cells of notebooks, however broken the files are.

Nothing here runs a student's code. A file that cannot be read is no error of the run: it becomes a
row of the table, with a status that says what is wrong.
"""

from __future__ import annotations

import ast
import contextlib
import json
import os
import re
import stat
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from zoneinfo import ZoneInfo

MAX_BYTES = 20_000_000
DEPTH = 4  # folders below a student's own in which notebooks are looked for
NOTEBOOK = re.compile(r"(?i)\.ipynb(\.txt|\.json)?$")  # some browsers append an ending of their own
IGNORED = re.compile(
    r"(?i)\.|__macosx$|__pycache__$|thumbs\.db$|desktop\.ini$|.*-checkpoint\.ipynb$"
)
UNNAMED = "unnamed"
OURS = {
    *("grades.csv", "flags.csv", "nbgrader.csv", "report.html", "run.json"),
    *("feedback", "gradescope", "marks"),
}
# How files begin that are often handed in instead of a notebook.
OTHER_FORMATS = {
    b"PK\x03\x04": "a zip archive",
    b"\x1f\x8b": "a gzip archive",
    b"Rar!": "a RAR archive",
    b"7z\xbc\xaf": "a 7-Zip archive",
    b"%PDF": "a PDF",
    b"{\\rtf": "a text document",
    b"<": "a web page",
}
STRING = r"""(?:"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')"""
GROUP = re.compile(r"(?m)^[ \t]*group[ \t]*(?::[^=\n]*)?=\s*")
MEMBERS = re.compile(rf"""{STRING}|[\[({{](?:[^])}}"'#]|{STRING}|#.*+)*+[])}}]""")


class Unreadable(ValueError):
    """A file is no notebook that can be read; the text is the status that stands in the table."""


@dataclass(frozen=True)
class Submission:
    """One file that was handed in, as it is.

    Attributes
    ----------
    student : str
        From the name of the file, or of the student's folder.
    path : str
        Where it was found, relative to the folder of all submissions, with ``/``.
    content : bytes
    submitted : str
        When, in UTC: ``2025-03-01T09:30:00+00:00``. From nbgrader's ``timestamp.txt`` beside it,
        else the time at which the file was last changed.
    group : str
        The text of a ``group.txt`` beside it.
    problem : str
        The status of what cannot even be taken in: a link, an archive, a folder without a notebook.
    """

    student: str
    path: str
    content: bytes = b""
    submitted: str = ""
    group: str = ""
    problem: str = ""


@dataclass(frozen=True)
class Notebook:
    """What a grader needs of a notebook.

    Attributes
    ----------
    cells : tuple of str
        The sources of its code cells, in order; ``""`` for one whose source is no text.
    ids : tuple of str
        For each of them nbgrader's ``grade_id``, else the cell's own id, else ``""``.
    members : tuple of str
        Who worked on it, from ``group = ["Ada", "Bo"]`` in a code cell, else from ``group.txt``,
        one name a line.
    """

    cells: tuple[str, ...]
    ids: tuple[str, ...]
    members: tuple[str, ...] = ()


def find_submissions(folder: Path, week: str = "") -> list[Submission]:
    """Find what was handed in, and read the files.

    Accepted are ``STUDENT.ipynb``; ``STUDENT/*.ipynb``, where several files are several attempts;
    and nbgrader's ``submitted/STUDENT/ASSIGNMENT/*.ipynb``, whether ``folder`` is the course's
    folder or ``submitted`` itself. Links are not followed. Any other file beside the students'
    gives a submission with a problem, so that nobody is lost without a word.

    Parameters
    ----------
    folder : Path
    week : str, optional
        The assignment. A student's folder that holds a folder of this name is read there only.

    Returns
    -------
    list of Submission
        In the order of students, then paths.

    Raises
    ------
    ValueError
        If there is no such folder, or nothing in it.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise ValueError(f"there is no folder {str(folder)!r}; give the folder of the submissions")
    root = folder
    if (folder / "submitted").is_dir() and not any(NOTEBOOK.search(e.name) for e in _list(folder)):
        root = folder / "submitted"
    ours = OURS if (root / "run.json").is_file() else ()  # an earlier run wrote here
    found = []
    for entry in _list(root):
        path = Path(entry.path)
        if entry.name in ours:
            continue
        if not entry.is_dir(follow_symlinks=False):
            student = NOTEBOOK.sub("", path.name)
            found.append(_take(path, path.stem if student == path.name else student, folder))
        elif not (path / "run.json").is_file() or not (path / "marks").is_dir():
            found += _of_student(path, folder, week)
    if not found:
        raise ValueError(
            f"there is no submission in {str(folder)!r}; it should hold STUDENT.ipynb files, or a "
            "folder for each student"
        )
    return sorted(found, key=lambda submission: (submission.student, submission.path))


def _list(folder: Path) -> list[os.DirEntry]:
    """Return what a folder holds, in order, without what systems and editors leave behind."""
    with os.scandir(folder) as entries:
        return sorted((e for e in entries if not IGNORED.match(e.name)), key=lambda e: e.name)


def _of_student(home: Path, folder: Path, week: str) -> list[Submission]:
    """Read all notebooks of one student's folder."""
    try:
        own = [e.path for e in _list(home) if e.name == week and e.is_dir(follow_symlinks=False)]
        entries = list(_walk(Path(own[0]) if own else home, DEPTH))
    except OSError as error:
        return [_refuse(home, home.name, folder, f"unreadable: {_reason(error)}")]
    notebooks = [Path(entry.path) for entry in entries if NOTEBOOK.search(entry.name)]
    if notebooks:
        return [_take(path, home.name, folder) for path in notebooks]
    others = [Path(e.path) for e in entries if e.name not in ("timestamp.txt", "group.txt")]
    if len(others) == 1:
        return [_take(others[0], home.name, folder)]
    return [_refuse(home, home.name, folder, "empty: the folder holds no notebook")]


def _walk(folder: Path, depth: int) -> Iterator[os.DirEntry]:
    """Go through the files and links in a folder and the folders below."""
    for entry in _list(folder):
        if not entry.is_dir(follow_symlinks=False):
            yield entry
        elif depth:
            yield from _walk(Path(entry.path), depth - 1)


def _take(path: Path, student: str, folder: Path) -> Submission:
    """Read one file as it is, or say why not."""
    try:
        if path.is_symlink():
            raise Unreadable("unreadable: it is a symbolic link")
        if not NOTEBOOK.search(path.name):
            kind = _other_format(_read(path, MAX_BYTES)[:16]) or "a file of another kind"
            raise Unreadable(f"unreadable: it is {kind}; hand in the notebook, NAME.ipynb")
        content = _read(path, MAX_BYTES)
        inside = [parent for parent in path.parents if folder in parent.parents]
        return Submission(
            student=_clean(student) or UNNAMED,
            path=_shown(path, folder),
            content=content,
            submitted=_timestamp(inside) or _changed(path),
            group=_text(inside, "group.txt"),
        )
    except Unreadable as error:
        return _refuse(path, student, folder, str(error))
    except OSError as error:
        return _refuse(path, student, folder, f"unreadable: {_reason(error)}")


def _refuse(path: Path, student: str, folder: Path, problem: str) -> Submission:
    student = _clean(student) or UNNAMED
    return Submission(student, _shown(path, folder), b"", _changed(path), "", problem)


def _read(path: Path, limit: int) -> bytes:
    """Read a file, but no link, no device and nothing that is larger than it may be."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    descriptor = os.open(path, flags | getattr(os, "O_BINARY", 0))
    with open(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise Unreadable("unreadable: it is not a file")
        content = file.read(limit + 1)
    if len(content) > limit:
        raise Unreadable(
            f"unreadable: it is larger than {limit / 1e6:g} MB; clear the outputs and save it again"
        )
    return content


def _reason(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()


def _text(folders: Sequence[Path], name: str) -> str:
    """Return a small text beside the notebook or above it; "" where there is none."""
    for folder in folders:
        with contextlib.suppress(OSError, Unreadable):
            return _decode(_read(folder / name, 10_000))
    return ""


def _timestamp(folders: Sequence[Path]) -> str:
    """Return the time in nbgrader's ``timestamp.txt``: ``2025-02-28 15:58:23.948203 UTC``."""
    day, time, zone, *_ = [*_text(folders, "timestamp.txt").split(), "", "", ""]
    try:
        moment = datetime.fromisoformat(f"{day} {time}".strip())
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=ZoneInfo(zone) if zone not in ("", "UTC") else UTC)
        return moment.astimezone(UTC).isoformat(timespec="seconds")
    except (ValueError, OSError, OverflowError, KeyError):  # KeyError: no such time zone
        return ""


def _changed(path: Path) -> str:
    try:
        moment = datetime.fromtimestamp(path.lstat().st_mtime, UTC)
    except (OSError, OverflowError, ValueError):
        return ""
    return moment.isoformat(timespec="seconds")


def _shown(path: Path, folder: Path) -> str:
    return _clean(path.relative_to(folder).as_posix())


def read_notebook(submission: Submission) -> Notebook:
    """Read the code cells of a submission.

    The notebook need not be valid. nbformat would refuse, or repair, much of what can still be
    graded; so its versions 1 to 4 are read here as plain JSON.

    Parameters
    ----------
    submission : Submission

    Returns
    -------
    Notebook

    Raises
    ------
    Unreadable
        If it cannot be read; nothing else is raised, whatever the file holds.
    """
    if submission.problem:
        raise Unreadable(submission.problem)
    if len(submission.content) > MAX_BYTES:
        raise Unreadable(f"unreadable: it is larger than {MAX_BYTES / 1e6:g} MB")
    if not submission.content.strip():
        raise Unreadable("empty: the file holds nothing")
    if kind := _other_format(submission.content.lstrip()[:16]):
        raise Unreadable(f"unreadable: it is {kind}, not a notebook")
    try:
        data = json.loads(_decode(submission.content), strict=False)
    except json.JSONDecodeError as error:
        raise Unreadable(f"unreadable: it is not JSON (line {error.lineno})") from None
    except (ValueError, RecursionError, MemoryError):
        raise Unreadable("unreadable: it is not JSON that a notebook could hold") from None
    found = [cell for cell in _cells(data) if _is_code(cell)]
    cells = tuple(map(_source, found))
    members = _names_in(cells) or _names(submission.group.splitlines())
    return Notebook(cells, tuple(map(_id, found)), members)


def _other_format(start: bytes) -> str:
    return next((kind for begin, kind in OTHER_FORMATS.items() if start.startswith(begin)), "")


def _decode(content: bytes) -> str:
    """Return text in whatever encoding it is; Latin-1 can be read into anything."""
    try:
        return content.decode(json.detect_encoding(content))
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _cells(data: object) -> list:
    """Return the cells; before version 4 they stood in worksheets."""
    if isinstance(data, dict):
        if isinstance(data.get("cells"), list):
            return data["cells"]
        if isinstance(data.get("worksheets"), list):
            sheets = [sheet for sheet in data["worksheets"] if isinstance(sheet, dict)]
            lists = [sheet["cells"] for sheet in sheets if isinstance(sheet.get("cells"), list)]
            return [cell for cells in lists for cell in cells]
    raise Unreadable("unreadable: it is JSON, but not a notebook, for it has no cells")


def _is_code(cell: object) -> bool:
    if not isinstance(cell, dict):
        return False
    if "cell_type" in cell:
        return cell["cell_type"] == "code"
    return "outputs" in cell or "execution_count" in cell or "input" in cell


def _source(cell: dict) -> str:
    """Return the code of a cell; before version 4 it was called input, in version 1 code."""
    source = next((cell[key] for key in ("source", "input", "code") if key in cell), "")
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    return _sound(source) if isinstance(source, str) else ""


def _id(cell: dict) -> str:
    meta = cell.get("metadata")
    meta = meta.get("nbgrader") if isinstance(meta, dict) else None
    name = meta.get("grade_id") if isinstance(meta, dict) else None
    for text in (name, cell.get("id")):
        if isinstance(text, str) and text:
            return _clean(text)
    return ""


def _names_in(cells: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names that the last filled ``group = [...]`` gives."""
    names = ()
    places = ((cell, found.end()) for cell in cells for found in GROUP.finditer(cell))
    # Without limits, a notebook of nothing but `group = [` would take hours.
    for cell, start in islice(places, 100):
        found = MEMBERS.match(cell, start, start + 2000)
        try:
            value = ast.literal_eval(found[0] if found else "")
        except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
            continue
        value = value.split(",") if isinstance(value, str) else value
        names = _names(value if isinstance(value, list | tuple | set) else ()) or names
    return names


def _names(values: object) -> tuple[str, ...]:
    """Return what is a name, cleaned, each once."""
    names = {}
    for value in values:
        if isinstance(value, str) and (name := _clean(value)):
            names.setdefault(name.casefold(), name)
    return tuple(names.values())


def _clean(text: str) -> str:
    """Return a text on one line, of at most 200 characters, all of which can be shown."""
    text = unicodedata.normalize("NFC", " ".join(_sound(text[:1000]).split()))
    shown = (c for c in text if unicodedata.category(c) not in ("Cc", "Cf", "Cs"))
    return "".join(shown)[:200].strip()


def _sound(text: str) -> str:
    """Return a text without halves of characters, which no encoding can express."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
