"""The daemon as a value: start, reload, stop."""

from __future__ import annotations

import asyncio
import gc
import stat
import weakref
from collections.abc import Callable
from pathlib import Path

import pytest
from fake_ari import FakePbx

from ariroute.daemon.app import Daemon
from ariroute.errors import ConfigError, PbxRefused

from .conftest import Crm, Running
from .test_calls import place


async def test_a_reload_says_what_changed_and_the_next_call_goes_by_the_new_rules(
    fake: FakePbx, running: Running, flow_file: Callable[..., Path]
) -> None:
    async with running() as daemon:
        flow_file(ordinary="gold")
        assert await daemon.reload() == ["flow support changed"]
        channel = place(fake, "+46701000009")
        await fake.until(lambda: channel.continued)
        assert channel.variables["ARIROUTE_QUEUE"] == "gold"


async def test_what_was_read_for_former_configurations_is_collected(fake: FakePbx, running: Running) -> None:
    class Cycle:
        """Garbage that only the collector finds."""

    async with running() as daemon:
        cycle = Cycle()
        cycle.itself = cycle  # type: ignore[attr-defined]  # that is what makes it one
        ref = weakref.ref(cycle)
        gc.disable()
        try:
            del cycle
            assert ref() is not None
            await daemon.reload()
            await fake.until(lambda: ref() is None)
        finally:
            gc.enable()


async def test_a_call_in_flight_keeps_the_flow_it_began_with(
    fake: FakePbx, crm: Crm, running: Running, flow_file: Callable[..., Path]
) -> None:
    crm.hold = True
    async with running(timeout="300ms") as daemon:
        channel = place(fake, "+46701000009")
        await fake.until(lambda: crm.asked)
        flow_file(ordinary="gold")
        await daemon.reload()
        await fake.until(lambda: channel.continued)
        assert channel.variables["ARIROUTE_QUEUE"] == "standard"


async def test_a_broken_file_is_refused_with_every_mistake_and_the_old_rules_stay(
    fake: FakePbx, running: Running, flow_file: Callable[..., Path]
) -> None:
    async with running() as daemon:
        digest = daemon.config.digest
        path = flow_file(ordinary="golden", timeout="800")
        with pytest.raises(ConfigError) as refused:
            await daemon.reload()
        assert len(refused.value.problems) == 2
        assert all(problem.file == str(path) and problem.line for problem in refused.value.problems)
        assert daemon.config.digest == digest
        channel = place(fake, "+46701000002")
        await fake.until(lambda: channel.continued)
        assert channel.variables["ARIROUTE_QUEUE"] == "gold"


async def test_what_only_a_restart_can_change_says_so(running: Running, flow_file: Callable[..., Path]) -> None:
    async with running() as daemon:
        flow_file(user="somebody", admin=2)
        assert await daemon.reload() == [
            "asterisk pbx1 changed (needs a restart)",
            "daemon.admin changed (needs a restart)",
        ]


async def test_a_wrong_password_ends_the_daemon_with_a_sentence(fake: FakePbx, flow_file: Callable[..., Path]) -> None:
    daemon = Daemon(flow_file(password="not this one"))
    await daemon.start()
    with pytest.raises(PbxRefused, match="password"):
        await daemon.run()
    assert not daemon.is_ready
    await daemon.stop()


async def test_once_served_a_pbx_that_refuses_us_is_asked_again_after_a_pause(
    fake: FakePbx, running: Running, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("ariroute.daemon.pbx.RETRY_REFUSED", 0.05)
    async with running() as daemon:
        right, fake.password = fake.password, "another one"
        await fake.drop_websockets()
        await fake.until(lambda: daemon.pbxs["pbx1"].refusal)
        assert not daemon.is_ready
        assert "password" in daemon.status()["pbxs"]["pbx1"]["refused"]
        await fake.until(lambda: fake.turned_away > 3)
        assert caplog.text.count("asked again every") == 1
        fake.password = right
        await fake.until(lambda: daemon.is_ready)
        assert daemon.status()["pbxs"]["pbx1"]["refused"] == ""
        channel = place(fake, "+46701000002")
        await fake.until(lambda: channel.continued)
        assert channel.variables["ARIROUTE_QUEUE"] == "gold"


async def test_a_pbx_that_refused_us_is_asked_again_at_a_reload(fake: FakePbx, running: Running) -> None:
    async with running() as daemon:
        right, fake.password = fake.password, "another one"
        await fake.drop_websockets()
        await fake.until(lambda: daemon.pbxs["pbx1"].refusal)
        fake.password = right
        await daemon.reload()
        await fake.until(lambda: daemon.is_ready)


async def test_of_two_pbxs_one_that_refuses_us_ends_nothing_and_is_served_once_it_lets_us_in(
    fake: FakePbx, flow_file: Callable[..., Path]
) -> None:
    async with FakePbx() as other:
        other.password = "another one"
        path = flow_file()
        text = path.read_text()
        pbx1 = next(line for line in text.splitlines() if "ari:" in line)
        pbx2 = pbx1.replace(fake.url, other.url)
        path.write_text(text.replace(pbx1, f"{pbx1}\n  pbx2:\n{pbx2}"))
        daemon = Daemon(path)
        await daemon.start()
        running = asyncio.create_task(daemon.run())
        await fake.until(lambda: daemon.pbxs["pbx2"].refusal and daemon.pbxs["pbx1"].is_ready)
        assert not daemon.is_ready
        channel = place(fake, "+46701000002")
        await fake.until(lambda: channel.continued)

        other.password = fake.password
        await daemon.reload()
        await fake.until(lambda: daemon.is_ready)
        channel = place(other, "+46701000001")
        await fake.until(lambda: channel.continued)
        assert channel.variables["ARIROUTE_QUEUE"] == "platinum"
        assert not running.done()
        running.cancel()
        await daemon.stop()


async def test_when_the_rights_are_taken_away_meanwhile_then_it_is_not_ready_until_they_are_back(
    fake: FakePbx, running: Running, caplog: pytest.LogCaptureFixture
) -> None:
    async with running() as daemon:
        fake.misbehave(401)
        await fake.until(lambda: not daemon.is_ready)
        assert daemon.pbxs["pbx1"].ari.is_up
        assert "ari.conf" in caplog.text
        fake.behave()
        await fake.until(lambda: daemon.is_ready)


async def test_a_passing_fault_of_the_server_is_no_loss_of_rights(
    fake: FakePbx, running: Running, caplog: pytest.LogCaptureFixture
) -> None:
    async with running() as daemon:
        fake.misbehave(500, uri="applications")
        await fake.until(lambda: "cannot list the application's channels" in caplog.text)
        assert daemon.is_ready


async def test_a_fault_that_nobody_foresaw_ends_the_daemon_instead_of_leaving_it_idle(
    flow_file: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    daemon = Daemon(flow_file())

    async def broken() -> None:
        raise UnicodeError("label too long")

    monkeypatch.setattr(daemon.pbxs["pbx1"].ari, "run", broken)
    await daemon.start()
    with pytest.raises(PbxRefused, match="UnicodeError"):
        await daemon.run()
    await daemon.stop()


async def test_when_asterisk_is_not_there_yet_then_the_daemon_waits_for_it(
    fake: FakePbx, flow_file: Callable[..., Path]
) -> None:
    path = flow_file()
    await fake.stop()
    daemon = Daemon(path)
    await daemon.start()
    assert not daemon.is_ready
    await fake.start()
    await fake.until(lambda: daemon.is_ready, timeout=10)
    await daemon.stop()


async def test_when_the_websocket_is_lost_then_calls_made_meanwhile_are_found(fake: FakePbx, running: Running) -> None:
    async with running() as daemon:
        await fake.drop_websockets()
        await fake.until(lambda: not daemon.is_ready)
        channel = place(fake, "+46701000002", announce=False)
        await fake.until(lambda: channel.continued)
        assert channel.variables["ARIROUTE_QUEUE"] == "gold"


def test_a_file_with_mistakes_is_refused_before_anything_is_opened(flow_file: Callable[..., Path]) -> None:
    with pytest.raises(ConfigError):
        Daemon(flow_file(ordinary="golden"))


def test_the_secret_of_the_tests_is_not_for_everybody(flow_file: Callable[..., Path]) -> None:
    secret = flow_file().with_suffix(".secret")
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
