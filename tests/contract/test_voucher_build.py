"""Voucher Build keeps the contract: what it accepts is decided by a batch, and found by a look-up."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ml_connector.core.contract import Target
from ml_connector.core.errors import ConnectorError
from ml_connector.core.ledger.actions import replay
from ml_connector.core.stages import doubt
from ml_connector.core.stages.outcomes import Settler
from ml_connector.core.stages.reconcile import confirm
from ml_connector.core.state.store import Store
from ml_connector.peoplesoft.voucher_build.connect import open_voucher_build
from ml_connector.peoplesoft.writers.options import VoucherBuildOptions
from sandbox.peoplesoft.build.process import run_voucher_build
from sandbox.server import Sandbox
from tests.contract.peoplesoft import VoucherSubject
from tests.contract.peoplesoft_suite import KeptContract
from tests.contract.subject import Subject
from tests.contract.suite import Bench, change, remove


class BuildSubject(VoucherSubject):
    """Posts a message; the batch runs between two runs of the flow."""

    way = "async"
    posted = "IB VOUCHER_BUILD"

    @asynccontextmanager
    async def open(self, store: Store, *, batches: bool = True) -> AsyncIterator[Target]:
        async with self.site(store) as site, open_voucher_build(site, store) as target:
            yield target

    def options(self) -> Any:
        return super().options().model_copy(update={"voucher_build": VoucherBuildOptions(way=self.way)})

    def build(self) -> None:
        run_voucher_build(self.sandbox.peoplesoft)

    def writes(self) -> int:
        return self.sandbox.calls.count(f"peoplesoft {self.posted}")

    def _fault(self, kind: str, **more: Any) -> None:
        self.sandbox.faults.add(system="peoplesoft", kind=kind, operation=self.posted, **more)


class RestSubject(BuildSubject):
    way = "rest"
    posted = "POST VoucherBuild"


class BuildBench(Bench):
    """A run whose load is followed by the batch and by the confirmation of what was accepted."""

    async def run(self, **more: Any) -> dict[str, Any]:
        try:
            counts = await super().run(**more)
        except ConnectorError:
            await self.decide()
            raise
        alerts = counts.pop("alerts", [])
        decided = await self.decide()
        total = Counter(counts) + Counter(decided.counts)
        total["accepted"] = decided.counts["accepted"]
        return {name: number for name, number in total.items() if number} | {
            "alerts": alerts + decided.alerts
        }

    async def decide(self) -> Settler:
        assert isinstance(self.subject, BuildSubject)
        self.subject.build()
        async with self.flow() as ctx:
            settler = Settler(ctx)
            await confirm(ctx, settler)
        return settler


class TestVoucherBuild(KeptContract):
    subjects = (BuildSubject, RestSubject)

    @pytest.fixture(params=["async", "rest"])
    def subject(self, sandbox: Sandbox, request: pytest.FixtureRequest) -> Iterator[Subject]:
        made = self.subjects[request.param == "rest"](sandbox)
        yield made
        made.heal()

    async def test_update_and_removal_arrive_once(self, bench: Bench) -> None:
        """Voucher Build adds and nothing else: both are for a person."""
        bench.offer(4)
        await bench.run()
        written = bench.subject.writes()
        change(bench, 1)
        remove(bench, 2)
        counts = await bench.run()
        assert counts == {"held": 2, "alerts": []}
        assert bench.subject.writes() == written
        row = bench.rows()["00001"]
        assert "DESCR254_MIXED" in row.reason

    @pytest.mark.parametrize("place", [1, 6, 11])
    async def test_one_guilty_document_is_rejected_and_its_batch_goes_through(
        self, bench: Bench, place: int
    ) -> None:
        """Put right, it waits for a person: the batch may still build what it refused."""
        bench.offer(11)
        guilty = f"{place:05d}"
        bench.put(place, bench.subject.guilty(place))
        counts = await bench.run()
        assert (counts["created"], counts["rejected"]) == (10, 1)
        assert [key for key, row in bench.rows().items() if row.status == "rejected"] == [guilty]
        subject, written = bench.subject, bench.subject.writes()
        assert isinstance(subject, BuildSubject)
        (number,) = [row["VOUCHER_ID"] for row in subject.sandbox.peoplesoft.staging.rows]
        bench.put(place, bench.subject.body(place))
        counts = await bench.run()
        assert (counts["held"], subject.writes()) == (1, written)
        assert [f"lies in staging as US001|{number}" in alert for alert in counts["alerts"]] == [True]
        subject.sandbox.peoplesoft.staging.rows.clear()
        key = bench.rows()[guilty].key
        async with bench.flow() as ctx:
            with ctx.store.write() as tx:
                assert replay(tx, ctx.scope, [key]) == 1
        assert (await bench.run())["created"] == 1
        bench.each_once(11)

    @pytest.mark.parametrize("act", ["update"])
    async def test_a_lost_answer_to_a_change_is_looked_up(self, bench: Bench, act: str) -> None:
        """No change is sent, so no answer is lost; one that a person made is recognised."""
        bench.offer(1)
        await bench.run()
        (thing,) = bench.subject.living()
        subject = bench.subject
        assert isinstance(subject, BuildSubject)
        subject.held.change_voucher("US001", thing["VOUCHER_ID"], {"DESCR254_MIXED": "changed"})
        change(bench, 1)
        assert (await bench.run())["updated"] == 1
        bench.each_once(1)

    @pytest.fixture
    def bench(self, subject: Subject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
        monkeypatch.setattr(doubt, "BETWEEN_LOOKUPS", timedelta(seconds=0.01))
        made = BuildBench(subject, tmp_path)
        yield made
        made.database.close()
