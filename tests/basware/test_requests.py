"""What is sent, held against the vendor's OpenAPI descriptions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ml_connector.basware.options import WebhookOptions
from ml_connector.basware.subscriptions import Wanted
from ml_connector.core.state.store import Store

from .openapi import OpenApi
from .support import TOKEN, Basware, answer, connected, written


def sample(facts: Path, name: str) -> Any:
    return json.loads((facts / "samples" / f"{name}.json").read_text())


async def test_every_call_is_one_that_the_vendor_describes(state: Store, facts: Path) -> None:
    api_of = OpenApi(facts / "openapi")
    row = answer({"accountingDocuments": [{"invoiceId": "1"}]}, X_amz_meta_continuationToken="t-1")
    basware = Basware([row, answer(None, 404), row, answer(None, 404), written()])
    async with connected(basware, state) as api:
        query = {"ProcessingStatus": "WaitingForTransfer", "pageSize": "100", "companyCode": "US001"}
        async for _ in api.pages("/v1/accountingDocuments", query):
            pass
        await api.acknowledge("138e")
        await api.respond("138e", "transferResponses", sample(facts, "transferResponse_post_success"))
        await api.respond("138e", "transferResponses", sample(facts, "transferResponse_post_failure"))
        await api.respond("138e", "paymentResponses", sample(facts, "paymentResponse_post_full"))
        await api.import_records("/v1/accounts", sample(facts, "accounts_post_request"))
        await api.import_records("/v1/vendors", sample(facts, "vendors_post_request"))
        await api.import_records("/v1/lists/ACC_LIST_21", sample(facts, "lists_ACC_LIST_21_post_request"))
        options = WebhookOptions()
        await api.subscribe(Wanted("https://hooks.example.com/x", TOKEN, options.tasks).entries())
        await api.unsubscribe("All", "All", "2026-11-20T00:00:00Z")
        basware.replies = [answer(None, 404)]
        await api.subscriptions()
        await api.tasks({"taskStatus": "Failed", "lastUpdated": "2026-11-20T00:00:00.000Z"})
        await api.request_status("06ca6901-f728-489b-a827-704f5048858c")
        async for _ in api.request_statuses(
            status="Error", entity_type="Vendor", since="2026-11-20T00:00:00Z"
        ):
            pass
    assert len(basware.seen) >= 16
    for request in basware.seen:
        api_of.check(request)
