"""One bad row never fails its batch: halve the batch until the bad one stands alone."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from django.db import InterfaceError, OperationalError, transaction

T = TypeVar("T")

HOPELESS = 20
"""So many failures in a row without one success are not a bad row but a broken system: raise, and lose nothing."""

NOT_THE_ROWS_FAULT = (OperationalError, InterfaceError)
"""Deadlock, lost connection, full disk: the whole batch is rolled back and tried again later."""


def bisect(items: Sequence[T], work: Callable[[Sequence[T]], None]) -> list[tuple[T, Exception]]:
    """Do `work` on all items, in the caller's transaction; returns the items that fail even alone, with their errors.

    Raises database errors that are not the rows' fault, and the first error when nothing at all succeeds.
    """
    failed: list[tuple[T, Exception]] = []
    done = 0
    pending = [items]
    while pending:
        part = pending.pop()
        try:
            with transaction.atomic():
                work(part)
            done += len(part)
        except NOT_THE_ROWS_FAULT:
            raise
        except Exception as error:
            if len(part) > 1:
                middle = len(part) // 2
                pending += [part[middle:], part[:middle]]
                continue
            failed.append((part[0], error))
            if not done and len(failed) >= HOPELESS:
                raise failed[0][1] from error
    return failed


def sentence(error: Exception) -> str:
    """An error as it is kept with a row that was set aside."""
    return f"{type(error).__name__}: {error}".replace("\x00", "")[:2000]
