"""From the user's flow file to that of the daemon under proof: the same flows, where nothing real is touched.

Its Asterisk is the private one, lookups and notices are stand-ins (:mod:`ariroute.proof.stand_in`), texts are spoken by
a sound file, phones are the lab's. Flows, queues, hours, guard and the daemon's other settings stay as they are.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ariroute.config.load import Config
from ariroute.config.places import Path as Place
from ariroute.config.read import Document
from ariroute.config.staffing import OF_AGENTS, OF_QUEUES
from ariroute.flow.contact import dialled_party
from ariroute.flow.steps import Goto, HangUp
from ariroute.proof.stand_in import LOOKUPS, NOTICES

PBX: Final = "pbx1"
"""The name of the private Asterisk where the file names none."""
NO_EVENTS: Final = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//ariroute//proof//EN\r\nEND:VCALENDAR\r\n"
UNKNOWN: Final = "anybody"
"""What is dialled where a flow takes every call, or no flow has a trigger."""


@dataclass(frozen=True, slots=True)
class Around:
    """What the stage offers to the daemon under proof."""

    asterisk: Mapping[str, Any]
    """The section ``asterisk``, whole."""
    service: str | None
    """The stand-in for lookups; None where the real ones are asked."""
    notices: str
    """The stand-in for whom the flow notifies."""
    no_events: Path
    """A calendar without events, for each that is behind a URL."""
    phones: Mapping[str, str]
    """The endpoint that stands for each name under ``endpoints`` and ``agents``, as ``endpoints.anna``."""
    tone: Path | None = None
    """What is heard instead of speech; None leaves the file's own command."""
    speech_cache: Path = Path()


def derived(config: Config, document: Document, around: Around, admin: int) -> str:
    """The flow file, as JSON, which is YAML. ``document`` is what was read for ``config``."""
    data: dict[str, Any] = json.loads(json.dumps(document.data))
    for section in ("journal", "tests"):  # what is made up does not belong into the record of real calls
        data.pop(section, None)
    _without_staffing(data)
    data["asterisk"] = around.asterisk
    data["daemon"] = {**data.get("daemon", {}), "admin": f"127.0.0.1:{admin}"}
    if data.get("lookups"):
        data["lookups"] = _lookups(config, document, data["lookups"], around)
    for name, notice in data.get("notify", {}).items():
        kept = {key: value for key, value in notice.items() if key not in ("url", "auth", "tls", "headers", "allow")}
        data["notify"][name] = {**kept, "url": f"{around.notices}{NOTICES}{name}"}
    for name, hours in data.get("hours", {}).items():
        if "calendar" in hours:
            hours["calendar"] = _calendar(document, name, hours["calendar"], around)
    for section in ("endpoints", "agents"):
        for name in data.get(section, {}):
            data[section][name] = _phone(data[section][name], around.phones[f"{section}.{name}"])
    if "speech" in data and around.tone:
        spoken = {"command": ["cp", str(around.tone), "{file}"], "cache": str(around.speech_cache)}
        data["speech"] = {**data["speech"], **spoken}
    return json.dumps(data, indent=1, ensure_ascii=False) + "\n"


def _without_staffing(data: dict[str, Any]) -> None:
    """Nobody is moved in a proof: its agents are the stage's own, or, on a live Asterisk, people at work."""
    data.pop("staffing", None)
    for section, keys in (("queues", OF_QUEUES), ("agents", OF_AGENTS)):
        for entry in data.get(section, {}).values():
            for key in keys if isinstance(entry, dict) else ():
                entry.pop(key, None)


def entries(config: Config) -> list[str]:
    """What callers may dial to reach each trigger of the file: numbers and words, each once."""
    triggers = [flow.trigger for flow in config.ruleset.flows.values() if flow.trigger]
    named = [text for trigger in triggers for text in sorted(trigger.to)]
    anything = [UNKNOWN] if not named or any(not trigger.to for trigger in triggers) else []
    return list(dict.fromkeys([*named, *anything]))


def started(config: Config, dialled: str) -> str:
    """The flow that a call to this number starts; empty for none."""
    party = dialled_party(dialled, config.ruleset.region)
    for takes_any in (False, True):
        for name, flow in config.ruleset.flows.items():
            to = flow.trigger.to if flow.trigger else None
            if to is not None and (not to if takes_any else not to.isdisjoint((party.e164, party.number))):
                return name
    return ""


def refusals(config: Config, dialled: str) -> frozenset[int]:
    """The causes with which calls to this number may be hung up: by the flow that it starts, and those behind it."""
    flows, found, waiting = config.ruleset.flows, set[str](), {started(config, dialled)}
    while name := next(iter(waiting - found), ""):
        found.add(name)
        waiting |= {step.flow for step in flows[name].walk() if isinstance(step, Goto)}
    return frozenset(step.cause for name in found for step in flows[name].walk() if isinstance(step, HangUp))


def phones(config: Config) -> list[str]:
    """Whom the file's flows may ring: ``endpoints.anna``, ``agents.maja``."""
    ruleset = config.ruleset
    return [
        *(f"endpoints.{name}" for name in ruleset.endpoints),
        *(f"agents.{name}" for name in ruleset.agents.by_name),
    ]


@dataclass(frozen=True, slots=True)
class PrivatePbx:
    """How the daemon under proof reaches the private Asterisk."""

    ari: str
    ami: str
    user: str
    secret: Path
    ami_secret: Path

    def section(self, given: Mapping[str, Any] | None) -> dict[str, Any]:
        """``asterisk:`` with the first server of the file, its connection's settings kept, at this place."""
        name, first = next(iter(given.items())) if given else (PBX, {"ari": {}})
        ari = {key: value for key, value in first["ari"].items() if key not in ("url", "user", "password", "app")}
        ari |= {"url": self.ari, "user": self.user, "password": _from(self.secret)}
        ami = {key: value for key, value in (first.get("ami") or {}).items() if key == "timeout"}
        ami |= {"address": self.ami, "user": self.user, "password": _from(self.ami_secret)}
        return {name: {"ari": ari, "ami": ami}}


def _from(secret: Path) -> str:
    return f"${{file:{secret}}}"


def _lookups(config: Config, document: Document, given: dict[str, Any], around: Around) -> dict[str, Any]:
    if around.service is None:
        return {name: _at_home(document, ("lookups", name), entry) for name, entry in given.items()}
    return {name: _stand_in(config, name, entry, around.service) for name, entry in given.items()}


def _stand_in(config: Config, name: str, entry: dict[str, Any], service: str) -> dict[str, Any]:
    """A lookup with the fields, the timeout, the cache and the inputs of its own, that asks the stand-in."""
    settings, _ = config.lookups[name]
    inputs = [each for each in sorted(config.kinds[name].template_names) if not each.startswith("contact.")]
    query = "&".join(f"{each.replace('.', '-')}={{{each}}}" for each in inputs)
    http = {
        "url": f"{service}{LOOKUPS}{name}" + (f"?{query}" if query else ""),
        "timeout": f"{settings.timeout * 1000:.0f}ms",
        "max_in_flight": settings.max_in_flight,
    }
    cache = {"cache": entry["cache"]} if "cache" in entry else {}
    return {"http": http, "fields": dict(settings.fields), **cache}


def _at_home(document: Document, path: Place, value: Any) -> Any:
    """A lookup as it is, with the names of files made absolute that start at the user's own file."""
    folder = Path(document.places.source(path).file).resolve().parent
    for holder, key in _file_names(value):
        text = holder[key]
        is_sqlite = text.startswith("sqlite:")
        name = text.removeprefix("sqlite:")
        holder[key] = f"{'sqlite:' if is_sqlite else ''}{folder / name}"
    return value


def _file_names(entry: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    """Where a lookup names a file: of a list, of a database, of certificates."""
    for kind in (body for body in entry.values() if isinstance(body, dict)):
        if isinstance(kind.get("path"), str):
            yield kind, "path"
        if isinstance(kind.get("url"), str) and kind["url"].startswith("sqlite:") and "//" not in kind["url"]:
            yield kind, "url"
        if isinstance(tls := kind.get("tls"), dict):
            yield from ((tls, key) for key in ("ca", "certificate", "key") if isinstance(tls.get(key), str))


def _calendar(document: Document, name: str, given: Any, around: Around) -> dict[str, Any]:
    """A calendar's file by its whole name; for a URL, which may be a secret one, a calendar without events."""
    calendar = given if isinstance(given, dict) else {"url" if _is_url(given) else "file": given}
    if "file" not in calendar:
        return {"file": str(around.no_events)}
    folder = Path(document.places.source(("hours", name, "calendar")).file).resolve().parent
    return {**calendar, "file": str(folder / calendar["file"])}


def _is_url(text: str) -> bool:
    return text.lower().startswith(("http://", "https://", "${"))


def _phone(given: Any, endpoint: str) -> Any:
    return {**given, "dial": endpoint} if isinstance(given, dict) else endpoint
