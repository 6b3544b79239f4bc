"""Where each corpus comes from, and how its file gets here whole and unaltered.

A file is looked for in the cache (the folder that the environment variable ``COURSE_DATA`` names,
else the user's cache), then in the folder that ``COURSE_MIRROR`` names, then at its address. Its
SHA-256 is verified every time, so an altered file is never read.
"""

from __future__ import annotations

import difflib
import os
import shutil
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

import pooch
import requests

NLTK_DATA = (
    "https://raw.githubusercontent.com/nltk/nltk_data/"
    "5db857e6f7df11eabb5e5665836db9ec8df07e28/packages/corpora/"
)
CHAR_RNN = (
    "https://raw.githubusercontent.com/karpathy/char-rnn/"
    "6f9487a6fe5b420b7ca9afb0d7c078e37c1d1b4e/data/"
)
BLIMP = (
    "https://raw.githubusercontent.com/alexwarstadt/blimp/"
    "3e56b06fcabca9b30822fc66435fca6b1aa40bb1/data"
)
EWT = (
    "https://raw.githubusercontent.com/UniversalDependencies/UD_English-EWT/"
    "15d613d8447b3478787d4c278730a1e48a945efb"
)
CONNECT_SECONDS, READ_SECONDS = 5, 20


class CorpusUnavailable(OSError):
    """A corpus cannot be had; the message is one sentence that names the file and the cure."""


@dataclass(frozen=True)
class Source:
    """Where a corpus comes from. Without a file it is made on the spot and always there.

    A corpus of several files has ``members``, name and SHA-256 of each; ``file`` and ``url`` are
    then the folders that hold them, ``.`` the cache itself. ``fallback`` is the corpus that
    notebooks load where this one cannot be had.
    """

    name: str
    description: str
    license: str
    file: str | None = None
    url: str | None = None
    sha256: str | None = None
    members: dict[str, str] = field(default_factory=dict)
    fallback: str = "pydocs"

    def files(self) -> list[Source]:
        """Return a source of one file for each file of the corpus."""
        if not self.members:
            return [self] if self.file else []
        folder = PurePosixPath(self.file)
        return [
            replace(self, file=str(folder / m), url=f"{self.url}/{m}", sha256=h, members={})
            for m, h in self.members.items()
        ]


CORPORA = {
    source.name: source
    for source in (
        Source(
            "pydocs",
            "the Python language reference that every Python brings along, as words",
            "PSF-2.0",
        ),
        Source(
            "grammar",
            "sentences of a probabilistic grammar whose entropy is known exactly, as words",
            "MIT",
        ),
        Source(
            "brown",
            "the Brown corpus, American English of 1961 in 15 genres, as words",
            "non-commercial use",
            "brown.zip",
            NLTK_DATA + "brown.zip",
            "9b275f9b3b95d7bd66ccfb7cd259f445a13bbe5d1f4107aba09fd3e8364bafa6",
        ),
        Source(
            "shakespeare",
            "40,000 lines from Shakespeare's plays, as characters",
            "public domain text",
            "tinyshakespeare.txt",
            CHAR_RNN + "tinyshakespeare/input.txt",
            "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
        ),
        Source(
            "names",
            "7,600 first names, compiled by Mark Kantrowitz and Bill Ross, as characters",
            "free with credit",
            "names.zip",
            NLTK_DATA + "names.zip",
            "0eec7e958b34982662b8f05824ae64642dea097b08057ade65c252191c5fe7ca",
        ),
        Source(
            "inaugural",
            "inaugural addresses of the presidents of the United States, 1789 to 2021, as words",
            "public domain",
            "inaugural.zip",
            NLTK_DATA + "inaugural.zip",
            "7c5fb5793e31fbeae12bf1aa0ffda5336468f07cedb50654c6d31ca384e2046b",
        ),
        Source(
            "blimp",
            "minimal pairs of English sentences, subject and verb agree in one only, as words",
            "CC BY 4.0",
            "blimp",
            BLIMP,
            members={
                "distractor_agreement_relational_noun.jsonl": (
                    "37c1553f4c6594b162256edce0f6b40bad1898b311c8aaa69605b526b6494a34"
                ),
                "distractor_agreement_relative_clause.jsonl": (
                    "854728b6db8f23f12583f7332b654835351eaedb50783e6f2a3bf6c101b8c422"
                ),
                "irregular_plural_subject_verb_agreement_1.jsonl": (
                    "0066174143671bffa54232d89254d14221afab666273edfefdfb625fbb75e226"
                ),
                "irregular_plural_subject_verb_agreement_2.jsonl": (
                    "9b22db814e7b7251f4abafe8beb9616f2f46eaa58f7cdb701cbc737cc8f1a124"
                ),
                "regular_plural_subject_verb_agreement_1.jsonl": (
                    "1a18d94062c8e792c0a200a3b00dff0e051a92bb084c05e9b5e5c73bee32a620"
                ),
                "regular_plural_subject_verb_agreement_2.jsonl": (
                    "e5b4668811e63b00ac4c9569cb9553281a39c21df43256905ad78e59ae24942c"
                ),
            },
        ),
        Source(
            "ewt",
            "the English Web Treebank of Universal Dependencies, words with parts of speech",
            "CC BY-SA 4.0",
            ".",
            EWT,
            members={
                "en_ewt-ud-train.conllu": (
                    "3fb78e2b55482c8ee00caa653af436c88c9e5bc9a73ce26e4ae3ddc79d2b7e7b"
                ),
                "en_ewt-ud-dev.conllu": (
                    "531a54ff90d6ab12201c5a50c3e78e6ddac4de69abc4bce5d275d3cd29efe2b6"
                ),
                "en_ewt-ud-test.conllu": (
                    "e266e515a0a7547657ed3d90d9ba46487d6bd251f27ad4269d4e8a427c8555cd"
                ),
            },
            fallback="entities",
        ),
        Source(
            "polarity",
            "10,662 sentences of film reviews, half positive, half negative, as words",
            "CC BY 4.0",
            "sentence_polarity.zip",
            NLTK_DATA + "sentence_polarity.zip",
            "6e1ed4405b65c7eabf1d199a7f7c437091ac21da0ea7467b410a74062574566b",
            fallback="reviews",
        ),
        Source(
            "entities",
            "generated sentences with names of persons, places and organizations, in BIO form",
            "MIT",
        ),
        Source(
            "reviews",
            "generated reviews of films, positive or negative, with the tone of each word",
            "MIT",
        ),
        Source(
            "questions",
            "generated paragraphs with a question each, whose answer is a span of their words",
            "MIT",
        ),
        Source(
            "dates",
            "dates as people write them and as ISO 8601 has them, as characters",
            "MIT",
        ),
        Source(
            "numbers",
            "numbers below a million, their words and their figures",
            "MIT",
        ),
    )
}


def find(name: str, to_fetch: bool = False) -> Source:
    """Return the registry's entry for a corpus.

    Parameters
    ----------
    name : str
    to_fetch : bool
        Suggest only corpora that have a file to fetch, where the name is unknown.

    Raises
    ------
    ValueError
        If the name is unknown.

    Examples
    --------
    >>> find("bron")
    Traceback (most recent call last):
    ValueError: corpus 'bron' is unknown; did you mean 'brown'?
    """
    if name in CORPORA:
        return CORPORA[name]
    names = [source.name for source in CORPORA.values() if source.file or not to_fetch]
    close = difflib.get_close_matches(str(name), names, n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(names)}"
    raise ValueError(f"corpus {name!r} is unknown; {hint}")


def cache_folder() -> Path:
    """Return the folder that keeps the fetched files: ``COURSE_DATA``, else the user's cache."""
    # pooch reads ~ as the home too; here and there it must be the same folder.
    return Path(os.environ.get("COURSE_DATA") or pooch.os_cache("unrolled")).expanduser()


def available(name: str) -> bool:
    """Say whether a corpus can be loaded now, without the network."""
    return all(
        any(_state(path, file) == "whole" for path in _local_paths(file, mirror=None))
        for file in find(name).files()
    )


def fetch(name: str, mirror: str | os.PathLike | None = None) -> Path:
    """Return the path of a corpus's verified file, fetching it into the cache where needed.

    Where the cache cannot be written, it is the path of the mirror's file. Of a corpus of several
    files it is the folder of the first; `fetch_all` gives the path of each.

    Parameters
    ----------
    name : str
        A corpus that has a file.
    mirror : path, optional
        A folder to take the file from; by default the folder that ``COURSE_MIRROR`` names. The
        network is tried only if there is no mirror or the mirror does not hold the file.

    Raises
    ------
    ValueError
        If the name is unknown or the corpus has no file.
    CorpusUnavailable
        If no whole file can be had. Only whole files are kept in the cache.
    """
    paths = fetch_all(name, mirror)
    return paths[0].parent if CORPORA[name].members else paths[0]


def fetch_all(name: str, mirror: str | os.PathLike | None = None) -> list[Path]:
    """Return the paths of all verified files of a corpus. Arguments and errors as in `fetch`."""
    source = find(name, to_fetch=True)
    if source.file is None:
        raise ValueError(f"corpus {name!r} has no file to fetch; it is always there")
    return [_fetch_file(file, mirror) for file in source.files()]


def _fetch_file(source: Source, mirror: str | os.PathLike | None) -> Path:
    cached, *mirrored = _local_paths(source, mirror)
    if _state(cached, source) == "whole":
        return cached
    for path in mirrored:
        state = _state(path, source)
        if state == "altered":
            raise CorpusUnavailable(
                f"The file {path} is truncated or altered (its SHA-256 is not the registered "
                f"one); replace it with a fresh copy of {source.url}."
            )
        if state == "unreadable":
            raise CorpusUnavailable(
                f"The file {path} cannot be read; ask its owner for the right to read it, or take "
                "another mirror."
            )
    return _download(source, cached, mirrored)


def _local_paths(source: Source, mirror: str | os.PathLike | None) -> list[Path]:
    """Return where the file may lie on this machine: first the cache, then the mirror."""
    mirror = mirror or os.environ.get("COURSE_MIRROR")
    folders = [cache_folder(), *([Path(mirror).expanduser()] if mirror else [])]
    return [folder / source.file for folder in folders]


def _state(path: Path, source: Source) -> str:
    """Return ``whole``, ``altered``, ``absent`` or ``unreadable``."""
    if not os.path.isfile(path):  # Path.is_file may raise where a folder is closed to the reader
        return "absent"
    try:
        return "whole" if pooch.file_hash(str(path)) == source.sha256 else "altered"
    except OSError:
        return "unreadable"


def _download(source: Source, cached: Path, mirrored: list[Path]) -> Path:
    """Bring the file into the cache, whole or not at all: pooch moves it there once verified."""

    def bring(url, output_file, pooch_):
        # pooch's empty file is for its owner only; a file made anew gets the usual permissions.
        os.unlink(output_file)
        for path in mirrored:
            if os.path.isfile(path):
                shutil.copyfile(path, output_file)
                return
        timeout = (CONNECT_SECONDS, READ_SECONDS)
        pooch.HTTPDownloader(timeout=timeout)(url, output_file, pooch_)

    pooch.get_logger().setLevel("ERROR")
    try:
        return Path(
            pooch.retrieve(
                source.url, f"sha256:{source.sha256}", cached.name, cached.parent, downloader=bring
            )
        )
    except Exception as error:
        for path in mirrored:  # the cache cannot be written, but a whole file is here
            if _state(path, source) == "whole":
                return path
        damage = {"altered": "truncated or altered", "unreadable": "closed to you"}.get(
            _state(cached, source), "not in the cache"
        )
        raise CorpusUnavailable(
            f"The corpus {source.name!r} cannot be had: {cached} is {damage}, and fetching "
            f"{source.url} failed ({_reason(error)}). {_cure(error, source)}"
        ) from None


def _reason(error: Exception) -> str:
    """Say in a few words why a download failed; the libraries' own messages fill a screen."""
    if isinstance(error, requests.RequestException):
        status = getattr(error.response, "status_code", None)
        return f"HTTP status {status}" if status else f"no connection, {type(error).__name__}"
    if isinstance(error, OSError):
        return f"the cache cannot be written, {type(error).__name__}"
    return "what arrived is truncated or altered: its SHA-256 is not the registered one"


def _cure(error: Exception, source: Source) -> str:
    if isinstance(error, OSError) and not isinstance(error, requests.RequestException):
        return "Set COURSE_DATA to a folder that can be written and has space left."
    return (
        "Connect to the network and try again, or set COURSE_MIRROR to a folder that holds "
        f"{source.file}."
    )
