"""Every address of the product. Wires all floors, and is imported by nobody."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from config.health import health

urlpatterns: list[URLPattern | URLResolver] = [
    path("admin/", admin.site.urls),
    path("health", health),
    path("v1/", include("contacts.ingest.urls")),
    path("api/", include("config.api_urls")),
    path("", include("channels.urls")),
]
