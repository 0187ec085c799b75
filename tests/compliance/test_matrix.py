"""The suppression matrix: a fact on somebody's timeline stops what would no longer fit, for a while or until another fact."""

import random
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from channels.models import Message
from compliance import dossier, gate
from compliance.base import Facts, MatrixFact, rules
from compliance.claims import Claimed
from compliance.models import AuditNote, MatrixRule
from compliance.whatif import BadCase, evaluate
from contacts.models import Contact, Event
from tests.builders import NOW, account, brand, consent, contact, event, message, template, topic
from tests.compliance.laws import RULES

HOUR, DAY, SECOND = timedelta(hours=1), timedelta(days=1), timedelta(seconds=1)
RULE = rules["suppression_matrix"]
OPEN_CASE = MatrixFact("Open case", "case.opened", NOW - DAY, topics=frozenset({"news"}))


def facts(**change) -> Facts:
    usual = {
        "message_id": 1, "contact_id": 1, "brand_id": 1, "channel": "sms", "topic": "news", "message_class": "marketing",
        "template_id": 1, "labels": {"journey": "win-back"},
    }  # fmt: skip
    return Facts(**{**usual, **change})


def stops(one: MatrixFact, now: datetime = NOW, **change) -> bool:
    return RULE.judge(facts(matrix=[one], **change), now).outcome == "deny"


class TestTheRule:
    def test_it_names_the_fact_its_date_and_the_rule(self) -> None:
        found = RULE.judge(facts(matrix=[replace(OPEN_CASE, lifted_by="case.closed", lasts=30 * DAY)]), NOW)
        assert (found.outcome, found.code) == ("deny", "suppression_matrix")
        assert found.why == (
            "Open case: case.opened of 2026-11-23 12:00 UTC stops this until 2026-12-23 12:00 UTC or until case.closed."
        )

    def test_without_an_end_it_says_so(self) -> None:
        assert RULE.judge(facts(matrix=[OPEN_CASE]), NOW).why.endswith("stops this for good.")

    @pytest.mark.parametrize(
        ("scope", "value", "stopped"),
        [
            ("journeys", "win-back", True), ("journeys", "welcome", False),
            ("topics", "news", True), ("topics", "offers", False),
            ("classes", "marketing", True), ("classes", "service", False),
            ("channels", "sms", True), ("channels", "rcs", True), ("channels", "email", False),
        ],
    )  # fmt: skip
    def test_it_stops_what_it_names(self, scope: str, value: str, stopped: bool) -> None:
        one = replace(OPEN_CASE, topics=frozenset())
        assert stops(replace(one, **{scope: frozenset({value})})) is stopped

    def test_everything_that_it_names_must_fit(self) -> None:
        assert not stops(replace(OPEN_CASE, channels=frozenset({"email"})))
        assert stops(replace(OPEN_CASE, channels=frozenset({"email", "sms"})))

    @pytest.mark.parametrize("needed", ["transactional", "otp"])
    def test_what_people_need_is_stopped_only_by_its_name(self, needed: str) -> None:
        assert stops(OPEN_CASE, message_class="service")
        assert not stops(OPEN_CASE, message_class=needed)
        assert stops(replace(OPEN_CASE, classes=frozenset({needed})), message_class=needed)

    def test_the_answer_to_a_stop_is_not_held_back(self) -> None:
        answers = {"message_class": "transactional", "labels": {"answers": 7}}
        assert not stops(replace(OPEN_CASE, classes=frozenset({"transactional"})), **answers)

    def test_the_end_is_half_open(self) -> None:
        one = replace(OPEN_CASE, lasts=7 * DAY)
        assert stops(one, one.happened_at + 7 * DAY - SECOND)
        assert not stops(one, one.happened_at + 7 * DAY)

    @pytest.mark.parametrize(
        ("later", "stopped"), [(timedelta(0), True), (SECOND, False), (-SECOND, True)], ids=["same", "after", "before"]
    )
    def test_only_a_later_event_lifts_it(self, later: timedelta, stopped: bool) -> None:
        assert stops(replace(OPEN_CASE, lifted_at=OPEN_CASE.happened_at + later)) is stopped

    def test_all_rules_that_stop_are_told_whatever_their_order(self) -> None:
        standing = [OPEN_CASE, replace(OPEN_CASE, name="Another"), replace(OPEN_CASE, name="Elsewhere", topics={"x"})]
        told = set()
        for seed in range(6):
            random.Random(seed).shuffle(standing)
            told.add(RULE.judge(facts(matrix=standing), NOW).why)
        assert len(told) == 1
        assert (told_once := told.pop()).startswith("Another: ")
        assert "Open case: " in told_once
        assert "Elsewhere" not in told_once


@pytest.fixture
def offer():
    account("sms")
    return template("offer", channel="sms", content={"body": "Hello"})


def person(name: str = "ada", number: int = 23) -> Contact:
    found = contact(name, phone=f"+44770090{number:04}")
    consent(found, "sms", now=NOW - 30 * DAY)
    return found


def matrix_rule(**change) -> MatrixRule:
    usual = {"brand": brand(), "name": "Open case", "event": "case.opened", "topics": ["news"]}
    return MatrixRule.objects.create(**{**usual, **change})


def released(one: Message, now: datetime = NOW) -> tuple[str, str]:
    gate.release(now)
    one.refresh_from_db()
    return one.state, one.reason


SENT, STOPPED = ("sent", ""), ("blocked", "suppression_matrix")


@pytest.mark.django_db
class TestThroughTheGate:
    def test_what_was_asked_for_before_the_fact_is_stopped_after_it_until_it_is_lifted(self, offer) -> None:
        matrix_rule(lifted_by="case.closed")
        ada = person()
        asked = message(ada, offer, due_at=NOW + HOUR)
        event(ada, "case.opened", at=NOW + HOUR / 2)
        assert released(asked, NOW + HOUR) == STOPPED
        why = gate.explain(asked)[-1].trace()[0].why
        assert why == "Open case: case.opened of 2026-11-24 12:30 UTC stops this until case.closed."
        event(ada, "case.closed", at=NOW + 2 * HOUR)
        assert released(message(ada, offer, now=NOW + 2 * HOUR), NOW + 2 * HOUR) == SENT

    def test_a_fact_of_somebody_else_of_another_brand_or_that_is_switched_off_stops_nothing(self, offer) -> None:
        matrix_rule(brand=brand("other"))
        matrix_rule(enabled=False)
        event(person(), "case.opened", at=NOW - DAY)
        bob = person("bob", 24)
        assert released(message(bob, offer)) == SENT
        matrix_rule()
        assert released(message(bob, offer, now=NOW + DAY), NOW + DAY) == SENT

    def test_it_ends_after_its_days_to_the_second(self, offer) -> None:
        matrix_rule(days=7)
        ada = person()
        event(ada, "case.opened", at=NOW)
        last = NOW + 7 * DAY - SECOND
        assert released(message(ada, offer, now=last), last) == STOPPED
        assert released(message(ada, offer, now=last), NOW + 7 * DAY) == SENT

    def test_the_newest_fact_counts_and_only_one_whose_properties_fit(self, offer) -> None:
        matrix_rule(lifted_by="case.closed", where=[{"path": "severity", "op": "is", "value": "high"}])
        ada = person()
        event(ada, "case.opened", at=NOW - DAY, severity="low")
        assert released(message(ada, offer)) == SENT
        for days, name in ((3, "case.opened"), (2, "case.closed"), (1, "case.opened")):
            event(ada, name, at=NOW + (4 - days) * HOUR, severity="high")
        later = NOW + 2 * DAY
        assert released(message(ada, offer, now=later), later) == STOPPED
        found = gate.explain(Message.objects.latest("id"))[-1].trace()[0].why
        assert "2026-11-24 15:00" in found

    def test_a_fact_that_has_not_happened_yet_stops_nothing(self, offer) -> None:
        matrix_rule()
        ada = person()
        event(ada, "case.opened", at=NOW + HOUR)
        assert released(message(ada, offer)) == SENT


def _claimed(ids: list[int], offer) -> list[Claimed]:
    about = (brand().pk, "sms", "offer", {}, offer.pk, topic().pk, {}, None, NOW)
    return [Claimed(number, f"m{number}", pk, *about) for number, pk in enumerate(ids, start=1)]


@pytest.mark.django_db
def test_the_matrix_costs_one_query_and_its_facts_another_however_many_people_and_rules_there_are(offer) -> None:
    people = [person(f"p{number}", number).pk for number in range(20)]

    def cost(ids: list[int]) -> int:
        with CaptureQueriesContext(connection) as found:
            dossier.load(_claimed(ids, offer), NOW)
        return len(found)

    without = cost(people)
    assert not [one for one in _queries(people, offer) if "contacts_event" in one]
    for number in range(5):
        matrix_rule(name=f"Rule {number}", event=f"fact.{number}", lifted_by="case.closed", days=number)
    for pk in people:
        for number in range(3):
            event(Contact.objects.get(pk=pk), f"fact.{number}", at=NOW - HOUR * number)
    assert cost(people) == cost(people[:1]) == without + 1


def _queries(ids: list[int], offer) -> list[str]:
    with CaptureQueriesContext(connection) as found:
        dossier.load(_claimed(ids, offer), NOW)
    return [query["sql"] for query in found]


@pytest.mark.django_db
def test_the_what_if_finds_the_same_facts_as_the_database(offer) -> None:
    """Forty random timelines: the newest fact that fits, and what lifts it, in memory and in SQL."""
    rule = matrix_rule(where=[{"path": "total", "op": "gt", "value": 2}], days=9, lifted_by="case.closed")
    asked = {name: getattr(rule, name) for name in ("name", "event", "where", "topics", "days", "lifted_by")}
    chance = random.Random(7)
    for number in range(40):
        ada = person(f"p{number}", number)
        for _ in range(chance.randrange(5)):
            name = chance.choice(["case.opened", "case.opened", "case.closed"])
            event(ada, name, at=NOW - chance.randrange(-24, 12 * 24) * HOUR, total=chance.randrange(6))
        past = Event.objects.filter(contact=ada).values("name", "occurred_at", "properties")
        told = [{**one, "occurred_at": one["occurred_at"].isoformat()} for one in past]
        case = {"now": NOW.isoformat(), "contact": {"country": "GB", "facts": told}, "policy": {"matrix": [asked]}}
        answer = evaluate(case, RULES)
        state, reason = released(message(ada, offer))
        assert (answer["decision"], answer["reason"]) == ({"sent": "allow", "blocked": "block"}[state], reason)


class TestWhatIf:
    FACTS = [{"name": "Case Opened", "occurred_at": "2026-11-20T09:30:00Z", "properties": {"severity": "high"}}]
    MATRIX = {
        "name": "Open case", "event": "case.opened", "where": [{"path": "severity", "op": "is", "value": "high"}],
        "journeys": ["win-back"], "topics": ["news"], "classes": ["marketing"], "channels": ["sms"], "days": 30,
        "lifted_by": "case.closed",
    }  # fmt: skip

    def ask(self, now: str = "2026-11-23T16:00:00Z", facts: object = FACTS, **rule) -> dict:
        case = {
            "now": now,
            "contact": {"country": "GB", "facts": facts},
            "message": {"journey": "win-back"},
            "policy": {"matrix": [{**self.MATRIX, **rule}]},
        }
        return evaluate(case, RULES)

    def test_the_example_of_the_documentation(self) -> None:
        found = self.ask()
        assert (found["decision"], found["reason"], found["rule"]) == ("block", *2 * ("suppression_matrix",))
        assert found["why"].startswith(
            "Open case: case.opened of 2026-11-20 09:30 UTC stops this until 2026-12-20 09:30 UTC"
        )

    def test_what_does_not_fit_ended_or_was_lifted_stops_nothing(self) -> None:
        assert self.ask(topics=["offers"])["decision"] == "allow"
        assert self.ask("2026-12-20T09:30:00Z")["decision"] == "allow"
        closed = {"name": "case.closed", "occurred_at": "2026-11-21T09:30:00Z"}
        assert self.ask(facts=[*self.FACTS, closed])["decision"] == "allow"
        assert self.ask("2026-11-20T09:29:59Z")["decision"] == "allow"

    @pytest.mark.parametrize(
        ("given", "words"),
        [
            ({"facts": [{"name": "x"}]}, "contact.facts[0].occurred_at: say when it happened"),
            ({"facts": [{"occurred_at": "2026-11-20T09:30:00Z"}]}, "contact.facts[0].name: say what happened"),
            ({"facts": [{**FACTS[0], "properties": 7}]}, "contact.facts[0].properties: 7 does not fit; write an object."),
            ({"facts": [{**FACTS[0], "color": "red"}]}, "contact.facts[0].color: not known here"),
            ({"event": ""}, "policy.matrix[0].event: say which fact stops messages"),
            ({"lifted_by": "case.opened"}, "policy.matrix[0].event: say which fact"),
            ({"where": [{"path": "a", "op": "near"}]}, "policy.matrix[0].where: Comparison 1: op: 'near' is not known"),
            ({"classes": ["spam"]}, "policy.matrix[0].classes: spam: not known"),
            ({"days": -1}, "policy.matrix[0].days: -1 does not fit"),
            ({"journeys": [], "topics": [], "classes": [], "channels": []}, "policy.matrix[0].journeys: nothing would stop"),
        ],
    )  # fmt: skip
    def test_a_mistake_is_told_with_its_path(self, given: dict, words: str) -> None:
        with pytest.raises(BadCase) as error:
            self.ask(**given)
        assert words in str(error.value)


@pytest.mark.django_db
class TestSaving:
    @pytest.mark.parametrize(
        ("change", "field", "words"),
        [
            ({"event": "case.*"}, "event", "does not name one event"),
            ({"lifted_by": "Case Opened"}, "lifted_by", "cannot both stop messages and let them go on"),
            ({"topics": ["offers"]}, "topics", "offers: not a topic of this brand."),
            ({"journeys": ["win back"]}, "journeys", "win back: not the key of a journey"),
            ({"classes": ["spam"]}, "classes", "spam: not a message class; write one of marketing"),
            ({"channels": ["pigeon"]}, "channels", "pigeon: not a channel."),
            ({"channels": "sms"}, "channels", "Write a list of keys"),
            ({"topics": []}, "journeys", "Nothing would stop"),
            ({"where": [{"path": "total", "op": "near"}]}, "where", "op: 'near' is not known"),
            ({"where": "total"}, "where", "is not a comparison"),
            ({"days": 4000}, "days", "3650"),
        ],
    )
    def test_a_mistake_names_its_field(self, change: dict, field: str, words: str) -> None:
        topic()
        usual = {"brand": brand(), "name": "Open case", "event": "case.opened", "topics": ["news"]}
        with pytest.raises(ValidationError) as error:
            MatrixRule(**{**usual, **change}).full_clean()
        assert list(error.value.message_dict) == [field]
        assert words in error.value.message_dict[field][0]

    def test_a_topic_of_another_brand_is_unknown(self) -> None:
        topic("offers", brand=brand("other"))
        with pytest.raises(ValidationError, match="not a topic of this brand"):
            MatrixRule(brand=brand(), name="x", event="x", topics=["offers"]).full_clean()

    def test_a_fact_is_spelled_as_on_the_timeline(self) -> None:
        one = MatrixRule(brand=brand(), name="Refund", event="Order Refunded", channels=["sms"])
        one.full_clean()
        assert one.event == "order.refunded"

    @pytest.mark.parametrize("change", [{"topics": []}, {"event": ""}, {"lifted_by": "case.opened"}])
    def test_the_database_refuses_what_makes_no_sense(self, change: dict) -> None:
        with pytest.raises(IntegrityError), transaction.atomic():
            matrix_rule(**change)

    def test_every_change_is_in_the_audit_chain(self) -> None:
        one = matrix_rule()
        one.days = 30
        one.save()
        one.delete()
        kinds = (
            AuditNote.objects.filter(subject_type="compliance.matrixrule").order_by("id").values_list("kind", "payload")
        )
        assert [kind for kind, _ in kinds] == ["policy.added", "policy.changed", "policy.removed"]
        assert kinds[1][1] == {"changed": {"days": [0, 30]}}
