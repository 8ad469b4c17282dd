"""Who watches calls as they are decided: each is told of once, in JSON, and what nobody reads is dropped.

What is shown is what the log may have (``daemon.mask_numbers``): masked, the number is starred, and nothing is told of
what lookups found, callers keyed in, or the flow made of it. Whoever may know more reads the journal.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any, Final, NamedTuple

from ariroute.config.load import Config
from ariroute.errors import UnusableInput
from ariroute.flow.contact import Contact, Party, party
from ariroute.flow.decision import Decision, QueueDestination
from ariroute.flow.history import History
from ariroute.flow.trace import TraceEntry
from ariroute.journal.keeping import CALLER, OWN_WORDS, Keeping
from ariroute.journal.origins import origins
from ariroute.journal.record import Happened
from ariroute.json_text import dumps

MOST: Final = 8
"""Watchers at once: each costs a little for every call."""
BACKLOG: Final = 1000
"""Lines that may wait for a watcher; more are dropped and counted."""
FOLLOWED: Final = 10_000
"""Contacts of which a watcher is told what happens to them afterwards."""

OF_THE_FILE: Final = frozenset(
    {
        *("flow", "lookup", "case", "cases", "otherwise", "set", "split", "hours", "notify", "answer", "dial"),
        *("queue", "goto", "hangup", "voicemail", "default"),
    }
)
"""Entries of a trace whose text stands in the flow file; that of others may be made of what is known of the caller."""


class Left(NamedTuple):
    """A contact that has left the daemon, as ``handed`` says; ``reason`` says why where there is no decision.

    ``flow`` is where its run began, ``took`` is seconds from its arrival.
    """

    contact: Contact
    flow: str
    history: History
    trace: Sequence[TraceEntry]
    decision: Decision | None
    handed: str
    reason: str
    took: float


class Watcher:
    """Lines for one reader, oldest first. ``wake`` is called when there are new ones."""

    def __init__(self, wants: Callable[[Party], bool], wake: Callable[[], None]) -> None:
        self.wants = wants
        self.dropped = 0
        self.wake = wake
        self._lines: deque[str] = deque()
        self._followed: OrderedDict[tuple[str, str], None] = OrderedDict()

    def put(self, line: str) -> None:
        if len(self._lines) >= BACKLOG:
            self.dropped += 1
        else:
            self._lines.append(line)
        self.wake()

    def take(self) -> list[str]:
        """All lines that wait, and how many were dropped before them, if any."""
        lines = list(self._lines)
        self._lines.clear()
        if self.dropped:
            lines.append(dumps({"dropped": self.dropped}))
            self.dropped = 0
        return lines

    def follow(self, pbx: str, contact: str) -> None:
        self._followed[pbx, contact] = None
        if len(self._followed) > FOLLOWED:
            self._followed.popitem(last=False)

    def follows(self, pbx: str, contact: str) -> bool:
        return (pbx, contact) in self._followed


class Watchers:
    """All who watch this daemon's calls. False while nobody does, so that a call then costs nothing."""

    def __init__(self) -> None:
        self._watchers: list[Watcher] = []
        self.closed = False

    def close(self) -> None:
        """Let all of them go: the daemon ends."""
        self.closed = True
        for watcher in self._watchers:
            watcher.wake()

    def __bool__(self) -> bool:
        return bool(self._watchers)

    @contextmanager
    def watch(self, wants: Callable[[Party], bool], wake: Callable[[], None]) -> Iterator[Watcher]:
        """Watch the contacts of the callers that ``wants`` says. Raises UnusableInput when too many watch already."""
        if len(self._watchers) >= MOST:
            raise UnusableInput(f"{MOST} watch already: end one of them")
        watcher = Watcher(wants, wake)
        self._watchers.append(watcher)
        try:
            yield watcher
        finally:
            self._watchers.remove(watcher)

    def left(self, left: Left, showing: Showing) -> None:
        """A contact has left the daemon."""
        line = ""
        for watcher in self._watchers:
            if watcher.wants(left.contact.caller):
                line = line or dumps(showing.told(left))
                watcher.follow(left.contact.pbx, left.contact.id)
                watcher.put(line)

    def happened(self, happened: Happened) -> None:
        """Asterisk has done something with a contact."""
        for watcher in self._watchers:
            if watcher.follows(happened.pbx, happened.contact):
                told = {"contact": happened.contact, "pbx": happened.pbx, "event": dict(happened.event)}
                watcher.put(dumps(told))


def wanted_by(text: str, region: str) -> Callable[[Party], bool]:
    """Whether a caller is the one whose number ``text`` is; all are when it is empty. Raises UnusableInput."""
    if not text:
        return lambda caller: True
    wanted = party(text, "", region)
    if not wanted.number:
        raise UnusableInput(f"'{text}' is not a telephone number: write such as +46701234567")
    return lambda caller: caller.label == wanted.label


class Showing:
    """What may be shown of contacts under one configuration."""

    def __init__(self, config: Config) -> None:
        self._config = config

    @cached_property
    def _keeping(self) -> Keeping:
        config = self._config
        omitted = config.journal.omit if config.journal else ()
        if config.daemon.mask_numbers:
            return Keeping("masked", _no_key, {}, origins(config.ruleset, {*CALLER, *omitted}))
        fields = {
            lookup: frozenset(name for name in common.fields if f"{lookup}.{name}" not in omitted)
            for lookup, (common, _) in config.lookups.items()
        }
        return Keeping("full", _no_key, fields, origins(config.ruleset, omitted))

    def told(self, left: Left) -> dict[str, Any]:
        """JSON types: the names are those of ``ariroute calls --json``."""
        contact, decision = left.contact, left.decision
        kept = self._keeping.kept(contact, left.history, left.trace, decision, left.reason)
        entries = map(without_facts, kept.trace) if self._config.daemon.mask_numbers else kept.trace
        to = kept.decision.destination if kept.decision else None
        queue = to if isinstance(to, QueueDestination) else None
        return {
            "contact": contact.id,
            "pbx": contact.pbx,
            "medium": contact.medium,
            "arrived": contact.arrived.isoformat(timespec="milliseconds"),
            "caller": kept.contact.caller.label,
            "dialled": kept.contact.dialled.label,
            "flow": decision.flow if decision else left.flow,
            "to": to and str(to),
            "queue": queue and queue.queue,
            "priority": queue and queue.priority,
            "by_default": decision is not None and decision.by_default,
            "reason": kept.decision.reason if kept.decision else kept.why,
            "handed": left.handed,
            "ms": round(left.took * 1000, 2),
            "rules": self._config.digest,
            "trace": [entry.to_plain() for entry in entries],
        }


def without_facts(entry: TraceEntry) -> TraceEntry:
    """``entry`` without anything that was found out of the caller."""
    is_own = entry.what in OF_THE_FILE or (entry.what == "agent" and entry.result != "unknown")
    is_told = entry.what == "lookup" or OWN_WORDS.fullmatch(entry.reason)
    return entry._replace(text=entry.text if is_own else "", values=(), reason=entry.reason if is_told else "")


def _no_key() -> bytes:
    raise AssertionError("what is only shown needs no hash")
