"""Flows as pictures: every step is in each of them, and each is what its language allows, whatever a flow says."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ariroute.config.load import load_rules
from ariroute.drawing.dot import dot
from ariroute.drawing.graph import graph, wrapped
from ariroute.drawing.mermaid import escaped, mermaid
from ariroute.drawing.outline import Box, Exit, Outline, leads_on, outline
from ariroute.drawing.svg import BOX_PAD, CHARACTER, svg
from ariroute.drawing.text import text
from ariroute.flow import steps

RULES = load_rules(Path(__file__).with_name("every_step.yaml")).ruleset
SUPPORT = outline(RULES.flows["support"], RULES)
FLOWS = [outline(flow, RULES) for flow in RULES.flows.values()]
SVG = "{http://www.w3.org/2000/svg}"

WORDS = st.text(max_size=30) | st.sampled_from(
    ['"', "\\", "-->", "end", "`", "#quot;", "<br/>", "]]>", "|", "};", "\ud800"]
)
BOXES = st.recursive(
    st.builds(Box, WORDS, st.sampled_from(["queue", "set", "goto"]), WORDS, goes_on=st.sampled_from(["", None])),
    lambda inner: st.builds(
        Box,
        WORDS,
        st.sampled_from(["branch", "menu"]),
        WORDS,
        st.lists(st.builds(Exit, WORDS, st.lists(inner, max_size=3).map(tuple)), max_size=3).map(tuple),
        st.none() | WORDS,
    ),
    max_leaves=12,
)
OUTLINES = st.lists(
    st.builds(Outline, WORDS, WORDS, st.lists(BOXES, max_size=4).map(tuple), WORDS), min_size=1, max_size=3
)


def step_kinds() -> set[str]:
    """Every step that the engine knows, by its class."""
    return {kind.__name__ for kind in steps.Step.__args__}


def test_the_flow_of_this_test_has_every_step() -> None:
    assert {type(step).__name__ for flow in RULES.flows.values() for step in flow.walk()} == step_kinds()


def test_every_step_has_a_box_with_words_of_its_own() -> None:
    boxes = [box for flow in FLOWS for box in flow.walk()]
    assert len(boxes) == sum(1 for flow in RULES.flows.values() for _ in flow.walk())
    assert not step_kinds() & {box.title for box in boxes}
    assert all(box.kind and box.title for box in boxes)


def test_the_tree_of_a_flow() -> None:
    lines = text(SUPPORT).splitlines()
    assert lines[0] == "support: calls to +46850000000, support"
    assert "│  ├─ holiday → hang up, cause 17 (busy)" in lines
    assert '│  ├─ vip.tier == "x" (goes on below)' in lines
    assert "│  │     └─ busy or no answer: (goes on below)" in lines
    assert '├─ say "Please hold"' in lines
    assert lines[-1] == "default: queue standard, priority 0 (when anything fails)"


def test_a_flow_that_ends_nowhere_leads_to_its_default() -> None:
    flow = Outline("f", "calls", (Box("p", "set", "set a = 1"),), "gold, priority 1")
    assert leads_on(flow.boxes)
    assert text(flow).endswith("(when anything fails, or the steps lead nowhere)")
    assert ("f0n0", "f0z") in {(arrow.source, arrow.target) for arrow in graph([flow])[0].arrows}


def test_a_way_without_a_destination_goes_on_behind_the_step() -> None:
    arrows = {(a.source, a.target): a.label for a in graph([SUPPORT])[0].arrows}
    nodes = {node.id: node.lines[0] for node in graph([SUPPORT])[0].nodes}
    by_text = {(nodes[source], nodes[target]): label for (source, target), label in arrows.items()}
    assert by_text['note "the CRM did not answer"', 'set level = "gold", total = crm.orders * 2.0'] == ()
    assert by_text["first that is true", "split new_menu"]
    assert by_text["split new_menu", "answer the call"] == ("30 %",)


def test_a_goto_leads_to_the_start_of_its_flow_when_that_is_drawn_too() -> None:
    assert [arrow.target for arrow in graph(FLOWS)[0].arrows if arrow.far] == ["f1", "f0z"]
    assert [arrow.target for arrow in graph([SUPPORT])[0].arrows if arrow.far] == ["f0z"]


@given(st.text(max_size=300))
def test_wrapping_loses_no_word(words: str) -> None:
    lines = wrapped(words, 20)
    assert "".join(lines).replace(" ", "") == "".join(words.split())
    assert all(len(line) <= 20 for line in lines)


# ---- Mermaid: the part of its grammar that is used (flow.jison of Mermaid 10 and 11)

TEXT = r'"(?:[\w ,.:/()=+*%-]|#\d+;|<br/>)*"'
NODE = re.compile(rf"  f\d+(n\d+|z)?(\[{TEXT}\]|\(\[{TEXT}\]\)|\[\[{TEXT}\]\]|\{{\{{{TEXT}\}}\}})(:::[a-z]+)?")
ARROW = re.compile(rf"  (f\d+(?:n\d+|z)?) -(?:\.-|-)>(?:\|{TEXT}\|)? (f\d+(?:n\d+|z)?)")
FRAME = re.compile(rf"  subgraph frame\d+\[{TEXT}\]|  end")
STYLE = re.compile(r"  classDef [a-z,]+ [a-z]+:#[0-9a-f]+(,[a-z]+:#[0-9a-f]+)*")


def check_mermaid(drawn: str) -> None:
    head, *lines = drawn.split("\n")
    assert head == "flowchart TD"
    known = {line.split("[")[0].split("(")[0].split("{")[0].strip() for line in lines if NODE.fullmatch(line)}
    for line in lines:
        if arrow := ARROW.fullmatch(line):
            assert {arrow[1], arrow[2]} <= known
        else:
            assert NODE.fullmatch(line) or FRAME.fullmatch(line) or STYLE.fullmatch(line), line
    styles = {name for line in lines if line.startswith("  classDef") for name in line.split()[1].split(",")}
    assert {name for line in lines if "-->" not in line for name in re.findall(r":::([a-z]+)", line)} <= styles


def test_mermaid_is_of_its_grammar() -> None:
    check_mermaid(mermaid([SUPPORT]))
    check_mermaid(mermaid(FLOWS))
    assert '|"crm.loyalty == #34;a #92;#34;quoted#92;#34; #60;b#62;' in mermaid([SUPPORT])


@given(OUTLINES)
@settings(deadline=None)
def test_mermaid_is_of_its_grammar_whatever_the_flow_says(flows: list[Outline]) -> None:
    check_mermaid(mermaid(flows))


@given(st.text())
def test_what_is_escaped_for_mermaid_can_be_read_back(words: str) -> None:
    assert re.sub(r"#(\d+);", lambda match: chr(int(match[1])), escaped(words)) == words


# ---- DOT: a strict reader of the part of the language that is used (graphviz.org/doc/info/lang.html)

TOKEN = re.compile(r'\s+|(?P<text>"(?:[^"\\\n]|\\.)*")|(?P<word>[A-Za-z_][A-Za-z0-9_]*|\d+)|(?P<sign>->|[{}\[\]=,])')


def check_dot(drawn: str) -> tuple[set[str], set[tuple[str, str]]]:
    """Nodes and edges of ``drawn``; fails when it is not DOT."""
    tokens, at = [], 0
    while at < len(drawn):
        match = TOKEN.match(drawn, at)
        assert match, drawn[at : at + 60]
        at = match.end()
        if match.lastgroup:
            tokens.append(match[0])
    return _Dot(tokens).graph()


class _Dot:
    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens[::-1]
        self.nodes: set[str] = set()
        self.edges: set[tuple[str, str]] = set()

    def take(self, *wanted: str) -> str:
        token = self.tokens.pop()
        assert not wanted or token in wanted, (token, wanted)
        return token

    def graph(self) -> tuple[set[str], set[tuple[str, str]]]:
        self.take("digraph")
        self.take()
        self.statements()
        assert not self.tokens
        return self.nodes, self.edges

    def statements(self) -> None:
        self.take("{")
        while self.tokens[-1] != "}":
            first = self.take()
            if first == "subgraph":
                assert self.take().startswith("cluster")
                self.statements()
            elif self.tokens[-1] == "=":
                self.take("=")
                self.take()
            else:
                self.statement(first)
        self.take("}")

    def statement(self, first: str) -> None:
        assert first in ("node", "edge") or first[0] == '"'
        if self.tokens[-1] == "->":
            self.take("->")
            self.edges.add((first, self.take()))
        elif first[0] == '"':
            self.nodes.add(first)
        if self.tokens[-1] == "[":
            self.take("[")
            while True:
                assert self.take().isidentifier()
                self.take("=")
                self.take()
                if self.take(",", "]") == "]":
                    break


def test_dot_is_of_its_grammar() -> None:
    nodes, edges = check_dot(dot(FLOWS))
    assert len(nodes) == sum(len(cluster.nodes) for cluster in graph(FLOWS))
    assert {end for edge in edges for end in edge} <= nodes


@given(OUTLINES)
@settings(deadline=None)
def test_dot_is_of_its_grammar_whatever_the_flow_says(flows: list[Outline]) -> None:
    nodes, edges = check_dot(dot(flows))
    assert {end for edge in edges for end in edge} <= nodes


# ---- SVG


Rectangle = tuple[float, float, float, float]


def rectangles(drawn: str) -> list[Rectangle]:
    """The boxes and the texts outside of boxes: left, top, right, bottom."""
    root = ElementTree.fromstring(drawn)
    found = []
    for group in root.iter(f"{SVG}g"):
        box = group.find(f"{SVG}rect")
        assert box is not None
        x, y, wide, high = (float(box.attrib[key]) for key in ("x", "y", "width", "height"))
        found.append((x, y, x + wide, y + high))
        for line in group.iter(f"{SVG}text"):
            width = float(line.attrib.get("textLength", len(line.text or "") * CHARACTER))
            assert x < float(line.attrib["x"])
            assert float(line.attrib["x"]) + width <= x + wide + 0.2
    for line in root.findall(f"{SVG}text"):
        left, base = float(line.attrib["x"]), float(line.attrib["y"])
        found.append((left, base - 11, left + float(line.attrib["textLength"]), base + 3))
    return found


def check_svg(drawn: str) -> None:
    places = rectangles(drawn)
    for index, one in enumerate(places):
        for other in places[index + 1 :]:
            apart = one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
            assert apart, (one, other)
    root = ElementTree.fromstring(drawn)
    assert max(place[2] for place in places) <= float(root.attrib["width"])
    assert max(place[3] for place in places) <= float(root.attrib["height"])


def test_svg_shows_every_step_and_nothing_overlaps() -> None:
    drawn = svg(FLOWS)
    check_svg(drawn)
    shown = " ".join("".join(ElementTree.fromstring(drawn).itertext()).split())
    assert "queue standard, priority 0" in shown
    hints = {title.text for title in ElementTree.fromstring(drawn).iter(f"{SVG}title")}
    assert {box.path for flow in FLOWS for box in flow.walk()} <= hints
    assert "prefers-color-scheme: dark" in drawn
    assert BOX_PAD[0] > 0


@given(OUTLINES)
@settings(deadline=None, max_examples=50)
def test_svg_is_xml_whatever_the_flow_says(flows: list[Outline]) -> None:
    drawn = svg(flows)
    drawn.encode()
    ElementTree.fromstring(drawn)


@given(st.lists(BOXES, max_size=4).map(tuple))
@settings(deadline=None, max_examples=50)
def test_nothing_overlaps_whatever_the_flow_s_form(boxes: tuple[Box, ...]) -> None:
    def plain(box: Box, number: int) -> Box:
        exits = tuple(
            Exit(f"way {i} " + "x" * i * 9, tuple(plain(b, j) for j, b in enumerate(way.boxes)))
            for i, way in enumerate(box.exits)
        )
        goes_on = "none is true" if box.goes_on else box.goes_on
        return Box("p", box.kind, f"step {number} " + "words " * number * 7, exits, goes_on)

    check_svg(svg([Outline("f", "calls", tuple(plain(box, i) for i, box in enumerate(boxes)), "gold, priority 1")]))


@pytest.mark.parametrize("name", ["demo", "loyalty", "hours-exceptions"])
def test_the_examples_are_drawn(name: str) -> None:
    rules = load_rules(Path(__file__).parents[3] / "docs" / "examples" / name / "ariroute.yaml").ruleset
    flows = [outline(flow, rules) for flow in rules.flows.values()]
    check_mermaid(mermaid(flows))
    check_dot(dot(flows))
    check_svg(svg(flows))
