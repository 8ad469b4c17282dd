"""What happens to contacts after their records, in SQLite; PostgreSQL has it in the integration tests."""

from __future__ import annotations

from pathlib import Path

import happenings

from ariroute.journal.opening import open_store
from ariroute.journal.settings import JournalSettings


def test_rows_know_what_happened_and_whose_end_nobody_saw(tmp_path: Path) -> None:
    store = open_store(JournalSettings(url="sqlite:journal.db"), tmp_path)
    try:
        happenings.check(store)
    finally:
        store.close()
