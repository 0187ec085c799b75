"""Declared variables as rows of a form, complete without a script; what was written comes back as it was."""

from typing import Any

import pytest

from channels.admin import declaring
from channels.models import TemplateVersion
from tests.channels.test_admin_studio import WAY_OUT, address, draft, maria, words  # noqa: F401 (fixtures)

pytestmark = pytest.mark.django_db
FORM = declaring.VariablesWidget()


def rows(*given: tuple[str, str, str, str], **more: Any) -> dict[str, Any]:
    """The form's data for these rows: name, type, fall-back, sample."""
    columns = list(zip(*given, strict=True)) or [()] * 4
    parts = ("name", "type", "fallback", "sample")
    return {"variables_rows": "1", **{f"variables_{part}": list(columns[at]) for at, part in enumerate(parts)}, **more}


def read(*given: tuple[str, str, str, str], **more: Any) -> list[dict[str, Any]]:
    return FORM.value_from_datadict(rows(*given, **more), {}, "variables")


@pytest.fixture
def save(client, draft):  # noqa: F811
    """Save the draft with these rows; the answer."""

    def send(data: dict[str, Any], **changes: Any):
        seen = client.get(address(draft)).context["revision"]
        return client.post(address(draft), {**words(**changes), **data, "revision": seen})

    return send


@pytest.mark.parametrize(("kind", "value"), [
    ("text", "Sam, the first"), ("text", ""), ("number", 12), ("number", 12.5), ("money", "12.50"), ("number", 1e22),
    ("date", "2027-01-31"), ("boolean", True), ("boolean", False), ("url", "https://x.example/?a=1,2"), ("list", ["a", "b c"]),
    ("list", ["a, b", "c"]), ("list", [{"name": "Ä", "price": 2}]), ("list", [1, None]), ("list", []),
])  # fmt: skip
def test_a_value_comes_back_from_its_field_as_it_was(kind: str, value: Any) -> None:
    [found] = read(("contact.a", kind, declaring.text(value), ""))
    assert found["fallback"] == (value or "" if kind == "list" else value)
    assert type(found["fallback"]) is type(value or "" if kind == "list" else value)


def test_empty_and_removed_rows_are_none_and_ticked_ones_are(client) -> None:
    given = [("contact.a", "text", "", ""), ("", "number", " ", ""), ("contact.b", "date", "", "")]
    found = read(*given, variables_remove=["2", "x", "99"], variables_declare=["list event.items"])
    assert [(one["name"], one["type"]) for one in found] == [("contact.a", "text"), ("event.items", "list")]


def test_lists_of_unequal_length_are_read_as_far_as_they_go() -> None:
    given = {"variables_rows": "1", "variables_name": ["contact.a"], "variables_sample": ["x", "y"]}
    assert FORM.value_from_datadict(given, {}, "variables") == [
        {"name": "contact.a", "type": "text", "fallback": "", "sample": "x"},
        {"name": "", "type": "text", "fallback": "", "sample": "y"},
    ]


def test_rows_are_saved_and_shown_again(client, draft, save) -> None:  # noqa: F811
    assert save(rows(("contact.a", "number", "3", "12.50"), ("event.items", "list", "", "x, y"))).status_code == 302
    draft.refresh_from_db()
    assert draft.variables == [
        {"name": "contact.a", "type": "number", "fallback": 3, "sample": "12.50"},
        {"name": "event.items", "type": "list", "fallback": "", "sample": ["x", "y"]},
    ]
    html = client.get(address(draft)).content.decode()
    for shown in ('value="contact.a"', 'value="12.50"', 'value="x, y"', 'aria-label="Remove event.items"'):
        assert shown in html


def test_all_can_be_removed_and_a_form_without_rows_changes_none(client, draft, save) -> None:  # noqa: F811
    TemplateVersion.objects.filter(pk=draft.pk).update(variables=[{"name": "contact.a", "sample": 5}])
    assert save({}).status_code == 302
    draft.refresh_from_db()
    assert draft.variables == [{"name": "contact.a", "sample": 5}]
    assert save(rows(("contact.a", "text", "", "5"), variables_remove=["0"])).status_code == 302
    draft.refresh_from_db()
    assert draft.variables == []


def test_what_says_the_same_stays_as_it_was_written(draft, save) -> None:  # noqa: F811
    TemplateVersion.objects.filter(pk=draft.pk).update(variables=[{"name": "contact.a", "fallback": "x"}])
    save(rows(("contact.a", "text", "x", "")))
    draft.refresh_from_db()
    assert draft.variables == [{"name": "contact.a", "fallback": "x"}]


@pytest.mark.parametrize(("row", "part", "sentence"), [
    (("name", "text", "", ""), "name", "Variable 1: its name is contact.… or event.…, not &#x27;name&#x27;."),
    (("", "text", "x", ""), "name", "Variable 1: its name is contact.… or event.…, not &#x27;&#x27;."),
    (("contact.a", "number", "many", ""), "fallback", "contact.a: its fallback &#x27;many&#x27; is no number."),
    (("contact.a", "list", "", "[1,"), "sample", "contact.a: its sample &#x27;[1,&#x27; is no list."),
    (("contact.a", "list", "[NaN]", ""), "fallback", "contact.a: its fallback &#x27;[NaN]&#x27; is no list."),
    (("contact.a", "list", "[" * 100_000, ""), "fallback", "is no list."),
    (("contact.a", "number", "9" * 5_000 + "x", ""), "fallback", "is no number."),
    (("contact.a", "date", "", "soon"), "sample", "contact.a: its sample &#x27;soon&#x27; is no date."),
    (("contact.a", "shape", "", ""), "type", "contact.a: there is no type &#x27;shape&#x27;"),
    (("contact.<b>", "text", "", ""), "name", "not &#x27;contact.&lt;b&gt;&#x27;."),
])  # fmt: skip
def test_a_mistake_is_told_at_its_row_and_field(draft, save, row, part, sentence) -> None:  # noqa: F811
    answer = save(rows(row))
    html = answer.content.decode()
    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors["variables"] == [declaring.WRONG]
    assert sentence in html
    at = html.index(f'id="id_variables_0_{part}"')
    assert 'aria-invalid="true" aria-describedby="id_variables_0_wrong"' in html[at : at + 200_000].split(">")[0]
    draft.refresh_from_db()
    assert draft.variables == []


def test_a_name_twice_is_told_at_the_second(save) -> None:
    html = save(rows(("contact.a", "text", "", ""), ("contact.a", "text", "", ""))).content.decode()
    assert "contact.a is declared twice." in html
    assert 'id="id_variables_1_wrong"' in html
    assert 'id="id_variables_0_wrong"' not in html


def test_what_no_database_keeps_is_refused(save) -> None:
    answer = save(rows(("contact.a", "text", "a\x00b", "")))
    assert "cannot be stored" in answer.context["adminform"].form.errors["variables"][0]


def test_what_the_words_use_undeclared_is_offered_with_its_type(client, draft, save) -> None:  # noqa: F811
    text = (
        "{{ contact.first_name }} {{ event.total | money: 'EUR' }} {{ event.due | date: '%d' }} {{ event['a b'] }}"
        "{% for one in event.items %}{{ one.name }}{% endfor %}{% if event.n > 3 %}{% endif %}{{ brand.name }}{{ contact.id }}"
    )
    found = client.post(address(draft, "check"), words(content_text=text)).json()["undeclared"]
    told = {one["name"]: one["type"] for one in found}
    assert told == {"contact.first_name": "text", "event.total": "money", "event.due": "date", "event.items": "list",
                    "event.n": "number"}  # fmt: skip
    save({}, content_text=text + WAY_OUT)
    assert 'name="variables_declare" value="money event.total"' in client.get(address(draft)).content.decode()
    declared = rows(("event.items", "list", "", ""), variables_declare=["money event.total"])
    found = client.post(address(draft, "check"), words(content_text=text, **declared)).json()["undeclared"]
    assert {one["name"] for one in found} == {"contact.first_name", "event.due", "event.n"}


def test_checks_and_the_preview_read_the_rows_that_are_not_saved(client, draft) -> None:  # noqa: F811
    data = words(content_subject="For {{ event.who }}", **rows(("event.who", "text", "all of you", "Sam the sample")))
    problems = client.post(address(draft, "check"), data).json()["problems"]
    assert not [one for one in problems if "event.who" in one["sentence"]]
    assert "For Sam the sample" in client.post(address(draft, "preview"), data).content.decode()
    draft.refresh_from_db()
    assert draft.variables == []


def test_two_pages_with_other_variables_overwrite_nothing(client, draft) -> None:  # noqa: F811
    seen = client.get(address(draft)).context["revision"]
    first = {**words(), **rows(("contact.a", "text", "", "")), "revision": seen}
    assert client.post(address(draft), first).status_code == 302
    second = {**words(), **rows(("contact.b", "text", "", "")), "revision": seen}
    assert "was changed after you opened it" in client.post(address(draft), second).content.decode()
    draft.refresh_from_db()
    assert [one["name"] for one in draft.variables] == ["contact.a"]


def test_readers_see_a_table(client, draft) -> None:  # noqa: F811
    other = draft.template.versions.get(number=1)
    assert "None is declared." in client.get(address(other)).content.decode()
    TemplateVersion.objects.filter(pk=draft.pk).update(variables=[{"name": "contact.<i>", "sample": ["a", "b"]}], author=other.author)  # fmt: skip
    html = client.get(address(draft)).content.decode()
    assert '<th scope="row">contact.&lt;i&gt;</th>' in html
    assert "<td>a, b</td>" in html
    assert "variables_name" not in html
