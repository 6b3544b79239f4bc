"""The interactive versions of the course's figures, made of ipywidgets.

Each view is a function that returns one widget. It needs a running kernel; the notebook shows the
static figure beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import ipywidgets as ipw

from course_utils import plots


def predictive_typing(
    models: Mapping[str, Sequence], text: str = "the", suggestions: int = 3, shown: int = 8
) -> ipw.VBox:
    """Suggest the next words as you type, for every order and smoothing side by side.

    Type a context, or click a suggestion to take it over. The figure shows the most probable next
    words under the chosen model.

    Parameters
    ----------
    models : mapping of str to sequence of fitted n-gram models
        For each smoothing, its models of order 1, 2, 3, ... over one vocabulary.
    text : str
        The context to begin with, words separated by blanks.
    suggestions : int
        Number of buttons with a suggested word.
    shown : int
        Number of words in the figure.

    Raises
    ------
    ValueError
        If there is no model, or the smoothings do not come with the same number of orders.
    """
    lengths = {name: len(of_order) for name, of_order in models.items()}
    if not lengths or len(set(lengths.values())) != 1 or not min(lengths.values()):
        raise ValueError(f"each smoothing needs one model an order, got {lengths or 'none'}")
    longest = max(lengths.values())
    context = ipw.Text(text, description="context", layout={"width": "30em"})
    smoothing = ipw.ToggleButtons(
        options=list(models), style={"button_width": "auto"}, tooltip="smoothing"
    )
    order = ipw.IntSlider(longest, min=1, max=longest, description="order n")
    buttons = [ipw.Button(layout={"width": "10em"}) for _ in range(suggestions)]
    picture = ipw.Image(format="png", width=720)

    def update(_change=None):
        model = models[smoothing.value][order.value - 1]
        fig, (ax,) = plots.panels(1, width=7, height=3)
        table = plots.next_words(ax, model, context.value, shown)
        picture.value = plots.png(fig)
        for button, word in zip(buttons, table.word, strict=False):
            button.description = word

    def take(button):
        ended = button.description == "</s>"
        context.value = "" if ended else f"{context.value.rstrip()} {button.description}".lstrip()

    for control in (context, smoothing, order):
        control.observe(update, names="value")
    for button in buttons:
        button.on_click(take)
    update()
    return ipw.VBox([context, ipw.HBox(buttons), smoothing, order, picture])
