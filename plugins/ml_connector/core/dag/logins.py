"""Which credentials a task is about to use, and whether they were refused a moment ago."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from airflow.sdk import Connection
from airflow.sdk.exceptions import AirflowNotFoundException, AirflowRuntimeError

from ml_connector.core import codec
from ml_connector.core.errors import AuthenticationError
from ml_connector.core.limits.refusals import Refusals
from ml_connector.core.state.store import Store


@contextmanager
def tried_once(store: Store, connection_id: str) -> Iterator[None]:
    """Use a connection, unless its credentials were refused a moment ago; note it when they are.

    Raises:
        AuthenticationError: without asking the other side, while the refusal is fresh.
    """
    try:
        name = identity(Connection.get(connection_id))
    except (AirflowNotFoundException, AirflowRuntimeError):
        yield  # the hook says what is missing
        return
    refusals = Refusals(store)
    refusals.check(name)
    try:
        yield
    except AuthenticationError:
        refusals.note(name)
        raise


def identity(connection: Any) -> str:
    """Names the credentials of an Airflow connection without giving them away."""
    parts = [connection.host, connection.login, connection.password, str(connection.extra_dejson)]
    return f"refused:{connection.conn_id[:64]}:{codec.digest(parts)[:16]}"
