"""One spelling per address, and a clear sentence for what is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts import addresses


@pytest.mark.parametrize(
    ("said", "stored"),
    [
        (" Ada@Example.TEST ", "ada@example.test"),
        ("ada.lovelace+news@mail.example.test", "ada.lovelace+news@mail.example.test"),
        ("jörg@Müller.example", "jörg@xn--mller-kva.example"),
        ("o'neil@example.test", "o'neil@example.test"),
    ],
)
def test_mail_addresses_have_one_spelling(said, stored):
    assert addresses.email(said) == stored


@pytest.mark.parametrize(
    "said",
    ["", "ada", "ada@", "@example.test", "a b@example.test", "ada@localhost", "ada@example..test", ".ada@example.test",
     "ada@-x.test", "a@b@c.test", "ada@exa\x00mple.test", "x" * 65 + "@example.test", "ada@" + "x" * 64 + ".test",
     "ada\u200b@example.test", "ada\nbcc:x@example.test", "a@" + "x." * 130 + "test"],
)  # fmt: skip
def test_what_is_no_mail_address_is_told(said):
    with pytest.raises(ValueError, match=r"e-mail address|longer than"):
        addresses.email(said)


@pytest.mark.parametrize(
    ("said", "country", "stored"),
    [
        ("+33 6 12 34 56 78", "", "+33612345678"),
        ("06 12 34 56 78", "FR", "+33612345678"),
        ("(212) 555-0123", "us", "+12125550123"),
        ("0044 20 7946 0018", "FR", "+442079460018"),
        ("tel:+1-212-555-0123", "", "+12125550123"),
    ],
)
def test_numbers_are_kept_in_e164(said, country, stored):
    assert addresses.phone(said, country) == stored


@pytest.mark.parametrize(
    ("said", "country", "words"),
    [
        ("call me maybe", "US", "is not a phone number"),
        ("06 12 34 56 78", "", "does not say which country"),
        ("06 12 34 56 78", "ZZ", "does not say which country"),
        ("12345", "US", "too few or too many"),
        ("555-0123", "US", "too few or too many"),
        ("+1 212 555 0123 99999", "", "too few or too many"),
        ("", "US", "is not a phone number"),
    ],
)
def test_what_is_no_number_is_told_with_an_example(said, country, words):
    with pytest.raises(ValueError, match=rf"{words}.*\+33612345678"):
        addresses.phone(said, country)


@given(st.text(max_size=40))
def test_no_text_at_all_raises_anything_but_a_sentence(said):
    for kind in ("email", "phone"):
        try:
            stored = addresses.normalise(kind, said, "US")
        except ValueError as error:
            assert str(error).endswith(".")  # noqa: PT017
        else:
            assert addresses.normalise(kind, stored) == stored


def test_a_digest_tells_kinds_apart_and_is_short():
    email, phone = addresses.digest("email", "ada@example.test"), addresses.digest("phone", "ada@example.test")
    assert email != phone
    assert len(email) == len(phone) == 43
