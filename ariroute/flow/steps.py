"""What a flow is made of: one frozen dataclass per step. ``path`` is the step's printable place in the file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ariroute.flow.conditions import Condition, Expression


@dataclass(frozen=True, slots=True)
class Lookup:
    """Ask these sources, all together; the flow goes on when each has answered or failed."""

    path: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """One way out of a branch: the steps to take when the condition holds."""

    path: str
    condition: Condition
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Branch:
    """The first case whose condition is true is taken; none true (false or unknown): ``otherwise``."""

    path: str
    cases: tuple[Case, ...]
    otherwise: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Set:
    """Give values to flow variables, read later as ``vars.NAME`` and handed to Asterisk as channel variables."""

    path: str
    values: Mapping[str, Expression]


@dataclass(frozen=True, slots=True)
class ToQueue:
    """The end: this queue, at its own queue priority unless one is given here."""

    path: str
    queue: str
    priority: int | None = None


@dataclass(frozen=True, slots=True)
class Goto:
    """Go on in another flow; its steps and its default hold from here."""

    path: str
    flow: str


@dataclass(frozen=True, slots=True)
class HangUp:
    """The end: hang up with a cause of ITU-T Q.850 (16 normal, 17 busy, 21 rejected)."""

    path: str
    cause: int = 16


Step = Lookup | Branch | Set | ToQueue | Goto | HangUp
