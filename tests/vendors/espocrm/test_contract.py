"""The contract, held against the simulator and, marked `live`, against the EspoCRM that the environment names.

ESPOCRM_URL and ESPOCRM_API_KEY name it; ESPOCRM_SECRET_KEY where its user is one of HMAC, ESPOCRM_ENTITY and
ESPOCRM_NUMBER_FIELD where they are others. Its user may create, edit and delete parties, and have webhooks.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from integrations.transport.session import Session
from integrations.vendors.espocrm.api import ENTITY, NUMBER_FIELD, EspocrmApi
from integrations.vendors.espocrm.simulator import API_KEY

from .contract import Contract, Instance
from .saying import as_started


@contextmanager
def opened(url: str, api_key: str, secret_key: str = "", **settings: str) -> Iterator[Instance]:
    """What was made is deleted at the end."""
    secrets = [secret for secret in (api_key, secret_key) if secret]
    with Session(vendor="EspoCRM", base_url=url, secrets=secrets, allow_private=True) as session:
        credentials = {"api_key": api_key, "secret_key": secret_key}
        api = EspocrmApi(session, base_url=url, credentials=credentials, settings=settings, facts={})
        instance = Instance(api, url, settings)
        try:
            yield instance
        finally:
            for party in list(instance.made):
                instance.delete(party)


def told(name: str, otherwise: str = "") -> str:
    return os.environ.get(f"ESPOCRM_{name}", "").strip() or otherwise


class TestSimulated(Contract):
    @pytest.fixture(params=[False, True], ids=["", "with versions"])
    def instance(self, request: pytest.FixtureRequest) -> Iterator[Instance]:
        espocrm = as_started()
        espocrm.version_control = bool(request.param)
        with opened(espocrm.url, API_KEY) as instance:
            yield instance
        assert not any(espocrm.data.records.values())


@pytest.mark.live
class TestLiving(Contract):
    @pytest.fixture
    def instance(self) -> Iterator[Instance]:
        if not (told("URL") and told("API_KEY")):
            pytest.skip("no living EspoCRM to talk to: set ESPOCRM_URL and ESPOCRM_API_KEY")
        names = {"entity": told("ENTITY", ENTITY), "number_field": told("NUMBER_FIELD", NUMBER_FIELD)}
        with opened(told("URL"), told("API_KEY"), told("SECRET_KEY"), **names) as instance:
            yield instance
