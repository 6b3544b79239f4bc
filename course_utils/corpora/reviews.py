"""Reviews in which words such as ``terribly`` take their tone from a word that comes later.

``terribly exciting`` is praise and ``terribly boring`` is not, and between the two words may stand
others: ``terribly , to be honest , exciting``.
"""

from __future__ import annotations

from functools import partial
from itertools import product

from course_utils.corpora.grammar import Grammar, tagged

_plain = partial(tagged, tag="0")  # words that have no tone

INTENSIFIERS = """terribly awfully dreadfully frightfully insanely ridiculously wickedly
    unbelievably""".split()
ADJECTIVES = {
    "+": """exciting moving funny charming gripping clever beautiful delightful brilliant touching
        original inspiring witty elegant convincing""".split(),
    "-": """boring dull clumsy silly predictable tedious shallow annoying tiresome bland sloppy
        ugly hollow confusing stale""".split(),
}
SUBJECTS = {
    "Film": ["film", "movie"],
    "Part1": ["music", "story", "dialogue", "camera work"],
    "Part2": ["cast", "ending", "first half", "editing"],
}
FRIENDS = ["my friend", "a critic", "everybody else", "the radio"]
# What may stand between an intensifier and its adjective: 1 or 2 words, or 3 to 5 with the commas.
PAUSES = ["...", "--"]
NEUTRAL = ["long and", "loud and", "modern and", "quiet and"]
ASIDES = ["frankly", "honestly", "i think", "believe me", "to be honest", "in my view"]
# What a review judges, in order: always the film itself, and perhaps one or two parts of it.
ORDERS = [
    ["film"],
    ["film", "part"],
    ["part", "film"],
    ["film", "part", "part"],
    ["part", "film", "part"],
    ["part", "part", "film"],
]


def review_grammar() -> Grammar:
    """Return the grammar of reviews; the tag of a word is its tone: ``+``, ``-`` or ``0``.

    Every judgement is the toss of a coin of its own, that of the film, that of a part, and what
    somebody else says: ``the film , which a critic called dull , was witty .`` Two judgements in
    three have an intensifier, 1 to 6 words before the adjective. A topic, such as ``part- film+``,
    lists the tones; the class of a review is that of the film. So:

    - the tone of an intensifier is a coin toss for whoever reads from the left, and certain for
      whoever reads from both sides; all other words have one tone each;
    - the class is certain for whoever knows which adjective is the film's; a bag of words does not.

    Examples
    --------
    >>> grammar = review_grammar()
    >>> probs = grammar.topic_probs("the film was terribly".split())
    >>> round(sum(p for topic, p in probs.items() if topic.startswith("film+")), 9)
    0.5
    >>> grammar.topic_probs("the film was terribly , in my view , witty .".split())["film+"] > 0
    True
    """
    rules = {
        "Friend": [(1.0, f"{_plain(friend)} called/0 Opinion") for friend in FRIENDS],
        "Opinion": [(1.0, f"{word}/{tone}") for tone, ws in ADJECTIVES.items() for word in ws],
    }
    for tone in ADJECTIVES:
        rules |= _judgements(tone)
    topics = {}
    for order, tones in ((o, ts) for o in ORDERS for ts in product(ADJECTIVES, repeat=len(o))):
        topic = " ".join(map("".join, zip(order, tones, strict=True)))
        same_length = sum(len(other) == len(order) for other in ORDERS)
        topics[topic] = 1 / (same_length * 2 ** len(order))
        parts = iter(("Part1", "Part2"))  # two lists, so that no part is judged twice
        subjects = ("Film" if what == "film" else next(parts) for what in order)
        sentences = [f"the/0 {s}[{t}] ./0" for s, t in zip(subjects, tones, strict=True)]
        rules[topic] = [(1.0, " ".join(sentences))]
    return Grammar(rules, topics)


def _judgements(tone: str) -> dict[str, list[tuple[float, str]]]:
    """Return the rules of a judgement of one tone."""
    words = ADJECTIVES[tone]
    adjectives = [(1 / len(words), f"{word}/{tone}") for word in words]
    last = f"Adjective[{tone}]"
    return {
        **{
            f"{name}[{tone}]": [(1.0, f"{_plain(noun)} Said[{tone}]") for noun in nouns]
            for name, nouns in SUBJECTS.items()
        },
        f"Said[{tone}]": [
            (0.7, f"was/0 Judged[{tone}]"),
            (0.3, f",/0 which/0 Friend ,/0 was/0 Judged[{tone}]"),
        ],
        f"Judged[{tone}]": [
            *((2 / len(INTENSIFIERS), f"{w}/{tone} After[{tone}]") for w in INTENSIFIERS),
            (0.5, f"rather/0 {last}"),
            *((0.5 * p, adjective) for p, adjective in adjectives),
        ],
        f"After[{tone}]": [
            *adjectives,
            *((1 / len(PAUSES), f"{pause}/0 {last}") for pause in PAUSES),
            *((1 / len(NEUTRAL), f"{_plain(neutral)} {last}") for neutral in NEUTRAL),
            (3, f",/0 Aside[{tone}]"),
        ],
        f"Aside[{tone}]": [(1.0, f"{_plain(aside)} ,/0 {last}") for aside in ASIDES],
        last: adjectives,
    }
