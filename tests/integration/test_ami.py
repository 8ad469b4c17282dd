"""The AMI client on a real Asterisk, and against peers that are none."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from ariroute.asterisk.ami import Ami, QueueSummary
from ariroute.asterisk.settings import AmiSettings
from ariroute.errors import AmiError, PbxRefused, PbxUnreachable
from ariroute.lab.asterisk import PrivateAsterisk
from ariroute.lab.ports import Ports
from ariroute.values import Secret


def settings_of(pbx: PrivateAsterisk, **changes: Any) -> AmiSettings:
    values = {"address": f"127.0.0.1:{pbx.ami_port}", "user": pbx.ami_user, "password": Secret(pbx.ami_password)}
    return AmiSettings.model_validate(values | changes)


@pytest.fixture(autouse=True)
async def no_task_is_left() -> AsyncIterator[None]:
    before = asyncio.all_tasks()
    yield
    assert not asyncio.all_tasks() - before - {asyncio.current_task()}


async def test_the_queues_are_told_by_name(pbx: PrivateAsterisk) -> None:
    async with Ami(settings_of(pbx)) as ami:
        queues = await ami.queue_summary()
    names = [queue.queue for queue in queues]
    assert names == sorted(names)
    assert {"platinum", "gold", "standard", "last"} <= set(names)
    assert all(isinstance(queue, QueueSummary) and queue.callers >= 0 for queue in queues)


async def test_no_events_are_sent_that_nobody_reads(pbx: PrivateAsterisk) -> None:
    """A busy PBX sends megabytes of them to whoever logs in without ``Events: off``."""
    async with Ami(settings_of(pbx)) as ami:
        manager = ami._manager
        assert manager is not None
        heard: list[str] = []
        manager.register_event("*", lambda manager, event: heard.append(event.event))
        member = {"Queue": "gold", "Interface": "Local/2@nowhere"}
        await ami.action("QueueAdd", member)  # sets off QueueMemberAdded
        await ami.action("QueueRemove", member)
        await ami.queue_summary()
    assert "QueueMemberAdded" not in heard


async def test_a_waiting_caller_counts(pbx: PrivateAsterisk) -> None:
    pbx.cli("channel originate Local/s@ariroute-deliver application Wait 30")
    async with Ami(settings_of(pbx)) as ami:
        async with asyncio.timeout(10):
            while True:
                if any(queue.queue == "standard" and queue.callers for queue in await ami.queue_summary()):
                    break
        pbx.cli("channel request hangup all")


async def test_members_come_and_go(pbx: PrivateAsterisk) -> None:
    """QueueAdd is the action whose answer panoramisk 1.4 takes for the start of a list."""
    member = {"Queue": "gold", "Interface": "Local/1@nowhere"}
    async with Ami(settings_of(pbx)) as ami:
        assert (await ami.action("QueueAdd", member))[0]["message"] == "Added interface to queue"
        with pytest.raises(AmiError, match="QueueAdd: Unable to add interface: Already there"):
            await ami.action("QueueAdd", member)
        await ami.action("QueueRemove", member)


async def test_an_action_without_rights_is_refused_and_not_awaited_for_ever(pbx: PrivateAsterisk) -> None:
    async with Ami(settings_of(pbx)) as ami:
        with pytest.raises(AmiError, match="Permission denied"):
            await ami.action("Command", {"Command": "core stop now"}, answers_with_list=True)


async def test_several_actions_at_once_get_their_own_answers(pbx: PrivateAsterisk) -> None:
    async with Ami(settings_of(pbx)) as ami:
        answers = await asyncio.gather(*(ami.queue_summary() for _ in range(20)))
    assert all(answer == answers[0] for answer in answers)


async def test_a_wrong_secret_is_refused_with_a_remedy(pbx: PrivateAsterisk) -> None:
    settings = settings_of(pbx, password=Secret("wrong and secret"))
    with pytest.raises(PbxRefused, match=r"refuses the AMI user 'ariroute'.*\[ariroute\] of manager.conf") as caught:
        await Ami(settings).connect()
    assert "wrong and secret" not in str(caught.value)


async def test_nobody_listening_is_unreachable() -> None:
    with Ports(1) as (port,):
        settings = AmiSettings(address=f"127.0.0.1:{port}", user="a", password=Secret("b"))
        with pytest.raises(PbxUnreachable, match="cannot be reached"):
            await Ami(settings).connect()


@pytest.mark.parametrize("text", ["x\r\nAction: QueueRemove", "x\n", "x\r", "x\0"])
async def test_a_line_break_in_a_value_is_refused_before_anything_is_sent(text: str) -> None:
    async with peer(scripted(BANNER)) as settings:
        ami = Ami(settings)
        for fields in ({"Queue": text}, {text: "gold"}):
            with pytest.raises(ValueError, match=r"line break|no name"):
                await ami.action("QueueAdd", fields)


# Peers that are no Asterisk, or a bad one.

BANNER = b"Asterisk Call Manager/9.0.0\r\n"
Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def scripted(*parts: bytes, close: bool = False) -> Handler:
    """Says the first part at once, each other one after an action, then nothing more. ``{id}`` is the action's id."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            for number, part in enumerate(parts):
                identifier = b""
                if number:
                    action = await reader.readuntil(b"\r\n\r\n")
                    identifier = action.partition(b"ActionID: ")[2].partition(b"\r\n")[0]
                text = part.replace(b"{id}", identifier)
                for index in range(0, len(text), 7):  # in small pieces, as TCP may
                    writer.write(text[index : index + 7])
                    await writer.drain()
                    await asyncio.sleep(0)
            if not close:
                await reader.read()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    return handle


@asynccontextmanager
async def peer(handler: Handler) -> AsyncIterator[AmiSettings]:
    serving: set[asyncio.Task[Any]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        serving.add(task)
        try:
            await handler(reader, writer)
        except asyncio.CancelledError:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield AmiSettings(address=f"127.0.0.1:{port}", user="u", password=Secret("p"), timeout=0.3)
    finally:
        server.close()
        await asyncio.sleep(0.01)  # a connection that was just accepted gets its task
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving)


WELCOME = b"Response: Success\r\nActionID: {id}\r\nMessage: Authentication accepted\r\n\r\n"


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        ((b"",), "did not answer within 0.3 s"),
        ((b"SSH-2.0-OpenSSH_9.2\r\n",), "no AMI"),
        ((BANNER, b"\xff\xfe garbage \r\n\r\n"), "no answer within 0.3 s"),
    ],
)
async def test_a_peer_that_is_no_ami_is_unreachable_within_the_deadline(
    script: tuple[bytes, ...], sentence: str
) -> None:
    async with peer(scripted(*script)) as settings:
        with pytest.raises(PbxUnreachable, match=sentence):
            await Ami(settings).connect()


async def test_an_action_that_gets_no_answer_ends_at_its_deadline() -> None:
    async with peer(scripted(BANNER, WELCOME)) as settings, Ami(settings) as ami:
        with pytest.raises(AmiError, match=r"QueueSummary: no answer within 0.3 s"):
            await ami.queue_summary()


async def test_a_connection_lost_under_an_action_ends_it_at_once_and_nothing_is_sent_again() -> None:
    connections = 0
    close_after_login = scripted(BANNER, WELCOME, b"", close=True)

    async def counting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await close_after_login(reader, writer)

    async with peer(counting) as settings, Ami(settings) as ami:
        with pytest.raises(AmiError, match="Asterisk closed the connection"):
            await ami.action("QueueAdd", {"Queue": "gold", "Interface": "Local/1@x"})
        with pytest.raises(AmiError, match="not connected"):
            await ami.action("Ping")
        assert connections == 1


async def test_characters_that_tcp_splits_stay_whole() -> None:
    summary = (
        "Response: Success\r\nActionID: {id}\r\nEventList: start\r\nMessage: Queue summary will follow\r\n\r\n"
        "Event: QueueSummary\r\nQueue: växel-東京-🙂\r\nLoggedIn: 2\r\nCallers: many\r\nActionID: {id}\r\n\r\n"
        "Event: QueueSummaryComplete\r\nActionID: {id}\r\nEventList: Complete\r\n\r\n"
    ).encode()
    async with peer(scripted(BANNER, WELCOME, summary)) as settings, Ami(settings) as ami:
        (queue,) = await ami.queue_summary()
    assert queue == QueueSummary("växel-東京-🙂", 2, 0, 0, 0, 0, 0)
