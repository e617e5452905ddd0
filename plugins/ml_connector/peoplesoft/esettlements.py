"""An optional probe of the eSettlements application services for the payment status of an invoice.

What it cannot tell, so that it is no source of payments:

* The question is an invoice number alone, without business unit and supplier. Two suppliers with
  the same invoice number cannot be told apart, and the answer depends on who asks.
* There is no payment reference, no payment date, no bank and no voucher id in the answers.
* Statuses are texts in the caller's language, not codes.
* A voided or replaced payment, a part payment and several scheduled payments of one voucher are
  not distinguished: there is one status per invoice.
* Resource and parameter names are documented by Oracle; envelope, date format and path are not.

Payments are read with the query ML_AP_PAYMENTS instead (PYMNT_VCHR_XREF with PAYMENT_TBL).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from ml_connector.core.errors import AuthenticationError, ConfigurationError, NotActivated, Unavailable
from ml_connector.core.http import Client, Response, json_request
from ml_connector.peoplesoft import answers


@dataclass(frozen=True, slots=True)
class InquiredPayment:
    """One row of ``esfetchpaymentinquiry``, texts as they came."""

    invoice_id: str
    invoice_date: str
    gross_amount: str
    currency: str
    payment_type: str
    status: str


class ESettlements:
    """Asks the application services below the client's node."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def payment_status(self, invoice_id: str) -> str | None:
        """The status text of an invoice; None where the service knows none."""
        answer = await self._ask("espaymentstatus", {"ipInvoice": invoice_id})
        status = answer[0].get("opStatus") if answer else None
        return str(status).strip() or None if status is not None else None

    async def payments(self, since: date, until: date) -> list[InquiredPayment]:
        """Payments between two dates, both included."""
        body = {"iStartDate": since.isoformat(), "iEndDate": until.isoformat(), "iPaymentDate": ""}
        names = (
            "oInvoiceID",
            "oInvDate",
            "oGrossAmount",
            "oTxnCurrencyCD",
            "oInvPymntType",
            "oPymntStatus",
        )
        rows = await self._ask("esfetchpaymentinquiry", body)
        return [InquiredPayment(*(str(row.get(name, "")) for name in names)) for row in rows if row]

    async def _ask(self, service: str, body: dict[str, str]) -> list[dict[str, Any]]:
        """The answer's objects; the service may answer one object or a list."""
        request = json_request("POST", f"{service}.v1/{service}", body, idempotent=True)
        response = await self._client.send(request)
        if response.status != 200:
            raise self._refusal(service, response)
        if answers.is_html(response):
            answers.refuse_page(response)
        try:
            answer = response.json()
        except ValueError:
            raise Unavailable(f"{service} answered no JSON: {self._client.excerpt(response)}") from None
        found = answer if isinstance(answer, list) else [answer]
        return [row for row in found if isinstance(row, dict)]

    def _refusal(self, service: str, response: Response) -> Exception:
        said = f"{service} answered {response.status}"
        match response.status:
            case 401:
                return AuthenticationError(f"{said}: login or token refused")
            case 403 | 500:
                return NotActivated(f"{said}. {answers.grant_text(service)}.", operation=service)
            case 404:
                return ConfigurationError(f"{said}: the application service is not exported on this node")
        return Unavailable(f"{said}: {self._client.excerpt(response)}")
