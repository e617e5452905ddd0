"""Two tasks that take files in at once."""

from __future__ import annotations

from threading import Thread

import pytest

from ml_connector.cleo.inbound.assessment import examine
from ml_connector.cleo.inbound.filing import Filing, Origin
from ml_connector.core.state.database import Database
from ml_connector.core.state.store import Store, Transaction
from ml_connector.x12 import reader

from .support import Office, file, group, invoice

FIRST = file(group("IN", 91, invoice()), number=201)
AGAIN = file(group("IN", 92, invoice()), number=202)
OTHER = file(group("IN", 93, invoice("inv 1001", day="20261103")), number=203)


def take(office: Office, tx: Transaction, content: bytes) -> None:
    for found in reader.read(content).interchanges:
        Filing(tx, office.context, Origin("download/810", "a.edi"), examine(found, content)).keep()


@pytest.mark.parametrize(("second", "status"), [(AGAIN, "duplicate"), (OTHER, "taken")])
def test_an_invoice_that_two_tasks_read_is_known_to_the_second(
    database: Database, second: bytes, status: str
) -> None:
    """Under other control numbers the bytes differ, so only what it says shows that it is the same."""
    with Store(database) as one, Store(database) as other:
        here, there = Office(one), Office(other)

        def follow() -> None:
            with other.write() as tx:
                take(there, tx, second)

        follower = Thread(target=follow)
        with one.write() as tx:
            take(here, tx, FIRST)
            follower.start()
            follower.join(timeout=0.5)
            assert follower.is_alive(), "it waits until the first has committed"
        follower.join(timeout=30)
        assert here.statuses() == ["taken", status]
        assert [here.data(row).get("duplicate_of") for row in here.sets()[1:]] == [
            None if status == "duplicate" else "acme|INV-1001|2026-11-02"
        ]
