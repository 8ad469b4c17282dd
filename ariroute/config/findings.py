"""The mistakes and warnings found in one configuration, collected so that one run tells them all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ariroute.config.places import Path, Places, Position
from ariroute.errors import ConfigError, Problem


@dataclass(slots=True)
class Findings:
    """``problems`` make the file unusable; ``warnings`` are worth reading."""

    places: Places
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)

    def wrong(self, path: Path, text: str, *, at: Position | None = None, excerpt: str = "") -> None:
        """A mistake at the key or list item ``path``, or at the place ``at``."""
        self.problems.append(self.places.problem(path, text, at=at, excerpt=excerpt))

    def wrong_value(self, path: Path, text: str) -> None:
        """A mistake in the value at ``path``."""
        self.wrong(path, text, at=self.places.value(path))

    def warn(self, path: Path, text: str) -> None:
        self.warnings.append(self.places.problem(path, text))


def refusal(problems: Iterable[Problem], files: Sequence[str] = ()) -> ConfigError:
    """The error that tells these mistakes, each once: in the order of ``files``, then of each file's lines."""
    order = {file: number for number, file in enumerate(files)}

    def place(problem: Problem) -> tuple[int, int, int]:
        return order.get(problem.file, len(order)), problem.line, problem.column

    return ConfigError(list(dict.fromkeys(sorted(problems, key=place))))
