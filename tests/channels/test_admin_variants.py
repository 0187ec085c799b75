"""Variants of a block as rows of a form, complete without a script; what was written stays as it is stored."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from channels.admin import varying
from channels.models import BlockVersion
from compliance import reviews
from tests import staff
from tests.builders import NOW
from tests.channels.test_blocks import block

pytestmark = pytest.mark.django_db
FORM = varying.VariantsWidget()
DE, FR = {"when": "contact.country == 'DE'", "source": "Impressum"}, {"when": "contact.vip", "source": " <p>\nDear</p>"}


def rows(*given: tuple[str, str], **more: Any) -> dict[str, Any]:
    """The form's data for these rows: condition, content."""
    when, source = ([row[at] for row in given] for at in (0, 1))
    return {"variants_rows": "1", "variants_when": when, "variants_source": source, **more}


def read(*given: tuple[str, str], **more: Any) -> list[dict[str, Any]]:
    return FORM.value_from_datadict(rows(*given, **more), {}, "variants")


@pytest.fixture
def lena():
    return staff.client("Legal reviewer", "lena")


@pytest.fixture
def draft(lena) -> BlockVersion:
    author = User.objects.get(username="lena")
    return block("foot", "Bye", state="draft", submitted_at=None, author=author)


def page(version: BlockVersion) -> str:
    return reverse("admin:channels_blockversion_change", args=[version.pk])


@pytest.fixture
def save(lena, draft):
    """Save the draft with these rows; the answer."""

    def send(data: dict[str, Any]):
        seen = lena.get(page(draft)).context["revision"]
        return lena.post(page(draft), {"locale": "", "source": "Bye", **data, "revision": seen})

    return send


def stored(draft: BlockVersion) -> list[Any]:
    draft.refresh_from_db()
    return list(draft.variants)


@pytest.mark.parametrize(("places", "order"), [
    (["1", "2", "3"], "abc"), (["1", "2", "1"], "cab"), (["3", "2", "3"], "bca"), (["1", "3", "3"], "acb"), (["2", "2", "3"], "bac"),
    ([], "abc"), (["", "x", "-1"], "abc"), (["9" * 50, "²", "0"], "cab"), (["9", "2", "3"], "bca"),
])  # fmt: skip
def test_a_row_goes_where_its_place_says(places: list[str], order: str) -> None:
    found = read(*((one, "x") for one in "abc"), variants_place=places)
    assert "".join(one["when"] for one in found) == order


def test_empty_and_removed_rows_are_none() -> None:
    found = read(("a", ""), (" ", "\r\n"), ("b", "x"), ("c", "y\r\nz"), variants_remove=["2", "x", "99"])
    assert found == [{"when": "a", "source": ""}, {"when": "c", "source": "y\nz"}]


def test_rows_are_saved_shown_again_and_removed(lena, draft, save) -> None:
    assert (
        save(rows((DE["when"], DE["source"]), (FR["when"], FR["source"]), variants_place=["2", "1"])).status_code == 302
    )
    assert stored(draft) == [FR, DE]
    html = lena.get(page(draft)).content.decode()
    for shown in (
        'value="contact.country == &#x27;DE&#x27;"',
        "Impressum</textarea>",
        'aria-label="Remove contact.vip"',
    ):
        assert shown in html
    assert (
        save(rows((DE["when"], DE["source"]), (FR["when"], FR["source"]), variants_remove=["0", "1"])).status_code
        == 302
    )
    assert stored(draft) == []


def test_a_form_that_nobody_changed_changes_nothing(lena, draft, save) -> None:
    odd = [{"source": "a\r\nb\n", "when": " contact.vip "}, {"when": "contact.a\nor contact.b", "source": "\n c"}, FR]
    BlockVersion.objects.filter(pk=draft.pk).update(variants=odd)
    html = lena.get(page(draft)).content.decode()
    assert '<textarea id="id_variants_1_when"' in html
    sent = [
        (one["when"].replace("\n", "\r\n"), one["source"].replace("\r\n", "\n").replace("\n", "\r\n")) for one in odd
    ]
    assert save(rows(*sent)).status_code == 302
    assert stored(draft) == odd
    assert save({}).status_code == 302
    assert stored(draft) == odd
    assert save(rows(*reversed(sent))).status_code == 302
    assert stored(draft) == odd[::-1]


@pytest.mark.parametrize(("when", "sentence"), [
    ("", "Variant 2: &#x27;&#x27; is not a condition: it is empty, or ends its own tag."),
    ("a %} b", "Variant 2: &#x27;a %} b&#x27; is not a condition: it is empty, or ends its own tag."),
    ("== 3", "Variant 2: &#x27;== 3&#x27; is not a condition:"),
    ("<b>", "&#x27;&lt;b&gt;&#x27; is not a condition:"),
])  # fmt: skip
def test_a_mistake_is_told_at_its_row_and_field(draft, save, when: str, sentence: str) -> None:
    answer = save(rows((DE["when"], "x"), (when, "kept as it is")))
    html = answer.content.decode()
    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors["variants"] == [varying.WRONG]
    assert sentence in html
    assert "kept as it is</textarea>" in html
    at = html.index('id="id_variants_1_when"')
    assert 'aria-invalid="true" aria-describedby="id_variants_1_wrong"' in html[at : at + 1_000].split("<")[0]
    assert 'id="id_variants_0_wrong"' not in html
    assert stored(draft) == []


def test_what_no_database_keeps_is_refused(save) -> None:
    answer = save(rows(("contact.vip", "a\x00b")))
    assert "cannot be stored" in answer.context["adminform"].form.errors["variants"][0]


def test_two_pages_with_other_variants_overwrite_nothing(lena, draft) -> None:
    seen = lena.get(page(draft)).context["revision"]
    data = {"locale": "", "source": "Bye", "revision": seen}
    assert lena.post(page(draft), {**data, **rows((DE["when"], DE["source"]))}).status_code == 302
    html = lena.post(page(draft), {**data, **rows(("== 3", "I am late"))}).content.decode()
    assert "was changed after you opened it" in html
    assert "I am late&quot;</ins>" in html.replace("\n  }\n]", "").replace("\n }\n]", "")
    assert stored(draft) == [DE]


def test_what_was_submitted_meanwhile_is_shown_to_whoever_typed_it(lena, draft) -> None:
    seen = lena.get(page(draft)).context["revision"]
    reviews.submit(draft, draft.author, NOW)
    late = lena.post(page(draft), {"locale": "", "source": "x", "revision": seen, **rows(("contact.vip", "I am late"))})
    assert late.status_code == 409
    assert "I am late" in late.content.decode()


def test_an_earlier_state_comes_back_with_its_variants(lena, draft, save) -> None:
    for given in (rows((DE["when"], DE["source"]), ("contact.vip", "x")), rows(("contact.vip", "y"))):
        save(given)
    with_both = draft.history.order_by("pk")[1]
    address = reverse("admin:channels_blockversion_simple_history", args=[draft.pk, with_both.pk])
    assert lena.post(address, {}).status_code == 302
    assert stored(draft) == [DE, {"when": "contact.vip", "source": "x"}]
    first = draft.history.earliest()
    lena.post(reverse("admin:channels_blockversion_simple_history", args=[draft.pk, first.pk]), {})
    assert stored(draft) == []


def test_a_new_version_begins_with_the_variants_of_the_newest(lena, draft) -> None:
    BlockVersion.objects.filter(pk=draft.pk).update(variants=[DE])
    html = lena.get(f"{reverse('admin:channels_blockversion_add')}?block={draft.block_id}").content.decode()
    assert "Impressum</textarea>" in html
    assert f"New version of {draft.block}" in html


def test_readers_see_them_in_their_order(draft) -> None:
    BlockVersion.objects.filter(pk=draft.pk).update(variants=[DE, {"when": "contact.b < 3", "source": "<i>"}])
    html = staff.client("Analyst").get(page(draft)).content.decode()
    assert "Else if <code>contact.b &lt; 3</code>" in html
    assert "&lt;i&gt;</pre>" in html
    assert "variants_when" not in html
