"""What a reload changes, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ariroute.config.load import Config


def changes(old: Config, new: Config) -> list[str]:
    """One line per thing added, removed or changed; what only a restart can change says so."""
    found: list[str] = []
    for kind, before, after in (
        ("lookup", _settings(old.lookups), _settings(new.lookups)),
        ("queue", old.ruleset.queues, new.ruleset.queues),
        ("flow", old.ruleset.flows, new.ruleset.flows),
        ("hours", old.ruleset.hours, new.ruleset.hours),
    ):
        found += _compared(kind, before, after)
    found += [f"{line} (needs a restart)" for line in _compared("asterisk", old.pbxs, new.pbxs)]
    if old.daemon.admin != new.daemon.admin:
        found.append("daemon.admin changed (needs a restart)")
    return found


def _settings(lookups: Mapping[str, tuple[Any, Any]]) -> dict[str, Any]:
    return {name: settings for name, (settings, _) in lookups.items()}


def _compared(kind: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    added = [f"{kind} {name} added" for name in new if name not in old]
    removed = [f"{kind} {name} removed" for name in old if name not in new]
    changed = [f"{kind} {name} changed" for name in new if name in old and new[name] != old[name]]
    return added + removed + changed
