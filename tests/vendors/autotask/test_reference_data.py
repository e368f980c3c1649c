"""Picklists from the metadata, and the steps of "Test connection"."""

from __future__ import annotations

import json
from typing import Any

import pytest

from integrations.transport.errors import MalformedResponseError
from integrations.vendors.autotask.api import AutotaskApi
from integrations.vendors.autotask.simulator import AutotaskSimulator
from integrations.vendors.simulation import Reply, Request

from .conftest import DRAFT
from .saying import saying

# --- reference data ---------------------------------------------------------------------------------------------


def test_picklists_come_as_numbers_in_the_vendors_order_with_inactive_values(api: AutotaskApi) -> None:
    lists = api.ticket_picklists()
    assert set(lists) == {"queue", "source", "status", "priority"}
    assert [(one.value, one.label, one.is_active) for one in lists["priority"]] == [
        (4, "Critical", True),
        (1, "High", True),
        (2, "Medium", True),
        (6, "Low", True),
        (3, "Someday", False),
    ]
    assert lists["source"][0].value == -1


def changed_fields(name: str, **values: Any) -> Any:
    def change(request: Request, reply: Reply) -> Reply:
        if not request.path.endswith("/fields"):
            return reply
        fields = json.loads(reply.body)["fields"]
        return Reply.of({"fields": [one | values if one["name"] == name else one for one in fields]})

    return change


@pytest.mark.parametrize("value", ["x", "1.5", "1_0", "²", "", None, True, "99999999999"])
def test_a_picklist_value_that_is_no_number_is_malformed(value: Any) -> None:
    with saying() as (autotask, api):
        wrong = {"value": value, "label": "l", "isActive": True, "sortOrder": 1}
        autotask.change = changed_fields("queueID", picklistValues=[wrong])
        with pytest.raises(MalformedResponseError):
            api.ticket_picklists()


def test_a_list_that_is_not_there_is_malformed_and_not_empty() -> None:
    with saying() as (autotask, api):
        autotask.change = changed_fields("status", picklistValues=None)
        with pytest.raises(MalformedResponseError, match="status"):
            api.ticket_picklists()


def test_a_strange_list_of_another_field_does_no_harm() -> None:
    with saying() as (autotask, api):
        autotask.change = changed_fields("title", picklistValues=[{"value": "A", "label": None}])
        assert api.ticket_picklists()["queue"]


# --- test connection --------------------------------------------------------------------------------------------


def test_every_step_of_the_connection_test_passes(api: AutotaskApi) -> None:
    assert [step.ok for step in api.test_connection()] == [True] * 5


@pytest.mark.parametrize(
    ("switch", "value", "passed"),
    [("foreign_zone", True, 0), ("suspended", True, 1), ("restricted", True, 2), ("external_id_queryable", False, 3)],
)
def test_the_connection_test_stops_at_the_first_step_that_fails(
    api: AutotaskApi, autotask: AutotaskSimulator, switch: str, value: bool, passed: int
) -> None:
    setattr(autotask, switch, value)
    assert [step.ok for step in api.test_connection()] == [True] * passed + [False]


def test_a_ticket_opens_in_autotasks_own_pages(api: AutotaskApi, autotask: AutotaskSimulator) -> None:
    number = api.create_ticket(DRAFT)
    assert api.ticket_url(number) == (
        f"{autotask.url}/Autotask/AutotaskExtend/ExecuteCommand.aspx?Code=OpenTicketDetail&TicketID={number}"
    )
