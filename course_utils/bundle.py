"""What a student receives: the course without its solutions and its grader, as one zip file.

The checks stay, since they answer in the exercises. The grader asks the same questions about inputs
that nobody has seen.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Collection
from pathlib import Path

from course_utils.notebooks import is_duplicate, write_whole
from course_utils.release import release_week

FILES = (
    "CHANGELOG.md",
    "CITATION.cff",
    "CONTRIBUTING.md",
    "LICENSE",
    "README.md",
    "conftest.py",
    "constraints.txt",
    "environment.yml",
    "pyproject.toml",
    "start.py",
    "notebooks/*.ipynb",
    "notebooks/*.png",
    "exercises/week[0-9][0-9]/*.ipynb",
    "course_utils/**/*.py",
)


def student_bundle(root: Path, target: Path) -> list[str]:
    """Write the zip file that students receive.

    Parameters
    ----------
    root : Path
        The folder of the course.
    target : Path
        The zip file. The same course gives the same bytes.

    Returns
    -------
    list of str
        The names of the files in it.

    Raises
    ------
    ValueError
        If an exercise is not what its solution gives, for then it might hold an answer; or if
        there are no solutions to tell this by.
    """
    weeks = sorted(path.name for path in (root / "solutions").glob("week[0-9][0-9]"))
    if not weeks:
        raise ValueError("there is no folder solutions; this copy of the course is a student's")
    wrong = [path for week in weeks for path in release_week(week, root, check=True)]
    wrong += [
        f"exercises/{folder.name}"
        for folder in sorted((root / "exercises").glob("week[0-9][0-9]"))
        if folder.name not in weeks
    ]
    if wrong:
        raise ValueError(
            f"not what the solutions give: {', '.join(wrong)}; run `course release` first"
        )
    paths = {path.relative_to(root).as_posix(): path for p in FILES for path in root.glob(p)}
    files = {
        name: path.read_bytes()
        for name, path in paths.items()
        if not is_duplicate(path) and not name.startswith("course_utils/grading/")
    }
    write_zip(target, files)
    return sorted(files)


def write_zip(target: Path, files: dict[str, bytes], programs: Collection[str] = ()) -> None:
    """Write a zip file, whole or not at all, whose bytes depend only on what it holds.

    ``programs`` names the files that are to be executed.
    """
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, data in sorted(files.items()):
            info = zipfile.ZipInfo(name)  # dated the first of January 1980
            info.create_system = 3  # Unix, whatever this is, so that the rights are read
            info.external_attr = (0o100755 if name in programs else 0o100644) << 16
            archive.writestr(info, data, zipfile.ZIP_DEFLATED)
    write_whole(target, content.getvalue())
