"""What every admin class of the product is built on."""

from config.adminsite.granting import Granting
from config.adminsite.history import HistoryAdmin
from config.adminsite.options import (
    ModelAdmin,
    ReadOnlyAdmin,
    ReadOnlyInline,
    StackedInline,
    TabularInline,
)

__all__ = [
    "Granting",
    "HistoryAdmin",
    "ModelAdmin",
    "ReadOnlyAdmin",
    "ReadOnlyInline",
    "StackedInline",
    "TabularInline",
]
