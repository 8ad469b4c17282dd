"""The admin API on loopback: liveness, readiness, metrics, status, reload.

A change needs the header ``X-Ariroute``: a web page opened on the same machine cannot send it without the browser
asking first, which this server never grants.
"""

from __future__ import annotations

from aiohttp import web

from ariroute import __version__
from ariroute.daemon.app import Daemon
from ariroute.errors import ArirouteError, ConfigError

DAEMON = web.AppKey("daemon", Daemon)
HEADER = "X-Ariroute"
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


@routes.post("/reload")
async def reload(request: web.Request) -> web.Response:
    """200 with what changed; 422 with every mistake when the file is refused."""
    if HEADER not in request.headers:
        return web.json_response({"problems": [f"the header {HEADER} is missing"]}, status=403)
    daemon = request.app[DAEMON]
    try:
        changed = await daemon.reload()
    except ConfigError as error:
        return web.json_response({"problems": [str(problem) for problem in error.problems]}, status=422)
    except ArirouteError as error:
        return web.json_response({"problems": [str(error)]}, status=422)
    return web.json_response({"changed": changed, "digest": daemon.config.digest})


def admin_app(daemon: Daemon) -> web.Application:
    """The admin API over ``daemon``."""
    app = web.Application(client_max_size=64 * 1024)
    app[DAEMON] = daemon
    app.add_routes(routes)
    return app
