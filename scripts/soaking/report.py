"""A record for people and for programs: the verdict first, then each wish, calls, faults, the daemon's lives."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final

from ariroute.proof.words import counted, plain, seconds
from scripts.soaking import judgement
from scripts.soaking.judgement import Finding, Totals
from scripts.soaking.record import Ended, Record
from scripts.soaking.trends import Outcome

ODD_SHOWN: Final = 20
LIVES_SHOWN: Final = 12


def verdict(record: Record) -> str:
    """The sentence that comes first."""
    found = judgement.findings(record)
    sums = judgement.totals(record)
    faults = counted(sum(judgement.faults(record).values()), "fault")
    begun = f"{counted(sums.placed, 'call')} and {faults} in {judgement.hours(record):.2f} h"
    failed, unknown = (
        [finding.wish for finding in found if finding.outcome is outcome]
        for outcome in (Outcome.FAILS, Outcome.UNKNOWN)
    )
    if failed:
        return f"Does not hold, after {begun}: {'; '.join(failed)}."
    if unknown:
        return f"Nothing failed, after {begun}; too short to tell: {'; '.join(unknown)}."
    return f"Holds: {begun}."


def text(record: Record) -> str:
    """The whole report, in lines for a terminal."""
    sums, asked = judgement.totals(record), judgement.asked(record)
    head = [verdict(record), ""]
    if asked is None:
        return "\n".join([*head, "The record is empty."])
    parts = [
        *head,
        *_findings(judgement.findings(record)),
        "",
        *_calls(sums),
        *_faults(record),
        *_lives(record),
        *(["", "Calls that break the promise:", *map(plain, sums.odd[:ODD_SHOWN])] if sums.odd else []),
        *([f"... and {len(sums.odd) - ODD_SHOWN} more, in the record"] if len(sums.odd) > ODD_SHOWN else []),
        "",
        f"Asked: {asked.rate:g} calls/s for {asked.seconds / 3600:.2f} h, a fault every {asked.faults_every:g} s, "
        f"seed {asked.seed}, flow file {plain(asked.flow_file)}",
        f"ariroute {asked.ariroute}, Asterisk {asked.asterisk}, guard {asked.guard:g} s, begun {_when(asked.at)}, "
        f"{_how_it_ended(record)}",
        "Slopes after Theil and Sen over the daemon's longest life, one point a minute, without its first "
        f"{judgement.WARM_UP / 60:.0f} minutes (of a life below 50 minutes: without its first fifth).",
    ]
    return "\n".join(parts)


def _findings(found: Sequence[Finding]) -> list[str]:
    wide = max(len(finding.wish) for finding in found)
    return [f"{finding.outcome.value:<17}  {finding.wish:<{wide}}  {finding.found}" for finding in found]


def _calls(sums: Totals) -> list[str]:
    endings = ", ".join(f"{ending} {count:,}" for ending, count in sorted(sums.endings.items()))
    return [
        f"Calls: {sums.placed:,} ({endings or 'none'}); by default {sums.by_default:,}; "
        f"longest way to a queue {seconds(sums.longest)}"
    ]


def _faults(record: Record) -> list[str]:
    kinds = judgement.faults(record)
    return [f"Faults: {', '.join(f'{kind} {count}' for kind, count in sorted(kinds.items())) or 'none'}"]


def _lives(record: Record) -> list[str]:
    lives = judgement.lives(record)
    lines = [
        f"  {life.life}: {length / 3600:.2f} h, {begin:.1f} to {end:.1f} MB ({life.why})"
        for life, length, begin, end in lives[:LIVES_SHOWN]
    ]
    more = [f"  ... and {len(lives) - LIVES_SHOWN} more"] if len(lives) > LIVES_SHOWN else []
    return [f"Lives of the daemon: {len(lives)}", *lines, *more]


def _when(at: float) -> str:
    return datetime.datetime.fromtimestamp(at, datetime.UTC).isoformat(" ", "seconds")


def _how_it_ended(record: Record) -> str:
    last = record.entries[-1] if record.entries else None
    return f"ended: {last.why}" if isinstance(last, Ended) else "cut, or still going on"


def as_json(record: Record) -> dict[str, Any]:
    """The same as JSON types: ``verdict``, ``outcome``, ``findings``, ``calls``, ``faults``, ``hours``, ``lives``."""
    found = judgement.findings(record)
    asked = judgement.asked(record)
    return {
        "verdict": verdict(record),
        "outcome": judgement.outcome(found).value,
        "findings": [{**asdict(finding), "outcome": finding.outcome.value} for finding in found],
        "calls": asdict(judgement.totals(record)),
        "faults": judgement.faults(record),
        "hours": round(judgement.hours(record), 4),
        "lives": [
            {"life": life.life, "why": life.why, "seconds": length, "mb_first": begin, "mb_last": end}
            for life, length, begin, end in judgement.lives(record)
        ],
        "asked": None if asked is None else asdict(asked),
    }
