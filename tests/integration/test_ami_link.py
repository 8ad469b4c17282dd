"""The AMI connection of a daemon: made in the background, given up when it is deaf, made again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from ariroute.asterisk.ami import QueueSummary
from ariroute.asterisk.ami_link import PING_EVERY, REFUSED_PAUSE, AmiDown, AmiLink
from ariroute.asterisk.settings import AmiSettings
from ariroute.errors import AmiError
from ariroute.lab.asterisk import PrivateAsterisk
from ariroute.lab.ports import Ports
from ariroute.lab.relay import Relay
from ariroute.values import Secret


async def until(condition: Callable[[], Any], timeout: float = 10.0) -> None:
    async with asyncio.timeout(timeout):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.01)


def settings_of(pbx: PrivateAsterisk, port: int = 0, secret: str = "") -> AmiSettings:
    return AmiSettings(
        address=f"127.0.0.1:{port or pbx.ami_port}",
        user=pbx.ami_user,
        password=Secret(secret or pbx.ami_password),
        timeout=3.0,  # Asterisk takes a second to refuse a secret
    )


@asynccontextmanager
async def running(
    settings: AmiSettings, *, ping_every: float = PING_EVERY, refused_pause: float = REFUSED_PAUSE
) -> AsyncIterator[AmiLink]:
    """A link that runs; at the end nothing of it is left."""
    before = asyncio.all_tasks()
    link = AmiLink(settings, "pbx1", ping_every=ping_every, refused_pause=refused_pause)
    life = asyncio.create_task(link.run())
    try:
        yield link
    finally:
        life.cancel()
        await asyncio.gather(life, return_exceptions=True)
        assert not link.is_up
        await until(lambda: asyncio.all_tasks() <= before, timeout=1.0)


async def test_it_connects_by_itself_and_answers(pbx: PrivateAsterisk) -> None:
    async with running(settings_of(pbx)) as link:
        await until(lambda: link.is_up)
        assert link.failure == ""
        assert [each.queue for each in await link.ask(lambda ami: ami.queue_summary("gold"))] == ["gold"]
        assert await link.ask(lambda ami: ami.queue_summary("nowhere")) == []


async def test_nothing_is_waited_for_while_it_is_down() -> None:
    with Ports(1) as (port,):
        settings = AmiSettings(address=f"127.0.0.1:{port}", user="a", password=Secret("b"))
        async with running(settings) as link:
            with pytest.raises(AmiDown, match="AMI of pbx1: not connected yet"):
                await link.ask(lambda ami: ami.queue_summary())
            await until(lambda: "cannot be reached" in link.failure)
            with pytest.raises(AmiDown, match="Connection refused"):
                await link.ask(lambda ami: ami.queue_summary())


async def test_a_wrong_secret_is_said_once_and_seldom_tried_again(
    pbx22: PrivateAsterisk, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "ariroute.asterisk.ami_link"):
        async with running(settings_of(pbx22, secret="wrong and secret"), refused_pause=0.1) as link:
            await until(lambda: "refuses the AMI user" in link.failure)
            await asyncio.sleep(0.5)  # some more tries
            assert not link.is_up
    said = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(said) == 1
    assert said[0].startswith("pbx1: AMI at")
    assert said[0].endswith("connecting again in 0.1 s")
    assert "wrong and secret" not in caplog.text


async def test_a_secret_that_is_mended_is_found_out(pbx22: PrivateAsterisk) -> None:
    async with running(settings_of(pbx22, secret="new"), refused_pause=0.1) as link:
        await until(lambda: "refuses the AMI user" in link.failure)
        manager = pbx22.directory / "etc" / "manager.conf"
        before = manager.read_text()
        manager.write_text(before.replace(pbx22.ami_password, "new"))
        try:
            pbx22.cli("manager reload")
            await until(lambda: link.is_up)
        finally:
            manager.write_text(before)
            pbx22.cli("manager reload")


async def test_a_question_without_an_answer_makes_it_look_and_connect_anew(pbx22: PrivateAsterisk) -> None:
    with Relay(pbx22.ami_port) as relay:
        async with running(settings_of(pbx22, relay.port), ping_every=60.0) as link:
            await until(lambda: link.is_up)
            relay.is_deaf = True
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):  # the lookup's own deadline
                    await link.ask(lambda ami: ami.queue_summary())
            await until(lambda: not link.is_up, timeout=3.0)
            assert "does not answer any more" in link.failure
            relay.is_deaf = False
            relay.reset()
            await until(lambda: link.is_up)
            assert link.connects == 2


async def test_without_questions_the_ping_finds_it_out(pbx22: PrivateAsterisk) -> None:
    with Relay(pbx22.ami_port) as relay:
        async with running(settings_of(pbx22, relay.port), ping_every=0.1) as link:
            await until(lambda: link.is_up)
            await asyncio.sleep(0.5)  # some pings with answers
            assert link.connects == 1
            relay.is_deaf = True
            await until(lambda: not link.is_up, timeout=3.0)


async def test_a_connection_that_breaks_ends_what_waits_and_is_made_again(pbx22: PrivateAsterisk) -> None:
    with Relay(pbx22.ami_port) as relay:
        async with running(settings_of(pbx22, relay.port)) as link:
            await until(lambda: link.is_up)
            relay.is_deaf = True
            waiting = asyncio.create_task(link.ask(lambda ami: ami.queue_summary()))
            await asyncio.sleep(0)
            relay.reset()
            with pytest.raises(AmiError, match="closed the connection"):
                await waiting
            relay.is_deaf = False
            await until(lambda: link.is_up and link.connects == 2)
            assert await link.ask(lambda ami: ami.queue_summary("gold"))


async def test_a_refused_action_is_no_reason_to_doubt(pbx22: PrivateAsterisk) -> None:
    async with running(settings_of(pbx22), ping_every=60.0) as link:
        await until(lambda: link.is_up)
        with pytest.raises(AmiError, match="Permission denied"):
            await link.ask(lambda ami: ami.database_value("vip", "x"))
        assert not link._doubt.is_set()
        assert link.is_up


async def test_many_questions_at_once_get_their_own_answers(pbx: PrivateAsterisk) -> None:
    async def asked(link: AmiLink, name: str) -> list[QueueSummary]:
        return await link.ask(lambda ami: ami.queue_summary(name))

    async with running(settings_of(pbx)) as link:
        await until(lambda: link.is_up)
        names = ["gold", "platinum", "standard", "nowhere"] * 25
        answers = await asyncio.gather(*(asked(link, name) for name in names))
    assert [[each.queue for each in answer] for answer in answers] == [
        [] if name == "nowhere" else [name] for name in names
    ]
