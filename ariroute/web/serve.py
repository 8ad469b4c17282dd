"""The process: the daemon with its admin API, until a signal or the last PBX ends it."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from aiohttp import web
from aiohttp.http_exceptions import BadHttpMessage

from ariroute.daemon.app import Daemon
from ariroute.daemon.service import Service
from ariroute.daemon.service_manager import ServiceManager
from ariroute.daemon.turn import Turn
from ariroute.errors import ArirouteError, LookupFailed, PbxRefused, SpeechFailed, UnusableInput
from ariroute.web.admin import admin_app

log = logging.getLogger("ariroute.daemon")

REST = 5.0
"""Seconds before the end for a reason that stays, where a service manager would start it again at once: for ever."""


async def serve(path: Path, admin: str = "", lock: Path | None = None) -> None:
    """Run the daemon of the file at ``path`` until SIGTERM or SIGINT; SIGHUP reloads.

    ``admin`` replaces the file's address. With ``lock`` it is one of a pair that share this file, and stands by while
    the other routes calls. Raises ConfigError for a file with mistakes, UnusableInput when the admin address is taken,
    PbxRefused when no PBX is left to serve, PbxReplaced when another daemon serves them.
    """
    daemon = Daemon(path)
    manager = ServiceManager()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    reloads: set[asyncio.Task[None]] = set()

    def on_hangup() -> None:
        task = loop.create_task(_reload(daemon, manager), name="reload by SIGHUP")
        reloads.add(task)
        task.add_done_callback(reloads.discard)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    loop.add_signal_handler(signal.SIGHUP, on_hangup)
    try:
        with _turn(lock) as turn:
            async with _admin(daemon, admin or daemon.config.daemon.admin), manager.watched():
                await daemon.open()
                _spare_the_collector()
                await Service(daemon, manager, turn).run(stop)
    except (PbxRefused, LookupFailed, SpeechFailed) as error:
        if manager.is_there:
            log.error("%s; it ends in %g s, to be started again", error, REST)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), REST)
        raise


def _spare_the_collector() -> None:
    """Keep what is loaded for good out of garbage collections, and collect less often.

    A call leaves hardly any cycles behind, but at Python's own threshold of 700 new objects the collector ran several
    times per call and took a twentieth of the daemon's time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@contextlib.contextmanager
def _turn(lock: Path | None) -> Iterator[Turn | None]:
    turn = Turn(lock) if lock else None
    try:
        yield turn
    finally:
        if turn:
            turn.close()


@contextlib.asynccontextmanager
async def _admin(daemon: Daemon, address: str) -> AsyncIterator[None]:
    logging.getLogger("aiohttp.server").addFilter(_is_ours)
    host, _, port = address.rpartition(":")
    runner = web.AppRunner(admin_app(daemon), access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, int(port)).start()
    except OSError as error:
        await runner.cleanup()
        raise UnusableInput(
            f"the admin address {host}:{port} cannot be used ({error.strerror}): is another daemon running? "
            "Change daemon.admin in the configuration, name another with --admin, or stop the other one"
        ) from error
    try:
        yield
    finally:
        await runner.cleanup()


def _is_ours(record: logging.LogRecord) -> bool:
    """Whether a fault in the admin API is worth a line: bytes that are no HTTP are their sender's fault."""
    return not (record.exc_info and isinstance(record.exc_info[1], BadHttpMessage))


async def _reload(daemon: Daemon, manager: ServiceManager) -> None:
    with manager.reloading(), contextlib.suppress(ArirouteError):  # the daemon has logged it; the old one stays
        await daemon.reload()
