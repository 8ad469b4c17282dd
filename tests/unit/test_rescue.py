"""The rescue: when it acts, and what it makes of a bad file or a dead Asterisk. Real calls: tests/acceptance."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest
from fake_ari import FakePbx

from ariroute import rescue
from ariroute.lab.ports import Ports

LOCKED = """
import fcntl, sys
file = open(sys.argv[1], "w")
fcntl.lockf(file, fcntl.LOCK_EX, 1, 0)
print("locked", flush=True)
sys.stdin.read()
"""


def left(folder: Path, pbxs: object, lock: str = "") -> dict[str, str]:
    """The environment of a rescue that finds this."""
    (folder / rescue.FILE).write_text(json.dumps({"lock": lock, "pbxs": pbxs}))
    return {"RUNTIME_DIRECTORY": f"{folder}:/run/other", "SERVICE_RESULT": "success"}


def target(url: str, password: str = "x") -> dict[str, str]:
    return {"url": url, "user": "ariroute", "password": password, "app": "ariroute"}


@pytest.mark.parametrize(
    ("result", "code", "status", "final"),
    [
        ("", "", "", True),  # by hand
        ("success", "exited", "0", True),
        ("timeout", "killed", "KILL", True),
        ("exit-code", "exited", "2", True),  # a flow file that cannot be used: it is not started again
        ("exit-code", "exited", "3", False),
        ("exit-code", "exited", "4", False),  # another daemon has the calls
        ("exit-code", "exited", "70", False),
        ("signal", "killed", "KILL", False),
        ("signal", "killed", "2", False),
        ("core-dump", "dumped", "ABRT", False),
        ("watchdog", "dumped", "ABRT", False),
        ("oom-kill", "killed", "KILL", False),
    ],
)
def test_it_acts_where_nobody_else_will(result: str, code: str, status: str, final: bool) -> None:
    assert rescue.is_final({"SERVICE_RESULT": result, "EXIT_CODE": code, "EXIT_STATUS": status}) is final


async def test_every_channel_goes_on_and_one_that_is_gone_does_no_harm(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with FakePbx() as fake:
        ids = [fake.call("+46701000001", ("support",), announce=False) for _ in range(20)]
        channels = [fake.channels[each] for each in ids]
        environ = left(tmp_path, {"pbx1": target(fake.url, fake.password)})
        assert await asyncio.to_thread(rescue.main, [], environ) == 0
        assert all(channel.continued for channel in channels)
    assert capsys.readouterr().err == (
        "rescue: pbx1: 20 calls were left in application ariroute; they go on in the dialplan\n"
    )


async def test_a_wrong_password_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with FakePbx() as fake:
        code = await asyncio.to_thread(rescue.main, [], left(tmp_path, {"pbx1": target(fake.url, "wrong")}))
    assert code == 3
    assert capsys.readouterr().err == "rescue: pbx1: GET applications/ariroute: HTTP status 401\n"


def test_of_two_asterisks_a_dead_one_is_told_and_3(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Ports(1) as (port,):
        assert rescue.main([], left(tmp_path, {"pbx1": target(f"http://127.0.0.1:{port}")})) == 3
    assert "rescue: pbx1: GET applications/ariroute: ConnectionRefusedError" in capsys.readouterr().err


def test_when_the_other_daemon_of_a_pair_has_taken_over_then_its_calls_are_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lock = tmp_path / "lock"
    environ = left(tmp_path, {"pbx1": target("http://127.0.0.1:9")}, str(lock))
    with subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", LOCKED, str(lock)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"locked\n"
        assert rescue.main(["--always"], environ) == 0
        other.communicate()
    assert capsys.readouterr().err == "rescue: left to the other daemon, which has taken over\n"
    assert rescue.main([], environ) == 3  # now nobody has


def test_where_the_daemon_has_left_nothing_there_is_nothing_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert rescue.main([], {"RUNTIME_DIRECTORY": str(tmp_path)}) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"lock": "", "pbxs": []}', '{"lock": "", "pbxs": {"a": {}}}'])
def test_a_file_of_somebody_else_is_refused(tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "other.json"
    file.write_text(text)

    assert rescue.main([str(file)], {}) == 2
    assert capsys.readouterr().err.startswith("rescue: cannot tell which Asterisk to ask: ")


def test_told_nothing_it_says_what_to_tell_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert rescue.main([], {}) == 2
    assert rescue.main(["--url", "http://127.0.0.1:8088"], {}) == 2
    assert rescue.main([str(tmp_path / "nowhere")], {}) == 2
    assert "name the file, or give --url" in capsys.readouterr().err


def test_a_file_that_cannot_be_read_is_named_with_the_remedy(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = tmp_path / "ari.secret"

    assert rescue.main(["--url", "http://127.0.0.1:1", "--password-file", str(missing)], {}) == 2
    assert capsys.readouterr().err.startswith(f"rescue: {missing}: No such file or directory: check the path")
