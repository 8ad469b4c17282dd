"""Who is measured. Each file holds one contender; this one only lists them, in the order of the tables."""

from __future__ import annotations

from scripts.benchmark.contenders import ariroute, asyncari, dialplan, fastagi, node
from scripts.benchmark.contenders.base import Contender

CONTENDERS: dict[str, Contender] = {
    contender.name: contender
    for contender in (
        dialplan.FLOOR,
        dialplan.CURL,
        fastagi.FASTAGI,
        asyncari.ASYNCARI,
        node.NODE,
        ariroute.WEBSOCKET,
        ariroute.HTTP,
    )
}
