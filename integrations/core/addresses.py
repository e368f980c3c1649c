"""Addresses of pages, found once: a page of the admin asks for two dozen of them (M9)."""

from __future__ import annotations

from functools import lru_cache

from django.conf import settings
from django.urls import get_script_prefix, reverse


def address_of(name: str, *arguments: str) -> str:
    """What `reverse` says; for pages, not for the many records. Raises `NoReverseMatch` where there is none."""
    return _found(name, arguments, get_script_prefix(), settings.ROOT_URLCONF)


@lru_cache(maxsize=512)
def _found(name: str, arguments: tuple[str, ...], prefix: str, urlconf: str) -> str:
    return reverse(name, urlconf, arguments)
