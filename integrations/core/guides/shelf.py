"""Which guides there are: docs/*.md of this installation, and the five answers of each integration (its README.md)."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from django.apps import apps
from django.conf import settings
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from integrations.core import registry
from integrations.core.addresses import address_of

from .pictures import Picture, pictures_of
from .rendering import Heading, Leads, Rendered, rendered, title_of

# By what people do; what an integration names as its guide stands under "Integrations", everything else at the end.
PEOPLE = ("operators", "admins", "support", "reporting-runs", "operations", "limits")


class Guide(NamedTuple):
    """A guide as its page shows it."""

    slug: str
    title: str
    html: SafeString
    headings: tuple[Heading, ...]


class Entry(NamedTuple):
    """A guide on the shelf."""

    title: str
    url: str


def find(slug: str) -> Guide | None:
    """The guide of that name, rendered; None when there is none."""
    path = _paths().get(slug)
    if path is None:
        return None
    page = _rendered(path, path.stat().st_mtime_ns)
    return Guide(slug, page.title, page.html, page.headings)


def groups() -> list[tuple[str, list[Entry]]]:
    """Every guide, by whom it is for."""
    known = _paths()
    of_kinds = [
        slug
        for kind in registry.kinds()
        for slug in (kind.guide.partition(".")[0], _about(kind.slug))
        if slug in known and slug not in PEOPLE
    ]
    rest = sorted((slug for slug in known if slug not in {*PEOPLE, *of_kinds}), key=_title)
    named = ((gettext("For people"), [slug for slug in PEOPLE if slug in known]), (gettext("Integrations"), of_kinds))
    shelves = [*named, (gettext("How it is made"), rest)]
    return [(name, [Entry(_title(slug), page_of(slug)) for slug in dict.fromkeys(slugs)]) for name, slugs in shelves]


def page_of(slug: str) -> str:
    return address_of("admin:guide", slug)


def _about(kind: str) -> str:
    return f"about-{kind.replace('_', '-')}"


@lru_cache(maxsize=1)
def _paths() -> dict[str, Path]:
    """The files by the names that stand in addresses; nothing else is ever opened."""
    docs = {path.stem: path for path in sorted(Path(settings.GUIDES).glob("*.md"))}
    folders = {config.label: Path(config.path) for config in apps.get_app_configs()}
    answers = {_about(kind.slug): folders[kind.slug] / "README.md" for kind in registry.kinds() if kind.slug in folders}
    return docs | {slug: path for slug, path in answers.items() if path.is_file()}


def _title(slug: str) -> str:
    path = _paths()[slug]
    title = _title_in(path, path.stat().st_mtime_ns)
    return gettext("{title}: in short").format(title=title) if path.name == "README.md" else title


@lru_cache(maxsize=128)
def _title_in(path: Path, changed: int) -> str:
    return title_of(path.read_text(encoding="utf-8"))


@lru_cache(maxsize=128)
def _rendered(path: Path, changed: int) -> Rendered:
    """Kept as long as the file is as it is."""

    def link(href: str) -> str | None:
        if href.startswith(("http://", "https://", "#")):
            return href
        file, _, anchor = href.partition("#")
        wanted = (path.parent / file).resolve()
        slug = next((slug for slug, known in _paths().items() if known.resolve() == wanted), None)
        return None if slug is None else page_of(slug) + (f"#{anchor}" if anchor else "")

    def picture(src: str) -> tuple[Picture, ...]:
        return pictures_of(src, guide=path, folder=Path(settings.GUIDES) / "images")

    return rendered(path.read_text(encoding="utf-8"), Leads(link, picture))
