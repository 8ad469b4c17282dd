"""CSV files: every mistake with its line, numbers in one form, and a change that is broken keeps the old rows."""

from __future__ import annotations

import asyncio
import logging
import os
from pathlib import Path

import pytest

from ariroute.errors import ConfigError
from ariroute.flow.facts import FieldType
from ariroute.lookups.base import Surroundings
from ariroute.lookups.csv import CsvSettings, CsvSource
from ariroute.lookups.table import read

FIELDS: dict[str, FieldType] = {"tier": "string", "orders": "number", "blocked": "bool"}
HEADER = "phone,tier,orders,blocked,note\n"
ANNA = {"caller.e164": "+46701234567"}


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "vip.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def complaints(path: Path, key: str = "phone", region: str | None = "SE") -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read(path, key=key, fields=FIELDS, region=region)
    assert all(problem.file == str(path) for problem in caught.value.problems)
    return [f"{problem.line}: {problem.text}" for problem in caught.value.problems]


def test_rows_are_read_by_international_number(tmp_path: Path) -> None:
    path = written(tmp_path, HEADER + "070-123 45 67,gold,12.5,no,x\n+46850000000,,,,\n")
    assert read(path, key="phone", fields=FIELDS, region="SE") == {
        "+46701234567": {"tier": "gold", "orders": 12.5, "blocked": False},
        "+46850000000": {},
    }


def test_without_region_keys_stand_as_they_are(tmp_path: Path) -> None:
    path = written(tmp_path, "id,tier,orders,blocked\n 007 ,gold,1,yes\n")
    assert read(path, key="id", fields=FIELDS, region=None) == {"007": {"tier": "gold", "orders": 1.0, "blocked": True}}


def test_empty_lines_and_byte_order_mark_are_accepted(tmp_path: Path) -> None:
    path = written(tmp_path, b"\xef\xbb\xbf" + (HEADER + "\n,,,,\n0701234567,gold,1,no,\n").encode())
    assert list(read(path, key="phone", fields=FIELDS, region="SE")) == ["+46701234567"]


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
            read(path, key="phone", fields=FIELDS, region="SE", delimiter=delimiter)
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
