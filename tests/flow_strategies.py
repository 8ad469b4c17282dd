"""Flows, answers, callers and what becomes of calls, made by hypothesis."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from flow_builders import AGENTS, CARRIER, LANGUAGE, LOOKUPS, MONDAY, OFFICE, QUEUES
from hypothesis import strategies as st

from ariroute.flow.contact import Contact, party
from ariroute.flow.decision import Decision
from ariroute.flow.digits import Pattern
from ariroute.flow.facts import Answer, Failure, Outcome
from ariroute.flow.prompts import SayDigits, SayNumber, SayText, Text
from ariroute.flow.run import STEP_LIMIT, Run
from ariroute.flow.steps import (
    AnswerCall,
    Arm,
    AskHours,
    Branch,
    Case,
    Collect,
    Consent,
    Dial,
    Goto,
    HangUp,
    Lookup,
    LookupWays,
    Menu,
    NobodyThere,
    Note,
    Notify,
    Play,
    Question,
    RingAgent,
    Set,
    SetLabel,
    Split,
    Step,
    ToQueue,
    Voicemail,
    Way,
)
from ariroute.flow.tree import Flow, Ruleset
from ariroute.flow.wants import Fetch, Gathered, PickUp, Played, Rang, Reply, Ring, RingOutcome, Sound, Tone
from ariroute.flow.wants import Gather as GatherWanted
from ariroute.flow.wants import Play as PlayWanted

CONDITIONS = [
    LANGUAGE.condition(text)
    for text in (
        "true",
        "false",
        "crm.vip",
        'crm.loyalty == "gold"',
        'crm.loyalty in ["gold", "platinum"] || vip_list.visits > 3',
        "crm.orders > 10 && !crm.vip",
        'outcome.crm == "failed"',
        'outcome.vip_list != "found"',
        'coalesce(vip_list.tier, crm.loyalty, "none") == "gold"',
        'open("office")',
        'prefix(caller.e164, ["+46", "+47"])',
        'caller.name.contains("\\"")',
        'vars.level == "gold" || vars.count > 1',
        "arguments.exists(each, each == caller.name)",
    )
]

VALUES = [
    LANGUAGE.expression(text)
    for text in ('"a"', "crm.loyalty", "crm.orders", "crm.vip", "caller.name", "1.5", "null", "coalesce(crm.vip, true)")
]

QUEUE_NAMES = st.sampled_from(sorted(QUEUES))
FLOW_NAMES = ("first", "second", "third")
PATHS = st.integers(0, 9).map(lambda number: f"flows.x.steps[{number}]")


EXPRESSIONS = st.sampled_from(VALUES)
PROMPTS = st.lists(
    st.sampled_from([Sound("custom/welcome"), Tone("busy")])
    | st.builds(SayNumber, EXPRESSIONS)
    | st.builds(SayDigits, EXPRESSIONS)
    | st.builds(SayText, st.builds(Text, st.lists(st.just("Hello ") | EXPRESSIONS, max_size=3).map(tuple))),
    max_size=3,
).map(tuple)
SECONDS = st.floats(0.1, 60)
QUESTIONS = st.builds(Question, PROMPTS, SECONDS, SECONDS, st.integers(1, 4), PROMPTS)
VARIABLES = st.sampled_from(["level", "count", "number"])
LABELS = st.dictionaries(st.sampled_from(["X-Tier", "X-Id"]), EXPRESSIONS, max_size=2)
NEEDS = st.sampled_from([{}, {"vip_list": frozenset({"crm"})}, {"crm": frozenset({"vip_list"})}])


def plain_steps(onward: tuple[str, ...]) -> list[st.SearchStrategy[Any]]:
    """Steps without ways of their own; a goto leads only to the flows of ``onward``."""
    simple: list[st.SearchStrategy[Any]] = [
        st.builds(Lookup, PATHS, st.lists(st.sampled_from(sorted(LOOKUPS)), max_size=3).map(tuple), needs=NEEDS),
        st.builds(Set, PATHS, st.dictionaries(VARIABLES, EXPRESSIONS, max_size=2)),
        st.builds(AnswerCall, PATHS),
        st.builds(Play, PATHS, PROMPTS, SECONDS, what=st.sampled_from(["play", "say"])),
        st.builds(Consent, PATHS, QUESTIONS, st.just("1"), st.just("2"), VARIABLES, st.booleans()),
        st.builds(SetLabel, PATHS, st.none() | EXPRESSIONS, LABELS, LABELS),
        st.builds(Notify, PATHS, st.lists(st.sampled_from(["ticket", "wall"]), max_size=2).map(tuple)),
        st.builds(Note, PATHS, EXPRESSIONS),
        st.builds(Voicemail, PATHS, st.sampled_from(["100", "100@default"])),
        st.builds(ToQueue, PATHS, QUEUE_NAMES, st.none() | st.integers(-10, 100)),
        st.builds(HangUp, PATHS, st.integers(1, 127)),
    ]
    return [*simple, st.builds(Goto, PATHS, st.sampled_from(onward))] if onward else simple


def forking_steps(inner: st.SearchStrategy[Any]) -> list[st.SearchStrategy[Any]]:
    """Steps with ways; ``inner`` makes the steps on them."""
    way = st.builds(Way, PATHS, inner)
    maybe = st.none() | way
    nobody = st.builds(NobodyThere, maybe, maybe, maybe)
    lookup_ways = st.dictionaries(st.sampled_from(sorted(LOOKUPS)), st.builds(LookupWays, maybe, maybe, maybe))
    collected = st.sampled_from([(1, 4, None), (4, 6, None), (2, 2, Pattern("4X"))])
    return [
        st.builds(
            Branch,
            PATHS,
            st.lists(st.builds(Case, PATHS, st.sampled_from(CONDITIONS), inner), min_size=1, max_size=3).map(tuple),
            inner,
        ),
        st.builds(Lookup, PATHS, st.just(tuple(sorted(LOOKUPS))), lookup_ways, NEEDS),
        st.builds(
            Split,
            PATHS,
            st.sampled_from(["a", "b"]),
            st.lists(st.builds(Arm, st.floats(0.1, 30), way), max_size=3).map(tuple),
        ),
        st.builds(AskHours, PATHS, st.just("office"), maybe, maybe, maybe),
        st.builds(Menu, PATHS, QUESTIONS, st.dictionaries(st.sampled_from("12*"), way, min_size=1), maybe, maybe),
        st.builds(_collect, PATHS, QUESTIONS, VARIABLES, collected, maybe, maybe),
        st.builds(Dial, PATHS, st.just("overflow"), st.just(CARRIER), SECONDS, nobody),
        st.builds(RingAgent, PATHS, EXPRESSIONS, SECONDS, nobody, maybe),
    ]


def _collect(
    path: str,
    asked: Question,
    into: str,
    fit: tuple[int, int, Pattern | None],
    no_input: Way | None,
    invalid: Way | None,
) -> Collect:
    least, most, pattern = fit
    return Collect(path, asked, into, least, most, "#", 3.0, pattern, no_input, invalid)


def steps(onward: tuple[str, ...]) -> st.SearchStrategy[tuple[Step, ...]]:
    """Lists of steps, with steps on their ways."""
    simple = plain_steps(onward)
    leaves = st.lists(st.one_of(simple), max_size=3).map(tuple)
    return st.recursive(
        leaves, lambda inner: st.lists(st.one_of(*simple, *forking_steps(inner)), max_size=4).map(tuple), max_leaves=8
    )


def flows(circles: bool) -> st.SearchStrategy[dict[str, Flow]]:
    onward = {name: FLOW_NAMES if circles else FLOW_NAMES[place + 1 :] for place, name in enumerate(FLOW_NAMES)}
    return st.fixed_dictionaries(
        {name: st.builds(Flow, st.just(name), QUEUE_NAMES, st.none(), steps(onward[name])) for name in FLOW_NAMES}
    )


TEXTS = st.text(max_size=20) | st.sampled_from(["gold", "${SHELL(id)}", '"\r\n', "\ud800", "\u202e"])
FIELDS = st.sampled_from(["loyalty", "orders", "vip", "tier", "visits", "unheard_of"])
SCALARS = st.none() | st.booleans() | st.floats() | st.integers(-100, 100) | TEXTS | st.just([1])

ANSWERS = st.builds(
    Answer,
    st.sampled_from([*sorted(LOOKUPS), "stranger"]),
    st.sampled_from(Outcome),
    st.dictionaries(FIELDS, SCALARS, max_size=4),
    st.none() | st.sampled_from(Failure),
    st.text(max_size=5),
    st.floats(0, 10),
)

CONTACTS = st.builds(
    Contact,
    id=st.text(max_size=10),
    arrived=st.just(MONDAY),
    caller=st.builds(party, TEXTS | st.sampled_from(["0701234567", "+46701234567"]), TEXTS, st.just("SE")),
    arguments=st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=5), max_size=2).map(tuple),
)

TIMES = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))


REPLIES = (
    st.builds(Played, st.sampled_from(["", "no such sound"]), st.floats(0, 10))
    | st.builds(Gathered, st.text("0123456789*#", max_size=8), st.sampled_from(["", "broken off"]))
    | st.builds(Rang, st.sampled_from(RingOutcome), st.text(max_size=10))
    | st.none()
)
"""None is a ring that is answered."""

FITTING = {PickUp: Played, PlayWanted: Played, GatherWanted: Gathered, Ring: Rang}

STORIES = st.lists(REPLIES, max_size=8)
"""What the world does, one after the other; silence, and rings that nobody answers, when nothing is left."""


def reply_to(want: Any, story: list[Reply | None]) -> Reply | None:
    """The next of ``story`` that fits ``want``."""
    kind = FITTING[type(want)]
    while story:
        reply = story.pop(0)
        if isinstance(reply, kind) or (reply is None and isinstance(want, Ring)):
            return reply
    return Rang(RingOutcome.NO_ANSWER) if kind is Rang else kind()


def rules_of(made: dict[str, Flow]) -> Ruleset:
    return Ruleset(made, QUEUES, {"office": OFFICE}, "SE", "Europe/Stockholm", "digest", AGENTS)


def walk(
    made: dict[str, Flow], contact: Contact, answers: list[list[Answer]], now: datetime, story: list[Reply | None]
) -> tuple[Decision, list[Any]]:
    """The decision, and all that the run wanted."""
    run = Run(rules_of(made), made["first"], contact)
    wants: list[Any] = []
    for wanted in driven(run, answers, [now], story):
        if isinstance(wanted, Decision):
            return wanted, wants
        wants.append(wanted)
    raise AssertionError("a run ends in a decision")


def driven(run: Run, answers: list[list[Answer]], times: list[datetime], story: list[Reply | None]) -> Iterator[Any]:
    """All that ``run`` wants, the decision last; each is answered when the next is asked for, at the next time."""
    left, clock = list(story), list(times)

    def now() -> datetime:
        return clock.pop(0) if len(clock) > 1 else clock[0]

    wanted, fetches = run.start(now()), 0
    for _ in range(STEP_LIMIT + 1):
        yield wanted
        if isinstance(wanted, Decision):
            return
        if isinstance(wanted, Fetch):
            fetches += 1
            assert fetches <= len(LOOKUPS), "a lookup was asked for twice"
            wanted = run.receive(answers[fetches % len(answers)] if answers else [], now())
            continue
        reply = reply_to(wanted, left)
        wanted = run.answered(now()) if reply is None else run.receive(reply, now())
    raise AssertionError("it wants more than a run may take steps")
