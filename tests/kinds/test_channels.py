"""What every channel kind must keep to, and what its forms say about bad input."""

import pytest
from django import forms
from django.test import RequestFactory

from channels.base import CannotTell, Outgoing, SendError, channels
from channels.kinds.webhook import new_secret
from config.egress import is_loopback
from config.kinds import form_errors
from contacts.models import Address
from tests.builders import NOW
from tests.channels import firebase

KINDS = pytest.mark.parametrize("kind", channels, ids=lambda kind: kind.key)
SID = "AC" + "a1" * 16
GOOD = {
    "email": {
        "backend": "smtp",
        "from_email": "Acorn Shop <hello@shop.example>",
        "host": "smtp.shop.example",
        "port": "587",
        "use_tls": "on",
    },
    "sms": {"account_sid": SID, "auth_token": "secret", "from_number": "+15550001111"},
    "in_app": {"show_for": "30d"},
    "chat": {"show_for": "30d"},
    "push": {"service_account": firebase.key_file("https://oauth2.googleapis.com/token")},
    "whatsapp": {"account_sid": SID, "auth_token": "secret", "from_number": "+15550001111"},
    "webhook": {"url": "https://shop.example/hook", "secret": new_secret()},
}


@KINDS
class TestContract:
    def test_it_has_a_name_an_icon_and_a_documentation(self, kind):
        assert kind.key.isidentifier()
        assert len(kind.key) <= 20
        assert kind.title
        assert kind.icon
        assert len(kind.__doc__.strip()) > 40
        assert kind.address_kind is None or kind.address_kind in Address.Kind.values

    def test_its_forms_explain_themselves(self, kind):
        for form in (kind.Content(), kind.Config()):
            assert form.fields
            assert all(field.label or name for name, field in form.fields.items())
        assert all(
            isinstance(field.widget, forms.PasswordInput)
            for name, field in kind.Config().fields.items()
            if name in ("password", "api_key", "auth_token", "webhook_secret")
        )

    def test_a_good_account_is_accepted(self, kind):
        form = kind.Config(GOOD[kind.key])
        assert form.is_valid(), form_errors(form)

    def test_an_empty_account_names_what_is_missing(self, kind):
        required = {name for name, field in kind.Config().fields.items() if field.required}
        assert required <= {sentence.partition(":")[0] for sentence in form_errors(kind.Config({}))}

    def test_an_empty_batch_is_nothing(self, kind):
        assert list(kind.send(kind.Config(GOOD[kind.key]).data, [], 4)) == []

    def test_a_broken_account_fails_each_message_and_raises_nothing(self, kind, settings):
        settings.DELIVERY = "sandbox"
        batch = [Outgoing(n, f"k{n}", "ada@example.test", {"subject": "x", "text": "x", "body": "x"}) for n in range(3)]
        outcomes = list(kind.send({}, batch, 2))
        assert sorted(message.id for message, _ in outcomes) == [0, 1, 2]
        assert all(isinstance(outcome, SendError) and not outcome.maybe_sent for _, outcome in outcomes)

    def test_an_unsigned_callback_is_believed_nothing(self, kind):
        assert not kind.verify(
            RequestFactory().post("/webhooks/x", {"MessageSid": "SM1", "MessageStatus": "delivered"}), GOOD[kind.key]
        )

    def test_it_says_where_messages_leave_to(self, kind):
        assert isinstance(kind.endpoint(GOOD[kind.key]), str)
        assert not is_loopback(kind.endpoint(GOOD[kind.key]))
        assert isinstance(kind.endpoint({}), str)

    def test_its_sandbox_is_this_machine(self, kind):
        if (config := kind.sandboxed(GOOD[kind.key])) is not None:
            assert is_loopback(kind.endpoint(config))
            assert not config.get("password")

    @pytest.mark.django_db
    def test_a_look_up_that_cannot_be_made_says_so(self, kind, settings):
        settings.DELIVERY = "sandbox"
        if not kind.endpoint(GOOD[kind.key]):
            return  # it asks nobody
        config = {**GOOD[kind.key], "api_base": "http://127.0.0.1:9", "lookup_url": "http://127.0.0.1:9"}
        with pytest.raises(CannotTell):
            kind.look_up(config, 1, "k", "+15550001111", NOW)


def problems(key: str, **changes) -> list[str]:
    data = {**GOOD[key], **changes}
    return form_errors(channels[key].Config({name: value for name, value in data.items() if value is not None}))


@pytest.mark.parametrize(("key", "changes", "sentence"), [
    ("email", {"from_email": "Acorn Shop"}, "from_email: 'Acorn Shop' is not a sender; write for example Acorn Shop <hello@shop.example>."),
    ("email", {"from_email": "a@b.example\nBcc: x@y.example"}, "from_email: This must be one line; a line break here would start another header."),
    ("email", {"reply_to": "nobody"}, "reply_to: 'nobody' is not a sender; write for example Acorn Shop <hello@shop.example>."),
    ("email", {"host": ""}, "host: Name the SMTP server, e.g. smtp.example.com."),
    ("email", {"port": "99999"}, "port: Ensure this value is less than or equal to 65535."),
    ("email", {"use_ssl": "on"}, "use_ssl: Choose STARTTLS or TLS from the start, not both."),
    ("email", {"backend": "pigeon"}, "backend: Select a valid choice. pigeon is not one of the available choices."),
    ("email", {"backend": "other"}, "backend_path: Write the path of the backend, e.g. package.module.EmailBackend."),
    ("email", {"options": "[1]"}, 'options: Write a JSON object, e.g. {"sender_domain": "mg.shop.example"}.'),
    ("email", {"options": "{not json"}, "options: Enter a valid JSON."),
    ("email", {"webhook_options": "7"}, 'webhook_options: Write a JSON object, e.g. {"sender_domain": "mg.shop.example"}.'),
    ("sms", {"account_sid": "AC1"}, "account_sid: An account SID is AC and 32 hex digits."),
    ("sms", {"from_number": "my shop name is long"}, "from_number: Write a number such as +15551234567, a short code, or up to 11 letters."),
    ("sms", {"from_number": ""}, "Fill in either the sender's number or the messaging service, not both."),
    ("sms", {"messaging_service_sid": "MG" + "b2" * 16}, "Fill in either the sender's number or the messaging service, not both."),
    ("sms", {"messaging_service_sid": "MG1"}, "messaging_service_sid: A messaging service SID is MG and 32 hex digits."),
    ("sms", {"api_base": "http://api.twilio.com"}, "api_base: The token would travel unencrypted; write https://…"),
    ("sms", {"api_base": "api.twilio.com"}, "api_base: 'api.twilio.com' is not a web address; write for example https://example.com/hook."),
    ("push", {"service_account": "{}"}, "service_account: The service account has no client_email; download its key file as JSON again."),
    ("push", {"service_account": "AIza…"}, "service_account: This is not the JSON of a service account's key file."),
    ("push", {"service_account": firebase.key_file("http://tokens.example/")}, "service_account: The token would travel unencrypted; write https://…"),
    ("push", {"project_id": "Acorn Shop"}, "project_id: Write the project's ID, e.g. acorn-shop-1a2b3."),
    ("webhook", {"url": "ftp://shop.example"}, "url: 'ftp://shop.example' is not a web address; write for example https://example.com/hook."),
    ("webhook", {"url": "https://ada:pw@shop.example/"}, "url: Leave user name and password out of the address; requests are signed with the secret."),
    ("webhook", {"secret": "whsec_short"}, "secret: A signing secret is whsec_ followed by the base64 of 24 to 64 bytes."),
    ("webhook", {"secret": "x" * 40}, "secret: A signing secret is whsec_ followed by the base64 of 24 to 64 bytes."),
    ("webhook", {"lookup_url": "nowhere"}, "lookup_url: 'nowhere' is not a web address; write for example https://example.com/hook."),
    ("webhook", {"timeout": "0"}, "timeout: Ensure this value is greater than or equal to 1."),
    ("webhook", {"timeout": "soon"}, "timeout: Enter a whole number."),
])  # fmt: skip
def test_bad_accounts_are_told_what_is_wrong_where(key, changes, sentence):
    assert problems(key, **changes) == [sentence]


@pytest.mark.parametrize(("changes", "words"), [
    ({"backend": "postmark"}, "POSTMARK_SERVER_TOKEN"), ({"backend": "mailgun"}, "MAILGUN_API_KEY"),
    ({"backend": "other", "backend_path": "no.such.Backend"}, "No module named"),
])  # fmt: skip
def test_a_provider_that_cannot_be_used_says_why(changes, words):
    [sentence] = problems("email", **changes)
    assert sentence.startswith("options: The provider cannot be used like this: ")
    assert words in sentence


def test_the_usual_port_is_filled_in():
    for changes, port in (
        ({"port": ""}, 587),
        ({"port": "", "use_tls": None, "use_ssl": "on"}, 465),
        ({"port": "2525"}, 2525),
    ):
        form = channels["email"].Config(
            {name: value for name, value in {**GOOD["email"], **changes}.items() if value is not None}
        )
        assert form.is_valid()
        assert form.cleaned_data["port"] == port


@pytest.mark.parametrize(("key", "content", "sentences"), [
    ("email", {}, ["subject: This field is required.", "A mail needs HTML or plain text; write at least one of them."]),
    ("email", {"subject": "Hi"}, ["A mail needs HTML or plain text; write at least one of them."]),
    ("email", {"subject": "Hi\nBcc: x@y.example", "text": "x"}, ["subject: This must be one line; a line break here would start another header."]),
    ("email", {"subject": "x" * 301, "text": "x"}, ["subject: Ensure this value has at most 300 characters (it has 301)."]),
    ("sms", {}, ["body: This field is required."]),
    ("sms", {"body": "x" * 1601}, ["body: Ensure this value has at most 1600 characters (it has 1601)."]),
    ("webhook", {}, []),
    ("in_app", {"title": "Hi", "body": "x", "label": "Look", "link": "acorn://shoes/1", "expires_in": "3d"}, []),
    ("in_app", {"title": "Hi", "body": "x", "label": "Look"}, ["A button needs both its words and a link."]),
    ("in_app", {"title": "Hi", "body": "x", "label": "Look", "link": "javascript:alert(1)"}, ["link: 'javascript:alert(1)' is no address; write https://… or an address in your app, e.g. acorn://shoes/1."]),
    ("in_app", {"title": "Hi", "body": "x", "expires_in": "soon"}, ["expires_in: 'soon' is not a duration; write for example 90s, 60m, 2h, 3d, 1w or 1d12h."]),
    ("chat", {"body": "Which?", "quick_replies": "Red = r\n\n{{ contact.colour | default: \"a=b\" }} = own\n" + "x" * 24}, []),
    ("chat", {}, ["body: This field is required."]),
    ("chat", {"body": "x", "quick_replies": "\n".join(map(str, range(11)))}, ["quick_replies: These are 11 quick replies; a message has 10 at most."]),
    ("chat", {"body": "x", "quick_replies": "Yes = y\nyes = z"}, ["quick_replies: Line 2: 'yes' is there already; nobody could tell which one was meant."]),
    ("chat", {"body": "x", "quick_replies": "Yes\n= no"}, ["quick_replies: Line 2: write a label, and perhaps a value: Yes, please = yes."]),
    ("chat", {"body": "x", "quick_replies": "x" * 25}, ["quick_replies: Line 1: 'xxxxxxxxxxxxxxxxxxxxxxxxx' has 25 characters; a quick reply has 24 at most."]),
    ("push", {"title": "Hi"}, ["body: This field is required."]),
    ("push", {"title": "Hi", "body": "x", "ttl": "4h", "badge": "3", "payload": "order={{ event.id }}"}, []),
    ("push", {"title": "Hi", "body": "x", "ttl": "soon"}, ["ttl: 'soon' is not a duration; write for example 90s, 60m, 2h, 3d, 1w or 1d12h."]),
    ("push", {"title": "Hi", "body": "x", "ttl": "29d"}, ["ttl: A push message is kept for 28 days at most."]),
    ("push", {"title": "Hi", "body": "x", "badge": "many"}, ["badge: Write the number that the app's icon shows."]),
    ("push", {"title": "Hi", "body": "x", "payload": "google_x=1"}, ["payload: The name google_x is used by FCM or by Waymark; choose another one."]),
])  # fmt: skip
def test_bad_words_are_told_what_is_wrong_where(key, content, sentences):
    assert form_errors(channels[key].Content(content)) == sentences


@pytest.mark.parametrize(("html", "text"), [
    ("<p>Hello {{ first_name }},</p><p>thank you.</p>", "Hello {{ first_name }},\n\nthank you."),
    ('<a href="https://shop.example/{{ id }}">Look</a>', "Look (https://shop.example/{{ id }})"),
    ('<a href="https://shop.example">https://shop.example</a>', "https://shop.example"),
    ('<a href="#top">Up</a><a href="https://x.example"><img src="x"></a>', "Uphttps://x.example"),
    ("<ul><li>One</li><li>Two</li></ul>", "- One\n- Two"),
    ("<ul>\n  <li>One</li>\n  <li>Two</li>\n</ul><div>Three</div><div>Four</div>", "- One\n- Two\n\nThree\nFour"),
    ("One<br>Two<br><br>Three", "One\nTwo\n\nThree"),
    ("<style>p {color: red}</style><script>alert(1)</script><title>T</title>Words", "Words"),
    ('<img src="x" alt="A red shoe">', "A red shoe"),
    ("{% if plan == 'pro' %}<b>Pro</b>{% endif %} &amp; more", "{% if plan == 'pro' %}Pro{% endif %} & more"),
    ("a   b\n  c<br>d", "a b c\nd"),
    ('{{ contact.a | default: "a < b > c" }}', '{{ contact.a | default: "a < b > c" }}'),
    ('{{ "<p>markup, since it is the author\'s</p>" }}', '{{ "markup, since it is the author\'s" }}'),
])  # fmt: skip
def test_a_plain_text_is_made_of_html(html, text):
    fields, findings = channels["email"].compile({"subject": "Hi", "html": html, "text": ""})
    assert (fields["text"], findings) == (text, [])
