"""The two arrays of a party: its addresses and its numbers, how they are compared, and how they are written.

A value is one row for the whole CRM, shared by every record that has it, and so are its flags and, of a number, its
type: what is written for one party shows on all. A write replaces the whole array, and a flag that is left out is
reset for every holder: so all of them are always sent. Source: fact sheet, sections 4, 5 and 9.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from integrations.texts import gettext as _

from .instance import Instance
from .schemas import Email, Phone

LONGEST_NUMBER = 36
TYPES = ("Mobile", "Office", "Home", "Fax", "Other")  # from the start; an administrator may change them
_E164 = re.compile(r"\+[1-9][0-9]{3,14}")
_PLAIN_NUMBER = re.compile(r"[0-9A-Za-z_@:#+().\- ]+")  # without the international rule; no slash
_EMAIL = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,20}[A-Za-z]{2,63}"
)
Value = TypeVar("Value", Email, Phone)


def fields_of(emails: Sequence[Email] | None, phones: Sequence[Phone] | None) -> dict[str, Any]:
    """What a write says of them; None leaves an array as it is.

    The primary stands beside its array: without it an old national number in its place blocks every write. An item
    looks as a read shows it, so that what is as it was fires no webhook. Raises ValueError for what EspoCRM would
    collapse or leave without a primary.
    """
    written: dict[str, Any] = {}
    if emails is not None:
        _check(emails)
        items = [
            {
                "emailAddress": one.address,
                "lower": one.key,
                "primary": one.primary,
                "optOut": one.opt_out,
                "invalid": one.invalid,
            }
            for one in _primary_first(emails)
        ]
        written |= {"emailAddress": items[0]["emailAddress"] if items else None, "emailAddressData": items}
    if phones is not None:
        _check(phones)
        items = [
            {
                "phoneNumber": one.number,
                "type": one.type or None,
                "primary": one.primary,
                "optOut": one.opt_out,
                "invalid": one.invalid,
            }
            for one in _primary_first(phones)
        ]
        written |= {"phoneNumber": items[0]["phoneNumber"] if items else None, "phoneNumberData": items}
    return written


def _check(values: Sequence[Email] | Sequence[Phone]) -> None:
    if len({one.key for one in values}) != len(values):
        raise ValueError("a value stands twice in an array: EspoCRM would keep one, perhaps without a primary")
    if values and sum(one.primary for one in values) != 1:
        raise ValueError("an array that is not empty has exactly one primary")


def _primary_first(values: Sequence[Value]) -> list[Value]:
    return sorted(values, key=lambda one: not one.primary)


def fingerprint(emails: Iterable[Email], phones: Iterable[Phone]) -> str:
    """The same for the same values, types, flags and primaries, in whatever order."""
    stated = [
        sorted([one.key, one.primary, one.opt_out, one.invalid] for one in emails),
        sorted([one.key, one.type, one.primary, one.opt_out, one.invalid] for one in phones),
    ]
    return hashlib.sha256(json.dumps(stated).encode()).hexdigest()


def problem_of_address(address: str) -> str:
    """Why EspoCRM would refuse this address, and the whole write with it; "" where nothing is known against it."""
    if address != address.strip():
        return _("There is a blank before or after the address.")
    if not address.isascii():
        return _("The address has letters beyond ASCII.")
    return "" if _EMAIL.fullmatch(address) else _("This is no e-mail address.")


def problem_of_number(number: str, kind: str, instance: Instance, types: Sequence[str] = TYPES) -> str:
    """The same for a number and its type."""
    if kind not in types:
        return _("EspoCRM has no type {kind} of numbers.").format(kind=kind[:40])
    if len(number) > LONGEST_NUMBER:
        return _("The number is longer than {longest} characters.").format(longest=LONGEST_NUMBER)
    if instance.is_international:
        return "" if _E164.fullmatch(number) else _("The number is not international: + and digits alone.")
    return "" if _PLAIN_NUMBER.fullmatch(number) else _("The number has characters that EspoCRM does not take.")
