"""Both ways to a current database - created from the tables, or upgraded by migrations - lead to the same."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, insert, select, text
from sqlalchemy.exc import IntegrityError

from ml_connector.core.errors import ConfigurationError
from ml_connector.core.state import migrate as module
from ml_connector.core.state.columns import metadata
from ml_connector.core.state.database import Database
from ml_connector.core.state.migrate import HEAD, VERSION_TABLE, current_revision, migrate
from ml_connector.core.state.schema import settlement
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
def test_migrations_lead_to_the_tables_of_the_code(bare_database_url: str) -> None:
    database = upgraded(bare_database_url)
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
        schemas.append({row.name: _plain(row.sql) for row in rows if row.name != VERSION_TABLE})
        database.close()
    assert schemas[0] == schemas[1]


def _plain(sql: str) -> str:
    """Spaces apart, SQLite writes only the name of a table that was made anew in another way: quoted."""
    return re.sub(r'^CREATE TABLE "(\w+)"', r"CREATE TABLE \1", " ".join(sql.split()))


def test_settlements_of_an_older_release_stay_and_units_number_by_themselves(bare_database_url: str) -> None:
    database = Database(bare_database_url)
    with database.write() as connection:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        command.upgrade(config, "0003")
        _pay(connection, "US001")
    with pytest.raises(IntegrityError), database.write() as connection:
        _pay(connection, "US002")
    assert migrate(database) == "upgraded"
    with database.write() as connection:
        _pay(connection, "US002")
    with pytest.raises(IntegrityError), database.write() as connection:
        _pay(connection, "US001")
    with database.read() as connection:
        rows = connection.execute(select(settlement).order_by(settlement.c.unit)).all()
    assert [(row.unit, row.amount, row.created_at, row.details) for row in rows] == [
        (unit, Decimal("10.25"), AT, b"sealed") for unit in ("US001", "US002")
    ]
    database.close()


AT = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)


def _pay(connection: Connection, unit: str) -> None:
    payment = {
        "tenant": "demo", "flow": "bill.payments", "reference": "0001", "entry": 1, "part": 1, "unit": unit,
        "kind": "settled", "way": "journal", "voucher": f"{unit}|00000001", "amount": Decimal("10.25"),
        "currency": "USD", "accounting_date": "2026-11-02", "details": b"sealed", "created_at": AT,
    }  # fmt: skip
    connection.execute(insert(settlement).values(payment))


def test_a_second_migration_does_nothing(database: Database) -> None:
    assert migrate(database) == "current"


def test_the_newest_migration_is_the_one_the_code_needs() -> None:
    assert ScriptDirectory(str(MIGRATIONS)).get_heads() == [HEAD]


def test_a_database_of_another_version_is_refused(database: Database) -> None:
    with database.write() as connection:
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '9999'"))
    with pytest.raises(ConfigurationError, match="ml-connector init"):
        Store(database)


def test_an_empty_database_is_refused(bare_database_url: str) -> None:
    database = Database(bare_database_url)
    with pytest.raises(ConfigurationError, match="not initialised"):
        Store(database)
    database.close()


@pytest.mark.parametrize("url", ["mysql://h/d", "nonsense", "oracle://h/d"])
def test_other_databases_are_refused_without_showing_the_address(url: str) -> None:
    with pytest.raises(ConfigurationError, match="state_conn") as caught:
        Database(url)
    assert url not in str(caught.value)
