"""The grammar's exact quantities against enumeration, simulation and a reader of its own."""

import hashlib
import itertools
import math
import os
import random
import subprocess
import sys

import numpy as np
import pytest

from course_utils.corpora import agreement, agreement_pairs, load_corpus, sample_corpus
from course_utils.corpora.agreement import AgreementPair, encode_pairs
from course_utils.corpora.english import ADVERBS, PEOPLE, TOPICS, english_grammar, other_number
from course_utils.corpora.grammar import Grammar, OptimalModel
from course_utils.evaluation import agreement_accuracy, cross_entropy, perplexity
from course_utils.text import Vocabulary

# Two topics that share words and differ in weights; relative clauses nest; the end echoes the noun.
SMALL_RULES = {
    "sea": [(1, "the/DT Noun[sea] ./.")],
    "farm": [(1, "the/DT Noun[farm] ./.")],
    "Noun[sea]": [
        (3, "man/NN/subject After swims/VBZ/verb As[man]"),
        (1, "men/NNS/subject After swim/VBP/verb As[men]"),
    ],
    "Noun[farm]": [
        (1, "man/NN/subject After digs/VBZ/verb As[man]"),
        (4, "men/NNS/subject After dig/VBP/verb As[men]"),
    ],
    "After": [(5, ""), (1, "near/IN the/DT Other After"), (2, "that/WDT the/DT Clause")],
    "Other": [(2, "cow/NN"), (1, "cows/NNS")],
    "Clause": [(1, "man/NN After sees/VBZ"), (2, "men/NNS After see/VBP")],
    "As[man]": [(1, "as/IN every/DT man/NN does/VBZ"), (2, "")],
    "As[men]": [(1, "as/IN all/DT men/NNS do/VBP"), (1, "")],
}
SMALL_TOPICS = {"sea": 1, "farm": 3}


@pytest.fixture(scope="module")
def small():
    return Grammar(SMALL_RULES, SMALL_TOPICS)


@pytest.fixture(scope="module")
def english():
    return english_grammar()


@pytest.fixture(scope="module")
def corpus():
    return load_corpus("grammar")


def enumerate_sentences(rules, topics, max_words):
    """Expand the rules by hand: {(topic, words): probability} of all sentences up to a length."""
    found = {}
    for topic in topics:
        agenda = [(topics[topic] / sum(topics.values()), (), (topic,))]
        while agenda:
            p, words, rest = agenda.pop()
            if not rest:
                found[topic, words] = found.get((topic, words), 0) + p
            elif len(words) + sum("/" in s for s in rest) > max_words:
                continue
            elif "/" in rest[0]:
                agenda.append((p, (*words, rest[0].split("/")[0]), rest[1:]))
            else:
                total = sum(weight for weight, _ in rules[rest[0]])
                for weight, right in rules[rest[0]]:
                    agenda.append((p * weight / total, words, (*right.split(), *rest[1:])))
    return found


@pytest.fixture(scope="module")
def enumerated():
    return enumerate_sentences(SMALL_RULES, SMALL_TOPICS, max_words=24)


@pytest.fixture(scope="module")
def short():
    """A grammar with so few clauses that the enumeration leaves out next to nothing."""
    after = [(97, ""), (1, "near/IN the/DT Other After"), (2, "that/WDT the/DT Clause")]
    rules = {**SMALL_RULES, "After": after}
    found = enumerate_sentences(rules, SMALL_TOPICS, max_words=24)
    assert sum(found.values()) == pytest.approx(1, abs=1e-6)
    return Grammar(rules, SMALL_TOPICS), found


class TestSmallGrammar:
    def test_probability_of_each_sentence(self, small, enumerated):
        by_words = {}
        for (_, words), p in enumerated.items():
            by_words[words] = by_words.get(words, 0) + p
        assert len(by_words) > 1000
        for words, p in by_words.items():
            assert math.exp(small.log_prob(words)) == pytest.approx(p, rel=1e-12)

    def test_probabilities_sum_to_one(self, enumerated):
        """What is longer than the enumeration is rare; the sum says how rare."""
        assert 0.98 < sum(enumerated.values()) < 1

    def test_what_is_no_sentence_has_probability_zero(self, small, enumerated):
        sentences = {words for _, words in enumerated}
        words = ["the", "man", "men", "swims", "dig", "."]
        for n in range(6):
            for string in itertools.product(words, repeat=n):
                assert (small.log_prob(string) > -math.inf) == (string in sentences)

    @pytest.mark.parametrize(
        "prefix",
        [
            "",
            "the",
            "the man",
            "the men near the cow",
            "the man that the men see",
            "the men dig as",
        ],
    )
    def test_next_words_of_a_prefix(self, prefix, short):
        """Against sums over all sentences that begin so."""
        grammar, found = short
        prefix = tuple(prefix.split())
        sums, topic_sums = {}, dict.fromkeys(SMALL_TOPICS, 0)
        for (topic, words), p in found.items():
            if words[: len(prefix)] == prefix:
                following = (*words, "</s>")[len(prefix)]
                sums[following] = sums.get(following, 0) + p
                topic_sums[topic] += p
        expected = {word: p / sum(sums.values()) for word, p in sums.items()}
        assert grammar.next_word_probs(prefix) == pytest.approx(expected, abs=1e-5)
        expected = {topic: p / sum(sums.values()) for topic, p in topic_sums.items()}
        assert grammar.topic_probs(prefix) == pytest.approx(expected, abs=1e-5)

    def test_entropy_and_length(self, short):
        """Against the sums over nearly all sentences."""
        grammar, found = short
        tokens = sum(p * (len(words) + 1) for (_, words), p in found.items())
        entropy = sum(-p * math.log(p) for p in found.values())
        assert grammar.mean_tokens() == pytest.approx(tokens, rel=1e-6)
        assert grammar.entropy_per_token() == pytest.approx(entropy / tokens, rel=1e-6)

    def test_a_sentence_of_any_length(self):
        """Thousands of words: a product of probabilities would be 0 in floating point."""
        grammar = Grammar({"S": [(3, "ha/UH S"), (1, "")], "T": [(1, "ho/UH")]}, {"S": 1, "T": 1})
        expected = math.log(1 / 2) + 5000 * math.log(3 / 4) + math.log(1 / 4)
        assert grammar.log_prob(["ha"] * 5000) == pytest.approx(expected, rel=1e-12)
        assert grammar.next_word_probs(["ha"] * 5000) == pytest.approx({"ha": 0.75, "</s>": 0.25})

    def test_nothing_follows_the_end(self, small):
        with pytest.raises(ValueError, match=r"'</s>' cannot follow 'the man digs \.'"):
            small.next_word_probs("the man digs . </s>".split())
        assert small.log_prob("the man digs . </s>".split()) == -math.inf

    def test_impossible_prefix_is_named(self, small):
        with pytest.raises(ValueError, match="'swim' cannot follow 'the man'"):
            small.next_word_probs(["the", "man", "swim"])
        with pytest.raises(ValueError, match="'cow' cannot follow 'the start'"):
            small.topic_probs(["cow"])


@pytest.mark.parametrize(
    "rules, topics, message",
    [
        ({"S": [(1, "A")], "A": [(1, "a/X")]}, {"S": 1}, "begins with the symbol A"),
        ({"S": [(1, "a/X A")]}, {"S": 1}, "symbol A has no rules"),
        ({"S": [(1, "a/X")]}, {"T": 1}, "symbol T has no rules"),
        ({"S": [(1, "a/X")]}, {}, "no topic"),
        ({"S": [(0, "a/X"), (1, "b/X")]}, {"S": 1}, "weight of S -> a/X must be positive, got 0"),
        ({"S": [(1, "a/X")]}, {"S": -1}, "weight of topic S must be positive, got -1"),
        ({"S": [(1, "a/X b/X"), (1, "a/X")]}, {"S": 1}, "two rules of S begin with 'a'"),
        ({"S": [(1, ""), (1, "")]}, {"S": 1}, "two rules of S are empty"),
        ({"S": [(1, "b/X A a/X")], "A": [(1, "a/X"), (1, "")]}, {"S": 1}, "'a' may both begin"),
        ({"S": [(1, "s/X A B C")], "A": [(1, "a/X"), (1, "")], "B": [(1, "b/X"), (1, "")],
          "C": [(1, "a/X")]}, {"S": 1}, "A may be empty, and 'a' may both"),
        ({"S": [(1, "s/X T A")], "T": [(1, "t/X U")], "U": [(1, "a/X"), (1, "")],
          "A": [(1, "a/X")]}, {"S": 1}, "U may be empty, and 'a' may both"),
        ({"S": [(1, "s/X T a/X")], "T": [(1, "t/X U V")], "U": [(1, "a/X"), (1, "")],
          "V": [(1, "v/X"), (1, "")]}, {"S": 1}, "U may be empty, and 'a' may both"),
        ({"S": [(1, "a/X S S"), (1, "b/X")]}, {"S": 1}, "would not end"),
        ({"S": [(3, "a/X S S"), (1, "b/X")]}, {"S": 1}, "would not end"),
        ({"S": [(1, "a/X S")]}, {"S": 1}, "would not end"),
    ],
)  # fmt: skip
def test_a_grammar_that_cannot_be_read_is_refused(rules, topics, message):
    with pytest.raises(ValueError, match=message):
        Grammar(rules, topics)


class TestTopicsAreTold:
    def test_a_shared_sentence_has_no_closed_form(self):
        rules = {"S": [(1, "a/X"), (1, "b/X")], "T": [(1, "b/X"), (1, "c/X")]}
        grammar = Grammar(rules, {"S": 1, "T": 1})
        assert grammar.log_prob(["b"]) == pytest.approx(math.log(1 / 2))
        with pytest.raises(ValueError, match="topics 'S' and 'T' share a sentence"):
            grammar.entropy_per_token()

    def test_a_shared_sentence_deep_in_the_rules(self):
        rules = {
            "S": [(1, "the/X A B")], "A": [(1, "a/X A"), (1, "")], "B": [(1, "b/X"), (1, "c/X")],
            "T": [(1, "the/X C D")], "C": [(1, "a/X C"), (1, "")], "D": [(1, "d/X"), (1, "c/X")],
        }  # fmt: skip
        with pytest.raises(ValueError, match="share a sentence"):
            Grammar(rules, {"S": 1, "T": 1}).entropy_per_token()
        rules["D"] = [(1, "d/X"), (1, "e/X")]
        assert Grammar(rules, {"S": 1, "T": 1}).entropy_per_token() > 0

    @pytest.mark.parametrize(
        "rules",
        [
            {"S": [(1, "a/X A")], "A": [(1, "b/X")], "T": [(1, "a/X b/X")]},
            {"S": [(1, "a/X A b/X")], "A": [(1, "c/X"), (1, "")], "T": [(1, "a/X B b/X")],
             "B": [(1, "b/X")]},
            {"S": [(1, "a/X B b/X")], "A": [(1, "c/X"), (1, "")], "T": [(1, "a/X A b/X")],
             "B": [(1, "b/X")]},
        ],
    )  # fmt: skip
    def test_rules_of_different_shape_are_not_judged(self, rules):
        """Whether such topics share a sentence is a harder question; the check must not guess."""
        with pytest.raises(ValueError, match="cannot be read in step"):
            Grammar(rules, {"S": 1, "T": 1}).entropy_per_token()


NOUNS = {}  # form -> number, from the lists alone
for entry in " ".join(
    [PEOPLE, *(w[k] for w in TOPICS.values() for k in ("agents", "things"))]
).split():
    one, _, many = entry.partition(":")
    NOUNS |= {one: "one", many or one: "many"} if many else {one: "one"}


class TestEnglish:
    def test_size(self, english, corpus):
        """About 1,000 word forms, all of them in the training text, and eight topics."""
        assert 900 <= len(english.words) <= 1100
        assert {w for sentence in corpus.train for w in sentence} == set(english.words)
        assert len(english.topics) == len(TOPICS) == 8
        assert 300_000 <= sum(map(len, corpus.train)) < 300_200

    def test_next_word_probs_sum_to_one_and_multiply_to_log_prob(self, english, corpus):
        for words in corpus.test[:40]:
            steps = [english.next_word_probs(words[:t]) for t in range(len(words) + 1)]
            for step in steps:
                assert math.fsum(step.values()) == pytest.approx(1, abs=1e-12)
            log_prob = sum(math.log(s[w]) for s, w in zip(steps, [*words, "</s>"], strict=True))
            assert log_prob == pytest.approx(english.log_prob(words), rel=1e-12)

    def test_entropy_by_simulation(self, english, corpus):
        """The mean of -ln P over fresh sentences, a ratio estimate, within 4 standard errors."""
        bits = np.array([-english.log_prob(words) for words in corpus.train[:4000]])
        tokens = np.array([len(words) + 1 for words in corpus.train[:4000]])
        entropy = bits.sum() / tokens.sum()
        error = np.std(bits - entropy * tokens) / math.sqrt(len(bits)) / tokens.mean()
        assert error < 0.02
        assert abs(entropy - english.entropy_per_token()) < 4 * error
        length_error = tokens.std() / math.sqrt(len(tokens))
        assert abs(tokens.mean() - english.mean_tokens()) < 4 * length_error

    def test_topics_are_uncertain_at_first_and_certain_at_the_verb(self, english, corpus):
        assert english.topic_probs(["the"]) == pytest.approx(dict.fromkeys(TOPICS, 1 / 8))
        for sample in corpus.samples["test"][:50]:
            after_verb = english.topic_probs(sample.words[: sample.verb + 1])
            assert after_verb[sample.topic] == pytest.approx(1)


def read_clause(tagged, i, pairs):
    """Read noun, what follows it and, in a clause about it, its verb, by tags alone.

    A recursive-descent reader of English noun phrases: ``i`` is the position of the noun. Returns
    the position after the phrase; `pairs` collects (subject, verb) of object relative clauses.
    """
    noun, i = i, i + 1
    while i < len(tagged) and tagged[i][1] in ("IN", "WDT") and tagged[i][0] not in ("at", "as"):
        if tagged[i][1] == "IN":
            return read_clause(tagged, skip_to_noun(tagged, i), pairs)
        if tagged[i + 1][1] == "DT":
            subject = skip_to_noun(tagged, i)
            i = read_clause(tagged, subject, pairs)
            pairs.append((subject, i))
            return i + 1
        pairs.append((noun, i + 1))
        return read_clause(tagged, skip_to_noun(tagged, i + 1), pairs)
    return i


def skip_to_noun(tagged, i):
    return next(j for j in range(i, len(tagged)) if tagged[j][1] in ("NN", "NNS"))


def read_sentence(tagged):
    """Return all (subject, verb) pairs of a sentence, the main one first."""
    first = 3 if tagged[0][0] == "at" else 0
    subject, pairs = skip_to_noun(tagged, first), []
    verb = read_clause(tagged, subject, pairs)
    verb += tagged[verb][1] == "RB"
    return [(subject, verb), *pairs]


class TestSamples:
    """The samples against a reader written for these tests from the tags alone."""

    def test_subject_and_verb_are_where_a_reader_finds_them(self, corpus):
        for sample in corpus.samples["test"]:
            tagged = list(zip(sample.words, sample.tags, strict=True))
            assert read_sentence(tagged)[0] == (sample.subject, sample.verb)

    def test_every_verb_agrees_with_its_subject_at_any_depth(self, corpus):
        deep = 0
        for sample in corpus.samples["test"]:
            tagged = list(zip(sample.words, sample.tags, strict=True))
            for subject, verb in read_sentence(tagged):
                assert (tagged[subject][1], tagged[verb][1]) in [("NN", "VBZ"), ("NNS", "VBP")]
                deep += verb - subject > 10
        assert deep > 100

    def test_tags_tell_the_number_of_the_lists(self, corpus):
        for sample in corpus.samples["test"]:
            for word, tag in zip(sample.words, sample.tags, strict=True):
                if tag == "NN" and word in NOUNS:
                    assert NOUNS[word] == "one"
                if tag == "NNS":
                    assert NOUNS.get(word, "many") == "many"
                assert (tag == "RB") == (word in ADVERBS.split())

    def test_attractors_are_nouns_of_the_other_number(self, corpus):
        counts = np.zeros(4)
        for sample in corpus.samples["test"]:
            between = range(sample.subject + 1, sample.verb)
            nouns = [sample.tags[i] for i in between if sample.tags[i].startswith("NN")]
            plural = sample.tags[sample.subject] == "NNS"
            assert sample.attractors == sum((tag == "NNS") != plural for tag in nouns)
            counts[min(sample.attractors, 3)] += 1
        assert (counts > 20).all()  # enough of each to plot accuracy against

    def test_sample_by_hand(self):
        right = "the/DT cow/NN/subject near/IN men/NNS boys/NNS and/CC pig/NN runs/VBZ/verb men/NNS"
        rules = {"S": [(1, right)]}
        sample = Grammar(rules, {"S": 1}).sample(random.Random(0))
        assert " ".join(sample.words) == "the cow near men boys and pig runs men"
        assert (sample.subject, sample.verb, sample.attractors, sample.topic) == (1, 7, 2, "S")

    def test_echoes_repeat_subject_adjective_and_place(self, corpus):
        seen = {"as": 0, "when": 0, "at": 0}
        for sample in corpus.samples["test"]:
            words, end = sample.words, len(sample.words) - 1
            if words[end - 3] == "at":
                assert words[0] == "at" and words[end - 1] == words[2]
                seen["at"] += 1
                end -= 3
            if words[end - 2] == "when":
                assert words[end - 1] == words[sample.subject - 1]
                seen["when"] += 1
                end -= 2
            if "as" in words:
                one = sample.tags[sample.subject] == "NN"
                quantifier, verb = ("every", "does") if one else ("all", "do")
                assert words[end - 5 : end] == [
                    ",", "as", quantifier, words[sample.subject], verb
                ]  # fmt: skip
                seen["as"] += 1
        assert min(seen.values()) > 300


class TestCorpus:
    def test_parts_and_labels_fit(self, corpus):
        for split in ("train", "valid", "test"):
            sentences, samples = getattr(corpus, split), corpus.samples[split]
            assert [s.words for s in samples] == sentences
            assert [s.topic for s in samples] == corpus.sources[split]
        assert corpus.train[:50] != corpus.valid[:50] != corpus.test[:50]
        assert corpus.grammar.words == english_grammar().words

    def test_same_sentences_in_every_process(self, corpus):
        """Another process, another order of sets and dictionaries."""
        code = (
            "import hashlib; from course_utils.corpora import load_corpus; "
            "print(hashlib.sha256(repr(load_corpus('grammar').train).encode()).hexdigest())"
        )
        here = hashlib.sha256(repr(corpus.train).encode()).hexdigest()
        seed = "2" if os.environ.get("PYTHONHASHSEED") == "1" else "1"
        there = subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
        )
        assert there.stdout.strip() == here, there.stderr

    def test_same_sentences_on_every_platform(self, corpus):
        """Made by: python -c "from course_utils.corpora import load_corpus as load;
        [print(*s) for s in load('grammar').test[:2]]"
        """
        assert [" ".join(words) for words in corpus.test[:2]] == [
            "at the inn the cook that the actors under the syringes near the island whistle boils "
            "the soups that the brewers that the pianists that the jugglers rehearse rehearse stir "
            ", as every cook does at the inn .",
            "at the hospital the pharmacist that the professors translate soothes the wounds that "
            "the milkmaid plants , as every pharmacist does at the hospital .",
        ]

    def test_seeds_and_sizes(self, corpus):
        small = sample_corpus(corpus.grammar, train_words=500)
        assert small.train == corpus.train[: len(small.train)] and small.test == corpus.test
        assert 500 <= sum(map(len, small.train)) < 700
        other = sample_corpus(corpus.grammar, train_words=500, seed=2)
        assert other.train[:5] != small.train[:5] and other.test[:5] != small.test[:5]
        with pytest.raises(ValueError, match="train_words must be positive, got 0"):
            sample_corpus(corpus.grammar, train_words=0)

    def test_any_generator_with_random_will_do(self, english):
        draws = [english.sample(np.random.default_rng(7)).words for _ in range(2)]
        assert draws[0] == draws[1]


class TestOptimalModel:
    def test_perplexity_is_the_floor(self, english, corpus):
        vocab = Vocabulary.from_sentences(corpus.train)
        ids = vocab.encode(corpus.test)
        model = OptimalModel(english, vocab)
        total = sum(english.log_prob(words) for words in corpus.test)
        assert cross_entropy(model, ids) == pytest.approx(-total / len(ids), rel=1e-10)
        floor = math.exp(english.entropy_per_token())
        assert perplexity(model, ids) == pytest.approx(floor, rel=0.05)

    def test_contract(self, english, corpus):
        """log(next_word_probs(ids[:t])[ids[t]]) is log_probs(ids)[t], over the vocabulary."""
        vocab = Vocabulary(("unused", *reversed(english.words)))
        model, ids = OptimalModel(english, vocab), vocab.encode(corpus.test[:3])
        log_probs = model.log_probs(ids)
        assert log_probs.shape == ids.shape and log_probs.dtype == np.float64
        for t, i in enumerate(ids):
            probs = model.next_word_probs(ids[:t])
            assert probs.shape == (len(vocab),)
            assert probs.sum() == pytest.approx(1, abs=1e-12)
            assert math.log(probs[i]) == pytest.approx(log_probs[t], abs=1e-10)
        start = model.next_word_probs([vocab.bos_id])
        assert (start == model.next_word_probs()).all() and start[vocab.ids["the"]] > 0

    def test_an_impossible_word_has_probability_zero_to_the_end_of_its_sentence(self, small):
        vocab = Vocabulary(small.words)
        model = OptimalModel(small, vocab)
        ids = vocab.encode([["the", "man", "dig", "."], ["the", "men", "dig", "."]])
        log_probs = model.log_probs(ids)
        assert np.isneginf(log_probs).tolist() == [False, False, True, True, True] + [False] * 5
        with pytest.warns(UserWarning, match=r"'dig' after 'man' \(token 2\)"):
            assert perplexity(model, ids) == math.inf

    def test_bad_input_is_named(self, small):
        vocab = Vocabulary(small.words)
        model = OptimalModel(small, vocab)
        for bad in (99, -1, vocab.bos_id):
            with pytest.raises(ValueError, match=f"id {bad} is outside"):
                model.log_probs(np.array([bad]))
        with pytest.raises(ValueError, match="lacks 1 of the grammar's words, such as 'swims'"):
            OptimalModel(small, Vocabulary(w for w in small.words if w != "swims"))


FORMS = [
    {verb, form}
    for words in TOPICS.values()
    for verb in words["verbs"].split()
    for form in (verb + "s", verb + "es", verb[:-1] + "ies")
]


def first_pairs(grammar, n, **options):
    return list(itertools.islice(agreement_pairs(grammar, **options), n))


@pytest.fixture(scope="module")
def pairs(english):
    return first_pairs(english, 300)


class TestAgreementPairs:
    def test_attractors_and_numbers_come_in_turn(self, pairs, corpus):
        """Counted anew, word by word, with tags that the corpus gives to the same words."""
        tags = {}
        for sample in corpus.samples["train"]:
            for word, tag in zip(sample.words, sample.tags, strict=True):
                tags.setdefault(word, set()).add(tag)
        certain = 0
        for i, pair in enumerate(pairs):
            words = pair.right[3 if pair.right[0] == "at" else 0 : -1]  # without the place
            nouns = [tags[word] for word in words if tags[word] & {"NN", "NNS"}]
            assert nouns[0] == {["NN", "NNS"][i % 2]} and pair.attractors == i // 2 % 5
            if all(len(possible) == 1 for possible in nouns):  # no noun that is a verb as well
                assert nouns.count({["NNS", "NN"][i % 2]}) == pair.attractors
                certain += 1
        assert certain > 250

    def test_only_the_verb_differs_and_only_its_number(self, pairs):
        for pair in pairs:
            *prefix, verb = pair.right
            assert pair.wrong[:-1] == prefix
            assert {verb, pair.wrong[-1]} in FORMS

    def test_only_the_right_verb_can_follow(self, english, pairs):
        """Each verb stands in one form where it could stand in the other's place."""
        for pair in pairs:
            following = english.next_word_probs(pair.right[:-1])
            assert following[pair.right[-1]] > 0 and pair.wrong[-1] not in following

    def test_the_optimum_decides_every_pair(self, english, corpus, pairs):
        vocab = Vocabulary.from_sentences(corpus.train)
        encoded = encode_pairs(pairs, vocab)
        assert len(encoded) == 300
        found = agreement_accuracy(OptimalModel(english, vocab), encoded)
        assert [(row["attractors"], row["right"]) for row in found.rows] == [
            (n, 60) for n in range(5)
        ]

    def test_pairs_are_drawn_as_sentences_are(self, english):
        """Among sentences with one attractor, those with the adverb before the verb: a fifth."""
        pairs = first_pairs(english, 2000, attractors=[1])
        adverbs = sum(pair.right[-2] in ADVERBS.split() for pair in pairs)
        assert adverbs == pytest.approx(400, abs=4 * math.sqrt(2000 * 0.2 * 0.8))
        assert len({tuple(pair.right) for pair in pairs}) > 1900

    def test_seeds(self, english, pairs):
        assert first_pairs(english, 20) == pairs[:20]
        assert first_pairs(english, 20, seed=2) != pairs[:20]

    def test_numbers_of_attractors_that_are_never_drawn(self, english, small, monkeypatch):
        monkeypatch.setattr(agreement, "PATIENCE", 1000)
        with pytest.raises(ValueError, match="none of 1,000 sentences of the grammar has 60 attr"):
            next(agreement_pairs(english, attractors=[60]))
        with pytest.raises(ValueError, match="attractors is empty"):
            next(agreement_pairs(english, attractors=[]))
        with pytest.raises(ValueError, match="has 0 attractors between subject and verb"):
            next(agreement_pairs(Grammar({"S": [(1, "ha/UH")]}, {"S": 1})))
        with pytest.raises(ValueError, match=r"the grammar has no verb '(swim|dig)"):
            next(agreement_pairs(small))

    def test_pairs_with_an_unknown_word_are_left_out(self):
        vocab = Vocabulary(["the", "dog", "barks", "bark"])
        pairs = [
            AgreementPair(["the", "dog", "barks"], ["the", "dog", "bark"], 0),
            AgreementPair(["the", "cat", "barks"], ["the", "cat", "bark"], 1),
            AgreementPair(["the", "dog", "bites"], ["the", "dog", "bark"], 2),
            AgreementPair(["the", "dog", "barks"], ["the", "dog", "bite"], 3),
            AgreementPair(["dog", "</s>"], ["the", "</s>"], 4),
        ]
        assert encode_pairs(pairs, vocab) == [([2, 3, 4], [2, 3, 5], 0), ([3, 1], [2, 1], 4)]


@pytest.mark.parametrize(
    "verb, other", [("row", "rows"), ("harvests", "harvest"), ("fries", "fry"), ("plays", "play")]
)
def test_other_number(verb, other):
    assert other_number(verb) == other
