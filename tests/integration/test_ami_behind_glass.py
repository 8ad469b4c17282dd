"""Each known fault of panoramisk 1.4: bare panoramisk has it (in the day it no longer has, that half fails and our
guard against it may go), and our client over the same panoramisk has it not.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from panoramisk import Manager
from panoramisk.ami_protocol import AMIProtocol

from ariroute.asterisk.ami import Ami
from ariroute.asterisk.ami_link import AmiLink
from ariroute.asterisk.settings import AmiSettings
from ariroute.errors import AmiError, PbxRefused
from ariroute.lab.asterisk import PrivateAsterisk
from ariroute.lab.relay import Relay
from ariroute.web.serve import _spare_the_collector

from .test_ami import BANNER, WELCOME, peer, scripted, settings_of

PATIENCE = 1.0
"""Seconds after which something that takes milliseconds is taken to last for ever."""
MEMBER = {"Queue": "gold", "Interface": "Local/1@nowhere"}
QUEUES, MEMBERS = 50, 200
BLOCKED = 0.02
"""Seconds of computing in one go that nothing here may take: callers wait meanwhile."""


@contextlib.asynccontextmanager
async def bare(settings: AmiSettings, **config: Any) -> AsyncIterator[Manager]:
    """panoramisk as its own documentation uses it, logged in or not."""
    quiet = logging.getLogger("panoramisk.as.it.is")
    quiet.setLevel(logging.CRITICAL)
    made: list[AMIProtocol] = []

    def protocol() -> AMIProtocol:
        made.append(AMIProtocol())
        return made[-1]

    manager = Manager(
        loop=asyncio.get_running_loop(),
        host=settings.host,
        port=settings.port,
        username=settings.user,
        secret=settings.password.reveal(),
        log=quiet,
        protocol_factory=protocol,
        **config,
    )
    try:
        await manager.connect()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(manager.authenticated_future), PATIENCE)
        yield manager
    finally:
        manager.connect = manager.connection_lost = lambda *_: None  # or it would connect again for ever
        await asyncio.sleep(0.01)  # an attempt that was put off begins
        if connecting := [task for task in asyncio.all_tasks() if "create_connection" in repr(task.get_coro())]:
            await asyncio.wait(connecting)
        manager.close()
        for one in made:
            one.transport.abort()
        await asyncio.sleep(0.01)


async def is_answered(answer: asyncio.Future[Any], within: float = PATIENCE) -> bool:
    done, _ = await asyncio.wait([answer], timeout=within)
    return bool(done)


async def members(pbx: PrivateAsterisk) -> str:
    return await asyncio.to_thread(pbx.cli, "queue show gold")


async def test_adding_a_member_is_answered(pbx: PrivateAsterisk) -> None:
    """panoramisk takes "Added interface to queue" for the first message of a list, and waits for its end."""
    async with bare(settings_of(pbx)) as manager:
        assert not await is_answered(manager.send_action({"Action": "QueueAdd", **MEMBER}))
        await manager.send_action({"Action": "QueueRemove", **MEMBER}, as_list=False)

    async with Ami(settings_of(pbx)) as ami:
        (answer,) = await ami.action("QueueAdd", MEMBER)
        assert answer["message"] == "Added interface to queue"
        await ami.action("QueueRemove", MEMBER)


async def test_an_answer_that_never_comes_is_not_waited_for() -> None:
    async with peer(scripted(BANNER, WELCOME)) as settings:
        async with bare(settings) as manager:
            assert not await is_answered(manager.send_action({"Action": "Ping"}))
        async with Ami(settings) as ami:
            with pytest.raises(AmiError, match=r"no answer within 0\.3 s"):
                await ami.action("Ping")


async def test_an_error_in_place_of_a_list_is_not_waited_for(pbx22: PrivateAsterisk) -> None:
    """Told that a list comes, panoramisk waits for its end also when Asterisk refuses."""
    refused = {"Action": "CoreShowChannels"}
    async with bare(settings_of(pbx22)) as manager:
        assert not await is_answered(manager.send_action(refused, as_list=True))
    async with Ami(settings_of(pbx22)) as ami:
        with pytest.raises(AmiError, match="Permission denied"):
            await ami.action("CoreShowChannels", answers_with_list=True)


async def test_a_value_cannot_hold_a_second_action(pbx: PrivateAsterisk) -> None:
    hidden = f"gold\r\n\r\nAction: QueueAdd\r\nQueue: gold\r\nInterface: {MEMBER['Interface']}"
    async with bare(settings_of(pbx)) as manager:
        await asyncio.wait([manager.send_action({"Action": "QueueSummary", "Queue": hidden})], timeout=PATIENCE)
        assert MEMBER["Interface"] in await members(pbx)
        await manager.send_action({"Action": "QueueRemove", **MEMBER}, as_list=False)

    async with Ami(settings_of(pbx)) as ami:
        with pytest.raises(ValueError, match="line break"):
            await ami.action("QueueSummary", {"Queue": hidden})
        await ami.action("Ping")
        assert MEMBER["Interface"] not in await members(pbx)


async def test_a_refused_login_is_an_error(pbx: PrivateAsterisk) -> None:
    wrong = settings_of(pbx, user="nobody")
    async with bare(wrong) as manager:
        assert not manager.authenticated  # and not a word
    with pytest.raises(PbxRefused, match=r"refuses the AMI user 'nobody': compare user and password"):
        await Ami(wrong).connect()


async def test_to_ask_before_connecting_is_an_error_of_ours(pbx22: PrivateAsterisk) -> None:
    settings = settings_of(pbx22)
    with pytest.raises(AttributeError):
        Manager(loop=asyncio.get_running_loop()).send_action({"Action": "Ping"})
    with pytest.raises(AmiError, match="not connected"):
        await Ami(settings).action("Ping")


async def test_nothing_is_sent_again_after_a_loss() -> None:
    """What was asked before the link broke must not happen minutes later: by then it may be wrong."""
    asked: list[bytes] = []

    async def hang_up_on_the_first_question(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            writer.write(BANNER)
            login = await reader.readuntil(b"\r\n\r\n")
            writer.write(answer_to(login, WELCOME) + b"Event: FullyBooted\r\nStatus: Fully Booted\r\n\r\n")
            asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.close()

    async with peer(hang_up_on_the_first_question) as settings:
        async with bare(settings, reconnect_timeout=1) as manager:
            manager.send_action({"Action": "QueueAdd", **MEMBER}, as_list=False)
            await comes_true(lambda: len(asked) == 2)
        assert all(b"QueueAdd" in action for action in asked)

        asked.clear()
        link = AmiLink(settings, ping_every=0.1)
        running = asyncio.ensure_future(link.run())
        try:
            await up(link, 1)
            with pytest.raises(AmiError, match="QueueAdd: Asterisk closed the connection"):
                await link.ask(lambda ami: ami.action("QueueAdd", MEMBER))
            await up(link, 3)
        finally:
            running.cancel()
            await asyncio.wait([running])
        assert [b"QueueAdd" in action for action in asked[:2]] == [True, False]


def answer_to(action: bytes, text: bytes) -> bytes:
    return text.replace(b"{id}", action.partition(b"ActionID: ")[2].partition(b"\r\n")[0])


async def up(link: AmiLink, connects: int) -> None:
    await comes_true(lambda: link.is_up and link.connects >= connects)


async def comes_true(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while True:
            if condition():
                return
            await asyncio.sleep(0.01)


async def test_a_dead_link_is_found_out_within_ten_seconds(pbx22: PrivateAsterisk) -> None:
    """With the settings that everybody has: a ping each 5 s, whose answer is waited for."""
    with Relay(pbx22.ami_port) as relay:
        settings = settings_of(pbx22, address=f"127.0.0.1:{relay.port}")
        async with bare(settings, ping_delay=1, ping_interval=1) as manager:
            link = AmiLink(settings)
            running = asyncio.ensure_future(link.run())
            try:
                await up(link, 1)
                relay.is_deaf, since = True, time.monotonic()
                while link.is_up:
                    assert time.monotonic() < since + 10
                    await asyncio.sleep(0.05)
            finally:
                running.cancel()
                await asyncio.wait([running])
            assert manager._connected  # several pings later


async def test_characters_in_two_packets_stay_whole() -> None:
    answer = "Response: Success\r\nActionID: {id}\r\nMessage: växel-東京\r\n\r\n".encode()

    async def in_two_packets(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            writer.write(BANNER)
            writer.write(answer_to(await reader.readuntil(b"\r\n\r\n"), WELCOME))
            text = answer_to(await reader.readuntil(b"\r\n\r\n"), answer)
            half = text.index("ä".encode()) + 1
            writer.write(text[:half])
            await asyncio.sleep(0.05)  # so that it leaves alone
            writer.write(text[half:])
            await reader.read()
        writer.close()

    async with peer(in_two_packets) as settings:
        async with bare(settings) as manager:
            assert (await manager.send_action({"Action": "Ping"})).message == "vxel-東京"
        async with Ami(settings) as ami:
            (message,) = await ami.action("Ping")
            assert message["message"] == "växel-東京"


class Beat:
    """The longest time that this thread computed without letting the event loop go on.

    Measured as CPU time of the thread, so that other programs on the machine do not count.
    """

    def __init__(self) -> None:
        self.longest = 0.0

    async def __aenter__(self) -> Beat:
        self._threshold = gc.get_threshold()
        _spare_the_collector()  # as the daemon does
        self._task = asyncio.ensure_future(self._beat())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.wait([self._task])
        gc.unfreeze()
        gc.set_threshold(*self._threshold)

    async def _beat(self) -> None:
        last = time.thread_time()
        while True:
            await asyncio.sleep(0)
            now = time.thread_time()
            self.longest, last = max(self.longest, now - last), now


@pytest.fixture(scope="module")
def large_pbx(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Fifty queues of two hundred members."""
    queues = "".join(
        f"[q{queue}]\nstrategy = ringall\n" + "".join(f"member = Local/{n}@none,0,Agent {n}\n" for n in range(MEMBERS))
        for queue in range(QUEUES)
    )
    with PrivateAsterisk(Path(tmp_path_factory.mktemp("large")), release="22", extra_queues=queues) as pbx:
        yield pbx


async def test_a_large_list_does_not_hold_up_the_event_loop(large_pbx: PrivateAsterisk) -> None:
    async with Ami(settings_of(large_pbx, timeout=30.0)) as ami:
        async with Beat() as beat:
            messages = await ami.action("QueueStatus", answers_with_list=True)
        assert sum(message.get("event") == "QueueMember" for message in messages) == QUEUES * MEMBERS
    assert beat.longest < BLOCKED, f"{beat.longest * 1000:.1f} ms"
