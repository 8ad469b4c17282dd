"""Log lines for people and for machines."""

from __future__ import annotations

import io
import json
import logging
import os
from collections.abc import Iterator

import pytest

from ariroute.daemon import logs
from ariroute.flow.numbers import masked

SWITCHES = ("logThreads", "logProcesses", "logMultiprocessing", "_srcfile")


@pytest.fixture
def root() -> Iterator[logging.Logger]:
    """The root logger, given back as it was."""
    logger = logging.getLogger()
    before = logger.handlers[:], logger.level
    switches = {name: getattr(logging, name) for name in SWITCHES}
    yield logger
    logger.handlers[:], logger.level = before
    for name, value in switches.items():
        setattr(logging, name, value)


def test_each_line_carries_the_channel_of_the_running_task(root: logging.Logger) -> None:
    stream = io.StringIO()
    writer = logs.set_up("info", "json", stream)
    token = logs.channel.set("1700000000.1")
    logging.getLogger("ariroute.calls").info("routed", extra={"queue": "gold"})
    logs.channel.reset(token)
    logging.getLogger("ariroute.calls").info("outside of a call")
    writer.close()
    first, second = (json.loads(line) for line in stream.getvalue().splitlines())
    assert (first["message"], first["channel"], first["queue"]) == ("routed", "1700000000.1", "gold")
    assert "channel" not in second


def test_an_exception_stays_on_one_json_line(root: logging.Logger) -> None:
    stream = io.StringIO()
    writer = logs.set_up("info", "json", stream)
    try:
        raise ValueError("on purpose")
    except ValueError:
        logging.getLogger("ariroute").exception("failed")
    writer.close()
    (line,) = stream.getvalue().splitlines()
    assert "ValueError: on purpose" in json.loads(line)["traceback"]


def test_a_value_cannot_break_a_text_line(root: logging.Logger) -> None:
    stream = io.StringIO()
    writer = logs.set_up("info", "text", stream)
    logging.getLogger("ariroute").info("routed", extra={"caller": "x\n2026 ERROR forged", "title": ""})
    writer.close()
    assert len(stream.getvalue().splitlines()) == 1
    assert 'title=""' in stream.getvalue()


@pytest.mark.parametrize(
    ("number", "shown"), [("+46701234567", "+46******567"), ("100", "***"), ("", ""), ("1234567", "123*567")]
)
def test_a_masked_number_keeps_three_at_each_end(number: str, shown: str) -> None:
    assert masked(number) == shown


def test_a_log_that_nobody_reads_holds_up_nobody_and_says_how_much_is_missing(
    root: logging.Logger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "BACKLOG", 500)
    reading, writing = os.pipe()
    with os.fdopen(writing, "w", encoding="utf-8") as stream:
        writer = logs.set_up("info", "text", stream)
        for number in range(3000):  # a pipe holds 64 KiB, these are far more
            logging.getLogger("ariroute").info("line %d %s", number, "x" * 100)
        with os.fdopen(reading, encoding="utf-8") as reader:
            written = dropped = 0
            while written + dropped < 3000:
                line = reader.readline()
                written += "line" in line and "dropped" not in line
                dropped += int(line.split()[0]) if "dropped" in line else 0
            writer.close()
        assert dropped > 0


HOSTILE = "a\nb\r\x1b[2J\x9b2J\u202e\u2028\ud800\U000e0001\x00"


@pytest.mark.parametrize("form", ["text", "json"])
def test_nothing_that_a_terminal_obeys_is_in_a_line_and_the_line_stays_one(
    form: logs.LogFormat, root: logging.Logger
) -> None:
    stream = io.StringIO()
    writer = logs.set_up("info", form, stream)
    logging.getLogger("ariroute").info("said %s", HOSTILE, extra={"caller": HOSTILE, "found": {HOSTILE: [HOSTILE]}})
    writer.close()
    (line,) = stream.getvalue().splitlines()
    assert line.isprintable()
    if form == "json":
        read = json.loads(line)
        assert (read["message"], read["caller"], read["found"]) == (f"said {HOSTILE}", HOSTILE, {HOSTILE: [HOSTILE]})


def test_a_traceback_cannot_forge_a_line_of_text(root: logging.Logger) -> None:
    stream = io.StringIO()
    writer = logs.set_up("info", "text", stream)
    try:
        raise ValueError("x\n2026-01-01 00:00:00.000+01:00 INFO    forged\u20282026-01-01 forged\x1b[2J")
    except ValueError:
        logging.getLogger("ariroute").exception("failed")
    writer.close()
    first, *others = stream.getvalue().splitlines()
    assert first.endswith("failed")
    assert others
    assert all(line.startswith("    ") and line.isprintable() for line in others)


@pytest.mark.parametrize("form", ["text", "json"])
def test_no_sentence_and_no_traceback_shows_a_number_in_full(form: logs.LogFormat, root: logging.Logger) -> None:
    stream = io.StringIO()
    writer = logs.set_up("info", form, stream)
    said = "'+46701234567' is in row 2, 0701234567."
    try:
        raise ValueError(said)
    except ValueError as error:
        logging.getLogger("ariroute").exception("the file is not used: %s", error)
    logging.getLogger("ariroute").info("read again, 1000000 rows, channel 1700000000.12", extra={"caller": "+46701"})
    writer.close()
    text = stream.getvalue()
    assert text.count("+46******567") == 2
    assert text.count("070****567") == 2
    assert "234567" not in text
    assert "1000000 rows, channel 1700000000.12" in text
    assert "+46701" in text
