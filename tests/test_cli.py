"""The command `course`: exit codes, messages, help."""

import re
from importlib import metadata
from pathlib import Path

import nbformat
import pytest
from click.testing import CliRunner
from nbformat.v4 import new_code_cell, new_notebook

from course_utils import cli, doctor
from course_utils.corpora import registry


@pytest.fixture
def course(tmp_path, monkeypatch):
    """Return a function that calls the command on an empty course with an empty cache."""
    monkeypatch.setattr(cli, "ROOT", tmp_path)
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "cache"))
    monkeypatch.delenv("COURSE_MIRROR", raising=False)
    return lambda *arguments: CliRunner().invoke(cli.main, arguments)


COMMANDS = ["bundle", "doctor", "fetch", "grade", "gradescope", "release", "run"]


@pytest.mark.parametrize("command", [[], *([name] for name in COMMANDS)], ids=" ".join)
def test_help_teaches_by_examples(course, command):
    shown = course(*command, "--help")
    assert shown.exit_code == 0
    assert "course " + (command[0] if command else "doctor") in shown.output
    assert "exit status" in shown.output or not command
    assert "\\b" not in shown.output
    if command:
        examples = shown.output.partition("Examples:\n")[2].partition("\n\n")[0].splitlines()
        assert len(examples) >= 2
        assert all(re.match(rf" +!?course {command[0]}\b", example) for example in examples)


@pytest.mark.parametrize("wrong", ["docter", "--verbose"])
def test_an_unknown_command_is_refused(course, wrong):
    shown = course(wrong)
    assert shown.exit_code == 2 and wrong in shown.output


# doctor


def test_doctor_finds_this_installation_ready_and_names_no_path(course, tmp_path):
    shown = course("doctor")
    assert shown.exit_code == 0, shown.output
    assert "notebooks can import course_utils" in shown.output
    assert shown.output.endswith("The course is ready.\n")
    assert "`!course fetch brown` in a notebook's cell" in shown.output
    assert str(tmp_path) not in shown.output and str(Path.home()) not in shown.output


def test_doctor_fails_where_a_package_is_missing_and_gives_the_cure(course, monkeypatch):
    installed = metadata.version

    def version(name):
        if name == "pooch":
            raise metadata.PackageNotFoundError(name)
        return installed(name)

    monkeypatch.setattr(metadata, "version", version)
    shown = course("doctor")
    assert shown.exit_code == 1
    assert "not installed: pooch" in shown.output and "python start.py" in shown.output
    assert "To be mended first: 1." in shown.output


def test_doctor_compares_with_the_constraints_of_this_system(course, tmp_path):
    (tmp_path / "constraints.txt").write_text(
        "# a comment\nclick==7.0\npooch==0.1 ; python_full_version < '3'\n"
    )
    shown = course("doctor")
    assert shown.exit_code == 0
    assert f"not as tested: click {metadata.version('click')} instead of 7.0" in shown.output
    assert "pooch" not in shown.output


def test_doctor_reports_a_kernel_that_cannot_import_the_course(course, monkeypatch):
    monkeypatch.setattr(doctor, "_packages", lambda root: [])
    from jupyter_client import manager

    def start_new_kernel(**options):
        raise RuntimeError("no kernel python3")

    monkeypatch.setattr(manager, "start_new_kernel", start_new_kernel)
    shown = course("doctor")
    assert shown.exit_code == 1
    assert "broken   kernel       does not start: no kernel python3" in shown.output


def test_doctor_says_where_a_corpus_lies(course, tmp_path, monkeypatch):
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    source = registry.CORPORA["names"]
    monkeypatch.setenv("COURSE_MIRROR", str(mirror))
    monkeypatch.setattr(registry, "available", lambda name: name in ("names", "pydocs"))
    findings = {f.subject: f for f in doctor.examine(tmp_path)}
    assert findings["names"].text.startswith("in COURSE_MIRROR: ")
    assert findings["pydocs"].text.startswith("always there: ")
    assert findings["brown"].state == "missing"
    (tmp_path / "cache").mkdir(exist_ok=True)
    (tmp_path / "cache" / source.file).touch()
    findings = {f.subject: f for f in doctor.examine(tmp_path)}
    assert findings["names"].text.startswith("cached: ")


def test_doctor_reports_a_mirror_that_is_no_folder(course, monkeypatch):
    monkeypatch.setenv("COURSE_MIRROR", "nowhere")
    assert "COURSE_MIRROR names no folder" in course("doctor").output


# fetch


@pytest.fixture
def toy_corpora(monkeypatch):
    """Replace the registry's corpora by one whose file has known bytes."""
    import hashlib

    sha256 = hashlib.sha256(b"whole").hexdigest()
    toy = registry.Source("toy", "a toy", "CC0", "toy.txt", "http://127.0.0.1:9/toy.txt", sha256)
    always = registry.Source("pydocs", "always there", "PSF-2.0")
    monkeypatch.setattr(registry, "CORPORA", {"pydocs": always, "toy": toy})


def test_fetch_takes_a_file_from_a_mirror_and_verifies_it(course, tmp_path, toy_corpora):
    (tmp_path / "toy.txt").write_bytes(b"whole")
    shown = course("fetch", "--mirror", str(tmp_path))
    assert shown.exit_code == 0, shown.output
    assert "toy: verified, in the cache; licence: CC0" in shown.output
    assert (tmp_path / "cache" / "toy.txt").read_bytes() == b"whole"


def test_fetch_says_where_a_file_is_read_if_the_cache_cannot_be_written(
    course, tmp_path, toy_corpora, monkeypatch
):
    (tmp_path / "toy.txt").write_bytes(b"whole")
    (tmp_path / "a file").touch()
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "a file"))
    shown = course("fetch", "--mirror", str(tmp_path))
    assert shown.exit_code == 0, shown.output
    assert "toy: verified, in the mirror (the cache cannot be written)" in shown.output


@pytest.mark.parametrize("content", [b"altered", None])
def test_fetch_fails_where_no_whole_file_can_be_had(course, tmp_path, toy_corpora, content):
    if content is not None:
        (tmp_path / "toy.txt").write_bytes(content)
    shown = course("fetch", "toy", "pydocs", "--mirror", str(tmp_path))
    assert shown.exit_code == 1
    assert "pydocs: always there" in shown.output and "not fetched: toy" in shown.output
    assert not (tmp_path / "cache" / "toy.txt").exists()


def test_fetch_suggests_a_name_for_a_typo(course):
    shown = course("fetch", "bron")
    assert shown.exit_code == 2 and "did you mean 'brown'?" in shown.output


def test_fetch_names_only_corpora_that_have_a_file(course):
    shown = course("fetch", "nosuch")
    assert shown.exit_code == 2
    assert "'nosuch' is unknown; there are brown, shakespeare, names, inaugural" in shown.output


def test_fetch_refuses_a_mirror_that_is_no_folder(course):
    assert course("fetch", "--mirror", "nowhere").exit_code == 2


# release


@pytest.mark.parametrize("name", ["1", "01", "week01", "Week1"])
@pytest.mark.parametrize("check", [False, True])
def test_release_finds_the_week_and_says_what_changed(course, tmp_path, monkeypatch, name, check):
    (tmp_path / "solutions" / "week01").mkdir(parents=True)
    (tmp_path / "solutions" / "week02").mkdir()
    called = []

    def release_week(week, root, check):
        called.append((week, root, check))
        return [f"exercises/{week}/x.ipynb"]

    monkeypatch.setattr("course_utils.release.release_week", release_week)
    shown = course("release", name, *(["--check"] if check else []))
    assert called == [("week01", tmp_path, check)]
    assert shown.exit_code == (1 if check else 0)
    assert ("would change: " if check else "written: ") + "exercises/week01" in shown.output


def test_release_refuses_an_unknown_week(course, tmp_path):
    (tmp_path / "solutions" / "week01").mkdir(parents=True)
    shown = course("release", "7")
    assert shown.exit_code == 1 and "no week '7' in solutions/" in shown.output


def test_release_shows_why_a_notebook_is_refused(course, tmp_path, monkeypatch):
    (tmp_path / "solutions" / "week01").mkdir(parents=True)

    def release_week(week, root, check):
        raise ValueError("x.ipynb, cell 3 is graded but has no markers")

    monkeypatch.setattr("course_utils.release.release_week", release_week)
    shown = course("release")
    assert shown.exit_code == 1 and "Error: x.ipynb, cell 3" in shown.output


# run


def test_run_ends_with_the_ladder_and_fails_where_a_cell_fails(course, tmp_path):
    folder = tmp_path / "notebooks"
    folder.mkdir()
    ladder = new_code_cell("print('floor 9.7')", metadata={"tags": ["ladder"]})
    for stem, cell in {"01_good": ladder, "02_bad": new_code_cell("1 / 0")}.items():
        nbformat.write(new_notebook(cells=[cell]), folder / f"{stem}.ipynb")
    good = course("run", "1")
    assert good.exit_code == 0, good.output
    assert good.output.endswith("\nfloor 9.7\n")
    assert (tmp_path / "build" / "01_good.html").exists()
    assert nbformat.read(folder / "01_good.ipynb", 4).cells[0].outputs == []
    bad = course("run")
    assert bad.exit_code == 1
    assert "02_bad, cell 1 failed: ZeroDivisionError" in bad.output
    assert bad.output.endswith("floor 9.7\n\nfailed: 02_bad\n")


def test_run_names_the_choices_for_an_unknown_notebook(course, tmp_path):
    assert course("run").exit_code == 2
    (tmp_path / "notebooks").mkdir()
    nbformat.write(new_notebook(), tmp_path / "notebooks" / "01_good.ipynb")
    shown = course("run", "09")
    assert shown.exit_code == 2 and "no walkthrough '09'; there are 01_good" in shown.output


def test_run_says_where_it_cannot_write(course, tmp_path):
    (tmp_path / "notebooks").mkdir()
    nbformat.write(new_notebook(), tmp_path / "notebooks" / "01_good.ipynb")
    (tmp_path / "build").write_text("a file in the way")
    shown = course("run")
    assert shown.exit_code == 1 and "Error: " in shown.output and "build" in shown.output


# bundle


def test_bundle_says_what_it_wrote(course, tmp_path, monkeypatch):
    monkeypatch.setattr(
        "course_utils.bundle.student_bundle", lambda root, out: [str(root), str(out)]
    )
    shown = course("bundle", "x.zip")
    assert shown.exit_code == 0 and shown.output == "written: x.zip (2 files)\n"


def test_bundle_shows_why_it_is_refused(course, tmp_path):
    shown = course("bundle", str(tmp_path / "x.zip"))
    assert shown.exit_code == 1 and "this copy of the course is a student's" in shown.output
    assert not (tmp_path / "x.zip").exists()


# grade


@pytest.fixture
def graded(monkeypatch):
    """Replace the grader by one that notes how it was called; give the list of its calls."""
    from course_utils import grading

    calls = []

    def grade(week, folder, out, *, say, **options):
        calls.append((week, str(folder), str(out), options))
        if week == "9":
            raise ValueError("there are no checks for week '9'")
        if options["require_sandbox"]:
            raise grading.NoSandbox("there is no sandbox on this system")
        if week == "stop":
            raise KeyboardInterrupt
        say("Submissions run under limits only.")
        mark = grading.Mark("ada", "ada.ipynb", week, 1, "graded", [], 1, 2)
        return [mark, grading.Mark("bo", "bo.ipynb", week, 1, "not graded: x", [], None, 2)]

    monkeypatch.setattr(grading, "grade", grade)
    return calls


def test_grade_hands_on_what_it_is_told(course, tmp_path, graded):
    shown = course("grade", "1", str(tmp_path), "--out", "marks")
    assert shown.exit_code == 0, shown.output
    assert "Submissions run under limits only.\n" in shown.stderr
    assert shown.stdout == f"1 of 2 submissions graded: {Path('marks') / 'grades.csv'}\n"
    more = "--seed 5 --seconds 2.5 --jobs 3 --due 2026-11-20 --scheduler tcp://h:1".split()
    course("grade", "week02", str(tmp_path), "--out", "marks", *more)
    usual = {"seed": None, "seconds": 10.0, "n_jobs": -1, "due": None, "scheduler": None}
    other = {
        "seed": 5, "seconds": 2.5, "n_jobs": 3, "due": "2026-11-20", "scheduler": "tcp://h:1"
    }  # fmt: skip
    assert graded == [
        ("1", str(tmp_path), "marks", usual | {"require_sandbox": False}),
        ("week02", str(tmp_path), "marks", other | {"require_sandbox": False}),
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["9", "."], "Error: there are no checks for week '9'\n"),
        (["1", ".", "--require-sandbox"], "Error: there is no sandbox on this system\n"),
        (["1", "nowhere"], "'nowhere' does not exist"),
        (["1", ".", "--seed", "-1"], "-1 is not in the range"),
        (["1", ".", "--jobs", "0"], "0 is not in the range"),
        (["1", ".", "--seconds", "0"], "0.0 is not in the range"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_grade_refuses_with_a_sentence_and_status_2(course, graded, arguments, message):
    shown = course("grade", *arguments, "--out", "marks")
    assert shown.exit_code == 2 and message in shown.output


def test_grade_needs_a_folder_for_the_results(course, graded):
    shown = course("grade", "1", ".")
    assert shown.exit_code == 2 and "--out" in shown.output and graded == []


def test_grade_says_how_to_go_on_when_it_is_interrupted(course, graded):
    shown = course("grade", "stop", ".", "--out", "marks")
    assert shown.exit_code == 1
    assert shown.output == "Error: interrupted; the same command goes on from here\n"


# gradescope


def test_gradescope_writes_an_autograder_and_names_the_seed(course, tmp_path):
    out = tmp_path / "autograder.zip"
    shown = course("gradescope", "1", str(out), "--seed", "5", "--seconds", "3")
    assert shown.exit_code == 0, shown.output
    assert shown.output == f"written: {out} (hidden inputs from seed 5)\n" and out.exists()
    shown = course("gradescope", "77", str(tmp_path / "x.zip"))
    assert shown.exit_code == 2 and "there are no checks for week '77'" in shown.output
    shown = course("gradescope", "1", str(tmp_path / "autograder.zip" / "x.zip"))
    assert shown.exit_code == 1 and "autograder.zip" in shown.output
