"""The contract that every target of every system keeps, driven through the core's load.

A system registers with a ``Subject`` per target and one class::

    class TestVendors(TargetContract):
        @pytest.fixture
        async def subject(self) -> AsyncIterator[Subject]: ...

What a test does to the outside system it says in the words of ``Subject``; the subject translates
them into its simulator's faults.
"""

from __future__ import annotations

import logging
import sqlite3
import traceback
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import select

from ml_connector.core.contract import Payload, Verdict
from ml_connector.core.errors import ConnectorError, RateLimited
from ml_connector.core.ledger import claims
from ml_connector.core.stages import doubt
from ml_connector.core.stages.extract import extract
from ml_connector.core.stages.load import load
from ml_connector.core.stages.reconcile import reconcile
from ml_connector.core.stages.transform import transform
from ml_connector.core.state.crypto import Cipher
from ml_connector.core.state.database import Database
from ml_connector.core.state.migrate import migrate
from ml_connector.core.state.schema import document
from ml_connector.core.state.store import Store
from tests.contract.flow import UNIT, Bodies, flow
from tests.contract.subject import BANK_ACCOUNT, Subject


class Bench:
    """A subject with a ledger of its own."""

    def __init__(self, subject: Subject, folder: Path) -> None:
        self.subject, self.folder = subject, folder
        self.bodies = Bodies(subject.states)
        self.cipher = Cipher([Fernet.generate_key().decode()])
        self.errors: list[BaseException] = []
        self.fresh_ledger("first")

    def fresh_ledger(self, name: str) -> None:
        """An empty ledger, as after a loss without a backup."""
        self.file = self.folder / f"{name}.db"
        self.database = Database(f"sqlite:///{self.file}")
        migrate(self.database)

    def offer(self, count: int, first: int = 1) -> None:
        """So many valid documents in the source."""
        for number in range(first, first + count):
            self.put(number, self.subject.body(number))

    def put(self, number: int, body: Payload) -> None:
        """A document with this body in the source."""
        amount = self.subject.amount(body)
        self.bodies.put(f"{number:05d}", body, amount=amount, BANK_ACCOUNT_NUM=BANK_ACCOUNT)

    @asynccontextmanager
    async def flow(self, *, batches: bool = True, patience: float = 0.0) -> AsyncIterator[Any]:
        with Store(self.database, self.cipher, actor="contract", clock=self.subject.now) as store:
            async with self.subject.open(store, batches=batches) as target:
                yield flow(self.subject.flow, self.bodies, target, store, patience)

    async def run(
        self, *, batches: bool = True, tolerant: bool = False, patience: float = 0.0
    ) -> dict[str, Any]:
        """Extract, transform and load, as three tasks after another."""
        async with self.flow(batches=batches, patience=patience) as ctx:
            await extract(ctx)
            transform(ctx)
            try:
                return await load(ctx)
            except ConnectorError as error:
                if not tolerant:
                    raise
                self.errors.append(error)
                return {}

    async def settle(self, **more: Any) -> dict[str, Any]:
        """Two look-ups, with the settle time before, between and behind them."""
        counts: Counter[str] = Counter()
        for _ in range(3):
            await self.subject.pass_time(self.subject.settle + 1)
            counts.update({key: value for key, value in (await self.run(**more)).items() if key != "alerts"})
        return dict(counts)

    def rows(self) -> dict[str, Any]:
        with Store(self.database, self.cipher, actor="look") as store, store.read() as connection:
            return {row.key.split("|")[1]: row for row in connection.execute(select(document))}

    def statuses(self) -> dict[str, int]:
        return dict(Counter(row.status for row in self.rows().values()))

    def each_once(self, count: int) -> None:
        """Every document stands in the system exactly once, and the ledger knows where."""
        living = self.subject.living()
        held = Counter(self.subject.key(thing) for thing in living)
        assert {key for key, number in held.items() if number > 1} == set()
        wanted = {
            self.subject.key(item["body"]) for item in self.bodies.documents.values() if not item["absent"]
        }
        assert wanted <= held.keys(), wanted - held.keys()
        rows = self.rows().values()
        loaded = {row.target_id for row in rows if row.status == "loaded" and not row.loaded_absent}
        ours = {thing["id"] for thing in living if self.subject.key(thing) in wanted}
        assert loaded == ours
        assert len(loaded) == count


class TargetContract:
    """The tests; a system adds the fixture ``subject``."""

    @pytest.fixture
    def bench(self, subject: Subject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
        monkeypatch.setattr(doubt, "BETWEEN_LOOKUPS", timedelta(seconds=0.01))
        made = Bench(subject, tmp_path)
        yield made
        made.database.close()

    # ---- once

    async def test_a_create_is_idempotent(self, bench: Bench) -> None:
        bench.offer(7)
        assert (await bench.run())["created"] == 7
        written = bench.subject.writes()
        assert await bench.run() == {"alerts": []}
        async with bench.flow() as ctx:  # a cleared task
            assert await load(ctx) == {"alerts": []}
        assert bench.subject.writes() == written
        bench.each_once(7)

    async def test_a_lost_ledger_adopts_what_is_there(self, bench: Bench) -> None:
        bench.offer(7)
        await bench.run()
        written = bench.subject.writes()
        bench.fresh_ledger("second")
        assert (await bench.run())["adopted"] == 7
        assert bench.subject.writes() == written
        bench.each_once(7)

    async def test_update_and_removal_arrive_once(self, bench: Bench) -> None:
        bench.offer(4)
        await bench.run()
        change(bench, 1)
        remove(bench, 2)
        counts = await bench.run()
        assert (counts["updated"], counts["removed"]) == (1, 1)
        bench.each_once(3)
        written = bench.subject.writes()
        await bench.run()
        assert bench.subject.writes() == written

    # ---- lost answers

    @pytest.mark.parametrize("batches", [True, False])
    async def test_a_lost_answer_is_looked_up(self, bench: Bench, batches: bool) -> None:
        bench.offer(6)
        bench.subject.lose_answer(skip=0 if batches else 2)
        first = await bench.run(batches=batches)
        assert first["in_doubt"] == (6 if batches and bench.subject.bulk else 1)
        written = bench.subject.writes()
        await bench.settle(batches=batches)
        assert bench.subject.writes() == written
        bench.each_once(6)

    @pytest.mark.parametrize("act", ["update", "remove"])
    async def test_a_lost_answer_to_a_change_is_looked_up(self, bench: Bench, act: str) -> None:
        bench.offer(3)
        await bench.run()
        (change if act == "update" else remove)(bench, 1)
        bench.subject.lose_answer()
        await bench.run(tolerant=True)
        await bench.settle()
        bench.each_once(3 if act == "update" else 2)
        assert bench.statuses() == {"loaded": 3}
        if act == "update":
            body = bench.bodies.documents[f"{UNIT}|00001"]["body"]
            assert [self_same(bench, thing, body) for thing in bench.subject.living()].count(True) == 1

    async def test_a_late_commit_is_waited_for(self, bench: Bench) -> None:
        bench.offer(3)
        bench.subject.commit_late(bench.subject.settle / 3)
        await bench.run(batches=False)
        written = bench.subject.writes()
        for _ in range(2):  # other runs look, do not find it, and must not believe that
            await bench.subject.pass_time(1)
            await bench.run(batches=False)
        assert len(bench.subject.living()) == 2
        assert bench.subject.writes() == written
        await bench.settle(batches=False)
        assert bench.subject.writes() == written
        bench.each_once(3)

    async def test_what_never_arrived_is_sent_again(self, bench: Bench) -> None:
        bench.offer(3)
        bench.subject.never_arrive()
        assert (await bench.run(batches=False))["in_doubt"] == 1
        counts = await bench.settle(batches=False)
        assert (counts["not executed"], counts["created"]) == (1, 1)
        bench.each_once(3)

    async def test_a_search_that_lags_is_no_absence(self, bench: Bench) -> None:
        bench.offer(4)
        bench.subject.lag(bench.subject.settle / 2)
        bench.subject.lose_answer()
        await bench.run()
        written = bench.subject.writes()
        await bench.run()
        assert bench.statuses()["sending"] == (4 if bench.subject.bulk else 1)
        await bench.settle()
        assert bench.subject.writes() == written
        bench.each_once(4)

    async def test_an_ignored_filter_is_no_answer(self, bench: Bench) -> None:
        subject = bench.subject
        bench.offer(2, first=900)
        await bench.run()  # others are there, so that a filter makes a difference
        bench.offer(2)
        subject.never_arrive()
        await bench.run(batches=False)
        subject.ignore_filters()
        verdicts = await look_up(bench)
        assert verdicts == ([Verdict.UNSURE] if subject.narrow else [Verdict.ABSENT])
        written = subject.writes()
        await bench.settle(batches=False, tolerant=True)
        if subject.narrow:
            assert subject.writes() == written  # nothing is sent again on such an answer
        subject.heal()
        await bench.settle(batches=False)
        bench.each_once(4)

    async def test_what_is_there_is_found_even_if_filters_are_ignored(self, bench: Bench) -> None:
        bench.offer(2, first=900)
        await bench.run()
        bench.offer(3)
        bench.subject.lose_answer()
        await bench.run()
        bench.subject.ignore_filters()
        assert Verdict.ABSENT not in await look_up(bench)
        written = bench.subject.writes()
        await bench.settle(tolerant=True)
        bench.subject.heal()
        await bench.settle()
        assert bench.subject.writes() == written
        bench.each_once(5)

    # ---- limits, logins, pages, batches

    @pytest.mark.parametrize("skip", [0, 3])
    async def test_a_rate_limit_stops_the_flow_and_counts_nothing(self, bench: Bench, skip: int) -> None:
        bench.offer(8)
        wait = bench.subject.limit_rate(skip)
        with pytest.raises(RateLimited) as raised:
            await bench.run(batches=False)
        assert raised.value.retry_after <= wait
        rows = bench.rows().values()
        assert {row.attempts for row in rows} == {0}
        assert {row.status for row in rows} <= {"ready", "loaded"}
        assert len(bench.subject.living()) - others(bench) == bench.statuses().get("loaded", 0) >= skip
        await bench.subject.pass_time(wait + 1)
        await bench.run(batches=False)
        bench.each_once(8)

    @pytest.mark.parametrize("skip", [0, 3])
    async def test_a_login_that_expires_in_the_middle(self, bench: Bench, skip: int) -> None:
        bench.offer(8)
        bench.subject.expire_login(skip)
        counts = await bench.run(batches=False)
        assert counts == {"created": 8, "alerts": []}
        bench.each_once(8)

    async def test_more_objects_than_a_page(self, bench: Bench) -> None:
        count = bench.subject.page + 23
        bench.offer(count)
        await bench.run()
        async with bench.flow() as ctx:
            report = await reconcile(ctx)
        assert (report["checked"], report["differences"]) == (count, {})
        bench.each_once(count)
        bench.put(99_999, bench.subject.body(99_999))
        bench.subject.lose_answer()
        await bench.run()
        await bench.settle()
        bench.each_once(count + 1)
        written = bench.subject.writes()
        bench.fresh_ledger("second")
        assert (await bench.run())["adopted"] == count + 1
        assert bench.subject.writes() == written

    async def test_a_surplus_object_on_a_later_page_is_named(self, bench: Bench) -> None:
        count = bench.subject.page + 5
        bench.offer(count)
        await bench.run()
        last = max(bench.bodies.documents)
        bench.fresh_ledger("second")
        del bench.bodies.documents[last]
        await bench.run()
        async with bench.flow() as ctx:
            with pytest.raises(ConnectorError, match="1 difference"):
                await reconcile(ctx)

    @pytest.mark.parametrize("place", [1, 6, 11])
    async def test_one_guilty_document_is_rejected_and_its_batch_goes_through(
        self, bench: Bench, place: int
    ) -> None:
        bench.offer(11)
        guilty = f"{place:05d}"
        bench.put(place, bench.subject.guilty(place))
        counts = await bench.run()
        assert (counts["created"], counts["rejected"]) == (10, 1)
        rows = bench.rows()
        assert [key for key, row in rows.items() if row.status == "rejected"] == [guilty]
        assert rows[guilty].reason
        bench.put(place, bench.subject.body(place))  # put right in the source, it goes by itself
        assert (await bench.run())["created"] == 1
        bench.each_once(11)

    # ---- secrets

    @pytest.mark.parametrize("kind", ["refusal", "outage", "login"])
    async def test_secrets_and_bank_details_appear_nowhere(
        self, bench: Bench, kind: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        bench.offer(2)
        await bench.run()
        bench.offer(5)
        secrets = bench.subject.secrets | {"bank account": BANK_ACCOUNT}
        bench.subject.repeat_secrets(kind)
        await bench.run(batches=False, tolerant=True)
        bench.subject.heal()
        await bench.settle(batches=False, tolerant=True)
        secrets |= {f"{name} afterwards": value for name, value in bench.subject.secrets.items()}
        assert len(bench.rows()) == 5
        said = "\n".join("".join(traceback.format_exception(error)) + repr(error) for error in bench.errors)
        logged = "\n".join(f"{record.getMessage()} {record.exc_text}" for record in caplog.records)
        for place, text in {"exceptions": said, "log": logged, "ledger": stored(bench)}.items():
            assert not [name for name, secret in secrets.items() if secret in text], place


def change(bench: Bench, number: int) -> None:
    body = bench.bodies.documents[f"{UNIT}|{number:05d}"]["body"]
    bench.put(number, bench.subject.changed(body))


def remove(bench: Bench, number: int) -> None:
    bench.bodies.put(f"{number:05d}", {}, absent=True)


def others(bench: Bench) -> int:
    """Objects in the system that are none of the source's documents."""
    keys = {bench.subject.key(item["body"]) for item in bench.bodies.documents.values()}
    return sum(bench.subject.key(thing) not in keys for thing in bench.subject.living())


def self_same(bench: Bench, thing: Payload, body: Payload) -> bool:
    return all(thing.get(name) == value for name, value in body.items() if isinstance(value, str))


async def look_up(bench: Bench) -> list[Verdict]:
    """What the target says about everything in doubt, once."""
    async with bench.flow() as ctx:
        with ctx.store.write() as tx:
            taken = claims.take_over(tx, ctx.scope, ctx.claimant, 100)
        found = await doubt.look_up(ctx, taken)
        await_again = [{"row_id": claim.row.id, "attempt": claim.row.attempt_id} for claim in taken]
        with ctx.store.write() as tx:
            claims.settle(tx, [{"owner": None, "lease_until": ctx.store.now()} | row for row in await_again])
    return [answer.verdict for answer in found.values()]


def stored(bench: Bench) -> str:
    """Everything in the database file that is not encrypted."""
    with sqlite3.connect(bench.file) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return bench.file.read_bytes().decode("latin-1")
