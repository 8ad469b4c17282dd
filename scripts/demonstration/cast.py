"""Who takes part: agents by queue, and callers with the queue that is right for each."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import cycle, islice
from pathlib import Path
from typing import Final

from ariroute.lab.sip import Agent, Caller

DIALLED: Final = "support"
WITHHELD: Final = "anonymous"
"""The user part with which a phone withholds its number."""
PATIENCE: Final = 1800.0
"""Seconds that a caller of the stream stays: longer than any stream, since agents end the calls."""


def _agents(names: str, handles: float) -> tuple[Agent, ...]:
    return tuple(Agent(name, rings=0.03, handles=handles + place / 5) for place, name in enumerate(names.split()))


AGENTS: Final[Mapping[str, tuple[Agent, ...]]] = {
    "platinum": _agents("Alva Bo Cleo Dan", 2.6),
    "gold": _agents("Eva Finn Gry", 2.6),
    "standard": _agents("Hal Ida", 2.4),
}
"""Enough agents for platinum and gold at two calls a second, too few for standard: there callers wait."""
USUAL_RATE: Final = 2.0


def agents_for(rate: float) -> dict[str, tuple[Agent, ...]]:
    """The agents by queue; where more than two calls come a second, they make each call as much shorter."""
    faster = max(1.0, rate / USUAL_RATE)
    return {
        queue: tuple(replace(agent, handles=agent.handles / faster) for agent in agents)
        for queue, agents in AGENTS.items()
    }


class CastError(Exception):
    """The list of callers cannot be used; the text says which line and why."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A call to be placed, and the queue in which it belongs."""

    number: str
    name: str
    queue: str

    def caller(self) -> Caller:
        """The one who calls."""
        return Caller(self.number, self.name, dialled=DIALLED, patience=PATIENCE, stay=PATIENCE)


def read_planned(path: Path) -> list[Planned]:
    """Read the columns number, name and queue, in the order of calling. Raises CastError with file and line."""
    planned = []
    with path.open(encoding="utf-8", newline="") as lines:
        reader = csv.DictReader(lines)
        for row in reader:
            number, queue = row.get("number") or "", row.get("queue") or ""
            if not number or queue not in AGENTS:
                raise CastError(
                    f"{path}:{reader.line_num}: a caller has a number and one of the queues {', '.join(AGENTS)}"
                )
            planned.append(Planned(number, row.get("name") or "", queue))
    if not planned:
        raise CastError(f"{path}: no callers")
    return planned


def first(planned: Sequence[Planned], count: int) -> list[Planned]:
    """`count` calls, from the beginning again when the list is over."""
    return list(islice(cycle(planned), count))


def longest(planned: Sequence[Planned], rate: float) -> float:
    """Seconds after which every call should be over by far: the agents of one queue working off all its calls."""
    work = max(
        sum(call.queue == queue for call in planned) * max(agent.handles + 2 for agent in agents) / len(agents)
        for queue, agents in agents_for(rate).items()
    )
    return len(planned) / rate + work + 20
