"""Where may this person be? Every possibility counts, for zones and for laws."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance import geography, phones
from compliance.places import Clues, locate
from contacts import zones

EASTERN, CENTRAL, MOUNTAIN, PACIFIC = "America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles"


def zones_of(**clues: str) -> set[str]:
    return set(locate(Clues(**clues)).zones)


def laws_of(**clues: str) -> tuple[str, ...]:
    return locate(Clues(**clues)).jurisdictions


class TestPhones:
    @pytest.mark.parametrize(
        ("code", "expected", "laws"),
        [
            ("212", {EASTERN}, ("US", "US-NY")),
            ("850", {EASTERN, CENTRAL}, ("US", "US-FL")),
            ("423", {EASTERN, CENTRAL}, ("US", "US-TN")),
            ("709", {"America/St_Johns", "America/Halifax"}, ("CA", "CA-NL")),
            ("787", {"America/Puerto_Rico"}, ("US", "PR")),
            ("671", {"Pacific/Guam"}, ("US", "GU")),
            ("268", {"America/Antigua"}, ("AG",)),
            ("902", {"America/Halifax"}, ("CA", "CA-NS", "CA-PE")),
        ],
    )
    def test_an_area_code_is_united_over_all_of_its_exchanges(
        self, code: str, expected: set[str], laws: tuple[str, ...]
    ) -> None:
        """Numbers move within an area code, so the exchange (555, 208, 931 …) does not narrow it."""
        for exchange in ("555", "208", "931"):
            where = locate(Clues(phone=f"+1{code}{exchange}0100"))
            assert set(where.zones) == expected
            assert where.jurisdictions == laws
            assert where.source == "phone"

    @pytest.mark.parametrize("overlay", sorted(geography.overlays()))
    def test_an_overlay_has_the_zones_and_states_of_the_code_below(self, overlay: str) -> None:
        new, old = (locate(Clues(phone=f"+1{code}5550100")) for code in (overlay, geography.overlays()[overlay]))
        assert set(old.zones) <= set(new.zones)
        assert set(old.jurisdictions) <= set(new.jurisdictions)

    def test_every_area_code_of_the_us_and_canada_has_a_state(self) -> None:
        """Or belongs to no area at all; a code without a state would escape its state's law."""
        vague = [
            code
            for code in map(str, range(200, 1000))
            if (where := locate(Clues(phone=f"+1{code}5550100"))).countries in (("US",), ("CA",))
            and not where.regions
            and code not in phones.ANYWHERE
        ]
        assert vague == []

    def test_toll_free_is_anywhere_in_the_us_until_an_address_is_known(self) -> None:
        assert locate(Clues(phone="+18005550100")).zones == geography.country_zones("US")
        assert laws_of(phone="+18005550100") == ("US",)
        assert locate(Clues(phone="+18005550100", country="CA", region="ON")).jurisdictions == ("CA", "CA-ON")

    def test_mobiles_of_a_wide_country_have_all_of_its_zones_that_the_prefix_leaves(self) -> None:
        assert zones_of(phone="+61412345678") == {
            f"Australia/{city}" for city in ("Adelaide", "Brisbane", "Eucla", "Lord_Howe", "Perth", "Sydney")
        }

    @pytest.mark.parametrize(
        "number", ["", "0612345678", "+", "+1", "+1abc5550100", "+8001234567", "+99912345", "call me", "+1²³45550100"]
    )
    def test_a_number_that_says_nothing(self, number: str) -> None:
        where = locate(Clues(phone=number), default_zone="Europe/Paris")
        assert (where.zones, where.source, where.jurisdictions) == (("Europe/Paris",), "account_default", ())
        assert not where.known

    def test_territories_have_their_countrys_law_and_their_own_clock(self) -> None:
        assert zones_of(phone="+262692123456") == {"Indian/Reunion"}
        assert laws_of(phone="+262692123456") == ("FR", "RE")


class TestAddresses:
    @pytest.mark.parametrize(
        ("code", "laws", "expected"),
        [
            ("94105", ("US", "US-CA"), {PACIFIC}),
            ("78701", ("US", "US-TX"), {CENTRAL}),
            ("79901", ("US", "US-TX"), {MOUNTAIN}),
            ("79830", ("US", "US-TX"), {CENTRAL, MOUNTAIN}),
            ("32501", ("US", "US-FL"), {CENTRAL}),
            ("33101-1234", ("US", "US-FL"), {EASTERN}),
            ("97914", ("US", "US-OR"), {PACIFIC, "America/Boise"}),
            ("00901", ("US", "PR"), {"America/Puerto_Rico"}),
            ("96910", ("US", "GU"), {"Pacific/Guam"}),
        ],
    )
    def test_a_zip_code_names_the_state_and_narrows_its_zones(
        self, code: str, laws: tuple[str, ...], expected: set[str]
    ) -> None:
        where = locate(Clues(country="US", postal_code=code))
        assert where.jurisdictions == laws
        assert set(where.zones) == expected

    def test_a_state_without_a_zip_code_has_all_of_its_zones(self) -> None:
        assert zones_of(country="US", region="TX") == {CENTRAL, MOUNTAIN}
        assert zones_of(country="us", region=" us-tx ") == {CENTRAL, MOUNTAIN}

    def test_state_and_zip_code_that_contradict_one_another_both_count(self) -> None:
        where = locate(Clues(country="US", region="NY", postal_code="94105"))
        assert where.jurisdictions == ("US", "US-NY", "US-CA")
        assert set(where.zones) == {EASTERN, PACIFIC}

    def test_without_a_country_an_address_is_read_by_the_phones(self) -> None:
        assert laws_of(phone="+12125550100", postal_code="94105") == ("US", "US-CA", "US-NY")
        assert laws_of(phone="+33612345678", postal_code="94105") == ("FR", "FR-94")
        assert laws_of(postal_code="94105") == ()
        assert laws_of(region="TX") == ()
        assert laws_of(region="US-TX") == ("US", "US-TX")

    @pytest.mark.parametrize("code", ["", "²²²", "9410", "94", "ABCDE", "000", "99999999999", "0" * 500])
    def test_a_code_that_is_none_says_nothing_wrong(self, code: str) -> None:
        for country in ("US", "FR", ""):
            assert locate(Clues(country=country, postal_code=code)).zones

    def test_a_country_alone_has_all_of_its_zones(self) -> None:
        where = locate(Clues(country="US"))
        assert where.zones == geography.country_zones("US")
        assert {"Pacific/Honolulu", "America/Adak", EASTERN} <= set(where.zones)
        assert where.source == "country"

    @pytest.mark.parametrize(
        ("clues", "laws"),
        [
            (Clues(country="US", region="PR"), ("US", "PR")),
            (Clues(country="PR"), ("US", "PR")),
            (Clues(country="FR", region="RE"), ("FR", "RE")),
            (Clues(country="FR", postal_code="97411"), ("FR", "RE")),
            (Clues(country="FR", postal_code="57000"), ("FR", "FR-57")),
            (Clues(country="FR", region="57"), ("FR", "FR-57")),
            (Clues(country="AX"), ("FI", "AX")),
        ],
    )
    def test_territories_and_departments(self, clues: Clues, laws: tuple[str, ...]) -> None:
        assert locate(clues).jurisdictions == laws

    def test_the_zones_of_zip_codes_are_zones_of_their_states(self) -> None:
        for prefix, names in geography.zip_zones().items():
            where = locate(Clues(country="US", postal_code=f"{prefix}01"))
            assert set(where.zones) == set(names)
            assert set(names) <= set(geography.regions_table()[where.regions[0]].zones)


class TestSeveralClues:
    def test_address_and_phone_both_count(self) -> None:
        where = locate(Clues(country="US", postal_code="94105", phone="+12125550100"))
        assert set(where.zones) == {PACIFIC, EASTERN}
        assert where.source == "address+phone"

    def test_a_number_from_abroad_leaves_the_country_of_the_address_with_all_of_its_zones(self) -> None:
        where = locate(Clues(country="US", phone="+447700900123"))
        assert where.jurisdictions == ("US", "GB")
        assert {"Europe/London", "Pacific/Honolulu", EASTERN} <= set(where.zones)

    def test_a_zone_that_the_person_set_is_the_only_one_unless_policy_is_strict(self) -> None:
        clues = Clues(timezone="Europe/Paris", phone="+18505550100", ip_timezone="Asia/Tokyo")
        trusting, strict = locate(clues, trust="profile"), locate(clues, trust="strict")
        assert (trusting.zones, trusting.source) == (("Europe/Paris",), "person")
        assert set(strict.zones) == {"Europe/Paris", EASTERN, CENTRAL, "Asia/Tokyo"}
        assert strict.source == "person+phone+ip"
        assert trusting.jurisdictions == strict.jurisdictions == ("US", "US-FL")

    def test_a_zone_from_elsewhere_is_one_candidate_more(self) -> None:
        where = locate(Clues(timezone="Europe/Paris", timezone_source="import", phone="+12125550100"))
        assert (set(where.zones), where.source) == ({"Europe/Paris", EASTERN}, "import+phone")

    def test_the_ip_zone_comes_on_top(self) -> None:
        assert zones_of(phone="+12125550100", ip_timezone=PACIFIC) == {EASTERN, PACIFIC}
        assert zones_of(country="US", ip_timezone="Europe/Paris") >= {"Europe/Paris", "Pacific/Honolulu"}

    def test_the_zone_of_the_device_counts_with_the_others_and_narrows_a_country(self) -> None:
        assert zones_of(country="US", device_timezone=PACIFIC) == {PACIFIC}
        assert zones_of(phone="+12125550100", device_timezone=PACIFIC) == {EASTERN, PACIFIC}
        assert zones_of(country="US", device_timezone="Europe/Paris") >= {"Europe/Paris", "Pacific/Honolulu"}
        both = locate(Clues(timezone=EASTERN, timezone_source="device", device_timezone=PACIFIC))
        assert (set(both.zones), both.source, both.jurisdictions) == ({EASTERN, PACIFIC}, "device", ("US",))

    def test_where_nothing_else_names_a_country_the_zone_does(self) -> None:
        where = locate(Clues(ip_timezone=EASTERN))
        assert (where.zones, where.source, where.jurisdictions) == ((EASTERN,), "ip", ("US",))
        assert laws_of(timezone="Asia/Kolkata") == ("IN",)
        assert laws_of(timezone="Asia/Kolkata", country="FR") == ("FR",)
        assert (laws_of(timezone="Asia/Calcutta"), laws_of(timezone="US/Eastern")) == (("IN",), ("US",))
        assert laws_of(timezone="EST") == laws_of(timezone="UTC") == laws_of(timezone="Etc/GMT+5") == (), "no places"

    def test_a_zone_that_does_not_exist_is_no_clue(self) -> None:
        assert (
            locate(Clues(timezone="Mars/Olympus", ip_timezone="Nowhere"), default_zone="UTC").source
            == "account_default"
        )


CLUES = st.builds(
    Clues,
    timezone=st.sampled_from(["", "Europe/Paris", EASTERN, "Mars/Olympus"]),
    timezone_source=st.sampled_from(["person", "import", ""]),
    country=st.sampled_from(["", "US", "FR", "AU", "XX", "pr"]) | st.text(max_size=3),
    region=st.sampled_from(["", "TX", "US-FL", "57", "RE"]) | st.text(max_size=4),
    postal_code=st.sampled_from(["", "94105", "97400", "00901"]) | st.text(max_size=8),
    phone=st.sampled_from(["", "+18505550100", "+61412345678", "+18005550100"]) | st.text(max_size=16),
    device_timezone=st.sampled_from(["", "Europe/Rome"]) | st.text(max_size=5),
    ip_timezone=st.sampled_from(["", PACIFIC]) | st.text(max_size=5),
)


@settings(max_examples=300, deadline=None)
@given(CLUES, st.sampled_from(["profile", "strict"]))
def test_whatever_is_known_there_is_at_least_one_real_zone(clues: Clues, trust: str) -> None:
    where = locate(clues, default_zone="Europe/London", trust=trust)
    assert where.zones
    assert all(zones.known(name) for name in where.zones)
    assert len(set(where.zones)) == len(where.zones)
    assert where.source


@settings(max_examples=200, deadline=None)
@given(CLUES)
def test_strict_trust_never_has_fewer_zones(clues: Clues) -> None:
    assert set(locate(clues, trust="profile").zones) <= set(locate(clues, trust="strict").zones)


def library_regions() -> dict[str, tuple[str, ...]]:
    """The states of every area code, read from libphonenumber's English place names ("Florida", "New York, NY")."""
    from phonenumbers.geodata import GEOCODE_DATA

    whole: dict[str, set[str]] = {}
    parts: dict[str, set[str]] = {}
    for prefix, names in GEOCODE_DATA.items():
        if prefix.startswith("1") and len(prefix) >= 4:
            kind = whole if len(prefix) == 4 else parts
            kind.setdefault(prefix[1:4], set()).update(names.get("en", "").split("/"))
    found = {}
    for code, names in {**parts, **whole}.items():
        country = locate(Clues(phone=f"+1{code}5550100")).countries
        regions = {f"{country[0]}-{state(name)}" for name in names} if country in (("US",), ("CA",)) else set()
        if known := sorted(regions & geography.regions_table().keys()):
            found[code] = tuple(known)
    return found


def state(name: str) -> str:
    """The two letters of a state's name, or of a town's ("New York, NY")."""
    ending = name.rsplit(",", 1)[-1].strip()
    return ending if len(ending) == 2 and ending.isupper() else STATE_NAMES.get(name.strip(), "")


STATE_NAMES = {
    "Alabama": "AL", "Alaska": "AK", "Arizona": "AZ", "Arkansas": "AR", "California": "CA", "Colorado": "CO", "Connecticut": "CT",
    "Delaware": "DE", "Washington D.C.": "DC", "Florida": "FL", "Georgia": "GA", "Hawaii": "HI", "Idaho": "ID", "Illinois": "IL",
    "Indiana": "IN", "Iowa": "IA", "Kansas": "KS", "Kentucky": "KY", "Louisiana": "LA", "Maine": "ME", "Maryland": "MD",
    "Massachusetts": "MA", "Michigan": "MI", "Minnesota": "MN", "Mississippi": "MS", "Missouri": "MO", "Montana": "MT",
    "Nebraska": "NE", "Nevada": "NV", "New Hampshire": "NH", "New Jersey": "NJ", "New Mexico": "NM", "New York": "NY",
    "North Carolina": "NC", "North Dakota": "ND", "Ohio": "OH", "Oklahoma": "OK", "Oregon": "OR", "Pennsylvania": "PA",
    "Rhode Island": "RI", "South Carolina": "SC", "South Dakota": "SD", "Tennessee": "TN", "Texas": "TX", "Utah": "UT",
    "Vermont": "VT", "Virginia": "VA", "Washington State": "WA", "Washington": "WA", "West Virginia": "WV", "Wisconsin": "WI",
    "Wyoming": "WY", "Alberta": "AB", "British Columbia": "BC", "British Colombia": "BC", "Manitoba": "MB", "New Brunswick": "NB",
    "Newfoundland and Labrador": "NL", "Nova Scotia": "NS", "Prince Edward Island": "PE", "Ontario": "ON", "Quebec": "QC",
    "Saskatchewan": "SK", "Northwest Territories": "NT", "Nunavut": "NU", "Yukon": "YT",
}  # fmt: skip
"""Names as libphonenumber's place descriptions spell them (its own misspelling included)."""


class TestTables:
    """The files behind it all: a typing mistake in one would move somebody into another law."""

    def test_the_zones_of_states_are_real_and_used_in_their_country(self) -> None:
        for name, region in geography.regions_table().items():
            for zone in region.zones:
                assert name[:2] in geography.zone_countries()[zone], (name, zone)

    def test_every_zip_code_is_of_one_state(self) -> None:
        for prefix in range(1000):
            owners = [
                name
                for name, region in geography.regions_table().items()
                if any(low <= prefix <= high for low, high in region.zips)
            ]
            assert len(owners) <= 1, (prefix, owners)

    def test_all_fifty_states_and_the_district_are_there(self) -> None:
        states = {name for name in geography.regions_table() if name.startswith("US-")}
        assert len(states) == 51
        assert {name.removeprefix("US-") for name in states} <= set(STATE_NAMES.values())

    def test_the_states_of_area_codes_are_those_of_the_library(self) -> None:
        """A newer libphonenumber may know more codes: then add the lines that this names to data/area_codes.csv."""
        assert geography.area_regions() == library_regions()

    def test_every_state_with_several_zones_has_its_zip_codes_told_apart(self) -> None:
        """A prefix that is missing there would still have all zones of its state."""
        several = {name for name, region in geography.regions_table().items() if region.zips and len(region.zones) > 1}
        assert {geography.zip_region(prefix) for prefix in geography.zip_zones()} == several

    def test_territories_are_countries_with_zones(self) -> None:
        for territory, parent in geography.territories().items():
            assert geography.country_zones(territory), territory
            assert geography.country_zones(parent), parent
