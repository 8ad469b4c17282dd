"""``ariroute run``: the daemon, in the foreground."""

from __future__ import annotations

import faulthandler
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ariroute.cli.options import config_option, flow_file
from ariroute.errors import UnusableInput

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

    from ariroute.daemon.logs import LogFormat


@click.command()
@config_option
@click.option(
    "--log-level",
    type=click.Choice(["debug", "info", "warning", "error"]),
    show_envvar=True,
    show_default="daemon.log.level of the flow file",
    help="The least severe log line that is written.",
)
@click.option(
    "--log-format",
    type=click.Choice(["text", "json"]),
    show_envvar=True,
    show_default="daemon.log.format of the flow file",
    help="Text for people, or one JSON object per line.",
)
@click.option(
    "--admin",
    envvar="ARIROUTE_ADMIN",
    show_envvar=True,
    metavar="HOST:PORT",
    show_default="daemon.admin of the flow file",
    help="Where reloads, health checks and metrics reach this daemon.",
)
@click.option(
    "--standby",
    type=click.Path(dir_okay=False, path_type=Path),
    show_envvar=True,
    metavar="FILE",
    help="Be one of a pair on this machine, which name the same lock file: one routes, the other stands by.",
)
def run(
    config: Path | None, log_level: str | None, log_format: LogFormat | None, admin: str | None, standby: Path | None
) -> None:
    """Route calls until SIGTERM or Ctrl-C.

    SIGHUP reads the flow file again, as "ariroute reload" does. Logs go to standard error. On the way out it takes
    no new calls, finishes those it has and hands over the rest to their default queue. Exit code 4 when another
    daemon has taken the calls over.

    With --standby a second daemon has everything open and takes the calls over the moment the first one ends, however
    it ends. Each of the two needs an --admin address of its own.

    \b
    Example:
      ariroute run -c /etc/ariroute/ariroute.yaml --log-format json
      ariroute run --standby /var/lib/ariroute/lock --admin 127.0.0.2:8067
    """
    from signal import SIG_IGN, SIGHUP, signal

    signal(SIGHUP, SIG_IGN)  # a reload asked for before the daemon listens for it must not end it
    keep_standard_descriptors()
    if "WATCHDOG_USEC" in os.environ:
        faulthandler.enable(2)  # systemd ends a daemon that hangs by SIGABRT: then it says where
    from asyncio import Runner

    from ariroute.config.load import load
    from ariroute.daemon.logs import set_up
    from ariroute.web.serve import serve

    path = flow_file(config)
    log = load(path).daemon.log  # read here too, so that a bad file is told as a list and not as log lines
    writer = set_up(log_level or log.level, log_format or log.format)
    try:
        with Runner(loop_factory=loop_factory()) as runner:
            runner.run(serve(path, admin_address(admin), standby))
    finally:
        writer.close()


def admin_address(given: str | None) -> str:
    """``given``, when the admin API may listen there. Raises UnusableInput."""
    from ariroute.config.model import loopback

    try:
        return loopback(given) if given else ""
    except ValueError as error:
        raise UnusableInput(f"--admin: {error}") from None


def keep_standard_descriptors() -> None:
    """Open 0, 1 and 2 on nothing where they are closed: the event loop's own would take their numbers."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest free number, which is this one


def loop_factory() -> Callable[[], AbstractEventLoop] | None:
    """uvloop's event loop when it is installed (the extra ``speed``); None means asyncio's own."""
    try:
        from uvloop import new_event_loop
    except ImportError:
        return None
    return new_event_loop
