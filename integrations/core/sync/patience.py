"""How many failures in a row end a run: an outage of a system, or a bug that meets every record."""

from __future__ import annotations

from django.utils.translation import gettext as _

from integrations.core.streams import StreamProblem

OUTAGE = 3  # temporary failures in a row
MOST_BUGS = 10  # in a row


class Patience:
    """Counts what failed in a row, across pages."""

    def __init__(self) -> None:
        self.temporary = self.bugs = 0

    def worked(self) -> None:
        self.temporary = self.bugs = 0

    def failed_for_now(self) -> None:
        self.temporary += 1

    def failed(self, *, is_bug: bool) -> None:
        self.temporary = 0
        self.bugs = self.bugs + 1 if is_bug else 0

    @property
    def is_out(self) -> bool:
        """Whether this looks like an outage."""
        return self.temporary >= OUTAGE

    @property
    def is_over(self) -> bool:
        """Whether the run should end."""
        return self.is_out or self.bugs >= MOST_BUGS

    def end_if_over(self) -> None:
        """Raises `StreamProblem` with the reason."""
        if self.is_out:
            raise StreamProblem(
                _(
                    "{count} records in a row met a temporary failure, which looks like an outage. The next run goes "
                    "on from here; nothing was held for it."
                ).format(count=OUTAGE)
            )
        if self.is_over:
            raise StreamProblem(
                _("{count} records in a row met a bug in the portal; it was reported.").format(count=MOST_BUGS)
            )
