"""Taggers, classifiers, readers against torch on each sentence, enumeration, hand arithmetic.

Everything is computed in float64, with sentences of different lengths and sizes that all differ.
"""

import itertools
import math

import numpy as np
import pytest
import torch

from course_utils.models import (
    CharacterEncoder,
    LanguageModel,
    MultiTask,
    SentenceEncoder,
    SequenceClassifier,
    SequenceTagger,
    SpanReader,
)
from course_utils.models.sequences import pool
from course_utils.recurrent import GRU
from course_utils.text import Vocabulary

TORCH = {"srn": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}
VOCAB = Vocabulary(["the", "old", "man", "boats", "sailed", "saw"])
CHARACTERS = Vocabulary("abdehlmnost")
SENTENCES = [
    ["the", "old", "man", "the", "boats"],
    ["man", "saw"],
    ["old", "hands", "sailed", "the", "old", "salt", "home"],
    ["boats"],
]
TAGS = [["D", "N", "V", "D", "N"], ["N", "V"], ["A", "N", "V", "D", "A", "A", "N"], ["N"]]
TAGGED = list(zip(SENTENCES, TAGS, strict=True))
CLASSED = list(zip(SENTENCES, ["yes", "no", "perhaps", "no"], strict=True))
QUESTIONS = [["old", "man", "saw"], ["boats"], ["the", "old"], ["saw", "the", "ship", "boats"]]
ASKED = [
    ((paragraph, question), span)
    for paragraph, question, span in zip(
        SENTENCES, QUESTIONS, [(1, 3), (0, 2), (6, 7), (0, 1)], strict=True
    )
]


def encoder(cell="lstm", layers=1, characters=False, seed=0, **options):
    torch.manual_seed(seed)
    spelled = CharacterEncoder(CHARACTERS, 3, 2, cell) if characters else None
    return SentenceEncoder(VOCAB, 5, 4, cell, layers, characters=spelled, **options).double()


def make(kind, **options):
    read = encoder(**options)
    if kind == "tagger":
        return SequenceTagger(read, ["A", "D", "N", "V"]).double(), TAGGED
    if kind == "reader":
        return SpanReader(read).double(), ASKED
    return SequenceClassifier(read, ["no", "perhaps", "yes"], kind).double(), CLASSED


KINDS = ["tagger", "last", "mean", "max", "reader"]


def close(a, b, atol=1e-10):
    torch.testing.assert_close(a, b, rtol=0, atol=atol)


def word_vectors(read, words):
    """Return what the layers see of a sentence, (T, 1, E + C): the characters by torch's layer."""
    vectors = read.embedding.weight[VOCAB.encode_words(words)]  # (T, E)
    if read.characters is not None:
        chars = read.characters.encoder
        theirs = TORCH[chars.cell](3, 2, bidirectional=True, dtype=torch.float64)
        theirs.load_state_dict(chars.rnn.state_dict())
        spelled = []
        for word in words:
            ids = CHARACTERS.encode_words(list(word))
            _, final = theirs(chars.embedding.weight[ids][:, None])
            h_n = final[0] if chars.cell == "lstm" else final  # (2, 1, 2)
            spelled.append(torch.cat([h_n[0, 0], h_n[1, 0]]))
        vectors = torch.cat([vectors, torch.stack(spelled)], dim=-1)
    return vectors[:, None]


@pytest.mark.parametrize("characters", [False, True])
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("cell", TORCH)
def test_a_batch_of_sentences_equals_torch_on_each_alone(cell, bidirectional, layers, characters):
    read = encoder(cell, layers, characters, bidirectional=bidirectional)
    size = read.rnn.input_size
    theirs = TORCH[cell](size, 4, layers, bidirectional=bidirectional, dtype=torch.float64)
    theirs.load_state_dict(read.rnn.state_dict())
    ids, lengths, spellings = read.collate([read.encode(words) for words in SENTENCES])
    assert ids.shape == (7, 4) and lengths.tolist() == [5, 2, 7, 1]
    for b, length in enumerate(lengths):
        ids[length:, b] = 3  # not looked at
    states, last = read(ids, lengths, spellings)
    assert states.shape == (7, 4, read.output_size) and last.shape == (4, read.output_size)
    for b, words in enumerate(SENTENCES):
        output, final = theirs(word_vectors(read, words))
        h_n = final[0] if cell == "lstm" else final  # (layers * directions, 1, 4)
        close(states[: len(words), b], output[:, 0])
        assert not states[len(words) :, b].any()
        close(last[b], h_n[-2:, 0].flatten() if bidirectional else h_n[-1, 0])


def test_with_skips_the_last_states_are_those_that_go_out():
    read = encoder("gru", 2, skip="residual")
    states, last = read(*read.collate([read.encode(words) for words in SENTENCES])[:2])
    layer = GRU(5, 4, 2, bidirectional=True, skip="residual", dtype=torch.float64)
    layer.load_state_dict(read.rnn.state_dict())
    for b, words in enumerate(SENTENCES):
        output, _ = layer(word_vectors(read, words))
        close(states[: len(words), b], output[:, 0])
        close(last[b], torch.cat([output[-1, 0, :4], output[0, 0, 4:]]))


@pytest.mark.parametrize("extra", [0, 3])
def test_steps_behind_the_longest_sentence_are_padding(extra):
    read = encoder()
    ids = torch.full((2 + extra, 2), 4)
    states, _ = read(ids, torch.tensor([1, 2]))
    assert states.shape == (2 + extra, 2, 8)
    assert not states[2:].any() and states[1, 1].all()


def weights(model):
    return list(model.parameters())


def gradient(loss, of):
    return torch.autograd.grad(loss, of, materialize_grads=True)


@pytest.mark.parametrize("characters", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_no_result_depends_on_the_batch(kind, characters):
    model, examples = make(kind, cell="gru", layers=2, characters=characters)
    decisions = [model.encode(*example).decisions for example in examples]
    alone = [model.loss([example]) for example in examples]
    gradients = [gradient(loss, weights(model)) for loss in alone]
    for order in ([0, 1, 2, 3], [2, 0, 3, 1], [1, 3]):
        share = [decisions[k] / sum(decisions[j] for j in order) for k in order]
        loss = model.loss([examples[k] for k in order])
        close(loss, sum(s * alone[k] for s, k in zip(share, order, strict=True)))
        for i, found in enumerate(gradient(loss, weights(model))):
            close(found, sum(s * gradients[k][i] for s, k in zip(share, order, strict=True)))
    xs = [x for x, _ in examples]
    each = [model.predict_probs([x])[0] for x in xs]
    order = [2, 0, 3, 1]
    for batch_size in (1, 2, 64):
        together = model.predict_probs([xs[k] for k in order], batch_size)
        for k, probs in zip(order, together, strict=True):
            np.testing.assert_allclose(probs, each[k], rtol=0, atol=1e-10)
            assert probs.sum(-1 if kind != "reader" else None) == pytest.approx(1, abs=1e-12)
        assert model.predict(xs[::-1], batch_size) == [model.predict([x])[0] for x in xs[::-1]]
        assert model.score(examples, batch_size) == pytest.approx(model.score(examples, 3))


def test_the_loss_of_a_tagger_is_the_mean_over_words():
    model, _ = make("tagger", characters=True)
    logits = model(*model.encoder.collate([model.encoder.encode(words) for words in SENTENCES]))
    assert logits.shape == (7, 4, 4)
    nats = []
    for b, tags in enumerate(TAGS):
        for t, tag in enumerate(tags):
            z = logits[t, b].tolist()
            nats.append(math.log(sum(map(math.exp, z))) - z[model.tags.index(tag)])
    assert model.loss(TAGGED).item() == pytest.approx(sum(nats) / 15, abs=1e-12)
    examples = [model.encode(*example) for example in TAGGED]
    assert model.loss(examples) == model.loss(TAGGED)
    assert [len(e) for e in examples] == [e.decisions for e in examples] == [5, 2, 7, 1]


@pytest.mark.parametrize("pooling", ["last", "mean", "max"])
def test_the_loss_of_a_classifier_is_the_mean_over_sentences(pooling):
    model, _ = make(pooling)
    nats = []
    for words, y in CLASSED:
        output, (h_n, _) = model.encoder.rnn(word_vectors(model.encoder, words))
        units = output[:, 0].T.tolist()  # of each unit its states
        pooled = {
            "last": h_n.flatten().tolist(),
            "mean": [sum(unit) / len(unit) for unit in units],
            "max": [max(unit) for unit in units],
        }[pooling]
        z = model.output(torch.tensor(pooled, dtype=torch.float64)).tolist()
        nats.append(math.log(sum(map(math.exp, z))) - z[model.classes.index(y)])
    assert model.loss(CLASSED).item() == pytest.approx(sum(nats) / 4, abs=1e-12)
    assert [model.encode(*example).decisions for example in CLASSED] == [1] * 4


def test_pooling_by_hand():
    states = torch.tensor([[[1.0, -5.0], [-3.0, 2.0]], [[3.0, -1.0], [9.0, 9.0]]])  # (T, B, D)
    lengths = torch.tensor([2, 1])
    assert pool(states, lengths, "mean").tolist() == [[2.0, -3.0], [-3.0, 2.0]]
    assert pool(states, lengths, "max").tolist() == [[3.0, -1.0], [-3.0, 2.0]]


@pytest.mark.parametrize("kind", KINDS)
def test_scores_count_decisions(kind):
    model, examples = make(kind)
    with torch.no_grad():
        for weight in weights(model):
            weight.mul_(3)
    predicted = model.predict([x for x, _ in examples])
    if kind == "tagger":
        right = sum(a == b for p, tags in zip(predicted, TAGS, strict=True)
                    for a, b in zip(p, tags, strict=True))  # fmt: skip
        assert 0 < right < 15 and model.score(examples) == right / 15
    else:
        truth = [(x, y) for (x, _), y in zip(examples, predicted, strict=True)]
        other = next(y for _, y in examples if y != predicted[2])
        assert model.score(truth) == 1
        assert model.score([*truth[:2], (truth[2][0], other), truth[3]]) == 3 / 4


def test_characters_are_read_once_for_each_different_word():
    model, _ = make("tagger", characters=True)
    seen = []
    model.encoder.characters.register_forward_pre_hook(lambda _, args: seen.append(args))
    model.loss(TAGGED)
    [(_, lengths)] = seen
    assert lengths.tolist() == list(map(len, dict.fromkeys(itertools.chain(*SENTENCES))))
    assert model.encoder.characters.spell("hands") is model.encoder.characters.spell("hands")


def test_new_word_vectors_are_small_and_those_of_characters_are_not():
    vocab = Vocabulary(map(str, range(2000)))
    read = SentenceEncoder(vocab, characters=CharacterEncoder(vocab))
    assert 0.099 < read.embedding.weight.std() < 0.101
    assert 0.99 < read.characters.encoder.embedding.weight.std() < 1.01


def test_characters_tell_unknown_words_apart():
    for characters in (False, True):
        model, _ = make("tagger", characters=characters)
        [one, other] = model.predict_probs([["the", "hands"], ["the", "salt"]])
        assert np.allclose(one, other) != characters


def test_dropout_silences_inputs_layers_and_outputs():
    read = encoder("gru", 2, characters=True, dropout=0.5)
    inputs = []
    read.rnn.register_forward_pre_hook(lambda _, args: inputs.append(args[0].data))
    batch = read.collate([read.encode(words) for words in SENTENCES * 30])
    states, last = read(*batch)
    quiet, _ = read.eval()(*batch)
    real = quiet != 0
    assert 0.4 < (states[real] == 0).double().mean() < 0.6
    assert not states[~real].any()
    dropped, kept = inputs
    assert 0.4 < (dropped == 0).double().mean() < 0.6
    ratio = (dropped / kept)[dropped != 0]
    close(ratio, torch.full_like(ratio, 2), atol=1e-6)
    assert read.rnn.dropout == 0.5
    assert torch.isin(last, states).all(), "the last states are silenced as they are among all"


def test_word_dropout_hides_words_but_not_their_characters():
    read = encoder(characters=True, word_dropout=0.25)
    seen, spelled = [], []
    read.embedding.register_forward_pre_hook(lambda _, args: seen.append(args[0]))
    read.characters.register_forward_pre_hook(lambda _, args: spelled.append(args))
    batch = read.collate([read.encode(["saw", "the"])] * 400)
    read(*batch)
    read.eval()(*batch)
    hidden, all_there = seen
    assert 0.2 < (hidden == Vocabulary.unk_id).double().mean() < 0.3
    assert (all_there != Vocabulary.unk_id).all()
    assert torch.equal(hidden[hidden != 0], all_there[hidden != 0])
    assert all(torch.equal(a, b) for a, b in zip(*spelled, strict=True))


@pytest.mark.parametrize("kind", KINDS)
def test_predictions_leave_the_model_as_it_was(kind):
    model, examples = make(kind, dropout=0.5, word_dropout=0.5)
    model.train()
    model.encoder.rnn.eval()
    random = torch.get_rng_state()
    xs = [x for x, _ in examples]
    assert model.predict(xs) == model.predict(xs)
    model.predict_probs(xs)
    model.score(examples)
    assert model.encoder.training and not model.encoder.rnn.training
    assert torch.equal(random, torch.get_rng_state())
    assert all(weight.grad is None for weight in weights(model))
    assert model.predict([]) == model.predict_probs([]) == []


def test_a_reader_gives_each_span_its_probability():
    model, _ = make("reader", characters=True)
    read = model.encoder
    theirs = torch.nn.LSTM(17, 4, bidirectional=True, dtype=torch.float64)
    theirs.load_state_dict(model.rnn.state_dict())
    nats = []
    for (paragraph, question), (first, end) in ASKED:
        p = read.rnn(word_vectors(read, paragraph))[0]  # (T, 1, 8)
        q = read.rnn(word_vectors(read, question))[1][0].flatten()  # (8,)
        ids, asked = VOCAB.encode_words(paragraph), VOCAB.encode_words(question)
        x = [[*p[t, 0].tolist(), *q.tolist(), i in asked] for t, i in enumerate(ids)]
        h, _ = theirs(torch.tensor(x, dtype=torch.float64))  # (T, 8)
        begins, ends = model.output(h).T
        spans = list(itertools.combinations(range(len(paragraph) + 1), 2))  # first < end
        scores = {(i, j): (begins[i] + ends[j - 1]).exp().item() for i, j in spans}
        total = sum(scores.values())
        [probs] = model.predict_probs([(paragraph, question)])
        assert probs.shape == (len(paragraph), len(paragraph))
        for i, j in itertools.product(range(len(paragraph)), repeat=2):
            p_span = scores.get((i, j + 1), 0) / total
            assert probs[i, j] == pytest.approx(p_span, abs=1e-12)
        assert model.predict([(paragraph, question)]) == [max(spans, key=scores.get)]
        nats.append(-math.log(scores[first, end] / total))
    assert model.loss(ASKED).item() == pytest.approx(sum(nats) / 4, abs=1e-12)
    assert [model.encode(*example).decisions for example in ASKED] == [1] * 4


def multitask():
    shared = encoder(characters=True)
    tagger = SequenceTagger(shared, ["A", "D", "N", "V"]).double()
    classifier = SequenceClassifier(shared, ["no", "perhaps", "yes"], "max").double()
    return MultiTask(tag=tagger, kind=classifier), tagger, classifier


MIXED = [
    *((("tag", x), y) for x, y in TAGGED[:2]),
    (("kind", SENTENCES[2]), "perhaps"),
    (("tag", SENTENCES[3]), ["V"]),
]


def test_tasks_share_an_encoder_and_its_gradient():
    both, tagger, classifier = multitask()
    shared = list(both.encoder.parameters())
    assert len(weights(both)) == len(shared) + 4, "two output layers"

    of_tags = tagger.loss([*TAGGED[:2], (SENTENCES[3], ["V"])])
    of_kinds = classifier.loss([(SENTENCES[2], "perhaps")])
    close(both.loss(MIXED), (of_tags + of_kinds) / 2)
    of_each = [gradient(loss, shared) for loss in (both.loss(MIXED), of_tags, of_kinds)]
    for mixed, tag, kind in zip(*of_each, strict=True):
        assert tag.any() and kind.any()
        close(mixed, (tag + kind) / 2)
    close(both.loss(MIXED[:2]), tagger.loss(TAGGED[:2]))
    assert [both.encode(*example).decisions for example in MIXED] == [5, 2, 1, 1]
    assert [len(both.encode(*example)) for example in MIXED] == [5, 2, 7, 1]


def test_each_task_answers_in_its_place():
    both, tagger, classifier = multitask()
    xs = [x for x, _ in MIXED]
    models = {"tag": tagger, "kind": classifier}
    assert both.predict(xs, batch_size=3) == [models[name].predict([x])[0] for name, x in xs]
    for probs, (name, x) in zip(both.predict_probs(xs), xs, strict=True):
        np.testing.assert_allclose(probs, models[name].predict_probs([x])[0], rtol=0, atol=1e-12)
    scores = {
        "tag": tagger.score([*TAGGED[:2], (SENTENCES[3], ["V"])]),
        "kind": classifier.score([(SENTENCES[2], "perhaps")]),
    }
    assert both.scores(MIXED) == scores
    assert both.score(MIXED) == (scores["tag"] + scores["kind"]) / 2
    encoded = [both.encode(*example) for example in MIXED]
    assert both.loss(encoded) == both.loss(MIXED) and both.score(encoded) == both.score(MIXED)


def language_model(cell="lstm", layers=1, seed=7, **options):
    torch.manual_seed(seed)
    return LanguageModel(len(VOCAB), 5, 4, cell, layers, tie_weights=False, **options).double()


def forward_states(read, words):
    return read(*read.collate([read.encode(words)]))[0][:, 0, :4]


@pytest.mark.parametrize("characters", [False, True])
@pytest.mark.parametrize("cell", TORCH)
def test_transfer_begins_with_the_states_of_the_language_model(cell, characters):
    words = SENTENCES[0]
    lm, backward_lm = language_model(cell), language_model(cell, seed=8)
    backward_lm.embedding.weight = lm.embedding.weight
    read = encoder(cell, characters=characters)
    assert read.start_from(lm, backward_lm) is read
    states = read(*read.collate([read.encode(words)]))[0][:, 0]  # (T, 8)
    ids = torch.tensor(VOCAB.encode_words(words))[:, None]
    close(states[:, :4], lm.features(ids)[0][:, 0])
    close(states[:, 4:], backward_lm.features(ids.flip(0))[0][:, 0].flip(0))
    assert torch.equal(read.embedding.weight, lm.embedding.weight)
    for ours, theirs in (("", lm), ("_reverse", backward_lm)):
        for name, weight in theirs.rnn.named_parameters():
            copied = getattr(read.rnn, name + ours)
            assert torch.equal(copied[:, :5] if "_ih" in name and copied.dim() == 2 else copied,
                               weight)  # fmt: skip
    with torch.no_grad():
        lm.embedding.weight.zero_()
    assert read.embedding.weight.any(), "a copy, not the same weights"


def test_transfer_leaves_the_rest_as_it_was():
    read, before = encoder(layers=2), encoder(layers=2)
    read.start_from(language_model(layers=2))
    copied = {"embedding.weight"} | {
        f"rnn.{kind}_l0" for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    }
    for name, weight in before.state_dict().items():
        assert torch.equal(read.state_dict()[name], weight) != (name in copied), name


@pytest.mark.parametrize("variational", [False, True])
def test_transfer_copies_all_layers_of_one_direction(variational):
    lm = language_model("gru", 2, variational=variational).eval()
    read = encoder("gru", 2, bidirectional=False).start_from(lm)
    ids = torch.tensor(VOCAB.encode_words(SENTENCES[2]))[:, None]
    close(forward_states(read, SENTENCES[2]), lm.features(ids)[0][:, 0])


@pytest.mark.parametrize("variational", [False, True])
@pytest.mark.parametrize("skip", ["residual", "dense", "highway"])
def test_transfer_from_a_model_with_skips_copies_the_first_layer(skip, variational):
    lm = language_model("gru", 2, skip=skip, variational=variational)
    read, before = (encoder("gru", 2, bidirectional=False) for _ in range(2))
    read.start_from(lm)
    first, second = read.rnn.all_weights
    assert all(map(torch.equal, first, lm.rnn.all_weights[0]))
    assert all(map(torch.equal, second, before.rnn.all_weights[1]))


@pytest.mark.parametrize(
    "lm, backward_lm, message",
    [
        (lambda: language_model("gru"), None, "lm has cell='gru', the encoder 'lstm'"),
        (lambda: LanguageModel(9, 5, 4), None, "lm has vocab_size=9, the encoder 8"),
        (lambda: LanguageModel(8, 4, 4), None, "lm has embedding_size=4, the encoder 5"),
        (lambda: LanguageModel(8, 5, 3), None, "lm has hidden_size=3, the encoder 4"),
        (lambda: language_model(peepholes=True), None, "lm has peepholes=True, the encoder False"),
        (language_model, lambda: LanguageModel(8, 5, 3), "backward_lm has hidden_size=3"),
        (lambda: language_model(skip="dense", time_skip=1), None, "leave time_skip out"),
    ],
)
def test_language_models_that_do_not_fit_are_refused(lm, backward_lm, message):
    read = encoder()
    before = [weight.clone() for weight in weights(read)]
    with pytest.raises(ValueError, match=message):
        read.start_from(lm(), backward_lm() if backward_lm else None)
    assert all(torch.equal(*pair) for pair in zip(before, weights(read), strict=True))


def test_transfer_needs_a_language_model_and_a_direction():
    with pytest.raises(TypeError, match="lm must be a LanguageModel, got SentenceEncoder"):
        encoder().start_from(encoder())
    with pytest.raises(ValueError, match="no backward direction; leave backward_lm out"):
        encoder(bidirectional=False).start_from(language_model(), language_model())


@pytest.mark.parametrize(
    "kind, x, y, error, message",
    [
        ("tagger", "the boats", ["D", "N"], TypeError, "got the string 'the boats'; split it"),
        ("tagger", [], [], ValueError, "a sentence is empty; leave it out"),
        ("tagger", ["the", 7], ["D", "N"], TypeError, "word 1 is 7, of type int"),
        ("tagger", ["the", "boats"], ["D"], ValueError, r"one tag, got \['D'\] for the 2 words"),
        ("tagger", ["the", "boats"], "DN", ValueError, "one tag, got 'DN' for the 2 words"),
        ("tagger", ["the"], ["X"], ValueError, "tag 'X' is unknown .* has A, D, N, V"),
        ("tagger", ["the", ""], ["D", "N"], ValueError, "a word has no characters"),
        ("last", ["the"], "never", ValueError, "class 'never' is unknown .* no, perhaps, yes"),
        ("last", ["the"], ["no"], ValueError, r"class \['no'\] is unknown"),
        ("reader", (["the"], ["old"]), (0, 2), ValueError, r"end <= 1, .* got \(0, 2\)"),
        ("reader", (["the"], ["old"]), (1, 1), ValueError, r"got \(1, 1\)"),
        ("reader", (["the"], ["old"]), 1, ValueError, "with 0 <= first < end <= 1, .* got 1"),
        ("reader", (["the"], ["old"]), (0.0, 1.0), ValueError, r"got \(0.0, 1.0\)"),
        ("reader", (["the"], ["old"]), ("the", "the"), ValueError, "got .'the', 'the'."),
        ("reader", (["the"], []), (0, 1), ValueError, "a sentence is empty"),
        ("reader", ["the"], (0, 1), ValueError, "a pair, .paragraph, question., got"),
    ],
)
def test_examples_that_are_none_are_refused(kind, x, y, error, message):
    model, _ = make(kind, characters=True)
    with pytest.raises(error, match=message):
        model.encode(x, y)


def test_settings_are_checked():
    for options, message in [
        ({"dropout": 1.0}, "dropout must be a number, at least 0 and below 1, got 1.0"),
        ({"word_dropout": -0.1}, "word_dropout must be a number"),
        ({"cell": "lst"}, "cell 'lst' is unknown; did you mean 'lstm'"),
        ({"num_layers": 0}, "num_layers must be positive, got 0"),
    ]:
        with pytest.raises(ValueError, match=message):
            SentenceEncoder(VOCAB, 5, 4, **options)
    with pytest.raises(TypeError, match="vocab must be a Vocabulary, got int"):
        SentenceEncoder(8)
    with pytest.raises(ValueError, match="pooling 'men' is unknown; did you mean 'mean'"):
        SequenceClassifier(encoder(), ["a", "b"], "men")
    for tags in (["N"], ["N", "V", "N"], "NV"):
        with pytest.raises(ValueError, match="tags must be at least two different names"):
            SequenceTagger(encoder(), tags)
    with pytest.raises(TypeError, match=r"classes are a set, .* give sorted\(classes\)"):
        SequenceClassifier(encoder(), {"no", "yes"})
    for use in (lambda: SequenceTagger(VOCAB, "AB"), lambda: SpanReader(VOCAB)):
        with pytest.raises(TypeError, match="encoder must be a SentenceEncoder, got Vocabulary"):
            use()
    with pytest.raises(TypeError, match="characters must be a CharacterEncoder, got Vocabulary"):
        SentenceEncoder(VOCAB, characters=CHARACTERS)
    model, _ = make("tagger")
    for method in (model.loss, model.score):
        with pytest.raises(ValueError, match="there is no example"):
            method([])
        with pytest.raises(ValueError, match=r"example 1 is \['the', 'old', .* not a pair"):
            method([TAGGED[0], SENTENCES[0]])
    with pytest.raises(ValueError, match="batch_size must be positive, got 0"):
        model.predict(SENTENCES, batch_size=0)
    both, tagger, _ = multitask()
    with pytest.raises(ValueError, match="task 'tags' is unknown; did you mean 'tag'"):
        both.loss([(("tags", ["the"]), ["D"])])
    with pytest.raises(ValueError, match="at least two models, got 1"):
        MultiTask(tag=tagger)
    with pytest.raises(TypeError, match="other must be a SequenceModel, got Linear"):
        MultiTask(tag=tagger, other=torch.nn.Linear(1, 1))
    with pytest.raises(ValueError, match="different encoders"):
        MultiTask(tag=tagger, other=make("tagger")[0])


def test_tensors_are_checked():
    read, ids = encoder(), torch.full((3, 2), 4)
    for lengths, message in [
        ([3, 0], r"from 1 to 3, the steps, got \[3, 0\]"),
        ([4, 1], r"from 1 to 3"),
        ([3], "one length for each of 2 sentences"),
    ]:
        with pytest.raises(ValueError, match=message):
            read(ids, torch.tensor(lengths))
    with pytest.raises(ValueError, match=r"int64 of shape \(T, B\), got torch.float32"):
        read(ids.float(), torch.tensor([3, 2]))
    spelling = encoder(characters=True)
    with pytest.raises(ValueError, match=r"has a CharacterEncoder: .* take all that collate"):
        spelling(ids, torch.tensor([3, 2]))
    _, _, spellings = spelling.collate([spelling.encode(words) for words in SENTENCES[:2]])
    with pytest.raises(ValueError, match=r"has no CharacterEncoder: .* leave them out"):
        read(ids, torch.tensor([3, 2]), spellings)


def test_a_tagger_learns_what_stands_to_the_right():
    examples = [(["old", "man"], ["A", "N"]), (["old", "sailed"], ["N", "V"])]
    for bidirectional, reached in ((True, 1.0), (False, 0.75)):
        torch.manual_seed(0)
        model = SequenceTagger(
            SentenceEncoder(VOCAB, 5, 4, bidirectional=bidirectional), ["A", "N", "V"]
        )
        optimizer = torch.optim.Adam(model.parameters(), 0.05)
        encoded = [model.encode(*example) for example in examples]
        for _ in range(60):
            optimizer.zero_grad()
            model.loss(encoded).backward()
            optimizer.step()
        assert model.score(examples) == reached
