"""Setup data with effective dates: GL accounts, departments and payment terms.

Histories, inactive and future rows are there on purpose: a reader has to find the current row
itself, and an inactive current row does not fall back to an older active one.
"""

from __future__ import annotations

from .size import FIRST_DATE, FUTURE_DATE, OTHER_SETID, SETID, Record

ACCOUNT_GROUPS = (
    # first number, step, type, names
    (100000, 10000, "A", ("Cash", "Accounts receivable", "Prepaid expenses", "Inventory", "Equipment")),
    (200000, 10000, "L", ("Accounts payable", "Accrued liabilities", "Sales tax payable")),
    (300000, 10000, "Q", ("Retained earnings",)),
    (400000, 10000, "R", ("Product revenue", "Service revenue")),
    (
        600000,
        1000,
        "E",
        (
            "Salaries", "Wages", "Benefits", "Travel", "Meals & entertainment", "Training", "Recruiting",
            "Consulting", "Legal fees", "Audit fees", "Rent", "Utilities", "Telephone", "Internet",
            "Insurance", "Repairs", "Maintenance", "Cleaning", "Security", "Freight", "Postage",
            "Printing", "Advertising", "Software", "Hardware", "Subscriptions", "Bank charges",
            "Taxes & licences", "Depreciation", "Vehicles", "Fuel", "Safety", "Uniforms", "Catering",
            "Gifts", "Donations", "Tools", "Small equipment", "Lab supplies", "Medical supplies",
        ),
    ),
)  # fmt: skip
DEPARTMENTS = (
    "Administration", "Facilities", "Finance", "Human Resources", "IT", "Legal", "Marketing", "Operations",
    "Procurement", "Research & Development", "Sales", "Support",
)  # fmt: skip
TERMS = (("N30", "Net 30", 30), ("N45", "Net 45", 45), ("N60", "Net 60", 60), ("IMM", "Due now", 0))

UNKNOWN_ACCOUNT = "999999"
INACTIVE_ACCOUNT = "639000"
RENAMED_ACCOUNT = "610000"
FUTURE_ACCOUNT = "650000"
INACTIVE_DEPT = "11100"
OFFICE_SUPPLIES = "641000"


def account_row(descr: str, kind: str, effdt: str = FIRST_DATE, status: str = "A") -> Record:
    """One effective-dated row of GL_ACCOUNT_TBL."""
    return {
        "EFFDT": effdt,
        "EFF_STATUS": status,
        "DESCR": descr[:30],
        "DESCRSHORT": descr[:10].strip(),
        "ACCOUNT_TYPE": kind,
        "CURRENCY_CD": "",
        "OPEN_ITEM": "N",
    }


def accounts() -> list[Record]:
    """All GL accounts of both SETIDs, each with its rows in order of EFFDT."""
    made: list[Record] = []
    for first, step, kind, names in ACCOUNT_GROUPS:
        for position, name in enumerate(names):
            number = f"{first + step * position:06d}"
            made.append({"SETID": SETID, "ACCOUNT": number, "rows": [account_row(name, kind)]})
    made.append({"SETID": SETID, "ACCOUNT": OFFICE_SUPPLIES, "rows": [account_row("Office Supplies", "E")]})
    made.append(
        {
            "SETID": SETID,
            "ACCOUNT": FUTURE_ACCOUNT,
            "rows": [account_row("Carbon allowances", "E", FUTURE_DATE)],
        }
    )
    by_number = {record["ACCOUNT"]: record for record in made}
    by_number[INACTIVE_ACCOUNT]["rows"].append(account_row("Medical supplies", "E", "2026-06-01", "I"))
    by_number[RENAMED_ACCOUNT]["rows"] = [
        account_row("Lease of offices", "E"),
        account_row("Rent", "E", "2026-03-01"),
        account_row("Rent & service charges", "E", FUTURE_DATE),
    ]
    made.append({"SETID": OTHER_SETID, "ACCOUNT": "601000", "rows": [account_row("Löhne", "E")]})
    return sorted(made, key=lambda record: (record["SETID"], record["ACCOUNT"]))


def expense_accounts() -> list[str]:
    """Accounts a generated distribution may use: active and current."""
    return [
        record["ACCOUNT"]
        for record in accounts()
        if record["SETID"] == SETID
        and record["rows"][0]["ACCOUNT_TYPE"] == "E"
        and record["ACCOUNT"] not in (INACTIVE_ACCOUNT, FUTURE_ACCOUNT)
    ]


def departments() -> list[Record]:
    """All departments, one of them inactive today."""
    made: list[Record] = []
    for position, name in enumerate(DEPARTMENTS):
        rows = [_department_row(name)]
        made.append({"SETID": SETID, "DEPTID": f"{10100 + 100 * position}", "rows": rows})
    made[-2]["rows"].append(_department_row(DEPARTMENTS[-2], "2026-07-01", "I"))
    made[2]["rows"].append(_department_row("Finance & Treasury", "2025-01-01"))
    return made


def department_ids() -> list[str]:
    """Departments a generated distribution may use."""
    return [record["DEPTID"] for record in departments() if record["DEPTID"] != INACTIVE_DEPT]


def _department_row(descr: str, effdt: str = "2015-01-01", status: str = "A") -> Record:
    return {
        "EFFDT": effdt,
        "EFF_STATUS": status,
        "DESCR": descr[:30],
        "DESCRSHORT": descr[:10].strip(),
        "MANAGER_ID": "",
    }


def payment_terms() -> list[Record]:
    """Payment terms with their net days."""
    return [
        {
            "SETID": SETID,
            "PYMNT_TERMS_CD": code,
            "rows": [
                {
                    "EFFDT": FIRST_DATE,
                    "EFF_STATUS": "A",
                    "DESCR": descr,
                    "DESCRSHORT": descr[:10],
                    "DUE_DAYS": days,
                }
            ],
        }
        for code, descr, days in sorted(TERMS)
    ]
