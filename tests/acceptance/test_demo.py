"""`scripts/demo` as a newcomer runs it: real calls, a table that holds, changed routing, nothing left behind."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
DEMO = str(ROOT / "scripts/demo")
ARIROUTE = str(ROOT / ".venv/bin/ariroute")
DEADLINE = 60.0


class Demo:
    """A demo that runs, and what it has written so far."""

    def __init__(self, process: subprocess.Popen[bytes], output: Path) -> None:
        self.process = process
        self._output = output

    @property
    def text(self) -> str:
        return self._output.read_text(encoding="utf-8")

    def wait_for(self, pattern: str, within: float = DEADLINE) -> str:
        """The first group of `pattern` once it is there."""
        deadline = time.monotonic() + within
        has_ended = False
        while not (found := re.search(pattern, self.text)):
            assert time.monotonic() < deadline, self.text
            assert not has_ended, self.text
            has_ended = self.process.poll() is not None
            time.sleep(0.05)
        return found[1]

    def wait(self) -> int:
        return self.process.wait(DEADLINE)

    @property
    def folder(self) -> Path:
        """Where it keeps its files."""
        return ROOT / self.wait_for(r"Run folder (\S+):")

    def left_behind(self) -> list[str]:
        """The command lines that name the folder of this run: everything that the demo starts does, one way or other.

        SIPp and the customer service are known by where they work.
        """
        return [command for pid, command in processes() if str(self.folder) in f"{command} {works_in(pid)}"]


@contextmanager
def demo(tmp_path: Path, *options: str) -> Iterator[Demo]:
    """Run it with its output in a file; it is ended, if it still runs, on the way out."""
    output = tmp_path / "output"
    with output.open("wb") as file:
        process = subprocess.Popen([DEMO, *options], cwd=ROOT, stdout=file, stderr=subprocess.STDOUT)
    try:
        yield Demo(process, output)
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(DEADLINE)


def processes() -> Iterator[tuple[str, str]]:
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                yield entry.name, (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
            except OSError:  # it has ended meanwhile
                continue


def works_in(pid: str) -> str:
    try:
        return os.fspath(Path(f"/proc/{pid}/cwd").readlink())
    except OSError:
        return ""


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=DEADLINE, check=False)


def figures(text: str) -> dict[str, list[str]]:
    """The table at the end: placed, in the right queue, answered, by queue."""
    rows = re.findall(r"^(platinum|gold|standard|all) +(\d+) +(\d+) +(\d+) .* ms$", text, re.MULTILINE)
    return {name: list(counts) for name, *counts in rows}


def test_when_it_is_run_then_each_call_reaches_its_queue_and_nothing_is_left(tmp_path: Path) -> None:
    with demo(tmp_path, "--calls", "12", "--rate", "4") as running:
        code = running.wait()

    assert code == 0, running.text
    assert figures(running.text) == {
        "platinum": ["2"] * 3,
        "gold": ["4"] * 3,
        "standard": ["6"] * 3,
        "all": ["12"] * 3,
    }
    assert "12 of 12 calls in the right queue, none lost, checked against queue_log" in running.text
    assert re.search(
        r'Cecilia Ek +\+46701000003 gold, 58 +crm\.loyalty == "gold" +gold 20 +\d+ s (Eva|Finn|Gry)\n', running.text
    )
    assert re.search(r"Anders Sjö +\+46739000001 not a customer .* standard 0 +\d+ s (Hal|Ida)\n", running.text)
    assert "\x1b" not in running.text
    assert running.left_behind() == []


def test_when_it_stays_then_an_edited_flow_routes_the_next_call_and_ctrl_c_ends_all(tmp_path: Path) -> None:
    with demo(tmp_path, "--calls", "2", "--rate", "4", "--stay") as running:
        admin = running.wait_for(r"reload --admin (\S+)")
        flow = running.folder / "ariroute.yaml"
        before = run(DEMO, "call", "+46701000004", "--demo", str(running.folder))
        text = flow.read_text(encoding="utf-8")
        flow.write_text(text.replace("{crm.loyalty: platinum}", "{crm.loyalty: [platinum, gold]}"), encoding="utf-8")
        reloaded = run(ARIROUTE, "reload", "--admin", admin)
        after = run(DEMO, "call", "+46701000004", "--demo", str(running.folder))
        running.wait_for("(Ctrl-C)")
        assert running.left_behind() != []
        running.process.send_signal(signal.SIGINT)
        code = running.wait()

    assert (before.returncode, reloaded.returncode, after.returncode, code) == (0, 0, 0, 0), running.text
    assert re.search(r"David Nyström +\+46701000004 gold, 49 .* gold 20 ", before.stdout)
    assert re.search(r"David Nyström +\+46701000004 gold, 49 .* platinum 30 ", after.stdout)
    assert len(re.findall(r"David Nyström .* (?:gold 20|platinum 30) ", running.text)) == 2
    assert running.left_behind() == []


def test_when_the_daemon_dies_then_the_demo_says_where_callers_went_and_ends_with_1(tmp_path: Path) -> None:
    with demo(tmp_path, "--calls", "4", "--rate", "2") as running:
        running.wait_for(r"(Hugo Rydberg)")
        os.kill(daemon_of(running.folder), signal.SIGKILL)
        code = running.wait()

    assert code == 1, running.text
    assert "ariroute has ended" in running.text
    assert "belongs in platinum, but entered standard without a decision of the daemon" in running.text
    assert figures(running.text)["all"][2] == "4"
    assert "none lost" in running.text
    assert running.left_behind() == []


def daemon_of(folder: Path) -> int:
    (pid,) = (
        int(pid)
        for pid, command in processes()
        if f"ariroute run -c {folder}/ariroute.yaml" in command and "leash.py" not in command
    )
    return pid


def test_when_the_admin_address_is_taken_then_it_says_so_and_leaves_nothing(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with demo(tmp_path, "--admin", address) as running:
            code = running.wait()

    assert code == 3, running.text
    assert f"the admin address {address} cannot be used" in running.text
    assert running.left_behind() == []


def test_help_shows_examples_that_it_takes() -> None:
    ended = run(DEMO, "--help")

    assert ended.returncode == 0
    assert "scripts/demo --calls 100 --rate 4" in ended.stdout


def test_two_call_centres_are_shown_side_by_side_and_ctrl_c_ends_both(tmp_path: Path) -> None:
    with demo(tmp_path, "--ratios", "--against", "weights") as running:
        seen = running.wait_for(
            r"(\d+ s  with ariroute: platinum .*   weights: platinum \S+, gold \S+, standard \S+)\n"
        )
        assert running.left_behind() != []
        running.process.send_signal(signal.SIGINT)
        code = running.wait()

    assert code == 130, running.text
    assert re.fullmatch(r"0 s  (with ariroute|weights)(.*)", seen)
    assert "get the same calls: 10 minutes of them in 60 seconds" in " ".join(running.text.split())
    assert running.left_behind() == []
