"""Why the staffing moves nobody: because that is wanted, or because it cannot."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ariroute.staffing.standstill import ADVISES, NO_RULES, RELEASED, TAKEN_OVER

STOPPED: Final = {
    RELEASED: "released by hand: it leaves all agents alone until 'ariroute staffing resume'",
    NO_RULES: NO_RULES,
    TAKEN_OVER: f"{TAKEN_OVER}, and moves agents",
}
"""By what the daemon says: what people are told. These are wanted, and so is ``advise``."""


def is_frozen(status: Mapping[str, Any]) -> bool:
    """Whether it is to move agents, and cannot."""
    return status.get("acting") is False and status.get("why") not in (ADVISES, *STOPPED)


def is_released(status: Mapping[str, Any]) -> bool:
    """Whether somebody has let go of all agents."""
    return status.get("why") == RELEASED
