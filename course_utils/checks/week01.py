"""The questions of week 1: counting, smoothing, backoff, Kneser-Ney, perplexity, sampling.

The oracles work on whole matrices and long texts where the exercise asks for one word at a time.
The tests hold them against `course_utils.ngrams` and against hand arithmetic.
"""

from __future__ import annotations

import math
import statistics
from collections import Counter
from types import SimpleNamespace

import numpy as np

from course_utils.checks import Question
from course_utils.text import BOS, EOS

WORDS = ["a", "b", "c", "d"]
CATS = [["the", "cat"], ["the", "dog"], ["a", "dog"]]


def _random_sentences(rng: np.random.Generator, most: int = 4) -> list[list[str]]:
    """Return one to ``most`` sentences of up to four words; no word but one of `WORDS`."""
    lengths = rng.integers(0, 5, size=rng.integers(1, most + 1))
    return [[WORDS[i] for i in rng.choice(4, size=n, p=[0.4, 0.3, 0.2, 0.1])] for n in lengths]


# count_ngrams


def _windows(text: list[str], n: int, keep) -> Counter:
    """Count the windows of n symbols in one long text, those for which ``keep(window)`` holds."""
    if len(text) < n:
        return Counter()
    windows = np.lib.stride_tricks.sliding_window_view(np.array(text, dtype=object), n)
    return Counter(w for w in map(tuple, windows.tolist()) if keep(w))


def _one_text(sentences, n_start=1) -> list[str]:
    return [w for s in sentences for w in [BOS] * n_start + list(s) + [EOS]]


def _within(window) -> bool:
    """Say whether a window lies in one sentence and predicts something."""
    return EOS not in window[:-1] and BOS not in window[1:] and window[-1] != BOS


def count_ngrams(sentences, n):
    """Count the windows of one long text that do not cross a sentence end."""
    return _windows(_one_text(sentences), n, _within)


def _one_sentence_at_a_time(sentences, n, count) -> Counter:
    total = Counter()
    for sentence in sentences:
        total.update(count([sentence], n))
    return total


_COUNT_MISTAKES = [
    (
        "`</s>` is not counted; put it after the last word, and let the last n-gram reach it",
        lambda sentences, n: Counter(
            {g: c for g, c in count_ngrams(sentences, n).items() if g[-1] != EOS}
        ),
    ),
    (
        "`<s>` is not there as a context; put one in front of each sentence",
        lambda sentences, n: Counter(
            {g: c for g, c in count_ngrams(sentences, n).items() if g[0] != BOS}
        ),
    ),
    (
        "`<s>` is counted as a predicted word; an n-gram may begin with it, never end with it",
        lambda sentences, n: (
            count_ngrams(sentences, n) + Counter({(BOS,) * n: len(sentences)})
            if n == 1
            else count_ngrams(sentences, n)
        ),
    ),
    (
        "neither `<s>` nor `</s>` is put around the sentence",
        lambda sentences, n: Counter(
            {g: c for g, c in count_ngrams(sentences, n).items() if not {BOS, EOS} & set(g)}
        ),
    ),
    (
        "n-grams run across the sentence end; count each sentence on its own",
        lambda sentences, n: _windows(_one_text(sentences), n, lambda w: w[-1] != BOS),
    ),
    (
        "n-grams run across the sentence end; count each sentence on its own",
        lambda sentences, n: _windows(_one_text(sentences), n, lambda w: True),
    ),
    (
        "several `<s>` are put in front; this course puts one, whatever n is",
        lambda sentences, n: _one_sentence_at_a_time(
            sentences,
            n,
            lambda one, n: _windows(_one_text(one, n_start=max(n - 1, 1)), n, lambda w: True),
        ),
    ),
    (
        "several `<s>` are put in front; this course puts one, whatever n is",
        lambda sentences, n: _one_sentence_at_a_time(
            sentences, n, lambda one, n: _windows(_one_text(one, n_start=n - 1), n, lambda w: True)
        ),
    ),
    (
        "every n-gram has count 1; add up how often it occurs",
        lambda sentences, n: Counter(dict.fromkeys(count_ngrams(sentences, n), 1)),
    ),
    (
        "only the last sentence is counted; make the Counter once, before the loop",
        lambda sentences, n: count_ngrams(sentences[-1:], n),
    ),
    (
        "only the first sentence is counted; `return` stands inside the loop",
        lambda sentences, n: count_ngrams(sentences[:1], n),
    ),
]


# perplexity and bits_per_token


def perplexity(probabilities):
    """Return the inverse of the geometric mean."""
    return math.inf if min(probabilities) == 0 else 1 / statistics.geometric_mean(probabilities)


def bits_per_token(probabilities):
    """Return the number of yes-no questions behind the perplexity."""
    return math.log2(perplexity(probabilities))


def _unless_zero(formula):
    """Return the formula, guarded: a mistake elsewhere, with probability 0 treated rightly."""
    return lambda probabilities: math.inf if min(probabilities) == 0 else formula(probabilities)


def _log2(probabilities):
    return np.mean(np.log2(probabilities))


def _ln(probabilities):
    return np.mean(np.log(probabilities))


_MIXED = "the base of the logarithm and of the power differ: ln goes with exp, log2 with 2 ** bits"
_NO_MEAN = "the sum of the logarithms is not divided by the number of tokens"
_SIGN = "the minus sign is missing; a logarithm of a probability is negative"
_WEIGHTED = (
    "the logarithms are weighted by the probabilities; that is the entropy of one distribution, "
    "and here every token of a text counts once"
)
_UNDERFLOW = (
    "the product of many probabilities is too small for a float and becomes 0; add logarithms"
)
_ZERO_PRODUCT = (
    "the product is 0, and 0 has no inverse: return math.inf for a probability 0, and add "
    "logarithms, since the product of many small ones becomes 0 too"
)
_ZERO = "the logarithm of 0 does not exist; return math.inf when a probability is 0"

_PERPLEXITY_MISTAKES = [
    *(
        (sentence, guard(formula))
        for sentence, formula in [
            (_MIXED, lambda p: math.exp(-_log2(p))),
            (_MIXED, lambda p: 2 ** -_ln(p)),
            (_NO_MEAN, lambda p: math.exp(-math.fsum(map(math.log, p)))),
            (_NO_MEAN, lambda p: float(np.exp(-np.sum(np.log(p))))),
            (_NO_MEAN, lambda p: 1 / math.prod(p)),
            (_SIGN, lambda p: math.exp(_ln(p))),
            (_SIGN, lambda p: math.prod(p) ** (1 / len(p))),
            (
                "this is the cross-entropy; the perplexity is exp of it",
                lambda p: -_ln(p),
            ),
            (
                "this is the cross-entropy in bits; the perplexity is 2 to that power",
                lambda p: -_log2(p),
            ),
            (
                "it averages the probabilities themselves; average their logarithms",
                lambda p: 1 / statistics.fmean(p),
            ),
            (
                "it averages the probabilities themselves; average their logarithms",
                lambda p: statistics.fmean(p),
            ),
            (_WEIGHTED, lambda p: math.exp(-math.fsum(x * math.log(x) for x in p))),
            (_WEIGHTED, lambda p: 2 ** -math.fsum(x * math.log2(x) for x in p)),
            (
                "it averages the inverse probabilities; average the logarithms",
                lambda p: statistics.fmean(1 / x for x in p),
            ),
            (_UNDERFLOW, lambda p: float(np.prod(p) ** (-1 / len(p)))),
        ]
        for guard in (_unless_zero, lambda formula: formula)
    ),
    (_UNDERFLOW, _unless_zero(lambda p: math.prod(p) ** (-1 / len(p)))),
    (_ZERO_PRODUCT, lambda p: math.prod(p) ** (-1 / len(p))),
    (_ZERO, lambda p: math.exp(-statistics.fmean(map(math.log, p)))),
    (
        "a token of probability 0 is skipped; it makes the perplexity infinite",
        lambda p: perplexity([x for x in p if x > 0] or [1]),
    ),
    (
        "a token of probability 0 makes the perplexity infinite, not 0",
        lambda p: 0.0 if 0 in p else perplexity(p),
    ),
]

_BITS_MISTAKES = [
    (_SIGN, lambda p: _log2(p)),
    ("this is in nats; bits need the logarithm to base 2", lambda p: -_ln(p)),
    (_NO_MEAN, lambda p: -math.fsum(map(math.log2, p))),
    (_WEIGHTED, lambda p: -math.fsum(x * math.log2(x) for x in p)),
    ("this is the perplexity; the bits are its logarithm to base 2", perplexity),
    (
        "nats are multiplied by ln 2; a nat is more than a bit, so divide by it",
        lambda p: -_ln(p) * math.log(2),
    ),
    (
        "it averages the probabilities themselves; average their logarithms",
        lambda p: -math.log2(statistics.fmean(p)),
    ),
]


# add_k_probability, continuation_probability, kneser_ney_probability: bigram counts as a matrix


def _matrix(bigrams, previous, word) -> tuple[np.ndarray, int, int]:
    """Return counts, one row a context and one column a word, and the place of this bigram.

    A last row and a last column of zeros stand for the contexts and words never seen.
    """
    contexts = sorted({a for a, _ in bigrams})
    words = sorted({b for _, b in bigrams})
    counts = np.zeros((len(contexts) + 1, len(words) + 1))
    for (a, b), n in bigrams.items():
        counts[contexts.index(a), words.index(b)] = n
    row = contexts.index(previous) if previous in contexts else -1
    column = words.index(word) if word in words else -1
    return counts, row, column


def _facts(bigrams, previous, word) -> SimpleNamespace:
    """Return the figures that formulas, right or wrong, are made of: all of them whole numbers."""
    counts, row, column = _matrix(bigrams, previous, word)
    seen = counts > 0
    return SimpleNamespace(
        count=int(counts[row, column]),
        after_previous=int(counts[row].sum()),
        word_tokens=int(counts[:, column].sum()),
        tokens=int(counts.sum()),
        followers=int(seen[row].sum()),
        predecessors=int(seen[:, column].sum()),
        types=int(seen.sum()),
        words=counts.shape[1] - 1,
        contexts=counts.shape[0] - 1,
        symbols=len({symbol for bigram in bigrams for symbol in bigram}),
    )


def add_k_probability(word, previous, bigrams, vocab_size, k):
    """Add k to every cell of the row of ``previous``, seen or not, then normalise the row."""
    counts, row, column = _matrix(bigrams, previous, word)
    cells = np.zeros(vocab_size)
    cells[: counts.shape[1] - 1] = counts[row, :-1]
    return float(((cells + k) / (cells + k).sum())[column])


def _add_k_mistake(formula):
    return lambda word, previous, bigrams, vocab_size, k: formula(
        _facts(bigrams, previous, word), vocab_size, k
    )


_ADD_K_MISTAKES = [
    *(
        (sentence, _add_k_mistake(formula))
        for sentence, formula in [
            (
                "k is added to the count, but the denominator does not grow by k * vocab_size",
                lambda f, V, k: (f.count + k) / f.after_previous,
            ),
            (
                "the denominator grows by vocab_size; it must grow by k * vocab_size",
                lambda f, V, k: (f.count + k) / (f.after_previous + V),
            ),
            (
                "the denominator grows by k once; it must grow by k for each of vocab_size words",
                lambda f, V, k: (f.count + k) / (f.after_previous + k),
            ),
            (
                "1 is added, whatever k is",
                lambda f, V, k: (f.count + 1) / (f.after_previous + V),
            ),
            (
                "1 is added to the count, whatever k is",
                lambda f, V, k: (f.count + 1) / (f.after_previous + k * V),
            ),
            (
                "the denominator counts all bigrams; it must count those that begin with previous",
                lambda f, V, k: (f.count + k) / (f.tokens + k * V),
            ),
            (
                "the denominator counts how many different words followed previous; it must count "
                "how often one did",
                lambda f, V, k: (f.count + k) / (f.followers + k * V),
            ),
            (
                "k is added for the words seen after previous only; unseen words need their share",
                lambda f, V, k: (f.count + k) / (f.after_previous + k * f.followers),
            ),
            (
                "the denominator counts how often the word itself occurred; it must count previous",
                lambda f, V, k: (f.count + k) / (f.word_tokens + k * V),
            ),
            (
                "the count of the context comes out 0: bigrams has no single words; add up the "
                "counts of the bigrams that begin with previous",
                lambda f, V, k: (f.count + k) / (k * V),
            ),
            *(
                (
                    "the words are counted in bigrams; vocab_size is V, with the words not seen "
                    "there",
                    lambda f, V, k, number=number: (
                        (f.count + k) / (f.after_previous + k * getattr(f, number))
                    ),
                )
                for number in ("words", "symbols", "contexts", "types")
            ),
            *(
                ("brackets are missing: (count + k) / (count of previous + k * V)", formula)
                for formula in (
                    lambda f, V, k: (f.count + k) / f.after_previous + k * V,
                    lambda f, V, k: f.count + k / f.after_previous + k * V,
                    lambda f, V, k: f.count + k / (f.after_previous + k * V),
                )
            ),
            (
                "after a context never seen the formula still holds: k / (k * vocab_size)",
                lambda f, V, k: (
                    (f.count + k) / (f.after_previous + k * V) if f.after_previous else 0.0
                ),
            ),
            (
                "the count itself gets no k",
                lambda f, V, k: f.count / (f.after_previous + k * V),
            ),
            (
                "nothing is added; unseen words still have probability 0",
                lambda f, V, k: f.count / f.after_previous,
            ),
            (
                "a word never seen after previous gets 0; the formula holds for it too",
                lambda f, V, k: (f.count + k) / (f.after_previous + k * V) if f.count else 0.0,
            ),
            (
                "only unseen words are smoothed; every word gets k",
                lambda f, V, k: (
                    f.count / f.after_previous if f.count else k / (f.after_previous + k * V)
                ),
            ),
        ]
    ),
    (
        "word and previous are swapped; a bigram is (previous, word)",
        lambda word, previous, bigrams, vocab_size, k: add_k_probability(
            previous, word, bigrams, vocab_size, k
        ),
    ),
]


def continuation_probability(word, bigrams):
    """Return the word's share of the ones in the matrix of which bigrams were seen."""
    counts, _, column = _matrix(bigrams, None, word)
    seen = counts > 0
    return float(seen[:, column].sum() / seen.sum())


def _continuation_mistake(formula):
    # The word takes the place of the context: `followers` are the words seen after it.
    return lambda word, bigrams: formula(_facts(bigrams, word, word))


_CONTINUATION_MISTAKES = [
    (sentence, _continuation_mistake(formula))
    for sentence, formula in [
        (
            "it counts tokens, how often the word occurs; count its different predecessors",
            lambda f: f.word_tokens / f.tokens,
        ),
        (
            "it counts the words that follow; count the different words that come before",
            lambda f: f.followers / f.types,
        ),
        (
            "it divides by the number of bigram tokens; divide by the number of different bigrams",
            lambda f: f.predecessors / f.tokens,
        ),
        (
            "it divides by the number of words (or of contexts); divide by the number of different "
            "bigrams, or the probabilities do not sum to 1",
            lambda f: f.predecessors / f.words,
        ),
        (
            "it is a count; divide by the number of different bigrams",
            lambda f: f.predecessors,
        ),
        (
            "it counts tokens, how often the word occurs; count its different predecessors",
            lambda f: f.word_tokens / f.types,
        ),
    ]
]


def kneser_ney_probability(word, previous, bigrams, discount):
    """Take the discount from each seen cell of a row and hand out all that was taken."""
    counts, row, column = _matrix(bigrams, previous, word)
    lower = (counts > 0).sum(axis=0) / (counts > 0).sum()
    if not counts[row].any():
        return float(lower[column])
    kept = np.maximum(counts[row] - discount, 0)
    taken = counts[row].sum() - kept.sum()
    return float(((kept + taken * lower) / counts[row].sum())[column])


def _kneser_ney_mistake(formula, unseen):
    """Return a mistake: ``formula`` after contexts that were seen, ``unseen`` after others."""

    def mistake(word, previous, bigrams, discount):
        f = _facts(bigrams, previous, word)
        lower = f.predecessors / f.types
        return formula(f, discount, lower) if f.after_previous else unseen(f, lower)

    return mistake


def _right(f, d, lower):
    return (max(f.count - d, 0) + d * f.followers * lower) / f.after_previous


_KNESER_NEY_MISTAKES = [
    *(
        (sentence, _kneser_ney_mistake(formula, unseen))
        for sentence, formula in [
            (
                "the discount is added to the count; it must be subtracted",
                lambda f, d, lower: (f.count + d + d * f.followers * lower) / f.after_previous,
            ),
            (
                "an unseen bigram gets a negative count; use max(count - discount, 0)",
                lambda f, d, lower: (f.count - d + d * f.followers * lower) / f.after_previous,
            ),
            (
                "the discount is taken after dividing; subtract it from the count",
                lambda f, d, lower: (
                    max(f.count / f.after_previous - d, 0)
                    + d * f.followers * lower / f.after_previous
                ),
            ),
            (
                "nothing is subtracted from the count, so the probabilities sum to more than 1",
                lambda f, d, lower: (f.count + d * f.followers * lower) / f.after_previous,
            ),
            (
                "the weight is discount / total; one discount was taken for each different word "
                "after previous",
                lambda f, d, lower: (max(f.count - d, 0) + d * lower) / f.after_previous,
            ),
            (
                "the weight is the discount itself; it must be what was taken from this context: "
                "discount * different words after previous / total",
                lambda f, d, lower: max(f.count - d, 0) / f.after_previous + d * lower,
            ),
            (
                "the weight lacks the discount",
                lambda f, d, lower: (max(f.count - d, 0) + f.followers * lower) / f.after_previous,
            ),
            (
                "the continuation probability is added whole; multiply it by the weight of what "
                "was taken",
                lambda f, d, lower: max(f.count - d, 0) / f.after_previous + lower,
            ),
            (
                "it uses how often the word occurs, not its continuation probability",
                lambda f, d, lower: (
                    (max(f.count - d, 0) + d * f.followers * f.word_tokens / f.tokens)
                    / f.after_previous
                ),
            ),
            (
                "it backs off: the continuation part must be added for seen bigrams too",
                lambda f, d, lower: (
                    (f.count - d if f.count else d * f.followers * lower) / f.after_previous
                ),
            ),
            (
                "the continuation part is missing: an unseen bigram gets 0",
                lambda f, d, lower: max(f.count - d, 0) / f.after_previous,
            ),
        ]
        for unseen in (
            lambda f, lower: lower,
            lambda f, lower: f.word_tokens / f.tokens,
            lambda f, lower: 1 / 0,
        )
    ),
    (
        "previous was never seen and its count is 0; return the continuation probability then",
        _kneser_ney_mistake(_right, lambda f, lower: 1 / 0),
    ),
    (
        "after a context never seen the answer is not 0; return the continuation probability then",
        _kneser_ney_mistake(_right, lambda f, lower: 0.0),
    ),
]


# stupid_backoff


def _relative_frequency(word, context, counts, total=None):
    after = Counter({g[-1]: c for g, c in counts.items() if g[:-1] == tuple(context)})
    total = after.total() if total is None else total
    return after[word] / total if after[word] else 0.0


def _backed_off(word, contexts, counts, alpha, frequency=_relative_frequency):
    """Return the first frequency that is not 0, times alpha for each context tried in vain."""
    for steps, context in enumerate(contexts):
        if seen := frequency(word, context, counts):
            return float(seen * alpha**steps)
    return 0.0


def _shorter(context):
    """Return the context and all its shorter forms: without the first word, the first two ..."""
    return [context[i:] for i in range(len(context) + 1)]


def _scores(word, context, counts, alpha):
    """Return the frequency after every context, times alpha for each word dropped."""
    return [
        alpha**i * _relative_frequency(word, shorter, counts)
        for i, shorter in enumerate(_shorter(context))
    ]


def stupid_backoff(word, context, counts, alpha):
    """Walk from the longest context to the shorter ones, up to one in which the word was seen."""
    return _backed_off(word, _shorter(context), counts, alpha)


def _looked_up(word, context, counts):
    """Divide by the count of the context as an n-gram: 0 for `<s>`, which is never predicted."""
    count = counts[(*context, word)]
    return count / counts[tuple(context)] if count else 0.0


def _never_ending(word, context, counts, alpha):
    if stupid_backoff(word, context, counts, alpha) == 0:
        raise RecursionError
    return stupid_backoff(word, context, counts, alpha)


_BACKOFF_MISTAKES = [
    (
        "alpha is missing; each step to a shorter context costs a factor alpha",
        lambda word, context, counts, alpha: stupid_backoff(word, context, counts, 1.0),
    ),
    (
        "alpha is applied once; each step to a shorter context costs a factor alpha",
        lambda word, context, counts, alpha: (
            stupid_backoff(word, context, counts, 1.0)
            * (1.0 if _relative_frequency(word, context, counts) else alpha)
        ),
    ),
    (
        "alpha is applied even where the n-gram was seen in the full context",
        lambda word, context, counts, alpha: alpha * stupid_backoff(word, context, counts, alpha),
    ),
    (
        "the last word of the context is dropped; drop the first, the one furthest away",
        lambda word, context, counts, alpha: _backed_off(
            word, [context[: len(context) - i] for i in range(len(context) + 1)], counts, alpha
        ),
    ),
    (
        "shorter contexts are added although the n-gram was seen; that is interpolation, not "
        "backoff",
        lambda *inputs: sum(_scores(*inputs)),
    ),
    (
        "it jumps to the single word at once; drop one word of the context at a time",
        lambda word, context, counts, alpha: _backed_off(
            word, [context, ()] if context else [()], counts, alpha
        ),
    ),
    (
        "the frequency of the single word is divided by the n-grams of all lengths; divide by the "
        "number of single words",
        lambda word, context, counts, alpha: _backed_off(
            word,
            _shorter(context),
            counts,
            alpha,
            lambda w, c, counts: _relative_frequency(w, c, counts, None if c else counts.total()),
        ),
    ),
    *(
        (
            "the count of the context is looked up, but `<s>` alone was never counted, nor was the "
            "empty context; add up the n-grams that begin with the context",
            lambda word, context, counts, alpha, frequency=frequency: _backed_off(
                word, _shorter(context), counts, alpha, frequency
            ),
        )
        for frequency in (
            lambda w, c, counts: (_looked_up if c else _relative_frequency)(w, c, counts),
            _looked_up,
        )
    ),
    (
        "the greatest of the scores is taken; the longest context in which the word was seen "
        "decides, be its score ever so small",
        lambda *inputs: max(_scores(*inputs)),
    ),
    (
        "a word never seen is backed off for ever; return 0 when the context is empty",
        _never_ending,
    ),
    (
        "no n-gram is ever found; the key is one flat tuple, (*context, word)",
        lambda word, context, counts, alpha: 0.0,
    ),
    (
        "it stops at the full context; an n-gram never seen needs a shorter one",
        lambda word, context, counts, alpha: _relative_frequency(word, context, counts),
    ),
]


# sample_word and sample_sentence


def sample_word(probabilities, u):
    """Look u up in the cumulative sums."""
    cumulative = np.cumsum(list(probabilities.values()))
    place = np.searchsorted(cumulative, u, side="right")
    return list(probabilities)[min(place, len(cumulative) - 1)]


def _first_above(probabilities, u):
    return next((word for word, p in probabilities.items() if p > u), None)


def _neighbour(probabilities, u, step):
    words = list(probabilities)
    return words[(words.index(sample_word(probabilities, u)) + step) % len(words)]


_WORD_MISTAKES = [
    (
        "it always takes the most probable word; u must decide",
        lambda probabilities, u: max(probabilities, key=probabilities.get),
    ),
    (
        "u is compared with each probability alone; compare it with their running sum",
        _first_above,
    ),
    (
        "u is compared with each probability alone; compare it with their running sum",
        lambda probabilities, u: _first_above(probabilities, u) or list(probabilities)[-1],
    ),
    (
        "a word of probability 0 can be drawn when u is 0; compare with u < sum, not u <= sum",
        lambda probabilities, u: (
            next(iter(probabilities)) if u == 0 else sample_word(probabilities, u)
        ),
    ),
    (
        "all words are drawn equally often; their probabilities must decide",
        lambda probabilities, u: list(probabilities)[int(u * len(probabilities))],
    ),
    (
        "it returns the word before the right one; test after adding the word's own probability",
        lambda probabilities, u: _neighbour(probabilities, u, -1),
    ),
    (
        "it returns the word after the right one; add the word's probability before the test",
        lambda probabilities, u: _neighbour(probabilities, u, +1),
    ),
    *(
        (
            "the words are sorted by probability first; keep the order of the dictionary",
            lambda probabilities, u, order=order: sample_word(
                dict(order(probabilities.items())), u
            ),
        )
        for order in (
            lambda items: sorted(items, key=lambda item: item[1]),
            lambda items: sorted(items, key=lambda item: -item[1]),
            lambda items: sorted(items, key=lambda item: item[::-1]),
            lambda items: sorted(items, key=lambda item: item[::-1], reverse=True),
        )
    ),
    (
        "the last word whose running sum is below u is returned; take the first one above u",
        lambda probabilities, u: (
            _neighbour(probabilities, u, -1)
            if sample_word(probabilities, u) != next(iter(probabilities))
            else None
        ),
    ),
]


def sample_sentence(table, numbers):
    """Write one word and let the rest of the numbers write the rest, from that word on."""
    return _written(table, numbers, BOS)


def _written(table, numbers, previous, pick=sample_word):
    if not numbers:
        return []
    word = pick(table[previous], numbers[0])
    return [] if word == EOS else [word, *_written(table, numbers[1:], word, pick)]


def _ended(table, numbers):
    """Say whether the sentence ends because `</s>` was drawn."""
    words = sample_sentence(table, numbers)
    return len(words) < len(numbers)


def _without_end(table, numbers):
    words = [BOS]
    for u in numbers:
        word = sample_word(table[words[-1]], u)
        words += [word] * (word != EOS)
    return words[1:]


def _without_stop(table, numbers, restart):
    words, previous = [], BOS
    for u in numbers:
        words.append(sample_word(table[previous], u))
        previous = BOS if restart and words[-1] == EOS else words[-1]
    return words


_SENTENCE_MISTAKES = [
    (
        "`</s>` is part of the sentence; it ends the sentence, and only the words are returned",
        lambda table, numbers: sample_sentence(table, numbers) + [EOS] * _ended(table, numbers),
    ),
    (
        "`<s>` is part of the sentence; it is only the first context",
        lambda table, numbers: [BOS, *sample_sentence(table, numbers)],
    ),
    (
        "both `<s>` and `</s>` are part of the sentence; only the words are returned",
        lambda table, numbers: [
            BOS,
            *sample_sentence(table, numbers),
            *[EOS] * _ended(table, numbers),
        ],
    ),
    (
        "the context stays `<s>`; after each word, that word is the context",
        lambda table, numbers: _written(dict.fromkeys([*table, *WORDS], table[BOS]), numbers, BOS),
    ),
    (
        "it does not stop at `</s>`, which has no row in the table",
        lambda table, numbers: _without_stop(table, numbers, restart=False),
    ),
    (
        "it does not stop at `</s>` but begins another sentence",
        lambda table, numbers: _without_stop(table, numbers, restart=True),
    ),
    (
        "it does not stop at `</s>` but begins another sentence",
        lambda table, numbers: [w for w in _without_stop(table, numbers, restart=True) if w != EOS],
    ),
    (
        "it does not stop at `</s>` but goes on from the word before",
        _without_end,
    ),
    (
        "the same number is used for every word; use one number a word",
        lambda table, numbers: _written(table, [numbers[0]] * len(numbers), BOS),
    ),
    (
        "it takes the most probable word each time; the numbers must decide",
        lambda table, numbers: _written(table, numbers, BOS, lambda row, u: max(row, key=row.get)),
    ),
    (
        "the last word is missing; when the numbers run out, return all words drawn so far",
        lambda table, numbers: (
            sample_sentence(table, numbers)
            if _ended(table, numbers)
            else sample_sentence(table, numbers)[:-1]
        ),
    ),
]


# Inputs. Probabilities are sixteenths and numbers odd 32nds, exact in binary: a number never falls
# on a running sum, and rounding cannot decide.


def _random_row(rng, words):
    parts = rng.multinomial(16, np.full(len(words), 1 / len(words)))
    return {word: part / 16 for word, part in zip(words, parts.tolist(), strict=True)}


def _random_numbers(rng, n):
    return ((2 * rng.integers(0, 16, size=n) + 1) / 32).tolist()


def _random_draw(rng):
    row = _random_row(rng, [*WORDS, "e", "f"])
    if rng.random() < 0.2:  # a first word that must not be drawn
        return {"x": 0.0} | row, 0.0
    return row, *_random_numbers(rng, 1)


def _random_bigrams(rng):
    return count_ngrams([*_random_sentences(rng), ["a", "b"]], 2)


def _random_pair(rng, bigrams):
    """Return a bigram: one that was counted, or a new word after its context, or a new context."""
    counted = sorted(bigrams)
    previous, word = counted[rng.integers(len(counted))]
    new = [w for w in [*WORDS, EOS, "y"] if (previous, w) not in bigrams]
    return [(previous, word), (previous, str(rng.choice(new))), ("z", word)][rng.integers(3)]


def _random_add_k(rng):
    bigrams = _random_bigrams(rng)
    previous, word = _random_pair(rng, bigrams)
    return word, previous, bigrams, int(rng.integers(6, 12)), float(rng.choice([0.1, 0.5, 2.0]))


def _random_kneser_ney(rng):
    bigrams = _random_bigrams(rng)
    previous, word = _random_pair(rng, bigrams)
    return word, previous, bigrams, float(rng.choice([0.25, 0.5, 0.75]))


def _random_probabilities(rng):
    return rng.uniform(0.01, 1, rng.integers(2, 7)).round(3).tolist()


def _random_perplexity(rng):
    """Return a few probabilities; sometimes one of them is 0, sometimes they are hundreds."""
    probabilities, kind = _random_probabilities(rng), rng.random()
    if kind < 0.2:
        probabilities[rng.integers(len(probabilities))] = 0.0
    elif kind < 0.4:
        probabilities = [p / 100 for p in probabilities] * 80
    return (probabilities,)


def _random_backoff(rng):
    if rng.random() < 0.25:  # after d, a is 1 of 3; alone it is more than that, even times alpha
        sentences = [["a"] * int(rng.integers(6, 12)), ["d", "a"], ["d", "b"], ["d"]]
        return "a", ("d",), _all_counts(sentences), float(rng.choice([0.8, 0.9]))
    sentences = [*_random_sentences(rng), ["a", "b", "a"]]
    context = tuple(rng.choice(WORDS, size=2).tolist())
    start = (BOS, context[0])
    context = [context, context, start, start, (BOS,), (BOS,), context[1:], ()][rng.integers(8)]
    counts = _all_counts(sentences)
    return str(rng.choice([*WORDS, EOS])), context, counts, float(rng.choice([0.4, 0.5]))


def _all_counts(sentences):
    return sum((count_ngrams(sentences, n) for n in (1, 2, 3)), Counter())


def _random_table(rng):
    rows = {previous: _random_row(rng, [*WORDS[:3], EOS]) for previous in [BOS, *WORDS[:3]]}
    return rows, _random_numbers(rng, rng.integers(1, 6))


_PETS = Counter({("the", "cat"): 2, ("the", "dog"): 1, ("a", "dog"): 1})
_ROW = {"the": 0.5, "a": 0.25, EOS: 0.25}
_TABLE = {
    BOS: {"a": 0.25, "the": 0.75},
    "a": {"dog": 1.0},
    "the": {"cat": 0.5, "dog": 0.5},
    "cat": {"sat": 0.5, EOS: 0.5},
    "dog": {"sat": 0.25, EOS: 0.75},
    "sat": {EOS: 1.0},
}

QUESTIONS = {
    question.name: question
    for question in [
        Question(
            points=3,
            expected=count_ngrams,
            # (<s> a) (a </s>): two bigrams, and the two unigrams a and </s>.
            examples=(
                ([["a"]], 1),
                ([["a"]], 2),
                ([["a"]], 3),
                ([["a"]], 4),
                ([["a"], ["b"]], 1),
                ([["a"], ["b"]], 2),
                ([["a"], ["a"]], 2),
                ([["a", "b"], ["b"]], 3),
                ([[], ["a"]], 2),
                (CATS, 2),
            ),
            random_inputs=lambda rng: (_random_sentences(rng), int(rng.integers(1, 5))),
            mistakes=_COUNT_MISTAKES,
        ),
        Question(
            points=3,
            expected=perplexity,
            # (1/2 * 1/8) ** (-1/2) = 16 ** (1/2) = 4.
            examples=(
                ([0.5],),
                ([0.5, 0.125],),
                ([0.5, 0.5, 0.25],),
                ([0.5, 0.0],),
                ([0.5, 0.0, 0.25],),
                ([0.001] * 400,),
            ),
            random_inputs=_random_perplexity,
            mistakes=_PERPLEXITY_MISTAKES,
        ),
        Question(
            points=1,
            expected=bits_per_token,
            # -(log2 1/2 + log2 1/8) / 2 = (1 + 3) / 2 = 2.
            examples=(([0.5],), ([0.25],), ([0.5, 0.125],), ([0.5, 0.5, 0.25],)),
            random_inputs=lambda rng: (_random_probabilities(rng),),
            mistakes=_BITS_MISTAKES,
        ),
        Question(
            points=2,
            expected=add_k_probability,
            # "the" occurs three times as a context: (2 + 0.5) / (3 + 0.5 * 4) = 1/2.
            examples=(
                ("cat", "the", _PETS, 4, 0.5),
                ("dog", "the", _PETS, 4, 0.5),
                ("a", "the", _PETS, 4, 0.5),
                ("cat", "a", _PETS, 4, 0.5),
                ("cat", "dog", _PETS, 4, 0.5),
                ("cat", "the", _PETS, 4, 1.0),
                ("dog", "a", _PETS, 5, 0.1),
            ),
            random_inputs=_random_add_k,
            mistakes=_ADD_K_MISTAKES,
        ),
        Question(
            points=3,
            expected=stupid_backoff,
            # In "the cat", "the dog", "a dog": (the, cat) 1 of 2, so 1/2; (a, cat) never seen, and
            # cat is 1 of 9 words with </s>, so 0.4 * 1/9.
            examples=(
                *(
                    (word, context, _all_counts(sentences), 0.5)
                    for sentences in ([["a"]], [["a", "b"], ["b"]], CATS)
                    for word, context in [
                        ("a", ()),
                        ("a", (BOS,)),
                        ("b", (BOS, "a")),
                        ("a", ("b",)),
                        ("z", ()),
                        ("a", ("b", "b")),
                        ("dog", (BOS, "the")),
                        ("cat", ("a",)),
                        (EOS, ("the", "dog")),
                    ]
                ),
                # After b, a is 1 of 2; alone it is 7 of 12, and 0.9 * 7/12 is more.
                ("a", ("b",), _all_counts([["a"] * 6, ["b", "a"], ["b"]]), 0.9),
            ),
            random_inputs=_random_backoff,
            mistakes=_BACKOFF_MISTAKES,
        ),
        Question(
            points=2,
            expected=continuation_probability,
            # Three different bigrams; "dog" follows "the" and "a": 2/3, and "cat" only "the": 1/3.
            examples=(
                ("cat", _PETS),
                ("dog", _PETS),
                ("the", _PETS),
                ("b", Counter({("a", "b"): 3, ("b", "b"): 1, ("b", "c"): 2})),
            ),
            random_inputs=lambda rng: (str(rng.choice([*WORDS, EOS])), _random_bigrams(rng)),
            mistakes=_CONTINUATION_MISTAKES,
        ),
        Question(
            points=3,
            expected=kneser_ney_probability,
            # (cat | the): (2 - 0.5) / 3 + 0.5 * 2 / 3 * 1/3 = 1/2 + 1/9 = 11/18.
            examples=(
                ("cat", "the", _PETS, 0.5),
                ("dog", "the", _PETS, 0.5),
                ("dog", "a", _PETS, 0.5),
                ("cat", "a", _PETS, 0.5),
                ("cat", "dog", _PETS, 0.5),
                ("the", "the", _PETS, 0.5),
            ),
            random_inputs=_random_kneser_ney,
            mistakes=_KNESER_NEY_MISTAKES,
        ),
        Question(
            points=2,
            expected=sample_word,
            # Running sums 0.5, 0.75, 1: 0.6 lies below the second and not below the first.
            examples=(
                ({"a": 1.0}, 0.5),
                ({"a": 0.0, "b": 1.0}, 0.0),
                *((_ROW, u) for u in (0.0, 0.3, 0.6, 0.8, 0.9)),
                ({"a": 0.125, "b": 0.25, "c": 0.625}, 0.2),
            ),
            random_inputs=_random_draw,
            mistakes=_WORD_MISTAKES,
        ),
        Question(
            points=3,
            expected=sample_sentence,
            # 0.9 after <s>: the. 0.3 after the: cat. 0.8 after cat: </s>, the end.
            examples=(
                (_TABLE, [0.9]),
                (_TABLE, [0.1, 0.5]),
                (_TABLE, [0.9, 0.3, 0.8]),
                (_TABLE, [0.9, 0.3, 0.8, 0.1]),
                (_TABLE, [0.9, 0.8, 0.1, 0.5, 0.7]),
            ),
            random_inputs=_random_table,
            mistakes=_SENTENCE_MISTAKES,
        ),
    ]
}
