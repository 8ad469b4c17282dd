"""``ariroute run``: what happens before the daemon has the word."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ariroute.errors import PbxRefused, PbxReplaced

from .conftest import Ariroute

READY = {"NO_SUCH_SECRET": "x"}


@dataclass
class Served:
    """What the daemon found when it was started."""

    paths: list[Path] = field(default_factory=list)
    level: str = ""
    loop: str = ""
    admin: str = ""
    lock: Path | None = None
    error: Exception | None = None

    async def serve(self, path: Path, admin: str, lock: Path | None) -> None:
        self.paths.append(path)
        self.admin, self.lock = admin, lock
        self.level = logging.getLevelName(logging.getLogger().level)
        self.loop = type(asyncio.get_running_loop()).__module__
        logging.getLogger("test").warning("words for the log", extra={"answer": 42})
        if self.error:
            raise self.error


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    here = Served()
    monkeypatch.setattr("ariroute.web.serve.serve", here.serve)
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield here
    root.handlers[:] = handlers
    root.setLevel(level)


def test_it_serves_the_flow_file_on_uvloop_where_that_is_installed(
    ariroute: Ariroute, flow_file: Path, served: Served
) -> None:
    assert ariroute("run", **READY).code == 0
    assert served.paths == [Path(flow_file.name)]
    assert served.loop == "uvloop"


def test_when_uvloop_is_not_installed_then_asyncios_own_loop_serves(
    ariroute: Ariroute, flow_file: Path, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "uvloop", None)

    assert ariroute("run", **READY).code == 0
    assert served.loop.startswith("asyncio")


def test_the_log_is_set_up_as_the_file_says_unless_an_option_says_else(
    ariroute: Ariroute, flow_file: Path, served: Served
) -> None:
    text = flow_file.read_text(encoding="utf-8")
    flow_file.write_text(f"{text}\ndaemon: {{log: {{level: error, format: json}}}}\n", encoding="utf-8")

    assert ariroute("run", **READY).err == ""
    assert served.level == "ERROR"
    assert '"answer":42' in ariroute("run", "--log-level", "warning", **READY).err
    assert "answer=42" in ariroute("run", ARIROUTE_RUN_LOG_LEVEL="info", ARIROUTE_RUN_LOG_FORMAT="text", **READY).err
    assert served.level == "INFO"


def test_when_the_file_has_mistakes_then_2_with_the_list_and_nothing_is_started(
    ariroute: Ariroute, flow_file: Path, served: Served
) -> None:
    ended = ariroute("run")

    assert (ended.code, ended.out) == (2, "")
    assert "NO_SUCH_SECRET" in ended.err
    assert served.paths == []


def test_when_asterisk_refuses_for_good_then_3_and_the_sentence(
    ariroute: Ariroute, flow_file: Path, served: Served
) -> None:
    served.error = PbxRefused("pbx1 refuses the password")

    ended = ariroute("run", **READY)

    assert ended.code == 3
    assert ended.err.endswith("pbx1 refuses the password\n")


def test_what_makes_it_one_of_a_pair_is_handed_on(ariroute: Ariroute, flow_file: Path, served: Served) -> None:
    assert ariroute("run", **READY).code == 0
    assert (served.admin, served.lock) == ("", None)

    assert ariroute("run", "--standby", "/x/lock", ARIROUTE_ADMIN="127.0.0.2:8067", **READY).code == 0
    assert (served.admin, served.lock) == ("127.0.0.2:8067", Path("/x/lock"))


def test_when_the_admin_address_is_not_of_the_machine_itself_then_2(
    ariroute: Ariroute, flow_file: Path, served: Served
) -> None:
    ended = ariroute("run", "--admin", "0.0.0.0:8067", **READY)

    assert (ended.code, served.paths) == (2, [])
    assert "--admin: '0.0.0.0:8067' cannot be the admin address" in ended.err


def test_when_another_daemon_takes_the_calls_over_then_4(ariroute: Ariroute, flow_file: Path, served: Served) -> None:
    served.error = PbxReplaced("pbx1: another program has registered the same Stasis application")

    assert ariroute("run", **READY).code == 4
