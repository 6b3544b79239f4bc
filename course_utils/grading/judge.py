"""The trusted side: what a submission's functions answer is compared here with the oracles.

A function earns its points if it is right on the examples of its question and on every random
input drawn from the seed of the run. The judge sends one hidden input after the other and gets
plain data back (`wire`); it never runs, imports or unpickles anything of a student's.
"""

from __future__ import annotations

import builtins
import dataclasses
import importlib
import pkgutil
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from course_utils import checks
from course_utils.grading import wire
from course_utils.grading.sandbox import Conversation, Ended, NoSandbox, Sandbox, strongest
from course_utils.grading.submissions import Notebook, Submission, Unreadable, read_notebook

N_RANDOM = 30
EARNED = ("right", "wrong", "raised", "stopped", "died", "not done")  # the better first


@dataclass
class CheckMark:
    """What one check came to.

    Attributes
    ----------
    name : str
        The function.
    points, max_points : float
    status : str
        ``"right"``, ``"wrong"``, ``"raised"``, ``"not done"``, ``"stopped"`` (out of time),
        ``"died"`` (the interpreter was killed or ran out of memory) or ``"not graded"``.
    reason : str
        The misconception in words, if one was recognised.
    feedback : str
        What the student reads. It holds no hidden input and no expected value.
    flags : list of str
        What the instructor should look at.
    """

    name: str
    points: float
    max_points: float
    status: str
    reason: str = ""
    feedback: str = ""
    flags: list[str] = field(default_factory=list)


@dataclass
class Mark:
    """What one submission came to.

    Attributes
    ----------
    student, path, submitted : str
        As in the `Submission`.
    week : str
    seed : int
        The hidden inputs are drawn from it.
    status : str
        ``"graded"``; ``"unreadable: ..."``, ``"empty: ..."``, ``"wrong week: ..."`` (0 points); or
        ``"not graded: ..."``, where ``points`` is None, for a fault of the grader is no zero.
    checks : list of CheckMark
    points : float or None
    max_points : float
    members : list of str
        The names a group gave.
    broken : list of [int, str]
        Code cells that do not compile, counted from 1, and why.
    shapes : dict of str to str
        Each answer without names and formatting, to find near-identical ones; "" for a stub.
    sandbox : str
        The level it ran in: ``"bubblewrap"``, ``"landlock"`` or ``"limits"``.
    """

    student: str
    path: str
    week: str
    seed: int
    status: str
    checks: list[CheckMark]
    points: float | None
    max_points: float
    submitted: str = ""
    members: list[str] = field(default_factory=list)
    broken: list[list] = field(default_factory=list)
    shapes: dict[str, str] = field(default_factory=dict)
    sandbox: str = ""

    def to_json(self) -> dict:
        """Return it as plain data."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, data: dict) -> Mark:
        """Return the mark that `to_json` made this of."""
        return cls(**{**data, "checks": [CheckMark(**check) for check in data["checks"]]})


class Judge:
    """Marks submissions of one week; a context manager that holds a warm worker.

    Parameters
    ----------
    week : str
        ``"week01"``; the questions are those of `course_utils.checks`.
    seed : int
        The hidden inputs are drawn from it.
    seconds : float
        Processor time of one check.
    level : str, optional
        One of `sandbox.LEVELS`; the strongest at hand by default.
    hidden : sequence of path
        What the worker must not be able to read, such as the submissions.

    Raises
    ------
    ValueError
        If there is no such week.
    NoSandbox
        If no worker answers at this level.
    """

    def __init__(
        self,
        week: str,
        seed: int,
        seconds: float = 10.0,
        level: str | None = None,
        hidden: Sequence = (),
    ):
        if week not in weeks():
            raise ValueError(f"there are no checks for {week!r}; there are {', '.join(weeks())}")
        module = importlib.import_module(f"{checks.__name__}.{week}")
        self.week, self.seed, self.level = week, seed, level or strongest()[0]
        self.questions = {
            name: _Prepared(question, seed) for name, question in module.QUESTIONS.items()
        }
        self.sandbox = Sandbox(self.level, seconds, getattr(module, "TORCH", False), hidden)
        try:
            self._read(Notebook(cells=("x = 1",), ids=("",)))
        except Unreadable:  # a worker that cannot read this can read nothing
            self.close()
            raise NoSandbox(f"the worker does not read notebooks in {self.level!r}") from None

    def __enter__(self) -> Judge:
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def close(self) -> None:
        """End the worker."""
        self.sandbox.close()

    def mark(self, submission: Submission) -> Mark:
        """Return the marks of a submission, whatever it holds."""
        mark = Mark(
            student=submission.student,
            path=submission.path,
            week=self.week,
            seed=self.seed,
            status="graded",
            checks=[],
            points=0,
            max_points=sum(one.question.points for one in self.questions.values()),
            submitted=submission.submitted,
            sandbox=self.level,
        )
        try:
            if submission.problem:
                raise Unreadable(submission.problem)
            notebook = read_notebook(submission)
            mark.members = list(notebook.members)
            if not any(cell.strip() for cell in notebook.cells):
                raise Unreadable("empty: it holds no code")
            found = self._read(notebook)
            mark.broken = found["broken"]
            answers = found["answers"]
            _refuse_other_week(found["names"], self.week)
            mark.shapes = {name: answer["shape"] for name, answer in answers.items()}
            mark.checks = [self._check(name, answers[name]) for name in self.questions]
            mark.points = sum(check.points for check in mark.checks)
        except Unreadable as error:
            mark.status = str(error)
            mark.checks = [self._blank(name, "not done", 0) for name in self.questions]
        except NoSandbox as error:  # the grader's fault, not the student's
            mark.status, mark.points = f"not graded: {error}", None
            mark.checks = [self._blank(name, "not graded", 0) for name in self.questions]
        return mark

    def _blank(self, name: str, status: str, points: float = 0, **more) -> CheckMark:
        return CheckMark(name, points, self.questions[name].question.points, status, **more)

    def _read(self, notebook: Notebook) -> dict:
        """Let the worker find the statements that make up each answer; it executes nothing."""
        without = {
            name: {"without": list(one.question.without)} for name, one in self.questions.items()
        }
        request = {"read": [list(notebook.cells), list(notebook.ids), without]}

        def read(conversation: Conversation) -> dict:
            return _checked(conversation.ask(wire.frame(request)), list(self.questions))

        try:
            return self._talk(read)
        except (Ended, wire.Malformed):
            raise Unreadable("unreadable: its code could not be read within the limits") from None

    def _talk(self, say: Callable[[Conversation], Any]) -> Any:
        """Hold a conversation with a fresh process; if the worker was lost, once more.

        Raises
        ------
        NoSandbox
            If it was lost again: no student is to blame.
        """
        for _ in range(2):
            try:
                with self.sandbox.open() as conversation:
                    return say(conversation)
            except Ended as error:
                if error.how != "lost":
                    raise
        raise NoSandbox("the worker was ended from outside")

    def _check(self, name: str, answer: dict) -> CheckMark:
        """Ask for one function: as it stands where it was written, then at the notebook's end."""
        if not answer["programs"] or answer["stub"]:
            feedback = "Not done yet."
            if not answer["stub"]:
                feedback = f"There is no function `{name}` in the notebook."
                if answer["near"]:
                    feedback += f" There is `{answer['near']}`: is that its name?"
            return self._blank(name, "not done", feedback=feedback)
        best = None
        for program in answer["programs"]:
            mark = self._ask(name, program)
            if best is None or EARNED.index(mark.status) < EARNED.index(best.status):
                best = mark
            if best.status == "right":
                break
        best.flags += answer["flags"]
        return best

    def _ask(self, name: str, program: list[str]) -> CheckMark:
        prepared = self.questions[name]
        outcomes, loaded = [], {}

        def ask(conversation: Conversation) -> None:
            outcomes.clear()
            request = {"load": [program, name, list(prepared.question.without)]}
            loaded.update(conversation.ask(wire.frame(request)))
            for cases, frame in prepared.batches if loaded.get("ready") is True else ():
                conversation.send(frame)
                for case in cases:
                    outcomes.append(_outcome(prepared.question, case, conversation.receive()))

        ended = ""
        try:
            self._talk(ask)
        except Ended as error:
            ended = error.how
        except wire.Malformed:
            ended = "too large"
        if not ended and loaded.get("ready") is not True:
            return self._blank(name, "raised", feedback=_not_loaded(name, loaded))
        return self._judge(name, outcomes, ended, _modules(loaded.get("missing")))

    def _judge(self, name, outcomes, ended, missing) -> CheckMark:
        """Compare, and say what a student may know: nothing of the hidden inputs."""
        prepared = self.questions[name]
        question, n_examples = prepared.question, len(prepared.question.examples)
        result = None
        if outcomes:
            result = prepared.judge(len(outcomes), outcomes)
            if result and not ended:
                return self._blank(name, "right", question.points, feedback="Right.")
            if result.status == "not done yet" and not ended:
                text = f"Not done yet: `{name}` returns nothing."
                return self._blank(name, "not done", feedback=text)
        # The examples are the notebook's own and were sent first: what is said of them, and what
        # the function made of them, gives nothing away. Beyond them only fixed sentences do not.
        shown = prepared.judge(n_examples, outcomes[:n_examples]) if outcomes else None
        reason, maybe = "", ""
        if result is not None and not result:
            fixed = {sentence for sentence, _ in question.mistakes}
            known = result if result.reason in fixed or any(o.changed for o in outcomes) else shown
            reason = known.reason
            maybe = "perhaps " if f"perhaps because {reason}" in known.message else ""
        failing = next((o for o in outcomes if o.error), None)
        sentences = []
        if ended == "stopped":
            status = "stopped"
            sentences.append(
                f"Stopped after {self.sandbox.seconds:g} seconds: does a loop never end?"
            )
        elif ended == "too large":
            status = "wrong"
            sentences.append("Its answer is too large, or not plain data.")
        elif ended:
            status = "died"
            sentences.append(
                "It ended the process that ran it: too much memory, a recursion without end, or a "
                "call that leaves Python."
            )
        elif failing is not None and (not reason or result.status == "raised"):
            status = "raised"
            sentences.append(f"Raised {failing.error}.")
            if missing:
                sentences.append(f"Not at hand while grading: {', '.join(missing)}.")
        else:
            status = "wrong"
        if reason:
            sentences.append(f"Wrong, {maybe}because {reason}.")
        elif status == "wrong":
            sentences.append("Wrong.")
        if not ended:
            sentences.append(
                "It is right on the examples of the notebook's own check, but not on other inputs."
                if shown
                else "The check in the notebook shows an input on which it fails."
            )
        return self._blank(name, status, reason=reason, feedback=" ".join(sentences))


class _Prepared:
    """A question with its inputs, the frames that carry them, and the oracle's answers.

    The examples travel together, for everyone knows them. What comes out of them, which a student
    may be told, has come before the first hidden input is sent; each of these travels alone.
    """

    def __init__(self, question: checks.Question, seed: int):
        self.question = question
        self.cases = question.cases(seed, N_RANDOM)
        self.expected = checks.answers(question, self.cases)
        n = len(question.examples)
        self.batches = [
            (part, wire.frame({"call": [wire.encode(list(case)) for case in part]}))
            for part in (self.cases[:n], *([case] for case in self.cases[n:]))
        ]

    def judge(self, n: int, outcomes: list[checks.Outcome]) -> checks.Result:
        """Judge the outcomes of the first n inputs."""
        return checks.judge(
            self.question, self.cases[:n], outcomes, expected=self.expected[: len(outcomes)]
        )


def weeks() -> list[str]:
    """Return the weeks that have checks."""
    return sorted(
        module.name for module in pkgutil.iter_modules(checks.__path__) if module.name[-1].isdigit()
    )


def _refuse_other_week(names: list[str], week: str) -> None:
    """Raise `Unreadable` if none of a notebook's functions belongs to this week, many to another.

    A notebook that is not for this week deserves no points; that it is not is worth saying.
    """
    known = {
        other: len(
            set(importlib.import_module(f"{checks.__name__}.{other}").QUESTIONS) & set(names)
        )
        for other in weeks()
    }
    best = max(known, key=known.get)
    if known[week] == 0 and known[best] > 2:
        raise Unreadable(f"wrong week: it holds {known[best]} functions of {best}")


def _outcome(question: checks.Question, case: tuple, answer: dict) -> checks.Outcome:
    """Return what a call did, from the worker's word for it.

    Raises
    ------
    wire.Malformed
        If that is none.
    Ended
        If what came out was too large to be sent.
    """
    if "error" in answer:
        name = answer["error"]
        name = name if isinstance(name, str) and hasattr(builtins, name) else "Exception"
        text = answer.get("text")
        return checks.Outcome(error=name, error_text=text if isinstance(text, str) else "")
    if "value" not in answer:
        raise Ended("too large")
    value = wire.decode(answer["value"])
    changed, unsteady = "", False
    if "after" in answer:
        after = wire.decode(answer["after"])
        if not isinstance(after, list):
            raise wire.Malformed("arguments must be a list")
        pairs = zip(question.parameters, case, after, strict=False)
        changed = next((p for p, x, y in pairs if not checks.same(x, y)), "")
    if "again" in answer:
        unsteady = not checks.same(value, wire.decode(answer["again"]))
    return checks.Outcome(value=value, changed=changed, unsteady=unsteady)


def _not_loaded(name: str, loaded: dict) -> str:
    """Say why the statements that define a function did not define it."""
    failed, missing = loaded.get("failed"), _modules(loaded.get("missing"))
    text = f"The code that defines `{name}` does not run"
    if isinstance(failed, str) and hasattr(builtins, failed):
        text += f": it raises {failed}"
    if missing:
        text += f"; not at hand while grading: {', '.join(missing)}"
    return text + "."


def _modules(value) -> list[str]:
    """Return what could be names of modules in a list of which nothing is known."""
    if not isinstance(value, list):
        return []
    names = [name for name in value[:20] if isinstance(name, str)]
    return [name for name in names if re.fullmatch(r"[\w.]{1,60}", name)]


def _checked(found: dict, names: list[str]) -> dict:
    """Return what the worker read, in the form it should have; nothing of it is executed here.

    Raises
    ------
    wire.Malformed
        If it has another form.
    """
    try:
        for name in names:
            answer = found["answers"][name]
            ok = isinstance(answer["stub"], bool) and isinstance(answer["shape"], str)
            ok = ok and isinstance(answer["near"], str) and len(answer["programs"]) <= 2
            ok = ok and all(isinstance(flag, str) for flag in answer["flags"])
            ok = ok and all(isinstance(s, str) for program in answer["programs"] for s in program)
            if not ok:
                raise wire.Malformed(f"the reading of {name}")
        for number, text in found["broken"]:
            if type(number) is not int or not isinstance(text, str):
                raise wire.Malformed("the list of broken cells")
        if not all(isinstance(name, str) for name in found["names"]):
            raise wire.Malformed("the names of functions")
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise wire.Malformed(f"a reading of another form: {error}") from None
    return found
