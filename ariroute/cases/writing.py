"""A case as the lines of a test file, and these lines put into a file that is there: nothing else in it changes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ariroute.cases.case import Given, Mock
from ariroute.cases.ending import Ending
from ariroute.cases.grammar import ANSWERED, MISSING
from ariroute.cases.table import PLACE
from ariroute.config.load import Config
from ariroute.config.places import Places
from ariroute.errors import UnusableInput
from ariroute.flow.facts import Outcome

PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_-]*", re.ASCII)
SPECIAL = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
"""Words that some reader of YAML takes for something else than a text."""
INDENT = "  "
BRACES = "braces"


def case_lines(name: str, given: Given, ending: Ending, config: Config, notes: Iterable[str] = ()) -> list[str]:
    """The case, without indentation; ``notes`` are comments above its name."""
    body = [f"name: {_text(name)}", *_literally(list(_rest(given, config))), f"expect: {_flow(_expectation(ending))}"]
    first, *others = body
    return [*(f"# {_one_line(note)}" for note in notes), f"- {first}", *(f"  {line}" for line in others)]


def _literally(lines: list[str]) -> list[str]:
    """``lines`` with a table of one row where somebody is called ``{{ name }}``: a row's own values are not filled."""
    if not any(PLACE.search(line) for line in lines):
        return lines
    return [
        f'each: [{{{BRACES}: "{{{{"}}]',
        *(PLACE.sub(lambda found: f"{{{{ {BRACES} }}}}{found[0][2:]}", line) for line in lines),
    ]


def _rest(given: Given, config: Config) -> Iterator[str]:
    contact = given.contact
    triggered = config.ruleset.flow_for(contact)
    if triggered is None or triggered.name != given.flow:
        yield f"flow: {_text(given.flow)}"
    yield f"clock: {_text(contact.arrived.isoformat(timespec='seconds'))}"
    call: dict[str, Any] = {"from": contact.caller.e164 or contact.caller.number, "name": contact.caller.name}
    call["to"] = contact.dialled.e164 or contact.dialled.number
    call["pbx"] = contact.pbx if contact.pbx in list(config.pbxs)[1:] else ""
    call["arguments"] = list(contact.arguments)
    if told := {key: value for key, value in call.items() if value}:
        yield f"call: {_flow(told)}"
    if given.mocks:
        yield "lookups:"
        yield from (f"  {lookup}: {_mock(mock)}" for lookup, mock in given.mocks.items())
    if given.presses:
        yield f"press: [{', '.join(_text(press.keys) for press in given.presses)}]"
    if given.rings:
        words = (ANSWERED if ring.outcome is None else str(ring.outcome) for ring in given.rings)
        yield f"ring: [{', '.join(words)}]"


def _mock(mock: Mock) -> str:
    answer = mock.answer
    match answer.outcome:
        case Outcome.FOUND:
            return _flow({"found": dict(answer.fields)})
        case Outcome.MISSING:
            return MISSING
        case Outcome.FAILED:
            return str(answer.failure or "error")


def _expectation(ending: Ending) -> dict[str, str | int]:
    """``ending`` as the keys of ``expect:``."""
    match ending.kind:
        case "queue":
            priority = {} if ending.number is None else {"priority": ending.number}
            return {"queue": ending.name, **priority} if ending.name else {**priority}
        case "hangup":
            return {"hangup": True if ending.number is None else ending.number}
        case _:
            return {ending.kind: ending.name}


def _flow(value: Any) -> str:
    """``value`` on one line: ``{queue: gold, priority: 20}``."""
    match value:
        case Mapping():
            return "{" + ", ".join(f"{key}: {_flow(each)}" for key, each in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(_flow, value)) + "]"
        case bool():
            return "true" if value else "false"
        case float() if value.is_integer() and abs(value) < 1e15:
            return str(int(value))
        case int() | float():
            return repr(value)
        case _:
            return _text(value)


def _text(text: str) -> str:
    """In quotes unless it is a plain word."""
    if PLAIN.fullmatch(text) and text.lower() not in SPECIAL:
        return text
    return json.dumps(text, ensure_ascii=not text.isprintable())


def _one_line(text: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in text)


def with_case(text: str, places: Places | None, lines: Iterable[str]) -> str:
    """``text`` with a case more at the end of its ``tests:``; ``places`` are those of ``text``, None for no file yet.

    Raises UnusableInput where its tests are written in brackets.
    """
    if places is None or ("tests",) not in places.keys:
        head = f"{text.rstrip()}\n\n" if text.strip() else ""
        return f"{head}tests:\n{_indented(lines, INDENT)}"
    if ("tests", 0) not in places.values or _is_in_brackets(text, places):
        raise UnusableInput(f"{places.file}: tests are written in brackets there: write each below the other, with '-'")
    dash = text.splitlines()[places.values[("tests", 0)][0] - 1].index("-")
    end = _end(text, places)
    before, behind = text.splitlines(keepends=True)[:end], text.splitlines(keepends=True)[end:]
    blank = []
    while before and not before[-1].strip():
        blank.append(before.pop())
    if before and not before[-1].endswith("\n"):
        before[-1] += "\n"
    return "".join([*before, _indented(lines, " " * dash), *(blank if behind else []), *behind])


def _is_in_brackets(text: str, places: Places) -> bool:
    line, column = places.values[("tests", 0)]
    return text.splitlines()[line - 1][: column - 1].strip() != "-"


def _end(text: str, places: Places) -> int:
    """The number of lines up to the end of ``tests``: to the next key of the file, and the comments above that one."""
    begin = places.keys[("tests",)][0]
    following = [line for path, (line, _) in places.keys.items() if len(path) == 1 and line > begin]
    if not following:
        return len(text.splitlines())
    end = min(following) - 1
    lines = text.splitlines()
    while end > begin and lines[end - 1].startswith("#"):
        end -= 1
    return end


def _indented(lines: Iterable[str], by: str) -> str:
    return "".join(f"{by}{line}\n" for line in lines)
