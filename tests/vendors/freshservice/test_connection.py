"""Test connection says each step, and what to change."""

from __future__ import annotations

import pytest

from integrations.vendors.freshservice import OUR_SHARE, PER_MINUTE, VENDOR
from integrations.vendors.freshservice.hosts import DEFAULT_HOSTS, FileHosts
from integrations.vendors.freshservice.plans import ALL, calls_per_minute, compared, endpoint_of
from integrations.vendors.freshservice.simulator import FreshserviceSimulator

from .conftest import OpenApi, sent
from .saying import always, capture, saying


def test_a_good_connection_passes_every_step_in_few_calls(
    freshservice: FreshserviceSimulator, open_api: OpenApi
) -> None:
    steps = list(open_api(workspace_ids="2, 3").test_connection())
    assert [(step.name, step.ok) for step in steps] == [
        ("Credentials", True),
        ("Changed tickets", True),
        ("Ticket fields", True),
        ("Workspaces", True),
        ("Hosts of files", True),
        ("Plan", True),
    ]
    assert steps[2].detail == "8 categories can be read."
    assert steps[3].detail == "Readable: IT, HR."
    assert len(sent(freshservice)) == 5


def test_without_workspaces_none_are_read(freshservice: FreshserviceSimulator, open_api: OpenApi) -> None:
    assert "Workspaces" not in [step.name for step in open_api().test_connection()]
    assert "GET workspaces" not in sent(freshservice)


def test_a_wrong_key_ends_the_test_at_once(freshservice: FreshserviceSimulator, open_api: OpenApi) -> None:
    (step,) = open_api(api_key="wrong").test_connection()
    assert (step.name, step.ok, "API key" in step.detail) == ("Credentials", False, True)


def test_a_workspace_that_is_not_seen_is_named_with_those_that_are(open_api: OpenApi) -> None:
    *_, last = open_api(workspace_ids="2,9").test_connection()
    assert (last.name, last.ok) == ("Workspaces", False)
    assert "workspaces 9; it sees 2 (IT), 3 (HR)" in last.detail


def test_a_filter_that_gets_lost_fails_the_test() -> None:
    with saying(always(capture("tickets"))) as (_, api):
        *_, last = api.test_connection()
    assert (last.name, last.ok, "updated_since" in last.detail) == ("Changed tickets", False, True)


def test_a_bad_host_fails_the_test(open_api: OpenApi) -> None:
    *_, last = open_api(attachment_hosts="https://files.example/").test_connection()
    assert (last.name, last.ok, "Hosts of files" in last.detail) == ("Hosts of files", False, True)


@pytest.mark.parametrize(
    ("real", "chosen", "said"),
    [
        ("starter", "starter", "as Starter (Blossom) does"),
        ("pro", "starter", "400 calls a minute, which is the plan Pro (Estate); the connection says Starter"),
        ("starter", "enterprise", "the connection says Enterprise (Forest) (500)"),
    ],
)
def test_the_plan_that_is_seen_is_told_beside_the_one_that_was_chosen(
    freshservice: FreshserviceSimulator, open_api: OpenApi, real: str, chosen: str, said: str
) -> None:
    freshservice.plan = real
    *_, last = open_api(plan=chosen).test_connection()
    assert last.ok
    assert said in last.detail


@pytest.mark.parametrize("seen", ["", "many", "-1", "٣", "9999999"])
def test_a_vendor_that_says_nothing_of_its_limits_leaves_the_chosen_plan(seen: str) -> None:
    assert "does not say how many calls it allows; Pro (Estate) (400" in compared(seen, {"plan": "pro"})


# --- the declaration --------------------------------------------------------------------------------------------


def test_the_secret_is_the_key_alone() -> None:
    assert VENDOR.secret_names() == {"api_key"}
    assert [field.name for field in VENDOR.settings] == ["workspace_ids", "attachment_hosts", "plan", "max_file_mb"]
    defaults = {field.name: field.default for field in VENDOR.settings}
    assert (defaults["plan"], defaults["max_file_mb"]) == ("starter", "40")
    assert len(FileHosts.of(defaults["attachment_hosts"]).hosts) == 3
    assert defaults["attachment_hosts"] == DEFAULT_HOSTS


@pytest.mark.parametrize(
    ("method", "path", "bucket"),
    [
        ("GET", "/api/v2/tickets", "list tickets"),
        ("GET", "/api/v2/tickets/filter", "list tickets"),
        ("GET", "/api/v2/tickets/12", "view ticket"),
        ("GET", "/api/v2/tickets/12/conversations", "other"),
        ("POST", "/api/v2/tickets", "create ticket"),
        ("PUT", "/api/v2/tickets/12", "update ticket"),
        ("POST", "/api/v2/tickets/12/notes", "other"),
        ("GET", "/api/v2/agents", "list agents"),
        ("GET", "/api/v2/agents/12", "other"),
        ("GET", "/api/v2/requesters", "list requesters"),
        ("GET", "/api/v2/ticket_form_fields", "other"),
        ("GET", "/data/helpdesk/attachments/production/1/original/a.png", "other"),
    ],
)
def test_each_call_has_its_budget(method: str, path: str, bucket: str) -> None:
    assert endpoint_of(method, path) == VENDOR.endpoint_of(method, path) == bucket


@pytest.mark.parametrize("plan", PER_MINUTE)
def test_our_share_of_a_plan_leaves_a_fifth_to_others(plan: str) -> None:
    ours = calls_per_minute({"plan": plan})
    assert ours.keys() == PER_MINUTE[plan].keys()
    assert all(ours[name] == number * 8 // 10 for name, number in PER_MINUTE[plan].items())
    assert OUR_SHARE == 0.8


@pytest.mark.parametrize("settings", [{}, {"plan": ""}, {"plan": "unheard of"}, {"plan": None}])
def test_without_a_plan_the_smallest_is_taken(settings: dict[str, str]) -> None:
    assert calls_per_minute(settings)[ALL] == 80
