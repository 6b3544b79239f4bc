"""Count models: maximum likelihood, add-k, stupid backoff, Jelinek-Mercer, Kneser-Ney.

An n-gram is a context (its first n - 1 words) followed by a word. This file first counts n-grams
(`count_ngrams`), then turns counts into probabilities. All five models have one form,

    p_n(w | c) = alpha_n(c w) + gamma_n(c) p_{n-1}(w | c without its first word),

and ``p_0(w) = 1/V``. ``alpha`` is what the count of ``c w`` contributes and ``gamma`` is the share
of the context that is left to shorter contexts. A model is the few lines that compute the two from
counts. Where ``c w`` was never seen ``alpha`` is 0, and where ``c`` was never seen ``gamma`` is 1.

Contexts never cross the end of a sentence: the first word of a sentence has the context ``<s>``,
the second ``<s> w_1``, and so on up to the order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from course_utils.text import BOS, Vocabulary

if TYPE_CHECKING:
    import pandas as pd

NOT_SEEN = -1  # the number of an n-gram that was never counted


def with_sentence_starts(ids: np.ndarray, vocab: Vocabulary) -> np.ndarray:
    """Put ``<s>`` in front of every sentence of a text.

    Examples
    --------
    >>> vocab = Vocabulary(["a", "b"])
    >>> with_sentence_starts(np.array([2, 1, 3, 2, 1]), vocab)
    array([4, 2, 1, 4, 3, 2, 1])
    """
    starts = np.append(0, np.flatnonzero(ids == vocab.eos_id) + 1)
    return np.insert(ids, starts[starts < len(ids)], vocab.bos_id)


class NgramCounts(NamedTuple):
    """The distinct n-grams of one length n, sorted, and how often each occurs.

    The place of an n-gram in these arrays, 0 .. K_n - 1, is its number. Single words (n = 1) are
    numbered by their ids, ``<s>`` is the last, and they share the one empty context 0.

    Attributes
    ----------
    keys : ndarray of int64, shape (K_n,)
        ``context * (V + 1) + word``, ascending: the number of the n-gram's first n - 1 words and
        the id of its last. The pair fits into 64 bits at any order.
    counts : ndarray of int, shape (K_n,)
        Occurrences. The count of ``<s>`` alone is 0, for it is never predicted.
    suffixes : ndarray of int32, shape (K_n,)
        The number of the last n - 1 words among the (n-1)-grams.
    first_start : int
        The n-grams from this number on begin with ``<s>``.
    n_contexts, n_symbols : int
        K_{n-1}, how many (n-1)-grams there are, and V + 1.
    """

    keys: np.ndarray
    counts: np.ndarray
    suffixes: np.ndarray
    first_start: int
    n_contexts: int
    n_symbols: int

    @property
    def contexts(self) -> np.ndarray:
        """The number of the first n - 1 words of each n-gram, shape (K_n,)."""
        return self.keys // self.n_symbols


def count_ngrams(ids: np.ndarray, vocab: Vocabulary, order: int) -> list[NgramCounts]:
    """Count all n-grams of a text for n = 1 .. order.

    Every position of the text starts a run of `order` words. Sort these runs like words in a
    dictionary, and all runs that begin with the same n-gram stand next to each other, for every n
    at once. `numpy.lexsort` sorts by one column after another, from the last to the first, each
    time leaving equal words in the order they had (radix sort).

    Parameters
    ----------
    ids : ndarray of int, shape (T,)
        A text.
    vocab : Vocabulary
        Its vocabulary of V words.
    order : int
        The greatest length.

    Returns
    -------
    list of NgramCounts, length order
        Lengths 1 .. order.
    """
    bos, n_symbols = vocab.bos_id, len(vocab) + 1  # the words and <s>
    small = np.uint16 if n_symbols <= 2**16 else np.uint32  # sorting uint16 takes linear time
    text = with_sentence_starts(ids.astype(small), vocab)
    length = len(text)
    text = np.append(text, np.full(order, bos, dtype=small))  # so that every run is complete

    columns = [text[k : k + length] for k in range(order)]
    place = np.lexsort(columns[::-1])  # lexsort wants the column that counts most last

    counts = np.bincount(text[:length], minlength=n_symbols)
    counts[bos] = 0
    empty = np.zeros(n_symbols, dtype=np.int32)  # a word without its first word
    levels = [NgramCounts(np.arange(n_symbols), counts, empty, bos, 1, n_symbols)]

    number = text[place].astype(np.int32)  # of each run's first n - 1 words
    number_at = text.astype(np.int32)  # the same, by position in the text
    for n in range(2, order + 1):
        word = text[n - 1 :][place]
        inside = word != bos  # <s> after the first column: the run has left its sentence
        place, number, word = place[inside], number[inside], word[inside]
        is_new = np.ones(len(place), dtype=bool)
        is_new[1:] = (number[1:] != number[:-1]) | (word[1:] != word[:-1])
        first = np.flatnonzero(is_new)
        counts = np.diff(first, append=len(place)).astype(np.int32)
        keys = number[first] * np.int64(n_symbols) + word[first]
        suffixes = number_at[1:][place[first]]
        start = int(np.searchsorted(keys, levels[-1].first_start * n_symbols))
        shorter = len(levels[-1].keys)
        levels.append(NgramCounts(keys, counts, suffixes, start, shorter, n_symbols))
        number = np.cumsum(is_new, dtype=np.int32) - np.int32(1)
        number_at = np.zeros(len(text), dtype=np.int32)
        number_at[place] = number
    return levels


class NgramTable:
    """Look up the numbers of the n-grams of a text.

    The tables that make it fast are built when first needed: of a million 5-grams in about 0.1 s.

    Parameters
    ----------
    counts : list of NgramCounts
        As `count_ngrams` returns them.
    vocab : Vocabulary
        The vocabulary they were counted with.
    """

    def __init__(self, counts: list[NgramCounts], vocab: Vocabulary):
        self.vocab = vocab
        self.n_symbols = len(vocab) + 1
        self.keys = [level.keys for level in counts]
        self._hashed: dict[int, HashTable] = {}  # by n, made when first needed

    def find(self, n: int, contexts: np.ndarray, words: np.ndarray) -> np.ndarray:
        """Return the numbers of n-grams, each given as the number of its context and its word."""
        if n not in self._hashed:
            self._hashed[n] = HashTable(self.keys[n - 1])
        return self._hashed[n].find(contexts * np.int64(self.n_symbols) + words)

    def continuations(self, n: int, context: int) -> tuple[np.ndarray, np.ndarray]:
        """Return all n-grams with one context: their numbers and their last words."""
        first, end = np.array([context, context + 1], dtype=np.int64) * self.n_symbols
        numbers = np.arange(*np.searchsorted(self.keys[n - 1], [first, end]))
        return numbers, self.keys[n - 1][numbers] - first

    def walk(self, ids: np.ndarray) -> Iterator[tuple[int, np.ndarray, np.ndarray, np.ndarray]]:
        """Yield n, places in a text, numbers of contexts and numbers of n-grams, n = 2 .. order.

        The places are those of the words whose context of n - 1 words was seen. Contexts grow word
        by word: where the n-gram that ends at one place was seen, it is the context of the next
        place for n + 1. A context that was never seen is part of no longer one that was.
        """
        before = np.append(self.vocab.eos_id, ids[:-1])  # the contexts of bigrams are words
        contexts = np.where(before == self.vocab.eos_id, self.vocab.bos_id, before)  # or <s>
        places = np.arange(len(ids))
        is_last = ids == self.vocab.eos_id
        is_last[-1:] = True
        for n in range(2, len(self.keys) + 1):
            numbers = self.find(n, contexts, ids.take(places))
            yield n, places, contexts, numbers
            go_on = np.flatnonzero((numbers != NOT_SEEN) & ~is_last.take(places))
            places, contexts = places.take(go_on) + 1, numbers.take(go_on)


class HashTable:
    """Find keys in an array of distinct keys faster than a binary search.

    A key's hash names a slot; the slot holds the place of the key. Where two keys meet, the later
    one takes the next free slot (linear probing). At least half of the slots stay empty.

    Parameters
    ----------
    keys : ndarray of int64, shape (K,)
        Distinct and not negative.
    """

    def __init__(self, keys: np.ndarray):
        bits = max(1, (2 * len(keys)).bit_length())
        self.keys = keys
        self.shift = np.uint64(64 - bits)
        self.slots = np.full(2**bits, NOT_SEEN, dtype=np.int32)
        place, slot = np.arange(len(keys)), self._hash(keys)
        while len(place):
            free = self.slots[slot] == NOT_SEEN
            self.slots[slot[free]] = place[free]  # of several keys one stays
            homeless = self.slots[slot] != place
            place, slot = place[homeless], self._next(slot[homeless])

    def find(self, wanted: np.ndarray) -> np.ndarray:
        """Return the places of the wanted keys (int32), NOT_SEEN for those that are absent."""
        if len(self.keys) == 0:
            return np.full(len(wanted), NOT_SEEN)
        slot = self._hash(wanted)
        place = self.slots.take(slot)
        other = np.flatnonzero((self.keys.take(place) != wanted) & (place != NOT_SEEN))
        slot = slot.take(other)
        while len(other):
            slot = self._next(slot)
            place[other] = candidate = self.slots.take(slot)
            go_on = (self.keys.take(candidate) != wanted.take(other)) & (candidate != NOT_SEEN)
            other, slot = other[go_on], slot[go_on]
        return place

    def _hash(self, keys: np.ndarray) -> np.ndarray:
        """Multiply by 2**64 / golden ratio and keep the top bits (Knuth, vol. 3, section 6.4)."""
        product = keys.view(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        return (product >> self.shift).view(np.int64)

    def _next(self, slot: np.ndarray) -> np.ndarray:
        return (slot + 1) & (len(self.slots) - 1)  # after the last slot comes the first


class NgramModel:
    """What the five models share: fitting, scoring, predicting, sampling.

    Parameters
    ----------
    order : int
        The length of the longest n-gram: 1 for unigrams, 2 for bigrams, ...

    Raises
    ------
    TypeError
        If the order is not an integer.
    ValueError
        If the order is below 1.
    """

    is_normalized = True

    def __init__(self, order: int):
        if isinstance(order, bool) or not isinstance(order, (int, np.integer)):
            raise TypeError(f"order must be an integer, got {order!r}")
        if order < 1:
            raise ValueError(f"order must be at least 1 (unigrams), got {order}")
        self.order = int(order)
        self.vocab: Vocabulary | None = None

    def fit(self, train_ids: Sequence[int], vocab: Vocabulary) -> NgramModel:
        """Count the n-grams of a text and turn the counts into probabilities.

        Parameters
        ----------
        train_ids : array of int, shape (T,)
            A text: ``vocab.encode(sentences)``.
        vocab : Vocabulary
            The vocabulary of V words that the text was encoded with.

        Returns
        -------
        NgramModel
            The model itself.

        Raises
        ------
        TypeError
            If the ids are not integers.
        ValueError
            If the text is empty, holds no ``</s>`` or an id outside 0 .. V - 1.
        """
        ids = _checked_training_text(train_ids, vocab)
        self._keep(count_ngrams(ids, vocab, self.order), vocab)
        return self

    def _keep(self, counts: list[NgramCounts], vocab: Vocabulary) -> None:
        """Store keys, alpha and gamma of each order, and use the counts up."""
        self._n_words = len(vocab)
        self._table = NgramTable(counts, vocab)
        self.n_ngrams = tuple(int(np.count_nonzero(level.counts)) for level in counts)
        self._alpha, self._gamma = [], []
        for n in range(self.order, 0, -1):
            alpha, gamma = self._estimate(n, counts)
            self._alpha.insert(0, np.append(alpha, 0.0))  # the last one stands at NOT_SEEN
            self._gamma.insert(0, gamma)
            del alpha, gamma, counts[n:]  # makes room: longer n-grams are no longer needed
        self.vocab = vocab

    def _estimate(self, n: int, counts: list[NgramCounts]) -> tuple[np.ndarray, np.ndarray]:
        """Return alpha (K_n,) of the n-grams and gamma (K_{n-1},) of their contexts."""
        raise NotImplementedError

    def _mix(self, n, contexts, numbers, lower):
        """Return p_n, given the numbers of contexts and n-grams and p_{n-1}."""
        return self._alpha[n - 1].take(numbers) + self._gamma[n - 1].take(contexts) * lower

    def log_probs(self, ids: Sequence[int]) -> np.ndarray:
        """Return ln P(word | the words before it in its sentence) for every token of a text.

        Parameters
        ----------
        ids : array of int, shape (T,)
            A text. Contexts do not cross sentence ends; a last sentence may be unfinished.

        Returns
        -------
        ndarray of float64, shape (T,)
            In nats; ``-inf`` where the model gives probability 0.

        Raises
        ------
        RuntimeError
            If the model has not been fitted.
        TypeError
            If the ids are not integers.
        ValueError
            If an id is outside 0 .. V - 1.
        """
        vocab = self._fitted_vocab()
        ids = _checked_ids(ids, vocab)
        p = self._mix(1, 0, ids, 1 / len(vocab))
        for n, places, contexts, numbers in self._table.walk(ids):
            p[places] = self._mix(n, contexts, numbers, p.take(places))
        with np.errstate(divide="ignore"):
            return np.log(p)

    def next_word_probs(self, context: Sequence[int] = ()) -> np.ndarray:
        """Return P(word | context) for every word of the vocabulary.

        Parameters
        ----------
        context : sequence of int
            The ids so far. Only what follows the last ``</s>`` counts: an empty context is the
            start of a sentence. A leading ``<s>`` changes nothing.

        Returns
        -------
        ndarray of float64, shape (V,)
            ``exp(log_probs(ids)[t])`` is element ``ids[t]`` of ``next_word_probs(ids[:t])``.

        Raises
        ------
        RuntimeError, TypeError, ValueError
            As `log_probs`.
        """
        p = 1 / len(self._fitted_vocab())
        for n, context_number in enumerate(self._context_numbers(context), start=1):
            numbers = np.full(self._table.n_symbols, NOT_SEEN)
            found, words = self._table.continuations(n, context_number)
            numbers[words] = found
            p = self._mix(n, context_number, numbers, p)
        return p[:-1]  # without <s>

    def _context_numbers(self, context: Sequence[int]) -> list[int]:
        """Return the numbers of the contexts of 0, 1, ... words, as long as they were seen."""
        vocab = self._fitted_vocab()
        words = _since_sentence_start(context, vocab)
        words = words[max(0, len(words) - self.order + 1) :]
        contexts = [0, words[-1] if len(words) else vocab.bos_id][: self.order]
        for n, places, _, numbers in self._table.walk(words):
            ends_here = len(places) and places[-1] == len(words) - 1
            if n == self.order or not ends_here or numbers[-1] == NOT_SEEN:
                break
            contexts.append(numbers[-1])
        return contexts

    def sample(
        self,
        n: int,
        rng: np.random.Generator | int | None = None,
        context: Sequence[int] = (),
        temperature: float = 1.0,
    ) -> np.ndarray:
        """Draw a text word by word; after ``</s>`` a new sentence begins.

        Parameters
        ----------
        n : int
            How many tokens, ``</s>`` included.
        rng : numpy.random.Generator or int, optional
            The source of chance, or its seed.
        context : sequence of int
            The ids to go on from, as in `next_word_probs`.
        temperature : float
            Words are drawn in proportion to ``p ** (1 / temperature)``: below 1 likely words
            become likelier, above 1 the distribution becomes flatter.

        Returns
        -------
        ndarray of int64, shape (n,)
            The new ids, without the context.

        Raises
        ------
        RuntimeError, TypeError
            As `log_probs`.
        ValueError
            If ``n`` is negative, the temperature not positive, or an id outside 0 .. V - 1.
        """
        if n < 0:
            raise ValueError(f"the number of tokens to sample must be at least 0, got {n}")
        if not 0 < temperature < np.inf:
            raise ValueError(f"temperature must be positive and finite, got {temperature}")
        rng = np.random.default_rng(rng)
        ids = _since_sentence_start(context, self._fitted_vocab()).tolist()
        given = len(ids)
        for _ in range(n):
            p = self.next_word_probs(ids[-self.order :])
            p = (p / p.max()) ** (1 / temperature)
            ids.append(int(rng.choice(len(p), p=p / p.sum())))
        return np.array(ids[given:], dtype=np.int64)

    def visible_context(self, context: Sequence[int]) -> list[str]:
        """Return the words of a context that the model looks at: the last order - 1."""
        vocab = self._fitted_vocab()
        words = [BOS, *(vocab.words[i] for i in _since_sentence_start(context, vocab))]
        return words[max(0, len(words) - self.order + 1) :]

    def describe_event(self, ids: Sequence[int], position: int) -> str:
        """Put the n-gram at one position of a text into words, like ``'flew' after 'the pig'``."""
        vocab = self._fitted_vocab()
        ids = _checked_ids(ids, vocab)
        context = self.visible_context(ids[:position])
        word = repr(vocab.words[ids[position]])
        return f"{word} after {' '.join(context)!r}" if context else word

    @property
    def nbytes(self) -> int:
        """The bytes of all stored arrays: keys, alpha and gamma."""
        arrays = [*self._table.keys, *self._alpha, *self._gamma]
        return sum(array.nbytes for array in arrays)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(order={self.order})"

    def _fitted_vocab(self) -> Vocabulary:
        if self.vocab is None:
            raise RuntimeError(f"{self} has no counts yet; call fit(train_ids, vocab) first")
        return self.vocab


class AddK(NgramModel):
    """Add-k smoothing (Lidstone; Laplace for k = 1): every n-gram is counted k times more.

    ``P(w | c) = (count(c w) + k) / (count(c) + k V)``, with c the last order - 1 words, or all
    words since ``<s>`` where there are fewer. Written as a mixture, the context keeps
    ``count(c) / (count(c) + k V)`` and gives the rest to the uniform distribution ``1/V``; a
    context never seen gives all. No shorter context is consulted.

    Parameters
    ----------
    order : int
        The length of the longest n-gram.
    k : float
        What is added to each count, greater than 0.
    """

    def __init__(self, order: int, k: float = 1.0):
        super().__init__(order)
        if not 0 < k < np.inf:
            raise ValueError(
                f"k must be positive and finite, got {k}; without any it is MLE({order})"
            )
        self.k = k

    def _estimate(self, n, counts):
        level = counts[n - 1]
        contexts = level.contexts
        total = np.bincount(contexts, level.counts, level.n_contexts) + self.k * self._n_words
        alpha = level.counts / total[contexts]
        gamma = _ratio(np.full(level.n_contexts, self.k * self._n_words), total)
        if n < self.order:  # only contexts that begin with <s> are complete
            complete = counts[n - 2].first_start if n > 1 else 1
            alpha[contexts < complete] = 0
            gamma[:complete] = 1
        return alpha, gamma

    def __repr__(self) -> str:
        return f"AddK(order={self.order}, k={self.k:g})"


class MLE(AddK):
    """Maximum likelihood: ``P(w | c) = count(c w) / count(c)``, the limit of add-k as k becomes 0.

    A word never seen after a known context has probability 0. A context never seen gives no
    estimate, 0/0; any distribution is as likely then, and the uniform one ``1/V`` is taken.

    Parameters
    ----------
    order : int
        The length of the longest n-gram.
    """

    def __init__(self, order: int):
        NgramModel.__init__(self, order)
        self.k = 0.0

    def __repr__(self) -> str:
        return f"MLE(order={self.order})"


class StupidBackoff(NgramModel):
    """Stupid backoff (Brants et al. 2007, equation 5): scores, not probabilities.

    ``S(w | c) = count(c w) / count(c)`` if ``c w`` was seen, else ``alpha`` times the score after
    the context without its first word; below the single words stands ``1/V``. The scores of all
    words after a context sum to more than 1 as a rule, so `next_word_probs` and `log_probs` give
    scores and their logarithms, and a perplexity from them cannot be compared. `sample` normalises.

    Parameters
    ----------
    order : int
        The length of the longest n-gram.
    alpha : float
        The factor for each step to a shorter context, greater than 0, at most 1.
    """

    is_normalized = False

    def __init__(self, order: int, alpha: float = 0.4):
        super().__init__(order)
        if not 0 < alpha <= 1:
            raise ValueError(f"alpha must be within 0 < alpha <= 1, got {alpha}")
        if alpha**order < 1e-300:
            raise ValueError(
                f"alpha ** order is too small for a float, got {alpha} ** {order}; lower the order"
            )
        self.alpha = alpha

    # With scores of length n multiplied by alpha ** (order - n) beforehand, a step to a shorter
    # context leaves a score as it is, and all lengths are on the scale of the longest. Where a
    # sentence has just begun there is no context that long, and the scale must be undone.

    def _estimate(self, n, counts):
        level = counts[n - 1]
        contexts = level.contexts
        total = np.bincount(contexts, level.counts, level.n_contexts)
        scale = self.alpha ** (self.order - n)
        gamma = np.full(level.n_contexts, scale * self.alpha if n == 1 else 1.0)
        return scale * level.counts / total[contexts], gamma

    def _mix(self, n, contexts, numbers, lower):
        score = self._alpha[n - 1].take(numbers)
        return np.where(score > 0, score, self._gamma[n - 1].take(contexts) * lower)

    def _scale(self, n_before):
        """Return the scale of the scores after n_before words of a sentence."""
        return self.alpha ** np.maximum(0, self.order - 2 - n_before)

    def log_probs(self, ids):
        """Return ln S(word | the words before it in its sentence), as `NgramModel.log_probs`."""
        log_scores = super().log_probs(ids)
        place = np.arange(len(log_scores))
        is_first = np.append(False, np.equal(ids, self.vocab.eos_id)[:-1])
        first = np.maximum.accumulate(np.where(is_first, place, 0))  # of the sentence
        return log_scores - np.log(self._scale(place - first))

    def next_word_probs(self, context=()):
        """Return S(word | context) for every word, as `NgramModel.next_word_probs`."""
        scores = super().next_word_probs(context)
        return scores / self._scale(len(_since_sentence_start(context, self.vocab)))

    def __repr__(self) -> str:
        return f"StupidBackoff(order={self.order}, alpha={self.alpha:g})"


class Interpolated(NgramModel):
    """Jelinek-Mercer interpolation of the orders' relative frequencies (Jelinek and Mercer 1980).

    ``P_n(w | c) = lambda f(w | c) + (1 - lambda) P_{n-1}(w | c without its first word)``, where
    f is the relative frequency ``count(c w) / count(c)`` and ``P_0 = 1/V``. The weight lambda
    depends on n and on how often the context was seen, in steps of powers of two. The EM
    algorithm finds the weights under which a held-out text is most likely.

    Parameters
    ----------
    order : int
        The length of the longest n-gram.

    Attributes
    ----------
    weights : list of ndarray, each of shape (64,)
        ``weights[n - 1][b]`` is lambda of the contexts of n-grams seen ``2**(b-1) .. 2**b - 1``
        times; ``b = 0`` are the contexts never seen, of weight 0. A weight that no held-out word
        bears on equals the one before it; without any held-out word all are 1/2.
    heldout_log_probs : list of float
        The mean log-probability of the held-out text in nats per token before each step of EM.
        It never falls.
    """

    def fit(
        self,
        train_ids: Sequence[int],
        vocab: Vocabulary,
        heldout_ids: Sequence[int] | None = None,
        max_steps: int = 100,
    ) -> Interpolated:
        """Count n-grams and find the weights.

        Parameters
        ----------
        train_ids : array of int, shape (T,)
            A text: ``vocab.encode(sentences)``.
        vocab : Vocabulary
            The vocabulary of V words that the text was encoded with.
        heldout_ids : array of int, optional
            The text to find the weights on. By default every tenth sentence of the training text:
            the weights come from the counts of the others, the probabilities from all counts.
        max_steps : int
            EM stops after so many steps, or when a step gains less than 1e-7 nats per token.

        Returns
        -------
        Interpolated
            The model itself.

        Raises
        ------
        TypeError, ValueError
            As `NgramModel.fit`, for both texts.
        """
        ids = _checked_training_text(train_ids, vocab)
        counts = count_ngrams(ids, vocab, self.order)
        if heldout_ids is None:
            held_out = _every_tenth_sentence(ids, vocab)
            rest = count_ngrams(ids[~held_out], vocab, self.order)
            self._find_weights(rest, ids[held_out], vocab, max_steps)
        else:
            self._find_weights(counts, _checked_ids(heldout_ids, vocab), vocab, max_steps)
        self._keep(counts, vocab)
        return self

    def _find_weights(self, counts, heldout_ids, vocab, max_steps):
        """Run EM. What is hidden: at which order each word of the held-out text was made."""
        self.weights = [np.append(0.0, np.full(63, 0.5)) for _ in counts]
        self.heldout_log_probs = []
        evidence = list(_frequencies(counts, heldout_ids, vocab))
        for _ in range(max_steps if len(heldout_ids) else 0):
            p = [np.full(len(heldout_ids), 1 / len(vocab))]
            for weights, (f, bucket) in zip(self.weights, evidence, strict=True):
                p.append(weights[bucket] * f + (1 - weights[bucket]) * p[-1])
            self.heldout_log_probs.append(float(np.mean(np.log(p[-1]))))
            if len(self.heldout_log_probs) > 1 and np.diff(self.heldout_log_probs)[-1] < 1e-7:
                break
            self._update_weights(evidence, p)

    def _update_weights(self, evidence, p):
        """Set each weight to the share of words made at its order, of those made there or below."""
        reached = np.ones(len(p[0]))  # P(the word was made at order n or below | the word)
        for n in range(len(evidence), 0, -1):
            f, bucket = evidence[n - 1]
            made_here = reached * self.weights[n - 1][bucket] * f / p[n]
            chances = np.bincount(bucket, reached, minlength=64)
            share = _ratio(np.bincount(bucket, made_here, minlength=64), chances)
            share[0] = 0  # of contexts never seen
            # A weight without evidence follows that of rarer contexts. None reaches 1, so that a
            # word never seen stays possible.
            nearest = np.maximum.accumulate(np.where(chances > 0, np.arange(64), 0))
            self.weights[n - 1] = np.minimum(share, 1 - 1e-6)[nearest]
            reached = reached - made_here

    def _estimate(self, n, counts):
        level = counts[n - 1]
        contexts = level.contexts
        total = np.bincount(contexts, level.counts, level.n_contexts)
        weight = self.weights[n - 1][_bucket(total)]
        return weight[contexts] * level.counts / total[contexts], 1 - weight


class KneserNey(NgramModel):
    """Interpolated modified Kneser-Ney smoothing (Chen and Goodman 1998, section 4.1.6).

    ``P_n(w | c) = (a(c w) - D(a(c w))) / a(c) + gamma(c) P_{n-1}(w | c without its first word)``,
    and ``P_0 = 1/V``. ``a(c w)`` is the count of ``c w`` at the highest order; below it is the
    number of different words seen before ``c w``, for an n-gram in a lower order is asked only
    when the longer one failed. Before ``<s>`` stands nothing: n-grams that begin with it keep
    their counts. ``a(c)`` is the sum of ``a(c w)`` over w, and ``gamma(c)`` what the discounts took
    from it. The discounts D are those of `discounts`.

    Parameters
    ----------
    order : int
        The length of the longest n-gram.
    """

    def _estimate(self, n, counts):
        level = counts[n - 1]
        adjusted = level.counts
        if n < self.order:
            adjusted = np.bincount(counts[n].suffixes, minlength=len(level.keys))
            adjusted[level.first_start :] = level.counts[level.first_start :]
        taken = discounts(adjusted)[np.minimum(adjusted, 3)]
        contexts = level.contexts
        total = np.bincount(contexts, adjusted, level.n_contexts)
        gamma = _ratio(np.bincount(contexts, taken, level.n_contexts), total)
        return (adjusted - taken) / total[contexts], gamma


def discounts(counts: np.ndarray) -> np.ndarray:
    """Return what modified Kneser-Ney takes from n-grams counted 0, 1, 2, and 3 or more times.

    With ``t_k`` the number of n-grams counted k times and ``Y = t_1 / (t_1 + 2 t_2)``,
    ``D_k = k - (k + 1) Y t_{k+1} / t_k`` (Chen and Goodman 1998, equation 26). On a text too small
    or odd for it (some of t_1, t_2, t_3 zero, or a D_k not within 0 < D_k <= k) the discounts are
    1/2, 1, 3/2, as KenLM's with ``--discount_fallback``.

    Examples
    --------
    >>> discounts(np.repeat([1, 2, 3, 4], [8, 4, 2, 1]))  # Y = 8 / 16, t_{k+1} / t_k = 1/2
    array([0. , 0.5 , 1.25, 2. ])
    """
    t = np.bincount(np.minimum(counts, 5), minlength=6).astype(float)
    if t[1:4].all():
        k = np.arange(1, 4)
        d = k - (k + 1) * t[1] / (t[1] + 2 * t[2]) * t[2:5] / t[1:4]
        if (d > 0).all():
            return np.append(0.0, d)
    return np.array([0.0, 0.5, 1.0, 1.5])


def next_word_table(
    model, context: Sequence[str] | str, top: int = 10, vocab: Vocabulary | None = None
) -> pd.DataFrame:
    """Return the likeliest next words after a context, with their probabilities.

    Parameters
    ----------
    model : fitted model
        Anything with ``next_word_probs(context) -> (V,)``.
    context : sequence of str, or str
        The words so far; a string is split at white space. A word outside the vocabulary counts
        as ``<unk>``.
    top : int
        How many words.
    vocab : Vocabulary, optional
        The model's vocabulary; an n-gram model knows its own.

    Returns
    -------
    pandas.DataFrame
        Columns ``word`` and ``probability`` (scores, for stupid backoff), the likeliest first.
    """
    import pandas as pd

    vocab = vocab or model._fitted_vocab()
    words = context.split() if isinstance(context, str) else context
    p = model.next_word_probs(vocab.encode_words(words))
    best = np.argsort(-p, kind="stable")[:top]
    return pd.DataFrame({"word": [vocab.words[i] for i in best], "probability": p[best]})


def _ratio(part: np.ndarray, total: np.ndarray) -> np.ndarray:
    """Return part / total, and 1 for a context after which no word was counted."""
    return np.divide(part, total, out=np.ones(len(total)), where=total > 0)


def _bucket(totals: np.ndarray) -> np.ndarray:
    """Return b for a count within ``2**(b-1) .. 2**b - 1``, and 0 for 0."""
    return np.frexp(totals)[1]


def _frequencies(counts, ids, vocab):
    """Yield count(c w) / count(c) and the bucket of count(c) for each word of a text, n = 1 ..."""
    every_place = 1, np.arange(len(ids)), np.zeros_like(ids), ids
    for n, places, contexts, numbers in [every_place, *NgramTable(counts, vocab).walk(ids)]:
        level = counts[n - 1]
        total = np.bincount(level.contexts, level.counts, level.n_contexts)
        f, bucket = np.zeros(len(ids)), np.zeros(len(ids), dtype=np.int64)
        f[places] = np.append(level.counts, 0)[numbers] / np.maximum(total, 1)[contexts]
        bucket[places] = _bucket(total)[contexts]
        yield f, bucket


def _every_tenth_sentence(ids: np.ndarray, vocab: Vocabulary) -> np.ndarray:
    """Mark every tenth sentence; of fewer than ten the last, of a single one nothing."""
    is_end = ids == vocab.eos_id
    sentence = np.cumsum(is_end) - is_end
    every = min(10, int(sentence[-1]) + 1)
    return (sentence % every == every - 1) & (every > 1)


def _since_sentence_start(context: Sequence[int], vocab: Vocabulary) -> np.ndarray:
    """Return the ids after the last ``</s>``, without a leading ``<s>``."""
    ids = _one_dimension(context)
    ends = np.flatnonzero(ids == vocab.eos_id)
    ids = ids[ends[-1] + 1 :] if len(ends) else ids
    return _checked_ids(ids[1:] if len(ids) and ids[0] == vocab.bos_id else ids, vocab)


def _checked_training_text(ids: Sequence[int], vocab: Vocabulary) -> np.ndarray:
    ids = _checked_ids(ids, vocab)
    if len(ids) == 0:
        raise ValueError("the training text is empty; give the ids of at least one sentence")
    if vocab.eos_id not in ids:
        raise ValueError(
            f"the training text of {len(ids)} tokens has no </s> (id {vocab.eos_id}); "
            "vocab.encode(sentences) puts one after each sentence"
        )
    return ids


def _checked_ids(ids: Sequence[int], vocab: Vocabulary) -> np.ndarray:
    ids = _one_dimension(ids)
    if len(ids) == 0:
        return ids.astype(np.int64)
    if ids.dtype.kind not in "iu":
        raise TypeError(f"token ids are integers, got {ids.dtype}; encode words by vocab.encode")
    low, high = int(ids.min()), int(ids.max())
    if low < 0 or high >= len(vocab):
        bad = low if low < 0 else high
        raise ValueError(
            f"id {bad} is outside the vocabulary of {len(vocab)} words (0 .. {len(vocab) - 1}); "
            "encode the text with the vocabulary given to fit"
        )
    return ids.astype(np.int64, copy=False)


def _one_dimension(ids: Sequence[int]) -> np.ndarray:
    try:
        array = np.asarray(ids)
    except ValueError:  # lists of different lengths
        raise ValueError(
            "a text has one dimension, got lists of different lengths; vocab.encode(sentences) "
            "makes one text of all"
        ) from None
    if array.ndim != 1:
        raise ValueError(f"a text has one dimension, got an array of shape {array.shape}")
    return array
