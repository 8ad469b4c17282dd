"""What lookups ask a real Asterisk, the newest and the oldest: queues, its database, variables of a channel."""

from __future__ import annotations

import asyncio
import itertools
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from ariroute.asterisk.ami_link import AmiLink
from ariroute.asterisk.ari import Ari
from ariroute.asterisk.settings import AmiSettings, AriSettings
from ariroute.daemon.pbx_facts import LivePbxFacts
from ariroute.errors import LookupFailed
from ariroute.lab.asterisk import PrivateAsterisk
from ariroute.lookups.channel import FUNCTIONS
from ariroute.lookups.pbx import QueueState
from ariroute.values import Secret

DIALPLAN = """
[ariroute-demo](+)
exten => waiting,1,Set(CRM_PLAN=gold, "quoted" and ünïcode)
 same => n,Set(__PASSED_ON=yes)
 same => n,Set(CHANNEL(accountcode)=4711)
 same => n,Wait(120)
[pbxfacts]
exten => s,1,Queue(gold)
exten => phone,1,Wait(120)
exten => talk,1,Answer()
 same => n,Wait(120)
"""
MANAGER = """
[general]
enabled = yes
bindaddr = 127.0.0.1
port = {port}
[agent]
secret = not-secret
write = agent
[reporting]
secret = not-secret
write = agent,reporting
[nothing]
secret = not-secret
"""

numbers = itertools.count(1)


def own_pbx(directory: Any, release: str) -> Iterator[PrivateAsterisk]:
    with PrivateAsterisk(directory, release=release, extra_dialplan=DIALPLAN) as pbx:
        manager = directory / "etc" / "manager.conf"
        manager.write_text(MANAGER.format(port=pbx.ami_port))
        pbx.cli("manager reload")
        yield pbx


@pytest.fixture(scope="module")
def pbx22(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivateAsterisk]:
    yield from own_pbx(tmp_path_factory.mktemp("facts22"), "22")


@pytest.fixture(scope="module")
def pbx16(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivateAsterisk]:
    yield from own_pbx(tmp_path_factory.mktemp("facts16"), "16")


@dataclass
class Connected:
    """The connections of one PBX, as the daemon has them."""

    ari: Ari
    ami: AmiLink | None


async def until(condition: Callable[[], Any], timeout: float = 15.0) -> Any:
    """The first true value of ``condition()``, which may be awaitable."""
    async with asyncio.timeout(timeout):
        while True:
            value = condition()
            value = await value if isinstance(value, Awaitable) else value
            if value:
                return value
            await asyncio.sleep(0.02)


@asynccontextmanager
async def facts_of(
    pbx: PrivateAsterisk, user: str = "reporting", *, socket: bool = False
) -> AsyncIterator[LivePbxFacts]:
    """The port, over a websocket or HTTP, and AMI as this user."""
    app = f"facts{next(numbers)}"
    ari = Ari(
        AriSettings(url=pbx.ari_url, user=pbx.ari_user, password=Secret(pbx.ari_password), app=app),
        on_event=lambda event: None,
    )
    link = AmiLink(AmiSettings(address=f"127.0.0.1:{pbx.ami_port}", user=user, password=Secret("not-secret")))
    tasks = [asyncio.create_task(link.run())]
    if socket:
        tasks.append(asyncio.create_task(ari.run()))
    try:
        await until(lambda: link.is_up and (ari.is_up or not socket))
        yield LivePbxFacts({"pbx1": Connected(ari, link)})
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await ari.close()


async def test_an_empty_queue_and_none(pbx: PrivateAsterisk) -> None:
    async with facts_of(pbx, "nothing") as facts:  # QueueSummary needs no class of rights
        assert await facts.queue_state("pbx1", "platinum") == QueueState(0, 0.0, 0, 0, 0.0, 0.0)
        assert await facts.queue_state("pbx1", "nowhere") is None


async def test_who_waits_and_who_serves(pbx: PrivateAsterisk) -> None:
    """Two callers wait; of three members one is away, one paused (an agent all the same), one in a call."""
    for name, device in (("away", "UNAVAILABLE"), ("paused", "NOT_INUSE"), ("busy", "INUSE")):
        pbx.cli(f"devstate change Custom:{name} {device}")
        pbx.cli(
            f"queue add member Local/phone@pbxfacts/{name} to gold penalty 0 as {name} state_interface Custom:{name}"
        )
    pbx.cli("queue pause member Local/phone@pbxfacts/paused queue gold")
    async with facts_of(pbx) as facts:
        for _ in range(2):
            pbx.cli("channel originate Local/s@pbxfacts application Wait 60")
        state = await until(lambda: waiting(facts, "gold", 2))
        assert (state.agents, state.agents_ready) == (2, 0)
        later = await until(lambda: longer(facts, "gold", state.longest_wait))
        assert later.longest_wait >= 1
        pbx.cli("channel request hangup all")
        state = await until(lambda: waiting(facts, "gold", 0))
        pbx.cli("devstate change Custom:busy NOT_INUSE")
        await until(lambda: ready(facts, "gold", 1))
    for name in ("away", "paused", "busy"):
        pbx.cli(f"queue remove member Local/phone@pbxfacts/{name} from gold")


async def ready(facts: LivePbxFacts, queue: str, agents: int) -> bool:
    state = await facts.queue_state("pbx1", queue)
    return state is not None and state.agents_ready == agents


async def waiting(facts: LivePbxFacts, queue: str, callers: int) -> QueueState | None:
    state = await facts.queue_state("pbx1", queue)
    return state if state and state.waiting == callers else None


async def longer(facts: LivePbxFacts, queue: str, than: float) -> QueueState | None:
    state = await facts.queue_state("pbx1", queue)
    return state if state and state.longest_wait > than else None


async def test_values_of_the_database(pbx: PrivateAsterisk) -> None:
    pbx.cli('database put vip +46701234567 "gold, and more"')
    pbx.cli('database put vip Åsa/tier {\\"a\\":1}')
    async with facts_of(pbx) as facts:
        assert await facts.database_value("pbx1", "vip", "+46701234567") == "gold, and more"
        assert await facts.database_value("pbx1", "vip", "Åsa/tier") == '{"a":1}'
        assert await facts.database_value("pbx1", "vip", "+46700000000") is None
        assert await facts.database_value("pbx1", "none", "x") is None


async def test_values_of_the_database_need_a_right(pbx: PrivateAsterisk) -> None:
    async with facts_of(pbx, "agent") as facts:
        with pytest.raises(LookupFailed, match=r"DBGet: Permission denied; see write in .* manager.conf") as caught:
            await facts.database_value("pbx1", "vip", "+46701234567")
    assert not caught.value.asked


@pytest.mark.parametrize("socket", [False, True])
async def test_whether_the_database_has_a_key_needs_ari_alone(pbx: PrivateAsterisk, socket: bool) -> None:
    for key in ("+46701234567", "a#b*c=d:e@f", "Åsa Öberg"):
        pbx.cli(f'database put vip "{key}" x')
    async with facts_of(pbx, "nothing", socket=socket) as facts, calling(pbx) as channel:
        for key in ("+46701234567", "a#b*c=d:e@f", "Åsa Öberg"):
            assert await facts.database_has("pbx1", channel, "vip", key), key
        for key in ("+46701234568", "46701234567", "a#b", "%2B46701234567"):
            assert not await facts.database_has("pbx1", channel, "vip", key), key


@pytest.mark.parametrize("socket", [False, True])
async def test_variables_of_a_call(pbx: PrivateAsterisk, socket: bool) -> None:
    async with facts_of(pbx, "nothing", socket=socket) as facts, calling(pbx) as channel:

        async def value(name: str) -> str | None:
            return await facts.variable("pbx1", channel, name)

        assert await value("CRM_PLAN") == 'gold, "quoted" and ünïcode'
        assert await value("PASSED_ON") == "yes"
        assert await value("NOT_SET") is None
        assert await value("CALLERID(num)") == "+46701234567"
        assert await value("CALLERID(name)") == "Ann"
        assert await value("CALLERID(dnid)") == "waiting"
        assert await value("CHANNEL(accountcode)") == "4711"
        assert await value("CHANNEL(uniqueid)") == channel
        assert (await value("CHANNEL(pjsip,call-id)") or "").startswith("facts-")
        assert await value("PJSIP_HEADER(read,X-Plan)") == "platinum; a=b"
        assert await value("PJSIP_HEADER(read,X-None)") is None


async def test_every_function_that_may_be_read_is_one_that_asterisk_has(pbx: PrivateAsterisk) -> None:
    """One that a release does not have would be an empty field for ever."""
    arguments = {
        "CALLERID": ["num", "name", "ani", "ani2", "dnid", "rdnis", "num-pres", "name-pres", "tag"],
        "CHANNEL": [
            *("accountcode", "channeltype", "context", "exten", "language", "linkedid", "musicclass", "name"),
            *("uniqueid", "userfield"),
            *(
                f"pjsip,{name}"
                for name in ("call-id", "local_uri", "remote_uri", "remote_addr", "request_uri", "secure")
            ),
        ],
        "PJSIP_HEADER": ["read,From", "read,X-Plan,1"],
        "REDIRECTING": ["from-num", "orig-name", "to-num", "reason", "count"],
    }
    assert arguments.keys() == FUNCTIONS.keys()
    async with facts_of(pbx, "nothing") as facts, calling(pbx) as channel:
        for function, each in arguments.items():
            for argument in each:
                assert FUNCTIONS[function].fullmatch(argument)
                assert await facts.variable("pbx1", channel, f"{function}({argument})") is not None, argument


async def test_a_call_that_has_ended(pbx: PrivateAsterisk) -> None:
    async with facts_of(pbx, "nothing") as facts:
        with pytest.raises(LookupFailed, match="the call has ended") as caught:
            await facts.variable("pbx1", "1.1", "CRM_PLAN")
        assert not caught.value.asked
        with pytest.raises(LookupFailed, match="the call has ended"):
            await facts.database_has("pbx1", "1.1", "vip", "x")


INVITE = """INVITE sip:waiting@127.0.0.1:{port} SIP/2.0
Via: SIP/2.0/UDP 127.0.0.1:{own};branch=z9hG4bK{id}
From: "Ann" <sip:+46701234567@127.0.0.1:{own}>;tag={id}
To: <sip:waiting@127.0.0.1:{port}>
Call-ID: facts-{id}
CSeq: 1 {method}
Contact: <sip:ann@127.0.0.1:{own}>
Max-Forwards: 70
X-Plan: platinum; a=b
Content-Type: application/sdp
Content-Length: {length}

{body}"""
SDP = "v=0\no=- 1 1 IN IP4 127.0.0.1\ns=-\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 9 RTP/AVP 0\n"


@asynccontextmanager
async def calling(pbx: PrivateAsterisk) -> AsyncIterator[str]:
    """A SIP call with a header of its own, as a channel's id."""
    pbx.cli("channel request hangup all")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
        phone.bind(("127.0.0.1", 0))
        body = SDP.replace("\n", "\r\n")
        text = INVITE.format(
            port=pbx.sip_port,
            own=phone.getsockname()[1],
            id=next(numbers),
            method="INVITE",
            length=len(body),
            body="{}",
        )
        phone.sendto((text.replace("\n", "\r\n").replace("{}", body)).encode(), ("127.0.0.1", pbx.sip_port))
        yield await until(lambda: channel_in(pbx))
        pbx.cli("channel request hangup all")
        await until(lambda: "0 active channels" in pbx.cli("core show channels count"))


def channel_in(pbx: PrivateAsterisk) -> str:
    """The id of the SIP channel that waits, else nothing."""
    for line in pbx.cli("core show channels concise").splitlines():
        fields = line.split("!")
        if fields[0].startswith("PJSIP/") and fields[5] == "Wait":
            return fields[-1]
    return ""
