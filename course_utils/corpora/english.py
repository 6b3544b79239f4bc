"""The English of the grammar corpus: eight topics and the rules that make sentences of them.

A sentence, with what each part has to remember:

>>> sentence = (
...     "at the harbor the tired pilot beside the fences that the cooks fry steers the boats ,"
...     " as every pilot does when tired at the harbor ."
... )
>>> english_grammar().topic_probs(sentence.split())["sea"]
1.0

- ``steers`` agrees in number with ``pilot`` and belongs to its topic, whatever stands between:
  phrases and relative clauses, nested to any depth, with nouns of any number and topic;
- ``as every pilot does`` repeats the subject, ``when tired`` its adjective and ``at the harbor``
  the place, in the order in which a stack gives them back: last in, first out.
"""

from __future__ import annotations

from course_utils.corpora.grammar import Grammar

# Words of a list stand from common to rare. An irregular plural follows its noun after a colon.
TOPICS = {
    "sea": {
        "agents": """sailor captain pilot diver pirate admiral boatman:boatmen fisherman:fishermen
            steward gunner""",
        "verbs": """steer row moor sink hoist launch tow sight unload splice salvage capsize scrub
            anchor""",
        "things": """boat sail anchor net rope mast oar raft hull deck compass harpoon barrel
            lantern chart flag buoy cannon wave island reef whale shark torpedo:torpedoes hatch
            paddle""",
        "places": "harbor pier lighthouse lagoon",
        "adjectives": "brave drunk tired lonely old calm",
    },
    "farm": {
        "agents": """farmer shepherd milkmaid ploughman:ploughmen beekeeper herder reaper rancher
            cowboy gardener""",
        "verbs": "feed herd milk shear harvest sow graze water weed fatten pluck breed plant prune",
        "things": """cow horse goat pig hen field fence barn apple pumpkin turnip orchard plough
            tractor haystack beehive pony stable sheaf:sheaves scythe tomato:tomatoes
            potato:potatoes duck turkey wheelbarrow sunflower""",
        "places": "mill meadow pasture vineyard",
        "adjectives": "strong hungry tired poor old patient",
    },
    "kitchen": {
        "agents": "cook baker waiter chef butcher brewer grocer waitress caterer dishwasher",
        "verbs": """boil fry bake roast stir season chop peel slice grill taste serve simmer
            sprinkle""",
        "things": """pan pot cake pie soup loaf:loaves sauce onion carrot sausage pancake omelette
            spoon ladle kettle bowl plate pudding pepper biscuit mushroom noodle steak lobster apron
            recipe""",
        "places": "bakery tavern inn pantry",
        "adjectives": "hungry busy fat cheerful drunk careless",
    },
    "stage": {
        "agents": "actor dancer singer violinist pianist drummer conductor composer juggler clown",
        "verbs": """rehearse perform applaud compose play sing hum tune improvise choreograph
            project conduct whistle record""",
        "things": """song drama opera ballet mask costume curtain violin piano drum flute trumpet
            melody puppet wig tragedy comedy symphony guitar harp trombone duet waltz lyric
            microphone spotlight""",
        "places": "theater circus ballroom studio",
        "adjectives": "famous nervous proud jealous vain young",
    },
    "hospital": {
        "agents": """doctor nurse surgeon dentist midwife:midwives pharmacist medic therapist
            orderly physician""",
        "verbs": """treat examine heal cure diagnose inject disinfect vaccinate soothe scan stitch
            amputate bandage massage""",
        "things": """wound fever bone tooth:teeth scar rash bruise bandage pill needle crutch tumor
            syringe stretcher splint vein blister ulcer vaccine ointment kidney muscle artery
            stethoscope pulse allergy""",
        "places": "clinic hospital pharmacy sanatorium",
        "adjectives": "careful busy calm weary sober kind",
    },
    "court": {
        "agents": "judge lawyer juror clerk bailiff sheriff detective prosecutor notary attorney",
        "verbs": """sign approve dispute draft uphold repeal annul contest ratify investigate
            overturn notarize amend forge""",
        "things": """law verdict contract treaty warrant crime penalty oath confession alibi clue
            lawsuit appeal clause debt deed dossier statute mortgage testament petition patent
            ballot ransom robbery tariff""",
        "places": "courthouse prison embassy parliament",
        "adjectives": "stern honest proud rich old corrupt",
    },
    "railway": {
        "agents": """engineer porter inspector mechanic brakeman:brakemen dispatcher welder
            electrician fireman:firemen foreman:foremen""",
        "verbs": """repair oil inspect drive couple derail weld load grease shunt tighten rebuild
            uncouple polish""",
        "things": """train engine wagon wheel brake boiler piston lever rail signal bridge tunnel
            carriage locomotive cable valve gear axle bolt furnace gauge headlight bumper switch
            trolley turbine""",
        "places": "station depot junction terminal",
        "adjectives": "busy strong punctual tired nervous dirty",
    },
    "school": {
        "agents": """teacher pupil student professor librarian tutor scholar linguist historian
            chemist""",
        "verbs": """read teach study explain revise discuss recite translate solve grade copy
            summarize memorize quote""",
        "things": """book lesson essay poem theorem equation riddle question exam dictionary
            notebook pencil diagram formula theory globe alphabet sentence paragraph fraction novel
            atlas proverb fossil blackboard""",
        "places": "school library college laboratory",
        "adjectives": "curious young clever lazy nervous famous",
    },
}
PEOPLE = "stranger man:men woman:women friend boy girl neighbor child:children"  # in every topic
PREPOSITIONS = "near behind beside above under beyond opposite around against past below outside"
QUALITIES = """small heavy red broken new green large white useless precious rusty black blue yellow
    narrow round ancient wooden cheap tiny ugly brown expensive modern dusty square splendid silver
    golden grey huge ordinary peculiar shiny crooked painted smooth pretty"""
ADVERBS = """often always slowly rarely quietly usually gladly quickly sometimes proudly never
    secretly hastily calmly again reluctantly skilfully loudly openly seldom eagerly gently soon
    finally boldly clumsily politely suddenly silently occasionally"""


Choices = list[tuple[float, str]]


def other_number(verb: str) -> str:
    """Return the form of a verb of the grammar that agrees with subjects of the other number.

    Raises
    ------
    ValueError
        If the grammar has no such verb.

    Examples
    --------
    >>> other_number("fries"), other_number("fry")
    ('fry', 'fries')
    """
    for words in TOPICS.values():
        for many in words["verbs"].split():
            if verb in (many, _with_s(many)):
                return many if verb != many else _with_s(many)
    raise ValueError(f"the grammar has no verb {verb!r}")


def english_grammar() -> Grammar:
    """Build the grammar of the corpus ``grammar``.

    Examples
    --------
    >>> english_grammar()
    Grammar(8 topics, 967 words, 4746 rules)
    """
    rules: dict[str, Choices] = {
        "Agent": [],  # who may act in a relative clause: agents of any topic
        "Thing": [],  # what a preposition may govern: things of any topic
        "AfterThing": [(0.6, ""), *_phrases(0.15), (0.25, "that/WDT the/DT Agent")],
    }
    for topic, words in TOPICS.items():
        rules |= _sentences(topic, words)
        rules |= _echoes(words)
        things = [(p, f"{noun} AfterThing") for p, noun, _, _ in _nouns(words["things"])]
        rules[f"Noun[{topic}]"] = things
        rules[f"Object[{topic}]"] = _shares(0.8, things) + [
            (p, f"{quality}/JJ Noun[{topic}]") for p, quality in _ranked(0.2, QUALITIES)
        ]
        rules["Thing"] += things
        rules["Agent"] += [
            (p, f"{noun} After[{topic},{number}] Verb[{topic},{number}]")
            for p, noun, _, number in _nouns(words["agents"])
        ]
    return Grammar(rules, dict.fromkeys(TOPICS, 1))


def _sentences(topic: str, words: dict[str, str]) -> dict[str, Choices]:
    """Return the rules that only one topic has, for both numbers."""
    t = topic
    rules: dict[str, Choices] = {
        t: [(0.5, f"at/IN the/DT Place[{t}] ./."), (0.5, f"the/DT Head[{t}] ./.")],
        f"Place[{t}]": [
            (p, f"{place}/NN the/DT Head[{t}] At[{place}]")
            for p, place in _ranked(1, words["places"])
        ],
        f"Subject[{t}]": [
            (
                p * share,
                f"{noun}/subject After[{t},{number}] Act[{t},{number}] As[{lemma},{number}]",
            )
            for share, nouns in ((0.8, words["agents"]), (0.2, PEOPLE))
            for p, noun, lemma, number in _nouns(nouns)
        ],
    }
    rules[f"Head[{t}]"] = _shares(0.5, rules[f"Subject[{t}]"]) + [
        (p, f"{adjective}/JJ Subject[{t}] When[{adjective}]")
        for p, adjective in _ranked(0.5, words["adjectives"])
    ]
    for number in ("one", "many"):
        n = f"{t},{number}"
        verbs = [(p, _verb(verb, number)) for p, verb in _ranked(1, words["verbs"])]
        main = [(p, f"{verb}/verb the/DT Object[{t}] More[{n}]") for p, verb in verbs]
        rules |= {
            f"Act[{n}]": _shares(0.8, main)
            + [(p, f"{adverb}/RB Main[{n}]") for p, adverb in _ranked(0.2, ADVERBS)],
            f"Main[{n}]": main,
            f"More[{n}]": [(0.7, ""), (0.3, f"and/CC Next[{n}]")],
            f"Next[{n}]": [(p, f"{verb} the/DT Object[{t}] More[{n}]") for p, verb in verbs],
            f"After[{n}]": [(0.25, ""), *_phrases(0.25), (0.5, f"that/WDT Relative[{n}]")],
            f"Relative[{n}]": [
                (0.6, "the/DT Agent"),
                *((0.4 * p, f"{verb} the/DT Object[{t}]") for p, verb in verbs),
            ],
            f"Verb[{n}]": verbs,
        }
    return rules


def _echoes(words: dict[str, str]) -> dict[str, Choices]:
    """Return the rules that repeat a subject, an adjective or a place at the end."""
    rules: dict[str, Choices] = {}
    for _, noun, lemma, number in _nouns(words["agents"]) + _nouns(PEOPLE):
        echo = f"every/DT {noun} does/VBZ" if number == "one" else f"all/DT {noun} do/VBP"
        rules[f"As[{lemma},{number}]"] = [(0.9, f",/, as/IN {echo}"), (0.1, "")]
    for adjective in words["adjectives"].split():
        rules[f"When[{adjective}]"] = [(0.9, f"when/WRB {adjective}/JJ"), (0.1, "")]
    for place in words["places"].split():
        rules[f"At[{place}]"] = [(0.9, f"at/IN the/DT {place}/NN"), (0.1, "")]
    return rules


def _phrases(total: float) -> Choices:
    return [(p, f"{word}/IN the/DT Thing") for p, word in _ranked(total, PREPOSITIONS)]


def _ranked(total: float, words: str) -> Choices:
    """Share a probability among words: the k-th of the list has weight 1 / (k + 1)."""
    return _shares(total, [(1 / (k + 1), word) for k, word in enumerate(words.split(), 1)])


def _shares(total: float, choices: Choices) -> Choices:
    scale = total / sum(p for p, _ in choices)
    return [(p * scale, right) for p, right in choices]


def _nouns(words: str) -> list[tuple[float, str, str, str]]:
    """Return probability, tagged word, lemma and number of each noun in both numbers."""
    nouns = []
    for p, entry in _ranked(1, words):
        lemma, _, plural = entry.partition(":")
        nouns.append((0.5 * p, f"{lemma}/NN", lemma, "one"))
        nouns.append((0.5 * p, f"{plural or _with_s(lemma)}/NNS", lemma, "many"))
    return nouns


def _verb(verb: str, number: str) -> str:
    return f"{_with_s(verb)}/VBZ" if number == "one" else f"{verb}/VBP"


def _with_s(word: str) -> str:
    """Add the s of plural nouns and of verbs in the third person."""
    if word.endswith(("s", "x", "z", "ch", "sh")):
        return word + "es"
    if word.endswith("y") and word[-2] not in "aeiou":
        return word[:-1] + "ies"
    return word + "s"
