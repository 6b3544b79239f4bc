"""From sentences to ids: the vocabulary every model of the course shares.

A *text* is a one-dimensional int64 array of token ids in which ``</s>`` ends each sentence.
``</s>`` and ``<unk>`` are words like any other: every model predicts them. ``<s>``, the start of a
sentence, is only ever a context. It has no place in the vocabulary; its id is ``len(vocab)``, one
past the last word, so an array over the vocabulary cannot give it a probability by accident.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

import numpy as np

UNK, EOS, BOS = "<unk>", "</s>", "<s>"


class Vocabulary:
    """A closed set of words and their ids: ``<unk>`` is 0, ``</s>`` is 1, then the words as given.

    Parameters
    ----------
    words : iterable of str
        The ordinary words, without the three special symbols, each once.

    Attributes
    ----------
    words : tuple of str, length V
        ``words[i]`` is the word with id ``i``.
    unk_id, eos_id, bos_id : int
        0, 1 and ``len(vocab)``: the ids of ``<unk>``, ``</s>`` and the context symbol ``<s>``.

    Raises
    ------
    ValueError
        If a word is given twice or is one of the special symbols.

    Examples
    --------
    >>> vocab = Vocabulary.from_sentences([["the", "cat"], ["the", "dog"]])
    >>> vocab.words
    ('<unk>', '</s>', 'the', 'cat', 'dog')
    >>> vocab.encode([["the", "bird"]])
    array([2, 0, 1])
    >>> vocab.decode([2, 0, 1, 3, 1])
    [['the', '<unk>'], ['cat']]
    """

    unk_id = 0
    eos_id = 1

    def __init__(self, words: Iterable[str]):
        words = tuple(words)
        for special in (UNK, EOS, BOS):
            if special in words:
                raise ValueError(f"{special} is added by the vocabulary; leave it out of the words")
        self.words = (UNK, EOS, *words)
        self.ids = _Ids((word, i) for i, word in enumerate(self.words))
        if len(self.ids) < len(self.words):
            twice = [word for word, n in Counter(words).most_common(1) if n > 1]
            raise ValueError(f"each word may stand once in a vocabulary, {twice[0]!r} stands twice")

    @classmethod
    def from_sentences(cls, sentences: Iterable[Sequence[str]], min_count: int = 1) -> Vocabulary:
        """Collect the words seen at least ``min_count`` times, most frequent first.

        Ties keep the order of first appearance, so the same sentences give the same ids everywhere.
        The special symbols are skipped where a sentence already holds them.

        Raises
        ------
        ValueError
            If ``min_count`` is below 1 or there is no sentence.
        TypeError
            If a sentence is a string instead of a sequence of words.
        """
        counts = Counter(chain.from_iterable(map(_checked, sentences)))
        _check_collection(len(counts), min_count)
        special = (UNK, EOS, BOS)
        return cls(w for w, n in counts.most_common() if n >= min_count and w not in special)

    @classmethod
    def build_and_encode(
        cls, sentences: Iterable[Sequence[str]], min_count: int = 1
    ) -> tuple[Vocabulary, np.ndarray]:
        """Collect the vocabulary of a text and encode the text, in one pass over the sentences.

        The same as `from_sentences` and then `encode`, in half the time and without the sentences
        in memory: they may come straight from a file, ``map(str.split, file)``.

        Examples
        --------
        >>> Vocabulary.build_and_encode([["the", "cat"], ["the", "dog"]])[1]
        array([2, 3, 1, 2, 4, 1])
        """
        numbers: defaultdict[str, int] = defaultdict()  # in order of first appearance
        numbers.default_factory = numbers.__len__
        special = [numbers[word] for word in (UNK, EOS, BOS)]
        words = chain.from_iterable(_with_ends(sentences))
        text = np.fromiter(map(numbers.__getitem__, words), dtype=np.int64)

        _check_collection(np.count_nonzero(text != special[1]), min_count)

        counts = np.bincount(text, minlength=len(numbers))
        counts[special] = 0
        by_count = np.argsort(-counts, kind="stable")
        kept = by_count[counts[by_count] >= min_count]
        ids = np.full(len(numbers), cls.unk_id)
        ids[special[1]] = cls.eos_id
        ids[kept] = np.arange(2, 2 + len(kept))
        by_number = list(numbers)
        return cls(by_number[number] for number in kept), ids[text]

    @property
    def bos_id(self) -> int:
        """The id of ``<s>``: ``len(vocab)``, one past the last word."""
        return len(self.words)

    def __len__(self) -> int:
        return len(self.words)

    def __contains__(self, word: str) -> bool:
        return word in self.ids

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Vocabulary) and self.words == other.words

    def __hash__(self) -> int:
        return hash(self.words)

    def __repr__(self) -> str:
        shown = " ".join(self.words[2:6])
        return f"Vocabulary({len(self)} words: <unk> </s> {shown} ...)"

    def encode(self, sentences: Iterable[Sequence[str]]) -> np.ndarray:
        """Turn sentences into one text: ids, with ``</s>`` after each sentence.

        Parameters
        ----------
        sentences : iterable of sequences of str
            Words outside the vocabulary become ``<unk>``.

        Returns
        -------
        ndarray of int64, shape (number of words + number of sentences,)

        Raises
        ------
        TypeError
            If a sentence is a string instead of a sequence of words.
        """
        words = chain.from_iterable(_with_ends(sentences))
        return np.fromiter(map(self.ids.__getitem__, words), dtype=np.int64)

    def encode_words(self, words: Sequence[str]) -> list[int]:
        """Turn one piece of a sentence into ids, without ``</s>``: a context for a model."""
        return [self.bos_id if w == BOS else self.ids[w] for w in _checked(words)]

    def decode(self, ids: Iterable[int]) -> list[list[str]]:
        """Turn ids back into sentences: the inverse of ``encode`` for known words.

        Words after the last ``</s>`` form a last, unfinished sentence.

        Raises
        ------
        ValueError
            If an id is outside ``0 .. len(vocab) - 1``.
        """
        sentences: list[list[str]] = [[]]
        for i in ids:
            if not 0 <= i < len(self):
                raise ValueError(f"id {i} is outside the vocabulary of {len(self)} words")
            if i == self.eos_id:
                sentences.append([])
            else:
                sentences[-1].append(self.words[i])
        return sentences if sentences[-1] else sentences[:-1]


def streams(ids: np.ndarray, batch_size: int) -> tuple[np.ndarray, np.ndarray]:
    """Cut a text into pieces of equal length that are read side by side, one a column.

    A column is read from top to bottom: what a network remembers after row t is what it needs at
    row t + 1. The input at each place is the token before the target. Before the first token of
    the text stands ``</s>``.

    Parameters
    ----------
    ids : ndarray of int, shape (N,)
        A text.
    batch_size : int
        B, the number of columns.

    Returns
    -------
    inputs, targets : ndarray of int64, shape (L, B)
        ``L = N // B``. The last ``N % B`` tokens of the text are left out.

    Raises
    ------
    ValueError
        If ``batch_size`` is below 1 or above the number of tokens.

    Examples
    --------
    >>> inputs, targets = streams(np.array([2, 3, 4, 1, 5, 6, 1]), batch_size=2)
    >>> targets.T  # the token 1 at the end is left out
    array([[2, 3, 4],
           [1, 5, 6]])
    >>> inputs.T
    array([[1, 2, 3],
           [4, 1, 5]])
    """
    if batch_size < 1:
        raise ValueError(f"batch_size must be at least 1, got {batch_size}")
    length = len(ids) // batch_size
    if length == 0:
        raise ValueError(
            f"a text of {len(ids)} tokens cannot be cut into {batch_size} columns; "
            "take a smaller batch_size or a longer text"
        )
    targets = np.asarray(ids, dtype=np.int64)[: length * batch_size]
    inputs = np.append(Vocabulary.eos_id, targets[:-1])
    rows = (batch_size, length)
    return (
        np.ascontiguousarray(inputs.reshape(rows).T),
        np.ascontiguousarray(targets.reshape(rows).T),
    )


class _Ids(dict):
    """The ids of words: every word outside the vocabulary has the id of ``<unk>``."""

    def __missing__(self, word: str) -> int:
        return Vocabulary.unk_id


def _check_collection(n_words: int, min_count: int) -> None:
    if min_count < 1:
        raise ValueError(f"min_count must be at least 1, got {min_count}")
    if n_words == 0:
        raise ValueError("there is no word to collect: the list of sentences is empty")


def _with_ends(sentences: Iterable[Sequence[str]]) -> Iterator[Sequence[str]]:
    for sentence in sentences:
        yield _checked(sentence)
        yield (EOS,)


def _checked(sentence: Sequence[str]) -> Sequence[str]:
    if isinstance(sentence, str):
        raise TypeError(
            f"a sentence is a list of words, got the string {sentence[:30]!r}; split it first"
        )
    return sentence
