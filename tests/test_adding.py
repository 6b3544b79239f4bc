"""The adding problem against its definition, sequence by sequence."""

import numpy as np
import pytest

from course_utils.corpora import adding_problem


@pytest.mark.parametrize("steps", [2, 3, 7, 100])
def test_two_numbers_are_marked_one_in_each_half_and_their_sum_is_the_target(steps):
    inputs, targets = adding_problem(steps, 400, np.random.default_rng(3))
    assert inputs.shape == (steps, 400, 2) and inputs.dtype == targets.dtype == np.float32
    places = set()
    for sequence, target in zip(inputs.swapaxes(0, 1).tolist(), targets.tolist(), strict=True):
        marks = [mark for _, mark in sequence]
        assert sorted(marks) == [0] * (steps - 2) + [1, 1]
        first, second = (t for t in range(steps) if marks[t])
        assert first < steps // 2 <= second
        assert target == pytest.approx(sequence[first][0] + sequence[second][0], abs=1e-6)
        assert all(0 <= number < 1 for number, _ in sequence)
        places |= {first, second}
    assert places == set(range(steps)) or steps == 100


def test_what_one_knows_without_memory():
    """Variance of the sum of two uniform numbers: 2/12. Every place is marked as often."""
    inputs, targets = adding_problem(10, 60_000, np.random.default_rng(5))
    assert targets.mean() == pytest.approx(1, abs=4 * np.sqrt(1 / 6 / 60_000))
    assert ((targets - 1) ** 2).mean() == pytest.approx(1 / 6, abs=0.003)
    assert np.allclose(inputs[..., 1].mean(axis=1), 1 / 5, atol=0.007)
    assert inputs[..., 0].mean() == pytest.approx(0.5, abs=0.003)


def test_the_generator_decides():
    one, two, three = (adding_problem(20, 5, np.random.default_rng(seed))[0] for seed in (1, 1, 2))
    assert (one == two).all() and (one != three).any()


@pytest.mark.parametrize(
    "steps, batch_size, message",
    [(1, 3, "steps must be at least 2, one for each number, got 1"), (9, 0, "batch_size must be")],
)
def test_bad_sizes(steps, batch_size, message):
    with pytest.raises(ValueError, match=message):
        adding_problem(steps, batch_size, np.random.default_rng(0))
