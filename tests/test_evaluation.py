import math
import warnings

import numpy as np
import pytest

from course_utils.evaluation import bits_per_token, cross_entropy, perplexity


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
