"""A preview as a made-up person: what is missing is made up so that it is seen; for real people nothing is."""

from datetime import UTC, datetime

import pytest
from django.urls import reverse

from channels import liquid
from channels.inventing import MOST, ROUNDS, Invention
from channels.liquid import Missing
from channels.models import TemplateVersion
from channels.variables import Variable, filled
from tests import staff
from tests.builders import NOW, contact, template

DAY = datetime(2027, 1, 31, tzinfo=UTC)


def shown(source: str, event: dict | None = None, *declared: Variable) -> tuple[str, list[str]]:
    """The words for a made-up person, and what is made up in them."""
    invention = Invention([source], declared, DAY)
    context = {"event": event or {}, "contact": {}, "zone": UTC, "now": NOW}
    found = invention.render(
        lambda context: {"x": liquid.render(source, filled(context, declared, samples=True))}, context
    )
    return found["x"], invention.names


@pytest.mark.parametrize(("source", "text", "names"), [
    ("{{ event.order_id }}", "«order_id»", ["event.order_id"]),
    ("{{ event['order id'] }}", "«order id»", ["event.order id"]),
    ("{{ event.order.id }}", "«id»", ["event.order.id"]),
    ("{{ event.total | money: 'EUR' }}", "€42.50", ["event.total"]),
    ("{{ 3 | money: event.currency }}", "€3.00", ["event.currency"]),
    ("{{ event.due | date: '%d.%m.%Y' }}", "31.01.2027", ["event.due"]),
    ("{{ event.n | pluralize: 'item', 'items' }}", "items", ["event.n"]),
    ("{% if event.n > 5 %}many: {% endif %}{{ event.n }}", "many: 42", ["event.n"]),
    ("{% assign t = event.total %}{{ t | money: 'EUR' }}", "€42.50", ["event.total"]),
    ("{{ event.tags | join: ', ' }}", "«tags 1», «tags 2»", ["event.tags"]),
    ("{% for one in event.items %}{{ one }} {% endfor %}", "«items 1» «items 2» ", ["event.items"]),
    ("{% for one in event.items %}{{ one.name }} {{ one.price | money: 'EUR' }};{% endfor %}", "«name» €42.50;" * 2,
     ["event.items", "event.items.name", "event.items.price"]),
    ("{% for a in event.a %}{% for b in a.list %}{{ b.c }}{% endfor %}{% endfor %}", "«c»" * 4,
     ["event.a", "event.a.list", "event.a.list.c"]),
    ("{{ event.items[1].sku }}", "«sku»", ["event.items"]),
    ("{{ event.items.first.name }} {{ event.items.size }}", "«name» 2", ["event.items"]),
    ("{{ event.a | default: 'x' }}{% if event.b %}y{% endif %}", "x", []),
])  # fmt: skip
def test_what_is_missing_is_made_up_as_the_words_need_it(source: str, text: str, names: list[str]) -> None:
    made, told = shown(source)
    assert (made, sorted(told)) == (text, names)


@pytest.mark.parametrize(("kind", "text"), [
    ("text", "«a»"), ("number", "42"), ("money", "42.5"), ("date", "2027-01-31T00:00:00+00:00"), ("boolean", "true"),
    ("url", "https://example.invalid/a"), ("list", "«a 1»«a 2»"),
])  # fmt: skip
def test_the_declared_type_decides(kind: str, text: str) -> None:
    assert shown("{{ event.a }}", {}, Variable("event.a", kind)) == (text, ["event.a"])


def test_what_is_there_stays_and_samples_and_fallbacks_come_first() -> None:
    event = {"items": [{"name": "Tea"}, {"price": 1}], "a": "", "b": 0}
    source = "{% for one in event.items %}{{ one.name }} {% endfor %}{{ event.b }}{{ event.c }}{{ event.d }}"
    declared = (Variable("event.c", sample="C"), Variable("event.d", fallback="D"))
    assert shown(source, event, *declared) == ("Tea «name» 0CD", ["event.items.name"])
    assert event == {"items": [{"name": "Tea"}, {"price": 1}], "a": "", "b": 0}


@pytest.mark.parametrize("source", [
    "{{ typo }}", "{{ brand.typo }}", "{{ event[event.x] }}", "{{ event.items[99999].a }}", "{{ event.items[-3].a }}",
    "{% for x in x %}{{ x }}{% endfor %}", "".join(f"{{{{ event.a{n} }}}}" for n in range(MOST + 1)),
])  # fmt: skip
def test_mistakes_stay_mistakes(source: str) -> None:
    with pytest.raises(Missing):
        shown(source)


def test_a_preview_costs_about_two_renderings_however_much_is_missing() -> None:
    loops = "{% for a in (1..20) %}{% for b in (1..20) %}.{% endfor %}{% endfor %}"
    source = loops + "".join(f"{{{{ event.a{n} }}}}" for n in range(MOST - 1))
    drawn = []
    invention = Invention([source], (), DAY)
    found = invention.render(lambda context: drawn.append(1) or {"x": liquid.render(source, context)}, {"event": {}})
    assert found["x"].endswith("«a97»«a98»")
    assert (len(drawn), len(invention.names)) == (2, MOST - 1)


def test_what_hides_behind_each_other_without_end_is_given_up() -> None:
    deep = "{{ event.end }}"
    for number in range(19):
        name = f"event.a{number}"
        deep = f"{{{{ {name} }}}}{{% if {name} > 1 %}}{deep}{{% endif %}}"
    drawn = []
    with pytest.raises(Missing):
        Invention([deep], (), DAY).render(lambda c: drawn.append(1) or {"x": liquid.render(deep, c)}, {"event": {}})
    assert len(drawn) == ROUNDS


@pytest.mark.parametrize("source", [
    "{% if event.a > 1 %}{{ event.b }}{% elsif event.c > 1 %}x{% else %}y{% endif %}",
    "{% case event.a %}{% when 'x' %}{{ event.b }}{% else %}{{ event.c }}{% endcase %}",
    "{% unless event.a %}{% capture t %}{{ event.b | upcase }}{% endcapture %}{{ t }}{% endunless %}",
    "{% for x in event.l %}{% if forloop.last %}{% break %}{% endif %}{{ x }}{% else %}none{% endfor %}",
    "{% assign s = event.a | split: ',' %}{% for x in s %}{{ x }}{% endfor %}{{ s | size }}",
    "{% assign t = event.n | plus: 1 %}{{ t | times: 2 }}",
])  # fmt: skip
def test_what_is_shown_is_what_a_strict_rendering_of_the_same_values_gives(source: str) -> None:
    seen: list[dict] = []

    def draw(context):
        seen.append(context)
        return {"x": liquid.render(source, context)}

    found = Invention([source], (), DAY).render(draw, {"event": {}, "contact": {}})
    assert found == {"x": liquid.render(source, seen[-1])}
    with pytest.raises(Missing):
        liquid.render("{{ event.none }}", seen[-1])


class TestPreview:
    @pytest.fixture
    def draft(self, db) -> TemplateVersion:
        maria = staff.user("Marketer", "maria")
        content = {
            "subject": "Order {{ event.order_id }}",
            "html": "<body><p>{{ event.order_id }}</p></body>",
            "text": "{{ event.total }}",
        }
        return TemplateVersion.objects.create(template=template("offer"), number=2, author=maria, content=content)

    def look(self, client, draft, **given) -> str:
        client.force_login(draft.author)
        address = reverse("admin:channels_templateversion_preview", args=(draft.pk,))
        return client.get(address, given).content.decode()

    @pytest.mark.parametrize("look", ["desktop", "text"])
    def test_a_made_up_person_is_told_what_is_made_up(self, client, draft, look) -> None:
        html = self.look(client, draft, look=look)
        assert "Order «order_id»" in html
        assert "Made up for this preview: event.order_id, event.total." in html

    def test_every_screen_tells(self, client, draft) -> None:
        about = template("text", channel="sms", content={"body": "Hi"})
        version = TemplateVersion.objects.create(
            template=about, number=2, author=draft.author, content={"body": "Hi {{ event.who }}"}
        )
        html = self.look(client, version)
        assert "Hi «who»" in html
        assert "Made up for this preview: event.who. Nobody who lacks it gets the message" in html

    def test_for_a_real_person_it_is_as_strict_as_a_send(self, client, draft) -> None:
        html = self.look(client, draft, reader=contact("u-1").pk)
        assert "event.order_id has no value for this person" in html
        assert "«" not in html

    def test_a_long_list_is_cut(self, client, draft) -> None:
        draft.content["text"] = " ".join(f"{{{{ event.a{n} }}}}" for n in range(20))
        draft.save()
        assert "event.a5, event.a6 and 13 more." in self.look(client, draft)
