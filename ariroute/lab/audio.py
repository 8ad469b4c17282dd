"""Sound for the lab: telephone audio as samples, tones to play, and which of them was heard."""

from __future__ import annotations

import math
import struct
import wave
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final

RATE: Final = 8000
"""Samples a second of G.711."""
FRAME: Final = 160
"""Samples of one RTP packet: 20 ms."""
QUIET: Final = 300
"""A frame whose loudest sample is below this is silence: 40 dB under full scale."""


def from_mulaw(payload: bytes) -> tuple[int, ...]:
    """16-bit samples of G.711 u-law."""
    return tuple(_MULAW[byte] for byte in payload)


def _linear(byte: int) -> int:
    inverted = ~byte & 0xFF
    exponent, mantissa = inverted >> 4 & 7, inverted & 15
    magnitude = ((mantissa << 3) + 0x84 << exponent) - 0x84
    return -magnitude if inverted & 0x80 else magnitude


_MULAW: Final = tuple(map(_linear, range(256)))
MULAW_SILENCE: Final = b"\xff" * FRAME


def write_tone(path: Path, hertz: float, seconds: float, rate: int = RATE) -> Path:
    """Write a WAV file with a sine tone; its folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    count = round(seconds * rate)
    samples = (round(8000 * math.sin(2 * math.pi * hertz * place / rate)) for place in range(count))
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, rate, count, "NONE", ""))
        file.writeframes(struct.pack(f"<{count}h", *samples))
    return path


def is_loud(samples: Sequence[int]) -> bool:
    """Whether there is more in these samples than the noise of a line."""
    return max(map(abs, samples), default=0) >= QUIET


@lru_cache(maxsize=4096)  # whoever waits for a tone looks at all that was heard again with each frame
def strongest(samples: tuple[int, ...], candidates: tuple[int, ...], rate: int = RATE) -> int:
    """Which of these frequencies a frame holds most of, by Goertzel's algorithm; 0 for silence or anything else."""
    if not is_loud(samples):
        return 0
    energy = sum(sample * sample for sample in samples)
    power, hertz = max((_power(samples, hertz, rate), hertz) for hertz in candidates)
    # A pure tone has energy * length / 2; half of that leaves room for a frame that it fills in part.
    return hertz if power > energy * len(samples) / 4 else 0


def _power(samples: Sequence[int], hertz: int, rate: int) -> float:
    factor = 2 * math.cos(2 * math.pi * hertz / rate)
    before, last = 0.0, 0.0
    for sample in samples:
        before, last = last, sample + factor * last - before
    return last * last + before * before - factor * last * before


def sequence(frames: Iterable[Sequence[int]], candidates: Sequence[int], shortest: int = 3) -> list[int]:
    """The tones in the order heard, each once where it goes on; less than ``shortest`` frames of one do not count."""
    runs: list[list[int]] = []  # frequency, frames
    for samples in frames:
        hertz = strongest(tuple(samples), tuple(candidates))
        if runs and runs[-1][0] == hertz:
            runs[-1][1] += 1
        else:
            runs.append([hertz, 1])
    heard: list[int] = []
    for hertz, count in runs:
        if hertz and count >= shortest and (not heard or heard[-1] != hertz):
            heard.append(hertz)
    return heard
