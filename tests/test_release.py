"""Exercises are made from solutions, hold no answer, and are always up to date."""

from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from course_utils.release import exercise, release_week

ROOT = Path(__file__).resolve().parents[1]
WEEKS = sorted(path.name for path in (ROOT / "solutions").glob("week[0-9][0-9]"))
MARKED = (
    "def f(x):\n    '''Task.'''\n    ### BEGIN SOLUTION\n    return x + 1\n    ### END SOLUTION"
)
HIDDEN = 'check("f", f)\n### BEGIN HIDDEN TESTS\nassert check("f", f)\n### END HIDDEN TESTS'


def graded(source, kind="code", **meta):
    make = new_code_cell if kind == "code" else new_markdown_cell
    base = {"grade": False, "solution": False, "locked": False, "task": False}
    base |= {"schema_version": 3, "cell_type": kind, "grade_id": "f"}
    return make(source, id=f"cell-{meta.get('grade_id', 'f')}", metadata={"nbgrader": base | meta})


def answer(source, **meta):
    return graded(source, solution=True, **meta)


def released(*cells):
    return [cell.source for cell in exercise(new_notebook(cells=list(cells)), "n.ipynb").cells]


@pytest.fixture
def course(tmp_path):
    """A course of one week, already released."""
    folder = tmp_path / "solutions" / "week01"
    folder.mkdir(parents=True)
    (folder / "guide.md").write_text("for the instructor", encoding="utf-8")
    nbformat.write(new_notebook(cells=[answer(MARKED)]), folder / "first.ipynb")
    release_week("week01", tmp_path)
    return tmp_path


# The committed state


@pytest.mark.parametrize("week", WEEKS)
def test_committed_exercises_are_up_to_date(week):
    assert release_week(week, ROOT, check=True) == [], "run `course release` and commit"


@pytest.mark.parametrize(
    "path", sorted((ROOT / "solutions").glob("*/*.ipynb")), ids=lambda path: path.name
)
def test_committed_exercises_hold_no_answers(path):
    path = ROOT / "exercises" / path.parent.name / path.name
    text = path.read_text(encoding="utf-8")
    assert "BEGIN SOLUTION" not in text
    assert "HIDDEN TESTS" not in text
    assert "YOUR CODE HERE" in text


@pytest.mark.parametrize(
    "path", sorted((ROOT / "solutions").glob("*/*.ipynb")), ids=lambda path: path.name
)
def test_committed_solutions_have_no_outputs(path):
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code":
            assert (cell.outputs, cell.execution_count) == ([], None), f"clear outputs: {cell.id}"


# Stripping


def test_answer_becomes_a_stub_that_returns_nothing():
    [source] = released(answer(MARKED))
    assert source == "def f(x):\n    '''Task.'''\n    # YOUR CODE HERE\n    ..."
    names = {}
    exec(source, names)
    assert names["f"](1) is None


def test_several_answers_in_a_cell_are_all_stripped():
    [source] = released(answer(f"{MARKED}\n\n\n{MARKED.replace('f(x)', 'g(x)')}"))
    assert source.count("# YOUR CODE HERE\n    ...") == 2
    assert "return" not in source


def test_written_answer_becomes_a_stub_with_or_without_markers():
    whole = graded("the answer", "markdown", solution=True, grade=True, points=2)
    part = graded(
        "Say why:\n### BEGIN SOLUTION\nbecause\n### END SOLUTION",
        "markdown",
        solution=True,
        grade=True,
        points=2,
        grade_id="g",
    )
    assert released(whole, part) == ["YOUR ANSWER HERE", "Say why:\nYOUR ANSWER HERE"]


def test_hidden_tests_are_removed():
    assert released(graded(HIDDEN, grade=True, locked=True, points=1)) == ['check("f", f)']


def test_outputs_go_and_metadata_stay():
    cell = graded("1 + 1", locked=True)
    cell.outputs, cell.execution_count = [new_output("stream", text="2\n")], 7
    cell.metadata.tags = ["kept"]
    cell.metadata.execution = {"started": "today"}
    notebook = new_notebook(
        cells=[cell], metadata={"language_info": {"name": "python", "version": "3.99"}}
    )
    before = nbformat.writes(notebook)
    [out] = exercise(notebook).cells
    assert (out.outputs, out.execution_count, out.id) == ([], None, cell.id)
    assert out.metadata == {"nbgrader": cell.metadata.nbgrader, "tags": ["kept"]}
    assert "3.99" not in nbformat.writes(exercise(notebook))
    assert nbformat.writes(notebook) == before, "the solution itself was changed"


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        (answer("def f(x):\n    return x + 1"), "without ### BEGIN SOLUTION"),
        (answer("### BEGIN SOLUTION\nx = 1"), "has no ### END SOLUTION"),
        (answer("x = 1\n### END SOLUTION"), "ends before it began"),
        (
            answer("### BEGIN SOLUTION\n### BEGIN SOLUTION\n### END SOLUTION\n### END SOLUTION"),
            "begins inside another",
        ),
        (answer("## BEGIN SOLUTION\nx = 1\n## END SOLUTION"), "write '## BEGIN SOLUTION' as ###"),
        (answer("#BEGIN SOLUTION\nx = 1\n#END SOLUTION"), "write '#BEGIN SOLUTION' as ###"),
        (new_code_cell(MARKED, id="free"), "a cell that is not a solution cell"),
        (graded(MARKED, grade=True, locked=True, points=1), "not a solution cell"),
        (answer(f"{MARKED}\n{HIDDEN}"), "a cell that is not a test cell"),
        (graded("check(f)", grade=True, locked=True), "lack points"),
        (answer(MARKED, schema_version=2), "schema_version 3, they say 'code' and 2"),
        (answer(MARKED, cell_type="markdown"), "must say cell_type 'code'"),
    ],
)
def test_unfit_cells_are_refused_by_name(cell, words):
    with pytest.raises(ValueError) as error:
        released(new_markdown_cell("# Title"), cell)
    assert words in str(error.value)
    assert str(error.value).startswith("n.ipynb, cell 2 (")


def test_missing_metadata_and_repeated_names_are_refused():
    cell = answer(MARKED)
    del cell.metadata.nbgrader["locked"]
    with pytest.raises(ValueError, match=r"cell 1 \(f\): the nbgrader metadata lack locked"):
        released(cell)
    with pytest.raises(ValueError, match=r"cell 2 \(f\): the grade_id 'f' is used twice"):
        released(answer(MARKED), new_code_cell(metadata=answer(MARKED).metadata, source=MARKED))


# Writing


def test_release_writes_once_the_same_bytes_each_time_and_no_guide(course):
    [path] = (course / "exercises" / "week01").iterdir()
    assert path.name == "first.ipynb"
    first = path.read_bytes()
    assert release_week("week01", course) == []
    path.unlink()
    assert release_week("week01", course) == ["exercises/week01/first.ipynb"]
    assert path.read_bytes() == first
    assert b"\r" not in first


def test_check_reports_and_writes_nothing(course):
    path = course / "exercises" / "week01" / "first.ipynb"
    path.write_text("edited by hand", encoding="utf-8")
    stale = path.with_name("old.ipynb")
    stale.write_text("{}", encoding="utf-8")
    copy = path.with_name("first-Copy1.ipynb")
    copy.write_text("a student's work", encoding="utf-8")
    changed = ["exercises/week01/first.ipynb", "exercises/week01/old.ipynb"]
    assert release_week("week01", course, check=True) == changed
    assert path.read_text(encoding="utf-8") == "edited by hand"
    assert release_week("week01", course) == changed
    assert not stale.exists()
    assert copy.exists()
    assert release_week("week01", course, check=True) == []


def test_line_ends_of_a_windows_checkout_are_no_change(course):
    path = course / "exercises" / "week01" / "first.ipynb"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert release_week("week01", course, check=True) == []


def test_a_refused_notebook_leaves_the_whole_week_as_it_was(course):
    bad = course / "solutions" / "week01" / "second.ipynb"
    nbformat.write(new_notebook(cells=[answer("return 1")]), bad)
    first = course / "solutions" / "week01" / "first.ipynb"
    nbformat.write(new_notebook(cells=[answer(f"# new\n{MARKED}")]), first)
    before = (course / "exercises" / "week01" / "first.ipynb").read_bytes()
    with pytest.raises(ValueError, match=r"second\.ipynb, cell 1"):
        release_week("week01", course)
    assert (course / "exercises" / "week01" / "first.ipynb").read_bytes() == before


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("not JSON", r"first\.ipynb is not a notebook"),
        ("{}", r"first\.ipynb is not a notebook"),
        ('{"cells": [{"id": "a"}, {"source": ""}]}', r"first\.ipynb, cell 2: it has no id"),
        ('{"cells": [{"id": "a"}, {"id": "a"}]}', r"first\.ipynb, cell 2: it has no id"),
    ],
)
def test_files_that_are_no_notebooks_or_lack_cell_ids_are_refused(course, text, words):
    path = course / "solutions" / "week01" / "first.ipynb"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=words):
        release_week("week01", course)


def test_unknown_week(course):
    with pytest.raises(ValueError, match="no notebook in solutions/week99"):
        release_week("week99", course)
