"""The file of the admin's guide sets up what it says, and is all that two iTops need to be bridged."""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from pathlib import Path

import pytest
import time_machine

from integrations.core.config import ConfigProblems, apply_config, export_config
from integrations.core.models import AuditEntry, Connection, Integration, RecordLink, Stream
from integrations.core.schedule import tick
from integrations.itop_bridge.models import BridgeOptions, ValueWord
from integrations.vendors.itop.simulator import PASSWORD
from tests.vendors.itop.saying import SayingItop, both

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "itop.md"
ZONE = "Asia/Jakarta"
VARIABLES = {
    **{f"ITOP_{side}_PASSWORD": PASSWORD for side in ("EXTERNAL", "INTERNAL")},
    **{f"ITOP_{side}_SECRET": f"a-long-enough-secret-{side}" for side in ("EXTERNAL", "INTERNAL")},
    **{f"ELITE_ITOP_{side}_PASSWORD": PASSWORD for side in ("EXTERNAL", "INTERNAL")},
    **{f"ELITE_ITOP_{side}_WEBHOOK_SECRET": f"a-long-enough-secret-{side}" for side in ("EXTERNAL", "INTERNAL")},
}


@pytest.fixture(autouse=True)
def _variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)


def _file() -> str:
    return "\n".join(re.findall(r"```toml\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL))


@pytest.fixture
def itops() -> tuple[SayingItop, SayingItop]:
    """As the guide's file has them: their zone, and a field of the provider's own for the ref."""
    external, internal = both()
    for itop in (external, internal):
        itop.data.clock.reset(ZONE)
    internal.do("custom_field", {"name": "external_ref"})
    internal.has_incidents = False
    return external, internal


def _file_for(external: SayingItop, internal: SayingItop) -> str:
    """The guide's file with the addresses of these two, which are private ones."""
    text = _file()
    for address, itop in (("https://itop.example.com", external), ("https://support.example.com/itop", internal)):
        assert f'base_url = "{address}"' in text
        text = text.replace(f'"{address}"', f'"{itop.url}"\n  allow_private_address = true')
    return text


@pytest.mark.django_db
def test_the_file_of_the_guide_sets_everything_up() -> None:
    text = _file()
    apply_config(text)
    integration = Integration.objects.get(slug="bridge")
    options = BridgeOptions.objects.get(integration=integration)
    assert options.problem() == ""
    assert options.defaults("internal")["marker_field"] == "external_ref"
    assert Connection.objects.filter(webhook_digest="").count() == 0
    assert {change.action for change in apply_config(text)} == {"unchanged"}
    assert 'marker_field = "external_ref"' in export_config()


@pytest.mark.django_db(transaction=True)
def test_the_file_alone_bridges_two_itops(itops: tuple[SayingItop, SayingItop]) -> None:
    external, internal = itops
    with time_machine.travel(dt.datetime.now(dt.UTC), tick=True) as clock:
        apply_config(_file_for(external, internal))
        request = external.do("new_ticket", {"title": "Printer is on fire", "urgency": "1", "private_log": "Smoke"})
        incident = external.do("new_ticket", {"title": "All is down", "class_name": "Incident"})
        clock.shift(60)
        tick()
    twins = {link.left_id: int(link.right_id) for link in RecordLink.objects.filter(object_type="ticket")}
    assert twins.keys() == {str(request), str(incident)}
    twin = internal.data.get("Ticket", twins[str(request)]) or {}
    assert (twin["title"], twin["urgency"]) == ("Printer is on fire", "2")
    assert twin["external_ref"] == (external.data.get("Ticket", request) or {})["ref"]
    assert [entry["message"] for entry in twin["private_log"]] == ["Smoke"]
    assert (internal.data.get("Ticket", twins[str(incident)]) or {})["class"] == "UserRequest"


@pytest.mark.django_db
def test_what_is_exported_is_what_was_applied() -> None:
    apply_config(_file())
    exported = export_config()
    assert {change.action for change in apply_config(exported)} == {"unchanged"}
    (bridge,) = tomllib.loads(exported)["clients"][0]["integrations"]
    (given,) = tomllib.loads(_file())["clients"][0]["integrations"]
    assert bridge["streams"]["reconcile"]["approved"] is True
    assert sorted(bridge["options"]["words"], key=str) == sorted(given["options"]["words"], key=str)


@pytest.mark.django_db
def test_the_moment_to_read_from_goes_out_and_comes_in_again() -> None:
    apply_config(_file().replace("classes = [", "start_at = 2026-11-01T08:30:00+07:00\n    classes = ["))
    assert BridgeOptions.objects.get().start_at == dt.datetime(2026, 11, 1, 1, 30, tzinfo=dt.UTC)
    assert {change.action for change in apply_config(export_config())} == {"unchanged"}


@pytest.mark.django_db
def test_a_word_of_the_file_changes_the_row_that_an_admin_edits_and_leaves_others() -> None:
    apply_config(_file())
    ValueWord.objects.create(options=BridgeOptions.objects.get(), field="impact", external="1", internal="3")
    plan = apply_config(_file().replace('external = "1", internal = "2"', 'external = "1", internal = "4"'))
    (change,) = [one for one in plan if one.action != "unchanged"]
    assert str(change) == "change words of elite/bridge: urgency 1\n    internal: 2 → 4"
    assert ValueWord.objects.get(field="impact").internal == "3"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("word", "sentence"),
    [
        ('{ field = "colour", external = "1" }', "'colour' is not a valid choice"),
        ('{ field = "class", external = "Incident", internal = "Problem" }', "A class is one of"),
        ('{ field = "urgency", internal = "1" }', "external: This field cannot be blank"),
        ('{ field = "urgency", external = "1", inside = "1" }', "“inside” is not known here"),
    ],
)
def test_a_word_that_cannot_be_is_refused_with_a_sentence(word: str, sentence: str) -> None:
    wrong = re.sub(r"words = \[.*?\]", f"words = [{word}]", _file(), flags=re.DOTALL)
    with pytest.raises(ConfigProblems, match=sentence):
        apply_config(wrong)
    assert not ValueWord.objects.exists()


@pytest.mark.django_db
def test_the_first_run_waits_where_the_file_does_not_approve_it_and_again_where_it_takes_that_back() -> None:
    apply_config(_file().replace(", approved = true", ""))
    stream = Stream.objects.get()
    assert stream.approved_at is None
    assert "approved" not in export_config()
    for said in ("true", "true", "false"):
        apply_config(_file().replace("approved = true", f"approved = {said}"), by="anna")
        stream.refresh_from_db()
        assert (stream.approved_at is not None) == (said == "true")
    found = AuditEntry.objects.order_by("pk").values_list("action", "actor", "outcome")
    assert list(found) == [("stream.approve", "anna", "done"), ("stream.withdraw_approval", "anna", "done")]


@pytest.mark.django_db
def test_a_dry_run_approves_nothing() -> None:
    plan = apply_config(_file(), dry_run=True)
    assert any("first run approved: no → yes" in str(change) for change in plan)
    assert not AuditEntry.objects.exists()


@pytest.mark.django_db
def test_a_time_zone_that_does_not_exist_is_refused_with_the_one_that_is_meant() -> None:
    with pytest.raises(
        ConfigProblems, match=r"time_zone: There is no time zone 'Asia/Jakata'. Is Asia/Jakarta meant\?"
    ):
        apply_config(_file().replace("Asia/Jakarta", "Asia/Jakata", 1))


@pytest.mark.django_db
@pytest.mark.parametrize("wrong", ["org_idd = 3", 'org_id = "3"', 'marker_field = "a b"'])
def test_defaults_that_cannot_be_are_refused_with_a_sentence(wrong: str) -> None:
    text = _file().replace("external = { agent_id", f"external = {{ {wrong}, agent_id")
    with pytest.raises(ConfigProblems, match="external"):
        apply_config(text)
