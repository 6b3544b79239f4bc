"""The interactive versions of the course's figures, made of ipywidgets.

Each view is a function that returns one widget. It needs a running kernel; the notebook shows the
static figure beside it.
"""

from __future__ import annotations

import html
import itertools
from collections.abc import Mapping, Sequence

import ipywidgets as ipw
import numpy as np

from course_utils import plots
from course_utils.text import Vocabulary


def predictive_typing(
    models: Mapping[str, object],
    text: str = "the",
    suggestions: int = 3,
    shown: int = 6,
    vocab: Vocabulary | None = None,
) -> ipw.VBox:
    """Suggest the next words as you type, for several models side by side.

    Type a context, or click a suggestion to take it over. The figure shows the most probable next
    words under each model.

    Parameters
    ----------
    models : mapping of str to fitted model, or to a sequence of them
        A sequence holds n-gram models of order 1, 2, 3, ...; a slider then chooses the order.
    text : str
        The context to begin with, words separated by blanks.
    suggestions : int
        Number of buttons with a suggested word, for each model.
    shown : int
        Number of words in the figure.
    vocab : Vocabulary, optional
        The vocabulary of the models that do not know their own.

    Raises
    ------
    ValueError
        If there is no model, or the sequences differ in length.
    """
    of_order = {name: m if isinstance(m, Sequence) else [m] for name, m in models.items()}
    lengths = {name: len(m) for name, m in of_order.items() if len(m) != 1}
    if not models or 0 in lengths.values() or len(set(lengths.values())) > 1:
        raise ValueError(f"each sequence needs one model an order, got {lengths or 'no model'}")
    longest = max(lengths.values(), default=1)
    context = ipw.Text(text, description="context", layout={"width": "30em"})
    order = ipw.IntSlider(longest, min=1, max=longest, description="order n")
    order.layout.display = None if longest > 1 else "none"
    buttons = {name: [ipw.Button() for _ in range(suggestions)] for name in models}
    rows = [
        ipw.HBox([ipw.Label(name, layout={"width": "12em"}), *row]) for name, row in buttons.items()
    ]
    width = 3.6 * len(models) + 0.6
    picture = ipw.Image(format="png", layout={"width": f"{min(80 * width, 1000):.0f}px"})

    def update(_change=None):
        fig, axes = plots.panels(len(models), width=width, height=3)
        for ax, (name, choices) in zip(axes, of_order.items(), strict=True):
            model = choices[min(order.value, len(choices)) - 1]
            table = plots.next_words(ax, model, context.value, shown, vocab, title=name)
            for button, word in zip(buttons[name], table.word, strict=False):
                button.description = word
        picture.value = plots.png(fig)

    def take(button):
        ended = button.description == "</s>"
        context.value = "" if ended else f"{context.value.rstrip()} {button.description}".lstrip()

    for control in (context, order):
        control.observe(update, names="value")
    for row in buttons.values():
        for button in row:
            button.on_click(take)
    update()
    return ipw.VBox([context, order, *rows, picture])


def sampling(model, vocab: Vocabulary, prompt: str = "", max_tokens: int = 200) -> ipw.VBox:
    """Let a model write at a temperature of your choice, beside the distribution it draws from.

    Parameters
    ----------
    model : fitted language model
        Anything that `generation.generate` takes.
    vocab : Vocabulary
        The model's vocabulary; if all its words are single characters, it writes characters.
    prompt : str
        What stands there already.
    max_tokens : int
        The length of the text; each sentence begins a new line.
    """
    from course_utils import generation  # needs torch, which the other views do without

    wide = {"description_width": "6em"}
    context = ipw.Text(prompt, description="prompt", layout={"width": "30em"}, style=wide)
    how_warm = {"min": 0.1, "max": 2.0, "step": 0.1, "description": "temperature"}
    temperature = ipw.FloatSlider(1.0, **how_warm, style=wide)
    share = {"min": 0.05, "max": 1.0, "step": 0.05, "description": "top p"}
    top_p = ipw.FloatSlider(1.0, **share, style=wide)
    again = ipw.Button(description="another text")
    seeds = itertools.count(1)
    picture = ipw.Image(format="png", layout={"width": "400px"})
    text = ipw.HTML()

    def draw(_change=None):
        _, logits = generation.start(model, generation.encode_prompt(context.value, vocab))
        p = generation.sampling_probs(logits, temperature.value, top_p=top_p.value)
        fig, (ax,) = plots.panels(1, width=4.8, height=3)
        likeliest = {vocab.words[i]: p[i] for i in np.argsort(-p, kind="stable")[:8]}
        plots.bars(ax, likeliest, xlabel="probability of being drawn next", digits=2)
        picture.value = plots.png(fig)
        write()

    def write(_button=None):
        how = {"temperature": temperature.value, "top_p": top_p.value, "seed": next(seeds)}
        ids = generation.encode_prompt(context.value, vocab)
        new = generation.sample(model, max_tokens, ids, **how)
        glue = "" if generation.of_characters(vocab) else " "
        lines = "\n".join(glue.join(sentence) for sentence in vocab.decode(new))
        text.value = f"<pre>{html.escape(context.value + glue + lines)}</pre>"

    for control in (context, temperature, top_p):
        control.observe(draw, names="value")
    again.on_click(write)
    draw()
    return ipw.VBox([context, temperature, top_p, again, text, picture])


def window_size(
    models: Mapping[int, object], vocab: Vocabulary, text: str = "the", shown: int = 8
) -> ipw.VBox:
    """Slide the size of a window over a sentence: what is seen, and what is expected next.

    Parameters
    ----------
    models : mapping of int to window language model
        For each number of words seen, a model over ``vocab``.
    vocab : Vocabulary
    text : str
        The sentence so far, words separated by blanks.
    shown : int
        Number of words in the figure.

    Raises
    ------
    ValueError
        If there is no model.
    """
    if not models:
        raise ValueError("there is no model to show")
    context = ipw.Text(text, description="sentence", layout={"width": "45em"})
    size = ipw.SelectionSlider(options=sorted(models), description="window")
    seen = ipw.HTML()
    picture = ipw.Image(format="png", layout={"width": "560px"})

    def update(_change=None):
        words = context.value.split()
        hidden, visible = words[: -size.value], words[-size.value :]
        seen.value = (
            f"<span style='color: #999'>{html.escape(' '.join(hidden))}</span> "
            f"<b style='border: 2px solid; padding: 2px'>{html.escape(' '.join(visible))}</b> ..."
        )
        fig, (ax,) = plots.panels(1, width=7, height=3)
        title = f"window of {size.value}"
        plots.next_words(ax, models[size.value], context.value, shown, vocab, title=title)
        picture.value = plots.png(fig)

    for control in (context, size):
        control.observe(update, names="value")
    update()
    return ipw.VBox([context, size, seen, picture])


def truncation(sizes: np.ndarray, words: Sequence[str], tau: int = 3) -> ipw.VBox:
    """Slide tau, and see which errors reach which step of an unrolled network.

    Beside the unrolled network stands the table of the deltas, the unreached cells hatched.

    Parameters
    ----------
    sizes : ndarray of float, shape (T, T)
        ``[t, s]``: the size of the delta of target t at step s, without truncation.
    words : sequence of str, length T + 1
        The text: each word but the last is an input, each but the first a target.
    tau : int
        To begin with.

    Raises
    ------
    ValueError
        If the words do not fit the table.
    """
    T = len(sizes)
    if len(words) != T + 1:
        raise ValueError(f"a table of {T} targets needs {T + 1} words, got {len(words)}")
    slider = ipw.IntSlider(min(tau, T), min=1, max=T, description="tau")
    way = ipw.ToggleButtons(
        options={"each target tau steps": False, "chunks of tau steps": True},
        style={"button_width": "auto"},
    )
    numbered = {f"{t + 1}: {word}": t for t, word in enumerate(words[1:])}
    target = ipw.Dropdown(options={"all": None, **numbered}, description="target")
    picture = ipw.Image(format="png", width=950)

    def update(_change=None):
        fig, (graph, table) = plots.panels(2, width=11)
        plots.unrolled(graph, words, slider.value, chunks=way.value, target=target.value)
        reach = plots.reached(T, slider.value, way.value)
        plots.delta_table(table, sizes, words, reach)
        picture.value = plots.png(fig)

    for control in (slider, way, target):
        control.observe(update, names="value")
    update()
    return ipw.VBox([ipw.HBox([slider, target]), way, picture])


GATES_FOR = {
    "keep": {"i": 0.0, "f": 1.0, "o": 0.0},
    "write": {"i": 1.0, "f": 0.0, "o": 0.0},
    "read": {"i": 0.0, "f": 1.0, "o": 1.0},
    "erase": {"i": 0.0, "f": 0.0, "o": 0.0},
}


def memory_cell(gates: Mapping[str, Sequence[float]]) -> ipw.VBox:
    """Set the gates of one unit of an LSTM, step by step, and see what it holds and gives out.

    Choose a step; the sliders, or a button for all of them, set its gates. The cell runs anew.

    Parameters
    ----------
    gates : mapping of str to sequence of float, length T
        ``i``, ``f``, ``g`` and ``o`` to begin with, as `diagnostics.run_cell` takes them.

    Raises
    ------
    ValueError
        If a gate is missing, out of range, or of another length.
    """
    from course_utils.diagnostics import run_cell  # needs torch

    if set(gates) != set("ifgo"):
        raise ValueError(f"the gates are i, f, g and o, got {', '.join(sorted(gates))}")
    cell = run_cell(**gates)
    step = ipw.IntSlider(1, min=1, max=len(cell["c"]), description="step")
    sliders = {
        name: ipw.FloatSlider(min=-1 if name == "g" else 0, max=1, step=0.05, description=label)
        for name, label in (("i", "i, write"), ("f", "f, keep"), ("o", "o, read"), ("g", "g, what"))
    }
    buttons = [ipw.Button(description=name, layout={"width": "5em"}) for name in GATES_FOR]
    picture = ipw.Image(format="png", layout={"width": "800px"})

    def draw():
        run = run_cell(**{name: cell[name] for name in "ifgo"})
        fig, (ax,) = plots.panels(1, width=9, height=4.2)
        plots.memory_cell(ax, run, step.value - 1)
        picture.value = plots.png(fig)

    def choose(_change=None):
        for name, slider in sliders.items():
            slider.unobserve(change, names="value")
            slider.value = cell[name][step.value - 1]
            slider.observe(change, names="value")
        draw()

    def change(_change):
        for name, slider in sliders.items():
            cell[name][step.value - 1] = slider.value
        draw()

    def press(button):
        for name, value in GATES_FOR[button.description].items():
            cell[name][step.value - 1] = value
        choose()

    for button in buttons:
        button.on_click(press)
    step.observe(choose, names="value")
    choose()
    return ipw.VBox([ipw.HBox([step, *buttons]), *sliders.values(), picture])


def gradient_flow(hidden_size: int = 64, steps: int = 100, seed: int = 0) -> ipw.VBox:
    """Slide the spectral radius of a cell and the bias of its gate, and see what gradient is left.

    The figure shows the norm of the gradient of the loss at the last step, against the distance, in
    a network with random weights and inputs: as torch makes it, and with what the sliders say. For
    a simple recurrent network two powers stand beside it, of which only that of the largest
    singular value is a bound. The text begins with the state zero, ``steps`` back.

    Parameters
    ----------
    hidden_size : int
        H.
    steps : int
        The largest distance.
    seed : int
        Of weights and inputs.
    """
    import torch

    from course_utils import diagnostics
    from course_utils.recurrent import GRU, LSTM, SRN, forget_bias_, update_bias_

    wide = {"style": {"description_width": "11em"}, "layout": {"width": "32em"}}
    makers = {"SRN": SRN, "SRN, ReLU": SRN, "LSTM": LSTM, "GRU": GRU}
    cell = ipw.ToggleButtons(options=list(makers), style={"button_width": "auto"})
    radius = ipw.FloatSlider(0.6, min=0.1, max=2, step=0.05, description="spectral radius", **wide)
    bias = ipw.FloatSlider(0.0, min=-3, max=6, step=0.5, description="bias", **wide)
    picture = ipw.Image(format="png", layout={"width": "720px"})

    def make():
        options = {"nonlinearity": "relu"} if cell.value == "SRN, ReLU" else {}
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return makers[cell.value](16, hidden_size, **options), torch.randn(steps, 8, 16)

    def update(_change=None):
        bias.layout.display = None if cell.value in ("LSTM", "GRU") else "none"
        bias.description = "update gate's bias" if cell.value == "GRU" else "forget gate's bias"
        layer, x = make()
        curves = {"h, as torch begins": diagnostics.gradient_norms(layer, x).h[:, 0].mean(-1)}
        diagnostics.spectral_radius_(layer, radius.value)
        if cell.value in ("LSTM", "GRU"):
            {"LSTM": forget_bias_, "GRU": update_bias_}[cell.value](layer, bias.value)
        norms = diagnostics.gradient_norms(layer, x)
        curves["h, as the sliders say"] = norms.h[:, 0].mean(-1)
        if norms.c is not None:
            curves["c, as the sliders say"] = norms.c[:, 0].mean(-1)
        if isinstance(layer, SRN):
            W_hh = layer.weight_hh_l0.detach().numpy()
            bound, by_eigenvalue = diagnostics.decay(W_hh, steps, layer.nonlinearity)
            curves |= {"(largest singular value)^k": bound, "(spectral radius)^k": by_eigenvalue}
        fig, (ax,) = plots.panels(1, width=8.5, height=4)
        plots.gradient_flow(ax, curves, title=cell.value)
        picture.value = plots.png(fig)

    for control in (cell, radius, bias):
        control.observe(update, names="value")
    update()
    return ipw.VBox([cell, radius, bias, picture])


def words_read(taggers: Mapping[str, object], text: str) -> ipw.VBox:
    """Slide along a text, and see what taggers think of each word before they know the rest.

    Parameters
    ----------
    taggers : mapping of str to tagger
        As `plots.tones` takes them.
    text : str
        To begin with, words separated by blanks.

    Raises
    ------
    ValueError
        If there is no word.
    """
    length = len(text.split())
    if not length:
        raise ValueError("the text is empty; give at least one word")
    wide = {"style": {"description_width": "6em"}, "layout": {"width": "45em"}}
    context = ipw.Text(text, description="text", **wide)
    read = ipw.IntSlider(length, min=1, max=length, description="words read", **wide)
    picture = ipw.Image(format="png", layout={"width": "800px"})

    def update(_change=None):
        words = context.value.split()
        if not words:
            return  # while somebody types
        read.max = len(words)
        fig, (ax,) = plots.panels(1, width=9, height=2.2 + 0.4 * len(taggers))
        plots.tones(ax, taggers, words[: read.value])
        picture.value = plots.png(fig)

    for control in (context, read):
        control.observe(update, names="value")
    update()
    return ipw.VBox([context, read, picture])


def tagging(tagger, text: str, shown: int = 3) -> ipw.VBox:
    """Type a sentence, and see the tags that a tagger finds likeliest for each of its words.

    Parameters
    ----------
    tagger : SequenceTagger
        Anything with ``tags`` and ``predict_probs([words])``.
    text : str
        To begin with, words separated by blanks.
    shown : int
        How many tags of each word.

    Raises
    ------
    ValueError
        If there is no word.
    """
    if not text.split():
        raise ValueError("the text is empty; give at least one word")
    sentence = ipw.Text(text, description="sentence", layout={"width": "45em"})
    table = ipw.HTML()

    def update(_change=None):
        words = sentence.value.split()
        if not words:
            return  # while somebody types
        [probs] = tagger.predict_probs([words])  # (T, K)
        rows = [[f"<b>{html.escape(word)}</b>" for word in words]]
        order = (-probs).argsort(axis=1)[:, :shown]  # (T, shown)
        for rank in range(order.shape[1]):
            best = order[:, rank]
            rows.append([
                f"<span style='opacity: {0.25 + 0.75 * p[k]:.2f}'>"
                f"{html.escape(tagger.tags[k])}<br>{p[k]:.0%}</span>"
                for p, k in zip(probs, best, strict=True)
            ])  # fmt: skip
        cells = ("".join(f"<td style='padding: 2px 8px'>{c}</td>" for c in row) for row in rows)
        table.value = f"<table>{''.join(f'<tr>{row}</tr>' for row in cells)}</table>"

    sentence.observe(update, names="value")
    update()
    return ipw.VBox([sentence, table])
