"""The fields of BILL's objects: what is required, how long it may be, what may be filtered.

Lengths, required fields and filterable fields are those BILL documents; sortable fields are
inferred from the filterable ones.
"""

from __future__ import annotations

from dataclasses import dataclass

from .countries import COUNTRIES
from .schema import Field, Fields

ADDRESS: Fields = {
    "line1": Field(required=True, low=1, high=100),
    "line2": Field(high=100),
    "city": Field(required=True, low=1, high=50),
    "stateOrProvince": Field(high=50),
    "zipOrPostalCode": Field(required=True, low=1, high=20),
    "country": Field(required=True, choices=tuple(COUNTRIES)),
}
BANK_ACCOUNT: Fields = {
    "nameOnAccount": Field(required=True, low=1, high=100),
    "accountNumber": Field(required=True, low=1, high=40),
    "routingNumber": Field(high=20),
    "type": Field(choices=("CHECKING", "SAVINGS")),
    "ownerType": Field(choices=("BUSINESS", "PERSONAL", "PERSON")),
    "paymentCurrency": Field(low=3, high=3),
}
VENDOR: Fields = {
    "name": Field(required=True, low=1, high=100),
    "address": Field("object", required=True, of=ADDRESS),
    "shortName": Field(high=40),
    "accountNumber": Field(high=40),
    "accountType": Field(choices=("BUSINESS", "PERSON", "NONE")),
    "email": Field(high=128),
    "phone": Field(high=32),
    "paymentInformation": Field(
        "object",
        of={
            "payeeName": Field(high=100),
            "email": Field(high=128),
            "bankAccount": Field("object", of=BANK_ACCOUNT),
            "paymentPurpose": Field("object"),
            "virtualCard": Field("object"),
        },
    ),
    "additionalInfo": Field(
        "object",
        of={
            "taxId": Field(high=16),
            "taxIdType": Field(choices=("EIN", "SSN")),
            "track1099": Field("boolean"),
            "leadTimeInDays": Field("integer"),
            "combinePayments": Field("boolean"),
            "paymentTermId": Field(),
            "companyName": Field(high=100),
        },
    ),
    "billCurrency": Field(low=3, high=3, pattern="[A-Z]{3}"),
    "autoPay": Field("object"),
}
LINE_CLASSES: Fields = {
    name: Field()
    for name in (
        "chartOfAccountId", "accountingClassId", "departmentId", "employeeId", "jobId", "locationId",
        "itemId", "customerId",
    )
}  # fmt: skip
BILL_CLASSES: Fields = {
    name: Field()
    for name in ("chartOfAccountId", "accountingClassId", "departmentId", "locationId", "itemId")
}
LINE: Fields = {
    "id": Field(),
    "amount": Field("money"),
    "quantity": Field("money", high=1),
    "price": Field("money", high=1),
    "description": Field(high=4000),
    "classifications": Field("object", of=LINE_CLASSES),
}
BILL: Fields = {
    "vendorId": Field(required=True, low=1),
    "dueDate": Field("date", required=True),
    "billLineItems": Field("list", required=True, of=LINE),
    "invoice": Field(
        "object",
        required=True,
        of={
            "invoiceNumber": Field(required=True, low=1, high=100),
            "invoiceDate": Field("date", required=True),
        },
    ),
    "description": Field(high=4000),
    "classifications": Field("object", of=BILL_CLASSES),
    "payFromChartOfAccountId": Field(),
    "vendorCredits": Field("list", of={"id": Field(required=True), "amount": Field("money", required=True)}),
    "purchaseOrderNumber": Field(high=100),
    "billApprovals": Field("boolean"),
}
CREDIT: Fields = {
    "vendorId": Field(required=True, low=1),
    "referenceNumber": Field(required=True, low=1, high=100),
    "creditDate": Field("date", required=True),
    "vendorCreditLineItems": Field("list", required=True, of=LINE),
    "description": Field(high=4000),
    "applyToChartOfAccountId": Field(),
    "applyToBankAccountId": Field(),
}
ACCOUNT_TYPES = (
    "UNSPECIFIED", "ACCOUNTS_PAYABLE", "ACCOUNTS_RECEIVABLE", "BANK", "COST_OF_GOODS_SOLD", "CREDIT_CARD",
    "EQUITY", "EXPENSE", "FIXED_ASSET", "INCOME", "LONG_TERM_LIABILITY", "OTHER_ASSET",
    "OTHER_CURRENT_ASSET", "OTHER_CURRENT_LIABILITY", "OTHER_EXPENSE", "OTHER_INCOME", "NON_POSTING",
)  # fmt: skip
ACCOUNT: Fields = {
    "name": Field(required=True, low=1, high=100),
    "description": Field(high=200),
    "parentId": Field(),
    "account": Field("object", of={"type": Field(choices=ACCOUNT_TYPES), "number": Field(high=30)}),
}
CLASS: Fields = {
    "name": Field(required=True, low=1, high=100),
    "shortName": Field(high=40),
    "description": Field(high=200),
    "parentId": Field(),
}
RECORDED_PAYMENT: Fields = {
    "vendorId": Field(required=True, low=1),
    "processDate": Field("date", required=True),
    "toPrintCheck": Field("boolean", required=True),
    "payments": Field(
        "list",
        required=True,
        of={"billId": Field(required=True, low=1), "amount": Field("money", required=True)},
    ),
    "description": Field(high=4000),
    "syncReference": Field(high=100),
    "classifications": Field("object", of={"chartOfAccountId": Field()}),
    "allowExport": Field("boolean"),
}
NEW_PAYMENT: Fields = {
    "vendorId": Field(required=True, low=1),
    "billId": Field(low=1),
    "processDate": Field("date", required=True),
    "fundingAccount": Field(
        "object",
        required=True,
        of={
            "type": Field(required=True, choices=("BANK_ACCOUNT", "CARD_ACCOUNT", "WALLET", "AP_CARD")),
            "id": Field(),
        },
    ),
    "amount": Field("money", required=True),
    "processingOptions": Field("object", required=True),
    "description": Field(high=4000),
    "transactionNumber": Field(high=50),
}


@dataclass(frozen=True)
class Listing:
    """What a list may be filtered and sorted by; a star at the end stands for anything below."""

    filters: dict[str, tuple[str, ...]]
    sorts: tuple[str, ...]


ANY = ("eq", "ne", "gt", "gte", "lt", "lte", "in", "nin")
WORD = ("eq", "ne", "in", "nin")
TIMES = {"createdTime": ANY, "updatedTime": ANY}
COMMON = {"id": WORD, "archived": ("eq", "ne")}
VENDORS = Listing(
    {
        **COMMON,
        "name": ("eq", "sw"),
        "accountType": WORD,
        "address.country": WORD,
        "billCurrency": WORD,
        "paymentStatus": WORD,
        **TIMES,
    },
    ("name", "createdTime", "updatedTime"),
)
BILLS = Listing(
    {
        **COMMON,
        "vendorId": ("eq", "in"),
        "dueDate": ANY,
        "paymentStatus": WORD,
        "payFromChartOfAccountId": WORD,
        "classifications.*": WORD,
        **TIMES,
    },
    ("dueDate", "createdTime", "updatedTime"),
)
CREDITS = Listing(
    {**COMMON, "vendorId": ("eq", "in"), "creditDate": ANY, "status": WORD, **TIMES},
    ("creditDate", "createdTime", "updatedTime"),
)
CLASSES = Listing(
    {**COMMON, "name": ("eq", "sw"), "parentId": WORD, **TIMES}, ("name", "createdTime", "updatedTime")
)
PAYMENTS = Listing(
    {
        "id": WORD,
        "vendorId": ("eq", "in"),
        "status": WORD,
        "singleStatus": WORD,
        "disbursementType": WORD,
        "processDate": ANY,
        "amount": ANY,
        **TIMES,
    },
    ("processDate", "createdTime", "updatedTime"),
)
BANKS = Listing({**COMMON, "status": WORD, **TIMES}, ("createdTime", "updatedTime"))
