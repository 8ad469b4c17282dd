"""The files of ``packaging/monitoring`` as tests read them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

FOLDER = Path(__file__).parents[1] / "packaging" / "monitoring"
NAMES = re.compile(r"\b(?:ariroute|process)_\w+")


def alerts() -> list[dict[str, Any]]:
    """The rules of alerts.yml."""
    groups = YAML(typ="safe").load((FOLDER / "alerts.yml").read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def dashboard() -> dict[str, Any]:
    """The dashboard of Grafana."""
    found: dict[str, Any] = json.loads((FOLDER / "dashboard.json").read_text(encoding="utf-8"))
    return found


def expressions() -> Iterator[tuple[str, str]]:
    """Title and expression of each target of the dashboard, as Grafana asks with all PBXs, flows and queues chosen."""
    given = {"$__rate_interval": "1m", "$__range": "1h", "$pbx": ".*", "$flow": ".*", "$queue": ".*"}
    for panel in dashboard()["panels"]:
        for target in panel.get("targets", ()):
            text = target["expr"]
            for name, value in given.items():
                text = text.replace(name, value)
            yield panel["title"], text
