"""Scheduled payments of a voucher: recorded as paid elsewhere, held back, and set free again."""

from __future__ import annotations

from decimal import Decimal

from sandbox.data.scenario import shares
from sandbox.data.size import Record
from sandbox.data.vouchers import scheduled_payment
from sandbox.peoplesoft.soap.edits import Edits
from sandbox.peoplesoft.xlat import TRANSLATIONS

DEFAULT_METHOD = "ACH"
ALLOWED = (("S", "N"), ("R", "E"))
"""Pairs of PYMNT_ACTION and PYMNT_SELCT_STATUS that a person may set."""
STARTED = ("R", "I", "P")
"""Selected by a pay cycle, in process, paid: PeopleSoft's own from here on."""


def schedule(record: Record) -> None:
    """Give every payment row of a new voucher its amount and defaults; one row where none is given."""
    given = record["payments"] or [{"PYMNT_CNT": 1}]
    amounts = shares(record["GROSS_AMT"], len(given))
    record["payments"] = [
        scheduled_payment(record, row["PYMNT_CNT"], amount, DEFAULT_METHOD)
        | {name: value for name, value in row.items() if value != ""}
        for row, amount in zip(given, amounts, strict=True)
    ]


def reschedule(record: Record) -> None:
    """Spread a changed gross amount over the payment rows."""
    if sum((row["PYMNT_GROSS_AMT"] for row in record["payments"]), Decimal(0)) == record["GROSS_AMT"]:
        return
    amounts = shares(record["GROSS_AMT"], len(record["payments"]))
    record["payments"] = [
        row | {"PYMNT_GROSS_AMT": amount} for row, amount in zip(record["payments"], amounts, strict=True)
    ]


def edit(record: Record, edits: Edits) -> None:
    """Check the rows a person may set."""
    for row in record["payments"]:
        where = f"PYMNT_VCHR_XREF({row['PYMNT_CNT']})"
        for name in ("PYMNT_HOLD", "PYMNT_HOLD_REASON", "PYMNT_METHOD"):
            edits.one_of(row, name, TRANSLATIONS[name])
        if row["PYMNT_HOLD"] == "Y" and not row["PYMNT_HOLD_REASON"]:
            edits.refuse("A payment on hold needs a reason.", 121, f"{where}.PYMNT_HOLD_REASON")
        if row["PYMNT_HOLD"] != "Y":
            row["PYMNT_HOLD_REASON"] = ""


def may_change(old: Record, given: Record, edits: Edits) -> None:
    """Refuse rows that do not exist or that a pay cycle has taken, and states nobody may set."""
    rows = {row["PYMNT_CNT"]: row for row in old["payments"]}
    for change in given.get("payments", ()):
        count = change["PYMNT_CNT"]
        where = f"PYMNT_VCHR_XREF({count})"
        row = rows.get(count)
        if row is None:
            edits.refuse(f"The voucher has no scheduled payment {count}.", 122, where)
            continue
        if row["PYMNT_SELCT_STATUS"] in STARTED:
            edits.refuse("The payment is selected or paid and cannot be changed.", 123, where)
            continue
        pair = tuple((row | change)[name] for name in ("PYMNT_ACTION", "PYMNT_SELCT_STATUS"))
        if pair not in ALLOWED:
            edits.refuse(f"Payment action {pair[0]} does not go with status {pair[1]}.", 124, where)
