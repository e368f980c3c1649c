"""Testing a connection: each step says what works, and the first that does not ends it."""

from __future__ import annotations

import re

import pytest

from integrations.transport.errors import ConfigurationError
from integrations.vendors import Step
from integrations.vendors.itop import VENDOR
from integrations.vendors.itop.api import ItopApi
from integrations.vendors.itop.simulator import ItopSimulator
from integrations.vendors.simulation import Reply

from .conftest import OpenApi, sent
from .saying import always, saying

STEPS = ["Login", "Tickets", "Classes", "Changes", "Persons", "Attachments", "Administrator", "Clock", "Time zone"]


def steps(api: ItopApi) -> dict[str, Step]:
    return {step.name: step for step in api.test_connection()}


def last(api: ItopApi) -> Step:
    """The last step, which failed; all before it worked."""
    done = list(api.test_connection())
    assert [step.name for step in done] == STEPS[: len(done)]
    assert [step.ok for step in done] == [True] * (len(done) - 1) + [False]
    return done[-1]


def test_an_administrator_with_the_rest_profile_passes_every_step_and_changes_nothing(
    itop: ItopSimulator, api: ItopApi
) -> None:
    itop.do("new_ticket", {"title": "No power"})
    before = str(itop.world()["ticket"])
    found = steps(api)
    assert list(found) == STEPS
    assert all(step.ok for step in found.values())
    assert found["Tickets"].detail == "1 can be read."
    assert found["Classes"].detail == "Readable: UserRequest, Incident, NormalChange, RoutineChange, EmergencyChange."
    assert "pictures can be read" in found["Administrator"].detail
    assert found["Time zone"].detail.startswith("Europe/Paris: the newest change would be 0 minutes ago")
    assert not [call for call in itop.calls if call.committed]
    assert str(itop.world()["ticket"]) == before


def test_an_agents_account_passes_and_is_told_what_it_cannot_do(open_api: OpenApi) -> None:
    found = steps(open_api(username="bridge-agent"))
    assert all(step.ok for step in found.values())
    assert "author's put before it" in found["Administrator"].detail


@pytest.mark.parametrize(
    ("username", "password", "step", "sentence"),
    [
        ("bridge", "wrong", "Login", "refused the login"),
        ("nobody", "wrong", "Login", "refused the login"),
        ("admin", "", "Login", "lacks the profile REST Services User in iTop; administrators need it too"),
        ("restonly", "", "Tickets", "profiles in iTop do not allow reading Ticket"),
    ],
)
def test_an_account_that_lacks_something_is_told_what(
    open_api: OpenApi, username: str, password: str, step: str, sentence: str
) -> None:
    failed = last(open_api(username=username, **({"password": password} if password else {})))
    assert (failed.name, sentence in failed.detail) == (step, True), failed


def test_an_account_of_an_organisation_without_tickets_is_told_to_look(itop: ItopSimulator, open_api: OpenApi) -> None:
    itop.do("new_ticket", {"title": "x", "org_id": 4})
    assert "none that this account sees" in steps(open_api(username="limited"))["Tickets"].detail


def test_a_class_that_is_not_installed_or_not_allowed_is_named(itop: ItopSimulator, api: ItopApi) -> None:
    itop.has_incidents = itop.has_changes = False
    detail = steps(api)["Classes"].detail
    assert detail.startswith("Readable: UserRequest. Incident is not installed; NormalChange is not installed")


def test_a_reader_who_may_not_write_is_told_so(itop: ItopSimulator, api: ItopApi) -> None:
    refusal = {
        "code": 1,
        "message": "The current user does not have enough permissions for modifying data of class UserRequest",
    }
    with saying(lambda request, real: Reply.of(refusal) if b"core%2Fupdate" in request.body else real) as (_, other):
        failed = last(other)
    assert (failed.name, "do not allow modifying UserRequest" in failed.detail) == ("Changes", True)


def test_the_account_of_a_wrong_time_zone_is_found_out_by_a_stamp_from_the_future(
    itop: ItopSimulator, open_api: OpenApi
) -> None:
    itop.do("new_ticket", {"title": "x"})
    failed = last(open_api(time_zone="America/New_York"))
    assert (failed.name, "hours ahead of iTop's clock" in failed.detail) == ("Time zone", True)


def test_a_zone_that_would_make_changes_old_is_shown_with_its_minutes(itop: ItopSimulator, open_api: OpenApi) -> None:
    itop.do("new_ticket", {"title": "x"})
    detail = steps(open_api(time_zone="Asia/Jakarta"))["Time zone"].detail
    assert "minutes ago. If that is wrong, the zone is." in detail
    assert not detail.startswith("Asia/Jakarta: the newest change would be 0 ")


def test_a_zone_that_does_not_exist_fails_the_last_step_alone(open_api: OpenApi) -> None:
    failed = last(open_api(time_zone="Mars/Phobos"))
    assert (failed.name, "Mars/Phobos" in failed.detail) == ("Time zone", True)


@pytest.mark.parametrize(("minutes", "way"), [(7, "ahead of"), (-7, "behind")])
def test_a_clock_that_differs_from_the_portals_is_found_out(
    itop: ItopSimulator, api: ItopApi, minutes: int, way: str
) -> None:
    itop.data.clock.pass_seconds(minutes * 60)
    failed = last(api)
    assert failed.name == "Clock"
    assert re.search(rf"[67]\.\d minutes {way} the portal's", failed.detail)


@pytest.mark.parametrize("path", ["", "/", "/webservices/rest.php", "/pages/UI.php"])
def test_the_root_is_understood_however_it_was_copied(itop: ItopSimulator, open_api: OpenApi, path: str) -> None:
    assert "core/get" in open_api(base_url=itop.url + path).operations()
    assert sent(itop) == ["list_operations"]


def test_an_address_that_is_no_itop_is_a_matter_of_configuration(open_api: OpenApi, itop: ItopSimulator) -> None:
    with pytest.raises(ConfigurationError, match="enter iTop's root"):
        open_api(base_url=f"{itop.url}/somewhere").operations()
    page = b"<!doctype html><html><body>Sign in</body></html>"
    with saying(always(page)) as (_, api):
        failed = last(api)
    assert (failed.name, "not usable JSON" in failed.detail) == ("Login", True)


def test_rest_services_without_the_verbs_it_needs_are_named() -> None:
    with saying(always({"code": 0, "message": "", "version": "1.3", "operations": [{"verb": "core/get"}]})) as (_, api):
        assert "core/apply_stimulus" in last(api).detail


def test_a_version_that_this_itop_does_not_speak_is_a_matter_of_configuration(open_api: OpenApi) -> None:
    with pytest.raises(ConfigurationError, match="Check the version"):
        open_api(version="9.9").operations()


def test_credentials_of_others_can_be_checked(api: ItopApi, itop: ItopSimulator) -> None:
    password = itop.data.accounts["agnes"].password
    assert (api.check_credentials("agnes", password), api.check_credentials("agnes", "x")) == (True, False)
    assert password not in str([call.body for call in itop.calls])


def test_the_declaration_has_what_a_connection_form_needs() -> None:
    assert [field.name for field in VENDOR.credentials] == ["username", "password"]
    assert VENDOR.secret_names() == {"password"}
    assert [field.name for field in VENDOR.settings] == ["time_zone", "version", "max_file_mb"]
    assert VENDOR.webhooks is not None
