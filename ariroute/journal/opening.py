"""Which database the settings mean."""

from __future__ import annotations

import os
from pathlib import Path

from ariroute.errors import JournalError
from ariroute.journal.settings import JournalSettings
from ariroute.journal.sqlite import SqliteStore
from ariroute.journal.store import Store

STATE = "/var/lib/ariroute"
FILE = "journal.db"


def open_store(settings: JournalSettings, folder: Path, *, only_read: bool = False) -> Store:
    """The database of ``settings``, its tables in this version's form; a relative file begins at ``folder``.

    Raises JournalError when it cannot be used.
    """
    scheme, _, rest = settings.url.partition(":")
    if scheme == "postgresql":
        raise JournalError("the journal in PostgreSQL is not here yet")
    path = folder / rest if rest else Path(os.environ.get("STATE_DIRECTORY", STATE).partition(":")[0]) / FILE
    store = SqliteStore(path, only_read=only_read)
    if not only_read:
        store.migrate()
    return store
