"""From one sequence to another: a language model whose first state comes from a source.

>>> from course_utils.models.sequences import SentenceEncoder
>>> from course_utils.text import Vocabulary
>>> examples = [(["two", "hundred", "five"], ["2", "0", "5"]), (["ninety"], ["9", "0"])]
>>> encoder = SentenceEncoder(Vocabulary.from_sentences(x for x, y in examples), hidden_size=8)
>>> model = EncoderDecoder(encoder, Vocabulary.from_sentences(y for x, y in examples))
>>> model.loss(examples).shape  # nats a symbol of the target
torch.Size([])
>>> model.log_probs(["ninety"], ["9", "0"]).shape  # 9, 0 and </s>
(3,)
>>> [hypothesis] = model.beam(["ninety"], width=1, max_tokens=4)
>>> model.predict([["ninety"]], max_tokens=4) == [hypothesis.words]
True
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from course_utils.models.language import LanguageModel, _check_positive, _map, evaluating
from course_utils.models.sequences import (
    Sentence,
    SentenceEncoder,
    SequenceModel,
    _check_encoder,
    _check_type,
    _checked_words,
    _padding,
)
from course_utils.text import BOS, EOS, Vocabulary

MAX_TOKENS = 100  # of an output that does not end


class Hypothesis(NamedTuple):
    """An output that a search has found.

    Attributes
    ----------
    words : list of str
        The output, without ``</s>``.
    log_prob : float
        ``ln P(words </s> | source)``, in nats.
    score : float
        What the search orders by: `EncoderDecoder.beam`.
    """

    words: list[str]
    log_prob: float
    score: float


class FedLanguageModel(LanguageModel):
    """A language model that is fed a vector v with every word: ``x_t = E[w_t] + v``.

    Its state is ``(v, h)``, or ``(v, h, c)`` with an LSTM, v being (1, B, E); ``None`` is the state
    with v = 0 at the beginning of a text.
    """

    def features(self, ids: Tensor, state=None):
        """Return the last layer's states, (T, B) -> (T, B, H), and the state with its v."""
        vectors = self.embedding(ids)  # (T, B, E)
        v, *state = (torch.zeros_like(vectors[:1]),) if state is None else state
        state = tuple(state) if len(state) > 1 else state[0] if state else None
        h, state = self.rnn(self.dropout(vectors + v), state)  # (T, B, H)
        return self.dropout(h), (v, *(state if isinstance(state, tuple) else (state,)))


class EncoderDecoder(SequenceModel):
    """A conditional language model: ``P(y_1 .. y_S </s> | source) = prod_t P(y_t | y_<t, source)``.

    The encoder reads the source. What it knows at the end becomes, through a *bridge*, the first
    state of all layers of a `LanguageModel`, the decoder, which then writes the target:

        ``s_0 = tanh(W last + b)``,  ``s_t = cell(E[y_{t-1}], s_{t-1})``,
        ``P(y_t | y_<t, source) = softmax(W_hy s_t + b_y)``

    (Cho et al. 2014; in Sutskever et al. 2014 both are of one size and ``s_0 = last``). All that is
    known of a source stands in this one vector. Before the first symbol stands ``</s>``, as in
    every neural language model of the course, and ``</s>`` ends the target. ``x`` is a list of
    words, ``y`` a list of symbols: words or characters.

    The loss counts every symbol of the target, ``</s>`` included; the score counts whole outputs,
    which end after `MAX_TOKENS` symbols at the latest.

    Parameters
    ----------
    encoder : SentenceEncoder
    target_vocab : Vocabulary
        The symbols it writes.
    embedding_size, hidden_size, cell, num_layers, dropout
        Of the decoder: `LanguageModel`.
    teacher_forcing : float
        The share of steps at which the loss lets the decoder read the symbol of the target; at the
        others it reads what it finds likeliest itself, as when it runs free. Which, is drawn for
        each step of each target (scheduled sampling: Bengio et al. 2015). From 0 to 1; may be
        changed at any time.
    feed_source : bool
        Let the decoder read ``last`` at every step as well, so that it need not remember all of it:
        ``s_t = cell(E[y_{t-1}] + W_v last + b_v, s_{t-1})`` (Cho et al. 2014). It learns faster.
    **options
        Anything else the decoder knows: ``tie_weights``, ``skip``, ``gradient``, ..
    """

    def __init__(
        self,
        encoder: SentenceEncoder,
        target_vocab: Vocabulary,
        embedding_size: int = 64,
        hidden_size: int = 128,
        cell: str = "lstm",
        num_layers: int = 1,
        dropout: float = 0.0,
        teacher_forcing: float = 1.0,
        feed_source: bool = False,
        **options,
    ):
        super().__init__()
        _check_encoder(encoder)
        _check_type(Vocabulary, "Vocabulary.from_sentences makes one", target_vocab=target_vocab)
        self.encoder = encoder
        self.target_vocab = target_vocab
        sizes = (embedding_size, hidden_size, cell, num_layers)
        Decoder = FedLanguageModel if feed_source else LanguageModel
        self.decoder = Decoder(len(target_vocab), *sizes, dropout=dropout, **options)
        tensors = 1 + (cell == "lstm") + max(0, options.get("time_skip", 0) - 1)
        self._state_shape = (tensors, num_layers, hidden_size)
        self.bridge = torch.nn.Linear(encoder.output_size, tensors * num_layers * hidden_size)
        self.feed = torch.nn.Linear(encoder.output_size, embedding_size) if feed_source else None
        self.teacher_forcing = teacher_forcing

    @property
    def teacher_forcing(self) -> float:
        """The share of steps at which the decoder reads the target in training."""
        return self._teacher_forcing

    @teacher_forcing.setter
    def teacher_forcing(self, share: float):
        if isinstance(share, bool) or not isinstance(share, (int, float, np.number)):
            raise TypeError(f"teacher_forcing must be a number from 0 to 1, got {share!r}")
        if not 0 <= share <= 1:
            raise ValueError(f"teacher_forcing must be from 0 to 1, got {share}")
        self._teacher_forcing = float(share)

    def first_state(self, ids: Tensor, lengths: Tensor, spellings=None):
        """Return the decoder's first state, for the arguments of `SentenceEncoder`.

        Returns
        -------
        Tensor, or tuple of two Tensors for an LSTM, shape (layers, B, hidden_size)
            With ``feed_source`` the state of a `FedLanguageModel`.
        """
        _, last = self.encoder(ids, lengths, spellings)  # (B, D)
        state = torch.tanh(self.bridge(last)).to(self.bridge.weight.dtype)  # not autocast's
        state = state.view(len(last), *self._state_shape).permute(1, 2, 0, 3)
        parts = tuple(part.contiguous() for part in state)  # (layers, B, H) each
        if self.feed is not None:
            return (self.feed(last).unsqueeze(0), *parts)
        return parts if len(parts) > 1 else parts[0]

    def forward(self, inputs: Tensor, ids: Tensor, lengths: Tensor, spellings=None) -> Tensor:
        """Return the logits of the next symbol after every symbol the decoder reads.

        Parameters
        ----------
        inputs : Tensor of int64, shape (S, B)
            What the decoder reads: ``</s>``, and the symbols of the targets.
        ids, lengths, spellings
            The sources, as in `SentenceEncoder`.

        Returns
        -------
        Tensor, shape (S, B, V)
        """
        return self.decoder(inputs, self.first_state(ids, lengths, spellings))[0]

    def encode_target(self, sentence: Sentence, y: Sequence[str]) -> Tensor:
        """Return the ids of the target, ``</s>`` at its end, (S,)."""
        y = _checked_words(y)
        for special in (EOS, BOS):
            if special in y:
                raise ValueError(f"{special} is added by the model; leave it out of {list(y)}")
        return torch.tensor([*self.target_vocab.encode_words(y), Vocabulary.eos_id])

    def count_right(self, y, predicted):
        """Count an output that is right as a whole."""
        return int(list(y) == predicted), 1

    def batch_probs(self, inputs):
        """Raise a NotImplementedError: there are too many outputs."""
        raise NotImplementedError(
            "there are too many outputs to give each its probability; log_probs(source, target) "
            "gives that of one, beam(source) those of the likeliest"
        )

    def batch_loss(self, inputs, targets):
        """Return the mean over all symbols of all targets."""
        h, symbols = self._read(inputs, targets, self.teacher_forcing)
        return self.decoder.output.loss(h, symbols)

    def _read(self, inputs, targets, teacher_forcing):
        """Return what the output layer sees of N symbols, (N, H), and the symbols, (N,)."""
        state = self.first_state(*self.encoder.collate(inputs))
        device = self.bridge.weight.device
        symbols = pad_sequence(targets, padding_value=Vocabulary.eos_id).to(device)  # (S, B)
        before = torch.cat([torch.full_like(symbols[:1], Vocabulary.eos_id), symbols[:-1]])
        if teacher_forcing == 1:
            h, _ = self.decoder.features(before, state)  # (S, B, H)
        else:
            h = self._read_itself(before, state, teacher_forcing)
        lengths = torch.tensor([len(target) for target in targets], device=device)
        real = ~_padding(len(symbols), lengths)  # (S, B)
        return h[real], symbols[real]

    def _read_itself(self, before, state, teacher_forcing):
        """Go step by step: at some the decoder reads the target, at the others what it wrote."""
        forced = torch.rand(before.shape, device=before.device) < teacher_forcing  # (S, B)
        read, hidden = before[0], []
        for t in range(len(before)):
            if t > 0:
                own = self.decoder.output(hidden[-1].detach()).argmax(dim=-1)  # (B,)
                read = torch.where(forced[t], before[t], own)
            h, state = self.decoder.features(read.unsqueeze(0), state)  # (1, B, H)
            hidden.append(h[0])
        return torch.stack(hidden)

    def log_probs(self, source: Sequence[str], target: Sequence[str]) -> np.ndarray:
        """Return ln P(symbol | all before it, source) for every symbol of a target.

        Parameters
        ----------
        source, target : list of str

        Returns
        -------
        ndarray of float64, shape (S + 1,)
            In nats; the last is that of ``</s>``.
        """
        return self.log_probs_of_each([(source, target)])[0]

    def log_probs_of_each(self, examples: Sequence, batch_size: int = 64) -> list[np.ndarray]:
        """Return `log_probs` of each of many examples.

        The perplexity of a symbol is ``np.exp(-np.concatenate(log_probs).mean())``.

        Parameters
        ----------
        examples : sequence of (x, y) or of `Example`
        batch_size : int
            Examples read side by side; the result does not depend on it.
        """
        return self._in_batches(self._encoded(examples), batch_size, self._batch_log_probs)

    def _batch_log_probs(self, examples):
        targets = [example.target for example in examples]
        h, symbols = self._read([example.input for example in examples], targets, 1.0)
        real = self.decoder.output.target_log_probs(h, symbols)  # (N,), a step after the other
        lengths = torch.tensor([len(target) for target in targets])
        log_p = torch.zeros(int(lengths.max()), len(targets), dtype=torch.float64)  # (S, B)
        log_p[~_padding(len(log_p), lengths)] = real.cpu().double()
        return [log_p[:length, b].numpy() for b, length in enumerate(lengths)]

    def predict(
        self,
        xs: Sequence,
        batch_size: int = 64,
        beam: int | None = None,
        max_tokens: int = MAX_TOKENS,
    ) -> list[list[str]]:
        """Return an output for each source.

        Parameters
        ----------
        xs : sequence of lists of str
        batch_size : int
            Sources read side by side; the result does not depend on it.
        beam : int, optional
            Search by `beam` of this width, one source after the other. Default: greedily, always
            the likeliest symbol.
        max_tokens : int
            Stop after so many symbols at the latest.
        """
        if beam is not None:
            return [self.beam(x, beam, max_tokens)[0].words for x in xs]
        _check_positive(max_tokens=max_tokens)
        inputs = [self.encode_input(x) for x in xs]
        return self._in_batches(inputs, batch_size, lambda b: self.batch_outputs(b, max_tokens))

    def batch_outputs(self, inputs, max_tokens=MAX_TOKENS):
        """Write an output for each source of a batch, always the likeliest symbol."""
        state = self.first_state(*self.encoder.collate(inputs))
        read = torch.full((len(inputs),), Vocabulary.eos_id, device=self.bridge.weight.device)
        ended, written = torch.zeros_like(read, dtype=torch.bool), []
        while len(written) < max_tokens and not ended.all():
            h, state = self.decoder.features(read.unsqueeze(0), state)  # (1, B, H)
            read = self.decoder.output(h[0]).argmax(dim=-1)  # (B,)
            ended |= read == Vocabulary.eos_id
            written.append(read)
        columns = torch.stack(written).T.tolist()
        return [self.target_vocab.decode([*ids, Vocabulary.eos_id])[0] for ids in columns]

    def extra_repr(self) -> str:
        """Name the option that no part shows."""
        return "" if self.teacher_forcing == 1 else f"teacher_forcing={self.teacher_forcing}"

    def beam(
        self,
        source: Sequence[str],
        width: int = 5,
        max_tokens: int = MAX_TOKENS,
        length_penalty: float = 0.0,
    ) -> list[Hypothesis]:
        """Search the likeliest output, the ``width`` best beginnings side by side.

        At each step every beginning is continued by every symbol, and the best ``width`` of all
        are kept. One that ends with ``</s>`` is complete, and its place is free for another at the
        next step (Graves 2012; Sutskever et al. 2014). The search is over when no beginning can
        become better than the ``width`` complete ones. A width of 1 is the greedy search.

        Parameters
        ----------
        source : list of str
        width : int
            Beginnings that are kept.
        max_tokens : int
            Symbols of an output without its ``</s>``, which is forced after so many.
        length_penalty : float
            a in ``score = log_prob / n ** a``, n being the symbols with ``</s>``. With 0 the
            likeliest output wins, and long ones lose by their mere length; with 1 the best mean.

        Returns
        -------
        list of Hypothesis
            At most ``width``, the best score first. ``log_prob`` is the sum of
            ``log_probs(source, words)``.
        """
        _check_positive(width=width, max_tokens=max_tokens)
        if not 0 <= length_penalty < np.inf:
            raise ValueError(f"length_penalty must be a number of at least 0, got {length_penalty}")
        with evaluating(self):
            state = self.first_state(*self.encoder.collate([self.encode_input(source)]))
            return self._beam(state, width, max_tokens, length_penalty)

    def _beam(self, state, width, max_tokens, length_penalty):
        """Search from a first state, (layers, 1, H), on."""
        eos, V = Vocabulary.eos_id, len(self.target_vocab)
        device = self.bridge.weight.device
        beginnings, total, complete = [[eos]], 0.0, []
        for n in range(1, max_tokens + 2):  # symbols of what is complete after this step
            read = torch.tensor([ids[-1] for ids in beginnings], device=device)  # (W,)
            h, state = self.decoder.features(read.unsqueeze(0), state)  # (1, W, H)
            log_p = self.decoder.output(h[0]).double().log_softmax(dim=-1) + total  # (W, V)
            if n > max_tokens:
                log_p[:, torch.arange(V, device=device) != eos] = -torch.inf
            best, places = log_p.flatten().topk(min(width, log_p.numel()))
            going_on = []  # which beginning, which symbol, with which probability
            for log_prob, place in zip(best.tolist(), places.tolist(), strict=True):
                row, symbol = divmod(place, V)
                if symbol == eos:
                    [words] = self.target_vocab.decode([*beginnings[row][1:], eos])
                    complete.append(Hypothesis(words, log_prob, log_prob / n**length_penalty))
                elif n <= max_tokens:
                    going_on.append((row, symbol, log_prob))
            complete = sorted(complete, key=lambda found: -found.score)[:width]
            hope = going_on[0][2] / (max_tokens + 1) ** length_penalty if going_on else -np.inf
            if not going_on or (len(complete) == width and complete[-1].score >= hope):
                break
            rows, _, log_probs = map(list, zip(*going_on, strict=True))
            beginnings = [[*beginnings[row], symbol] for row, symbol, _ in going_on]
            state = _map(lambda s, rows=rows: s[:, rows], state)
            total = torch.tensor(log_probs, dtype=torch.float64, device=device).unsqueeze(-1)
        return complete
