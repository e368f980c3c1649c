"""Importing a file of runs in two steps: look at what would come of it, then let it be so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminSelectWidget

from integrations.backup_tickets import permissions
from integrations.backup_tickets.importing import flow
from integrations.backup_tickets.importing.files import COLUMNS, REQUIRED, format_of
from integrations.backup_tickets.models import RunImport
from integrations.core.models import Client, User

if TYPE_CHECKING:
    from django.contrib.admin import AdminSite

FILE_LIMIT = 20_000_000  # bytes; larger files are for `manage.py import_runs`
FIRST_ROWS = 10


class UploadForm(forms.Form):
    """Whose runs, and the file."""

    client = forms.ModelChoiceField(label=_("Client"), queryset=Client.objects.none(), widget=UnfoldAdminSelectWidget())
    file = forms.FileField(
        label=_("File"),
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".csv,.xlsx,.json"}),
        help_text=_("CSV, XLSX or JSON"),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        clients = Client.objects.visible_to(user).filter(is_active=True)
        self.fields["client"].queryset = clients  # type: ignore[attr-defined]
        self.fields["client"].initial = clients.first()

    def clean_file(self) -> UploadedFile[Any]:
        file: UploadedFile[Any] = self.cleaned_data["file"]
        if (file.size or 0) > FILE_LIMIT:
            said = gettext("The file is larger than {limit} MB. Use “manage.py import_runs”, or split it.")
            raise forms.ValidationError(said.format(limit=FILE_LIMIT // 1_000_000))
        return file


class ImportPages:
    """The import's pages, for the admin class of runs."""

    if TYPE_CHECKING:
        admin_site: AdminSite
        opts: Any

    def import_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("import/", view(self.import_view), name="backup_tickets_run_import"),
            path("import/<int:pk>/", view(self.import_preview_view), name="backup_tickets_run_import_preview"),
        ]

    def import_view(self, request: HttpRequest) -> HttpResponse:
        """Choose a file. It is checked by a job and kept for its uploader until confirmed, a day at most."""
        user = _importer(request)
        form = UploadForm(request.POST or None, request.FILES or None, user=user)
        if request.method == "POST" and form.is_valid():
            file = form.cleaned_data["file"]
            name = (file.name or "runs").replace("\x00", "")[:200]
            client = form.cleaned_data["client"]
            made = flow.start(user, client, name=name, form=format_of(name, file), content=file.read())
            return _to(made)
        return self._page(request, "import_upload", form=form, required=REQUIRED, others=COLUMNS[len(REQUIRED) :])

    def import_preview_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """GET: how far the check or the import is, and what came of it. POST: confirm, or stop and discard."""
        user = _importer(request)
        known = _own(user).filter(pk=pk).select_related("client").defer("content").first()
        if known is None:
            messages.info(request, gettext("This file is no longer kept. Choose it again if need be."))
            return HttpResponseRedirect(reverse("admin:backup_tickets_run_import"))
        if request.method == "POST":
            if "confirm" in request.POST:
                flow.confirm(known, user)
            elif "stop" in request.POST:
                flow.stop(known)
            return _to(known)
        waiting = known.state == RunImport.State.CHECKED
        context = {
            "known": known,
            "first": flow.first_items(known, FIRST_ROWS) if waiting else [],
            "failure": flow.failure(known),
        }
        return self._page(request, "import_preview", **context)

    def _page(self, request: HttpRequest, template: str, **more: Any) -> HttpResponse:
        context = {**self.admin_site.each_context(request), "title": gettext("Import runs"), "opts": self.opts, **more}
        return TemplateResponse(request, f"backup_tickets/{template}.html", context)


def _to(known: RunImport) -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:backup_tickets_run_import_preview", args=[known.pk]))


def _own(user: User) -> QuerySet[RunImport]:
    found: QuerySet[RunImport] = RunImport.objects.visible_to(user).filter(by=user)
    return found


def _importer(request: HttpRequest) -> User:
    user: Any = request.user  # signed in
    if not user.has_perm(permissions.IMPORT_RUNS):
        raise PermissionDenied
    return user  # type: ignore[no-any-return]
