"""One PBX: its connections and its calls, kept together for the life of the daemon."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from ariroute.asterisk.ami import Ami
from ariroute.asterisk.ami_link import AmiLink
from ariroute.asterisk.ari import Ari
from ariroute.asterisk.queue_events import QueueEvent, Undecided
from ariroute.config.model import PbxSettings
from ariroute.daemon.calls import Calls
from ariroute.daemon.metrics import Metrics
from ariroute.daemon.outcomes import Outcomes
from ariroute.daemon.routing import Routing
from ariroute.daemon.staffing.staffer import Staffer
from ariroute.daemon.staffing_metrics import StaffingMetrics
from ariroute.daemon.supervise import Tasks
from ariroute.errors import AmiError, AriError, AriRefused, PbxRefused
from ariroute.flow.contact import Contact, dialled_party, party
from ariroute.journal.moves import Moved
from ariroute.journal.record import Happened, OutOfSight
from ariroute.staffing.rules import StaffingRules
from ariroute.staffing.standstill import TAKEN_OVER

log = logging.getLogger("ariroute.pbx")

SWEEP_EVERY = 1.0  # seconds; a missed event costs a caller no more than this

RETRY_REFUSED = 30.0
"""Seconds until a PBX that refused us is asked again: only a changed setting helps, and each try is logged there."""

NO_RIGHTS = (401, 403)

NEVER_TAKEN = "Asterisk did not give it to this daemon: the event websocket was down, or the daemon was stopping"
NOT_YET = "AMI was not connected yet"


class Staffing(NamedTuple):
    """The staffing rules in force, who records moves, and the file that keeps what was before them."""

    rules: Callable[[], StaffingRules | None]
    record: Callable[[Moved], None]
    file: Path


class Pbx:
    """Connects, sweeps on connect and each second, and says so when it is over.

    It is over for good when another program has the application. A PBX that refuses us is over while it has never let
    us in; it is asked again now and then all the same, for as long as the daemon has others to serve.
    """

    def __init__(
        self,
        name: str,
        settings: PbxSettings,
        routing: Callable[[], Routing],
        metrics: Metrics,
        offer: Callable[[Happened | OutOfSight], None] = lambda happened: None,
        staffing: Staffing | None = None,
    ) -> None:
        self.name = name
        self._routing = routing
        self.refusal = ""
        """Why this PBX refused us the last time; empty once it lets us in."""
        self.over = asyncio.Event()
        self.shut_out = False
        """Whether requests are refused while events still come: the user's rights were changed meanwhile."""
        self._stopping = False
        self._again = asyncio.Event()
        self.ari = Ari(
            settings.ari,
            on_event=lambda event: self.calls.on_event(event),
            on_up=self._up,
            on_down=self._down,
            name=name,
        )
        outcomes = Outcomes(
            name,
            offer,
            metrics.queues,
            NOT_YET if settings.ami else f"no asterisk.{name}.ami in the flow file",
            app=settings.ari.app,
            unseen=self._unseen,
        )
        self.calls = Calls(self.ari, name, routing, metrics, outcomes=outcomes, on_replaced=self.over.set)
        self._outcomes = outcomes
        self.ami = (
            AmiLink(
                settings.ami,
                name,
                on_event=self._heard,
                on_member_event=lambda event: self.staffer.on_event(event) if self.staffer else None,
                on_up=self._ami_up,
                on_down=self._ami_down,
            )
            if settings.ami
            else None
        )
        """For lookups, and to know what becomes of calls: they are taken, routed and handed over without it."""
        self.staffer = self._staffer(self.ami, staffing, metrics.staffing) if self.ami and staffing else None
        self._tasks = Tasks()
        self._connection: asyncio.Task[None] | None = None
        metrics.watch(name, lambda: self.calls.in_flight, lambda: self.ari.is_up)
        metrics.watch_counts(name, self.ari.counters.as_dict)
        if self.ami:
            metrics.watch_ami(name, lambda: self.ami is not None and self.ami.is_up)

    def _staffer(self, ami: AmiLink, staffing: Staffing, metrics: StaffingMetrics) -> Staffer:
        def idle() -> str:
            return TAKEN_OVER if self.calls.is_replaced else ""

        return Staffer(self.name, staffing.rules, ami, staffing.record, metrics, file=staffing.file, idle=idle)

    @property
    def is_ready(self) -> bool:
        """Whether calls of this PBX are routed now."""
        return self.ari.is_up and not self.shut_out and not self.refusal

    def start(self) -> None:
        """Begin to connect; returns at once."""
        self._connection = self._tasks.spawn(self._connect(), f"ari {self.name}")
        self._tasks.spawn(self._sweep_for_ever(), f"sweep {self.name}")
        if self.ami:
            self._tasks.spawn(self.ami.run(), f"ami {self.name}")
        if self.staffer:
            self._tasks.spawn(self.staffer.run(), f"staffing {self.name}")

    async def stop(self, drain: float) -> None:
        """Leave the application first, so that new calls fall through to the dialplan; then let the rest finish."""
        self._stopping = True
        if self._connection:
            self._connection.cancel()
            await asyncio.wait([self._connection], timeout=2.0)
        await self.calls.drain(drain)
        if self.staffer:
            await self.staffer.stop()
        await self._tasks.finish(0)
        await self.ari.close()

    def try_again(self) -> None:
        """Ask a PBX that refused us again at once: somebody may have changed a setting."""
        self._again.set()

    async def _connect(self) -> None:
        while True:
            self._again.clear()
            try:
                return await self.ari.run()
            except PbxRefused as refused:
                self._refused(str(refused))
            except Exception as error:
                log.exception("%s: the connection failed in a way that nobody foresaw", self.name)
                self._refused(f"{type(error).__name__}: {error}")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(RETRY_REFUSED):
                    await self._again.wait()

    def _refused(self, why: str) -> None:
        if why != self.refusal:
            log.error("%s: %s; asked again every %g s, and at each reload", self.name, why, RETRY_REFUSED)
        self.refusal = why
        if not self.ari.counters.connects:
            self.over.set()

    def _up(self) -> None:
        self.refusal = ""
        self.over.clear()
        self._tasks.spawn(self._sweep(), f"first sweep {self.name}")

    def _down(self, reason: str) -> None:
        if not self._stopping:
            log.warning("%s: the event websocket is down: %s", self.name, reason)

    def _heard(self, event: QueueEvent) -> None:
        self._outcomes.on_event(event)
        if self.staffer:
            self.staffer.on_event(event)

    def _ami_up(self) -> None:
        self._outcomes.on_up()
        self._tasks.spawn(self._who_waits(), f"who waits {self.name}")
        if self.staffer:
            self.staffer.on_up()

    def _ami_down(self, reason: str) -> None:
        self._outcomes.on_down(reason)
        if self.staffer:
            self.staffer.on_down(reason)

    def _unseen(self, event: Undecided) -> None:
        """A call for us that we were never given."""
        routing = self._routing()
        region = routing.ruleset.region
        contact = Contact(
            id=event.contact,
            arrived=datetime.fromtimestamp(event.at, UTC),
            caller=party(event.number, event.name, region),
            dialled=dialled_party(event.dialled, region),
            pbx=self.name,
        )
        routing.recording.undecided(contact, "never taken", NEVER_TAKEN, 0.0)

    async def _who_waits(self) -> None:
        assert self.ami is not None
        try:
            self._outcomes.found(await self.ami.ask(Ami.waiting))
        except AmiError as error:
            log.warning("%s: who waits in the queues now cannot be asked: %s", self.name, error)

    async def _sweep_for_ever(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_EVERY)
            if self.ari.is_up and not self.calls.is_replaced:
                await self._sweep()

    async def _sweep(self) -> None:
        try:
            await self.calls.sweep.run()
        except AriError as error:
            refused = isinstance(error, AriRefused) and error.status in NO_RIGHTS
            if refused and not self.shut_out:
                log.error("%s: %s; compare the ARI user in the flow file with Asterisk's ari.conf", self.name, error)
            elif not refused:
                log.warning("%s: cannot list the application's channels: %s", self.name, error)
            self.shut_out = refused
        else:
            self.shut_out = False
