"""Static files whose addresses are found once: every page names eighteen of them (M9)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.staticfiles.storage import StaticFilesStorage
from whitenoise.storage import CompressedManifestStaticFilesStorage

if TYPE_CHECKING:
    Base = StaticFilesStorage
else:
    Base = object


class FoundOnce(Base):
    """For a storage whose files do not change while the process lives."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._found: dict[str | None, str] = {}

    def url(self, name: str | None, *args: Any, **kwargs: Any) -> str:
        if name not in self._found:
            self._found[name] = super().url(name, *args, **kwargs)
        return self._found[name]


class PlainFiles(FoundOnce, StaticFilesStorage):
    """As they lie there, in development."""


class HashedFiles(FoundOnce, CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # whitenoise publishes no types
    """With the hash of their content in their name, in production."""
