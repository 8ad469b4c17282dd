"""Cases are walked by the engine that routes real calls; nothing is asked for real, and the clock is the case's own."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from ariroute.cases.case import Case, Checkpoint, Expected, Given, Press, RingEnd
from ariroute.cases.ending import Ending
from ariroute.cases.run import run_case
from ariroute.config.load import load_text
from ariroute.flow.contact import Contact, party
from ariroute.flow.facts import Failure
from ariroute.flow.wants import RingOutcome

from .conftest import MONDAY, Try, failed, found

GOLD = Expected(Ending("queue", "gold", 20))
STANDARD = Expected(Ending("queue", "standard"))


ASKING = """\
version: 1
timezone: Europe/Stockholm
hours: {office: {mon-fri: "08:00-17:00"}}
queues: {gold: {priority: 20}}
flows: {support: {default: gold, steps: [{STEP}, {queue: gold}]}}
"""
AT_NIGHT = """\
version: 1
timezone: Europe/Stockholm
hours: {night: {sun: "03:00-04:00"}, sunday: {sun: "00:00-01:00"}}
endpoints: {reception: PJSIP/reception}
queues: {open: {}, closed: {}, sunday: {}}
flows:
  support:
    default: closed
    steps:
      - dial: {endpoint: reception, timeout: 20s}
      - hours: {calendar: night, open: {queue: open}}
      - hours: {calendar: sunday, open: {queue: sunday}}
"""


def told(verdict: object) -> list[str]:
    return [str(each) for each in verdict.mismatches]  # type: ignore[attr-defined]


def test_a_case_passes_when_the_call_ends_as_expected(tried: Try) -> None:
    mocks = {"crm": found("crm", loyalty="gold", account="A1"), "invoices": found("invoices", due=0.0)}

    assert tried(expected=GOLD, mocks=mocks).passed


def test_a_case_fails_and_tells_what_was_expected_and_what_came(tried: Try) -> None:
    mocks = {"crm": found("crm", loyalty="silver", account="A1"), "invoices": found("invoices", due=0.0)}

    assert told(tried(expected=GOLD, mocks=mocks)) == [
        "end: expected queue gold, priority 20, got queue standard, priority 0"
    ]


def test_a_lookup_without_a_mock_fails_the_case_and_the_trace_tells_where(tried: Try) -> None:
    verdict = tried(expected=STANDARD, mocks={"crm": found("crm", loyalty="gold")})

    assert [each.what for each in verdict.mismatches] == ["no mock for invoices"]
    assert [entry.result for entry in verdict.decision.trace if entry.what == "lookup"] == ["unfinished", "unfinished"]


def test_a_lookup_that_takes_longer_than_its_deadline_is_a_timeout_after_just_that_time(tried: Try) -> None:
    mocks = {"crm": found("crm", takes=5.0, loyalty="gold"), "invoices": found("invoices", due=1.0)}

    verdict = tried(expected=STANDARD, mocks=mocks)

    assert verdict.passed
    assert verdict.after == pytest.approx(0.8)
    assert [(entry.text, entry.reason) for entry in verdict.decision.trace if entry.what == "lookup"] == [
        ("crm", "timeout: no answer within 800 ms"),
        ("invoices", "error: not asked, as it needs what crm says"),
    ]


def test_a_lookup_that_waits_for_another_begins_when_that_one_has_answered(tried: Try) -> None:
    mocks = {
        "crm": found("crm", takes=0.2, loyalty="none", account="A1"),
        "invoices": found("invoices", takes=0.1, due=2.0),
    }

    verdict = tried(expected=Expected(Ending("queue", "invoices"), within=0.3), mocks=mocks)

    assert verdict.passed
    assert verdict.after == pytest.approx(0.3)
    assert told(tried(expected=Expected(within=0.25), mocks=mocks)) == ["within: expected 250ms, got 300ms"]


def test_a_lookup_that_cannot_be_asked_is_missing_whatever_the_case_says(tried: Try) -> None:
    mocks = {"crm": found("crm", loyalty="gold"), "invoices": found("invoices", due=1.0)}

    verdict = tried(expected=STANDARD, mocks=mocks, caller="")

    assert verdict.passed
    assert [entry.reason for entry in verdict.decision.trace if entry.what == "lookup"] == [
        "caller.e164 is empty",
        "crm.account is empty",
    ]


def test_a_timeout_takes_the_deadline_and_another_failure_no_time(tried: Try) -> None:
    other = {"invoices": found("invoices", due=0.0)}

    assert tried(mocks={"crm": failed("crm", Failure.TIMEOUT)} | other).after == pytest.approx(0.8)
    assert tried(mocks={"crm": failed("crm", Failure.REFUSED)} | other).after == 0
    assert tried(mocks={"crm": failed("crm", Failure.STATUS, 0.4)} | other).after == pytest.approx(0.4)


def test_a_flow_that_asks_the_time_needs_a_clock(tried: Try) -> None:
    assert tried("opening", expected=GOLD).passed
    without = tried("opening", expected=GOLD, has_clock=False)

    assert [each.what for each in without.mismatches] == ["clock"]
    assert tried("talk", has_clock=False).passed


@pytest.mark.parametrize(
    "step",
    [
        'label: {headers: {X-At: {cel: \'open("office") ? "day" : "night"\'}}}',
        'set: {shift: {cel: \'open("office") ? "day" : "night"\'}}',
        "play: [{number: {cel: 'now.getHours(\"Europe/Stockholm\")'}}]",
        'note: {cel: \'open("office") ? "day" : "night"\'}',
    ],
    ids=lambda step: step.partition(":")[0],
)
def test_the_time_is_asked_wherever_an_expression_reads_it(step: str) -> None:
    config = load_text(ASKING.replace("STEP", step), "ariroute.yaml")
    contact = Contact("test", MONDAY, party("", "", "SE"))

    without = run_case(config, Case("a case", Given("support", contact, has_clock=False), GOLD))

    assert [each.what for each in without.mismatches] == ["clock"]
    assert run_case(config, Case("a case", Given("support", contact), GOLD)).passed


def test_a_text_that_has_now_in_it_is_no_time() -> None:
    config = load_text(ASKING.replace("STEP", "set: {tier: {cel: '\"known now\"'}}"), "ariroute.yaml")
    contact = Contact("test", MONDAY, party("", "", "SE"))

    assert run_case(config, Case("a case", Given("support", contact, has_clock=False), GOLD)).passed


@pytest.mark.parametrize(
    ("clock", "standing"),
    [
        ("2026-03-29T01:59:50+01:00", "open"),  # the clocks go forward: 20 seconds later it is 03:00:10
        ("2026-10-25T02:59:50+02:00", "closed"),  # they go back: it is 02:00:10, for the second time
        ("2026-10-25T02:59:50+01:00", "open"),
        ("2026-10-24T23:59:50+02:00", "sunday"),
    ],
)
def test_a_call_lasts_as_long_when_the_clocks_change_or_the_day_ends(clock: str, standing: str) -> None:
    config = load_text(AT_NIGHT, "ariroute.yaml")
    arrived = datetime.fromisoformat(clock).astimezone(ZoneInfo("Europe/Stockholm"))
    rings = Checkpoint(10, Expected(waits_for="reception"))

    verdict = run_case(
        config,
        Case(
            "a case",
            Given("support", Contact("test", arrived, party("", "", "SE"))),
            Expected(Ending("queue", standing), within=20.0),
            (rings,),
        ),
    )

    assert told(verdict) == []
    assert verdict.after == 20


def test_prompts_and_silence_move_the_clock_on(tried: Try) -> None:
    sounds = {"custom/welcome": 4.0, "custom/menu": 6.0}

    nothing = tried("talk", expected=Expected(Ending("queue", "invoices")), sounds=sounds)
    pressed = tried("talk", expected=GOLD, sounds=sounds, presses=(Press("1"),))

    assert (nothing.passed, nothing.after) == (True, 4 + 2 * (6 + 5))
    assert (pressed.passed, pressed.after) == (True, 4 + 6)


def test_keys_at_their_time_end_the_prompt_and_count_before_they_are_asked_for(tried: Try) -> None:
    sounds = {"custom/welcome": 4.0, "custom/menu": 6.0}

    early = tried("talk", expected=GOLD, sounds=sounds, presses=(Press("1", 2.0),))
    in_the_prompt = tried("talk", expected=GOLD, sounds=sounds, presses=(Press("1", 7.5),))
    late = tried("talk", expected=GOLD, sounds=sounds, presses=(Press("1", 40.0),))

    assert (early.passed, early.after) == (True, 4)
    assert (in_the_prompt.passed, in_the_prompt.after) == (True, 7.5)
    assert not late.passed
    assert late.notes == ("press '1' was not needed: the flow asked for keys so often only",)


def test_digits_are_collected_until_the_terminator_or_the_pause(tried: Try) -> None:
    typed = tried("talk", expected=GOLD, presses=(Press("2", 0.0), Press("123#", 1.0)))
    paused = tried("talk", expected=GOLD, presses=(Press("2", 0.0), Press("1", 1.0), Press("23", 2.0)))

    assert (typed.decision.variables["number"], typed.after) == ("123", 1.0)
    assert (paused.decision.variables["number"], paused.after) == ("123", 5.0)


def test_a_terminator_behind_a_complete_number_is_no_key_for_the_next_question(tried: Try) -> None:
    verdict = tried("twice", presses=(Press("123456#", 1.0), Press("1", 2.0)))

    assert (verdict.decision.variables, verdict.after) == ({"first": "123456", "second": "1"}, 2.0)


def test_keys_pressed_long_before_they_are_asked_for_need_no_pause_behind_them(tried: Try) -> None:
    verdict = tried("twice", presses=(Press("12", 1.0),), sounds={"custom/wait": 9.0})

    assert (verdict.decision.variables["first"], verdict.after) == ("12", 9.0 + 9.0 + 4.0)


def test_keys_that_were_too_many_for_one_question_count_for_the_next(tried: Try) -> None:
    together = tried("talk", expected=GOLD, presses=(Press("91"),))  # 9 is no key of the menu: it asks again
    number = tried("twice", presses=(Press("1234567"),))
    more = tried("talk", expected=GOLD, presses=(Press("12"),))

    assert told(together) == []
    assert number.decision.variables == {"first": "123456", "second": "7"}
    assert more.notes == ("press '2' was not needed: the flow asked for keys so often only",)


def test_a_prompt_that_cannot_be_played_is_not_repeated(tried: Try) -> None:
    missing = {"custom/welcome": None, "custom/menu": None}

    verdict = tried("talk", expected=Expected(Ending("queue", "invoices"), path_has=("play.failed",)), sounds=missing)

    assert (told(verdict), verdict.after) == ([], 5.0)
    assert tried("talk", expected=GOLD, sounds=missing, presses=(Press("1"),)).passed
    assert tried("talk", sounds=missing, presses=(Press("1", 0.0),)).decision.trace[-2].reason == ""


@pytest.mark.parametrize(
    ("end", "queue", "after"),
    [
        (RingEnd(RingOutcome.BUSY), "gold", 0.0),
        (RingEnd(RingOutcome.BUSY, 3.0), "gold", 3.0),
        (RingEnd(RingOutcome.NO_ANSWER), "invoices", 20.0),
        (RingEnd(RingOutcome.FAILED), "standard", 0.0),
    ],
)
def test_a_ring_ends_as_told(tried: Try, end: RingEnd, queue: str, after: float) -> None:
    verdict = tried("ring", expected=Expected(Ending("queue", queue)), rings=(end,))

    assert (told(verdict), verdict.after) == ([], after)


def test_a_ring_that_is_answered_is_the_end(tried: Try) -> None:
    verdict = tried("ring", expected=Expected(Ending("dial", "reception")), rings=(RingEnd(None, 7.0),))

    assert (told(verdict), verdict.after) == ([], 7.0)


def test_a_ring_that_nothing_is_said_of_is_not_answered(tried: Try) -> None:
    assert tried("ring", expected=Expected(Ending("queue", "invoices"))).passed


def test_at_a_moment_the_flow_waits_or_has_decided(tried: Try) -> None:
    sounds = {"custom/welcome": 4.0, "custom/menu": 6.0}
    points = (
        Checkpoint(3.0, Expected(waits_for="prompt")),
        Checkpoint(8.0, Expected(waits_for="keys")),
        Checkpoint(15.0, GOLD),
    )
    wrong = (Checkpoint(3.0, Expected(waits_for="keys")), Checkpoint(8.0, GOLD), Checkpoint(20.0, STANDARD))

    assert told(tried("talk", checkpoints=points, sounds=sounds, presses=(Press("1", 12.0),))) == []
    assert told(tried("talk", checkpoints=wrong, sounds=sounds, presses=(Press("1", 12.0),))) == [
        "at 3s: waits_for: expected keys, got prompt",
        "at 8s: end: expected queue gold, priority 20, got none yet: the flow waits for keys",
        "at 20s: end: expected queue standard, got queue gold, priority 20",
    ]


def test_a_path_names_every_step_and_path_has_some(tried: Try) -> None:
    mocks = {"crm": found("crm", loyalty="gold", account="A1"), "invoices": failed("invoices", Failure.TIMEOUT)}
    whole = ("crm.found", "invoices.timeout", 'when crm.loyalty == "gold"')

    assert tried(expected=Expected(path=whole), mocks=mocks).passed
    assert tried(expected=Expected(path_has=("crm", "flows.support.steps[1].branch[0]")), mocks=mocks).passed
    assert told(tried(expected=Expected(path=whole[:2]), mocks=mocks)) == [
        'path: expected crm.found, invoices.timeout, got crm.found, invoices.failed, when crm.loyalty == "gold"'
    ]
    assert not tried(expected=Expected(path_has=("invoices", "crm")), mocks=mocks).passed
