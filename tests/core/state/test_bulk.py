"""Bulk statements write what SQLAlchemy's own would write, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import bindparam, insert, select, update

from ml_connector.core.state.bulk import Bulk
from ml_connector.core.state.database import Database, records, upsert
from ml_connector.core.state.schema import crosswalk, document

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
SHARED: dict[str, Any] = {
    "tenant": "acme", "environment": "test", "flow": "shop.orders", "unit": "US001", "status": "ready",
    "since": AT, "selected": True, "source_open": False, "unmapped": False, "staged_absent": False,
    "lookups": 0, "attempts": 0,
}  # fmt: skip

INSERT = Bulk(lambda _: insert(document))
UPDATE = Bulk(lambda _: update(document).where(document.c.id == bindparam("row_id")))


def rows(count: int) -> list[dict[str, Any]]:
    return [{"id": i, "key": f"{i:04d}", "amount": Decimal(f"{i}.10")} for i in range(1, count + 1)]


def stored(database: Database) -> list[Any]:
    columns = (document.c.id, document.c.key, document.c.amount, document.c.since, document.c.status)
    with database.read() as connection:
        return records(connection.execute(select(*columns).order_by(document.c.id)))


def test_rows_and_shared_values_are_converted_as_their_columns_want_it(database: Database) -> None:
    with database.write() as connection:
        assert INSERT(connection, rows(3), **SHARED) == 3
    last = stored(database)[-1]
    assert (last.id, last.key, last.amount, last.since) == (3, "0003", Decimal("3.10"), AT)


def test_a_rows_own_value_comes_before_the_shared_one(database: Database) -> None:
    with database.write() as connection:
        INSERT(connection, [rows(1)[0] | {"status": "loaded"}], **SHARED)
    assert stored(database)[0].status == "loaded"


def test_an_update_says_how_many_rows_it_met(database: Database) -> None:
    with database.write() as connection:
        INSERT(connection, rows(3), **SHARED)
        changes = [{"row_id": i, "amount": Decimal(i)} for i in (1, 2, 99)]
        assert UPDATE(connection, changes, status="waiting") == 2
    assert [(row.status, row.amount) for row in stored(database)] == [
        ("waiting", Decimal(1)), ("waiting", Decimal(2)), ("ready", Decimal("3.10")),
    ]  # fmt: skip


def test_the_same_statement_takes_other_columns_the_next_time(database: Database) -> None:
    with database.write() as connection:
        INSERT(connection, rows(1), **SHARED)
        UPDATE(connection, [{"row_id": 1, "status": "held"}])
        UPDATE(connection, [{"row_id": 1, "since": AT.replace(hour=13)}])
    assert (stored(database)[0].status, stored(database)[0].since.hour) == ("held", 13)


def test_constants_of_the_statement_are_bound_too(database: Database) -> None:
    def unless_kept(connection: Any) -> Any:
        statement = upsert(connection, crosswalk)
        return statement.on_conflict_do_update(
            index_elements=["tenant", "name", "key"],
            set_={"target_id": statement.excluded.target_id},
            where=crosswalk.c.origin != "manual",
        )

    put = Bulk(unless_kept)
    shared = {"tenant": "acme", "name": "x", "active": True, "updated_at": AT}
    with database.write() as connection:
        put(connection, [{"key": "a", "target_id": "1", "origin": "manual"}], **shared)
        put(connection, [{"key": key, "target_id": "2"} for key in ("a", "b")], **shared, origin="loaded")
        put(connection, [{"key": key, "target_id": "3"} for key in ("a", "b")], **shared, origin="loaded")
        found = connection.execute(select(crosswalk.c.key, crosswalk.c.target_id)).all()
    assert {tuple(row) for row in found} == {("a", "1"), ("b", "3")}


def test_no_rows_are_no_statement(database: Database) -> None:
    with database.read() as connection:
        assert INSERT(connection, []) == 0


def test_times_without_a_zone_are_refused(database: Database) -> None:
    with pytest.raises(ValueError, match="zone"), database.write() as connection:
        INSERT(connection, rows(1), **SHARED | {"since": AT.replace(tzinfo=None)})
