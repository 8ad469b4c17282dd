"""The command and its subcommands. Only click is imported here: ``ariroute --help`` answers at once.

Each subcommand imports what it needs when it runs.
"""

from __future__ import annotations

import contextlib
import gc
import sys
from collections.abc import Iterator
from io import TextIOWrapper
from typing import Any

import click

from ariroute.cli.calls import calls
from ariroute.cli.check import check
from ariroute.cli.diff import diff
from ariroute.cli.doctor import doctor
from ariroute.cli.erase import erase
from ariroute.cli.exits import exit_code, with_output
from ariroute.cli.explain import explain
from ariroute.cli.fmt import fmt
from ariroute.cli.plan import plan
from ariroute.cli.prove import prove
from ariroute.cli.queues import queues
from ariroute.cli.reload import reload
from ariroute.cli.replay import replay
from ariroute.cli.rescue import rescue
from ariroute.cli.routes import routes
from ariroute.cli.run import run
from ariroute.cli.schema import schema
from ariroute.cli.shadow import shadow
from ariroute.cli.simulate import simulate
from ariroute.cli.staffing import staffing
from ariroute.cli.status import status
from ariroute.cli.test import test
from ariroute.cli.trace import trace
from ariroute.cli.version import show_version, version


class Commands(click.Group):
    """A group whose every ending passes through :mod:`ariroute.cli.exits`."""

    def main(self, *args: Any, **options: Any) -> Any:
        options["standalone_mode"] = False
        if isinstance(sys.stdout, TextIOWrapper):
            sys.stdout.reconfigure(errors="backslashreplace")  # a terminal of another alphabet is no reason to fail
        with _seldom_collecting():
            sys.exit(exit_code(lambda: super(Commands, self).main(*args, **options)))

    def make_context(self, *args: Any, **options: Any) -> click.Context:
        """Here ``--help`` and ``--version`` print."""
        context = with_output(lambda: super(Commands, self).make_context(*args, **options))
        assert isinstance(context, click.Context)
        return context

    def invoke(self, ctx: click.Context) -> Any:
        return with_output(lambda: super(Commands, self).invoke(ctx))

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order in which a newcomer needs them."""
        return list(self.commands)


@contextlib.contextmanager
def _seldom_collecting() -> Iterator[None]:
    """Let the garbage collector look at 50,000 new objects at a time: what a command loads is there to stay.

    At Python's own 700 it took a sixth of the time of ``ariroute check``, and found next to nothing.
    """
    usual = gc.get_threshold()
    gc.set_threshold(50_000)
    try:
        yield
    finally:
        gc.set_threshold(*usual)


@click.group(
    cls=Commands,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "auto_envvar_prefix": "ARIROUTE",
        "max_content_width": 100,
    },
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    allow_from_autoenv=False,  # ARIROUTE_VERSION often stands in a container for another purpose
    callback=show_version,
    help="Show the version and exit.",
)
def main() -> None:
    """Priority call routing for Asterisk: look the caller up, branch, queue.

    \b
    Try a flow without placing a call, then run it:
      ariroute check
      ariroute test support --caller +46701234567 --set crm.loyalty=gold
      ariroute run

    Every option may also be given in the environment: ARIROUTE_CONFIG, ARIROUTE_JSON and ARIROUTE_ADMIN
    serve all commands, any other is ARIROUTE_COMMAND_OPTION, such as ARIROUTE_RUN_LOG_LEVEL.

    \b
    Exit codes: 0 done, 1 not as expected (test, doctor), 2 the input cannot be used,
    3 the daemon, Asterisk or a source cannot be reached, 4 another daemon has taken the calls over.
    """


for command in (
    check,
    fmt,
    routes,
    test,
    explain,
    calls,
    trace,
    diff,
    replay,
    shadow,
    plan,
    simulate,
    erase,
    run,
    prove,
    doctor,
    reload,
    status,
    queues,
    staffing,
    rescue,
    schema,
    version,
):
    main.add_command(command)
