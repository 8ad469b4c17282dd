"""Text to speech, with small commands in place of a real one."""

from __future__ import annotations

import asyncio
import os
import sys
import time
import wave
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from ariroute.config.speech import SpeechSettings
from ariroute.daemon import speech
from ariroute.daemon.speech import Speech
from ariroute.errors import SpeechFailed

COMMAND = """
import sys, time, wave
path, rate, channels, width, pause = sys.argv[1], *map(float, sys.argv[2:6])
text = sys.stdin.read()
with open(LOG, "a") as log:
    print(repr((text, sys.argv[6:])), file=log)
time.sleep(pause)
with wave.open(path, "wb") as file:
    file.setparams((int(channels), int(width), int(rate), 0, "NONE", ""))
    file.writeframes(bytes(int(rate) // 10 * int(channels) * int(width)))
"""


class Stage:
    """A cache, a command, and what it was told."""

    def __init__(self, folder: Path) -> None:
        self.log = folder / "log"
        self.cache = folder / "cache"
        self._program = folder / "command.py"
        self._program.write_text(COMMAND.replace("LOG", repr(str(self.log))))

    def speech(self, rate: int = 8000, channels: int = 1, width: int = 2, pause: float = 0.0, **changes: Any) -> Speech:
        numbers = [str(rate), str(channels), str(width), str(pause)]
        command = [sys.executable, str(self._program), "{file}", *numbers, "{language}"]
        return Speech(settings(**({"command": command, "cache": str(self.cache), "timeout": "20s"} | changes)))

    @property
    def told(self) -> list[str]:
        return self.log.read_text().splitlines() if self.log.exists() else []

    @property
    def files(self) -> list[str]:
        return sorted(path.name for path in self.cache.iterdir())


def settings(**values: Any) -> SpeechSettings:
    return SpeechSettings.model_validate(values)


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


async def test_a_text_goes_to_the_commands_input_and_its_file_is_kept(stage: Stage) -> None:
    speech = stage.speech()
    await speech.start()
    path = await speech.file("Hello; rm -rf ~\nÅsa --help")
    assert path.with_suffix(".wav").is_file()
    assert await speech.file("Hello; rm -rf ~\nÅsa --help") == path
    assert stage.told == ["('Hello; rm -rf ~\\nÅsa --help\\n', ['en'])"]
    assert stage.files == [f"{path.name}.wav"]
    assert path.with_suffix(".wav").stat().st_mode & 0o777 == 0o644
    assert stage.cache.stat().st_mode & 0o777 == 0o711


async def test_a_file_of_16000_hz_has_the_suffix_that_asterisk_takes_for_it(stage: Stage) -> None:
    speech = stage.speech(rate=16000)
    await speech.start()
    path = await speech.file("Hello", "sv")
    assert stage.files == [f"{path.name}.wav16"]
    assert stage.told == ["('Hello\\n', ['sv'])"]
    assert await speech.file("Hello", "sv") == path
    assert await speech.file("Hello") != path
    assert len(stage.told) == 2


async def test_many_who_want_one_text_run_one_command(stage: Stage) -> None:
    speech = stage.speech(pause=0.1)
    await speech.start()
    impatient = asyncio.create_task(speech.file("Hello"))
    others = [asyncio.create_task(speech.file("Hello")) for _ in range(5)]
    await asyncio.sleep(0)
    impatient.cancel()
    assert len({await other for other in others}) == 1
    assert len(stage.told) == 1


async def test_no_more_commands_than_allowed_run_at_once(stage: Stage) -> None:
    speech = stage.speech(at_once=1, pause=0.2)
    await speech.start()
    began = time.monotonic()
    await asyncio.gather(*(speech.file(f"Hello {count}") for count in range(3)))
    assert time.monotonic() - began > 0.6


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"rate": 22050}, "22050 Hz, 16 bit, channels: 1. Asterisk needs 8000 or 16000 Hz, 16 bit, mono; .* sox"),
        ({"channels": 2}, "8000 Hz, 16 bit, channels: 2"),
        ({"width": 1}, "8000 Hz, 8 bit"),
        ({"command": ["/bin/sh", "-c", "cat >/dev/null; echo text > {file}"]}, "no WAV file .*; let the command end"),
        ({"command": ["/bin/sh", "-c", "cat >/dev/null; true {file}"]}, "no WAV file .it is empty"),
        ({"command": ["/bin/sh", "-c", "echo no voice >&2; exit 3 {file}"]}, "'/bin/sh' ended with 3: no voice"),
        ({"command": ["/bin/sh", "-c", "exit 3 {file}"]}, "ended with 3: it said nothing"),
        ({"pause": 20.0, "timeout": "300ms"}, "took longer than 0.3 s"),
    ],
)
async def test_what_goes_wrong_is_told_with_the_remedy_and_leaves_nothing(
    stage: Stage, changes: dict[str, Any], told: str, caplog: pytest.LogCaptureFixture
) -> None:
    speech = stage.speech(**changes)
    await speech.start()
    with pytest.raises(SpeechFailed, match=told):
        await speech.file("Hello")
    assert stage.files == []
    assert caplog.messages[0].startswith("speech: ")


async def test_a_command_that_takes_too_long_ends_with_all_that_it_started(stage: Stage, tmp_path: Path) -> None:
    script = f"sleep 60 & echo $! > {tmp_path}/pid; wait; true {{file}}"
    speech = stage.speech(command=["/bin/sh", "-c", script], timeout="500ms")
    await speech.start()
    with pytest.raises(SpeechFailed):
        await speech.file("Hello")
    pid = int((tmp_path / "pid").read_text())
    for _ in range(100):
        if not is_alive(pid):
            return
        await asyncio.sleep(0.02)
    raise AssertionError("the command's child lives on")


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


async def test_a_length_in_the_header_that_is_none_is_put_right(stage: Stage, tmp_path: Path) -> None:
    with wave.open(str(tmp_path / "whole.wav"), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(bytes(1600))
    data = bytearray((tmp_path / "whole.wav").read_bytes())
    data[4:8] = data[40:44] = b"\xff\xff\xff\x7f"  # as written to a pipe
    (tmp_path / "piped.wav").write_bytes(data)
    speech = stage.speech(command=["/bin/sh", "-c", f"cat >/dev/null; cp {tmp_path}/piped.wav {{file}}"])
    await speech.start()
    path = await speech.file("Hello")
    assert path.with_suffix(".wav").read_bytes() == (tmp_path / "whole.wav").read_bytes()


async def test_a_sound_without_end_is_refused(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speech, "LONGEST", 0.05)
    talker = stage.speech()
    await talker.start()
    with pytest.raises(SpeechFailed, match=r"more than 0\.05 s"):
        await talker.file("Hello")


async def test_the_files_not_used_for_longest_are_removed(stage: Stage) -> None:
    speech = stage.speech(keep=10)
    await speech.start()
    paths = [await speech.file(f"Hello {count}") for count in range(10)]
    for age, path in enumerate(paths):
        os.utime(path.with_suffix(".wav"), (1000 + age, 1000 + age))
    await speech.file("Hello 0")  # used again
    await speech.file("Hello 10")
    assert len(stage.files) == 10
    assert f"{paths[0].name}.wav" in stage.files
    assert f"{paths[1].name}.wav" not in stage.files


async def test_what_an_earlier_run_left_half_made_is_cleared(stage: Stage) -> None:
    stage.cache.mkdir()
    (stage.cache / ".new-1.wav").touch()
    (stage.cache / "other").touch()
    await stage.speech().start()
    assert stage.files == ["other"]


async def test_a_start_that_cannot_work_is_refused(stage: Stage, tmp_path: Path) -> None:
    with pytest.raises(SpeechFailed, match="no program 'flight': install it"):
        await stage.speech(command=["flight", "{file}"]).start()
    (tmp_path / "file").touch()
    with pytest.raises(SpeechFailed, match=r"cannot be written .*: make the folder"):
        await stage.speech(cache=str(tmp_path / "file" / "cache")).start()


async def test_at_the_end_nothing_runs_on(stage: Stage) -> None:
    speech = stage.speech(pause=20.0)
    await speech.start()
    waiting = asyncio.create_task(speech.file("Hello"))
    async with asyncio.timeout(10.0):
        while not stage.told:  # noqa: ASYNC110  # another process writes it
            await asyncio.sleep(0.01)
    await speech.close()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert stage.files == []


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"command": ["flite", "-o", "out.wav"]}, "exactly one part of the command holds {file}"),
        ({"command": ["a", "{file}", "{file}"]}, "exactly one part"),
        ({"command": ["{language}", "{file}"]}, "the program itself"),
        ({"cache": "speech"}, "not an absolute path"),
        ({"timeout": "1m"}, "between 100ms and 30s"),
    ],
)
def test_settings_that_cannot_work_are_refused(values: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        settings(**({"command": ["flite", "{file}"]} | values))
