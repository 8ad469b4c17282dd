"""A proof in sentences and short texts, the same on the terminal, in JSON and on the page. Pure."""

from __future__ import annotations

import datetime

from ariroute.proof.figures import bound, by_default, time_to_queue
from ariroute.proof.result import SLACK, Ending, Proof, Run

RANK = "nearest rank"


def verdict(proof: Proof) -> str:
    """The sentence that comes first: whether the promise was kept, and the counts that say so."""
    if proof.holds:
        return f"Holds: {_kept(proof.run)}."
    return f"Does not hold: {'; '.join(proof.failures)}."


def _kept(run: Run) -> str:
    longest, most = time_to_queue(run).longest, bound(run)
    counts = f"0 of {counted(len(run.calls), 'call')} lost, 0 put into a queue twice, {_under(run)}"
    if longest is None or most is None:
        return counts
    return f"{counts}; the longest way to a queue took {seconds(longest)}, promised are {seconds(most)}"


def control(proof: Proof) -> str:
    """What the control lost, and why there is one."""
    run = proof.control
    if run is None:
        return "No control was run, so nothing shows that this meter sees a loss where there is one."
    counts = f"The control, without a guard: {len(run.lost)} of {counted(len(run.calls), 'call')} lost"
    share = f" ({100 * len(run.lost) / len(run.calls):.0f} %)" if run.lost else ""
    if not run.lost:
        return f"{counts}, {_under(run)}. It should lose some: a meter that finds no loss here may be blind."
    return f"{counts}{share}, {_under(run)}. It is there to show that this meter sees losses."


def _under(run: Run) -> str:
    return f"under {counted(len(run.faults), 'fault')}"


def promised(run: Run) -> str:
    """What the longest wait may be, and of what it is made."""
    most = bound(run)
    if most is None:
        return "nothing: there is no guard"
    flow = f"{seconds(run.allowed)} that the flow itself may take + " if run.allowed else ""
    return f"{seconds(most)} = {flow}guard {seconds(run.guard)} + {SLACK:g} s"


def figure_rows(run: Run) -> tuple[tuple[str, str], ...]:
    """The figures of a run, each with its name; equal names in equal order for every run."""
    times = time_to_queue(run)
    return (
        ("calls placed", str(len(run.calls))),
        ("lost", str(len(run.lost))),
        ("put into a queue twice", str(len(run.twice))),
        ("later than promised", "-" if run.guard is None else str(len(run.late))),
        ("faults", str(len(run.faults))),
        ("time to the queue, p50", seconds(times.p50)),
        ("time to the queue, p99", seconds(times.p99)),
        ("time to the queue, max", seconds(times.longest)),
        *((f"ending: {each.value}", str(len(run.ended(each)))) for each in Ending if each is not Ending.LOST),
        ("by default, without a decision", str(by_default(run))),
    )


def origin(proof: Proof) -> str:
    """What was proved, and how to do the same again."""
    return (
        f"Flow file {proof.flow_file}, ariroute {proof.ariroute}, Asterisk {proof.asterisk}, seed {proof.seed}, "
        f"begun {began(proof.run)}"
    )


def began(run: Run) -> str:
    """When the run began, in UTC, as RFC 3339 writes it."""
    return datetime.datetime.fromtimestamp(run.began, datetime.UTC).isoformat(" ", "seconds")


def method(run: Run) -> str:
    """How to read the figures."""
    return (
        "The verdict about each call comes from Asterisk's queue_log and channel event log alone, never from "
        f"ariroute's own log. Times run from entering Stasis(); p50 and p99 by {RANK}, over the "
        f"{counted(time_to_queue(run).count, 'call')} that reached a queue. A call under way during faults of "
        "several kinds counts at each kind."
    )


def seconds(value: float | None) -> str:
    """A time: ``85 ms``, ``2.31 s``, ``4 s``, ``2 min 5 s``; a dash where there is none."""
    if value is None:
        return "-"
    if round(value, 3) < 1:
        return f"{value * 1000:.0f} ms"
    if value < 120:
        return f"{value:.2f}".rstrip("0").rstrip(".") + " s"
    minutes, rest = divmod(round(value), 60)
    return f"{minutes} min {rest} s"


def counted(number: int, noun: str) -> str:
    """``1 call``, ``2 calls``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def plain(text: str) -> str:
    """``text`` with a blank for whatever a terminal or a page might obey: control, format, surrogate characters."""
    return "".join(c if c.isprintable() else " " for c in text)
