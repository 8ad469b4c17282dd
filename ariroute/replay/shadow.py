"""A shadow: other rules decide live calls a second time. It acts on nothing; what differs is recorded.

It knows calls by the journal alone, and decides in a process of its own: what it costs and where it fails no call
feels (decision 18).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from ariroute.config.kept import rules_text
from ariroute.config.load import Config
from ariroute.errors import JournalError
from ariroute.flow.decision import QueueDestination
from ariroute.journal.reader import Reader, Recorded
from ariroute.journal.record import Rules
from ariroute.journal.store import RecordRefused, Statement, Store
from ariroute.replay.asking import Asking
from ariroute.replay.changes import Changed, Changes
from ariroute.replay.comparison import Comparison
from ariroute.replay.following import Following
from ariroute.replay.walker import Again, Walker

LOOK_EVERY = 0.5
"""Seconds between two looks into the journal."""
MOST_WAITING = 10_000
"""Differences that wait while the journal cannot be written; further ones are counted and not recorded."""

INSERT = (
    "INSERT INTO shadows (contact_id, digest, decided, destination, queue, priority, flow, by_default, differs) "
    "SELECT CAST($1 AS BIGINT), CAST($2 AS TEXT), CAST($3 AS DOUBLE PRECISION), CAST($4 AS TEXT), CAST($5 AS TEXT), "
    "CAST($6 AS INTEGER), CAST($7 AS TEXT), CAST($8 AS SMALLINT), CAST($9 AS TEXT) "
    "WHERE EXISTS (SELECT 1 FROM contacts WHERE id = $1) "
    "ON CONFLICT (contact_id, digest) DO NOTHING"
)
"""Nothing where the contact was erased meanwhile."""


@dataclass(slots=True)
class Differences(Changes):
    """Changes, and those among them that are not told yet."""

    new: list[Changed] = field(default_factory=list)

    def note(self, changed: Changed) -> None:
        Changes.note(self, changed)
        self.new.append(changed)


class ShadowWalker(Walker):
    """A walker that may have asked beforehand for what records lack."""

    def __init__(self, config: Config, asking: Asking | None) -> None:
        super().__init__(config)
        self._asking = asking
        self._known: dict[int, Again] = {}

    async def prepare(self, records: Iterable[Recorded]) -> None:
        """Ask for what ``records`` lack, all together."""
        if self._asking:
            await asyncio.gather(*(self._prepare(self._asking, recorded) for recorded in records))

    async def _prepare(self, asking: Asking, recorded: Recorded) -> None:
        past = self.past(recorded)
        flow = past and self.ruleset.flow_for(past.contact)
        if past and flow:
            self._known[recorded.id] = await asking.again(flow, past)

    def again(self, recorded: Recorded) -> Again:
        return self._known.pop(recorded.id) if recorded.id in self._known else super().again(recorded)


class Shadow:
    """Follows a journal by the rules of ``config``. ``now`` gives seconds since 1970.

    Making one raises JournalError when the journal cannot be read or written; later that is waited for. A store may run
    an event loop of its own, so it is used in threads.
    """

    def __init__(
        self,
        config: Config,
        read: Callable[[], Store],
        write: Callable[[], Store],
        now: Callable[[], float],
        asking: Asking | None = None,
    ) -> None:
        self._config = config
        self._write = write
        self._now = now
        self._following = Following(read, now())
        self._waiting: list[Statement] = list(Rules(config.digest, now(), rules_text(config)).statements())
        self._rules: dict[str, str | None] = {}
        self._walker = ShadowWalker(config, asking)
        self._read = read
        self.changes = Differences(listed=0)
        self.unrecorded = 0
        """Differences that found no room while the journal could not be written."""
        self._write_trouble = ""
        self._comparison = Comparison(self._walker, self.changes, self._rules_of)
        self._record()
        if self._write_trouble:
            raise JournalError(self._write_trouble)

    @property
    def trouble(self) -> str:
        """Why the journal cannot be read or written now; empty while it can."""
        return self._following.trouble or self._write_trouble

    async def look(self) -> list[Changed]:
        """Decide what is new in the journal a second time, and record what differs."""
        records = await asyncio.to_thread(self._following.fresh, self._now())
        await self._walker.prepare(records)
        return await asyncio.to_thread(self._decide, records)

    def _decide(self, records: Iterable[Recorded]) -> list[Changed]:
        for recorded in records:
            self._comparison.one(recorded)
        found, self.changes.new = self.changes.new, []
        self._keep(list(self._statements(found)))
        self._record()
        return found

    @property
    def waiting(self) -> int:
        """Differences that are not recorded yet."""
        return len(self._waiting)

    def close(self) -> None:
        """Close the journal."""
        self._following.close()

    def _keep(self, statements: Sequence[Statement]) -> None:
        room = MOST_WAITING - len(self._waiting)
        self._waiting += statements[:room]
        self.unrecorded += len(statements[room:])

    def _record(self) -> None:
        """Write what waits; after a failure all of it waits for the next time."""
        if not self._waiting:
            return
        try:
            store = self._write()
            try:
                self.unrecorded += written(store, self._waiting)
            finally:
                store.close()
        except JournalError as error:
            self._write_trouble = str(error)
            return
        self._waiting, self._write_trouble = [], ""

    def _statements(self, found: Iterable[Changed]) -> Iterator[Statement]:
        for changed in found:
            decision = changed.after
            to = decision.destination if decision else None
            queue = to if isinstance(to, QueueDestination) else QueueDestination("")
            differs = ["destination"] if changed.move[0] != changed.move[1] else []
            values: tuple[Any, ...] = (changed.recorded.id, self._config.digest, self._now(), changed.move[1])
            values += (queue.queue, queue.priority, decision.flow if decision else "")
            values += (int(decision.by_default) if decision else 0, ",".join([*differs, *changed.beside]))
            yield Statement(INSERT, values)

    def _rules_of(self, digest: str) -> str | None:
        """The rules that decided then, out of the journal."""
        if digest not in self._rules:
            try:
                store = self._read()
            except JournalError:
                return None
            try:
                self._rules[digest] = Reader(store).rules(digest)
            finally:
                store.close()
        return self._rules[digest]


def written(store: Store, statements: Sequence[Statement]) -> int:
    """Write ``statements``; of how many the database wants none, such as of a contact that was just erased.

    Raises JournalError when it takes nothing at all.
    """
    try:
        store.write(statements)
    except RecordRefused:
        return sum(not _written(store, statement) for statement in statements)
    return 0


def _written(store: Store, statement: Statement) -> bool:
    try:
        store.write([statement])
    except RecordRefused:
        return False
    return True
