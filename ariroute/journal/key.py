"""The key of the hash by which a masked caller is found: from the settings, or made once beside the SQLite file."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

from ariroute.errors import JournalError
from ariroute.files import open_regular, why
from ariroute.journal.opening import sqlite_file
from ariroute.journal.settings import JournalSettings

LENGTH = 64
"""Hexadecimal digits of a key that is made here: 256 bits."""


def key_file(database: Path) -> Path:
    """Where the key of the journal in ``database`` is kept."""
    return database.with_name(f"{database.name}.key")


def key_of(settings: JournalSettings, folder: Path, *, only_read: bool = False) -> bytes:
    """The key of the journal of ``settings``; a relative file begins at ``folder``.

    Where there is none yet, one is made, for its owner's eyes alone. ``only_read`` makes none. Raises JournalError.
    """
    if settings.key:
        return settings.key.reveal().encode()
    database = sqlite_file(settings, folder)
    if database is None:
        raise JournalError("the journal in PostgreSQL has no key: write journal.key")
    path = key_file(database)
    try:
        if not only_read and not path.exists():
            _make(path)
        with open_regular(path) as stream:
            key = stream.read(LENGTH + 2).strip()
    except OSError as error:
        raise JournalError(f"the journal's key {path} cannot be read: {why(error)}") from error
    if len(key) != LENGTH or not key.isalnum():
        raise JournalError(f"the journal's key {path} is damaged: put back the one that was there, or remove it")
    return key


def _make(path: Path) -> None:
    """Write a new key under another name first: whoever comes second finds a whole one, and takes that."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600), "wb") as stream:
            stream.write(secrets.token_hex(LENGTH // 2).encode() + b"\n")
            stream.flush()
            os.fsync(stream.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)
