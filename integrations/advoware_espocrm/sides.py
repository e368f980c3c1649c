"""Both programs of one integration, opened, with the rules that hold there; and a look at one pair."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.utils.translation import gettext

from integrations.core.models import Integration, RecordLink, User
from integrations.core.opening import open_connection
from integrations.core.streams import StreamProblem
from integrations.vendors.advoware.api import AdvowareApi
from integrations.vendors.advoware.limits import longest_text
from integrations.vendors.advoware.schemas import Party
from integrations.vendors.espocrm.api import EspocrmApi
from integrations.vendors.espocrm.schemas import Party as Contact

from .mapping import Channel
from .merge import Choice, Direction, Entry, Item, Plan, Post, Put, Rules, Why
from .models import ADVOWARE, AS_SET, ESPOCRM, ContactOptions

KIND = "advoware_espocrm"
PARTY = "party"  # object type of the links; left is Advoware, right EspoCRM


@dataclass
class Done:
    """What was written, as the source document counts it. `writing` is the side that a write is under way to."""

    emails_synced: int = 0
    phones_synced: int = 0
    created: int = 0
    updated: int = 0
    deleted: int = 0
    writing: str = ""

    def count_given(self, plan: Plan) -> None:
        """Values that EspoCRM got or lost."""
        self.emails_synced += plan.given[Channel.EMAIL]
        self.phones_synced += plan.given[Channel.PHONE]

    def count(self, write: Put | Post) -> None:
        """A write to an entry of Advoware; a marker is none of the values."""
        if write.why is not Why.MARKED:
            setattr(self, write.why, getattr(self, write.why) + 1)


@dataclass
class Sides:
    """`hinted_by` names the side that said something changed; empty when nobody did, and both are read. `done` is what
    was written since both were opened."""

    integration: Integration
    options: ContactOptions
    advoware: AdvowareApi
    espocrm: EspocrmApi
    rules: Rules
    is_dry: bool = False
    hinted_by: str = ""
    done: Done = field(default_factory=Done)
    tried: list[str] = field(default_factory=list)  # party numbers that were looked at


@dataclass
class Meeting:
    """The two halves of a pair as they were read."""

    party: Party
    contact: Contact
    link: RecordLink | None = None

    @property
    def entries(self) -> list[Entry]:
        return [Entry(one.id, one.tlf, one.bemerkung, one.online, one.komm_kz) for one in self.party.kommunikation]

    @property
    def items(self) -> list[Item]:
        emails = [
            Item(Channel.EMAIL, one.address, "", one.primary, one.opt_out, one.invalid) for one in self.contact.emails
        ]
        phones = [
            Item(Channel.PHONE, one.number, one.type, one.primary, one.opt_out, one.invalid)
            for one in self.contact.phones
        ]
        return [*emails, *phones]


@contextmanager
def both_open(
    integration: Integration,
    source: str,
    *,
    guard: Callable[[], None] | None = None,
    is_dry: bool = False,
    direction: Direction | None = None,
    user: User | None = None,
) -> Iterator[Sides]:
    """Both sides for work; for a `user` who waits for it, with short deadlines.

    `direction` narrows that of the settings, and never goes beyond it. Raises `StreamProblem` when there are no
    settings, or when they forbid that direction; and what reading EspoCRM's own settings raises.
    """
    options = ContactOptions.objects.filter(integration=integration).first()
    if options is None:
        raise StreamProblem(gettext("This integration has no settings yet."))
    narrowed = _narrowed(Direction(options.direction), direction)
    left, right = integration.connection(ADVOWARE), integration.connection(ESPOCRM)
    with (
        open_connection(left, source=source, guard=guard, user=user, interactive=user is not None) as advoware,
        open_connection(right, source=source, guard=guard, user=user, interactive=user is not None) as espocrm,
    ):
        rules = _rules(options, narrowed, espocrm, longest_text(left.settings))
        yield Sides(integration, options, advoware, espocrm, rules, is_dry)


def _narrowed(allowed: Direction, asked: Direction | None) -> Direction:
    if asked in (None, Direction.BOTH, allowed):
        return allowed
    if allowed is Direction.BOTH:
        return Direction(asked)
    written = "EspoCRM" if allowed is Direction.TO_ESPOCRM else "Advoware"
    said = gettext("By the settings of this integration {side} alone is written.")
    raise StreamProblem(said.format(side=written))


def _rules(options: ContactOptions, direction: Direction, espocrm: EspocrmApi, longest: int) -> Rules:
    said = espocrm.instance()
    return Rules(
        direction=direction,
        policy=Choice(options.conflict_policy),
        policy_of={row.komm_kz: Choice(row.choice) for row in options.policies.exclude(choice=AS_SET)},
        region=options.default_region,
        writes_markers=options.write_markers,
        longest=longest,
        is_international=said.is_international,
        most={Channel.EMAIL: said.most_emails, Channel.PHONE: said.most_phones},
    )
