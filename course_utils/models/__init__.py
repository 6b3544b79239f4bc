"""Neural models: everything that `training.fit` trains and `evaluation` measures.

`language`
    `LanguageModel`, recurrent; `WindowLanguageModel`, Bengio's; `JordanLanguageModel`, with output
    connections. They predict the next word of a text.
`sequences`
    `SentenceEncoder` and `CharacterEncoder` read sentences; `SequenceTagger` gives each word a
    tag, `SequenceClassifier` a sentence a class, and `SpanReader` finds the answer to a question;
    `MultiTask` lets several share an encoder.
`encoder_decoder`
    `EncoderDecoder`: from one sequence to another, a language model whose first state comes from a
    source.
`baselines`
    `MostFrequentTag` and `BagOfWords`, counted: what a network must beat.

All can be imported from here.
"""

from __future__ import annotations

from course_utils.models.baselines import BagOfWords, MostFrequentTag
from course_utils.models.encoder_decoder import EncoderDecoder, Hypothesis
from course_utils.models.language import (
    CELLS,
    JordanLanguageModel,
    LanguageModel,
    NeuralLanguageModel,
    SequenceDropout,
    Stack,
    WindowLanguageModel,
    evaluating,
)
from course_utils.models.sequences import (
    CharacterEncoder,
    Example,
    MultiTask,
    SentenceEncoder,
    SequenceClassifier,
    SequenceModel,
    SequenceTagger,
    SpanReader,
)

__all__ = [
    "CELLS",
    "BagOfWords",
    "CharacterEncoder",
    "EncoderDecoder",
    "Example",
    "Hypothesis",
    "JordanLanguageModel",
    "LanguageModel",
    "MostFrequentTag",
    "MultiTask",
    "NeuralLanguageModel",
    "SentenceEncoder",
    "SequenceClassifier",
    "SequenceDropout",
    "SequenceModel",
    "SequenceTagger",
    "SpanReader",
    "Stack",
    "WindowLanguageModel",
    "evaluating",
]
