"""What Prometheus is told of the staffing: how each tier does, and the moves of agents by their reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from prometheus_client.metrics_core import GaugeMetricFamily
from prometheus_client.registry import Collector, CollectorRegistry

from ariroute.daemon.tally import Tally
from ariroute.journal.moves import Moved
from ariroute.staffing.standstill import ADVISES, NO_RULES, RELEASED, TAKEN_OVER

Status = Callable[[], Mapping[str, Any]]
"""The status of one PBX's staffing, as ``GET /staffing`` shows it."""

STATES: Final = ("acting", "advise", "released", "frozen", "standby", "none")
"""``frozen``: it is to act and cannot. ``standby``: another daemon acts. ``none``: no staffing in the flow file."""
NAMED: Final = {
    ADVISES: "advise",
    RELEASED: "released",
    TAKEN_OVER: "standby",
    NO_RULES: "none",
}
"""States by why nobody is moved."""

FIGURES: Final = {
    "target": ("target", "Agents per call that the tier is to have"),
    "achieved": ("achieved", "Agents per call that the tier has now; none without a call"),
    "average": ("average", "Agents per call over the last 15 minutes, while there were calls"),
    "calls": ("calls", "Calls in the tier, waiting or talking"),
    "agents": ("agents", "Agents who serve the tier: free, ringing or talking"),
    "needed": ("needed", "Agents that the target asks for now"),
    "short": ("short", "Agents of those needed who cannot be had"),
    "estimated_wait": ("estimated_wait_seconds", "Estimated wait of a caller who came now"),
}
"""By the key of a tier's status: the end of the figure's name, and what it is."""


class StaffingMetrics(Collector):
    """Gauges by PBX and queue, read when Prometheus asks, and a counter of moves."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._status: dict[str, Status] = {}
        self._moves = Tally(
            "ariroute_staffing_moves",
            "Moves of agents to a queue, by the kind of reason, and what became of them: done, failed, advised",
            ["pbx", "queue", "why", "result"],
            registry,
        )
        registry.register(self)

    def watch(self, pbx: str, status: Status) -> None:
        """Read ``status`` whenever Prometheus asks."""
        self._status[pbx] = status

    def moved(self, move: Moved) -> None:
        """Count ``move``."""
        result = "done" if move.done else "failed" if move.failure else "advised"
        self._moves.add(move.pbx, move.queue, move.why, result)

    def collect(self) -> Iterator[GaugeMetricFamily]:
        state = GaugeMetricFamily(
            "ariroute_staffing_state", "1 for the state that the staffing is in", labels=["pbx", "state"]
        )
        suffices = GaugeMetricFamily(
            "ariroute_staffing_suffices", "1 while the agents on duty would meet all targets", labels=["pbx"]
        )
        figures = {key: _family(name, about) for key, (name, about) in FIGURES.items()}
        held = _family("held_ratio", "Share of the last 15 minutes' time with calls in which the target was met")
        borrowed = _family("borrowed", "Agents who serve the tier and have their home elsewhere")
        for pbx, status in ((pbx, status()) for pbx, status in self._status.items()):
            for each in STATES:
                state.add_metric([pbx, each], float(each == state_of(status)))
            tiers = status.get("tiers") or ()
            if tiers:
                suffices.add_metric([pbx], float(bool(status.get("suffices"))))
            for tier in tiers:
                labels = [pbx, tier["queue"]]
                for key, family in figures.items():
                    if tier.get(key) is not None:
                        family.add_metric(labels, tier[key])
                if tier.get("held") is not None:
                    held.add_metric(labels, tier["held"] / 100)
                borrowed.add_metric(labels, len(tier.get("borrowed") or ()))
        yield from (state, suffices, *figures.values(), held, borrowed)


def state_of(status: Mapping[str, Any]) -> str:
    """One of ``STATES``, from what a status says in words."""
    why = str(status.get("why") or "")
    if status.get("acting"):
        return "acting"
    return NAMED.get(why, "frozen")


def _family(name: str, about: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"ariroute_staffing_{name}", about, labels=["pbx", "queue"])
