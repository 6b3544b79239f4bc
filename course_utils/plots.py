"""Figures of the course: drawn on axes, shown as one picture with an alternative text.

Every series has its own colour (Okabe and Ito 2008), marker and dash pattern, so that a figure can
be read in grey and by colour-blind readers. Nothing here touches pyplot or its global state.

Examples
--------
>>> fig, (ax,) = panels(1)
>>> lines(ax, {"seen": ([1, 2, 3], [0.99, 0.7, 0.3])}, xlabel="order n", ylabel="share")
>>> ax.get_xlabel()
'order n'
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import matplotlib as mpl
import numpy as np
import PIL.Image
from IPython.display import Image, display
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm, Normalize, PowerNorm
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import EngFormatter, LogLocator, MaxNLocator, NullLocator

from course_utils.ngrams import next_word_table

if TYPE_CHECKING:
    import pandas as pd

    from course_utils.text import Vocabulary

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P")
DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 1)))
STYLE = {
    "font.size": 11,
    "axes.titlesize": 12,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#dddddd",
    "axes.prop_cycle": mpl.cycler(color=COLOURS, marker=MARKERS, linestyle=DASHES),
    "lines.linewidth": 1.8,
    "lines.markersize": 5.5,
}


def panels(columns: int, *, width: float = 9.5, height: float = 3.6) -> tuple[Figure, list[Axes]]:
    """Make a figure of ``columns`` panels side by side, in the style of the course.

    Parameters
    ----------
    columns : int
        Number of panels.
    width, height : float
        Size of the whole figure in inches.

    Returns
    -------
    Figure, list of Axes
    """
    with mpl.rc_context(STYLE):
        fig = Figure(figsize=(width, height), layout="constrained")
        axes = fig.subplots(1, columns, squeeze=False)[0]
    return fig, list(axes)


def png(fig: Figure) -> bytes:
    """Return the figure as the bytes of a PNG picture of 256 colours, a third of the full size."""
    drawn, reduced = io.BytesIO(), io.BytesIO()
    fig.savefig(drawn, format="png", dpi=110)
    picture = PIL.Image.open(drawn).convert("RGB")
    picture = picture.quantize(256, dither=PIL.Image.Dither.NONE)
    # No stamp of version or time: the same figure gives the same bytes on every run.
    picture.save(reduced, format="png", optimize=True)
    return reduced.getvalue()


def show(fig: Figure, alt: str) -> None:
    """Display a figure in the notebook with an alternative text for readers who cannot see it.

    Raises
    ------
    ValueError
        If the alternative text is empty.
    """
    if not alt.strip():
        raise ValueError("alt is empty; say in one or two sentences what the figure shows")
    display(Image(data=png(fig), format="png", alt=alt, width=int(fig.get_figwidth() * 88)))


def lines(
    ax: Axes,
    series: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    *,
    xlabel: str,
    ylabel: str,
    title: str = "",
    log: str = "",
) -> None:
    """Draw named curves ``{name: (x, y)}`` with their markers and a legend.

    Parameters
    ----------
    ax : Axes
    series : mapping of str to (x, y)
        The points of each curve.
    xlabel, ylabel : str
        What the axes show, with units.
    title : str
    log : str
        The logarithmic axes: ``""``, ``"x"``, ``"y"`` or ``"xy"``.

    Raises
    ------
    ValueError
        If there are more curves than styles that can be told apart.
    """
    if len(series) > len(COLOURS):
        raise ValueError(f"at most {len(COLOURS)} curves can be told apart, got {len(series)}")
    for name, (x, y) in series.items():
        ax.plot(x, y, label=name)
    ax.set(xlabel=xlabel, ylabel=ylabel, title=title)
    if all(isinstance(value, int) for x, _ in series.values() for value in x):
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))  # no half words
    for name in log:
        _log_scale(ax, name)
    if len(series) > 1:  # beside the panel, where it hides no curve
        ax.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False)


def _log_scale(ax: Axes, name: str) -> None:
    """Make an axis logarithmic, with ticks like 100, 300, 1 k instead of powers of ten."""
    ax.set(**{f"{name}scale": "log"})
    axis = getattr(ax, f"{name}axis")
    low, high = sorted(axis.get_view_interval())
    subdivisions = (1, 3) if high < 200 * low else (1,)
    axis.set_major_locator(LogLocator(subs=subdivisions))
    axis.set_minor_locator(NullLocator())
    small = low < 1  # EngFormatter would write 0.01 as 10 m
    axis.set_major_formatter("{x:g}" if small else EngFormatter(sep=" "))


def bars(
    ax: Axes,
    values: Mapping[str, float],
    *,
    xlabel: str,
    title: str = "",
    floor: tuple[str, float] | None = None,
    digits: int = 3,
) -> None:
    """Draw named values as horizontal bars, the first on top, each with its number.

    Parameters
    ----------
    ax : Axes
    values : mapping of str to float
        Name and length of each bar.
    xlabel : str
        What the length means, with its unit.
    title : str
    floor : (str, float), optional
        A named vertical line: the value no bar can pass.
    digits : int
        Significant digits of the printed numbers.
    """
    names, lengths = [_no_math(name) for name in values], list(values.values())
    drawn = ax.barh(names, lengths, color=COLOURS[0], height=0.65)
    ax.bar_label(drawn, labels=[f"{v:.{digits}g}" for v in lengths], padding=3)
    ax.invert_yaxis()
    ax.margins(x=0.14)
    ax.locator_params(axis="x", nbins=5)
    ax.grid(False, axis="y")
    ax.set(xlabel=_no_math(xlabel), title=title)
    if floor is not None:
        name, value = floor
        ax.axvline(value, color=COLOURS[1], linestyle="--", label=f"{name} {value:.{digits}g}")
        ax.legend(loc="lower right")


def next_words(
    ax: Axes, model, context: str, top: int = 8, vocab: Vocabulary | None = None, title: str = ""
) -> pd.DataFrame:
    """Draw the most probable next words after a context and return their table.

    The label shows the part of the context that the model looks at.

    Parameters
    ----------
    ax : Axes
    model : fitted model
        An n-gram model, or anything with ``next_word_probs(context)`` if ``vocab`` is given.
    context : str
        The words so far, separated by blanks.
    top : int
        Number of words.
    vocab : Vocabulary, optional
        The vocabulary of a model that does not know its own.
    title : str
        Name of the model; its repr if empty.
    """
    table = next_word_table(model, context, top=top, vocab=vocab)
    values = dict(zip(table.word, table.probability, strict=True))
    seen = context.split()
    if hasattr(model, "visible_context"):
        seen = model.visible_context(model.vocab.encode_words(seen))
    seen = " ".join(["..."] * (len(seen) > 5) + seen[-5:])
    xlabel = f"P(next word | {seen})" if seen else "P(next word)"
    bars(ax, values, xlabel=xlabel, title=title or repr(model))
    return table


def _no_math(text: str) -> str:
    """Keep matplotlib from taking what stands between two dollars for a formula."""
    return text.replace("$", r"\$")


def word_map(ax: Axes, groups: Mapping[str, Mapping[str, tuple[float, float]]]) -> None:
    """Write words at their places in a plane, each group with a colour and a mark.

    Parameters
    ----------
    ax : Axes
    groups : mapping of str to mapping of str to (x, y)
        For each named group, its words and where they stand.

    Raises
    ------
    ValueError
        If there are more groups than can be told apart.
    """
    if len(groups) > len(COLOURS):
        raise ValueError(f"at most {len(COLOURS)} groups can be told apart, got {len(groups)}")
    for (name, words), colour, marker in zip(groups.items(), COLOURS, MARKERS, strict=False):
        for word, (x, y) in words.items():
            ax.annotate(_no_math(word), (x, y), (4, 3), textcoords="offset points", fontsize=8)
        x, y = zip(*words.values(), strict=True)
        ax.plot(x, y, label=name, color=colour, marker=marker, linestyle="none")
    ax.set(xticks=[], yticks=[])
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False)


def reached(steps: int, tau: int | None = None, chunks: bool = False) -> np.ndarray:
    """Say which steps the error of each target reaches.

    Parameters
    ----------
    steps : int
        T, the length of the text.
    tau : int, optional
        How many steps an error goes back, its own included; all by default.
    chunks : bool
        Cut the text into chunks of ``tau`` steps, as training does: no error leaves its chunk.

    Returns
    -------
    ndarray of bool, shape (T, T)
        ``[t, s]``: whether the error of target t reaches step s.

    Raises
    ------
    ValueError
        If tau is not positive.

    Examples
    --------
    >>> reached(4, tau=2).astype(int)
    array([[1, 0, 0, 0],
           [1, 1, 0, 0],
           [0, 1, 1, 0],
           [0, 0, 1, 1]])
    >>> int(reached(4, tau=2, chunks=True).sum())  # two chunks: 1 + 2 errors each
    6
    """
    tau = steps if tau is None else tau
    if tau < 1:
        raise ValueError(f"tau must be at least 1 (the target's own step), got {tau}")
    t, s = np.indices((steps, steps))
    near = t // tau == s // tau if chunks else t - s < tau
    return (s <= t) & near


def unrolled(
    ax: Axes,
    words: Sequence[str],
    tau: int | None = None,
    *,
    chunks: bool = False,
    target: int | None = None,
) -> None:
    """Draw a simple recurrent network unrolled over a text, and how far the errors go back.

    Grey arrows are the forward pass. A red arrow from one state to the one before carries errors
    back; its number says of how many targets. A bar stands where the way back is cut.

    Parameters
    ----------
    ax : Axes
    words : sequence of str, length T + 1
        The text: each word but the last is an input, each but the first a target.
    tau, chunks
        As in `reached`.
    target : int, optional
        Show the way of this target's error alone, ``0 .. T - 1``.

    Raises
    ------
    ValueError
        If there are fewer than two words, or no such target.
    """
    T = len(words) - 1
    if T < 1:
        raise ValueError("an unrolled network needs at least two words: an input and a target")
    reach = reached(T, tau, chunks)
    if target is not None:
        if not 0 <= target < T:
            raise ValueError(f"target must be between 0 and {T - 1}, got {target}")
        reach = reach & (np.arange(T) == target)[:, None]
    grey, red = "#888888", COLOURS[1]
    beside = 0.009 * (T + 0.4)  # between an arrow and the one back
    for s in range(T):
        here = reach[:, s].any()
        box = {"boxstyle": "circle,pad=0.3", "edgecolor": "black", "linewidth": 1}
        ax.text(s, 1, f"$h_{{{s + 1}}}$", ha="center", va="center", fontsize=11,
                bbox=box | {"facecolor": "#F7C9A9" if here else "white"})  # fmt: skip
        ax.text(s, -0.12, _no_math(words[s]), ha="center", va="top")
        ax.text(s, 2.12, _no_math(words[s + 1]), ha="center", va="bottom")
        _arrow(ax, (s - beside, -0.1), (s - beside, 1), grey, node=(False, True))
        _arrow(ax, (s - beside, 1), (s - beside, 2.1), grey, node=(True, False))
        _arrow(ax, (max(s - 1, -0.7), 1.1), (s, 1.1), grey, node=(s > 0, True))
        if reach[s, s]:
            _arrow(ax, (s + beside, 2.1), (s + beside, 1), red, node=(False, True))
    for s in range(1, T):  # from step s to step s - 1
        passing = int((reach[:, s] & reach[:, s - 1]).sum())
        if passing:
            _arrow(ax, (s, 0.9), (s - 1, 0.9), red, node=(True, True))
            if target is None:
                ax.text(s - 0.5, 0.82, str(passing), color=red, ha="center", va="top", fontsize=9)
        elif reach[:, s].any():
            ax.plot([s - 0.5] * 2, [0.72, 1.02], color="black", marker="", linestyle="-")
    ax.set(xlim=(-0.8, T - 0.4), ylim=(-0.5, 2.5))
    ax.set_axis_off()


def _arrow(ax: Axes, start, end, colour: str, node: tuple[bool, bool]) -> None:
    """Draw an arrow; where it begins or ends at a node, leave room for the circle."""
    shrink = {name: 13 if at else 0 for name, at in zip(("shrinkA", "shrinkB"), node, strict=True)}
    width = 1.2 if colour.startswith("#888") else 2
    style = {"arrowstyle": "-|>", "color": colour, "linewidth": width} | shrink
    ax.annotate("", xy=end, xytext=start, arrowprops=style)


def delta_table(ax: Axes, sizes: np.ndarray, words: Sequence[str], reach: np.ndarray) -> None:
    """Draw how large the delta of each target is at each step; cells out of reach are hatched.

    Parameters
    ----------
    ax : Axes
    sizes : ndarray of float, shape (T, T)
        ``[t, s]``: the size of the delta of target t at step s.
    words : sequence of str, length T + 1
        As in `unrolled`.
    reach : ndarray of bool, shape (T, T)
        Which cells are reached: `reached`.
    """
    T = len(sizes)
    largest = sizes[np.tril_indices(T)].max()
    for t in range(T):
        for s in range(t + 1):
            share = sizes[t, s] / largest if reach[t, s] else 0.0
            patch = {"facecolor": mpl.colormaps["Blues"](0.05 + 0.75 * share)}
            if not reach[t, s]:
                patch = {"facecolor": "white", "hatch": "////"}
            ax.add_patch(Rectangle((s - 0.5, t - 0.5), 1, 1, edgecolor="#bbbbbb", **patch))
            if reach[t, s]:
                ax.text(s, t, f"{sizes[t, s]:.2g}", ha="center", va="center", fontsize=8,
                        color="white" if share > 0.6 else "black")  # fmt: skip
    ax.set(xlim=(-0.5, T - 0.5), ylim=(T - 0.5, -0.5), xlabel="at the step that read")
    ax.set_xticks(range(T), [_no_math(word) for word in words[:-1]], rotation=60)
    ax.set_yticks(range(T), [_no_math(word) for word in words[1:]])
    ax.set_ylabel("error of the target")
    ax.grid(False)


def gradient_flow(
    ax: Axes,
    norms: Mapping[str, np.ndarray],
    *,
    ylabel: str = "norm of d loss(T) / d h(T - k)",
    title: str = "",
) -> None:
    """Draw norms against the distance back, on a logarithmic axis.

    Parameters
    ----------
    ax : Axes
    norms : mapping of str to ndarray of float, shape (T + 1,)
        ``[k]`` is for distance k, as from `diagnostics.gradient_norms`, `diagnostics.spectrum` of
        running products, or `diagnostics.decay`. Zeros, which a logarithm has not, are left out.
    ylabel, title : str

    Raises
    ------
    ValueError
        If there are more curves than can be told apart.
    """
    curves = {}
    for name, values in norms.items():
        values = np.asarray(values, dtype=float)
        curves[name] = (range(len(values)), np.where(values > 0, values, np.nan))
    lines(ax, curves, xlabel="steps back, k", ylabel=ylabel, title=title, log="y")
    for line in ax.lines:
        line.set_markevery(max(1, len(line.get_xdata()) // 10))


def along_text(
    ax: Axes,
    table: np.ndarray,
    words: Sequence[str] | None = None,
    *,
    label: str,
    limits: tuple[float, float] = (None, None),
    log: bool = False,
    title: str = "",
) -> None:
    """Draw what every unit does at every step as a heat map: a column a step, a row a unit.

    Parameters
    ----------
    ax : Axes
    table : ndarray of float, shape (T, H)
        As from `diagnostics.sensitivity`, or one of the arrays of `diagnostics.gate_activations`.
    words : sequence of str, length T, optional
        What is written below the columns; their numbers from 1 without.
    label : str
        What the colour means, with its unit.
    limits : (float, float)
        The values of the first colour and the last, (0, 1) for gates; those of the table without.
    log : bool
        A logarithmic scale of colours, which leaves out zeros.
    title : str

    Raises
    ------
    ValueError
        If there are not as many words as steps.
    """
    table = np.asarray(table, dtype=float)
    T = len(table)
    _check_words(words, T)
    shown = np.where(table > 0, table, np.nan) if log else table
    image = ax.imshow(
        shown.T,
        aspect="auto",
        interpolation="nearest",
        cmap="viridis",
        norm=LogNorm(*limits) if log else Normalize(*limits),
        extent=(0.5, T + 0.5, table.shape[1] + 0.5, 0.5),
    )
    ax.figure.colorbar(image, ax=ax, label=label)
    ax.set(xlabel="step", ylabel="unit", title=title)
    ax.grid(False)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(MaxNLocator(integer=True))
    if words is not None:
        _name_steps(ax, words)


def tones(
    ax: Axes, taggers: Mapping[str, object], words: Sequence[str], *, title: str = ""
) -> None:
    """Draw what taggers say of the tone of every word, from sure minus to sure plus.

    Parameters
    ----------
    ax : Axes
    taggers : mapping of str to tagger
        Each with ``tags``, of which two are ``+`` and ``-``, and ``predict_probs([words])``, such
        as `models.SequenceTagger`. One row each.
    words : sequence of str
        All that the taggers read.
    title : str

    Raises
    ------
    ValueError
        If a tagger has no such tags.
    """
    rows = []
    for name, tagger in taggers.items():
        missing = {"+", "-"} - set(tagger.tags)
        if missing:
            raise ValueError(f"tagger {name!r} lacks the tags {', '.join(sorted(missing))}")
        p = tagger.predict_probs([list(words)])[0]  # (T, K)
        rows.append(p[:, tagger.tags.index("+")] - p[:, tagger.tags.index("-")])
    table = np.stack(rows, axis=1)  # (T, taggers)
    along_text(ax, table, words, label="P(+) - P(-)", limits=(-1, 1), title=title)
    ax.set_yticks(range(1, len(rows) + 1), list(taggers))
    ax.set_ylabel("")


def _check_words(words: Sequence[str] | None, T: int) -> None:
    if words is not None and len(words) != T:
        raise ValueError(f"{T} steps need {T} words, got {len(words)}")


def _name_steps(ax: Axes, words: Sequence[str]) -> None:
    """Write the words of a text below the steps 1, 2, 3, ..."""
    ax.set_xticks(range(1, len(words) + 1), [_no_math(word) for word in words], rotation=90)
    ax.tick_params(axis="x", length=0)
    ax.set_xlabel("")


def memory_cell(
    ax: Axes,
    cell: Mapping[str, np.ndarray],
    step: int | None = None,
    words: Sequence[str] | None = None,
) -> None:
    """Draw one unit of an LSTM over time: what it holds and gives out, and its gates below.

    Parameters
    ----------
    ax : Axes
    cell : mapping of str to ndarray of float, shape (T,)
        ``i``, ``f``, ``g``, ``o``, ``c`` and ``h``, as from `diagnostics.run_cell`, or one unit of
        `diagnostics.gate_activations`.
    step : int, optional
        A step to mark, ``0 .. T - 1``.
    words : sequence of str, length T, optional
        What is written below the steps; their numbers from 1 without.

    Raises
    ------
    ValueError
        If there are not as many words as steps.
    """
    T = len(cell["c"])
    _check_words(words, T)
    steps = np.arange(1, T + 1)
    for name, label in (("c", "c, held"), ("h", "h, given out")):
        ax.plot(steps, cell[name], label=label, markevery=max(1, T // 20))
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, frameon=False)
    low, high = ax.get_ylim()
    ax.set(xlim=(0.5, T + 0.5), xticks=[], ylim=(low - 0.9 * (high - low), high))
    ax.set_yticks([tick for tick in MaxNLocator(5).tick_values(low, high) if low <= tick <= high])
    gates = {"i, write": "i", "f, keep": "f", "o, read": "o", "g, what": "g"}
    values = np.stack([cell[name] for name in gates.values()])  # (4, T)
    below = ax.inset_axes((0, 0, 1, 0.45))  # in the room that was left under the curves
    below.imshow(np.abs(values), aspect="auto", cmap="Blues", vmin=0, vmax=1.7,
                 interpolation="nearest",
                 extent=(0.5, T + 0.5, 3.5, -0.5))  # fmt: skip
    if T <= 20:
        for (row, t), value in np.ndenumerate(values):
            below.text(t + 1, row, f"{round(value, 2):g}", ha="center", va="center", fontsize=8)
    below.set_yticks(range(4), gates)
    below.xaxis.set_major_locator(MaxNLocator(integer=True))
    below.set(xlabel="step")
    below.grid(False)
    if words is not None:
        _name_steps(below, words)
    if step is not None:
        ax.axvspan(step + 0.5, step + 1.5, color="#e8e8e8", zorder=0)
        below.add_patch(Rectangle((step + 0.5, -0.5), 1, 4, fill=False, linewidth=2))


def clipping(ax: Axes, before: np.ndarray, after: np.ndarray, *, title: str = "") -> None:
    """Draw the norm of the gradient at every chunk of a training, as it came and as it was used.

    Parameters
    ----------
    ax : Axes
    before, after : ndarray of float, shape (chunks,)
        As from `diagnostics.clipping`.
    title : str
    """
    chunks = np.arange(1, len(before) + 1)
    ax.plot(chunks, before, label="before clipping", linestyle="none", markersize=4)
    ax.plot(chunks, after, label="after", linestyle="none", marker="x", markersize=4)
    ax.set(xlabel="chunk", ylabel="norm of the gradient", title=title)
    _log_scale(ax, "y")
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False)


def confusion(ax: Axes, labels: Sequence[str], matrix: np.ndarray, *, title: str = "") -> None:
    """Draw what each label was taken for: dark is a large share of the row, numbers are counts.

    The grey of a cell grows with the square root of the share, so that a share of 2 % can be seen
    beside one of 90 %. Counts are written where the cells have room; 17 tags need a panel of about
    7 by 6 inches.

    Parameters
    ----------
    ax : Axes
    labels : sequence of str, length K
    matrix : ndarray of int, shape (K, K)
        ``[i, j]``: how often the gold is label i and the prediction label j; both as from
        `evaluation.confusion`.
    title : str

    Raises
    ------
    ValueError
        If there is not one row and one column a label.
    """
    matrix, K = np.asarray(matrix), len(labels)
    if matrix.shape != (K, K):
        raise ValueError(f"{K} labels need a matrix of shape {(K, K)}, got {matrix.shape}")
    totals = matrix.sum(axis=1, keepdims=True)
    shares = matrix / np.maximum(totals, 1)  # (K, K)
    norm = PowerNorm(0.5, 0, 1)
    image = ax.imshow(shares, cmap="Greys", norm=norm, aspect="auto", interpolation="nearest")
    ax.figure.colorbar(image, ax=ax, label="share of the row", ticks=[0, 0.02, 0.1, 0.3, 0.6, 1])
    names = [_no_math(str(label)) for label in labels]
    ax.set_xticks(range(K), names, rotation=90 if K > 4 else 0)
    ax.set_yticks(range(K), names)
    ax.set(xlabel="predicted", ylabel="gold", title=title)
    ax.grid(False)
    ax.figure.draw_without_rendering()  # the layout decides how large a cell is
    points = 72 / ax.figure.dpi / K  # of one cell, for a pixel of the panel
    width, height = ax.bbox.width * points, ax.bbox.height * points
    ax.tick_params(axis="x", labelsize=min(10, 0.9 * width))
    ax.tick_params(axis="y", labelsize=min(10, 0.9 * height))
    size = min(9, 0.7 * height, 1.5 * width / len(str(matrix.max())))  # a digit is 0.64 size wide
    for (i, j), count in np.ndenumerate(matrix):
        if count and size >= 5:
            colour = "white" if norm(shares[i, j]) > 0.55 else "black"
            ax.text(j, i, str(count), ha="center", va="center", fontsize=size, color=colour)
