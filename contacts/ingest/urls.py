"""The addresses of Segment's HTTP API, and the short ones that its browser SDK posts to."""

from django.urls import URLPattern, path

from contacts.ingest import views
from contacts.ingest.items import CALLS

urlpatterns: list[URLPattern] = [
    path("batch", views.batch, name="ingest"),
    path("b", views.batch),
    path("projects/<str:write_key>/settings", views.project),
    *(path(kind, views.single, {"kind": kind}) for kind in CALLS),
    *(path(kind[0], views.single, {"kind": kind}) for kind in CALLS),
]
