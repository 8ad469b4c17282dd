"""The configuration of a private Asterisk, as text."""

from __future__ import annotations

from pathlib import Path

import pytest

from ariroute.lab import pbxconfig
from ariroute.lab.debian import LabError
from ariroute.lab.pbxconfig import Extras, Folders, Ports, Secrets


def configuration(extras: Extras | None = None) -> dict[str, str]:
    folders = Folders(Path("/base"), Path("/base/run"), Path("/modules"), Path("/data"))
    return pbxconfig.configuration(
        folders, Ports(1, 2, 3), Secrets("a-r-i", "a-m-i", "r-e-a-d"), extras or Extras(), ["x.so"]
    )


def test_ports_and_secrets_are_filled_into_the_samples() -> None:
    files = configuration()

    assert "bind = 127.0.0.1:1\n" in files["pjsip.conf"]
    assert "bindport = 2\n" in files["http.conf"]
    assert "port = 3\n" in files["manager.conf"]
    assert "password = a-r-i\n" in files["ari.conf"]
    assert "secret = a-m-i\n" in files["manager.conf"]
    assert not [name for name, text in files.items() if "CHANGE-ME" in text]


@pytest.mark.parametrize("name", ["http.conf", "manager.conf"])
def test_servers_listen_on_the_loopback_address_only(name: str) -> None:
    assert "bindaddr = 127.0.0.1\n" in configuration()[name]


def test_the_manager_user_is_told_of_queues_and_acts_on_queues_alone() -> None:
    lines = configuration()["manager.conf"].splitlines()

    assert [line for line in lines if line.startswith(("read", "write "))] == ["read = agent,user", "write = agent"]


def test_every_folder_that_asterisk_writes_to_lies_under_the_base() -> None:
    lines = [line.partition(" => ") for line in configuration()["asterisk.conf"].splitlines() if " => " in line]
    elsewhere = {name: place for name, _, place in lines if not place.startswith("/base/")}

    assert elsewhere == {"astmoddir": "/modules"}


def test_an_agent_has_a_phone_at_its_port() -> None:
    text = configuration(Extras(agents={"alice": 4001}))["pjsip.conf"]

    assert "[alice](demo-agent)\naors = alice\n" in text
    assert "contact = sip:alice@127.0.0.1:4001\n" in text


def test_queues_are_replaced_or_added_to() -> None:
    assert "queues-ariroute.conf" in configuration(Extras(extra_queues="[more]\n"))["queues.conf"]
    assert "[more]" in configuration(Extras(extra_queues="[more]\n"))["queues.conf"]
    assert "queues-ariroute.conf" not in configuration(Extras(queues="[only]\n"))["queues.conf"]


def test_variables_become_globals() -> None:
    assert (
        "[globals]\nARIROUTE_DEFAULT = gold\n"
        in configuration(Extras(variables={"ARIROUTE_DEFAULT": "gold"}))["extensions.conf"]
    )


def test_a_whole_file_can_be_replaced() -> None:
    assert configuration(Extras(files={"ari.conf": "mine"}))["ari.conf"] == "mine"


@pytest.mark.parametrize("sample", ["nothing here", "bindport = 8088\nbindport = 8088"])
def test_a_sample_without_its_one_place_to_fill_in_is_refused(sample: str) -> None:
    with pytest.raises(LabError, match=r"http\.conf: expected exactly one 'bindport = 8088'"):
        pbxconfig.fill_in(sample, {"bindport = 8088": "bindport = 1"}, "http.conf")


def test_when_the_samples_are_not_there_then_it_says_what_to_do(tmp_path: Path) -> None:
    folders = Folders(Path("/base"), Path("/base/run"), Path("/modules"), Path("/data"))

    with pytest.raises(LabError, match=r"cel\.conf is not there: .* which come with a checkout of ariroute"):
        pbxconfig.configuration(folders, Ports(1, 2, 3), Secrets("a", "b", "c"), Extras(), [], samples=tmp_path)


def test_modules_are_those_wanted_of_those_there_each_once() -> None:
    there = ["res_pjsip_session.so", "res_pjsip.so", "app_queue.so", "chan_iax2.so", "res_pjsip_stir_shaken.so"]

    assert pbxconfig.modules_to_load(there) == ["res_pjsip.so", "res_pjsip_session.so", "app_queue.so"]
