"""An attachment whose content or name was replaced in place: nothing but a webhook tells of it."""

from __future__ import annotations

import pytest

from integrations.itop_bridge import contents

from .scene import Scene
from .test_echo import listen

ATTACHMENT = '{"event": "attachment.update", "attachment_id": "%s", "item_class": "UserRequest", "item_id": "%s"}'


def a_pair_with_a_file(scene: Scene) -> tuple[int, int, int, int]:
    """A ticket and its twin, and the same for an attachment."""
    ticket, twin = scene.a_pair(files=[{"name": "a.txt", "text": "first"}])
    return ticket, twin, only(scene, "external", ticket), only(scene, "internal", twin)


def only(scene: Scene, role: str, ticket: int) -> int:
    itop = getattr(scene, role)
    (record,) = itop.data.attachments_of(scene.ticket(itop, ticket))
    return int(record["id"])


def told(scene: Scene, role: str, number: int, ticket: int) -> None:
    """The webhook about it, and the second look that every known attachment gets."""
    scene.hint(role, "update-attachment", ATTACHMENT % (number, ticket))
    scene.work(seconds=11)


def fetched(scene: Scene) -> int:
    return sum(",contents" in call.body for itop in (scene.external, scene.internal) for call in itop.calls)


@pytest.mark.parametrize("values", [{"text": "second"}, {"text": "first", "name": "b.txt"}], ids=["content", "name"])
@pytest.mark.parametrize("role", ["external", "internal"])
def test_a_replaced_attachment_takes_the_place_of_its_twin(scene: Scene, role: str, values: dict[str, str]) -> None:
    ticket, twin, original, copy = a_pair_with_a_file(scene)
    number, item = (original, ticket) if role == "external" else (copy, twin)
    getattr(scene, role).do("replace_attachment", {"attachment": number, **values})
    told(scene, role, number, item)
    wanted = [(values.get("name", "a.txt"), values["text"].encode())]
    assert scene.files(scene.external, ticket) == scene.files(scene.internal, twin) == wanted
    assert (only(scene, "external", ticket), only(scene, "internal", twin)) == (original, copy)
    assert len(scene.all_writes()) == 1
    scene.forget()
    for _ in range(2):
        scene.reconcile(minutes=61)
    assert (scene.all_writes(), fetched(scene)) == ([], 0)


def test_contents_are_read_only_where_a_webhook_came_after_they_were_read(scene: Scene) -> None:
    ticket, _, original, _ = a_pair_with_a_file(scene)
    for _ in range(2):
        scene.reconcile(minutes=61)
    assert fetched(scene) == 0
    told(scene, "external", original, ticket)
    assert (fetched(scene), scene.all_writes()) == (1, [])


def test_the_echo_of_a_replaced_attachment_ends_by_itself(scene: Scene) -> None:
    _, twin, original, _ = a_pair_with_a_file(scene)
    listen(scene)
    scene.outside("replace_attachment", attachment=original, text="second")
    for _ in range(4):
        scene.work(seconds=20)
    assert scene.files(scene.internal, twin) == [("a.txt", b"second")]
    assert len(scene.all_writes()) == 1
    assert fetched(scene) == 2, "the new content, and what was stored of it"


def test_where_both_were_replaced_the_original_wins(scene: Scene) -> None:
    ticket, twin, original, copy = a_pair_with_a_file(scene)
    scene.outside("replace_attachment", attachment=original, text="theirs")
    scene.inside("replace_attachment", attachment=copy, text="ours")
    told(scene, "internal", copy, twin)
    told(scene, "external", original, ticket)
    assert scene.files(scene.external, ticket) == scene.files(scene.internal, twin) == [("a.txt", b"theirs")]


def test_a_replaced_attachment_that_was_deleted_as_well_stays_deleted(scene: Scene) -> None:
    ticket, twin, original, copy = a_pair_with_a_file(scene)
    scene.inside("replace_attachment", attachment=copy, text="ours")
    scene.outside("delete_attachment", attachment=original)
    told(scene, "internal", copy, twin)
    for _ in range(3):
        scene.reconcile(minutes=61)
    assert scene.files(scene.external, ticket) == scene.files(scene.internal, twin) == []


@pytest.mark.parametrize("fault", ["answer_lost", "not_received"])
def test_a_replacement_whose_answer_is_lost_or_spoiled_arrives_once(scene: Scene, fault: str) -> None:
    ticket, twin, original, _ = a_pair_with_a_file(scene)
    scene.outside("replace_attachment", attachment=original, text="second")
    scene.internal.fault(fault, path="core/update Attachment")
    told(scene, "external", original, ticket)
    for _ in range(3):
        scene.work(seconds=360)
    assert scene.files(scene.internal, twin) == [("a.txt", b"second")]
    assert len([call for call in scene.internal.calls if call.committed]) == 1
    assert scene.held() == []


def test_a_replacement_that_may_still_arrive_is_not_overtaken_by_the_next_one(scene: Scene) -> None:
    ticket, twin, original, _ = a_pair_with_a_file(scene)
    scene.outside("replace_attachment", attachment=original, text="second")
    scene.internal.fault("late_commit", path="core/update Attachment")
    told(scene, "external", original, ticket)
    scene.outside("replace_attachment", attachment=original, text="third")
    told(scene, "external", original, ticket)
    assert len(scene.all_writes()) == 1
    scene.internal.commit_pending()
    for _ in range(3):
        scene.work(seconds=360)
    assert scene.files(scene.internal, twin) == [("a.txt", b"third")]
    assert scene.held() == []


def test_a_replacement_that_no_webhook_told_of_is_brought_when_a_person_syncs_the_pair(scene: Scene) -> None:
    ticket, twin, original, _ = a_pair_with_a_file(scene)
    scene.outside("replace_attachment", attachment=original, text="second")
    for _ in range(2):
        scene.reconcile(minutes=61)
    assert scene.files(scene.internal, twin) == [("a.txt", b"first")], "the limit: no list tells"
    contents.doubt(scene.link(ticket))
    scene.hint("external", "update-ticket", f'{{"id": "{ticket}"}}')
    assert scene.files(scene.internal, twin) == [("a.txt", b"second")]


def test_a_file_that_was_too_large_is_brought_once_a_smaller_one_took_its_place(scene: Scene) -> None:
    ticket, twin = scene.a_pair()
    connection = scene.integration.connection("external")
    connection.settings |= {"max_file_mb": "1"}
    connection.save()
    number = scene.outside("attach", ticket=ticket, name="big.bin", size=1_200_000)
    scene.reconcile()
    assert "larger than the connection allows" in scene.held()[0]
    scene.outside("replace_attachment", attachment=number, text="small")
    told(scene, "external", number, ticket)
    scene.reconcile()
    assert scene.files(scene.internal, twin) == [("big.bin", b"small")]
    assert scene.held() == []


def test_what_was_announced_is_not_forgotten_when_the_look_fails(scene: Scene) -> None:
    ticket, twin, original, _ = a_pair_with_a_file(scene)
    scene.outside("replace_attachment", attachment=original, text="second")
    scene.external.fault("garbage", path="core/get Ticket")
    scene.hint("external", "update-attachment", ATTACHMENT % (original, ticket))
    assert scene.deliveries() == ["failed"]
    scene.reconcile(minutes=61)
    assert scene.files(scene.internal, twin) == [("a.txt", b"second")]
    assert scene.held() == []
