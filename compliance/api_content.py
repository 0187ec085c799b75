"""REST API of words that are reviewed: versions of templates and of content blocks, with the way to their reviewers."""

from channels.api_blocks import BlockVersionViewSet
from channels.api_versions import TemplateVersionViewSet
from compliance.api_submitting import Submitting


class ReviewedTemplateVersions(Submitting, TemplateVersionViewSet):
    """The words of templates: write drafts, read them as somebody would, hand them in."""

    needs = {
        **TemplateVersionViewSet.needs,
        "submit": ("channels.view_templateversion", "channels.submit_templateversion"),
        "problems": ("channels.view_templateversion",),
    }


class ReviewedBlockVersions(Submitting, BlockVersionViewSet):
    """The words of content blocks: write drafts, hand them in."""

    needs = {
        **BlockVersionViewSet.needs,
        "submit": ("channels.view_blockversion", "channels.submit_blockversion"),
        "problems": ("channels.view_blockversion",),
    }
