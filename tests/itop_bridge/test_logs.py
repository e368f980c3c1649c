"""The private log, both ways."""

from __future__ import annotations

import base64

import pytest

from .scene import Scene


def test_entries_go_both_ways_in_their_authors_names_and_never_come_home(scene: Scene) -> None:
    ticket, twin = scene.a_pair()
    scene.outside("add_log", ticket=ticket, text="Smoke everywhere", by="agnes")
    scene.inside("add_log", ticket=twin, text="Unplugged it", by="otto")
    scene.reconcile()
    for _ in range(3):
        scene.reconcile()
    assert sorted(scene.log(scene.internal, twin)) == sorted(
        [("Agnes Weber (external)", "Smoke everywhere"), ("Otto Lang", "Unplugged it")]
    )
    assert sorted(scene.log(scene.external, ticket)) == sorted(
        [("Agnes Weber", "Smoke everywhere"), ("Otto Lang (internal)", "Unplugged it")]
    )
    assert len(scene.all_writes()) == 2


def test_what_was_said_before_the_twin_was_made_is_there_in_its_order(scene: Scene) -> None:
    ticket = scene.outside("new_ticket", title="One", private_log="First")
    for text in ("Second", "Third"):
        scene.outside("add_log", ticket=ticket, text=text)
    scene.reconcile()
    twin = scene.twin_of(ticket)
    assert [text for _, text in scene.log(scene.internal, twin)] == ["First", "Second", "Third"]


def test_equal_entries_are_as_many_on_the_other_side(scene: Scene) -> None:
    ticket, twin = scene.a_pair()
    for _ in range(3):
        scene.external.do("add_log", {"ticket": ticket, "text": "ping"})
    for _ in range(3):
        scene.reconcile()
    assert [text for _, text in scene.log(scene.internal, twin)] == ["ping"] * 3


def test_an_account_that_may_not_write_in_other_names_puts_them_before(scene: Scene) -> None:
    profiles = ["REST Services User", "Support Agent", "Service Desk Agent"]
    for itop in (scene.external, scene.internal):
        itop.do("account", {"login": "bridge", "profiles": profiles})
    ticket, twin = scene.a_pair()
    scene.outside("add_log", ticket=ticket, text="Smoke")
    scene.inside("add_log", ticket=twin, text="Water", by="otto")
    for _ in range(3):
        scene.reconcile()
    (_, (author, text)) = sorted(scene.log(scene.internal, twin), key=lambda one: "wrote:" in one[1])
    assert author == "Bridge Robot"
    assert text.split() == ["Agnes", "Weber", "(external)", "wrote:", "Smoke"]
    assert len(scene.log(scene.external, ticket)) == 2


def test_what_runs_in_a_browser_is_not_handed_on(scene: Scene) -> None:
    ticket, twin = scene.a_pair()
    stored = '<p onclick="x()">Hi <b>there</b><script>alert(1)</script></p>'
    scene.ticket(scene.external, ticket)["private_log"].append(
        {
            "date": "2026-01-01 10:00:00",
            "user_login": "Mallory",
            "user_id": 0,
            "message": "Hi",
            "message_html": stored,
        }
    )
    scene.outside("edit_ticket", ticket=ticket, title="Touched")
    scene.reconcile()
    sent = [call.body for call in scene.internal.calls if "add_item" in call.body]
    assert len(sent) == 1
    assert "onclick" not in sent[0]
    assert "alert" not in sent[0]
    assert "<b>there</b>" in scene.ticket(scene.internal, twin)["private_log"][0]["message_html"]


@pytest.mark.parametrize("fault", ["answer_lost", "committed_500", "truncated", "not_received"])
def test_an_entry_whose_answer_is_lost_or_spoiled_is_there_once(scene: Scene, fault: str) -> None:
    ticket, twin = scene.a_pair()
    scene.outside("add_log", ticket=ticket, text="Smoke")
    scene.internal.fault(fault, path="core/update UserRequest")
    for _ in range(4):
        scene.reconcile(minutes=6)
    assert [text for _, text in scene.log(scene.internal, twin)] == ["Smoke"]
    assert [text for _, text in scene.log(scene.external, ticket)] == ["Smoke"]
    assert scene.held() == []


def test_a_call_without_an_answer_is_not_sent_again_while_it_may_still_arrive(scene: Scene) -> None:
    ticket, twin = scene.a_pair()
    scene.outside("add_log", ticket=ticket, text="Smoke")
    scene.internal.fault("late_commit", path="core/update UserRequest")
    scene.reconcile()
    scene.reconcile(minutes=2)
    assert len(scene.writes(scene.internal)) == 1
    scene.internal.commit_pending()
    for _ in range(3):
        scene.reconcile()
    assert [text for _, text in scene.log(scene.internal, twin)] == ["Smoke"]


def test_an_entry_swallowed_by_a_parallel_append_is_written_again_after_two_looks(scene: Scene) -> None:
    ticket, twin = scene.a_pair()
    scene.internal.do("switch", {"name": "lost_appends", "value": 1})
    scene.outside("add_log", ticket=ticket, text="Smoke")
    scene.reconcile()
    assert scene.log(scene.internal, twin) == []
    assert len(scene.writes(scene.internal)) == 1
    assert "missing in the internal log" in scene.held()[0]
    scene.reconcile()
    scene.reconcile()
    assert [text for _, text in scene.log(scene.internal, twin)] == ["Smoke"]
    assert [text for _, text in scene.log(scene.external, ticket)] == ["Smoke"]
    assert scene.held() == []


def test_a_picture_in_an_entry_becomes_an_attachment_that_the_entry_names(scene: Scene) -> None:
    ticket, twin = scene.a_pair()
    number = scene.outside("add_log", ticket=ticket, text="", picture="shot.png")
    scene.reconcile()
    scene.reconcile()
    ((name, content),) = scene.files(scene.internal, twin)
    assert name == f"picture-{number} shot.png"
    assert content == scene.external.data.get("InlineImage", number)["contents"].content  # type: ignore[index]
    assert f"picture-{number}" in scene.log(scene.internal, twin)[0][1]
    assert scene.files(scene.external, ticket) == [], "it does not come home as an attachment"


def test_a_picture_inside_the_text_becomes_an_attachment_and_a_foreign_one_is_not_fetched(scene: Scene) -> None:
    ticket, twin = scene.a_pair()
    pixel = base64.b64encode(b"GIF89a made up").decode()
    text = f'<p>a <img src="data:image/gif;base64,{pixel}"> b <img src="http://tracker.example.com/x.png"></p>'
    scene.outside("add_log", ticket=ticket, text=text)
    scene.reconcile()
    ((name, content),) = scene.files(scene.internal, twin)
    assert name.endswith(".gif")
    assert content == b"GIF89a made up"
    assert "picture at http://tracker.example.com/x.png" in scene.log(scene.internal, twin)[0][1]


def test_the_logs_stay_where_they_are_when_the_switches_say_so(scene: Scene) -> None:
    scene.options(logs_to_internal=False, logs_to_external=False)
    ticket, twin = scene.a_pair()
    scene.outside("add_log", ticket=ticket, text="Smoke")
    scene.inside("add_log", ticket=twin, text="Water")
    scene.reconcile()
    assert scene.all_writes() == []
