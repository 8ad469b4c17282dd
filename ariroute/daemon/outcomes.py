"""What Asterisk does with contacts after their decisions: told by AMI, kept in the journal, counted for Prometheus.

Of each contact the journal gets, in the order in which they happened (``what``, ``at`` in seconds since 1970, and):

=============  ==========================================================================================
undecided      ``queue``: the dialplan found no decision and took its default queue
entered        ``queue``, ``position`` of ``waiting`` callers, from 1
rang in vain   ``queue``, ``agent``, ``seconds``; the first 20 of a contact
answered       ``queue``, ``agent``, ``wait`` seconds since it first entered a queue, ``ring`` of which its phone rang
ended          ``queue``, ``agent``, ``talk`` seconds, ``by``: agent, caller or transfer
abandoned      ``queue``, ``wait``, ``position``: the caller hung up, or was taken out of the queue
let go         ``queue``, ``status``: QUEUESTATUS in small letters; another queue may follow
unwatched      ``why`` nobody told us: what happened then is unknown
found waiting  ``queue``, ``position``, ``wait``: AMI is there again, and the caller still in the queue
=============  ==========================================================================================

The column ``outcome`` says how it stands: waiting, answered, abandoned, a QUEUESTATUS, or unknown.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from ariroute.asterisk.ami import Waiting
from ariroute.asterisk.queue_events import (
    Abandoned,
    Answered,
    Ended,
    Entered,
    LetGo,
    QueueEvent,
    RangInVain,
    Undecided,
)
from ariroute.daemon.queue_metrics import QueueMetrics
from ariroute.journal.record import Happened, OutOfSight

MOST: Final = 20_000
"""Contacts that are followed at once; of others app_queue's whole seconds are believed."""
USUAL_APP: Final = "ariroute"
"""The Stasis application of a dialplan that was told of no other."""
MOST_RINGS: Final = 20
"""Rings in vain that are kept of one contact: with ``strategy = ringall`` there may be hundreds."""


HEARD_WITHIN: Final = 5.0
"""Seconds until a call that a queue should have is given up, if nothing is heard of it."""
DRIFT: Final = 5.0
"""Seconds by which events may reach us late; what differs more is a clock that was set."""
ANY_WAIT: Final = 86_400.0
"""Seconds that nobody waits in a queue."""
RESTARTED: Final = "the queues were not watched for a while"
UNHEARD: Final = (
    f"no queue told of it within {HEARD_WITHIN:g} s; the caller hung up before, or the AMI user lacks read = agent,user"
)

BEGINNINGS: Final = frozenset({"undecided", "entered", "found waiting", "unwatched"})
"""What may be the first that is heard of a contact."""
NOT_LET_IN: Final = frozenset({"full", "joinempty", "joinunavail", "unknown"})
"""Of those whom a queue does not let in, nothing is heard but that."""

Later = Callable[[float, Callable[[str], None], str], object]
"""As ``loop.call_later``."""

log = logging.getLogger("ariroute.outcomes")


class Moment(NamedTuple):
    """When something happened: by the wall clock in the event, and by our own that never jumps."""

    at: float
    seen: float

    def until(self, later: Moment) -> float:
        """Seconds to ``later``: as the events say, unless their clock was set between them."""
        told, seen = later.at - self.at, later.seen - self.seen
        return round(max(0.0, told if abs(told - seen) < DRIFT else seen), 3)

    def before(self, seconds: float) -> Moment:
        """So many seconds earlier."""
        return Moment(self.at - seconds, self.seen - seconds)


@dataclass(slots=True)
class Course:
    """One contact in the queues. ``left``: it has left the queue unserved, and may enter another."""

    queue: str
    first: Moment
    entered: Moment
    answered: Moment | None = None
    left: bool = False
    rings: int = 0


class Outcomes:
    """Follows the contacts of one PBX through its queues. Told of events by :class:`AmiLink`; never waits.

    ``offer`` puts a record into the journal, if there is one; ``unseen`` is told of calls for the application ``app``
    that this daemon never had. A contact that is still being decided is not in the
    journal yet: what happens to it meanwhile is kept back until :meth:`settled`.
    """

    def __init__(
        self,
        pbx: str,
        offer: Callable[[Happened | OutOfSight], None],
        metrics: QueueMetrics,
        unwatched: str,
        *,
        app: str = USUAL_APP,
        unseen: Callable[[Undecided], None] = lambda event: None,
        later: Later | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pbx = pbx
        self._offer = offer
        self._metrics = metrics
        self._unwatched = unwatched
        """Why AMI tells nothing now; empty while it does."""
        self._later = later or (
            lambda within, call, contact: asyncio.get_running_loop().call_later(within, call, contact)
        )
        self._app = app
        self._clock = clock
        self._unseen = unseen
        self._taken: OrderedDict[str, None] = OrderedDict()
        self._courses: OrderedDict[str, Course] = OrderedDict()
        self._open: dict[str, list[Happened]] = {}
        self._unheard: set[str] = set()
        self._silent = True
        """Whether AMI has told nothing since it is there; said once."""
        metrics.watch(pbx, self.waits)

    def on_up(self) -> None:
        """AMI tells us from now on. Whoever was waiting before may have been answered since."""
        self._unwatched, self._silent = "", True
        now = time.time()
        self._offer(OutOfSight(self._pbx, now - ANY_WAIT, {"what": "unwatched", "at": round(now, 3), "why": RESTARTED}))

    def found(self, waiting: Iterable[Waiting]) -> None:
        """These wait now, as Asterisk says just after :meth:`on_up`."""
        now = time.time()
        for each in waiting:
            if each.contact not in self._courses:
                self._follow(each.contact, each.queue, Moment(now, self._clock()).before(each.wait))
                told = {"queue": each.queue, "position": each.position, "wait": each.wait}
                event = {"what": "found waiting", "at": round(now, 3), **told}
                columns = {"outcome": "waiting", "outcome_queue": each.queue}
                self._record(Happened(each.contact, self._pbx, event, columns))

    def waits(self) -> dict[str, list[float]] | None:
        """For each queue how long its callers have waited there; None while nobody tells us."""
        if self._unwatched:
            return None
        now = Moment(time.time(), self._clock())
        found: dict[str, list[float]] = {}
        for course in self._courses.values():
            if not course.left and not course.answered:
                found.setdefault(course.queue, []).append(course.entered.until(now))
        return found

    def on_down(self, reason: str) -> None:
        """AMI tells us nothing any more: of those who wait or talk nobody knows what becomes of them."""
        self._unwatched = reason
        for contact, course in self._courses.items():
            if not course.left:
                self._unknown(contact, reason)
        self._courses.clear()

    def began(self, contact: str) -> None:
        """``contact`` is being decided."""
        self._open[contact] = []
        self._taken[contact] = None
        if len(self._taken) > MOST:
            self._taken.popitem(last=False)

    def settled(self, contact: str, *, queued: bool) -> None:
        """``contact`` has left the daemon, and its record was offered; ``queued``: a queue of Asterisk's has it."""
        kept_back = self._open.pop(contact, [])
        for happened in kept_back:
            self._offer(happened)
        if not queued:
            return
        if self._unwatched:
            self._unknown(contact, self._unwatched)
        elif not kept_back and ((course := self._courses.get(contact)) is None or course.left):
            self._unheard.add(contact)
            self._later(HEARD_WITHIN, self._give_up, contact)

    def _give_up(self, contact: str) -> None:
        """A call was given to a queue long ago, and no queue has told of it."""
        if contact not in self._unheard:
            return
        self._unheard.discard(contact)
        self._unknown(contact, UNHEARD)
        if self._silent:
            log.warning("%s: AMI has told nothing yet of calls that queues should have: %s", self._pbx, UNHEARD)
        self._silent = False

    def on_event(self, event: QueueEvent) -> None:
        """Something has happened to a contact."""
        now, contact, queue = Moment(event.at, self._clock()), event.contact, event.queue
        course = self._courses.get(contact)
        self._unheard.discard(contact)
        self._silent = False
        match event:
            case Undecided():
                self._undecided(event)
            case Entered():
                self._entered(event, course, now)
            case RangInVain():
                self._metrics.rang_in_vain(self._pbx, queue)
                if course:
                    course.rings += 1
                if course is None or course.rings <= MOST_RINGS:
                    self._tell(event, "rang in vain", agent=event.agent, seconds=event.ring)
            case Answered():
                course = course or self._follow(contact, queue, now.before(event.hold))
                course.answered, wait = now, course.first.until(now)
                self._metrics.answered(self._pbx, queue, course.entered.until(now))
                columns = {"outcome": "answered", "outcome_queue": queue, "agent": event.agent, "wait": wait}
                self._tell(event, "answered", columns, agent=event.agent, wait=wait, ring=event.ring)
            case Ended():
                self._ended(event, course, now)
            case Abandoned():
                course = course or self._follow(contact, queue, now.before(event.hold))
                course.left, wait = True, course.first.until(now)
                self._courses.move_to_end(contact, last=False)  # most will enter no other queue: forgotten first
                self._metrics.left(self._pbx, queue, course.entered.until(now), contact)
                columns = {"outcome": "abandoned", "outcome_queue": queue, "wait": wait}
                self._tell(event, "abandoned", columns, wait=wait, position=event.position)
            case LetGo():
                self._metrics.let_go(self._pbx, queue, event.status, contact)
                columns = {"outcome": event.status, "outcome_queue": queue}
                self._tell(event, "let go", columns, status=event.status)

    def _undecided(self, event: Undecided) -> None:
        if (event.app or USUAL_APP) != self._app:
            return
        self._metrics.undecided(self._pbx)
        if event.contact not in self._taken:
            self._unseen(event)
        self._tell(event, "undecided")

    def _entered(self, event: Entered, course: Course | None, now: Moment) -> None:
        course = course or self._follow(event.contact, event.queue, now)
        course.queue, course.entered, course.left, course.answered = event.queue, now, False, None
        self._metrics.entered(self._pbx, event.queue)
        columns = {"outcome": "waiting", "outcome_queue": event.queue, "position": event.position}
        linked = {"linked": event.linked} if event.linked else {}
        self._tell(event, "entered", columns | linked, position=event.position, waiting=event.waiting)

    def _ended(self, event: Ended, course: Course | None, now: Moment) -> None:
        answered = course.answered if course else None
        talk = answered.until(now) if answered else float(event.talk)
        self._metrics.ended(self._pbx, event.queue, talk)
        columns: dict[str, Any] = {"outcome": "answered", "outcome_queue": event.queue, "talk": talk}
        if answered is None:  # the answer was not seen: the connection was made since then
            columns |= {"agent": event.agent, "wait": float(event.hold)}
        self._tell(event, "ended", columns, agent=event.agent, talk=talk, by=event.by)
        self._courses.pop(event.contact, None)

    def _follow(self, contact: str, queue: str, since: Moment) -> Course:
        course = self._courses[contact] = Course(queue, since, since)
        if len(self._courses) > MOST:
            self._courses.popitem(last=False)
        return course

    def _unknown(self, contact: str, why: str) -> None:
        event = {"what": "unwatched", "at": round(time.time(), 3), "why": why}
        self._record(Happened(contact, self._pbx, event, {"outcome": "unknown"}))

    def _tell(self, event: QueueEvent, what: str, columns: Iterable[Any] = (), **more: Any) -> None:
        told = {"what": what, "at": round(event.at, 3), "queue": event.queue, **more}
        self._record(Happened(event.contact, self._pbx, told, dict(columns)))

    def _record(self, happened: Happened) -> None:
        """Offer ``happened``, or keep it back while its contact is being decided.

        A contact may be decided a second time when a queue has let it go. What it still hears of that queue is its
        first record's, which is the newest in the journal until then: AMI may tell it after ARI has brought the call.
        """
        kept_back = self._open.get(happened.contact)
        if kept_back is None or (not kept_back and _is_later(happened.event)):
            self._offer(happened)
        elif len(kept_back) < MOST_RINGS:
            kept_back.append(happened)


def _is_later(event: Mapping[str, Any]) -> bool:
    """Whether ``event`` can only be heard of a caller who had entered the queue before."""
    return event["what"] not in BEGINNINGS and event.get("status") not in NOT_LET_IN
