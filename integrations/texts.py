"""The type of a text for people: said already, or lazily, in the language of whoever it is shown to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.functional import Promise

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    Text = str | _StrPromise
else:
    Text = str | Promise

__all__ = ["Text"]
