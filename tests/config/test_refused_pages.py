"""What a reader gets instead of a page: why not, and the way back; a stranger learns nothing of the admin."""

import pytest
from django.test import Client
from django.urls import reverse

from channels.models import TemplateVersion
from tests import staff
from tests.builders import template

pytestmark = pytest.mark.django_db
HOME = 'href="/admin/"'


def test_who_may_not_is_told_so_and_led_back() -> None:
    answer = staff.client("Marketer").get(reverse("admin:compliance_reviewpolicy_add"))
    assert answer.status_code == 403
    assert "Who needs it for their work asks an administrator for the right." in answer.content.decode()
    assert HOME in answer.content.decode()


def test_the_reason_is_told_where_there_is_one() -> None:
    version = TemplateVersion.objects.get(template=template())
    address = reverse("admin:channels_templateversion_diff", args=(version.pk,))
    answer = staff.client("Marketer").get(address, {"against": "<b>"})
    assert answer.status_code == 403
    assert "The version to compare with is named by its number." in answer.content.decode()


def test_what_is_not_there() -> None:
    answer = Client().get("/nowhere/<b>/")
    assert answer.status_code == 404
    assert "There is nothing here." in answer.content.decode()
    assert HOME not in answer.content.decode()
    assert HOME in staff.client("Analyst").get("/nowhere/").content.decode()
