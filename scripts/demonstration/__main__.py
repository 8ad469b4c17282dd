"""The command line of `scripts/demo`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

NOT_POSSIBLE: Final = 3
BROKEN_PIPE: Final = 141
_ABOUT: Final = """\
Real SIP calls through a private Asterisk and ariroute, shown as they happen and checked against
Asterisk's own queue_log. No root; nothing is touched but .cache/demo here and the user's cache.
With --ratios: a burst into two call centres of thirty agents side by side, one of them staffed by ariroute.
"""
_EXAMPLE: Final = """\
examples:
  scripts/demo                          forty calls, about forty seconds
  scripts/demo --calls 100 --rate 4
  scripts/demo --stay                   and then go on: call yourself, change the flow, reload
  scripts/demo --calls 200 --rate 20 --stay    many, for docs/how-to/change-a-rule.md
  scripts/demo call +46701000001        one call into the demo that stays
  scripts/demo --ratios                 agents per call under a burst, with ariroute and without: a minute
  scripts/demo --ratios --against weights

exit codes: 0 each call was answered in its right queue (--ratios: ariroute held each tier's agents per call in
95 % of the seconds in which agents sufficed); 1 not so; 2 wrong arguments;
3 something needed is not to be had; 130 and 143 ended by Ctrl-C and SIGTERM
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo, or place one call into a demo that runs; return the exit code."""
    options = _options(sys.argv[1:] if arguments is None else arguments)
    # Not before the arguments are read: `--help` answers at once, even where nothing is installed yet.
    from ariroute.lab.debian import LabError
    from scripts.demonstration import play, ratios
    from scripts.demonstration.cast import CastError
    from scripts.demonstration.screen import ReaderLeft
    from scripts.demonstration.signals import Ended, ended_by_signals

    try:
        with ended_by_signals():
            if options.number:
                return play.call(options.number, options.name, options.dialled, options.demo)
            if options.ratios:
                return ratios.ratios(options.against)
            return play.demo(options.calls, options.rate, options.stay, options.admin)
    except (LabError, CastError, OSError, TimeoutError) as error:
        _complain(str(error))
        return NOT_POSSIBLE
    except ReaderLeft:
        return BROKEN_PIPE
    except Ended as ended:
        _complain("ended; everything that it started is gone")
        return 128 + ended.number


def _complain(sentence: str) -> None:
    sys.stderr.write(f"scripts/demo: {sentence}\n")


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    options = _call_parser().parse_args(arguments[1:]) if arguments[:1] == ["call"] else _parser().parse_args(arguments)
    return argparse.Namespace(**{"number": "", "ratios": False, **vars(options)})


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scripts/demo",
        description=_ABOUT,
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--calls", type=_calls, default=40, help="how many are placed (40)")
    parser.add_argument("--rate", type=_rate, default=2.0, help="calls a second (2)")
    parser.add_argument("--stay", action="store_true", help="keep everything running afterwards, until Ctrl-C")
    parser.add_argument(
        "--ratios", action="store_true", help="agents per call under a burst, beside a centre without ariroute"
    )
    parser.add_argument(
        "--against",
        choices=("none", "penalties", "weights"),
        default="none",
        help="how the other centre of --ratios is staffed: each agent in one tier (none), or in all of theirs",
    )
    parser.add_argument("--admin", metavar="HOST:PORT", default="", help="the daemon's admin address (a free port)")
    return parser


def _call_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scripts/demo call", description="Place one call into the demo that stays.", allow_abbrev=False
    )
    parser.add_argument("number", help="the number that calls, such as +46701000001; anonymous withholds it")
    parser.add_argument("--name", default="", help="the name that the phone sends")
    parser.add_argument("--dialled", default="support", help="what is dialled (support)")
    parser.add_argument("--demo", type=Path, metavar="FOLDER", help="its run folder, where several demos run")
    return parser


def _calls(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 1000:
        raise argparse.ArgumentTypeError(f"{text!r}: a number of calls from 1 to 1000")
    return int(text)


def _rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = 0
    if not 0.1 <= rate <= 50:
        raise argparse.ArgumentTypeError(f"{text!r}: calls a second from 0.1 to 50")
    return rate


if __name__ == "__main__":
    sys.exit(main())
