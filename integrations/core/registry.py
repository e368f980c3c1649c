"""What the installed integrations declare. Core finds each app's `integration.py` as the admin finds `admin.py`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple

from django.db.models import Model
from django.http import HttpRequest
from django.utils.module_loading import autodiscover_modules

from integrations.vendors import Vendor

EMPTY: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class Role:
    """The part a connection plays in an integration, and the vendor it must be of."""

    name: str
    label: str
    vendor: Vendor


@dataclass(frozen=True)
class StreamKind:
    """One stream of an integration: `run(work)` does it once and returns its result in a sentence.

    `work` is `core.streams.Work`. Trouble is raised as `VendorError` or `StreamProblem`. With `is_sync` its runs go
    through the sync engine, so it has a watermark, held items and dry runs. With `needs_approval` it writes nothing
    before an admin has approved its first dry run.

    Webhooks of a connection that plays one of the roles `hinted_by` have `run_hint(work, subject)` look at one record,
    such as `ticket:123`, and `work.role` says whose; it returns what came of it in a sentence. Raises `Again` to look
    once more later; a `TemporaryError` has it tried again.
    """

    slug: str
    label: str
    run: Callable[[Any], str | None]
    interval_minutes: int
    enabled: bool = True
    is_sync: bool = False
    needs_approval: bool = False
    hinted_by: tuple[str, ...] = ()
    run_hint: Callable[[Any, str], str | None] | None = None


@dataclass(frozen=True)
class OptionRows:
    """Rows that belong to a kind's options, such as how codes are said on the other side: what a configuration file
    holds of them.

    `model` has a foreign key `options` to the options' row. A row is known by its `keys`; `values` are what it says.
    """

    model: type[Model]
    keys: tuple[str, ...]
    values: tuple[str, ...]


class NavigationItem(NamedTuple):
    """One entry of the sidebar. `url_name` is reversed without arguments; shown to those who have `permission`.

    `badge(request)` is a short text beside it, how much waits there, or empty; by a cheap query.
    """

    title: str
    icon: str  # a name of Material Symbols
    url_name: str
    permission: str
    group: str = "Work"  # or "Set-up", "Insight"
    badge: Callable[[HttpRequest], str] | None = None


class Tile(NamedTuple):
    """One figure of the first page: what it counts, how many, where to look, and how it is meant."""

    label: str
    value: int
    url: str
    tone: str = "neutral"  # or "good", "warning", "bad"


@dataclass(frozen=True)
class IntegrationKind:
    """One integration, declared once in its `integration.py` and registered with `register`.

    `streams` are what it does by itself, in the order in which pages show them.
    `options` is the model (one-to-one to `Integration`, as primary key `integration`) that holds the kind's options.
    `resolve_options(integration, given)` turns options as a configuration file gives them (labels for ids, say) into
    field values of that model; raises ValueError with a sentence. `options_saved(options)` runs after they were
    applied, in the same transaction. `option_rows` are tables beside them, by their names in a file's options.
    `jobs` maps a job's name to its function `(claim, *ids) -> str | None`; its kind is `<slug>.<name>`.
    `permissions` maps a role's name (`roles.OPERATOR` …) to permission codenames `app_label.codename`.
    `readopt(look)` runs after the database was restored, while nothing is written: it looks for what the portal made at
    the vendors after the backup, by its markers, links what is certain and says the rest (`core.readopting.Look`).
    `navigation` are its sidebar entries. `dashboard(user)` yields its tiles of the first page, by cheap queries.
    """

    slug: str
    label: str
    roles: tuple[Role, ...]
    streams: tuple[StreamKind, ...] = ()
    options: type[Model] | None = None
    resolve_options: Callable[[Any, Mapping[str, Any]], dict[str, Any]] | None = None
    options_saved: Callable[[Any], object] | None = None
    option_rows: Mapping[str, OptionRows] = field(default_factory=lambda: EMPTY)
    jobs: Mapping[str, Callable[..., str | None]] = field(default_factory=lambda: EMPTY)
    permissions: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: EMPTY)
    navigation: tuple[NavigationItem | tuple[str, str, str, str], ...] = ()
    dashboard: Callable[[Any], Iterable[Tile]] | None = None
    readopt: Callable[[Any], None] | None = None

    def role(self, name: str) -> Role:
        """The role of that name. Raises `KeyError`."""
        return {role.name: role for role in self.roles}[name]


_kinds: dict[str, IntegrationKind] = {}


def register(kind: IntegrationKind) -> None:
    _kinds[kind.slug] = kind


def discover() -> None:
    autodiscover_modules("integration")


def kinds() -> tuple[IntegrationKind, ...]:
    return tuple(_kinds.values())


def kind(slug: str) -> IntegrationKind:
    """The kind of that slug. Raises `KeyError` with the known ones."""
    try:
        return _kinds[slug]
    except KeyError:
        raise KeyError(f"unknown integration kind {slug!r}; known: {', '.join(sorted(_kinds)) or 'none'}") from None


def vendors() -> dict[str, Vendor]:
    """Every vendor that plays a role in some installed integration, by slug."""
    return {role.vendor.slug: role.vendor for kind in kinds() for role in kind.roles}


def vendor(slug: str) -> Vendor:
    """The vendor of that slug. Raises `KeyError` with the known ones."""
    found = vendors()
    try:
        return found[slug]
    except KeyError:
        raise KeyError(f"unknown vendor {slug!r}; known: {', '.join(sorted(found)) or 'none'}") from None
