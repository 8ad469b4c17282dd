"""A FastAGI server, as one would write it with panoramisk and aiohttp."""

from __future__ import annotations

import sys

from ariroute.lab.leash import Leashed
from scripts.benchmark.contenders.base import ROUTERS, Contender, Site, start_script

_ROUTER = ROUTERS / "fastagi_router.py"


def _start(site: Site) -> Leashed:
    return start_script("fastagi", [sys.executable, str(_ROUTER), str(site.fastagi_port), site.customers_url], site)


FASTAGI = Contender("fastagi", "FastAGI server on panoramisk, aiohttp for the lookup", start=_start)
