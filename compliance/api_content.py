"""REST API of words that are reviewed: versions of templates and of content blocks, with the way to their reviewers."""

from channels.api_blocks import BlockVersionViewSet
from channels.api_versions import TemplateVersionViewSet
from compliance.api_submitting import Submitting
from compliance.api_testing import Testing
from compliance.seeds import PERMISSION as SEND_TEST


class ReviewedTemplateVersions(Submitting, Testing, TemplateVersionViewSet):
    """The words of templates: write drafts, read them as somebody would, test them, hand them in."""

    needs = {
        **TemplateVersionViewSet.needs,
        "submit": ("channels.view_templateversion", "channels.submit_templateversion"),
        "problems": ("channels.view_templateversion",),
        "tests": ("channels.view_templateversion",),
        "send_test": ("channels.view_templateversion", SEND_TEST),
    }


class ReviewedBlockVersions(Submitting, BlockVersionViewSet):
    """The words of content blocks: write drafts, hand them in."""

    needs = {
        **BlockVersionViewSet.needs,
        "submit": ("channels.view_blockversion", "channels.submit_blockversion"),
        "problems": ("channels.view_blockversion",),
    }
