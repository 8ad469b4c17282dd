"""Kinds of lookup that installed packages add, by entry points of the group ``ariroute.lookups``.

A package that is broken must not take the daemon with it: what cannot be used becomes a sentence, shown as a warning,
and as the mistake where a flow file names that kind.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points

from ariroute.lookups.base import Kind, SourceSettings

GROUP = "ariroute.lookups"
NAME = re.compile(r"[a-z][a-z0-9_]{0,31}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Plugins:
    """``kinds`` by their name; ``faults`` says for each name that cannot be used what is wrong, and the remedy."""

    kinds: Mapping[str, Kind]
    faults: Mapping[str, str]


def found(
    own: Collection[str], *, reserved: Collection[str] = (), points: Iterable[EntryPoint] | None = None
) -> Plugins:
    """The kinds of the installed packages. Raises nothing, whatever those packages do when they are imported.

    ``own`` are ariroute's kinds, whose names nobody can take; ``reserved`` are names that no kind can have.
    """
    every = list(entry_points(group=GROUP) if points is None else points)
    names = [point.name for point in every]
    kinds: dict[str, Kind] = {}
    faults: dict[str, str] = {}
    for point in every:
        try:
            _check_name(point.name, names, own, reserved)
            kinds[point.name] = _loaded(point)
        except Exception as error:  # code of others: it may raise anything
            reason = str(error) if type(error) is ValueError else f"{type(error).__name__}: {error}"
            faults[point.name] = f"the plug-in '{point.name[:80]}' of {_package(point)} cannot be used: {reason[:300]}"
        except SystemExit:
            faults[point.name] = f"the plug-in '{point.name[:80]}' of {_package(point)} cannot be used: it calls exit()"
    return Plugins(kinds, faults)


def _check_name(name: str, names: Collection[str], own: Collection[str], reserved: Collection[str]) -> None:
    if name in own:
        raise ValueError("ariroute has a kind of that name itself: its package must give it another, or be removed")
    if name in reserved or not NAME.fullmatch(name):
        raise ValueError(
            "no kind can have that name: it needs small letters, digits and _, a letter first, and no word such as "
            "fields or cache"
        )
    if list(names).count(name) > 1:
        raise ValueError("another package has a plug-in of the same name: remove one of the two")


def _loaded(point: EntryPoint) -> Kind:
    """The kind that ``point`` leads to. Raises ValueError when it is none, and whatever its import raises."""
    kind = point.load()
    if not isinstance(kind, Kind):
        raise ValueError(f"{point.value} is not a Kind of ariroute.lookups.base")
    if not (isinstance(kind.settings, type) and issubclass(kind.settings, SourceSettings)):
        raise ValueError(f"the settings of {point.value} are not a SourceSettings of ariroute.lookups.base")
    if not callable(kind.source):
        raise ValueError(f"the source of {point.value} cannot be called")
    kind.settings.model_json_schema()  # one that cannot be written as a schema would take the whole schema with it
    return kind


def _package(point: EntryPoint) -> str:
    return f"the package {point.dist.name} {point.dist.version}" if point.dist else "an unknown package"
