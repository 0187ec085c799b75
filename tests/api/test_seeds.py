"""Seed lists over the API and in the admin: made, changed and taken away, also by people of one brand."""

import pytest
from django.urls import reverse

from channels.models import SeedList
from contacts.models import Brand
from tests import builders
from tests.api.cast import Caller, caller
from tests.granted import MARKETER, browser, holder

pytestmark = pytest.mark.django_db
TEAM = {"brand": "acme", "name": "Team", "channel": "email", "addresses": ["Ana@Acme.test", "ben@acme.test", "ana@acme.test"]}  # fmt: skip


@pytest.fixture
def acme(db) -> Brand:
    return builders.brand()


@pytest.fixture
def team(acme, marketing) -> dict:
    status, made = marketing.post("seed-lists/", TEAM)
    assert status == 201, made
    return made


@pytest.fixture
def mara(acme) -> Caller:
    """A marketer of that brand."""
    return caller(holder("mara", acme, *MARKETER))


@pytest.fixture
def finn(db) -> Caller:
    """And one of another."""
    return caller(holder("finn", builders.brand("other"), *MARKETER))


class TestLists:
    def test_made_found_and_kept_in_one_spelling(self, team, marketing) -> None:
        assert (team["brand"], team["addresses"]) == ("acme", ["ana@acme.test", "ben@acme.test"])
        assert marketing.rows("seed-lists/", brand="acme", channel="email") == [team]
        assert marketing.rows("seed-lists/", channel="sms") == []
        assert marketing.get(f"seed-lists/{team['id']}/") == (200, team)

    def test_changed_in_part_with_the_reason_in_its_history(self, team, marketing) -> None:
        status, body = marketing.patch(f"seed-lists/{team['id']}/", {"addresses": ["eve@acme.test"], "reason": "New."})
        assert (status, body) == (200, {**team, "addresses": ["eve@acme.test"]})
        latest = SeedList.history.latest()
        assert (latest.history_change_reason, latest.history_user.username) == ("New.", "maria")

    def test_taken_away_with_a_reason(self, team, marketing) -> None:
        status, told = marketing.delete(f"seed-lists/{team['id']}/?reason={'x' * 101}")
        assert (status, list(told)) == (400, ["reason"])
        assert marketing.delete(f"seed-lists/{team['id']}/?reason=Nobody+reads+it.") == (204, None)
        latest = SeedList.history.latest()
        assert (latest.history_type, latest.history_change_reason) == ("-", "Nobody reads it.")

    @pytest.mark.parametrize(
        ("change", "field"),
        [({"brand": "nobody"}, "brand"), ({"channel": "webhook"}, "channel"), ({"channel": "chat"}, "addresses"), ({"channel": "push"}, "addresses"), ({"channel": "pigeon"}, "channel"),
         ({"addresses": []}, "addresses"), ({"addresses": ["ana"]}, "addresses"), ({"addresses": ["a@a.test"] * 51}, "addresses"),
         ({"addresses": "ana@acme.test"}, "addresses"), ({"addresses": ["a\x00@acme.test"]}, "addresses"), ({"name": "Team"}, "name"),
         ({"name": ""}, "name"), ({"colour": "red"}, "colour"), ({"reason": "x" * 101}, "reason")],
    )  # fmt: skip
    def test_what_makes_no_sense_is_told(self, team, marketing, change, field) -> None:
        status, told = marketing.post("seed-lists/", {**TEAM, "name": "Others", **change})
        assert (status, list(told)) == (400, [field])
        assert SeedList.objects.count() == 1

    def test_another_channel_wants_other_addresses(self, team, marketing) -> None:
        status, told = marketing.patch(f"seed-lists/{team['id']}/", {"channel": "sms"})
        assert (status, list(told)) == (400, ["addresses"])
        status, body = marketing.patch(f"seed-lists/{team['id']}/", {"channel": "sms", "addresses": ["+447700900001"]})
        assert (status, body["channel"]) == (200, "sms")
        assert list(marketing.patch(f"seed-lists/{team['id']}/", {"brand": "other"})[1]) == ["brand"]


class TestBrands:
    def test_they_write_what_is_theirs(self, team, mara, finn) -> None:
        assert mara.rows("seed-lists/") == [team]
        assert mara.patch(f"seed-lists/{team['id']}/", {"name": "All"})[0] == 200
        assert mara.post("seed-lists/", {**TEAM, "name": "More"})[0] == 201
        assert finn.rows("seed-lists/") == []
        for answer in (
            finn.get(f"seed-lists/{team['id']}/"),
            finn.patch(f"seed-lists/{team['id']}/", {"name": "Mine"}),
            finn.delete(f"seed-lists/{team['id']}/"),
        ):
            assert answer[0] == 404
        assert list(finn.post("seed-lists/", TEAM)[1]) == ["brand"]
        assert mara.delete(f"seed-lists/{team['id']}/")[0] == 204

    def test_who_may_only_look_changes_nothing(self, team, acme) -> None:
        vera = caller(holder("vera", acme, "view_in_brand"))
        assert vera.get(f"seed-lists/{team['id']}/") == (200, team)
        assert vera.patch(f"seed-lists/{team['id']}/", {"name": "Mine"})[0] == 403
        assert vera.delete(f"seed-lists/{team['id']}/")[0] == 403
        assert vera.post("seed-lists/", {**TEAM, "name": "Mine"})[0] == 403

    def test_the_admin_too(self, team, acme) -> None:
        builders.brand("other")
        SeedList.objects.create(
            brand=builders.brand("other"), name="Theirs", channel="sms", addresses=["+447700900001"]
        )
        mine = browser(holder("mara", acme, *MARKETER))
        listed = mine.get(reverse("admin:channels_seedlist_changelist")).context["cl"].queryset
        assert [one.name for one in listed] == ["Team"]
        form = mine.get(reverse("admin:channels_seedlist_add")).context["adminform"].form
        assert list(form.fields["brand"].queryset) == [acme]
        data = {"name": "More", "channel": "sms", "addresses": "+447700900001", "brand": acme.pk}
        assert mine.post(reverse("admin:channels_seedlist_add"), data).status_code == 302
        theirs = SeedList.objects.get(name="Theirs")
        assert mine.get(reverse("admin:channels_seedlist_change", args=[theirs.pk])).status_code in (302, 403, 404)
        other = {**data, "name": "Moved", "brand": theirs.brand_id}
        assert mine.post(reverse("admin:channels_seedlist_add"), other).status_code == 200
        assert not SeedList.objects.filter(name="Moved").exists()
