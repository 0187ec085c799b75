"""Erasing a person (art. 17 GDPR): nothing of them is left, their address stays closed, and only they open it again."""

from datetime import timedelta

import pytest
from django.apps import apps
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.models import Count

from channels import archive, inbound
from channels.base import Inbound
from channels.models import InboundMessage, Message, RenderedCopy, SandboxMessage
from compliance import chain, erasure, gate
from compliance.models import Decision, ErasureRecord, PrivacyRequest
from config import clock, ledger
from contacts import addresses, consents, identity, suppressions
from contacts.identity import Person
from contacts.models import AnonymousId, Consent, ConsentState, Contact, Event, RejectedEvent, Suppression
from journeys.models import Enrolment
from tests.builders import (
    NOW,
    account,
    consent,
    contact,
    event,
    message,
    segment,
    source,
    template,
    topic,
    user,
)
from tests.journeys.driving import happens, live, step

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
EMAIL, PHONE = "ada.lovelace@example.test", "+447700900123"
CLUES = (EMAIL, PHONE, "7700900123", "Lovelace", "shopper-4711", "visitor-abc", "203.0.113.7", "Analytical")


@pytest.fixture
def lawyer():
    return user("lawyer", "contacts.delete_contact")


@pytest.fixture
def ada():
    """A person of whom every floor knows something."""
    person = contact(
        "shopper-4711", email=EMAIL, phone=PHONE, first_name="Ada", last_name="Lovelace", hobby="Analytical engines"
    )
    AnonymousId.objects.create(value="visitor-abc", contact=person)
    consent(person, "email", proof={"ip": "203.0.113.7", "form": "signup"}, wording="signup form v3")
    consent(person, "sms", proof={"ip": "203.0.113.7"})
    consents.withdraw(person.pk, topic().pk, "sms", source="STOP", now=NOW + HOUR)
    event(person, "order.completed", name_of_it="Lovelace", email=EMAIL)
    segment("buyers", {"kind": "event", "name": "order.completed", "within": "180d"}, refreshed=NOW)
    RejectedEvent.objects.create(
        source=source(), received_at=NOW, reason="no name", payload={"userId": "shopper-4711", "context": {}}
    )
    return person


@pytest.fixture
def sent(ada):
    """A mail that has left: decision, copy, and the sandbox's catch of it."""
    account("email")
    one = message(
        ada,
        template("hello", content={"subject": "Hi", "text": "Hello {{ contact.first_name }} {{ contact.last_name }}"}),
    )
    gate.release(NOW + HOUR)
    one.refresh_from_db()
    assert Decision.objects.filter(message=one).exists()
    if not RenderedCopy.objects.filter(message=one).exists():
        archive.keep([(one.pk, None, {"subject": "Hi", "text": "Lovelace", "to": EMAIL})])
    SandboxMessage.objects.create(
        channel="email", sender="us", recipient=EMAIL, raw=f"To: {EMAIL}", message=one, received_at=NOW
    )
    return one


def erase(person, by, reason="request 1, art. 17(1)(b)", now=NOW + 2 * HOUR):
    [record] = erasure.erase([person.pk], by, reason, now)
    return record


def traces(clues=CLUES):
    """Every place in the database where one of these words stands: table, column and row."""
    found = []
    for table in connection.introspection.table_names():
        with connection.cursor() as cursor:
            cursor.execute(f'SELECT * FROM "{table}"')
            columns = [column[0] for column in cursor.description]
            rows = cursor.fetchall()
        for row in rows:
            found += [
                (table, column, clue)
                for column, value in zip(columns, row, strict=True)
                for clue in clues
                if clue.lower() in str(value).lower()
            ]
    return found


def test_the_search_for_traces_finds_them(ada, sent):
    """Else the next test would prove nothing."""
    tables = {table for table, _, _ in traces()}
    assert {
        "contacts_contact",
        "contacts_address",
        "contacts_consent",
        "contacts_event",
        "contacts_anonymousid",
        "contacts_rejectedevent",
        "channels_sandboxmessage",
    } <= tables
    assert "Lovelace" in archive.shown(sent.pk)["text"]  # packed, so that no search finds it


def test_i01_nothing_personal_is_left_in_any_table(ada, sent, lawyer):
    LogEntry.objects.create(
        user=lawyer,
        content_type=ContentType.objects.get_for_model(Contact),
        object_id=str(ada.pk),
        object_repr="Ada Lovelace",
        action_flag=CHANGE,
        change_message=f'[{{"changed": {{"name": "address", "object": "{EMAIL}"}}}}]',
    )
    PrivacyRequest.objects.create(kind="erasure", contact=ada, address=EMAIL, received_at=NOW, note="Lovelace wrote.")
    erase(ada, lawyer)
    assert traces() == []
    assert not Contact.objects.filter(pk=ada.pk).exists()


def test_i01_what_was_allowed_and_taken_back_is_kept_without_the_person(ada, lawyer):
    record = erase(ada, lawyer)
    record.refresh_from_db()
    mail = addresses.digest("email", EMAIL)
    first, _, last = record.consents
    assert first == {
        "addresses": [mail],
        "brand": "acme",
        "topic": "news",
        "channel": "email",
        "state": "granted",
        "basis": "express_written",
        "occurred_at": NOW.isoformat(),
        "wording": "signup form v3",
        "source": "test",
    }
    assert (last["channel"], last["state"], last["source"]) == ("sms", "withdrawn", "STOP")
    assert last["addresses"] == [addresses.digest("phone", PHONE)]
    assert {one["digest"] for one in record.addresses} == {mail, addresses.digest("phone", PHONE)}
    assert (record.erased_by, record.reason, record.erased_at) == (lawyer, "request 1, art. 17(1)(b)", NOW + 2 * HOUR)


def test_the_record_cannot_be_changed_or_deleted(ada, lawyer):
    record = erase(ada, lawyer)
    for change in (
        lambda: ErasureRecord.objects.filter(pk=record.pk).update(reason="another"),
        lambda: ErasureRecord.objects.filter(pk=record.pk).delete(),
    ):
        with pytest.raises(Exception, match="append-only"), transaction.atomic():
            change()


def test_every_table_that_points_at_a_person_is_emptied(ada, sent, lawyer):
    """Also those of floors above, and of floors that are yet to come."""
    erase(ada, lawyer)
    pointing = [
        (model._meta.label, field.name)
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if field.related_model is Contact
    ]
    assert len(pointing) >= 10
    for label, name in pointing:
        assert not apps.get_model(label)._base_manager.filter(**{name: ada.pk}).exists(), label
    assert not Decision.objects.filter(message=sent.pk).exists()
    connection.check_constraints()


def test_the_ledgers_are_locked_again_afterwards(ada, lawyer):
    other = contact("other", email="bob@example.test")
    event(other)
    erase(ada, lawyer)
    with pytest.raises(Exception, match="append-only"), transaction.atomic():
        Event.objects.filter(contact=other).delete()


def test_others_keep_everything(ada, lawyer):
    bob = contact("bob", email="bob@example.test")
    consent(bob)
    event(bob, "order.completed")
    before = Event.objects.filter(contact=bob).count()
    erase(ada, lawyer)
    assert Consent.objects.filter(contact=bob).count() == 1
    assert ConsentState.objects.filter(contact=bob).count() == 1
    assert Event.objects.filter(contact=bob).count() == before


def test_i04_what_waits_is_never_sent_and_its_words_are_gone(ada, lawyer):
    account("email")
    held = message(ada, template("hello"), due_at=NOW + 5 * HOUR)
    cleared = message(ada, template("other"))
    Message.objects.filter(pk=cleared.pk).update(context={"gift": "Analytical"})
    record = erase(ada, lawyer)
    assert [(one["message"], one["reason"]) for one in record.blocked] == [(held.pk, "erased"), (cleared.pk, "erased")]
    gate.release(NOW + 6 * HOUR)
    assert not SandboxMessage.objects.exists()
    assert not Message.objects.exists()
    assert not RenderedCopy.objects.exists()


def test_a_message_at_the_provider_is_waited_for(ada, sent, lawyer):
    Message.objects.filter(pk=sent.pk).update(state="sending", started_at=NOW)
    with pytest.raises(ValidationError, match="handed over right now; try again"):
        erase(ada, lawyer)
    assert Contact.objects.filter(pk=ada.pk).exists()
    assert not Suppression.objects.filter(reason="erased").exists()


def test_i02_a_re_import_is_not_written_to(ada, lawyer):
    account("email")
    erase(ada, lawyer)
    [again] = identity.resolve([Person("shopper-4711")], NOW + 3 * HOUR)
    person = Contact.objects.get(pk=again)
    assert person.attributes == {}
    person.addresses.create(
        kind="email", value=EMAIL, digest=addresses.digest("email", EMAIL), created_at=NOW + 3 * HOUR
    )
    consent(person, "email", now=NOW + 3 * HOUR, source="import: customers.csv", proof={"file": "customers.csv"})
    one = message(person, template("hello"), now=NOW + 3 * HOUR)
    gate.release(NOW + 3 * HOUR)
    one.refresh_from_db()
    assert (one.state, one.reason) == ("blocked", "suppressed_hash")


@pytest.mark.parametrize(
    ("words", "opens"),
    [
        ({"proof": {"ip": "203.0.113.9", "user_agent": "Firefox"}, "source": "ingest: Shop"}, True),
        ({"proof": {"url": "https://acme.example/join", "form": "join"}, "source": "form"}, True),
        ({"proof": {"file": "list.csv", "ip": "203.0.113.9"}, "source": "form"}, False),
        ({"proof": {"ip": "203.0.113.9"}, "source": "Import of May"}, False),
        ({"proof": {"by": "maria", "reason": "phone"}, "source": "admin"}, False),
        ({"proof": {}, "source": "form", "wording": "form v1"}, False),
        ({"proof": {"ip": "203.0.113.9"}, "source": "form", "occurred_at": NOW}, False),  # older than the erasure
    ],
)
def test_only_the_person_s_own_newer_word_opens_the_address(ada, lawyer, words, opens):
    erase(ada, lawyer)
    back = contact("new-id", email=EMAIL, now=NOW + 3 * HOUR)
    consent(back, "email", now=NOW + 3 * HOUR, **words)
    standing = suppressions.matching([addresses.digest("email", EMAIL)], NOW + 4 * HOUR)
    assert (not standing) is opens
    # The number was not spoken of.
    assert suppressions.matching([addresses.digest("phone", PHONE)], NOW + 4 * HOUR)


def test_a_word_on_another_channel_does_not_open_the_address(ada, lawyer):
    erase(ada, lawyer)
    back = contact("new-id", email=EMAIL, now=NOW + 3 * HOUR)
    consent(back, "sms", now=NOW + 3 * HOUR, proof={"ip": "203.0.113.9"})
    assert suppressions.matching([addresses.digest("email", EMAIL)], NOW + 4 * HOUR)


def test_lifting_names_its_reason(ada, lawyer):
    erase(ada, lawyer)
    consent(contact("new-id", email=EMAIL), "email", now=NOW + 3 * HOUR, proof={"form": "join"}, source="join form")
    lifted = Suppression.objects.get(reason="erased", address_kind="email")
    assert lifted.lifted_at == NOW + 3 * HOUR
    assert "given by the person on 2026-11-24 15:00 UTC (join form)" in lifted.lifted_because


def test_h09_start_after_erasure_makes_a_new_person(ada, lawyer):
    shop = account("sms")
    template("offer", channel="sms", content={"body": "Hi"})
    erase(ada, lawyer)
    later = NOW + 3 * HOUR
    heard = inbound.receive(
        shop, Inbound(sender=PHONE, body="START", provider_id="SM1", recipient="+15005550006"), later
    )
    back = Contact.objects.get(pk=heard.contact_id)
    assert (back.external_id, back.attributes) == ("", {})
    assert list(back.addresses.values_list("value", flat=True)) == [PHONE]
    state = ConsentState.objects.get(contact=back)
    assert (state.channel, state.state, state.occurred_at) == ("sms", "granted", later)
    assert not suppressions.matching([addresses.digest("phone", PHONE)], later)
    assert suppressions.matching([addresses.digest("email", EMAIL)], later)


def test_messages_of_strangers_from_the_address_go_too(ada, lawyer):
    InboundMessage.objects.create(
        account=account("sms"), channel="sms", sender=PHONE, body="Lovelace", provider_id="1", received_at=NOW
    )
    erase(ada, lawyer)
    assert not InboundMessage.objects.exists()


def test_i06_a_number_of_two_people_is_closed_for_both(lawyer):
    account("sms")
    both = [contact(name, phone=PHONE) for name in ("ada", "bob")]
    for person in both:
        consent(person, "sms")
    erase(both[0], lawyer)
    one = message(both[1], template("hello", channel="sms", content={"body": "Hi"}), now=NOW + 3 * HOUR)
    gate.release(NOW + 3 * HOUR)
    one.refresh_from_db()
    assert one.state == "blocked"


def test_a_request_is_answered_and_forgets_who_asked(ada, lawyer):
    asked = PrivacyRequest.objects.create(kind="erasure", contact=ada, address=EMAIL, received_at=NOW, note="by mail")
    access = PrivacyRequest.objects.create(kind="access", address=EMAIL, received_at=NOW, note="open")
    record = erase(ada, lawyer)
    asked.refresh_from_db()
    access.refresh_from_db()
    assert (asked.done_at, asked.done_by, asked.contact, asked.address, asked.note) == (
        NOW + 2 * HOUR,
        lawyer,
        None,
        "",
        "",
    )
    assert (access.done_at, access.address, access.note) == (None, "", "")
    assert record.request == asked


def test_several_at_once(lawyer):
    people = [contact(f"p{number}", email=f"p{number}@example.test") for number in range(3)]
    records = erasure.erase([person.pk for person in people], lawyer, "retention", NOW)
    assert [record.contact_number for record in records] == [person.pk for person in people]
    assert not Contact.objects.exists()
    with pytest.raises(ValidationError, match="At most 500"):
        erasure.erase(range(501), lawyer, "too many", NOW)


def test_somebody_who_is_gone_already_is_no_error(lawyer):
    assert erasure.erase([987654321], lawyer, "again", NOW) == []


@pytest.mark.parametrize("reason", ["", "   "])
def test_a_reason_is_needed(ada, lawyer, reason):
    with pytest.raises(ValidationError, match="Say why"):
        erase(ada, lawyer, reason)


def test_without_the_permission_nothing_happens(ada):
    with pytest.raises(PermissionDenied, match="permission to erase"):
        erase(ada, user("maria", "contacts.view_contact"))
    assert Contact.objects.filter(pk=ada.pk).exists()


def test_the_audit_chain_stays_whole(ada, sent, lawyer):
    def sealed(at):
        for _ in range(5):
            chain.run(at)

    sealed(NOW + HOUR)
    assert not list(chain.verify(NOW + HOUR).findings)
    erase(ada, lawyer)
    sealed(NOW + 3 * HOUR)
    assert not list(chain.verify(NOW + 3 * HOUR).findings)
    with ledger.unlocked():
        Suppression.objects.all()._raw_delete("default")
    assert list(chain.verify(NOW + 4 * HOUR).findings)


def test_a_journey_is_left_for_good(lawyer):
    account("email")
    person = contact("p", email=EMAIL)
    live(step("wait", for_="3d"), step("exit"))
    happens(person, "signup", NOW)
    assert Enrolment.objects.get().state == "waiting"
    erase(person, lawyer)
    assert not Enrolment.objects.exists()


def test_the_count_of_queries_does_not_grow_with_the_history(lawyer, django_assert_max_num_queries):
    busy = contact("busy", email=EMAIL)
    for number in range(60):
        event(busy, at=NOW - timedelta(minutes=number))
        consent(busy, f"way-{number}")
    with django_assert_max_num_queries(150):
        erase(busy, lawyer)
    assert not Event.objects.aggregate(left=Count("pk"))["left"]


# -- the command -------------------------------------------------------------------------------------------------------


def run(*words):
    with clock.at(NOW):
        call_command("erase", *words, "--user", "lawyer", "--reason", "request 7")


def test_the_command_erases_after_a_yes(ada, lawyer, capsys, monkeypatch):
    monkeypatch.setattr("builtins.input", lambda prompt: "yes" if "Ada Lovelace" in prompt else "no")
    run("--external-id", "shopper-4711")
    assert "is erased, with" in capsys.readouterr().out
    assert not Contact.objects.filter(pk=ada.pk).exists()


def test_the_command_does_nothing_without_it(ada, lawyer, monkeypatch):
    monkeypatch.setattr("builtins.input", lambda prompt: "y")
    with pytest.raises(CommandError, match="Nothing was erased"):
        run("--external-id", "shopper-4711")
    assert Contact.objects.filter(pk=ada.pk).exists()


def test_the_command_can_be_told_yes(ada, lawyer):
    run("--contact", str(ada.pk), "--yes")
    assert ErasureRecord.objects.get().reason == "request 7"


@pytest.mark.parametrize("who", [("--external-id", "nobody"), ("--external-id", ""), ("--contact", "99999")])
def test_the_command_knows_whom_it_does_not_know(lawyer, who):
    contact()
    with pytest.raises(CommandError, match="There is no contact"):
        run(*who, "--yes")


def test_the_command_needs_somebody_who_may(ada):
    user("lawyer")
    with pytest.raises(CommandError, match="permission to erase"):
        run("--contact", str(ada.pk), "--yes")
    with pytest.raises(CommandError, match="There is no user 'ghost'"):
        call_command("erase", "--contact", str(ada.pk), "--yes", "--user", "ghost", "--reason", "x")
