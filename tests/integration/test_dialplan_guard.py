"""Our dialplan on real Asterisks: whatever becomes of the daemon, each call reaches a queue, and the right one.

The verdict comes from queue_log and from the channels that are there, never from the client that plays the daemon.
"""

from __future__ import annotations

import asyncio
import itertools
import time
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import aiohttp
import pytest

from ariroute.lab.asterisk import PrivateAsterisk
from ariroute.lab.records import CelEvent, CelRow, QueueEvent, QueueRow, parse_cel_row, parse_queue_row

GUARD = 4.0
SLACK = 1.0  # of a busy machine, for what takes milliseconds


class Stage:
    """Calls placed by ARI, and a Stasis application of this test's own that does nothing by itself."""

    def __init__(self, pbx: PrivateAsterisk, http: aiohttp.ClientSession) -> None:
        self.pbx = pbx
        self.http = http
        self.app = f"app-{uuid.uuid4().hex[:8]}"
        self.entered: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._numbers = itertools.count(1)
        self._phones: list[str] = []

    async def ari(self, method: str, path: str, **arguments: Any) -> tuple[int, Any]:
        """Make one request of ARI and return status and answer."""
        async with self.http.request(method, f"{self.pbx.ari_url}/ari/{path}", **arguments) as response:
            text = await response.text()
            return response.status, await response.json() if text else None

    async def listen(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for message in socket:
            event = message.json()
            if event["type"] == "StasisStart":
                self.entered.put_nowait(event)

    async def call(
        self, dialled: str = "5551234", variables: Mapping[str, str] | None = None, context: str = "ariroute-demo"
    ) -> str:
        """Place a call and return its Uniqueid."""
        caller = f"caller-{self.app}-{next(self._numbers)}"
        inherited = {f"__{name}": value for name, value in {"ARIROUTE_APP": self.app, **(variables or {})}.items()}
        query = {
            "endpoint": f"Local/{dialled}@{context}/n",
            "context": "test-phone",
            "extension": "s",
            "priority": "1",
            "channelId": f"phone-{caller}",
            "otherChannelId": caller,
            "formats": "ulaw",
        }
        status, answer = await self.ari("POST", "channels", params=query, json={"variables": inherited})
        assert status == 200, answer
        self._phones.append(f"phone-{caller}")
        return caller

    async def decide(self, caller: str, **variables: str) -> None:
        """Do as the daemon does: the variables in order, then continue."""
        for name, value in variables.items():
            status, _ = await self.ari("POST", f"channels/{caller}/variable", params={"variable": name, "value": value})
            assert status == 204
        status, _ = await self.ari("POST", f"channels/{caller}/continue")
        assert status == 204

    async def next_start(self) -> dict[str, Any]:
        """The next StasisStart."""
        return await asyncio.wait_for(self.entered.get(), 5)

    def rows(self, caller: str) -> list[QueueRow]:
        """What queue_log says of one call."""
        whole, _, _ = self.pbx.queue_log.read_text(encoding="utf-8").rpartition("\n")
        return [row for row in map(parse_queue_row, whole.splitlines()) if row.uniqueid == caller]

    def queues(self, caller: str) -> list[str]:
        """The queues that the call entered, in order."""
        return [row.queue for row in self.rows(caller) if row.event is QueueEvent.ENTERQUEUE]

    async def in_queue(self, caller: str, within: float) -> list[str]:
        """Wait until the call is in a queue and return all that it entered."""
        await until(lambda: bool(self.queues(caller)), within, f"{caller} in a queue")
        return self.queues(caller)

    async def waiting(self, caller: str) -> dict[str, str]:
        """Variables of a call that waits in a queue; the call must be there."""
        values = {}
        for name in ("QUEUE_PRIO", "ARIROUTE_QUEUE", "QUEUESTATUS"):
            status, answer = await self.ari("GET", f"channels/{caller}/variable", params={"variable": name})
            values[name] = answer["value"] if status == 200 else ""
        return values

    async def is_up(self, caller: str) -> bool:
        status, _ = await self.ari("GET", f"channels/{caller}")
        return status == 200

    async def hangup_cause(self, caller: str) -> object:
        """The Q.850 cause with which the call ended, from the channel event log."""

        def ends() -> list[CelRow]:
            whole, _, _ = self.pbx.cel_log.read_text(encoding="utf-8").rpartition("\n")
            rows = map(parse_cel_row, whole.splitlines())
            return [row for row in rows if row.uniqueid == caller and row.event is CelEvent.HANGUP]

        await until(lambda: bool(ends()), SLACK, f"{caller} in the channel event log as hung up")
        return ends()[0].extra["hangupcause"]

    async def gone(self, caller: str, within: float = 5) -> None:
        """Wait until the call has ended."""
        deadline = time.monotonic() + within
        while await self.is_up(caller):
            assert time.monotonic() < deadline, f"{caller} is still there after {within} s"
            await asyncio.sleep(0.02)

    async def close(self) -> None:
        for phone in self._phones:
            await self.ari("DELETE", f"channels/{phone}")
        for phone in self._phones:
            await self.gone(phone.removeprefix("phone-"))


async def until(condition: Callable[[], bool], within: float, what: str) -> None:
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, f"{what}: not within {within} s"
        await asyncio.sleep(0.02)


@pytest.fixture
async def stage(pbx: PrivateAsterisk) -> AsyncIterator[Stage]:
    """No daemon is connected."""
    headers = {"Authorization": aiohttp.encode_basic_auth(pbx.ari_user, pbx.ari_password)}
    async with aiohttp.ClientSession(headers=headers) as http:
        stage = Stage(pbx, http)
        yield stage
        await stage.close()


@pytest.fixture
async def daemon(stage: Stage) -> AsyncIterator[Stage]:
    """A daemon is connected, and says nothing unless the test does."""
    url = f"{stage.pbx.ari_url}/ari/events"
    async with stage.http.ws_connect(url, params={"app": stage.app}) as socket:
        listening = asyncio.create_task(stage.listen(socket), name="listen")
        yield stage
        listening.cancel()


async def test_when_no_daemon_is_connected_then_the_call_is_in_the_default_queue_at_once(stage: Stage) -> None:
    caller = await stage.call()

    assert await stage.in_queue(caller, within=SLACK) == ["standard"]
    assert await stage.waiting(caller) == {"QUEUE_PRIO": "0", "ARIROUTE_QUEUE": "", "QUEUESTATUS": ""}


async def test_when_the_daemon_is_silent_then_the_guard_takes_the_call_to_the_default_queue(daemon: Stage) -> None:
    caller = await daemon.call()
    await daemon.next_start()
    started = time.monotonic()

    assert await daemon.in_queue(caller, within=GUARD + SLACK) == ["standard"]
    assert time.monotonic() - started > GUARD - 0.5


async def test_when_decided_then_the_call_is_in_that_queue_with_that_priority(daemon: Stage) -> None:
    caller = await daemon.call()
    await daemon.next_start()

    await daemon.decide(caller, ARIROUTE_QUEUE="gold", QUEUE_PRIO="7", ARIROUTE_DECIDED="1")

    assert await daemon.in_queue(caller, within=SLACK) == ["gold"]
    assert (await daemon.waiting(caller))["QUEUE_PRIO"] == "7"


async def test_when_the_name_of_a_queue_has_every_kind_of_character_then_it_is_found(daemon: Stage) -> None:
    decided = await daemon.call(variables={"ARIROUTE_DEFAULT": "gold"})
    await daemon.next_start()
    await daemon.decide(decided, ARIROUTE_QUEUE="Night-shift_2", ARIROUTE_DECIDED="1")
    undecided = await daemon.call(variables={"ARIROUTE_DEFAULT": "Night-shift_2"})
    await daemon.next_start()
    await daemon.decide(undecided)

    assert await daemon.in_queue(decided, within=SLACK) == ["Night-shift_2"]
    assert await daemon.in_queue(undecided, within=SLACK) == ["Night-shift_2"]


async def test_when_two_callers_wait_then_the_higher_priority_is_first_in_line(daemon: Stage) -> None:
    low, high = await daemon.call(), await daemon.call()
    await daemon.next_start()
    await daemon.next_start()

    for caller, priority in ((low, "1"), (high, "9")):
        await daemon.decide(caller, ARIROUTE_QUEUE="platinum", QUEUE_PRIO=priority, ARIROUTE_DECIDED="1")
        await daemon.in_queue(caller, within=SLACK)

    assert [row.parameters[-1] for row in daemon.rows(high)] == ["1"]


async def test_when_the_guard_of_a_later_call_has_fired_then_a_decided_call_still_waits(daemon: Stage) -> None:
    decided = await daemon.call()
    await daemon.next_start()
    await daemon.decide(decided, ARIROUTE_QUEUE="gold", QUEUE_PRIO="0", ARIROUTE_DECIDED="1")
    await daemon.in_queue(decided, within=SLACK)

    undecided = await daemon.call()
    await daemon.in_queue(undecided, within=GUARD + 2 * SLACK)

    assert await daemon.is_up(decided)
    assert [row.name for row in daemon.rows(decided)] == ["ENTERQUEUE"]


async def test_when_the_decided_queue_is_missing_then_the_default_queue(daemon: Stage) -> None:
    caller = await daemon.call()
    await daemon.next_start()

    await daemon.decide(caller, ARIROUTE_QUEUE="nosuch", QUEUE_PRIO="30", ARIROUTE_DECIDED="1")

    assert await daemon.in_queue(caller, within=SLACK) == ["standard"]
    assert (await daemon.waiting(caller))["QUEUE_PRIO"] == "0"


async def test_when_the_default_queue_is_missing_too_then_the_last_queue(daemon: Stage) -> None:
    caller = await daemon.call(variables={"ARIROUTE_DEFAULT": "nosuch-default"})
    await daemon.next_start()

    await daemon.decide(caller, ARIROUTE_QUEUE="nosuch", ARIROUTE_DECIDED="1")

    assert await daemon.in_queue(caller, within=SLACK) == ["last"]


async def test_when_no_queue_exists_then_the_call_is_hung_up(stage: Stage) -> None:
    caller = await stage.call(variables={"ARIROUTE_DEFAULT": "nosuch", "ARIROUTE_LAST": "nosuch"})

    await stage.gone(caller, within=SLACK)

    assert stage.rows(caller) == []


async def test_when_a_decision_is_half_written_then_the_default_queue(daemon: Stage) -> None:
    caller = await daemon.call()
    await daemon.next_start()

    await daemon.decide(caller, ARIROUTE_QUEUE="gold", QUEUE_PRIO="30")

    assert await daemon.in_queue(caller, within=SLACK) == ["standard"]
    assert (await daemon.waiting(caller))["QUEUE_PRIO"] == "0"


async def test_when_a_decision_is_older_than_the_entrance_then_it_is_void(stage: Stage) -> None:
    caller = await stage.call(variables={"ARIROUTE_QUEUE": "gold", "ARIROUTE_DECIDED": "1", "QUEUE_PRIO": "9"})

    assert await stage.in_queue(caller, within=SLACK) == ["standard"]
    assert (await stage.waiting(caller))["QUEUE_PRIO"] == "0"


async def test_when_the_decision_is_a_cause_then_the_call_ends_with_it_and_enters_no_queue(daemon: Stage) -> None:
    caller = await daemon.call()
    await daemon.next_start()

    await daemon.decide(caller, ARIROUTE_HANGUP="21", ARIROUTE_DECIDED="1")

    await daemon.gone(caller)
    assert daemon.rows(caller) == []
    assert await daemon.hangup_cause(caller) == 21


async def test_when_a_queue_name_carries_syntax_then_it_reaches_no_option_of_queue(daemon: Stage) -> None:
    caller = await daemon.call()
    await daemon.next_start()

    await daemon.decide(caller, ARIROUTE_QUEUE="gold,r,,,1${SHELL(id)}", ARIROUTE_DECIDED="1")

    assert await daemon.in_queue(caller, within=SLACK) == ["standard"]


async def test_when_the_number_was_set_by_the_context_before_then_the_application_is_told(daemon: Stage) -> None:
    await daemon.call("+46850000000")

    assert (await daemon.next_start())["args"] == ["+46850000000"]


async def test_when_what_was_dialled_carries_syntax_then_the_application_gets_one_clean_argument(daemon: Stage) -> None:
    await daemon.call("s", context="ariroute", variables={"ARIROUTE_TO": 'a,b${EXTEN}"|*12#_-x'})

    assert (await daemon.next_start())["args"] == ["abEXTEN*12#_-x"]


async def test_when_the_caller_hangs_up_in_the_application_then_nothing_is_left(daemon: Stage) -> None:
    caller = await daemon.call()
    await daemon.next_start()

    await daemon.ari("DELETE", f"channels/phone-{caller}")

    await daemon.gone(caller)
    assert daemon.rows(caller) == []


async def test_when_the_caller_hangs_up_in_the_queue_then_the_call_is_counted_once_as_abandoned(daemon: Stage) -> None:
    caller = await daemon.call()
    await daemon.next_start()
    await daemon.decide(caller, ARIROUTE_QUEUE="gold", ARIROUTE_DECIDED="1")
    await daemon.in_queue(caller, within=SLACK)

    await daemon.ari("DELETE", f"channels/phone-{caller}")

    await daemon.gone(caller)
    assert [(row.name, row.queue) for row in daemon.rows(caller)] == [("ENTERQUEUE", "gold"), ("ABANDON", "gold")]


async def test_when_a_call_has_been_routed_then_asterisk_has_nothing_to_complain_of(daemon: Stage) -> None:
    before = daemon.pbx.log.read_text()
    caller = await daemon.call()
    await daemon.next_start()
    await daemon.decide(caller, ARIROUTE_QUEUE="gold", QUEUE_PRIO="7", ARIROUTE_DECIDED="1")
    await daemon.in_queue(caller, within=SLACK)

    assert daemon.pbx.log.read_text() == before
