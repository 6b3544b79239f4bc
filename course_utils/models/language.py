"""Neural language models: recurrent, with a fixed window, with output connections.

All share one interface. Ids are int64 tensors (T, B): T steps of B texts side by side. What a model
remembers from one chunk of a text to the next is its *state*; ``None`` stands for the beginning of
a text, where the word before the first is ``</s>``.

>>> lm = LanguageModel(vocab_size=10, hidden_size=8, cell="srn")
>>> inputs, targets = torch.tensor([[1], [4], [7]]), torch.tensor([[4], [7], [1]])  # (T, B)
>>> logits, state = lm(inputs)  # (T, B, V), (layers, B, H)
>>> loss, state = lm.loss(inputs, targets)
>>> lm.log_probs([4, 7, 1]).shape, lm.next_word_probs([4, 7]).shape
((3,), (10,))
"""

from __future__ import annotations

import contextlib
import difflib
import functools
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from course_utils.output_layers import OUTPUT_LAYERS, FullSoftmax
from course_utils.recurrent import GRU, LSTM, SRN, Skips
from course_utils.text import Vocabulary

CELLS = {"srn": SRN, "lstm": LSTM, "gru": GRU}
CHUNK = 1024  # steps read at a time by log_probs; the result does not depend on it
TEXTS = 128  # texts read side by side by log_probs_of_each; nor on this


class NeuralLanguageModel(torch.nn.Module):
    """What the neural language models share: a text goes in, probabilities come out.

    A subclass defines ``features`` and gives itself an output layer from `output_layers`.

    Parameters
    ----------
    vocab_size : int
        V, the number of words, ``<unk>`` and ``</s>`` included.
    """

    output: torch.nn.Module

    def __init__(self, vocab_size: int):
        super().__init__()
        _check_positive(vocab_size=vocab_size)
        self.vocab_size = int(vocab_size)

    def features(self, ids: Tensor, state=None):
        """Return what the output layer sees, (T, B) -> (T, B, D), and the state after the last."""
        raise NotImplementedError

    def forward(self, ids: Tensor, state=None):
        """Return the logits of the next word after every word.

        Parameters
        ----------
        ids : Tensor of int64, shape (T, B)
            The words read, T steps of B texts.
        state : optional
            What the model returned for the chunk before; ``None`` at the start of a text.

        Returns
        -------
        logits : Tensor, shape (T, B, V)
            ``softmax(logits[t, b])`` is the distribution of the word after ``ids[t, b]``.
        state
            For the next chunk.
        """
        self._check_ids(ids, "ids")
        h, state = self.features(ids, state)  # (T, B, D)
        return self.output(h), state

    def loss(self, inputs: Tensor, targets: Tensor, state=None):
        """Return the mean of ``-ln P(target)`` over all T x B words, and the state.

        In training mode the output layer may estimate it; in evaluation mode it is exact.

        Parameters
        ----------
        inputs, targets : Tensor of int64, shape (T, B)
            The words read, and the word that follows each.
        state : optional
            As in `forward`.

        Returns
        -------
        loss : Tensor, shape ()
            In nats a token.
        state
            For the next chunk.
        """
        self._check_ids(inputs, "inputs")
        self._check_ids(targets, "targets")
        if targets.shape != inputs.shape:
            raise ValueError(
                f"each input has one target, got inputs {tuple(inputs.shape)} and "
                f"targets {tuple(targets.shape)}"
            )
        h, state = self.features(inputs, state)  # (T, B, D)
        return self.output.loss(h.flatten(0, 1), targets.flatten()), state

    def log_probs(self, ids: Sequence[int]) -> np.ndarray:
        """Return ln P(word | all words before it) for every token of a text.

        The text is read as one stream: the state is carried over sentence ends, and the word before
        the first is ``</s>``. Mode, gradients and random state of the model stay as they are.

        Parameters
        ----------
        ids : array of int, shape (T,)
            A text.

        Returns
        -------
        ndarray of float64, shape (T,)
            In nats.

        Raises
        ------
        TypeError
            If the ids are not integers.
        ValueError
            If an id is outside 0 .. V - 1 or the array has not one dimension.
        """
        ids = self._checked_text(ids)
        inputs = np.append(Vocabulary.eos_id, ids[:-1])
        log_p = np.empty(len(ids))
        state = None
        with evaluating(self):
            for start in range(0, len(ids), CHUNK):
                part = slice(start, start + CHUNK)
                h, state = self.features(self._column(inputs[part]), state)  # (T, 1, D)
                targets = self._column(ids[part])
                found = self.output.target_log_probs(h.squeeze(1), targets.squeeze(1))  # (T,)
                log_p[part] = found.cpu().double().numpy()
        return log_p

    def log_probs_of_each(self, texts: Sequence[Sequence[int]]) -> list[np.ndarray]:
        """Return `log_probs` of each of many texts, which are read side by side.

        Texts of similar length share a batch, the shorter ones filled up at their end, where
        nothing that counts comes after.

        Parameters
        ----------
        texts : sequence of arrays of int, shape (T_k,) each

        Returns
        -------
        list of ndarray of float64, shape (T_k,) each

        Raises
        ------
        TypeError, ValueError
            As `log_probs`.
        """
        texts = [self._checked_text(text) for text in texts]
        by_length = sorted(range(len(texts)), key=lambda k: len(texts[k]))
        result = [np.empty(0)] * len(texts)
        with evaluating(self):
            for start in range(0, len(texts), TEXTS):
                batch = by_length[start : start + TEXTS]
                longest = len(texts[batch[-1]])
                ids = np.full((1 + longest, len(batch)), Vocabulary.eos_id)  # </s> before the first
                for column, k in enumerate(batch):
                    ids[1 : 1 + len(texts[k]), column] = texts[k]
                log_p = self._log_probs_of_columns(torch.from_numpy(ids))  # (T, B)
                for column, k in enumerate(batch):
                    result[k] = log_p[: len(texts[k]), column]
        return result

    def _log_probs_of_columns(self, ids: Tensor) -> np.ndarray:
        """Return ln P of every id but the first row's, (1 + T, B) -> (T, B)."""
        if len(ids) == 1:
            return np.empty((0, ids.shape[1]))
        ids = ids.to(self.embedding.weight.device)
        h, _ = self.features(ids[:-1])  # (T, B, D)
        found = self.output.target_log_probs(h.flatten(0, 1), ids[1:].flatten())  # (T B,)
        return found.view(h.shape[:2]).cpu().double().numpy()

    def next_word_probs(self, context: Sequence[int] = ()) -> np.ndarray:
        """Return P(word | context) for every word of the vocabulary.

        Parameters
        ----------
        context : sequence of int
            The ids since the start of the text. A leading ``<s>`` (id V) changes nothing.

        Returns
        -------
        ndarray of float64, shape (V,)
            ``exp(log_probs(ids)[t])`` is element ``ids[t]`` of ``next_word_probs(ids[:t])``.

        Raises
        ------
        TypeError, ValueError
            As `log_probs`.
        """
        with evaluating(self):
            h, _ = self.features(self._column(self.with_start(context)))  # (1 + T, 1, D)
            logits = self.output(h[-1, 0])  # (V,)
        p = np.exp(logits.cpu().double().numpy() - logits.max().item())
        return p / p.sum()

    def with_start(self, context: Sequence[int]) -> np.ndarray:
        """Check a context and put ``</s>`` before it, in the place of ``<s>`` if it begins so."""
        context = np.asarray(context)
        if context.ndim == 1 and len(context) and context[0] == self.vocab_size:
            context = context[1:]
        if context.ndim == 1 and self.vocab_size in context:
            raise ValueError(
                f"<s> (id {self.vocab_size}) may only begin a context; within a text sentences are "
                f"separated by </s> (id {Vocabulary.eos_id})"
            )
        return np.append(Vocabulary.eos_id, self._checked_text(context))

    def _column(self, ids: np.ndarray) -> Tensor:
        """Put one text where the model is, as (T, 1)."""
        return torch.from_numpy(ids).to(self.embedding.weight.device).unsqueeze(1)

    def _checked_text(self, ids: Sequence[int]) -> np.ndarray:
        ids = np.asarray(ids)
        if ids.ndim != 1:
            raise ValueError(f"a text has one dimension, got an array of shape {ids.shape}")
        if len(ids) and ids.dtype.kind not in "iu":
            raise TypeError(
                f"token ids are integers, got {ids.dtype}; encode words by vocab.encode"
            )
        if len(ids):
            self._check_range(int(ids.min()), int(ids.max()))
        return ids.astype(np.int64)

    def _check_ids(self, ids: Tensor, name: str) -> None:
        if not isinstance(ids, Tensor):
            raise TypeError(
                f"{name} must be a tensor, got {type(ids).__name__}; torch.tensor({name}) makes one"
            )
        if ids.dtype != torch.int64:
            raise TypeError(f"{name} must be int64, got {ids.dtype}; {name}.long() makes them so")
        if ids.dim() != 2:
            raise ValueError(
                f"{name} must have two dimensions (T, B), got shape {tuple(ids.shape)}; "
                f"{name}[:, None] makes one text of (T,)"
            )
        if not ids.numel():
            raise ValueError(f"{name} hold no token, got shape {tuple(ids.shape)}")
        if ids.device.type == "cpu":  # elsewhere the look would halt the device
            self._check_range(*(int(end) for end in ids.aminmax()))

    def _check_range(self, low: int, high: int) -> None:
        if low < 0 or high >= self.vocab_size:
            raise ValueError(
                f"id {low if low < 0 else high} is outside the vocabulary of {self.vocab_size} "
                f"words (0 .. {self.vocab_size - 1}); encode the text with this model's vocabulary"
            )


class LanguageModel(NeuralLanguageModel):
    """A recurrent language model: embedding, recurrent layers, softmax (Mikolov et al. 2010).

    ``x_t = E[w_t]``, ``h_t = cell(x_t, h_{t-1})``, ``P(w_{t+1} | w_1 .. w_t) = softmax(W_hy h_t +
    b_y)``: Edinburgh 2018, equations (1) to (4), with an embedding before and any cell between.

    Parameters
    ----------
    vocab_size : int
        V.
    embedding_size : int, optional
        The length of a word vector. Default: ``hidden_size``.
    hidden_size : int
        H, the length of the state of each layer.
    cell : {"lstm", "gru", "srn"}
        The layers: `recurrent.LSTM`, `recurrent.GRU` or `recurrent.SRN`.
    num_layers : int
        Recurrent layers, one on another.
    tie_weights : bool
        Let the output layer use the word vectors of the input: `FullSoftmax`.
    dropout : float
        The share of units silenced in training: of the word vectors, between layers, and before the
        output, never from one step to the next (Zaremba et al. 2014).
    variational : bool
        Silence the same units at every step of a chunk: `SequenceDropout`.
    output : {"full", "sampled", "adaptive"} or callable
        The layer of `output_layers` that predicts the words; or anything called like one, such as
        ``functools.partial(SampledSoftmax, n_samples=500)``. An adaptive softmax cannot be tied.
    gradient : {None, "autograd", "bptt", "torch"}
        How the recurrent layers get their gradient.
    **cell_options
        Anything else the cell knows: ``nonlinearity`` of an SRN, ``peepholes`` of an LSTM,
        ``reset`` of a GRU; ``skip``, ``time_skip``, ``bias``. Not ``bidirectional`` (a network that
        sees the next word has nothing to predict) and not ``batch_first`` (ids are (T, B)
        everywhere in this course).
    """

    def __init__(
        self,
        vocab_size: int,
        embedding_size: int | None = None,
        hidden_size: int = 128,
        cell: str = "lstm",
        num_layers: int = 1,
        tie_weights: bool = True,
        dropout: float = 0.0,
        *,
        variational: bool = False,
        output: str | Callable[..., torch.nn.Module] = "full",
        gradient: str | None = None,
        **cell_options,
    ):
        super().__init__(vocab_size)
        embedding_size = hidden_size if embedding_size is None else embedding_size
        _check_positive(
            hidden_size=hidden_size, embedding_size=embedding_size, num_layers=num_layers
        )
        _check_dropout(dropout)
        for option in ("bidirectional", "batch_first"):
            if cell_options.get(option):
                raise ValueError(
                    f"a language model reads (T, B) from left to right; leave {option} out"
                )
        self.cell = _choice("cell", cell, CELLS)
        self.embedding = _embedding(vocab_size, embedding_size)
        Layer = functools.partial(CELLS[self.cell], gradient=gradient, **cell_options)
        if variational:
            self.dropout = SequenceDropout(dropout)
            skip = cell_options.get("skip")
            self.rnn = Stack(Layer, embedding_size, hidden_size, num_layers, self.dropout, skip)
        else:
            self.dropout = torch.nn.Dropout(dropout)
            between = dropout if num_layers > 1 else 0.0
            self.rnn = Layer(embedding_size, hidden_size, num_layers, dropout=between)
        tied = self.embedding.weight if tie_weights else None
        self.output = _output_layer(output)(hidden_size, vocab_size, tied)

    def features(self, ids: Tensor, state=None):
        """Return the last layer's states, (T, B) -> (T, B, H), and the state of all layers."""
        x = self.dropout(self.embedding(ids))  # (T, B, E)
        h, state = self.rnn(x, state)  # (T, B, H)
        return self.dropout(h), state


class WindowLanguageModel(NeuralLanguageModel):
    """The fixed-window neural language model of Bengio et al. 2003.

    The word vectors of the last n words stand side by side in x, (nE,), and

        ``P(w_{t+1} | w_{t-n+1} .. w_t) = softmax(U tanh(H x + d) + b)``,

    with ``H`` and ``d`` in ``hidden``, ``U`` and ``b`` in ``output``. The window reaches over
    sentence ends; before the first word of a text every word is ``</s>``.

    Parameters
    ----------
    vocab_size : int
        V.
    context_size : int
        n, the number of words seen: a window of 4 sees what a 5-gram sees.
    embedding_size, hidden_size : int
        E and the number of hidden units.
    direct : bool
        Connect the word vectors to the output directly as well, ``... + W x``: the paper's optional
        W. The output layer then has the features ``[tanh(H x + d), x]`` and the matrix ``[U W]``.
    tie_weights : bool
        Let the output layer use the word vectors of the input.
    dropout : float
        The share of units silenced in training, of the word vectors and the hidden units.
    output : {"full", "sampled", "adaptive"} or callable
        As in `LanguageModel`.
    """

    def __init__(
        self,
        vocab_size: int,
        context_size: int = 4,
        embedding_size: int = 64,
        hidden_size: int = 128,
        direct: bool = False,
        tie_weights: bool = False,
        dropout: float = 0.0,
        *,
        output: str | Callable[..., torch.nn.Module] = "full",
    ):
        super().__init__(vocab_size)
        _check_positive(
            context_size=context_size, embedding_size=embedding_size, hidden_size=hidden_size
        )
        _check_dropout(dropout)
        if direct and tie_weights:
            raise ValueError("direct connections have weights of their own; set tie_weights=False")
        self.context_size = context_size
        self.direct = direct
        self.embedding = _embedding(vocab_size, embedding_size)
        self.hidden = torch.nn.Linear(context_size * embedding_size, hidden_size)
        self.dropout = torch.nn.Dropout(dropout)
        n_features = hidden_size + direct * context_size * embedding_size
        tied = self.embedding.weight if tie_weights else None
        self.output = _output_layer(output)(n_features, vocab_size, tied)

    def features(self, ids: Tensor, state=None):
        """Return the hidden units, (T, B) -> (T, B, H), and the last n - 1 ids, (n - 1, B)."""
        n = self.context_size
        if state is None:
            state = ids.new_full((n - 1, ids.shape[1]), Vocabulary.eos_id)
        elif state.shape != (n - 1, ids.shape[1]):
            raise ValueError(
                f"the state of a window of {n} words holds the {n - 1} ids before, shape "
                f"{(n - 1, ids.shape[1])}, got {tuple(state.shape)}"
            )
        seen = torch.cat([state, ids])  # (n - 1 + T, B)
        vectors = self.dropout(self.embedding(seen))  # (n - 1 + T, B, E)
        x = torch.cat([vectors[k : k + len(ids)] for k in range(n)], dim=-1)  # (T, B, nE)
        h = self.dropout(torch.tanh(self.hidden(x)))  # (T, B, H)
        if self.direct:
            h = torch.cat([h, x], dim=-1)  # (T, B, H + nE)
        return h, seen[len(ids) :]


class JordanLanguageModel(NeuralLanguageModel):
    """A network with output connections: what it said is what it remembers (Jordan 1986).

    The hidden units see the word and the output of the step before, not their own past:

        ``h_t = tanh(W_xh x_t + W_yh y_{t-1} + b_h)``,  ``y_t = softmax(W_hy h_t + b_y)``

    (Darmstadt 2022, "RNNs With Output Connections"). At the start of a text ``y_0 = 0``.

    Running free, the network is fed its own output ``y_{t-1}``, a distribution. With teacher
    forcing it is fed what it should have said, the word ``w_t`` with probability 1. No step then
    waits for another, and training is as fast as for a network without recurrence (Goodfellow et
    al. 2016, section 10.2.1). But nothing before ``w_t`` is left in what it sees: in a language
    model the right answer of the last step *is* the input, and teacher forcing makes a bigram model
    of this network.

    Parameters
    ----------
    vocab_size : int
        V.
    hidden_size : int
        H; the word vectors ``x_t`` have the same length.
    teacher_forcing : bool
        May be changed at any time, for example after training.
    """

    def __init__(self, vocab_size: int, hidden_size: int = 128, teacher_forcing: bool = False):
        super().__init__(vocab_size)
        _check_positive(hidden_size=hidden_size)
        self.teacher_forcing = teacher_forcing
        self.embedding = _embedding(vocab_size, hidden_size)
        self.input = torch.nn.Linear(hidden_size, hidden_size)  # W_xh, b_h
        self.feedback = torch.nn.Linear(vocab_size, hidden_size, bias=False)  # W_yh
        self.output = FullSoftmax(hidden_size, vocab_size)  # W_hy, b_y
        torch.nn.init.uniform_(self.feedback.weight, -0.1, 0.1)  # as for word vectors

    def features(self, ids: Tensor, state: Tensor | None = None):
        """Return the hidden units, (T, B) -> (T, B, H), and the last output y, (B, V)."""
        if state is not None and state.shape != (ids.shape[1], self.vocab_size):
            raise ValueError(
                f"the state of a Jordan network is its last output, shape "
                f"{(ids.shape[1], self.vocab_size)}, got {tuple(state.shape)}"
            )
        x = self.input(self.embedding(ids))  # (T, B, H)
        if self.teacher_forcing:
            said = torch.nn.functional.embedding(ids, self.feedback.weight.T)  # (T, B, H)
            h = torch.tanh(x + said)
            return h, self._say(h[-1])
        y = x.new_zeros(ids.shape[1], self.vocab_size) if state is None else state  # (B, V)
        hidden = []
        for x_t in x:  # (B, H)
            hidden.append(torch.tanh(x_t + self.feedback(y)))
            y = self._say(hidden[-1])
        return torch.stack(hidden), y

    def _say(self, h: Tensor) -> Tensor:
        return self.output(h).softmax(dim=-1)  # (B, V)


class SequenceDropout(torch.nn.Module):
    """Silence the same units at every step of a sequence: variational dropout.

    Gal and Ghahramani 2016, without their masks inside the recurrent layers: what goes from step to
    step is never silenced.
    Each text of a batch and each call has a mask of its own.

    Parameters
    ----------
    p : float
        The share of units silenced; the others are divided by ``1 - p``.
    """

    def __init__(self, p: float):
        super().__init__()
        self.p = p

    def forward(self, x: Tensor) -> Tensor:
        """Mask in training mode, (T, B, D) -> (T, B, D)."""
        if not self.training or self.p == 0:
            return x
        return x * torch.nn.functional.dropout(torch.ones_like(x[:1]), self.p)  # mask (1, B, D)


class Stack(torch.nn.Module):
    """Recurrent layers one on another with a module between: `recurrent`'s own stack, opened.

    Parameters
    ----------
    Layer : callable
        ``Layer(input_size, hidden_size)`` makes one layer.
    input_size, hidden_size, num_layers : int
        As in `torch.nn.LSTM`.
    between : Module
        What the states of a layer pass through before the next.
    skip : {"residual", "dense", "highway"}, optional
        As in `recurrent`.
    """

    skip = None  # models pickled before there were skips ask for it

    def __init__(self, Layer, input_size, hidden_size, num_layers, between, skip=None):
        super().__init__()
        self.skip = skip
        sizes = [input_size] + [hidden_size] * (num_layers - 1)
        if skip is not None:
            self.skips = Skips(skip, input_size, hidden_size, num_layers)
            sizes = self.skips.sizes
        self.layers = torch.nn.ModuleList(Layer(size, hidden_size) for size in sizes)
        self.between = between

    def forward(self, x: Tensor, state=None):
        """Run all layers; input, output and state as in `torch.nn.LSTM` and its kin."""
        finals = []
        for k, layer in enumerate(self.layers):
            y, final = layer(x, _map(lambda s, k=k: s[k : k + 1], state))  # (T, B, H)
            finals.append(final)
            y = self.between(y) if k < len(self.layers) - 1 else y
            x = self.skips(k, x, y) if self.skip else y
        if isinstance(finals[0], tuple):
            return x, tuple(torch.cat(parts) for parts in zip(*finals, strict=True))
        return x, torch.cat(finals)  # (layers, B, H)

    @property
    def all_weights(self) -> list[list[Tensor]]:
        """The weights of each layer, as `torch.nn.RNNBase.all_weights`."""
        return [layer.all_weights[0] for layer in self.layers]


@contextlib.contextmanager
def evaluating(model: torch.nn.Module) -> Iterator[None]:
    """Put a model into evaluation mode without gradients; give every part its own mode back."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        for module, training in modes:
            module.training = training


def _embedding(vocab_size: int, embedding_size: int) -> torch.nn.Embedding:
    """Make word vectors small, so that a tied softmax begins near the uniform distribution."""
    embedding = torch.nn.Embedding(vocab_size, embedding_size)
    torch.nn.init.uniform_(embedding.weight, -0.1, 0.1)
    return embedding


def _output_layer(output) -> Callable[..., torch.nn.Module]:
    return output if callable(output) else OUTPUT_LAYERS[_choice("output", output, OUTPUT_LAYERS)]


def _map(f, state):
    if state is None:
        return None
    return tuple(map(f, state)) if isinstance(state, tuple | list) else f(state)


def _choice(name: str, value: str, choices: Sequence[str]) -> str:
    if value not in choices:
        near = difflib.get_close_matches(str(value).lower(), choices, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"choose one of {', '.join(choices)}"
        raise ValueError(f"{name} {value!r} is unknown; {hint}")
    return value


def _check_positive(**sizes: int) -> None:
    for name, size in sizes.items():
        if isinstance(size, bool) or not isinstance(size, (int, np.integer)):
            raise TypeError(f"{name} must be an integer, got {size!r}")
        if size < 1:
            raise ValueError(f"{name} must be positive, got {size}")


def _check_dropout(dropout: float, name: str = "dropout") -> None:
    if not isinstance(dropout, (int, float, np.floating)) or not 0 <= dropout < 1:
        raise ValueError(f"{name} must be a number, at least 0 and below 1, got {dropout!r}")
