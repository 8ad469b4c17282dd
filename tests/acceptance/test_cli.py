"""The installed command, as a shell runs it: examples of the help, pipes, signals, encodings, completion."""

from __future__ import annotations

import json
import os
import pty
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from inspect import cleandoc
from pathlib import Path
from xml.etree import ElementTree

import pytest

from ariroute.cli.main import main
from ariroute.lab.asterisk import PrivateAsterisk
from ariroute.lab.ports import Ports

COMMAND = Path(sys.executable).parent / "ariroute"
EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "loyalty"
TEST = ("test", "support", "--caller", "+46701234567", "--set", "crm.loyalty=gold")
DEADLINE = 30.0
ESCAPE = "\x1b["


def environment(**more: str) -> dict[str, str]:
    """That of this process without what would change the command's answers."""
    mine = {name: value for name, value in os.environ.items() if not name.startswith(("ARIROUTE_", "_ARIROUTE"))}
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "ARI_SECRET"):
        mine.pop(name, None)
    return {**mine, "TERM": "xterm-256color", "PYTHONUTF8": "1"} | more


def ariroute(*arguments: str, cwd: Path = EXAMPLE, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [COMMAND, *arguments],
        cwd=cwd,
        env=environment(**more),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=DEADLINE,
        check=False,
    )


def examples() -> list[list[str]]:
    """The arguments of every example in the help that needs no daemon, no Asterisk, no journal, no second file."""
    texts = [main.help or "", *(command.help or "" for command in main.commands.values())]
    lines = [line.strip() for text in texts for line in cleandoc(text).splitlines() if line.startswith("  ariroute ")]
    found = [shlex.split(re.split(r" [|>] ", line)[0])[1:] for line in lines]
    elsewhere = {"run", "reload", "queues", "status", "prove", "doctor", "rescue"}
    elsewhere |= {"calls", "trace", "replay", "shadow", "erase", "diff", "staffing"}
    needs = {"--live", "--since", "/etc/asterisk/extensions.conf", "--record", "last", "1795132793.12"}
    return [each for each in found if each[0] not in elsewhere and needs.isdisjoint(each)]


@pytest.mark.parametrize("arguments", examples(), ids=" ".join)
def test_each_example_of_the_help_runs_in_the_example_folder(arguments: list[str]) -> None:
    """What has patterns of file names runs in the example of several files, which stands for /etc/ariroute too; what
    compares ways to staff a floor, in that of staffing."""
    several = any("*" in argument for argument in arguments)
    staffed = "--compare" in arguments
    folder = EXAMPLE.with_name("several-files" if several else "staffing" if staffed else EXAMPLE.name)
    given = [argument.replace("/etc/ariroute", ".") for argument in arguments]
    files = [sorted(map(str, folder.glob(argument))) if "*" in argument else [argument] for argument in given]

    ended = ariroute(*(argument for each in files for argument in each), cwd=folder)

    assert ended.returncode == 0, ended.stderr


def test_the_cases_of_a_file_run_as_they_do_in_continuous_integration(tmp_path: Path) -> None:
    shutil.copytree(EXAMPLE, tmp_path, dirs_exist_ok=True)
    passed = ariroute("test", "-f", "tests.yaml", "--format", "junit", cwd=tmp_path)
    text = (tmp_path / "ariroute.yaml").read_text(encoding="utf-8")
    (tmp_path / "ariroute.yaml").write_text(text.replace("gold:     {priority: 20", "gold:     {priority: 21"), "utf-8")
    failed = ariroute("test", "-f", "tests.yaml", "--format", "junit", cwd=tmp_path)
    (tmp_path / "ariroute.yaml").write_text(text.replace("gold:     {", "golden:   {"), encoding="utf-8")
    refused = ariroute("test", "-f", "tests.yaml", "--format", "junit", cwd=tmp_path)

    assert (passed.returncode, ElementTree.fromstring(passed.stdout).get("failures")) == (0, "0")
    failure = ElementTree.fromstring(failed.stdout).find("testsuite/testcase/failure")
    assert failure is not None
    assert (failed.returncode, failure.get("message")) == (1, "priority: expected 20, got 21")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "there is no queue 'gold', did you mean 'golden'?" in refused.stderr


def test_there_are_examples_to_run() -> None:
    commands = {arguments[0] for arguments in examples()}
    assert commands == {"check", "fmt", "routes", "test", "explain", "schema", "version", "plan", "simulate"}


def test_a_folder_with_conf_d_is_checked_and_tested_as_one_configuration(tmp_path: Path) -> None:
    (tmp_path / "conf.d").mkdir()
    (tmp_path / "ariroute.yaml").write_text("version: 1\nqueues: {gold: {priority: 20}, standard: {}}\n")
    (tmp_path / "conf.d" / "support.yaml").write_text(
        "flows:\n  support: {trigger: {call: {to: support}}, default: standard, steps: [{queue: gold}]}\n"
    )

    checked = ariroute("check", str(tmp_path), cwd=tmp_path)
    tested = ariroute("test", "support", "-c", str(tmp_path), "--expect", "gold:20", cwd=tmp_path)
    alone = ariroute("check", "ariroute.yaml", cwd=tmp_path)

    assert (checked.returncode, checked.stdout) == (0, "")
    assert tested.returncode == 0, tested.stderr
    assert alone.returncode == 2
    assert "to use them, name the folder" in alone.stdout


def test_the_example_checks_without_its_secrets() -> None:
    ended = ariroute("check")

    assert (ended.returncode, ended.stdout) == (0, "")
    assert ended.stderr == "ariroute.yaml: usable: 1 flow, 1 lookup, 3 queues\n"


@pytest.mark.parametrize(("expected", "code"), [("gold", 0), ("gold:20", 0), ("gold:19", 1), ("platinum", 1)])
def test_the_exit_code_says_whether_the_expectation_is_met(expected: str, code: int) -> None:
    ended = ariroute(*TEST, "--expect", expected)

    assert ended.returncode == code
    assert ended.stderr == (
        "" if code == 0 else f"expected queue {expected.replace(':', ', priority ')}; got queue gold, priority 20\n"
    )


def test_json_on_standard_output_is_json_alone() -> None:
    ended = ariroute(*TEST, "--dialled", "800", "--json")

    assert json.loads(ended.stdout)["queue"] == "gold"
    assert "note: a real call to 800 starts no flow" in ended.stderr


def test_when_it_is_run_as_a_module_then_it_is_the_same_command() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "ariroute", "--version"], capture_output=True, text=True, timeout=DEADLINE, check=True
    )

    assert ended.stdout == ariroute("--version").stdout


def test_when_output_is_piped_then_lines_are_plain_and_whole() -> None:
    ended = ariroute(*TEST, COLUMNS="40")

    assert ESCAPE not in ended.stdout
    assert "└── queue gold, priority 20  (by flows.support.steps[1].branch[0].then[1].branch[1]: " in ended.stdout


@pytest.mark.parametrize(("more", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_on_a_terminal_there_is_colour_unless_NO_COLOR(more: dict[str, str], coloured: bool) -> None:
    ours, theirs = pty.openpty()
    with os.fdopen(ours, "rb", buffering=0) as screen:
        process = subprocess.Popen([COMMAND, *TEST], cwd=EXAMPLE, env=environment(**more), stdout=theirs)
        os.close(theirs)
        shown = b""
        try:
            while block := screen.read(4096):
                shown += block
        except OSError:  # Linux says EIO when the other side is closed
            pass
        assert process.wait(DEADLINE) == 0

    assert b"queue gold" in shown
    assert (b"\x1b[32m" in shown) is coloured


def test_when_the_terminal_knows_ascii_alone_then_the_tree_is_drawn_with_ascii() -> None:
    ended = ariroute(*TEST, "--name", "Åsa", PYTHONIOENCODING="ascii", PYTHONUTF8="0")

    assert ended.returncode == 0
    assert ended.stdout.isascii()
    assert r"\xc5sa (+46701234567) called" in ended.stdout
    assert "queue gold, priority 20" in ended.stdout


def ended_with(stdout: int, *arguments: str) -> tuple[int, bytes]:
    ended = subprocess.run(
        [COMMAND, *arguments],
        cwd=EXAMPLE,
        env=environment(),
        stdout=stdout,
        stderr=subprocess.PIPE,
        timeout=DEADLINE,
        check=False,
    )
    return ended.returncode, ended.stderr


SHOWING = (["schema"], [*TEST, "--expect", "gold"], ["explain", *TEST[1:]], ["--help"], ["test", "--help"], ["version"])


@pytest.mark.parametrize("arguments", SHOWING, ids=" ".join)
def test_when_the_reader_has_gone_then_it_ends_quietly(arguments: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        assert ended_with(writer, *arguments) == (141, b"")
    finally:
        os.close(writer)


@pytest.mark.parametrize("arguments", SHOWING, ids=" ".join)
def test_when_the_disk_is_full_then_74_and_one_sentence(arguments: list[str]) -> None:
    with Path("/dev/full").open("wb") as full:
        code, said = ended_with(full.fileno(), *arguments)

    assert code == 74
    assert said == (
        b"the output cannot be written: No space left on device; is the disk full, or standard output closed?\n"
    )


@pytest.mark.parametrize("arguments", [["schema"], [*TEST], ["explain", *TEST[1:]], ["version"], ["--version"]])
def test_when_standard_output_is_closed_then_74_and_one_sentence(arguments: list[str]) -> None:
    ended = subprocess.run(
        ["sh", "-c", 'exec "$@" >&-', "sh", COMMAND, *arguments],
        cwd=EXAMPLE,
        env=environment(),
        stderr=subprocess.PIPE,
        timeout=DEADLINE,
        check=False,
    )

    assert ended.returncode == 74
    assert ended.stderr.startswith(b"the output cannot be written: ")
    assert ended.stderr.count(b"\n") == 1


def test_when_ctrl_c_comes_while_it_waits_then_130_and_no_traceback() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(DEADLINE)
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        process = subprocess.Popen(
            [COMMAND, "reload", "--admin", address],
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell's background job ignores it
        )
        connection, _ = silent.accept()
        with connection:
            assert connection.recv(1024).startswith(b"POST /reload")
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=DEADLINE)

    assert process.returncode == 130
    assert out == b""
    assert b"Traceback" not in err


def test_when_no_daemon_runs_then_reload_ends_with_3() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        ended = ariroute("reload", "--admin", f"127.0.0.1:{taken.getsockname()[1]}")

    assert ended.returncode == 3
    assert "start it with 'ariroute run'" in ended.stderr


@pytest.fixture
def running(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """`ariroute run` on a flow file of its own, ready. Nobody listens where its Asterisk should be."""
    with socket.socket() as nobody, Ports(1) as (port,):
        nobody.bind(("127.0.0.1", 0))
        text = (EXAMPLE / "ariroute.yaml").read_text(encoding="utf-8")
        text = text.replace("127.0.0.1:8088", f"127.0.0.1:{nobody.getsockname()[1]}")
        file = tmp_path / "ariroute.yaml"
        file.write_text(f'{text}\ndaemon: {{admin: "127.0.0.1:{port}"}}\n', encoding="utf-8")
        with (tmp_path / "log").open("wb") as log:
            daemon = subprocess.Popen([COMMAND, "run"], cwd=tmp_path, env=environment(ARI_SECRET="x"), stderr=log)
        try:
            deadline = time.monotonic() + DEADLINE
            while ariroute("reload", cwd=tmp_path).returncode != 0:
                told = (tmp_path / "log").read_text(encoding="utf-8")
                assert daemon.poll() is None, told
                assert time.monotonic() < deadline, told
            yield daemon, file
        finally:
            daemon.kill()
            daemon.wait(DEADLINE)


def test_reload_gives_a_running_daemon_its_new_rules_or_leaves_it_the_old(
    running: tuple[subprocess.Popen[bytes], Path],
) -> None:
    daemon, file = running
    text = file.read_text(encoding="utf-8")

    file.write_text(text.replace("priority: 20", "priority: 21"), encoding="utf-8")
    ended = ariroute("reload", cwd=file.parent)
    assert (ended.returncode, ended.stdout) == (0, "queue gold changed\n")

    address = re.findall(r'admin: "(.*)"', text)[0]
    file.write_text(text.replace("standard           #", "standrd #"), encoding="utf-8")
    for arguments in (["reload", "--admin", address], ["reload"]):
        ended = ariroute(*arguments, cwd=file.parent)
        assert ended.returncode == 2
        assert re.match(r"ariroute\.yaml:\d+:\d+: .*did you mean 'standard'\?", ended.stdout)
        assert "goes on with the rules it has" in ended.stderr

    file.write_text(text.replace("priority: 20", "priority: 21"), encoding="utf-8")
    assert ariroute("reload", cwd=file.parent).stdout == ""  # it had kept just these
    assert daemon.poll() is None


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_run_with_0(running: tuple[subprocess.Popen[bytes], Path], number: signal.Signals) -> None:
    daemon, file = running

    daemon.send_signal(number)

    assert daemon.wait(DEADLINE) == 0
    assert "Traceback" not in (file.parent / "log").read_text(encoding="utf-8")


def test_when_the_secret_is_not_there_then_run_ends_with_2_and_its_place() -> None:
    ended = ariroute("run")

    assert (ended.returncode, ended.stdout) == (2, "")
    assert re.match(r"ariroute\.yaml:\d+:\d+: .*ARI_SECRET", ended.stderr)


@pytest.fixture
def at_work(pbx: PrivateAsterisk, tmp_path: Path) -> Iterator[Path]:
    """A folder with the example's flow file for a real Asterisk: one agent for gold, one caller in standard."""
    text = (EXAMPLE / "ariroute.yaml").read_text(encoding="utf-8")
    ami = f'    ami: {{address: "127.0.0.1:{pbx.ami_port}", user: {pbx.ami_user}, password: "${{env:AMI_SECRET}}"}}\n'
    with_vip = text.replace("queues:  ", "queues:\n  vip: {priority: 40}\n#", 1)
    (tmp_path / "ariroute.yaml").write_text(with_vip.replace("\nlookups:", f"{ami}\nlookups:"), encoding="utf-8")
    pbx.cli("queue add member Local/s@test-phone to gold")
    pbx.cli("channel originate Local/s@ariroute-deliver application Wait 60")
    yield tmp_path
    pbx.cli("queue remove member Local/s@test-phone from gold")
    pbx.cli("channel request hangup all")


def test_queues_shows_the_live_figures_of_a_real_asterisk(pbx: PrivateAsterisk, at_work: Path) -> None:
    secrets = {"ARI_SECRET": "x", "AMI_SECRET": pbx.ami_password}

    def live() -> dict[str, dict[str, object]]:
        return {row["queue"]: row for row in json.loads(ariroute("queues", "--json", cwd=at_work, **secrets).stdout)}

    deadline = time.monotonic() + DEADLINE
    while not (rows := live())["standard"]["callers"]:
        assert time.monotonic() < deadline, rows

    assert list(rows) == ["vip", "platinum", "gold", "standard"]
    assert rows["vip"]["in_asterisk"] is False
    assert (rows["gold"]["logged_in"], rows["gold"]["available"], rows["gold"]["callers"]) == (1, 1, 0)
    assert (rows["standard"]["logged_in"], rows["standard"]["agents_per_call"]) == (0, 0.0)

    ended = ariroute("queues", cwd=at_work, **secrets)
    assert "not in Asterisk" in ended.stdout
    assert "note: pbx1 has no queue vip: add it to queues.conf" in ended.stderr


def test_when_a_real_asterisk_refuses_the_secret_then_queues_ends_with_3(at_work: Path) -> None:
    ended = ariroute("queues", cwd=at_work, ARI_SECRET="x", AMI_SECRET="not-this-one")

    assert (ended.returncode, ended.stdout) == (3, "")
    assert "refuses the AMI user 'ariroute'" in ended.stderr
    assert "not-this-one" not in ended.stderr


def test_when_ami_is_not_configured_then_queues_ends_with_3() -> None:
    ended = ariroute("queues", ARI_SECRET="x")

    assert ended.returncode == 3
    assert "add ami" in ended.stderr


@pytest.mark.parametrize("name", ["no-such-file.yaml", "/", "a\x1bb.yaml"])
def test_when_the_flow_file_is_none_then_2_and_no_traceback(name: str) -> None:
    for arguments in (["check", name], ["test", "-c", name], ["run", "-c", name], ["queues", "-c", name]):
        ended = ariroute(*arguments)

        assert ended.returncode == 2, arguments
        assert "Traceback" not in ended.stderr
        assert "\x1b" not in ended.stdout + ended.stderr


@pytest.mark.parametrize(
    ("words", "expected"),
    [("ariroute te", "test"), ("ariroute test s", "support"), ("ariroute test --cal", "--caller")],
)
def test_the_shell_completes_commands_options_and_flows(words: str, expected: str) -> None:
    ended = ariroute(_ARIROUTE_COMPLETE="bash_complete", COMP_WORDS=words, COMP_CWORD=str(len(words.split()) - 1))

    assert expected in [line.partition(",")[2] for line in ended.stdout.splitlines()]


def test_when_the_flow_file_is_not_usable_then_completion_is_silent(tmp_path: Path) -> None:
    (tmp_path / "ariroute.yaml").write_text("{", encoding="utf-8")

    ended = ariroute(cwd=tmp_path, _ARIROUTE_COMPLETE="bash_complete", COMP_WORDS="ariroute test s", COMP_CWORD="2")

    assert (ended.stdout.strip(), ended.stderr) == ("", "")
