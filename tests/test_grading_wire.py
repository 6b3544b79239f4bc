"""What crosses between judge and worker comes out as it went in, and as nothing else."""

import array
import base64
import decimal
import enum
import fractions
import importlib
import itertools
import json
import types
from collections import Counter, OrderedDict, defaultdict, deque, namedtuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_utils import checks
from course_utils.grading import wire
from course_utils.grading.judge import weeks


def crossed(value):
    return wire.decode(wire.parse(wire.frame(wire.encode(value))[4:]))


def assert_equal(got, wanted):
    assert type(got) is type(wanted)
    if isinstance(wanted, np.ndarray):
        assert got.dtype == wanted.dtype and got.shape == wanted.shape
        np.testing.assert_array_equal(got, wanted)
    elif isinstance(wanted, list | tuple):
        assert len(got) == len(wanted)
        for pair in zip(got, wanted, strict=True):
            assert_equal(*pair)
    elif isinstance(wanted, dict):
        assert list(got) == list(wanted)  # `sample_word` draws in this order
        for key in wanted:
            assert_equal(got[key], wanted[key])
    else:
        assert got == wanted or (got != got and wanted != wanted)


@pytest.mark.parametrize("week", weeks())
def test_every_input_of_every_question_arrives_as_it_was_sent(week):
    questions = importlib.import_module(f"course_utils.checks.{week}").QUESTIONS
    for question in questions.values():
        for case in question.cases(seed=3):
            assert_equal(crossed(list(case)), list(case))


numbers = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.just(...))
keys = st.one_of(st.text(), st.integers(), st.tuples(st.text(), st.text()))
values = st.recursive(
    numbers,
    lambda parts: st.one_of(
        st.lists(parts, max_size=4),
        st.lists(parts, max_size=3).map(tuple),
        st.dictionaries(keys, parts, max_size=4),
        st.dictionaries(keys, st.integers(), max_size=4).map(Counter),
        st.frozensets(keys, max_size=3).map(set),
    ),
    max_leaves=12,
)


@given(values)
def test_plain_data_arrives_as_it_was_sent(value):
    assert_equal(crossed(value), value)


@pytest.mark.parametrize("dtype", ["?", "i1", "u8", "<i4", ">i4", "f2", "f4", "f8", ">f8"])
def test_an_array_keeps_its_type_shape_and_entries(dtype):
    value = (np.arange(24).reshape(2, 3, 4) % 3).astype(dtype)
    for form in (value, np.asfortranarray(value), value[:, ::-2], value[:0], value[0, 0, 0:1]):
        got = crossed(form)
        np.testing.assert_array_equal(got, form)
        assert got.shape == form.shape and got.dtype == form.dtype.newbyteorder("=")
        assert got.flags.owndata and got.flags.writeable


def test_subclasses_arrive_as_what_they_are_made_of():
    class Sly(float):
        def __eq__(self, other):
            return True

        __hash__ = None

    class Words(list):
        pass

    class Color(enum.IntEnum):
        RED = 3

    Pair = namedtuple("Pair", "a b")
    for sent, wanted in [
        (Sly(0.5), 0.5),
        (Words(["a"]), ["a"]),
        (Color.RED, 3),
        (Pair(1, 2), (1, 2)),
        (defaultdict(int, a=1), {"a": 1}),
        (OrderedDict(b=1, a=2), {"b": 1, "a": 2}),
        (np.float64(0.5), 0.5),
        (np.int64(3), 3),
        (np.bool_(True), True),
        (np.str_("a"), "a"),
        (np.array(["a", "b"]), ["a", "b"]),
        (np.array(["a", 1], dtype=object), ["a", 1]),
        (fractions.Fraction(1, 2), 0.5),
        (np.longdouble(0.5), 0.5),
        (np.array([0.5], dtype=np.longdouble), np.array([0.5])),
        (np.ma.array([1.0]), np.array([1.0])),
        (np.array("a"), "a"),
        (np.array(0.5), np.array(0.5)),
        (np.array((1, "a"), dtype=object), [1, "a"]),
    ]:
        assert_equal(crossed(sent), wanted)


FORMS = [1, 0, -0.0, 0.5, float("nan"), float("inf"), True, "", "the dog", None, 10**400, 2**53 + 1]
FORMS += [[], [0.5, 1.0], ["a", "b"], [[1.0, 2.0]], {}, {"a": 1}, {("a", "b"): 2}, {1: 0.5}]
FORMS += [np.zeros(0), np.array([1, 2]), np.array([0.5, np.nan]), np.array([True]), np.ones((1, 2))]
FORMS += [(np.ones(2), 0.5), {"W": np.ones(2)}]
DISGUISES = [
    *(np.float64, np.float32, np.int64, np.bool_, np.str_, np.array, np.asfortranarray),
    *(np.matrix, np.ma.array, lambda v: np.array(v, dtype=object), lambda v: np.array(v)[()]),
    *(lambda v: np.array(v).astype(">f4"), lambda v: np.array(v).astype(int)),
    *(lambda v: np.array(v).astype(bool), lambda v: np.array(v).astype(complex)),
    *(lambda v: np.array(v)[:, None], lambda v: np.array([v]), lambda v: [np.array(x) for x in v]),
    *(tuple, list, set, iter, str, float, int, complex, repr, deque, array.array),
    *(fractions.Fraction, decimal.Decimal, Counter, OrderedDict, types.MappingProxyType),
    *(lambda v: {**v, "b": 0}, lambda v: {**v, "b": 0.0}, lambda v: {**v, "b": False}),
    *(lambda v: {**v, "b": None}, lambda v: {k: np.float64(x) for k, x in v.items()}),
    *(lambda v: {np.str_(k): x for k, x in v.items()}, lambda v: {(k,): x for k, x in v.items()}),
    *(lambda v: v + 1e-13, lambda v: -v, lambda v: [*v, 0], lambda v: v),
]


@pytest.mark.filterwarnings("ignore")
def test_what_has_crossed_agrees_with_what_it_agreed_with_before():
    """What a notebook's own check accepts is accepted here, and nothing else, whatever its form."""
    for value, disguise in itertools.product(FORMS, DISGUISES):
        try:
            odd = disguise(value)
            arrived = crossed(odd)
        except (TypeError, ValueError, AttributeError, ArithmeticError, IndexError):
            continue  # not a form of this value
        for wanted in FORMS:
            assert checks.same(odd, wanted) == checks.same(arrived, wanted), (odd, wanted)


def test_a_tensor_arrives_as_an_array():
    torch = pytest.importorskip("torch")
    assert_equal(crossed(torch.ones(2, requires_grad=True)), np.ones(2, np.float32))


def test_what_cannot_cross_arrives_with_the_name_of_its_type_if_that_says_nothing():
    class Secret_of_the_input:
        pass

    for sent, name in [
        ((i for i in ""), "generator"),
        (range(3), "range"),
        (1j, "complex"),
        (np.clongdouble(1), "object"),
        (Secret_of_the_input(), "object"),
    ]:
        got = crossed(sent)
        assert type(got).__name__ == name and isinstance(got, wire.Foreign)
        assert got != sent


def test_equal_words_are_one_object():
    """`previous is word` and `word is EOS` hold in a notebook, whose words are constants."""
    [[a, (b, *_)], c] = crossed([["the dog", ("the dog", 1)], "the dog"])
    assert a is b is c


def test_a_number_of_thousands_of_digits_is_refused():
    with pytest.raises(wire.Malformed, match="thousands of digits"):
        wire.encode([10**5000])


def test_a_list_that_holds_itself_is_refused():
    endless = []
    endless.append(endless)
    with pytest.raises(wire.Malformed, match="deeper than 20"):
        wire.encode(endless)


BYTES = base64.b64encode(bytes(16)).decode()


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"a": 1, "b": 2},
        {"z": []},
        {"l": 3},
        {"t": "ab"},
        {"d": [1]},
        {"d": [[1, 2, 3]]},
        {"d": [[[1], 2]]},
        {"s": [[]]},
        {"a": []},
        {"a": ["<f8", [2]]},
        {"a": ["<f8", [3], BYTES]},
        {"a": ["<f8", [-2, -1], BYTES]},
        {"a": ["<f8", [2.0], BYTES]},
        {"a": ["<f8", [True, 2], BYTES]},
        {"a": ["<f8", [2, *[1] * 8], BYTES]},
        {"a": ["<f8", [1 << 62, 0, 1 << 62], BYTES]},
        {"a": ["<f8", [1 << 62, 0, 1 << 62], ""]},
        {"a": ["<f8", [0, 1 << 70], ""]},
        {"a": ["<f8", [1 << 40, 0], ""]},  # as a list, it would be the end of the judge
        {"a": ["|O", [2], BYTES]},
        {"a": ["<U2", [2], BYTES]},
        {"a": ["<f1", [16], BYTES]},
        {"a": [["f8"], [2], BYTES]},
        {"a": ["<f8", [2], "%%%%"]},
        {"a": ["<f8", [2], 7]},
        {"d": [[i, 0] for i in range(wire.MAX_KEYS + 1)]},
        {"s": list(range(wire.MAX_KEYS + 1))},
        [{"d": [[i, 0]]} for i in range(wire.MAX_KEYS + 1)],
        [0] * (wire.MAX_VALUES + 1),
        [{"a": ["<f8", [0], ""]}] * (wire.MAX_VALUES // 10 + 1),
    ],
    ids=lambda data: repr(data)[:40],
)
def test_data_of_another_form_or_size_is_refused(data):
    with pytest.raises(wire.Malformed):
        wire.decode(data)


json_data = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=3)),
    lambda parts: st.one_of(
        st.lists(parts, max_size=3),
        st.dictionaries(st.sampled_from([*"aldtcsexz"]), parts, max_size=2),
    ),
    max_leaves=8,
)
PLAIN = {type(None), bool, int, float, str, list, tuple, dict, Counter, set, type(...), np.ndarray}


def assert_plain(value):
    assert type(value) in PLAIN or isinstance(value, wire.Foreign)
    if isinstance(value, dict):
        value = [*value, *value.values()]
    if isinstance(value, list | tuple | set):
        for part in value:
            assert_plain(part)


@given(json_data)
def test_whatever_json_says_only_plain_data_comes_out(data):
    try:
        assert_plain(wire.decode(data))
    except wire.Malformed:
        pass


@given(st.binary(max_size=40))
def test_bytes_that_are_not_json_are_refused(text):
    try:
        wire.parse(text)
    except wire.Malformed:
        pass


@pytest.mark.parametrize("text", [b"[" * 100_000, b"9" * 5_000, b'"\xff"', b""])
def test_json_that_would_break_its_reader_is_refused(text):
    with pytest.raises(wire.Malformed):
        wire.parse(text)


def test_a_frame_is_its_length_and_json():
    frame = wire.frame({"call": [1]})
    assert int.from_bytes(frame[:4], "big") == len(frame) - 4
    assert json.loads(frame[4:]) == {"call": [1]}
    with pytest.raises(wire.Malformed, match="at most"):
        wire.frame("x" * wire.MAX_BYTES)
