"""The home page of the admin is a grid of cards; each floor registers its own in `AppConfig.ready()`.

    from config import home

    home.register(home.Card("volume", "Messages, last 30 days", "admin/analytics/volume.html", volume, "channels.view_message"))

`context(request, now)` returns what the card's template needs; the frame and the title are drawn around it. A card that
raises is shown as unavailable, and the others stay.
"""

from config.cards import Board, Card, Drawn

__all__ = ["Card", "Drawn", "board", "cards", "draw", "register"]

board = Board()
register = board.register
cards = board.cards
draw = board.draw
