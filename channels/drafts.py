"""New versions of a template. A draft belongs to its author; whoever wants to change another's words makes a draft of them."""

from django.db import transaction
from django.db.models import Max

from channels.models import MessageTemplate, TemplateVersion


def next_number(template: MessageTemplate) -> int:
    """The number of the template's next version, under its lock: two people at once get two numbers. In a transaction."""
    MessageTemplate.objects.select_for_update(of=("self",), no_key=True).get(pk=template.pk)
    newest = TemplateVersion.objects.filter(template=template).aggregate(newest=Max("number"))["newest"]
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
            author_id=author_id,
        )
