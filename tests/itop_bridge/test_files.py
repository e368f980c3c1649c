"""Attachments, both ways."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest

from integrations.core.models import RecordLink
from integrations.vendors.simulation import Reply, Request

from .scene import Scene


def test_attachments_go_both_ways_and_never_come_home(scene: Scene) -> None:
    ticket, twin = scene.a_pair()
    scene.outside("attach", ticket=ticket, name="out.txt", text="from outside")
    scene.inside("attach", ticket=twin, name="in.txt", text="from inside")
    for _ in range(3):
        scene.reconcile()
    both = [("in.txt", b"from inside"), ("out.txt", b"from outside")]
    assert scene.files(scene.external, ticket) == both
    assert scene.files(scene.internal, twin) == both
    assert len(scene.all_writes()) == 2


def test_attachments_of_a_new_ticket_come_with_it_byte_by_byte(scene: Scene) -> None:
    ticket = scene.outside(
        "new_ticket",
        title="One",
        files=[{"name": "same.bin", "size": 300_000}, {"name": "same.bin", "text": "other"}, {"name": "empty"}],
    )
    scene.reconcile()
    assert scene.files(scene.internal, scene.twin_of(ticket)) == scene.files(scene.external, ticket)


def test_a_content_is_fetched_once_and_read_back_once(scene: Scene) -> None:
    ticket, _ = scene.a_pair()
    scene.outside("attach", ticket=ticket, name="a.bin", size=1000)
    for _ in range(3):
        scene.reconcile()
    fetched = [call for itop in (scene.external, scene.internal) for call in itop.calls if ",contents" in call.body]
    assert len(fetched) == 2


def test_a_draft_of_a_form_that_nobody_saved_is_left_alone(scene: Scene) -> None:
    scene.a_pair()
    number = scene.outside("upload", name="draft.txt", text="not yet")
    body = f'{{"attachment_id": "{number}", "item_class": "UserRequest", "item_id": "0"}}'
    scene.hint("external", "update-attachment", body)
    scene.reconcile()
    assert scene.all_writes() == []
    assert scene.deliveries() == ["ignored"]


def test_a_file_over_the_limit_holds_the_pair_with_a_sentence_and_is_not_fetched_again(scene: Scene) -> None:
    ticket, twin = scene.a_pair()
    connection = scene.integration.connection("external")
    connection.settings |= {"max_file_mb": "1"}
    connection.save()
    scene.outside("attach", ticket=ticket, name="big.bin", size=1_200_000)
    scene.outside("attach", ticket=ticket, name="small.bin", size=10)
    scene.reconcile()
    assert "“big.bin” is larger than the connection allows (1 MB)" in scene.held()[0]
    assert [name for name, _ in scene.files(scene.internal, twin)] == ["small.bin"]
    scene.forget()
    scene.outside("edit_ticket", ticket=ticket, title="Again")
    scene.reconcile()
    assert not [call for call in scene.external.calls if ",contents" in call.body]


@pytest.mark.parametrize("fault", ["answer_lost", "committed_500", "truncated", "not_received"])
def test_an_attachment_whose_answer_is_lost_or_spoiled_hangs_there_once(scene: Scene, fault: str) -> None:
    ticket, twin = scene.a_pair()
    scene.outside("attach", ticket=ticket, name="a.txt", text="once")
    scene.internal.fault(fault, path="core/create Attachment")
    for _ in range(4):
        scene.reconcile(minutes=6)
    assert scene.files(scene.internal, twin) == [("a.txt", b"once")]
    assert scene.files(scene.external, ticket) == [("a.txt", b"once")]
    assert scene.held() == []


def test_a_deletion_takes_the_twin_alone_and_only_after_two_looks(scene: Scene) -> None:
    ticket, twin = scene.a_pair()
    scene.outside("attach", ticket=ticket, name="a.txt", text="a")
    number = scene.outside("attach", ticket=ticket, name="b.txt", text="b")
    scene.reconcile()
    scene.reconcile()
    scene.forget()
    scene.outside("delete_attachment", attachment=number)
    body = f'{{"attachment_id": "{number}", "item_class": "UserRequest", "item_id": "{ticket}"}}'
    scene.hint("external", "update-attachment", body)
    assert scene.all_writes() == []
    scene.work(seconds=15)
    assert [name for name, _ in scene.files(scene.internal, twin)] == ["a.txt"]
    assert len(scene.all_writes()) == 1
    for _ in range(3):
        scene.reconcile()
    assert len(scene.all_writes()) == 1


def test_a_deletion_that_no_webhook_told_of_is_found_within_an_hour_and_a_run(scene: Scene) -> None:
    ticket, twin = scene.a_pair(files=[{"name": "a.txt", "text": "a"}])
    (record,) = scene.external.data.attachments_of(scene.ticket(scene.external, ticket))
    scene.outside("delete_attachment", attachment=record["id"])
    scene.reconcile(minutes=61)
    scene.reconcile()
    assert scene.files(scene.internal, twin) == []


def test_a_ticket_that_cannot_be_read_takes_no_attachment_with_it(scene: Scene) -> None:
    ticket, twin = scene.a_pair(files=[{"name": "a.txt", "text": "a"}])
    scene.outside("delete_ticket", ticket=ticket)
    for _ in range(3):
        scene.reconcile(minutes=61)
    assert [name for name, _ in scene.files(scene.internal, twin)] == ["a.txt"]
    assert scene.all_writes() == []
    assert scene.link(ticket).state == RecordLink.State.MISSING


def test_a_deletion_whose_answer_is_lost_is_no_trouble(scene: Scene) -> None:
    ticket, twin = scene.a_pair(files=[{"name": "a.txt", "text": "a"}])
    (record,) = scene.external.data.attachments_of(scene.ticket(scene.external, ticket))
    scene.outside("delete_attachment", attachment=record["id"])
    scene.internal.fault("answer_lost", path="core/delete")
    for _ in range(4):
        scene.reconcile(minutes=61)
    assert scene.files(scene.internal, twin) == []
    assert scene.held() == []


def test_a_twin_with_other_bytes_than_were_sent_holds_the_pair(scene: Scene) -> None:
    ticket, twin = scene.a_pair()

    def spoil(request: Request, reply: Reply) -> Reply:
        for one in scene.internal.data.all("Attachment"):
            one["contents"] = replace(one["contents"], content=b"other bytes")
        return reply

    scene.internal.change = spoil
    scene.outside("attach", ticket=ticket, name="a.txt", text="a")
    scene.reconcile()
    assert "stored other bytes of “a.txt”" in scene.held()[0]
    assert len(scene.files(scene.internal, twin)) == 1


def test_a_twin_that_could_not_be_read_back_at_once_is_read_back_later(scene: Scene) -> None:
    ticket, twin = scene.a_pair()
    scene.outside("attach", ticket=ticket, name="a.txt", text="a")
    scene.internal.fault("html_503", path="core/get Attachment::", times=9)
    scene.reconcile()
    scene.internal.faults.clear()
    scene.forget()
    scene.reconcile()
    assert len([call for call in scene.internal.calls if ",contents" in call.body]) == 1
    assert scene.all_writes() == []
    assert scene.files(scene.internal, twin) == [("a.txt", b"a")]
    assert scene.held() == []


def test_attachments_that_are_all_missing_at_once_are_not_deleted(scene: Scene) -> None:
    files = [{"name": "a.txt", "text": "a"}, {"name": "b.txt", "text": "b"}]
    ticket, twin = scene.a_pair(files=files)
    for record in scene.external.data.attachments_of(scene.ticket(scene.external, ticket)):
        record["item_org_id"] = "0"  # as an account of one organisation does not see them
    scene.external.do("account", {"login": "bridge", "orgs": [3]})
    for _ in range(3):
        scene.reconcile(minutes=61)
    assert [name for name, _ in scene.files(scene.internal, twin)] == ["a.txt", "b.txt"]
    assert "All 2 attachments are missing in the external iTop at once" in scene.held()[0]
    scene.external.do("account", {"login": "bridge", "orgs": []})
    scene.reconcile(minutes=361)
    assert scene.held() == []
    assert scene.all_writes() == []


def test_a_copy_deleted_inside_takes_its_original_outside_with_it_as_the_settings_say_at_first(scene: Scene) -> None:
    ticket, twin = scene.a_pair(files=[{"name": "a.txt", "text": "a"}])
    (copy,) = scene.internal.data.attachments_of(scene.ticket(scene.internal, twin))
    scene.inside("delete_attachment", attachment=copy["id"])
    scene.reconcile(minutes=61)
    scene.reconcile()
    assert scene.files(scene.external, ticket) == []


@pytest.mark.parametrize("way", ["outside", "inside"])
def test_a_deletion_that_the_settings_keep_on_its_side_leaves_the_twin_and_brings_nothing_back(
    scene: Scene, way: str
) -> None:
    scene.options(deletions_to_external=False, deletions_to_internal=False)
    ticket, twin = scene.a_pair(files=[{"name": "a.txt", "text": "a"}, {"name": "b.txt", "text": "b"}])
    here, other = (scene.external, scene.internal) if way == "outside" else (scene.internal, scene.external)
    number, kept_on = (ticket, twin) if way == "outside" else (twin, ticket)
    (record, _) = here.data.attachments_of(scene.ticket(here, number))
    getattr(scene, way)("delete_attachment", attachment=record["id"])
    for _ in range(3):
        scene.reconcile(minutes=61)
    scene.options(deletions_to_external=True, deletions_to_internal=True)  # from now on, and not for what was before
    for _ in range(2):
        scene.reconcile(minutes=61)
    assert [name for name, _ in scene.files(here, number)] == ["b.txt"]
    assert [name for name, _ in scene.files(other, kept_on)] == ["a.txt", "b.txt"]
    assert scene.all_writes() == []
    assert scene.held() == []
    link = RecordLink.objects.get(object_type="file", state=RecordLink.State.MISSING)
    assert "its twin stays" in link.cause


def test_an_attachment_that_was_hidden_for_a_moment_is_looked_for_twice_when_it_is_gone_later(scene: Scene) -> None:
    ticket, twin = scene.a_pair(files=[{"name": "a.txt", "text": "a"}])
    (record,) = scene.external.data.attachments_of(scene.ticket(scene.external, ticket))
    number, record["item_id"] = record["item_id"], "999"
    scene.reconcile(minutes=61)
    record["item_id"] = number
    scene.reconcile(minutes=2 * 24 * 60)
    scene.outside("delete_attachment", attachment=record["id"])
    scene.reconcile(minutes=61)
    assert scene.files(scene.internal, twin) == [("a.txt", b"a")]
    scene.reconcile()
    assert scene.files(scene.internal, twin) == []


@pytest.mark.parametrize("way", ["outside", "inside"])
@pytest.mark.parametrize("meanwhile", ["nothing", "replaced", "deleted"])
def test_an_attachment_that_was_sent_and_not_heard_of_never_comes_home_as_a_new_one(
    scene: Scene, way: str, meanwhile: str
) -> None:
    ticket, twin = scene.a_pair()
    source, target = (scene.external, scene.internal) if way == "outside" else (scene.internal, scene.external)
    number = getattr(scene, way)("attach", ticket=ticket if way == "outside" else twin, name="a.txt", text="a")
    target.fault("answer_lost", path="core/create Attachment")
    scene.reconcile()
    if meanwhile == "replaced":
        source.do("replace_attachment", {"attachment": number, "text": "b"})
        body = f'{{"attachment_id": "{number}", "item_class": "UserRequest", "item_id": "1"}}'
        scene.hint("external" if way == "outside" else "internal", "update-attachment", body)
    elif meanwhile == "deleted":
        source.do("delete_attachment", {"attachment": number})
    for _ in range(3):
        scene.work(seconds=11)
        scene.reconcile(minutes=61)
    wanted = {"nothing": [("a.txt", b"a")], "replaced": [("a.txt", b"b")], "deleted": []}[meanwhile]
    assert scene.files(scene.external, ticket) == scene.files(scene.internal, twin) == wanted
    assert sum("core/create Attachment" in one for one in scene.all_writes()) == 1
    assert scene.held() == []


@pytest.mark.parametrize("left", ["nothing was sent", "it was not read back"])
def test_a_picture_of_a_description_is_brought_after_a_process_died_over_it(scene: Scene, left: str) -> None:
    pixel = base64.b64encode(b"GIF89a made up").decode()
    text = f'<p>Look <img src="data:image/gif;base64,{pixel}"></p>'
    ticket, twin = scene.a_pair(description=text)
    link = RecordLink.objects.get(object_type="file")
    if left == "nothing was sent":
        scene.internal.data.objects["Attachment"].clear()
        link.right_id, link.state, link.sent_at, link.base = "", RecordLink.State.CREATING, None, {}
    else:
        link.base.pop("read_back")
    link.save()
    scene.reconcile(minutes=61)
    assert [content for _, content in scene.files(scene.internal, twin)] == [b"GIF89a made up"]
    assert RecordLink.objects.get(object_type="file").base["read_back"]
    assert scene.files(scene.external, ticket) == []
