"""A proof on the user's own Asterisk: calls that it makes itself into a test extension, and a daemon of our own.

The daemon that runs there, and its callers, are in another Stasis application. What becomes of the calls is read from
that server's queue_log and channel event log; a test call first shows whether these can be read and are complete.
"""

from __future__ import annotations

import base64
import json
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import ariroute
from ariroute.config.load import Config, PbxSettings, load, load_rules
from ariroute.config.parts import read_all
from ariroute.errors import UnknownName, UnusableInput
from ariroute.lab.daemon import DaemonProcess
from ariroute.lab.ports import Ports
from ariroute.lab.records import CelEvent, CelRow, RecordError, cel, queue_log
from ariroute.lab.relay import Relay
from ariroute.proof.allowed import NOTHING, Allowed, longest
from ariroute.proof.derive import NO_EVENTS, Around, derived, entries, phones, refusals, started
from ariroute.proof.faults import Things
from ariroute.proof.performance import Performance, Records
from ariroute.proof.plan import PlannedCall, Wishes, plan
from ariroute.proof.result import Proof, Run
from ariroute.proof.run import Order, StageFailed, announced, number_prefix
from ariroute.proof.stage import stand_in
from ariroute.proof.supervised import Supervised
from ariroute.proof.verdict import Placed, Rules, of_channels
from ariroute.proof.watcher import Watcher

APP: Final = "ariroute-prove"
CONTEXT: Final = "ariroute-prove"
"""Of dialplan/extensions-prove.conf."""
NOBODY: Final = f"Local/nobody@{CONTEXT}"
INCLUDE: Final = (
    f'include dialplan/extensions-prove.conf there (#include "ariroute/{CONTEXT}.conf" in extensions.conf), and '
    "'dialplan reload'"
)
REQUEST: Final = 10.0
"""Seconds for one request to Asterisk."""
METER: Final = 5.0
"""Seconds in which the records of the test call must be there."""
IN_QUEUE: Final = 2.0
"""Seconds that a patient caller stays beyond what guard and flow may take."""
CEL_HINT: Final = (
    "take dialplan/cel.conf and dialplan/cel_custom.conf, make the folder cel-custom, and restart Asterisk"
)


@dataclass(frozen=True, slots=True)
class Logs:
    """Where that Asterisk writes its records."""

    cel: Path = Path("/var/log/asterisk/cel-custom/Master.csv")
    queue: Path = Path("/var/log/asterisk/queue_log")


def prove_live(path: Path, pbx: str, order: Order, logs: Logs, folder: Path, watcher: Watcher) -> Proof:
    """The proof on the Asterisk that the flow file at ``path`` calls ``pbx``; ``folder`` takes the files of it.

    Raises ConfigError, UnknownName and DaemonFailed for a flow file that cannot be used, UnusableInput where records
    cannot be read or lack what is needed, StageFailed where Asterisk cannot be reached or lacks the test extension.
    """
    config, document = load_rules(path), read_all(path)
    if pbx not in config.pbxs:
        raise UnknownName(f"there is no Asterisk '{pbx}' in {path}; there is {', '.join(config.pbxs) or 'none'}")
    records = _records(logs)
    with ExitStack() as things:
        service = things.enter_context(stand_in(config, document, order.seed))
        address = urllib.parse.urlsplit(config.pbxs[pbx].ari.url)
        relay = things.enter_context(Relay(address.port or 80)) if _is_here(address) else None
        no_events = folder / "no-events.ics"
        no_events.write_text(NO_EVENTS, encoding="utf-8")
        around = Around(
            asterisk=_section(document.data["asterisk"], pbx, f"{relay.url}{address.path}" if relay else ""),
            service=None if order.real_lookups else service.url,
            notices=service.url,
            no_events=no_events,
            phones=dict.fromkeys(phones(config), NOBODY),
        )
        daemons = []
        for port in things.enter_context(Ports(2)):
            file = folder / f"ariroute-{port}.yaml"
            file.write_text(derived(config, document, around, port), encoding="utf-8")
            daemons.append(DaemonProcess(file, port))
        daemon = Supervised(*daemons)
        things.callback(daemon.close)
        # The proof's own requests go past the relay, and past its faults.
        line = Line(config.pbxs[pbx].ari.url, load(daemons[0].file).pbxs[pbx])
        version = line.version()
        watcher.stage(f"{pbx}: Asterisk {version}; a test call, to see that its records can be read")
        _try_meter(line, records, entries(config)[0], logs)
        watcher.stage("starting a daemon of the proof's own")
        daemon.start()
        venue = Originator(line, Things(daemon, relay, None if order.real_lookups else service), config)
        things.callback(venue.clear)
        run = _played(venue, config, order, records, daemon, watcher)
    return Proof(str(path), ariroute.__version__, version, order.seed, run, None)


def _played(
    venue: Originator, config: Config, order: Order, records: Records, daemon: Supervised, watcher: Watcher
) -> Run:
    guard = config.daemon.guard
    allowed = venue.allowed
    wishes = Wishes(
        order.calls,
        order.faults,
        len(venue.entries),
        guard,
        order.rate,
        number_prefix(config.ruleset.region),
    )
    made = plan(wishes, order.seed)
    watcher.stage(announced(made))
    rules = Rules(of_channels(venue.placed), guard, deaths=daemon.deaths, put_down=venue.put_down)
    began = time.time()
    whole = max(each.whole for each in allowed)
    played = Performance(made, venue, records, rules, watcher, whole).play(began)
    return Run(began, guard, max(each.talk for each in allowed), played.calls, played.faults)


class Line:
    """Requests to one Asterisk over ARI, one at a time."""

    def __init__(self, url: str, settings: PbxSettings) -> None:
        self._url = url
        password = settings.ari.password.reveal()
        coded = base64.b64encode(f"{settings.ari.user}:{password}".encode()).decode()
        self._headers = {"Authorization": f"Basic {coded}", "Content-Type": "application/json"}
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def ask(self, method: str, target: str, body: Mapping[str, Any] | None = None) -> Any:
        """The answer as JSON. Raises StageFailed for every other end than success."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self._url}/ari/{target}", data, self._headers, method=method)  # noqa: S310  # an http URL: the settings checked it
        try:
            with self._opener.open(request, timeout=REQUEST) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            error.close()
            raise StageFailed(
                f"{self._url}: {method} {target.partition('?')[0]}: {error.code} {error.reason}"
            ) from None
        except OSError as error:
            raise StageFailed(f"{self._url}: Asterisk does not answer: {error}") from None
        return json.loads(text) if text else None

    def version(self) -> str:
        """Of that Asterisk."""
        return str(self.ask("GET", "asterisk/info?only=system")["system"]["version"])

    def call(self, uniqueid: str, dialled: str, number: str, name: str) -> None:
        """Make a call into the test extension: its channel gets this uniqueid."""
        shown = name.replace('"', "").replace("<", "").replace(">", "")
        query = urllib.parse.urlencode(
            {
                "endpoint": f"Local/s@{CONTEXT}/n",
                "context": CONTEXT,
                "extension": "caller",
                "priority": 1,
                "callerId": f'"{shown}" <{number}>',
                "timeout": 3600,
                "channelId": caller_end(uniqueid),
                "otherChannelId": uniqueid,
            }
        )
        self.ask("POST", f"channels?{query}", {"variables": {"ARIROUTE_TO": dialled}})

    def hang_up(self, uniqueid: str) -> None:
        """Let the caller of this call hang up; nothing happens where the call is over."""
        try:
            self.ask("DELETE", f"channels/{caller_end(uniqueid)}")
        except StageFailed:
            return


def call_id(name: str, count: int) -> str:
    """The uniqueid of a call. None may begin with another one: Asterisk takes it for taken (channel.c, 22.10.1)."""
    return f"{name}-{count:06d}b"


def caller_end(uniqueid: str) -> str:
    """The uniqueid of the caller's own end of a call."""
    return f"{uniqueid[:-1]}a"


@dataclass(slots=True)
class Originator:
    """Places the calls of a plan and lets their callers hang up."""

    line: Line
    things: Things
    config: Config
    placed: dict[str, Placed] = field(default_factory=dict)
    """The calls by their uniqueid."""
    put_down: dict[str, float] = field(default_factory=dict)
    """When each caller who has hung up did so, in seconds since 1970: Asterisk's own clock, as its records lie here."""
    _calls: list[tuple[float, PlannedCall]] = field(default_factory=list)
    """Those to come, by monotonic seconds."""
    _endings: dict[str, float] = field(default_factory=dict)
    """When each caller hangs up, in monotonic seconds."""
    _name: str = field(default_factory=lambda: f"{APP}-{time.time_ns() // 1000}")

    @property
    def entries(self) -> list[str]:
        """What is dialled."""
        return entries(self.config)

    @property
    def allowed(self) -> list[Allowed]:
        """For each entry what its flow may take."""
        found = longest(self.config)
        return [found.get(started(self.config, each), NOTHING) for each in self.entries]

    def place(self, calls: Sequence[PlannedCall]) -> None:
        """Begin to place these calls, each at its time from now."""
        now = time.monotonic()
        self._calls += [(now + call.at, call) for call in calls]

    def tick(self) -> None:
        """Make the calls that are due, and end those whose callers have had enough."""
        now = time.monotonic()
        while self._calls and self._calls[0][0] <= now:
            self._make(self._calls.pop(0)[1], now)
        for uniqueid in [each for each, ending in self._endings.items() if ending <= now]:
            del self._endings[uniqueid]
            self.put_down[uniqueid] = time.time()
            self.line.hang_up(uniqueid)

    def clear(self) -> None:
        """End every call."""
        for uniqueid in self._endings:
            self.line.hang_up(uniqueid)
        self._endings.clear()

    def _make(self, call: PlannedCall, now: float) -> None:
        uniqueid = call_id(self._name, len(self.placed))
        dialled, allowed = self.entries[call.entry], self.allowed[call.entry]
        stay = allowed.whole + self.config.daemon.guard + IN_QUEUE
        causes = refusals(self.config, dialled)
        self.placed[uniqueid] = Placed(dialled, allowed.talk, allowed.restarted, causes)
        self._endings[uniqueid] = now + (stay if call.leaves_after is None else call.leaves_after)
        self.line.call(uniqueid, dialled, call.number, call.name)


def _records(logs: Logs) -> Records:
    """Both files from their end on. Raises UnusableInput."""
    records = Records(cel(logs.cel), queue_log(logs.queue))
    for option, file in (("--cel", records.cel), ("--queue-log", records.queue)):
        try:
            file.skip()
        except OSError as error:
            if isinstance(error, FileNotFoundError) and file.path.parent.is_dir():
                continue  # Asterisk makes it with the first call
            raise UnusableInput(
                f"{file.path} cannot be read: {error.strerror}; run this where that Asterisk writes it, as a user who "
                f"may read it, or name it with {option}"
            ) from None
    return records


def _is_here(address: urllib.parse.SplitResult) -> bool:
    """Whether a relay can stand between: it speaks to 127.0.0.1 alone, and no TLS."""
    return address.scheme == "http" and address.hostname in ("127.0.0.1", "localhost")


def _section(given: Mapping[str, Any], pbx: str, url: str) -> dict[str, Any]:
    """``asterisk:`` with this server alone, in the application of the proof."""
    ari = {**given[pbx]["ari"], "app": APP}
    return {pbx: {**given[pbx], "ari": ari | {"url": url} if url else ari}}


def _try_meter(line: Line, records: Records, dialled: str, logs: Logs) -> None:
    """Place a call while no daemon is there. Raises UnusableInput when the records do not tell of it."""
    uniqueid = call_id(f"{APP}-meter-{time.time_ns() // 1000}", 0)
    line.call(uniqueid, dialled, "", "")
    rows: list[CelRow] = []
    deadline = time.monotonic() + METER
    missing = "nothing"
    try:
        while missing and time.monotonic() < deadline:
            time.sleep(0.1)
            rows = [row for row in records.cel.rows() if row.uniqueid == uniqueid]
            queued = any(row.uniqueid == uniqueid for row in records.queue.rows())
            missing = _missing(rows, queued, logs)
    except RecordError as error:
        raise UnusableInput(f"{error}: {CEL_HINT}") from None
    finally:
        line.hang_up(uniqueid)
    if missing:
        raise UnusableInput(missing)


def _missing(rows: Sequence[CelRow], queued: bool, logs: Logs) -> str:
    """What the records lack that a verdict needs; empty when they have it."""
    applications = {row.application for row in rows if row.event is CelEvent.APP_START}
    if not any(row.event is CelEvent.CHAN_START for row in rows):
        return (
            f"{logs.cel} tells nothing of a test call: {INCLUDE}; or channel events are not written there: {CEL_HINT}"
        )
    if "Stasis" not in applications:
        return f"{logs.cel} has no APP_START of Stasis(): write apps = queue,stasis,dial,voicemail into cel.conf"
    if not queued:
        return (
            f"a test call came into no queue by {logs.queue}: is that the file of this Asterisk, and does its default "
            "queue (ARIROUTE_DEFAULT) take callers while nobody is logged in (joinempty = yes)?"
        )
    if "Queue" not in applications:
        return f"{logs.cel} has no APP_START of Queue(): write apps = queue,stasis,dial,voicemail into cel.conf"
    return ""
