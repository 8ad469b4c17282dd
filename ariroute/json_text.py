"""JSON to and from text: orjson when installed (extra ``speed``), else the standard library. Only this module knows."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

loads: Callable[[str | bytes], Any]
dumps: Callable[[Any], str]

try:
    import orjson
except ImportError:  # the plain install
    loads = json.loads

    def dumps(value: Any) -> str:
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
else:
    loads = orjson.loads

    def dumps(value: Any) -> str:
        return orjson.dumps(value).decode()
