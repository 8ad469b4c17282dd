"""The flow file of a trial is one that ariroute reads, and says what the rules say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ariroute.config.load import load
from ariroute.flow.queues import ServiceLevel
from ariroute.staffing.rules import Lend, Mode, Reserve, Threshold
from scripts.trialling.arms import PRIORITY, Centre
from scripts.trialling.flows import flow_file


def read(path: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> object:
    monkeypatch.setenv("ARI_SECRET", "one")
    monkeypatch.setenv("AMI_SECRET", "two")
    for marker, value in {"{ari}": "http://127.0.0.1:1", "{ami}": "127.0.0.1:2", "{admin}": "127.0.0.1:3"}.items():
        text = text.replace(marker, value)
    file = path / "ariroute.yaml"
    file.write_text(text)
    return load(file).staffing


@pytest.mark.parametrize("mode", ["dynamic", "static", "advise"])
def test_the_rules_of_a_trial_come_back_from_its_file(
    mode: Mode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = Centre().rules(mode)
    first = replace(
        rules.tiers[0],
        max_agents=12,
        service_level=ServiceLevel(90, 10.0),
        reserve=Reserve(("gold", "standard"), 3, Threshold(wait=2.0), Threshold(wait=0.5)),
        lend=Lend(2, Threshold(wait=0.5)),
    )
    rules = replace(rules, tiers=(first, *rules.tiers[1:]))

    assert read(tmp_path, flow_file(PRIORITY, rules), monkeypatch) == rules


def test_without_rules_nobody_is_staffed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert read(tmp_path, flow_file(PRIORITY, None), monkeypatch) is None
