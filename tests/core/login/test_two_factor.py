"""P24: the second factor, its recovery codes, and roles that must have it."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

from django.test import Client as Browser
from django_otp.oath import hotp, totp
from django_otp.plugins.otp_totp.models import TOTPDevice

from integrations.core.models import User
from tests.core.world import PASSWORD, browser

PAGE, VERIFY = "/admin/two-factor/", "/admin/two-factor/verify/"


def code_of(user: User) -> str:
    device = TOTPDevice.objects.get(user=user)
    return f"{totp(device.bin_key, device.step, device.t0, device.digits):06d}"


def enrol(user: User) -> tuple[Browser, list[str]]:
    page = browser(user)
    page.post(PAGE, {"do": "start"})
    answer = page.post(PAGE, {"do": "confirm", "code": code_of(user)})
    return page, re.findall(r'<li class="p-secret">(\w+)</li>', answer.content.decode())


def forget_used_code(user: User) -> None:
    TOTPDevice.objects.filter(user=user).update(last_t=-1)


def test_enrolment_shows_a_qr_code_and_ten_recovery_codes_once(world: SimpleNamespace) -> None:
    page = browser(world.admin)
    page.post(PAGE, {"do": "start"})
    assert b"<svg" in page.get(PAGE).content
    _, codes = enrol(world.admin)
    assert len(set(codes)) == 10
    assert codes[0].encode() not in page.get(PAGE).content


def test_wrong_first_code_does_not_switch_it_on(world: SimpleNamespace) -> None:
    page = browser(world.admin)
    page.post(PAGE, {"do": "start"})
    assert b"does not fit" in page.post(PAGE, {"do": "confirm", "code": "000000"}).content
    assert not TOTPDevice.objects.filter(confirmed=True).exists()


def test_next_sign_in_asks_for_the_code_before_anything_else(world: SimpleNamespace) -> None:
    enrol(world.admin)
    page = browser(world.admin)
    for address in ("/admin/", "/admin/core/client/", "/admin/core/connection/add/?vendor=autotask", PAGE):
        assert page.get(address)["Location"] == VERIFY
    assert page.post(PAGE, {"do": "remove", "password": PASSWORD})["Location"] == VERIFY
    assert page.get(VERIFY).status_code == 200


def test_code_opens_the_portal_with_a_new_session_id(world: SimpleNamespace) -> None:
    enrol(world.admin)
    forget_used_code(world.admin)
    page = browser(world.admin)
    before = page.session.session_key
    assert page.post(VERIFY, {"code": code_of(world.admin)})["Location"] == "/admin/"
    assert page.session.session_key != before
    assert page.get("/admin/").status_code == 200


def test_code_works_once(world: SimpleNamespace) -> None:
    enrol(world.admin)
    page = browser(world.admin)
    device = TOTPDevice.objects.get(user=world.admin)
    used = f"{hotp(device.bin_key, device.last_t, device.digits):06d}"  # a new one may be due by now
    assert b"does not fit" in page.post(VERIFY, {"code": used}).content


def test_recovery_code_works_once(world: SimpleNamespace) -> None:
    _, codes = enrol(world.admin)
    assert browser(world.admin).post(VERIFY, {"code": codes[3]}).status_code == 302
    assert b"does not fit" in browser(world.admin).post(VERIFY, {"code": codes[3]}).content


def test_guessing_codes_is_slowed_down(world: SimpleNamespace) -> None:
    enrol(world.admin)
    forget_used_code(world.admin)
    page = browser(world.admin)
    for _ in range(4):
        page.post(VERIFY, {"code": "000000"})
    assert b"does not fit" in page.post(VERIFY, {"code": code_of(world.admin)}).content


def test_removing_it_takes_the_password(world: SimpleNamespace) -> None:
    page, _ = enrol(world.admin)
    assert b"Nothing was removed" in page.post(PAGE, {"do": "remove", "password": "wrong"}).content
    assert TOTPDevice.objects.exists()
    page.post(PAGE, {"do": "remove", "password": PASSWORD})
    assert not TOTPDevice.objects.exists()


def test_role_that_demands_it_meets_the_set_up_first(world: SimpleNamespace, settings: Any) -> None:
    settings.TWO_FACTOR_ROLES = ["Admin", "Operator"]
    assert browser(world.admin).get("/admin/core/client/")["Location"] == PAGE
    assert browser(world.admin).post("/admin/core/client/add/", {"name": "x"})["Location"] == PAGE
    assert browser(world.operator).get("/admin/")["Location"] == PAGE
    assert browser(world.reporter).get("/admin/").status_code == 200
    page, _ = enrol(world.admin)
    assert page.get("/admin/core/client/").status_code == 200
