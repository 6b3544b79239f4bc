"""Text comes in: corpora as training, validation and test sentences.

>>> from course_utils.corpora import load_corpus
>>> corpus = load_corpus("pydocs")
>>> corpus.name, len(corpus.train) > len(corpus.test) > 0
('pydocs', True)

`registry` knows where each corpus comes from, `readers` turns files into sentences, `grammar`
writes sentences of its own, whose probabilities are known exactly, `agreement` makes pairs of a
right and a wrong sentence, and `adding` makes sequences of numbers that need a long memory.
`labelled` has the corpora for tagging, classifying and rewriting: an answer for each sentence.
"""

from __future__ import annotations

from course_utils.corpora.adding import adding_problem
from course_utils.corpora.agreement import AgreementPair, agreement_pairs, encode_pairs
from course_utils.corpora.labelled import READERS as LABELLED_READERS
from course_utils.corpora.labelled import UPOS, LabelledCorpus, read_conllu, sample_labelled
from course_utils.corpora.readers import READERS as TEXT_READERS
from course_utils.corpora.readers import Corpus, sample_corpus
from course_utils.corpora.registry import CORPORA, CorpusUnavailable, available, fetch, find

__all__ = [
    "CORPORA",
    "UPOS",
    "AgreementPair",
    "Corpus",
    "CorpusUnavailable",
    "LabelledCorpus",
    "adding_problem",
    "agreement_pairs",
    "available",
    "encode_pairs",
    "fetch",
    "load_corpus",
    "read_conllu",
    "sample_corpus",
    "sample_labelled",
]

READERS = TEXT_READERS | LABELLED_READERS


def load_corpus(name: str, fallback: str | None = None) -> Corpus:
    """Load a corpus, fetching and verifying its file on first use.

    Parameters
    ----------
    name : str
        One of `CORPORA`: those without a file are always there; the others need their file in
        the cache, in the folder that ``COURSE_MIRROR`` names, or a network.
    fallback : str, optional
        The corpus to load instead, after printing one line, where ``name`` cannot be had.

    Returns
    -------
    Corpus
        ``.train``, ``.valid`` and ``.test`` are lists of sentences; a sentence is a list of str.

    Raises
    ------
    ValueError
        If the name is unknown.
    CorpusUnavailable
        If the file cannot be had and there is no fallback.
    """
    source = find(name)
    if fallback is not None:
        find(fallback)
    try:
        return READERS[name](source)
    except CorpusUnavailable:
        if fallback is None:
            raise
        # One short line in a notebook; the command gives the reason, with this machine's paths.
        print(
            f"{name!r} is not here (`!course fetch {name}` in a cell gets it); "
            f"going on with {fallback!r}."
        )
        return load_corpus(fallback)
