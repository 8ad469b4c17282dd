"""Flow files with mistakes, at the start and at a reload, and good ones; under load: see ``matrix``."""

from __future__ import annotations

import re
import signal
from pathlib import Path

import pytest
from running_daemon import ariroute, until

from ariroute.lab.accounts import by_caller
from ariroute.lab.customers import CustomerService
from ariroute.lab.sip import Caller

from .conftest import NewDaemon, Site, edit, number

BAD = sorted((Path(__file__).parents[1] / "fixtures" / "bad").glob("*.yaml"))
AT_START = ["many-at-once", "mistakes-in-three-sections", "not-utf-8", "deadlines-over-the-guard", "secret-written-out"]
PLACE = r"{file}:\d+:\d+: .+"


def expected(file: Path) -> list[str]:
    """The messages that a bad file's own first lines promise."""
    lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    return [line.removeprefix("# expect: ") for line in lines if line.startswith("# expect: ")]


@pytest.mark.parametrize("name", AT_START)
def test_a_file_with_mistakes_ends_run_with_2_and_the_list_of_them_alone(name: str) -> None:
    file = next(file for file in BAD if file.stem == name)

    ended = ariroute("run", "-c", str(file))

    assert (ended.returncode, ended.stdout) == (2, "")
    lines = [line for line in ended.stderr.splitlines() if line.startswith(str(file))]
    told = [line for line in lines if "the section 'asterisk' is missing" not in line]
    assert len(told) == len(expected(file))
    assert all(re.match(PLACE.format(file=re.escape(str(file))), line) for line in lines)
    assert "Traceback" not in ended.stderr


def test_a_bad_reload_leaves_calls_in_flight_and_the_next_ones_alone_and_a_good_one_switches_the_next(
    site: Site, new_daemon: NewDaemon, crm: CustomerService
) -> None:
    daemon = new_daemon(site)
    daemon.start()
    crm.delay = 0.7
    site.place([Caller(number("silver", 1)), Caller(number("gold", 1))])
    until(lambda: daemon.in_flight == 2, "two calls in the daemon's hands")

    edit(daemon, "queue: standard", "queue: standrd")
    refused = daemon.reload()
    assert refused.returncode == 2
    assert re.match(PLACE.format(file=re.escape(str(daemon.file))) + "did you mean 'standard'", refused.stdout)
    daemon.signal(signal.SIGHUP)
    until(lambda: daemon.metric("ariroute_reloads_total", result="refused") == 2, daemon.text)
    edit(daemon, "queue: standrd", "queue: platinum")
    done = daemon.reload()
    assert (done.returncode, done.stdout) == (0, "flow support changed\n")
    site.place([Caller(number("silver", 2))])

    calls = by_caller(site.accounts.settled(3))
    assert [calls[number("silver", 1)].queue, calls[number("gold", 1)].queue] == ["standard", "gold"]
    assert calls[number("silver", 2)].queue == "platinum"

    edit(daemon, "queue: platinum\ndaemon", "queue: gold\ndaemon")
    daemon.signal(signal.SIGHUP)
    until(lambda: daemon.metric("ariroute_reloads_total", result="done") == 2, daemon.text)
    site.place([Caller(number("silver", 3))])
    assert by_caller(site.accounts.settled(4))[number("silver", 3)].queue == "gold"


def test_a_folder_of_several_files_is_reloaded_as_a_whole_or_not_at_all(site: Site, new_daemon: NewDaemon) -> None:
    whole = new_daemon(site)
    head, flows = whole.file.read_text(encoding="utf-8").split("flows:\n")
    steps, settings = flows.split("daemon: ")
    folder = whole.file.with_suffix(".d")
    conf = folder / "conf.d"
    conf.mkdir(parents=True)
    (folder / "ariroute.yaml").write_text(f"{head}daemon: {settings}", encoding="utf-8")
    support = conf / "50-support.yaml"
    support.write_text(f"flows:\n{steps}", encoding="utf-8")
    whole.file = folder
    whole.start()
    site.place([Caller(number("silver", 1))])
    site.accounts.settled(1)

    (conf / "60-sales.yaml").write_text("flows: {sales: {trigger: {call: {to: sales}}, default: gold}}\n")
    support.write_text(support.read_text().replace("queue: standard", "queue: standrd"))
    refused = whole.reload()
    assert refused.returncode == 2
    assert re.match(PLACE.format(file=re.escape(str(support))) + "did you mean 'standard'", refused.stdout)
    site.place([Caller(number("silver", 2))])
    site.accounts.settled(2)

    support.write_text(support.read_text().replace("queue: standrd", "queue: platinum"))
    done = ariroute("reload", "-c", str(folder))  # which finds the daemon by the folder's own daemon.admin
    assert (done.returncode, sorted(done.stdout.splitlines())) == (0, ["flow sales added", "flow support changed"])
    site.place([Caller(number("silver", 3))])

    calls = by_caller(site.accounts.settled(3))
    assert [calls[number("silver", each)].queue for each in (1, 2, 3)] == ["standard", "standard", "platinum"]
    (conf / "60-sales.yaml").unlink()
    assert whole.reload().stdout == "flow sales removed\n"
