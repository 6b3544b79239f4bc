"""Neural models: everything that `training.fit` trains and `evaluation` measures.

`language`
    `LanguageModel`, recurrent; `WindowLanguageModel`, Bengio's; `JordanLanguageModel`, with output
    connections. They predict the next word of a text.

All can be imported from here.
"""

from __future__ import annotations

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

__all__ = [
    "CELLS",
    "JordanLanguageModel",
    "LanguageModel",
    "NeuralLanguageModel",
    "SequenceDropout",
    "Stack",
    "WindowLanguageModel",
    "evaluating",
]
