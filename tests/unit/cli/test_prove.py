"""``ariroute prove``: what is asked for, and what cannot be; the proof itself is in tests/acceptance/test_prove.py."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
import pytest

from ariroute.cli.prove import prove as command
from ariroute.cli.prove import wanted
from ariroute.errors import UnusableInput
from ariroute.lab.debian import LabError
from ariroute.proof.faults import ALL
from ariroute.proof.result import Ending, InjectedFault, Proof, ProvenCall, Run
from ariroute.proof.run import Order

from .conftest import Ariroute


def a_proof(*endings: Ending) -> Proof:
    calls = tuple(
        ProvenCall(f"1.{place}", "", "support", 0.0, ending, settled=1.0) for place, ending in enumerate(endings)
    )
    faults = (InjectedFault("kill", "the daemon is killed", 1.0),)
    control = Run(990.0, None, 0.0, (ProvenCall("2.1", "", "support", 0.0, Ending.LOST),), ())
    return Proof("f.yaml", "0.1.0", "22.10.1", 1, Run(1000.0, 4.0, 0.0, calls, faults), control)


pytestmark = pytest.mark.usefixtures("flow_file")


@pytest.fixture
def proved(monkeypatch: pytest.MonkeyPatch) -> list[Order]:
    """Nothing is run; the orders that would have been."""
    orders: list[Order] = []

    def prove(path: Path, order: Order, folder: Path, watcher: object) -> Proof:
        assert folder.is_dir()
        orders.append(order)
        return a_proof(Ending.LOST) if order.seed == 13 else a_proof(Ending.QUEUED, Ending.LEFT)

    monkeypatch.setattr("ariroute.proof.run.prove", prove)
    return orders


def test_when_the_promise_holds_then_the_exit_code_is_0(ariroute: Ariroute, proved: list[Order]) -> None:
    result = ariroute("prove", "--calls", "30", "--kill", "3", "--rate", "5", "--lookups", "real", "--no-control")

    assert result.code == 0
    assert "Holds" in result.out
    (order,) = proved
    assert (order.calls, order.seed, order.rate, order.with_control, order.real_lookups) == (30, 1, 5.0, False, True)
    assert order.faults["kill"] == 3
    assert "crm" not in order.faults


def test_when_a_call_is_lost_then_the_exit_code_is_1_and_json_says_so(ariroute: Ariroute, proved: list[Order]) -> None:
    result = ariroute("prove", "--seed", "13", "--json")

    assert result.code == 1
    assert json.loads(result.out)["holds"] is False


def test_when_a_page_is_wanted_then_it_is_written(ariroute: Ariroute, proved: list[Order], tmp_path: Path) -> None:
    page = tmp_path / "proof.html"

    assert ariroute("prove", "--html", str(page)).code == 0
    assert "<html" in page.read_text(encoding="utf-8")


def test_when_nothing_is_named_then_every_kind_of_fault_is_in_it() -> None:
    assert wanted(20, "", has_service=True) == {**dict.fromkeys(ALL, 1), "kill": 20}
    assert wanted(100, "", has_service=True)["hang"] == 5
    assert wanted(3, "", has_service=False)["cut"] == 1


@pytest.mark.parametrize(
    ("faults", "found"),
    [
        ("none", {"kill": 20}),
        ("hang, cut=3", {"kill": 20, "hang": 1, "cut": 3}),
        ("kill=5", {"kill": 5}),
    ],
)
def test_when_kinds_are_named_then_only_they_are_in_it(faults: str, found: dict[str, int]) -> None:
    assert wanted(20, faults, has_service=True) == found


@pytest.mark.parametrize(
    ("faults", "text"),
    [
        ("hand", "did you mean 'hang'"),
        ("hang=x", "write how many, such as hang=3"),
        ("hang=0", "hang=3"),
        ("crm", "crm"),
    ],
)
def test_when_a_kind_is_wrong_then_the_remedy_is_named(faults: str, text: str) -> None:
    with pytest.raises(UnusableInput, match=text):
        wanted(20, faults, has_service=False)


@pytest.mark.parametrize("options", [("--keep", "."), ("--html", "/nowhere/at/all.html"), ("--rate", "nan")])
def test_when_an_option_cannot_be_used_then_that_is_told_before_anything_runs(
    ariroute: Ariroute, proved: list[Order], options: tuple[str, str]
) -> None:
    result = ariroute("prove", *options)

    assert result.code == 2
    assert options[0] in result.err
    assert proved == []


def test_when_asterisk_or_sipp_cannot_be_had_then_the_exit_code_is_3(
    ariroute: Ariroute, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sipp_program() -> None:
        raise LabError("SIPp: install sip-tester")

    monkeypatch.setattr("ariroute.proof.stage.sipp_program", sipp_program)

    result = ariroute("prove")

    assert result.code == 3
    assert "install sip-tester" in result.err


def test_when_a_live_proof_is_asked_for_and_nobody_can_answer_then_nothing_is_placed(
    ariroute: Ariroute, monkeypatch: pytest.MonkeyPatch
) -> None:
    def prove_live(*_: Any) -> Proof:
        raise AssertionError("must not be reached")

    monkeypatch.setattr("ariroute.proof.live.prove_live", prove_live)

    result = ariroute("prove", "--live", "pbx1")

    assert result.code == 2
    assert "Agents who are logged in there will be rung" in result.err
    assert "add --yes" in result.err


def test_when_the_server_of_a_live_proof_is_not_in_the_file_then_the_others_are_named(ariroute: Ariroute) -> None:
    result = ariroute("prove", "--live", "pbx2", "--yes")

    assert result.code == 2
    assert "there is no Asterisk 'pbx2'" in result.err
    assert "pbx1" in result.err


def test_when_records_cannot_be_read_then_the_option_is_named(ariroute: Ariroute, tmp_path: Path) -> None:
    result = ariroute("prove", "--live", "pbx1", "--yes", "--cel", str(tmp_path / "no" / "Master.csv"))

    assert result.code == 2
    assert "--cel" in result.err


def test_the_command_names_every_kind_of_fault() -> None:
    (text,) = (option.help for option in command.params if isinstance(option, click.Option) and option.name == "faults")
    assert text is not None

    assert all(kind in text for kind in ALL if kind != "kill")
