"""A linter for dialplan around ``Stasis()``: those of the rules against lost calls that a program can check.

Each rule is a function from a parsed dialplan to its faults. Rules about the daemon (it names no context, it sweeps,
it keeps its time budget) are not to be seen here.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

from ariroute.config.dialplan import Dialplan, Step, leading_in, ours


class Fault(NamedTuple):
    """What breaks a rule, and where."""

    place: str
    text: str

    def __str__(self) -> str:
        return f"{self.place}: {self.text}"


def guard_before_stasis(dialplan: Dialplan) -> Iterator[Fault]:
    """Rule 1: the guard is armed before `Stasis()`, from a constant, and nothing jumps past it."""
    for extension in dialplan.extensions:
        for stasis in extension.calling("Stasis"):
            before = extension.before(stasis)
            armed = [i for i, step in enumerate(before) if _is_guard(step)]
            if not armed:
                yield Fault(stasis.place, "Stasis() without a guard: Set(TIMEOUT(absolute)=SECONDS) must come before")
            elif any(step.label for step in (*before[armed[-1] + 1 :], stasis)):
                yield Fault(stasis.place, "a label between guard and Stasis(): a jump there leaves the guard out")


def _is_guard(step: Step) -> bool:
    value = step.sets("TIMEOUT(absolute)")
    return value is not None and re.fullmatch(r"\d+(\.\d+)?", value) is not None and float(value) > 0


def armed_for(dialplan: Dialplan) -> list[float]:
    """The guard's seconds before each ``Stasis()`` that has one."""
    before = [extension.before(stasis) for extension in dialplan.extensions for stasis in extension.calling("Stasis")]
    armed = ([step for step in steps if _is_guard(step)] for steps in before)
    return [float(steps[-1].sets("TIMEOUT(absolute)") or 0) for steps in armed if steps]


def timeouts_are_constants(dialplan: Dialplan) -> Iterator[Fault]:
    """Rules 1 and 6: a value that is no number switches the guard off for ever, so only numbers are written."""
    for step in dialplan.steps():
        value = step.sets("TIMEOUT(absolute)")
        if value is not None and not re.fullmatch(r"\d+(\.\d+)?", value):
            yield Fault(step.place, f"TIMEOUT(absolute) from {value!r}: only a constant is safe")


def timeout_extension_everywhere(dialplan: Dialplan) -> Iterator[Fault]:
    """Rule 2: extension T in every context in which a channel waits, and it leads on to the delivery."""
    for context in _contexts_with(dialplan, "Stasis", "Queue", "Dial", "VoiceMail"):
        timeout = dialplan.find(context, "T")
        if timeout is None:
            yield Fault(f"[{context}]", "no extension T: a call whose guard fires there is hung up")
        elif not any(timeout.calling("Queue")) and not any(
            _delivers(dialplan, context, step) for step in timeout.calling("Goto")
        ):
            yield Fault(timeout.place, "extension T does not go to the delivery")


def _contexts_with(dialplan: Dialplan, *applications: str) -> list[str]:
    found = (e.context for e in dialplan.extensions for s in e.steps if s.application in applications)
    return list(dict.fromkeys(found))


def _delivers(dialplan: Dialplan, context: str, goto: Step) -> bool:
    """Whether the jump ends at the first step of an extension that queues."""
    *rest, pattern, priority = ["", *goto.arguments.split(",")]
    target = dialplan.find(rest[-1] if rest and rest[-1] else context, pattern)
    return priority == "1" and target is not None and any(target.calling("Queue"))


def delivery_disarms_first(dialplan: Dialplan) -> Iterator[Fault]:
    """Rule 3: the first step of a delivery switches the guard off, and nothing arms it again."""
    for extension in dialplan.extensions:
        if not any(extension.calling("Queue")):
            continue
        if extension.steps[0].sets("TIMEOUT(absolute)") != "0":
            yield Fault(extension.place, "the first step before a Queue() must be Set(TIMEOUT(absolute)=0)")
        for step in extension.steps[1:]:
            if step.sets("TIMEOUT(absolute)") is not None:
                yield Fault(step.place, "armed again before or after a Queue(): the caller would be cut off")


def stasis_goes_on_to_delivery(dialplan: Dialplan) -> Iterator[Fault]:
    """Promise: what comes back from `Stasis()`, for whatever reason, is delivered."""
    for extension in dialplan.extensions:
        for stasis in extension.calling("Stasis"):
            after = extension.steps[extension.steps.index(stasis) + 1 :]
            if not (after and after[0].application == "Goto" and _delivers(dialplan, extension.context, after[0])):
                yield Fault(stasis.place, "the step after Stasis() must go to the delivery")


def decision_is_void_at_the_entrance(dialplan: Dialplan) -> Iterator[Fault]:
    """Rule 4: a decision of an earlier pass must not count, so the entrance empties it."""
    for extension in dialplan.extensions:
        for stasis in extension.calling("Stasis"):
            for name in (*DECISION, "ARIROUTE_BACK"):
                if not any(step.sets(name) == "" for step in extension.before(stasis)):
                    yield Fault(stasis.place, f"{name} is not emptied before Stasis()")


DECISION: Final = tuple(
    f"ARIROUTE_{name}" for name in ("DECIDED", "QUEUE", "HANGUP", "DIAL", "VOICEMAIL", "RECORD", "HEADERS")
)
"""The variables that make up a decision: one of an earlier pass must not be taken for one of this pass."""


def decided_before_used(dialplan: Dialplan) -> Iterator[Fault]:
    """Rule 4: ARIROUTE_DECIDED is asked before the decision is used; half a decision is none.

    What calls `Dial()` is entered from behind that question alone, and an agent's channel has a call already.
    """
    entered = _contexts_with(dialplan, "Dial", "Return")
    for extension in dialplan.extensions:
        asked = extension.context in entered
        for step in extension.steps:
            if "ariroute-ring" in step.arguments and not asked:
                yield Fault(step.place, "rings before ARIROUTE_DECIDED is asked")
            asked = asked or (step.application == "GotoIf" and "ARIROUTE_DECIDED" in step.arguments)
            read = re.search(r"\$\{(ARIROUTE_(?:QUEUE|HANGUP|DIAL|VOICEMAIL|RECORD))\}", step.arguments)
            if read and not asked and all(step.sets(name) != "" for name in (read[1], "ARIROUTE_DECIDED")):
                yield Fault(step.place, f"{read[1]} is read before ARIROUTE_DECIDED is asked")


def returns_as_at_the_entrance(dialplan: Dialplan) -> Iterator[Fault]:
    """Rules 1 and 4: who comes back into `Stasis()` has no decision, and passes where the guard is armed."""
    for extension in dialplan.extensions:
        for goto in extension.calling("Goto"):
            context, _, label = goto.arguments.rpartition(",s,")
            entrance = dialplan.find(context, "s") if context != extension.context else None
            if entrance is None or not any(entrance.calling("Stasis")) or label == "1":
                continue
            at = next((i for i, step in enumerate(entrance.steps) if step.label == label), len(entrance.steps))
            if not any(map(_is_guard, entrance.steps[at:])):
                yield Fault(goto.place, "jumps past the guard")
            for name in DECISION:
                if not any(step.sets(name) == "" for step in extension.before(goto)):
                    yield Fault(goto.place, f"{name} is not emptied before the call goes back")


def rings_with_a_bound(dialplan: Dialplan) -> Iterator[Fault]:
    """`Dial()` gets one filtered endpoint, whole or not at all, and a number of seconds: without one it never ends."""
    for extension in dialplan.extensions:
        for dial in extension.calling("Dial"):
            endpoint, seconds, *_ = [*re.findall(r"\$\{(\w+)\}", dial.arguments.partition("{IF(")[0]), "", ""]
            before = extension.before(dial)
            if not re.match(r"\$\{\w+\},\$\{\w+\},i", dial.arguments):
                yield Fault(dial.place, "Dial() takes one variable for the endpoint, one for the seconds, and option i")
            if not any((step.sets(endpoint) or "").startswith("${FILTER(-+_*#./:@0-9A-Za-z,${") for step in before):
                yield Fault(dial.place, "the endpoint was not filtered before")
            if not any(f"LEN(${{{endpoint}}})}} != " in step.arguments for step in before):
                yield Fault(dial.place, "what the filter took away was not asked for")
            if not any(re.fullmatch(r"[1-9]\d*", step.sets(seconds) or "") for step in before):
                yield Fault(dial.place, "seconds that are no number are not replaced")


def loaded_before_used(dialplan: Dialplan) -> Iterator[Fault]:
    """An application that is not loaded ends the call, so `IFMODULE()` is asked for those that an Asterisk may lack."""
    for extension in dialplan.extensions:
        for application, module in (("VoiceMail", "app_voicemail.so"), ("MixMonitor", "app_mixmonitor.so")):
            for step in extension.calling(application):
                asked = (f"IFMODULE({module})" in earlier.arguments for earlier in extension.before(step))
                if not any(asked):
                    yield Fault(step.place, f"{application}() without asking IFMODULE({module})")
        for step in extension.steps:
            application, _ = step.runs
            module = f"app_{application.lower()}.so"
            if application in ("UserEvent", "CELGenUserEvent") and f"IFMODULE({module})" not in step.arguments:
                yield Fault(step.place, f"{application}() without asking IFMODULE({module})")


def records_hold_names_alone(dialplan: Dialplan) -> Iterator[Fault]:
    """What goes into queue_log, the channel event log and AMI is of a closed set, or went through FILTER.

    A separator or a line break of a caller's would forge a record there.
    """
    for extension in dialplan.extensions:
        for step in extension.steps:
            application, arguments = step.runs
            if application not in ("QueueLog", "CELGenUserEvent", "UserEvent"):
                continue
            for name in re.findall(r"\$\{([^{}]*)\}", _NAME_FILTERED.sub("", arguments)):
                if not any(_filters(earlier, name) or _chooses(earlier, name) for earlier in extension.before(step)):
                    yield Fault(step.place, f"{application}() with ${{{name}}}, which was not filtered before")


_NAME_FILTERED: Final = re.compile(r"\$\{FILTER\([-+_.@*#0-9A-Za-z]*,\$\{\w+\}\)\}")


def _chooses(step: Step, variable: str) -> bool:
    """Whether ``step`` gives one of two constants to ``variable``."""
    value = step.sets(variable)
    return value is not None and re.fullmatch(r"\$\{IF\(.*\?[A-Z]+:[A-Z]+\)\}", value) is not None


def queue_names_are_filtered(dialplan: Dialplan) -> Iterator[Fault]:
    """Rule 5: the name of a queue is a constant or went through FILTER; so do a cause of `Hangup()` and a mailbox."""
    for extension in dialplan.extensions:
        for step in (s for s in extension.steps if s.application in ("Queue", "Hangup", "VoiceMail")):
            name = step.arguments.split(",")[0]
            if re.match(r"\$\{FILTER\((?:-_0-9A-Za-z|-_\.@0-9A-Za-z|0-9),\$\{\w+\}\)\}(?:,|$)", step.arguments):
                continue
            variable = re.fullmatch(r"\$\{(\w+)\}", name)
            if variable and not any(_filters(earlier, variable[1]) for earlier in extension.before(step)):
                yield Fault(step.place, f"{name} was not filtered before")
            if not variable and not re.fullmatch(r"[A-Za-z0-9_-]*", name):
                yield Fault(step.place, f"{name!r} is neither a constant nor a filtered variable")


def _filters(step: Step, variable: str) -> bool:
    value = step.sets(variable)
    return value is not None and value.startswith("${FILTER(")


def queuestatus_is_emptied(dialplan: Dialplan) -> Iterator[Fault]:
    """QUEUESTATUS keeps its old value when a later `Queue()` ends otherwise (app_queue, Asterisk 22)."""
    for extension in dialplan.extensions:
        for step in extension.calling("Queue"):
            since = [*itertools.takewhile(lambda s: s.application != "Queue", reversed(extension.before(step)))]
            if not any(earlier.sets("QUEUESTATUS") == "" for earlier in since):
                yield Fault(step.place, "QUEUESTATUS is not emptied between this Queue() and the one before")


def stasisstatus_is_not_read(dialplan: Dialplan) -> Iterator[Fault]:
    """Rule 8: after the guard STASISSTATUS says SUCCESS, so it decides nothing."""
    for step in dialplan.steps():
        if "STASISSTATUS" in step.arguments:
            yield Fault(step.place, "STASISSTATUS is no decision")


def no_patterns(dialplan: Dialplan) -> Iterator[Fault]:
    """Nothing that was dialled chooses a step: only the extensions s and T."""
    for extension in dialplan.extensions:
        if extension.pattern not in ("s", "T"):
            yield Fault(extension.place, f"extension {extension.pattern}: only s and T")


_UNTRUSTED: Final = re.compile(
    r"\$\{(?:EXTEN|CALLERID\(\w+\)|CONNECTEDLINE\(\w+\)|ARIROUTE_TO|ARIROUTE_NAME|SIP_HEADER\(\w+\))\}"
)
_FILTERED: Final = re.compile(
    r"\$\{(?:FILTER\([^,]*,\$\{[^{}]*\}|LEN\(\$\{(?:CALLERID\(num\)|ARIROUTE_TO)\})\)\}"
)  # LEN is a number


def untrusted_text_is_filtered(dialplan: Dialplan) -> Iterator[Fault]:
    """What a caller can choose stands in no expression and in no argument unless FILTER is around it or was before."""
    for extension in dialplan.extensions:
        clean: set[str] = set()
        for step in extension.steps:
            # The value of Set() is neither parsed nor expanded again.
            rest = _FILTERED.sub("", step.arguments) if step.text != "Set(CALLERID(name)=${ARIROUTE_NAME})" else ""
            for text in _UNTRUSTED.findall(rest):
                if text not in clean:
                    yield Fault(step.place, f"{text} without FILTER")
            clean |= {f"${{{name}}}" for name in ("ARIROUTE_TO",) if step.application == "Set" and _filters(step, name)}


def no_second_evaluation(dialplan: Dialplan) -> Iterator[Fault]:
    """Functions and applications that read text as syntax, or run programs, have no place here.

    `MixMonitor()` runs its third argument as a command, so it has two, and a comma in the first is filtered away.
    """
    for step in dialplan.steps():
        if found := re.search(r"\b(EVAL|SHELL|System|TrySystem|Exec|TryExec|ENV|FILE)\(", step.text):
            yield Fault(step.place, f"{found[1]}() must not be used here")
        if step.application == "MixMonitor" and not _RECORDING.fullmatch(step.arguments):
            yield Fault(step.place, "MixMonitor() takes a filtered folder and uniqueid, and option b")


_RECORDING: Final = re.compile(
    r"\$\{FILTER\(-_\./0-9A-Za-z,\$\{ARIROUTE_RECORDINGS\}\)\}\$\{IF\(\$\{LEN\(\$\{ARIROUTE_RECORDINGS\}\)\}\?/\)\}"
    r"\$\{FILTER\(-_\.0-9A-Za-z,\$\{UNIQUEID\}\)\}\.wav,b"
)


def dash_is_first_in_filter(dialplan: Dialplan) -> Iterator[Fault]:
    """In FILTER a dash means a range; one at the end is dropped and mutilates names (Asterisk 16 and 22)."""
    for step in dialplan.steps():
        for allowed in re.findall(r"FILTER\(([^,]*),", step.arguments):
            if allowed.endswith("-") or re.search(r"[^-\w]-|_-", allowed):
                yield Fault(step.place, f"FILTER({allowed},...): a dash that is meant must come first")


def one_globals_section(dialplan: Dialplan) -> Iterator[Fault]:
    """Of two [globals] sections Asterisk reads the first only; the second could switch off the administrator's."""
    for place, _ in [section for section in dialplan.sections if section[1] == "globals"][1:]:
        yield Fault(place, "a second [globals]: Asterisk reads the first section of that name only")


Rule = Callable[[Dialplan], Iterator[Fault]]

LOSING: Final[tuple[Rule, ...]] = (
    guard_before_stasis,
    timeouts_are_constants,
    timeout_extension_everywhere,
    delivery_disarms_first,
    stasis_goes_on_to_delivery,
    returns_as_at_the_entrance,
)
"""What breaks one of these loses calls, or cuts them off."""

RISKY: Final[tuple[Rule, ...]] = (
    decision_is_void_at_the_entrance,
    decided_before_used,
    rings_with_a_bound,
    loaded_before_used,
    records_hold_names_alone,
    queue_names_are_filtered,
    queuestatus_is_emptied,
    stasisstatus_is_not_read,
    no_patterns,
    untrusted_text_is_filtered,
    no_second_evaluation,
    dash_is_first_in_filter,
    one_globals_section,
)
"""What breaks one of these routes some calls wrongly, or lets a caller's text in."""

RULES: Final = (*LOSING, *RISKY)

LEADING_IN: Final[tuple[Rule, ...]] = (untrusted_text_is_filtered, no_second_evaluation, dash_is_first_in_filter)
"""Those of RISKY that hold for extensions before the entrance too."""


def faults(dialplan: Dialplan, rules: Sequence[Rule]) -> list[Fault]:
    """What breaks ``rules``, each once, in the order of the rules."""
    return list(dict.fromkeys(fault for rule in rules for fault in rule(dialplan)))


class Judgement(NamedTuple):
    """What a dialplan does wrong: what loses calls, and what is risky."""

    losing: list[Fault]
    risky: list[Fault]


def judge(dialplan: Dialplan, app: str = "ariroute") -> Judgement:
    """What is wrong with the part of ``dialplan`` that calls of the Stasis application ``app`` pass."""
    within, before = ours(dialplan, app), leading_in(dialplan, app)
    return Judgement(faults(within, LOSING), [*faults(within, RISKY), *faults(before, LEADING_IN)])
