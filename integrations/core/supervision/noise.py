"""What django-q says at a critical level and the supervisor says better."""

from __future__ import annotations

import logging

from django.apps import apps
from django.utils.translation import gettext as in_its_words

# django-q's own texts, which it says in the portal's language.
_ENDS = (
    "reincarnated worker %(name)s after death",
    "reincarnated pusher %(name)s after sudden death",
    "reincarnated monitor %(name)s after sudden death",
)


class KnownEnds(logging.Filter):
    """Drops that a process was killed and replaced; what ended by its time limit, and everything else, passes."""

    def filter(self, record: logging.LogRecord) -> bool:
        if not apps.ready:  # nothing was started yet, and no text has its words
            return True
        said = record.getMessage()
        return not any(_is(said, in_its_words(end)) for end in _ENDS)


def _is(said: str, text: str) -> bool:
    """Whether it is this text, whatever the name in it."""
    before, _, after = text.partition("%(name)s")
    return said.startswith(before) and said.endswith(after)
