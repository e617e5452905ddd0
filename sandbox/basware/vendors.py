"""A vendor, field by field, with addresses, contacts and bank accounts.

Names and lengths are those of Basware's public P2P interface description (file version 26.06).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from .entities import CODE, COMPANY, DATE
from .shapes import Flag, Number, Rows, Shape, Text, given, may, must

ADDRESS_TYPES = frozenset(
    f"{kind}Address"
    for kind in ("Additional", "Visiting", "Remittance", "Delivery", "Postal", "Registration")
)
ADDRESS_PARTS = frozenset({
    "AdditionalField1", "AdditionalField2", "AdditionalStreetName", "BlockName", "BuildingName",
    "BuildingNumber", "CitySubDivisionName", "CoordinateSystemCode", "Country", "Department", "District",
    "Email", "Floor", "GlobalLocationNumber", "InhouseEmail", "LatitudeDegreesMeasure",
    "LatitudeDirectionCode", "LatitudeMinutesMeasure", "LongitudeDegreesMeasure", "LongitudeDirectionCode",
    "LongitudeMinutesMeasure", "MarkAttention", "MarkCare", "PlotIdentification", "Region", "Room",
})  # fmt: skip
ROLES = frozenset(f"{kind}Contact" for kind in ("Primary", "Secondary", "Additional"))
FORMATS = frozenset({"UBL", "EHFXML21", "email", "other", "none", "BaswareNetwork"})
MAIL = re.compile(r"^[^@\s]+@[a-z0-9-]+(\.[a-z0-9-]+)+$")
FLAG, COUNTRY, CURRENCY = may(Flag()), may(Text(2, 2)), may(Text(3, 3))

ADDRESS = Shape(
    externalCode=must(CODE),
    name=must(Text(200, 1)),
    description=may(Text(200)),
    addressType=may(Text(words=ADDRESS_TYPES)),
    addressLine1=may(Text(200)),
    addressLine2=may(Text(200)),
    addressLine3=may(Text(200)),
    **{
        name: may(Text(50))
        for name in (
            "cityName", "postalZone", "poBox", "streetName", "locality", "countrySubEntity",
            "countrySubEntityDescription",
        )
    },
    countryId=COUNTRY,
    default=FLAG,
    additionalAddressFields=may(Rows(Shape(key=given(Text(words=ADDRESS_PARTS)), value=may(Text(200))))),
)  # fmt: skip
CONTACT = Shape(
    name=must(Text(200, 1)),
    description=may(Text(200)),
    telephone=may(Text(50)),
    telefax=may(Text(50)),
    email=may(Text(200)),
    website=may(Text(200)),
    role=given(Text(words=ROLES)),
)
INSTITUTION = Shape(
    name=must(Text(250)),
    id=must(Text(20, 1)),
    schemeId=must(CODE),
    branchId=may(Text(50)),
    branchIdSchemeId=may(Text(36)),
    countryId=COUNTRY,
)
BANK_ACCOUNT = Shape(
    schemeId=must(CODE),
    description=may(Text(200)),
    id=may(Text(50)),
    accountHolderName=may(Text(200)),
    currencyCode=CURRENCY,
    accountAdditionalData1=may(Text(200)),
    accountAdditionalData2=may(Text(200)),
    default=FLAG,
    linkedBbanOrIban=may(Text(50)),
)
PAYMENT_MEANS = Shape(
    paymentMeansCode=must(Text(25, 1)),
    description=may(Text(200)),
    currencyCode=CURRENCY,
    default=FLAG,
    financialAccounts=may(
        Rows(
            Shape(
                financialInstitution=given(INSTITUTION), financialAccountIdentifiers=may(Rows(BANK_ACCOUNT))
            )
        )
    ),
)
ORDERING = Shape(
    orderingFormat=may(Text(words=FORMATS)),
    orderingMessageLanguage=may(Text(10)),
    orderingLanguage=may(Text(25)),
    orderEmail=may(Text(320, 3, pattern=MAIL)),
    orderProcessType=may(Text(50)),
    minimumOrderAllowed=may(Number()),
    **dict.fromkeys(
        (
            "isTaxable", "automaticallyReceiveOnInvoice", "automaticallyReceiveOnOrder", "hasActiveCatalog",
            "createOrderAutomatically", "deliverOrderAutomatically", "noFreeformItems", "sendToNetwork",
        ),
        FLAG,
    ),
)  # fmt: skip
VENDOR = Shape(
    externalCode=must(CODE),
    vendorCode=must(Text(25, 1)),
    name=must(Text(250, 1)),
    companies=must(Rows(Shape(companyCode=must(COMPANY), inheritToChildUnits=FLAG))),
    vendorParent=may(Text()),
    buvid=may(Text(36)),
    sourceSystem=may(Text(36)),
    description=may(Text(250)),
    lastUpdated=given(DATE),
    supplierAssignedAccountId=may(Text(128)),
    eligibleForSourcing=FLAG,
    vendorClass=may(Text(100)),
    identifiers=may(Rows(Shape(id=must(CODE), schemeId=must(Text(32, 1)), defaultPartyId=FLAG))),
    addresses=may(Rows(ADDRESS)),
    contacts=may(Rows(CONTACT)),
    paymentMeans=may(Rows(PAYMENT_MEANS)),
    paymentTerms=given(Shape(paymentTermCode=must(Text(25, 1)), description=may(Text(200)))),
    deliveryTerm=given(
        Shape(deliveryTermCode=must(Text(25, 1)), deliveryLocation=may(Text(100)), description=may(Text(200)))
    ),
    orderingDetails=given(ORDERING),
    processingStatus=given(Shape(active=FLAG, paymentDenied=FLAG)),
    tags=may(Rows(Shape(name=must(Text(50, 1)), value=must(Text(250, 1)), tagGroup=may(Text(50))))),
    customFields=may(Rows(Shape(name=must(Text(25, 1)), value=must(Text(250, 1)), groupName=may(Text(500))))),
)


def bank_accounts(vendor: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Every bank account of a vendor that has a number."""
    for means in vendor.get("paymentMeans", ()):
        for account in means.get("financialAccounts", ()):
            yield from (row for row in account.get("financialAccountIdentifiers", ()) if row.get("id"))


def currencies(vendor: Mapping[str, Any]) -> set[str]:
    """All currencies a vendor names."""
    rows = [*vendor.get("paymentMeans", ()), *bank_accounts(vendor)]
    return {row["currencyCode"] for row in rows if "currencyCode" in row}
