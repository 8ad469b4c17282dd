"""Dialplan as data: what stands in files of extensions, or in the Asterisk that runs. Pure.

Read as Asterisk does (``process_context()`` in pbx_config.c, 16 to 23): priorities as numbers, ``n`` and ``s``,
``same``, labels, comments and blocks of them. Templates and ``[name](+)`` count as the context of that name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from ariroute.asterisk.inventory import Line


@dataclass(frozen=True, slots=True)
class Step:
    """One priority of an extension. ``place`` says where it stands: ``extensions.conf:12``, ``[ariroute] s,8``."""

    place: str
    label: str
    application: str
    arguments: str

    @property
    def text(self) -> str:
        """As written: application and arguments."""
        return f"{self.application}({self.arguments})"

    @property
    def runs(self) -> tuple[str, str]:
        """The application that it runs, and the arguments: of `ExecIf()` those behind its condition."""
        inner = re.fullmatch(r"[^?]*\?(\w+)\((.*)\)", self.arguments) if self.application == "ExecIf" else None
        return (inner[1], inner[2]) if inner else (self.application, self.arguments)

    def sets(self, name: str) -> str | None:
        """The value that this step gives to the variable or function ``name``, or None."""
        application, arguments = self.runs
        if application not in ("Set", "MSet"):
            return None
        # Of what MSet() sets, the samples put no comma into a value.
        settings = arguments.split(",") if application == "MSet" else [arguments]
        given = (setting.partition("=") for setting in settings)
        return next((value for target, found, value in given if found and target == name), None)


@dataclass(frozen=True, slots=True)
class Extension:
    """An extension of a context, with its steps in order."""

    context: str
    pattern: str
    steps: tuple[Step, ...]

    @property
    def place(self) -> str:
        """Where its first step stands."""
        return self.steps[0].place

    def before(self, step: Step) -> tuple[Step, ...]:
        """The steps that stand before ``step``."""
        return self.steps[: self.steps.index(step)]

    def calling(self, application: str) -> Iterator[Step]:
        """The steps that run ``application``."""
        return (step for step in self.steps if step.application == application)


@dataclass(frozen=True, slots=True)
class Dialplan:
    """Extensions in their order; of a file also its sections, and the lines that nobody could read."""

    extensions: tuple[Extension, ...]
    sections: tuple[tuple[str, str], ...] = ()
    unread: tuple[str, ...] = ()

    def find(self, context: str, pattern: str) -> Extension | None:
        """One extension by its name, or None."""
        return next((e for e in self.extensions if (e.context, e.pattern) == (context, pattern)), None)

    def steps(self) -> Iterator[Step]:
        """Every step."""
        return (step for extension in self.extensions for step in extension.steps)


@dataclass(frozen=True, slots=True)
class SourceLine:
    """A line of a file, without its comment."""

    place: str
    text: str


COMMENT: Final = re.compile(r"(?<!\\);")
SECTION: Final = re.compile(r"\[([^]]+)\](?:\([^)]*\))?")
FIRST: Final = re.compile(r"exten\s*=>?\s*(\[?[^,]+),\s*([^,(]+?)\s*(?:\(([^)]*)\))?\s*,(.*)")
NEXT: Final = re.compile(r"same\s*=>?\s*([^,(]+?)\s*(?:\(([^)]*)\))?\s*,(.*)")
CALL: Final = re.compile(r"(\w+)\s*(?:\((.*)\))?\s*$")
PRIORITY: Final = re.compile(r"([0-9]+|n(?:ext)?|s(?:ame)?)(?:\+([0-9]+))?", re.ASCII)
TARGET: Final = re.compile(r"(?<![\w-])([\w-]+)[,^][\w-]+[,^]\w+")
"""A context with extension and priority or label, as in the arguments of ``Goto()`` and of options of ``Queue()``."""
OTHER: Final = re.compile(r"#|\w+\s*=")
"""What is no step: includes, switches, patterns to ignore, settings and global variables."""


def source(text: str, file: str = "") -> list[SourceLine]:
    """The lines of a file that say something; ``file`` goes into their places."""
    found = []
    hidden = False
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if hidden or (line.startswith(";--") and not line.startswith(";---")):
            hidden = not line.endswith("--;")
            continue
        line = COMMENT.split(raw)[0].strip()
        if line:
            found.append(SourceLine(f"{file}:{number}" if file else f"line {number}", line))
    return found


def parse(lines: Iterable[SourceLine]) -> Dialplan:
    """The dialplan that stands in these lines."""
    sections: list[tuple[str, str]] = []
    unread: list[str] = []
    found: dict[tuple[str, str], dict[int, Step]] = {}
    context, pattern, last = "", "", 0
    for line in lines:
        if match := SECTION.fullmatch(line.text):
            context, pattern, last = match[1], "", 0
            sections.append((line.place, context))
            continue
        first, following = FIRST.fullmatch(line.text), NEXT.fullmatch(line.text)
        if first:
            pattern = first[1].strip()
        if not (first or following):
            if not OTHER.match(line.text):
                unread.append(f"{line.place}: {line.text}")
            continue
        priority, label, text = first.group(2, 3, 4) if first else following.group(1, 2, 3) if following else ("",) * 3
        if priority == "hint":
            continue
        number, call = _number(priority, last), CALL.fullmatch(text.strip())
        if number is None or not call or not context or not pattern:
            unread.append(f"{line.place}: {line.text}")
            continue
        last = number
        step = Step(line.place, label or "", call[1], call[2] or "")
        found.setdefault((context, pattern), {}).setdefault(number, step)
    return Dialplan(_extensions(found), tuple(sections), tuple(unread))


def _number(priority: str, last: int) -> int | None:
    """The priority as a number, by the one before it in its context (0: none); None for what is no priority."""
    match = PRIORITY.fullmatch(priority.strip())
    if not match:
        return None
    if not last and not match[1].isdecimal():
        return None
    number = {"n": last + 1, "next": last + 1, "s": last, "same": last}.get(match[1])
    return (int(match[1]) if number is None else number) + int(match[2] or 0)


def _extensions(found: Mapping[tuple[str, str], Mapping[int, Step]]) -> tuple[Extension, ...]:
    return tuple(
        Extension(context, pattern, tuple(steps[number] for number in sorted(steps)))
        for (context, pattern), steps in found.items()
    )


def running(contexts: Mapping[str, Sequence[Line] | None]) -> Dialplan:
    """The dialplan as an Asterisk told it (:mod:`ariroute.asterisk.inventory`)."""
    found: dict[tuple[str, str], dict[int, Step]] = {}
    for context, lines in contexts.items():
        for line in lines or ():
            place = f"[{context}] {line.extension},{line.priority}"
            step = Step(place, line.label, line.application, line.data)
            found.setdefault((context, line.extension), {})[line.priority] = step
    return Dialplan(_extensions(found))


def ours(dialplan: Dialplan, app: str = "ariroute") -> Dialplan:
    """The part of ``dialplan`` that calls of the Stasis application ``app`` pass, from the entrance on.

    The contexts that give calls to it, those to which these jump, and what is reached from there and reads or writes
    variables of ours.
    """
    known = entrances(dialplan, app)
    ahead = known = known | {name for each in known for name in _jumps(dialplan, each)}
    while ahead:
        ahead = {name for each in ahead for name in _jumps(dialplan, each) if _has_variables(dialplan, name)} - known
        known = known | ahead
    return replace(dialplan, extensions=tuple(e for e in dialplan.extensions if e.context in known))


def leading_in(dialplan: Dialplan, app: str = "ariroute") -> Dialplan:
    """The extensions outside of :func:`ours` that jump to an entrance: where calls come in."""
    within = {e.context for e in ours(dialplan, app).extensions}
    targets = entrances(dialplan, app)
    outside = (e for e in dialplan.extensions if e.context not in within)
    found = (e for e in outside if any(goto.arguments.partition(",")[0] in targets for goto in e.calling("Goto")))
    return Dialplan(tuple(found))


def entrances(dialplan: Dialplan, app: str = "ariroute") -> set[str]:
    """The contexts that give calls to the application ``app``: by its name, by ARIROUTE_APP, or as [ariroute]."""
    calling = ((e.context, stasis) for e in dialplan.extensions for stasis in e.calling("Stasis"))
    return {context for context, stasis in calling if context == "ariroute" or _is_app(stasis, app)}


def _is_app(stasis: Step, app: str) -> bool:
    name = stasis.arguments.partition(",")[0]
    return name == app or "ARIROUTE_APP" in name


def _jumps(dialplan: Dialplan, context: str) -> set[str]:
    """The contexts that steps of ``context`` name as targets."""
    texts = [step.text for e in dialplan.extensions if e.context == context for step in e.steps]
    named = {name for text in texts for name in TARGET.findall(text)}
    return named & {e.context for e in dialplan.extensions}


def _has_variables(dialplan: Dialplan, context: str) -> bool:
    return any("ARIROUTE_" in step.arguments for e in dialplan.extensions if e.context == context for step in e.steps)
