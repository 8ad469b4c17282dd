"""Moves of agents in the journal: written once, found by what they have in common, and forgotten in their time."""

from __future__ import annotations

import pytest

from ariroute.journal.moves import Moved, MovesWanted, moves
from ariroute.journal.retention import PIECE, Limits, Retention
from ariroute.journal.store import Statement, Store

NOW = 1_800_000_000.0
DAY = 86400.0
ANNA = Moved(
    NOW, "pbx1", "anna", ("gold",), "platinum", "target", "platinum has 3 calls and 2 agents", "dynamic", True, ""
)
BOB = ANNA._replace(at=NOW + 1, agent="bob", left=("gold", "standard"), why="one queue")
EVE = ANNA._replace(at=NOW + 2, pbx="pbx2", agent="eve", left=(), queue="gold", done=False, failure="no right: agent")
ALL = MovesWanted()


def put(store: Store, *items: Moved) -> None:
    for item in items:
        store.write(list(item.statements()))


def test_a_move_is_read_as_it_was_written_the_latest_first(store: Store) -> None:
    put(store, ANNA, BOB, EVE)

    assert moves(store, ALL, 10) == [EVE, BOB, ANNA]
    assert moves(store, ALL, 1) == [EVE]


def test_a_second_try_after_a_lost_connection_writes_no_second_row(store: Store) -> None:
    statements = list(ANNA.statements())
    store.write(statements)
    store.write(statements)

    assert moves(store, ALL, 10) == [ANNA]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (MovesWanted(since=NOW + 1), [EVE, BOB]),
        (MovesWanted(until=NOW + 1), [ANNA]),
        (MovesWanted(since=NOW + 1, until=NOW + 2), [BOB]),
        (MovesWanted(until=4e11), [EVE, BOB, ANNA]),
        (MovesWanted(since=-1e11), [EVE, BOB, ANNA]),
        (MovesWanted(agent="bob"), [BOB]),
        (MovesWanted(pbx="pbx2"), [EVE]),
        (MovesWanted(queue="gold"), [EVE, BOB, ANNA]),
        (MovesWanted(queue="standard"), [BOB]),
        (MovesWanted(queue="gol"), []),
        (MovesWanted(queue="gold", agent="anna", pbx="pbx1", since=NOW, until=NOW + 1), [ANNA]),
    ],
    ids=str,
)
def test_moves_are_found_by_what_they_have_in_common(store: Store, wanted: MovesWanted, found: list[Moved]) -> None:
    put(store, ANNA, BOB, EVE)

    assert moves(store, wanted, 10) == found


def test_half_a_character_of_somebody_elses_name_is_no_reason_to_lose_the_move(store: Store) -> None:
    put(store, ANNA._replace(agent="a\udc80", left=("g\udc80",)))

    (move,) = moves(store, ALL, 10)
    assert (move.agent, move.left) == ("a?", ("g?",))


def test_old_moves_go_as_contacts_do_in_pieces_of_both(store: Store) -> None:
    put(store, *(ANNA._replace(at=NOW - 31 * DAY + number) for number in range(PIECE + 1)), BOB)
    contact(store, NOW - 40 * DAY)
    retention = Retention(Limits(30 * DAY, 1 << 40), lambda: NOW, lambda: 1000.0)

    retention.step(store)
    assert len(moves(store, ALL, 2 * PIECE)) == 3  # 499 and the contact
    assert store.read("SELECT count(*) FROM contacts") == [(0,)]
    for _ in range(3):
        retention.step(store)
    assert moves(store, ALL, 2 * PIECE) == [BOB]


def test_when_all_take_too_much_room_the_oldest_go_and_an_empty_journal_is_left_in_peace(store: Store) -> None:
    put(store, ANNA, BOB, EVE)
    contact(store, NOW)
    retention = Retention(Limits(30 * DAY, 1), lambda: NOW, lambda: 1000.0)

    retention.step(store)
    assert moves(store, ALL, 10) == []
    retention.step(store)
    assert retention.on_disk > 0, "it has come to its end, though the empty file is larger than it may be"


def contact(store: Store, arrived: float) -> None:
    columns = "id, pbx, contact, medium, arrived, caller, caller_key, dialled, flow, destination, by_default"
    sql = (
        f"INSERT INTO contacts ({columns}, reason, handed, took, digest, detail) "
        "VALUES ($1, 'pbx1', 'c', 'call', $2, 'x', 'k', '600', 'f', 'q', 0, 'r', 'h', 0.1, 'd', '{}')"
    )
    store.write([Statement(sql, (int(arrived * 1000) << 20, arrived))])
