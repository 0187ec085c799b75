"""How many SMS segments a text costs. J12, J13 and J15 are cases of the compliance table."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.segments import GSM7, GSM7_EXTENSION, LOOKALIKES, count


@pytest.mark.parametrize(("text", "encoding", "units", "segments"), [
    ("", "GSM-7", 0, 1),
    ("a" * 160, "GSM-7", 160, 1),
    ("a" * 161, "GSM-7", 161, 2),
    ("a" * 306, "GSM-7", 306, 2),
    ("a" * 307, "GSM-7", 307, 3),
    pytest.param("a" * 159 + "€", "GSM-7", 161, 2, id="J12: a pair too many"),
    pytest.param("a" * 158 + "€", "GSM-7", 160, 1, id="J12: a pair that fits"),
    pytest.param("a" * 152 + "€" + "a" * 152, "GSM-7", 306, 3, id="J13: a pair is not split"),
    pytest.param("a" * 152 + "€" + "a" * 151, "GSM-7", 305, 2, id="J13: and moves on whole"),
    pytest.param("a" * 99 + "’", "UCS-2", 100, 2, id="J15: one curly apostrophe"),
    pytest.param("ç", "UCS-2", 1, 1, id="J15: c with cedilla"),
    pytest.param("Ç", "GSM-7", 1, 1, id="J15: its capital"),
    pytest.param("`", "UCS-2", 1, 1, id="J15: backtick"),
    ("é" * 70, "GSM-7", 70, 1),
    ("日" * 70, "UCS-2", 70, 1),
    ("日" * 71, "UCS-2", 71, 2),
    ("日" * 134, "UCS-2", 134, 2),
    ("日" * 135, "UCS-2", 135, 3),
    ("😀" * 35, "UCS-2", 70, 1),
    ("😀" * 36, "UCS-2", 72, 2),
    ("日" * 66 + "😀" + "日" * 66, "UCS-2", 134, 3),
])  # fmt: skip
def test_what_a_text_costs(text, encoding, units, segments):
    found = count(text)
    assert (found.encoding, found.units, found.segments) == (encoding, units, segments)


def test_an_author_is_told_what_to_mend():
    one, two, three = count("Don’t miss it – 日 " + "x" * 100).warnings
    assert one.endswith("’ – 日")
    assert two == "They can be replaced: ’ → ', – → -"
    assert three == "This is charged as 2 messages."
    assert count("Don't miss it").warnings == []


def test_every_replacement_is_cheap():
    assert all(sign not in GSM7 and set(swap) <= GSM7 for sign, swap in LOOKALIKES.items())


SIGNS = st.sampled_from(sorted(GSM7 | GSM7_EXTENSION))


@given(st.lists(SIGNS, max_size=700).map("".join))
def test_gsm7_is_packed_like_a_phone_does(text):
    """Another way to count: fill segments sign by sign."""
    found, sizes = count(text), [2 if sign in GSM7_EXTENSION else 1 for sign in text]
    if sum(sizes) <= 160:
        assert found.segments == 1
        return
    filled = [0]
    for size in sizes:
        filled = [*filled, size] if filled[-1] + size > 153 else [*filled[:-1], filled[-1] + size]
    assert found.segments == len(filled)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=300))
def test_a_longer_text_never_costs_less(text):
    found, longer = count(text), count(text + "a")
    assert longer.segments >= found.segments
    assert found.segments >= 1
    assert (found.encoding == "UCS-2") == bool(found.foreign)
    if found.encoding == "UCS-2":
        assert found.units == len(text.encode("utf-16-le")) // 2
