"""Give every call that a dead daemon has left in its application back to the dialplan, which has a default queue.

Standard library only, and nothing else of ariroute: it works while the rest is broken or half installed, and at once.

    python3 -I -S rescue.py [--always] [FILE]
    python3 -I -S rescue.py --url http://127.0.0.1:8088 --user ariroute --app ariroute --password-file /path

FILE is what the daemon has left for it, ``rescue.json`` in the folder RUNTIME_DIRECTORY. The exit code is 0 when no
call is left there, 2 for wrong arguments, 3 when an Asterisk cannot be asked or keeps a call.

Under systemd (SERVICE_RESULT is set) calls are left alone where a daemon will find them within two seconds and route
them by their rule: that is when it was killed and is started again. See docs/decisions/0015-rescue-at-a-final-stop.md.
"""

from __future__ import annotations

import argparse
import base64
import fcntl
import json
import os
import sys
import threading
import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import closing, suppress
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlsplit

FILE: Final = "rescue.json"
REQUEST_TIMEOUT: Final = 2.0
WITHIN: Final = 10.0
"""Seconds for all of it; systemd waits for 20."""
AGAIN: Final = 0.02
"""Seconds between two looks at who is still there."""
AT_ONCE: Final = 16
"""Well below http.conf's ``sessionlimit`` (100)."""
SILENCING: Final = 1.0
"""Seconds for the end of one prompt; measured: 0.02, and 0.2 for a long number."""
RESTARTED: Final = frozenset({"exit-code", "signal", "core-dump", "watchdog", "oom-kill"})
"""Results after which ``Restart=always`` starts the daemon again (systemd.exec(5), SERVICE_RESULT)."""
NOT_RESTARTED: Final = frozenset({"2"})
"""Exit codes for which the unit files name RestartPreventExitStatus, and no other daemon has the calls."""

Target = Mapping[str, str]
"""One Asterisk: url, user, password, app."""


class Unreachable(Exception):
    """An Asterisk that cannot be asked, or that refuses."""


class Asterisk:
    """ARI over one HTTP connection. Raises Unreachable."""

    def __init__(self, target: Target) -> None:
        parts = urlsplit(target["url"])
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        self._connection = kind(parts.hostname or "", parts.port, timeout=REQUEST_TIMEOUT)
        self._prefix = f"{parts.path.rstrip('/')}/ari/"
        token = base64.b64encode(f"{target['user']}:{target['password']}".encode()).decode()
        self._headers = {"Authorization": f"Basic {token}", "Content-Type": "application/json"}

    def ask(self, method: str, path: str, body: str = "") -> Any:
        """The body that Asterisk answers with; None for 404 and 409: it is gone, or not in the application."""
        try:
            self._connection.request(method, self._prefix + path, body or None, self._headers)
            answer = self._connection.getresponse()
            text = answer.read()
            if answer.status in (404, 409):
                return None
            if answer.status >= 400:
                raise Unreachable(f"{method} {path}: HTTP status {answer.status}")
            return json.loads(text) if text else {}
        except (OSError, HTTPException, ValueError) as error:
            self._connection.close()
            raise Unreachable(f"{method} {path}: {type(error).__name__}: {error}") from None

    def close(self) -> None:
        """Nothing more is asked."""
        self._connection.close()

    def channels(self, app: str) -> set[str]:
        """The channels in the application, and those that it watches."""
        body = self.ask("GET", f"applications/{quote(app, safe='')}")
        return set(body["channel_ids"]) if body else set()

    def give_back(self, channel: str) -> bool:
        """Send the channel on in the dialplan; False when it is gone, or was only watched.

        First what the daemon was playing is ended: until then Asterisk does nothing else for the channel, and keeps a
        request to it unanswered (docs/decisions/0009-one-playback-for-each-item.md).
        """
        deadline = time.monotonic() + SILENCING
        while self._is_playing(channel) and time.monotonic() < deadline:
            time.sleep(AGAIN)
        return self.ask("POST", f"channels/{quote(channel, safe='')}/continue") is not None

    def _is_playing(self, channel: str) -> bool:
        """Whether something was being played, which is told to end: its ids are ariroute.daemon.conversation's."""
        playbacks = [f"playbacks/{quote(f'{channel}~{count}', safe='')}" for count in range(2)]
        playing = {each: found for each in playbacks if (found := self.ask("GET", each))}
        for playback, found in playing.items():
            if str(found.get("media_uri", "")).startswith("number:"):  # it can only be skipped, word by word
                self.ask("POST", f"{playback}/control", '{"operation":"restart"}')
            else:
                self.ask("DELETE", playback)
        return bool(playing)


def rescue(target: Target, within: float = WITHIN) -> int:
    """Send every channel of the application on; how many there were. Raises Unreachable when one stays."""
    deadline = time.monotonic() + within
    with closing(Asterisk(target)) as asterisk:
        listed = asterisk.channels(target["app"])
        left = listed - _give_back(target, listed)
        count = len(left)
        while left := (asterisk.channels(target["app"]) & left):
            if time.monotonic() > deadline:
                raise Unreachable(f"{len(left)} of {count} calls are still in the application: the guard has them")
            time.sleep(AGAIN)
            _give_back(target, left)
    return count


def _give_back(target: Target, channels: Collection[str]) -> set[str]:
    """Send these on, several side by side; those for which that was in vain. Raises Unreachable when all failed."""
    waiting, in_vain = list(channels), set()
    failures: list[Unreachable] = []

    def work() -> None:
        with closing(Asterisk(target)) as asterisk, suppress(IndexError):  # when none is left
            while True:
                channel = waiting.pop()
                try:
                    if not asterisk.give_back(channel):
                        in_vain.add(channel)
                except Unreachable as error:
                    failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(min(AT_ONCE, len(waiting)))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures and len(failures) == len(channels):
        raise failures[0]
    return in_vain


def is_final(environ: Mapping[str, str]) -> bool:
    """Whether nobody will look after the calls: told by systemd, or run by hand (then it says nothing)."""
    result = environ.get("SERVICE_RESULT", "")
    if result not in RESTARTED:
        return True
    return environ.get("EXIT_CODE") == "exited" and environ.get("EXIT_STATUS") in NOT_RESTARTED


def is_taken_over(lock: str) -> bool:
    """Whether another daemon of a pair holds the lock, and so has the calls (ariroute.daemon.turn)."""
    try:
        descriptor = os.open(lock, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, 0)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(descriptor)


def main(arguments: Sequence[str] | None = None, environ: Mapping[str, str] = os.environ) -> int:
    """Run the command; the exit code."""
    options = _parser().parse_args(arguments)
    if not options.always and not is_final(environ):
        _say(f"left to the daemon, which is started again ({environ.get('SERVICE_RESULT')})")
        return 0
    try:
        lock, targets = _told(options) if options.url else _left_behind(options, environ)
    except OSError as error:
        _say(f"{error.filename}: {error.strerror}: check the path, and run it as a user who may read the file")
        return 2
    except ValueError as error:
        _say(f"cannot tell which Asterisk to ask: {error}")
        return 2
    except (LookupError, TypeError, AttributeError):
        _say("cannot tell which Asterisk to ask: the file is not one that the daemon has left")
        return 2
    if lock and is_taken_over(lock):
        _say("left to the other daemon, which has taken over")
        return 0
    return max([_rescued(name, target) for name, target in targets.items()], default=0)


def _rescued(name: str, target: Target) -> int:
    try:
        count = rescue(target)
    except Unreachable as error:
        _say(f"{name}: {error}")
        return 3
    _say(f"{name}: {count} calls were left in application {target['app']}; they go on in the dialplan")
    return 0


def _told(options: argparse.Namespace) -> tuple[str, dict[str, Target]]:
    if not options.password_file:
        raise ValueError("--url needs --password-file")
    password = Path(options.password_file).read_text(encoding="utf-8").removesuffix("\n")
    target = {"url": options.url, "user": options.user, "password": password, "app": options.app}
    return "", {urlsplit(options.url).netloc: target}


def _left_behind(options: argparse.Namespace, environ: Mapping[str, str]) -> tuple[str, dict[str, Target]]:
    """What the daemon wrote: the lock of its pair, and its PBXs by name. None when it wrote nothing."""
    folder = environ.get("RUNTIME_DIRECTORY", "").partition(":")[0]
    if not options.file and not folder:
        raise ValueError("name the file, or give --url, --user, --app and --password-file")
    file = Path(options.file) if options.file else Path(folder) / FILE
    if not options.file and not file.exists():  # it never came so far, or all was taken over
        return "", {}
    left = json.loads(file.read_text(encoding="utf-8"))
    wanted = ("url", "user", "password", "app")
    return left["lock"], {name: {key: str(pbx[key]) for key in wanted} for name, pbx in left["pbxs"].items()}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="rescue", description=__doc__ and __doc__.partition("\n")[0])
    parser.add_argument("file", nargs="?", metavar="FILE", help="what the daemon has left: rescue.json")
    parser.add_argument("--always", action="store_true", help="also where systemd starts the daemon again")
    parser.add_argument("--url", help="Asterisk's HTTP server, such as http://127.0.0.1:8088, in place of FILE")
    parser.add_argument("--user", default="ariroute", help="the ARI user")
    parser.add_argument("--app", default="ariroute", help="the Stasis application")
    parser.add_argument("--password-file", metavar="FILE", help="the file with the ARI user's password")
    return parser


def _say(text: str) -> None:
    sys.stderr.write(f"rescue: {text}\n")


if __name__ == "__main__":
    sys.exit(main())
