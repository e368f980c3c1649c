"""An admin invites a person by mail; the person chooses a password, once and in time."""

from __future__ import annotations

import datetime as dt
import smtplib
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import Group
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations.core import roles
from integrations.core.models import AuditEntry, Job, PasswordLink, User
from integrations.core.running import run_due_jobs
from tests.core.world import PASSWORD, browser

from .mailbox import CHOOSE, NEW, choose, deliver, is_signed_in, newest_link
from .test_sign_in import sign_in

ADD = "/admin/core/user/add/"
LIST = "/admin/core/user/"


class BrokenServer(EmailBackend):
    """A mail server that takes nothing."""

    def send_messages(self, messages: Any) -> int:
        raise smtplib.SMTPServerDisconnected("gone")


def add(admin: Browser, *, name: str = "nora", email: str = "nora@example.com", **more: Any) -> Any:
    groups = [Group.objects.get(name=roles.OPERATOR).pk]
    form = {"username": name, "first_name": "Nora", "email": email, "groups": groups, "all_clients": "on"}
    return admin.post(ADD, {**form, "usable_password": "false", **more}, follow=True)


def invited(world: SimpleNamespace) -> User:
    add(browser(world.admin))
    deliver()
    return User.objects.get(username="nora")


def press(world: SimpleNamespace, person: User, what: str) -> Any:
    return browser(world.admin).post(f"{LIST}{person.pk}/{what}/", follow=True)


def test_a_new_person_gets_a_link_and_chooses_a_password(world: SimpleNamespace) -> None:
    answer = add(browser(world.admin))
    assert b"An invitation goes to nora@example.com" in answer.content
    assert deliver() == ["nora@example.com"]
    page = choose(newest_link())
    assert is_signed_in(page)
    assert sign_in(Browser(), "nora", NEW).status_code == 302
    person = User.objects.get(username="nora")
    assert [group.name for group in person.groups.all()] == [roles.OPERATOR]


def test_the_mail_says_who_invites_and_the_user_name(world: SimpleNamespace) -> None:
    invited(world)
    said = str(mail.outbox[0].body)
    assert "anna invites you" in said
    assert "Your user name is nora." in said


def test_the_secret_of_a_link_is_in_the_mail_and_nowhere_else(world: SimpleNamespace) -> None:
    invited(world)
    secret = newest_link().split("/")[-2]
    stored = [*PasswordLink.objects.values(), *Job.objects.values(), *AuditEntry.objects.values()]
    assert secret not in str(stored)


def test_a_link_works_once(world: SimpleNamespace) -> None:
    invited(world)
    link = newest_link()
    choose(link)
    assert Browser().get(link).status_code == 404
    late = choose(link, "a-thief-has-this-one")
    assert not is_signed_in(late)
    assert sign_in(Browser(), "nora", "a-thief-has-this-one").status_code == 200


def test_of_two_who_opened_a_link_one_gets_in(world: SimpleNamespace) -> None:
    invited(world)
    first, second = Browser(), Browser()
    for page in (first, second):
        page.get(newest_link())
        assert page.get(CHOOSE).status_code == 200
    choose(newest_link(), page=first)
    answer = second.post(CHOOSE, {"new_password1": NEW + "2", "new_password2": NEW + "2"})
    assert answer.status_code == 404
    assert not is_signed_in(second)


def test_to_look_at_a_link_uses_nothing_up(world: SimpleNamespace) -> None:
    invited(world)
    for _ in range(3):
        assert Browser().get(newest_link())["Location"] == CHOOSE
    assert is_signed_in(choose(newest_link()))


def test_a_link_ends_after_three_days(world: SimpleNamespace) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        invited(world)
        clock.shift(dt.timedelta(days=3) - dt.timedelta(seconds=1))
        assert Browser().get(newest_link()).status_code == 302
        clock.shift(1)
        assert Browser().get(newest_link()).status_code == 404
        assert b"invitation expired" in browser(world.admin).get(LIST).content


def test_sent_again_only_the_newest_link_opens(world: SimpleNamespace) -> None:
    person = invited(world)
    first = newest_link()
    press(world, person, "invite")
    assert deliver() == ["nora@example.com"] * 2
    assert Browser().get(first).status_code == 404
    assert is_signed_in(choose(newest_link()))


def test_taken_back_the_link_is_dead_and_the_person_inactive(world: SimpleNamespace) -> None:
    person = invited(world)
    assert b"is taken back" in press(world, person, "revoke").content
    assert Browser().get(newest_link()).status_code == 404
    person.refresh_from_db()
    assert not person.is_active
    assert b"not active" in press(world, person, "invite").content


def test_an_invitation_taken_back_before_it_was_mailed_is_not_mailed(world: SimpleNamespace) -> None:
    add(browser(world.admin))
    press(world, User.objects.get(username="nora"), "revoke")
    assert deliver() == []


def test_the_list_says_how_far_everybody_is(world: SimpleNamespace) -> None:
    admin = browser(world.admin)
    add(admin)
    assert b"being invited" in admin.get(LIST).content
    deliver()
    assert b">invited<" in admin.get(LIST).content
    choose(newest_link())
    assert b"invited" not in admin.get(LIST).content
    assert admin.get(LIST).content.count(b">active<") == User.objects.count()


def test_the_password_is_held_to_the_rules_and_the_link_stays_good(world: SimpleNamespace) -> None:
    invited(world)
    page = choose(newest_link(), "short")
    assert not is_signed_in(page)
    assert b"at least 12 characters" in page.post(CHOOSE, {"new_password1": "short", "new_password2": "short"}).content
    assert is_signed_in(choose(newest_link(), page=page))


def test_choosing_a_password_gives_a_new_session(world: SimpleNamespace) -> None:
    invited(world)
    page = Browser()
    page.get(newest_link())
    before = page.session.session_key
    choose(newest_link(), page=page)
    assert page.session.session_key != before
    assert "password_link" not in page.session


def test_a_role_that_demands_a_second_factor_meets_its_set_up(world: SimpleNamespace, settings: Any) -> None:
    settings.TWO_FACTOR_ROLES = [roles.OPERATOR]
    invited(world)
    assert choose(newest_link()).get("/admin/")["Location"] == "/admin/two-factor/"


def test_another_address_ends_the_link_and_takes_the_admins_password(world: SimpleNamespace) -> None:
    person = invited(world)
    admin = browser(world.admin)
    form = {"username": "nora", "email": "nora@elsewhere.example", "is_active": "on", "all_clients": "on"}
    for password, says in (("", b"Enter your own password"), ("wrong", b"not your password")):
        answer = admin.post(f"{LIST}{person.pk}/change/", {**form, "confirm_password": password})
        assert says in answer.content
        assert Browser().get(newest_link()).status_code == 302
    admin.post(f"{LIST}{person.pk}/change/", {**form, "confirm_password": PASSWORD})
    person.refresh_from_db()
    assert person.email == "nora@elsewhere.example"
    assert Browser().get(newest_link()).status_code == 404


def test_other_changes_of_a_person_ask_for_no_password(world: SimpleNamespace) -> None:
    form = {"username": "otto", "first_name": "Otto", "email": "", "is_active": "on", "all_clients": "on"}
    browser(world.admin).post(f"{LIST}{world.operator.pk}/change/", form)
    world.operator.refresh_from_db()
    assert world.operator.first_name == "Otto"


def test_nobody_is_added_with_the_address_of_another_or_invited_without_one(world: SimpleNamespace) -> None:
    invited(world)
    assert b"Somebody else has this address" in add(browser(world.admin), name="n2", email="NORA@example.com").content
    assert b"Where is the invitation to go?" in add(browser(world.admin), name="n2", email="").content
    assert not User.objects.filter(username="n2").exists()


def test_who_has_a_password_is_not_invited(world: SimpleNamespace) -> None:
    assert b"has a password already" in press(world, world.operator, "invite").content
    assert deliver() == []


def test_an_admin_invites_or_takes_back_no_superuser(world: SimpleNamespace) -> None:
    boss = User.objects.create_superuser("boss", email="boss@example.com")
    for what in ("invite", "revoke"):
        assert press(world, boss, what).status_code == 403


def test_a_mail_server_that_takes_nothing_is_named_and_tried_again(world: SimpleNamespace, settings: Any) -> None:
    working = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = f"{__name__}.BrokenServer"
    with time_machine.travel(timezone.now(), tick=False) as clock:
        person = invited(world)
        page = browser(world.admin).get(f"{LIST}{person.pk}/change/").content
        assert b"The mail server did not take it (SMTPServerDisconnected)." in page
        settings.EMAIL_BACKEND = working
        clock.shift(60)
        assert deliver() == ["nora@example.com"]
    assert is_signed_in(choose(newest_link()))


def test_a_job_that_runs_twice_leaves_one_link_that_opens(world: SimpleNamespace) -> None:
    invited(world)
    first = newest_link()
    Job.objects.filter(kind="core.mail_password_link").update(state=Job.State.QUEUED)
    run_due_jobs()
    assert Browser().get(first).status_code == 404
    assert is_signed_in(choose(newest_link()))


def test_without_a_mail_server_a_password_is_asked_for(world: SimpleNamespace, settings: Any) -> None:
    settings.MAIL_IS_SET_UP = False
    admin = browser(world.admin)
    assert b"usable_password" not in admin.get(ADD).content
    add(admin, password1=NEW, password2=NEW)
    assert sign_in(Browser(), "nora", NEW).status_code == 302


@pytest.mark.parametrize("secret", ["choose", "forgotten", "x" * 43])
def test_what_was_never_mailed_opens_nothing(world: SimpleNamespace, secret: str) -> None:
    PasswordLink.objects.create(  # not mailed yet: it has no secret
        user=world.reporter, purpose="invitation", sent_to="", expires_at=timezone.now() + dt.timedelta(days=1)
    )
    page = Browser()
    page.get(f"/admin/password/{secret}/")
    assert page.post(CHOOSE, {"new_password1": NEW, "new_password2": NEW}).status_code == 404


def test_the_trail_says_who_invited_whom_and_what_came_of_it(world: SimpleNamespace) -> None:
    person = invited(world)
    choose(newest_link())
    told = AuditEntry.objects.filter(record=f"user:{person.pk}").order_by("pk").values_list("actor", "action")
    assert list(told) == [("anna", "user.invite"), ("nora", "user.choose_password")]


def test_the_list_of_people_takes_as_many_queries_for_many(world: SimpleNamespace) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            admin.get(LIST)
        return len(seen)

    invited(world)
    admin = browser(world.admin)
    queries()  # of the session's first click
    before = queries()
    for number in range(3):
        add(admin, name=f"nora{number}", email=f"nora{number}@example.com")
    deliver()
    admin.get(LIST)  # shows the messages
    assert queries() == before
