"""What stands against a version's words when it is submitted: the contract of content rules, and all of them asked.

A content rule is one class in one file of `compliance/content/`. It reads words, never people: what depends on who gets
them is judged at the door, by the rules of `compliance/rules/`.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from channels import attachments, compiling, liquid
from channels.findings import Finding
from channels.mail import plain
from channels.models import TemplateVersion
from compliance.models import HousePolicy
from config.kinds import Kinds

_TAG = re.compile(r"\{\{(.*?)\}\}|\{%(.*?)%\}", re.DOTALL)
_LITERAL = re.compile(r"\"([^\"]*)\"|'([^']*)'")
_OUTPUT = re.compile(r"\{\{-?\s*([\w.]+).*?\}\}", re.DOTALL)
_COMMENT = re.compile(r"\{%-?\s*comment\s*-?%\}.*?\{%-?\s*endcomment\s*-?%\}", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Content:
    """A version's words, and what they depend on. `fields` are Liquid sources by their name in the channel's form."""

    channel: str
    message_class: str
    locale: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    brand_name: str = ""
    postal_address: str = ""
    answers_opt_out: bool = False
    """Whether the brand's policy sends it after STOP."""

    @property
    def is_marketing(self) -> bool:
        """Whether its author says that it is marketing."""
        return self.message_class == "marketing"

    def speaks(self, *languages: str) -> bool:
        """Whether its locale has one of these languages or regions, e.g. `vi` or `VN`."""
        return not {part.lower() for part in re.split("[-_]", self.locale)}.isdisjoint(map(str.lower, languages))

    def uses(self, name: str, variable: str) -> bool:
        """Whether this field shows the variable. Words that do not parse use none: they are refused for that."""
        try:
            return variable in liquid.variables(self.fields.get(name, ""))
        except liquid.BadSource:
            return False

    def shown(self, name: str, variable: str = "1") -> str:
        """This field without its Liquid: the brand's own words filled in, every other variable as `variable`.

        Of conditions every branch is there; HTML is its visible text, with the addresses of its links.
        """
        source = self._said(name)
        text = plain.from_html(source) if name == "html" else source
        known = {"brand.name": self.brand_name, "brand.postal_address": self.postal_address}
        return _TAG.sub("", _OUTPUT.sub(lambda output: known.get(output[1], variable), text))

    def text(self, name: str) -> str:
        """All that people may read of this field: `shown`, and the texts within Liquid (a default, an assigned value)."""
        inside = [part for tag in _TAG.finditer(self._said(name)) for part in _texts(tag[1] or tag[2] or "")]
        return "\n".join([self.shown(name), *inside])

    def _said(self, name: str) -> str:
        return _COMMENT.sub("", self.fields.get(name, ""))


def _texts(tag: str) -> Iterable[str]:
    return (double or single for double, single in _LITERAL.findall(tag) if double or single)


def folded(text: str) -> str:
    """The text in the one spelling that patterns are written in: lower case, no accents or unseen signs, single spaces."""
    letters = unicodedata.normalize("NFKD", text.replace("’", "'")).casefold()
    seen = (letter for letter in letters if unicodedata.category(letter) not in ("Mn", "Me", "Cf"))
    return " ".join(unicodedata.normalize("NFKC", "".join(seen)).split())


class ContentRule:
    """One thing that the law, a provider or good sense asks of words; one file in `compliance/content/`."""

    key: str
    title: str

    def problems(self, content: Content) -> Iterable[Finding]:
        """What is wrong with them, each naming its field; nothing if they are fine."""
        raise NotImplementedError


content_rules: Kinds[ContentRule] = Kinds("content rule", "compliance.content")


def of(version: TemplateVersion) -> list[Finding]:
    """What all content rules say of this version; what blocks comes first. Two queries at most."""
    return judge(read(version))


def judge(content: Content) -> list[Finding]:
    """What all content rules say; what blocks comes first."""
    found = [finding for rule in content_rules for finding in rule.problems(content)]
    return sorted(found, key=lambda finding: finding.severity)


def read(version: TemplateVersion) -> Content:
    """What the rules may know about a version."""
    template = version.template
    return Content(
        channel=template.channel,
        message_class=version.message_class,
        locale=version.locale,
        fields={
            name: str(source)
            for name, source in compiling.said(version).items()
            if source and name != attachments.FIELD
        },
        brand_name=template.brand.name,
        postal_address=template.brand.postal_address,
        answers_opt_out=HousePolicy.objects.filter(opt_out_confirmation=template).exists(),
    )
