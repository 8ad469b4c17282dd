"""Real text-to-speech commands of Debian, and a script that we ship."""

from __future__ import annotations

import os
import wave
from pathlib import Path

import pytest

from ariroute.config.speech import SpeechSettings
from ariroute.daemon.speech import Speech
from ariroute.lab import voices

SPEAK = str(Path(__file__).parents[2] / "docs/examples/say/speak")


@pytest.fixture(scope="module")
def commands(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return voices.install(tmp_path_factory.mktemp("voices"))


@pytest.fixture(autouse=True)
def _path(commands: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{commands}:{os.environ['PATH']}")


@pytest.mark.parametrize(
    ("command", "language"),
    [(["flite", "-o", "{file}"], "en"), ([SPEAK, "{file}", "{language}"], "sv")],
    ids=["flite", "espeak-ng and sox"],
)
async def test_a_text_becomes_sound(tmp_path: Path, command: list[str], language: str) -> None:
    settings = {"command": command, "cache": str(tmp_path / "cache"), "timeout": "20s", "language": language}
    speech = Speech(SpeechSettings.model_validate(settings))
    await speech.start()

    short = await speech.file("Hi.")
    long = await speech.file('-o /dev/null Åsa\'s $(id) "account" has 12 open orders; welcome back & thank you.')

    assert 0.2 < seconds(short) < 2.0
    assert 2.0 < seconds(long) < 20.0
    assert len(list((tmp_path / "cache").iterdir())) == 2
    await speech.close()


def seconds(path: Path) -> float:
    with wave.open(str(path.with_suffix(".wav"))) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (8000, 1, 2)
        frames: int = file.getnframes()
    return frames / 8000
