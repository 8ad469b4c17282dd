"""asyncari_router.py ARI-URL USER PASSWORD CUSTOMERS-URL: sets QUEUE_PRIO, continues in the tier's extension."""

from __future__ import annotations

import sys
from typing import Any
from urllib.parse import quote

import anyio  # type: ignore[import-not-found]
import asyncari  # type: ignore[import-not-found]
import httpx  # type: ignore[import-not-found]

PRIORITIES = {"platinum": 30, "gold": 20, "standard": 0}


async def main(url: str, user: str, password: str, customers: str) -> None:
    limits = httpx.Limits(max_connections=100, max_keepalive_connections=100)
    async with (
        asyncari.connect(url + "/", "bench-asyncari", user, password) as ari,
        httpx.AsyncClient(base_url=customers, limits=limits) as http,
    ):

        async def route(event: Any) -> None:
            channel = event.channel
            try:
                answer = await http.get(f"/customers/{quote(channel.caller['number'], safe='')}")
                tier = answer.json()["loyalty"]
                await channel.setChannelVar(variable="QUEUE_PRIO", value=str(PRIORITIES[tier]))
                await channel.continueInDialplan(context="bench-queue", extension=tier, priority=1)
            except Exception as error:  # a caller who has gone must not end the router
                sys.stderr.write(f"{error!r}\n")

        async with ari.on_event("StasisStart") as events:
            sys.stdout.write("ready\n")
            sys.stdout.flush()
            async for event in events:
                ari.taskgroup.start_soon(route, event)


if __name__ == "__main__":
    anyio.run(main, *sys.argv[1:])
