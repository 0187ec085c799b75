"""Drafts edited in the admin: one form per step, one for the entry; nothing is lost and nothing is left dangling."""

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse

from compliance import roles
from journeys import blueprints
from journeys.base import steps
from journeys.models import Version
from tests import builders
from tests.builders import segment, template
from tests.journeys.driving import draft, step

pytestmark = pytest.mark.django_db


def wait(key="pause", length="1d", **more):
    return step("wait", key, for_=length, **more)


def url(name, version, *args):
    return reverse(f"admin:journeys_version_{name}", args=[version.pk, *args])


@pytest.fixture
def marketer(client):
    roles.sync()
    maria = builders.user("maria")
    maria.groups.set(Group.objects.filter(name="Marketer"))
    client.force_login(maria)
    return client


@pytest.fixture
def version():
    return draft(wait("one"), wait("two"), wait("three"))


def plans(version):
    return {plan.key: plan for plan in blueprints.of(version).steps}


def keys(version):
    return [plan.key for plan in blueprints.of(version).steps]


def filled(page):
    """What a browser would send back, with nothing changed."""
    form = page.context["form"]
    return {field.html_name: field.value() for field in form if field.value() not in (None, "")}


class TestSteps:
    def test_the_kind_is_chosen_first(self, marketer, version):
        page = marketer.get(url("add_step", version)).content.decode()
        for kind in steps:
            assert f"?kind={kind.key}" in page
            assert kind.title in page

    def test_each_kind_shows_its_own_form(self, marketer, version):
        for kind in steps:
            form = marketer.get(url("add_step", version), {"kind": kind.key}).context["form"]
            assert {f"config_{name}" for name in kind.Config.base_fields} <= set(form.fields), kind.key

    def test_a_new_step_goes_to_the_end(self, marketer, version):
        data = {"key": "four", "title": "A week", "config_for": "1w", "config_weekdays": ["mon", "tue"]}
        assert marketer.post(url("add_step", version) + "?kind=wait", data).status_code == 302
        assert keys(version) == ["one", "two", "three", "four"]
        assert plans(version)["four"].config == {"for": "1w", "weekdays": ["mon", "tue"]}

    def test_or_below_the_one_that_was_chosen(self, marketer, version):
        marketer.post(url("add_step", version) + "?kind=wait&after=one", {"key": "four", "config_for": "1w"})
        assert keys(version) == ["one", "four", "two", "three"]

    def test_the_settings_of_a_step(self, marketer, version):
        page = marketer.get(url("step", version, "two"))
        data = filled(page) | {"title": "Longer", "config_for": "2d", "exit_next": "end"}
        assert marketer.post(url("step", version, "two"), data).status_code == 302
        plan = plans(version)["two"]
        assert (plan.title, plan.config, plan.exits) == ("Longer", {"for": "2d"}, {"next": "end"})

    def test_saving_without_a_change_changes_nothing(self, marketer):
        template()
        before = draft(
            step("send", "mail", title="Hello", template="hello", expires="2d", exits={"blocked": "end"}),
            step("wait", "until", until="09:00", weekdays=["mon"]),
            step(
                "branch",
                "plan",
                branches=[{"name": "pro", "when": {"kind": "attribute", "path": "plan", "op": "is", "value": "pro"}}],
            ),
            step(
                "wait_for_event",
                "order",
                event="order.completed",
                timeout="1d",
                where=[{"path": "total", "op": "gt", "value": 5}],
            ),
            step("exit", reason="done"),
        )
        design = blueprints.of(before)
        for plan in design.steps:
            data = filled(marketer.get(url("step", before, plan.key)))
            assert marketer.post(url("step", before, plan.key), data).status_code == 302
        assert blueprints.of(before) == design

    def test_a_renamed_step_keeps_what_leads_to_it(self, marketer):
        version = draft(
            wait("one", exits={"next": "three"}),
            wait("two", exits={"next": "one"}),
            wait("three", exits={"next": "two"}),
        )
        data = filled(marketer.get(url("step", version, "one"))) | {"key": "first"}
        marketer.post(url("step", version, "one"), data)
        assert keys(version) == ["first", "two", "three"]
        assert plans(version)["two"].exits == {"next": "first"}
        assert plans(version)["first"].exits == {"next": "three"}

    def test_a_deleted_step_strands_nobody(self, marketer):
        version = draft(wait("one", exits={"next": "three"}), wait("two"), wait("three"))
        marketer.post(url("delete", version, "three"))
        assert keys(version) == ["one", "two"]
        assert plans(version)["one"].exits == {}

    def test_up_and_down(self, marketer, version):
        marketer.post(url("up", version, "three"))
        assert keys(version) == ["one", "three", "two"]
        marketer.post(url("down", version, "one"))
        assert keys(version) == ["three", "one", "two"]
        marketer.post(url("up", version, "three"))
        assert keys(version) == ["three", "one", "two"], "it is at the top already"

    def test_looking_moves_nothing(self, marketer, version):
        marketer.get(url("delete", version, "three"))
        assert keys(version) == ["one", "two", "three"]

    @pytest.mark.parametrize(
        ("data", "field", "sentence"),
        [
            ({"config_for": "soon"}, "config_for", "'soon' is not a duration"),
            ({"config_for": ""}, "__all__", "Say how long"),
            ({"config_until": "25:00"}, "config_until", "'25:00' is not a time of day"),
            ({"key": "Two Words"}, "key", "Use small letters"),
            ({"key": "one"}, "key", "Another step is called 'one'"),
            ({"exit_next": "nowhere"}, "exit_next", "not one of the available choices"),
        ],
    )
    def test_bad_settings_are_told_beside_the_field(self, marketer, version, data, field, sentence):
        page = marketer.post(url("step", version, "two"), {"key": "two", "config_for": "1d", **data})
        assert page.status_code == 400
        assert sentence in " ".join(page.context["form"].errors[field])
        assert plans(version)["two"].config == {"for": "1d"}

    def test_templates_of_the_brand_are_offered(self, marketer):
        template("mine")
        template("theirs", topic=builders.topic("other", brand=builders.brand("other")))
        version = draft(step("send", "mail", template="gone"))
        field = marketer.get(url("step", version, "mail")).context["form"].fields["config_template"]
        assert [key for key, _ in field.widget.choices] == ["", "mine", "gone"]

    def test_somebody_else_was_faster(self, marketer, version):
        data = filled(marketer.get(url("step", version, "two"))) | {"config_for": "5d"}
        marketer.post(url("delete", version, "three"))
        page = marketer.post(url("step", version, "two"), data)
        assert page.status_code == 400
        assert "Somebody else has changed this draft meanwhile" in str(page.context["form"].errors)
        assert page.context["form"]["config_for"].value() == "5d", "what was written is not lost"
        assert plans(version)["two"].config == {"for": "1d"}

    def test_a_step_whose_kind_is_gone_can_only_be_deleted(self, marketer, version):
        version.steps.filter(key="two").update(kind="gone")
        page = marketer.get(url("step", version, "two"), follow=True)
        assert "does not exist any more; delete the step" in page.content.decode()
        marketer.post(url("delete", version, "two"))
        assert keys(version) == ["one", "three"]

    def test_a_step_that_is_not_there(self, marketer, version):
        assert marketer.get(url("step", version, "gone")).status_code == 404
        page = marketer.post(url("delete", version, "gone"), follow=True)
        assert "There is no step &#x27;gone&#x27;" in page.content.decode()


class TestEntry:
    def send(self, client, version, trigger="", **data):
        address = url("entry", version) + (f"?trigger={trigger}" if trigger else "")
        return client.post(address, {"reentry": "always", **data})

    def test_everything_about_the_entry(self, marketer, version):
        response = self.send(
            marketer,
            version,
            config_name="cart.updated",
            config_where='[{"path": "total", "op": "gt", "value": 20}]',
            reentry="after",
            reentry_after="7d",
            instance_key="cart_id",
            exit_when='order.completed\nrefund [{"path": "total", "op": "gt", "value": 5}]\n',
            goal_event="order.completed",
            goal_within="14d",
            goal_value="revenue",
        )
        assert response.status_code == 302
        design = blueprints.of(Version.objects.get(pk=version.pk))
        assert design.trigger_config == {"name": "cart.updated", "where": [{"path": "total", "op": "gt", "value": 20}]}
        assert (design.reentry, design.reentry_after, design.instance_key) == ("after", "7d", "cart_id")
        assert list(design.exit_when) == [
            {"event": "order.completed"},
            {"event": "refund", "where": [{"path": "total", "op": "gt", "value": 5}]},
        ]
        assert design.goal == {"event": "order.completed", "within": "14d", "value": "revenue"}
        assert [plan.key for plan in design.steps] == ["one", "two", "three"]

    def test_saving_without_a_change_changes_nothing(self, marketer):
        version = draft(
            wait(),
            reentry="after",
            reentry_after="7d",
            exit_when=[{"event": "refund", "where": [{"path": "total", "op": "gt", "value": 5}]}],
            goal={"event": "order.completed", "where": [{"path": "a", "op": "exists"}], "within": "3d"},
        )
        before = blueprints.of(version)
        data = filled(marketer.get(url("entry", version)))
        form = marketer.get(url("entry", version)).context["form"]
        data["exit_when"] = form.fields["exit_when"].prepare_value(data["exit_when"])
        assert marketer.post(url("entry", version), data).status_code == 302
        assert blueprints.of(Version.objects.get(pk=version.pk)) == before

    def test_another_kind_of_trigger(self, marketer, version):
        segment("pros")
        form = marketer.get(url("entry", version), {"trigger": "segment"}).context["form"]
        assert "config_segment" in form.fields
        assert self.send(marketer, version, "segment", config_segment="pros").status_code == 302
        design = blueprints.of(Version.objects.get(pk=version.pk))
        assert (design.trigger, design.trigger_config) == ("segment", {"segment": "pros"})

    @pytest.mark.parametrize(
        ("data", "field", "sentence"),
        [
            ({"config_name": ""}, "config_name", "required"),
            ({"config_name": "two words"}, "config_name", "is not an event"),
            ({"config_where": "[1]"}, "config_where", "is not a comparison"),
            ({"reentry": "after"}, "reentry_after", "is not a duration"),
            ({"reentry_after": "7d"}, "reentry_after", "Only the rule"),
            ({"exit_when": "a b"}, "exit_when", "Line 1"),
            ({"goal_within": "7d"}, "goal_event", "Name the event"),
            ({"goal_event": "x", "goal_within": "soon"}, "goal_within", "is not a duration"),
            ({"goal_event": "x", "goal_where": "{"}, "goal_where", "JSON"),
        ],
    )
    def test_mistakes_stand_beside_their_field(self, marketer, version, data, field, sentence):
        page = self.send(marketer, version, **{"config_name": "signup", **data})
        assert page.status_code == 400
        assert sentence in " ".join(page.context["form"].errors[field])


@pytest.mark.parametrize("role", ["Legal reviewer", "Operator", "Support agent", "Analyst"])
def test_the_others_may_only_look(client, version, role):
    roles.sync()
    other = builders.user("other")
    other.groups.set(Group.objects.filter(name=role))
    client.force_login(other)
    if role != "Support agent":
        page = client.get(url("change", version)).content.decode()
        assert "Add a step" not in page
    for name, args in (("entry", ()), ("add_step", ()), ("step", ("one",)), ("up", ("two",)), ("delete", ("one",))):
        assert client.post(url(name, version, *args), {}).status_code == 403
    assert keys(version) == ["one", "two", "three"]
