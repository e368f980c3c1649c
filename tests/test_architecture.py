"""The never-rules 1–5 of the house (docs/architecture.md), read from the source files themselves.

Each rule is shown to bite: a small house with one planted violation must be found out, with the rule and the place.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CLOCKS = {"now", "utcnow", "today", "localdate", "localtime", "monotonic", "perf_counter"}
SQL_DRIVERS = {"pymysql", "MySQLdb", "sqlite3", "psycopg", "sqlalchemy"}
IMPURE = {"requests", "urllib", "http", "socket", "subprocess", "os", "pathlib", "time", "random", "secrets"}


@dataclass(frozen=True)
class Source:
    """One file of the house, parsed."""

    path: Path  # relative to the root of the house
    tree: ast.Module

    @property
    def where(self) -> str:
        return self.path.as_posix()

    @property
    def parts(self) -> tuple[str, ...]:
        return self.path.parts

    def imports(self, *, types_too: bool = True) -> Iterator[tuple[int, str]]:
        """Line and absolute dotted name of everything imported (`from a import b` gives `a` and `a.b`)."""
        skipped = set() if types_too else set(_only_for_types(self.tree))
        package = self.parts[:-1]
        for node in ast.walk(self.tree):
            if node in skipped:
                continue
            if isinstance(node, ast.Import):
                yield from ((node.lineno, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                above = package[: len(package) - node.level + 1] if node.level else ()
                base = ".".join([*above, *([node.module] if node.module else [])])
                yield node.lineno, base
                yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)

    def words(self) -> Iterator[tuple[int, str]]:
        """Line and text of every name, attribute, keyword and string in the file, docstrings too."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.lineno, node.value
            elif isinstance(node, ast.Name):
                yield node.lineno, node.id
            elif isinstance(node, ast.Attribute):
                yield node.lineno, node.attr
            elif isinstance(node, ast.FunctionDef | ast.ClassDef):
                yield node.lineno, node.name
            elif isinstance(node, ast.keyword | ast.arg) and node.arg:
                yield node.lineno, node.arg


def _only_for_types(tree: ast.Module) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            for statement in node.body:
                yield from ast.walk(statement)


class House:
    """The sources under a root, and who is who in them."""

    def __init__(self, root: Path) -> None:
        folder = root / "integrations"
        self.vendors = {path.parent.name for path in folder.glob("vendors/*/__init__.py")}
        self.integrations = {path.parent.name for path in folder.glob("*/integration.py")}
        self.sources = [
            Source(path.relative_to(root), ast.parse(path.read_text(encoding="utf-8")))
            for top in ("integrations", "portal")
            for path in sorted((root / top).rglob("*.py"))
        ]

    def broken_rules(self) -> list[str]:
        return sorted({line for source in self.sources for rule in RULES for line in rule(self, source)})


def is_in(name: str, *packages: str) -> bool:
    return any(name == package or name.startswith(package + ".") for package in packages)


def plain_python_stays_plain(house: House, source: Source) -> Iterator[str]:
    """1. transport and vendors import no Django, core or integration; a vendor never imports another vendor.

    What they say to people they mark by `integrations.texts`, which works without Django's settings too.
    """
    if source.parts[:2] not in {("integrations", "transport"), ("integrations", "vendors")}:
        return
    own = ["integrations.transport", "integrations.texts"]
    if source.parts[1] == "vendors":
        own.append("integrations.vendors")
    vendor = source.parts[2] if source.parts[2] in house.vendors else ""
    strangers = [f"integrations.vendors.{name}" for name in house.vendors if name != vendor]
    for line, name in source.imports():
        foreign_room = name.startswith("integrations.") and not is_in(name, *own)
        if is_in(name, "django") or foreign_room or is_in(name, *strangers):
            yield f"rule 1: {source.where}:{line} imports {name}"


def core_knows_nobody(house: House, source: Source) -> Iterator[str]:
    """2. core never imports, names or branches on a vendor or an integration."""
    if source.parts[:2] != ("integrations", "core"):
        return
    known = [f"integrations.{name}" for name in house.integrations]
    known += [f"integrations.vendors.{name}" for name in house.vendors]
    for line, name in source.imports():
        if is_in(name, *known, "integrations.demo"):
            yield f"rule 2: {source.where}:{line} imports {name}"
    spoken = [name.replace("_", "[ _-]?") for name in house.vendors | house.integrations]
    if not spoken:
        return
    pattern = re.compile("|".join(spoken), re.IGNORECASE)
    for line, text in source.words():
        if found := pattern.search(text):
            yield f"rule 2: {source.where}:{line} names {found[0]}"


def integrations_live_apart(house: House, source: Source) -> Iterator[str]:
    """3. An integration never imports another integration. Nothing imports portal. Only rehearsals use the demo."""
    if source.parts[0] == "portal":
        return
    app = source.parts[1]
    others = [f"integrations.{name}" for name in house.integrations if name != app]
    for line, name in source.imports():
        if (app in house.integrations or app == "demo") and is_in(name, *others):
            yield f"rule 3: {source.where}:{line} imports {name}"
        if is_in(name, "portal"):
            yield f"rule 3: {source.where}:{line} imports {name}"
        if (
            is_in(name, "integrations.demo")
            and app != "demo"
            and "rehearsal" not in (source.path.stem, source.path.parent.name)
        ):
            yield f"rule 3: {source.where}:{line} imports {name}"


def one_door_to_the_network(house: House, source: Source) -> Iterator[str]:
    """4. requests is imported only in transport; SQL of foreign databases only in vendors/togadesk."""
    for line, name in source.imports():
        top = name.partition(".")[0]
        if top in {"requests", "urllib3"} and source.parts[:2] != ("integrations", "transport"):
            yield f"rule 4: {source.where}:{line} imports {name}"
        if top in SQL_DRIVERS and source.parts[:3] != ("integrations", "vendors", "togadesk"):
            yield f"rule 4: {source.where}:{line} imports {name}"


def mappings_are_pure(house: House, source: Source) -> Iterator[str]:
    """5. mapping.py touches no database, network or clock."""
    if source.path.name != "mapping.py" and "mapping" not in source.parts:
        return
    for line, name in source.imports(types_too=False):
        if name.partition(".")[0] in IMPURE or is_in(name, "django.db", "django.core.cache"):
            yield f"rule 5: {source.where}:{line} imports {name}"
    for node in ast.walk(source.tree):
        # `Run.objects`, and not a field of that name on a value.
        if isinstance(node, ast.Attribute) and node.attr == "objects" and ast.unparse(node.value)[:1].isupper():
            yield f"rule 5: {source.where}:{node.lineno} asks the database ({ast.unparse(node)})"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CLOCKS:
            yield f"rule 5: {source.where}:{node.lineno} reads the clock ({ast.unparse(node.func)})"


RULES = (
    plain_python_stays_plain,
    core_knows_nobody,
    integrations_live_apart,
    one_door_to_the_network,
    mappings_are_pure,
)


def test_the_house_keeps_the_never_rules() -> None:
    house = House(ROOT)
    assert len(house.sources) > 30
    assert {"autotask"} <= house.vendors
    assert {"backup_tickets"} <= house.integrations
    assert house.broken_rules() == []


SMALL_HOUSE = {
    "portal/settings.py": "",
    "integrations/core/jobs.py": "from integrations.vendors import Vendor\nfrom .models import Job\n",
    "integrations/transport/session.py": "import requests\nfrom integrations.texts import gettext\n",
    "integrations/texts.py": "from django.utils.functional import Promise\n",
    "integrations/vendors/__init__.py": "from integrations.texts import Text\n",
    "integrations/vendors/acme/__init__.py": "from .api import Acme\nfrom integrations.transport import session\n",
    "integrations/vendors/other/__init__.py": "",
    "integrations/alpha/integration.py": "from integrations.vendors.acme import VENDOR\n",
    "integrations/alpha/rehearsal.py": "from integrations.demo.stage import Stage\n",
    "integrations/alpha/mapping.py": "if TYPE_CHECKING:\n    from django.db import models\nnames = report.objects\n",
    "integrations/beta/integration.py": "",
    "integrations/demo/stage.py": "from integrations.core import registry\n",
}

PLANTED = [
    ("integrations/transport/session.py", "from django.conf import settings", "rule 1"),
    ("integrations/transport/session.py", "from integrations.core import models", "rule 1"),
    ("integrations/transport/session.py", "from ..vendors import Vendor", "rule 1"),
    ("integrations/vendors/acme/__init__.py", "def f():\n    import django.utils.timezone", "rule 1"),
    ("integrations/vendors/acme/__init__.py", "from ...core import jobs", "rule 1"),
    ("integrations/vendors/acme/__init__.py", "from ..other import VENDOR", "rule 1"),
    ("integrations/vendors/acme/__init__.py", "from integrations import alpha", "rule 1"),
    ("integrations/core/jobs.py", "from integrations.vendors.acme import VENDOR", "rule 2"),
    ("integrations/core/jobs.py", "from .. import beta", "rule 2"),
    ("integrations/core/jobs.py", "if vendor == 'acme': ...", "rule 2"),
    ("integrations/core/jobs.py", "def is_acme(): ...", "rule 2"),
    ("integrations/core/jobs.py", "connection.kind.alpha", "rule 2"),
    ("integrations/beta/integration.py", "from integrations.alpha.models import Run", "rule 3"),
    ("integrations/beta/integration.py", "from portal.settings import env", "rule 3"),
    ("integrations/alpha/integration.py", "from integrations.demo.stage import Stage", "rule 3"),
    ("integrations/demo/stage.py", "from integrations.alpha import models", "rule 3"),
    ("integrations/alpha/integration.py", "import requests", "rule 4"),
    ("integrations/vendors/acme/__init__.py", "from requests import Session", "rule 4"),
    ("integrations/alpha/integration.py", "import pymysql.cursors", "rule 4"),
    ("integrations/alpha/mapping.py", "Run.objects.get(pk=1)", "rule 5"),
    ("integrations/alpha/mapping.py", "from django.db import models", "rule 5"),
    ("integrations/alpha/mapping.py", "stamp = timezone.now()", "rule 5"),
    ("integrations/alpha/mapping.py", "import socket", "rule 5"),
]


def build(root: Path) -> None:
    for name, text in SMALL_HOUSE.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def test_an_innocent_house_breaks_no_rule(tmp_path: Path) -> None:
    build(tmp_path)
    assert House(tmp_path).broken_rules() == []


@pytest.mark.parametrize(("name", "line", "rule"), PLANTED)
def test_a_planted_violation_is_found(tmp_path: Path, name: str, line: str, rule: str) -> None:
    build(tmp_path)
    with (tmp_path / name).open("a", encoding="utf-8") as file:
        file.write(line + "\n")
    found = House(tmp_path).broken_rules()
    assert found
    assert all(text.startswith(f"{rule}: {name}:") for text in found), found
