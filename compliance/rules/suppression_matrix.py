"""What has happened to somebody stops what would no longer fit."""

from datetime import datetime

from compliance.base import TEXTS, Facts, MatrixFact, Rule, Verdict, allow, deny, rules


@rules.register
class SuppressionMatrixRule(Rule):
    """Refuses what a fact on the person's timeline has stopped, e.g. offers while a case is open, by the brand's own matrix.

    A rule of the matrix stops what fits every journey, topic, class and channel that it names; of messages that a person
    needs (transactional, one-time codes) only those whose class it names. It ends so many days after the newest such fact
    (at that very instant it no longer holds), or with a later event that lifts it. Texts of every kind are one channel. The
    short answer to a STOP or HELP is not held back.
    """

    key = "suppression_matrix"
    title = "Suppression matrix"
    spares_tests = True

    def judge(self, facts: Facts, now: datetime) -> Verdict:
        standing = [one for one in facts.matrix if _stands(one, now) and _concerns(one, facts)]
        if not standing or facts.is_answer:
            return allow()
        return deny("suppression_matrix", " ".join(sorted(map(_sentence, standing))))


def _stands(one: MatrixFact, now: datetime) -> bool:
    """What happens at the same instant as the fact does not lift it."""
    lifted = one.lifted_at is not None and one.lifted_at > one.happened_at
    return not lifted and (one.lasts is None or now < one.happened_at + one.lasts)


def _concerns(one: MatrixFact, facts: Facts) -> bool:
    journey = str(facts.labels.get("journey") or "")
    channels = TEXTS if facts.channel in TEXTS else {facts.channel}
    return (
        (facts.message_class in one.classes if one.classes else not facts.essential)
        and (not one.channels or not one.channels.isdisjoint(channels))
        and (not one.topics or facts.topic in one.topics)
        and (not one.journeys or journey in one.journeys)
    )


def _sentence(one: MatrixFact) -> str:
    ends = [f"until {one.happened_at + one.lasts:%Y-%m-%d %H:%M} UTC"] if one.lasts else []
    ends += [f"until {one.lifted_by}"] if one.lifted_by else []
    told = f"{one.name}: {one.event} of {one.happened_at:%Y-%m-%d %H:%M} UTC stops this"
    return f"{told} {' or '.join(ends)}." if ends else f"{told} for good."
