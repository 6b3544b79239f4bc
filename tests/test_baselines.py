import math

import numpy as np
import pytest

from course_utils.corpora import available, load_corpus
from course_utils.evaluation import accuracy, tag_scores
from course_utils.models.baselines import BagOfWords, MostFrequentTag

TAGGED = [
    ("I can fish".split(), "PRON AUX VERB".split()),
    ("the can of fish".split(), "DET NOUN ADP NOUN".split()),
    ("fish can swim".split(), "NOUN AUX VERB".split()),
]


class TestMostFrequentTag:
    def test_the_tag_a_word_had_most_often(self):
        """The counts are: can AUX 2, NOUN 1; fish NOUN 2, VERB 1; of all tags NOUN 3."""
        model = MostFrequentTag().fit(iter(TAGGED))
        assert model.predict([["fish", "can", "fish"], [], ["whales", "swim"]]) == [
            ["NOUN", "AUX", "NOUN"],
            [],
            ["NOUN", "VERB"],
        ]
        assert model.unknown == "NOUN"
        assert set(model.tags) == {"I", "can", "fish", "the", "of", "swim"}

    def test_a_tie_goes_to_the_tag_seen_first(self):
        examples = [(["set", "set"], ["VERB", "NOUN"]), (["set", "set"], ["NOUN", "VERB"])]
        model = MostFrequentTag().fit(examples)
        assert model.predict([["set", "unseen"]]) == [["VERB", "VERB"]]

    def test_it_is_the_best_tagger_that_looks_at_one_word(self):
        """No other table of words does better on what it was counted on: tried at random."""
        rng = np.random.default_rng(0)
        words, tags = rng.choice(list("abcde"), (20, 7)).tolist(), rng.choice(list("NVD"), (20, 7))
        examples = list(zip(words, tags.tolist(), strict=True))
        best = accuracy(tags.tolist(), MostFrequentTag().fit(examples).predict(words))
        for _ in range(300):
            table = dict(zip("abcde", rng.choice(list("NVD"), 5).tolist(), strict=True))
            assert accuracy(tags.tolist(), [[table[w] for w in x] for x in words]) <= best

    def test_fitting_again_forgets(self):
        model = MostFrequentTag().fit(TAGGED).fit([(["a"], ["DET"])])
        assert model.tags == {"a": "DET"} and model.unknown == "DET"

    @pytest.mark.parametrize(
        "examples, error, message",
        [
            ([], ValueError, "no word to learn a tag from"),
            ([([], [])], ValueError, "no word to learn a tag from"),
            ([*TAGGED, (["a", "b"], ["DET"])], ValueError, "example 3 needs a list of 2 tags"),
            ([(["a", "b"], "AB")], ValueError, "got 'AB'"),
            ([("a b", ["DET"])], TypeError, "got the string 'a b'; split it first"),
        ],
    )
    def test_bad_examples_are_named(self, examples, error, message):
        with pytest.raises(error, match=message):
            MostFrequentTag().fit(examples)

    def test_it_must_be_fitted_and_given_words(self):
        with pytest.raises(ValueError, match="MostFrequentTag has not been fitted"):
            MostFrequentTag().predict([["a"]])
        with pytest.raises(TypeError, match="got the string 'a b'"):
            MostFrequentTag().fit(TAGGED).predict(["a b"])


# Example 13.1 of Manning, Raghavan and Schuetze 2008: is a document about China?
CHINA = [
    ("Chinese Beijing Chinese".split(), "yes"),
    ("Chinese Chinese Shanghai".split(), "yes"),
    ("Chinese Macao".split(), "yes"),
    ("Tokyo Japan Chinese".split(), "no"),
]


class TestBagOfWords:
    def test_the_example_of_the_textbook(self):
        """Its estimates, and 0.0003 against 0.0001 for the fifth document."""
        model = BagOfWords().fit(CHINA)
        assert model.classes == ["no", "yes"]
        assert np.exp(model.log_priors) == pytest.approx([1 / 4, 3 / 4])
        probs = {word: np.exp(model.log_probs[:, i]) for word, i in model.words.items()}
        assert probs["Chinese"] == pytest.approx([(1 + 1) / (3 + 6), (5 + 1) / (8 + 6)])
        for word in ("Tokyo", "Japan"):
            assert probs[word] == pytest.approx([(1 + 1) / (3 + 6), (0 + 1) / (8 + 6)])
        document = "Chinese Chinese Chinese Tokyo Japan".split()
        scores = np.exp(model.scores([document])[0])
        assert scores[1] == pytest.approx(3 / 4 * (3 / 7) ** 3 * 1 / 14 * 1 / 14)
        assert scores[0] == pytest.approx(1 / 4 * (2 / 9) ** 3 * 2 / 9 * 2 / 9)
        assert scores.round(4).tolist() == [0.0001, 0.0003]
        assert model.predict([document, ["Tokyo", "Japan"]]) == ["yes", "no"]

    def test_words_of_each_class_sum_to_one(self):
        assert np.exp(BagOfWords().fit(CHINA).log_probs).sum(axis=1) == pytest.approx([1, 1])

    def test_order_does_not_matter_and_unseen_words_are_left_out(self):
        model = BagOfWords().fit(CHINA)
        one, other, more, none = model.scores(
            [["Tokyo", "Chinese"], ["Chinese", "Tokyo"], ["Rome", "Tokyo", "Chinese"], ["Rome"]]
        )
        assert one.tolist() == pytest.approx(other.tolist()) and one.tolist() == more.tolist()
        assert np.exp(none) == pytest.approx([1 / 4, 3 / 4])

    def test_long_sentences_do_not_underflow(self):
        scores = BagOfWords().fit(CHINA).scores([["Tokyo"] * 5000])[0]
        assert scores[0] == pytest.approx(math.log(1 / 4) + 5000 * math.log(2 / 9))

    def test_no_sentence_has_no_class(self):
        assert BagOfWords().fit(CHINA).predict([]) == []

    @pytest.mark.parametrize(
        "examples, error, message",
        [
            ([], ValueError, "no word to learn from"),
            ([([], "yes")], ValueError, "no word to learn from"),
            ([("Chinese Macao", "yes")], TypeError, "got the string 'Chinese Macao'"),
            ([(["a"], ["DET"])], TypeError, r"the class of a sentence is a string, got \['DET'\]"),
        ],
    )
    def test_bad_examples_are_named(self, examples, error, message):
        with pytest.raises(error, match=message):
            BagOfWords().fit(examples)

    def test_it_must_be_fitted_and_given_words(self):
        with pytest.raises(ValueError, match="BagOfWords has not been fitted"):
            BagOfWords().predict([["a"]])
        with pytest.raises(TypeError, match="got the string 'a b'"):
            BagOfWords().fit(CHINA).predict(["a b"])


class TestOnRealCorpora:
    """As counted by programs of a few lines, and for `polarity` by scikit-learn's MultinomialNB."""

    @pytest.mark.skipif(not available("ewt"), reason="the corpus ewt is not at hand")
    def test_ewt(self):
        corpus = load_corpus("ewt")
        model = MostFrequentTag().fit(corpus.examples("train"))
        known = [[word in model.tags for word in words] for words in corpus.test]
        scores = tag_scores(corpus.labels["test"], model.predict(corpus.test), known)
        shares = scores.accuracy, scores.known_accuracy, scores.unknown_accuracy
        assert [round(100 * share, 2) for share in shares] == [86.20, 91.77, 30.80]
        assert model.unknown == "NOUN"

    @pytest.mark.skipif(not available("polarity"), reason="the corpus polarity is not at hand")
    def test_polarity(self):
        corpus = load_corpus("polarity")
        found = BagOfWords().fit(corpus.examples("train")).predict(corpus.test)
        assert round(100 * accuracy(corpus.labels["test"], found), 2) == 76.45
