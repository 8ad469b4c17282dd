"""The whole examination: gather, then judge, subject by subject."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from ariroute import __version__
from ariroute.config.live import compare
from ariroute.config.live_staffing import compare_staffing
from ariroute.config.load import Config, load, load_rules
from ariroute.config.model import PbxSettings
from ariroute.doctor import ami, ari, clock, daemon, flow_file, machine, needs, queues, records, staffing, versions
from ariroute.doctor.facts import PbxFacts
from ariroute.doctor.findings import Finding, Section, section
from ariroute.doctor.flow_file import FileFacts
from ariroute.doctor.gather_daemon import daemon as gather_daemon
from ariroute.doctor.gather_machine import file_facts, secret_paths
from ariroute.doctor.gather_machine import machine as gather_machine
from ariroute.doctor.gather_pbx import pbx as gather_pbx
from ariroute.doctor.passwords import Password, passwords
from ariroute.errors import ConfigError, Problem


@dataclass(frozen=True, slots=True)
class Examination:
    """Every finding; ``unusable`` when the flow file is, ``unreachable`` when an Asterisk could not be asked."""

    sections: tuple[Section, ...]
    unusable: bool = False
    unreachable: bool = False


@dataclass(frozen=True, slots=True)
class Opened:
    """The flow file as far as it could be loaded: ``config`` None when it cannot be used, even without its secrets.

    ``complete``: with its secrets, so that each Asterisk can be asked.
    """

    config: Config | None
    problems: Sequence[Problem] = ()
    complete: bool = True


def opened(path: Path) -> Opened:
    """The configuration with its secrets, else what is wrong with it. Raises nothing of its own."""
    try:
        return Opened(load(path))
    except ConfigError as error:
        problems = error.problems
    try:
        return Opened(load_rules(path), problems, complete=False)
    except ConfigError:
        return Opened(None, problems, complete=False)


async def examine(path: Path, found: Opened, folder: Path) -> Examination:
    """The examination of the flow file at ``path``; ``folder`` holds Asterisk's own files, if it is on this machine."""
    config = found.config
    names = config.files if config else (str(path),)
    files, secrets = file_facts(names), file_facts(secret_paths(names))
    if config is None:
        return Examination((_machine(0, 0), _flow_file(path, found, files, secrets)), unusable=True)
    pbxs = config.pbxs if found.complete else {}
    running, facts = await asyncio.gather(
        gather_daemon(config.daemon.admin),
        asyncio.gather(*(gather_pbx(name, settings, folder) for name, settings in pbxs.items())),
    )
    sections = [
        _machine(running.most_files, config.daemon.max_in_flight),
        _flow_file(path, found, files, secrets),
        _daemon(running, config, path),
    ]
    if found.complete:
        sections.append(section("passwords", passwords(list(_passwords(pbxs)))))
    for each in facts:
        sections += _pbx(each, config)
    unreachable = any(each.ari.error or each.unlisted or (each.ami and each.ami.error) for each in facts)
    return Examination(tuple(sections), unusable=bool(found.problems), unreachable=bool(unreachable))


def _machine(daemon_files: int, max_in_flight: int) -> Section:
    facts = gather_machine(daemon_files)
    return section(
        "this machine",
        machine.versions(facts),
        machine.packages(facts),
        machine.open_files(facts, max_in_flight),
        machine.space(facts),
    )


def _flow_file(path: Path, found: Opened, files: Sequence[FileFacts], secrets: Sequence[FileFacts]) -> Section:
    told = {file.path for file in secrets}
    warnings = [each for each in (found.config.warnings if found.config else ()) if each.file not in told]
    return section(
        "flow file",
        flow_file.loads(str(path), found.problems, warnings),
        flow_file.permissions(files),
        flow_file.secret_files(secrets),
        flow_file.admin(found.config.daemon.admin) if found.config else (),
    )


def _daemon(running: daemon.DaemonFacts, config: Config, path: Path) -> Section:
    return section(
        "daemon",
        daemon.runs(running, str(path)),
        daemon.version(running, __version__),
        daemon.digest(running, config.digest, str(path)),
        daemon.amis(running),
    )


def _passwords(pbxs: Mapping[str, PbxSettings]) -> Iterator[Password]:
    for name, settings in pbxs.items():
        yield Password(name, "ARI", settings.ari.user, settings.ari.password, "ari.conf")
        if settings.ari.reader:
            reader = settings.ari.reader
            yield Password(name, "ARI", reader.user, reader.password, "ari.conf")
        if settings.ami:
            yield Password(name, "AMI", settings.ami.user, settings.ami.password, "manager.conf")


def _pbx(found: PbxFacts, config: Config) -> list[Section]:
    """The sections of one Asterisk."""
    name = found.name
    sections = [
        section(
            f"{name}: ARI",
            ari.reached(found.ari),
            ari.listed(found.ari, found.unlisted),
            *(() if found.ari.error else (ari.rights(found.ari), ari.origins(found.ari, found.files))),
            ari.network(found.ari),
            ari.write_timeout(found.files),
            *(() if found.ari.error else (ari.live_dangerously(found.ari, found.files),)),
            ari.readable_files(found.files),
        ),
        section(f"{name}: AMI", ami.reached(found.ami), *_ami(found)),
    ]
    now = datetime.now(ZoneInfo(config.ruleset.timezone))
    if found.inventory:
        version, modules = found.inventory.version, found.inventory.modules
        sections += [
            section(
                f"{name}: Asterisk",
                versions.supported(version, now.date()),
                versions.advisories(version, modules),
                clock.skew(found),
                clock.zone(found, config.ruleset.timezone, now),
                records.queue_log(found.files),
                records.channel_events(found.files),
            ),
            section(
                f"{name}: what the flows need",
                needs.needs(compare(config, name, found.inventory), seen=found.dialplan is not None),
                needs.dialplan(found.inventory, found.dialplan, config.daemon.guard, config.pbxs[name].ari.app),
            ),
        ]
    if found.queues is not None:
        names = tuple(config.ruleset.queues)
        sections.append(section(f"{name}: queues", queues.queues(names, found.queues, found.files, config.staffing)))
    if config.staffing and found.floor:
        endpoints = found.inventory.endpoints if found.inventory else None
        sections.append(
            section(
                f"{name}: staffing",
                staffing.fits(compare_staffing(config, name, endpoints, found.floor)),
                staffing.on_duty(config.staffing, found.floor),
                staffing.events(found.floor, found.files),
                staffing.no_answer(config.staffing, found.files),
                staffing.wrap_ups(config.staffing, found.files),
            )
        )
    return sections


def _ami(found: PbxFacts) -> tuple[Iterable[Finding], ...]:
    if found.ami is None or found.ami.error:
        return ()
    return (
        ami.rights(found.ami),
        ami.events(found.ami, found.files),
        ami.network(found.ami),
        ami.acl(found.ami, found.files),
    )
