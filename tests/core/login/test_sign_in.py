"""P24: lock-out, no enumeration, rotation, limits of a session."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from axes.models import AccessAttempt
from django.contrib.sessions.models import Session
from django.test import Client as Browser
from django.utils import timezone

from integrations.core.models import User
from tests.core.world import PASSWORD, browser

LOGIN = "/admin/login/"


def sign_in(page: Browser, name: str, password: str, **headers: Any) -> Any:
    return page.post(f"{LOGIN}?next=/admin/", {"username": name, "password": password}, **headers)


def test_right_password_opens_the_overview(world: SimpleNamespace) -> None:
    answer = sign_in(Browser(), "anna", PASSWORD)
    assert (answer.status_code, answer["Location"]) == (302, "/admin/")


def test_fifth_failure_locks_out_even_the_right_password(world: SimpleNamespace) -> None:
    page = Browser()
    for _ in range(5):
        sign_in(page, "anna", "wrong")
    answer = sign_in(page, "anna", PASSWORD)
    assert answer.status_code == 429
    assert b"blocked for 15 minutes" in answer.content


def test_lock_out_ends_after_fifteen_minutes(world: SimpleNamespace) -> None:
    page = Browser()
    now = timezone.now()
    with time_machine.travel(now, tick=False) as clock:
        for _ in range(6):
            sign_in(page, "anna", "wrong")
        clock.move_to(now + dt.timedelta(minutes=16))
        assert sign_in(page, "anna", PASSWORD).status_code == 302


def test_lock_out_is_per_person_and_address(world: SimpleNamespace) -> None:
    for _ in range(6):
        sign_in(Browser(), "anna", "wrong", REMOTE_ADDR="198.51.100.7")
    assert sign_in(Browser(), "anna", PASSWORD, REMOTE_ADDR="198.51.100.8").status_code == 302
    assert sign_in(Browser(), "otto", PASSWORD, REMOTE_ADDR="198.51.100.7").status_code == 302


def test_forged_forwarding_header_does_not_escape_the_lock_out(world: SimpleNamespace) -> None:
    for attempt in range(6):
        sign_in(Browser(), "anna", "wrong", HTTP_X_FORWARDED_FOR=f"203.0.113.{attempt}")
    assert sign_in(Browser(), "anna", PASSWORD, HTTP_X_FORWARDED_FOR="203.0.113.99").status_code == 429


def test_behind_a_proxy_the_address_it_saw_counts(world: SimpleNamespace, settings: Any) -> None:
    settings.TRUSTED_PROXIES = 1
    for attempt in range(6):
        sign_in(Browser(), "anna", "wrong", HTTP_X_FORWARDED_FOR=f"forged-{attempt}, 198.51.100.7")
    assert sign_in(Browser(), "anna", PASSWORD, HTTP_X_FORWARDED_FOR="198.51.100.7").status_code == 429
    assert sign_in(Browser(), "anna", PASSWORD, HTTP_X_FORWARDED_FOR="198.51.100.8").status_code == 302


@pytest.mark.parametrize("tries", [1, 6])
def test_unknown_inactive_and_known_names_get_the_same_answer(world: SimpleNamespace, tries: int) -> None:
    User.objects.create_user("gone", password=PASSWORD, is_staff=True, is_active=False)
    User.objects.create_user("outsider", password=PASSWORD, is_staff=False)

    def last_answer(name: str, password: str) -> tuple[int, bytes]:
        for _ in range(tries):
            answer = sign_in(Browser(), name, password)
        body = answer.content.replace(name.encode(), b"NAME")
        return answer.status_code, b"\n".join(line for line in body.splitlines() if b"csrf" not in line)

    wrong = last_answer("anna", "wrong")
    assert last_answer("nobody", "wrong") == wrong
    assert last_answer("gone", "wrong") == wrong
    if tries == 1:
        assert last_answer("gone", PASSWORD) == wrong


def test_unknown_name_costs_a_password_hash_too(world: SimpleNamespace, settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["tests.core.login.counting.CountingHasher"]
    from . import counting

    counting.hashed = 0
    sign_in(Browser(), "nobody", "wrong")
    assert counting.hashed == 1


def test_failed_attempts_store_no_password(world: SimpleNamespace) -> None:
    sign_in(Browser(), "anna", "canary-in-the-password-field")
    attempt = AccessAttempt.objects.get()
    assert "canary" not in f"{attempt.post_data}{attempt.get_data}"


def test_sign_in_and_password_change_give_a_new_session_id(world: SimpleNamespace) -> None:
    page = Browser()
    page.get(LOGIN)
    sign_in(page, "anna", PASSWORD)
    first = page.session.session_key
    page.post(
        "/admin/password_change/",
        {"old_password": PASSWORD, "new_password1": "another-long-one!", "new_password2": "another-long-one!"},
    )
    assert page.session.session_key != first
    assert page.get("/admin/").status_code == 200


def test_password_change_ends_the_other_sessions(world: SimpleNamespace) -> None:
    thief, owner = browser(world.admin), browser(world.admin)
    owner.post(
        "/admin/password_change/",
        {"old_password": PASSWORD, "new_password1": "another-long-one!", "new_password2": "another-long-one!"},
    )
    assert thief.get("/admin/").status_code == 302


def test_logout_is_a_post_and_kills_the_session_on_the_server(world: SimpleNamespace) -> None:
    page = browser(world.admin)
    stolen = page.cookies["portal_session"].value
    assert page.get("/admin/logout/").status_code == 405
    page.post("/admin/logout/")
    assert not Session.objects.filter(session_key=stolen).exists()


def test_idle_session_ends(world: SimpleNamespace, settings: Any) -> None:
    page = browser(world.admin)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        assert page.get("/admin/").status_code == 200
        clock.shift(settings.SESSION_IDLE_SECONDS + 61)
        assert page.get("/admin/").status_code == 302


def test_busy_session_ends_too(world: SimpleNamespace, settings: Any) -> None:
    page = browser(world.admin)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for _ in range(settings.SESSION_COOKIE_AGE // 3600):
            assert page.get("/admin/").status_code == 200
            clock.shift(3600)
        clock.shift(1)
        assert page.get("/admin/").status_code == 302


def test_a_click_does_not_write_the_session(world: SimpleNamespace) -> None:
    page = browser(world.admin)
    page.get("/admin/")
    before = Session.objects.get().session_data
    page.get("/admin/")
    assert Session.objects.get().session_data == before
