from __future__ import annotations

import logging
import pickle
from io import StringIO

import pytest
from django.core import serializers
from django.core.management import CommandError, call_command
from django.test import override_settings

from integrations.core.crypto import Sealed, UnreadableSecret, new_key
from integrations.core.models import Connection
from integrations.core.opening import set_secrets

OLD, NEW = new_key("k1"), new_key("k2")


@pytest.fixture
def connections(db: None) -> list[Connection]:
    with override_settings(PORTAL_KEYS=[OLD]):
        return [
            Connection.objects.create(slug=f"c{n}", vendor="parrot", credentials=Sealed.of({"key": f"canary-{n}"}))
            for n in range(5)
        ]


def rotated(keys: list[str]) -> str:
    out = StringIO()
    with override_settings(PORTAL_KEYS=keys):
        call_command("rotate_keys", "--batch", "2", stdout=out)
    return out.getvalue()


def test_rotation_seals_everything_with_the_newest_key(connections: list[Connection]) -> None:
    said = rotated([NEW, OLD])
    assert "5 sealed with key k2" in said
    assert "PORTAL_KEYS no longer needs k1." in said
    with override_settings(PORTAL_KEYS=[NEW]):
        assert [row.credentials.open()["key"] for row in Connection.objects.order_by("slug")] == [
            f"canary-{n}" for n in range(5)
        ]


def test_rotation_goes_on_where_it_was_stopped_and_repeats_nothing(connections: list[Connection]) -> None:
    with override_settings(PORTAL_KEYS=[NEW, OLD]):
        done = Sealed.of({"key": "canary-done"})
        Connection.objects.filter(slug="c0").update(credentials=done)
        rotated([NEW, OLD])
    assert Connection.objects.get(slug="c0").credentials == done


def test_what_cannot_be_read_is_named_and_left_alone(connections: list[Connection]) -> None:
    lost = Sealed("k9." + connections[0].credentials.token.partition(".")[2])
    Connection.objects.filter(slug="c0").update(credentials=lost)
    with pytest.raises(CommandError, match=rf"connection {connections[0].pk}: sealed with key 'k9'"):
        rotated([NEW, OLD])
    assert Connection.objects.get(slug="c0").credentials == lost


def test_a_new_key_can_be_put_in_front() -> None:
    out = StringIO()
    call_command("rotate_keys", "--new-key", stdout=out)
    with override_settings(PORTAL_KEYS=[out.getvalue().strip()]):
        assert Sealed.of({"a": "b"}).open() == {"a": "b"}


def test_a_wrong_key_is_said_clearly_without_the_secret(connections: list[Connection]) -> None:
    with override_settings(PORTAL_KEYS=[new_key("k1")]), pytest.raises(UnreadableSecret, match="not the key this was"):
        connections[0].credentials.open()


def test_nothing_shows_or_carries_a_secret(connections: list[Connection], caplog: pytest.LogCaptureFixture) -> None:
    row = connections[0]
    logging.getLogger("portal").warning("%s %r", row.credentials, row.__dict__)
    dumped = serializers.serialize("json", [row])
    history = list(Connection.history.values())
    assert "canary" not in f"{caplog.text}{dumped}{history}{row.credentials!r}"
    assert row.credentials.token not in f"{dumped}{history}"
    with pytest.raises(TypeError):
        pickle.dumps(row.credentials)


def test_setting_one_secret_keeps_the_others_and_says_who_and_when(db: None) -> None:
    row = Connection(slug="c", vendor="parrot", credentials=Sealed.of({"key": "canary-a", "pin": "canary-b"}))
    set_secrets(row, {"pin": "canary-c"}, by="anna")
    assert row.credentials.open() == {"key": "canary-a", "pin": "canary-c"}
    assert row.credentials_set["pin"]["by"] == "anna"
    assert "key" not in row.credentials_set
