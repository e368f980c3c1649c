from __future__ import annotations

from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from integrations.core.config import ConfigProblems, apply_config, export_config
from integrations.core.models import ApiToken, Client, Connection, Integration
from tests.core import vendor

pytestmark = pytest.mark.django_db

ENVIRON = {
    "ELITE_BIRD_KEY": "canary-key-77aa01",
    "ELITE_TOKEN_VEEAM": "canary-token-91bb",
    "HOUSE_NEST_KEY": "canary-2",
}
FILE = """\
[[connections]]
slug = "nest"
vendor = "parrot"
base_url = "https://nest.example.com"
credentials = { user = "house", key = { env = "HOUSE_NEST_KEY" } }

[[clients]]
slug = "elite"
name = "Elite"
time_zone = "Europe/Amsterdam"
api_tokens = [{ name = "veeam", token = { env = "ELITE_TOKEN_VEEAM" } }]

  [[clients.connections]]
  slug = "bird"
  vendor = "parrot"
  base_url = "https://bird.example.com/"
  environment = "sandbox"
  credentials = { user = "polly", key = { env = "ELITE_BIRD_KEY" } }
  settings = { region = "eu" }
  webhook_secret = "canary-webhook"

  [[clients.integrations]]
  slug = "aviary"
  kind = "aviary"
  roles = { bird = "bird" }
"""


@pytest.fixture(autouse=True)
def _parrots() -> Iterator[None]:
    with vendor.installed():
        yield


def actions(text: str = FILE, **more: bool) -> list[str]:
    return [f"{change.action} {change.what}" for change in apply_config(text, environ=ENVIRON, **more)]


def problems(text: str) -> list[str]:
    with pytest.raises(ConfigProblems) as caught:
        apply_config(text, environ=ENVIRON)
    return caught.value.problems


def test_a_file_builds_everything_and_a_second_run_has_nothing_to_do() -> None:
    assert {line.split()[0] for line in actions()} == {"create"}
    connection = Client.objects.get().connections.get()
    assert connection.base_url == "https://bird.example.com"
    assert connection.identity == {"user": "polly"}
    assert connection.credentials.open() == {"key": "canary-key-77aa01", "webhook_secret": "canary-webhook"}
    assert connection.credentials_set["key"]["by"] == "apply_config"
    assert Integration.objects.get().connection("bird") == connection
    assert ApiToken.objects.get().digest == ApiToken.digest_of("canary-token-91bb")
    sealed = connection.credentials
    assert {line.split()[0] for line in actions()} == {"unchanged"}
    assert Connection.objects.get(slug="bird").credentials == sealed


def test_the_plan_shows_old_and_new_but_of_secrets_only_that_they_change() -> None:
    actions()
    changed = FILE.replace('name = "Elite"', 'name = "Élite"').replace("canary-webhook", "canary-other")
    plan = [change for change in apply_config(changed, environ=ENVIRON) if change.action != "unchanged"]
    assert [str(change) for change in plan] == [
        "change client elite\n    name: Elite → Élite",
        "change connection elite/bird\n    webhook_secret: change",
    ]
    assert Connection.objects.get(slug="bird").credentials.open()["key"] == "canary-key-77aa01"


def test_a_dry_run_changes_nothing() -> None:
    assert "create client elite" in actions(dry_run=True)
    assert not Client.objects.exists()
    assert not Client.history.exists()


def test_every_problem_is_named_with_its_line_and_nothing_is_changed() -> None:
    wrong = (
        FILE.replace("HOUSE_NEST_KEY", "NOWHERE")
        .replace("Europe/Amsterdam", "Mars")
        .replace(
            'vendor = "parrot"\nbase_url = "https://nest', 'vendor = "parrot"\ncolour = 1\nbase_url = "https://nest'
        )
    )
    assert problems(wrong) == [
        "line 4: “colour” is not known here; known: allow_private_address, base_url, call_log_level, credentials, "
        "environment, paused, settings, slug, vendor, webhook_secret.",
        "line 6: key: the environment variable NOWHERE is not set.",
        "line 11: client elite: time_zone: “Mars” is not a time zone; use a name such as Europe/Amsterdam.",
    ]
    assert not Connection.objects.exists()


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('vendor = "parrot"\n  base', 'vendor = "owl"\n  base', "line 15: connection elite/bird: unknown vendor 'owl'"),
        ('kind = "aviary"', 'kind = "zoo"', "line 24: integration elite/aviary: unknown integration kind 'zoo'"),
        ('{ bird = "bird" }', '{ bird = "fish" }', "line 25: role bird: there is no connection “fish”"),
        ('region = "eu"', 'region = "mars"', "line 19: connection elite/bird: region must be one of eu, us."),
        ('user = "polly", ', "", "line 18: connection elite/bird: the credential user is missing."),
        ("https://bird", "https://a:b@bird", "line 16: base_url must be a whole address"),
        (
            "roles = {",
            "streams = { all = { enabled = true } }\nroles = {",
            "line 25: integration elite/aviary: the kind",
        ),
        ('name = "Elite"', "name = 5", "line 9: name must be a text."),
        ('slug = "elite"', "", "line 7: This clients entry has no slug."),
        ('environment = "sandbox"', 'environment = "moon"', "line 17: connection elite/bird: environment:"),
    ],
)
def test_a_mistake_is_explained(old: str, new: str, sentence: str) -> None:
    assert old in FILE
    assert any(problem.startswith(sentence) for problem in problems(FILE.replace(old, new))), problems(
        FILE.replace(old, new)
    )


def test_a_file_that_is_no_toml_says_where() -> None:
    assert "line 1" in problems("clients = = 1")[0]


def test_what_is_exported_builds_the_same_again_and_holds_no_secret() -> None:
    actions()
    text = export_config()
    assert "canary" not in text
    rows = list(Connection.objects.values("slug", "base_url", "environment", "identity", "settings"))
    Integration.objects.all().delete()
    Connection.objects.all().delete()
    ApiToken.objects.all().delete()
    Client.objects.all().delete()
    apply_config(text, environ=ENVIRON | {"ELITE_BIRD_WEBHOOK_SECRET": "canary-webhook"})
    assert list(Connection.objects.values("slug", "base_url", "environment", "identity", "settings")) == rows
    assert export_config() == text


def test_the_commands_read_and_write_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENVIRON.items():
        monkeypatch.setenv(name, value)
    file, out = tmp_path / "portal.toml", StringIO()
    file.write_text(FILE)
    call_command("apply_config", file, stdout=out)
    assert out.getvalue().endswith("6 to create, 0 to change, 0 unchanged; done.\n")
    call_command("export_config", tmp_path / "again.toml")
    assert 'name = "Elite"' in (tmp_path / "again.toml").read_text()
    assert "canary" not in out.getvalue()
    file.write_text("nonsense = 1")
    with pytest.raises(CommandError, match=r"line 1: “nonsense” is not known here(.|\n)*Nothing was changed"):
        call_command("apply_config", file)
