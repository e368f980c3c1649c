"""What goes into a merge and what comes out of it."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum

from .mapping import NEW_PHONE, Channel


class Direction(StrEnum):
    """Which side is written."""

    BOTH = "both"
    TO_ESPOCRM = "to_espocrm"
    TO_ADVOWARE = "to_advoware"


class Choice(StrEnum):
    """What becomes of a value that was changed on both sides. `ASK` leaves both as they are; `BOTH` keeps both."""

    ESPOCRM = "espocrm"
    ADVOWARE = "advoware"
    BOTH = "both"
    ASK = "ask"


# --- what goes in -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Entry:
    """A Kommunikation of Advoware. `komm_kz` is 0 where Advoware does not tell."""

    id: int
    value: str
    note: str = ""
    online: bool = True
    komm_kz: int = 0


@dataclass(frozen=True, slots=True)
class Item:
    """An item of EspoCRM's arrays, as a GET shows it."""

    channel: Channel
    value: str
    type: str = ""
    primary: bool = False
    opt_out: bool = False
    invalid: bool = False


@dataclass(frozen=True, slots=True)
class Agreed:
    """One entry as both sides last had it; an empty `key` is a slot. `key` is the value's normal form."""

    entry_id: int  # 0: it is about to be made
    komm_kz: int
    key: str = ""
    value: str = ""
    type: str = ""


@dataclass(frozen=True, slots=True)
class Rules:
    """What the integration is set to, what EspoCRM's settings say, and what people decided."""

    direction: Direction = Direction.BOTH
    policy: Choice = Choice.ESPOCRM
    policy_of: Mapping[int, Choice] = field(default_factory=dict)  # by kommKz, before `policy`
    decided: Mapping[tuple[int, str, str], Choice] = field(default_factory=dict)  # by entry and both normal forms
    region: str = "DE"
    writes_markers: bool = True
    longest: int = 500  # characters of a value or a remark that Advoware is sent
    is_international: bool = True
    most: Mapping[Channel, int] = field(default_factory=lambda: {Channel.EMAIL: 10, Channel.PHONE: 10})
    types: frozenset[str] = frozenset(NEW_PHONE)
    shared: frozenset[str] = frozenset()  # numbers other records hold too: their type is not compared
    refused: Mapping[tuple[Channel, str], str] = field(default_factory=dict)  # by normal form: what EspoCRM said
    flags: Mapping[tuple[Channel, str], tuple[bool, bool]] = field(default_factory=dict)  # opt-out, invalid elsewhere

    @property
    def gives(self) -> bool:
        """Whether EspoCRM is written."""
        return self.direction is not Direction.TO_ADVOWARE

    @property
    def takes(self) -> bool:
        """Whether Advoware's values are written."""
        return self.direction is not Direction.TO_ESPOCRM


# --- what comes out ---------------------------------------------------------------------------------------------------


class Why(StrEnum):
    """What a write to Advoware is for."""

    CREATED = "created"
    UPDATED = "updated"
    DELETED = "deleted"
    MARKED = "marked"


@dataclass(frozen=True, slots=True)
class Put:
    """An entry as it shall be. `key` is the normal form of the value, empty for a slot."""

    entry_id: int
    komm_kz: int
    value: str
    note: str
    online: bool
    why: Why
    key: str = ""
    type: str = ""


@dataclass(frozen=True, slots=True)
class Post:
    """An entry that shall be made."""

    komm_kz: int
    value: str
    note: str
    key: str
    type: str = ""
    why: Why = Why.CREATED


@dataclass(frozen=True, slots=True)
class Held:
    """A value that stays on its side, and why, in a sentence that does not repeat it."""

    entry_id: int  # 0: it is EspoCRM's
    komm_kz: int
    value: str
    why: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """An entry that was changed on both sides, and whose value counts."""

    entry_id: int
    komm_kz: int
    before: str
    advoware: str
    espocrm: str
    choice: Choice


@dataclass(frozen=True, slots=True)
class Retyped:
    """A number whose type was changed in EspoCRM: Advoware cannot, so the entry is emptied and another one made."""

    entry_id: int
    key: str
    old: int  # kommKz
    new: int


@dataclass(slots=True)
class Plan:
    """The writes of both sides, and what is agreed on as things are now: `base` can be stored whatever follows."""

    advoware: list[Put | Post] = field(default_factory=list)
    later: list[Put | Post] = field(default_factory=list)  # what follows once the slots are empty
    emails: list[Item] | None = None  # the whole array as it shall be; None: not written
    phones: list[Item] | None = None
    given: Counter[Channel] = field(default_factory=Counter)  # values EspoCRM gets, or loses
    added: list[tuple[Channel, str]] = field(default_factory=list)  # new in EspoCRM's record: normal forms
    base: list[Agreed] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    retyped: list[Retyped] = field(default_factory=list)
    slots: int = 0

    @property
    def writes_espocrm(self) -> bool:
        return self.emails is not None or self.phones is not None

    @property
    def is_empty(self) -> bool:
        """Whether nothing is written."""
        return not self.advoware and not self.writes_espocrm

    def begun(self) -> list[Agreed]:
        """What the writes to Advoware will make agreed on. Stored before the first: who dies after a write finds it."""
        values = [write for write in self.advoware if write.why is not Why.MARKED]  # a marker says nothing new
        rows = [Agreed(_entry_of(write), write.komm_kz, write.key, write.value, write.type) for write in values]
        return rows + [Agreed(0, write.komm_kz, write.key, write.value, write.type) for write in self.later]

    def digest(self) -> str:
        """The same for the same writes: what was approved is carried out only while nothing moved."""
        arrays = [None if one is None else [asdict(item) for item in one] for one in (self.emails, self.phones)]
        writes = [[type(write).__name__, asdict(write)] for write in (*self.advoware, *self.later)]
        return hashlib.sha256(json.dumps([arrays, writes], sort_keys=True).encode()).hexdigest()


def _entry_of(write: Put | Post) -> int:
    return write.entry_id if isinstance(write, Put) else 0
