"""What content rules say of words. Ids as J04 and G34 are cases of the compliance table; J12, J13 and J15 are in test_segments."""

import pytest
from django.core.exceptions import ValidationError

from channels.models import TemplateVersion
from compliance import findings, gate, reviews
from compliance.content.promotion import promotion
from compliance.content.text_message import says_how_to_end
from compliance.findings import Content, content_rules, folded, judge
from compliance.models import HousePolicy
from demo import words as demo_words
from tests import staff
from tests.builders import NOW, account, brand, consent, contact, message, template

ADDRESS = "1 Example Street, London"
FOOT = "{{ brand.postal_address }} {{ unsubscribe_url }}"


def content(channel: str = "sms", message_class: str = "marketing", locale: str = "", **fields: str) -> Content:
    return Content(channel, message_class, locale, fields, "Acme", ADDRESS)


def codes(about: Content, severity: str = "block") -> list[str]:
    return [finding.code for finding in judge(about) if finding.severity == severity]


def sms(body: str, message_class: str = "marketing", **more: str) -> Content:
    return content("sms", message_class, body=body, **more)


def mail(text: str, message_class: str = "marketing", **more: str) -> Content:
    return content("email", message_class, text=text, subject=more.pop("subject", "Hello"), **more)


class TestHiddenAdvertising:
    @pytest.mark.parametrize("message_class", ["transactional", "service", "otp"])
    @pytest.mark.parametrize(
        "body",
        [
            pytest.param("Your parcel is on its way. 20% off your next order!", id="J03"),
            pytest.param("You left something in your cart: {{ event.item }}", id="J04"),
            "Your basket is waiting for you",
            "Your appointment is at 10. Use discount code SPRING at checkout",
            "Delivered! Enjoy $10 off",
            "Delivered! Save {{ event.amount }} % today",
            "Your invoice. By the way, our summer sale ends Sunday",
            "Ihre Bestellung ist unterwegs. 10 % Rabatt beim nächsten Mal",
            "Da wartet noch etwas im Warenkorb",
            "Votre colis arrive. -15 % de réduction avec le code promo ENCORE",
            "Su pedido llega hoy. 20 % de descuento",
            "Has dejado algo en tu carrito",
            "Ordered. ２０％ ＯＦＦ next time",
            "Ordered. 20% o\u200bff next time",
            "{% assign gift = '20% off' %}Ordered. {{ gift }}",
            "Ordered{{ event.note | default: ', and 20% off next time' }}",
            "{% if contact.vip %}20% off{% endif %} Ordered.",
        ],
    )
    def test_mixed_content_is_marketing(self, body: str, message_class: str) -> None:
        [found] = [one for one in judge(sms(body, message_class)) if one.severity == "block"]
        assert (found.code, found.field) == ("marketing_content", "body")
        assert "counts as marketing" in found.sentence

    def test_in_the_html_of_a_mail_it_is_found_across_its_tags(self) -> None:
        about = mail("Ordered.", "transactional", html="<p>Ordered.</p><p><b>20&nbsp;%</b> <i>off</i> next time</p>")
        assert [(one.field, one.code) for one in judge(about)] == [("html", "marketing_content")]
        assert codes(mail("Ordered.", "transactional", subject="Ordered, and 20% off")) == ["marketing_content"]

    def test_as_marketing_it_may_be_said(self) -> None:
        assert codes(sms("Acme: 20% off! Reply STOP to end")) == []

    @pytest.mark.parametrize(
        "body",
        [
            "Your code is {{ event.code }}. It is valid for a limited time; never share it.",
            "Enter the code {{ event.code }} to log in.",
            "Thank you for your order today. It arrives on Friday.",
            "Subtotal 20, shipping 5, total ${{ event.total }}. Pay with Klarna, buy now, pay later.",
            "Your refund of $ 20 is on its way.",
            "Your appointment is tomorrow at 10. Reply CANCEL to cancel it. See you for your next visit.",
            "Your payment of 49 € failed. Last chance to update your card before Friday.",
            "New collection date for your parcel: Friday. Tell our sales team if it does not suit you.",
            "Battery at 20%, office alarm is off.",
            "You left your umbrella in our shop.",
            "{% comment %}20% off is for the other mail{% endcomment %}Your order is packed.",
        ],
    )
    def test_what_a_person_needs_to_know_is_no_advertising(self, body: str) -> None:
        assert judge(sms(body, "transactional")) == []

    @pytest.mark.parametrize("body", ["Discount: -5.00 €", "Your voucher was used.", "Promo code MAY applied: -5"])
    def test_words_of_receipts_are_shown_to_reviewers(self, body: str) -> None:
        [found] = judge(sms(body, "transactional"))
        assert (found.code, found.severity) == ("maybe_marketing", "warn")


class TestConfirmationsOfOptOuts:
    @pytest.mark.parametrize(
        "body",
        [
            pytest.param("You have been unsubscribed from Acme. Here is a coupon: COMEBACK", id="G34"),
            "You are unsubscribed. Stay with us and get 20% off",
            "You are now opted out and get 10 € for START",
            "You'll receive no more messages, but before you go: a gift",
        ],
    )
    def test_no_coupon_in_them(self, body: str) -> None:
        [found] = judge(sms(body, "transactional"))
        assert (found.code, found.severity) == ("promotion_in_confirmation", "block")

    @pytest.mark.parametrize(
        "body",
        [
            "You have been unsubscribed from Acme. Reply START to come back, HELP for help.",
            "Acme: You will no longer receive special offers from us.",
            "You're opted out of Acme discount alerts.",
        ],
    )
    def test_confirming_is_fine(self, body: str) -> None:
        assert judge(sms(body, "transactional")) == []

    def test_what_the_policy_answers_with_is_one_whatever_its_words(self, db: None) -> None:
        answer = template(
            "bye", channel="sms", message_class="transactional", content={"body": "Done. Your gift waits."}
        )
        assert findings.of(answer.versions.get()) == []
        HousePolicy.objects.create(brand=brand(), opt_out_confirmation=answer)
        assert [found.code for found in findings.of(answer.versions.get())] == ["promotion_in_confirmation"]


class TestWaysOut:
    @pytest.mark.parametrize("message_class", ["marketing", "service"])
    def test_j07_mail_that_can_be_refused_says_how(self, message_class: str) -> None:
        about = mail(ADDRESS, message_class, html=f"<p>{ADDRESS}</p>")
        found = [one for one in judge(about) if one.code == "missing_unsubscribe"]
        assert [one.field for one in found] == ["html", "text"]
        about = mail(f"{FOOT}", message_class, html=f'<a href="{{{{ unsubscribe_url }}}}">No more</a> {ADDRESS}')
        assert codes(about) == []

    def test_j07_a_transactional_mail_needs_none(self) -> None:
        assert judge(mail("Your order is packed.", "transactional")) == []

    def test_in_a_comment_it_is_no_way_out(self) -> None:
        about = mail("{{ brand.postal_address }}{% comment %}{{ unsubscribe_url }}{% endcomment %}")
        assert codes(about) == ["missing_unsubscribe"]

    def test_what_does_not_parse_has_none(self) -> None:
        assert codes(mail(f"{ADDRESS} {{{{ unsubscribe_url")) == ["missing_unsubscribe"]


class TestPostalAddress:
    def test_j08_marketing_mail_shows_it_in_each_part(self) -> None:
        about = mail("{{ unsubscribe_url }}", html='<a href="{{ unsubscribe_url }}">No more</a>')
        assert [(one.field, one.code) for one in judge(about)] == [
            ("html", "missing_postal_address"),
            ("text", "missing_postal_address"),
        ]

    @pytest.mark.parametrize(
        "shown", ["{{ brand.postal_address }}", "{{brand.postal_address | upcase}}", "1 EXAMPLE street,\nLondon"]
    )
    def test_as_a_variable_or_in_words(self, shown: str) -> None:
        assert codes(mail(f"{shown} {{{{ unsubscribe_url }}}}")) == []

    def test_a_brand_without_one_must_enter_it(self) -> None:
        about = Content("email", "marketing", "", {"subject": "Hi", "text": FOOT}, "Acme", "")
        [found] = judge(about)
        assert (str(found), found.code) == (
            "The brand has no postal address, which marketing mail must show; enter it first.",
            "missing_postal_address",
        )

    def test_others_need_none(self) -> None:
        assert codes(mail("{{ unsubscribe_url }}", "service")) == []


class TestMarketingTexts:
    @pytest.mark.parametrize(
        "body",
        [
            pytest.param("20% off! Reply STOP to end", id="J09: no name"),
            pytest.param("Acme: 20% off!", id="J09: no opt-out line"),
            "Acme: stop by our shop today",
            "Acme: THE END of summer",
            "Acme: we will never stop to amaze you",
        ],
    )
    def test_refused(self, body: str) -> None:
        assert codes(sms(body)) == ["missing_optout_text"]

    def test_both_are_told_at_once(self) -> None:
        assert codes(sms("Hello")) == ["missing_optout_text"] * 2

    @pytest.mark.parametrize(
        "line",
        [
            "Reply STOP to end",
            "reply with stop to opt out",
            "Txt STOP 2 end",
            "STOP to cancel",
            "STOP=end",
            "Opt-out: STOP",
            "Text STOPALL to unsubscribe",
            "Répondez STOP pour ne plus recevoir",
            "STOP au 36180",
            "Antworte mit STOPP",
            "Responde BAJA para no recibir más",
            "回复TD退订",
            "No more: {{ unsubscribe_url }}",
        ],
    )
    def test_a_line_in_any_words(self, line: str) -> None:
        assert codes(sms(f"{{{{ brand.name }}}}: hello. {line}")) == []

    def test_only_marketing_and_only_texts(self) -> None:
        assert codes(sms("Your parcel is here", "transactional")) == []
        assert codes(content("webhook", body="Hello")) == []

    def test_the_name_may_be_a_part_of_liquid(self) -> None:
        assert codes(sms("{{ brand.name | upcase }}: hi. Reply STOP to end")) == []


class TestLabels:
    @pytest.mark.parametrize("locale", ["vi", "vi-VN", "en-VN", "vi_VN"])
    def test_j11_vietnam(self, locale: str) -> None:
        words = "Acme: 20%. Soạn TC gửi 1234 / Reply STOP"
        assert "missing_label" in codes(sms(words, locale=locale))
        assert codes(sms(f"[QC] {words}", locale=locale)) == []
        assert codes(sms(f"[ad] {words}", locale=locale)) == []
        assert codes(sms(f"{words} [QC]", locale=locale)) == ["missing_label"]

    def test_korea_and_the_subject_of_mail(self) -> None:
        assert codes(mail(FOOT, locale="ko")) == ["missing_label"]
        assert codes(mail(FOOT, locale="ko-KR", subject="(광고) 안녕")) == []

    def test_elsewhere_and_otherwise_none(self) -> None:
        assert codes(mail(FOOT, locale="fr")) == []
        assert codes(sms("Đơn hàng", "transactional", locale="vi")) == []


class TestShortLinks:
    @pytest.mark.parametrize(
        "link", ["https://bit.ly/3x", "bit.ly/3x", "http://www.tinyurl.com/y", "HTTPS://T.CO/abc", "x.short.gy/1"]
    )
    @pytest.mark.parametrize("message_class", ["marketing", "transactional"])
    def test_public_ones_are_refused(self, link: str, message_class: str) -> None:
        assert codes(sms(f"Acme: see {link} Reply STOP to end", message_class)) == ["public_shortener"]

    def test_also_behind_a_link_of_a_mail(self) -> None:
        [found] = judge(mail("Hello", "transactional", html='<a href="https://bit.ly/3x">Your order</a>'))
        assert (found.field, "bit.ly" in found.sentence) == ("html", True)

    @pytest.mark.parametrize(
        "link",
        ["https://acme.example/bit.ly", "https://about.co/x", "https://rabbit.ly/x", "ada@t.co", "https://t.co.uk/x"],
    )
    def test_others_are_not(self, link: str) -> None:
        found = codes(sms(f"Your order: {link}", "transactional"))
        assert found == (["public_shortener"] if link.endswith("/bit.ly") else [])


class TestHandingIn:
    """The rules as an author meets them."""

    pytestmark = pytest.mark.django_db

    @staticmethod
    def draft(body: str, message_class: str = "marketing") -> TemplateVersion:
        about = template("offer", channel="sms", content={"body": "Old."})
        return TemplateVersion.objects.create(
            template=about,
            number=2,
            author=staff.user("Marketer", "maria"),
            message_class=message_class,
            content={"body": body},
        )

    def test_everything_is_told_at_once_and_it_stays_a_draft(self) -> None:
        draft = self.draft("See bit.ly/x {{ unknown }}")
        with pytest.raises(ValidationError) as refused:
            reviews.submit(draft, draft.author, NOW)
        assert {error.code for error in refused.value.error_list} == {
            "wording",
            "missing_optout_text",
            "public_shortener",
        }
        assert any("unknown is not known" in sentence for sentence in refused.value.messages)
        draft.refresh_from_db()
        assert draft.state == "draft"

    def test_j04_as_marketing_the_same_words_are_taken(self) -> None:
        draft = self.draft("Acme: you left something in your cart. Reply STOP to end", "transactional")
        with pytest.raises(ValidationError, match="counts as marketing"):
            reviews.submit(draft, draft.author, NOW)
        draft.message_class = "marketing"
        draft.save()
        assert reviews.submit(draft, draft.author, NOW).state == "submitted"

    def test_a_warning_does_not_hold_it_up_and_the_reviewer_sees_it(self, client) -> None:
        draft = self.draft("Your order. Discount: -5 EUR", "transactional")
        client.force_login(draft.author)
        page = f"/admin/channels/templateversion/{draft.pk}/change/"
        assert "may make it marketing" in client.get(page).content.decode()
        reviews.submit(draft, draft.author, NOW)
        html = staff.client("Legal reviewer", "lena").get(page).content.decode()
        assert "The author was warned:" in html
        assert "may make it marketing" in html

    def test_j05_a_class_that_nobody_approved_opens_no_door(self) -> None:
        account("sms")
        person = contact("ada", phone="+447700900023")
        consent(person, "sms")
        draft = self.draft("Your order is packed.", "transactional")
        TemplateVersion.objects.filter(template=draft.template, number=1).update(state="retired")
        for state in ("draft", "submitted"):
            one = message(person, draft.template, f"test:{state}")
            gate.release(NOW)
            one.refresh_from_db()
            assert (one.state, one.reason) == ("blocked", "template_not_approved")
            if state == "draft":
                reviews.submit(draft, draft.author, NOW)
        reviews.decide(draft, staff.user("Legal reviewer", "lena"), approved=True, now=NOW)
        one = message(person, draft.template)
        gate.release(NOW)
        one.refresh_from_db()
        assert (one.state, one.message_class) == ("sent", "transactional")


def test_the_demo_keeps_the_rules() -> None:
    import yaml

    frame = (demo_words.FOLDER / "frame.html").read_text()
    for path in sorted(demo_words.FOLDER.glob("*.yaml")):
        about = yaml.safe_load(path.read_text())
        for words in about["versions"]:
            fields = demo_words.content(words, frame)
            assert codes(content(about["channel"], about["class"], words["locale"], **fields)) == [], path.name


@pytest.mark.parametrize("key", content_rules.keys())
def test_a_rule_bears_empty_and_strange_words(key: str) -> None:
    rule = content_rules[key]
    for fields in ({}, {"body": ""}, {"body": "\0{{{% %}}}", "html": "<<a", "text": "{% raw %}"}):
        for channel in ("sms", "email", "webhook", "gone"):
            for message_class in ("marketing", "service", "transactional", "otp"):
                assert all(
                    one.sentence and one.code for one in rule.problems(content(channel, message_class, "vi", **fields))
                )


def test_folding_and_finding() -> None:
    assert folded("  ２０％  Réduction\u00ad’s ") == "20% reduction's"
    assert promotion(folded("Nothing to sell")) == ""
    assert not says_how_to_end("Come to the end of the road")
