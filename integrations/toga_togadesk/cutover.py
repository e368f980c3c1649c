"""Cut-over from the old programs: the reference ids they left in TOGaDesk become links, with a report.

Nothing is written to either system. What has a link already is left as it is, so it can be repeated.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from integrations.core.models import Integration, RecordLink
from integrations.core.sync.flow import Side
from integrations.core.sync.linking import links_of
from integrations.vendors.toga.dialect import Resource

from . import mapping
from .pair import TICKET, Pair
from .reference_data import RESOURCES

BATCH, EXAMPLES = 500, 5


@dataclass
class Adopted:
    """What became of the references of one table. Examples are ids of TOGaDesk."""

    what: str
    linked: int = 0
    known: int = 0
    nowhere: int = 0
    twice: int = 0
    examples: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        said = [_("{table}: {n:,} linked").format(table=self.what, n=self.linked)]
        said += [_("{n:,} known already").format(n=self.known)] if self.known else []
        said += [_("{n:,} point to nothing in TOGA 2").format(n=self.nowhere)] if self.nowhere else []
        said += [_("{n:,} share the reference of another row").format(n=self.twice)] if self.twice else []
        if not self.examples:
            return ", ".join(said)
        return _("{counts} (look at {ids})").format(counts=", ".join(said), ids=", ".join(self.examples))


def adopt(pair: Pair, *, is_dry: bool = False) -> list[Adopted]:
    """Make links of the references of tickets and of the reference data; what became of them, table by table."""
    tables: list[tuple[str, str, Resource]] = [(TICKET, "tickets", pair.kind.tickets)]
    tables += [(name, mapping.REFERENCE[name].table, resource) for name, resource in RESOURCES.items()]
    return [_adopt(pair, kind, table, resource, is_dry=is_dry) for kind, table, resource in tables]


def _adopt(pair: Pair, kind: str, table: str, resource: Resource, *, is_dry: bool) -> Adopted:
    report, there, seen = Adopted(table), set(_uuids(pair, resource)), set[str]()
    for batch in pair.desk.references(table, pair.client, size=BATCH):
        left = links_of(pair.integration, kind, Side.LEFT, [uuid for _, uuid in batch])
        right = links_of(pair.integration, kind, Side.RIGHT, [str(key) for key, _ in batch])
        new: list[RecordLink] = []
        for key, uuid in batch:
            if uuid in left or str(key) in right:
                report.known += 1
            elif uuid in seen or uuid not in there:
                report.twice += uuid in seen
                report.nowhere += uuid not in seen
                report.examples += [str(key)] if len(report.examples) < EXAMPLES else []
            else:
                report.linked += 1
                new.append(_link(pair.integration, kind, uuid, key))
            seen.add(uuid)
        if not is_dry:
            RecordLink.objects.bulk_create(new, ignore_conflicts=True)
    return report


def _uuids(pair: Pair, resource: Resource) -> Iterator[str]:
    cursor = ""
    while True:
        rows, cursor = pair.toga.changed(resource, None, cursor, limit=pair.options.page_size)
        yield from (row.uuid for row in rows)
        if not cursor:
            return


def _link(integration: Integration, kind: str, uuid: str, key: int) -> RecordLink:
    return RecordLink(
        integration=integration, object_type=kind, left_id=uuid, right_id=str(key), state=RecordLink.State.ACTIVE
    )
