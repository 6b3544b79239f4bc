"""The trusted side: what a submission's functions answer is compared here with the oracles."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field


@dataclass
class CheckMark:
    """What one check came to.

    Attributes
    ----------
    name : str
        The function.
    points, max_points : float
    status : str
        ``"right"``, ``"wrong"``, ``"raised"``, ``"not done"``, ``"stopped"`` (out of time),
        ``"died"`` (the interpreter was killed or ran out of memory) or ``"not graded"``.
    reason : str
        The misconception in words, if one was recognised.
    feedback : str
        What the student reads. It holds no hidden input and no expected value.
    flags : list of str
        What the instructor should look at.
    """

    name: str
    points: float
    max_points: float
    status: str
    reason: str = ""
    feedback: str = ""
    flags: list[str] = field(default_factory=list)


@dataclass
class Mark:
    """What one submission came to.

    Attributes
    ----------
    student, path, submitted : str
        As in the `Submission`.
    week : str
    seed : int
        The hidden inputs are drawn from it.
    status : str
        ``"graded"``; ``"unreadable: ..."``, ``"empty: ..."``, ``"wrong week: ..."`` (0 points); or
        ``"not graded: ..."``, where ``points`` is None, for a fault of the grader is no zero.
    checks : list of CheckMark
    points : float or None
    max_points : float
    members : list of str
        The names a group gave.
    broken : list of [int, str]
        Code cells that do not compile, counted from 1, and why.
    shapes : dict of str to str
        Each answer without names and formatting, to find near-identical ones; "" for a stub.
    sandbox : str
        The level it ran in: ``"bubblewrap"``, ``"landlock"`` or ``"limits"``.
    """

    student: str
    path: str
    week: str
    seed: int
    status: str
    checks: list[CheckMark]
    points: float | None
    max_points: float
    submitted: str = ""
    members: list[str] = field(default_factory=list)
    broken: list[list] = field(default_factory=list)
    shapes: dict[str, str] = field(default_factory=dict)
    sandbox: str = ""

    def to_json(self) -> dict:
        """Return it as plain data."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, data: dict) -> Mark:
        """Return the mark that `to_json` made this of."""
        return cls(**{**data, "checks": [CheckMark(**check) for check in data["checks"]]})
