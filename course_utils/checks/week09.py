"""The questions of week 9: masks, tags and spans, pooling, decoding, and an interval.

The oracles go through one sentence, one word or one candidate at a time where the exercise asks for
whole arrays, and the other way round; the gradient is found by a complex step, which knows no
softmax. The tests hold them against torch, scikit-learn's definitions by hand, and enumeration.

The misconceptions of a function share one way of computing it, with one part changed each time.
"""

from __future__ import annotations

import itertools
from collections import Counter
from fractions import Fraction
from functools import partial
from types import SimpleNamespace

import numpy as np

from course_utils.checks import Question

TINY = 1e-30  # the complex step


# pad


def pad(sentences, filler):
    """Turn rows into columns, with the filler where a sentence has ended."""
    ids = list(itertools.zip_longest(*sentences, fillvalue=filler))
    mask = list(itertools.zip_longest(*([True] * len(s) for s in sentences), fillvalue=False))
    return np.array(ids), np.array(mask)


def _changed_ids(change):
    """Return an answer whose mask fits, and whose sentences and filler are changed first."""
    return lambda sentences, filler: pad(*change(sentences, filler))


def _in_front(sentences, filler):
    """Pad the reversed sentences, and turn time round."""
    return tuple(a[::-1] for a in pad([s[::-1] for s in sentences], filler))


def _cut(length):
    def answer(sentences, filler):
        T = length(len(s) for s in sentences)
        return tuple(a[:T] for a in pad(sentences, filler))

    return answer


def _repeat_last(sentences, filler):
    ids, mask = pad(sentences, filler)
    last = np.array([s[-1] for s in sentences])
    return np.where(mask, ids, last), mask


def _round_again(sentences, filler):
    T = max(map(len, sentences))
    ids = [[s[t % len(s)] for s in sentences] for t in range(T)]
    return np.array(ids), pad(sentences, filler)[1]


def _one_row_more(sentences, filler):
    ids, mask = pad(sentences, filler)
    return np.vstack([ids, np.full_like(ids[:1], filler)]), np.vstack([mask, ~mask[:1]])


def _mask_from_ids(sentences, filler):
    ids, _ = pad(sentences, filler)
    return ids, ids != filler


def _mask_from_zeros(sentences, filler):
    ids, _ = pad(sentences, filler)
    return ids, ids != 0


def _other_mask(change):
    def answer(sentences, filler):
        ids, mask = pad(sentences, filler)
        return ids, change(mask, sentences)

    return answer


_PAD_MISTAKES = [
    (
        "the sentences lie in rows; here time comes first, a sentence is a column: (T, B)",
        lambda sentences, filler: tuple(a.T for a in pad(sentences, filler)),
    ),
    (
        "the rows of (B, T) are read on as if they were (T, B): reshape does not transpose",
        lambda sentences, filler: tuple(a.T.reshape(a.shape) for a in pad(sentences, filler)),
    ),
    (
        "the padding stands in front of the sentences; it comes after them",
        _in_front,
    ),
    (
        "the sentences are turned round with their padding, which so comes to the front",
        lambda sentences, filler: tuple(a[::-1] for a in pad(sentences, filler)),
    ),
    (
        "the sentences are turned round; their first word comes first",
        _changed_ids(lambda sentences, filler: ([s[::-1] for s in sentences], filler)),
    ),
    (
        "the mask is read off the ids: a word may have the filler's id as well; use the lengths",
        _mask_from_ids,
    ),
    (
        "the mask is read off the ids: 0 is a word like any other; use the lengths",
        _mask_from_zeros,
    ),
    (
        "the mask is turned round: True stands where there is a word",
        _other_mask(lambda mask, sentences: ~mask),
    ),
    (
        "the mask is True everywhere, also at the padding",
        _other_mask(lambda mask, sentences: np.ones_like(mask)),
    ),
    (
        "the mask stops one word too early",
        _other_mask(lambda mask, sentences: np.vstack([mask[1:], np.zeros_like(mask[:1])])),
    ),
    (
        "the mask goes one word too far",
        _other_mask(lambda mask, sentences: np.vstack([np.ones_like(mask[:1]), mask[:-1]])),
    ),
    (
        "these are the lengths; the mask has an entry for every place, (T, B)",
        _other_mask(lambda mask, sentences: np.array([len(s) for s in sentences])),
    ),
    (
        "all sentences are cut to the shortest; T is the length of the longest",
        _cut(min),
    ),
    (
        "T is the length of the first sentence; it is that of the longest",
        _cut(next),
    ),
    (
        "T is the length of the last sentence; it is that of the longest",
        _cut(lambda lengths: list(lengths)[-1]),
    ),
    (
        "there is a row too much; T is the length of the longest sentence",
        _one_row_more,
    ),
    (
        "the padding is 0 whatever the filler is",
        _changed_ids(lambda sentences, filler: (sentences, 0)),
    ),
    (
        "the padding is -1 whatever the filler is",
        _changed_ids(lambda sentences, filler: (sentences, -1)),
    ),
    (
        "the last word is repeated where the filler should stand",
        _repeat_last,
    ),
    (
        "the sentence begins anew where the filler should stand",
        _round_again,
    ),
    (
        "the sentences are sorted by length; column b is sentence b",
        _changed_ids(lambda sentences, filler: (sorted(sentences, key=len, reverse=True), filler)),
    ),
    (
        "the sentences are sorted by length; column b is sentence b",
        _changed_ids(lambda sentences, filler: (sorted(sentences, key=len), filler)),
    ),
    (
        "ids and mask have changed places; return the ids, then the mask",
        lambda sentences, filler: pad(sentences, filler)[::-1],
    ),
]


# tag_loss


def _log_probs(logits, axis=2):
    return logits - np.logaddexp.reduce(logits, axis=axis, keepdims=True)


def _of_tags(values, tags):
    """Take one of K values at each place: (T, B, K) and (T, B) give (T, B)."""
    T, B = tags.shape
    return values[np.arange(T)[:, None], np.arange(B), tags]


def tag_loss(logits, tags, mask):
    """Go from word to word, and average what each costs."""
    costs = [
        np.logaddexp.reduce(logits[t, b]) - logits[t, b, tags[t, b]] for t, b in np.argwhere(mask)
    ]
    return float(np.mean(costs))


def _loss(
    logits,
    tags,
    mask,
    costs=lambda m: -_of_tags(_log_probs(m.logits), m.tags),
    average=lambda costs, mask: (costs * mask).sum() / mask.sum(),
):
    """Average the costs as someone does who is mistaken about one of the two."""
    m = SimpleNamespace(logits=logits, tags=tags, mask=mask)
    return float(average(costs(m), mask))


def _sentence_means(costs, mask):
    return ((costs * mask).sum(axis=0) / mask.sum(axis=0)).mean()


def _step_means(costs, mask):
    return ((costs * mask).sum(axis=1) / mask.sum(axis=1)).mean()


_PADDING_IN_MEAN = (
    "the padding costs nothing but counts in the mean; divide by the number of words, mask.sum()"
)
_PADDING_IN_LOSS = "the padding is counted: its tags cost as if they were words; use the mask"
_PADDED_LOGITS = (
    "the mask multiplies the logits: at the padding all are 0, and ln K is paid for nothing; the "
    "mask multiplies what a word costs"
)
_SENTENCES_ALIKE = (
    "every sentence has the same weight, however long; every word has: one mean over all words"
)
_WRONG_AXIS = "the probabilities do not sum to 1 over the tags; the softmax runs over the last axis"
_OVERFLOW = (
    "exp of a large logit is inf; subtract the largest logit of the word first, which changes no "
    "probability"
)

_TAG_LOSS_MISTAKES = [
    (
        _PADDING_IN_MEAN,
        partial(_loss, average=lambda costs, mask: (costs * mask).mean()),
    ),
    (
        _PADDING_IN_LOSS,
        partial(_loss, average=lambda costs, mask: costs.mean()),
    ),
    (
        _PADDING_IN_LOSS,
        partial(_loss, average=lambda costs, mask: costs.sum() / mask.sum()),
    ),
    (
        _PADDED_LOGITS,
        partial(
            _loss,
            costs=lambda m: -_of_tags(_log_probs(m.logits * m.mask[:, :, None]), m.tags),
            average=lambda costs, mask: costs.mean(),
        ),
    ),
    (
        _PADDED_LOGITS,
        partial(
            _loss,
            costs=lambda m: -_of_tags(_log_probs(m.logits * m.mask[:, :, None]), m.tags),
            average=lambda costs, mask: costs.sum() / mask.sum(),
        ),
    ),
    (
        _SENTENCES_ALIKE,
        partial(_loss, average=_sentence_means),
    ),
    (
        "every time step has the same weight, however few sentences reach it; every word has",
        partial(_loss, average=_step_means),
    ),
    (
        "this is the sum over the words; divide by their number",
        partial(_loss, average=lambda costs, mask: costs[mask].sum()),
    ),
    (
        "the sum is divided by the number of sentences; divide by the number of words",
        partial(_loss, average=lambda costs, mask: costs[mask].sum() / mask.shape[1]),
    ),
    (
        "the sum is divided by the number of time steps; divide by the number of words",
        partial(_loss, average=lambda costs, mask: costs[mask].sum() / mask.shape[0]),
    ),
    (
        "the mask is turned round: this is the loss of the padding",
        partial(_loss, average=lambda costs, mask: costs[~mask].sum() / max((~mask).sum(), 1)),
    ),
    (
        "the first sentence alone is counted",
        partial(_loss, average=lambda costs, mask: costs[:, 0][mask[:, 0]].mean()),
    ),
    (
        "only the last word of each sentence is counted; every word has a tag",
        partial(
            _loss,
            average=lambda costs, mask: costs[
                mask.sum(axis=0) - 1, np.arange(mask.shape[1])
            ].mean(),
        ),
    ),
    *(
        (
            _WRONG_AXIS,
            partial(_loss, costs=lambda m, a=axis: -_of_tags(_log_probs(m.logits, a), m.tags)),
        )
        for axis in (0, 1, (0, 1, 2), (0, 2), (1, 2))
    ),
    (
        _OVERFLOW,
        partial(
            _loss,
            costs=lambda m: np.log(np.exp(m.logits).sum(axis=2)) - _of_tags(m.logits, m.tags),
        ),
    ),
    (
        _OVERFLOW,
        partial(
            _loss,
            costs=lambda m: (
                -np.log(
                    _of_tags(np.exp(m.logits) / np.exp(m.logits).sum(axis=2, keepdims=True), m.tags)
                )
            ),
        ),
    ),
    (
        "the sign is wrong; a loss is positive, minus the logarithm of a probability",
        lambda *given: -tag_loss(*given),
    ),
    (
        "the softmax is missing: a logit is not the logarithm of a probability",
        partial(_loss, costs=lambda m: -_of_tags(m.logits, m.tags)),
    ),
    (
        "the logarithm is missing: this is minus the mean probability of the right tags",
        partial(_loss, costs=lambda m: -_of_tags(np.exp(_log_probs(m.logits)), m.tags)),
    ),
    (
        "the logarithm is missing: this is 1 minus the mean probability of the right tags",
        partial(_loss, costs=lambda m: 1 - _of_tags(np.exp(_log_probs(m.logits)), m.tags)),
    ),
    (
        "the softmax is taken twice",
        partial(_loss, costs=lambda m: -_of_tags(_log_probs(np.exp(_log_probs(m.logits))), m.tags)),
    ),
    (
        "this is in bits; take the natural logarithm",
        lambda *given: tag_loss(*given) / np.log(2),
    ),
    (
        "this is the perplexity; the loss is its logarithm",
        lambda *given: float(np.exp(tag_loss(*given))),
    ),
    (
        "the best tag's probability is taken; take that of the right tag",
        partial(_loss, costs=lambda m: -_log_probs(m.logits).max(axis=2)),
    ),
    (
        "the mean runs over all tags; a word costs minus the logarithm of its right tag alone",
        partial(_loss, costs=lambda m: -_log_probs(m.logits).mean(axis=2)),
    ),
    (
        "all tags' logarithms are added up; a word costs minus that of its right tag alone",
        partial(_loss, costs=lambda m: -_log_probs(m.logits).sum(axis=2)),
    ),
    (
        "a word meets the tag of the next one; a tagger, other than a language model, has the "
        "word's own tag as its target",
        partial(_loss, costs=lambda m: -_of_tags(_log_probs(m.logits), np.roll(m.tags, -1, 0))),
    ),
]


# tag_loss_gradient


def tag_loss_gradient(logits, tags, mask):
    """Nudge one logit of each word at a time, and see what the word's cost does."""
    nudges = 1j * TINY * np.eye(logits.shape[2])
    moved = (logits - logits.max(axis=2, keepdims=True))[..., None, :] + nudges  # (T, B, K, K)
    costs = np.log(np.exp(moved).sum(axis=-1))  # (T, B, K): the k-th logit nudged
    costs = costs - np.take_along_axis(moved, tags[:, :, None, None], axis=-1)[..., 0]
    return np.where(mask[:, :, None], costs.imag / TINY, 0.0) / np.count_nonzero(mask)


def _probs(logits, axis=2):
    return np.exp(_log_probs(logits, axis))


def _one_hot(m):
    return np.eye(m.logits.shape[2])[m.tags]


def _by_words(m):
    return m.mask / m.mask.sum()


def _gradient(
    logits,
    tags,
    mask,
    errors=lambda m: _probs(m.logits) - _one_hot(m),
    weights=_by_words,
):
    """Weigh the errors as someone does who is mistaken about errors or weights."""
    m = SimpleNamespace(logits=logits, tags=tags, mask=mask)
    return errors(m) * weights(m)[:, :, None]


_GRADIENT_MISTAKES = [
    (
        "the padding gets a gradient; what is not in the loss has none: use the mask",
        partial(_gradient, weights=lambda m: np.ones(m.mask.shape) / m.mask.sum()),
    ),
    (
        "the padding gets a gradient and counts in the mean; use the mask",
        partial(_gradient, weights=lambda m: np.ones(m.mask.shape) / m.mask.size),
    ),
    (
        "the padding counts in the mean; divide by the number of words, mask.sum()",
        partial(_gradient, weights=lambda m: m.mask / m.mask.size),
    ),
    (
        "every sentence has the same weight, however long; every word has 1 / mask.sum()",
        partial(_gradient, weights=lambda m: m.mask / m.mask.sum(axis=0) / m.mask.shape[1]),
    ),
    (
        "each sentence is divided by its own length; divide by the number of all words",
        partial(_gradient, weights=lambda m: m.mask / m.mask.sum(axis=0)),
    ),
    (
        "each time step is divided by the sentences that reach it; divide by the number of words",
        partial(_gradient, weights=lambda m: m.mask / m.mask.sum(axis=1, keepdims=True)),
    ),
    (
        "this is the gradient of the sum; the loss is a mean: divide by the number of words",
        partial(_gradient, weights=lambda m: 1.0 * m.mask),
    ),
    (
        "it is divided by the number of sentences; divide by the number of words",
        partial(_gradient, weights=lambda m: m.mask / m.mask.shape[1]),
    ),
    (
        "it is divided by the number of time steps; divide by the number of words",
        partial(_gradient, weights=lambda m: m.mask / m.mask.shape[0]),
    ),
    (
        "it is divided by the number of tags, too; divide by the number of words alone",
        partial(_gradient, weights=lambda m: _by_words(m) / m.logits.shape[2]),
    ),
    (
        "the mask is turned round: the padding gets the gradient",
        partial(_gradient, weights=lambda m: ~m.mask / m.mask.sum()),
    ),
    (
        "the sign is wrong: probabilities minus one-hot; the update goes against the gradient",
        partial(_gradient, errors=lambda m: _one_hot(m) - _probs(m.logits)),
    ),
    (
        "the one-hot tags are added; they are subtracted from the probabilities",
        partial(_gradient, errors=lambda m: _one_hot(m) + _probs(m.logits)),
    ),
    (
        "these are the probabilities alone; 1 is subtracted at the right tag",
        partial(_gradient, errors=lambda m: _probs(m.logits)),
    ),
    (
        "only the right tag gets a gradient; the others share the denominator of the softmax",
        partial(_gradient, errors=lambda m: (_probs(m.logits) - 1) * _one_hot(m)),
    ),
    (
        "the right tag gets no gradient; it gets its probability minus 1",
        partial(_gradient, errors=lambda m: _probs(m.logits) * (1 - _one_hot(m))),
    ),
    (
        "1 is subtracted everywhere; only the right tag has 1 subtracted",
        partial(_gradient, errors=lambda m: _probs(m.logits) - 1),
    ),
    (
        "the softmax is missing: logits are not probabilities",
        partial(_gradient, errors=lambda m: m.logits - _one_hot(m)),
    ),
    (
        "logarithms of probabilities are taken where probabilities are meant",
        partial(_gradient, errors=lambda m: _log_probs(m.logits) - _one_hot(m)),
    ),
    (
        "the slope p * (1 - p) is there once more; softmax and logarithm together leave p - 1",
        partial(
            _gradient,
            errors=lambda m: (
                (_probs(m.logits) - _one_hot(m)) * _probs(m.logits) * (1 - _probs(m.logits))
            ),
        ),
    ),
    (
        "this is the gradient by the probability, -1/p; go on to the logits",
        partial(_gradient, errors=lambda m: -_one_hot(m) / _probs(m.logits)),
    ),
    (
        "1 is subtracted at the best tag; subtract it at the right one",
        partial(
            _gradient,
            errors=lambda m: _probs(m.logits) - np.eye(m.logits.shape[2])[m.logits.argmax(axis=2)],
        ),
    ),
    *(
        (
            _WRONG_AXIS,
            partial(_gradient, errors=lambda m, a=axis: _probs(m.logits, a) - _one_hot(m)),
        )
        for axis in (0, 1, (0, 1, 2))
    ),
    (
        _OVERFLOW,
        partial(
            _gradient,
            errors=lambda m: (
                np.exp(m.logits) / np.exp(m.logits).sum(axis=2, keepdims=True) - _one_hot(m)
            ),
        ),
    ),
    (
        "the mask multiplies the logits, and the padding still gets a gradient; it multiplies the "
        "errors",
        partial(
            _gradient,
            errors=lambda m: _probs(m.logits * m.mask[:, :, None]) - _one_hot(m),
            weights=lambda m: np.ones(m.mask.shape) / m.mask.sum(),
        ),
    ),
    (
        "the places of the padding are left out; the result has the shape of the logits, with 0 "
        "there",
        lambda logits, tags, mask: tag_loss_gradient(logits, tags, mask)[mask],
    ),
]


# spans


def _kind(tag):
    return tag[2:]


def spans(tags):
    """Give every tag the number of its span, and collect the tags of a number."""
    before = ["O", *tags[:-1]]
    begins = [
        tag != "O" and (tag[0] == "B" or _kind(tag) != _kind(last))
        for tag, last in zip(tags, before, strict=True)
    ]
    numbers = list(itertools.accumulate(begins, initial=0))[1:]
    found = []
    for k in range(1, 1 + sum(begins)):
        inside = [i for i, tag in enumerate(tags) if numbers[i] == k and tag != "O"]
        found.append((_kind(tags[inside[0]]), inside[0], inside[-1] + 1))
    return found


def _read(tags, begins, goes_on, lost_at_end=False):
    """Read spans from left to right, by somebody's idea of what begins and what goes on."""
    found, kind, first = [], None, 0
    for i, tag in enumerate([*tags, "O"]):
        last = tags[i - 1] if i else "O"
        if kind is not None and (i == len(tags) or not goes_on(last, tag, kind)):
            found.append((kind, first, i))
            kind = None
        if i < len(tags) and kind is None and begins(last, tag):
            kind, first = _kind(tag), i
    if lost_at_end and found and found[-1][2] == len(tags):
        found.pop()
    return found


def _is_b(last, tag):
    return tag[0] == "B"


def _is_inside(last, tag):
    return tag != "O"


def _same_kind(last, tag, kind):
    return tag == f"I-{kind}"


def _changed_spans(change):
    return lambda tags: [change(*span) for span in spans(tags)]


def _outside_as(kind, tags):
    found = spans([tag if tag != "O" else "I-?" for tag in tags])
    return [(kind if own == "?" else own, first, end) for own, first, end in found]


_SPANS_MISTAKES = [
    (
        "an I- without a B- before it is left out; by seqeval's default it begins a span",
        partial(_read, begins=_is_b, goes_on=_same_kind),
    ),
    (
        "only B- begins a span, and any I- goes on with it; an I- of another kind begins a new one",
        partial(_read, begins=_is_b, goes_on=lambda last, tag, kind: tag[0] == "I"),
    ),
    (
        "an I- of another kind goes on with the span; it begins a new one",
        partial(_read, begins=_is_inside, goes_on=lambda last, tag, kind: tag[0] == "I"),
    ),
    (
        "an I- of another kind ends the span and is lost; it begins a new one",
        partial(
            _read,
            begins=lambda last, tag: tag[0] == "B" or (tag[0] == "I" and last == "O"),
            goes_on=_same_kind,
        ),
    ),
    (
        "an I- begins a span only at the start of the sentence or after another kind, not after O",
        partial(
            _read,
            begins=lambda last, tag: tag[0] == "B" or (tag != "O" and last != "O"),
            goes_on=_same_kind,
        ),
    ),
    (
        "a B- right after a span of its kind does not begin a new one; it always does",
        partial(_read, begins=_is_inside, goes_on=lambda last, tag, kind: _kind(tag) == kind),
    ),
    (
        "everything between two O is one span; B- begins a new one, so does another kind",
        partial(_read, begins=_is_inside, goes_on=lambda last, tag, kind: tag != "O"),
    ),
    (
        "the span at the end of the sentence is lost; it ends with the last word",
        partial(_read, begins=_is_inside, goes_on=_same_kind, lost_at_end=True),
    ),
    (
        "every word is a span of its own; I- goes on with the span before it",
        partial(_read, begins=_is_inside, goes_on=lambda *_: False),
    ),
    (
        "a span holds its B- word alone; I- goes on with it",
        partial(_read, begins=_is_b, goes_on=lambda *_: False),
    ),
    (
        "the end is the last word of the span; here it is one more, so that words[first:end] is it",
        _changed_spans(lambda kind, first, end: (kind, first, end - 1)),
    ),
    (
        "words are counted from 1; the first is 0",
        _changed_spans(lambda kind, first, end: (kind, first + 1, end + 1)),
    ),
    (
        "words are counted from 1, and the end is the last word; words[first:end] is the span",
        _changed_spans(lambda kind, first, end: (kind, first + 1, end)),
    ),
    (
        "the length stands where the end should; words[first:end] is the span",
        _changed_spans(lambda kind, first, end: (kind, first, end - first)),
    ),
    (
        "the kind still has its B- or I-; it is what follows",
        lambda tags: [(tags[first], first, end) for _, first, end in spans(tags)],
    ),
    (
        "the order is another; a span is (kind, first, end)",
        _changed_spans(lambda kind, first, end: (first, end, kind)),
    ),
    (
        "the kind is missing; a span is (kind, first, end)",
        _changed_spans(lambda kind, first, end: (first, end)),
    ),
    (
        "the spans come out last first",
        lambda tags: spans(tags)[::-1],
    ),
    (
        "only the first span is found",
        lambda tags: spans(tags)[:1],
    ),
    *(
        ("O is no kind; words outside belong to no span", partial(_outside_as, kind))
        for kind in ("", "O")
    ),
    (
        "the words of the spans are missing; a span is (kind, first, end)",
        _changed_spans(lambda kind, first, end: kind),
    ),
]


# span_f1


def span_f1(gold, predicted):
    """Count spans with the number of their sentence, and take the harmonic mean as a fraction."""
    counts = [
        Counter((i, span) for i, tags in enumerate(side) for span in spans(tags))
        for side in (gold, predicted)
    ]
    right = (counts[0] & counts[1]).total()
    if right == 0:
        return 0.0
    recall, precision = (Fraction(right, count.total()) for count in counts)
    return float(2 / (1 / recall + 1 / precision))


def _numbered(side, read=spans, key=lambda i, span: (i, span)):
    return Counter(key(i, span) for i, tags in enumerate(side) for span in read(tags))


def _score(right, wanted, found):
    return 2 * right / (wanted + found) if right else 0.0


def _f1(gold, predicted, score=_score, **changed):
    """Compare two sets of spans as someone does who is mistaken about them or about the score."""
    wanted, found = _numbered(gold, **changed), _numbered(predicted, **changed)
    return float(score((wanted & found).total(), wanted.total(), found.total()))


def _over_sentences(gold, predicted):
    return float(np.mean([span_f1([g], [p]) for g, p in zip(gold, predicted, strict=True)]))


def _over_kinds(gold, predicted):
    kinds = {span[0] for tags in gold for span in spans(tags)}

    def only(side, kind):
        return [[tag if _kind(tag) == kind else "O" for tag in tags] for tags in side]

    return float(np.mean([span_f1(only(gold, k), only(predicted, k)) for k in kinds] or [0.0]))


def _flat(side):
    return [tag for tags in side for tag in tags]


def _word_accuracy(gold, predicted):
    return float(np.mean([g == p for g, p in zip(_flat(gold), _flat(predicted), strict=True)]))


def _word_f1(gold, predicted, same=lambda g, p: g == p):
    pairs = list(zip(_flat(gold), _flat(predicted), strict=True))
    right = sum(g != "O" and p != "O" and same(g, p) for g, p in pairs)
    return float(_score(right, sum(g != "O" for g, _ in pairs), sum(p != "O" for _, p in pairs)))


def _overlapping(gold, predicted):
    right = wanted = found = 0
    for g, p in zip(map(spans, gold), map(spans, predicted), strict=True):
        right += sum(any(a[0] == b[0] and a[1] < b[2] and b[1] < a[2] for b in p) for a in g)
        wanted, found = wanted + len(g), found + len(p)
    return float(min(_score(right, wanted, found), 1.0))


_SPAN_F1_MISTAKES = [
    (
        "spans of different sentences are taken for the same: compare sentence by sentence, or "
        "give each span the number of its sentence",
        partial(_f1, key=lambda i, span: span),
    ),
    (
        "spans of different sentences are taken for the same: compare sentence by sentence, or "
        "give each span the number of its sentence",
        lambda gold, predicted: (lambda g, p: float(_score(len(g & p), len(g), len(p))))(
            *({span for tags in side for span in spans(tags)} for side in (gold, predicted))
        ),
    ),
    (
        "all sentences are read as one long one; a span must not run from one into the next",
        lambda gold, predicted: span_f1([_flat(gold)], [_flat(predicted)]),
    ),
    (
        "this is the mean over the sentences; count the spans of all sentences first",
        _over_sentences,
    ),
    (
        "this is the mean over the kinds; count the spans of all kinds together",
        _over_kinds,
    ),
    (
        "this is the accuracy of the words; a span is right or wrong as a whole",
        _word_accuracy,
    ),
    (
        "this is the F1 of words in spans; a span is right or wrong as a whole",
        _word_f1,
    ),
    (
        "this is the F1 of words in spans; a span is right or wrong as a whole",
        partial(_word_f1, same=lambda g, p: _kind(g) == _kind(p)),
    ),
    (
        "a span that overlaps is counted as right; both ends must be",
        _overlapping,
    ),
    (
        "the kind plays no part; a span with the wrong kind is wrong",
        partial(_f1, key=lambda i, span: (i, span[1:])),
    ),
    (
        "the end plays no part; kind, first word and end must be right",
        partial(_f1, key=lambda i, span: (i, span[:2])),
    ),
    (
        "the start plays no part; kind, first word and end must be right",
        partial(_f1, key=lambda i, span: (i, span[0], span[2])),
    ),
    (
        "this is the precision; F1 is its harmonic mean with the recall",
        partial(_f1, score=lambda right, wanted, found: right / max(found, 1)),
    ),
    (
        "this is the recall; F1 is its harmonic mean with the precision",
        partial(_f1, score=lambda right, wanted, found: right / max(wanted, 1)),
    ),
    (
        "precision and recall are averaged; F1 is their harmonic mean",
        partial(
            _f1,
            score=lambda right, wanted, found: (right / max(wanted, 1) + right / max(found, 1)) / 2,
        ),
    ),
    (
        "precision and recall are multiplied; F1 is their harmonic mean",
        partial(
            _f1, score=lambda right, wanted, found: right / max(wanted, 1) * right / max(found, 1)
        ),
    ),
    (
        "the geometric mean is taken; F1 is the harmonic mean of precision and recall",
        partial(_f1, score=lambda right, wanted, found: right / max(np.sqrt(wanted * found), 1)),
    ),
    (
        "the factor 2 is missing",
        partial(_f1, score=lambda right, wanted, found: _score(right, wanted, found) / 2),
    ),
    (
        "the spans right are divided by all there are on either side; F1 counts them twice",
        partial(_f1, score=lambda right, wanted, found: right / max(wanted + found - right, 1)),
    ),
    (
        "it is 1 where there is nothing to find and nothing is found; seqeval says 0.0 there",
        partial(
            _f1,
            score=lambda right, wanted, found: (
                2 * right / (wanted + found) if wanted + found else 1.0
            ),
        ),
    ),
    (
        "it divides by 0 where no span is right; the answer is 0.0 there",
        partial(
            _f1,
            score=lambda right, wanted, found: (
                Fraction(2) / (Fraction(wanted, right) + Fraction(found, right))
            ),
        ),
    ),
    (
        "this is a number of spans; divide by how many there are",
        partial(_f1, score=lambda right, wanted, found: right),
    ),
    (
        "only the first sentence is counted",
        lambda gold, predicted: span_f1(gold[:1], predicted[:1]),
    ),
    (
        "this is the share of sentences whose spans are all right",
        lambda gold, predicted: float(
            np.mean([spans(g) == spans(p) for g, p in zip(gold, predicted, strict=True)])
        ),
    ),
    *(
        ("the spans are wrong already; check spans first: " + sentence, partial(_f1, read=read))
        for sentence, read in _SPANS_MISTAKES[:8]
    ),
]


# last_states


def last_states(forward, backward, lengths):
    """Cut each sentence to its length: the last state there, the first of the way back."""
    rows = []
    for b, n in enumerate(lengths):
        there, back = forward[:n, b], backward[:n, b]
        rows.append(np.concatenate([there[-1], back[0]]))
    return np.array(rows)


def _ends(
    forward,
    backward,
    lengths,
    there=lambda states, n: states[n - 1],
    back=lambda states, n: states[0],
    join=lambda a, b: np.concatenate([a, b]),
):
    rows = []
    for b, n in enumerate(lengths):
        rows.append(join(there(forward[:, b], n), back(backward[:, b], n)))
    return np.array(rows)


_LAST_MISTAKES = [
    (
        "the forward state is taken at the padding, the last row of the batch; a sentence ends at "
        "lengths - 1",
        partial(_ends, there=lambda states, n: states[-1]),
    ),
    (
        "both states are taken at the last row of the batch, the padding; forward ends at "
        "lengths - 1, backward at 0",
        partial(_ends, there=lambda states, n: states[-1], back=lambda states, n: states[-1]),
    ),
    (
        "the backward state is taken at the padding; it has read the sentence when it is at word 0",
        partial(_ends, back=lambda states, n: states[-1]),
    ),
    (
        "the backward state is taken at the last word, where it has read nothing else; it ends at "
        "word 0",
        partial(_ends, back=lambda states, n: states[n - 1]),
    ),
    (
        "the forward state is taken one too late, at lengths; words are counted from 0",
        partial(_ends, there=lambda states, n: states[min(n, len(states) - 1)]),
    ),
    (
        "the forward state is taken one too late, at lengths; words are counted from 0",
        partial(_ends, there=lambda states, n: states[n]),
    ),
    (
        "the forward state is taken one word too early; the last is at lengths - 1",
        partial(_ends, there=lambda states, n: states[n - 2]),
    ),
    (
        "the forward state is taken at word 0, where it has read one word",
        partial(_ends, there=lambda states, n: states[0]),
    ),
    (
        "the two directions are swapped: forward ends at lengths - 1, backward at 0",
        partial(_ends, there=lambda states, n: states[0], back=lambda states, n: states[n - 1]),
    ),
    (
        "the backward states stand first; return forward, then backward",
        partial(_ends, join=lambda a, b: np.concatenate([b, a])),
    ),
    (
        "all sentences end where the shortest does; each has its own length",
        lambda f, b, lengths: _ends(f, b, np.full_like(lengths, lengths.min())),
    ),
    (
        "all sentences end where the first does; each has its own length",
        lambda f, b, lengths: _ends(f, b, np.full_like(lengths, lengths[0])),
    ),
    (
        "forward and backward are added; put them side by side, (B, 2H)",
        partial(_ends, join=lambda a, b: a + b),
    ),
    (
        "forward and backward are averaged; put them side by side, (B, 2H)",
        partial(_ends, join=lambda a, b: (a + b) / 2),
    ),
    (
        "forward and backward lie one below the other; put them side by side, (B, 2H)",
        lambda *given: np.concatenate(np.split(last_states(*given), 2, axis=1)),
    ),
    (
        "the numbers of forward and backward alternate; put them side by side",
        partial(_ends, join=lambda a, b: np.stack([a, b], axis=1).ravel()),
    ),
    (
        "only the forward states are returned",
        partial(_ends, join=lambda a, b: a),
    ),
    (
        "every sentence is taken at every length, (B, B, ...); pair them: "
        "forward[lengths - 1, np.arange(B)]",
        lambda f, b, lengths: np.concatenate(
            [f[lengths - 1], np.broadcast_to(b[0], f[lengths - 1].shape)], axis=-1
        ),
    ),
    (
        "the means of the states are taken; the last state of each direction is asked for",
        partial(_ends, there=lambda s, n: s[:n].mean(axis=0), back=lambda s, n: s[:n].mean(axis=0)),
    ),
    (
        "forward and backward have changed places",
        lambda f, b, lengths: _ends(b, f, lengths),
    ),
    (
        "the first sentence's lengths and states alone are there; return a row a sentence",
        lambda *given: last_states(*given)[0],
    ),
]


# mean_pool


def mean_pool(states, mask):
    """Average each sentence on its own."""
    return np.array([states[:, b][mask[:, b]].mean(axis=0) for b in range(mask.shape[1])])


def _mean(states, mask, total=lambda s, m: (s * m).sum(axis=0), number=lambda m: m.sum(axis=0)):
    m = mask[:, :, None]
    return total(states, m) / number(m)


_MEAN_MISTAKES = [
    (
        "the mean runs over the padding as well; use the mask",
        lambda states, mask: states.mean(axis=0),
    ),
    (
        "the padding adds nothing but counts in the mean; divide by the sentence's own length",
        lambda states, mask: (states * mask[:, :, None]).mean(axis=0),
    ),
    (
        "the padding is added up as well; only the division knows the lengths",
        partial(_mean, total=lambda s, m: s.sum(axis=0)),
    ),
    (
        "this is the sum; divide by the sentence's own length",
        partial(_mean, number=lambda m: 1),
    ),
    (
        "it is divided by the number of all words; divide by the sentence's own length",
        partial(_mean, number=lambda m: m.sum()),
    ),
    (
        "it is divided by the number of sentences; divide by the sentence's own length",
        partial(_mean, number=lambda m: m.shape[1]),
    ),
    (
        "all words of the batch are averaged; each sentence has its own mean",
        lambda states, mask: np.tile(states[mask].mean(axis=0), (mask.shape[1], 1)),
    ),
    (
        "all words of the batch are averaged; each sentence has its own mean, (B, H)",
        lambda states, mask: states[mask].mean(axis=0),
    ),
    (
        "the mean runs over the sentences of a time step; it runs over time, axis 0",
        lambda states, mask: (states * mask[:, :, None]).sum(axis=1) / mask.sum(axis=1)[:, None],
    ),
    (
        "the mean runs over the units; it runs over time, axis 0",
        lambda states, mask: states.mean(axis=2).T,
    ),
    (
        "the mask is turned round: the padding is averaged",
        lambda states, mask: _mean(states, ~mask, number=lambda m: np.maximum(m.sum(axis=0), 1)),
    ),
    (
        "the lengths of all sentences are averaged; divide each by its own",
        partial(_mean, number=lambda m: m.sum(axis=0).mean()),
    ),
    (
        "it is divided by the length of the first sentence; divide each by its own",
        partial(_mean, number=lambda m: m.sum(axis=0)[0]),
    ),
    (
        "it is divided by the root of the length; divide by the length",
        partial(_mean, number=lambda m: np.sqrt(m.sum(axis=0))),
    ),
    (
        "one is added to the length",
        partial(_mean, number=lambda m: m.sum(axis=0) + 1),
    ),
    (
        "the last word is left out",
        lambda states, mask: _mean(
            states,
            mask & np.vstack([mask[1:], 0 * mask[:1]]).astype(bool),
            number=lambda m: np.maximum(m.sum(axis=0), 1),
        ),
    ),
    (
        "this is the maximum; the mean is asked for",
        lambda states, mask: np.where(mask[:, :, None], states, -np.inf).max(axis=0),
    ),
    (
        "this is the last state; the mean is asked for",
        lambda states, mask: states[mask.sum(axis=0) - 1, np.arange(mask.shape[1])],
    ),
    (
        "only first and last state are averaged",
        lambda states, mask: (
            (states[0] + states[mask.sum(axis=0) - 1, np.arange(mask.shape[1])]) / 2
        ),
    ),
    (
        "the batch is cut to its shortest sentence; each keeps all its words",
        lambda states, mask: states[: mask.sum(axis=0).min()].mean(axis=0),
    ),
    (
        "the result is transposed; return a row a sentence, (B, H)",
        lambda states, mask: mean_pool(states, mask).T,
    ),
]


# max_pool


def max_pool(states, mask):
    """Sort the states of each sentence, unit by unit, and look who came last."""
    values, places = [], []
    for b in range(states.shape[1]):
        own = states[mask[:, b], b]  # (its length, H)
        order = np.argsort(own, axis=0)
        places.append(order[-1])
        values.append(np.sort(own, axis=0)[-1])
    return np.array(values), np.array(places)


def _max(states, mask, seen=lambda s, m: np.where(m, s, -np.inf), at=None, give=None):
    """Look for the largest in what somebody sees."""
    seen = seen(states, mask[:, :, None])
    places = seen.argmax(axis=0) if at is None else at(seen)
    values = np.take_along_axis(seen, places[None], axis=0)[0]
    return (values, places) if give is None else give(values, places, states, mask)


def _one_word(measure):
    """Return an answer that lets one word of a sentence speak for all units."""

    def answer(states, mask):
        size = np.where(mask, measure(states), -np.inf)
        places = np.repeat(size.argmax(axis=0)[:, None], states.shape[2], axis=1)
        return np.take_along_axis(states, places[None], axis=0)[0], places

    return answer


_ZEROS_WIN = (
    "the mask multiplies the states: at the padding stands 0, and it beats every negative number; "
    "put -inf there"
)

_MAX_MISTAKES = [
    (
        "the maximum is taken over the padding as well; use the mask",
        partial(_max, seen=lambda s, m: s),
    ),
    (
        _ZEROS_WIN,
        partial(_max, seen=lambda s, m: s * m),
    ),
    (
        _ZEROS_WIN,
        partial(
            _max,
            seen=lambda s, m: s * m,
            give=lambda v, p, s, m: (v, max_pool(s, m)[1]),
        ),
    ),
    (
        _ZEROS_WIN,
        partial(
            _max,
            give=lambda v, p, s, m: (np.where(m.all(axis=0)[:, None], v, np.maximum(v, 0.0)), p),
        ),
    ),
    (
        "at the padding stands -1, and it beats what is smaller; put -inf there",
        partial(_max, seen=lambda s, m: np.where(m, s, -1.0)),
    ),
    (
        "the value is right, but the place is searched in the padding as well",
        partial(_max, give=lambda v, p, s, m: (v, s.argmax(axis=0))),
    ),
    (
        "the place is right, but the value is searched in the padding as well",
        partial(_max, give=lambda v, p, s, m: (s.max(axis=0), p)),
    ),
    (
        "the largest absolute value wins; the largest value should",
        partial(
            _max,
            at=lambda seen: np.where(np.isfinite(seen), np.abs(seen), -1.0).argmax(axis=0),
        ),
    ),
    (
        "the largest absolute value is returned; the largest value is asked for",
        lambda states, mask: max_pool(np.abs(states), mask),
    ),
    (
        "this is the minimum",
        partial(
            _max, seen=lambda s, m: np.where(m, s, np.inf), at=lambda seen: seen.argmin(axis=0)
        ),
    ),
    (
        "one word speaks for all units; each unit has a maximum of its own",
        _one_word(lambda states: states.sum(axis=2)),
    ),
    (
        "one word speaks for all units; each unit has a maximum of its own",
        _one_word(lambda states: states.max(axis=2)),
    ),
    (
        "one word speaks for all units; each unit has a maximum of its own",
        _one_word(lambda states: np.linalg.norm(states, axis=2)),
    ),
    (
        "the maximum is taken over the sentences; it is taken over time, axis 0",
        lambda states, mask: (lambda held: (held.max(axis=1), held.argmax(axis=1)))(
            np.where(mask[:, :, None], states, -np.inf)
        ),
    ),
    (
        "the maximum is taken over the units; it is taken over time, axis 0",
        lambda states, mask: (states.max(axis=2).T, states.argmax(axis=2).T),
    ),
    (
        "the maximum of the batch is returned; each sentence has its own",
        lambda states, mask: (
            np.tile(
                np.where(mask[:, :, None], states, -np.inf).max(axis=(0, 1)), (mask.shape[1], 1)
            ),
            max_pool(states, mask)[1],
        ),
    ),
    (
        "places are counted from 1; the first word is 0",
        partial(_max, give=lambda v, p, s, m: (v, p + 1)),
    ),
    (
        "places are counted from the end; the first word is 0",
        partial(_max, give=lambda v, p, s, m: (v, m.sum(axis=0)[:, None] - 1 - p)),
    ),
    (
        "the places count in the flattened array; say the time step",
        partial(
            _max, give=lambda v, p, s, m: (v, p * s[0].size + np.arange(s[0].size).reshape(p.shape))
        ),
    ),
    (
        "these are the largest values twice; return the values and their time steps",
        partial(_max, give=lambda v, p, s, m: (v, v)),
    ),
    (
        "values and places have changed places; return the values first",
        partial(_max, give=lambda v, p, s, m: (p, v)),
    ),
    (
        "the places are missing; return the values and their time steps",
        partial(_max, give=lambda v, p, s, m: v),
    ),
    (
        "these are the last states; the maximum is asked for",
        lambda states, mask: (
            states[mask.sum(axis=0) - 1, np.arange(mask.shape[1])],
            np.repeat(mask.sum(axis=0)[:, None] - 1, states.shape[2], axis=1),
        ),
    ),
    (
        "these are the means; the maximum is asked for",
        lambda states, mask: (mean_pool(states, mask), max_pool(states, mask)[1]),
    ),
    (
        "the mask is turned round: the maximum is taken over the padding alone",
        partial(_max, seen=lambda s, m: np.where(m, -np.inf, s)),
    ),
    (
        "the batch is cut to its shortest sentence; each keeps all its words",
        lambda states, mask: (lambda short: (short.max(axis=0), short.argmax(axis=0)))(
            states[: mask.sum(axis=0).min()]
        ),
    ),
]


# decoder_inputs


def decoder_inputs(targets, outputs, forced, start):
    """Go from place to place."""
    inputs = np.full(targets.shape, start)
    for t, b in np.ndindex(*targets.shape):
        if t > 0:
            inputs[t, b] = (targets if forced[t, b] else outputs)[t - 1, b]
    return inputs


def _fed(
    targets,
    outputs,
    forced,
    start,
    choose=lambda m: np.where(m.forced, m.targets, m.outputs),
    shift=lambda a: np.vstack([a[:1], a[:-1]]),
    first=lambda m: m.start,
):
    """Shift targets and outputs, choose, and put the start in front: one of them mistaken."""
    m = SimpleNamespace(targets=shift(targets), outputs=shift(outputs), forced=forced, start=start)
    inputs = np.array(choose(m))
    inputs[0] = first(m)
    return inputs


_FED_MISTAKES = [
    (
        "the inputs are not shifted: at step t the decoder would see what it is to say; it sees "
        "step t - 1",
        partial(
            _fed, shift=lambda a: a, first=lambda m: np.where(m.forced, m.targets, m.outputs)[0]
        ),
    ),
    (
        "the inputs are not shifted: the start only covers the first; step t sees step t - 1",
        partial(_fed, shift=lambda a: a),
    ),
    (
        "the inputs are shifted to the left: step t sees what comes after it",
        partial(_fed, shift=lambda a: np.vstack([a[1:], a[-1:]])),
    ),
    (
        "the inputs are shifted to the left: step t sees what comes after it, the last the start",
        lambda targets, outputs, forced, start: np.vstack(
            [np.where(forced, targets, outputs)[1:], np.full_like(targets[:1], start)]
        ),
    ),
    (
        "the inputs are turned round in a ring: the first step sees the last symbol, not the start",
        lambda targets, outputs, forced, start: np.where(
            forced, np.roll(targets, 1, axis=0), np.roll(outputs, 1, axis=0)
        ),
    ),
    (
        "the inputs are shifted from sentence to sentence; they go on in time, axis 0",
        lambda targets, outputs, forced, start: np.where(
            forced,
            *(np.hstack([np.full_like(a[:, :1], start), a[:, :-1]]) for a in (targets, outputs)),
        ),
    ),
    (
        "targets are shifted, the decoder's own outputs are not; both come from step t - 1",
        lambda targets, outputs, forced, start: np.vstack(
            [
                np.full_like(targets[:1], start),
                np.where(forced[1:], targets[:-1], outputs[1:]),
            ]
        ),
    ),
    (
        "the decoder's own outputs are shifted, targets are not; both come from step t - 1",
        lambda targets, outputs, forced, start: np.vstack(
            [
                np.full_like(targets[:1], start),
                np.where(forced[1:], targets[1:], outputs[:-1]),
            ]
        ),
    ),
    (
        "forced is turned round: where it is True, the target is fed",
        partial(_fed, choose=lambda m: np.where(m.forced, m.outputs, m.targets)),
    ),
    (
        "forced is read one step too early: forced[t] says what step t is fed",
        partial(
            _fed,
            choose=lambda m: np.where(
                np.vstack([m.forced[:1], m.forced[:-1]]), m.targets, m.outputs
            ),
        ),
    ),
    (
        "forced is read one step too late: forced[t] says what step t is fed",
        partial(
            _fed,
            choose=lambda m: np.where(
                np.vstack([m.forced[1:], m.forced[-1:]]), m.targets, m.outputs
            ),
        ),
    ),
    (
        "the targets are fed everywhere; where forced is False, the decoder hears itself",
        partial(_fed, choose=lambda m: m.targets),
    ),
    (
        "the decoder's own outputs are fed everywhere; where forced is True, it hears the target",
        partial(_fed, choose=lambda m: m.outputs),
    ),
    (
        "one entry of forced decides for a whole sentence; every step has its own",
        partial(_fed, choose=lambda m: np.where(m.forced[1 % len(m.forced)], m.targets, m.outputs)),
    ),
    (
        "one entry of forced decides for a whole sentence; every step has its own",
        partial(_fed, choose=lambda m: np.where(m.forced[0], m.targets, m.outputs)),
    ),
    (
        "one entry of forced decides for a whole time step; every sentence has its own",
        partial(_fed, choose=lambda m: np.where(m.forced[:, :1], m.targets, m.outputs)),
    ),
    (
        "the start is fed where forced is False; there the decoder hears its own output",
        partial(_fed, choose=lambda m: np.where(m.forced, m.targets, m.start)),
    ),
    (
        "the first step sees the start only where it is forced; it always does",
        partial(_fed, first=lambda m: np.where(m.forced[0], m.start, m.outputs[0])),
    ),
    (
        "the first step sees 0 whatever the start is",
        partial(_fed, first=lambda m: 0),
    ),
    (
        "the start is put in front of all; the last target is fed to nobody: T steps, not T + 1",
        lambda targets, outputs, forced, start: np.vstack(
            [np.full_like(targets[:1], start), np.where(forced, targets, outputs)]
        ),
    ),
    (
        "the start is put in front of all; the last target is fed to nobody: T steps, not T + 1",
        lambda targets, outputs, forced, start: np.vstack(
            [
                np.full_like(targets[:1], start),
                np.where(np.vstack([forced[1:], forced[-1:]]), targets, outputs),
            ]
        ),
    ),
    (
        "the start is missing, and so is a step: T steps, not T - 1",
        lambda targets, outputs, forced, start: np.where(forced[1:], targets[:-1], outputs[:-1]),
    ),
    (
        "targets and outputs are added up; one of the two is fed",
        partial(_fed, choose=lambda m: m.targets * m.forced + m.outputs),
    ),
    (
        "where target and output differ, nothing of the two is fed",
        partial(_fed, choose=lambda m: np.where(m.targets == m.outputs, m.targets, m.start)),
    ),
]


# greedy


def greedy(log_probs, start, stop, limit):
    """Say the rest after the best next symbol."""
    best = int(np.argsort(log_probs[start])[-1])
    if best == stop or limit == 0:
        return []
    return [best, *greedy(log_probs, best, stop, limit - 1)]


def _followed(log_probs, start, stop, limit, best=np.argmax, row=lambda p, last, start: p[last]):
    said, last = [], start
    while len(said) < limit:
        last = int(best(row(log_probs, last, start)))
        if last == stop:
            break
        said.append(last)
    return said


def _with_stop(log_probs, start, stop, limit):
    said = greedy(log_probs, start, stop, limit)
    row = log_probs[said[-1] if said else start]
    return [*said, stop] if len(said) < limit or int(row.argmax()) == stop else said


def _counting_the_stop(log_probs, start, stop, limit):
    return _with_stop(log_probs, start, stop, limit)[:limit]


def _never_stops(log_probs, start, stop, limit):
    return _followed(log_probs, start, -1, limit)


def _without(symbol):
    """Return an answer that never says a symbol: ``symbol(start, stop)``."""

    def answer(log_probs, start, stop, limit):
        log_probs = log_probs.copy()
        log_probs[:, symbol(start, stop)] = -np.inf
        return _followed(log_probs, start, stop, limit)

    return answer


def _no_repeats(log_probs, start, stop, limit):
    said, last = [], start
    while len(said) < limit:
        row = log_probs[last].copy()
        row[said] = -np.inf
        last = int(row.argmax())
        if last == stop:
            break
        said.append(last)
    return said


def _scores(log_probs, start, stop, limit):
    symbols = [start, *greedy(log_probs, start, stop, limit)]
    return float(sum(log_probs[a, b] for a, b in itertools.pairwise(symbols)))


_GREEDY_MISTAKES = [
    (
        "`stop` is returned with the rest; it ends the output and is not part of it",
        _with_stop,
    ),
    (
        "`stop` is returned with the rest; it ends the output and is not part of it",
        _counting_the_stop,
    ),
    (
        "`start` is returned with the rest; it is what the first step is fed",
        lambda p, start, stop, limit: [start, *greedy(p, start, stop, limit)],
    ),
    (
        "`start` and `stop` are returned with the rest; they are not part of the output",
        lambda p, start, stop, limit: [start, *_with_stop(p, start, stop, limit)],
    ),
    (
        "it does not end at `stop`, and goes on to the limit",
        _never_stops,
    ),
    (
        "`stop` is left out, but it does not end the output",
        lambda p, start, stop, limit: [s for s in _never_stops(p, start, stop, limit) if s != stop],
    ),
    (
        "`stop` is never chosen, as if it had probability 0",
        _without(lambda start, stop: stop),
    ),
    (
        "the limit plays no part; a decoder that never says `stop` must be cut off",
        lambda p, start, stop, limit: greedy(p, start, stop, 100),
    ),
    (
        "the output may hold one symbol more; `limit` symbols are the most",
        lambda p, start, stop, limit: greedy(p, start, stop, limit + 1),
    ),
    (
        "the output ends one symbol before the limit; `limit` symbols may be there",
        lambda p, start, stop, limit: greedy(p, start, stop, limit - 1),
    ),
    (
        "every step is fed the start; it is fed the symbol said before",
        partial(_followed, row=lambda p, last, start: p[start]),
    ),
    (
        "a column is read where a row is meant: row i holds what may follow i",
        partial(_followed, row=lambda p, last, start: p[:, last]),
    ),
    (
        "the least probable symbol is taken; a logarithm near 0 is a large probability",
        partial(_followed, best=np.argmin),
    ),
    (
        "the second best symbol is taken",
        partial(_followed, best=lambda row: np.argsort(row)[-2]),
    ),
    (
        "a symbol is not said twice; greedy decoding may repeat itself",
        _no_repeats,
    ),
    (
        "only the first symbol is said",
        lambda p, start, stop, limit: greedy(p, start, stop, min(limit, 1)),
    ),
    (
        "the first symbol is left out",
        lambda p, start, stop, limit: greedy(p, start, stop, limit)[1:],
    ),
    (
        "the symbols come out last first",
        lambda p, start, stop, limit: greedy(p, start, stop, limit)[::-1],
    ),
    (
        "this is the log-probability of the output; return its symbols",
        _scores,
    ),
    (
        "the best symbol is looked for over the whole table; look in the row of the last symbol",
        partial(_followed, row=lambda p, last, start: p.max(axis=0)),
    ),
    (
        "the best symbol is looked for over the whole table; look in the row of the last symbol",
        partial(_followed, row=lambda p, last, start: p.sum(axis=0)),
    ),
    (
        "the output ends when the start is said; it ends at `stop`",
        lambda p, start, stop, limit: _followed(p, start, start, limit),
    ),
]


# beam_step


def _grown(prefixes, scores, log_probs, stop):
    """Return all candidates, (score, prefix) each: a finished one as it is."""
    found = []
    for prefix, score, row in zip(prefixes, scores, log_probs, strict=True):
        if prefix and prefix[-1] == stop:
            found.append((float(score), prefix))
        else:
            found += [(float(score + p), [*prefix, symbol]) for symbol, p in enumerate(row)]
    return found


def beam_step(prefixes, scores, log_probs, size, stop):
    """List all candidates, and sort them."""
    best = sorted(_grown(prefixes, scores, log_probs, stop), reverse=True)[:size]
    return [prefix for _, prefix in best], np.array([score for score, _ in best])


def _beam(
    prefixes,
    scores,
    log_probs,
    size,
    stop,
    add=lambda score, p: score + p,
    finished=lambda prefix, score: [(score, prefix)],
    ended=lambda prefix, stop: prefix[-1:] == [stop],
    each=lambda candidates, size: candidates,
    key=lambda candidate: candidate[0],
    best_first=True,
    keep=lambda candidates, size: candidates[:size],
    give=lambda prefixes, scores: (prefixes, scores),
):
    """Take a step of a beam search as someone does who is mistaken about one part."""
    candidates = []
    for prefix, score, row in zip(prefixes, scores, log_probs, strict=True):
        if ended(prefix, stop):
            candidates += finished(prefix, float(score))
        else:
            grown = [(float(add(score, p)), [*prefix, symbol]) for symbol, p in enumerate(row)]
            candidates += each(grown, size)
    if best_first is not None:
        candidates = sorted(candidates, key=key, reverse=best_first)
    candidates = keep(candidates, size)
    return give([prefix for _, prefix in candidates], np.array([score for score, _ in candidates]))


def _no_ends(prefix, stop):
    return False


def _greedy_each(grown, size):
    return [max(grown)]


def _finished_first(prefixes, scores, log_probs, size, stop):
    done = [(float(s), p) for p, s in zip(prefixes, scores, strict=True) if p[-1:] == [stop]]
    others = sorted(
        (c for c in _grown(prefixes, scores, log_probs, stop) if c not in done), reverse=True
    )
    best = (sorted(done, reverse=True) + others)[:size]
    return [prefix for _, prefix in best], np.array([score for score, _ in best])


def _finished_beside(prefixes, scores, log_probs, size, stop):
    done = sorted(
        ((float(s), p) for p, s in zip(prefixes, scores, strict=True) if p[-1:] == [stop]),
        reverse=True,
    )
    others = [c for c in _grown(prefixes, scores, log_probs, stop) if c not in done]
    best = sorted(done + sorted(others, reverse=True)[:size], reverse=True)
    return [prefix for _, prefix in best], np.array([score for score, _ in best])


def _flat_index(divide):
    """Return an answer that reads prefix and symbol off a place in the flattened table."""

    def answer(prefixes, scores, log_probs, size, stop):
        K, V = log_probs.shape
        done = np.array([p[-1:] == [stop] for p in prefixes])
        table = np.where(done[:, None], -np.inf, scores[:, None] + log_probs)
        table[done, 0] = scores[done]
        best = [k for k in table.ravel().argsort()[::-1][:size] if np.isfinite(table.ravel()[k])]
        found = []
        for k in best:
            row, symbol = divide(int(k), K, V)
            prefix = prefixes[row % K]
            found.append(prefix if done[row % K] else [*prefix, symbol])
        return found, table.ravel()[best]

    return answer


def _finished_with_each(prefixes, scores, log_probs, size, stop):
    V = log_probs.shape[1]
    return _beam(
        *(prefixes, scores, log_probs, size, stop),
        finished=lambda prefix, score: [(score, prefix)] * V,
    )


def _stop_not_written(prefixes, scores, log_probs, size, stop):
    found, new = beam_step(prefixes, scores, log_probs, size, stop)
    return [p[:-1] if p[-1] == stop and p not in prefixes else p for p in found], new


def _only_best_prefix(prefixes, scores, log_probs, size, stop):
    k = int(np.argmax(scores))
    return beam_step(prefixes[k : k + 1], scores[k : k + 1], log_probs[k : k + 1], size, stop)


_LENGTH_NORM = (
    "the scores are divided by the length; here they are sums of log-probabilities as they are"
)
_BEAM_MISTAKES = [
    (
        "a finished prefix is extended: after `stop` nothing follows, it stays as it is",
        partial(_beam, ended=_no_ends),
    ),
    (
        "a finished prefix is lost; it stays, with its score, among the candidates",
        partial(_beam, finished=lambda prefix, score: []),
    ),
    (
        "a finished prefix stays whatever the others have; it competes by its score",
        _finished_first,
    ),
    (
        "the finished ones take no place in the beam; `size` are kept in all",
        _finished_beside,
    ),
    (
        "a finished prefix stands among the candidates once for every symbol; it stands there once",
        _finished_with_each,
    ),
    (
        "a finished prefix gets another `stop`",
        lambda prefixes, scores, log_probs, size, stop: (
            lambda found, new: ([[*p, stop] if p in prefixes else p for p in found], new)
        )(*beam_step(prefixes, scores, log_probs, size, stop)),
    ),
    (
        "a finished prefix pays for another `stop`; its score stays as it is",
        lambda prefixes, scores, log_probs, size, stop: beam_step(
            prefixes,
            scores + np.where([p[-1:] == [stop] for p in prefixes], log_probs[:, stop], 0.0),
            log_probs,
            size,
            stop,
        ),
    ),
    (
        "the score of the prefix is forgotten; the log-probability of the symbol is added to it",
        partial(_beam, add=lambda score, p: p),
    ),
    (
        "the log-probability of the symbol is forgotten",
        partial(_beam, add=lambda score, p: score + 0 * p),
    ),
    (
        "scores are multiplied; logarithms of probabilities are added",
        partial(_beam, add=lambda score, p: score * p),
    ),
    (
        "score and log-probability are subtracted; they are added",
        partial(_beam, add=lambda score, p: score - p),
    ),
    (
        "score and log-probability are averaged; they are added",
        partial(_beam, add=lambda score, p: (score + p) / 2),
    ),
    (
        "the symbol enters by its probability; its logarithm is added",
        partial(_beam, add=lambda score, p: score + np.exp(p)),
    ),
    (
        "these are probabilities; keep the sums of logarithms",
        partial(_beam, give=lambda prefixes, scores: (prefixes, np.exp(scores))),
    ),
    (
        "every prefix keeps its best extension alone; all extensions of all prefixes compete",
        partial(_beam, each=_greedy_each),
    ),
    (
        "every prefix keeps as many extensions as the beam is wide; `size` are kept in all",
        partial(
            _beam,
            each=lambda grown, size: sorted(grown, reverse=True)[:size],
            keep=lambda candidates, size: candidates,
        ),
    ),
    (
        "only the best prefix is extended; all are",
        _only_best_prefix,
    ),
    (
        "all candidates are kept; the best `size` are",
        partial(_beam, keep=lambda candidates, size: candidates),
    ),
    (
        "one candidate is kept, as in greedy decoding; the best `size` are",
        partial(_beam, keep=lambda candidates, size: candidates[:1]),
    ),
    (
        "as many are kept as there were prefixes; the best `size` are",
        lambda prefixes, scores, log_probs, size, stop: beam_step(
            prefixes, scores, log_probs, len(prefixes), stop
        ),
    ),
    (
        "the worst are kept; a log-probability near 0 is the better one",
        partial(_beam, best_first=False),
    ),
    (
        "the best come last; the best comes first",
        partial(_beam, give=lambda prefixes, scores: (prefixes[::-1], scores[::-1])),
    ),
    (
        "the candidates are not sorted; the best `size` are kept, the best first",
        partial(_beam, best_first=None),
    ),
    (
        "they are sorted by their symbols; sort by the score",
        partial(_beam, key=lambda candidate: candidate[1]),
    ),
    (
        "the longest come first; sort by the score alone",
        partial(_beam, key=lambda candidate: (len(candidate[1]), candidate[0])),
    ),
    (
        _LENGTH_NORM,
        partial(_beam, key=lambda candidate: candidate[0] / len(candidate[1])),
    ),
    (
        "these are the last symbols; return the whole prefixes, the new symbol at the end",
        partial(_beam, give=lambda prefixes, scores: ([p[-1:] for p in prefixes], scores)),
    ),
    (
        "`stop` is not written; it stands at the end of a prefix, and so says that it is finished",
        _stop_not_written,
    ),
    (
        "the flattened table has a row of V symbols a prefix: divide its index by V",
        _flat_index(lambda k, K, V: (k % V, k // V)),
    ),
    (
        "the flattened table has a row of V symbols a prefix: divide its index by V",
        _flat_index(lambda k, K, V: divmod(k, K)),
    ),
    (
        "prefixes and scores have changed places; return the prefixes first",
        partial(_beam, give=lambda prefixes, scores: (scores, prefixes)),
    ),
    (
        "the scores are missing; return the prefixes and their scores",
        partial(_beam, give=lambda prefixes, scores: prefixes),
    ),
]


# bootstrap_interval


def bootstrap_interval(right, words, picks, level):
    """Count how often each sentence was drawn; sort the shares, and read off two of them."""
    counts = np.array([np.bincount(row, minlength=len(right)) for row in picks])  # (S, N)
    shares = sorted((counts @ right / (counts @ words)).tolist())
    ends = []
    for quantile in ((1 - level) / 2, (1 + level) / 2):
        place = quantile * (len(shares) - 1)
        below = int(place)
        above = min(below + 1, len(shares) - 1)
        ends.append(shares[below] + (place - below) * (shares[above] - shares[below]))
    return ends[0], ends[1]


def _interval(
    right,
    words,
    picks,
    level,
    shares=lambda m: m.right[m.picks].sum(axis=1) / m.words[m.picks].sum(axis=1),
    ends=lambda shares, level: np.quantile(shares, [(1 - level) / 2, (1 + level) / 2]),
):
    m = SimpleNamespace(right=right, words=words, picks=picks)
    low, high = ends(shares(m), level)
    return float(low), float(high)


def _around(width):
    """Return ends that lie as far on both sides of the mean."""
    return lambda shares, level: (shares.mean() - width(shares), shares.mean() + width(shares))


def _members(shares, level):
    """Take two of the shares themselves."""
    shares = np.sort(shares)
    out = int(len(shares) * (1 - level) / 2)
    return shares[out], shares[len(shares) - 1 - out]


_INTERVAL_MISTAKES = [
    (
        "every sentence has the same weight, however long; add up words, then divide",
        partial(_interval, shares=lambda m: (m.right / m.words)[m.picks].mean(axis=1)),
    ),
    (
        "the words are not drawn: each sample is divided by the words of the sentences it drew",
        partial(_interval, shares=lambda m: m.right[m.picks].sum(axis=1) / m.words.sum()),
    ),
    (
        "the words are drawn, what is right is not; draw whole sentences",
        partial(_interval, shares=lambda m: m.right.sum() / m.words[m.picks].sum(axis=1)),
    ),
    (
        "these are words a sample; divide by how many words it has",
        partial(_interval, shares=lambda m: m.right[m.picks].sum(axis=1)),
    ),
    (
        "right words are averaged over the sentences; divide by how many words they have",
        partial(_interval, shares=lambda m: m.right[m.picks].mean(axis=1)),
    ),
    (
        "the samples are taken together; each row of picks is a sample of its own",
        partial(
            _interval,
            shares=lambda m: np.array([m.right[m.picks].sum() / m.words[m.picks].sum()]),
        ),
    ),
    (
        "nothing is drawn: both ends are the share itself",
        partial(_interval, shares=lambda m: np.array([m.right.sum() / m.words.sum()])),
    ),
    (
        "the columns of picks are taken for samples; a row is a sample",
        partial(
            _interval,
            shares=lambda m: m.right[m.picks].sum(axis=0) / m.words[m.picks].sum(axis=0),
        ),
    ),
    (
        "the sentences themselves are sorted; draw samples, and sort their shares",
        partial(_interval, shares=lambda m: m.right / m.words),
    ),
    (
        "only the first sample is used",
        partial(
            _interval,
            shares=lambda m: m.right[m.picks[0]].sum(keepdims=True) / m.words[m.picks[0]].sum(),
        ),
    ),
    (
        "a sentence drawn twice is counted once; it is drawn with replacement, and counts twice",
        partial(
            _interval,
            shares=lambda m: np.array(
                [m.right[np.unique(row)].sum() / m.words[np.unique(row)].sum() for row in m.picks]
            ),
        ),
    ),
    (
        "1 - level is left on each side; it is halved: (1 - level) / 2 below and above",
        partial(_interval, ends=lambda shares, level: np.quantile(shares, [1 - level, level])),
    ),
    (
        "the upper end is the quantile of level; half of 1 - level lies above it",
        partial(
            _interval, ends=lambda shares, level: np.quantile(shares, [(1 - level) / 2, level])
        ),
    ),
    (
        "the interval is 1 - level wide, not level",
        partial(
            _interval, ends=lambda shares, level: np.quantile(shares, [level / 2, 1 - level / 2])
        ),
    ),
    (
        "np.percentile wants percent: 2.5, not 0.025",
        partial(
            _interval,
            ends=lambda shares, level: np.percentile(shares, [(1 - level) / 2, (1 + level) / 2]),
        ),
    ),
    (
        "95 % are taken whatever the level is",
        partial(_interval, ends=lambda shares, level: np.quantile(shares, [0.025, 0.975])),
    ),
    (
        "these are the smallest and the largest share; leave half of 1 - level out on each side",
        partial(_interval, ends=lambda shares, level: (shares.min(), shares.max())),
    ),
    (
        "two of the shares themselves are taken; a quantile mostly lies between two: np.quantile",
        partial(_interval, ends=_members),
    ),
    (
        "a normal curve is assumed; read the ends off the samples",
        partial(_interval, ends=_around(lambda shares: 1.96 * shares.std())),
    ),
    (
        "a normal curve is assumed; read the ends off the samples",
        partial(_interval, ends=_around(lambda shares: 1.96 * shares.std(ddof=1))),
    ),
    (
        "this is one standard deviation around the mean; read the ends off the samples",
        partial(_interval, ends=_around(lambda shares: shares.std())),
    ),
    (
        "the deviation is divided by the root of the number of samples: that would shrink with "
        "more drawing, not with more data",
        partial(_interval, ends=_around(lambda s: 1.96 * s.std() / np.sqrt(len(s)))),
    ),
    (
        "the ends have changed places; return the lower one first",
        partial(
            _interval,
            ends=lambda shares, level: np.quantile(shares, [(1 + level) / 2, (1 - level) / 2]),
        ),
    ),
    (
        "these are percent; return shares between 0 and 1",
        lambda *given: tuple(100 * end for end in bootstrap_interval(*given)),
    ),
    (
        "these are the errors; return the share that is right",
        lambda *given: tuple(1 - end for end in bootstrap_interval(*given)[::-1]),
    ),
    (
        "these are the distances from the share of all sentences; return the ends",
        lambda right, words, *rest: tuple(
            end - right.sum() / words.sum() for end in bootstrap_interval(right, words, *rest)
        ),
    ),
]


# Inputs. They are rounded, so that what a message shows is what the function got.


def _sizes(rng, n, least=2, most=5):
    """Return n different sizes."""
    return [int(k) for k in rng.permutation(np.arange(least, most + 1))[:n]]


def _normal(rng, *shape, scale=1.0):
    return rng.normal(scale=scale, size=shape).round(1) + 0.0  # no -0.0


def _lengths(rng, T, B):
    """Return lengths of which one is T and another is shorter."""
    lengths = rng.integers(1, T + 1, size=B)
    longest, shorter = rng.permutation(B)[:2]
    lengths[longest], lengths[shorter] = T, rng.integers(1, T)
    return lengths


def _mask(T, lengths):
    return np.arange(T)[:, None] < lengths


def _random_sentences(rng):
    T, B = _sizes(rng, 2)
    sentences = [rng.integers(0, 5, size=n).tolist() for n in _lengths(rng, T, B)]
    return sentences, int(rng.integers(0, 5))


def _random_tagging(rng):
    """Return scores of words; now and then all of them are large, which changes no probability."""
    T, B, K = _sizes(rng, 3)
    logits = _normal(rng, T, B, K, scale=2.0) + rng.choice([0.0, 0.0, 0.0, 800.0])
    return logits, rng.integers(0, K, size=(T, B)), _mask(T, _lengths(rng, T, B))


_KINDS = ["PER", "LOC", "ORG"]


def _random_bio(rng, length):
    """Return tags with strays and neighbours of the same kind."""
    tags = []
    for _ in range(length):
        prefix = str(rng.choice(["O", "B", "I", "I"]))
        kinds = [tags[-1][2:]] * 2 + _KINDS[:2] if tags and tags[-1] != "O" else _KINDS
        tags.append(prefix if prefix == "O" else f"{prefix}-{rng.choice(kinds)}")
    return tags


def _random_spans(rng):
    return (_random_bio(rng, int(rng.integers(1, 8))),)


def _random_two_sides(rng):
    """Return gold tags, and others that differ in a few words."""
    gold = [_random_bio(rng, int(rng.integers(1, 6))) for _ in range(rng.integers(1, 5))]
    for before, tags in itertools.pairwise(gold):  # as if a span ran on into the next sentence
        if before[-1] != "O" and rng.random() < 0.5:
            tags[0] = "I" + before[-1][1:]
    if rng.random() < 0.1:  # nothing to find, and nothing found
        return [["O"] * len(tags) for tags in gold], [["O"] * len(tags) for tags in gold]
    predicted = [
        [tag if rng.random() < 0.7 else _random_bio(rng, 1)[0] for tag in tags] for tags in gold
    ]
    return gold, predicted


def _random_last(rng):
    T, B, H = _sizes(rng, 3)
    return _normal(rng, T, B, H), _normal(rng, T, B, H), _lengths(rng, T, B)


def _random_mean(rng):
    T, B, H = _sizes(rng, 3)
    return _normal(rng, T, B, H), _mask(T, _lengths(rng, T, B))


def _random_max(rng):
    """Return states without ties; some units are negative throughout."""
    T, B, H = _sizes(rng, 3)
    numbers = rng.choice(np.arange(-150, 150), size=T * B * H, replace=False) / 100
    shift = rng.choice([-3.0, 0.0, 0.0, 2.0], size=H)
    return (numbers.reshape(T, B, H) + shift).round(2), _mask(T, _lengths(rng, T, B))


def _random_feeding(rng):
    T, B = _sizes(rng, 2)
    targets, outputs = rng.integers(0, 9, size=(2, T, B))
    return targets, outputs, rng.random((T, B)) < 0.5, int(rng.integers(9, 12))


def _log_probabilities(rng, *shape):
    return np.log(rng.dirichlet(np.full(shape[-1], 0.8), size=shape[:-1]) + 0.003).round(2)


def _random_greedy(rng):
    """Return a table whose best symbols are no ties."""
    V = int(rng.integers(3, 7))
    while True:
        table = _log_probabilities(rng, V, V)
        table[:, 0] -= 4.0 * (rng.random(V) < 0.4)  # some outputs end late, or never
        top = np.sort(table, axis=1)
        if (top[:, -1] > top[:, -2]).all():
            break
    order = rng.permutation(V)  # start and stop may be any symbols
    stop, start = (int(k) for k in np.argsort(order)[:2])
    return table[order][:, order], start, stop, int(rng.integers(1, 6))


def _random_beam(rng):
    """Return prefixes of one length, some of them finished before, and no ties."""
    while True:
        K, V = _sizes(rng, 2)
        K = min(K, 3) - int(rng.random() < 0.2)
        stop, length = int(rng.integers(V)), int(rng.integers(1, 4))
        others = [k for k in range(V) if k != stop]
        prefixes = [rng.choice(others, size=length).tolist() for _ in range(K)]
        for prefix in prefixes[: int(rng.integers(K + 1))]:
            prefix[int(rng.integers(length)) :] = [stop]
        scores, log_probs = _log_probabilities(rng, K), _log_probabilities(rng, K, V)
        found = _grown(prefixes, scores, log_probs, stop)
        sums, own = np.sort([score for score, _ in found]), {tuple(p) for p in prefixes}
        if np.diff(sums, prepend=-99).min() > 0.005 and len(own) == K:
            return prefixes, scores, log_probs, int(rng.integers(1, 5)), stop


def _random_picks(rng):
    N, S = _sizes(rng, 2, least=3, most=8)
    words = rng.integers(1, 12, size=N)
    right = rng.integers(0, words + 1)
    picks = rng.integers(0, N, size=(S, N))
    return right, words, picks, float(rng.choice([0.5, 0.8, 0.9, 0.95]))


_LOGITS = np.array([[[2.0, 0.0, -1.0], [0.0, 1.0, 0.0]], [[0.5, 0.5, 1.0], [3.0, -2.0, 0.0]]])
_TAGS = np.array([[0, 1], [2, 1]])
_RAGGED = np.array([[True, True], [True, False]])
_STATES = np.array([[[-0.5, 0.2], [-0.9, -0.3]], [[-0.1, 0.4], [0.8, 0.6]]])
_TABLE = np.log(
    # After the start (0), after 1, after 2, after the stop (3), which nobody asks for.
    [[0.1, 0.5, 0.2, 0.2], [0.1, 0.1, 0.6, 0.2], [0.1, 0.3, 0.2, 0.4], [0.4, 0.3, 0.2, 0.1]]
).round(2)
_SAID, _OWN = np.array([[5, 6], [6, 8], [7, 4]]), np.array([[1, 2], [2, 0], [3, 1]])
_NEXT = np.log([[0.5, 0.3, 0.2], [0.1, 0.2, 0.7]]).round(2)

QUESTIONS = {
    question.name: question
    for question in [
        Question(
            points=1,
            expected=pad,
            examples=(
                ([[4]], 9),
                ([[5, 7], [3]], 0),
                ([[3], [5, 7]], 0),
                ([[2, 0], [0], [1, 1, 2]], 0),
            ),
            random_inputs=_random_sentences,
            mistakes=_PAD_MISTAKES,
            returns=("ids", "mask"),
        ),
        Question(
            points=2,
            expected=tag_loss,
            examples=(
                # Two tags with the same score: ln 2.
                (np.zeros((1, 1, 2)), np.array([[1]]), np.array([[True]])),
                (np.array([[[800.0, 0.0]]]), np.array([[0]]), np.array([[True]])),
                (_LOGITS[:1], _TAGS[:1], _RAGGED[:1]),
                (_LOGITS, _TAGS, _RAGGED),
            ),
            random_inputs=_random_tagging,
            mistakes=_TAG_LOSS_MISTAKES,
        ),
        Question(
            points=3,
            expected=tag_loss_gradient,
            examples=(
                (np.zeros((1, 1, 2)), np.array([[1]]), np.array([[True]])),
                (np.array([[[800.0, 0.0]]]), np.array([[0]]), np.array([[True]])),
                (_LOGITS[:1], _TAGS[:1], _RAGGED[:1]),
                (_LOGITS, _TAGS, _RAGGED),
            ),
            random_inputs=_random_tagging,
            mistakes=_GRADIENT_MISTAKES,
        ),
        Question(
            points=2,
            expected=spans,
            examples=(
                (["O"],),
                (["B-PER"],),
                (["B-PER", "I-PER", "O"],),
                (["O", "I-PER", "O"],),
                (["B-PER", "I-LOC"],),
                (["B-PER", "B-PER", "I-PER"],),
                (["B-PER", "I-PER", "O", "I-LOC", "B-LOC"],),
            ),
            random_inputs=_random_spans,
            mistakes=_SPANS_MISTAKES,
        ),
        Question(
            points=2,
            expected=span_f1,
            examples=(
                ([["B-PER"]], [["B-PER"]]),
                ([["B-PER"]], [["O"]]),
                ([["O"]], [["O"]]),
                ([["B-PER", "I-PER", "O"]], [["B-PER", "O", "O"]]),
                ([["B-PER", "O"], ["B-LOC", "I-LOC"]], [["I-PER", "O"], ["B-LOC", "B-LOC"]]),
                ([["B-PER"], ["O"]], [["O"], ["B-PER"]]),
                ([["B-PER"], ["I-PER"]], [["B-PER"], ["O"]]),
            ),
            random_inputs=_random_two_sides,
            mistakes=_SPAN_F1_MISTAKES,
        ),
        Question(
            points=2,
            expected=last_states,
            examples=(
                (_STATES[:, :1], 10 * _STATES[:, :1], np.array([1])),
                (_STATES[:, :1], 10 * _STATES[:, :1], np.array([2])),
                (_STATES, 10 * _STATES, np.array([1, 2])),
            ),
            random_inputs=_random_last,
            mistakes=_LAST_MISTAKES,
        ),
        Question(
            points=1,
            expected=mean_pool,
            examples=(
                (_STATES[:, :1], _RAGGED[:, :1]),
                (_STATES, _RAGGED),
            ),
            random_inputs=_random_mean,
            mistakes=_MEAN_MISTAKES,
        ),
        Question(
            points=2,
            expected=max_pool,
            examples=(
                (_STATES[:, :1], _RAGGED[:, :1]),
                (_STATES, _RAGGED),
            ),
            random_inputs=_random_max,
            mistakes=_MAX_MISTAKES,
            returns=("pooled", "places"),
        ),
        Question(
            points=2,
            expected=decoder_inputs,
            examples=(
                *(
                    (_SAID[:, :1], _OWN[:, :1], np.array([[False], [second], [third]]), 9)
                    for second in (True, False)
                    for third in (True, False)
                ),
                (_SAID, _OWN, np.array([[True, False], [True, False], [False, True]]), 9),
            ),
            random_inputs=_random_feeding,
            mistakes=_FED_MISTAKES,
        ),
        Question(
            points=2,
            expected=greedy,
            # 0.5 for 1, then 0.6 for 2, then 0.4 for the stop.
            examples=(*((_TABLE, 0, 3, limit) for limit in (1, 2, 3, 9)), (_TABLE, 3, 0, 4)),
            random_inputs=_random_greedy,
            mistakes=_GREEDY_MISTAKES,
        ),
        Question(
            points=3,
            expected=beam_step,
            examples=(
                ([[]], np.array([0.0]), _NEXT[:1], 2, 2),
                ([[0], [1]], np.array([-0.5, -1.0]), _NEXT, 2, 2),
                ([[0], [2]], np.array([-0.9, -1.0]), _NEXT, 2, 2),
                ([[2], [1]], np.array([-2.5, -0.4]), _NEXT, 3, 2),
            ),
            random_inputs=_random_beam,
            mistakes=_BEAM_MISTAKES,
            returns=("prefixes", "scores"),
        ),
        Question(
            points=2,
            expected=bootstrap_interval,
            examples=(
                (np.array([1, 0]), np.array([1, 1]), np.array([[0, 0], [0, 1], [1, 1]]), 0.5),
                (
                    *(np.array([1, 2, 0]), np.array([2, 2, 4])),
                    np.array([[0, 0, 1], [2, 1, 2], [0, 1, 2], [2, 2, 2], [1, 1, 0]]),
                    0.8,
                ),
            ),
            random_inputs=_random_picks,
            mistakes=_INTERVAL_MISTAKES,
        ),
    ]
}
