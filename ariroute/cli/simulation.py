"""``ariroute replay --simulate``: what other rules would do to waits, as words and a table."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ariroute.cli.output import ruled, say, show, show_drawn
from ariroute.errors import UnusableInput

if TYPE_CHECKING:
    from rich.table import Table

    from ariroute.flow.tree import Ruleset
    from ariroute.journal.reader import Recorded
    from ariroute.replay.estimates import Effect, Estimate, Estimates, Simulation
    from ariroute.replay.visits import Visit
    from ariroute.replay.walker import Again

NUMBERS = ("callers", "waited", "by the rules of then", "by these", "difference", "answered in time", "unanswered")


class Visits:
    """Gathers what a replay comes by, and simulates it. Raises UnusableInput for options that cannot be used."""

    def __init__(self, agents: Iterable[str], wrap_up: str) -> None:
        from ariroute.cli.amounts import crowds, duration

        self._agents = crowds(agents)
        self._wrap_up = duration("--wrap-up", wrap_up)
        self._visits: list[Visit] = []

    def __call__(self, recorded: Recorded, again: Again) -> None:
        """One contact more."""
        from ariroute.replay.visits import visit_of

        if visit := visit_of(recorded, again):
            self._visits.append(visit)

    def simulated(self, ruleset: Ruleset) -> Simulation:
        """The effect of ``ruleset``. Raises UnusableInput for records that are too poor."""
        from ariroute.replay.floor import simulate

        queues = ruleset.queues.values()
        levels = {queue.name: queue.service_level.within if queue.service_level else None for queue in queues}
        if unknown := sorted({name for each in self._agents for name in each.queues} - {*levels, *self._queues()}):
            raise UnusableInput(f"--agents: there is no queue {unknown[0]}, neither in the flow file nor in the record")
        return simulate(self._visits, levels, agents=self._agents, wrap_up=self._wrap_up)

    def _queues(self) -> set[str]:
        return {visit.before.queue for visit in self._visits if visit.before}


def show_simulation(simulation: Simulation) -> None:
    """The table on standard output, what was assumed under it, and doubts as notes on standard error."""
    show("")
    show("Estimated waits, not measured: by the rules of then, by these, and the difference (95 % of the rounds lie")
    show("between the figures in brackets):")
    show_drawn(effects_table(simulation.effects))
    for assumption in simulation.assumptions:
        show(f"  - {assumption}")
    for doubt in simulation.doubts:
        say(f"note: {doubt}")


def effects_table(effects: Iterable[Effect]) -> Table:
    """One row for each tier."""
    table = ruled("tier", numbers=NUMBERS)
    for effect in effects:
        before, after, change = effect.before, effect.after, effect.change
        table.add_row(
            str(effect.tier),
            _two(*(f"{each.contacts.mean:.0f}" if each else "0" for each in (before, after))),
            f"{effect.recorded.wait:.1f} s" if effect.recorded else "",
            _wait(before),
            _wait(after),
            _seconds(change.wait, sign="+") if change else "",
            _in_time(effect),
            _two(*(f"{each.unanswered.mean:.0%}" if each else "" for each in (before, after))),
        )
    return table


def _wait(estimates: Estimates | None) -> str:
    return _seconds(estimates.wait) if estimates else ""


def _seconds(estimate: Estimate, sign: str = "") -> str:
    mean, low, high = (f"{value:{sign}.1f}" for value in estimate)
    return f"{mean} s ({low} to {high})"


def _in_time(effect: Effect) -> str:
    """``81 % > 77 % (-6 to -1) in 20s``; the brackets are the difference."""
    from ariroute.values import duration_text

    if effect.within is None:
        return ""
    levels = [each.answered_within if each else None for each in (effect.before, effect.after, effect.change)]
    before, after, change = levels
    text = _two(*(f"{each.mean:.0%}" if each else "" for each in (before, after)))
    between = f" ({100 * change.low:+.0f} to {100 * change.high:+.0f})" if change else ""
    return f"{text}{between} in {duration_text(effect.within)}"


def _two(before: str, after: str) -> str:
    return f"{before} > {after}" if before != after else before
