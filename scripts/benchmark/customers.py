"""The customers of the bench, their tiers, and the process of the service that knows them (service.py)."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from scripts.benchmark import service

FIRST_NUMBER: Final = 46_701_000_000
COUNT: Final = 20_000


@dataclass(frozen=True, slots=True)
class Tier:
    """Where customers of one loyalty belong."""

    queue: str
    priority: int


PLATINUM: Final = Tier("platinum", 30)
GOLD: Final = Tier("gold", 20)
STANDARD: Final = Tier("standard", 0)


def tier_of(number: str) -> Tier:
    """The tier of a caller, by the last digit: 10 % platinum, 30 % gold, 60 % standard."""
    last = int(number[-1])
    return PLATINUM if last == 0 else GOLD if last < 4 else STANDARD


def callers(first: int, count: int) -> list[str]:
    """`count` numbers, each of them once as long as `count` is no more than COUNT."""
    return [f"+{FIRST_NUMBER + (first + place) % COUNT}" for place in range(count)]


def customer(number: str) -> dict[str, str | int | float]:
    """What the service answers about one of them."""
    tier = tier_of(number)
    return {
        "phone": number,
        "name": f"Customer {number[-5:]}",
        "loyalty": tier.queue,
        "orders": tier.priority * 10,
        "lifetime_value": tier.priority * 1000.5,
        "plan": "basic",
    }


class CustomersProcess:
    """The service in its own process; it ends with its standard input, and so with us. Use as a context manager."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", service.__name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=Path(__file__).resolve().parents[2],
            start_new_session=True,
            text=True,
        )
        self.pid = self._process.pid
        self.url = self._answer()

    def set_delay(self, milliseconds: int) -> None:
        """Make every answer from here on take that long."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{milliseconds}\n")
        self._process.stdin.flush()
        self._answer()

    def _answer(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def __enter__(self) -> CustomersProcess:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()
