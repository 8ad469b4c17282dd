"""The rules of a configuration as a text that the journal keeps, so that its decisions can be explained for ever.

What decides is kept as it is written; of whom lookups, notices, calendars and speech ask, nothing: addresses, queries
and commands may hold what is secret. In its place stand what a flow needs of them: names, fields, and which lookup's
question is made of which other's answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from ariroute.config.load import Config, load_text
from ariroute.flow.tree import Ruleset
from ariroute.json_text import dumps

WHOLE: Final = ("version", "region", "timezone", "queues", "endpoints", "agents", "flows")
"""The sections that are kept as they are written."""
NOWHERE: Final = "http://not-kept.invalid/"
"""Stands for an address; RFC 2606 keeps ``.invalid`` free for ever."""
SOON: Final = "1ms"
"""Stands for a lookup's timeout: whether it fits the guard was judged when the file was loaded."""


def rules_text(config: Config) -> str:
    """What decides, as JSON, which is YAML as well; without anything secret, and without the daemon's own settings."""
    kept: dict[str, Any] = {name: config.data[name] for name in WHOLE if name in config.data}
    if config.lookups:
        kept["lookups"] = {name: _lookup(config, name) for name in config.lookups}
    if config.notify:
        kept["notify"] = {name: {"url": NOWHERE, "json": {}} for name in config.notify}
    if hours := config.data.get("hours"):
        kept["hours"] = {name: _hours(entry) for name, entry in hours.items()}
    if config.speech:
        kept["speech"] = {"command": ["not-kept", "{file}"]}
    return dumps(kept)


def _lookup(config: Config, name: str) -> dict[str, Any]:
    """A lookup with the fields and the needs of ``name``, that asks nobody."""
    fields = dict(config.lookups[name][0].fields)
    asked = sorted(config.kinds[name].template_names)
    needed = [each for each in asked if each.partition(".")[0] in config.lookups]
    query = "&".join(f"{each.replace('.', '-')}={{{each}}}" for each in needed)
    return {"http": {"url": NOWHERE + (f"?{query}" if query else ""), "timeout": SOON}, "fields": fields}


def _hours(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Opening hours whose calendar is known by what it said then (:class:`ariroute.flow.gaps.Gaps`)."""
    return {**entry, "calendar": NOWHERE} if "calendar" in entry else dict(entry)


def rules_of(text: str, digest: str) -> Ruleset:
    """The ruleset that :func:`rules_text` kept. Raises ConfigError when this version cannot read it any more."""
    return replace(load_text(text, f"the rules {digest} in the journal").ruleset, digest=digest)
