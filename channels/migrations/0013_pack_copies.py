"""Pack the copies that there are, in batches of their own transactions: it may be stopped, and goes on where it was."""

from django.db import migrations, transaction

from channels.packing import Packer, unpack
from config import bulk

BATCH = 1000


def pack(apps, schema_editor):
    """Those that are not packed yet, by the version of their message."""
    copies, versions = apps.get_model("channels", "RenderedCopy"), apps.get_model("channels", "TemplateVersion")
    upto = 0
    while True:
        rows = copies.objects.filter(pk__gt=upto).order_by("pk")
        batch = list(rows.values_list("pk", "message__version_id", "content", "sha256")[:BATCH])
        if not batch:
            return
        upto = batch[-1][0]
        waiting = [row[:3] for row in batch if not bytes(row[3])]
        sealed = versions.objects.filter(pk__in={version for _, version, _ in waiting}).exclude(state="draft")
        packers = {one.pk: Packer(one.compiled or one.content) for one in sealed.only("content", "compiled")}
        with transaction.atomic():
            bulk.update(copies, [_row(packers, *row) for row in waiting], key="message_id")


def unpacked(apps, schema_editor):
    """Back to fields as they are."""
    for copy in apps.get_model("channels", "RenderedCopy").objects.select_related("version").iterator(BATCH):
        source = (copy.version.compiled or copy.version.content) if copy.version else None
        copy.content = unpack(bytes(copy.packed), bytes(copy.sha256), source)
        copy.save(update_fields=["content"])


def _row(packers, message, version, content):
    packer = packers.get(version)
    found = (packer or Packer(None)).pack(content)
    return {
        "message_id": message,
        "version_id": version if packer else None,
        "packed": found.packed,
        "sha256": found.sha256,
    }


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('channels', '0012_packed_copies'),
    ]

    operations = [
        migrations.RunPython(pack, unpacked),
    ]
