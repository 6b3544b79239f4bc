"""A whole run of the grader: what is kept, what is made anew, and what no accident may change.

Where it matters how a submission is marked, week 1's notebooks are marked for real. Elsewhere a
judge stands in that gives a point for each byte.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from course_utils import grading
from course_utils.grading import parallel, sandbox
from course_utils.grading.judge import CheckMark, Mark
from course_utils.grading.parallel import Cluster, Cores, Run
from course_utils.grading.submissions import Submission

ROOT = Path(__file__).resolve().parents[1]
REPORTS = ("grades.csv", "flags.csv", "nbgrader.csv", "report.html", "feedback", "gradescope")
RUN = Run("week01", 1, 10.0, "limits", "version")


def simple_mark(run, submission):
    """Give a point for each byte."""
    n = len(submission.content)
    check = CheckMark("perplexity", n, 9, "right" if n else "wrong")
    return Mark(submission.student, submission.path, run.week, run.seed, "graded", [check], n, 9)


class SimpleJudge:
    """Stands in for the judge, and notes what it marked."""

    marked: list
    open: list
    fails_after = None

    def __init__(self, week, seed, seconds, level, hidden):
        self.open.append(self)
        self.run = Run(week, seed, seconds, level, "")

    def mark(self, submission):
        if self.fails_after is not None and len(self.marked) >= self.fails_after:
            raise sandbox.NoSandbox("the worker does not start")
        self.marked.append(submission.student)
        return simple_mark(self.run, submission)

    def close(self):
        self.open.remove(self)


@pytest.fixture
def judge(monkeypatch):
    """Put the simple judge in place of the real one; give the class."""
    monkeypatch.setattr(SimpleJudge, "marked", [], raising=False)
    monkeypatch.setattr(SimpleJudge, "open", [], raising=False)
    monkeypatch.setattr(SimpleJudge, "fails_after", None)
    monkeypatch.setattr(parallel, "Judge", SimpleJudge)
    monkeypatch.setattr(sandbox, "strongest", lambda: ("bubblewrap", ""))
    yield SimpleJudge
    assert SimpleJudge.open == []


@pytest.fixture
def folder(tmp_path):
    """Make a folder of three submissions: of 1, 2 and 3 bytes."""
    folder = tmp_path / "submitted work"
    folder.mkdir()
    for n, student in enumerate(("ada", "bo", "cy"), start=1):
        (folder / f"{student}.ipynb").write_bytes(b"x" * n)
    return folder


def files(out):
    """Return the bytes of all reports, by name."""
    found = [path for name in REPORTS for path in (out / name, *(out / name).rglob("*"))]
    return {p.relative_to(out).as_posix(): p.read_bytes() for p in found if p.is_file()}


def points(out):
    """Return the second column of grades.csv."""
    return [line.split(",")[1] for line in (out / "grades.csv").read_text().splitlines()[1:]]


# What is kept


def test_a_second_run_marks_nothing_and_writes_the_same(folder, tmp_path, judge):
    out = tmp_path / "out"
    marks = grading.grade("1", folder, out, n_jobs=1)
    assert [mark.points for mark in marks] == [1, 2, 3] and points(out) == ["1", "2", "3"]
    before = files(out)
    assert {"feedback/ada.html", "gradescope/cy.json", "flags.csv"} < before.keys()
    assert judge.marked == ["ada", "bo", "cy"]
    assert grading.grade("week01", folder, out, n_jobs=1) == marks
    assert judge.marked == ["ada", "bo", "cy"] and files(out) == before


def test_only_what_changed_is_marked_again(folder, tmp_path, judge, monkeypatch):
    out = tmp_path / "out"
    grading.grade("1", folder, out, n_jobs=1)
    (folder / "bo.ipynb").write_bytes(b"xxxx")
    (folder / "dee.ipynb").write_bytes(b"xxxxx")
    (folder / "ada.ipynb").unlink()
    judge.marked.clear()
    grading.grade("1", folder, out, n_jobs=1)
    assert judge.marked == ["bo", "dee"] and points(out) == ["4", "3", "5"]
    judge.marked.clear()
    grading.grade("1", folder, out, n_jobs=1, seconds=5)
    assert judge.marked == ["bo", "cy", "dee"]
    judge.marked.clear()
    monkeypatch.setattr(grading, "version", lambda: "another")
    grading.grade("1", folder, out, n_jobs=1, seconds=5)
    assert judge.marked == ["bo", "cy", "dee"]


def test_a_mark_that_cannot_be_read_is_made_anew(folder, tmp_path, judge):
    out = tmp_path / "out"
    grading.grade("1", folder, out, n_jobs=1)
    before = files(out)
    for path, text in zip(sorted((out / "marks").iterdir()), ["", "[]", '{"a": 1}'], strict=True):
        path.write_text(text)
    judge.marked.clear()
    grading.grade("1", folder, out, n_jobs=1)
    assert judge.marked == ["ada", "bo", "cy"] and files(out) == before


def test_a_seed_is_drawn_once_and_stays(folder, tmp_path, judge):
    seeds = set()
    for name in ("a", "b"):
        seeds |= {grading.grade("1", folder, tmp_path / name, n_jobs=1)[0].seed for _ in range(2)}
    assert len(seeds) == 2
    grading.grade("1", folder, tmp_path / "c", n_jobs=1, seed=7)
    assert json.loads((tmp_path / "c" / "run.json").read_text())["seed"] == 7
    assert grading.grade("1", folder, tmp_path / "c", n_jobs=1)[0].seed == 7
    with pytest.raises(ValueError, match=r"from seed 7; choose another folder for seed 8"):
        grading.grade("1", folder, tmp_path / "c", n_jobs=1, seed=8)
    with pytest.raises(ValueError, match="must not be negative, got -1"):
        grading.grade("1", folder, tmp_path / "d", n_jobs=1, seed=-1)


def test_a_folder_keeps_the_marks_of_one_week(folder, tmp_path, judge):
    grading.grade("1", folder, tmp_path / "out", n_jobs=1)
    with pytest.raises(ValueError, match="the marks of week01; choose another folder for week02"):
        grading.grade("2", folder, tmp_path / "out", n_jobs=1)
    (tmp_path / "out" / "run.json").write_text('{"week": "week01"')
    with pytest.raises(ValueError, match=r"run\.json is damaged"):
        grading.grade("1", folder, tmp_path / "out", n_jobs=1)


@pytest.mark.parametrize("wrong", ["11", "week1x", "../week01", ""])
def test_an_unknown_week_is_refused(folder, tmp_path, wrong):
    with pytest.raises(ValueError, match="there are week01, week02"):
        grading.grade(wrong, folder, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [({"seconds": 0}, "positive, got 0"), ({"due": "tomorrow"}, "'tomorrow' cannot be read")],
)
def test_an_argument_that_cannot_be_used_grades_nothing(folder, tmp_path, judge, wrong, message):
    with pytest.raises(ValueError, match=message):
        grading.grade("1", folder, tmp_path / "out", n_jobs=1, **wrong)
    assert judge.marked == [] and not (tmp_path / "out").exists()


# Where the results lie


def test_results_among_the_submissions_are_no_submissions(folder, judge):
    for _ in range(2):
        marks = grading.grade("1", folder, folder / "out", n_jobs=1)
        assert [mark.student for mark in marks] == ["ada", "bo", "cy"]
    (folder / "out" / "run.json").unlink()  # as if the first run had not come so far
    (folder / "out" / "eve.ipynb").write_bytes(b"x")
    assert len(grading.grade("1", folder, folder / "out", n_jobs=1)) == 3


def test_submissions_may_lie_within_the_results(folder, tmp_path, judge):
    assert len(grading.grade("1", folder, tmp_path, n_jobs=1)) == 3
    for name in ("marks", "feedback", "gradescope"):
        with pytest.raises(ValueError, match="is a folder for results"):
            grading.grade("1", tmp_path / name, tmp_path, n_jobs=1)


def test_results_need_a_folder_of_their_own(folder, tmp_path, judge):
    with pytest.raises(ValueError, match="a folder of their own"):
        grading.grade("1", folder, folder, n_jobs=1)
    with pytest.raises(ValueError, match="is a file"):
        grading.grade("1", folder, folder / "ada.ipynb", n_jobs=1)
    assert sorted(path.name for path in folder.iterdir()) == ["ada.ipynb", "bo.ipynb", "cy.ipynb"]


# The sandbox


def test_a_weak_sandbox_is_named_and_may_be_refused(folder, tmp_path, judge, monkeypatch):
    for level in ("limits", "landlock"):
        monkeypatch.setattr(sandbox, "strongest", lambda level=level: (level, ""))
        said = []
        grading.grade("1", folder, tmp_path / level, n_jobs=1, say=said.append)
        assert said == [sandbox.SENTENCES[level]]
    monkeypatch.setattr(sandbox, "strongest", lambda: ("limits", ""))
    judge.marked.clear()
    with pytest.raises(grading.NoSandbox, match="no sandbox on this system, only limits"):
        grading.grade("1", folder, tmp_path / "out", n_jobs=1, require_sandbox=True)
    assert judge.marked == [] and not (tmp_path / "out").exists()


def test_marks_of_a_weaker_sandbox_are_made_anew(folder, tmp_path, judge, monkeypatch):
    monkeypatch.setattr(sandbox, "strongest", lambda: ("limits", ""))
    grading.grade("1", folder, tmp_path / "out", n_jobs=1, say=lambda text: None)
    monkeypatch.setattr(sandbox, "strongest", lambda: ("bubblewrap", ""))
    judge.marked.clear()
    grading.grade("1", folder, tmp_path / "out", n_jobs=1, require_sandbox=True)
    assert judge.marked == ["ada", "bo", "cy"]


def test_nothing_is_graded_where_no_sandbox_answers(folder, tmp_path, judge, monkeypatch):
    def strongest():
        raise sandbox.NoSandbox("no worker answers on this machine")

    monkeypatch.setattr(sandbox, "strongest", strongest)
    with pytest.raises(grading.NoSandbox, match="no worker answers"):
        grading.grade("1", folder, tmp_path / "out", n_jobs=1)
    assert not (tmp_path / "out").exists()


def test_what_a_failing_sandbox_left_is_not_zero_and_is_taken_up_again(folder, tmp_path, judge):
    out, said = tmp_path / "out", []
    judge.fails_after = 1
    marks = grading.grade("1", folder, out, n_jobs=1, say=said.append)
    assert [mark.points for mark in marks] == [1, None, None] and points(out) == ["1", "", ""]
    assert marks[1].status == "not graded: the worker does not start"
    assert marks[1].max_points == 22 and len(marks[1].checks) == 9
    assert "bo.ipynb, cy.ipynb" in said[0] and "the worker does not start" in said[0]
    judge.fails_after = None
    grading.grade("1", folder, out, n_jobs=1)
    assert judge.marked == ["ada", "bo", "cy"] and points(out) == ["1", "2", "3"]


def test_a_fault_of_the_judge_is_not_zero(folder, tmp_path, judge, monkeypatch, capsys):
    mark, judges = SimpleJudge.mark, []

    def faulty(self, submission):
        if submission.student == "bo":
            judges.append(self)
            raise KeyError("a hidden input")
        assert self not in judges, "a judge that failed goes on"
        return mark(self, submission)

    monkeypatch.setattr(SimpleJudge, "mark", faulty)
    marks = grading.grade("1", folder, tmp_path / "out", n_jobs=1, say=lambda text: None)
    assert [mark.points for mark in marks] == [1, None, 3]
    assert marks[1].status == "not graded: the grader failed with KeyError"
    assert "a hidden input" in capsys.readouterr().err
    assert all(b"a hidden input" not in content for content in files(tmp_path / "out").values())


# Processes that die


def deadly_mark(run, submission):
    """Mark as `simple_mark` does, but die of some submissions."""
    if submission.content == b"dies":
        os._exit(1)
    if submission.content == b"killed":
        os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
    return simple_mark(run, submission)


@pytest.mark.parametrize("n_jobs", [2, 3])
def test_a_process_that_dies_costs_no_other_submission(n_jobs):
    content = {0: b"dies", 5: b"killed", 11: b"dies"}
    submissions = [Submission(f"s{i}", "same", content.get(i, b"x")) for i in range(12)]
    with Cores(n_jobs) as cores:
        marks = dict(cores.mark(RUN, submissions, mark=deadly_mark))
    assert sorted(marks) == list(range(12))
    assert all(marks[i].student == f"s{i}" for i in marks)
    lost = {i for i, mark in marks.items() if mark.points is None}
    assert lost == set(content)
    assert marks[5].status == "not graded: the grader's process was killed"


# A run that is killed


COMMAND = [sys.executable, "-m", "course_utils.cli", "grade", "1"]


@pytest.fixture(scope="module")
def class_folder(tmp_path_factory):
    """Make a folder of ten submissions of week 1: right, empty, broken, and two that are alike."""
    folder = tmp_path_factory.mktemp("class")
    (solution,) = (ROOT / "solutions" / "week01").glob("*.ipynb")
    (exercise,) = (ROOT / "exercises" / "week01").glob("*.ipynb")
    for i in range(6):
        text = solution.read_text(encoding="utf-8").replace("math.log2(", f"({i} * 0) + math.log2(")
        (folder / f"right{i}.ipynb").write_text(text, encoding="utf-8")
    (folder / "group.ipynb").write_text(
        solution.read_text(encoding="utf-8")
        .replace(r"group = [\"\", \"\", \"\"]", r"group = [\"Ada\", \"=Bo()\", \"\"]")
        .replace("total + k * vocab_size", "total + k"),
        encoding="utf-8",
    )
    (folder / "empty.ipynb").write_text(exercise.read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "broken.ipynb").write_text("{")
    (folder / "packed.zip").write_bytes(b"PK\x03\x04")
    return folder


def run_and_kill(folder, out, after):
    """Grade in a process group of its own; kill it when ``after()`` says so. Was it killed?"""
    command = [*COMMAND, str(folder), "--out", str(out), "--seed", "3", "--jobs", "2"]
    group = subprocess.Popen(
        command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True
    )
    while group.poll() is None:
        if after():
            os.killpg(group.pid, signal.SIGKILL)
            group.wait()
            return True
        time.sleep(0.005)
    return False


@pytest.fixture(scope="module")
def undisturbed(class_folder, tmp_path_factory):
    """Grade the class without an accident."""
    out = tmp_path_factory.mktemp("undisturbed") / "out"
    assert not run_and_kill(class_folder, out, lambda: False)
    return files(out)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no process groups to kill")
def test_killed_at_any_moment_it_ends_with_the_same_files(class_folder, undisturbed, tmp_path):
    out = tmp_path / "out"

    def marks():
        return len(list((out / "marks").glob("*.json")))

    grades = undisturbed["grades.csv"].decode()
    assert "right0,22,22,graded" in grades and "\n'=Bo()," in grades and "broken,0," in grades
    killed = [run_and_kill(class_folder, out, lambda k=k: marks() >= k) for k in (1, 4)]
    assert all(killed) and 4 <= marks() < 10
    rng = random.Random()
    for _ in range(3):  # most fall into the start, the marking or the reports
        end = time.monotonic() + rng.uniform(0, 6)
        run_and_kill(class_folder, out, lambda end=end: time.monotonic() > end)
    assert not run_and_kill(class_folder, out, lambda: False)
    assert files(out) == undisturbed


# A Dask cluster


CLUSTER = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": ":0"}


@pytest.fixture(scope="module")
def cluster():
    """Start a scheduler and two worker processes on this machine."""
    distributed = pytest.importorskip("distributed", reason="the extra [cluster] is not installed")
    options = {
        "n_workers": 2,
        "threads_per_worker": 1,
        "processes": True,
        "dashboard_address": ":0",
    }
    with distributed.LocalCluster(**options) as cluster:
        yield cluster


def test_a_cluster_gives_the_same_files(class_folder, undisturbed, cluster, tmp_path):
    address = cluster.scheduler_address
    said = []
    grading.grade("1", class_folder, tmp_path / "out", seed=3, scheduler=address, say=said.append)
    assert files(tmp_path / "out") == undisturbed
    assert said == [] and len(cluster.scheduler_info["workers"]) == 2


def test_a_cluster_with_another_version_is_refused(folder, cluster, tmp_path, monkeypatch):
    monkeypatch.setattr(parallel, "version", lambda: str(os.getpid()))
    with pytest.raises(ValueError, match="another version of the course is installed at tcp://"):
        grading.grade("1", folder, tmp_path / "out", scheduler=cluster.scheduler_address)
    assert not (tmp_path / "out").exists()


def test_a_cluster_without_workers_is_refused(folder, tmp_path, monkeypatch):
    distributed = pytest.importorskip("distributed")
    monkeypatch.setattr(parallel, "CONNECT_SECONDS", 0.5)
    with (
        distributed.LocalCluster(n_workers=0, dashboard_address=":0") as empty,
        pytest.raises(ValueError, match="has no workers"),
    ):
        grading.grade("1", folder, tmp_path / "out", scheduler=empty.scheduler_address)


def test_a_cluster_whose_workers_die_loses_no_submission_from_sight(monkeypatch):
    distributed = pytest.importorskip("distributed")
    dask = pytest.importorskip("dask")
    monkeypatch.setattr(parallel, "PATIENCE", 5)
    submissions = [Submission(f"s{i}", "same", b"dies" if i == 3 else b"x") for i in range(8)]
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 0}),
        distributed.LocalCluster(**CLUSTER) as cluster,
        Cluster(cluster.scheduler_address) as workers,
    ):
        results = list(workers.mark(RUN, submissions, mark=deadly_mark))
        marks = dict(results)
        assert len(results) == 8 and all(marks[i].student == f"s{i}" for i in range(8))
        assert marks[3].points is None and marks[3].status.startswith("not graded: the cluster")
        cluster.scale(0)
        marks = dict(workers.mark(RUN, submissions, mark=simple_mark))
        assert sorted(marks) == list(range(8)) and {m.points for m in marks.values()} == {None}
        assert marks[7].status == "not graded: the cluster has no workers left"


@pytest.mark.parametrize("address", ["nonsense", "tcp://127.0.0.1:9"])
def test_an_address_where_no_scheduler_answers_is_named(folder, tmp_path, address, monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr(parallel, "CONNECT_SECONDS", 0.5)
    with pytest.raises(ValueError, match=f"no Dask scheduler answers at '{address}'"):
        grading.grade("1", folder, tmp_path / "out", scheduler=address)
    assert not (tmp_path / "out").exists()


def test_a_missing_extra_is_named_with_its_cure(folder, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ValueError, match=r"pip install -c constraints\.txt -e '\.\[cluster\]'"):
        grading.grade("1", folder, tmp_path / "out", scheduler="tcp://127.0.0.1:9")


# Imports


def test_grading_imports_no_torch():
    code = "import sys, course_utils.cli, course_utils.grading; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False"]
