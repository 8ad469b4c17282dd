"""A line over time in a row of characters, for a terminal: one block for each piece of time."""

from __future__ import annotations

from collections.abc import Sequence

BLOCKS = "▁▂▃▄▅▆▇█"
PLAIN = "_.-~=+*#"
"""Where the terminal's alphabet has no blocks."""
NOTHING = " "


def bars(values: Sequence[float | None], top: float, blocks: str = BLOCKS) -> str:
    """One of ``blocks`` for each value, the last one for ``top`` and more; a blank where nothing is known."""
    return "".join(NOTHING if value is None else _block(value, top, blocks) for value in values)


def merged(values: Sequence[float | None], most: int) -> list[float | None]:
    """``values`` in no more than ``most`` pieces (1 or more): the mean of neighbours, of those that are known."""
    size = -(-len(values) // most)
    return [_mean(values[begin : begin + size]) for begin in range(0, len(values), size)] if values else []


def blocks_of(encoding: str | None, blocks: str = BLOCKS, plain: str = PLAIN) -> str:
    """``blocks`` where a stream of this encoding can write them, else ``plain``."""
    try:
        blocks.encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return plain
    return blocks


def _block(value: float, top: float, blocks: str) -> str:
    if top <= 0:
        return blocks[0]
    return blocks[min(len(blocks) - 1, max(0, int(value / top * len(blocks))))]


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
