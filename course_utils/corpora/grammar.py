"""Probabilistic context-free grammars whose every quantity is exact.

The rules are restricted so that reading a sentence never needs a guess: each rule is empty or
begins with a word, the rules of one symbol begin with different words, and a symbol that may be
empty begins with no word that may follow it (an LL(1) grammar, Lewis and Stearns 1968). Then a
prefix has one derivation, and all that is left of it is a stack of symbols still to be expanded:
what is pushed last is popped first. The only thing that a reader does not know is the topic, the
symbol that the sentence began with; that is a sum over a few stacks.

The English rules of the course stand in `course_utils.corpora.english`.
"""

from __future__ import annotations

import math
from bisect import bisect
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, combinations
from typing import NamedTuple

import numpy as np

from course_utils.text import EOS, Vocabulary


class Word(NamedTuple):
    """A word of a rule, written ``form/tag`` or ``form/tag/role``."""

    form: str
    tag: str
    role: str = ""


class Rule(NamedTuple):
    """What a symbol may be expanded to, and with which probability."""

    probability: float
    right: tuple[Word | str, ...]  # a Word first, then Words and symbols; or nothing at all


@dataclass(frozen=True)
class Sample:
    """A sampled sentence and what the grammar knows about it.

    Attributes
    ----------
    words, tags : list of str
        The words and their parts of speech, without ``</s>``.
    topic : str
        The symbol that the sentence began with.
    subject, verb : int or None
        Positions of the words whose role is ``subject`` and ``verb``.
    """

    words: list[str]
    tags: list[str]
    topic: str
    subject: int | None = None
    verb: int | None = None

    @property
    def attractors(self) -> int:
        """Count the nouns between subject and verb whose number is not the subject's.

        Linzen, Dupoux and Goldberg (2016) call them attractors: a reader who relies on the last
        noun gets the verb's number wrong. Nouns are tagged ``NN`` or ``NNS``.
        """
        if self.subject is None or self.verb is None:
            return 0
        other = {"NN": "NNS", "NNS": "NN"}[self.tags[self.subject]]
        return self.tags[self.subject : self.verb].count(other)


# A stack is None when empty, else (top, rest); stacks share their rests, so a push costs nothing.
Stack = tuple | None
# What a reader knows: of each topic still possible, P(topic | prefix), its name and its stack.
State = list[tuple[float, str, Stack]]
END = Word(EOS, EOS)


class Grammar:
    """A probabilistic context-free grammar that is read without guessing.

    Parameters
    ----------
    rules : mapping of str to sequence of (weight, right-hand side)
        A right-hand side is a string of symbols and words, ``"the/DT Noun[sea] ./."``; a word has
        a slash before its tag, and perhaps a second one before its role. The weights of a symbol
        are divided by their sum.
    topics : mapping of str to weight
        The symbols that a sentence may begin with.

    Attributes
    ----------
    words : tuple of str
        All words in alphabetical order, without ``</s>``.

    Raises
    ------
    ValueError
        If a symbol has no rules, a weight is not positive, a rule begins with a symbol, a prefix
        could have two derivations, or sentences would not end.

    Examples
    --------
    >>> grammar = Grammar({"S": [(3, "ha/UH S"), (1, "")]}, {"S": 1})
    >>> grammar.next_word_probs(["ha"])
    {'ha': 0.75, '</s>': 0.25}
    >>> math.exp(grammar.log_prob(["ha", "ha"]))
    0.140625
    >>> round(grammar.mean_tokens(), 6)
    4.0
    """

    def __init__(
        self,
        rules: Mapping[str, Sequence[tuple[float, str]]],
        topics: Mapping[str, float],
    ):
        self.rules = {symbol: _parse(symbol, choices) for symbol, choices in rules.items()}
        self.topics = dict(zip(topics, _normalized("topic", topics.items()), strict=True))
        _check_symbols(self.rules, self.topics)
        self._first = {a: _first(a, choices) for a, choices in self.rules.items()}
        self._empty = {
            a: sum(r.probability for r in choices if not r.right)
            for a, choices in self.rules.items()
        }
        self._follow = _followers(self)
        self._cumulative = {
            a: list(accumulate(r.probability for r in choices)) for a, choices in self.rules.items()
        }
        self._symbol_entropy, self._symbol_words = self._expectations()
        parts = (s for choices in self.rules.values() for rule in choices for s in rule.right)
        self.words = tuple(sorted({s.form for s in parts if isinstance(s, Word)}))

    def sample(self, rng) -> Sample:
        """Draw a sentence.

        Parameters
        ----------
        rng : random.Random or numpy.random.Generator
            Anything with a method ``random()``; the same numbers give the same sentence.
        """
        topic = _choose(list(self.topics), list(accumulate(self.topics.values())), rng)
        words, tags, roles = [], [], {}
        stack = [topic]
        while stack:
            top = stack.pop()
            if isinstance(top, Word):
                if top.role:
                    roles[top.role] = len(words)
                words.append(top.form)
                tags.append(top.tag)
            else:
                stack.extend(reversed(_choose(self.rules[top], self._cumulative[top], rng).right))
        return Sample(words, tags, topic, roles.get("subject"), roles.get("verb"))

    def start(self) -> State:
        """Return what a reader knows before the first word: the topics' probabilities."""
        return [(p, topic, (topic, (END, None))) for topic, p in self.topics.items()]

    def advance(self, state: State, word: str) -> tuple[float, State]:
        """Read one word: return its probability and what the reader knows after it.

        A word that cannot stand there has probability 0 and leaves no topic possible.
        """
        joint = []
        for p, topic, stack in state:
            p_word, stack = self._read(stack, word)
            if p_word:
                joint.append((p * p_word, topic, stack))
        total = sum(p for p, _, _ in joint)
        return total, [(p / total, topic, stack) for p, topic, stack in joint]

    def _read(self, stack: Stack, word: str) -> tuple[float, Stack]:
        """Return the probability of a word after one stack, and the stack after the word."""
        p = 1.0
        while stack and p:
            top, rest = stack
            if isinstance(top, Word):
                return (p, rest) if top.form == word else (0.0, None)
            rule = self._first[top].get(word)
            if rule:
                for symbol in reversed(rule.right[1:]):
                    rest = (symbol, rest)
                return p * rule.probability, rest
            p, stack = p * self._empty[top], rest
        return 0.0, None

    def distribution(self, state: State) -> dict[str, float]:
        """Return P(word | what the reader knows) for each possible word, ``</s>`` among them."""
        probs: dict[str, float] = defaultdict(float)
        for p, _, stack in state:
            while stack and p:
                top, stack = stack
                if isinstance(top, Word):
                    probs[top.form] += p
                    break
                for word, rule in self._first[top].items():
                    probs[word] += p * rule.probability
                p *= self._empty[top]
        return dict(probs)

    def next_word_probs(self, prefix: Sequence[str]) -> dict[str, float]:
        """Return P(word | prefix) for each possible next word, ``</s>`` among them.

        Raises
        ------
        ValueError
            If the prefix cannot begin a sentence.
        """
        return self.distribution(self._after(prefix))

    def topic_probs(self, prefix: Sequence[str]) -> dict[str, float]:
        """Return P(topic | prefix) for every topic. Errors as in `next_word_probs`."""
        return dict.fromkeys(self.topics, 0.0) | {t: p for p, t, _ in self._after(prefix)}

    def _after(self, prefix: Sequence[str]) -> State:
        state = self.start()
        for i, word in enumerate(prefix):
            _, state = self.advance(state, word)
            if not state or word == EOS:
                begun = " ".join(prefix[:i]) or "the start"
                raise ValueError(f"in this grammar {word!r} cannot follow {begun!r}")
        return state

    def log_prob(self, words: Sequence[str]) -> float:
        """Return ln P(words, ``</s>``) in nats, summed over topics; -inf if it is no sentence."""
        state, total = self.start(), 0.0
        for word in (*words, EOS):
            p, state = self.advance(state, word)
            if not p:
                return -math.inf
            total += math.log(p)
        return total

    def mean_tokens(self) -> float:
        """Return the expected number of tokens of a sentence, ``</s>`` included."""
        return 1 + sum(p * self._symbol_words[topic] for topic, p in self.topics.items())

    def entropy_per_token(self) -> float:
        """Return the entropy in nats per token, ``</s>`` counted: the floor of cross-entropy.

        It is ``H(sentence) / E[tokens]``. A sentence has one derivation, so ``H(sentence)`` is the
        entropy of the topic plus that of the expansions it leads to (Grenander 1967): for each
        symbol ``H_A = h_A + sum_B E[number of B in a rule of A] H_B``, where ``h_A`` is the entropy
        of the choice among its rules. These are linear equations.

        Raises
        ------
        ValueError
            If some sentence may have two topics: its probability is then a sum that the
            equations do not know.
        """
        self._check_topics_are_told()
        entropy = sum(
            p * (self._symbol_entropy[topic] - math.log(p)) for topic, p in self.topics.items()
        )
        return entropy / self.mean_tokens()

    def _expectations(self) -> tuple[dict[str, float], dict[str, float]]:
        """Return entropy and expected number of words of what each symbol is expanded to."""
        index = {symbol: i for i, symbol in enumerate(self.rules)}
        children = np.zeros((len(index), len(index)))  # expected number of B in a rule of A
        direct = np.zeros((len(index), 3))  # rules, entropy of the choice, words: in one rule
        for symbol, choices in self.rules.items():
            for p, right in choices:
                words = sum(isinstance(s, Word) for s in right)
                direct[index[symbol]] += p * np.array([1, -math.log(p), words])
                for s in right:
                    if not isinstance(s, Word):
                        children[index[symbol], index[s]] += p
        try:
            n_rules, entropy, words = np.linalg.solve(np.eye(len(index)) - children, direct).T
        except np.linalg.LinAlgError:
            n_rules = np.array([-1.0])
        if not (n_rules > 0).all():  # the equations have a positive solution only where it ends
            raise ValueError(
                "sentences of this grammar would not end: a symbol expands to one or more of "
                "itself on average; raise the weight of the rules that end it"
            )
        return (
            dict(zip(index, entropy.tolist(), strict=True)),
            dict(zip(index, words.tolist(), strict=True)),
        )

    def _check_topics_are_told(self) -> None:
        """Refuse two topics that share a sentence.

        Two topics are read in step: where both allow a word, their rules must have the same shape,
        so that a shared sentence would have two derivations that differ in the symbols' names
        alone. Then pairs of symbols form a grammar of what is shared, and it must be empty.
        """
        waiting = list(combinations(self.topics, 2))
        shared_rules: dict[tuple[str, str], list[list[tuple[str, str]]]] = {}
        while waiting:
            pair = waiting.pop()
            if pair not in shared_rules:
                shared_rules[pair] = self._shared_rules(*pair)
                waiting.extend(child for rule in shared_rules[pair] for child in rule)
        nonempty: set[tuple[str, str]] = set()
        size = -1
        while size < len(nonempty):
            size = len(nonempty)
            nonempty |= {p for p, rs in shared_rules.items() if any(nonempty >= set(r) for r in rs)}
        for a, b in combinations(self.topics, 2):
            if (a, b) in nonempty:
                raise ValueError(
                    f"the topics {a!r} and {b!r} share a sentence, so its topic is not certain and "
                    "the entropy has no closed form; give each topic words that tell it"
                )

    def _shared_rules(self, a: str, b: str) -> list[list[tuple[str, str]]]:
        """Return, for each rule that two symbols share, the pairs of different symbols in it."""
        result: list[list[tuple[str, str]]] = [[]] if self._empty[a] and self._empty[b] else []
        for x, y in ((a, b), (b, a)):
            alone = self._first[x].keys() - self._first[y].keys()
            if self._empty[y] and alone & self._follow[y]:
                raise ValueError(
                    f"{x} and {y} cannot be read in step: {y} may end where {x} goes on"
                )
        for word in self._first[a].keys() & self._first[b].keys():
            right = self._first[a][word].right, self._first[b][word].right
            kinds = [[isinstance(s, Word) for s in r] for r in right]
            if kinds[0] != kinds[1]:
                raise ValueError(f"{a} and {b} cannot be read in step after {word!r}")
            pairs = list(zip(*right, strict=True))
            if all(s.form == t.form for s, t in pairs if isinstance(s, Word)):
                result.append([(s, t) for s, t in pairs if not isinstance(s, Word) and s != t])
        return result

    def __repr__(self) -> str:
        n_rules = sum(map(len, self.rules.values()))
        return f"Grammar({len(self.topics)} topics, {len(self.words)} words, {n_rules} rules)"


class OptimalModel:
    """The language model that knows the grammar: no model has a lower expected cross-entropy.

    It obeys the contract of `course_utils.evaluation.LanguageModel`. Its context ends at the last
    ``</s>``, since the grammar draws each sentence anew.

    Parameters
    ----------
    grammar : Grammar
    vocab : Vocabulary
        It must hold every word of the grammar, such as ``Vocabulary(grammar.words)``.

    Raises
    ------
    ValueError
        If the vocabulary lacks words: ``<unk>`` would then hide what the optimum has to know.
    """

    def __init__(self, grammar: Grammar, vocab: Vocabulary):
        missing = [word for word in grammar.words if word not in vocab]
        if missing:
            raise ValueError(
                f"the vocabulary lacks {len(missing)} of the grammar's words, such as "
                f"{missing[0]!r}; build it with Vocabulary(grammar.words)"
            )
        self.grammar, self.vocab = grammar, vocab

    def log_probs(self, ids: np.ndarray) -> np.ndarray:
        """Return ln P(token | the sentence so far) in nats.

        Parameters
        ----------
        ids : ndarray of int, shape (T,)

        Returns
        -------
        ndarray of float64, shape (T,)
            -inf for a word that cannot stand there, and from there to the end of its sentence.
        """
        result = np.empty(len(ids))
        state = self.grammar.start()
        for t, i in enumerate(ids):
            p, state = self.grammar.advance(state, self._word(i))
            result[t] = math.log(p) if p else -math.inf
            if i == self.vocab.eos_id:
                state = self.grammar.start()
        return result

    def next_word_probs(self, context: Sequence[int] = ()) -> np.ndarray:
        """Return P(word | context) over the vocabulary.

        Parameters
        ----------
        context : sequence of int
            The ids so far; only what follows the last ``</s>`` counts. ``<s>`` may lead.

        Returns
        -------
        ndarray of float64, shape (V,)

        Raises
        ------
        ValueError
            If the context cannot begin a sentence or an id is outside the vocabulary.
        """
        prefix: list[str] = []
        for t, i in enumerate(context):
            if i == self.vocab.eos_id:
                prefix = []
            elif not (t == 0 and i == self.vocab.bos_id):
                prefix.append(self._word(i))
        probs = np.zeros(len(self.vocab))
        for word, p in self.grammar.next_word_probs(prefix).items():
            probs[self.vocab.ids[word]] = p
        return probs

    def describe_event(self, ids: np.ndarray, position: int) -> str:
        """Name a token and the word before it, for messages about probability 0."""
        before = "the start" if position == 0 else repr(self._word(ids[position - 1]))
        return f"{self._word(ids[position])!r} after {before}"

    def _word(self, i: int) -> str:
        if not 0 <= i < len(self.vocab):
            raise ValueError(f"id {i} is outside the vocabulary of {len(self.vocab)} words")
        return self.vocab.words[i]

    def __repr__(self) -> str:
        return f"OptimalModel({self.grammar})"


def tagged(words: str, tag: str) -> str:
    """Write words in a rule that all have one tag: ``of the`` with ``O`` is ``of/O the/O``."""
    return " ".join(f"{word}/{tag}" for word in words.split())


def _normalized(what: str, weighted: Iterable[tuple[str, float]]) -> list[float]:
    """Return the weights divided by their sum."""
    weighted = list(weighted)
    for item, weight in weighted:
        if not weight > 0:
            raise ValueError(f"the weight of {what} {item} must be positive, got {weight}")
    return [weight / sum(w for _, w in weighted) for _, weight in weighted]


def _parse(symbol: str, choices: Sequence[tuple[float, str]]) -> tuple[Rule, ...]:
    probabilities = _normalized(f"{symbol} ->", ((right, weight) for weight, right in choices))
    return tuple(
        Rule(p, tuple(Word(*s.split("/")) if "/" in s else s for s in right.split()))
        for p, (_, right) in zip(probabilities, choices, strict=True)
    )


def _first(symbol: str, choices: Sequence[Rule]) -> dict[str, Rule]:
    """Return the rule of a symbol that each word begins."""
    first: dict[str, Rule] = {}
    if sum(not rule.right for rule in choices) > 1:
        raise ValueError(f"two rules of {symbol} are empty; merge them")
    for rule in choices:
        if not rule.right:
            continue
        if not isinstance(rule.right[0], Word):
            raise ValueError(
                f"a rule of {symbol} begins with the symbol {rule.right[0]}; begin it with a word"
            )
        word = rule.right[0].form
        if word in first:
            raise ValueError(f"two rules of {symbol} begin with {word!r}; merge them")
        first[word] = rule
    return first


def _check_symbols(rules: Mapping[str, Sequence[Rule]], topics: Mapping[str, float]) -> None:
    used = {s for rs in rules.values() for r in rs for s in r.right if not isinstance(s, Word)}
    missing = sorted((used | set(topics)) - set(rules))
    if missing:
        raise ValueError(f"the symbol {missing[0]} has no rules; a word needs a tag, as in the/DT")
    if not topics:
        raise ValueError("the grammar has no topic to begin a sentence with")


def _followers(grammar: Grammar) -> dict[str, set[str]]:
    """Return the words that may follow each symbol; refuse one that may itself begin with them."""
    follow: dict[str, set[str]] = {symbol: set() for symbol in grammar.rules}
    links = set()  # (A, B): B may end a rule of A, so what follows A follows B too
    for symbol, choices in grammar.rules.items():
        for rule in choices:
            after: set[str] = set()
            at_end = True
            for s in reversed(rule.right):
                if isinstance(s, Word):
                    after, at_end = {s.form}, False
                    continue
                follow[s] |= after
                if at_end:
                    links.add((symbol, s))
                may_be_empty = grammar._empty[s] > 0
                after = set(grammar._first[s]) | (after if may_be_empty else set())
                at_end = at_end and may_be_empty
    size = -1
    while size < (size := sum(map(len, follow.values()))):
        for a, b in links:
            follow[b] |= follow[a]
    for symbol, first in grammar._first.items():
        both = follow[symbol] & set(first)
        if grammar._empty[symbol] and both:
            raise ValueError(
                f"{symbol} may be empty, and {min(both)!r} may both begin and follow it, so a "
                "reader could not tell which"
            )
    return follow


def _choose(items: Sequence, cumulative: Sequence[float], rng):
    """Draw one item; the last one takes what rounding leaves."""
    return items[min(bisect(cumulative, rng.random()), len(items) - 1)]
