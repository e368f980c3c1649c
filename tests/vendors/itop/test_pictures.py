"""Pictures in iTop's HTML are found whatever surrounds them, and nothing in it is believed."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from integrations.vendors.itop.pictures import Kind, Picture, name_of, pictures_in, with_notes
from tests.seeds import SEED

OWN = (
    '<img src="http://itop.example.com/pages/ajax.document.php?operation=download_inlineimage&amp;id=7&amp;s=ab12" '
    'data-img-id="7" data-img-secret="ab12">'
)
DATA = '<img src="data:image/png;base64,aGk=">'
FOREIGN = '<img src="https://elsewhere.example.com/x.png">'


def kinds(html: str) -> list[str]:
    return [str(one.kind) for one in pictures_in(html)]


def test_the_three_kinds_are_told_apart_in_their_order() -> None:
    assert kinds(f"<p>a {OWN} b {DATA}</p>{FOREIGN}{OWN}") == ["inline", "data", "foreign", "inline"]
    own = pictures_in(OWN)[0]
    assert (own.id, own.secret) == (7, "ab12")
    assert "operation=download_inlineimage&id=7&s=ab12" in own.source
    assert "ab12" not in repr(own)


@pytest.mark.parametrize(
    ("html", "found"),
    [
        ("", []),
        ("<p>no picture, 1 < 2, <image src=x></p>", []),
        ("<imgs src='x'>", []),
        (f"<!-- {OWN} -->{DATA}", ["data"]),
        (f"<!-- never closed {OWN}", []),
        ("<IMG SRC=data:image/gif;base64,aGk= />", ["data"]),
        ("<img/src='data:,x'>", ["data"]),
        ('<img alt="a > b" data-img-id="3">', ["inline"]),
        ("<img alt='\"' data-img-id=3>", ["inline"]),
        ('<img data-img-id="0">', ["foreign"]),
        ('<img data-img-id="x" src="y">', ["foreign"]),
        ('<img data-img-id="9223372036854775808">', ["foreign"]),
        ('<img data-img-id="4" data-img-id="5">', ["inline"]),
        ('<img data-img-id="5', []),
        ("<img>", ["foreign"]),
    ],
)
def test_odd_html_is_walked_as_a_browser_would(html: str, found: list[str]) -> None:
    assert kinds(html) == found


def test_of_two_attributes_of_one_name_the_first_counts() -> None:
    assert pictures_in('<img data-img-id="4" data-img-id="5">')[0].id == 4


@pytest.mark.parametrize(
    ("source", "content"),
    [
        ("data:image/png;base64,aGk=", ("image/png", b"hi")),
        ("data:image/png;base64,aG\n k=", ("image/png", b"hi")),
        ("data:image/png;base64,aGk", ("image/png", b"hi")),
        ("data:image/svg+xml;charset=utf-8,%3Csvg/%3E", ("image/svg+xml", b"<svg/>")),
        ("DATA:,plain%20text", ("text/plain", b"plain text")),
    ],
)
def test_the_bytes_of_a_picture_in_the_text(source: str, content: tuple[str, bytes]) -> None:
    (picture,) = pictures_in(f'<img src="{source}">')
    assert picture.content() == content


@pytest.mark.parametrize("html", [OWN, FOREIGN, '<img src="data:broken">', '<img src="data:image/png;base64,*">'])
def test_no_other_picture_has_its_bytes_in_the_text(html: str) -> None:
    with pytest.raises(ValueError, match="picture"):
        pictures_in(html)[0].content()


def test_tags_are_replaced_by_notes_and_all_else_stays() -> None:
    def note(picture: Picture) -> str:
        return f"[{picture.kind} {picture.id}]"

    html = f"<p>a {OWN}\nb &lt;img&gt; {DATA}</p><!-- {FOREIGN} -->"
    assert with_notes(html, note) == f"<p>a [inline 7]\nb &lt;img&gt; [data 0]</p><!-- {FOREIGN} -->"
    assert with_notes("<p>plain</p>", note) == "<p>plain</p>"


def test_a_picture_without_a_name_gets_one() -> None:
    assert (name_of(7, "image/png; x=y"), name_of(7, "text/plain")) == ("picture-7.png", "picture-7")


@pytest.mark.parametrize(
    "html",
    [
        "<img " * 40_000,
        '<img "' * 40_000,
        "<img a='" * 30_000,
        "<img" + " a" * 100_000,
        "<img " + 'a="' * 60_000 + ">",
        "<!--" * 50_000,
        "<img src='data:image/png;base64," + "A" * 4_000_000 + "'>",
        "<img =" * 40_000 + ">",
        "<img data-img-id=1>" * 40_000,
    ],
)
def test_hostile_html_does_not_hold_anybody_up(html: str) -> None:
    started = time.process_time()
    assert len(pictures_in(html)) <= 500
    assert time.process_time() - started < 2  # milliseconds, where a careless pattern takes minutes


_pieces = st.sampled_from(
    ["<img", ">", " ", '"', "'", "=", "src", "data-img-id", "5", "data:,", "<!--", "-->", "é", "\x00", OWN]
)


@seed(33 + SEED)
@settings(max_examples=100, deadline=None, database=None)
@given(st.lists(_pieces, max_size=12).map("".join))
def test_any_text_gives_pictures_and_keeps_what_is_none(html: str) -> None:
    found = pictures_in(html)
    assert all(isinstance(one.kind, Kind) and 0 <= one.id < 2**63 for one in found)
    marked = with_notes(html, lambda picture: "\ue000")
    assert marked.count("\ue000") == len(found) + html.count("\ue000")
    if not found:
        assert marked == html
