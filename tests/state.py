"""State databases for tests, empty and at the code's revision.

Making the tables takes 50 ms on SQLite, and 200 ms on PostgreSQL with making and dropping the database:
here it is done once, and its result copied (3 ms) or emptied (10 ms).
"""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from sqlalchemy import text

from ml_connector.core.state.columns import metadata
from ml_connector.core.state.database import Database
from ml_connector.core.state.migrate import HEAD, VERSION_TABLE, migrate

_CUT_OFF = """SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()"""
_IDS = "SELECT setval(oid, 1, false) FROM pg_class WHERE relkind = 'S'"
_REVISION = f"UPDATE {VERSION_TABLE} SET version_num = '{HEAD}'"


def migrated(path: Path) -> Database:
    """A database on SQLite in this file: a new one, unless a test opens its own once more."""
    if not path.exists():
        path.write_bytes(_file())
    return Database(f"sqlite:///{path}")


@cache
def _file() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "state.db"
        database = Database(f"sqlite:///{path}")
        migrate(database)
        database.close()  # the last connection writes what is in the log into the file
        assert [one.name for one in Path(folder).iterdir()] == [path.name]
        return path.read_bytes()


def empty(database: Database) -> None:
    """Bring a migrated database on PostgreSQL back to where it began.

    Whoever is still connected is cut off, as where a database is dropped. ``DELETE`` is many times faster
    than ``TRUNCATE`` for tables of a few rows.
    """
    rows = "; ".join(f"DELETE FROM {table.name}" for table in reversed(metadata.sorted_tables))
    with database.write() as connection:
        connection.execute(text(f"{_CUT_OFF}; {rows}; {_IDS}; {_REVISION}"))
