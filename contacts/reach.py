"""The channels that there are, by key. Floor 2 tells them in its `AppConfig.ready()`: consents and suppressions speak of channels too."""

titles: dict[str, str] = {}


def choices() -> list[tuple[str, str]]:
    """For a form field, by title."""
    return sorted(titles.items(), key=lambda pair: pair[1])
