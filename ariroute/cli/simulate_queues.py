"""The settings of queues for ``ariroute simulate``: from queues.conf, from a running Asterisk, or the sample's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, get_args

from ariroute.doctor.conf import Conf, leading_number
from ariroute.errors import UnusableInput
from ariroute.simulate.scenario import QueueModel, Strategy

if TYPE_CHECKING:
    from ariroute.asterisk.ami import Message
    from ariroute.asterisk.settings import AmiSettings

SAMPLE: Final = QueueModel("", "rrmemory", timeout=15.0, retry=1.0, autofill=True, autopause="all")
"""As dialplan/queues-ariroute.conf has it: for queues of which nothing is known."""
STRATEGIES: Final = frozenset(get_args(Strategy))


@dataclass(frozen=True, slots=True)
class Placed:
    """A member as Asterisk has it: ``interface``, its name there, and its penalty in ``queue``."""

    queue: str
    interface: str
    name: str
    penalty: int


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of queues by name, and of their members. ``where`` is said in words.

    ``shared_last_call`` is ``shared_lastcall`` of the section [general].
    """

    queues: Mapping[str, QueueModel] = field(default_factory=dict)
    members: tuple[Placed, ...] = ()
    where: str = "as in the sample queues (dialplan/queues-ariroute.conf)"
    shared_last_call: bool = False

    def says(self, queues: Iterable[str]) -> str:
        """How ``queues`` are set, in a sentence."""
        unknown = [] if self == Known() else [queue for queue in queues if queue not in self.queues]
        lacks = f", but for {' and '.join(unknown)}, which it does not have: as in the sample queues" if unknown else ""
        return f"Queues are {self.where}{lacks}."

    def model(self, queue: str) -> QueueModel:
        """The settings of a queue, those of the sample where nothing is known of it."""
        return replace(self.queues.get(queue, SAMPLE), queue=queue)


def of_file(path: Path) -> Known:
    """What queues.conf at ``path`` says, with the files that it includes. Raises UnusableInput."""
    from ariroute.doctor.gather_machine import conf_file

    conf = conf_file(path)
    if conf is None:
        raise UnusableInput(f"--queues-conf {path}: cannot be read: is it there, and may you read it?")
    queues = {name: model_of(conf, name) for name in conf.sections if name != "general"}
    members = [placed for name in queues for placed in _members(conf, name)]
    shared = conf.is_on("general", "shared_lastcall", False)
    return Known(queues, tuple(members), f"as {path} has them", shared)


def model_of(conf: Conf, queue: str) -> QueueModel:
    """The section of ``queue``, read as app_queue does (``queue_set_param()``, ``init_queue()``, 22.10.1).

    Of what is there several times the last counts, but of strategies the first (``reload_single_queue()``): one that
    stands in a template cannot be changed in the queue itself.
    """
    default = QueueModel(queue)
    strategy: Any = [*conf.values(queue, "strategy"), default.strategy][0].lower()
    pause = conf.get(queue, "autopause", "no").lower()
    timeout, retry = (leading_number(conf.get(queue, name)) for name in ("timeout", "retry"))
    return QueueModel(
        queue,
        strategy if strategy in STRATEGIES else "ringall",
        default.timeout if timeout is None or timeout < 0 else float(timeout),
        default.retry if retry is None or retry <= 0 else float(retry),
        float(max(0, leading_number(conf.get(queue, "wrapuptime")) or 0)),
        leading_number(conf.get(queue, "weight")) or 0,
        conf.is_on(queue, "autofill", conf.is_on("general", "autofill", False)),
        "all" if pause == "all" else "yes" if conf.is_on(queue, "autopause", False) else "no",
    )


def of_asterisk(pbx: str, settings: AmiSettings) -> Known:
    """What the running Asterisk tells: strategies, weights, members with penalties; the rest is the sample's.

    Raises PbxUnreachable and PbxRefused when it cannot be asked.
    """
    from asyncio import run

    return told(pbx, run(_asked(settings)))


async def _asked(settings: AmiSettings) -> list[Message]:
    from ariroute.asterisk.ami import Ami

    async with Ami(settings) as ami:
        return list(await ami.action("QueueStatus", answers_with_list=True))


def told(pbx: str, events: Iterable[Message]) -> Known:
    """The answer to QueueStatus."""
    from ariroute.asterisk.queue_events import listed_member

    queues: dict[str, QueueModel] = {}
    members = []
    for event in events:
        name = event.get("queue", "")
        if event.get("event") == "QueueParams":
            strategy: Any = event.get("strategy", "")
            strategy = strategy if strategy in STRATEGIES else "ringall"
            queues[name] = replace(
                SAMPLE, queue=name, strategy=strategy, weight=leading_number(event.get("weight", "")) or 0
            )
        elif event.get("event") == "QueueMember" and (member := listed_member(event)):
            members.append(Placed(name, member.interface, member.name, member.penalty))
    sample = "timeout, retry, wrapuptime and autopause, which AMI does not tell, are those of the sample queues"
    return Known(queues, tuple(members), f"as {pbx} has them; {sample}")


def _members(conf: Conf, queue: str) -> Iterable[Placed]:
    """``member => PJSIP/alice,1,Alice`` (``reload_single_member()``, app_queue.c)."""
    for value in conf.values(queue, "member"):
        interface, penalty, name, *_ = [*(part.strip() for part in value.split(",")), "", "", ""]
        if interface:
            yield Placed(queue, interface, name or interface, max(0, leading_number(penalty) or 0))
