"""Why the staffing moves nobody: because that is wanted, or because it cannot."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

STOPPED: Final = {
    "released by hand": "released by hand: it leaves all agents alone until 'ariroute staffing resume'",
    "no staffing in the flow file": "no staffing in the flow file",
    "another daemon has the calls": "another daemon has the calls, and moves agents",
}
"""By what the daemon says: what people are told. These are wanted, and so is ``advise``."""


def is_frozen(status: Mapping[str, Any]) -> bool:
    """Whether it is to move agents, and cannot."""
    return status.get("acting") is False and status.get("why") not in ("advise", *STOPPED)


def is_released(status: Mapping[str, Any]) -> bool:
    """Whether somebody has let go of all agents."""
    return status.get("why") == "released by hand"
