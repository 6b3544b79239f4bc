"""What a student calls in a notebook: ``check("week01.perplexity", perplexity)``.

A check calls the function on small inputs, looks only at what comes out, and answers at once:
*right*; *wrong, because ...* with the smallest failing input; *not done yet*; or *raised ...* with
the line that raised. It needs no network and no more than a moment; an endless loop is interrupted.

A week is one module, ``weekNN.py``, with a dictionary ``QUESTIONS``. A `Question` holds an oracle
(it computes the answer by other means than the exercise asks for), example inputs, a source of
random inputs, and a table of misconceptions: a sentence, and a function that answers as someone
with this misconception would. Running (`run`) and judging (`judge`) are apart, so that a grader can
run a submission in one process and judge what came out in another: inputs and outputs are plain
data (str, numbers, list, tuple, dict, Counter) and NumPy arrays of numbers.
"""

from __future__ import annotations

import contextlib
import copy
import ctypes
import difflib
import functools
import importlib
import inspect
import io
import itertools
import math
import numbers
import os
import pkgutil
import reprlib
import sys
import threading
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

SECONDS = 2.0


@dataclass(frozen=True)
class Question:
    """One graded function: how to ask for it and how to judge what it answers.

    Attributes
    ----------
    points : int
    expected : callable
        The oracle. Its name and parameters are those the student's function must have.
    examples : tuple of tuples
        Inputs chosen by hand, each a tuple of positional arguments; where the oracle has default
        values, the last may be left out. Arrays small enough to be printed.
    random_inputs : callable
        ``random_inputs(rng) -> tuple``: one more input, from a ``numpy.random.Generator``.
    mistakes : sequence of (str, callable)
        A misconception in words, completing "wrong, because ...", and what it would answer. The
        first that agrees with the student's function on every input is named.
    returns : tuple of str, optional
        Names for the parts of a tuple that is returned, for the messages: ``("dW", "db")``.
    without : tuple of str, optional
        Dotted names that the answer must do without, such as ``"torch.nn.LSTM"``. The grader takes
        them away and reports their use.
    rel_tol, abs_tol : float
        Two floats agree if they differ by at most ``rel_tol`` times the larger, or ``abs_tol``.
    """

    points: int
    expected: Callable
    examples: tuple[tuple, ...]
    random_inputs: Callable[[np.random.Generator], tuple]
    mistakes: Sequence[tuple[str, Callable]]
    returns: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    rel_tol: float = 1e-9
    abs_tol: float = 1e-12

    @property
    def name(self) -> str:
        """The name of the function."""
        return self.expected.__name__

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of its parameters."""
        return tuple(inspect.signature(self.expected).parameters)

    def cases(self, seed: int = 0, n_random: int = 40) -> list[tuple]:
        """Return the examples, then ``n_random`` inputs from ``seed``, each part smallest first."""
        rng = np.random.default_rng(seed)
        drawn = [self.random_inputs(rng) for _ in range(n_random)]
        return [case for part in (self.examples, drawn) for case in sorted(part, key=_size)]


def _size(value: Any) -> int:
    """Return how much there is to read: fewer entries first, then fewer digits."""
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, list | tuple) and _holds_arrays(value):
        return sum(map(_size, value))
    return len(repr(value))


@dataclass
class Outcome:
    """What one call did: a value, or the name, text and line of an error.

    ``changed`` names an argument the call changed; ``unsteady`` says that a second call with the
    same input answered differently; ``printed`` is what it wrote to standard output.
    """

    value: Any = None
    error: str = ""
    error_text: str = ""
    line: str = ""
    changed: str = ""
    unsteady: bool = False
    printed: str = ""

    @functools.cached_property
    def plain(self) -> Any:
        """The value in the form in which values are compared."""
        return _plain(self.value)


@dataclass(frozen=True)
class Result:
    """The answer of a check: true where the function is right, and shown as its message.

    Attributes
    ----------
    status : str
        ``"right"``, ``"wrong"``, ``"not done yet"`` or ``"raised"``.
    reason : str
        The misconception, if one was recognised; it tells nothing of the input.
    message : str
        All of it: status, reason, the smallest failing input, what came out, what was expected.
    """

    status: str
    reason: str
    message: str

    def __bool__(self) -> bool:
        return self.status == "right"

    def __repr__(self) -> str:
        return self.message


def check(name: str, function: Callable) -> Result:
    """Check a function of an exercise.

    Parameters
    ----------
    name : str
        The week and the function: ``"week01.perplexity"``.
    function : callable
        The function itself, without parentheses.

    Returns
    -------
    Result
        Its repr is the message; it is true if the function is right.

    Raises
    ------
    ValueError
        If there is no question of this name.

    Examples
    --------
    >>> import numpy as np
    >>> check("week01.perplexity", lambda probabilities: float(np.mean(probabilities)))
    wrong, because it averages the probabilities themselves; average their logarithms
        on:        perplexity(probabilities=[0.5])
        came out:  0.5
        expected:  2.0
    """
    question = find(name)
    complaint = _unfit(name, question, function)
    if complaint:
        return Result("wrong", complaint, f"wrong, because {complaint}")
    if function is None or function is ...:
        return _not_done(question)
    cases = question.cases()
    return judge(question, cases, run(question, function, cases), _is_stub(function))


def find(name: str) -> Question:
    """Return the question of this name, such as ``"week01.perplexity"``.

    Raises
    ------
    ValueError
        If there is none; the message names the nearest.
    """
    week, _, function = str(name).partition(".")
    weeks = [module.name for module in pkgutil.iter_modules(__path__)]
    if week in weeks:
        questions = importlib.import_module(f"{__name__}.{week}").QUESTIONS
        if function in questions:
            return questions[function]
        weeks = [week]
    known = [
        f"{week}.{question}"
        for week in weeks
        for question in importlib.import_module(f"{__name__}.{week}").QUESTIONS
    ]
    near = difflib.get_close_matches(str(name), known, n=1, cutoff=0.6)
    hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(known)}"
    raise ValueError(f"there is no check {name!r}; {hint}")


def run(
    question: Question, function: Callable, cases: Sequence[tuple], seconds: float = SECONDS
) -> list[Outcome]:
    """Call a function on every input, each time on a copy, and note what it does.

    Together the calls may take ``seconds``; the call that is running then is interrupted, and the
    list ends with it. A loop that never returns to Python, such as one call of NumPy, cannot
    be interrupted this way.
    """
    outcomes = []
    with warnings.catch_warnings(), np.errstate(), _TimeLimit(seconds) as limit:
        warnings.simplefilter("ignore")
        for arguments in cases:
            try:
                outcomes.append(_call(question, function, arguments, limit))
            except TooSlow:  # a second one, while the first was being handled
                limit.stop()
                outcomes.append(Outcome(error=TooSlow.__name__))
            if outcomes[-1].error == TooSlow.__name__:
                break
    return outcomes


def answers(question: Question, cases: Sequence[tuple]) -> list[Outcome]:
    """Return what the oracle answers."""
    with np.errstate(all="ignore"):  # an error of the oracle is the course's: let it show
        return [Outcome(question.expected(*arguments)) for arguments in cases]


def judge(
    question: Question,
    cases: Sequence[tuple],
    outcomes: Sequence[Outcome],
    stub: bool = False,
    expected: Sequence[Outcome] | None = None,
) -> Result:
    """Compare what came out with the oracle, and name the misconception behind a difference.

    ``stub`` says that the function holds no code yet; it only decides how "not done yet" is put.
    ``expected``, the `answers` to the cases, spares whoever judges many functions the oracle.
    """
    if all(_is_nothing(outcome) for outcome in outcomes):
        return _not_done(question, stub)
    if expected is None:
        expected = answers(question, cases)
    expected = expected[: len(outcomes)]
    failing = [
        i
        for i, (got, wanted) in enumerate(zip(outcomes, expected, strict=True))
        if got.changed or got.unsteady or not _agree(got, wanted, question)
    ]
    if not failing:
        return Result("right", "", f"right ({len(cases)} inputs)")
    failing.sort(key=lambda i: not outcomes[i].changed)  # show an argument that was changed
    first = failing[0]
    reason, certain = _reason(question, cases, outcomes, failing, expected[first].value)
    return _explain(question, cases[first], outcomes[first], expected[first].value, reason, certain)


def _is_nothing(outcome: Outcome) -> bool:
    if outcome.error:
        return outcome.error == "NotImplementedError"  # how nbgrader's own stub ends
    return outcome.value is None or outcome.value is ...


def _not_done(question: Question, stub: bool = True) -> Result:
    message = f"not done yet: {question.name}"
    if not stub:
        message += " has code, but returns nothing; end it with `return ...`"
    return Result("not done yet", "", message)


def _reason(question, cases, outcomes, failing, wanted) -> tuple[str, bool]:
    """Return what went wrong, in words, and whether that explains every input."""
    first = outcomes[failing[0]]
    complaint = "" if first.error else _complaint(first.value, wanted, question.returns)
    changed = [outcome.changed for outcome in outcomes if outcome.changed]
    if changed:
        return f"it changes its argument `{changed[0]}`; work on a copy", True
    if any(outcome.unsteady for outcome in outcomes) and not complaint:
        return (
            "two calls with the same input give different answers; use only the arguments, no "
            "global variable, no default value that is changed, no random numbers of its own"
        ), True
    likely, raising = "", set()
    for sentence, mistake in question.mistakes:
        shown = _outcome_of(mistake, cases[failing[0]])
        if not _agree(first, shown, question):
            continue  # then it is neither certain nor a guess
        answers = [_outcome_of(mistake, case) for case in cases[: len(outcomes)]]
        pairs = list(zip(outcomes, answers, strict=True))
        explained = {i for i, (o, answer) in enumerate(pairs) if _agree(o, answer, question)}
        if len(explained) == len(outcomes):
            same_text = all(o.error_text == answer.error_text for o, answer in pairs)
            if same_text or not all(outcome.error for outcome in outcomes):
                return sentence, True
            raising.add(sentence)  # any mistake may raise the same kind of error on every input
            continue
        # A guess must explain the input that is shown, half of all that fail, and all that do not.
        half = len(explained.intersection(failing)) >= len(failing) / 2
        refuted = explained.union(failing) != set(range(len(outcomes)))
        if half and not refuted and not likely:
            likely = sentence
    if not likely and len(raising) == 1:
        likely = raising.pop()
    if complaint:
        return complaint, True
    if "unhashable type: 'list'" in first.error_text:
        return "a list cannot be a key; make it a tuple", True
    nothing = _holds_none(first.plain) or "NoneType" in first.error_text
    if not likely and nothing:
        likely = "something is None here: a function it calls may lack its `return`, or its code"
    return likely, False


def _explain(question, arguments, outcome, wanted, reason, certain) -> Result:
    """Put a failing input into words."""
    because = f", {'because' if certain else 'perhaps because'} {reason}" if reason else ""
    given = dict(zip(question.parameters, arguments, strict=False))
    if _holds_arrays(arguments):  # one a line, to be pasted into a cell
        called = f"{question.name}({', '.join(given)}) with\n{_assignments(given)}"
    else:
        called = ", ".join(f"{name}={_show(value)}" for name, value in given.items())
        called = f"{question.name}({called})"
    lines = [("on:", called)]
    status = "raised" if outcome.error else "wrong"
    if outcome.error == TooSlow.__name__:
        head = f"stopped after {SECONDS:g} seconds: an endless loop?"
    elif outcome.error:
        head = f"raised {outcome.error}: {outcome.error_text}{because}"
    else:
        head = f"wrong{because}" if reason else "wrong; work this input out by hand and compare"
    came, expected = (_answer(value, question.returns) for value in (outcome.value, wanted))
    if came == expected:
        came, expected = (_answer(v, question.returns, exact=True) for v in (outcome.value, wanted))
    if not outcome.error:
        lines += [("came out:", came)]
    if outcome.line:
        lines += [("", f"your {outcome.line}")]
    if not (outcome.changed or outcome.unsteady):
        lines += [("expected:", expected)]
        if not outcome.error:
            lines += [("differ:", text) for text in _differences(outcome.plain, wanted, question)]
    if outcome.printed:
        lines += [("printed:", _show(outcome.printed))]
    # The first line of a text stands beside its label, the further ones below the first.
    lines = [_hang(f"{label:11}" if label else "", text) for label, text in lines]
    return Result(status, reason, "\n".join([head, *lines]).replace("\n", "\n    "))


def _unfit(name: str, question: Question, function: Any) -> str:
    """Say why something cannot be checked at all, or nothing."""
    want = f'give the function itself: check("{name}", {question.name})'
    if function is None or function is ...:
        return ""
    if isinstance(function, type):
        return f"{function.__name__} is a class; {want}"
    if not callable(function):
        shown = "" if isinstance(function, np.ndarray) else f"{_show(function)}, "
        return f"it was given {shown}{_a(function)}; {want}, without parentheses after it"
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # a builtin without a signature
        return ""
    try:
        for arguments in question.examples:
            signature.bind(*arguments)
    except TypeError:
        own = inspect.signature(question.expected).parameters.values()
        wanted = ", ".join(str(p.replace(annotation=p.empty)) for p in own)
        return f"its parameters are {signature}; they must be ({wanted}), in this order"
    return ""


def _is_stub(function: Callable) -> bool:
    """Say whether a function does nothing but return a constant, whatever its docstring says."""
    code = getattr(function, "__code__", None)
    if code is None:
        return False
    return not code.co_names and code.co_nlocals == code.co_argcount and code.co_stacksize <= 1


# Calling the student's function


def _call(question: Question, function: Callable, arguments: tuple, limit: _TimeLimit) -> Outcome:
    given = copy.deepcopy(arguments)
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            value = function(*given)
        with contextlib.suppress(Exception):  # a generator cannot be copied
            value = copy.deepcopy(value)  # the second call may change what the first returned
        with contextlib.redirect_stdout(io.StringIO()):
            again = function(*copy.deepcopy(arguments))
        # Here too, for a value may be endless or refuse to be compared.
        changed = [
            name
            for name, before, after in zip(question.parameters, arguments, given, strict=False)
            if not same(before, after)
        ]
        unsteady = not same(value, again)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # whatever a student's code may raise, exit() included
        if isinstance(error, TooSlow):
            limit.stop()
        line = _student_line(error, function)
        return Outcome(
            error=type(error).__name__,
            error_text=_text(error),
            line=line,
            printed=printed.getvalue(),
        )
    return Outcome(
        value=value,
        changed=changed[0] if changed else "",
        unsteady=unsteady,
        printed=printed.getvalue(),
    )


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # a student's own exception, whose text raises another
        return ""


def _student_line(error: BaseException, function: Callable) -> str:
    """Return the innermost line of the student's own code in a traceback."""
    code = getattr(function, "__code__", None)
    if code is None:
        return ""
    folder = os.path.dirname(code.co_filename)  # the cells of one notebook share a folder
    own = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if os.path.dirname(frame.filename) == folder and frame.filename != __file__
    ]
    return f"line {own[-1].lineno}:  {own[-1].line}" if own else ""


class TooSlow(BaseException):
    """Not an Exception, so that `except Exception` in a student's loop does not swallow it."""


class _TimeLimit:
    """Raise `TooSlow` in this thread if the block is still running after ``seconds``.

    Signals would be interrupted by nothing but the main thread of a Unix process; this works in
    every thread of CPython on every system. It is raised again and again: a loop with a bare
    ``except`` swallows one inside its ``try``, but not one on the way back to it.
    """

    def __init__(self, seconds: float):
        self.seconds = seconds
        self.thread = ctypes.c_ulong(threading.get_ident())
        self.over = threading.Event()
        self.lock = threading.Lock()

    def _interrupt(self):
        wait = self.seconds
        while not self.over.wait(wait):
            with self.lock:
                if not self.over.is_set():
                    self._raise(ctypes.py_object(TooSlow))
            wait = 0.01

    def _raise(self, error):
        ctypes.pythonapi.PyThreadState_SetAsyncExc(self.thread, error)

    def __enter__(self):
        threading.Thread(target=self._interrupt, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        """Raise no more."""
        with self.lock:
            self.over.set()
            self._raise(None)  # one that was set and not yet raised


# Comparing values


def _outcome_of(function: Callable, arguments: tuple) -> Outcome:
    try:
        with np.errstate(all="ignore"):
            return Outcome(value=function(*arguments))
    except Exception as error:
        return Outcome(error=type(error).__name__, error_text=_text(error))


def _agree(got: Outcome, wanted: Outcome, question: Question) -> bool:
    if got.error or wanted.error:
        return got.error == wanted.error
    return _close(got.plain, wanted.plain, question.rel_tol, question.abs_tol)


def same(value: Any, other: Any) -> bool:
    """Say whether two values are equal up to the last digits, whatever holds them."""
    return _close(_plain(value), _plain(other))


def _plain(value: Any) -> Any:
    """Reduce equivalent values to one form: tuples to lists, no zero counts, NumPy to Python.

    Arrays of numbers stay arrays.
    """
    if isinstance(value, np.ndarray) and value.ndim and value.dtype.kind in "biuf":
        return np.asarray(value)
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, Mapping):
        return {k: _plain(v) for k, v in value.items() if not (_is_number(v) and v == 0)}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if _is_number(value) and abs(value) <= sys.float_info.max:  # an int may be larger
        return float(value)
    return value


def _close(got: Any, wanted: Any, rel_tol: float = 1e-9, abs_tol: float = 1e-12) -> bool:
    """Compare two plain values. An array may stand for a list, a list not for an array."""
    if isinstance(wanted, np.ndarray):
        return (
            isinstance(got, np.ndarray)
            and got.shape == wanted.shape
            and _serves(got, wanted)
            and bool(_near(got, wanted, rel_tol, abs_tol).all())
        )
    if isinstance(got, np.ndarray):
        got = _plain(got.tolist())
    if isinstance(got, float) and isinstance(wanted, float):
        near = math.isclose(got, wanted, rel_tol=rel_tol, abs_tol=abs_tol)
        return near or (got != got and wanted != wanted)
    if isinstance(got, dict) and isinstance(wanted, dict):
        return got.keys() == wanted.keys() and all(
            _close(got[k], wanted[k], rel_tol, abs_tol) for k in wanted
        )
    if isinstance(got, list) and isinstance(wanted, list):
        return len(got) == len(wanted) and all(
            _close(x, y, rel_tol, abs_tol) for x, y in zip(got, wanted, strict=True)
        )
    if type(got) is not type(wanted):
        return False
    try:
        return bool(got == wanted)
    except Exception:  # a table or tensor has no single answer
        return False


def _serves(got: np.ndarray, wanted: np.ndarray) -> bool:
    """Say whether one kind of number may stand for another: an int for a float, not the reverse."""
    kinds = {"b": "b", "i": "iu", "u": "iu", "f": "biuf"}[wanted.dtype.kind]
    return got.dtype.kind in kinds or not got.size  # np.array([]) holds floats


def _near(got: np.ndarray, wanted: np.ndarray, rel_tol: float, abs_tol: float) -> np.ndarray:
    """Say of every entry whether it is right, as `math.isclose` does; nan is near nan."""
    if wanted.dtype.kind != "f":
        return got == wanted
    got = got.astype(np.float64)  # two booleans have no difference
    with np.errstate(all="ignore"):
        tolerance = np.maximum(rel_tol * np.maximum(np.abs(got), np.abs(wanted)), abs_tol)
        near = (np.abs(got - wanted) <= tolerance) & np.isfinite(got) & np.isfinite(wanted)
    return near | (got == wanted) | (np.isnan(got) & np.isnan(wanted))


def _holds(value: Any, found: Callable[[Any], bool], level: int = 8) -> bool:
    """Say whether something is found in nested lists, tuples and dicts, not too deep."""
    if isinstance(value, Mapping):
        value = list(value.values())
    if not _is_sequence(value):
        return found(value)
    return level > 0 and any(_holds(part, found, level - 1) for part in value)


def _is_sequence(value: Any) -> bool:
    return isinstance(value, list | tuple)


def _holds_arrays(value: Any) -> bool:
    return _holds(value, lambda part: isinstance(part, np.ndarray) and part.ndim > 0)


def _holds_none(plain: Any) -> bool:
    return plain is not None and _holds(plain, lambda part: part is None)


def _is_number(value: Any) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, bool)


def _complaint(value: Any, wanted: Any, names: Sequence[str] = (), it: str = "it returns") -> str:
    """Say what is wrong with the kind of a value or of a part of it, or nothing."""
    if value is None or value is ...:
        if it != "it returns":
            return f"{it} None: something was not computed"
        return "on this input it returns nothing; one way through the code lacks its `return`"
    if isinstance(wanted, np.ndarray) and wanted.ndim:
        return _array_complaint(value, wanted, it)
    kind = _kind(wanted)
    if _holds_arrays(wanted):
        return _parts_complaint(value, wanted, names, it)
    if isinstance(value, np.ndarray) and value.ndim > 0 and kind != "a list":
        return f"{it} an array of shape {value.shape} where {kind} is expected"
    value = value.tolist() if isinstance(value, np.ndarray | np.generic) else value
    if _kind(value) != kind:
        return f"{it} {_a(value)} where {kind} is expected"
    if kind == "a number" and value != value:
        return f"{it} nan, which is not a number: 0/0, or the logarithm of a negative number"
    if kind == "a Counter (or dict)" and any(isinstance(key, tuple) for key in wanted):
        odd = [key for key in value if not isinstance(key, tuple)]
        if odd:
            return f"a key must be a tuple of words such as ('the', 'cat'), not {_show(odd[0])}"
    return ""


def _array_complaint(value: Any, wanted: np.ndarray, it: str) -> str:
    """Say what is wrong with an array before its numbers are looked at: shape, kind, nan, inf."""
    expected = f"an array of shape {wanted.shape} is expected"
    if not isinstance(value, np.ndarray) or value.ndim == 0:
        hint = "; make it one with np.array(...)" if _is_sequence(value) else ""
        return f"{it} {_a(value)} where {expected}{hint}"
    kind = value.dtype.kind
    if kind not in "biuf":
        return f"{it} an array of {value.dtype} where {expected}, of numbers"
    if value.shape != wanted.shape:
        turned = value.ndim > 1 and value.T.shape == wanted.shape
        hint = ": that is the transpose" if turned else ""
        return f"{it} an array of shape {value.shape} where {wanted.shape} is expected{hint}"
    if not _serves(value, wanted):
        return f"{it} an array of {value.dtype} where {wanted.dtype} is expected"
    if wanted.dtype.kind == "f" and np.isnan(value[~np.isnan(wanted)]).any():
        return f"{it} an array with nan in it: 0/0, inf/inf, inf - inf, or log of a negative number"
    if wanted.dtype.kind == "f" and np.isinf(value[np.isfinite(wanted)]).any():
        return f"{it} an array with inf in it: exp of a large number, a division by 0, or log(0)"
    if wanted.dtype.kind == "f" and kind in "iu" and not _close(value, wanted):
        return (
            f"{it} whole numbers ({value.dtype}) where floats are expected; an array of whole "
            "numbers cuts off the fraction of what is put into it"
        )
    if value.dtype in (np.float16, np.float32) and _near(value, wanted, 1e-2, 1e-3).all():
        return f"{it} {value.dtype}, which has few digits; compute with float64"
    return ""


def _parts_complaint(value: Any, wanted: Any, names: Sequence[str], it: str) -> str:
    """Say which of several arrays is missing, or what is wrong with the first that is wrong."""
    if isinstance(wanted, Mapping):
        if not isinstance(value, Mapping):
            return f"{it} {_a(value)} where a dict of arrays is expected"
        odd = [("lacks", key) for key in wanted if key not in value]
        odd += [("must not hold", key) for key in value if key not in wanted]
        if odd:
            return f"the dictionary {odd[0][0]} {_show(odd[0][1])}"
    elif not _is_sequence(value) or len(value) != len(wanted):
        came = _a(value)
        if _is_sequence(value):
            came = f"{_a(value)} of {len(value)}"
        parts = f"({', '.join(names)})" if names else f"of {len(wanted)}"
        return f"{it} {came} where a tuple {parts} is expected"
    complaints = (
        _complaint(part, part_wanted, (), f"{name} is")
        for name, part, part_wanted in _parts(value, wanted, names)
    )
    return next(filter(None, complaints), "")


def _parts(value: Any, wanted: Any, names: Sequence[str]) -> list[tuple[str, Any, Any]]:
    """Return the name of each part, what it is and what it should be; no parts if they differ."""
    if isinstance(wanted, Mapping) and isinstance(value, Mapping):
        return [(_show(key), value[key], wanted[key]) for key in wanted if key in value]
    if not _is_sequence(wanted) or not _is_sequence(value) or len(value) != len(wanted):
        return []
    names = names or [f"value {i}" for i in range(len(wanted))]
    return list(zip(names, value, wanted, strict=True))


def _kind(value: Any) -> str:
    if isinstance(value, Mapping):
        return "a Counter (or dict)"
    if isinstance(value, list | tuple):
        return "a list"
    if isinstance(value, str):
        return "a word (str)"
    return "a number" if _is_number(value) else _a(value)


def _a(value: Any) -> str:
    name = type(value).__name__.removeprefix("nd")  # "an array"
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


class _Show(reprlib.Repr):
    """Short texts of values: six digits, at most a dozen entries."""

    def __init__(self):
        super().__init__()
        self.maxdict = self.maxlist = self.maxtuple = 12
        self.maxstring = self.maxother = 300
        self.maxlevel = 8

    def repr_float(self, value, level):
        return repr(float(f"{value:.6g}"))

    def repr_dict(self, value, level):
        """Keep the order of the dictionary, which decides what `sample_word` draws."""
        if level <= 0:
            return "{...}"
        pairs = [
            f"{self.repr1(key, level - 1)}: {self.repr1(content, level - 1)}"
            for key, content in itertools.islice(value.items(), self.maxdict)
        ]
        return "{" + ", ".join(pairs + ["..."] * (len(value) > self.maxdict)) + "}"

    def repr_Counter(self, value, level):
        return f"Counter({self.repr_dict(value, level)})"


# The largest array that is shown whole.
_ENTRIES = 80


def _show(value: Any, digits: int = 4) -> str:
    """Return a value as it would be written in Python; arrays row by row, with a few digits."""
    if isinstance(value, np.ndarray) and value.ndim:
        return _show_array(value, digits)
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if _holds_arrays(value):
        if isinstance(value, Mapping):
            parts = [_hang(f"{key!r}: ", _show(part, digits)) for key, part in value.items()]
            before, after = "{}"
        else:
            parts = [_show(part, digits) for part in value]
            before, after = "()" if isinstance(value, tuple) else "[]"
        comma = "," if isinstance(value, tuple) and len(value) == 1 else ""
        return _hang(before, ",\n".join(parts)) + comma + after
    if isinstance(value, Counter):
        return _Show().repr_Counter(value, 8)
    return _Show().repr(value)


def _show_array(value: np.ndarray, digits: int) -> str:
    def text(entry):
        return repr(float(f"{entry:.{digits}g}")) if value.dtype.kind == "f" else str(entry)

    small = value.size <= _ENTRIES
    width = max((len(text(entry)) for entry in value.flat), default=0) if small else 0
    rows = np.array2string(
        value,
        separator=", ",
        threshold=_ENTRIES,
        max_line_width=100,
        formatter={"all": lambda entry: text(entry).rjust(width)},
    )
    return _hang("np.array(", rows) + ")"


def _hang(label: str, text: str) -> str:
    """Put a label before a text, and the further lines of the text below its first."""
    return label + text.replace("\n", "\n" + " " * len(label))


def _with_shape(value: Any, text: str) -> str:
    """Add the shape of an array as a comment."""
    return f"{text}  # {value.shape}" if isinstance(value, np.ndarray) and value.ndim else text


def _assignments(values: Mapping[str, Any], digits: int = 4) -> str:
    """Return a line ``name = value`` for each, with the shapes of arrays as comments."""
    return "\n".join(
        _with_shape(value, _hang(f"{name} = ", _show(value, digits)))
        for name, value in values.items()
    )


def _answer(value: Any, names: Sequence[str], exact: bool = False) -> str:
    """Return what came out, its parts by their names; ``exact`` shows all digits."""
    digits = 17 if exact else 4
    if names and _is_sequence(value) and len(value) == len(names):
        return _assignments(dict(zip(names, value, strict=True)), digits)
    if exact and not _holds_arrays(value):
        return repr(value)
    return _with_shape(value, _show(value, digits))


def _differences(got: Any, wanted: Any, question: Question) -> list[str]:
    """Say where the wrong entries are, if some are right; nothing where there are no arrays."""
    if not _holds_arrays(wanted):
        return []
    found = list(_wrong_entries(got, wanted, question))
    if all(wrong.all() for _, wrong in found):
        return []
    lines = []
    for name, wrong in found:
        place = ", ".join(str(i) for i in np.argwhere(wrong)[0]) if wrong.any() else ""
        if wrong.all():
            lines.append(f"{name}, in every entry" if wrong.ndim else name)
        elif wrong.any():
            of = f" of {name}" if name else ""
            lines.append(f"{wrong.sum()} of {wrong.size} entries{of}, the first at [{place}]")
    return lines


def _wrong_entries(got, wanted, question, name=""):
    """Yield the name of every array and number, and which of its entries are wrong."""
    tolerance = question.rel_tol, question.abs_tol
    if isinstance(wanted, np.ndarray) and wanted.ndim:
        if isinstance(got, np.ndarray) and got.shape == wanted.shape:
            yield name, ~_near(got, wanted, *tolerance)
    elif _is_sequence(wanted) or isinstance(wanted, Mapping):
        for part in _parts(got, wanted, question.returns if not name else ()):
            yield from _wrong_entries(part[1], part[2], question, part[0])
    else:
        yield name, np.array(not _close(got, _plain(wanted), *tolerance))
