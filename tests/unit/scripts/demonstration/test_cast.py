"""The people of the demo, and that its flow file puts each into the queue that the list of callers names."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from ariroute.config.load import load_rules
from ariroute.flow.contact import Contact, dialled_party, party
from ariroute.flow.decision import Decision, QueueDestination
from ariroute.flow.facts import Answer, Outcome
from ariroute.flow.run import Run
from ariroute.lab.customers import read_customers
from scripts.demonstration.cast import AGENTS, DIALLED, CastError, Planned, agents_for, first, longest, read_planned
from scripts.demonstration.folder import EXAMPLE

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
PLANNED = read_planned(EXAMPLE / "callers.csv")
CUSTOMERS = read_customers(EXAMPLE / "customers.csv")
FIELDS = ("name", "loyalty", "orders", "lifetime_value")


@pytest.mark.parametrize("planned", PLANNED, ids=lambda planned: planned.number)
def test_the_demos_flow_agrees_with_its_list_of_callers(planned: Planned) -> None:
    ruleset = load_rules(EXAMPLE / "ariroute.yaml").ruleset
    contact = Contact("1.0", NOW, party(planned.number, planned.name, ruleset.region), dialled_party(DIALLED, "SE"))
    run = Run(ruleset, ruleset.flows["support"], contact)
    run.start(NOW)
    customer = CUSTOMERS.get(contact.caller.e164)
    fields = {name: customer[name] for name in FIELDS if customer[name] is not None} if customer else {}

    decision = run.receive([Answer("crm", Outcome.FOUND if customer else Outcome.MISSING, fields)], NOW)

    assert isinstance(decision, Decision)
    assert isinstance(decision.destination, QueueDestination)
    assert (decision.destination.queue, decision.by_default) == (planned.queue, False)


def test_the_list_has_callers_for_each_queue_unknown_ones_and_a_withheld_number() -> None:
    numbers = {planned.number for planned in PLANNED}

    assert {planned.queue for planned in PLANNED} == set(AGENTS)
    assert len(PLANNED) == 40
    assert len(numbers - CUSTOMERS.keys()) >= 4
    assert "anonymous" in numbers


def test_when_more_calls_are_wanted_than_are_listed_then_it_begins_again() -> None:
    assert first(PLANNED, 42)[40:] == PLANNED[:2]
    assert first(PLANNED, 2) == PLANNED[:2]


def test_when_a_stream_is_longer_then_it_may_take_longer() -> None:
    assert longest(PLANNED, 2.0) < longest(first(PLANNED, 80), 2.0) < longest(first(PLANNED, 80), 1.0)


@pytest.mark.parametrize("row", ["+1,Ann,silver", ",Ann,gold", "+1"])
def test_when_a_row_has_no_number_or_no_queue_of_ours_then_its_line_is_named(tmp_path: Path, row: str) -> None:
    (tmp_path / "callers.csv").write_text(f"number,name,queue\n{row}\n", encoding="utf-8")

    with pytest.raises(CastError, match=r"callers\.csv:2: a caller has a number"):
        read_planned(tmp_path / "callers.csv")


def test_when_the_list_is_empty_then_it_says_so(tmp_path: Path) -> None:
    (tmp_path / "callers.csv").write_text("number,name,queue\n", encoding="utf-8")

    with pytest.raises(CastError, match="no callers"):
        read_planned(tmp_path / "callers.csv")


def test_where_many_call_the_agents_make_calls_shorter_and_never_longer() -> None:
    def handles(rate: float) -> list[float]:
        return [agent.handles for agents in agents_for(rate).values() for agent in agents]

    assert handles(0.5) == handles(2) == [agent.handles for agents in AGENTS.values() for agent in agents]
    assert handles(20) == [each / 10 for each in handles(2)]
    assert [agent.name for agent in agents_for(20)["gold"]] == [agent.name for agent in AGENTS["gold"]]
