"""A flow as nodes and arrows, for the languages that draw graphs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ariroute.drawing.outline import Box, Outline, leads_on

LABEL_WIDTH = 60


@dataclass(frozen=True, slots=True)
class Node:
    """A box with its lines; ``kind`` is the step's word, ``start`` or ``fallback``."""

    id: str
    kind: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Arrow:
    """From node to node; ``far`` leads into another flow."""

    source: str
    target: str
    label: tuple[str, ...] = ()
    far: bool = False


@dataclass(slots=True)
class Cluster:
    """The nodes and arrows of one flow."""

    name: str
    nodes: list[Node] = field(default_factory=list)
    arrows: list[Arrow] = field(default_factory=list)


def graph(flows: Sequence[Outline]) -> list[Cluster]:
    """One cluster for each of ``flows``, ids ``f0``, ``f0n1``; a goto leads to its flow's start if that is here."""
    starts = {flow.name: f"f{number}" for number, flow in enumerate(flows)}
    return [_Builder(starts[flow.name], starts).cluster(flow) for flow in flows]


class _Builder:
    def __init__(self, prefix: str, starts: Mapping[str, str]) -> None:
        self._prefix = prefix
        self._starts = starts
        self._nodes: dict[str, Node] = {}
        self._arrows: list[Arrow] = []

    def cluster(self, flow: Outline) -> Cluster:
        end = f"{self._prefix}z"
        first = self._boxes(flow.boxes, end)
        start = Node(self._prefix, "start", (flow.name, *wrapped(flow.starts)))
        default = Node(end, "fallback", (f"default: queue {flow.default}",))
        arrows = [Arrow(start.id, first), *self._arrows]
        if not leads_on(flow.boxes):
            arrows.append(Arrow(start.id, end, ("when anything fails",), far=True))
        return Cluster(flow.name, [start, *self._nodes.values(), default], arrows)

    def _boxes(self, boxes: tuple[Box, ...], behind: str) -> str:
        """The id of the node where ``boxes`` begin; the last of them leads to ``behind``."""
        if not boxes:
            return behind
        ids = [self._new() for _ in boxes]
        for box, own, following in zip(boxes, ids, [*ids[1:], behind], strict=True):
            self._box(box, own, following)
        return ids[0]

    def _box(self, box: Box, own: str, behind: str) -> None:
        self._nodes[own] = Node(own, box.kind, wrapped(box.title))
        for way in box.exits:
            self._arrows.append(Arrow(own, self._boxes(way.boxes, behind), wrapped(way.label)))
        if box.goes_on is not None:
            self._arrows.append(Arrow(own, behind, wrapped(box.goes_on)))
        if box.flow in self._starts:
            self._arrows.append(Arrow(own, self._starts[box.flow], far=True))

    def _new(self) -> str:
        name = f"{self._prefix}n{len(self._nodes)}"
        self._nodes[name] = Node(name, "", ())
        return name


def wrapped(text: str, width: int = LABEL_WIDTH) -> tuple[str, ...]:
    """``text`` in lines of about ``width``, broken at blanks; a longer word is cut."""
    lines: list[str] = []
    words = (word[at : at + width] for word in text.split() for at in range(0, len(word), width))
    for word in words:
        if lines and len(lines[-1]) + len(word) < width:
            lines[-1] = f"{lines[-1]} {word}"
        else:
            lines.append(word)
    return tuple(lines)
