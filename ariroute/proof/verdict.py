"""What became of every call, from Asterisk's queue_log and channel event log alone. Pure.

A call is in a queue when queue_log says so; CEL proves nothing there, since Queue() starts for a missing queue as well.
Times come from CEL, as queue_log has whole seconds. A caller who hangs up excuses the loss of a call only while it may
still be waiting: one who gives up after the longest time that guard and flow allow was lost before.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter
from typing import Final

from ariroute.lab.records import CelEvent, CelRow, QueueRow
from ariroute.lab.verdict import CallVerdict, verdicts
from ariroute.proof.result import Ending, ProvenCall

MARGIN: Final = 1.5
"""Seconds beyond what is promised after which a call that still is nowhere counts as lost; before that it is late."""


@dataclass(frozen=True, slots=True)
class Placed:
    """What is known of a call before it is judged."""

    dialled: str
    talk: float = 0.0
    """Seconds that the flow may hold a caller in one stay."""


@dataclass(frozen=True, slots=True)
class Rules:
    """How calls are judged. Times are seconds; ``guard`` bounds a stay also where there is none, in the control."""

    placed: Callable[[CelRow], Placed | None]
    """Of the beginning of a channel: what is known of a call of the proof; None for all others."""
    guard: float
    refusals: Collection[int] = ()
    """Causes with which the flows hang up by themselves."""
    undecided: str = ""
    """The queue in which only calls without a decision end."""
    deaths: Sequence[float] = field(default_factory=tuple)
    """When a daemon ended or another took over, in seconds since 1970: whoever takes its calls begins anew."""

    def allowed(self, start: CelRow, until: float) -> float:
        """Seconds that the flow may hold this call in one stay, when it lasts until then."""
        known = self.placed(start)
        talk = known.talk if known else 0.0
        return talk * (1 + sum(start.time <= death <= until for death in self.deaths)) if talk else 0.0


def at_extensions(context: str, extensions: Mapping[str, Placed]) -> Callable[[CelRow], Placed | None]:
    """For calls that come in at these extensions of one context."""
    return lambda start: extensions.get(start.extension) if start.context == context else None


def of_channels(channels: Mapping[str, Placed]) -> Callable[[CelRow], Placed | None]:
    """For channels whose uniqueids are known."""
    return lambda start: channels.get(start.uniqueid)


@dataclass(frozen=True, slots=True)
class Verdict:
    """One call: a result, or still under way."""

    call: ProvenCall | None
    uniqueid: str


def judge(
    cel: Sequence[CelRow], queue: Iterable[QueueRow], rules: Rules, began: float, now: float, since: float = 0.0
) -> list[Verdict]:
    """All calls that came in ``since`` then, in their order; what is not over ``now`` and not late is under way.

    All three are seconds since 1970; results count from ``began``.
    """
    entered = verdicts(queue)
    own = _by_uniqueid(cel)
    talks = _talks(cel)
    starts = [rows[0] for rows in own.values() if _is_placed(rows[0], rules) and rows[0].time >= since]
    return [
        _Judge(own[start.uniqueid], entered.get(start.uniqueid), talks(start), rules, began, now).verdict()
        for start in starts
    ]


def _is_placed(row: CelRow, rules: Rules) -> bool:
    return row.event is CelEvent.CHAN_START and rules.placed(row) is not None


def _by_uniqueid(cel: Sequence[CelRow]) -> dict[str, list[CelRow]]:
    found: dict[str, list[CelRow]] = {}
    for row in cel:
        found.setdefault(row.uniqueid, []).append(row)
    return found


def _talks(cel: Sequence[CelRow]) -> Callable[[CelRow], float | None]:
    """When somebody else's channel of the same call was answered: a phone that was rung."""
    answered = [row for row in cel if row.event is CelEvent.ANSWER and row.uniqueid != row.linkedid]
    first = {
        linked: min(row.time for row in rows)
        for linked, rows in groupby(sorted(answered, key=attrgetter("linkedid")), key=attrgetter("linkedid"))
    }
    return lambda start: first.get(start.uniqueid)


class _Judge:
    """Judges one call: its own rows of CEL in their order, what queue_log says, when a rung phone was answered."""

    def __init__(
        self,
        rows: Sequence[CelRow],
        queue: CallVerdict | None,
        talk: float | None,
        rules: Rules,
        began: float,
        now: float,
    ) -> None:
        self._rows = rows
        self._start = rows[0]
        self._queue = queue
        self._talk = talk
        self._rules = rules
        self._began = began
        self._now = now

    def verdict(self) -> Verdict:
        ending, settled = self._ending()
        if ending is None:
            return Verdict(None, self._start.uniqueid)
        known = self._rules.placed(self._start)
        assert known is not None
        queues = self._queue.queues if self._queue else ()
        until = self._now if settled is None else settled
        return Verdict(
            ProvenCall(
                uniqueid=self._start.uniqueid,
                caller=self._start.caller,
                dialled=known.dialled,
                placed=self._start.time - self._began,
                ending=ending,
                entered=_since(self._app("Stasis"), self._began),
                settled=None if settled is None else settled - self._began,
                queues=queues,
                by_default=bool(queues) and queues[0] == self._rules.undecided,
                twice=self._queue is not None and self._queue.entered_twice,
                stay=None if settled is None else self._longest_stay(settled),
                allowed=self._rules.allowed(self._start, until),
            ),
            self._start.uniqueid,
        )

    def _ending(self) -> tuple[Ending | None, float | None]:
        """Where it ended up and when; without an ending it is under way."""
        ended = next((row.time for row in self._rows if row.event is CelEvent.HANGUP), None)
        if self._queue is not None:
            return Ending.QUEUED, self._app("Queue") or ended or self._now
        if self._talk is not None and self._app("Dial") is not None:
            return Ending.ANSWERED, self._talk
        until = self._now if ended is None else ended
        if self._is_late(until):
            return Ending.LOST, None
        if any(row.hung_up_by_itself for row in self._rows):
            # In the mailbox they have put the phone down after their message, or before.
            boxed = self._app("VoiceMail")
            return (Ending.LEFT, ended) if boxed is None else (Ending.VOICEMAIL, boxed)
        if ended is None:
            boxed = self._app("VoiceMail")
            in_box = boxed is not None and self._rows[-1].event is CelEvent.APP_START
            return (Ending.VOICEMAIL, boxed) if in_box and self._now > (boxed or 0.0) + MARGIN else (None, None)
        if self._app("VoiceMail") is not None:
            return Ending.VOICEMAIL, self._app("VoiceMail")
        return (Ending.REFUSED, ended) if self._refused() else (Ending.LOST, None)

    def _refused(self) -> bool:
        """Whether the dialplan hung up with a cause that a flow names, and not Asterisk for another reason."""
        hangup = next(row for row in self._rows if row.event is CelEvent.HANGUP)
        return hangup.extra.get("hangupcause") in self._rules.refusals

    def _is_late(self, until: float) -> bool:
        """Whether its longest stay lasted longer by far than guard and flow allow."""
        if self._app("VoiceMail") is not None:
            return False
        allowed = self._rules.allowed(self._start, until) + self._rules.guard + MARGIN
        return self._longest_stay(until) > allowed

    def _app(self, name: str) -> float | None:
        """When this application first began on the caller's channel."""
        return next(
            (row.time for row in self._rows if row.event is CelEvent.APP_START and row.application == name), None
        )

    def _longest_stay(self, until: float) -> float:
        """The longest time without a ring until then, from Stasis() on; from its beginning if it never got there."""
        longest, began = 0.0, self._app("Stasis") or self._start.time
        ringing = False
        for row in self._rows:
            if row.time > until:
                break
            if row.application != "Dial" or row.event not in (CelEvent.APP_START, CelEvent.APP_END):
                continue
            if row.event is CelEvent.APP_START:
                longest, ringing = max(longest, row.time - began), True
            else:
                began, ringing = row.time, False
        return longest if ringing else max(longest, until - began)


def _since(moment: float | None, began: float) -> float | None:
    return None if moment is None else moment - began
