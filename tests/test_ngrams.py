"""The counting models against dictionaries, hand arithmetic and KenLM.

The oracles below count tuples of words in dictionaries and follow the recursions of the papers word
by word. They share no code with the package.
"""

import subprocess
import sys
import warnings
from collections import Counter
from math import inf, log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils.corpora import CorpusUnavailable, load_corpus
from course_utils.evaluation import perplexity
from course_utils.ngrams import (
    MLE,
    NOT_SEEN,
    AddK,
    HashTable,
    Interpolated,
    KneserNey,
    StupidBackoff,
    count_ngrams,
    discounts,
    next_word_table,
)
from course_utils.text import Vocabulary

ORDERS = [1, 2, 3, 4, 5]
MODELS = [
    MLE,
    lambda order: AddK(order, k=0.3),
    lambda order: StupidBackoff(order, alpha=0.25),
    Interpolated,
    KneserNey,
]
NAMES = ["MLE", "AddK", "StupidBackoff", "Interpolated", "KneserNey"]
every_model = pytest.mark.parametrize("make", MODELS, ids=NAMES)


def random_text(seed, n_sentences, n_words=6, unknown=0.0):
    """Sentences of 0 to 7 words, the first words likelier than the last and than ``zzz``."""
    rng = np.random.default_rng(seed)
    chance = 1 / np.arange(1, n_words + 1)
    words = [f"w{i}" for i in range(n_words)]
    sentences = [
        list(rng.choice(words, size=rng.integers(0, 8), p=chance / chance.sum()))
        for _ in range(n_sentences)
    ]
    return [[w if rng.random() > unknown else "zzz" for w in s] for s in sentences]


@pytest.fixture(scope="module")
def vocab():
    return Vocabulary([f"w{i}" for i in range(7)])  # w6 and <unk> are never seen in training


@pytest.fixture(scope="module")
def train(vocab):
    return vocab.encode(random_text(1, 60))


@pytest.fixture(scope="module")
def test(vocab):
    return vocab.encode(random_text(2, 25, n_words=7, unknown=0.1))


class Oracle:
    """Counts of tuples in a dictionary; probabilities by recursion, one word at a time."""

    def __init__(self, ids, order, n_words):
        self.order, self.V = order, n_words
        self.counts = Counter()
        for history, word in events(ids):
            for n in range(1, order + 1):
                if n - 1 <= len(history):
                    self.counts[(*history[len(history) - n + 1 :], word)] += 1

    def total(self, context, counts=None):
        counts = self.counts if counts is None else counts
        return sum(counts.get((*context, w), 0) for w in range(self.V))

    def longest(self, history):
        return history[max(0, len(history) - self.order + 1) :]

    def mle(self, history, word):
        return self.add_k(history, word, 0)

    def add_k(self, history, word, k):
        context = self.longest(history)
        total = self.total(context) + k * self.V
        return (self.counts[(*context, word)] + k) / total if total else 1 / self.V

    def stupid(self, history, word, alpha):
        def score(context):
            if self.counts[(*context, word)]:
                return self.counts[(*context, word)] / self.total(context)
            return alpha * (score(context[1:]) if context else 1 / self.V)

        return score(self.longest(history))

    def jelinek_mercer(self, history, word, weights):
        """``weights[n - 1][b]`` for contexts seen 2**(b-1) .. 2**b - 1 times."""

        def p(context):
            lower = p(context[1:]) if context else 1 / self.V
            total = self.total(context)
            if total == 0:
                return lower
            weight = weights[len(context)][len(bin(total)) - 2]
            return weight * self.counts[(*context, word)] / total + (1 - weight) * lower

        return p(self.longest(history))

    def kneser_ney(self):
        adjusted = [Counter() for _ in range(self.order + 1)]
        for gram, count in self.counts.items():
            if len(gram) == self.order or gram[0] == 9:
                adjusted[len(gram)][gram] = count
            if len(gram) > 1:
                adjusted[len(gram) - 1][gram[1:]] += 1
        taken = [chen_goodman(list(a.values())) for a in adjusted]

        def p(context, word):
            n = len(context) + 1
            lower = p(context[1:], word) if context else 1 / self.V
            total = self.total(context, adjusted[n])
            if total == 0:
                return lower
            a = adjusted[n].get((*context, word), 0)
            after = [adjusted[n].get((*context, w), 0) for w in range(self.V)]
            left = sum(taken[n][min(x, 3)] for x in after) / total
            return (a - taken[n][min(a, 3)]) / total + left * lower

        return lambda history, word: p(self.longest(history), word)


def events(ids):
    """Yield (history since and with <s>, word); <s> is 9 in the vocabulary of these tests."""
    history = (9,)
    for word in ids:
        yield history, int(word)
        history = (9,) if word == 1 else (*history, int(word))


def chen_goodman(counts):
    t = [counts.count(k) for k in range(5)]
    if min(t[1:4], default=0) == 0:
        return 0, 0.5, 1, 1.5
    y = t[1] / (t[1] + 2 * t[2])
    d = [k - (k + 1) * y * t[k + 1] / t[k] for k in (1, 2, 3)]
    return (0, *d) if min(d) > 0 else (0, 0.5, 1, 1.5)


def assert_equals_oracle(model, p, ids):
    """Every token of a text, and the whole distribution after every one of its histories."""
    V = len(model.vocab)
    assert model.vocab.bos_id == 9
    expected = [p(history, word) for history, word in events(ids)]
    with np.errstate(divide="ignore"):
        np.testing.assert_allclose(model.log_probs(ids), np.log(expected), rtol=1e-10, atol=1e-12)
    for history in sorted({history for history, _ in events(ids)})[::5]:
        expected = [p(history, word) for word in range(V)]
        np.testing.assert_allclose(
            model.next_word_probs(history[1:]), expected, rtol=1e-10, atol=1e-15
        )


@pytest.mark.parametrize("order", ORDERS)
def test_mle_equals_relative_frequencies(order, train, test, vocab):
    oracle = Oracle(train, order, len(vocab))
    assert_equals_oracle(MLE(order).fit(train, vocab), oracle.mle, test)


@pytest.mark.parametrize("order", ORDERS)
def test_add_k_equals_the_formula(order, train, test, vocab):
    oracle = Oracle(train, order, len(vocab))
    model = AddK(order, k=0.3).fit(train, vocab)
    assert_equals_oracle(model, lambda h, w: oracle.add_k(h, w, 0.3), test)


@pytest.mark.parametrize("order", ORDERS)
def test_stupid_backoff_equals_the_recursion(order, train, test, vocab):
    oracle = Oracle(train, order, len(vocab))
    model = StupidBackoff(order, alpha=0.25).fit(train, vocab)
    assert_equals_oracle(model, lambda h, w: oracle.stupid(h, w, 0.25), test)


@pytest.mark.parametrize("order", ORDERS)
def test_interpolated_equals_the_recursion_with_its_weights(order, train, test, vocab):
    oracle = Oracle(train, order, len(vocab))
    model = Interpolated(order).fit(train, vocab)
    assert_equals_oracle(model, lambda h, w: oracle.jelinek_mercer(h, w, model.weights), test)


@pytest.mark.parametrize("order", ORDERS)
def test_kneser_ney_equals_the_recursion(order, train, test, vocab):
    p = Oracle(train, order, len(vocab)).kneser_ney()
    assert_equals_oracle(KneserNey(order).fit(train, vocab), p, test)


def test_the_oracle_text_uses_the_formula_and_the_fallback(train, vocab):
    """The texts above are only worth something if both kinds of discounts occur in them."""
    used = [chen_goodman(list(level.counts)) for level in count_ngrams(train, vocab, 5)]
    assert (0, 0.5, 1, 1.5) in used
    assert any(d != (0, 0.5, 1, 1.5) for d in used)


def test_kneser_ney_by_hand():
    """Three sentences, bigrams, counted on paper.

    Text: a b </s>   a b </s>   c b </s>; V = 5 (<unk> </s> a b c).
    Bigram counts: <s> a 2, <s> c 1, a b 2, c b 1, b </s> 3. t_1 = 2, t_2 = 2, t_3 = 1, t_4 = 0, so
    Y = 2/6, D_1 = 1 - 2 Y 2/2 = 1/3, D_2 = 2 - 3 Y 1/2 = 3/2, D_3+ = 3.
    Unigrams, by different predecessors: a 1 (<s>), c 1 (<s>), b 2 (a, c), </s> 1 (b): sum 5.
    t_1 = 3, t_2 = 1, t_3 = 0: fallback 1/2, 1, 3/2.
    P(b) = (2 - 1)/5 + gamma/5, gamma = (3 * 1/2 + 1)/5 = 1/2: P(b) = 0.3.
    P(b | a) = (2 - 3/2)/2 + (3/2)/2 * 0.3 = 0.475.
    P(</s> | b) = (3 - 3)/3 + 3/3 * P(</s>) = (1 - 1/2)/5 + 1/2/5 = 0.2.
    P(a | <s>) = (2 - 3/2)/3 + (3/2 + 1/3)/3 * P(a) = 1/6 + 11/18 * 0.2 = 13/45.
    P(<unk>) = 1/2/5 = 0.1, and after c, P(<unk> | c) = (1/3)/1 * 0.1 = 1/30.
    """
    vocab = Vocabulary(["a", "b", "c"])
    model = KneserNey(2).fit(vocab.encode([[*"ab"], [*"ab"], [*"cb"]]), vocab)
    a_b_end = vocab.encode([["a", "b"]])
    np.testing.assert_allclose(np.exp(model.log_probs(a_b_end)), [13 / 45, 0.475, 0.2], rtol=1e-14)
    assert model.next_word_probs(vocab.encode_words(["c"]))[0] == pytest.approx(1 / 30)
    # after a context never seen, the unigrams
    unseen = model.next_word_probs([vocab.unk_id])
    np.testing.assert_allclose(unseen, [0.1, 0.2, 0.2, 0.3, 0.2], rtol=1e-14)


def test_mle_add_k_and_stupid_backoff_by_hand():
    """Text: a b </s>   a c </s>   a b </s>; V = 5, 9 tokens."""
    vocab = Vocabulary(["a", "b", "c"])
    ids = vocab.encode([[*"ab"], [*"ac"], [*"ab"]])
    a_c, c_b = vocab.encode([["a", "c"]]), vocab.encode([["c", "b"]])
    # a 3 of 3 after <s>, c 1 of 3 after a, </s> 1 of 1 after c
    np.testing.assert_allclose(np.exp(MLE(2).fit(ids, vocab).log_probs(a_c)), [1, 1 / 3, 1])
    # (3 + 1)/(3 + 5), (1 + 1)/(3 + 5), (1 + 1)/(1 + 5)
    np.testing.assert_allclose(
        np.exp(AddK(2).fit(ids, vocab).log_probs(a_c)), [1 / 2, 1 / 4, 1 / 3]
    )
    # c was not seen after <s>: 0.4 * 1/9; b not after c: 0.4 * 2/9; </s> 2 of 2 after b
    scores = np.exp(StupidBackoff(2).fit(ids, vocab).log_probs(c_b))
    np.testing.assert_allclose(scores, [0.4 / 9, 0.8 / 9, 1])
    # <unk> was never seen at all: twice a factor, then 1/V
    assert StupidBackoff(2).fit(ids, vocab).next_word_probs([2])[0] == pytest.approx(0.16 / 5)


@every_model
@pytest.mark.parametrize("order", ORDERS)
def test_distributions_sum_to_one_after_seen_and_unseen_contexts(make, order, train, test, vocab):
    model = make(order).fit(train, vocab)
    sums = [model.next_word_probs(test[:t]).sum() for t in range(len(test))]
    sums += [model.next_word_probs([w, 0, 8]).sum() for w in range(2, 9)]  # <unk> w6 never seen
    if model.is_normalized:
        np.testing.assert_allclose(sums, 1, rtol=1e-13)
    elif order > 1:
        assert min(abs(np.array(sums) - 1)) > 1e-3


@every_model
@pytest.mark.parametrize("order", [1, 2, 4])
def test_scoring_a_text_and_predicting_word_by_word_agree(make, order, train, test, vocab):
    model = make(order).fit(train, vocab)
    with np.errstate(divide="ignore"):
        each = [np.log(model.next_word_probs(test[:t])[w]) for t, w in enumerate(test)]
    np.testing.assert_allclose(model.log_probs(test), each, rtol=1e-13, atol=1e-14)


def test_only_mle_gives_probability_zero(train, test, vocab):
    scores = {
        name: make(3).fit(train, vocab).log_probs(test)
        for name, make in zip(NAMES, MODELS, strict=True)
    }
    assert np.isneginf(scores.pop("MLE")).any()
    for name, log_probs in scores.items():
        assert np.isfinite(log_probs).all(), name


def test_infinite_perplexity_names_the_unseen_ngram():
    vocab = Vocabulary(["the", "pig", "flew", "sat"])
    model = MLE(3).fit(vocab.encode(["the pig sat".split(), "flew the pig".split()]), vocab)
    with pytest.warns(UserWarning, match=r"'flew' after 'the pig' \(token 2\)"):
        assert perplexity(model, vocab.encode(["the pig flew".split()])) == inf


def test_stupid_backoff_says_that_it_scores(train, test, vocab):
    model = StupidBackoff(3).fit(train, vocab)
    with pytest.warns(UserWarning, match="scores that do not sum to 1"):
        perplexity(model, test)


@every_model
def test_contexts_start_anew_after_a_sentence(make, train, test, vocab):
    model = make(4).fit(train, vocab)
    start = model.next_word_probs([])
    for same in ([1], [vocab.bos_id], [2, 3, 1], [2, 3, 1, vocab.bos_id], np.array([4, 1])):
        np.testing.assert_array_equal(model.next_word_probs(same), start)
    np.testing.assert_array_equal(
        model.next_word_probs([5, 1, 2, 3]), model.next_word_probs([vocab.bos_id, 2, 3])
    )
    pieces = np.split(test, np.flatnonzero(test == 1) + 1)
    apart = np.concatenate([model.log_probs(piece) for piece in pieces])
    np.testing.assert_array_equal(model.log_probs(test), apart)


@given(
    st.lists(st.lists(st.sampled_from("abz"), max_size=4), min_size=1, max_size=4),
    st.lists(st.lists(st.sampled_from("abz"), max_size=5), max_size=3),
    st.integers(1, 7),
    st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_no_text_is_too_small(train, test, order, unfinished):
    """One word, one sentence, only empty sentences, orders longer than any sentence."""
    vocab = Vocabulary(["a", "b"])
    train = vocab.encode(train)
    train = np.append(train, [2, 3]) if unfinished else train
    test = vocab.encode(test)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for make in MODELS:
            model = make(order).fit(train, vocab)
            log_probs = model.log_probs(test)
            assert log_probs.shape == test.shape
            assert not np.isnan(log_probs).any()
            p = model.next_word_probs(test)
            assert p.shape == (4,) and (p >= 0).all()
            if model.is_normalized:
                assert p.sum() == pytest.approx(1, rel=1e-12)
                assert (log_probs <= 1e-12).all()
            assert model.sample(3, rng=0).shape == (3,)


@pytest.mark.parametrize("n_words", [50_000, 70_000])
def test_long_orders_and_large_vocabularies_do_not_overflow(n_words):
    """V**8 is far beyond 64 bits, and 70,000 words beyond 16."""
    vocab = Vocabulary(map(str, range(n_words - 2)))
    rng = np.random.default_rng(0)
    ids = np.append(rng.choice([2, 7, n_words // 2, n_words - 1], size=300), 1)
    ids[[50, 51, 120]] = 1
    levels = count_ngrams(ids, vocab, 8)
    expected = [Counter() for _ in range(9)]
    text = [n_words]
    for word in ids:
        text.append(int(word))
        for n in range(1, min(8, len(text)) + 1):
            expected[n][tuple(text[len(text) - n :])] += 1
        if word == 1:
            text = [n_words]
    for n, level in enumerate(levels, start=1):
        assert sorted(level.counts[level.counts > 0]) == sorted(expected[n].values())
        assert (np.diff(level.keys) > 0).all()
    model = KneserNey(8).fit(ids, vocab)
    assert model.n_ngrams == tuple(len(c) for c in expected[1:])
    assert model.log_probs(ids).mean() > -2


def test_numbers_of_contexts_and_suffixes_name_the_right_ngrams(train, vocab):
    grams = [[(i,) for i in range(10)]]
    for level in count_ngrams(train, vocab, 4)[1:]:
        words = level.keys % 10
        grams.append([(*grams[-1][c], int(w)) for c, w in zip(level.contexts, words, strict=True)])
        assert [g[1:] for g in grams[-1]] == [grams[-2][s] for s in level.suffixes]
        assert [g[0] == 9 for g in grams[-1]] == [i >= level.first_start for i in range(len(words))]


@given(st.sets(st.integers(0, 2**40), max_size=200), st.lists(st.integers(0, 2**40)))
def test_hash_table_finds_what_a_dictionary_finds(keys, others):
    keys = np.array(sorted(keys), dtype=np.int64)
    wanted = np.append(keys[::-1], np.array(others, dtype=np.int64))
    place = {int(key): i for i, key in enumerate(keys)}
    found = HashTable(keys).find(wanted)
    np.testing.assert_array_equal(found, [place.get(int(k), NOT_SEEN) for k in wanted])


def test_hash_table_survives_keys_that_share_a_slot():
    step = pow(0x9E3779B97F4A7C15, -1, 2**64)  # the hash of i * step is i: all in the first slots
    keys = np.sort(np.array([i * step % 2**64 for i in range(1, 300)], dtype=np.uint64))
    keys = keys[keys < 2**63].view(np.int64)
    np.testing.assert_array_equal(HashTable(keys).find(keys), np.arange(len(keys)))
    assert (HashTable(keys[::2]).find(keys[1::2]) == NOT_SEEN).all()


def test_discounts_by_hand():
    # t = 5, 3, 2, 1: Y = 5/11, D_1 = 1 - 2 Y 3/5 = 5/11, D_2 = 2 - 3 Y 2/3 = 12/11,
    # D_3+ = 3 - 4 Y 1/2 = 23/11
    counts = np.array([1] * 5 + [2] * 3 + [3] * 2 + [4] + [9] * 4)
    np.testing.assert_allclose(discounts(counts), [0, 5 / 11, 12 / 11, 23 / 11], rtol=1e-14)


@pytest.mark.parametrize(
    "counts",
    [
        [],
        [1, 1, 1],  # t_2 = 0
        [2, 2, 3],  # t_1 = 0
        [1, 2, 4],  # t_3 = 0
        [1, 2, 3, 3, 3, 3, 3, 3],  # D_2 = 2 - 3 * 1/3 * 6 < 0
    ],
)
def test_discounts_fall_back_on_small_and_odd_texts(counts):
    np.testing.assert_array_equal(discounts(np.array(counts, dtype=int)), [0, 0.5, 1, 1.5])


def heldout_log_prob(oracle, heldout, weights):
    events_ = list(events(heldout))
    return sum(log(oracle.jelinek_mercer(h, w, weights)) for h, w in events_) / len(events_)


def test_em_never_loses_and_its_last_value_is_the_heldout_log_prob(train, vocab):
    heldout = vocab.encode(random_text(3, 30, n_words=7))
    model = Interpolated(3).fit(train, vocab, heldout_ids=heldout, max_steps=3000)
    steps = np.diff(model.heldout_log_probs)
    assert len(steps) >= 3 and (steps >= 0).all() and steps[0] > 1e-3
    oracle = Oracle(train, 3, len(vocab))
    assert heldout_log_prob(oracle, heldout, model.weights) == pytest.approx(
        model.heldout_log_probs[-1], rel=1e-12
    )


def test_em_finds_the_best_weights_of_a_grid():
    """Two weights: every context stands four or five times, one bucket an order."""
    vocab = Vocabulary([f"w{i}" for i in range(7)])
    train = vocab.encode([["w0", "w1"], ["w1", "w0"], ["w0", "w1"], ["w1", "w0", "w0"]])
    heldout = vocab.encode([["w0", "w1", "w0"], ["w1", "w1"], ["w6", "w0"], ["w1"]])
    model = Interpolated(2).fit(train, vocab, heldout_ids=heldout, max_steps=5000)
    oracle = Oracle(train, 2, len(vocab))
    grid = np.linspace(0.001, 0.999, 80)
    values = [
        [heldout_log_prob(oracle, heldout, [[w1] * 64, [w2] * 64]) for w2 in grid] for w1 in grid
    ]
    best = np.unravel_index(np.argmax(values), (80, 80))
    assert 0 < best[0] < 79 and 0 < best[1] < 79
    found = heldout_log_prob(oracle, heldout, model.weights)
    assert found >= np.max(values) - 1e-9
    assert model.weights[0][4] == pytest.approx(grid[best[0]], abs=0.013)
    assert model.weights[1][3] == pytest.approx(grid[best[1]], abs=0.013)


def test_no_weight_can_be_moved_to_a_better_place(train, vocab):
    """At the optimum a small step of any one weight, up or down, gains nothing."""
    heldout = vocab.encode(random_text(3, 30, n_words=7))
    model = Interpolated(3).fit(train, vocab, heldout_ids=heldout, max_steps=3000)
    oracle = Oracle(train, 3, len(vocab))
    best = heldout_log_prob(oracle, heldout, model.weights)
    tried = 0
    for n, weights in enumerate(model.weights):
        for bucket in range(1, 9):
            for step in (-0.02, 0.02):
                moved = [w.copy() for w in model.weights]
                moved[n][bucket] = np.clip(weights[bucket] + step, 0, 1 - 1e-6)
                value = heldout_log_prob(oracle, heldout, moved)
                assert value <= best + 1e-5
                tried += value < best - 1e-6
    assert tried > 10


def test_weights_without_evidence_equal_those_of_rarer_contexts():
    """Contexts w0, seen 8 times, and w1, seen once; the held-out text shows w1 alone, and <s>."""
    vocab = Vocabulary(["w0", "w1"])
    train = vocab.encode([["w0"]] * 8 + [["w1"]])
    model = Interpolated(2).fit(train, vocab, heldout_ids=vocab.encode([["w1"], ["w1"]]))
    of_w1 = model.weights[1][1]  # bucket 1: seen once; then as far as bucket 4, <s> and w0
    assert 0 < of_w1 < 1
    np.testing.assert_array_equal(model.weights[1][[0, 2, 3]], [0, of_w1, of_w1])
    assert model.weights[1][4] < of_w1  # w1 is rarer after <s> than </s> after w1
    np.testing.assert_array_equal(model.weights[1][5:], model.weights[1][4])
    # without a held-out text all weights but those of unseen contexts stay at 1/2
    alone = Interpolated(2).fit(vocab.encode([["w0"]]), vocab)
    np.testing.assert_array_equal(alone.weights, [[0, *[0.5] * 63]] * 2)


def test_held_out_sentences_are_every_tenth_of_the_training_text(train, vocab):
    sentences = np.split(train, np.flatnonzero(train == 1) + 1)[:-1]
    heldout = np.concatenate(sentences[9::10])
    rest = np.concatenate([s for i, s in enumerate(sentences) if i % 10 != 9])
    by_itself = Interpolated(3).fit(train, vocab)
    by_hand = Interpolated(3).fit(rest, vocab, heldout_ids=heldout)
    for one, other in zip(by_itself.weights, by_hand.weights, strict=True):
        np.testing.assert_array_equal(one, other)


def test_of_fewer_than_ten_sentences_the_last_is_held_out(vocab):
    sentences = [["w0", "w1"], ["w0"], ["w1", "w1", "w0"]]
    by_itself = Interpolated(2).fit(vocab.encode(sentences), vocab)
    rest, heldout = vocab.encode(sentences[:2]), vocab.encode(sentences[2:])
    by_hand = Interpolated(2).fit(rest, vocab, heldout_ids=heldout)
    np.testing.assert_array_equal(by_itself.weights, by_hand.weights)
    assert by_itself.heldout_log_probs


def test_better_smoothing_and_longer_contexts_predict_better():
    """Words that follow a cycle with some noise: the order of the course's ladder."""
    rng = np.random.default_rng(5)
    words = [f"w{i}" for i in range(20)]
    steps = rng.choice([1, 1, 1, 7], size=(400, 9)).cumsum(axis=1) % 20
    vocab = Vocabulary(words)
    text = [[words[i] for i in sentence] for sentence in steps]
    train, test = vocab.encode(text[:300]), vocab.encode(text[300:])
    value = {
        (m.__name__, o): perplexity(m(o).fit(train, vocab), test)
        for m in (AddK, Interpolated, KneserNey)
        for o in (1, 2)
    }
    assert value["KneserNey", 2] < value["KneserNey", 1] / 3
    assert value["Interpolated", 2] < value["Interpolated", 1] / 3


@every_model
def test_sampling_is_repeatable_and_takes_a_generator(make, train, vocab):
    model = make(3).fit(train, vocab)
    first = model.sample(40, rng=7)
    assert first.dtype == np.int64 and first.shape == (40,)
    np.testing.assert_array_equal(first, model.sample(40, rng=np.random.default_rng(7)))
    assert not np.array_equal(first, model.sample(40, rng=8))
    assert ((first >= 0) & (first < len(vocab))).all()  # never <s>
    assert model.sample(0, rng=1).shape == (0,)


def test_samples_follow_the_distribution_at_any_temperature(train, vocab):
    model = KneserNey(2).fit(train, vocab)
    context = vocab.encode_words(["w0"])
    p = model.next_word_probs(context)
    for temperature in (0.5, 1, 3):
        q = p ** (1 / temperature)
        rng = np.random.default_rng(0)
        drawn = [model.sample(1, rng, context, temperature)[0] for _ in range(3000)]
        shares = np.bincount(drawn, minlength=len(vocab)) / 3000
        np.testing.assert_allclose(shares, q / q.sum(), atol=0.035)  # four standard errors
    assert model.sample(1, 0, context, temperature=1e-4)[0] == np.argmax(p)


def test_samples_go_on_from_the_context_and_start_again_after_a_sentence():
    vocab = Vocabulary(["a", "b", "c"])
    model = MLE(3).fit(vocab.encode([["a", "b", "c"]]), vocab)  # only one text is possible
    np.testing.assert_array_equal(model.sample(6, rng=0), [2, 3, 4, 1, 2, 3])
    np.testing.assert_array_equal(model.sample(3, rng=0, context=[2, 3]), [4, 1, 2])
    np.testing.assert_array_equal(model.sample(2, rng=0, context=[2, 1]), [2, 3])


def test_numbers_that_describe_a_model():
    """Text: a b </s>   a </s>. Bigrams <s> a, a b, b </s>, a </s>; trigrams two and <s> a </s>."""
    vocab = Vocabulary(["a", "b"])
    model = KneserNey(3).fit(vocab.encode([["a", "b"], ["a"]]), vocab)
    assert model.n_ngrams == (3, 4, 3)
    # keys 5 + 4 + 3, alpha one more each, gamma 1 + 5 + 4; 8 bytes a number
    assert model.nbytes == 8 * (12 + 15 + 10)
    assert (model.order, model.vocab) == (3, vocab)


def test_names_of_models():
    assert [repr(make(3)) for make in MODELS] == [
        "MLE(order=3)",
        "AddK(order=3, k=0.3)",
        "StupidBackoff(order=3, alpha=0.25)",
        "Interpolated(order=3)",
        "KneserNey(order=3)",
    ]
    assert [make(2).is_normalized for make in MODELS] == [True, True, False, True, True]


@pytest.mark.parametrize(
    ("order", "position", "expected"),
    [
        (1, 2, "'flew'"),
        (2, 2, "'flew' after 'pig'"),
        (3, 2, "'flew' after 'the pig'"),
        (5, 2, "'flew' after '<s> the pig'"),
        (3, 4, "'the' after '<s>'"),
        (2, 3, "'</s>' after 'flew'"),
    ],
)
def test_an_event_in_words(order, position, expected):
    vocab = Vocabulary(["the", "pig", "flew"])
    ids = vocab.encode(["the pig flew".split(), ["the"]])
    assert MLE(order).fit(ids, vocab).describe_event(ids, position) == expected


def test_next_word_table():
    vocab = Vocabulary(["today", "the", "sun", "rain"])
    text = ["today the sun".split(), "today the sun".split(), "today the rain".split()]
    model = MLE(3).fit(vocab.encode(text), vocab)
    table = next_word_table(model, "today the", top=2)
    assert list(table.columns) == ["word", "probability"]
    assert list(table["word"]) == ["sun", "rain"]
    np.testing.assert_allclose(table["probability"], [2 / 3, 1 / 3])
    assert next_word_table(model, ["today", "the"], top=2).equals(table)
    assert list(next_word_table(model, "<s>", top=1)["word"]) == ["today"]


@pytest.mark.parametrize("order", [0, -3])
@every_model
def test_orders_below_one_are_refused(make, order):
    with pytest.raises(ValueError, match=f"order must be at least 1 .unigrams., got {order}"):
        make(order)


@pytest.mark.parametrize("order", [2.0, "3", None, True])
@every_model
def test_orders_that_are_no_integers_are_refused(make, order):
    with pytest.raises(TypeError, match=f"order must be an integer, got {order!r}"):
        make(order)


@pytest.mark.parametrize("k", [0, -1, float("nan"), inf])
def test_add_k_needs_a_positive_k(k):
    with pytest.raises(ValueError, match=f"k must be positive and finite, got {k}"):
        AddK(2, k=k)


@pytest.mark.parametrize("alpha", [0, -0.4, 1.5, float("nan")])
def test_stupid_backoff_needs_a_factor(alpha):
    with pytest.raises(ValueError, match=f"alpha must be within 0 < alpha <= 1, got {alpha}"):
        StupidBackoff(2, alpha=alpha)


def test_stupid_backoff_refuses_scores_too_small_for_a_float():
    with pytest.raises(ValueError, match=r"got 0.001 \*\* 120; lower the order"):
        StupidBackoff(120, alpha=0.001)


@every_model
@pytest.mark.parametrize(
    ("ids", "error", "message"),
    [
        ([], ValueError, "training text is empty"),
        ([2, 3], ValueError, "no </s> .id 1.; vocab.encode"),
        ([2, 9, 1], ValueError, "id 9 is outside the vocabulary of 9 words"),
        ([2, -1, 1], ValueError, "id -1 is outside"),
        ([2.0, 1.0], TypeError, "integers, got float64"),
        (["w0", "w1"], TypeError, "integers, got <U2"),
        ([[2, 1], [3, 1]], ValueError, "one dimension, got an array of shape .2, 2."),
    ],
)
def test_texts_that_cannot_be_fitted(make, ids, error, message, vocab):
    with pytest.raises(error, match=message):
        make(2).fit(ids, vocab)


@every_model
def test_texts_that_cannot_be_scored(make, train, vocab):
    model = make(2)
    for use in (model.log_probs, model.next_word_probs, lambda ids: model.describe_event(ids, 0)):
        with pytest.raises(
            RuntimeError, match=r"no counts yet; call fit\(train_ids, vocab\) first"
        ):
            use([2, 1])
    model.fit(train, vocab)
    with pytest.raises(ValueError, match="id 99 is outside the vocabulary of 9 words"):
        model.log_probs([2, 99])
    with pytest.raises(TypeError, match="integers, got float64"):
        model.log_probs([2.5])
    with pytest.raises(TypeError, match="integers, got float64"):
        model.next_word_probs([2.5])
    with pytest.raises(ValueError, match="id 9 is outside"):
        model.next_word_probs([2, vocab.bos_id])
    with pytest.raises(ValueError, match="temperature must be positive and finite, got 0"):
        model.sample(3, temperature=0)
    with pytest.raises(ValueError, match="temperature must be positive and finite, got inf"):
        model.sample(3, temperature=inf)
    with pytest.raises(ValueError, match="must be at least 0, got -1"):
        model.sample(-1)
    for nested in ([[2, 1]], 2):
        with pytest.raises(ValueError, match="a text has one dimension, got an array of shape"):
            model.next_word_probs(nested)
    with pytest.raises(ValueError, match=r"got lists of different lengths; vocab.encode"):
        model.log_probs([[2, 1], [3]])
    assert model.log_probs([]).shape == (0,)


def test_held_out_text_is_checked_too(train, vocab):
    with pytest.raises(ValueError, match="id 99 is outside"):
        Interpolated(2).fit(train, vocab, heldout_ids=[99, 1])


def test_counting_needs_neither_torch_nor_pandas():
    code = "import sys, course_utils.ngrams; print({'torch', 'pandas'} & set(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "set()"


@pytest.fixture(scope="module")
def brown():
    try:
        return load_corpus("brown")
    except CorpusUnavailable as reason:
        pytest.skip(f"the Brown corpus is not at hand: {reason}")


@pytest.mark.parametrize(
    ("min_count", "expected"),
    [
        # lmplz -o ORDER -S 1G < train.txt > model.arpa; query -v summary model.arpa < test.txt
        # (KenLM 4cb443e), words rarer than min_count in train replaced by one ordinary word
        (2, {3: 195.64992, 5: 194.30428}),
        (3, {3: 166.58100, 5: 165.33880}),
    ],
)
def test_perplexities_of_brown_equal_those_of_kenlm(brown, min_count, expected):
    kept = {w for w, n in Counter(w for s in brown.train for w in s).items() if n >= min_count}
    train, test = (
        [[w if w in kept else "RARE" for w in s] for s in part]
        for part in (brown.train, brown.test)
    )
    same_as_kenlm = Vocabulary.from_sentences(train)  # with <unk> besides, as KenLM has
    usual = Vocabulary.from_sentences(brown.train, min_count)
    assert len(same_as_kenlm) == len(usual) + 1
    for order, value in expected.items():
        model = KneserNey(order).fit(same_as_kenlm.encode(train), same_as_kenlm)
        ids = same_as_kenlm.encode(test)
        assert len(ids) == 171_297
        assert perplexity(model, ids) == pytest.approx(value, rel=1e-6)
        model = KneserNey(order).fit(usual.encode(brown.train), usual)
        assert perplexity(model, usual.encode(brown.test)) == pytest.approx(value, rel=1e-4)


@pytest.mark.parametrize("model", [MLE(3), AddK(3, 0.5), Interpolated(3), KneserNey(3)], ids=repr)
def test_keys_beyond_32_bits(model):
    """40,000 contexts times 100,000 words: a key of an n-gram does not fit into 32 bits."""
    vocab = Vocabulary(f"w{i}" for i in range(100_000))
    rng = np.random.default_rng(5)
    ids = rng.integers(2, 100_000, size=40_000)
    ids[10::11] = vocab.eos_id
    model.fit(ids, vocab)
    log_probs = model.log_probs(ids)
    for t in (2, 39_990):
        p = model.next_word_probs(ids[:t])
        assert p.sum() == pytest.approx(1, rel=1e-9)
        assert log(p[ids[t]]) == pytest.approx(log_probs[t], rel=1e-9)
