"""Routes of the REST API. Wires all floors, and is imported by config.urls only."""

from typing import Any

from django.urls import URLPattern, URLResolver, path, re_path
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.routers import APIRootView, DefaultRouter
from rest_framework.views import APIView

from channels.api import MessageViewSet
from channels.api_blocks import ContentBlockViewSet
from channels.api_files import StoredFileViewSet
from channels.api_inbox import ChatTokenViewSet, InboxTokenViewSet
from channels.api_seeds import SeedListViewSet
from channels.api_templates import TemplateViewSet
from compliance.api import DecisionViewSet
from compliance.api_comments import ReviewCommentViewSet
from compliance.api_content import ReviewedBlockVersions, ReviewedTemplateVersions
from compliance.api_policies import ReviewPolicyViewSet
from compliance.api_retention import CopyRetentionViewSet
from compliance.api_reviews import ReviewViewSet
from compliance.api_testers import TesterViewSet
from compliance.api_urgent import UrgentReleaseViewSet
from compliance.evidence.api import MessageEvidence, PersonEvidence
from compliance.whatif.api import EvaluationViewSet
from contacts.api import ContactViewSet
from journeys.api import EnrolmentViewSet, JourneyViewSet
from journeys.api_versions import JourneyVersionViewSet


class WaymarkApi(APIRootView):
    """The addresses of all resources; they say nothing about anybody, so everybody may read them."""

    permission_classes = []


@extend_schema(exclude=True)
class Nowhere(APIView):
    """What is no address of the API is told so in JSON: its readers are programs."""

    authentication_classes = []
    permission_classes = []

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        raise NotFound("There is no such address; /api/schema/ lists all.")


@extend_schema(exclude=True)
class Evaluate(EvaluationViewSet):
    """The same without the slash at the end: a POST cannot be redirected to it."""


class Router(DefaultRouter):
    """Addresses without format suffixes: there is one format."""

    APIRootView = WaymarkApi
    include_format_suffixes = False


router = Router()
# Before the resources that they belong to: the list of addresses names the last of a prefix.
router.register("contacts", PersonEvidence, basename="contact-file")
router.register("messages", MessageEvidence, basename="message-file")
router.register("contacts", ContactViewSet)
router.register("journeys", JourneyViewSet)
router.register("journey-versions", JourneyVersionViewSet)
router.register("enrolments", EnrolmentViewSet)
router.register("messages", MessageViewSet)
router.register("inbox-tokens", InboxTokenViewSet, basename="inbox-token")
router.register("chat-tokens", ChatTokenViewSet, basename="chat-token")
router.register("templates", TemplateViewSet)
router.register("template-versions", ReviewedTemplateVersions)
router.register("content-blocks", ContentBlockViewSet)
router.register("block-versions", ReviewedBlockVersions)
router.register("seed-lists", SeedListViewSet)
router.register("testers", TesterViewSet)
router.register("files", StoredFileViewSet)
router.register("reviews", ReviewViewSet)
router.register("review-comments", ReviewCommentViewSet)
router.register("urgent-releases", UrgentReleaseViewSet)
router.register("review-policies", ReviewPolicyViewSet)
router.register("copy-retention", CopyRetentionViewSet)
router.register("decisions", DecisionViewSet)
router.register("compliance", EvaluationViewSet, basename="compliance")

urlpatterns: list[URLPattern | URLResolver] = [
    path("schema/", SpectacularAPIView.as_view(permission_classes=[]), name="schema"),
    path("compliance/evaluate", Evaluate.as_view({"post": "evaluate"})),
    *router.urls,
    re_path(r"^[\s\S]*/$", Nowhere.as_view()),
]
