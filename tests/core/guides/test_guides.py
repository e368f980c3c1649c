"""The guides inside the portal: every page leads to its section, and every link in a guide leads somewhere."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from urllib.parse import urldefrag

import pytest
from django.conf import settings
from django.contrib import admin
from django.contrib.staticfiles import finders
from django.test import Client as Browser
from django.urls import reverse

from integrations.core import guides, registry, roles
from integrations.core.guides.pictures import Picture, pictures_of, size_of
from integrations.core.guides.places import FIELDS, PAGES
from integrations.core.guides.rendering import Leads, rendered
from integrations.core.models import Integration
from tests.addresses import addresses, make_scene
from tests.core.world import browser, make_world, person

PLACES = {**PAGES, **FIELDS, **{page: place for kind in registry.kinds() for page, place in kind.guides.items()}}
GUIDES = Path(settings.GUIDES)
SLUGS = [entry.url.split("/")[-2] for _, entries in guides.groups() for entry in entries]
# No pages of somebody who is signed in: their answers have no frame, or are no pages.
WITHOUT = {
    *("login", "logout", "jsi18n", "autocomplete", "view_on_site", "password_choose", "password_forgotten"),
    "password_link",
}


@pytest.fixture
def operator(db: None) -> Browser:
    return browser(person("otto", roles.OPERATOR))


def targets(slug: str) -> set[str]:
    guide = guides.find(slug)
    return {*re.findall(r'<h\d id="([^"]+)"', guide.html), ""} if guide else set()


@pytest.mark.parametrize("key", PLACES)
def test_what_explains_a_page_or_a_field_is_there(key: str) -> None:
    guide, _, anchor = PLACES[key].partition("#")
    assert anchor in targets(guide.removesuffix(".md")), PLACES[key]


def test_every_kind_of_integration_has_a_guide() -> None:
    assert all(guides.find(kind.guide.removesuffix(".md")) for kind in registry.kinds())


def test_every_page_of_the_admin_leads_to_its_section() -> None:
    names = [name for one in addresses() for area, _, name in [one.name.partition(":")] if area == "admin"]
    assert len(names) > 200
    without = {name for name in names if not guides.guide_of(name)}
    assert without == {*WITHOUT, "guides", "guide"}


def test_the_longest_name_counts() -> None:
    assert guides.guide_of("core_connection_changelist") == "/admin/guides/admins/#the-first-day"
    assert guides.guide_of("core_connection_rotate") == "/admin/guides/operations/#credentials-of-a-vendor"
    assert guides.guide_of("core_connectionless") == ""


def test_the_frame_shows_the_way(operator: Browser) -> None:
    page = operator.get("/admin/backup_tickets/customer/").content.decode()
    assert 'href="/admin/guides/operators/#customers"' in page


@pytest.mark.django_db
def test_an_integrations_page_leads_to_the_guide_of_its_kind() -> None:
    world = make_world()
    made = Integration.objects.create(client=world.elite, slug="bridge", kind="itop_bridge")
    page = browser(world.admin).get(f"/admin/core/integration/{made.pk}/change/").content.decode()
    assert 'href="/admin/guides/itop/"' in page


@pytest.mark.django_db
@pytest.mark.parametrize("key", [key for key in PLACES if "." in key])
def test_the_help_of_a_field_leads_to_its_section(key: str) -> None:
    world = make_world()
    scene = make_scene(world.elite, world.elite_connection)
    page, _, _ = key.partition(".")
    model = next(one for one in admin.site._registry if f"{one._meta.app_label}_{one._meta.model_name}" == page)
    address = reverse(f"admin:{page}_change", args=[scene.object_of(model).pk])
    answer = browser(world.admin).get(address)
    assert f'href="{guides.address(PLACES[key])}" target="_blank"' in answer.content.decode()


def test_a_fields_help_stays_text() -> None:
    text = guides.help_of("core_connection", "is_paused", "<img src=x>")
    assert text is not None
    assert "&lt;img src=x&gt; <a " in text
    assert guides.help_of("core_connection", "slug", "a word") is None


@pytest.mark.parametrize("slug", SLUGS)
def test_every_link_and_picture_of_a_guide_is_there(operator: Browser, slug: str) -> None:
    page = operator.get(f"/admin/guides/{slug}/")
    assert page.status_code == 200
    article = re.search(r"<article.*?</article>", page.content.decode(), re.DOTALL)
    assert article
    assert "<h1" not in article[0]
    for href in map(unescape, re.findall(r'href="([^"]*)"', article[0])):
        path, anchor = urldefrag(href)
        if not path.startswith(("https://", "http://")):
            assert anchor in targets(path.split("/")[-2] if path else slug), href
            assert not path or path.startswith("/admin/guides/"), href
    for src in re.findall(r'src="([^"]*)"', article[0]):
        assert finders.find(src.removeprefix("/static/")), src


def test_the_shelf_names_every_guide_and_a_guide_the_others(operator: Browser) -> None:
    for address in ("/admin/guides/", "/admin/guides/operators/"):
        text = operator.get(address).content.decode()
        assert all(f'href="/admin/guides/{slug}/"' in text for slug in SLUGS)
    assert {"operators", "admins", "itop", "about-itop-bridge", "limits"} <= set(SLUGS)


@pytest.mark.parametrize("slug", ["nothing", "README", "..", "settings"])
def test_nothing_but_guides_is_opened(operator: Browser, slug: str) -> None:
    assert operator.get(f"/admin/guides/{slug}/").status_code == 404


@pytest.mark.django_db
def test_who_is_not_signed_in_reads_none() -> None:
    assert Browser().get("/admin/guides/operators/").status_code == 302


def test_a_pictures_size_is_read_from_its_head(tmp_path: Path) -> None:
    file = tmp_path / "a.webp"
    file.write_bytes(b"RIFF\0\0\0\0WEBPVP8X" + b"\0" * 8 + b"\x77\x05\0\x83\x03\0")
    assert size_of(file) == (1400, 900)
    file.write_bytes(b"\x89PNG" + b"\0" * 40)
    with pytest.raises(ValueError, match=r"a\.webp is no WebP"):
        size_of(file)


def test_no_picture_of_our_own_guides_is_from_elsewhere() -> None:
    found = [src for file in GUIDES.glob("*.md") for src in re.findall(r"!\[[^]]*\]\(([^)]*)", file.read_text("utf-8"))]
    assert len(found) > 30
    assert all(src.startswith("images/") for src in found)


ELSEWHERE = ["https://example.com/badge.webp", "//example.com/a.webp", "../a.webp", "data:image/png;base64,AAAA", ""]


@pytest.mark.parametrize("src", ELSEWHERE)
def test_a_picture_from_elsewhere_is_its_words_alone(tmp_path: Path, src: str) -> None:
    (tmp_path / "a.webp").write_bytes(b"RIFF")
    leads = Leads(
        link=lambda href: href,
        picture=lambda src: pictures_of(src, guide=tmp_path / "docs/a.md", folder=tmp_path / "docs/images"),
    )
    page = rendered(f'# T\n\n![how <it> "goes"]({src})\n', leads)
    assert "<img" not in page.html
    assert "how &lt;it&gt; &quot;goes&quot;" in page.html


def test_a_table_says_its_headings_in_every_cell_for_phones() -> None:
    leads = Leads(link=lambda href: href, picture=lambda src: ())
    page = rendered('# T\n\n| a `b` | "c" |\n|---|---|\n| 1 | **2** |\n', leads)
    assert '<td data-label="a b"><div>1</div></td>' in page.html
    assert '<td data-label="&quot;c&quot;"><div><strong>2</strong></div></td>' in page.html


def test_markup_in_a_guide_is_text_and_links_that_run_are_none() -> None:
    leads = Leads(
        link=lambda href: href if href.startswith("https:") else None, picture=lambda src: (Picture(src, 3, 2),)
    )
    page = rendered(
        "# A <b>title</b>\n\n<script>alert(1)</script>\n\n"
        '[run](javascript:alert(1)) [away](elsewhere.py) [out](https://example.com "x")'
        ' ![<i>"alt"](a.webp)\n\n## Same\n\n## Same\n',
        leads,
    )
    assert "&lt;script&gt;" in page.html
    assert "<script" not in page.html
    assert "javascript:" not in "".join(re.findall(r'href="([^"]*)"', page.html))
    assert " away " in re.sub(r"<[^>]+>", "", page.html)
    assert re.findall(r'href="([^"]*)"', page.html) == ["https://example.com"]
    assert 'alt="&lt;i&gt;&quot;alt&quot;" width="3" height="2"' in page.html
    assert [one.anchor for one in page.headings] == ["same", "same-1"]
