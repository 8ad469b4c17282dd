"""Contacts, wants, replies and answers as JSON types, and back: what the journal keeps of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from ariroute.flow.contact import Contact, Party
from ariroute.flow.facts import Answer, Failure, Outcome
from ariroute.flow.history import History, Told
from ariroute.flow.hours import Event, Stretch
from ariroute.flow.wants import (
    Fetch,
    Gather,
    Gathered,
    PickUp,
    Play,
    Played,
    PromptItem,
    Rang,
    Reply,
    Ring,
    RingOutcome,
    Sound,
    Tone,
    Want,
)

Plain = dict[str, Any]


def contact_to_plain(contact: Contact) -> Plain:
    return {
        "id": contact.id,
        "arrived": contact.arrived.isoformat(),
        "caller": _party(contact.caller),
        "dialled": _party(contact.dialled),
        "medium": contact.medium,
        "pbx": contact.pbx,
        "arguments": list(contact.arguments),
    }


def _party(party: Party) -> Plain:
    return {"number": party.number, "e164": party.e164, "name": party.name}


def contact_of(plain: Mapping[str, Any]) -> Contact:
    return Contact(
        plain["id"],
        datetime.fromisoformat(plain["arrived"]),
        Party(**plain["caller"]),
        Party(**plain["dialled"]),
        plain["medium"],
        plain["pbx"],
        tuple(plain["arguments"]),
    )


def history_to_plain(history: History) -> Plain:
    """What the run was told, of what may be kept (:mod:`ariroute.journal.keeping`)."""
    return {
        "began": history.began and history.began.isoformat(),
        "told": [_told(each) for each in history.told],
        "given_up": history.given_up,
        "left": history.left and _want(history.left),
        "draws": history.draws,
        "calendars": {name: [_stretch(each) for each in said] for name, said in history.calendars.items()},
    }


def _stretch(stretch: Stretch) -> Plain:
    event = stretch.event
    return {
        "calendar": stretch.calendar,
        "since": stretch.since and stretch.since.isoformat(),
        "until": stretch.until and stretch.until.isoformat(),
        "event": event
        and {
            "begins": event.begins.isoformat(),
            "ends": event.ends.isoformat(),
            "name": event.name,
            "opens": event.opens,
            "whole_days": event.whole_days,
        },
    }


def _told(told: Told) -> Plain:
    want, reply, at = told
    plain: Plain = {"at": at.isoformat(), "want": _want(want)}
    if isinstance(reply, Sequence):
        return plain | {"answers": [_answer(answer) for answer in reply]}
    return plain | {"reply": reply and _reply(reply)}


def _answer(answer: Answer) -> Plain:
    return {
        "lookup": answer.lookup,
        "outcome": str(answer.outcome),
        "fields": dict(answer.fields),
        "failure": answer.failure and str(answer.failure),
        "detail": answer.detail,
        "took": answer.took,
        "origin": answer.origin,
        "began": answer.began,
    }


def _want(want: Want) -> Plain:
    match want:
        case Fetch(lookups=lookups):
            return {"fetch": list(lookups)}
        case PickUp():
            return {"answer": True}
        case Play(prompt=prompt):
            return {"play": _prompt(prompt)}
        case Gather(prompt=prompt, most=most, terminator=terminator):
            return {"gather": _prompt(prompt), "most": most, "terminator": terminator}
        case Ring(name=name, endpoint=endpoint):
            return {"ring": name, "endpoint": endpoint}


def _prompt(prompt: Sequence[PromptItem]) -> list[list[str]]:
    """The fixed parts; what was said of the caller is not kept."""
    return [
        ["sound" if isinstance(item, Sound) else "tone", item.name] for item in prompt if isinstance(item, Sound | Tone)
    ]


def _reply(reply: Reply) -> Plain:
    match reply:
        case Played(failure, took):
            return {"played": failure, "took": took}
        case Gathered(digits, failure, took, word, rule):
            meant = {"word": word, "rule": rule} if word else {}
            return {"gathered": digits, "failure": failure, "took": took, **meant}
        case Rang(outcome, detail, took):
            return {"rang": str(outcome), "detail": detail, "took": took}


def history_of(plain: Mapping[str, Any]) -> History:
    began = plain["began"] and datetime.fromisoformat(plain["began"])
    told = [_told_of(each) for each in plain["told"]]
    calendars = {name: [_stretch_of(each) for each in said] for name, said in plain["calendars"].items()}
    left = plain["left"] and _want_of(plain["left"])
    return History(began, told, plain["given_up"], left, dict(plain["draws"]), calendars)


def _stretch_of(plain: Mapping[str, Any]) -> Stretch:
    since, until, event = plain["since"], plain["until"], plain["event"]
    return Stretch(
        plain["calendar"],
        event and Event(**event | {name: datetime.fromisoformat(event[name]) for name in ("begins", "ends")}),
        since and datetime.fromisoformat(since),
        until and datetime.fromisoformat(until),
    )


def _told_of(plain: Mapping[str, Any]) -> Told:
    reply: Sequence[Answer] | Reply | None
    if "answers" in plain:
        reply = [_answer_of(each) for each in plain["answers"]]
    else:
        reply = plain["reply"] and _reply_of(plain["reply"])
    return Told(_want_of(plain["want"]), reply, datetime.fromisoformat(plain["at"]))


def _answer_of(plain: Mapping[str, Any]) -> Answer:
    return Answer(
        plain["lookup"],
        Outcome(plain["outcome"]),
        plain["fields"],
        plain["failure"] and Failure(plain["failure"]),
        plain["detail"],
        plain["took"],
        plain["origin"],
        plain["began"],
    )


def _want_of(plain: Mapping[str, Any]) -> Want:
    match plain:
        case {"fetch": lookups}:
            return Fetch(tuple(lookups), {})
        case {"answer": _}:
            return PickUp()
        case {"play": prompt}:
            return Play(_prompt_of(prompt), 0.0)
        case {"gather": prompt, "most": most, "terminator": terminator}:
            return Gather(_prompt_of(prompt), 0.0, most, 0.0, 0.0, terminator)
        case {"ring": name, "endpoint": endpoint}:
            return Ring(name, endpoint, 0.0)
    raise ValueError(f"no want that this version knows: {plain}")


def _prompt_of(items: Sequence[Sequence[str]]) -> tuple[PromptItem, ...]:
    return tuple(Sound(name) if kind == "sound" else Tone(name) for kind, name in items)


def _reply_of(plain: Mapping[str, Any]) -> Reply:
    match plain:
        case {"played": failure, "took": took}:
            return Played(failure, took)
        case {"gathered": digits, "failure": failure, "took": took}:
            return Gathered(digits, failure, took, plain.get("word", ""), plain.get("rule", ""))
        case {"rang": outcome, "detail": detail, "took": took}:
            return Rang(RingOutcome(outcome), detail, took)
    raise ValueError(f"no reply that this version knows: {plain}")
