"""What the demo starts, in order: phones, Asterisk, the customer service, the daemon. It all ends with us."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from ariroute.lab import leash
from ariroute.lab.asterisk import PrivateAsterisk
from ariroute.lab.customers import read_customers
from ariroute.lab.debian import LabError, dotted, sipp_program
from ariroute.lab.pbxconfig import fill_in
from ariroute.lab.ports import Ports
from ariroute.lab.sip import Agents, Callers
from scripts.demonstration.cast import AGENTS, USUAL_RATE, agents_for
from scripts.demonstration.folder import EXAMPLE, State, announce, shown

CRM_DELAY: Final = "20ms"
"""What a customer service of one's own might take; it is part of the time to the queue."""
_DEADLINE: Final = 30.0

Say = Callable[[str, str], None]


class Stage:
    """A call centre in `folder`; a context manager. `say` is told each part, as name and words, once it is up.

    `admin` is the daemon's admin address, a free one when empty; `rate` is that of the calls, by which agents work.
    Entering raises LabError when a part does not start.
    """

    def __init__(self, folder: Path, say: Say, admin: str = "", rate: float = USUAL_RATE) -> None:
        self.folder = folder
        self.flow = folder / "ariroute.yaml"
        self.admin = admin
        self._rate = rate
        self._say = say
        self._stack = contextlib.ExitStack()
        self.agents: Agents
        self.pbx: PrivateAsterisk
        self.callers: Callers
        self.customers: leash.Leashed
        self.daemon: leash.Leashed

    def __enter__(self) -> Stage:
        with contextlib.ExitStack() as stack:
            self._start(stack)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _start(self, stack: contextlib.ExitStack) -> None:
        sipp = sipp_program()
        phones = [agent for agents in agents_for(self._rate).values() for agent in agents]
        self.agents = stack.enter_context(Agents(sipp, phones, self.folder / "sip"))
        ports = dict.fromkeys(self.agents.agents, self.agents.port)
        self.pbx = stack.enter_context(PrivateAsterisk(self.folder / "pbx", agents=ports))
        source = "installed here" if self.pbx.program.source == "PATH" else f"Debian {self.pbx.program.source}"
        self._say("Asterisk", f"{dotted(self.pbx.version)} ({source}), SIP 127.0.0.1:{self.pbx.sip_port}")
        crm = self._start_customers(stack)
        if not self.admin:
            (port,) = stack.enter_context(Ports(1))
            self.admin = f"127.0.0.1:{port}"
        self._write_flow(crm)
        self._start_daemon(stack)
        for queue, agents in AGENTS.items():
            for agent in agents:
                self.agents.log_in(self.pbx, queue, agent.name)
        self._say("agents", "; ".join(f"{queue} {_names(queue)}" for queue in AGENTS))
        self.callers = stack.enter_context(Callers(sipp, ("127.0.0.1", self.pbx.sip_port), self.folder / "sip"))
        announce(self.folder, State(os.getpid(), self.pbx.sip_port, self.admin))

    def _start_customers(self, stack: contextlib.ExitStack) -> str:
        file, log = EXAMPLE / "customers.csv", self.folder / "customers.log"
        command = [sys.executable, "-m", "ariroute.lab.customers", str(file), "--delay", CRM_DELAY]
        self.customers = self._spawn(stack, command, log)
        _wait("the customer service", self.customers, log, lambda: _text(log).startswith("http"))
        url = _text(log).strip()
        self._say("customers", f"{url}, {len(read_customers(file))} customers, answers in {CRM_DELAY}")
        return url

    def _write_flow(self, crm: str) -> None:
        """Copy the example with our addresses; the passwords lie beside it, so that every command can read it."""
        secrets = {"ARI_SECRET": self.pbx.ari_password, "AMI_SECRET": self.pbx.ami_password}
        values = {
            "http://127.0.0.1:8088": self.pbx.ari_url,
            "127.0.0.1:5038": f"127.0.0.1:{self.pbx.ami_port}",
            "http://127.0.0.1:8000": crm,
            "127.0.0.1:8067": self.admin,
        }
        for name, secret in secrets.items():
            file = self.folder / name.lower().replace("_", ".")
            file.touch(mode=0o600)
            file.write_text(secret, encoding="utf-8")
            values[f"${{env:{name}}}"] = f"${{file:{file}}}"
        example = EXAMPLE / "ariroute.yaml"
        self.flow.write_text(fill_in(example.read_text(encoding="utf-8"), values, str(example)), encoding="utf-8")

    def _start_daemon(self, stack: contextlib.ExitStack) -> None:
        log = self.folder / "daemon.log"
        command = [str(Path(sys.executable).with_name("ariroute")), "run", "-c", str(self.flow), "--log-format", "json"]
        self.daemon = self._spawn(stack, command, log)
        _wait("ariroute", self.daemon, log, self._is_ready)
        self._say("ariroute", f"flow {shown(self.flow)}, log {shown(log)}")

    def _spawn(self, stack: contextlib.ExitStack, command: Sequence[str], log: Path) -> leash.Leashed:
        with log.open("wb") as output:
            process = leash.spawn(command, output=output, cwd=self.folder)
        stack.callback(process.stop)
        return process

    def _is_ready(self) -> bool:
        """Whether our daemon, and not another one at that address, is connected."""
        connection = http.client.HTTPConnection(self.admin, timeout=1)
        try:
            connection.request("GET", "/ready")
            answer = connection.getresponse()
            return answer.status == 200 and json.loads(answer.read())["config"] == str(self.flow)
        except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
            return False
        finally:
            connection.close()


def _wait(name: str, process: leash.Leashed, log: Path, is_up: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _DEADLINE
    while not is_up():
        if process.returncode is not None or time.monotonic() > deadline:
            how = "was not up in time" if process.returncode is None else f"ended at once (code {process.returncode})"
            last = "\n".join(_text(log).splitlines()[-5:])
            raise LabError(f"{name} {how}; the end of {shown(log)}:\n{last}")
        time.sleep(0.03)


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


def _names(queue: str) -> str:
    return " ".join(agent.name for agent in AGENTS[queue])
