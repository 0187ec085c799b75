"""Routes of the REST API. Wires all floors, and is imported by config.urls only."""

from django.urls import URLPattern, URLResolver, path
from drf_spectacular.views import SpectacularAPIView
from rest_framework.routers import APIRootView, DefaultRouter

from channels.api import MessageViewSet
from compliance.api import DecisionViewSet
from contacts.api import ContactViewSet
from journeys.api import EnrolmentViewSet, JourneyViewSet


class WaymarkApi(APIRootView):
    """The addresses of all resources; they say nothing about anybody, so everybody may read them."""

    permission_classes = []


class Router(DefaultRouter):
    """Addresses without format suffixes: there is one format."""

    APIRootView = WaymarkApi
    include_format_suffixes = False


router = Router()
router.register("contacts", ContactViewSet)
router.register("journeys", JourneyViewSet)
router.register("enrolments", EnrolmentViewSet)
router.register("messages", MessageViewSet)
router.register("decisions", DecisionViewSet)

urlpatterns: list[URLPattern | URLResolver] = [
    path("schema/", SpectacularAPIView.as_view(permission_classes=[]), name="schema"),
    *router.urls,
]
