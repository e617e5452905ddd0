"""What P2P made of a response, also of one whose answer got lost."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from ml_connector.basware.api import BaswareApi
from ml_connector.basware.responses.verdicts import Verdicts
from ml_connector.core.contract import Payload
from ml_connector.core.state.store import Store
from sandbox.data import Size
from sandbox.server import Sandbox
from tests.basware.simulator import connected, operate

REFUSED: Payload = {"success": False, "responseMessage": "no", "paymentBlock": False}
STATUS, LIST = "basware GET /v1/requestStatus/{requestId}", "basware GET /v1/requestStatus"


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(Size(vouchers=1, suppliers=1), scenario="plain") as made:
        yield made


@pytest.fixture
async def api(sandbox: Sandbox, store: Store) -> AsyncIterator[BaswareApi]:
    async with connected(sandbox, store) as made:
        yield made


async def answered(sandbox: Sandbox, api: BaswareApi, count: int) -> list[Payload]:
    """Receipts of responses that P2P has decided about."""
    receipts = []
    for number in range(count):
        invoice = operate(sandbox, "invoice")["invoiceId"]
        body = {"externalCode": f"code{number}", **REFUSED}
        receipt = await api.respond(invoice, "transferResponses", body)
        sent_at = sandbox.clock.now().isoformat()
        receipts.append({"code": f"code{number}", "request_id": receipt.request_id, "sent_at": sent_at})
    sandbox.clock.advance(60)
    return receipts


def asked(sandbox: Sandbox) -> tuple[int, int]:
    counted: Any = sandbox.calls.per_operation
    return counted[STATUS], counted[LIST]


async def test_few_are_asked_for_one_by_one(sandbox: Sandbox, api: BaswareApi) -> None:
    receipts = await answered(sandbox, api, 3)
    found = await Verdicts(api, "TransferResponse").of(receipts)
    assert {code: item.status for code, item in found.items()} == {
        receipt["code"]: "Success" for receipt in receipts
    }
    assert asked(sandbox) == (3, 0)


async def test_many_are_found_in_the_list(sandbox: Sandbox, api: BaswareApi) -> None:
    receipts = await answered(sandbox, api, 12)
    assert len(await Verdicts(api, "TransferResponse").of(receipts)) == 12
    assert asked(sandbox) == (0, 1)


async def test_one_whose_request_is_not_known_is_found_in_the_list(sandbox: Sandbox, api: BaswareApi) -> None:
    receipts = await answered(sandbox, api, 2)
    since = sandbox.clock.now() - timedelta(minutes=30)
    lost = receipts[0] | {"request_id": None, "sent_at": since.isoformat()}
    found = await Verdicts(api, "TransferResponse").of([lost, receipts[1]])
    assert set(found) == {"code0", "code1"}
    assert asked(sandbox) == (0, 1), "what the list shows is not asked for once more"


async def test_nothing_is_asked_for_nothing(sandbox: Sandbox, api: BaswareApi) -> None:
    assert await Verdicts(api, "TransferResponse").of([]) == {}
    assert asked(sandbox) == (0, 0)
