"""Files of a brand: taken in, retired, thrown away."""

import hashlib
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import ProtectedError, QuerySet
from django.template.defaultfilters import filesizeformat

from channels import sniffing
from channels.models import StoredFile, TemplateVersion
from contacts.models import Brand

LARGEST = 10_000_000
"""Bytes of a file, and of all that one mail carries: most providers take no more."""


def rows() -> QuerySet[StoredFile]:
    """All files, without their bytes."""
    return StoredFile.objects.defer("data")


def prepared(brand: Brand, name: str, upload: Any, user_id: int, now: datetime) -> StoredFile:
    """A file that was uploaded, ready to be saved in the same transaction. Raises ValidationError with a sentence about `upload`.

    The brand is locked: of two uploads of one name at the same time, the second is told.
    """
    if upload.size > LARGEST:
        raise ValidationError({"upload": f"The file has {upload.size:,} bytes; mails carry {LARGEST:,} at most."})
    data = upload.read(LARGEST + 1)
    try:
        name, content_type = sniffing.checked(name or str(upload.name or ""), data)
    except sniffing.Unfit as error:
        raise ValidationError({"upload": str(error)}) from error
    Brand.objects.select_for_update(of=("self",), no_key=True).get(pk=brand.pk)
    if StoredFile.objects.filter(brand=brand, name__iexact=name, retired_at=None).exists():
        raise ValidationError(
            {"upload": f"{brand} has a file {name}; retire that one first, or give this one another name."}
        )
    return StoredFile(
        brand=brand,
        name=name,
        content_type=content_type,
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        uploaded_at=now,
        uploaded_by_id=user_id,
        data=data,
    )


def retire(file: StoredFile, now: datetime) -> bool:
    """New versions cannot name it any more; those that were submitted keep it. False if it was retired before."""
    if file.retired_at:
        return False
    file.retired_at = now
    file.save(update_fields=["retired_at"])
    return True


def delete(file: StoredFile) -> None:
    """Throw it away, bytes and all. Raises ValidationError if a submitted version names it."""
    try:
        file.delete()
    except ProtectedError as error:
        raise ValidationError(
            f"{file} cannot be deleted: it belongs to {versions(file)[0]}, and what was submitted stays. Retire it instead."
        ) from error


def versions(file: StoredFile) -> list[TemplateVersion]:
    """The submitted versions that carry it, the newest first."""
    found = TemplateVersion.objects.filter(attachment_uses__file=file).select_related("template")
    return list(found.order_by("-id"))


def said(size: int) -> str:
    """`1.2 MB`, with an ordinary space."""
    return str(filesizeformat(size)).replace("\xa0", " ")
