"""One contract for both ways of asking: the same tests over websocket and HTTP, on the newest and oldest Asterisk."""

from __future__ import annotations

import asyncio
import inspect
import itertools
import json
import logging
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from ariroute.asterisk.ari import Ari
from ariroute.asterisk.events import (
    BUILDERS,
    ApplicationReplaced,
    ChannelVarset,
    Event,
    StasisEnd,
    StasisStart,
)
from ariroute.asterisk.settings import AriSettings
from ariroute.errors import AriRefused, AriTimeout, ChannelGone, PbxRefused
from ariroute.lab.asterisk import PrivateAsterisk
from ariroute.values import Secret

DIALPLAN = """
[contract]
; Local/APP@contract enters the application APP; what was written is then copied by the dialplan itself.
exten => _[a-z].,1,Stasis(${EXTEN},+46850000000,"a,b")
 same => n,Set(COPY=${ARIROUTE_QUEUE}|${QUEUE_PRIO}|${ARIROUTE_VAR_NOTE}|${ARIROUTE_DECIDED})
 same => n,Wait(60)
exten => T,1,Set(COPY=the guard fired)
 same => n,Wait(60)
"""

apps = (f"contract{number}" for number in itertools.count(1))


@pytest.fixture(scope="module")
def pbx22(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivateAsterisk]:
    with PrivateAsterisk(tmp_path_factory.mktemp("ari22"), release="22", extra_dialplan=DIALPLAN) as pbx:
        yield pbx


@pytest.fixture(scope="module")
def pbx16(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivateAsterisk]:
    with PrivateAsterisk(tmp_path_factory.mktemp("ari16"), release="16", extra_dialplan=DIALPLAN) as pbx:
        yield pbx


def settings_of(pbx: PrivateAsterisk, **changes: Any) -> AriSettings:
    values = {"url": pbx.ari_url, "user": pbx.ari_user, "password": Secret(pbx.ari_password)}
    return AriSettings.model_validate(values | changes)


async def until(condition: Callable[[], Any], timeout: float = 10.0) -> Any:
    """The first true value of ``condition()``, which may be a coroutine function."""
    async with asyncio.timeout(timeout):
        while True:
            value = condition()
            value = await value if inspect.isawaitable(value) else value
            if value:
                return value
            await asyncio.sleep(0.005)


@dataclass
class Line:
    """An Ari that runs, and what it told."""

    pbx: PrivateAsterisk
    settings: AriSettings
    events: list[Event] = field(default_factory=list)
    ups: int = 0
    downs: list[str] = field(default_factory=list)

    async def __aenter__(self) -> Line:
        def up() -> None:
            self.ups += 1

        self.ari = Ari(self.settings, on_event=self.events.append, on_up=up, on_down=self.downs.append)
        self.running = asyncio.create_task(self.ari.run())
        await until(lambda: self.ups or self.running.done())
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.ari.close()
        await self.running

    async def call(self) -> str:
        """A call in our application; its channel's id."""
        before = len(self.starts)
        self.pbx.cli(f"channel originate Local/{self.settings.app}@contract application Wait 60")
        await until(lambda: len(self.starts) > before)
        return self.starts[-1].channel.id

    @property
    def starts(self) -> list[StasisStart]:
        return [event for event in self.events if isinstance(event, StasisStart)]

    async def left(self, channel_id: str) -> None:
        """Waits for the channel's StasisEnd."""
        await until(lambda: any(isinstance(e, StasisEnd) and e.channel.id == channel_id for e in self.events))

    async def raw(self, channel_id: str, name: str) -> str:
        """Any variable of a channel, also one that ariroute itself never reads; empty when not set."""
        try:
            body = await self.ari.request("GET", f"channels/{channel_id}/variable", {"variable": name})
        except ChannelGone:
            raise
        except AriRefused:
            return ""
        return str(body["value"])

    async def written(self, channel_id: str) -> None:
        """Waits until the last variable is there: Asterisk 16 answers up to 200 ms before it writes."""
        await until(lambda: self.raw(channel_id, "ARIROUTE_DECIDED"))

    async def copied(self, channel_id: str) -> str:
        """What the dialplan saw after the hand-over."""
        return str(await until(lambda: self.raw(channel_id, "COPY")))


@pytest.fixture(autouse=True)
async def no_task_is_left() -> AsyncIterator[None]:
    before = asyncio.all_tasks()
    yield
    await until(lambda: not asyncio.all_tasks() - before - {asyncio.current_task()}, 2)


@pytest.fixture(params=["22 websocket", "22 http", "16 http"])
async def line(request: pytest.FixtureRequest) -> AsyncIterator[Line]:
    release, transport = request.param.split()
    pbx = request.getfixturevalue(f"pbx{release}")
    async with Line(pbx, settings_of(pbx, app=next(apps), transport=transport)) as line:
        yield line


async def test_the_server_is_known_after_connecting(line: Line) -> None:
    assert line.ari.is_up
    assert line.ari.transport == line.settings.transport
    assert line.ari.version.startswith(f"{line.pbx.version[0]}.")


async def test_requests_travel_over_the_websocket_only_where_the_server_offers_it(
    pbx22: PrivateAsterisk, pbx16: PrivateAsterisk
) -> None:
    for pbx, transport in ((pbx22, "websocket"), (pbx16, "http")):
        async with Line(pbx, settings_of(pbx, app=next(apps), transport="auto")) as line:
            assert line.ari.transport == transport


async def test_a_call_enters_with_its_arguments(line: Line) -> None:
    channel_id = await line.call()
    start = line.starts[-1]
    assert start.args[0] == "+46850000000"
    assert start.channel.name.startswith("Local/")
    assert start.channel.created.startswith("20")
    assert await line.ari.channels_in_app() == [channel_id]
    assert (await line.ari.channel(channel_id)).name == start.channel.name


HOSTILE = {
    "quotes": """a "b" 'c' \\ d""",
    "dialplan": "${SHELL(id)} $[1+1] ,;|&=",
    "unicode": "Åsa Öberg 東京 🙂",
    "percent": "a%20b%2Fc&d=e?f#g+h",
    "long": "x" * 1000,
    "empty": "",
}


@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE.keys())
async def test_a_hostile_value_arrives_as_it_is(line: Line, value: str) -> None:
    channel_id = await line.call()
    await line.ari.set_variables(channel_id, {"ARIROUTE_VAR_NOTE": value, "ARIROUTE_DECIDED": "1"})
    await line.written(channel_id)
    assert (await line.ari.variable(channel_id, "ARIROUTE_VAR_NOTE") or "") == value


async def test_line_breaks_and_control_characters_never_arrive(line: Line) -> None:
    channel_id = await line.call()
    value = "a\r\nHacked: yes\x00\x1b[31m\x85b"
    await line.ari.set_variables(channel_id, {"ARIROUTE_VAR_NOTE": value, "ARIROUTE_DECIDED": "1"})
    await line.written(channel_id)
    assert await line.ari.variable(channel_id, "ARIROUTE_VAR_NOTE") == "aHacked: yes[31mb"


async def test_a_variable_that_is_not_set_is_none(line: Line) -> None:
    channel_id = await line.call()
    assert await line.ari.variable(channel_id, "ARIROUTE_VAR_NEVER") is None


async def test_names_outside_the_closed_set_are_refused_before_anything_is_sent(line: Line) -> None:
    channel_id = await line.call()
    sent = line.ari.counters.requests
    for name in ("SHELL(id)", "TIMEOUT(absolute)", "ARIROUTE_VAR_", "ARIROUTE_VAR_a", "CALLERID(num)", ""):
        with pytest.raises(ValueError, match="is not a variable"):
            await line.ari.hand_over(channel_id, {"ARIROUTE_QUEUE": "gold", name: "1"})
    with pytest.raises(ValueError, match="is not a variable"):
        await line.ari.variable(channel_id, "AST_CONFIG(manager.conf,ariroute,secret)")
    assert line.ari.counters.requests == sent


async def test_what_is_handed_over_is_there_when_the_dialplan_goes_on(line: Line) -> None:
    channel_id = await line.call()
    variables = {
        "ARIROUTE_QUEUE": "gold",
        "QUEUE_PRIO": "7",
        "ARIROUTE_VAR_NOTE": "Åsa",
        "ARIROUTE_DECIDED": "1",
    }
    await line.ari.hand_over(channel_id, variables)
    assert await line.copied(channel_id) == "gold|7|Åsa|1"
    await line.left(channel_id)
    assert await line.ari.channels_in_app() == []


async def test_variables_are_written_in_the_order_given(line: Line) -> None:
    channel_id = await line.call()
    await line.ari.request("PUT", f"applications/{line.settings.app}/eventFilter", body={"disallowed": []})
    await line.ari.request(
        "POST", f"applications/{line.settings.app}/subscription", {"eventSource": f"channel:{channel_id}"}
    )
    names = ["ARIROUTE_VAR_Z", "ARIROUTE_QUEUE", "QUEUE_PRIO", "ARIROUTE_VAR_A", "ARIROUTE_FLOW", "ARIROUTE_DECIDED"]
    await line.ari.hand_over(channel_id, dict.fromkeys(names, "1"))

    def written() -> list[str]:
        return [e.variable for e in line.events if isinstance(e, ChannelVarset) and e.variable in names]

    await until(lambda: len(written()) >= len(names))
    assert written() == names


async def test_asterisk_is_told_to_keep_the_events_of_variables_to_itself(line: Line) -> None:
    channel_id = await line.call()
    await line.ari.set_variables(channel_id, {"ARIROUTE_FLOW": "support"})
    await line.ari.continue_in_dialplan(channel_id)
    await line.left(channel_id)
    assert not [event for event in line.events if isinstance(event, ChannelVarset)]


async def test_where_the_server_takes_several_variables_at_once_they_travel_in_one_request(
    line: Line,
) -> None:
    channel_id = await line.call()
    before = line.ari.counters.requests
    await line.ari.hand_over(channel_id, {"ARIROUTE_QUEUE": "gold", "QUEUE_PRIO": "1", "ARIROUTE_DECIDED": "1"})
    assert line.ari.counters.requests - before == (4 if line.ari.version.startswith("16.") else 2)


@pytest.mark.parametrize("character", ["x", '"', "\N{PARTY POPPER}"])
async def test_values_of_any_length_are_handed_over_and_the_connection_stays(line: Line, character: str) -> None:
    channel_id = await line.call()
    long = {f"ARIROUTE_VAR_NOTE_{number}": character * 1024 for number in range(64)}
    await line.ari.hand_over(
        channel_id, {"ARIROUTE_QUEUE": "gold", "QUEUE_PRIO": "7"} | long | {"ARIROUTE_DECIDED": "1"}
    )
    assert (await line.copied(channel_id)).startswith("gold|7|")
    assert line.ari.counters.disconnects == 0


async def test_many_hand_overs_at_once_do_not_mix(line: Line) -> None:
    ids = [await line.call() for _ in range(8)]
    await asyncio.gather(
        *(
            line.ari.hand_over(channel_id, {"ARIROUTE_QUEUE": "gold", "QUEUE_PRIO": str(n), "ARIROUTE_DECIDED": "1"})
            for n, channel_id in enumerate(ids)
        )
    )
    assert [await line.copied(channel_id) for channel_id in ids] == [f"gold|{n}||1" for n in range(8)]


async def test_a_channel_that_hung_up_is_gone(line: Line) -> None:
    channel_id = await line.call()
    await line.ari.hang_up(channel_id, 17)
    await line.left(channel_id)

    async def gone() -> bool:
        try:
            await line.ari.channel(channel_id)
        except ChannelGone:
            return True
        return False

    await until(gone)
    with pytest.raises(ChannelGone, match=r"hannel (was )?not found"):
        await line.ari.hand_over(channel_id, {"ARIROUTE_QUEUE": "gold", "ARIROUTE_DECIDED": "1"})
    with pytest.raises(ChannelGone):
        await line.ari.variable(channel_id, "ARIROUTE_QUEUE")


async def test_a_channel_that_went_on_is_gone(line: Line) -> None:
    channel_id = await line.call()
    await line.ari.continue_in_dialplan(channel_id)
    await line.left(channel_id)
    with pytest.raises(ChannelGone, match="Channel not in Stasis application"):
        await line.ari.hand_over(channel_id, {"ARIROUTE_QUEUE": "gold", "ARIROUTE_DECIDED": "1"})


@pytest.mark.parametrize("odd", ["a/b?c;d e", "..", "%2e%2e", "å", "x&y=z#q", '"}'])
async def test_an_odd_id_is_one_id_and_nothing_else(line: Line, odd: str) -> None:
    with pytest.raises(ChannelGone):
        await line.ari.continue_in_dialplan(odd)


async def test_the_guard_is_extended_and_fires(line: Line) -> None:
    channel_id = await line.call()
    await line.ari.extend_guard(channel_id, 0.3)
    assert await line.copied(channel_id) == "the guard fired"


@pytest.mark.parametrize("seconds", [0, -5, 0.0001, float("nan"), float("inf"), "4", None, True])
async def test_the_guard_takes_nothing_that_would_switch_it_off(line: Line, seconds: Any) -> None:
    with pytest.raises(ValueError, match="the guard takes"):
        await line.ari.extend_guard("any", seconds)


async def test_answering_works(line: Line) -> None:
    channel_id = await line.call()
    await line.ari.answer(channel_id)

    async def is_up() -> bool:
        return (await line.ari.channel(channel_id)).state == "Up"

    await until(is_up)


async def test_a_refusal_carries_asterisks_words(line: Line) -> None:
    with pytest.raises(AriRefused, match="applications/nobody: 404 Application not found") as caught:
        await line.ari.request("GET", "applications/nobody")
    assert caught.value.status == 404
    assert not isinstance(caught.value, ChannelGone)


async def test_a_second_connection_takes_the_application_over(line: Line) -> None:
    channel_id = await line.call()
    async with Line(line.pbx, line.settings) as second:
        await until(lambda: any(isinstance(event, ApplicationReplaced) for event in line.events))
        assert not line.ari.is_up
        assert line.downs == ["the application was taken over by another connection"]
        # What the first one holds, it can still finish.
        await line.ari.hand_over(channel_id, {"ARIROUTE_QUEUE": "gold", "ARIROUTE_DECIDED": "1"})
        assert await line.copied(channel_id) == "gold|||1"
        assert not line.running.done()
        assert second.ari.is_up


@pytest.mark.parametrize("release", ["22", "16"])
async def test_a_wrong_password_ends_with_a_remedy(release: str, request: pytest.FixtureRequest) -> None:
    pbx = request.getfixturevalue(f"pbx{release}")
    ari = Ari(settings_of(pbx, password=Secret("wrong")), on_event=lambda event: None)
    with pytest.raises(PbxRefused, match=r"refuses the ARI user 'ariroute' .*\[ariroute\] of its ari.conf"):
        await ari.run()
    await ari.close()


@pytest.mark.parametrize("release", ["22", "16"])
async def test_after_a_crash_of_asterisk_it_connects_again(release: str, tmp_path: Path) -> None:
    with PrivateAsterisk(tmp_path / "pbx", release=release, extra_dialplan=DIALPLAN) as pbx:
        async with Line(pbx, settings_of(pbx, app=next(apps))) as line:
            await line.call()
            pbx.kill()
            await until(lambda: line.downs)
            assert not line.ari.is_up
            await asyncio.to_thread(pbx.start)
            await until(lambda: line.ups == 2)
            channel_id = await line.call()
            await line.ari.hand_over(channel_id, {"ARIROUTE_QUEUE": "gold", "ARIROUTE_DECIDED": "1"})
            assert await line.copied(channel_id) == "gold|||1"


async def test_an_asterisk_that_hangs_counts_as_dead_until_it_answers_again(tmp_path: Path) -> None:
    with PrivateAsterisk(tmp_path / "pbx", release="22", extra_dialplan=DIALPLAN) as pbx:
        async with Line(pbx, settings_of(pbx, app=next(apps), ping=0.2)) as line:
            channel_id = await line.call()
            pbx.send_signal(signal.SIGSTOP)
            try:
                await until(lambda: line.downs)
                assert "nothing heard for 0." in line.downs[0]
                with pytest.raises(AriTimeout):
                    await line.ari.request("GET", "asterisk/info", timeout=0.1)
            finally:
                pbx.send_signal(signal.SIGCONT)
            await until(lambda: line.ari.is_up)
            assert channel_id in await line.ari.channels_in_app()


async def test_asterisk_that_starts_later_is_found(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "ariroute.asterisk")
    pbx = PrivateAsterisk(tmp_path / "pbx", release="22", extra_dialplan=DIALPLAN)
    try:
        pbx.start()
        settings = settings_of(pbx, app=next(apps))
        pbx.stop()
        ari = Ari(settings, on_event=lambda event: None)
        running = asyncio.create_task(ari.run())
        await until(lambda: "cannot be reached" in caplog.text)
        assert "connecting again in" in caplog.text
        await asyncio.to_thread(pbx.start)
        await until(lambda: ari.is_up)
        await ari.close()
        await running
    finally:
        pbx.close()


async def test_an_event_filter_of_allowed_types_swallows_answers_on_the_websocket(pbx22: PrivateAsterisk) -> None:
    """Why ariroute uses no filter of allowed types: it drops RESTResponse too (ari_websocket_send_event(), 22.10.1)."""
    async with Line(pbx22, settings_of(pbx22, app=next(apps), transport="websocket")) as line:
        uri = f"applications/{line.settings.app}/eventFilter"

        async def filter_events(**lists: list[str]) -> None:
            body = {name: [{"type": kind} for kind in kinds] for name, kinds in lists.items()}
            await line.ari.request("PUT", uri, body=body, timeout=0.5)

        await filter_events(disallowed=["ChannelVarset"])
        assert await line.ari.channels_in_app() == []
        with pytest.raises(AriTimeout):
            await filter_events(disallowed=[], allowed=["StasisStart", "StasisEnd"])
        assert line.ari.counters.timeouts == 1


class Recorder(dict[str, Any]):
    """A message that notes which of its fields are read."""

    def __init__(self, fields: dict[str, Any]) -> None:
        super().__init__(fields)
        self.read: set[str] = set()

    def __getitem__(self, key: str) -> Any:
        self.read.add(key)
        return super().__getitem__(key)

    def get(self, key: str, default: Any = None) -> Any:
        self.read.add(key)
        return super().get(key, default)


@pytest.mark.parametrize("kind", BUILDERS)
@pytest.mark.parametrize("release", ["22", "16"])
def test_every_event_and_field_used_is_in_the_description_that_asterisk_ships(
    release: str, kind: str, request: pytest.FixtureRequest
) -> None:
    pbx = request.getfixturevalue(f"pbx{release}")
    models: dict[str, Any] = {}
    for name in ("events", "channels", "playbacks"):
        models |= json.loads((pbx.rest_api / f"{name}.json").read_text())["models"]
    if kind == "RESTResponse" and release == "16":
        assert kind not in models
        return
    caller, dialplan = Recorder({}), Recorder({})
    channel = Recorder({"id": "1", "caller": caller, "dialplan": dialplan})
    playback = Recorder({"id": "1"})
    given = {"channel": channel, "playback": playback, "variable": "X", "status_code": 200, "request_id": "1"}
    message = Recorder(given)
    BUILDERS[kind](message)
    event = set(models["Event"]["properties"]) | set(models[kind]["properties"])
    assert message.read <= event
    assert channel.read <= set(models["Channel"]["properties"])
    assert playback.read <= set(models["Playback"]["properties"])
    assert caller.read <= set(models["CallerID"]["properties"])
    assert dialplan.read <= set(models["DialplanCEP"]["properties"])
    assert message.read
