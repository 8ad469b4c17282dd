"""Gathering from one Asterisk. Nothing is changed there; each question has a deadline."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

import aiohttp

from ariroute.asterisk.ami import ActionRefused, Ami
from ariroute.asterisk.ari_http import authorization
from ariroute.asterisk.faults import classify, of_status
from ariroute.asterisk.floor_inventory import FloorInventory, allowed, floor_of
from ariroute.asterisk.frames import quoted
from ariroute.asterisk.inventory import Inventory, take
from ariroute.asterisk.settings import AmiSettings, AriSettings
from ariroute.config.dialplan import Dialplan
from ariroute.config.dialplan_files import read
from ariroute.config.live import CONTEXTS, DEFAULTS
from ariroute.config.model import PbxSettings
from ariroute.doctor.facts import AmiFacts, AriFacts, Member, PbxFacts, QueueFacts, is_loopback
from ariroute.doctor.gather_machine import asterisk_files
from ariroute.doctor.sockets import listening
from ariroute.errors import AmiError, ArirouteError, PbxRefused, PbxUnreachable, UnusableInput
from ariroute.json_text import loads

TIMEOUT: Final = 5.0
FOREIGN: Final = "https://ariroute-doctor.invalid"
"""An origin that nobody can have allowed by name (RFC 6761)."""
DANGEROUS: Final = "STAT(e,/)"
"""A function that only live_dangerously lets ARI and AMI read (func_env.c, 12 to 23), and that harms nobody."""
OFFSET: Final = re.compile(r"[+-](?:0\d|1[0-4])[0-5]\d$", re.ASCII)
UNAVAILABLE: Final = "5"
"""``AST_DEVICE_UNAVAILABLE`` of devicestate.h."""


async def pbx(name: str, settings: PbxSettings, folder: Path) -> PbxFacts:
    """All that one Asterisk tells, and what its own files say when they are here. Raises nothing."""
    parts = urlsplit(settings.ari.url)
    here = is_loopback(parts.hostname or "")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    ari, skew, offset = await _ari(settings.ari, port if here else None)
    ami = await _ami(settings.ami) if settings.ami else AmiAnswers(None)
    inventory, unlisted = await _inventory(settings, ari, ami.facts)
    if ari.dangerous is None and inventory and "func_env" in inventory.modules:
        ari = replace(ari, dangerous=ami.dangerous)
    files = asterisk_files(folder, port) if here else None
    dialplan = _dialplan(folder / "extensions.conf") if files else None
    return PbxFacts(name, ari, ami.facts, inventory, unlisted, ami.queues, files, dialplan, skew, offset, ami.floor)


def _dialplan(file: Path) -> Dialplan | None:
    try:
        return read([file])
    except UnusableInput:
        return None


class AmiAnswers(NamedTuple):
    """What AMI tells, whether it lets read dangerously, and its queues."""

    facts: AmiFacts | None
    dangerous: bool | None = None
    queues: Mapping[str, QueueFacts] | None = None
    floor: FloorInventory | None = None


async def _inventory(settings: PbxSettings, ari: AriFacts, ami: AmiFacts | None) -> tuple[Inventory | None, str]:
    """The inventory, or why there is none.

    Without AMI's part where AMI does not answer; by the user who takes calls where the reader cannot ask.
    """
    if ari.error:
        return None, ""
    asks = settings.ari.model_copy(update={"reader": None}) if ari.reader_error else settings.ari
    try:
        return await take(asks, None if ami is None or ami.error else settings.ami, CONTEXTS, tuple(DEFAULTS)), ""
    except ArirouteError as error:
        return None, str(error)


# ---- ARI


async def _ari(settings: AriSettings, port: int | None) -> tuple[AriFacts, float | None, str]:
    """What ARI tells, the skew of its clock, and its time zone."""
    facts: dict[str, Any] = {"url": settings.url, "user": settings.user}
    if port is not None:
        facts["bound"] = listening(port)
    async with _Asker(settings) as asker:
        try:
            begun = datetime.now(UTC)
            status, headers, body = await asker.ask("GET", "asterisk/info")
        except (OSError, TimeoutError, aiohttp.ClientError) as error:
            return AriFacts(**facts, error=classify(error, settings).text), None, ""
        if status != 200 or not isinstance(body, dict):
            return AriFacts(**facts, error=of_status(status, settings).text), None, ""
        skew = skew_of(headers.get("Date", ""), begun, datetime.now(UTC))
        with suppress(OSError, TimeoutError, aiohttp.ClientError):
            facts |= await _rights(asker, "may_write")
            facts["any_origin"] = await _lets_any_origin(asker)
            facts["dangerous"] = await _is_dangerous(asker)
    if settings.reader:
        facts["reader"] = settings.reader.user
        facts |= await _reader(settings.for_reading)
    return AriFacts(**facts), skew, offset_of(body)


async def _reader(settings: AriSettings) -> dict[str, Any]:
    async with _Asker(settings) as asker:
        try:
            status, _, _ = await asker.ask("GET", "asterisk/info")
            if status != 200:
                return {"reader_error": of_status(status, settings).text}
            return await _rights(asker, "reader_may_write")
        except (OSError, TimeoutError, aiohttp.ClientError) as error:
            return {"reader_error": classify(error, settings).text}


async def _rights(asker: _Asker, key: str) -> dict[str, Any]:
    """Whether a change is refused: the end of a playback that nobody has."""
    status, _, _ = await asker.ask("DELETE", f"playbacks/ariroute-doctor-{uuid.uuid4()}")
    return {key: {404: True, 403: False}.get(status)}


async def _lets_any_origin(asker: _Asker) -> bool:
    _, headers, _ = await asker.ask("GET", "asterisk/info?only=system", {"Origin": FOREIGN})
    return "Access-Control-Allow-Origin" in headers


async def _is_dangerous(asker: _Asker) -> bool | None:
    """Asked of a call that is up, since ARI reads functions of channels alone; None when no answer tells."""
    _, _, modules = await asker.ask("GET", "asterisk/modules/func_env.so")
    _, _, channels = await asker.ask("GET", "channels")
    if not (isinstance(modules, dict) and modules.get("status") == "Running" and isinstance(channels, list)):
        return None
    for channel in [each for each in channels[:5] if isinstance(each, dict)]:
        status, _, _ = await asker.ask(
            "GET", f"channels/{quoted(str(channel.get('id')))}/variable?variable={DANGEROUS}"
        )
        if status in (200, 500):
            return status == 200
    return None


def skew_of(date: str, begun: datetime, ended: datetime) -> float | None:
    """Seconds by which a Date header of an answer is ahead; it has whole seconds, cut off. None when it is no date."""
    try:
        theirs = parsedate_to_datetime(date).replace(tzinfo=UTC)  # HTTP's dates are in GMT
    except ValueError:
        return None
    if (theirs - begun).total_seconds() < -1:
        return (theirs - begun).total_seconds() + 1
    return max((theirs - ended).total_seconds(), 0.0)


def offset_of(info: Mapping[str, Any]) -> str:
    """The time zone of Asterisk in its answer to ``asterisk/info``, as ``+0100``; empty when it is not there."""
    status = info.get("status")
    match = OFFSET.search(str(status.get("startup_time", "")) if isinstance(status, dict) else "")
    return match[0] if match else ""


class _Asker:
    """ARI over HTTP with headers, which the daemon has no use for."""

    def __init__(self, settings: AriSettings) -> None:
        self._base = f"{settings.url}/ari/"
        self._session = aiohttp.ClientSession(
            headers=authorization(settings), cookie_jar=aiohttp.DummyCookieJar(), timeout=aiohttp.ClientTimeout(TIMEOUT)
        )

    async def __aenter__(self) -> _Asker:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def ask(
        self, method: str, uri: str, headers: Mapping[str, str] | None = None
    ) -> tuple[int, Mapping[str, str], Any]:
        """Status, headers, and the body when it is JSON."""
        async with self._session.request(method, self._base + uri, headers=headers, allow_redirects=False) as answer:
            try:
                body = loads(await answer.read())
            except (ValueError, RecursionError):
                body = None
            return answer.status, answer.headers, body


# ---- AMI


async def _ami(settings: AmiSettings) -> AmiAnswers:
    bound = listening(settings.port) if is_loopback(settings.host) else None
    facts = AmiFacts(settings.address, settings.user, bound=bound)
    try:
        async with asyncio.timeout(4 * TIMEOUT), Ami(settings) as ami:
            actions = await allowed(ami)
            events = await ami.action("QueueStatus", answers_with_list=True)
            dangerous = await _reads_dangerously(ami) if "getvar" in actions else None
    except (PbxRefused, PbxUnreachable, AmiError) as error:
        return AmiAnswers(replace(facts, error=str(error)))
    except TimeoutError:
        return AmiAnswers(replace(facts, error=f"AMI at {settings.address} takes too long to answer"))
    floor = floor_of(settings.user, actions, events)
    return AmiAnswers(replace(facts, actions=actions), dangerous, queues_of(events), floor)


async def _reads_dangerously(ami: Ami) -> bool | None:
    try:
        (answer,) = await ami.action("Getvar", {"Variable": DANGEROUS})
    except ActionRefused:
        return None
    return answer.get("value", "") == "1"


def queues_of(events: Sequence[Mapping[str, str]]) -> dict[str, QueueFacts]:
    """The queues and members of AMI's QueueStatus."""
    members: dict[str, list[Member]] = {}
    for event in events:
        if event.get("event") == "QueueMember":
            name = event.get("location") or event.get("name", "")
            penalty = event.get("penalty", "")
            member = Member(
                name,
                event.get("paused") == "1",
                event.get("status") != UNAVAILABLE,
                int(penalty) if penalty.isdecimal() else 0,
            )
            members.setdefault(event.get("queue", ""), []).append(member)
    found = {}
    for event in events:
        if event.get("event") == "QueueParams":
            name, weight = event.get("queue", ""), event.get("weight", "")
            number = int(weight) if weight.isdecimal() else 0
            found[name] = QueueFacts(name, event.get("strategy", ""), number, tuple(members.get(name, ())))
    return found
