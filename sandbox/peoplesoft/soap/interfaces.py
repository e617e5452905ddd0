"""The component interfaces of this site, as a table; WSDL, checks and answers are all made from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

METHODS = {"Create": "C", "Get": "G", "Find": "F", "Update": "UP", "Updatedata": "UD"}
"""Standard methods and how they end the name of their service operation."""


@dataclass(frozen=True)
class Level:
    """One scroll level: its properties, the keys among them, and the collections below.

    `rows` is the name of the list in the simulator's records that holds the rows of this level.
    """

    name: str
    rows: str
    keys: tuple[str, ...]
    fields: tuple[str, ...]
    children: tuple[Level, ...] = ()


@dataclass(frozen=True)
class Interface:
    """One component interface and the service made from it.

    Attributes:
        ci: what the simulator calls it, whatever the site does.
        level: the top level; its keys are the keys of the object.
        next_key: key that PeopleSoft numbers when it holds NEXT or nothing; blank where it numbers none.
        optional_keys: keys that have a default.
        read_only: properties that are shown, and ignored where a caller gives them.
        search: properties `Find` takes.
        name: name at this site.
        service: name of its service.
        version: of the service and its messages.
        renamed: pairs of the simulator's and the site's name of a property or collection.
    """

    ci: str
    level: Level
    next_key: str
    search: tuple[str, ...]
    optional_keys: tuple[str, ...] = ()
    read_only: tuple[str, ...] = ()
    name: str = ""
    service: str = ""
    version: str = "1"
    renamed: tuple[tuple[str, str], ...] = ()

    def tag(self, name: str) -> str:
        """What this site calls a property or collection."""
        return dict(self.renamed).get(name, name)

    def operation(self, method: str) -> str:
        """Service operation of a method, e.g. CI_AP_VOUCHER_UD."""
        return f"{self.service}_{METHODS[method]}"

    def root(self, method: str) -> str:
        """Root element of a request, e.g. Create__CompIntfc__AP_VOUCHER."""
        return f"{method}__CompIntfc__{self.name}"


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


DISTRIB_LINE = Level(
    "DISTRIB_LINE",
    "distributions",
    ("DISTRIB_LINE_NUM",),
    _names(
        "DISTRIB_LINE_NUM BUSINESS_UNIT_GL ACCOUNT DEPTID FUND_CODE PROJECT_ID MERCHANDISE_AMT DESCR "
        "OPERATING_UNIT PRODUCT CLASS_FLD PROGRAM_CODE"
    ),
)
VOUCHER_LINE = Level(
    "VOUCHER_LINE",
    "lines",
    ("VOUCHER_LINE_NUM",),
    _names(
        "VOUCHER_LINE_NUM BUSINESS_UNIT_PO PO_ID LINE_NBR SCHED_NBR DESCR MERCHANDISE_AMT QTY_VCHR "
        "UNIT_OF_MEASURE UNIT_PRICE DESCR254_MIXED"
    ),
    (DISTRIB_LINE,),
)
PYMNT_VCHR_XREF = Level(
    "PYMNT_VCHR_XREF",
    "payments",
    ("PYMNT_CNT",),
    _names("PYMNT_CNT PYMNT_ACTION PYMNT_SELCT_STATUS PYMNT_HOLD PYMNT_HOLD_REASON PYMNT_METHOD"),
)
AP_VOUCHER = Interface(
    "AP_VOUCHER",
    Level(
        "AP_VOUCHER",
        "",
        ("BUSINESS_UNIT", "VOUCHER_ID"),
        _names(
            "BUSINESS_UNIT VOUCHER_ID VOUCHER_STYLE INVOICE_ID INVOICE_DT VENDOR_ID VNDR_LOC ADDRESS_SEQ_NUM "
            "ORIGIN ACCOUNTING_DT DUE_DT PYMNT_TERMS_CD GROSS_AMT SALETX_AMT VAT_ENTRD_AMT FREIGHT_AMT "
            "MISC_AMT TXN_CURRENCY_CD DESCR254_MIXED VENDOR_SETID ENTRY_STATUS"
        ),
        (VOUCHER_LINE, PYMNT_VCHR_XREF),
    ),
    next_key="VOUCHER_ID",
    search=_names("BUSINESS_UNIT VOUCHER_ID INVOICE_ID VENDOR_ID INVOICE_DT"),
    read_only=("ENTRY_STATUS",),
)
JOURNAL_ENTRY = Interface(
    "JOURNAL_ENTRY",
    Level(
        "JOURNAL_ENTRY",
        "",
        ("BUSINESS_UNIT", "JOURNAL_ID", "JOURNAL_DATE", "UNPOST_SEQ"),
        _names("BUSINESS_UNIT JOURNAL_ID JOURNAL_DATE UNPOST_SEQ LEDGER_GROUP SOURCE DESCR JRNL_HDR_STATUS"),
        (
            Level(
                "JRNL_LN",
                "lines",
                ("JOURNAL_LINE",),
                _names(
                    "JOURNAL_LINE LEDGER ACCOUNT DEPTID OPERATING_UNIT CURRENCY_CD MONETARY_AMOUNT "
                    "FOREIGN_AMOUNT JRNL_LN_REF LINE_DESCR"
                ),
            ),
        ),
    ),
    next_key="JOURNAL_ID",
    search=_names("BUSINESS_UNIT JOURNAL_ID JOURNAL_DATE UNPOST_SEQ SOURCE DESCR"),
    optional_keys=("UNPOST_SEQ",),
    read_only=("JRNL_HDR_STATUS",),
)
VNDR_ID = Interface(
    "VNDR_ID",
    Level(
        "VNDR_ID",
        "",
        ("SETID", "VENDOR_ID"),
        _names("SETID VENDOR_ID VENDOR_NAME_SHORT NAME1 NAME2 VENDOR_STATUS VENDOR_CLASS VENDOR_PERSISTENCE"),
        (
            Level(
                "VENDOR_ADDR",
                "addresses",
                ("ADDRESS_SEQ_NUM", "EFFDT"),
                _names(
                    "ADDRESS_SEQ_NUM EFFDT EFF_STATUS ADDRESS1 ADDRESS2 ADDRESS3 ADDRESS4 CITY COUNTY STATE "
                    "POSTAL COUNTRY EMAILID PHONE"
                ),
            ),
            Level(
                "VENDOR_LOC",
                "locations",
                ("VNDR_LOC", "EFFDT"),
                _names("VNDR_LOC EFFDT EFF_STATUS PYMNT_TERMS_CD CURRENCY_CD"),
            ),
        ),
    ),
    next_key="VENDOR_ID",
    search=_names("SETID VENDOR_ID VENDOR_NAME_SHORT NAME1"),
)
PO_LINE_DISTRIB = Level(
    "PO_LINE_DISTRIB",
    "distributions",
    ("DISTRIB_LINE_NUM",),
    _names("DISTRIB_LINE_NUM BUSINESS_UNIT_GL ACCOUNT DEPTID MERCHANDISE_AMT"),
)
PO_LINE_SHIP = Level(
    "PO_LINE_SHIP",
    "schedules",
    ("SCHED_NBR",),
    _names("SCHED_NBR QTY_PO PRICE_PO UNIT_OF_MEASURE MERCHANDISE_AMT DUE_DT"),
    (PO_LINE_DISTRIB,),
)
PURCHASE_ORDER = Interface(
    "PURCHASE_ORDER",
    Level(
        "PURCHASE_ORDER",
        "",
        ("BUSINESS_UNIT", "PO_ID"),
        _names("BUSINESS_UNIT PO_ID PO_DT PO_REF VENDOR_SETID VENDOR_ID BUYER_ID CURRENCY_CD PO_STATUS"),
        (
            Level(
                "PO_LINE",
                "lines",
                ("LINE_NBR",),
                _names("LINE_NBR DESCR254_MIXED INV_ITEM_ID"),
                (PO_LINE_SHIP,),
            ),
        ),
    ),
    next_key="PO_ID",
    search=_names("BUSINESS_UNIT PO_ID PO_REF VENDOR_ID"),
)
ML_EDI_STATUS = Interface(
    "ML_EDI_STATUS",
    Level(
        "ML_EDI_STATUS",
        "",
        ("BUSINESS_UNIT", "EDI_DOC_TYPE", "EDI_DOC_ID"),
        _names(
            "BUSINESS_UNIT EDI_DOC_TYPE EDI_DOC_ID EDI_SET_CODE EDI_PARTNER EDI_REFERENCE EDI_STATUS "
            "EDI_REASON EDI_RESPONSE EDI_RESP_REASON EDI_PROMISED_DT EDI_CONTROL EDI_FILE_NAME EDI_SENT_DTTM "
            "EDI_DELIV_DTTM EDI_ACKN_DTTM EDI_RESP_DTTM"
        ),
    ),
    next_key="",
    search=_names("BUSINESS_UNIT EDI_DOC_TYPE EDI_DOC_ID EDI_PARTNER EDI_STATUS"),
)
ML_EDI_PARTNER = Interface(
    "ML_EDI_PARTNER",
    Level(
        "ML_EDI_PARTNER",
        "",
        ("EDI_CONNECTION",),
        _names(
            "EDI_CONNECTION EDI_CONN_TYPE EDI_ENABLED EDI_READY EDI_REASON EDI_ENDPOINT EDI_PARTNER "
            "SETID VENDOR_ID"
        ),
    ),
    next_key="",
    search=_names("EDI_CONNECTION EDI_PARTNER SETID VENDOR_ID"),
)
INTERFACES = (AP_VOUCHER, JOURNAL_ENTRY, VNDR_ID, PURCHASE_ORDER, ML_EDI_STATUS, ML_EDI_PARTNER)

Renames = Mapping[str, Mapping[str, Any]]


def of_site(changes: Renames) -> Iterator[Interface]:
    """The interfaces as this site has them: see the switch `interfaces`."""
    for interface in INTERFACES:
        change = changes.get(interface.ci, {})
        name = change.get("name", interface.ci)
        yield replace(
            interface,
            name=name,
            service=change.get("service", f"CI_{name}"),
            version=str(change.get("version", "1")),
            renamed=tuple(change.get("properties", {}).items()),
        )
