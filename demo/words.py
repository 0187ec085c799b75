"""The demo's message templates: read from YAML, put into their frame, submitted by one person and approved by another."""

from datetime import datetime
from pathlib import Path
from typing import Any

import yaml
from django.contrib.auth.models import User

from channels.models import MessageTemplate, TemplateVersion
from compliance import reviews
from contacts.models import Brand, Topic

FOLDER = Path(__file__).parent / "templates"


def load(brand: Brand, author: User, reviewer: User, now: datetime) -> None:
    """Make every template that is not there yet, with its approved versions."""
    frame = (FOLDER / "frame.html").read_text()
    for path in sorted(FOLDER.glob("*.yaml")):
        description = yaml.safe_load(path.read_text())
        if not MessageTemplate.objects.filter(key=description["template"]).exists():
            _make(description, frame, brand, author, reviewer, now)


def _make(description: dict[str, Any], frame: str, brand: Brand, author: User, reviewer: User, now: datetime) -> None:
    template = MessageTemplate.objects.create(
        brand=brand,
        key=description["template"],
        name=description["name"],
        channel=description["channel"],
        topic=Topic.objects.get(brand=brand, key=description["topic"]),
    )
    for number, words in enumerate(description["versions"], start=1):
        version = TemplateVersion.objects.create(
            template=template,
            number=number,
            locale=words["locale"],
            message_class=description["class"],
            content=content(words, frame),
            author=author,
        )
        reviews.submit(version, author, now)
        reviews.decide(version, reviewer, approved=True, reason="Reviewed for the demo.", now=now)


def content(words: dict[str, str], frame: str) -> dict[str, str]:
    """The fields of the channel: the HTML of an e-mail is set into the frame that all of them share."""
    if "html" not in words:
        return {"body": words["body"].strip()}
    html = frame.replace("LANGUAGE", words["locale"] or "en").replace("TITLE", words["subject"])
    html = html.replace("CONTENT", words["html"].strip()).replace("FOOTER", words["footer"].strip())
    return {"subject": words["subject"], "html": html, "text": words["text"]}
