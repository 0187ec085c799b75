"""Two versions side by side: for the reviewer of a version, and on a page of its own."""

import pytest
from django.urls import reverse

from channels.models import TemplateVersion
from tests import staff
from tests.builders import template
from tests.pages import queries, who

pytestmark = pytest.mark.django_db
SIGHTED = {"Marketer", "Legal reviewer", "Operator", "Support agent", "Analyst", "Administrator"}
OLD = "<p>Save 20 % until Sunday.</p><a href='https://shop.example.test/old'>Shop</a>"
NEW = "<p>Save 30 % until Sunday, {{ contact.first_name }}.</p><a href='https://shop.example.test/new'>Shop</a>"


@pytest.fixture
def versions() -> tuple[TemplateVersion, TemplateVersion]:
    """The one in use, and a draft that would take its place."""
    about = template("offer", content={"subject": "Spring", "html": OLD})
    new = TemplateVersion.objects.create(
        template=about, number=2, author=staff.user("Marketer", "maria"), content={"subject": "Summer", "html": NEW}
    )
    return about.versions.get(number=1), new


@pytest.fixture
def legal():
    return staff.client("Legal reviewer", "lena")


def page(version: TemplateVersion, name: str = "change") -> str:
    return reverse(f"admin:channels_templateversion_{name}", args=(version.pk,))


def test_a_reviewer_sees_it_on_the_version_s_page(legal, versions) -> None:
    old, new = versions
    html = legal.get(page(new)).content.decode()
    for version in versions:
        assert f'sandbox loading="lazy" src="{page(version, "preview")}?reader=' in html
    assert '<del class="wm-del">20</del>' in html
    assert '<ins class="wm-ins">30</ins>' in html
    assert "<del>https://shop.example.test/old</del>" in html
    assert "<ins>https://shop.example.test/new</ins>" in html
    assert "<ins>contact.first_name</ins>" in html
    assert "<del>Save 20 % until Sunday.</del>" in html
    assert f'href="{page(new, "diff")}?against={old.pk}"' in html


def test_any_two_of_a_template_can_be_compared(legal, versions) -> None:
    old, new = versions
    html = legal.get(page(old, "diff"), {"against": new.pk}).content.decode()
    assert '<del class="wm-del">30</del>' in html
    assert f'<option value="{new.pk}" selected>' in html


def test_with_nothing_everything_is_new(legal, versions) -> None:
    html = legal.get(page(versions[1], "diff"), {"against": ""}).content.decode()
    assert "<del" not in html.replace('<del class="wm-del">removed</del>', "")
    assert "Save 30 % until Sunday" in html


def test_language_and_class_count(legal, versions) -> None:
    TemplateVersion.objects.filter(pk=versions[1].pk).update(locale="fr", message_class="service")
    html = legal.get(page(versions[1], "diff"), {"against": versions[0].pk}).content.decode()
    assert '<del class="wm-del">everyone else</del> <ins class="wm-ins">fr</ins>' in html
    assert '<ins class="wm-ins">service</ins>' in html


def test_the_first_version_has_nothing_to_be_compared_with(legal) -> None:
    first = template("alone").versions.get()
    assert "there is nothing to compare it with" in legal.get(page(first)).content.decode()


@pytest.mark.parametrize(("against", "status"), [("999", 404), ("x", 403), ("1; drop", 403)])
def test_odd_addresses_are_refused(legal, versions, against, status) -> None:
    assert legal.get(page(versions[1], "diff"), {"against": against}).status_code == status


def test_a_version_of_another_template_is_not_found(legal, versions) -> None:
    other = template("other").versions.get()
    assert legal.get(page(versions[1], "diff"), {"against": other.pk}).status_code == 404


def test_hostile_words_are_only_words(legal, versions) -> None:
    attack = "</pre><script>alert(1)</script>"
    content = {"subject": attack, "html": f"<p>1 {attack}</p><a href='javascript:{attack}'>x</a>", "text": attack}
    TemplateVersion.objects.filter(pk=versions[1].pk).update(content=content)
    html = legal.get(page(versions[1], "diff"), {"against": versions[0].pk}).content.decode()
    assert "<script>alert" not in html


def test_who(versions) -> None:
    assert who(page(versions[1], "diff")) == SIGHTED


def test_it_costs_the_same_however_many_versions_there_are(legal, versions) -> None:
    address = f"{page(versions[1], 'diff')}?against={versions[0].pk}"
    few = queries(legal, address)
    for number in range(3, 12):
        TemplateVersion.objects.create(
            template=versions[0].template, number=number, author=versions[1].author, content=versions[1].content
        )
    assert queries(legal, address) == few


def test_without_a_choice_it_is_compared_with_what_is_in_use(legal, versions) -> None:
    old, new = versions
    html = legal.get(page(new, "diff")).content.decode()
    assert f'<option value="{old.pk}" selected>' in html
    assert "<del>https://shop.example.test/old</del>" in html


def test_declared_variables_are_compared(legal, versions) -> None:
    old, new = versions
    TemplateVersion.objects.filter(pk=new.pk).update(variables=[{"name": "contact.first_name", "fallback": "<you>"}])
    html = legal.get(page(new, "diff"), {"against": old.pk}).content.decode()
    assert "<summary>Declared variables</summary>" in html
    assert "contact.first_name: text, fall-back &lt;you&gt;" in html
