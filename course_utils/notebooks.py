"""Run notebooks without a browser: execute, clean, check, write as a page.

`run` is what the command ``course run`` does. The functions below it are also what the tests use
to hold the committed notebooks to the same rules.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import difflib
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

CELL_SECONDS = 600  # a cell that computes longer is taken for an endless loop
MAX_BYTES = 1_000_000  # of a committed notebook
# Marks that make nbval or nbclient excuse a cell's errors, or pass over the cell.
REFUSED_MARKS = {"raises-exception", "skip-execution", "nbval-raises-exception", "nbval-skip"}
THREADS = {"OMP_WAIT_POLICY": "passive", "OPENBLAS_NUM_THREADS": "1"}  # why: start.py
WIDGET = "application/vnd.jupyter.widget-view+json"


@dataclass
class Run:
    """One executed notebook: where it stands, what came of it, how long it took.

    Attributes
    ----------
    path : Path
        The notebook.
    notebook : NotebookNode
        Its executed copy; where a cell failed, executed up to that cell.
    seconds : float
        Time of the execution.
    failure : str or None
        Notebook, cell, source and error of the cell that failed.
    """

    path: Path
    notebook: NotebookNode
    seconds: float
    failure: str | None


def find(folder: Path, names: Sequence[str] = ()) -> list[Path]:
    """Find walkthroughs by number or name; all of them where no name is given.

    Parameters
    ----------
    folder : Path
        The folder of the walkthroughs, ``NN_subject.ipynb``.
    names : sequence of str
        ``1``, ``01``, ``week01``, ``01_ngram_models`` and ``notebooks/01_ngram_models.ipynb`` all
        name the same notebook.

    Returns
    -------
    list of Path
        In the order of the course, each once.

    Raises
    ------
    ValueError
        If a name fits no notebook; the message lists the names that do.
    """
    known = {
        path.stem: path
        for path in sorted(folder.glob("[0-9][0-9]_*.ipynb"))
        if not is_duplicate(path)
    }
    if not known:
        raise ValueError(f"there is no walkthrough in the folder {folder.name}")
    if not names:
        return list(known.values())
    by_number = {int(stem[:2]): stem for stem in known}
    chosen = set()
    for name in names:
        stem = name.replace("\\", "/").rsplit("/", 1)[-1].removesuffix(".ipynb")
        number = re.fullmatch(r"(?:week)?[ _-]?(\d+)", stem.lower())
        found = by_number.get(int(number[1])) if number else stem
        if found not in known:
            near = difflib.get_close_matches(stem, known, n=1)
            hint = f"did you mean {near[0]!r}? " if near else ""
            raise ValueError(f"no walkthrough {name!r}; {hint}there are {', '.join(known)}")
        chosen.add(found)
    return [known[stem] for stem in sorted(chosen)]


def is_duplicate(path: Path) -> bool:
    """Say whether JupyterLab made this notebook of another one: a student's own, half done."""
    return re.search("-Copy|-checkpoint", path.stem) is not None


def run(
    paths: Sequence[Path],
    *,
    pages: Path | None = None,
    in_place: bool = False,
    say: Callable[[str], None] = print,
) -> list[Run]:
    """Execute notebooks one after the other; a failing one does not stop the others.

    Parameters
    ----------
    paths : sequence of Path
        The notebooks.
    pages : Path, optional
        Folder for the HTML pages.
    in_place : bool
        Write each executed notebook, cleaned and checked, over its file.
    say : callable
        Receives each line of the report.

    Returns
    -------
    list of Run
    """
    runs = []
    width = max((len(path.stem) for path in paths), default=0)
    for path in paths:
        one = execute(path)
        dropped = clean(one.notebook)
        if in_place and one.failure is None:
            one.failure = _write_back(one, dropped, say)
        page = ""
        if pages is not None:
            page = write_html(one.notebook, pages / f"{path.stem}.html")
            page = f"  {page.parent.name}/{page.name}"
        outcome = "failed" if one.failure else "done"
        say(f"{path.stem:{width}}  {outcome:6}  {one.seconds / 60:5.1f} minutes{page}")
        if one.failure:
            say(one.failure)
        runs.append(one)
    return runs


def execute(path: Path, cell_seconds: float = CELL_SECONDS) -> Run:
    """Execute a copy of a notebook from top to bottom in a fresh kernel, in its own folder.

    Parameters
    ----------
    path : Path
        The notebook; the file is left as it is.
    cell_seconds : float
        A cell that takes longer fails.

    Returns
    -------
    Run
        Execution ends at the first cell that fails: by an exception, by taking too long, or by
        the death of the kernel.
    """
    from nbclient import NotebookClient
    from tqdm import tqdm

    prepare_kernels()
    try:
        notebook = nbformat.read(path, as_version=4)
    except Exception as error:  # nbformat has no common error class
        what = str(error).splitlines()[0][:200]
        return Run(path, nbformat.v4.new_notebook(), 0.0, f"{path.stem} cannot be read: {what}")
    clear(notebook)
    marks = [f"{path.stem}, {problem}" for problem in refused_marks(notebook)]
    if marks:
        return Run(path, notebook, 0.0, "\n".join(marks))
    total = sum(1 for _ in runnable(notebook))
    # disable=None: no bar where the output is not a terminal.
    bar = tqdm(total=total, desc=path.stem, unit="cell", leave=False, disable=None)
    current = {"cell": None}

    def started(cell, cell_index):
        current["cell"] = cell
        # nbclient lets an interrupt end one notebook; it shall end the run.
        with contextlib.suppress(NotImplementedError):
            asyncio.get_running_loop().remove_signal_handler(signal.SIGINT)

    def executed(cell, cell_index, execute_reply):
        bar.update()
        raise_on_error_output(cell)

    client = NotebookClient(
        notebook,
        timeout=cell_seconds,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
        record_timing=False,
        store_widget_state=False,
        on_cell_execute=started,
        on_cell_executed=executed,
    )
    start = time.perf_counter()
    failure = None
    try:
        client.execute(stderr=subprocess.DEVNULL)  # the kernel's own log, not what cells print
    except Exception as error:  # whatever ends a notebook is reported, and the next one goes on
        failure = describe_failure(path, notebook, current["cell"], error, cell_seconds)
    finally:
        bar.close()
    return Run(path, notebook, time.perf_counter() - start, failure)


def prepare_kernels() -> None:
    """Prepare the environment that kernels inherit from this process.

    They start in their notebook's folder, so COURSE_MIRROR and COURSE_DATA become absolute; and
    ``!course`` in a cell is this Python's command, whether or not its environment is activated.
    Threads are set as `start.py` sets them.
    """
    here = str(Path(sys.executable).parent)
    if here not in os.environ.get("PATH", "").split(os.pathsep):
        os.environ["PATH"] = here + os.pathsep + os.environ.get("PATH", "")
    for name in ("COURSE_MIRROR", "COURSE_DATA"):
        if os.environ.get(name):
            os.environ[name] = os.path.abspath(os.path.expanduser(os.environ[name]))
    for name, value in THREADS.items():
        os.environ.setdefault(name, value)


def runnable(notebook: NotebookNode) -> Iterator[NotebookNode]:
    """Yield the code cells that hold code, in order: the n-th is what a reader sees as ``[n]``."""
    for cell in notebook.cells:
        if cell.cell_type == "code" and cell.source.strip():
            yield cell


class CellError(Exception):
    """A cell printed an error although its execution was reported as successful."""


def raise_on_error_output(cell: NotebookNode) -> None:
    """Raise CellError for an error that a magic such as ``%%capture`` kept from the reply."""
    for output in cell.outputs:
        if output.output_type == "error":
            raise CellError(f"{output.ename}: {output.evalue}")


def describe_failure(
    path: Path, notebook: NotebookNode, cell: NotebookNode | None, error: Exception, seconds: float
) -> str:
    """Say in which cell of which notebook an execution ended, with the cell's source and error."""
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    if isinstance(error, CellExecutionError):
        what = f"{error.ename}: {error.evalue}"
    elif isinstance(error, CellTimeoutError):
        what = f"it took more than {seconds:g} seconds"
    elif isinstance(error, DeadKernelError):
        what = "the kernel died; often memory ran out"
    elif isinstance(error, CellError):
        what = str(error)
    else:
        what = f"{type(error).__name__}: {error}"
    if cell is None:
        return f"{path.stem} could not start: {what}; `course doctor` says more"
    number = 1 + [id(c) for c in runnable(notebook)].index(id(cell))
    source = "\n".join(f"    {line}" for line in cell.source.splitlines())
    return f"{path.stem}, cell {number} failed: {what}\n\n{source}\n"


def ladder(runs: Sequence[Run]) -> str:
    """Return the text of the last executed cell tagged ``ladder``, or an empty string."""
    tagged = [
        cell
        for one in runs
        for cell in runnable(one.notebook)
        if "ladder" in cell.metadata.get("tags", []) and cell.outputs
    ]
    return "".join(_plain_text(output) for output in tagged[-1].outputs) if tagged else ""


def _plain_text(output: NotebookNode) -> str:
    if output.output_type == "stream":
        return output.text
    return output.get("data", {}).get("text/plain", "") + "\n" if "data" in output else ""


def clear(notebook: NotebookNode) -> None:
    """Take all outputs and counts out of a notebook."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    notebook.metadata.pop("widgets", None)


def clean(notebook: NotebookNode) -> list[str]:
    """Take out of an executed notebook what only its run knew: times, machine, widgets.

    Two runs then differ only where results differ. Widgets go because they are dead without a
    kernel; the static figure beside each one stays.

    Returns
    -------
    list of str
        What cells wrote to the error stream, which is dropped: one text a cell.
    """
    dropped = []
    for number, cell in enumerate(runnable(notebook), start=1):
        cell.metadata.pop("execution", None)
        kept: list[NotebookNode] = []
        for output in cell.outputs:
            if output.get("name") == "stderr":
                dropped.append(f"cell {number}: {output.text.strip()}")
            elif WIDGET not in output.get("data", {}):
                _append_output(kept, output)
        cell.outputs = kept
    notebook.metadata.pop("widgets", None)
    notebook.metadata.kernelspec = {
        "display_name": "Python 3 (ipykernel)",
        "language": "python",
        "name": "python3",
    }
    notebook.metadata.language_info = {"name": "python", "pygments_lexer": "ipython3"}
    return dropped


def _append_output(kept: list[NotebookNode], output: NotebookNode) -> None:
    """Append an output; the pieces of one printed text become one, as a terminal would show it."""
    if output.output_type != "stream":
        kept.append(output)
        return
    if kept and kept[-1].output_type == "stream":
        output.text = kept.pop().text + output.text
    output.text = re.sub(r"[^\n]*\r(?!\n)", "", output.text)
    kept.append(output)


def refused_marks(notebook: NotebookNode) -> list[str]:
    """List the tags and comments by which a notebook asks a test to look away."""
    problems = []
    for number, cell in enumerate(notebook.cells, start=1):
        if cell.cell_type != "code":
            continue
        marks = {str(tag).lower() for tag in cell.metadata.get("tags", [])}
        comments = re.findall(r"^\s*#+\s*([A-Z_]+)\s*$", cell.source, flags=re.MULTILINE)
        marks.update(comment.lower().replace("_", "-") for comment in comments)
        for mark in sorted(marks.intersection(REFUSED_MARKS)):
            problems.append(f"cell {number} of the file is marked {mark}; remove the mark")
    return problems


def problems_of_committed(notebook: NotebookNode) -> list[str]:
    """List what keeps an executed notebook from being committed; empty if nothing does.

    Its cells ran from top to bottom, counted 1 to n, without errors; outputs hold no machine's
    paths, no progress bars, no memory addresses; pictures have an alternative text; the file
    stays below 1 MB.
    """
    problems = problems_of_source(notebook)
    for number, cell in enumerate(runnable(notebook), start=1):
        if cell.execution_count != number:
            problems.append(f"cell {number} is counted {cell.execution_count}; run all, in order")
        for output in cell.outputs:
            problems.extend(f"cell {number} {problem}" for problem in _output_problems(output))
    size = len(nbformat.writes(notebook).encode("utf-8"))
    if size >= MAX_BYTES:
        problems.append(f"the file has {size:,} bytes; a notebook stays below {MAX_BYTES:,}")
    return problems


def problems_of_source(notebook: NotebookNode) -> list[str]:
    """List what keeps a notebook from being committed even before it runs."""
    problems = refused_marks(notebook)
    for number, cell in enumerate(notebook.cells, start=1):
        problems.extend(f"cell {number} of the file {p}" for p in _source_problems(cell))
    return problems


def _output_problems(output: NotebookNode) -> Iterator[str]:
    if output.output_type == "error":
        yield f"ended with {output.ename}"
    if output.get("name") == "stderr":
        yield "wrote to the error stream; progress bars and warnings are not committed"
    texts = [output.get("text", "")]
    for kind, content in output.get("data", {}).items():
        if kind == WIDGET:
            yield "holds a widget, dead without a kernel; show its static figure instead"
        elif kind.startswith("image/"):
            if not output.metadata.get(kind, {}).get("alt", "").strip():
                yield "shows a picture without alternative text; show it by plots.show(fig, alt)"
        else:
            texts.append(str(content))
    for text in texts:
        if path := machine_path(text):
            yield f"shows a path of this machine, {path!r}; print a name instead"
        if address := re.search(r"<[^<>]* at 0x[0-9a-f]{6,}", text):
            yield f"shows a memory address, {address[0]!r}; end its last line with a semicolon"
        if re.search(r"\d+%\|.*\| *\d+/\d+", text):
            yield "shows a progress bar; write it to the error stream"


def _source_problems(cell: NotebookNode) -> Iterator[str]:
    if path := machine_path(cell.source):
        yield f"names a path of one machine, {path!r}; use a path relative to the course"
    if cell.cell_type == "markdown":
        if re.search(r"!\[\s*\]\(", cell.source):
            yield "has a picture without alternative text; write it between the brackets"
        for tag in re.findall(r"<img\b[^>]*>", cell.source):
            if not re.search(r"""\balt=["'][^"']""", tag):
                yield f"has a picture without alternative text, {tag[:60]!r}; add alt=..."


def machine_path(text: str) -> str | None:
    """Find a path that exists on one machine only: a home, a temporary or the course's folder.

    Examples
    --------
    >>> machine_path("saved to /home/ada/course/figure.png")
    '/home/ada/course/figure.png'
    >>> machine_path("saved to build/figure.png")
    """
    end = r"[^\s'\"<>]*"
    usual = rf"(?:/home/|/Users/|/root/|/tmp/|/var/folders/|[A-Za-z]:\\\w){end}"
    here = [Path.home(), tempfile.gettempdir(), Path(__file__).resolve().parents[1]]
    # The longest first: a folder's name may hold blanks, where the usual pattern ends.
    exact = [
        re.escape(path) + rf"(?![\w-]){end}"
        for path in sorted(map(str, here), key=len, reverse=True)
        if len(path) > 1
    ]
    found = re.search(rf"(?<![\w.~/<])(?:{'|'.join([*exact, usual])})", text)
    return found[0] if found else None


def write_whole(path: Path, content: str | bytes) -> Path:
    """Write a file whole or not at all, texts with the same line ends on every system."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        partial.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
    return path


def _write_back(one: Run, dropped: list[str], say: Callable[[str], None]) -> str | None:
    """Write the executed notebook over its file if it may be committed; else say why not."""
    for text in dropped:
        say(f"{one.path.stem}, dropped from the error stream of {text[:300]}")
    problems = problems_of_committed(one.notebook)
    if problems:
        lines = "\n".join(f"  {problem}" for problem in problems)
        return f"{one.path.stem} is not written back:\n{lines}"
    write_whole(one.path, nbformat.writes(one.notebook) + "\n")
    for name, picture in pictures(one.notebook).items():
        write_whole(one.path.with_name(name), picture)
    return None


def pictures(notebook: NotebookNode) -> dict[str, bytes]:
    """Return the pictures kept as files: of each cell tagged ``picture``, named after its id."""
    return {
        f"{cell.id}.png": base64.b64decode(output.data["image/png"])
        for cell in runnable(notebook)
        if "picture" in cell.metadata.get("tags", [])
        for output in cell.outputs
        if "image/png" in output.get("data", {})
    }


def write_html(notebook: NotebookNode, path: Path) -> Path:
    """Write a notebook as one HTML page that reads without a network.

    Formulas become MathML, which browsers draw themselves; pictures are part of the page.
    """
    from course_utils.pages import PageExporter

    page, _ = PageExporter().from_notebook_node(
        notebook, resources={"metadata": {"name": path.stem, "path": "notebooks"}}
    )
    return write_whole(path, page)
