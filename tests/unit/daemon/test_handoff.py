"""The decision as channel variables, and what became of a hand-over whose answer was lost."""

from __future__ import annotations

import contextlib
import gc
import weakref
from collections.abc import Mapping
from typing import cast

import pytest

from ariroute.asterisk.ari import Ari
from ariroute.asterisk.variables import DECIDED, is_writable
from ariroute.daemon.handoff import NAME_LIMIT, REASON_LIMIT, hand_over, ring_variables, variables
from ariroute.errors import AriDisconnected, AriError, AriRefused, AriTimeout, ChannelGone
from ariroute.flow.decision import (
    Decision,
    Destination,
    EndpointDestination,
    HangUpDestination,
    Label,
    QueueDestination,
    VoicemailDestination,
)
from ariroute.flow.wants import Ring


def decision(destination: Destination, **variables: str) -> Decision:
    return Decision("1.0", "support", destination, "because " * 100, variables=variables)


@pytest.mark.parametrize(
    ("destination", "first"),
    [
        (QueueDestination("gold", -3), {"ARIROUTE_QUEUE": "gold", "QUEUE_PRIO": "-3"}),
        (HangUpDestination(21), {"ARIROUTE_HANGUP": "21"}),
        (VoicemailDestination("100@default"), {"ARIROUTE_VOICEMAIL": "100@default", "ARIROUTE_GREETING": "u"}),
        (VoicemailDestination("100", "busy"), {"ARIROUTE_VOICEMAIL": "100", "ARIROUTE_GREETING": "b"}),
        (VoicemailDestination("100", "none"), {"ARIROUTE_VOICEMAIL": "100", "ARIROUTE_GREETING": "s"}),
    ],
)
def test_the_destination_comes_first_and_the_word_that_it_is_decided_last(
    destination: Destination, first: dict[str, str]
) -> None:
    written = variables(decision(destination, segment="vip"))
    assert dict(list(written.items())[: len(first)]) == first
    assert list(written)[-1] == "ARIROUTE_DECIDED"
    assert written["ARIROUTE_VAR_SEGMENT"] == "vip"
    assert len(written["ARIROUTE_REASON"]) == REASON_LIMIT


def test_every_variable_is_one_that_the_client_writes() -> None:
    all_of_them: list[Destination] = [QueueDestination("gold"), HangUpDestination(), VoicemailDestination("100")]
    written = {name for each in all_of_them for name in variables(decision(each, segment="vip"))}
    written |= set(variables(LABELLED, "Ann")) | set(ring_variables(Ring("anna", "PJSIP/anna", 5.0), LABELLED, "gold"))
    assert all(map(is_writable, written))


LABEL = Label("GOLD", {"X-Tier": "gold", "X-Id": "4711"}, {"CUSTOMER_ID": "4711", "QUEUE_PRIO": "99"})
LABELLED = Decision("1.0", "support", QueueDestination("gold", 20), "because", label=LABEL, record=True)


def test_a_label_becomes_the_callers_name_headers_and_inherited_variables() -> None:
    written = variables(LABELLED, "Ann")

    assert (written["CALLERID(name)"], written["ARIROUTE_LABEL"], written["ARIROUTE_NAME"]) == (
        "GOLD Ann",
        "GOLD",
        "Ann",
    )
    assert written["__CUSTOMER_ID"] == "4711"
    assert {name: value for name, value in written.items() if "HEADER" in name} == {
        "__ARIROUTE_HEADER_1": "X-Tier",
        "__ARIROUTE_HEADER_TEXT_1": "gold",
        "__ARIROUTE_HEADER_2": "X-Id",
        "__ARIROUTE_HEADER_TEXT_2": "4711",
        "__ARIROUTE_HEADERS": "2",
    }
    assert written["ARIROUTE_RECORD"] == "1"


def test_a_name_that_a_dead_daemon_had_labelled_is_not_labelled_twice() -> None:
    written = variables(LABELLED, "GOLD Ann")

    assert (written["CALLERID(name)"], written["ARIROUTE_NAME"]) == ("GOLD Ann", "Ann")


def test_no_variable_of_a_label_overwrites_the_destination() -> None:
    names = list(variables(LABELLED, "Ann"))

    assert names.index("__QUEUE_PRIO") < names.index("QUEUE_PRIO")


@pytest.mark.parametrize(("name", "shown"), [("", "GOLD"), ("A" * 200, "GOLD " + "A" * (NAME_LIMIT - 5))])
def test_a_name_that_is_withheld_or_endless_is_no_trouble(name: str, shown: str) -> None:
    assert variables(LABELLED, name)["CALLERID(name)"] == shown


def test_without_a_label_nothing_of_it_is_written() -> None:
    assert list(variables(decision(QueueDestination("gold")), "Ann")) == [
        *("ARIROUTE_QUEUE", "QUEUE_PRIO", "ARIROUTE_FLOW", "ARIROUTE_REASON", "ARIROUTE_DECIDED")
    ]


def test_a_ring_has_a_whole_number_of_seconds_and_the_queue_for_when_nobody_takes_the_call_back() -> None:
    answered = decision(EndpointDestination("anna", "PJSIP/anna"))

    assert ring_variables(Ring("anna", "PJSIP/anna", 4.2, only_idle=True), answered, "standard") == {
        "ARIROUTE_DEFAULT": "standard",
        "ARIROUTE_DIAL": "PJSIP/anna",
        "ARIROUTE_RING": "5",
        "ARIROUTE_IDLE": "1",
        "ARIROUTE_FLOW": "support",
        "ARIROUTE_REASON": answered.reason[:REASON_LIMIT],
        "ARIROUTE_DECIDED": "1",
    }
    assert ring_variables(Ring("bo", "PJSIP/bo", 0.2), answered, "standard")["ARIROUTE_IDLE"] == ""


def test_a_call_that_was_answered_is_never_handed_over() -> None:
    with pytest.raises(ValueError, match="answered"):
        variables(decision(EndpointDestination("anna", "PJSIP/anna")))


# What became of a hand-over


class ScriptedAri:
    """An Asterisk that answers hand-overs with these outcomes, one after the other, and then has this on the channel.

    ``decided`` is the value of ``ARIROUTE_DECIDED``; an error in its place is raised.
    """

    def __init__(self, *outcomes: AriError | None, decided: str | AriError | None = None) -> None:
        self.outcomes = list(outcomes)
        self.decided = decided

    async def hand_over(self, channel: str, wanted: Mapping[str, str]) -> None:
        if self.outcomes[0]:
            raise self.outcomes.pop(0)  # type: ignore[misc]  # without a name here, which its traceback would hold
        del self.outcomes[0]

    async def variable(self, channel: str, name: str) -> str | None:
        assert name == "ARIROUTE_DECIDED"
        if isinstance(self.decided, AriError):
            raise self.decided
        return self.decided


LATE = AriTimeout("no answer within 2 s")
CUT = AriDisconnected("the connection was lost")
FAILS = AriRefused(500, "out of memory", "POST channels/1/variables")
REFUSES = AriRefused(422, "unprocessable", "POST channels/1/variables")
GONE = ChannelGone(404, "Channel not found", "POST channels/1/variables")


async def handed_over(ari: ScriptedAri, *, has_left: bool = False) -> bool:
    return await hand_over(cast(Ari, ari), "1", {DECIDED: "1"}, lambda: has_left)


async def test_gone_at_the_first_try_is_gone_whatever_is_on_the_channel() -> None:
    assert not await handed_over(ScriptedAri(GONE, decided="1"), has_left=True)


@pytest.mark.parametrize("failure", [LATE, CUT, FAILS])
async def test_gone_at_the_second_try_with_the_decision_on_it_was_handed_over_by_the_first(failure: AriError) -> None:
    assert await handed_over(ScriptedAri(failure, GONE, decided="1"))


@pytest.mark.parametrize("failure", [LATE, CUT, FAILS])
@pytest.mark.parametrize("decided", [None, "", LATE])
async def test_gone_and_undecided_is_the_failure_of_the_first_try(
    failure: AriError, decided: str | AriError | None
) -> None:
    with pytest.raises(type(failure)):
        await handed_over(ScriptedAri(failure, GONE, decided=decided), has_left=True)


async def test_a_channel_that_has_left_meanwhile_is_asked_at_once() -> None:
    ari = ScriptedAri(LATE, None, decided="1")
    assert await handed_over(ari, has_left=True)
    assert ari.outcomes == [None]


@pytest.mark.parametrize("has_left", [True, False])
async def test_a_channel_that_is_no_more_was_handed_over_if_it_left_before_anybody_hung_up(has_left: bool) -> None:
    assert await handed_over(ScriptedAri(LATE, GONE, decided=GONE), has_left=has_left) is has_left


@pytest.mark.parametrize(
    ("outcomes", "tries"),
    [
        ([REFUSES], 1),
        ([FAILS, FAILS], 2),
        ([LATE, LATE], 2),
        ([CUT, LATE], 2),
        ([LATE, CUT], 2),
        ([CUT, CUT, CUT, CUT, CUT], 5),
    ],
)
async def test_how_often_it_is_tried(outcomes: list[AriError], tries: int) -> None:
    ari = ScriptedAri(*outcomes, None)
    with pytest.raises(type(outcomes[-1])):
        await handed_over(ari)
    assert len(outcomes) + 1 - len(ari.outcomes) == tries


@pytest.mark.parametrize("failure", [LATE, CUT, FAILS])
async def test_the_second_try_may_work(failure: AriError) -> None:
    assert await handed_over(ScriptedAri(failure, None))


@pytest.mark.parametrize("kind", [AriTimeout, AriDisconnected])
@pytest.mark.parametrize("then", [None, ChannelGone(404, "Channel not found", "POST channels/1/continue"), REFUSES])
async def test_a_failed_try_leaves_nothing_for_the_collector(kind: type[AriError], then: AriError | None) -> None:
    ari = ScriptedAri(kind("no answer"), then)
    failure = weakref.ref(ari.outcomes[0])
    gc.disable()
    try:
        with contextlib.suppress(AriError):
            await handed_over(ari)
        assert failure() is None
    finally:
        gc.enable()
