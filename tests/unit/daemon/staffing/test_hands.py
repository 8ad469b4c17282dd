"""What is done to members and undone, whose hand it was, and the file that keeps what was before."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ariroute.asterisk.queue_events import QueueMember
from ariroute.daemon.staffing.acts import NO_ANSWER, POSTED, Act, back, pause, post
from ariroute.daemon.staffing.floor import Change
from ariroute.daemon.staffing.hands import HEARD_WITHIN, WAITS, Hands, Taken
from ariroute.daemon.staffing.kept import Kept, place_of, read, text_of, write
from ariroute.errors import UnusableInput

ANNA = "PJSIP/anna"
GOLD = QueueMember("gold", ANNA, "Anna", "hint:100@office", penalty=2, wrap_up=7)
STATIC = replace(GOLD, dynamic=False)
FRESH = QueueMember("platinum", ANNA, "anna", penalty=5)
STAFFED = {"platinum", "gold", "standard"}


def places(*members: QueueMember) -> dict[str, QueueMember]:
    return {member.queue: member for member in members}


def done(acts: list[Act]) -> list[str]:
    return [str(act) for act in acts]


def test_a_dynamic_member_is_added_first_as_they_were_and_removed_then() -> None:
    first, then = post(places(GOLD, replace(GOLD, queue="elsewhere")), STAFFED, FRESH)
    assert first == [Act("add", replace(GOLD, queue="platinum", penalty=5))]
    assert done(then) == ["removed from gold"]  # the queue of others stays


def test_a_member_who_cannot_be_removed_is_paused_and_comes_back_by_an_unpause() -> None:
    ours = pause(replace(STATIC, queue="platinum"), POSTED).member
    first, then = post(places(STATIC, ours), STAFFED, FRESH)
    assert done(first) == ["given penalty 5 in platinum", "unpaused in platinum"]
    assert then == [Act("pause", replace(STATIC, paused=True, reason="ariroute"))]


def test_who_is_in_place_already_needs_nothing() -> None:
    assert post(places(replace(GOLD, penalty=5)), STAFFED, replace(FRESH, queue="gold")) == ([], [])


def test_all_is_put_back_as_it_was_but_for_who_has_logged_out() -> None:
    now = places(
        replace(GOLD, queue="platinum"), replace(STATIC, queue="standard", penalty=9, paused=True, reason=POSTED)
    )
    before = (GOLD, replace(STATIC, queue="standard"))
    assert done(list(back(before, now, only_pauses=False))) == [
        "added to gold",
        "given penalty 2 in standard",
        "removed from platinum",
        "unpaused in standard",
    ]
    assert done(list(back(before, now, only_pauses=True))) == ["unpaused in standard"]

    assert list(back(before, {}, only_pauses=False)) == []


def test_who_is_put_back_on_a_break_stays_on_it() -> None:
    lunch = replace(GOLD, queue="platinum", paused=True, reason="lunch")
    added, removed = back((GOLD,), places(lunch), only_pauses=False)
    assert added == Act("add", replace(GOLD, paused=True, reason="lunch"))
    assert removed == Act("remove", lunch)


def test_a_pause_by_somebody_else_is_not_ended() -> None:
    now = places(
        replace(GOLD, paused=True, reason="lunch"), replace(GOLD, queue="platinum", paused=True, reason=NO_ANSWER)
    )
    assert done(list(back((GOLD, replace(GOLD, queue="platinum")), now, only_pauses=False))) == ["unpaused in platinum"]


class Watched:
    """Hands that have taken anna, who is in these queues."""

    def __init__(self, *members: QueueMember) -> None:
        self.hands = Hands()
        self.places = places(*members)
        self.hands.take(ANNA, self.places)
        self.now = 100.0

    def happens(self, after: QueueMember | None, before: QueueMember | None = None) -> str:
        """Something has changed; what is said of it."""
        change = Change(before, after)
        self.places.pop(change.member.queue, None)
        if after:
            self.places[after.queue] = after
        self.hands.on_change(change, self.places, STAFFED, self.now)
        taken = self.hands.taken.get(ANNA)
        return taken.left_alone if taken else "logged out"


def test_what_we_do_ourselves_is_no_humans_change() -> None:
    watched = Watched(GOLD)
    for act, before, after in (
        (Act("add", FRESH), None, FRESH),
        (Act("penalty", replace(FRESH, penalty=1)), FRESH, replace(FRESH, penalty=1)),
        (pause(GOLD, POSTED), GOLD, replace(GOLD, paused=True, reason=POSTED)),
        (Act("unpause", GOLD), replace(GOLD, paused=True, reason=POSTED), GOLD),
        (Act("remove", GOLD), GOLD, None),
    ):
        watched.hands.expect(act, watched.now)
        assert watched.hands.expects(ANNA, watched.now)
        assert watched.happens(after, before) == ""
        assert not watched.hands.expects(ANNA, watched.now)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (None, FRESH, "somebody added them to platinum"),
        (replace(GOLD, queue="standard"), None, "somebody removed them from standard"),
        (GOLD, replace(GOLD, penalty=3), "somebody gave them penalty 3 in gold"),
        (replace(GOLD, paused=True, reason=POSTED), GOLD, "somebody unpaused them in gold"),
        (GOLD, replace(GOLD, paused=True, reason="lunch"), ""),
        (replace(GOLD, paused=True, reason="lunch"), GOLD, ""),
        (replace(GOLD, paused=True, reason=NO_ANSWER), GOLD, ""),
        (None, replace(FRESH, dynamic=False), ""),
        (None, replace(FRESH, queue="elsewhere"), ""),
        (GOLD, replace(GOLD, status=2), ""),
        (replace(STATIC, login=10, paused=True, reason=POSTED), replace(STATIC, login=99, penalty=0), ""),
        (GOLD, None, "logged out"),
    ],
)
def test_what_somebody_else_does(before: QueueMember | None, after: QueueMember | None, said: str) -> None:
    watched = Watched(GOLD)
    assert watched.happens(after, before) == said


def test_who_cannot_log_out_does_so_by_a_pause_everywhere() -> None:
    watched = Watched(STATIC)
    assert watched.happens(replace(STATIC, penalty=9), STATIC) != ""
    assert watched.happens(replace(STATIC, penalty=9, paused=True), replace(STATIC, penalty=9)) == "logged out"


def test_what_is_done_may_be_told_of_late_nobody_waits_so_long_and_what_was_refused_is_never_told() -> None:
    watched = Watched(GOLD)
    watched.hands.expect(Act("add", FRESH), watched.now)
    watched.now += WAITS
    assert not watched.hands.expects(ANNA, watched.now)
    watched.now += HEARD_WITHIN - WAITS - 1
    assert watched.happens(FRESH) == ""
    watched = Watched(GOLD)
    watched.hands.expect(Act("add", FRESH), watched.now)
    watched.hands.not_done(Act("add", FRESH))
    assert watched.happens(FRESH) != ""
    watched = Watched(GOLD)
    watched.hands.expect(Act("add", FRESH), watched.now)
    watched.now += HEARD_WITHIN
    assert watched.happens(FRESH) != ""


def test_what_is_before_is_remembered_once_and_without_a_pause_of_ours() -> None:
    watched = Watched(replace(STATIC, paused=True, reason=POSTED))
    watched.hands.take(ANNA, {})
    assert watched.hands.taken[ANNA].before == (STATIC,)


def test_after_a_long_break_who_is_where_we_left_them_is_still_ours() -> None:
    for serves, known in (("platinum", True), ("gold", True), ("standard", False)):
        watched = Watched(GOLD)
        watched.hands.sends(ANNA, "gold", "platinum")
        there = places(replace(GOLD, queue=serves))
        watched.hands.after_a_break(lambda interface, there=there: there)  # type: ignore[misc]
        assert (ANNA in watched.hands.taken) is known
    watched.hands.after_a_break(lambda interface: {})
    assert watched.hands.taken == {}


def test_the_file_holds_what_must_be_kept_for_us_alone(tmp_path: Path) -> None:
    kept = Kept(True, {ANNA: Taken((GOLD, STATIC), "platinum", "gold", "somebody added them to gold")})
    file = tmp_path / "state.json"
    assert read(file) == Kept()
    write(file, text_of(kept))
    write(file, text_of(kept))
    assert read(file) == kept
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["state.json"]


def test_it_lies_where_the_service_keeps_its_state_or_beside_the_flow_file(tmp_path: Path) -> None:
    flow = tmp_path / "site.yaml"
    assert place_of(flow, "pbx1", {}) == tmp_path / "site.staffing.pbx1.json"
    assert place_of(flow, "pbx1", {"STATE_DIRECTORY": "/var/lib/a:/b"}) == Path("/var/lib/a/site.staffing.pbx1.json")
    assert place_of(tmp_path, "pbx1", {}).parent == tmp_path


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        '{"version": 1, "released": false, "agents": []}',
        '{"version": 1, "released": false, "agents": {"a": {"before": [{}], "queue": ""}}}',
        text_of(Kept(False, {ANNA: Taken((GOLD,))})).replace('"penalty":2', '"penalty":"2"'),
        text_of(Kept()).replace('"version":1', '"version":2'),
    ],
)
def test_a_damaged_file_is_an_error_with_a_remedy(tmp_path: Path, text: str) -> None:
    file = tmp_path / "state.json"
    file.write_text(text)
    with pytest.raises(UnusableInput, match="move it away"):
        read(file)


def test_a_file_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    with pytest.raises(UnusableInput, match="Is a directory"):
        read(tmp_path)
