"""``--expect``."""

from __future__ import annotations

import pytest

from ariroute.cli.expectation import expectation
from ariroute.errors import UnknownName, UnusableInput
from ariroute.flow.decision import Destination, HangUpDestination, QueueDestination

QUEUES = ("platinum", "gold")
GOLD = QueueDestination("gold", 20)


@pytest.mark.parametrize(
    ("text", "destination", "met"),
    [
        ("gold", GOLD, True),
        ("gold:20", GOLD, True),
        ("gold:10", GOLD, False),
        ("gold:0", QueueDestination("gold", 0), True),
        ("platinum", GOLD, False),
        ("hangup", GOLD, False),
        ("hangup", HangUpDestination(21), True),
        ("hangup:21", HangUpDestination(21), True),
        ("hangup:16", HangUpDestination(21), False),
        ("gold", HangUpDestination(), False),
    ],
)
def test_an_expectation_is_met_by_that_destination_alone(text: str, destination: Destination, met: bool) -> None:
    assert expectation(text, QUEUES).met_by(destination) is met


def test_when_a_queue_is_called_hangup_then_the_queue_is_meant() -> None:
    assert expectation("hangup", ["hangup"]).met_by(QueueDestination("hangup"))


@pytest.mark.parametrize(("text", "words"), [("gold:20", "queue gold, priority 20"), ("hangup", "hang up")])
def test_it_reads_as_a_destination_does(text: str, words: str) -> None:
    assert str(expectation(text, QUEUES)) == words


def test_when_the_queue_is_misspelt_then_it_is_no_failed_expectation_but_an_unknown_name() -> None:
    with pytest.raises(UnknownName, match="did you mean 'gold'"):
        expectation("glod", QUEUES)


@pytest.mark.parametrize("text", ["gold:high", "gold 20", ":20", "gold:", "gold:20:1"])
def test_when_it_is_malformed_then_the_forms_are_told(text: str) -> None:
    with pytest.raises(
        UnusableInput, match="write QUEUE, QUEUE:PRIORITY, hangup or hangup:CAUSE, voicemail:BOX or dial:NAME"
    ):
        expectation(text, QUEUES)
