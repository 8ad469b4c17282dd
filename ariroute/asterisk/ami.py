"""The AMI client: connect, ask, close. panoramisk inside (`ami_connection`), behind our own deadlines and checks.

:mod:`ariroute.asterisk.ami_link` stays connected with it.
"""

from __future__ import annotations

import asyncio
import os
import re
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from ariroute.asterisk.ami_connection import AT_ONCE, OneConnection, silent
from ariroute.asterisk.queue_events import CLASSES, QueueMember, is_wanted, listed_member, whole
from ariroute.asterisk.settings import AmiSettings
from ariroute.errors import AmiError, PbxRefused, PbxUnreachable

KEY = re.compile(r"[A-Za-z][A-Za-z0-9]{0,31}", re.ASCII)
LINE_BREAKERS = re.compile(r"[\r\n\0]")
NOBODY = "(nobody)"

Message = Mapping[str, str]
"""An event by its fields, keys in lower case."""


@dataclass(frozen=True, slots=True)
class QueueSummary:
    """One queue at one moment, from the event of the same name. Times are whole seconds."""

    queue: str
    logged_in: int
    available: int
    callers: int
    hold_time: int
    """Average of the answered calls' waits."""
    talk_time: int
    """Average of the answered calls' talks."""
    longest_hold_time: int
    """How long the caller who waits longest has waited."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """One caller in a queue, from the event QueueEntry: ``contact`` is the channel's uniqueid, ``wait`` in seconds."""

    queue: str
    contact: str
    position: int
    wait: int


@dataclass(frozen=True, slots=True)
class QueueStatus:
    """Queues at one moment: who is a member where, who waits where, and how long a queue's talks last on average."""

    members: tuple[QueueMember, ...]
    waiting: tuple[Waiting, ...]
    talk_times: Mapping[str, int]
    """Whole seconds by queue; a queue without a talk yet has 0. Every queue that was asked for is in it."""


class Ami:
    """One connection to AMI; ``async with Ami(settings) as ami:``.

    Nothing is sent again after a loss: an open action then ends with AmiError, and a new connection is a new object.
    ``on_event`` is given the events of queues that nobody asked for (:mod:`ariroute.asterisk.queue_events`); without it
    Asterisk sends none. ``wanted`` says, by an event as it came, which of them.
    """

    def __init__(
        self,
        settings: AmiSettings,
        on_event: Callable[[Message], None] | None = None,
        wanted: Callable[[bytes], bool] = is_wanted,
    ) -> None:
        self.settings = settings
        self._on_event = on_event
        self._wanted = wanted
        self._manager: OneConnection | None = None

    async def connect(self) -> None:
        """Connects and logs in.

        Raises PbxUnreachable when nobody answers in time, PbxRefused for a wrong user or secret.
        """
        manager = OneConnection(
            self._on_event, self._wanted, host=self.settings.host, port=self.settings.port, log=silent
        )
        self._manager = manager
        try:
            async with asyncio.timeout(self.settings.timeout):
                await manager.connect()
                await manager.banner
        except TimeoutError:
            await self.close()
            raise PbxUnreachable(
                f"{self._where} did not answer within {self.settings.timeout:g} s: is the address right, and no "
                "firewall between?"
            ) from None
        except (OSError, AmiError) as error:
            await self.close()
            raise PbxUnreachable(
                f"{self._where} cannot be reached: {cause_of(error)}; see enabled, bindaddr and port in manager.conf"
            ) from error
        try:
            secret = self.settings.password.reveal()
            events = CLASSES if self._on_event else "off"
            await self.action("Login", {"Username": self.settings.user, "Secret": secret, "Events": events})
        except AmiError as error:
            await self.close()
            if isinstance(error, ActionRefused):
                raise PbxRefused(
                    f"{self._where} refuses the AMI user '{self.settings.user}': compare user and password with the "
                    f"section [{self.settings.user}] of manager.conf, and its permit and deny"
                ) from None
            raise PbxUnreachable(f"{error}: is that Asterisk's AMI, and is it well?") from error

    async def close(self) -> None:
        """Closes the connection; open actions end with AmiError."""
        if self._manager is not None:
            manager, self._manager = self._manager, None
            manager.end("this side closed the connection")
            await asyncio.sleep(0)  # the transport closes in the loop's next turn

    async def __aenter__(self) -> Self:
        try:
            await self.connect()
        except BaseException:  # cancelled halfway, too
            await self.close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def lost(self) -> str:
        """Waits until the connection is lost; returns why."""
        manager = self._manager
        return await asyncio.shield(manager.lost) if manager is not None else "not connected"

    async def queue_summary(self, queue: str = "") -> list[QueueSummary]:
        """Every queue by name, or only this one; none when there is no such queue. Needs no class of rights.

        Cheap: 14 ms for 50 queues of 200 members, 0.3 ms for one, where QueueStatus takes 100.
        """
        events = await self.action("QueueSummary", {"Queue": queue} if queue else None, answers_with_list=True)
        return sorted(
            (summary_of(event) for event in events if event.get("event") == "QueueSummary"),
            key=lambda summary: summary.queue,
        )

    async def waiting(self) -> list[Waiting]:
        """Every caller who waits in a queue now. Needs no class of rights.

        QueueStatus, for members of a name that no member has: with all of them it is a hundred times as long.
        """
        events = await self.action("QueueStatus", {"Member": NOBODY}, answers_with_list=True)
        return [waiting_of(event) for event in events if event.get("event") == "QueueEntry"]

    async def queue_status(self, queue: str = "") -> QueueStatus:
        """Every queue, or only this one, with all of its members and callers. Needs no class of rights.

        Dear: ask for all when a connection is new, for one queue when something is not as it was thought to be.
        """
        fields = {"Queue": queue} if queue else None
        members, waiting, talk_times = [], [], {}
        for event in await self.action("QueueStatus", fields, answers_with_list=True):
            match event.get("event"):
                case "QueueMember":
                    members.append(listed_member(event))
                case "QueueEntry":
                    waiting.append(waiting_of(event))
                case "QueueParams":
                    talk_times[event.get("queue", "")] = whole(event, "talktime")
        return QueueStatus(tuple(filter(None, members)), tuple(waiting), talk_times)

    async def members(self, queue: str = "") -> tuple[QueueMember, ...]:
        """The members of every queue, or only of this one."""
        return (await self.queue_status(queue)).members

    async def queue_add(self, member: QueueMember) -> None:
        """Make it a dynamic member, as :class:`QueueMember` says: penalty, pause with its reason, name, wrap-up.

        Needs the class ``agent``, as the next three do. Raises ActionRefused with Asterisk's words, such as
        "Unable to add interface: Already there" (manager_add_queue_member(), app_queue.c, 16.28 and 22.10.1).
        """
        fields = {
            "Queue": member.queue,
            "Interface": member.interface,
            "Penalty": str(member.penalty),
            "Paused": "true" if member.paused else "false",
            "Reason": member.reason if member.paused else "",
            "MemberName": member.name,
            "StateInterface": member.state_interface,
            "Wrapuptime": str(member.wrap_up) if member.wrap_up else "",
        }
        await self.action("QueueAdd", {name: value for name, value in fields.items() if value})

    async def queue_remove(self, queue: str, interface: str) -> None:
        """Take a dynamic member out of a queue; a call that rings or talks goes on."""
        await self.action("QueueRemove", {"Queue": queue, "Interface": interface})

    async def queue_pause(self, queue: str, interface: str, reason: str, *, paused: bool) -> None:
        """Pause a member in one queue, or end its pause there."""
        fields = {"Queue": queue, "Interface": interface, "Paused": "true" if paused else "false", "Reason": reason}
        await self.action("QueuePause", fields)

    async def queue_penalty(self, queue: str, interface: str, penalty: int) -> None:
        """Give a member another penalty in one queue; it counts from the caller's next try on."""
        await self.action("QueuePenalty", {"Queue": queue, "Interface": interface, "Penalty": str(penalty)})

    async def variable(self, name: str) -> str:
        """The value of a dialplan function or global variable, empty without one. Needs the class ``reporting``."""
        (answer, *_) = await self.action("Getvar", {"Variable": name})
        return answer.get("value", "")

    async def database_value(self, family: str, key: str) -> str | None:
        """A value of the Asterisk database, None when there is none. Needs the class ``reporting`` (or ``system``)."""
        try:
            events = await self.action("DBGet", {"Family": family, "Key": key}, answers_with_list=True)
        except ActionRefused as refused:
            if refused.message == "Database entry not found":  # manager_dbget(), db.c, 16.28 and 22.10.1
                return None
            raise
        return next((event.get("val", "") for event in events if event.get("event") == "DBGetResponse"), None)

    async def action(
        self, name: str, fields: Mapping[str, str] | None = None, *, answers_with_list: bool = False
    ) -> list[Mapping[str, str]]:
        """The messages that answer one action, keys in lower case; the first is the response.

        Raises ValueError for a field that would break out of its line, AmiError for an answer of Error, no answer in
        time, or a lost connection.
        """
        action = checked({"Action": name, **(fields or {})})
        manager = self._manager
        if manager is None or manager.lost.done():
            raise AmiError(f"{self._where}: {name}: not connected")
        # panoramisk decides by the first message whether a list follows; told True, it waits for ever after an Error,
        # and "Added interface to queue" it takes for the start of a list.
        reply = manager.send_action(action, as_list=None if answers_with_list else False)
        try:
            async with asyncio.timeout(self.settings.timeout):
                await asyncio.wait([reply, manager.lost], return_when=asyncio.FIRST_COMPLETED)
        except TimeoutError:
            raise AmiError(f"{self._where}: {name}: no answer within {self.settings.timeout:g} s") from None
        if not reply.done():
            raise AmiError(f"{self._where}: {name}: {manager.lost.result()}")
        answer = reply.result()
        messages = await made_plain(answer if isinstance(answer, list) else [answer])
        if messages[0].get("response", "") not in {"Success", "Follows", "Goodbye"}:
            raise ActionRefused(self._where, name, messages[0].get("message", "refused without a reason"))
        return messages

    @property
    def _where(self) -> str:
        return f"AMI at {self.settings.address}"


class ActionRefused(AmiError):
    """Asterisk answered an action with ``Response: Error``; ``message`` is its own word."""

    def __init__(self, where: str, action: str, message: str) -> None:
        self.message = message
        super().__init__(f"{where}: {action}: {message}")


def cause_of(error: Exception) -> str:
    """Why no connection came about, without the address: ``Connection refused``; asyncio would repeat it."""
    if isinstance(error, OSError) and not isinstance(error, socket.gaierror):
        return os.strerror(error.errno) if error.errno else "no connection to any of its addresses"
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def checked(action: Mapping[str, str]) -> dict[str, str]:
    """``action`` if each field stays on its line. Raises ValueError."""
    for key, value in action.items():
        if not KEY.fullmatch(key):
            raise ValueError(f"'{key}' is no name of an AMI field")
        if LINE_BREAKERS.search(value):
            raise ValueError(f"the AMI field {key} holds a line break or NUL, which would begin another action")
    return dict(action)


async def made_plain(messages: list[Any]) -> list[Mapping[str, str]]:
    """``messages`` as plain data, in place, some in each turn of the event loop: freeing many takes time, too."""
    for start in range(0, len(messages), AT_ONCE):
        if start:
            await asyncio.sleep(0)
        some = slice(start, start + AT_ONCE)
        messages[some] = map(lower_keys, messages[some])
    return messages


def lower_keys(message: Mapping[str, Any]) -> dict[str, str]:
    """A message as plain data; of a key that came several times, the last value."""
    return {
        str(key).lower(): str(value[-1] if isinstance(value, list) and value else value)
        for key, value in message.items()
    }


def waiting_of(event: Mapping[str, str]) -> Waiting:
    """A QueueEntry event."""
    return Waiting(event.get("queue", ""), event.get("uniqueid", ""), whole(event, "position"), whole(event, "wait"))


def summary_of(event: Mapping[str, str]) -> QueueSummary:
    """A QueueSummary event."""
    return QueueSummary(
        event.get("queue", ""),
        whole(event, "loggedin"),
        whole(event, "available"),
        whole(event, "callers"),
        whole(event, "holdtime"),
        whole(event, "talktime"),
        whole(event, "longestholdtime"),
    )
