"""What our users of AMI and ARI may not do, on the newest and the oldest Asterisk, as ``dialplan/`` ships them.

No action has parameters that would harm: what is wrongly allowed finds no channel, no module and no file.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from typing import Final

import aiohttp
import pytest

from ariroute.asterisk.ami import ActionRefused, Ami
from ariroute.asterisk.settings import AmiSettings, AriSettings
from ariroute.lab.asterisk import PrivateAsterisk
from ariroute.values import Secret

# ---- AMI

NOBODY: Final = "PJSIP/nobody-00000000"
REFUSED: Final[dict[str, dict[str, str]]] = {
    "Originate": {"Channel": "Local/s@nowhere", "Application": "NoOp"},
    "Command": {"Command": "core show version"},
    "Redirect": {"Channel": NOBODY, "Context": "nowhere", "Exten": "s", "Priority": "1"},
    "Setvar": {"Variable": "ARIROUTE_TEST", "Value": "1"},
    "Getvar": {"Variable": "ARIROUTE_TEST"},
    "GetConfig": {"Filename": "nowhere.conf"},
    "GetConfigJSON": {"Filename": "nowhere.conf"},
    "UpdateConfig": {"SrcFilename": "nowhere.conf", "DstFilename": "nowhere.conf"},
    "CreateConfig": {"Filename": "../nowhere/nowhere.conf"},
    "ListCategories": {"Filename": "nowhere.conf"},
    "CoreShowChannels": {},
    "CoreSettings": {},
    "Status": {},
    "DBGet": {"Family": "ariroute", "Key": "nobody"},
    "DBPut": {"Family": "ariroute", "Key": "nobody", "Val": "1"},
    "DBDel": {"Family": "ariroute", "Key": "nobody"},
    "DBDelTree": {"Family": "ariroute-nobody"},
    "Reload": {"Module": "nowhere"},
    "ModuleLoad": {"Module": "nowhere", "LoadType": "load"},
    "ModuleCheck": {"Module": "nowhere"},
    "Hangup": {"Channel": NOBODY},
    "Bridge": {"Channel1": NOBODY, "Channel2": NOBODY},
    "Atxfer": {"Channel": NOBODY, "Exten": "s", "Context": "nowhere"},
    "Park": {"Channel": NOBODY},
    "AbsoluteTimeout": {"Channel": NOBODY, "Timeout": "60"},
    "AGI": {"Channel": NOBODY, "Command": "noop"},
    "MixMonitor": {"Channel": NOBODY},
    "ShowDialPlan": {"Context": "nowhere"},
    "DialplanExtensionAdd": {"Context": "", "Extension": "", "Priority": "1", "Application": "NoOp"},
    "UserEvent": {"UserEvent": "ariroute"},
    "LoggerRotate": {},
    "Filter": {"Operation": "Add", "Filter": "x"},
    "ExtensionState": {"Context": "nowhere", "Exten": "s"},
    "PlayDTMF": {"Channel": NOBODY, "Digit": "1"},
    "SendText": {"Channel": NOBODY, "Message": "x"},
}

QUEUE_ACTIONS: Final = {
    *("queueadd", "queuelog", "queuememberringinuse", "queuepause", "queuepenalty", "queueremove"),
    *("queuechangeprioritycaller", "queuereload", "queuereset", "queuerule", "queuestatus", "queuesummary"),
    "queuewithdrawcaller",
}
SESSION_ACTIONS: Final = {"challenge", "events", "listcommands", "login", "logoff", "ping", "waitevent"}
FOR_EVERY_USER: Final = {
    *("bridgedestroy", "bridgeinfo", "bridgekick", "bridgelist", "bridgetechnologylist"),
    *("bridgetechnologysuspend", "bridgetechnologyunsuspend"),
}
"""Registered without a class (``load_module()`` of manager_bridges.c), so no right takes them from any user."""


@pytest.fixture
async def ami(pbx: PrivateAsterisk) -> AsyncIterator[Ami]:
    settings = {"address": f"127.0.0.1:{pbx.ami_port}", "user": pbx.ami_user, "password": Secret(pbx.ami_password)}
    async with Ami(AmiSettings.model_validate(settings)) as ami:
        yield ami


async def test_our_ami_user_is_refused_what_is_not_about_queues(ami: Ami) -> None:
    allowed = []
    for name, fields in REFUSED.items():
        try:
            await ami.action(name, fields)
            allowed.append(name)
        except ActionRefused as error:
            # "Invalid" is an action whose module this Asterisk does not have.
            if not re.match(r"Permission denied|Invalid/unknown command", error.message):
                allowed.append(f"{name}: {error.message}")
    assert allowed == []
    assert len(REFUSED) >= 25


async def test_our_ami_user_is_offered_exactly_the_queue_actions(ami: Ami) -> None:
    (message,) = await ami.action("ListCommands")
    offered = {name for name, text in message.items() if "(Priv: " in text}
    assert offered == QUEUE_ACTIONS | SESSION_ACTIONS | FOR_EVERY_USER


async def test_our_ami_user_can_do_what_queues_need(ami: Ami) -> None:
    member = {"Queue": "gold", "Interface": "Local/s@test-rings"}
    await ami.action("QueueAdd", {**member, "MemberName": "test", "Penalty": "0"})
    try:
        await ami.action("QueuePause", {**member, "Paused": "true"})
        await ami.action("QueuePenalty", {**member, "Penalty": "1"})
        events = await ami.action("QueueStatus", {"Queue": "gold"}, answers_with_list=True)
        (found,) = [event for event in events if event.get("event") == "QueueMember"]
        assert (found["paused"], found["penalty"]) == ("1", "1")
    finally:
        await ami.action("QueueRemove", member)


# ---- ARI

WRITES: Final[tuple[tuple[str, str], ...]] = (
    ("POST", "channels?endpoint=Local/s@nowhere&app=nowhere"),
    ("POST", "channels/create?endpoint=Local/s@nowhere&app=nowhere"),
    ("POST", "channels/nobody/continue"),
    ("POST", "channels/nobody/answer"),
    ("POST", "channels/nobody/variable?variable=X&value=1"),
    ("POST", "channels/nobody/play?media=sound:beep"),
    ("DELETE", "channels/nobody"),
    ("POST", "bridges"),
    ("POST", "bridges/nobody/addChannel?channel=nobody"),
    ("DELETE", "bridges/nobody"),
    ("POST", "asterisk/variable?variable=ARIROUTE_TEST&value=1"),
    ("POST", "asterisk/modules/nowhere"),
    ("PUT", "asterisk/modules/nowhere"),
    ("DELETE", "asterisk/modules/nowhere"),
    ("PUT", "asterisk/config/dynamic/nowhere/nowhere/nobody"),
    ("POST", "asterisk/logging/nowhere?configuration=notice"),
    ("PUT", "deviceStates/Stasis:nobody?deviceState=BUSY"),
    ("PUT", "applications/nowhere/eventFilter"),
    ("POST", "applications/nowhere/subscription?eventSource=channel:nobody"),
    ("PUT", "endpoints/sendMessage?to=pjsip:nobody&from=nobody"),
    ("DELETE", "recordings/stored/nobody"),
    ("DELETE", "playbacks/nobody"),
)
READS: Final = ("asterisk/info", "asterisk/modules", "endpoints", "sounds", "applications", "channels", "bridges")


def reader_of(pbx: PrivateAsterisk) -> AriSettings:
    """The reader as a flow file gives it to the commands that only look."""
    reader = {"user": pbx.ari_reader, "password": Secret(pbx.ari_reader_password)}
    whole = {"url": pbx.ari_url, "user": pbx.ari_user, "password": Secret(pbx.ari_password), "reader": reader}
    return AriSettings.model_validate(whole).for_reading


@pytest.fixture
async def reader(pbx: PrivateAsterisk) -> AsyncIterator[aiohttp.ClientSession]:
    settings = reader_of(pbx)
    token = aiohttp.encode_basic_auth(settings.user, settings.password.reveal())
    async with aiohttp.ClientSession(base_url=f"{pbx.ari_url}/ari/", headers={"Authorization": token}) as session:
        yield session


async def test_the_reader_can_read(reader: aiohttp.ClientSession) -> None:
    for uri in READS:
        async with reader.get(uri) as answer:
            assert answer.status == 200, uri


async def test_the_reader_is_refused_every_change_over_http(reader: aiohttp.ClientSession) -> None:
    answers = {}
    for method, uri in WRITES:
        async with reader.request(method, uri) as answer:
            answers[method, uri] = answer.status
    assert {wrong for wrong, status in answers.items() if status != 403} == set()
    assert len(WRITES) >= 15


async def test_the_user_who_takes_calls_is_refused_nothing(pbx: PrivateAsterisk) -> None:
    """So a refusal above is the reader's, and not one of the request."""
    token = aiohttp.encode_basic_auth(pbx.ari_user, pbx.ari_password)
    harmless = [each for each in WRITES if "nobody" in each[1] and each[0] != "PUT"]
    async with aiohttp.ClientSession(headers={"Authorization": token}) as session:
        for method, uri in harmless:
            async with session.request(method, f"{pbx.ari_url}/ari/{uri}") as answer:
                assert answer.status not in (401, 403), uri


async def asked(socket: aiohttp.ClientWebSocketResponse, method: str, uri: str) -> int:
    """The status of the answer to a request over the websocket."""
    frame = {"type": "RESTRequest", "transaction_id": "t", "request_id": f"{method} {uri}", "method": method}
    await socket.send_str(json.dumps(frame | {"uri": uri}))
    while True:
        event = json.loads(await socket.receive_str(timeout=10))
        if event["type"] == "RESTResponse":
            assert event["request_id"] == f"{method} {uri}"
            return int(event["status_code"])


async def test_the_reader_is_refused_every_change_over_the_websocket(
    pbx22: PrivateAsterisk, request: pytest.FixtureRequest
) -> None:
    settings = reader_of(pbx22)
    token = aiohttp.encode_basic_auth(settings.user, settings.password.reveal())
    url = f"{pbx22.ari_url}/ari/events?app=privileges"
    async with aiohttp.ClientSession(headers={"Authorization": token}) as session, session.ws_connect(url) as socket:
        assert [await asked(socket, "GET", uri) for uri in READS] == [200] * len(READS)
        answers = {(method, uri): await asked(socket, method, uri) for method, uri in WRITES}
    assert {wrong: status for wrong, status in answers.items() if status != 403} == {}


async def test_the_reader_has_no_way_in_by_the_key_in_the_address(pbx22: PrivateAsterisk) -> None:
    """GHSA-wcvv-g26m-wx5c: by ``api_key`` a reader could change things over the websocket before 22.10.1."""
    settings = reader_of(pbx22)
    query = {"app": "privileges", "api_key": f"{settings.user}:{settings.password.reveal()}"}
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{pbx22.ari_url}/ari/events", params=query) as socket,
    ):
        answers = {(method, uri): await asked(socket, method, uri) for method, uri in WRITES}
    assert {wrong: status for wrong, status in answers.items() if status != 403} == {}


async def test_a_reader_can_take_the_application_from_the_daemon(pbx: PrivateAsterisk) -> None:
    """Asterisk asks no more than GET of who opens the event websocket: docs/how-to/doctor.md says so."""
    url = f"{pbx.ari_url}/ari/events?app=taken"
    users = ((pbx.ari_user, pbx.ari_password), (pbx.ari_reader, pbx.ari_reader_password))
    taker, reader = ({"Authorization": aiohttp.encode_basic_auth(*user)} for user in users)
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(url, headers=taker) as first,
        session.ws_connect(url, headers=reader),
    ):
        assert json.loads(await first.receive_str(timeout=10))["type"] == "ApplicationReplaced"


async def test_a_wrong_password_gets_nothing(pbx: PrivateAsterisk) -> None:
    token = aiohttp.encode_basic_auth(pbx.ari_reader, "not-the-password")
    async with aiohttp.ClientSession(headers={"Authorization": token}) as session:
        for uri in READS:
            async with session.get(f"{pbx.ari_url}/ari/{uri}") as answer:
                assert answer.status == 401
