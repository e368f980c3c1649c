"""What runs by itself: the check of the mappings, of the open links, and the refresh of the reference data."""

from __future__ import annotations

from integrations.core.opening import open_connection
from integrations.core.streams import StreamProblem, Work

from .mapping_check import check_mappings
from .reference import refresh_reference
from .setup import ROLE
from .validation import validate_links
from .webhooks import notice_silence


def mapping_check(work: Work) -> str:
    """Read every mapped company; renamed, inactive and missing ones are noted."""
    connection = work.connection(ROLE)
    with open_connection(connection, source="mapping check", record=_record(work), guard=work.claim.check) as api:
        result = check_mappings(work.integration.client, api)
    if result.alert:
        raise StreamProblem(str(result))
    return str(result)


def link_validation(work: Work) -> str:
    """Read every open ticket; closed and deleted ones are noted, and that no webhook told of them."""
    connection = work.connection(ROLE)
    with open_connection(connection, source="link validation", record=_record(work), guard=work.claim.check) as api:
        result = validate_links(work.integration.client, connection, api)
    silence = notice_silence(connection, result.closed_at)
    if result.alert:
        raise StreamProblem(str(result))
    return f"{result} {silence}".strip()


def reference_data(work: Work) -> str:
    """Read queues, sources, statuses and priorities anew."""
    work.claim.check()
    return str(refresh_reference(work.connection(ROLE), interactive=False))


def _record(work: Work) -> str:
    return f"integration:{work.integration.pk}"
