"""How good is a model? The same figures for every model that answers the same question.

`language_models` asks for probabilities of texts: perplexity, agreement. `labels` compares labels
with gold labels: accuracy, F1 of tags and of spans, confusions, and how far a score can be trusted.
"""

from course_utils.evaluation.labels import (
    Scores,
    TagScores,
    accuracy,
    bootstrap_interval,
    confusion,
    span_scores,
    spans,
    tag_scores,
)
from course_utils.evaluation.language_models import (
    Agreement,
    LanguageModel,
    agreement_accuracy,
    bits_per_token,
    cross_entropy,
    perplexity,
    wilson_interval,
)

__all__ = [
    "Agreement",
    "LanguageModel",
    "Scores",
    "TagScores",
    "accuracy",
    "agreement_accuracy",
    "bits_per_token",
    "bootstrap_interval",
    "confusion",
    "cross_entropy",
    "perplexity",
    "span_scores",
    "spans",
    "tag_scores",
    "wilson_interval",
]
