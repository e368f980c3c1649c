"""What a search finds of a bridge: pairs by the ref of either ticket."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from integrations.core.models import User
from integrations.core.registry import MOST_FOUND, Found
from integrations.core.roles import may_open

from .models import Pair


def search(user: User, text: str) -> Iterator[Found]:
    """By the whole ref, however it is written."""
    if not may_open(user, "itop_bridge.view_pair"):
        return
    refs = {text, text.upper()}
    rows = Pair.objects.visible_to(user).filter(Q(external_ref__in=refs) | Q(internal_ref__in=refs))
    for row in rows.select_related("link", "integration__client").order_by("-pk")[:MOST_FOUND]:
        detail = " · ".join(filter(None, [row.link.base.get("title", ""), str(row.integration)]))
        url = reverse("admin:itop_bridge_pair_change", args=[row.pk])
        yield Found(_("iTop pairs"), str(row), url, detail, "sync_alt", is_exact=True)
