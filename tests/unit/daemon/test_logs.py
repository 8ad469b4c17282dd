"""Log lines for people and for machines."""

from __future__ import annotations

import io
import json
import logging
import os
from collections.abc import Iterator

import pytest

from ariroute.daemon import logs

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
    assert logs.masked(number) == shown


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
