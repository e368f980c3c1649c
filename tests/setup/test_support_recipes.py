"""The recipes of docs/support.md do what they say, in their order, as somebody would paste them into the shell."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps

from integrations.core.models import ApiCall, Connection, HeldItem, Job, RecordLink, User
from integrations.core.streams import streams_of
from tests.toga_togadesk.scene import a_scene

ROOT = Path(__file__).resolve().parents[2]
READMES = sorted((ROOT / "integrations").glob("*/README.md"))


def blocks(path: Path) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


@pytest.mark.django_db(transaction=True)
def test_the_recipes_of_the_support_page_can_be_played(tmp_path: Path) -> None:
    with a_scene(tmp_path) as scene:
        User.objects.create_superuser("anna", password="a-long-password-of-anna")
        RecordLink.objects.create(
            integration=scene.integration, object_type="ticket", left_id="a-uuid", right_id="4711", state="active"
        )
        row = next(one for one in streams_of(scene.integration) if one.slug == "tickets_to_togadesk")
        HeldItem.objects.create(stream=row, record_id="4711", cause="permanent", sentence="TOGaDesk refused it.")
        Job.objects.create(kind="core.run_stream", args=[row.pk], key=f"stream:{row.pk}", state=Job.State.DEAD)
        said: dict[str, Any] = {}
        for block in blocks(ROOT / "docs" / "support.md"):
            exec(compile(block, "docs/support.md", "exec"), said)  # noqa: S102 - our own document, as a person would
        assert HeldItem.objects.get().state == HeldItem.State.DISMISSED
        assert not Job.objects.filter(state=Job.State.DEAD).exists()
        assert ApiCall.objects.filter(source="support").exists()
        assert not Connection.objects.filter(is_paused=True).exists()


@pytest.mark.parametrize("path", READMES, ids=lambda path: path.parent.name)
def test_what_an_integrations_shell_recipes_import_is_there(path: Path) -> None:
    assert apps.ready
    imports = [line for block in blocks(path) for line in block.splitlines() if line.startswith("from ")]
    assert imports
    for line in imports:
        exec(line, {})  # noqa: S102 - our own document
