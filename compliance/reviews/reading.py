"""Where reviews stand."""

from django.db.models import Model, QuerySet

from compliance.models import Review
from compliance.reviews.base import kind_of


def of(subject: Model) -> QuerySet[Review]:
    """All reviews of this object, the newest first."""
    return Review.objects.filter(kind=kind_of(subject).key, object_id=subject.pk)


def live(subject: Model) -> Review | None:
    """Its review that is open or approved, if any."""
    return of(subject).filter(state__in=Review.LIVE).first()
