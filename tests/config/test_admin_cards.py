"""Pages made of cards: who sees which, in which order, and what a broken one does."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import RequestFactory

from config import home
from config.cards import Board, Card
from tests import staff
from tests.builders import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def request_of():
    def build(user):
        request = RequestFactory().get("/admin/")
        request.user = user
        return request

    return build


@pytest.fixture
def board():
    return Board()


def nothing(request, *about):
    return {"value": [str(thing) for thing in about]}


def card(key, **fields):
    return Card(key, key.title(), "admin/waymark/code.html", fields.pop("context", nothing), **fields)


def test_a_reader_sees_only_the_cards_that_they_may(board, request_of):
    board.register(card("open"))
    board.register(card("contacts", permission="contacts.view_contact"))
    board.register(card("machinery", permission="config.view_operations"))

    def seen(user):
        return [found.key for found in board.cards(request_of(user))]

    assert seen(staff.user("Marketer")) == ["contacts", "open"]
    assert seen(staff.user("Operator")) == ["contacts", "machinery", "open"]
    assert seen(AnonymousUser()) == ["open"]


def test_cards_stand_in_their_order(board, request_of):
    board.register(card("last", order=90))
    board.register(card("b"))
    board.register(card("a"))
    board.register(card("first", order=1))
    assert [found.key for found in board.cards(request_of(staff.user()))] == ["first", "a", "b", "last"]


def test_registering_again_replaces_the_card(board, request_of):
    board.register(card("volume"))
    board.register(Card("volume", "New title", "admin/waymark/code.html", nothing))
    assert [found.title for found in board.cards(request_of(staff.user()))] == ["New title"]


def test_a_card_gets_what_its_page_passes(board, request_of):
    board.register(card("echo"))
    [drawn] = board.draw(request_of(staff.user()), NOW)
    assert str(NOW) in drawn.html


def test_a_card_that_raises_leaves_the_others_alone(board, request_of, caplog):
    def broken(request, *about):
        raise RuntimeError("the sky fell")

    board.register(card("broken", context=broken, order=1))
    board.register(card("fine", order=2))
    drawn = board.draw(request_of(staff.user()), NOW)
    assert [bool(found.html) for found in drawn] == [False, True]
    assert "The card broken could not be drawn" in caplog.text


@pytest.fixture
def own_home(monkeypatch):
    """The home page with cards of this test only."""
    fresh = Board()
    monkeypatch.setattr(home, "draw", fresh.draw)
    return fresh


def test_the_home_page_shows_each_role_its_cards(own_home):
    own_home.register(card("people", permission="contacts.view_contact"))
    own_home.register(card("machinery", permission="config.view_operations", wide=True))
    marketer = staff.client("Marketer").get("/admin/").content.decode()
    operator = staff.client("Operator").get("/admin/").content.decode()
    assert "card-people" in marketer
    assert "card-machinery" not in marketer
    assert "card-machinery" in operator
    assert "wm-card-wide" in operator


def test_an_empty_home_page_says_where_to_go(own_home):
    page = staff.client().get("/admin/").content.decode()
    assert "There is nothing on your home page yet." in page


def test_a_broken_card_says_so_on_the_page(own_home):
    def broken(request, now):
        raise RuntimeError

    own_home.register(card("broken", context=broken))
    page = staff.superuser().get("/admin/").content.decode()
    assert "This cannot be shown right now" in page
