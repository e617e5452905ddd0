"""Refused credentials, remembered over all processes.

Both sides lock an account after a few failed log-ins, and every task of a run is a process of its
own that would try again. So after a refusal nobody tries the same credentials for a while.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, select

from ml_connector.core.errors import AuthenticationError
from ml_connector.core.state.database import upsert
from ml_connector.core.state.schema import quota
from ml_connector.core.state.store import Store

PAUSE = timedelta(minutes=30)


class Refusals:
    """One entry per set of credentials, named by something that does not give them away."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def check(self, name: str) -> None:
        """Refuse to try credentials that were refused a moment ago.

        Raises:
            AuthenticationError: saying until when, and what to do.
        """
        with self._store.read() as connection:
            until = connection.scalar(select(quota.c.ends_at).where(quota.c.name == name))
        if until is not None and until > self._store.now():
            raise AuthenticationError(
                "These credentials were refused a moment ago and are not tried again before "
                f"{until:%H:%M} UTC, since repeated failures lock the account. Correct the connection: "
                "changed credentials are tried at once. Where they were right, "
                "`airflow ml-connector check --ping` clears this."
            )

    def note(self, name: str) -> None:
        """The credentials were refused just now."""
        with self._store.write() as tx:
            values = {"used": 1, "capacity": 0, "ends_at": tx.store.now() + PAUSE}
            statement = upsert(tx.connection, quota).values(name=name, **values)
            tx.connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=values))
            tx.record("credentials refused", {"name": name})

    def forget(self, name: str) -> None:
        """The credentials work."""
        with self._store.write() as tx:
            tx.connection.execute(delete(quota).where(quota.c.name == name))
