"""Lines of the voucher, with the order's accounts."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import count

from ml_connector.core.contract import Payload
from ml_connector.peoplesoft.matching.amounts import rounded, split
from ml_connector.peoplesoft.matching.line_match import Piece

PRICE_STEP = Decimal("0.00001")
"""UNIT_PRICE has five decimals; the amount is the invoice's whatever the price is rounded to."""

_ACCOUNTS = (
    "BUSINESS_UNIT_GL", "ACCOUNT", "ALTACCT", "DEPTID", "OPERATING_UNIT", "PRODUCT", "FUND_CODE", "CLASS_FLD",
    "PROGRAM_CODE", "BUDGET_REF", "AFFILIATE", "AFFILIATE_INTRA1", "AFFILIATE_INTRA2", "CHARTFIELD1",
    "CHARTFIELD2", "CHARTFIELD3", "BUSINESS_UNIT_PC", "PROJECT_ID", "ACTIVITY_ID", "ANALYSIS_TYPE",
    "RESOURCE_TYPE", "RESOURCE_CATEGORY", "RESOURCE_SUB_CAT",
)  # fmt: skip
"""ChartFields of a distribution, as far as the order's query shows them."""


def voucher_lines(pieces: Sequence[Piece], step: Decimal) -> list[Payload]:
    """One voucher line for each piece.

    ``line`` is the invoice's own number, with a further one behind it where it goes to several schedules.
    """
    given = {piece.line.name for piece in pieces}
    used: set[str] = set()
    lines = []
    for number, piece in enumerate(pieces, 1):
        name = piece.line.name
        if name in used:
            further = (f"{name}.{turn}" for turn in count(2))
            name = next(one for one in further if one not in given and one not in used)
        used.add(name)
        lines.append(_line(piece, number, name, step))
    return lines


def _line(piece: Piece, number: int, name: str, step: Decimal) -> Payload:
    asked = abs(piece.amount) if piece.order_line.amount_only else piece.price
    price = None if asked is None else rounded(asked, PRICE_STEP)
    values = {
        "line": name,
        "description": piece.line.description,
        "VOUCHER_LINE_NUM": number,
        "LINE_NBR": str(piece.order_line.number),
        "SCHED_NBR": str(piece.schedule.number),
        "QTY_VCHR": piece.quantity,
        "UNIT_OF_MEASURE": piece.line.unit or piece.order_line.unit,
        "UNIT_PRICE": price,
        "MERCHANDISE_AMT": piece.amount,
    }
    return {**values, "distributions": _distributions(piece, step)}


def _distributions(piece: Piece, step: Decimal) -> list[Payload]:
    """The order's accounts; the amount goes to them as the order's does."""
    rows = piece.schedule.distributions
    if not rows:
        return []
    amounts = split(piece.amount, [row.get("MERCHANDISE_AMT") or Decimal(0) for row in rows], step)
    return [
        {
            "DISTRIB_LINE_NUM": str(row["DISTRIB_LINE_NUM"]),
            **{name: row[name] for name in _ACCOUNTS if row.get(name)},
            "MERCHANDISE_AMT": amount,
        }
        for row, amount in zip(rows, amounts, strict=True)
    ]
