"""The decision as channel variables."""

from __future__ import annotations

import pytest

from ariroute.asterisk.variables import is_writable
from ariroute.daemon.handoff import REASON_LIMIT, variables
from ariroute.flow.decision import Decision, Destination, HangUpDestination, QueueDestination


def decision(destination: Destination, **variables: str) -> Decision:
    return Decision("1.0", "support", destination, "because " * 100, variables=variables)


@pytest.mark.parametrize(
    ("destination", "first"),
    [
        (QueueDestination("gold", -3), {"ARIROUTE_QUEUE": "gold", "QUEUE_PRIO": "-3"}),
        (HangUpDestination(21), {"ARIROUTE_HANGUP": "21"}),
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
    both: list[Destination] = [QueueDestination("gold"), HangUpDestination()]
    assert all(is_writable(name) for each in both for name in variables(decision(each, segment="vip")))
