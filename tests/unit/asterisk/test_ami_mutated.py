"""AMI's bytes, broken at random: whatever comes, nothing is raised into the event loop and nobody waits for ever."""

from __future__ import annotations

import asyncio
import contextlib
import random
from typing import Any

import pytest

from ariroute.asterisk.ami import ActionRefused, Ami
from ariroute.asterisk.ami_connection import OneConnection, WholeMessages
from ariroute.asterisk.settings import AmiSettings
from ariroute.errors import AmiError
from ariroute.values import Secret

COUNT = 1000
LIST = (
    b"Response: Success\r\nActionID: %b\r\nEventList: start\r\nMessage: Queue summary will follow\r\n\r\n"
    b"Event: QueueSummary\r\nQueue: gold\r\nLoggedIn: 2\r\nAvailable: 1\r\nCallers: 3\r\nActionID: %b\r\n\r\n"
    b"Event: QueueSummary\r\nQueue: standard\r\nLoggedIn: 2\r\nVariable: a=1\r\nVariable: b\r\nActionID: %b\r\n\r\n"
    b"Event: QueueSummaryComplete\r\nActionID: %b\r\nEventList: Complete\r\nListItems: 2\r\n\r\n"
)
PIECES = [
    b"\r\n",
    b"\r\n\r\n",
    b":",
    b": ",
    b"\0",
    b"\xff\xfe",
    b"Event: ",
    b"Response: Goodbye",
    b"--END COMMAND--",
    b"9" * 50,
]


class Wire(asyncio.Transport):
    """Where the client writes: nothing is on the other side but the test."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.closed = False

    def write(self, data: Any) -> None:
        self.written += data

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


def broken(text: bytes, dice: random.Random) -> bytes:
    """``text`` with one to five accidents."""
    for _ in range(dice.randint(1, 5)):
        at, length = dice.randrange(len(text) + 1), dice.randrange(40)
        match dice.randrange(5):
            case 0:
                text = text[:at] + text[at + length :]
            case 1:
                text = text[:at] + dice.choice(PIECES) + text[at:]
            case 2:
                text = text[:at] + dice.randbytes(length) + text[at:]
            case 3:
                text = text[:at] + text[at : at + length] * 2 + text[at + length :]
            case 4:
                text = text[: max(at, 1)]
    return text


@pytest.mark.parametrize("seed", range(4))
async def test_no_bytes_that_come_in_place_of_an_answer_do_harm(seed: int) -> None:
    dice = random.Random(seed)
    failures: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: failures.append(context))
    settings = AmiSettings(address="127.0.0.1:1", user="u", password=Secret("p"), timeout=0.02)
    answered = 0
    for _ in range(COUNT // 4):
        ami = Ami(settings)
        ami._manager = manager = OneConnection(host="127.0.0.1", port=1)
        wire, protocol = Wire(), WholeMessages(manager)
        attempt: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        protocol.connection_made(wire)
        attempt.set_result((wire, protocol))
        manager.connection_made(attempt)
        protocol.data_received(b"Asterisk Call Manager/9.0.0\r\n")
        asked = asyncio.ensure_future(ami.queue_summary())
        await asyncio.sleep(0)
        identifier = wire.written.rpartition(b"ActionID: ")[2].partition(b"\r\n")[0]
        text = broken(LIST % ((identifier,) * 4), dice)
        cut = dice.randrange(len(text) + 1)
        protocol.data_received(text[:cut])
        protocol.data_received(text[cut:])
        with contextlib.suppress(AmiError, ActionRefused):
            answered += all(isinstance(queue.queue, str) for queue in await asked)
        await ami.close()
    assert failures == []
    assert answered > 10  # many accidents leave an answer that can be read
