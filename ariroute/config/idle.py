"""Parts of steps that can never come to anything: words never heard, ways never taken, braces that stay braces.

They are looked for in the file as it is written, and told only where they are certain.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Any

from ariroute.config.findings import Findings
from ariroute.config.places import Path
from ariroute.flow.digits import KEYS
from ariroute.flow.endpoints import Agents

BRACES = re.compile(r"\{([a-z][a-z0-9_]*\.[A-Za-z_][A-Za-z0-9_]*)\}", re.ASCII)
HOURS_WAYS = frozenset({"open", "closed", "holiday"})


def warn_of_idle_parts(flows: Any, facts: Collection[str], agents: Agents, findings: Findings) -> None:
    """Add a warning for each in ``flows``; ``facts`` are the names that stand for something in braces."""
    for path, step in _steps(flows, ("flows",)):
        ((key, value),) = step.items()
        where = (*path, key)
        match key:
            case "menu" | "collect":
                _question(key, value, where, findings)
            case "hours" if not HOURS_WAYS & value.keys():
                findings.warn(where, "leads nowhere: add open:, closed: or holiday:, or delete this step")
            case "agent" if isinstance(value, dict) and "on_unknown" in value and isinstance(value.get("name"), str):
                if agents.find(value["name"]):
                    findings.warn((*where, "on_unknown"), f"is never taken: there is an agent '{value['name'][:80]}'")
        for place, text in _as_written(key, value, where):
            if fact := next((match[1] for match in BRACES.finditer(text) if match[1] in facts), ""):
                findings.warn(
                    place, f"'{{{fact}}}' stays as it is written, as nothing is filled in here: write {{cel: {fact}}}"
                )


def _steps(value: Any, path: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Every step with its place."""
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
        here = (*path, key)
        if isinstance(inner, dict) and isinstance(key, int) and path[-1] in ("steps", "then"):
            yield here, inner
        if isinstance(inner, dict | list):
            yield from _steps(inner, here)


def _question(key: str, value: dict[str, Any], path: Path, findings: Findings) -> None:
    if key == "menu":
        anything_fits = {str(each) for each in value["keys"]} == KEYS
    else:
        anything_fits = "pattern" not in value and str(value["digits"]).partition("-")[0] == "1"
    for part, verb in (("invalid", "heard"), ("on_invalid", "taken")):
        if part in value and anything_fits:
            findings.warn((*path, part), f"is never {verb}: whatever the caller keys in fits")
        elif part == "invalid" and part in value and value.get("tries") == 1:
            findings.warn((*path, part), "is never heard: it comes before the prompt again, and tries is 1")


def _as_written(key: str, value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    """The texts of a step in which nothing is filled in, with their places."""
    if key == "note":
        yield from _text(value, path)
    elif key == "set":
        for name, inner in value.items():
            yield from _text(inner, (*path, name))
    elif key == "label":
        yield from _text(value.get("name_prefix"), (*path, "name_prefix"))
        for part in ("headers", "variables"):
            for name, inner in value.get(part, {}).items():
                yield from _text(inner, (*path, part, name))


def _text(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str):
        yield path, value
