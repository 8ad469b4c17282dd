"""A scenario of the simulated floor, built for real: a private Asterisk, phones, callers by SIP, and ariroute."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterable, Mapping, Sequence
from math import inf, isinf
from pathlib import Path
from statistics import median
from typing import Final

from ariroute.lab import records
from ariroute.lab.asterisk import PrivateAsterisk
from ariroute.lab.daemon import DaemonProcess
from ariroute.lab.debian import LabError, sipp_program
from ariroute.lab.ports import Ports
from ariroute.lab.sip import Agent, Agents, Callers, Stream
from ariroute.lab.sip import Caller as Phone
from ariroute.simulate.scenario import Caller, QueueModel, Scenario
from scripts.trialling.measured import NEVER, Real, as_it_was
from scripts.trialling.observer import Message, Observer
from scripts.trialling.seen import Call, Seen

FIRST: Final = 46_700_000_000
"""The first caller's number; each has the next."""
PLACING: Final = 400.0
"""Callers a second whom SIPp takes in hand; each then waits for their own time."""
LEAD: Final = 1.0
"""Seconds from the start of SIPp to the first moment of the list."""

# CEL and music cost what the trial does not look at.
_QUIET: Final = {"cel.conf": "[general]\nenable = no\n", "musiconhold.conf": ""}
# Not answered before an agent is there, so that a caller's phone knows how long they talk and when to give up.
_DIALPLAN: Final = """
[ariroute-demo]
exten => _trial*.,1,Set(QUEUE_PRIO=${FILTER(-0-9,${CUT(EXTEN,*,3)})})
 same => n,ExecIf(${LEN(${CUT(EXTEN,*,4)})}?Set(QUEUE_MAX_PENALTY=${FILTER(0-9,${CUT(EXTEN,*,4)})}))
 same => n,Queue(${FILTER(-_0-9A-Za-z,${CUT(EXTEN,*,2)})},r,,,${FILTER(0-9,${CUT(EXTEN,*,5)})})
 same => n,Hangup()
"""
# What ariroute needs to know of a queue's wrap-up: AST_CONFIG() over AMI.
_RIGHTS: Final = ("write = agent\n", "write = agent,reporting\n")
_GLOBALS: Final = {"ARIROUTE_ANSWER": "no", "ARIROUTE_QUEUE_OPTIONS": "r"}


def queues_conf(queues: Mapping[str, QueueModel]) -> str:
    """queues.conf of the same queues. app_queue knows whole seconds only. Raises LabError for others."""
    return "\n".join(map(_section, queues.values()))


def _section(queue: QueueModel) -> str:
    for what, value in (("timeout", queue.timeout), ("retry", queue.retry), ("wrap_up", queue.wrap_up)):
        if value != int(value):
            raise LabError(f"queue {queue.queue}: {what} = {value:g}: app_queue knows whole seconds only")
    settings: dict[str, str | int] = {
        "strategy": queue.strategy,
        "timeout": int(queue.timeout),
        "retry": int(queue.retry),
        "wrapuptime": int(queue.wrap_up),
        "weight": queue.weight,
        "autofill": "yes" if queue.autofill else "no",
        "autopause": queue.autopause,
        "servicelevel": int(queue.within or 60),
        "ringinuse": "no",
        "joinempty": "yes",
        "leavewhenempty": "no",
    }
    return f"[{queue.queue}]\n" + "".join(f"{key} = {value}\n" for key, value in settings.items())


class House:
    """One scenario for real, in ``folder``; a context manager. Its callers come when :meth:`begin` is called.

    ``flow`` is a flow file for the daemon, with ``{ari}``, ``{ami}``, ``{admin}`` for addresses and ``ARI_SECRET`` and
    ``AMI_SECRET`` in the environment; callers then dial the queue's name and go through it. Without, they go to
    ``Queue()`` at once. Entering raises LabError when a part does not start.
    """

    def __init__(self, folder: Path, scenario: Scenario, flow: str = "", release: str | None = None) -> None:
        self.folder = folder
        self.scenario = scenario
        self.events: list[tuple[float, Message]] = []
        self._flow = flow
        self._release = release
        self._stack = contextlib.ExitStack()
        self._stream: Stream | None = None
        self.pbx: PrivateAsterisk
        self.observer: Observer
        self.daemon: DaemonProcess | None = None

    def __enter__(self) -> House:
        with contextlib.ExitStack() as stack:
            self._start(stack)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def begin(self) -> float:
        """Let the callers come; the moment at which their list begins, about, in seconds since 1970."""
        begin = time.time() + LEAD
        self._stream = self._callers.place(
            [self._phone(place, caller) for place, caller in enumerate(self.scenario.callers)], rate=PLACING
        )
        return begin

    @property
    def is_over(self) -> bool:
        """Whether every call has ended. Raises LabError when Asterisk or the daemon has ended before."""
        if not self.pbx.is_running:
            raise LabError(f"Asterisk has ended; see {self.pbx.log}")
        if self.daemon and self.daemon.has_ended:
            raise LabError(f"ariroute has ended: {self.daemon.text()[-400:]}")
        return self._stream is not None and not self._stream.under_way

    def finish(self) -> None:
        """Wait for the last events, and compare what was seen with Asterisk's own queue_log.

        The events are kept in ``events.json``. Raises LabError where they differ: then something was not seen.
        """
        deadline = time.monotonic() + 10
        while (seen := _counts(self.calls().values())) != (written := self._written()):
            if time.monotonic() > deadline:
                raise LabError(f"by AMI's events {seen}, by queue_log {written}: calls, answers, callers who gave up")
            time.sleep(0.1)
        (self.folder / "events.json").write_text(json.dumps({"began": self.began(), "events": self.events}))

    def calls(self) -> dict[str, Call]:
        """What was seen of each call so far, by the caller's number."""
        seen = Seen(self.scenario.queues)
        for at, event in tuple(self.events):
            seen.take(event, at)
        return {call.number: call for call in seen.calls.values()}

    def began(self) -> float:
        """The moment at which the list began, as the callers' own entries tell: the middle of what each says."""
        calls = self.calls()
        entries = [
            calls[number].joined - caller.at
            for place, caller in enumerate(self.scenario.callers)
            if (number := str(FIRST + place)) in calls
        ]
        if not entries:
            raise LabError("no caller reached a queue")
        return median(entries)

    def as_it_was(self) -> Real:
        """The scenario as it came about, and what became of each caller. Raises LabError for a lost one."""
        calls = self.calls()
        numbers = [str(FIRST + place) for place in range(len(self.scenario.callers))]
        lost = [place for place, number in enumerate(numbers) if number not in calls]
        if lost:
            raise LabError(f"{len(lost)} of {len(numbers)} callers reached no queue: the first is {lost[0]}")
        return as_it_was(self.scenario, self.began(), [calls[number] for number in numbers], tuple(self.events))

    # ---- how

    def _start(self, stack: contextlib.ExitStack) -> None:
        sipp, scenario = sipp_program(), self.scenario
        self.folder.mkdir(parents=True, exist_ok=True)
        phones = [
            Agent.silent(each.name) if isinf(each.picks_up) else Agent(each.name, each.picks_up, NEVER)
            for each in scenario.agents
        ]
        self.agents = stack.enter_context(Agents(sipp, phones, self.folder / "sip"))
        self.pbx = stack.enter_context(
            PrivateAsterisk(
                self.folder / "pbx",
                release=self._release,
                agents=dict.fromkeys(self.agents.agents, self.agents.port),
                variables={**_GLOBALS, "ARIROUTE_DEFAULT": next(iter(scenario.queues))},
                queues=queues_conf(scenario.queues),
                extra_dialplan=_DIALPLAN,
                extra_config=_QUIET,
            )
        )
        self._let_read()
        self.observer = stack.enter_context(
            Observer(self.pbx.ami_port, self.pbx.ami_user, self.pbx.ami_password, self._take)
        )
        for member in scenario.members:
            self.observer.add_member(member.queue, member.agent, member.penalty)
        if self._flow:
            self._start_daemon(stack)
        self._callers = stack.enter_context(Callers(sipp, ("127.0.0.1", self.pbx.sip_port), self.folder / "sip"))

    def _let_read(self) -> None:
        """Let the AMI user read wrap-ups; the lab writes the sample as users get it."""
        file = self.pbx.directory / "etc/manager.conf"
        file.write_text(file.read_text(encoding="utf-8").replace(*_RIGHTS), encoding="utf-8")
        self.pbx.cli("manager reload")

    def _take(self, event: Message) -> None:
        self.events.append((float(event["Timestamp"]), event))

    def _start_daemon(self, stack: contextlib.ExitStack) -> None:
        (admin,) = stack.enter_context(Ports(1))
        file = self.folder / "ariroute.yaml"
        values = {"{ari}": self.pbx.ari_url, "{ami}": f"127.0.0.1:{self.pbx.ami_port}", "{admin}": f"127.0.0.1:{admin}"}
        text = self._flow
        for marker, value in values.items():
            text = text.replace(marker, value)
        file.write_text(text, encoding="utf-8")
        secrets = {"ARI_SECRET": self.pbx.ari_password, "AMI_SECRET": self.pbx.ami_password}
        self.daemon = DaemonProcess(file, admin, environ={**secrets, "STATE_DIRECTORY": str(self.folder)})
        stack.callback(self.daemon.close)
        self.daemon.start()

    def _phone(self, place: int, caller: Caller) -> Phone:
        return Phone(
            str(FIRST + place),
            dialled=caller.queue if self._flow else self._extension(caller),
            patience=min(caller.patience, NEVER),
            stay=caller.talk,
            after=max(0.0, LEAD + caller.at - place / PLACING),
        )

    def _extension(self, caller: Caller) -> str:
        longest = self.scenario.queues[caller.queue].max_wait
        most = "" if caller.max_penalty is None else caller.max_penalty
        return f"trial*{caller.queue}*{caller.priority}*{most}*{'' if longest == inf else int(longest)}"

    def _written(self) -> tuple[int, int, int]:
        names = [row.name for row in records.queue_log(self.pbx.queue_log).rows()]
        left = ("ABANDON", "EXITWITHTIMEOUT")
        return names.count("ENTERQUEUE"), names.count("CONNECT"), sum(map(names.count, left))


def _counts(calls: Iterable[Call]) -> tuple[int, int, int]:
    every = list(calls)
    answered = sum(call.answered is not None for call in every)
    return len(every), answered, sum(call.ended is not None and call.answered is None for call in every)


def play(houses: Sequence[House], longest: float, until: float | None = None) -> None:
    """Let the callers of all houses come at once; return when all have gone, or ``until`` seconds of their list.

    Raises LabError when it takes longer than ``longest`` seconds, or a part ends meanwhile.
    """
    begins = [house.begin() for house in houses]
    deadline = time.monotonic() + longest
    over = max(begins) + until if until is not None else inf
    while not all(house.is_over for house in houses) and time.time() < over:
        if time.monotonic() > deadline:
            raise LabError(f"callers still on the line after {longest:g} s")
        time.sleep(0.1)
    for house in houses:
        house.finish()
