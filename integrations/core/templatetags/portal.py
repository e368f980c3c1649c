"""What the portal's templates say that Django's do not."""

from __future__ import annotations

from django import template
from django.contrib.admin.utils import quote
from django.template.defaultfilters import capfirst
from django.utils.safestring import SafeString
from unfold.templatetags.unfold import header_title

from integrations.core.addresses import address_of
from integrations.core.markup import filled, joined

register = template.Library()

# {% address 'admin:index' %}: as `url`, found once.
register.simple_tag(address_of, name="address")

_CRUMB = '<a href="{link}" class="align-middle inline-block leading-5 min-w-0 truncate tracking-tight">{title}</a>'
_BETWEEN = SafeString(
    '<span class="material-symbols-outlined inline-block align-middle leading-5 mx-2 text-base-400 dark:text-base-500"'
    ' aria-hidden="true">chevron_right</span>'
)


@register.simple_tag(takes_context=True)
def crumbs(context: template.RequestContext) -> SafeString:
    """Where the page stands, as Unfold's `header_title` says it (0.91); for pages without a model, by that itself."""
    from integrations.core.admin.navigation import name_of  # the admin is made while libraries are looked for

    opts = context.get("opts")
    if not opts:
        shown: SafeString = header_title(context)
        return shown
    record = context.get("original")
    record = context.get("object") if record is None or isinstance(record, str) else record
    of = opts if record is None else record._meta
    list_name = f"admin:{of.app_label}_{of.model_name}_changelist"
    pages = address_of(list_name)
    steps = [
        (address_of("admin:app_list", opts.app_label), opts.app_config.verbose_name),
        (pages, name_of(list_name) or of.verbose_name_plural),
    ]
    if record is not None:
        steps.append((f"{pages}{quote(record.pk)}/change/", record))
    elif (request := context["request"]).method == "GET" and request.path != pages and context.get("title"):
        steps.append((request.path, context["title"]))
    drawn = (filled(_CRUMB, link=link, title=capfirst(str(title))) for link, title in steps)
    return joined(drawn, between=_BETWEEN)
