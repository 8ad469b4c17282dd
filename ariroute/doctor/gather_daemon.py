"""Gathering from the daemon, over its admin API."""

from __future__ import annotations

from typing import Any, Final

import aiohttp

from ariroute.asterisk.faults import plain
from ariroute.doctor.daemon import DaemonFacts

TIMEOUT: Final = aiohttp.ClientTimeout(3.0)


async def daemon(address: str) -> DaemonFacts:
    """What answers at ``address``. Raises nothing."""
    async with aiohttp.ClientSession(timeout=TIMEOUT) as session:
        try:
            live = await _json(session, address, "live")
            status = await _json(session, address, "status")
            async with session.get(f"http://{address}/metrics") as answer:
                metrics = await answer.text() if answer.status == 200 else ""
        except TimeoutError:
            return DaemonFacts(address, error=f"{address} did not answer within {TIMEOUT.total:g} s")
        except aiohttp.ClientConnectorError as error:
            return DaemonFacts(address, error=plain(error.os_error))
        except (OSError, aiohttp.ClientError) as error:
            return DaemonFacts(address, error=f"{type(error).__name__}: {error}")
        except ValueError:
            live = status = None
    if not (isinstance(live, dict) and isinstance(status, dict) and isinstance(status.get("pbxs"), dict)):
        return DaemonFacts(address, error=f"whoever answers at {address} is no daemon of ariroute")
    return DaemonFacts(
        address,
        version=str(live.get("version", "")),
        ready=bool(status.get("ready")),
        standing_by=bool(status.get("standing_by")),
        digest=str(status.get("digest", "")),
        pbxs=status["pbxs"],
        open_files=_figure(metrics, "process_open_fds"),
        most_files=_figure(metrics, "process_max_fds"),
    )


async def _json(session: aiohttp.ClientSession, address: str, path: str) -> Any:
    async with session.get(f"http://{address}/{path}", allow_redirects=False) as answer:
        return await answer.json(content_type=None)


def _figure(metrics: str, name: str) -> int:
    """A sample of Prometheus' text format; 0 when it is not there."""
    for line in metrics.splitlines():
        if line.startswith(f"{name} "):
            try:
                return int(float(line.split()[1]))
            except (ValueError, OverflowError):
                return 0
    return 0
