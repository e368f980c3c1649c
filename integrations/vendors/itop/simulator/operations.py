"""The verbs of the simulated REST services: what each needs, does and answers (fact sheet, sections 1 to 6)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from integrations.vendors.simulation import Reply

from . import queries, tickets
from .accounts import Actor
from .model import OWN, above, below
from .refusals import success, thrown
from .triggers import Event
from .values import Values
from .world import Record

if TYPE_CHECKING:
    from .itop import ItopSimulator

Given = dict[str, Any]
VERSIONS = ("1.0", "1.1", "1.2", "1.3", "1.4")


@dataclass(slots=True)
class Done:
    """What a verb answers, what triggers see of it, and what goes only after they did."""

    reply: Reply
    events: list[Event] = field(default_factory=list)
    going: list[Record] = field(default_factory=list)


def carry_out(itop: ItopSimulator, actor: Actor, version: str, given: Given) -> Done:
    """Raises Refused, Died."""
    verb = _needed(given, "operation")
    if verb == "list_operations":
        return Done(_operations(version))
    if verb not in VERBS:
        raise thrown(f"Unknown verb '{verb}' in version '{version}'", 11)
    return VERBS[verb][0](itop, actor, given)


def _needed(given: Given, name: str) -> Any:
    if given.get(name) is None:
        raise thrown(f"Missing parameter '{name}'")
    return given[name]


def _class(itop: ItopSimulator, given: Given) -> str:
    name = str(_needed(given, "class"))
    if name not in OWN or not itop.is_installed(name):
        raise thrown(f"class: '{name}' is not a valid class'")
    return name


def _fields(itop: ItopSimulator, class_name: str, given: Given) -> dict[str, list[str]]:
    """The attributes to show, by class: `*` those of the class asked for, `*+` those of the real one."""
    asked = str(given.get("output_fields") or "*")
    if asked == "*":
        return {class_name: list(itop.data.attributes(class_name))}
    if asked == "*+":
        return {name: list(itop.data.attributes(name)) for name in below(class_name)}
    names = [one.strip() for one in asked.split(",")]
    for name in names:
        if name != "id" and name not in itop.data.attributes(class_name):
            raise thrown(f"output_fields: invalid attribute code '{name}'")
    return {class_name: names}


def _shown(itop: ItopSimulator, record: Record, fields: dict[str, list[str]], said: str) -> dict[str, Any]:
    names = next((fields[name] for name in above(record["class"]) if name in fields), ["id", "friendlyname"])
    return {
        "code": 0,
        "message": said,
        "class": record["class"],
        "key": str(record["id"]),
        "fields": {name: itop.data.shown(record, name) for name in names},
    }


def _objects(itop: ItopSimulator, found: list[Record], fields: dict[str, list[str]], said: str) -> dict[str, Any]:
    return {f"{one['class']}::{one['id']}": _shown(itop, one, fields, said) for one in found}


def _set(itop: ItopSimulator, actor: Actor, class_name: str, key: Any) -> tuple[str, list[Record]]:
    """The class that is looked through, and what the key names of it, in the order of the class."""
    values = Values(itop.data, actor)
    if isinstance(key, dict):
        return class_name, values.matching(class_name, key)
    text = str(key).strip()
    if isinstance(key, int) or text.lstrip("-").isdigit():
        record = itop.data.get(class_name, int(text))
        return class_name, [record] if record and not values.is_hidden(class_name, record["id"]) else []
    query = queries.parse(text, itop.data.attributes)
    if not itop.is_installed(query.class_name):
        raise thrown(f"Unknown class '{query.class_name}'")
    found = []
    for one in values.seen(query.class_name):
        if query.fits(lambda name, one=one: itop.data.shown(one, name)):  # type: ignore[misc]
            found.append(one)
    return query.class_name, found


def _one(itop: ItopSimulator, actor: Actor, class_name: str, key: Any) -> Record:
    """The one object of a write. Raises Refused."""
    _, found = _set(itop, actor, class_name, key)
    if not found:
        if isinstance(key, str) and not key.strip().isdigit():
            raise thrown(f"No item found for query: {key}")
        raise thrown(f"Invalid object {class_name}::{key}")
    if len(found) > 1:
        raise thrown(f"Several items found ({len(found)}) for query: {key}")
    return found[0]


# --- the verbs --------------------------------------------------------------------------------------------------------


def _operations(version: str) -> Reply:
    listed = [{"verb": verb, "description": about, "extension": "CoreServices"} for verb, (_, about) in VERBS.items()]
    said = f"Operations: {len(listed)}"
    return Reply.of({"code": 0, "message": said, "version": version, "operations": listed})


def _get(itop: ItopSimulator, actor: Actor, given: Given) -> Done:
    class_name, key = _class(itop, given), _needed(given, "key")
    fields = _fields(itop, class_name, given)
    limit, page = int(given.get("limit") or 0), int(given.get("page", 1 if given.get("limit") else 0) or 0)
    if limit and page < 1:
        raise thrown("Invalid page: the first one is 1", 13)
    of, found = _set(itop, actor, class_name, key)
    actor.account.require("read", of)
    start = (page - 1) * limit if limit else 0
    shown = found[start : start + limit] if limit else found
    return Done(success(_objects(itop, shown, fields, ""), f"Found: {len(found)}"))


def _create(itop: ItopSimulator, actor: Actor, given: Given) -> Done:
    itop.refuse_if_told(_needed(given, "comment"))
    class_name, fields = _class(itop, given), _needed(given, "fields")
    output = _fields(itop, class_name, given)
    actor.account.require("create", class_name)
    record, events = tickets.create(itop, class_name, fields, actor)
    itop.remember(given, record)
    return Done(success(_objects(itop, [record], output, "created"), committed=True), events)


def _update(itop: ItopSimulator, actor: Actor, given: Given) -> Done:
    itop.refuse_if_told(_needed(given, "comment"))
    class_name, key, fields = _class(itop, given), _needed(given, "key"), _needed(given, "fields")
    output = _fields(itop, class_name, given)
    actor.account.require("modify", class_name)
    record = _one(itop, actor, class_name, key)
    events = tickets.update(itop, record, fields, actor)
    itop.remember(given, record)
    return Done(success(_objects(itop, [record], output, "updated"), committed=True), events)


def _stimulus(itop: ItopSimulator, actor: Actor, given: Given) -> Done:
    itop.refuse_if_told(_needed(given, "comment"))
    class_name, key, fields = _class(itop, given), _needed(given, "key"), _needed(given, "fields")
    output, stimulus = _fields(itop, class_name, given), str(_needed(given, "stimulus"))
    actor.account.require("modify", class_name)
    record = _one(itop, actor, class_name, key)
    try:
        events = tickets.stimulate(itop, record, stimulus, fields, actor)
    except tickets.Vetoed:
        return Done(success(None))
    itop.remember(given, record)
    return Done(success(_objects(itop, [record], output, "updated"), committed=True), events)


def _delete(itop: ItopSimulator, actor: Actor, given: Given) -> Done:
    """A query as key deletes all that it finds: the portal never sends one."""
    itop.refuse_if_told(_needed(given, "comment"))
    class_name, key = _class(itop, given), _needed(given, "key")
    of, found = _set(itop, actor, class_name, key)
    actor.account.require("delete", of)
    going: list[Record] = []
    events: list[Event] = []
    for record in found:
        gone, caused = tickets.deletion(itop, record, actor)
        going, events = going + gone, events + caused
        itop.remember(given, record)
    answer = _objects(itop, going, {}, "")
    for one in going:
        if one not in found:
            answer[f"{one['class']}::{one['id']}"] |= {"code": 2, "message": "Deleted automatically"}
    said = f"Deleted: {len(found)}" + (
        f" plus (for DB integrity) {len(going) - len(found)}" if len(going) > len(found) else ""
    )
    if given.get("simulate"):
        return Done(success(answer, f"SIMULATING: {said}"))
    return Done(success(answer, said, committed=bool(found)), events, going)


def _related(itop: ItopSimulator, actor: Actor, given: Given) -> Done:
    _class(itop, given)
    _needed(given, "key")
    _needed(given, "relation")
    return Done(Reply.of({"code": 0, "message": "Nothing found", "objects": None, "relations": []}))


def _credentials(itop: ItopSimulator, actor: Actor, given: Given) -> Done:
    known = itop.data.accounts.get(str(_needed(given, "user")))
    is_right = known is not None and known.password == _needed(given, "password")
    return Done(Reply.of({"code": 0, "message": "", "authorized": is_right}))


VERBS: dict[str, tuple[Callable[[ItopSimulator, Actor, Given], Done], str]] = {
    "core/create": (_create, "Create an object"),
    "core/update": (_update, "Update an object"),
    "core/apply_stimulus": (_stimulus, "Apply a stimulus to change the state of an object"),
    "core/get": (_get, "Search for objects"),
    "core/delete": (_delete, "Delete objects"),
    "core/get_related": (_related, "Get related objects through the specified relation"),
    "core/check_credentials": (_credentials, "Check user credentials"),
}


def describes(given: Given) -> str:
    """A call in short, as the ledger has it: `core/update UserRequest::12`."""
    key = given.get("key", "")
    shown = "" if key == "" else f"::{key}" if isinstance(key, int) or str(key).isdigit() else " by query"
    return f"{given.get('operation', '')} {given.get('class', '')}{shown}".strip()
