"""The encoder-decoder against torch's modules, one example and one step at a time, in float64."""

import copy
import itertools
import pickle
import random

import numpy as np
import pytest
import torch

from course_utils.models import CharacterEncoder, EncoderDecoder, SentenceEncoder
from course_utils.text import Vocabulary

TORCH = {"srn": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}
SOURCE = Vocabulary("abcde")
TARGET = Vocabulary("uvwx")
EXAMPLES = [
    (list("abc"), list("uv")),
    (list("e"), list("wxuvw")),
    (list("dacbbe"), []),
    (list("czac"), list("x")),  # z is unknown
    (list("bb"), list("uuy")),  # y is unknown
]
XS = [x for x, _ in EXAMPLES]


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(3)


def make(encoder=None, target=TARGET, scale=0.5, ends=0.0, seed=3, **decoder):
    """A model in float64 with random weights, no two of its sizes the same."""
    encoder = {"embedding_size": 3, "hidden_size": 4} | (encoder or {})
    decoder = {"embedding_size": 5, "hidden_size": 6} | decoder
    model = EncoderDecoder(SentenceEncoder(SOURCE, **encoder), target, **decoder).double()
    generator = torch.Generator().manual_seed(seed)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=scale, generator=generator)
    model.decoder.output.bias.data[1] += ends
    return model


variants = pytest.mark.parametrize(
    ("encoder", "decoder"),
    [
        ({}, {}),
        ({"cell": "gru", "bidirectional": False}, {"cell": "srn", "tie_weights": False}),
        ({"num_layers": 2}, {"cell": "gru", "num_layers": 3}),
        ({"cell": "srn", "num_layers": 3, "bidirectional": False}, {"num_layers": 2}),
        ({}, {"feed_source": True}),
        ({"cell": "gru"}, {"cell": "gru", "num_layers": 2, "feed_source": True}),
    ],
)

# The oracle: torch's own modules, with the model's parameters, on one example.


def by_torch(mine, x, state=None):
    """Run torch's module of the same kind, (T, D) -> (T, directions * H), and the last state."""
    sizes = (mine.input_size, mine.hidden_size, mine.num_layers)
    theirs = TORCH[type(mine).__name__.lower()](*sizes, bidirectional=mine.bidirectional)
    return torch.func.functional_call(theirs, dict(mine.named_parameters()), (x, state))


def first_state(model, source):
    """Return what is added to every symbol, and the state before the first: (layers, H) each."""
    encoder, rnn = model.encoder, model.encoder.rnn
    x = encoder.embedding.weight[[SOURCE.ids[word] for word in source]]  # (T, E)
    _, final = by_torch(rnn, x)
    h = final[0] if rnn.mode == "LSTM" else final  # (layers * directions, H)
    last = h[-1 - rnn.bidirectional :].flatten()
    state = torch.tanh(model.bridge.weight @ last + model.bridge.bias)
    parts = state.view(-1, model.decoder.rnn.num_layers, model.decoder.rnn.hidden_size)
    fed = 0 if model.feed is None else model.feed.weight @ last + model.feed.bias
    return fed, tuple(parts) if len(parts) > 1 else parts[0]


def next_symbol(model, symbol, state):
    """Read a symbol; return ln P of every next one, (V,), and the state."""
    decoder, output, (fed, state) = model.decoder, model.decoder.output, state
    h, state = by_torch(decoder.rnn, decoder.embedding.weight[[symbol]] + fed, state)
    if output.projection is not None:
        h = h @ output.projection.weight.T
    return (h[0] @ output.weight.T + output.bias).log_softmax(dim=0), (fed, state)


def oracle(model, source, target, forced=lambda t: True):
    """Return ln P of every symbol; where ``forced`` is false it read its own likeliest symbol."""
    state, symbol, found = first_state(model, source), 1, []
    wanted = [*(model.target_vocab.ids[word] for word in target), 1]
    for t in range(len(wanted)):
        log_p, state = next_symbol(model, symbol, state)
        found.append(log_p[wanted[t]])
        symbol = wanted[t] if forced(t + 1) else int(log_p.argmax())
    return torch.stack(found)


def free(model, source, max_tokens):
    """Return what the model writes greedily, at most so many symbols."""
    state, symbols = first_state(model, source), [1]
    while len(symbols) <= max_tokens:
        log_p, state = next_symbol(model, symbols[-1], state)
        symbols.append(int(log_p.argmax()))
        if symbols[-1] == 1:
            break
    return [model.target_vocab.words[k] for k in symbols[1:] if k != 1]


# Probabilities


@variants
def test_log_probs_loss_and_all_gradients_equal_torchs(encoder, decoder):
    model = make(encoder, **decoder)
    expected = [oracle(model, *example) for example in EXAMPLES]
    for example, wanted in zip(EXAMPLES, expected, strict=True):
        found = model.log_probs(*example)
        assert found.dtype == np.float64 and found.shape == (len(example[1]) + 1,)
        np.testing.assert_allclose(found, wanted.detach(), rtol=0, atol=1e-10)
    for found, wanted in zip(model.log_probs_of_each(EXAMPLES, 4), expected, strict=True):
        np.testing.assert_allclose(found, wanted.detach(), rtol=0, atol=1e-10)
    wanted, found = -torch.cat(expected).mean(), model.loss(EXAMPLES)
    torch.testing.assert_close(found, wanted, rtol=0, atol=1e-10)
    parameters = list(model.parameters())
    gradients = [
        torch.autograd.grad(loss, parameters, materialize_grads=True) for loss in (found, wanted)
    ]
    assert all((gradient != 0).any() for gradient in gradients[0])
    for mine, theirs in zip(*gradients, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=0, atol=1e-10)


def test_finite_differences():
    model = make({"num_layers": 2}, num_layers=2)
    weight = model.bridge.weight
    (gradient,) = torch.autograd.grad(model.loss(EXAMPLES), weight)
    for place in [(0, 0), (7, 5), (23, 2)]:
        losses = []
        for change in (1e-5, -1e-5):
            with torch.no_grad():
                weight[place] += change
                losses.append(model.loss(EXAMPLES).item())
                weight[place] -= change
        numerical = (losses[0] - losses[1]) / 2e-5
        assert gradient[place].item() == pytest.approx(numerical, rel=1e-6, abs=1e-9)


@variants
def test_without_teacher_it_reads_what_it_wrote(encoder, decoder):
    model = make(encoder, **decoder, teacher_forcing=0.0)
    wanted = torch.cat([oracle(model, *example, lambda t: False) for example in EXAMPLES])
    torch.testing.assert_close(model.loss(EXAMPLES), -wanted.mean(), rtol=0, atol=1e-10)
    forced = torch.cat([oracle(model, *example) for example in EXAMPLES])
    assert abs(wanted.mean() - forced.mean()) > 1e-3  # it makes a difference here
    found = np.concatenate(model.log_probs_of_each(EXAMPLES))  # by the target, whatever is set
    np.testing.assert_allclose(found, forced.detach(), rtol=0, atol=1e-10)
    model.teacher_forcing = 1
    torch.testing.assert_close(model.loss(EXAMPLES), -forced.mean(), rtol=0, atol=1e-10)


def test_each_step_of_each_target_has_a_teacher_or_not():
    model, losses = make(teacher_forcing=0.4), []
    for number in range(5):
        torch.manual_seed(number)
        drawn = [*(torch.rand(6, 5) < 0.4), [True] * 5]  # (S, B), and after the last
        wanted = [
            oracle(model, *example, lambda t, b=b, drawn=drawn: bool(drawn[t][b]))
            for b, example in enumerate(EXAMPLES)
        ]
        torch.manual_seed(number)
        loss = model.loss(EXAMPLES)
        torch.testing.assert_close(loss, -torch.cat(wanted).mean(), rtol=0, atol=1e-10)
        losses.append(loss.item())
    assert len(set(losses)) == 5


# Masks


@pytest.mark.parametrize("skip", [None, "residual", "dense", "highway"])
def test_no_result_depends_on_the_batch(skip):
    """Sources and targets of unequal lengths, with characters and skips on both sides."""
    characters = CharacterEncoder(Vocabulary("abcxyz"), embedding_size=2, hidden_size=3)
    encoder = {"characters": characters, "num_layers": 3, "skip": skip}
    model = make(encoder, num_layers=2, skip=skip, scale=1.0, ends=2.0)
    rng = random.Random(1)
    examples = [
        (
            ["".join(rng.choices("abcxyz", k=rng.randint(1, 4))) for _ in range(rng.randint(1, 7))],
            rng.choices("uvwx", k=rng.randint(0, 8)),
        )
        for _ in range(9)
    ]
    xs = [x for x, _ in examples]
    for teacher_forcing in (1.0, 0.0):
        model.teacher_forcing = teacher_forcing
        alone = [model.loss([example]) * (len(example[1]) + 1) for example in examples]
        mean = sum(alone) / sum(len(y) + 1 for _, y in examples)
        torch.testing.assert_close(model.loss(examples), mean, rtol=0, atol=1e-10)
    outputs = [model.predict([x], max_tokens=12)[0] for x in xs]
    for size in (2, 4, 9):
        assert model.predict(xs, size, max_tokens=12) == outputs
        each = model.log_probs_of_each(examples, size)
        for found, example in zip(each, examples, strict=True):
            np.testing.assert_allclose(found, model.log_probs(*example), rtol=0, atol=1e-10)


def test_shapes():
    model = make()
    ids, lengths, _ = model.encoder.collate([model.encoder.encode(x) for x in XS])
    logits = model(torch.ones(7, 5, dtype=torch.int64), ids, lengths)
    assert logits.shape == (7, 5, 6)
    wanted = [first_state(model, x)[1] for x in XS]
    for k, part in enumerate(model.first_state(ids, lengths)):
        assert part.shape == (1, 5, 6)
        torch.testing.assert_close(part, torch.stack([s[k] for s in wanted], dim=1))


# Outputs


@variants
def test_greedy_outputs(encoder, decoder):
    lengths = set()
    for number in range(3):
        model = make(encoder, **decoder, scale=1.0, ends=2.0, seed=number)
        for max_tokens in (2, 8):
            wanted = [free(model, x, max_tokens) for x in XS]
            assert model.predict(XS, batch_size=2, max_tokens=max_tokens) == wanted
            assert model.predict(XS, beam=1, max_tokens=max_tokens) == wanted
            lengths |= set(map(len, wanted))
    assert {0, 2} < lengths and max(lengths) <= 8  # some end at once, some are cut


def enumerated(model, source, max_tokens, length_penalty):
    """Return all outputs, the best first, with their probabilities and scores."""
    found = []
    for length in range(max_tokens + 1):
        for words in itertools.product(["<unk>", *model.target_vocab.words[2:]], repeat=length):
            log_prob = oracle(model, source, words).sum().item()
            found.append((list(words), log_prob, log_prob / (length + 1) ** length_penalty))
    return sorted(found, key=lambda hypothesis: -hypothesis[2])


@pytest.mark.parametrize("length_penalty", [0, 0.6, 1])
def test_a_beam_as_wide_as_the_space_finds_all(length_penalty):
    model = make(target=Vocabulary("uv"), scale=0.8)
    with torch.no_grad():
        wanted = enumerated(model, list("adb"), 4, length_penalty)
    found = model.beam(list("adb"), 500, 4, length_penalty)
    assert len(found) == len(wanted) == 1 + 3 + 9 + 27 + 81
    assert [words for words, *_ in found] == [words for words, *_ in wanted]
    np.testing.assert_allclose(
        [numbers for _, *numbers in found], [numbers for _, *numbers in wanted], rtol=0, atol=1e-10
    )
    best = found[0]
    assert best.log_prob == pytest.approx(model.log_probs(list("adb"), best.words).sum(), abs=1e-10)


def plain_beam(model, source, width, max_tokens, length_penalty):
    """The same search without states, tensors and early end: every prefix is read anew."""
    beginnings, complete = {(): 0.0}, {}
    for n in range(1, max_tokens + 2):
        continued = {}
        for ids, total in beginnings.items():
            state = first_state(model, source)
            for symbol in (1, *ids):
                log_p, state = next_symbol(model, symbol, state)
            for symbol, log_prob in enumerate(log_p.tolist()):
                if symbol == 1 or n <= max_tokens:
                    continued[*ids, symbol] = total + log_prob
        best = sorted(continued, key=continued.get, reverse=True)[:width]
        complete |= {
            ids: (continued[ids], continued[ids] / n**length_penalty)
            for ids in best
            if ids[-1] == 1
        }
        beginnings = {ids: continued[ids] for ids in best if ids[-1] != 1}
    best = sorted(complete, key=lambda ids: complete[ids][1], reverse=True)[:width]
    return [([model.target_vocab.words[k] for k in ids[:-1]], *complete[ids]) for ids in best]


@pytest.mark.parametrize("length_penalty", [0, 1])
@pytest.mark.parametrize("width", [1, 2, 3, 5])
def test_a_narrow_beam(width, length_penalty):
    for number in range(4):
        decoder = [{}, {"cell": "gru", "num_layers": 2, "feed_source": True}][number % 2]
        ends = [0.0, 0.0, 2.0, 2.0][number]  # where many end early, the search must not
        model = make(scale=0.9, ends=ends, seed=number, **decoder)
        with torch.no_grad():
            wanted = plain_beam(model, XS[number], width, 6, length_penalty)
        found = model.beam(XS[number], width, 6, length_penalty)
        assert [words for words, *_ in found] == [words for words, *_ in wanted]
        for mine, theirs in zip(found, wanted, strict=True):
            assert mine[1:] == pytest.approx(theirs[1:], abs=1e-10)


def test_a_wider_beam_finds_what_the_greedy_search_misses():
    better = 0
    for number in range(8):
        model = make(scale=0.9, seed=number)
        greedy, wide = (model.beam(list("ab"), width, 8)[0] for width in (1, 20))
        assert wide.log_prob >= greedy.log_prob - 1e-12
        better += wide.words != greedy.words
    assert better > 0


@pytest.mark.parametrize(
    "decoder",
    [
        {"skip": "residual", "time_skip": 3, "num_layers": 2},
        {"cell": "gru", "skip": "highway", "time_skip": 2},
        {"variational": True, "num_layers": 2, "dropout": 0.3},
        {"peepholes": True, "gradient": "autograd"},
        {"feed_source": True, "skip": "residual", "time_skip": 2, "num_layers": 2},
    ],
)
def test_every_decoder_a_language_model_can_be(decoder):
    model = make(**decoder).eval()
    forced = -np.concatenate(model.log_probs_of_each(EXAMPLES)).mean()
    assert model.loss(EXAMPLES).item() == pytest.approx(forced, abs=1e-10)
    assert model.predict(XS, max_tokens=9) == model.predict(XS, max_tokens=9, beam=1)
    outputs = model.predict(XS, max_tokens=9)
    model.teacher_forcing = 0
    log_p = [model.log_probs(x, y) for x, y in zip(XS, outputs, strict=True)]  # its own words
    free = model.loss(list(zip(XS, outputs, strict=True))).item()
    assert free == pytest.approx(-np.concatenate(log_p).mean(), abs=1e-10)


# Use


def test_the_score_counts_whole_outputs():
    model = make(scale=1.0)
    outputs = model.predict(XS)
    wrong = [[*outputs[0], "u"], [*outputs[1][:-1], "nothing"]]
    examples = list(zip(XS, wrong + outputs[2:], strict=True))
    assert model.score(examples) == 3 / 5
    assert model.score([model.encode(*example) for example in examples], batch_size=2) == 3 / 5
    assert model.score([(x, tuple(y)) for x, y in examples]) == 3 / 5


def test_mode_gradients_and_random_state_stay():
    model = make({"dropout": 0.5}, dropout=0.5, teacher_forcing=0.5)
    before = torch.get_rng_state()
    assert model.predict(XS, max_tokens=9) == model.predict(XS, max_tokens=9)
    model.beam(XS[0], max_tokens=9), model.log_probs(*EXAMPLES[0]), model.score(EXAMPLES)
    assert model.training and model.decoder.training and torch.equal(torch.get_rng_state(), before)
    assert model.loss(EXAMPLES) != model.loss(EXAMPLES)  # dropout, and the draws


@pytest.mark.parametrize("teacher_forcing", [1, 0])
def test_autocast(teacher_forcing):
    model = make(teacher_forcing=teacher_forcing, feed_source=True).float()
    with torch.autocast("cpu", torch.bfloat16):
        loss = model.loss(EXAMPLES)
    assert loss.item() == pytest.approx(model.loss(EXAMPLES).item(), rel=0.05)
    loss.backward()
    assert all(parameter.grad.isfinite().all() for parameter in model.parameters())


def test_copies_and_pickles():
    model = make(teacher_forcing=0.25)
    for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert other.teacher_forcing == 0.25 and other.predict(XS) == model.predict(XS)
    other = make()
    other.load_state_dict(model.state_dict())
    np.testing.assert_array_equal(other.log_probs(*EXAMPLES[1]), model.log_probs(*EXAMPLES[1]))
    assert "teacher_forcing=0.25" in repr(model)


def test_a_decoder_that_is_fed_nothing_is_a_language_model():
    fed = make(feed_source=True).decoder
    plain = make().decoder
    plain.load_state_dict(fed.state_dict())
    ids = [2, 4, 3, 1, 5]
    np.testing.assert_allclose(fed.log_probs(ids), plain.log_probs(ids), rtol=0, atol=1e-12)


def test_it_learns_to_reverse():
    rng = random.Random(0)
    sources = [rng.choices("abcd", k=rng.randint(1, 4)) for _ in range(1200)]
    seen = set(map(tuple, sources[:1000]))
    examples = [(x, x[::-1]) for x in sources]
    vocab = Vocabulary("abcd")
    encoder = SentenceEncoder(vocab, embedding_size=16, hidden_size=32, cell="gru")
    model = EncoderDecoder(encoder, vocab, embedding_size=16, hidden_size=32, cell="gru")
    train = [model.encode(*example) for example in examples[:1000]]
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(200):
        optimizer.zero_grad()
        model.loss(rng.sample(train, 50)).backward()
        optimizer.step()
    assert model.score(train) > 0.95
    new = [example for example in examples[1000:] if tuple(example[0]) not in seen]
    assert len(new) > 10 and model.score(new) > 0.75


@pytest.mark.parametrize(
    ("use", "error", "message"),
    [
        (lambda: make(teacher_forcing=1.5), ValueError, "from 0 to 1, got 1.5"),
        (lambda: make(teacher_forcing=float("nan")), ValueError, "from 0 to 1, got nan"),
        (lambda: make(teacher_forcing=True), TypeError, "number from 0 to 1, got True"),
        (lambda: make(target=list("uv")), TypeError, "must be a Vocabulary, got list"),
        (lambda: EncoderDecoder(SOURCE, TARGET), TypeError, "a SentenceEncoder, got Vocabulary"),
        (lambda: make(bidirectional=True), ValueError, "leave bidirectional out"),
        (lambda: make(cell="lstn"), ValueError, "did you mean 'lstm'"),
        (lambda: make(hidden_size=0), ValueError, "hidden_size must be positive, got 0"),
        (lambda: make().loss([]), ValueError, "no example"),
        (lambda: make().encode(["a"], "uv"), TypeError, "got the string 'uv'; split it"),
        (lambda: make().encode(["a"], [2, 5]), TypeError, "word 0 is 2, of type int"),
        (lambda: make().predict_probs([["a"]]), NotImplementedError, r"log_probs\(source, target"),
        (lambda: make().encode("ab", ["u"]), TypeError, "got the string 'ab'; split it"),
        (lambda: make().encode([], ["u"]), ValueError, "empty"),
        (lambda: make().encode(["a"], ["u", "</s>"]), ValueError, "</s> is added by the model"),
        (lambda: make().encode(["a"], ["<s>"]), ValueError, "<s> is added by the model"),
        (lambda: make().predict(XS, max_tokens=0), ValueError, "max_tokens must be positive"),
        (lambda: make().predict(XS, batch_size=0), ValueError, "batch_size must be positive"),
        (lambda: make().beam(["a"], 0), ValueError, "width must be positive, got 0"),
        (lambda: make().beam(["a"], length_penalty=-1), ValueError, "at least 0, got -1"),
    ],
)
def test_errors_name_the_bad_value_and_the_cure(use, error, message):
    with pytest.raises(error, match=message):
        use()
