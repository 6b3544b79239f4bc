"""Corpora: files that are absent, truncated, altered or hostile; readers and their splits."""

import dataclasses
import functools
import hashlib
import http.server
import json
import os
import re
import stat
import threading
import time
import zipfile
from pathlib import Path

import pooch
import pytest

from course_utils.corpora import CORPORA, CorpusUnavailable, available, fetch, load_corpus, registry
from course_utils.corpora.labelled import READERS as LABELLED_READERS
from course_utils.corpora.readers import read_members, split_sentences, split_words

MIRROR = os.environ.get("COURSE_MIRROR")
WITH_FILES = [name for name, source in CORPORA.items() if source.file]
HAVE_MIRROR = MIRROR and all(
    (Path(MIRROR) / part.file).is_file() for name in WITH_FILES for part in CORPORA[name].files()
)
needs_mirror = pytest.mark.skipif(
    not HAVE_MIRROR, reason="COURSE_MIRROR names no folder with the real corpora"
)
CLOSED = "http://127.0.0.1:9/names.zip"  # the port "discard": nobody listens


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """Give the test an empty cache, no mirror and no proxy."""
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "cache"))
    monkeypatch.delenv("COURSE_MIRROR", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return tmp_path / "cache"


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    """Put a tiny archive in the place of ``names``; return a folder that holds it."""
    folder = tmp_path / "original"
    folder.mkdir()
    with zipfile.ZipFile(folder / "names.zip", "w") as archive:
        archive.writestr("names/female.txt", "Ada\nKim\nZsa Zsa\n")
        archive.writestr("names/male.txt", "Bob \nKim\n")
        archive.writestr("names/README", "Not a name\n")
    register(monkeypatch, folder / "names.zip", CLOSED)
    return folder


def register(monkeypatch, path, url):
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    source = dataclasses.replace(CORPORA["names"], url=url, sha256=sha256)
    monkeypatch.setitem(CORPORA, "names", source)


@pytest.fixture
def serve():
    """Return a function that serves a folder on a port of this machine and returns its address."""
    servers = []

    def start(handler):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}/names.zip"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def two_files(tmp_path, monkeypatch):
    """Put two tiny files in the place of ``blimp``; return a folder that holds them."""
    folder = tmp_path / "original"
    (folder / "blimp").mkdir(parents=True)
    entries = {
        "distractor_x.jsonl": ('The dog near "cats" isn\'t.', 'The dog near "cats" aren\'t.'),
        "regular_y_2.jsonl": ("Dogs bark!", "Dog bark!"),
    }
    hashes = {}
    for file, (good, bad) in entries.items():
        line = json.dumps({"sentence_good": good, "sentence_bad": bad, "pairID": "0"}) + "\n"
        (folder / "blimp" / file).write_text(line, encoding="utf-8")
        hashes[file] = hashlib.sha256(line.encode()).hexdigest()
    url = CLOSED.replace("names.zip", "data")
    source = dataclasses.replace(CORPORA["blimp"], url=url, members=hashes)
    monkeypatch.setitem(CORPORA, "blimp", source)
    return folder


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


class Truncating(Quiet):
    def do_GET(self):
        data = (Path(self.directory) / "names.zip").read_bytes()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data[: len(data) // 2])


class Altering(Quiet):
    def do_GET(self):
        data = (Path(self.directory) / "names.zip").read_bytes()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(data[:-1] + b"?")


class Missing(Quiet):
    def do_GET(self):
        self.send_error(404)


class Silent(Quiet):
    def do_GET(self):
        time.sleep(3)


def files_in(folder):
    return sorted(p.name for p in folder.iterdir()) if folder.exists() else []


def assert_one_sentence(error, *parts):
    """A sentence or two, no line break, no traceback into pooch; it names the file and a cure."""
    message = str(error.value)
    assert "\n" not in message and message.endswith(".") and len(message) < 600
    assert error.value.__cause__ is None
    assert error.value.__context__ is None or error.value.__suppress_context__
    for part in parts:
        assert str(part) in message


class TestRegistry:
    def test_entries_are_complete(self):
        texts = ["pydocs", "grammar", "brown", "shakespeare", "names", "inaugural", "blimp"]
        assert list(CORPORA) == [*texts, *LABELLED_READERS]
        for name, source in CORPORA.items():
            assert source.name == name and source.description and source.license
            assert bool(source.file) == bool(source.files())
            for part in source.files():
                assert part.url.startswith("https://")
                assert part.url.endswith(Path(part.file).suffix)
                assert re.fullmatch("[0-9a-f]{64}", part.sha256)

    @pytest.mark.parametrize(
        "name, hint",
        [("bron", "did you mean 'brown'?"), ("xyz", "brown, shakespeare, names"), (3, "brown")],
    )
    def test_unknown_name(self, name, hint):
        for call in (load_corpus, fetch, available):
            with pytest.raises(ValueError, match=f"corpus {name!r} is unknown") as error:
                call(name)
            assert hint in str(error.value)

    def test_what_needs_no_fetching_is_suggested_only_for_loading(self):
        with pytest.raises(ValueError, match="there are pydocs, grammar, brown"):
            load_corpus("xyz")
        with pytest.raises(ValueError, match="there are brown, shakespeare"):
            fetch("xyz")

    def test_unknown_fallback_is_refused_at_once(self):
        with pytest.raises(ValueError, match="corpus 'pydoc' is unknown; did you mean 'pydocs'"):
            load_corpus("grammar", fallback="pydoc")

    def test_nothing_to_fetch(self):
        with pytest.raises(ValueError, match="'pydocs' has no file"):
            fetch("pydocs")


class TestFetch:
    def test_mirror_fills_the_cache(self, cache, tiny, monkeypatch):
        assert not available("names")
        monkeypatch.setenv("COURSE_MIRROR", str(tiny))
        assert available("names") and files_in(cache) == []
        assert fetch("names") == cache / "names.zip"
        monkeypatch.delenv("COURSE_MIRROR")
        assert available("names") and files_in(cache) == ["names.zip"]
        assert "".join(load_corpus("names").train[0]) == "Ada"

    def test_mirror_as_an_argument(self, cache, tiny):
        assert fetch("names", mirror=tiny).read_bytes() == (tiny / "names.zip").read_bytes()

    @pytest.mark.skipif(os.name == "nt", reason="Windows has no umask")
    @pytest.mark.parametrize("umask, mode", [(0o022, 0o644), (0o077, 0o600)])
    @pytest.mark.parametrize("mirrored", [True, False])
    def test_others_may_read_the_cache_where_the_umask_lets_them(
        self, cache, tiny, serve, monkeypatch, umask, mode, mirrored
    ):
        register(monkeypatch, tiny / "names.zip", serve(functools.partial(Quiet, directory=tiny)))
        before = os.umask(umask)
        try:
            cached = fetch("names", mirror=tiny if mirrored else None)
        finally:
            os.umask(before)
        assert stat.S_IMODE(cached.stat().st_mode) == mode

    def test_network(self, cache, tiny, serve, monkeypatch, caplog):
        pooch.get_logger().setLevel("INFO")
        monkeypatch.setattr(pooch.get_logger(), "handlers", [caplog.handler])
        url = serve(functools.partial(Quiet, directory=tiny))
        register(monkeypatch, tiny / "names.zip", url)
        assert fetch("names").read_bytes() == (tiny / "names.zip").read_bytes()
        assert files_in(cache) == ["names.zip"]
        assert caplog.records == []  # pooch says nothing

    def test_a_mirror_without_the_file_leaves_it_to_the_network(
        self, cache, tiny, serve, monkeypatch, tmp_path
    ):
        register(monkeypatch, tiny / "names.zip", serve(functools.partial(Quiet, directory=tiny)))
        assert fetch("names", mirror=tmp_path / "nowhere").is_file()

    @pytest.mark.parametrize("damage", [lambda data: data[:-7], lambda data: data[:-1] + b"?"])
    def test_damaged_mirror(self, cache, tiny, damage):
        damaged = tiny / "names.zip"
        damaged.write_bytes(damage(damaged.read_bytes()))
        with pytest.raises(CorpusUnavailable) as error:
            fetch("names", mirror=tiny)
        assert_one_sentence(error, damaged, "truncated or altered", "replace it")
        assert files_in(cache) == []

    @pytest.mark.parametrize(
        "handler, reason",
        [
            (Truncating, "failed ("),
            (Altering, "truncated or altered"),
            (Missing, "HTTP status 404"),
            (Silent, "no connection, ReadTimeout"),
        ],
    )
    def test_damaged_download(self, cache, tiny, serve, monkeypatch, handler, reason):
        monkeypatch.setattr(registry, "READ_SECONDS", 0.5)
        register(monkeypatch, tiny / "names.zip", serve(functools.partial(handler, directory=tiny)))
        with pytest.raises(CorpusUnavailable) as error:
            fetch("names")
        assert_one_sentence(error, "names.zip", reason, "COURSE_MIRROR")
        assert files_in(cache) == []

    def test_no_network(self, cache, tiny):
        start = time.monotonic()
        with pytest.raises(CorpusUnavailable) as error:
            load_corpus("names")
        assert time.monotonic() - start < 10
        assert_one_sentence(error, cache / "names.zip", "not in the cache", CLOSED, "no connection")
        assert files_in(cache) == []

    def test_altered_cache_is_noticed_and_repaired(self, cache, tiny):
        cached = fetch("names", mirror=tiny)
        cached.write_bytes(cached.read_bytes()[:-1])
        assert not available("names")
        with pytest.raises(CorpusUnavailable) as error:
            load_corpus("names")
        assert_one_sentence(error, cached, "truncated or altered", "Connect to the network")
        fetch("names", mirror=tiny)
        assert cached.read_bytes() == (tiny / "names.zip").read_bytes()

    def test_interrupted_copy_leaves_nothing_behind(self, cache, tiny, monkeypatch):
        def interrupted(source, target):
            Path(target).write_bytes(b"half")
            raise KeyboardInterrupt

        monkeypatch.setattr(registry.shutil, "copyfile", interrupted)
        with pytest.raises(KeyboardInterrupt):
            fetch("names", mirror=tiny)
        assert files_in(cache) == []

    def test_cache_that_cannot_be_written(self, cache, tiny):
        cache.write_text("a file where the folder should be", encoding="utf-8")
        assert fetch("names", mirror=tiny) == tiny / "names.zip", "it is read where it lies"
        (tiny / "names.zip").write_bytes(b"altered")
        with pytest.raises(CorpusUnavailable) as error:
            fetch("names", mirror=tiny)
        assert_one_sentence(error, "truncated or altered", "replace it")
        with pytest.raises(CorpusUnavailable) as error:
            fetch("names", mirror=tiny / "empty")
        assert_one_sentence(error, "cannot be written", "COURSE_DATA")

    def test_file_that_is_closed_to_the_reader(self, cache, tiny, monkeypatch):
        def closed(path):
            raise PermissionError(13, "Permission denied", path)

        monkeypatch.setattr(registry.pooch, "file_hash", closed)
        assert not available("names")
        with pytest.raises(CorpusUnavailable) as error:
            fetch("names", mirror=tiny)
        assert_one_sentence(error, "cannot be read", "ask its owner")

    def test_home_is_understood_in_course_data(self, monkeypatch):
        monkeypatch.setenv("COURSE_DATA", "~/corpora")
        assert registry.cache_folder() == Path.home() / "corpora"

    @pytest.mark.parametrize("name", WITH_FILES)
    def test_fallback_says_so_in_one_line(self, cache, monkeypatch, capsys, name):
        source = dataclasses.replace(CORPORA[name], url=CLOSED)
        monkeypatch.setitem(CORPORA, name, source)
        assert load_corpus(name, fallback="pydocs").name == "pydocs"
        line = capsys.readouterr().out
        assert line.count("\n") == 1 and len(line.rstrip()) <= 100
        assert f"`!course fetch {name}` in a cell" in line
        assert line.endswith("going on with 'pydocs'.\n")


class TestSeveralFiles:
    """``blimp`` is six files in a folder: all must be there, and each is verified."""

    def test_mirror_fills_the_cache(self, cache, two_files):
        assert not available("blimp")
        assert fetch("blimp", mirror=two_files) == cache / "blimp"
        assert files_in(cache / "blimp") == files_in(two_files / "blimp")
        assert available("blimp")
        (cache / "blimp" / "regular_y_2.jsonl").unlink()
        assert not available("blimp")

    def test_network(self, cache, two_files, serve, monkeypatch):
        address = serve(functools.partial(Quiet, directory=two_files))
        url = address.replace("names.zip", "blimp")
        monkeypatch.setitem(CORPORA, "blimp", dataclasses.replace(CORPORA["blimp"], url=url))
        assert len(load_corpus("blimp").test) == 2

    def test_one_altered_file_is_enough(self, cache, two_files):
        altered = two_files / "blimp" / "regular_y_2.jsonl"
        altered.write_bytes(altered.read_bytes() + b"\n")
        with pytest.raises(CorpusUnavailable) as error:
            fetch("blimp", mirror=two_files)
        assert_one_sentence(error, altered, "truncated or altered", "data/regular_y_2.jsonl")

    def test_a_missing_file_is_named(self, cache, two_files):
        (two_files / "blimp" / "regular_y_2.jsonl").unlink()
        with pytest.raises(CorpusUnavailable) as error:
            fetch("blimp", mirror=two_files)
        where = cache / "blimp" / "regular_y_2.jsonl"
        assert_one_sentence(error, where, "a folder that holds blimp/regular_y_2.jsonl")

    def test_cache_that_cannot_be_written(self, cache, two_files, monkeypatch):
        cache.write_text("a file where the folder should be", encoding="utf-8")
        monkeypatch.setenv("COURSE_MIRROR", str(two_files))
        assert fetch("blimp") == two_files / "blimp"
        assert len(load_corpus("blimp").test) == 2

    def test_pairs(self, cache, two_files):
        fetch("blimp", mirror=two_files)
        corpus = load_corpus("blimp")
        right = ["The", "dog", "near", '"', "cats", '"', "isn't", ".", "</s>"]
        wrong = [*right[:6], "aren't", *right[7:]]
        assert corpus.pairs == {
            "distractor_x": [(right, wrong, 1)],
            "regular_y_2": [(["Dogs", "bark", "!", "</s>"], ["Dog", "bark", "!", "</s>"], 0)],
        }
        assert corpus.test == [right[:-1], ["Dogs", "bark", "!"]]
        assert corpus.sources["test"] == ["distractor_x", "regular_y_2"]
        assert corpus.train == corpus.valid == []


class TestArchives:
    @pytest.mark.parametrize(
        "name",
        [
            "../evil",
            "a/../../evil",
            "/evil",
            "C:evil",
            "C:/evil",
            "a\\evil",
            "\\\\host\\evil",
            "a\0",
        ],
    )
    def test_member_that_would_leave_is_refused(self, tmp_path, name):
        member = zipfile.ZipInfo("placeholder")
        member.filename = name  # as a hostile archive has it: the constructor tidies names
        self.refuse(tmp_path, member, name)

    def test_link_is_refused(self, tmp_path):
        member = zipfile.ZipInfo("link")
        member.external_attr = (stat.S_IFLNK | 0o777) << 16
        self.refuse(tmp_path, member, "link")

    def refuse(self, folder, member, name):
        path = folder / "evil.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("fine.txt", "fine")
            archive.writestr(member, "evil")
        with pytest.raises(CorpusUnavailable) as error:
            next(read_members(path))
        assert_one_sentence(error, path, repr(name), "would leave")
        assert files_in(folder) == ["evil.zip"]

    def test_damaged_archive(self, tmp_path):
        path = tmp_path / "damaged.zip"
        path.write_bytes(b"PK no archive")
        with pytest.raises(CorpusUnavailable) as error:
            list(read_members(path))
        assert_one_sentence(error, path, "damaged")

    def test_damaged_member(self, tmp_path):
        path = tmp_path / "damaged.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("a", "text " * 1000)
        data = bytearray(path.read_bytes())
        data[40:44] = b"\xff\xff\xff\xff"
        path.write_bytes(data)
        with pytest.raises(CorpusUnavailable) as error:
            list(read_members(path))
        assert_one_sentence(error, path, "damaged")

    def test_names_in_order_and_text_decoded(self, tmp_path):
        path = tmp_path / "fine.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.mkdir("b")
            archive.writestr("b/y", "café".encode())
            archive.writestr("a", "café".encode("latin-1"))
        assert list(read_members(path)) == [("a", "café"), ("b/y", "café")]


class TestText:
    @pytest.mark.parametrize(
        "text, words",
        [
            ('"Well," he said.', ['"', "Well", ",", '"', "he", "said", "."]),
            ("a == b, i.e. x[0] != 1.5", "a == b , i.e. x [ 0 ] != 1.5".split()),
            ("f(**kwargs) -- the U.S. 's", "f ( ** kwargs ) -- the U.S. ' s".split()),
            ("", []),
        ],
    )
    def test_words(self, text, words):
        assert split_words(text) == words

    @pytest.mark.parametrize(
        "text, sentences",
        [
            ("One (or two.) Three!", ["One (or two.)", "Three!"]),
            ('He said "No." She left.', ['He said "No."', "She left."]),
            ("E.g. this. that", ["E.g. this. that"]),
            ("  ", []),
        ],
    )
    def test_sentences(self, text, sentences):
        assert split_sentences(text) == sentences


@pytest.fixture(scope="module")
def corpus():
    return load_corpus("pydocs")


class TestPydocs:
    def test_size(self, corpus):
        """Real English, mostly for training; the counts differ between versions of Python."""
        train, valid, test = (sum(map(len, s)) for s in (corpus.train, corpus.valid, corpus.test))
        assert 30_000 < train < 80_000
        assert 0.05 < valid / train < 0.25 and 0.05 < test / train < 0.25

    def test_parts_share_no_topic_and_no_long_run_of_words(self, corpus):
        topics = [set(corpus.sources[split]) for split in ("train", "valid", "test")]
        assert all(topics) and not topics[0] & topics[1] | topics[0] & topics[2]
        held_out = {
            tuple(s[i : i + 12])
            for s in (*corpus.valid, *corpus.test)
            for i in range(max(1, len(s) - 11))
        }
        copied = sum(
            any(tuple(s[i : i + 12]) in held_out for i in range(max(1, len(s) - 11)))
            for s in corpus.train
        )
        assert copied <= 0.005 * len(corpus.train)

    def test_no_code_no_markup(self, corpus):
        words = [w for s in (*corpus.train, *corpus.valid, *corpus.test) for w in s]
        for litter in ('"', "::=", ">>>", "****", "====", "|", "+---", "“"):
            assert sum(w == litter for w in words) <= 15, litter
        assert not any(s[0] in ("*", "-") or s[:1] + s[2:3] == ["[", "]"] for s in corpus.train)
        common = sum(w in {"the", "a", "of", "is", "to", "and", "in"} for w in words)
        assert common > 0.15 * len(words)  # prose: about a fifth; code: nearly none

    def test_always_the_same(self, corpus):
        again = load_corpus("pydocs")
        assert (again.train, again.test) == (corpus.train, corpus.test)


class TestNamesReader:
    def test_each_name_once(self, cache, tiny):
        fetch("names", mirror=tiny)
        corpus = load_corpus("names")
        assert ["".join(name) for name in corpus.train] == ["Ada", "Bob", "Kim", "Zsa Zsa"]
        assert corpus.sources["train"] == ["female", "male", "both", "female"]


@pytest.fixture(scope="module")
def load(tmp_path_factory):
    """Load from the mirror into a cache of these tests' own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COURSE_DATA", str(tmp_path_factory.mktemp("data")))
        yield functools.cache(load_corpus)


@needs_mirror
class TestRealCorpora:
    @pytest.mark.parametrize("name", [name for name in WITH_FILES if name != "blimp"])
    def test_parts_and_sources_fit(self, load, name):
        corpus = load(name)
        assert corpus.name == name and corpus.license == CORPORA[name].license
        for split in ("train", "valid", "test"):
            sentences = getattr(corpus, split)
            assert 0 < len(sentences) == len(corpus.sources[split])
            assert all(type(word) is str and word for s in sentences for word in s)

    def test_brown(self, load):
        corpus = load("brown")
        words = [sum(map(len, part)) for part in (corpus.train, corpus.valid, corpus.test)]
        assert words == [800_001, 200_021, 161_170]
        first = "The Fulton County Grand Jury said Friday an investigation of Atlanta's recent"
        assert corpus.train[0][:12] == first.split()
        assert corpus.sources["train"][0] == "ca01" and corpus.sources["test"][-1] == "cr09"

    def test_brown_word_stands_before_the_last_slash(self, load):
        words = {w for s in load("brown").train for w in s}
        assert {"1-1/2", "the", "The", ",", "``"} <= words and "the/at" not in words

    def test_shakespeare_is_kept_to_the_letter(self, load):
        corpus = load("shakespeare")
        lines = ["".join(s) for s in (*corpus.train, *corpus.valid, *corpus.test)]
        text = (Path(MIRROR) / CORPORA["shakespeare"].file).read_text(encoding="utf-8")
        assert "\n".join(lines) + "\n" == text
        assert corpus.train[0] == list("First Citizen:") and corpus.train[2] == []
        assert [len(corpus.train), len(corpus.valid), len(corpus.test)] == [36_000, 2_000, 2_000]

    def test_names_share_none(self, load):
        corpus = load("names")
        parts = [{"".join(name) for name in p} for p in (corpus.train, corpus.valid, corpus.test)]
        assert len(set.union(*parts)) == sum(map(len, parts)) == 5001 + 2943 - 365 - 1

    def test_inaugural_holds_out_whole_speeches(self, load):
        corpus = load("inaugural")
        parts = [set(corpus.sources[split]) for split in ("train", "valid", "test")]
        assert sum(map(len, parts)) == len(set.union(*parts)) == 60 - 1
        assert "1861-Lincoln" in set.union(*parts)
        assert corpus.train[0][:4] == ["Fellow-Citizens", "of", "the", "Senate"]

    def test_blimp(self, load):
        """Six files of 1,000 pairs; one word differs, a verb or, in the files 2, a noun."""
        corpus = load("blimp")
        assert [len(pairs) for pairs in corpus.pairs.values()] == 6 * [1000]
        assert len(corpus.test) == len(corpus.sources["test"]) == 6000
        for kind, pairs in corpus.pairs.items():
            for pair in pairs:
                assert pair.attractors == (kind[:10] == "distractor")
                differ = [a != b for a, b in zip(pair.right, pair.wrong, strict=True)]
                assert sum(differ) == 1 and pair.right[-2:] in ([".", "</s>"], ["?", "</s>"])
        first = "A niece of most senators hasn't descended most slopes . </s>"
        assert corpus.pairs["distractor_agreement_relational_noun"][0].right == first.split()
