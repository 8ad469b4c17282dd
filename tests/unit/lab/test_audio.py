"""Tones made and heard."""

from __future__ import annotations

import math
import wave
from pathlib import Path

import pytest

from ariroute.lab import audio

TONES = (400, 700, 1000, 1300)


def tone(hertz: float, frames: int = 5, loudness: float = 8000.0) -> list[list[int]]:
    samples = [
        round(loudness * math.sin(2 * math.pi * hertz * place / audio.RATE)) for place in range(frames * audio.FRAME)
    ]
    return [samples[start : start + audio.FRAME] for start in range(0, len(samples), audio.FRAME)]


SILENCE = [[0] * audio.FRAME] * 5


# Of ITU-T G.711, table 2a.
@pytest.mark.parametrize(
    ("byte", "sample"), [(0xFF, 0), (0x7F, 0), (0x80, 32124), (0x00, -32124), (0xFE, 8), (0xEF, 132)]
)
def test_mulaw_is_decoded(byte: int, sample: int) -> None:
    assert audio.from_mulaw(bytes([byte])) == (sample,)


def test_tones_are_heard_in_their_order() -> None:
    frames = [*SILENCE, *tone(400), *SILENCE, *tone(1300), *tone(700), *tone(700), *SILENCE]
    assert audio.sequence(frames, TONES) == [400, 1300, 700]


def test_what_is_no_tone_of_ours_is_not_heard() -> None:
    speech = [
        [first + second for first, second in zip(*pair, strict=True)] for pair in zip(tone(530), tone(910), strict=True)
    ]
    assert audio.sequence([*speech, *tone(1150), *tone(400, frames=2), *tone(400, loudness=200.0)], TONES) == []


def test_a_tone_is_written_as_asterisk_plays_it(tmp_path: Path) -> None:
    path = audio.write_tone(tmp_path / "custom" / "hello.wav", 700, 0.5)
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth(), file.getnframes()) == (8000, 1, 2, 4000)
        samples = memoryview(file.readframes(audio.FRAME)).cast("h").tolist()
    assert audio.strongest(tuple(samples), TONES) == 700
    assert audio.is_loud(samples)
    assert not audio.is_loud(SILENCE[0])
