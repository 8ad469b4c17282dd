"""The demo from beginning to end, and the single call into one that stays."""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.text import Text

from ariroute.lab.debian import LabError, sipp_program
from ariroute.lab.sip import Callers
from scripts.demonstration import folder as folders
from scripts.demonstration.board import Call
from scripts.demonstration.cast import AGENTS, Planned, first, longest, read_planned
from scripts.demonstration.folder import EXAMPLE, ROOT, shown
from scripts.demonstration.judgement import complaints, judge, summary, tiers
from scripts.demonstration.screen import Screen, console, table
from scripts.demonstration.signals import Ended, orderly_end
from scripts.demonstration.stage import Stage
from scripts.demonstration.watch import Watch
from scripts.demonstration.words import invitation

_BEGINS: Final = 0.05
"""The part of a second at which a stream is started; SIPp's first call follows after 1/rate and 0.05 s."""
_POLL: Final = 0.1
_COMPLAINTS: Final = 10
_NUMBER: Final = re.compile(r"[+0-9A-Za-z*#_.-]{1,40}")
_STAY: Final = 600.0


def demo(calls: int, rate: float, stay: bool, admin: str) -> int:
    """Place the stream and judge it; 0 when each call was answered in its queue. With `stay`, go on until a signal.

    Raises LabError when something does not start or Asterisk ends.
    """
    out = console()
    listed = read_planned(EXAMPLE / "callers.csv")
    with folders.taken() as folder:
        out.print(f"Run folder {shown(folder)}: configuration, logs, records")
        with Stage(folder, lambda part, words: _part(out, part, words), admin, rate) as stage, orderly_end():
            performance = Performance(stage, out, listed)
            code = performance.stream(first(listed, calls), rate)
            if stay:
                performance.go_on()
            return code


def call(number: str, name: str, dialled: str, chosen: Path | None) -> int:
    """Place one call into the demo that stays (in the folder `chosen`), and say what became of it; 0 when answered.

    Raises LabError when no demo takes calls.
    """
    for word in (number, dialled):
        if not _NUMBER.fullmatch(word):
            raise LabError(f"{word!r} cannot be called or called from: digits, letters, + * # _ . and - only")
    folder, state = _running(chosen)
    names = _names(read_planned(EXAMPLE / "callers.csv"))
    out, watch = console(), Watch(folder)
    watch.poll()
    earlier = frozenset(watch.board.calls)

    def is_ours(one: Call) -> bool:
        return one.uniqueid not in earlier and one.number == number

    with Callers(sipp_program(), ("127.0.0.1", state.sip_port), folder / "sip") as callers, orderly_end():
        screen = Screen(out, names, is_ours)
        screen.head()
        stream = callers.place_one(number, name or names.get(number, ""), dialled=dialled, stay=_STAY)
        with screen:
            _follow(watch, screen, lambda: not stream.under_way, lambda: "on the line")
    ours = [one for one in watch.board.calls.values() if is_ours(one)]
    if not ours:
        raise LabError(f"the call did not reach Asterisk; see {shown(folder / 'sip')}")
    return 0 if any(one.verdict and one.verdict.answered_by for one in ours) else 1


def _running(chosen: Path | None) -> tuple[Path, folders.State]:
    """The demo in the folder `chosen`, or else the only one. Raises LabError when there is none, or a choice."""
    demos = folders.running()
    if chosen:
        demos = [(folder, state) for folder, state in demos if folder == chosen.resolve()]
    if not demos:
        where = f" in {shown(chosen)}" if chosen else ""
        raise LabError(f"no demo takes calls now{where}: start one with {shown(ROOT / 'scripts/demo')} --stay")
    if len(demos) > 1:
        names = " or ".join(f"--demo {shown(folder)}" for folder, _ in demos)
        raise LabError(f"several demos take calls now: say which one with {names}")
    return demos[0]


class Performance:
    """The calls of one demo on its stage."""

    def __init__(self, stage: Stage, out: Console, listed: Sequence[Planned]) -> None:
        self._stage = stage
        self._out = out
        self._listed = listed
        self._watch = Watch(stage.folder)
        self._screen = Screen(out, _names(listed))
        self._daemon_is_gone = False

    def stream(self, planned: Sequence[Planned], rate: float) -> int:
        """Place the planned calls, show them, judge them; 0 when each was answered in its queue."""
        count = len(planned)
        deadline = time.monotonic() + longest(planned, rate)
        self._out.print(f"\n{count} calls, {rate:g} a second; a line for each as an agent answers it:\n")
        self._screen.head()
        with self._screen:
            _wait_for_a_second_to_begin()
            stream = self._stage.callers.place([one.caller() for one in planned], rate=rate)
            _follow(
                self._watch,
                self._screen,
                lambda: not stream.under_way or time.monotonic() > deadline,
                lambda: f"{len(self._watch.board.calls)} of {count} calls placed",
                self._look_after,
            )
        judged = judge(planned, self._watch.board.calls.values())
        self._out.print(f"\nBy Asterisk's own queue_log ({shown(self._watch.queue_log)}), times to the queue by CEL:\n")
        self._out.print(table(tiers(judged, AGENTS)))
        wrong = [_gone(self._stage.folder)] if self._daemon_is_gone else []
        wrong += complaints(judged)
        for sentence in ["", *wrong[:_COMPLAINTS]] if wrong else []:
            self._screen.say(sentence, "red")
        if len(wrong) > _COMPLAINTS:
            self._screen.say(f"… and {len(wrong) - _COMPLAINTS} more", "red")
        is_good = not wrong
        self._screen.say(
            f"\n{summary(judged)}, checked against queue_log",
            "bold green" if is_good else "bold red",
        )
        return 0 if is_good else 1

    def go_on(self) -> None:
        """Show whoever calls, until Ctrl-C or SIGTERM."""
        self._out.print()
        self._out.print(Text(invitation(self._stage, self._listed)), soft_wrap=True)
        self._screen.head()
        try:
            with self._screen:
                _follow(self._watch, self._screen, lambda: False, lambda: "Ctrl-C ends", self._look_after)
        except Ended as ended:
            if ended.number == signal.SIGHUP:
                raise
        self._out.print("Ending what was started ...")

    def _look_after(self) -> None:
        """Say it when the daemon is gone; raise LabError when Asterisk is."""
        if not self._stage.pbx.is_running:
            raise LabError(f"Asterisk has ended; see {shown(self._stage.pbx.log)}")
        if self._stage.daemon.returncode is not None and not self._daemon_is_gone:
            self._daemon_is_gone = True
            self._screen.say(_gone(self._stage.folder), "bold red")


def _follow(
    watch: Watch,
    screen: Screen,
    is_over: Callable[[], bool],
    status: Callable[[], str],
    look_after: Callable[[], None] = lambda: None,
) -> None:
    """Show the calls until `is_over`, and once more after that: the records come a moment later."""
    while True:
        was_last = is_over()
        if was_last:
            time.sleep(_POLL)
        watch.poll()
        screen.show(watch.board, time.time(), status())
        look_after()
        if was_last:
            return
        time.sleep(_POLL)


def _wait_for_a_second_to_begin() -> None:
    """Let calls come in early in a second, or in its middle at the usual rate.

    queue_log has whole seconds: where calls come in just before a second ends, each one answered at once counts as 1 s.
    """
    time.sleep((_BEGINS - time.time()) % 1)


def _gone(folder: Path) -> str:
    return f"ariroute has ended (see {shown(folder / 'daemon.log')}): Asterisk put later callers into the default queue"


def _part(out: Console, part: str, words: str) -> None:
    out.print(f"  {part:<10} {words}", soft_wrap=True)


def _names(planned: Sequence[Planned]) -> dict[str, str]:
    return {one.number: one.name for one in planned if one.name}
