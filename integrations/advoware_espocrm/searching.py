"""What a search finds of contact data: pairs by the party's number or the whole id of EspoCRM's record."""

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
    """Names are not looked for: the portal keeps none."""
    if not may_open(user, "advoware_espocrm.view_pair"):
        return
    number = text.lower().removeprefix("party").strip(": ")
    rows = Pair.objects.visible_to(user).filter(Q(link__left_id=number) | Q(link__right_id=text))
    for row in rows.select_related("link", "integration__client").order_by("-pk")[:MOST_FOUND]:
        detail = f"{row.link.right_id or '…'} · {row.integration}"
        url = reverse("admin:advoware_espocrm_pair_change", args=[row.pk])
        title = _("Party {number}").format(number=row.betnr)
        yield Found(_("Contact data"), title, url, detail, "contact_phone", is_exact=True)
