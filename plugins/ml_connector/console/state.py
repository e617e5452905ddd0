"""The state database as pages use it: one engine for reading, one audit chain for each action."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

from ml_connector.core.dag.settings import open_store, read_settings
from ml_connector.core.state.crypto import Cipher
from ml_connector.core.state.database import Database
from ml_connector.core.state.store import Store


@lru_cache(maxsize=1)
def database_of(url: str) -> Database:
    """The engine for reading; made by the process that first asks for it."""
    return Database(url)


@contextmanager
def reading() -> Iterator[Store]:
    """For pages that only look.

    Raises:
        ConfigurationError: the database was not initialised, or a payload key is no key.
    """
    settings = read_settings()
    yield Store(database_of(settings.state_url), Cipher(settings.payload_keys), actor="console")


@contextmanager
def acting(name: str) -> Iterator[Store]:
    """For an action in a person's name: its events form a chain of the trail of their own."""
    with open_store(read_settings(), actor=f"console:{name}") as store:
        yield store
