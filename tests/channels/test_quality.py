"""How many of an audience lack what the words use, counted in the database."""

import pytest
from django.db import OperationalError
from django.urls import reverse

from channels import quality
from channels.models import TemplateVersion
from channels.quality import Line
from contacts import consents
from contacts.models import Membership
from tests import staff
from tests.builders import NOW, consent, contact, segment, template, topic, user

pytestmark = pytest.mark.django_db
WORDS = (
    "{{ contact.first_name }} {{ contact.plan | default: 'free' }} {{ contact.size.shoe }} {{ contact.locale }} "
    "{{ contact.phone }} {{ contact.id }} {{ contact.attributes.plan }} {{ event.order }} {{ brand.name }}"
)


@pytest.fixture
def version() -> TemplateVersion:
    made = template("hello", content={"subject": "Hi", "text": WORDS})
    return TemplateVersion.objects.get(template=made)


@pytest.fixture
def people() -> None:
    everybody = [
        contact(
            "a",
            email="a@example.test",
            phone="+447700900100",
            first_name="Ada",
            plan="pro",
            size={"shoe": 39},
            locale="en-GB",
        ),
        contact("b", email="b@example.test", first_name="", plan=None, size={"shoe": 0}),
        contact("c", email="c@example.test", size=[], attributes={"locale": "de"}),
        contact("d", email="d@example.test", first_name="Di", size={"shoe": {}}, phone="+447700900101"),
    ]
    for one in everybody:
        consent(one)
    contact("stranger", email="s@example.test")
    gone = contact("gone", email="g@example.test")
    consent(gone)
    consents.withdraw(gone.pk, topic().pk, "email", source="page", now=NOW)


def test_each_variable_is_counted_as_the_words_would_find_it(version, people, django_assert_num_queries) -> None:
    audience = quality.consenting(version)
    found = quality.report(version, audience)
    assert found.lines == [
        Line("contact.attributes.plan", 3, False),
        Line("contact.first_name", 2, False),
        Line("contact.id", 0, False),
        Line("contact.locale", 2, False),
        Line("contact.phone", 2, False),
        Line("contact.plan", 3, True),
        Line("contact.size.shoe", 2, False),
    ]
    assert (found.people, found.events, found.about, found.problem) == (4, ["event.order"], False, "")
    assert [one.external_id for one in found.sample] == ["d", "c", "b"]


def test_a_declared_fall_back_holds(version, people) -> None:
    draft = TemplateVersion.objects.create(
        template=version.template, number=2, author=user("maria"), content={"text": "{{ contact.first_name }}"},
        variables=[{"name": "contact.first_name", "fallback": "friend"}],
    )  # fmt: skip
    assert quality.report(draft, quality.consenting(draft)).lines == [Line("contact.first_name", 2, True)]


def test_of_a_segment_only_its_members_count(version, people) -> None:
    mine = segment()
    for name in ("a", "b"):
        person = quality.Contact.objects.get(external_id=name)
        Membership.objects.update_or_create(segment=mine, contact=person, defaults={"entered_at": NOW, "left_at": None})
    Membership.objects.filter(segment=mine, contact__external_id="b").update(left_at=NOW)
    Membership.objects.filter(segment=mine).exclude(contact__external_id__in="ab").delete()
    found = quality.report(version, quality.within(mine))
    assert (found.people, [one.external_id for one in found.sample]) == (1, [])


def test_words_that_use_nothing_have_no_lines(people) -> None:
    plain = TemplateVersion.objects.get(template=template("plain", content={"subject": "Hi", "text": "Hi"}))
    found = quality.report(plain, quality.consenting(plain))
    assert (found.people, found.lines, found.sample) == (4, [], [])


def test_what_takes_too_long_is_counted_for_the_newest(version, people, monkeypatch) -> None:
    monkeypatch.setattr(quality, "FEW", 2)
    count, tries = quality._counted, []

    def slow(*args, **options):
        tries.append(options)
        if len(tries) == 1:
            raise OperationalError("canceling statement due to statement timeout")
        return count(*args, **options)

    monkeypatch.setattr(quality, "_counted", slow)
    found = quality.report(version, quality.consenting(version))
    assert (found.about, found.people) == (True, 2)


@pytest.mark.postgres
def test_the_database_itself_gives_up_in_time(version, people, monkeypatch) -> None:
    monkeypatch.setattr(quality, "SECONDS", 0.001)
    slow = quality.consenting(version).extra(where=["pg_sleep(0.2) IS NOT NULL"])
    assert "too busy" in quality.report(version, slow).problem


def test_the_page_names_people_only_to_those_who_may_see_them(version, people) -> None:
    address = reverse("admin:channels_templateversion_data_quality", args=[version.pk])
    page = staff.client("Marketer").get(address).content.decode()
    assert "4 people" in page
    assert "needs a fall-back" in page
    assert "Some of those who lack something" in page
    clerk = user("clerk", "channels.view_templateversion", "channels.view_messagetemplate")
    browser = staff.Client()
    browser.force_login(clerk)
    page = browser.get(address).content.decode()
    assert "4 people" in page
    assert "Some of those" not in page
    assert browser.get(address, {"segment": "1"}).status_code == 404
    assert browser.get(address, {"segment": "x"}).status_code == 403


def test_the_version_has_a_card_for_it(version) -> None:
    page = staff.client("Marketer").get(reverse("admin:channels_templateversion_change", args=[version.pk]))
    assert "Data of the audience" in page.content.decode()
