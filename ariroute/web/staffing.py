"""The staffing in the admin API: how each tier does, and letting go of agents and taking them over again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from aiohttp import web

from ariroute.daemon.app import Daemon
from ariroute.daemon.staffing.staffer import Staffer
from ariroute.errors import AmiError

Done = Mapping[str, Sequence[str]]
"""``undone`` and ``failed``, in words."""


def told(daemon: Daemon) -> dict[str, Any]:
    """The staffing of each PBX that has AMI, as JSON types, and the time zone in which people there live."""
    return {
        "timezone": daemon.config.ruleset.timezone,
        "standing_by": daemon.standing_by,
        "pbxs": {name: staffer.status() for name, staffer in _staffers(daemon).items()},
    }


async def changed(daemon: Daemon, what: Callable[[Staffer], Awaitable[Done]]) -> web.Response:
    """200 with what came of ``what`` for each PBX; 422 where there is nothing to be staffed."""
    if problem := _problem(daemon):
        return web.json_response({"problems": [problem]}, status=422)
    return web.json_response({"pbxs": {name: await _tried(each, what) for name, each in _staffers(daemon).items()}})


def _problem(daemon: Daemon) -> str:
    if daemon.standing_by:
        return "this daemon stands by: ask the one that has the calls (--admin HOST:PORT)"
    if not _staffers(daemon):
        return "no PBX of the flow file has AMI, so no agent was ever moved"
    return ""


async def _tried(staffer: Staffer, what: Callable[[Staffer], Awaitable[Done]]) -> Done:
    try:
        return await what(staffer)
    except AmiError as error:
        return {"undone": [], "failed": [f"{error}; nothing has changed"]}


def _staffers(daemon: Daemon) -> dict[str, Staffer]:
    return {name: pbx.staffer for name, pbx in daemon.pbxs.items() if pbx.staffer}
