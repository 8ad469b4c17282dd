"""What ``app_queue`` and our dialplan tell over AMI of callers in a queue and of its members, as typed events.

The classes ``agent`` and ``user`` of manager.conf's ``read`` carry them. Event names and fields as ``app_queue.c`` and
``manager_channels.c`` send them, 16.28 and 22.10.1.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

CLASSES: Final = "agent,user"
"""What a login asks for when somebody listens."""

USER_EVENT: Final = "ariroute"
"""The name of the dialplan's own events: ``UserEvent(ariroute,...)`` in ``dialplan/extensions-ariroute.conf``."""

Status = Literal[
    "timeout", "full", "joinempty", "leaveempty", "joinunavail", "leaveunavail", "continue", "withdraw", "unknown"
]
STATUSES: Final[Mapping[str, Status]] = {
    "TIMEOUT": "timeout",
    "FULL": "full",
    "JOINEMPTY": "joinempty",
    "LEAVEEMPTY": "leaveempty",
    "JOINUNAVAIL": "joinunavail",
    "LEAVEUNAVAIL": "leaveunavail",
    "CONTINUE": "continue",
    "WITHDRAW": "withdraw",
}
"""QUEUESTATUS by its words (``queue_results[]`` in app_queue.c); a queue that does not exist leaves it empty."""
ENDS: Final = frozenset({"agent", "caller", "transfer"})
QUEUE_NAME: Final = re.compile(r"[-\w.@+*# ]{1,128}")


@dataclass(frozen=True, slots=True)
class Happening:
    """``at`` is in seconds since 1970: Asterisk's own time where manager.conf has ``timestampevents = yes``."""

    at: float
    contact: str
    """Uniqueid of the caller's channel."""
    queue: str


@dataclass(frozen=True, slots=True)
class Entered(Happening):
    """QueueCallerJoin: the caller waits, at ``position`` of ``waiting``, counted from 1."""

    linked: str
    position: int
    waiting: int


@dataclass(frozen=True, slots=True)
class RangInVain(Happening):
    """AgentRingNoAnswer: an agent's phone rang for ``ring`` seconds, and nobody answered."""

    agent: str
    ring: float
    interface: str = ""


@dataclass(frozen=True, slots=True)
class Answered(Happening):
    """AgentConnect: an agent talks with the caller, who waited ``hold`` whole seconds in this queue."""

    agent: str
    hold: int
    ring: int
    interface: str = ""


@dataclass(frozen=True, slots=True)
class Ended(Happening):
    """AgentComplete: the talk of ``talk`` whole seconds is over, by ``agent``, ``caller`` or ``transfer``."""

    agent: str
    hold: int
    talk: int
    by: str
    interface: str = ""


@dataclass(frozen=True, slots=True)
class Abandoned(Happening):
    """QueueCallerAbandon: the caller left unserved.

    Whoever is let go (timeout, leaveempty, withdrawn, redirected) counts as abandoned too: :class:`LetGo` follows then.
    """

    hold: int
    position: int


@dataclass(frozen=True, slots=True)
class LetGo(Happening):
    """Our dialplan: ``Queue()`` came back and nobody had served the caller."""

    status: Status


@dataclass(frozen=True, slots=True)
class Undecided(Happening):
    """Our dialplan: no decision was there (no daemon, or the guard fired), so ``queue``, the default, has the call.

    ``app`` is the Stasis application as the dialplan was told, empty for the usual one. Number, name and what was
    dialled are as Asterisk has them: untrusted.
    """

    app: str
    dialled: str
    number: str
    name: str


QueueEvent = Entered | RangInVain | Answered | Ended | Abandoned | LetGo | Undecided


@dataclass(frozen=True, slots=True)
class QueueMember:
    """One interface in one queue. Times are Asterisk's, in whole seconds since 1970, 0 for never.

    ``status`` is one of ``AST_DEVICE_*`` (``devicestate.h``). ``dynamic``: it was added and can be removed; realtime
    members count as static. ``in_call``: with a caller of this queue. ``wrap_up`` is the member's own, 0 for the
    queue's.
    """

    queue: str
    interface: str
    name: str = ""
    state_interface: str = ""
    dynamic: bool = True
    penalty: int = 0
    paused: bool = False
    reason: str = ""
    """Why it is paused, in the words of who paused it."""
    status: int = 1
    in_call: bool = False
    last_call: int = 0
    last_pause: int = 0
    login: int = 0
    wrap_up: int = 0


@dataclass(frozen=True, slots=True)
class MemberChanged:
    """QueueMemberAdded, -Removed, -Status, -Pause, -Penalty: ``member`` as it is now, or was when it was removed."""

    at: float
    what: Literal["added", "removed", "status", "pause", "penalty"]
    member: QueueMember


@dataclass(frozen=True, slots=True)
class Called(Happening):
    """AgentCalled: the phone of ``interface`` begins to ring for the caller."""

    interface: str


@dataclass(frozen=True, slots=True)
class Left(Happening):
    """QueueCallerLeave: the caller waits no more. How it ended, the next event of the contact tells."""


MemberEvent = MemberChanged | Called | Left

UNKNOWN: Final = "<unknown>"
"""AMI's word for a number or name that is not there (``manager_channels.c``)."""

BEGIN: Final = b"Event: "
NAMES: Final = frozenset(
    {b"QueueCallerJoin", b"AgentRingNoAnswer", b"AgentConnect", b"AgentComplete", b"QueueCallerAbandon"}
)
MEMBER_CHANGES: Final[Mapping[str, Literal["added", "removed", "status", "pause", "penalty"]]] = {
    "QueueMemberAdded": "added",
    "QueueMemberRemoved": "removed",
    "QueueMemberStatus": "status",
    "QueueMemberPause": "pause",
    "QueueMemberPenalty": "penalty",
}
OF_MEMBERS: Final = frozenset({*(name.encode() for name in MEMBER_CHANGES), b"AgentCalled", b"QueueCallerLeave"})
INTERFACE: Final = re.compile(r"[^\x00-\x1f\x7f]{1,256}")
OURS: Final = f"\r\nUserEvent: {USER_EVENT}\r\n".encode()


def is_wanted(message: bytes) -> bool:
    """Whether an event as it came is one to read. Every other is passed over by its name alone, in 1.5 us."""
    name = message[len(BEGIN) : message.find(b"\r\n")]
    return name in NAMES or (name == b"UserEvent" and OURS in message)


def is_of_members(message: bytes) -> bool:
    """Whether an event as it came is one that :func:`member_event` reads."""
    return message[len(BEGIN) : message.find(b"\r\n")] in OF_MEMBERS


def queue_event(message: Mapping[str, str], now: float) -> QueueEvent | None:
    """The event in ``message`` (keys in lower case), None where it is not one of ours or says not whom it is about.

    ``now`` is its time where it carries none.
    """
    contact, queue = message.get("uniqueid", ""), message.get("queue", "")
    if not contact or not QUEUE_NAME.fullmatch(queue):
        return None
    at, agent = _time(message.get("timestamp", ""), now), message.get("membername", "")
    interface = message.get("interface", "")
    match message.get("event"):
        case "QueueCallerJoin":
            linked = message.get("linkedid", "")
            return Entered(at, contact, queue, linked, whole(message, "position"), whole(message, "count"))
        case "AgentRingNoAnswer":
            return RangInVain(at, contact, queue, agent, whole(message, "ringtime") / 1000, interface)
        case "AgentConnect":
            hold, ring = whole(message, "holdtime"), whole(message, "ringtime")
            return Answered(at, contact, queue, agent, hold, ring, interface)
        case "AgentComplete":
            by = message.get("reason", "")
            hold, talk = whole(message, "holdtime"), whole(message, "talktime")
            return Ended(at, contact, queue, agent, hold, talk, by if by in ENDS else "", interface)
        case "QueueCallerAbandon":
            return Abandoned(at, contact, queue, whole(message, "holdtime"), whole(message, "position"))
        case "UserEvent" if message.get("userevent") == USER_EVENT:
            return _of_dialplan(message, at, contact, queue)
    return None


def member_event(message: Mapping[str, str], now: float) -> MemberEvent | None:
    """As :func:`queue_event`, of members: what changed with them, and whom they are called for."""
    name, queue, contact = message.get("event", ""), message.get("queue", ""), message.get("uniqueid", "")
    interface = message.get("interface", "")
    if not QUEUE_NAME.fullmatch(queue):
        return None
    at = _time(message.get("timestamp", ""), now)
    if name == "QueueCallerLeave":
        return Left(at, contact, queue) if contact else None
    if not INTERFACE.fullmatch(interface):
        return None
    if name == "AgentCalled":
        return Called(at, contact, queue, interface) if contact else None
    what = MEMBER_CHANGES.get(name)
    return MemberChanged(at, what, member_of(message, interface, message.get("membername", ""))) if what else None


def listed_member(message: Mapping[str, str]) -> QueueMember | None:
    """The member in an event QueueMember, which answers QueueStatus and names some fields otherwise."""
    interface = message.get("location", "")
    if not (INTERFACE.fullmatch(interface) and QUEUE_NAME.fullmatch(message.get("queue", ""))):
        return None
    return member_of(message, interface, message.get("name", ""))


def member_of(message: Mapping[str, str], interface: str, name: str) -> QueueMember:
    """The member in ``message``; what is missing or no number is 0."""
    return QueueMember(
        queue=message.get("queue", ""),
        interface=interface,
        name=name,
        state_interface=message.get("stateinterface", ""),
        dynamic=message.get("membership") == "dynamic",
        penalty=whole(message, "penalty"),
        paused=message.get("paused") == "1",
        reason=message.get("pausedreason", ""),
        status=whole(message, "status"),
        in_call=message.get("incall") == "1",
        last_call=whole(message, "lastcall"),
        last_pause=whole(message, "lastpause"),
        login=whole(message, "logintime"),
        wrap_up=whole(message, "wrapuptime"),
    )


def _of_dialplan(message: Mapping[str, str], at: float, contact: str, queue: str) -> QueueEvent | None:
    match message.get("what"):
        case "letgo":
            return LetGo(at, contact, queue, STATUSES.get(message.get("status", ""), "unknown"))
        case "undecided":
            number, name = (_known(message.get(key, "")) for key in ("calleridnum", "calleridname"))
            return Undecided(at, contact, queue, message.get("app", ""), message.get("to", ""), number, name)
    return None


def _known(text: str) -> str:
    return "" if text == UNKNOWN else text


def whole(message: Mapping[str, str], key: str) -> int:
    """A figure of an event; 0 where it is missing or no number."""
    value = message.get(key, "")
    return int(value) if value.isascii() and value.isdecimal() and len(value) < 16 else 0


def _time(text: str, now: float) -> float:
    return float(text) if re.fullmatch(r"\d{1,12}\.\d{1,9}", text, re.ASCII) else now
