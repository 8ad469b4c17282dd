"""A call of the journal, told as a rehearsal is, and how it left the daemon and what Asterisk did with it then."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from ariroute.cli.account import Walked, account
from ariroute.cli.output import printable
from ariroute.cli.wording import span_text
from ariroute.errors import ConfigError
from ariroute.flow.decision import Decision
from ariroute.flow.trace import TraceEntry
from ariroute.journal.plain import contact_of

if TYPE_CHECKING:
    from ariroute.flow.tree import Ruleset
    from ariroute.journal.reader import Reader, Recorded

CLOCK: Final = "%H:%M:%S"
HANDED: Final = "handed over"
GONE: Final = "gone"
BY_WHOM: Final = {"agent": "the agent hung up", "caller": "the caller hung up", "transfer": "it was transferred"}
TO_ASTERISK: Final = ("queue", "dial")
"""Destinations of which Asterisk tells more."""


@dataclass(frozen=True, slots=True)
class Told:
    """A recorded call, told. ``remarks`` are sentences on what is missing in it, or may mislead."""

    record: Recorded
    walked: Walked
    remarks: tuple[str, ...] = ()

    def lines(self) -> list[str]:
        """The text form."""
        record = self.record
        head = f"Call {printable(record.contact)} on {record.pbx}, by the rules {record.digest}:"
        return [head, *account(self.walked).lines(self.afterwards())]

    def to_plain(self) -> dict[str, Any]:
        """JSON types, as ``--json`` prints it: as ``ariroute calls --json`` has the call, then all that led to it."""
        return {
            **summary(self.record, self.walked.timezone),
            "trace": [entry.to_plain() for entry in self.walked.trace],
            "variables": dict(self.walked.decision.variables) if self.walked.decision else {},
            **account(self.walked).to_plain(),
            "afterwards": list(self.afterwards()),
            "events": self.record.events(),
            "remarks": list(self.remarks),
        }

    def afterwards(self) -> Iterator[str]:
        """How it left the daemon, and what Asterisk did with it then, in sentences."""
        yield leaving(self.record)
        zone, events = ZoneInfo(self.walked.timezone), self.record.events()
        yield from ("At {} {}.".format(*happening(event, zone)) for event in events)
        yield from still(self.record, events)


def tell(record: Recorded, reader: Reader, timezone: str) -> Told:
    """``record`` by the rules that decided, which ``reader`` has; its times in ``timezone`` where they are lost.

    Raises JournalError.
    """
    rules, remark = rules_then(record, reader)
    zone = ZoneInfo(rules.timezone if rules else timezone)
    plain = record.plain()
    decision = Decision.of_plain(plain["decision"]) if plain["decision"] else None
    trace = decision.trace if decision else tuple(map(TraceEntry.of_plain, plain["trace"]))
    contact = contact_of(plain["contact"])
    contact = replace(contact, arrived=contact.arrived.astimezone(zone))
    flows = rules.flows if rules else {}
    draws = {**{name: low for name, (low, _) in plain["arms"].items()}, **plain["draws"]}
    local = tuple(_local(entry, zone) for entry in trace)
    walked = Walked(contact, plain["flow"], decision, local, flows, zone.key, draws, CLOCK)
    return Told(record, walked, tuple(filter(None, (remark, changed_since(record, reader)))))


def _local(entry: TraceEntry, zone: ZoneInfo) -> TraceEntry:
    """``entry`` with the time that it looked at in ``zone``: the daemon keeps UTC."""
    values = [
        (name, datetime.fromisoformat(value).astimezone(zone).isoformat() if name == "now" else value)
        for name, value in entry.values
    ]
    return entry._replace(values=tuple(values))


def rules_then(record: Recorded, reader: Reader) -> tuple[Ruleset | None, str]:
    """The rules that decided; or None, and a sentence that says why there are none."""
    from ariroute.config.kept import rules_of  # a third of a second

    lost = "so only what the call came to is told, and not the ways that it passed by"
    text = reader.rules(record.digest)
    if text is None:
        return None, f"the journal does not have the rules {record.digest} any more, {lost}"
    try:
        return rules_of(text, record.digest), ""
    except ConfigError as error:
        why = printable(str(error.problems[0]).partition("\n")[0])
        return None, f"this version of ariroute cannot read the rules {record.digest} any more ({why}), {lost}"


def changed_since(record: Recorded, reader: Reader) -> str:
    """A sentence that says so when other rules decide now."""
    last = reader.last()
    if last is None or last.digest == record.digest:
        return ""
    return f"the rules have changed since: now those of {last.digest} decide"


def leaving(record: Recorded) -> str:
    """How it left the daemon."""
    took = span_text(record.took)
    if record.handed == HANDED:
        return f"It was handed over to Asterisk {took} after it had come."
    if record.handed == GONE:
        return (
            f"When it was to be handed over, {took} after it had come, the caller had hung up or the guard had fired."
        )
    why = f" ({printable(record.reason)})" if record.reason and not record.destination else ""
    without = "" if record.destination else ", without a decision"
    return f"It left ariroute {took} after it had come{without}: {printable(record.handed)}{why}."


def happening(event: Mapping[str, Any], zone: ZoneInfo) -> tuple[str, str]:
    """One event of app_queue or of the dialplan (:mod:`ariroute.daemon.outcomes`): its time of day, and what it was."""
    return f"{datetime.fromtimestamp(event['at'], zone):{CLOCK}}", printable(_happening(event))


def _happening(event: Mapping[str, Any]) -> str:
    queue, agent = event.get("queue", ""), event.get("agent") or "an agent"
    match event["what"]:
        case "undecided":
            return f"the dialplan had no decision, and took its default queue {queue}"
        case "entered":
            return f"it entered queue {queue}, at position {event['position']} of {event['waiting']}"
        case "rang in vain":
            return f"the phone of {agent} had rung for {span_text(event['seconds'])}, and nobody answered"
        case "answered":
            return f"{agent} answered in queue {queue}, after a wait of {span_text(event['wait'])}"
        case "ended":
            who = BY_WHOM.get(event["by"])
            return f"the talk with {agent} was over, after {span_text(event['talk'])}{f': {who}' if who else ''}"
        case "abandoned":
            wait = span_text(event["wait"])
            return f"it left queue {queue} unserved, after a wait of {wait}, at position {event['position']}"
        case "let go":
            return f"queue {queue} let it go: {event['status']}"
        case "found waiting":
            wait = span_text(event["wait"])
            return (
                f"AMI was there again: it waited in queue {queue}, at position {event['position']}, for {wait} so far"
            )
        case "unwatched":
            return f"it got out of sight ({event['why']}): what Asterisk did from then on is not known"
        case what:
            return str(what)


def still(record: Recorded, events: list[dict[str, Any]]) -> Iterator[str]:
    """What is not over yet, or not known."""
    if not events and record.handed == HANDED and record.queue:
        yield "Asterisk has told nothing of it since: that takes AMI (asterisk.NAME.ami in the flow file)."
    elif record.outcome == "waiting":
        yield "It waits there still, as far as is known."
    elif record.outcome == "answered" and record.talk is None:
        yield "They still talk, as far as is known."


def summary(record: Recorded, timezone: str) -> dict[str, Any]:
    """One call as ``ariroute calls --json`` lists it: JSON types."""
    return {
        "contact": record.contact,
        "linked": record.linked,
        "pbx": record.pbx,
        "medium": record.medium,
        "arrived": datetime.fromtimestamp(record.arrived, ZoneInfo(timezone)).isoformat(timespec="milliseconds"),
        "caller": record.caller,
        "dialled": record.dialled,
        "flow": record.flow,
        "to": record.destination or None,
        "queue": record.queue or None,
        "priority": record.priority if record.queue else None,
        "by_default": bool(record.by_default),
        "reason": record.reason,
        "handed": record.handed,
        "ms": round(record.took * 1000, 2),
        "rules": record.digest,
        "outcome": record.outcome or None,
        "outcome_queue": record.outcome_queue or None,
        "position": record.position,
        "wait": record.wait,
        "agent": record.agent or None,
        "talk": record.talk,
    }
