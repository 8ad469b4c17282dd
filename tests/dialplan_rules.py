"""A linter for dialplan around `Stasis()`: those of the rules against lost calls that a program can check.

Each rule is a function from a parsed dialplan to its faults, as "line N: what is wrong". Rules about the daemon (it
names no context, it sweeps, it keeps its time budget) are not to be seen here.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Step:
    """One priority of an extension."""

    line: int
    label: str
    application: str
    arguments: str

    @property
    def text(self) -> str:
        """As written: application and arguments."""
        return f"{self.application}({self.arguments})"

    def sets(self, name: str) -> str | None:
        """The value that this step gives to the variable or function `name`, or None."""
        application, arguments = self.application, self.arguments
        if application == "ExecIf" and (inner := re.fullmatch(r"[^?]*\?(\w+)\((.*)\)", arguments)):
            application, arguments = inner[1], inner[2]
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
    line: int
    steps: tuple[Step, ...]

    def before(self, step: Step) -> tuple[Step, ...]:
        """The steps that stand before `step`."""
        return self.steps[: self.steps.index(step)]

    def calling(self, application: str) -> Iterator[Step]:
        """The steps that run `application`."""
        return (step for step in self.steps if step.application == application)


@dataclass(frozen=True, slots=True)
class Dialplan:
    """A file of extensions."""

    extensions: tuple[Extension, ...]
    sections: tuple[tuple[int, str], ...]

    def find(self, context: str, pattern: str) -> Extension | None:
        """One extension by its name, or None."""
        return next((e for e in self.extensions if (e.context, e.pattern) == (context, pattern)), None)

    def steps(self) -> Iterator[Step]:
        """Every step of the file."""
        return (step for extension in self.extensions for step in extension.steps)


_SECTION: Final = re.compile(r"\[([^]]+)\]")
_FIRST: Final = re.compile(r"exten\s*=>?\s*([^,]+),1(?:\(([^)]*)\))?,(.*)")
_NEXT: Final = re.compile(r"same\s*=>?\s*n(?:\(([^)]*)\))?,(.*)")
_CALL: Final = re.compile(r"(\w+)\((.*)\)$")


def parse(text: str) -> Dialplan:
    """Read dialplan in the form that ours has: `exten => X,1,` then `same => n,`. Raises ValueError for other lines."""
    sections: list[tuple[int, str]] = []
    found: list[tuple[str, str, int, list[Step]]] = []
    for number, raw in enumerate(text.splitlines(), 1):
        line = re.split(r"(?<!\\);", raw)[0].strip()
        if not line or line.startswith("#include"):
            continue
        if match := _SECTION.fullmatch(line):
            sections.append((number, match[1]))
        elif match := _FIRST.fullmatch(line):
            found.append((sections[-1][1], match[1], number, [_step(number, match[2], match[3])]))
        elif match := _NEXT.fullmatch(line):
            found[-1][3].append(_step(number, match[1], match[2]))
        else:
            raise ValueError(f"line {number}: not understood: {line}")
    extensions = tuple(Extension(c, p, number, tuple(steps)) for c, p, number, steps in found)
    return Dialplan(extensions, tuple(sections))


def _step(line: int, label: str | None, text: str) -> Step:
    match = _CALL.fullmatch(text.strip())
    if not match:
        raise ValueError(f"line {line}: not an application with arguments: {text}")
    return Step(line, label or "", match[1], match[2])


def guard_before_stasis(dialplan: Dialplan) -> Iterator[str]:
    """Rule 1: the guard is armed before `Stasis()`, from a constant, and nothing jumps past it."""
    for extension in dialplan.extensions:
        for stasis in extension.calling("Stasis"):
            before = extension.before(stasis)
            armed = [i for i, step in enumerate(before) if _is_guard(step)]
            if not armed:
                yield f"line {stasis.line}: Stasis() without a guard: Set(TIMEOUT(absolute)=SECONDS) must come before"
            elif any(step.label for step in (*before[armed[-1] + 1 :], stasis)):
                yield f"line {stasis.line}: a label between guard and Stasis(): a jump there leaves the guard out"


def _is_guard(step: Step) -> bool:
    value = step.sets("TIMEOUT(absolute)")
    return value is not None and re.fullmatch(r"\d+(\.\d+)?", value) is not None and float(value) > 0


def timeouts_are_constants(dialplan: Dialplan) -> Iterator[str]:
    """Rules 1 and 6: a value that is no number switches the guard off for ever, so only numbers are written."""
    for step in dialplan.steps():
        value = step.sets("TIMEOUT(absolute)")
        if value is not None and not re.fullmatch(r"\d+(\.\d+)?", value):
            yield f"line {step.line}: TIMEOUT(absolute) from {value!r}: only a constant is safe"


def timeout_extension_everywhere(dialplan: Dialplan) -> Iterator[str]:
    """Rule 2: extension T in every context in which a channel waits, and it leads on to the delivery."""
    for context in _contexts_with(dialplan, "Stasis", "Queue", "Dial", "VoiceMail"):
        timeout = dialplan.find(context, "T")
        if timeout is None:
            yield f"context {context}: no extension T: the guard would hang up"
        elif not any(_delivers(dialplan, context, step) for step in timeout.calling("Goto")):
            yield f"line {timeout.line}: extension T does not go to the delivery"


def _contexts_with(dialplan: Dialplan, *applications: str) -> list[str]:
    found = (e.context for e in dialplan.extensions for s in e.steps if s.application in applications)
    return list(dict.fromkeys(found))


def _delivers(dialplan: Dialplan, context: str, goto: Step) -> bool:
    """Whether the jump ends at the first step of an extension that queues."""
    *rest, pattern, priority = goto.arguments.split(",")
    target = dialplan.find(rest[0] if rest else context, pattern)
    return priority == "1" and target is not None and any(target.calling("Queue"))


def delivery_disarms_first(dialplan: Dialplan) -> Iterator[str]:
    """Rule 3: the first step of a delivery switches the guard off, and nothing arms it again."""
    for extension in dialplan.extensions:
        if not any(extension.calling("Queue")):
            continue
        if extension.steps[0].sets("TIMEOUT(absolute)") != "0":
            yield f"line {extension.line}: the first step before a Queue() must be Set(TIMEOUT(absolute)=0)"
        for step in extension.steps[1:]:
            if step.sets("TIMEOUT(absolute)") is not None:
                yield f"line {step.line}: armed again before or after a Queue(): the caller would be cut off"


def stasis_goes_on_to_delivery(dialplan: Dialplan) -> Iterator[str]:
    """Promise: what comes back from `Stasis()`, for whatever reason, is delivered."""
    for extension in dialplan.extensions:
        for stasis in extension.calling("Stasis"):
            after = extension.steps[extension.steps.index(stasis) + 1 :]
            if not (after and after[0].application == "Goto" and _delivers(dialplan, extension.context, after[0])):
                yield f"line {stasis.line}: the step after Stasis() must go to the delivery"


def decision_is_void_at_the_entrance(dialplan: Dialplan) -> Iterator[str]:
    """Rule 4: a decision of an earlier pass must not count, so the entrance empties it."""
    for extension in dialplan.extensions:
        for stasis in extension.calling("Stasis"):
            for name in (*DECISION, "ARIROUTE_BACK"):
                if not any(step.sets(name) == "" for step in extension.before(stasis)):
                    yield f"line {stasis.line}: {name} is not emptied before Stasis()"


DECISION: Final = tuple(
    f"ARIROUTE_{name}" for name in ("DECIDED", "QUEUE", "HANGUP", "DIAL", "VOICEMAIL", "RECORD", "HEADERS")
)
"""The variables that make up a decision: one of an earlier pass must not be taken for one of this pass."""


def decided_before_used(dialplan: Dialplan) -> Iterator[str]:
    """Rule 4: ARIROUTE_DECIDED is asked before the decision is used; half a decision is none.

    What calls `Dial()` is entered from behind that question alone, and an agent's channel has a call already.
    """
    entered = _contexts_with(dialplan, "Dial", "Return")
    for extension in dialplan.extensions:
        asked = extension.context in entered
        for step in extension.steps:
            if "ariroute-ring" in step.arguments and not asked:
                yield f"line {step.line}: rings before ARIROUTE_DECIDED is asked"
            asked = asked or (step.application == "GotoIf" and "ARIROUTE_DECIDED" in step.arguments)
            read = re.search(r"\$\{(ARIROUTE_(?:QUEUE|HANGUP|DIAL|VOICEMAIL|RECORD))\}", step.arguments)
            if read and not asked and all(step.sets(name) != "" for name in (read[1], "ARIROUTE_DECIDED")):
                yield f"line {step.line}: {read[1]} is read before ARIROUTE_DECIDED is asked"


def returns_as_at_the_entrance(dialplan: Dialplan) -> Iterator[str]:
    """Rules 1 and 4: who comes back into `Stasis()` has no decision, and passes where the guard is armed."""
    for extension in dialplan.extensions:
        for goto in extension.calling("Goto"):
            context, _, label = goto.arguments.rpartition(",s,")
            entrance = dialplan.find(context, "s") if context != extension.context else None
            if entrance is None or not any(entrance.calling("Stasis")) or label == "1":
                continue
            at = next((i for i, step in enumerate(entrance.steps) if step.label == label), len(entrance.steps))
            if not any(map(_is_guard, entrance.steps[at:])):
                yield f"line {goto.line}: jumps past the guard"
            for name in DECISION:
                if not any(step.sets(name) == "" for step in extension.before(goto)):
                    yield f"line {goto.line}: {name} is not emptied before the call goes back"


def rings_with_a_bound(dialplan: Dialplan) -> Iterator[str]:
    """`Dial()` gets one filtered endpoint, whole or not at all, and a number of seconds: without one it never ends."""
    for extension in dialplan.extensions:
        for dial in extension.calling("Dial"):
            endpoint, seconds, *_ = [*re.findall(r"\$\{(\w+)\}", dial.arguments.partition("{IF(")[0]), "", ""]
            before = extension.before(dial)
            if not re.match(r"\$\{\w+\},\$\{\w+\},i", dial.arguments):
                yield f"line {dial.line}: Dial() takes one variable for the endpoint, one for the seconds, and option i"
            if not any((step.sets(endpoint) or "").startswith("${FILTER(-+_*#./:@0-9A-Za-z,${") for step in before):
                yield f"line {dial.line}: the endpoint was not filtered before"
            if not any(f"LEN(${{{endpoint}}})}} != " in step.arguments for step in before):
                yield f"line {dial.line}: what the filter took away was not asked for"
            if not any(re.fullmatch(r"[1-9]\d*", step.sets(seconds) or "") for step in before):
                yield f"line {dial.line}: seconds that are no number are not replaced"


def loaded_before_used(dialplan: Dialplan) -> Iterator[str]:
    """An application that is not loaded ends the call, so `IFMODULE()` is asked for those that an Asterisk may lack."""
    for extension in dialplan.extensions:
        for application, module in (("VoiceMail", "app_voicemail.so"), ("MixMonitor", "app_mixmonitor.so")):
            for step in extension.calling(application):
                asked = (f"IFMODULE({module})" in earlier.arguments for earlier in extension.before(step))
                if not any(asked):
                    yield f"line {step.line}: {application}() without asking IFMODULE({module})"


def queue_names_are_filtered(dialplan: Dialplan) -> Iterator[str]:
    """Rule 5: the name of a queue is a constant or went through FILTER; so do a cause of `Hangup()` and a mailbox."""
    for extension in dialplan.extensions:
        for step in (s for s in extension.steps if s.application in ("Queue", "Hangup", "VoiceMail")):
            name = step.arguments.split(",")[0]
            if re.match(r"\$\{FILTER\((?:-_0-9A-Za-z|-_\.@0-9A-Za-z|0-9),\$\{\w+\}\)\}(?:,|$)", step.arguments):
                continue
            variable = re.fullmatch(r"\$\{(\w+)\}", name)
            if variable and not any(_filters(earlier, variable[1]) for earlier in extension.before(step)):
                yield f"line {step.line}: {name} was not filtered before"
            if not variable and not re.fullmatch(r"[A-Za-z0-9_-]*", name):
                yield f"line {step.line}: {name!r} is neither a constant nor a filtered variable"


def _filters(step: Step, variable: str) -> bool:
    value = step.sets(variable)
    return value is not None and value.startswith("${FILTER(")


def queuestatus_is_emptied(dialplan: Dialplan) -> Iterator[str]:
    """QUEUESTATUS keeps its old value when a later `Queue()` ends otherwise (app_queue, Asterisk 22)."""
    for extension in dialplan.extensions:
        for step in extension.calling("Queue"):
            since = [*itertools.takewhile(lambda s: s.application != "Queue", reversed(extension.before(step)))]
            if not any(earlier.sets("QUEUESTATUS") == "" for earlier in since):
                yield f"line {step.line}: QUEUESTATUS is not emptied between this Queue() and the one before"


def stasisstatus_is_not_read(dialplan: Dialplan) -> Iterator[str]:
    """Rule 8: after the guard STASISSTATUS says SUCCESS, so it decides nothing."""
    for step in dialplan.steps():
        if "STASISSTATUS" in step.arguments:
            yield f"line {step.line}: STASISSTATUS is no decision"


def no_patterns(dialplan: Dialplan) -> Iterator[str]:
    """Nothing that was dialled chooses a step: only the extensions s and T."""
    for extension in dialplan.extensions:
        if extension.pattern not in ("s", "T"):
            yield f"line {extension.line}: extension {extension.pattern}: only s and T"


_UNTRUSTED: Final = re.compile(
    r"\$\{(?:EXTEN|CALLERID\(\w+\)|CONNECTEDLINE\(\w+\)|ARIROUTE_TO|ARIROUTE_NAME|SIP_HEADER\(\w+\))\}"
)
_FILTERED: Final = re.compile(
    r"\$\{(?:FILTER\([^,]*,\$\{[^{}]*\}|LEN\(\$\{(?:CALLERID\(num\)|ARIROUTE_TO)\})\)\}"
)  # LEN is a number


def untrusted_text_is_filtered(dialplan: Dialplan) -> Iterator[str]:
    """What a caller can choose stands in no expression and in no argument unless FILTER is around it or was before."""
    for extension in dialplan.extensions:
        clean: set[str] = set()
        for step in extension.steps:
            # The value of Set() is neither parsed nor expanded again.
            rest = _FILTERED.sub("", step.arguments) if step.text != "Set(CALLERID(name)=${ARIROUTE_NAME})" else ""
            for text in _UNTRUSTED.findall(rest):
                if text not in clean:
                    yield f"line {step.line}: {text} without FILTER"
            clean |= {f"${{{name}}}" for name in ("ARIROUTE_TO",) if step.application == "Set" and _filters(step, name)}


def no_second_evaluation(dialplan: Dialplan) -> Iterator[str]:
    """Functions and applications that read text as syntax, or run programs, have no place here.

    `MixMonitor()` runs its third argument as a command, so it has two, and a comma in the first is filtered away.
    """
    for step in dialplan.steps():
        if found := re.search(r"\b(EVAL|SHELL|System|TrySystem|Exec|TryExec|ENV|FILE)\(", step.text):
            yield f"line {step.line}: {found[1]}() must not be used here"
        if step.application == "MixMonitor" and not _RECORDING.fullmatch(step.arguments):
            yield f"line {step.line}: MixMonitor() takes a filtered folder and uniqueid, and option b"


_RECORDING: Final = re.compile(
    r"\$\{FILTER\(-_\./0-9A-Za-z,\$\{ARIROUTE_RECORDINGS\}\)\}\$\{IF\(\$\{LEN\(\$\{ARIROUTE_RECORDINGS\}\)\}\?/\)\}"
    r"\$\{FILTER\(-_\.0-9A-Za-z,\$\{UNIQUEID\}\)\}\.wav,b"
)


def dash_is_first_in_filter(dialplan: Dialplan) -> Iterator[str]:
    """In FILTER a dash means a range; one at the end is dropped and mutilates names (Asterisk 16 and 22)."""
    for step in dialplan.steps():
        for allowed in re.findall(r"FILTER\(([^,]*),", step.arguments):
            if allowed.endswith("-") or re.search(r"[^-\w]-|_-", allowed):
                yield f"line {step.line}: FILTER({allowed},...): a dash that is meant must come first"


def no_globals_section(dialplan: Dialplan) -> Iterator[str]:
    """Of two [globals] sections Asterisk reads the first only; ours could switch off the administrator's."""
    for number, name in dialplan.sections:
        if name in ("globals", "general"):
            yield f"line {number}: [{name}] in a file to be included"


Rule = Callable[[Dialplan], Iterator[str]]

RULES: Final[tuple[Rule, ...]] = (
    guard_before_stasis,
    timeouts_are_constants,
    timeout_extension_everywhere,
    delivery_disarms_first,
    stasis_goes_on_to_delivery,
    decision_is_void_at_the_entrance,
    decided_before_used,
    returns_as_at_the_entrance,
    rings_with_a_bound,
    loaded_before_used,
    queue_names_are_filtered,
    queuestatus_is_emptied,
    stasisstatus_is_not_read,
    no_patterns,
    untrusted_text_is_filtered,
    no_second_evaluation,
    dash_is_first_in_filter,
    no_globals_section,
)
