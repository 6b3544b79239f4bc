import math
import re
import warnings

import numpy as np
import pytest

from course_utils.evaluation import (
    agreement_accuracy,
    bits_per_token,
    cross_entropy,
    perplexity,
    wilson_interval,
)
from course_utils.ngrams import MLE
from course_utils.text import Vocabulary


class Given:
    """A model that gives the tokens of any text the stated probabilities."""

    def __init__(self, *probabilities):
        self.probabilities = np.array(probabilities)

    def __repr__(self):
        return "Given()"

    def log_probs(self, ids):
        with np.errstate(divide="ignore"):
            return np.log(self.probabilities[: len(ids)])


def test_three_ways_to_say_the_same():
    # P = 1/2 * 1/4 * 1/8 = 2**-6 over three tokens: 2 bits a token, perplexity 4
    model, ids = Given(1 / 2, 1 / 4, 1 / 8), np.array([3, 2, 1])
    assert bits_per_token(model, ids) == pytest.approx(2, rel=1e-12)
    assert cross_entropy(model, ids) == pytest.approx(2 * math.log(2), rel=1e-12)
    assert perplexity(model, ids) == pytest.approx(4, rel=1e-12)
    assert perplexity(model, ids) == pytest.approx((2**-6) ** (-1 / 3), rel=1e-12)


def test_a_certain_model_has_perplexity_one():
    assert perplexity(Given(1.0, 1.0), np.array([0, 1])) == 1.0


def test_an_impossible_token_gives_infinity_and_a_sentence():
    model = Given(1 / 2, 0, 1 / 4, 0)
    with pytest.warns(UserWarning, match=r"infinite: Given\(\) gives probability 0 to 2 of 4 tok"):
        assert perplexity(model, np.array([5, 6, 7, 1])) == math.inf
    model.describe_event = lambda ids, position: f"word {ids[position]}"
    with pytest.warns(UserWarning, match=r"first to word 6 \(token 1\)"):
        assert bits_per_token(model, np.array([5, 6, 7, 1])) == math.inf


def test_scores_that_are_no_probabilities_are_named_as_such():
    model = Given(0.9, 0.8)
    model.is_normalized = False
    with pytest.warns(UserWarning, match="not a perplexity"):
        perplexity(model, np.array([0, 1]))


def test_an_ordinary_text_warns_of_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        perplexity(Given(0.5, 0.25), np.array([0, 1]))


def test_an_empty_text_has_no_perplexity():
    with pytest.raises(ValueError, match="the text is empty"):
        perplexity(Given(), np.array([], dtype=np.int64))


VOCAB = Vocabulary("the dog dogs near cat cats barks bark".split())


def pair(right, wrong, attractors=0):
    return VOCAB.encode_words(right.split()), VOCAB.encode_words(wrong.split()), attractors


class Table:
    """A model that reads each text on its own and has the stated probabilities for its words."""

    def __init__(self, **probabilities):
        self.probabilities, self.texts = probabilities, []

    def __repr__(self):
        return "Table()"

    def log_probs(self, ids):
        words = [VOCAB.words[i] for i in ids]
        self.texts.append(" ".join(words))
        with np.errstate(divide="ignore"):
            return np.log([self.probabilities.get(word, 0.1) for word in words])


class TestAgreement:
    def test_a_bigram_model_by_hand(self):
        """In the text "dogs bark" is seen twice, "dog barks" once; after "cats" neither verb is."""
        sentences = ["the dogs bark", "the dogs bark", "the dog barks", "the dog near the cats"]
        text = VOCAB.encode(map(str.split, sentences))
        pairs = [
            pair("the dogs bark", "the dogs barks"),  # 2/2 against 0
            pair("the dog barks", "the dog bark"),  # 1/2 against 0
            pair("the dog barks", "the dogs barks"),  # 2/4 * 1/2 against 2/4 * 0
            pair("the dog near the cats barks", "the dog near the cats bark", 1),  # 0 against 0
        ]
        agreement = agreement_accuracy(MLE(order=2).fit(text, VOCAB), pairs)
        assert [(row["attractors"], row["pairs"], row["right"]) for row in agreement.rows] == [
            (0, 3, 3.0),
            (1, 1, 0.5),
        ]
        assert agreement.accuracy == 3.5 / 4
        assert agreement.table().loc[1, "accuracy"] == 0.5

    def test_the_sum_from_the_first_difference_on_decides(self):
        """The word that differs is likelier in the wrong text, what follows it in the right one."""
        model = Table(dog=0.1, dogs=0.2, barks=0.8, bark=0.3)
        pairs = [pair("the dog barks", "the dogs bark")]  # 0.08 against 0.06
        assert agreement_accuracy(model, pairs).accuracy == 1

    def test_texts_of_different_lengths(self):
        model = Table(dog=0.1, dogs=0.05, near=1.0)
        assert agreement_accuracy(model, [pair("the dogs near dog", "the dog dog")]).accuracy == 0
        assert agreement_accuracy(model, [pair("the dog near dog", "the dogs dog")]).accuracy == 1

    def test_what_is_the_same_before_cannot_hide_a_difference(self):
        """An impossible beginning would make a tie of minus infinities; it is not looked at."""
        model = Table(near=0, barks=0.4, bark=0.3)
        assert agreement_accuracy(model, [pair("near barks", "near bark")]).accuracy == 1

    def test_a_tie_counts_as_half_however_long_the_prefix(self):
        words = "the dog near the cat near the cats near the cat "
        pairs = [pair(words + "barks", words + "bark"), pair("barks", "bark")]
        rng = np.random.default_rng(0)
        model = Table(**dict(zip(VOCAB.words, rng.random(len(VOCAB)), strict=True)) | {"barks": 0})
        model.probabilities["bark"] = 0
        assert agreement_accuracy(model, pairs).accuracy == 0.5
        model.probabilities["bark"] = 1e-300
        assert agreement_accuracy(model, pairs).accuracy == 0

    def test_each_text_is_read_on_its_own(self):
        model = Table()
        agreement_accuracy(model, iter([pair("the dog barks", "the dog bark", 2)]))
        assert model.texts == ["the dog barks", "the dog bark"]

    def test_texts_are_read_side_by_side_where_a_model_can(self):
        class Both(Table):
            def log_probs_of_each(self, texts):
                return [Table.log_probs(self, ids) for ids in texts]

            def log_probs(self, ids):
                raise AssertionError("one by one")

        pairs = [pair("the dog barks", "the dog bark"), pair("dogs bark", "dogs barks", 1)]
        agreement = agreement_accuracy(Both(barks=0.3, bark=0.2), pairs)
        assert [row["right"] for row in agreement.rows] == [1, 0]

    def test_rows_have_their_own_intervals_in_order_of_attractors(self):
        pairs = [pair("barks", "bark", 3)] * 9 + [pair("bark", "barks", 3), pair("bark", "the", 1)]
        rows = agreement_accuracy(Table(barks=0.3, bark=0.2), pairs).rows
        assert [row["attractors"] for row in rows] == [1, 3]
        assert rows[1]["accuracy"] == 0.9 and rows[1]["pairs"] == 10
        assert (rows[1]["low"], rows[1]["high"]) == wilson_interval(9, 10)

    @pytest.mark.parametrize(
        "pairs, error, message",
        [
            ([], ValueError, "no pair to decide"),
            ([([2, 3], [2, 3], 0)], ValueError, "texts of pair 0 must differ in a token"),
            ([([2], [3], 0), ([2, 3], [2], 0)], ValueError, "texts of pair 1 must differ"),
            ([([], [2], 0)], ValueError, "pair 0 must hold two texts of ids"),
            ([(3, 2, 0)], ValueError, "pair 0 must hold two texts of ids"),
            ([(["the"], ["dog"], 0)], TypeError, "pair 0 holds 'the' instead of an id"),
            ([("the", "dog", 0)], ValueError, "pair 0 must hold two texts of ids"),
            ([([0.5], [2], 0)], TypeError, "pair 0 holds 0.5 instead of an id"),
            ([([2], [3])], ValueError, re.escape("pair 0 must be (right, wrong, attractors)")),
        ],
    )
    def test_bad_pairs_are_named(self, pairs, error, message):
        with pytest.raises(error, match=message):
            agreement_accuracy(Table(), pairs)

    def test_a_model_that_answers_nan_is_named(self):
        with pytest.raises(ValueError, match=r"Table\(\) gives pair 0 a probability that is"):
            agreement_accuracy(Table(bark=np.nan), [pair("barks", "bark")])


class TestWilson:
    @pytest.mark.parametrize("successes, trials", [(1, 7), (8, 10), (30.5, 400), (399, 400)])
    def test_ends_solve_the_equation_that_defines_them(self, successes, trials):
        for p in wilson_interval(successes, trials):
            distance = abs(successes / trials - p)
            assert distance == pytest.approx(1.96 * math.sqrt(p * (1 - p) / trials), rel=1e-9)

    def test_known_values(self):
        """8 of 10: (0.8 + 0.19208 -+ 1.96 sqrt(0.016 + 0.009604)) / 1.38416."""
        assert wilson_interval(8, 10) == pytest.approx((0.49016, 0.94332), abs=1e-5)
        assert wilson_interval(0, 10)[0] == 0 and wilson_interval(10, 10)[1] == 1

    @pytest.mark.parametrize("successes, trials", [(1, 0), (-1, 3), (4, 3)])
    def test_what_is_no_share_is_refused(self, successes, trials):
        with pytest.raises(ValueError, match=f"got {successes} of {trials}"):
            wilson_interval(successes, trials)
