"""Senders in the admin: the channel's own form, secrets that never come out again, and mistakes said in sentences."""

import pytest
from django.db import connection
from django.urls import reverse

from channels.base import channels
from channels.models import Account
from tests import staff
from tests.builders import account, brand
from tests.pages import queries, who

pytestmark = pytest.mark.django_db

LIST = reverse("admin:channels_account_changelist")
ADD = reverse("admin:channels_account_add")
SID = "AC" + "1" * 32


def page(one: Account) -> str:
    return reverse("admin:channels_account_change", args=(one.pk,))


def sms(**changes) -> dict:
    """The form of an SMS account, filled in."""
    return {
        "brand": brand().pk,
        "name": "Texts",
        "key": "texts",
        "per_second": "5",
        "registration": "not_needed",
        "recipients_limit": "0",
        "daily_limit": "0",
        "enabled": "on",
        "config_account_sid": SID,
        "config_auth_token": "hush-hush",
        "config_from_number": "+15005550006",
        **changes,
    }


@pytest.fixture
def operator():
    return staff.client("Operator")


class TestAdding:
    def test_the_channel_is_chosen_first(self, operator) -> None:
        html = operator.get(ADD).content.decode()
        for kind in channels:
            assert f'href="?channel={kind.key}"' in html
            assert kind.title in html
        assert 'name="config_' not in html

    def test_the_form_is_the_channels_own(self, operator) -> None:
        html = operator.get(f"{ADD}?channel=sms").content.decode()
        for name in channels["sms"].Config.base_fields:
            assert f'name="config_{name}"' in html
        assert 'name="config_host"' not in html
        assert 'name="config_host"' in operator.get(f"{ADD}?channel=email").content.decode()

    def test_an_unknown_channel_is_asked_for_again(self, operator) -> None:
        assert 'href="?channel=sms"' in operator.get(f"{ADD}?channel=pigeon").content.decode()

    def test_what_is_entered_is_stored_encrypted(self, operator) -> None:
        answer = operator.post(f"{ADD}?channel=sms", sms())
        assert answer.status_code == 302
        made = Account.objects.get()
        assert (made.channel, made.per_second) == ("sms", 5)
        assert made.config["auth_token"] == "hush-hush"
        with connection.cursor() as cursor:
            cursor.execute("SELECT config FROM channels_account")
            [stored] = cursor.fetchone()
        assert "hush-hush" not in stored
        assert SID not in stored

    def test_registration_and_limits_are_entered_shown_and_kept_in_its_history(self, operator) -> None:
        limits = {"registration": "pending", "recipients_limit": "250", "daily_limit": "2000"}
        operator.post(f"{ADD}?channel=sms", sms(**limits))
        made = Account.objects.get()
        assert (made.registration, made.recipients_limit, made.daily_limit) == ("pending", 250, 2000)
        html = operator.get(LIST).content.decode()
        assert "5 a second, 2,000 a day, 250 people in 24 hours" in html
        assert "applied for" in html
        operator.post(
            page(made), sms(**limits, config_auth_token="") | {"registration": "registered", "change_reason": "Done."}
        )
        assert list(made.history.values_list("registration", flat=True)) == ["registered", "pending"]

    def test_a_mistake_is_told_beside_its_field_and_nothing_else_is_lost(self, operator) -> None:
        answer = operator.post(f"{ADD}?channel=sms", sms(config_account_sid="nonsense"))
        assert answer.status_code == 200
        html = answer.content.decode()
        assert "An account SID is AC and 32 hex digits." in html
        assert 'value="+15005550006"' in html
        assert 'value="Texts"' in html
        assert not Account.objects.exists()

    def test_a_mistake_of_the_whole_form_is_told_on_top(self, operator) -> None:
        html = operator.post(f"{ADD}?channel=sms", sms(config_from_number="")).content.decode()
        assert "Fill in either the sender&#x27;s number or the messaging service, not both." in html

    def test_a_second_default_is_refused_with_a_sentence(self, operator) -> None:
        account("sms", name="Old texts")
        html = operator.post(f"{ADD}?channel=sms", sms(is_default="on")).content.decode()
        assert "“Old texts” is the default of Acme for SMS already. Take its tick away first." in html
        assert "one_default_account" not in html
        assert Account.objects.count() == 1

    def test_help_texts_are_shown_as_written(self, operator) -> None:
        html = operator.get(f"{ADD}?channel=email").content.decode()
        assert "Acorn Shop &lt;hello@shop.example&gt;" in html


class TestSecrets:
    def test_they_are_never_shown_again(self, operator) -> None:
        one = account("sms", config={"account_sid": SID, "auth_token": "hush-hush", "from_number": "+15005550006"})
        html = operator.get(page(one)).content.decode()
        assert "hush-hush" not in html
        assert SID in html
        assert "Leave it empty to keep it." in html

    def test_left_empty_they_stay(self, operator) -> None:
        one = account("sms", config={"account_sid": SID, "auth_token": "hush-hush", "from_number": "+15005550006"})
        changed = sms(config_auth_token="", config_from_number="+15005550009", is_default="on", change_reason="New.")
        assert operator.post(page(one), changed).status_code == 302
        one.refresh_from_db()
        assert (one.config["auth_token"], one.config["from_number"]) == ("hush-hush", "+15005550009")

    def test_a_new_one_takes_the_old_ones_place(self, operator) -> None:
        one = account("sms", config={"account_sid": SID, "auth_token": "hush-hush", "from_number": "+15005550006"})
        assert (
            operator.post(page(one), sms(config_auth_token="louder", is_default="on", change_reason="New.")).status_code
            == 302
        )
        one.refresh_from_db()
        assert one.config["auth_token"] == "louder"

    def test_options_of_a_provider_count_as_secret(self, operator) -> None:
        config = {
            "backend": "postmark",
            "from_email": "a@b.example",
            "api_key": "k-1",
            "webhook_options": {"key": "w-1"},
        }
        html = operator.get(page(account("email", config=config))).content.decode()
        assert "k-1" not in html
        assert "w-1" not in html

    def test_who_may_only_look_does_not_see_them_either(self) -> None:
        one = account("sms", config={"account_sid": SID, "auth_token": "hush-hush", "from_number": "+15005550006"})
        html = staff.client("Legal reviewer").get(page(one)).content.decode()
        assert "hush-hush" not in html
        assert "stored, not shown" in html
        assert SID in html

    @pytest.mark.parametrize("kind", list(channels), ids=lambda kind: kind.key)
    def test_every_password_field_of_a_channel_is_one(self, kind) -> None:
        widgets = {name: field.widget for name, field in kind.Config.base_fields.items()}
        passwords = {name for name, widget in widgets.items() if getattr(widget, "input_type", "") == "password"}
        assert passwords <= set(kind.secrets)
        assert set(kind.secrets) <= kind.Config.base_fields.keys()


class TestCallbacks:
    def test_the_address_to_enter_at_the_provider_is_shown(self, operator, settings) -> None:
        settings.BASE_URL = "https://mail.example"
        config = {"backend": "postmark", "from_email": "a@b.example", "api_key": "k-1"}
        html = operator.get(page(account("email", config=config))).content.decode()
        assert "https://mail.example/webhooks/anymail/acme-email/postmark/tracking" in html

    def test_smtp_has_none(self, operator) -> None:
        assert "There is nothing to enter at the provider." in operator.get(page(account("email"))).content.decode()


class TestWho:
    def test_who_sees_senders(self) -> None:
        one = account("sms")
        assert who(LIST) == {"Legal reviewer", "Operator", "Administrator"}
        assert who(page(one)) == {"Legal reviewer", "Operator", "Administrator"}
        assert who(f"{ADD}?channel=sms") == {"Operator", "Administrator"}

    def test_the_list_costs_the_same_however_long(self, operator) -> None:
        account("sms")
        few = queries(operator, LIST)
        for number in range(8):
            account("email", brand=brand(f"b{number}"))
        assert queries(operator, LIST) == few
