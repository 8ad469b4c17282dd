"""What a run was told from outside, in order: enough to walk the contact again, through these rules or others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from ariroute.flow.facts import Answer
from ariroute.flow.hours import Stretch
from ariroute.flow.wants import Reply, Want


class Told(NamedTuple):
    """A want, the reply to it (None: a ring that was answered), and the time at which the run went on with it."""

    want: Want
    reply: Sequence[Answer] | Reply | None
    at: datetime


@dataclass(slots=True)
class History:
    """What one run was told. ``began`` is None when its steps were never walked.

    ``given_up`` says why the driver could not go on, empty if it could; ``left`` is the want that was open then.
    ``draws`` has for each split by name where the caller stood, ``calendars`` for hours by name what their calendars
    said in the times that mattered.
    """

    began: datetime | None = None
    told: list[Told] = field(default_factory=list)
    given_up: str = ""
    left: Want | None = None
    draws: dict[str, float] = field(default_factory=dict)
    calendars: dict[str, list[Stretch]] = field(default_factory=dict)
