"""A client that sends one mutation for each item, one after the other, as the vendor's SDK and n8n's node do.

It waits as long as a refusal asks, remembers the ids of its items, looks nothing up and reads nothing back.
``new FOLDER`` creates the items of ``vouchers.json`` with their lines, ``changed FOLDER`` writes those of
``changed.json`` and one line of each.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aiohttp

from sandbox.credentials import MONDAY_TOKEN
from tests.flows.sandbox_time import SandboxTime

CREATE = """
mutation CreateItem($board: ID!, $group: String, $name: String!, $values: JSON) {
  create_item(board_id: $board, group_id: $group, item_name: $name, column_values: $values) { id }
}
"""
CHANGE = """
mutation ChangeItem($board: ID!, $item: ID!, $values: JSON!) {
  change_multiple_column_values(board_id: $board, item_id: $item, column_values: $values) { id }
}
"""
_ITEM = {
    "voucher": "VOUCHER_ID", "business_unit": "BUSINESS_UNIT", "invoice_number": "INVOICE_ID",
    "supplier_id": "VENDOR_ID", "amount": "GROSS_AMT", "currency": "TXN_CURRENCY_CD",
    "terms": "PYMNT_TERMS_CD",
}  # fmt: skip
_DATES = {"invoice_date": "INVOICE_DT", "due_date": "DUE_DT", "accounting_date": "ACCOUNTING_DT"}
Row = dict[str, Any]


class Plain:
    """The client.

    Args:
        boards: id and group of each board, by its name.
    """

    def __init__(
        self, http: aiohttp.ClientSession, url: str, boards: Mapping[str, Row], time: SandboxTime
    ) -> None:
        self._http, self._url, self._boards, self._time = http, url, boards, time
        self.waited = 0.0

    async def create(self, board: str, name: str, values: Row) -> str:
        """The id of a new item."""
        place, text = self._boards[board], json.dumps(values)
        variables = {"board": place["id"], "group": place["group"], "name": name, "values": text}
        return await self._send(CREATE, variables, "create_item")

    async def change(self, board: str, item: str, values: Row) -> str:
        """Write columns of an item."""
        variables = {"board": self._boards[board]["id"], "item": item, "values": json.dumps(values)}
        return await self._send(CHANGE, variables, "change_multiple_column_values")

    async def _send(self, document: str, variables: Row, field: str) -> str:
        body = {"query": document, "variables": variables}
        while True:
            async with self._http.post(self._url, json=body) as response:
                answer = await response.json()
            if response.status != 429:
                return str(answer["data"][field]["id"])
            seconds = answer["errors"][0]["extensions"]["retry_in_seconds"]
            self.waited += seconds
            await self._time.sleep(seconds)


def key(voucher: Row) -> str:
    """Natural key."""
    return f"{voucher['BUSINESS_UNIT']}|{voucher['VOUCHER_ID']}"


def item_values(voucher: Row) -> Row:
    """Columns of an invoice."""
    texts = {f"ps_{name}": voucher[source] for name, source in _ITEM.items()}
    dates = {f"ps_{name}": {"date": voucher[source]} for name, source in _DATES.items()}
    return {"ps_key": key(voucher), **texts, **dates}


def line_values(voucher: Row, line: Row, parent: str) -> Row:
    """Columns of a line."""
    (part,) = line["distributions"]
    return {
        "ps_key": f"{key(voucher)}|{line['VOUCHER_LINE_NUM']}-1", "ps_parent": {"item_ids": [int(parent)]},
        "ps_description": line["DESCR"], "ps_amount": part["MERCHANDISE_AMT"],
        "ps_quantity": line["QTY_VCHR"], "ps_unit_price": line["UNIT_PRICE"],
        "ps_account_number": part["ACCOUNT"], "ps_department": part["DEPTID"],
    }  # fmt: skip


async def new(client: Plain, vouchers: list[Row], ids: Row) -> None:
    """Everything is made."""
    for voucher in vouchers:
        item = await client.create("Invoices", voucher["INVOICE_ID"], item_values(voucher))
        lines = [
            await client.create("Invoice lines", line["DESCR"], line_values(voucher, line, item))
            for line in voucher["lines"]
        ]
        ids[key(voucher)] = [item, *lines]


async def changed(client: Plain, vouchers: list[Row], ids: Row) -> None:
    """Each invoice and its first line are written."""
    for voucher in vouchers:
        item, line, *_ = ids[key(voucher)]
        await client.change("Invoices", item, item_values(voucher))
        await client.change("Invoice lines", line, line_values(voucher, voucher["lines"][0], item))


async def main(work: str, folder: Path) -> None:
    """One piece of work."""
    time = SandboxTime(os.environ["BENCH_CONTROL"], folder / "clock")
    known = folder / "ids.json"
    ids: Row = json.loads(known.read_text()) if known.exists() else {}
    vouchers = json.loads((folder / ("vouchers.json" if work == "new" else "changed.json")).read_text())
    boards = json.loads((folder / "boards.json").read_text())
    headers = {"Authorization": MONDAY_TOKEN, "API-Version": "2026-10"}
    async with aiohttp.ClientSession(headers=headers) as http:
        client = Plain(http, f"{os.environ['BENCH_MONDAY']}/v2", boards, time)
        await (new if work == "new" else changed)(client, vouchers, ids)
    known.write_text(json.dumps(ids))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2])))
