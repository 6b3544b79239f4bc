"""Wrong solutions of week 1 as students write them."""

import bisect
import math
import random
import statistics
from collections import Counter, defaultdict
from fractions import Fraction
from itertools import accumulate, pairwise

import numpy as np

from wrong_solutions import new_bank

WRONG, RIGHT, wrong, right = new_bank()


# count_ngrams


@wrong("count_ngrams", "`</s>` is not counted")
def no_end(sentences, n):
    counts = Counter()
    for sentence in sentences:
        symbols = ["<s>", *sentence]
        for i in range(len(symbols) - n + 1):
            ngram = tuple(symbols[i : i + n])
            if ngram != ("<s>",):
                counts[ngram] += 1
    return counts


@wrong("count_ngrams", "`<s>` is not there as a context")
def no_start(sentences, n):
    counts = Counter()
    for sentence in sentences:
        symbols = [*sentence, "</s>"]
        counts.update(tuple(symbols[i : i + n]) for i in range(len(symbols) - n + 1))
    return counts


@wrong("count_ngrams", "`<s>` is counted as a predicted word")
def start_is_predicted(sentences, n):
    counts = Counter()
    for sentence in sentences:
        symbols = ["<s>", *sentence, "</s>"]
        counts.update(zip(*(symbols[i:] for i in range(n)), strict=False))
    return counts


@wrong("count_ngrams", "neither `<s>` nor `</s>`")
def nothing_around(sentences, n):
    return Counter(tuple(s[i : i + n]) for s in sentences for i in range(len(s) - n + 1))


@wrong("count_ngrams", "across the sentence end")
def one_long_text(sentences, n):
    text = [w for s in sentences for w in ["<s>", *s, "</s>"]]
    windows = (tuple(text[i : i + n]) for i in range(len(text) - n + 1))
    return Counter(w for w in windows if w[-1] != "<s>")


@wrong("count_ngrams", "several `<s>` are put in front")
def several_starts(sentences, n):
    counts = Counter()
    for sentence in sentences:
        symbols = ["<s>"] * (n - 1) + sentence + ["</s>"]
        for i in range(n - 1, len(symbols)):
            counts[tuple(symbols[i - n + 1 : i + 1])] += 1
    return counts


@wrong("count_ngrams", "let the last n-gram reach it")
def range_too_short(sentences, n):
    counts = Counter()
    for sentence in sentences:
        symbols = ["<s>", *sentence, "</s>"]
        for i in range(len(symbols) - n):
            ngram = tuple(symbols[i : i + n])
            if ngram != ("<s>",):
                counts[ngram] += 1
    return counts


@wrong("count_ngrams", "add up how often it occurs")
def each_once(sentences, n):
    counts = Counter()
    for sentence in sentences:
        symbols = ["<s>", *sentence, "</s>"]
        for i in range(len(symbols) - n + 1):
            if symbols[i + n - 1] != "<s>":
                counts[tuple(symbols[i : i + n])] = 1
    return counts


@wrong("count_ngrams", "only the last sentence is counted")
def counter_in_the_loop(sentences, n):
    for sentence in sentences:
        counts = Counter()
        symbols = ["<s>", *sentence, "</s>"]
        for i in range(len(symbols) - n + 1):
            if symbols[i + n - 1] != "<s>":
                counts[tuple(symbols[i : i + n])] += 1
    return counts


@wrong("count_ngrams", "`return` stands inside the loop")
def return_in_the_loop(sentences, n):
    counts = Counter()
    for sentence in sentences:
        symbols = ["<s>", *sentence, "</s>"]
        for i in range(len(symbols) - n + 1):
            if symbols[i + n - 1] != "<s>":
                counts[tuple(symbols[i : i + n])] += 1
        return counts


@wrong("count_ngrams", "a key must be a tuple of words")
def keys_are_strings(sentences, n):
    return Counter({" ".join(g): c for g, c in RIGHT["count_ngrams"][0](sentences, n).items()})


@wrong("count_ngrams", "it returns a list where a Counter (or dict) is expected")
def list_of_ngrams(sentences, n):
    return list(RIGHT["count_ngrams"][0](sentences, n))


@wrong("count_ngrams", "it changes its argument `sentences`")
def pads_the_input(sentences, n):
    counts = Counter()
    for sentence in sentences:
        sentence.insert(0, "<s>")
        sentence.append("</s>")
        for i in range(len(sentence) - n + 1):
            if sentence[i + n - 1] != "<s>":
                counts[tuple(sentence[i : i + n])] += 1
    return counts


_global_counts = Counter()


@wrong("count_ngrams", "two calls with the same input give different answers")
def global_counter(sentences, n):
    for sentence in sentences:
        symbols = ["<s>", *sentence, "</s>"]
        for i in range(len(symbols) - n + 1):
            if symbols[i + n - 1] != "<s>":
                _global_counts[tuple(symbols[i : i + n])] += 1
    return _global_counts


@wrong("count_ngrams", "two calls with the same input give different answers")
def counter_as_default(sentences, n, counts=Counter()):  # noqa: B006
    for sentence in sentences:
        symbols = ["<s>", *sentence, "</s>"]
        for i in range(len(symbols) - n + 1):
            if symbols[i + n - 1] != "<s>":
                counts[tuple(symbols[i : i + n])] += 1
    return counts


@right("count_ngrams")
def plain_dict(sentences, n):
    counts = {}
    for sentence in sentences:
        symbols = ["<s>", *sentence, "</s>"]
        for end in range(max(n, 2), len(symbols) + 1):
            ngram = tuple(symbols[end - n : end])
            counts[ngram] = counts.get(ngram, 0) + 1
    return counts


@right("count_ngrams")
def numpy_counts(sentences, n):
    counts = defaultdict(np.int64)
    for sentence in sentences:
        symbols = ["<s>", *sentence, "</s>"]
        for ngram in zip(*(symbols[i:] for i in range(n)), strict=False):
            counts[ngram] += np.int64(1)
    counts.pop(("<s>",), None)
    return counts


@right("count_ngrams")
def counts_of_zero(sentences, n):
    counts = plain_dict(sentences, n)
    counts["<s>",] = 0
    return counts


# perplexity


@wrong("perplexity", "ln goes with exp, log2 with 2 ** bits")
def log2_with_exp(probabilities):
    if 0 in probabilities:
        return math.inf
    return math.exp(-sum(math.log2(p) for p in probabilities) / len(probabilities))


@wrong("perplexity", "ln goes with exp, log2 with 2 ** bits")
def ln_with_2(probabilities):
    with np.errstate(divide="ignore"):
        return 2 ** -np.mean(np.log(probabilities))


@wrong("perplexity", "not divided by the number of tokens")
def sum_for_mean(probabilities):
    return float(np.exp(-np.sum(np.log(probabilities))))


@wrong("perplexity", "the minus sign is missing")
def no_sign(probabilities):
    if 0 in probabilities:
        return math.inf
    return math.exp(sum(math.log(p) for p in probabilities) / len(probabilities))


@wrong("perplexity", "this is the cross-entropy")
def cross_entropy(probabilities):
    return -np.mean(np.log(probabilities))


@wrong("perplexity", "it averages the probabilities themselves")
def inverse_mean(probabilities):
    return len(probabilities) / sum(probabilities)


@wrong("perplexity", "too small for a float")
def inverse_probability(probabilities):
    if 0 in probabilities:
        return math.inf
    return math.prod(probabilities) ** (-1 / len(probabilities))


@wrong("perplexity", "return math.inf for a probability 0, and add logarithms")
def inverse_probability_in_a_loop(probabilities):
    p_text = 1
    for p in probabilities:
        p_text *= p
    return (1 / p_text) ** (1 / len(probabilities))


@wrong("perplexity", "return math.inf when a probability is 0")
def log_of_zero(probabilities):
    return math.exp(-sum(math.log(p) for p in probabilities) / len(probabilities))


@wrong("perplexity", "is skipped; it makes the perplexity infinite")
def zeros_skipped(probabilities):
    logs = [math.log(p) for p in probabilities if p > 0]
    return math.exp(-sum(logs) / len(logs))


@wrong("perplexity", "it returns a str where a number is expected")
def rounded_text(probabilities):
    return f"{1 / statistics.fmean(probabilities):.2f}"


@right("perplexity")
def numpy_float(probabilities):
    with np.errstate(divide="ignore"):
        return np.exp(-np.log(probabilities).mean())


@right("perplexity")
def zero_dimensional(probabilities):
    with np.errstate(divide="ignore"):
        return np.array(2 ** -np.mean(np.log2(probabilities)))


# bits_per_token


@wrong("bits_per_token", "the minus sign is missing")
def negative_bits(probabilities):
    return sum(math.log2(p) for p in probabilities) / len(probabilities)


@wrong("bits_per_token", "this is in nats")
def nats(probabilities):
    return -np.log(probabilities).mean()


@wrong("bits_per_token", "not divided by the number of tokens")
def total_bits(probabilities):
    return -sum(math.log2(p) for p in probabilities)


@wrong("bits_per_token", "this is the perplexity")
def perplexity_for_bits(probabilities):
    return 2 ** (-sum(math.log2(p) for p in probabilities) / len(probabilities))


@wrong("bits_per_token", "the logarithms are weighted by the probabilities")
def entropy(probabilities):
    return -sum(p * math.log2(p) for p in probabilities)


@wrong("bits_per_token", "divide by it")
def times_ln2(probabilities):
    return -np.log(probabilities).mean() * np.log(2)


@right("bits_per_token")
def nats_over_ln2(probabilities):
    return -sum(math.log(p) for p in probabilities) / len(probabilities) / math.log(2)


# add_k_probability


def _after(previous, bigrams):
    return sum(count for (first, _), count in bigrams.items() if first == previous)


@wrong("add_k_probability", "the denominator does not grow by k * vocab_size")
def k_above_only(word, previous, bigrams, vocab_size, k):
    return (bigrams[previous, word] + k) / _after(previous, bigrams)


@wrong("add_k_probability", "it must grow by k * vocab_size")
def v_without_k(word, previous, bigrams, vocab_size, k):
    return (bigrams[previous, word] + k) / (_after(previous, bigrams) + vocab_size)


@wrong("add_k_probability", "1 is added, whatever k is")
def always_one(word, previous, bigrams, vocab_size, k):
    return (bigrams[previous, word] + 1) / (_after(previous, bigrams) + vocab_size)


@wrong("add_k_probability", "the denominator counts all bigrams")
def all_bigrams(word, previous, bigrams, vocab_size, k):
    return (bigrams[previous, word] + k) / (sum(bigrams.values()) + k * vocab_size)


@wrong("add_k_probability", "how many different words followed")
def types_after(word, previous, bigrams, vocab_size, k):
    followers = sum(1 for first, _ in bigrams if first == previous)
    return (bigrams[previous, word] + k) / (followers + k * vocab_size)


@wrong("add_k_probability", "word and previous are swapped")
def swapped(word, previous, bigrams, vocab_size, k):
    return (bigrams[word, previous] + k) / (_after(word, bigrams) + k * vocab_size)


@wrong("add_k_probability", "only unseen words are smoothed")
def unseen_only(word, previous, bigrams, vocab_size, k):
    total = _after(previous, bigrams)
    if bigrams[previous, word] > 0:
        return bigrams[previous, word] / total
    return k / (total + k * vocab_size)


@wrong("add_k_probability", "nothing is added")
def relative_frequency(word, previous, bigrams, vocab_size, k):
    return bigrams[previous, word] / _after(previous, bigrams)


@wrong("add_k_probability", "bigrams has no single words")
def looks_up_previous(word, previous, bigrams, vocab_size, k):
    return (bigrams[previous, word] + k) / (bigrams[previous] + k * vocab_size)


@wrong("add_k_probability", "after a context never seen the formula still holds")
def zero_after_unseen(word, previous, bigrams, vocab_size, k):
    total = _after(previous, bigrams)
    return (bigrams[previous, word] + k) / (total + k * vocab_size) if total else 0


@wrong("add_k_probability", "the words are counted in bigrams")
def own_vocabulary(word, previous, bigrams, vocab_size, k):
    words = {last for _, last in bigrams}
    return (bigrams[previous, word] + k) / (_after(previous, bigrams) + k * len(words))


@wrong("add_k_probability", "the words are counted in bigrams")
def own_symbols(word, previous, bigrams, vocab_size, k):
    words = {symbol for bigram in bigrams for symbol in bigram}
    return (bigrams[previous, word] + k) / (_after(previous, bigrams) + k * len(words))


@wrong("add_k_probability", "brackets are missing")
def no_brackets_below(word, previous, bigrams, vocab_size, k):
    return (bigrams[previous, word] + k) / _after(previous, bigrams) + k * vocab_size


@wrong("add_k_probability", "brackets are missing")
def no_brackets_above(word, previous, bigrams, vocab_size, k):
    return bigrams[previous, word] + k / (_after(previous, bigrams) + k * vocab_size)


@wrong("add_k_probability", "brackets are missing")
def no_brackets(word, previous, bigrams, vocab_size, k):
    return bigrams[previous, word] + k / _after(previous, bigrams) + k * vocab_size


@right("add_k_probability")
def exact_fraction(word, previous, bigrams, vocab_size, k):
    k = Fraction(k)
    total = sum(c for bigram, c in bigrams.items() if bigram[0] == previous)
    return (bigrams.get((previous, word), 0) + k) / (total + k * vocab_size)


# stupid_backoff


def _total(context, counts):
    return sum(c for g, c in counts.items() if g[:-1] == context)


@wrong("stupid_backoff", "alpha is missing")
def no_alpha(word, context, counts, alpha):
    if counts[(*context, word)]:
        return counts[(*context, word)] / _total(context, counts)
    return no_alpha(word, context[1:], counts, alpha) if context else 0.0


@wrong("stupid_backoff", "alpha is applied once")
def alpha_once(word, context, counts, alpha):
    if counts[(*context, word)]:
        return counts[(*context, word)] / _total(context, counts)
    return alpha * no_alpha(word, context[1:], counts, alpha) if context else 0.0


@wrong("stupid_backoff", "drop the first, the one furthest away")
def drops_the_last(word, context, counts, alpha):
    if counts[(*context, word)]:
        return counts[(*context, word)] / _total(context, counts)
    return alpha * drops_the_last(word, context[:-1], counts, alpha) if context else 0.0


@wrong("stupid_backoff", "that is interpolation")
def interpolates(word, context, counts, alpha):
    score, factor = 0.0, 1.0
    while True:
        if counts[(*context, word)]:
            score += factor * counts[(*context, word)] / _total(context, counts)
        if not context:
            return score
        context, factor = context[1:], factor * alpha


@wrong("stupid_backoff", "`<s>` alone was never counted")
def looks_up_the_context(word, context, counts, alpha):
    if counts[(*context, word)]:
        total = counts[context] if context else _total(context, counts)
        return counts[(*context, word)] / total
    return alpha * looks_up_the_context(word, context[1:], counts, alpha) if context else 0.0


@wrong("stupid_backoff", "nor was the empty context")
def looks_up_every_context(word, context, counts, alpha):
    if counts[(*context, word)]:
        return counts[(*context, word)] / counts[context]
    if not context:
        return 0.0
    return alpha * looks_up_every_context(word, context[1:], counts, alpha)


@wrong("stupid_backoff", "return 0 when the context is empty")
def never_ends(word, context, counts, alpha):
    if counts[(*context, word)]:
        return counts[(*context, word)] / _total(context, counts)
    return alpha * never_ends(word, context[1:], counts, alpha)


@wrong("stupid_backoff", "n-grams of all lengths")
def all_lengths(word, context, counts, alpha):
    if counts[(*context, word)]:
        total = _total(context, counts) if context else sum(counts.values())
        return counts[(*context, word)] / total
    return alpha * all_lengths(word, context[1:], counts, alpha) if context else 0.0


@wrong("stupid_backoff", "an n-gram never seen needs a shorter one")
def no_backoff(word, context, counts, alpha):
    if counts[(*context, word)]:
        return counts[(*context, word)] / _total(context, counts)
    return 0.0


@wrong("stupid_backoff", "it jumps to the single word at once")
def jumps(word, context, counts, alpha):
    if counts[(*context, word)]:
        return counts[(*context, word)] / _total(context, counts)
    return alpha * jumps(word, (), counts, alpha) if context else 0.0


@wrong("stupid_backoff", "the key is one flat tuple")
def nested_key(word, context, counts, alpha):
    if counts[context, word]:
        return counts[context, word] / _total(context, counts)
    return alpha * nested_key(word, context[1:], counts, alpha) if context else 0.0


@wrong("stupid_backoff", "the greatest of the scores is taken")
def takes_the_greatest(word, context, counts, alpha):
    if not context:
        return counts[(word,)] / _total((), counts)
    shorter = alpha * takes_the_greatest(word, context[1:], counts, alpha)
    if not counts[(*context, word)]:
        return shorter
    return max(counts[(*context, word)] / _total(context, counts), shorter)


@right("stupid_backoff")
def in_a_loop(word, context, counts, alpha):
    context, factor = list(context), 1
    while counts.get((*context, word), 0) == 0:
        if not context:
            return 0
        context.pop(0)
        factor *= alpha
    followers = [c for g, c in counts.items() if list(g[:-1]) == context]
    return np.float64(factor * counts[(*context, word)] / sum(followers))


# continuation_probability


@wrong("continuation_probability", "it counts tokens")
def tokens(word, bigrams):
    return sum(c for (_, w), c in bigrams.items() if w == word) / sum(bigrams.values())


@wrong("continuation_probability", "it counts the words that follow")
def followers(word, bigrams):
    return sum(1 for first, _ in bigrams if first == word) / len(bigrams)


@wrong("continuation_probability", "it divides by the number of bigram tokens")
def over_tokens(word, bigrams):
    return sum(1 for _, w in bigrams if w == word) / sum(bigrams.values())


@wrong("continuation_probability", "it divides by the number of words")
def over_words(word, bigrams):
    return sum(1 for _, w in bigrams if w == word) / len({w for _, w in bigrams})


@wrong("continuation_probability", "(or of contexts)")
def over_contexts(word, bigrams):
    return len({p for p, w in bigrams if w == word}) / len({p for p, _ in bigrams})


@wrong("continuation_probability", "it is a count")
def predecessors(word, bigrams):
    return len({p for p, w in bigrams if w == word})


@right("continuation_probability")
def by_sets(word, bigrams):
    preceding = defaultdict(set)
    for previous, w in bigrams:
        preceding[w].add(previous)
    return len(preceding[word]) / sum(len(p) for p in preceding.values())


# kneser_ney_probability


def _continuation(word, bigrams):
    return sum(1 for _, w in bigrams if w == word) / len(bigrams)


def _kneser_ney(word, previous, bigrams, discount):
    total, types = _after(previous, bigrams), sum(1 for first, _ in bigrams if first == previous)
    return bigrams[previous, word], total, types, _continuation(word, bigrams)


@wrong("kneser_ney_probability", "the discount is added to the count")
def discount_added(word, previous, bigrams, discount):
    count, total, types, lower = _kneser_ney(word, previous, bigrams, discount)
    if total == 0:
        return lower
    return max(count + discount, 0) / total + discount * types / total * lower


@wrong("kneser_ney_probability", "negative count; use max")
def no_max(word, previous, bigrams, discount):
    count, total, types, lower = _kneser_ney(word, previous, bigrams, discount)
    if total == 0:
        return lower
    return (count - discount) / total + discount * types / total * lower


@wrong("kneser_ney_probability", "the weight is discount / total")
def weight_without_types(word, previous, bigrams, discount):
    count, total, _, lower = _kneser_ney(word, previous, bigrams, discount)
    if total == 0:
        return lower
    return max(count - discount, 0) / total + discount / total * lower


@wrong("kneser_ney_probability", "the weight is the discount itself")
def weight_is_discount(word, previous, bigrams, discount):
    count, total, _, lower = _kneser_ney(word, previous, bigrams, discount)
    if total == 0:
        return lower
    return max(count - discount, 0) / total + discount * lower


@wrong("kneser_ney_probability", "not its continuation probability")
def unigram_for_continuation(word, previous, bigrams, discount):
    count, total, types, _ = _kneser_ney(word, previous, bigrams, discount)
    lower = tokens(word, bigrams)
    if total == 0:
        return lower
    return max(count - discount, 0) / total + discount * types / total * lower


@wrong("kneser_ney_probability", "it backs off")
def backs_off(word, previous, bigrams, discount):
    count, total, types, lower = _kneser_ney(word, previous, bigrams, discount)
    if total == 0:
        return lower
    return (count - discount) / total if count else discount * types / total * lower


@wrong("kneser_ney_probability", "discount is taken after dividing")
def discount_after_dividing(word, previous, bigrams, discount):
    count, total, types, lower = _kneser_ney(word, previous, bigrams, discount)
    if total == 0:
        return lower
    return max(count / total - discount, 0) + discount * types / total * lower


@wrong("kneser_ney_probability", "previous was never seen and its count is 0")
def unseen_context(word, previous, bigrams, discount):
    count, total, types, lower = _kneser_ney(word, previous, bigrams, discount)
    return max(count - discount, 0) / total + discount * types / total * lower


@wrong("kneser_ney_probability", "after a context never seen the answer is not 0")
def unseen_context_is_zero(word, previous, bigrams, discount):
    count, total, types, lower = _kneser_ney(word, previous, bigrams, discount)
    if total == 0:
        return 0
    return max(count - discount, 0) / total + discount * types / total * lower


@wrong("kneser_ney_probability", "the discount is added to the count")
def two_mistakes(word, previous, bigrams, discount):
    count, total, types, lower = _kneser_ney(word, previous, bigrams, discount)
    return (count + discount + discount * types * lower) / total


@right("kneser_ney_probability")
def exact_kneser_ney(word, previous, bigrams, discount):
    d = Fraction(discount)
    lower = Fraction(sum(w == word for _, w in bigrams), len(bigrams))
    row = {w: c for (p, w), c in bigrams.items() if p == previous}
    if not row:
        return lower
    return (max(row.get(word, 0) - d, 0) + d * len(row) * lower) / sum(row.values())


# sample_word


@wrong("sample_word", "it always takes the most probable word")
def most_probable(probabilities, u):
    return max(probabilities, key=probabilities.get)


@wrong("sample_word", "compare it with their running sum")
def each_alone(probabilities, u):
    for word, p in probabilities.items():
        if u < p:
            return word
    return word


@wrong("sample_word", "not u <= sum")
def less_or_equal(probabilities, u):
    total = 0
    for word, p in probabilities.items():
        total += p
        if u <= total:
            return word


@wrong("sample_word", "all words are drawn equally often")
def uniform(probabilities, u):
    words = list(probabilities)
    return words[int(u * len(words))]


@wrong("sample_word", "two calls with the same input give different answers")
def own_random_numbers(probabilities, u):
    return random.choices(list(probabilities), list(probabilities.values()))[0]


@wrong("sample_word", "sorted by probability first")
def sorted_first(probabilities, u):
    total = 0
    for p, word in sorted(((p, w) for w, p in probabilities.items()), reverse=True):
        total += p
        if u < total:
            return word


@wrong("sample_word", "it returns an int where a word (str) is expected")
def index(probabilities, u):
    return int(np.searchsorted(np.cumsum(list(probabilities.values())), u, side="right"))


@wrong("sample_word", "test after adding the word's own probability")
def test_before_adding(probabilities, u):
    total, before = 0, list(probabilities)[-1]
    for word, p in probabilities.items():
        total += p
        if u < total:
            return before
        before = word


@right("sample_word")
def bisected(probabilities, u):
    sums = list(accumulate(probabilities.values()))
    return np.str_(list(probabilities)[min(bisect.bisect_right(sums, u), len(sums) - 1)])


@right("sample_word")
def subtracting(probabilities, u):
    for word, p in probabilities.items():
        u -= p
        if u < 0:
            return word
    return word


# sample_sentence


def _word(row, u):
    total = 0
    for word, p in row.items():
        total += p
        if u < total:
            return word
    return word


@wrong("sample_sentence", "`</s>` is part of the sentence")
def keeps_the_end(table, numbers):
    words, previous = [], "<s>"
    for u in numbers:
        previous = _word(table[previous], u)
        words.append(previous)
        if previous == "</s>":
            break
    return words


@wrong("sample_sentence", "`<s>` is part of the sentence")
def keeps_the_start(table, numbers):
    words = ["<s>"]
    for u in numbers:
        word = _word(table[words[-1]], u)
        if word == "</s>":
            break
        words.append(word)
    return words


@wrong("sample_sentence", "the context stays `<s>`")
def context_stays(table, numbers):
    words = []
    for u in numbers:
        word = _word(table["<s>"], u)
        if word == "</s>":
            break
        words.append(word)
    return words


@wrong("sample_sentence", "which has no row in the table")
def no_stop(table, numbers):
    words, previous = [], "<s>"
    for u in numbers:
        previous = _word(table[previous], u)
        words.append(previous)
    return words


@wrong("sample_sentence", "goes on from the word before")
def skips_the_end(table, numbers):
    words, previous = [], "<s>"
    for u in numbers:
        word = _word(table[previous], u)
        if word != "</s>":
            words.append(word)
            previous = word
    return words


@wrong("sample_sentence", "use one number a word")
def one_number(table, numbers):
    words, previous = [], "<s>"
    for _ in numbers:
        previous = _word(table[previous], numbers[0])
        if previous == "</s>":
            break
        words.append(previous)
    return words


@wrong("sample_sentence", "it takes the most probable word each time")
def greedy(table, numbers):
    words, previous = [], "<s>"
    for _ in numbers:
        previous = max(table[previous], key=table[previous].get)
        if previous == "</s>":
            break
        words.append(previous)
    return words


@wrong("sample_sentence", "it returns a str where a list is expected")
def joined(table, numbers):
    return " ".join(recursive(table, numbers))


@wrong("sample_sentence", "it changes its argument `numbers`")
def pops_the_numbers(table, numbers):
    words, previous = [], "<s>"
    while numbers:
        previous = _word(table[previous], numbers.pop(0))
        if previous == "</s>":
            break
        words.append(previous)
    return words


@wrong("sample_sentence", "it changes its argument `numbers`")
def pops_until_the_end(table, numbers):
    words, previous = [], "<s>"
    while (previous := _word(table[previous], numbers.pop(0))) != "</s>":
        words.append(previous)
    return words


@right("sample_sentence")
def recursive(table, numbers):
    def rest(previous, remaining):
        if not remaining:
            return []
        word = _word(table[previous], remaining[0])
        return [] if word == "</s>" else [word, *rest(word, remaining[1:])]

    return rest("<s>", numbers)


@right("sample_sentence")
def tuple_of_words(table, numbers):
    symbols = ["<s>"]
    for u in numbers:
        symbols.append(_word(table.get(symbols[-1], {"</s>": 1.0}), u))
    pairs = [w for _, w in pairwise(symbols)]
    return tuple(pairs[: pairs.index("</s>")] if "</s>" in pairs else pairs)
