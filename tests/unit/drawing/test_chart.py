"""Lines over time: where they are drawn, what cannot be drawn, and that texts stay texts."""

from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from ariroute.drawing.bars import BLOCKS, PLAIN, bars, blocks_of, merged
from ariroute.drawing.chart import Chart, Line, alone, chart, highest, key, round_step, time_step


def seen(at: float) -> str:
    return f"t{at:g}"


def shown(*lines: Line, top: float = 0.0, step: float = 60.0) -> Chart:
    return Chart("Waits", lines, 0.0, step, seen, "{:g} s".format, top=top)


def test_a_line_climbs_from_the_floor_to_its_highest_value() -> None:
    picture = chart(shown(Line("gold", (0.0, 20.0))))
    (path,) = re.findall(r'class="line" d="([^"]+)"', picture)
    first, last = (tuple(map(float, point.split())) for point in path.removeprefix("M").split(" L"))
    assert first == (142.5, 190.0)  # the middle of the left half, on the floor
    assert last == (327.5, 26.0)  # the middle of the right half, at the top
    assert "<title>gold</title>" in picture
    assert ">20 s</text>" in picture


def test_a_line_is_cut_where_nothing_is_known() -> None:
    picture = chart(shown(Line("gold", (1.0, 2.0, None, 3.0))))
    assert picture.count('class="line"') == 1
    assert picture.count("<circle") == 1


def test_a_band_and_a_level_are_in_the_colour_of_their_line() -> None:
    line = Line("gold", (1.0, 2.0), 2, ((0.5, 1.5), (1.0, 4.0)), 3.0)
    picture = chart(shown(line))
    assert '<g class="tone2"><title>gold</title><path class="band"' in picture
    assert 'class="target"' in picture
    assert highest([line]) == 4.0


def test_charts_that_are_compared_have_one_scale() -> None:
    low = chart(shown(Line("gold", (1.0, 1.0)), top=100.0))
    assert ">100 s</text>" in low


def test_a_scale_of_times_has_the_steps_of_clocks() -> None:
    picture = chart(replace(shown(Line("gold", (200.0, 1.0))), round_up=time_step))
    assert re.findall(r'class="up"[^>]*>([^<]+)<', picture) == ["0 s", "60 s", "120 s", "180 s", "240 s"]


def test_a_chart_of_nothing_is_an_empty_frame() -> None:
    picture = chart(shown())
    assert 'class="frame"' in picture
    assert 'class="line"' not in picture


def test_names_are_text_and_nothing_else() -> None:
    picture = alone([[shown(Line("<b>&", (1.0,)))]], [("<b>&", 0)])
    root = ElementTree.fromstring(picture)
    assert "<b>&" in {element.text for element in root.iter()}
    assert "&lt;b&gt;&amp;" in key([("<b>&", 0)])


def test_times_are_written_at_round_moments() -> None:
    picture = chart(shown(Line("gold", (1.0,) * 48), step=1800.0))
    assert re.findall(r">t(\d+)<", picture) == ["0", "21600", "43200", "64800", "86400"]


@pytest.mark.parametrize(("least", "step"), [(0.03, 0.05), (1.0, 1.0), (1.1, 2.0), (6.0, 10.0), (200.0, 200.0)])
def test_steps_of_figures_are_round(least: float, step: float) -> None:
    assert round_step(least) == pytest.approx(step)


@pytest.mark.parametrize(("least", "step"), [(0.2, 0.2), (61.0, 120.0), (4000.0, 7200.0), (200_000.0, 259_200.0)])
def test_steps_of_time_are_those_of_clocks(least: float, step: float) -> None:
    assert time_step(least) == step


def test_bars_rise_to_the_top_and_leave_out_what_is_unknown() -> None:
    assert bars((0.0, 4.0, None, 8.0, 9.0), 8.0) == "▁▅ ██"
    assert bars((0.0, 0.0), 0.0) == "▁▁"
    assert bars((0.0, 8.0), 8.0, PLAIN) == "_#"


def test_neighbours_are_merged_into_their_mean() -> None:
    assert merged((1.0, 3.0, None, 5.0, None), 3) == [2.0, 5.0, None]
    assert merged((), 3) == []


def test_a_terminal_without_blocks_gets_plain_characters() -> None:
    assert blocks_of("ascii") == blocks_of(None) == PLAIN
    assert blocks_of("utf-8") == BLOCKS
