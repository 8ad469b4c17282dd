"""docs/how-to/change-a-rule.md, played as written: two hundred real calls, another rule, and where the next call goes.

The page's run folder is that of the demo which the test has started, as others may run at the same time.
"""

from __future__ import annotations

import re
import signal
import subprocess
from pathlib import Path
from typing import Final

import pytest
from played_page import Change, Command, File, Shown, steps

from .test_demo import Demo, demo

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = ROOT / "docs/how-to/change-a-rule.md"
BEGIN: Final = "scripts/demo "
RUN_FOLDER: Final = ".cache/demo/1"
UNIQUEID: Final = "UNIQUEID"
CALLS_TAKE: Final = 180.0
"""Seconds at most until the two hundred calls are over."""
DEADLINE: Final = 60.0


class Reader:
    """Types what the page says into a shell of their own, which remembers its folder and what was exported."""

    def __init__(self, running: Demo) -> None:
        self._demo = running
        self._settings: list[str] = []
        self.output = ""
        self.seen: list[str] = []

    @property
    def folder(self) -> Path:
        return self._demo.folder

    def do(self, step: File | Command | Shown | Change) -> None:
        """One step; what is shown must have been seen."""
        match step:
            case Command(line) if line.startswith(("cd ", "export ")):
                self._settings.append(line.replace(RUN_FOLDER, str(self.folder)))
            case Command(line):
                self.output += self._shell(self._filled_in(line))
            case Shown() as shown:
                assert shown.matches(self.output), f"{shown.text}\n--- is not in:\n{self.output}"
                self.seen.append(self.output)
                self.output = ""
            case Change(path, old, new):
                file = self.folder / path
                text = file.read_text(encoding="utf-8")
                assert text.count(old) == 1
                file.write_text(text.replace(old, new), encoding="utf-8")
            case File():
                raise AssertionError(f"this page has no files of its own: {step.path}")

    def _filled_in(self, line: str) -> str:
        """The line with the call that `replay` has shown, and the demo that is ours."""
        if UNIQUEID in line:
            shown = re.findall(r"^(\d+\.\d+): \+46", "".join(self.seen), re.MULTILINE)
            line = line.replace(UNIQUEID, shown[0])
        return line.replace("/demo call ", f"/demo call --demo {self.folder} ")

    def _shell(self, line: str) -> str:
        ended = subprocess.run(
            ["sh", "-u", "-c", "\n".join([*self._settings, line])],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=DEADLINE,
            check=False,
        )
        assert ended.returncode == 0, (line, ended.stdout)
        return ended.stdout


@pytest.mark.timeout(300)
def test_the_story_goes_as_the_page_tells_it(tmp_path: Path) -> None:
    first, *rest = steps(PAGE.read_text(encoding="utf-8"))
    assert isinstance(first, Command)
    assert first.line.startswith(BEGIN)
    assert {type(step) for step in rest} == {Command, Shown, Change}

    with demo(tmp_path, *first.line.removeprefix(BEGIN).split()) as running:
        running.wait_for("(The demo stays until Ctrl-C)", CALLS_TAKE)
        reader = Reader(running)
        reader.output = running.text.replace(str(running.folder.relative_to(ROOT)), RUN_FOLDER)
        for step in rest:
            reader.do(step)
        running.process.send_signal(signal.SIGINT)
        code = running.wait()

    assert code == 0, running.text
    assert reader.output == ""  # the page shows something of each command, or of the one behind it
    assert running.left_behind() == []
