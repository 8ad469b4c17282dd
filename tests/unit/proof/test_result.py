"""What a proof ends in: who is late, what makes it fail."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ariroute.proof.result import SLACK, Ending, InjectedFault, Proof, ProvenCall, Run


def call(ending: Ending = Ending.QUEUED, wait: float = 0.5, **more: float) -> ProvenCall:
    settled = None if ending is Ending.LOST else 10.0 + wait
    return ProvenCall("1.0", "", "support", 9.9, ending, entered=10.0, settled=settled, **more)  # type: ignore[arg-type]


def run(*calls: ProvenCall, guard: float | None = 4.0, allowed: float = 0.0) -> Run:
    return Run(1000.0, guard, allowed, calls, (InjectedFault("kill", "killed", 10.2),))


def quiet(*calls: ProvenCall) -> Run:
    """A run without any fault."""
    return replace(run(*calls), faults=())


def proof(tried: Run, control: Run | None = None) -> Proof:
    return Proof("f.yaml", "0.1.0", "22.10.1", 1, tried, control)


@pytest.mark.parametrize(
    ("one", "is_late"),
    [
        (call(wait=4.0 + SLACK - 0.01), False),
        (call(wait=4.0 + SLACK + 0.01), True),
        (call(wait=4.0 + SLACK + 0.01, allowed=3.0), False),
        (call(wait=30.0, stay=0.5), False),
        (call(wait=30.0, stay=4.2), True),
        (call(Ending.LEFT, wait=30.0), False),
        (call(Ending.LOST), False),
    ],
)
def test_a_call_is_late_beyond_guard_and_what_its_flow_may_take(one: ProvenCall, is_late: bool) -> None:
    assert bool(run(one).late) is is_late


def test_without_allowance_of_its_own_that_of_the_run_counts() -> None:
    assert not run(call(wait=6.0), allowed=2.0).late
    assert run(call(wait=6.0, allowed=0.0), allowed=2.0).late


def test_the_control_is_never_late() -> None:
    assert not run(call(wait=60.0), guard=None).late


@pytest.mark.parametrize(
    ("tried", "control", "failure"),
    [
        (run(), None, "no call was placed"),
        (run(call(Ending.LOST), call()), None, "1 of 2 calls lost"),
        (run(call(by_default=True), call(Ending.LEFT)), None, "the daemon routed no call"),
        (quiet(call(by_default=True), call()), None, "1 of 2 calls had no decision although there was no fault"),
        (run(call(twice=True)), None, "1 calls put into a queue twice"),
        (run(call(wait=9.0)), None, "1 calls waited longer"),
        (run(call()), run(call(), guard=None), "the control without a guard lost no call"),
        (run(call()), run(call(Ending.LOST), *[call()] * 9, guard=None), "lost only 1 of 10 calls"),
    ],
)
def test_each_broken_promise_is_told(tried: Run, control: Run | None, failure: str) -> None:
    found = proof(tried, control)

    assert not found.holds
    assert any(failure in text for text in found.failures)


def test_a_proof_holds_when_only_the_control_loses() -> None:
    assert proof(run(call(), call(Ending.REFUSED), call(by_default=True)), run(call(Ending.LOST), guard=None)).holds


def test_calls_on_their_way_during_a_fault_are_under_it() -> None:
    early = ProvenCall("1.1", "", "support", 1.0, Ending.QUEUED, entered=1.0, settled=1.2)
    lost = call(Ending.LOST)
    tried = run(early, call(), lost)

    assert tried.under(tried.faults[0]) == (tried.calls[1], lost)


def test_waits_are_of_those_who_got_somewhere_in_order() -> None:
    assert run(call(wait=2.0), call(wait=1.0), call(Ending.LEFT), call(Ending.LOST)).waits == pytest.approx((1.0, 2.0))
