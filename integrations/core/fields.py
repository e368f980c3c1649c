"""The one model field that holds secrets."""

from __future__ import annotations

from typing import Any

from django.db import models

from .crypto import Sealed


class SealedField(models.TextField):  # type: ignore[type-arg]  # not subscriptable at run time
    """Stores a `Sealed` mapping of secrets. Reading a row never decrypts; `Sealed.open()` does."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("default", Sealed)
        kwargs.setdefault("editable", False)
        kwargs.setdefault("blank", True)
        super().__init__(*args, **kwargs)

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> Sealed:
        return Sealed(value or "")

    def to_python(self, value: Any) -> Sealed:
        if isinstance(value, Sealed):
            return value
        raise TypeError("a sealed field takes Sealed.of({...}), never a plain value")

    def get_prep_value(self, value: Any) -> str:
        return self.to_python(value).token

    def value_to_string(self, obj: Any) -> str:
        return ""  # dumpdata and exports carry no secrets, not even sealed ones
