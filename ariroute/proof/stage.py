"""The stage of a proof: a private Asterisk with what the user's flow file needs, the daemon, stand-ins, callers.

Everything is on 127.0.0.1 and under one folder, and ends with the stage.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from ariroute.config.load import Config
from ariroute.config.needs import needs
from ariroute.config.read import Document
from ariroute.flow.steps import Voicemail
from ariroute.lab import audio
from ariroute.lab.asterisk import PrivateAsterisk
from ariroute.lab.daemon import DaemonProcess
from ariroute.lab.debian import sipp_program
from ariroute.lab.ports import Ports
from ariroute.lab.relay import Relay
from ariroute.lab.sip import Agent, Agents, Callers
from ariroute.proof import dialplan
from ariroute.proof.allowed import NOTHING, longest
from ariroute.proof.derive import NO_EVENTS, Around, PrivatePbx, derived, entries, phones, started
from ariroute.proof.facts import candidates
from ariroute.proof.faults import Things
from ariroute.proof.keypads import Keypads
from ariroute.proof.stand_in import StandIn
from ariroute.proof.supervised import Supervised

UNDECIDED: Final = "proof-no-decision"
"""The queue of calls about which nothing was decided (ARIROUTE_DEFAULT): none of the flow file's."""
SAMPLE_QUEUES: Final = frozenset({"platinum", "gold", "standard", "last"})
TONE: Final = 0.4
"""Seconds of the sound that is played for each one that is missing here, and for each text that is spoken."""
_SOUNDS: Final = (".gsm", ".wav", ".ulaw", ".alaw", ".sln16", ".g722")


class Stage:
    """What the run needs, from :meth:`open` until :meth:`close`; a context manager.

    Raises LabError where Asterisk or SIPp are not to be had, DaemonFailed where the daemon does not run.
    """

    def __init__(self, config: Config, document: Document, folder: Path, seed: int, *, real_lookups: bool) -> None:
        self._config = config
        self._document = document
        self._folder = folder
        self._things = ExitStack()
        self.entries = entries(config)
        allowed = longest(config)
        self.allowed = [allowed.get(started(config, dialled), NOTHING) for dialled in self.entries]
        """For each entry what its flow may take."""
        sipp = sipp_program()
        rung = phones(config)
        self._agents = Agents(sipp, _agents(len(rung)), folder / "agents") if rung else None
        names = {name: f"proof-phone-{place}" for place, name in enumerate(rung)}
        self.pbx = PrivateAsterisk(
            folder / "pbx",
            agents=dict.fromkeys(names.values(), self._agents.port) if self._agents else {},
            extra_queues=queues(config),
            extra_config={
                "extensions.conf": dialplan.extensions(
                    self.entries, {"ARIROUTE_DEFAULT": UNDECIDED}, config.daemon.guard
                ),
                "voicemail.conf": mailboxes(config),
            },
        )
        self._phones = {name: f"PJSIP/{endpoint}" for name, endpoint in names.items()}
        self._sipp = sipp
        self.service = stand_in(config, document, seed)
        self._real_lookups = real_lookups
        self.callers: Callers
        self.keypads: Keypads
        self.daemon: Supervised
        self.relay: Relay

    def open(self) -> None:
        """Start everything but the daemon."""
        if self._agents:
            self._things.enter_context(self._agents)
        self._things.enter_context(self.pbx)
        fill_sounds(self._config, self.pbx)
        self.relay = self._things.enter_context(Relay(self.pbx.http_port))
        self._things.enter_context(self.service)
        self.callers = self._things.enter_context(
            Callers(self._sipp, ("127.0.0.1", self.pbx.sip_port), self._folder / "callers")
        )
        self.keypads = Keypads(("127.0.0.1", self.pbx.sip_port))
        self._things.callback(self.keypads.stop)
        first, second = self._things.enter_context(Ports(2))
        self.daemon = Supervised(self._daemon(first), self._daemon(second))
        self._things.callback(self.daemon.close)

    def close(self) -> None:
        """End all of it."""
        self._things.close()

    def __enter__(self) -> Stage:
        try:
            self.open()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def things(self) -> Things:
        """What faults are done to."""
        return Things(self.daemon, self.relay, None if self._real_lookups else self.service)

    def clear(self) -> None:
        """End every caller and every call."""
        self.callers.stop()
        self.keypads.stop()
        self.pbx.cli("channel request hangup all")
        deadline = time.monotonic() + 10
        while "0 active channels" not in self.pbx.cli("core show channels count") and time.monotonic() < deadline:
            time.sleep(0.05)

    def _daemon(self, admin: int) -> DaemonProcess:
        file = self._folder / f"ariroute-{admin}.yaml"
        file.write_text(derived(self._config, self._document, self._around(), admin), encoding="utf-8")
        return DaemonProcess(file, admin)

    def _around(self) -> Around:
        folder = self._folder
        no_events = folder / "no-events.ics"
        no_events.write_text(NO_EVENTS, encoding="utf-8")
        private = PrivatePbx(
            ari=self.relay.url,
            ami=f"127.0.0.1:{self.pbx.ami_port}",
            user=self.pbx.ari_user,
            secret=secret_file(folder / "ari.secret", self.pbx.ari_password),
            ami_secret=secret_file(folder / "ami.secret", self.pbx.ami_password),
        )
        return Around(
            asterisk=private.section(self._document.data.get("asterisk")),
            service=None if self._real_lookups else self.service.url,
            notices=self.service.url,
            no_events=no_events,
            phones=self._phones,
            tone=audio.write_tone(folder / "tone.wav", 440, TONE),
            speech_cache=folder / "speech",
        )


def secret_file(path: Path, text: str) -> Path:
    """Write what only we may read; the path."""
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)  # the mode of touch() is subject to the umask
    return path


def _agents(count: int) -> list[Agent]:
    """One who answers, one who is busy, one who is not there, and so on."""
    made = []
    for place in range(count):
        name = f"proof-phone-{place}"
        kinds = (
            Agent(name, rings=0.2, handles=1.5),
            Agent(name, rings=0.2, answers=False),
            Agent.silent(name),
        )
        made.append(kinds[place % len(kinds)])
    return made


def queues(config: Config) -> str:
    """The file's queues, beside those of our sample; nobody is logged in, and callers wait."""
    names = [*config.ruleset.queues, UNDECIDED]
    return "".join(f"[{name}](ariroute-tier)\n" for name in names if name not in SAMPLE_QUEUES)


def mailboxes(config: Config) -> str:
    """voicemail.conf with every mailbox that a flow names."""
    contexts: dict[str, set[str]] = {"default": {"100"}}
    for flow in config.ruleset.flows.values():
        for step in flow.walk():
            if isinstance(step, Voicemail):
                box, _, context = step.box.partition("@")
                contexts.setdefault(context or "default", set()).add(box)
    sections = [
        f"[{context}]\n" + "".join(f"{box} => 1234,Proof\n" for box in sorted(boxes))
        for context, boxes in contexts.items()
    ]
    return "[general]\nformat = wav\n" + "".join(sections)


def fill_sounds(config: Config, pbx: PrivateAsterisk) -> None:
    """A short tone for each sound of the flows that this Asterisk lacks, so that prompts are heard and end."""
    for need in needs(config):
        if need.kind == "sound" and not _has_sound(pbx.sounds, need.names[0]):
            audio.write_tone(pbx.sounds / f"{need.names[0]}.wav", 440, TONE)


def _has_sound(sounds: Path, name: str) -> bool:
    return any((sounds / folder / f"{name}{suffix}").is_file() for folder in ("", "en") for suffix in _SOUNDS)


def stand_in(config: Config, document: Document, seed: int) -> StandIn:
    """A stand-in for every lookup and every notice of a configuration."""
    fields = {name: settings.fields for name, (settings, _) in config.lookups.items()}
    timeouts = {name: settings.timeout for name, (settings, _) in config.lookups.items()}
    people: Sequence[str] = [
        name for agent in config.ruleset.agents.by_name.values() for name in (agent.name, *agent.also)
    ]
    return StandIn(fields, candidates(document.data.get("flows"), fields, people), timeouts, seed)
