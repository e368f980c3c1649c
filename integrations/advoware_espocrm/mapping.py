"""What an entry of Advoware is in EspoCRM, and when two values are the same one. Tables and pure functions.

Sources: the table, the marker and the detection are the source document's (kommunikation-sync); what EspoCRM takes was
observed (its fact sheet, section 4).
"""

from __future__ import annotations

import base64
import binascii
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

import phonenumbers
from django.utils.translation import gettext
from email_validator import EmailNotValidError, validate_email


class Channel(StrEnum):
    """Which of EspoCRM's two arrays."""

    EMAIL = "email"
    PHONE = "phone"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of entry: its name in Advoware, and what it is in EspoCRM."""

    name: str
    channel: Channel | None
    type: str = ""


KINDS: dict[int, Kind] = {  # by kommKz
    1: Kind("TelGesch", Channel.PHONE, "Office"),
    2: Kind("FaxGesch", Channel.PHONE, "Fax"),
    3: Kind("Mobil", Channel.PHONE, "Mobile"),
    4: Kind("MailGesch", Channel.EMAIL),
    5: Kind("Internet", None),  # not synchronised
    6: Kind("TelPrivat", Channel.PHONE, "Home"),
    7: Kind("FaxPrivat", Channel.PHONE, "Fax"),
    8: Kind("MailPrivat", Channel.EMAIL),
    9: Kind("AutoTelefon", Channel.PHONE, "Mobile"),
    10: Kind("Sonstige", Channel.PHONE, "Other"),
    11: Kind("EPost", Channel.EMAIL),
    12: Kind("Bea", Channel.EMAIL),
}
NEW_PHONE: dict[str, int] = {"Office": 1, "Fax": 2, "Mobile": 3, "Home": 6, "Other": 10}  # kommKz of a new number
NEW_EMAIL = 4
UNKNOWN_PHONE = 1


# --- values -----------------------------------------------------------------------------------------------------------


def plain(value: str) -> str:
    """The value without signs that nobody sees, such as those that come along when a number is copied."""
    if value.isprintable():
        return value.strip()
    return "".join(" " if sign.isspace() else sign for sign in value if sign.isspace() or sign.isprintable()).strip()


@lru_cache(maxsize=100_000)
def normal(channel: Channel, value: str, region: str) -> str:
    """The value without what is only a way of writing it: two values are the same when these are equal.

    `region` is the country of numbers that name none, such as `DE`. A number that is none keeps its text.
    """
    if channel is Channel.EMAIL:
        return plain(value).lower()
    number = _number(value, region)
    return "".join(plain(value).split()).casefold() if number is None else number


@lru_cache(maxsize=100_000)
def _number(value: str, region: str) -> str | None:
    """E.164; None for what is no number. Letters are no digits here: `030 1234567 (privat)` is not one.

    Nor is a number with an extension, which EspoCRM would drop.
    """
    value = plain(value)
    if any(sign.isalpha() for sign in value):
        return None
    try:
        number = phonenumbers.parse(value, region)
    except phonenumbers.NumberParseException:
        return None
    if number.extension or not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


LONGEST_NUMBER = 36  # characters (EspoCRM's fact sheet, section 4)
_TYPED_NUMBER = re.compile(r"[0-9A-Za-z_@:#+().\- ]+", re.ASCII)  # what EspoCRM takes where numbers are as typed


class Unsendable(ValueError):
    """EspoCRM would refuse this value, and with it the whole list."""


def for_espocrm(channel: Channel, value: str, region: str, *, is_international: bool) -> str:
    """The value as EspoCRM takes it. Raises `Unsendable` with a sentence that does not repeat the value."""
    return _address(value) if channel is Channel.EMAIL else _phone(value, region, is_international=is_international)


@lru_cache(maxsize=100_000)
def _address(value: str) -> str:
    text = plain(value)
    try:
        validate_email(text, allow_smtputf8=False, allow_domain_literal=False, check_deliverability=False)
    except EmailNotValidError:
        raise Unsendable(gettext("It is no e-mail address that EspoCRM takes.")) from None
    if not text.isascii():
        raise Unsendable(gettext("EspoCRM takes no e-mail address with umlauts."))
    return text


def _phone(value: str, region: str, *, is_international: bool) -> str:
    number = _number(value, region)
    if number is not None:
        return number
    text = plain(value)
    if is_international:
        raise Unsendable(gettext("It is no phone number; EspoCRM takes nothing else."))
    if len(text) > LONGEST_NUMBER or not _TYPED_NUMBER.fullmatch(text):
        raise Unsendable(gettext("EspoCRM takes no number with these signs, or none as long."))
    return text


# --- the marker -------------------------------------------------------------------------------------------------------

_MARKER = re.compile(r"\s*\[ESPOCRM:([^:\]]*):(\d{1,2})\] ?(.*)", re.DOTALL)
_SLOT = re.compile(r"\s*\[ESPOCRM-SLOT:(\d{1,2})\] ?(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Remark:
    """A `bemerkung` taken apart. Only a marker at its very start counts; the text behind it is the user's."""

    text: str
    is_marked: bool = False
    is_slot: bool = False
    value: str = ""  # the value both sides had; empty where the marker holds an old hash
    komm_kz: int = 0


NO_REMARK = Remark("")


@lru_cache(maxsize=100_000)
def read_remark(note: str) -> Remark:
    """What the remark of an entry says."""
    if not note:
        return NO_REMARK
    if found := _MARKER.match(note):
        return Remark(found[3], is_marked=True, value=_decoded(found[1]), komm_kz=_kind(found[2]))
    if found := _SLOT.match(note):
        return Remark(found[2], is_marked=True, is_slot=True, komm_kz=_kind(found[1]))
    return Remark(note)


def marked(value: str, komm_kz: int, text: str) -> str:
    """The remark of an entry both sides have."""
    encoded = base64.b64encode(plain(value).encode()).decode()
    return f"[ESPOCRM:{encoded}:{komm_kz}] {text}" if text else f"[ESPOCRM:{encoded}:{komm_kz}]"


def slot(komm_kz: int, text: str) -> str:
    """The remark of an entry that was emptied, since nothing can be deleted."""
    return f"[ESPOCRM-SLOT:{komm_kz}] {text}" if text else f"[ESPOCRM-SLOT:{komm_kz}]"


def _decoded(middle: str) -> str:
    try:
        text = base64.b64decode(middle, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""
    return text.strip() if text.isprintable() else ""


def _kind(digits: str) -> int:
    return int(digits) if int(digits) in KINDS else 0


# --- of which kind an entry is ----------------------------------------------------------------------------------------


def told(said: int, remark: Remark) -> int:
    """The kommKz by what Advoware says of the entry, else by its marker; 0 where neither tells."""
    return said if said in KINDS else remark.komm_kz


@dataclass(frozen=True, slots=True)
class Guess:
    """The kommKz of an entry that does not tell it; known where a field of the party does, else only the usual one."""

    komm_kz: int
    is_known: bool


class Mirrors:
    """The party's own fields, by kommKz. Each repeats the first entry of its kind: so it tells the kind of one."""

    def __init__(self, fields: Mapping[int, str], region: str) -> None:
        self._region = region
        self._told: set[int] = set()  # kinds whose entry was met
        self._kinds: dict[tuple[Channel | None, str], list[int]] = defaultdict(list)
        for komm_kz, value in sorted(fields.items()):
            if komm_kz in KINDS and plain(value):
                channel = KINDS[komm_kz].channel
                self._kinds[channel, self._key(channel, value)].append(komm_kz)

    def guess(self, value: str) -> Guess:
        """The kind by a field with that value, rather one that no other entry has; else by the looks of the value."""
        kinds = [
            kind for channel in (*Channel, None) for kind in self._kinds.get((channel, self._key(channel, value)), ())
        ]
        if kinds:
            return Guess(next((kind for kind in kinds if kind not in self._told), kinds[0]), is_known=True)
        return Guess(NEW_EMAIL if "@" in value else UNKNOWN_PHONE, is_known=False)

    def met(self, komm_kz: int, value: str) -> None:
        """An entry of that kind has that value."""
        channel = KINDS[komm_kz].channel
        if komm_kz in self._kinds.get((channel, self._key(channel, value)), ()):
            self._told.add(komm_kz)

    def _key(self, channel: Channel | None, value: str) -> str:
        return plain(value).casefold() if channel is None else normal(channel, value, self._region)
