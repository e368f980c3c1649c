"""What one EspoCRM says about itself: its version, and the rules that its administrator set for addresses and numbers.

Servers that were installed before the rule for international numbers existed may have it off. Source: fact sheet,
version notes and section 4 (GET Settings, which any API user may read).
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import Any

from integrations.texts import gettext as _
from integrations.transport.errors import MalformedResponseError

from .schemas import cleaned

KEPT_FOR = timedelta(hours=1)
MOST_ROWS = 200  # of a page, unless the instance allows fewer
MOST_VALUES = 10  # of an array, unless the instance says otherwise
_FACT = "instance"
_READ_AT = "read_at"


@dataclass(frozen=True, slots=True)
class Instance:
    """`is_international`: numbers must be in E.164, and national ones are refused."""

    version: str
    is_international: bool
    has_extensions: bool  # else those of numbers are dropped without a word
    most_emails: int
    most_phones: int
    page: int  # rows of a list


def instance_of(settings: Mapping[str, Any]) -> Instance:
    """From what GET Settings answers; what is not told is as on a new server. Raises MalformedResponseError."""
    version = settings.get("version")
    if not isinstance(version, str) or not version:
        raise MalformedResponseError(_("EspoCRM does not tell its version: is the address of the connection its own?"))
    return Instance(
        version=cleaned(version)[:40],
        is_international=settings.get("phoneNumberInternational") is not False,
        has_extensions=settings.get("phoneNumberExtensions") is True,
        most_emails=_number(settings.get("emailAddressMaxCount"), MOST_VALUES),
        most_phones=_number(settings.get("phoneNumberMaxCount"), MOST_VALUES),
        page=min(MOST_ROWS, _number(settings.get("recordListMaxSizeLimit"), MOST_ROWS)),
    )


def _number(value: Any, otherwise: int) -> int:
    return value if type(value) is int and 0 < value < 10_000 else otherwise


def remembered(facts: Mapping[str, Any], now: datetime) -> Instance | None:
    """What was read within the last hour, by this release of the portal."""
    kept = facts.get(_FACT)
    if not isinstance(kept, dict) or kept.keys() != {_READ_AT, *(one.name for one in fields(Instance))}:
        return None
    if now - datetime.fromisoformat(kept[_READ_AT]) >= KEPT_FOR:
        return None
    return Instance(**{name: value for name, value in kept.items() if name != _READ_AT})


def remember(facts: MutableMapping[str, Any], found: Instance) -> None:
    facts[_FACT] = {**asdict(found), _READ_AT: datetime.now(UTC).isoformat()}


def forget(facts: MutableMapping[str, Any]) -> None:
    facts.pop(_FACT, None)
