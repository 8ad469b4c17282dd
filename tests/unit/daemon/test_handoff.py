"""The decision as channel variables."""

from __future__ import annotations

import pytest

from ariroute.asterisk.variables import is_writable
from ariroute.daemon.handoff import NAME_LIMIT, REASON_LIMIT, ring_variables, variables
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
