"""A proof for programs, as JSON types, and for people, on a terminal."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ariroute.proof import words
from ariroute.proof.figures import FaultKind, TimeToQueue, bound, by_default, by_kind, odd_calls, time_to_queue
from ariroute.proof.result import Ending, InjectedFault, Proof, ProvenCall, Run

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

VERSION = 1
"""Of the JSON form: goes up when a key changes its meaning or goes away, not when one is added."""
ODD_SHOWN = 20
"""Broken promises shown on a terminal; JSON and page have all of them."""


def as_json(proof: Proof) -> dict[str, Any]:
    """The whole proof as JSON types. Times are seconds, microseconds at the finest; what is not known is null.

    - ``version``: of this form. ``holds``, ``verdict``, ``failures``: the answer, the sentence, why it does not hold
    - ``flow_file``, ``ariroute``, ``asterisk``, ``seed``: what was proved, and how to do the same again
    - ``run``, ``control`` (null where none was run), each with

      - ``began`` (since 1970), ``guard``, ``allowed`` (what the flow itself may take), ``bound`` (their sum and 0.1)
      - ``placed``, ``lost``, ``twice``, ``late``, ``by_default``: counts of calls
      - ``time_to_queue``: ``count``, ``p50``, ``p99``, ``max``; by nearest rank
      - ``endings``: how many calls ``queued``, ``answered``, ``voicemail``, ``refused``, ``left``, ``lost``
      - ``faults_by_kind``: ``kind``, ``says``, ``injected``, ``under_way``, ``lost``, ``twice``, ``longest_wait``
      - ``faults``: ``kind``, ``says``, ``at``, ``lasted``; times since ``began``
      - ``calls``: ``uniqueid``, ``caller``, ``dialled``, ``placed``, ``entered``, ``settled`` (since ``began``),
        ``wait`` (of a call for which phones rang, the longest one between them), ``allowed`` (what its own flow may
        take; null for that of the run), ``ending`` (a name as in ``endings``), ``queues``, ``by_default``, ``twice``
    """
    return {
        "version": VERSION,
        "holds": proof.holds,
        "verdict": words.verdict(proof),
        "failures": list(proof.failures),
        "flow_file": proof.flow_file,
        "ariroute": proof.ariroute,
        "asterisk": proof.asterisk,
        "seed": proof.seed,
        "run": _run(proof.run),
        "control": None if proof.control is None else _run(proof.control),
    }


def _run(run: Run) -> dict[str, Any]:
    return {
        "began": _fine(run.began),
        "guard": run.guard,
        "allowed": run.allowed,
        "bound": _fine(bound(run)),
        "placed": len(run.calls),
        "lost": len(run.lost),
        "twice": len(run.twice),
        "late": len(run.late),
        "by_default": by_default(run),
        "time_to_queue": _times(time_to_queue(run)),
        "endings": {_name(ending): len(run.ended(ending)) for ending in Ending},
        "faults_by_kind": [_kind(kind) for kind in by_kind(run)],
        "faults": [_fault(fault) for fault in run.faults],
        "calls": [_call(call) for call in run.calls],
    }


def _times(times: TimeToQueue) -> dict[str, Any]:
    return {
        "count": times.count,
        "p50": _fine(times.p50),
        "p99": _fine(times.p99),
        "max": _fine(times.longest),
    }


def _kind(kind: FaultKind) -> dict[str, Any]:
    found = asdict(kind)
    found["longest_wait"] = _fine(found.pop("longest"))
    return found


def _fault(fault: InjectedFault) -> dict[str, Any]:
    return {"kind": fault.kind, "says": fault.says, "at": _fine(fault.at), "lasted": _fine(fault.lasted)}


def _call(call: ProvenCall) -> dict[str, Any]:
    return {
        "uniqueid": call.uniqueid,
        "caller": call.caller,
        "dialled": call.dialled,
        "placed": _fine(call.placed),
        "entered": _fine(call.entered),
        "settled": _fine(call.settled),
        "wait": _fine(call.wait),
        "allowed": _fine(call.allowed),
        "ending": _name(call.ending),
        "queues": list(call.queues),
        "by_default": call.by_default,
        "twice": call.twice,
    }


def _name(ending: Ending) -> str:
    return ending.name.lower()


def _fine(value: float | None) -> float | None:
    """To the microsecond, as Asterisk's records have it. JSON has no word for what is not finite."""
    return None if value is None or not math.isfinite(value) else round(value, 6)


def text(proof: Proof) -> RenderableType:
    """The proof for a terminal: the verdict first, then the control, faults, figures, and the calls that are odd."""
    from rich.console import Group
    from rich.text import Text

    parts: list[RenderableType] = [
        Text(words.verdict(proof), style="bold green" if proof.holds else "bold red"),
        Text(words.control(proof)),
    ]
    if proof.run.faults:
        parts += [Text(), _fault_table(proof.run)]
    parts += [Text(), _figure_table(proof)]
    if odd_calls(proof.run):
        parts += [Text(), *_odd(proof.run)]
    parts += [Text(), *(Text(line, style="dim") for line in _footnotes(proof))]
    return Group(*parts)


def _footnotes(proof: Proof) -> tuple[str, ...]:
    promise = f"Promised at most {words.promised(proof.run)}."
    return promise, words.method(proof.run), f"{words.plain(words.origin(proof))}."


def _fault_table(run: Run) -> Table:
    table = _table(("fault", "what was done"), ("injected", "calls under way", "lost", "twice", "longest wait"))
    for kind in by_kind(run):
        table.add_row(
            words.plain(kind.kind),
            words.plain(kind.says),
            str(kind.injected),
            str(kind.under_way),
            str(kind.lost),
            str(kind.twice),
            words.seconds(kind.longest),
            style="red" if kind.lost or kind.twice else None,
        )
    return table


def _figure_table(proof: Proof) -> Table:
    runs = [proof.run] if proof.control is None else [proof.run, proof.control]
    table = _table(("",), ("run", "control")[: len(runs)])
    for rows in zip(*map(words.figure_rows, runs), strict=True):
        table.add_row(rows[0][0], *(value for _, value in rows))
    return table


def _odd(run: Run) -> list[RenderableType]:
    from rich.text import Text

    odd = odd_calls(run)
    table = _table(("uniqueid", "caller", "dialled", "why", "queues"), ("placed at", "wait"))
    for each in odd[:ODD_SHOWN]:
        call = each.call
        strings = (call.uniqueid, call.caller, call.dialled, each.why, ", ".join(call.queues) or "-")
        table.add_row(*map(words.plain, strings), f"{call.placed:.1f} s", words.seconds(call.wait))
    more = [Text(f"... and {len(odd) - ODD_SHOWN} more; JSON and page have them all")] if len(odd) > ODD_SHOWN else []
    return [table, *more]


def _table(texts: tuple[str, ...], numbers: tuple[str, ...]) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for title in texts:
        table.add_column(title, overflow="fold")
    for title in numbers:
        table.add_column(title, justify="right")
    return table
