"""eSettlements inquiry services: POST, keyed by invoice number only, status as text.

Resource, method and parameter names are documented; envelope, repetition and base path are
inferred, so `inquiry_rows` switches between one object and a list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from sandbox.data.size import Record

from .execute import plain
from .state import PeopleSoftState
from .xlat import TRANSLATIONS

Service = Callable[[PeopleSoftState, dict[str, Any]], Any]


def _of_invoice(state: PeopleSoftState, invoice: str) -> Record | None:
    for table in state.vouchers.values():
        for voucher in table.of_invoice(invoice):
            return voucher
    return None


def _payment_text(row: Record) -> str:
    code = str(row["PYMNT_SELCT_STATUS"])
    return TRANSLATIONS["PYMNT_SELCT_STATUS"].get(code, code)


def payment_status(state: PeopleSoftState, body: dict[str, Any]) -> Any:
    """`espaymentstatus`: the status of one invoice's first payment."""
    voucher = _of_invoice(state, str(body.get("ipInvoice", "")))
    return {"opStatus": _payment_text(voucher["payments"][0]) if voucher and voucher["payments"] else ""}


def invoice_status(state: PeopleSoftState, body: dict[str, Any]) -> Any:
    """`esinvoicestatus`: the approval status of one invoice."""
    voucher = _of_invoice(state, str(body.get("iInvoiceNo", "")))
    return {"oStatus": TRANSLATIONS["APPR_STATUS"][voucher["APPR_STATUS"]] if voucher else ""}


def payment_inquiry(state: PeopleSoftState, body: dict[str, Any]) -> Any:
    """`esfetchpaymentinquiry`: payments made between two dates, or on one."""
    on = str(body.get("iPaymentDate", ""))
    since, until = (on, on) if on else (str(body.get("iStartDate", "")), str(body.get("iEndDate", "")))
    found = list(_paid(state, since, until))
    rows = [
        {
            "oInvoiceID": voucher["INVOICE_ID"],
            "oInvDate": voucher["INVOICE_DT"],
            "oGrossAmount": str(plain(voucher["GROSS_AMT"])),
            "oTxnCurrencyCD": voucher["TXN_CURRENCY_CD"],
            "oInvPymntType": TRANSLATIONS["PYMNT_METHOD"].get(row["PYMNT_METHOD"], row["PYMNT_METHOD"]),
            "oPymntStatus": _payment_text(row),
            "oOutRowNumber": f"{number} of {len(found)}",
        }
        for number, (voucher, row) in enumerate(found, 1)
    ]
    if state.switches.inquiry_rows == "list":
        return rows
    return rows[0] if rows else {}


def _paid(state: PeopleSoftState, since: str, until: str) -> Iterator[tuple[Record, Record]]:
    for table in state.vouchers.values():
        for voucher in table.paid(""):
            for row in voucher["payments"]:
                if row["payment"] and since <= row["payment"]["PYMNT_DT"] <= until:
                    yield voucher, row


def page_links(_: PeopleSoftState, __: dict[str, Any]) -> Any:
    """`esinvpyminqlink`: links of the self-service pages."""
    return {"oCardCount": "0", "oDisputeStatus": "N", "oipinqStatus": "Y"}


SERVICES: dict[str, Service] = {
    "espaymentstatus": payment_status,
    "esinvoicestatus": invoice_status,
    "esfetchpaymentinquiry": payment_inquiry,
    "esinvpyminqlink": page_links,
}
