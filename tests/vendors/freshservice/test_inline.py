"""Pictures in HTML are found in whatever a stranger wrote, and quickly."""

from __future__ import annotations

import io
import time

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from integrations.vendors.freshservice.api import FreshserviceApi
from integrations.vendors.freshservice.inline import LONGEST_TAG, inline_images, lasting, with_ending
from integrations.vendors.freshservice.simulator import FreshserviceSimulator
from tests.seeds import SEED

from .conftest import Wire

URL = "https://attachment.freshservice.com/inline/attachment?token=abc"
TAG = f'<img src="{URL}" class="inline-image" data-id="{{}}" data-store-type="1">'


def ids(html: str) -> list[int]:
    return [image.id for image in inline_images(html)]


def test_a_picture_is_found_with_its_address_and_a_name() -> None:
    (image,) = inline_images(f"<p>Look: {TAG.format(21018754540)}</p>")
    assert (image.id, image.url, image.name, image.size) == (21018754540, URL, "inline-21018754540", None)
    assert image.is_inline


@pytest.mark.parametrize(
    "html",
    [
        TAG.format(7).upper().replace("INLINE-IMAGE", "inline-image"),
        TAG.format(7).replace('"', "'"),
        f"<img\n data-id=7\n class='a inline-image b'\tsrc={URL} />",
        f"<IMG/class='inline-image'/data-id=7 src='{URL}'>",
        f'<img alt="a > b" class="inline-image" data-id="7" src="{URL}">',
        f"<p <b <div>{TAG.format(7)}",
        f"<!-- {TAG.format(9)} -->{TAG.format(7)}",
        f"{TAG.format(7)}{TAG.format(7)}",
        f'<img src="data:image/png;base64,{"A" * 50_000}">{TAG.format(7)}',
    ],
)
def test_a_picture_is_found_however_it_is_written(html: str) -> None:
    assert ids(html) == [7]


@pytest.mark.parametrize(
    "html",
    [
        "",
        "inline-image data-id=7",
        f'<img src="{URL}" data-id="7">',
        f'<img src="{URL}" class="inline-images" data-id="7">',
        f'<img src="{URL}" class="inline-image">',
        f'<img src="{URL}" class="inline-image" data-id="seven">',
        f'<img src="{URL}" class="inline-image" data-id="0">',
        f'<img src="{URL}" class="inline-image" data-id="{2**63}">',
        '<img class="inline-image" data-id="7">',
        '<img src="" class="inline-image" data-id="7">',
        '<img src="javascript:alert(1)" class="inline-image" data-id="7">',
        '<img src="/inline/attachment" class="inline-image" data-id="7">',
        f"<image src='{URL}' class='inline-image' data-id='7'>",
        f"<!-- {TAG.format(7)}",
        TAG.format(7)[:-1],
        f'<img src="{URL}" data-id="7" {"x" * LONGEST_TAG} class="inline-image">',
    ],
)
def test_what_is_no_picture_of_ours_is_none(html: str) -> None:
    assert ids(html) == []


def test_entities_in_an_address_are_read() -> None:
    (image,) = inline_images(TAG.format(7).replace("token=abc", "token=abc&amp;x=1"))
    assert image.url == f"{URL}&x=1"


@pytest.mark.parametrize(
    ("url", "content_type", "name"),
    [
        (URL, "image/png", "inline-7.png"),
        (URL, "image/jpeg; charset=binary", "inline-7.jpg"),
        (URL, "text/html", "inline-7"),
        ("https://x.example/a/b.GIF?x", "image/png", "inline-7.gif"),
        ("https://x.example/a.toolongending", "", "inline-7"),
        ("https://[", "", "inline-7"),
    ],
)
def test_a_picture_is_named_by_its_id_and_its_type(url: str, content_type: str, name: str) -> None:
    (image,) = inline_images(TAG.format(7).replace(URL, url))
    assert with_ending(image.name, content_type) == name


def test_a_picture_of_a_ticket_can_be_fetched(
    freshservice: FreshserviceSimulator, wire: Wire, api: FreshserviceApi
) -> None:
    number = wire.do("new_ticket", subject="x")
    note = wire.do("note", ticket=number, text="see")
    made = [wire.do("insert_image", ticket=number), wire.do("insert_image", conversation=note)]
    (conversation,) = api.conversations(number)
    images = [*inline_images(api.ticket(number).description), *inline_images(conversation.body)]
    assert [image.id for image in images] == made
    done = [api.download(image, io.BytesIO()) for image in images]
    assert [one.name for one in done] == [f"inline-{one}.png" for one in made]
    assert freshservice.files.strangers == 0


_pieces = st.sampled_from(
    [
        *("<img", "<img ", "<!--", "-->", "<![", "<?", "</", ">", '"', "'", "=", "/", "<", "&#", "&amp", "<script>"),
        *(' class="inline-image"', ' data-id="7"', f' src="{URL}"', "\x00", "\ud800", "<svg><img", "<!DOCTYPE", "]]>"),
    ]
) | st.text(max_size=5)


@seed(93 + SEED)
@settings(max_examples=120, deadline=None, database=None)
@given(st.lists(_pieces, max_size=40).map("".join))
def test_no_html_breaks_the_search(html: str) -> None:
    for image in inline_images(html):
        assert image.url.startswith("https://")
        assert 0 < image.id < 2**63


@pytest.mark.parametrize(
    "piece", ["<!", "<img ", "<img a=", '<img "', "<!--", "<img a='", "<![", "</", "<img x >", "<"]
)
def test_much_nonsense_takes_no_time(piece: str) -> None:
    """A parser fed with the whole takes minutes for some of these; the bound is far from what it takes here."""
    started = time.process_time()
    assert ids(piece * (120_000 // len(piece)) + "inline-image") == []
    assert time.process_time() - started < 5


# --- what is the same at each read --------------------------------------------------------------------------------


def image_at(source: str, more: str = "") -> str:
    return f'<p>See</p><img src="{source}" class="inline-image" data-id="5"{more}><p>above</p>'


def test_an_address_signed_anew_is_the_same_text() -> None:
    host = "https://attachment.freshservice.com/inline/attachment?token="
    assert lasting(image_at(f"{host}abc")) == lasting(image_at(f"{host}xyz&amp;more=1"))
    twice = [image_at(f"{host}{one}") + image_at(f"{host}{two}") for one, two in (("a", "b"), ("c", "d"))]
    assert lasting(twice[0]) == lasting(twice[1])


@pytest.mark.parametrize(
    "other",
    [
        image_at("https://attachment.freshservice.com/other?token=abc"),
        image_at("https://attachment.freshservice.com/inline?token=abc", ' width="9"'),
        image_at("https://attachment.freshservice.com/inline?token=abc").replace("above", "below"),
        image_at("https://attachment.freshservice.com/inline?token=abc").replace('"5"', '"6"'),
        "<p>See</p><p>above</p>",
    ],
)
def test_every_other_change_of_the_text_shows(other: str) -> None:
    assert lasting(other) != lasting(image_at("https://attachment.freshservice.com/inline?token=abc"))


@pytest.mark.parametrize(
    "text", ["", "plain", "<img src='https://x/?a=1'>", "<!-- <img class=inline-image> -->", "<img"]
)
def test_a_text_without_inline_images_is_as_it_is(text: str) -> None:
    assert lasting(text) == text
