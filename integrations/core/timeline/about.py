"""What a timeline is about: one record, by all the names under which it stands in what the portal keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from integrations.core import registry
from integrations.core.models import Connection, Integration, RecordLink, Stream
from integrations.core.registry import EMPTY


@dataclass(frozen=True, slots=True)
class About:
    """One record.

    `names` are ours, as in the audit trail and the API log (`run:17`). `hints` are what webhooks call it: the id of a
    connection, and the subject. `records` are what runs call it: the id of a stream, and the record's id in that
    stream. `integration_id` limits the runs that webhooks led to. `words` are how actions of the audit trail are said.
    """

    names: tuple[str, ...] = ()
    hints: tuple[tuple[int, str], ...] = ()
    records: tuple[tuple[int, str], ...] = ()
    integration_id: int | None = None
    connections: Mapping[int, Connection] = field(default_factory=dict)
    link: RecordLink | None = None
    words: Mapping[str, str] = field(default_factory=lambda: EMPTY)


def of_link(link: RecordLink, *, words: Mapping[str, str] = EMPTY) -> About:
    """The pair of this link, on both sides. Our name of it is `pair:` and the link's id. Two statements."""
    ids = {"left": link.left_id, "right": link.right_id}
    played, sides = _played(link.integration)
    hints = tuple((pk, f"{link.object_type}:{ids[side]}") for pk, side in sides if ids.get(side))
    return About(
        names=(f"pair:{link.pk}",),
        hints=hints,
        records=_records_of(link, ids),
        integration_id=link.integration_id,
        connections=played,
        link=link,
        words=words,
    )


def _records_of(link: RecordLink, ids: Mapping[str, str]) -> tuple[tuple[int, str], ...]:
    """Its id in each stream. Of a stream that has not run since this was kept, either id may be meant."""
    found: list[tuple[int, str]] = []
    for stream in Stream.objects.filter(integration=link.integration_id):
        if stream.object_type not in ("", link.object_type):
            continue
        wanted = [ids[stream.side]] if stream.side in ids else list(dict.fromkeys(ids.values()))
        found += [(stream.pk, one) for one in wanted if one]
    return tuple(found)


def of_record(stream: Stream, record_id: str) -> About:
    """A record that has no link, as a stream calls it."""
    played, sides = _played(stream.integration)
    kind = stream.object_type
    hints = tuple((pk, f"{kind}:{record_id}") for pk, side in sides if kind and side == stream.side)
    return About(
        hints=hints, records=((stream.pk, record_id),), integration_id=stream.integration_id, connections=played
    )


def _played(integration: Integration) -> tuple[dict[int, Connection], list[tuple[int, str]]]:
    """The integration's connections by id, and the side of each."""
    kind = next((one for one in registry.kinds() if one.slug == integration.kind), None)
    sides = {role.name: role.side for role in kind.roles} if kind else {}
    rows = list(integration.roles.select_related("connection__client"))
    return {row.connection_id: row.connection for row in rows}, [
        (row.connection_id, sides.get(row.role, "")) for row in rows
    ]
