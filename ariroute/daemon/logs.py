"""Logs: short sentences with fields, the channel id in every line of a call, one JSON object per line if wanted."""

from __future__ import annotations

import json
import logging
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, Literal, TextIO

from ariroute.asterisk.json_text import dumps

channel: ContextVar[str] = ContextVar("channel", default="")
"""The channel whose task is running; the formatters add it to each line."""

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
            "message": record.getMessage(),
        } | fields_of(record)
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        try:
            return dumps(line)
        except (TypeError, ValueError):  # a value that is no JSON, or a lone surrogate
            return ENCODE(line)


class Text(logging.Formatter):
    """``12:00:01.123 INFO routed  channel=… queue=gold``"""

    def format(self, record: logging.LogRecord) -> str:
        time = datetime.fromtimestamp(record.created).astimezone().isoformat(sep=" ", timespec="milliseconds")
        fields = " ".join(f"{name}={_shown(value)}" for name, value in fields_of(record).items())
        line = f"{time} {record.levelname:<7} {record.getMessage()}" + (f"  {fields}" if fields else "")
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


def set_up(level: str, form: LogFormat, stream: TextIO | None = None) -> None:
    """Send every log line of this process to ``stream`` (standard error)."""
    # What no line shows is not gathered (the logging how-to, "Optimization"): a line is written for every call.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging._srcfile = None
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines() if form == "json" else Text())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)


def masked(number: str) -> str:
    """A number as logs show it: the first and the last three characters, the rest starred."""
    if len(number) <= 6:
        return "*" * len(number)
    return number[:3] + "*" * (len(number) - 6) + number[-3:]


def _shown(value: object) -> str:
    if isinstance(value, str) and value.isprintable() and value and " " not in value:
        return value
    return ENCODE(value)
