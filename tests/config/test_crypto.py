"""Secrets at rest and signatures: unreadable without the key, useless for another purpose."""

import pytest
from django.db import connection

from channels.models import Account
from config import crypto
from tests.builders import brand


@pytest.fixture
def other_key(settings):
    """Another FIELD_KEY; the derived keys are kept per process."""

    def change() -> None:
        settings.FIELD_KEY = "another key"
        crypto._fernet.cache_clear()
        crypto._hash_key.cache_clear()

    yield change
    settings.FIELD_KEY = "tests"
    crypto._fernet.cache_clear()
    crypto._hash_key.cache_clear()


@pytest.mark.django_db
class TestEncryptedFields:
    def account(self, config) -> Account:
        return Account.objects.create(brand=brand(), channel="sms", key="sms", name="SMS", config=config)

    @pytest.mark.parametrize("config", [{}, {"auth_token": "s3cret-Zoë", "n": 1, "deep": {"a": [None, True]}}])
    def test_what_is_stored_comes_back(self, config):
        made = self.account(config)
        made.refresh_from_db()
        assert made.config == config

    def test_the_database_never_sees_it(self):
        self.account({"auth_token": "s3cret"})
        with connection.cursor() as cursor:
            cursor.execute("SELECT config FROM channels_account")
            raw = cursor.fetchone()[0]
        assert "s3cret" not in raw
        assert "auth_token" not in raw

    def test_nor_does_its_history(self):
        self.account({"auth_token": "s3cret"})
        assert not hasattr(Account.history.get(), "config")

    def test_with_another_key_it_says_what_is_wrong(self, other_key):
        made = self.account({"auth_token": "s3cret"})
        other_key()
        with pytest.raises(ValueError, match="FIELD_KEY is not the key it was written with"):
            made.refresh_from_db()

    def test_the_same_secret_is_never_stored_alike(self):
        field = Account._meta.get_field("config")
        assert field.get_prep_value({"a": 1}) != field.get_prep_value({"a": 1})


class TestDigests:
    def test_they_tell_addresses_apart_and_keep_quiet(self):
        one = crypto.address_digest("email", "ada@example.test")
        assert one == crypto.address_digest("email", "ada@example.test")
        assert (
            one
            != crypto.address_digest("email", "bob@example.test")
            != crypto.address_digest("phone", "ada@example.test")
        )
        assert len(one) == 43
        assert "ada" not in one

    def test_they_need_the_key(self, other_key):
        before = crypto.address_digest("email", "ada@example.test")
        other_key()
        assert crypto.address_digest("email", "ada@example.test") != before


class TestSignatures:
    def test_they_hold_for_one_text_and_one_purpose(self):
        made = crypto.sign("unsubscribe", "42")
        assert len(made) == 22
        assert crypto.signed("unsubscribe", "42", made)
        assert not crypto.signed("unsubscribe", "43", made)
        assert not crypto.signed("click", "42", made)

    @pytest.mark.parametrize("signature", ["", "x", "é", "A" * 22, "\x00", "=" * 22])
    def test_a_forged_one_does_not_hold(self, signature):
        assert not crypto.signed("unsubscribe", "42", signature)

    def test_they_need_the_key(self, settings):
        made = crypto.sign("unsubscribe", "42")
        settings.SECRET_KEY = "another"
        assert not crypto.signed("unsubscribe", "42", made)
