"""The grammar of staffing: what a queue asks for, where an agent may serve, and how ariroute acts on it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag, model_validator

from ariroute.config.shapes import QueueKey, QueueName, as_list, exactly_one
from ariroute.staffing.rules import Mode
from ariroute.values import Duration, Settings

MOST_AGENTS = 100_000
MOST_ORDER = 1000
"""Asterisk multiplies a penalty by 1,000,000 and keeps the product in an int (``calc_metric()``, app_queue.c)."""

OF_QUEUES = ("min_agents", "max_agents", "reserve", "lend", "spare", "wrap_up")
OF_AGENTS = ("queues", "home", "member")
"""What has an effect only with the section ``staffing``, of a queue and of an agent."""

DELIMITERS = (",", ";", "|", "\t")

WORD, KEYS = "[word]", "[keys]"
"""Whether a value is a word or a mapping: parts of pydantic's places that do not stand in the file."""

AGENTS_WANTED = "must be asterisk, or name a file: {csv: agents.csv}"
ANSWER_WANTED = "must be off, or such as {rings: 1, pause: 1m}"


def _word_or_keys(value: object) -> str:
    return KEYS if isinstance(value, dict | Settings) else WORD


def _only(word: str, text: str) -> BeforeValidator:
    def check(value: object) -> object:
        if value != word:
            raise ValueError(text)
        return value

    return BeforeValidator(check)


def _between(least: float, most: float, text: str) -> AfterValidator:
    def check(value: float) -> float:
        if not least <= value <= most:
            raise ValueError(text)
        return value

    return AfterValidator(check)


def _whole_seconds(value: float) -> float:
    if value % 1:
        raise ValueError("must have whole seconds, as wrapuptime of queues.conf has")
    return value


def _file_name(text: str) -> str:
    if not text.isprintable():
        raise ValueError(f"{text[:80]!a} cannot be a file: it holds a character that is none of a name")
    return text


def _delimiter(text: str) -> str:
    """Blanks and colons stand within a column."""
    if text not in DELIMITERS:
        raise ValueError(f"must be one of {' '.join(DELIMITERS[:-1])} or a tab")
    return text


def _by_queue(value: object) -> object:
    """Queues with a skill order each; those of a list are all of the same."""
    if isinstance(value, dict):
        if not value:
            raise ValueError("names no queue: write those where the agent may serve, or delete the key")
        return value
    queues = value if isinstance(value, list) else [value]
    if not queues:
        raise ValueError("names no queue: write those where the agent may serve, or delete the key")
    found: dict[object, int] = {}
    for each in queues:
        if not isinstance(each, str) and type(each) is not int:
            raise ValueError("must be the names of queues, such as [gold, standard] or {gold: 1, standard: 2}")
        if str(each) in found:
            raise ValueError(f"'{str(each)[:80]}' is given twice")
        found[str(each)] = 0
    return found


class ThresholdSettings(Settings):
    """How a queue does; exactly one of the two."""

    wait: Duration | None = Field(default=None, description="The wait that a caller who came now would have.")
    service_level: Annotated[float, Field(gt=0, le=100)] | None = Field(
        default=None, description="Percent of the calls of late that were answered within the service level's time."
    )

    @model_validator(mode="after")
    def _one(self) -> ThresholdSettings:
        exactly_one(self, ("wait", "service_level"), "a threshold")
        return self


class ReserveSettings(Settings):
    """Agents of other queues who help this one while it does badly."""

    queues: Annotated[
        list[QueueName], BeforeValidator(as_list, json_schema_input_type=str | list[QueueName]), Field(min_length=1)
    ] = Field(alias="from", description="Queues whose agents may be borrowed, in this order.")
    agents: Annotated[int, Field(ge=1, le=MOST_AGENTS)] = Field(description="So many at most.")
    when: ThresholdSettings = Field(description="They are borrowed once the queue does worse than this.")
    until: ThresholdSettings = Field(description="They are given back once it does better than this.")


class LendSettings(Settings):
    """When a queue lends its agents."""

    floor: Annotated[int, Field(ge=0, le=MOST_AGENTS)] = Field(description="So many of its own agents it keeps.")
    healthy: ThresholdSettings = Field(alias="while", description="It lends only while it does better than this.")


class AgentsFile(Settings):
    """Agents in a CSV file, with the columns name, dial, queues, and, where wanted, home and member."""

    csv: Annotated[str, AfterValidator(_file_name), Field(min_length=1)] = Field(
        description="Relative to the file that says it.", examples=["agents.csv"]
    )
    delimiter: Annotated[str, AfterValidator(_delimiter)] = Field(
        default=",", description="What stands between two columns.", examples=[";"]
    )


class NoAnswerSettings(Settings):
    """What happens to an agent who does not answer."""

    rings: Annotated[int, Field(ge=1, le=100)] = Field(
        default=1, description="After so many rings in a row that nobody answered the agent is paused."
    )
    pause: Annotated[Duration, _between(1, 86400, "a pause lasts between 1s and 1d")] = Field(
        default=60.0, description="How long they are paused."
    )


class StaffingSettings(Settings):
    """Whether and how ariroute moves agents between queues."""

    mode: Mode = Field(default="advise", description="Say what would be done; share agents by ratio; follow the calls.")
    agents: (
        Annotated[
            Annotated[AgentsFile, Tag(KEYS)]
            | Annotated[Literal["asterisk"], _only("asterisk", AGENTS_WANTED), Tag(WORD)],
            Discriminator(_word_or_keys),
        ]
        | None
    ) = Field(default=None, description="Whom to move besides those under agents: those of a file, or all logged in.")
    min_stay: Annotated[Duration, _between(0, 3600, "min_stay lies between 0s and 1h")] = Field(
        default=60.0, description="Who was moved stays so long, unless a higher tier is short of agents."
    )
    look_back: Annotated[Duration, _between(10, 86400, "look_back lies between 10s and 1d")] = Field(
        default=600.0, description="What a tier needed at most within this time it keeps, unless others need it."
    )
    no_answer: Annotated[
        Annotated[NoAnswerSettings, Tag(KEYS)] | Annotated[Literal["off"], _only("off", ANSWER_WANTED), Tag(WORD)],
        Discriminator(_word_or_keys),
    ] = Field(
        default_factory=NoAnswerSettings, description="What happens to an agent who does not answer; off for nothing."
    )


WrapUp = Annotated[
    Duration, _between(0, 3600, "a wrap-up lasts between 0s (for none) and 1h"), AfterValidator(_whole_seconds)
]
SkillOrder = Annotated[int, Field(ge=0, le=MOST_ORDER)]
QueuesOfAgent = Annotated[
    dict[QueueKey, SkillOrder],
    BeforeValidator(
        _by_queue,
        json_schema_input_type=str
        | int
        | Annotated[list[QueueName], Field(min_length=1)]
        | Annotated[dict[QueueKey, SkillOrder], Field(min_length=1)],
    ),
]
