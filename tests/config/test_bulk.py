"""Set-based writes on both databases: what is written is what Django reads, and a conflict does what it was told."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, models, transaction
from django.db.utils import DataError
from django.test.utils import isolate_apps

from config import bulk
from tests.builders import NOW

pytestmark = pytest.mark.django_db
ODD = [
    "",
    "plain",
    'Zoë\'s "quote"',
    "a\\b",
    "line\nbreak\ttab",
    "%s %% {}",
    "'; DROP TABLE x; --",
    "日本語 😀",
    " edge ",
    "NULL",
    "{1,2}",
    "\\x00",
]


@pytest.fixture
def things(db) -> type[models.Model]:
    """A table with a column of each type that the engine writes."""
    with isolate_apps("tests"):

        class Thing(models.Model):
            key = models.CharField(max_length=50)
            note = models.TextField(blank=True)
            number = models.IntegerField(default=7)
            big = models.BigIntegerField(null=True)
            share = models.FloatField(null=True)
            price = models.DecimalField(max_digits=12, decimal_places=2, null=True)
            on = models.BooleanField(default=True)
            at = models.DateTimeField(null=True)
            day = models.DateField(null=True)
            lasts = models.DurationField(null=True)
            data = models.JSONField(default=dict)
            maybe = models.JSONField(null=True)

            def __str__(self) -> str:
                return self.key

            class Meta:
                app_label = "tests"
                constraints = [
                    models.UniqueConstraint(fields=["key"], name="one_thing_per_key"),
                    models.CheckConstraint(condition=models.Q(number__gte=0), name="never_negative"),
                ]

    sql, params = connection.schema_editor().table_sql(Thing)
    with connection.cursor() as cursor:
        cursor.execute(sql, params or None)
    yield Thing
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE {connection.ops.quote_name(Thing._meta.db_table)}")


FULL: dict[str, Any] = {
    "key": "k", "note": "words", "number": 3, "big": 2**62, "share": 0.1, "price": Decimal("19.90"), "on": False, "at": datetime(2026, 11, 24, 12, 0, 0, 123456, UTC),
    "day": date(2026, 2, 28), "lasts": timedelta(days=3, microseconds=5), "data": {"a": [1, 2.5, None, True, "é"], "b": {}}, "maybe": [1],
}  # fmt: skip
EMPTY: dict[str, Any] = {
    **dict.fromkeys(("big", "share", "price", "at", "day", "lasts", "maybe")),
    "key": "none",
    "note": "",
    "number": 0,
    "on": True,
    "data": {},
}


def stored(model: type[models.Model], key: str) -> dict[str, Any]:
    return {name: value for name, value in model.objects.filter(key=key).values().get().items() if name != "id"}


class TestInsert:
    def test_every_type_comes_back_as_it_was(self, things):
        bulk.insert(things, [FULL, EMPTY])
        assert stored(things, "k") == FULL
        assert stored(things, "none") == EMPTY

    def test_what_is_left_out_takes_the_fields_default(self, things):
        bulk.insert(things, [{"key": "a"}, {"key": "b"}])
        assert stored(things, "b") == {**EMPTY, "key": "b", "number": 7}

    @pytest.mark.parametrize("text", ODD)
    def test_odd_texts_come_back_as_they_were(self, things, text):
        bulk.insert(things, [{"key": "a", "note": text, "data": {text: [text]}, "maybe": text}])
        found = stored(things, "a")
        assert (found["note"], found["data"], found["maybe"]) == (text, {text: [text]}, text)

    @pytest.mark.parametrize("value", [0, False, "", [], {}, 1.5, "null", [None], {"a": None}])
    def test_any_json_value_comes_back_as_it_was(self, things, value):
        bulk.insert(things, [{"key": "a", "data": value, "maybe": value}])
        assert (stored(things, "a")["data"], stored(things, "a")["maybe"]) == (value, value)

    def test_decimals_and_instants_in_json_are_written_as_django_does(self, things):
        bulk.insert(things, [{"key": "a", "data": {"price": Decimal("1.10"), "at": NOW, "day": date(2026, 1, 2)}}])
        assert stored(things, "a")["data"] == {"price": "1.10", "at": "2026-11-24T12:00:00Z", "day": "2026-01-02"}

    def test_nothing_is_nothing(self, things, django_assert_num_queries):
        with django_assert_num_queries(0):
            assert bulk.insert(things, []) == []
            assert bulk.update(things, []) == 0

    def test_it_returns_what_it_made_in_order(self, things):
        made = bulk.insert(things, [{"key": f"k{n:05}"} for n in range(5000)], returning=("id", "key"))
        assert [key for _, key in sorted(made)] == [f"k{n:05}" for n in range(5000)]

    def test_forty_thousand_rows(self, things):
        rows = [{"key": f"k{n}", "number": n, "data": {"n": n}} for n in range(40_000)]
        assert len(bulk.insert(things, rows, returning=("id",))) == 40_000
        assert things.objects.aggregate(models.Sum("number"))["number__sum"] == sum(range(40_000))
        assert things.objects.get(key="k39999").data == {"n": 39_999}

    def test_a_known_key_is_left_out_and_missing_from_the_answer(self, things):
        bulk.insert(things, [{"key": "a", "number": 1}])
        made = bulk.insert(
            things,
            [{"key": name, "number": 2} for name in ("a", "b", "b", "c")],
            ignore_conflicts=True,
            returning=("key",),
        )
        assert sorted(made) == [("b",), ("c",)]
        assert stored(things, "a")["number"] == 1

    def test_otherwise_a_conflict_writes_nothing_of_the_batch(self, things):
        bulk.insert(things, [{"key": "a"}])
        with pytest.raises(IntegrityError), transaction.atomic():
            bulk.insert(things, [{"key": "b"}, {"key": "a"}])
        assert things.objects.count() == 1

    def test_a_broken_rule_of_the_table_is_an_error_also_when_conflicts_are_ignored(self, things):
        with pytest.raises(IntegrityError), transaction.atomic():
            bulk.insert(things, [{"key": "b"}, {"key": "a", "number": -1}], ignore_conflicts=True)
        assert not things.objects.exists()

    @pytest.mark.postgres
    def test_a_text_that_is_too_long_is_refused_never_cut(self, things):
        with pytest.raises(DataError), transaction.atomic():
            bulk.insert(things, [{"key": "x" * 51}])

    def test_an_unknown_column_is_told(self, things):
        with pytest.raises(ValueError, match="Thing has no column 'colour'"):
            bulk.insert(things, [{"key": "a", "colour": "red"}])

    def test_what_json_cannot_say_is_an_error(self, things):
        with pytest.raises(TypeError):
            bulk.insert(things, [{"key": "a", "data": {"x": object()}}])


class TestUpsert:
    def put(self, things, rows, **options):
        return bulk.upsert(things, rows, unique=("key",), update=("number", "data", "at"), **options)

    def test_new_ones_are_added_and_known_ones_changed(self, things):
        bulk.insert(things, [{"key": "a", "number": 1, "note": "kept"}])
        self.put(
            things,
            [{"key": "a", "number": 2, "data": {"x": 1}, "at": NOW}, {"key": "b", "number": 3, "data": {}, "at": None}],
        )
        assert {name: stored(things, "a")[name] for name in ("number", "note", "data", "at")} == {
            "number": 2,
            "note": "kept",
            "data": {"x": 1},
            "at": NOW,
        }
        assert stored(things, "b")["number"] == 3

    @pytest.mark.parametrize(("minutes", "number"), [(-1, 1), (0, 2), (1, 2)])
    def test_with_newer_the_older_word_loses(self, things, minutes, number):
        bulk.insert(things, [{"key": "a", "number": 1, "at": NOW}])
        self.put(things, [{"key": "a", "number": 2, "data": {}, "at": NOW + timedelta(minutes=minutes)}], newer="at")
        assert stored(things, "a")["number"] == number

    def test_unless_keeps_what_is_stored(self, things):
        table = connection.ops.quote_name(things._meta.db_table)
        bulk.insert(things, [{"key": "a", "number": 1}, {"key": "b", "number": 5}])
        changed = self.put(
            things,
            [{"key": name, "number": 9, "data": {}, "at": None} for name in "abc"],
            unless=f"{table}.number = 5",
            returning=("key",),
        )
        assert sorted(changed) == [("a",), ("c",)]
        assert [stored(things, name)["number"] for name in "abc"] == [9, 5, 9]

    def test_twenty_thousand_rows(self, things):
        rows = [{"key": f"k{n}", "number": n, "data": {}, "at": NOW} for n in range(20_000)]
        self.put(things, rows)
        self.put(things, [{**row, "number": 1} for row in rows])
        assert things.objects.filter(number=1).count() == 20_000


class TestUpdate:
    def test_every_type_is_written(self, things):
        [(pk,)] = bulk.insert(things, [EMPTY], returning=("id",))
        assert bulk.update(things, [{"id": pk, **FULL}]) == 1
        assert stored(things, "k") == FULL
        assert bulk.update(things, [{"id": pk, **EMPTY}]) == 1
        assert stored(things, "none") == EMPTY

    def test_each_row_gets_its_own_values_and_others_none(self, things):
        bulk.insert(things, [{"key": name, "number": 1} for name in "abc"])
        assert (
            bulk.update(
                things, [{"key": "a", "number": 2}, {"key": "c", "number": 3}, {"key": "gone", "number": 4}], key="key"
            )
            == 2
        )
        assert [stored(things, name)["number"] for name in "abc"] == [2, 1, 3]

    def test_only_guards_the_transition(self, things):
        bulk.insert(things, [{"key": "a", "number": 1}, {"key": "b", "number": 2}])
        assert (
            bulk.update(things, [{"key": "a", "note": "x"}, {"key": "b", "note": "x"}], key="key", only="number = 2")
            == 1
        )
        assert [stored(things, name)["note"] for name in "ab"] == ["", "x"]

    @pytest.mark.parametrize("text", ODD)
    def test_odd_texts_come_back_as_they_were(self, things, text):
        bulk.insert(things, [{"key": "a"}])
        bulk.update(things, [{"key": "a", "note": text, "data": {text: text}}], key="key")
        assert (stored(things, "a")["note"], stored(things, "a")["data"]) == (text, {text: text})

    def test_forty_thousand_rows(self, things):
        ids = [pk for (pk,) in bulk.insert(things, [{"key": f"k{n}"} for n in range(40_000)], returning=("id",))]
        assert bulk.update(things, [{"id": pk, "number": 1, "data": {"pk": pk}} for pk in ids]) == 40_000
        assert things.objects.filter(number=1).count() == 40_000
        assert things.objects.get(pk=ids[-1]).data == {"pk": ids[-1]}


def test_chunks_cover_everything_once():
    assert [list(part) for part in bulk.chunks(list(range(7)), 3)] == [[0, 1, 2], [3, 4, 5], [6]]
    assert list(bulk.chunks([], 3)) == []
