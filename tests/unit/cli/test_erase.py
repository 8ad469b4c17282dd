"""``ariroute erase``: what the journal had of a caller is gone, from its free pages and its log too."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from recorded_calls import Placed, record

from ariroute.cli.exits import ExitCode
from ariroute.flow.contact import party
from ariroute.journal.key import key_of
from ariroute.journal.moves import Moved
from ariroute.journal.record import caller_key
from ariroute.journal.settings import JournalSettings
from ariroute.journal.sqlite import SqliteStore
from ariroute.journal.store import Statement

from .conftest import FLOW_FILE, Ariroute

OWN, OTHER = "+46701234567", "+46709999999"
CALLS = [Placed(caller=OWN), Placed(caller=OTHER), Placed(caller="0701234567"), Placed(caller="anonymous")]
Keep = Callable[..., None]


@pytest.fixture
def keep(flow_file: Path, tmp_path: Path) -> Keep:
    """Puts calls into the journal of the flow file, whose section has ``more``."""

    def write(more: str = "", flow: str = FLOW_FILE, calls: list[Placed] = CALLS) -> None:
        flow_file.write_text(f'journal: {{url: "sqlite:journal.db", {more}}}\n{flow}', encoding="utf-8")
        record(tmp_path / "journal.db", flow_file, calls)

    return write


@contextmanager
def in_use(folder: Path) -> Iterator[SqliteStore]:
    """The journal open as the daemon has it, with its write-ahead log."""
    store = SqliteStore(folder / "journal.db")
    yield store
    store.close()


def in_files(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.glob("journal.db*") if file.suffix != ".key")


def hash_of(folder: Path, number: str) -> bytes:
    settings = JournalSettings(url="sqlite:journal.db")
    return caller_key(key_of(settings, folder, only_read=True), party(number, "", "SE")).encode()


def test_masked_records_of_every_way_of_writing_the_number_go(keep: Keep, ariroute: Ariroute, tmp_path: Path) -> None:
    keep()
    own, other = hash_of(tmp_path, OWN), hash_of(tmp_path, OTHER)
    assert own in in_files(tmp_path)

    ended = ariroute("erase", "070-123 45 67")

    assert (ended.code, ended.err) == (0, "")
    first, second = ended.out.splitlines()
    assert first == "2 records erased; 0 left"
    assert second.startswith("searched journal.db (")
    assert second.endswith("nothing is there of the number, its hash or the calls' ids")
    left = in_files(tmp_path)
    assert own not in left
    assert other in left
    assert b'"call.0"' not in left
    assert b'"call.1"' in left


def test_in_full_the_number_is_gone_from_the_files_while_the_daemon_writes(
    keep: Keep, ariroute: Ariroute, tmp_path: Path
) -> None:
    keep("numbers: full")
    with in_use(tmp_path) as store:
        store.write([Statement("UPDATE contacts SET happened = happened || detail")])  # every number in the log too
        assert OWN.encode() in (tmp_path / "journal.db-wal").read_bytes()

        ended = ariroute("erase", OWN, "--json")

        assert ended.code == 0
        done = ended.json
        assert (done["before"], done["after"], done["found"], done["proven"]) == (2, 0, {}, True)
        assert OWN.encode() not in in_files(tmp_path)
        assert OTHER.encode() in in_files(tmp_path)
        store.write([Statement("UPDATE contacts SET took = 1")])


def test_what_was_deleted_long_ago_without_being_overwritten_goes_too(
    keep: Keep, ariroute: Ariroute, tmp_path: Path
) -> None:
    keep("numbers: full", calls=CALLS * 50)
    careless = sqlite3.connect(tmp_path / "journal.db")
    careless.execute("PRAGMA secure_delete = OFF")
    careless.execute("DELETE FROM contacts WHERE caller = ?", (OWN,))
    careless.commit()
    careless.close()
    assert OWN.encode() in in_files(tmp_path)

    ended = ariroute("erase", OWN)

    assert ended.code == 0
    assert ended.out.startswith("0 records erased; 0 left")
    assert OWN.encode() not in in_files(tmp_path)


def test_one_call_can_be_erased_such_as_that_of_a_withheld_number(
    keep: Keep, ariroute: Ariroute, tmp_path: Path
) -> None:
    keep()
    ended = ariroute("erase", "--contact", "call.3")
    assert (ended.code, ended.out.splitlines()[0]) == (0, "1 record erased; 0 left")
    assert b'"call.3"' not in in_files(tmp_path)
    assert hash_of(tmp_path, OWN) in in_files(tmp_path)


def test_a_number_that_the_rules_name_is_told_and_no_failure(keep: Keep, ariroute: Ariroute) -> None:
    vip = FLOW_FILE.replace("'!open(\"office\")'", f"""'caller.e164 == "{OWN}" || !open("office")'""")
    keep("numbers: full", flow=vip)
    ended = ariroute("erase", OWN)
    assert ended.code == 0
    assert "note: the number stands in 1 of the kept rules, because the flow file names it" in ended.out
    assert "note: 2 records of other calls name the number, in a condition or an answer" in ended.out


def test_an_agent_who_is_known_by_the_number_is_told_and_no_failure(
    keep: Keep, ariroute: Ariroute, tmp_path: Path
) -> None:
    keep()
    with in_use(tmp_path) as store:
        move = Moved(1.0, "pbx1", f"Local/{OWN}@agents", (), "gold", "floor", "gold has nobody", "dynamic", True, "")
        store.write([*move.statements(), *move.statements()])
        ended = ariroute("erase", OWN, "--json")
        assert (ended.code, ended.json["proven"], ended.json["in_moves"]) == (0, True, 2)
        told = ariroute("erase", OWN)
    assert "note: the number stands in 2 moves of agents: it is the name of one" in told.out


def test_a_dry_run_erases_nothing(keep: Keep, ariroute: Ariroute) -> None:
    keep()
    assert ariroute("erase", OWN, "--dry-run").out == "2 records would be erased\n"
    assert ariroute("erase", OWN, "--dry-run", "--json").json == {"records": 2}


def test_what_a_shadow_said_of_the_call_goes_with_it(keep: Keep, ariroute: Ariroute, tmp_path: Path) -> None:
    keep()
    base = sqlite3.connect(tmp_path / "journal.db")
    base.execute(
        "INSERT INTO shadows SELECT id, 'new', 0, 'queue gold', 'gold', 20, 'support', 0, 'destination' FROM contacts"
    )
    base.commit()
    base.close()
    assert ariroute("erase", OWN).code == 0
    base = sqlite3.connect(tmp_path / "journal.db")
    assert base.execute("SELECT count(*) FROM shadows").fetchone() == (2,)
    base.close()


@pytest.mark.parametrize("arguments", [(), (OWN, "--contact", "call.0")])
def test_a_number_or_a_call_is_named(keep: Keep, ariroute: Ariroute, arguments: tuple[str, ...]) -> None:
    keep()
    ended = ariroute("erase", *arguments)
    assert ended.code == ExitCode.UNUSABLE_INPUT
    assert "name a NUMBER, or a call with --contact UNIQUEID" in ended.err


@pytest.mark.parametrize("number", ["+46******567", "nobody"])
def test_a_masked_number_is_nobody_in_particular(keep: Keep, ariroute: Ariroute, number: str) -> None:
    keep()
    ended = ariroute("erase", number)
    assert ended.code == ExitCode.UNUSABLE_INPUT
    assert f"{number}: not a telephone number: write it in full, such as +46701234567" in ended.err


def test_without_a_journal_none_is_made(keep: Keep, ariroute: Ariroute, tmp_path: Path) -> None:
    keep()
    (tmp_path / "journal.db").unlink()
    ended = ariroute("erase", OWN)
    assert ended.code == ExitCode.UNREACHABLE
    assert "is not there" in ended.err
    assert not (tmp_path / "journal.db").exists()
