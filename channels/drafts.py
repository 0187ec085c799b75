"""New versions of a template. A draft belongs to its author; whoever wants to change another's words makes a draft of them."""

from django.db import transaction
from django.db.models import Max

from channels import attachments, compiling
from channels.models import BlockUse, BlockVersion, ContentBlock, MessageTemplate, TemplateVersion


def next_number(template: MessageTemplate) -> int:
    """The number of the template's next version, under its lock: two people at once get two numbers. In a transaction."""
    MessageTemplate.objects.select_for_update(of=("self",), no_key=True).get(pk=template.pk)
    newest = TemplateVersion.objects.filter(template=template).aggregate(newest=Max("number"))["newest"]
    return (newest or 0) + 1


def next_block_number(block: ContentBlock) -> int:
    """The same for a content block. In a transaction."""
    ContentBlock.objects.select_for_update(of=("self",), no_key=True).get(pk=block.pk)
    newest = BlockVersion.objects.filter(block=block).aggregate(newest=Max("number"))["newest"]
    return (newest or 0) + 1


def draft_of(version: TemplateVersion, author_id: int) -> TemplateVersion:
    """A new draft with the words of `version`, written by this user."""
    with transaction.atomic():
        return TemplateVersion.objects.create(
            template=version.template,
            number=next_number(version.template),
            locale=version.locale,
            message_class=version.message_class,
            content=version.content,
            variables=version.variables,
            author_id=author_id,
        )


def compile_version(version: TemplateVersion) -> None:
    """Put the version's words into the form in which they are sent, and note which versions of blocks and which files are in them.

    For whoever submits it, in his transaction: `compiled` is set, but not saved, since from the submission on it cannot be.
    """
    made = compiling.compile(version)
    version.compiled = dict(made.fields)
    uses = [BlockUse(version=version, block_version_id=pk) for pk in sorted(made.block_versions)]
    BlockUse.objects.bulk_create(uses, ignore_conflicts=True)
    attachments.fix(version, made.fields.get(attachments.FIELD, ()))
