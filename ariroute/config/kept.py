"""The rules of a configuration as a text that the journal keeps, so that its decisions can be explained for ever."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ariroute.config.load import Config, load_text
from ariroute.flow.tree import Ruleset
from ariroute.json_text import dumps

KEPT = (
    "version",
    "region",
    "timezone",
    "hours",
    "queues",
    "endpoints",
    "agents",
    "lookups",
    "notify",
    "flows",
    "speech",
)


def rules_text(config: Config) -> str:
    """What decides, as JSON, which is YAML as well; without Asterisk's and the daemon's own settings."""
    kept: dict[str, Any] = {name: config.data[name] for name in KEPT if name in config.data}
    return dumps(kept)


def rules_of(text: str, digest: str) -> Ruleset:
    """The ruleset that :func:`rules_text` kept. Raises ConfigError when this version cannot read it any more."""
    return replace(load_text(text, f"the rules {digest} in the journal").ruleset, digest=digest)
