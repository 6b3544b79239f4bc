"""Language models from counting to gated recurrence: the package behind the Unrolled course.

The package is the journey of a text: corpus -> ids -> model -> log-probabilities -> figures, text,
marks.
Importing it is light; the modules that need torch import it themselves.
"""

__version__ = "0.1.0"


def device() -> str:
    """Say where networks train on this machine: ``cuda``, ``mps`` or ``cpu``, the first there is.

    Examples
    --------
    >>> device() in {"cuda", "mps", "cpu"}
    True
    """
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"
