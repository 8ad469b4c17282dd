"""Clocks: ours and Asterisk's agree, and so do the time zones that people reckon with."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from ariroute.doctor.facts import PbxFacts
from ariroute.doctor.findings import Finding, note, ok, warning

GOOD: Final = 2.0
"""Seconds; HTTP tells whole ones."""
BAD: Final = 30.0


def skew(found: PbxFacts) -> Iterator[Finding]:
    """The two machines have the same time."""
    if found.skew is None:
        return
    seconds = abs(found.skew)
    what = f"Asterisk's clock is {seconds:.0f} s {'ahead of' if found.skew > 0 else 'behind'} this machine's"
    remedy = "timedatectl set-ntp true   # on both machines"
    if seconds <= GOOD:
        yield ok("the clocks of Asterisk and of this machine agree")
    elif seconds <= BAD:
        yield note(what, why="times in logs and in queue_log do not match", remedy=remedy)
    else:
        yield warning(
            what,
            why="opening hours are reckoned by this machine's clock, and calls are found in no record of Asterisk's",
            remedy=remedy,
        )


def zone(found: PbxFacts, timezone: str, now: datetime) -> Iterator[Finding]:
    """Asterisk reckons with the zone of the flow file; ``now`` is in that zone."""
    ours = now.strftime("%z")
    if not found.offset or found.offset == ours:
        return
    theirs = datetime.strptime(found.offset, "%z").utcoffset() or timedelta()
    apart = abs(theirs - (now.utcoffset() or timedelta()))
    yield note(
        f"Asterisk's time zone is UTC{found.offset}, that of the flow file {timezone} (now UTC{ours})",
        why=f"times of its logs, GotoIfTime() and voicemail are {apart} apart from those of opening hours",
        remedy=f"sudo timedatectl set-timezone {timezone}   # then restart Asterisk",
    )
