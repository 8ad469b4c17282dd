"""A daemon's life as a service, over a fake PBX: what the manager hears, and what a rescue would find."""

from __future__ import annotations

import asyncio
import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from fake_ari import FakePbx

from ariroute.daemon import service
from ariroute.daemon.app import Daemon
from ariroute.daemon.rescue_file import RescueFile
from ariroute.daemon.service import Service
from ariroute.daemon.service_manager import ServiceManager
from ariroute.daemon.turn import Turn
from ariroute.errors import PbxReplaced


class Manager(ServiceManager):
    """One that remembers what it was told."""

    def __init__(self) -> None:
        super().__init__({})
        self.told: list[dict[str, str]] = []

    def _tell(self, **values: str) -> None:
        self.told.append(values)


async def test_it_is_ready_when_it_is_connected_and_says_how_it_does(
    fake: FakePbx, flow_file: Callable[..., Path], tmp_path: Path
) -> None:
    daemon, manager, stop = Daemon(flow_file()), Manager(), asyncio.Event()
    file = tmp_path / "rescue.json"
    await daemon.open()
    serving = asyncio.ensure_future(
        Service(daemon, manager, rescue=RescueFile({"RUNTIME_DIRECTORY": str(tmp_path)})).run(stop)
    )
    await fake.until(lambda: {"READY": "1"} in manager.told)
    assert daemon.is_ready
    assert manager.told[:2] == [
        {"STATUS": "routing calls: pbx1 NOT connected"},
        {"STATUS": "routing calls: pbx1 connected"},
    ]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    left = {"url": fake.url, "user": "ariroute", "password": fake.password, "app": "ariroute"}
    assert json.loads(file.read_text()) == {"lock": "", "pbxs": {"pbx1": left}}

    stop.set()
    await serving

    assert manager.told[-1] == {"STOPPING": "1", "EXTEND_TIMEOUT_USEC": "11000000"}


async def test_the_first_of_a_pair_is_not_ready_before_it_is_connected(
    fake: FakePbx, flow_file: Callable[..., Path], tmp_path: Path
) -> None:
    daemon, manager, stop = Daemon(flow_file()), Manager(), asyncio.Event()
    turn, lock = Turn(tmp_path / "lock"), tmp_path / "lock"
    await daemon.open()
    rescue = RescueFile({"RUNTIME_DIRECTORY": str(tmp_path)})
    serving = asyncio.ensure_future(Service(daemon, manager, turn, rescue).run(stop))
    await fake.until(lambda: {"READY": "1"} in manager.told)

    assert daemon.is_ready
    assert {"STATUS": "standing by: another daemon routes the calls"} not in manager.told
    assert json.loads((tmp_path / "rescue.json").read_text())["lock"] == str(lock)
    stop.set()
    await serving
    turn.close()


async def test_without_asterisk_the_start_is_over_all_the_same(
    fake: FakePbx, flow_file: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A manager that waited for it would end the daemon and start it again, for ever."""
    monkeypatch.setattr(service, "PATIENCE", 0.1)
    path = flow_file()
    await fake.stop()
    daemon, manager, stop = Daemon(path), Manager(), asyncio.Event()
    await daemon.open()
    serving = asyncio.ensure_future(Service(daemon, manager).run(stop))
    await fake.until(lambda: {"READY": "1"} in manager.told)

    assert not daemon.is_ready
    assert manager.told[0] == {"STATUS": "routing calls: pbx1 NOT connected"}
    stop.set()
    await serving


async def test_when_another_daemon_takes_the_calls_then_a_rescue_would_not_touch_them(
    fake: FakePbx, flow_file: Callable[..., Path], tmp_path: Path
) -> None:
    daemon, manager = Daemon(flow_file()), Manager()
    await daemon.open()
    rescue = RescueFile({"RUNTIME_DIRECTORY": str(tmp_path)})
    serving = asyncio.ensure_future(Service(daemon, manager, rescue=rescue).run(asyncio.Event()))
    await fake.until(lambda: daemon.is_ready)
    fake.send({"type": "ApplicationReplaced", "application": "ariroute"})

    with pytest.raises(PbxReplaced, match="another program has registered the same Stasis application"):
        await serving

    assert json.loads((tmp_path / "rescue.json").read_text())["pbxs"] == {}


async def test_a_folder_that_cannot_be_written_keeps_nobody_from_routing(
    fake: FakePbx, flow_file: Callable[..., Path], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    daemon, stop = Daemon(flow_file()), asyncio.Event()
    await daemon.open()
    rescue = RescueFile({"RUNTIME_DIRECTORY": str(tmp_path / "nowhere")})
    serving = asyncio.ensure_future(Service(daemon, Manager(), rescue=rescue).run(stop))
    await fake.until(lambda: daemon.is_ready)

    assert "what the rescue of calls needs cannot be written" in caplog.text
    stop.set()
    await serving
