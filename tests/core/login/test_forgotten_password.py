"""“Forgot your password?”: a link by mail, and no word about who is known."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations.core.models import User
from tests.core.world import PASSWORD, browser

from .mailbox import NEW, choose, deliver, is_signed_in, newest_link
from .test_sign_in import LOGIN, sign_in
from .test_two_factor import VERIFY, enrol

PAGE = "/admin/password/forgotten/"


@pytest.fixture
def anna(world: SimpleNamespace) -> User:
    User.objects.filter(pk=world.admin.pk).update(email="anna@example.com")
    return User.objects.get(pk=world.admin.pk)


def ask(address: str = "anna@example.com", **headers: Any) -> Any:
    return Browser().post(PAGE, {"address": address}, **headers)


def test_a_link_gives_a_new_password_and_ends_the_other_sessions(anna: User) -> None:
    thief = browser(anna)
    ask("Anna@Example.com")
    assert deliver() == ["anna@example.com"]
    assert is_signed_in(choose(newest_link()))
    assert not is_signed_in(thief)
    assert sign_in(Browser(), "anna", NEW).status_code == 302
    assert sign_in(Browser(), "anna", PASSWORD).status_code == 200


def test_the_old_password_works_until_another_is_chosen(anna: User) -> None:
    ask()
    deliver()
    Browser().get(newest_link())
    assert sign_in(Browser(), "anna", PASSWORD).status_code == 302


def test_a_link_ends_after_an_hour(anna: User) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        ask()
        deliver()
        clock.shift(dt.timedelta(hours=1))
        assert Browser().get(newest_link()).status_code == 404


def test_a_link_is_dead_once_somebody_signed_the_person_off(anna: User) -> None:
    ask()
    deliver()
    User.objects.filter(pk=anna.pk).update(is_active=False)
    assert Browser().get(newest_link()).status_code == 404


def test_known_and_unknown_addresses_get_the_same_answer_for_the_same_work(anna: User) -> None:
    def answer_and_work(address: str) -> tuple[int, bytes, list[str]]:
        with CaptureQueriesContext(connection) as seen:
            answer = ask(address)
        lines = [line for line in answer.content.splitlines() if b"csrf" not in line]
        return answer.status_code, b"\n".join(lines), [query["sql"].split()[0] for query in seen.captured_queries]

    ask("somebody@example.com")  # what only a first request does
    known = answer_and_work("anna@example.com")
    assert b"If somebody has this address here" in known[1]
    assert answer_and_work("nobody@example.com") == known
    assert deliver() == ["anna@example.com"]


@pytest.mark.parametrize("change", [{"is_active": False}, {"is_staff": False}, {"password": "!"}])
def test_who_may_not_sign_in_with_a_password_gets_no_mail(anna: User, change: dict[str, Any]) -> None:
    User.objects.filter(pk=anna.pk).update(**change)
    ask()
    assert deliver() == []


def test_an_address_gets_three_mails_an_hour_and_the_answer_stays_the_same(anna: User) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for number in range(6):
            assert b"If somebody has" in ask(REMOTE_ADDR=f"198.51.100.{number}").content
            deliver()
        assert len(deliver()) == 3
        clock.shift(3601)
        ask()
        assert len(deliver()) == 4


def test_one_caller_is_answered_twenty_times_an_hour(anna: User) -> None:
    for number in range(20):
        ask(f"nobody{number}@example.com")
    ask()
    assert deliver() == []
    ask(REMOTE_ADDR="198.51.100.7")
    assert deliver() == ["anna@example.com"]


def test_the_second_factor_is_still_asked_for(anna: User) -> None:
    enrol(anna)
    ask()
    deliver()
    assert choose(newest_link()).get("/admin/")["Location"] == VERIFY


def test_who_locked_themselves_out_gets_in_by_mail(anna: User) -> None:
    for _ in range(6):
        sign_in(Browser(), "anna", "wrong")
    assert sign_in(Browser(), "anna", PASSWORD).status_code == 429
    ask()
    deliver()
    choose(newest_link())
    assert sign_in(Browser(), "anna", NEW).status_code == 302


def test_a_forged_host_does_not_reach_the_mail(anna: User, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    ask(HTTP_HOST="evil.example")
    deliver()
    assert newest_link()  # begins with PORTAL_BASE_URL


def test_the_sign_in_offers_it_where_a_mail_server_is_set_up(world: SimpleNamespace, settings: Any) -> None:
    assert b"Forgot your password?" in Browser().get(LOGIN).content
    settings.MAIL_IS_SET_UP = False
    assert b"Forgot your password?" not in Browser().get(LOGIN).content
    assert Browser().get(PAGE).status_code == 404
    assert ask().status_code == 404
