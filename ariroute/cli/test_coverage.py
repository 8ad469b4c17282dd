"""The coverage of test files, told: how many of the ways of each flow file were taken, and where the others stand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ariroute.cases.coverage import Coverage, WayOut, coverage
from ariroute.cli.output import printable
from ariroute.cli.test_report import Outcome
from ariroute.config import places
from ariroute.config.load import Config
from ariroute.flow.trace import TraceEntry

Covered = Sequence[tuple[Config, Coverage]]
"""For each flow file what the cases cover of it."""


def covered_by(outcomes: Sequence[Outcome]) -> Covered:
    """The coverage of each flow file by the cases of all test files together."""
    configs = {outcome.suite.config.file: outcome.suite.config for outcome in outcomes}
    return [(config, coverage(config.ruleset, _traces(outcomes, config))) for config in configs.values()]


def _traces(outcomes: Sequence[Outcome], config: Config) -> Iterator[Sequence[TraceEntry]]:
    for outcome in outcomes:
        if outcome.suite.config.file == config.file:
            yield from (verdict.decision.trace for verdict in outcome.verdicts)


def lines(covered: Covered) -> Iterator[str]:
    """A line for each flow file, and one for each way that is not taken."""
    for config, found in covered:
        yield f"coverage of {config.file}: {found.percent:g} %, {len(found.taken)} of {len(found.ways)} ways"
        where = Places(config)
        yield from (f"  {where(way)}: {printable(way.words)}" for way in found.untaken)


def to_plain(covered: Covered) -> list[dict[str, Any]]:
    """JSON types."""
    told = []
    for config, found in covered:
        where = Places(config)
        plain = found.to_plain()
        untaken = [{"place": where(way), "path": way.path, "way": way.words} for way in found.untaken]
        told.append({"config": config.file, **plain, "untaken": untaken})
    return told


class Places:
    """Where ways stand, as ``ariroute.yaml:12:9``."""

    def __init__(self, config: Config) -> None:
        self._places = config.places
        self._paths = {places.printable(path): path for path in (*config.places.values, *config.places.keys)}

    def __call__(self, way: WayOut) -> str:
        path = self._paths.get(way.path)
        if path is None:
            return f"{self._places.file}: {way.path}"
        line, column = self._places.of(path)
        return f"{self._places.source(path).file}:{line}:{column}"
