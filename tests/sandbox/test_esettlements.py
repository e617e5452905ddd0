"""The eSettlements inquiry services."""

from __future__ import annotations

import pytest

from sandbox.server import Sandbox

from .clients import Asker


@pytest.mark.parametrize(
    ("service", "body", "answer"),
    [
        ("espaymentstatus", {"ipInvoice": "DEMO-PAID-BY-PEOPLESOFT"}, {"opStatus": "Paid"}),
        ("espaymentstatus", {"ipInvoice": "DEMO-GOOD"}, {"opStatus": "Not Selected for Payment"}),
        ("espaymentstatus", {"ipInvoice": "unknown"}, {"opStatus": ""}),
        ("esinvoicestatus", {"iInvoiceNo": "DEMO-PENDING"}, {"oStatus": "Pending"}),
        ("esinvpyminqlink", {}, {"oCardCount": "0", "oDisputeStatus": "N", "oipinqStatus": "Y"}),
    ],
)
async def test_inquiries(asker: Asker, service: str, body: dict[str, str], answer: dict[str, str]) -> None:
    found = await asker.post(f"{service}.v1/{service}", body)
    assert (found.status, found.json) == (200, answer)


async def test_payment_inquiry(asker: Asker, sandbox: Sandbox) -> None:
    path = "esfetchpaymentinquiry.v1/esfetchpaymentinquiry"
    window = {"iStartDate": "2026-11-13", "iEndDate": "2026-11-15"}
    one = (await asker.post(path, window)).json
    assert one["oOutRowNumber"].startswith("1 of ")
    sandbox.peoplesoft.switches.change({"inquiry_rows": "list"})
    rows = (await asker.post(path, window)).json
    assert one == rows[0]
    assert "DEMO-PAID-BY-PEOPLESOFT" in {row["oInvoiceID"] for row in rows}
    assert (await asker.post(path, {"iPaymentDate": "2020-01-01"})).json == []


async def test_post_and_permission_are_needed(asker: Asker, sandbox: Sandbox) -> None:
    assert (await asker.get("espaymentstatus.v1/espaymentstatus")).status == 405
    assert (await asker.post("espaymentstatus.v1/esinvoicestatus", {})).status == 404
    assert (await asker.post("espaymentstatus.v1/espaymentstatus", [])).status == 500
    sandbox.peoplesoft.switches.change({"denied": ["espaymentstatus"]})
    assert (await asker.post("espaymentstatus.v1/espaymentstatus", {})).status == 403
