"""What words do to their variables."""

from collections.abc import Iterable

from channels import liquid
from channels.checks.base import Check, Draft, checks
from channels.findings import Finding


@checks.register
class FiltersCheck(Check):
    """Refuses filters that do not exist, or with too few or too many values: no message with them could be written.

    A currency that is written out must be one of ISO 4217, as in `money: "EUR"`.
    """

    key = "filters"
    title = "Filters"

    def problems(self, draft: Draft) -> Iterable[Finding]:
        for name, source in draft.sources.items():
            for fault in liquid.filter_faults(source):
                yield Finding(name, fault.sentence, "bad_filter", line=fault.line)
