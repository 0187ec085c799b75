"""JSON documents, and comparisons of them that are often true: what property tests are made of."""

from hypothesis import strategies as st

from contacts import comparisons

KEYS = st.sampled_from(["plan", "total", "tags", "at", "inner", "Zoë key"])
NUMBERS = st.one_of(
    st.integers(-3, 3), st.sampled_from([0.1, 0.30000000000000004, 2.5, -0.0, 1e-7, 1e22, 10**20, 2**53 + 1, 29.9, 12345678901234567890]),
    st.floats(allow_nan=False, allow_infinity=False, width=32),
)  # fmt: skip
WORDS = st.one_of(
    st.sampled_from(["", "pro", "Pro", "pr", "free", "é", "e\u0301", "a b", "%", "_", "\\", "null", "true", "0", "1", "1.0", "01", "2.50", "-0", "29.90",
                     "1e3", " 1", "1\n", "١", "10000000000000000000000", "0.1", "NaN", "Infinity", "😀"]),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=5),
)  # fmt: skip
DATES = st.sampled_from([
    "2026-11-24", "2026-11-24T12:00:00Z", "2026-11-24 12:00:00", "2026-11-24T12:00:00.123456789Z", "2026-11-24T12:00:00.123456Z", "2026-11-24T13:00:00+01:00",
    "2026-11-24T13:00+0100", "2026-02-29", "2024-02-29", "2026-02-31T10:00:00Z", "2026-13-01", "2026-11-24T24:00:00Z", "2026-11-24T23:59:60Z", "1000-01-01",
    "2999-12-31T23:59:59.999999-14:59", "2026-11-24T12:00:00", "2026-11-24Z", "20261124", "2026-11-24T12:00:00.1", "2026-11-24t12:00:00z", "2026-11-24T12:00:00\n",
])  # fmt: skip
LEAVES = st.one_of(st.none(), st.booleans(), NUMBERS, WORDS, DATES)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=5
)
DOCUMENTS = st.dictionaries(KEYS, VALUES, max_size=5)
PATHS = st.one_of(KEYS, KEYS, st.lists(KEYS, min_size=2, max_size=3).map(".".join))
ARGUMENTS = st.one_of(st.none(), LEAVES, st.lists(LEAVES, min_size=1, max_size=4))
COMPARISONS = st.builds(lambda path, op, value: {"path": path, "op": op, **({} if value is None else {"value": value})},
                        PATHS, st.sampled_from(list(comparisons.OPERATORS)), ARGUMENTS).filter(lambda one: not comparisons.check(one))  # fmt: skip
