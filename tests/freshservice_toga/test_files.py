"""P14: files arrive byte for byte and once, whatever they are called, with an address that holds for a while only."""

from __future__ import annotations

import pytest

from integrations.core.models import HeldItem

from .scene import Scene


def limit(scene: Scene, megabytes: str) -> None:
    connection = scene.integration.connection("freshservice")
    connection.settings = connection.settings | {"max_file_mb": megabytes}
    connection.save()


def test_files_of_the_ticket_of_conversations_and_in_texts_arrive(scene: Scene) -> None:
    ticket = scene.do("new_ticket", subject="No power")
    said = scene.do("reply", ticket=ticket, text="<p>See</p>")
    scene.do("attach", name="log.txt", ticket=ticket, text="of the ticket")
    scene.do("attach", name="photo.txt", conversation=said, text="of the reply")
    scene.do("insert_image", ticket=ticket)
    scene.hint(ticket)
    names = [name for name, _ in scene.files()]
    assert len(names) == 3
    assert ("log.txt", b"of the ticket") in scene.files()
    assert ("photo.txt", b"of the reply") in scene.files()


def test_two_different_files_of_one_name_both_arrive(scene: Scene) -> None:
    ticket = scene.do("new_ticket", subject="No power")
    scene.do("attach", name="log.txt", ticket=ticket, text="one")
    scene.do("attach", name="log.txt", ticket=ticket, text="two")
    scene.hint(ticket)
    assert scene.files() == [("log.txt", b"one"), ("log.txt", b"two")]


def test_a_renamed_file_is_not_sent_again(scene: Scene) -> None:
    ticket = scene.do("new_ticket", subject="No power")
    file = scene.do("attach", name="log.txt", ticket=ticket, text="one")
    scene.hint(ticket)
    scene.do("rename_file", file=file, name="better.txt")
    scene.hint(ticket)
    assert len(scene.files()) == len(scene.records("files")) == 1


def test_an_expired_address_is_read_anew_and_the_file_arrives(scene: Scene) -> None:
    """The file's host refuses the first address; the next look has a fresh one."""
    ticket = scene.do("new_ticket", subject="No power")
    scene.do("attach", name="log.txt", ticket=ticket, text="one")
    scene.fresh.url_lifetime = -10
    scene.hint(ticket)
    assert scene.files() == []
    scene.fresh.url_lifetime = 86_400
    scene.work(minutes=2)
    assert scene.files() == [("log.txt", b"one")]
    assert len(scene.records("ticket-notes")) == 1
    assert len(scene.records("tickets")) == 1


def test_the_key_of_the_api_never_reaches_the_host_of_files(scene: Scene) -> None:
    ticket = scene.do("new_ticket", subject="No power")
    scene.do("attach", name="log.txt", ticket=ticket)
    scene.hint(ticket)
    assert scene.fresh.files.strangers == 0
    assert len(scene.files()) == 1


@pytest.mark.parametrize("name", ["../../etc/passwd", "a\x00b.txt", "x" * 300 + ".txt", "<img src=x>.txt", "Ünï.txt"])
def test_a_hostile_name_is_only_a_name(scene: Scene, name: str) -> None:
    ticket = scene.do("new_ticket", subject="No power")
    scene.do("attach", name=name, ticket=ticket, text="one")
    scene.hint(ticket)
    assert [content for _, content in scene.files()] == [b"one"]


def test_a_file_of_a_host_that_is_not_allowed_is_refused_and_named(scene: Scene) -> None:
    ticket = scene.do("new_ticket", subject="No power")
    scene.do("attach", name="log.txt", ticket=ticket)
    connection = scene.integration.connection("freshservice")
    connection.settings = connection.settings | {"attachment_hosts": "files.example.com"}
    connection.save()
    scene.hint(ticket)
    assert scene.files() == []
    assert scene.deliveries() == ["failed"]


def test_a_file_over_the_limit_is_held_with_its_name_and_hurts_no_other_ticket(scene: Scene) -> None:
    limit(scene, "1")
    ticket = scene.do("new_ticket", subject="No power")
    scene.do("attach", name="film.bin", ticket=ticket, size=1_000_001)
    other = scene.do("new_ticket", subject="Other")
    scene.hint(ticket)
    scene.hint(other)
    assert [row["subject"] for row in scene.records("tickets")] == ["No power", "Other"]
    assert "film.bin" in HeldItem.objects.get().sentence


def test_a_refused_file_keeps_back_nothing_that_was_said_and_no_other_file(scene: Scene) -> None:
    """The file hangs on the first thing that was said; everything after it arrives all the same."""
    limit(scene, "1")
    ticket = scene.do("new_ticket", subject="No power", description="<p>Dead</p>")
    scene.do("attach", name="film.bin", ticket=ticket, size=1_000_001)
    scene.do("attach", name="log.txt", ticket=ticket, text="one")
    said = scene.do("reply", ticket=ticket, text="<p>Coming</p>")
    scene.do("attach", name="plan.txt", conversation=said, text="two")
    scene.hint(ticket)
    assert [note for note, _ in scene.notes()] == ["<p>Dead</p>", "<p>Coming</p>"]
    assert scene.files() == [("log.txt", b"one"), ("plan.txt", b"two")]


def test_a_file_like_one_that_arrived_in_an_unfinished_run_arrives_too(scene: Scene) -> None:
    """Equal in name and size: only files that came before the portal are recognised by these."""
    limit(scene, "1")
    ticket = scene.do("new_ticket", subject="No power")
    scene.do("attach", name="film.bin", ticket=ticket, size=1_000_001)  # so that the pair stays new
    scene.do("attach", name="log.txt", ticket=ticket, text="one")
    scene.hint(ticket)
    scene.do("attach", name="log.txt", ticket=ticket, text="two")
    scene.hint(ticket)
    assert scene.files() == [("log.txt", b"one"), ("log.txt", b"two")]


def test_a_file_that_another_program_brought_is_recognised_by_name_and_size(scene: Scene) -> None:
    ticket = scene.do("new_ticket", subject="No power", description="<p>Dead</p>")
    scene.do("attach", name="log.txt", ticket=ticket, text="one")
    known = scene.toga.do("add_ticket", {"subject": "No power", "c_eliteTicketId": str(ticket)})
    note = scene.toga.do("add_note", {"ticket": known, "text": "<p>Dead</p>"})
    scene.toga.data.change("ticket-notes", note, c_eliteConversationId=f"ticket-{ticket}")
    scene.toga.do("add_file", {"note": note, "name": "log.txt", "content": "one"})
    scene.hint(ticket)
    assert scene.files() == [("log.txt", b"one")]
