"""Both ways to a current database - created from the tables, or upgraded by migrations - lead to the same."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from ml_connector.core.errors import ConfigurationError
from ml_connector.core.state import migrate as module
from ml_connector.core.state.columns import metadata
from ml_connector.core.state.database import Database
from ml_connector.core.state.migrate import HEAD, VERSION_TABLE, current_revision, migrate
from ml_connector.core.state.store import Store

MIGRATIONS = Path(module.__file__).parent / "migrations"


def upgraded(url: str) -> Database:
    """A database that went through every migration, from nothing."""
    database = Database(url)
    with database.write() as connection:
        connection.execute(
            text(f"CREATE TABLE {VERSION_TABLE} (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
        )
    assert migrate(database) == "upgraded"
    return database


@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index")
@pytest.mark.filterwarnings("ignore:autogenerate skipping metadata-specified expression-based index")
def test_migrations_lead_to_the_tables_of_the_code(database_url: str) -> None:
    database = upgraded(database_url)
    assert current_revision(database) == HEAD
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": _comparable})
        assert compare_metadata(context, metadata) == []
    database.close()


def _comparable(_: object, name: str | None, kind: str, *__: object) -> bool:
    """Alembic cannot compare indexes of expressions; the tests below do."""
    return name != VERSION_TABLE and not (kind == "index" and str(name).startswith("ix_document_search_"))


@pytest.mark.postgres
def test_both_ways_give_the_same_postgresql_indexes(postgres_url: str) -> None:
    indexes = []
    for make in (upgraded, created_anew):
        database = make(postgres_url)
        with database.read() as connection:
            rows = connection.execute(text("SELECT indexname, indexdef FROM pg_indexes")).all()
        indexes.append({name: words for name, words in rows if name.startswith(("ix_", "uq_", "pk_"))})
        database.close()
    assert indexes[0] == indexes[1]
    assert "ix_document_search_key" in indexes[0]


def created_anew(url: str) -> Database:
    """A database created from the tables, in place of what is there."""
    database = Database(url)
    with database.write() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    assert migrate(database) == "created"
    return database


def test_both_ways_give_the_same_sqlite_schema(tmp_path: Path) -> None:
    created = Database(f"sqlite:///{tmp_path / 'created.db'}")
    assert migrate(created) == "created"
    schemas = []
    for database in (created, upgraded(f"sqlite:///{tmp_path / 'upgraded.db'}")):
        with database.read() as connection:
            statement = text(
                "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY type, name"
            )
            rows = connection.execute(statement).all()
        schemas.append({row.name: " ".join(row.sql.split()) for row in rows if row.name != VERSION_TABLE})
        database.close()
    assert schemas[0] == schemas[1]


def test_a_second_migration_does_nothing(database: Database) -> None:
    assert migrate(database) == "current"


def test_the_newest_migration_is_the_one_the_code_needs() -> None:
    assert ScriptDirectory(str(MIGRATIONS)).get_heads() == [HEAD]


def test_a_database_of_another_version_is_refused(database: Database) -> None:
    with database.write() as connection:
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '9999'"))
    with pytest.raises(ConfigurationError, match="ml-connector init"):
        Store(database)


def test_an_empty_database_is_refused(database_url: str) -> None:
    database = Database(database_url)
    with pytest.raises(ConfigurationError, match="not initialised"):
        Store(database)
    database.close()


@pytest.mark.parametrize("url", ["mysql://h/d", "nonsense", "oracle://h/d"])
def test_other_databases_are_refused_without_showing_the_address(url: str) -> None:
    with pytest.raises(ConfigurationError, match="state_conn") as caught:
        Database(url)
    assert url not in str(caught.value)
