"""The portal's addresses, and Django's stock changelist of the same runs under /stock/."""

from django.urls import path

from benchmarks.rig.stock_admin import site
from portal.urls import urlpatterns as own

urlpatterns = [*own, path("stock/", site.urls)]
