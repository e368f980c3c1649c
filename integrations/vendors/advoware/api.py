"""Advoware's API ("advo-net", version 1), as far as contact data needs it. Source: the fact sheet of vendor pages and
public clients, which marks much as not verified; what would matter stands in one place each.

Strange and dealt with here: Kommunikationen are read with their party alone; `kommKz` reads 0 and is never changed by a
PUT; nothing can be deleted (403); there is no list of parties and none of changes; no success has a verified body.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from integrations.texts import gettext as _
from integrations.transport.errors import MalformedResponseError, NotFoundError, UnknownOutcomeError
from integrations.transport.session import Answer, Session
from integrations.vendors import Step, tried

from . import schemas
from .answers import TooLong, object_in, refuse
from .firm import Firm
from .kinds import KINDS, mirrors_of
from .limits import longest_text
from .schemas import Kommunikation, Party

API_PATH = "/api/v1/advonet"


class AdvowareApi:
    """One employee's account of one firm. Raises the errors of `transport.errors` and of `answers`."""

    def __init__(
        self,
        session: Session,
        *,
        base_url: str,
        credentials: Mapping[str, str],
        settings: Mapping[str, Any],
        facts: MutableMapping[str, Any],
    ) -> None:
        self._firm = Firm(session, base_url=base_url, credentials=credentials, settings=settings, facts=facts)
        self._settings = settings
        self._path = "/" + (str(settings.get("api_path") or "") or API_PATH).strip("/")

    @property
    def told_at(self) -> datetime | None:
        """When the last call was answered, by the clock of whoever answered; None where it does not say."""
        return self._firm.last.date() if self._firm.last else None

    # --- test connection ----------------------------------------------------------------------------------------

    def test_connection(self) -> Iterator[Step]:
        """Configurator, login, and a read of one party."""
        steps = (
            (_("Settings"), self._test_settings),
            (_("Configurator"), self._test_configurator),
            (_("Login"), self._test_login),
            (_("Party"), self._test_party),
        )
        return tried(steps)

    def _test_settings(self) -> str:
        mirrors = mirrors_of(str(self._settings.get("mirror_fields") or ""))
        return _("{count} fields of a party tell the kinds of its values. Longest text: {longest}.").format(
            count=len(mirrors), longest=self._longest()
        )

    def _test_configurator(self) -> str:
        found = self._firm.discover()
        return _("The firm's Advoware is at {root}; tokens come from {gateway}.").format(
            root=found.root, gateway=found.gateway
        )

    def _test_login(self) -> str:
        token = self._firm.login(despite_refusal=True)
        return _("Accepted; the token is used until {until:%H:%M} UTC.").format(until=token.until)

    def _test_party(self) -> str:
        """There is no list of parties, so one has to be named; without it the refusal of an unknown one must do."""
        named = str(self._settings.get("probe_party") or "").strip()
        if not named.isascii() or not named.isdigit():
            with suppress(NotFoundError):
                self.party(1)
            return _(
                "The token is accepted. To see contact data read, enter a party's number under Party for the test."
            )
        found = self.party(int(named))
        kinds = {one.komm_kz for one in found.kommunikation if one.komm_kz}
        said = _("Party {number} has {count} Kommunikationen; Advoware does not tell their kinds, as expected.")
        if kinds:
            said = _("Party {number} has {count} Kommunikationen; Advoware tells their kinds.")
        return said.format(number=found.betnr, count=len(found.kommunikation))

    # --- contact data -------------------------------------------------------------------------------------------

    def party(self, betnr: int) -> Party:
        """One party with all its Kommunikationen. Raises NotFoundError, NotAllowed."""
        what = f"party {int(betnr)}"
        answer = self._firm.send("GET", f"{self._path}/Beteiligte/{int(betnr)}", safe=True, about=what)
        refuse(answer, safe=True, missing=what)
        return schemas.party(object_in(answer), betnr, mirrors_of(str(self._settings.get("mirror_fields") or "")))

    def create_kommunikation(
        self, betnr: int, *, tlf: str, komm_kz: int, bemerkung: str, online: bool
    ) -> Kommunikation:
        """A new entry of a party, sent at most once; as Advoware stored it.

        Raises UnknownOutcomeError where the answer does not show it: read the party again and look for it, because
        Advoware has no key against doubles, and a double cannot be deleted. Raises RejectedError, TooLong.
        """
        if komm_kz not in KINDS or not tlf.strip():
            raise ValueError("a new Kommunikation needs a kind from 1 to 12 and a value")
        values = self._checked(tlf, bemerkung) | {"kommKz": komm_kz, "online": online}
        what = f"a new Kommunikation of party {int(betnr)}"
        answer = self._firm.send("POST", self._of(betnr), json=values, safe=False, about=what)
        refuse(answer, safe=False, missing=f"party {int(betnr)}")
        return _stored(answer, betnr, what)

    def update_kommunikation(
        self, betnr: int, number: int, *, tlf: str, bemerkung: str, online: bool
    ) -> Kommunikation | None:
        """Set the three fields that can be set, sent at most once; the entry as Advoware stored it.

        None where Advoware accepted and showed nothing. All three are always sent: whether one that is left out is kept
        is not verified. Nothing guards against somebody's edit in between: read right before. The kind cannot be
        changed, and nothing can be deleted: an entry with an empty `tlf` stands for a deletion.
        Raises NotFoundError, RejectedError, TooLong, UnknownOutcomeError.
        """
        values = self._checked(tlf, bemerkung) | {"online": online}
        what = f"Kommunikation {int(number)} of party {int(betnr)}"
        answer = self._firm.send("PUT", f"{self._of(betnr)}/{int(number)}", json=values, safe=False, about=what)
        refuse(answer, safe=False, missing=what)
        if not answer.body.strip():
            return None
        found = _stored(answer, betnr, what)
        if found.id != number:
            raise UnknownOutcomeError(_("Advoware answered to a change of {what} with another one.").format(what=what))
        return found

    def _of(self, betnr: int) -> str:
        return f"{self._path}/Beteiligte/{int(betnr)}/Kommunikationen"

    def _longest(self) -> int:
        return longest_text(self._settings)

    def _checked(self, tlf: str, bemerkung: str) -> dict[str, Any]:
        longest = self._longest()
        of_value = _("The value has {count} characters. The connection allows {longest}: Advoware might cut it.")
        of_remark = _("The remark has {count} characters. The connection allows {longest}: Advoware might cut it.")
        for text, said in ((tlf, of_value), (bemerkung, of_remark)):
            if len(text) > longest:
                raise TooLong(said.format(count=len(text), longest=longest))
        return {"tlf": tlf, "bemerkung": bemerkung}


def _stored(answer: Answer, betnr: int, what: str) -> Kommunikation:
    """The entry that an accepted write shows; an answer that cannot be used says nothing about the write."""
    try:
        return schemas.kommunikation(object_in(answer), betnr)
    except MalformedResponseError as broken:
        why = broken.message
    raise UnknownOutcomeError(
        _("Advoware accepted {what}, and its answer cannot be used: {why}").format(what=what, why=why)
    )
