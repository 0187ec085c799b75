"""Which language is looked for after which."""

import pytest
from django.core.exceptions import ValidationError

from contacts import locales


@pytest.mark.parametrize(("locale", "default", "chain"), [
    ("fr-CA", "", ["fr-CA", "fr", ""]),
    ("fr-CA", "en-GB", ["fr-CA", "fr", "en-GB", "en", ""]),
    ("zh-Hant-TW", "zh", ["zh-Hant-TW", "zh-Hant", "zh", ""]),
    ("pt_BR", "", ["pt_BR", "pt-BR", "pt", ""]),
    ("", "de", ["de", ""]),
    ("", "", [""]),
])  # fmt: skip
def test_the_chain(locale: str, default: str, chain: list[str]) -> None:
    assert locales.chain(locale, default) == chain


def test_the_choice() -> None:
    versions = {"fr": 1, "en": 2, "": 3}
    assert [locales.choice(versions, tag, "en") for tag in ("fr-CA", "de", "")] == [1, 2, 2]
    assert locales.choice(versions, "de") == 3
    assert locales.choice({"fr": 1}, "de") is None


def test_what_is_no_language() -> None:
    with pytest.raises(ValidationError):
        locales.validate("english please")
