"""The loop that carries a run's wants out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flow_builders import BO, CARRIER, MONDAY, flow, lookup, ruleset, to

from ariroute.daemon.drive import drive
from ariroute.flow.decision import EndpointDestination, QueueDestination
from ariroute.flow.facts import Answer
from ariroute.flow.run import Run
from ariroute.flow.steps import AnswerCall, Dial, Lookup
from ariroute.flow.wants import PickUp, Ring, RingOutcome
from ariroute.testing import FakeCaller, FakeLookups

LOOKUPS = FakeLookups({"crm": {"loyalty": "gold"}})


async def test_each_want_goes_to_whom_it_is_for() -> None:
    made = flow(lookup("crm"), AnswerCall("a"), Dial("b", "overflow", CARRIER, 5.0), to("gold"))
    caller = FakeCaller(rings=[RingOutcome.BUSY])
    decision = await drive(Run(ruleset(made), made, BO), LOOKUPS.fetch, lambda: MONDAY, caller.perform)
    assert decision.destination == QueueDestination("gold", 20)
    assert caller.wanted == [PickUp(), Ring("overflow", CARRIER, 5.0)]


async def test_no_reply_to_a_ring_is_an_answer() -> None:
    made = flow(Dial("b", "overflow", CARRIER, 5.0), to("gold"))
    decision = await drive(
        Run(ruleset(made), made, BO), LOOKUPS.fetch, lambda: MONDAY, FakeCaller(rings=[None]).perform
    )
    assert decision.destination == EndpointDestination("overflow", CARRIER)


async def test_the_fetcher_is_told_who_waits_for_whom() -> None:
    told: list[Mapping[str, frozenset[str]]] = []

    async def fetch(
        names: Sequence[str], inputs: Mapping[str, str], after: Mapping[str, frozenset[str]]
    ) -> list[Answer]:
        told.append(after)
        return await LOOKUPS.fetch(names, inputs, after)

    needs = {"vip_list": frozenset({"crm"})}
    made = flow(Lookup("a", ("crm", "vip_list"), needs=needs), to("gold"))
    await drive(Run(ruleset(made), made, BO), fetch, lambda: MONDAY)
    assert told == [needs]


async def test_without_a_caller_on_a_line_a_prompt_is_the_default() -> None:
    made = flow(AnswerCall("a"), to("gold"))
    decision = await drive(Run(ruleset(made), made, BO), LOOKUPS.fetch, lambda: MONDAY)
    assert decision.by_default
    assert "no caller on a line: PickUp" in decision.reason
