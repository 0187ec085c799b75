"""Rights within one brand, on one template, on one journey: what they reach, and what they do not."""

import pytest
from django.apps import apps
from django.contrib.auth.models import AnonymousUser, Group, Permission
from django.core.exceptions import FieldDoesNotExist, PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext
from guardian.models import GroupObjectPermission, UserObjectPermission

from channels.models import MessageTemplate, TemplateVersion
from compliance.reviews import reviewables
from config.permissions import grants, ground, require, rights, somewhere, visible
from contacts.models import Topic
from journeys.models import Journey
from tests import builders
from tests.granted import MARKETER, again, holder, member

pytestmark = pytest.mark.django_db
EDIT, SUBMIT = "channels.change_templateversion", "channels.submit_templateversion"


@pytest.fixture
def acme():
    return builders.brand("acme")


@pytest.fixture
def other():
    return builders.brand("other")


@pytest.fixture
def hello(acme):
    return builders.template("hello")


@pytest.fixture
def theirs(other):
    return builders.template("theirs", topic=Topic.objects.create(brand=other, key="news", name="News"))


class TestOneThing:
    def test_a_brands_right_reaches_what_belongs_to_it(self, acme, hello, theirs) -> None:
        mara = holder("mara", acme, *MARKETER)
        ours, foreign = hello.versions.get(), theirs.versions.get()
        assert mara.has_perm(EDIT, ours)
        assert mara.has_perm(SUBMIT, ours)
        assert mara.has_perm("channels.view_messagetemplate", hello)
        assert mara.has_perm("journeys.publish_journey", Journey(brand=acme, key="welcome"))
        assert not mara.has_perm(EDIT, foreign)
        assert not mara.has_perm("channels.view_messagetemplate", theirs)

    def test_and_only_what_it_says(self, acme, hello) -> None:
        eve = holder("eve", acme, "edit_in_brand")
        version = hello.versions.get()
        assert eve.has_perm(EDIT, version)
        refused = (SUBMIT, "compliance.decide_approval", "journeys.publish_journey", "channels.send_test")
        assert not [permission for permission in refused if eve.has_perm(permission, version)]

    def test_whoever_may_do_anything_may_look(self, acme, hello) -> None:
        rita = holder("rita", acme, "approve_in_brand")
        assert rita.has_perm("channels.view_templateversion", hello.versions.get())
        assert not rita.has_perm(EDIT, hello.versions.get())

    def test_a_reviewer_of_one_brand_decides_about_no_other(self, acme, hello, theirs) -> None:
        rita, decide = holder("rita", acme, "approve_in_brand"), "compliance.decide_approval"
        require(rita, decide, hello.versions.get(), "approve versions")
        with pytest.raises(PermissionDenied, match="need the permission to approve versions"):
            require(rita, decide, theirs.versions.get(), "approve versions")

    def test_what_is_no_content_comes_with_a_role_only(self, acme) -> None:
        mara = holder("mara", acme, *MARKETER)
        for permission in ("contacts.change_brand", "contacts.change_topic", "channels.change_account"):
            assert not mara.has_perm(permission, acme), permission

    def test_on_one_template_its_versions_are_reached_and_no_others(self, acme, hello) -> None:
        tom, bye = holder("tom", hello, "change_messagetemplate"), builders.template("bye")
        assert tom.has_perm(EDIT, hello.versions.get())
        assert tom.has_perm("channels.add_templateversion", hello)
        assert not tom.has_perm("channels.add_messagetemplate", hello)
        assert not somewhere(tom, "channels.add_messagetemplate")
        assert not tom.has_perm(EDIT, bye.versions.get())
        assert not tom.has_perm("channels.view_messagetemplate", bye)

    def test_through_a_group(self, acme, hello) -> None:
        gina = member("gina", acme, "edit_in_brand")
        assert gina.has_perm(EDIT, hello.versions.get())
        gina.groups.clear()
        assert not again(gina).has_perm(EDIT, hello.versions.get())

    def test_what_is_taken_back_is_gone_with_the_next_request(self, acme, hello) -> None:
        mara = holder("mara", acme, "edit_in_brand")
        assert mara.has_perm(EDIT, hello.versions.get())
        grants.take(acme, mara, "edit_in_brand")
        assert not again(mara).has_perm(EDIT, hello.versions.get())

    def test_a_role_reaches_everything(self, acme, theirs) -> None:
        mia = builders.user("mia")
        mia.groups.add(Group.objects.get(name="Marketer"))
        assert mia.has_perm(EDIT, theirs.versions.get())

    def test_a_superuser_needs_nothing_and_who_is_disabled_has_nothing(self, acme, hello) -> None:
        root = builders.user("root", is_superuser=True)
        assert root.has_perm(EDIT, hello.versions.get())
        gone = holder("gone", acme, "edit_in_brand")
        gone.is_active = False
        gone.save()
        assert not again(gone).has_perm(EDIT, hello.versions.get())
        assert not somewhere(again(gone), EDIT)
        assert not AnonymousUser().has_perm(EDIT, hello.versions.get())

    def test_what_belongs_to_nobody_is_reached_by_a_role_only(self, acme) -> None:
        ada = builders.contact("ada")
        assert not holder("mara", acme, *MARKETER).has_perm("contacts.view_contact", ada)
        assert builders.user("sam", "contacts.view_contact").has_perm("contacts.view_contact", ada)

    def test_a_verb_refuses_with_a_sentence(self, acme, hello, theirs) -> None:
        mara = holder("mara", acme, "submit_in_brand")
        require(mara, SUBMIT, hello.versions.get(), "submit versions")
        with pytest.raises(PermissionDenied, match="need the permission to submit versions"):
            require(mara, SUBMIT, theirs.versions.get(), "submit versions")
        with pytest.raises(PermissionDenied):
            require(mara, SUBMIT, None, "submit versions")


class TestLists:
    def test_only_what_one_may_see(self, acme, hello, theirs) -> None:
        view = "channels.view_messagetemplate"
        everything = MessageTemplate.objects.all()
        assert list(visible(everything, holder("mara", acme, *MARKETER), view)) == [hello]
        assert list(visible(everything, member("gina", theirs, "change_messagetemplate"), view)) == [theirs]
        assert not visible(everything, builders.user("nobody"), view).exists()
        assert visible(everything, builders.user("ann", view), view).count() == 2
        assert visible(everything, builders.user("root", is_superuser=True), view).count() == 2

    def test_both_through_brand_and_template_come_once(self, acme, hello, theirs) -> None:
        mara = holder("mara", acme, *MARKETER)
        for thing, codename in ((hello, "change_messagetemplate"), (theirs, "view_messagetemplate")):
            grants.give(thing, mara, codename)
        found = visible(TemplateVersion.objects.all(), mara, "channels.view_templateversion")
        assert sorted(version.template.key for version in found) == ["hello", "theirs"]

    def test_ten_thousand_rows_with_a_thousand_grants_take_two_queries(self, acme, other, hello) -> None:
        topic = builders.topic()
        MessageTemplate.objects.bulk_create(
            MessageTemplate(brand=acme, key=f"t{number}", name=f"T{number}", channel="email", topic=topic)
            for number in range(10_000)
        )
        mara = holder("mara", other, *MARKETER)
        permission = Permission.objects.get(codename="change_messagetemplate")
        chosen = list(MessageTemplate.objects.order_by("pk").values_list("pk", flat=True)[1:1001])
        UserObjectPermission.objects.bulk_create(
            UserObjectPermission(user=mara, permission=permission, content_type=permission.content_type, object_pk=pk)
            for pk in chosen
        )
        with CaptureQueriesContext(connection) as queries:
            found = visible(MessageTemplate.objects.all(), mara, "channels.view_messagetemplate")
            assert found.count() == 1000
            rows = list(found.select_related("brand")[:100])
            assert all(mara.has_perm("channels.change_messagetemplate", row) for row in rows)
        asked = [query["sql"] for query in queries]
        assert len(asked) <= 6, asked  # roles (user's, groups'), grants, the count, the page


class TestGrants:
    def test_a_second_time_nothing_happens(self, acme) -> None:
        mara = holder("mara", acme, "edit_in_brand")
        grants.give(acme, mara, "edit_in_brand")
        assert grants.on(acme) == {mara: {"edit_in_brand"}}

    def test_they_go_with_their_thing(self, acme) -> None:
        journey = Journey.objects.create(brand=acme, key="welcome", name="Welcome")
        holder("mara", journey, "change_journey")
        member("gina", journey, "publish_journey")
        journey.delete()
        Journey.objects.create(brand=acme, key="second", name="Second").delete()
        assert not UserObjectPermission.objects.exists()
        assert not GroupObjectPermission.objects.exists()

    def test_and_when_many_are_deleted_at_once(self, acme, hello) -> None:
        for number in range(3):
            made = MessageTemplate.objects.create(
                brand=acme, key=f"t{number}", name="T", channel="email", topic=hello.topic
            )
            holder(f"user{number}", made, "view_messagetemplate")
        MessageTemplate.objects.filter(key__startswith="t").delete()
        assert not UserObjectPermission.objects.exists()


class TestTables:
    def test_every_way_leads_to_its_kind(self) -> None:
        for model, ways in ground.GROUND.items():
            for kind, way in ways.items():
                assert _end(apps.get_model(model), way)._meta.label_lower == kind, (model, way)

    def test_what_reviews_name_is_what_is_reviewed(self) -> None:
        ways = [way for ways in ground.GROUND.values() for way in ways.values() if isinstance(way, ground.Subject)]
        assert ways
        for way in ways:
            assert reviewables[way.kind].model._meta.label_lower == way.model

    def test_every_right_is_a_permission_of_its_kind(self) -> None:
        known = set(Permission.objects.values_list("content_type__app_label", "content_type__model", "codename"))
        for right in rights.RIGHTS:
            for kind, codename in right.codenames.items():
                assert (*kind.split("."), codename) in known

    def test_every_permission_that_a_right_stands_for_exists(self) -> None:
        names = Permission.objects.values_list("content_type__app_label", "codename")
        assert set(rights.SPECIAL) - {f"{app}.{codename}" for app, codename in names} == set()


def _end(model, way):
    if isinstance(way, ground.Subject):
        holder = _end(model, way.holder) if way.holder else model
        assert {"kind", "object_id"} <= {field.name for field in holder._meta.fields}
        return _end(apps.get_model(way.model), way.way)
    for step in way.split("__"):
        if step == "pk":
            return model
        try:
            model = model._meta.get_field(step).remote_field.model
        except FieldDoesNotExist:
            pytest.fail(f"{model} has no {step}")
    return model
