"""Who writes has an address."""

from collections.abc import Iterable

from channels.findings import Finding
from compliance.findings import Content, ContentRule, content_rules, folded

CODE = "missing_postal_address"


@content_rules.register
class PostalAddressRule(ContentRule):
    """Asks marketing mail for the brand's postal address, in its HTML and in its text.

    US and Canadian law ask for it: 15 U.S.C. 7704(a)(5)(A)(iii) (CAN-SPAM), CASL s. 6(2) with SOR/2012-36. Where a reader
    lives is not known when words are written, so all marketing mail has it.
    """

    key = "postal_address"
    title = "Postal address"

    def problems(self, content: Content) -> Iterable[Finding]:
        if content.channel != "email" or not content.is_marketing:
            return
        if not content.postal_address.strip():
            yield Finding("", "The brand has no postal address, which marketing mail must show; enter it first.", CODE)
            return
        address = folded(content.postal_address)
        for name in ("html", "text"):
            if content.fields.get(name) and address not in folded(content.text(name)):
                yield Finding(
                    name, "marketing mail shows the sender's postal address; write {{ brand.postal_address }}.", CODE
                )
