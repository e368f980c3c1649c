"""An operation for migrations that change nothing but what people read: names, help texts, labels of choices."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.migrations import SeparateDatabaseAndState
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState


class NamesOnly(SeparateDatabaseAndState):
    """No statement for the database, and models are rendered once for all of the changes.

    Django renders a model and its neighbours anew for each `AlterField`; for some hundred fields a new database
    would take half a minute longer.
    """

    def __init__(self, state_operations: Sequence[Operation]) -> None:
        super().__init__(state_operations=state_operations)

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        state.__dict__.pop("apps", None)  # rendered again when somebody asks for it
        super().state_forwards(app_label, state)

    def deconstruct(self) -> tuple[str, Sequence[Operation], dict[str, object]]:
        return self.__class__.__name__, [], {"state_operations": self.state_operations}
