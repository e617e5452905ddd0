"""The data dictionary: what a property may hold. A PeopleSoft field is the same wherever it appears."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Field:
    """One field.

    Attributes:
        kind: `char`, `number` or `date`.
        length: characters, or digits without sign and point.
        decimals: digits after the point.
    """

    kind: str
    length: int
    decimals: int = 0


AMOUNT = Field("number", 26, 3)
DATE = Field("date", 10)

_CHARACTERS = {
    1: "VENDOR_STATUS VENDOR_CLASS VENDOR_PERSISTENCE EFF_STATUS PYMNT_ACTION PYMNT_SELCT_STATUS PYMNT_HOLD "
    "ENTRY_STATUS JRNL_HDR_STATUS EDI_ENABLED EDI_READY",
    2: "PO_STATUS",
    3: "ORIGIN SOURCE CURRENCY_CD TXN_CURRENCY_CD UNIT_OF_MEASURE PYMNT_METHOD PYMNT_HOLD_REASON COUNTRY "
    "EDI_SET_CODE",
    4: "VOUCHER_STYLE VCHR_SRC BANK_ACCT_KEY",
    5: "BUSINESS_UNIT BUSINESS_UNIT_GL BUSINESS_UNIT_PO SETID VENDOR_SETID PYMNT_TERMS_CD FUND_CODE "
    "CLASS_FLD PROGRAM_CODE BANK_CD BUSINESS_UNIT_RECV",
    6: "STATE PRODUCT",
    8: "VOUCHER_ID VOUCHER_ID_RELATED OPERATING_UNIT",
    10: "VENDOR_ID VNDR_LOC PO_ID ACCOUNT DEPTID JOURNAL_ID LEDGER LEDGER_GROUP JRNL_LN_REF RECEIVER_ID "
    "SHIPTO_ID EDI_DOC_TYPE",
    12: "POSTAL",
    14: "VENDOR_NAME_SHORT",
    15: "PROJECT_ID",
    18: "INV_ITEM_ID",
    20: "EDI_RESPONSE",
    24: "PHONE",
    30: "INVOICE_ID DESCR LINE_DESCR PO_REF BUYER_ID CITY COUNTY EDI_DOC_ID EDI_PARTNER "
    "EDI_REFERENCE EDI_STATUS EDI_CONN_TYPE",
    32: "EDI_SENT_DTTM EDI_DELIV_DTTM EDI_ACKN_DTTM EDI_RESP_DTTM",
    40: "NAME1 NAME2 EDI_CONTROL",
    55: "ADDRESS1 ADDRESS2 ADDRESS3 ADDRESS4",
    70: "EMAILID PYMNT_MESSAGE",
    100: "EDI_CONNECTION EDI_ENDPOINT EDI_FILE_NAME",
    254: "DESCR254_MIXED EDI_REASON EDI_RESP_REASON",
}
_INTEGERS = {
    2: "UNPOST_SEQ",
    3: "SCHED_NBR",
    5: "VOUCHER_LINE_NUM DISTRIB_LINE_NUM LINE_NBR ADDRESS_SEQ_NUM PYMNT_CNT RECV_LN_NBR",
    9: "JOURNAL_LINE",
}
_AMOUNTS = (
    "GROSS_AMT SALETX_AMT FREIGHT_AMT MISC_AMT MERCHANDISE_AMT MONETARY_AMOUNT FOREIGN_AMOUNT VAT_ENTRD_AMT "
    "PYMNT_GROSS_AMT"
)
_DATES = (
    "INVOICE_DT ACCOUNTING_DT DUE_DT JOURNAL_DATE EFFDT PO_DT SCHEDULED_PAY_DT INV_RECPT_DT INVOICE_RCPT_DT "
    "RECEIPT_DT EDI_PROMISED_DT"
)

FIELDS: dict[str, Field] = {
    **{name: Field("char", length) for length, names in _CHARACTERS.items() for name in names.split()},
    **{name: Field("number", length) for length, names in _INTEGERS.items() for name in names.split()},
    **dict.fromkeys(_AMOUNTS.split(), AMOUNT),
    **dict.fromkeys(_DATES.split(), DATE),
    "QTY_VCHR": Field("number", 15, 4),
    "QTY_PO": Field("number", 15, 4),
    "UNIT_PRICE": Field("number", 15, 5),
    "PRICE_PO": Field("number", 15, 5),
}
