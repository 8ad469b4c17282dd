"""The queue lookup: what its record says, and what it never says."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from pydantic import ValidationError

from ariroute.errors import LookupFailed
from ariroute.flow.facts import Failure, Outcome
from ariroute.lookups.base import Surroundings
from ariroute.lookups.kinds import LookupEntry
from ariroute.lookups.pbx import NoPbx, QueueState
from ariroute.lookups.queue import QueueLookupSettings, QueueSource, estimated_wait, figures
from ariroute.lookups.runner import LookupRunner

from .clocks import ManualClock
from .pbx_answers import PbxAnswers

BUSY = QueueState(waiting=3, longest_wait=40.0, agents=2, agents_ready=0, hold_time=20.0, talk_time=60.0)


@pytest.mark.parametrize(
    ("state", "handle_time", "seconds"),
    [
        (BUSY, 60.0, 120.0),  # (3 + 1) x 60 / 2
        (replace(BUSY, waiting=0), 60.0, 30.0),  # the next to become free, of two
        (replace(BUSY, waiting=0, agents_ready=1), 60.0, 0.0),
        (replace(BUSY, waiting=0, agents_ready=1), None, 0.0),
        (replace(BUSY, waiting=1, agents_ready=2), None, 0.0),  # one agent is left over
        (replace(BUSY, waiting=2, agents_ready=2), 60.0, 30.0),  # both will be taken by those who wait
        (replace(BUSY, waiting=3, agents_ready=1), 60.0, 90.0),
        (BUSY, None, None),
        (BUSY, 0.0, None),
        (replace(BUSY, agents=0), 60.0, None),
        (replace(BUSY, agents=0, waiting=0), 60.0, None),
    ],
)
def test_the_wait_is_estimated_or_not_told(state: QueueState, handle_time: float | None, seconds: float | None) -> None:
    assert estimated_wait(state, handle_time) == seconds


def test_what_asterisk_measured_goes_before_what_the_file_says() -> None:
    assert figures(BUSY, 600.0)["estimated_wait"] == 120.0
    assert figures(replace(BUSY, talk_time=0.0), 600.0)["estimated_wait"] == 1200.0
    assert figures(replace(BUSY, talk_time=0.0), None)["estimated_wait"] is None


def test_the_figures_of_a_queue() -> None:
    assert figures(BUSY, None) == {
        "waiting": 3.0,
        "longest_wait": 40.0,
        "agents": 2.0,
        "agents_ready": 0.0,
        "estimated_wait": 120.0,
    }


def entry(**item: Any) -> Any:
    return LookupEntry.model_validate(item)


def test_its_fields_are_its_own() -> None:
    plain = entry(queue={"name": "gold"})
    assert list(plain.fields) == ["waiting", "longest_wait", "agents", "agents_ready", "estimated_wait"]
    assert set(plain.fields.values()) == {"number"}
    assert entry(queue={"name": 600}).body.name == "600"
    assert entry(queue={"name": "gold"}, fields={"waiting": "number"}).fields == {"waiting": "number"}


@pytest.mark.parametrize(
    ("item", "complaint"),
    [
        ({"queue": {"name": "gold"}, "fields": {"wait": "number"}}, "there is no field 'wait' here: this lookup has w"),
        ({"queue": {"name": "gold"}, "fields": {"waiting": "string"}}, "the field 'waiting' is a number here"),
        ({"queue": {"name": "gold,tT"}}, "cannot name a queue"),
        ({"queue": {}}, "Field required"),
        ({"queue": {"name": "gold", "handle_time": "0s"}}, "above 0"),
    ],
)
def test_bad_settings_are_refused(item: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValidationError) as caught:
        entry(**item)
    assert complaint in str(caught.value)


def runner(pbx: PbxAnswers | NoPbx, clock: ManualClock, **settings: Any) -> LookupRunner:
    lookup = entry(queue={"name": "gold", **settings})
    return LookupRunner({"q": (lookup.common(), lookup.factory("q", Surroundings(""))(pbx))}, clock=clock)


async def test_fifty_calls_in_a_second_are_one_question() -> None:
    pbx, clock = PbxAnswers(queues={"gold": BUSY}), ManualClock()
    asked = runner(pbx, clock)
    for _ in range(2):
        answers = await asyncio.gather(*(asked.fetch(["q"], {"contact.pbx": "pbx1"}) for _ in range(25)))
        assert all(answer.fields["waiting"] == 3.0 for (answer,) in answers)
        clock.now += 0.5
    assert pbx.asked == [("pbx1", "gold")]
    clock.now += 0.5
    await asked.fetch(["q"], {"contact.pbx": "pbx1"})
    assert len(pbx.asked) == 2
    await asked.close()


async def test_each_pbx_has_its_own_queues() -> None:
    pbx = PbxAnswers(queues={"gold": BUSY})
    asked = runner(pbx, ManualClock())
    for name in ("pbx1", "pbx2", "pbx1"):
        await asked.fetch(["q"], {"contact.pbx": name})
    assert pbx.asked == [("pbx1", "gold"), ("pbx2", "gold")]
    await asked.close()


async def test_failures_in_a_row_do_not_keep_it_from_being_asked() -> None:
    """The daemon watches the connection; a breaker would be one for all PBXs."""
    pbx = PbxAnswers()
    asked = runner(
        pbx,
        ManualClock(),
    )
    for _ in range(20):
        pbx.fault = LookupFailed(Failure.TIMEOUT, "no answer")
        (answer,) = await asked.fetch(["q"], {"contact.pbx": "pbx1"})
        assert answer.failure == Failure.TIMEOUT
    assert asked.states()["q"].breaker == "closed"
    await asked.close()


async def test_a_queue_that_is_not_there_is_missing() -> None:
    asked = runner(PbxAnswers(), ManualClock())
    (answer,) = await asked.fetch(["q"], {"contact.pbx": "pbx1"})
    assert (answer.outcome, answer.fields) == (Outcome.MISSING, {})
    await asked.close()


async def test_a_rehearsal_has_no_queues() -> None:
    asked = runner(NoPbx(), ManualClock())
    (answer,) = await asked.fetch(["q"], {"contact.pbx": "pbx1"})
    assert (answer.outcome, answer.detail) == (
        Outcome.FAILED,
        "only the daemon can ask Asterisk: give this lookup's answer with --set",
    )
    await asked.close()


def test_it_needs_nothing_but_the_pbx() -> None:
    source = QueueSource(QueueLookupSettings(name="gold"), Surroundings("q"))
    assert source.template_names == {"contact.pbx"}
