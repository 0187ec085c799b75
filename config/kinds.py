"""The one mechanism for things that an editor picks from a list: steps, triggers, rules, channels, conditions.

A kind is one class in one file of one package. Importing the file registers the class under its `key`;
`Kinds.discover()`, called from `AppConfig.ready()`, imports the package's files. Nothing else has to be touched.
"""

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Any, Generic, TypeVar

from django import forms

K = TypeVar("K")


class UnknownKind(LookupError):
    """No kind has this key; the message lists those that exist."""


class Kinds(Generic[K]):
    """A registry of classes by their `key`, e.g. `steps["wait"]`."""

    def __init__(self, noun: str, package: str) -> None:
        self.noun = noun
        self.package = package
        self._classes: dict[str, K] = {}

    def register(self, cls: type[Any]) -> type[Any]:
        """Class decorator. Keeps one instance per kind (kinds hold no state); raises ValueError for a second use of a key."""
        key = cls.key
        if key in self._classes and type(self._classes[key]) is not cls:
            raise ValueError(f"Two {self.noun} kinds are called {key!r}: {type(self._classes[key])} and {cls}.")
        if not (cls.__doc__ or "").strip():
            raise ValueError(f"The {self.noun} kind {key!r} has no docstring; its users read it in the admin.")
        self._classes[key] = cls()
        return cls

    def discover(self) -> None:
        """Import every module of the package, so that each registers itself."""
        package = importlib.import_module(self.package)
        for module in pkgutil.iter_modules(package.__path__):
            importlib.import_module(f"{self.package}.{module.name}")

    def __getitem__(self, key: str) -> K:
        try:
            return self._classes[key]
        except KeyError:
            known = ", ".join(sorted(self._classes)) or "none"
            raise UnknownKind(f"There is no {self.noun} {key!r}; there are: {known}.") from None

    def get(self, key: str) -> K | None:
        """The kind with this key; None if there is none (any more)."""
        return self._classes.get(key)

    def __contains__(self, key: object) -> bool:
        return key in self._classes

    def __iter__(self) -> Iterator[K]:
        return iter(self._classes.values())

    def __len__(self) -> int:
        return len(self._classes)

    def keys(self) -> list[str]:
        """All keys, sorted."""
        return sorted(self._classes)

    def choices(self) -> list[tuple[str, str]]:
        """`(key, title)` pairs for a form field, in alphabetical order of the titles."""
        pairs = [(key, str(getattr(kind, "title", key))) for key, kind in self._classes.items()]
        return sorted(pairs, key=lambda pair: pair[1])


def form_errors(form: forms.BaseForm) -> list[str]:
    """The errors of a bound form as sentences that name their field."""
    return [
        str(text) if field == "__all__" else f"{field}: {text}"
        for field, texts in form.errors.items()
        for text in texts
    ]
