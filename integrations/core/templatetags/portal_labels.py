"""Labels for templates."""

from django import template
from django.utils.safestring import SafeString

from integrations.core import labels
from integrations.core.models import Connection

register = template.Library()


@register.simple_tag
def health(connection: Connection) -> SafeString:
    return labels.health(connection)


@register.simple_tag
def environment(connection: Connection) -> SafeString:
    return labels.environment(connection)
