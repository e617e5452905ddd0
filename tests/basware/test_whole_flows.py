"""Everything that whole runs send, held against the vendor's OpenAPI descriptions."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from ml_connector.core.http import AiohttpTransport, Request
from tests.flows.basware import BaswareWorld, basware_world

from .openapi import OpenApi

FILE = {"name": "invoice.pdf", "content": base64.b64encode(b"%PDF-1.7").decode(), "type": "application/pdf"}
LISTS = {
    name: {"list": f"ACC_LIST_{number}"}
    for number, name in enumerate(("operating_units", "products", "funds", "classes", "programs"), 1)
}


@pytest.fixture
async def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[BaswareWorld]:
    async with basware_world(tmp_path, monkeypatch) as made:
        made.options(
            attachments={"path": f"file://{tmp_path / 'files'}"},
            master={"lists": LISTS, "projects": "interface", "vendors": {"bank_accounts": True}},
        )
        made.queries({"payees.full": "ML_AP_PAYEES", "payees.by_key": "ML_AP_PAYEE_KEY"})
        yield made


@pytest.fixture
def sent(world: BaswareWorld, monkeypatch: pytest.MonkeyPatch) -> list[Request]:
    """Requests to Basware's API, but for log-ins and what a redirect leads to."""
    seen: list[Request] = []
    send, host = AiohttpTransport.send, world.sandbox.basware_url

    async def noting(transport: AiohttpTransport, request: Request) -> Any:
        path = urlsplit(request.target).path
        if request.url.startswith(host) and path != "/v1/tokens" and not path.startswith("/_presigned"):
            seen.append(request)
        return await send(transport, request)

    monkeypatch.setattr(AiohttpTransport, "send", noting)
    return seen


async def test_every_request_of_both_directions_is_one_that_the_vendor_describes(
    world: BaswareWorld, sent: list[Request], facts: Path
) -> None:
    for _ in range(2):
        await world.out()
    rows = [{"netTotal": Decimal("60.10"), "taxSum": Decimal("6.01"), "costCenterCode": "10200"}]
    body = {"values": {"invoiceNumber": "GOOD"}, "rows": rows, "attachments": [FILE]}
    world.p2p("invoice", **body)
    world.approve("X" * 100)
    await world.settle()
    await world.back("attachments")
    (voucher,) = world.vouchers()
    world.peoplesoft("pay", key=[voucher["BUSINESS_UNIT"], voucher["VOUCHER_ID"]])
    for _ in range(2):
        await world.out("payments")
    supplier = next(iter(world.sandbox.peoplesoft.suppliers.under("SHARE")))
    key = ["SHARE", supplier["VENDOR_ID"]]
    world.peoplesoft("upsert", record="supplier", key=key, values={"VENDOR_STATUS": "I"})
    await world.out("vendors", full=True)
    paths = {f"{one.method} {part(one)}" for one in sent}
    assert paths >= {
        "POST paymentTerms", "POST taxCodes", "POST accounts", "POST costCenters", "POST lists",
        "POST projects", "POST vendors", "POST acknowledge", "POST transferResponses",
        "POST paymentResponses", "GET attachments", "GET requestStatus", "GET accountingDocuments",
    }  # fmt: skip
    descriptions = OpenApi(facts / "openapi")
    for request in sent:
        descriptions.check(request)


def part(request: Request) -> str:
    """The last part of a path that is a name and no value."""
    names = urlsplit(request.target).path.strip("/").split("/")
    if names[1] == "accountingDocuments" and len(names) > 3:
        return names[3]
    return names[1]
