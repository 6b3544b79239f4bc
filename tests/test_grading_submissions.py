"""Whatever is handed in: found, read as far as it goes, or refused in a sentence."""

import codecs
import json
import os
import random
from pathlib import Path

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils.grading import submissions
from course_utils.grading.submissions import Submission, Unreadable, find_submissions, read_notebook

ROOT = Path(__file__).parents[1]
(SOLUTION,) = (ROOT / "solutions" / "week01").glob("*.ipynb")
CODE = "def f(x):\n    return 'é'"


def notebook(*sources, **more):
    cells = [{"cell_type": "code", "source": source, "metadata": {}} for source in sources]
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells, **more}


def read(data, **more):
    content = data if isinstance(data, bytes) else json.dumps(data).encode()
    return read_notebook(Submission("ada", "ada.ipynb", content, **more))


def status(data):
    with pytest.raises(Unreadable) as caught:
        read(data)
    return str(caught.value)


def put(folder, files):
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def found(folder, *week):
    return {
        (submission.student, submission.path, submission.problem)
        for submission in find_submissions(folder, *week)
    }


# In a folder


def test_one_file_a_student(tmp_path):
    put(tmp_path, {"bo.ipynb": "2", "Ada Lovelace.ipynb": "1", "cy.IPYNB": "3"})
    (ada, bo, cy) = find_submissions(tmp_path)
    assert (ada.student, ada.path, ada.content) == ("Ada Lovelace", "Ada Lovelace.ipynb", b"1")
    assert (bo.student, cy.student, cy.content) == ("bo", "cy", b"3")
    assert ada.group == ada.problem == ""


def test_one_folder_a_student(tmp_path):
    put(
        tmp_path, {"ada/first.ipynb": "1", "ada/second.ipynb": "2", "ada/notes.txt": "", "bo/x": ""}
    )
    put(tmp_path, {"cy/unpacked/week01/a.ipynb": "3", "bo/data.csv": ""})
    assert found(tmp_path) == {
        ("ada", "ada/first.ipynb", ""),
        ("ada", "ada/second.ipynb", ""),
        ("bo", "bo", "empty: the folder holds no notebook"),
        ("cy", "cy/unpacked/week01/a.ipynb", ""),
    }


def test_nbgrader(tmp_path):
    put(tmp_path, {"source/week01/a.ipynb": "", "release/week01/a.ipynb": "", "gradebook.db": ""})
    put(tmp_path, {"submitted/ada/week01/a.ipynb": "1", "submitted/ada/week02/b.ipynb": "2"})
    put(tmp_path, {"submitted/bo/week01/timestamp.txt": "2025-02-28 09:30:00 UTC"})
    one, two = "ada/week01/a.ipynb", "ada/week02/b.ipynb"
    bo = ("bo", "bo", "empty: the folder holds no notebook")
    assert found(tmp_path / "submitted") == {("ada", one, ""), ("ada", two, ""), bo}
    assert found(tmp_path, "week01") == {
        ("ada", f"submitted/{one}", ""),
        ("bo", "submitted/bo", "empty: the folder holds no notebook"),
    }


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2025-02-28 09:30:00.948203 UTC", "2025-02-28T09:30:00+00:00"),
        ("2025-02-28 09:30:00", "2025-02-28T09:30:00+00:00"),
        ("2025-02-28T09:30:00+02:00\n", "2025-02-28T07:30:00+00:00"),
        ("2025-07-01 09:30:00 Europe/Berlin", "2025-07-01T07:30:00+00:00"),
        ("2025-07-01", "2025-07-01T00:00:00+00:00"),
        ("yesterday", "2001-09-09T01:46:40+00:00"),
        ("2025-07-01 09:30:00 ../etc/passwd", "2001-09-09T01:46:40+00:00"),
        ("0001-01-01 00:00:00 Asia/Tokyo", "2001-09-09T01:46:40+00:00"),
        ("", "2001-09-09T01:46:40+00:00"),
    ],
)
def test_when(tmp_path, text, moment):
    put(tmp_path, {"ada/week01/a.ipynb": "1", "ada/week01/timestamp.txt": text})
    os.utime(tmp_path / "ada/week01/a.ipynb", (10**9, 10**9))
    (submission,) = find_submissions(tmp_path)
    assert submission.submitted == moment


def test_group_beside_the_notebook(tmp_path):
    put(tmp_path, {"ada/a.ipynb": "1", "ada/group.txt": "Ada\nZoë\n".encode("latin-1")})
    put(tmp_path, {"group.txt": "nobody's", "bo.ipynb": "2"})
    put(tmp_path, {"cy/week01/a.ipynb": "3", "cy/group.txt": "Cy"})
    groups = {s.student: s.group for s in find_submissions(tmp_path) if not s.problem}
    assert groups == {"ada": "Ada\nZoë\n", "bo": "", "cy": "Cy"}


def test_what_systems_leave_behind(tmp_path):
    put(tmp_path, {"ada/a.ipynb": "1", "ada/.ipynb_checkpoints/a-checkpoint.ipynb": "0"})
    put(tmp_path, {"ada/__MACOSX/._a.ipynb": "", ".DS_Store": "", "Thumbs.db": "", "~x/.x": ""})
    put(tmp_path, {"ada/a-checkpoint.ipynb": "", "__pycache__/x.pyc": "", ".git/config": ""})
    (tmp_path / "~x").rename(tmp_path / ".x")
    assert found(tmp_path) == {("ada", "ada/a.ipynb", "")}


def test_what_an_earlier_run_wrote(tmp_path):
    written = ("grades.csv", "flags.csv", "run.json", "feedback/ada.html", "marks/ada.json")
    put(tmp_path, {"ada.ipynb": "1", "marks.ipynb": "2"} | {f"out/{name}": "" for name in written})
    students = {("ada", "ada.ipynb", ""), ("marks", "marks.ipynb", "")}
    assert found(tmp_path) == students
    put(tmp_path, dict.fromkeys(written, ""))
    assert found(tmp_path) == students


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("ada.zip", b"PK\x03\x04...", "unreadable: it is a zip archive; hand in the notebook"),
        ("ada.pdf", b"%PDF-1.7", "unreadable: it is a PDF; hand in the notebook"),
        ("ada.py", b"x = 1", "unreadable: it is a file of another kind; hand in the notebook"),
        ("ada/week01.zip", b"PK\x03\x04...", "unreadable: it is a zip archive; hand in"),
        ("ada/readme", b"", "unreadable: it is a file of another kind; hand in the notebook"),
    ],
)
def test_another_kind_of_file(tmp_path, name, content, problem):
    ((student, path, text),) = found(put(tmp_path, {name: content}))
    assert (student, path) == ("ada", name) and text.startswith(problem)


@pytest.mark.parametrize("name", ["ada.ipynb.txt", "ada.ipynb.json", "ada.IPYNB"])
def test_endings_of_browsers(tmp_path, name):
    assert found(put(tmp_path, {name: "1"})) == {("ada", name, "")}


def test_links_are_not_followed(tmp_path):
    put(tmp_path, {"out/secret.ipynb": "{}", "in/bo/a.ipynb": "1"})
    try:
        (tmp_path / "in/ada.ipynb").symlink_to(tmp_path / "out/secret.ipynb")
    except OSError:
        pytest.skip("no symbolic links here")
    (tmp_path / "in/cy").symlink_to(tmp_path / "out", target_is_directory=True)
    (tmp_path / "in/di.ipynb").symlink_to("nowhere")
    (tmp_path / "in/bo/group.txt").symlink_to(tmp_path / "out/secret.ipynb")
    (tmp_path / "in/bo/week01").symlink_to(tmp_path / "out", target_is_directory=True)
    link = "unreadable: it is a symbolic link"
    assert found(tmp_path / "in", "week01") == {
        ("ada", "ada.ipynb", link),
        ("bo", "bo/a.ipynb", ""),
        ("cy", "cy", link),
        ("di", "di.ipynb", link),
    }
    assert all(s.content in (b"", b"1") and not s.group for s in find_submissions(tmp_path / "in"))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_does_not_block(tmp_path):
    os.mkfifo(tmp_path / "ada.ipynb")
    assert found(tmp_path) == {("ada", "ada.ipynb", "unreadable: it is not a file")}


def test_too_large(tmp_path, monkeypatch):
    monkeypatch.setattr(submissions, "MAX_BYTES", 1000)
    put(tmp_path, {"ada.ipynb": b"1" * 1001, "bo.ipynb": b"1" * 1000})
    ada, bo = find_submissions(tmp_path)
    assert ada.content == b"" and ada.problem.startswith("unreadable: it is larger than 0.001 MB")
    assert bo.problem == "" and "larger than" in status(b"1" * 1001)


def test_strange_names(tmp_path):
    names = ["-x", "=1+1", "a\nb", "   ", "é" * 60, "\U0001f600", "a;b'c\"d"]
    if os.name == "posix":
        names.append(os.fsdecode(b"\xff\xfe"))
    else:
        names = [name for name in names if not set(name) & set('\n"') and name.strip()]
    for name in names:
        (tmp_path / f"{name}.ipynb").write_bytes(b"1")
    all_found = find_submissions(tmp_path)
    assert len(all_found) == len(names)
    for submission in all_found:
        assert submission.content == b"1" and submission.student
        assert "\n" not in submission.student + submission.path
        (submission.student + submission.path).encode()


def test_deep_folders(tmp_path):
    put(tmp_path, {"ada/" + "x/" * 60 + "a.ipynb": "1", "bo.ipynb": "1"})
    assert ("ada", "ada", "empty: the folder holds no notebook") in found(tmp_path)


def test_nothing_to_grade(tmp_path):
    with pytest.raises(ValueError, match=r"there is no folder .*nowhere"):
        find_submissions(tmp_path / "nowhere")
    put(tmp_path, {"a.ipynb": "", "empty/.hidden": ""})
    with pytest.raises(ValueError, match="there is no folder"):
        find_submissions(tmp_path / "a.ipynb")
    with pytest.raises(ValueError, match=r"there is no submission in .*STUDENT\.ipynb"):
        find_submissions(tmp_path / "empty")


# In a notebook


def test_the_course_own_notebook():
    read_by_nbformat = nbformat.read(SOLUTION, as_version=4)
    wanted = [cell for cell in read_by_nbformat.cells if cell.cell_type == "code"]
    found = read(SOLUTION.read_bytes())
    assert list(found.cells) == [cell.source for cell in wanted]
    assert list(found.ids) == [
        cell.metadata.get("nbgrader", {}).get("grade_id", cell.id) for cell in wanted
    ]
    assert found.members == ()


@pytest.mark.parametrize("version", [1, 2, 3, 4])
def test_versions_of_nbformat(version):
    v1, v2 = nbformat.v1, nbformat.v2
    if version == 1:
        older = v1.new_notebook([v1.new_code_cell(CODE), v1.new_text_cell("text")])
        older.cells.append(v1.new_code_cell("x = 1"))
    else:
        cells = [v2.new_code_cell(CODE), v2.new_text_cell("markdown", "text")]
        cells.append(v2.new_code_cell("x = 1"))
        older = v2.new_notebook(worksheets=[v2.new_worksheet(cells=cells)])
        if version > 2:
            older = nbformat.convert(older, version)
    assert read(json.loads(json.dumps(older))).cells == (CODE, "x = 1")


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1", "cp1252"],
)
def test_encodings(encoding):
    text = json.dumps(notebook(CODE), ensure_ascii=False)
    assert read(text.encode(encoding)).cells == (CODE,)
    assert read(("\r\n\t " + text + "\n\n").encode(encoding)).cells == (CODE,)


def test_bytes_that_are_no_utf_16():
    assert status(codecs.BOM_UTF16_LE + b"x").startswith("unreadable: it is not JSON")


@pytest.mark.parametrize(
    "data",
    [
        {"cells": [{"cell_type": "code", "source": CODE}]},
        notebook(CODE, metadata=None),
        notebook(CODE, nbformat="4.5", nbformat_minor=[], metadata={"kernelspec": 3}),
        notebook(CODE, metadata={"kernelspec": {"name": "ir", "language": "R"}}),
        {"cells": [*([None, 1, [], {}, {"cell_type": 3}]), *notebook(CODE)["cells"]]},
        {"cells": [{"outputs": [], "source": CODE.splitlines(keepends=True)}]},
        {"worksheets": [1, {}, {"cells": {}}, {"cells": [{"cell_type": "code", "input": CODE}]}]},
        {"cells": [{"cell_type": "code", "source": CODE, "metadata": {"nbgrader": [1]}, "id": 3}]},
        {"cells": [{"cell_type": "code", "source": CODE, "metadata": "x", "id": None}]},
    ],
)
def test_odd_notebooks(data):
    found = read(data)
    assert found.cells == (CODE,) and found.ids == ("",)


def test_source_that_is_no_text_costs_its_cell():
    sources = (CODE, 3, None, {}, ["a\n", 3], [], ["x = 1\n", "y = 2"], "\ud800 \ud83d\ude00")
    assert read(notebook(*sources)).cells == (CODE, *[""] * 5, "x = 1\ny = 2", "\ufffd \U0001f600")
    assert len(read(notebook(*sources)).ids) == len(sources)


def test_names_of_cells():
    data = notebook(*"abc")
    data["cells"][0] |= {"id": "one", "metadata": {"nbgrader": {"grade_id": "perplexity"}}}
    data["cells"][1] |= {"id": "two", "metadata": {"nbgrader": {"grade_id": None}}}
    assert read(data).ids == ("perplexity", "two", "")


def test_control_characters_in_strings():
    assert read(b'{"cells": [{"cell_type": "code", "source": "a\tb\nc"}]}').cells == ("a\tb\nc",)


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        (b"", "empty: the file holds nothing"),
        (b" \n ", "empty: the file holds nothing"),
        (b"def f():\n  pass", "unreadable: it is not JSON (line 1)"),
        (SOLUTION.read_bytes()[:20_000], "unreadable: it is not JSON (line "),
        (b'{"cells": [],\n<<<<<<< HEAD\n', "unreadable: it is not JSON (line 2)"),
        (b"PK\x03\x04\x14\x00", "unreadable: it is a zip archive, not a notebook"),
        (b"%PDF-1.7", "unreadable: it is a PDF, not a notebook"),
        (b"<!DOCTYPE html><html>", "unreadable: it is a web page, not a notebook"),
        (b"[]", "unreadable: it is JSON, but not a notebook, for it has no cells"),
        (b"null", "unreadable: it is JSON, but not a notebook, for it has no cells"),
        (b'{"cells": {}}', "unreadable: it is JSON, but not a notebook, for it has no cells"),
        (b"[" * 100_000, "unreadable: it is not JSON that a notebook could hold"),
        (b'{"a":' * 100_000, "unreadable: it is not JSON that a notebook could hold"),
        (b'{"cells": ' + b"9" * 5000 + b"}", "unreadable: it is not JSON that a notebook"),
        (b"\x00" * 100, "unreadable: it is not JSON (line 1)"),
        (random.Random(0).randbytes(1000), "unreadable: it is not JSON (line 1)"),
    ],
)
def test_unreadable(content, wanted):
    assert status(content).startswith(wanted)


def test_a_problem_stays_the_status():
    with pytest.raises(Unreadable, match="unreadable: it is a symbolic link"):
        read_notebook(Submission("ada", "ada", problem="unreadable: it is a symbolic link"))


# Who worked on it


@pytest.mark.parametrize(
    ("cell", "members"),
    [
        ('group = ["Ada", "Bo", ""]  # your names', ("Ada", "Bo")),
        ("group = ['Ada',  # it's me\n         'Zoë (]',]\n", ("Ada", "Zoë (]")),
        ('x = 1\ngroup = ("Ada", "Bo",)', ("Ada", "Bo")),
        ('group: list[str] = ["Ada"]', ("Ada",)),
        ('  group = ["Ada"]', ("Ada",)),
        ('group = "Ada, Bo"', ("Ada", "Bo")),
        ('group = ["Ada"]\ngroup = ["Bo"]', ("Bo",)),
        ('group = ["Ada"]\ngroup = ["", ""]', ("Ada",)),
        ('group = [" Ada\\n\\tLovelace ", "ada lovelace", "ADA LOVELACE"]', ("Ada Lovelace",)),
        ('group = ["Zoe\\u0308", "Zo\\u00eb"]', ("Zoë",)),
        ('group = ["A\\u202eda\\x00", 3, None, ["Bo"]]', ()),
        ('group = ["A\\u202eda\\x00", 3, None]', ("Ada",)),
        ('group = ["\\ud800"]', ("\ufffd",)),
        (f'group = ["{"A" * 500}"]', ("A" * 200,)),
        ('group = [f()]\nmy_group = ["Ada"]', ()),
        ('group == ["Ada"]\n# group = ["Ada"]', ()),
        ('group = ["Ada", "Bo"', ()),
        ("group = [" + "(" * 1500 + "]", ()),
        ("group = [" + "-" * 3000 + "1]", ()),
        ("group = []", ()),
        ("group = [" + "#" * 5000, ()),
        ("group = [" + "'\"'" * 5000, ()),
        ("group: " * 5000, ()),
        ("group = [\n" * 100_000, ()),  # of which each might end as late as the cell
        ("group = 'Ada'.upper()", ("Ada",)),
    ],
)
def test_members(cell, members):
    assert read(notebook("import math", cell)).members == members


def test_members_from_the_text_file():
    text = "\ufeffAda Lovelace\r\n\n  Bo \nada lovelace\n"
    assert read(notebook(CODE), group=text).members == ("Ada Lovelace", "Bo")
    assert read(notebook('group = ["Cy"]'), group=text).members == ("Cy",)
    assert read(notebook('group = ["", "", ""]'), group=text).members == ("Ada Lovelace", "Bo")


# Whatever the file


def read_or_refuse(content):
    """Read; if it raises, then only what it may, with a status of one line."""
    try:
        found = read_notebook(Submission("ada", "ada.ipynb", content))
    except Unreadable as error:
        assert str(error).startswith(("unreadable: ", "empty: ")) and "\n" not in str(error)
    else:
        assert len(found.cells) == len(found.ids)
        for text in (*found.cells, *found.ids, *found.members):
            text.encode()


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), max_size=20), st.binary())
def test_flipped_bytes(flips, tail):
    content = bytearray(SOLUTION.read_bytes())
    for place, byte in flips:
        content[place % len(content)] = byte
    read_or_refuse(bytes(content) + tail)
    read_or_refuse(tail)


plain = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.just("code")),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=10,
)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_edited_notebooks(data):
    tree = json.loads(SOLUTION.read_bytes())
    tree["cells"] = tree["cells"][:8]
    for _ in range(data.draw(st.integers(1, 6))):
        place = tree
        while place:
            keys = list(place) if isinstance(place, dict) else list(range(len(place)))
            key = data.draw(st.sampled_from(keys))
            if isinstance(place[key], dict | list) and data.draw(st.booleans()):
                place = place[key]
            elif data.draw(st.booleans()):
                place[key] = data.draw(plain)
                break
            else:
                del place[key]
                break
    read_or_refuse(json.dumps(tree).encode("utf-8", "surrogatepass"))
