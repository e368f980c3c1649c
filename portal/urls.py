from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    *([path("admin/sso/", include("integrations.core.single_sign_on.pages"))] if settings.SINGLE_SIGN_ON else []),
    path("admin/", admin.site.urls),
    path("", include("integrations.core.urls")),
    path("", include("integrations.backup_tickets.urls")),
]
