"""Where advertising must call itself so, it does."""

from datetime import datetime

from compliance.base import Facts, Rule, Verdict, allow, deny, rules


@rules.register
class AdvertisingLabelRule(Rule):
    """Refuses advertising without its label to whoever may be in Viet Nam ([QC] or [AD]) or Korea ((광고)).

    It judges how the approved words begin (of a mail: its subject), before variables are filled in. Versions in these
    countries' languages are asked for the label when they are submitted; this is for all others. Of somebody of whom no
    country is known no label is asked.
    """

    key = "advertising_label"
    title = "Label of advertising"
    spares_tests = True

    def judge(self, facts: Facts, now: datetime) -> Verdict:
        version = facts.version
        if version is None or facts.message_class != "marketing":
            return allow()
        for country, asks in version.unlabelled:
            if country in facts.countries:
                return deny("missing_label", f"Version {version.number} lacks its label: {asks}")
        return allow()
