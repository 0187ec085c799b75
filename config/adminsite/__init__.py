"""What every admin class of the product is built on."""

from config.adminsite.options import (
    HistoryAdmin,
    ModelAdmin,
    ReadOnlyAdmin,
    ReadOnlyInline,
    StackedInline,
    TabularInline,
)

__all__ = ["HistoryAdmin", "ModelAdmin", "ReadOnlyAdmin", "ReadOnlyInline", "StackedInline", "TabularInline"]
