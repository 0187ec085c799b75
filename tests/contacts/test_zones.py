"""Time zones of the tzdata package, and places by the names that people write."""

import pytest
from django.core.exceptions import ValidationError

from contacts import places, zones


@pytest.mark.parametrize(
    "name", ["Europe/Paris", "America/New_York", "UTC", "Asia/Kolkata", "America/Argentina/Buenos_Aires"]
)
def test_zones_that_exist(name):
    zones.validate(name)
    assert zones.known(name)
    assert zones.zone(name).key == name


@pytest.mark.parametrize(
    "name", ["Paris", "europe/paris", "CET+1", "Europe/Paris ", "../etc/passwd", "America/Nowhere", "GMT+25", "\x00"]
)
def test_zones_that_do_not(name):
    assert not zones.known(name)
    with pytest.raises(ValidationError, match="is not a time zone; write for example Europe/Paris"):
        zones.validate(name)


def test_no_zone_is_no_mistake():
    zones.validate("")


@pytest.mark.parametrize(("text", "code"), [
    ("FR", "FR"), ("fr", "FR"), (" us ", "US"), ("France", "FR"), ("germany", "DE"), ("USA", "US"), ("United States of America", "US"), ("UK", "GB"), ("England", "GB"), ("Deutschland", "DE"), ("South Korea", "KR"),
    ("", ""), ("Atlantis", ""), ("XX", ""), ("FRA", ""),
])  # fmt: skip
def test_countries(text, code):
    assert places.country(text) == code


@pytest.mark.parametrize(("text", "country", "code"), [
    ("New York", "US", "NY"), ("new york", "", "NY"), ("NY", "US", "NY"), ("ny", "", "NY"), ("US-NY", "US", "NY"), ("Québec", "CA", "QC"), ("quebec", "CA", "QC"), ("BY", "DE", "BY"), ("DE-BY", "DE", "BY"), ("57", "FR", "57"),
    ("", "US", ""), ("Bavaria", "DE", ""), ("Nowhere", "US", ""), ("N.Y.", "US", ""),
])  # fmt: skip
def test_regions(text, country, code):
    assert places.region(text, country) == code
