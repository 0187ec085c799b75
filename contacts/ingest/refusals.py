"""Why a request, or one item of it, is not taken."""


class Refused(Exception):
    """The whole request is refused; becomes an error body with `success`, `code` and `message`."""

    def __init__(self, status: int, code: str, sentence: str, *, retry_after: int | None = None) -> None:
        super().__init__(sentence)
        self.status = status
        self.code = code
        self.sentence = sentence
        self.retry_after = retry_after
        """Seconds."""


class BadItem(ValueError):
    """One item makes no sense; it goes to the rejected events with this sentence, the others are taken."""
