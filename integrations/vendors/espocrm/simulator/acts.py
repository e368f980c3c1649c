"""What people do in EspoCRM, or time does; also over `POST /_simulator/do`. Ids are as the API shows them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from . import hooks, records
from .bodies import write_of
from .switches import SWITCHES
from .values import EMAIL, KINDS, PHONE, Item, Kind, Row
from .world import ENTITIES, PARTY, SYNC, Record

if TYPE_CHECKING:
    from .espocrm import EspocrmSimulator


def new_party(
    espocrm: EspocrmSimulator,
    last_name: str,
    first_name: str | None = None,
    number: int | None = None,
    emails: list[Any] | None = None,
    phones: list[Any] | None = None,
    entity: str = PARTY,
) -> str:
    """Somebody makes a party, whatever doubles there are; an address or number is a text, or an item of the array."""
    body: Record = {"lastName": last_name, "firstName": first_name, "betnr": number}
    body |= {EMAIL.array: _items(EMAIL, emails or []), PHONE.array: _items(PHONE, phones or [])}
    record, _ = records.make(espocrm, espocrm.person, entity, body, skip_duplicate_check=True)
    return str(record["id"])


def edit_party(espocrm: EspocrmSimulator, party: str, **values: Any) -> None:
    """Somebody changes it: any members of a PUT, such as emailAddressData."""
    entity, record = _party(espocrm, party)
    before = {kind.field: set(espocrm.data.values.linked(kind, party)) for kind in KINDS}
    write = write_of(espocrm.data, entity, values, record)
    records.change(espocrm, espocrm.person, entity, record, write, before)


def add_value(espocrm: EspocrmSimulator, party: str, value: str, type: str = "Mobile", primary: bool = False) -> None:  # noqa: A002
    """Somebody adds an address, or a number of that type; what is there already stays as it is."""
    kind = _kind(value)
    items = espocrm.data.values.items(kind, party)
    if primary:
        items = [{**item, "primary": False} for item in items]
    new = _items(kind, [value])[0] | ({"type": type} if kind is PHONE else {}) | {"primary": primary or not items}
    edit_party(espocrm, party, **{kind.array: [*items, new]})


def remove_value(espocrm: EspocrmSimulator, party: str, value: str) -> None:
    """Somebody removes an address or a number; of those that stay the first becomes the primary one if it was that."""
    _rewrite(espocrm, party, value, None)


def replace_value(espocrm: EspocrmSimulator, party: str, value: str, by: str) -> None:
    """Somebody writes another address or number in the place of one, with the same type."""
    _rewrite(espocrm, party, value, by)


def flag_value(espocrm: EspocrmSimulator, party: str, value: str, **flags: Any) -> None:
    """Somebody sets `optOut`, `invalid`, `primary` or `type` of one, for every record that has it."""
    kind = _kind(value)
    items = espocrm.data.values.items(kind, party)
    if flags.get("primary"):
        items = [{**item, "primary": False} for item in items]
    changed = [{**item, **flags} if _is(kind, item, value) else item for item in items]
    edit_party(espocrm, party, **{kind.array: changed})


def delete_party(espocrm: EspocrmSimulator, party: str) -> None:
    """Somebody deletes it: no list shows it any more."""
    entity, _ = _party(espocrm, party)
    records.remove(espocrm, espocrm.person, entity, party)


def import_party(
    espocrm: EspocrmSimulator,
    last_name: str,
    number: int | None = None,
    emails: list[str] | None = None,
    phones: list[str] | None = None,
    type: str = "Office",  # noqa: A002
) -> str:
    """A silent import from before the rules: values as they stand, national numbers too, and no webhook; its id."""
    world = espocrm.data
    record = world.add(PARTY, espocrm.person.name, lastName=last_name, betnr=number)
    for kind, texts in ((EMAIL, emails or []), (PHONE, phones or [])):
        for place, text in enumerate(texts):
            world.values.rows.setdefault((kind.field, kind.key(text)), Row(text, type))
            world.values.linked(kind, record["id"])[kind.key(text)] = place == 0
    return str(record["id"])


def close_party(espocrm: EspocrmSimulator, party: str) -> None:
    """From now on the API users may not edit it, nor the flags of its values by way of other records."""
    _party(espocrm, party)
    espocrm.data.closed.add(party)


def save_at_once(espocrm: EspocrmSimulator, party: str, **values: Any) -> None:
    """Somebody saves these members in the same instant as the next PUT of the party: the arrays merge."""
    entity, record = _party(espocrm, party)
    write_of(espocrm.data, entity, values, record)
    espocrm.data.at_once.setdefault(party, []).append(values)


def pass_minutes(espocrm: EspocrmSimulator, minutes: float) -> None:
    """Time passes: for stamps, the block after failed logins, and webhooks that come again."""
    espocrm.data.clock.pass_seconds(minutes * 60)


def setting(espocrm: EspocrmSimulator, name: str, value: Any) -> None:
    """The administrator sets a rule of the instance, such as phoneNumberInternational."""
    settings = espocrm.data.settings
    if name not in settings or type(value) is not type(settings[name]):
        raise ValueError(f"no such setting or value; known settings: {', '.join(settings)}")
    settings[name] = value


def subscribe(
    espocrm: EspocrmSimulator, event: str, url: str, secret: str = "", skip_own: bool = True, by: str = SYNC
) -> str:
    """A webhook of an API user, with a secret that is known; its id."""
    body = {"event": event, "url": url, "skipOwn": skip_own}
    return str(hooks.subscribe(espocrm, espocrm.data.users[by], body, secret=secret)["id"])


def webhook(espocrm: EspocrmSimulator, **values: Any) -> None:
    """How the webhook queue is run: `mode` and the rest of `sender.Settings`."""
    espocrm.sender.set(values)


def switch(espocrm: EspocrmSimulator, name: str, value: Any) -> None:
    """Set one of the switches. Raises ValueError for an unknown one or a value of another kind."""
    if name not in SWITCHES or type(value) is not type(getattr(espocrm, name)):
        raise ValueError(f"no such switch or value; known switches: {', '.join(SWITCHES)}")
    setattr(espocrm, name, value)


ACTS: dict[str, Callable[..., Any]] = {
    act.__name__: act
    for act in (
        *(new_party, edit_party, add_value, remove_value, replace_value, flag_value, delete_party, import_party),
        *(close_party, save_at_once, pass_minutes, setting, subscribe, webhook, switch),
    )
}


# --- how they are done ------------------------------------------------------------------------------------------------


def _party(espocrm: EspocrmSimulator, party: str) -> tuple[str, Record]:
    for entity in ENTITIES:
        if party in espocrm.data.records[entity]:
            return entity, espocrm.data.records[entity][party]
    raise ValueError(f"there is no record {party}")


def _kind(value: str) -> Kind:
    return EMAIL if "@" in value else PHONE


def _is(kind: Kind, item: Item, value: str) -> bool:
    return kind.key(str(item[kind.field])) == kind.key(value)


def _items(kind: Kind, given: list[Any]) -> list[Item]:
    return [one if isinstance(one, dict) else {kind.field: one} for one in given]


def _rewrite(espocrm: EspocrmSimulator, party: str, value: str, by: str | None) -> None:
    kind = _kind(value)
    items = espocrm.data.values.items(kind, party)
    if not any(_is(kind, item, value) for item in items):
        raise ValueError("the party has no such address or number")
    kept = [{**item, kind.field: by} if _is(kind, item, value) else item for item in items]
    left = [item for item in kept if item[kind.field] is not None]
    edit_party(espocrm, party, **{kind.array: left})
