"""How much of a row is run: a short form by default, the full figures of the plan with ``ARIROUTE_FULL_MATRIX=1``."""

from __future__ import annotations

import os
from typing import TypeVar

T = TypeVar("T")

FULL = os.environ.get("ARIROUTE_FULL_MATRIX") == "1"


def scaled(short: T, full: T) -> T:
    """What a row takes of something, a count of calls for example: ``full`` in the full form."""
    return full if FULL else short
