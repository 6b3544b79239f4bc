"""Submissions as a grader meets them, built from the notebooks of the course.

`honest` holds work that is odd and deserves its points, `hostile` what tries for points it does not
deserve, or for harm. This module makes their notebooks, and those with the wrong solutions of
`wrong_solutions`, as plain JSON data: what comes in is not always what nbformat would write.
"""

import ast
import copy
import functools
import importlib
import inspect
import json
import re
import textwrap
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WEEKS = sorted(path.name for path in (ROOT / "solutions").glob("week[0-9][0-9]"))
SUBMITTED = "ada-lovelace.ipynb"


@dataclass(frozen=True)
class Case:
    """One submission and what it deserves.

    ``status`` are the ways in which the status of its mark may begin. ``members`` are the names it
    gives, ``secret`` is a text it tries to carry out in what the student reads. One that is
    ``boxed`` is for bubblewrap only: it needs a folder to write to, or it sends signals that may go
    to nobody outside.
    """

    name: str
    why: str
    content: bytes
    deserved: frozenset[str]
    week: str = "week01"
    status: tuple[str, ...] = ("graded",)
    members: tuple[str, ...] = ()
    secret: str = ""
    boxed: bool = False


@functools.cache
def questions(week):
    return importlib.import_module(f"course_utils.checks.{week}").QUESTIONS


@functools.cache
def _text(folder, week):
    [path] = (ROOT / folder / week).glob("*.ipynb")
    return path.read_text(encoding="utf-8")


def exercise(week="week01"):
    """Return the unfilled exercise."""
    return json.loads(_text("exercises", week))


def solution(week="week01"):
    """Return the solution as a student would hand it in, without the lines around the answers."""
    notebook = json.loads(_text("solutions", week))
    for cell in notebook["cells"]:
        put(cell, re.sub(r" *### (BEGIN|END) .*\n?", "", source(cell)))
    return notebook


def answers(week="week01"):
    """Return the solution's answers: the source of the cell by the name of the function."""
    return {
        name: source(cell) for cell in solution(week)["cells"] if (name := answer_of(cell, week))
    }


def answer_of(cell, week="week01"):
    """Return the name of the function that is to be answered in a cell, or nothing."""
    name = cell.get("metadata", {}).get("nbgrader", {}).get("grade_id", "")
    return name if name in questions(week) else ""


def filled(week="week01", **sources):
    """Return the exercise with these answers; the others are left as they were."""
    notebook = exercise(week)
    for cell in notebook["cells"]:
        if (name := answer_of(cell, week)) in sources:
            put(cell, sources[name])
    return notebook


def source(cell):
    return "".join(cell["source"])


def put(cell, text):
    """Put a text into a cell as nbformat writes it: a list of lines."""
    cell["source"] = text.splitlines(keepends=True)


def place(notebook, name, week="week01"):
    """Return where the answer cell of a function is."""
    return [answer_of(cell, week) for cell in notebook["cells"]].index(name)


def code(text, **metadata):
    """Return a code cell that a student added."""
    cell = {"cell_type": "code", "execution_count": None, "metadata": metadata, "outputs": []}
    put(cell, textwrap.dedent(text).strip("\n"))
    return cell


def content(notebook, encoding="utf-8"):
    """Return a notebook as the bytes of its file."""
    text = json.dumps(notebook, indent=1, ensure_ascii=False)
    try:
        return text.encode(encoding)
    except UnicodeEncodeError:  # half a character
        return json.dumps(notebook, indent=1).encode(encoding)


# The banks of wrong solutions


@functools.cache
def bank(week):
    return importlib.import_module(f"wrong_solutions.{week}")


@functools.cache
def _statements(week):
    """Return the statements of a bank by the names they bind."""
    found = {}
    for node in ast.parse(inspect.getsource(bank(week))).body:
        if isinstance(node, ast.FunctionDef):
            found[node.name] = node
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found |= {alias.asname or alias.name: node for alias in node.names}
        elif isinstance(node, ast.Assign):
            found |= {target.id: node for target in node.targets if isinstance(target, ast.Name)}
    return found


def as_cell(week, question, function):
    """Return a solution of the bank as a student would write it: under the question's own name.

    What it uses of the bank comes along.
    """
    statements, own = _statements(week), function.__name__
    needed, todo, extra = {}, [own], []
    while todo:
        name = todo.pop()
        if name == "RIGHT" and not extra:  # the bank's right solutions to the same question
            right = [solution.__name__ for solution in bank(week).RIGHT[question]]
            extra = [f"RIGHT = {{{question!r}: [{', '.join(right)}]}}"]
            todo += right
        elif name in statements and name not in needed:
            node = needed[name] = statements[name]
            if isinstance(node, ast.FunctionDef):  # without the decorator that enters it
                node = needed[name] = ast.FunctionDef(**{**vars(node), "decorator_list": []})
            todo += [leaf.id for leaf in ast.walk(node) if isinstance(leaf, ast.Name)]
    answer = copy.deepcopy(needed.pop(own))
    answer.name = question
    for leaf in ast.walk(answer):
        if isinstance(leaf, ast.Name) and leaf.id == own:  # it calls itself
            leaf.id = question
    helpers = sorted(needed.values(), key=lambda node: node.lineno)
    return "\n\n".join([*dict.fromkeys(map(ast.unparse, helpers)), *extra, ast.unparse(answer)])
