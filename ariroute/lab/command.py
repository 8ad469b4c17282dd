"""What `scripts/asterisk` does: fetch, start and stop a private Asterisk, and talk to its console."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ariroute.lab import asterisk
from ariroute.lab.debian import SUITES, LabError, asterisk_program, dotted

UNREACHABLE: Final = 3

_EXAMPLE: Final = """\
example:
  scripts/asterisk start /tmp/pbx --agent alice=40001
  scripts/asterisk cli /tmp/pbx 'queue add member PJSIP/alice to gold'
  scripts/asterisk cli /tmp/pbx 'queue show'
  scripts/asterisk stop /tmp/pbx

Where it listens and its passwords are in DIR/pbx.json; its configuration is in DIR/etc, its logs in DIR/log.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return the exit code: 0 done, 2 wrong arguments, 3 no Asterisk to be had or reached."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except (LabError, OSError) as error:
        print(f"scripts/asterisk: {error}", file=sys.stderr)
        return UNREACHABLE


def _get(options: argparse.Namespace) -> int:
    program = asterisk_program(options.release)
    print(f"Asterisk {dotted(program.version)} ({program.source}): {' '.join(program.command)}")
    return 0


def _start(options: argparse.Namespace) -> int:
    pbx = asterisk.PrivateAsterisk(options.directory, release=options.release, agents=dict(options.agent))
    pbx.start_detached()
    print(f"SIP 127.0.0.1:{pbx.sip_port}  ARI {pbx.ari_url}  AMI 127.0.0.1:{pbx.ami_port}")
    print(
        f"Asterisk {dotted(pbx.version)} runs; its passwords are in {pbx.directory / 'pbx.json'}\n"
        f"End it with: scripts/asterisk stop {options.directory}",
        file=sys.stderr,
    )
    return 0


def _stop(options: argparse.Namespace) -> int:
    asterisk.stop_detached(options.directory)
    return 0


def _cli(options: argparse.Namespace) -> int:
    state = asterisk.read_state(options.directory)
    command = state["command"]
    assert isinstance(command, list)
    print(asterisk.run_cli(command, options.command), end="")
    return 0


def _agent(text: str) -> tuple[str, int]:
    name, _, port = text.partition("=")
    if not (name.isalnum() and port.isdigit()):
        raise argparse.ArgumentTypeError(f"{text!r}: write NAME=PORT, for example alice=40001")
    return name, int(port)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scripts/asterisk",
        description="A private Asterisk: no root, nothing installed, 127.0.0.1 only, all its files under one folder.",
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    released = argparse.ArgumentParser(add_help=False)
    released.add_argument("--release", choices=list(SUITES), help="Asterisk to take; default: the newest to be had")
    placed = argparse.ArgumentParser(add_help=False)
    placed.add_argument("directory", metavar="DIR", type=Path)

    get = commands.add_parser(
        "get", parents=[released], help="fetch Asterisk and SIPp into the cache (about 80 MB, once)"
    )
    get.set_defaults(run=_get)

    start = commands.add_parser(
        "start", parents=[placed, released], help="start one in DIR, with the dialplan of this repository"
    )
    start.add_argument(
        "--agent", metavar="NAME=PORT", type=_agent, action="append", default=[], help="phone of an agent on 127.0.0.1"
    )
    start.set_defaults(run=_start)

    stop = commands.add_parser("stop", parents=[placed], help="end the one in DIR")
    stop.set_defaults(run=_stop)

    cli = commands.add_parser("cli", parents=[placed], help="run a command on the console of the one in DIR")
    cli.add_argument("command", metavar="COMMAND", help="for example 'queue show'")
    cli.set_defaults(run=_cli)
    return parser
