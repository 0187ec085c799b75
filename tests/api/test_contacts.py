"""People through the API: found by what identifies them, added and changed by saying what is known."""

import json
import threading
from datetime import timedelta

import pytest
from django.db import connection, connections

from config import clock
from contacts import consents, identity
from contacts.models import Address, AnonymousId, Contact
from tests import builders
from tests.api.cast import ADDING, Caller, caller, token
from tests.builders import NOW

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
ADA = {"external_id": "ada", "traits": {"email": " Ada@Example.test", "plan": "pro", "timezone": "Europe/Paris"}}


class TestSaying:
    def test_a_new_person_is_added_with_all_that_is_said(self, shop) -> None:
        with clock.at(NOW):
            status, body = shop.post("contacts/", ADA)
        assert status == 201
        assert body == {
            "id": Contact.objects.get().pk,
            "external_id": "ada",
            "attributes": {"plan": "pro"},
            "locale": "",
            "country": "",
            "region": "",
            "timezone": "Europe/Paris",
            "timezone_source": "person",
            "addresses": [{"kind": "email", "value": "ada@example.test", "validity": "unknown", "validity_reason": ""}],
            "created_at": "2026-11-24T12:00:00Z",
            "updated_at": "2026-11-24T12:00:00Z",
        }

    def test_saying_it_twice_is_saying_it_once(self, shop) -> None:
        with clock.at(NOW):
            first = shop.post("contacts/", ADA)
        with clock.at(NOW + HOUR):
            again = shop.post("contacts/", ADA)
        assert (first[0], again[0]) == (201, 200)
        assert first[1] == again[1]
        assert (Contact.objects.count(), Address.objects.count()) == (1, 1)

    def test_traits_are_merged_and_null_removes_one(self, shop) -> None:
        shop.post("contacts/", ADA)
        _, body = shop.post("contacts/", {"external_id": "ada", "traits": {"plan": None, "age": 37}})
        assert body["attributes"] == {"age": 37}
        assert body["timezone"] == "Europe/Paris"

    def test_a_visitor_who_turns_out_to_be_a_new_user_stays_the_same_contact(self, shop) -> None:
        _, visitor = shop.post("contacts/", {"anonymous_id": "v-1", "traits": {"source": "ad"}})
        status, user = shop.post("contacts/", {"anonymous_id": "v-1", "external_id": "ada"})
        assert status == 200
        assert (user["id"], user["external_id"], user["attributes"]) == (visitor["id"], "ada", {"source": "ad"})

    def test_a_visitor_of_somebody_else_makes_a_new_user(self, shop) -> None:
        shop.post("contacts/", {"anonymous_id": "v-1", "external_id": "ada"})
        assert shop.post("contacts/", {"anonymous_id": "v-1", "external_id": "bob"})[0] == 201
        assert AnonymousId.objects.get().contact.external_id == "bob"

    def test_who_may_change_but_not_add_changes_only_those_who_are_known(self, maria) -> None:
        builders.contact("ada")
        marketing = caller(maria)
        assert marketing.post("contacts/", ADA)[0] == 200
        status, body = marketing.post("contacts/", {"external_id": "bob"})
        assert status == 403
        assert body["detail"].endswith("adding a contact needs the permission contacts.add_contact.")
        assert Contact.objects.count() == 1

    @pytest.mark.parametrize(
        ("body", "field", "words"),
        [
            ({}, "external_id", "Name the contact: external_id, anonymous_id, or both."),
            ({"external_id": "x" * 201}, "external_id", "no more than 200 characters"),
            ({"external_id": "a\x00"}, "external_id", "Null characters are not allowed"),
            ({"external_id": "a\ud800"}, "external_id", "Surrogate characters are not allowed"),
            ({"external_id": ["ada"]}, "external_id", "Not a valid string"),
            ({"external_id": "ada", "traits": "pro"}, "traits", "Expected a dictionary"),
            ({"external_id": "ada", "traits": {"email": "ada@"}}, "traits", "email: 'ada@' is not an e-mail address"),
            ({"external_id": "ada", "traits": {"phone": "12"}}, "traits", "phone: '12' does not say which country"),
            ({"external_id": "ada", "traits": {"timezone": "Mars"}}, "traits", "timezone: 'Mars' is not a time zone"),
            ({"external_id": "ada", "traits": {"note": "x" * 33_000}}, "traits", "larger than 32 KB"),
            ({"external_id": "ada", "email": "ada@example.test"}, "email", "goes into traits"),
            (["ada"], "non_field_errors", "Expected a dictionary"),
        ],
    )
    def test_what_is_wrong_is_told_by_field_and_nothing_is_changed(self, shop, body, field, words) -> None:
        status, problems = shop.post("contacts/", json.dumps(body))
        assert status == 400
        assert words in " ".join(problems[field])
        assert not Contact.objects.exists()

    def test_every_wrong_trait_is_told_at_once(self, shop) -> None:
        _, problems = shop.post(
            "contacts/", {"external_id": "ada", "traits": {"email": "x", "phone": "y", "plan": "pro"}}
        )
        assert [sentence.split(":")[0] for sentence in problems["traits"]] == ["email", "phone"]

    @pytest.mark.parametrize("deep", [60, 100_000])
    def test_a_body_that_is_nested_too_deeply_is_refused(self, shop, deep) -> None:
        body = '{"external_id": "ada", "traits": {"a": ' + "[" * deep + "]" * deep + "}}"
        status, problems = shop.post("contacts/", body)
        assert status == 400
        assert "nested" in json.dumps(problems)

    @pytest.mark.parametrize("body", ["", "{", "nonsense", b"\xff\xfe", '{"external_id": NaN}', "[" * 100_000])
    def test_a_body_that_is_no_json_is_refused(self, shop, body) -> None:
        status, problems = shop.post("contacts/", body)
        assert status == 400
        assert problems

    def test_a_body_over_the_limit_is_refused_before_it_is_read(self, shop, settings) -> None:
        settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1024
        body = {"external_id": "ada", "traits": {"note": "x" * 1024}}
        assert shop.post("contacts/", body) == (413, {"detail": "The body is larger than 1 KB."})

    def test_only_json_is_read(self, shop) -> None:
        response = shop.client.post(
            "/api/contacts/", "external_id=ada", content_type="application/x-www-form-urlencoded"
        )
        assert response.status_code == 415
        assert not Contact.objects.exists()

    def test_what_a_database_cannot_store_is_mended(self, shop) -> None:
        status, body = shop.post("contacts/", '{"external_id": "ada", "traits": {"a": "x\\u0000y", "b": 1e999}}')
        assert status == 201
        assert body["attributes"]["a"] == "xy"


class TestFinding:
    @pytest.fixture(autouse=True)
    def people(self, db) -> None:
        builders.contact("ada", email="ada@example.test", phone="+33612345678", country="FR")
        builders.contact("bob", email="bob@example.test", country="GB", now=NOW + HOUR)
        builders.contact(email="visitor@example.test", now=NOW + 2 * HOUR)

    def found(self, who: Caller, **parameters: str) -> list[str]:
        return [row["external_id"] for row in who.rows("contacts/", **parameters)]

    @pytest.mark.parametrize(
        ("parameters", "names"),
        [
            ({}, ["", "bob", "ada"]),
            ({"external_id": "ada"}, ["ada"]),
            ({"external_id": "ADA"}, []),
            ({"email": " ADA@Example.TEST "}, ["ada"]),
            ({"email": "nobody@example.test"}, []),
            ({"phone": "+33 6 12 34 56 78"}, ["ada"]),
            ({"phone": "33612345678"}, ["ada"]),
            ({"phone": " 33612345678"}, ["ada"]),
            ({"email": "ada@example.test", "phone": "+33612345678"}, ["ada"]),
            ({"email": "bob@example.test", "phone": "+33612345678"}, []),
            ({"country": "fr"}, ["ada"]),
            ({"created_from": "2026-11-24T13:00:00Z"}, ["", "bob"]),
            ({"created_before": "2026-11-24T13:00:00Z"}, ["ada"]),
            ({"created_from": "2026-11-24T14:00:00+01:00", "created_before": "2026-11-24T14:00:00"}, ["bob"]),
            ({"updated_from": "2026-11-24T13:30:00Z"}, [""]),
            ({"updated_before": "2026-11-24"}, []),
        ],
    )
    def test_by(self, dashboard, parameters, names) -> None:
        assert self.found(dashboard, **parameters) == names

    @pytest.mark.parametrize(
        ("parameters", "field", "words"),
        [
            ({"email": "ada"}, "email", "'ada' is not an e-mail address"),
            ({"phone": "0612345678"}, "phone", "write it with its country code"),
            ({"phone": "call me"}, "phone", "'call me' is not a phone number"),
            ({"created_from": "yesterday"}, "created_from", "Write an instant as in ISO 8601"),
            ({"created_from": "0001-01-01T00:00:00+14:00"}, "created_from", "Write an instant as in ISO 8601"),
            ({"updated_before": "9999-12-31T23:59:59-14:00"}, "updated_before", "Write an instant as in ISO 8601"),
            ({"external_id": "a\x00"}, "external_id", "Null characters are not allowed"),
            ({"emial": "ada@example.test"}, "emial", "This parameter is not known; there are: external_id, email,"),
            ({"page_size": "0"}, "page_size", "'0' is not a number from 1 to 500."),
            ({"page_size": "501"}, "page_size", "'501' is not a number from 1 to 500."),
            ({"page_size": "²"}, "page_size", "is not a number"),
            ({"cursor": "nonsense"}, "cursor", "This is no cursor"),
            ({"cursor": "cD1hYmM="}, "cursor", "This is no cursor"),
            ({"cursor": "cD05OTk5OTk5OTk5OTk5OTk5OTk5OTk5OQ=="}, "cursor", "This is no cursor"),
        ],
    )
    def test_what_is_wrong_is_told_by_parameter(self, dashboard, parameters, field, words) -> None:
        status, problems = dashboard.get("contacts/", **parameters)
        assert status == 400
        assert list(problems) == [field]
        assert words in problems[field][0]

    @pytest.mark.parametrize(
        ("parameters", "index"),
        [
            ({"email": "ada@example.test"}, "address_by_value"),
            ({"phone": "+33612345678"}, "address_by_value"),
            ({"external_id": "ada"}, "one_contact_per_external_id"),
        ],
    )
    def test_who_somebody_is_an_index_tells(self, dashboard, django_assert_max_num_queries, parameters, index) -> None:
        with django_assert_max_num_queries(10) as queries:
            dashboard.rows("contacts/", **parameters)
        [statement] = [
            q["sql"] for q in queries if q["sql"].startswith("SELECT") and 'FROM "contacts_contact"' in q["sql"]
        ]
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute("SET LOCAL enable_seqscan = off")  # three rows are read faster without an index
            plan = "EXPLAIN " if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN "
            cursor.execute(plan + statement)
            assert index in str(cursor.fetchall())


class TestTimeline:
    @pytest.fixture
    def ada(self, db) -> Contact:
        found = builders.contact("ada")
        for hours, name in enumerate(("signup", "cart.updated", "order.completed")):
            builders.event(found, name, at=NOW + hours * HOUR, total=hours)
        builders.event(found, "late.news", at=NOW - HOUR, now=NOW + 9 * HOUR)
        builders.event(builders.contact("bob"), "signup")
        return found

    def names(self, who: Caller, ada: Contact, **parameters: str) -> list[str]:
        return [row["name"] for row in who.rows(f"contacts/{ada.pk}/events/", **parameters)]

    def test_the_latest_comes_first_whenever_it_was_told(self, dashboard, ada) -> None:
        assert self.names(dashboard, ada) == ["order.completed", "cart.updated", "signup", "late.news"]

    def test_a_part_of_it(self, dashboard, ada) -> None:
        assert self.names(dashboard, ada, name="signup") == ["signup"]
        between = {"occurred_from": "2026-11-24T12:00:00Z", "occurred_before": "2026-11-24T14:00:00Z"}
        assert self.names(dashboard, ada, **between) == ["cart.updated", "signup"]

    def test_page_by_page(self, dashboard, ada) -> None:
        _, first = dashboard.get(f"contacts/{ada.pk}/events/", page_size=2)
        second = dashboard.client.get(first["next"]).json()
        assert [row["name"] for row in first["results"]] == ["order.completed", "cart.updated"]
        assert [row["name"] for row in second["results"]] == ["signup", "late.news"]
        assert second["next"] is None
        assert dashboard.client.get(second["previous"]).json()["results"] == first["results"]

    def test_a_cursor_of_another_list_is_refused(self, dashboard, ada) -> None:
        status, problems = dashboard.get(f"contacts/{ada.pk}/events/", cursor="cD0xMg==")
        assert status == 400
        assert "cursor" in problems

    def test_filters_of_contacts_do_not_hold_here(self, dashboard, ada) -> None:
        assert dashboard.get(f"contacts/{ada.pk}/events/", email="ada@example.test")[0] == 400
        assert dashboard.get(f"contacts/{ada.pk}/", country="FR")[1]["country"] == [
            "This parameter is not known; there are none here."
        ]

    def test_what_an_event_tells(self, dashboard, ada) -> None:
        [row] = dashboard.rows(f"contacts/{ada.pk}/events/", name="order.completed")
        assert row["occurred_at"] == "2026-11-24T14:00:00Z"
        assert row["properties"] == {"total": 2}


def test_consents_tell_the_newest_word(dashboard) -> None:
    ada = builders.contact("ada", email="ada@example.test")
    builders.consent(ada, "email", now=NOW)
    builders.consent(ada, "sms", now=NOW)
    consents.withdraw(ada.pk, builders.topic().pk, "sms", source="test", now=NOW + HOUR)
    status, rows = dashboard.get(f"contacts/{ada.pk}/consents/")
    assert status == 200
    assert [(row["channel"], row["topic"], row["brand"], row["state"]) for row in rows] == [
        ("email", "news", "acme", "granted"),
        ("sms", "news", "acme", "withdrawn"),
    ]
    assert rows[1]["occurred_at"] == "2026-11-24T13:00:00Z"


@pytest.mark.postgres  # the tests' SQLite is in memory, where a locked table is not waited for
@pytest.mark.django_db(transaction=True)
def test_two_systems_that_tell_of_the_same_new_person_make_one_contact() -> None:
    secret = token(builders.user("shop", *ADDING), "contacts:write")
    answers: list[tuple[int, dict]] = []
    gate = threading.Barrier(4)

    def tell(number: int) -> None:
        gate.wait()
        answers.append(Caller(secret).post("contacts/", {"external_id": "ada", "traits": {f"t{number}": number}}))
        connections.close_all()

    threads = [threading.Thread(target=tell, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {status for status, _ in answers} <= {200, 201}
    assert len({body["id"] for _, body in answers}) == 1
    assert Contact.objects.get().attributes == {f"t{number}": number for number in range(4)}


def test_the_api_and_the_ingest_endpoint_speak_of_the_same_person(shop) -> None:
    [known] = identity.resolve([identity.Person("ada")], NOW)
    status, body = shop.post("contacts/", {"external_id": "ada", "traits": {"plan": "pro"}})
    assert (status, body["id"]) == (200, known)
