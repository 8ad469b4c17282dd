"""Agents moved between the queues of a real Asterisk: by its events, its members, its callers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from ariroute.asterisk.ami import Ami
from ariroute.asterisk.ami_link import AmiLink
from ariroute.asterisk.queue_events import QueueMember
from ariroute.asterisk.settings import AmiSettings
from ariroute.daemon.staffing.alone import release_alone
from ariroute.daemon.staffing.staffer import Staffer
from ariroute.daemon.staffing_metrics import StaffingMetrics
from ariroute.journal.moves import Moved
from ariroute.lab.asterisk import PrivateAsterisk
from ariroute.lab.relay import Relay, Way
from ariroute.staffing.rules import NoAnswer, StaffedAgent, StaffingRules, Tier
from ariroute.values import Secret

QUEUES = """
[t](!)
strategy = rrmemory
timeout = 2
retry = 1
ringinuse = no
joinempty = yes
leavewhenempty = no
[platinum](t)
[gold](t)
[standard](t)
[elsewhere](t)
[auto](t)
autopause = yes
[resting](t)
wrapuptime = 2
[left](t)
member => Local/sam@agents,3,sam
[right](t)
member => Local/sam@agents,0,sam
"""
DIALPLAN = """
[agents]
exten => _[a-z].,1,Ringing()
 same => n,Wait(0.1)
 same => n,Answer()
 same => n,Wait(120)
exten => absent,1,Ringing()
 same => n,Wait(120)
exten => away,1,Ringing()
 same => n,Wait(120)
[caller]
exten => s,1,Answer()
 same => n,Wait(120)
"""
READER = "reader"
"""An AMI user who may read the wrapuptime of queues."""
TIERS = ("platinum", "gold", "standard", "auto", "resting", "left", "right")
NAMES = ("anna", "bob", "carl", "absent", "sam")


def rules(**changes: Any) -> StaffingRules:
    """Everybody may serve everywhere, at home in ``standard``; sam's two queues have him as a static member."""
    mode = changes.pop("mode", "dynamic")
    tiers = tuple(Tier(queue, 1.0, **changes.pop(queue, {})) for queue in TIERS)
    orders = {"standard": 0, "gold": 2, "platinum": 1, "auto": 0, "resting": 0}
    agents = {name: StaffedAgent(name, f"Local/{name}@agents", "standard", orders) for name in NAMES}
    agents["sam"] = StaffedAgent("sam", "Local/sam@agents", "left", {"left": 3, "right": 0, "gold": 5})
    usual: dict[str, Any] = {"min_stay": 0.2, "look_back": 0.5, "no_answer": None}
    return StaffingRules(mode, tiers, agents, **(usual | changes))


async def until(condition: Callable[[], Any], what: Callable[[], Any] = lambda: "", within: float = 15.0) -> None:
    try:
        async with asyncio.timeout(within):
            while not condition():  # noqa: ASYNC110 - what is waited for has no event
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(what()) from None


class House:
    """One Asterisk, somebody who changes things by hand, and a staffing."""

    def __init__(self, pbx: PrivateAsterisk, human: Ami, folder: Path) -> None:
        self.pbx = pbx
        self.human = human
        self.file = folder / "state.json"
        self.rules: StaffingRules | None = rules()
        self.moves: list[Moved] = []
        self.members: dict[tuple[str, str], QueueMember] = {}
        self.staffer: Staffer

    def settings(self, port: int = 0, user: str = "") -> AmiSettings:
        address = f"127.0.0.1:{port or self.pbx.ami_port}"
        user, password = (user, user) if user else (self.pbx.ami_user, self.pbx.ami_password)
        return AmiSettings(address=address, user=user, password=Secret(password))

    @asynccontextmanager
    async def staffed(self, port: int = 0, user: str = "", **changes: Any) -> AsyncIterator[Staffer]:
        """A daemon's staffing, from its start to its end, with the rights as they are shipped or those of ``user``."""
        self.rules = rules(**changes)
        told: list[Staffer] = []
        link = AmiLink(
            self.settings(port, user),
            on_event=lambda event: told[0].on_event(event),
            on_member_event=lambda event: told[0].on_event(event),
            on_up=lambda: told[0].on_up(),
            on_down=lambda reason: told[0].on_down(reason),
        )
        metrics = StaffingMetrics(CollectorRegistry())
        self.staffer = Staffer("pbx1", lambda: self.rules, link, self.moves.append, metrics, file=self.file)
        told.append(self.staffer)
        tasks = [asyncio.create_task(link.run()), asyncio.create_task(self.staffer.run())]
        try:
            await until(lambda: self.status["tiers"], lambda: self.status)
            yield self.staffer
        finally:
            await self.staffer.stop()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    @property
    def status(self) -> Any:
        return self.staffer.status()

    def agent(self, name: str) -> Any:
        return next((each for each in self.status["agents"] if each["agent"] == name), {})

    def moves_of(self, name: str) -> list[Moved]:
        return [move for move in self.moves if move.agent == name]

    def tier(self, queue: str) -> Any:
        return next(each for each in self.status["tiers"] if each["queue"] == queue)

    async def log_in(self, name: str, *queues: str, penalty: int = 0) -> None:
        for queue in queues:
            await self.human.queue_add(QueueMember(queue, f"Local/{name}@agents", name, penalty=penalty))

    async def call(self, queue: str) -> None:
        """A caller enters ``queue``."""
        await self.cli(f"channel originate Local/s@caller application Queue {queue}")

    async def cli(self, command: str) -> str:
        return await asyncio.to_thread(self.pbx.cli, command)

    async def look(self) -> None:
        self.members = {(each.name, each.queue): each for each in await self.human.members()}

    async def is_in(self, **places: set[str]) -> None:
        """Wait until Asterisk has these agents as members who are not paused in these queues, and in no others."""
        found: dict[str, set[str]] = {}
        for _ in range(400):
            await self.look()
            found = {name: self.serves(name) for name in places}
            if found == places:
                return
            await asyncio.sleep(0.02)
        raise AssertionError(f"{found}, {self.status}")

    def serves(self, name: str) -> set[str]:
        return {queue for (each, queue), member in self.members.items() if each == name and not member.paused}

    async def clear(self) -> None:
        await self.cli("channel request hangup all")
        for member in await self.human.members():
            if member.dynamic:
                await self.human.queue_remove(member.queue, member.interface)
            elif member.paused:
                await self.human.queue_pause(member.queue, member.interface, "", paused=False)
        await self.human.queue_penalty("left", "Local/sam@agents", 3)
        await self.human.queue_penalty("right", "Local/sam@agents", 0)


ON_22 = pytest.mark.parametrize("exchange", ["22"], indirect=True)
"""Where it does not matter which Asterisk it is."""


@pytest.fixture(scope="module", params=["22", "16"])
def exchange(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivateAsterisk]:
    with PrivateAsterisk(
        tmp_path_factory.mktemp("staffed"), release=request.param, queues=QUEUES, extra_dialplan=DIALPLAN
    ) as pbx:
        manager = pbx.directory / "etc" / "manager.conf"
        manager.write_text(
            f"{manager.read_text()}[{READER}]\nsecret = {READER}\nread = agent\nwrite = agent,reporting\n"
        )
        pbx.cli("manager reload")
        yield pbx


@pytest.fixture
async def house(exchange: PrivateAsterisk, tmp_path: Path) -> AsyncIterator[House]:
    address = f"127.0.0.1:{exchange.ami_port}"
    settings = AmiSettings(address=address, user=exchange.ami_user, password=Secret(exchange.ami_password))
    async with Ami(settings) as human:
        house = House(exchange, human, tmp_path)
        yield house
        await house.clear()


async def test_a_caller_brings_an_agent_at_once_and_a_chain_keeps_the_floor(house: House) -> None:
    await house.log_in("anna", "standard")
    await house.log_in("bob", "gold", penalty=2)
    async with house.staffed(gold={"min_agents": 1}):
        await house.call("platinum")
        await until(lambda: house.tier("platinum")["talking"] == 1, lambda: house.status)
        (move,) = house.moves_of("anna")
        assert (move.agent, move.left, move.queue, move.why) == ("anna", ("standard",), "platinum", "target")
        assert (move.done, move.mode, move.pbx) == (True, "dynamic", "pbx1")
        assert house.agent("anna")["state"] == "talking"
        await house.is_in(anna={"platinum"}, bob={"gold"})
        assert house.members["anna", "platinum"].penalty == 1
        assert house.tier("platinum")["achieved"] == 1.0
        await house.cli("channel request hangup all")
        await house.is_in(anna={"standard"})
        assert house.moves_of("anna")[-1].why == "home"


async def test_who_logged_in_to_several_queues_serves_one_and_who_talks_stays(house: House) -> None:
    await house.log_in("anna", "standard", "gold", "platinum")
    async with house.staffed():
        await house.is_in(anna={"standard"})
        await house.call("standard")
        await until(lambda: house.agent("anna").get("state") == "talking", lambda: house.status)
        await house.call("platinum")
        await until(lambda: house.tier("platinum")["short"] == 1, lambda: house.status)
        assert len(house.moves_of("anna")) == 1
        await house.cli("channel request hangup all")
        await until(lambda: house.agent("anna").get("state") == "free", lambda: house.status)


async def test_static_members_are_paused_where_they_are_not_wanted(house: House) -> None:
    async with house.staffed():
        await house.is_in(sam={"left"})
        assert house.members["sam", "right"].reason == "ariroute"
        await house.call("right")
        await house.is_in(sam={"right"})
        assert house.members["sam", "left"].reason == "ariroute"
        await until(lambda: house.agent("sam")["state"] == "talking", lambda: house.status)
        await house.cli("channel request hangup all")
        await house.is_in(sam={"left"})
        released = await house.staffer.release()
        assert released["failed"] == []
        await house.is_in(sam={"left", "right"})
        assert {(each.queue, each.penalty) for each in house.members.values()} == {("left", 3), ("right", 0)}


async def test_a_humans_change_wins_until_the_agent_logs_out_and_in_again(house: House) -> None:
    await house.log_in("anna", "standard")
    async with house.staffed(platinum={"min_agents": 1}):
        await house.is_in(anna={"platinum"})
        await house.log_in("anna", "gold")
        await until(lambda: house.agent("anna").get("by_hand") == "somebody added them to gold", lambda: house.status)
        await house.call("auto")
        await until(lambda: house.tier("auto")["short"] == 1, lambda: house.status)
        await house.is_in(anna={"platinum", "gold"})
        for queue in ("platinum", "gold"):
            await house.human.queue_remove(queue, "Local/anna@agents")
        await until(lambda: not house.agent("anna"), lambda: house.status)
        await house.is_in(anna=set())  # logged out, and not put back
        await house.log_in("anna", "standard")
        await until(lambda: house.agent("anna").get("by_hand") == "has just logged in", lambda: house.status)
        await house.is_in(anna={"platinum"})


@ON_22
async def test_a_penalty_or_an_unpause_by_hand_is_left_as_it_is(house: House) -> None:
    await house.log_in("anna", "standard")
    async with house.staffed(platinum={"min_agents": 1}):
        await house.is_in(anna={"platinum"}, sam={"left"})
        await house.human.queue_penalty("platinum", "Local/anna@agents", 7)
        await house.human.queue_pause("right", "Local/sam@agents", "", paused=False)
        await until(lambda: "penalty 7" in house.agent("anna")["by_hand"], lambda: house.status)
        await until(lambda: "unpaused them in right" in house.agent("sam")["by_hand"], lambda: house.status)
        await house.staffer.release()
        await house.is_in(anna={"platinum"}, sam={"left", "right"})
        assert house.members["anna", "platinum"].penalty == 7


async def test_who_pauses_is_not_moved_and_comes_back_as_before(house: House) -> None:
    await house.log_in("anna", "standard")
    async with house.staffed():
        await house.is_in(sam={"left"})
        await house.human.action("QueuePause", {"Interface": "Local/anna@agents", "Paused": "1", "Reason": "lunch"})
        await house.human.action("QueuePause", {"Interface": "Local/sam@agents", "Paused": "1", "Reason": "tea"})
        await until(lambda: house.agent("sam").get("by_hand") == "paused: tea", lambda: house.status)
        assert (house.agent("anna")["state"], house.agent("anna")["by_hand"]) == ("paused", "paused: lunch")
        await house.call("gold")
        await until(lambda: house.tier("gold")["short"] == 1, lambda: house.status)
        await house.human.action("QueuePause", {"Interface": "Local/anna@agents", "Paused": "0"})
        await until(lambda: house.tier("gold")["talking"] == 1, lambda: house.status)
        await house.human.action("QueuePause", {"Interface": "Local/sam@agents", "Paused": "0"})
        await house.is_in(sam={"left"})  # it is his break that is over, and not a change of our work
        assert house.agent("sam")["by_hand"] == ""


@ON_22
async def test_who_is_logged_in_elsewhere_is_left_alone_while_it_lasts(house: House) -> None:
    await house.log_in("anna", "standard", "elsewhere")
    async with house.staffed():
        by_hand = "logged in to elsewhere by hand, which is not one of theirs"
        assert house.agent("anna")["by_hand"] == by_hand
        await house.call("platinum")
        await until(lambda: house.tier("platinum")["short"] == 1, lambda: house.status)
        await house.human.queue_remove("elsewhere", "Local/anna@agents")
        await until(lambda: house.tier("platinum")["talking"] == 1, lambda: house.status)


async def test_who_does_not_answer_is_paused_and_comes_back(house: House) -> None:
    await house.log_in("absent", "gold")
    await house.log_in("anna", "standard")
    async with house.staffed(gold={"min_agents": 1}, no_answer=NoAnswer(1, 3.0)):
        await house.is_in(absent={"gold"})
        await house.call("gold")
        await until(lambda: house.agent("absent")["state"] == "ringing", lambda: house.status)
        await until(lambda: house.agent("absent")["state"] == "paused", lambda: house.status)
        await house.look()
        assert house.members["absent", "gold"].reason == "ariroute: no answer"
        await until(lambda: house.tier("gold")["talking"] == 1, lambda: house.status)
        assert house.agent("anna")["queue"] == "gold"
        await until(lambda: house.agent("absent")["state"] == "free", lambda: house.status)


async def test_where_app_queue_pauses_them_they_come_back_by_themselves(house: House) -> None:
    await house.log_in("absent", "auto")
    async with house.staffed(no_answer=NoAnswer(1, 0.2)):
        await house.call("auto")
        await until(lambda: house.agent("absent").get("by_hand") == "paused: Auto-Pause", lambda: house.status)
        await asyncio.sleep(0.5)  # longer than our own pause would be
        await house.look()
        assert house.members["absent", "auto"].reason == "Auto-Pause"


@pytest.mark.parametrize(("user", "resting"), [("", {"wrap_up": 2.0}), (READER, {})], ids=["given", "read"])
async def test_wrap_up_counts_for_nothing_and_is_not_cut_short(
    house: House, user: str, resting: dict[str, float]
) -> None:
    await house.log_in("anna", "resting")
    async with house.staffed(user=user, resting=resting):
        await house.is_in(anna={"standard"})
        await house.call("resting")
        await until(lambda: house.tier("resting")["talking"] == 1, lambda: house.status)
        await house.cli("channel request hangup all")
        await until(lambda: house.agent("anna")["state"] == "wrap-up", lambda: house.status)
        assert house.tier("resting")["agents"] == 0
        await house.look()
        ended = house.members["anna", "resting"].last_call
        await house.call("platinum")
        await until(lambda: house.tier("platinum")["talking"] == 1, lambda: house.status)
        moved = house.moves_of("anna")[-1]
        assert moved.queue == "platinum"
        assert ended + 2.0 <= moved.at < ended + 2.5


async def test_a_new_daemon_knows_its_work_and_undoes_it_or_is_told_to_by_the_file(house: House) -> None:
    await house.log_in("anna", "standard", penalty=4)
    async with house.staffed(platinum={"min_agents": 1}):
        await house.is_in(anna={"platinum"}, sam={"left"})
    assert house.file.stat().st_mode & 0o777 == 0o600
    await house.is_in(anna={"platinum"}, sam={"left"})  # a daemon that ends leaves everybody where they are
    house.moves.clear()
    began = time.time()
    async with house.staffed(look_back=2.0):
        assert house.agent("anna")["by_hand"] == ""
        await house.is_in(anna={"standard"})
        (move,) = house.moves
        assert move.at >= began + 2.0 - 0.2  # look_back less min_stay: no wave of moves
    done = await release_alone(house.settings(), house.file)
    assert done["failed"] == []
    await house.is_in(anna={"standard"}, sam={"left", "right"})
    assert house.members["anna", "standard"].penalty == 4
    async with house.staffed(platinum={"min_agents": 1}):
        assert (house.status["acting"], house.status["why"]) == (False, "released by hand")
        await house.staffer.resume()
        await house.is_in(anna={"platinum"})
        undone = await house.staffer.release()
        assert undone["failed"] == []
        await house.is_in(anna={"standard"})
        assert house.members["anna", "standard"].penalty == 4


@ON_22
async def test_without_ami_it_stands_still_and_says_so(house: House) -> None:
    with Relay(house.pbx.ami_port) as relay:
        async with house.staffed(relay.port):
            relay.is_deaf = True
            relay.reset()
            await until(lambda: not house.status["acting"], lambda: house.status)
            assert house.status["why"].startswith("AMI is down: ")
            await house.log_in("anna", "standard")
            await house.call("platinum")
            relay.is_deaf = False
            await until(lambda: house.tier("platinum")["talking"] == 1, lambda: house.status)
            assert house.status["why"] == ""


@ON_22
async def test_a_move_that_never_reached_asterisk_is_made_when_ami_is_back(house: House) -> None:
    await house.log_in("anna", "standard")
    with Relay(house.pbx.ami_port) as relay:
        async with house.staffed(relay.port):
            await house.is_in(anna={"standard"}, sam={"left"})
            relay.lose(Way.OUT)
            await house.call("platinum")
            await until(lambda: "Local/anna" in house.file.read_text(), lambda: house.status)  # kept, then sent
            relay.reset()
            relay.mend()
            await until(lambda: house.tier("platinum")["talking"] == 1, lambda: house.status)
            assert [move.done for move in house.moves_of("anna")] == [False, True]


@ON_22
async def test_who_is_on_a_break_is_put_back_and_stays_on_it(house: House) -> None:
    await house.log_in("anna", "standard")
    async with house.staffed(platinum={"min_agents": 1}):
        await house.is_in(anna={"platinum"})
        await house.human.action("QueuePause", {"Interface": "Local/anna@agents", "Paused": "1", "Reason": "lunch"})
        await until(lambda: house.agent("anna")["state"] == "paused", lambda: house.status)
        await house.staffer.release()
        await house.look()
        assert house.members["anna", "standard"].reason == "lunch"
        assert house.serves("anna") == set()
        assert ("anna", "platinum") not in house.members


async def test_a_reload_of_queues_conf_does_not_make_our_pause_a_humans(house: House) -> None:
    file = house.pbx.directory / "etc" / "queues.conf"
    async with house.staffed():
        await house.is_in(sam={"left"})
        file.write_text(file.read_text() + "\n; changed\n")
        await house.cli("queue reload all")
        await house.look()
        assert (house.members["sam", "right"].paused, house.members["sam", "right"].reason) == (True, "")
        await house.call("left")
        await until(lambda: house.tier("left")["talking"] == 1, lambda: house.status)
        await house.cli("channel request hangup all")
        await until(lambda: house.agent("sam")["state"] == "free", lambda: house.status)
        await house.call("right")
        await house.is_in(sam={"right"})
        await house.cli("channel request hangup all")
    await house.is_in(sam={"right"})
    await house.cli("queue reload all")
    done = await release_alone(house.settings(), house.file)
    assert done["failed"] == []
    await house.is_in(sam={"left", "right"})


@ON_22
async def test_advice_changes_nothing(house: House) -> None:
    await house.log_in("anna", "standard", "gold")
    async with house.staffed(mode="advise", platinum={"min_agents": 1}):
        await until(lambda: house.status["moves"], lambda: house.status)
        assert (house.status["why"], house.status["acting"]) == ("advise", False)
        await house.is_in(anna={"standard", "gold"}, sam={"left", "right"})
        assert {(move.agent, move.queue, move.done, move.mode) for move in house.moves} == {
            ("anna", "platinum", False, "advise"),
            ("sam", "left", False, "advise"),
        }


async def test_an_asterisk_that_is_started_again_finds_everybody_where_they_were(tmp_path: Path) -> None:
    with PrivateAsterisk(tmp_path / "pbx", release="22", queues=QUEUES, extra_dialplan=DIALPLAN) as pbx:
        settings = AmiSettings(
            address=f"127.0.0.1:{pbx.ami_port}", user=pbx.ami_user, password=Secret(pbx.ami_password)
        )
        async with Ami(settings) as human:
            house = House(pbx, human, tmp_path)
            await house.log_in("anna", "standard")
        async with house.staffed(platinum={"min_agents": 1}):
            await until(lambda: house.agent("anna")["queue"] == "platinum", lambda: house.status)
            await asyncio.to_thread(pbx.stop)
            assert not house.status["acting"]
            await asyncio.to_thread(pbx.start)
            await until(lambda: house.status["acting"], lambda: house.status)
            async with Ami(settings) as human:
                house.human = human
                await house.is_in(anna={"platinum"}, sam={"left"})
            assert {agent["by_hand"] for agent in house.status["agents"]} == {""}
            assert len(house.moves_of("anna")) == 1
