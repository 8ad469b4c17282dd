"""docs/quickstart.md, played as it is written: its files, its commands and the output that it shows.

The Asterisk is one that knows nothing of ariroute, configured as a small office would; the document does the rest.
Where it says `/etc/...`, 8088 or 8067 the test has folders and ports of its own, and `sudo` is a program that does
without. Installing (section 1) is left out.
"""

from __future__ import annotations

import configparser
import io
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
from played_page import Change, Command, File, Shown, steps

from ariroute.lab import leash
from ariroute.lab.debian import AsteriskProgram, asterisk_program, sipp_program
from ariroute.lab.pbxconfig import modules_to_load
from ariroute.lab.ports import Ports
from ariroute.lab.records import QueueEvent, queue_log
from ariroute.lab.sip import Agent, AgentEvent, Agents, Callers, Stream

ROOT: Final = Path(__file__).parents[2]
QUICKSTART: Final = ROOT / "docs" / "quickstart.md"
DEADLINE: Final = 30.0

# ---- the document


@dataclass(frozen=True, slots=True)
class Call:
    """`**Call 800 now.**`"""

    number: str


@dataclass(frozen=True, slots=True)
class HangUp:
    """`Hang up.`"""


Step = File | Command | Shown | Change | Call | HangUp


def deeds(prose: str) -> Iterator[Call | HangUp]:
    """What a sentence tells the reader to do with their telephone."""
    if found := re.search(r"\*\*Call (\d+)", prose):
        yield Call(found[1])
    if re.search(r"^Hang up\.", prose, re.MULTILINE):
        yield HangUp()


# ---- an Asterisk that somebody else has set up


class OfficeAsterisk:
    """Two phones, one of which is ours to call from; no ARI user, no HTTP, no queues."""

    def __init__(self, program: AsteriskProgram, home: Path, run: Path, sip_port: int, agents_port: int) -> None:
        self.etc = home / "etc-asterisk"
        self.log = home / "log"
        self.command = [*program.command, "-C", str(self.etc / "asterisk.conf")]
        places = {"astetcdir": self.etc, "astmoddir": program.modules, "astdatadir": program.data, "astrundir": run}
        places |= {"astlogdir": self.log, "astvarlibdir": home / "lib", "astdbdir": home, "astspooldir": home / "spool"}
        modules = modules_to_load(path.name for path in program.modules.glob("*.so"))
        texts = {
            "asterisk.conf": "[directories]\n" + "".join(f"{name} => {place}\n" for name, place in places.items()),
            "modules.conf": "[modules]\nautoload = no\n" + "".join(f"load = {name}\n" for name in modules),
            "logger.conf": "[general]\n[logfiles]\nmessages.log => notice,warning,error\n",
            "musiconhold.conf": "[default]\nmode = files\ndirectory = moh\n",
            "pjsip.conf": PJSIP.format(sip=sip_port, agents=agents_port),
            "extensions.conf": EXTENSIONS,
            "queues.conf": "[general]\npersistentmembers = yes\n",
            "http.conf": "[general]\nservername = Asterisk\n;enabled = yes\nbindaddr = 127.0.0.1\n",
            "ari.conf": "[general]\nenabled = yes       ; When set to no, ARI support is disabled.\n",
        }
        for folder in (self.etc, self.log, home / "lib", home / "spool"):
            folder.mkdir()
        for name, text in texts.items():
            (self.etc / name).write_text(text, encoding="utf-8")

    def start(self) -> leash.Leashed:
        """Start it and wait until it takes calls."""
        with (self.log / "stdout").open("wb") as output:
            process = leash.spawn([*self.command, "-f"], output=output)
        wait_until(lambda: "fully booted" in self.cli("core waitfullybooted"), self.log_tail)
        return process

    def cli(self, command: str) -> str:
        """What its console prints."""
        ended = subprocess.run([*self.command, "-rx", command], capture_output=True, timeout=DEADLINE, check=False)
        return ended.stdout.decode(errors="replace")

    def log_tail(self) -> str:
        """The end of its logs."""
        return "".join(path.read_text(errors="replace")[-3000:] for path in self.log.iterdir() if path.is_file())


PJSIP: Final = """
[transport-udp]
type = transport
protocol = udp
bind = 127.0.0.1:{sip}

[6001]
type = endpoint
context = from-internal
disallow = all
allow = ulaw
direct_media = no
callerid = "Front desk" <6001>
[6001]
type = identify
endpoint = 6001
match = 127.0.0.1

[6002]
type = endpoint
context = from-internal
disallow = all
allow = ulaw
direct_media = no
aors = 6002
[6002]
type = aor
contact = sip:6002@127.0.0.1:{agents}
"""

EXTENSIONS: Final = """
[general]
static = yes
writeprotect = no

[globals]
TRUNK = PJSIP/carrier

[from-internal]
exten => _60XX,1,Dial(PJSIP/${EXTEN},20)
 same => n,Hangup()
"""


# ---- the reader


class Reader:
    """Does what the document says, on an Asterisk that is there already."""

    def __init__(self, office: OfficeAsterisk, callers: Callers, home: Path) -> None:
        self.office = office
        self._callers = callers
        self._home = home
        self._programs = home / "bin"
        self._output = ""
        self._on_the_line: Stream | None = None
        self._daemon: leash.Leashed | None = None
        self._files: dict[str, Path] = {}
        self._programs.mkdir()
        self._program("sudo", ['"$@"'])
        self._program("asterisk", office.command)
        self._program("ariroute", [str(Path(sys.executable).parent / "ariroute")])

    def _program(self, name: str, command: list[str]) -> None:
        arguments = "" if name == "sudo" else ' "$@"'
        path = self._programs / name
        path.write_text(f"#!/bin/sh\nexec {' '.join(command)}{arguments}\n", encoding="utf-8")
        path.chmod(0o755)

    @property
    def daemon_log(self) -> str:
        """What the daemon has said."""
        path = self._home / "daemon.log"
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def do(self, step: Step) -> None:
        """One step; what is shown must have been seen."""
        match step:
            case File(path, text, at_the_end):
                self._write(Path(path), text, at_the_end)
            case Command(line) if "ariroute run" in line:
                self._start_daemon(line)
            case Command(line):
                self._output += self._shell(line)
            case Shown() as shown:
                wait_until(lambda: shown.matches(self._output + self.daemon_log), lambda: shown.text + self._story())
                self._output = ""
            case Call(number):
                self.call(number)
            case HangUp():
                self.hang_up()
            case Change(_, old, new):
                file = self._files["ariroute.yaml"]
                text = file.read_text(encoding="utf-8")
                assert text.count(old) == 1
                file.write_text(text.replace(old, new), encoding="utf-8")

    def call(self, number: str) -> None:
        """Call and wait until the call has got as far as a queue."""
        self._on_the_line = self._callers.place_one("6001", "Front desk", dialled=number, stay=DEADLINE)
        wait_until(lambda: "!Queue!" in self.office.cli("core show channels concise"), self._story)

    def hang_up(self) -> None:
        """Leave the queue."""
        self.office.cli("channel request hangup all")
        self.wait_until_nobody_is_on_the_line()

    def wait_until_nobody_is_on_the_line(self) -> None:
        """Return when the call has ended, by whom ever."""
        assert self._on_the_line is not None
        self._on_the_line.wait(DEADLINE)

    def _write(self, path: Path, text: str, at_the_end: bool) -> None:
        old = path.read_text(encoding="utf-8") if path.exists() else ""
        if "CHANGE-ME-ARI" in text:
            secret = next(path.parents[1].glob("*/ari.secret")).read_text(encoding="utf-8").strip()
            text = text.replace("CHANGE-ME-ARI", secret)
        if old:
            text = f"{old}\n{text}" if at_the_end else merged(old, text)
        path.write_text(text, encoding="utf-8")
        self._files[path.name] = path

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if "ARIROUTE" not in name}
        return kept | {"PATH": f"{self._programs}:{kept['PATH']}", "PYTHONUTF8": "1", "LC_ALL": "C.UTF-8"}

    def _shell(self, line: str) -> str:
        assert " /etc/" not in line
        ended = subprocess.run(
            ["sh", "-eu", "-c", line],
            cwd=ROOT,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=DEADLINE,
            check=False,
        )
        assert ended.returncode == 0, (line, ended.stdout, self.daemon_log)
        return ended.stdout

    def _start_daemon(self, line: str) -> None:
        with (self._home / "daemon.log").open("wb") as log:
            self._daemon = leash.spawn(["sh", "-c", f"exec {line}"], output=log, cwd=ROOT, environ=self._environment())
        wait_until(lambda: "connected to Asterisk" in self.daemon_log, self._story)

    def stop_daemon(self) -> None:
        """As Ctrl-C in its terminal."""
        if self._daemon is not None:
            self._daemon.stop()

    def _story(self) -> str:
        return self._output + self.daemon_log + self.office.log_tail()


def merged(old: str, new: str) -> str:
    """The sections of `old` with the keys of `new` set in them."""
    both = configparser.ConfigParser(comment_prefixes=(";",), inline_comment_prefixes=(";",), interpolation=None)
    both.read_string(old)
    both.read_string(new)
    text = io.StringIO()
    both.write(text)
    return text.getvalue()


def wait_until(condition: Callable[[], bool], story: Callable[[], str]) -> None:
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, story()
        time.sleep(0.05)


@dataclass(frozen=True, slots=True)
class Office:
    """The reader at their Asterisk, with the document in words of this machine."""

    reader: Reader
    colleague: Agents
    document: str


@pytest.fixture(params=["22", "16"])
def office(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Office]:
    """An Asterisk that runs, phone 6002 switched on, and the document from its second section on."""
    sipp = sipp_program()
    with ExitStack() as stack:
        sip, http, admin = stack.enter_context(Ports(3))
        colleague = stack.enter_context(Agents(sipp, [Agent("6002", rings=0.1, handles=0.3)], tmp_path / "agents"))
        # Apart, since the path of a socket may have 107 characters at most.
        run = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ariroute-")))
        asterisk = OfficeAsterisk(asterisk_program(request.param), tmp_path, run, sip, colleague.port)
        stack.callback(asterisk.start().stop)
        callers = stack.enter_context(Callers(sipp, ("127.0.0.1", sip), tmp_path / "callers"))
        reader = Reader(asterisk, callers, tmp_path)
        stack.callback(reader.stop_daemon)
        mine = {
            "/etc/asterisk": str(asterisk.etc),
            "/etc/ariroute": str(tmp_path / "etc-ariroute"),
            "8088": str(http),
            "127.0.0.1:8067": f"127.0.0.1:{admin}",
            "\nlookups:\n": f'\ndaemon: {{admin: "127.0.0.1:{admin}"}}\n\nlookups:\n',
        }
        document = QUICKSTART.read_text(encoding="utf-8")
        document = document[document.index("## 2.") :]
        for old, new in mine.items():
            assert old in document
            document = document.replace(old, new)
        yield Office(reader, colleague, document)


def test_the_quickstart_does_what_it_says(office: Office) -> None:
    reader = office.reader
    story = list(steps(office.document, deeds))
    assert {type(step) for step in story} == {File, Command, Shown, Call, HangUp, Change}

    for step in story:
        reader.do(step)
    reader.wait_until_nobody_is_on_the_line()
    reader.call("800")
    reader.wait_until_nobody_is_on_the_line()

    rows = queue_log(reader.office.log / "queue_log").rows()
    assert [row.queue for row in rows if row.event is QueueEvent.ENTERQUEUE] == ["standard", "gold", "gold"]
    wait_until(lambda: 'to="queue gold, priority 30"' in reader.daemon_log, lambda: reader.daemon_log)
    answered = [record for record in office.colleague.records() if record.event is AgentEvent.ANSWERED]
    assert len(answered) == 2
    assert all("+46701234567" in record.from_header for record in answered)
