"""How a backup job went lately: its last runs as marks, and which ticket each has."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils import timezone
from django.utils.dateformat import format as date_format
from django.utils.translation import gettext as _

from .models import BackupJob, Run, TicketLink

STRIP = 60  # runs in the strip of marks
# One letter beside the colour, so that colour is not the only sign.
LETTERS = {Run.Status.SUCCESS: "✓", Run.Status.WARNING: "W", Run.Status.ERROR: "E", Run.Status.MISSED: "M"}
TONES = {Run.Status.SUCCESS: "good", Run.Status.WARNING: "warning", Run.Status.ERROR: "bad", Run.Status.MISSED: "bad"}


@dataclass(frozen=True, slots=True)
class Mark:
    """One run in the strip, and its live ticket link if it has one."""

    run: Run
    letter: str
    tone: str
    link: TicketLink | None

    @property
    def said(self) -> str:
        """When it ran, how it went, and its ticket."""
        said = _("{when}: {status}, ticket {ticket}") if self.link else "{when}: {status}"
        return said.format(
            when=date_format(timezone.localtime(self.run.started_at), "j M Y H:i"),
            status=self.run.get_status_display(),
            ticket=(self.link.ticket or self.link.get_state_display()) if self.link else "",
        )


@dataclass(frozen=True, slots=True)
class History:
    """The job's last runs, oldest first, and how many of them succeeded."""

    marks: tuple[Mark, ...]
    succeeded: int
    open_ticket: TicketLink | None


def history_of(job: BackupJob, *, runs: int = STRIP) -> History:
    """Two queries, whatever the number of runs the job has."""
    newest = list(Run.objects.filter(job=job).order_by("-started_at", "-id")[:runs])
    live = TicketLink.objects.filter(run__in=newest, state__in=TicketLink.LIVE).select_related("ticket")
    links = {link.run_id: link for link in live}
    marks = tuple(
        Mark(run, LETTERS[Run.Status(run.status)], TONES[Run.Status(run.status)], links.get(run.pk))
        for run in reversed(newest)
    )
    newest_open = next((links[run.pk] for run in newest if run.pk in links and links[run.pk].state == "active"), None)
    return History(marks, sum(run.status == Run.Status.SUCCESS for run in newest), newest_open)
