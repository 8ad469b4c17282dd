"""The process: the daemon with its admin API, until a signal or the last PBX ends it."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import signal
from collections.abc import AsyncIterator
from pathlib import Path

from aiohttp import web
from aiohttp.http_exceptions import BadHttpMessage

from ariroute.daemon.app import Daemon
from ariroute.errors import ArirouteError, UnusableInput
from ariroute.web.admin import admin_app

log = logging.getLogger("ariroute.daemon")


async def serve(path: Path) -> None:
    """Run the daemon of the file at ``path`` until SIGTERM or SIGINT; SIGHUP reloads.

    Raises ConfigError for a file with mistakes, UnusableInput when the admin address is taken, PbxRefused when no PBX
    is left to serve.
    """
    daemon = Daemon(path)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    reloads: set[asyncio.Task[None]] = set()

    def on_hangup() -> None:
        task = loop.create_task(_reload(daemon), name="reload by SIGHUP")
        reloads.add(task)
        task.add_done_callback(reloads.discard)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    loop.add_signal_handler(signal.SIGHUP, on_hangup)
    async with _admin(daemon):
        await daemon.start()
        _spare_the_collector()
        try:
            await _first_of(stop, daemon)
        finally:
            await daemon.stop()


def _spare_the_collector() -> None:
    """Keep what is loaded for good out of garbage collections, and collect less often.

    A call leaves hardly any cycles behind, but at Python's own threshold of 700 new objects the collector ran several
    times per call and took a twentieth of the daemon's time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


async def _first_of(stop: asyncio.Event, daemon: Daemon) -> None:
    """Return when ``stop`` is set; raise what the daemon raises when it ends by itself."""
    ended = asyncio.ensure_future(daemon.run())
    stopped = asyncio.ensure_future(stop.wait())
    await asyncio.wait([ended, stopped], return_when=asyncio.FIRST_COMPLETED)
    for task in (ended, stopped):
        task.cancel()
    if not stop.is_set():
        await ended


@contextlib.asynccontextmanager
async def _admin(daemon: Daemon) -> AsyncIterator[None]:
    logging.getLogger("aiohttp.server").addFilter(_is_ours)
    host, _, port = daemon.config.daemon.admin.rpartition(":")
    runner = web.AppRunner(admin_app(daemon), access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, int(port)).start()
    except OSError as error:
        await runner.cleanup()
        raise UnusableInput(
            f"the admin address {host}:{port} cannot be used ({error.strerror}): is another daemon running? "
            "Change daemon.admin in the configuration, or stop the other one"
        ) from error
    try:
        yield
    finally:
        await runner.cleanup()


def _is_ours(record: logging.LogRecord) -> bool:
    """Whether a fault in the admin API is worth a line: bytes that are no HTTP are their sender's fault."""
    return not (record.exc_info and isinstance(record.exc_info[1], BadHttpMessage))


async def _reload(daemon: Daemon) -> None:
    with contextlib.suppress(ArirouteError):  # the daemon has logged it; the old configuration stays
        await daemon.reload()
