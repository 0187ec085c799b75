"""The real purchases, and the made-up people behind them."""

import gzip
import math
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import phonenumbers
import pytest

from demo import plan, purchases, story
from demo.areas import AREAS
from demo.people import NUMBERS, STRIDE, person
from demo.purchases import BadFile, Purchase

SAMPLE = Path(purchases.__file__).parent / "cdnow_sample.txt"
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def sample():
    return purchases.read(SAMPLE)


def test_the_sample_is_what_its_authors_say(sample):
    assert len(sample) == 6_919
    assert len({purchase.customer for purchase in sample}) == 2_357
    assert (sample[0].day, sample[-1].day) == (date(1997, 1, 1), date(1998, 6, 30))
    assert sample[0] == Purchase(4, 1, date(1997, 1, 1), 2, Decimal("29.33"))


def test_the_master_file_has_a_header_and_one_column_less(tmp_path):
    path = tmp_path / "master.txt.gz"
    path.write_bytes(gzip.compress(b" customer_id  date number_of_cds  dollar_value\n 00001 19970101  1   11.77\n"))
    assert purchases.read(path) == [Purchase(1, 1, date(1997, 1, 1), 1, Decimal("11.77"))]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no purchases"),
        (" 00004 0001 19970101  2   29.33\n 00004 0001 1997-13-01 2 29.33\n", "Line 2"),
        (" 00004 0001 19970101  2   29.33\nnonsense\n", "Line 2 is not a purchase: 'nonsense'"),
        (" 00004 0001 19970101  2   29.33 5 6\n", "Line 1"),
    ],
)
def test_a_bad_file_is_told_by_its_line(tmp_path, text, words):
    path = tmp_path / "file.txt"
    path.write_text(text)
    with pytest.raises(BadFile, match=words):
        purchases.read(path)


def test_nobody_real_can_be_reached(sample):
    people = [person(customer) for customer in {purchase.customer for purchase in sample}]
    assert all(someone.email.endswith("@example.test") for someone in people)
    phones = [someone.phone for someone in people if someone.phone]
    assert all(phone[5:10] == "55501" for phone in phones)
    assert len(set(phones)) == len(phones)
    assert all(phonenumbers.is_valid_number(phonenumbers.parse(phone)) for phone in phones)


def test_all_numbers_differ_in_the_full_set_too():
    assert math.gcd(STRIDE, len(AREAS) * NUMBERS) == 1
    assert len(AREAS) * NUMBERS >= 23_570


def test_a_person_is_always_the_same_and_consents_vary(sample):
    assert person(4) == person(4)
    people = [person(customer) for customer in {purchase.customer for purchase in sample}]
    kinds = {(someone.allows_email, someone.allows_sms) for someone in people}
    assert kinds == {(True, True), (True, False), (False, True), (False, False)}
    assert 0.65 < sum(someone.allows_email for someone in people) / len(people) < 0.8


def test_people_buy_by_day_on_their_own_clock(sample):
    for purchase in sample[::50]:
        buyer = person(purchase.customer)
        at = story.instant(purchase.day, buyer, purchase.number)
        assert at.astimezone(UTC).date() == purchase.day
        assert 8 <= at.astimezone(ZoneInfo(buyer.area.timezone)).hour <= 22


def test_the_story_is_in_order_and_names_every_call_once(sample):
    found = story.moments(sample)
    assert [moment.at for moment in found] == sorted(moment.at for moment in found)
    assert len({moment.call["messageId"] for moment in found}) == len(found)
    events = [moment.call.get("event") for moment in found]
    assert events.count("Order Completed") == 6_919
    assert events.count(None) == 2_357
    assert events.count("consent.withdrawn") > 30


def test_the_last_purchase_is_yesterday(sample):
    planned = plan.plan(sample, NOW)
    orders = [moment for moment in planned.moments if moment.call.get("event") == "Order Completed"]
    assert len(orders) == 6_919
    assert orders[-1].at.date() == date(2026, 11, 23)
    assert planned.end == NOW
    assert planned.start.date() == date(2026, 11, 23) - (date(1998, 6, 30) - date(1997, 1, 1))


def test_days_may_be_those_of_the_file_or_those_replayed(sample):
    by_file = plan.plan(sample, NOW, first=date(1998, 6, 1), last=date(1998, 6, 7))
    by = by_file.shift
    assert by_file == plan.plan(sample, NOW, first=date(1998, 6, 1) + by, last=date(1998, 6, 7) + by)
    assert by_file.end - by_file.start <= timedelta(days=7)


def test_without_a_shift_the_days_stay(sample):
    planned = plan.plan(sample, NOW, last=date(1997, 1, 31), shift=False)
    assert planned.start == datetime(1997, 1, 1, tzinfo=UTC)
    assert planned.end == datetime(1997, 2, 1, tzinfo=UTC)


def test_an_empty_stretch_is_an_error(sample):
    with pytest.raises(BadFile, match="no purchases from 1990-01-01 to 1990-12-31"):
        plan.plan(sample, NOW, first=date(1990, 1, 1), last=date(1990, 12, 31))
