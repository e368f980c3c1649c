"""What a search finds here: tickets by number, runs by the reporting tool's id, customers and their jobs by name."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from integrations.core.models import User
from integrations.core.registry import MOST_FOUND, Found
from integrations.core.roles import may_open_of

from .models import BackupJob, Customer, Run, Ticket, TicketLink
from .permissions import VIEW_CUSTOMER, VIEW_RUN

VIEW_JOB = "backup_tickets.view_backupjob"
SCANNED = 200  # tickets of one beginning, and names, that are read to find those that are meant


def search(user: User, text: str) -> Iterator[Found]:
    """Numbers and ids by indexes; names in the small tables of customers and jobs."""
    may = may_open_of(user, {VIEW_RUN, VIEW_CUSTOMER, VIEW_JOB})
    if VIEW_RUN in may:
        yield from _tickets(user, text)
        yield from _runs(user, text)
    if VIEW_CUSTOMER in may:
        for row in Customer.objects.visible_to(user).filter(name__icontains=text).select_related("client")[:SCANNED]:
            url = reverse("admin:backup_tickets_customer_change", args=[row.pk])
            yield Found(_("Customers"), row.name, url, str(row.client), "domain", _is(row.name, text))
    if VIEW_JOB in may:
        named = BackupJob.objects.visible_to(user).filter(name__icontains=text)
        for job in named.select_related("customer")[:SCANNED]:
            url = reverse("admin:backup_tickets_backupjob_change", args=[job.pk])
            yield Found(_("Backup jobs"), job.name, url, job.customer.name, "backup", _is(job.name, text))


def _is(name: str, text: str) -> bool:
    return name.casefold() == text.casefold()


def _tickets(user: User, text: str) -> Iterator[Found]:
    """By the number or its beginning, or by Autotask's own id of it; by hand entered ones by the whole number."""
    number = text.upper()
    named = Q(number__startswith=number)
    if text.isascii() and text.isdecimal() and len(text) < 19:
        named |= Q(ticket_id=int(text))
    # By the tickets alone first: with clients beside them, SQLite would rather read all links.
    tickets = list(Ticket.objects.filter(named).order_by().values_list("pk", flat=True)[:SCANNED])
    visible = TicketLink.objects.visible_to(user).filter(ticket__in=tickets)
    for link in visible.select_related("ticket", "run__job__customer").order_by("-pk")[:MOST_FOUND]:
        exact = number == link.ticket.number.upper() or text == str(link.ticket.ticket_id)
        yield _of_run(_("Tickets"), str(link.ticket), link.run, "confirmation_number", is_exact=exact)
    by_hand = list(Run.objects.filter(manual_ticket_number=text).order_by().values_list("pk", flat=True)[:SCANNED])
    for run in Run.objects.visible_to(user).filter(pk__in=by_hand).select_related("job__customer")[:MOST_FOUND]:
        yield _of_run(
            _("Tickets"), _("{number} (entered by hand)").format(number=text), run, "confirmation_number", is_exact=True
        )


def _runs(user: User, text: str) -> Iterator[Found]:
    rows = Run.objects.visible_to(user).filter(external_id=text).select_related("job__customer")
    for run in rows.order_by("-pk")[:MOST_FOUND]:
        yield _of_run(_("Runs"), str(run), run, "fact_check", is_exact=True)


def _of_run(group: str, title: str, run: Run, icon: str, *, is_exact: bool) -> Found:
    url = reverse("admin:backup_tickets_run_change", args=[run.pk])
    detail = f"{run.job.customer.name} · {run.job.name} · {run.get_status_display()}"
    return Found(group, title, url, detail, icon, is_exact)
