import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_utils.text import BOS, EOS, UNK, Vocabulary, streams

WORDS = st.text("abcdé ", min_size=1, max_size=3)
SENTENCES = st.lists(st.lists(WORDS, max_size=5), max_size=6)


@pytest.fixture
def vocab():
    return Vocabulary.from_sentences([["b", "a", "b"], ["c", "a", "b"]], min_count=2)


def test_frequent_words_come_first_and_rare_ones_are_left_out(vocab):
    # b stands three times, a twice, c once
    assert vocab.words == (UNK, EOS, "b", "a")
    assert (vocab.unk_id, vocab.eos_id, vocab.bos_id, len(vocab)) == (0, 1, 4, 4)


def test_ties_keep_the_order_of_the_text():
    sentences = [["z", "m"], ["a", "m"], ["z", "a"]]
    assert Vocabulary.from_sentences(sentences).words[2:] == ("z", "m", "a")


def test_start_of_sentence_is_a_context_and_never_a_word(vocab):
    assert BOS not in vocab
    assert vocab.encode_words([BOS, "a"]) == [vocab.bos_id, 3]
    with pytest.raises(ValueError, match="id 4 is outside the vocabulary of 4 words"):
        vocab.decode([vocab.bos_id])


def test_special_symbols_in_the_text_are_not_collected_twice():
    vocab = Vocabulary.from_sentences([["a", UNK, BOS, EOS]])
    assert vocab.words == (UNK, EOS, "a")


def test_encode_ends_every_sentence_even_an_empty_one(vocab):
    ids = vocab.encode([["b", "zebra"], [], ["a"]])
    np.testing.assert_array_equal(ids, [2, 0, 1, 1, 3, 1])
    assert ids.dtype == np.int64


def test_nothing_to_encode_is_an_empty_text(vocab):
    assert vocab.encode([]).shape == (0,)
    assert vocab.decode([]) == []


@given(SENTENCES)
def test_decode_is_the_inverse_of_encode(sentences):
    if not any(sentences):
        return
    vocab = Vocabulary.from_sentences(sentences)
    assert vocab.decode(vocab.encode(sentences)) == sentences


def test_words_after_the_last_end_form_an_unfinished_sentence(vocab):
    assert vocab.decode([2, 1, 3, 2]) == [["b"], ["a", "b"]]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: Vocabulary.from_sentences(["the cat"]), TypeError, "the string 'the cat'; split"),
        (lambda: Vocabulary.from_sentences("the cat"), TypeError, "the string 't'; split"),
        (lambda: Vocabulary.from_sentences([["a"]], min_count=0), ValueError, "min_count .* got 0"),
        (lambda: Vocabulary.from_sentences([]), ValueError, "empty"),
        (lambda: Vocabulary(["a", "b", "a"]), ValueError, "'a' stands twice"),
        (lambda: Vocabulary(["a", "<s>"]), ValueError, "<s> is added by the vocabulary"),
        (lambda: Vocabulary(["a"]).encode(["a b"]), TypeError, "'a b'; split"),
        (lambda: Vocabulary(["a"]).decode([-1]), ValueError, "id -1 is outside"),
    ],
)
def test_bad_input_names_the_value_and_the_cure(call, error, message):
    with pytest.raises(error, match=message):
        call()


@given(SENTENCES, st.integers(1, 3))
def test_building_and_encoding_in_one_pass_is_the_same_as_in_two(sentences, min_count):
    if not any(sentences):
        return
    vocab, ids = Vocabulary.build_and_encode(iter(sentences), min_count)
    assert vocab == Vocabulary.from_sentences(sentences, min_count)
    np.testing.assert_array_equal(ids, vocab.encode(sentences))


def test_building_and_encoding_knows_the_special_symbols_and_the_same_errors():
    vocab, ids = Vocabulary.build_and_encode([[UNK, "a", BOS], ["a", EOS]])
    assert vocab.words == (UNK, EOS, "a")
    np.testing.assert_array_equal(ids, [0, 2, 0, 1, 2, 1, 1])
    with pytest.raises(ValueError, match="no word to collect"):
        Vocabulary.build_and_encode([[]])
    with pytest.raises(ValueError, match="min_count must be at least 1, got 0"):
        Vocabulary.build_and_encode([["a"]], min_count=0)
    with pytest.raises(TypeError, match="got the string 'the cat'"):
        Vocabulary.build_and_encode(["the cat"])


def test_streams_by_hand():
    # eleven tokens, three columns of three; the last two tokens, 12 and 13, are left out
    text = np.array([3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13], dtype=np.int32)
    inputs, targets = streams(text, 3)
    np.testing.assert_array_equal(targets, [[3, 6, 9], [4, 7, 10], [5, 8, 11]])
    np.testing.assert_array_equal(inputs, [[1, 5, 8], [3, 6, 9], [4, 7, 10]])  # 1 is </s>
    assert inputs.dtype == targets.dtype == np.int64
    assert inputs.flags.c_contiguous and targets.flags.c_contiguous


@given(st.lists(st.integers(0, 9), min_size=1, max_size=30), st.integers(1, 6))
def test_every_target_follows_its_input_in_the_text(ids, batch_size):
    if len(ids) < batch_size:
        return
    inputs, targets = streams(np.array(ids), batch_size)
    length = len(ids) // batch_size
    before = [Vocabulary.eos_id, *ids]
    for t in range(length):
        for b in range(batch_size):
            place = b * length + t
            assert (inputs[t, b], targets[t, b]) == (before[place], ids[place])


@pytest.mark.parametrize(
    ("batch_size", "message"),
    [(0, "at least 1, got 0"), (5, "4 tokens cannot be cut into 5 columns; take a smaller")],
)
def test_streams_need_a_token_each(batch_size, message):
    with pytest.raises(ValueError, match=message):
        streams(np.arange(4), batch_size)
