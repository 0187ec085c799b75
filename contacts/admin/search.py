"""Finding a person among millions: by external ID, mail address or phone number, whole or from its beginning.

Each way reads at most `MOST` entries of one index, so the cost does not grow with the number of people.
"""

from collections.abc import Iterator

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from unfold.dataclasses import SearchResult

from config import shown
from contacts import identity
from contacts.models import Address, Contact, FormerId

MOST = 200
SHOWN = 10
_LAST = "\U0010ffff"


def find(term: str) -> set[int]:
    """Ids of the people whose external ID, mail address or phone number is or begins with `term`."""
    term = term.strip()
    if not term:
        return set()
    queries = (_by_external_id(term), _by_former_id(term), *_by_address(term))
    return {pk for query in queries for pk in query[:MOST]}


def exactly(term: str) -> set[int]:
    """Ids of the people with exactly this external ID, mail address or phone number."""
    digits = "".join(character for character in term if character.isdigit())
    wanted = [term.lower(), *([f"+{digits}"] if digits else [])]
    return {
        *identity.known([term]).values(),
        *Address.objects.filter(value__in=wanted).values_list("contact_id", flat=True),
    }


def command(request: HttpRequest, term: str) -> list[SearchResult]:
    """The first people for Unfold's command search (Ctrl-K); none for those who may not see people."""
    if not request.user.has_perm("contacts.view_contact"):
        return []
    people = list(Contact.objects.filter(pk__among=list(find(term))).order_by("-pk")[:SHOWN])
    if people:
        shown.tell(request, "contacts.contact")
    return [
        SearchResult(str(person), "Contact", reverse("admin:contacts_contact_change", args=[person.pk]), "person")
        for person in people
    ]


def _by_external_id(term: str) -> QuerySet[Contact, int]:
    found = Contact.objects.exclude(external_id="").filter(_begins("external_id", term))
    return found.order_by("external_id").values_list("pk", flat=True)


def _by_former_id(term: str) -> QuerySet[FormerId, int]:
    found = FormerId.objects.filter(_begins("value", term))
    return found.order_by("value").values_list("contact_id", flat=True)


def _by_address(term: str) -> Iterator[QuerySet[Address, int]]:
    """As a mail address, and as a number if it can be one."""
    yield _addresses(Address.Kind.EMAIL, term.lower())
    digits = "".join(character for character in term if character.isdigit())
    if digits and not any(character.isalpha() for character in term):
        yield _addresses(Address.Kind.PHONE, f"+{digits}")


def _addresses(kind: str, beginning: str) -> QuerySet[Address, int]:
    found = Address.objects.filter(_begins("value", beginning), kind=kind)
    return found.order_by("value").values_list("contact_id", flat=True)


def _begins(field: str, beginning: str) -> Q:
    """As a range, which an ordinary index can answer on both databases; a whole match under any collation."""
    within = Q(**{f"{field}__gte": beginning, f"{field}__lt": beginning + _LAST, f"{field}__startswith": beginning})
    return Q(**{field: beginning}) | within
