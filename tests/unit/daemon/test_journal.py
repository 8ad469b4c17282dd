"""The daemon's journal as the administrator meets it: at the start, at a reload, in the figures, at the stop."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import pytest
from fake_ari import FakePbx

from ariroute.daemon.app import Daemon
from ariroute.journal.sqlite import SqliteStore

from .conftest import Running


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ariroute.journal.writer.GATHER", 0.01)
    monkeypatch.setattr("ariroute.journal.writer.PAUSE", 0.01)


def figures(daemon: Daemon) -> dict[str, float]:
    """The journal's samples, by name and result."""
    return {
        name.removeprefix("ariroute_journal_") + "".join(f"/{value}" for value in labels.values()): value
        for name, labels, value in daemon.metrics.samples()
        if name.startswith("ariroute_journal_")
    }


def recorded(file: Path) -> list[tuple[str, str]]:
    """Each contact's caller and queue."""
    store = SqliteStore(file, only_read=True)
    try:
        return [(caller, queue) for caller, queue in store.read("SELECT caller, queue FROM contacts ORDER BY id")]
    finally:
        store.close()


async def place(fake: FakePbx, caller: str) -> None:
    channel = fake.channels[fake.call(caller, ("support",))]
    await fake.until(lambda: channel.continued)


async def test_a_journal_that_cannot_be_opened_costs_no_call_and_is_there_when_it_can(
    fake: FakePbx, running: Running, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "away" / "journal.db"
    async with running(journal=f"sqlite:{file}") as daemon:
        journal = daemon.journal
        assert journal is not None
        await fake.until(lambda: journal.failure)
        await place(fake, "+46701000001")
        await fake.until(lambda: journal.waiting >= 2)
        assert figures(daemon)["failing"] == 1
        assert figures(daemon)["records_total/written"] == 0
        assert figures(daemon)["waiting"] >= 2
        assert daemon.status()["journal"]["failure"].endswith("or name another file in journal.url")
        file.parent.mkdir()
        await fake.until(lambda: not journal.waiting)
        await fake.until(lambda: journal.on_disk)
        assert figures(daemon)["failing"] == 0
        assert figures(daemon)["records_total/written"] >= 2
        assert figures(daemon)["bytes"] > 4096
    assert [queue for _, queue in recorded(file)] == ["platinum"]
    told = [record.levelno for record in caplog.records if record.name == "ariroute.journal.writer"]
    assert told == [logging.ERROR, logging.WARNING]


async def test_a_reload_changes_what_is_kept_how_long_and_ends_the_record(
    fake: FakePbx, running: Running, flow_file: Callable[..., Path], tmp_path: Path
) -> None:
    file = tmp_path / "journal.db"
    url = f"sqlite:{file}"
    async with running(journal=url) as daemon:
        await place(fake, "+46701000001")
        flow_file(journal=f"{url}', numbers: full, keep: '30d")
        assert await daemon.reload() == ["journal.numbers changed", "journal.keep changed"]
        assert daemon.journal is not None
        assert daemon.journal._retention.limits.keep == 30 * 86400
        await place(fake, "+46701000002")
        flow_file()
        assert await daemon.reload() == ["journal removed"]
        await place(fake, "+46701000003")
    assert recorded(file) == [("+46******001", "platinum"), ("+46701000002", "gold")]


async def test_a_stop_writes_what_was_decided_last(fake: FakePbx, running: Running, tmp_path: Path) -> None:
    file = tmp_path / "journal.db"
    async with running(journal=f"sqlite:{file}"):
        for number in range(1, 4):
            await place(fake, f"+4670100000{number}")
    assert [queue for _, queue in recorded(file)] == ["platinum", "gold", "standard"]


async def test_without_a_journal_there_are_no_figures_of_it(running: Running) -> None:
    async with running() as daemon:
        assert figures(daemon) == {}
        assert daemon.status()["journal"] is None
