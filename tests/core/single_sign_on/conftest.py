from __future__ import annotations

import copy
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from integrations.core.models import User
from tests.core.world import make_world

from .provider import Provider, serve


@pytest.fixture
def world(db: Any) -> SimpleNamespace:
    world = make_world()
    User.objects.filter(pk=world.operator.pk).update(email="otto@example.com")
    return world


@pytest.fixture
def provider(world: SimpleNamespace, settings: Any) -> Iterator[Provider]:
    """A provider that vouches for Otto, and that the portal trusts."""
    with serve() as made:
        made.claims = {"sub": "otto-at-corp", "email": "otto@example.com", "email_verified": True}
        settings.OIDC_ISSUER = made.url
        providers = copy.deepcopy(settings.SOCIALACCOUNT_PROVIDERS)
        providers["openid_connect"]["APPS"][0]["settings"]["server_url"] = made.url
        settings.SOCIALACCOUNT_PROVIDERS = providers
        yield made
