"""Status records over a component interface keep the contract."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest

from ml_connector.core.contract import Payload, Target
from ml_connector.core.state.store import Store
from ml_connector.peoplesoft.records.flows import open_interface_records
from ml_connector.peoplesoft.records.kinds import ORDER_STATUS
from ml_connector.peoplesoft.records.options import RecordOptions
from sandbox.server import Sandbox
from tests.contract.peoplesoft import PeopleSoftSubject, connection
from tests.contract.peoplesoft_suite import KeptContract
from tests.contract.subject import Subject
from tests.contract.suite import Bench, change


class StatusSubject(PeopleSoftSubject):
    """Where orders stand; looked up by its key, so no filter can be ignored."""

    flow, kind, lookup, read = "cleo.statuses", cast(Any, ORDER_STATUS), "ML_PO_KEY", "interface"
    narrow = False

    @asynccontextmanager
    async def open(self, store: Store, *, batches: bool = True) -> AsyncIterator[Target]:
        options = RecordOptions(order_status="interface", settle_seconds=self.settle)
        settings = connection(self.sandbox)
        async with open_interface_records(ORDER_STATUS, self.tenant, store, options, settings) as target:
            yield target

    def body(self, number: int) -> Payload:
        fields = {
            "BUSINESS_UNIT": "US001", "EDI_DOC_TYPE": "PO", "EDI_DOC_ID": f"{number:010d}",
            "EDI_STATUS": "sent", "EDI_PROMISED_DT": "2026-12-01", "EDI_REASON": "-",
        }  # fmt: skip
        return {"fields": fields}

    def changed(self, body: Payload) -> Payload:
        return {"fields": body["fields"] | {"EDI_STATUS": "acknowledged"}}

    def guilty(self, number: int) -> Payload:
        return {"fields": self.body(number)["fields"] | {"EDI_DOC_TYPE": "ODD"}}

    def key(self, thing: Payload) -> str:
        return str(thing.get("fields", thing).get("EDI_DOC_ID", ""))

    def living(self) -> list[Payload]:
        table = self.held.edi_statuses
        return [{**row, "id": "|".join(table.key_of(row))} for row in table]

    def everything(self, state: Any, prompts: Payload) -> Any:
        return iter(())


class TestStatusRecords(KeptContract):
    @pytest.fixture
    def subject(self, sandbox: Sandbox) -> Iterator[Subject]:
        made = StatusSubject(sandbox)
        yield made
        made.heal()

    @pytest.mark.parametrize("act", ["update"])
    async def test_a_lost_answer_to_a_change_is_looked_up(self, bench: Bench, act: str) -> None:
        bench.offer(3)
        await bench.run()
        change(bench, 1)
        bench.subject.lose_answer()
        await bench.run(tolerant=True)
        await bench.settle()
        bench.each_once(3)
        assert bench.statuses() == {"loaded": 3}
        assert sorted(thing["EDI_STATUS"] for thing in bench.subject.living()) == [
            "acknowledged",
            "sent",
            "sent",
        ]
