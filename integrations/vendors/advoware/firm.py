"""One firm's Advoware: where it lives, who we are there, and a call to it.

The configurator tells, without credentials, where the firm's API and the security gateway are; the gateway gives a
token for about an hour, which goes with every call. Both are kept among the connection's facts, so that all processes
use them. Source: fact sheet, sections 1 and 2.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from integrations.texts import gettext as _
from integrations.transport.addresses import place_of
from integrations.transport.answers import raise_for_status
from integrations.transport.errors import (
    ConfigurationError,
    MalformedResponseError,
    NotFoundError,
    QuotaSpent,
    RejectedError,
    TemporaryError,
    UnknownOutcomeError,
)
from integrations.transport.session import Answer, Session

from .answers import WrongPassword, is_offline, object_in, refuse_login
from .hosts import check_gateway, check_root
from .schemas import moment
from .signing import PRODUCT, Keep, signature

CONFIGURATOR = "/AdvonetConfigurator/api/Url"
LOOKUP_DEADLINE = 15.0  # seconds, for the configurator and the gateway; what the vendor's own client allows
ADDRESSES_LIVE = timedelta(hours=12)
RENEWED_BEFORE = timedelta(minutes=2)
USUAL_LIFE, SHORTEST_LIFE, LONGEST_LIFE = timedelta(minutes=53), timedelta(minutes=1), timedelta(hours=24)
REFUSAL_LASTS = timedelta(minutes=30)  # a wrong password is not tried again before: it may lock the employee
ROLE = 2  # what both known clients send; presumably "employee"
_HEADER_SAFE = re.compile(r"[\x21-\x7e]{1,8000}")


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the firm's API is, and who gives tokens for it; both without a slash at the end."""

    root: str
    gateway: str


@dataclass(frozen=True, slots=True)
class Token:
    """`repr` does not show it."""

    value: str
    until: datetime  # by our clock

    def __repr__(self) -> str:
        return f"Token(until={self.until:%H:%M})"


class Firm:
    """Calls to one firm as one of its employees. `facts` keeps the addresses and the token between opens."""

    def __init__(
        self,
        session: Session,
        *,
        base_url: str,
        credentials: Mapping[str, str],
        settings: Mapping[str, Any],
        facts: MutableMapping[str, Any],
    ) -> None:
        self._session, self._facts = session, facts
        self._configurator = base_url.rstrip("/").removesuffix("/api/Url").removesuffix("/AdvonetConfigurator")
        self._credentials = {name: value.strip() for name, value in credentials.items()} | {
            "password": credentials["password"]
        }
        self._connector_hosts = str(settings.get("connector_hosts") or "")
        self._keep = Keep(self._configurator, self._credentials)
        self._token: Token | None = None
        self.last: Answer | None = None

    # --- where it lives -----------------------------------------------------------------------------------------

    def addresses(self) -> Addresses:
        """As kept for at most twelve hours, else looked up."""
        kept = self._facts.get("addresses")
        if isinstance(kept, dict) and kept.get("for") == [self._configurator, self._credentials["kanzlei"]]:
            age = datetime.now(UTC) - datetime.fromisoformat(kept["at"])
            if timedelta() <= age < ADDRESSES_LIVE:
                return self._checked(kept["root"], kept["gateway"])
        return self.discover()

    def discover(self) -> Addresses:
        """Ask the configurator now. Raises ConfigurationError for a firm it does not know, or a host not believed."""
        kanzlei = self._credentials["kanzlei"]
        answer = self._session.call(
            "GET",
            f"{self._configurator}{CONFIGURATOR}",
            params={"Kanzlei": kanzlei},
            deadline=LOOKUP_DEADLINE,
            about="configurator",
        )
        known = self._known_in(answer)
        found = self._checked(
            str(known.get("connectorurl") or known.get("relayurl")), str(known["securitygateway"])
        )  # a connector, where there is one, has to be used
        self._facts["addresses"] = {
            "for": [self._configurator, kanzlei],
            "at": datetime.now(UTC).isoformat(),
            "root": found.root,
            "gateway": found.gateway,
        }
        return found

    def _known_in(self, answer: Answer) -> dict[str, Any]:
        """What the configurator tells. How it refuses an unknown firm is not verified: both ways are understood."""
        try:
            raise_for_status(answer, safe=True)
            known = object_in(answer)
        except (NotFoundError, RejectedError):
            known = {}
        if not known.get("securitygateway") or not (known.get("connectorurl") or known.get("relayurl")):
            raise ConfigurationError(
                _(
                    "Advoware's configurator does not know this firm: check Kanzlei on the connection, in the "
                    "spelling in which it was given, and the address of the configurator."
                ),
                status=answer.status,
            )
        return known

    def _checked(self, root: str, gateway: str) -> Addresses:
        own = place_of(self._configurator)
        found = Addresses(
            check_root(root, configurator=own, connector_hosts=self._connector_hosts),
            check_gateway(gateway, configurator=own),
        )
        self._session.trust(found.gateway, {})
        return found

    # --- who we are ---------------------------------------------------------------------------------------------

    def token(self) -> Token:
        """The one in use, or the one that another process got, or a new one."""
        now = datetime.now(UTC)
        if self._token is None:
            self._token = self._kept_token()
        if self._token is not None and now < self._token.until <= now + LONGEST_LIFE:
            return self._token
        return self.login()

    def login(self, *, despite_refusal: bool = False) -> Token:
        """A new token. Raises WrongPassword, also without trying where the same one was refused a moment ago."""
        if not despite_refusal:
            self._heed_refusal()
        self._token = None
        self._facts.pop("token", None)
        try:
            answer = self._session.call(
                "POST",
                f"{self.addresses().gateway}/api/v1/Token",
                json=self._signed_request(),
                safe=False,  # a nonce is never sent twice
                writes=False,
                deadline=LOOKUP_DEADLINE,
                about="login",
            )
        except UnknownOutcomeError as lost:
            sentence = lost.message.partition(";")[0]
        else:
            return self._logged_in(answer)
        raise TemporaryError(f"{sentence}; a login changes nothing and is tried again later.")

    def _signed_request(self) -> dict[str, Any]:
        given = self._credentials
        nonce = str(uuid.uuid4())
        stamp = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f0Z")  # seven digits, as in the vendor's example
        return {
            "AppID": given["app_id"],
            "Kanzlei": given["kanzlei"],
            "Database": given["database"],
            "User": given["user"],
            "Role": ROLE,
            "Product": PRODUCT,
            "Password": given["password"],
            "Nonce": nonce,
            "HMAC512Signature": signature(given["api_key"], app_id=given["app_id"], nonce=nonce, stamp=stamp),
            "RequestTimeStamp": stamp,
        }

    def _logged_in(self, answer: Answer) -> Token:
        now = datetime.now(UTC)
        try:
            refuse_login(answer, clock=_clocks(answer, now))
        except WrongPassword:
            self._facts["refused"] = {"for": self._keep.name, "until": (now + REFUSAL_LASTS).isoformat()}
            raise
        given = object_in(answer)
        value = given.get("access_token")
        if not isinstance(value, str) or not _HEADER_SAFE.fullmatch(value):
            raise MalformedResponseError(_("Advoware's answer to the login has no token."), status=answer.status)
        life = min(max(_life_in(given, answer.date() or now), SHORTEST_LIFE), LONGEST_LIFE)
        self._token = Token(value, now + life)
        self._facts["token"] = self._keep.seal({"token": value, "until": self._token.until.isoformat()})
        self._facts.pop("refused", None)
        return self._token

    def _kept_token(self) -> Token | None:
        kept = self._keep.open(self._facts.get("token"))
        return Token(kept["token"], datetime.fromisoformat(kept["until"])) if kept else None

    def _heed_refusal(self) -> None:
        refused = self._facts.get("refused")
        if not isinstance(refused, dict) or refused.get("for") != self._keep.name:
            return
        left = datetime.fromisoformat(refused["until"]) - datetime.now(UTC)
        if timedelta() < left <= REFUSAL_LASTS:
            raise WrongPassword(
                _(
                    "Advoware has refused the employee's code or password a moment ago; so that the employee is not "
                    "locked out, it is not tried again for {number:.0f} minutes. Enter both again, or test the "
                    "connection."
                ).format(number=left.total_seconds() // 60 + 1)
            )

    # --- a call -------------------------------------------------------------------------------------------------

    def send(self, method: str, path: str, *, json: Any = None, safe: bool, about: str) -> Answer:
        """One call to the firm's API, whatever its answer. `path` begins with a slash.

        A firm that could not be reached is looked up anew, and asked once more where it lives elsewhere now.
        """
        root = self.addresses().root
        try:
            return self._send(root, method, path, json=json, safe=safe, about=about)
        except TemporaryError as lost:
            if lost.status is not None or isinstance(lost, QuotaSpent):
                raise
            if (moved := self.discover().root) == root:
                raise
        return self._send(moved, method, path, json=json, safe=safe, about=about)

    def _send(self, root: str, method: str, path: str, *, json: Any, safe: bool, about: str) -> Answer:
        answer = self._under(self.token(), root, method, path, json=json, safe=safe, about=about)
        if answer.status == 401 and not is_offline(answer):  # nothing was done: the token is renewed once
            answer = self._under(self.login(), root, method, path, json=json, safe=safe, about=about)
        self.last = answer
        return answer

    def _under(self, token: Token, root: str, method: str, path: str, **call: Any) -> Answer:
        self._session.trust(root, {"Authorization": f"Bearer {token.value}"})
        return self._session.call(method, root + path, **call)


def _life_in(given: Mapping[str, Any], told_at: datetime) -> timedelta:
    """How long a token may be used, by the vendor's clock; about an hour where it does not say."""
    if (expires := moment(given.get("expiration_utc"), UTC)) is not None:
        return expires - told_at - RENEWED_BEFORE
    seconds = given.get("expires_in")
    if isinstance(seconds, int) and not isinstance(seconds, bool) and 0 < seconds < 10**6:
        return timedelta(seconds=seconds) - RENEWED_BEFORE
    return USUAL_LIFE


def _clocks(answer: Answer, now: datetime) -> str:
    told = answer.date()
    if told is None or abs(told - now) < RENEWED_BEFORE:
        return ""
    return _("The clock of this portal and that of the vendor differ by {number:.0f} seconds.").format(
        number=abs(told - now).total_seconds()
    )
