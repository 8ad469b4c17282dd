"""The lab's own promises on real Asterisks: side by side, started again where it was, gone when we are."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from ariroute.lab import command
from ariroute.lab.asterisk import PrivateAsterisk, stop_detached
from ariroute.lab.debian import LabError


def answers(pbx: PrivateAsterisk) -> bool:
    """Whether ARI is there and knows us."""
    passwords = urllib.request.HTTPPasswordMgrWithDefaultRealm()
    passwords.add_password(None, pbx.ari_url, pbx.ari_user, pbx.ari_password)
    opener = urllib.request.build_opener(urllib.request.HTTPBasicAuthHandler(passwords))
    try:
        with opener.open(f"{pbx.ari_url}/ari/asterisk/info", timeout=5) as response:
            return bool(response.status == 200)
    except urllib.error.URLError:
        return False


def test_it_says_its_version_and_complains_of_nothing_at_the_start(pbx: PrivateAsterisk, tmp_path: Path) -> None:
    with PrivateAsterisk(tmp_path, release=str(pbx.version[0])) as fresh:
        assert f"Asterisk {'.'.join(map(str, fresh.version))}" in fresh.cli("core show version")
        assert [line for line in fresh.log.read_text().splitlines() if "WARNING" in line or "ERROR" in line] == []


def test_what_the_tests_and_the_bench_need_is_loaded(pbx: PrivateAsterisk) -> None:
    for application in ("Queue", "Stasis", "AGI", "UserEvent"):
        assert "[Synopsis]" in pbx.cli(f"core show application {application}")
    functions = ["CURL", "TIMEOUT", "FILTER", "CALLERID"] + (["JSON_DECODE"] if pbx.version >= (18,) else [])
    for function in functions:
        assert "[Synopsis]" in pbx.cli(f"core show function {function}")


def test_after_a_kill_it_starts_again_where_it_was(tmp_path: Path) -> None:
    with PrivateAsterisk(tmp_path) as pbx:
        url, first = pbx.ari_url, pbx.pid
        pbx.kill()
        assert not pbx.is_running
        assert not answers(pbx)

        pbx.start()

        assert pbx.ari_url == url
        assert pbx.pid not in (None, first)
        assert answers(pbx)


def test_a_folder_with_a_long_name_serves_too(tmp_path: Path) -> None:
    with PrivateAsterisk(tmp_path / ("long" * 30)) as pbx:
        assert "No such queue" in pbx.cli("queue show nosuch")


def test_when_its_configuration_is_bad_then_the_error_shows_its_log(tmp_path: Path) -> None:
    pbx = PrivateAsterisk(tmp_path, extra_config={"modules.conf": "[modules]\nautoload = no\nrequire = nosuch.so\n"})

    with pytest.raises(LabError, match=r"(?s)ended while it started.*nosuch"):
        pbx.start()
    pbx.close()


def test_when_one_that_is_to_stay_cannot_start_then_nothing_of_it_is_left(tmp_path: Path) -> None:
    pbx = PrivateAsterisk(tmp_path, extra_config={"modules.conf": "[modules]\nautoload = no\nrequire = nosuch.so\n"})

    with pytest.raises(LabError, match="ended while it started"):
        pbx.start_detached()

    with pytest.raises(LabError, match="no private Asterisk was started there"):
        stop_detached(tmp_path)
    pbx.close()


def test_when_we_are_killed_then_it_is_gone(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom pathlib import Path\nfrom ariroute.lab.asterisk import PrivateAsterisk\n"
        f"pbx = PrivateAsterisk(Path({str(tmp_path)!r}))\npbx.start()\nprint(pbx.pid, flush=True)\nsys.stdin.read()\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        ended = os.pidfd_open(int(parent.stdout.readline()))
        parent.kill()

    ready, _, _ = select.select([ended], [], [], 5)
    os.close(ended)
    assert ready


def test_the_command_starts_one_that_stays_and_stops_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = str(tmp_path)
    assert command.main(["start", folder, "--agent", "alice=40001"]) == 0
    try:
        assert "ARI http://127.0.0.1:" in capsys.readouterr().out
        assert command.main(["start", folder]) == 3
        assert "runs there already" in capsys.readouterr().err
        assert command.main(["cli", folder, "pjsip show endpoint alice"]) == 0
        assert "alice/sip:alice@127.0.0.1:40001" in capsys.readouterr().out
    finally:
        assert command.main(["stop", folder]) == 0
    assert command.main(["cli", folder, "queue show"]) == 3
    assert "no private Asterisk was started there" in capsys.readouterr().err
