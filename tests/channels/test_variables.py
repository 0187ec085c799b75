"""Declared variables: what stands in for a value that is missing or does not fit; and how money and plurals are written."""

from decimal import Decimal

import pytest
from babel.numbers import format_currency, get_currency_precision

from channels import letters, liquid, previews, variables
from channels.liquid import money
from channels.liquid.languages import spoken
from channels.models import TemplateVersion
from channels.variables import Variable, filled
from config.ledger import unlocked
from tests.builders import NOW, account, consent, contact, message, template

NBSP, NARROW = "\u00a0", "\u202f"


def render(source: str, context: dict, *declared: Variable) -> str:
    return liquid.render(source, filled(context, declared))


@pytest.mark.parametrize(("kind", "value", "text"), [
    ("text", None, "F"),
    ("text", "", "F"),
    ("text", {"a": 1}, "F"),
    ("text", 7, "7"),
    ("number", "12.50", "12.50"),
    ("number", "many", "3"),
    ("money", float("inf"), "inf"),
    ("date", "2026-11-24T10:00:00Z", "2026-11-24T10:00:00Z"),
    ("date", "soon", "2026-01-01"),
    ("boolean", "no", "false"),
    ("boolean", "perhaps", "true"),
    ("url", "javascript:x", "https://x.example"),
    ("list", "a,b", "ab"),
])  # fmt: skip
def test_a_fallback_stands_in_for_what_does_not_fit(kind: str, value: object, text: str) -> None:
    fallback = {"number": "3", "money": "1", "date": "2026-01-01", "boolean": "yes", "url": "https://x.example",
                "list": ["a", "b"]}.get(kind, "F")  # fmt: skip
    assert render("{{ contact.a }}", {"contact": {"a": value}}, Variable("contact.a", kind, fallback)) == text


def test_without_a_fallback_the_value_stays_and_a_missing_one_is_missing() -> None:
    assert render("{{ contact.a }}", {"contact": {"a": "many"}}, Variable("contact.a", "number")) == "many"
    with pytest.raises(liquid.Missing):
        render("{{ contact.a }}", {"contact": {}}, Variable("contact.a"))


def test_numbers_compare_as_numbers_and_the_context_stays_as_it_is() -> None:
    context = {"event": {"order": {"total": "9"}}}
    declared = Variable("event.order.total", "number")
    assert render("{% if event.order.total < 10 %}small{% endif %}", context, declared) == "small"
    assert context == {"event": {"order": {"total": "9"}}}


def test_declarations_that_are_none_are_passed_over() -> None:
    assert variables.read([{"name": "contact.a"}, "x", {}]) == (Variable("contact.a"),)
    assert variables.read("x") == ()


@pytest.mark.parametrize(("locale", "source", "text"), [
    ("", "'1234.505' | money: 'EUR'", "€1,234.51"),
    ("en-GB", "-3 | money: 'USD'", "-US$3.00"),
    ("en-GB", "-1234.5 | money: 'GBP'", "-£1,234.50"),
    ("hi", "1234567 | money: 'INR'", "₹12,34,567.00"),
    ("pt-BR", "1234.5 | money: 'BRL'", f"R${NBSP}1.234,50"),
    ("de-AT", "-1234.5 | money: 'EUR'", f"-€{NBSP}1.234,50"),
    ("tlh", "1 | money: 'EUR'", "€1.00"),
    ("../en", "1 | money: 'EUR'", "€1.00"),
    ("en", "1.005 | money: 'HUF'", f"HUF{NBSP}1.01"),
    ("fr", "'2026-11-05' | date: '%A %-d %B %Y, 100 %%'", "jeudi 5 novembre 2026, 100 %"),
    ("de", "'2026-11-05' | date", "05 November 2026"),
    ("ru", "'2026-11-05' | date: '%d %B'", "05 ноября"),
    ("de", "'2026-11-05' | date: 'long'", "5. November 2026"),
    ("en-US", "'2026-11-05' | date: 'short'", "11/5/26"),
    ("en", "'2026-11-05' | date: '%A'", "Thursday"),
    ("en-CA", "3 | money: 'CAD'", "$3.00"),
    ("de", "1234.5 | money: 'EUR'", f"1.234,50{NBSP}€"),
    ("de-CH", "1234.5 | money: 'CHF'", f"CHF{NBSP}1’234.50"),
    ("fr-FR", "1234.5 | money: 'EUR'", f"1{NARROW}234,50{NBSP}€"),
    ("ja", "1234.5 | money: 'JPY'", "￥1,235"),
    ("en", "1 | money: 'KWD'", f"KWD{NBSP}1.000"),
    ("en", "1 | pluralize: 'item', 'items'", "item"),
    ("en", "0 | pluralize: 'item', 'items'", "items"),
])  # fmt: skip
def test_money_and_plurals_are_written_in_the_language(locale: str, source: str, text: str) -> None:
    assert liquid.render(f"{{{{ {source} }}}}", {"locale": locale}) == text


@pytest.mark.parametrize(("source", "words"), [
    ("'much' | money: 'EUR'", "'much' is not an amount"),
    ("'1e9999' | money: 'EUR'", "is not an amount"),
    ("5 | money: 'XYZ'", "'XYZ' is not a currency"),
    ("5 | money", "is not a currency"),
    ("'x' | pluralize: 'a', 'b'", "'x' is not a number"),
])  # fmt: skip
def test_what_they_cannot_write_is_told(source: str, words: str) -> None:
    with pytest.raises(liquid.Unrenderable, match=words):
        liquid.render(f"{{{{ {source} }}}}", {})


@pytest.mark.django_db
class TestSending:
    def test_fallbacks_and_compiled_words_are_what_is_sent(self) -> None:
        about = template(
            content={"subject": "Hi {{ contact.name }}", "html": "<p>written</p>"},
            compiled={"subject": "Hi {{ contact.name }}", "html": "<p>compiled</p>", "text": "compiled"},
            variables=[{"name": "contact.name", "fallback": "friend"}],
            message_class="transactional",
        )
        person = contact(email="ada@example.test")
        consent(person)
        asked = message(person, about)
        version = about.versions.get()
        type(asked).objects.filter(pk=asked.pk).update(
            version=version, account=account("email"), message_class="transactional", address=person.addresses.get()
        )
        outgoing, problem = letters.written(letters.load([asked.pk])[0], NOW)
        assert problem is None
        assert (outgoing.content["subject"], outgoing.content["text"]) == ("Hi friend", "compiled")
        assert "<p>compiled</p>" in outgoing.content["html"]

    def test_a_made_up_reader_has_the_samples(self) -> None:
        about = template(content={"subject": "x", "text": "{{ event.code }}"})
        declared = variables.read([{"name": "event.code", "fallback": "none", "sample": "1234"}])
        content = {"subject": "x", "text": "{{ event.code }}"}
        assert previews.seen(about, content, None, NOW, declared=declared).content["text"] == "1234"

    def test_what_is_declared_is_sealed(self) -> None:
        version = TemplateVersion.objects.get(template=template())
        assert version.approvals.get().fingerprint == version.fingerprint
        with unlocked():
            TemplateVersion.objects.filter(pk=version.pk).update(variables=[{"name": "contact.a", "fallback": "x"}])
        assert version.approvals.get().fingerprint != version.fingerprint


@pytest.mark.parametrize("locale", ["en", "de-CH", "fr-FR", "es", "sv", "hi", "he", "ar", "ja", "cs", "en-IN", "pt-PT"])
@pytest.mark.parametrize("currency", ["EUR", "USD", "JPY", "KWD", "CHF", "INR", "HUF", "CLP"])
def test_the_quick_way_writes_what_babel_writes(locale: str, currency: str) -> None:
    language = spoken(locale)
    for amount in ("0", "7.5", "-7.5", "999.99", "1000", "-1234567.891", "987654321098765"):
        rounded = money.round_to(Decimal(amount), get_currency_precision(currency))
        theirs = format_currency(rounded, currency, locale=language)
        ours = money.written(Decimal(amount), currency, locale)
        assert ours.replace(NBSP, "") == theirs.replace(NBSP, "")
