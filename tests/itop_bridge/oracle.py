"""The oracle: a full compare of two bridged iTops, as a person with both open would do it, and a way to forget all.

It knows what the guide promises and nothing of how the bridge does it.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from integrations.core.models import HeldItem, Job, RecordLink, Stream, SyncRun, WebhookDelivery
from integrations.itop_bridge.models import Pair
from integrations.vendors.itop.simulator import ItopSimulator

Record = dict[str, Any]
CODES = ("impact", "urgency", "request_type")
_MARK = re.compile(r"\[([A-Z]-[0-9]+)\] (.*)", re.DOTALL)
_COPIED = re.compile(r" \((external|internal)\)$")
_PICTURE = re.compile(r"\[picture: picture-(\w+), attached\]")
_COPY_OF_PICTURE = re.compile(r"picture-(\w+)[ .]")


def forget() -> None:
    """The portal has seen nothing."""
    for model in (Pair, RecordLink, HeldItem, WebhookDelivery, SyncRun, Job):
        model.objects.all().delete()
    Stream.objects.update(watermark=None, in_hand={}, started_at=None)


def differences(external: ItopSimulator, internal: ItopSimulator) -> list[str]:
    """What is not the same on both sides, or there twice, in sentences; empty when they agree."""
    found: list[str] = []
    twins: dict[str, list[Record]] = {}
    for record in internal.data.all("Ticket"):
        if marked := _MARK.match(record["title"]):
            twins.setdefault(marked[1], []).append(record)
    for record in external.data.all("Ticket"):
        mine = twins.pop(record["ref"], [])
        if len(mine) != 1:
            found.append(f"{record['ref']} has {len(mine)} twins")
        for twin in mine:
            found += [f"{record['ref']}: {one}" for one in _of_pair(external, internal, record, twin)]
    return found + [f"a twin of {ref}, which is not there" for ref in twins]


def _of_pair(external: ItopSimulator, internal: ItopSimulator, record: Record, twin: Record) -> list[str]:
    halves = ((external, record), (internal, twin))
    return [
        *_form(record, twin),
        *_unlike("the logs", *(_said(one) for _, one in halves)),
        *_unlike("the files", *(_files(itop, one) for itop, one in halves)),
        *_pictures(external, internal, twin),
        *_pictures(internal, external, record),
    ]


def _form(record: Record, twin: Record) -> list[str]:
    wanted = {"title": f"[{record['ref']}] {record['title']}"[:255], "status": record["status"]}
    wanted |= {name: record[name] for name in CODES if name in record and name in twin}
    found = [f"{name} is {twin[name]!r} instead of {value!r}" for name, value in wanted.items() if twin[name] != value]
    if _plain(record["description"]) not in _plain(twin["description"]):
        found.append(f"the description is {twin['description']!r} instead of {record['description']!r}")
    return found


def _said(record: Record) -> Counter[Any]:
    """Who said what in the private log."""
    return Counter(
        (_COPIED.sub("", entry["user_login"]), _plain(entry["message_html"])) for entry in record["private_log"]
    )


def _plain(html: str) -> str:
    """The words alone: of a picture the copy says its name, the original nothing."""
    return " ".join(_PICTURE.sub("", re.sub(r"<[^>]*>", " ", html)).split())


def _files(itop: ItopSimulator, record: Record) -> Counter[Any]:
    blobs = [one["contents"] for one in itop.data.attachments_of(record)]
    return Counter((blob.name, blob.content) for blob in blobs if not _COPY_OF_PICTURE.match(blob.name))


def _pictures(source: ItopSimulator, target: ItopSimulator, copy: Record) -> list[str]:
    """Attachments on the target that stand for pictures of its texts: each once, with the bytes of the original."""
    blobs = [one["contents"] for one in target.data.attachments_of(copy)]
    names = Counter(found[1] for blob in blobs if (found := _COPY_OF_PICTURE.match(blob.name)))
    texts = [copy["description"], *(entry["message_html"] for entry in copy["private_log"])]
    named = {name for text in texts for name in _PICTURE.findall(text)}
    wrong = [f"the picture {name} is named and does not hang there" for name in named - names.keys()]
    wrong += [f"the picture {name} hangs there {count} times" for name, count in names.items() if count > 1]
    for blob in blobs:
        number = _COPY_OF_PICTURE.match(blob.name)
        original = source.data.get("InlineImage", int(number[1])) if number and number[1].isdigit() else None
        if original is not None and original["contents"].content != blob.content:
            wrong.append(f"the picture {blob.name} has other bytes")
    return wrong


def _unlike(what: str, here: Counter[Any], there: Counter[Any]) -> list[str]:
    if here == there:
        return []
    return [f"{what} differ: outside alone {[*(here - there)]}, inside alone {[*(there - here)]}"]
