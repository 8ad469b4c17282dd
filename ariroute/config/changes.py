"""What a reload changes, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from ariroute.staffing.rules import StaffingRules

if TYPE_CHECKING:
    from ariroute.config.load import Config

AT_START = (
    *("daemon.admin", "daemon.log.level", "daemon.log.format"),
    *("journal.url", "journal.password", "journal.tls", "journal.waiting"),
)
"""What is read when the daemon starts, and never again."""

FEW_AGENTS = 20
"""So many are named; of more the number is told."""


def changes(old: Config, new: Config) -> list[str]:
    """One line per thing added, removed or changed; what only a restart can change says so."""
    found: list[str] = []
    for kind, before, after in (
        ("lookup", _lookups(old), _lookups(new)),
        ("notice", old.notify, new.notify),
        ("queue", old.ruleset.queues, new.ruleset.queues),
        ("flow", old.ruleset.flows, new.ruleset.flows),
        ("hours", _hours(old), _hours(new)),
        ("endpoint", old.ruleset.endpoints, new.ruleset.endpoints),
        ("agent", old.ruleset.agents.by_name, new.ruleset.agents.by_name),
    ):
        found += _compared(kind, before, after)
    found += [f"{line} (needs a restart)" for line in _compared("asterisk", old.pbxs, new.pbxs)]
    found += _staffing(old.staffing, new.staffing, [*found])
    if old.journal is None and new.journal is not None:
        found.append("journal added (needs a restart)")
    if old.journal is not None and new.journal is None:
        found.append("journal removed")
    before, after = _single(old), _single(new)
    for name in before:
        if name in after and before[name] != after[name]:
            found.append(f"{name} changed" + (" (needs a restart)" if name in AT_START else ""))
    if not found and old.digest != new.digest:
        found.append("the order of entries changed")
    return found


def _lookups(config: Config) -> dict[str, Any]:
    """Each lookup's settings, its kind's own and its secrets included."""
    return {name: (settings, config.kinds.get(name)) for name, (settings, _) in config.lookups.items()}


def _hours(config: Config) -> dict[str, Any]:
    """Each place's opening hours, and where its calendar is."""
    calendars = {calendar.hours: calendar.settings for calendar in config.calendars}
    return {name: (hours, calendars.get(name)) for name, hours in config.ruleset.hours.items()}


def _staffing(old: StaffingRules | None, new: StaffingRules | None, told: Collection[str]) -> list[str]:
    """The staffing; ``told`` are the lines about queues and agents that are there already."""
    if old is None or new is None:
        return [] if old is new else [f"staffing {'added' if old is None else 'removed'}"]
    tiers = _compared("queue", {tier.queue: tier for tier in old.tiers}, {tier.queue: tier for tier in new.tiers})
    agents = _compared("agent", old.agents, new.agents)
    found = [line for line in tiers if line not in told] + _few([line for line in agents if line not in told])
    for name in ("mode", "min_stay", "look_back", "no_answer"):
        if getattr(old, name) != getattr(new, name):
            found.append(f"staffing.{name} changed")
    if old.from_asterisk != new.from_asterisk:
        found.append("staffing.agents changed")
    return found


def _few(lines: list[str]) -> list[str]:
    """``lines`` about agents, or how many there are of each kind: a file may have changed as a whole."""
    if len(lines) <= FEW_AGENTS:
        return lines
    words = Counter(line.rpartition(" ")[2] for line in lines)
    return [f"{number} agents {word}" for word, number in words.items()]


def _single(config: Config) -> dict[str, Any]:
    """The settings that stand alone, by their place in the file."""
    daemon = config.daemon
    found = {f"daemon.{name}": getattr(daemon, name) for name in type(daemon).model_fields if name != "log"}
    found |= {f"daemon.log.{name}": getattr(daemon.log, name) for name in type(daemon.log).model_fields}
    if journal := config.journal:
        found |= {f"journal.{name}": getattr(journal, name) for name in type(journal).model_fields}
    return {"region": config.ruleset.region, "timezone": config.ruleset.timezone, "speech": config.speech, **found}


def _compared(kind: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    added = [f"{kind} {name} added" for name in new if name not in old]
    removed = [f"{kind} {name} removed" for name in old if name not in new]
    changed = [f"{kind} {name} changed" for name in new if name in old and new[name] != old[name]]
    return added + removed + changed
