"""Answers kept for a while: fresh ones serve instead of the source, stale ones when the source fails."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cachetools import TTLCache

from ariroute.flow.facts import Scalar
from ariroute.lookups.base import CacheSettings

Key = tuple[str, ...]
Record = Mapping[str, Scalar] | None
"""The declared fields, or None: the source has no such record."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A record and the time (of the cache's clock) it was fetched at."""

    record: Record
    at: float


class AnswerCache:
    """One source's answers by the inputs they were asked with. Failures are never kept."""

    def __init__(self, settings: CacheSettings, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._clock = clock
        longest = max(settings.fresh + settings.stale_if_error, settings.missing_for)
        self._kept: TTLCache[Key, Kept] = TTLCache(settings.max_entries, longest, timer=clock)

    @property
    def size(self) -> int:
        return len(self._kept)

    def keep(self, key: Key, record: Record) -> None:
        if record is None and not self._settings.missing_for:
            self._kept.pop(key, None)
            return
        self._kept[key] = Kept(record, self._clock())

    def fresh(self, key: Key) -> Kept | None:
        """What may be used instead of asking."""
        kept = self._kept.get(key)
        if kept is None:
            return None
        limit = self._settings.missing_for if kept.record is None else self._settings.fresh
        return kept if self._clock() - kept.at < limit else None

    def stale(self, key: Key) -> Kept | None:
        """What may be used because asking failed: a found record only.

        A caller who was unknown yesterday may be a customer today, so an old "missing" is worth no more than "failed".
        """
        kept = self._kept.get(key)
        if kept is None or kept.record is None:
            return None
        limit = self._settings.fresh + self._settings.stale_if_error  # entries live longer where missing_for is more
        return kept if self._clock() - kept.at < limit else None

    def age(self, kept: Kept) -> float:
        """Seconds since it was fetched."""
        return self._clock() - kept.at
