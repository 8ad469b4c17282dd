"""What is recorded: a decision with all that led to it, and what Asterisk did with the contact afterwards."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import count
from typing import Any, NamedTuple

from ariroute.flow.contact import Contact, Party
from ariroute.flow.decision import Decision, QueueDestination
from ariroute.flow.history import History
from ariroute.flow.numbers import masked
from ariroute.journal.plain import contact_to_plain, history_to_plain
from ariroute.journal.settings import Numbers
from ariroute.journal.store import Statement
from ariroute.json_text import dumps

COLUMNS = (
    *("id", "pbx", "contact", "medium", "arrived", "caller", "caller_key", "dialled", "flow", "destination"),
    *("queue", "priority", "by_default", "reason", "handed", "took", "digest", "detail"),
)
PLACES = ", ".join(f"${number}" for number in range(1, len(COLUMNS) + 1))
INSERT = f"INSERT INTO contacts ({', '.join(COLUMNS)}) VALUES ({PLACES})"  # noqa: S608  # our own names
OF_CONTACT = "id = (SELECT max(id) FROM contacts WHERE contact = $1 AND pbx = $2)"

RANDOM_BITS = 20
_numbers = count(secrets.randbits(RANDOM_BITS))


@dataclass(frozen=True, slots=True)
class Keeping:
    """What is kept of a contact under one configuration.

    ``fields`` names for each lookup the fields that are kept; ``omit`` what is never kept; ``key`` is the key of the
    hash by which a masked caller can be found.
    """

    numbers: Numbers
    key: bytes
    fields: Mapping[str, frozenset[str]]
    omit: frozenset[str] = frozenset()

    def caller_key(self, party: Party) -> str:
        """The keyed hash of a number; empty when it is withheld."""
        return caller_key(self.key, party)

    def kept(self, contact: Contact) -> tuple[Contact, list[str]]:
        """``contact`` as it is kept, and the names of its facts that are not."""
        if self.numbers == "full":
            return contact, []
        caller = contact.caller
        gaps = [name for name in ("number", "e164", "name") if getattr(caller, name)]
        shown = Party(masked(caller.number), masked(caller.e164), "")
        return replace(contact, caller=shown), [f"caller.{name}" for name in gaps]


def caller_key(key: bytes, party: Party) -> str:
    """HMAC-SHA256 of the number in its international form, else as it came; 32 hexadecimal digits of it."""
    number = party.e164 or party.number
    return hmac.digest(key, number.encode(), "sha256").hex()[:32] if number else ""


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

    def statements(self) -> Iterator[Statement]:
        """The row. Made in the journal's thread."""
        contact, gaps = self.keeping.kept(self.contact)
        decision, to = self.decision, self.decision.destination
        queue = to if isinstance(to, QueueDestination) else QueueDestination("")
        detail = {
            "contact": contact_to_plain(contact),
            "flow": self.flow,
            **history_to_plain(self.history, self.keeping.fields),
            "decision": decision.to_plain(),
            "gaps": gaps,
            "draws": self.history.draws,
        }
        yield Statement(
            INSERT,
            (
                new_id(self.contact.arrived.timestamp()),
                contact.pbx,
                contact.id,
                contact.medium,
                contact.arrived.timestamp(),
                contact.caller.label,
                self.keeping.caller_key(self.contact.caller),
                contact.dialled.label,
                decision.flow,
                str(to),
                queue.queue,
                queue.priority,
                int(decision.by_default),
                decision.reason,
                self.handed,
                self.took,
                decision.ruleset,
                dumps(detail),
            ),
        )


class Rules(NamedTuple):
    """The rules that are in force from now on, as a text without secrets that can be loaded again."""

    digest: str
    since: float
    text: str

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

    def statements(self) -> Iterator[Statement]:
        sets = "".join(f", {name} = ${number}" for number, name in enumerate(self.columns, 4))
        yield Statement(
            f"UPDATE contacts SET happened = happened || $3{sets} WHERE {OF_CONTACT}",  # noqa: S608  # our own names
            (self.contact, self.pbx, dumps(dict(self.event)) + "\n", *self.columns.values()),
        )


def new_id(at: float) -> int:
    """A number for a row that rises with time: milliseconds, and 20 bits that differ."""
    return int(at * 1000) << RANDOM_BITS | next(_numbers) % (1 << RANDOM_BITS)
