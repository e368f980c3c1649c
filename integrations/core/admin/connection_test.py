"""“Test connection”: the vendor's own steps, run with what is stored."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext

from integrations.core.crypto import UnreadableSecret
from integrations.core.models import Connection
from integrations.core.opening import open_connection
from integrations.transport.errors import VendorError
from integrations.vendors import Step


def steps_of(connection: Connection, *, user: Any, is_trial: bool = False) -> list[Step]:
    """The steps up to the first that failed; what stopped it is the last step, in words.

    `is_trial`: with the secrets of this row, which are not stored, and nothing is remembered of it.
    """
    steps: list[Step] = []
    try:
        source = "test of new secrets" if is_trial else "test connection"  # as the call log names each source
        with open_connection(connection, source=source, user=user, interactive=True, is_trial=is_trial) as api:
            steps.extend(api.test_connection())
    except (VendorError, UnreadableSecret, ImproperlyConfigured) as problem:
        steps.append(
            Step(gettext("Reach the vendor") if steps else gettext("Open the connection"), False, str(problem))
        )
    return steps
