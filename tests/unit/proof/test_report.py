"""A proof as JSON and on a terminal."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import pytest
from rich.console import Console

from ariroute.proof import report, words
from ariroute.proof.result import Proof
from unit.proof.made import BAD, EMPTY, FAILS, GOOD, HOLDS, call


def shown(proof: Proof) -> str:
    console = Console(file=io.StringIO(), width=200, markup=False, highlight=False, emoji=False)
    console.print(report.text(proof))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


# ---- sentences


def test_the_verdict_comes_first_with_its_counts() -> None:
    assert shown(HOLDS).startswith(
        "Holds: 0 of 6 calls lost, 0 put into a queue twice, under 3 faults; the longest way to a queue took 4 s, "
        "promised are 4.1 s.\n"
    )


def test_a_proof_that_does_not_hold_says_why() -> None:
    first = shown(FAILS).splitlines()[0]

    assert first.startswith("Does not hold: 1 of 9 calls lost; 1 ")
    assert "twice" in first
    assert "longer than the guard" in first


def test_the_control_says_what_it_lost_and_why_it_is_there() -> None:
    assert words.control(HOLDS) == (
        "The control, without a guard: 1 of 4 calls lost (25 %), under 3 faults. "
        "It is there to show that this meter sees losses."
    )


def test_a_control_without_losses_is_no_comfort() -> None:
    blind = replace(HOLDS, control=replace(GOOD, guard=None))

    assert "may be blind" in words.control(blind)
    assert shown(blind).startswith("Does not hold: ")


def test_without_a_control_it_says_so() -> None:
    assert words.control(replace(HOLDS, control=None)).startswith("No control was run")


def test_an_empty_run_does_not_hold() -> None:
    assert shown(EMPTY).startswith("Does not hold: no call was placed.\n")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "-"),
        (0.0, "0 ms"),
        (0.0849, "85 ms"),
        (0.9996, "1 s"),
        (2.314, "2.31 s"),
        (4.0, "4 s"),
        (10.0, "10 s"),
        (125.4, "2 min 5 s"),
        (179.9, "3 min 0 s"),
    ],
)
def test_times_read_well(value: float | None, text: str) -> None:
    assert words.seconds(value) == text


def test_what_is_promised_names_its_parts() -> None:
    assert words.promised(replace(GOOD, allowed=30.0)) == (
        "34.1 s = 30 s that the flow itself may take + guard 4 s + 0.1 s"
    )


# ---- on the terminal


def test_each_kind_of_fault_has_a_row() -> None:
    rows = [line.split() for line in shown(HOLDS).splitlines()]

    assert ["kill", "SIGKILL", "to", "the", "daemon", "2", "4", "0", "0", "4", "s"] in rows
    assert ["cut", "the", "ARI", "connection", "is", "reset", "1", "3", "0", "0", "4", "s"] in rows


def test_run_and_control_stand_side_by_side() -> None:
    rows = [" ".join(line.split()) for line in shown(HOLDS).splitlines()]

    assert "calls placed 6 4" in rows
    assert "lost 0 1" in rows
    assert "time to the queue, p50 200 ms 200 ms" in rows
    assert "by default, without a decision 1 0" in rows


def test_calls_that_break_the_promise_are_listed() -> None:
    text = shown(FAILS)

    assert [line.split()[0] for line in text.splitlines() if "+467" in line] == [
        "1763776800.7",
        "1763776800.8",
        "1763776800.9",
    ]


def test_of_many_broken_promises_some_are_shown_and_the_others_counted() -> None:
    many = tuple(replace(BAD.calls[6], uniqueid=f"1763776800.{number}") for number in range(report.ODD_SHOWN + 5))

    assert "... and 5 more" in shown(replace(HOLDS, run=replace(GOOD, calls=many)))


def test_no_text_of_a_caller_reaches_the_terminal_as_a_command() -> None:
    hostile = call(1, 0.0, 9.0, caller="[red]\x1b[2J\u202eevil\ud800[/red]")

    text = shown(replace(HOLDS, run=replace(GOOD, calls=(hostile,))))

    assert "[red] [2J evil [/red]" in text
    assert not {"\x1b", "\u202e", "\ud800"} & set(text)


# ---- as JSON


def test_json_tells_the_verdict_and_the_figures() -> None:
    found = report.as_json(HOLDS)

    assert (found["version"], found["holds"], found["failures"]) == (1, True, [])
    assert found["verdict"].startswith("Holds: ")
    run = found["run"]
    assert (run["placed"], run["lost"], run["twice"], run["late"], run["by_default"]) == (6, 0, 0, 0, 1)
    assert run["time_to_queue"] == {"count": 4, "p50": 0.2, "p99": 4.0, "max": 4.0}
    assert run["endings"] == {"queued": 4, "answered": 0, "voicemail": 1, "refused": 0, "left": 1, "lost": 0}
    assert run["bound"] == 4.1
    assert found["control"]["lost"] == 1
    assert found["control"]["bound"] is None


def test_json_has_every_fault_and_every_call() -> None:
    run = report.as_json(FAILS)["run"]

    assert run["faults"][1] == {"kind": "cut", "says": "the ARI connection is reset", "at": 3.2, "lasted": 0.0}
    assert run["faults_by_kind"][0] == {
        "kind": "kill",
        "says": "SIGKILL to the daemon",
        "injected": 2,
        "under_way": 7,
        "lost": 1,
        "twice": 1,
        "longest_wait": 5.0,
    }
    assert run["calls"][6] == {
        "uniqueid": "1763776800.7",
        "caller": "+46700000007",
        "dialled": "support",
        "placed": 2.2,
        "entered": 2.2,
        "settled": None,
        "wait": None,
        "allowed": None,
        "ending": "lost",
        "queues": [],
        "by_default": False,
        "twice": False,
    }


@pytest.mark.parametrize("proof", [HOLDS, FAILS, EMPTY])
def test_json_is_json(proof: Proof) -> None:
    assert json.loads(json.dumps(report.as_json(proof), allow_nan=False)) == report.as_json(proof)


def test_every_key_of_the_json_form_is_documented() -> None:
    documented = report.as_json.__doc__ or ""
    found = report.as_json(FAILS)
    run = found["run"]
    keys = {*found, *run, *run["calls"][0], *run["faults"][0], *run["faults_by_kind"][0], *run["endings"]}

    assert {key for key in keys if f"``{key}``" not in documented} == set()
