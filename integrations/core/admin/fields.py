"""Form fields in Unfold's look, drawn without templates: for forms that stand above every page of a list (M9).

As crispy-forms draws them with Unfold's pack (0.91), which takes 7 ms for nine fields: text and date inputs and
selects, with label and errors.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.forms import BoundField, Select
from django.utils.safestring import SafeString

from integrations.core.markup import NOTHING, escaped, filled, joined

_FIELD = (
    '<div id="div_{id}" class="group{wrong}"><label for="{id}" class="block font-semibold mb-2'
    ' text-font-important-light dark:text-font-important-dark">{label}</label>'
    '<div class="grow">{control}{errors}</div></div>'
)
_INPUT = '<div class="max-w-2xl relative w-full"><input type="{type}" name="{name}"{value}{attributes}></div>'
_SELECT = (
    '<div class="grow relative max-w-2xl"><select name="{name}"{attributes}>{options}</select>'
    '<span class="material-symbols-outlined absolute group-[.primary]:text-white pointer-events-none mr-[12px] right-0'
    " text-base-400 top-0 top-1/2 hover:text-base-700 dark:text-base-500 dark:hover:text-base-200 -translate-y-1/2"
    '">expand_more</span></div>'
)
_OPTION = '<option value="{value}"{selected}>{label}</option>'
_ERRORS = '<ul class="errorlist" id="{id}_error">{errors}</ul>'
_ERROR = '<li class="mt-2 text-red-600 text-xs dark:text-red-500">{error}</li>'
_SELECTED = SafeString(" selected")


def field_html(field: BoundField) -> SafeString:
    """One field with its label and, where it was not understood, what is wrong."""
    errors = field.form.errors.get(field.name, ())
    return filled(
        _FIELD,
        id=field.auto_id,
        wrong=" errors" if errors else "",
        label=field.label,
        control=_select(field) if isinstance(field.field.widget, Select) else _input(field),
        errors=_errors(field, errors) if errors else NOTHING,
    )


def _input(field: BoundField) -> SafeString:
    widget = field.field.widget
    value = widget.format_value(field.value())
    return filled(
        _INPUT,
        type=widget.input_type,
        name=field.html_name,
        value=NOTHING if value is None else filled(' value="{value}"', value=value),
        attributes=_attributes(field),
    )


def _select(field: BoundField) -> SafeString:
    chosen = field.value()
    chosen = "" if chosen is None else str(chosen)
    options = (
        filled(_OPTION, value=value, selected=_SELECTED if str(value) == chosen else NOTHING, label=label)
        for value, label in field.field.choices  # type: ignore[attr-defined]  # of a choice field
    )
    return filled(_SELECT, name=field.html_name, attributes=_attributes(field), options=joined(options))


def _attributes(field: BoundField) -> SafeString:
    """The widget's own, the id, and those that say to a screen reader that something is wrong."""
    wanted = {**field.field.widget.attrs, **field.build_widget_attrs({}), "id": field.auto_id}
    return SafeString("".join([f' {escaped(name)}="{escaped(value)}"' for name, value in wanted.items()]))


def _errors(field: BoundField, errors: Iterable[object]) -> SafeString:
    return filled(_ERRORS, id=field.auto_id, errors=joined(filled(_ERROR, error=error) for error in errors))
