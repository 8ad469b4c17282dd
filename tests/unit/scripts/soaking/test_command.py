"""The command line of `scripts/soak`, as far as it needs no Asterisk."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest

from scripts.soaking.__main__ import RECORD, main
from scripts.soaking.record import Writer
from scripts.soaking.running import told_to_stop

from .test_judgement import GOOD, samples, windows


def written(folder: Path, record: list[object]) -> Path:
    with Writer(folder / RECORD) as writer:
        for entry in record:
            writer.write(entry)  # type: ignore[arg-type]  # entries of records made up for tests
    return folder


def test_a_record_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written(tmp_path, list(GOOD.entries))

    assert main(["--report", str(tmp_path), "--json", str(tmp_path / "report.json")]) == 0
    assert capsys.readouterr().out.startswith("Holds: 43,200 calls")
    assert json.loads((tmp_path / "report.json").read_text())["outcome"] == "holds"


def test_a_record_that_does_not_hold_is_told_by_the_exit_code(tmp_path: Path) -> None:
    leaky = [*GOOD.entries[:2], *samples(4.0, rss=lambda hour: 70 + 5 * hour), *windows(4.0)]

    assert main(["--report", str(written(tmp_path, list(leaky)))]) == 1


def test_no_record_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--report", str(tmp_path / "nowhere")]) == 3
    assert "nowhere" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments", [[], ["--hours", "x"], ["--hours", "1", "--minutes", "3"], ["--minutes", "-3"], ["--hours", "0"]]
)
def test_wrong_arguments_are_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)

    assert ended.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_a_flow_file_with_mistakes_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    flow = tmp_path / "flow.yaml"
    flow.write_text("version: 1\nflows: 7\n")

    assert main(["--minutes", "1", "--flow", str(flow), "--folder", str(tmp_path / "soak")]) == 2
    assert "flow.yaml:2" in capsys.readouterr().err


def test_the_first_ctrl_c_asks_and_the_second_ends() -> None:
    reasons: list[str] = []
    before = signal.getsignal(signal.SIGINT)

    def press_twice() -> None:
        os.kill(os.getpid(), signal.SIGINT)
        assert reasons == ["Ctrl-C"]
        os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt), told_to_stop(reasons.append):
        press_twice()

    assert reasons == ["Ctrl-C"]
    assert signal.getsignal(signal.SIGINT) is before
