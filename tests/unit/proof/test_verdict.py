"""Verdicts on calls of a proof, each from a few rows of Asterisk's records."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ariroute.lab.records import CelEvent, CelRow, parse_queue_row
from ariroute.proof.result import Ending, ProvenCall
from ariroute.proof.verdict import MARGIN, Placed, Rules, at_extensions, judge

GUARD = 4.0
BEGAN = 1000.0
RULES = Rules(
    at_extensions(
        "in", {"prove0": Placed("support", refusals={21}), "prove1": Placed("menu", talk=10.0, restarted=20.0)}
    ),
    guard=GUARD,
    undecided="nobody",
)


def row(event: str, at: float, application: str = "", **more: object) -> CelRow:
    """A row of the caller's own channel, `at` seconds after the beginning."""
    return CelRow(
        event=CelEvent[event],
        name=event,
        time=BEGAN + at,
        uniqueid=str(more.get("uniqueid", "1.0")),
        linkedid="1.0",
        channel="PJSIP/caller-1",
        caller="+46701234567",
        context=str(more.get("context", "in")),
        extension=str(more.get("extension", "prove0")),
        application=application,
        application_data="",
        extra={key: value for key, value in more.items() if key.startswith("hangup")},
    )


START = row("CHAN_START", 1.0)
IN = row("APP_START", 1.1, "Stasis")


def refuses(cause: int = 21, source: str = "dialplan/builtin", **more: str) -> CelRow:
    """Hangup() of the delivering context, as a flow wants it."""
    where = {"context": "ariroute-deliver", "extension": "s", **more}
    return row("HANGUP", 2.0, hangupsource=source, hangupcause=cause, **where)


def hangs_up(at: float) -> CelRow:
    """The caller puts the phone down."""
    return row("HANGUP", at, hangupsource="PJSIP/caller-1", hangupcause=16)


def judged(*rows: CelRow, queue: tuple[str, ...] = (), now: float = 100.0, rules: Rules = RULES) -> ProvenCall | None:
    """The verdict on the one call of these rows."""
    lines = [parse_queue_row(f"{BEGAN:.0f}|1.0|{line}") for line in queue]
    (verdict,) = judge(rows, lines, rules, BEGAN, BEGAN + now)
    return verdict.call


def queued(name: str = "gold") -> str:
    return f"{name}|NONE|ENTERQUEUE||+46701234567|1"


def test_when_queue_log_has_a_call_then_it_is_in_a_queue_with_the_time_of_cel() -> None:
    call = judged(START, IN, row("APP_END", 1.4, "Stasis"), row("APP_START", 1.5, "Queue"), queue=(queued(),))

    assert call is not None
    assert (call.ending, call.queues, call.dialled) == (Ending.QUEUED, ("gold",), "support")
    assert call.placed == pytest.approx(1.0)
    assert call.wait == pytest.approx(0.4)
    assert not call.by_default
    assert not call.twice


def test_when_only_cel_tells_of_a_queue_then_the_call_is_not_in_one() -> None:
    call = judged(START, IN, row("APP_START", 1.5, "Queue"), row("HANGUP", 1.6, hangupcause=34), now=50)

    assert call is not None
    assert call.ending is Ending.LOST


def test_when_a_call_is_in_the_queue_of_the_undecided_then_it_is_there_by_default() -> None:
    call = judged(START, IN, row("APP_START", 5.1, "Queue"), queue=(queued("nobody"),))

    assert call is not None
    assert call.by_default


def test_when_a_call_enters_a_second_queue_without_overflow_then_it_is_told() -> None:
    call = judged(START, IN, row("APP_START", 1.5, "Queue"), queue=(queued(), queued("standard")))

    assert call is not None
    assert call.twice


@pytest.mark.parametrize(
    ("hung_up", "ending"), [(2.0, Ending.LEFT), (1.1 + GUARD + 0.05, Ending.LEFT), (1.2 + GUARD + MARGIN, Ending.LOST)]
)
def test_when_a_caller_hangs_up_then_only_one_who_may_still_wait_has_left(hung_up: float, ending: Ending) -> None:
    call = judged(START, IN, hangs_up(hung_up))

    assert call is not None
    assert call.ending is ending


@pytest.mark.parametrize(("now", "is_lost"), [(5.0, False), (1.2 + GUARD + MARGIN, True)])
def test_when_a_call_is_nowhere_then_it_is_lost_as_soon_as_it_is_late_by_far(now: float, is_lost: bool) -> None:
    call = judged(START, IN, now=now)

    assert (call is not None and call.ending is Ending.LOST) is is_lost


def test_when_a_flow_talks_then_its_time_is_allowed_and_more_after_a_death() -> None:
    start = row("CHAN_START", 1.0, extension="prove1")
    late = 1.1 + GUARD + MARGIN + 10.0 + 1.0

    assert judged(start, IN, now=late - 2.0) is None
    lost = judged(start, IN, now=late)
    assert lost is not None
    assert lost.ending is Ending.LOST
    deaths = Rules(RULES.placed, GUARD, deaths=[BEGAN + 3.0, BEGAN + 0.5])
    assert judged(start, IN, now=late, rules=deaths) is None
    queue = judged(start, IN, row("APP_START", late, "Queue"), queue=(queued(),), rules=deaths)
    assert queue is not None
    assert queue.allowed == 20.0


def test_when_a_rung_phone_answers_then_the_call_is_theirs() -> None:
    phone = row("ANSWER", 3.0, uniqueid="1.1")

    call = judged(START, IN, row("APP_START", 1.5, "Dial"), phone, row("HANGUP", 9.0, hangupcause=16))

    assert call is not None
    assert call.ending is Ending.ANSWERED
    assert call.settled == pytest.approx(3.0)


def test_when_phones_ring_on_the_way_then_the_ringing_is_no_wait() -> None:
    ring = (row("APP_START", 1.5, "Dial"), row("APP_END", 21.5, "Dial"))

    assert judged(START, IN, ring[0], now=15.0) is None
    call = judged(
        START, IN, *ring, row("APP_START", 21.6, "Stasis"), row("APP_START", 22.0, "Queue"), queue=(queued(),)
    )
    assert call is not None
    assert call.wait == pytest.approx(0.5)


@pytest.mark.parametrize(("cause", "ending"), [(21, Ending.REFUSED), (16, Ending.LOST), (34, Ending.LOST)])
def test_when_asterisk_hangs_up_then_only_a_cause_of_the_flows_is_their_word(cause: int, ending: Ending) -> None:
    call = judged(START, IN, refuses(cause=cause))

    assert call is not None
    assert call.ending is ending


@pytest.mark.parametrize(
    "rows",
    [
        (refuses(source=""),),
        (refuses(context="ariroute"),),
        (refuses(extension="T"),),
        (row("APP_START", 1.5, "Queue"), refuses()),
    ],
    ids=["over ARI", "before the delivery", "by the guard", "after a queue"],
)
def test_when_it_is_not_our_delivery_that_hangs_up_then_the_cause_of_a_flow_excuses_nothing(
    rows: tuple[CelRow, ...],
) -> None:
    call = judged(START, IN, *rows)

    assert call is not None
    assert call.ending is Ending.LOST


def test_when_another_flow_of_the_file_hangs_up_so_then_that_excuses_no_call_to_this_one() -> None:
    call = judged(row("CHAN_START", 1.0, extension="prove1"), IN, refuses())

    assert call is not None
    assert call.ending is Ending.LOST


ABANDONED = "gold|NONE|ABANDON|1|1|2"


def test_when_a_call_is_torn_out_of_its_queue_then_it_is_lost_although_it_was_there() -> None:
    in_queue = (START, IN, row("APP_START", 1.5, "Queue"))

    torn = judged(*in_queue, row("HANGUP", 3.5, hangupsource="", hangupcause=16), queue=(queued(), ABANDONED))
    gave_up = judged(*in_queue, hangs_up(3.5), queue=(queued(), ABANDONED))
    served = judged(
        *in_queue,
        row("HANGUP", 9.5, hangupsource="", hangupcause=16),
        queue=(queued(), "gold|Local/1|CONNECT|1|2.0|1", "gold|Local/1|COMPLETEAGENT|1|6|1"),
    )

    assert torn is not None
    assert gave_up is not None
    assert served is not None
    assert [call.ending for call in (torn, gave_up, served)] == [Ending.LOST, Ending.QUEUED, Ending.QUEUED]


def test_when_a_call_is_in_a_mailbox_then_the_caller_may_hang_up_there() -> None:
    box = row("APP_START", 2.0, "VoiceMail")

    assert judged(START, IN, box, now=2.5) is None
    inside = judged(START, IN, box, now=60.0)
    left = judged(START, IN, box, hangs_up(30.0))
    for call in (inside, left):
        assert call is not None
        assert call.ending is Ending.VOICEMAIL
        assert call.settled == pytest.approx(2.0)


def test_when_calls_come_in_elsewhere_then_they_are_none_of_the_proof() -> None:
    agent = row("CHAN_START", 1.0, context="agents")
    other = row("CHAN_START", 1.0, extension="control0")

    assert judge([agent, other], [], RULES, BEGAN, BEGAN + 9) == []


def test_when_calls_were_placed_before_then_they_do_not_count() -> None:
    assert judge([START, IN], [], RULES, BEGAN, BEGAN + 9, since=BEGAN + 2) == []


@pytest.mark.parametrize(("put_down", "ending"), [(1.9, Ending.LEFT), (2.1, Ending.LOST), (None, Ending.LOST)])
def test_of_a_local_channel_only_whoever_made_the_call_knows_whether_the_caller_hung_up(
    put_down: float | None, ending: Ending
) -> None:
    told = {} if put_down is None else {"1.0": BEGAN + put_down}
    call = judged(START, IN, row("HANGUP", 2.0), rules=replace(RULES, put_down=told))

    assert call is not None
    assert call.ending is ending
