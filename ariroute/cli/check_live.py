"""``ariroute check --live``: the configuration beside each Asterisk that runs."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ariroute.asterisk.floor_inventory import FloorInventory, take_floor
from ariroute.asterisk.inventory import Inventory, take
from ariroute.cli.check import counted
from ariroute.cli.exits import ExitCode, code_of
from ariroute.cli.output import say, show
from ariroute.config.live import CONTEXTS, DEFAULTS, Comparison, compare
from ariroute.config.live_staffing import compare_staffing
from ariroute.config.load import Config, load
from ariroute.errors import ArirouteError


@dataclass(frozen=True, slots=True)
class Live:
    """One PBX: its version and what was compared, or the error for which it could not be asked."""

    version: str = ""
    comparison: Comparison | None = None
    error: ArirouteError | None = None

    @property
    def code(self) -> ExitCode:
        if self.error is not None:
            return code_of(self.error)
        return ExitCode.UNUSABLE_INPUT if self.comparison and self.comparison.problems else ExitCode.OK

    def to_plain(self) -> dict[str, Any]:
        """JSON types, as ``--json`` shows it."""
        if self.comparison is None:
            return {"reached": False, "error": str(self.error)}
        return {
            "reached": True,
            "version": self.version,
            "problems": [asdict(each) for each in self.comparison.problems],
            "warnings": [asdict(each) for each in self.comparison.warnings],
            "not_compared": self.comparison.unread,
        }


def check_live(path: Path) -> dict[str, Live]:
    """Each PBX of the configuration at ``path``, by name. Raises ConfigError; here the secrets must be there."""
    config = load(path)
    found = asyncio.run(_inventories(config))
    return {name: _live(config, name, each) for name, each in found.items()}


def tell(lives: Mapping[str, Live], as_json: bool) -> None:
    """What is missing to standard output, unless that holds JSON; the rest in sentences."""
    for name, live in lives.items():
        if live.comparison is None:
            say(f"{name}: not compared: {live.error}")
            continue
        lines = [str(each) for each in live.comparison.problems]
        lines += [f"{each} (warning)" for each in live.comparison.warnings]
        if lines and not as_json:
            show("\n".join(lines))
        for text in live.comparison.unread:
            say(f"not compared: {text}")
        count = len(live.comparison.problems)
        has = f"lacks {counted(count, 'thing')} that the configuration needs" if count else "has what was compared"
        say(f"{name}: Asterisk {live.version} {has}")


@dataclass(frozen=True, slots=True)
class _Found:
    """One PBX; ``floor`` is there where the file has staffing, and the PBX AMI."""

    inventory: Inventory
    floor: FloorInventory | None


async def _inventories(config: Config) -> dict[str, _Found | ArirouteError]:
    async def one(name: str) -> _Found | ArirouteError:
        settings = config.pbxs[name]
        try:
            inventory = await take(settings.ari, settings.ami, CONTEXTS, tuple(DEFAULTS))
            floor = await take_floor(settings.ami) if config.staffing and settings.ami else None
            return _Found(inventory, floor)
        except ArirouteError as error:
            return error

    return dict(zip(config.pbxs, await asyncio.gather(*(one(name) for name in config.pbxs)), strict=True))


def _live(config: Config, name: str, found: _Found | ArirouteError) -> Live:
    if isinstance(found, ArirouteError):
        return Live(error=found)
    inventory = found.inventory
    comparison = compare(config, name, inventory)
    if found.floor:
        comparison.add(compare_staffing(config, name, inventory.endpoints, found.floor))
    return Live(inventory.version, comparison)
