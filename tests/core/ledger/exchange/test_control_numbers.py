"""Control numbers: each once, in order, whoever asks at the same time; every gap explained."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import update

from ml_connector.core.ledger.exchange.control_numbers import HIGHEST, Address, advance, allocate, raise_to
from ml_connector.core.state.database import Database
from ml_connector.core.state.exchange_schema import control_number
from ml_connector.core.state.store import Store
from tests.core.ledger.exchange.support import ACME, events

REASON = "restored from the backup of 2026-11-19"


def take(store: Store, count: int = 1, address: Address = ACME, kind: str = "ISA") -> list[int]:
    numbers = []
    for _ in range(count):
        with store.write() as tx:
            numbers.append(allocate(tx, address, kind))
    return numbers


def stand_at(store: Store, last: int) -> None:
    take(store)
    with store.write() as tx:
        tx.connection.execute(update(control_number).values(last=last))


def test_numbers_begin_at_one_and_follow_each_other(store: Store) -> None:
    assert take(store, 3) == [1, 2, 3]


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        (ACME, "PO"),
        (replace(ACME, receiver="01:222222222"), "ISA"),
        (replace(ACME, sender="ZZ:PSFTUS002"), "ISA"),
        (replace(ACME, tenant="other"), "ISA"),
        (replace(ACME, environment="production"), "ISA"),
    ],
)
def test_each_address_and_kind_counts_by_itself(store: Store, address: Address, kind: str) -> None:
    take(store, 5)
    assert take(store, 2, address, kind) == [1, 2]
    assert take(store) == [6]


def test_a_rolled_back_transaction_leaves_no_gap(store: Store) -> None:
    take(store, 2)

    def fail_to_render() -> None:
        with store.write() as tx:
            assert allocate(tx, ACME, "ISA") == 3
            raise KeyError("rendering failed")

    with pytest.raises(KeyError, match="rendering failed"):
        fail_to_render()
    assert take(store) == [3]


def test_after_the_highest_number_comes_one_and_the_trail_says_so(store: Store) -> None:
    stand_at(store, HIGHEST - 1)
    assert take(store, 3) == [HIGHEST, 1, 2]
    assert len(events(store, "control numbers begun")) == 2


def test_threads_never_get_the_same_number(database: Database, database_url: str) -> None:
    def worker(_: int) -> list[int]:
        with Store(Database(database_url)) as store:
            return take(store, 10)

    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(worker, range(8)))
    assert sorted(number for numbers in taken for number in numbers) == list(range(1, 81))
    assert all(numbers == sorted(numbers) for numbers in taken), "they only increase"


WORKER = """
    import sys
    from ml_connector.core.ledger.exchange.control_numbers import Address, allocate
    from ml_connector.core.state.database import Database
    from ml_connector.core.state.store import Store

    url, count, then = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    address = Address("demo", "test", "ZZ:PSFTUS001", "01:123456789")
    with Store(Database(url)) as store:
        for _ in range(count):
            with store.write() as tx:
                number = allocate(tx, address, "ISA")
            print(number, flush=True)
        if then == "hang":
            with store.write() as tx:
                allocate(tx, address, "ISA")
                print("holding", flush=True)
                sys.stdin.read()
"""


def process(database_url: str, count: int, then: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(WORKER), database_url, str(count), then],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip


def test_processes_never_get_the_same_number(database: Database, database_url: str) -> None:
    workers = [process(database_url, 15, "end") for _ in range(3)]
    outputs = [worker.communicate(timeout=60)[0].split() for worker in workers]
    assert sorted(int(number) for output in outputs for number in output) == list(range(1, 46))


def test_a_killed_process_takes_no_number_with_it(database: Database, database_url: str) -> None:
    worker = process(database_url, 2, "hang")
    assert worker.stdout is not None
    lines = [worker.stdout.readline().strip() for _ in range(3)]
    assert lines == ["1", "2", "holding"]
    worker.send_signal(signal.SIGKILL)
    worker.communicate(timeout=30)
    with Store(database) as store:
        assert take(store) == [3]


# ---- after a restore


def test_a_restore_leaves_numbers_out_and_says_why(store: Store) -> None:
    take(store, 4)
    take(store, 2, kind="PO")
    with store.write() as tx:
        assert advance(tx, by=1000, reason=REASON) == 2
    assert take(store) == [1005]
    assert take(store, kind="PO") == [1003]
    told = {event["kind"]: event for event in events(store, "control numbers advanced") if "kind" in event}
    assert told["ISA"] == {
        "sender": ACME.sender, "receiver": ACME.receiver, "kind": "ISA", "last": 4, "goes_on_after": 1004,
        "reason": REASON,
    }  # fmt: skip


def test_a_partner_that_is_new_since_the_backup_begins_behind_the_gap(store: Store) -> None:
    new = replace(ACME, receiver="ZZ:GLOBEX")
    with store.write() as tx:
        advance(tx, by=1000, reason=REASON)
        advance(tx, by=500, reason=REASON, tenant="demo")
        advance(tx, by=7, reason=REASON, tenant="other")
    assert take(store, 2, new) == [1501, 1502]


def test_one_tenant_can_be_restored_alone(store: Store) -> None:
    other = replace(ACME, tenant="other")
    take(store)
    take(store, address=other)
    with store.write() as tx:
        assert advance(tx, by=10, reason=REASON, tenant="other") == 1
    assert take(store) == [2]
    assert take(store, address=other) == [12]


def test_advancing_wraps_too(store: Store) -> None:
    stand_at(store, HIGHEST - 5)
    with store.write() as tx:
        advance(tx, by=10, reason=REASON)
    assert take(store) == [6]


@pytest.mark.parametrize("by", [0, -1, HIGHEST])
def test_a_senseless_gap_is_refused(store: Store, by: int) -> None:
    with pytest.raises(ValueError, match="no number of control numbers"), store.write() as tx:
        advance(tx, by=by, reason=REASON)


def test_a_counter_goes_on_behind_a_number_that_others_gave_out(store: Store) -> None:
    with store.write() as tx:
        assert raise_to(tx, ACME, "ISA", 41, reason="found")
        assert not raise_to(tx, ACME, "ISA", 12, reason="found")
    assert take(store) == [42]
    assert take(store, kind="PO") == [1]


def test_a_number_of_the_round_before_moves_nothing(store: Store) -> None:
    take(store)
    with store.write() as tx:
        assert not raise_to(tx, ACME, "ISA", HIGHEST - 9, reason="found")
    assert take(store) == [2]
