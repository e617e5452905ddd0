"""An invoice and its match as the document that mappings see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ml_connector.cleo.inbound.supplier_invoice import stored_payload
from ml_connector.cleo.partners.profile import Terms
from ml_connector.core.contract import Document, Payload
from ml_connector.core.ledger.exchange.received import Taken

_HEADER = (
    "BUSINESS_UNIT", "VENDOR_SETID", "VENDOR_ID", "BUSINESS_UNIT_PO", "PO_ID", "PYMNT_TERMS_CD",
    "TXN_CURRENCY_CD",
)  # fmt: skip
_INVOICE = (
    "partner", "number", "date", "kind", "currency", "order", "order_date", "business_unit", "total", "tax",
    "vat", "freight", "miscellaneous", "terms",
)  # fmt: skip
_LINE = ("description", "quantity", "unit", "price", "amount")


def question(taken: Taken, vendors: Sequence[str], before: Payload) -> Payload:
    """The invoice as a matcher takes it."""
    asked = {"key": taken.key, "vendors": list(vendors), **before}
    return {**stored_payload(taken.data["invoice"]), **asked}


def with_terms(match: Payload, taken: Taken, known: Mapping[str, Terms]) -> Payload:
    """The match, with a sentence where the invoice says other days than the order's terms: those count.

    Args:
        known: what PeopleSoft's terms mean, by the partner's file.
    """
    code, days = match.get("PYMNT_TERMS_CD") or "", taken.data["invoice"].get("net_days")
    ours = known[code].net_days if code in known else None
    if days is None or ours is None or days == ours:
        return match
    told = f"The invoice says net {days} days; the order's terms {code}, net {ours} days, count."
    return match | {"reason": f"{match['reason']} {told}".strip()}


def document_of(taken: Taken, match: Payload, unit: str, *, open_: bool) -> Document:
    """The document of the dataset ``supplier_invoices``."""
    invoice, received_at = stored_payload(taken.data["invoice"]), taken.created_at.isoformat()
    payload: Payload = {
        "id": taken.key, **{name: invoice[name] for name in _INVOICE}, "received_at": received_at,
        "control": control(taken), "file_name": taken.file_name, "duplicate_of": taken.data["duplicate_of"],
        "match": match["result"], "match_reason": match["reason"] or None, "releasable": match["releasable"],
        **{name: match.get(name) for name in _HEADER}, "lines": _lines(invoice, match),
    }  # fmt: skip
    return Document(taken.key or "", unit, payload, stamp=received_at, open=open_)


def control(taken: Taken) -> str:
    """Interchange, group and set number: what the partner finds it by."""
    number = "" if taken.number is None else f"{taken.number:09d}"
    return f"{number}/{taken.group_number}/{taken.set_number}"


def _lines(invoice: Payload, match: Payload) -> list[Payload]:
    """The lines of the voucher beside the invoice's own; the invoice's alone where nothing was found.

    One line of an invoice may become several of the voucher, ``1`` and ``1.2``.
    """
    own = {line["line"]: line for line in invoice["lines"]}
    if not match["lines"]:
        return [_own(line) | {"distributions": []} for line in own.values()]
    return [_own(own.get(line["line"]) or _split(own, line["line"])) | line for line in match["lines"]]


def _own(line: Payload) -> Payload:
    return {"line": line.get("line"), **{name: line.get(name) for name in _LINE}}


def _split(own: dict[str, Payload], name: str) -> Payload:
    """Only the description of a line that was divided: its numbers stand beside the first part."""
    whole = own.get(name.rpartition(".")[0], {})
    return {"description": whole.get("description")}
