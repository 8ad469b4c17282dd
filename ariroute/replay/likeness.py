"""Which recorded contacts are alike to a ruleset: those of which it cannot but decide the same.

Two contacts are alike when all that the rules compare lies in the same cells (:mod:`ariroute.flow.cells`), all that
they copy or compute with is the same, and the rest of what was told is. So of many contacts a few are walked, and
nothing is lost: the decision is the same, but for its trace.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from datetime import datetime
from typing import Any

from ariroute.config.load import Config
from ariroute.flow.atoms import Atoms
from ariroute.flow.cells import Cells, divided
from ariroute.flow.conditions import Expression
from ariroute.flow.domains import EVERYTHING
from ariroute.flow.facts import fits
from ariroute.flow.hours import Hours
from ariroute.flow.steps import AskHours, Branch, RingAgent, Set, SetLabel, Split, Step

CALLER = ("number", "e164", "name")


class Likeness:
    """Gives each recorded contact a key: the same for contacts that are alike to the rules of ``config``."""

    def __init__(self, config: Config) -> None:
        ruleset = config.ruleset
        steps = [step for flow in ruleset.flows.values() for step in flow.walk()]
        atoms, copied = _said(steps)
        self._exact = frozenset(copied | atoms.loose)
        compared = atoms.sets.keys() - self._exact
        cells = {fact: divided(EVERYTHING, atoms.sets[fact]) for fact in compared}
        read = compared | self._exact
        self._fields: dict[str, list[tuple[str, Cells | None]]] = {
            name: [(field, cells.get(f"{name}.{field}")) for field in settings.fields if f"{name}.{field}" in read]
            for name, (settings, _) in config.lookups.items()
        }
        self._kinds = {name: tuple(settings.fields.items()) for name, (settings, _) in config.lookups.items()}
        self._caller = [(name, cells.get(f"caller.{name}")) for name in CALLER if f"caller.{name}" in read]
        self._pbx = "contact.pbx" in read
        self._arguments = "arguments" in read
        asked = {step.calendar for step in steps if isinstance(step, AskHours)} | atoms.hours
        self._hours = [ruleset.hours[name] for name in sorted(asked) if name in ruleset.hours]
        self._splits = {step.name for step in steps if isinstance(step, Split)}
        self._by_clock = "now" in self._exact

    def key(self, plain: Mapping[str, Any]) -> Hashable | None:
        """The key of a contact, of the plain form of its record; None for one that is like no other."""
        if self._by_clock or any(hours.calendar for hours in self._hours):
            return None
        if self._splits and not self._splits <= {*plain["draws"], *plain["arms"]}:
            return None
        contact = plain["contact"]
        caller, dialled = contact["caller"], contact["dialled"]
        return (
            dialled["number"],
            dialled["e164"],
            contact["medium"],
            plain["began"] is None,
            plain["given_up"],
            str(plain["left"]) if plain["left"] else "",
            tuple(plain["gaps"]),
            tuple(_token(cells, caller[name]) for name, cells in self._caller),
            contact["pbx"] if self._pbx else "",
            tuple(contact["arguments"]) if self._arguments else (),
            self._times(plain) if self._hours else (),
            tuple((name, plain["draws"].get(name), str(plain["arms"].get(name))) for name in self._splits),
            tuple(map(self._told, plain["told"])),
        )

    def _told(self, told: Mapping[str, Any]) -> Hashable:
        if "answers" not in told:
            return str(told["want"]), str(told["reply"] and {**told["reply"], "took": 0})
        return tuple(told["want"]["fetch"]), tuple(map(self._answer, told["answers"]))

    def _answer(self, answer: Mapping[str, Any]) -> Hashable:
        name, fields = answer["lookup"], answer["fields"]
        if answer["outcome"] != "found" or name not in self._fields:
            return name, answer["outcome"], answer["failure"]
        odd = [field for field, kind in self._kinds[name] if not fits(kind, fields.get(field))]
        return (
            name,
            tuple(odd),
            tuple(_token(cells, fields[field]) if field in fields else "lost" for field, cells in self._fields[name]),
        )

    def _times(self, plain: Mapping[str, Any]) -> Hashable:
        moments = [plain["began"], *(told["at"] for told in plain["told"])]
        return tuple(_standing(hours, moment) for moment in moments if moment for hours in self._hours)


def _standing(hours: Hours, moment: str) -> str:
    return str(hours.standing(datetime.fromisoformat(moment)).state)


def _token(cells: Cells | None, value: Any) -> Hashable:
    """What stands for ``value``: its cell, or itself with its type, as True and 1 are equal in Python."""
    return (type(value), str(value)) if cells is None or isinstance(value, list | dict) else cells.number(value)


def _said(steps: list[Step]) -> tuple[Atoms, set[str]]:
    """What conditions compare, and what is copied: into variables, labels, the choice of an agent."""
    atoms, copied = Atoms(), set[str]()
    for step in steps:
        match step:
            case Branch():
                for case in step.cases:
                    atoms.add(case.condition.atoms())
            case _:
                for value in _values(step):
                    copied |= value.names
    return atoms, copied


def _values(step: Step) -> list[Expression]:
    match step:
        case Set():
            return list(step.values.values())
        case SetLabel():
            prefix = [step.name_prefix] if step.name_prefix else []
            return [*prefix, *step.headers.values(), *step.variables.values()]
        case RingAgent():
            return [step.name]
    return []
