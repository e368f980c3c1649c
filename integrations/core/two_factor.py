"""The second factor: a TOTP app, and ten recovery codes for the day the phone is lost."""

from __future__ import annotations

from base64 import b32encode
from typing import Any

import django_otp
import qrcode
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

RECOVERY_CODES = 10
ELSEWHERE = "second_factor_elsewhere"  # the session's word that a trusted provider asked for it


def is_enrolled(user: Any) -> bool:
    """Whether this person has a confirmed second factor."""
    return bool(TOTPDevice.objects.filter(user=user, confirmed=True).exists())


def must_enrol(user: Any) -> bool:
    """Whether a role of this person demands a second factor (setting TWO_FACTOR_ROLES)."""
    demanded = settings.TWO_FACTOR_ROLES
    return bool(demanded) and user.groups.filter(name__in=demanded).exists()


def given_elsewhere(request: HttpRequest) -> None:
    """This session's second factor was asked for by the provider that signed the person in."""
    request.session[ELSEWHERE] = True


def was_given(request: HttpRequest) -> bool:
    """Whether this session had its second factor, here or elsewhere."""
    return bool(request.user.is_verified()) or bool(request.session.get(ELSEWHERE))  # type: ignore[union-attr]


def start(user: Any) -> TOTPDevice:
    """A fresh device that waits for its first code; an earlier unconfirmed one is forgotten."""
    with transaction.atomic():
        TOTPDevice.objects.filter(user=user, confirmed=False).delete()
        return TOTPDevice.objects.create(user=user, name="app", confirmed=False)


def pending(user: Any) -> TOTPDevice | None:
    return TOTPDevice.objects.filter(user=user, confirmed=False).first()


def confirm(request: HttpRequest, device: TOTPDevice, code: str) -> list[str]:
    """Switch the second factor on with its first code; the recovery codes, or nothing when the code is wrong."""
    with transaction.atomic():
        if not device.verify_token(code):
            return []
        device.confirmed = True
        device.save(update_fields=["confirmed"])
        StaticDevice.objects.filter(user=request.user).delete()
        static = StaticDevice.objects.create(user=request.user, name="recovery codes")
        codes = [StaticToken.random_token() for _ in range(RECOVERY_CODES)]
        StaticToken.objects.bulk_create(StaticToken(device=static, token=code) for code in codes)
    _mark_verified(request, device)
    return codes


def verify(request: HttpRequest, code: str) -> bool:
    """Give the second factor of this session: a code of the app, or a recovery code (which is used up)."""
    code = code.replace(" ", "").lower()
    with transaction.atomic():
        # A recovery code is never a number, and the app's code always is: each guess slows down one device only.
        model = TOTPDevice if code.isdigit() else StaticDevice
        devices = model.objects.select_for_update().filter(user=request.user, confirmed=True)
        device = next((device for device in devices if device.verify_token(code)), None)
    if device is None:
        return False
    _mark_verified(request, device)
    return True


def remove(user: Any) -> None:
    with transaction.atomic():
        TOTPDevice.objects.filter(user=user).delete()
        StaticDevice.objects.filter(user=user).delete()


def codes_left(user: Any) -> int:
    return int(StaticToken.objects.filter(device__user=user).count())


def key_for_typing(device: TOTPDevice) -> str:
    """The key in groups of four, for apps without a camera."""
    text = b32encode(device.bin_key).decode().rstrip("=")
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def qr_squares(device: TOTPDevice) -> tuple[int, str]:
    """The QR code as (width, SVG path data)."""
    code = qrcode.QRCode(border=2)
    code.add_data(device.config_url)
    code.make(fit=True)
    rows = code.get_matrix()
    path = "".join(f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, dark in enumerate(row) if dark)
    return len(rows), path


def _mark_verified(request: HttpRequest, device: Any) -> None:
    request.session.cycle_key()  # more rights, new session id
    django_otp.login(request, device)
