"""Vendors as records of Basware, and back.

The body of a document is flatter than the record: which address is the main one and which the one for
remittances are numbers, bank accounts and tax numbers are lists, and whatever P2P reads elsewhere is put
there twice. Bank details stand in fields whose names every page and log hides.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ml_connector.basware.master.codes import LONGEST, unmarked
from ml_connector.core import codec
from ml_connector.core.contract import Payload

_PLAIN = ("vendorCode", "name", "sourceSystem", "description", "vendorClass", "supplierAssignedAccountId")
_ADDRESS = {
    "name": "name", "line1": "addressLine1", "line2": "addressLine2", "line3": "addressLine3",
    "street": "streetName", "city": "cityName", "postal_code": "postalZone", "region": "countrySubEntity",
    "country": "countryId",
}  # fmt: skip
"""Fields of an address: ours and Basware's."""

_ADDITIONAL = {"Country": "country", "Region": "region"}
"""P2P reads these from the additional fields of an address (vendor's OpenAPI, ``VendorEntity``)."""

REMITTANCE, POSTAL = "RemittanceAddress", "PostalAddress"
UNKNOWN_MEANS = "Default"
_SUFFIX = 4


class Vendors:
    """How vendors look in Basware; the same methods as ``Coding`` has."""

    code = "vendorCode"

    def record(self, code: str, body: Payload, *, active: bool) -> Payload:
        """The record of a document.

        Args:
            code: external code.
        """
        record: Payload = {"externalCode": code}
        record |= {name: body[name] for name in _PLAIN if body.get(name)}
        inherit = bool(body.get("inherit"))
        codes = sorted(set(str(body.get("companies") or "").split()))
        record["companies"] = [{"companyCode": one, "inheritToChildUnits": inherit} for one in codes]
        record["processingStatus"] = {"active": active, "paymentDenied": bool(body.get("payment_denied"))}
        if term := body.get("payment_term_code"):
            record["paymentTerms"] = {"paymentTermCode": term}
        if addresses := [_address(code, row, body) for row in body.get("addresses") or ()]:
            record["addresses"] = addresses
        if email := body.get("email"):
            record["contacts"] = [{"name": body["name"][:200], "email": email, "role": "PrimaryContact"}]
        if identifiers := list(_identifiers(body)):
            record["identifiers"] = identifiers
        return record | _payment(body)

    def body(self, record: Payload) -> Payload:
        """The body of a record: what the product owns of it, comparable with what was sent."""
        body: Payload = {name: record[name] for name in _PLAIN if record.get(name)}
        if text := body.get("description"):
            body["description"] = unmarked(text)
        companies = record.get("companies") or ()
        body["companies"] = " ".join(sorted(str(row["companyCode"]) for row in companies))
        body["inherit"] = bool(companies) and all(bool(row.get("inheritToChildUnits")) for row in companies)
        body["payment_denied"] = bool((record.get("processingStatus") or {}).get("paymentDenied"))
        body["payment_term_code"] = (record.get("paymentTerms") or {}).get("paymentTermCode")
        contacts = record.get("contacts") or ()
        body["email"] = next((row.get("email") for row in contacts if row.get("email")), None)
        body["identifiers"] = [
            {"scheme": row.get("schemeId"), "tax_id": row.get("id")}
            for row in record.get("identifiers") or ()
        ]
        return body | _read_addresses(record) | _read_payment(record)

    def is_active(self, record: Payload) -> bool:
        """Whether the vendor may be used."""
        return (record.get("processingStatus") or {}).get("active") is not False

    def companies_of(self, record: Payload) -> list[tuple[str, bool]]:
        """Company codes of a record, each with whether it may use the vendor."""
        active = self.is_active(record)
        return [(str(row["companyCode"]), active) for row in record.get("companies") or ()]

    def switched_off(self, record: Payload) -> Payload:
        """The record as it stands in Basware, for nobody's use any more; what Basware makes is not sent."""
        kept = {name: value for name, value in record.items()
                if name not in {"lastUpdated", "buvid"} and value is not None}  # fmt: skip
        return kept | {"processingStatus": {**(record.get("processingStatus") or {}), "active": False}}


def address_code(code: str, number: Any) -> str:
    """External code of an address."""
    suffix = f"-A{number}"
    if len(code) + len(suffix) <= LONGEST:
        return f"{code}{suffix}"
    return f"{codec.digest(code)[: LONGEST - _SUFFIX - len(suffix)]}{suffix}"


def _address(code: str, row: Payload, body: Payload) -> Payload:
    number = row.get("number")
    remit = number is not None and number == body.get("remit_address")
    address: Payload = {"externalCode": address_code(code, number)}
    address["addressType"] = REMITTANCE if remit else POSTAL
    address |= {theirs: row[ours] for ours, theirs in _ADDRESS.items() if row.get(ours)}
    address.setdefault("name", body["name"][:200])
    more = [{"key": key, "value": row[ours]} for key, ours in _ADDITIONAL.items() if row.get(ours)]
    if more:
        address["additionalAddressFields"] = more
    return address | {"default": number is not None and number == body.get("primary_address")}


def _read_addresses(record: Payload) -> Payload:
    rows, found = [], {}
    for address in record.get("addresses") or ():
        tail = str(address.get("externalCode") or "").rpartition("-A")[2]
        number: Any = int(tail) if tail.isdigit() else tail
        row = {"number": number}
        row |= {ours: address[theirs] for ours, theirs in _ADDRESS.items() if address.get(theirs)}
        rows.append(row)
        if address.get("default"):
            found["primary_address"] = number
        if address.get("addressType") == REMITTANCE:
            found["remit_address"] = number
    return {"addresses": rows, **found}


def _identifiers(body: Payload) -> Iterator[Payload]:
    """Numbers whose type has no scheme in P2P are not sent."""
    for row in body.get("identifiers") or ():
        if row.get("scheme") and row.get("tax_id"):
            yield {"id": row["tax_id"], "schemeId": row["scheme"], "defaultPartyId": False}


def _payment(body: Payload) -> Payload:
    """One means of payment: its currency is the vendor's, and it holds the bank accounts."""
    accounts = [_account(row) for row in body.get("bank_accounts") or ()]
    if not (accounts or body.get("currency") or body.get("payment_method")):
        return {}
    means: Payload = {"paymentMeansCode": body.get("payment_method") or UNKNOWN_MEANS, "default": True}
    if body.get("currency"):
        means["currencyCode"] = body["currency"]
    if accounts:
        means["financialAccounts"] = accounts
        identifiers = [one for row in accounts for one in row["financialAccountIdentifiers"]]
        for number, one in enumerate(identifiers):
            one["default"] = number == 0  # P2P wants one of them to be the main one (vendor's XML reference)
    return {"paymentMeans": [means]}


def _account(row: Payload) -> Payload:
    more = {"currencyCode": row["currency"]} if row.get("currency") else {}
    identifiers = [
        {"schemeId": scheme, "id": row[name], **more}
        for scheme, name in (("IBAN", "iban"), ("BBAN", "bban"))
        if row.get(name)
    ]
    if len(identifiers) == 2:
        identifiers[0]["linkedBbanOrIban"] = row["bban"]
        identifiers[1]["linkedBbanOrIban"] = row["iban"]
    account: Payload = {"financialAccountIdentifiers": identifiers}
    if row.get("bic"):
        institution = {"name": row.get("bank_name") or row["bic"], "id": row["bic"], "schemeId": "BIC"}
        account["financialInstitution"] = institution
    return account


def _read_payment(record: Payload) -> Payload:
    rows: list[Payload] = record.get("paymentMeans") or []
    means: Payload = next((row for row in rows if row.get("default")), {})
    method = means.get("paymentMeansCode")
    return {
        "payment_method": None if method == UNKNOWN_MEANS else method,
        "currency": means.get("currencyCode"),
        "bank_accounts": [_read_account(row) for row in means.get("financialAccounts") or ()],
    }


def _read_account(row: Payload) -> Payload:
    found: Payload = {}
    for one in row.get("financialAccountIdentifiers") or ():
        found[str(one.get("schemeId")).lower()] = one.get("id")
        found["currency"] = one.get("currencyCode")
    institution = row.get("financialInstitution") or {}
    found["bic"] = institution.get("id")
    name = institution.get("name")
    found["bank_name"] = None if name == found["bic"] else name
    return found


def bank_details(body: Payload) -> list[str]:
    """Values that no message may repeat."""
    rows = [*(body.get("bank_accounts") or ()), *(body.get("identifiers") or ())]
    private = ("iban", "bban", "bic", "tax_id")
    return [str(row[name]) for row in rows for name in private if row.get(name)]
