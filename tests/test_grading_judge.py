"""What a submission comes to: points for what is right everywhere, words that give nothing away."""

import importlib
import json
import os
import signal
import sys
from pathlib import Path

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_utils import checks
from course_utils.grading import judge as judging
from course_utils.grading import sandbox, wire, worker
from course_utils.grading.judge import Judge, Mark, weeks
from course_utils.grading.submissions import Submission

ROOT = Path(__file__).resolve().parents[1]
SEED = 20_261


@pytest.fixture(scope="module")
def judge():
    with Judge("week01", SEED, seconds=2) as one:
        yield one


def submission(*cells, **more):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
    return Submission("ada", "ada.ipynb", nbformat.writes(notebook).encode(), **more)


def marked(judge, *cells, name="perplexity"):
    """Return the check of one function in a notebook of these cells."""
    mark = judge.mark(submission(*cells))
    return next(check for check in mark.checks if check.name == name)


RIGHT = """
import math
def perplexity(p):
    if 0 in p:
        return math.inf
    return math.exp(-sum(map(math.log, p)) / len(p))
"""
COUNT = """
from collections import Counter
def count_ngrams(sentences, n):
    counts = Counter()
    for s in sentences:
        s = ["<s>", *s, "</s>"]
        counts.update(tuple(s[i : i + n]) for i in range(len(s) - n + 1) if s[i + n - 1] != "<s>")
    return counts
"""


@pytest.mark.parametrize("week", weeks())
def test_a_solution_gets_full_marks_and_an_exercise_none(week):
    with Judge(week, SEED) as judge:
        for folder, points in (
            ("solutions", judge.mark(submission("x = 1")).max_points),
            ("exercises", 0),
        ):
            [path] = [p for p in (ROOT / folder / week).glob("*.ipynb") if "-Copy" not in p.stem]
            mark = judge.mark(Submission("ada", path.name, path.read_bytes()))
            assert mark.status == "graded" and mark.points == points
            assert {check.status for check in mark.checks} == {"right" if points else "not done"}
            assert not any(check.flags for check in mark.checks) and not mark.broken


def test_the_points_are_those_of_the_right_answers(judge):
    mark = judge.mark(submission(RIGHT, COUNT))
    assert mark.points == 6 and mark.max_points == 22
    assert {check.name for check in mark.checks if check.points} == {"perplexity", "count_ngrams"}
    assert mark.sandbox == judge.level and mark.seed == SEED
    assert Mark.from_json(json.loads(json.dumps(mark.to_json()))) == mark


def test_a_misconception_is_named(judge):
    check = marked(judge, "import numpy as np\ndef perplexity(p): return float(np.mean(p))")
    assert check.status == "wrong" and check.points == 0
    assert check.reason == ("it averages the probabilities themselves; average their logarithms")
    assert check.feedback == (
        f"Wrong, because {check.reason}. "
        "The check in the notebook shows an input on which it fails."
    )


def test_a_hidden_input_is_sent_when_the_one_before_it_is_answered(judge, monkeypatch):
    log = []

    def noted(owner, name):
        method = getattr(owner, name)

        def call(self, *frame):
            log.append(name)
            return method(self, *frame)

        monkeypatch.setattr(owner, name, call)

    noted(sandbox._Forked, "send")
    noted(sandbox.Conversation, "receive")
    assert marked(judge, RIGHT).status == "right"
    n_examples = len(judge.questions["perplexity"].question.examples)
    hidden = log[-2 * judging.N_RANDOM :]
    assert hidden == ["send", "receive"] * judging.N_RANDOM
    assert log[-2 * judging.N_RANDOM - n_examples - 1 :][: n_examples + 1] == [
        "send",
        *["receive"] * n_examples,
    ]


def test_a_worker_that_reads_nothing_is_the_graders_fault(monkeypatch):
    def broken(found, names):
        raise judging.wire.Malformed("half written")

    monkeypatch.setattr(judging, "_checked", broken)
    with pytest.raises(sandbox.NoSandbox, match="does not read notebooks"):
        Judge("week01", SEED)


def test_answers_for_the_visible_inputs_alone_earn_nothing(judge):
    question = checks.find("week01.perplexity")
    visible = question.cases()  # the examples and those of the notebook's own check
    table = {repr(list(case[0])): question.expected(*case) for case in visible}
    check = marked(
        judge,
        f"inf = float('inf')\ntable = {table}",
        "def perplexity(p): return table.get(repr(list(p)), 1.0)",
    )
    assert check.status == "wrong" and check.points == 0
    assert "right on the examples" in check.feedback


def test_feedback_holds_neither_hidden_inputs_nor_expected_values(judge):
    """Not even if the answer, or the name of an exception, is made of the input."""
    leaks = [
        "def {f}(*a): return {{('seen', repr(a)): 1}}",
        "def {f}(*a): return [repr(a)]",
        "def {f}(*a): raise ValueError(repr(a))",
        "def {f}(*a): raise type('Seen_' + repr(a), (Exception,), {{}})()",
        "def {f}(*a): return type('Seen_' + repr(a), (), {{}})()",
        "def {f}(*a):\n a[0].append('seen') if hasattr(a[0], 'append') else None\n return repr(a)",
    ]
    for leak in leaks:
        mark = judge.mark(submission(*(leak.format(f=f) for f in judge.questions)))
        text = json.dumps(mark.to_json()["checks"])
        assert mark.points == 0
        assert "seen" not in text.lower()
        for prepared in judge.questions.values():
            hidden = prepared.cases[len(prepared.question.examples) :]
            assert not any(
                repr(part) in text for case in hidden for part in case if len(repr(part)) > 12
            )


def test_what_is_raised_is_said_by_the_name_of_pythons_own_exception(judge):
    check = marked(judge, "class Mine(KeyError): pass\ndef perplexity(p): raise Mine('x')")
    assert check.status == "raised" and check.feedback.startswith("Raised KeyError.")


def test_a_function_that_changes_its_argument_or_keeps_a_state_is_told_so(judge):
    check = marked(
        judge,
        RIGHT
        + "right = perplexity\n"
        + "def perplexity(p):\n    x = right(p)\n    p.append(1)\n    return x",
    )
    assert "it changes its argument `probabilities`" in check.feedback and check.points == 0
    check = marked(judge, "n = [1]\ndef perplexity(p):\n    n[0] += 1\n    return n[0] * 0.5")
    assert "two calls with the same input" in check.feedback and check.points == 0


@pytest.mark.parametrize(
    "body, status, words",
    [
        ("while True: pass", "stopped", "Stopped after 2 seconds"),
        ("import os; os._exit(0)", "died", "ended the process"),
        ("return bytearray(1 << 40)", "raised", "MemoryError"),
        ("return 'a' * (20 << 20)", "wrong", "too large"),
        ("return None", "not done", "Not done yet"),
        ("x = p", "not done", "returns nothing"),
        ("return p[99]", "raised", "IndexError"),
    ],
)
def test_what_goes_wrong_costs_one_check_and_no_other(judge, body, status, words):
    mark = judge.mark(submission(f"def perplexity(p):\n    {body}", COUNT))
    checks = {check.name: check for check in mark.checks}
    assert checks["perplexity"].status == status and words in checks["perplexity"].feedback
    assert mark.points == checks["count_ngrams"].points == 3


def test_a_function_of_another_name_is_pointed_at(judge):
    check = marked(judge, RIGHT.replace("def perplexity", "def perplexty"))
    assert check.status == "not done"
    assert "There is no function `perplexity`" in check.feedback and "`perplexty`" in check.feedback


def test_code_that_does_not_define_the_function_is_named(judge):
    check = marked(judge, "from nothing_here import perplexity")
    assert check.status == "raised" and "not at hand while grading: nothing_here" in check.feedback
    check = marked(judge, "perplexity = 1 / 0")
    assert (
        check.feedback
        == "The code that defines `perplexity` does not run: it raises ZeroDivisionError."
    )


def test_the_better_counts_of_in_place_and_at_the_end(judge):
    again = "math = None"
    assert marked(judge, RIGHT, again).status == "right"
    helper = "def log(x):\n    return math.log(x)"
    later = RIGHT.replace("map(math.log, p)", "map(log, p)")
    assert marked(judge, later, helper).status == "right"
    assert marked(judge, "def perplexity(p): return 1.0", RIGHT).status == "right"


def test_a_cell_that_does_not_compile_costs_what_it_defines(judge):
    mark = judge.mark(submission("def perplexity(p) return", COUNT))
    assert mark.points == 3
    [[number, text]] = mark.broken
    assert number == 1 and "SyntaxError" in text


@pytest.mark.parametrize(
    "given, status",
    [
        (Submission("a", "a.ipynb", b"not json"), "unreadable"),
        (
            Submission("a", "a.zip", problem="unreadable: it is a zip archive"),
            "unreadable: it is a zip",
        ),
        (submission(), "empty"),
        (submission("  "), "empty"),
        (submission(RIGHT, "x = " + "(" * 500), "graded"),
        (submission("x = 1\n" * 400_000), "unreadable: its code could not be read within"),
    ],
    ids=["text", "zip", "no cells", "blank", "parentheses", "long"],
)
def test_every_file_gets_a_status(judge, given, status):
    mark = judge.mark(given)
    assert mark.status.startswith(status) and mark.points is not None
    assert len(mark.checks) == len(judge.questions)


def test_the_notebook_of_another_week_is_recognised(judge):
    [path] = (ROOT / "solutions" / "week02").glob("*[!y][!0-9].ipynb")
    mark = judge.mark(Submission("ada", path.name, path.read_bytes()))
    assert mark.status == "wrong week: it holds 10 functions of week02" and mark.points == 0


def test_a_sandbox_that_fails_makes_no_zero(monkeypatch):
    with Judge("week01", SEED) as judge:

        def fail(self):
            raise sandbox.NoSandbox("the worker does not start")

        monkeypatch.setattr(sandbox.Sandbox, "open", fail)
        mark = judge.mark(submission(RIGHT))
    assert mark.points is None and mark.status == "not graded: the worker does not start"
    assert {check.status for check in mark.checks} == {"not graded"}


def test_a_worker_that_is_lost_costs_nobody_points(monkeypatch):
    """Such as by the system, for want of memory: the check is made again, or not graded."""
    send = sandbox._Forked.send
    with Judge("week01", SEED) as judge:

        def losing(times):
            left = iter(range(times))

            def lose(self, frame):
                if b'"call"' in frame and next(left, None) is not None:
                    os.killpg(judge.sandbox.process.pid, signal.SIGKILL)
                    assert self.socket.recv(1) == b""  # both are gone
                    assert judge.sandbox.control.recv(1) == b""
                send(self, frame)

            monkeypatch.setattr(sandbox._Forked, "send", lose)
            return judge.mark(submission(RIGHT))

        if not sandbox.FORK:
            pytest.skip("each check has a worker of its own")
        assert losing(1).points == 3
        mark = losing(2)
        assert mark.points is None and mark.status.startswith("not graded: the worker was ended")
        assert losing(0).points == 3


def test_what_is_said_to_be_missing_is_the_name_of_a_module(judge):
    for name in ("\ud800", "<b>", "a b", "", "x" * 70):
        source = f"def fail(): raise ImportError(name={name!r})\nperplexity = fail()"
        check = marked(judge, source)
        assert check.feedback.encode() and "not at hand" not in check.feedback
        assert "it raises ImportError" in check.feedback


@pytest.mark.parametrize(
    "answer",
    [
        "np.zeros((1 << 40, 0))",
        "np.zeros((0, 1 << 40))",
        "np.full((2, 2), np.nan)",
        "[np.zeros(0)] * 9000",
        "{i * ((1 << 61) - 1): 1 for i in range(9000)}",
        "10 ** 5000",
        "[1, [2, [3, (4, {5})]]]",
        "{(1, 'a'): {None: ...}}",
        "1j",
        "'\\ud800'",
        "(i for i in 'ab')",
    ],
)
def test_odd_answers_are_wrong_and_no_more(judge, answer):
    mark = judge.mark(submission("import numpy as np", f"def count_ngrams(*a): return {answer}"))
    assert mark.status == "graded" and mark.points == 0
    check = next(check for check in mark.checks if check.name == "count_ngrams")
    assert check.status == "wrong" and check.feedback.encode()


def answered(prepared, function):
    """Return what comes of a function's answers once they have crossed, all in this process."""
    worker.wire = wire
    outcomes = []
    for cases, frame in prepared.batches:
        for case, arguments in zip(cases, wire.parse(frame[4:])["call"], strict=True):
            answer = wire.parse(wire.frame(worker.call(function, arguments))[4:])
            try:
                outcomes.append(judging._outcome(prepared.question, case, answer))
            except (sandbox.Ended, wire.Malformed):
                return None
    return prepared.judge(len(outcomes), outcomes)


BANKS = sorted(path.stem for path in (ROOT / "tests/wrong_solutions").glob("week*.py"))


@pytest.mark.filterwarnings("ignore")  # what a wrong solution may well cause
@pytest.mark.parametrize("week", BANKS)
def test_the_judge_says_what_the_check_in_the_notebook_says(week, monkeypatch):
    """Of every right and every wrong solution in the banks, on the same inputs."""
    monkeypatch.setattr(judging, "N_RANDOM", 6)
    bank = importlib.import_module(f"wrong_solutions.{week}")
    questions = importlib.import_module(f"course_utils.checks.{week}").QUESTIONS
    for name, question in questions.items():
        prepared = judging._Prepared(question, SEED)
        wrong = [function for function, _ in bank.WRONG[name].values()]
        for function in [*bank.RIGHT[name], *wrong]:
            outcomes = checks.run(question, function, prepared.cases)
            own = checks.judge(question, prepared.cases, outcomes, expected=prepared.expected)
            ours = answered(prepared, function)
            assert bool(own) == bool(ours) == (function not in wrong)
            reasons = [result.reason.replace("a float64", "a float") for result in (own, ours)]
            assert reasons[0] == reasons[1]  # as which a number of NumPy's has crossed


anything = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=3),
    st.sampled_from([{"x": "generator"}, {"e": 0}, {"a": ["<f8", [30, 0], ""]}, {"s": [1]}]),
    st.sampled_from([{"a": ["<f2", [2], "AHwAfA=="]}, {"a": ["|b1", [], "Ag=="]}, 10**2900]),
)
anything = st.recursive(
    anything,
    lambda parts: st.one_of(
        st.lists(parts, max_size=3),
        st.lists(parts, max_size=3).map(lambda parts: {"t": parts}),
        st.lists(st.tuples(parts, parts), max_size=3).map(lambda p: {"d": [list(q) for q in p]}),
    ),
    max_leaves=6,
)


@given(st.data())
def test_whatever_the_worker_answers_gets_a_mark_and_no_points(judge, data):
    name = data.draw(st.sampled_from(list(judge.questions)))
    prepared = judge.questions[name]
    keys = st.sampled_from(["value", "after", "again", "error", "text"])
    answer = data.draw(st.dictionaries(keys, anything, min_size=1))
    outcomes, ended = [], data.draw(st.sampled_from(["", "stopped", "died", "too large"]))
    for case in prepared.cases[: data.draw(st.integers(1, 40)) if ended else None]:
        try:
            outcomes.append(judging._outcome(prepared.question, case, answer))
        except (sandbox.Ended, wire.Malformed):
            ended = ended or "died"
    check = judge._judge(name, outcomes, ended, [])
    assert check.points == 0 and check.status != "right" and check.feedback.encode()


def test_a_week_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="no checks for 'week99'; there are week01"):
        Judge("week99", SEED)


def test_one_seed_gives_one_set_of_inputs_and_another_another():
    question = checks.find("week01.count_ngrams")
    one, same, other = (judging._Prepared(question, seed) for seed in (1, 1, 2))
    assert [frame for _, frame in one.batches] == [frame for _, frame in same.batches]
    assert one.batches[0][1] == other.batches[0][1] and one.batches[1][1] != other.batches[1][1]


NEW_WEEK = """
import numpy as np
from course_utils.checks import Question


def length(v):
    return float(np.sqrt(v @ v))


QUESTIONS = {
    "length": Question(
        points=4,
        expected=length,
        examples=((np.array([3.0, 4.0]),),),
        random_inputs=lambda rng: (rng.normal(size=rng.integers(1, 5)),),
        mistakes=[("the root is missing", lambda v: float(v @ v))],
        without=("numpy.linalg.norm",),
    )
}
"""


def test_a_later_week_plugs_in_by_its_checks_alone(tmp_path, monkeypatch):
    (tmp_path / "week90.py").write_text(NEW_WEEK)
    monkeypatch.setattr(checks, "__path__", [*checks.__path__, str(tmp_path)])
    importlib.invalidate_caches()
    try:
        with Judge("week90", SEED) as judge:
            shortcut = "import numpy as np\ndef length(v): return float(np.linalg.norm(v))"
            check = marked(judge, shortcut, name="length")
            assert check.status == "raised" and check.points == 0
            assert any("numpy.linalg.norm" in flag for flag in check.flags)
            assert marked(
                judge, "def length(v): return float(v @ v)", name="length"
            ).feedback.startswith("Wrong, because the root is missing.")
            assert (
                marked(judge, "def length(v): return float(v @ v) ** 0.5", name="length").points
                == 4
            )
    finally:
        sys.modules.pop("course_utils.checks.week90", None)


def test_what_the_worker_says_of_a_notebook_is_looked_at():
    good = {
        "answers": {
            "f": {"programs": [["f = 1"]], "flags": [], "shape": "", "stub": False, "near": ""}
        },
        "broken": [[1, "SyntaxError"]],
        "names": ["f"],
    }
    assert judging._checked(good, ["f"]) == good
    for path, value in [
        ("answers", []),
        ("answers.f", None),
        ("answers.f.programs", [[1]]),
        ("answers.f.programs", [[], [], []]),
        ("answers.f.stub", 1),
        ("answers.f.shape", None),
        ("answers.f.flags", [{}]),
        ("broken", [[1]]),
        ("broken", [["1", "x"]]),
        ("names", [1]),
        ("names", None),
    ]:
        bad = json.loads(json.dumps(good))
        *parts, last = path.split(".")
        place = bad
        for part in parts:
            place = place[part]
        place[last] = value
        with pytest.raises(judging.wire.Malformed):
            judging._checked(bad, ["f"])
