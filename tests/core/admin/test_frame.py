"""What is drawn around every page of the admin: the sidebar, where the page stands, fields of filters."""

from __future__ import annotations

from importlib.metadata import version
from types import SimpleNamespace

import pytest
from django import forms
from django.contrib.auth.models import Permission
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from integrations.core.admin.fields import field_html
from integrations.core.admin.navigation import drawn
from integrations.core.markup import escaped, filled, joined
from integrations.core.models import User
from integrations.core.roles import OPERATOR
from tests.core.world import browser, person

HOSTILE = """<img src=x onerror=alert(1)>'"&{0}{name}"""
INERT = "&lt;img src=x onerror=alert(1)&gt;&#x27;&quot;&amp;{0}{name}"


def test_the_frame_is_that_of_the_installed_theme() -> None:
    """Compare templates/admin/nav_sidebar.html, templates/unfold/, navigation.py, fields.py and `crumbs` with the
    originals of a new version before this number is raised."""
    assert version("django-unfold") == "0.91.0"


@pytest.mark.parametrize("value", [HOSTILE, SafeString("<b>"), 7, None, Permission])
def test_values_are_escaped_as_django_does_it(value: object) -> None:
    template = '<a title="{value}">{value}</a>'
    assert filled(template, value=value) == format_html(template, value=value)


def test_what_is_drawn_is_not_escaped_again() -> None:
    part = filled("<b>{text}</b>", text=HOSTILE)
    assert escaped(part) == part == f"<b>{INERT}</b>"
    assert joined([part, part], between=SafeString(", ")) == f"{part}, {part}"


def test_the_page_that_is_looked_at_is_marked_in_the_sidebar(world: SimpleNamespace) -> None:
    for path, link in (
        ("/admin/", "/admin/"),
        ("/admin/core/client/", "/admin/core/client/"),
        (f"/admin/core/client/{world.elite.pk}/change/", "/admin/core/client/"),
    ):
        text = browser(world.admin).get(path).content.decode()
        marked = [part.split('"')[0] for part in text.split('<li><a href="')[1:] if " active" in part.partition(">")[0]]
        assert marked == [link]


def test_badges_and_titles_are_texts() -> None:
    item = {"title": HOSTILE, "icon": "home", "link": "/admin/x/", "badge": HOSTILE}
    text = drawn([{"title": HOSTILE, "items": [item]}], "/admin/x/")
    assert text.count(INERT) == 3
    assert "<img" not in text


def test_names_of_people_and_records_are_texts(world: SimpleNamespace) -> None:
    world.elite.name = HOSTILE
    world.elite.save()
    User.objects.filter(pk=world.admin.pk).update(first_name=HOSTILE, email='"<img>"@example.com')
    text = browser(world.admin).get(f"/admin/core/client/{world.elite.pk}/change/").content.decode()
    assert text.count(INERT) >= 2
    assert "<img" not in text


def test_the_way_to_a_record_leads_back_step_by_step(world: SimpleNamespace) -> None:
    change = f"/admin/core/client/{world.elite.pk}/change/"
    for page, steps in (
        ("/admin/core/client/", ["/admin/core/", "/admin/core/client/"]),
        (change, ["/admin/core/", "/admin/core/client/", change]),
        (change.replace("change", "history"), ["/admin/core/", "/admin/core/client/", change]),
    ):
        heading = browser(world.admin).get(page).content.decode().partition("<h1")[2].partition("</h1>")[0]
        assert [part.split('"')[0] for part in heading.split('<a href="/')[1:]] == [step[1:] for step in steps]
        for step in steps:
            assert browser(world.admin).get(step).status_code == 200


def test_a_new_role_shows_in_the_sidebar_at_once(world: SimpleNamespace) -> None:
    newcomer = person("nina", OPERATOR)
    visitor = browser(newcomer)
    assert "/admin/core/job/" in visitor.get("/admin/").content.decode()
    newcomer.groups.clear()
    assert "/admin/core/job/" not in visitor.get("/admin/").content.decode()


class Filter(forms.Form):
    text = forms.CharField(required=False, widget=UnfoldAdminTextInputWidget(attrs={"placeholder": HOSTILE}))
    kind = forms.ChoiceField(
        label=HOSTILE, required=False, choices=[("", "Any"), ("a", HOSTILE)], widget=UnfoldAdminSelectWidget()
    )


def test_a_field_shows_what_was_asked_and_nothing_in_it_acts() -> None:
    form = Filter({"text": HOSTILE, "kind": "a"})
    text, kind = (field_html(form[name]) for name in ("text", "kind"))
    assert f' value="{INERT}"' in text
    assert f' placeholder="{INERT}"' in text
    assert f'<option value="a" selected>{INERT}</option>' in kind
    assert "<img" not in text + kind


def test_what_is_wrong_with_a_field_is_said_beside_it_and_to_screen_readers() -> None:
    drawn_field = field_html(Filter({"kind": HOSTILE})["kind"])
    assert 'aria-invalid="true" aria-describedby="id_kind_error"' in drawn_field
    assert '<ul class="errorlist" id="id_kind_error">' in drawn_field
    assert "Select a valid choice" in drawn_field
    assert "<img" not in drawn_field
    assert "selected" not in drawn_field


def test_a_list_is_called_as_in_the_sidebar_and_a_page_beside_it_by_its_own_name(world: SimpleNamespace) -> None:
    for path, name in (
        ("/admin/core/webhookdelivery/", "Webhook inbox"),
        ("/admin/backup_tickets/run/", "Run Checks"),
        ("/admin/backup_tickets/run/import/", "Import runs"),
        ("/admin/core/client/add/", "Add client"),
    ):
        text = browser(world.admin).get(path).content.decode()
        assert f"<title>{name} |" in " ".join(text.split()).replace("<title> ", "<title>")
        heading = text.partition("<h1")[2].partition("</h1>")[0]
        assert heading.rpartition("</a>")[0].endswith(name)
