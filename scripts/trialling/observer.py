"""What Asterisk says of its queues over AMI, written down with its own times. Nothing here knows ariroute."""

from __future__ import annotations

import contextlib
import itertools
import socket
import threading
from collections.abc import Callable, Mapping
from typing import Final

from ariroute.lab.debian import LabError

Message = Mapping[str, str]

_DEADLINE: Final = 10.0
_WANTED: Final = frozenset(
    {
        *("QueueCallerJoin", "QueueCallerAbandon", "AgentCalled", "AgentRingNoAnswer", "AgentConnect", "AgentComplete"),
        *("QueueMemberAdded", "QueueMemberRemoved", "QueueMemberPause", "QueueMemberStatus", "QueueMemberPenalty"),
    }
)


class Observer:
    """A connection to AMI of its own, read by a thread; ``on_event`` is given each event of queues, in that thread."""

    def __init__(self, port: int, user: str, secret: str, on_event: Callable[[Message], None]) -> None:
        """Connect and log in. Raises LabError when Asterisk does not let us."""
        self._on_event = on_event
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=_DEADLINE)
        self._lines = self._socket.makefile("r", encoding="utf-8", errors="replace", newline="\r\n")
        self._lines.readline()  # the greeting
        self._numbers = itertools.count(1)
        self._answers: dict[str, Message] = {}
        self._arrived = threading.Condition()
        self._reader = threading.Thread(target=self._read, name="observer", daemon=True)
        self._socket.settimeout(None)
        self._reader.start()
        said = self.action("Login", Username=user, Secret=secret, Events="agent")
        if said.get("Response") != "Success":
            raise LabError(f"AMI refuses the observer: {said.get('Message', said)}")

    def action(self, name: str, **fields: str) -> Message:
        """Send an action and return its response. Raises LabError when none comes."""
        number = f"trial-{next(self._numbers)}"
        text = "".join(f"{key}: {value}\r\n" for key, value in {"Action": name, "ActionID": number, **fields}.items())
        self._socket.sendall(f"{text}\r\n".encode())
        with self._arrived:
            if not self._arrived.wait_for(lambda: number in self._answers, _DEADLINE):
                raise LabError(f"AMI did not answer {name} within {_DEADLINE:g} s")
            return self._answers.pop(number)

    def add_member(self, queue: str, agent: str, penalty: int = 0) -> None:
        """Log an agent in to a queue, as a panel would. Raises LabError with Asterisk's words where it refuses."""
        fields = {"Queue": queue, "Interface": f"PJSIP/{agent}", "MemberName": agent, "Penalty": str(penalty)}
        said = self.action("QueueAdd", **fields)
        if said.get("Response") != "Success":
            raise LabError(f"{agent} cannot log in to {queue}: {said.get('Message', said)}")

    def close(self) -> None:
        """End the connection."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._reader.join(_DEADLINE)
        self._lines.close()
        self._socket.close()

    def __enter__(self) -> Observer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _read(self) -> None:
        message: dict[str, str] = {}
        with contextlib.suppress(OSError, ValueError):  # closed by us, or Asterisk has ended
            for line in self._lines:
                key, colon, value = line.rstrip("\r\n").partition(": ")
                if colon:
                    message[key] = value
                elif message:
                    self._take(message)
                    message = {}

    def _take(self, message: Message) -> None:
        if message.get("Event") in _WANTED:
            self._on_event(message)
        elif "Response" in message:
            with self._arrived:
                self._answers[message.get("ActionID", "")] = message
                self._arrived.notify_all()
