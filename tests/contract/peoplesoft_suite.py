"""What the contract means where others write too, and where not everything can be removed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from ml_connector.core.stages.reconcile import reconcile
from sandbox.data import Size
from sandbox.server import Sandbox
from tests.contract.peoplesoft import PeopleSoftSubject
from tests.contract.subject import Subject
from tests.contract.suite import Bench, TargetContract, change, others, remove


class PeopleSoftContract(TargetContract):
    """What others enter into PeopleSoft is none of a flow's business."""

    subjects: tuple[type[PeopleSoftSubject], ...]

    @pytest.fixture
    async def sandbox(self) -> AsyncIterator[Sandbox]:
        async with Sandbox(Size(vouchers=1, suppliers=3), scenario="plain") as running:
            yield running

    @pytest.fixture(params=["query", "interface"])
    def subject(self, sandbox: Sandbox, request: pytest.FixtureRequest) -> Iterator[Subject]:
        made = self.subjects[request.param == "interface"](sandbox)
        yield made
        made.heal()

    async def test_a_surplus_object_on_a_later_page_is_named(self, bench: Bench) -> None:
        bench.offer(3)
        await bench.run()
        bench.fresh_ledger("second")
        del bench.bodies.documents[max(bench.bodies.documents)]
        await bench.run()
        async with bench.flow() as ctx:
            report = await reconcile(ctx)
        assert (report["checked"], report["differences"]) == (2, {})


class KeptContract(PeopleSoftContract):
    """What cannot be removed by a call is left to a person."""

    async def test_update_and_removal_arrive_once(self, bench: Bench) -> None:
        bench.offer(4)
        await bench.run()
        change(bench, 1)
        remove(bench, 2)
        counts = await bench.run()
        assert (counts["updated"], counts["held"]) == (1, 1)
        assert len(bench.subject.living()) - others(bench) == 3
        written = bench.subject.writes()
        await bench.run()
        assert bench.subject.writes() == written

    @pytest.mark.parametrize("act", ["update"])
    async def test_a_lost_answer_to_a_change_is_looked_up(self, bench: Bench, act: str) -> None:
        await super().test_a_lost_answer_to_a_change_is_looked_up(bench, act)
