"""What a configuration needs of each Asterisk, with the place in the file that says so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from ariroute.config.load import Config
from ariroute.config.places import Path
from ariroute.flow.prompts import PromptTemplate, SayDigits, SayNumber
from ariroute.flow.steps import (
    AnswerCall,
    Collect,
    Consent,
    Dial,
    Menu,
    Play,
    RingAgent,
    SetLabel,
    Step,
    Voicemail,
)
from ariroute.flow.wants import Sound, Tone
from ariroute.lookups.astdb import AstDbSettings
from ariroute.lookups.channel import ChannelSettings
from ariroute.lookups.queue import QueueLookupSettings

Kind = Literal["queue", "endpoint", "sound", "module", "context", "database"]

VOICEMAILS: Final = ("app_voicemail", "app_voicemail_imap", "app_voicemail_odbc")

RING: Final = "ariroute-ring"
AGENT: Final = "ariroute-agent"
"""Contexts of ``dialplan/extensions-ariroute.conf`` that only some steps use."""

CORE: Final = (
    ("app_queue", "calls wait in its queues"),
    ("app_stasis", "the dialplan gives calls to ariroute by it"),
    ("func_timeout", "without it there is no guard: a call stays with a daemon that hangs"),
    ("func_strings", "the dialplan cleans values by it"),
    ("func_logic", "the dialplan decides by it"),
    ("func_callerid", "the dialplan cleans the caller's number by it"),
    ("app_verbose", "the dialplan logs by it"),
    ("app_exec", "the dialplan decides by it"),
    ("res_ari_events", "calls are announced over it"),
    ("res_ari_channels", "calls are handed to their queue by it"),
    ("res_ari_applications", "calls whose announcement was missed are found by it"),
)
"""For every flow: what ``dialplan/extensions-ariroute.conf`` is made of, and what the daemon asks."""

FUNCTION_MODULES: Final = {
    "CALLERID": "func_callerid",
    "REDIRECTING": "func_callerid",
    "CHANNEL": "func_channel",
    "PJSIP_HEADER": "res_pjsip_header_funcs",
}


@dataclass(frozen=True, slots=True)
class Need:
    """Something that must be there: one of ``names``. ``path`` is the place, in the form that messages show."""

    kind: Kind
    names: tuple[str, ...]
    path: str | Path
    why: str = ""


def needs(config: Config) -> list[Need]:
    """All of them, each once for each place."""
    found = [Need("module", (name,), (), why) for name, why in CORE]
    found += [Need("queue", (name,), ("queues", name)) for name in config.ruleset.queues]
    for name in config.kinds:
        found += _of_lookup(config, name)
    for agent in config.ruleset.agents.by_name.values():
        found += _endpoint(agent.endpoint, ("agents", agent.name))
    for flow in config.ruleset.flows.values():
        for step in flow.walk():
            found += _of_step(step)
    return list(dict.fromkeys(found))


def _of_lookup(config: Config, name: str) -> Iterator[Need]:
    path: Path = ("lookups", name)
    match config.kinds[name]:
        case QueueLookupSettings() as queue:
            yield Need("queue", (queue.name,), (*path, "queue", "name"))
        case AstDbSettings(exists=True):
            yield Need("module", ("func_db",), (*path, "astdb"), "exists: true asks by its DB_EXISTS()")
        case AstDbSettings():
            yield Need("database", (), (*path, "astdb"))
        case ChannelSettings() as channel:
            for field, variable in channel.variables.items():
                if module := FUNCTION_MODULES.get(variable.partition("(")[0]):
                    yield Need("module", (module,), (*path, "channel", "variables", field), f"{variable} is read by it")


def _of_step(step: Step) -> Iterator[Need]:
    match step:
        case Play(path=path, prompt=prompt):
            yield from _prompt(prompt, path)
        case Menu(path=path, question=question) | Collect(path=path, question=question):
            yield from _prompt((*question.prompt, *question.invalid), path)
        case Consent(path=path, question=question, record=record):
            yield from _prompt((*question.prompt, *question.invalid), path)
            if record:
                yield Need("module", ("app_mixmonitor",), path, "it records")
                yield Need("module", ("func_module",), path, "the dialplan asks by it whether calls can be recorded")
        case Dial(path=path, endpoint=endpoint, name=name):
            yield from _endpoint(endpoint, ("endpoints", name))
            yield from _ring(path)
        case RingAgent(path=path):
            yield from _ring(path)
            yield Need("module", ("func_devstate",), path, "the dialplan asks by it whether a telephone is in use")
        case Voicemail(path=path):
            yield Need("module", VOICEMAILS, path, "it takes messages")
        case SetLabel(path=path, headers=headers):
            if headers:
                yield Need("context", (AGENT,), path)
                yield Need("module", ("res_pjsip_header_funcs",), path, "headers are added by it")
                yield Need("module", ("app_stack",), path, "headers are added in a Gosub()")
        case AnswerCall():
            return


def _ring(path: str) -> Iterator[Need]:
    yield Need("context", (RING,), path)
    yield Need("module", ("app_dial",), path, "it rings")


def _endpoint(endpoint: str, path: Path) -> Iterator[Need]:
    """Of PJSIP and its like; a Local channel is a place in the dialplan, and nobody lists those."""
    technology, _, rest = endpoint.partition("/")
    if technology == "Local":
        return
    if technology == "PJSIP":
        # PJSIP/endpoint, PJSIP/number@endpoint, PJSIP/endpoint/sip:uri (dialed URI), see chan_pjsip.c
        name = rest.partition("/")[0]
        yield Need("endpoint", (f"PJSIP/{name.rpartition('@')[2]}",), path)
        yield Need("module", ("chan_pjsip",), path, "it is a PJSIP endpoint")
        return
    yield Need("endpoint", (f"{technology}/{rest.partition('/')[0]}", endpoint), path)


def _prompt(prompt: PromptTemplate, path: str) -> Iterator[Need]:
    if prompt:
        yield Need("module", ("res_stasis_playback",), path, "prompts are played by it")
        yield Need("module", ("res_ari_playbacks",), path, "prompts are stopped by it")
    for part in prompt:
        match part:
            case Sound(name):
                yield Need("sound", (name,), path)
            case SayNumber() | SayDigits():
                yield Need("sound", ("digits/1",), path, "numbers are said with it and its like")
            case Tone():
                continue
