"""Labelled corpora: official splits, damaged files, and generated sentences read by other means."""

import calendar
import datetime
import itertools
import math
import os
import random
import re
import zipfile
from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner

from course_utils.cli import main
from course_utils.corpora import (
    CORPORA,
    UPOS,
    LabelledCorpus,
    load_corpus,
    read_conllu,
    sample_labelled,
)
from course_utils.corpora.entities import AFTER, BEFORE, KINDS, NAMES, entity_grammar
from course_utils.corpora.labelled import GENERATORS
from course_utils.corpora.questions import draw_question
from course_utils.corpora.reviews import ADJECTIVES, INTENSIFIERS, review_grammar
from course_utils.corpora.strings import (
    DATE_FORMS,
    draw_date,
    draw_number,
    number_words,
    write_date,
)
from course_utils.doctor import _corpora

SPLITS = ("train", "valid", "test")
MIRROR = os.environ.get("COURSE_MIRROR")
FILES = [part.file for name in ("ewt", "polarity") for part in CORPORA[name].files()]
needs_mirror = pytest.mark.skipif(
    not MIRROR or not all((Path(MIRROR) / file).is_file() for file in FILES),
    reason="COURSE_MIRROR names no folder with ewt and polarity",
)


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """Give these tests a cache of their own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COURSE_DATA", str(tmp_path_factory.mktemp("data")))
        yield


@pytest.fixture(scope="module")
def ewt(cache):
    return load_corpus("ewt")


@pytest.fixture(scope="module")
def polarity(cache):
    return load_corpus("polarity")


class TestLabelledCorpus:
    def test_examples_are_pairs(self):
        corpus = LabelledCorpus("tiny", "MIT")
        corpus.add("train", ["so", "so"], "hand", "negative")
        corpus.add("train", ["good"], "hand", "positive")
        corpus.add("test", ["bad"], "hand", "unheard of")
        assert corpus.examples("train") == [(["so", "so"], "negative"), (["good"], "positive")]
        assert corpus.examples("valid") == []
        assert corpus.label_set == ["negative", "positive"]

    def test_unknown_part(self):
        with pytest.raises(ValueError, match="split 'dev' is unknown; there are train, valid"):
            LabelledCorpus("tiny", "MIT").examples("dev")


@needs_mirror
class TestEwt:
    def test_official_sizes(self, ewt):
        """Counted with grep as well: lines that begin with `# sent_id`, or a number and a tab."""
        assert [len(getattr(ewt, s)) for s in SPLITS] == [12_544, 2_001, 2_077]
        words = [sum(map(len, getattr(ewt, s))) for s in SPLITS]
        assert words == [204_577, 25_147, 25_094]
        for split, part in zip(SPLITS, ("train", "dev", "test"), strict=True):
            text = (Path(MIRROR) / f"en_ewt-ud-{part}.conllu").read_text(encoding="utf-8")
            assert len(re.findall(r"^# sent_id", text, re.MULTILINE)) == len(getattr(ewt, split))
            assert re.findall(r"^\d+-\d+\t", text, re.MULTILINE), "there are multiword tokens"
            assert re.findall(r"^\d+\.\d+\t", text, re.MULTILINE), "there are empty nodes"
            rows = re.findall(r"^\d+\t([^\t]+)\t[^\t]+\t([A-Z]+)\t", text, re.MULTILINE)
            pairs = zip(getattr(ewt, split), ewt.labels[split], strict=True)
            assert [wt for words, tags in pairs for wt in zip(words, tags, strict=True)] == rows

    def test_tags_and_genres(self, ewt):
        assert ewt.label_set == sorted(UPOS) and len(UPOS) == 17
        genres = {"weblog", "newsgroup", "email", "reviews", "answers"}
        for split in SPLITS:
            assert {source.split("/")[0] for source in ewt.sources[split]} == genres
        documents = [set(ewt.sources[split]) for split in SPLITS]
        assert len(set.union(*documents)) == sum(map(len, documents))

    def test_fetch_and_doctor_know_a_corpus_of_files_beside_others(self, tmp_path, monkeypatch):
        monkeypatch.setenv("COURSE_DATA", str(tmp_path / "cache"))
        done = CliRunner().invoke(main, ["fetch", "ewt", "blimp", "--mirror", MIRROR])
        assert done.output.count("verified, in the cache") == 2, done.output
        monkeypatch.delenv("COURSE_MIRROR")
        findings = {finding.subject: finding for finding in _corpora()}
        assert findings["ewt"].text.startswith("cached: ")
        assert findings["polarity"].cure.endswith("until then notebooks use reviews")
        assert findings["brown"].cure.endswith("until then notebooks use pydocs")


ROWS = """# newdoc id = weblog-one
# sent_id = first
1\tDogs\tdog\tNOUN\tNNS\t_\t2\tnsubj\t_\t_
2-3\tdon't\t_\t_\t_\t_\t_\t_\t_\t_
2\tdo\tdo\tAUX\tVBP\t_\t0\troot\t_\t_
3\tn't\tnot\tPART\tRB\t_\t2\tadvmod\t_\t_
3.1\tbark\tbark\tVERB\tVB\t_\t_\t_\t_\tCopyOf=1

# sent_id = second
1\tStop\tstop\tVERB\tVB\t_\t0\troot\t_\t_
2\t!\t!\tPUNCT\t.\t_\t1\tpunct\t_\t_
"""


class TestConllu:
    @pytest.mark.parametrize("newline", ["\n", "\r\n"])
    def test_words_alone_are_read(self, tmp_path, newline):
        path = tmp_path / "tiny.conllu"
        path.write_bytes(ROWS.replace("\n", newline).encode())
        assert list(read_conllu(path)) == [
            (["Dogs", "do", "n't"], ["NOUN", "AUX", "PART"], "weblog-one"),
            (["Stop", "!"], ["VERB", "PUNCT"], "weblog-one"),
        ]

    @pytest.mark.parametrize(
        "old, new, message",
        [
            ("\t1\tpunct\t_\t_\n", "\n", "a row has 6 columns instead of 10, near '!'"),
            ("\t1\tpunct\t_\t_\n", "\t1\tpunct\t_\t_\t_\n", "more than 10 columns"),
            ("\tPUNCT\t", "\tPUNKT\t", "'!' has the unknown tag 'PUNKT'; there are ADJ, ADP"),
            ("\tPUNCT\t", "\t_\t", "unknown tag '_'"),
            ("\tPUNCT\t", "\t\t", "unknown tag ''"),
            ("2\t!", "3\t!", "the id 3 follows 1, at '!'"),
            ("2\t!", "1\t!", "the id 1 follows 1"),
            ("2\t!", "_\t!", "an id is missing or out of place after 1, at '!'"),
            ("2\t!", "\t!", "'!' is not a valid ID; take"),
            ("2\t!", "two\t!", "'two' is not a valid ID"),
            ("2\t!", "2-3\t!", "a multiword token promises a word 3, which is missing"),
            ("2\t!", "3-4\t!", "out of place after 1"),
            ("2\t!", "2.1\t!", "out of place after 1"),
            ("2\t!\t", "2\t\t", "word 2 is empty"),
            ("1\tStop", "1 Stop", "'1 Stop' is not a valid ID"),
            ("1\tStop\tstop\tVERB\tVB\t_\t0\troot\t_\t_", "1 Stop", "tabs"),
            ("1\tStop", "2\tStop", "the id 2 follows 0"),
            ("\n\n", "\n", "the id 1 follows 3"),
        ],
    )
    def test_damage_is_named(self, tmp_path, old, new, message):
        """The damage is in the last sentence, or in the first, where it swallows the last."""
        assert ROWS.count(old) == 1
        path = tmp_path / "tiny.conllu"
        path.write_text(ROWS.replace(old, new), encoding="utf-8")
        with pytest.raises(ValueError, match=r"tiny.conllu is damaged in sentence [12]") as error:
            list(read_conllu(path))
        assert message in str(error.value) and "fresh copy" in str(error.value)
        assert "\n" not in str(error.value)

    def test_sentence_is_named(self, tmp_path):
        path = tmp_path / "tiny.conllu"
        path.write_text(ROWS.replace("PUNCT", "DOT"), encoding="utf-8")
        with pytest.raises(ValueError, match=r"in sentence 2 \(second\): '!' has"):
            list(read_conllu(path))

    @pytest.mark.parametrize(
        "data, message",
        [
            (b"", "there is none"),
            (b"# sent_id = only\n\n", r"sentence 1 \(only\): it has no words"),
            (ROWS.replace("Stop", "Halté").encode("latin-1"), "it is not UTF-8"),
        ],
    )
    def test_damaged_whole(self, tmp_path, data, message):
        path = tmp_path / "tiny.conllu"
        path.write_bytes(data)
        with pytest.raises(ValueError, match=message):
            list(read_conllu(path))


@needs_mirror
class TestPolarity:
    def test_fixed_split(self, polarity):
        """Line i of each file: 8 of ten to train, i % 10 == 8 to valid, i % 10 == 9 to test."""
        with zipfile.ZipFile(Path(MIRROR) / "sentence_polarity.zip") as archive:
            lines = {
                kind: archive.read(f"sentence_polarity/rt-polarity.{kind}").decode().split("\n")
                for kind in ("pos", "neg")
            }
        seen = set()
        for split, remainders in zip(SPLITS, (range(8), [8], [9]), strict=True):
            for (words, label), source in zip(
                polarity.examples(split), polarity.sources[split], strict=True
            ):
                kind, i = source.split("/")
                assert int(i) % 10 in remainders and label[:3] == kind
                assert words == lines[kind][int(i)].split()
                seen.add(source)
        assert len(seen) == 10_662 == sum(len(getattr(polarity, s)) for s in SPLITS)
        assert [len(getattr(polarity, s)) for s in SPLITS] == [8_530, 1_066, 1_066]

    def test_classes_are_balanced_and_take_turns(self, polarity):
        assert polarity.label_set == ["negative", "positive"]
        for split in SPLITS:
            labels = polarity.labels[split]
            assert labels == ["positive", "negative"] * (len(labels) // 2)


class OnlyRandom:
    """Random numbers of which nothing but ``random()`` can be asked: it never changes."""

    def __init__(self, seed):
        self.random = random.Random(seed).random


class TestGenerated:
    @pytest.mark.parametrize("name", GENERATORS)
    def test_the_seed_decides(self, name):
        corpus, again, other = (sample_labelled(name, 30, seed) for seed in (1, 1, 2))
        assert corpus == again and corpus.name == name
        assert corpus.train != other.train and corpus.test != other.test
        more = sample_labelled(name, 40)
        assert more.valid == corpus.valid and more.train[:30] == corpus.train

    @pytest.mark.parametrize("name", GENERATORS)
    def test_load_corpus_takes_seed_1(self, name):
        corpus = load_corpus(name)
        assert [len(getattr(corpus, s)) for s in SPLITS] == [5_000, 1_000, 1_000]
        assert corpus.test == sample_labelled(name, 10).test
        for split in SPLITS:
            sizes = {len(corpus.examples(split)), len(corpus.sources[split])}
            assert sizes == {len(getattr(corpus, split))}

    @pytest.mark.parametrize("draw", [draw_question, draw_date, draw_number])
    def test_the_same_in_every_python(self, draw):
        """`Random.random` is documented to stay as it is; `choice` and `shuffle` are not."""
        assert draw(OnlyRandom("seed")) == draw(random.Random("seed"))

    def test_what_cannot_be_sampled(self):
        with pytest.raises(ValueError, match="corpus 'ewt' is not generated; there are entities"):
            sample_labelled("ewt")
        with pytest.raises(ValueError, match="sentences must be positive, got 0"):
            sample_labelled("dates", 0)


@pytest.fixture(scope="module")
def entities():
    return load_corpus("entities")


class TestEntities:
    def test_tags_are_bio(self, entities):
        kinds = {f"{place}-{kind}" for place in "BI" for kind in KINDS}
        assert set(entities.label_set) == {"O"} | kinds
        lengths = Counter()
        for split in SPLITS:
            for words, tags in entities.examples(split):
                assert len(words) == len(tags)
                for before, tag in zip(["O", *tags], tags, strict=False):
                    assert tag in {"O"} | kinds
                    if tag.startswith("I-"):
                        assert before in (f"B-{tag[2:]}", tag)
                text = " ".join(t[0] for t in tags).replace(" ", "")
                lengths.update(len(name) for name in re.findall("BI*", text))
        assert set(lengths) == {1, 2, 3, 4} and min(lengths.values()) > 100

    def test_names_and_nothing_else_are_tagged(self, entities):
        """Every word with a capital is of a name; so are a few small words between two of them."""
        for split in SPLITS:
            for words, tags in entities.examples(split):
                for word, tag in zip(words, tags, strict=True):
                    if word[0].isupper():
                        assert (tag == "O") == (word in ("Mr", "Mrs")), word
                    else:
                        assert tag == "O" or (tag[0] == "I" and word in "of and van der".split())
                    assert word != "Sons" or tag == "I-ORG"

    def test_a_third_of_the_names_is_new_in_testing_and_nothing_else(self, entities):
        known = {word for words in entities.train for word in words}
        for split in ("valid", "test"):
            pairs = [wt for x, y in entities.examples(split) for wt in zip(x, y, strict=True)]
            assert all(tag != "O" for word, tag in pairs if word not in known)
            firsts = [word not in known for word, tag in pairs if tag[0] == "B" and word in NAMES]
            assert 0.28 < sum(firsts) / len(firsts) < 0.38

    def test_a_name_alone_tells_little(self, entities):
        kinds = {name: Counter() for name in NAMES}
        for words, tags in entities.examples("train"):
            for word, tag in zip(words, tags, strict=True):
                if word in kinds and tag[0] == "B":
                    kinds[word][tag] += 1
        used = [counts for counts in kinds.values() if counts]
        assert len(used) == 34 and all(len(counts) == 3 for counts in used)
        assert sum(max(c.values()) for c in used) < 0.5 * sum(sum(c.values()) for c in used)

    @pytest.mark.parametrize("name", ["Lincoln", "Aurora"])
    def test_the_left_alone_is_a_coin_toss(self, name):
        """Exact: the grammar's probability of each kind after the words before a name."""
        grammar = entity_grammar(all_names=True)
        for pair, cues in BEFORE.items():
            for cue in cues:
                probs = grammar.topic_probs(["she", *cue.split(), name, ","])
                kinds = {k: sum(p for t, p in probs.items() if t.split()[0] == k) for k in KINDS}
                assert kinds == pytest.approx({k: 0.5 * (k in pair) for k in KINDS})

    def test_the_right_alone_is_a_coin_toss_and_both_are_certain(self):
        """Exact: all sentences that end in a cue, summed over what may stand before the name."""
        grammar = entity_grammar(all_names=True)
        for pair, cues in AFTER.items():
            for cue in cues:
                kinds = dict.fromkeys(KINDS, 0.0)
                for word in (cue for cues in BEFORE.values() for cue in cues):
                    sentence = ["she", *word.split(), "Aurora", ",", *cue.split(), "."]
                    p = math.exp(grammar.log_prob(sentence))
                    if p:
                        ((kind, certain),) = (
                            (t, q) for t, q in grammar.topic_probs(sentence).items() if q
                        )
                        assert certain == 1
                        kinds[kind] += p
                total = sum(kinds.values())
                assert total > 0
                expected = {k: 0.5 * total * (k in pair) for k in KINDS}
                assert kinds == pytest.approx(expected)

    def test_every_sentence_has_one_reading(self):
        grammar = entity_grammar(all_names=True)
        rng = random.Random(0)
        for _ in range(200):
            sample = grammar.sample(rng)
            assert grammar.topic_probs(sample.words)[sample.topic] == pytest.approx(1)


@pytest.fixture(scope="module")
def reviews():
    return load_corpus("reviews")


class TestReviews:
    def test_an_intensifier_takes_the_tone_of_the_next_adjective(self, reviews):
        tones = {word: tone for tone, words in ADJECTIVES.items() for word in words}
        assert len(tones) == 30 and not set(tones) & set(INTENSIFIERS)
        distances = Counter()
        for split in SPLITS:
            for words, tags in zip(getattr(reviews, split), reviews.tags[split], strict=True):
                assert len(words) == len(tags)
                for i, (word, tag) in enumerate(zip(words, tags, strict=True)):
                    if word in INTENSIFIERS:
                        j = next(j for j in range(i, len(words)) if words[j] in tones)
                        assert tag == tones[words[j]]
                        distances[j - i] += 1
                    else:
                        assert tag == tones.get(word, "0")
        share = sum(distances.values()) / 6
        assert set(distances) == {1, 2, 3, 4, 5, 6}
        assert all(0.9 * share < n < 1.1 * share for n in distances.values())

    def test_the_class_is_what_is_said_of_the_film(self, reviews):
        positive = set(ADJECTIVES["+"])
        for split in SPLITS:
            for words, label in reviews.examples(split):
                sentences = " ".join(words).removesuffix(" .").split(" . ")
                (film,) = (s.split() for s in sentences if s.split()[1] in ("film", "movie"))
                assert label == ("positive" if film[-1] in positive else "negative")
            share = reviews.labels[split].count("positive") / len(reviews.labels[split])
            assert 0.45 < share < 0.55

    def test_the_left_alone_is_a_coin_toss_and_the_whole_is_certain(self):
        """Exact: the grammar's probability of a tone, up to an intensifier and at the end."""
        grammar = review_grammar()
        rng = random.Random(0)
        n = 0
        for _ in range(150):
            sample = grammar.sample(rng)
            words = sample.words
            known = sum(
                p for t, p in grammar.topic_probs(words).items() if t.startswith(sample.topic)
            )
            assert known == pytest.approx(1)  # another sentence may follow
            for i, word in enumerate(words):
                if word in INTENSIFIERS:
                    judgement = words[:i].count(".")
                    probs = grammar.topic_probs(words[: i + 1])
                    plus = sum(
                        p for t, p in probs.items() if p and t.split()[judgement].endswith("+")
                    )
                    assert plus == pytest.approx(0.5)
                    n += 1
        assert n > 100

    def test_a_bag_of_words_fails(self, reviews):
        """Naive Bayes with add-one, by hand: better than chance and far from certain."""
        counts = {label: Counter() for label in reviews.label_set}
        for words, label in reviews.examples("train"):
            counts[label].update(words)
        types = len(set().union(*counts.values()))

        def score(label, words):
            n = sum(counts[label].values())
            return sum(math.log((counts[label][w] + 1) / (n + types)) for w in words)

        right = sum(
            max(counts, key=lambda label: score(label, words)) == gold
            for words, gold in reviews.examples("test")
        )
        assert 0.65 < right / len(reviews.test) < 0.85


def phrase(role):
    return rf"(?P<{role}>the \w+ of \w+|the \w+ (?!to|by|was)\w+|the \w+|[A-Z]\w+)"


GIVER, THING, RECEIVER = map(phrase, ("giver", "thing", "receiver"))
PLACES = "harbor|market|station|garden|library|train|kitchen|bridge|church|river"
PLACE = re.compile(rf"\b(?:at|in|on|near|behind|by) the (?:{PLACES})\b")
BASE, PAST = "(?:give|lend|sell|send|show)", "(?:gave|lent|sold|sent|showed)"
DONE = "(?:given|lent|sold|sent|shown)"
TOLD = [
    f"{GIVER} {PAST} {THING} to {RECEIVER}",
    f"{GIVER} {PAST} {RECEIVER} {THING}",
    f"{THING} was {DONE} to {RECEIVER} by {GIVER}",
    f"{RECEIVER} was {DONE} {THING} by {GIVER}",
]
ASKED = [
    ("giver", f"who {PAST} {THING} to {RECEIVER}"),
    ("giver", f"by whom was {RECEIVER} {DONE} {THING}"),
    ("thing", f"what did {GIVER} {BASE} to {RECEIVER}"),
    ("thing", f"what was {RECEIVER} {DONE} by {GIVER}"),
    ("receiver", f"to whom did {GIVER} {BASE} {THING}"),
    ("receiver", f"who was {DONE} {THING} by {GIVER}"),
    ("place", f"where did {GIVER} {BASE} {THING} to {RECEIVER}"),
    ("place", f"where was {RECEIVER} {DONE} {THING} by {GIVER}"),
]


def read_sentence(text):
    """Say who gave what to whom and where: regular expressions in the place of templates."""
    (place,) = PLACE.findall(text)
    rest = text.replace(place, "").strip()
    (found,) = filter(None, (re.fullmatch(form, rest) for form in TOLD))
    return found.groupdict() | {"place": place}


@pytest.fixture(scope="module")
def questions():
    return load_corpus("questions")


class TestQuestions:
    def test_a_reader_of_grammar_finds_the_answer(self, questions):
        """One sentence has all that the question mentions, in the roles that it has there."""
        asked_for = Counter()
        for split in ("valid", "test"):
            for ((paragraph, question), (first, end)), source in zip(
                questions.examples(split), questions.sources[split], strict=True
            ):
                events = list(map(read_sentence, " ".join(paragraph)[:-2].split(" . ")))
                text = " ".join(question).removesuffix(" ?")
                ((asked, found),) = (
                    (role, m) for role, form in ASKED if (m := re.fullmatch(form, text))
                )
                fits = [e.items() >= found.groupdict().items() for e in events]
                assert fits.count(True) == 1 and asked == source
                told = events[fits.index(True)]
                assert 0 <= first < end <= len(paragraph)
                assert paragraph[first:end] == told[asked].split()
                assert paragraph[:first].count(".") == fits.index(True)
                assert told[asked] not in text
                asked_for[asked] += 1
        assert len(asked_for) == 4 and min(asked_for.values()) > 400

    def test_a_bag_of_words_cannot_tell_the_sentence(self, questions):
        """Of four sentences two at least have the same words in common with the question."""
        expected = 0.0
        for (paragraph, question), (first, _) in questions.examples("test"):
            sentences = [s.split() for s in " ".join(paragraph)[:-2].split(" . ")]
            common = [len(set(s) & set(question)) for s in sentences]
            best = common.index(max(common)), common.count(max(common))
            right = paragraph[:first].count(".")
            if common[right] == max(common):
                expected += 1 / best[1]
        assert 0.25 < expected / 1000 < 0.6

    def test_places_of_answers_vary(self, questions):
        sentence = Counter(
            x[:first].count(".") for (x, _), (first, _) in questions.examples("train")
        )
        assert set(sentence) == {0, 1, 2, 3}
        assert all(0.22 < n / 5_000 < 0.28 for n in sentence.values())
        lengths = Counter(end - first for _, (first, end) in questions.examples("train"))
        assert set(lengths) == {1, 2, 3, 4}


# How Python's own calendar reads a form, after the ordinal's suffix and capitals are dealt with.
FORMATS = {
    "{day} {month} {year}": "%d %B %Y",
    "{month} {day}, {year}": "%B %d, %Y",
    "{ordinal} {month} {year}": "%d %B %Y",
    "the {ordinal} of {month}, {year}": "the %d of %B, %Y",
    "{weekday}, {day} {month} {year}": "%A, %d %B %Y",
    "{weekday}, {month} {day}, {year}": "%A, %B %d, %Y",
    "{day} {short} {two}": "%d %b %y",
    "{short} {day} '{two}": "%b %d '%y",
    "{number}/{day}/{year}": "%m/%d/%Y",
    "{number}/{day}/{two}": "%m/%d/%y",
    "{day}.{number}.{year}": "%d.%m.%Y",
    "{day}.{number}.{two}": "%d.%m.%y",
    "{day} {roman} {year}": "%d %m %Y",
}
ROMAN = {"i": 1, "v": 5, "x": 10}


def read_date(text, form):
    def figures(found):
        values = [ROMAN[letter] for letter in found[1]] + [0]
        pairs = itertools.pairwise(values)
        return f" {sum(-a if a < b else a for a, b in pairs)} "

    text = re.sub(r"(?<=\d)(st|nd|rd|th)\b", "", text)
    text = re.sub(r" ([ivx]+) ", figures, text)
    date = datetime.datetime.strptime(text, FORMATS[form]).date()
    if date.year > 2049:  # Python reads 50 as 2050
        date = date.replace(year=date.year - 100)
    return date


@pytest.fixture(scope="module")
def dates():
    return load_corpus("dates")


class TestDates:
    def test_python_reads_the_same_day(self, dates):
        assert set(FORMATS) == set(DATE_FORMS)
        for split in SPLITS:
            for (x, y), form in zip(dates.examples(split), dates.sources[split], strict=True):
                assert all(len(character) == 1 for character in (*x, *y))
                date = datetime.date.fromisoformat("".join(y))
                assert date == read_date("".join(x), form) and 1950 <= date.year <= 2049
                if "weekday" in form:
                    assert "".join(x).startswith(calendar.day_name[date.weekday()] + ",")
            assert set(dates.sources[split]) == set(DATE_FORMS)

    def test_no_day_is_in_two_parts(self, dates):
        days = [{"".join(y) for y in dates.labels[split]} for split in SPLITS]
        assert len(set.union(*days)) == sum(map(len, days))
        known = {c for x in dates.train for c in x}
        assert all(set(x) <= known for x in (*dates.valid, *dates.test))

    def test_ordinals(self):
        special = {1: "st", 21: "st", 31: "st", 2: "nd", 22: "nd", 3: "rd", 23: "rd"}
        for day in range(1, 32):
            written = write_date(datetime.date(2000, 1, day), "the {ordinal} of {month}, {year}")
            assert written == f"the {day}{special.get(day, 'th')} of January, 2000"

    def test_no_string_has_two_readings(self):
        """Every day of four years in every form; they end on all sides of the two figures."""
        meanings = {}
        for year in (1950, 1998, 2004, 2049):
            first = datetime.date(year, 1, 1)
            for date in (first + datetime.timedelta(days) for days in range(365)):
                for form in DATE_FORMS:
                    assert meanings.setdefault(write_date(date, form), date) == date


def read_number(words):
    """Add up number words: `hundred` and `thousand` multiply what stands before them."""
    units = "zero one two three four five six seven eight nine ten eleven twelve".split()
    values = {word: i for i, word in enumerate(units)}
    values |= {"thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17}
    values |= {"eighteen": 18, "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40}
    values |= {"fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90}
    total = part = 0
    for word in words:
        if word == "thousand":
            total, part = part * 1000, 0
        elif word == "hundred":
            part *= 100
        elif word != "and":
            part += values[word]
    return total + part


@pytest.fixture(scope="module")
def numbers():
    return load_corpus("numbers")


class TestNumbers:
    def test_another_reader_has_the_same_number(self, numbers):
        for split in SPLITS:
            for (words, digits), source in zip(
                numbers.examples(split), numbers.sources[split], strict=True
            ):
                assert str(read_number(words)) == "".join(digits)
                assert source == f"{len(digits)} digits"
        for number in (*range(2_000), *range(0, 1_000_000, 997), 999_999):
            assert read_number(number_words(number)) == number

    @pytest.mark.parametrize(
        "number, words",
        [
            (0, "zero"),
            (13, "thirteen"),
            (40, "forty"),
            (99, "ninety nine"),
            (100, "one hundred"),
            (110, "one hundred and ten"),
            (1_000, "one thousand"),
            (1_001, "one thousand and one"),
            (1_100, "one thousand one hundred"),
            (12_345, "twelve thousand three hundred and forty five"),
            (300_020, "three hundred thousand and twenty"),
            (
                999_999,
                "nine hundred and ninety nine thousand nine hundred and ninety nine",
            ),
        ],
    )
    def test_as_they_are_said(self, number, words):
        assert " ".join(number_words(number)) == words

    @pytest.mark.parametrize("number", [-1, 1_000_000])
    def test_too_large_or_small(self, number):
        with pytest.raises(ValueError, match=f"between 0 and 999,999, got {number}"):
            number_words(number)

    def test_no_number_is_in_two_parts_and_all_words_are_in_training(self, numbers):
        parts = [{"".join(y) for y in numbers.labels[split]} for split in SPLITS]
        assert not parts[0] & parts[1] | parts[0] & parts[2] | parts[1] & parts[2]
        known = {word for words in numbers.train for word in words}
        assert len(known) == 20 + 8 + 3
        assert all(set(words) <= known for words in (*numbers.valid, *numbers.test))
        figures = Counter(y[-1] for y in numbers.labels["test"])
        assert set(figures) == set("0123456789") and min(figures.values()) > 60
