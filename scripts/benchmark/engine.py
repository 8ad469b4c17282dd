"""`scripts/bench engine`: what one decision of the pure engine costs, no Asterisk and no lookup in between."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from ariroute.config.load import load_text
from ariroute.flow.contact import Contact, dialled_party, party
from ariroute.flow.decision import Decision
from ariroute.flow.facts import Answer, Outcome, Scalar
from ariroute.flow.run import Run
from ariroute.flow.tree import Ruleset
from scripts.benchmark.report import Table

ROUNDS: Final = 7
DECISIONS: Final = 1000
_NOW: Final = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
_FIELDS: Final[Mapping[str, Scalar]] = {"loyalty": "standard", "orders": 7.0, "plan": "basic"}


@dataclass(frozen=True, slots=True)
class Cost:
    """What a flow of this size costs: CPU microseconds per decision, the median of the rounds and the fastest."""

    lookups: int
    conditions: int
    median_us: float
    fastest_us: float


def flow_file(lookups: int, conditions: int) -> str:
    """A flow with so many lookups in one step and so many conditions after it, of which only the last one holds."""
    names = [f"crm{number}" for number in range(lookups)]
    sources = "".join(
        f'  {name}:\n    http: {{url: "http://127.0.0.1:9/{name}/{{caller.e164}}"}}\n'
        "    fields: {loyalty: string, orders: number, plan: string}\n"
        for name in names
    )
    cases = "".join(f"          - {{when: '{text}', queue: gold}}\n" for text in _conditions(names, conditions))
    return (
        f"version: 1\nregion: SE\nlookups:\n{sources}"
        "queues: {gold: {priority: 20}, standard: {priority: 0}}\n"
        f"flows:\n  bench:\n    trigger: {{call: {{to: bench}}}}\n    default: standard\n"
        f"    steps:\n      - lookup: [{', '.join(names)}]\n"
        f"      - branch:\n{cases}"
    )


def _conditions(names: list[str], count: int) -> Iterator[str]:
    for number in range(count - 1):
        name = names[number % len(names)]
        if number % 2:
            yield f'{name}.orders >= {1000 + number}.0 && {name}.plan != "none"'
        else:
            yield f'{name}.loyalty in ["gold", "platinum{number}"]'
    yield f'{names[-1]}.loyalty == "standard"'


def measure(lookups: int, conditions: int) -> Cost:
    """Time decisions on a flow of that size, its callers all different."""
    ruleset = load_text(flow_file(lookups, conditions)).ruleset
    answers = [Answer(f"crm{number}", Outcome.FOUND, _FIELDS, took=0.001) for number in range(lookups)]
    contacts = [_contact(number) for number in range(DECISIONS)]
    _decide_all(ruleset, contacts[:100], answers)
    rounds = []
    for _ in range(ROUNDS):
        begun = time.process_time()
        _decide_all(ruleset, contacts, answers)
        rounds.append((time.process_time() - begun) / DECISIONS * 1e6)
    return Cost(lookups, conditions, statistics.median(rounds), min(rounds))


def _contact(number: int) -> Contact:
    caller = party(f"+4670{number:07}", "", "SE")
    return Contact(id=f"1.{number}", arrived=_NOW, caller=caller, dialled=dialled_party("bench", "SE"), pbx="pbx1")


def _decide_all(ruleset: Ruleset, contacts: list[Contact], answers: list[Answer]) -> None:
    for contact in contacts:
        flow = ruleset.flow_for(contact)
        assert flow is not None
        run = Run(ruleset, flow, contact)
        run.start(_NOW)
        decision = run.receive(answers, _NOW)
        assert isinstance(decision, Decision)
        assert not decision.by_default, decision.reason


def table(costs: list[Cost]) -> Table:
    """For people."""
    rows = [
        [str(cost.lookups), str(cost.conditions), f"{cost.median_us:.0f}", f"{cost.fastest_us:.0f}"] for cost in costs
    ]
    head = ["lookups", "conditions", "median us/decision", "fastest round"]
    return Table("The engine alone: CPU per decision, trace included", head, rows)


def run(file: Path | None) -> Table:
    """Measure the two example sizes; write them to `file` as JSON where one is given."""
    costs = [measure(1, 3), measure(3, 20)]
    if file:
        file.write_text(json.dumps([asdict(cost) for cost in costs], indent=1) + "\n")
    return table(costs)
