"""Both programs of one integration, opened, with the rules that hold there; and a look at one pair."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from integrations.core.models import Integration, RecordLink
from integrations.core.opening import open_connection
from integrations.core.streams import StreamProblem
from integrations.vendors.advoware.api import AdvowareApi
from integrations.vendors.advoware.limits import longest_text
from integrations.vendors.advoware.schemas import Party
from integrations.vendors.espocrm.api import EspocrmApi
from integrations.vendors.espocrm.schemas import Party as Contact

from .mapping import Channel
from .merge import Choice, Direction, Entry, Item, Rules
from .models import ADVOWARE, ESPOCRM, ContactOptions

PARTY = "party"  # object type of the links; left is Advoware, right EspoCRM


@dataclass
class Sides:
    """`hinted_by` names the side that said something changed; empty when nobody did, and both are read."""

    integration: Integration
    options: ContactOptions
    advoware: AdvowareApi
    espocrm: EspocrmApi
    rules: Rules
    is_dry: bool = False
    hinted_by: str = ""
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
) -> Iterator[Sides]:
    """Both sides for work. Raises `StreamProblem` when there are no settings, and what EspoCRM's settings cannot."""
    options = ContactOptions.objects.filter(integration=integration).first()
    if options is None:
        raise StreamProblem("This integration has no settings yet.")
    left, right = integration.connection(ADVOWARE), integration.connection(ESPOCRM)
    with (
        open_connection(left, source=source, guard=guard) as advoware,
        open_connection(right, source=source, guard=guard) as espocrm,
    ):
        rules = _rules(options, direction, espocrm, longest_text(left.settings))
        yield Sides(integration, options, advoware, espocrm, rules, is_dry)


def _rules(options: ContactOptions, direction: Direction | None, espocrm: EspocrmApi, longest: int) -> Rules:
    said = espocrm.instance()
    return Rules(
        direction=direction or Direction(options.direction),
        policy=Choice(options.conflict_policy),
        policy_of={row.komm_kz: Choice(row.choice) for row in options.policies.all()},
        region=options.default_region,
        writes_markers=options.write_markers,
        longest=longest,
        is_international=said.is_international,
        most={Channel.EMAIL: said.most_emails, Channel.PHONE: said.most_phones},
    )
