"""The port to the PBXs without any: what a lookup is told then."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from ariroute.asterisk.ami import ActionRefused
from ariroute.asterisk.ami_link import AmiLink
from ariroute.asterisk.settings import AmiSettings
from ariroute.daemon.pbx_facts import LivePbxFacts
from ariroute.errors import AmiError, AriDisconnected, AriError, AriRefused, AriTimeout, ChannelGone, LookupFailed
from ariroute.values import Secret


class OneAnswer:
    """An ARI, and an AMI link, whose every answer is this one; an exception is raised."""

    def __init__(self, answer: Any) -> None:
        self._answer = answer

    async def value_of(self, channel: str, name: str) -> Any:
        return self._given()

    async def ask(self, question: Any) -> Any:
        return self._given()

    def _given(self) -> Any:
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


@dataclass
class Pbx:
    ari: Any = None
    ami: Any = None


def facts(**pbx: Any) -> LivePbxFacts:
    return LivePbxFacts({"pbx1": Pbx(**pbx)})


@pytest.mark.parametrize(
    ("fault", "reason", "asked"),
    [
        (ChannelGone(404, "Channel not found", "GET x"), "error: the call has ended", False),
        (AriTimeout("no answer within 2 s"), "timeout", True),
        (AriDisconnected("lost"), "refused", False),
        (AriRefused(403, "Forbidden", "GET x"), "status", True),
        (AriError("no value"), "refused", False),
    ],
)
async def test_what_ari_raises_has_a_name(fault: AriError, reason: str, asked: bool) -> None:
    port = facts(ari=OneAnswer(fault))
    for question in (port.variable("pbx1", "1.1", "A"), port.database_has("pbx1", "1.1", "vip", "x")):
        with pytest.raises(LookupFailed, match=f"^{reason}") as caught:
            await question
        assert caught.value.asked is asked


async def test_a_function_without_a_value_is_empty_but_not_a_key_that_is_not_there() -> None:
    port = facts(ari=OneAnswer(AriRefused(500, "Unable to read provided function", "GET x")))
    assert await port.variable("pbx1", "1.1", "PJSIP_HEADER(read,X-A)") is None
    with pytest.raises(LookupFailed, match="status"):  # func_db is not loaded: that is no answer
        await port.database_has("pbx1", "1.1", "vip", "x")


@pytest.mark.parametrize(
    ("fault", "detail", "asked"),
    [
        (AmiError("AMI at x: DBGet: no answer within 3 s"), "no answer within 3 s", True),
        (ActionRefused("AMI at x", "DBGet", "Permission denied"), "see write in the user's section", False),
        (ActionRefused("AMI at x", "DBGet", "No family specified"), "DBGet: No family specified$", False),
    ],
)
async def test_what_ami_raises_is_refused(fault: AmiError, detail: str, asked: bool) -> None:
    port = facts(ami=OneAnswer(fault))
    for question in (port.database_value("pbx1", "vip", "x"), port.queue_state("pbx1", "gold")):
        with pytest.raises(LookupFailed, match=f"^refused: .*{detail}") as caught:
            await question
        assert caught.value.asked is asked


async def test_without_ami_it_says_what_to_write() -> None:
    with pytest.raises(LookupFailed, match=r"needs AMI: add ami to asterisk\.pbx1 in the flow file"):
        await facts().queue_state("pbx1", "gold")


async def test_a_link_that_is_down_is_not_waited_for() -> None:
    link = AmiLink(AmiSettings(user="a", password=Secret("b")), "pbx1")
    with pytest.raises(LookupFailed, match="refused: AMI of pbx1: not connected yet") as caught:
        await facts(ami=link).queue_state("pbx1", "gold")
    assert not caught.value.asked


async def test_a_pbx_that_is_not_in_the_file() -> None:
    for question in (facts().variable("x", "1.1", "A"), facts().queue_state("x", "gold")):
        with pytest.raises(LookupFailed, match="error: there is no PBX 'x'"):
            await question
