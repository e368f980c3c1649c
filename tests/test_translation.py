"""Every text is translatable: what pages say in a made-up language, what templates hold, and the names of all fields.

`tests/translation.py` says how. What is stored stays in the language it was written in (docs/decisions.md), so pages
may show whatever is in the database as it is.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.template.base import Lexer, Token, TokenType
from django.test import Client as Browser
from django.utils.functional import Promise

from integrations.advoware_espocrm.mapping import KINDS
from integrations.advoware_espocrm.models import KIND_NAMES
from integrations.backup_tickets.mapping import RESOLVED_NOTE, STAYS_OPEN_NOTE
from integrations.core.models import Connection, User
from integrations.itop_bridge.mapping import FORM_OF
from tests.addresses import Address, Scene, addresses, make_scene
from tests.core.world import browser, make_world
from tests.permission_matrix import ROLES, rows
from tests.test_permissions import fill
from tests.translation import SAID, bracketed, data_of_the_world, literals, spoken, untranslated

ROOT = Path(__file__).resolve().parents[1]
APPS = ("advoware_espocrm", "backup_tickets", "freshservice_toga", "itop_bridge", "toga_togadesk", "core")
NAMES = (  # of products, people and formats: the same in every language
    *(RESOLVED_NOTE, STAYS_OPEN_NOTE),  # shown as they are written to Autotask
    "UTC",
    "Autotask",
    "Freshservice",
    "TOGA 2",
    "TOGaDesk",
    "iTop",
    "Advoware",
    "EspoCRM",
    "Ctrl+K",
    "Axes",
    *("Attempted", "Access", "OrmQ", "object"),  # how records of other programs call themselves
    settings.ENVIRONMENT,  # as whoever runs the portal calls it
    *(name for _, name in KIND_NAMES),  # Advoware's own words
    *(kind.name for kind in KINDS.values()),
    *FORM_OF,  # and iTop's
)
MESSAGES = {"success", "error", "warning", "info", "message_user", "add_error"}
NAMED = {"help_text", "verbose_name", "verbose_name_plural", "short_description", "empty_label", "empty_value_display"}
HOUSE = [path for path in (ROOT / "integrations").rglob("*.py") if not {"migrations", "commands"} & set(path.parts)]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("app", [*APPS, "the rest"])
def test_pages_say_everything_in_the_language_of_the_portal(app: str) -> None:
    world = make_world()
    Connection.objects.filter(pk=world.elite_connection.pk).update(base_url="http://127.0.0.1:9")  # nobody is there
    world.elite_connection.refresh_from_db()
    scene = make_scene(world.elite, world.elite_connection)
    people = {"nobody": None, "operator": world.operator, "admin": world.admin}
    found = {}
    for address in (one for one in addresses() if _app_of(one) == app):
        for role, user in people.items():
            if rows().get((address.name, "GET"), ("",) * len(ROLES))[ROLES.index(role)] == 200:
                page = _page(address, scene, user)
                left = untranslated(page, data_of_the_world(), names=NAMES) if page else []
                found.update(dict.fromkeys(left, f"{address.name} of {role}"))
    assert not found, "\n".join(f"{where}: {text}" for text, where in found.items())


def _app_of(address: Address) -> str:
    return next((app for app in APPS if f":{app}_" in address.name), "the rest")


def _page(address: Address, scene: Scene, user: User | None) -> str:
    """What it answers in the made-up language; empty where it is no page."""
    person = browser(user) if user else Browser()
    with bracketed():
        answer = person.get(fill(address, scene))
    return answer.content.decode() if answer["Content-Type"].startswith("text/html") else ""


TEMPLATES = sorted((ROOT / "templates").rglob("*.*"))


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.relative_to(ROOT / "templates").as_posix())
def test_a_template_holds_no_text_that_is_not_marked(path: Path) -> None:
    tokens = Lexer(path.read_text()).tokenize()
    text = "".join(_unmarked(tokens))
    found = [piece for piece in spoken(text) if piece not in NAMES]
    found += [word for token in tokens for word in literals(token)]
    assert not found


def _unmarked(tokens: list[Token]) -> Iterator[str]:
    """The texts of a template outside of its translated blocks and comments; a dot for each tag that prints a value."""
    inside = ""
    for token in tokens:
        word = token.contents.split(" ")[0] if token.token_type == TokenType.BLOCK else ""
        if inside:
            inside = "" if word == f"end{inside}" else inside
        elif word in ("blocktranslate", "comment"):
            inside = word
        elif token.contents == "block bodyclass":
            inside = "block"
        elif token.token_type == TokenType.TEXT:
            yield token.contents
        elif token.token_type == TokenType.VAR:
            yield "."


def test_models_and_their_fields_have_names_that_can_be_translated() -> None:
    ours = [
        model for app in APPS for model in apps.get_app_config(app).get_models() if not hasattr(model, "history_id")
    ]
    found = [model._meta.label for model in ours if not isinstance(model._meta.verbose_name, Promise)]
    found += [f"{model._meta.label} (many)" for model in ours if not _is_lazy(model._meta.verbose_name_plural)]
    for field in (field for model in ours for field in model._meta.local_fields if not field.primary_key):
        if not _is_lazy(field.verbose_name) or not _is_lazy(field.help_text or field.verbose_name):
            found.append(str(field))
        found += [f"{field}: {name}" for _, name in field.flatchoices if not _is_lazy(name) and name not in NAMES]
    assert not found, "\n".join(found)


def _is_lazy(text: object) -> bool:
    return isinstance(text, Promise)


def test_messages_and_names_in_the_code_are_marked() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line} {text}"
        for path in HOUSE
        for line, text in _plain(ast.parse(path.read_text()))
    ]
    assert not found, "\n".join(found)


def _plain(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and source of texts that are said or named as they are: constants and f-strings."""
    for node in ast.walk(tree):
        given: list[ast.expr] = []
        if isinstance(node, ast.Call):
            given += [keyword.value for keyword in node.keywords if keyword.arg in NAMED]
            if isinstance(node.func, ast.Attribute) and node.func.attr in MESSAGES:
                given += node.args[1:2]
            if ast.unparse(node.func) in ("admin.display", "admin.action", "action", "display"):
                given += [keyword.value for keyword in node.keywords if keyword.arg == "description"]
        elif isinstance(node, ast.Assign) and any(getattr(target, "id", "") in NAMED for target in node.targets):
            given.append(node.value)
        for value in (one for one in given if not isinstance(one, ast.Call)):  # such as a join
            text = ast.unparse(value)
            if text.startswith(("'", '"', "f'", 'f"')) and SAID.search(text.removeprefix("f")):
                yield value.lineno, text
