"""Each cause in plain words: what it means and what mends it. The words of the field stand in docs/architecture.md."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from .source import Explanation, FailureSource

# Names under which one cause is stored in different tables.
ALIASES = {
    "temporary": "TemporaryError",
    "permanent": "RejectedError",
    "conflict": "ConflictError",
    "malformed": "MalformedResponseError",
    "QuotaSpent": "TemporaryError",
}
OTHER = "other"

COMMON: dict[str, Explanation] = {
    "TemporaryError": Explanation(
        _("temporary"),
        _("The other system did not answer, or asked for patience. It is tried again by itself, ever more rarely."),
        _(
            "Usually nothing is to be done. When it does not pass, look at the connection and its last calls; once the "
            "system answers again, retry instead of waiting for the next try."
        ),
        "warning",
    ),
    "ConfigurationError": Explanation(
        _("a setting is wrong"),
        _(
            "The other system refuses the portal as a whole, not this record: a password, a right, an address or a "
            "value in the settings is wrong."
        ),
        _("Mend the setting and test the connection; then retry."),
    ),
    "RejectedError": Explanation(
        _("refused"),
        _(
            "The other system understood the record and refuses it, or a limit of the settings does. The sentence says "
            "why."
        ),
        _(
            "Mend the record where it comes from, or the settings that say how it is written; a changed record is "
            "tried by itself. Dismiss what shall stay as it is."
        ),
    ),
    "NotFoundError": Explanation(
        _("gone"),
        _("A record that was known is not there any more, or the portal's account may not read it any more."),
        _(
            "Look for it in the other system. If the account lost a right, give it back and retry; if the record was "
            "deleted on purpose, dismiss this."
        ),
    ),
    "ConflictError": Explanation(
        _("conflict"),
        _("The record changed while it was being written, or both sides changed the same thing."),
        _("Look at both versions and keep the right one; then retry."),
        "warning",
    ),
    "MalformedResponseError": Explanation(
        _("not understood"),
        _(
            "The answer is not what the other system used to send. It may have been updated, or something in between "
            "answered in its place."
        ),
        _(
            "Look at the call in the API log. If the system was changed, tell those who maintain the portal; a page "
            "of a proxy or a maintenance window passes: retry then."
        ),
    ),
    "UnknownOutcomeError": Explanation(
        _("being checked"),
        _(
            "A write was sent and no usable answer came: it may have happened. The portal looks it up by its own mark "
            "and never just sends it again."
        ),
        _("Wait for the look-up, or open the record and look in the other system. There is no retry on purpose."),
        "warning",
    ),
    "bug": Explanation(
        _("bug in the portal"),
        _("The portal met something it was not made for, and held the record instead of guessing. It was reported."),
        _("Tell those who maintain the portal, with the address of the record. Retry after an update."),
    ),
    "WorkerDied": Explanation(
        _("the process died"),
        _("The process that worked on it ended in the middle: it was stopped, ran out of memory, or was cut off."),
        _("Retry once. When it happens again with the same record, tell those who maintain the portal."),
    ),
    OTHER: Explanation(
        _("failed"),
        _("It failed, and no kind of error was stored with it."),
        _("Open an example; its page says more."),
    ),
}


def explain(source: FailureSource, cause: str) -> Explanation:
    """What this cause means where this source says it."""
    name = canonical(cause)
    return source.explanations.get(cause) or source.explanations.get(name) or COMMON.get(name) or COMMON[OTHER]


def canonical(cause: str) -> str:
    """One name for what is stored under several."""
    return ALIASES.get(cause, cause)


def stored_as(name: str) -> list[str]:
    """The names under which a cause may be stored."""
    return [name, *(alias for alias, meant in ALIASES.items() if meant == name)]


def choices(sources: Iterable[FailureSource]) -> list[tuple[str, str]]:
    """Every cause that these sources can have: its name and its label, for a filter."""
    known = {name: str(one.label) for name, one in COMMON.items() if name != OTHER}
    for source in sources:
        known |= {canonical(name): str(one.label) for name, one in source.explanations.items()}
    return sorted(known.items(), key=lambda one: one[1])
