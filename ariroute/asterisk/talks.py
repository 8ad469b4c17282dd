"""Who talks with whom, for the one event that may not say it.

Where the caller hangs up, app_queue tells of the end of the talk by AgentComplete, which names the caller from what
Asterisk still knows of the channel. In about one call of a hundred that channel is gone by then, and the event comes
without ``Uniqueid`` and the other fields of the caller, sometimes without those of the agent's channel too
(``send_agent_complete()`` of app_queue.c, seen on 22.10.1). The member's interface is always there.
"""

from __future__ import annotations

from collections.abc import Mapping


class Talks:
    """The callers of the talks of one connection, by queue and member."""

    def __init__(self) -> None:
        self._callers: dict[tuple[str, str], str] = {}

    def named(self, message: Mapping[str, str]) -> Mapping[str, str]:
        """``message`` (keys in lower case), with its caller where it lacks it and the talk's begin was told here."""
        match message.get("event"):
            case "AgentConnect":
                self._callers[_place(message)] = message.get("uniqueid", "")
            case "AgentComplete":
                caller = self._callers.pop(_place(message), "")
                if caller and "uniqueid" not in message:
                    return {**message, "uniqueid": caller}
        return message


def _place(message: Mapping[str, str]) -> tuple[str, str]:
    return message.get("queue", ""), message.get("interface", "")
