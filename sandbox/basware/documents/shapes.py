"""Fields of an invoice and of the answers that it gets.

Names and lengths are those of Basware's public P2P interface description (file version 26.06).
"""

from __future__ import annotations

from sandbox.basware.entities import CODE, DATE, PERCENT, TEXT, WHOLE
from sandbox.basware.shapes import Field, Flag, Moment, Number, Rows, Shape, Text, given, may, must, numbered

MODES = ("Standard", "InvoiceEnrichment")
STATUSES = (
    "WaitingForPrebook", "PrebookInProgress", "Prebooked", "PrebookFailed", "WaitingForTransfer",
    "TransferInProgress", "Transferred", "TransferFailed", "WaitingForPrebookCancelation",
    "PrebookCancelationInProgress", "PrebookCanceled", "PrebookCancelFailed", "WaitingToBeRemoved", "Removed",
    "RemoveFailed", "WaitingToBeReturned", "Returned", "ReturnFailed", "WaitingToBeCompleted",
    "CompletionInProgress", "Completed", "CompletionFailed", "Paid", "New", "WaitingForEnrichmentTransfer",
    "EnrichmentTransferInProgress", "EnrichmentTransferred", "EnrichmentTransferFailed", "InDocumentFilter",
    "DocumentFilterReleased",
)  # fmt: skip
AMOUNT, SOURCE, VOUCHER, MESSAGE = may(Number()), may(Text(32)), may(Text(25)), must(Text(250, 1))


def _texts(most: int | None, *names: str) -> dict[str, Field]:
    return {name: may(Text(most)) for name in names}


def _amounts(*names: str) -> dict[str, Field]:
    return dict.fromkeys(names, AMOUNT)


def _moments(*names: str) -> dict[str, Field]:
    return dict.fromkeys(names, may(Moment()))


TRANSFER = Shape(
    externalCode=must(CODE),
    success=must(Flag()),
    responseMessage=MESSAGE,
    paymentBlock=must(Flag()),
    sourceSystem=SOURCE,
    voucherNumber1=VOUCHER,
    voucherNumber2=VOUCHER,
    transferDate=may(DATE),
)
PREBOOK = Shape(
    externalCode=must(CODE),
    success=must(Flag()),
    responseMessage=MESSAGE,
    paymentBlock=must(Flag()),
    sourceSystem=SOURCE,
    voucherNumber1=VOUCHER,
    voucherNumber2=VOUCHER,
    prebookDate=may(DATE),
)
ENRICHMENT = Shape(
    externalCode=must(CODE),
    success=must(Flag()),
    responseMessage=MESSAGE,
    sourceSystem=SOURCE,
    transferDate=may(DATE),
)
PAYMENT = Shape(
    externalCode=must(CODE),
    success=must(Flag()),
    paymentBlock=must(Flag()),
    responseMessage=may(TEXT),
    sourceSystem=SOURCE,
    paymentDate=may(DATE),
    **_amounts("paidTotal", "cashDiscount"),
    **_texts(25, "paymentTermCode", "paymentMethod", "checkNumber"),
    **_texts(100, "paymentMessage"),
    **_texts(250, "paymentNumber", "paymentDocument", "paymentReversalDocument"),
)

_dispute = Shape(isDisputed=given(Flag()), disputeReason=may(Text()), disputeDate=may(DATE))
_parameter = Shape(key=must(Text(250, 1)), value=must(Text(250, 1)))
CODED = (
    "account", "costCenter", "internalOrder", "profitCenter", "businessUnit", "project", "projectSub",
    "employee", "salesOrder", "salesOrderSub", "customer", "accAssignmentCategory", "budget", "service",
    "businessArea", "product", "fixedAsset", "fixedAssetSub", "workOrder", "workOrderSub",
)  # fmt: skip
SHORTER = {"accountCode": 50, "costCenterCode": 200}
CODING_ROW = Shape(
    externalCode=must(CODE),
    rowIndex=may(Number(0, 100_000, whole=True)),
    **{
        name: may(Text(SHORTER.get(name, 250)))
        for part in CODED
        for name in (f"{part}Code", f"{part}Name")
    },
    **_amounts(
        *(f"{name}{twin}" for name in ("grossTotal", "netTotal", "taxSum", "taxSum2")
          for twin in ("", "Company", "Organization")),
        "orderLineNetTotal", "orderLineGrossTotal", "receivedQuantity", "receivedNetPrice",
        "receivedGrossPrice", "receivedNetTotal", "receivedGrossTotal", "conversionNumerator",
        "conversionDeNumerator", "conversionDenominator", "orderedQuantity", "orderNetTotal",
        "orderGrossTotal", "orderedNetPrice", "orderedGrossPrice", "allocatedQuantity", "matchedQuantity",
        "matchedNetSum", "matchedGrossSum",
    ),
    **_texts(
        250, "deliveryNoteNumber", "organizationElementName", "organizationElementCode", "plant",
        "vehicleNumber", "vehicleName", "conditionType", "buyerName", "orderLineDescription",
        "orderLinePriceUnit", "orderLinePriceUnitDescription", "partnerProfitCenter",
        "goodsReceiptItemNumber", "goodsReceiptNumber", "materialGroup", "fiscalYear", "orderLineUOM",
        "subUOM", "commitmentItem", "controllingArea", "functionalArea", "network", "networkActivity",
        "orderCodingRowNumber", "ownerName", "taxCode", "taxJurisdictionCode", "text84", "text85",
    ),
    **_texts(None, "freightSlip", "orderItemNumber"),
    **_texts(50, "rowOrigin"),
    **_texts(100, "closeOrder"),
    **_texts(255, "contractNumber"),
    **_texts(1000, "lastComment", "orderNumber"),
    **_texts(2000, "orderLineNumber"),
    matchingType=may(WHOLE),
    plannedAdditionalCostType=given(WHOLE),
    taxPercent=may(PERCENT),
    taxPercent2=may(PERCENT),
    **numbered("dimCode", range(1, 11), TEXT),
    **numbered("dimName", range(1, 11), TEXT),
    **numbered("num", range(1, 6), Number()),
    **numbered("text", range(1, 6), TEXT),
    **numbered("date", range(1, 6), DATE),
)  # fmt: skip
REASONS = frozenset({
    "NotDefined", "Duplicate", "MissingData", "MissingPO", "Statement", "NonInvoice", "ProcessingTimeExpired",
    "InvoiceMatched", "ZeroValue", "Confidential", "Reprocessed", "IncorrectVAT", "ErrorInBankDetails",
    "CreditorUnknown", "IncorrectRecipient", "IncorrectValidator", "InvoiceNotCompliantWithOrder",
    "SupportingDocumentationMissing", "NotCompliantWithDelivery", "ContractEnded", "IncorrectInvoiceAmount",
    "SupplierUnknown", "InvoiceProcessedElsewhere", "PaymentNotReceivedOrCanceled",
    "ReasonOtherThanIncorrectValidator", "OtherContactYourBuyer", "Other",
})  # fmt: skip
HEADER = Shape(
    bumid=may(Text(36)),
    p2pProcessingMode=given(Text(words=frozenset(MODES))),
    invoiceNumber=may(Text(100)),
    companyCode=must(Text(32, 1)),
    companyName=may(Text(250, 2)),
    supplierCode=must(Text(25)),
    currencyCode=must(Text(3, 2)),
    paymentBlock=must(Flag()),
    originService=given(WHOLE),
    taxPercent1=may(PERCENT),
    taxPercent2=AMOUNT,
    cashPercent=may(Number(0, 100)),
    prebooked=may(Flag()),
    removedBeforeTransfer=may(Flag()),
    removalReason=given(Text(words=REASONS)),
    disputeInfo=given(_dispute),
    orderNumbers=may(Rows(Text())),
    transferParameters=may(Rows(_parameter)),
    **_moments(
        "invoiceDate", "baseLineDate", "dueDate", "cashDate", "voucherDate", "codingDate", "clearingDate",
        "exchangeRateBaseDate",
    ),
    **_amounts(
        *(f"{name}{twin}" for name in ("netSum", "grossSum", "taxSum1", "taxSum2", "cashSum")
          for twin in ("", "Company", "Organization")),
        "exchangeRateCompany", "exchangeRateOrganization",
    ),
    **_texts(3, "currencyCodeCompany"),
    currencyCodeOrganization=may(Text(3, 2)),
    organizationElementCode=may(Text(25, 1)),
    organizationElementName=may(Text(250, 1)),
    **_texts(
        25, "voucherNumber1", "voucherNumber2", "organizationCode", "taxCode", "invoiceTypeCode",
        "paymentMethod", "paymentTermCode", "clearingCountry",
    ),
    **_texts(36, "parentInvoiceBumId", "supplierSourceSystemId"),
    **_texts(
        50, "referenceNumber", "supplierBankIBAN", "supplierBankBBAN", "accountingPeriod", "accountingGroup"
    ),
    **_texts(100, "paymentTermExternalCode", "clearingReferenceId", "paymentMessage"),
    **_texts(
        250, "organizationName", "supplierName", "contractNumber", "description", "invoiceTypeName",
        "paymentTermName", "paymentRevelsalDocument", "supplierBankBIC", "supplierBankName",
        "removalReasonComment", "invoiceImageURL", "invoiceImageToken",
    ),
    **_texts(255, "referencePerson", "paymentPlanReference"),
    **numbered("text", range(1, 11), TEXT),
    **numbered("text", range(11, 31), Text(100)),
    **numbered("text", range(31, 61), TEXT),
    **numbered("numeric", range(1, 31), Number()),
    **numbered("date", range(1, 11), DATE),
)  # fmt: skip
