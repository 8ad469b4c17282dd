"""Real SIP callers and agents for the lab, played by SIPp on 127.0.0.1.

Nothing here knows a PBX: callers need a SIP address to call, agents are contacts that a PBX may ring. SIPp writes one
line per event of a call, and these lines, not its screen, are where results come from.
"""

from __future__ import annotations

import contextlib
import csv
import enum
import importlib.resources
import re
import string
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ariroute.lab.ports import Ports
from ariroute.lab.sipp import LOOPBACK, SipError, Sipp, new_directory

Address = tuple[str, int]

_REFUSALS = (400, 401, 403, 404, 408, 480, 484, 486, 487, 488, 500, 502, 503, 504, 600, 603, 604, 606)
_ANONYMOUS = '"Anonymous" <sip:anonymous@anonymous.invalid>'
_NEVER_MS = 24 * 3600 * 1000


# --- what a caller does ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Caller:
    """One call to place. Times in seconds.

    `patience` is how long the caller rings before CANCEL; `stay` how long they stay once the line is answered. Where
    the dialplan answers first and queues then (music on hold), waiting is part of `stay`: no SIP message tells the
    caller that an agent came, so let the agents end such calls and use `stay` as the caller's patience.
    """

    number: str
    name: str = ""
    dialled: str = "support"
    patience: float = 60.0
    stay: float = 60.0
    raw_from: str | None = None
    """The whole From header, put on the wire as it is (for hostile callers): only its tag is added."""
    after: float = 0.0
    """How long this caller waits before dialling, from when their turn in the stream comes."""

    def from_header(self) -> str:
        """The value of From, without its tag."""
        if self.raw_from is not None:
            return self.raw_from
        uri = f"<sip:{self.number}@{LOOPBACK}>" if self.number else f"<sip:{LOOPBACK}>"
        return f'"{_quoted(self.name)}" {uri}' if self.name else uri


class Identity(enum.Enum):
    """Where a caller's number travels."""

    FROM = "From"
    ASSERTED = "P-Asserted-Identity"
    """As from a carrier: From is anonymous. Asterisk believes it with `trust_id_inbound=yes`."""


class Outcome(enum.Enum):
    """How a placed call ended, as the caller saw it."""

    UNDER_WAY = "under way"
    GAVE_UP = "gave up"
    REFUSED = "refused"
    HUNG_UP_BY_CALLER = "hung up by caller"
    HUNG_UP_BY_PBX = "hung up by pbx"
    BROKEN = "broken"
    """No reply at all, or SIP that no caller expects: see errors.log of the stream."""


@dataclass(slots=True)
class CallResult:
    """What became of one call."""

    caller: Caller
    outcome: Outcome = Outcome.UNDER_WAY
    answered: bool = False
    code: int | None = None
    """The final SIP status that refused the call or confirmed the CANCEL (487)."""


def read_callers(path: Path) -> list[Caller]:
    """Read callers from a CSV with the columns number, name, dialled, patience, stay; all but number may be missing.

    Raises SipError with file and line where a row has no number or a time is not a number.
    """
    callers = []
    with path.open(encoding="utf-8", newline="") as lines:
        reader = csv.DictReader(lines)
        for row in reader:
            try:
                callers.append(_caller_of({key: value for key, value in row.items() if value}))
            except (KeyError, ValueError) as error:
                raise SipError(
                    f"{path}:{reader.line_num}: {error}; expected number[,name,dialled,patience,stay]"
                ) from None
    return callers


def _caller_of(row: Mapping[str, str]) -> Caller:
    times = {key: float(row[key]) for key in ("patience", "stay") if key in row}
    words = {key: row[key] for key in ("name", "dialled") if key in row}
    return Caller(number=row["number"], **words, **times)  # type: ignore[arg-type]  # the keys chosen above are fields of these types


# --- the streams -------------------------------------------------------------------------------------------------


class Callers:
    """Places streams of calls to one SIP address."""

    def __init__(self, sipp: Sequence[str], server: Address, run_dir: Path) -> None:
        """`sipp` is the command that runs SIPp, `server` where to call, `run_dir` takes the files of each stream."""
        self._sipp = tuple(sipp)
        self._server = server
        self._run_dir = run_dir
        self._streams: list[Stream] = []

    def place(self, callers: Iterable[Caller], *, rate: float = 10.0, identity: Identity = Identity.FROM) -> Stream:
        """Start a stream of calls, `rate` a second in the order given, and return at once.

        Raises SipError where a caller cannot travel in a list (`;` or a line break in From): place that one alone.
        """
        listed = list(callers)
        if not listed:
            raise SipError("no callers to place: give at least one")
        directory = new_directory(self._run_dir, "callers")
        scenario = _caller_scenario(listed, identity)
        (directory / "caller.xml").write_text(scenario, encoding="utf-8")
        (directory / "callers.csv").write_text(_injection(listed, alone=len(listed) == 1), encoding="utf-8")
        server = f"{self._server[0]}:{self._server[1]}"
        options = [
            *("-sf", "caller.xml", "-inf", "callers.csv", "-m", str(len(listed)), "-l", str(len(listed))),
            *("-r", f"{rate:g}", "-rp", "1000", server),
        ]
        for ended in [stream for stream in self._streams if not stream.under_way]:
            ended.stop()  # gives its ports back
            self._streams.remove(ended)
        stream = Stream(Sipp(self._sipp, options, directory), listed)
        self._streams.append(stream)
        return stream

    def place_one(
        self, number: str, name: str = "", *, dialled: str = "support", patience: float = 60.0, stay: float = 60.0
    ) -> Stream:
        """Place one call."""
        return self.place([Caller(number, name, dialled, patience, stay)])

    def stop(self) -> None:
        """End every stream; calls still up are left to the PBX's own timers."""
        for stream in self._streams:
            stream.stop()

    def __enter__(self) -> Callers:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class Stream:
    """Calls being placed by one SIPp."""

    def __init__(self, sipp: Sipp, callers: Sequence[Caller]) -> None:
        self._sipp = sipp
        self._callers = callers

    @property
    def address(self) -> Address:
        """Where these callers are."""
        return (LOOPBACK, self._sipp.port)

    @property
    def under_way(self) -> bool:
        """Whether calls are still being placed or talking."""
        return self._sipp.running

    def results(self) -> list[CallResult]:
        """The calls so far, in the order of the list."""
        ended = not self._sipp.running  # asked before the log is read, which then is complete
        results = [CallResult(caller) for caller in self._callers]
        for line in self._sipp.log_lines():
            place, _, event = line.partition(" ")
            if place.isdigit() and int(place) < len(results):
                _note(results[int(place)], event)
        for result in results:
            if ended and result.outcome is Outcome.UNDER_WAY:
                result.outcome = Outcome.BROKEN
        return results

    def wait(self, timeout: float) -> list[CallResult]:
        """Wait until every call has ended, then give the results. Raises TimeoutError after `timeout` seconds."""
        self._sipp.wait(timeout)
        return self.results()

    def stop(self) -> None:
        """End the process."""
        self._sipp.stop()


def _note(result: CallResult, event: str) -> None:
    match event.split():
        case ["answered"]:
            result.answered = True
            result.outcome = Outcome.UNDER_WAY
        case ["gave-up"]:
            result.outcome = Outcome.GAVE_UP
        case ["refused", code]:
            result.code = int(code) if code.isdigit() else None
            if result.outcome is not Outcome.GAVE_UP:
                result.outcome = Outcome.REFUSED
        case ["hung-up", "caller"]:
            result.outcome = Outcome.HUNG_UP_BY_CALLER
        case ["hung-up", "pbx"]:
            result.outcome = Outcome.HUNG_UP_BY_PBX


# --- the agents --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Agent:
    """A phone. Times in seconds: it rings for `rings`, answers, and hangs up after `handles` unless the caller did."""

    name: str
    rings: float = 0.2
    handles: float = 2.0
    answers: bool = True
    """False: refuse with 486 after `rings`."""

    @classmethod
    def silent(cls, name: str) -> Agent:
        """An agent who is not there: rings for ever."""
        return cls(name, rings=_NEVER_MS / 1000)


class AgentEvent(enum.Enum):
    """What happened at an agent's phone."""

    RUNG = "rung"
    ANSWERED = "answered"
    REFUSED = "refused"
    CANCELLED = "cancelled"
    HUNG_UP = "hung-up"
    CALLER_LEFT = "caller-left"


@dataclass(frozen=True, slots=True)
class AgentRecord:
    """One event at one agent's phone, with the From header that the phone was shown."""

    agent: str
    event: AgentEvent
    from_header: str


class CommandLine(Protocol):
    """The part of a PBX that agents need: its console."""

    def cli(self, command: str) -> str:
        """Run one console command and give what it printed."""


class Agents:
    """Phones on one port of 127.0.0.1, all played by one SIPp. Use as a context manager."""

    def __init__(self, sipp: Sequence[str], agents: Iterable[Agent], run_dir: Path, port: int | None = None) -> None:
        """Prepare the phones; `port` is theirs (a free one by default), so that contacts can be written beforehand."""
        self.agents = {agent.name: agent for agent in agents}
        self._sipp_command = tuple(sipp)
        self._run_dir = run_dir
        self._ports = Ports(1 if port is None else 0)
        self.port = next(iter(self._ports)) if port is None else port
        self._sipp: Sipp | None = None

    def contact(self, agent: str) -> str:
        """The contact of one agent, for the AOR in pjsip.conf."""
        return f"sip:{self.agents[agent].name}@{LOOPBACK}:{self.port}"

    def start(self) -> None:
        """Switch the phones on. Raises SipError where SIPp does not come up."""
        directory = new_directory(self._run_dir, "agents")
        (directory / "agent.xml").write_text(_agent_scenario(list(self.agents.values())), encoding="utf-8")
        options = ["-sf", "agent.xml", "-trace_msg", "-message_file", _MESSAGES]
        self._sipp = Sipp(self._sipp_command, options, directory, self.port)
        self._sipp.wait_until_bound(10.0)

    def log_in(self, pbx: CommandLine, queue: str, agent: str, penalty: int = 0) -> None:
        """Make an agent a member of a queue. Raises SipError with Asterisk's words where it refuses."""
        command = f"queue add member PJSIP/{agent} to {queue} penalty {penalty} as {agent}"
        said = pbx.cli(command)
        if "Added interface" not in said:
            raise SipError(f"{command!r} was refused: {said.strip()}")

    def log_out(self, pbx: CommandLine, queue: str, agent: str) -> None:
        """Take an agent out of a queue."""
        pbx.cli(f"queue remove member PJSIP/{agent} from {queue}")

    def records(self) -> list[AgentRecord]:
        """What happened at the phones so far, in order."""
        return list(_agent_records(self._sipp.log_lines())) if self._sipp else []

    def invites(self) -> list[str]:
        """Each INVITE that reached the phones so far, as it was on the wire, in order; one repeated is there twice."""
        path = self._sipp.directory / _MESSAGES if self._sipp else None
        text = path.read_text(encoding="utf-8", errors="replace") if path and path.exists() else ""
        return [message for message in _RECEIVED.split(text)[1:] if message.lstrip().startswith("INVITE ")]

    def stop(self) -> None:
        """Switch the phones off and give the port back."""
        if self._sipp:
            self._sipp.stop()
        self._ports.close()

    def __enter__(self) -> Agents:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


_MESSAGES = "messages.log"
_RECEIVED = re.compile(r"UDP message (?:received|sent).*:\n", re.MULTILINE)


def _agent_records(lines: Iterable[str]) -> Iterator[AgentRecord]:
    for line in lines:
        agent, _, rest = line.partition(" ")
        event, _, shown = rest.partition(" ")
        with contextlib.suppress(ValueError):
            yield AgentRecord(agent, AgentEvent(event), shown.strip())


# --- what SIPp reads ---------------------------------------------------------------------------------------------


def _filled(name: str, **values: str) -> str:
    text = (importlib.resources.files(__package__) / "scenarios" / name).read_text(encoding="utf-8")
    comment, end, scenario = text.partition("-->\n")
    for marker, value in values.items():
        scenario = scenario.replace(f"{{{{{marker}}}}}", value)
    return comment + end + scenario


def _caller_scenario(callers: Sequence[Caller], identity: Identity) -> str:
    sender, asserted = "[field1]", ""
    if len(callers) == 1:
        sender = _literal(callers[0].from_header())
    if identity is Identity.ASSERTED:
        asserted = f"      P-Asserted-Identity: {sender}\n"
        sender = _ANONYMOUS
    refusals = "".join(
        f'  <recv response="{code}" optional="global" next="refused">{_CODE}</recv>\n' for code in _REFUSALS
    )
    return _filled("caller.xml", **{"from": sender, "identity": asserted, "refusals": refusals})


_CODE = '<action><ereg regexp="SIP/2.0 ([0-9]+)" search_in="msg" assign_to="line,code"/></action>'
_PLAIN = frozenset(string.ascii_letters + string.digits + ' <>"@:.+-_')


def _literal(value: str) -> str:
    r"""Any text as SIPp's scenario text: all but plain characters as `\xNN`, so that nothing is a keyword or markup."""
    return "".join(
        chr(byte) if chr(byte) in _PLAIN else f"\\x{byte:02X}" for byte in value.encode("utf-8", "surrogateescape")
    )


def _injection(callers: Sequence[Caller], *, alone: bool) -> str:
    rows = ["SEQUENTIAL"]
    for place, caller in enumerate(callers):
        sender = "" if alone else caller.from_header()
        rows.append(";".join(_cells(place, sender, caller)))
    return "\n".join(rows) + "\n"


def _cells(place: int, sender: str, caller: Caller) -> tuple[str, ...]:
    for text in (sender, caller.dialled):
        if any(sign in text for sign in ";\r\n\0"):
            raise SipError(
                f"{text!r} holds a ';' or a line break, which SIPp's list cannot carry: place this caller alone"
            )
    return (str(place), sender, caller.dialled, _ms(caller.patience), _ms(caller.stay), _ms(caller.after))


def _agent_scenario(agents: Sequence[Agent]) -> str:
    if not agents:
        raise SipError("no agents to play: give at least one")
    for agent in agents:
        if not _AGENT_NAME.fullmatch(agent.name):
            raise SipError(f"agent {agent.name!r}: a name here has letters, digits, '-' and '_' only")
    return _filled(
        "agent.xml",
        recognise="".join(map(_recognise, agents)),
        choose="".join(f'  <nop hide="true" test="is_{agent.name}" next="as_{agent.name}"/>\n' for agent in agents),
        behave="".join(map(_behave, agents)),
    )


_AGENT_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


def _recognise(agent: Agent) -> str:
    return f'    <ereg regexp="^INVITE sip:{agent.name}@" search_in="msg" assign_to="is_{agent.name}"/>\n'


def _behave(agent: Agent) -> str:
    return f"""\
  <label id="as_{agent.name}"/>
  <nop hide="true" next="ring"><action>
    <assign assign_to="rings" value="{_ms(agent.rings)}"/>
    <assign assign_to="handles" value="{_ms(agent.handles)}"/>
    <assign assign_to="willing" value="{int(agent.answers)}"/>
    <test assign_to="answers" variable="willing" compare="equal" value="1"/>
  </action></nop>
"""


def _ms(seconds: float) -> str:
    return str(max(1, round(seconds * 1000)))


def _quoted(name: str) -> str:
    return name.replace("\\", "\\\\").replace('"', '\\"')
