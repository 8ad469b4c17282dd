"""What is recorded: a contact with all that led to its decision, and what Asterisk did with it afterwards."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from typing import Any, NamedTuple

from ariroute.flow.contact import Contact, is_text
from ariroute.flow.decision import Decision, QueueDestination
from ariroute.flow.history import History
from ariroute.flow.trace import TraceEntry
from ariroute.journal.keeping import Keeping, Kept
from ariroute.journal.keeping import caller_key as caller_key
from ariroute.journal.plain import contact_to_plain, history_to_plain
from ariroute.journal.store import Statement
from ariroute.json_text import dumps

COLUMNS = (
    *("id", "pbx", "contact", "medium", "arrived", "caller", "caller_key", "dialled", "flow", "destination"),
    *("queue", "priority", "by_default", "reason", "handed", "took", "digest", "detail"),
)
PLACES = ", ".join(f"${number}" for number in range(1, len(COLUMNS) + 1))
# A second try, after a connection that was lost in the commit, changes nothing.
INSERT = f"INSERT INTO contacts ({', '.join(COLUMNS)}) VALUES ({PLACES}) ON CONFLICT (id) DO NOTHING"  # noqa: S608  # ours
OF_CONTACT = "id = (SELECT max(id) FROM contacts WHERE contact = $1 AND pbx = $2)"

ENTRIES = 12
"""So many entries of a trace take as much memory as a plain record: 4 kB."""
RANDOM_BITS = 20
LATEST = 1 << 42
"""Milliseconds since 1970: a number for a row has 63 bits in both databases."""
_numbers = count(secrets.randbits(RANDOM_BITS))


class Decided(NamedTuple):
    """A contact that was taken: by ``flow`` it came to ``decision``, and ``handed`` says how it left the daemon.

    ``took`` is seconds from its arrival to there.
    """

    contact: Contact
    flow: str
    history: History
    decision: Decision
    handed: str
    took: float
    keeping: Keeping

    @property
    def weight(self) -> int:
        return 1 + len(self.decision.trace) // ENTRIES

    def statements(self) -> Iterator[Statement]:
        """The row. Made in the journal's thread."""
        kept = self.keeping.kept(self.contact, self.history, self.decision.trace, self.decision)
        decision = kept.decision
        assert decision is not None
        to = decision.destination
        queue = to if isinstance(to, QueueDestination) else QueueDestination("")
        detail = _detail(self.flow, kept) | {"decision": decision.to_plain()}
        columns = (decision.flow, str(to), queue.queue, queue.priority, int(decision.by_default), decision.reason)
        yield _insert(self, kept, columns, decision.ruleset, detail)


class Undecided(NamedTuple):
    """A contact that was taken and left without a decision: ``handed`` says how, ``reason`` why, in words.

    ``flow`` is empty when none answered to what was dialled. ``trace`` is what its run did until then.
    """

    contact: Contact
    flow: str
    history: History
    trace: Sequence[TraceEntry]
    handed: str
    reason: str
    took: float
    digest: str
    keeping: Keeping

    @property
    def weight(self) -> int:
        return 1 + len(self.trace) // ENTRIES

    def statements(self) -> Iterator[Statement]:
        """The row. Made in the journal's thread."""
        kept = self.keeping.kept(self.contact, self.history, self.trace, why=self.reason)
        trace = [entry.to_plain() for entry in kept.trace]
        detail = _detail(self.flow, kept) | {"decision": None, "trace": trace}
        yield _insert(self, kept, (self.flow, "", "", 0, 0, kept.why), self.digest, detail)


def _detail(flow: str, kept: Kept) -> dict[str, Any]:
    """The column ``detail``: ``flow`` is where the run began."""
    return {
        "contact": contact_to_plain(kept.contact),
        "flow": flow,
        **history_to_plain(kept.history),
        "gaps": list(kept.gaps),
        "arms": {name: list(between) for name, between in kept.arms.items()},
    }


def _insert(
    item: Decided | Undecided, kept: Kept, columns: tuple[Any, ...], digest: str, detail: Mapping[str, Any]
) -> Statement:
    contact = kept.contact
    at = contact.arrived.timestamp()
    key = item.keeping.caller_key(item.contact.caller)
    who = (new_id(at), contact.pbx, contact.id, contact.medium, at, contact.caller.label, key, contact.dialled.label)
    values = (*who, *columns, item.handed, item.took, digest, _text(detail))
    return Statement(INSERT, tuple(whole(value) if isinstance(value, str) else value for value in values))


def _text(detail: Mapping[str, Any]) -> str:
    """``detail`` as JSON, whatever somebody else's words in it are made of."""
    try:
        text = dumps(detail)
    except (TypeError, ValueError):  # half a character; what is no number either
        text = json.dumps(detail, ensure_ascii=False, default=str)
    return whole(text)


def whole(text: str) -> str:
    """``text`` with a question mark for half a character, which no database takes."""
    return text if is_text(text) else text.encode("utf-8", "replace").decode()


class Rules(NamedTuple):
    """The rules that are in force from now on, as a text without secrets that can be loaded again."""

    digest: str
    since: float
    text: str

    @property
    def weight(self) -> int:
        return 1

    def statements(self) -> Iterator[Statement]:
        yield Statement(
            "INSERT INTO configs (digest, first_seen, rules) VALUES ($1, $2, $3) ON CONFLICT (digest) DO NOTHING",
            (self.digest, self.since, self.text),
        )


class Happened(NamedTuple):
    """Something that Asterisk did with a contact after the decision; ``columns`` are those that it changes."""

    contact: str
    pbx: str
    event: Mapping[str, Any]
    columns: Mapping[str, Any]

    @property
    def weight(self) -> int:
        return 1

    def statements(self) -> Iterator[Statement]:
        sets = "".join(f", {name} = ${number}" for number, name in enumerate(self.columns, 4))
        yield Statement(
            f"UPDATE contacts SET happened = happened || $3{sets} "  # noqa: S608  # our own names
            f"WHERE {OF_CONTACT} AND replace(happened, $3, '') = happened",
            (self.contact, self.pbx, dumps(dict(self.event)) + "\n", *self.columns.values()),
        )


class OutOfSight(NamedTuple):
    """Nobody watched the queues of ``pbx`` until now: whoever was last seen waiting there may have been answered.

    Only contacts since ``since`` are looked at; found by the key, however many rows there are.
    """

    pbx: str
    since: float
    event: Mapping[str, Any]

    @property
    def weight(self) -> int:
        return 1

    def statements(self) -> Iterator[Statement]:
        yield Statement(
            "UPDATE contacts SET happened = happened || $3, outcome = 'unknown' "
            "WHERE id >= $1 AND pbx = $2 AND outcome = 'waiting'",
            (first_id(self.since), self.pbx, dumps(dict(self.event)) + "\n"),
        )


def new_id(at: float) -> int:
    """A number for a row that rises with time: milliseconds, and 20 bits that differ."""
    return first_id(at) | next(_numbers) % (1 << RANDOM_BITS)


def first_id(at: float) -> int:
    """The lowest number of a row of this moment, which is taken to lie between 1970 and 2109."""
    return min(max(int(at * 1000), 0), LATEST) << RANDOM_BITS
