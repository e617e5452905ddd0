"""Operations on invoices."""

from __future__ import annotations

from typing import Any

from sandbox.basware import moments, paging
from sandbox.basware.call import Answer, Call
from sandbox.basware.errors import bad_parameter, not_found
from sandbox.basware.paging import Query

from .model import AFTER_TRANSFER, Document
from .shapes import MODES, STATUSES

REJECTED = frozenset({"Removed", "Returned"})


def search(call: Call) -> Answer:
    """A page of invoices, which many coding rows make short; `Standard` ones unless asked otherwise."""
    status = paging.word(call.params, "processingStatus", STATUSES)
    mode = paging.word(call.params, "p2pProcessingMode", MODES) or MODES[0]
    company, since = paging.parameter(call.params, "companyCode"), paging.since(call.params)

    def matches(document: Document) -> bool:
        return (
            status in {None, document.status}
            and document.mode == mode
            and company in {None, document.values["companyCode"]}
            and (since is None or document.updated > since)
        )

    query = Query(
        call.query(),
        call.size(100, 100),
        matches,
        lambda document: len(document.rows),
        call.state.switches.page_coding_rows,
    )
    page, token = call.page(call.state.documents.order, query)
    return Answer(_wrapped(call, page), token=token, redirect=True)


def find(call: Call) -> Answer:
    """One invoice, in the wrapper of a list."""
    return Answer(_wrapped(call, [_document(call)]), redirect=True)


def _document(call: Call) -> Document:
    return call.state.documents.find(call.path["invoiceId"])


def _wrapped(call: Call, page: list[Document]) -> dict[str, Any]:
    attachments = call.state.switches.attachments_enabled
    return {"accountingDocuments": [document.shown(attachments=attachments) for document in page]}


def acknowledge(call: Call) -> Answer:
    """The caller has the invoice."""
    call.state.machine.acknowledge(_document(call))
    return Answer("Document acknowledged.")


class Respond:
    """One kind of response."""

    def __init__(self, kind: str) -> None:
        self._kind = kind

    def __call__(self, call: Call) -> Answer:
        """Take it."""
        document = _document(call)
        request, response = call.state.machine.respond(document, self._kind, call.json(), call.faults)
        return Answer(response, request_id=request.id)


def status(call: Call) -> Answer:
    """Where invoices with a number and date stand, once Basware has enabled the operation."""
    wanted = {name: paging.parameter(call.params, name) for name in ("companyCode", "invoiceNumber")}
    day = _day(call, "invoiceDate")
    if day is None or None in wanted.values():
        raise bad_parameter("companyCode, invoiceNumber and invoiceDate are required.")
    gross = paging.parameter(call.params, "grossSum")
    found = [
        _state(document)
        for document in call.state.documents.rows.values()
        if all(document.values.get(name) == value for name, value in wanted.items())
        and str(document.values.get("invoiceDate", ""))[:10] == day
        and gross in {None, str(document.values.get("grossSum"))}
    ]
    if not found or not call.state.switches.status_enabled:
        raise not_found()
    return Answer(found[: call.size(500, 500)])


def _day(call: Call, name: str) -> str | None:
    text = paging.parameter(call.params, name)
    try:
        return None if text is None else moments.read(text).date().isoformat()
    except ValueError:
        raise bad_parameter(f"{name} must be a date-time.") from None


def _state(document: Document) -> dict[str, Any]:
    word = "InApprovalProcess"
    if document.status in REJECTED:
        word = "Rejected"
    elif document.status in AFTER_TRANSFER:
        word = "Paid" if document.status == "Paid" else "ReadyForPayment"
    dispute = document.values.get("disputeInfo")
    return {
        "invoiceId": document.id,
        "status": word,
        "processingStatus": document.status,
        **({"disputeInfo": dispute} if dispute else {}),
        "lastUpdated": moments.written(document.updated),
    }


def attachment(call: Call) -> Answer:
    """A file of an invoice that was transferred."""
    document, switches = _document(call), call.state.switches
    there = switches.attachments_from == "always" or document.status in AFTER_TRANSFER
    file = document.files.get(call.path["attachmentExternalCode"])
    if file is None or not there or not switches.attachments_enabled:
        raise not_found()
    headers = {
        "Content-Type": file.type,
        "Content-Disposition": f'attachment; filename="{file.name}"',
    }
    return Answer(content=file.content, headers=headers, redirect=True)
