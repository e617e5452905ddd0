"""The queries this site has: name, prompts, columns and how their rows are found.

A reader yields one tuple of records per row, one record per alias in the order of the columns;
`None` stands for an outer join without a partner, whose columns are blank. Rows come in key order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from sandbox.data.payees import bank_accounts_of, id_numbers_of, payment_of
from sandbox.data.size import Record

from . import columns
from .effective import addresses_of, locations_of, rows_of
from .state import PeopleSoftState

Row = tuple[Record | None, ...]
Prompts = Mapping[str, str]
Reader = Callable[[PeopleSoftState, Prompts, str], Iterator[Row]]


@dataclass(frozen=True)
class Query:
    """One PSQuery. Prompts named in `dates` must hold YYYY-MM-DD, those in `times` may hold a time too."""

    prompts: tuple[str, ...]
    columns: columns.Columns
    read: Reader
    dates: tuple[str, ...] = ()
    times: tuple[str, ...] = ()


def _suppliers(state: PeopleSoftState, prompts: Prompts, query: str) -> Iterator[Row]:
    for record in state.suppliers.after(prompts["SETID"], prompts["VENDOR_ID_OFFSET"]):
        yield from _supplier_rows(state, record, query)


def _supplier_by_key(state: PeopleSoftState, prompts: Prompts, query: str) -> Iterator[Row]:
    record = state.suppliers.get((prompts["SETID"], prompts["VENDOR_ID"]))
    if record is not None:
        yield from _supplier_rows(state, record, query)


def _supplier_by_name(state: PeopleSoftState, prompts: Prompts, query: str) -> Iterator[Row]:
    for record in state.suppliers.under(prompts["SETID"]):
        if record["NAME1"] == prompts["NAME1"]:
            yield from _supplier_rows(state, record, query)


def _supplier_rows(state: PeopleSoftState, record: Record, query: str) -> Iterator[Row]:
    places: list[Record | None] = [*addresses_of(state, record, query)] or [None]
    locations: list[Record | None] = [*locations_of(state, record, query)] or [None]
    yield from ((record, place, location) for place in places for location in locations)


def _payees(state: PeopleSoftState, prompts: Prompts, query: str) -> Iterator[Row]:
    for record in state.suppliers.after(prompts["SETID"], prompts["VENDOR_ID_OFFSET"]):
        yield from _payee_rows(state, record, query)


def _payee_by_key(state: PeopleSoftState, prompts: Prompts, query: str) -> Iterator[Row]:
    record = state.suppliers.get((prompts["SETID"], prompts["VENDOR_ID"]))
    if record is not None:
        yield from _payee_rows(state, record, query)


def _payee_rows(state: PeopleSoftState, record: Record, query: str) -> Iterator[Row]:
    """A supplier with everything that payments need; each further child multiplies the rows."""
    for supplier, place, location in _supplier_rows(state, record, query):
        paid = location | payment_of(record) if location is not None else None
        accounts: list[Record | None] = [*bank_accounts_of(record)] or [None]
        numbers: list[Record | None] = [*id_numbers_of(record)] or [None]
        for account in accounts:
            for number in numbers:
                yield supplier, place, paid, account, number


def _projects(state: PeopleSoftState, prompts: Prompts, _: str) -> Iterator[Row]:
    for record in state.projects.under(*prompts.values()):
        yield (record,)


def _setup(table: str) -> Reader:
    def read(state: PeopleSoftState, prompts: Prompts, query: str) -> Iterator[Row]:
        for record in state.tables[table].under(*prompts.values()):
            for row in rows_of(state, record, query):
                yield ({**record, **row},)

    return read


def _vouchers(state: PeopleSoftState, prompts: Prompts, _: str) -> Iterator[Row]:
    table = state.vouchers.get(prompts["BUSINESS_UNIT"])
    field = "LAST_UPDATE_DT" if state.switches.last_update_dt else "ENTERED_DT"
    if table is not None:
        for record in table.changed(
            field, prompts["FROM_DT"], prompts["THRU_DT"], prompts["VOUCHER_ID_OFFSET"]
        ):
            yield from _voucher_rows(record)


def _open_vouchers(state: PeopleSoftState, prompts: Prompts, _: str) -> Iterator[Row]:
    table = state.vouchers.get(prompts["BUSINESS_UNIT"])
    if table is not None:
        for record in table.open(prompts["VOUCHER_ID_OFFSET"]):
            yield from _voucher_rows(record)


def _voucher_by_key(state: PeopleSoftState, prompts: Prompts, _: str) -> Iterator[Row]:
    record = state.voucher(prompts["BUSINESS_UNIT"], prompts["VOUCHER_ID"])
    if record is not None:
        yield from _voucher_rows(record)


def _voucher_rows(record: Record) -> Iterator[Row]:
    for line in record["lines"] or [None]:
        for part in (line["distributions"] if line else None) or [None]:
            for payment in record["payments"] or [None]:
                yield record, line, part, payment


def _voucher_by_invoice(state: PeopleSoftState, prompts: Prompts, _: str) -> Iterator[Row]:
    table = state.vouchers.get(prompts["BUSINESS_UNIT"])
    for record in table.of_invoice(prompts["INVOICE_ID"]) if table else ():
        if record["VENDOR_ID"] == prompts["VENDOR_ID"]:
            yield (record,)


def _payments(state: PeopleSoftState, prompts: Prompts, _: str) -> Iterator[Row]:
    table = state.vouchers.get(prompts["BUSINESS_UNIT"])
    since, until = prompts["FROM_DT"], prompts["THRU_DT"]
    for record in table.paid(prompts["VOUCHER_ID_OFFSET"]) if table else ():
        for row in record["payments"]:
            made = row["payment"]
            if made and (since <= made["PYMNT_DT"] < until or since <= made["CANCEL_DT"] < until):
                yield _payment_row(record, row)


def _payment_by_key(state: PeopleSoftState, prompts: Prompts, _: str) -> Iterator[Row]:
    record = state.voucher(prompts["BUSINESS_UNIT"], prompts["VOUCHER_ID"])
    for row in record["payments"] if record else ():
        if record is not None and str(row["PYMNT_CNT"]) == prompts["PYMNT_CNT"]:
            yield _payment_row(record, row)


def _payment_row(voucher: Record, row: Record) -> Row:
    keys = {name: voucher[name] for name in ("BUSINESS_UNIT", "VOUCHER_ID")}
    return {**keys, **row}, row["payment"], voucher


def _voucher_payments(state: PeopleSoftState, prompts: Prompts, _: str) -> Iterator[Row]:
    """All scheduled payments of each voucher of which one was made, voided or recorded in the window."""
    table = state.vouchers.get(prompts["BUSINESS_UNIT"])
    since, until = prompts["FROM_DT"], prompts["THRU_DT"]
    for record in table.paid(prompts["VOUCHER_ID_OFFSET"]) if table else ():
        if any(since <= day < until for row in record["payments"] for day in _payment_days(row)):
            yield from _voucher_payment_rows(record)


def _voucher_payments_by_key(state: PeopleSoftState, prompts: Prompts, _: str) -> Iterator[Row]:
    record = state.voucher(prompts["BUSINESS_UNIT"], prompts["VOUCHER_ID"])
    if record is not None:
        yield from _voucher_payment_rows(record)


def _voucher_payment_rows(record: Record) -> Iterator[Row]:
    days = [day for row in record["payments"] for day in _payment_days(row) if day]
    header = record | {"LAST_PYMNT_DT": max(days, default="")}
    for row in record["payments"] or [None]:
        yield header, row, (row or {}).get("payment") or None


def _payment_days(row: Record) -> tuple[str, ...]:
    """Of what was paid outside of PeopleSoft there is no payment, only the schedule."""
    made = row["payment"]
    if made:
        return made["PYMNT_DT"], made["CANCEL_DT"]
    return (row["SCHEDULED_PAY_DT"],) if row["PYMNT_SELCT_STATUS"] == "E" else ()


def _orders(state: PeopleSoftState, prompts: Prompts, _: str) -> Iterator[Row]:
    zone = ZoneInfo(state.switches.time_zone)
    since, until = _moment(prompts["FROM_DT"], zone), _moment(prompts["THRU_DT"], zone)
    for record in state.orders.after(prompts["BUSINESS_UNIT"], prompts["PO_ID_OFFSET"]):
        if since <= record["LAST_DTTM_UPDATE"] < until:
            yield from _order_rows(record)


def _order_by_key(state: PeopleSoftState, prompts: Prompts, _: str) -> Iterator[Row]:
    record = state.orders.get((prompts["BUSINESS_UNIT"], prompts["PO_ID"]))
    if record is not None:
        yield from _order_rows(record)


def _order_by_reference(state: PeopleSoftState, prompts: Prompts, _: str) -> Iterator[Row]:
    for record in state.orders.under(prompts["BUSINESS_UNIT"]):
        if record["PO_REF"] == prompts["PO_REF"]:
            yield from _order_rows(record)


def _order_rows(record: Record) -> Iterator[Row]:
    for line in record["lines"] or [None]:
        for schedule in (line["schedules"] if line else None) or [None]:
            for part in (schedule["distributions"] if schedule else None) or [None]:
                for receipt in (schedule["receipts"] if schedule else None) or [None]:
                    yield record, line, schedule, part, receipt


def _journals(state: PeopleSoftState, prompts: Prompts, _: str) -> Iterator[Row]:
    for record in state.journals.after(prompts["BUSINESS_UNIT"], prompts["JOURNAL_ID_OFFSET"]):
        if prompts["FROM_DT"] <= record["JOURNAL_DATE"] < prompts["THRU_DT"]:
            yield from ((record, line) for line in record["lines"] or [None])


def _journal_by_key(state: PeopleSoftState, prompts: Prompts, _: str) -> Iterator[Row]:
    for record in state.journals.under(prompts["BUSINESS_UNIT"], prompts["JOURNAL_ID"]):
        yield from ((record, line) for line in record["lines"] or [None])


def _voucher_stage(state: PeopleSoftState, prompts: Prompts, _: str) -> Iterator[Row]:
    for record in state.staging.of_unit(prompts["BUSINESS_UNIT"]):
        if prompts["VOUCHER_ID"] in ("", record["VOUCHER_ID"]):
            yield (record,)


def _customer_invoices(state: PeopleSoftState, prompts: Prompts, _: str) -> Iterator[Row]:
    for record in state.customer_invoices.after(prompts["BUSINESS_UNIT"], prompts["INVOICE_OFFSET"]):
        if prompts["FROM_DT"] <= record["INVOICE_DT"] < prompts["THRU_DT"]:
            yield from ((record, line) for line in record["lines"] or [None])


def _customer_invoice_by_key(state: PeopleSoftState, prompts: Prompts, _: str) -> Iterator[Row]:
    record = state.customer_invoices.get((prompts["BUSINESS_UNIT"], prompts["INVOICE"]))
    if record is not None:
        yield from ((record, line) for line in record["lines"] or [None])


def _open_periods(state: PeopleSoftState, prompts: Prompts, _: str) -> Iterator[Row]:
    unit = prompts["BUSINESS_UNIT"]
    for first, last in state.periods.of(unit) if unit in state.vouchers else ():
        yield ({"BUSINESS_UNIT": unit, "OPEN_FROM_DT": first, "OPEN_THRU_DT": last},)


def _moment(text: str, zone: ZoneInfo) -> datetime:
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)


WINDOW = ("FROM_DT", "THRU_DT")
QUERIES: dict[str, Query] = {
    "ML_AP_SUPPLIERS": Query(("SETID", "VENDOR_ID_OFFSET"), columns.SUPPLIER, _suppliers),
    "ML_AP_SUPPLIER_KEY": Query(("SETID", "VENDOR_ID"), columns.SUPPLIER, _supplier_by_key),
    "ML_AP_SUPPLIER_BY_NAME": Query(("SETID", "NAME1"), columns.SUPPLIER, _supplier_by_name),
    "ML_AP_PAYEES": Query(("SETID", "VENDOR_ID_OFFSET"), columns.PAYEE, _payees),
    "ML_AP_PAYEE_KEY": Query(("SETID", "VENDOR_ID"), columns.PAYEE, _payee_by_key),
    "ML_GL_ACCOUNTS": Query(("SETID",), columns.ACCOUNT, _setup("account")),
    "ML_GL_ACCOUNT_KEY": Query(("SETID", "ACCOUNT"), columns.ACCOUNT, _setup("account")),
    "ML_GL_DEPTS": Query(("SETID",), columns.DEPARTMENT, _setup("department")),
    "ML_GL_DEPT_KEY": Query(("SETID", "DEPTID"), columns.DEPARTMENT, _setup("department")),
    "ML_AP_PAY_TERMS": Query(("SETID",), columns.PAYMENT_TERM, _setup("payment_term")),
    "ML_AP_PAY_TERM_KEY": Query(("SETID", "PYMNT_TERMS_CD"), columns.PAYMENT_TERM, _setup("payment_term")),
    "ML_AP_TAX_CODES": Query(("SETID",), columns.TAX_CODE, _setup("tax_code")),
    "ML_AP_TAX_CODE_KEY": Query(("SETID", "TAX_CD"), columns.TAX_CODE, _setup("tax_code")),
    "ML_GL_OPER_UNITS": Query(("SETID",), columns.OPERATING_UNIT, _setup("operating_unit")),
    "ML_GL_OPER_UNIT_KEY": Query(
        ("SETID", "OPERATING_UNIT"), columns.OPERATING_UNIT, _setup("operating_unit")
    ),
    "ML_GL_PRODUCTS": Query(("SETID",), columns.PRODUCT, _setup("product")),
    "ML_GL_PRODUCT_KEY": Query(("SETID", "PRODUCT"), columns.PRODUCT, _setup("product")),
    "ML_GL_FUNDS": Query(("SETID",), columns.FUND, _setup("fund")),
    "ML_GL_FUND_KEY": Query(("SETID", "FUND_CODE"), columns.FUND, _setup("fund")),
    "ML_GL_CLASSES": Query(("SETID",), columns.CLASS, _setup("class")),
    "ML_GL_CLASS_KEY": Query(("SETID", "CLASS_FLD"), columns.CLASS, _setup("class")),
    "ML_GL_PROGRAMS": Query(("SETID",), columns.PROGRAM, _setup("program")),
    "ML_GL_PROGRAM_KEY": Query(("SETID", "PROGRAM_CODE"), columns.PROGRAM, _setup("program")),
    "ML_PC_PROJECTS": Query(("BUSINESS_UNIT",), columns.PROJECT, _projects),
    "ML_PC_PROJECT_KEY": Query(("BUSINESS_UNIT", "PROJECT_ID"), columns.PROJECT, _projects),
    "ML_AP_VOUCHERS": Query(
        ("BUSINESS_UNIT", "FROM_DT", "THRU_DT", "VOUCHER_ID_OFFSET"), columns.VOUCHER, _vouchers, WINDOW
    ),
    "ML_AP_VOUCHERS_OPEN": Query(("BUSINESS_UNIT", "VOUCHER_ID_OFFSET"), columns.VOUCHER, _open_vouchers),
    "ML_AP_VOUCHER_KEY": Query(("BUSINESS_UNIT", "VOUCHER_ID"), columns.VOUCHER, _voucher_by_key),
    "ML_AP_VOUCHER_BY_INVOICE": Query(
        ("BUSINESS_UNIT", "VENDOR_ID", "INVOICE_ID"), columns.VOUCHER_ONLY, _voucher_by_invoice
    ),
    "ML_AP_VOUCHER_STAGE": Query(("BUSINESS_UNIT", "VOUCHER_ID"), columns.VOUCHER_STAGE, _voucher_stage),
    "ML_AP_PAYMENTS": Query(
        ("BUSINESS_UNIT", "FROM_DT", "THRU_DT", "VOUCHER_ID_OFFSET"), columns.PAYMENT, _payments, WINDOW
    ),
    "ML_AP_PAYMENT_KEY": Query(
        ("BUSINESS_UNIT", "VOUCHER_ID", "PYMNT_CNT"), columns.PAYMENT, _payment_by_key
    ),
    "ML_AP_VCHR_PAYMENTS": Query(
        ("BUSINESS_UNIT", "FROM_DT", "THRU_DT", "VOUCHER_ID_OFFSET"),
        columns.VOUCHER_PAYMENT,
        _voucher_payments,
        WINDOW,
    ),
    "ML_AP_VCHR_PAYMENT_KEY": Query(
        ("BUSINESS_UNIT", "VOUCHER_ID"), columns.VOUCHER_PAYMENT, _voucher_payments_by_key
    ),
    "ML_PO_LINES": Query(
        ("BUSINESS_UNIT", "FROM_DT", "THRU_DT", "PO_ID_OFFSET"), columns.ORDER, _orders, (), WINDOW
    ),
    "ML_PO_KEY": Query(("BUSINESS_UNIT", "PO_ID"), columns.ORDER, _order_by_key),
    "ML_PO_BY_REF": Query(("BUSINESS_UNIT", "PO_REF"), columns.ORDER, _order_by_reference),
    "ML_GL_JOURNALS": Query(
        ("BUSINESS_UNIT", "FROM_DT", "THRU_DT", "JOURNAL_ID_OFFSET"), columns.JOURNAL, _journals, WINDOW
    ),
    "ML_GL_JOURNAL_KEY": Query(("BUSINESS_UNIT", "JOURNAL_ID"), columns.JOURNAL, _journal_by_key),
    "ML_BI_INVOICES": Query(
        ("BUSINESS_UNIT", "FROM_DT", "THRU_DT", "INVOICE_OFFSET"),
        columns.CUSTOMER_INVOICE,
        _customer_invoices,
        WINDOW,
    ),
    "ML_BI_INVOICE_KEY": Query(
        ("BUSINESS_UNIT", "INVOICE"), columns.CUSTOMER_INVOICE, _customer_invoice_by_key
    ),
    "ML_GL_OPEN_PERIODS": Query(("BUSINESS_UNIT",), columns.OPEN_PERIOD, _open_periods),
}
