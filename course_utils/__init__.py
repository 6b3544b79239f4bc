"""Language models from counting to gated recurrence: the package behind the Unrolled course.

The package is the journey of a text: corpus -> ids -> model -> log-probabilities -> figures, text, marks.
Importing it is light; the modules that need torch import it themselves.
"""

__version__ = "0.1.0"
