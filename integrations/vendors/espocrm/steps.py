"""What "Test connection" tries, one step after the other. Nothing is changed in EspoCRM."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from integrations.texts import gettext
from integrations.transport.errors import ConfigurationError, NotFoundError, RejectedError
from integrations.vendors import Step, tried

if TYPE_CHECKING:
    from .api import EspocrmApi

NOBODY = "0"  # an id that no record has
NO_NUMBER = 2**31 - 1  # a party number that nobody has, and that fits into a field of numbers


def connection_steps(api: EspocrmApi) -> Iterator[Step]:
    """The first step that fails is the last."""
    steps = _Steps(api)
    return tried(
        (
            (gettext("Login"), steps.login),
            (gettext("Parties"), steps.parties),
            (gettext("Party number"), steps.party_number),
            (gettext("Addresses and numbers"), steps.arrays),
            (gettext("Changes"), steps.changes),
            (gettext("Webhooks"), steps.webhooks),
        )
    )


class _Steps:
    def __init__(self, api: EspocrmApi) -> None:
        self._api = api

    def login(self) -> str:
        self._api.calls.forget_refusal()
        found = self._api.instance(anew=True)
        said = gettext(
            "Accepted; EspoCRM {version}. A party may have {emails} addresses and {phones} numbers; numbers may be "
            "written in any way."
        )
        if found.is_international:
            said = gettext(
                "Accepted; EspoCRM {version}. A party may have {emails} addresses and {phones} numbers; numbers must "
                "be international (+49…)."
            )
        return said.format(version=found.version, emails=found.most_emails, phones=found.most_phones)

    def parties(self) -> str:
        rows, _ = self._api.changed_parties(None)
        if not rows:
            return gettext("{entity} may be read; there is none that this user sees.").format(entity=self._api.entity)
        return gettext("{entity} can be read.").format(entity=self._api.entity)

    def party_number(self) -> str:
        """An unknown field is refused by name; a filter that got lost would show everybody."""
        if self._api.parties_numbered(NO_NUMBER):
            raise ConfigurationError(
                gettext("{field} is no field that can be searched.").format(field=self._api.number_field)
            )
        return gettext("Parties are found by {field}.").format(field=self._api.number_field)

    def arrays(self) -> str:
        """A role may hide a field; then its array is missing from the record."""
        types = ", ".join(self._api.phone_types())
        rows, _ = self._api.changed_parties(None)
        if rows:
            self._api.party(rows[0].id)
        return gettext("Readable; types of numbers: {types}.").format(types=types)

    def changes(self) -> str:
        """This record does not exist. Unverified: that the right to edit is asked before the record is looked for."""
        path = f"{self._api.entity}/{NOBODY}"
        try:
            self._api.calls.update(path, {}, about="may parties be changed", missing="that party", headers={})
        except (NotFoundError, RejectedError):
            return gettext("{entity} may be changed.").format(entity=self._api.entity)
        raise ConfigurationError(
            gettext("EspoCRM changed a record that cannot exist: is the address of the connection EspoCRM's own?")
        )

    def webhooks(self) -> str:
        found = [one for one in self._api.subscriptions() if one.event.startswith(f"{self._api.entity}.")]
        if not found:
            return gettext("They may be subscribed; there is none yet, so changes are found by the next poll.")
        sleeping = gettext("{event} (not active)")
        named = ", ".join(sorted(one.event if one.is_active else sleeping.format(event=one.event) for one in found))
        said = gettext("Subscribed: {events}.").format(events=named)
        if loud := [one.event for one in found if not one.skip_own]:
            said += " " + gettext("Without skipOwn: {events}.").format(events=", ".join(sorted(loud)))
        return said
