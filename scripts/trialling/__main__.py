"""The command line of `scripts/trials`."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

NOT_AS_WISHED, WRONG, NOT_POSSIBLE = 1, 2, 3
_ABOUT: Final = """\
The same calls, by SIP through private Asterisks and through the simulated floor (floor), and through Asterisks that
are staffed in several ways (ratios). What is reported comes from app_queue's own events, compared with queue_log.
"""
_EXAMPLE: Final = """\
examples:
  scripts/trials floor                        17 configurations, 60 s of calls each: 9 minutes
  scripts/trials floor --short                eight of them, three lists of callers each, six at once: 7 minutes
  scripts/trials floor weights penalties --lists 6    only these, with six lists of callers each
  scripts/trials ratios                       44 minutes of a call centre, ten times as fast, four arms side by side
  scripts/trials ratios --short --arm dynamic --arm none

exit codes: 0 mean waits within 10 %, agents per call held in 95 % of the seconds; 1 not so; 2 wrong arguments;
3 something needed is not to be had
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a trial, print its tables; return the exit code."""
    options = _options(arguments)
    # Not before the arguments are read: `--help` answers at once, even where nothing is installed yet.
    from ariroute.lab.debian import LabError

    try:
        with tempfile.TemporaryDirectory(prefix="ariroute-trials-") as name:
            folder: Path = options.folder or Path(name)
            return _floor(options, folder) if options.trial == "floor" else _ratios(options, folder)
    except (LabError, OSError) as error:
        _say(str(error))
        return NOT_POSSIBLE


def _floor(options: argparse.Namespace, folder: Path) -> int:
    from scripts.trialling.floor_tables import floor_table, verdict
    from scripts.trialling.floor_trial import floor_trial
    from scripts.trialling.floors import FLOORS, SHORT

    unknown = set(options.names) - {floor.name for floor in FLOORS}
    if unknown:
        _say(f"no floor {', '.join(sorted(unknown))}; there are {', '.join(floor.name for floor in FLOORS)}")
        return WRONG
    names = options.names or (SHORT if options.short else ())
    lists = options.lists or (3 if options.short else 1)
    at_once = options.at_once or (6 if options.short else 3)
    seeds = range(options.seed, options.seed + lists)
    tried = floor_trial(names, options.seconds, seeds, folder, at_once, _say)
    sys.stdout.write(f"{floor_table(tried)}\n{verdict(tried)}")
    return 0 if all(one.compared.is_within for one in tried) else NOT_AS_WISHED


def _ratios(options: argparse.Namespace, folder: Path) -> int:
    from scripts.trialling.arms import ARMS, DAY, SHORT_DAY, Centre
    from scripts.trialling.ratio_tables import move_table, ratio_table
    from scripts.trialling.ratio_trial import holds, ratio_trial

    arms = [arm for arm in ARMS if arm.name in (options.arm or ("dynamic", "none", "penalties", "weights"))]
    centre = Centre(SHORT_DAY if options.short else DAY, options.speed)
    _say(f"{centre.lasts:.0f} s of calls in {', '.join(arm.name for arm in arms)}")
    outcomes = ratio_trial(arms, centre, options.seed, folder)
    sys.stdout.write(f"{ratio_table(outcomes)}\n{move_table(outcomes)}")
    return 0 if all(map(holds, outcomes)) else NOT_AS_WISHED


def _say(sentence: str) -> None:
    sys.stderr.write(f"scripts/trials: {sentence}\n")


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/trials",
        description=_ABOUT,
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--seed", type=int, default=1, help="of the list of callers (1)")
    common.add_argument("--folder", type=Path, help="where everything is kept; without it, it is deleted")
    trials = parser.add_subparsers(dest="trial", required=True)
    floor = trials.add_parser("floor", parents=[common], help="real Asterisk against the simulation")
    floor.add_argument("names", nargs="*", metavar="FLOOR", help="configurations (all)")
    floor.add_argument("--seconds", type=float, default=60.0, help="in which callers come (60)")
    floor.add_argument("--lists", type=int, help="of callers for each, counted together (1; --short: 3)")
    floor.add_argument("--at-once", type=int, help="Asterisks side by side (3; --short: 6)")
    floor.add_argument("--short", action="store_true", help="eight configurations, of each kind the hardest")
    ratios = trials.add_parser("ratios", parents=[common], help="agents per call, with ariroute and without")
    ratios.add_argument("--arm", action="append", help="dynamic, lending, static, none, penalties, weights; again")
    ratios.add_argument("--speed", type=float, default=10.0, help="so many times as fast as in a call centre (10)")
    ratios.add_argument("--short", action="store_true", help="four minutes of the call centre")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
