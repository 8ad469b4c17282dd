"""From what a test file says to cases: every name in it is one of the configuration's, or a mistake at its place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from ariroute.cases.case import Case, Checkpoint, Expected, Given, Mock, Press, RingEnd
from ariroute.cases.ending import Ending
from ariroute.cases.grammar import (
    ANSWERED,
    ANY_CAUSE,
    CallSettings,
    CaseSettings,
    ExpectSettings,
    HeadSettings,
    MockSettings,
    MomentExpected,
)
from ariroute.cases.mocks import figures_of, mock_of
from ariroute.config.findings import Findings
from ariroute.config.load import Config
from ariroute.config.near import suggestion
from ariroute.config.places import Path
from ariroute.config.words import unknown_name
from ariroute.errors import UnusableInput
from ariroute.flow.contact import Contact, Party, dialled_party, party
from ariroute.flow.scope import as_text
from ariroute.flow.steps import Collect, Consent, Set
from ariroute.flow.tree import Flow
from ariroute.flow.wants import RingOutcome
from ariroute.moments import moment

CONTACT_ID = "test"
SOME_PBX = "pbx"
"""Where the configuration names none; a real call always comes from one."""
WAITS = ("prompt", "keys", "answer")


class Builder:
    """Makes the cases of one file for one configuration; mistakes go to ``findings``."""

    def __init__(self, config: Config, head: HeadSettings, findings: Findings) -> None:
        self._config = config
        self._rules = config.ruleset
        self._head = head
        self._findings = findings
        self._mocks = self._mocks_of(head.lookups, ())
        self._variables = _variables(self._rules.flows.values())
        self._rung = [*self._rules.endpoints, *self._rules.agents.by_name]

    def case(self, settings: CaseSettings, told: str, path: Path) -> Case | None:
        """The case that ``settings`` describe; ``told`` are the values of its row. None when something is wrong."""
        wrong = len(self._findings.problems)
        given = self._given(settings, path)
        expected = self._expected(settings.expect, (*path, "expect")) if settings.expect else Expected()
        points = tuple(
            Checkpoint(at.at, self._expected(at.expect, (*path, "timeline", number, "expect")))
            for number, at in enumerate(settings.timeline)
            if at.expect
        )
        if given is None or len(self._findings.problems) > wrong:
            return None
        places = self._findings.places
        line, column = places.value(path)
        name = f"{settings.name} ({told})" if told else settings.name
        return Case(name, given, expected, points, f"{places.source(path).file}:{line}:{column}")

    def _given(self, settings: CaseSettings, path: Path) -> Given | None:
        clock = self._clock(settings, path)
        found = self._contact_and_flow(settings, clock or _some_time(self._rules.timezone), path)
        if found is None:
            return None
        contact, flow = found
        queues = self._known_queues({**self._head.queues, **settings.queues}, path)
        mocks = figures_of(self._config, queues) | self._mocks | self._mocks_of(settings.lookups, path)
        return Given(
            flow.name,
            contact,
            clock is not None,
            mocks,
            (*(Press(keys) for keys in settings.press), *_presses(settings)),
            (*(_ring_end(word) for word in settings.ring), *_rings(settings)),
            {**self._head.sounds, **settings.sounds},
        )

    def _clock(self, settings: CaseSettings, path: Path) -> datetime | None:
        text, at = (settings.clock, (*path, "clock")) if settings.clock else (self._head.clock, ("clock",))
        if not text:
            return None
        try:
            return moment(text, self._rules.timezone, "clock")
        except UnusableInput as error:
            self._findings.wrong_value(at, str(error).removeprefix("clock "))
            return None

    def _contact_and_flow(self, settings: CaseSettings, at: datetime, path: Path) -> tuple[Contact, Flow] | None:
        call = _together(self._head.call, settings.call)
        if call.pbx and call.pbx not in self._config.pbxs:
            place = (*path, "call", "pbx") if settings.call.pbx else ("call", "pbx")
            self._findings.wrong_value(place, unknown_name("PBX", call.pbx, "asterisk", self._config.pbxs))
        rules = self._rules
        contact = Contact(
            id=CONTACT_ID,
            arrived=at,
            caller=party(call.caller, call.name, rules.region),
            dialled=dialled_party(call.to, rules.region) if call.to else Party(),
            pbx=call.pbx or next(iter(self._config.pbxs), SOME_PBX),
            arguments=tuple(call.arguments),
        )
        flow = self._flow(settings, contact, call, path)
        if flow is not None and flow.trigger and not call.to and flow.trigger.to:
            contact = replace(contact, dialled=dialled_party(min(flow.trigger.to), rules.region))
        return (contact, flow) if flow else None

    def _flow(self, settings: CaseSettings, contact: Contact, call: CallSettings, path: Path) -> Flow | None:
        flows = self._rules.flows
        name, at = (settings.flow, (*path, "flow")) if settings.flow else (self._head.flow, ("flow",))
        if name:
            if name not in flows:
                self._findings.wrong_value(at, unknown_name("flow", name, "flows", flows))
            return flows.get(name)
        if call.to:
            if flow := self._rules.flow_for(contact):
                return flow
            self._findings.wrong(path, f"no flow is triggered by '{call.to[:80]}': name one of {', '.join(flows)}")
            return None
        if len(flows) == 1:
            return next(iter(flows.values()))
        self._findings.wrong(path, f"which flow? Write flow: with one of {', '.join(flows)}, or to: under call:")
        return None

    def _mocks_of(self, given: Mapping[str, MockSettings], path: Path) -> dict[str, Mock]:
        found = {}
        for name, settings in given.items():
            at = (*path, "lookups", name)
            if name not in self._config.lookups:
                self._findings.wrong(at, unknown_name("lookup", name, "lookups", self._config.lookups))
            elif mock := mock_of(self._config, name, settings, self._findings, at):
                found[name] = mock
        return found

    def _known_queues(self, given: Mapping[str, Any], path: Path) -> dict[str, Any]:
        for name in given:
            if name not in self._rules.queues:
                at = (*path, "queues", name) if name not in self._head.queues else ("queues", name)
                self._findings.wrong(at, unknown_name("queue", name, "queues", self._rules.queues))
        return dict(given)

    def _expected(self, wanted: ExpectSettings, path: Path) -> Expected:
        self._check_names(wanted, path)
        waits_for = wanted.waits_for if isinstance(wanted, MomentExpected) else None
        if waits_for is not None:
            self._check_waiting(waits_for, (*path, "waits_for"))
        return Expected(
            ending=self._ending(wanted),
            greeting=wanted.greeting,
            path=None if wanted.path is None else tuple(wanted.path),
            path_has=tuple(wanted.path_has),
            variables={name: _text(value) for name, value in wanted.vars.items()},
            name_prefix=wanted.label.name_prefix,
            headers=wanted.label.headers,
            channel_variables=wanted.label.variables,
            reason=wanted.reason,
            within=wanted.within,
            by_default=wanted.by_default,
            flow=wanted.flow,
            notices=None if wanted.notify is None else tuple(wanted.notify),
            record=wanted.record,
            waits_for=waits_for,
        )

    def _ending(self, wanted: ExpectSettings) -> Ending | None:
        if wanted.hangup is not None:
            return Ending("hangup", "", None if wanted.hangup == ANY_CAUSE else wanted.hangup)
        if wanted.voicemail is not None:
            return Ending("voicemail", wanted.voicemail)
        if wanted.dial is not None:
            agent = self._rules.agents.find(wanted.dial)
            return Ending("dial", agent.name if agent else wanted.dial)
        if wanted.queue is not None or wanted.priority is not None:
            return Ending("queue", wanted.queue or "", wanted.priority)
        return None

    def _check_names(self, wanted: ExpectSettings, path: Path) -> None:
        """A name that the configuration does not have would fail for ever, and look like a fault of the flow."""
        rules = self._rules
        named: tuple[tuple[str, str | None, str, Mapping[str, Any]], ...] = (
            ("queue", wanted.queue, "queues", rules.queues),
            ("flow", wanted.flow, "flows", rules.flows),
            ("dial", wanted.dial, "endpoints and agents", dict.fromkeys(self._rung)),
        )
        for key, name, section, known in named:
            if name is not None and name not in known:
                what = "endpoint or agent" if key == "dial" else key
                self._findings.wrong_value((*path, key), unknown_name(what, name, section, known))
        for number, name in enumerate(wanted.notify or ()):
            if name not in self._config.notify:
                at = (*path, "notify", number)
                self._findings.wrong_value(at, unknown_name("notice", name, "notify", self._config.notify))
        for name in wanted.vars:
            if name not in self._variables:
                near = suggestion(name, self._variables) or f"; set are {', '.join(sorted(self._variables)) or 'none'}"
                self._findings.wrong((*path, "vars", name), f"no flow sets a variable '{name[:80]}'{near}")

    def _check_waiting(self, text: str, path: Path) -> None:
        known = (*WAITS, *self._config.lookups, *self._rung)
        for name in text.split(", "):
            if name not in known:
                near = suggestion(name, known) or f": write {', '.join(WAITS)}, a lookup, an endpoint or an agent"
                self._findings.wrong_value(path, f"a flow never waits for '{name[:80]}'{near}")


def _together(common: CallSettings, own: CallSettings) -> CallSettings:
    return common.model_copy(update={key: getattr(own, key) for key in own.model_fields_set})


def _some_time(timezone: str) -> datetime:
    """The time of a case that gives none. Who asks it there fails."""
    return datetime(2026, 1, 5, 12, 0, tzinfo=ZoneInfo(timezone))


def _presses(settings: CaseSettings) -> Iterable[Press]:
    return (Press(each.press, each.at) for each in settings.timeline if each.press)


def _rings(settings: CaseSettings) -> Iterable[RingEnd]:
    return (_ring_end(each.ring, each.at) for each in settings.timeline if each.ring)


def _ring_end(word: str, at: float | None = None) -> RingEnd:
    return RingEnd(None if word == ANSWERED else RingOutcome(word), at)


def _text(value: Any) -> str:
    return as_text(float(value) if type(value) is int else value)


def _variables(flows: Iterable[Flow]) -> set[str]:
    found: set[str] = set()
    for step in (step for flow in flows for step in flow.walk()):
        match step:
            case Set():
                found |= step.values.keys()
            case Collect() | Consent():
                found.add(step.into)
            case _:
                pass
    return found
