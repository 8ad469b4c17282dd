"""What a run knows at one moment: the contact, the time, what the lookups answered, the flow's variables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ariroute.flow.contact import Contact
from ariroute.flow.facts import Answer, Outcome, Scalar
from ariroute.flow.hours import Hours, Standing, Stretch


@dataclass(frozen=True, slots=True)
class Unknown:
    """The third value of a condition: it cannot be told, and why, in a few words for people."""

    reason: str


NOTHING: frozenset[str] = frozenset()


class Scope:
    """The facts of one run. Grows as the run goes on; belongs to that run alone.

    ``gaps`` names facts that nobody knows any more, of a contact that is walked again; ``missed`` those that were
    needed.
    """

    __slots__ = (
        *("_known_calendars", "_now", "answers", "calendars", "contact", "gaps", "missed", "prepared", "records"),
        "variables",
    )

    def __init__(
        self,
        contact: Contact,
        now: datetime,
        gaps: frozenset[str] = NOTHING,
        calendars: Mapping[str, Sequence[Stretch]] | None = None,
    ) -> None:
        self.contact = contact
        self._now = now
        self.answers: dict[str, Answer] = {}
        self.variables: dict[str, Scalar | Unknown] = {}
        self.records: dict[str, Any] = {}  # kept by the language: facts in CEL's form, made once each
        self.prepared: Any = None  # kept by the language: all of them, until something changes
        self.gaps = gaps
        self.missed: list[str] = []
        self.calendars: dict[str, list[Stretch]] = {}
        self._known_calendars = calendars

    @property
    def now(self) -> datetime:
        return self._now

    @now.setter
    def now(self, now: datetime) -> None:
        self._now = now
        self.prepared = None

    def learn(self, answer: Answer) -> None:
        self.answers[answer.lookup] = answer
        self.prepared = None

    def set(self, name: str, value: Scalar | Unknown) -> None:
        self.variables[name] = value
        self.prepared = None

    def doubt(self, lookup: str) -> str:
        """Why nothing of ``lookup`` is known; an empty string when it has answered."""
        answer = self.answers.get(lookup)
        if answer is None:
            return f"{lookup} has not been asked"
        if answer.outcome is not Outcome.FAILED:
            return ""
        return f"{lookup} failed: {answer.failure}" if answer.failure else f"{lookup} failed"

    def variable_doubt(self, name: str) -> str:
        value = self.variables.get(name)
        return f"vars.{name} could not be told: {value.reason}" if isinstance(value, Unknown) else ""

    def miss(self, names: Iterable[str]) -> Unknown | None:
        """Unknown when one of ``names`` is a gap, and noted then: whoever walks a contact again must be told."""
        for name in names:
            if name in self.gaps:
                self.missed.append(name)
                return Unknown(f"{name} was not recorded")
        return None

    def forgive(self, since: int) -> bool:
        """Whether more than ``since`` gaps were missed; those behind are forgotten, as they decide nothing."""
        forgiven = len(self.missed) > since
        del self.missed[since:]
        return forgiven

    def read_calendars(self, all_hours: Iterable[Hours]) -> None:
        """Find out what every calendar says now, asked for or not: other rules may ask when the contact is past."""
        if self._known_calendars is None:
            for hours in all_hours:
                if hours.calendar:
                    self.standing(hours, self._now)

    def standing(self, hours: Hours, at: datetime) -> Standing | Unknown:
        """Open, closed or holiday at ``at``; Unknown when nobody knows any more what the calendar said.

        What a calendar was once found to say holds for the whole run: it may be read anew meanwhile.
        """
        name = hours.name
        if lost := self.miss((f"hours.{name}",)):
            return lost
        if not hours.calendar and not hours.agenda:
            return hours.standing_with(None, at)
        then = self._known_calendars
        for stretch in self.calendars.get(name, ()) if then is None else then.get(name, ()):
            if stretch.covers(at) and (then is None or stretch.calendar == hours.calendar or not hours.agenda):
                return hours.standing_with(stretch.event, at)
        if then is not None and not hours.agenda:
            self.missed.append(f"hours.{name}")
            return Unknown(f"hours.{name} was not recorded")
        found = hours.agenda.around(at, hours.calendar)
        self.calendars.setdefault(name, []).append(found)
        return hours.standing_with(found.event, at)

    def inputs(self) -> dict[str, str]:
        """What a template may name: the contact's facts, those found so far and the flow's variables, as text."""
        texts = self.contact.facts()
        for answer in self.answers.values():
            texts.update(fields_of(answer))
        for name, value in self.variables.items():
            if not isinstance(value, Unknown):
                texts[f"vars.{name}"] = as_text(value)
        return texts


def fields_of(answer: Answer) -> dict[str, str]:
    """What ``answer`` adds to the inputs of templates: its fields by their full names, as text."""
    if answer.outcome is not Outcome.FOUND:
        return {}
    return {f"{answer.lookup}.{name}": as_text(value) for name, value in answer.fields.items()}


CONTACT_FACTS: Mapping[str, Callable[[Contact], Any]] = {
    "caller.number": lambda contact: contact.caller.number,
    "caller.e164": lambda contact: contact.caller.e164,
    "caller.name": lambda contact: contact.caller.name,
    "dialled.number": lambda contact: contact.dialled.number,
    "dialled.e164": lambda contact: contact.dialled.e164,
    "contact.medium": lambda contact: contact.medium,
    "contact.pbx": lambda contact: contact.pbx,
    "arguments": lambda contact: list(contact.arguments),
}


def as_text(value: Scalar) -> str:
    """``value`` as a channel variable or a template shows it: ``true``, ``12``, ``12.5``; empty for an empty one."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(int(value)) if abs(value) < WHOLE and float(value).is_integer() else repr(value)
    return value


UNTOLD = Unknown("not known yet")

Reader = Callable[[Scope], Any]
"""Reads one fact as JSON types, for a trace; gives an Unknown when it is not known."""


def reader(name: str) -> Reader:
    """How to read the fact called ``name``. Worked out when a file loads, for it is done for every condition."""
    root, _, rest = name.partition(".")
    if name in CONTACT_FACTS:
        fact = CONTACT_FACTS[name]
        return lambda scope: fact(scope.contact)
    if name == "now":
        return lambda scope: scope.now.isoformat(timespec="seconds")
    if root == "vars":
        return lambda scope: scope.variables.get(rest)
    if root == "outcome":
        return lambda scope: str(scope.answers[rest].outcome) if rest in scope.answers else UNTOLD

    def field(scope: Scope) -> Any:
        answer = scope.answers.get(root)
        return UNTOLD if answer is None or answer.outcome is Outcome.FAILED else answer.fields.get(rest)

    return field


WHOLE = 2.0**53  # up to here a float holds every whole number
