"""The defaults of both sides against the living instances: what an admin entered must be there.

It runs as a job after each save, because no page waits for a vendor, and before the first run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.utils import timezone
from django.utils.translation import gettext as _

from integrations.core import jobs
from integrations.core.models import Integration
from integrations.core.streams import StreamProblem
from integrations.transport.errors import NotFoundError, RejectedError

from .models import CLASS_OF, MARKER, BridgeOptions
from .sides import Half, Sides, both_open

CHECK = "itop_bridge.check_defaults"


@contextmanager
def opened(
    integration: Integration, source: str, *, guard: Callable[[], None] | None = None, is_dry: bool = False
) -> Iterator[Sides]:
    """Both sides for work. Raises `StreamProblem` when the settings are not complete, or name what is not there."""
    with both_open(integration, source, guard=guard, is_dry=is_dry) as sides:
        is_known_good = sides.options.checked_at is not None and not sides.options.found
        if not is_known_good and not sides.options.incomplete():
            check(sides)  # what was wrong may have been mended in iTop
        if problem := sides.options.problem():
            raise StreamProblem(problem)
        yield sides


def ask_for_check(options: BridgeOptions) -> None:
    """What was saved is checked as a job. Until then nothing is known to be wrong, and a run checks first."""
    BridgeOptions.objects.filter(pk=options.pk).update(checked_at=None, found="")
    jobs.enqueue(CHECK, options.pk)


def check(sides: Sides) -> str:
    """Look all defaults up, and keep what is wrong with them; it in sentences, empty when nothing is."""
    found = " ".join(sentence for half in (sides.external, sides.internal) for sentence in _wrong(half))
    options = sides.options
    options.checked_at, options.found = timezone.now(), found
    BridgeOptions.objects.filter(pk=options.pk).update(checked_at=options.checked_at, found=found)
    return found


def _wrong(half: Half) -> Iterator[str]:
    for name, class_name in CLASS_OF.items():
        number = half.defaults.get(name)
        if not number:
            continue
        try:
            one = half.api.named(class_name, number)
        except NotFoundError:
            said = _("The {side} iTop has no {kind} {number} ({name}), or does not show it to this account.")
            yield said.format(side=half.name, kind=class_name, number=number, name=name)
            continue
        if one.status == "inactive":
            said = _("{called} ({name} of the {side} iTop) is not active.")
            yield said.format(called=one.label or one.name, name=name, side=half.name)
    if field := half.defaults.get(MARKER):
        try:
            half.api.tickets_where("UserRequest", field, "-")
        except RejectedError as refused:
            said = _("Tickets of the {side} iTop have no field {field} ({name}). {why}")
            yield said.format(side=half.name, field=field, name=MARKER, why=refused.message)
