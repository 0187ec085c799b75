"""Pages of lists with millions of rows: nothing is counted to the end."""

from django.core.paginator import Paginator
from django.db import connections
from django.db.models import QuerySet
from django.utils.functional import cached_property

MOST = 10_000


class CappedPaginator(Paginator):
    """Counts to 10,001 and no further; of an unfiltered table on PostgreSQL it takes the planner's estimate."""

    template_name = "admin/waymark/pagination.html"

    @cached_property
    def count(self) -> int:
        """Rows, at most 10,001 of a filtered list; of a whole table about right."""
        return self.estimate or self._counted

    @cached_property
    def estimate(self) -> int:
        """The planner's idea of a large, unfiltered table; 0 when it has none, or none is needed."""
        rows = self.object_list
        if not isinstance(rows, QuerySet) or rows.query.where or rows.query.is_sliced or rows.query.combinator:
            return 0
        found = _planner(rows)
        return found if found > MOST else 0

    @property
    def words(self) -> str:
        """The count as it may be said: `12`, `more than 10,000`, `about 1,204,000`."""
        if self.estimate:
            return f"about {round(self.estimate, -3):,}"
        return f"more than {MOST:,}" if self.count > MOST else f"{self.count:,}"

    @cached_property
    def _counted(self) -> int:
        rows = self.object_list
        if not isinstance(rows, QuerySet):
            return len(rows)
        return rows.order_by()[: MOST + 1].count()


def _planner(rows: QuerySet) -> int:
    connection = connections[rows.db]
    if connection.vendor != "postgresql":
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT reltuples::bigint FROM pg_class WHERE oid = %s::regclass", [f'"{rows.model._meta.db_table}"']
        )
        [estimate] = cursor.fetchone()
    return int(estimate)
