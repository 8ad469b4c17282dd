"""Logs: short sentences with fields, the channel id in every line of a call, one JSON object per line if wanted.

Whatever a text holds that came from a caller, a customer system or a broken server, a line stays one line, and has
nothing that a terminal obeys. A sentence never shows a telephone number in full: where one is wanted it is a field.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import sys
import threading
from collections.abc import Callable
from contextvars import ContextVar
from datetime import UTC, datetime
from queue import SimpleQueue
from typing import Any, Final, Literal, TextIO

from ariroute.flow.numbers import masked
from ariroute.json_text import dumps

channel: ContextVar[str] = ContextVar("channel", default="")
"""The channel whose task is running; the formatters add it to each line."""

BACKLOG: Final = 10_000
"""Lines that may wait for whoever reads the log; more are dropped and counted."""

GATHER: Final = 0.1
"""Seconds that a line may wait for others: waking the writer for each costs as much as a sixth of a call."""

NUMBER: Final = re.compile(r"(?<![\w.])(?:\+[0-9]{6,}|[0-9*#]{8,})(?!\w|\.[0-9])", re.ASCII)
"""What may be a telephone number; not ``1700000000.12``, the id of a channel."""

CONTINUED: Final = "    "
"""Stands before each line of a traceback, so that none can be taken for a line of its own."""

LogFormat = Literal["text", "json"]
ENCODE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=str).encode
STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}


def fields_of(record: logging.LogRecord) -> dict[str, Any]:
    """What was given as ``extra``, with the channel."""
    found = {name: value for name, value in record.__dict__.items() if name not in STANDARD}
    if "channel" not in found and (current := channel.get()):
        found["channel"] = current
    return found


class JsonLines(logging.Formatter):
    """One JSON object per line: time (UTC), level, logger, message, then the fields."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": without_numbers(record.getMessage()),
        } | fields_of(record)
        if record.exc_info:
            line["traceback"] = without_numbers(self.formatException(record.exc_info))
        try:
            text = dumps(line)
        except (TypeError, ValueError):  # a value that is no JSON, or a lone surrogate
            text = ENCODE(line)
        return harmless(text, lambda c: json.dumps(c)[1:-1])  # such a character can only be within a text of JSON


class Text(logging.Formatter):
    """``12:00:01.123 INFO routed  channel=… queue=gold``"""

    def format(self, record: logging.LogRecord) -> str:
        time = datetime.fromtimestamp(record.created).astimezone().isoformat(sep=" ", timespec="milliseconds")
        fields = " ".join(f"{name}={_shown(value)}" for name, value in fields_of(record).items())
        message = without_numbers(record.getMessage()).replace("\n", " | ")
        line = harmless(f"{time} {record.levelname:<7} {message}" + (f"  {fields}" if fields else ""), escaped)
        if not record.exc_info:
            return line
        traceback = without_numbers(self.formatException(record.exc_info)).splitlines()
        return "\n".join([line, *(CONTINUED + harmless(each, escaped) for each in traceback)])


class Writer(logging.Handler):
    """Writes lines in a thread of its own: a log that nobody reads must not hold up a call.

    The line is made where it is logged (the channel is known there); only the writing is put off. Writes go straight
    to the file descriptor, so that a thread which hangs in one holds no lock that the interpreter's exit needs. Lines
    are gathered for :data:`GATHER` seconds; a warning or worse goes out at once, and all before it.
    """

    def __init__(self, stream: TextIO | None) -> None:
        super().__init__()
        self._stream = stream
        self._lines: SimpleQueue[str | None] = SimpleQueue()
        self._dropped = 0
        self._hurry = threading.Event()
        self._thread = threading.Thread(target=self._write_on, name="log writer", daemon=True)
        self._thread.start()

    def emit(self, record: logging.LogRecord) -> None:
        if self._lines.qsize() >= BACKLOG:
            self._dropped += 1
            return
        self._lines.put(self.format(record) + "\n")
        if record.levelno >= logging.WARNING:
            self._hurry.set()

    def close(self) -> None:
        """Write what waits, for a second at the most."""
        self._lines.put(None)
        self._hurry.set()
        self._thread.join(timeout=1.0)
        super().close()

    def _write_on(self) -> None:
        while (line := self._lines.get()) is not None:
            self._hurry.wait(GATHER)
            self._hurry.clear()
            text, ended = self._gathered(line)
            if self._dropped:
                text += f"{self._dropped} log lines were dropped: they were not read fast enough\n"
                self._dropped = 0
            with contextlib.suppress(OSError, ValueError):  # closed, broken or full: there is nowhere to say so
                self._write(text)
            if ended:
                return

    def _gathered(self, line: str) -> tuple[str, bool]:
        """All that waits, in one text, and whether it was the last."""
        lines: list[str] = [line]
        while not self._lines.empty():
            following = self._lines.get()
            if following is None:
                return "".join(lines), True
            lines.append(following)
        return "".join(lines), False

    def _write(self, text: str) -> None:
        if self._stream is None:  # this process was started with its standard error closed
            return
        try:
            descriptor = self._stream.fileno()
        except (OSError, ValueError):
            self._stream.write(text)
            return
        left = memoryview(text.encode("utf-8", "backslashreplace"))
        while left:
            left = left[os.write(descriptor, left) :]


def set_up(level: str, form: LogFormat, stream: TextIO | None = None) -> Writer:
    """Send every log line of this process to ``stream`` (standard error)."""
    # What no line shows is not gathered (the logging how-to, "Optimization"): a line is written for every call.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging._srcfile = None
    handler = Writer(stream or sys.stderr)
    handler.setFormatter(JsonLines() if form == "json" else Text())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    return handler


def harmless(text: str, escape: Callable[[str], str]) -> str:
    """``text`` with what is not printable escaped: controls, line breaks, directions of text, lone surrogates."""
    return text if text.isprintable() else "".join(c if c.isprintable() else escape(c) for c in text)


def escaped(character: str) -> str:
    """``\\x1b``, as Python writes it."""
    return character.encode("unicode_escape").decode("ascii")


def without_numbers(text: str) -> str:
    """``text`` with every telephone number masked."""
    return NUMBER.sub(lambda found: masked(found[0]), text)


def _shown(value: object) -> str:
    if isinstance(value, str) and value.isprintable() and value and " " not in value:
        return value
    return ENCODE(value)
