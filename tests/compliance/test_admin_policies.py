"""House policies, quiet hours, frequency caps and withdrawn wordings in the admin; and what the law leaves of them."""

from datetime import time

import pytest
from django.urls import reverse

from channels.models import MessageTemplate
from compliance.admin import narrowing
from compliance.models import FrequencyCap, HousePolicy, QuietHours, RuleSet, WithdrawnWording
from config import clock, ledger
from tests import staff
from tests.builders import NOW, brand, consent, contact, template, topic
from tests.pages import queries, who

pytestmark = pytest.mark.django_db

CHANGERS = {"Legal reviewer", "Administrator"}
LOOKERS = {"Marketer", "Legal reviewer", "Operator", "Analyst", "Administrator"}


def url(model: str, page: str = "add", *more) -> str:
    return reverse(f"admin:compliance_{model}_{page}", args=more)


@pytest.fixture
def lawyer():
    return staff.client("Legal reviewer")


def save(browser, address: str, data: dict):
    """The answer to this form, after the redirect if it was saved."""
    with clock.at(NOW):
        return browser.post(address, data, follow=True)


def quiet_hours(**change) -> dict:
    """Silent from 21 to 8, unless the story says otherwise."""
    usual = {
        "brand": brand().pk,
        "channel": "sms",
        "start": "21:00",
        "end": "08:00",
        "classes": ["marketing"],
        "enabled": "on",
    }
    return {**usual, **change}


def house_policy(**change) -> dict:
    usual = {
        "brand": brand().pk, "profile": "standard", "unknown_place": "strictest", "trust": "profile", "guard_minutes": "0",
        "longest_hold_hours": "72", "whatsapp_named_opt_in": "on", "opt_out_scope": "channel",
    }  # fmt: skip
    return {**usual, **change}


class TestQuietHours:
    def test_what_the_law_leaves_is_told_after_saving(self, lawyer) -> None:
        html = save(lawyer, url("quiethours"), quiet_hours()).content.decode()
        assert "The law leaves less than these hours in" in html
        assert QuietHours.objects.get().start == time(21)

    def test_and_shown_below_the_form(self, lawyer) -> None:
        saved = QuietHours.objects.create(
            brand=brand(), channel="sms", start=time(21), end=time(8), classes=["marketing"]
        )
        with clock.at(NOW):
            html = lawyer.get(url("quiethours", "change", saved.pk)).content.decode()
        html = "".join(html.split())
        assert '<thscope="row">US-CT</th><td>mon-sun</td><td>09:00-20:00</td>' in html
        # Two days later is Thanksgiving, when Alabama allows nothing: that is a holiday, not what the weekday allows.
        assert '<thscope="row">US-AL</th><td>mon-sat</td><td>08:00-20:00</td>' in html
        assert '<thscope="row">US-AL</th><td>sun</td><td><spanclass="wm-tagwm-bad">nothing</span></td>' in html

    def test_hours_inside_every_law_are_not_narrowed(self, lawyer) -> None:
        saved = QuietHours.objects.create(
            brand=brand(), channel="push", start=time(21), end=time(9), classes=["service"]
        )
        html = lawyer.get(url("quiethours", "change", saved.pk)).content.decode()
        assert "The law leaves these hours as they are, everywhere." in html

    def test_what_leaves_nothing_in_some_places_is_refused_with_their_names(self, lawyer) -> None:
        """C06: open from 21:00 to 22:00; Florida allows 8 to 20."""
        answer = save(lawyer, url("quiethours"), quiet_hours(start="22:00", end="21:00"))
        [told] = answer.context["adminform"].form.errors["accepted"]
        assert told.startswith("These hours leave no time at which the law allows sms: US, US-AL,")
        assert "more" in told
        assert not QuietHours.objects.exists()

    def test_it_is_saved_when_that_is_what_is_wanted(self, lawyer) -> None:
        save(lawyer, url("quiethours"), quiet_hours(start="22:00", end="21:00", accepted="on"))
        assert QuietHours.objects.get().end == time(21)

    def test_what_leaves_nothing_anywhere_is_refused_whatever_is_ticked(self, lawyer) -> None:
        answer = save(lawyer, url("quiethours"), quiet_hours(start="04:00", end="03:00", accepted="on"))
        assert "Choose other hours." in answer.context["adminform"].form.non_field_errors()[0]
        assert not QuietHours.objects.exists()

    def test_what_is_switched_off_is_not_judged(self, lawyer) -> None:
        data = quiet_hours(start="04:00", end="03:00")
        del data["enabled"]
        save(lawyer, url("quiethours"), data)
        assert QuietHours.objects.get().enabled is False

    def test_the_brand_s_profile_decides_which_rules_count(self) -> None:
        HousePolicy.objects.create(brand=brand(), profile="strict")
        assert narrowing.profile_of(brand().pk) == "strict"
        assert narrowing.profile_of(brand("other").pk) == "standard"
        day = NOW.date()
        early = (time(10), time(8, 30), "sms", ["marketing"])  # open from half past eight to ten
        standard, strict = (narrowing.conflict(*early, profile, day) for profile in ("standard", "strict"))
        assert "FR" not in standard.names
        assert "FR" in strict.names

    def test_start_and_end_the_same(self, lawyer) -> None:
        answer = save(lawyer, url("quiethours"), quiet_hours(start="08:00"))
        assert "that would be quiet all day" in answer.content.decode()

    def test_without_a_rule_set_only_the_form_is_judged(self, lawyer) -> None:
        with ledger.unlocked():
            RuleSet.objects.all().delete()
        save(lawyer, url("quiethours"), quiet_hours(start="04:00", end="03:00"))
        assert QuietHours.objects.exists()

    def test_the_page_costs_the_same_however_many_classes_it_holds_for(self, lawyer) -> None:
        saved = QuietHours.objects.create(
            brand=brand(), channel="sms", start=time(21), end=time(8), classes=["marketing"]
        )
        few = queries(lawyer, url("quiethours", "change", saved.pk))
        QuietHours.objects.update(classes=["marketing", "service", "transactional"])
        assert queries(lawyer, url("quiethours", "change", saved.pk)) == few

    def test_who(self) -> None:
        assert who(url("quiethours", "changelist")) == LOOKERS
        assert who(url("quiethours")) == CHANGERS


class TestHousePolicy:
    def test_it_is_saved(self, lawyer) -> None:
        answer = save(lawyer, url("housepolicy"), house_policy(profile="strict", guard_minutes="5", trust="strict"))
        assert answer.redirect_chain
        policy = HousePolicy.objects.get()
        assert (policy.profile, policy.guard_minutes, policy.trust, policy.honour_consent_lift) == (
            "strict",
            5,
            "strict",
            False,
        )

    def test_the_list(self, lawyer) -> None:
        HousePolicy.objects.create(brand=brand(), guard_minutes=5)
        html = lawyer.get(url("housepolicy", "changelist")).content.decode()
        for words in ("Acme", "statutes and operators", "5 minutes", "72 hours", "every topic on this channel"):
            assert words in html

    def test_one_for_each_brand(self, lawyer) -> None:
        HousePolicy.objects.create(brand=brand())
        answer = save(lawyer, url("housepolicy"), house_policy())
        assert answer.context["adminform"].form.errors["brand"]
        assert HousePolicy.objects.count() == 1

    def test_the_brand_does_not_change(self, lawyer) -> None:
        saved = HousePolicy.objects.create(brand=brand())
        save(
            lawyer,
            url("housepolicy", "change", saved.pk),
            house_policy(brand=brand("other").pk, profile="all", change_reason="A test."),
        )
        saved.refresh_from_db()
        assert (saved.brand.key, saved.profile) == ("acme", "all")

    @pytest.mark.parametrize(
        ("change", "field", "sentence"),
        [
            ({"guard_minutes": "61"}, "guard_minutes", "less than or equal to 60"),
            ({"longest_hold_hours": "0"}, "longest_hold_hours", "greater than or equal to 1"),
            ({"profile": "lenient"}, "profile", "Select a valid choice."),
        ],
    )
    def test_a_mistake_is_told(self, lawyer, change, field, sentence) -> None:
        errors = save(lawyer, url("housepolicy"), house_policy(**change)).context["adminform"].form.errors
        assert sentence in errors[field][0]
        assert not HousePolicy.objects.exists()

    def test_answers_are_named_with_their_brand_and_must_be_its_own(self, lawyer) -> None:
        template("bye", channel="sms", content={"body": "You get no more."}, message_class="transactional")
        html = lawyer.get(url("housepolicy")).content.decode()
        assert "Acme: Bye" in html
        other = house_policy(brand=brand("other").pk, opt_out_confirmation=MessageTemplate.objects.get().pk)
        errors = save(lawyer, url("housepolicy"), other).context["adminform"].form.errors
        assert "is a template of another brand" in errors["opt_out_confirmation"][0]

    def test_stricter_rules_that_leave_nothing_in_some_places_are_told(self, lawyer) -> None:
        QuietHours.objects.create(brand=brand(), channel="sms", start=time(10), end=time(8, 30), classes=["marketing"])
        html = save(lawyer, url("housepolicy"), house_policy(profile="strict")).content.decode()
        assert "These hours leave no time at which the law allows sms" in html
        assert HousePolicy.objects.exists()

    def test_rules_that_leave_nothing_anywhere_are_refused(self, lawyer) -> None:
        QuietHours.objects.create(brand=brand(), channel="sms", start=time(4), end=time(3), classes=["marketing"])
        errors = save(lawyer, url("housepolicy"), house_policy()).context["adminform"].form.errors
        assert "leave no legal time anywhere" in errors["profile"][0]
        assert not HousePolicy.objects.exists()

    def test_its_history_is_kept(self, lawyer) -> None:
        save(lawyer, url("housepolicy"), house_policy())
        assert HousePolicy.history.get().history_user.username == "legal-reviewer"

    def test_the_list_costs_the_same_however_many_there_are(self, lawyer) -> None:
        HousePolicy.objects.create(brand=brand())
        few = queries(lawyer, url("housepolicy", "changelist"))
        for key in ("one", "two", "three"):
            HousePolicy.objects.create(brand=brand(key))
        assert queries(lawyer, url("housepolicy", "changelist")) == few

    def test_who(self) -> None:
        saved = HousePolicy.objects.create(brand=brand())
        assert who(url("housepolicy", "changelist")) == LOOKERS
        assert who(url("housepolicy")) == CHANGERS
        assert who(url("housepolicy", "change", saved.pk)) == LOOKERS
        assert who(url("housepolicy", "delete", saved.pk)) == CHANGERS


class TestFrequencyCaps:
    DATA = {
        "name": "Weekly",
        "limit": "3",
        "days": "7",
        "calendar": "week",
        "classes": ["marketing"],
        "action": "skip",
        "enabled": "on",
    }

    def test_ticks_become_lists(self, lawyer) -> None:
        topic("offers")
        save(lawyer, url("frequencycap"), {**self.DATA, "brand": brand().pk, "channels": ["sms"], "topics": ["offers"]})
        cap = FrequencyCap.objects.get()
        assert (cap.channels, cap.topics, cap.journeys, cap.calendar, cap.action) == (
            ["sms"],
            ["offers"],
            [],
            "week",
            "skip",
        )
        html = lawyer.get(url("frequencycap", "changelist")).content.decode()
        assert "at most 3 marketing messages in a week, by sms, about offers" in html

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"channels": ["pigeon"]}, "channels"),
            ({"topics": ["x"]}, "topics"),
            ({"classes": []}, "classes"),
            ({"limit": "0"}, "limit"),
        ],
    )
    def test_a_mistake_is_told(self, lawyer, change, field) -> None:
        errors = (
            save(lawyer, url("frequencycap"), {**self.DATA, "brand": brand().pk, **change})
            .context["adminform"]
            .form.errors
        )
        assert list(errors) == [field]

    def test_a_topic_that_is_gone_stays_chosen(self, lawyer) -> None:
        cap = FrequencyCap.objects.create(brand=brand(), name="Old", limit=1, topics=["gone"])
        save(
            lawyer,
            url("frequencycap", "change", cap.pk),
            {**self.DATA, "brand": brand().pk, "topics": ["gone"], "change_reason": "A test."},
        )
        cap.refresh_from_db()
        assert (cap.name, cap.topics) == ("Weekly", ["gone"])


class TestWithdrawnWordings:
    def test_how_many_consents_rest_on_it_is_told(self, lawyer) -> None:
        for number in range(2):
            consent(contact(f"p-{number}", email=f"p{number}@example.test"), wording="form v1")
        html = save(lawyer, url("withdrawnwording"), {"wording": "form v1", "reason": "Too vague"}).content.decode()
        assert "2 consents no longer count: the people must be asked again." in html
        assert WithdrawnWording.objects.get().reason == "Too vague"

    def test_a_wording_that_nobody_agreed_to_is_questioned(self, lawyer) -> None:
        html = save(lawyer, url("withdrawnwording"), {"wording": "from v1", "reason": "Too vague"}).content.decode()
        assert "No consent in the ledger rests on" in html

    def test_it_is_withdrawn_once(self, lawyer) -> None:
        WithdrawnWording.objects.create(wording="form v1", reason="x")
        errors = (
            save(lawyer, url("withdrawnwording"), {"wording": "form v1", "reason": "y"})
            .context["adminform"]
            .form.errors
        )
        assert errors["wording"]

    def test_the_wording_stays_the_reason_may_change(self, lawyer) -> None:
        saved = WithdrawnWording.objects.create(wording="form v1", reason="x")
        save(lawyer, url("withdrawnwording", "change", saved.pk), {"wording": "form v2", "reason": "y"})
        saved.refresh_from_db()
        assert (saved.wording, saved.reason) == ("form v1", "y")

    def test_who(self) -> None:
        assert who(url("withdrawnwording", "changelist")) == LOOKERS
        assert who(url("withdrawnwording")) == CHANGERS
