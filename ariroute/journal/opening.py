"""Which database the settings mean."""

from __future__ import annotations

import os
from pathlib import Path

from ariroute.errors import JournalError, UnusableInput
from ariroute.journal.settings import JournalSettings
from ariroute.journal.sqlite import SqliteStore
from ariroute.journal.store import Store
from ariroute.tls import tls_context

STATE = "/var/lib/ariroute"
FILE = "journal.db"


def open_store(settings: JournalSettings, folder: Path, *, only_read: bool = False) -> Store:
    """The database of ``settings``, its tables in this version's form; a relative file begins at ``folder``.

    Raises JournalError when it cannot be used.
    """
    store = _open(settings, folder, only_read=only_read)
    try:
        if only_read:
            store.check()
        else:
            store.migrate()
    except BaseException:
        store.close()
        raise
    return store


def sqlite_file(settings: JournalSettings, folder: Path) -> Path | None:
    """The file that the journal is kept in; None when it is not in SQLite."""
    address = settings.address
    if address is None:
        return Path(os.environ.get("STATE_DIRECTORY", STATE).partition(":")[0]) / FILE
    return folder / address.database if address.engine == "sqlite" else None


def _open(settings: JournalSettings, folder: Path, *, only_read: bool) -> Store:
    file = sqlite_file(settings, folder)
    if file is not None:
        return SqliteStore(file, only_read=only_read)
    from ariroute.journal.postgres import PostgresStore

    assert settings.address is not None
    try:
        tls = tls_context(settings.tls, folder, "the journal") if settings.tls else None
    except UnusableInput as error:
        raise JournalError(str(error)) from error
    password = settings.password.reveal() if settings.password else ""
    return PostgresStore(settings.address, password, tls, only_read=only_read)
