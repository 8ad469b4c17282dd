"""The command line of `scripts/bench`."""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import platform
import shutil
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table as RichTable

from ariroute.lab.debian import LabError, cache_folder
from scripts.benchmark import databases, engine, journal, memory, replay, simulate, staffing, start
from scripts.benchmark.contenders import CONTENDERS
from scripts.benchmark.report import Table, UnusableDocument, as_json, as_markdown, inserted, tables
from scripts.benchmark.rig import Rig, fresh_directory
from scripts.benchmark.rounds import Plan, run
from scripts.benchmark.steps import Measured, percentile

MOST_CONTACTS: Final = 10_000
"""As many as a lookup lets wait (max_in_flight of the flow file)."""
SLOW_CUSTOMERS: Final = 20
"""Milliseconds that the customer service takes where it does not answer at once."""
FULLY: Final = Plan(
    contenders=tuple(CONTENDERS),
    rates={0: (50, 100, 200, 300, 350, 400, 450), SLOW_CUSTOMERS: (50, 100, 200)},
    rounds=3,
    seconds=5.0,
    seed=1,
    retries=2,
    patience=20.0,
    repeating=900.0,
)
QUICKLY: Final = Plan(
    contenders=("floor", "curl", "node" if shutil.which("node") else "fastagi", "ariroute-ws"),
    rates={0: (50, 100), SLOW_CUSTOMERS: (50,)},
    rounds=2,
    seconds=3.0,
    seed=1,
    retries=1,
    patience=1.0,
    repeating=15.0,
)

words = Console(stderr=True)
data = Console(width=None if sys.stdout.isatty() else 160)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one of the measurements. Exit codes: 0 measured, 2 unusable words, 3 not possible here."""
    options = parser().parse_args(arguments)
    try:
        with only_one_run():
            return _run(options)
    except LabError as error:
        words.print(f"[red]{error}", highlight=False)
        return 3
    except (UnusableDocument, OSError) as error:
        words.print(f"[red]{error}", highlight=False)
        return 2
    except KeyboardInterrupt:
        words.print("stopped")
        return 130


def _run(options: argparse.Namespace) -> int:
    directory = fresh_directory(cache_folder() / "bench" / "run")
    match options.what:
        case "memory":
            show([memory.run(directory, options.contacts, options.json, words.print)])
        case "engine":
            show([engine.run(options.json)])
        case "journal":
            show(journal.run(options.json))
        case "replay":
            show([replay.run(directory, options.json)])
        case "staffing":
            show([staffing.run(options.json)])
        case "simulate":
            show(simulate.run(options.json))
        case "start":
            show([start.run(directory, options.json)])
        case "sql":
            show([databases.run(options.json)])
        case _:
            calls(options, directory)
    return 0


# ---- calls


def plan_of(options: argparse.Namespace) -> Plan:
    """The plan that the options stand for."""
    usual = QUICKLY if options.quick else FULLY
    rates = {delay: options.rates or rates for delay, rates in usual.rates.items()}
    return replace(
        usual,
        contenders=tuple(options.contender or usual.contenders),
        rates={delay: rates[delay] for delay in sorted(options.delays or rates)},
        rounds=options.rounds or usual.rounds,
        seconds=options.seconds or usual.seconds,
        seed=options.seed,
    )


def calls(options: argparse.Namespace, directory: Path) -> None:
    """Measure calls: bring everything up, run the rounds, print and write what came of them."""
    plan = plan_of(options)
    if options.into:
        inserted(options.into.read_text(encoding="utf-8"), "")  # told now and not after an hour
    words.print(f"Starting Asterisk, the customer service and the routers (logs in {directory}) ...")
    with Rig(directory, plan.contenders, plan.seconds, plan.patience) as rig:
        for name, reason in rig.missing.items():
            words.print(f"[yellow]{name} is left out: {reason}", highlight=False)
        plan = replace(plan, contenders=rig.contenders)
        progress = Progress(plan.most_steps)
        results = run(plan, rig.measure, progress.tell)
        peaks = {name: rig.peak_mib(name) for name in rig.contenders}
        around = circumstances(plan, rig)
    if options.json:
        options.json.write_text(json.dumps(as_json(results, peaks, around), indent=1) + "\n")
        words.print(f"written: {options.json}")
    if options.into:
        figures = f"{_sentence(around)}\n\n{as_markdown(tables(results, peaks))}"
        options.into.write_text(inserted(options.into.read_text(encoding="utf-8"), figures), encoding="utf-8")
        words.print(f"written: {options.into}")
    # Printed last: whoever reads may leave early, and the figures are kept all the same.
    show(tables(results, peaks))
    _notes(results, rig.missing)


class Progress:
    """Says after each step what came of it and how long the rest may take at most."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._done = 0
        self._begun = time.monotonic()

    def tell(self, result: Measured) -> None:
        """One line."""
        self._done += 1
        step = result.step
        left = (time.monotonic() - self._begun) / self._done * (self._most - self._done) / 60
        times = "/".join(f"{percentile(result.delays, percent):.1f}" for percent in (50, 95, 99))
        fate = "" if result.good else f"  lost {result.lost}, misrouted {result.misrouted}, {result.reached_rate:.0f}/s"
        noise = f"  disturbed ({result.foreign:.2f} cores by others)" if result.disturbed else ""
        words.print(
            f"{self._done:>3}/{self._most}  round {step.round}  {step.delay:>2} ms  {step.rate:>3}/s  "
            f"{step.contender:<13} {times:>18} ms  CPU {result.router_cpu:.2f} + {result.asterisk_cpu:.2f}"
            f"{fate}{noise}  ({left:.0f} min left)",
            highlight=False,
            soft_wrap=True,
        )


def show(shown: Sequence[Table]) -> None:
    """Print tables to standard output."""
    for table in shown:
        drawn = RichTable(title=table.title, title_justify="left")
        for place, name in enumerate(table.head):
            drawn.add_column(name, justify="left" if place == 0 else "right")
        for row in table.rows:
            drawn.add_row(*row)
        data.print(drawn)


def _notes(results: Sequence[Measured], missing: Mapping[str, str]) -> None:
    disturbed = sum(result.disturbed for result in results)
    if disturbed:
        words.print(
            f"[yellow]* {disturbed} of {len(results)} steps were disturbed by other programs: do not rely on them"
        )
    for name in missing:
        words.print(f"[yellow]{name} could not be had and was left out")


def circumstances(plan: Plan, rig: Rig) -> dict[str, Any]:
    """What a reader must know to judge the figures."""
    return {
        "date": time.strftime("%Y-%m-%d"),
        "processors": os.cpu_count(),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "asterisk": rig.asterisk_version,
        "contenders": {name: CONTENDERS[name].about for name in plan.contenders},
        "left_out": rig.missing,
        "rates": {str(delay): list(rates) for delay, rates in plan.rates.items()},
        "rounds": plan.rounds,
        "seconds": plan.seconds,
        "seed": plan.seed,
    }


def _sentence(around: Mapping[str, Any]) -> str:
    return (
        f"Measured {around['date']}: Asterisk {around['asterisk']}, Python {around['python']}, "
        f"{around['processors']} processors, {around['rounds']} rounds, steps of {around['seconds']:g} s, "
        f"seed {around['seed']}. `*`: disturbed by other programs."
    )


# ---- the command


@contextmanager
def only_one_run() -> Iterator[None]:
    """Hold the lock of this user's bench. Raises LabError where another run holds it: two would measure each other."""
    file = cache_folder() / "bench/lock"
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise LabError(
                f"another scripts/bench is running (process {lock.read().strip()}): wait for it or end it"
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def _numbers(text: str) -> tuple[int, ...]:
    try:
        numbers = tuple(sorted({int(word) for word in text.split(",")}))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r}: write whole numbers with commas between, as 50,100") from None
    return numbers


def _at_least_one(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MOST_CONTACTS:
        raise argparse.ArgumentTypeError(f"{text!r}: write a whole number from 1 to {MOST_CONTACTS}")
    return int(text)


def _rates(text: str) -> tuple[int, ...]:
    numbers = _numbers(text)
    if numbers[0] < 1 or numbers[-1] > 1000:
        raise argparse.ArgumentTypeError(f"{text!r}: rates lie between 1 and 1000 calls per second")
    return numbers


def _delays(text: str) -> tuple[int, ...]:
    numbers = _numbers(text)
    if not set(numbers) <= {0, SLOW_CUSTOMERS}:
        raise argparse.ArgumentTypeError(f"{text!r}: the customer service takes 0 or {SLOW_CUSTOMERS} ms")
    return numbers


def parser() -> argparse.ArgumentParser:
    """The words that the command takes."""
    about = "Measure ariroute beside its alternatives. Leave the machine alone meanwhile."
    commands = argparse.ArgumentParser(prog="scripts/bench", description=about)
    parts = ("calls", "memory", "engine", "journal", "replay", "start", "sql", "simulate", "staffing")
    commands.add_argument("what", nargs="?", choices=parts, default="calls")
    commands.add_argument("--quick", action="store_true", help=f"under three minutes: {', '.join(QUICKLY.contenders)}")
    commands.add_argument("--contender", action="append", choices=tuple(CONTENDERS), help="only this one; repeatable")
    commands.add_argument("--rates", type=_rates, help="calls per second, as 50,100; a failed rate ends the ladder")
    commands.add_argument("--delays", type=_delays, help="of the customer service in ms: 0, 20 or 0,20")
    commands.add_argument("--rounds", type=_at_least_one, help="how often everything is measured")
    commands.add_argument("--seconds", type=_at_least_one, help="of calls in one step")
    commands.add_argument("--seed", type=int, default=1, help="of the order of the contenders")
    commands.add_argument("--contacts", type=_at_least_one, default=10_000, help="memory: contacts held open")
    commands.add_argument("--json", type=Path, metavar="FILE", help="write everything that was measured")
    commands.add_argument(
        "--into", type=Path, metavar="FILE", help="write the tables into a document with marks for them"
    )
    return commands


if __name__ == "__main__":
    sys.exit(main())
