"""Networks that read whole sentences: taggers, classifiers, readers, and the encoder they share.

Words go in, words come out: a model owns its vocabularies, and an *example* is ``(x, y)`` as a
person would write it. `training.fit` trains all of them, by ``encode``, ``loss`` and ``score``.

>>> from course_utils.text import Vocabulary
>>> examples = [(["time", "flies"], ["NOUN", "VERB"]), (["fruit", "flies"], ["NOUN", "NOUN"])]
>>> vocab = Vocabulary.from_sentences(words for words, tags in examples)
>>> tagger = SequenceTagger(SentenceEncoder(vocab, hidden_size=8), ["NOUN", "VERB"])
>>> tagger.loss(examples).shape  # nats a word
torch.Size([])
>>> len(tagger.predict([["fruit", "flies", "like", "bananas"]])[0])
4

Inside, ids are (T, B) tensors as everywhere in the course, with the ``lengths`` (B,) of the
sentences. What stands behind the end of a sentence, its padding, is taken out before the first
layer (`torch.nn.utils.rnn.pack_padded_sequence`): no direction ever sees it, and no result depends
on what a sentence shares its batch with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence

from course_utils.models.language import (
    CELLS,
    LanguageModel,
    _check_dropout,
    _check_positive,
    _choice,
    evaluating,
)
from course_utils.text import Vocabulary

POOLINGS = ("last", "mean", "max")
NO_TARGET = -100  # of padding: cross_entropy passes over it


class Spellings(NamedTuple):
    """The different words of a batch as characters, each spelled once.

    Attributes
    ----------
    ids : Tensor of int64, shape (C, W)
        The characters of W words, the longest of C characters.
    lengths : Tensor of int64, shape (W,)
        Characters of each word.
    index : Tensor of int64, shape (T, B)
        Which of the W words stands where.
    """

    ids: Tensor
    lengths: Tensor
    index: Tensor


@dataclass(frozen=True)
class Sentence:
    """A sentence as an encoder reads it.

    Attributes
    ----------
    words : tuple of str, length T
    ids : Tensor of int64, shape (T,)
    spellings : list of Tensor of int64, shape (C_t,) each
        The characters of each word; empty for an encoder without characters.
    """

    words: tuple[str, ...]
    ids: Tensor
    spellings: list[Tensor]

    def __len__(self) -> int:
        return len(self.words)


@dataclass(frozen=True)
class Example:
    """What a model learns from: an encoded input, its encoded target, and ``y`` as it was given.

    Attributes
    ----------
    input : Sentence, Reading or Task
    target : Tensor of int64
    y : object
    decisions : int
        How many decisions the loss takes its mean over.
    """

    input: Sentence
    target: Tensor
    y: object
    decisions: int

    def __len__(self) -> int:
        return len(self.input)


class SentenceEncoder(torch.nn.Module):
    """Read a sentence, and return a state for every word: recurrent layers, in two directions.

    ``x_t = [E[w_t]; characters(w_t)]``, and ``h_t = [h_t forward; h_t backward]``: Schuster and
    Paliwal 1997; CS224N 2019, lecture 7. Each layer reads both directions of the one below.

    Parameters
    ----------
    vocab : Vocabulary
        The words it knows; all others are ``<unk>``.
    embedding_size, hidden_size : int
        The length of a word vector, and H, that of the state of one direction.
    cell : {"lstm", "gru", "srn"}
    num_layers : int
    bidirectional : bool
        With a second direction, from right to left.
    characters : CharacterEncoder, optional
        Reads the spelling of each word as well.
    dropout : float
        The share of units silenced in training: of the inputs, between layers, of the outputs.
    word_dropout : float
        The share of words read as ``<unk>`` in training, so that it learns a vector; their
        characters stay.
    **cell_options
        Anything else the cell knows, as in `LanguageModel`: ``skip``, ``gradient``, ..

    Attributes
    ----------
    output_size : int
        H, or 2H with two directions.
    """

    def __init__(
        self,
        vocab: Vocabulary,
        embedding_size: int = 64,
        hidden_size: int = 128,
        cell: str = "lstm",
        num_layers: int = 1,
        bidirectional: bool = True,
        characters: CharacterEncoder | None = None,
        dropout: float = 0.0,
        word_dropout: float = 0.0,
        **cell_options,
    ):
        super().__init__()
        _check_type(Vocabulary, "Vocabulary.from_sentences makes one", vocab=vocab)
        if characters is not None:
            cure = "CharacterEncoder(char_vocab) makes one"
            _check_type(CharacterEncoder, cure, characters=characters)
        _check_positive(
            embedding_size=embedding_size, hidden_size=hidden_size, num_layers=num_layers
        )
        _check_dropout(dropout)
        _check_dropout(word_dropout, "word_dropout")
        self.vocab = vocab
        self.cell = _choice("cell", cell, CELLS)
        self.word_dropout = word_dropout
        self.embedding = torch.nn.Embedding(len(vocab), embedding_size)
        # A rare word hardly changes its vector: a large one would be noise to all layers above.
        torch.nn.init.normal_(self.embedding.weight, std=0.1)
        self.characters = characters
        self.dropout = torch.nn.Dropout(dropout)
        self.rnn = CELLS[cell](
            embedding_size + (characters.output_size if characters else 0),
            hidden_size,
            num_layers,
            dropout=dropout if num_layers > 1 else 0.0,
            bidirectional=bidirectional,
            **cell_options,
        )
        self.output_size = hidden_size * (2 if bidirectional else 1)

    def forward(self, ids: Tensor, lengths: Tensor, spellings: Spellings | None = None):
        """Read a batch of sentences.

        Parameters
        ----------
        ids : Tensor of int64, shape (T, B)
            The words; what stands behind the end of a sentence is not looked at.
        lengths : Tensor of int64, shape (B,)
            From 1 to T.
        spellings : Spellings, optional
            Needed if there is a `CharacterEncoder`.

        Returns
        -------
        states : Tensor, shape (T, B, output_size)
            The last layer's, forward ``[..., :H]`` and backward ``[..., H:]``; 0 at padding.
        last : Tensor, shape (B, output_size)
            Where each direction has read all: forward at the last word, backward at the first.
        """
        self._check(ids, lengths, spellings)
        lengths = lengths.cpu()
        packed = pack_padded_sequence(ids, lengths, enforce_sorted=False)  # N words in all
        words = packed.data  # (N,)
        if self.training and self.word_dropout:
            silenced = torch.rand(words.shape, device=words.device) < self.word_dropout
            words = words.masked_fill(silenced, Vocabulary.unk_id)
        x = self.embedding(words)  # (N, E)
        if self.characters is not None:
            spelled = self.characters(spellings.ids, spellings.lengths)  # (W, C)
            which = pack_padded_sequence(spellings.index, lengths, enforce_sorted=False).data
            x = torch.cat([x, spelled[which]], dim=-1)  # (N, E + C)
        h, _ = self.rnn(packed._replace(data=self.dropout(x)))
        h = h._replace(data=self.dropout(h.data))  # (N, D)
        states, _ = pad_packed_sequence(h, total_length=len(ids))  # (T, B, D)
        return states, self._last(states, lengths)

    def _last(self, states: Tensor, lengths: Tensor) -> Tensor:
        """Return the state of each direction where it has read all, (T, B, D) -> (B, D)."""
        H = self.rnn.hidden_size
        batch = torch.arange(len(lengths), device=states.device)
        forward = states[lengths.to(states.device) - 1, batch, :H]  # (B, H)
        return torch.cat([forward, states[0, :, H:]], dim=-1)

    def encode(self, words: Sequence[str]) -> Sentence:
        """Look up the ids of a sentence and of its characters.

        Raises
        ------
        TypeError
            If the sentence is a string, or a word is none.
        ValueError
            If there is no word, or one has no characters.
        """
        words = _checked_words(words)
        if not words:
            raise ValueError("a sentence is empty; leave it out")
        ids = torch.tensor([self.vocab.ids[word] for word in words])
        spell = self.characters.spell if self.characters is not None else None
        return Sentence(words, ids, [spell(word) for word in words] if spell else [])

    def collate(self, sentences: Sequence[Sentence]) -> tuple[Tensor, Tensor, Spellings | None]:
        """Put sentences side by side: what `forward` takes, where the encoder is.

        Returns
        -------
        ids : Tensor of int64, shape (T, B)
        lengths : Tensor of int64, shape (B,)
            On the CPU.
        spellings : Spellings or None
        """
        device = self.embedding.weight.device
        ids = pad_sequence([sentence.ids for sentence in sentences]).to(device)
        lengths = torch.tensor([len(sentence) for sentence in sentences])
        if self.characters is None:
            return ids, lengths, None
        numbers, spelled, index = {}, [], []  # of the different words, as they come
        for sentence in sentences:
            for word, spelling in zip(sentence.words, sentence.spellings, strict=True):
                if word not in numbers:
                    numbers[word] = len(numbers)
                    spelled.append(spelling)
            index.append(torch.tensor([numbers[word] for word in sentence.words]))
        char_lengths = torch.tensor([len(spelling) for spelling in spelled])
        spellings = Spellings(
            pad_sequence(spelled).to(device), char_lengths, pad_sequence(index).to(device)
        )
        return ids, lengths, spellings

    @torch.no_grad()
    def start_from(
        self, lm: LanguageModel, backward_lm: LanguageModel | None = None
    ) -> SentenceEncoder:
        """Begin with what language models have learned: transfer.

        The word vectors and the layers of ``lm`` are copied to the forward direction; with two
        directions, or skips here or there, the first layer alone, since the second sees what it
        has not learned to see. The forward states of the first layer are then those of ``lm``,
        also with characters: the weights by which it sees them begin at 0.

        Parameters
        ----------
        lm : LanguageModel
            Of the same vocabulary, cell and sizes.
        backward_lm : LanguageModel, optional
            Trained on the words of each sentence in reverse, for the backward direction. Its
            layer expects its own word vectors, of which there is one kind here, that of ``lm``:
            let both models have the same ``embedding.weight``.

        Returns
        -------
        SentenceEncoder
            Itself.

        Raises
        ------
        ValueError
            If a model does not fit.
        """
        directions = 2 if self.rnn.bidirectional else 1
        if backward_lm is not None and directions == 1:
            raise ValueError(
                "this encoder has no backward direction; leave backward_lm out, or make it with "
                "bidirectional=True"
            )
        for name, model in (("lm", lm), ("backward_lm", backward_lm)):
            if model is not None:
                self._check_fits(name, model)
        E = self.embedding.embedding_dim
        self.embedding.weight.copy_(lm.embedding.weight)
        for direction, model in enumerate(m for m in (lm, backward_lm) if m is not None):
            layers = min(self.rnn.num_layers, len(model.rnn.all_weights))
            alone = directions == 2 or self.rnn.skip or model.rnn.skip
            for layer in range(1 if alone else layers):
                ours = self.rnn.all_weights[layer * directions + direction]
                theirs = model.rnn.all_weights[layer]
                for weight, other in zip(ours, theirs, strict=True):
                    if weight.shape == other.shape:
                        weight.copy_(other)
                    else:  # W_xh, which reads characters as well
                        weight[:, :E], weight[:, E:] = other, 0
        return self

    def _check_fits(self, name: str, lm: LanguageModel) -> None:
        """Raise a ValueError unless the layers of a language model can be copied."""
        if not isinstance(lm, LanguageModel):
            raise TypeError(f"{name} must be a LanguageModel, got {type(lm).__name__}")
        rnn = getattr(lm.rnn, "layers", [lm.rnn])[0]
        theirs = {
            "vocab_size": lm.vocab_size,
            "cell": lm.cell,
            "embedding_size": lm.embedding.embedding_dim,
            "hidden_size": rnn.hidden_size,
        }
        ours = {
            "vocab_size": len(self.vocab),
            "cell": self.cell,
            "embedding_size": self.embedding.embedding_dim,
            "hidden_size": self.rnn.hidden_size,
        }
        if self.rnn.time_skip or rnn.time_skip:
            raise ValueError("layers with skips along time are not copied; leave time_skip out")
        for option in ("bias", "peepholes", "reset", "nonlinearity"):
            if hasattr(self.rnn, option):
                theirs[option] = getattr(rnn, option, None)
                ours[option] = getattr(self.rnn, option)
        for option, value in ours.items():
            if theirs[option] != value:
                raise ValueError(
                    f"{name} has {option}={theirs[option]!r}, the encoder {value!r}; make both "
                    "with the same vocabulary, cell and sizes"
                )

    def _check(self, ids: Tensor, lengths: Tensor, spellings: Spellings | None) -> None:
        if ids.dim() != 2 or ids.dtype != torch.int64:
            raise ValueError(
                f"ids must be int64 of shape (T, B), got {ids.dtype} of shape {tuple(ids.shape)}"
            )
        T, B = ids.shape
        if lengths.shape != (B,):
            raise ValueError(
                f"there must be one length for each of {B} sentences, got shape "
                f"{tuple(lengths.shape)}"
            )
        if not 1 <= int(lengths.min()) <= int(lengths.max()) <= T:
            raise ValueError(f"lengths must be from 1 to {T}, the steps, got {lengths.tolist()}")
        if (spellings is None) != (self.characters is None):
            cure = "take all that collate returns" if spellings is None else "leave them out"
            has = "has a CharacterEncoder" if spellings is None else "has no CharacterEncoder"
            raise ValueError(f"this encoder {has}: for the spellings, {cure}")

    def extra_repr(self) -> str:
        """Name the option that no part shows."""
        return f"word_dropout={self.word_dropout}" if self.word_dropout else ""


class CharacterEncoder(torch.nn.Module):
    """Read a word as a sequence of characters, in both directions: Ling et al. 2015.

    The vector of a word is ``[h_C forward; h_1 backward]``: either direction's state when it has
    read all of it. Endings and capitals tell something of words never seen before.

    Parameters
    ----------
    vocab : Vocabulary
        Of characters: ``Vocabulary.from_sentences(map(list, words))``.
    embedding_size, hidden_size : int
        The length of a character's vector, and of the state of one direction.
    cell : {"lstm", "gru", "srn"}
    **cell_options
        As in `SentenceEncoder`.

    Attributes
    ----------
    output_size : int
        The length of a word's vector, twice the hidden size.
    """

    def __init__(
        self,
        vocab: Vocabulary,
        embedding_size: int = 32,
        hidden_size: int = 32,
        cell: str = "lstm",
        **cell_options,
    ):
        super().__init__()
        self.encoder = SentenceEncoder(vocab, embedding_size, hidden_size, cell, **cell_options)
        torch.nn.init.normal_(self.encoder.embedding.weight)  # no character is rare
        self.output_size = self.encoder.output_size
        self._spelled: dict[str, Tensor] = {}

    def forward(self, ids: Tensor, lengths: Tensor) -> Tensor:
        """Return the vectors of W words: characters (C, W), lengths (W,) -> (W, output_size)."""
        return self.encoder(ids, lengths)[1]

    def spell(self, word: str) -> Tensor:
        """Return the ids of the characters of a word, (C,); it is looked up once."""
        if word not in self._spelled:
            if not word:
                raise ValueError("a word has no characters; leave it out of its sentence")
            self._spelled[word] = self.encoder.encode(list(word)).ids
        return self._spelled[word]


class SequenceModel(torch.nn.Module):
    """What the models share that read sentences: examples in, a loss, predictions, a score.

    A subclass has an ``encoder``, and defines `encode_target`, `batch_loss`, and either
    `batch_probs` and `decide` or `batch_outputs`.
    """

    encoder: SentenceEncoder

    def encode_input(self, x) -> Sentence:
        """Encode the input of an example; what it returns has a length."""
        return self.encoder.encode(x)

    def encode_target(self, sentence: Sentence, y) -> Tensor:
        """Check and encode the output of an example: a number for each of its decisions."""
        raise NotImplementedError

    def batch_loss(self, inputs: list[Sentence], targets: list[Tensor]) -> Tensor:
        """Return the mean loss in nats a decision, a scalar."""
        raise NotImplementedError

    def batch_probs(self, inputs: list[Sentence]) -> list[Tensor]:
        """Return the probabilities of what may be decided about each input."""
        raise NotImplementedError

    def decide(self, probs: np.ndarray):
        """Return the output that the probabilities speak for."""
        raise NotImplementedError

    def batch_outputs(self, inputs: list[Sentence]) -> list:
        """Return the output for each input."""
        return [self.decide(probs.cpu().double().numpy()) for probs in self.batch_probs(inputs)]

    def count_right(self, y, predicted) -> tuple[int, int]:
        """Return how many decisions of an output are right, and how many there are."""
        return int(predicted == y), 1

    def encode(self, x, y) -> Example:
        """Check and encode an example, once for a whole training; its ``len()`` is its steps.

        Raises
        ------
        TypeError, ValueError
            If the input is none, or the output does not belong to it.
        """
        encoded = self.encode_input(x)
        target = self.encode_target(encoded, y)
        return Example(encoded, target, y, target.numel())

    def loss(self, examples: Sequence) -> Tensor:
        """Return the mean loss of a batch of examples.

        Parameters
        ----------
        examples : sequence of (x, y) or of `Example`

        Returns
        -------
        Tensor, shape ()
            In nats a decision.
        """
        examples = self._encoded(examples)
        return self.batch_loss([e.input for e in examples], [e.target for e in examples])

    def predict(self, xs: Sequence, batch_size: int = 64) -> list:
        """Return the likeliest output of each input.

        Mode, gradients and random state of the model stay as they are, here and in the methods
        below.

        Parameters
        ----------
        xs : sequence
        batch_size : int
            Inputs read side by side, those of near lengths; the result does not depend on it.
        """
        return self._in_batches([self.encode_input(x) for x in xs], batch_size, self.batch_outputs)

    def predict_probs(self, xs: Sequence, batch_size: int = 64) -> list[np.ndarray]:
        """Return for each input the probabilities from which `predict` decides, in float64."""
        inputs = [self.encode_input(x) for x in xs]
        probs = self._in_batches(inputs, batch_size, self.batch_probs)
        return [p.cpu().double().numpy() for p in probs]

    def score(self, examples: Sequence, batch_size: int = 64) -> float:
        """Return the share of all decisions that are right, from 0 to 1.

        Parameters
        ----------
        examples : sequence of (x, y) or of `Example`
        batch_size : int
            As for `predict`.
        """
        examples = self._encoded(examples)
        outputs = self._in_batches([e.input for e in examples], batch_size, self.batch_outputs)
        counts = [self.count_right(e.y, y) for e, y in zip(examples, outputs, strict=True)]
        right, decisions = map(sum, zip(*counts, strict=True))
        return right / decisions

    def _encoded(self, examples: Sequence) -> list[Example]:
        if not len(examples):
            raise ValueError("there is no example; give at least one")
        for number, example in enumerate(examples):
            if not (isinstance(example, Example) or _is_pair(example)):
                raise ValueError(f"example {number} is {example!r:.100}, not a pair (x, y)")
        return [e if isinstance(e, Example) else self.encode(*e) for e in examples]

    def _in_batches(self, inputs: list, batch_size: int, function: Callable[[list], list]) -> list:
        """Call a function on inputs of near lengths together; the results keep the order."""
        _check_positive(batch_size=batch_size)
        by_length = sorted(range(len(inputs)), key=lambda k: len(inputs[k]))
        results = [None] * len(inputs)
        with evaluating(self):
            for start in range(0, len(inputs), batch_size):
                batch = by_length[start : start + batch_size]
                found = function([inputs[k] for k in batch])
                for k, result in zip(batch, found, strict=True):
                    results[k] = result
        return results


class SequenceTagger(SequenceModel):
    """Give every word a tag: ``P(tag_t | sentence) = softmax(W h_t + b)``.

    ``x`` is a list of words, ``y`` a list of as many tags. A decision is a word's.

    Parameters
    ----------
    encoder : SentenceEncoder
    tags : iterable of str
        Each once.
    """

    def __init__(self, encoder: SentenceEncoder, tags: Iterable[str]):
        super().__init__()
        _check_encoder(encoder)
        self.encoder = encoder
        self.tags = _labels("tags", tags)
        self.output = torch.nn.Linear(encoder.output_size, len(self.tags))

    def forward(self, ids: Tensor, lengths: Tensor, spellings: Spellings | None = None) -> Tensor:
        """Return the logits of the tags of every word, (T, B, K); see `SentenceEncoder`."""
        states, _ = self.encoder(ids, lengths, spellings)  # (T, B, D)
        return self.output(states)

    def encode_target(self, sentence, y):
        """Return the number of each tag, (T,)."""
        if isinstance(y, str) or len(y) != len(sentence):
            words = " ".join(sentence.words[:5])
            raise ValueError(
                f"each word has one tag, got {y!r} for the {len(sentence)} words {words!r} .."
            )
        return torch.tensor([_label("tag", tag, self.tags) for tag in y])

    def batch_loss(self, inputs, targets):
        """Return the mean over all words of all sentences."""
        logits = self(*self.encoder.collate(inputs))  # (T, B, K)
        tags = pad_sequence(targets, padding_value=NO_TARGET).to(logits.device)  # (T, B)
        return cross_entropy(logits.flatten(0, 1), tags.flatten(), ignore_index=NO_TARGET)

    def batch_probs(self, inputs):
        """Return for each sentence P(tag) of each word, (T, K)."""
        probs = self(*self.encoder.collate(inputs)).softmax(dim=-1)  # (T, B, K)
        return [probs[: len(sentence), b] for b, sentence in enumerate(inputs)]

    def decide(self, probs):
        """Return the likeliest tag of each word."""
        return [self.tags[k] for k in probs.argmax(axis=-1)]

    def count_right(self, y, predicted):
        """Count words."""
        return sum(a == b for a, b in zip(y, predicted, strict=True)), len(y)

    def extra_repr(self) -> str:
        """Name the tags."""
        return f"tags={self.tags}"


class SequenceClassifier(SequenceModel):
    """Give a sentence a class: ``P(class | sentence) = softmax(W pool(h_1 .. h_T) + b)``.

    ``x`` is a list of words, ``y`` a class. A decision is a sentence's.

    Parameters
    ----------
    encoder : SentenceEncoder
    classes : iterable of str
        Each once.
    pooling : {"last", "mean", "max"}
        How the states become one vector: those of each direction where it has read all; the mean
        over the words; or of each unit the largest value at any word.
    """

    def __init__(self, encoder: SentenceEncoder, classes: Iterable[str], pooling: str = "last"):
        super().__init__()
        _check_encoder(encoder)
        self.encoder = encoder
        self.classes = _labels("classes", classes)
        self.pooling = _choice("pooling", pooling, POOLINGS)
        self.output = torch.nn.Linear(encoder.output_size, len(self.classes))

    def forward(self, ids: Tensor, lengths: Tensor, spellings: Spellings | None = None) -> Tensor:
        """Return the logits of the classes of every sentence, (B, K); see `SentenceEncoder`."""
        states, last = self.encoder(ids, lengths, spellings)  # (T, B, D), (B, D)
        return self.output(last if self.pooling == "last" else pool(states, lengths, self.pooling))

    def encode_target(self, sentence, y):
        """Return the number of the class, ()."""
        return torch.tensor(_label("class", y, self.classes))

    def batch_loss(self, inputs, targets):
        """Return the mean over the sentences."""
        logits = self(*self.encoder.collate(inputs))  # (B, K)
        return cross_entropy(logits, torch.stack(targets).to(logits.device))

    def batch_probs(self, inputs):
        """Return for each sentence P(class), (K,)."""
        return list(self(*self.encoder.collate(inputs)).softmax(dim=-1))

    def decide(self, probs):
        """Return the likeliest class."""
        return self.classes[probs.argmax()]

    def extra_repr(self) -> str:
        """Name the classes and the pooling."""
        return f"classes={self.classes}, pooling={self.pooling!r}"


@dataclass(frozen=True)
class Reading:
    """A paragraph and a question about it."""

    paragraph: Sentence
    question: Sentence

    def __len__(self) -> int:
        return len(self.paragraph)


class SpanReader(SequenceModel):
    """Answer a question about a paragraph by a piece of it.

    One encoder reads both: p_t are its states of the paragraph, q is the last of the question. A
    second layer in two directions reads the paragraph once more, now with the question in mind; at
    each word it is also told whether that word stands in the question, where unknown words are all
    one (Chen et al. 2017):

        ``h_t = cell([p_t; q; w_t in question], ..)``
        ``P(first, last) = exp(u h_first + v h_last) / Z``

    where Z is the sum over all spans with ``first <= last``.

    ``x`` is a pair of lists of words, the paragraph and the question; ``y`` is a pair ``(first,
    end)``: the answer is ``paragraph[first:end]``. A decision is a span.

    Parameters
    ----------
    encoder : SentenceEncoder
        The second layer has its cell, its hidden size and its dropout.
    """

    def __init__(self, encoder: SentenceEncoder):
        super().__init__()
        _check_encoder(encoder)
        self.encoder = encoder
        D, H = encoder.output_size, encoder.rnn.hidden_size
        self.rnn = CELLS[encoder.cell](2 * D + 1, H, bidirectional=True)
        self.output = torch.nn.Linear(2 * H, 2)  # u, v

    def forward(self, paragraphs: tuple, questions: tuple) -> tuple[Tensor, Tensor]:
        """Return how much speaks for each word of a paragraph to be the first, or the last.

        Parameters
        ----------
        paragraphs, questions : tuple
            Each what `SentenceEncoder` takes: ids, lengths, spellings.

        Returns
        -------
        first, last : Tensor, shape (T, B)
            -inf at padding.
        """
        p, _ = self.encoder(*paragraphs)  # (T, B, D)
        _, q = self.encoder(*questions)  # (B, D)
        (ids, lengths, *_), (asked, asked_lengths, *_) = paragraphs, questions
        real = ~_padding(len(asked), asked_lengths.to(asked.device))  # (S, B)
        in_question = ((ids.unsqueeze(1) == asked) & real).any(1)  # (T, B)
        x = torch.cat([p, q.expand_as(p), in_question.unsqueeze(-1).to(p)], dim=-1)
        packed = pack_padded_sequence(x, lengths.cpu(), enforce_sorted=False)
        h, _ = pad_packed_sequence(self.rnn(packed)[0], total_length=len(ids))  # (T, B, 2H)
        scores = self.output(self.encoder.dropout(h))  # (T, B, 2)
        padding = _padding(len(ids), lengths.to(ids.device)).unsqueeze(-1)
        return scores.masked_fill(padding, -torch.inf).unbind(-1)

    def encode_input(self, x):
        """Encode a paragraph and a question."""
        if not _is_pair(x):
            raise ValueError(f"an input is a pair, (paragraph, question), got {x!r}")
        return Reading(*map(self.encoder.encode, x))

    def encode_target(self, reading, y):
        """Return the place of the span among all pairs of a first and a last word, ()."""
        T = len(reading)
        are_places = _is_pair(y) and all(isinstance(place, int | np.integer) for place in y)
        if not (are_places and 0 <= y[0] < y[1] <= T):
            raise ValueError(
                f"an answer is (first, end) with 0 <= first < end <= {T}, the words of the "
                f"paragraph, got {y!r}"
            )
        first, end = y
        return torch.tensor(first * T + end - 1)

    def batch_loss(self, inputs, targets):
        """Return the mean over the questions."""
        log_p = self._log_probs(inputs)
        places = zip(log_p, targets, strict=True)
        return -torch.stack([p.flatten()[place.to(p.device)] for p, place in places]).mean()

    def batch_probs(self, inputs):
        """Return for each question P(first, last) of all spans, (T, T); 0 where last < first."""
        return [log_p.exp() for log_p in self._log_probs(inputs)]

    def _log_probs(self, inputs):
        """Return for each question ln P(first, last) of all spans, (T, T)."""
        paragraphs = self.encoder.collate([reading.paragraph for reading in inputs])
        questions = self.encoder.collate([reading.question for reading in inputs])
        first, last = self(paragraphs, questions)  # (T, B)
        T = len(first)
        spans = first.T.unsqueeze(-1) + last.T.unsqueeze(-2)  # (B, T, T)
        backwards = torch.ones(T, T, dtype=torch.bool, device=spans.device).tril(-1)
        spans = spans.masked_fill(backwards, -torch.inf).flatten(1)
        log_p = spans.log_softmax(dim=-1).view(-1, T, T)
        return [log_p[b, : len(reading), : len(reading)] for b, reading in enumerate(inputs)]

    def decide(self, probs):
        """Return the likeliest span as (first, end)."""
        first, last = divmod(int(probs.argmax()), len(probs))
        return first, last + 1

    def count_right(self, y, predicted):
        """Count a span that is right at both ends."""
        return int(tuple(y) == predicted), 1


@dataclass(frozen=True)
class Task:
    """The input of a task of `MultiTask`."""

    name: str
    input: Sentence

    def __len__(self) -> int:
        return len(self.input)


class MultiTask(SequenceModel):
    """Several models with one encoder, which learns from the examples of all: Caruana 1997.

    ``x`` is a pair of a task's name and its input, ``y`` the output of that task. The loss is the
    mean of the losses of the tasks of a batch, the score the mean of their scores; so no task
    outweighs another because its sentences have more words.

    Parameters
    ----------
    **models : SequenceModel
        The tasks by name, at least two, all with the same encoder.

    Examples
    --------
    >>> encoder = SentenceEncoder(Vocabulary(["time", "flies"]), hidden_size=8)
    >>> tagger = SequenceTagger(encoder, ["NOUN", "VERB"])
    >>> both = MultiTask(tag=tagger, kind=SequenceClassifier(encoder, ["true", "false"]))
    >>> words = ["time", "flies"]
    >>> both.loss([(("tag", words), ["NOUN", "VERB"]), (("kind", words), "true")]).shape
    torch.Size([])
    """

    def __init__(self, **models: SequenceModel):
        super().__init__()
        if len(models) < 2:
            raise ValueError(f"several tasks need at least two models, got {len(models)}")
        _check_type(SequenceModel, "a task is one of these models", **models)
        if len({id(model.encoder) for model in models.values()}) > 1:
            raise ValueError("the models have different encoders; make all with the same one")
        self.models = torch.nn.ModuleDict(models)

    @property
    def encoder(self) -> SentenceEncoder:
        """The encoder of all tasks."""
        return next(iter(self.models.values())).encoder

    def encode_input(self, x):
        """Encode the input of a task."""
        if not _is_pair(x):
            raise ValueError(f"an input is a pair, (name of the task, input), got {x!r}")
        name = _choice("task", x[0], tuple(self.models))
        return Task(name, self.models[name].encode_input(x[1]))

    def encode_target(self, task, y):
        """Encode the output of a task."""
        return self.models[task.name].encode_target(task.input, y)

    def batch_loss(self, inputs, targets):
        """Return the mean over the tasks."""
        losses = []
        for name, rows in self._rows(inputs):
            some = [inputs[k].input for k in rows], [targets[k] for k in rows]
            losses.append(self.models[name].batch_loss(*some))
        return torch.stack(losses).mean()

    def batch_probs(self, inputs):
        """Return what the model of each input's task returns."""
        return self._of_each("batch_probs", inputs)

    def batch_outputs(self, inputs):
        """Return what the model of each input's task returns."""
        return self._of_each("batch_outputs", inputs)

    def score(self, examples, batch_size=64):
        """Return the mean of the scores of the tasks, from 0 to 1."""
        return float(np.mean(list(self.scores(examples, batch_size).values())))

    def scores(self, examples: Sequence, batch_size: int = 64) -> dict[str, float]:
        """Return the score of each task that the examples have."""
        examples = self._encoded(examples)
        found = {}
        for name, rows in self._rows([example.input for example in examples]):
            some = [replace(examples[k], input=examples[k].input.input) for k in rows]
            found[name] = self.models[name].score(some, batch_size)
        return found

    def _rows(self, inputs: list[Task]) -> Iterator[tuple[str, list[int]]]:
        """Yield the tasks that occur, and where."""
        for name in self.models:
            rows = [k for k, task in enumerate(inputs) if task.name == name]
            if rows:
                yield name, rows

    def _of_each(self, method: str, inputs: list[Task]) -> list:
        """Let the model of each task do something for its inputs; the results keep the order."""
        results = [None] * len(inputs)
        for name, rows in self._rows(inputs):
            found = getattr(self.models[name], method)([inputs[k].input for k in rows])
            for k, result in zip(rows, found, strict=True):
                results[k] = result
        return results


def pool(states: Tensor, lengths: Tensor, how: str) -> Tensor:
    """Make one vector of the states of a sentence; its padding does not count.

    Parameters
    ----------
    states : Tensor, shape (T, B, D)
    lengths : Tensor of int64, shape (B,)
    how : {"mean", "max"}
        Of each unit over the words.

    Returns
    -------
    Tensor, shape (B, D)
    """
    padding = _padding(len(states), lengths.to(states.device)).unsqueeze(-1)  # (T, B, 1)
    if how == "mean":
        total = states.masked_fill(padding, 0).sum(0)  # (B, D)
        return total / lengths.to(total).unsqueeze(-1)
    return states.masked_fill(padding, -torch.inf).amax(0)


def _padding(T: int, lengths: Tensor) -> Tensor:
    """Say what is padding, (T, B) of bool."""
    return torch.arange(T, device=lengths.device).unsqueeze(-1) >= lengths


def _check_type(kind: type, cure: str, /, **values: object) -> None:
    for name, value in values.items():
        if not isinstance(value, kind):
            raise TypeError(f"{name} must be a {kind.__name__}, got {type(value).__name__}; {cure}")


def _check_encoder(encoder: SentenceEncoder) -> None:
    _check_type(SentenceEncoder, "SentenceEncoder(vocab) makes one", encoder=encoder)


def _is_pair(value: object) -> bool:
    return isinstance(value, tuple | list) and len(value) == 2


def _checked_words(words: Sequence[str]) -> tuple[str, ...]:
    """Check that a sentence is made of words."""
    if isinstance(words, str):
        raise TypeError(
            f"a sentence is a list of words, got the string {words[:30]!r}; split it first"
        )
    words = tuple(words)
    for place, word in enumerate(words):
        if not isinstance(word, str):
            raise TypeError(f"word {place} is {word!r}, of type {type(word).__name__}; not str")
    return words


def _labels(name: str, labels: Iterable[str]) -> tuple[str, ...]:
    """Check tags or classes."""
    if isinstance(labels, set | frozenset):
        raise TypeError(
            f"{name} are a set, whose order is another in each run; give sorted({name})"
        )
    labels = tuple([labels] if isinstance(labels, str) else labels)
    if len(labels) < 2 or len(set(labels)) < len(labels):
        raise ValueError(
            f"{name} must be at least two different names, got {labels}; "
            f"sorted(set({name})) has each once"
        )
    return labels


def _label(kind: str, label: str, labels: tuple[str, ...]) -> int:
    """Return the number of a tag or class."""
    if label not in labels:
        raise ValueError(
            f"{kind} {label!r} is unknown to the model, which has {', '.join(labels)}; "
            "make it with the labels of all examples"
        )
    return labels.index(label)
