"""From solutions to exercises: what stands between the markers is taken out, nothing else changes.

``solutions/weekNN/*.ipynb`` is the single source; ``exercises/weekNN/`` is generated from it. The
markers and the cell metadata are nbgrader's (https://nbgrader.readthedocs.io), which need not be
installed. Its own release step would do the same but for the stub: ours ends in ``...`` and not in
an error, because an unfilled exercise runs from top to bottom.
"""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from course_utils.notebooks import clean, clear, is_duplicate, write_whole

STUBS = {"code": ["# YOUR CODE HERE", "..."], "markdown": ["YOUR ANSWER HERE"]}
METADATA = {"grade", "solution", "locked", "task", "grade_id", "schema_version", "cell_type"}


def release_week(week: str, root: Path, check: bool = False) -> list[str]:
    """Write the exercises of a week anew and remove notebooks that no solution makes any more.

    A student's duplicate, which JupyterLab names ``...-Copy1.ipynb``, is left alone.

    Parameters
    ----------
    week : str
        The name of its folder: ``"week01"``.
    root : Path
        The folder that holds ``solutions`` and ``exercises``.
    check : bool
        Change nothing.

    Returns
    -------
    list of str
        The files that changed (with ``check``: that would change), relative to ``root``.

    Raises
    ------
    ValueError
        If the week has no solution, or a notebook is not fit for release; the message names the
        notebook and the cell.
    """
    solutions = sorted((root / "solutions" / week).glob("*.ipynb"))
    target = root / "exercises" / week
    if not solutions:
        raise ValueError(f"there is no notebook in solutions/{week}")
    texts = {target / path.name: exercise_text(path) for path in solutions}
    changed = [path for path, text in texts.items() if _read(path) != text]
    there = sorted(target.glob("*.ipynb"))
    stale = [path for path in there if path not in texts and not is_duplicate(path)]
    if not check:
        for path in changed:
            write_whole(path, texts[path])
        for path in stale:
            path.unlink()
    return [path.relative_to(root).as_posix() for path in (*changed, *stale)]


def exercise_text(path: Path) -> str:
    """Return the exercise made from a solution, as the text of a notebook file."""
    try:
        ids = [cell.get("id") for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]]
    except (ValueError, KeyError) as error:
        raise ValueError(f"{path.name} is not a notebook: {error}") from None
    # nbformat would invent ids, other ones each time.
    lacking = [i for i, cell_id in enumerate(ids) if not cell_id or cell_id in ids[:i]]
    if lacking:
        raise ValueError(
            f"{path.name}, cell {lacking[0] + 1}: it has no id of its own; save the notebook once "
            "in JupyterLab"
        )
    return nbformat.writes(exercise(nbformat.read(path, as_version=4), path.name)) + "\n"


def exercise(solution: NotebookNode, name: str = "notebook") -> NotebookNode:
    """Return a copy of a solution without answers, hidden tests, outputs and execution counts.

    Parameters
    ----------
    solution : NotebookNode
    name : str
        What errors call it.

    Raises
    ------
    ValueError
        If markers are missing in a code cell for solutions, unbalanced, nested, or in another
        kind of cell; if nbgrader's metadata are incomplete or a ``grade_id`` is used twice.
    """
    notebook = copy.deepcopy(solution)
    seen: set[str] = set()
    for number, cell in enumerate(notebook.cells, start=1):
        meta = cell.metadata.get("nbgrader", {})
        where = f"{name}, cell {number} ({meta.get('grade_id') or cell.get('id')})"
        _check_metadata(cell, seen, where)
        lines = cell.source.split("\n")
        lines, hidden = _cut(lines, "HIDDEN TESTS", [], where)
        lines, answers = _cut(lines, "SOLUTION", STUBS.get(cell.cell_type, []), where)
        if hidden and (meta.get("solution") or not meta.get("grade")):
            raise ValueError(f"{where}: hidden tests stand in a cell that is not a test cell")
        if answers and not meta.get("solution"):
            raise ValueError(f"{where}: a solution stands in a cell that is not a solution cell")
        if meta.get("solution") and not answers:
            if cell.cell_type == "code":
                raise ValueError(
                    f"{where}: a solution cell without ### BEGIN SOLUTION; mark the answer, or "
                    "the exercise would give it away"
                )
            lines = STUBS["markdown"]
        cell.source = "\n".join(lines).rstrip("\n") if hidden else "\n".join(lines)
    clear(notebook)
    clean(notebook)
    return notebook


def _check_metadata(cell: NotebookNode, seen: set[str], where: str) -> None:
    """Refuse what nbgrader would refuse, or would silently leave ungraded."""
    if "nbgrader" not in cell.metadata:
        return
    meta = cell.metadata.nbgrader
    missing = sorted(METADATA - meta.keys())
    if meta.get("grade") and not isinstance(meta.get("points"), int | float):
        missing.append("points")
    if missing:
        raise ValueError(f"{where}: the nbgrader metadata lack {', '.join(missing)}")
    if meta.cell_type != cell.cell_type or meta.schema_version != 3:
        raise ValueError(
            f"{where}: the nbgrader metadata must say cell_type {cell.cell_type!r} and "
            f"schema_version 3, they say {meta.cell_type!r} and {meta.schema_version!r}"
        )
    if meta.grade_id in seen:
        raise ValueError(f"{where}: the grade_id {meta.grade_id!r} is used twice")
    seen.add(meta.grade_id)


def _cut(lines: list[str], what: str, stub: list[str], where: str) -> tuple[list[str], int]:
    """Replace each region between ``### BEGIN what`` and ``### END what``; return their number."""
    kept, regions, inside = [], 0, False
    for line in lines:
        marker = re.fullmatch(rf"(\s*)### (BEGIN|END) {what}\s*", line)
        if marker is None:
            if re.search(rf"#\s*(BEGIN|END) {what}", line):
                raise ValueError(f"{where}: write {line.strip()!r} as ### BEGIN/END {what}")
            if not inside:
                kept.append(line)
        elif (marker[2] == "BEGIN") == inside:
            problem = "begins inside another" if inside else "ends before it began"
            raise ValueError(f"{where}: a {what} region {problem}")
        else:
            inside = not inside
            if inside:
                regions += 1
                kept += [marker[1] + line for line in stub]
    if inside:
        raise ValueError(f"{where}: a {what} region has no ### END {what}")
    return kept, regions


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None
