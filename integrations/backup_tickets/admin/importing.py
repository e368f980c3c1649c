"""Importing a file of runs in two steps: look at what would come of it, then let it be so."""

from __future__ import annotations

import datetime as dt
import io
from itertools import islice
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminSelectWidget

from integrations.backup_tickets import permissions
from integrations.backup_tickets.importing.files import COLUMNS, REQUIRED, format_of, read_file
from integrations.backup_tickets.importing.problems import UnreadableFileError
from integrations.backup_tickets.intake import take_runs
from integrations.backup_tickets.models import ImportDraft
from integrations.core.models import Client, User

if TYPE_CHECKING:
    from django.contrib.admin import AdminSite

FILE_LIMIT = 20_000_000  # bytes; larger files are for `manage.py import_runs`
FIRST_ROWS = 10
KEPT = dt.timedelta(days=1)


class UploadForm(forms.Form):
    """Whose runs, and the file."""

    client = forms.ModelChoiceField(queryset=Client.objects.none(), widget=UnfoldAdminSelectWidget())
    file = forms.FileField(
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".csv,.xlsx,.json"}), help_text="CSV, XLSX or JSON"
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        clients = Client.objects.visible_to(user).filter(is_active=True)
        self.fields["client"].queryset = clients  # type: ignore[attr-defined]
        self.fields["client"].initial = clients.first()

    def clean_file(self) -> UploadedFile[Any]:
        file: UploadedFile[Any] = self.cleaned_data["file"]
        if (file.size or 0) > FILE_LIMIT:
            raise forms.ValidationError(
                f"The file is larger than {FILE_LIMIT // 1_000_000} MB. Use “manage.py import_runs”, or split it."
            )
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
        """Choose a file. It is kept for its uploader until confirmed, a day at most."""
        user = _importer(request)
        form = UploadForm(request.POST or None, request.FILES or None, user=user)
        if request.method == "POST" and form.is_valid():
            file = form.cleaned_data["file"]
            name = (file.name or "runs").replace("\x00", "")[:200]
            ImportDraft.objects.filter(created_at__lt=timezone.now() - KEPT).delete()
            draft = ImportDraft.objects.create(
                client=form.cleaned_data["client"],
                by=user,
                name=name,
                format=format_of(name, file),
                content=file.read(),
            )
            return HttpResponseRedirect(reverse("admin:backup_tickets_run_import_preview", args=[draft.pk]))
        return self._page(request, "import_upload", form=form, columns=COLUMNS, required=REQUIRED)

    def import_preview_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """GET: what would come of it, nothing stored. POST: store it, or throw the file away."""
        user = _importer(request)
        draft = ImportDraft.objects.visible_to(user).filter(by=user, pk=pk).select_related("client").first()
        if draft is None:
            messages.info(request, "This file was already imported or is no longer kept. Choose it again if need be.")
            return HttpResponseRedirect(reverse("admin:backup_tickets_run_import"))
        if request.method == "POST" and "discard" in request.POST:
            draft.delete()
            return HttpResponseRedirect(reverse("admin:backup_tickets_run_import"))
        storing = request.method == "POST"
        try:
            result = take_runs(draft.client, _items(draft), store=storing)
            first = [placed for placed in islice(_items(draft), FIRST_ROWS) if isinstance(placed.value, dict)]
        except UnreadableFileError as error:
            return self._page(request, "import_preview", draft=draft, unreadable=str(error))
        if storing:
            draft.delete()
        return self._page(request, "import_preview", draft=draft, result=result, first=first, stored=storing)

    def _page(self, request: HttpRequest, template: str, **more: Any) -> HttpResponse:
        context = {**self.admin_site.each_context(request), "title": "Import runs", "opts": self.opts, **more}
        return TemplateResponse(request, f"backup_tickets/{template}.html", context)


def _importer(request: HttpRequest) -> User:
    user: Any = request.user  # signed in
    if not user.has_perm(permissions.IMPORT_RUNS):
        raise PermissionDenied
    return user  # type: ignore[no-any-return]


def _items(draft: ImportDraft) -> Any:
    return read_file(io.BytesIO(draft.content), draft.format)
