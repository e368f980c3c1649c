"""Records: made, read, changed and deleted. What a write answers is what the writer said, not what is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from integrations.vendors.simulation import Reply, Request

from .bodies import Write, parsed, write_of
from .refusals import conflict, refused
from .values import EMAIL, KINDS, Item, Kind
from .world import CLOSED_ENTITIES, ENTITIES, FIELDS, FLAGS, Record, User, World, name_of

if TYPE_CHECKING:
    from .espocrm import EspocrmSimulator

Before = dict[str, set[str]]  # the keys of both arrays as a write found them


def open_entity(entity: str, *, action: str = "read") -> None:
    """Raises Refused for an entity that does not exist, or that the role does not include."""
    if entity in CLOSED_ENTITIES:
        raise refused(403, f"No {action} access.")
    if entity not in ENTITIES:
        raise refused(404, f"Controller '{entity}' does not exist.")


def found(world: World, entity: str, record_id: str, *, said: str) -> Record:
    """Raises Refused."""
    record = world.records[entity].get(record_id)
    if record is None:
        raise refused(404, f"Record {record_id} {said}.")
    return record


def get(espocrm: EspocrmSimulator, request: Request, user: User, entity: str, record_id: str) -> Reply:
    open_entity(entity)
    with espocrm.lock:
        record = found(espocrm.data, entity, record_id, said="does not exist")
        return Reply.of(espocrm.whole(record, user))


# --- new ones ---------------------------------------------------------------------------------------------------------


def create(espocrm: EspocrmSimulator, request: Request, user: User, entity: str) -> Reply:
    """200, not 201; null fields are mostly left out."""
    open_entity(entity, action="create")
    _may_edit(user, "create")
    skip = request.headers.get("x-skip-duplicate-check", "") == "true"
    with espocrm.lock:
        record, write = make(espocrm, user, entity, parsed(request), skip_duplicate_check=skip)
        return Reply.of(_created(espocrm, record, write), committed=True)


def make(
    espocrm: EspocrmSimulator, user: User, entity: str, body: Record, *, skip_duplicate_check: bool
) -> tuple[Record, Write]:
    """A new record of whoever it is. Raises Refused."""
    world = espocrm.data
    write = write_of(world, entity, body, None)
    if espocrm.duplicates_checked and not skip_duplicate_check and (doubles := _doubles(world, entity, write)):
        raise conflict("duplicate", [world.row(one) for one in doubles])
    record = world.add(entity, user.name, **write.plain)
    if espocrm.version_control:
        record["versionNumber"] = 1
    _store(world, user, record, write, {kind.field: set() for kind in KINDS})
    espocrm.sender.happened(f"{entity}.create", record["id"], _told_of_new(record, write), user)
    return record, write


def _doubles(world: World, entity: str, write: Write) -> list[Record]:
    """Of the same name, or with one of the addresses."""
    name = name_of({**dict.fromkeys(FIELDS), **write.plain})
    keys = {EMAIL.key(item[EMAIL.field]) for item in write.arrays.get(EMAIL.array, [])}
    keys |= {EMAIL.key(text) for text in [write.scalars.get(EMAIL.field)] if text}
    return [
        one
        for one in world.records[entity].values()
        if name_of(one) == name or keys & world.values.linked(EMAIL, one["id"]).keys()
    ]


def _told_of_new(record: Record, write: Write) -> Record:
    """What a webhook says of it: the arrays as they were given. Unverified: of a record without any, that they miss."""
    told: Record = {"id": record["id"], "deleted": False}
    if record["firstName"]:  # without it the name is not there yet
        told["name"] = name_of(record)
    told |= {name: record[name] for name in FIELDS if name != "betnr" and record[name] is not None}
    given = [kind for kind in KINDS if kind.array in write.arrays or write.scalars.get(kind.field)]
    told |= {kind.field: _primary_given(kind, write) for kind in given}
    told |= {name: record[name] for name in ("createdAt", "modifiedAt")}
    told |= {"betnr": record["betnr"]} if record["betnr"] is not None else {}
    told |= {flag: False for flag in FLAGS if any(flag.startswith(kind.field) for kind in given)}
    told["streamUpdatedAt"] = record["streamUpdatedAt"]
    told |= {kind.array: write.arrays[kind.array] for kind in given if kind.array in write.arrays}
    return {**told, "createdById": record["createdById"], "isFollowed": False}


def _created(espocrm: EspocrmSimulator, record: Record, write: Write) -> Record:
    """What the answer says of it: the scalars as keys, the arrays with all members."""
    world = espocrm.data
    told = _told_of_new(record, write)
    told |= {kind.array: world.values.items(kind, record["id"]) for kind in KINDS if kind.field in told}
    names = {"createdByName": world.user_name(record["createdById"]), "modifiedByName": None, "assignedUserName": None}
    version = {"versionNumber": record["versionNumber"]} if espocrm.version_control else {}
    return {**told, **names, **version, "teamsIds": [], "teamsNames": {}, "followersIds": [], "followersNames": {}}


def _primary_given(kind: Kind, write: Write) -> str | None:
    """The key of the primary one as the writer set it; with an array, that of the last that is flagged."""
    items = write.arrays.get(kind.array)
    if items is None:
        text = write.scalars.get(kind.field)
        return None if text is None else kind.key(text)
    by_key = {kind.key(item[kind.field]): item for item in items}
    flagged = [key for key, item in by_key.items() if item.get("primary")]
    if not any(item.get("primary") for item in items):
        flagged = list(by_key)[:1]
    return flagged[-1] if flagged else None


# --- changes ----------------------------------------------------------------------------------------------------------


def update(espocrm: EspocrmSimulator, request: Request, user: User, entity: str, record_id: str) -> Reply:
    """PUT or PATCH, in two steps as in the real one: what others do in between is not noticed."""
    open_entity(entity, action="edit")
    _may_edit(user, "edit")
    world, version = espocrm.data, request.headers.get("x-version-number", "")
    with espocrm.lock:
        record = found(world, entity, record_id, said="not found")
        if user.api_key and record_id in world.closed:
            raise refused(403, "No edit access.")
        body = parsed(request)
        write = write_of(world, entity, body, record)
        if espocrm.version_control and version and record["versionNumber"] is not None:
            _check_version(world, record, write, version)
        before: Before = {kind.field: set(world.values.linked(kind, record_id)) for kind in KINDS}
    espocrm.gather()
    with espocrm.lock:
        found(world, entity, record_id, said="not found")
        for others in world.at_once.pop(record_id, []):
            change(espocrm, espocrm.person, entity, record, write_of(world, entity, others, record), before)
        return Reply.of(change(espocrm, user, entity, record, write, before), committed=True)


def _check_version(world: World, record: Record, write: Write, version: str) -> None:
    """Raises Refused for another version, unless nothing would change."""
    shown = world.whole(record, versions=True)
    wanted: Record = {**write.plain, **write.arrays}
    if version == str(record["versionNumber"]) or all(shown[name] == value for name, value in wanted.items()):
        return
    values = {name: shown[name] for name in (*wanted, *write.scalars)}
    raise conflict("modified", {"values": values, "versionNumber": record["versionNumber"]})


def change(espocrm: EspocrmSimulator, user: User, entity: str, record: Record, write: Write, before: Before) -> Record:
    """Store it, tell the webhooks, and show what the answer says: the writer's words, else what was there before."""
    world = espocrm.data
    old = world.whole(record, versions=espocrm.version_control)
    told = _differences(record, old, write)
    _store(world, user, record, write, before)
    if told and record["modifiedById"] != user.id:
        told |= {"modifiedById": user.id, "modifiedByName": user.name}
    record |= {"modifiedAt": world.clock.stamp(), "modifiedById": user.id}  # also where nothing changed
    if told and espocrm.version_control:
        record["versionNumber"] = (record["versionNumber"] or 0) + 1
    if told:
        told["id"] = record["id"]
        espocrm.sender.happened(f"{entity}.update", record["id"], told, user)
    answered: Record = {**old, **write.plain, "name": name_of(record), "modifiedAt": record["modifiedAt"]}
    answered |= {"modifiedById": user.id, "modifiedByName": user.name, **write.scalars}
    for kind in KINDS:
        if kind.array in write.arrays:
            answered[kind.array] = write.arrays[kind.array]
            answered[kind.field] = _primary_given(kind, write) or answered[kind.field]
        if told.keys() & {kind.field, kind.array}:
            shown = {name: answered[name] for name in (kind.flag("OptedOut"), kind.flag("Invalid"), kind.field)}
            shown |= {kind.array: answered[kind.array]}
            payload = {"id": record["id"], **shown}
            espocrm.sender.happened(f"{entity}.fieldUpdate.{kind.field}", record["id"], payload, user)
    for name in told.keys() & write.plain.keys():
        event, payload = f"{entity}.fieldUpdate.{name}", {"id": record["id"], name: told[name]}
        espocrm.sender.happened(event, record["id"], payload, user)
    answered |= dict.fromkeys(write.nulls)
    if espocrm.version_control:
        answered["versionNumber"] = record["versionNumber"]
    return answered


def _differences(record: Record, old: Record, write: Write) -> Record:
    """What a webhook says: what differs from before, by the letter of what was sent."""
    told: Record = {name: value for name, value in write.plain.items() if record[name] != value}
    if told and (name := name_of({**record, **told})) != old["name"]:
        told = {"name": name, **told}
    for kind in KINDS:
        given = kind.array in write.arrays
        if not given and kind.field not in write.scalars:
            continue
        primary, stored = _primary_given(kind, write), old[kind.field]
        if primary != (kind.key(stored) if stored else None) and (primary or not given):
            told[kind.field] = primary
        if given and write.arrays[kind.array] != old[kind.array]:
            told[kind.array] = write.arrays[kind.array]
    return told


def _store(world: World, user: User, record: Record, write: Write, before: Before) -> None:
    record.update(write.plain)
    protected = world.closed - {record["id"]} if user.api_key else set()
    for kind in KINDS:
        items: list[Item] | None = write.arrays.get(kind.array)
        if items is not None:
            world.values.replace(kind, record["id"], items, before[kind.field], protected)
        elif kind.field in write.scalars:
            world.values.set_primary(kind, record["id"], write.scalars[kind.field] or "")


# --- deletions --------------------------------------------------------------------------------------------------------


def delete(espocrm: EspocrmSimulator, request: Request, user: User, entity: str, record_id: str) -> Reply:
    open_entity(entity, action="delete")
    _may_edit(user, "delete")
    with espocrm.lock:
        remove(espocrm, user, entity, record_id)
        return Reply.of(True, committed=True)


def remove(espocrm: EspocrmSimulator, user: User, entity: str, record_id: str) -> None:
    """Raises Refused."""
    found(espocrm.data, entity, record_id, said="not found")
    espocrm.data.remove(entity, record_id)
    espocrm.sender.happened(f"{entity}.delete", record_id, {"id": record_id}, user)


def _may_edit(user: User, action: str) -> None:
    if not user.may_edit:
        raise refused(403, f"No {action} access.")


ROUTES: tuple[tuple[str, str, Any], ...] = (
    ("POST", r"/(\w+)", create),
    ("GET", r"/(\w+)/([^/]+)", get),
    ("PUT", r"/(\w+)/([^/]+)", update),
    ("PATCH", r"/(\w+)/([^/]+)", update),
    ("DELETE", r"/(\w+)/([^/]+)", delete),
)
