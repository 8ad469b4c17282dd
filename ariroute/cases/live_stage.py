"""Where cases are played live: a private Asterisk, the daemon with the flow file's own flows, and nothing real behind.

Lookups ask :class:`ariroute.cases.live_service.CaseLookups`, phones are a piece of dialplan that ends each ring as the
case says, and the daemon's clock is moved by libfaketime to the time of the case.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from ariroute.cases.live_service import CaseLookups
from ariroute.config.load import Config
from ariroute.config.read import Document
from ariroute.lab import audio
from ariroute.lab.ari_relay import AriRelay, AriRequest, Verdict, forward
from ariroute.lab.asterisk import PrivateAsterisk
from ariroute.lab.daemon import DaemonProcess
from ariroute.lab.debian import unpacked
from ariroute.lab.ports import Ports
from ariroute.proof import dialplan
from ariroute.proof.derive import NO_EVENTS, Around, PrivatePbx, derived, phones
from ariroute.proof.stage import TONE, UNDECIDED, fill_sounds, mailboxes, queues, secret_file

PHONES: Final = "live-phones"
RINGS: Final = "LIVE_RINGS"
PHONES_DIALPLAN: Final = f"""
[{PHONES}]
; Whoever is rung does what the first word of {RINGS} says: its end, a dash, after how many seconds.
exten => _[0-9]!,1,Set(END=${{IF(${{LEN(${{{RINGS}}})}}?${{CUT({RINGS},+,1)}}:no_answer-0)}})
 same => n,Set(GLOBAL({RINGS})=${{CUT({RINGS},+,2-)}})
 same => n,Ringing()
 same => n,Wait(${{CUT(END,-,2)}})
 same => n,Goto(${{CUT(END,-,1)}},1)
exten => busy,1,Busy(20)
exten => failed,1,Congestion(20)
exten => no_answer,1,Wait(600)
exten => answered,1,Answer()
 same => n,Wait(600)
"""
GUARD_SET: Final = re.compile(r"TIMEOUT\(absolute\).*?value\W+([0-9.]+)|value\W+([0-9.]+).*?TIMEOUT\(absolute\)")
FAKETIME: Final = ("bookworm", ("libfaketime",))
SLEEP: Final = """\
# clock_nanosleep() of libfaketime 0.9.10 refuses the times that Python gives it.
import select, time

def sleep(seconds):
    select.select([], [], [], seconds)

time.sleep = sleep
"""


class Clock:
    """The clock on the wall of one process, as libfaketime has it; deadlines do not move. Raises LabError."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._library = next(iter(unpacked(*FAKETIME).rglob("libfaketime.so.1")))
        self._modules = file.with_name("clock-modules")
        self._modules.mkdir()
        (self._modules / "sitecustomize.py").write_text(SLEEP, encoding="utf-8")
        self.set(None)

    def set(self, to: float | None) -> None:
        """From now on it is ``to`` (seconds since 1970), and goes on from there; None is the true time."""
        fresh = self._file.with_suffix(".new")
        fresh.write_text(f"{0.0 if to is None else to - time.time():+.3f}\n", encoding="utf-8")
        fresh.replace(self._file)

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to go by this clock."""
        return {
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "LD_PRELOAD": str(self._library),
            "PYTHONPATH": str(self._modules),
        }


class Stage:
    """What cases of one configuration need, from :meth:`open` until :meth:`close`; a context manager.

    ``dialled`` are what callers dial, each by an extension of its own. Raises LabError where Asterisk is not to be had.
    """

    def __init__(self, config: Config, document: Document, folder: Path, dialled: Sequence[str], clock: bool) -> None:
        self._config = config
        self._document = document
        self._folder = folder
        self._things = ExitStack()
        self._guard = config.daemon.guard
        self.journal = folder / "journal.db"
        self.talks: dict[str, int] = {}
        """How many prompts and questions have begun, by channel."""
        settings = {name: common for name, (common, _) in config.lookups.items()}
        self.lookups = CaseLookups(
            {name: common.timeout for name, common in settings.items()},
            {name: common.fields for name, common in settings.items()},
        )
        self.pbx = PrivateAsterisk(
            folder / "pbx",
            extra_queues=queues(config),
            extra_config={
                "extensions.conf": dialplan.extensions(dialled, {"ARIROUTE_DEFAULT": UNDECIDED}, self._guard)
                + PHONES_DIALPLAN,
                "voicemail.conf": mailboxes(config),
            },
        )
        self.clock = Clock(folder / "clock") if clock else None
        self.daemon: DaemonProcess

    def open(self) -> None:
        """Start everything. Raises AssertionError, with what the daemon said, when that does not get ready."""
        self._things.enter_context(self.pbx)
        fill_sounds(self._config, self.pbx)
        relay = self._things.enter_context(AriRelay(self.pbx.http_port))
        relay.on_request = self._seen
        self._things.enter_context(self.lookups)
        (admin,) = self._things.enter_context(Ports(1))
        file = self._folder / "ariroute.yaml"
        file.write_text(self._flow_file(relay.url, admin), encoding="utf-8")
        self.daemon = DaemonProcess(file, admin, environ=self.clock.environment if self.clock else {})
        self._things.callback(self.daemon.close)
        self.daemon.start()

    def close(self) -> None:
        """End all of it."""
        self._things.close()

    def __enter__(self) -> Stage:
        try:
            self.open()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def ring_so(self, ends: Sequence[tuple[str, float]]) -> None:
        """The next rings end so: a word, and after how many seconds."""
        told = "+".join(f"{word}-{after:g}" for word, after in ends)
        self.pbx.cli(f"dialplan set global {RINGS} {told or 'no_answer-0'}")

    def clear(self) -> None:
        """End every call."""
        self.pbx.cli("channel request hangup all")
        deadline = time.monotonic() + 10
        while "0 active channels" not in self.pbx.cli("core show channels count") and time.monotonic() < deadline:
            time.sleep(0.02)

    def _seen(self, request: AriRequest) -> Verdict:
        """A request of the daemon passes: the guard grows for each prompt and question, and is tight again after it."""
        found = GUARD_SET.search(request.query + request.body) if request.does("POST", "variable") else None
        if found and float(found[1] or found[2]) > self._guard + 0.001:
            self.talks[request.channel] = self.talks.get(request.channel, 0) + 1
        return forward()

    def _flow_file(self, ari: str, admin: int) -> str:
        no_events = self._folder / "no-events.ics"
        no_events.write_text(NO_EVENTS, encoding="utf-8")
        private = PrivatePbx(
            ari=ari,
            ami=f"127.0.0.1:{self.pbx.ami_port}",
            user=self.pbx.ari_user,
            secret=secret_file(self._folder / "ari.secret", self.pbx.ari_password),
            ami_secret=secret_file(self._folder / "ami.secret", self.pbx.ami_password),
        )
        around = Around(
            asterisk=private.section(self._document.data.get("asterisk")),
            service=self.lookups.url,
            notices=self.lookups.url,
            no_events=no_events,
            phones={name: f"Local/{place}@{PHONES}" for place, name in enumerate(phones(self._config))},
            tone=audio.write_tone(self._folder / "tone.wav", 440, TONE),
            speech_cache=self._folder / "speech",
        )
        data: dict[str, Any] = json.loads(derived(self._config, self._document, around, admin))
        data["journal"] = {"url": f"sqlite:{self.journal}", "numbers": "full", "fields": "declared"}
        for lookup in data.get("lookups", {}).values():
            lookup.pop("cache", None)  # each case has answers of its own
        return json.dumps(data, indent=1)


def extension(dialled: Sequence[str], text: str) -> str:
    """What is dialled in the private Asterisk to have ``text`` dialled."""
    return f"{dialplan.GUARDED}{list(dialled).index(text)}"
