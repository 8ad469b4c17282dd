"""The items of a prompt as the media of an ARI playback."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ariroute.flow.wants import Digits, Number, Sound, Tone

NUMBER: Final = "number:"
SILENCE: Final = "sound:silence/1"
SILENCE_OFFSET: Final = 0.98
"""No word of a number can be skipped unless a sound came before it in the same playback (``playback_restart()`` asks
for ``controllable``, which ``play_on_channel()`` sets for sounds alone; res_stasis_playback.c, 16 to 23). So the last
20 ms of the shortest sound that comes with Asterisk do."""

DIGIT_SOUNDS: Final = {key: f"sound:digits/{key}" for key in "0123456789"} | {
    "*": "sound:digits/star",
    "#": "sound:digits/pound",
}
"""As ``ast_say_digit_str()`` does in every language, but as sounds, which can be stopped."""

LARGEST_NUMBER: Final = 999_999_999
"""Larger ones are said digit by digit. Asterisk reads a C ``int`` and does not look whether it is one."""


@dataclass(frozen=True, slots=True)
class Media:
    """What one item is for ``POST /channels/{id}/play``. Times in seconds."""

    uris: tuple[str, ...]
    offset: float = 0.0
    lasts: float | None = None
    """When to stop it; None: it ends by itself."""


def media_of(item: Sound | Tone | Number | Digits) -> Media:
    """The media of an item that Asterisk can play as it is; without uris when there is nothing to say."""
    match item:
        case Sound(name):
            return Media((f"sound:{name}",))
        case Tone(name):
            return Media((f"tone:{name}",), lasts=Tone.lasts)
        case Number(value) if abs(value) <= LARGEST_NUMBER:
            return Media((SILENCE, f"{NUMBER}{value}"), SILENCE_OFFSET)
        case Number(value):
            return _digits(str(value))
        case Digits(text):
            return _digits(text)


def _digits(text: str) -> Media:
    return Media(tuple(DIGIT_SOUNDS[key] for key in text if key in DIGIT_SOUNDS))
