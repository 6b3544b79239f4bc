"""Paragraphs about who gave what to whom, and a question that one of their sentences answers.

It does not help to look for the words of the question: another sentence has all of them, with giver
and receiver exchanged, and two lack only one.

- *Omar gave the silver ring to Fatima in the kitchen . Fatima gave Omar the box of tea at the
  harbor . the young doctor gave the straw hat to Omar in the library . in the garden Fatima gave
  the thick book to the baker .*
- *what did Fatima give to Omar ?* -- *the box of tea*
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple


def _listed(text: str) -> list[str]:
    return [" ".join(item.split()) for item in text.split(",")]


PEOPLE = _listed("""Anna, Peter, Fatima, Kofi, Ingrid, Luis, Mei, Omar, the sailor, the baker,
    the judge, the clown, the shepherd, the gardener, the teacher, the young doctor, the old monk,
    the tall pilot, the little girl, the tired nurse""")
THINGS = _listed("""the lamp, the coin, the letter, the kettle, the violin, the map, the basket,
    the mirror, the carpet, the clock, the red umbrella, the blue umbrella, the thick book,
    the thin book, the gold ring, the silver ring, the straw hat, the black hat, the bag of nuts,
    the box of tea""")
PLACES = _listed("""at the harbor, at the market, at the station, in the garden, in the library,
    on the train, in the kitchen, near the bridge, behind the church, by the river""")
VERBS = [
    {"base": "give", "past": "gave", "done": "given"},
    {"base": "lend", "past": "lent", "done": "lent"},
    {"base": "sell", "past": "sold", "done": "sold"},
    {"base": "send", "past": "sent", "done": "sent"},
    {"base": "show", "past": "showed", "done": "shown"},
]
SENTENCES = [
    "{giver} {past} {thing} to {receiver} {place} .",
    "{giver} {past} {receiver} {thing} {place} .",
    "{place} {giver} {past} {thing} to {receiver} .",
    "{thing} was {done} to {receiver} by {giver} {place} .",
    "{receiver} was {done} {thing} by {giver} {place} .",
]
QUESTIONS = {
    "giver": [
        "who {past} {thing} to {receiver} ?",
        "by whom was {receiver} {done} {thing} ?",
    ],
    "thing": [
        "what did {giver} {base} to {receiver} ?",
        "what was {receiver} {done} by {giver} ?",
    ],
    "receiver": [
        "to whom did {giver} {base} {thing} ?",
        "who was {done} {thing} by {giver} ?",
    ],
    "place": [
        "where did {giver} {base} {thing} to {receiver} ?",
        "where was {receiver} {done} {thing} by {giver} ?",
    ],
}


class Event(NamedTuple):
    """Who gave what to whom, and where."""

    giver: str
    thing: str
    receiver: str
    place: str


def draw_question(rng: random.Random) -> tuple[list[str], list[str], tuple[int, int], str]:
    """Draw a paragraph of four sentences, a question about it, and the answer's place.

    Parameters
    ----------
    rng : random.Random
        Only its method ``random`` is called.

    Returns
    -------
    paragraph, question : list of str
    answer : tuple of int
        First and end: ``paragraph[first:end]`` is the answer.
    asked : str
        What the question asks for: ``giver``, ``thing``, ``receiver`` or ``place``.
    """
    people = _in_any_order(PEOPLE, rng)
    fresh = {
        "giver": people,
        "thing": _in_any_order(THINGS, rng),
        "receiver": people,
        "place": _in_any_order(PLACES, rng),
    }
    told = Event(*(next(fresh[role]) for role in Event._fields))
    asked = _one_of(Event._fields, rng)
    mentioned = [role for role in Event._fields[:3] if role != asked]
    exchanged = told._replace(giver=told.receiver, receiver=told.giver)
    answered = {"giver": "receiver", "receiver": "giver"}.get(asked, asked)  # where it stands now
    others = [(exchanged, {answered, "place"})]
    others += [(told, {role, asked, "place"}) for role in islice(_in_any_order(mentioned, rng), 2)]
    events = [told]
    for event, roles in others:
        changes = {role: next(fresh[role]) for role in Event._fields if role in roles}
        events.append(event._replace(**changes))

    verb = _one_of(VERBS, rng)
    paragraph: list[str] = []
    for event in _in_any_order(events, rng):
        for slot in _one_of(SENTENCES, rng).split():
            first = len(paragraph)
            paragraph += slot.format(**event._asdict(), **verb).split()
            if event == told and slot == f"{{{asked}}}":
                answer = (first, len(paragraph))
    question = _one_of(QUESTIONS[asked], rng).format(**told._asdict(), **verb).split()
    return paragraph, question, answer, asked


def _one_of(items: Sequence, rng: random.Random):
    return items[int(rng.random() * len(items))]


def _in_any_order(items: Sequence, rng: random.Random) -> Iterator:
    left = list(items)
    while left:
        yield left.pop(int(rng.random() * len(left)))
