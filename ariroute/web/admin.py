"""The admin API on loopback: liveness, readiness, metrics, status, calls as they are decided, reload, staffing.

It has no passwords, so it must not answer a web page that a browser on the same machine shows. Such a page may know a
name of its own that leads to 127.0.0.1 (DNS rebinding), but its browser then sends that name as ``Host``; and what it
has another origin send bears ``Origin``. A change needs the header ``X-Ariroute`` besides, which no page can send
without the browser asking first, and this server never grants it.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from aiohttp import web

from ariroute import __version__
from ariroute.daemon.app import Daemon
from ariroute.daemon.staffing.staffer import Staffer
from ariroute.daemon.watching import wanted_by
from ariroute.errors import ArirouteError, ConfigError, UnusableInput
from ariroute.json_text import dumps
from ariroute.web.staffing import changed, told

DAEMON = web.AppKey("daemon", Daemon)
HEADER = "X-Ariroute"
LOCAL = re.compile(r"(localhost|127(\.[0-9]{1,3}){3}|\[::1\])(:[0-9]{1,5})?", re.ASCII | re.IGNORECASE)
"""Names of this machine that no name server has a say in (RFC 6761 keeps ``localhost``)."""

JSON_LINES = "application/jsonl; charset=utf-8"
QUIET = 5.0
"""Seconds after which a reader is told that nothing has happened, and one who has gone is noticed."""

PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"

routes = web.RouteTableDef()


@routes.get("/live")
async def live(request: web.Request) -> web.Response:
    """200 while the event loop turns."""
    return web.json_response({"live": True, "version": __version__})


@routes.get("/ready")
async def ready(request: web.Request) -> web.Response:
    """200 when every PBX is connected, else 503."""
    status = request.app[DAEMON].status()
    return web.json_response(status, status=200 if status["ready"] else 503)


@routes.get("/status")
async def status(request: web.Request) -> web.Response:
    """The state of each PBX and the configuration in force."""
    return web.json_response(request.app[DAEMON].status())


@routes.get("/metrics")
async def metrics(request: web.Request) -> web.Response:
    """For Prometheus."""
    return web.Response(body=request.app[DAEMON].metrics.render(), headers={"Content-Type": PROMETHEUS})


@routes.get("/calls")
async def calls(request: web.Request) -> web.StreamResponse:
    """Calls as they leave the daemon, one JSON object a line, until the reader goes: :mod:`ariroute.daemon.watching`.

    The first line says what is shown. ``?caller=`` chooses one. An empty line now and then tells that nothing happens.
    """
    if HEADER not in request.headers:
        return _refused(f"the header {HEADER} is missing")
    daemon, ringing = request.app[DAEMON], asyncio.Event()
    config, answer = daemon.config, web.StreamResponse(headers={"Content-Type": JSON_LINES})
    try:
        wants = wanted_by(request.query.get("caller", ""), config.ruleset.region)
        with daemon.watchers.watch(wants, ringing.set) as watcher:
            await answer.prepare(request)
            shown = {"timezone": config.ruleset.timezone, "mask_numbers": config.daemon.mask_numbers}
            lines = [dumps({"watching": shown | {"standing_by": daemon.standing_by}})]
            while not daemon.watchers.closed:
                await answer.write("".join(f"{line}\n" for line in lines or [""]).encode())
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(QUIET):  # wait_for() of Python 3.11 may swallow a cancellation
                        await ringing.wait()
                ringing.clear()
                lines = watcher.take()
    except UnusableInput as error:
        return web.json_response({"problems": [str(error)]}, status=422)
    except ConnectionError:
        pass  # the reader has gone
    return answer


@routes.post("/reload")
async def reload(request: web.Request) -> web.Response:
    """200 with what changed; 422 with every mistake when the file is refused."""
    if HEADER not in request.headers:
        return _refused(f"the header {HEADER} is missing")
    daemon = request.app[DAEMON]
    try:
        changed = await daemon.reload()
    except ConfigError as error:
        return web.json_response({"problems": [str(problem) for problem in error.problems]}, status=422)
    except ArirouteError as error:
        return web.json_response({"problems": [str(error)]}, status=422)
    return web.json_response({"changed": changed, "digest": daemon.config.digest})


@routes.get("/staffing")
async def staffing(request: web.Request) -> web.Response:
    """How the tiers of each PBX are staffed."""
    return web.json_response(told(request.app[DAEMON]))


@routes.post("/staffing/release")
async def release(request: web.Request) -> web.Response:
    """Undo what was done to agents, and leave them alone."""
    if HEADER not in request.headers:
        return _refused(f"the header {HEADER} is missing")
    return await changed(request.app[DAEMON], Staffer.release)


@routes.post("/staffing/resume")
async def resume(request: web.Request) -> web.Response:
    """Take the agents over again."""
    if HEADER not in request.headers:
        return _refused(f"the header {HEADER} is missing")
    return await changed(request.app[DAEMON], Staffer.resume)


@web.middleware
async def for_this_machine(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """403 for what a web page may have sent. Monitors that speak HTTP/1.0 send no ``Host``; every browser does."""
    host, origin = request.headers.get("Host"), request.headers.get("Origin")
    if host is not None and not LOCAL.fullmatch(host):
        return _refused("the header Host names no address of this machine: a proxy must send such as Host: 127.0.0.1")
    if origin is not None and not LOCAL.fullmatch(_netloc(origin)):
        return _refused("the header Origin names a web page of elsewhere")
    return await handler(request)


def _refused(why: str) -> web.Response:
    return web.json_response({"problems": [why]}, status=403)


def _netloc(origin: str) -> str:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""


async def _say_little(request: web.Request, response: web.StreamResponse) -> None:
    """Name no libraries, keep nothing in a cache, and leave no room for a guess at what a body is."""
    response.headers.update({"Server": "ariroute", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"})


def admin_app(daemon: Daemon) -> web.Application:
    """The admin API over ``daemon``."""
    app = web.Application(client_max_size=64 * 1024, middlewares=[for_this_machine])
    app.on_response_prepare.append(_say_little)
    app[DAEMON] = daemon
    app.add_routes(routes)
    return app
