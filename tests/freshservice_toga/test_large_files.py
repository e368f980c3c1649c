"""P14: files of any size up to the limit, byte for byte and once; what a hostile text names is fetched from nowhere."""

from __future__ import annotations

import pytest

from integrations.core.models import Connection, HeldItem
from integrations.vendors.freshservice.simulator import showing
from integrations.vendors.freshservice.simulator.acts import made_up

from .scene import Scene

PIECE = 48 * 1024  # what is encoded at a time on the way to TOGA 2
SPOOLED = 1_000_000  # beyond it a file waits on disk
FAST = (1, 2, 3, PIECE, PIECE + 1, SPOOLED, SPOOLED + 1)
LONG = (4, 5, PIECE - 1, 2 * PIECE, 65_536, 65_537, SPOOLED - 1, 10_000_000, 39_999_999, 40_000_000)
HOSTILE = (
    *("/etc/passwd", "../x", "..\\..\\boot.ini", "C:\\x.txt", "\u202egnp.exe", "a\r\nX-Evil: 1.txt", '"; rm -rf /'),
    *("%2e%2e%2f", "con", "a" * 5_000, "=cmd|' /C calc'!A0", "<script>alert(1)</script>", "🦜.txt", " "),
)


@pytest.mark.parametrize("size", [*FAST, *(pytest.param(size, marks=pytest.mark.proof) for size in LONG)])
def test_a_file_of_any_size_arrives_byte_for_byte_and_once(scene: Scene, size: int) -> None:
    ticket = scene.do("new_ticket", subject="No power")
    scene.do("attach", name="log.bin", ticket=ticket, size=size)
    scene.hint(ticket)
    scene.hint(ticket)
    assert scene.files() == [("log.bin", made_up(size))]
    assert len(scene.records("files")) == 1


def test_an_empty_file_arrives_too(scene: Scene) -> None:
    ticket = scene.do("new_ticket", subject="No power")
    file = scene.fresh.data.add_file("empty.txt", b"")
    scene.fresh.data.tickets[ticket]["_files"].append(file)
    scene.hint(ticket)
    assert scene.files() == [("empty.txt", b"")]


def test_hostile_names_are_only_names_and_every_file_arrives(scene: Scene) -> None:
    ticket = scene.do("new_ticket", subject="No power")
    for number, name in enumerate(HOSTILE):
        scene.do("attach", name=name, ticket=ticket, text=f"file {number}")
    scene.hint(ticket)
    assert sorted(content for _, content in scene.files()) == sorted(f"file {n}".encode() for n in range(len(HOSTILE)))
    assert scene.held() == []


@pytest.mark.parametrize(
    "source",
    [
        "https://evil.example.com/x.png",
        "http://169.254.169.254/latest/meta-data/",
        "http://127.0.0.1:1/x.png",
        "https://elite.attachments.freshservice.com.evil.example.com/x.png",
        "https://user:password@evil.example.com/x.png",
        "https://[::1/x.png",
    ],
)
def test_a_picture_from_elsewhere_is_fetched_from_nowhere_and_stops_no_other_ticket(scene: Scene, source: str) -> None:
    """Whoever writes to the service desk writes its HTML: only this ticket waits for a person."""
    picture = f'<img src="{source}" class="inline-image" data-id="5">'
    hostile = scene.do("new_ticket", subject="Look", description=f"<p>Dead</p>{picture}")
    scene.do("new_ticket", subject="Other")
    run = scene.catch_up()
    assert (run.created, run.held) == (1, 1)
    assert {row["subject"] for row in scene.records("tickets")} == {"Look", "Other"}
    assert HeldItem.objects.get().record_id == str(hostile)
    assert "is not fetched" in HeldItem.objects.get().sentence
    assert Connection.objects.get(slug="freshservice").health == Connection.Health.OK


def test_a_redirect_out_of_the_allowed_hosts_is_not_followed(scene: Scene) -> None:
    scene.fresh.file_redirect = scene.fresh.url  # the API itself: the key must not go there either
    ticket = scene.do("new_ticket", subject="No power")
    scene.do("attach", name="log.txt", ticket=ticket, text="one")
    scene.hint(ticket)
    assert scene.files() == []
    assert not [call for call in scene.reads() if "moved" in call]
    assert "Hosts of files" in Connection.objects.get(slug="freshservice").health_cause


def test_a_picture_that_claims_the_id_of_a_file_does_not_keep_that_file_back(scene: Scene) -> None:
    """The id of a picture stands in the HTML, where anybody may write one."""
    other = scene.do("new_ticket", subject="Mine")
    image = scene.do("insert_image", ticket=other)
    coming = scene.fresh.data.last_id + 1
    row = scene.fresh.data.tickets[other]
    row["description"] = showing.image(image).replace(f'data-id="{image}"', f'data-id="{coming}"')
    scene.hint(other)
    ticket = scene.do("new_ticket", subject="No power")
    assert scene.do("attach", name="log.txt", ticket=ticket, text="one") == coming
    scene.hint(ticket)
    assert ("log.txt", b"one") in scene.files()


def test_a_file_that_its_host_does_not_have_keeps_back_no_other(scene: Scene) -> None:
    ticket = scene.do("new_ticket", subject="No power")
    scene.do("attach", name="..", ticket=ticket, text="nobody finds it")  # its address leads one level up
    for name in ("a", "b"):
        scene.do("attach", name=name, ticket=ticket, text=f"the content of {name}")
    scene.hint(ticket)
    assert scene.files() == [("a", b"the content of a"), ("b", b"the content of b")]
    for _ in range(6):
        scene.work(minutes=60)
    scene.catch_up()
    assert len(scene.held()) == 1
    assert len(scene.records("files")) == 2


def test_a_file_whose_hanging_was_refused_is_not_sent_again(scene: Scene) -> None:
    ticket = scene.do("new_ticket", subject="No power")
    scene.do("attach", name="log.txt", ticket=ticket, text="one")
    scene.toga.fault("500_errors", method="POST", path="/ticket-note-files$", value="Not now.")
    scene.hint(ticket)
    for _ in range(2):
        scene.clock.shift(900)
        scene.catch_up()
    assert scene.files() == [("log.txt", b"one")]
    assert len(scene.records("files")) == 1
