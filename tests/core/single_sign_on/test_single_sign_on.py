"""Signing in by another's word: who is let in, who is not, and what the word must look like."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from django.test import Client as Browser
from django.utils import timezone

from integrations.core import roles
from integrations.core.models import AuditEntry, User
from tests.core.login.test_two_factor import VERIFY, enrol
from tests.core.world import PASSWORD, browser

from .provider import ANOTHERS, Provider, query_of

START, BACK = "/admin/sso/", "/admin/sso/callback/"


def come_back(provider: Provider, page: Browser) -> str:
    """Go to the provider and sign in there; the address it sends the browser back to."""
    sent = page.get(START)
    assert sent["Location"].startswith(f"{provider.url}/authorize?")
    back = provider.authorize(query_of(sent["Location"]))
    assert back.startswith(f"http://127.0.0.1:8000{BACK}")
    return back.removeprefix("http://127.0.0.1:8000")


def sign_in(provider: Provider, page: Browser | None = None) -> tuple[Browser, Any]:
    page = page or Browser()
    return page, page.get(come_back(provider, page))


def who(page: Browser) -> str:
    """Who is signed in, by name; nobody: empty."""
    key = page.session.get("_auth_user_id")
    return User.objects.get(pk=key).username if key else ""


def test_the_person_with_the_verified_address_is_signed_in(provider: Provider) -> None:
    page, answer = sign_in(provider)
    assert answer["Location"] == "/admin/"
    assert who(page) == "otto"
    assert page.get("/admin/").status_code == 200


def test_the_sign_in_page_offers_it_beside_the_password(provider: Provider, settings: Any) -> None:
    page = Browser()
    assert b"Sign in with Example Corp" in page.get("/admin/login/").content
    page.post("/admin/login/", {"username": "anna", "password": PASSWORD})
    assert who(page) == "anna"
    settings.SINGLE_SIGN_ON = False
    assert b"Example Corp" not in Browser().get("/admin/login/").content


def test_it_asks_for_no_more_than_who_it_is_and_binds_the_answer_to_the_browser(provider: Provider) -> None:
    Browser().get(f"{START}?scope=everything&auth_params=prompt%3Dnone&next=//evil.example")
    sign_in(provider)
    asked = provider.asked[0]
    assert set(asked["scope"].split()) == {"openid", "profile", "email"}
    assert asked["code_challenge_method"] == "S256"
    assert len(asked["nonce"]) > 30
    assert "prompt" not in asked


def test_a_sign_in_gives_a_new_session(provider: Provider) -> None:
    page = Browser()
    back = come_back(provider, page)
    before = page.session.session_key
    page.get(back)
    assert page.session.session_key != before


def test_another_person_in_the_same_browser_gets_a_session_of_their_own(
    provider: Provider, world: SimpleNamespace
) -> None:
    page = browser(world.admin)
    sign_in(provider, page)
    assert who(page) == "otto"


def test_once_known_a_person_may_change_their_address_there(provider: Provider) -> None:
    sign_in(provider)
    provider.claims |= {"email": "anna@example.com", "email_verified": False}
    assert who(sign_in(provider)[0]) == "otto"


def test_an_address_that_went_to_another_account_there_lets_nobody_in(provider: Provider) -> None:
    sign_in(provider)
    provider.claims["sub"] = "a-new-colleague-with-the-old-address"
    page, answer = sign_in(provider)
    assert (answer.status_code, who(page)) == (403, "")


@pytest.mark.parametrize("verified", [False, None, "true", 1])
def test_an_address_that_is_not_verified_lets_nobody_in(provider: Provider, verified: Any) -> None:
    provider.claims["email_verified"] = verified
    page, answer = sign_in(provider)
    assert (answer.status_code, who(page)) == (403, "")
    assert b"does not confirm your e-mail address" in answer.content


@pytest.mark.parametrize("change", [{"is_active": False}, {"is_staff": False}, {"is_superuser": True}])
def test_the_inactive_and_superusers_are_not_let_in(
    provider: Provider, world: SimpleNamespace, change: dict[str, bool]
) -> None:
    User.objects.filter(pk=world.operator.pk).update(**change)
    page, answer = sign_in(provider)
    assert (answer.status_code, who(page)) == (403, "")


def test_somebody_unknown_reads_the_same_as_somebody_inactive(provider: Provider, world: SimpleNamespace) -> None:
    def said() -> bytes:
        answer = sign_in(provider)[1]
        return b"\n".join(line for line in answer.content.splitlines() if b"csrf" not in line)

    User.objects.filter(pk=world.operator.pk).update(is_active=False)
    inactive = said()
    provider.claims = {"sub": "nora", "email": "nora@example.com", "email_verified": True}
    assert said() == inactive
    assert not User.objects.filter(email="nora@example.com").exists()


def test_an_address_that_two_have_lets_nobody_in(provider: Provider, world: SimpleNamespace) -> None:
    User.objects.filter(pk=world.reporter.pk).update(email="OTTO@example.com")
    assert sign_in(provider)[1].status_code == 403


def test_where_it_is_switched_on_somebody_unknown_is_made_without_role_or_client(
    provider: Provider, settings: Any
) -> None:
    settings.OIDC_MAKE_PEOPLE = True
    provider.claims = {"sub": "nora", "email": "nora@example.com", "email_verified": True, "given_name": "Nora"}
    page, _ = sign_in(provider)
    made = User.objects.get(email="nora@example.com")
    assert who(page) == made.username
    assert (made.first_name, made.all_clients, made.is_superuser) == ("Nora", False, False)
    assert not made.has_usable_password()
    assert list(made.get_all_permissions()) == []
    assert page.get("/admin/").status_code == 200
    assert page.get("/admin/core/client/").status_code == 403


def test_roles_follow_the_claim_and_other_groups_stay(
    provider: Provider, world: SimpleNamespace, settings: Any
) -> None:
    settings.OIDC_ROLE_CLAIM, settings.OIDC_ROLES = "groups", {"it-admins": roles.ADMIN, "it-desk": roles.OPERATOR}
    night_shift, _ = world.operator.groups.model.objects.get_or_create(name="Night shift")
    world.operator.groups.add(night_shift)

    def held(*groups: str) -> set[str]:
        provider.claims["groups"] = list(groups)
        sign_in(provider)
        return set(world.operator.groups.values_list("name", flat=True))

    assert held("it-admins", "canteen") == {roles.ADMIN, "Night shift"}
    assert held("it-desk") == {roles.OPERATOR, "Night shift"}
    assert held() == {"Night shift"}


def test_without_a_claim_for_roles_they_stay_as_they_are(provider: Provider, world: SimpleNamespace) -> None:
    provider.claims["groups"] = ["it-admins"]
    sign_in(provider)
    assert list(world.operator.groups.values_list("name", flat=True)) == [roles.OPERATOR]


def test_the_second_factor_is_asked_for_unless_the_provider_is_trusted_with_it(
    provider: Provider, world: SimpleNamespace, settings: Any
) -> None:
    enrol(world.operator)
    assert sign_in(provider)[0].get("/admin/")["Location"] == VERIFY
    settings.OIDC_SECOND_FACTOR = True
    assert sign_in(provider)[0].get("/admin/").status_code == 200
    page = browser(world.operator)
    assert page.get("/admin/")["Location"] == VERIFY  # by password it is asked for as before


WRONG: dict[str, dict[str, Any]] = {
    "another nonce": {"token": {"nonce": "of-another-browser"}},
    "no nonce": {"token": {"nonce": None}},
    "for another client": {"token": {"aud": "another"}},
    "of another issuer": {"token": {"iss": "https://evil.example"}},
    "too old": {"token": {"exp": 1}},
    "signed by another": {"key": ANOTHERS},
    "signed with a shared secret": {"algorithm": "HS256"},
    "not signed": {"algorithm": "none", "key": None},
    "without a subject": {"token": {"sub": ""}},
    "userinfo of somebody else": {"userinfo": {"sub": "anna-at-corp"}},
    "discovered under another name": {"issuer": "https://evil.example"},
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_word_that_is_not_sound_lets_nobody_in(provider: Provider, wrong: str) -> None:
    for name, value in WRONG[wrong].items():
        setattr(provider, name, value)
    page, answer = sign_in(provider)
    assert (answer.status_code, who(page)) == (403, "")
    assert b"The sign-in did not work" in answer.content
    assert not AuditEntry.objects.exists()


def test_a_way_back_works_once_and_only_in_the_browser_that_left(provider: Provider) -> None:
    page = Browser()
    back = come_back(provider, page)
    thief = Browser()
    assert thief.get(back).status_code == 403
    assert who(thief) == ""
    assert page.get(back.replace("state=", "state=x")).status_code == 403
    assert page.get(back).status_code == 302
    page.post("/admin/logout/")
    assert page.get(back).status_code == 403


def test_a_way_back_ends_after_ten_minutes(provider: Provider) -> None:
    page = Browser()
    with time_machine.travel(timezone.now(), tick=True) as clock:
        back = come_back(provider, page)
        clock.shift(dt.timedelta(minutes=11))
        assert page.get(back).status_code == 403


def test_who_breaks_off_there_is_told_so(provider: Provider) -> None:
    provider.is_refusing = True
    _, answer = sign_in(provider)
    assert answer.status_code == 403
    assert b"You broke off the sign-in" in answer.content


def test_a_provider_that_does_not_answer_is_named(world: SimpleNamespace) -> None:
    answer = Browser().get(START)
    assert answer.status_code == 403
    assert b"Example Corp does not answer" in answer.content


def test_the_trail_says_who_signs_in_by_whose_word(provider: Provider, world: SimpleNamespace) -> None:
    for _ in range(2):
        sign_in(provider)
    told = AuditEntry.objects.values_list("actor", "action", "record")
    assert list(told) == [("Example Corp", "user.connect_sign_in", f"user:{world.operator.pk}")]
