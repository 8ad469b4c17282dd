"""The command line of `scripts/soak`."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

UNUSABLE: Final = 2
NOT_POSSIBLE: Final = 3
INTERRUPTED: Final = 130
RECORD: Final = "record.jsonl"
ROOT: Final = Path(__file__).resolve().parents[2]
_ABOUT: Final = """\
Calls for hours through a private Asterisk and the installed daemon, a fault every minute, and what grows meanwhile:
memory, file descriptors, threads, tasks, the time to the queue. Needs no root; nothing outside its folder is touched.
"""
_EXAMPLE: Final = """\
examples:
  scripts/soak --minutes 3              does it work here
  scripts/soak --hours 24               before a release: 260,000 calls, 1,440 faults, about 1 GB of records
  scripts/soak --report .cache/soak/20261122-020000

Ctrl-C ends it with the report so far. A run that was cut can be reported, and continued with --folder.

exit codes: 0 nothing failed, though it may be too short to tell; 1 a wish does not hold; 2 wrong arguments or flow
file; 3 something needed is not to be had; 130 a second Ctrl-C, or one before the first call
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Soak, or report a record; return the exit code."""
    options = _options(sys.argv[1:] if arguments is None else arguments)
    # Not before the arguments are read: `--help` answers at once, even where nothing is installed yet.
    from ariroute.errors import ArirouteError
    from ariroute.lab.debian import LabError

    try:
        if options.report:
            return _report(options.report, options.json)
        return _soak(options)
    except ArirouteError as error:
        _say(str(error))
        return UNUSABLE
    except (LabError, OSError, TimeoutError) as error:
        _say(str(error))
        return NOT_POSSIBLE
    except KeyboardInterrupt:
        _say("ended at once; what was seen is told by --report")
        return INTERRUPTED


def _soak(options: argparse.Namespace) -> int:
    from scripts.soaking.record import Writer
    from scripts.soaking.running import Wishes, soak

    folder: Path = options.folder or ROOT / ".cache/soak" / time.strftime("%Y%m%d-%H%M%S")
    folder.mkdir(parents=True, exist_ok=True)
    seconds = options.hours * 3600 if options.hours else options.minutes * 60
    wishes = Wishes(seconds, options.rate, options.faults_every, options.seed, options.flow)
    try:
        with Writer(folder / RECORD) as writer:
            stage = folder / f"stage-{time.strftime('%Y%m%d-%H%M%S')}"
            stage.mkdir()
            soak(wishes, stage, writer, _say)
    finally:
        _say(f"the record: {folder / RECORD}")
    return _report(folder, options.json)


def _report(path: Path, into: Path | None) -> int:
    from scripts.soaking.judgement import findings, outcome
    from scripts.soaking.record import read
    from scripts.soaking.report import as_json, text
    from scripts.soaking.trends import Outcome

    record = read(path / RECORD if path.is_dir() else path)
    if into is not None:
        into.write_text(json.dumps(as_json(record), indent=2) + "\n", encoding="utf-8")
    sys.stdout.write(text(record) + "\n")
    return 1 if outcome(findings(record)) is Outcome.FAILS else 0


def _say(sentence: str) -> None:
    sys.stderr.write(f"scripts/soak: {sentence}\n")
    sys.stderr.flush()


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/soak",
        description=_ABOUT,
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--hours", type=_amount, help="how long calls are placed")
    what.add_argument("--minutes", type=_amount, help="the same, for a try")
    what.add_argument("--report", type=Path, metavar="FOLDER", help="tell what a record says, of a cut run as well")
    parser.add_argument("--rate", type=_amount, default=3.0, help="calls a second (3)")
    parser.add_argument("--faults-every", type=_seconds, default=60.0, metavar="SECONDS", help="60; 0 for no fault")
    parser.add_argument("--seed", type=int, default=1, help="of callers and faults (1)")
    mix = Path(__file__).with_name("mix.yaml")
    parser.add_argument("--flow", type=Path, default=mix, metavar="FILE", help="a flow file of your own")
    parser.add_argument("--folder", type=Path, help="for the record and all files; one with a record is continued")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the report there as JSON, too")
    return parser.parse_args(arguments)


def _amount(text: str) -> float:
    return _number(text, 0.01)


def _seconds(text: str) -> float:
    return _number(text, 0.0)


def _number(text: str, least: float) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not least <= number <= 10_000:
        raise argparse.ArgumentTypeError(f"{text!r}: a number from {least:g} to 10000")
    return number


if __name__ == "__main__":
    sys.exit(main())
