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


def long_branch(cases: int) -> str:
    """A flow with a branch of so many cases, each for one customer; the last one is asked for."""
    written = "".join(f"          - {{match: {{crm.account: customer {n}}}, queue: gold}}\n" for n in range(cases))
    return (
        "version: 1\nregion: SE\n"
        'lookups:\n  crm:\n    http: {url: "http://127.0.0.1:9/{caller.e164}"}\n    fields: {account: string}\n'
        "queues: {gold: {priority: 20}, standard: {priority: 0}}\n"
        "flows:\n  bench:\n    trigger: {call: {to: bench}}\n    default: standard\n"
        f"    steps:\n      - lookup: crm\n      - branch:\n{written}"
    )


def large_file(flows: int = 40, branches: int = 4, cases: int = 5) -> str:
    """A file of some 5,000 lines: so many flows, each with so many branches of so many cases."""
    names = [f"crm{number}" for number in range(8)]
    lines = [flow_file(len(names), 1).partition("queues:")[0] + "queues:"]
    lines += [f"  queue{number}: {{priority: {number}}}" for number in range(30)]
    lines.append("flows:")
    for flow in range(flows):
        name = names[flow % len(names)]
        lines += [f"  flow{flow}:", f'    trigger: {{call: {{to: "+4685{flow:07}"}}}}', "    default: queue0"]
        lines += ["    steps:", f"      - lookup: {name}"]
        for number in range(branches):
            lines.append("      - branch:")
            lines += [line for case in range(cases) for line in _large_case(name, number * 10 + case)]
        lines.append("      - queue: queue1")
    return "\n".join(lines) + "\n"


def _large_case(name: str, number: int) -> list[str]:
    return [
        f'          - when: {name}.loyalty == "tier{number}" && {name}.orders >= {number}',
        "            then:",
        "              - set:",
        f"                  level: tier{number}",
        f"                  number: {number}",
        f"              - queue: queue{number % 30}",
    ]


def measure(lookups: int, conditions: int) -> Cost:
    """Time decisions on a flow of that size, its callers all different."""
    answers = [Answer(f"crm{number}", Outcome.FOUND, _FIELDS, took=0.001) for number in range(lookups)]
    return _cost(flow_file(lookups, conditions), answers, lookups, conditions)


def measure_long_branch(cases: int = 1000) -> Cost:
    """Time decisions on a branch of so many cases."""
    answers = [Answer("crm", Outcome.FOUND, {"account": f"customer {cases - 1}"}, took=0.001)]
    return _cost(long_branch(cases), answers, 1, cases)


def measure_load() -> tuple[int, float]:
    """The lines of a large file, and the CPU seconds of loading it: the fastest of three, without the imports."""
    text = large_file()
    load_text(text)
    rounds = []
    for _ in range(3):
        begun = time.process_time()
        load_text(text)
        rounds.append(time.process_time() - begun)
    return text.count("\n"), min(rounds)


def _cost(text: str, answers: list[Answer], lookups: int, conditions: int) -> Cost:
    ruleset = load_text(text).ruleset
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


def table(costs: list[Cost], lines: int, seconds: float) -> Table:
    """For people."""
    rows = [
        [str(cost.lookups), str(cost.conditions), f"{cost.median_us:.0f}", f"{cost.fastest_us:.0f}"] for cost in costs
    ]
    head = ["lookups", "conditions", "median us/decision", "fastest round"]
    title = f"The engine alone: CPU per decision, trace included. A file of {lines} lines loads in {seconds:.2f} s"
    return Table(title, head, rows)


def run(file: Path | None) -> Table:
    """Measure the example sizes, a branch of 1,000 cases and a large file; write it to `file` as JSON where given."""
    costs = [measure(1, 3), measure(3, 20), measure_long_branch()]
    lines, seconds = measure_load()
    if file:
        found = {"decisions": [asdict(cost) for cost in costs], "load": {"lines": lines, "seconds": seconds}}
        file.write_text(json.dumps(found, indent=1) + "\n")
    return table(costs, lines, seconds)
