"""What waits for a person in the contact data, for the page about failures: conflicts to decide, values that stay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Case, CharField, Q, Value, When
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from integrations.core.failures.source import Act, Column, Explanation, FailureSource, Link, columns, each
from integrations.core.models import RecordLink, User

from . import deciding
from .models import KIND_NAMES, Conflict, HeldValue

_CONFLICT = Explanation(
    _("to decide"),
    _(
        "Both sides changed the same entry, and the settings say that a person is asked. Both stay as they are until "
        "then."
    ),
    _("Open one and choose whose value counts, or tick many in the list of conflicts and choose for all of them."),
    "warning",
)
_STAYS = Explanation(
    _("stays on its side"),
    _("This value cannot be brought over as it is. It stops no other value."),
    _("Mend it where it stands; it then goes from here by itself."),
    "warning",
)
_REFUSED = Explanation(
    _("refused"),
    _("EspoCRM refused this value, and it is not sent again as it is."),
    _("Mend the value where it stands. If EspoCRM would take it by now, have it tried again."),
)
_KIND = Case(*(When(komm_kz=number, then=Value(name)) for number, name in KIND_NAMES), default=Value(""))
_OF_PAIR: dict[str, Column] = {
    "client": "pair__integration__client_id",
    "integration": "pair__integration_id",
    "what": _KIND,
}
_RELATED = ("pair__integration__client",)


def _linked(**also: Any) -> Q:
    """Of pairs that were not unlinked."""
    return ~Q(pair__link__state=RecordLink.State.REPLACED) & Q(**also)


def _page(name: str) -> Any:
    return each(lambda row: Link(str(row), reverse(f"admin:advoware_espocrm_{name}_change", args=[row.pk])))


def _to_decide(row: Any) -> Link:
    url = reverse("admin:advoware_espocrm_conflict_changelist")
    return Link(gettext("all conflicts to decide"), f"{url}?decided=not")


def _held_values(row: Any) -> Link:
    return Link(gettext("all held values"), reverse("admin:advoware_espocrm_heldvalue_changelist"))


def _try_again(rows: Sequence[Any], user: User, reason: str) -> Mapping[int, str]:
    for row in rows:
        deciding.try_again(row, user=user)
    return {}


FAILURES = (
    FailureSource(
        slug="advoware_espocrm.conflicts",
        one=_("conflict"),
        many=_("conflicts"),
        permission="advoware_espocrm.view_conflict",
        model=Conflict,
        columns=columns(
            **_OF_PAIR,
            cause=Value("ConflictError"),
            sentence=Value(_("Both sides changed it."), output_field=CharField()),
            since="found_at",
        ),
        waits=lambda: _linked(choice=""),
        show=_page("conflict"),
        fix=_to_decide,
        explanations={"ConflictError": _CONFLICT},
        related=_RELATED,
    ),
    FailureSource(
        slug="advoware_espocrm.values",
        one=_("held value"),
        many=_("held values"),
        permission="advoware_espocrm.view_heldvalue",
        model=HeldValue,
        columns=columns(
            **_OF_PAIR,
            cause=Case(When(is_refused=True, then=Value("RejectedError")), default=Value("stays")),
            sentence="why",
            since="held_at",
        ),
        waits=_linked,
        show=_page("heldvalue"),
        fix=_held_values,
        explanations={"RejectedError": _REFUSED, "stays": _STAYS},
        acts=(
            Act(
                "retry",
                _("Try again"),
                "advoware_espocrm.change_pair",
                _("The pair of each value is looked at now, and the value is sent if it can be."),
                _("Its pair is looked at now."),
                _try_again,
            ),
        ),
        related=_RELATED,
    ),
)
