"""start.py: what it installs when, and what it says when something is wrong.

pip, venv and the network are played by fakes; the real ones are tried by CI, which starts by it.
"""

import ast
import errno
import importlib.util
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from course_utils import notebooks

START = Path(__file__).resolve().parents[1] / "start.py"
PYPROJECT = """
[build-system]
requires = ["setuptools"]
[project]
name = "toy"
dependencies = ["numpy>=2"]
optional-dependencies.test = ["pytest>=8.2"]
[tool.ruff]
line-length = {width}
"""


@pytest.fixture
def start(tmp_path, monkeypatch):
    """Give start.py a toy project and fakes that record commands instead of running them."""
    spec = importlib.util.spec_from_file_location("start", START)
    start = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(start)
    (tmp_path / "pyproject.toml").write_text(PYPROJECT.format(width=100))
    (tmp_path / "constraints.txt").write_text("numpy==2.4.6\n")
    venv = tmp_path / ".venv"
    paths = {"ROOT": tmp_path, "VENV": venv, "STAMP": venv / "unrolled.json"}
    paths |= {"SETTINGS": venv / "share" / "overrides.json"}
    paths |= {"LOG": tmp_path / "build" / "setup.log", "LOCK": tmp_path / "build" / "setup.lock"}
    for name, path in paths.items():
        monkeypatch.setattr(start, name, path)
    start.ran, start.break_at = [], None

    def run_logged(command, what, lock, **options):
        if what == start.break_at:
            raise KeyboardInterrupt
        start.ran.append((what, command))
        if what == "Making .venv":
            (venv / "site").mkdir(parents=True)
            (venv / "python").write_text("3.11")

    def venv_version():
        return (venv / "python").read_text() if (venv / "python").exists() else ""

    monkeypatch.setattr(start, "run_logged", run_logged)
    monkeypatch.setattr(start, "venv_version", venv_version)
    monkeypatch.setattr(start, "site_packages", lambda: venv / "site")
    monkeypatch.setattr(start, "disk_is_full", lambda: False)
    return start


def steps(start):
    """Return the names of the steps run since the last call."""
    names = [what for what, _ in start.ran]
    start.ran.clear()
    return names


EVERYTHING = ["Making .venv", "Installing"]


def test_the_first_start_sets_up_and_the_second_does_nothing(start):
    start.set_up(set())
    assert steps(start) == EVERYTHING
    start.set_up(set())
    assert steps(start) == []


def test_pip_gets_the_project_and_its_constraints(start):
    start.set_up({"test"})
    pip = next(command for what, command in start.ran if what == "Installing")
    assert pip[pip.index("-c") + 1] == str(start.ROOT / "constraints.txt")
    assert pip[pip.index("-e") + 1] == f"{start.ROOT}[test]"


@pytest.mark.parametrize("step", EVERYTHING)
def test_an_interrupted_setup_is_completed_by_the_next_start(start, step):
    start.break_at = step
    with pytest.raises(KeyboardInterrupt):
        start.set_up(set())
    assert not start.is_ready(set())
    steps(start)
    start.break_at = None
    start.set_up(set())
    assert steps(start) == (EVERYTHING if step == "Making .venv" else EVERYTHING[1:])
    assert start.is_ready(set())


def test_a_package_left_half_installed_is_installed_again(start):
    start.break_at = "Installing"
    with pytest.raises(KeyboardInterrupt):
        start.set_up(set())
    half, whole = start.VENV / "site" / "half.dist-info", start.VENV / "site" / "whole.dist-info"
    half.mkdir()
    whole.mkdir()
    (whole / "RECORD").touch()
    start.break_at = None
    start.set_up(set())
    assert whole.exists() and not half.exists()


def test_changed_pins_are_installed_and_other_settings_are_not(start):
    start.set_up(set())
    steps(start)
    (start.ROOT / "pyproject.toml").write_text(PYPROJECT.format(width=88))
    start.set_up(set())
    assert steps(start) == []
    (start.ROOT / "constraints.txt").write_text("numpy==2.5.5\n")
    start.set_up(set())
    assert steps(start) == ["Installing"]
    (start.ROOT / "pyproject.toml").write_text(PYPROJECT.format(width=88).replace(">=2", ">=2.1"))
    start.set_up(set())
    assert steps(start) == ["Installing"]


def test_pins_put_back_after_a_setup_cut_short_are_installed_again(start):
    start.set_up(set())
    pins = (start.ROOT / "constraints.txt").read_text()
    (start.ROOT / "constraints.txt").write_text("numpy==2.5.5\n")
    start.break_at = "Installing"
    with pytest.raises(KeyboardInterrupt):
        start.set_up(set())
    start.break_at = None
    (start.ROOT / "constraints.txt").write_text(pins)
    assert not start.is_ready(set()), "some packages may be those of the other pins"


def test_an_extra_is_added_once_and_stays(start):
    start.set_up(set())
    steps(start)
    start.set_up({"test"})
    assert steps(start) == ["Installing"]
    start.set_up(set())
    start.set_up({"test"})
    assert steps(start) == []
    (start.ROOT / "constraints.txt").write_text("numpy==2.5.5\n")
    start.set_up(set())
    assert start.is_ready({"test"})


def test_tests_that_cannot_be_installed_leave_a_course_that_opens(start):
    start.set_up(set())
    steps(start)
    start.break_at = "Installing"
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            start.set_up({"test"})
        assert start.is_ready(set()) and not start.is_ready({"test"})
    start.set_up(set())
    start.break_at = None
    start.set_up({"test"})
    [(_, pip)] = start.ran
    assert pip[pip.index("-c") + 1 :] == [str(start.ROOT / "constraints.txt"), "pytest>=8.2"]
    assert start.is_ready({"test"})


def test_the_first_notebook_opens_without_a_question_about_news(start):
    start.set_up(set())
    (notification,) = json.loads(start.SETTINGS.read_text()).values()
    assert notification == {"fetchNews": "false", "checkForUpdates": False}
    start.SETTINGS.write_text("edited")
    start.set_up({"test"})
    assert start.SETTINGS.read_text() == "edited"


@pytest.mark.parametrize("damage", ["no python", "other python", "old python", "moved", "file"])
def test_a_damaged_venv_is_made_anew(start, damage):
    start.set_up(set())
    steps(start)
    if damage == "no python":
        (start.VENV / "python").unlink()
    elif damage == "other python":
        (start.VENV / "python").write_text("3.12")
    elif damage == "old python":  # a folder made by hand, hence without a stamp
        (start.VENV / "python").write_text("3.10")
        start.STAMP.unlink()
    elif damage == "moved":
        stamp = json.loads(start.STAMP.read_text())
        start.STAMP.write_text(json.dumps(stamp | {"root": "/elsewhere"}))
    else:
        start.VENV.rename(start.ROOT / "old")
        start.VENV.write_text("")
    assert not start.is_ready(set())
    start.set_up(set())
    assert steps(start) == EVERYTHING


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pins": null}'])
def test_an_unreadable_stamp_means_not_ready(start, text):
    start.set_up(set())
    start.STAMP.write_text(text)
    assert not start.is_ready(set())


def test_only_one_setup_at_a_time(start):
    path = start.ROOT / "lock"
    with start.locked(path), open(path, "a+") as other:
        assert not start.try_lock(other)
    with open(path, "a+") as other:
        assert start.try_lock(other)


# Parts of what pip 23 to 25 print, and what must stand in the sentence.
LOGS = {
    "WARNING: Retrying (Retry(total=4)) after connection broken by 'NewConnectionError(': [Errno "
    "101] Network is unreachable')': /simple/numpy/\nERROR: Could not find a version that satisfies"
    " the requirement numpy (from versions: none)\nERROR: No matching distribution found for "
    "numpy": "connect to the network",
    "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device": (
        "free some space"
    ),
    "ERROR: Could not install packages due to an OSError: [WinError 112] There is not enough "
    "space on the disk": "free some space",
    "ERROR: Could not install packages due to an OSError: [Errno 13] Permission denied: 'x'": (
        "cannot be written"
    ),
    "ERROR: Could not find a version that satisfies the requirement torch==2.13.0 (from versions: "
    "3.0.0)\nERROR: No matching distribution found for torch==2.13.0": "no torch==2.13.0 for",
}


@pytest.mark.parametrize("log", LOGS)
def test_a_failure_of_pip_is_one_sentence_with_the_cure(start, log):
    sentence = start.explain_failure("Installing", log)
    assert LOGS[log] in sentence
    assert "\n" not in sentence


def test_an_unknown_failure_shows_the_errors_and_no_warnings(start):
    log = "WARNING: harmless\nCollecting x\nERROR: something new\n"
    sentence = start.explain_failure("Installing", log)
    assert "something new" in sentence and "harmless" not in sentence


@pytest.mark.parametrize(
    ("number", "cure"),
    [(errno.ENOSPC, "free some space"), (errno.EACCES, "move it"), (errno.EROFS, "move it")],
)
def test_an_error_of_the_system_is_one_sentence_with_the_cure(start, monkeypatch, number, cure):
    def fail(extras):
        raise OSError(number, os.strerror(number), "file")

    monkeypatch.setattr(start, "set_up", fail)
    with pytest.raises(SystemExit, match=cure) as stopped:
        start.main([])
    assert "\n" not in stopped.value.code


def test_interruption_leaves_a_sentence(start, monkeypatch, capsys):
    start.break_at = "Installing"
    with pytest.raises(SystemExit) as stopped:
        start.main([])
    assert stopped.value.code == 130
    assert "run start.py again" in capsys.readouterr().err


def test_a_python_without_venv_gets_the_cure(start, monkeypatch):
    monkeypatch.setitem(sys.modules, "ensurepip", None)
    with pytest.raises(SystemExit, match=r"apt install python3\..*-venv"):
        start.main([])


def test_an_unknown_command_names_the_choices(start):
    with pytest.raises(SystemExit, match="'tets' is no command; say test, run"):
        start.main(["tets"])
    assert not start.ran


@pytest.mark.parametrize("version", [(2, 7, 18), (3, 6, 15), (3, 10, 9)])
def test_an_old_python_gets_one_sentence(version):
    code = f"import sys; sys.version_info = {version}; exec(open(r'{START}').read())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1
    assert f"Python {version[0]}.{version[1]}, but the course needs Python 3.11" in done.stderr
    assert done.stderr.count("\n") == 1


def test_an_old_python_can_parse_the_file():
    text = START.read_text(encoding="ascii")
    new = (ast.JoinedStr, ast.AnnAssign, ast.NamedExpr, ast.Starred, ast.Match, ast.Nonlocal)
    for node in ast.walk(ast.parse(text)):
        assert not isinstance(node, new), f"line {node.lineno}"
        if isinstance(node, ast.arguments):
            assert not node.kwonlyargs and not node.posonlyargs
        if isinstance(node, ast.arg | ast.FunctionDef):
            assert getattr(node, "annotation", None) is None
            assert getattr(node, "returns", None) is None
        if isinstance(node, ast.Raise):
            assert node.cause is None
        if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
            assert "_" not in ast.get_source_segment(text, node)


def test_children_find_this_environment_and_the_mirror(start, monkeypatch):
    monkeypatch.chdir(start.ROOT)
    monkeypatch.setenv("COURSE_MIRROR", os.path.join("..", "data"))
    environment = start.child_environment()
    assert environment["COURSE_MIRROR"] == str(start.ROOT.parent / "data")
    assert environment["PATH"].split(os.pathsep)[0] == str(start.venv_python().parent)


def test_threads_are_set_alike_wherever_the_course_is_started(start, monkeypatch):
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "4")
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    environment = start.child_environment()
    assert environment["OMP_WAIT_POLICY"] == "passive"
    assert environment["OPENBLAS_NUM_THREADS"] == "4", "a reader's own setting stays"
    assert start.THREADS == notebooks.THREADS
    text = START.with_name("environment.yml").read_text(encoding="utf-8")
    listed = dict(re.findall(r'^  ([A-Z_]+): "?(\w+)"?$', text, flags=re.MULTILINE))
    assert listed == start.THREADS


def test_a_failing_command_is_explained_from_its_log(start, monkeypatch):
    spec = importlib.util.spec_from_file_location("real_start", START)
    real = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(real)
    real.LOG = start.ROOT / "log"
    command = [sys.executable, "-c", "print('ERROR: the cat sat on it'); raise SystemExit(1)"]
    with pytest.raises(real.Fault, match="the cat sat on it"):
        real.run_logged(command, "Installing", None)
    assert real.LOG.read_text().strip() == "ERROR: the cat sat on it"
