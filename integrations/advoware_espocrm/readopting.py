"""After a restore: nothing is looked for, since nothing needs to be. Values have no twins that could be made twice."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from integrations.core.readopting import Look

NOTES = (
    _(
        "No party is made on either side, so none can be doubled. A value that both sides have is the same value, "
        "whatever the database remembers; the marker in Advoware's remark tells which entry stands for it."
    ),
    _(
        "What was agreed on after the backup is not known: a value that was changed on both sides since may be shown "
        "as a conflict once more, and one that was deleted on one side since may come back from the other. See what "
        "the stream would write."
    ),
    _("Advoware lists no changes, so pairs are looked at in turn; the dry run shows those whose turn it is."),
)


def readopt(look: Look) -> None:
    """What `IntegrationKind.readopt` promises, for Advoware and EspoCRM: what can be known, and what not."""
    for note in NOTES:
        look.note(str(note))
