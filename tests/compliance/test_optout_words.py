"""Words as people type them: one spelling, the keywords of the table, and what is wrong with a table told by its line."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.optouts import words
from compliance.optouts.intent import Conversation, understand

KEYWORDS = sorted({keyword.word for found in words.shipped().values() for keyword in found})
EVERYWHERE = {word: found[0].action for word, found in words.shipped().items() if not any(one.region for one in found)}
NOISE = st.text(alphabet=string.punctuation + " \t\n¡¿…“”‘’–—。，！🛑", max_size=4)


class TestNormalise:
    @pytest.mark.parametrize(
        ("said", "plain"),
        [
            ("  stop. ", "stop"), ("ＳＴＯＰ", "stop"), ("sToP!", "stop"), ("ARRÊT", "arret"), ("Arre\u0301te\u0301", "arrete"),
            ("opt-out", "opt out"), ("Don't  stop", "dont stop"), ("don’t", "dont"), ("STOP\u200b", "stop"),
            ("Straße", "strasse"), ("n'envoyez", "nenvoyez"), ("…", ""), ("", ""), ("①", "1"), ("停止", "停止"),
        ],
    )  # fmt: skip
    def test_examples(self, said: str, plain: str) -> None:
        assert words.normalise(said) == plain

    @given(st.text(max_size=60))
    def test_it_is_idempotent(self, said: str) -> None:
        once = words.normalise(said)
        assert words.normalise(once) == once

    @given(st.text(max_size=60))
    def test_case_and_width_do_not_matter(self, said: str) -> None:
        assert words.normalise(said.casefold()) == words.normalise(said)

    @given(st.text(max_size=60))
    def test_only_letters_and_digits_are_left(self, said: str) -> None:
        plain = words.normalise(said)
        assert plain == plain.strip()
        assert all(character.isalnum() or character == " " for character in plain)
        assert "  " not in plain


class TestKeywords:
    @given(st.sampled_from(sorted(EVERYWHERE)), NOISE, NOISE, st.data())
    def test_marks_spaces_and_case_never_change_what_a_keyword_means(self, word, before, after, data) -> None:
        said = "".join(data.draw(st.sampled_from([letter, letter.upper()])) for letter in word)
        around = Conversation(opted_out=True)
        assert understand(f"{before}{said}{after}", around).kind == EVERYWHERE[word]

    @given(st.sampled_from(sorted(EVERYWHERE)), st.data())
    def test_nor_do_dots_between_its_letters(self, word: str, data) -> None:
        parts = [letter + data.draw(st.sampled_from(["", ".", " ", "-"])) for letter in word]
        assert understand("".join(parts), Conversation(opted_out=True)).kind == EVERYWHERE[word]

    def test_every_line_of_the_table_is_understood(self) -> None:
        lines = words.read(words.SHIPPED.read_text(encoding="utf-8"))
        assert len(lines) >= 28
        for line in lines:
            around = Conversation(opted_out=True, regions=frozenset({line.region}))
            assert understand(line.word.upper(), around).kind == line.action, line

    def test_the_per_se_words_of_the_fcc_are_there(self) -> None:
        for word in ("stop", "quit", "end", "revoke", "optout", "cancel", "unsubscribe"):
            assert EVERYWHERE[word] == "stop"


class TestTables:
    HEADER = "language,keyword,action,source,note\n"

    @pytest.mark.parametrize(
        ("row", "sentence"),
        [
            ("en,STOP,halt,x,", "Line 2: 'halt' is no action; write stop, start, help."),
            ("english,STOP,stop,x,", "Line 2: 'english' is no language"),
            ("en,!!!,stop,x,", "Line 2: the keyword is empty."),
            ("en,GO,start,x,\nfr,GO,stop,x,", "Line 3: GO means start further up, and stop here."),
            ("en", "Line 2: the keyword is empty."),
        ],
    )
    def test_a_mistake_names_its_line(self, row: str, sentence: str) -> None:
        with pytest.raises(words.BadKeywords) as told:
            words.read(f"{self.HEADER}{row}\n")
        assert sentence in str(told.value)

    def test_all_mistakes_are_told_at_once(self) -> None:
        with pytest.raises(words.BadKeywords) as told:
            words.read(f"{self.HEADER}en,A,x,,\nen,B,stop,,\nen,C,y,,\n")
        assert [line.partition(":")[0] for line in str(told.value).splitlines()] == ["Line 2", "Line 4"]

    def test_a_missing_column(self) -> None:
        with pytest.raises(words.BadKeywords, match="the column action is missing"):
            words.read("language,keyword\nen,STOP\n")

    def test_one_word_may_mean_something_else_in_one_country(self) -> None:
        found = words.read(f"{self.HEADER}en,NO,help,,\nen-ZA,NO,stop,,\n")
        assert [(one.region, one.action) for one in found] == [("", "help"), ("ZA", "stop")]
