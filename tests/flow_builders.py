"""Small flows, scopes and contacts for the tests of the engine."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time

from ariroute.flow.conditions import Language
from ariroute.flow.contact import Contact, party
from ariroute.flow.endpoints import Agent, Agents, Endpoint
from ariroute.flow.facts import FieldType, Scalar
from ariroute.flow.hours import Hours, Span
from ariroute.flow.prompts import PromptTemplate
from ariroute.flow.queues import Queue
from ariroute.flow.scope import Scope
from ariroute.flow.steps import Branch, Case, Goto, HangUp, Lookup, Question, Set, Step, ToQueue, Way
from ariroute.flow.tree import Flow, Ruleset
from ariroute.flow.wants import Sound
from ariroute.testing import Given, answer_of

MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)  # ten o'clock in Stockholm

OFFICE = Hours("office", {day: (Span(time(8), time(17)),) for day in range(5)}, timezone="Europe/Stockholm")

LOOKUPS: Mapping[str, Mapping[str, FieldType]] = {
    "crm": {"loyalty": "string", "orders": "number", "vip": "bool"},
    "vip_list": {"tier": "string", "visits": "number"},
}

LANGUAGE = Language(LOOKUPS, {"office": OFFICE}, ["level", "count", "number", "agreed"], "SE", "Europe/Stockholm")

ANNA = Agent("anna", Endpoint("PJSIP/anna"), ("Anna Ek", "anna.ek@example.com"))
AGENTS = Agents({"anna": ANNA, "bo": Agent("bo", Endpoint("PJSIP/bo"))})
CARRIER = Endpoint("PJSIP/support@carrier")

QUEUES = {name: Queue(name, priority) for name, priority in (("platinum", 30), ("gold", 20), ("standard", 0))}

BO = Contact(
    id="1700000000.7",
    arrived=MONDAY,
    caller=party("0701234567", "Bo", "SE"),
    dialled=party("+46850000000", "", "SE"),
    pbx="pbx1",
    arguments=("first", "second"),
)


def scope(given: Mapping[str, Given] | None = None, contact: Contact = BO, **variables: Scalar) -> Scope:
    """What a run knows after the lookups of ``given`` answered and ``variables`` were set."""
    made = Scope(contact, MONDAY)
    for name, answer in (given or {}).items():
        made.learn(answer_of(name, answer))
    for name, value in variables.items():
        made.set(name, value)
    return made


def flow(*steps: Step, name: str = "support", default: str = "standard") -> Flow:
    return Flow(name, default, None, steps)


def ruleset(*flows: Flow) -> Ruleset:
    named = {made.name: made for made in flows}
    return Ruleset(named, QUEUES, {"office": OFFICE}, "SE", "Europe/Stockholm", "digest", AGENTS)


def lookup(*names: str, at: str = "steps[0]") -> Lookup:
    return Lookup(f"flows.support.{at}", names)


def to(queue: str, priority: int | None = None, at: str = "steps[9]") -> ToQueue:
    return ToQueue(f"flows.support.{at}", queue, priority)


def branch(*cases: tuple[str, Step], otherwise: tuple[Step, ...] = (), at: str = "steps[1]") -> Branch:
    """A branch of conditions with one step each."""
    path = f"flows.support.{at}"
    made = tuple(
        Case(f"{path}.branch[{number}]", LANGUAGE.condition(text), (step,)) for number, (text, step) in enumerate(cases)
    )
    return Branch(path, made, otherwise)


def assign(at: str = "steps[2]", **values: str) -> Set:
    return Set(f"flows.support.{at}", {name: LANGUAGE.expression(text) for name, text in values.items()})


def goto(name: str, at: str = "steps[3]") -> Goto:
    return Goto(f"flows.support.{at}", name)


def hang_up(cause: int = 16, at: str = "steps[4]") -> HangUp:
    return HangUp(f"flows.support.{at}", cause)


def way(*steps: Step, at: str = "way") -> Way:
    return Way(f"flows.support.{at}", steps)


def question(*prompt: str, tries: int = 2, invalid: PromptTemplate = ()) -> Question:
    """A question asked with these sound files."""
    return Question(tuple(Sound(name) for name in prompt or ("ask",)), 30.0, 5.0, tries, invalid)
