"""What a run says: figures per contender, ratios within rounds, the wanted figures reached or not. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from scripts.benchmark.rounds import highest_good
from scripts.benchmark.steps import Measured, median_of, paired_ratio, percentile

REFERENCES: Final = ("floor", "curl", "node")
JUDGED: Final = ("ariroute-ws", "ariroute-http")
WANTED_RATES: Final = (50, 100)
HIGHEST_COMPARED: Final = 200
"""Above this rate the machine and not the contender may set the figures: those steps only count for the ladder."""

Rows = list[list[str]]


@dataclass(frozen=True, slots=True)
class Table:
    """A table to print: title, head and rows of text."""

    title: str
    head: list[str]
    rows: Rows


@dataclass(frozen=True, slots=True)
class Wish:
    """A wanted figure: at most (or, with `at_least`, at least) `limit`; `got` is nan where it was not measured."""

    contender: str
    what: str
    got: float
    limit: float
    at_least: bool = False

    @property
    def verdict(self) -> str:
        """In words."""
        if math.isnan(self.got):
            return "not measured"
        return "reached" if (self.got >= self.limit if self.at_least else self.got <= self.limit) else "not reached"

    @property
    def bound(self) -> str:
        """The limit with its sign."""
        return f"{'>=' if self.at_least else '<='} {self.limit:g}"


# ---- the wanted figures


def wishes(results: Sequence[Measured]) -> list[Wish]:
    """What is wanted of ariroute with everything on, against what this run measured; only for contenders that ran."""
    there = {m.step.contender for m in results}
    return [wish for name in JUDGED if name in there for wish in _wishes_for(results, name)]


def _wishes_for(results: Sequence[Measured], name: str) -> Iterable[Wish]:
    prompt = [m for m in results if m.step.delay == 0]
    for rate in WANTED_RATES:
        at_rate = [m for m in prompt if m.step.rate == rate]
        yield Wish(name, f"p50 at {rate}/s, of curl's", paired_ratio(at_rate, name, "curl", _p50), 1.0)
        yield Wish(name, f"p99 at {rate}/s, of curl's", paired_ratio(at_rate, name, "curl", _p99), 0.8)
    top = max(m.step.rate for m in prompt) if prompt else 0
    what = f"highest loss-free rate, of the floor's (ladder to {top}/s)"
    yield Wish(name, what, ladder_ratio(prompt, name, "floor"), 1.0, at_least=True)
    usual = [m for m in prompt if m.step.rate in WANTED_RATES]
    own = median_of(m.router_cpu for m in usual if m.step.contender == name)
    yield Wish(name, "router CPU per call, ms", own, 1.2)
    yield Wish(name, "router CPU per call, of node's", paired_ratio(usual, name, "node", _router), 0.4)


def ladder_ratio(results: Sequence[Measured], contender: str, reference: str) -> float:
    """Median over rounds of the highest good rates of two contenders, one divided by the other; nan of none."""
    below = highest_good(results, reference, 0)
    return median_of(
        rate / below[number] for number, rate in highest_good(results, contender, 0).items() if below.get(number)
    )


def _p50(result: Measured) -> float:
    return result.p50


def _p99(result: Measured) -> float:
    return result.p99


def _router(result: Measured) -> float:
    return result.router_cpu


def _both(result: Measured) -> float:
    return result.router_cpu + result.asterisk_cpu


# ---- the tables


def tables(results: Sequence[Measured], peaks: Mapping[str, float]) -> list[Table]:
    """Everything worth printing. `peaks` is the routers' highest memory in MiB."""
    delays = sorted({m.step.delay for m in results})
    return [
        *(_figures([m for m in results if m.step.delay == delay], delay, peaks) for delay in delays),
        *(_ratios([m for m in results if m.step.delay == delay], delay) for delay in delays),
        _wanted(wishes(results)),
    ]


def _names(results: Sequence[Measured]) -> list[str]:
    """The contenders in the order of the first round, references and ariroute at their ends."""
    there = {m.step.contender for m in results}
    order = [*REFERENCES[:2], *sorted(there - {*REFERENCES, *JUDGED}), *REFERENCES[2:], *JUDGED]
    return [name for name in order if name in there]


def _figures(results: Sequence[Measured], delay: int, peaks: Mapping[str, float]) -> Table:
    rates = sorted({m.step.rate for m in results})
    head = ["contender", *(f"{rate}/s p50/p95/p99 ms" for rate in rates)]
    head += ["Asterisk ms/call", "router ms/call", "router MiB", "highest good rate"]
    rows = []
    for name in _names(results):
        mine = [m for m in results if m.step.contender == name]
        cells = [pooled([m for m in mine if m.step.rate == rate]) for rate in rates]
        cpu = [median_of(m.asterisk_cpu for m in mine if m.good), median_of(m.router_cpu for m in mine if m.good)]
        highest = ", ".join(str(rate) for _, rate in sorted(highest_good(results, name, delay).items()))
        peak = f"{peaks[name]:.0f}" if peaks.get(name) else "-"
        rows.append([name, *cells, *map(_number, cpu), peak, highest])
    title = f"Customer service answers {f'after {delay} ms' if delay else 'at once'}"
    return Table(title, head, rows)


def pooled(steps: Sequence[Measured]) -> str:
    """p50/p95/p99 over the callers of all these steps, with what went wrong and, as *, whether others disturbed."""
    if not steps:
        return ""
    delays = [delay for step in steps for delay in step.delays]
    text = "/".join(f"{percentile(delays, percent):.1f}" for percent in (50, 95, 99))
    wrong = {
        "lost": sum(step.lost for step in steps),
        "misrouted": sum(step.misrouted for step in steps),
        "twice": sum(step.twice for step in steps),
    }
    text += "".join(f" {count} {word}" for word, count in wrong.items() if count)
    return text + ("*" if any(step.disturbed for step in steps) else "")


_RATIOS: Final[Mapping[str, Sequence[tuple[str, Callable[[Measured], float]]]]] = {
    "floor": (("p50", _p50), ("p99", _p99), ("CPU", _both)),
    "curl": (("p50", _p50), ("p99", _p99), ("CPU", _both)),
    "node": (("p50", _p50), ("p99", _p99), ("CPU", _both), ("router CPU", _router)),
}


def _ratios(results: Sequence[Measured], delay: int) -> Table:
    results = [m for m in results if m.step.rate <= HIGHEST_COMPARED]
    there = [name for name in REFERENCES if any(m.step.contender == name for m in results)]
    rows = []
    for name in _names(results):
        cells = [
            _number(paired_ratio(results, name, reference, figure))
            for reference in there
            for _, figure in _RATIOS[reference]
        ]
        rows.append([name, *cells])
    head = ["contender", *(f"{word} / {reference}" for reference in there for word, _ in _RATIOS[reference])]
    title = f"Ratios within rounds up to {HIGHEST_COMPARED}/s, customer service {delay} ms (CPU: Asterisk + router)"
    return Table(title, head, rows)


def _wanted(wanted: Sequence[Wish]) -> Table:
    rows = [[wish.contender, wish.what, _number(wish.got), wish.bound, wish.verdict] for wish in wanted]
    return Table("Wanted of ariroute, customer service 0 ms", ["contender", "figure", "measured", "wanted", ""], rows)


def _number(value: float) -> str:
    return "-" if math.isnan(value) or value == 0 else f"{value:.2f}"


# ---- other forms


def as_json(
    results: Sequence[Measured], peaks: Mapping[str, float], circumstances: Mapping[str, Any]
) -> dict[str, Any]:
    """The whole run as JSON types, with percentiles instead of each caller's time. What is not known is null."""
    return {
        "format": 1,
        "circumstances": dict(circumstances),
        "steps": [_step(result) for result in results],
        "peak_mib": dict(peaks),
        "wanted": [{**asdict(wish), "got": _known(wish.got), "verdict": wish.verdict} for wish in wishes(results)],
        "tables": [asdict(table) for table in tables(results, peaks)],
    }


def _step(result: Measured) -> dict[str, Any]:
    plain = {key: value for key, value in asdict(result).items() if key not in ("step", "delays")}
    times = {f"p{percent}": _known(percentile(result.delays, percent)) for percent in (50, 95, 99, 100)}
    return asdict(result.step) | plain | times | {"good": result.good}


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value


def as_markdown(shown: Iterable[Table]) -> str:
    """The tables for a document."""
    parts = []
    for table in shown:
        lines = [table.head, ["---"] * len(table.head), *table.rows]
        parts.append(f"### {table.title}\n\n" + "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n")
    return "\n".join(parts)


BEGIN: Final = "<!-- figures: scripts/bench writes from here -->\n"
END: Final = "<!-- figures: to here -->"


class UnusableDocument(Exception):
    """A document has no place for the figures."""


def inserted(document: str, figures: str) -> str:
    """The document with `figures` between its two marks. Raises UnusableDocument."""
    before, begin, rest = document.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        marks = f"{BEGIN.strip()!r} and {END!r}"
        raise UnusableDocument(f"the document has no two lines {marks} to write the figures between: add them")
    return f"{before}{BEGIN}\n{figures}\n{END}{after}"
