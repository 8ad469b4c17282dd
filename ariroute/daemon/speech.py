"""Text to speech: a command of the administrator's choice, run once for each text, its sound files kept.

The text goes to the command's standard input and never into its arguments, and no shell is there to read anything.
What it writes is checked before Asterisk sees it: Asterisk takes ``.wav`` for 8000 Hz and ``.wav16`` for 16000 Hz,
both 16 bit and mono (``check_header_fmt()`` in format_wav.c, 16 to 23), and is silent on all else.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import logging
import os
import shutil
import signal
import tempfile
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ariroute.config.speech import FILE, LANGUAGE, SpeechSettings
from ariroute.errors import SpeechFailed

log = logging.getLogger("ariroute.speech")

SUFFIXES: Final = {8000: ".wav", 16000: ".wav16"}
LONGEST: Final = 120.0
"""Seconds of one text; a command that writes more has gone astray."""
REMEDY: Final = "let the command end with: sox IN -r 8000 -c 1 -b 16 OUT"
SAID: Final = 300
"""Characters of the command's own complaint that are told."""
NEW: Final = ".new-"


class Speech:
    """Sound files for texts. Raises SpeechFailed where one cannot be made."""

    def __init__(self, settings: SpeechSettings) -> None:
        self._settings = settings
        self._folder = Path(settings.cache)
        self._room = asyncio.Semaphore(settings.at_once)
        self._making: dict[str, asyncio.Task[Path]] = {}

    async def start(self) -> None:
        """See that the command is there and the cache can be written. Raises SpeechFailed."""
        program = self._settings.command[0]
        if shutil.which(program) is None:
            raise SpeechFailed(f"speech.command: there is no program '{program}': install it, or write its whole path")
        try:
            await asyncio.to_thread(prepare, self._folder)
        except OSError as error:
            raise SpeechFailed(
                f"speech.cache: {self._folder} cannot be written ({error.strerror}): make the folder and give it to "
                "the user that runs ariroute"
            ) from None

    async def close(self) -> None:
        """End whatever is being made."""
        for task in self._making.values():
            task.cancel()
        if self._making:
            await asyncio.wait(set(self._making.values()))

    async def file(self, text: str, language: str = "") -> Path:
        """The sound file that says ``text``, without its suffix, as Asterisk names sounds."""
        language = language or self._settings.language
        key = key_of(self._settings.command, language, text)
        if (found := await asyncio.to_thread(kept, self._folder, key)) is not None:
            return found
        task = self._making.get(key)
        if task is None:
            task = self._making[key] = asyncio.create_task(self._make(key, text, language), name="speech")
            task.add_done_callback(lambda done: self._made(key, done))
        return await asyncio.shield(task)  # a caller who hangs up leaves it to the next one

    def _made(self, key: str, task: asyncio.Task[Path]) -> None:
        del self._making[key]
        if not task.cancelled() and (error := task.exception()):
            log.warning("speech: %s", error)

    async def _make(self, key: str, text: str, language: str) -> Path:
        try:
            async with asyncio.timeout(self._settings.timeout), self._room:
                with scratch(self._folder) as path:
                    await self._run(path, text, language)
                    made = await asyncio.to_thread(adopt, path, self._folder / key)
        except TimeoutError:
            raise SpeechFailed(f"the command took longer than {self._settings.timeout:g} s (speech.timeout)") from None
        except OSError as error:
            raise SpeechFailed(f"{self._folder}: {error.strerror or error}") from None
        await asyncio.to_thread(evict, self._folder, self._settings.keep)
        return made

    async def _run(self, path: Path, text: str, language: str) -> None:
        """Run the command. Raises SpeechFailed with its own words where it fails."""
        words = [word.replace(LANGUAGE, language).replace(FILE, str(path)) for word in self._settings.command]
        with tempfile.TemporaryFile() as complaint:
            process = await asyncio.create_subprocess_exec(
                *words,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=complaint,
                start_new_session=True,  # so that what it starts itself ends with it
                cwd=self._folder,
            )
            try:
                with contextlib.suppress(RuntimeError):  # uvloop's, where it has ended before it was told the text
                    await process.communicate(text.encode() + b"\n")
                await process.wait()
            finally:
                if process.returncode is None:
                    with contextlib.suppress(ProcessLookupError):
                        os.killpg(process.pid, signal.SIGKILL)
                    await process.wait()
            if process.returncode:
                complaint.seek(0)
                said = complaint.read(4 * SAID).decode("utf-8", "replace").strip()[:SAID]
                raise SpeechFailed(f"'{words[0]}' ended with {process.returncode}: {said or 'it said nothing'}")


def key_of(command: list[str], language: str, text: str) -> str:
    """The name of a text's file: another command or language makes another one."""
    return hashlib.sha256(json.dumps([command, language, text]).encode()).hexdigest()[:32]


def prepare(folder: Path) -> None:
    """Make the folder if need be, without leave to list it, and clear what an earlier run left half made.

    Raises OSError where it cannot be written.
    """
    if not folder.is_dir():
        folder.mkdir(parents=True)
        folder.chmod(0o711)  # Asterisk may be another user, and asks for files by their names
    for left in folder.glob(f"{NEW}*"):
        left.unlink(missing_ok=True)
    with tempfile.TemporaryFile(prefix=NEW, dir=folder):
        pass


@contextlib.contextmanager
def scratch(folder: Path) -> Iterator[Path]:
    """A file to write a sound to, gone afterwards unless it was renamed. Raises OSError."""
    descriptor, name = tempfile.mkstemp(".wav", NEW, folder)
    os.close(descriptor)
    path = Path(name)
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


def kept(folder: Path, key: str) -> Path | None:
    """The file of that key without its suffix, marked as used just now; None where it was not made yet."""
    for suffix in SUFFIXES.values():
        try:
            os.utime(folder / f"{key}{suffix}")
        except OSError:
            continue
        return folder / key
    return None


def adopt(path: Path, target: Path) -> Path:
    """Check the WAV file at ``path`` and put it at ``target``, whole or not at all, with the suffix for its rate.

    Written anew, since commands that write to a pipe leave a length of nothing or of 2 GB in the header, and Asterisk
    believes it. Raises SpeechFailed.
    """
    try:
        with wave.open(str(path), "rb") as source:
            rate, channels, width = source.getframerate(), source.getnchannels(), source.getsampwidth()
            if (channels, width) != (1, 2) or rate not in SUFFIXES:
                raise SpeechFailed(
                    f"the command wrote {rate} Hz, {8 * width} bit, channels: {channels}. Asterisk needs 8000 or "
                    f"16000 Hz, 16 bit, mono; {REMEDY}"
                )
            samples = source.readframes(round(rate * LONGEST) + 1)
    except (wave.Error, EOFError) as error:
        raise SpeechFailed(f"the command wrote no WAV file ({str(error) or 'it is empty'}); {REMEDY}") from None
    if not samples:
        raise SpeechFailed("the command wrote a WAV file without sound")
    if len(samples) > 2 * rate * LONGEST:
        raise SpeechFailed(f"the command wrote more than {LONGEST:g} s of sound")
    with wave.open(str(path), "wb") as whole:
        whole.setparams((1, 2, rate, 0, "NONE", ""))
        whole.writeframes(samples)
    path.chmod(0o644)
    path.rename(target.with_name(target.name + SUFFIXES[rate]))
    return target


def evict(folder: Path, keep: int) -> None:
    """Remove the files that were not used for longest, all but ``keep``."""
    found = []
    for entry in os.scandir(folder):
        if not entry.name.startswith(NEW):
            with contextlib.suppress(OSError):
                found.append((entry.stat().st_mtime, entry.path))
    for _, path in sorted(found)[: max(0, len(found) - keep)]:
        Path(path).unlink(missing_ok=True)
