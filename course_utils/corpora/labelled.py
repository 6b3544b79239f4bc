"""Corpora with an answer to every sentence: a tag for each word, a class, another sentence.

>>> corpus = LabelledCorpus("tiny", "MIT")
>>> corpus.add("train", ["Dogs", "bark"], "hand", label=["NOUN", "VERB"])
>>> corpus.examples("train")
[(['Dogs', 'bark'], ['NOUN', 'VERB'])]
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from course_utils.corpora.entities import entity_grammar
from course_utils.corpora.questions import draw_question
from course_utils.corpora.readers import SPLITS, Corpus, read_members
from course_utils.corpora.registry import Source, fetch, fetch_all, find
from course_utils.corpora.reviews import review_grammar
from course_utils.corpora.strings import draw_date, draw_number

# The 17 universal parts of speech (de Marneffe, Manning, Nivre and Zeman 2021).
UPOS = (
    *("ADJ", "ADP", "ADV", "AUX", "CCONJ", "DET", "INTJ", "NOUN", "NUM"),
    *("PART", "PRON", "PROPN", "PUNCT", "SCONJ", "SYM", "VERB", "X"),
)


@dataclass(repr=False)
class LabelledCorpus(Corpus):
    """A corpus whose every sentence has a label: what a model is to answer.

    Attributes
    ----------
    labels : dict of str to list
        ``labels["train"][i]`` belongs to ``train[i]``. It is a list of str, one tag for each word
        (``ewt``, ``entities``); a str, the sentence's class (``polarity``, ``reviews``); a list of
        str, the symbols to write (``dates``, ``numbers``); or a pair of int (``questions``).
    """

    labels: dict[str, list] = field(default_factory=lambda: {s: [] for s in SPLITS})

    def add(self, split: str, sentence: list[str], source: str, label: Any) -> None:
        """Append a sentence and its label to one of the three parts."""
        super().add(split, sentence, source)
        self.labels[split].append(label)

    def examples(self, split: str) -> list[tuple[Any, Any]]:
        """Return the pairs ``(x, y)`` of a part, as the models of sequences take them.

        Raises
        ------
        ValueError
            If the part is not ``train``, ``valid`` or ``test``.
        """
        if split not in SPLITS:
            raise ValueError(f"split {split!r} is unknown; there are {', '.join(SPLITS)}")
        return list(zip(getattr(self, split), self.labels[split], strict=True))

    @property
    def label_set(self) -> list[str]:
        """The different tags, classes or symbols of the training part in alphabetical order."""
        labels = self.labels["train"]
        flat = {tag for y in labels for tag in ([y] if isinstance(y, str) else y)}
        return sorted(flat)


def read_conllu(path: Path | str) -> Iterator[tuple[list[str], list[str], str]]:
    """Yield words, universal tags and document of each sentence of a CoNLL-U file.

    Only the syntactic words are kept, those with a whole number for an id. Multiword tokens
    (``2-3  don't``) are left out, since their words follow (``do``, ``n't``), as are empty nodes
    (``8.1``), words that nobody wrote. The package ``conllu`` reads the columns; what it lets
    pass, too few columns or a gap among the ids, is refused here.

    Parameters
    ----------
    path : path
        A file of any Universal Dependencies treebank.

    Yields
    ------
    words, tags : list of str
        Tags are among `UPOS`.
    document : str
        The id of the document, ``""`` where the file names none.

    Raises
    ------
    ValueError
        If the file is no valid CoNLL-U; the message names the file, the sentence and the cure.
    """
    import conllu  # here, because few who load a corpus need it

    path = Path(path)
    columns = (*conllu.parser.DEFAULT_FIELDS, "surplus")
    parsers = {column: _text for column in columns} | {
        "id": lambda line, i: conllu.parser.parse_id_value(line[i])
    }
    number, name, document = 0, "", ""
    try:
        with path.open(encoding="utf-8") as file:
            for sentence in conllu.parse_incr(file, columns, parsers):
                number += 1
                name = sentence.metadata.get("sent_id", "")
                document = sentence.metadata.get("newdoc id", document)
                yield *_words_and_tags(sentence), document
                name = ""
        if not number:
            raise ValueError("there is none")
    except (ValueError, conllu.exceptions.ParseException) as error:
        if isinstance(error, UnicodeDecodeError):
            error = "it is not UTF-8"
        what = str(error).rstrip(".")
        at = number if name else number + 1
        raise ValueError(
            f"{path.name} is damaged in sentence {at}{f' ({name})' if name else ''}: {what}; "
            "take a fresh copy of the file, or mend it as https://universaldependencies.org/format "
            "has it"
        ) from None


def _text(line: list[str], i: int) -> str:
    return line[i]


def _words_and_tags(sentence: list[dict]) -> tuple[list[str], list[str]]:
    words: list[str] = []
    tags: list[str] = []
    promised = 0  # the last word that a multiword token covers
    for row in sentence:
        if len(row) != 10:
            have = "more than 10" if len(row) > 10 else len(row)
            raise ValueError(f"a row has {have} columns instead of 10, near {_near(row)}")
        i, after = row["id"], len(words)
        if not isinstance(i, int):  # (2, "-", 3) covers words 2 and 3; (8, ".", 1) follows word 8
            first = i and (i[0] - 1 if i[1] == "-" else i[0])
            if first != after or (i[1] == "-" and i[2] <= i[0]):
                raise ValueError(f"an id is missing or out of place after {after}, at {_near(row)}")
            promised = i[2] if i[1] == "-" else promised
            continue
        if i != after + 1:
            raise ValueError(f"the id {i} follows {after}, at {_near(row)}")
        if not row["form"]:
            raise ValueError(f"word {i} is empty")
        if row["upos"] not in UPOS:
            raise ValueError(
                f"{row['form']!r} has the unknown tag {row['upos']!r}; there are {', '.join(UPOS)}"
            )
        words.append(row["form"])
        tags.append(row["upos"])
    if not words:
        raise ValueError("it has no words")
    if promised > len(words):
        raise ValueError(f"a multiword token promises a word {promised}, which is missing")
    return words, tags


def _near(row: dict) -> str:
    return repr(row.get("form", ""))


def read_ewt(source: Source) -> LabelledCorpus:
    """Read the English Web Treebank of Universal Dependencies (Silveira et al. 2014).

    Blogs, newsgroups, emails, reviews and answers, cut into words and tagged by hand with the
    parts of speech of `UPOS`; the official split. A source is genre and document, such as
    ``weblog/blogspot.com_...``.

    Examples
    --------
    The first sentence of the training part begins so, and its label::

        ["Al", "-", "Zaman", ":", "American", "forces", "killed", ...]
        ["PROPN", "PUNCT", "PROPN", "PUNCT", "ADJ", "NOUN", "VERB", ...]
    """
    corpus = LabelledCorpus(source.name, source.license)
    for split, path in zip(SPLITS, fetch_all(source.name), strict=True):
        for words, tags, document in read_conllu(path):
            corpus.add(split, words, document.replace("-", "/", 1), tags)
    return corpus


def read_polarity(source: Source) -> LabelledCorpus:
    """Read 10,662 sentences of film reviews, half of them positive (Pang and Lee 2005).

    A class is ``positive`` or ``negative``; words are in lower case and stand between spaces. The
    split is the course's own: of every ten lines of a class's file the ninth is for validation,
    the tenth for testing. Positive and negative sentences take turns. A source is file and line,
    such as ``neg/0``.

    Examples
    --------
    The second sentence of the training part; its label is ``"negative"``::

        ["simplistic", ",", "silly", "and", "tedious", "."]
    """
    corpus = LabelledCorpus(source.name, source.license)
    classes = {"pos": "positive", "neg": "negative"}
    lines = {  # not splitlines: a few of its line ends are characters within these sentences
        PurePosixPath(name).suffix[1:]: text.removesuffix("\n").split("\n")
        for name, text in read_members(fetch(source.name))
    }
    for i, pair in enumerate(zip(*(lines[kind] for kind in classes), strict=True)):
        split = {8: "valid", 9: "test"}.get(i % 10, "train")
        for kind, line in zip(classes, pair, strict=True):
            corpus.add(split, line.split(), f"{kind}/{i}", classes[kind])
    return corpus


@dataclass(repr=False)
class ReviewCorpus(LabelledCorpus):
    """Reviews with a class, and a tone for each of their words.

    Attributes
    ----------
    tags : dict of str to list of list of str
        ``tags["train"][i][j]`` is the tone of the word ``train[i][j]``: ``+``, ``-`` or ``0``. The
        examples of a tagger are ``list(zip(corpus.train, corpus.tags["train"]))``.
    """

    tags: dict[str, list[list[str]]] = field(default_factory=lambda: {s: [] for s in SPLITS})


@dataclass(repr=False)
class QuestionCorpus(LabelledCorpus):
    """Paragraphs, a question about each, and where in the paragraph the answer stands.

    Attributes
    ----------
    train, valid, test : list of list of str
        The paragraphs.
    questions : dict of str to list of list of str
        ``questions["train"][i]`` is about ``train[i]``; the answer is ``train[i][first:end]``,
        where ``first, end = labels["train"][i]``.
    """

    questions: dict[str, list[list[str]]] = field(default_factory=lambda: {s: [] for s in SPLITS})

    def examples(self, split: str) -> list[tuple[Any, Any]]:
        """Return ``((paragraph, question), (first, end))`` for each question of a part."""
        examples = super().examples(split)
        return [((x, q), y) for (x, y), q in zip(examples, self.questions[split], strict=True)]


SENTENCES = 5_000, 1_000  # in a generated corpus: for training; for validation, and for testing


def sample_labelled(name: str, sentences: int = SENTENCES[0], seed: int = 1) -> LabelledCorpus:
    """Sample a generated corpus anew: other sentences, or more of them.

    The parts for validation and testing have 1,000 sentences each, whatever ``sentences`` is.

    Parameters
    ----------
    name : str
        ``entities``, ``reviews``, ``questions``, ``dates`` or ``numbers``.
    sentences : int
        The number of sentences for training.
    seed : int
        The same seed gives the same corpus in every version of Python.

    Raises
    ------
    ValueError
        If the corpus is not a generated one or ``sentences`` is not positive.

    Examples
    --------
    >>> sample_labelled("reviews", sentences=10, seed=2)
    ReviewCorpus('reviews': 10 train, 1,000 valid, 1,000 test sentences)
    """
    if name not in GENERATORS:
        raise ValueError(f"corpus {name!r} is not generated; there are {', '.join(GENERATORS)}")
    if sentences <= 0:
        raise ValueError(f"sentences must be positive, got {sentences}")
    source = find(name)
    corpus = CLASSES.get(name, LabelledCorpus)(source.name, source.license)
    for split in SPLITS:
        n = sentences if split == "train" else SENTENCES[1]
        # Nothing but random() is called: it is the same in every version of Python.
        GENERATORS[name](corpus, split, n, random.Random(f"{name} {split} {seed}"))
    return corpus


def _sample_entities(corpus: LabelledCorpus, split: str, n: int, rng: random.Random) -> None:
    grammar = entity_grammar(all_names=split != "train")
    for _ in range(n):
        sample = grammar.sample(rng)
        corpus.add(split, sample.words, sample.topic, sample.tags)


def _sample_reviews(corpus: ReviewCorpus, split: str, n: int, rng: random.Random) -> None:
    grammar = review_grammar()
    for _ in range(n):
        sample = grammar.sample(rng)
        label = "positive" if "film+" in sample.topic else "negative"
        corpus.add(split, sample.words, sample.topic, label)
        corpus.tags[split].append(sample.tags)


def _sample_questions(corpus: QuestionCorpus, split: str, n: int, rng: random.Random) -> None:
    for _ in range(n):
        paragraph, question, answer, asked = draw_question(rng)
        corpus.add(split, paragraph, asked, answer)
        corpus.questions[split].append(question)


def _sample_strings(
    draw: Callable, corpus: LabelledCorpus, split: str, n: int, rng: random.Random
) -> None:
    """Draw strings; whether one is for training is a matter of its key, so that no two parts meet.

    Of eleven keys one is for validation, one for testing: a number that has nothing to do with
    figures, months or weekdays. Keys below 100 are all for training, so that it has every word.
    """
    while len(corpus.sources[split]) < n:
        key, source, target, kind = draw(rng)
        part = {9: "valid", 10: "test"}.get(key % 11, "train") if key >= 100 else "train"
        if part == split:
            corpus.add(split, source, kind, target)


CLASSES = {"reviews": ReviewCorpus, "questions": QuestionCorpus}
GENERATORS = {
    "entities": _sample_entities,
    "reviews": _sample_reviews,
    "questions": _sample_questions,
    "dates": partial(_sample_strings, draw_date),
    "numbers": partial(_sample_strings, draw_number),
}


def read_entities(source: Source) -> LabelledCorpus:
    """Sample 5,000 training sentences with names, tagged in BIO form (Ramshaw and Marcus 1995).

    ``B-PER`` begins a person's name and ``I-PER`` goes on with it, ``LOC`` is a place, ``ORG`` an
    organization, ``O`` is no name. Of the names in the parts for validation and testing a third
    does not occur in training. A source is the kinds of the names to be found out.

    Examples
    --------
    ::

        ["she", "painted", "Lincoln", ",", "where", "her", "brother", "works", "."]
        ["O", "O", "B-LOC", "O", "O", "O", "O", "O", "O"]
    """
    return sample_labelled(source.name)


def read_reviews(source: Source) -> LabelledCorpus:
    """Sample 5,000 training reviews of films, ``positive`` or ``negative``, with all words' tones.

    `course_utils.corpora.reviews.review_grammar` says what the best reader can know. A source lists
    the judgements, the film's among them.

    Examples
    --------
    A review, the tones of its words, its class and its source::

        "the movie , which the radio called dull , was terribly -- funny ."
        "0   0     0 0     0   0     0      -    0 0   +        0  +     0"
        "positive"
        "film+"
    """
    return sample_labelled(source.name)


def read_questions(source: Source) -> QuestionCorpus:
    """Sample 5,000 training paragraphs with a question each, whose answer is a span of words.

    The words of the question stand in other sentences too; see `course_utils.corpora.questions`.
    A source is what is asked for: ``giver``, ``thing``, ``receiver`` or ``place``.

    Examples
    --------
    A question, and an answer, of which one sentence tells::

        ["what", "did", "Fatima", "give", "to", "Omar", "?"]
        ["Fatima", "gave", "Omar", "the", "box", "of", "tea", "at", "the", "harbor", "."]
        (3, 7)
    """
    return sample_labelled(source.name)


def read_dates(source: Source) -> LabelledCorpus:
    """Sample 5,000 training dates as people write them, and as ISO 8601 has them, in characters.

    No day of the parts for validation and testing occurs in training. A source is the form, one of
    `course_utils.corpora.strings.DATE_FORMS`.

    Examples
    --------
    ::

        list("the 3rd of May, 1998")
        list("1998-05-03")
    """
    return sample_labelled(source.name)


def read_numbers(source: Source) -> LabelledCorpus:
    """Sample 5,000 training numbers below a million: their words, and their figures.

    No number of the parts for validation and testing occurs in training. A source is the number of
    figures, such as ``3 digits``.

    Examples
    --------
    ::

        ["two", "hundred", "and", "five"]
        ["2", "0", "5"]
    """
    return sample_labelled(source.name)


READERS: dict[str, Callable[[Source], LabelledCorpus]] = {
    "ewt": read_ewt,
    "polarity": read_polarity,
    "entities": read_entities,
    "reviews": read_reviews,
    "questions": read_questions,
    "dates": read_dates,
    "numbers": read_numbers,
}
