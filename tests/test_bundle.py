"""What a student receives: enough to work, nothing that answers."""

import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest

from course_utils.bundle import student_bundle, write_zip

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Copy what a bundle is made of, so that a test may change it."""
    root = tmp_path_factory.mktemp("course")
    for name in ("course_utils", "exercises", "notebooks", "solutions"):
        shutil.copytree(
            ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__", ".ipynb_*")
        )
    for path in (*ROOT.glob("*.*"), ROOT / "LICENSE"):
        if path.is_file():
            shutil.copy(path, root)
    return root


@pytest.fixture(scope="module")
def student(root, tmp_path_factory):
    """Unpack the bundle as a student does."""
    folder = tmp_path_factory.mktemp("student")
    student_bundle(root, folder / "bundle.zip")
    with zipfile.ZipFile(folder / "bundle.zip") as archive:
        assert archive.testzip() is None
        archive.extractall(folder / "unrolled")
    (folder / "unrolled" / "sitecustomize.py").write_text(ALONE)
    return folder / "unrolled"


# The package installed here would lend a copy its own modules wherever the copy lacks one.
ALONE = "import sys; sys.meta_path[:] = [f for f in sys.meta_path if 'editable' not in repr(f)]"


def python(student, *arguments):
    """Run Python in a student's folder, with the student's copy of the package."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=student,
        env={"PYTHONPATH": str(student), "PATH": ""},
        capture_output=True,
        text=True,
    )


def test_it_holds_no_answer(student):
    names = {path.relative_to(student).as_posix() for path in student.rglob("*") if path.is_file()}
    assert not [n for n in names if "solution" in n or "grading" in n or n.startswith("tests/")]
    assert {"README.md", "LICENSE", "start.py", "pyproject.toml", "constraints.txt"} < names
    assert {"course_utils/checks/week01.py", "notebooks/00_start_here.ipynb"} < names
    exercises = sorted(name for name in names if name.startswith("exercises/"))
    assert exercises == sorted(
        p.relative_to(ROOT).as_posix() for p in ROOT.glob("exercises/*/*.i*")
    )
    for path in student.rglob("*.ipynb"):
        text = path.read_text(encoding="utf-8")
        assert "BEGIN SOLUTION" not in text and "BEGIN HIDDEN TESTS" not in text
    for path in student.glob("exercises/*/*.ipynb"):
        stubs = [
            cell
            for cell in nbformat.read(path, as_version=4).cells
            if cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("solution")
        ]
        assert stubs and all("# YOUR CODE HERE\n" in cell.source for cell in stubs)


def test_its_checks_answer(student):
    code = (
        "import course_utils, sys; from course_utils.checks import check;"
        "print(course_utils.__file__);"
        "print(bool(check('week01.bits_per_token', lambda probabilities: None)));"
        "print(check('week01.perplexity', lambda probabilities: sum(probabilities)).status)"
    )
    done = python(student, "-c", code)
    assert done.stdout.split() == [
        str(student / "course_utils" / "__init__.py"), "False", "wrong"
    ], done.stderr  # fmt: skip


@pytest.mark.parametrize("command", [["grade", "1", ".", "--out", "o"], ["gradescope", "1", "p"]])
def test_its_command_says_that_it_cannot_grade(student, command):
    done = python(student, "-m", "course_utils.cli", *command)
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert done.stderr.endswith("a student's copy of the course; it has no grader\n")
    assert not (student / "o").exists() and not (student / "p").exists()


def test_its_command_makes_no_bundle(student):
    done = python(student, "-m", "course_utils.cli", "bundle", "o.zip")
    assert done.returncode == 1 and "this copy of the course is a student's" in done.stderr


def test_the_same_course_gives_the_same_bytes(root, tmp_path):
    names = student_bundle(root, tmp_path / "a.zip")
    for path in root.rglob("*.py"):
        path.touch()
    assert student_bundle(root, tmp_path / "b.zip") == names == sorted(names)
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


def test_what_does_not_belong_there_stays_out(root, tmp_path):
    (solution,) = (root / "solutions" / "week01").glob("*.ipynb")
    before = student_bundle(root, tmp_path / "a.zip")
    strays = [
        root / "exercises" / "week01" / f"{solution.stem}-Copy1.ipynb",
        root / "exercises" / "week01" / "answers.txt",
        root / "notebooks" / "notes.txt",
        root / "course_utils" / "grading" / "bank.py",
        root / "marks.csv",
    ]
    for path in strays:
        path.write_bytes(solution.read_bytes())
    try:
        assert student_bundle(root, tmp_path / "b.zip") == before
    finally:
        for path in strays:
            path.unlink()


def test_an_exercise_that_may_hold_an_answer_is_refused(root, tmp_path):
    (exercise,) = (root / "exercises" / "week01").glob("*.ipynb")
    text = exercise.read_text(encoding="utf-8")
    notebook = json.loads(text)
    notebook["cells"][4]["source"] += ["\nreturn 1"]
    stray = root / "exercises" / "week99"
    try:
        exercise.write_text(json.dumps(notebook), encoding="utf-8")
        with pytest.raises(ValueError, match=r"exercises/week01/.*run `course release` first"):
            student_bundle(root, tmp_path / "a.zip")
        exercise.write_text(text, encoding="utf-8")
        stray.mkdir()
        with pytest.raises(ValueError, match="not what the solutions give: exercises/week99"):
            student_bundle(root, tmp_path / "a.zip")
    finally:
        exercise.write_text(text, encoding="utf-8")
        stray.rmdir()
    assert not (tmp_path / "a.zip").exists()


def test_a_zip_file_depends_on_its_contents_alone(tmp_path):
    write_zip(tmp_path / "a.zip", {"b": b"1", "a/run": b"2"}, programs=["a/run"])
    write_zip(tmp_path / "b.zip", {"a/run": b"2", "b": b"1"}, programs=["a/run"])
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        found = [(info.filename, info.external_attr >> 16) for info in archive.infolist()]
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert found == [("a/run", 0o100755), ("b", 0o100644)]
