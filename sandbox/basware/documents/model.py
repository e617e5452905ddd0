"""An invoice as the API layer holds it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sandbox.basware import moments

KEPT = 100
"""So many responses of a kind are kept; the oldest go."""
KINDS = ("prebookResponses", "transferResponses", "paymentResponses", "enrichmentResponses")
AFTER_TRANSFER = frozenset({"Transferred", "Paid"})

Values = dict[str, Any]


@dataclass(frozen=True)
class Attachment:
    """A file that belongs to an invoice."""

    code: str
    name: str
    type: str
    content: bytes
    created: datetime

    def shown(self) -> Values:
        """As the invoice lists it."""
        return {
            "externalCode": self.code,
            "category": "Attachment",
            "filename": self.name,
            "isConfidential": False,
            "creationTime": moments.written(self.created),
        }


@dataclass
class Document:
    """One invoice.

    Attributes:
        id: 32 hexadecimal digits.
        values: header fields, without those below.
        codes: external codes of all its responses, also of those no longer kept.
        written: when it was last written through the API, in seconds of the sandbox clock; 0 is never.
        vouchers: voucher numbers of all its successful transfers.
        generation: how often it was offered.
    """

    id: str
    values: Values
    rows: list[Values]
    status: str
    updated: datetime
    files: dict[str, Attachment] = field(default_factory=dict)
    responses: dict[str, list[Values]] = field(default_factory=lambda: {kind: [] for kind in KINDS})
    codes: set[str] = field(default_factory=set)
    written: float = 0.0
    vouchers: list[tuple[str, str]] = field(default_factory=list)
    generation: int = 1

    @property
    def mode(self) -> str:
        """`Standard` or `InvoiceEnrichment`."""
        return str(self.values["p2pProcessingMode"])

    def keep(self, kind: str, response: Values) -> None:
        """Add a response."""
        kept = self.responses[kind]
        kept.append(response)
        del kept[:-KEPT]
        self.codes.add(response["externalCode"])

    def shown(self, *, attachments: bool) -> Values:
        """The whole invoice."""
        made = {
            "invoiceId": self.id,
            **self.values,
            "processingStatus": self.status,
            "lastUpdated": moments.written(self.updated),
            "codingRows": self.rows,
        }
        if attachments and self.files:
            made["attachments"] = [file.shown() for file in self.files.values()]
        return made | {kind: rows for kind, rows in self.responses.items() if rows}

    def row(self) -> Values:
        """The invoice in short, for the control endpoint."""
        return {
            "invoiceId": self.id,
            "invoiceNumber": self.values.get("invoiceNumber"),
            "companyCode": self.values["companyCode"],
            "processingStatus": self.status,
            "voucherNumber1": self.values.get("voucherNumber1"),
            "transferResponses": len(self.responses["transferResponses"]),
            "paymentResponses": len(self.responses["paymentResponses"]),
            "generation": self.generation,
        }
