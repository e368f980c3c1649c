"""“Test connection”: the vendor's own steps, run with what is stored."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ImproperlyConfigured

from integrations.core.crypto import UnreadableSecret
from integrations.core.models import Connection
from integrations.core.opening import open_connection
from integrations.transport.errors import VendorError
from integrations.vendors import Step


def steps_of(connection: Connection, *, user: Any) -> list[Step]:
    """The steps up to the first that failed; what stopped it is the last step, in words."""
    steps: list[Step] = []
    try:
        with open_connection(connection, source="test connection", user=user, interactive=True) as api:
            steps.extend(api.test_connection())
    except (VendorError, UnreadableSecret, ImproperlyConfigured) as problem:
        steps.append(Step("Reach the vendor" if steps else "Open the connection", False, str(problem)))
    return steps
