"""Pages for who has no password yet, or forgot it: “Forgot your password?”, and the page behind a mailed link."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth import login
from django.contrib.auth.forms import SetPasswordForm
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from unfold.widgets import UnfoldAdminEmailInputWidget, UnfoldAdminPasswordWidget

from integrations.core import password_links
from integrations.core.login import client_ip
from integrations.core.models import PasswordLink

OPENED = "password_link"  # the session's name for the secret of the link that was opened
BACKEND = "django.contrib.auth.backends.ModelBackend"


class AddressForm(forms.Form):
    address = forms.EmailField(
        label=_("Your e-mail address"), widget=UnfoldAdminEmailInputWidget(attrs={"autocomplete": "email"})
    )


class ChoosePasswordForm(SetPasswordForm):  # type: ignore[type-arg]  # not subscriptable at run time
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("new_password1", "new_password2"):
            self.fields[name].widget = UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"})


@never_cache
def forgotten_page(request: HttpRequest) -> HttpResponse:
    """Ask for a link by mail. The answer is the same whether anybody has the address."""
    if not settings.MAIL_IS_SET_UP:
        raise Http404
    form = AddressForm(request.POST or None)
    is_asked = request.method == "POST" and form.is_valid()
    if is_asked:
        password_links.ask_for_reset(form.cleaned_data["address"], asked_from=client_ip(request))
    return _page(request, "password_forgotten", title=gettext("Forgotten password"), form=form, is_asked=is_asked)


@never_cache
@sensitive_variables("secret")
def link_page(request: HttpRequest, secret: str) -> HttpResponse:
    """The address in the mail. It takes the secret out of the address bar, and uses nothing up: mail programs look at
    links too."""
    if password_links.opened_by(secret) is None:
        return _gone(request)
    request.session[OPENED] = secret
    return redirect("admin:password_choose")


@never_cache
@sensitive_post_parameters()
@sensitive_variables("secret")
def choose_page(request: HttpRequest) -> HttpResponse:
    """Choose a password; then the person is signed in, and meets the second factor like after any sign-in."""
    secret = request.session.get(OPENED, "")
    link = password_links.opened_by(secret)
    if link is None:
        return _gone(request)
    form = ChoosePasswordForm(link.user, request.POST or None)
    if request.method != "POST" or not form.is_valid():
        is_invitation = link.purpose == PasswordLink.Purpose.INVITATION
        title = gettext("Welcome") if is_invitation else gettext("Choose a new password")
        return _page(request, "password_choose", title=title, form=form, person=link.user)
    user = password_links.use(secret, form.cleaned_data["new_password1"])
    if user is None:  # used meanwhile
        return _gone(request)
    del request.session[OPENED]
    login(request, user, backend=BACKEND)
    messages.success(request, gettext("Your password is set, and you are signed in."))
    return redirect("admin:index")


def _gone(request: HttpRequest) -> HttpResponse:
    """The same for a link that never was, was used, was taken back, or is too old."""
    request.session.pop(OPENED, None)
    return _page(request, "password_gone", title=gettext("This link is no longer good"), status=404)


def _page(request: HttpRequest, template: str, *, status: int = 200, **shown: Any) -> HttpResponse:
    context = {**admin.site.each_context(request), "mail_is_set_up": settings.MAIL_IS_SET_UP, **shown}
    return TemplateResponse(request, f"admin/portal/{template}.html", context, status=status)
