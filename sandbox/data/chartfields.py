"""The further ChartFields, tax codes and projects: few of each, one of them inactive or in the future."""

from __future__ import annotations

from decimal import Decimal

from .size import FIRST_DATE, FUTURE_DATE, SETID, UNITS, Record

OPERATING_UNITS = (
    ("NORTH", "North region"),
    ("SOUTH", "South region"),
    ("0WEST", "West region"),
    ("HQ", "H"),
)
PRODUCTS = (("00100", "Consumables"), ("00200", "Instruments"), ("00300", "Services"))
FUNDS = (("F100", "General fund"), ("F200", "Grants"), ("F300", "Endowment"))
CLASSES = (("C01", "Patient care"), ("C02", "Teaching"), ("C03", "Research"))
PROGRAMS = (("P1000", "Core programme"), ("P2000", "Outreach"))
TAXES = (
    ("EXEMPT", "No tax", "0"),
    ("MA625", "Massachusetts 6.25", "6.25"),
    ("NY8875", "New York 8.875", "8.875"),
)
PROJECTS = (
    ("000000000000101", "Warehouse renewal", "2025-01-01", "2027-06-30"),
    ("000000000000102", "Laboratory move", "2026-03-01", ""),
)
INACTIVE = {"SOUTH", "00300", "F300", "C03", "P2000"}


def _row(descr: str, effdt: str = FIRST_DATE, status: str = "A", **more: object) -> Record:
    return {
        "EFFDT": effdt, "EFF_STATUS": status, "DESCR": descr[:30], "DESCRSHORT": descr[:10].strip(), **more,
    }  # fmt: skip


def chartfields(field: str, values: tuple[tuple[str, str], ...]) -> list[Record]:
    """The values of a ChartField; some end in the middle of the year, the first is renamed far ahead."""
    made: list[Record] = []
    for code, descr in sorted(values):
        rows = [_row(descr)]
        if code in INACTIVE:
            rows.append(_row(descr, "2026-07-01", "I"))
        made.append({"SETID": SETID, field: code, "rows": rows})
    made[0]["rows"].append(_row(f"{made[0]['rows'][0]['DESCR']} (new)", FUTURE_DATE))
    return made


def tax_codes() -> list[Record]:
    """Sales tax codes; one took less in former years."""
    made: list[Record] = [
        {"SETID": SETID, "TAX_CD": code, "rows": [_row(descr, TAX_PCT=Decimal(percent))]}
        for code, descr, percent in sorted(TAXES)
    ]
    made[1]["rows"].insert(0, _row("Massachusetts 5.00", "1901-01-01", TAX_PCT=Decimal("5.00")))
    made[1]["rows"][1]["EFFDT"] = "2009-08-01"
    return made


def projects() -> list[Record]:
    """Projects of each business unit; the second unit's first one is closed."""
    return [
        {
            "BUSINESS_UNIT": unit, "PROJECT_ID": code, "DESCR": descr, "START_DT": start, "END_DT": end,
            "EFF_STATUS": "I" if (unit, number) == (UNITS[1], 0) else "A",
        }
        for unit in UNITS
        for number, (code, descr, start, end) in enumerate(PROJECTS)
    ]  # fmt: skip
