"""asyncari from PyPI, with httpx (which it brings along) for the lookup; in an environment of its own."""

from __future__ import annotations

from typing import Final

from ariroute.lab.leash import Leashed
from scripts.benchmark.contenders.base import ROUTERS, Contender, Site, start_script, virtual_environment

REQUIREMENTS: Final = ("asyncari==0.20.6", "httpx")
_ROUTER = ROUTERS / "asyncari_router.py"


def _prepare() -> None:
    virtual_environment("asyncari", REQUIREMENTS)


def _start(site: Site) -> Leashed:
    python = virtual_environment("asyncari", REQUIREMENTS)
    words = (site.ari_url, site.ari_user, site.ari_password, site.customers_url)
    return start_script("asyncari", [str(python), str(_ROUTER), *words], site)


ASYNCARI = Contender("asyncari", "ARI client asyncari (PyPI), httpx for the lookup", _prepare, _start)
