"""The CSV file of agents that a flow file names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from ariroute.config.near import meant, suggestion
from ariroute.config.shapes import NAME
from ariroute.config.staffing import MOST_ORDER
from ariroute.config.words import unknown_name
from ariroute.errors import ConfigError, Problem
from ariroute.flow.endpoints import Endpoint
from ariroute.flow.facts import FieldType
from ariroute.lookups.table import PROBLEM_LIMIT, Reading, Task
from ariroute.staffing.rules import StaffedAgent

COLUMNS: Final = ("name", "dial", "home", "queues", "member")
OPTIONAL: Final = ("home", "member")
ALIKE: Final = 0.8
"""``phone`` is not like ``home``."""


def read_agents(
    path: Path, delimiter: str, queues: Mapping[str, object], problems: list[Problem]
) -> dict[str, tuple[StaffedAgent, int]]:
    """The agents in the file at ``path`` and the line of each, by name; what is wrong with it goes to ``problems``.

    ``queues`` are those of the flow file.
    """
    fields: dict[str, FieldType] = dict.fromkeys(COLUMNS[1:], "string")
    reading = Reading(Task(str(path), COLUMNS[0], fields, None, delimiter, OPTIONAL))
    found: dict[str, tuple[StaffedAgent, int]] = {}
    mistakes: list[Problem] = []
    try:
        for line in reading.lines():
            cells = {name: str(value or "") for name, value in zip(fields, line.values, strict=True)}
            texts = list(_mistakes(line.key, cells, queues))
            mistakes += [Problem(str(path), line.number, 1, "", f"{line.key[:80]}: {text}") for text in texts]
            if line.key in found:
                reading.twice(line.number, line.key[:80], found[line.key][1])
            elif not texts:
                found[line.key] = _agent(line.key, cells), line.number
    except ConfigError as error:
        problems += error.problems
        return {}
    mistakes += [Problem(str(path), 1, 1, "", text) for text in _misspelt(reading.header)]
    problems += sorted((*reading.problems, *mistakes), key=lambda problem: problem.line)[:PROBLEM_LIMIT]
    return found


def orders_of(text: str) -> dict[str, int]:
    """The queues in ``platinum:1 gold:2``, each with its skill order; 0 without one. Raises ValueError."""
    found: dict[str, int] = {}
    for word in text.split():
        queue, colon, order = word.partition(":")
        if not queue or (colon and not (order.isascii() and order.isdecimal() and int(order) <= MOST_ORDER)):
            raise ValueError(
                f"'{word[:80]}' is not a queue with its skill order: write gold, or gold:2 with a number up to "
                f"{MOST_ORDER}"
            )
        if queue in found:
            raise ValueError(f"the queue '{queue[:80]}' is given twice")
        found[queue] = int(order or 0)
    if not found:
        raise ValueError("queues is empty: write those where the agent may serve, such as platinum:1 gold:2")
    return found


def _misspelt(header: Sequence[str]) -> Iterator[str]:
    """Columns that are hardly meant to be overlooked."""
    for column in header:
        if column not in COLUMNS and (near := meant(column, set(OPTIONAL).difference(header), ALIKE)):
            yield f"the column '{column[:40]}' is not read, did you mean '{near}'?"


def _mistakes(name: str, cells: Mapping[str, str], queues: Mapping[str, object]) -> Iterator[str]:
    if not NAME.fullmatch(name):
        yield "cannot be a name: use letters, digits, _ and -, 64 at most"
    if not cells["dial"]:
        yield "dial is empty: write what rings for the agent, such as PJSIP/anna"
    for column in ("dial", "member"):
        try:
            _ = cells[column] and Endpoint(cells[column])
        except ValueError as error:
            yield f"{column} {error}"
    try:
        orders = orders_of(cells["queues"])
    except ValueError as error:
        yield str(error)
        return
    for queue in orders:
        if queue not in queues:
            yield unknown_name("queue", queue, "queues", queues)
    if cells["home"] and cells["home"] not in orders:
        near = suggestion(cells["home"], orders)
        yield f"home '{cells['home'][:80]}' is none of the agent's queues{near}: {' '.join(orders)}"


def _agent(name: str, cells: Mapping[str, str]) -> StaffedAgent:
    orders = orders_of(cells["queues"])
    return StaffedAgent(name, cells["member"] or cells["dial"], cells["home"] or next(iter(orders)), orders)
