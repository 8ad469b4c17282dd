"""queue_log, as both Asterisks wrote it (tests/fixtures/records), and as nobody should."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ariroute.asterisk.queue_log import QueueVisit, read_queue_log
from ariroute.errors import UnusableInput

RECORDS = Path(__file__).parents[2] / "fixtures" / "records"


def read(tmp_path: Path, *lines: str) -> list[QueueVisit]:
    """The visits that these lines tell; each is good."""
    path = tmp_path / "queue_log"
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    found = read_queue_log([path])
    assert (found.bad, found.lines) == ((), len(lines))
    return list(found.visits)


@pytest.mark.parametrize("release", ["16", "22"])
def test_what_real_asterisks_wrote(release: str) -> None:
    log = read_queue_log([RECORDS / f"asterisk-{release}" / "queue_log"])

    assert log.bad == ()
    assert log.lines == 29
    told = [(visit.queue, visit.agent, visit.gave_up, visit.talk is not None) for visit in log.visits]
    assert told == [
        ("gold", "agent1", False, True),
        ("gold", "agent1", False, True),
        ("lonely", "", True, False),
        ("lonely", "", False, False),
        ("gold", "agent1", False, True),
        ("lonely", "", True, False),
        ("leaver", "", False, False),
        ("gold", "agent1", False, True),
        ("gold", "", True, False),
    ]
    last = log.visits[-1]
    assert last.wait == {"16": 3.0, "22": 4.0}[release]


def test_a_call_from_the_queue_to_the_end_of_the_talk(tmp_path: Path) -> None:
    (visit,) = read(
        tmp_path,
        "1000|1.1|gold|NONE|ENTERQUEUE||+46701234567|1",
        "1009|1.1|gold|Ann|RINGNOANSWER|5000",
        "1020|1.1|gold|Bo|CONNECT|20|1.2|6",
        "1140|1.1|gold|Bo|COMPLETECALLER|20|120|1",
    )
    assert visit == QueueVisit(1000, "gold", 20, False, "Bo", 6, 120)


@pytest.mark.parametrize(
    "line",
    [
        "1140|1.1|gold|Bo|COMPLETEAGENT|20|120|1",
        "1140|1.1|gold|Bo|BLINDTRANSFER|200|from|inside|20|120|1",
        "1140|1.1|gold|Bo|ATTENDEDTRANSFER|BRIDGE|1234-abc|20|120|1",
        "1140|1.1|gold|Bo|TRANSFER|200|inside|20|120|1",
    ],
)
def test_talks_end_in_many_ways_and_their_times_stand_at_the_end(tmp_path: Path, line: str) -> None:
    (visit,) = read(tmp_path, "1000|1.1|gold|NONE|ENTERQUEUE|||1", "1020|1.1|gold|Bo|CONNECT|20|1.2|6", line)
    assert (visit.wait, visit.talk, visit.gave_up) == (20, 120, False)


@pytest.mark.parametrize(
    ("line", "gave_up"),
    [
        ("1030|1.1|gold|NONE|ABANDON|1|3|30", True),
        ("1030|1.1|gold|NONE|EXITWITHTIMEOUT|1|3|30", False),
        ("1030|1.1|gold|NONE|EXITEMPTY|1|3|30", False),
        ("1030|1.1|gold|NONE|EXITWITHKEY|9|1|3|30", False),
        ("1030|1.1|gold|NONE|WITHDRAW|1|3|30|what|for", False),
    ],
)
def test_who_hung_up_gave_up_and_who_was_sent_on_did_not(tmp_path: Path, line: str, gave_up: bool) -> None:
    (visit,) = read(tmp_path, "1000|1.1|gold|NONE|ENTERQUEUE|||1", line)
    assert (visit.wait, visit.gave_up, visit.talk) == (30, gave_up, None)


def test_a_caller_in_two_queues_one_after_the_other_came_twice(tmp_path: Path) -> None:
    first, second, third = read(
        tmp_path,
        "1000|1.1|gold|NONE|ENTERQUEUE|||1",
        "1010|1.1|gold|NONE|EXITWITHTIMEOUT|1|1|10",
        "1010|1.1|standard|NONE|ENTERQUEUE|||4",
        "1015|1.1|standard|NONE|ABANDON|4|4|5",
        "1015|1.1|gold|NONE|ENTERQUEUE|||1",
    )
    assert [(each.queue, each.entered, each.wait) for each in (first, second, third)] == [
        ("gold", 1000, 10),
        ("standard", 1010, 5),
        ("gold", 1015, None),
    ]


def test_of_calls_that_began_before_the_file_the_beginning_is_worked_out(tmp_path: Path) -> None:
    abandoned, talked, connected = read(
        tmp_path,
        "1140|1.1|gold|Bo|COMPLETECALLER|20|120|1",
        "1150|2.1|gold|NONE|ABANDON|1|1|200",
        "1150|3.1|gold|Bo|CONNECT|30|3.2|4",
        "1250|3.1|gold|Bo|COMPLETECALLER|30|100|1",
    )
    assert (abandoned.entered, abandoned.wait) == (950, 200)
    assert (talked.entered, talked.talk) == (1000, 120)
    assert (connected.entered, connected.wait, connected.talk) == (1120, 30, 100)


def test_what_others_wrote_into_the_file_tells_nothing_and_harms_nothing(tmp_path: Path) -> None:
    (visit,) = read(
        tmp_path,
        "1000|NONE|NONE|NONE|CONFIGRELOAD|",
        "1000|1.1|gold|NONE|ENTERQUEUE|http://x|a|b|COMPLETEAGENT|9|9|1",
        "1000|1.1|ariroute|NONE|ARIROUTE|support|queue gold, priority 20|crm.loyalty",
        "1000|1.1|NONE|NONE|DID|+4685",
        "1001|1.1|gold|Bo|PAUSE|lunch",
        "1002|1.1|gold|Bo|CONNECT|2|1.2",
    )
    assert (visit.wait, visit.ring, visit.agent) == (2, 0, "Bo")


def test_rotated_and_compressed_files_make_one_record(tmp_path: Path) -> None:
    old, new = tmp_path / "queue_log.1.gz", tmp_path / "queue_log"
    old.write_bytes(gzip.compress(b"1000|1.1|gold|NONE|ENTERQUEUE|||1\n"))
    new.write_bytes(b"1020|1.1|gold|Bo|CONNECT|20|1.2|6\r\n\n1140|1.1|gold|Bo|COMPLETECALLER|20|120|1\r\n")

    log = read_queue_log([old, new])
    assert log.visits == (QueueVisit(1000, "gold", 20, False, "Bo", 6, 120),)
    assert (log.bad, log.lines) == ((), 3)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("hello", "not a line of queue_log: time|uniqueid|queue|agent|event|..."),
        ("12x|1.1|gold|NONE|ENTERQUEUE|", "not a line of queue_log: time|uniqueid|queue|agent|event|..."),
        ("9" * 30 + "|1.1|gold|NONE|ENTERQUEUE|", "not a line of queue_log: time|uniqueid|queue|agent|event|..."),
        ("1000|1.1|gold|Bo|CONNECT|soon|1.2|6", "CONNECT without the fields that app_queue writes"),
        ("1000|1.1|gold|Bo|COMPLETEAGENT|20", "COMPLETEAGENT without the fields that app_queue writes"),
        ("1000|1.1|gold|NONE|ABANDON|1|1|" + "9" * 400, "ABANDON without the fields that app_queue writes"),
    ],
)
def test_a_line_that_is_none_is_told_by_its_place_and_left_out(tmp_path: Path, line: str, why: str) -> None:
    path = tmp_path / "queue_log"
    path.write_text(f"1000|1.1|gold|NONE|ENTERQUEUE|||1\n{line}\n1010|1.1|gold|NONE|ABANDON|1|1|10\n")

    log = read_queue_log([path])
    assert [str(bad) for bad in log.bad] == [f"{path}:2: {why}"]
    assert [(visit.wait, visit.gave_up) for visit in log.visits] == [(10, True)]


def test_clocks_that_were_set_back_make_no_negative_times(tmp_path: Path) -> None:
    (visit,) = read(tmp_path, "1000|1.1|gold|NONE|ENTERQUEUE|||1", "990|1.1|gold|NONE|ABANDON|1|1|-10")
    assert visit.wait == 0


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "No such file or directory: check the path"),
        (gzip.compress(b"1000|1.1|gold|NONE|ENTERQUEUE|||1\n" * 99)[:-12], "it is compressed, and broken"),
        (b"\x1f\x8b" + b"x" * 99, "it is compressed, and broken"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None, words: str) -> None:
    path = tmp_path / "queue_log.2.gz"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UnusableInput, match=f"queue_log.2.gz: {words}"):
        read_queue_log([path])


@settings(deadline=None)
@given(st.binary(max_size=400))
def test_no_file_makes_it_fail(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any_queue_log"
    path.write_bytes(b"1000|1.1|gold|NONE|" + content)
    for visit in read_queue_log([path]).visits:
        assert visit.queue.encode("utf-8", "strict")
