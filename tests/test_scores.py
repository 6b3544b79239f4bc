import math
import re
from itertools import pairwise

import numpy as np
import pytest

from course_utils import plots
from course_utils.evaluation import (
    accuracy,
    bootstrap_interval,
    confusion,
    span_scores,
    spans,
    tag_scores,
)

GOLD = [["D", "N", "V"], ["N", "V", "D", "N"], ["X"]]
FOUND = [["D", "V", "V"], ["N", "N", "D", "V"], ["N"]]


class TestTagScores:
    def test_every_figure_by_hand(self):
        """Right: D twice, N once, V once, of eight words."""
        scores = tag_scores(GOLD, FOUND)
        assert [row["label"] for row in scores.rows] == ["D", "N", "V", "X"]
        table = scores.table()
        assert table.support.tolist() == [2, 3, 2, 1]
        assert table.predicted.tolist() == [2, 3, 3, 0]
        assert table.right.tolist() == [2, 1, 1, 0]
        assert table.precision.tolist() == [1, 1 / 3, 1 / 3, 0]
        assert table.recall.tolist() == [1, 1 / 3, 1 / 2, 0]
        assert table.f1.tolist() == [1, 2 / 6, 2 / 5, 0]
        assert scores.accuracy == scores.precision == scores.recall == scores.f1 == 4 / 8
        assert scores.macro_f1 == pytest.approx((1 + 1 / 3 + 2 / 5 + 0) / 4)
        assert scores.known_accuracy is scores.unknown_accuracy is scores.unknown_share is None

    def test_known_and_unknown_words_apart(self):
        known = [[True, True, False], [True, False, True, False], [False]]
        scores = tag_scores(GOLD, FOUND, known)
        assert scores.known_accuracy == 3 / 4  # D, N, D of D N N D
        assert scores.unknown_accuracy == 1 / 4  # V of V V N X
        assert scores.unknown_share == 4 / 8
        assert scores.accuracy == 4 / 8

    def test_where_no_word_is_unknown_there_is_no_accuracy_of_them(self):
        scores = tag_scores([["N"]], [["N"]], [[True]])
        assert (scores.known_accuracy, scores.unknown_accuracy, scores.unknown_share) == (
            1,
            None,
            0,
        )

    def test_classes_of_sentences_are_scored_as_tags_are(self):
        gold, found = ["pos", "pos", "neg", "neg", "neg"], ["pos", "neg", "neg", "neg", "pos"]
        scores = tag_scores(gold, found, known=[True, True, True, False, False])
        assert (scores.accuracy, scores.known_accuracy) == (3 / 5, 2 / 3)
        assert scores.table().loc["pos", ["precision", "recall"]].tolist() == [1 / 2, 1 / 2]
        assert scores.table().loc["neg", ["precision", "recall"]].tolist() == [2 / 3, 2 / 3]

    def test_accuracy_is_the_same_share_and_takes_answers_of_a_reader(self):
        assert accuracy(GOLD, FOUND) == tag_scores(GOLD, FOUND).accuracy
        assert accuracy([(0, 2), (3, 4), (1, 2)], [(0, 2), (3, 5), (1, 2)]) == 2 / 3

    @pytest.mark.parametrize("score", [accuracy, tag_scores, confusion, span_scores])
    @pytest.mark.parametrize(
        "gold, found, error, message",
        [
            ([], [], ValueError, "there is no label to compare"),
            ([[]], [[]], ValueError, "there is no label to compare"),
            ([["O"]], [], ValueError, "gold has 1 sentences, predicted has 0"),
            ([["O"], ["O"]], [["O"], ["O", "O"]], ValueError, "sentence 1 has 1 labels in gold, 2"),
            ("O", "O", TypeError, "got the string 'O'"),
            ([["O"]], [("O",)], TypeError, re.escape("got ('O',)")),
            ([["O"]], [None], TypeError, "got None"),
        ],
    )
    def test_what_cannot_be_compared_is_named(self, score, gold, found, error, message):
        with pytest.raises(error, match=message):
            score(gold, found)

    @pytest.mark.parametrize(
        "known, error, message",
        [
            ([[True, True, False]], ValueError, "gold has 3 sentences, known has 1"),
            ([[True] * 3, [True] * 3, [True]], ValueError, "sentence 1 has 4 labels in gold, 3 in"),
            ([["the"] * 3, ["the"] * 4, ["the"]], TypeError, "known must say True or False"),
        ],
    )
    def test_known_must_say_yes_or_no_of_each_word(self, known, error, message):
        with pytest.raises(error, match=message):
            tag_scores(GOLD, FOUND, known)


# Tags, the spans of CoNLL's scorer and seqeval's default, the spans of seqeval's strict IOB2.
SPANS = [
    ("O O", "", ""),
    ("B-P", "P01", "P01"),
    ("O B-P I-P I-P O", "P14", "P14"),
    ("B-P B-P", "P01 P12", "P01 P12"),
    ("B-P I-P B-P I-P", "P02 P24", "P02 P24"),
    ("B-P B-L I-L", "P01 L13", "P01 L13"),
    # I where nothing of its kind is open
    ("I-P", "P01", ""),
    ("I-P I-P O", "P02", ""),
    ("O I-P B-P", "P12 P23", "P23"),
    ("B-P I-L", "P01 L12", "P01"),
    ("B-P I-L I-P", "P01 L12 P23", "P01"),
    ("B-P O I-P", "P01 P23", "P01"),
    ("I-P I-L I-L", "P01 L13", ""),
    ("B-L I-L I-P I-L", "L02 P23 L34", "L02"),
    ("I-P B-P I-P", "P01 P13", "P13"),
    ("B-A-B I-A-B I-A", "A-B02 A23", "A-B02"),  # the kind is all behind the first hyphen
]


class TestSpans:
    @pytest.mark.parametrize("tags, default, strict", SPANS)
    def test_both_readings_by_hand(self, tags, default, strict):
        def written(found):
            return " ".join(f"{kind}{first}{end}" for kind, first, end in found)

        assert written(spans(tags.split())) == default
        assert written(spans(tags.split(), strict=True)) == strict

    def test_spans_are_the_words_between_their_places(self):
        words = "Ada Byron lived in London".split()
        found = spans(["B-PER", "I-PER", "O", "O", "B-LOC"])
        assert [(kind, words[first:end]) for kind, first, end in found] == [
            ("PER", ["Ada", "Byron"]),
            ("LOC", ["London"]),
        ]
        assert spans([]) == []

    @pytest.mark.parametrize("tag", ["E-PER", "B", "B-", "PER", "I_PER", "", "o"])
    def test_other_tags_are_refused(self, tag):
        with pytest.raises(ValueError, match=re.escape(f"got {tag!r}")):
            spans(["O", tag])

    @pytest.mark.parametrize("tags", ["B-PER", [["B-PER"]], [1]])
    def test_what_is_no_list_of_tags_is_refused(self, tags):
        with pytest.raises(TypeError, match="tags are a list of str"):
            spans(tags)


GOLD_BIO = ["B-P I-P O B-L O".split(), "O B-P O B-O I-O".split(), "B-L O".split()]
FOUND_BIO = ["B-P I-P O B-P O".split(), "O B-P I-P B-O I-O".split(), "I-L O".split()]


class TestSpanScores:
    def test_every_figure_by_hand(self):
        """Found rightly: P 0-2, O 3-5, and L 0-1 unless read strictly; P is once a word too long.

        Gold: 2 P, 2 L, 1 O. Predicted: 3 P, 1 L (0 strictly), 1 O.
        """
        scores = span_scores(GOLD_BIO, FOUND_BIO)
        table = scores.table()
        assert table.index.tolist() == ["L", "O", "P"]
        assert table.precision.tolist() == [1, 1, 1 / 3]
        assert table.recall.tolist() == [1 / 2, 1, 1 / 2]
        assert table.f1.tolist() == [2 / 3, 1, 2 / 5]
        assert table.support.tolist() == [2, 1, 2]
        assert (scores.precision, scores.recall, scores.f1) == (3 / 5, 3 / 5, 6 / 10)

        strict = span_scores(GOLD_BIO, FOUND_BIO, strict=True)
        assert (strict.precision, strict.recall, strict.f1) == (2 / 4, 2 / 5, 4 / 9)
        assert strict.rows[0]["precision"] == strict.rows[0]["f1"] == 0  # no L was predicted

    def test_the_same_span_in_another_sentence_is_not_found(self):
        gold, found = ["B-P O".split(), "O O".split()], ["O O".split(), "B-P O".split()]
        assert span_scores(gold, found).f1 == 0

    def test_kind_and_both_ends_must_be_right(self):
        gold = ["O B-P I-P O".split()]
        for found in ("O B-L I-L O", "O B-P O O", "O O B-P O", "B-P I-P I-P O", "O B-P I-P I-P"):
            assert span_scores(gold, [found.split()]).rows[-1]["right"] == 0
        assert span_scores(gold, gold).f1 == 1

    def test_without_any_span_every_score_is_0(self):
        """As in seqeval, where a share of nothing is 0."""
        scores = span_scores([["O", "O"]], [["O", "O"]])
        assert scores.rows == [] and scores.table().empty
        assert (scores.precision, scores.recall, scores.f1, scores.macro_f1) == (0, 0, 0, 0)


class TestConfusion:
    def test_rows_are_gold_and_columns_predicted(self):
        labels, matrix = confusion(GOLD, FOUND)
        assert labels == ["D", "N", "V", "X"]
        assert matrix.tolist() == [[2, 0, 0, 0], [0, 1, 2, 0], [0, 1, 1, 0], [0, 1, 0, 0]]

    def test_a_label_that_only_one_side_has_is_there(self):
        labels, matrix = confusion(["a", "c"], ["b", "c"])
        assert labels == ["a", "b", "c"]
        assert matrix.tolist() == [[0, 1, 0], [0, 0, 0], [0, 0, 1]]

    @pytest.mark.parametrize("width, height", [(7.5, 6), (9.5, 3.6), (4.8, 3.6)])
    def test_seventeen_tags_do_not_overlap(self, width, height):
        rng = np.random.default_rng(0)
        tags = "ADJ ADP ADV AUX CCONJ DET INTJ NOUN NUM PART PRON PROPN PUNCT SCONJ SYM VERB X"
        matrix = rng.integers(0, 4000, (17, 17)) * (rng.random((17, 17)) < 0.5)
        matrix[16] = 0  # a tag that the gold has not
        fig, (ax,) = plots.panels(1, width=width, height=height)
        plots.confusion(ax, tags.split(), matrix, title="EWT")
        fig.draw_without_rendering()
        for labels in (ax.get_xticklabels(), ax.get_yticklabels()):
            boxes = [label.get_window_extent() for label in labels]
            assert not any(a.overlaps(b) for a, b in pairwise(boxes))
        counts = {text.get_position(): text for text in ax.texts}
        if width < 5:
            assert not counts  # no room
        else:
            assert len(counts) == np.count_nonzero(matrix)
            boxes = [text.get_window_extent() for text in counts.values()]
            assert not any(a.overlaps(b) for a, b in pairwise(boxes))
            assert all(text.get_text() == str(matrix[i, j]) for (j, i), text in counts.items())

    def test_rows_are_shares_and_dark_cells_have_light_numbers(self):
        _, (ax,) = plots.panels(1)
        plots.confusion(ax, ["$", "b"], np.array([[98, 2], [300, 300]]))
        assert ax.images[0].get_array().tolist() == [[0.98, 0.02], [0.5, 0.5]]
        assert ax.images[0].get_cmap().name == "Greys"
        assert [text.get_color() for text in ax.texts] == ["white", "black", "white", "white"]
        assert ax.get_ylabel() == "gold" and ax.get_xlabel() == "predicted"
        assert [label.get_text() for label in ax.get_xticklabels()] == [r"\$", "b"]

    def test_the_figure_refuses_a_matrix_of_other_labels(self):
        _, (ax,) = plots.panels(1)
        with pytest.raises(
            ValueError, match=re.escape("need a matrix of shape (3, 3), got (2, 2)")
        ):
            plots.confusion(ax, ["a", "b", "c"], np.eye(2))


def mean(gold, found):
    """Score answers that are numbers: `accuracy` of one decision a sentence, but quicker."""
    return sum(found) / len(found)


class TestBootstrap:
    def test_one_decision_a_sentence_has_the_width_of_the_standard_error(self):
        """The standard error of a share p of n is sqrt(p (1 - p) / n)."""
        n = 1000
        found = (np.random.default_rng(1).random(n) < 0.8).tolist()
        p = sum(found) / n
        error = 1.96 * math.sqrt(p * (1 - p) / n)
        interval = bootstrap_interval(mean, [True] * n, found)
        assert interval == pytest.approx((p - error, p + error), abs=0.1 * error)
        interval = bootstrap_interval(accuracy, [True] * n, found, samples=300)
        assert interval == pytest.approx((p - error, p + error), abs=0.25 * error)

    def test_whole_sentences_are_drawn(self):
        """In sentences all right or all wrong, m words are worth one: sqrt(m) times as wide."""
        n, m = 300, 9
        right = np.random.default_rng(2).random(n) < 0.7
        found = [["a" if r else "b"] * m for r in right]
        low, high = bootstrap_interval(accuracy, [["a"] * m] * n, found)
        p = right.mean()
        assert (high - low) / 2 == pytest.approx(1.96 * math.sqrt(p * (1 - p) / n), rel=0.1)

    def test_long_sentences_count_as_all_their_words(self):
        """Two sentences, 9 words right and 1 wrong: draws give 1, 9/10 or 0, with P 1/4, 1/2, 1/4.

        The 2.5 % quantile is 0 then, and the upper one 1.
        """
        seen = []

        def score(gold, found):
            seen.append(accuracy(gold, found))
            return seen[-1]

        interval = bootstrap_interval(score, [["a"] * 9, ["a"]], [["a"] * 9, ["b"]], samples=400)
        assert interval == (0, 1)
        shares = [seen.count(value) / 400 for value in (0, 0.9, 1)]
        assert shares == pytest.approx([0.25, 0.5, 0.25], abs=0.08) and sum(shares) == 1

    def test_the_same_seed_gives_the_same_interval(self):
        found = np.random.default_rng(6).random(40).tolist()
        first = bootstrap_interval(mean, found, found, samples=50, seed=3)
        assert bootstrap_interval(mean, found, found, samples=50, seed=3) == first
        assert bootstrap_interval(mean, found, found, samples=50, seed=4) != first
        assert bootstrap_interval(accuracy, ["a", "b"], ["a", "b"]) == (1, 1)

    def test_two_systems_are_compared_on_the_same_draws(self):
        """The difference of paired answers has the variance of d_i in {-1, 0, 1}."""
        n = 1000
        rng = np.random.default_rng(5)
        one = rng.random(n) < 0.8
        two = np.where(rng.random(n) < 0.1, ~one, one)  # differs in one sentence of ten
        d = one.astype(float) - two
        error = 1.96 * d.std() / math.sqrt(n)
        answers = one.tolist(), two.tolist()
        low, high = bootstrap_interval(mean, answers[0], answers[0], other=answers[1])
        assert (low, high) == pytest.approx((d.mean() - error, d.mean() + error), abs=0.1 * error)
        # of unpaired answers it would be far wider
        assert error < 0.6 * 1.96 * math.sqrt((one.var() + two.var()) / n)
        same = bootstrap_interval(mean, *answers, other=answers[1], samples=20)
        assert same == (0, 0)

    def test_a_score_of_spans(self):
        gold = ["B-P I-P O B-L".split(), "O O B-P O".split()] * 40
        found = ["B-P I-P O B-L".split(), "O O O O".split()] * 40
        f1 = span_scores(gold, found).f1
        low, high = bootstrap_interval(lambda g, p: span_scores(g, p).f1, gold, found, samples=300)
        assert low < f1 == 0.8 < high < 0.9

    @pytest.mark.parametrize(
        "gold, found, options, message",
        [
            (["a"], ["a"], {}, "at least two sentences and two samples, got 1 and 1000"),
            (["a"] * 3, ["a"] * 3, {"samples": 1}, "got 3 and 1"),
            (["a"] * 3, ["a"] * 2, {}, "3 sentences need 3 answers, got 2"),
            (["a"] * 3, ["a"] * 3, {"other": ["a"] * 4}, "3 sentences need 3 answers, got 4"),
        ],
    )
    def test_what_cannot_be_drawn_is_refused(self, gold, found, options, message):
        with pytest.raises(ValueError, match=message):
            bootstrap_interval(accuracy, gold, found, **options)

    def test_a_score_that_is_not_a_number_is_refused(self):
        with pytest.raises(ValueError, match="is not a number"):
            bootstrap_interval(lambda gold, found: math.nan, ["a", "b"], ["a", "b"])
