"""Make the suite fail whenever a cell of a notebook fails.

nbval alone goes on after a failing cell, excuses the cells after a time-out, lets marks excuse
others, and looks neither at a kernel's replies nor at its death. Here a notebook is what it is for
a reader: every cell runs, in order, without an error, or the notebook has failed.
"""

import functools
import os
import sys
import time
from queue import Empty

import pytest

from course_utils.notebooks import prepare_kernels, refused_marks

pytest_plugins = ["pytester"]
collect_ignore_glob = ["*-Copy*.ipynb"]  # JupyterLab's duplicates: a student's work, half done
prepare_kernels()

# The workers share the processor; more threads than cores would wait for one another.
_workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", 1))
os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // _workers)))


@pytest.fixture(scope="session")
def bubblewrap():
    """Skip a test where hostile submissions cannot be shut in; in CI on Linux they must be."""
    from course_utils.grading.sandbox import NoSandbox, Sandbox

    try:
        with Sandbox("bubblewrap") as sandbox:
            sandbox.open().close()
    except NoSandbox as error:
        sentence = f"not run, for want of a sandbox: {error}; install bubblewrap (README, grading)"
        if os.environ.get("CI") == "true" and sys.platform == "linux":
            pytest.fail(sentence)
        pytest.skip(sentence)


def is_cell(item):
    """Say whether a test is a cell of a notebook."""
    return type(item).__name__ == "IPyNbCell"


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    """Refuse a cell that asks to be excused, and one whose notebook failed before."""
    if not is_cell(item):
        return
    if problems := refused_marks(item.parent.nb):
        item.raise_cell_error("; ".join(problems))
    if hasattr(item.parent, "failed_cell"):
        item.raise_cell_error(f"not run, since cell {item.parent.failed_cell} failed")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """Fail a cell that did not run to its end, whatever nbval made of it."""
    if not is_cell(item):
        return (yield)
    kernel = item.parent.kernel
    kernel.await_reply = functools.partial(await_reply, kernel)
    item.parent.failed_cell = item.cell_num  # until the end is reached
    result = yield
    if item.parent.timed_out:
        item.raise_cell_error("the cell took too long")
    if kernel.last_reply["status"] != "ok":
        item.raise_cell_error(f"{kernel.last_reply.get('ename')} was hidden by the cell")
    del item.parent.failed_cell
    return result


def await_reply(kernel, msg_id, timeout=None):
    """Wait for a cell's reply as nbval does, but keep it, and do not wait for a dead kernel."""
    deadline = time.monotonic() + (timeout or float("inf"))
    while True:
        try:
            message = kernel.get_message("shell", timeout=0.5)
        except Empty:
            if not kernel.is_alive():
                raise RuntimeError("the kernel died") from None
            if time.monotonic() > deadline:
                raise
            continue
        if message["parent_header"].get("msg_id") == msg_id:
            kernel.last_reply = message["content"]
            return
