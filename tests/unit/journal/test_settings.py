"""Where a journal is kept: the file in the state directory, another one, or a database."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from ariroute.errors import JournalError
from ariroute.journal.opening import open_store, sqlite_file
from ariroute.journal.settings import JournalSettings
from ariroute.values import Secret

FLOWS = Path("/etc/ariroute")


def test_without_an_address_the_file_lies_in_the_state_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    assert sqlite_file(JournalSettings(), FLOWS) == Path("/var/lib/ariroute/journal.db")
    monkeypatch.setenv("STATE_DIRECTORY", "/run/one:/run/two")
    assert sqlite_file(JournalSettings(), FLOWS) == Path("/run/one/journal.db")


def test_a_relative_file_begins_at_the_flow_file() -> None:
    assert sqlite_file(JournalSettings(url="sqlite:calls.db"), FLOWS) == Path("/etc/ariroute/calls.db")
    assert sqlite_file(JournalSettings(url="sqlite:/srv/calls.db"), FLOWS) == Path("/srv/calls.db")


def test_a_database_is_no_file() -> None:
    settings = JournalSettings(url="postgresql://ariroute@db.example/journal", key=Secret("k" * 32))
    assert sqlite_file(settings, FLOWS) is None


def test_a_key_that_could_be_guessed_is_refused() -> None:
    with pytest.raises(ValueError, match="16 characters or more: `openssl rand -hex 32` makes one"):
        JournalSettings(key=Secret("k" * 15))
    JournalSettings(key=Secret(""))  # a check without secrets


def test_without_its_driver_a_journal_in_postgresql_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "asyncpg", None)
    settings = JournalSettings(url="postgresql://ariroute@127.0.0.1/journal", key=Secret("k" * 32))
    with pytest.raises(JournalError, match=r"needs a driver: pip install 'ariroute\[postgres\]'"):
        open_store(settings, FLOWS)


def test_sqlite_knows_no_tls() -> None:
    with pytest.raises(ValueError, match="an SQLite file knows no tls: leave it out"):
        JournalSettings.model_validate({"tls": True})
