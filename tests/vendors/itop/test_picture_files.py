"""Pictures of logs: read as objects by administrators, and by their addresses by everybody else."""

from __future__ import annotations

import io

import pytest

from integrations.transport.errors import (
    ConfigurationError,
    NotFoundError,
)
from integrations.vendors.itop.answers import NotAllowed
from integrations.vendors.itop.api import ItopApi
from integrations.vendors.itop.schemas import Ticket
from integrations.vendors.itop.simulator import ItopSimulator
from integrations.vendors.simulation import Reply, Request

from .conftest import OpenApi, sent


@pytest.fixture
def picture(itop: ItopSimulator, ticket: Ticket) -> tuple[int, str]:
    """A pasted picture's id and secret."""
    number = itop.do("add_log", {"ticket": ticket.id, "text": "look", "picture": "shot.png", "size": 5000})
    return number, itop.data.objects["InlineImage"][number]["secret"]


def test_an_administrator_reads_a_picture_as_an_object_with_its_name(
    itop: ItopSimulator, api: ItopApi, picture: tuple[int, str]
) -> None:
    target = io.BytesIO()
    file = api.download_picture(picture[0], io.BytesIO(), target)
    assert (file.name, file.content_type, file.size, len(target.getvalue())) == ("shot.png", "image/png", 5000, 5000)
    assert sent(itop)[-1] == f"core/get InlineImage::{picture[0]}"


def test_an_agents_account_gets_it_from_its_address_by_its_secret(open_api: OpenApi, picture: tuple[int, str]) -> None:
    api, target = open_api(username="bridge-agent"), io.BytesIO()
    file = api.download_picture(picture[0], io.BytesIO(), target, secret=picture[1])
    assert (file.name, file.size, len(target.getvalue())) == (f"picture-{picture[0]}.png", 5000, 5000)
    with pytest.raises(NotAllowed, match="InlineImage"):
        api.download_picture(picture[0], io.BytesIO(), io.BytesIO())


def test_the_short_text_that_is_said_of_a_wrong_secret_is_no_picture(
    itop: ItopSimulator, open_api: OpenApi, picture: tuple[int, str]
) -> None:
    api = open_api(username="bridge-agent")
    with pytest.raises(NotFoundError, match="does not hand out"):
        api.download_picture(picture[0], io.BytesIO(), io.BytesIO(), secret="0")
    with pytest.raises(NotFoundError, match="does not hand out"):
        api.download_picture(picture[0], io.BytesIO(), io.BytesIO(), secret="0&x=1#/../..")
    assert itop.calls[-1].path == "/pages/ajax.document.php"


def test_a_picture_is_never_fetched_from_elsewhere(
    itop: ItopSimulator, open_api: OpenApi, picture: tuple[int, str]
) -> None:
    def redirect(request: Request, real: Reply) -> Reply:
        elsewhere = {"Location": "http://127.0.0.1:1/pages/x.png"}
        return Reply(302, headers=elsewhere) if "ajax.document" in request.path else real

    itop.change = redirect  # type: ignore[attr-defined]
    with pytest.raises(ConfigurationError, match="it was not fetched"):
        open_api(username="bridge-agent").download_picture(picture[0], io.BytesIO(), io.BytesIO(), secret=picture[1])
