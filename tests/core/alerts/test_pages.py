"""The pages: who sees which alerts, who may do what with them, and what a channel's form takes and shows."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import Any

import pytest
from django.core import mail as post
from django.urls import reverse
from django.utils import timezone

from integrations.core import roles
from integrations.core.models import Alert, AlertChannel, AlertMessage, AlertRule, Client, User
from tests.core.world import PASSWORD, browser, make_world, person

from . import receiver

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world() -> SimpleNamespace:
    return make_world()


def alert(client: Client | None, title: str, **values: Any) -> Alert:
    now = timezone.now()
    made: Alert = Alert.objects.create(
        rule="connection_attention",
        subject=title,
        client=client,
        title=title,
        sentence=f"About {title}.",
        path="/admin/",
        since=now,
        opened_at=now,
        seen_at=now,
        **values,
    )
    return made


def seen(user: User, path: str) -> str:
    return " ".join(browser(user).get(path).content.decode().split())


def page_of(row: Alert | AlertChannel) -> str:
    return reverse(f"admin:core_{row._meta.model_name}_change", args=[row.pk])


ALERTS = "/admin/core/alert/"


def test_people_see_the_alerts_of_their_clients_and_nobody_else_those_of_the_house(world: SimpleNamespace) -> None:
    rows = {
        name: alert(client, name) for name, client in (("ours", world.elite), ("theirs", world.other), ("house", None))
    }
    for user, visible in ((world.operator, {"ours", "theirs", "house"}), (world.limited, {"ours"})):
        listed = seen(user, ALERTS)
        assert {name for name in rows if f">{name}<" in listed} == visible
        assert {name for name, row in rows.items() if browser(user).get(page_of(row)).status_code == 200} == visible
    assert browser(world.reporter).get(ALERTS).status_code == 403


def test_open_ones_come_first_and_the_sidebar_counts_those_that_nobody_looks_after(world: SimpleNamespace) -> None:
    alert(None, "over", state="recovered", recovered_at=timezone.now())
    alert(None, "taken", acknowledged_at=timezone.now())
    alert(None, "wild")
    listed = seen(world.operator, ALERTS)
    assert listed.index(">wild<") < listed.index(">over<")
    assert "<span>Alerts</span><span" in listed
    assert "<span>Alerts</span><span" not in seen(world.limited, ALERTS)


def test_an_operator_looks_after_an_alert_mutes_it_and_leaves_it_again(world: SimpleNamespace) -> None:
    row = alert(world.elite, "ours")
    visitor = browser(world.limited)
    assert "What to do." in seen(world.limited, page_of(row))
    visitor.post(reverse("admin:core_alert_attend", args=[row.pk]))
    row.refresh_from_db()
    assert row.acknowledged_by == world.limited
    visitor.post(reverse("admin:core_alert_mute", args=[row.pk]), {"hours": "8"})
    row.refresh_from_db()
    assert row.muted_until is not None
    assert row.muted_until - timezone.now() > dt.timedelta(hours=7)
    assert "Muted until" in seen(world.limited, page_of(row))
    visitor.post(reverse("admin:core_alert_mute", args=[row.pk]), {"hours": "0"})
    visitor.post(reverse("admin:core_alert_attend", args=[row.pk]), {"leave": "1"})
    row.refresh_from_db()
    assert (row.muted_until, row.acknowledged_by, row.acknowledged_at) == (None, None, None)


def test_the_list_takes_many_at_once_and_leaves_other_clients_and_what_is_over_alone(world: SimpleNamespace) -> None:
    rows = [alert(world.elite, "a"), alert(world.elite, "b", state="recovered"), alert(world.other, "c")]
    act = {"action": "acknowledge", "_selected_action": [row.pk for row in rows]}
    answer = browser(world.limited).post(ALERTS, act, follow=True)
    assert "You look after 1; no more reminders of them." in answer.content.decode()
    assert list(Alert.objects.exclude(acknowledged_at=None)) == rows[:1]


def form(**values: Any) -> dict[str, Any]:
    return {
        "name": "pager",
        "client": "",
        "minimum_severity": "20",
        "emails": "",
        "url": "",
        "is_enabled": "on",
    } | values


ADD = "/admin/core/alertchannel/add/"


def test_a_channel_is_made_and_its_secret_is_never_shown(world: SimpleNamespace) -> None:
    given = form(url="https://pager.example.com/in", new_secret=receiver.SECRET)
    assert browser(world.admin).post(ADD, given).status_code == 302
    channel = AlertChannel.objects.get()
    assert channel.secret.open() == {"secret": receiver.SECRET}
    for path in (
        page_of(channel),
        "/admin/core/alertchannel/",
        reverse("admin:core_alertchannel_history", args=[channel.pk]),
    ):
        assert receiver.SECRET not in seen(world.admin, path)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({}, "Give either e-mail addresses or a webhook address"),
        ({"emails": "nobody"}, "is not an e-mail address"),
        ({"url": "https://pager.example.com/", "new_secret": "short"}, "Use at least 16 characters"),
        ({"url": "https://pager.example.com/"}, "A webhook is signed; give a secret."),
        ({"url": "http://10.0.0.1/", "new_secret": receiver.SECRET}, "is not a public one"),
        ({"url": "ftp://pager.example.com/", "new_secret": receiver.SECRET}, "must begin with https:// or http://"),
    ],
)
def test_a_form_that_cannot_be_says_why(world: SimpleNamespace, values: dict[str, str], said: str) -> None:
    assert said in browser(world.admin).post(ADD, form(**values)).content.decode()
    assert not AlertChannel.objects.exists()


def test_who_changes_where_alerts_go_enters_their_password(world: SimpleNamespace) -> None:
    visitor = browser(world.admin)
    visitor.post(ADD, form(url="https://pager.example.com/in", new_secret=receiver.SECRET))
    channel = AlertChannel.objects.get()
    changed = form(url="https://thief.example.com/in")
    assert "Enter your own password" in visitor.post(page_of(channel), changed).content.decode()
    assert visitor.post(page_of(channel), changed | {"confirm_password": PASSWORD}).status_code == 302
    channel.refresh_from_db()
    assert (channel.url, channel.secret.open()) == ("https://thief.example.com/in", {"secret": receiver.SECRET})
    assert visitor.post(page_of(channel), form(url=channel.url, minimum_severity="30")).status_code == 302


def test_an_admin_of_some_clients_makes_channels_of_these_alone(world: SimpleNamespace) -> None:
    lea = person("lea", roles.ADMIN, clients=[world.elite])
    AlertChannel.objects.create(name="of the house", emails="a@example.com")
    assert "of the house" not in seen(lea, "/admin/core/alertchannel/")
    visitor = browser(lea)
    assert visitor.post(ADD, form(emails="a@example.com")).status_code == 200
    assert visitor.post(ADD, form(emails="a@example.com", client=world.other.pk)).status_code == 200
    assert visitor.post(ADD, form(emails="a@example.com", client=world.elite.pk)).status_code == 302
    assert browser(lea).get("/admin/core/alertrule/").status_code == 403


def test_a_test_is_sent_and_its_outcome_said(world: SimpleNamespace) -> None:
    channel = AlertChannel.objects.create(name="watch", emails="night@example.com")
    test = reverse("admin:core_alertchannel_test", args=[channel.pk])
    answer = browser(world.admin).post(test, follow=True)
    assert "The test was sent. Given to the mail server for night@example.com." in answer.content.decode()
    assert [message.subject for message in post.outbox] == ["[portal] This is a test"]
    assert browser(world.operator).post(test).status_code == 403
    assert AlertMessage.objects.count() == 1


def test_an_admin_changes_a_rule(world: SimpleNamespace) -> None:
    listed = seen(world.admin, "/admin/core/alertrule/")
    assert "3 failed runs in a row" in listed
    rule = AlertRule.objects.get(slug="stream_failing")
    change = reverse("admin:core_alertrule_change", args=[rule.pk])
    browser(world.admin).post(change, {"is_enabled": "on", "threshold": "5"})
    assert "5 failed runs in a row (changed; the rule&#x27;s own is 3)" in seen(world.admin, "/admin/core/alertrule/")
