"""The load: SIP calls placed by SIPp at an even rate, each from a number of its own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ariroute.lab.debian import LabError
from ariroute.lab.sipp import Sipp, new_directory

HOLD: Final = 1.0
"""Seconds that a caller stays once answered. Whoever is not in a queue by then is lost."""
_GRACE: Final = 8.0
_SCENARIO: Final = Path(__file__).with_name("call.xml")


def place_calls(sipp: Sequence[str], server: str, numbers: Sequence[str], rate: float, directory: Path) -> bool:
    """Place one call from each number, `rate` a second, and return when all are over.

    The answer says whether SIPp came to the end; the calls that it was still holding after a generous time are dropped.
    """
    folder = new_directory(directory, "load")
    (folder / "call.xml").write_text(_SCENARIO.read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "callers.csv").write_text("SEQUENTIAL\n" + "".join(f"{number};\n" for number in numbers))
    options = [
        *("-sf", "call.xml", "-inf", "callers.csv", "-m", str(len(numbers)), "-l", str(len(numbers))),
        *("-r", f"{rate:g}", "-rp", "1000", "-d", f"{HOLD * 1000:.0f}", server),
    ]
    stream = Sipp(sipp, options, folder)
    try:
        stream.wait(1.5 * len(numbers) / rate + HOLD + _GRACE)
    except (TimeoutError, LabError):
        return False
    finally:
        stream.stop()
    return True
