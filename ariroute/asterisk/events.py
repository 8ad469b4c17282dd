"""What Asterisk tells over the websocket, as types: one JSON text in, one value out, never an exception.

Only fields that ariroute uses are read; each is in the ``rest-api/events.json`` that Asterisk 16 to 22 ship, and
a test holds it so. A missing field takes its default, except a channel's id, without which an event means nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from ariroute.flow.untrusted import Untrusted
from ariroute.json_text import loads

Json = Mapping[str, Any]
NO_VARIABLES: Final[Mapping[str, str]] = {}
NOTHING: Final = Untrusted()


@dataclass(frozen=True, slots=True)
class Channel:
    """One leg in Asterisk, as it was when the event was sent."""

    id: str
    name: str = ""
    state: str = ""
    caller_number: Untrusted = NOTHING
    caller_name: Untrusted = NOTHING
    dialled: str = ""
    """The extension the channel is in; behind a ``Goto(context,s,1)`` that is ``s``."""
    context: str = ""
    created: str = ""
    """ISO 8601 with milliseconds and offset, as Asterisk writes it."""
    app_data: str = ""
    """The running application's arguments; after a ``move`` it still names the old Stasis application."""
    app: str = ""
    """The application that runs: ``Stasis`` for whoever is in one, ours or not."""
    variables: Mapping[str, str] = field(default_factory=dict, hash=False)
    """What ``channelvars`` in ari.conf names."""


@dataclass(frozen=True, slots=True)
class StasisStart:
    """A channel entered our application; ``args`` are those of ``Stasis()`` after the name."""

    channel: Channel
    args: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StasisEnd:
    """A channel left our application: continued, hung up, or taken out by the guard. ``channel`` holds its id alone."""

    channel: Channel


@dataclass(frozen=True, slots=True)
class ChannelDestroyed:
    """A channel is gone; ``cause`` is ITU-T Q.850. ``channel`` holds its id alone."""

    channel: Channel
    cause: int = 0
    cause_txt: str = ""


@dataclass(frozen=True, slots=True)
class ChannelHangupRequest:
    """Somebody asked to hang the channel up. ``channel`` holds its id alone."""

    channel: Channel
    cause: int = 0


@dataclass(frozen=True, slots=True)
class ChannelDtmfReceived:
    """A key was released. ``channel`` holds its id alone."""

    channel: Channel
    digit: str = ""
    duration_ms: int = 0


@dataclass(frozen=True, slots=True)
class ChannelVarset:
    """A variable changed; ``channel`` is None for a global one."""

    variable: str
    value: str
    channel: Channel | None


@dataclass(frozen=True, slots=True)
class PlaybackStarted:
    """A playback began; told again for each of its media."""

    playback_id: str


@dataclass(frozen=True, slots=True)
class PlaybackFinished:
    """A playback ended; ``state`` is ``done``, also when it was stopped, or ``failed``: its last media is not there."""

    playback_id: str
    state: str = ""


@dataclass(frozen=True, slots=True)
class Dialled:
    """How a ``Dial()`` or ``Queue()`` of a watched channel goes: ``status`` is empty at its start, then such as
    ``RINGING`` and ``ANSWER``. ``caller_id`` is the channel that dials, empty for a call that Asterisk began itself."""

    caller_id: str
    status: str = ""


@dataclass(frozen=True, slots=True)
class ApplicationReplaced:
    """Another connection took our application over. This one hears no more events, though it stays open."""

    application: str = ""


Event = (
    StasisStart
    | StasisEnd
    | ChannelDestroyed
    | ChannelHangupRequest
    | ChannelDtmfReceived
    | ChannelVarset
    | PlaybackStarted
    | PlaybackFinished
    | Dialled
    | ApplicationReplaced
)


class Answer(NamedTuple):
    """The answer to one request: HTTP's status, Asterisk's reason, and the undecoded body."""

    status: int
    reason: str = ""
    body: str | bytes = ""


class RestAnswer(NamedTuple):
    """A ``RESTResponse`` frame: the answer to the request of that id, sent over the same websocket."""

    request_id: str
    answer: Answer


@dataclass(frozen=True, slots=True)
class Unhandled:
    """A text that is no event of ours. ``type`` is empty when it could not be read at all; ``fault`` then says why."""

    type: str
    fault: str = ""


def decode(text: str | bytes) -> Event | RestAnswer | Unhandled:
    """What one websocket text says. Never raises."""
    try:
        message = loads(text)
        kind = message["type"]
        build = BUILDERS.get(kind)
        return build(message) if build is not None else Unhandled(str(kind)[:64])
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        return Unhandled("", f"{type(error).__name__}: {error}"[:200])


def channel_of(message: Json) -> Channel:
    """A channel from Asterisk's JSON model ``Channel``. Raises KeyError or TypeError when it has no id."""
    caller: Json = message.get("caller") or {}
    dialplan: Json = message.get("dialplan") or {}
    variables = message.get("channelvars")
    return Channel(
        _identifier(message),
        _text(message, "name"),
        _text(message, "state"),
        Untrusted(_text(caller, "number")),
        Untrusted(_text(caller, "name")),
        _text(dialplan, "exten"),
        _text(dialplan, "context"),
        _text(message, "creationtime"),
        _text(dialplan, "app_data"),
        _text(dialplan, "app_name"),
        variables if type(variables) is dict else NO_VARIABLES,
    )


def _text(message: Json, key: str) -> str:
    value = message.get(key)
    return value if type(value) is str else ""


def _number(message: Json, key: str) -> int:
    value = message.get(key)
    return value if type(value) is int else 0


def _identifier(message: Json) -> str:
    identifier = message["id"]
    if not isinstance(identifier, str) or not identifier:
        raise TypeError(f"an id that is no text: {identifier!r}")
    return identifier


def _by_id(message: Json) -> Channel:
    """The event's channel by its id alone: every call brings such events, and nobody asks more of them."""
    return Channel(_identifier(message["channel"]), variables=NO_VARIABLES)


def _stasis_start(message: Json) -> StasisStart:
    return StasisStart(channel_of(message["channel"]), tuple(map(str, message.get("args", ()))))


def _varset(message: Json) -> ChannelVarset:
    channel = message.get("channel")
    return ChannelVarset(str(message["variable"]), _text(message, "value"), channel_of(channel) if channel else None)


def _rest_answer(message: Json) -> RestAnswer:
    answer = Answer(int(message["status_code"]), _text(message, "reason_phrase"), _text(message, "message_body"))
    return RestAnswer(str(message["request_id"]), answer)


BUILDERS: Final[Mapping[str, Callable[[Json], Event | RestAnswer]]] = {
    "StasisStart": _stasis_start,
    "StasisEnd": lambda m: StasisEnd(_by_id(m)),
    "ChannelDestroyed": lambda m: ChannelDestroyed(_by_id(m), _number(m, "cause"), _text(m, "cause_txt")),
    "ChannelHangupRequest": lambda m: ChannelHangupRequest(_by_id(m), _number(m, "cause")),
    "ChannelDtmfReceived": lambda m: ChannelDtmfReceived(_by_id(m), _text(m, "digit"), _number(m, "duration_ms")),
    "ChannelVarset": _varset,
    "PlaybackStarted": lambda m: PlaybackStarted(_identifier(m["playback"])),
    "PlaybackFinished": lambda m: PlaybackFinished(_identifier(m["playback"]), _text(m["playback"], "state")),
    "Dial": lambda m: Dialled(_text(m.get("caller") or {}, "id"), _text(m, "dialstatus")),
    "ApplicationReplaced": lambda m: ApplicationReplaced(_text(m, "application")),
    "RESTResponse": _rest_answer,
}
