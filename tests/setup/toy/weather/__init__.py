"""A vendor as small as can be: one reading behind a key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from integrations.transport.session import Session, raise_for_status
from integrations.vendors import Field, Step, Vendor


class WeatherApi:
    def __init__(self, session: Session, *, base_url: str, credentials: Mapping[str, str], **_: Any) -> None:
        self.session = session
        session.trust(base_url, {"X-Key": credentials["key"]})

    def reading(self) -> dict[str, Any]:
        """`{"celsius": 21.5}`."""
        answer = self.session.call("GET", "/reading")
        raise_for_status(answer, safe=True)
        found: dict[str, Any] = answer.json()
        return found

    def test_connection(self) -> Iterator[Step]:
        yield Step("Reading", True, f"It is {self.reading()['celsius']} °C.")


VENDOR = Vendor(
    slug="weather",
    label="Weather",
    api=WeatherApi,
    credentials=(Field("key", "Key", secret=True),),
    simulator="toy.weather.simulator",
)
