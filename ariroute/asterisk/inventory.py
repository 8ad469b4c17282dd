"""What one Asterisk has: its modules, endpoints, sounds, queues and our part of its dialplan. Only reads.

Over HTTP and never over the event websocket, which would take the application from a daemon that runs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from ariroute.asterisk.ami import ActionRefused, Ami
from ariroute.asterisk.answers import body_of
from ariroute.asterisk.ari_http import AriHttp
from ariroute.asterisk.events import Answer
from ariroute.asterisk.faults import classify, of_status
from ariroute.asterisk.frames import request
from ariroute.asterisk.settings import AmiSettings, AriSettings
from ariroute.errors import AmiError, AriRefused, PbxRefused, PbxUnreachable

T = TypeVar("T")

TIMEOUT: Final = 10.0
"""Seconds for each list; thousands of sounds take Asterisk a second."""

MOST_CONTEXTS: Final = 40

DENIED: Final = "Permission denied"


@dataclass(frozen=True, slots=True)
class Line:
    """One priority of the dialplan."""

    extension: str
    priority: int
    application: str
    data: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class Unread:
    """What could not be read, and why: no right to it, or no AMI in the file."""

    why: str


@dataclass(frozen=True, slots=True)
class Inventory:
    """One Asterisk. ``endpoints`` are such as ``PJSIP/anna``; ``dialplan`` has a context that is not there as None."""

    version: str
    modules: frozenset[str]
    endpoints: frozenset[str]
    sounds: frozenset[str]
    variables: Mapping[str, str]
    queues: frozenset[str] | Unread
    dialplan: Mapping[str, Sequence[Line] | None] | Unread
    may_read_database: bool | Unread
    registered: frozenset[str] = field(default_factory=frozenset)
    """Stasis applications that a daemon serves now."""


async def take(
    ari: AriSettings, ami: AmiSettings | None, contexts: Sequence[str], variables: Sequence[str]
) -> Inventory:
    """The inventory, with these contexts and global variables. ARI's user who may only read asks, if there is one.

    Raises PbxUnreachable and PbxRefused when ARI or AMI cannot be asked at all.
    """
    ari = ari.for_reading
    http = AriHttp(ari)
    try:
        info = await _get(http, ari, "asterisk/info", {"only": "system"})
        found: dict[str, Any] = {
            "version": str(info["system"]["version"]),
            "modules": frozenset(
                str(each["name"]).removesuffix(".so")
                for each in await _get(http, ari, "asterisk/modules")
                if each.get("status") == "Running"
            ),
            "endpoints": frozenset(
                f"{each['technology']}/{each['resource']}" for each in await _get(http, ari, "endpoints")
            ),
            "sounds": frozenset(str(each["id"]) for each in await _get(http, ari, "sounds")),
            "variables": {name: await _global(http, ari, name) for name in variables},
            "registered": frozenset(str(each["name"]) for each in await _get(http, ari, "applications")),
        }
    except (LookupError, TypeError, AttributeError) as error:
        raise PbxUnreachable(f"Asterisk at {ari.url} gives answers that are none of ARI's: {error!r}") from None
    finally:
        await http.close()
    return Inventory(**found, **await _over_ami(ami, contexts))


async def _get(http: AriHttp, settings: AriSettings, uri: str, query: Mapping[str, str] | None = None) -> Any:
    asked = request("GET", uri, query)
    outcome = await http.ask(asked, TIMEOUT)
    if not isinstance(outcome, Answer):
        raise PbxUnreachable(str(outcome) or classify(outcome, settings).text)
    if outcome.status in (401, 403, 503) or (outcome.status == 404 and uri == "asterisk/info"):
        fault = of_status(outcome.status, settings)
        raise (PbxRefused if fault.fatal else PbxUnreachable)(fault.text)
    return body_of(asked, outcome)


async def _global(http: AriHttp, settings: AriSettings, name: str) -> str:
    """A global variable, empty when it is not set."""
    try:
        return str((await _get(http, settings, "asterisk/variable", {"variable": name}))["value"])
    except AriRefused as error:
        if error.status == 404:
            return ""
        raise


async def _over_ami(settings: AmiSettings | None, contexts: Sequence[str]) -> dict[str, Any]:
    if settings is None:
        without = Unread("no ami in the file")
        return {"queues": without, "dialplan": without, "may_read_database": without}
    async with Ami(settings) as ami:
        return {
            "queues": frozenset(summary.queue for summary in await ami.queue_summary()),
            "dialplan": await _dialplan(ami, contexts, settings.user),
            "may_read_database": await _may_read_database(ami),
        }


async def _dialplan(ami: Ami, contexts: Sequence[str], user: str) -> Mapping[str, Sequence[Line] | None] | Unread:
    """These contexts, and those to which their ``Goto()`` leads."""
    found: dict[str, Sequence[Line] | None] = {}
    ahead = [*contexts]
    while ahead and len(found) < MOST_CONTEXTS:
        context = ahead.pop(0)
        try:
            events = await ami.action("ShowDialPlan", {"Context": context}, answers_with_list=True)
        except ActionRefused as error:
            if error.message == DENIED:
                return Unread(f"the AMI user '{user}' may not: add reporting to write in its section of manager.conf")
            if not error.message.startswith("Did not find"):  # manager_show_dialplan(), pbx_config.c
                raise
            found[context] = None
            continue
        lines = [_line(event) for event in events if event.get("event") == "ListDialplan" and "priority" in event]
        found[context] = [line for line in lines if line is not None]
        if context in contexts:
            ahead += [name for name in _targets(found[context] or ()) if name not in {*found, *ahead}]
    return found


def _targets(lines: Sequence[Line]) -> list[str]:
    """The contexts that ``Goto()`` names in plain words."""
    parts = (line.data.split(",") for line in lines if line.application == "Goto")
    return list(dict.fromkeys(each[0] for each in parts if len(each) == 3 and "$" not in each[0]))


def _line(event: Mapping[str, str]) -> Line | None:
    """A line of the dialplan; None for an include and the like."""
    if "extension" not in event or not event["priority"].isdecimal():
        return None
    application, data = event.get("application", ""), event.get("appdata", "")
    return Line(event["extension"], int(event["priority"]), application, data, event.get("extensionlabel", ""))


async def _may_read_database(ami: Ami) -> bool:
    try:
        await ami.database_value("ariroute", "check")
    except ActionRefused as error:
        if error.message == DENIED:
            return False
        raise AmiError(str(error)) from error
    return True
