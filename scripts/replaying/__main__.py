"""The command line of `scripts/replay`."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

NOT_AS_WISHED, NOT_POSSIBLE = 1, 3


def main(arguments: Sequence[str] | None = None) -> int:
    """Place the calls, walk them again; return the exit code."""
    options = _options(arguments)
    # Not before the arguments are read: `--help` answers at once, even where nothing is installed yet.
    from ariroute.lab.debian import LabError
    from scripts.replaying.calls import play
    from scripts.replaying.judgement import judge

    try:
        with tempfile.TemporaryDirectory(prefix="ariroute-replay-") as name:
            folder = options.folder or Path(name)
            folder.mkdir(parents=True, exist_ok=True)
            file, placed = play(folder, options.calls, options.rate, options.numbers, options.release)
            judged = judge(file, options.numbers)
    except (LabError, OSError, TimeoutError) as error:
        sys.stderr.write(f"{error}\n")
        return NOT_POSSIBLE
    sys.stdout.write(json.dumps({"placed": placed, **judged.to_plain()}, indent=1) + "\n")
    return 0 if judged.is_as_wished and judged.records >= placed else NOT_AS_WISHED


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/replay",
        description="Real calls, recorded by the daemon, and each decided again from the journal. Prints JSON.",
        epilog="exit codes: 0 no difference; 1 a difference, or a record is missing; 3 something needed is not there",
    )
    parser.add_argument("--calls", type=int, default=10_000, help="how many (default: 10000)")
    parser.add_argument("--rate", type=float, default=25.0, help="so many a second (default: 25)")
    parser.add_argument("--numbers", choices=("masked", "full"), default="masked", help="journal.numbers")
    parser.add_argument("--release", choices=("22", "16"), default="22", help="of Asterisk")
    parser.add_argument("--folder", type=Path, help="where everything is kept; without it, it is deleted")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
