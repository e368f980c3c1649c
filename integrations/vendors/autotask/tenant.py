"""One tenant of Autotask: where it lives (its zone), and a call to it.

A tenant lives on one zone host. The look-up needs no credentials, answers for any known user name, and proves nothing
about the secret. Credentials go to the zone's origin alone; a host that is not Autotask's is refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, MutableMapping
from datetime import UTC, datetime
from typing import Any

from integrations.texts import gettext as _
from integrations.transport.addresses import Place, place_of
from integrations.transport.errors import ConfigurationError, MalformedResponseError
from integrations.transport.session import Answer, Session

from .answers import problem_in, refuse
from .schemas import WireZone, Zone, read

ZONE_HOURS = 12
LONGEST_WEB_URL = 200
_API = re.compile(r"https://webservices[0-9]+\.autotask\.net")
_WEB = re.compile(r"https://[a-z0-9-]+\.autotask\.net")  # ww5, but also the pre-release hosts


def endpoint_of(method: str, path: str) -> str:
    """The entity of the path: the vendor counts parallel calls per entity. "" (zone look-up) is not limited."""
    found = re.search(r"/v1\.0/([A-Za-z]+)", path)
    entity = found.group(1).lower() if found else ""
    return "" if entity == "zoneinformation" else entity


class Tenant:
    """Calls to one tenant with one API user's three headers. `facts` keeps the zone between opens."""

    def __init__(
        self, session: Session, *, base_url: str, credentials: Mapping[str, str], facts: MutableMapping[str, Any]
    ) -> None:
        self._session = session
        self._base_url = base_url.rstrip("/")
        self._facts = facts
        self._username = credentials["username"].strip()
        self._headers = {
            "UserName": self._username,
            "Secret": credentials["secret"].strip(),  # pasted line ends answer 401
            "ApiIntegrationCode": credentials["integration_code"].strip(),
        }

    def zone(self) -> Zone:
        """The zone as kept for at most twelve hours, else looked up."""
        kept = self._facts.get("zone")
        if isinstance(kept, dict) and kept.get("for") == [self._base_url, self._username]:
            age = datetime.now(UTC) - datetime.fromisoformat(kept["at"])
            if 0 <= age.total_seconds() < ZONE_HOURS * 3600:
                return self._trusted(Zone(kept["name"], kept["url"], kept["web_url"]))
        return self.discover()

    def discover(self) -> Zone:
        """Look the zone up now. Raises ConfigurationError for a user name that Autotask does not know."""
        url = f"{self._base_url}/atservicesrest/v1.0/zoneInformation"
        answer = self._session.call("GET", url, params={"user": self._username}, about="zone look-up")
        if answer.status == 500 and (said := problem_in(answer)):  # never an outage, never worth a retry
            raise ConfigurationError(
                _("Autotask knows no API user with this name: {said} Check the API username.").format(said=said),
                status=500,
            )
        zone = zone_in(read(WireZone, _object(answer, safe=True)), own=place_of(self._base_url))
        self._facts["zone"] = {
            "for": [self._base_url, self._username],
            "at": datetime.now(UTC).isoformat(),
            "name": zone.name,
            "url": zone.url,
            "web_url": zone.web_url,
        }
        return self._trusted(zone)

    def _trusted(self, zone: Zone) -> Zone:
        self._session.trust(zone.url, self._headers)
        return zone

    def send(self, method: str, path: str, *, json: Any = None, safe: bool, about: str) -> Answer:
        """One call to `/v1.0/<path>`, whatever its answer."""
        zone = self.zone()
        answer = self._session.call(method, f"{zone.url}/v1.0/{path}", json=json, safe=safe, about=about)
        # A tenant that moved answers 401, and did nothing: look again, and send again if it lives elsewhere now. In
        # the same zone it is the credentials, which are never tried twice: repeated bad logins lock the user.
        if answer.status == 401 and (moved := self.discover()).url != zone.url:
            answer = self._session.call(method, f"{moved.url}/v1.0/{path}", json=json, safe=safe, about=about)
        return answer

    def ask(self, method: str, path: str, *, json: Any = None, about: str) -> dict[str, Any]:
        """A reading call (queries are read by POST), which may be repeated; the object it answers with."""
        return _object(self.send(method, path, json=json, safe=True, about=about), safe=True)

    def write(self, method: str, path: str, *, json: Any, about: str) -> Answer:
        """A write, sent at most once; an answer that is no refusal."""
        answer = self.send(method, path, json=json, safe=False, about=about)
        refuse(answer, safe=False)
        return answer


def _object(answer: Answer, *, safe: bool) -> dict[str, Any]:
    refuse(answer, safe=safe)
    body = answer.json()
    if not isinstance(body, dict):
        raise MalformedResponseError(_("Autotask's answer is not an object."), excerpt=answer.excerpt())
    return body


def zone_in(wire: WireZone, *, own: Place) -> Zone:
    """The zone of a look-up at `own`. Raises ConfigurationError for one that is neither there nor Autotask's."""
    place = place_of(wire.url)
    if place.origin != own.origin and not _API.fullmatch(place.origin):
        raise ConfigurationError(
            _("The zone look-up named a host that is not Autotask's: {host}.").format(host=place.host)
        )
    if set(place.rest) & set("?\\"):
        raise ConfigurationError(_("The zone look-up named an address that cannot be the root of an API."))
    return Zone(wire.zone_name, place.url.rstrip("/"), _web_url(wire.web_url or "", place))


def _web_url(said: str, api: Place) -> str:
    """The user interface people are sent to: as said if it is Autotask's, else derived from the API's host."""
    try:
        place = place_of(said)
    except ConfigurationError:
        place = None
    plain = place is not None and "?" not in place.rest and len(said) <= LONGEST_WEB_URL
    if place and plain and (place.origin == api.origin or _WEB.fullmatch(place.origin)):
        return place.url.rstrip("/") + "/"
    return api.origin.replace("webservices", "ww", 1) + "/"
