"""Text-to-speech in the flow file: the command that turns a text into a sound file."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from ariroute.values import Duration, Settings

FILE = "{file}"
LANGUAGE = "{language}"
BRACES = re.compile(r"\{\w*\}")


def _command(words: list[str]) -> list[str]:
    if sum(FILE in word for word in words) != 1:
        raise ValueError(
            f"exactly one part of the command holds {FILE}, where the sound file is to be written: "
            f'["flite", "-o", "{FILE}"]'
        )
    if "{" in words[0]:
        raise ValueError("the first part is the program itself: its name, or its path")
    for brace in (brace for word in words for brace in BRACES.findall(word) if brace not in (FILE, LANGUAGE)):
        raise ValueError(
            f"{brace[:80]} is nothing that can be filled in here: {FILE} and {LANGUAGE} are; "
            "the text itself comes on standard input"
        )
    return words


def _cache(path: str) -> str:
    if not path.startswith("/"):
        raise ValueError(f"'{path[:80]}' is not an absolute path, such as /var/cache/ariroute/speech")
    return path


def _timeout(seconds: float) -> float:
    if not 0.1 <= seconds <= 30:
        raise ValueError("the timeout lies between 100ms and 30s")
    return seconds


class SpeechSettings(Settings):
    """A command that reads a text on its standard input and writes a WAV file."""

    command: Annotated[list[Annotated[str, Field(min_length=1)]], Field(min_length=2), AfterValidator(_command)] = (
        Field(
            description="The program and its arguments, run without a shell; {file} is the file to write, {language} "
            "that of the step.",
            examples=[["flite", "-o", "{file}"]],
        )
    )
    language: str = Field(
        default="en",
        pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,31}$",
        description="Where a step names none: what {language} is.",
    )
    timeout: Annotated[Duration, AfterValidator(_timeout)] = Field(
        default=2.0, description="How long the command may take for one text."
    )
    cache: Annotated[str, AfterValidator(_cache)] = Field(
        default="/var/cache/ariroute/speech",
        description="Folder of the sound files; Asterisk must be able to read them by the same path.",
    )
    keep: Annotated[int, Field(ge=10, le=1_000_000)] = Field(
        default=2000, description="So many files are kept, those not used for longest are removed."
    )
    at_once: Annotated[int, Field(ge=1, le=64)] = Field(default=2, description="So many commands run at the same time.")
