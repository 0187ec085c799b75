"""New versions of a template. A draft belongs to its author; whoever wants to change another's words makes a draft of them."""

from typing import Any

from django.core.exceptions import ObjectDoesNotExist, PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Max, ProtectedError

from channels import attachments, compiling, revisions
from channels.models import BlockUse, BlockVersion, ContentBlock, MessageTemplate, TemplateVersion
from channels.revisions import Version
from config.history import because
from config.permissions import require

OVERTAKEN = "It was changed after you read it, and nothing was saved: read it again, and send its new revision with your change."


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


def own(version: Version, user: Any) -> None:
    """Lock the row of one's own draft, and bring `version` up to what is stored. In a transaction.

    Raises ValidationError for what is no draft (any more), PermissionDenied for one that somebody else wrote.
    """
    name = str(version)
    rows: Any = type(version)._default_manager.select_for_update(no_key=True)
    try:
        version.refresh_from_db(from_queryset=rows)
    except ObjectDoesNotExist as error:
        raise ValidationError(f"{name} was deleted meanwhile.") from error
    if version.state != TemplateVersion.State.DRAFT:
        raise ValidationError(
            f"{name} is {version.get_state_display()} and does not change any more; make a new draft from it."
        )
    if version.author_id != user.pk:
        raise PermissionDenied("A draft belongs to whoever wrote it; make a new draft from it.")


def unchanged(version: Version, seen: str) -> None:
    """Raises ValidationError unless the draft still says what its writer saw: `seen` is the revision that he read."""
    if seen != revisions.of(version):
        raise ValidationError(OVERTAKEN)


def discard(version: Version, user: Any) -> None:
    """Throw one's own draft away. Raises ValidationError for what was ever submitted, or is still referred to;
    PermissionDenied for one that somebody else wrote."""
    with transaction.atomic():
        own(version, user)
        _delete(version)


def _delete(thing: Any) -> None:
    try:
        thing.delete()
    except ProtectedError as error:
        needed = {str(row._meta.verbose_name) for row in error.protected_objects}
        raise ValidationError(f"{thing} is kept, since something refers to it: {', '.join(sorted(needed))}.") from error


def deletable(template: MessageTemplate) -> bool:
    """Whether it holds nothing but drafts, if anything."""
    return not template.versions.exclude(state=TemplateVersion.State.DRAFT).exists()


def delete_template(template: MessageTemplate, user: Any, reason: str = "") -> None:
    """Delete a template with its drafts, whose histories stay. Raises PermissionDenied for who may not edit it, and
    ValidationError where anything of it was ever handed in, tested or used."""
    require(user, "channels.change_messagetemplate", template, "change this template")
    with transaction.atomic():
        locked = MessageTemplate.objects.select_for_update(of=("self",)).get(pk=template.pk)
        for version in TemplateVersion.objects.select_for_update(of=("self",)).filter(template=locked):
            if version.state != TemplateVersion.State.DRAFT:
                raise ValidationError(
                    f"{locked} is kept, since {version} was handed in: retire what is in use instead."
                )
            _delete(because(version, reason, user))
        _delete(because(locked, reason, user))


def compile_version(version: TemplateVersion) -> None:
    """Put the version's words into the form in which they are sent, and note which versions of blocks and which files are in them.

    For whoever submits it, in his transaction: `compiled` is set, but not saved, since from the submission on it cannot be.
    """
    made = compiling.compile(version)
    version.compiled = dict(made.fields)
    uses = [BlockUse(version=version, block_version_id=pk) for pk in sorted(made.block_versions)]
    BlockUse.objects.bulk_create(uses, ignore_conflicts=True)
    attachments.fix(version, made.fields.get(attachments.FIELD, ()))
