"""The adding problem: what two marked numbers, far apart in a long sequence, add up to.

Hochreiter and Schmidhuber (1997, experiment 4) made it to show how long a network remembers: all
that counts is two numbers, the rest is noise. Whoever always says 1, the mean, has a squared error
of 1/6; whoever knows one of the numbers, of 1/12.
"""

from __future__ import annotations

import numpy as np


def adding_problem(
    steps: int, batch_size: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Draw sequences of numbers, two of them marked, and the sum of the two.

    The form that became usual (Arjovsky, Shah and Bengio 2016): the numbers are uniform between 0
    and 1; one is marked in the first half of the sequence, one in the second.

    Parameters
    ----------
    steps : int
        T, the length of a sequence.
    batch_size : int
        B, the number of sequences.
    rng : numpy.random.Generator

    Returns
    -------
    inputs : ndarray of float32, shape (T, B, 2)
        The numbers, ``inputs[:, :, 0]``, and beside each a 1 if it is marked, else a 0.
    targets : ndarray of float32, shape (B,)

    Raises
    ------
    ValueError
        If ``steps`` is below 2 or ``batch_size`` below 1.

    Examples
    --------
    >>> inputs, targets = adding_problem(6, 1, np.random.default_rng(0))
    >>> inputs[:, 0].T.round(2)
    array([[0.85, 0.64, 0.51, 0.27, 0.31, 0.04],
           [1.  , 0.  , 0.  , 1.  , 0.  , 0.  ]], dtype=float32)
    >>> targets.round(2)
    array([1.12], dtype=float32)
    """
    if steps < 2:
        raise ValueError(f"steps must be at least 2, one for each number, got {steps}")
    if batch_size < 1:
        raise ValueError(f"batch_size must be at least 1, got {batch_size}")
    columns = np.arange(batch_size)
    inputs = np.zeros((steps, batch_size, 2), dtype=np.float32)
    inputs[:, :, 0] = rng.random((steps, batch_size), dtype=np.float32)
    first = rng.integers(0, steps // 2, batch_size)
    second = rng.integers(steps // 2, steps, batch_size)
    inputs[first, columns, 1] = inputs[second, columns, 1] = 1
    return inputs, inputs[first, columns, 0] + inputs[second, columns, 0]
