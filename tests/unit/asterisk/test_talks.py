"""The end of a talk has a caller, also where app_queue does not name them."""

from __future__ import annotations

import pytest

from ariroute.asterisk.ami_link import AmiLink
from ariroute.asterisk.queue_events import Ended, QueueEvent
from ariroute.asterisk.settings import AmiSettings
from ariroute.asterisk.talks import Talks

CONNECT = {"event": "AgentConnect", "queue": "gold", "interface": "PJSIP/a5", "uniqueid": "17.64"}
COMPLETE = {
    "event": "AgentComplete",
    "queue": "gold",
    "interface": "PJSIP/a5",
    "membername": "a5",
    "holdtime": "1",
    "talktime": "7",
    "reason": "caller",
    "timestamp": "1795334726.711952",
}
"""As Asterisk 22.10.1 sent it for a caller who had hung up: nothing of either channel."""


def test_a_completion_without_a_caller_is_that_of_the_talk_that_began() -> None:
    talks = Talks()

    assert talks.named(CONNECT) is CONNECT
    assert talks.named(COMPLETE) == {**COMPLETE, "uniqueid": "17.64"}
    assert talks.named(COMPLETE) is COMPLETE  # it was that one only


def test_a_completion_that_names_its_caller_is_left_as_it_is() -> None:
    talks = Talks()
    talks.named(CONNECT)
    named = {**COMPLETE, "uniqueid": "18.1"}

    assert talks.named(named) is named
    assert talks.named(COMPLETE) is COMPLETE


@pytest.mark.parametrize("other", [{"queue": "silver"}, {"interface": "PJSIP/a6"}])
def test_another_queue_or_member_does_not_count(other: dict[str, str]) -> None:
    talks = Talks()
    talks.named({**CONNECT, **other})

    assert talks.named(COMPLETE) is COMPLETE


def test_the_link_tells_of_the_end_of_such_a_talk() -> None:
    heard: list[QueueEvent] = []
    settings = AmiSettings.model_validate({"address": "127.0.0.1:5038", "user": "ariroute", "password": "x"})
    link = AmiLink(settings, on_event=heard.append)

    link._told(CONNECT)
    link._told(COMPLETE)

    assert heard[1] == Ended(1795334726.711952, "17.64", "gold", "a5", 1, 7, "caller", "PJSIP/a5")
