"""What every page of a signed-in person has to know first, by one statement: a second factor, and a hold of writes."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

from django.db.models import BooleanField, Value
from django_otp.plugins.otp_totp.models import TOTPDevice

from .models import WriteHold
from .prewritten import Prewritten, slot


class Standing(NamedTuple):
    """Whether a second factor was confirmed; the id of the hold that is on (0: none)."""

    is_enrolled: bool
    hold: int


def standing_of(user: Any) -> Standing:
    """The two are asked for together, since each page costs as many statements as it has."""
    rows = _statement().rows(user=user.pk)
    return Standing(
        is_enrolled=any(not is_hold for is_hold, _ in rows), hold=next((pk for is_hold, pk in rows if is_hold), 0)
    )


@cache
def _statement() -> Prewritten:
    devices = TOTPDevice.objects.filter(user=slot("user"), confirmed=True).order_by()
    holds = WriteHold.objects.filter(is_on=True).order_by()
    return Prewritten(_marked(devices, is_hold=False).union(_marked(holds, is_hold=True), all=True))


def _marked(rows: Any, *, is_hold: bool) -> Any:
    return rows.values_list(Value(is_hold, output_field=BooleanField()), "pk")
