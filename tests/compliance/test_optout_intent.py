"""What people mean who write to us: an opt-out in any words, and what only looks like one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.optouts.intent import Conversation, understand

STOPS = [
    "STOP", "  stop. ", "Stop!", "sToP", "ＳＴＯＰ", "S.T.O.P", "Stop stop stop", "stop 🛑", "Opt-Out", "opt out", "END", "quit", "ARRÊT",
    "STOP PLEASE", "Please stop", "stop, thanks", "ok stop", "Yes please stop", "STOP IT", "Cancel please", "stop now",
    "please stop texting me", "take me off your list", "no more messages", "unsubscribe me please", "Please opt me out",
    "I don't want these messages anymore", "Do not text me again", "Don't text me", "remove me from your list", "Remove my number",
    "I want to stop getting these texts", "stop sending me these", "stop all these promotions", "leave me alone", "lose my number",
    "I revoke my consent", "Why don't you stop texting me", "stop contacting me!!!", "quit texting", "Cease all messages",
    "I no longer wish to receive texts from you", "Can you stop texting me?", "cancel my subscription", "Never contact me again",
    "how do I unsubscribe?", "I would like to be removed", "Stop messaging me or I'll sue", "Wrong number, stop texting me",
    "No más", "por favor no me envíen más mensajes", "quiero darme de baja", "Dejen de enviarme mensajes", "no quiero recibir mensajes",
    "Arrêtez de m'envoyer des SMS", "je ne veux plus recevoir vos messages", "plus de sms svp", "désabonnez-moi", "STOP SVP",
    "Bitte keine Nachrichten mehr", "ich möchte mich abmelden", "Hören Sie auf", "schreiben Sie mir nicht mehr", "Bitte stoppen",
]  # fmt: skip
DOUBTS = [
    "Don't stop, I love these", "do not stop!", "never stop sending these", "I don't want to unsubscribe", "please don't stop texting me",
    "wrong number", "who is this", "I'm not interested", "I was going to stop but I love them", "no pares", "n'arrêtez pas",
    "hör nicht auf",
]  # fmt: skip
NOTHING = [
    "When does the class start?", "start the order please", "", "👍", "Where is the bus stop?", "I'll stop by tomorrow",
    "great, thanks!", "see you at the weekend", "is it open until the end of May?", "can you help", "NO", "no thanks",
    "cancel my appointment", "I need to start over", "What information do you have", "How much is the stopwatch?", "nonstop flights?",
    "send me more", "I love your texts", "what's your contact email?", "Yes, two please", "Is the pool endless?",
]  # fmt: skip


@pytest.mark.parametrize("said", STOPS)
def test_opt_outs(said: str) -> None:
    assert understand(said).kind == "stop"


@pytest.mark.parametrize("said", DOUBTS)
def test_doubts_are_for_a_person(said: str) -> None:
    found = understand(said)
    assert found.kind == "ambiguous"
    assert found.why


@pytest.mark.parametrize("said", NOTHING)
def test_what_is_neither(said: str) -> None:
    assert understand(said).kind == "none"


@pytest.mark.parametrize("said", ["HELP", "help please", "INFO", "Aide", "Help me!"])
def test_calls_for_help(said: str) -> None:
    assert understand(said).kind == "help"


@pytest.mark.parametrize("said", [*STOPS[:12], "please stop texting me"])
def test_an_opt_out_is_one_also_where_a_question_waits(said: str) -> None:
    assert understand(said, Conversation(question_pending=True)).kind == "stop"


@pytest.mark.parametrize("said", ["NO", "Yes", "Tuesday", "👍", "no thanks"])
def test_answers_to_a_question(said: str) -> None:
    around = Conversation(question_pending=True, regions=frozenset({"ZA"}), opted_out=True)
    assert understand(said, around).kind == "answer"


def test_an_empty_text_answers_nothing() -> None:
    assert understand("  ", Conversation(question_pending=True)).kind == "none"


class TestYes:
    def test_it_opts_in_who_had_opted_out(self) -> None:
        assert understand("yes!", Conversation(opted_out=True)).kind == "start"

    def test_it_says_nothing_where_nobody_had(self) -> None:
        assert understand("YES").kind == "none"

    def test_toll_free_carriers_do_not_take_it(self) -> None:
        assert understand("YES", Conversation(opted_out=True, toll_free=True)).kind == "ambiguous"
        assert understand("UNSTOP", Conversation(opted_out=True, toll_free=True)).kind == "start"


class TestProvider:
    @pytest.mark.parametrize(("word", "kind"), [("STOP", "stop"), ("start", "start"), ("HELP", "help")])
    def test_its_word_counts(self, word: str, kind: str) -> None:
        assert understand("xyz", Conversation(provider_says=word)).kind == kind

    def test_a_word_that_we_do_not_know_is_none(self) -> None:
        assert understand("hello", Conversation(provider_says="LATER")).kind == "none"


def test_stop_promotions_is_about_marketing_only() -> None:
    assert understand("Stop promotions").scope == "marketing"
    assert understand("Stop").scope == ""


def test_no_is_a_word_of_one_country() -> None:
    assert understand("No", Conversation(regions=frozenset({"ZA"}))).kind == "stop"
    assert understand("No", Conversation(regions=frozenset({"US", "GB"}))).kind == "none"


@given(st.text(max_size=200))
def test_whatever_is_said_has_a_meaning(said: str) -> None:
    found = understand(said)
    assert found.kind in ("stop", "start", "help", "ambiguous", "none")
    assert found.why
    # Nobody opts in by anything but a whole keyword.
    assert found.kind != "start" or len(said.split()) <= 8
