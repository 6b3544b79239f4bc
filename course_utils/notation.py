r"""The symbols of the five lectures, of this course and of torch, and how to get one from another.

The lectures use the same letters for different things: U is the input's matrix in Darmstadt, the
state's in Edinburgh and the output's in CS224N. `lookup` says what a symbol means, and
`Symbol.from_torch` takes the numbers from a torch layer, so that the equation of the lecture can
be evaluated as it stands. Three differences are more than names:

- Darmstadt multiplies row vectors from the left, ``x U``; its matrices are the transposes of ours.
- torch's update gate z keeps the old state, that of Darmstadt and of CS224N (there u) replaces it:
  each is 1 minus the other. As ``1 - sigmoid(a) = sigmoid(-a)``, the weights change their sign.
- CS224N's reset gate acts before the matrix product, torch's after it: see
  `course_utils.steps.gru_step`. Darmstadt writes ``h W * r``, which read from left to right is
  torch's. The candidate's weights have the same names either way.

torch has two biases, ``bias_ih`` and ``bias_hh``; where a lecture has one, it is their sum. (With
torch's GRU this leaves out that the reset gate also acts on the candidate's ``bias_hh``.)

>>> print(lookup("Edinburgh", "U"))
Edinburgh's U is W_hh: the weights from the state before to the state, (H, H). In
torch.nn.RNN: weight_hh_l0
>>> print(lookup("Darmstadt", "U^(z)").course, "|", lookup("Darmstadt", "U^(z)").torch)
-W_xz.T | -weight_ih_l0[H:2*H].T
>>> rnn = torch.nn.RNN(input_size=3, hidden_size=2)
>>> lookup("Darmstadt", "U", cell="srn").from_torch(rnn).shape  # x U: (1, 3) by (3, 2)
torch.Size([3, 2])
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    import pandas as pd

LECTURES = ("Edinburgh", "Darmstadt", "McGill", "Week 6", "CS224N")
CELLS = {"srn": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}
GATES = {"srn": "h", "lstm": "ifgo", "gru": "rzn"}  # torch stacks the gates in this order


def _parameters(cell: str) -> dict[str, str]:
    """Return the course's name and torch's expression for each parameter of a cell."""
    gates, found = GATES[cell], {}
    for k, gate in enumerate(gates):
        rows = "" if cell == "srn" else f"[{_times(k)}:{_times(k + 1)}]"
        found[f"W_x{gate}"] = f"weight_ih_l0{rows}"
        found[f"W_h{gate}"] = f"weight_hh_l0{rows}"
        found[f"b_{gate}"] = (
            f"(bias_ih_l0 + bias_hh_l0){rows}" if rows else "bias_ih_l0 + bias_hh_l0"
        )
    return found


def _times(k: int) -> str:
    return "" if k == 0 else "H" if k == 1 else f"{k}*H"


PARAMETERS = {cell: _parameters(cell) for cell in CELLS}
AROUND = {"W_hy": (torch.nn.Linear, "weight"), "b_y": (torch.nn.Linear, "bias")}
AROUND["E"] = (torch.nn.Embedding, "weight")

MEANINGS = {
    "W_hy": "the weights from the state to the output, (V, H)",
    "b_y": "the bias of the output, (V,)",
    "E": "the word vectors, one row a word, (V, D)",
    "x": "the input of a step, (D,)",
    "h": "the state after a step, (H,)",
    "c": "the cell, the LSTM's second state, (H,)",
    "y": "the distribution over the next token, (V,)",
    "target": "the token to predict",
    "net_h": "what goes into f at a step, (H,)",
    "net_y": "what goes into the softmax, (V,), also called logits",
    "delta": "the derivative of the loss with respect to net_h, (H,)",
    "tau": "how many steps an error reaches, its own included",
    "loss": "the loss of one step, -ln y[target], in nats",
    "activation": "the nonlinearity of the hidden layer",
    "softmax": "the function that turns numbers into a distribution",
    "srn_step": "one step: the new state from the one before and the input",
    "output_layer": "the output of a state, softmax(W_hy h + b_y)",
    "kept": "f * c_prev, what is kept of the cell, (H,)",
    "added": "i * g, what is added to the cell, (H,)",
}
GATE_MEANINGS = {
    "h": "state",
    "i": "input gate",
    "f": "forget gate",
    "g": "candidate",
    "o": "output gate",
    "r": "reset gate",
    "z": "update gate",
    "n": "candidate",
}
TORCH_VALUES = {
    "x": "input[t]",
    "h": "output[t]",
    "c": "c_n, after the last step",
    "y": "softmax of a Linear's output",
    "net_y": "a Linear's output",
    "target": "the target of cross_entropy",
    "loss": "cross_entropy",
    "activation": "nonlinearity='tanh' or 'relu'",
    "softmax": "softmax",
    "srn_step": "RNNCell",
    "output_layer": "Linear, then softmax",
}

# The symbols in plain characters: ^ and _ as in TeX, without braces.
SYMBOLS = {
    ("Edinburgh", "srn"): {
        "V": "W_xh",
        "v_ji": "W_xh",
        "U": "W_hh",
        "u_jh": "W_hh",
        "W": "W_hy",
        "w_kj": "W_hy",
        "x(t)": "x",
        "s(t)": "h",
        "y(t)": "y",
        "net_j(t)": "net_h",
        "net_k(t)": "net_y",
        "f": "activation",
        "g": "softmax",
        "desired(t)": "target",
        "delta_pj(t)": "-delta",  # from desired - y: the way down, where ours is the derivative
        "tau": "tau",
    },
    ("Darmstadt", "srn"): {
        "U": "W_xh.T",
        "W": "W_hh.T",
        "V": "W_hy.T",
        "b_h": "b_h",
        "b_yhat": "b_y",
        "x_t": "x",
        "h_t": "h",
        "yhat_t": "y",
        "z_t^(h)": "net_h",
        "z_t^(yhat)": "net_y",
        "y_t": "target",
        "l_t": "loss",
        "f": "activation",
        "g": "softmax",
    },
    ("Darmstadt", "lstm"): {
        **{f"U^({gate})": f"W_x{gate}.T" for gate in "ifo"},
        **{f"W^({gate})": f"W_h{gate}.T" for gate in "ifo"},
        "U": "W_xg.T",
        "W": "W_hg.T",
        "i_t": "i",
        "f_t": "f",
        "o_t": "o",
        "ctilde_t": "g",
        "c_t": "c",
        "h_t": "h",
        "x_t": "x",
    },
    ("Darmstadt", "gru"): {
        "U^(r)": "W_xr.T",
        "W^(r)": "W_hr.T",
        "U^(z)": "-W_xz.T",
        "W^(z)": "-W_hz.T",
        "U": "W_xn.T",
        "W": "W_hn.T",
        "r_t": "r",
        "z_t": "1 - z",
        "htilde_t": "n",
        "h_t": "h",
        "x_t": "x",
    },
    ("McGill", "srn"): {
        "R": "srn_step",
        "O": "output_layer",
        "s_i": "h",
        "x_i": "x",
        "y_i": "y",
    },
    ("Week 6", "srn"): {
        "W": "W_xh",
        "U": "W_hh",
        "V": "W_hy",
        "E": "E.T",
        "x_t": "x",
        "e_t": "x",
        "h_t": "h",
        "y_t": "y",
        "yhat_t": "y",
        "y_t[w]": "target",  # in the loss, where y_t is no longer the output
        "g": "activation",
    },
    ("Week 6", "lstm"): {
        **{f"W_{gate}": f"W_x{gate}" for gate in "figo"},
        **{f"U_{gate}": f"W_h{gate}" for gate in "figo"},
        "f_t": "f",
        "k_t": "kept",
        "g_t": "g",
        "i_t": "i",
        "j_t": "added",
        "o_t": "o",
        "c_t": "c",
        "h_t": "h",
        "x_t": "x",
    },
    ("CS224N", "srn"): {
        "W_e": "W_xh",
        "W_x": "W_xh",
        "W_h": "W_hh",
        "b_1": "b_h",
        "U": "W_hy",
        "b_2": "b_y",
        "E": "E.T",
        "e^(t)": "x",
        "x^(t)": "x",
        "h^(t)": "h",
        "yhat^(t)": "y",
        "y^(t)": "target",
        "J^(t)": "loss",
        "sigma": "activation",
    },
    ("CS224N", "lstm"): {
        **{f"U_{gate}": f"W_x{gate}" for gate in "fio"},
        **{f"W_{gate}": f"W_h{gate}" for gate in "fio"},
        **{f"b_{gate}": f"b_{gate}" for gate in "fio"},
        "U_c": "W_xg",
        "W_c": "W_hg",
        "b_c": "b_g",
        "f^(t)": "f",
        "i^(t)": "i",
        "o^(t)": "o",
        "ctilde^(t)": "g",
        "c^(t)": "c",
        "h^(t)": "h",
        "x^(t)": "x",
    },
    ("CS224N", "gru"): {
        "U_u": "-W_xz",
        "W_u": "-W_hz",
        "b_u": "-b_z",
        "U_r": "W_xr",
        "W_r": "W_hr",
        "b_r": "b_r",
        "U_h": "W_xn",
        "W_h": "W_hn",
        "b_h": "b_n",
        "u^(t)": "1 - z",
        "r^(t)": "r",
        "htilde^(t)": "n",
        "h^(t)": "h",
        "x^(t)": "x",
    },
}


@dataclass(frozen=True)
class Symbol:
    """A symbol of a lecture and what it is here and in torch.

    Attributes
    ----------
    lecture : str
        One of `LECTURES`.
    cell : str
        The equations it stands in: ``"srn"``, ``"lstm"`` or ``"gru"``.
    symbol : str
        As the lecture writes it, in plain characters: ``U^(z)``, ``s(t)``, ``htilde_t``.
    course : str
        The same in the course's names: ``-W_xz.T``.
    """

    lecture: str
    cell: str
    symbol: str
    course: str

    @property
    def name(self) -> str:
        """The course's name alone, without transpose and sign: ``W_xz``."""
        return re.search("[A-Za-z]\\w*", self.course)[0]

    @property
    def is_parameter(self) -> bool:
        """Whether it is learned, and so found in a torch layer."""
        return self.name in PARAMETERS[self.cell] or self.name in AROUND

    @property
    def torch(self) -> str:
        """The same in torch's names: ``-weight_ih_l0[H:2*H].T``. H is the hidden size."""
        if not self.is_parameter:
            return TORCH_VALUES.get(self.name, "not returned")
        theirs = AROUND[self.name][1] if self.name in AROUND else PARAMETERS[self.cell][self.name]
        return self.course.replace(self.name, theirs)

    @property
    def layer(self) -> type[torch.nn.Module]:
        """The class of torch that holds it."""
        return AROUND[self.name][0] if self.name in AROUND else CELLS[self.cell]

    @property
    def meaning(self) -> str:
        """What it is, with the shape of the course's array."""
        if self.name in MEANINGS:
            return MEANINGS[self.name]
        if not self.is_parameter:
            return f"the {GATE_MEANINGS[self.name]}, (H,)"
        to = GATE_MEANINGS[self.name[-1]]
        if self.name.startswith("b_"):
            return f"the bias of the {to}, (H,)"
        source, columns = ("input", "D") if self.name[2] == "x" else ("state before", "H")
        return f"the weights from the {source} to the {to}, (H, {columns})"

    def from_torch(self, layer: torch.nn.Module) -> torch.Tensor:
        """Take the lecture's array out of a torch layer: ready for the lecture's equation.

        Parameters
        ----------
        layer : torch.nn.RNN, LSTM, GRU, Linear or Embedding
            Of a recurrent layer its first layer, forward direction.

        Returns
        -------
        Tensor
            In the lecture's orientation and sign. A layer without biases gives zeros.

        Raises
        ------
        TypeError
            If the symbol stands in another kind of layer, or is no parameter.
        """
        if not self.is_parameter:
            raise TypeError(f"{self.symbol} is no parameter but {self.meaning}")
        if not isinstance(layer, self.layer):
            raise TypeError(
                f"{self.lecture}'s {self.symbol} ({self.course}) is found in a "
                f"torch.nn.{self.layer.__name__}, got {type(layer).__name__}"
            )
        values = {name: w.detach() for name, w in layer.named_parameters()}
        if self.name.startswith("b_"):
            size = layer.out_features if self.name == "b_y" else len(values["weight_hh_l0"])
            zeros = next(layer.parameters()).new_zeros(size)
            values = dict.fromkeys(("bias", "bias_ih_l0", "bias_hh_l0"), zeros) | values
        # The expression that `torch` shows is the one that is evaluated: they cannot differ.
        return eval(self.torch, {"H": getattr(layer, "hidden_size", None)}, values)

    def from_course(self, values: Mapping):
        """Compute the lecture's value from the course's, given by name: ``{"z": ...}``."""
        if self.name not in values:
            raise KeyError(f"{self.symbol} is {self.course}; {self.name} is not among the values")
        return eval(self.course, {}, {self.name: values[self.name]})

    def __str__(self) -> str:
        where = f"torch.nn.{self.layer.__name__}" if self.is_parameter else "torch"
        return (
            f"{self.lecture}'s {self.symbol} is {self.course}: {self.meaning}. "
            f"In {where}: {self.torch}"
        )


def lookup(lecture: str, symbol: str, cell: str | None = None) -> Symbol:
    r"""Say what a symbol of a lecture is in this course and in torch.

    Parameters
    ----------
    lecture : str
        One of `LECTURES`, in capitals or not.
    symbol : str
        In plain characters, ``W^(z)``, or as in TeX, ``W^{(z)}``; hats and tildes are ``yhat_t``
        and ``htilde_t``, or ``\hat{y}_t`` and ``\tilde{h}_t``.
    cell : {"srn", "lstm", "gru"}, optional
        Needed where the lecture uses the symbol for different things in different cells.

    Returns
    -------
    Symbol

    Raises
    ------
    ValueError
        If the lecture, the cell or the symbol is unknown, or the symbol has several meanings.
    """
    found = [s for s in _symbols(lecture, cell) if s.symbol == _plain(symbol)]
    if not found:
        known = list(dict.fromkeys(s.symbol for s in _symbols(lecture, cell)))
        folded = {name.lower(): name for name in known}
        near = [
            folded[name]
            for name in difflib.get_close_matches(_plain(symbol).lower(), folded, n=3, cutoff=0.3)
        ]
        hint = f"did you mean {', '.join(near)}?" if near else f"known are {', '.join(known)}"
        raise ValueError(f"{lecture} has no symbol {symbol!r}{_of(cell)}; {hint}")
    if len({(s.course, s.torch) for s in found}) > 1:
        meanings = "; ".join(f"cell={s.cell!r}: {s.course}" for s in found)
        raise ValueError(f"{lecture} uses {symbol} for several things, say which: {meanings}")
    return found[0]


def table(lecture: str | None = None, cell: str | None = None) -> pd.DataFrame:
    """List symbols with their meanings.

    Parameters
    ----------
    lecture : str, optional
        One of `LECTURES`; all by default.
    cell : {"srn", "lstm", "gru"}, optional
        All by default.

    Returns
    -------
    DataFrame
        Columns lecture, cell, symbol, course, torch, meaning.
    """
    import pandas as pd

    columns = ("lecture", "cell", "symbol", "course", "torch", "meaning")
    rows = [[getattr(s, column) for column in columns] for s in _symbols(lecture, cell)]
    return pd.DataFrame(rows, columns=columns)


def compare(cell: str = "srn") -> pd.DataFrame:
    """Put the lectures side by side: a row for each name of the course, a column a lecture.

    Transposes and signs are left out here; `table` and `lookup` say them.
    """
    import pandas as pd

    cells: dict[str, dict[str, str]] = {}
    for s in _symbols(None, cell):
        row = cells.setdefault(s.name, {})
        row[s.lecture] = f"{row[s.lecture]}, {s.symbol}" if s.lecture in row else s.symbol
    order = [*PARAMETERS[cell], *AROUND, *MEANINGS]
    names = sorted(cells, key=lambda name: order.index(name) if name in order else len(order))
    lectures = [name for name in LECTURES if (name, cell) in SYMBOLS]
    wide = pd.DataFrame([cells[name] for name in names], index=names, columns=lectures)
    return wide.fillna("").rename_axis("course")


def _symbols(lecture: str | None, cell: str | None) -> list[Symbol]:
    """Return the symbols of a lecture and a cell, each all of them if None."""
    if lecture is not None:
        squeezed = {name.lower().replace(" ", ""): name for name in LECTURES}
        if lecture.lower().replace(" ", "") not in squeezed:
            raise ValueError(f"lecture {lecture!r} is unknown; take one of {', '.join(LECTURES)}")
        lecture = squeezed[lecture.lower().replace(" ", "")]
    if cell is not None and cell not in CELLS:
        raise ValueError(f"cell {cell!r} is unknown; take one of {', '.join(CELLS)}")
    return [
        Symbol(of_lecture, of_cell, symbol, course)
        for (of_lecture, of_cell), symbols in SYMBOLS.items()
        for symbol, course in symbols.items()
        if lecture in (None, of_lecture) and cell in (None, of_cell)
    ]


def _of(cell: str | None) -> str:
    return "" if cell is None else f" in its equations of the {cell.upper()}"


def _plain(symbol: str) -> str:
    r"""Write a TeX symbol in plain characters: ``\hat{y}_{t}`` as ``yhat_t``."""
    symbol = re.sub(r"\\(hat|tilde)\{?(?:\\mathbf\{)?(\w)\}*", r"\2\1", symbol)
    return re.sub(r"\\mathbf|\\mathrm|\\text|[{}$\s\\]", "", symbol)
