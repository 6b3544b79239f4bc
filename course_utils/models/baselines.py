"""Baselines, counted in a second: what a network must beat to be worth its training.

>>> tagger = MostFrequentTag().fit([(["the", "dogs", "bark"], ["DET", "NOUN", "VERB"])])
>>> tagger.predict([["dogs", "bark"]])
[['NOUN', 'VERB']]
>>> classifier = BagOfWords().fit([(["great", "fun"], "positive"), (["no", "fun"], "negative")])
>>> classifier.predict([["great"]])
['positive']
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import chain

import numpy as np

from course_utils.text import _checked


class MostFrequentTag:
    """Give each word the tag it had most often in training, whatever stands around it.

    The baseline that part-of-speech taggers are held against: Charniak et al. 1993; Jurafsky and
    Martin, Speech and Language Processing, chapter "Sequence Labeling". A word not seen in
    training gets the most frequent tag of all, in English NOUN.

    Attributes
    ----------
    tags : dict of str to str
        The tag of each word seen in training.
    unknown : str
        The tag of every other word.
    """

    def fit(self, examples: Iterable[tuple[Sequence[str], Sequence[str]]]) -> MostFrequentTag:
        """Count the tags of each word. A tie goes to the tag that was seen first.

        Parameters
        ----------
        examples : iterable of (words, tags)
            As ``corpus.examples("train")``.

        Returns
        -------
        MostFrequentTag
            This model.

        Raises
        ------
        ValueError
            If there is no word, or a sentence has not one tag a word.
        TypeError
            If a sentence is a string instead of a list of words.
        """
        of_word: defaultdict[str, Counter] = defaultdict(Counter)
        of_all: Counter = Counter()
        for number, (words, tags) in enumerate(examples):
            if len(_checked(words)) != len(tags) or isinstance(tags, str):
                raise ValueError(
                    f"example {number} needs a list of {len(words)} tags, one a word; got {tags!r}"
                )
            for word, tag in zip(words, tags, strict=True):
                of_word[word][tag] += 1
            of_all.update(tags)
        if not of_all:
            raise ValueError("there is no word to learn a tag from: no examples, or empty ones")
        self.tags = {word: _most_frequent(counts) for word, counts in of_word.items()}
        self.unknown = _most_frequent(of_all)
        return self

    def predict(self, sentences: Iterable[Sequence[str]]) -> list[list[str]]:
        """Return the tags of each sentence, one a word."""
        _check_fitted(self, "tags")
        return [
            [self.tags.get(word, self.unknown) for word in _checked(words)] for words in sentences
        ]


class BagOfWords:
    """Classify a sentence by its words in any order: multinomial naive Bayes, add-one smoothed.

    The probability of class c and the words ``w_1 .. w_T`` is ``P(c) prod_t P(w_t | c)``, with
    ``P(c) = N_c / N`` and ``P(w | c) = (count(w, c) + 1) / (count(c) + V)``: Manning, Raghavan and
    Schuetze 2008, equations 13.3 and 13.7. The vocabulary is that of the training sentences; words
    outside it are left out.

    Attributes
    ----------
    classes : list of str, length K
        In alphabetical order.
    words : dict of str to int
        The column of each word.
    log_priors : ndarray of float, shape (K,)
        ``ln P(c)``.
    log_probs : ndarray of float, shape (K, V)
        ``ln P(w | c)``. The difference of two rows says what each word speaks for, in nats.
    """

    def fit(self, examples: Iterable[tuple[Sequence[str], str]]) -> BagOfWords:
        """Count sentences and words of each class.

        Parameters
        ----------
        examples : iterable of (words, class)
            As ``corpus.examples("train")``.

        Returns
        -------
        BagOfWords
            This model.

        Raises
        ------
        ValueError
            If there is no word.
        TypeError
            If a sentence is a string instead of a list of words, or its class is not a string.
        """
        sentences_of: Counter = Counter()
        counts_of: defaultdict[str, Counter] = defaultdict(Counter)
        for words, label in examples:
            if not isinstance(label, str):
                raise TypeError(f"the class of a sentence is a string, got {label!r}")
            sentences_of[label] += 1
            counts_of[label].update(_checked(words))
        self.words = {word: i for i, word in enumerate(dict.fromkeys(chain(*counts_of.values())))}
        if not self.words:
            raise ValueError("there is no word to learn from: no examples, or empty ones")
        self.classes = sorted(sentences_of)
        counts = np.array([[counts_of[c][word] for word in self.words] for c in self.classes])
        numbers = np.array([sentences_of[c] for c in self.classes])
        self.log_priors = np.log(numbers / numbers.sum())
        self.log_probs = np.log((counts + 1) / (counts + 1).sum(axis=1, keepdims=True))
        return self

    def scores(self, sentences: Iterable[Sequence[str]]) -> np.ndarray:
        """Return ``ln P(c, words)`` in nats for each sentence and class, shape (N, K)."""
        _check_fitted(self, "classes")
        columns = [
            [self.words[word] for word in _checked(words) if word in self.words]
            for words in sentences
        ]
        scores = [self.log_priors + self.log_probs[:, column].sum(axis=1) for column in columns]
        return np.reshape(scores, (len(columns), len(self.classes)))

    def predict(self, sentences: Iterable[Sequence[str]]) -> list[str]:
        """Return the most probable class of each sentence; of equals the first."""
        return [self.classes[k] for k in self.scores(sentences).argmax(axis=1)]


def _most_frequent(counts: Counter) -> str:
    return counts.most_common(1)[0][0]


def _check_fitted(model: object, attribute: str) -> None:
    if not hasattr(model, attribute):
        raise ValueError(f"{type(model).__name__} has not been fitted; call fit(examples) first")
