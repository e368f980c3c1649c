from __future__ import annotations

import pytest
from django.db import transaction
from django.test import override_settings

from integrations.core.crypto import Sealed, new_key
from integrations.core.models import ApiCall, Connection
from integrations.core.opening import OpenInTransactionError, open_connection
from integrations.transport.errors import ConfigurationError, NotFoundError, RejectedError, TemporaryError
from integrations.vendors import Limits
from tests.core import vendor
from tests.core.vendor import Wire


def opened(connection: Connection, **more: object):  # type: ignore[no-untyped-def]  # a context manager of any Api
    return open_connection(connection, source="test", **more)  # type: ignore[arg-type]


def test_the_api_gets_secrets_and_identity_by_name_and_sends_them(connection: Connection, wire: Wire) -> None:
    with opened(connection) as api:
        assert api.credentials == {"user": "polly", "key": "canary-key-5f1d90", "pin": ""}
        api.ask()
    assert wire.seen[0][2]["X-Key"] == "canary-key-5f1d90"


def test_a_paused_connection_makes_no_call(connection: Connection, wire: Wire) -> None:
    connection.is_paused = True
    with pytest.raises(ConfigurationError, match="paused"), opened(connection) as api:
        api.ask()
    assert wire.seen == []


def test_an_unreadable_secret_names_connection_and_missing_key(connection: Connection, wire: Wire) -> None:
    with (
        override_settings(PORTAL_KEYS=[new_key("k7")]),
        pytest.raises(ConfigurationError, match=r"Elite · bird.*'k1'") as caught,
        opened(connection),
    ):
        pass
    connection.refresh_from_db()
    assert connection.health == Connection.Health.ATTENTION
    assert caught.value.__context__ is None


def test_no_vendor_is_called_inside_a_transaction(connection: Connection) -> None:
    with transaction.atomic(), pytest.raises(OpenInTransactionError), opened(connection):
        pass


def test_good_calls_make_the_connection_healthy_and_write_its_row_once_a_minute(connection: Connection) -> None:
    with opened(connection) as api:
        api.ask()
    first = Connection.objects.get()
    assert first.health == Connection.Health.OK
    assert first.last_ok_at is not None
    with opened(first) as api:
        api.ask()
    assert Connection.objects.get().last_ok_at == first.last_ok_at


@pytest.mark.parametrize(
    ("status", "error", "health"),
    [(401, ConfigurationError, "attention"), (404, NotFoundError, "unknown"), (422, RejectedError, "unknown")],
)
def test_health_follows_from_what_went_wrong(
    connection: Connection, wire: Wire, status: int, error: type[Exception], health: str
) -> None:
    wire.status = status
    with pytest.raises(error), opened(connection) as api:
        api.ask()
    connection.refresh_from_db()
    assert connection.health == health
    assert (connection.health_cause == "") == (health == "unknown")


def test_a_vendor_out_of_reach_is_temporary_trouble(connection: Connection) -> None:
    connection.base_url = "http://127.0.0.1:9"
    with pytest.raises(TemporaryError), opened(connection, interactive=True) as api:
        api.ask(deadline=0.2)
    assert Connection.objects.get().health == Connection.Health.TROUBLE


def test_facts_survive_between_opens(connection: Connection) -> None:
    with opened(connection) as api:
        api.facts["zone"] = {"name": "one"}
    with opened(Connection.objects.get()) as api:
        assert api.facts == {"zone": {"name": "one"}}
        api.facts["zone"]["name"] = "two"
    assert Connection.objects.get().facts == {"zone": {"name": "two"}}


@pytest.mark.django_db(transaction=True)
def test_the_limits_of_a_connection_follow_from_its_settings() -> None:
    kind = vendor.aviary_with(limits_for=lambda settings: Limits(calls_per_minute={"all": int(settings["plan"])}))
    with vendor.installed(kind), vendor.serving() as wire:
        for plan in (1, 3):
            connection = Connection.objects.create(
                slug=f"plan-{plan}",
                vendor="parrot",
                base_url=wire.url,
                identity={"user": "polly"},
                settings={"plan": plan},
                credentials=Sealed.of({"key": "k"}),
                allow_private_address=True,
            )
            wire.seen.clear()
            with opened(connection, interactive=True) as api:
                for _ in range(plan):
                    api.ask()
                with pytest.raises(TemporaryError, match="of this minute"):
                    api.ask()
            assert len(wire.seen) == plan


def test_each_attempt_is_logged_with_its_context_and_without_secrets(connection: Connection, wire: Wire) -> None:
    wire.body = b'{"echo": "canary-key-5f1d90"}'
    with opened(connection, record="run:17") as api:
        api.ask("POST", "/birds", json={"name": "polly"})
        assert ApiCall.objects.count() == 1, "a write is stored at once"
        api.ask()
        assert ApiCall.objects.count() == 1, "a read is kept back"
    read, written = ApiCall.objects.all()
    assert read.transaction_id == written.transaction_id
    assert (written.source, written.record, written.status) == ("test", "run:17", 200)
    assert "canary" not in f"{written.__dict__}{read.__dict__}"


@pytest.mark.parametrize(("level", "rows"), [("off", 0), ("errors", 1), ("all", 2)])
def test_the_log_keeps_what_the_level_asks_for(connection: Connection, wire: Wire, level: str, rows: int) -> None:
    connection.call_log_level = level
    with opened(connection) as api:
        api.ask()
        wire.status = 404
        with pytest.raises(NotFoundError):
            api.ask()
    assert ApiCall.objects.count() == rows
