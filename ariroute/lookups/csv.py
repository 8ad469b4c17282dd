"""Lookups in a CSV file: packed into memory, read again when it changes; the last good content stays."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Mapping
from pathlib import Path

from pydantic import Field

from ariroute.errors import ConfigError, Problem
from ariroute.files import why
from ariroute.flow.facts import Scalar
from ariroute.lookups.base import SourceSettings, Surroundings
from ariroute.lookups.csv_packing import NICE, packed_elsewhere
from ariroute.lookups.csv_table import Table, packed_here
from ariroute.lookups.table import Task
from ariroute.lookups.template import NAME

log = logging.getLogger(__name__)

CHECK_EVERY = 1.0
SMALL = 256 * 1024
"""Bytes. Such a file is packed in a thread within 50 ms; a process of its own takes longer to start."""

Print = tuple[int, int, int]
"""What changes when a file is written or replaced: time of change, size, inode."""


class CsvSettings(SourceSettings):
    """Look contacts up in a CSV file with a header line, UTF-8; it is read again when it changes."""

    path: str = Field(min_length=1, description="Relative to the flow file.", examples=["vip.csv"])
    key: str = Field(min_length=1, description="The column that is searched.", examples=["phone"])
    input: str = Field(
        default="caller.e164",
        pattern=f"^{NAME.pattern}$",
        description="What is searched for; with caller.e164 the column holds telephone numbers.",
    )
    delimiter: str = Field(
        default=",", min_length=1, max_length=1, description="What stands between two columns.", examples=[";"]
    )

    @property
    def template_names(self) -> frozenset[str]:
        return frozenset({self.input})


class CsvSource:
    """A CSV file. A broken one is refused at start; at a later change the last good content stays."""

    def __init__(self, settings: CsvSettings, surroundings: Surroundings) -> None:
        self._settings = settings
        self._around = surroundings
        self._path = surroundings.folder / settings.path
        self._table: Table | None = None
        self._print: Print | None = None
        self._watch: asyncio.Task[None] | None = None

    @property
    def template_names(self) -> frozenset[str]:
        return self._settings.template_names

    async def start(self) -> None:
        """Read the file. Raises ConfigError with every mistake in it."""
        await self._load(await asyncio.to_thread(fingerprint, self._path))
        self._watch = asyncio.create_task(self._keep_watch(), name=f"watch {self._settings.path}")

    async def fetch(self, inputs: Mapping[str, str]) -> Mapping[str, Scalar] | None:
        assert self._table is not None
        return self._table.get(inputs[self._settings.input])

    async def close(self) -> None:
        if self._watch:
            self._watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watch
        if self._table:
            self._table.close()
            self._table = None

    async def refresh(self) -> bool:
        """Read the file again if it changed; True when it did and could be used. Raises nothing for a bad file."""
        before = self._print
        self._print = None
        try:
            self._print = current = await asyncio.to_thread(fingerprint, self._path)
            if current == before:
                return False
            await self._load(current)
        except ConfigError as error:
            if self._print != before:  # the same fault is said once, not every second
                log.error("lookup %s: the changed file is not used:\n%s", self._around.name, error)
            return False
        log.info("lookup %s: %s read again, %d rows", self._around.name, self._path, len(self._table or ()))
        return True

    async def _load(self, current: Print) -> None:
        settings, around = self._settings, self._around
        region = around.region if settings.input.endswith(".e164") else None
        task = Task(str(self._path), settings.key, around.fields, region, settings.delimiter)
        small = current[1] <= SMALL
        at_work = NICE if self._table else 0
        table = await (asyncio.to_thread(packed_here, task) if small else packed_elsewhere(task, nice=at_work))
        old, self._table = self._table, table
        if old:
            old.close()
        self._print = current

    async def _keep_watch(self) -> None:
        while True:
            await asyncio.sleep(CHECK_EVERY)
            try:
                await self.refresh()
            except Exception:
                log.exception("lookup %s: %s could not be read again", self._around.name, self._path)


def fingerprint(path: Path) -> Print:
    """Raises ConfigError when there is no such file."""
    try:
        found = path.stat()
    except OSError as error:
        text = f"cannot be read: {why(error)}"
        raise ConfigError([Problem(str(path), 0, 0, "", text)]) from error
    return (found.st_mtime_ns, found.st_size, found.st_ino)
