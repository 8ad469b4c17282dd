"""A long branch in ``test`` and ``explain``: the cases that the index passes over are told together."""

from __future__ import annotations

from pathlib import Path

from .conftest import Ariroute

CASES = "".join(f"          - {{match: {{crm.account: customer {n}}}, queue: gold}}\n" for n in range(40))
FILE = f"""\
version: 1
lookups:
  crm: {{http: {{url: "http://127.0.0.1:9/{{caller.e164}}"}}, fields: {{account: string}}}}
queues: {{gold: {{priority: 1}}, standard: {{}}}}
flows:
  f:
    trigger: {{call: {{}}}}
    default: standard
    steps:
      - lookup: crm
      - branch:
{CASES}"""


def test_the_trace_has_one_line_for_all_that_cannot_be_true(ariroute: Ariroute, tmp_path: Path) -> None:
    (tmp_path / "ariroute.yaml").write_text(FILE)

    ended = ariroute("test", "f", "--set", "crm.account=customer 30")

    assert '30 cases on crm.account: false  (crm.account = "customer 30")' in ended.out
    assert 'when crm.account == "customer 30": true' in ended.out
    paths = [entry["path"] for entry in ariroute("test", "f", "--set", "crm.account=x", "--json").json["trace"]]
    assert "flows.f.steps[1].branch[0-39]" in paths


def test_the_account_says_of_none_that_it_was_not_looked_at(ariroute: Ariroute, tmp_path: Path) -> None:
    (tmp_path / "ariroute.yaml").write_text(FILE)

    found = ariroute("explain", "f", "--set", "crm.account=customer 37").out
    failed = ariroute("explain", "f", "--fail", "crm=timeout").out

    assert '37 cases on crm.account were not taken: none of them is true, as crm.account is "customer 37".' in found
    assert [line for line in found.splitlines() if line.startswith("  when")] == [
        f'  when crm.account == "customer {number}" (to queue gold): an earlier case of this branch was taken'
        for number in (38, 39)
    ]
    assert "40 cases on crm.account were not taken: none of them is true, as crm failed: timeout." in failed
    assert "Not looked at" not in failed
