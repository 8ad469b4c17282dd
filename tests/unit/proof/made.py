"""Proofs made up for tests, small enough to be counted on paper."""

from __future__ import annotations

from dataclasses import replace

from ariroute.proof.result import Ending, InjectedFault, Proof, ProvenCall, Run


def call(
    number: int,
    placed: float,
    settled: float | None,
    ending: Ending = Ending.QUEUED,
    by_default: bool = False,
    twice: bool = False,
    caller: str = "",
) -> ProvenCall:
    """A call that entered Stasis() at the moment when it was placed."""
    return ProvenCall(
        uniqueid=f"1763776800.{number}",
        caller=caller or f"+4670000{number:04}",
        dialled="support",
        placed=placed,
        ending=ending,
        entered=placed,
        settled=settled,
        queues=("standard",) if ending is Ending.QUEUED else (),
        by_default=by_default,
        twice=twice,
    )


def kill(at: float, lasted: float = 1.0) -> InjectedFault:
    """The daemon's death."""
    return InjectedFault("kill", "SIGKILL to the daemon", at, lasted)


def cut(at: float) -> InjectedFault:
    """A moment without length."""
    return InjectedFault("cut", "the ARI connection is reset", at)


GOOD = Run(
    began=1763776800.0,
    guard=4.0,
    allowed=0.0,
    calls=(
        call(1, 0.0, 0.1),
        call(2, 1.0, 1.2),
        call(3, 2.0, 5.0),
        call(4, 2.5, 6.5, by_default=True),
        call(5, 3.0, 3.5, Ending.LEFT),
        call(6, 8.0, 8.3, Ending.VOICEMAIL),
    ),
    faults=(kill(2.1), cut(3.2), kill(7.9)),
)
"""Six calls; under the kills are those placed at 2, 2.5, 3 and 8 s, under the cut those at 2, 2.5 and 3 s."""

CONTROL = replace(GOOD, guard=None, calls=(*GOOD.calls[:3], call(4, 2.5, None, Ending.LOST)))

HOLDS = Proof("loyalty.yaml", "0.1.0", "22.10.1", 7, GOOD, CONTROL)

BAD = replace(
    GOOD,
    calls=(
        *GOOD.calls,
        call(7, 2.2, None, Ending.LOST),
        call(8, 2.3, 2.4, twice=True),
        call(9, 2.4, 7.4),
    ),
)
FAILS = replace(HOLDS, run=BAD)
EMPTY = replace(HOLDS, run=replace(GOOD, calls=(), faults=()), control=None)
