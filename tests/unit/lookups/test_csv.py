"""CSV files: every mistake with its line, numbers in one form, and a change that is broken keeps the old rows."""

from __future__ import annotations

import asyncio
import csv
import logging
import os
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ariroute.errors import ConfigError
from ariroute.flow.facts import FieldType
from ariroute.flow.numbers import dialable, e164
from ariroute.lookups import csv_table
from ariroute.lookups.base import Surroundings
from ariroute.lookups.csv import CsvSettings, CsvSource
from ariroute.lookups.csv_packing import check, packed_elsewhere
from ariroute.lookups.csv_table import Table, packed_here
from ariroute.lookups.table import Task

FIELDS: dict[str, FieldType] = {"tier": "string", "orders": "number", "blocked": "bool"}
HEADER = "phone,tier,orders,blocked,note\n"
ANNA = {"caller.e164": "+46701234567"}


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "vip.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def read(path: Path, key: str = "phone", region: str | None = "SE", delimiter: str = ",") -> Table:
    return packed_here(Task(str(path), key, FIELDS, region, delimiter))


def complaints(path: Path) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read(path)
    assert all(problem.file == str(path) for problem in caught.value.problems)
    return [f"{problem.line}: {problem.text}" for problem in caught.value.problems]


def test_rows_are_read_by_international_number(tmp_path: Path) -> None:
    path = written(tmp_path, HEADER + "070-123 45 67,gold,12.5,no,x\n+46850000000,,,,\n")
    table = read(path)
    assert table.get("+46701234567") == {"tier": "gold", "orders": 12.5, "blocked": False}
    assert table.get("+46850000000") == {}
    assert table.get("+46850000001") is None
    assert len(table) == 2
    table.close()


def test_without_region_keys_stand_as_they_are(tmp_path: Path) -> None:
    path = written(tmp_path, "id,tier,orders,blocked\n 007 ,gold,1,yes\n")
    table = read(path, key="id", region=None)
    assert table.get("007") == {"tier": "gold", "orders": 1.0, "blocked": True}
    assert table.get(" 007 ") is None


def test_empty_lines_and_byte_order_mark_are_accepted(tmp_path: Path) -> None:
    path = written(tmp_path, b"\xef\xbb\xbf" + (HEADER + "\n,,,,\n0701234567,gold,1,no,\n").encode())
    table = read(path)
    assert (len(table), table.get("+46701234567")) == (1, {"tier": "gold", "orders": 1.0, "blocked": False})


def test_every_mistake_is_named_with_its_line(tmp_path: Path) -> None:
    rows = [
        "0701234567,gold,1,no,",
        "+46701234567,silver,1,no,",
        "100,gold,1,no,",
        ",gold,1,no,",
        "0701234568,gold,many,no,",
        "0701234569,gold,1_000,no,",
        "0701234570,gold,nan,no,",
        "0701234571,gold,1,perhaps,",
        "0701234572,gold,1,no",
    ]
    assert complaints(written(tmp_path, HEADER + "\n".join(rows))) == [
        "3: phone +46701234567 stands in line 2 already",
        "4: phone '100' is not a telephone number in region SE",
        "5: phone is empty",
        "6: orders 'many' is not a number: write 12 or 12.5",
        "7: orders '1_000' is not a number: write 12 or 12.5",
        "8: orders 'nan' is not a number: write 12 or 12.5",
        "9: blocked 'perhaps' is not a bool: write true or false",
        "10: 4 cells, the header has 5",
    ]


def test_header_without_key_or_field_is_refused(tmp_path: Path) -> None:
    assert complaints(written(tmp_path, "number,tier,tier,orders\n")) == [
        "1: the column 'tier' stands twice in the header",
        "1: there is no column 'phone' in the header; columns: number, tier, tier, orders",
        "1: there is no column 'blocked' in the header; columns: number, tier, tier, orders",
    ]


@pytest.mark.parametrize(
    "content", ["root:$y$j9T$abc:19000:0:99999:7:::\nbin:*::\n", "hunter2\n", "hunter2,19000,0\n", "a,hunter2:x\n"]
)
def test_the_first_line_of_a_file_that_is_no_table_is_not_shown(tmp_path: Path, content: str) -> None:
    path = written(tmp_path, content)
    for delimiter in ",:":
        with pytest.raises(
            ConfigError, match=r"there is no column 'phone' in the header: is this the right file\?"
        ) as caught:
            read(path, delimiter=delimiter)
        told = " ".join(problem.text for problem in caught.value.problems)
        assert [word for word in ("root", "$y$", "19000", "hunter2") if word in told] == []


def test_another_delimiter_is_recognised_by_the_columns(tmp_path: Path) -> None:
    assert complaints(written(tmp_path, "phone;tier;orders;blocked\n"))[0] == (
        "1: there is no column 'phone' in the header; its columns seem to be separated by ';': set delimiter"
    )


def test_a_pipe_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "vip.csv")
    assert complaints(tmp_path / "vip.csv") == ["0: cannot be read: it is a pipe, not a regular file"]


def test_empty_file_is_refused(tmp_path: Path) -> None:
    assert "columns: none" in complaints(written(tmp_path, ""))[0]


def test_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    assert complaints(written(tmp_path, HEADER.encode() + b"0701234567,\xe5,1,no,\n")) == [
        "0: is not UTF-8: save it as 'CSV UTF-8'"
    ]


def test_open_quote_is_refused_with_its_line(tmp_path: Path) -> None:
    (complaint,) = complaints(written(tmp_path, HEADER + '0701234567,"gold,1,no,\n'))
    assert complaint.startswith("2: not CSV: ")


def test_no_more_than_twenty_mistakes_are_told(tmp_path: Path) -> None:
    assert len(complaints(written(tmp_path, HEADER + "x,,,,\n" * 1000))) == 20


def test_a_file_without_rows_finds_nobody(tmp_path: Path) -> None:
    table = read(written(tmp_path, HEADER))
    assert (len(table), table.get("+46701234567")) == (0, None)


def test_a_file_that_was_pasted_twice_is_refused_with_its_first_lines(tmp_path: Path) -> None:
    rows = "".join(f"+4670123{n:04},gold,1,no,\n" for n in range(200))
    told = complaints(written(tmp_path, HEADER + rows + rows))
    assert told == [f"{n + 202}: phone +4670123{n:04} stands in line {n + 2} already" for n in range(20)]


def test_keys_with_the_same_fingerprint_are_kept_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_table, "fingerprint_of", lambda key: len(key))
    path = written(tmp_path, "id,tier,orders,blocked\na,gold,1,\nb,silver,2,\ncc,,,\n")
    table = read(path, key="id", region=None)
    assert [table.get(key) for key in ("a", "b", "cc", "d", "dd", "ddd")] == [
        {"tier": "gold", "orders": 1.0},
        {"tier": "silver", "orders": 2.0},
        {},
        None,
        None,
        None,
    ]


ROWS = st.dictionaries(
    st.text(st.characters(exclude_categories=["Cs", "Cc", "Z"]), min_size=1).filter(lambda text: text == text.strip()),
    st.tuples(
        st.text(st.characters(exclude_categories=["Cs"])).map(str.strip),
        st.none() | st.integers(-(10**9), 10**9),
        st.none() | st.booleans(),
    ),
)


@settings(deadline=None)
@given(ROWS)
def test_every_row_is_found_again_as_it_was(rows: dict[str, tuple[str, int | None, bool | None]]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "any.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["id", "tier", "orders", "blocked"])
            for key, (tier, orders, blocked) in rows.items():
                cells = ("" if orders is None else orders, "" if blocked is None else str(blocked).lower())
                writer.writerow([key, tier, *cells])
        table = read(path, key="id", region=None)
    for key, (tier, orders, blocked) in rows.items():
        wanted = {"tier": tier or None, "orders": orders, "blocked": blocked}
        assert table.get(key) == {name: value for name, value in wanted.items() if value is not None}
        assert table.get(key + "x") is None or key + "x" in rows
    assert len(table) == len(rows)


@pytest.mark.parametrize(
    "number", ["070-123 45 67", "+46 70 123 45 67", "0046701234567", "+46 (0)70 1234567", "+460701234567"]
)
def test_a_number_is_kept_as_a_caller_has_it(tmp_path: Path, number: str) -> None:
    table = read(written(tmp_path, HEADER + f"{number},gold,1,no,\n"))
    assert table.get(e164(dialable(number), "SE")) is not None


async def test_a_large_file_is_packed_by_another_process_to_the_same(tmp_path: Path) -> None:
    task = Task(str(written(tmp_path, HEADER + "070-123 45 67,guld å,12.5,no,x\n")), "phone", FIELDS, "SE")
    for table in (packed_here(task), await packed_elsewhere(task)):
        assert table.get("+46701234567") == {"tier": "guld å", "orders": 12.5, "blocked": False}
        table.close()


async def test_mistakes_found_by_another_process_are_the_same(tmp_path: Path) -> None:
    path = written(tmp_path, HEADER + "0701234567,gold,many,no,\n")
    with pytest.raises(ConfigError) as caught:
        await packed_elsewhere(Task(str(path), "phone", FIELDS, "SE"))
    assert str(caught.value) == f"{path}:2:1: orders 'many' is not a number: write 12 or 12.5"


def test_a_process_that_did_not_end_well_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"vip\.csv: could not be read: the process that reads it ended with -9"):
        check(Task("vip.csv", "phone", FIELDS, "SE"), b"", -9)


def source(folder: Path) -> CsvSource:
    settings = CsvSettings.model_validate({"path": "vip.csv", "key": "phone"})
    return CsvSource(settings, Surroundings("vip_list", FIELDS, "SE", folder))


async def test_missing_file_is_refused_at_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"vip\.csv: cannot be read: No such file"):
        await source(tmp_path).start()


async def test_caller_is_found_and_a_stranger_is_missing(tmp_path: Path) -> None:
    written(tmp_path, HEADER + "0701234567,gold,1,no,\n")
    vips = source(tmp_path)
    await vips.start()
    try:
        assert await vips.fetch(ANNA) == {"tier": "gold", "orders": 1.0, "blocked": False}
        assert await vips.fetch({"caller.e164": "+46850000000"}) is None
    finally:
        await vips.close()


async def test_changed_file_is_read_again_by_itself(tmp_path: Path) -> None:
    written(tmp_path, HEADER + "0701234567,gold,1,no,\n")
    vips = source(tmp_path)
    await vips.start()
    try:
        written(tmp_path, HEADER + "0701234567,platinum,22,no,\n")
        async with asyncio.timeout(20):
            while (await vips.fetch(ANNA) or {}).get("tier") != "platinum":  # noqa: ASYNC110
                await asyncio.sleep(0.02)
    finally:
        await vips.close()


async def test_unchanged_file_is_not_read_again(tmp_path: Path) -> None:
    written(tmp_path, HEADER + "0701234567,gold,1,no,\n")
    vips = source(tmp_path)
    await vips.start()
    assert not await vips.refresh()
    await vips.close()


async def test_broken_change_keeps_the_old_rows_and_says_so_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = written(tmp_path, HEADER + "0701234567,gold,1,no,\n")
    vips = source(tmp_path)
    await vips.start()
    written(tmp_path, HEADER + "0701234567,gold,many,no,\n")
    with caplog.at_level(logging.ERROR):
        assert not await vips.refresh()
        assert not await vips.refresh()
    assert await vips.fetch(ANNA) == {"tier": "gold", "orders": 1.0, "blocked": False}
    (record,) = [r for r in caplog.records if "changed file is not used" in r.getMessage()]
    assert f"{path}:2:1: orders 'many' is not a number" in record.getMessage()
    written(tmp_path, HEADER + "0701234567,platinum,22,no,\n")
    assert await vips.refresh()
    await vips.close()


async def test_deleted_file_keeps_the_old_rows(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = written(tmp_path, HEADER + "0701234567,gold,1,no,\n")
    vips = source(tmp_path)
    await vips.start()
    path.unlink()
    with caplog.at_level(logging.ERROR):
        assert not await vips.refresh()
        assert not await vips.refresh()
    assert await vips.fetch(ANNA) is not None
    assert len([r for r in caplog.records if "No such file" in r.getMessage()]) == 1
    await vips.close()
