"""Contacts, units, predefined replies and teams of TOGA 2 become rows of TOGaDesk; the categories become one field."""

from __future__ import annotations

import hashlib

from django.utils import timezone
from django.utils.translation import gettext

from integrations.core.models import RecordLink
from integrations.core.sync.flow import Flow, Page, Plan, Reading, Record, Side, Write
from integrations.core.sync.linking import attach
from integrations.vendors.toga import dialect

from . import mapping
from .pair import Pair
from .reading import of_list

RESOURCES = {
    "contacts": dialect.CONTACTS,
    "units": dialect.UNITS,
    "predefined_replies": dialect.PREDEFINED_REPLIES,
    "ticket_teams": dialect.TEAMS,
}


def rows_flow(pair: Pair, name: str) -> Flow:
    """One kind of reference data; unchanged rows are not written."""
    rows = mapping.REFERENCE[name]
    return Flow(
        name,
        Side.LEFT,
        of_list(pair, RESOURCES[name]),
        lambda record, link: _row_plan(pair, rows, record, link),
    )


def _row_plan(pair: Pair, rows: mapping.Rows, record: Record, link: RecordLink | None) -> Plan:
    wanted = mapping.row_of(record.data, rows, active=dialect.ACTIVE, deactivates=pair.options.deactivates)
    row = pair.desk.referenced(rows.table, pair.client, [record.id]).get(record.id)
    changes = wanted if row is None else mapping.differing(row, wanted)
    if row is not None and not changes and link is not None and link.right_id:
        return Plan()

    def write(mine: RecordLink) -> str:
        key = pair.desk.write_row(rows.table, pair.client, record.id, wanted) if changes else int((row or {})["id"])
        if not mine.right_id:
            attach(mine, Side.RIGHT, str(key))
        return ""

    name = wanted.get("name") or record.id
    if row is None:
        return Plan(gettext("It is new."), [Write(str(rows.one).format(name=name), write)], creates=True)
    if not changes:
        link_it = gettext("link it of “{name}”").format(name=name)
        return Plan(gettext("It was there already."), [Write(link_it, write)])
    told = gettext("{changes} of “{name}”").format(changes=mapping.differences(changes), name=name)
    return Plan(gettext("It changed in TOGA 2."), [Write(told, write)])


def categories_flow(pair: Pair) -> Flow:
    """The tree of categories as one text: paths, separated by commas."""

    def read() -> Record:
        text = ",".join(pair.categories)
        return Record("categories", timezone.now(), hashlib.blake2b(text.encode(), digest_size=8).hexdigest(), text)

    reading = Reading(page=lambda since, cursor: Page([read()]), get=lambda key: read())
    return Flow("categories", Side.LEFT, reading, lambda record, link: _categories_plan(pair, record))


def _categories_plan(pair: Pair, record: Record) -> Plan:
    field, text = pair.options.category_field, str(record.data)
    there = pair.desk.options(pair.client, field)
    if there == text:
        return Plan()
    if not text and there:  # an empty read is not taken for "there are none any more"
        return Plan(gettext("TOGA 2 shows no category at all; those in TOGaDesk stay."), skipped=True)

    def write(mine: RecordLink) -> str:
        pair.desk.set_options(pair.client, field, text)
        if not mine.right_id:
            attach(mine, Side.RIGHT, field)
        return ""

    told = gettext("list {n} categories in the field “{field}”").format(n=len(pair.categories), field=field)
    return Plan(gettext("The categories changed."), [Write(told, write)], creates=there is None)
