"""Reaching TOGaDesk: what its test says, what is never opened, and that nothing secret stands in an error."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from integrations.transport.errors import ConfigurationError, TemporaryError, VendorError
from integrations.vendors.togadesk.api import TogadeskApi
from integrations.vendors.togadesk.simulator import TogadeskSimulator

from .conftest import client_of


def test_a_whole_one_passes_every_step(api: TogadeskApi) -> None:
    assert [(step.name, step.ok) for step in api.test_connection()] == [
        ("Database", True),
        ("Tables", True),
        ("Transactions", True),
        ("Folder of uploads", True),
    ]


def test_missing_tables_and_columns_are_named(desk: TogadeskSimulator, api: TogadeskApi) -> None:
    desk.database.run("DROP TABLE `groups`")
    desk.database.run("ALTER TABLE `comments` RENAME COLUMN `referenceid` TO `other`")
    steps = list(api.test_connection())
    assert not steps[-1].ok
    assert "the table groups" in steps[-1].detail
    assert "the column comments.referenceid" in steps[-1].detail


def test_a_table_that_cannot_take_a_write_back_is_named(desk: TogadeskSimulator, api: TogadeskApi) -> None:
    if desk.database.kind == "mysql":
        desk.database.run("ALTER TABLE `tickets_replies` ENGINE = MyISAM")
        assert "not InnoDB" in list(api.test_connection())[-1].detail
        assert "tickets_replies" in list(api.test_connection())[-1].detail


def test_a_folder_that_is_not_there_is_said(desk: TogadeskSimulator) -> None:
    api = client_of(desk, uploads_dir=str(desk.uploads / "elsewhere"))
    assert list(api.test_connection())[-1].detail == "The folder of uploads is not there on this machine."
    api.close()


@pytest.mark.parametrize(
    "url", ["", "http://desk.example.com/", "mysql://host/name", "mysql://user@/name", "mysql://user@host"]
)
def test_an_address_that_cannot_be_one_is_refused(desk: TogadeskSimulator, url: str) -> None:
    with pytest.raises(ConfigurationError):
        client_of(desk, url=url or "x").database.rows("SELECT 1")


def test_no_other_sqlite_file_is_ever_opened(tmp_path: Path, desk: TogadeskSimulator) -> None:
    other = tmp_path / "portal.sqlite3"
    with sqlite3.connect(other) as made:
        made.execute("CREATE TABLE secrets (a)")
    for path in (other, tmp_path / "missing.sqlite3", Path("/etc/passwd")):
        with pytest.raises(ConfigurationError, match="for rehearsals"):
            client_of(desk, url=f"sqlite:///{path}").database.rows("SELECT 1")


def test_a_private_address_needs_permission() -> None:
    api = TogadeskApi(
        None,
        base_url="",
        credentials={"database_url": "mysql://user:hunter2@127.0.0.1:3306/desk"},
        settings={"uploads_dir": "uploads"},
        facts={},
    )
    with pytest.raises(ConfigurationError, match="allow private addresses"):
        api.database.rows("SELECT 1")


def test_a_server_that_is_not_there_is_temporary_and_shows_no_password(desk: TogadeskSimulator) -> None:
    with pytest.raises(TemporaryError) as caught:
        client_of(desk, url="mysql://user:hunter2@127.0.0.1:9/desk").database.rows("SELECT 1")
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_a_wrong_password_is_a_setting_and_shows_nothing(desk: TogadeskSimulator) -> None:
    if desk.database.kind == "mysql":
        url = desk.url.replace("mysql://root", "mysql://nobody:hunter2")
        with pytest.raises(VendorError) as caught:
            client_of(desk, url=url).database.rows("SELECT 1")
        assert isinstance(caught.value, ConfigurationError)
        assert "hunter2" not in str(caught.value)


def test_times_are_read_in_the_zone_of_the_connection(desk: TogadeskSimulator) -> None:
    api = client_of(desk, time_zone="Europe/Lisbon")
    desk.add_ticket("t", timestamp="2026-07-01 12:00:00")
    assert api.ticket(1).at.isoformat() == "2026-07-01T12:00:00+01:00"
    api.close()
    with pytest.raises(ConfigurationError, match="no time zone"):
        client_of(desk, time_zone="Middle/Earth").database.rows("SELECT 1")
