"""Each judgement: what it says of each state, how bad that is, and what to type."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime
from types import ModuleType
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from ariroute.asterisk.floor_inventory import FloorInventory
from ariroute.asterisk.inventory import Inventory, Unread
from ariroute.asterisk.queue_events import QueueMember
from ariroute.config.dialplan import parse as parse_dialplan
from ariroute.config.dialplan import source
from ariroute.config.live import Comparison
from ariroute.doctor import (
    ami,
    ari,
    clock,
    daemon,
    flow_file,
    machine,
    needs,
    passwords,
    queues,
    records,
    staffing,
    versions,
)
from ariroute.doctor.conf import parse
from ariroute.doctor.daemon import DaemonFacts
from ariroute.doctor.facts import AmiFacts, AriFacts, AsteriskFiles, Member, PbxFacts, QueueFacts
from ariroute.doctor.findings import Finding, Severity, section, worst
from ariroute.doctor.flow_file import FileFacts
from ariroute.doctor.machine import Disk, Machine
from ariroute.doctor.passwords import Password
from ariroute.errors import Problem
from ariroute.lab.pbxconfig import SAMPLES
from ariroute.staffing.rules import StaffedAgent, StaffingRules, Tier
from ariroute.values import Secret

Judge = Callable[..., Iterable[Finding]]

GOOD, NOTE, WARN, FAULT = Severity

ARI = AriFacts("http://127.0.0.1:8088", "ariroute", may_write=True, any_origin=False, dangerous=False)
READS = replace(ARI, reader="looker", reader_may_write=False)
AMI = AmiFacts("127.0.0.1:5038", "ariroute", actions=frozenset({*ami.NEEDED, "queuestatus"}))
UP = DaemonFacts("127.0.0.1:8067", version="1.0", ready=True, digest="d1", pbxs={"main": {"ready": True}})
MACHINE = Machine((3, 12, 1), "1.0", {}, 20_000, "the daemon", (Disk("logs", "/var/log", 5 * 1024**3),))
RULES = StaffingRules("dynamic", (Tier("gold", 0.5),), {"a": StaffedAgent("a", "PJSIP/a", "gold", {"gold": 0})})
FLOOR = FloorInventory("ariroute", frozenset(), {"gold": 0}, (QueueMember("gold", "PJSIP/A"),))
IDLE = QueueFacts("gold", "rrmemory", 0)
GOLD = QueueFacts("gold", "rrmemory", 0, (Member("PJSIP/a", paused=False, reachable=True),))
PROBLEM = Problem("a.yaml", 3, 5, "flows.x", "there is no queue 'y'")
INVENTORY = Inventory(
    "22.10.1", frozenset(), frozenset(), frozenset(), {}, frozenset(), Unread("no right"), may_read_database=False
)


def conf(name: str, text: str) -> AsteriskFiles:
    return AsteriskFiles("/etc/asterisk", {name: parse(text.splitlines())})


def file(mode: int, folder: int = 0o755) -> FileFacts:
    return FileFacts("/etc/ariroute/a.yaml", mode, folder)


def password(text: str, user: str = "ariroute", opens: str = "ARI") -> Password:
    return Password("main", opens, user, Secret(text), "ari.conf")


def dialplan(*changes: tuple[str, str]) -> Any:
    text = (SAMPLES / "extensions-ariroute.conf").read_text(encoding="utf-8")
    for old, new in changes:
        assert text.count(old) == 1
        text = text.replace(old, new)
    return parse_dialplan(source(text, "x.conf"))


STRONG = "0f8a6b4c2d1e3f5a7b9c8d6e4f2a1b3c"
UTC_NOW = datetime(2026, 11, 22, 12, tzinfo=ZoneInfo("UTC"))
GUARD = " same => n,Set(TIMEOUT(absolute)=4)\n"

# The judgement, what it is given, how bad its worst finding is, and parts of what that says, and of its remedy.
CASES: list[tuple[Judge, tuple[Any, ...], Severity, str, str]] = [
    (machine.versions, (MACHINE,), GOOD, "ariroute 1.0 on Python 3.12.1", ""),
    (
        machine.versions,
        (replace(MACHINE, python=(3, 10, 4)),),
        FAULT,
        "Python 3.10.4 is older than 3.11",
        "python3.11 -m",
    ),
    (machine.packages, (MACHINE,), GOOD, "every package", ""),
    (
        machine.packages,
        (replace(MACHINE, broken={"protobuf": "ImportError: x"}),),
        FAULT,
        "the package protobuf cannot be imported: ImportError: x",
        "pip install --force-reinstall protobuf",
    ),
    (machine.open_files, (MACHINE, 200), GOOD, "the daemon may have 20000 files open", ""),
    (
        machine.open_files,
        (replace(MACHINE, open_files=256, whose="a shell"), 200),
        WARN,
        "a shell may have 256 files open",
        "LimitNOFILE=8192   # [Service] of ariroute's unit; in a shell: ulimit -n 928",
    ),
    (machine.space, (MACHINE,), GOOD, "5120 MiB free for logs", ""),
    (
        machine.space,
        (replace(MACHINE, disks=(Disk("logs", "/var/log", 500 * 1024**2),)),),
        WARN,
        "only 500 MiB free for logs",
        "df -h /var/log; du -xh /var/log | sort -h | tail",
    ),
    (
        machine.space,
        (replace(MACHINE, disks=(Disk("logs", "/x", 1024),)),),
        FAULT,
        "only 0 MiB free for logs",
        "df -h /x",
    ),
    # ---- flow file
    (flow_file.loads, ("a.yaml", [], []), GOOD, "the flow file loads", ""),
    (flow_file.loads, ("a.yaml", [PROBLEM], []), FAULT, "flows.x: there is no queue 'y'", "ariroute check a.yaml"),
    (flow_file.loads, ("a.yaml", [], [PROBLEM]), NOTE, "flows.x: there is no queue 'y'", "ariroute check a.yaml"),
    (flow_file.permissions, ([file(0o100640)],), GOOD, "its owner alone may change it", ""),
    (flow_file.permissions, ([file(0o100660)],), NOTE, "its group may change", "chmod g-w /etc/ariroute/a.yaml"),
    (
        flow_file.permissions,
        ([file(0o100666)],),
        FAULT,
        "every user of this machine may change",
        "chmod o-w /etc/ariroute/a",
    ),
    (
        flow_file.permissions,
        ([file(0o100644, 0o777)],),
        FAULT,
        "put another file in the place",
        "chmod o-w /etc/ariroute",
    ),
    (flow_file.permissions, ([file(0o100644, 0o1777)],), GOOD, "its owner alone", ""),
    (flow_file.secret_files, ([file(0o100600)],), GOOD, "its owner alone can read", ""),
    (
        flow_file.secret_files,
        ([file(0o100640)],),
        WARN,
        "its group can read this secret",
        "chmod 0600 /etc/ariroute/a.yaml",
    ),
    (flow_file.secret_files, ([file(0o100604)],), FAULT, "every user of this machine can read", "chmod 0600 /etc/ari"),
    (flow_file.admin, ("127.0.0.1:8067",), GOOD, "bound to loopback", ""),
    (flow_file.admin, ("[::1]:8067",), GOOD, "bound to loopback", ""),
    (flow_file.admin, ("0.0.0.0:8067",), FAULT, "bound to 0.0.0.0", 'daemon: {admin: "127.0.0.1:8067"}'),
    # ---- passwords
    (passwords.passwords, ([password(STRONG)],), GOOD, "main: the password of the ARI user 'ariroute' cannot be", ""),
    (
        passwords.passwords,
        ([password("CHANGE-ME-ARI")],),
        FAULT,
        "is still the one of the sample",
        "openssl rand -hex 32",
    ),
    (passwords.passwords, ([password("amp111")],), FAULT, "is on every list of passwords", "openssl rand -hex 32"),
    (passwords.passwords, ([password("Ariroute2026")],), FAULT, "is the user's name, or made of it", "openssl"),
    (passwords.passwords, ([password("a1B!")],), FAULT, "has 4 characters", "openssl rand -hex 32"),
    (passwords.passwords, ([password("kT9!xQ2#mZ")],), WARN, "has 10 characters, fewer than 16", "for ari.conf"),
    (passwords.passwords, ([password("ababababababababab")],), WARN, "repeats few characters", "openssl rand -hex 32"),
    (
        passwords.passwords,
        ([password(STRONG), password(STRONG, "looker")],),
        WARN,
        "main: the ARI user 'looker' has the password of the ARI user 'ariroute'",
        "openssl rand -hex 32",
    ),
    # ---- ARI
    (ari.reached, (ARI,), GOOD, "ARI answers to 'ariroute'", ""),
    (ari.reached, (replace(ARI, error="it is refused"),), FAULT, "it is refused", "asterisk -rx 'http show status'"),
    (ari.listed, (ARI, ""), GOOD, "ARI tells what this Asterisk has", ""),
    (ari.listed, (ARI, "GET sounds: 404"), FAULT, "GET sounds: 404", "module show like res_ari"),
    (ari.rights, (READS,), GOOD, "the ARI user 'ariroute' may hand calls over", ""),
    (
        ari.rights,
        (ARI,),
        NOTE,
        "commands that only look ask with the password that can",
        "reader: {user: ariroute-reader",
    ),
    (
        ari.rights,
        (replace(READS, may_write=False),),
        FAULT,
        "'ariroute' may only read",
        "read_only = no   ; ari.conf, section",
    ),
    (
        ari.rights,
        (replace(READS, reader_may_write=True),),
        WARN,
        "'looker', who is to read only, may",
        "read_only = yes   ;",
    ),
    (ari.rights, (replace(READS, reader_error="401"),), WARN, "401", "ari show user looker"),
    (ari.network, (ARI,), GOOD, "ARI is asked over loopback", ""),
    (ari.network, (replace(ARI, url="https://pbx.example:8089"),), GOOD, "ARI is asked over TLS", ""),
    (
        ari.network,
        (replace(ARI, url="http://pbx.example:8088"),),
        FAULT,
        "over plain HTTP at pbx.example",
        "tlsenable = yes",
    ),
    (ari.network, (replace(ARI, bound=("127.0.0.1",)),), GOOD, "ARI is asked over loopback", ""),
    (ari.network, (replace(ARI, bound=("0.0.0.0", "::")),), WARN, "listens on 0.0.0.0, ::", "bindaddr = 127.0.0.1"),
    (ari.origins, (ARI, None), GOOD, "no web page of just any origin", ""),
    (
        ari.origins,
        (replace(ARI, any_origin=True), None),
        WARN,
        "every origin ask (allowed_origins = *)",
        "allowed_origins =  ",
    ),
    (
        ari.origins,
        (ARI, conf("ari.conf", "[general]\nallowed_origins=https://x")),
        NOTE,
        "web pages of https://x",
        "allowed_or",
    ),
    (
        ari.write_timeout,
        (None,),
        NOTE,
        "websocket_write_timeout cannot be seen",
        "sudo grep -n websocket_write_timeout",
    ),
    (
        ari.write_timeout,
        (conf("ari.conf", "[general]\n"),),
        WARN,
        "is 100 ms",
        "websocket_write_timeout = 1000   ; ari.conf",
    ),
    (ari.write_timeout, (conf("ari.conf", "[general]\nwebsocket_write_timeout = 1000"),), GOOD, "is 1000 ms", ""),
    (ari.live_dangerously, (ARI, None), GOOD, "is off: a read that it would allow was refused", ""),
    (
        ari.live_dangerously,
        (replace(ARI, dangerous=True), None),
        FAULT,
        "live_dangerously is on",
        "live_dangerously = no   ;",
    ),
    (
        ari.live_dangerously,
        (replace(ARI, dangerous=None), None),
        NOTE,
        "cannot be seen",
        "sudo grep -n live_dangerously",
    ),
    (
        ari.live_dangerously,
        (replace(ARI, dangerous=None), conf("asterisk.conf", "[options]\nlive_dangerously => yes")),
        FAULT,
        "live_dangerously is on",
        "section [options]; then restart Asterisk",
    ),
    (
        ari.live_dangerously,
        (replace(ARI, dangerous=None), conf("asterisk.conf", "")),
        GOOD,
        "is off: by asterisk.conf",
        "",
    ),
    (
        ari.readable_files,
        (AsteriskFiles("/e", {}, ("/e/ari.conf",)),),
        FAULT,
        "every user of this machine can read the passwords in /e/ari.conf",
        "sudo chmod o-r /e/ari.conf",
    ),
    # ---- AMI
    (ami.reached, (AMI,), GOOD, "AMI answers to 'ariroute'", ""),
    (ami.reached, (None,), NOTE, "no ami in the flow file", 'ami: {address: "127.0.0.1:5038"'),
    (ami.reached, (replace(AMI, error="refused"),), FAULT, "refused", "manager show settings"),
    (ami.rights, (AMI,), GOOD, "has the class agent, and none that is dangerous", ""),
    (
        ami.rights,
        (replace(AMI, actions=frozenset({"ping"})),),
        FAULT,
        "lacks the class agent",
        "write = agent   ; manager",
    ),
    *(
        (
            ami.rights,
            (replace(AMI, actions=frozenset({*ami.NEEDED, action})),),
            WARN,
            f"may do more than ariroute needs: {ami.CLASSES.get(action, action)}",
            "write = agent   ; manager.conf, section [ariroute]; then: sudo asterisk -rx 'manager reload'",
        )
        for action in ami.TOO_MUCH
    ),
    (
        ami.events,
        (AMI, conf("manager.conf", "[ariroute]\nread = agent, user,reporting")),
        GOOD,
        "reads no more events",
        "",
    ),
    (
        ami.events,
        (AMI, conf("manager.conf", "[ariroute]\nread = agent,reporting")),
        WARN,
        "the AMI user 'ariroute' is not told of events of the classes user",
        "read = agent,user   ; manager.conf, section [ariroute]",
    ),
    (
        ami.events,
        (AMI, conf("manager.conf", "[ariroute]\nread = all, agent")),
        NOTE,
        "the AMI user 'ariroute' may read events of the classes all",
        "read = agent,user   ; manager.conf, section [ariroute]",
    ),
    (ami.network, (AMI,), GOOD, "AMI is asked over loopback", ""),
    (
        ami.network,
        (replace(AMI, address="pbx.example:5038"),),
        FAULT,
        "over the network at pbx.example",
        "ssh -N -L 127.0.0.1",
    ),
    (ami.network, (replace(AMI, bound=("0.0.0.0",)),), WARN, "AMI listens on 0.0.0.0", "bindaddr = 127.0.0.1"),
    (
        ami.acl,
        (AMI, None),
        NOTE,
        "permit and deny of the AMI user 'ariroute' cannot be seen",
        "manager show user ariroute",
    ),
    (ami.acl, (AMI, conf("manager.conf", "[ariroute]\n")), WARN, "may come from anywhere", "deny = 0.0.0.0/0.0.0.0"),
    (
        ami.acl,
        (AMI, conf("manager.conf", "[ariroute]\ndeny=0.0.0.0/0.0.0.0\npermit=0.0.0.0/0.0.0.0")),
        WARN,
        "is permitted from everywhere",
        "permit = 127.0.0.1/255.255.255.255",
    ),
    (
        ami.acl,
        (AMI, conf("manager.conf", "[ariroute]\ndeny=0.0.0.0/0\npermit=127.0.0.1/32")),
        GOOD,
        "from 127.0.0.1/32",
        "",
    ),
    (ami.acl, (AMI, conf("manager.conf", "[ariroute]\nacl=office")), GOOD, "where its acl says", ""),
    # ---- the version
    (versions.supported, ("22.10.1+dfsg-1", date(2026, 11, 22)), GOOD, "Asterisk 22.10.1+dfsg-1 is supported", ""),
    (versions.supported, ("13.38.3", date(2026, 11, 22)), FAULT, "older than 16", "install Asterisk 22"),
    (
        versions.supported,
        ("21.12.3", date(2026, 11, 22)),
        WARN,
        "no security fixes since 2026-10-18",
        "install Asterisk 22",
    ),
    (versions.supported, ("21.12.3", date(2026, 10, 18)), GOOD, "is supported", ""),
    (versions.supported, ("24.0.0", date(2026, 11, 22)), NOTE, "newer than 23", ""),
    (versions.supported, ("GIT-master", date(2026, 11, 22)), NOTE, "cannot be told", ""),
    (versions.advisories, ("22.10.1", None), GOOD, "no advisory known on 2026-06-25 concerns Asterisk 22.10.1", ""),
    (
        versions.advisories,
        ("22.10.0", frozenset({"res_ari"})),
        WARN,
        "GHSA-wcvv-g26m-wx5c",
        "upgrade Asterisk to 22.10.1",
    ),
    (versions.advisories, ("20.9.1", frozenset()), WARN, "GHSA-c4cg-9275-6w44", "upgrade Asterisk to 20.20.1 or later"),
    (
        versions.advisories,
        ("16.28.0", None),
        NOTE,
        "are not in ariroute's table",
        "https://github.com/asterisk/asterisk/sec",
    ),
    (versions.advisories, ("20.7-cert9", None), NOTE, "are not in ariroute's table", "https://github.com/asterisk"),
    # ---- the clock
    (clock.skew, (PbxFacts("p", ARI, None, skew=0.4),), GOOD, "the clocks of Asterisk and of this machine agree", ""),
    (clock.skew, (PbxFacts("p", ARI, None, skew=7.0),), NOTE, "is 7 s ahead of", "timedatectl set-ntp true"),
    (clock.skew, (PbxFacts("p", ARI, None, skew=-3600.0),), WARN, "is 3600 s behind", "timedatectl set-ntp true"),
    (
        clock.zone,
        (PbxFacts("p", ARI, None, offset="+0100"), "UTC", UTC_NOW),
        NOTE,
        "is UTC+0100, that of",
        "set-timezone UTC",
    ),
    # ---- records
    (records.queue_log, (conf("logger.conf", ""),), GOOD, "queue_log is written", ""),
    (
        records.queue_log,
        (conf("logger.conf", "[general]\nqueue_log=no"),),
        WARN,
        "queue_log is off",
        "queue_log = yes   ; logger",
    ),
    (records.channel_events, (None,), NOTE, "cannot be seen from here", "cel show status"),
    (records.channel_events, (conf("cel.conf", "[general]\nenable=no"),), NOTE, "CEL is off", "cp dialplan/cel.conf"),
    (
        records.channel_events,
        (conf("cel.conf", "[general]\nenable=yes\napps=all"),),
        NOTE,
        "apps = all",
        "apps = queue,stasis",
    ),
    (records.channel_events, (conf("cel.conf", "[general]\nenable=yes\napps=queue"),), GOOD, "CEL is on", ""),
    # ---- queues
    (queues.members, (GOLD,), GOOD, "the queue 'gold' has members", ""),
    (
        queues.members,
        (replace(GOLD, members=()),),
        WARN,
        "nobody is in the queue 'gold'",
        "queue add member PJSIP/NAME to gold",
    ),
    (
        queues.members,
        (replace(GOLD, members=(Member("PJSIP/a", paused=True, reachable=True),)),),
        WARN,
        "all 1 members of the queue 'gold' are paused",
        "sudo asterisk -rx 'queue unpause member PJSIP/a queue gold'",
    ),
    (
        queues.members,
        (replace(GOLD, members=(Member("PJSIP/a", paused=False, reachable=False),)),),
        WARN,
        "no member of the queue 'gold' has a phone that can be reached",
        "pjsip show contacts",
    ),
    (
        queues.tiers,
        (replace(GOLD, weight=5),),
        WARN,
        "the queue 'gold' has weight 5",
        "weight = 0   ; queues.conf, section [gold]",
    ),
    (
        queues.tiers,
        (replace(GOLD, members=(Member("PJSIP/a", paused=False, reachable=True, penalty=3),)),),
        NOTE,
        "members of the queue 'gold' have penalties: PJSIP/a",
        "queue set penalty 0 on PJSIP/a in gold",
    ),
    (
        queues.tiers,
        (replace(GOLD, strategy="ringall", members=GOLD.members * 2),),
        NOTE,
        "rings all its",
        "strategy = rrmemory",
    ),
    *(
        (
            queues.settings,
            ("gold", parse(["[gold]", "autopause=all", line])),
            WARN,
            f"the queue 'gold' has {line.replace('=', ' = ')}",
            f"{right}   ; queues.conf, section [gold]; then: sudo asterisk -rx 'queue reload all'",
        )
        for line, right in (
            ("joinempty=strict", "joinempty = yes"),
            ("leavewhenempty=yes", "leavewhenempty = no"),
            ("autopause=no", "autopause = all"),
            ("autofill=no", "autofill = yes"),
        )
    ),
    (
        queues.queues,
        (["gold"], {"gold": GOLD}, None),
        NOTE,
        "joinempty, leavewhenempty, autopause and autofill",
        "sudo grep -nE",
    ),
    (
        queues.queues,
        (["gold"], {"gold": GOLD}, conf("queues.conf", "[gold]\n")),
        WARN,
        "has autopause = no",
        "autopause = all",
    ),
    (queues.queues, (["gold"], {"gold": IDLE}, conf("queues.conf", "[gold]"), RULES), GOOD, "nobody serves the", ""),
    (
        queues.queues,
        (["gold"], {"gold": IDLE}, None, replace(RULES, mode="advise")),
        WARN,
        "nobody is in the queue 'gold'",
        "queue add member PJSIP/NAME to gold",
    ),
    (
        queues.queues,
        (["gold"], {"gold": GOLD}, conf("queues.conf", "[gold]\n"), replace(RULES, no_answer=None)),
        WARN,
        "has autopause = no",
        "autopause = all",
    ),
    # ---- staffing
    (staffing.fits, (Comparison(),), GOOD, "agents can be moved as the flow file says", ""),
    (
        staffing.fits,
        (Comparison(problems=[replace(PROBLEM, text="p: there is no endpoint PJSIP/y: see 'pjsip show endpoints'")]),),
        FAULT,
        "there is no endpoint PJSIP/y",
        "see 'pjsip show endpoints'",
    ),
    (
        staffing.fits,
        (Comparison(warnings=[replace(PROBLEM, text="p: weight 5 starves gold: no one is rung; set weight = 0")]),),
        WARN,
        "weight 5 starves gold",
        "set weight = 0",
    ),
    (staffing.on_duty, (RULES, FLOOR), GOOD, "1 of the agents is logged in", ""),
    (
        staffing.on_duty,
        (RULES, replace(FLOOR, members=(QueueMember("gold", "PJSIP/other"), QueueMember("sales", "PJSIP/a")))),
        WARN,
        "none of the agents is logged in",
        "queue add member PJSIP/a to gold",
    ),
    (
        staffing.events,
        (FLOOR, conf("manager.conf", "[ariroute]\nread = Agent, user\n")),
        GOOD,
        "is told of members and their calls",
        "",
    ),
    (
        staffing.events,
        (FLOOR, conf("manager.conf", "[ariroute]\nread = user\n")),
        FAULT,
        "the AMI user 'ariroute' is not told of members",
        "read = agent,user   ; manager.conf, section [ariroute]",
    ),
    (
        staffing.no_answer,
        (RULES, conf("queues.conf", "[gold]\nautopause = All\n")),
        NOTE,
        "the queue 'gold' pauses who does not answer before ariroute does (autopause = all)",
        "autopause = no   ; queues.conf, section [gold]",
    ),
    (
        staffing.wrap_ups,
        (replace(RULES, tiers=(Tier("gold", wrap_up=10.0),)), conf("queues.conf", "[gold]\nwrapuptime = 15\n")),
        WARN,
        "the wrap-up of the queue 'gold' is 10s in the flow file, and 15s in queues.conf",
        "queues: {gold: {wrap_up: 15s}}",
    ),
    (
        staffing.wrap_ups,
        (replace(RULES, tiers=(Tier("gold", wrap_up=10.0),)), conf("queues.conf", "[gold]\n")),
        WARN,
        "and 0s in queues.conf",
        "wrap_up: 0s",
    ),
    # ---- what the flows need
    (needs.needs, (Comparison(),), GOOD, "nothing is missing", ""),
    (
        needs.needs,
        (Comparison(problems=[replace(PROBLEM, text="p: there is no queue 'y': add it to queues.conf")]),),
        FAULT,
        "there is no queue 'y'",
        "add it to queues.conf",
    ),
    (
        needs.needs,
        (Comparison(warnings=[replace(PROBLEM, text="p: [x] of the dialplan: no FILTER; take it as it is")]),),
        WARN,
        "[x] of the dialplan: no FILTER",
        "take it as it is",
    ),
    (
        needs.needs,
        (Comparison(problems=[replace(PROBLEM, text="p: it is old")]),),
        FAULT,
        "it is old",
        "ariroute check --live",
    ),
    (
        needs.needs,
        (Comparison(unread=["p: the guard in the dialplan: the user may not: add reporting to write"]),),
        NOTE,
        "the guard in the dialplan could not be compared",
        "write = agent,reporting   ; manager.conf",
    ),
    (needs.dialplan, (INVENTORY, dialplan(), 4.0, "ariroute"), GOOD, "the guard stands in the dialplan", ""),
    (
        needs.dialplan,
        (INVENTORY, dialplan((GUARD, "")), 4.0, "ariroute"),
        FAULT,
        "Stasis() without a guard",
        "cp dialplan/ext",
    ),
    (
        needs.dialplan,
        (
            INVENTORY,
            dialplan(("${FILTER(-+_*#0-9A-Za-z,${ARIROUTE_TO})}${ARI", "${ARIROUTE_TO}${ARI")),
            4.0,
            "ariroute",
        ),
        WARN,
        "${ARIROUTE_TO} without FILTER",
        "sudo asterisk -rx 'dialplan reload'",
    ),
    (
        needs.dialplan,
        (INVENTORY, dialplan(), 5.0, "ariroute"),
        FAULT,
        "guard is 4 s and daemon.guard 5 s",
        "daemon: {guard: 4s}",
    ),
    (
        needs.dialplan,
        (INVENTORY, parse_dialplan([]), 4.0, "x"),
        FAULT,
        "gives no calls to Stasis(x)",
        '#include "ariroute/ext',
    ),
    # ---- the daemon
    (daemon.runs, (UP, "a.yaml"), GOOD, "the daemon runs and is ready", ""),
    (
        daemon.runs,
        (DaemonFacts("127.0.0.1:1", error="Connection refused"), "a.yaml"),
        FAULT,
        "no daemon answers: Connection refused",
        "sudo systemctl start ariroute   # or: ariroute run -c a.yaml",
    ),
    (
        daemon.runs,
        (replace(UP, ready=False, pbxs={"main": {"ready": False, "refused": "HTTP 401"}}), "a.yaml"),
        FAULT,
        "the daemon runs and is not ready: main: HTTP 401",
        "ariroute status",
    ),
    (daemon.runs, (replace(UP, ready=False, standing_by=True), "a.yaml"), NOTE, "the daemon stands by", ""),
    (daemon.version, (UP, "1.0"), GOOD, "the daemon that runs is ariroute 1.0", ""),
    (
        daemon.version,
        (UP, "1.1"),
        WARN,
        "runs is ariroute 1.0, and 1.1 is installed",
        "sudo systemctl restart ariroute",
    ),
    (daemon.digest, (UP, "d1", "a.yaml"), GOOD, "in force is the one in the file", ""),
    (
        daemon.digest,
        (UP, "d2", "a.yaml"),
        WARN,
        "another configuration in force than the one in the file",
        "ariroute reload",
    ),
    (
        daemon.amis,
        (replace(UP, pbxs={"main": {"ready": True, "ami": {"failure": "refused"}}}),),
        WARN,
        "main: the daemon's AMI is down: refused",
        "ariroute status",
    ),
]


@pytest.mark.parametrize(
    ("judge", "given", "severity", "what", "remedy"),
    CASES,
    ids=[f"{case[0].__module__.rpartition('.')[2]}.{case[0].__name__}-{number}" for number, case in enumerate(CASES)],
)
def test_a_state_is_told_with_its_weight_and_remedy(
    judge: Judge, given: tuple[Any, ...], severity: Severity, what: str, remedy: str
) -> None:
    found = list(judge(*given))

    assert worst(found) == severity
    told = [finding for finding in found if finding.severity == severity]
    assert [finding.what for finding in told if what in finding.what], [finding.what for finding in told]
    fitting = next(finding for finding in told if what in finding.what)
    assert remedy in fitting.remedy
    assert (fitting.remedy != "") == (remedy != "")


def test_a_remedy_is_one_line_and_what_is_bad_says_why() -> None:
    for finding in (finding for judge, given, *_ in CASES for finding in judge(*given)):
        assert "\n" not in finding.what + finding.why + finding.remedy
        if finding.severity >= Severity.WARNING:
            assert finding.why
            assert finding.remedy


def judgements(module: ModuleType) -> Iterator[Judge]:
    for function in vars(module).values():
        own = inspect.isfunction(function) and function.__module__ == module.__name__
        if own and function.__annotations__.get("return") == "Iterator[Finding]":
            yield function


def test_every_judgement_has_been_seen_both_ways() -> None:
    modules = (ami, ari, clock, daemon, flow_file, machine, needs, passwords, queues, records, staffing, versions)
    known = {function for module in modules for function in judgements(module)}
    assert {case[0] for case in CASES} == known
    assert {case[0] for case in CASES if case[2] > Severity.OK} == known


def test_what_was_not_seen_says_nothing() -> None:
    silent = [
        *records.queue_log(None),
        *clock.skew(PbxFacts("p", ARI, None)),
        *clock.zone(PbxFacts("p", ARI, None, offset="+0000"), "UTC", UTC_NOW),
        *daemon.version(DaemonFacts("x", error="refused"), "1.0"),
        *daemon.digest(DaemonFacts("x", error="refused"), "d", "a"),
        *ami.rights(replace(AMI, actions=None)),
        *ami.events(AMI, None),
        *queues.queues(["other"], {}, None),
        *staffing.events(FLOOR, None),
        *staffing.events(FLOOR, conf("manager.conf", "[other]\nread = user\n")),
        *staffing.no_answer(RULES, None),
        *staffing.no_answer(replace(RULES, no_answer=None), conf("queues.conf", "[gold]\nautopause=all")),
        *staffing.no_answer(replace(RULES, mode="advise"), conf("queues.conf", "[gold]\nautopause=all")),
        *staffing.no_answer(RULES, conf("queues.conf", "[gold]\nautopause=no")),
        *staffing.wrap_ups(RULES, conf("queues.conf", "[gold]\nwrapuptime=15")),
        *staffing.wrap_ups(replace(RULES, tiers=(Tier("gold", wrap_up=15.0),)), None),
        *staffing.wrap_ups(
            replace(RULES, tiers=(Tier("gold", wrap_up=15.0), Tier("other", wrap_up=1.0))),
            conf("queues.conf", "[gold]\nwrapuptime=15 ; seconds"),
        ),
        *needs.dialplan(replace(INVENTORY, dialplan={}), dialplan(), 4.0, "ariroute"),
        *ari.readable_files(None),
    ]
    assert silent == []


def test_no_password_is_repeated() -> None:
    for text in ("CHANGE-ME-ARI", "hunter2", "kT9!xQ2#mZ", STRONG):
        assert text not in str(list(passwords.passwords([password(text), password(text, "other")])))


def test_a_section_tells_the_worst_first() -> None:
    found = section("x", ari.rights(replace(READS, may_write=False)), ari.network(ARI))

    assert [finding.severity for finding in found.findings] == [Severity.FAULT, Severity.OK, Severity.OK]
    assert found.worst == Severity.FAULT


def test_the_module_decides_whether_an_advisory_concerns_anybody() -> None:
    def named(modules: frozenset[str]) -> str:
        return " ".join(finding.what for finding in versions.advisories("22.10.0", modules))

    assert "GHSA-3g56-cgrh-95p5" in named(frozenset({"chan_unistim"}))
    assert "GHSA-3g56-cgrh-95p5" not in named(frozenset({"res_ari"}))


@pytest.mark.parametrize(("version", "concerned"), [("22.3.0", False), ("22.4.0", True), ("20.13.0", False)])
def test_a_hole_of_something_new_concerns_no_older_release(version: str, concerned: bool) -> None:
    """REST over the websocket came with 20.14, 21.9 and 22.4."""
    (found,) = versions.advisories(version, frozenset({"res_ari"}))
    assert ("GHSA-wcvv-g26m-wx5c" in found.what) is concerned
