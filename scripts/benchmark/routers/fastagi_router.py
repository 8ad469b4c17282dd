"""fastagi_router.py PORT CUSTOMERS-URL: asks for the customer, sets tier and QUEUE_PRIO, returns to the dialplan."""

from __future__ import annotations

import asyncio
import sys
from urllib.parse import quote

import aiohttp
from panoramisk.fast_agi import Application, Request

PRIORITIES = {"platinum": 30, "gold": 20, "standard": 0}


async def main(port: int, customers: str) -> None:
    async with aiohttp.ClientSession() as session:

        async def route(request: Request) -> None:
            number = quote(request.headers["agi_callerid"], safe="")
            async with session.get(f"{customers}/customers/{number}") as answer:
                tier = (await answer.json())["loyalty"]
            await request.send_command(f"SET VARIABLE QUEUE_PRIO {PRIORITIES[tier]}")
            await request.send_command(f"SET VARIABLE BENCH_TIER {tier}")

        application = Application(loop=asyncio.get_running_loop())
        application.add_route("route", route)
        server = await asyncio.start_server(application.handler, "127.0.0.1", port)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2]))
