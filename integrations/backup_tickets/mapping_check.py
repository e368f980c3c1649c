"""Whether the Autotask companies behind the mappings are still what they were, in bulk: one call for each 200.

The rule on absence is the same as for tickets (`validation`): a company counts as missing only if others could be read
in the same pass, a second read misses it too, and not more than a tenth is gone at once.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations.core.models import Client
from integrations.vendors.autotask.api import AutotaskApi
from integrations.vendors.autotask.schemas import Company

from .models import CompanyMapping
from .validation import ALWAYS_BELIEVED, MOST_GONE

Status = CompanyMapping.Status

MISSING = gettext_lazy(
    "Autotask no longer has the company, or its API user may not read it any more; others can be read."
)


@dataclass(slots=True)
class MappingCheck:
    """What a check found. `changes` are sentences; `alert` is empty, or says why what is missing is not believed."""

    read: int = 0
    changes: list[str] = field(default_factory=list)
    alert: str = ""

    def __str__(self) -> str:
        return " ".join([_("Read {n} mapped companies.").format(n=self.read), *self.changes, self.alert]).strip()


def check_mappings(client: Client, api: AutotaskApi) -> MappingCheck:
    """Compare every mapping of this client with Autotask. Raises `VendorError`, and then nothing was changed."""
    own = CompanyMapping.objects.filter(customer__client=client)
    mappings = list(own.select_related("customer").order_by("pk"))
    found = {company.id: company for company in api.companies_by_id(row.company_id for row in mappings)}
    missing = [row for row in mappings if row.company_id not in found]
    if missing:
        found |= {company.id: company for company in api.companies_by_id(row.company_id for row in missing)}
        missing = [row for row in missing if row.company_id not in found]
    result = MappingCheck(read=len(found))
    for row in mappings:
        if row.company_id in found:
            _note(row, result, *judged(row, found[row.company_id]), name=found[row.company_id].name)
    _judge_missing(mappings, missing, result)
    return result


def judged(row: CompanyMapping, company: Company) -> tuple[str, str]:
    """Status and cause of a mapping whose company was read. A rename stays one until a person acknowledges it."""
    if not company.is_active:
        return Status.INVALID, _("{company} was made inactive in Autotask.").format(company=company.name)
    if row.status == Status.RENAMED:
        return Status.RENAMED, row.cause
    if company.name != row.company_name:
        return Status.RENAMED, _("It was called {company} before.").format(company=row.company_name)
    return Status.OK, ""


def _judge_missing(mappings: list[CompanyMapping], missing: list[CompanyMapping], result: MappingCheck) -> None:
    if not missing:
        return
    if not result.read:
        result.alert = _(
            "None of {total} mapped companies could be read; the API user may have lost the right to read "
            "companies. Nothing was changed."
        ).format(total=len(mappings))
    elif len(missing) > max(ALWAYS_BELIEVED, len(mappings) * MOST_GONE):
        result.alert = _(
            "{missing} of {total} mapped companies were not found, which is too many at once to be "
            "believed. Look at some of them in Autotask. Those mappings were left as they are."
        ).format(missing=len(missing), total=len(mappings))
    else:
        for row in missing:
            _note(row, result, Status.MISSING, str(MISSING), name=row.company_name)


def _note(row: CompanyMapping, result: MappingCheck, status: str, cause: str, *, name: str) -> None:
    changed = (row.status, row.company_name) != (status, name)  # the cause follows from them, in any language
    row.status, row.cause, row.company_name, row.checked_at = status, cause, name, timezone.now()
    if changed:
        row.save()
        said = _("{customer}: {company} is {status}.")
        result.changes.append(said.format(customer=row.customer, company=name, status=row.get_status_display()))
    else:
        CompanyMapping.objects.filter(pk=row.pk).update(checked_at=row.checked_at)
