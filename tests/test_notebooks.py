"""Notebooks: running, cleaning and checking them; and the rules that the committed ones keep."""

import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from course_utils import notebooks, pages

ROOT = Path(__file__).resolve().parents[1]


def find(folder):
    """Return the course's notebooks in a folder, without a student's copies and checkpoints."""
    paths = sorted((ROOT / folder).rglob("*.ipynb"))
    return [path for path in paths if not notebooks.is_duplicate(path)]


WALKTHROUGHS, SOLUTIONS, EXERCISES = map(find, ("notebooks", "solutions", "exercises"))


def name(path):
    """Name a test after a notebook."""
    return path.stem


# The committed notebooks


@pytest.mark.parametrize("path", WALKTHROUGHS, ids=name)
def test_a_committed_walkthrough_is_executed_and_clean(path):
    notebook = nbformat.read(path, as_version=4)
    assert notebooks.problems_of_committed(notebook) == []
    nbformat.validate(notebook)


def test_the_pictures_beside_the_walkthroughs_come_from_their_runs():
    from_runs = {}
    for path in WALKTHROUGHS:
        from_runs |= notebooks.pictures(nbformat.read(path, as_version=4))
    files = {path.name: path.read_bytes() for path in (ROOT / "notebooks").glob("*.png")}
    assert files == from_runs, "refresh them by `course run --in-place`"


@pytest.mark.parametrize("path", SOLUTIONS + EXERCISES, ids=name)
def test_a_committed_exercise_has_no_outputs(path):
    notebook = nbformat.read(path, as_version=4)
    for cell in notebooks.runnable(notebook):
        assert cell.outputs == [] and cell.execution_count is None
    assert notebooks.problems_of_source(notebook) == []
    nbformat.validate(notebook)


@pytest.mark.parametrize("path", WALKTHROUGHS, ids=name)
def test_a_walkthrough_says_how_many_minutes_it_takes(path):
    first = nbformat.read(path, as_version=4).cells[0].source
    assert re.search(r"\bminutes?\b", first), "the first cell states the minutes on a laptop"


# Running


def write(path, *cells, **metadata):
    """Write a notebook of code cells, given as source or as cells."""
    cells = [new_code_cell(cell) if isinstance(cell, str) else cell for cell in cells]
    path.parent.mkdir(exist_ok=True)
    nbformat.write(new_notebook(cells=cells, metadata=metadata), path)
    return path


def tagged(source, tag):
    """Return a code cell with a tag."""
    return new_code_cell(source, metadata={"tags": [tag]})


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """Run three notebooks in place: two that work, and between them one that fails."""
    folder = tmp_path_factory.mktemp("course")
    first = write(
        folder / "notebooks" / "01_first.ipynb",
        new_markdown_cell("# First\n\n$n^2$ and [the next](02_fails.ipynb)"),
        "import sys\nprint('seen')\nprint('hidden', file=sys.stderr)",
        "from tqdm.auto import tqdm\nfor _ in tqdm(range(3)): pass\nprint('0%\\r100%')",
        "import ipywidgets\nipywidgets.IntSlider()",
        tagged(
            "from course_utils import plots\n"
            "fig, (ax,) = plots.panels(1)\nplots.show(fig, 'nothing')",
            "picture",
        ),
        tagged("print('old ladder')", "ladder"),
        widgets={"state": {}},
    )
    fails = write(folder / "notebooks" / "02_fails.ipynb", "a = 1", "b = 0\na / b", "print(a)")
    last = write(
        folder / "notebooks" / "03_last.ipynb", tagged("print('floor   9.7')", "ladder"), "1 + 1"
    )
    before = fails.read_bytes()
    said = []
    runs = notebooks.run(
        [first, fails, last], pages=folder / "build", in_place=True, say=said.append
    )
    assert fails.read_bytes() == before
    return folder, runs, "\n".join(said)


def test_a_failing_cell_is_shown_and_the_others_go_on(course):
    _, runs, said = course
    assert [bool(run.failure) for run in runs] == [False, True, False]
    assert "02_fails, cell 2 failed: ZeroDivisionError: division by zero\n\n    b = 0" in said


def test_the_ladder_is_the_text_of_the_last_tagged_cell(course):
    _, runs, _ = course
    assert notebooks.ladder(runs) == "floor   9.7\n"
    assert notebooks.ladder(runs[:2]) == "old ladder\n"
    assert notebooks.ladder(runs[1:2]) == ""


def test_a_notebook_written_back_is_clean(course):
    folder, _, said = course
    notebook = nbformat.read(folder / "notebooks" / "01_first.ipynb", as_version=4)
    assert notebooks.problems_of_committed(notebook) == []
    code = list(notebooks.runnable(notebook))
    assert [cell.execution_count for cell in code] == [1, 2, 3, 4, 5]
    assert [output.text for output in code[0].outputs] == ["seen\n"]
    assert [output.text for output in code[1].outputs] == ["100%\n"]
    assert code[2].outputs == []
    assert code[3].outputs[0].metadata["image/png"]["alt"] == "nothing"
    picture = (folder / "notebooks" / f"{code[3].id}.png").read_bytes()
    assert picture.startswith(b"\x89PNG")
    assert notebooks.pictures(notebook) == {f"{code[3].id}.png": picture}
    assert "widgets" not in notebook.metadata
    assert "dropped from the error stream of cell 1: hidden" in said


def test_a_second_run_changes_nothing(course):
    folder, _, _ = course
    path = folder / "notebooks" / "03_last.ipynb"
    before = path.read_bytes()
    assert notebooks.run([path], in_place=True, say=str)[0].failure is None
    assert path.read_bytes() == before


def test_a_page_reads_without_a_network(course):
    folder, _, _ = course
    page = (folder / "build" / "01_first.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert not re.search(r"<(link|img|iframe)[^>]*(src|href)=.?(https?:)?//", page)
    assert not re.search(r"(@import|url\(.?(https?:)?//)", page)
    assert "<msup><mi>n</mi><mn>2</mn></msup>" in page
    assert 'href="02_fails.html"' in page
    assert 'alt="nothing"' in page


def test_a_formula_that_cannot_be_read_stays_readable():
    assert pages.mathml(r"x^a^b <", "inline") == "<code>x^a^b &lt;</code>"


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("import os\nos._exit(1)", "the kernel died"),
        ("%%capture\n1 / 0", "ZeroDivisionError"),
        ("while True: pass", "more than 1 seconds"),
    ],
)
def test_every_kind_of_failure_is_told(tmp_path, source, error):
    path = write(tmp_path / "nb" / "01_x.ipynb", source, "1")
    failure = notebooks.execute(path, cell_seconds=1).failure
    assert failure.startswith("01_x, cell 1 failed: ") and error in failure


@pytest.mark.parametrize("text", ["", "{", '{"nbformat": 9}', "[]"])
def test_a_file_that_is_no_notebook_is_told(tmp_path, text):
    path = tmp_path / "01_x.ipynb"
    path.write_text(text)
    assert notebooks.execute(path).failure.startswith("01_x cannot be read: ")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends interrupts another way")
def test_an_interrupt_ends_the_whole_run(tmp_path):
    interrupt = "import os, signal, time\nos.kill(os.getppid(), signal.SIGINT)\ntime.sleep(60)"
    first = write(tmp_path / "nb" / "01_x.ipynb", interrupt)
    second = write(tmp_path / "nb" / "02_y.ipynb", "open('started', 'w')")
    code = (
        f"from course_utils import notebooks as n; n.run(n.find(n.Path({str(tmp_path / 'nb')!r})))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=50)
    assert "KeyboardInterrupt" in done.stderr
    assert first.name[:-6] not in done.stdout and not (second.parent / "started").exists()


# Checking


def picture(alt):
    """Return an output that holds a picture."""
    data = {"image/png": "iVBORw0KGgo="}
    return new_output("display_data", data=data, metadata={"image/png": {"alt": alt}})


def printed(text, stream="stdout"):
    """Return an output that holds a printed text."""
    return new_output("stream", name=stream, text=text)


FAULTS = {
    "counted None": new_code_cell("1"),
    "counted 3": new_code_cell("1", execution_count=3),
    "alternative text": new_code_cell("1", execution_count=1, outputs=[picture(" ")]),
    "'/home/ada/x'": new_code_cell("1", execution_count=1, outputs=[printed("in /home/ada/x")]),
    "'/tmp/ipykernel_7/1.py'": new_code_cell(
        "1", execution_count=1, outputs=[printed("/tmp/ipykernel_7/1.py")]
    ),
    r"'C:\\Users\\ada'": new_code_cell("1", execution_count=1, outputs=[printed(r"C:\Users\ada")]),
    "error stream": new_code_cell("1", execution_count=1, outputs=[printed("x", "stderr")]),
    "memory address": new_code_cell(
        "1", execution_count=1, outputs=[printed("<list at 0x7f51c02a>")]
    ),
    "progress bar": new_code_cell(
        "1", execution_count=1, outputs=[printed(" 50%|#####     | 5/10 [00:01]")]
    ),
    "ended with KeyError": new_code_cell(
        "1",
        execution_count=1,
        outputs=[new_output("error", ename="KeyError", evalue="", traceback=[])],
    ),
    "holds a widget": new_code_cell(
        "1", execution_count=1, outputs=[new_output("display_data", data={notebooks.WIDGET: {}})]
    ),
    "between the brackets": new_markdown_cell("![](figure.png)"),
    "add alt": new_markdown_cell('<img src="figure.png" alt="">'),
    "'/Users/ada/course'": new_markdown_cell("open /Users/ada/course"),
    "marked raises-exception": new_code_cell(
        "1", execution_count=1, metadata={"tags": ["raises-exception"]}
    ),
    "marked nbval-skip": new_code_cell("# NBVAL_SKIP\n1", execution_count=1),
    "stays below 1,000,000": new_code_cell(
        "1", execution_count=1, outputs=[printed("x" * 1_000_000)]
    ),
}


@pytest.mark.parametrize("problem", FAULTS)
def test_a_fault_of_a_committed_notebook_is_found(problem):
    found = notebooks.problems_of_committed(new_notebook(cells=[FAULTS[problem]]))
    assert len(found) == 1 and problem in found[0]


def test_a_path_of_this_machine_is_found_wherever_it_lies():
    assert notebooks.machine_path(f"in {ROOT / 'build'} lies") == str(ROOT / "build")
    assert notebooks.machine_path(f"{Path.home()}") == str(Path.home())
    for harmless in ("a/b", "</tmp>", "https://example.org/home/x", "either/or", "~/.cache"):
        assert notebooks.machine_path(harmless) is None


def test_a_notebook_with_a_path_is_not_written_back(tmp_path):
    path = write(tmp_path / "nb" / "01_x.ipynb", "import os\nprint(os.getcwd())")
    before = path.read_bytes()
    failure = notebooks.run([path], in_place=True, say=str)[0].failure
    assert "cell 1 shows a path of this machine" in failure
    assert path.read_bytes() == before


def test_a_file_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "new" / "file.txt"
    notebooks.write_whole(path, "old\n")

    def fail(partial, target):
        assert Path(partial).read_bytes() == "neu, 新\n".encode()
        raise OSError("cut short")

    monkeypatch.setattr("os.replace", fail)
    with pytest.raises(OSError, match="cut short"):
        notebooks.write_whole(path, "neu, 新\n")
    assert path.read_bytes() == b"old\n"
    assert list(path.parent.iterdir()) == [path]


# Finding


@pytest.mark.parametrize(
    "name", ["1", "01", "week01", "week 1", "Week1", "01_b", "01_b.ipynb", "notebooks/01_b.ipynb"]
)
def test_a_walkthrough_is_found_by_any_of_its_names(tmp_path, name):
    write(tmp_path / "nb" / "01_b.ipynb")
    write(tmp_path / "nb" / "00_a.ipynb")
    assert [p.stem for p in notebooks.find(tmp_path / "nb", [name])] == ["01_b"]


def test_walkthroughs_come_in_the_order_of_the_course_each_once(tmp_path):
    stems = [f"{number:02d}_walk" for number in range(11)]
    for stem in ["01_walk-Copy1", *reversed(stems)]:
        write(tmp_path / "nb" / f"{stem}.ipynb")
    assert [p.stem for p in notebooks.find(tmp_path / "nb")] == stems
    found = notebooks.find(tmp_path / "nb", [*reversed(stems[1:]), "2", "02_walk"])
    assert [p.stem for p in found] == stems[1:]


def test_an_unknown_walkthrough_is_answered_with_the_choices(tmp_path):
    write(tmp_path / "nb" / "01_ngrams.ipynb")
    for wrong, hint in {"7": "there are 01_ngrams", "01_ngram": "did you mean '01_ngrams'"}.items():
        with pytest.raises(ValueError, match=f"no walkthrough '{wrong}'; {hint}"):
            notebooks.find(tmp_path / "nb", [wrong])


# The suite itself: whatever goes wrong in a notebook, pytest must fail

UNDISTURBED = "import time\ntry:\n    time.sleep(99)\nexcept KeyboardInterrupt:\n    pass"
MADE_UP = {
    "good": (["a = 1", "assert a == 1"], ["PASSED", "PASSED"]),
    "raises": (["a = 1", "1 / 0", "a"], ["PASSED", "FAILED", "ERROR"]),
    "dead": (["import os\nos._exit(0)", "1"], ["FAILED", "ERROR"]),
    "slow": (["1", UNDISTURBED, "1"], ["PASSED", "FAILED", "ERROR"]),
    "hidden": (["%%capture\n1 / 0"], ["FAILED"]),
    "swallowed": (
        ["get_ipython().set_custom_exc((Exception,), lambda *_: None)", "1 / 0"],
        ["PASSED", "FAILED"],
    ),
    "tag": ([tagged("1 / 0", "raises-exception")], ["ERROR"]),
    "comment": (["# NBVAL_SKIP\n1 / 0"], ["ERROR"]),
    "mirror": (["import os\nassert os.path.isdir(os.environ['COURSE_MIRROR'])"], ["PASSED"]),
    "good-Copy1": (["1 / 0"], []),
}


def test_the_suite_fails_when_a_cell_of_a_notebook_fails(pytester, monkeypatch):
    monkeypatch.setenv("COURSE_MIRROR", "nb")
    pytester.makeconftest((ROOT / "conftest.py").read_text(encoding="utf-8"))
    for stem, (cells, _) in MADE_UP.items():
        write(pytester.path / "nb" / f"{stem}.ipynb", *cells)
    options = ["--nbval-lax", "--nbval-current-env", "--nbval-cell-timeout=2", "-p", "no:xdist"]
    result = pytester.runpytest_subprocess("nb", "-v", *options)
    assert result.ret == 1
    result.stdout.fnmatch_lines("*dead*the kernel died*")  # at once, not after the time-out
    shown = re.findall(r"(?m)^nb.([\w-]+)\W+ipynb::Cell \d+ ([A-Z]+)", result.stdout.str())
    for stem, (_, outcomes) in MADE_UP.items():
        assert [outcome for notebook, outcome in shown if notebook == stem] == outcomes, stem


def test_the_settings_of_the_suite_cover_every_folder_of_notebooks(pytestconfig):
    assert {"notebooks", "solutions", "exercises"} <= set(pytestconfig.getini("testpaths"))
    options = " ".join(pytestconfig.getini("addopts"))
    assert "--nbval-lax" in options and "--dist loadfile" in options
