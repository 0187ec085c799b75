"""What an author is told about his words."""

import pytest

from channels import wording
from channels.models import MessageTemplate, TemplateVersion
from tests.builders import brand, topic, user

pytestmark = pytest.mark.django_db


def version(channel: str = "email", message_class: str = "transactional", **content: str) -> TemplateVersion:
    template = MessageTemplate.objects.create(brand=brand(), key="hello", name="Hello", channel=channel, topic=topic())
    return TemplateVersion.objects.create(
        template=template, number=1, content=content, author=user("author"), message_class=message_class
    )


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"subject": "Hi"}, "HTML or plain text"),
        ({"text": "Hi"}, "subject: This field is required"),
        ({"subject": "Hi {{ contact.name", "text": "x"}, "subject: A tag is not closed"),
        ({"subject": "Hi", "text": "a\n{% if %}"}, "text: line 2"),
        (
            {"subject": "Hi", "text": "{{ customer.name }}"},
            "customer.name is not known; a template may use brand, contact",
        ),
        ({"subject": "Hi", "text": "{{ brand.address }}"}, "brand has key, name, postal_address, website"),
        ({"subject": "Hi\nBcc: x", "text": "x"}, "subject: This must be one line"),
    ],
)
def test_each_mistake_is_told_with_its_field(content: dict, words: str) -> None:
    assert words in " ".join(wording.problems(version(**content)))


def test_good_words_have_no_problems() -> None:
    assert wording.problems(version("sms", body="Hi {{ contact.first_name | default: 'you' }}")) == []


def test_a_channel_that_is_gone() -> None:
    assert "'fax' is not known" in wording.problems(version("fax"))[0]
