"""Texts for people: how they are translated where Django may be missing, and their type.

The clients of vendors and what carries their calls work in plain Python too (a benchmark, a script of support). There a
sentence stays as it is written; in the portal Django's catalogs translate it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.utils import translation
from django.utils.functional import Promise, lazy

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    Text = str | _StrPromise
else:
    Text = str | Promise

__all__ = ["Text", "gettext", "gettext_lazy"]


def gettext(message: str) -> str:
    """The message in the language of the portal."""
    return translation.gettext(message) if settings.configured else message


gettext_lazy = lazy(gettext, str)
