"""The autograder for Gradescope, unpacked and run as Gradescope would."""

import json
import os
import shutil
import stat
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from course_utils.grading import gradescope, judge, sandbox
from course_utils.grading.gradescope import autograder

ROOT = Path(__file__).resolve().parents[1]
METADATA = {
    "id": 1,
    "created_at": "2026-11-20T10:00:00.000000+01:00",
    "users": [{"email": "ada@example.org", "id": 1, "name": "Ada Lovelace"}],
}
# The package installed here would lend the autograder its own modules wherever it lacks one.
ALONE = "import sys; sys.meta_path[:] = [f for f in sys.meta_path if 'editable' not in repr(f)]"
pytestmark = pytest.mark.skipif(os.name == "nt", reason="Gradescope is Linux")


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    """Write the autograder of week 1."""
    path = tmp_path_factory.mktemp("bundle") / "autograder.zip"
    assert autograder("1", path, seed=5, seconds=5) == 5
    return path


@pytest.fixture
def here(bundle, tmp_path):
    """Lay out a folder as Gradescope lays out /autograder."""
    here = tmp_path / "auto grader"
    for name in ("source", "submission", "results"):
        (here / name).mkdir(parents=True)
    subprocess.run(
        [sys.executable, "-m", "zipfile", "-e", str(bundle), str(here / "source")], check=True
    )
    (here / "source" / "sitecustomize.py").write_text(ALONE)
    shutil.copy(here / "source" / "run_autograder", here)
    (here / "run_autograder").chmod(0o755)
    (here / "submission_metadata.json").write_text(json.dumps(METADATA))
    return here


def run(here, path=None):
    """Run the autograder, without a network's proxy, by this Python; return its results."""
    environment = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}" if path is None else path,
        "OMP_NUM_THREADS": "1",
    }
    done = subprocess.run(
        [str(here / "run_autograder")], env=environment, cwd=here, capture_output=True, text=True
    )
    return json.loads((here / "results" / "results.json").read_text()), done


def mark(here):
    """Do in this process what the script does."""
    gradescope.main(here)
    return json.loads((here / "results" / "results.json").read_text())


def solution():
    (path,) = (ROOT / "solutions" / "week01").glob("*.ipynb")
    return path.read_text(encoding="utf-8")


def exercise():
    (path,) = (ROOT / "exercises" / "week01").glob("*.ipynb")
    return path.read_text(encoding="utf-8")


# What is in it


def test_the_bundle_holds_what_grading_needs_and_nothing_else(bundle):
    with zipfile.ZipFile(bundle) as archive:
        names = set(archive.namelist())
        text = b"".join(map(archive.read, names))
        for name in ("setup.sh", "run_autograder"):
            assert stat.S_IMODE(archive.getinfo(name).external_attr >> 16) == 0o755
    assert {"setup.sh", "run_autograder", "constraints.txt", "run.json"} < names
    assert {"course_utils/grading/worker.py", "course_utils/checks/week01.py"} < names
    assert not {"course_utils/checks/week02.py", "course_utils/numpy_rnn.py"} & names
    assert not [name for name in names if name.endswith(".ipynb") or "solutions" in name]
    assert b"### BEGIN SOLUTION\\n" not in text
    for name in names - {"setup.sh", "run_autograder", "constraints.txt", "run.json"}:
        assert (ROOT / name).is_file()


@pytest.mark.parametrize("week", judge.weeks())
def test_each_week_finds_all_that_its_questions_import(week, tmp_path):
    autograder(week, tmp_path / "a.zip")
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        archive.extractall(tmp_path)
    (tmp_path / "sitecustomize.py").write_text(ALONE)
    code = f"import course_utils.checks.{week} as week; print(week.__file__, len(week.QUESTIONS))"
    environment = {"PYTHONPATH": str(tmp_path), "PATH": ""}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert done.stdout.startswith(str(tmp_path)), done.stderr


def test_the_same_seed_gives_the_same_bytes(bundle, tmp_path):
    autograder("week01", tmp_path / "a.zip", seed=5, seconds=5)
    assert (tmp_path / "a.zip").read_bytes() == bundle.read_bytes()
    drawn = {autograder("1", tmp_path / f"{i}.zip") for i in range(2)}
    assert len(drawn) == 2


def test_an_unknown_week_is_refused(tmp_path):
    with pytest.raises(ValueError, match="no checks for week '77'; there are week01"):
        autograder("77", tmp_path / "a.zip")
    assert not (tmp_path / "a.zip").exists()


@pytest.mark.parametrize("script", ["setup.sh", "run_autograder"])
def test_scripts_are_sound(here, script):
    subprocess.run(["bash", "-n", str(here / "source" / script)], check=True)


def test_set_up_installs_by_the_constraints_what_is_imported(here, tmp_path):
    """Play setup.sh with programs that only note how they were called."""
    tools = tmp_path / "tools"
    tools.mkdir()
    log = tmp_path / "log"
    for name in ("apt-get", "python3"):
        text = f'#!/bin/sh\necho {name} "$@" >> "{log}"\n'
        text += 'if [ "$2" = venv ]; then mkdir -p "$3/bin"; cp "$0" "$3/bin/python"; fi\n'
        (tools / name).write_text(text)
        (tools / name).chmod(0o755)
    environment = {"PATH": f"{tools}:{os.environ['PATH']}"}
    subprocess.run(["bash", str(here / "source" / "setup.sh")], env=environment, check=True)
    calls = log.read_text()
    assert "apt-get install -y bubblewrap\n" in calls and "-m venv ../venv" in calls
    assert "-m pip install --no-input -c constraints.txt jinja2 nbformat numpy\n" in calls
    assert (here / "venv" / "bin" / "python").exists()


def test_nothing_else_is_imported(here):
    """Hold the names of the packages installed against what is imported when it runs."""
    (here / "submission" / "a.ipynb").write_text(exercise(), encoding="utf-8")
    code = (
        "import sys; from pathlib import Path; from course_utils.grading.gradescope import main;"
        f"main(Path({str(here)!r}));"
        "print(*sorted(name for name in sys.modules if '.' not in name))"
    )
    environment = {"PYTHONPATH": str(here / "source"), "PATH": os.environ["PATH"]}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    loaded = set(done.stdout.splitlines()[-1].split())
    assert {"numpy", "jinja2", "nbformat"} < loaded
    assert not loaded & {"torch", "pandas", "matplotlib", "joblib", "tqdm", "click", "distributed"}


# What it does


def test_a_solution_gets_full_marks_in_gradescopes_format(here):
    (here / "submission" / "homework.ipynb").write_text(solution(), encoding="utf-8")
    results, done = run(here)
    assert done.returncode == 0, done.stderr
    assert results["score"] == 22 and results["stdout_visibility"] == "hidden"
    assert len(results["tests"]) == 9
    for test in results["tests"]:
        assert test["score"] == test["max_score"] and test["status"] == "passed"
    assert "week01, seed 5." in done.stdout
    assert stat.S_IMODE((here / "source").stat().st_mode) == 0o700


def test_no_more_is_said_than_in_a_feedback_page(here):
    text = solution().replace("total + k * vocab_size", "total + k")
    (here / "submission" / "homework.ipynb").write_text(text, encoding="utf-8")
    results, _ = run(here)
    assert results["score"] == 20
    assert {test["status"] for test in results["tests"]} == {"passed", "failed"}
    assert "seed" not in json.dumps(results)


def test_the_best_of_several_notebooks_counts_and_a_group_is_named(here):
    users = [{"name": "Ada Lovelace"}, {"name": "", "email": "bo@example.org"}]
    (here / "submission_metadata.json").write_text(json.dumps({"users": users}))
    (here / "submission" / "1.ipynb").write_text(exercise(), encoding="utf-8")
    (here / "submission" / "work").mkdir()
    (here / "submission" / "work" / "2.ipynb").write_text(solution(), encoding="utf-8")
    (here / "submission" / "notes.txt").write_text("")
    results = mark(here)
    assert results["score"] == 22
    assert "Ada Lovelace, bo@example.org" in results["output"]


@pytest.mark.parametrize("metadata", [None, "", "[]", '{"users": [{}]}', '{"users": null}'])
def test_odd_metadata_keep_no_one_from_a_mark(here, metadata):
    (here / "submission_metadata.json").unlink()
    if metadata is not None:
        (here / "submission_metadata.json").write_text(metadata)
    (here / "submission" / "a.ipynb").write_text("{")
    results = mark(here)
    assert results["score"] == 0 and "not JSON" in results["output"]


def test_nothing_handed_in_is_zero_and_says_so(here):
    results = mark(here)
    assert results["score"] == 0 and "no notebook" in results["output"]


@pytest.mark.parametrize(
    "damage",
    [
        lambda here: (here / "source" / "run.json").unlink(),
        lambda here: (here / "source" / "course_utils" / "grading" / "judge.py").write_text("1 +"),
        lambda here: (here / "source" / "course_utils" / "grading" / "worker.py").write_text("1 +"),
        lambda here: shutil.rmtree(here / "submission"),
    ],
    ids=["settings", "judge", "worker", "submission"],
)
def test_a_fault_of_the_autograder_gives_no_score(here, damage):
    (here / "submission" / "a.ipynb").write_text(solution(), encoding="utf-8")
    damage(here)
    results, done = run(here)
    assert results == gradescope.FAULT and "score" not in results
    assert "no mark of 0" in results["output"] and done.stderr


def test_without_any_python_the_results_say_so(here, tmp_path):
    (tmp_path / "tools").mkdir()
    for name in ("bash", "env", "dirname", "chmod", "mkdir"):
        (tmp_path / "tools" / name).symlink_to(shutil.which(name))
    results, _ = run(here, path=str(tmp_path / "tools"))
    assert results == gradescope.FAULT


def test_it_works_where_bubblewrap_is_missing(here, tmp_path):
    (here / "submission" / "a.ipynb").write_text(solution(), encoding="utf-8")
    (tmp_path / "tools").mkdir()
    for name in ("bash", "env", "dirname", "chmod", "mkdir"):
        (tmp_path / "tools" / name).symlink_to(shutil.which(name))
    (tmp_path / "tools" / "python3").write_text(f'#!/bin/bash\nexec {sys.executable} "$@"\n')
    (tmp_path / "tools" / "python3").chmod(0o755)
    results, done = run(here, path=str(tmp_path / "tools"))
    assert results["score"] == 22, done.stderr
    assert "bubblewrap: no network" not in done.stdout


def test_it_works_under_limits_alone(here, monkeypatch, capsys):
    monkeypatch.setattr(judge, "strongest", lambda: ("limits", ""))
    (here / "source").chmod(0o700)
    (here / "submission" / "a.ipynb").write_text(solution(), encoding="utf-8")
    assert mark(here)["score"] == 22
    assert sandbox.SENTENCES["limits"] in capsys.readouterr().out
