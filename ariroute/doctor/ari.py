"""ARI: reachable, with the rights that are needed, and from nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from ariroute.doctor.facts import AriFacts, AsteriskFiles, beyond_loopback, is_loopback
from ariroute.doctor.findings import Finding, fault, note, ok, warning

WRITE_TIMEOUT: Final = 1000
WHOLE_PBX: Final = "whoever has this password places calls at your cost and hears those of others"
RELOAD: Final = "then: sudo asterisk -rx 'module reload res_ari'"
READER: Final = 'reader: {user: ariroute-reader, password: "${file:/etc/ariroute/ari-reader.secret}"}'


def reached(found: AriFacts) -> Iterator[Finding]:
    """It answers, and takes our password."""
    if found.error:
        yield fault(
            found.error,
            found.url,
            why="without ARI the daemon takes no calls: each goes to the default queue",
            remedy="sudo asterisk -rx 'http show status'; sudo asterisk -rx 'ari show users'",
        )
    else:
        yield ok(f"ARI answers to '{found.user}'", found.url)


def listed(found: AriFacts, unlisted: str) -> Iterator[Finding]:
    """It tells what it has."""
    if unlisted:
        yield fault(
            unlisted,
            found.url,
            why="what the flows need cannot be compared with it, nor its version and modules",
            remedy="sudo asterisk -rx 'module show like res_ari'",
        )
    elif not found.error:
        yield ok("ARI tells what this Asterisk has")


def rights(found: AriFacts) -> Iterator[Finding]:
    """The user who takes calls may change things, and the one who looks may not."""
    if found.may_write is False:
        yield fault(
            f"the ARI user '{found.user}' may only read",
            "ari.conf",
            why="no call can be handed to a queue: each waits for the guard and goes to the default queue",
            remedy=f"read_only = no   ; ari.conf, section [{found.user}]; {RELOAD}",
        )
    elif found.may_write:
        yield ok(f"the ARI user '{found.user}' may hand calls over")
    if not found.reader:
        yield note(
            "commands that only look ask with the password that can change everything",
            why="doctor and check --live need no more than a user with read_only=yes",
            remedy=f"{READER}   # asterisk.NAME.ari; and section [ariroute-reader] of dialplan/ari.conf",
        )
    elif found.reader_error:
        yield warning(
            found.reader_error,
            found.url,
            why="doctor and check --live ask by this user",
            remedy=f"sudo asterisk -rx 'ari show user {found.reader}'",
        )
    elif found.reader_may_write:
        yield warning(
            f"the ARI user '{found.reader}', who is to read only, may change everything",
            "ari.conf",
            why=WHOLE_PBX,
            remedy=f"read_only = yes   ; ari.conf, section [{found.reader}]; {RELOAD}",
        )
    elif found.reader_may_write is False:
        yield ok(f"the ARI user '{found.reader}' may only read")


def network(found: AriFacts) -> Iterator[Finding]:
    """The password does not travel in the open, and nobody else reaches ARI."""
    parts = urlsplit(found.url)
    host = parts.hostname or ""
    if not is_loopback(host) and parts.scheme == "http":
        yield fault(
            f"ARI is asked over plain HTTP at {host}",
            found.url,
            why=f"the password crosses the network readable, and {WHOLE_PBX}",
            remedy="tlsenable = yes   ; http.conf, with tlscertfile; then url: https://HOST:8089",
        )
    elif beyond := beyond_loopback(found.bound):
        yield warning(
            f"ARI's web server listens on {', '.join(beyond)}",
            f"port {parts.port}",
            why="nothing there locks out whoever guesses passwords; the daemon needs the loopback address alone",
            remedy="bindaddr = 127.0.0.1   ; http.conf, section [general]; then restart Asterisk",
        )
    else:
        yield ok("ARI is asked over loopback" if is_loopback(host) else "ARI is asked over TLS", found.url)


def origins(found: AriFacts, files: AsteriskFiles | None) -> Iterator[Finding]:
    """No web page of elsewhere may ask ARI with a browser's stored password."""
    conf = files.file("ari.conf") if files else None
    named = conf.get("general", "allowed_origins") if conf else ""
    if found.any_origin or "*" in named:
        yield warning(
            "ARI lets web pages of every origin ask (allowed_origins = *)",
            "ari.conf",
            why="any page that an administrator opens can use ARI with the password that the browser keeps",
            remedy=f"allowed_origins =   ; ari.conf, section [general]; {RELOAD}",
        )
    elif named:
        yield note(
            f"ARI lets web pages of {named} ask",
            "ari.conf",
            why="ariroute needs none of them",
            remedy="allowed_origins =   ; ari.conf, section [general], unless something else of yours needs it",
        )
    elif found.any_origin is False:
        yield ok("ARI lets no web page of just any origin ask")


def write_timeout(files: AsteriskFiles | None) -> Iterator[Finding]:
    """A daemon that is busy for a moment keeps its websocket."""
    conf = files.file("ari.conf") if files else None
    if conf is None:
        yield note(
            "websocket_write_timeout cannot be seen from here",
            why="Asterisk tells it to nobody; by default it drops a daemon that does not read for 100 ms",
            remedy="sudo grep -n websocket_write_timeout /etc/asterisk/ari.conf   # 1000 is right",
        )
        return
    text = conf.get("general", "websocket_write_timeout", "100")
    if not text.isdecimal() or int(text) < WRITE_TIMEOUT:
        yield warning(
            f"websocket_write_timeout is {text} ms",
            "ari.conf",
            why="a daemon that does not read for so long, such as in a burst of events, loses its websocket",
            remedy=f"websocket_write_timeout = {WRITE_TIMEOUT}   ; ari.conf, section [general]; {RELOAD}; and restart "
            "ariroute",
        )
    else:
        yield ok(f"websocket_write_timeout is {text} ms", "ari.conf")


def live_dangerously(found: AriFacts, files: AsteriskFiles | None) -> Iterator[Finding]:
    """Functions that run programs and read files are refused to ARI and AMI."""
    conf = files.file("asterisk.conf") if files else None
    dangerous = found.dangerous
    if dangerous is None and conf is not None:
        dangerous = conf.is_on("options", "live_dangerously", False)
    if dangerous is None:
        yield note(
            "live_dangerously cannot be seen from here",
            why="it is seen while a call is up, by an AMI user with class reporting, or in asterisk.conf",
            remedy="sudo grep -n live_dangerously /etc/asterisk/asterisk.conf   # no, or no such line",
        )
    elif dangerous:
        yield fault(
            "live_dangerously is on",
            "asterisk.conf",
            why="every user of ARI and AMI can run programs and read files as Asterisk, by functions such as SHELL()",
            remedy="live_dangerously = no   ; asterisk.conf, section [options]; then restart Asterisk",
        )
    else:
        how = "by asterisk.conf" if found.dangerous is None else "a read that it would allow was refused"
        yield ok(f"live_dangerously is off: {how}")


def readable_files(files: AsteriskFiles | None) -> Iterator[Finding]:
    """Asterisk's files with passwords are not for every user."""
    for path in files.readable_by_all if files else ():
        yield fault(
            f"every user of this machine can read the passwords in {path}",
            path,
            why=WHOLE_PBX,
            remedy=f"sudo chmod o-r {path}",
        )
