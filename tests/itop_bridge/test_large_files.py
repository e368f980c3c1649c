"""P14: attachments of any size up to the limit, byte for byte and once, whatever they are called."""

from __future__ import annotations

import pytest

from .scene import Scene

PIECE = 48 * 1024  # what is encoded at a time
SPOOLED = 1_000_000  # beyond it a file waits on disk
FAST = (1, 2, 3, PIECE + 1, SPOOLED + 1)
LONG = (4, 5, PIECE - 1, PIECE, 2 * PIECE, 65_536, 65_537, SPOOLED - 1, SPOOLED, 10_000_000, 39_999_999, 40_000_000)
HOSTILE = (
    *("/etc/passwd", "../x", "..\\..\\boot.ini", "C:\\x.txt", "\u202egnp.exe", "a\r\nX-Evil: 1.txt", '"; rm -rf /'),
    *("%2e%2e%2f", "con", "a" * 5_000, "=cmd|' /C calc'!A0", "<script>alert(1)</script>", "🦜.txt", " "),
)


@pytest.mark.parametrize("way", ["outside", "inside"])
@pytest.mark.parametrize("size", [pytest.param(size, marks=pytest.mark.proof) for size in LONG])
def test_a_file_of_any_size_arrives_byte_for_byte_and_once(scene: Scene, size: int, way: str) -> None:
    ticket, twin = scene.a_pair()
    getattr(scene, way)("attach", ticket=ticket if way == "outside" else twin, name="log.bin", size=size)
    for _ in range(2):
        scene.reconcile()
    assert len(scene.files(scene.external, ticket)[0][1]) == size
    assert scene.files(scene.external, ticket) == scene.files(scene.internal, twin)
    assert len(scene.all_writes()) == 1


def test_files_of_some_sizes_and_of_one_name_all_arrive(scene: Scene) -> None:
    ticket, twin = scene.a_pair()
    for size in FAST:
        scene.outside("attach", ticket=ticket, name="log.bin", size=size)
    scene.outside("attach", ticket=ticket, name="log.bin")  # empty
    for _ in range(2):
        scene.reconcile()
    assert scene.files(scene.external, ticket) == scene.files(scene.internal, twin)
    assert len(scene.all_writes()) == len(FAST) + 1


def test_hostile_names_are_only_names_and_every_file_arrives(scene: Scene) -> None:
    ticket, twin = scene.a_pair()
    for number, name in enumerate(HOSTILE):
        scene.outside("attach", ticket=ticket, name=name, text=f"file {number}")
    for _ in range(2):
        scene.reconcile()
    there = scene.files(scene.internal, twin)
    assert sorted(content for _, content in there) == sorted(f"file {n}".encode() for n in range(len(HOSTILE)))
    assert {name for name, _ in there} == {name[:250] for name in HOSTILE}
    assert scene.held() == []
