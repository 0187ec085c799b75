"""Which transactions may still commit rows with low ids.

The trap: an id is given before the commit, so a lower one can appear later. A writer holds PostgreSQL's lock on the
table from before its first id until its end. So: read the highest id, then the holders of that lock; when these are
done, no row up to that id can appear any more. Other ways (the row's xmin, a fixed delay) leave a window: a transaction
takes ids before it has a number of its own. SQLite has one writer, and ids commit in order.
"""

from django.db import connection

_HOLDERS = """
    SELECT DISTINCT virtualtransaction FROM pg_locks
    WHERE locktype = 'relation' AND relation = %s::regclass AND mode = 'RowExclusiveLock' AND granted
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND pid <> pg_backend_pid()
"""


def of(table: str) -> list[str]:
    """The transactions of others that are writing this table now."""
    if connection.vendor != "postgresql":
        return []
    with connection.cursor() as cursor:
        cursor.execute(_HOLDERS, [table])
        return sorted(name for (name,) in cursor.fetchall())
