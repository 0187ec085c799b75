"""What an author is told about his words, with field and line."""

import pytest

from channels import checks, links
from channels.findings import Finding, placed
from channels.models import Account, MessageTemplate, TemplateVersion
from tests.builders import account, brand, topic, user

pytestmark = pytest.mark.django_db


def version(channel: str = "email", variables: list | None = None, **content: str) -> TemplateVersion:
    template = MessageTemplate.objects.create(brand=brand(), key="hello", name="Hello", channel=channel, topic=topic())
    return TemplateVersion.objects.create(
        template=template,
        number=1,
        content=content,
        author=user("author"),
        message_class="transactional",
        variables=variables or [],
    )


def told(about: TemplateVersion) -> str:
    return " ".join(str(finding) for finding in checks.problems(about))


def found(about: TemplateVersion, code: str) -> list[tuple[str, int, str]]:
    return [(one.field, one.line, one.severity) for one in checks.problems(about) if one.code == code]


def mail(html: str, **content: str) -> TemplateVersion:
    return version(subject="Hi", html=html, **content)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"subject": "Hi"}, "HTML or plain text"),
        ({"text": "Hi"}, "subject: This field is required"),
        ({"subject": "Hi {{ contact.name", "text": "x"}, "subject: A tag is not closed"),
        ({"subject": "Hi", "text": "a\n{% if %}"}, "text: line 2"),
        ({"subject": "Hi", "text": "a\n{{ customer.name }}"}, "text: line 2: customer.name is not known; a template may use"),
        ({"subject": "Hi", "text": "{{ brand.address }}"}, "brand has default_locale, key, name, postal_address, website"),
        ({"subject": "Hi\nBcc: x", "text": "x"}, "subject: This must be one line"),
        ({"subject": "Hi\x0bthere", "text": "x"}, "subject: There is a control sign in it (U+000B)"),
        ({"subject": "Hi", "text": "x", "reply_to": "A <a@shop.example>, b@shop.example"}, "reply_to: 'A <a@shop.example>, b@shop.example' is not a sender"),
        ({"subject": "Hi", "html": "x", "mjml": "<mjml></mjml>"}, "mjml: Write the mail as MJML or as HTML, not both."),
        ({"subject": "Hi", "html": "<p>x <!-- y"}, "html: line 1: '<!-- y' begins a comment that does not end."),
        ({"subject": "Hi", "html": "<p>x</p>" * 700_000}, "html: This is longer than 400,000 characters."),
        ({"subject": "Hi", "text": "{% for i in (1..9999999) %}{% endfor %}"}, "The range (1..9999999) may only"),
    ],
)  # fmt: skip
def test_each_mistake_is_told_with_its_field(content: dict, words: str) -> None:
    assert words in told(version(**content))


def test_good_words_have_no_problems() -> None:
    assert checks.problems(version("sms", body="Hi {{ contact.first_name | default: 'you' }}")) == []


def test_a_channel_that_is_gone() -> None:
    assert "'fax' is not known" in told(version("fax"))


class TestVariables:
    def test_one_that_may_be_missing_is_a_warning_with_its_line(self) -> None:
        about = mail("<p>\n{{ contact.first_name }}{{ contact.nick | default: 'x' }}</p>")
        assert found(about, "missing_fallback") == [("html", 2, "warn")]

    def test_a_condition_on_it_or_a_declared_fallback_helps(self) -> None:
        declared = [{"name": "event.total", "type": "money", "fallback": "0"}]
        about = version(
            subject="Hi",
            text="{% if contact.nick %}{{ contact.nick }}{% endif %}{{ event.total }}",
            variables=declared,
        )
        assert found(about, "missing_fallback") == []

    @pytest.mark.parametrize(
        "text",
        [
            "{% if contact.a %}{% assign n = 'a' %}{% else %}{% assign n = 'b' %}{% endif %}{{ n }}",
            "{% if event.lines %}{% for l in event.lines %}{% assign t = l.price %}{% endfor %}{% endif %}{{ t }}",
            "{% assign n = contact.nick %}{% if n %}{{ n }}{% endif %}",
            "{% assign n = contact.nick %}{{ n | default: 'x' }}",
            "{{ contact.nick | default: contact.name | default: 'x' }}",
            "{% if contact.tags.size > 0 %}{{ contact.tags | join: ',' }}{% endif %}",
            "{% if contact.nick == blank %}x{% else %}{{ contact.nick }}{% endif %}",
            "{% unless contact.nick == nil %}{{ contact.nick }}{% endunless %}",
            "{% if contact.a == 'x' %}a{% elsif contact.nick %}{{ contact.nick }}{% endif %}",
            "{% case contact.plan %}{% when 'pro', 'free' %}{{ contact.plan }}{% endcase %}",
            "{{ contact.id }}",
        ],
    )
    def test_words_that_hold_for_everybody_have_no_problems(self, text: str) -> None:
        about = version("webhook", body=text)
        assert [one.sentence for one in checks.problems(about)] == []

    @pytest.mark.parametrize(
        ("text", "name"),
        [
            ("{% if contact.nick != '' %}{{ contact.nick }}{% endif %}", "contact.nick"),
            ("{% if contact.nick != 'Bob' %}{{ contact.nick }}{% endif %}", "contact.nick"),
            ("{% if contact.vip %}x{% else %}{{ contact.vip }}{% endif %}", "contact.vip"),
            ("{% if contact.a or contact.b %}{{ contact.a }}{% endif %}", "contact.a"),
            ("{% unless contact.a and contact.b %}{{ contact.a }}{% endunless %}", "contact.a"),
            ("{% case contact.plan %}{% when 'pro' %}x{% else %}{{ contact.plan }}{% endcase %}", "contact.plan"),
            ("{% assign n = contact.nick %}{{ n }}", "contact.nick"),
        ],
    )
    def test_a_condition_that_proves_nothing_does_not_help(self, text: str, name: str) -> None:
        assert f"who has no {name} does not get the message" in told(version("webhook", body=text))

    def test_of_a_loop_it_says_what_can_be_written_there(self) -> None:
        about = version("webhook", body="{% for line in event.lines %}x{% endfor %}")
        assert "write {% if event.lines %} around it or declare a fall-back." in told(about)

    def test_undeclared_and_unused_ones_are_told_where_something_is_declared(self) -> None:
        about = version(subject="{{ contact.a | default: 'x' }}", text="x", variables=[{"name": "event.b"}])
        assert found(about, "undeclared") == [("subject", 1, "warn")]
        assert found(about, "unused_variable") == [("variables", 0, "warn")]

    @pytest.mark.parametrize(
        ("one", "words"),
        [
            ({"name": "first_name"}, "Variable 1: its name is contact.… or event.…, not 'first_name'."),
            ({"name": "contact.a", "type": "colour"}, "there is no type 'colour'"),
            ({"name": "contact.a", "type": "number", "fallback": "many"}, "its fallback 'many' is no number."),
            ({"name": "contact.a", "default": "x"}, "default is not known"),
            ({"name": "contact.a", "fallback": "x" * 2001}, "its fallback is longer than 2,000 characters."),
            ("contact.a", "Variables are a list"),
        ],
    )
    def test_a_bad_declaration_is_refused(self, one, words: str) -> None:
        assert words in told(version(subject="x", text="{{ contact.a }}", variables=[one]))


class TestFilters:
    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("a\n{{ contact.a | titleize }}", "body: line 2: there is no filter 'titleize'"),
            ("{{ contact.a | capitalise }}", "there is no filter 'capitalise'; there is 'capitalize'."),
            ("{% assign x = contact.a | nope %}", "there is no filter 'nope'."),
            ("{% if contact.a %}\n{{ contact.a | md5 | upcase }}{% endif %}", "line 2: there is no filter 'md5'"),
            ("{{ event.n | pluralize: 'item' }}", "'pluralize' takes exactly 2 values behind its colon, not 1."),
            ("{{ event.n | plus }}", "'plus' takes exactly 1 value behind its colon, not 0."),
            ("{{ contact.a | truncate: 1, 2, 3 }}", "'truncate' takes at most 2 values behind its colon, not 3."),
            ("{{ event.total | money }}", "money needs a currency"),
            ("{{ event.total | money: 'EURO' }}", "money: 'EURO' is not a currency"),
        ],
    )
    def test_what_could_never_be_written_is_refused(self, text: str, words: str) -> None:
        about = version("webhook", body=text)
        assert words in told(about)
        assert len(found(about, "bad_filter")) == 1

    def test_every_filter_of_ours_passes_as_it_is_meant(self) -> None:
        body = (
            "{{ event.t | default: 0, allow_false: true | money: event.c }}{{ 'now' | date }}{{ 'now' | date: 'long' }}"
            "{{ event.n | default: 1 | pluralize: 'a', 'b' }}{{ 'a,b' | split: ',' | join }}{{ 'ab' | slice: 0 }}"
        )
        assert found(version("webhook", body=body), "bad_filter") == []


class TestMarkup:
    def test_pictures_without_a_text_are_told_one_by_one(self) -> None:
        about = mail(
            '<img src="a.png" alt="">\n<img src="https://x.example/b.png">\n\n<img src="https://x.example/c.png">'
        )
        assert found(about, "missing_alt") == [("html", 2, "warn"), ("html", 4, "warn")]

    @pytest.mark.parametrize(
        ("href", "code", "severity"),
        [
            ("javascript:alert(1)", "script_link", "block"),
            ("java\tscript:alert(1)", "script_link", "block"),
            ("data:text/html,x", "script_link", "block"),
            ("http://shop.example", "insecure_link", "warn"),
            ("", "empty_link", "warn"),
            ("#", "empty_link", "warn"),
            ("/orders", "relative_link", "warn"),
            ("http://localhost:8000/x", "local_link", "block"),
            ("https://192.168.1.4/x", "local_link", "block"),
            ("https://shop", "broken_link", "block"),
            ("https://shop..example/", "broken_link", "block"),
            ("https://our shop.example/", "broken_link", "block"),
            ("https://shop.example:99999/", "broken_link", "block"),
            ("{{ contact.a | default: '' }}javascript:alert(1)", "script_link", "block"),
            ("java{{ brand.key }}script:alert(1)", "script_link", "block"),
            ("{% comment %}x{% endcomment %}javascript:alert(1)", "script_link", "block"),
        ],
    )
    def test_bad_links(self, href: str, code: str, severity: str) -> None:
        assert found(mail(f'<p>\n<a href="{href}">x</a></p>'), code) == [("html", 2, severity)]

    def test_links_with_variables_and_good_ones_pass(self) -> None:
        about = mail(
            '<a href="{{ unsubscribe_url }}">a</a><a href="https://{{ brand.key }}.example/?a=1">b</a><a href="mailto:a@b.example">c</a>'
        )
        assert checks.problems(about) == []

    def test_links_in_a_text_are_looked_at_as_well(self) -> None:
        assert found(version("sms", body="See http://localhost/x"), "local_link") == [("body", 0, "block")]

    @pytest.mark.parametrize(
        "html",
        ["<script>x</script>", "<iframe src='https://x.example'></iframe>", "<form></form>", "<img/onerror=alert(1) alt=''>",
         "<IMG alt='' OnLoad=x>", "<meta http-equiv=Refresh content=0>", "<!--[if mso]><script>x</script><![endif]-->",
         "<p {% if contact.a < 3 %}onclick='x'{% endif %}>y</p>", "<object></object>"],
    )  # fmt: skip
    def test_what_runs_is_refused_with_its_line(self, html: str) -> None:
        assert found(mail(f"<p>x</p>\n\n{html}"), "hostile_html")[0] == ("html", 3, "block")

    def test_a_long_mail_is_cut_by_gmail(self) -> None:
        assert found(mail("x" * (102 * 1024)), "clipped") == []
        assert found(mail_again("x" * (102 * 1024 + 1)), "clipped") == [("html", 0, "warn")]

    def test_unknown_mjml_is_told_with_its_line(self) -> None:
        source = "<mjml><mj-body>\n<mj-section>\n<mj-colum></mj-colum></mj-section></mj-body></mjml>"
        assert found(version(subject="x", mjml=source), "unknown_mjml") == [("mjml", 3, "block")]


def mail_again(html: str) -> TemplateVersion:
    made = TemplateVersion.objects.get()
    made.content = {"subject": "Hi", "html": html}
    return made


class TestLength:
    def test_several_segments_are_a_warning(self) -> None:
        assert [one.sentence for one in checks.problems(version("sms", body="y" * 161))] == [
            "This is charged as 2 messages."
        ]

    @pytest.mark.parametrize(("size", "codes"), [(1530, []), (1531, ["too_long"])])
    def test_more_than_ten_are_refused(self, size: int, codes: list[str]) -> None:
        about = version("sms", body="y" * size)
        assert [one.code for one in checks.problems(about) if one.severity == "block"] == codes

    @pytest.mark.parametrize(("size", "codes"), [(140, []), (141, ["segments"])])
    def test_a_variable_counts_as_it_may_be(self, size: int, codes: list[str]) -> None:
        about = version("sms", body="y" * size + "{{ event.a | default: 'b' }}")
        assert [one.code for one in checks.problems(about)] == codes

    def test_a_declared_sample_says_how_long_it_is(self) -> None:
        declared = [{"name": "event.code", "fallback": "none", "sample": "123456"}]
        assert checks.problems(version("sms", body="y" * 154 + "{{ event.code }}", variables=declared)) == []

    def test_of_a_condition_the_longest_branch_counts(self) -> None:
        body = "{% if contact.vip %}" + "a" * 90 + "{% else %}" + "b" * 100 + "{% endif %}" + "c" * 60
        assert checks.problems(version("sms", body=body)) == []

    @pytest.mark.parametrize(("size", "codes"), [(156, []), (157, ["segments"])])
    def test_the_brands_own_name_counts_as_it_is(self, size: int, codes: list[str]) -> None:
        assert [one.code for one in checks.problems(version("sms", body="y" * size + "{{ brand.name }}"))] == codes

    def test_dear_signs_are_named(self) -> None:
        assert "’ → '" in told(version("sms", body="Don’t wait: your parcel is here"))

    @pytest.mark.parametrize(
        ("body", "locale", "sign"),
        [
            ("{% assign greeting = 'Привет' %}{{ greeting }}", "", "П"),
            ("{% capture greeting %}Привет{% endcapture %}{{ greeting }}", "", "П"),
            ("{{ contact.a | default: 'you' | append: ' – ' }}", "", "–"),
            ("{{ event.n | pluralize: 'item', 'items…' }}", "", "…"),
            ("{{ event.lines | map: 'name' | join: ' • ' }}", "", "•"),
            ("{% cycle 'a', 'b☃' %}", "", "☃"),
            ("{{ event.total | money: 'PLN' }}", "pl", "ł"),
            ("{{ event.at | date: '%A' }}", "pl", "ł"),
            ("{{ 'now' | date: '%H – %M' }}", "", "–"),
            ("{% if contact.a %}☃{% else %}" + "x" * 161 + "{% endif %}", "", "☃"),
        ],
    )
    def test_dear_signs_are_found_wherever_they_come_from(self, body: str, locale: str, sign: str) -> None:
        about = version("sms", body=body)
        about.locale = locale
        assert sign in told(about)

    @pytest.mark.parametrize("locale", ["de", "fr", "sv"])
    def test_the_spaces_of_an_amount_cost_nothing(self, locale: str) -> None:
        about = version("sms", body="{{ event.total | default: 1 | money: 'EUR' }}")
        about.locale = locale
        assert checks.problems(about) == []

    def test_a_branch_without_dear_signs_may_be_the_dearest(self) -> None:
        body = "{% if contact.a %}☃{% else %}" + "x" * 161 + "{% endif %}"
        assert "This is charged as 2 messages." in told(version("sms", body=body))

    def test_both_fall_back_and_sample_count(self) -> None:
        declared = [{"name": "contact.a", "fallback": "Zoë", "sample": "Alexander"}]
        assert "ë" in told(version("sms", body="{{ contact.a }}", variables=declared))

    @pytest.mark.parametrize(("more", "codes"), [(0, []), (1, ["segments"])])
    def test_the_way_out_counts_with_its_whole_address(self, more: int, codes: list[str]) -> None:
        room = 160 - len(links.unsubscribe_url(10**9))
        about = version("sms", body="y" * (room + more) + "{{ unsubscribe_url }}")
        assert [one.code for one in checks.problems(about)] == codes

    def test_with_a_price_it_says_what_a_message_costs(self) -> None:
        sender: Account = account("sms")
        sender.config = {**sender.config, "price_per_segment": 0.0079, "price_currency": "USD"}
        sender.save()
        assert "a message costs up to 0.0158 USD (2 × 0.0079)." in told(version("sms", body="y" * 161))


@pytest.mark.parametrize(("finding", "told"), [
    (Finding("html", "is odd.", "x", line=3), "HTML, line 3: Is odd."),
    (Finding("html", "line 15: 'x' is odd.", "x"), "HTML, line 15: 'x' is odd."),
    (Finding("", "html: line 15: it ends.", "x"), "HTML, line 15: It ends."),
    (Finding("preview_text", "is long.", "x"), "Preview text: Is long."),
    (Finding("", "other: no field.", "x"), "Other: no field."),
    (Finding("", "line 3: it ends.", "x"), "Line 3: it ends."),
    (Finding("html", "http://a.example is odd.", "x"), "HTML: http://a.example is odd."),
    (Finding("", "event.total is odd.", "x"), "event.total is odd."),
    (Finding("", "", "x"), ""),
])  # fmt: skip
def test_a_finding_is_read_with_its_field_s_name(finding: Finding, told: str) -> None:
    assert str(placed(finding, {"html": "HTML"})) == told


def test_a_finding_names_its_place() -> None:
    assert str(Finding("html", "is odd.", "x", line=3)) == "html: line 3: is odd."
    assert str(Finding("", "is odd.", "x")) == "is odd."
