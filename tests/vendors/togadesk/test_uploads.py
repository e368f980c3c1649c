"""Files in the folder of uploads: whole or not at all, and never outside of it."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest

from integrations.transport.errors import NotFoundError, RejectedError
from integrations.vendors.togadesk.uploads import LONGEST, Uploads, safe_name


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("report.pdf", "report.pdf"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("..", "file"),
        ("", "file"),
        (" . ", "file"),
        ("a\x00b\n.txt", "a_b_.txt"),
        ("C:\\temp\\x.doc", "C__temp_x.doc"),
        ("Übersicht.pdf", "Übersicht.pdf"),
    ],
)
def test_a_vendors_name_becomes_one_part_of_a_path(name: str, safe: str) -> None:
    assert safe_name(name) == safe


@pytest.mark.parametrize("name", ["x" * 500 + ".pdf", "ü" * 300 + ".docx", "." * 300, "a." + "b" * 300])
def test_a_long_name_is_cut_and_keeps_its_ending(name: str) -> None:
    safe = safe_name(name)
    assert 0 < len(safe.encode()) <= LONGEST
    assert safe.rpartition(".")[2] in ("pdf", "docx") or len(name.rpartition(".")[2]) > 20 or safe == "file"


def test_a_file_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    uploads = Uploads(str(tmp_path))
    with suppress(RuntimeError), uploads.writing(1, "a.txt") as (opened, _):
        opened.write(b"half")
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []
    with uploads.writing(1, "../a.txt") as (opened, name):
        opened.write(b"whole")
    assert [path.name for path in tmp_path.iterdir()] == [name] == ["1-_a.txt"]
    assert uploads.has(name, 5)
    assert not uploads.has(name, 4)
    with uploads.reading(name) as (found, size):
        assert (found.read(), size) == (b"whole", 5)


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "..", "", "a/b", "a\x00"])
def test_a_row_that_names_something_outside_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(RejectedError), Uploads(str(tmp_path)).reading(name):
        pass


def test_a_link_and_a_folder_are_no_files(tmp_path: Path) -> None:
    (tmp_path / "uploads").mkdir()
    (tmp_path / "secret").write_text("s")
    (tmp_path / "uploads" / "link").symlink_to(tmp_path / "secret")
    (tmp_path / "uploads" / "folder").mkdir()
    uploads = Uploads(str(tmp_path / "uploads"))
    for name in ("link", "folder"):
        with pytest.raises(RejectedError), uploads.reading(name):
            pass
    with pytest.raises(NotFoundError), uploads.reading("missing"):
        pass
