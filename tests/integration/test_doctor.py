"""What ``ariroute doctor`` gathers from real Asterisks of both releases."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import pytest

from ariroute.asterisk.inventory import Unread, take
from ariroute.asterisk.settings import AmiSettings
from ariroute.config.dialplan import Dialplan, ours, running
from ariroute.config.dialplan_rules import judge
from ariroute.config.model import PbxSettings
from ariroute.doctor import examine
from ariroute.doctor.facts import PbxFacts
from ariroute.doctor.gather_pbx import pbx as gather
from ariroute.lab.asterisk import PrivateAsterisk
from ariroute.values import Secret


def settings_of(pbx: PrivateAsterisk, **changes: object) -> PbxSettings:
    reader = {"user": pbx.ari_reader, "password": Secret(pbx.ari_reader_password)}
    ari = {"url": pbx.ari_url, "user": pbx.ari_user, "password": Secret(pbx.ari_password), "reader": reader}
    ami = {"address": f"127.0.0.1:{pbx.ami_port}", "user": pbx.ami_user, "password": Secret(pbx.ami_password)}
    return PbxSettings.model_validate({"ari": ari | changes, "ami": ami})


@pytest.fixture
async def call(pbx: PrivateAsterisk) -> AsyncIterator[str]:
    """A call that is up, by its id."""
    token = aiohttp.encode_basic_auth(pbx.ari_user, pbx.ari_password)
    where = {"endpoint": "Local/s@test-phone", "context": "test-phone", "extension": "s", "formats": "ulaw"}
    async with aiohttp.ClientSession(headers={"Authorization": token}) as session:
        async with session.post(f"{pbx.ari_url}/ari/channels", params=where) as answer:
            channel = str((await answer.json())["id"])
        yield channel
        await session.delete(f"{pbx.ari_url}/ari/channels/{channel}")


async def test_a_healthy_asterisk_as_it_is_gathered(pbx: PrivateAsterisk) -> None:
    pbx.cli("queue add member Local/s@test-rings to gold penalty 2")
    try:
        found = await gather("main", settings_of(pbx), pbx.directory / "etc")
    finally:
        pbx.cli("queue remove member Local/s@test-rings from gold")

    assert (found.ari.error, found.ari.may_write, found.ari.reader_may_write) == ("", True, False)
    assert (found.ari.any_origin, found.ari.bound) == (False, ("127.0.0.1",))
    assert found.ami is not None
    assert (found.ami.error, found.ami.bound) == ("", ("127.0.0.1",))
    assert found.ami.actions is not None
    assert "queueadd" in found.ami.actions
    assert "originate" not in found.ami.actions
    assert found.skew is not None
    assert abs(found.skew) <= 2
    assert found.offset
    assert found.queues is not None
    (member,) = found.queues["gold"].members
    assert (member.name, member.paused, member.penalty) == ("Local/s@test-rings", False, 2)
    _check_files(found)


def _check_files(found: PbxFacts) -> None:
    assert found.inventory is not None
    assert isinstance(found.inventory.dialplan, Unread)
    assert found.dialplan is not None
    assert judge(found.dialplan) == ([], [])
    assert found.files is not None
    assert {"ari.conf", "asterisk.conf", "cel.conf", "http.conf", "logger.conf", "manager.conf", "queues.conf"} == set(
        found.files.files
    )
    assert found.files.files["queues.conf"].get("gold", "autopause") == "all"


async def test_a_read_that_live_dangerously_would_allow_is_refused(pbx: PrivateAsterisk, call: str) -> None:
    found = await gather("main", settings_of(pbx, reader=None), Path("/nowhere"))

    assert found.ari.dangerous is False
    assert (found.ari.reader, found.ari.reader_may_write, found.files) == ("", None, None)


@pytest.fixture
def reporting(pbx: PrivateAsterisk) -> Iterator[dict[str, object]]:
    """An AMI user who may also look at the dialplan."""
    file = pbx.directory / "etc" / "manager.conf"
    usual = file.read_text(encoding="utf-8")
    file.write_text(f"{usual}\n[looker]\nsecret = for-this-test\nwrite = agent,reporting\n", encoding="utf-8")
    pbx.cli("manager reload")
    yield {"address": f"127.0.0.1:{pbx.ami_port}", "user": "looker", "password": Secret("for-this-test")}
    file.write_text(usual, encoding="utf-8")
    pbx.cli("manager reload")


def steps(dialplan: Dialplan) -> dict[tuple[str, str], list[tuple[str, str, str]]]:
    """Each extension's steps without their places."""
    return {
        (each.context, each.pattern): [(step.label, step.application, step.arguments) for step in each.steps]
        for each in dialplan.extensions
    }


async def test_the_dialplan_that_runs_is_the_one_that_is_read_from_the_file(
    pbx: PrivateAsterisk, reporting: dict[str, object]
) -> None:
    settings = settings_of(pbx).model_copy(update={"ami": AmiSettings.model_validate(reporting)})
    found = await gather("main", settings, pbx.directory / "etc")

    assert found.inventory is not None
    assert not isinstance(found.inventory.dialplan, Unread)
    assert found.dialplan is not None
    assert len(steps(running(found.inventory.dialplan))) > 5
    assert steps(running(found.inventory.dialplan)) == steps(ours(found.dialplan))
    assert found.ari.dangerous is False  # asked over AMI, without a call


def commands() -> list[str]:
    """What remedies tell to type at Asterisk's console, for the queue gold and its member PJSIP/NAME."""
    texts = [file.read_text(encoding="utf-8") for file in Path(examine.__file__).parent.glob("*.py")]
    found = {match for text in texts for match in re.findall(r"asterisk -rx '([^']*)'", text)}
    names = {"queue.name": "gold", "found.user": "ariroute", "found.reader": "ariroute-reader"}
    return sorted(re.sub(r"\{([^}]*)\}", lambda place: names.get(place[1], "PJSIP/NAME"), command) for command in found)


def test_every_command_of_a_remedy_exists(pbx: PrivateAsterisk) -> None:
    assert len(commands()) > 10
    try:
        for command in commands():
            what, reload, _ = command.partition("reload")
            told = pbx.cli(f"core show help {what}{reload}" if reload else command)
            assert "No such command" not in told, command
            assert not told.startswith("Usage: ") or "reload" in command, command
    finally:
        pbx.cli("queue remove member PJSIP/NAME from gold")


async def test_a_reader_with_a_wrong_password_is_told_and_the_rest_seen(pbx22: PrivateAsterisk) -> None:
    wrong = {"user": pbx22.ari_reader, "password": Secret("wrong")}
    found = await gather("main", settings_of(pbx22, reader=wrong), Path("/nowhere"))

    assert "refuses the ARI user 'ariroute-reader' (HTTP 401)" in found.ari.reader_error
    assert found.inventory is not None


async def test_lists_are_asked_by_the_reader(pbx22: PrivateAsterisk) -> None:
    found = await take(settings_of(pbx22, password=Secret("wrong")).ari, None, (), ())

    assert found.version.startswith("22.")


async def test_a_wrong_password_is_told(pbx22: PrivateAsterisk) -> None:
    found = await gather("main", settings_of(pbx22, password=Secret("wrong")), Path("/nowhere"))

    assert "refuses the ARI user 'ariroute' (HTTP 401)" in found.ari.error
    assert (found.inventory, found.skew) == (None, None)
    assert found.ami is not None
    assert found.ami.error == ""
