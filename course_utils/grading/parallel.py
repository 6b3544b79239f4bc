"""Mark many submissions at once: on the cores of this machine, or on a Dask cluster.

What travels between the processes are submissions and marks, both made by the grader; what a
student's code answers has been judged before it gets here.
"""

from __future__ import annotations

import hashlib
import importlib
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import course_utils
from course_utils import checks
from course_utils.grading import sandbox
from course_utils.grading.judge import CheckMark, Judge, Mark
from course_utils.grading.submissions import Submission

CONNECT_SECONDS = 10
PATIENCE = 60  # seconds to wait for a cluster that has no workers


@dataclass(frozen=True)
class Run:
    """What every mark depends on besides its submission.

    Attributes
    ----------
    week : str
    seed : int
        The hidden inputs are drawn from it.
    seconds : float
        Processor time of one check.
    level : str
        The sandbox, one of `sandbox.LEVELS`.
    version : str
        The code that marks, see `version`.
    hidden : tuple of str
        Folders that submissions must not be able to read; no mark depends on them.
    """

    week: str
    seed: int
    seconds: float
    level: str
    version: str
    hidden: tuple[str, ...] = ()


def version() -> str:
    """Return a hash of the course's code: marks made by other code are not reused."""
    package = Path(course_utils.__file__).parent
    texts = [path.read_bytes() for path in sorted(package.rglob("*.py"))]
    return hashlib.sha256(b"\0".join(texts)).hexdigest()[:16]


# In the process that marks

_judges: dict[int, tuple[Run, Judge]] = {}  # one a thread: a cluster's worker may have several


def mark_one(run: Run, submission: Submission) -> Mark:
    """Mark a submission. A fault of the grader costs it no points: it is not graded then."""
    thread = threading.get_ident()
    try:
        if thread not in _judges or _judges[thread][0] != run:
            _dismiss(thread)
            _judges[thread] = run, Judge(run.week, run.seed, run.seconds, run.level, run.hidden)
        mark = _judges[thread][1].mark(submission)
    except sandbox.NoSandbox as error:
        mark = not_graded(run, submission, str(error))
    except Exception as error:
        traceback.print_exc()  # for the instructor; a student reads no more than its name
        mark = not_graded(run, submission, f"the grader failed with {type(error).__name__}")
    if mark.points is None:
        _dismiss(thread)  # the next submission gets a new judge
    return mark


def _dismiss(*threads: int) -> None:
    """End the judges of some threads, or of all, and their sandboxes."""
    for thread in threads or tuple(_judges):
        if thread in _judges:
            _judges.pop(thread)[1].close()


def not_graded(run: Run, submission: Submission, why: str) -> Mark:
    """Return what stands for a mark that could not be made: no points, not even 0."""
    questions = importlib.import_module(f"{checks.__name__}.{run.week}").QUESTIONS
    blank = [CheckMark(name, 0, one.points, "not graded") for name, one in questions.items()]
    return Mark(
        student=submission.student,
        path=submission.path,
        week=run.week,
        seed=run.seed,
        status=f"not graded: {why}",
        checks=blank,
        points=None,
        max_points=sum(check.max_points for check in blank),
        submitted=submission.submitted,
        sandbox=run.level,
    )


# In the process that asks


class Cores:
    """Processes of this machine: a context manager that ends them.

    Parameters
    ----------
    n_jobs : int
        How many; -1 is one a core, and 1 is this process itself.
    """

    def __init__(self, n_jobs: int = -1):
        self.n_jobs = n_jobs

    def __enter__(self) -> Cores:
        return self

    def __exit__(self, *_) -> None:
        from joblib.externals.loky import get_reusable_executor

        get_reusable_executor().shutdown()
        _dismiss()

    def ping(self, level: str | None = None) -> str:
        """Return the level at which submissions will run; a worker has answered there.

        Raises
        ------
        sandbox.NoSandbox
            If none did.
        """
        if level is None:
            return sandbox.strongest()[0]
        with sandbox.Sandbox(level) as box:
            box.open().close()
        return level

    def mark(
        self, run: Run, submissions: Sequence[Submission], mark: Callable = mark_one
    ) -> Iterator[tuple[int, Mark]]:
        """Mark submissions; yield the number of each and its mark, as they come.

        A process that dies takes the others with it. Then those that were under way go on one at a
        time, so that no submission can harm any but itself.
        """
        from joblib import Parallel, delayed, effective_n_jobs

        missing = dict(enumerate(submissions))
        alone = 0  # so many of the first may be what killed a process
        while missing:
            batch = list(islice(missing, 1 if alone else None))
            parallel = Parallel(self.n_jobs, return_as="generator_unordered", batch_size=1)
            tasks = (delayed(_numbered)(i, mark, run, missing[i]) for i in batch)
            try:
                for i, result in parallel(tasks):
                    del missing[i]
                    yield i, result
            except BrokenProcessPool:
                if alone:
                    died = missing.pop(batch[0])
                    yield batch[0], not_graded(run, died, "the grader's process was killed")
                else:
                    alone = 2 * effective_n_jobs(self.n_jobs) + 1  # joblib hands out two a process
            alone = max(alone - 1, 0)


def _numbered(i: int, mark: Callable, run: Run, submission: Submission) -> tuple[int, Mark]:
    return i, mark(run, submission)


class Cluster:
    """A Dask cluster: a context manager that ends the connection.

    Parameters
    ----------
    address : str
        Of its scheduler, such as ``"tcp://10.0.0.1:8786"``.

    Raises
    ------
    ValueError
        If the packages for it are missing, nothing answers at the address, or its workers cannot
        grade as this machine would.
    """

    def __init__(self, address: str):
        try:
            from distributed import Client
        except ImportError:
            raise ValueError(
                "a scheduler needs packages that are not installed; in the course's folder run "
                "python -m pip install -c constraints.txt -e '.[cluster]'"
            ) from None
        try:
            self.client = Client(address, timeout=CONNECT_SECONDS)
        except (OSError, ValueError) as error:
            raise ValueError(f"no Dask scheduler answers at {address!r}: {error}") from None

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, *_) -> None:
        self.client.run(_dismiss, on_error="ignore")
        self.client.close()

    def ping(self, level: str | None = None) -> str:
        """Return the weakest level that a worker of the cluster has.

        Raises
        ------
        sandbox.NoSandbox
            If a worker has none.
        """
        try:
            self.client.wait_for_workers(1, timeout=CONNECT_SECONDS)
            versions = self.client.run(version)
        except TimeoutError:
            text = "the cluster has no workers; start some with `dask worker ADDRESS`"
            raise ValueError(text) from None
        except ImportError as error:
            raise ValueError(f"the workers of the cluster lack the course: {error}") from None
        if others := [worker for worker, found in versions.items() if found != version()]:
            raise ValueError(f"another version of the course is installed at {', '.join(others)}")
        levels = self.client.run(Cores().ping, level).values()
        return max(levels, key=sandbox.LEVELS.index)

    def mark(
        self, run: Run, submissions: Sequence[Submission], mark: Callable = mark_one
    ) -> Iterator[tuple[int, Mark]]:
        """Mark submissions, as `Cores.mark` does.

        A submission whose worker dies again and again, or that is left when all workers are gone,
        is not graded.
        """
        from distributed import wait

        # A few at a time, since the scheduler holds what it is given.
        at_once = 2 * max(1, sum(self.client.nthreads().values()))
        left, asked = iter(range(len(submissions))), {}
        while True:
            for i in islice(left, at_once - len(asked)):
                asked[self.client.submit(mark, run, submissions[i], pure=False)] = i
            if not asked:
                return
            try:
                done = wait(list(asked), PATIENCE, return_when="FIRST_COMPLETED").done
            except TimeoutError:
                if self.client.nthreads():
                    continue
                break
            for future in done:
                i = asked.pop(future)
                try:
                    yield i, future.result(PATIENCE)
                except Exception:
                    yield i, not_graded(run, submissions[i], "the cluster's worker was killed")
        for i in (*asked.values(), *left):
            yield i, not_graded(run, submissions[i], "the cluster has no workers left")
