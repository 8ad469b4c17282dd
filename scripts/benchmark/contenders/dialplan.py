"""The contenders that need no router, since the dialplan does it all: see dialplan.conf."""

from __future__ import annotations

from scripts.benchmark.contenders.base import Contender

FLOOR = Contender("floor", "dialplan alone, no lookup: what no router can beat")
CURL = Contender("curl", "dialplan with CURL() and JSON_DECODE()")
