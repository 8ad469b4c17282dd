"""Asterisk's own records, read from samples that Asterisk 16.28 and 22.10 wrote."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from ariroute.lab.records import (
    CelEvent,
    Completed,
    Connected,
    Entered,
    Left,
    QueueEvent,
    RecordError,
    cel,
    parse_cel_row,
    parse_queue_row,
    queue_log,
)

SAMPLES = Path(__file__).parents[2] / "fixtures" / "records"
RELEASES = ["asterisk-16", "asterisk-22"]
MAPPING = Path(__file__).parents[3] / "dialplan" / "cel_custom.conf"


@pytest.mark.parametrize(
    ("line", "event", "detail"),
    [
        ("1|2.0|gold|NONE|ENTERQUEUE||+46701|3", QueueEvent.ENTERQUEUE, Entered("", "+46701", 3)),
        ("1|2.0|gold|NONE|ENTERQUEUE|http://x|a|b|3", QueueEvent.ENTERQUEUE, Entered("http://x", "a|b", 3)),
        ("1|2.0|gold|NONE|ENTERQUEUE||+46701", QueueEvent.ENTERQUEUE, Entered("", "+46701", None)),
        ("1|2.0|gold|NONE|ENTERQUEUE|||1", QueueEvent.ENTERQUEUE, Entered("", "", 1)),
        ("1|2.0|gold|agent1|CONNECT|5|2.1|2", QueueEvent.CONNECT, Connected(5, "2.1", 2)),
        ("1|2.0|gold|agent1|COMPLETEAGENT|5|60|1", QueueEvent.COMPLETEAGENT, Completed(5, 60, 1)),
        ("1|2.0|gold|agent1|COMPLETECALLER|5|60|1", QueueEvent.COMPLETECALLER, Completed(5, 60, 1)),
        ("1|2.0|gold|NONE|ABANDON|1|4|30", QueueEvent.ABANDON, Left(1, 4, 30)),
        ("1|2.0|gold|NONE|EXITEMPTY|1|2|3", QueueEvent.EXITEMPTY, Left(1, 2, 3)),
        ("1|2.0|gold|NONE|EXITWITHTIMEOUT|1|2|3", QueueEvent.EXITWITHTIMEOUT, Left(1, 2, 3)),
        ("1|2.0|gold|NONE|EXITWITHKEY|9|1|2|3", QueueEvent.EXITWITHKEY, Left(1, 2, 3)),
        ("1|2.0|gold|NONE|WITHDRAW|1|2|3|moved|x", QueueEvent.WITHDRAW, Left(1, 2, 3)),
        ("1|NONE|NONE|NONE|QUEUESTART|", QueueEvent.QUEUESTART, None),
        ("1|2.0|gold|agent1|SOMETHINGNEW|7", QueueEvent.OTHER, None),
    ],
)
def test_when_a_line_of_queue_log_is_read_then_its_parameters_are_typed(
    line: str, event: QueueEvent, detail: object
) -> None:
    row = parse_queue_row(line + "\n")

    assert (row.event, row.detail) == (event, detail)
    assert row.name == line.split("|")[4]


@pytest.mark.parametrize("line", ["", "words", "x|2.0|gold|NONE|ABANDON|1|1|1", "1|2.0|gold|NONE"])
def test_when_it_is_no_line_of_queue_log_then_the_line_is_shown(line: str) -> None:
    with pytest.raises(RecordError, match="not a line of queue_log") as raised:
        parse_queue_row(line)

    assert repr(line) in str(raised.value)


@pytest.mark.parametrize("line", ["1|2.0|gold|NONE|ABANDON|1", "1|2.0|gold|agent1|CONNECT|soon|2.1|2"])
def test_when_parameters_are_not_as_asterisk_writes_them_then_it_is_an_error(line: str) -> None:
    with pytest.raises(RecordError, match="unknown parameters"):
        parse_queue_row(line)


@pytest.mark.parametrize("release", RELEASES)
def test_when_a_real_queue_log_is_read_then_every_event_is_known(release: str) -> None:
    rows = queue_log(SAMPLES / release / "queue_log").rows()

    assert len(rows) == 29
    assert QueueEvent.OTHER not in {row.event for row in rows}
    assert [row.detail.caller for row in rows if isinstance(row.detail, Entered)][5] == "a|b"
    assert {row.agent for row in rows if row.event is QueueEvent.CONNECT} == {"agent1"}


@pytest.mark.parametrize("release", RELEASES)
def test_when_a_real_cel_is_read_then_rows_are_typed(release: str) -> None:
    rows = cel(SAMPLES / release / "Master.csv").rows()

    assert len(rows) == 69
    assert {row.event for row in rows} == set(CelEvent) - {CelEvent.OTHER}
    assert {row.application for row in rows if row.event is CelEvent.APP_START} == {"Queue", "Stasis"}
    first = rows[0]
    assert (first.event, first.caller, first.context, first.extension) == (
        CelEvent.CHAN_START,
        "+46701000001",
        "ariroute-demo",
        "gold",
    )
    assert first.time % 1 > 0
    assert first.uniqueid == first.linkedid


@pytest.mark.parametrize("release", RELEASES)
def test_when_a_caller_hangs_up_then_the_row_says_by_itself(release: str) -> None:
    rows = cel(SAMPLES / release / "Master.csv").rows()

    by_itself = {row.caller for row in rows if row.hung_up_by_itself and row.context == "ariroute-demo"}

    assert by_itself == {"+46701000002", "+46701000003", "a|b", "+46701000007", "+46701000009"}


def test_when_cells_hold_quotes_and_commas_then_they_stay_one_cell() -> None:
    extra = '"{""hangupcause"":16,""hangupsource"":""PJSIP/c-1""}"'
    line = '"HANGUP","1.5","1.0","1.0","PJSIP/c-1","4""6,7","in","s","","",' + extra

    row = parse_cel_row(line)

    assert (row.caller, row.time, row.hung_up_by_itself) == ('4"6,7', 1.5, True)
    assert row.extra == {"hangupcause": 16, "hangupsource": "PJSIP/c-1"}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('"ANSWER","1.5"', "a row of 2 columns, dialplan/cel_custom.conf has 11"),
        (",".join(['""'] * 11), "no time or no extra as dialplan/cel.conf"),
        ('"ANSWER","2026-01-01 00:00:00"' + ',""' * 9, "no time or no extra"),
        ('"ANSWER","1.5"' + ',""' * 8 + ',"{"', "no time or no extra"),
    ],
)
def test_when_cel_is_configured_otherwise_then_the_file_to_look_at_is_named(line: str, message: str) -> None:
    with pytest.raises(RecordError, match=message):
        parse_cel_row(line)


def test_when_a_line_is_half_written_then_it_is_read_once_and_whole(tmp_path: Path) -> None:
    path = tmp_path / "queue_log"
    log = queue_log(path)
    assert log.new_rows() == []

    with path.open("w", encoding="utf-8") as file:
        print("1|1.0|gold|NONE|ENTERQUEUE||1|1\n1|1.0|gold|NONE|ABAN", end="", file=file, flush=True)
        assert [row.name for row in log.new_rows()] == ["ENTERQUEUE"]
        assert log.new_rows() == []
        print("DON|1|1|0", file=file, flush=True)
        assert [row.name for row in log.new_rows()] == ["ABANDON"]

    assert [row.name for row in log.rows()] == ["ENTERQUEUE", "ABANDON"]


def test_when_a_callers_number_holds_line_breaks_then_the_row_of_cel_is_one_and_is_read_when_it_is_whole(
    tmp_path: Path,
) -> None:
    row = '"CHAN_START","1.5","1.0","1.0","PJSIP/caller-00000000","a\r\nb","ariroute-demo","support","","",""\n'
    file = tmp_path / "Master.csv"
    log = cel(file)
    with file.open("w", encoding="utf-8", newline="") as writer:
        writer.write(row + row[:70])
        writer.flush()
        assert [read.caller for read in log.new_rows()] == ["a\r\nb"]
        writer.write(row[70:])
        writer.flush()
        assert [read.caller for read in log.new_rows()] == ["a\r\nb"]


def test_when_the_file_is_rotated_then_reading_starts_again(tmp_path: Path) -> None:
    path = tmp_path / "queue_log"
    path.write_text("1|1.0|gold|NONE|ENTERQUEUE||1|1\n1|1.0|gold|NONE|ABANDON|1|1|0\n")
    log = queue_log(path)
    log.new_rows()

    path.write_text("2|NONE|NONE|NONE|QUEUESTART|\n")

    assert [row.name for row in log.new_rows()] == ["QUEUESTART"]
    assert len(log.rows()) == 3


def test_when_what_is_there_is_skipped_then_only_new_rows_are_read(tmp_path: Path) -> None:
    path = tmp_path / "queue_log"
    path.write_text("1|NONE|NONE|NONE|QUEUESTART|\n")
    log = queue_log(path)

    log.skip()
    with path.open("a") as more:
        more.write("2|1.0|gold|NONE|ENTERQUEUE||+46701234567|1\n")

    assert [row.time for row in log.rows()] == [2]


def test_when_a_log_is_followed_then_rows_come_as_they_are_written(tmp_path: Path) -> None:
    path = tmp_path / "queue_log"
    rows = queue_log(path).follow(timeout=10, poll=0.01)
    path.write_text("1|NONE|NONE|NONE|QUEUESTART|\n")
    assert next(rows).name == "QUEUESTART"

    def write() -> None:
        with path.open("a") as file:
            file.write("2|NONE|NONE|NONE|CONFIGRELOAD|\n")

    writer = threading.Timer(0.05, write)
    writer.start()

    assert next(rows).name == "CONFIGRELOAD"
    writer.join()


def test_when_the_time_to_follow_is_over_then_the_iteration_ends(tmp_path: Path) -> None:
    assert list(queue_log(tmp_path / "queue_log").follow(timeout=0.0)) == []


def test_when_rows_do_not_come_then_the_last_ones_are_shown(tmp_path: Path) -> None:
    path = tmp_path / "queue_log"
    path.write_text("1|1.0|gold|NONE|ENTERQUEUE||+46701|1\n")

    with pytest.raises(TimeoutError, match=r"not seen within 0 s; the last rows:\n.*\+46701"):
        queue_log(path).wait_for(lambda rows: len(rows) == 2, timeout=0)


def test_when_the_shipped_mapping_changes_then_this_reader_must_too() -> None:
    line = next(line for line in MAPPING.read_text().splitlines() if line.startswith("Master.csv"))

    assert line.count("${CSV_QUOTE(") == 11
    assert "${CSV_QUOTE(${eventtype})},${CSV_QUOTE(${eventtime})},${CSV_QUOTE(${CHANNEL(uniqueid)})}" in line
    assert line.endswith("${CSV_QUOTE(${eventextra})}")
