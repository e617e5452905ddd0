"""Settlements keep the contract, as journals and as files."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import pytest

from ml_connector.core.config import Dataset
from ml_connector.core.contract import Payload, Target, Verdict
from ml_connector.core.http import Retry
from ml_connector.core.ledger import claims
from ml_connector.core.ledger.settlements import Row
from ml_connector.core.stages.extract import extract
from ml_connector.core.stages.transform import transform
from ml_connector.core.state.store import Store
from ml_connector.peoplesoft.folders import LocalFolder
from ml_connector.peoplesoft.query import QueryService, make_client
from ml_connector.peoplesoft.settlement.connect import Place, make_target
from ml_connector.peoplesoft.settlement.entries import BRAND, UNDO, journal_id
from ml_connector.peoplesoft.settlement.exports import parse
from ml_connector.peoplesoft.settlement.options import SettlementOptions
from ml_connector.peoplesoft.soap import connect
from ml_connector.peoplesoft.writers.kinds import JOURNAL
from sandbox.data import Size
from sandbox.server import Sandbox
from tests.contract.peoplesoft import UNIT, PeopleSoftSubject, connection, dataset
from tests.contract.subject import Subject
from tests.contract.suite import Bench, TargetContract, look_up

SOURCE = "BIL"
BOGUS = "bac_without_account"


class JournalSubject(PeopleSoftSubject):
    """Payments as journals."""

    flow, kind, lookup = "bill.payments", JOURNAL, "ML_GL_JOURNAL_KEY"
    states = ("settled", "reversed")

    @property
    def choices(self) -> SettlementOptions:
        return SettlementOptions.model_validate(
            {
                "way": "journal",
                "source": SOURCE,
                "accounts": {
                    "payables": {"*": "200000"},
                    "cash": {"*": {"*": "100000"}, BOGUS: {"*": "999998"}},
                },
                "currencies": {"*": "USD"},
                "settle_seconds": self.settle,
                "read_back_pages": 50,
            }
        )

    @asynccontextmanager
    async def open(self, store: Store, *, batches: bool = True) -> AsyncIterator[Target]:
        settings = connection(self.sandbox)
        async with (
            make_client(settings, retry=Retry(attempts=1)) as client,
            connect(settings, store) as interfaces,
        ):
            service = QueryService(client, settings.redactor())
            place = Place(settings, service, interfaces, self.dataset, None, self.now)
            yield make_target(self.tenant, store, self.choices, place)

    def dataset(self, name: str) -> Dataset:
        found = dataset(name)
        if name != "journals":
            return found
        small = found.page.model_copy(update={"rows": 2 * self.page, "minimum": 2 * self.page})
        return found.model_copy(update={"page": small})

    def body(self, number: int) -> Payload:
        amount = Decimal(number) + Decimal("0.25")
        return {
            "reference": f"stp01PAYMENT{number:08d}",
            "currency": "USD",
            "date": "2026-11-12",
            "funding_account": "bac01",
            "payee": "Office Supplies Ltd",
            "number": f"P{number}",
            "parts": [{"voucher": f"{UNIT}|00000001", "amount": amount}],
        }

    def changed(self, body: Payload) -> Payload:
        parts = [part | {"amount": part["amount"] + 1} for part in body["parts"]]
        return body | {"parts": parts, "number": f"{body['number']}X"}

    def guilty(self, number: int) -> Payload:
        return self.body(number) | {"funding_account": BOGUS}

    def amount(self, body: Payload) -> Decimal:
        return sum((part["amount"] for part in body["parts"]), Decimal(0))

    def key(self, thing: Payload) -> str:
        return str(thing.get("reference", ""))

    def living(self) -> list[Payload]:
        """Payments that the books hold: settled once more often than taken back."""
        of_payment: dict[str, list[Payload]] = {}
        for record in self.held.journals:
            if record["SOURCE"] == SOURCE:
                assert sum(line["MONETARY_AMOUNT"] for line in record["lines"]) == 0
                reference = record["DESCR"].removeprefix(BRAND).removesuffix(UNDO)
                of_payment.setdefault(reference, []).append(record)
        return [
            thing
            for reference, records in of_payment.items()
            for thing in [self._thing(reference, records)] * self._balance(records)
        ]

    def _balance(self, records: list[Payload]) -> int:
        return sum(-1 if record["DESCR"].endswith(UNDO) else 1 for record in records)

    def _thing(self, reference: str, records: list[Payload]) -> Payload:
        order = {journal_id("B", reference, UNIT, number): number for number in range(1, 10)}
        last = max(records, key=lambda record: order[record["JOURNAL_ID"]])
        shown = {
            "id": f"{UNIT}|{journal_id('B', reference, UNIT, 1)}",
            "reference": reference,
            "currency": last["lines"][0]["CURRENCY_CD"],
            "number": last["lines"][0]["JRNL_LN_REF"],
            "date": last["JOURNAL_DATE"],
        }
        return {**self.body(0), **shown}

    def everything(self, state: Any, prompts: Payload) -> Any:
        for record in state.journals.after(UNIT, ""):
            yield from ((record, line) for line in record["lines"] or [None])


class Shelf:
    """A folder that can fail as object stores do: before a file is written, after it, or for a while."""

    def __init__(self, path: Path) -> None:
        self._folder = LocalFolder(path)
        self.path = path
        self.versions: dict[str, set[bytes]] = defaultdict(set)
        self._faults: list[tuple[int, bool]] = []

    def fail(self, *, written: bool, skip: int = 0) -> None:
        """The write after ``skip`` others has no answer; ``written`` or not."""
        self._faults.append((skip, written))

    def write(self, name: str, content: bytes) -> None:
        written = self._struck()
        if written is not False:
            self._folder.write(name, content)
            self.versions[name].add(content)
        if written is not None:
            raise OSError(110, "Connection timed out")

    def _struck(self) -> bool | None:
        waiting = [(skip - 1, written) for skip, written in self._faults if skip > 0]
        struck = [written for skip, written in self._faults if skip == 0]
        self._faults = waiting
        return struck[0] if struck else None

    def names(self) -> list[str]:
        return self._folder.names()

    def read(self, name: str) -> bytes:
        return self._folder.read(name)


class FileSubject(JournalSubject):
    """Payments as rows of files. Of PeopleSoft it needs nothing."""

    page = 500
    bulk = True
    narrow = False

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        super().__init__(sandbox)
        self.folder = Shelf(folder)

    @property
    def choices(self) -> SettlementOptions:
        return super().choices.model_copy(update={"way": "staged", "csv_path": str(self.folder.path)})

    @asynccontextmanager
    async def open(self, store: Store, *, batches: bool = True) -> AsyncIterator[Target]:
        settings = connection(self.sandbox)
        async with make_client(settings) as client:
            service = QueryService(client, settings.redactor())
            place = Place(settings, service, None, self.dataset, self.folder, self.now)
            target = make_target(self.tenant, store, self.choices, place)
            if not batches:
                target.limits = replace(target.limits, batch={})
            yield target

    def guilty(self, number: int) -> Payload:
        return self.body(number) | {"parts": []}

    def writes(self) -> int:
        """Files; the same file written again is no second one, but must hold the same."""
        assert {len(contents) for contents in self.folder.versions.values()} <= {1}
        return len(self.folder.names())

    def living(self) -> list[Payload]:
        rows = [row for name in self.folder.names() for row in parse(self.folder.read(name))]
        assert len({(row.reference, row.entry, row.part) for row in rows}) == len(rows)
        of_payment: dict[str, list[Row]] = defaultdict(list)
        for row in sorted(rows, key=lambda row: row.entry):
            of_payment[row.reference].append(row)
        return [self._line(rows[-1]) for rows in of_payment.values() if sum(row.amount for row in rows)]

    def _line(self, row: Row) -> Payload:
        shown = {"id": f"staged|{row.reference}", "reference": row.reference, "currency": row.currency}
        return {**self.body(0), **shown, "number": row.details["number"], "date": row.details["payment_date"]}

    def lose_answer(self, skip: int = 0) -> None:
        self.folder.fail(written=True, skip=skip)

    def never_arrive(self) -> None:
        self.folder.fail(written=False)

    def repeat_secrets(self, kind: str) -> None:
        self.folder.fail(written=False)


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(Size(vouchers=1, suppliers=3), scenario="plain") as running:
        yield running
        await running.settled()


class TestJournals(TargetContract):
    @pytest.fixture
    def subject(self, sandbox: Sandbox) -> Subject:
        return JournalSubject(sandbox)


class TestFiles(TargetContract):
    """A file may be written twice without harm, so nothing waits and nothing is asked for twice."""

    @pytest.fixture
    def subject(self, sandbox: Sandbox, tmp_path: Path) -> Subject:
        return FileSubject(sandbox, tmp_path / "files")

    async def test_a_late_commit_is_waited_for(self, bench: Bench) -> None:
        """Nothing is late: what had no answer is written again at once, the same."""
        subject = cast(FileSubject, bench.subject)
        bench.offer(3)
        subject.folder.fail(written=True)
        assert (await bench.run())["in_doubt"] == 3
        await bench.run()  # writes the same file once more
        assert subject.writes() == 1
        bench.each_once(3)

    async def test_what_never_arrived_is_sent_again(self, bench: Bench) -> None:
        bench.offer(3)
        bench.subject.never_arrive()
        assert (await bench.run(batches=False))["in_doubt"] == 1
        assert (await bench.settle(batches=False)) == {"adopted": 1}
        assert bench.subject.writes() == 3
        bench.each_once(3)

    async def test_a_search_that_lags_is_no_absence(self, bench: Bench) -> None:
        """The state database is what is searched, and it never lags: what it does not know is absent."""
        bench.offer(4)
        async with bench.flow() as ctx:
            await extract(ctx)
            transform(ctx)
            with ctx.store.write() as tx:
                claims.claim_ready(tx, ctx.scope, ctx.claimant, 4)
        await bench.subject.pass_time(bench.subject.settle + 1)
        assert await look_up(bench) == [Verdict.ABSENT] * 4
        await bench.settle()
        bench.each_once(4)

    async def test_an_ignored_filter_is_no_answer(self, bench: Bench) -> None:
        """Other people's files in the folder, and those of other tenants, say nothing."""
        subject = cast(FileSubject, bench.subject)
        bench.offer(2)
        await bench.run()
        (ours,) = subject.folder.path.iterdir()
        (subject.folder.path / "notes.csv").write_bytes(b"not,ours")
        ours.rename(ours.with_name(f"another-{ours.name}"))
        bench.fresh_ledger("second")
        assert (await bench.run())["created"] == 2

    @pytest.mark.parametrize("skip", [0, 3])
    async def test_a_rate_limit_stops_the_flow_and_counts_nothing(self, bench: Bench, skip: int) -> None:
        """Storage that does not answer stops the flow; the rows are stored, and are exported later."""
        folder = cast(FileSubject, bench.subject).folder
        bench.offer(8)
        for number in range(skip, 8):
            folder.fail(written=False, skip=number)
        await bench.run(batches=False, tolerant=True)
        rows = bench.rows().values()
        assert {row.attempts for row in rows} == {0}
        assert {row.status for row in rows} <= {"ready", "loaded", "sending"}
        assert bench.statuses().get("loaded", 0) == skip
        await bench.settle(batches=False, tolerant=True)
        bench.each_once(8)
