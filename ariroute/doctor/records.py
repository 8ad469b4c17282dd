"""Asterisk's own records of calls: what a proof, a replay and a report are made of."""

from __future__ import annotations

from collections.abc import Iterator

from ariroute.doctor.facts import AsteriskFiles
from ariroute.doctor.findings import Finding, note, ok, warning


def queue_log(files: AsteriskFiles | None) -> Iterator[Finding]:
    """queue_log is written."""
    conf = files.file("logger.conf") if files else None
    if conf is None:
        return
    if conf.is_on("general", "queue_log", True):
        yield ok("queue_log is written", "logger.conf")
    else:
        yield warning(
            "queue_log is off",
            "logger.conf",
            why="without it nobody can say afterwards whether a call reached a queue, and how long it waited",
            remedy="queue_log = yes   ; logger.conf, section [general]; then: sudo asterisk -rx 'logger reload'",
        )


def channel_events(files: AsteriskFiles | None) -> Iterator[Finding]:
    """CEL is written, with the applications by name."""
    conf = files.file("cel.conf") if files else None
    if files is None:
        yield note(
            "whether queue_log and CEL are on cannot be seen from here",
            remedy="sudo asterisk -rx 'cel show status'; sudo asterisk -rx 'logger show channels'",
        )
        return
    if conf is None or not conf.is_on("general", "enable", False):
        yield note(
            "CEL is off",
            "cel.conf",
            why="calls that never reached a queue leave no record; queue_log has the others",
            remedy="cp dialplan/cel.conf dialplan/cel_custom.conf /etc/asterisk/   # then restart Asterisk",
        )
    elif "all" in conf.get("general", "apps").lower().split(","):
        yield note(
            "CEL has apps = all",
            "cel.conf",
            why="Asterisk 22 then writes no APP_START at all",
            remedy="apps = queue,stasis,dial,voicemail   ; cel.conf; then: sudo asterisk -rx 'module reload cel'",
        )
    else:
        yield ok("CEL is on", "cel.conf")
