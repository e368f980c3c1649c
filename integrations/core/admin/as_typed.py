"""Lists that are searched while somebody types: the script asks the page's own address for what was found alone.

It is the same view for the same person; only the frame around the list is left out (no sidebar, no counts), which is
most of a page's price (M10). Without scripts the form around the field does the same by a whole page.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.template.loader import get_template
from django.utils.cache import patch_vary_headers

HEADER = "X-Found-Only"  # as static/portal/as_typed.js sends it


def is_asked(request: HttpRequest) -> bool:
    """Whether the list alone is asked for."""
    return HEADER in request.headers


def answer(template: str, context: dict[str, object]) -> HttpResponse:
    """The list alone, marked as such: a page that a script was led to instead (the sign-in) is none."""
    found = HttpResponse(get_template(template).render(context))
    found.headers[HEADER] = "1"
    return varied(found)


def varied(response: HttpResponse) -> HttpResponse:
    """No cache takes the page for the list, or the list for the page."""
    patch_vary_headers(response, (HEADER,))
    return response
