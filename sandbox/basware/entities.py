"""The coding data that can be imported, field by field.

Names and lengths are those of Basware's public P2P interface description (file version 26.06).
"""

from __future__ import annotations

import re

from .shapes import Flag, Kind, Moment, Number, Rows, Shape, Text, given, may, must, numbered

BILLION = 1_000_000_000
LARGEST = 2**31 - 1
NAME = Shape(language=must(Text(10, 2)), translation=must(Text(2000, 2)))
NAMES = must(Rows(NAME, least=1))
TEXT, DATE = Text(250), Moment()
WHOLE, DAYS = Number(-LARGEST - 1, LARGEST, whole=True), Number(0, LARGEST, whole=True)
PERCENT = Number(-BILLION, BILLION)
OPTIONS_2, OPTIONS_3 = Number(0, 1, whole=True), Number(0, 2, whole=True)
CODE, COMPANY = Text(36, 1), Text(32, 1)
OWN = {"externalCode": must(CODE), "lastUpdated": given(DATE)}

_company = Shape(companyCode=must(COMPANY), active=must(Flag()))
_inheriting = Shape(companyCode=must(COMPANY), inherit=must(Flag()), active=must(Flag()))

ACCOUNT = Shape(
    **OWN,
    accountCode=must(Text(25, 1)),
    accountNames=NAMES,
    companies=must(Rows(_inheriting)),
    taxCode=may(Text(25)),
    **numbered("text", range(1, 6), TEXT),
)
COST_CENTER = Shape(
    **OWN,
    costCenterCode=must(Text(25, 1)),
    costCenterNames=NAMES,
    companies=must(Rows(_company)),
    **numbered("text", range(1, 11), TEXT),
    **numbered("date", range(1, 6), DATE),
    **numbered("int", range(1, 6), WHOLE),
)
_additional = Shape(
    externalCode=may(Text(32)),
    account=may(Text(25)),
    statistical=may(Text(25)),
    transactionType=may(Text(25)),
    taxPercent=may(Number()),
    country=may(Text(25)),
    condition=may(Text(25)),
    active=may(Flag()),
)
TAX_CODE = Shape(
    **OWN,
    taxCode=must(Text(25, 1)),
    taxCodeNames=NAMES,
    taxPercentage=must(PERCENT),
    taxPercentage2=may(PERCENT),
    taxGroup=may(Text(25)),
    additionalData=may(Rows(_additional)),
    companies=must(Rows(_inheriting)),
)
_discount = Shape(
    externalCode=must(CODE),
    discountDays=may(DAYS),
    discountPercent=may(Number(0, BILLION)),
    active=must(Flag()),
)
PAYMENT_TERM = Shape(
    **OWN,
    paymentTermCode=must(Text(25, 1)),
    paymentTermNames=NAMES,
    validFrom=must(DATE),
    validTo=must(DATE),
    companies=must(Rows(_inheriting)),
    sortOrder=may(DAYS),
    moveDueDatesTo=may(Text(pattern=re.compile("^[012]$"))),
    dueDateCalc=may(OPTIONS_2),
    dueDateDays=may(DAYS),
    dueDateDays2=may(DAYS),
    dueDateEom=may(DAYS),
    cashDueDateCalc=may(OPTIONS_3),
    cashDueDateDays=may(DAYS),
    cashDueDateDays2=may(DAYS),
    cashDueDateEom=may(DAYS),
    cashDiscount=may(Number(0, BILLION)),
    paymentTermDiscountRules=may(Rows(_discount)),
)
EXCHANGE_RATE = Shape(
    **OWN,
    rate=must(Number(0, BILLION)),
    currencyCodeFrom=must(Text(3, 2)),
    currencyCodeTo=must(Text(3, 2)),
    validFrom=must(DATE),
    companies=must(Rows(_company)),
)
PROJECT = Shape(
    **OWN,
    projectCode=must(Text(25, 1)),
    projectName=must(Text(100, 1)),
    validFrom=must(DATE),
    validUntil=must(DATE),
    companies=must(Rows(_company)),
    description=may(Text(500)),
)

CAPACITY = {
    # prefix, first list, last list: text columns, their length, number columns, date columns
    ("ACC_LIST_", 1, 10): (5, 250, 3, 0),
    ("ACC_LIST_", 11, 20): (5, 50, 3, 0),
    ("ACC_LIST_", 21, 30): (10, 250, 5, 5),
    ("ACC_LIST_", 31, 35): (25, 250, 10, 10),
    ("INV_LIST_", 1, 10): (5, 250, 0, 0),
    ("INV_LIST_", 11, 20): (10, 250, 5, 5),
    ("CUST_RESOLVER_", 1, 5): (15, 250, 15, 15),
}


_dimensions = [f"Dimension{number}" for number in range(1, 11)]
CONTENTS = frozenset({
    "Plant", "ProfitCenter", "BusinessUnit", "Project", "ProjectSub", "Employee", "Vehicle", "Customer",
    "AccAssignmentCategory", "Budget", "Service", "BusinessArea", "PartnerProfitCenter", "FixedAsset",
    "FixedAssetSubCode", "WorkOrderCode", "WorkOrderSubCode", "CommitmentItem", "ControllingArea",
    "FunctionalArea", "Network", "NetworkActivity", "Tax", "TaxJurisdiction", "InternalOrder", "SalesOrder",
    "SalesOrderSub", *_dimensions,
})  # fmt: skip
"""What a list may hold for Purchase Manager."""


def _list_shape(texts: int, length: int, numbers: int, dates: int) -> Shape:
    text: Kind = Text(length)
    return Shape(
        **OWN,
        companies=may(Rows(_company)),
        listContent=may(Text(words=CONTENTS)),
        **numbered("text_", range(1, texts + 1), text),
        **numbered("number_", range(1, numbers + 1), Number()),
        **numbered("dateValue_", range(1, dates + 1), DATE),
    )


LISTS = {
    f"{prefix}{number}": shape
    for (prefix, first, last), columns in CAPACITY.items()
    for shape in [_list_shape(*columns)]
    for number in range(first, last + 1)
}
"""Shape of each generic list by its key: how many columns it has depends on the list."""
