"""Two pages with the same draft open: whoever saves second is shown what the first wrote, and overwrites nothing by accident."""

import hashlib
from typing import Any

from django.utils.text import capfirst

from channels import differences
from channels.admin.kind_forms import KindModelForm
from channels.models import TemplateVersion
from config import bulk

OVERTAKEN = (
    "Nothing was saved: this draft was changed after you opened it. What differs is shown below; take over what you want to "
    "keep, then save again to replace it with yours."
)
HANDED_IN = "Nothing was saved: this version was submitted after you opened it, and does not change any more."


def revision(version: TemplateVersion) -> str:
    """A token of everything that the form can change: it differs once any of it does."""
    told = [version.locale, version.message_class, sorted(version.content.items()), version.variables]
    return hashlib.sha256(bulk.dumps(told).encode()).hexdigest()


class DraftForm(KindModelForm):
    """Saves only over what its page has shown: the token `revision` of the page must be that of the row, under its lock."""

    overtaken: TemplateVersion | None = None
    """What is stored, if that is not what the page has shown."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.revision = revision(self.instance) if self.instance.pk else ""

    def clean(self) -> dict[str, Any]:
        """Compare before the kind judges; a page that is behind has to be read again first."""
        if self.instance.pk:
            stored = TemplateVersion.objects.select_for_update(of=("self",), no_key=True).get(pk=self.instance.pk)
            if stored.state != TemplateVersion.State.DRAFT:
                self.add_error(None, HANDED_IN)
            elif revision(stored) != self.data.get("revision"):
                self.overtaken, self.revision = stored, revision(stored)
                self.add_error(None, OVERTAKEN)
        return super().clean()

    def conflict(self) -> dict[str, Any] | None:
        """Who was faster, and how the stored words differ from those in this form; None if nobody was."""
        if self.overtaken is None:
            return None
        fields = differences.sources(self.overtaken.content, self._given())
        names = self.kind_form.base_fields
        return {
            "last": self.overtaken.history.select_related("history_user").first(),
            "fields": [(names[f.name].label or capfirst(f.name), f.pieces) for f in fields if f.name in names],
        }
