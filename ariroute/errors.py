"""Every exception that ariroute raises on purpose.

ArirouteError
├── UnusableInput            the user's input cannot be used; the command ends with exit code 2
│   ├── ConfigError          the flow file has mistakes: all of them, each with its place
│   ├── ExpressionError      one expression cannot be used: the place within its text, and what to write
│   └── UnknownName          a flow, queue, lookup or number that the configuration does not have
├── Unreachable              nobody answers; the command ends with exit code 3
│   ├── PbxUnreachable       Asterisk cannot be reached now; trying again may help
│   └── DaemonUnreachable    no ariroute daemon at the admin address
├── PbxRefused               Asterisk answers and says no for good: wrong password, no rights; exit code 3
├── PbxReplaced              another daemon has taken the calls over; exit code 4
├── AriError                 one ARI request failed
│   ├── AriTimeout           no answer within the request's deadline
│   ├── AriDisconnected      the connection was lost before the answer came
│   └── AriRefused           an answer with an HTTP status of 400 or more
│       └── ChannelGone      404: the channel is not there any more, an ordinary outcome
├── AmiError                 one AMI action failed, or got no answer in time
├── JournalError             the journal's database cannot be opened, read or written; exit code 3
├── SpeechFailed             a text could not be turned into a sound file
└── LookupFailed             a source could not answer; carries one named reason

A text says what is wrong, where, and the remedy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

EXCERPT_WIDTH = 100
"""An excerpt shows so many characters of a line, around the place."""


class ArirouteError(Exception):
    """Base of every error raised on purpose; ``str()`` is fit for the user's eyes."""


class UnusableInput(ArirouteError):
    """What the user gave cannot be used as it is."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a file. ``line`` and ``column`` count from 1; 0 means the file as a whole."""

    file: str
    line: int
    column: int
    path: str
    text: str
    excerpt: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        where = f"{self.path}: " if self.path else ""
        return f"{place}: {where}{self.text}" + (f"\n{self.excerpt}" if self.excerpt else "")


class ConfigError(UnusableInput):
    """The flow file cannot be loaded; ``problems`` holds every mistake found, in the file's order."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class ExpressionError(UnusableInput):
    """An expression of a flow cannot be used. ``line`` and ``column`` count from 1 within ``text``."""

    def __init__(self, text: str, line: int, column: int, message: str, suggestion: str = "") -> None:
        self.text = _printable(text)
        self.line = line
        self.column = column
        self.message = _printable(message)
        self.suggestion = suggestion
        super().__init__(f"{line}:{column}: {self.sentence}\n{self.excerpt}")

    @property
    def sentence(self) -> str:
        """What is wrong and, where one is at hand, the word that was meant."""
        return f"{self.message}; did you mean {self.suggestion}?" if self.suggestion else self.message

    @property
    def excerpt(self) -> str:
        """The line of the text with a caret under the place."""
        lines = self.text.split("\n")
        line = lines[self.line - 1] if self.line <= len(lines) else ""
        start = max(0, self.column - 1 - EXCERPT_WIDTH // 2) if len(line) > EXCERPT_WIDTH else 0
        return f"{line[start : start + EXCERPT_WIDTH]}\n{' ' * (self.column - 1 - start)}^"


def _printable(text: str) -> str:
    """``text`` with lone surrogates escaped: a terminal or a log would refuse them."""
    return text.encode("utf-8", "backslashreplace").decode()


class UnknownName(UnusableInput):
    """A name that the configuration does not have."""


class Unreachable(ArirouteError):
    """Nobody answers at an address; trying again later may help."""


class PbxUnreachable(Unreachable):
    """Asterisk cannot be reached now."""


class DaemonUnreachable(Unreachable):
    """No ariroute daemon answers at the admin address."""


class PbxRefused(ArirouteError):
    """Asterisk answers and refuses for good; trying again does not help."""


class PbxReplaced(ArirouteError):
    """Another daemon has registered the same Stasis application, and takes the calls from now on."""


class AriError(ArirouteError):
    """One ARI request failed."""


class AriTimeout(AriError):
    """No answer within the request's deadline; whether Asterisk acted is unknown."""


class AriDisconnected(AriError):
    """The connection was lost before the answer; whether Asterisk acted is unknown."""


class AriRefused(AriError):
    """Asterisk answered with an HTTP status of 400 or more."""

    def __init__(self, status: int, message: str, request: str) -> None:
        self.status = status
        self.message = message
        self.request = request
        super().__init__(f"{request}: {status} {message}")


class ChannelGone(AriRefused):
    """The channel hung up or left the application before the request reached it."""


class AmiError(ArirouteError):
    """One AMI action failed or got no answer in time."""


class JournalError(ArirouteError):
    """The journal's database cannot be opened, read or written now."""


class SpeechFailed(ArirouteError):
    """A text could not be turned into a sound file."""


class LookupFailed(ArirouteError):
    """A source could not answer. ``reason`` is one of :class:`ariroute.flow.facts.Failure`'s values.

    ``asked`` is False when the source was not even asked, so that the failure is not its own.
    """

    def __init__(self, reason: str, detail: str = "", *, asked: bool = True) -> None:
        self.reason = reason
        self.detail = detail
        self.asked = asked
        super().__init__(f"{reason}: {detail}" if detail else reason)
