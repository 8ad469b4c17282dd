"""A journal that is new for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ariroute.journal.sqlite import SqliteStore


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    store = SqliteStore(tmp_path / "journal.db")
    store.migrate()
    yield store
    store.close()
