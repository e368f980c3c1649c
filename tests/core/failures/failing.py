"""Things that failed, and a person's way through the page about them."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from django.utils import timezone

from integrations.core.failures.shapes import shape_of
from integrations.core.models import Connection, HeldItem, Job, Stream, WebhookDelivery

PAGE = "/admin/failures/"


def held(stream: Stream, record: str, sentence: str, *, cause: str = "permanent", **values: Any) -> HeldItem:
    return HeldItem.objects.create(  # type: ignore[no-any-return]
        stream=stream, record_id=record, cause=cause, sentence=sentence, shape=shape_of(sentence), tries=10, **values
    )


def hold_many(stream: Stream, count: int, sentence: str = "Ticket {} is refused.") -> None:
    rows = (
        HeldItem(
            stream=stream,
            record_id=f"T{n}",
            cause="permanent",
            sentence=sentence.format(n),
            shape=shape_of(sentence.format(n)),
        )
        for n in range(count)
    )
    HeldItem.objects.bulk_create(rows, batch_size=2_000)


def dead_job(outcome: str, *, kind: str = "core.prune", error_class: str = "bug", **values: Any) -> Job:
    key = f"{kind}:{Job.objects.count()}"
    return Job.objects.create(  # type: ignore[no-any-return]
        kind=kind, key=key, state="dead", outcome=outcome, error_class=error_class, finished_at=timezone.now(), **values
    )


def delivery(connection: Connection, subject: str, outcome: str, state: str = "failed") -> WebhookDelivery:
    now = timezone.now()
    return WebhookDelivery.objects.create(  # type: ignore[no-any-return]
        connection=connection,
        event="ticket",
        subject=subject,
        received_at=now,
        over_at=now,
        body=b"{}",
        state=state,
        outcome=outcome,
    )


def text(page: Any, url: str = PAGE) -> str:
    answer = page.get(url)
    assert answer.status_code == 200, answer.status_code
    return words(answer)


def words(answer: Any) -> str:
    """What a person reads on the page, without the sidebar and the filters."""
    said = answer.content.decode()
    said = said[said.index("p-stack") :] if "p-stack" in said else said
    said = re.sub(r"<select.*?</select>", " ", said, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", said)).split())


def groups(page: Any, url: str = PAGE) -> list[dict[str, str]]:
    """The hidden fields of each group that has buttons."""
    forms = re.findall(
        r'<form method="post"[^>]*failures/preview/.*?</form>', page.get(url).content.decode(), re.DOTALL
    )
    fields = re.compile(r'name="(\w+)" value="([^"]*)"')
    return [
        {
            name: unescape(value)
            for name, value in fields.findall(form)
            if name != "csrfmiddlewaretoken" and name != "act"
        }
        for form in forms
    ]


def propose(page: Any, act: str, *, group: dict[str, str] | None = None, url: str = PAGE) -> str:
    """Press the button of the (only) group; the address of the preview."""
    if group is None:
        (group,) = groups(page, url)
    answer = page.post(f"{PAGE}preview/", {**group, "act": act})
    assert answer.status_code == 302
    return str(answer.url)


def confirm(page: Any, preview: str, **fields: str) -> None:
    assert page.post(preview, {"confirm": "1", **fields}).status_code == 302
