"""Counts and times as Prometheus reads them."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, generate_latest

from ariroute.daemon.tally import Tally, Times


def test_a_tally_counts_each_set_of_labels() -> None:
    registry = CollectorRegistry()
    tally = Tally("calls", "Calls", ["pbx", "how"], registry)
    for how in ("gone", "gone", "handed over"):
        tally.add("pbx1", how)
    assert registry.get_sample_value("calls_total", {"pbx": "pbx1", "how": "gone"}) == 2
    assert registry.get_sample_value("calls_total", {"pbx": "pbx1", "how": "handed over"}) == 1


def test_a_time_counts_in_its_bucket_and_in_all_above() -> None:
    registry = CollectorRegistry()
    times = Times("took_seconds", "Times", ["lookup"], (0.1, 1.0), registry)
    for seconds in (0.1, 0.5, 7.0):
        times.add(seconds, "crm")
    counted = [
        registry.get_sample_value("took_seconds_bucket", {"lookup": "crm", "le": le}) for le in ("0.1", "1.0", "+Inf")
    ]
    assert counted == [1, 2, 3]
    assert registry.get_sample_value("took_seconds_count", {"lookup": "crm"}) == 3
    assert registry.get_sample_value("took_seconds_sum", {"lookup": "crm"}) == 7.6


def test_times_without_labels_are_there_before_the_first() -> None:
    registry = CollectorRegistry()
    Times("took_seconds", "Times", [], (0.1,), registry)
    assert b'took_seconds_bucket{le="+Inf"} 0.0' in generate_latest(registry)


def test_a_figure_that_was_begun_is_shown_at_0_and_counts_on() -> None:
    registry = CollectorRegistry()
    tally = Tally("calls", "Calls", ["pbx"], registry)
    tally.begin("pbx1")
    assert registry.get_sample_value("calls_total", {"pbx": "pbx1"}) == 0
    tally.add("pbx1")
    tally.begin("pbx1")
    assert registry.get_sample_value("calls_total", {"pbx": "pbx1"}) == 1
