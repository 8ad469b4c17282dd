"""What happens to contacts after their records, in any journal's database."""

from __future__ import annotations

from ariroute.journal.reader import Reader
from ariroute.journal.record import INSERT, Happened, OutOfSight, new_id
from ariroute.journal.store import Statement, Store

NOW = 1_795_323_387.25
ROW = ("call", NOW, "x", "k", "600", "f", "q", "gold", 1, 0, "r", "handed over", 0.1, "d", "{}")


def check(store: Store) -> None:
    """Rows know what happened to their contacts, and whose end nobody saw."""

    def put(item: Happened | OutOfSight) -> None:
        store.write(list(item.statements()))

    old = new_id(NOW - 90_000)
    store.write(
        [
            Statement(INSERT, (row, pbx, contact, *ROW))
            for row, pbx, contact in (
                *((old, "pbx1", "old"), (new_id(NOW), "pbx1", "1.1"), (new_id(NOW), "pbx1", "1.2")),
                (new_id(NOW), "pbx2", "1.1"),
            )
        ]
    )
    for pbx, contact in (("pbx1", "old"), ("pbx1", "1.1"), ("pbx1", "1.2"), ("pbx2", "1.1")):
        columns = {"outcome": "waiting", "outcome_queue": "gold", "position": 2, "linked": "1.0"}
        put(Happened(contact, pbx, {"what": "entered", "at": NOW, "queue": "gold"}, columns))
    put(
        Happened(
            "1.2", "pbx1", {"what": "answered", "at": NOW + 1}, {"outcome": "answered", "wait": 1.5, "agent": "Åke"}
        )
    )
    put(Happened("1.2", "pbx1", {"what": "ended", "at": NOW + 2}, {"talk": 61.25}))
    put(Happened("unknown", "pbx1", {"what": "entered", "at": NOW}, {"outcome": "waiting"}))  # of another dialplan
    put(OutOfSight("pbx1", NOW - 86_400, {"what": "unwatched", "at": NOW + 3, "why": "it says"}))

    rows = {(each.pbx, each.contact): each for each in Reader(store).between(0, 1e12)}
    assert {key: each.outcome for key, each in rows.items()} == {
        ("pbx1", "old"): "waiting",  # nobody waits for a day
        ("pbx1", "1.1"): "unknown",
        ("pbx1", "1.2"): "answered",
        ("pbx2", "1.1"): "waiting",
    }
    talked = rows["pbx1", "1.2"]
    assert (talked.position, talked.linked, talked.agent, talked.wait, talked.talk) == (2, "1.0", "Åke", 1.5, 61.25)
    assert [event["what"] for event in talked.events()] == ["entered", "answered", "ended"]
    assert rows["pbx1", "1.1"].events()[-1]["why"] == "it says"
