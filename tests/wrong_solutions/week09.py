"""Wrong solutions of week 9 as students write them."""

import heapq
import math
import re
from itertools import chain, groupby

import numpy as np

from wrong_solutions import new_bank

# `right` is a parameter of this week.
WRONG, RIGHT, wrong, also_right = new_bank()


def softmax(z, axis=-1):
    e = np.exp(z - z.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


# pad


@also_right("pad")
def append_the_filler(sentences, filler):
    T = max(len(s) for s in sentences)
    rows = [list(s) + [filler] * (T - len(s)) for s in sentences]
    mask = [[True] * len(s) + [False] * (T - len(s)) for s in sentences]
    return np.array(rows).T, np.array(mask).T


@also_right("pad")
def mask_by_lengths(sentences, filler):
    lengths = np.array([len(s) for s in sentences])
    mask = np.arange(lengths.max())[:, None] < lengths
    ids = np.full(mask.shape, filler)
    ids.T[mask.T] = np.concatenate(sentences)
    return [ids, mask]


@wrong("pad", "here time comes first")
def batch_first(sentences, filler):
    T = max(map(len, sentences))
    ids = np.full((len(sentences), T), filler)
    mask = np.zeros(ids.shape, dtype=bool)
    for b, sentence in enumerate(sentences):
        ids[b, : len(sentence)] = sentence
        mask[b, : len(sentence)] = True
    return ids, mask


@wrong("pad", "reshape does not transpose")
def reshaped(sentences, filler):
    ids, mask = batch_first(sentences, filler)
    return ids.reshape(-1, len(sentences)), mask.reshape(-1, len(sentences))


@wrong("pad", "the padding stands in front")
def padded_in_front(sentences, filler):
    T = max(map(len, sentences))
    ids = np.full((T, len(sentences)), filler)
    mask = np.zeros(ids.shape, dtype=bool)
    for b, sentence in enumerate(sentences):
        ids[T - len(sentence) :, b] = sentence
        mask[T - len(sentence) :, b] = True
    return ids, mask


@wrong("pad", "turned round with their padding, which so comes to the front")
def reversed_with_padding(sentences, filler):
    ids, mask = append_the_filler(sentences, filler)
    return ids[::-1], mask[::-1]


@wrong("pad", "the sentences are turned round; their first word")
def reversed_words(sentences, filler):
    return append_the_filler([s[::-1] for s in sentences], filler)


@wrong("pad", "the mask is read off the ids: a word may have the filler's id")
def mask_off_the_ids(sentences, filler):
    ids, _ = append_the_filler(sentences, filler)
    return ids, ids != filler


@wrong("pad", "0 is a word like any other")
def mask_of_zeros(sentences, filler):
    ids, _ = append_the_filler(sentences, filler)
    return ids, ids > 0


@wrong("pad", "the mask is turned round")
def mask_of_the_padding(sentences, filler):
    ids, mask = append_the_filler(sentences, filler)
    return ids, ~mask


@wrong("pad", "the mask is True everywhere")
def all_true(sentences, filler):
    ids, _ = append_the_filler(sentences, filler)
    return ids, np.ones(ids.shape, dtype=bool)


@wrong("pad", "the mask stops one word too early")
def mask_without_the_last(sentences, filler):
    ids, _ = append_the_filler(sentences, filler)
    lengths = np.array([len(s) for s in sentences])
    return ids, np.arange(len(ids))[:, None] < lengths - 1


@wrong("pad", "the mask goes one word too far")
def mask_with_equals(sentences, filler):
    ids, _ = append_the_filler(sentences, filler)
    lengths = np.array([len(s) for s in sentences])
    return ids, np.arange(len(ids))[:, None] <= lengths


@wrong("pad", "these are the lengths")
def lengths_for_the_mask(sentences, filler):
    ids, mask = append_the_filler(sentences, filler)
    return ids, mask.sum(axis=0)


@wrong("pad", "an array of float64 where bool is expected")
def mask_of_floats(sentences, filler):
    ids, mask = append_the_filler(sentences, filler)
    return ids, mask.astype(float)


@wrong("pad", "cut to the shortest")
def zipped(sentences, filler):
    ids = np.array(list(zip(*sentences, strict=False)))
    return ids, np.ones(ids.shape, dtype=bool)


@wrong("pad", "the length of the first sentence")
def length_of_the_first(sentences, filler):
    T = len(sentences[0])
    ids, mask = append_the_filler([s[:T] for s in sentences], filler)
    return ids, mask


@wrong("pad", "the padding is 0 whatever the filler is")
def padded_with_zeros(sentences, filler):
    return append_the_filler(sentences, 0)


@wrong("pad", "there is a row too much")
def a_row_more(sentences, filler):
    T = max(map(len, sentences)) + 1
    rows = [list(s) + [filler] * (T - len(s)) for s in sentences]
    lengths = np.array([len(s) for s in sentences])
    return np.array(rows).T, np.arange(T)[:, None] < lengths


@wrong("pad", "the last word is repeated")
def repeats_the_last(sentences, filler):
    T = max(map(len, sentences))
    rows = [list(s) + [s[-1]] * (T - len(s)) for s in sentences]
    return np.array(rows).T, append_the_filler(sentences, filler)[1]


@wrong("pad", "sorted by length")
def sorted_by_length(sentences, filler):
    return append_the_filler(sorted(sentences, key=len, reverse=True), filler)


@wrong("pad", "ids and mask have changed places")
def mask_first(sentences, filler):
    return append_the_filler(sentences, filler)[::-1]


# tag_loss


def word_costs(logits, tags):
    p = softmax(logits)
    return -np.log(np.take_along_axis(p, tags[:, :, None], axis=2)[:, :, 0])


@also_right("tag_loss")
def loss_of_the_words(logits, tags, mask):
    z, y = logits[mask], tags[mask]
    z = z - z.max(axis=1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    return -log_p[np.arange(len(y)), y].mean()


@also_right("tag_loss")
def loss_in_loops(logits, tags, mask):
    total, n = 0.0, 0
    for t in range(len(tags)):
        for b in range(tags.shape[1]):
            if mask[t, b]:
                total -= np.log(softmax(logits[t, b])[tags[t, b]])
                n += 1
    return total / n


@also_right("tag_loss")
def masked_sum(logits, tags, mask):
    return np.sum(word_costs(logits, tags) * mask) / np.count_nonzero(mask)


@wrong("tag_loss", "the padding costs nothing but counts in the mean")
def mean_with_padding(logits, tags, mask):
    return np.mean(word_costs(logits, tags) * mask)


@wrong("tag_loss", "the padding is counted")
def loss_over_padding(logits, tags, mask):
    return word_costs(logits, tags).mean()


@wrong("tag_loss", "the padding is counted")
def padding_above_the_line(logits, tags, mask):
    return word_costs(logits, tags).sum() / mask.sum()


@wrong("tag_loss", "the mask multiplies the logits")
def masked_logits(logits, tags, mask):
    return word_costs(logits * mask[:, :, None], tags).mean()


@wrong("tag_loss", "every sentence has the same weight")
def mean_of_sentence_means(logits, tags, mask):
    costs = word_costs(logits, tags)
    return np.mean([costs[mask[:, b], b].mean() for b in range(tags.shape[1])])


@wrong("tag_loss", "every time step has the same weight")
def mean_of_step_means(logits, tags, mask):
    costs = word_costs(logits, tags)
    return np.mean([costs[t, mask[t]].mean() for t in range(len(tags))])


@wrong("tag_loss", "this is the sum")
def loss_summed(logits, tags, mask):
    return word_costs(logits, tags)[mask].sum()


@wrong("tag_loss", "divided by the number of sentences")
def loss_a_sentence(logits, tags, mask):
    return word_costs(logits, tags)[mask].sum() / tags.shape[1]


@wrong("tag_loss", "divided by the number of time steps")
def loss_a_step(logits, tags, mask):
    return word_costs(logits, tags)[mask].sum() / len(tags)


@wrong("tag_loss", "the mask is turned round")
def loss_of_the_padding(logits, tags, mask):
    padding = ~mask
    return (word_costs(logits, tags) * padding).sum() / max(padding.sum(), 1)


@wrong("tag_loss", "the probabilities do not sum to 1 over the tags")
def softmax_over_time(logits, tags, mask):
    p = softmax(logits, axis=0)
    return -np.log(np.take_along_axis(p, tags[:, :, None], axis=2)[:, :, 0])[mask].mean()


@wrong("tag_loss", "the probabilities do not sum to 1 over the tags")
def softmax_over_sentences(logits, tags, mask):
    p = softmax(logits, axis=1)
    return -np.log(np.take_along_axis(p, tags[:, :, None], axis=2)[:, :, 0])[mask].mean()


@wrong("tag_loss", "the probabilities do not sum to 1 over the tags")
def softmax_over_everything(logits, tags, mask):
    e = np.exp(logits - logits.max())
    p = e / e.sum()
    return -np.log(np.take_along_axis(p, tags[:, :, None], axis=2)[:, :, 0])[mask].mean()


@wrong("tag_loss", "exp of a large logit is inf")
def unstable_softmax(logits, tags, mask):
    p = np.exp(logits) / np.exp(logits).sum(axis=2, keepdims=True)
    return -np.log(np.take_along_axis(p, tags[:, :, None], axis=2)[:, :, 0])[mask].mean()


@wrong("tag_loss", "the sign is wrong")
def log_likelihood(logits, tags, mask):
    return -loss_of_the_words(logits, tags, mask)


@wrong("tag_loss", "the softmax is missing")
def logits_for_logs(logits, tags, mask):
    return -np.take_along_axis(logits, tags[:, :, None], axis=2)[mask].mean()


@wrong("tag_loss", "the logarithm is missing: this is minus")
def probabilities_for_logs(logits, tags, mask):
    return -np.take_along_axis(softmax(logits), tags[:, :, None], axis=2)[mask].mean()


@wrong("tag_loss", "this is in bits")
def loss_in_bits(logits, tags, mask):
    return (word_costs(logits, tags)[mask] / math.log(2)).mean()


@wrong("tag_loss", "this is the perplexity")
def perplexity_of_tags(logits, tags, mask):
    return np.exp(loss_of_the_words(logits, tags, mask))


@wrong("tag_loss", "the best tag's probability is taken")
def own_best_tag(logits, tags, mask):
    return -np.log(softmax(logits).max(axis=2))[mask].mean()


@wrong("tag_loss", "the mean runs over all tags")
def mean_over_tags(logits, tags, mask):
    z = logits - logits.max(axis=2, keepdims=True)
    return (np.log(np.exp(z).sum(axis=2, keepdims=True)) - z)[mask].mean()


@wrong("tag_loss", "a word meets the tag of the next one")
def as_a_language_model(logits, tags, mask):
    return word_costs(logits, np.roll(tags, -1, axis=0))[mask].mean()


# tag_loss_gradient


@also_right("tag_loss_gradient")
def gradient_at_the_words(logits, tags, mask):
    gradient = np.zeros_like(logits)
    z, y = logits[mask], tags[mask]
    p = softmax(z)
    p[np.arange(len(y)), y] -= 1
    gradient[mask] = p / len(y)
    return gradient


@also_right("tag_loss_gradient")
def one_hot_subtracted(logits, tags, mask):
    one_hot = np.arange(logits.shape[2]) == tags[:, :, None]
    return (softmax(logits) - one_hot) * mask[:, :, None] / mask.sum()


def errors(logits, tags):
    return softmax(logits) - np.eye(logits.shape[2])[tags]


@wrong("tag_loss_gradient", "the padding gets a gradient; what is not in the loss has none")
def gradient_at_padding(logits, tags, mask):
    return errors(logits, tags) / mask.sum()


@wrong("tag_loss_gradient", "the padding gets a gradient and counts in the mean")
def gradient_without_mask(logits, tags, mask):
    return errors(logits, tags) / tags.size


@wrong("tag_loss_gradient", "the padding counts in the mean")
def gradient_over_all_places(logits, tags, mask):
    return errors(logits, tags) * mask[:, :, None] / tags.size


@wrong("tag_loss_gradient", "every sentence has the same weight")
def gradient_of_sentence_means(logits, tags, mask):
    lengths = mask.sum(axis=0)
    return errors(logits, tags) * (mask / lengths)[:, :, None] / len(lengths)


@wrong("tag_loss_gradient", "each sentence is divided by its own length")
def gradient_by_own_length(logits, tags, mask):
    return errors(logits, tags) * (mask / mask.sum(axis=0))[:, :, None]


@wrong("tag_loss_gradient", "this is the gradient of the sum")
def gradient_of_the_sum(logits, tags, mask):
    return errors(logits, tags) * mask[:, :, None]


@wrong("tag_loss_gradient", "divided by the number of sentences")
def gradient_a_sentence(logits, tags, mask):
    return errors(logits, tags) * mask[:, :, None] / tags.shape[1]


@wrong("tag_loss_gradient", "divided by the number of time steps")
def gradient_a_step(logits, tags, mask):
    return errors(logits, tags) * mask[:, :, None] / len(tags)


@wrong("tag_loss_gradient", "the mask is turned round")
def gradient_of_the_padding(logits, tags, mask):
    return errors(logits, tags) * ~mask[:, :, None] / mask.sum()


@wrong("tag_loss_gradient", "the sign is wrong")
def target_minus_output(logits, tags, mask):
    return -one_hot_subtracted(logits, tags, mask)


@wrong("tag_loss_gradient", "these are the probabilities alone")
def only_probabilities(logits, tags, mask):
    return softmax(logits) * mask[:, :, None] / mask.sum()


@wrong("tag_loss_gradient", "only the right tag gets a gradient")
def only_the_right_tag(logits, tags, mask):
    one_hot = np.eye(logits.shape[2])[tags]
    return (softmax(logits) - 1) * one_hot * mask[:, :, None] / mask.sum()


@wrong("tag_loss_gradient", "1 is subtracted everywhere")
def one_subtracted_everywhere(logits, tags, mask):
    return (softmax(logits) - 1) * mask[:, :, None] / mask.sum()


@wrong("tag_loss_gradient", "the softmax is missing")
def logits_minus_one_hot(logits, tags, mask):
    return (logits - np.eye(logits.shape[2])[tags]) * mask[:, :, None] / mask.sum()


@wrong("tag_loss_gradient", "the slope p * (1 - p) is there once more")
def slope_once_more(logits, tags, mask):
    p = softmax(logits)
    return errors(logits, tags) * p * (1 - p) * mask[:, :, None] / mask.sum()


@wrong("tag_loss_gradient", "this is the gradient by the probability")
def by_the_probability(logits, tags, mask):
    one_hot = np.eye(logits.shape[2])[tags]
    return -one_hot / softmax(logits) * mask[:, :, None] / mask.sum()


@wrong("tag_loss_gradient", "1 is subtracted at the best tag")
def at_the_best_tag(logits, tags, mask):
    return one_hot_subtracted(logits, logits.argmax(axis=2), mask)


@wrong("tag_loss_gradient", "the probabilities do not sum to 1 over the tags")
def gradient_over_time(logits, tags, mask):
    one_hot = np.eye(logits.shape[2])[tags]
    return (softmax(logits, axis=0) - one_hot) * mask[:, :, None] / mask.sum()


@wrong("tag_loss_gradient", "exp of a large logit is inf")
def unstable_gradient(logits, tags, mask):
    p = np.exp(logits) / np.exp(logits).sum(axis=2, keepdims=True)
    return (p - np.eye(logits.shape[2])[tags]) * mask[:, :, None] / mask.sum()


@wrong("tag_loss_gradient", "the mask multiplies the logits, and the padding still gets")
def gradient_of_masked_logits(logits, tags, mask):
    return errors(logits * mask[:, :, None], tags) / mask.sum()


@wrong("tag_loss_gradient", "the places of the padding are left out")
def only_the_words(logits, tags, mask):
    return errors(logits, tags)[mask] / mask.sum()


@wrong("tag_loss_gradient", "it changes its argument `logits`")
def softmax_in_place(logits, tags, mask):
    logits -= logits.max(axis=2, keepdims=True)
    return one_hot_subtracted(logits, tags, mask)


# spans


@also_right("spans")
def spans_with_an_open_one(tags):
    found = []
    for i, tag in enumerate(tags):
        if tag == "O":
            continue
        kind = tag[2:]
        if tag[0] == "I" and i and tags[i - 1][2:] == kind:
            found[-1][2] = i + 1
        else:
            found.append([kind, i, i + 1])
    return [tuple(span) for span in found]


@also_right("spans")
def spans_by_looking_ahead(tags):
    found, i = [], 0
    while i < len(tags):
        end = i + 1
        if tags[i] != "O":
            kind = tags[i].split("-")[1]
            while end < len(tags) and tags[end] == "I-" + kind:
                end += 1
            found.append((kind, i, end))
        i = end
    return found


@wrong("spans", "an I- without a B- before it is left out")
def strict_spans(tags):
    found, i = [], 0
    while i < len(tags):
        end = i + 1
        if tags[i].startswith("B-"):
            while end < len(tags) and tags[end] == "I-" + tags[i][2:]:
                end += 1
            found.append((tags[i][2:], i, end))
        i = end
    return found


@wrong("spans", "only B- begins a span, and any I- goes on with it")
def any_i_goes_on(tags):
    found, i = [], 0
    while i < len(tags):
        end = i + 1
        if tags[i].startswith("B-"):
            while end < len(tags) and tags[end].startswith("I-"):
                end += 1
            found.append((tags[i][2:], i, end))
        i = end
    return found


@wrong("spans", "an I- of another kind goes on with the span")
def kinds_not_compared(tags):
    found, i = [], 0
    while i < len(tags):
        end = i + 1
        if tags[i] != "O":
            while end < len(tags) and tags[end].startswith("I-"):
                end += 1
            found.append((tags[i][2:], i, end))
        i = end
    return found


@wrong("spans", "an I- of another kind ends the span and is lost")
def other_kind_is_lost(tags):
    found, kind, first = [], None, 0
    for i, tag in enumerate([*tags, "O"]):
        if kind and tag != "I-" + kind:
            found.append((kind, first, i))
            kind = None
        if tag[0] == "B" or (tag[0] == "I" and (i == 0 or tags[i - 1] == "O")):
            kind, first = tag[2:], i
    return found


@wrong("spans", "a B- right after a span of its kind")
def runs_of_a_kind(tags):
    found, i = [], 0
    for kind, run in groupby(tags, key=lambda tag: tag[2:]):
        n = len(list(run))
        if kind:
            found.append((kind, i, i + n))
        i += n
    return found


@wrong("spans", "everything between two O is one span")
def between_the_os(tags):
    text = "".join("o" if tag == "O" else "x" for tag in tags)
    return [(tags[m.start()][2:], m.start(), m.end()) for m in re.finditer("x+", text)]


@wrong("spans", "the span at the end of the sentence is lost")
def end_forgotten(tags):
    found, kind, first = [], None, 0
    for i, tag in enumerate(tags):
        if kind and tag != "I-" + kind:
            found.append((kind, first, i))
            kind = None
        if tag != "O" and kind is None:
            kind, first = tag[2:], i
    return found


@wrong("spans", "every word is a span of its own")
def word_by_word(tags):
    return [(tag[2:], i, i + 1) for i, tag in enumerate(tags) if tag != "O"]


@wrong("spans", "a span holds its B- word alone")
def only_beginnings(tags):
    return [(tag[2:], i, i + 1) for i, tag in enumerate(tags) if tag[0] == "B"]


@wrong("spans", "the end is the last word of the span")
def as_get_entities_of_seqeval(tags):
    return [(kind, first, end - 1) for kind, first, end in spans_by_looking_ahead(tags)]


@wrong("spans", "words are counted from 1; the first is 0")
def counted_from_one(tags):
    return [(kind, first + 1, end + 1) for kind, first, end in spans_by_looking_ahead(tags)]


@wrong("spans", "the length stands where the end should")
def with_lengths(tags):
    return [(kind, first, end - first) for kind, first, end in spans_by_looking_ahead(tags)]


@wrong("spans", "the kind still has its B- or I-")
def tag_for_kind(tags):
    return [(tags[first], first, end) for _, first, end in spans_by_looking_ahead(tags)]


@wrong("spans", "the order is another")
def kind_last(tags):
    return [(first, end, kind) for kind, first, end in spans_by_looking_ahead(tags)]


@wrong("spans", "the kind is missing")
def places_only(tags):
    return [(first, end) for _, first, end in spans_by_looking_ahead(tags)]


@wrong("spans", "only the first span is found")
def return_in_the_loop(tags):
    for span in spans_by_looking_ahead(tags):
        return [span]
    return []


@wrong("spans", "O is no kind")
def outside_is_a_kind(tags):
    found, i = [], 0
    while i < len(tags):
        end, kind = i + 1, tags[i][2:]
        while end < len(tags) and tags[end][2:] == kind and tags[end][0] in "IO":
            end += 1
        found.append((kind, i, end))
        i = end
    return found


# span_f1


@also_right("span_f1")
def f1_by_sets(gold, predicted):
    g, p = (
        {(i, *span) for i, tags in enumerate(side) for span in spans_by_looking_ahead(tags)}
        for side in (gold, predicted)
    )
    return 2 * len(g & p) / (len(g) + len(p)) if g & p else 0.0


@also_right("span_f1")
def f1_of_precision_and_recall(gold, predicted):
    right, wanted, found = counts(gold, predicted)
    if not right:
        return 0.0
    p, r = right / found, right / wanted
    return 2 * p * r / (p + r)


def counts(gold, predicted, spans=spans_by_looking_ahead):
    right = wanted = found = 0
    for g, p in zip(gold, predicted, strict=True):
        g, p = spans(g), spans(p)
        right += len([span for span in p if span in g])
        wanted, found = wanted + len(g), found + len(p)
    return right, wanted, found


def f1(right, wanted, found):
    return 2 * right / (wanted + found) if right else 0.0


@wrong("span_f1", "spans of different sentences are taken for the same")
def sentences_mixed(gold, predicted):
    g = {span for tags in gold for span in spans_by_looking_ahead(tags)}
    p = {span for tags in predicted for span in spans_by_looking_ahead(tags)}
    return f1(len(g & p), len(g), len(p))


@wrong("span_f1", "all sentences are read as one long one")
def one_long_sentence(gold, predicted):
    return f1(*counts([list(chain(*gold))], [list(chain(*predicted))]))


@wrong("span_f1", "this is the mean over the sentences")
def mean_of_f1s(gold, predicted):
    return np.mean([f1_by_sets([g], [p]) for g, p in zip(gold, predicted, strict=True)])


@wrong("span_f1", "this is the mean over the kinds")
def macro_f1(gold, predicted):
    kinds = {tag[2:] for tags in gold for tag in tags if tag != "O"}
    scores = []
    for kind in kinds:
        g, p = (
            [[tag if tag[2:] == kind else "O" for tag in tags] for tags in side]
            for side in (gold, predicted)
        )
        scores.append(f1_by_sets(g, p))
    return np.mean(scores) if scores else 0.0


@wrong("span_f1", "this is the accuracy of the words")
def accuracy_of_words(gold, predicted):
    pairs = [pair for g, p in zip(gold, predicted, strict=True) for pair in zip(g, p, strict=True)]
    return sum(g == p for g, p in pairs) / len(pairs)


@wrong("span_f1", "this is the F1 of words in spans")
def f1_of_words(gold, predicted):
    pairs = [pair for g, p in zip(gold, predicted, strict=True) for pair in zip(g, p, strict=True)]
    right = sum(g == p != "O" for g, p in pairs)
    return f1(right, sum(g != "O" for g, _ in pairs), sum(p != "O" for _, p in pairs))


@wrong("span_f1", "the kind plays no part")
def kinds_ignored(gold, predicted):
    return f1(*counts(gold, predicted, places_only))


@wrong("span_f1", "the end plays no part")
def ends_ignored(gold, predicted):
    return f1(*counts(gold, predicted, lambda t: [span[:2] for span in spans_by_looking_ahead(t)]))


@wrong("span_f1", "this is the precision")
def precision(gold, predicted):
    right, _, found = counts(gold, predicted)
    return right / found if found else 0.0


@wrong("span_f1", "this is the recall")
def recall(gold, predicted):
    right, wanted, _ = counts(gold, predicted)
    return right / wanted if wanted else 0.0


@wrong("span_f1", "precision and recall are averaged")
def arithmetic_mean(gold, predicted):
    return (precision(gold, predicted) + recall(gold, predicted)) / 2


@wrong("span_f1", "precision and recall are multiplied")
def product_of_both(gold, predicted):
    return precision(gold, predicted) * recall(gold, predicted)


@wrong("span_f1", "the factor 2 is missing")
def without_two(gold, predicted):
    p, r = precision(gold, predicted), recall(gold, predicted)
    return p * r / (p + r) if p else 0.0


@wrong("span_f1", "F1 counts them twice")
def jaccard(gold, predicted):
    right, wanted, found = counts(gold, predicted)
    return right / (wanted + found - right) if right else 0.0


@wrong("span_f1", "it is 1 where there is nothing to find")
def nothing_is_all(gold, predicted):
    right, wanted, found = counts(gold, predicted)
    return 2 * right / (wanted + found) if wanted + found else 1.0


@wrong("span_f1", "it divides by 0 where no span is right")
def zero_division(gold, predicted):
    right, wanted, found = counts(gold, predicted)
    p, r = right / found, right / wanted
    return 2 * p * r / (p + r)


@wrong("span_f1", "this is the share of sentences")
def whole_sentences(gold, predicted):
    pairs = list(zip(gold, predicted, strict=True))
    same = [spans_by_looking_ahead(g) == spans_by_looking_ahead(p) for g, p in pairs]
    return sum(same) / len(same)


@wrong("span_f1", "a span that overlaps is counted as right")
def overlaps_count(gold, predicted):
    right = wanted = found = 0
    for g, p in zip(gold, predicted, strict=True):
        g, p = spans_by_looking_ahead(g), spans_by_looking_ahead(p)
        for kind, first, end in g:
            right += any(kind == k and first < e and f < end for k, f, e in p)
        wanted, found = wanted + len(g), found + len(p)
    return min(f1(right, wanted, found), 1.0)


@wrong("span_f1", "an I- without a B- before it is left out")
def f1_of_strict_spans(gold, predicted):
    return f1(*counts(gold, predicted, strict_spans))


@wrong("span_f1", "a B- right after a span of its kind")
def f1_of_runs(gold, predicted):
    return f1(*counts(gold, predicted, runs_of_a_kind))


@wrong("span_f1", "the span at the end of the sentence is lost")
def f1_without_the_end(gold, predicted):
    return f1(*counts(gold, predicted, end_forgotten))


# last_states


@also_right("last_states")
def last_by_loop(forward, backward, lengths):
    return np.array([np.hstack([forward[n - 1, b], backward[0, b]]) for b, n in enumerate(lengths)])


@also_right("last_states")
def last_by_take(forward, backward, lengths):
    there = np.take_along_axis(forward, (lengths - 1)[None, :, None], axis=0)[0]
    return np.concatenate([there, backward[0]], axis=1)


@wrong("last_states", "the forward state is taken at the padding, the last row of the batch")
def last_row(forward, backward, lengths):
    return np.hstack([forward[-1], backward[0]])


@wrong("last_states", "both states are taken at the last row of the batch")
def both_last_rows(forward, backward, lengths):
    return np.hstack([forward[-1], backward[-1]])


@wrong("last_states", "the backward state is taken at the padding")
def backward_at_padding(forward, backward, lengths):
    b = np.arange(len(lengths))
    return np.hstack([forward[lengths - 1, b], backward[-1]])


@wrong("last_states", "the backward state is taken at the last word")
def backward_at_last_word(forward, backward, lengths):
    b = np.arange(len(lengths))
    return np.hstack([forward[lengths - 1, b], backward[lengths - 1, b]])


@wrong("last_states", "one too late, at lengths")
def index_out_of_range(forward, backward, lengths):
    b = np.arange(len(lengths))
    return np.hstack([forward[lengths, b], backward[0]])


@wrong("last_states", "one too late, at lengths")
def clipped_index(forward, backward, lengths):
    b = np.arange(len(lengths))
    return np.hstack([forward[np.minimum(lengths, len(forward) - 1), b], backward[0]])


@wrong("last_states", "one word too early")
def minus_two(forward, backward, lengths):
    b = np.arange(len(lengths))
    return np.hstack([forward[lengths - 2, b], backward[0]])


@wrong("last_states", "the forward state is taken at word 0")
def both_first_words(forward, backward, lengths):
    return np.hstack([forward[0], backward[0]])


@wrong("last_states", "the two directions are swapped")
def directions_swapped(forward, backward, lengths):
    b = np.arange(len(lengths))
    return np.hstack([forward[0], backward[lengths - 1, b]])


@wrong("last_states", "the backward states stand first")
def backward_first(forward, backward, lengths):
    b = np.arange(len(lengths))
    return np.hstack([backward[0], forward[lengths - 1, b]])


@wrong("last_states", "all sentences end where the shortest does")
def shortest_for_all(forward, backward, lengths):
    return np.hstack([forward[lengths.min() - 1], backward[0]])


@wrong("last_states", "forward and backward are added")
def added_up(forward, backward, lengths):
    return forward[lengths - 1, np.arange(len(lengths))] + backward[0]


@wrong("last_states", "one below the other")
def wrong_axis(forward, backward, lengths):
    return np.concatenate([forward[lengths - 1, np.arange(len(lengths))], backward[0]])


@wrong("last_states", "only the forward states are returned")
def forward_only(forward, backward, lengths):
    return forward[lengths - 1, np.arange(len(lengths))]


@wrong("last_states", "every sentence is taken at every length")
def not_paired(forward, backward, lengths):
    there = forward[lengths - 1]
    return np.concatenate([there, np.broadcast_to(backward[0], there.shape)], axis=2)


@wrong("last_states", "the means of the states are taken")
def means_for_last(forward, backward, lengths):
    rows = []
    for b, n in enumerate(lengths):
        rows.append(np.hstack([forward[:n, b].mean(axis=0), backward[:n, b].mean(axis=0)]))
    return np.array(rows)


# mean_pool


@also_right("mean_pool")
def mean_by_einsum(states, mask):
    return np.einsum("tbh,tb->bh", states, mask) / mask.sum(axis=0)[:, None]


@also_right("mean_pool")
def mean_by_where(states, mask):
    return states.mean(axis=0, where=mask[:, :, None])


@wrong("mean_pool", "the mean runs over the padding as well")
def mean_over_padding(states, mask):
    return states.mean(axis=0)


@wrong("mean_pool", "the padding adds nothing but counts in the mean")
def zeros_in_the_mean(states, mask):
    return (states * mask[:, :, None]).mean(axis=0)


@wrong("mean_pool", "the padding is added up as well")
def mask_below_the_line(states, mask):
    return states.sum(axis=0) / mask.sum(axis=0)[:, None]


@wrong("mean_pool", "this is the sum")
def sum_pool(states, mask):
    return (states * mask[:, :, None]).sum(axis=0)


@wrong("mean_pool", "divided by the number of all words")
def all_words_below(states, mask):
    return (states * mask[:, :, None]).sum(axis=0) / mask.sum()


@wrong("mean_pool", "divided by the number of sentences")
def divided_by_sentences(states, mask):
    return (states * mask[:, :, None]).sum(axis=0) / mask.shape[1]


@wrong("mean_pool", "all words of the batch are averaged")
def mean_of_the_batch(states, mask):
    return states[mask].mean(axis=0)


@wrong("mean_pool", "the mean runs over the sentences of a time step")
def mean_over_sentences(states, mask):
    return (states * mask[:, :, None]).sum(axis=1) / mask.sum(axis=1)[:, None]


@wrong("mean_pool", "the mask is turned round")
def mean_of_the_padding(states, mask):
    padding = ~mask[:, :, None]
    return (states * padding).sum(axis=0) / np.maximum(padding.sum(axis=0), 1)


@wrong("mean_pool", "divided by the length of the first sentence")
def first_length(states, mask):
    return (states * mask[:, :, None]).sum(axis=0) / mask[:, 0].sum()


@wrong("mean_pool", "divided by the root of the length")
def root_of_the_length(states, mask):
    return (states * mask[:, :, None]).sum(axis=0) / np.sqrt(mask.sum(axis=0))[:, None]


@wrong("mean_pool", "this is the maximum")
def maximum_for_mean(states, mask):
    return np.where(mask[:, :, None], states, -np.inf).max(axis=0)


@wrong("mean_pool", "this is the last state")
def last_for_mean(states, mask):
    return states[mask.sum(axis=0) - 1, np.arange(mask.shape[1])]


@wrong("mean_pool", "the batch is cut to its shortest sentence")
def cut_to_the_shortest(states, mask):
    return states[mask.all(axis=1)].mean(axis=0)


@wrong("mean_pool", "the result is transposed")
def mean_transposed(states, mask):
    return mean_by_einsum(states, mask).T


@wrong("mean_pool", "it changes its argument `states`")
def mean_in_place(states, mask):
    states[~mask] = 0
    return states.sum(axis=0) / mask.sum(axis=0)[:, None]


# max_pool


@also_right("max_pool")
def max_of_each_sentence(states, mask):
    values, places = [], []
    for b in range(mask.shape[1]):
        own = states[: mask[:, b].sum(), b]
        values.append(own.max(axis=0))
        places.append(own.argmax(axis=0))
    return np.array(values), np.array(places)


@also_right("max_pool")
def max_with_a_very_small_number(states, mask):
    held = states - 1e9 * ~mask[:, :, None]
    places = held.argmax(axis=0)
    return np.take_along_axis(states, places[None], axis=0)[0], places


@wrong("max_pool", "the maximum is taken over the padding as well")
def max_over_padding(states, mask):
    return states.max(axis=0), states.argmax(axis=0)


@wrong("max_pool", "it beats every negative number")
def zeros_beat_negatives(states, mask):
    held = states * mask[:, :, None]
    return held.max(axis=0), held.argmax(axis=0)


@wrong("max_pool", "it beats every negative number")
def zeros_in_the_values(states, mask):
    held = states * mask[:, :, None]
    return held.max(axis=0), np.where(mask[:, :, None], states, -np.inf).argmax(axis=0)


@wrong("max_pool", "at the padding stands -1")
def minus_one(states, mask):
    held = np.where(mask[:, :, None], states, -1.0)
    return held.max(axis=0), held.argmax(axis=0)


@wrong("max_pool", "the place is searched in the padding")
def places_without_mask(states, mask):
    return np.where(mask[:, :, None], states, -np.inf).max(axis=0), states.argmax(axis=0)


@wrong("max_pool", "the value is searched in the padding")
def values_without_mask(states, mask):
    return states.max(axis=0), np.where(mask[:, :, None], states, -np.inf).argmax(axis=0)


@wrong("max_pool", "the largest absolute value wins")
def strongest(states, mask):
    places = np.where(mask[:, :, None], np.abs(states), -1).argmax(axis=0)
    return np.take_along_axis(states, places[None], axis=0)[0], places


@wrong("max_pool", "this is the minimum")
def minimum(states, mask):
    held = np.where(mask[:, :, None], states, np.inf)
    return held.min(axis=0), held.argmin(axis=0)


@wrong("max_pool", "one word speaks for all units")
def one_word_for_all(states, mask):
    best = np.where(mask, states.sum(axis=2), -np.inf).argmax(axis=0)
    values = states[best, np.arange(len(best))]
    return values, np.tile(best[:, None], (1, states.shape[2]))


@wrong("max_pool", "the maximum is taken over the sentences")
def max_over_sentences(states, mask):
    held = np.where(mask[:, :, None], states, -np.inf)
    return held.max(axis=1), held.argmax(axis=1)


@wrong("max_pool", "places are counted from 1")
def places_from_one(states, mask):
    values, places = max_of_each_sentence(states, mask)
    return values, places + 1


@wrong("max_pool", "places are counted from the end")
def places_from_the_end(states, mask):
    values, places = max_of_each_sentence(states, mask)
    return values, mask.sum(axis=0)[:, None] - 1 - places


@wrong("max_pool", "values and places have changed places")
def places_first(states, mask):
    return max_of_each_sentence(states, mask)[::-1]


@wrong("max_pool", "the places are missing")
def values_alone(states, mask):
    return np.where(mask[:, :, None], states, -np.inf).max(axis=0)


@wrong("max_pool", "these are the last states")
def last_for_max(states, mask):
    last = mask.sum(axis=0) - 1
    return states[last, np.arange(len(last))], np.tile(last[:, None], (1, states.shape[2]))


@wrong("max_pool", "the maximum is taken over the padding alone")
def max_of_the_padding(states, mask):
    held = np.where(mask[:, :, None], -np.inf, states)
    return held.max(axis=0), held.argmax(axis=0)


@wrong("max_pool", "the batch is cut to its shortest sentence")
def max_of_the_common_part(states, mask):
    held = states[mask.all(axis=1)]
    return held.max(axis=0), held.argmax(axis=0)


@wrong("max_pool", "it changes its argument `states`")
def max_in_place(states, mask):
    states[~mask] = -np.inf
    return states.max(axis=0), states.argmax(axis=0)


# decoder_inputs


@also_right("decoder_inputs")
def start_and_the_rest(targets, outputs, forced, start):
    first = np.full((1, targets.shape[1]), start)
    return np.concatenate([first, np.where(forced[1:], targets[:-1], outputs[:-1])])


@also_right("decoder_inputs")
def rolled_and_overwritten(targets, outputs, forced, start):
    inputs = np.where(forced, np.roll(targets, 1, axis=0), np.roll(outputs, 1, axis=0))
    inputs[0] = start
    return inputs


@wrong("decoder_inputs", "at step t the decoder would see what it is to say")
def fed_the_answer(targets, outputs, forced, start):
    return np.where(forced, targets, outputs)


@wrong("decoder_inputs", "the start only covers the first")
def start_over_the_first(targets, outputs, forced, start):
    inputs = np.where(forced, targets, outputs)
    inputs[0] = start
    return inputs


@wrong("decoder_inputs", "the inputs are shifted to the left: step t sees what comes after it, the")
def shifted_left(targets, outputs, forced, start):
    inputs = np.where(forced, targets, outputs)
    return np.vstack([inputs[1:], np.full((1, targets.shape[1]), start)])


@wrong("decoder_inputs", "turned round in a ring")
def in_a_ring(targets, outputs, forced, start):
    return np.where(forced, np.roll(targets, 1, axis=0), np.roll(outputs, 1, axis=0))


@wrong("decoder_inputs", "shifted from sentence to sentence")
def along_the_batch(targets, outputs, forced, start):
    first = np.full((len(targets), 1), start)
    t, o = (np.hstack([first, a[:, :-1]]) for a in (targets, outputs))
    return np.where(forced, t, o)


@wrong("decoder_inputs", "targets are shifted, the decoder's own outputs are not")
def own_outputs_not_shifted(targets, outputs, forced, start):
    inputs = np.where(forced, np.roll(targets, 1, axis=0), outputs)
    inputs[0] = start
    return inputs


@wrong("decoder_inputs", "forced is turned round")
def forced_turned_round(targets, outputs, forced, start):
    return start_and_the_rest(targets, outputs, ~forced, start)


@wrong("decoder_inputs", "forced is read one step too early")
def choice_shifted_as_well(targets, outputs, forced, start):
    first = np.full((1, targets.shape[1]), start)
    return np.concatenate([first, np.where(forced, targets, outputs)[:-1]])


@wrong("decoder_inputs", "the targets are fed everywhere")
def always_teacher(targets, outputs, forced, start):
    return np.vstack([np.full((1, targets.shape[1]), start), targets[:-1]])


@wrong("decoder_inputs", "the decoder's own outputs are fed everywhere")
def never_teacher(targets, outputs, forced, start):
    return np.vstack([np.full((1, targets.shape[1]), start), outputs[:-1]])


@wrong("decoder_inputs", "one entry of forced decides for a whole sentence")
def a_coin_a_sentence(targets, outputs, forced, start):
    inputs = np.where(forced[0], np.roll(targets, 1, axis=0), np.roll(outputs, 1, axis=0))
    inputs[0] = start
    return inputs


@wrong("decoder_inputs", "one entry of forced decides for a whole time step")
def a_coin_a_step(targets, outputs, forced, start):
    inputs = [np.full(targets.shape[1], start)]
    for t in range(1, len(targets)):
        inputs.append(targets[t - 1] if forced[t, 0] else outputs[t - 1])
    return np.array(inputs)


@wrong("decoder_inputs", "the start is fed where forced is False")
def start_for_own_outputs(targets, outputs, forced, start):
    inputs = np.full(targets.shape, start)
    inputs[1:][forced[1:]] = targets[:-1][forced[1:]]
    return inputs


@wrong("decoder_inputs", "the first step sees 0")
def zeros_first(targets, outputs, forced, start):
    inputs = np.zeros_like(targets)
    inputs[1:] = np.where(forced[1:], targets[:-1], outputs[:-1])
    return inputs


@wrong("decoder_inputs", "T steps, not T + 1")
def nothing_cut_off(targets, outputs, forced, start):
    first = np.full((1, targets.shape[1]), start)
    return np.concatenate([first, np.where(forced, targets, outputs)])


@wrong("decoder_inputs", "T steps, not T - 1")
def no_start(targets, outputs, forced, start):
    return np.where(forced[1:], targets[:-1], outputs[:-1])


# greedy


@also_right("greedy")
def best_after_best(log_probs, start, stop, limit):
    said, last = [], start
    for _ in range(limit):
        last = int(log_probs[last].argmax())
        if last == stop:
            return said
        said.append(last)
    return said


@also_right("greedy")
def by_the_built_in_max(log_probs, start, stop, limit):
    said = [start]
    while len(said) <= limit:
        row = list(log_probs[said[-1]])
        best = row.index(max(row))
        if best == stop:
            break
        said.append(best)
    return said[1:]


@wrong("greedy", "`stop` is returned with the rest")
def with_stop(log_probs, start, stop, limit):
    said, last = [], start
    while last != stop and len(said) < limit:
        last = int(log_probs[last].argmax())
        said.append(last)
    return said


@wrong("greedy", "`start` is returned with the rest")
def with_start(log_probs, start, stop, limit):
    return [start, *best_after_best(log_probs, start, stop, limit)]


@wrong("greedy", "it does not end at `stop`")
def never_ends(log_probs, start, stop, limit):
    said, last = [], start
    for _ in range(limit):
        last = int(log_probs[last].argmax())
        said.append(last)
    return said


@wrong("greedy", "`stop` is left out, but it does not end the output")
def goes_on_after_stop(log_probs, start, stop, limit):
    return [s for s in never_ends(log_probs, start, stop, limit) if s != stop]


@wrong("greedy", "`stop` is never chosen")
def stop_forbidden(log_probs, start, stop, limit):
    log_probs = log_probs.copy()
    log_probs[:, stop] = -np.inf
    return best_after_best(log_probs, start, stop, limit)


@wrong("greedy", "the output may hold one symbol more")
def one_more(log_probs, start, stop, limit):
    said, last = [], start
    while len(said) <= limit:
        last = int(log_probs[last].argmax())
        if last == stop:
            break
        said.append(last)
    return said


@wrong("greedy", "one symbol before the limit")
def one_less(log_probs, start, stop, limit):
    return best_after_best(log_probs, start, stop, limit - 1)


@wrong("greedy", "the limit plays no part")
def without_limit(log_probs, start, stop, limit):
    said, last = [], start
    for _ in range(100):
        last = int(log_probs[last].argmax())
        if last == stop:
            break
        said.append(last)
    return said


@wrong("greedy", "every step is fed the start")
def always_after_the_start(log_probs, start, stop, limit):
    said = []
    for _ in range(limit):
        best = int(log_probs[start].argmax())
        if best == stop:
            break
        said.append(best)
    return said


@wrong("greedy", "a column is read where a row is meant")
def reads_columns(log_probs, start, stop, limit):
    return best_after_best(log_probs.T, start, stop, limit)


@wrong("greedy", "the least probable symbol is taken")
def the_least(log_probs, start, stop, limit):
    return best_after_best(-log_probs, start, stop, limit)


@wrong("greedy", "the second best symbol is taken")
def second_best(log_probs, start, stop, limit):
    said, last = [], start
    for _ in range(limit):
        last = int(log_probs[last].argsort()[-2])
        if last == stop:
            break
        said.append(last)
    return said


@wrong("greedy", "only the first symbol is said")
def return_too_early(log_probs, start, stop, limit):
    best = int(log_probs[start].argmax())
    return [] if best == stop else [best][:limit]


@wrong("greedy", "the first symbol is left out")
def cut_twice(log_probs, start, stop, limit):
    return best_after_best(log_probs, start, stop, limit)[1:]


@wrong("greedy", "this is the log-probability of the output")
def score_for_symbols(log_probs, start, stop, limit):
    score, last = 0.0, start
    for symbol in best_after_best(log_probs, start, stop, limit):
        score, last = score + log_probs[last, symbol], symbol
    return float(score)


# beam_step


def candidates(prefixes, scores, log_probs, stop):
    found = []
    for k, prefix in enumerate(prefixes):
        if prefix and prefix[-1] == stop:
            found.append((scores[k], prefix))
        else:
            for v in range(log_probs.shape[1]):
                found.append((scores[k] + log_probs[k, v], [*prefix, v]))
    return found


def the_best(found, size):
    best = sorted(found, key=lambda pair: -pair[0])[:size]
    return [prefix for _, prefix in best], np.array([score for score, _ in best])


@also_right("beam_step")
def sorted_candidates(prefixes, scores, log_probs, size, stop):
    return the_best(candidates(prefixes, scores, log_probs, stop), size)


@also_right("beam_step")
def from_a_heap(prefixes, scores, log_probs, size, stop):
    best = heapq.nlargest(size, candidates(prefixes, scores, log_probs, stop))
    return [list(prefix) for _, prefix in best], np.array([score for score, _ in best])


@also_right("beam_step")
def in_a_flat_table(prefixes, scores, log_probs, size, stop):
    V = log_probs.shape[1]
    done = np.array([p[-1:] == [stop] for p in prefixes])
    rows = np.where(done[:, None], -np.inf, log_probs)
    rows[done, 0] = 0.0
    total = (scores[:, None] + rows).ravel()
    new = []
    for k in np.argsort(-total)[:size]:
        if np.isfinite(total[k]):
            row, v = divmod(int(k), V)
            new.append((prefixes[row] if done[row] else [*prefixes[row], v], total[k]))
    return [prefix for prefix, _ in new], np.array([score for _, score in new])


@wrong("beam_step", "a finished prefix is extended")
def goes_on_after_the_end(prefixes, scores, log_probs, size, stop):
    return the_best(candidates(prefixes, scores, log_probs, None), size)


@wrong("beam_step", "a finished prefix is lost")
def drops_the_finished(prefixes, scores, log_probs, size, stop):
    found = [
        (scores[k] + p, [*prefix, v])
        for k, prefix in enumerate(prefixes)
        if prefix[-1:] != [stop]
        for v, p in enumerate(log_probs[k])
    ]
    return the_best(found, size)


@wrong("beam_step", "stays whatever the others have")
def finished_first(prefixes, scores, log_probs, size, stop):
    done = [(s, p) for s, p in zip(scores, prefixes, strict=True) if p[-1:] == [stop]]
    done.sort(key=lambda pair: -pair[0])
    others = [c for c in candidates(prefixes, scores, log_probs, stop) if c not in done]
    best = (done + sorted(others, key=lambda pair: -pair[0]))[:size]
    return [prefix for _, prefix in best], np.array([score for score, _ in best])


@wrong("beam_step", "the finished ones take no place in the beam")
def finished_beside_the_beam(prefixes, scores, log_probs, size, stop):
    done = [(s, p) for s, p in zip(scores, prefixes, strict=True) if p[-1:] == [stop]]
    others = [c for c in candidates(prefixes, scores, log_probs, stop) if c not in done]
    others = sorted(others, key=lambda pair: -pair[0])[:size]
    return the_best(done + others, len(done) + size)


@wrong("beam_step", "once for every symbol")
def finished_many_times(prefixes, scores, log_probs, size, stop):
    found = []
    for k, prefix in enumerate(prefixes):
        for v, p in enumerate(log_probs[k]):
            if prefix[-1:] == [stop]:
                found.append((scores[k], prefix))
            else:
                found.append((scores[k] + p, [*prefix, v]))
    return the_best(found, size)


@wrong("beam_step", "a finished prefix pays for another `stop`")
def pays_again(prefixes, scores, log_probs, size, stop):
    found = []
    for k, prefix in enumerate(prefixes):
        if prefix[-1:] == [stop]:
            found.append((scores[k] + log_probs[k, stop], prefix))
        else:
            found += [(scores[k] + p, [*prefix, v]) for v, p in enumerate(log_probs[k])]
    return the_best(found, size)


@wrong("beam_step", "the score of the prefix is forgotten")
def forgets_the_score(prefixes, scores, log_probs, size, stop):
    found = []
    for k, prefix in enumerate(prefixes):
        if prefix[-1:] == [stop]:
            found.append((scores[k], prefix))
        else:
            found += [(p, [*prefix, v]) for v, p in enumerate(log_probs[k])]
    return the_best(found, size)


@wrong("beam_step", "scores are multiplied")
def multiplies(prefixes, scores, log_probs, size, stop):
    found = []
    for k, prefix in enumerate(prefixes):
        if prefix[-1:] == [stop]:
            found.append((scores[k], prefix))
        else:
            found += [(scores[k] * p, [*prefix, v]) for v, p in enumerate(log_probs[k])]
    return the_best(found, size)


@wrong("beam_step", "every prefix keeps its best extension alone")
def greedy_each(prefixes, scores, log_probs, size, stop):
    found = []
    for k, prefix in enumerate(prefixes):
        if prefix[-1:] == [stop]:
            found.append((scores[k], prefix))
        else:
            v = int(log_probs[k].argmax())
            found.append((scores[k] + log_probs[k, v], [*prefix, v]))
    return the_best(found, size)


@wrong("beam_step", "as many extensions as the beam is wide")
def size_of_each(prefixes, scores, log_probs, size, stop):
    found = []
    for k, prefix in enumerate(prefixes):
        own = candidates([prefix], scores[k : k + 1], log_probs[k : k + 1], stop)
        found += sorted(own, key=lambda pair: -pair[0])[:size]
    return the_best(found, len(found))


@wrong("beam_step", "only the best prefix is extended")
def only_the_best(prefixes, scores, log_probs, size, stop):
    k = int(np.argmax(scores))
    return sorted_candidates([prefixes[k]], scores[[k]], log_probs[[k]], size, stop)


@wrong("beam_step", "all candidates are kept")
def keeps_all(prefixes, scores, log_probs, size, stop):
    return the_best(candidates(prefixes, scores, log_probs, stop), None)


@wrong("beam_step", "one candidate is kept")
def keeps_one(prefixes, scores, log_probs, size, stop):
    return the_best(candidates(prefixes, scores, log_probs, stop), 1)


@wrong("beam_step", "the worst are kept")
def keeps_the_worst(prefixes, scores, log_probs, size, stop):
    best = sorted(candidates(prefixes, scores, log_probs, stop))[:size]
    return [prefix for _, prefix in best], np.array([score for score, _ in best])


@wrong("beam_step", "the best come last")
def best_last(prefixes, scores, log_probs, size, stop):
    best = sorted(candidates(prefixes, scores, log_probs, stop))[-size:]
    return [prefix for _, prefix in best], np.array([score for score, _ in best])


@wrong("beam_step", "the candidates are not sorted")
def unsorted(prefixes, scores, log_probs, size, stop):
    best = candidates(prefixes, scores, log_probs, stop)[:size]
    return [prefix for _, prefix in best], np.array([score for score, _ in best])


@wrong("beam_step", "the scores are divided by the length")
def normalised_by_length(prefixes, scores, log_probs, size, stop):
    found = candidates(prefixes, scores, log_probs, stop)
    best = sorted(found, key=lambda pair: -pair[0] / len(pair[1]))[:size]
    return [prefix for _, prefix in best], np.array([score for score, _ in best])


@wrong("beam_step", "these are the last symbols")
def only_the_symbols(prefixes, scores, log_probs, size, stop):
    new, scores = sorted_candidates(prefixes, scores, log_probs, size, stop)
    return [prefix[-1:] for prefix in new], scores


@wrong("beam_step", "divide its index by V")
def divided_by_prefixes(prefixes, scores, log_probs, size, stop):
    K = len(prefixes)
    done = np.array([p[-1:] == [stop] for p in prefixes])
    total = np.where(done[:, None], -np.inf, scores[:, None] + log_probs)
    total[done, 0] = scores[done]
    total, new = total.ravel(), []
    for k in np.argsort(-total)[:size]:
        if np.isfinite(total[k]):
            row, v = divmod(int(k), K)
            prefix = prefixes[row % K]
            new.append((prefix if done[row % K] else [*prefix, v], total[k]))
    return [prefix for prefix, _ in new], np.array([score for _, score in new])


@wrong("beam_step", "prefixes and scores have changed places")
def scores_first(prefixes, scores, log_probs, size, stop):
    return sorted_candidates(prefixes, scores, log_probs, size, stop)[::-1]


@wrong("beam_step", "it changes its argument `prefixes`")
def appends_in_place(prefixes, scores, log_probs, size, stop):
    new, new_scores = sorted_candidates(prefixes, scores, log_probs, size, stop)
    prefixes[:] = new
    return new, new_scores


# bootstrap_interval


@also_right("bootstrap_interval")
def by_percentiles(right, words, picks, level):
    shares = [right[row].sum() / words[row].sum() for row in picks]
    outside = 100 * (1 - level) / 2
    return float(np.percentile(shares, outside)), float(np.percentile(shares, 100 - outside))


@also_right("bootstrap_interval")
def all_rows_at_once(right, words, picks, level):
    shares = right[picks].sum(1) / words[picks].sum(1)
    return tuple(np.quantile(shares, [0.5 - level / 2, 0.5 + level / 2]))


def middle(shares, level):
    return np.quantile(shares, (1 - level) / 2), np.quantile(shares, (1 + level) / 2)


@wrong("bootstrap_interval", "every sentence has the same weight")
def mean_of_shares(right, words, picks, level):
    return middle((right / words)[picks].mean(axis=1), level)


@wrong("bootstrap_interval", "the words are not drawn")
def divided_by_all_words(right, words, picks, level):
    return middle(right[picks].sum(axis=1) / words.sum(), level)


@wrong("bootstrap_interval", "these are words a sample")
def not_divided(right, words, picks, level):
    return middle(right[picks].sum(axis=1), level)


@wrong("bootstrap_interval", "the samples are taken together")
def all_samples_together(right, words, picks, level):
    share = right[picks].sum() / words[picks].sum()
    return share, share


@wrong("bootstrap_interval", "nothing is drawn")
def no_drawing(right, words, picks, level):
    share = right.sum() / words.sum()
    return share, share


@wrong("bootstrap_interval", "the columns of picks are taken for samples")
def by_columns(right, words, picks, level):
    return middle(right[picks].sum(axis=0) / words[picks].sum(axis=0), level)


@wrong("bootstrap_interval", "the sentences themselves are sorted")
def of_the_sentences(right, words, picks, level):
    return middle(right / words, level)


@wrong("bootstrap_interval", "a sentence drawn twice is counted once")
def as_a_set(right, words, picks, level):
    rows = [list(set(row.tolist())) for row in picks]
    return middle([right[row].sum() / words[row].sum() for row in rows], level)


@wrong("bootstrap_interval", "1 - level is left on each side")
def twice_outside(right, words, picks, level):
    shares = right[picks].sum(axis=1) / words[picks].sum(axis=1)
    return np.quantile(shares, 1 - level), np.quantile(shares, level)


@wrong("bootstrap_interval", "the interval is 1 - level wide")
def level_outside(right, words, picks, level):
    return all_rows_at_once(right, words, picks, 1 - level)


@wrong("bootstrap_interval", "np.percentile wants percent")
def percentile_of_a_share(right, words, picks, level):
    shares = right[picks].sum(axis=1) / words[picks].sum(axis=1)
    return np.percentile(shares, (1 - level) / 2), np.percentile(shares, (1 + level) / 2)


@wrong("bootstrap_interval", "95 % are taken whatever the level is")
def always_95(right, words, picks, level):
    return all_rows_at_once(right, words, picks, 0.95)


@wrong("bootstrap_interval", "the smallest and the largest share")
def from_min_to_max(right, words, picks, level):
    shares = right[picks].sum(axis=1) / words[picks].sum(axis=1)
    return shares.min(), shares.max()


@wrong("bootstrap_interval", "two of the shares themselves are taken")
def cut_off_at_both_ends(right, words, picks, level):
    shares = sorted(right[row].sum() / words[row].sum() for row in picks)
    cut = int(len(shares) * (1 - level) / 2)
    return shares[cut], shares[-1 - cut]


@wrong("bootstrap_interval", "a normal curve is assumed")
def mean_and_deviation(right, words, picks, level):
    shares = right[picks].sum(axis=1) / words[picks].sum(axis=1)
    return shares.mean() - 1.96 * shares.std(), shares.mean() + 1.96 * shares.std()


@wrong("bootstrap_interval", "the root of the number of samples")
def standard_error_of_the_mean(right, words, picks, level):
    shares = right[picks].sum(axis=1) / words[picks].sum(axis=1)
    width = 1.96 * shares.std() / np.sqrt(len(shares))
    return shares.mean() - width, shares.mean() + width


@wrong("bootstrap_interval", "the ends have changed places")
def upper_first(right, words, picks, level):
    return all_rows_at_once(right, words, picks, level)[::-1]


@wrong("bootstrap_interval", "these are percent")
def in_percent(right, words, picks, level):
    low, high = all_rows_at_once(right, words, picks, level)
    return 100 * low, 100 * high


@wrong("bootstrap_interval", "these are the errors")
def error_rates(right, words, picks, level):
    return all_rows_at_once(words - right, words, picks, level)


@wrong("bootstrap_interval", "two calls with the same input give different answers")
def draws_itself(right, words, picks, level):
    rng = np.random.default_rng()
    picks = rng.integers(len(words), size=picks.shape)
    return all_rows_at_once(right, words, picks, level)
