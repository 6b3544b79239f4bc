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
