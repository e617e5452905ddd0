"""A small voucher dataset and mappings made from a few fields."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from ml_connector.core.config import Dataset, Mapping, TenantConfig
from ml_connector.core.mapping import CompiledMapping, Mapped, Refused, Result, Waiting, compile_mapping

TENANT: dict[str, Any] = {
    "tenant": "demo",
    "environment": "test",
    "time_zone": "America/New_York",
    "start": "2026-01-01",
    "connections": {"peoplesoft": "p", "bill": "b"},
    "business_units": ["US001", "US002"],
    "setids": ["SHARE", "OTHER"],
    "setid_of": {"gl_accounts": {"US002": "OTHER"}},
    "integrations": {"bill": {}},
}

DATASET: dict[str, Any] = {
    "dataset": "vouchers",
    "system": "peoplesoft",
    "unit": "business_unit",
    "key": ["BUSINESS_UNIT", "VOUCHER_ID"],
    "fields": {
        "BUSINESS_UNIT": {},
        "VOUCHER_ID": {},
        "INVOICE_ID": {},
        "INVOICE_DT": {"type": "date"},
        "STAMP": {"type": "datetime"},
        "GROSS_AMT": {"type": "amount"},
        "TAX_AMT": {"type": "amount"},
        "QTY": {"type": "decimal"},
        "COUNT": {"type": "integer"},
        "CURRENCY": {},
        "STATUS": {"type": "code", "codes": {"P": "Postable", "O": "Open", "X": "Deleted"}},
        "ADDRESS_SEQ": {"type": "integer"},
    },
    "children": {
        "lines": {
            "key": ["LINE"],
            "fields": {"LINE": {"type": "integer"}, "DESCR": {}, "PO_ID": {}},
            "children": {
                "distributions": {
                    "key": ["PART"],
                    "fields": {
                        "PART": {"type": "integer"},
                        "ACCOUNT": {},
                        "UNIT_GL": {},
                        "AMOUNT": {"type": "amount"},
                    },
                }
            },
        },
        "payments": {"key": ["CNT"], "fields": {"CNT": {"type": "integer"}, "METHOD": {}, "HOLD": {}}},
    },
    "queries": {"changes": {"name": "V"}},
}


def voucher(**changed: Any) -> dict[str, Any]:
    """A whole voucher of two lines and three distributions over 300.50."""
    document: dict[str, Any] = {
        "BUSINESS_UNIT": "US001",
        "VOUCHER_ID": "00000042",
        "INVOICE_ID": "INV-42",
        "INVOICE_DT": "2026-10-02",
        "STAMP": "2026-10-05T09:30:00-04:00",
        "GROSS_AMT": Decimal("300.50"),
        "TAX_AMT": Decimal(0),
        "QTY": Decimal("2.500"),
        "COUNT": 3,
        "CURRENCY": "USD",
        "STATUS": "P",
        "ADDRESS_SEQ": 2,
        "lines": [
            {
                "LINE": 1,
                "DESCR": "Paper",
                "PO_ID": "",
                "distributions": [
                    {"PART": 1, "ACCOUNT": "0641000", "UNIT_GL": "US001", "AMOUNT": Decimal("100.25")},
                    {"PART": 2, "ACCOUNT": "642000", "UNIT_GL": "US002", "AMOUNT": Decimal("100.25")},
                ],
            },
            {
                "LINE": 2,
                "DESCR": "Ink",
                "PO_ID": "0000000007",
                "distributions": [{"PART": 1, "ACCOUNT": "0641000", "UNIT_GL": "", "AMOUNT": Decimal(100)}],
            },
        ],
        "payments": [{"CNT": 1, "METHOD": "ACH", "HOLD": "N"}, {"CNT": 2, "METHOD": "CHK", "HOLD": "N"}],
    }
    return document | changed


def compiled(
    fields: dict[str, Any] | None = None,
    *,
    tenant: dict[str, Any] | None = None,
    dataset: dict[str, Any] | None = None,
    **parts: Any,
) -> CompiledMapping:
    """A mapping of these fields; ``parts`` are further keys of the mapping file."""
    mapping = {
        "mapping": "bills",
        "flow": "bill.bills",
        "dataset": "vouchers",
        "label": "{INVOICE_ID}",
        "currency": "CURRENCY",
        "states": [{"state": "active"}],
        "fields": fields or {"number": {"from": "INVOICE_ID"}},
    }
    return compile_mapping(
        Mapping.model_validate(mapping | parts),
        Dataset.model_validate(DATASET | (dataset or {})),
        TenantConfig.model_validate(TENANT | (tenant or {})),
    )


def body(result: Result) -> dict[str, Any]:
    """The body of a document that could be mapped."""
    assert isinstance(result, Mapped), result
    return result.desired.body


def mapped(field: dict[str, Any], **changed: Any) -> Any:
    """What one field becomes for one voucher; the text ``(left out)`` where it does not appear."""
    return body(compiled({"x": field}).apply(voucher(**changed), {})).get("x", "(left out)")


def refused(field: dict[str, Any], **changed: Any) -> Refused:
    """How one field is refused for one voucher."""
    result = compiled({"x": field}).apply(voucher(**changed), {})
    assert isinstance(result, Refused), result
    return result


def waiting(result: Result) -> Waiting:
    """A document that waits."""
    assert isinstance(result, Waiting), result
    return result
