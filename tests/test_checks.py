"""The checks of the exercises: what they accept, what they catch, what they say.

``python tests/test_checks.py`` prints the table of who catches what.
"""

import functools
import importlib
import inspect
import math
import re
import threading
import time
from collections import Counter
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from types import FunctionType

import nbformat
import numpy as np
import pandas as pd
import pytest
from wrong_solutions import week01 as bank

from course_utils.checks import Outcome, Question, answers, check, find, judge, run
from course_utils.checks import week01 as questions
from course_utils.evaluation import perplexity as model_perplexity
from course_utils.ngrams import MLE, AddK, StupidBackoff
from course_utils.text import Vocabulary

ROOT = Path(__file__).resolve().parents[1]
WEEKS = sorted(path.stem for path in (ROOT / "tests" / "wrong_solutions").glob("week*.py"))
BANKS = {week: importlib.import_module(f"wrong_solutions.{week}") for week in WEEKS}
QUESTIONS = {
    f"{week}.{name}": question
    for week in WEEKS
    for name, question in importlib.import_module(f"course_utils.checks.{week}").QUESTIONS.items()
}


def in_bank(kind):
    """Return parameters (name of the question, solution) of ``WRONG`` or ``RIGHT``, with names."""
    entries = []
    for name in QUESTIONS:
        week, function = name.split(".")
        for solution in getattr(BANKS[week], kind)[function]:
            title = getattr(solution, "__name__", solution)
            entries.append(pytest.param(name, solution, id=f"{name}-{title}"))
    return entries


def wrong_solution(name, title):
    week, function = name.split(".")
    return BANKS[week].WRONG[function][title]


def notebook(week, folder="solutions"):
    [path] = (ROOT / folder / week).glob("*.ipynb")
    return path


def solution_cells(week, folder="solutions"):
    cells = nbformat.read(notebook(week, folder), as_version=4).cells
    return [cell for cell in cells if cell.cell_type == "code"]


@functools.cache
def solutions(week, folder="solutions"):
    """The functions of the solution's notebook by name; the cells that use them are not run."""
    names = {}
    for cell in solution_cells(week, folder):
        kind = cell.metadata.get("nbgrader", {})
        if cell.id == "imports" or (kind.get("solution") and not kind.get("grade")):
            exec(compile(cell.source, cell.id, "exec"), names)
    return names


def names_after_helpers(week, another):
    """The names of a notebook after its helpers, with the solution or another right one."""
    names = dict(solutions(week))
    if another:
        for name, (right, *_) in BANKS[week].RIGHT.items():
            # The notebook calls a function by the name it asked for.
            names[name] = FunctionType(right.__code__, right.__globals__, name, right.__defaults__)
    [helpers] = (cell.source for cell in solution_cells(week) if cell.id == "helpers")
    exec(helpers, names)
    return names


@pytest.fixture
def solution():
    """The functions of week 1."""
    return solutions("week01")


def test_a_week_has_all_its_parts():
    for folder in ("solutions", "exercises"):
        assert sorted(path.name for path in (ROOT / folder).glob("week*")) == WEEKS
    checks = (ROOT / "course_utils" / "checks").glob("week*.py")
    assert sorted(path.stem for path in checks) == WEEKS


# The solution, other right solutions, and the bank of wrong ones


@pytest.mark.parametrize("name", QUESTIONS)
def test_solution_is_right_on_many_random_inputs(name):
    week, function = name.split(".")
    question, right = find(name), solutions(week)[function]
    assert check(name, right).message.startswith("right")
    for seed in range(1, 20):
        cases = question.cases(seed=seed)
        result = judge(question, cases, run(question, right, cases))
        assert result, (seed, result)


@pytest.mark.parametrize(("name", "right"), in_bank("RIGHT"))
def test_other_styles_are_right(name, right):
    assert check(name, right), check(name, right)


@pytest.mark.parametrize("name", QUESTIONS)
def test_bank_holds_four_wrong_solutions_a_function(name):
    week, function = name.split(".")
    assert len(BANKS[week].WRONG[function]) >= 4


@pytest.mark.parametrize("week", WEEKS)
def test_bank_asks_for_no_other_functions(week):
    names = {name.split(".")[1] for name in QUESTIONS if name.startswith(week)}
    assert set(BANKS[week].WRONG) == names
    assert set(BANKS[week].RIGHT) <= names


@pytest.mark.parametrize(("name", "wrong"), in_bank("WRONG"))
def test_wrong_solution_is_caught_and_its_misconception_named(name, wrong):
    function, words = wrong_solution(name, wrong)
    result = check(name, function)
    assert result.status in ("wrong", "raised")
    assert words in result.reason, result
    assert words in result.message
    assert f"{name.split('.')[1]}(" in result.message, "the failing input is missing"


@functools.cache
def random_cases(name, seed):
    """Forty inputs of a question and what its oracle answers."""
    rng = np.random.default_rng(seed)
    cases = [QUESTIONS[name].random_inputs(rng) for _ in range(40)]
    return cases, answers(QUESTIONS[name], cases)


def is_caught(question, function, cases, expected):
    """Say whether a function is not right on all cases: the first few show it of almost any."""
    return not all(
        judge(question, cases[:n], run(question, function, cases[:n]), expected=expected[:n])
        for n in (5, len(cases))
    )


@pytest.mark.parametrize(("name", "wrong"), in_bank("WRONG"))
def test_wrong_solution_is_caught_on_random_inputs_alone(name, wrong):
    """A grader's seeds differ from run to run; none may let a wrong solution through."""
    function, _ = wrong_solution(name, wrong)
    question = replace(find(name), mistakes=())  # only whether, not why
    for seed in range(5):
        assert is_caught(question, function, *random_cases(name, seed)), seed


@pytest.mark.parametrize("name", QUESTIONS)
def test_every_misconception_differs_from_the_oracle(name):
    """A mistake that agrees with the oracle on all inputs could never be named."""
    question = replace(QUESTIONS[name], mistakes=())
    cases = question.cases(seed=3)
    expected = answers(question, cases)
    for sentence, mistake in QUESTIONS[name].mistakes:
        assert is_caught(question, mistake, cases, expected), sentence


@pytest.mark.parametrize("week", WEEKS)
def test_oracles_do_not_hold_the_solution(week):
    shown = (ROOT / "course_utils" / "checks" / f"{week}.py").read_text(encoding="utf-8")
    oracle_lines = {line.strip() for line in shown.splitlines()}
    for cell in solution_cells(week):
        for region in cell.source.split("### BEGIN SOLUTION")[1:]:
            answer = {line.strip() for line in region.split("### END SOLUTION")[0].splitlines()}
            shared = {line for line in answer & oracle_lines if len(line) > 30}
            assert not shared, cell.id


@pytest.mark.parametrize("name", QUESTIONS)
def test_inputs_are_plain_data_and_repeat_with_their_seed(name):
    def plain(value):
        if isinstance(value, dict):
            return all(plain(k) and plain(v) for k, v in value.items())
        if isinstance(value, list | tuple):
            return all(map(plain, value))
        if isinstance(value, np.ndarray):
            return value.dtype in (np.float64, np.int64, np.bool_)
        return type(value) in (str, int, float, bool, type(None))

    question = QUESTIONS[name]
    cases = question.cases(seed=5)
    assert all(map(plain, cases))
    assert repr(cases) == repr(question.cases(seed=5))
    assert repr(cases) != repr(question.cases(seed=6))


# The notebooks


@pytest.mark.parametrize("week", WEEKS)
def test_notebook_asks_each_question_once_with_its_points(week):
    tests = [c for c in solution_cells(week) if c.metadata.get("nbgrader", {}).get("locked")]
    asked = {cell.metadata.nbgrader.grade_id: cell.metadata.nbgrader.points for cell in tests}
    points = {name: q.points for name, q in QUESTIONS.items() if name.startswith(week)}
    assert asked == {f"check_{name.split('.')[1]}": n for name, n in points.items()}
    for cell in tests:
        name = cell.metadata.nbgrader.grade_id.removeprefix("check_")
        assert cell.source.startswith(f'check("{week}.{name}", {name})\n')
        assert f'\nassert check("{week}.{name}", {name})\n' in cell.source


@pytest.mark.parametrize("name", QUESTIONS)
def test_oracle_and_solution_have_the_same_parameters(name):
    week, function = name.split(".")
    assert tuple(inspect.signature(solutions(week)[function]).parameters) == (
        QUESTIONS[name].parameters
    )


@pytest.mark.parametrize("week", WEEKS)
def test_of_an_unfilled_exercise_nothing_is_done(week):
    """That it runs to the end is seen where the suite runs the notebook itself, cell by cell."""
    unfilled = solutions(week, "exercises")
    said = {
        cell.metadata.nbgrader.grade_id: repr(eval(cell.source, dict(unfilled)))
        for cell in solution_cells(week, "exercises")
        if cell.source.startswith("check(")
    }
    names = [name.split(".")[1] for name in QUESTIONS if name.startswith(week)]
    assert said == {f"check_{name}": f"not done yet: {name}" for name in names}


@pytest.mark.parametrize("week", WEEKS)
def test_guide_answers_every_question_at_three_grades(week):
    guide = (ROOT / "solutions" / week / "guide.md").read_text(encoding="utf-8")
    cells = nbformat.read(notebook(week), as_version=4).cells
    asked = [c.source for c in cells if c.source.startswith("**Question")]
    assert len(asked) >= 4
    sections = guide.split("\n### Question ")[1:]
    assert len(sections) == len(asked)
    for number, (question, section) in enumerate(zip(asked, sections, strict=True), start=1):
        assert question.startswith(f"**Question {number}.**")
        assert section.startswith(f"{number}:")
        for grade in ("**Full marks.**", "**Half.**", "**None.**"):
            assert section.count(grade) == 1, (number, grade)


@pytest.mark.parametrize("week", WEEKS)
def test_points_are_about_32_and_stand_in_the_guide(week):
    """Functions and discussion; the open task comes on top."""
    functions, discussion, task = 0, 0, 0
    for cell in nbformat.read(notebook(week), as_version=4).cells:
        kind = cell.metadata.get("nbgrader", {})
        if kind.get("locked") and kind.get("grade"):
            functions += kind["points"]
        elif kind.get("grade_id", "").startswith("answer_"):
            discussion += kind["points"]
        elif kind.get("grade"):
            task += kind["points"]
    assert 30 <= functions + discussion <= 34
    guide = (ROOT / "solutions" / week / "guide.md").read_text(encoding="utf-8")
    shares = f"{functions + discussion} points: {functions} for the functions, {discussion} for the"
    assert shares in " ".join(guide.split())
    assert f"{task} more for the open task" in " ".join(guide.split())


# The oracles of week 1


PETS = Counter({("the", "cat"): 2, ("the", "dog"): 1, ("a", "dog"): 1})
AB = Counter({("a",): 1, ("b",): 1, ("</s>",): 1, ("<s>", "a"): 1, ("a", "b"): 1})


@pytest.mark.parametrize(
    ("name", "arguments", "value"),
    [
        # <s> a </s>: unigrams a and </s>; bigrams (<s> a) and (a </s>); one trigram.
        ("count_ngrams", ([["a"]], 1), {("a",): 1, ("</s>",): 1}),
        ("count_ngrams", ([["a"]], 2), {("<s>", "a"): 1, ("a", "</s>"): 1}),
        ("count_ngrams", ([["a"]], 3), {("<s>", "a", "</s>"): 1}),
        ("count_ngrams", ([["a"]], 4), {}),
        ("count_ngrams", ([["a"], ["a"]], 2), {("<s>", "a"): 2, ("a", "</s>"): 2}),
        ("count_ngrams", ([[]], 2), {("<s>", "</s>"): 1}),
        # (1/2 * 1/8) ** (-1/2) = 16 ** (1/2) = 4, and log2 of 4 is 2.
        ("perplexity", ([0.5, 0.125],), 4),
        ("perplexity", ([0.5, 0.0],), math.inf),
        ("perplexity", ([0.001] * 400,), 1000),
        ("bits_per_token", ([0.5, 0.125],), 2),
        # c(the) = 3: (2 + 1/2) / (3 + 4/2) = 1/2; c(dog) = 0: (1/2) / (4/2) = 1/4.
        ("add_k_probability", ("cat", "the", PETS, 4, 0.5), Fraction(1, 2)),
        ("add_k_probability", ("cat", "dog", PETS, 4, 0.5), Fraction(1, 4)),
        # Seen: 1/1. Not seen after b: alpha times 1 of 3 words. Two steps: alpha ** 2.
        ("stupid_backoff", ("b", ("a",), AB, 0.5), 1),
        ("stupid_backoff", ("a", ("b",), AB, 0.5), Fraction(1, 6)),
        ("stupid_backoff", ("a", ("b", "b"), AB, 0.5), Fraction(1, 12)),
        ("stupid_backoff", ("z", ("b",), AB, 0.5), 0),
        # Three different bigrams, two end in dog, one in cat.
        ("continuation_probability", ("dog", PETS), Fraction(2, 3)),
        ("continuation_probability", ("cat", PETS), Fraction(1, 3)),
        # (2 - 1/2)/3 + (1/2 * 2/3) * 1/3 = 1/2 + 1/9, and (1 - 1/2)/3 + 1/3 * 2/3 = 1/6 + 2/9.
        ("kneser_ney_probability", ("cat", "the", PETS, 0.5), Fraction(11, 18)),
        ("kneser_ney_probability", ("dog", "the", PETS, 0.5), Fraction(7, 18)),
        ("kneser_ney_probability", ("cat", "dog", PETS, 0.5), Fraction(1, 3)),
        # Pieces: a from 0 to 1/4, b to 1/4, c to 1.
        ("sample_word", ({"a": 0.25, "b": 0.0, "c": 0.75}, 0.2), "a"),
        ("sample_word", ({"a": 0.25, "b": 0.0, "c": 0.75}, 0.25), "c"),
        ("sample_word", ({"a": 0.0, "b": 1.0}, 0.0), "b"),
        ("sample_sentence", ({"<s>": {"a": 1.0}, "a": {"</s>": 0.5, "b": 0.5}}, [0.3, 0.2]), ["a"]),
        (
            "sample_sentence",
            ({"<s>": {"a": 1.0}, "a": {"</s>": 0.5, "b": 0.5}}, [0.3, 0.7]),
            ["a", "b"],
        ),
    ],
)
def test_oracle_against_hand_arithmetic(name, arguments, value):
    answer = getattr(questions, name)(*arguments)
    assert answer == (pytest.approx(float(value)) if isinstance(value, Fraction | int) else value)


def random_text(seed):
    rng = np.random.default_rng(seed)
    sentences = [rng.choice(["a", "b", "c"], size=n).tolist() for n in rng.integers(0, 6, size=8)]
    vocab = Vocabulary(["a", "b", "c", "d"])
    return sentences, vocab, vocab.encode(sentences)


def contexts_of(sentences, n):
    """Yield the word and the n - 1 symbols before it, fewer at the start of a sentence."""
    for sentence in sentences:
        symbols = ["<s>", *sentence, "</s>"]
        for i in range(1, len(symbols)):
            yield symbols[i], tuple(symbols[max(0, i - n + 1) : i])


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("seed", range(5))
def test_count_oracle_against_the_models_of_the_course(seed, n):
    sentences, vocab, ids = random_text(seed)
    counts = {m: questions.count_ngrams(sentences, m) for m in range(1, n + 1)}
    frequencies = []
    for word, context in contexts_of(sentences, n):
        same_length = counts[len(context) + 1]
        after = sum(c for ngram, c in same_length.items() if ngram[:-1] == context)
        frequencies.append(same_length[(*context, word)] / after)
    log_probs = MLE(order=n).fit(ids, vocab).log_probs(ids)
    np.testing.assert_allclose(frequencies, np.exp(log_probs), rtol=1e-10)


@pytest.mark.parametrize("seed", range(5))
def test_add_k_oracle_against_the_models_of_the_course(seed):
    sentences, vocab, ids = random_text(seed)
    bigrams = questions.count_ngrams(sentences, 2)
    model = AddK(order=2, k=0.3).fit(ids, vocab)
    for previous in ("<s>", "a", "b", "d"):
        ours = [
            questions.add_k_probability(word, previous, bigrams, len(vocab), 0.3)
            for word in vocab.words
        ]
        theirs = model.next_word_probs(vocab.encode_words([previous]))
        np.testing.assert_allclose(ours, theirs, rtol=1e-10)


@pytest.mark.parametrize("seed", range(5))
def test_backoff_oracle_against_the_models_of_the_course(seed):
    sentences, vocab, ids = random_text(seed)
    counts = sum((questions.count_ngrams(sentences, n) for n in (1, 2, 3)), Counter())
    model = StupidBackoff(order=3, alpha=0.3).fit(ids, vocab)
    for context in [("<s>",), ("<s>", "a"), ("a", "b"), ("c", "c"), ("b", "d")]:
        theirs = model.next_word_probs(vocab.encode_words(context))
        for word, score in zip(vocab.words, theirs, strict=True):
            ours = questions.stupid_backoff(word, context, counts, 0.3)
            # Below the single words the model goes on to 1/V; the exercise ends with 0.
            assert ours == pytest.approx(score if counts[word,] else 0.0, rel=1e-10), word


def test_perplexity_oracle_against_the_course():
    _, vocab, ids = random_text(0)
    model = AddK(order=2).fit(ids, vocab)
    probabilities = np.exp(model.log_probs(ids)).tolist()
    assert questions.perplexity(probabilities) == pytest.approx(model_perplexity(model, ids))


@pytest.mark.parametrize("seed", range(5))
def test_kneser_ney_oracle_sums_to_one_and_follows_predecessors(seed):
    sentences, vocab, _ = random_text(seed)
    bigrams = questions.count_ngrams([*sentences, ["a", "b"]], 2)
    for previous in ("<s>", "a", "d"):
        row = [questions.kneser_ney_probability(w, previous, bigrams, 0.6) for w in vocab.words]
        assert sum(row) == pytest.approx(1)
        assert min(row) >= 0
    # Counting one bigram more often leaves the words after an unseen context as they were.
    more = bigrams + Counter({("a", "b"): 7})
    assert questions.kneser_ney_probability("b", "d", more, 0.6) == pytest.approx(
        questions.kneser_ney_probability("b", "d", bigrams, 0.6)
    )


def test_sampling_oracle_gives_each_word_its_share():
    row = {"a": 0.25, "b": 0.125, "c": 0.0, "d": 0.625}
    drawn = Counter(questions.sample_word(row, u) for u in (np.arange(800) + 0.5) / 800)
    assert drawn == {"a": 200, "b": 100, "d": 500}


# What a check says


def test_message_of_a_wrong_answer_shows_the_smallest_failing_input():
    result = check("week01.count_ngrams", bank.no_end)
    assert repr(result) == result.message
    assert not result
    assert result.message == (
        "wrong, because `</s>` is not counted; put it after the last word, and let the last n-gram "
        "reach it\n"
        "    on:        count_ngrams(sentences=[['a']], n=1)\n"
        "    came out:  Counter({('a',): 1})\n"
        "    expected:  Counter({('a',): 1, ('</s>',): 1})"
    )


def test_smallest_failing_input_is_shown_whatever_the_order_of_the_examples():
    examples = (("aaa",), ("a",), ("aa",), ("b",))
    question = Question(1, lambda word: word, examples, lambda rng: ("b",), ())
    cases = question.cases()
    result = judge(question, cases, run(question, lambda word: "b", cases))
    assert "<lambda>(word='a')" in result.message


def test_dictionaries_are_shown_in_their_own_order():
    """The order decides in which word's piece u falls."""

    def the_first(probabilities, u):
        return "the" if "the" in probabilities else questions.sample_word(probabilities, u)

    assert check("week01.sample_word", the_first).message.endswith(
        "    on:        sample_word(probabilities={'the': 0.5, 'a': 0.25, '</s>': 0.25}, u=0.6)\n"
        "    came out:  'the'\n"
        "    expected:  'a'"
    )


@pytest.mark.parametrize("entries", [12, 13])
def test_long_and_deep_values_are_cut_short(entries):
    inner = {}
    inner["itself"] = inner
    values = {f"w{i}": i for i in reversed(range(entries))}
    question = Question(1, lambda x, y: 0.0, (), lambda rng: ({}, {}), ())
    message = judge(question, [(values, inner)], [Outcome(value=1.0)]).message
    assert f"x={{'w{entries - 1}': {entries - 1}, " in message
    assert ("'w1': 1, ...}" in message) == (entries == 13)
    assert "{...}" in message


def test_message_of_an_error_shows_the_line_and_the_input():
    result = check("week01.kneser_ney_probability", bank.unseen_context)
    assert result.status == "raised"
    assert result.message.startswith("raised ZeroDivisionError: ")
    assert "because previous was never seen" in result.message
    assert "kneser_ney_probability(word='cat', previous='dog'" in result.message
    line = "return max(count - discount, 0) / total + discount * types / total * lower"
    assert f":  {line}" in result.message
    assert "wrong_solutions" not in result.message


def test_what_a_function_prints_is_quiet_but_told_with_the_failing_input(capsys):
    def prints(probabilities):
        print("T is", len(probabilities))
        return 0.0

    result = check("week01.perplexity", prints)
    assert capsys.readouterr().out == ""
    assert "printed:   'T is 1" in result.message


def stub(probabilities):
    """Do the task."""
    # YOUR CODE HERE
    ...


def nbgraders_stub(probabilities):
    # YOUR CODE HERE
    raise NotImplementedError()


def no_return(probabilities):
    total = sum(probabilities)
    total / len(probabilities)


@pytest.mark.parametrize("function", [stub, lambda probabilities: ..., None, ...])
def test_not_done_yet(function):
    result = check("week01.perplexity", function)
    assert (result.status, result.message) == ("not done yet", "not done yet: perplexity")


def test_stub_of_nbgrader_is_not_done_yet():
    assert check("week01.perplexity", nbgraders_stub).status == "not done yet"


def test_code_without_return_is_not_done_and_told_why():
    result = check("week01.perplexity", no_return)
    assert result.status == "not done yet"
    assert "returns nothing; end it with `return ...`" in result.message


def test_missing_return_on_one_way_is_named():
    def one_way(probabilities):
        if 0 not in probabilities:
            return questions.perplexity(probabilities)

    result = check("week01.perplexity", one_way)
    assert "one way through the code lacks its `return`" in result.message


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (questions.perplexity([0.5]), "without parentheses after it"),
        ("perplexity", "without parentheses after it"),
        (np.array([1.0, 2.0]), "an array"),
        (Vocabulary, "Vocabulary is a class"),
        (lambda: 1.0, "its parameters are (); they must be (probabilities)"),
        (lambda p, q: 1.0, "its parameters are (p, q); they must be (probabilities)"),
        (lambda p: math.nan, "it returns nan"),
        (lambda p: np.array([1.0, 2.0]), "an array of shape (2,) where a number is expected"),
        (lambda p: [2.0], "it returns a list where a number is expected"),
        (lambda p: True, "it returns a bool where a number is expected"),
        (lambda p: (x for x in p), "it returns a generator where a number is expected"),
        (math.fsum, "wrong"),
    ],
)
def test_unfit_things_get_a_helpful_sentence(given, words):
    result = check("week01.perplexity", given)
    assert result.status == "wrong"
    assert words in result.message


class WithBase:
    def __call__(self, probabilities, base=2):
        return base ** questions.bits_per_token(probabilities)

    def method(self, probabilities):
        return self(probabilities)


def prints_its_steps(probabilities):
    print("T is", len(probabilities))
    return questions.perplexity(probabilities)


@pytest.mark.parametrize(
    "function",
    [
        WithBase(),
        WithBase().method,
        functools.partial(WithBase(), base=2),
        lambda probabilities: questions.perplexity(probabilities),
        prints_its_steps,
    ],
)
def test_callables_of_every_kind_are_accepted(function, capsys):
    result = check("week01.perplexity", function)
    assert result, result
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("week01.perplexty", "did you mean 'week01.perplexity'?"),
        ("perplexity", "did you mean 'week01.perplexity'?"),
        ("week99.perplexity", "did you mean 'week01.perplexity'?"),
        ("week01.zzz", "there are: week01.count_ngrams, week01.perplexity"),
    ],
)
def test_unknown_names_suggest_near_ones(name, words):
    with pytest.raises(ValueError, match="there is no check") as error:
        check(name, bank.tokens)
    assert words in str(error.value)


def endless(probabilities):
    total = 0
    while total < 1:
        try:
            total -= 1
        except Exception:
            break


def test_endless_loop_is_interrupted_and_its_line_shown():
    result = check("week01.perplexity", endless)
    assert result.status == "raised"
    assert "stopped after 2 seconds: an endless loop?" in result.message
    assert "perplexity(probabilities=[0.5])" in result.message
    assert "your line" in result.message


def test_endless_loop_is_interrupted_in_any_thread_and_leaves_nothing_behind():
    question = find("week01.perplexity")
    outcomes = []
    thread = threading.Thread(
        target=lambda: outcomes.extend(run(question, endless, question.examples, seconds=0.2)),
        daemon=True,
    )
    thread.start()
    thread.join(10)
    assert [outcome.error for outcome in outcomes] == ["TooSlow"]
    before = threading.active_count()
    assert check("week01.perplexity", questions.perplexity)
    time.sleep(0.05)
    assert threading.active_count() <= before


def test_none_from_an_unfilled_function_is_traced_back():
    def uses_a_stub(probabilities):
        return 2 * stub(probabilities)

    result = check("week01.perplexity", uses_a_stub)
    assert result.status == "raised"
    assert "perhaps because something is None here: a function it calls" in result.message


@pytest.mark.parametrize("kind", [list, np.array])
def test_a_list_of_none_is_traced_back_and_a_wrong_array_is_not(kind):
    """An unfilled `sample_word` puts None into the sentence."""

    of_none = check("week01.sample_sentence", lambda table, numbers: kind([None] * len(numbers)))
    assert "perhaps because something is None here: a function it calls" in of_none.message
    assert check("week01.sample_sentence", lambda table, numbers: kind(["x", "y"])).reason == ""


def test_a_list_as_a_key_is_named():
    def list_as_key(sentences, n):
        return Counter([["<s>", *s, "</s>"][i : i + n] for s in sentences for i in range(2)])

    result = check("week01.count_ngrams", list_as_key)
    assert "TypeError" in result.message
    assert "because a list cannot be a key; make it a tuple" in result.message


def test_changed_argument_is_shown_on_an_input_that_changed():
    """On the smallest input this function runs out of numbers; that is another mistake."""
    result = check("week01.sample_sentence", bank.pops_until_the_end)
    assert result.message.startswith("wrong, because it changes its argument `numbers`")


def test_only_the_explained_misconception_is_certain():
    """A mistake that explains the shown input, but not all, is put as a guess."""

    def added(word, previous, bigrams, discount):
        return bank.two_mistakes(word, previous, bigrams, discount) + 1e-3 * (word == "b")

    assert "perhaps because" in check("week01.kneser_ney_probability", added).message


def test_a_question_without_known_mistakes_still_answers():
    question = Question(1, lambda x: x + 1.0, ((1.0,),), lambda rng: (rng.random(),), ())
    cases = question.cases()
    result = judge(question, cases, run(question, lambda x: x - 1, cases))
    assert result.reason == ""
    assert result.message.startswith("wrong; work this input out by hand")


# The notebook of week 1


@pytest.mark.parametrize("count", [bank.plain_dict, bank.numpy_counts, None])
def test_part_on_real_text_runs_with_every_function_that_is_right(count, solution, capsys):
    """In place of the real text a few sentences that hold what its cells look for."""
    text, valid = [["the", "same", w] for w in "ab"], [["a", "same"]]
    vocab = Vocabulary(["the", "same", "a", "b"])
    names = solution | {"train": text, "valid": valid, "vocab": vocab}
    names["count_ngrams"] = count or solution["count_ngrams"]
    cells = {cell.id: cell.source for cell in solution_cells("week01")}
    for name in ("sparsity", "predecessors", "comparison", "writing"):
        exec(compile(cells[name], name, "exec"), names)
    assert "finish" not in capsys.readouterr().out


def test_open_task_says_how_large_n_must_be():
    """An n-gram of the course ends in the verb and must reach back to the subject."""
    cells = {cell.id: cell.source for cell in nbformat.read(notebook("week01"), as_version=4).cells}
    answer = cells["fool"].split("### BEGIN SOLUTION")[1].split("### END SOLUTION")[0]
    pair = {}
    exec(answer, pair)
    right, wrong = pair["right"].split(), pair["wrong"].split()
    [verb] = [i for i, (a, b) in enumerate(zip(right, wrong, strict=True)) if a != b]
    n = len(right[right.index("names") : verb + 1])
    assert f"n would have to be {n}." in cells["fool-why"]
    guide = (ROOT / "solutions" / "week01" / "guide.md").read_text(encoding="utf-8")
    assert f"n = {n} reaches from the verb to *names*" in guide


def print_table():
    """Print which wrong solution is caught how, and how long the check took."""
    for name in QUESTIONS:
        print(f"\n{name}")
        week, function = name.split(".")
        for title, (solution, _) in BANKS[week].WRONG[function].items():
            start = time.perf_counter()
            result = check(name, solution)
            milliseconds = 1000 * (time.perf_counter() - start)
            print(f"  {title:32}{result.status:7}{milliseconds:5.0f} ms  {result.reason}")


if __name__ == "__main__":
    print_table()


# Arrays


def layer_gradient(x, dy, scale=1.0):
    """A question that takes and returns arrays: dW (I, O) and db (O,)."""
    return scale * x.T @ dy, scale * dy.sum(axis=0)


def random_layer(rng):
    batch, n_in, n_out = rng.permutation([2, 3, 4])
    return rng.normal(size=(batch, n_in)).round(2), rng.normal(size=(batch, n_out)).round(2)


X, DY = np.array([[1.0, 2.0], [3.0, -0.5], [0.0, 1.0]]), np.array([[1.0], [0.25], [1 / 3]])
GRADIENT = Question(
    points=1,
    expected=layer_gradient,
    examples=((X, DY), (X, DY, 2.0)),
    random_inputs=random_layer,
    mistakes=(
        ("dW is transposed", lambda x, dy, s=1.0: (s * dy.T @ x, s * dy.sum(axis=0))),
        ("a transpose is missing", lambda x, dy, s=1.0: (s * x @ dy, s * dy.sum(axis=0))),
        ("another is missing", lambda x, dy, s=1.0: (s * dy @ x, s * dy.sum(axis=0))),
    ),
    returns=("dW", "db"),
)


def judged(function, question=GRADIENT):
    cases = question.cases()
    return judge(question, cases, run(question, function, cases))


@pytest.mark.parametrize(
    "function",
    [
        layer_gradient,
        lambda x, dy, scale=1.0: list(layer_gradient(x, dy, scale)),
        lambda x, dy, scale=1.0: layer_gradient(x, dy, scale * (1 + 1e-12)),
        lambda x, dy, scale=1.0: [np.asfortranarray(g) for g in layer_gradient(x, dy, scale)],
    ],
)
def test_arrays_that_are_right(function):
    assert judged(function), judged(function)


def doubles_in_place(x, dy, scale=1.0):
    dy *= scale
    return layer_gradient(x, dy)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda dW, db: (dW.T, db), "wrong, because dW is transposed"),
        (lambda dW, db: (dW, db[:, None]), "db is an array of shape (1, 1) where (1,) is expected"),
        (lambda dW, db: (2 * dW.T, db), "of shape (1, 2) where (2, 1) is expected: that is the tr"),
        (lambda dW, db: dW, "it returns an array where a tuple (dW, db) is expected"),
        (lambda dW, db: (dW,), "it returns a tuple of 1 where a tuple (dW, db) is expected"),
        (lambda dW, db: (dW, None), "db is None"),
        (lambda dW, db: (dW.tolist(), db), "dW is a list where an array of shape (2, 1) is expec"),
        (lambda dW, db: (dW, 0.5), "db is a float where an array of shape (1,) is expected"),
        (lambda dW, db: (dW * np.nan, db), "dW is an array with nan in it"),
        (lambda dW, db: (dW, db / 0), "db is an array with inf in it"),
        (lambda dW, db: (dW.astype(int), db), "dW is whole numbers (int64) where floats are expec"),
        (lambda dW, db: (dW.astype(np.float32), db), "dW is float32, which has few digits"),
        (lambda dW, db: (dW.astype(complex), db), "dW is an array of complex128"),
        (lambda dW, db: (dW.astype(object), db), "dW is an array of object"),
        (lambda dW, db: pd.DataFrame(dW), "it returns a DataFrame where a tuple (dW, db) is expec"),
    ],
)
def test_what_is_wrong_with_an_array_is_named(change, words):
    def function(x, dy, scale=1.0):
        with np.errstate(all="ignore"):
            return change(*layer_gradient(x, dy, scale))

    result = judged(function)
    assert result.status == "wrong"
    assert words in result.message, result


def test_message_about_arrays_can_be_pasted_and_read():
    result = judged(lambda x, dy, scale=1.0: (layer_gradient(x, dy)[0] + 1, dy.sum(axis=0)))
    assert result.message.splitlines() == [
        "wrong; work this input out by hand and compare",
        "    on:        layer_gradient(x, dy) with",
        "               x = np.array([[ 1.0,  2.0],",
        "                             [ 3.0, -0.5],",
        "                             [ 0.0,  1.0]])  # (3, 2)",
        "               dy = np.array([[   1.0],",
        "                              [  0.25],",
        "                              [0.3333]])  # (3, 1)",
        "    came out:  dW = np.array([[ 2.75],",
        "                              [3.208]])  # (2, 1)",
        "               db = np.array([1.583])  # (1,)",
        "    expected:  dW = np.array([[ 1.75],",
        "                              [2.208]])  # (2, 1)",
        "               db = np.array([1.583])  # (1,)",
        "    differ:    dW, in every entry",
    ]


def test_wrong_entries_of_a_large_array_are_counted_and_the_first_is_placed():
    question = Question(
        1,
        lambda n: np.arange(3 * n).reshape(3, n),
        ((90,),),
        lambda rng: (int(rng.integers(90)),),
        (),
    )

    def wrong_in_two(n):
        table = np.arange(3 * n).reshape(3, n)
        table[1:, n // 2] = 0
        return table

    message = judged(wrong_in_two, question).message
    assert len(message.splitlines()) < 12
    assert re.search(r"differ:    2 of \d+ entries, the first at \[1, \d+\]", message)


def test_small_differences_are_shown_with_all_digits():
    message = judged(lambda x, dy, scale=1.0: layer_gradient(x, dy, scale * (1 + 1e-7))).message
    assert "1.750000175" in message


def test_arrays_in_dictionaries_are_named_by_their_keys():
    question = Question(
        1, lambda n: {"E": np.eye(n), "b": np.zeros(n)}, ((2,),), lambda rng: (3,), ()
    )
    assert judged(lambda n: {"E": np.eye(n, dtype=int), "b": [0.0] * n}, question).reason == (
        "'b' is a list where an array of shape (2,) is expected; make it one with np.array(...)"
    )
    assert "the dictionary lacks 'b'" in judged(lambda n: {"E": np.eye(n)}, question).reason
    assert (
        "must not hold 'c'"
        in judged(lambda n: {"E": np.eye(n), "b": np.zeros(n), "c": 1}, question).reason
    )
    assert judged(lambda n: {"b": np.zeros(n), "E": np.eye(n)}, question)


@pytest.mark.parametrize(
    ("wanted", "given", "fits"),
    [
        (np.array([1, 2]), np.array([1.0, 2.0]), False),  # a float is no index
        (np.array([1, 2]), np.array([1, 2], dtype=np.uint8), True),
        (np.array([1, 0]), np.array([True, False]), False),
        (np.array([1.0, 0.0]), np.array([True, False]), True),
        (np.array([1.0, 2.0]), np.array([1, 2]), True),
        (np.array([True, False]), np.array([1.0, 0.0]), False),
        (np.array([np.inf, np.nan]), np.array([np.inf, np.nan]), True),
        (np.array([np.inf, 1.0]), np.array([-np.inf, 1.0]), False),
        (np.array([2.0, 1.0]), np.array([np.inf, 1.0]), False),
        (np.zeros((0, 3)), np.zeros((0, 3)), True),
        (np.zeros((3, 0), dtype=int), np.array([[], [], []]), True),
        (np.zeros((0, 3)), np.zeros((3, 0)), False),
        ([1.0, 2.0], np.array([1.0, 2.0]), True),  # week 1: an array may stand for a list
        (0.5, np.array(0.5), True),
    ],
)
def test_kinds_of_numbers_matter_where_they_are_used(wanted, given, fits):
    question = Question(1, lambda n: wanted, ((0,),), lambda rng: (0,), ())
    assert bool(judged(lambda n: given, question)) == fits


def test_a_question_sets_its_own_tolerance():
    loose = replace(GRADIENT, rel_tol=1e-5, abs_tol=1e-7)
    assert judged(lambda x, dy, scale=1.0: layer_gradient(x, dy, scale * (1 + 1e-6)), loose)
    assert not judged(lambda x, dy, scale=1.0: layer_gradient(x, dy, scale * (1 + 1e-4)), loose)


def test_a_changed_array_and_random_answers_are_named():
    assert "it changes its argument `dy`" in judged(doubles_in_place).reason
    rng = np.random.default_rng(0)
    noisy = judged(lambda x, dy, scale=1.0: layer_gradient(x, dy, scale * rng.random()))
    assert "two calls with the same input give different answers" in noisy.reason


def test_functions_on_arrays_that_are_not_done():
    assert judged(lambda x, dy, scale=1.0: None).status == "not done yet"
    half = judged(lambda x, dy, scale=1.0: (x.T @ dy, stub(dy)))
    assert "db is None" in half.reason


def test_an_error_on_every_input_is_explained_by_the_same_error():
    result = judged(lambda x, dy, scale=1.0: (dy @ x, dy.sum(axis=0)))
    assert result.status == "raised"
    assert result.reason == "another is missing"
    assert "# (3, 2)" in result.message
    # The same kind of error, with another text, may come from anywhere.
    assert judged(lambda x, dy, scale=1.0: np.dot(x, x)).reason == ""


def test_an_oracle_that_raises_is_a_fault_of_the_course():
    question = Question(1, lambda x: 1 / x, ((0,),), lambda rng: (1,), ())
    with pytest.raises(ZeroDivisionError):
        judged(lambda x: 1 / x, question)


# Whatever a student's function does, the check answers


class Unspeakable(BaseException):
    def __str__(self):
        raise RuntimeError("even my text fails")


def _raises(error):
    def function(probabilities):
        raise error

    return function


def _endless_list(probabilities):
    values = []
    values.append(values)
    return values


def _bare_except(probabilities):
    while True:
        try:
            math.sqrt(2)
        except:  # noqa: E722
            pass


@pytest.mark.parametrize(
    ("function", "status"),
    [
        (lambda probabilities: pd.Series(probabilities), "wrong"),
        (lambda probabilities: pd.DataFrame({"p": probabilities}), "wrong"),
        (lambda probabilities: 10**400, "wrong"),
        (lambda probabilities: list(range(100_000)), "wrong"),
        (_endless_list, "raised"),
        (_raises(Unspeakable()), "raised"),
        (_raises(GeneratorExit()), "raised"),
        (_bare_except, "raised"),
    ],
    ids=["series", "frame", "huge int", "long list", "endless", "unspeakable", "exit", "loop"],
)
def test_a_check_survives(function, status):
    result = check("week01.perplexity", function)
    assert result.status == status, result.message
    assert "perplexity(" in result.message


def test_a_check_leaves_numpy_settings_alone():
    before = np.geterr()
    check("week01.perplexity", lambda probabilities: np.seterr(all="ignore") and 1.0)
    assert np.geterr() == before


# What a check says of any function, where a guide quotes it; the guide's rows at least.
QUOTED = {
    "week04": {
        "raised ValueError",
        "raised TypeError",
        "it changes its argument `W_hh`; work on a copy",
    },
    "week05": {"it changes its argument `gradients`; work on a copy"},
}
ROWS = {"week05": 50}


@pytest.mark.parametrize("week", WEEKS[3:])  # the guides before say it in their own words
def test_guide_quotes_what_the_checks_say(week):
    """Each message in the guide's table is one of the function's, word for word."""
    guide = (notebook(week).parent / "guide.md").read_text(encoding="utf-8")
    table = guide.split("\n## What goes wrong")[1].split("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in table.splitlines() if line.startswith("| ")]
    assert len(rows) > ROWS.get(week, 40)
    for row in rows[1:-1]:  # the last speaks of the other functions' messages
        if len(row) == 3:
            mistakes = QUESTIONS[f"{week}.{row[0].strip('`')}"].mistakes
            sentences = QUOTED.get(week, set()).union(sentence for sentence, _ in mistakes)
        for words in row[-1].replace("perhaps because ", "... ").split("..."):
            assert any(words.strip(" ;") in sentence for sentence in sentences), words
