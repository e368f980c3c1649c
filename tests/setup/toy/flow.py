from __future__ import annotations

from integrations.core.jobs import Claim
from integrations.core.models import Connection
from integrations.core.opening import open_connection

from .mapping import verdict
from .models import Reading, ToyOptions


def work(claim: Claim, reading_id: int) -> str:
    """Answer one reading's question."""
    reading = Reading.objects.get(pk=reading_id)
    connection = Connection.objects.get(roles__integration=reading.integration, roles__role="weather")
    with open_connection(connection, source="toy", guard=claim.check) as api:
        celsius = api.reading()["celsius"]
    options = ToyOptions.objects.get(pk=reading.integration_id)
    Reading.objects.filter(pk=reading_id).update(verdict=verdict(celsius, options.warm_from))
    return f"It is {celsius} °C."
