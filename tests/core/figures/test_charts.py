"""Charts say the same in a picture, a sentence and a table, and need no colour to be read."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree

import pytest

from integrations.core.charts import Chart, Part, axis_end, drawn, short, sparkline

SVG = "{http://www.w3.org/2000/svg}"


def chart(*parts: Part, is_stacked: bool = True) -> Chart:
    return Chart("Runs <by> day", "day", ["1 Nov", "2 Nov", "3 Nov"], parts, 7, is_stacked)


def picture(of: str) -> ElementTree.Element:
    found = re.search(r"<svg.*?</svg>", of, re.DOTALL)
    assert found
    return ElementTree.fromstring(found[0].replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"', 1))  # noqa: S314


def bars(svg: ElementTree.Element) -> list[list[tuple[float, float, float, float]]]:
    """Of each part its bars: x, top, width, height."""
    shape = re.compile(r"M([\d.]+) ([\d.]+)h([\d.]+)v([\d.]+)h")
    paths = [path for path in svg.iter(f"{SVG}path") if path.get("class") == "ch-part"]
    return [[tuple(map(float, one)) for one in shape.findall(path.get("d", ""))] for path in paths]  # type: ignore[misc]


def test_parts_stand_upon_each_other_in_proportion() -> None:
    svg = picture(drawn(chart(Part("Error", "bad", [2, 0, 1]), Part("Success", "good", [6, 8, 0]))))
    errors, successes = bars(svg)
    assert len(errors) == len(successes) == 2  # none for a zero
    assert errors[0][3] * 3 == pytest.approx(successes[0][3], abs=0.4)
    assert successes[0][1] + successes[0][3] == pytest.approx(errors[0][1], abs=0.2)
    assert successes[1][3] == pytest.approx(124, abs=0.1)  # eight is the end of the axis


def test_parts_beside_each_other_share_the_ground_and_do_not_overlap() -> None:
    opened, resolved = bars(
        picture(drawn(chart(Part("Opened", "info", [3, 0, 0]), Part("Resolved", "good", [2, 0, 0]), is_stacked=False)))
    )
    assert opened[0][0] + opened[0][2] == pytest.approx(resolved[0][0], abs=0.2)
    assert opened[0][1] + opened[0][3] == pytest.approx(resolved[0][1] + resolved[0][3], abs=0.2)


def test_the_picture_has_a_name_and_a_sentence_and_foreign_text_stays_text() -> None:
    svg = picture(drawn(chart(Part("Error", "bad", [2, 0, 1]), Part("Success", "good", [6, 8, 0]))))
    assert svg.get("role") == "img"
    assert svg.findtext(f"{SVG}title") == "Runs <by> day"
    assert svg.findtext(f"{SVG}desc") == "By day, 1 Nov to 3 Nov: 3 error, 14 success. Most: 8, 1 Nov."
    said = [rect.findtext(f"{SVG}title") for rect in svg.iter(f"{SVG}rect") if rect.get("class") == "ch-over"]
    assert said == ["1 Nov: 2 error, 6 success", "2 Nov: 8 success", "3 Nov: 1 error"]


def test_the_table_has_the_same_figures_newest_first_without_empty_rows() -> None:
    html = drawn(chart(Part("Error", "bad", [2, 0, 1000]), Part("Success", "good", [6, 0, 0])))
    assert re.findall(r'<th scope="row">(.*?)</th>(.*?)</tr>', html) == [
        ("3 Nov", "<td>1,000</td><td>0</td>"),
        ("1 Nov", "<td>2</td><td>6</td>"),
    ]
    assert "Each day that is not listed had none." in html


def test_parts_differ_by_pattern_and_no_style_is_inline() -> None:
    html = drawn(chart(*(Part(tone, tone, [1, 1, 1]) for tone in ("bad", "warning", "neutral", "info", "good"))))
    lines = [one.find(f"{SVG}path") for one in picture(html).iter(f"{SVG}pattern")]
    assert len({None if path is None else path.get("d") for path in lines}) == 5
    assert "style=" not in html


def test_nothing_is_drawn_of_nothing() -> None:
    assert drawn(chart(Part("Error", "bad", [0, 0, 0]))) == ""
    assert drawn(chart()) == ""


@pytest.mark.parametrize(
    ("largest", "end"), [(1, 1), (2, 2), (3, 4), (5, 6), (9, 10), (11, 20), (47, 60), (1001, 2000)]
)
def test_the_axis_ends_at_a_round_number(largest: int, end: int) -> None:
    assert axis_end(largest) == end


def test_numbers_of_an_axis_are_short() -> None:
    assert [short(n) for n in (0, 950, 1200, 40_000, 3_000_000)] == ["0", "950", "1.2k", "40k", "3M"]


def test_a_line_is_broken_where_there_is_no_value_and_a_lone_one_is_a_dot() -> None:
    line = sparkline([1, 2, None, 2, None, None, 1, 1], top=2, label="means")
    assert line.count("M") - line.count("M0 22.5") == 3
    assert line.count("<circle") == 1
    assert 'aria-label="means"' in line
