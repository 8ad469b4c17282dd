"""node-ari-client from npm, with node's own fetch for the lookup."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

from ariroute.lab.debian import cache_folder
from ariroute.lab.leash import Leashed
from scripts.benchmark.contenders.base import ROUTERS, Contender, Missing, Site, install, start_script

PACKAGE: Final = "ari-client@2.2.0"
_ROUTER = ROUTERS / "node_ari.js"


def _modules() -> Path:
    return cache_folder() / "bench" / PACKAGE.replace("@", "-")


def _prepare() -> None:
    if not shutil.which("node"):
        raise Missing("node is not on PATH (version 18 or later)")
    if (_modules() / "installed").exists():
        return
    if not shutil.which("npm"):
        raise Missing("npm is not on PATH")
    _modules().mkdir(parents=True, exist_ok=True)
    install(["npm", "install", "--no-fund", "--no-audit", "--silent", "--prefix", str(_modules()), PACKAGE])
    (_modules() / "installed").touch()


def _start(site: Site) -> Leashed:
    words = (str(_modules() / "node_modules/ari-client"), site.ari_url, site.ari_user, site.ari_password)
    return start_script("node", [shutil.which("node") or "node", str(_ROUTER), *words, site.customers_url], site)


NODE = Contender("node", "ARI client node-ari-client (npm), fetch for the lookup", _prepare, _start)
