"""What a reviewer is told of two versions: words, sources, and the links, variables and claims that came or went."""

import pytest

from channels import differences
from channels.differences import claims, lines, links, lists, sources, variables, visible, words

MAIL = {
    "subject": "For {{ contact.first_name }}",
    "html": "<p>Save 20 % until Sunday.</p><p>We like music.</p>"
    '<a href="https://shop.example.test/?u={{ contact.id | default: "x" }}">Shop</a>',
    "text": "Save 20 % until Sunday. https://shop.example.test/plain.",
}


class TestWords:
    def test_only_what_differs_is_marked(self) -> None:
        found = words("20 % off until Sunday", "30 % off until Sunday")
        assert found == [("del", "20"), ("ins", "30"), ("same", " % off until Sunday")]
        assert words("same", "same") == [("same", "same")]
        assert words("", "new") == [("ins", "new")]

    def test_both_texts_can_be_read_out_of_it(self) -> None:
        old, new = "a b c d", "a x c e f"
        found = words(old, new)
        assert "".join(text for kind, text in found if kind != "ins") == old
        assert "".join(text for kind, text in found if kind != "del") == new

    def test_giant_texts_do_not_take_the_server_away(self) -> None:
        old = "\n".join(f"word {number} and more of it" for number in range(20_000))
        found = words(old, old.replace("word 77 ", "term 77 "))
        assert ("ins", "term 77 and more of it\n") in found

    def test_of_html_only_what_people_see_counts(self) -> None:
        found = visible({"subject": "Hi", "html": "<style>p{}</style><p>One <b>two</b></p><script>x</script>"})
        assert found == "Hi\n\nOne two"

    def test_of_other_channels_every_field_does(self) -> None:
        assert (
            visible({"title": "Hi", "body": "There", "variables": {"1": "Ada"}}) == 'Hi\n\nThere\n\n{\n "1": "Ada"\n}'
        )


class TestSources:
    def test_unchanged_stretches_are_left_out(self) -> None:
        old = "\n".join(f"line {number}" for number in range(1, 31))
        found = lines(old, old.replace("line 15", "line fifteen"))
        assert found == [
            ("skip", "11 unchanged lines"),
            ("same", "line 12\nline 13\nline 14"),
            ("del", "line 15"),
            ("ins", "line fifteen"),
            ("same", "line 16\nline 17\nline 18"),
            ("skip", "12 unchanged lines"),
        ]

    def test_only_fields_that_differ_are_there(self) -> None:
        new = {**MAIL, "subject": "For you", "preheader": "New"}
        assert [field.name for field in sources(MAIL, new)] == ["subject", "preheader"]
        assert sources(MAIL, {**MAIL, "text": MAIL["text"] + "\r\n"}) == []

    def test_a_field_that_is_gone_is_told(self) -> None:
        found = sources({"subject": "Hi", "html": "<p>"}, {"subject": "Hi"})
        assert [(field.name, field.pieces) for field in found] == [("html", [("del", "<p>")])]


class TestLists:
    def test_links_come_from_html_and_text_whole(self) -> None:
        assert links(MAIL) == [
            'https://shop.example.test/?u={{ contact.id | default: "x" }}',
            "https://shop.example.test/plain",
        ]

    def test_variables(self) -> None:
        assert variables(MAIL) == ["contact.first_name", "contact.id"]
        assert variables({"html": "{% if %}", "text": "{{ brand.name }}"}) == ["brand.name"]

    @pytest.mark.parametrize(
        "sentence",
        ["Save 20 % now.", "It costs € more.", "Free delivery.", "We guarantee it.", "The best shop.", "Risk-free."],
    )
    def test_a_promise_is_a_claim(self, sentence) -> None:
        assert claims({"body": f"Hello there. {sentence} See you."}) == [sentence]

    @pytest.mark.parametrize(
        "body", ["We like music.", "{{ event.total | plus: 5 }} it is.", "Look: https://shop.example.test/100-free"]
    )
    def test_other_sentences_are_none(self, body) -> None:
        assert claims({"body": body}) == []

    def test_a_link_is_told_by_its_words(self) -> None:
        mail = {"html": "<p>Free until Sunday, <a href='https://a.example/1'>see more</a>.</p>"}
        assert claims(mail) == ["Free until Sunday, see more."]

    def test_what_came_and_what_went(self) -> None:
        new = {**MAIL, "html": MAIL["html"].replace("20 %", "30 %"), "subject": "For you"}
        found = {one.title: (one.added, one.removed) for one in lists(MAIL, new)}
        assert found == {
            "Variables": ([], ["contact.first_name"]),
            "Claims": (["Save 30 % until Sunday."], ["Save 20 % until Sunday."]),
        }
        assert differences.lists(MAIL, MAIL) == []
