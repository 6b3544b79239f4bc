"""Generation against enumerated distributions, the models' own probabilities and torch's path."""

import math
from itertools import product

import numpy as np
import pytest
import torch

from course_utils import generation
from course_utils.generation import generate, numpy_step, sample, sampling_probs, start, torch_step
from course_utils.models import JordanLanguageModel, LanguageModel, WindowLanguageModel
from course_utils.ngrams import KneserNey
from course_utils.numpy_rnn import NumpyRNN
from course_utils.text import Vocabulary

WORDS = Vocabulary(["the", "cat", "sat", "on", "mat", "dog", "a"])
CHARACTERS = Vocabulary("abcd e")
V = len(WORDS)
CELLS = [
    {"cell": "lstm"},
    {"cell": "lstm", "bias": False},
    {"cell": "gru"},
    {"cell": "gru", "bias": False},
    {"cell": "gru", "reset": "before"},
    {"cell": "srn"},
    {"cell": "srn", "nonlinearity": "relu", "bias": False},
    {"cell": "srn", "nonlinearity": "sigmoid"},
]
MODELS = {
    "lstm": lambda V: LanguageModel(V, 4, 6, "lstm", num_layers=2, dropout=0.5),
    "srn": lambda V: LanguageModel(V, 6, 6, "srn"),
    "adaptive": lambda V: LanguageModel(V, 4, 6, "gru", tie_weights=False, output="adaptive"),
    "window": lambda V: WindowLanguageModel(V, 3, 4, 6, dropout=0.5),
    "output fed back": lambda V: JordanLanguageModel(V, 6),
}
every_model = pytest.mark.parametrize("name", MODELS)


def randomize(model):
    torch.manual_seed(0)
    for parameter in model.double().parameters():
        torch.nn.init.normal_(parameter, std=0.7)
    return model


def make(name, V=V):
    return randomize(MODELS[name](V))


class Fixed:
    """A model that expects the same words whatever the context; it keeps the first it was given."""

    def __init__(self, p):
        self.p, self.context = np.array(p), None

    def next_word_probs(self, context=()):
        self.context = list(context) if self.context is None else self.context
        return self.p


# The distribution that is drawn from


def softmax(x):
    return np.exp(x) / np.exp(x).sum()


@pytest.fixture
def logits():
    return np.random.default_rng(1).normal(size=V)


@pytest.mark.parametrize("temperature", [0.3, 1, 2.5])
def test_temperature_divides_the_logits(logits, temperature):
    p = sampling_probs(logits, temperature)
    assert p.dtype == np.float64
    np.testing.assert_allclose(p, softmax(logits / temperature), rtol=1e-12)
    np.testing.assert_allclose(sampling_probs(logits + 1e4, temperature), p, rtol=1e-9)


@pytest.mark.parametrize("k", [1, 2, 5, V, V + 3])
def test_top_k_keeps_the_most_probable_words_in_proportion(logits, k):
    kept = sorted(range(V), key=lambda word: -logits[word])[:k]
    expected = np.where(np.isin(np.arange(V), kept), softmax(logits / 0.8), 0)
    found = sampling_probs(logits, 0.8, top_k=k)
    np.testing.assert_allclose(found, expected / expected.sum(), rtol=1e-12)


@pytest.mark.parametrize("top_p", [1e-9, 0.2, 0.5, 0.9, 0.999, 1.0])
def test_top_p_keeps_the_smallest_sufficient_set(logits, top_p):
    p = softmax(logits)
    sets = (np.array(chosen) for chosen in product([False, True], repeat=V))
    enough = [chosen for chosen in sets if p[chosen].sum() >= top_p - 1e-12]
    # of all sets with enough probability the smallest, of these the most probable
    nucleus = min(enough, key=lambda chosen: (chosen.sum(), -p[chosen].sum()))
    expected = np.where(nucleus, p, 0)
    found = sampling_probs(logits, top_p=top_p)
    np.testing.assert_allclose(found, expected / expected.sum(), rtol=1e-12)


def test_top_p_comes_after_temperature_and_top_k():
    logits = np.log([0.4, 0.3, 0.2, 0.1])
    # the two most probable words have 4/7 and 3/7 of what is left; 0.5 is reached by the first
    np.testing.assert_array_equal(sampling_probs(logits, top_k=2, top_p=0.5), [1, 0, 0, 0])
    # at T = 1/2: 16, 9, 4, 1 of 30; the first has 0.53
    np.testing.assert_array_equal(sampling_probs(logits, 0.5, top_p=0.5), [1, 0, 0, 0])
    assert (sampling_probs(logits, top_p=0.5) > 0).sum() == 2


def test_ties_keep_the_lower_ids():
    logits = np.array([0.0, 1.0, 1.0, 1.0])
    np.testing.assert_array_equal(sampling_probs(logits, top_k=2), [0, 0.5, 0.5, 0])
    np.testing.assert_array_equal(sampling_probs(logits, greedy=True), [0, 1, 0, 0])
    many = sampling_probs(np.arange(100) % 2, top_k=60)  # 50 words with logit 1, 10 with logit 0
    assert np.flatnonzero(many).tolist() == sorted([*range(1, 100, 2), *range(0, 20, 2)])


def test_impossible_words_stay_impossible():
    logits = np.array([-np.inf, 0.0, -np.inf, 0.0])
    np.testing.assert_array_equal(sampling_probs(logits, 2.0, top_k=3), [0, 0.5, 0, 0.5])


# Drawing


@pytest.mark.parametrize("n_words", [1, 3, 255, 256, 257, 700])
def test_each_word_owns_its_share_of_the_unit_interval(n_words):
    rng = np.random.default_rng(n_words)
    weights = rng.random(n_words) * (rng.random(n_words) < 0.6)
    weights[rng.integers(n_words)] = 1.0
    edges = np.cumsum(weights) / weights.sum()
    for u in [0.0, np.nextafter(1, 0), *rng.random(300)]:
        word = generation._pick(weights, u)
        assert weights[word] > 0
        assert edges[word] - weights[word] / weights.sum() - 1e-12 <= u <= edges[word] + 1e-12


@pytest.mark.parametrize("options", [{"temperature": 0.6}, {"top_k": 3}, {"top_p": 0.6}])
def test_frequencies_are_those_of_the_distribution(options):
    p = np.array([0.05, 0.1, 0.3, 0.02, 0.2, 0.13, 0.2])
    n = 20_000
    drawn = sample(Fixed(p), n, seed=0, **options)
    expected = sampling_probs(np.log(p), **options)
    found = np.bincount(drawn, minlength=len(p)) / n
    error = np.sqrt(expected * (1 - expected) / n)  # standard error of a frequency
    assert (np.abs(found - expected) <= 4 * error).all()


def test_frequencies_of_whole_texts_are_the_models_probabilities():
    """Draw many texts of two words and compare with exp(log_probs) of all of them."""
    model = make("srn", V=4)
    n = 4000
    rng = np.random.default_rng(0)
    drawn = np.array([sample(model, 2, seed=rng) for _ in range(n)])
    for text in product(range(4), repeat=2):
        p = math.exp(model.log_probs(text).sum())
        found = (drawn == text).all(axis=1).mean()
        assert abs(found - p) < 4 * math.sqrt(p * (1 - p) / n)


# One step


@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("options", CELLS, ids=lambda o: " ".join(map(str, o.values())))
def test_the_numpy_step_is_torchs(options, layers):
    model = randomize(LanguageModel(V, 4, 6, num_layers=layers, **options))
    ours, theirs = numpy_step(model), torch_step(model)
    for word in [1, 3, 3, 8, 0, 1, 5]:
        np.testing.assert_allclose(ours(word), theirs(word), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(
    "options",
    [
        {"tie_weights": False},
        {"output": "sampled"},
        {"variational": True, "num_layers": 2},
        {"variational": True, "cell": "srn", "nonlinearity": "relu"},
        {"variational": True, "cell": "gru", "reset": "before", "num_layers": 2},
        {"embedding_size": 6},
    ],
)
def test_the_numpy_step_knows_every_kind_of_model(options):
    model = randomize(LanguageModel(V, **{"embedding_size": 4, "hidden_size": 6, **options}))
    assert generation._numpy_can(model)
    ours, theirs = numpy_step(model), torch_step(model)
    for word in [1, 4, 4, 0]:
        np.testing.assert_allclose(ours(word), theirs(word), rtol=1e-10, atol=1e-12)


def test_a_model_with_torchs_own_layer_can_write():
    model = make("lstm")
    before = sample(model, 30, seed=1)
    theirs = torch.nn.LSTM(4, 6, 2).double()
    theirs.load_state_dict(model.rnn.state_dict())
    model.rnn = theirs
    np.testing.assert_array_equal(sample(model, 30, seed=1), before)


@every_model
def test_the_first_logits_are_those_of_the_next_word(name):
    model = make(name).train()
    for context in ([], [2], [V, 2, 1, 4, 4, 0]):
        _, logits = start(model, context)
        np.testing.assert_allclose(softmax(logits), model.next_word_probs(context), rtol=1e-10)


@every_model
def test_every_word_is_drawn_given_all_words_before_it(name):
    """The oracle reads the whole text again for every word."""
    model, context = make(name), [3, 1, 5]
    rng, expected = np.random.default_rng(7), []
    for _ in range(25):
        p = model.next_word_probs([*context, *expected])
        expected.append(int(np.searchsorted(np.cumsum(p), rng.random(), side="right")))
    np.testing.assert_array_equal(sample(model, 25, context, seed=7), expected)
    assert 1 in expected  # the text goes on after </s>


@every_model
def test_the_same_words_whichever_path(monkeypatch, name):
    model = make(name).float()
    texts = [sample(model, 60, seed=3, temperature=1.3, top_k=7, top_p=0.95)]
    monkeypatch.setattr(generation, "_numpy_can", lambda lm: False)
    texts.append(sample(model, 60, seed=3, temperature=1.3, top_k=7, top_p=0.95))
    np.testing.assert_array_equal(*texts)
    assert len(set(texts[0])) > 2


def test_models_numpy_cannot_step_take_torchs_path():
    model = make("srn")
    assert generation._numpy_can(model)
    assert not generation._numpy_can(model.bfloat16())
    assert len(sample(model, 5, seed=0)) == 5
    assert not generation._numpy_can(make("adaptive")) and not generation._numpy_can(make("window"))


@pytest.mark.parametrize("variational", [False, True])
@pytest.mark.parametrize(
    "options",
    [
        {"peepholes": True},
        {"skip": "residual", "num_layers": 2},
        {"cell": "gru", "skip": "highway", "num_layers": 2, "time_skip": 3},
        {"cell": "srn", "skip": "dense", "time_skip": 2},
    ],
)
def test_models_with_peepholes_and_skips_can_write(options, variational):
    model = randomize(LanguageModel(V, 4, 6, variational=variational, **options))
    rng, context, expected = np.random.default_rng(7), [3, 1, 5], []
    for _ in range(12):
        p = model.next_word_probs([*context, *expected])
        expected.append(int(np.searchsorted(np.cumsum(p), rng.random(), side="right")))
    np.testing.assert_array_equal(sample(model, 12, context, seed=7), expected)


@every_model
def test_a_step_reads_one_word(name, monkeypatch):
    """However long the text, the model sees one new word at a time."""
    model, shapes = make(name), []
    features = type(model).features
    monkeypatch.setattr(generation, "_numpy_can", lambda lm: False)
    monkeypatch.setattr(
        type(model),
        "features",
        lambda self, ids, state=None: shapes.append(ids.shape) or features(self, ids, state),
    )
    sample(model, 30, [2, 3, 4], seed=0)
    assert set(shapes) == {(1, 1)} and len(shapes) == 1 + 3 + 30


# Texts


def test_a_prompt_of_words_is_continued_by_words():
    # </s> has no probability, so the sentence goes on
    p = np.full(V, 1 / (V - 1))
    p[WORDS.eos_id] = 0
    model = Fixed(p)
    text = generate(model, WORDS, "the  cat", max_tokens=6, seed=0)
    assert text.startswith("the  cat ")
    continuation = text.removeprefix("the  cat ").split(" ")
    assert len(continuation) == 6 and set(continuation) <= set(WORDS.words)
    assert model.context == [2, 3]
    assert generate(model, WORDS, "the ", max_tokens=1, seed=0).split() == ["the", continuation[0]]
    assert not generate(model, WORDS, max_tokens=3, seed=0).startswith(" ")
    assert generate(model, WORDS, "cat", max_tokens=0) == "cat"


def test_a_prompt_of_characters_is_continued_by_characters():
    p = np.full(len(CHARACTERS), 1 / (len(CHARACTERS) - 2))
    p[:2] = 0
    model = Fixed(p)
    text = generate(model, CHARACTERS, "ab c", max_tokens=20, seed=0)
    assert text.startswith("ab c") and len(text) == 24 and set(text[4:]) == set("abcd e")
    assert model.context == [2, 3, 6, 4]


def test_a_line_break_in_a_prompt_ends_a_sentence():
    model = Fixed(np.eye(len(CHARACTERS))[2])
    assert generate(model, CHARACTERS, "b\na", max_tokens=2) == "b\naaa"
    assert model.context == [3, CHARACTERS.eos_id, 2]
    model = Fixed(np.eye(V)[3])
    assert generate(model, WORDS, "the\n", max_tokens=2) == "the\ncat cat"
    assert model.context == [2, WORDS.eos_id]
    model = Fixed(np.eye(4)[2])
    assert generate(model, Vocabulary("a\n"), "\n", max_tokens=2) == "\naa"
    assert model.context == [3]  # an ordinary character of this vocabulary


def test_unknown_words_of_a_prompt_are_unk():
    model = Fixed(np.eye(V)[0])
    assert generate(model, WORDS, "<s> the zebra", max_tokens=1) == "<s> the zebra <unk>"
    assert model.context == [V, 2, 0]
    assert generate(make("lstm"), WORDS, "<s> the", greedy=True, max_tokens=4).startswith("<s> the")


def test_the_text_ends_before_the_end_of_sentence():
    vocab = Vocabulary(["a", "bb"])
    ids = vocab.encode([["a", "bb"]] * 5)
    model = KneserNey(order=3).fit(ids, vocab)
    assert generate(model, vocab, "a", greedy=True) == "a bb"
    assert generate(Fixed(np.eye(V)[1]), WORDS, "the cat") == "the cat"


@every_model
def test_the_seed_decides(name):
    model = make(name)
    state, modes = torch.get_rng_state(), [m.training for m in model.modules()]
    texts = [generate(model, WORDS, "the", seed=seed) for seed in (1, 1, 2, 3, 4, 5)]
    assert texts[0] == texts[1] and len(set(texts)) > 2
    rng = np.random.default_rng(1)
    assert generate(model, WORDS, "the", seed=rng) == texts[0]
    assert len({generate(model, WORDS, "the") for _ in range(9)}) > 1
    assert torch.equal(torch.get_rng_state(), state)
    assert modes == [m.training for m in model.modules()]
    assert all(p.grad is None for p in model.parameters())


@every_model
def test_greedy_takes_the_most_probable_word_each_time(name):
    model = make(name)
    ids = sample(model, 10, [4], greedy=True)
    for t, word in enumerate(ids):
        assert word == model.next_word_probs([4, *ids[:t]]).argmax()
    np.testing.assert_array_equal(sample(model, 10, [4], temperature=1e-3, seed=0), ids)


def test_many_words_and_large_logits():
    """More words than a block, and logits whose exponentials would overflow."""
    model = LanguageModel(3000, 4, 6)
    torch.manual_seed(0)
    for weight in (model.embedding.weight, model.output.projection.weight):
        torch.nn.init.normal_(weight, std=9)
    assert np.abs(start(model)[1]).max() > 100
    rng, expected = np.random.default_rng(5), []
    for _ in range(20):
        p = model.next_word_probs(expected) ** (1 / 30)
        expected.append(int(np.searchsorted(np.cumsum(p) / p.sum(), rng.random(), side="right")))
    np.testing.assert_array_equal(sample(model, 20, seed=5, temperature=30.0), expected)
    assert len(set(expected)) > 5


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"temperature": 0}, "positive and finite, got 0; greedy=True always takes"),
        ({"temperature": math.inf}, "positive and finite, got inf"),
        ({"temperature": math.nan}, "positive and finite, got nan"),
        ({"top_k": 0}, "top_k must be a whole number of at least 1, got 0"),
        ({"top_k": 2.5}, "top_k must be a whole number of at least 1, got 2.5"),
        ({"top_p": 0.0}, "top_p must be above 0 and at most 1, got 0.0"),
        ({"top_p": 1.1}, "got 1.1"),
        ({"max_tokens": -1}, "max_tokens must be a whole number of at least 0, got -1"),
        ({"max_tokens": 3.0}, "max_tokens must be a whole number of at least 0, got 3.0"),
    ],
)
def test_errors_name_the_value_and_the_cure(options, message):
    with pytest.raises(ValueError, match=message):
        generate(make("lstm"), WORDS, **options)


def test_a_prompt_is_a_string():
    with pytest.raises(TypeError, match=r"a prompt is a string, got \['the'\]; ' '.join"):
        generate(make("lstm"), WORDS, ["the"])


@pytest.mark.parametrize("options", [{}, {"top_k": 2}, {"top_p": 0.5}, {"greedy": True}])
def test_a_model_that_diverged_cannot_write(options):
    model = make("lstm")
    with torch.no_grad():
        model.output.bias[3] = math.nan
    with pytest.raises(ValueError, match=r"the largest logit is nan, .* did the training"):
        generate(model, WORDS, **options)
    with pytest.raises(ValueError, match="the largest logit is -inf"):
        sampling_probs([-math.inf, -math.inf], **options)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.filterwarnings("error")
def test_temperatures_beyond_the_range_of_numbers_are_their_limits(dtype):
    logits = np.array([-3, 1.5, 2, 1], dtype=dtype)
    draw = generation._weights
    np.testing.assert_array_equal(draw(logits, 1e-300, None, None, False), [0, 0, 1, 0])
    np.testing.assert_array_equal(draw(logits, 1e300, None, None, False), [1, 1, 1, 1])


def test_model_and_vocabulary_must_fit():
    ids = WORDS.encode([["the", "cat"]])
    for model in (make("lstm"), KneserNey(order=2).fit(ids, WORDS), NumpyRNN.random(V, 3)):
        with pytest.raises(ValueError, match="the model knows 9 words, the vocabulary has 8"):
            generate(model, CHARACTERS)
    with pytest.raises(ValueError, match="id 12 is outside the vocabulary of 9 words"):
        sample(make("lstm"), 3, [12])
