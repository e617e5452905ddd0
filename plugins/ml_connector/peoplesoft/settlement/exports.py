"""CSV files of settlements for people who book by hand.

A file is decided when its rows are stored, under the name that they carry: whoever writes it, and how
often, writes the same bytes. The folder is also the memory of last resort: a payment that stands in
one of its files is not exported again, even if the state database was lost.
"""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from ml_connector.core.errors import ConfigurationError
from ml_connector.core.ledger.settlements import Row
from ml_connector.peoplesoft.csv_text import ENCODING, defused, restored
from ml_connector.peoplesoft.folders import Folder
from ml_connector.peoplesoft.settlement.entries import Kind, Line, line_text, title, voucher_of

COLUMNS = (
    "export", "payment", "entry", "part", "kind", "description", "business_unit", "voucher", "amount",
    "currency", "accounting_date", "payment_date", "debit_account", "debit_department",
    "debit_operating_unit", "credit_account", "credit_department", "credit_operating_unit",
    "funding_account", "payee", "payment_number",
)  # fmt: skip
NUMBERS = frozenset({"entry", "part", "amount"})


def file_name(tenant: str, export: str) -> str:
    """Name of an export's file."""
    return f"{tenant}-{export}.csv"


def export_of(tenant: str, name: str) -> str | None:
    """Inverse of :func:`file_name`; None for another file."""
    prefix, suffix = f"{tenant}-", ".csv"
    fits = name.startswith(prefix) and name.endswith(suffix)
    return name[len(prefix) : -len(suffix)] if fits else None


def amount_text(amount: Decimal) -> str:
    """With its sign and at least two decimals, in plain notation.

    The database may have added zeros, and those must not make two files differ.
    """
    places = max(2, -int(amount.normalize().as_tuple().exponent))
    return f"{amount:.{places}f}"


def render(rows: Sequence[Row]) -> bytes:
    """The file of these rows; the same rows always give the same bytes."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    for row in rows:
        values = _values(row)
        writer.writerow(
            {name: value if name in NUMBERS else defused(value) for name, value in values.items()}
        )
    return text.getvalue().encode(ENCODING)


def _values(row: Row) -> dict[str, str]:
    debit, credit, *_ = [*(Line(**line) for line in row.details["lines"]), Line(0, "", Decimal(0), "")]
    return {
        "export": row.export or "",
        "payment": row.reference,
        "entry": str(row.entry),
        "part": str(row.part),
        "kind": row.kind,
        "description": title(row.reference, Kind(row.kind)),
        "business_unit": row.unit,
        "voucher": line_text(row.voucher),
        "amount": amount_text(row.amount),
        "currency": row.currency,
        "accounting_date": row.accounting_date,
        "payment_date": str(row.details.get("payment_date", "")),
        "debit_account": debit.account,
        "debit_department": debit.department,
        "debit_operating_unit": debit.operating_unit,
        "credit_account": credit.account,
        "credit_department": credit.department,
        "credit_operating_unit": credit.operating_unit,
        "funding_account": str(row.details.get("funding_account", "")),
        "payee": str(row.details.get("payee", "")),
        "payment_number": str(row.details.get("number", "")),
    }


def parse(content: bytes) -> list[Row]:
    """The rows of a file that :func:`render` made.

    Raises:
        ValueError: somebody changed the file, so that it cannot be read any more.
    """
    reader = csv.DictReader(io.StringIO(content.decode(ENCODING), newline=""))
    if tuple(reader.fieldnames or ()) != COLUMNS:
        raise ValueError("other columns than those that were written")
    return [_row(_cells(record)) for record in reader]


def _cells(record: Mapping[str | None, Any]) -> dict[str, str]:
    """One line; cells beyond the columns stand under None, missing ones hold None."""
    if None in record or None in record.values():
        raise ValueError("a line has another number of cells")
    return {str(name): restored(value) for name, value in record.items()}


def _row(values: Mapping[str, str]) -> Row:
    try:
        entry, part, amount = int(values["entry"]), int(values["part"]), Decimal(values["amount"])
    except InvalidOperation:
        raise ValueError(f"{values['amount']!r} is no amount") from None
    text = values["voucher"]
    lines = [
        _line(values, 2 * part - 1, "debit", amount), _line(values, 2 * part, "credit", -amount),
    ]  # fmt: skip
    details = {
        "lines": [line.as_payload() for line in lines], "payment_date": values["payment_date"],
        "funding_account": values["funding_account"], "payee": values["payee"],
        "number": values["payment_number"], "undoes": "",
    }  # fmt: skip
    return Row(
        values["payment"], entry, part, values["kind"], "staged", values["business_unit"], voucher_of(text),
        amount, values["currency"], values["accounting_date"], values["debit_account"] or None,
        values["credit_account"] or None, None, details, values["export"], exported=True,
    )  # fmt: skip


def _line(values: Mapping[str, str], number: int, side: str, amount: Decimal) -> Line:
    chartfields = [values[f"{side}_{name}"] for name in ("account", "department", "operating_unit")]
    return Line(number, chartfields[0], amount, values["voucher"], chartfields[1], chartfields[2])


def known_rows(folder: Folder, tenant: str) -> dict[str, list[Row]]:
    """Rows by payment, as far as the folder's files hold any.

    Raises:
        ConfigurationError: a file of ours cannot be read any more, so nobody knows what it holds.
        OSError: the folder does not answer.
    """
    known: dict[str, list[Row]] = defaultdict(list)
    for name in sorted(folder.names()):
        if export_of(tenant, name) is not None:
            for row in _readable(folder, name):
                known[row.reference].append(row)
    return dict(known)


def _readable(folder: Folder, name: str) -> list[Row]:
    try:
        return parse(folder.read(name))
    except (ValueError, KeyError) as error:
        raise ConfigurationError(
            f"{name} was changed and cannot be read ({error}), so nobody knows which payments it holds. Put "
            "it back as it was written, or move it away if its payments shall be exported again",
            field="settlement.csv_path",
        ) from None
