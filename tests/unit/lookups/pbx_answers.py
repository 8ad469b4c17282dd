"""A PBX that answers what a test says, and remembers what it was asked."""

from __future__ import annotations

from collections.abc import Mapping

from ariroute.lookups.pbx import QueueState


class PbxAnswers:
    """The port of :mod:`ariroute.lookups.pbx`; an exception among the answers is raised."""

    def __init__(
        self,
        variables: Mapping[str, str | Exception | None] | None = None,
        database: Mapping[str, str] | None = None,
        queues: Mapping[str, QueueState] | None = None,
    ) -> None:
        self.variables = variables or {}
        self.database = database or {}
        self.queues = queues or {}
        self.fault: Exception | None = None
        self.asked: list[tuple[str, ...]] = []

    async def variable(self, pbx: str, channel: str, name: str) -> str | None:
        self.asked.append((pbx, channel, name))
        answer = self.variables.get(name)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def database_value(self, pbx: str, family: str, key: str) -> str | None:
        self.asked.append((pbx, family, key))
        return self.database.get(f"{family}/{key}")

    async def database_has(self, pbx: str, channel: str, family: str, key: str) -> bool:
        self.asked.append((pbx, channel, family, key))
        return f"{family}/{key}" in self.database

    async def queue_state(self, pbx: str, queue: str) -> QueueState | None:
        self.asked.append((pbx, queue))
        if self.fault:
            raise self.fault
        return self.queues.get(queue)
