"""What a soak has seen, on disk as it is seen: one JSON object a line, so that a run that is cut still tells all of it.

A record may be continued by a later run: times are seconds since 1970, and each daemon's life is told apart by its
process id and start. A last line that was cut in the middle is left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final, TextIO, TypeVar

from ariroute.lab.debian import LabError


@dataclass(frozen=True, slots=True)
class Began:
    """A run begins, or goes on: what was asked for. `rate` is calls a second, `faults_every` seconds."""

    at: float
    seconds: float
    rate: float
    faults_every: float
    seed: int
    ariroute: str
    asterisk: str
    guard: float
    flow_file: str


@dataclass(frozen=True, slots=True)
class Life:
    """A daemon's process begins."""

    at: float
    life: int
    """Counted from 1 within the record."""
    why: str
    """What ended the one before, or ``start``."""


@dataclass(frozen=True, slots=True)
class Sample:
    """The daemon's process at one moment. `rss` in bytes; `tasks` is None while /metrics did not answer."""

    at: float
    life: int
    rss: int
    fds: int
    threads: int
    tasks: int | None


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault, as it was done."""

    at: float
    kind: str
    says: str
    lasted: float


@dataclass(frozen=True, slots=True)
class Window:
    """The calls that were placed from `at` until `until`, all of them judged.

    `p50`, `p99` and `longest` are seconds from entering Stasis() to the queue: the first two of calls that met no
    fault (`quiet` of them), the last of all.
    """

    at: float
    until: float
    placed: int
    endings: Mapping[str, int]
    twice: int
    late: int
    by_default: int
    quiet: int
    p50: float | None
    p99: float | None
    longest: float | None
    odd: tuple[str, ...] = ()
    """Those lost, put into a queue twice, or late: uniqueid and why."""


@dataclass(frozen=True, slots=True)
class Ended:
    """The run is over."""

    at: float
    why: str


Entry = Began | Life | Sample | Fault | Window | Ended
KINDS: Final[Mapping[str, type[Entry]]] = {
    kind.__name__.lower(): kind for kind in (Began, Life, Sample, Fault, Window, Ended)
}

Kind = TypeVar("Kind", Began, Life, Sample, Fault, Window, Ended)


@dataclass(slots=True)
class Record:
    """All entries of a record, in order."""

    entries: list[Entry] = field(default_factory=list)

    def of(self, kind: type[Kind]) -> list[Kind]:
        """The entries of one kind."""
        return [entry for entry in self.entries if isinstance(entry, kind)]


class Writer:
    """Appends to a record; a context manager. Each entry is on disk before `write` returns."""

    def __init__(self, path: Path) -> None:
        """Raises OSError where the file cannot be written."""
        self.record = read(path) if path.exists() else Record()
        self._file: TextIO = path.open("a", encoding="utf-8")
        if path.stat().st_size and not path.read_bytes().endswith(b"\n"):
            self._file.write("\n")  # the line that was cut stays one that cannot be read

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def write(self, entry: Entry) -> None:
        """Keep it. Raises OSError when the disk is full."""
        self.record.entries.append(entry)
        self._file.write(line(entry) + "\n")
        self._file.flush()


def line(entry: Entry) -> str:
    """One entry as JSON."""
    return json.dumps({"entry": type(entry).__name__.lower(), **asdict(entry)})


def read(path: Path) -> Record:
    """Raises OSError where there is no such file, LabError where a line is neither an entry nor cut."""
    return parse(path.read_text(encoding="utf-8").splitlines(), str(path))


def parse(lines: Iterable[str], name: str) -> Record:
    """The entries in `lines`. Raises LabError, naming `name` and the line, for one that is of no known kind."""
    record = Record()
    for number, text in enumerate(lines, 1):
        try:
            found: dict[str, Any] = json.loads(text)
        except ValueError:
            continue  # cut in the middle, by a kill or a full disk
        try:
            kind = KINDS[found.pop("entry")]
            record.entries.append(kind(**{key: _frozen(value) for key, value in found.items()}))
        except (KeyError, TypeError, AttributeError):
            raise LabError(f"{name}:{number}: not a line that scripts/soak writes: {text[:80]!r}") from None
    return record


def _frozen(value: object) -> Any:
    return tuple(value) if isinstance(value, list) else value
