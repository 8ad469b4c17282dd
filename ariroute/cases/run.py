"""A case walked through its flow, by the engine that routes real calls, and judged."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, timedelta

from ariroute.cases.case import Case, Checkpoint, Mismatch, Verdict
from ariroute.cases.judge import judged
from ariroute.cases.world import NotMocked, World, word
from ariroute.config.load import Config
from ariroute.flow.decision import Decision
from ariroute.flow.facts import Failure
from ariroute.flow.history import History
from ariroute.flow.run import Run
from ariroute.flow.tree import Ruleset
from ariroute.journal.origins import expressions
from ariroute.testing import drive

NOW = "now"
"""The time, among the facts that an expression reads."""


def run_case(config: Config, case: Case) -> Verdict:
    """What came of ``case`` by the rules of ``config``. Pure, but for the real time it took."""
    started = time.perf_counter()
    given = case.given
    world = World(config, given)
    run = Run(config.ruleset, config.ruleset.flows[given.flow], given.contact)
    unmocked: tuple[Mismatch, ...] = ()
    try:
        decision = drive(run, world, world.now, world)
    except NotMocked as error:
        decision = run.give_up(f"no mock for {error}")
        unmocked = tuple(no_mock(name) for name in error.lookups)
    mismatches = unmocked or tuple(_mismatches(config.ruleset, case, run.history, decision, world.after))
    return Verdict(
        case,
        config.ruleset,
        decision,
        run.history,
        world.after,
        mismatches,
        tuple(_notes(case, world)),
        time.perf_counter() - started,
    )


def no_mock(name: str) -> Mismatch:
    reasons = ", ".join(map(str, Failure))
    remedy = f"write under lookups: {name}: {{found: {{...}}}}, missing, or one of {reasons}"
    return Mismatch(f"no mock for {name}", "what it answers, as the real source is never asked", f"nothing; {remedy}")


def _mismatches(ruleset: Ruleset, case: Case, history: History, decision: Decision, after: float) -> Iterator[Mismatch]:
    if not case.given.has_clock and (asks := _asks_the_time(ruleset, decision)):
        yield Mismatch(
            "clock", f"a time, as {asks} is asked", "none; write clock: 2026-12-24T09:00 in the case or file"
        )
    for point in case.checkpoints:
        for each in _at(point, case, history, decision, after):
            yield Mismatch(f"at {point.at:g}s: {each.what}", each.expected, each.got)
    yield from judged(case.expected, decision, after)


def _asks_the_time(ruleset: Ruleset, decision: Decision) -> str:
    """What in the walk of a case depends on the time; empty when nothing does."""
    steps = {step.path: step for flow in ruleset.flows.values() for step in flow.walk()}
    for entry in decision.trace:
        if entry.what == "hours":
            return f"hours {entry.text}"
        if any(name == NOW for name, _ in entry.values):
            return entry.text
        step = steps.get(entry.path)
        if step and any(NOW in expression.names for expression in expressions(step)):
            return f"now or open() in {entry.path}"
    return ""


def _at(point: Checkpoint, case: Case, history: History, decision: Decision, after: float) -> Iterator[Mismatch]:
    """What is not as expected at a moment: of the decision, or of what the flow waits for until then."""
    expected = point.expected
    if point.at >= after:
        if expected.waits_for is not None:
            yield Mismatch("waits_for", expected.waits_for, f"the decision already: {decision.destination}")
        else:
            yield from judged(expected, decision, after)
        return
    moment = case.given.contact.arrived.astimezone(UTC) + timedelta(seconds=point.at)
    waits = next((word(told.want) for told in history.told if told.at > moment), "")
    if expected.waits_for is None:
        ending = str(expected.ending) if expected.ending else "a decision"
        yield Mismatch("end", ending, f"none yet: the flow waits for {waits}")
    elif expected.waits_for != waits:
        yield Mismatch("waits_for", expected.waits_for, waits)


def _notes(case: Case, world: World) -> Iterator[str]:
    presses, rings = world.left
    if presses:
        yield f"press {presses[0].keys!r} was not needed: the flow asked for keys so often only"
    if rings:
        yield f"ring {rings[0].outcome or 'answered'} was not needed: the flow rang so often only"
