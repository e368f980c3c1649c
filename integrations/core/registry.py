"""What the installed integrations declare. Core finds each app's `integration.py` as the admin finds `admin.py`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db.models import Model
from django.http import HttpRequest
from django.utils.module_loading import autodiscover_modules

from integrations.texts import Text
from integrations.vendors import Vendor

if TYPE_CHECKING:
    from .failures.source import FailureSource

EMPTY: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class Role:
    """The part a connection plays in an integration, and the vendor it must be of.

    `side` says which id of a record link its records are, `left` or `right`; empty where it has none. A webhook about
    `ticket:7` of a role on the left is about the pair of the object type `ticket` whose left id is 7.
    """

    name: str
    label: Text
    vendor: Vendor
    side: str = ""


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
    label: Text
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

    title: Text
    icon: str  # a name of Material Symbols
    url_name: str
    permission: str
    group: str = "Work"  # or "Set-up", "Insight"
    badge: Callable[[HttpRequest], str] | None = None


class Tile(NamedTuple):
    """One figure of the first page: what it counts, how many, where to look, and how it is meant."""

    label: Text
    value: int
    url: str
    tone: str = "neutral"  # or "good", "warning", "bad"


class Counted(NamedTuple):
    """So many of one part, of one client (None: the house). `total` is what they add up to, where a mean is wanted."""

    client: int | None
    part: str
    number: int
    total: int = 0


@dataclass(frozen=True)
class FigureKind:
    """What a job counts for each hour or day, so that a page adds up a few rows, however many there were.

    `count(begin, end)` counts what falls into that time, by client and part, by one query that an index serves.
    `is_kept` says that what it counts is never pruned: then each day of the last weeks is counted once more every
    night, for what arrived late.
    """

    every: str  # "hour" or "day"
    count: Callable[[datetime, datetime], Iterable[Counted]]
    is_kept: bool = False


class ChartPart(NamedTuple):
    """One part of a figure as a chart shows it."""

    name: str
    label: Text
    tone: str  # "good", "info", "warning", "bad", "neutral"


@dataclass(frozen=True)
class ChartKind:
    """A chart of the first page, for those who have `permission`: one of the kind's own figures, by time.

    Its `parts` stand upon each other, the first at the bottom, or beside each other. `url_name` is the list behind it,
    with a `query` such as `?show=all`.
    """

    title: Text
    figure: str
    parts: tuple[ChartPart, ...]
    permission: str
    url_name: str
    query: str = ""
    is_stacked: bool = True


class Line(NamedTuple):
    """One line of a panel: a short mark (a state, a number) with its tone, and a text that leads somewhere."""

    mark: Text
    tone: str
    text: Text
    url: str = ""
    detail: Text = ""


class Panel(NamedTuple):
    """A short list of the first page, worst or newest first. `more` says how many are not shown, and `url` has all."""

    title: Text
    lines: tuple[Line, ...]
    empty: Text  # what is said when there is none
    url: str = ""
    more: Text = ""


class Finding(NamedTuple):
    """One thing that a rule finds wrong just now.

    `subject` names it the same every time (`stream:17`); `title` is one line, `sentence` what is known: no secret and
    nothing of what records hold, ids at most. `path` is the page to look at; `client_id` None for what is the house's.
    """

    subject: str
    title: str
    sentence: str
    path: str
    since: datetime
    client_id: int | None = None


@dataclass(frozen=True)
class Rule:
    """What people are alerted to: `find(threshold, now)` yields what is wrong, by a bounded number of cheap queries.

    `counts` says what the threshold is a figure of, so that an admin can change it; without it there is none. `advice`
    is what to do, for a person who is woken up by it. `severity` is 10, 20 or 30: notice, warning, urgent.
    """

    slug: str
    label: Text
    advice: Text
    find: Callable[[int, datetime], Iterable[Finding]]
    severity: int = 20
    threshold: int = 1
    counts: Text = ""


MOST_FOUND = 10  # things of one group that a search shows


class Found(NamedTuple):
    """One thing that a search found. `group` is its sort, in the plural; exact ones were named in full."""

    group: str
    title: str
    url: str
    detail: str = ""
    icon: str = "search"  # a name of Material Symbols
    is_exact: bool = False


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
    `alert_rules` are what people are alerted to besides core's rules; a rule's name is `<slug>.<its slug>`.
    `failures` are what waits for somebody in its own tables; core knows what is held and what died.
    `navigation` are its sidebar entries. `dashboard(user)` yields its tiles of the first page, by cheap queries, and
    `panels(request)` its lists there, each of a few rows.
    `figures` is what is counted of it by time, by name, and `charts` are those of them that the first page draws.
    `pages` are the pages of what it names in the audit trail and the API log, by the name's first part: `run:17` is
    shown at the address `pages["run"]` reversed with 17.
    `guide` is the guide to its set-up, as `operations.md`; `guides` are the sections that explain its pages and fields,
    by the keys of `guides/places.py`.
    `readopt(look)` runs after the database was restored, while nothing is written: it looks for what the portal made at
    the vendors after the backup, by its markers, links what is certain and says the rest (`core.readopting.Look`).
    `navigation` are its sidebar entries. `dashboard(user)` yields its tiles of the first page, by cheap queries.
    `search(user, text)` yields what the text names and the person may open, at most `MOST_FOUND` of each group, by
    indexes or small tables.
    """

    slug: str
    label: Text
    roles: tuple[Role, ...]
    streams: tuple[StreamKind, ...] = ()
    options: type[Model] | None = None
    resolve_options: Callable[[Any, Mapping[str, Any]], dict[str, Any]] | None = None
    options_saved: Callable[[Any], object] | None = None
    option_rows: Mapping[str, OptionRows] = field(default_factory=lambda: EMPTY)
    jobs: Mapping[str, Callable[..., str | None]] = field(default_factory=lambda: EMPTY)
    permissions: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: EMPTY)
    pages: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    navigation: tuple[NavigationItem | tuple[Text, str, str, str], ...] = ()
    guide: str = ""
    guides: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    dashboard: Callable[[Any], Iterable[Tile]] | None = None
    alert_rules: tuple[Rule, ...] = ()
    failures: tuple[FailureSource, ...] = ()
    panels: Callable[[Any], Iterable[Panel]] | None = None
    figures: Mapping[str, FigureKind] = field(default_factory=lambda: EMPTY)
    charts: tuple[ChartKind, ...] = ()
    search: Callable[[Any, str], Iterable[Found]] | None = None
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
