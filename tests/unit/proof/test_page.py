"""The page of a proof: whole, closed to hostile texts, and right where it draws."""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from ariroute.proof import timeline
from ariroute.proof.page import html
from ariroute.proof.result import Ending, InjectedFault, Proof, Run
from unit.proof.made import BAD, CONTROL, EMPTY, FAILS, GOOD, HOLDS, call

HOSTILE = "\"><script>alert(1)</script><img src=x onerror='y'>\x00\x1b\u202e\ud800&amp;"
EMPTY_TAGS = {"meta", "rect", "path", "circle"}


class Page(HTMLParser):
    """What a browser sees: elements with attributes, and the text; complains about elements that do not match."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: Counter[str] = Counter()
        self.attributes: list[tuple[str, str, str]] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements[tag] += 1
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in EMPTY_TAGS:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements[tag] += 1
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


@pytest.mark.parametrize("proof", [HOLDS, FAILS, EMPTY, replace(HOLDS, control=None)])
def test_the_page_is_whole_and_needs_nothing_else(proof: Proof) -> None:
    page = Page(html(proof))

    assert not {"script", "img", "link", "iframe", "form", "a"} & page.elements.keys()
    assert [name for _, name, _ in page.attributes if name.startswith("on") or name in ("src", "href", "style")] == []
    assert "url(" not in html(proof).replace("url(#", "")
    assert "@import" not in html(proof)


def test_its_policy_allows_its_own_style_sheet_and_nothing_more() -> None:
    text = html(HOLDS)
    (style,) = re.findall("<style>(.*?)</style>", text, re.DOTALL)
    (policy,) = [value for _, name, value in Page(text).attributes if name == "content" and "default-src" in value]

    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy == f"default-src 'none'; base-uri 'none'; form-action 'none'; style-src 'sha256-{digest}'"


def test_no_text_from_outside_becomes_markup() -> None:
    fault = InjectedFault(HOSTILE, HOSTILE, 1.0, 1.0)
    calls = tuple(
        replace(each, uniqueid=f"{HOSTILE}{number}", caller=HOSTILE, dialled=HOSTILE, queues=(HOSTILE,))
        for number, each in enumerate(BAD.calls)
    )
    hostile = Proof(HOSTILE, HOSTILE, HOSTILE, 7, replace(BAD, calls=calls, faults=(fault,)), None)
    text = html(hostile)
    page = Page(text)

    assert not {"script", "img"} & page.elements.keys()
    assert not {"\x00", "\x1b", "\u202e", "\ud800"} & set(text)
    assert "<script>alert(1)</script>" in page.text  # as words
    text.encode()


def test_verdict_and_figures_stand_on_it() -> None:
    words = Page(html(HOLDS)).text

    assert "✓ Holds 0 of 6 calls lost, 0 put into a queue twice, under 3 faults" in words
    assert "1 of 4 calls lost without the guard (control)" in words
    assert "kill SIGKILL to the daemon 2 4 0 0 4 s" in words
    assert "time to the queue, p99 4 s" in words


def test_what_breaks_the_promise_is_listed() -> None:
    words = Page(html(FAILS)).text

    assert "✗ Does not hold 1 of 9 calls lost" in words
    assert "1763776800.7 +46700000007 support lost - 2.2 s -" in words
    assert "Calls that break the promise" not in Page(html(HOLDS)).text


def test_nobody_is_promised_anything_of_an_empty_run() -> None:
    assert "✗ Does not hold No call was placed." in Page(html(EMPTY)).text


# ---- the time line


def picture(run: Run) -> str:
    return timeline.strips(run, timeline.Scale(10.0, 5.0), "t")


def test_a_call_is_a_line_from_where_it_enters_to_where_it_is_queued() -> None:
    inner = timeline.WIDTH - timeline.LEFT - timeline.RIGHT
    floor = timeline.PLOT
    text = picture(replace(GOOD, calls=(call(1, 2.0, 5.0),), faults=()))

    x0, x1, y1 = timeline.LEFT + 0.2 * inner, timeline.LEFT + 0.5 * inner, floor - 3 / 5 * timeline.PLOT
    assert f'<path d="M{x0:.1f} {floor}L{x1:.1f} {y1:.1f}"/><circle cx="{x1:.1f}" cy="{y1:.1f}"' in text


def test_colours_tell_the_endings() -> None:
    found = Counter(re.findall(r'<g class="(\w+)"><title>', picture(BAD)))

    assert found == {"queued": 3, "default": 1, "voicemail": 1, "left": 1, "broken": 2, "lost": 1, "fault": 3}


def test_a_lost_call_leaves_at_the_top_and_has_no_dot() -> None:
    text = picture(replace(GOOD, calls=(call(1, 2.0, 3.0, Ending.LOST),), faults=()))

    (end,) = re.findall(r'<path d="M[\d. ]+L[\d.]+ (-?[\d.]+)"/>', text)
    assert float(end) < 0
    assert "<circle" not in text


def test_rings_on_the_way_make_a_line_longer() -> None:
    run = replace(GOOD, calls=(replace(call(1, 2.0, 8.0), stay=1.0),), faults=())

    assert timeline.scale([run]).most > 6.0
    (end,) = re.findall(r'<path d="M[\d. ]+L[\d.]+ (-?[\d.]+)"/>', timeline.strips(run, timeline.Scale(10.0, 8.0), "t"))
    assert float(end) == pytest.approx(timeline.PLOT * (1 - 6 / 8), abs=0.1)


def test_a_call_across_two_strips_is_drawn_in_both() -> None:
    run = replace(GOOD, calls=(call(1, 9.0, 12.0),), faults=())
    text = picture(run)

    assert text.count('<svg class="strip"') == 2
    assert text.count("<title>") == 2


def test_runs_side_by_side_share_a_scale_that_shows_the_promise() -> None:
    measure = timeline.scale([GOOD, CONTROL])

    assert measure.length >= timeline.duration(GOOD)
    assert measure.most > 4.1


@pytest.mark.parametrize(("count", "strips"), [(1, 1), (200, 2), (2000, 14), (20000, 14)])
def test_a_long_run_is_cut_into_strips(count: int, strips: int) -> None:
    run = replace(GOOD, calls=tuple(call(number, number / 3, number / 3 + 0.1) for number in range(count)), faults=())
    measure = timeline.scale([run])

    assert strips - 3 <= timeline.duration(run) / measure.length <= strips


def test_of_very_many_calls_some_are_drawn_and_all_that_broke_the_promise() -> None:
    good = tuple(call(number, number / 10, number / 10 + 0.1) for number in range(4 * timeline.MOST_DRAWN))
    lost = tuple(call(10**6 + number, number, None, Ending.LOST) for number in range(7))
    run = replace(GOOD, calls=(*good, *lost))

    shown, step = timeline.drawn(run)

    assert step == 5
    assert len(shown.lost) == 7
    assert len(shown.calls) <= timeline.MOST_DRAWN + 7
    assert "Of 5 calls that kept the promise one is drawn" in html(replace(HOLDS, run=run))
    assert timeline.drawn(GOOD) == (GOOD, 1)
    assert "one is drawn" not in html(HOLDS)


@pytest.mark.parametrize(("at", "text"), [(0, "0:00"), (45, "0:45"), (605, "10:05"), (3750, "1:02:30")])
def test_the_clock_of_a_run(at: float, text: str) -> None:
    assert timeline.clock(at) == text
