"""Whether all floors can be kept, and all agents have a place, when each agent may serve some queues and one at a time.

Both are matchings of agents with queues, found one by one along augmenting paths. A path leads over queues only, of
which there are few; what is reached where there is no path is the set of Hall's theorem: queues that want more than
those have who may serve any of them.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

Agents = Sequence[Collection[str]]
"""The queues that each agent may serve."""


def too_few(floors: Mapping[str, int], agents: Agents) -> tuple[frozenset[str], int]:
    """Queues whose floors cannot all be kept, and how many agents may serve one of these; none when all can be."""
    floor = _Floor(agents)
    free: dict[str, set[int]] = defaultdict(set)
    for agent, queues in enumerate(agents):
        for queue in queues:
            free[queue].add(agent)
    for queue, number in floors.items():
        for _ in range(number):
            path, reached = _path([queue], floor.giving, lambda name: bool(free[name]))
            if not path:
                return reached, sum(not reached.isdisjoint(queues) for queues in agents)
            for wants, gives in pairwise(path):
                floor.move(floor.someone(gives, wants), wants)
            agent = next(iter(free[path[-1]]))
            floor.move(agent, path[-1])
            for name in agents[agent]:
                free[name].discard(agent)
    return frozenset(), 0


def too_many(ceilings: Mapping[str, int], agents: Agents) -> tuple[frozenset[str], int]:
    """Queues that are full while agents are left who may serve no other queue, and how many are left."""
    floor = _Floor(agents)
    inside: dict[str, int] = defaultdict(int)
    full: frozenset[str] = frozenset()
    left = 0
    for agent, queues in enumerate(agents):
        where = [queue for queue in queues if queue not in full]
        path, reached = _path(
            where, floor.taking, lambda name: name not in ceilings or inside[name] < ceilings[name], full
        )
        if not path:
            full |= reached
            left += 1
            continue
        for leaves, takes in reversed(list(pairwise(path))):
            floor.move(floor.someone(leaves, takes), takes)
        floor.move(agent, path[0])
        inside[path[-1]] += 1
    return full, left


class _Floor:
    """Who is where. For each two queues it knows who is in the one and may serve the other."""

    def __init__(self, agents: Agents) -> None:
        self._agents = agents
        self._where: dict[int, str] = {}
        self._could: dict[str, dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
        """By the queue where they are, then by the one that they could serve."""

    def move(self, agent: int, queue: str) -> None:
        if before := self._where.get(agent):
            for other in self._agents[agent]:
                self._could[before][other].discard(agent)
        self._where[agent] = queue
        for other in self._agents[agent]:
            self._could[queue][other].add(agent)

    def someone(self, queue: str, other: str) -> int:
        """Somebody in ``queue`` who may serve ``other``."""
        return next(iter(self._could[queue][other]))

    def giving(self, queue: str) -> Iterator[str]:
        """Queues in which somebody is who may serve ``queue``."""
        return (other for other, could in self._could.items() if could.get(queue))

    def taking(self, queue: str) -> Iterator[str]:
        """Queues that somebody in ``queue`` may serve."""
        return (other for other, who in self._could[queue].items() if who)


def _path(
    starts: Iterable[str],
    next_ones: Callable[[str], Iterable[str]],
    is_end: Callable[[str], bool],
    closed: Collection[str] = (),
) -> tuple[list[str], frozenset[str]]:
    """The shortest way from one of ``starts`` to an end; without one, all that was reached."""
    came_from: dict[str, str] = dict.fromkeys(starts, "")
    ahead = deque(came_from)
    while ahead:
        queue = ahead.popleft()
        if is_end(queue):
            path = [queue]
            while came_from[path[-1]]:
                path.append(came_from[path[-1]])
            return path[::-1], frozenset()
        for other in next_ones(queue):
            if other not in came_from and other not in closed:
                came_from[other] = queue
                ahead.append(other)
    return [], frozenset(came_from)
