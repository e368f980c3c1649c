"""What "Test connection" tries, one step after the other. Nothing is changed in EspoCRM."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

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
            ("Login", steps.login),
            ("Parties", steps.parties),
            ("Party number", steps.party_number),
            ("Addresses and numbers", steps.arrays),
            ("Changes", steps.changes),
            ("Webhooks", steps.webhooks),
        )
    )


class _Steps:
    def __init__(self, api: EspocrmApi) -> None:
        self._api = api

    def login(self) -> str:
        self._api.calls.forget_refusal()
        found = self._api.instance(anew=True)
        rule = "must be international (+49…)" if found.is_international else "may be written in any way"
        return (
            f"Accepted; EspoCRM {found.version}. A party may have {found.most_emails} addresses and "
            f"{found.most_phones} numbers; numbers {rule}."
        )

    def parties(self) -> str:
        rows, _ = self._api.changed_parties(None)
        if not rows:
            return f"{self._api.entity} may be read; there is none that this user sees."
        return f"{self._api.entity} can be read."

    def party_number(self) -> str:
        """An unknown field is refused by name; a filter that got lost would show everybody."""
        if self._api.parties_numbered(NO_NUMBER):
            raise ConfigurationError(f"{self._api.number_field} is no field that can be searched.")
        return f"Parties are found by {self._api.number_field}."

    def arrays(self) -> str:
        """A role may hide a field; then its array is missing from the record."""
        types = ", ".join(self._api.phone_types())
        rows, _ = self._api.changed_parties(None)
        if rows:
            self._api.party(rows[0].id)
        return f"Readable; types of numbers: {types}."

    def changes(self) -> str:
        """This record does not exist. Unverified: that the right to edit is asked before the record is looked for."""
        path = f"{self._api.entity}/{NOBODY}"
        try:
            self._api.calls.update(path, {}, about="may parties be changed", missing="that party", headers={})
        except (NotFoundError, RejectedError):
            return f"{self._api.entity} may be changed."
        raise ConfigurationError(
            "EspoCRM changed a record that cannot exist: is the address of the connection EspoCRM's own?"
        )

    def webhooks(self) -> str:
        found = [one for one in self._api.subscriptions() if one.event.startswith(f"{self._api.entity}.")]
        if not found:
            return "They may be subscribed; there is none yet, so changes are found by the next poll."
        named = ", ".join(sorted(one.event if one.is_active else f"{one.event} (not active)" for one in found))
        loud = [one.event for one in found if not one.skip_own]
        return f"Subscribed: {named}." + (f" Without skipOwn: {', '.join(sorted(loud))}." if loud else "")
