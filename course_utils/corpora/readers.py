"""From a corpus's file to training, validation and test sentences."""

from __future__ import annotations

import json
import random
import re
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath, PureWindowsPath

from course_utils.corpora.agreement import AgreementPair
from course_utils.corpora.english import english_grammar
from course_utils.corpora.grammar import Grammar, Sample
from course_utils.corpora.registry import CorpusUnavailable, Source, fetch, fetch_all, find
from course_utils.text import EOS

SPLITS = ("train", "valid", "test")


@dataclass
class Corpus:
    """A corpus in three parts: for training, for choosing between models, for the final test.

    Attributes
    ----------
    name, license : str
    train, valid, test : list of list of str
        Sentences; a sentence is a list of words, or of characters (``shakespeare``, ``names``).
    sources : dict of str to list of str
        ``sources["train"][i]`` says where ``train[i]`` comes from: the topic (``pydocs``), the file
        (``brown``, ``grammar``: the topic), ``female``, ``male`` or ``both`` (``names``), year and
        president (``inaugural``, such as ``1861-Lincoln``), the file (``blimp``).
    """

    name: str
    license: str
    train: list[list[str]] = field(default_factory=list)
    valid: list[list[str]] = field(default_factory=list)
    test: list[list[str]] = field(default_factory=list)
    sources: dict[str, list[str]] = field(default_factory=lambda: {s: [] for s in SPLITS})

    def add(self, split: str, sentence: list[str], source: str) -> None:
        """Append a sentence to one of the three parts."""
        getattr(self, split).append(sentence)
        self.sources[split].append(source)

    def __repr__(self) -> str:
        parts = ", ".join(f"{len(getattr(self, s)):,} {s}" for s in SPLITS)
        return f"{type(self).__name__}({self.name!r}: {parts} sentences)"


def read_members(path: Path) -> Iterator[tuple[str, str]]:
    """Yield name and text of each file in a zip archive, in name order, without unpacking it.

    Raises
    ------
    CorpusUnavailable
        If the archive is damaged, or a member would leave the archive's folder if it were unpacked
        (``..``, an absolute path, a drive letter, a backslash, a link): such an archive is not
        the one that was registered, and nothing of it is read.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            for member in members:
                _check_member(member, path)
            for member in sorted(members, key=lambda m: m.filename):
                if not member.is_dir():
                    yield member.filename, _decode(archive.read(member))
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise CorpusUnavailable(
            f"The archive {path} is damaged ({error}); delete it and fetch it again."
        ) from None


def _check_member(member: zipfile.ZipInfo, path: Path) -> None:
    name = member.orig_filename  # filename has been tidied by zipfile already
    parts = PureWindowsPath(name)  # knows slashes, backslashes, drive letters and hosts
    leaves = ".." in parts.parts or parts.drive or parts.root
    link = stat.S_ISLNK(member.external_attr >> 16)
    if leaves or link or "\\" in name or "\0" in name:
        raise CorpusUnavailable(
            f"The archive {path} is refused: its member {name!r} would leave the archive's folder; "
            "delete the archive and fetch it again."
        )


def _decode(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:  # one address of the inaugural corpus
        return data.decode("latin-1")


TOKEN = re.compile(
    r"e\.g\.|i\.e\.|etc\.|(?:Mr|Mrs|Dr|U\.S)\."  # a full stop that belongs to the word
    r"|\w+(?:['.,-]\w+)*(?:\(\))?"  # words, numbers, names of functions such as str.join()
    r"|--|\.\.\.|[=<>!]=|\*\*|//|->"
    r"|[^\w\s]"
)
SENTENCE_END = re.compile(
    r"(?:(?<=[.!?])|(?<=[.!?]['\")]))(?<!\bMr\.)(?<!\bMrs\.)(?<!\bDr\.)\s+(?=['\"(\[]*[A-Z])"
)


def split_words(text: str) -> list[str]:
    """Split English text into words and punctuation marks; case is kept.

    Examples
    --------
    >>> split_words("It's a well-kept list, e.g. of 1,000 calls to str.join().")
    ["It's", 'a', 'well-kept', 'list', ',', 'e.g.', 'of', '1,000', 'calls', 'to', 'str.join()', '.']
    """
    return TOKEN.findall(text)


def split_sentences(text: str) -> list[str]:
    """Split a paragraph after each mark of ``.!?`` that a capital letter follows.

    Examples
    --------
    >>> split_sentences("Thank you, Mr. President. Is it 3.5? Yes.")
    ['Thank you, Mr. President.', 'Is it 3.5?', 'Yes.']
    """
    return [s for s in SENTENCE_END.split(text.strip()) if s]


# Chapters of the reference that are held out; every other one, of whatever Python, is for training.
PYDOCS_VALID = ("assignment", "calls", "objects", "raise", "strings")
PYDOCS_TEST = ("booleans", "comparisons", "import", "subscriptions", "typesmapping")


def read_pydocs(source: Source) -> Corpus:
    """Read the prose of ``pydoc_data.topics``, the language reference behind Python's ``help()``.

    Headings, code, grammar rules and tables are left out, as are the quotation marks around code
    and the stars around emphasis. Topics quote one another at length, so a sentence is left out
    too where half of its runs of five words have been read before; the held-out topics are read
    first. The text differs a little between versions of Python.
    """
    from pydoc_data.topics import topics

    corpus = Corpus(source.name, source.license)
    held_out = {**dict.fromkeys(PYDOCS_TEST, "test"), **dict.fromkeys(PYDOCS_VALID, "valid")}
    seen: set[tuple[str, ...]] = set()
    for topic in [*held_out, *sorted(set(topics) - set(held_out))]:
        for paragraph in _prose(topics.get(topic, "")):
            for sentence in map(split_words, split_sentences(paragraph)):
                runs = {tuple(sentence[i : i + 5]) for i in range(max(1, len(sentence) - 4))}
                if len(sentence) > 2 and 2 * len(runs & seen) < len(runs):
                    corpus.add(held_out.get(topic, "train"), sentence, topic)
                seen |= runs
    return corpus


def _prose(text: str) -> Iterator[str]:
    """Yield the paragraphs of a page that are English: they end like a sentence."""
    for block in re.split(r"\n\s*\n", text):
        ends = re.search(r"[.!?:][\"')”’]*$", block.strip())
        if ends and not re.search(r"^\s*[|+]|::=|>>>|^\s*\.\.\. ", block, flags=re.MULTILINE):
            words = " ".join(block.split())
            words = re.sub(r"[“”\"`]", "", words).replace("’", "'").replace("‘", "'")
            words = re.sub(r"(?<!\w)\*{1,2}(\w[^*]*)\*{1,2}(?!\w)", r"\1", words)
            yield re.sub(r"^(\*|-|\d+\.|\[\d+\]) ", "", words)


def read_brown(source: Source) -> Corpus:
    """Read the Brown corpus: files in name order, a line is a sentence, case is kept.

    A word is the text before the last ``/`` of ``word/tag``. A sentence goes to train while fewer
    than 800,000 words have been dealt out, to valid while fewer than 1,000,000, else to test.
    """
    corpus = Corpus(source.name, source.license)
    dealt = 0
    for name, text in read_members(fetch(source.name)):
        file = PurePosixPath(name).name
        if not re.fullmatch(r"c[a-r]\d\d", file):  # README, the list of categories
            continue
        for line in text.splitlines():
            sentence = [token.rpartition("/")[0] for token in line.split()]
            if sentence:
                split = "train" if dealt < 800_000 else "valid" if dealt < 1_000_000 else "test"
                corpus.add(split, sentence, file)
                dealt += len(sentence)
    return corpus


def read_shakespeare(source: Source) -> Corpus:
    """Read the plays as characters: a sentence is a line, an empty one parts two speeches.

    The first 90% of the lines are for training, the next 5% for validation, the rest for testing.
    """
    corpus = Corpus(source.name, source.license)
    lines = fetch(source.name).read_text(encoding="utf-8").splitlines()
    for i, line in enumerate(lines):
        split = "train" if i < 0.90 * len(lines) else "valid" if i < 0.95 * len(lines) else "test"
        corpus.add(split, list(line), "plays")
    return corpus


def read_names(source: Source) -> Corpus:
    """Read the first names as characters: a sentence is a name, each name once.

    Of every ten names in alphabetical order the ninth is for validation, the tenth for testing.
    """
    corpus = Corpus(source.name, source.license)
    kinds: dict[str, str] = {}
    for file, text in read_members(fetch(source.name)):
        kind = PurePosixPath(file).stem
        if kind in ("female", "male"):
            for name in filter(None, map(str.strip, text.splitlines())):
                kinds[name] = "both" if kinds.get(name, kind) != kind else kind
    for split, name in _every_tenth(sorted(kinds)):
        corpus.add(split, list(name), kinds[name])
    return corpus


def read_inaugural(source: Source) -> Corpus:
    """Read the inaugural addresses as words, whole speeches to each part.

    Of every ten speeches in order of years the ninth is for validation, the tenth for testing, so
    all periods are in all parts.
    """
    corpus = Corpus(source.name, source.license)
    speeches = {
        PurePosixPath(file).stem: text
        for file, text in read_members(fetch(source.name))
        if file.endswith(".txt")
    }
    for split, speech in _every_tenth(speeches):
        for paragraph in speeches[speech].splitlines():
            for sentence in split_sentences(paragraph):
                corpus.add(split, split_words(sentence), speech)
    return corpus


def _every_tenth(items: Iterable[str]) -> Iterator[tuple[str, str]]:
    for i, item in enumerate(items):
        yield {8: "valid", 9: "test"}.get(i % 10, "train"), item


@dataclass(repr=False)
class GrammarCorpus(Corpus):
    """Sentences sampled from a grammar, with all that the grammar knows about them.

    Attributes
    ----------
    grammar : Grammar
        What the sentences were sampled from.
    samples : dict of str to list of Sample
        ``samples["test"][i]`` has the tags, topic, subject, verb and attractors of ``test[i]``.
    """

    grammar: Grammar | None = None
    samples: dict[str, list[Sample]] = field(default_factory=lambda: {s: [] for s in SPLITS})


def sample_corpus(grammar: Grammar, train_words: int = 300_000, seed: int = 1) -> GrammarCorpus:
    """Sample a corpus from a grammar: training text, and 30,000 words each to validate and test.

    The parts are drawn independently, so a short sentence may stand in two of them. Validation and
    test part do not depend on ``train_words``, so models trained on more and more text compare.

    Raises
    ------
    ValueError
        If ``train_words`` is not positive.

    Examples
    --------
    >>> from course_utils.corpora.english import english_grammar
    >>> sample_corpus(english_grammar(), train_words=1_000)
    GrammarCorpus('grammar': 37 train, 1,055 valid, 1,072 test sentences)
    """
    if train_words <= 0:
        raise ValueError(f"train_words must be positive, got {train_words}")
    source = find("grammar")
    corpus = GrammarCorpus(source.name, source.license, grammar=grammar)
    for split, n_words in (("train", train_words), ("valid", 30_000), ("test", 30_000)):
        rng = random.Random(f"{split} {seed}")  # random() is the same in every version of Python
        while n_words > 0:
            sample = grammar.sample(rng)
            corpus.add(split, sample.words, sample.topic)
            corpus.samples[split].append(sample)
            n_words -= len(sample.words)
    return corpus


def read_grammar(source: Source) -> Corpus:
    """Sample 300,000 words of training text from the course's grammar, always the same."""
    return sample_corpus(english_grammar())


@dataclass(repr=False)
class PairCorpus(Corpus):
    """Minimal pairs: for testing only, the other two parts are empty.

    Attributes
    ----------
    pairs : dict of str to list of AgreementPair
        The pairs of each file. ``test`` has their right sentences, file after file.
    """

    pairs: dict[str, list[AgreementPair]] = field(default_factory=dict)


def read_blimp(source: Source) -> PairCorpus:
    """Read the subject-verb agreement of BLiMP (Warstadt et al. 2020): 1,000 pairs a file.

    Of the two sentences of a pair one word differs. In the files ``.._1`` it is the verb, in
    ``.._2`` the subject. In ``distractor_..`` a noun of the other number stands between subject
    and verb: one attractor; the other files have none. The sentences were made from rules, and are
    grammatical rather than likely.
    """
    corpus = PairCorpus(source.name, source.license)
    for path in fetch_all(source.name):
        kind, pairs = path.stem, []
        for line in path.read_text(encoding="utf-8").splitlines():
            entry = json.loads(line)
            right, wrong = (split_words(entry[key]) for key in ("sentence_good", "sentence_bad"))
            attractors = int(kind.startswith("distractor"))
            pairs.append(AgreementPair([*right, EOS], [*wrong, EOS], attractors))
            corpus.add("test", right, kind)
        corpus.pairs[kind] = pairs
    return corpus


READERS: dict[str, Callable[[Source], Corpus]] = {
    "pydocs": read_pydocs,
    "grammar": read_grammar,
    "brown": read_brown,
    "shakespeare": read_shakespeare,
    "names": read_names,
    "inaugural": read_inaugural,
    "blimp": read_blimp,
}
