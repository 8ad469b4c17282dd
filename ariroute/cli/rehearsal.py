"""A call walked through a flow without Asterisk, by the engine that routes real ones.

The clock stands still at the given moment, and each lookup answers what the user said it does; with ``live`` the
others are asked for real.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AnySet
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from ariroute.cli.account import Walked
from ariroute.cli.given import ANSWERED, Fields, given_answers, given_presses, given_rings, known, listed
from ariroute.config.load import Config, load_live, load_rules
from ariroute.daemon.drive import drive
from ariroute.errors import UnknownName, UnusableInput
from ariroute.flow.answers import not_askable
from ariroute.flow.contact import Contact, Party, dialled_party, party
from ariroute.flow.decision import Decision
from ariroute.flow.facts import Answer, Outcome
from ariroute.flow.run import Run
from ariroute.flow.scope import fields_of
from ariroute.flow.tree import Flow, Ruleset
from ariroute.lookups.pbx import NoPbx
from ariroute.lookups.runner import LookupRunner
from ariroute.moments import moment
from ariroute.testing import FakeCaller

CONTACT_ID = "test"


@dataclass(frozen=True, slots=True)
class Call:
    """The call to walk, as the options of ``test`` and ``explain`` give it; empty means not given."""

    flow: str = ""
    caller: str = ""
    name: str = ""
    dialled: str = ""
    pbx: str = ""
    argument: tuple[str, ...] = ()
    at: str = ""
    set: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    fail: tuple[str, ...] = ()
    press: tuple[str, ...] = ()
    ring: tuple[str, ...] = ()
    live_lookups: bool = False


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What came of it.

    ``draws`` says where the caller stood in splits; ``remarks`` are sentences on what the user may not have meant.
    """

    ruleset: Ruleset
    flow: Flow
    contact: Contact
    decision: Decision
    draws: Mapping[str, float]
    remarks: tuple[str, ...] = ()

    @property
    def walked(self) -> Walked:
        """What there is to be told of it in sentences."""
        flows, decision = self.ruleset.flows, self.decision
        timezone = self.ruleset.timezone
        return Walked(self.contact, self.flow.name, decision, decision.trace, flows, timezone, self.draws)

    def to_plain(self) -> dict[str, Any]:
        """JSON types, as ``--json`` prints it: the call, then the decision."""
        call = self.contact.facts() | {"at": self.contact.arrived.isoformat(), "medium": self.contact.medium}
        return {"call": call, **self.decision.to_plain(), "remarks": list(self.remarks)}


def rehearse(path: Path, call: Call) -> Rehearsal:
    """Walk ``call`` by the file at ``path``. Raises UnusableInput for anything in ``call`` that cannot be used."""
    config = load_live(path) if call.live_lookups else load_rules(path)
    ruleset = config.ruleset
    answers = given_answers(declared_fields(config), call.set, call.missing, call.fail)
    pbx = known("PBX", call.pbx, config.pbxs) if call.pbx else next(iter(config.pbxs), "")
    contact = contact_of(call, ruleset, pbx, moment_of(call.at, ruleset.timezone))
    contact, flow = flow_of(call, ruleset, contact)
    run = Run(ruleset, flow, contact)
    caller = FakeCaller(given_presses(call.press), given_rings(call.ring))
    decision, asked = asyncio.run(_walk(config, run, answers, caller, call.live_lookups, contact.arrived))
    remarks = (
        *_remarks(call, ruleset, flow, contact, answers.keys() - asked),
        *_never_wanted(caller),
        *_never_asked(config, contact, answers, asked),
        *unread_calendars(config, call.live_lookups),
    )
    return Rehearsal(ruleset, flow, contact, decision, run.history.draws, remarks)


def declared_fields(config: Config) -> Fields:
    """Each lookup's declared fields."""
    return {name: settings.fields for name, (settings, _) in config.lookups.items()}


def moment_of(text: str, timezone: str) -> datetime:
    """The moment that ``--at`` names; now when it is empty. Raises UnusableInput."""
    return moment(text, timezone, "--at") if text else datetime.now(ZoneInfo(timezone))


def contact_of(call: Call, ruleset: Ruleset, pbx: str, at: datetime) -> Contact:
    """The contact that the daemon would make of such a call."""
    return Contact(
        id=CONTACT_ID,
        arrived=at,
        caller=party(call.caller, call.name, ruleset.region),
        dialled=dialled_party(call.dialled, ruleset.region) if call.dialled else Party(),
        pbx=pbx,
        arguments=call.argument,
    )


def flow_of(call: Call, ruleset: Ruleset, contact: Contact) -> tuple[Contact, Flow]:
    """The flow to walk: the one named, else the one triggered by what was dialled, else the only one.

    A contact without a dialled number gets the first that the flow's trigger names, as a real call would have one.
    """
    flow = _named_or_triggered(call, ruleset, contact)
    trigger = flow.trigger
    if trigger is None:
        return contact, flow
    contact = replace(contact, medium=trigger.medium)
    if not call.dialled and trigger.to:
        contact = replace(contact, dialled=dialled_party(min(trigger.to), ruleset.region))
    return contact, flow


def _named_or_triggered(call: Call, ruleset: Ruleset, contact: Contact) -> Flow:
    if call.flow:
        return ruleset.flows[known("flow", call.flow, ruleset.flows)]
    if call.dialled:
        if flow := ruleset.flow_for(contact):
            return flow
        raise UnknownName(f"no flow is triggered by '{call.dialled}'; name one: {listed(ruleset.flows)}")
    if len(ruleset.flows) == 1:
        return next(iter(ruleset.flows.values()))
    raise UnusableInput(f"which flow? Name one of {listed(ruleset.flows)}, or give --dialled")


async def _walk(
    config: Config, run: Run, given: Mapping[str, Answer], caller: FakeCaller, live: bool, at: datetime
) -> tuple[Decision, set[str]]:
    """The decision, and the names of the lookups that the run asked."""
    runner = LookupRunner(
        {
            name: (settings, make(NoPbx()))
            for name, (settings, make) in config.lookups.items()
            if live and name not in given
        }
    )
    asked: set[str] = set()

    async def fetch(
        names: Sequence[str], inputs: Mapping[str, str], after: Mapping[str, frozenset[str]]
    ) -> list[Answer]:
        asked.update(names)
        told, silent = dict(inputs), {name for name, needed in after.items() if _silent(needed, given)}
        for name in names:
            told.update(fields_of(given[name]) if name in given else {})
        rest = [name for name in names if name not in given and name not in silent]
        if rest and not live:
            raise UnusableInput(_unanswered(rest, declared_fields(config)))
        answers = await runner.fetch(rest, told, after) if rest else []
        answers += [not_askable(name, _silent(after[name], given)) for name in silent]
        return [given[name] for name in names if name in given and name not in silent] + answers

    await runner.start()
    calendars = config.calendars if live else ()
    try:
        await asyncio.gather(*(calendar.start() for calendar in calendars))
        return await drive(run, fetch, lambda: at, caller.perform), asked
    finally:
        await asyncio.gather(*(calendar.close() for calendar in calendars))
        await runner.close()


def _silent(needed: Iterable[str], given: Mapping[str, Answer]) -> str:
    """The first of ``needed`` that was said to fail; empty when none was."""
    return next((name for name in sorted(needed) if name in given and given[name].outcome is Outcome.FAILED), "")


def _unanswered(names: Sequence[str], fields: Fields) -> str:
    name = names[0]
    field = next(iter(fields[name]), "FIELD")
    return (
        f"the flow asks {listed(names)}, and nothing says what the answer is: give it with --set {name}.{field}=VALUE, "
        f"--missing {name} or --fail {name}=timeout, or ask the real source with --live-lookups"
    )


def _remarks(call: Call, ruleset: Ruleset, flow: Flow, contact: Contact, unasked: Collection[str]) -> tuple[str, ...]:
    remarks = [f"lookup {name} was given an answer, but the flow did not ask it" for name in sorted(unasked)]
    if call.caller and not contact.caller.number:
        remarks.append(f"'{call.caller}' is not a telephone number: the flow sees a caller without one")
    triggered = ruleset.flow_for(contact)
    if contact.dialled != Party() and triggered is not flow:
        instead = f"flow {triggered.name}" if triggered else "no flow"
        remarks.append(f"a real call to {contact.dialled.label} starts {instead}, not flow {flow.name}")
    return tuple(remarks)


def _never_wanted(caller: FakeCaller) -> Iterator[str]:
    presses, rings = caller.left
    if presses:
        yield f"--press {presses[0] or repr('')} was not needed: the flow asked for keys so often only"
    if rings:
        yield f"--ring {rings[0] or ANSWERED} was not needed: the flow rang so often only"


def _never_asked(config: Config, contact: Contact, answers: Mapping[str, Answer], asked: AnySet[str]) -> Iterator[str]:
    """Lookups said to find something that a real call like this one would not even ask."""
    facts = contact.facts()
    for name, fields in declared_fields(config).items():
        if name in asked & answers.keys() and answers[name].outcome is not Outcome.FAILED:
            facts |= {f"{name}.{field}": "" for field in fields} | fields_of(answers[name])
    for name in sorted(asked & answers.keys()):
        empty = next((each for each in sorted(config.kinds[name].template_names) if facts.get(each) == ""), "")
        if empty and answers[name].outcome is not Outcome.MISSING:
            yield f"in a real call like this, lookup {name} is missing, as {empty} is empty{_to_fill(empty, answers)}"


def _to_fill(fact: str, answers: Mapping[str, Answer]) -> str:
    source = fact.partition(".")[0]
    if source in answers:
        return f": give --set {fact}=VALUE"
    return ": give --caller" if source == "caller" else ""


def unread_calendars(config: Config, live: bool) -> Iterator[str]:
    """Calendars whose events did not count here."""
    for calendar in config.calendars:
        if not calendar.is_known:
            why = "did not answer" if live else "is not asked without --live-lookups"
            yield f"hours {calendar.hours}: the calendar at {calendar.settings.label} {why}: its events do not count"
