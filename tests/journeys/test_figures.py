"""Numbers on the pages come from the floor above; without it the pages are there all the same."""

import pytest
from django.urls import reverse

from journeys import figures
from tests import builders
from tests.builders import contact
from tests.journeys.driving import happens, live, step

pytestmark = pytest.mark.django_db


@pytest.fixture
def page(client):
    version = live(step("wait", "pause", for_="1d"))
    happens(contact("ada"))
    client.force_login(builders.user("root", is_superuser=True))
    return lambda: client.get(reverse("admin:journeys_journey_change", args=[version.journey_id]))


def test_analytics_provides_them(page):
    funnel = page().context["funnel"]
    assert (funnel.entered, funnel.inside, funnel.converted) == (1, 1, 0)
    assert "Inside now" in page().content.decode()


def test_without_a_provider_there_are_no_numbers(page, monkeypatch):
    monkeypatch.setattr(figures, "_funnel", None)
    monkeypatch.setattr(figures, "_journeys", None)
    content = page().content.decode()
    assert "Inside now" not in content
    assert 'role="img"' in content, "the picture is there without them"
    assert figures.journeys([]) == {}
