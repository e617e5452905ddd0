"""Creating and upgrading the state database.

A new database is created from the tables and stamped; an older one runs the Alembic migrations.
A test holds both ways against each other.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Column, Connection, MetaData, String, Table, insert, inspect, select, text

from ml_connector.core.errors import ConfigurationError
from ml_connector.core.state import schema
from ml_connector.core.state.database import Database

HEAD = "0006"
"""Revision that the code needs: the newest file in ``migrations/versions``."""

VERSION_TABLE = "ml_connector_version"
version = Table(VERSION_TABLE, MetaData(), Column("version_num", String(32), primary_key=True))
"""Alembic's own table, as Alembic would create it."""

SEQUENCES = ("document_id", "reconciliation_id", "interchange_id", "transaction_set_id")


def current_revision(database: Database) -> str | None:
    """Revision of the database, None for an empty one."""
    with database.read() as connection:
        if not inspect(connection).has_table(VERSION_TABLE):
            return None
        revision: str | None = connection.scalar(select(version.c.version_num))
        return revision


def require_current(database: Database) -> None:
    """Refuse to work on a database of another version.

    Raises:
        ConfigurationError: naming the command that puts it right.
    """
    found = current_revision(database)
    if found != HEAD:
        state = f"at revision {found}" if found else "not initialised"
        raise ConfigurationError(
            f"the state database is {state}; run `airflow ml-connector init`",
            field="[ml_connector] state_conn",
            expected=f"revision {HEAD}",
        )


def migrate(database: Database) -> str:
    """Bring the database to the code's revision; safe to repeat and to run twice at once.

    Returns:
        What was done: ``created``, ``upgraded`` or ``current``.
    """
    if current_revision(database) == HEAD:
        return "current"
    with database.write() as connection:
        if not database.sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(7261442)"))
        if inspect(connection).has_table(VERSION_TABLE):
            _upgrade(connection)
            return "upgraded"
        create_all(connection)
        version.create(connection)
        connection.execute(insert(version).values(version_num=HEAD))
        return "created"


def create_all(connection: Connection) -> None:
    """All tables, and on PostgreSQL the sequences of the ids that the product assigns."""
    schema.document.metadata.create_all(connection)
    if connection.dialect.name == "postgresql":
        for name in SEQUENCES:
            connection.execute(text(f"CREATE SEQUENCE IF NOT EXISTS {name}"))


def _upgrade(connection: Connection) -> None:
    from alembic import command  # imported here: a start that finds the database current need not pay for it
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
