import numpy as np
import pytest
import torch

from course_utils import plots
from course_utils.diagnostics import decay, gradient_norms, run_cell, spectral_radius_
from course_utils.ngrams import MLE, AddK
from course_utils.numpy_rnn import NumpyRNN
from course_utils.recurrent import LSTM, SRN, forget_bias_
from course_utils.text import Vocabulary
from course_utils.widgets import (
    gradient_flow,
    memory_cell,
    predictive_typing,
    sampling,
    tagging,
    truncation,
    window_size,
    words_read,
)

SENTENCES = ["the cat sat", "the cat ran", "the dog sat", "a dog sat"]


@pytest.fixture(scope="module")
def models():
    sentences = [sentence.split() for sentence in SENTENCES]
    vocab = Vocabulary.from_sentences(sentences)
    ids = vocab.encode(sentences)
    return {
        "maximum likelihood": [MLE(order=n).fit(ids, vocab) for n in (1, 2, 3)],
        "add-1": [AddK(order=n, k=1).fit(ids, vocab) for n in (1, 2, 3)],
    }


def test_a_figure_is_shown_with_its_alternative_text(monkeypatch):
    shown = []
    monkeypatch.setattr(plots, "display", shown.append)
    fig, (ax,) = plots.panels(1)
    plots.bars(ax, {"a": 1.0}, xlabel="count")
    plots.show(fig, "One bar.")
    data, metadata = shown[0]._repr_mimebundle_()
    assert data["image/png"]
    assert metadata["image/png"]["alt"] == "One bar."
    with pytest.raises(ValueError, match="alt is empty"):
        plots.show(fig, " ")


def test_the_same_figure_gives_the_same_bytes():
    pictures = set()
    for _ in range(2):
        fig, (ax,) = plots.panels(1)
        plots.lines(ax, {"a": ([1, 2], [3, 4])}, xlabel="x", ylabel="y")
        pictures.add(plots.png(fig))
    assert len(pictures) == 1


def test_curves_differ_in_more_than_colour():
    _, (ax,) = plots.panels(1)
    names = [f"n = {n}" for n in range(1, 7)]
    plots.lines(ax, {name: ([1, 2], [0, 1]) for name in names}, xlabel="x", ylabel="y")
    assert len({line.get_marker() for line in ax.lines}) == 6
    assert len({str(line._dash_pattern) for line in ax.lines}) == 6
    with pytest.raises(ValueError, match="at most 6 curves can be told apart, got 7"):
        plots.lines(ax, dict.fromkeys(range(7), ([1], [1])), xlabel="x", ylabel="y")


def test_whole_numbers_have_whole_ticks():
    for x, whole in [(range(1, 5), True), ([1.0, 2.5], False)]:
        _, (ax,) = plots.panels(1)
        plots.lines(ax, {"a": (x, [0] * len(x))}, xlabel="x", ylabel="y")
        assert all(tick == int(tick) for tick in ax.get_xticks()) == whole


def test_bars_print_their_values_and_the_floor():
    _, (ax,) = plots.panels(1)
    plots.bars(ax, {"long": 123.456, "short": 7.0}, xlabel="perplexity", floor=("floor", 5.04))
    texts = [text.get_text() for text in ax.texts]
    assert texts == ["123", "7"]
    assert ax.get_legend().get_texts()[0].get_text() == "floor 5.04"
    assert list(ax.lines[-1].get_xdata()) == [5.04, 5.04]
    assert ax.yaxis_inverted(), "the first bar stands on top"


def test_next_words_draws_the_most_probable_words(models):
    model = models["maximum likelihood"][1]
    _, (ax,) = plots.panels(1)
    table = plots.next_words(ax, model, "the", top=2)
    # after "the": cat twice, dog once
    assert list(table.word) == ["cat", "dog"]
    np.testing.assert_allclose([bar.get_width() for bar in ax.patches], [2 / 3, 1 / 3])
    assert ax.get_xlabel() == "P(next word | the)"


@pytest.mark.parametrize(
    ("order", "label"),
    [(1, "P(next word)"), (2, "P(next word | <unk>)"), (3, "P(next word | cat <unk>)")],
)
def test_next_words_shows_the_part_of_the_context_that_counts(models, order, label):
    _, (ax,) = plots.panels(1)
    plots.next_words(ax, models["add-1"][order - 1], "the cat zebra")
    assert ax.get_xlabel() == label


def test_dollars_are_no_formulas():
    fig, (ax,) = plots.panels(1)
    plots.bars(ax, {r"$\frac$": 1.0, "$5": 2.0}, xlabel=r"after $\frac $5")
    plots.png(fig)


def test_predictive_typing_follows_its_controls(models):
    view = predictive_typing(models, text="the", suggestions=2)
    context, order, counted, smoothed, picture = view.children
    assert counted.children[0].value == "maximum likelihood"
    before = bytes(picture.value)
    assert before.startswith(b"\x89PNG")

    order.value = 2
    assert [b.description for b in counted.children[1:]] == ["cat", "dog"]
    assert picture.value != before

    counted.children[1].click()
    assert context.value == "the cat"
    # after "cat": sat once, ran once, in the order of the vocabulary
    for row in (counted, smoothed):
        assert {b.description for b in row.children[1:]} == {"sat", "ran"}


def test_taking_the_end_of_the_sentence_begins_a_new_one(models):
    view = predictive_typing(models, text="the dog sat", suggestions=1)
    context, _, row, *_ = view.children
    assert row.children[1].description == "</s>"
    row.children[1].click()
    assert context.value == ""
    assert row.children[1].description == "the"


class Even:
    """A model that does not know its vocabulary, as trained ones do not."""

    def next_word_probs(self, context):
        return np.full(7, 1 / 7)


def test_predictive_typing_puts_one_model_beside_all_orders_of_another(models):
    vocab = models["add-1"][0].vocab
    of_orders = {"add-1": models["add-1"], "even": Even()}
    order = predictive_typing(of_orders, vocab=vocab).children[1]
    assert (order.max, order.layout.display) == (3, None)
    alone = predictive_typing({"even": Even()}, vocab=vocab)
    assert alone.children[1].layout.display == "none"
    _, (ax,) = plots.panels(1)
    plots.next_words(ax, Even(), "the cat " * 4, vocab=vocab, title="even")
    assert ax.get_xlabel() == "P(next word | ... cat the cat the cat)"
    assert ax.get_title() == "even"


def test_predictive_typing_refuses_unequal_orders(models):
    with pytest.raises(ValueError, match=r"one model an order, got \{'a': 3, 'b': 2\}"):
        predictive_typing({"a": models["add-1"], "b": models["add-1"][:2]})
    with pytest.raises(ValueError, match="got no model"):
        predictive_typing({})


def test_sampling_follows_its_controls():
    vocab = Vocabulary("abc ")
    ids = vocab.encode([list("ab ab"), list("ac <b")])
    view = sampling(MLE(order=2).fit(ids, vocab), vocab, "a", max_tokens=9)
    prompt, temperature, top_p, again, text, picture = view.children
    assert text.value.startswith("<pre>a")
    before = bytes(picture.value)
    assert before.startswith(b"\x89PNG")

    top_p.value = 0.5  # "b" follows "a" twice in three times
    assert text.value.startswith("<pre>ab")
    assert picture.value != before

    prompt.value, top_p.value, temperature.value = "<", 1.0, 2.0
    assert text.value.startswith("<pre>&lt;"), "what a model writes is no HTML"
    texts = set()
    for _ in range(20):
        again.click()
        texts.add(text.value)
    assert len(texts) > 1


def test_a_word_map_writes_every_word_at_its_place():
    fig, (ax,) = plots.panels(1)
    plots.word_map(ax, {"nouns": {"cat": (1, 2), "$5": (3, 4)}, "verbs": {"sat": (5, 6)}})
    assert {text.get_text(): text.xy for text in ax.texts} == {
        "cat": (1, 2),
        r"\$5": (3, 4),
        "sat": (5, 6),
    }
    nouns, verbs = ax.lines
    assert list(zip(*nouns.get_data(), strict=True)) == [(1, 2), (3, 4)]
    assert nouns.get_marker() != verbs.get_marker() and nouns.get_color() != verbs.get_color()
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["nouns", "verbs"]
    plots.png(fig)
    with pytest.raises(ValueError, match="at most 6 groups can be told apart, got 7"):
        plots.word_map(ax, {str(i): {"a": (0, 0)} for i in range(7)})


def test_window_size_shows_what_a_window_sees(models):
    of_size = dict(enumerate(models["maximum likelihood"][1:], start=1))  # bigrams see one word
    vocab = of_size[1].vocab
    view = window_size(of_size, vocab, text="the <b> cat")
    context, size, seen, picture = view.children
    assert (size.value, seen.value.count("&lt;b&gt;")) == (1, 1), "what is typed is no HTML"
    before, after = seen.value.split("<b style")
    assert "the &lt;b&gt;" in before and "cat" in after

    shown = bytes(picture.value)
    assert shown.startswith(b"\x89PNG")
    size.value = 2
    before, after = seen.value.split("<b style")
    assert "&lt;b&gt; cat" in after and "the" in before
    assert picture.value != shown

    context.value = ""
    assert bytes(picture.value).startswith(b"\x89PNG")
    with pytest.raises(ValueError, match="no model to show"):
        window_size({}, vocab)


WORDS = "</s> the roses in the vase are".split()


@pytest.mark.parametrize("tau", [1, 2, 4, 6, 9, None])
def test_reached_is_where_the_deltas_are(tau):
    model = NumpyRNN.random(9, 4, seed=0)
    inputs, targets = np.arange(6), np.arange(1, 7)
    deltas = model.deltas_by_target(inputs, targets, tau=tau)
    np.testing.assert_array_equal(plots.reached(6, tau), deltas.any(axis=-1))
    if tau is None:
        return
    # in chunks, each is a text of its own
    expected = np.zeros((6, 6), dtype=bool)
    for start in range(0, 6, tau):
        piece = slice(start, start + tau)
        table = model.deltas_by_target(inputs[piece], targets[piece])
        expected[piece, piece] = table.any(axis=-1)
    np.testing.assert_array_equal(plots.reached(6, tau, chunks=True), expected)


def numbers_and_cuts(tau=None, **options):
    """What the unrolled graph says about the way from each step to the one before."""
    _, (ax,) = plots.panels(1)
    plots.unrolled(ax, WORDS, tau, **options)
    numbers = {text.get_position()[0]: int(text.get_text()) for text in ax.texts
               if text.get_text().isdigit()}  # fmt: skip
    return numbers, [line.get_xdata()[0] for line in ax.lines]


def test_unrolled_says_how_many_errors_pass():
    # six steps; from the last to the one before passes one error, from that one two, ...
    assert numbers_and_cuts()[0] == {4.5: 1, 3.5: 2, 2.5: 3, 1.5: 4, 0.5: 5}
    assert numbers_and_cuts(tau=3) == ({4.5: 1, 3.5: 2, 2.5: 2, 1.5: 2, 0.5: 2}, [])
    assert numbers_and_cuts(tau=1) == ({}, [0.5, 1.5, 2.5, 3.5, 4.5])
    assert numbers_and_cuts(tau=3, chunks=True) == ({4.5: 1, 3.5: 2, 1.5: 1, 0.5: 2}, [2.5])
    # one target alone: no numbers, and one cut behind the last step it reaches
    assert numbers_and_cuts(tau=2, target=4) == ({}, [2.5])


def test_unrolled_refuses_what_it_cannot_draw():
    _, (ax,) = plots.panels(1)
    with pytest.raises(ValueError, match="at least two words"):
        plots.unrolled(ax, ["alone"])
    with pytest.raises(ValueError, match="target must be between 0 and 5, got 6"):
        plots.unrolled(ax, WORDS, target=6)
    with pytest.raises(ValueError, match="tau must be at least 1"):
        plots.unrolled(ax, WORDS, 0)


def test_delta_table_hatches_what_is_out_of_reach():
    sizes = np.tril(np.arange(1.0, 37).reshape(6, 6))
    _, (ax,) = plots.panels(1)
    plots.delta_table(ax, sizes, WORDS, plots.reached(6, tau=2))
    hatched = [patch.get_hatch() is not None for patch in ax.patches]
    assert len(hatched) == 21 and sum(hatched) == 21 - 11
    # 1, 7 8, 14 15, 21 22, 28 29, 35 36: the two cells next to the diagonal of each row
    shown = [float(text.get_text()) for text in ax.texts]
    assert shown == [1, 7, 8, 14, 15, 21, 22, 28, 29, 35, 36]


def test_truncation_follows_its_controls(monkeypatch):
    drawn = []
    for name in ("unrolled", "delta_table"):
        draw = getattr(plots, name)
        monkeypatch.setattr(
            plots,
            name,
            lambda *given, draw=draw, **more: (drawn.append((given, more)), draw(*given, **more)),
        )
    sizes = np.tril(np.ones((6, 6)))
    view = truncation(sizes, WORDS, tau=9)
    (slider, target), way, picture = view.children[0].children, *view.children[1:]
    assert slider.value == slider.max == 6
    before = bytes(picture.value)
    slider.value, way.value, target.value = 2, True, 4
    assert picture.value != before
    (graph, options), (table, _) = drawn[-2:]
    assert graph[1:] == (WORDS, 2) and options == {"chunks": True, "target": 4}
    np.testing.assert_array_equal(table[3], plots.reached(6, 2, chunks=True))


def test_truncation_refuses_a_text_of_another_length():
    with pytest.raises(ValueError, match="a table of 6 targets needs 7 words, got 5"):
        truncation(np.ones((6, 6)), WORDS[:5])


def test_gradient_flow_draws_each_distance_and_leaves_zeros_out():
    fig, (ax,) = plots.panels(1)
    flow = 0.1 ** np.arange(31)
    plots.gradient_flow(ax, {"falls": flow, "ends": [1.0, 0.5, 0.0]}, title="a")
    falls, ends = ax.lines
    np.testing.assert_array_equal(falls.get_xdata(), range(31))
    np.testing.assert_allclose(falls.get_ydata(), flow)
    np.testing.assert_array_equal(ends.get_ydata(), [1.0, 0.5, np.nan])
    assert ax.get_yscale() == "log" and falls.get_markevery() == 3
    plots.png(fig)


def test_along_text_has_a_column_a_step_and_a_row_a_unit():
    fig, (linear, log) = plots.panels(2)
    table = np.arange(6.0).reshape(3, 2)  # (T, H)
    plots.along_text(linear, table, ["the", "$5", "were"], label="forget gate", limits=(0, 9))
    (image,) = linear.images
    np.testing.assert_array_equal(image.get_array(), table.T)
    assert image.get_clim() == (0, 9)
    assert [tick.get_text() for tick in linear.get_xticklabels()] == ["the", r"\$5", "were"]
    assert list(linear.get_xticks()) == [1, 2, 3]
    plots.along_text(log, table, label="norm", log=True)
    assert log.images[0].get_array().mask.tolist() == [[True, False, False], [False] * 3]
    assert log.get_xlabel() == "step"
    assert [ax.get_ylabel() for ax in fig.axes[2:]] == ["forget gate", "norm"]
    plots.png(fig)
    with pytest.raises(ValueError, match="3 steps need 3 words, got 1"):
        plots.along_text(log, table, ["the"], label="norm")


def test_a_memory_cell_shows_state_output_and_gates():
    fig, (short, long) = plots.panels(2)
    cell = run_cell(i=[1, 0, 0], f=[0, 1, 0.5], g=[-0.5, 1, 1], o=[0, 0, 1])
    plots.memory_cell(short, cell, step=2)
    c, h = short.lines
    np.testing.assert_allclose(c.get_ydata(), [-0.5, -0.5, -0.25])
    np.testing.assert_allclose(h.get_ydata(), [0, 0, np.tanh(-0.25)])
    (below,) = short.child_axes
    numbers = [text.get_text() for text in below.texts]
    assert numbers == "1 0 0  0 1 0.5  0 0 1  -0.5 1 1".split()  # i, f, o, g
    assert [tick.get_text()[0] for tick in below.get_yticklabels()] == list("ifog")
    assert [patch.get_x() for patch in below.patches] == [2.5], "step 2 is the third"
    words = [f"w{t}" for t in range(21)]
    plots.memory_cell(long, run_cell(i=np.zeros(21), f=1, g=0, o=1, c_0=1), words=words)
    (below,) = long.child_axes
    assert not below.texts and not below.get_xlabel()
    assert [tick.get_text() for tick in below.get_xticklabels()] == words
    assert list(below.get_xticks()) == list(range(1, 22))
    with pytest.raises(ValueError, match="3 steps need 3 words, got 21"):
        plots.memory_cell(short, cell, words=words)
    plots.png(fig)


def test_clipping_draws_both_norms_of_every_chunk():
    fig, (ax,) = plots.panels(1)
    plots.clipping(ax, np.array([3.0, 0.2]), np.array([1.0, 0.2]))
    drawn = [list(zip(*line.get_data(), strict=True)) for line in ax.lines]
    assert drawn == [[(1, 3.0), (2, 0.2)], [(1, 1.0), (2, 0.2)]]
    plots.png(fig)


class ToneTagger:
    """Sure that every word has the tone that the last one ends on."""

    tags = ("0", "-", "+")

    def predict_probs(self, xs):
        sure = [[float(tag == words[-1][-1]) for tag in self.tags] for words in xs]  # (K,) each
        return [np.tile(p, (len(words), 1)) for words, p in zip(xs, sure, strict=True)]


def test_tones_go_from_minus_to_plus():
    fig, (ax,) = plots.panels(1)
    taggers = {"one": ToneTagger(), "other": ToneTagger()}
    for words, tone in (("a b-", -1), ("a b c+", 1), ("a", 0)):
        plots.tones(ax, taggers, words.split())
        np.testing.assert_array_equal(ax.images[-1].get_array(), [[tone] * len(words.split())] * 2)
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["one", "other"]
    taggers["other"].tags = ("0", "+")
    with pytest.raises(ValueError, match="tagger 'other' lacks the tags -"):
        plots.tones(ax, taggers, ["a"])
    plots.png(fig)


def recorded(monkeypatch, name):
    """Let a function of `plots` note what it is given to draw."""
    drawn, draw = [], getattr(plots, name)

    def recording(ax, *given, **more):
        drawn.append(given)
        draw(ax, *given, **more)

    monkeypatch.setattr(plots, name, recording)
    return drawn


def test_the_memory_cell_follows_its_controls(monkeypatch):
    drawn = recorded(monkeypatch, "memory_cell")
    given = {"i": [0, 0, 0, 0], "f": [1, 1, 1, 1], "g": [0.5] * 4, "o": [0, 0, 0, 1]}
    view = memory_cell(given)
    (step, *buttons), i, f, o, g, picture = view.children[0].children, *view.children[1:]
    before = bytes(picture.value)
    assert before.startswith(b"\x89PNG") and len(drawn) == 1

    step.value = 2
    assert (i.value, f.value, o.value, g.value) == (0, 1, 0, 0.5) and len(drawn) == 2
    button = {button.description: button for button in buttons}
    button["write"].click()
    assert (i.value, f.value, o.value) == (1, 0, 0) and len(drawn) == 3
    np.testing.assert_array_equal(drawn[-1][0]["c"], [0, 0.5, 0.5, 0.5])
    assert drawn[-1][1] == 1
    g.value = -1
    np.testing.assert_allclose(drawn[-1][0]["h"], [0, 0, 0, np.tanh(-1)])
    step.value = 3
    assert g.value == 0.5
    button["erase"].click()
    np.testing.assert_array_equal(drawn[-1][0]["c"], [0, -1, 0, 0])
    step.value = 2
    assert (i.value, g.value) == (1, -1), "what was set stays"
    step.value = 4
    button["read"].click()
    assert (f.value, o.value) == (1, 1)
    assert picture.value != before
    assert given["i"] == [0, 0, 0, 0]


def test_the_memory_cell_refuses_other_gates():
    with pytest.raises(ValueError, match="the gates are i, f, g and o, got f, i"):
        memory_cell({"i": [1], "f": [1]})
    with pytest.raises(ValueError, match=r"f must be numbers 0 \.\. 1"):
        memory_cell({"i": [1], "f": [2], "g": [0], "o": [0]})


def test_the_gradient_flow_follows_its_controls(monkeypatch):
    drawn = recorded(monkeypatch, "gradient_flow")
    torch.manual_seed(9)
    random = torch.get_rng_state()
    view = gradient_flow(hidden_size=6, steps=12, seed=3)
    cell, radius, bias, picture = view.children
    assert torch.equal(torch.get_rng_state(), random)
    assert bias.layout.display == "none"
    before = bytes(picture.value)

    def network(kind):
        torch.manual_seed(3)
        return kind(16, 6), torch.randn(12, 8, 16)

    radius.value = 1.2
    curves = list(drawn[-1][0].values())
    srn, x = network(SRN)
    np.testing.assert_allclose(curves[0], gradient_norms(srn, x).h[:, 0].mean(-1))
    spectral_radius_(srn, 1.2)
    np.testing.assert_allclose(curves[1], gradient_norms(srn, x).h[:, 0].mean(-1))
    np.testing.assert_allclose(curves[2], decay(srn.weight_hh_l0.detach(), 12).bound)
    np.testing.assert_allclose(curves[3], 1.2 ** np.arange(13), rtol=1e-5)

    cell.value, bias.value = "LSTM", 3
    assert bias.layout.display is None and picture.value != before
    lstm, x = network(LSTM)
    norms = gradient_norms(forget_bias_(spectral_radius_(lstm, 1.2), 3), x)
    _, h, c = drawn[-1][0].values()
    np.testing.assert_allclose(h, norms.h[:, 0].mean(-1))
    np.testing.assert_allclose(c, norms.c[:, 0].mean(-1))
    cell.value = "GRU"
    assert len(drawn[-1][0]) == 2 and "update" in bias.description
    cell.value = "SRN, ReLU"
    assert len(drawn[-1][0]) == 4


def test_words_read_follows_its_controls(monkeypatch):
    drawn = recorded(monkeypatch, "tones")
    view = words_read({"one": ToneTagger()}, "a b c+")
    text, read, _ = view.children
    assert drawn[-1][1] == ["a", "b", "c+"] and read.value == 3
    read.value = 2
    assert drawn[-1][1] == ["a", "b"]
    text.value = "a b c d-"
    assert drawn[-1][1] == ["a", "b"] and read.max == 4
    text.value = "d-"
    assert drawn[-1][1] == ["d-"] and read.value == 1
    before = len(drawn)
    text.value = " "
    assert len(drawn) == before, "nothing to read"
    with pytest.raises(ValueError, match="the text is empty"):
        words_read({"one": ToneTagger()}, " ")


def test_tagging_shows_the_likeliest_tags_of_each_word():
    class Fixed:
        tags = ("NOUN", "VERB", "ADJ", "<X>")

        def predict_probs(self, sentences):
            [words] = sentences
            return [np.array([[0.1, 0.62, 0.08, 0.2]] * len(words))]

    view = tagging(Fixed(), "time <b>", shown=2)
    text, table = view.children
    assert "time" in table.value and "&lt;b&gt;" in table.value, "words are escaped"
    assert table.value.count("VERB<br>62%") == 2 and table.value.count("&lt;X&gt;<br>20%") == 2
    assert "NOUN" not in table.value, "only the two likeliest"
    text.value = "flies"
    assert "time" not in table.value and table.value.count("VERB<br>62%") == 1
    text.value = "  "
    assert "flies" in table.value, "while somebody types, the last sentence stays"
    with pytest.raises(ValueError, match="the text is empty"):
        tagging(Fixed(), " ")
