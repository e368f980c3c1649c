"""What the documents say exists, exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]


def texts() -> list[pytest.ParameterSet]:
    return [pytest.param(path, path.read_text(encoding="utf-8"), id=path.name) for path in DOCUMENTS]


@pytest.mark.parametrize(("path", "text"), texts())
def test_every_link_leads_somewhere(path: Path, text: str) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", text):
        if "://" not in target:
            assert (path.parent / target.partition("#")[0]).exists(), target


@pytest.mark.parametrize(("path", "text"), texts())
def test_every_make_target_mentioned_exists(path: Path, text: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    mentioned = set(re.findall(r"(?:`|^|[A-Z]+=\S+ )make ([a-z-]+)", text, re.MULTILINE))
    assert mentioned <= targets


@pytest.mark.parametrize(("path", "text"), texts())
def test_no_document_knows_anybodys_machine(path: Path, text: str) -> None:
    assert not re.search(r"/(work|home|root|Users)/", text)
