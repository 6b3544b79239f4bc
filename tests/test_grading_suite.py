"""Marks that can be trusted: what the judge makes of hostile, honest and wrong submissions.

``python benchmarks/grading.py`` prints the table of who tries what, and what comes of it.
"""

import ast
import copy
import csv
import functools
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from submissions import (
    SUBMITTED,
    WEEKS,
    answer_of,
    answers,
    as_cell,
    bank,
    code,
    content,
    exercise,
    filled,
    honest,
    hostile,
    put,
    questions,
    solution,
)

from course_utils.checks import answers as oracle_answers
from course_utils.checks import judge, run
from course_utils.grading import grade
from course_utils.grading.judge import N_RANDOM, Judge
from course_utils.grading.sandbox import NoSandbox
from course_utils.grading.submissions import Submission

SEED = 20_240_229  # not the notebook's own, whose inputs anyone can print


class Judges:
    """A judge for each week, level and time, made when it is first needed."""

    def __init__(self):
        self.made = {}

    def mark(self, data, week="week01", level="bubblewrap", seconds=5.0):
        key = week, level, seconds
        if key not in self.made:
            self.made[key] = Judge(week, SEED, seconds, level)
        return self.made[key].mark(Submission("ada-lovelace", SUBMITTED, data))

    def close(self):
        for made in self.made.values():
            made.close()


@pytest.fixture(scope="module")
def judges(bubblewrap):
    made = Judges()
    yield made
    made.close()


@pytest.fixture(scope="module")
def watch():
    with hostile.Watch() as watching:
        yield watching


@pytest.fixture(scope="module")
def behind_landlock(judges):
    try:
        judges.mark(content(exercise()), level="landlock")
    except NoSandbox as error:
        pytest.skip(f"Landlock does not answer: {error}")
    return judges


def earned(mark):
    """Return the functions that got their points; a check gives all of them or none."""
    for check in mark.checks:
        assert check.points in (0, check.max_points)
        assert (check.points > 0) == (check.status == "right")
    assert mark.points == sum(check.points for check in mark.checks)
    return {check.name for check in mark.checks if check.points}


def told(mark):
    """Return what student and instructor read of a mark."""
    texts = [mark.status, *mark.members, *(text for _, text in mark.broken)]
    for check in mark.checks:
        texts += [check.status, check.reason, check.feedback, *check.flags]
    return "\n".join(texts)


def in_suite(cases):
    return pytest.mark.parametrize("case", cases, ids=lambda case: case.name)


# The suites


def assert_fair(case, mark):
    undeserved, lost = earned(mark) - case.deserved, case.deserved - earned(mark)
    assert not undeserved, f"undeserved points: {case.why}"
    assert not lost, f"lost points: {case.why} {told(mark)}"
    assert mark.status.startswith(case.status)
    assert not case.secret or case.secret not in told(mark)
    json.dumps(mark.to_json(), ensure_ascii=False).encode()  # fit for any report


@in_suite(hostile.SUITE)
def test_hostile_submission_wins_nothing_and_harms_nobody(case, judges, watch):
    assert_fair(case, judges.mark(case.content, case.week, seconds=0.5))
    assert watch.harm() == []


def test_judge_is_none_the_worse(judges):
    mark = judges.mark(content(solution()), seconds=0.5)
    assert mark.points == mark.max_points


@in_suite(hostile.LOOKING + hostile.HARMING)
def test_walls_hold_without_bubblewrap(case, behind_landlock, watch):
    mark = behind_landlock.mark(case.content, case.week, "landlock", seconds=0.5)
    assert_fair(case, mark)
    assert watch.harm() == []


@in_suite(honest.SUITE)
def test_honest_submission_keeps_its_points(case, judges):
    mark = judges.mark(case.content, case.week)
    assert_fair(case, mark)
    if case.members:
        assert tuple(mark.members) == case.members


@in_suite([case for case in honest.SUITE[::5] if not case.boxed])
def test_honest_submission_keeps_its_points_without_bubblewrap(case, behind_landlock):
    assert_fair(case, behind_landlock.mark(case.content, case.week, "landlock"))


def test_suites_are_large():
    assert len(hostile.SUITE) >= 40
    assert len(honest.SUITE) >= 35


def test_folder_of_odd_files_is_graded_whole(bubblewrap, tmp_path, watch):
    """One odd file must not end the grading of the others."""
    folder, out = tmp_path / "submissions", tmp_path / "out"
    folder.mkdir()
    files = [case for case in hostile.SUITE if case.status != ("graded",)]
    files += [case for case in hostile.SUITE if case.name.startswith(("a hard", "an altered"))]
    for number, case in enumerate(files):
        (folder / f"student-{number:03}.ipynb").write_bytes(case.content)
    (folder / SUBMITTED).write_bytes(content(solution()))
    (folder / "mary-shelley.ipynb").symlink_to(folder / SUBMITTED)
    (folder / "charles-babbage.zip").write_bytes(b"PK\x03\x04")
    (folder / "nobody").mkdir()
    grade("week01", folder, out, seed=SEED, seconds=0.5, level="bubblewrap", say=lambda text: None)
    with open(out / "grades.csv", encoding="utf-8", newline="") as table:
        rows = {row["student"]: row for row in csv.DictReader(table)}
    points = {name: question.points for name, question in questions("week01").items()}
    for number, case in enumerate(files):
        row = rows.pop(f"student-{number:03}")
        assert row["status"].startswith(case.status), case.name
        assert float(row["points"]) == sum(points[name] for name in case.deserved), case.name
    assert float(rows.pop("ada-lovelace")["points"]) == sum(points.values())
    assert {row["points"] for row in rows.values()} == {"0"}
    assert set(rows) == {"mary-shelley", "charles-babbage", "nobody"}
    assert watch.harm() == []


# The truth table


@pytest.mark.parametrize("week", WEEKS)
def test_solution_gets_full_marks(week, judges):
    mark = judges.mark(content(solution(week)), week)
    assert mark.points == mark.max_points == sum(q.points for q in questions(week).values())
    assert not any(check.flags for check in mark.checks)


@pytest.mark.parametrize("week", WEEKS)
def test_unfilled_exercise_gets_nothing(week, judges):
    mark = judges.mark(content(exercise(week)), week)
    assert mark.points == 0
    assert {check.status for check in mark.checks} == {"not done"}


def wrong_notebooks():
    """Yield notebooks that together hold every wrong solution, half of the questions at a time.

    The other half is answered rightly, in the bank's own words: those call no other answer, so a
    wrong one costs its own points and no others.
    """
    for week in WEEKS:
        names = list(questions(week))
        for half in (0, 1):
            for k in range(max(len(bank(week).WRONG[name]) for name in names[half::2])):
                wrong = {}
                for name in names[half::2]:
                    wrong |= dict(
                        zip([name], list(bank(week).WRONG[name].values())[k:], strict=False)
                    )
                yield pytest.param(week, wrong, k, id=f"{week}-{'odd' if half else 'even'}-{k}")


@functools.cache
def asked(week, name):
    """Return the inputs on which the judge asks a question, and what its oracle answers."""
    question = questions(week)[name]
    cases = question.cases(SEED, N_RANDOM)
    return cases, oracle_answers(question, cases)


@pytest.mark.parametrize(("week", "wrong", "k"), list(wrong_notebooks()))
def test_wrong_solution_loses_its_own_check_and_no_other(week, wrong, k, judges):
    chosen = {name: function for name, (function, _) in wrong.items()}
    for name, solutions in bank(week).RIGHT.items():
        chosen.setdefault(name, solutions[k % len(solutions)])
    cells = {name: as_cell(week, name, function) for name, function in chosen.items()}
    mark = judges.mark(content(filled(week, **cells)), week)
    assert earned(mark) == set(questions(week)) - set(wrong)
    for check in mark.checks:
        if check.name in wrong:
            question = questions(week)[check.name]
            function, words = wrong[check.name]
            cases, expected = asked(week, check.name)
            said = judge(question, cases, run(question, function, cases), expected=expected)
            assert check.status == said.status
            if words not in check.reason:  # other inputs than the notebook's explain it otherwise
                assert check.reason in (said.reason, ""), function.__name__


def callers(week, name):
    """Return the functions whose answers in the solution call this one, also by way of others."""
    found, todo = set(), [name]
    while todo:
        one = todo.pop()
        for other, text in answers(week).items():
            used = {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}
            if one in used and other not in found | {one}:
                found.add(other)
                todo.append(other)
    return found


@pytest.mark.parametrize(
    ("week", "name"), [(week, name) for week in WEEKS for name in questions(week)]
)
def test_wrong_answer_costs_at_most_those_that_call_it(week, name, judges):
    function, _ = next(iter(bank(week).WRONG[name].values()))
    cells = answers(week) | {name: as_cell(week, name, function)}
    got = earned(judges.mark(content(filled(week, **cells)), week))
    everything = set(questions(week))
    assert got <= everything - {name}
    assert got >= everything - {name} - callers(week, name)


# Whatever is done to a notebook

RIGHT = ("count_ngrams", "perplexity", "sample_word", "add_k_probability")
WRONG = ("bits_per_token", "stupid_backoff", "sample_sentence")


def partly_right():
    """Return a notebook with right, wrong and unfilled answers, small enough to be read quickly."""
    notebook = filled(
        **{name: answers()[name] for name in RIGHT},
        **{name: f"def {name}(*_):\n    return -7" for name in WRONG},
    )
    kept = [cell for cell in notebook["cells"] if cell["id"] == "imports" or answer_of(cell)]
    notebook["cells"] = [*kept, code("check('week01.perplexity', perplexity)")]
    return notebook


places = st.integers(0, len(partly_right()["cells"]) - 1)
odd = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
fields = st.sampled_from(["source", "source", "cell_type", "metadata", "id", "outputs"])
edits = st.one_of(
    st.tuples(st.just("delete"), places),
    st.tuples(st.just("copy"), places, places),
    st.tuples(st.just("move"), places, places),
    st.tuples(st.just("split"), places, st.integers(0, 30)),
    st.tuples(st.just("join"), places),
    st.tuples(st.just("rename"), places, st.text()),
    st.tuples(st.just("set"), places, fields, odd),
    st.tuples(st.just("type"), places, st.integers(0, 2000), st.text(max_size=5)),
    st.tuples(st.just("metadata"), odd),
)


def edit(notebook, kind, *arguments):
    cells = notebook["cells"]
    if kind == "metadata":
        notebook["metadata"] = arguments[0]
        return
    i, *rest = arguments
    if i >= len(cells):
        return
    text = cells[i].get("source")
    text = "".join(text) if isinstance(text, list) and all(isinstance(x, str) for x in text) else ""
    match kind:
        case "delete":
            del cells[i]
        case "copy":
            cells.insert(rest[0], copy.deepcopy(cells[i]))
        case "move":
            cells.insert(rest[0], cells.pop(i))
        case "split":
            lines = text.splitlines(keepends=True)
            second = copy.deepcopy(cells[i])
            cells[i]["source"], second["source"] = lines[: rest[0]], lines[rest[0] :]
            cells.insert(i + 1, second)
        case "join" if i + 1 < len(cells):
            after = cells.pop(i + 1).get("source")
            cells[i]["source"] = [text, "\n", *(after if isinstance(after, list) else [])]
        case "rename":
            cells[i]["id"] = rest[0]
            cells[i]["metadata"] = {"nbgrader": {"grade_id": rest[0], "grade": True}}
        case "set":
            cells[i][rest[0]] = rest[1]
        case "type":
            put(cells[i], text[: rest[0]] + rest[1] + text[rest[0] :])


@settings(max_examples=60, deadline=None)
@given(changes=st.lists(edits, min_size=1, max_size=15))
def test_edits_never_break_the_judge_and_never_raise_a_mark(judges, changes):
    notebook = partly_right()
    for change in changes:
        edit(notebook, *change)
    mark = judges.mark(content(notebook), seconds=1.0)
    assert mark.points is not None
    assert earned(mark) <= set(RIGHT)


@settings(max_examples=60, deadline=None)
@given(
    flips=st.lists(st.tuples(st.integers(0, 1 << 20), st.integers(0, 7)), min_size=1, max_size=20),
    cut=st.none() | st.integers(0, 1 << 14),
)
def test_flipped_bits_never_break_the_judge_and_never_raise_a_mark(judges, flips, cut):
    data = bytearray(json.dumps(partly_right()).encode())
    for place, bit in flips:
        data[place % len(data)] ^= 1 << bit
    mark = judges.mark(bytes(data[:cut]), seconds=1.0)
    assert mark.points is not None
    assert earned(mark) <= set(RIGHT)


@settings(max_examples=100, deadline=None)
@given(data=st.binary(max_size=200) | odd.map(lambda value: json.dumps(value).encode()))
def test_any_file_gets_a_row(judges, data):
    mark = judges.mark(data, seconds=1.0)
    assert mark.points == 0
    assert mark.status.startswith(("unreadable: ", "empty: ", "graded"))
