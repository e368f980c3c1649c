"""`manage.py sync`: the same streams in the foreground, with their result and an exit status."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db.models.signals import post_save

from integrations.core.models import Job, SyncRun, User
from integrations.core.streams import approve
from tests.core.sync.conftest import Pair


def sync(*arguments: str) -> str:
    out = StringIO()
    call_command("sync", "harbour/pair", *arguments, stdout=out)
    return out.getvalue()


def failing(*arguments: str) -> str:
    """The same where the exit status is 1."""
    out = StringIO()
    with pytest.raises(SystemExit) as exit_:
        call_command("sync", "harbour/pair", *arguments, stdout=out)
    assert exit_.value.code == 1
    return out.getvalue()


def let(pair: Pair) -> None:
    approve(pair.to_right, user=User.objects.create_user("anna"))


def test_it_runs_round_after_round_until_nothing_is_written(installed_pair: Pair) -> None:
    let(installed_pair)
    installed_pair.left.insert("A")
    installed_pair.right.insert("B")
    said = sync()
    assert len(installed_pair.left.things) == len(installed_pair.right.things) == 2
    assert said.count("to_right:") == 2, "one round that wrote, and one that found nothing to do"
    assert said.splitlines()[0].startswith("to_right: 1 read; 1 created.")
    assert not Job.objects.exclude(state="done").exists()


def test_once_is_one_round_and_a_stream_can_be_named(installed_pair: Pair) -> None:
    installed_pair.right.insert("B")
    said = sync("--once", "--stream", "to_left")
    assert len(said.splitlines()) == 1
    assert len(installed_pair.left.things) == 1
    assert SyncRun.objects.get().trigger == "manual"


def test_a_dry_run_names_each_write_and_writes_nothing(installed_pair: Pair) -> None:
    installed_pair.left.insert("A")
    said = sync("--dry-run", "--stream", "to_right")
    assert "Would be: 1 read; 1 created." in said
    assert "L0001: create “A”. It is new." in said
    assert installed_pair.right.ledger == []


def test_a_stream_that_waits_for_approval_says_so_and_the_status_is_1(installed_pair: Pair) -> None:
    assert "to_right: not run. Its first run waits for an admin" in failing()


def test_what_is_held_is_named_with_its_reason_and_the_status_is_1(installed_pair: Pair) -> None:
    installed_pair.right.insert("A")
    installed_pair.right.insert("B")
    installed_pair.left.poisoned = {"A"}
    said = failing("--stream", "to_left")
    assert "1 record held:" in said
    assert "to_left R0001: refused. L refuses A. (tried again " in said
    assert len(installed_pair.left.things) == 1


def test_after_a_stream_that_was_stopped_no_other_begins(installed_pair: Pair) -> None:
    let(installed_pair)
    installed_pair.left.insert("A")
    installed_pair.right.insert("B")

    def somebody_stops_it(instance: SyncRun, **_: Any) -> None:
        SyncRun.objects.filter(pk=instance.pk).update(stop_asked=True)

    post_save.connect(somebody_stops_it, sender=SyncRun)
    try:
        said = failing()
    finally:
        post_save.disconnect(somebody_stops_it, sender=SyncRun)
    assert "[stopped]" in said
    assert [run.stream for run in SyncRun.objects.all()] == [installed_pair.to_right]
    assert installed_pair.left.ledger == installed_pair.right.ledger == []


def test_unknown_names_are_answered_with_the_known_ones(installed_pair: Pair) -> None:
    with pytest.raises(CommandError, match="Known: harbour/pair"):
        call_command("sync", "harbour/pear")
    with pytest.raises(CommandError, match="Known: to_right, to_left"):
        call_command("sync", "harbour/pair", "--stream", "sideways")


def test_an_inactive_client_means_that_nothing_runs(installed_pair: Pair) -> None:
    installed_pair.integration.client.is_active = False
    installed_pair.integration.client.save()
    assert "is not active" in failing("--stream", "to_left")
    assert not SyncRun.objects.exists()
