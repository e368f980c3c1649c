"""Vendor packages: plain Python that knows one vendor's API and nothing of Django but how texts are translated.

Each package exports `VENDOR`, a `Vendor` declaration. Core builds connection forms from it, opens connections
with it, and never needs to know which vendor it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from integrations.texts import Text
from integrations.texts import gettext_lazy as _
from integrations.transport.errors import VendorError

from .webhooks import Webhooks

BASE_URL = _("Base URL")


@dataclass(frozen=True)
class Field:
    """One credential or setting of a connection; becomes one input of the connection form.

    A `secret` field is stored encrypted and is write-only in forms; other credentials are stored and shown plainly.
    `problem_of` says what is wrong with the value of a setting, in a sentence; empty when nothing is.
    """

    name: str
    label: Text
    help: Text = ""
    secret: bool = False
    required: bool = True
    default: str = ""
    choices: tuple[tuple[str, Text], ...] = ()
    problem_of: Callable[[str], str] | None = None


@dataclass(frozen=True)
class Limits:
    """What the vendor allows one account, all processes of the portal together: our share, not its whole quota.

    `calls_per_minute` is by bucket, which is what `Vendor.endpoint_of` gives; "all" bounds all calls together, and a
    bucket without an entry is bounded by that alone.
    """

    in_flight_per_endpoint: int | None = None
    calls_per_hour: int | None = None
    calls_per_minute: Mapping[str, int] | None = field(default=None, hash=False)


@dataclass(frozen=True)
class Step:
    """One step of "Test connection": what was tried, whether it worked, and what was seen, in a sentence."""

    name: str
    ok: bool
    detail: str


def tried(steps: Iterable[tuple[str, Callable[[], str]]]) -> Iterator[Step]:
    """Try these one by one, each giving what it saw; the first that fails is the last."""
    for name, step in steps:
        try:
            done = Step(name, True, step())
        except VendorError as error:
            done = Step(name, False, error.message)
        yield done
        if not done.ok:
            return


class Api(Protocol):
    """What every vendor's `Api` class has, whatever else it can do."""

    def test_connection(self) -> Iterator[Step]:
        """Yield the steps one by one; stop after the first that fails."""
        ...


@dataclass(frozen=True)
class Vendor:
    """One vendor, declared once.

    `api(session, base_url=…, credentials=…, settings=…, facts=…)` builds the vendor's `Api`; credentials hold every
    declared credential, secret or not, by name; `facts` is a mapping that survives between opens.
    One that is not reached by HTTP (`is_http` False) has no base URL, gets None as its session, finds
    `allow_private_address` among the settings, beside `before_write`, which it calls right before each write (it raises
    to stop it), and its `Api` has a `close()`.
    `endpoint_of(method, path)` names the budget bucket of a call.
    `limits_for(settings)` is there when the limits depend on a connection's settings (a plan); it takes any settings.
    `webhooks` is what it sends by itself, if it does.
    `preparation` says what to make at the vendor before a connection is added, one step each.
    `simulator` is the dotted path of a module with `serve(port) -> server` (the same vendor as a local server).
    """

    slug: str
    label: str
    api: Callable[..., Any]
    credentials: tuple[Field, ...] = ()
    settings: tuple[Field, ...] = ()
    is_http: bool = True
    preparation: tuple[Text, ...] = ()
    base_url_label: Text = BASE_URL
    base_url_help: Text = ""
    base_url_default: str = ""
    limits: Limits = field(default_factory=Limits)
    limits_for: Callable[[Mapping[str, Any]], Limits] | None = None
    endpoint_of: Callable[[str, str], str] = lambda method, path: path
    webhooks: Webhooks | None = None
    simulator: str = ""

    def secret_names(self) -> frozenset[str]:
        return frozenset(f.name for f in self.credentials if f.secret)

    def limits_of(self, settings: Mapping[str, Any]) -> Limits:
        """What is allowed to a connection with these settings. The one place to ask."""
        return self.limits if self.limits_for is None else self.limits_for(settings)
