"""What became of every call, from Asterisk's queue_log and channel event log alone. Pure.

A call is in a queue when queue_log says so; CEL proves nothing there, since Queue() starts for a missing queue as well.
Times come from CEL, as queue_log has whole seconds. A caller who hangs up excuses the loss of a call only while it may
still be waiting: one who gives up after the longest time that guard and flow allow was lost before. And a call that
somebody else than its caller tears out of its queue before anybody has taken it is lost, however it came there.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from ariroute.lab.records import CelEvent, CelRow, QueueEvent, QueueRow
from ariroute.lab.verdict import CallVerdict, verdicts
from ariroute.proof.result import Ending, ProvenCall

MARGIN: Final = 1.5
"""Seconds beyond what is promised after which a call that still is nowhere counts as lost; before that it is late."""
DELIVERING: Final = "-deliver"
"""What the context ends with in which our dialplan carries decisions out; the control's copy has another beginning."""
BY_DIALPLAN: Final = "dialplan/builtin"
"""The source of a hang-up by Hangup() (``pbx_builtin_hangup()`` in pbx_builtins.c); one over ARI has none."""


@dataclass(frozen=True, slots=True)
class Placed:
    """What is known of a call before it is judged."""

    dialled: str
    talk: float = 0.0
    """Seconds that the flow may hold a caller in one stay."""
    restarted: float = 0.0
    """The same for a caller whose daemon died or was replaced meanwhile."""
    refusals: Collection[int] = ()
    """Causes with which the flows that this call may take hang up by themselves."""


@dataclass(frozen=True, slots=True)
class Rules:
    """How calls are judged. Times are seconds; ``guard`` bounds a stay also where there is none, in the control."""

    placed: Callable[[CelRow], Placed | None]
    """Of the beginning of a channel: what is known of a call of the proof; None for all others."""
    guard: float
    undecided: str = ""
    """The queue in which only calls without a decision end."""
    deaths: Sequence[float] = field(default_factory=tuple)
    """When a daemon ended or another took over, in seconds since 1970: whoever takes its calls begins anew."""
    put_down: Mapping[str, float] | None = None
    """When we have let a caller hang up, in seconds since 1970, by uniqueid: of Local channels the records tell only
    that both ends hung up at once. None where each caller is a channel of their own: then the records tell who it was.
    """

    def allowed(self, start: CelRow, until: float) -> float:
        """Seconds that the flow may hold this call in one stay, when it lasts until then."""
        known = self.placed(start)
        if known is None:
            return 0.0
        return known.restarted if any(start.time <= death <= until for death in self.deaths) else known.talk


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
    is_over: bool = False
    """Whether the channel is gone: nothing more can become of the call."""


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
    made = []
    for start in starts:
        known = rules.placed(start)
        assert known is not None
        rows = own[start.uniqueid]
        left = _is_left(rows, rules.put_down)
        judge = _Judge(known, rows, entered.get(start.uniqueid), talks(start), left, rules, began, now)
        made.append(Verdict(judge.verdict(), start.uniqueid, _hung_up(rows) is not None))
    return made


def _is_left(rows: Sequence[CelRow], put_down: Mapping[str, float] | None) -> bool:
    """Whether the caller put the phone down."""
    if put_down is None:
        return any(row.hung_up_by_itself for row in rows)
    ended, told = _hung_up(rows), put_down.get(rows[0].uniqueid)
    return ended is not None and told is not None and told <= ended


def _hung_up(rows: Sequence[CelRow]) -> float | None:
    return next((row.time for row in rows if row.event is CelEvent.HANGUP), None)


def _is_placed(row: CelRow, rules: Rules) -> bool:
    return row.event is CelEvent.CHAN_START and rules.placed(row) is not None


def _by_uniqueid(cel: Sequence[CelRow]) -> dict[str, list[CelRow]]:
    found: dict[str, list[CelRow]] = {}
    for row in cel:
        found.setdefault(row.uniqueid, []).append(row)
    return found


def _talks(cel: Sequence[CelRow]) -> Callable[[CelRow], float | None]:
    """When somebody else's channel of the same call was answered: a phone that was rung."""
    answered: dict[str, list[CelRow]] = {}
    for row in cel:
        if row.event is CelEvent.ANSWER and row.uniqueid != row.linkedid:
            answered.setdefault(row.linkedid, []).append(row)

    def talk(start: CelRow) -> float | None:
        others = (row.time for row in answered.get(start.linkedid, ()) if row.uniqueid != start.uniqueid)
        return min(others, default=None)

    return talk


@dataclass(frozen=True, slots=True)
class _Judge:
    """Judges one call: its own rows of CEL in their order, what queue_log says, when a rung phone was answered."""

    known: Placed
    rows: Sequence[CelRow]
    queue: CallVerdict | None
    talk: float | None
    left: bool
    """Whether the caller put the phone down."""
    rules: Rules
    began: float
    now: float

    def verdict(self) -> ProvenCall | None:
        """None while it is under way."""
        ending, settled = self._ending()
        if ending is None:
            return None
        queues = self.queue.queues if self.queue else ()
        until = self.now if settled is None else settled
        return ProvenCall(
            uniqueid=self.rows[0].uniqueid,
            caller=self.rows[0].caller,
            dialled=self.known.dialled,
            placed=self.rows[0].time - self.began,
            ending=ending,
            entered=_since(self._app("Stasis"), self.began),
            settled=_since(settled, self.began),
            queues=queues,
            by_default=bool(queues) and queues[0] == self.rules.undecided,
            twice=self.queue is not None and self.queue.entered_twice,
            stay=None if settled is None else self._longest_stay(settled),
            allowed=self.rules.allowed(self.rows[0], until),
        )

    def _ending(self) -> tuple[Ending | None, float | None]:
        """Where it ended up and when; without an ending it is under way."""
        ended = _hung_up(self.rows)
        if self.queue is not None and self._is_torn_out(ended):
            return Ending.LOST, None
        if self.queue is not None:
            return Ending.QUEUED, self._app("Queue") or ended or self.now
        if self.talk is not None and self._app("Dial") is not None:
            return Ending.ANSWERED, self.talk
        until = self.now if ended is None else ended
        if self._is_late(until):
            return Ending.LOST, None
        boxed = self._boxed()
        if boxed is not None:
            # In the mailbox they have put the phone down after their message, or before.
            is_there = ended is not None or self.now > boxed + MARGIN
            return (Ending.VOICEMAIL, boxed) if is_there else (None, None)
        if ended is None:
            return None, None
        if self.left:
            return Ending.LEFT, ended
        return (Ending.REFUSED, ended) if self._refused() else (Ending.LOST, None)

    def _boxed(self) -> float | None:
        """When it came into a mailbox that took it: one that did not is followed by a queue."""
        boxed = self._app("VoiceMail")
        if boxed is None:
            return None
        after = any(
            row.event is CelEvent.APP_START and row.application == "Queue" and row.time > boxed for row in self.rows
        )
        return None if after else boxed

    def _is_torn_out(self, ended: float | None) -> bool:
        """Whether it is gone from its queue unserved, and its caller has not put the phone down."""
        assert self.queue is not None
        return self.queue.ending is QueueEvent.ABANDON and ended is not None and not self.left

    def _refused(self) -> bool:
        """Whether our dialplan hung up as a flow of this call wants it.

        Not so where the daemon hung up over ARI, where the guard or an end of the dialplan did it, with whatever cause,
        and where a queue had been tried.
        """
        hangup = next(row for row in self.rows if row.event is CelEvent.HANGUP)
        return (
            hangup.extra.get("hangupcause") in self.known.refusals
            and hangup.extra.get("hangupsource") == BY_DIALPLAN
            and hangup.context.endswith(DELIVERING)
            and hangup.extension == "s"
            and self._app("Queue") is None
        )

    def _is_late(self, until: float) -> bool:
        """Whether its longest stay lasted longer by far than guard and flow allow."""
        if self._boxed() is not None:
            return False
        allowed = self.rules.allowed(self.rows[0], until) + self.rules.guard + MARGIN
        return self._longest_stay(until) > allowed

    def _app(self, name: str) -> float | None:
        """When this application first began on the caller's channel."""
        return next(
            (row.time for row in self.rows if row.event is CelEvent.APP_START and row.application == name), None
        )

    def _longest_stay(self, until: float) -> float:
        """The longest time without a ring until then, from Stasis() on; from its beginning if it never got there."""
        longest, began = 0.0, self._app("Stasis") or self.rows[0].time
        ringing = False
        for row in self.rows:
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
