"""P2P itself: its configuration, and which imported records it takes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import Any

from sandbox.data.size import UNITS

from . import vendors
from .requests import Verdict, failed, warned
from .store import Store, Table, Value
from .switches import BaswareSwitches

WRONG_COMPANY = "Record skipped due to wrong or missing CompanyCode"
IBAN_LENGTH = 32


@dataclass
class Configuration:
    """What consultants set up in P2P; imports cannot make any of it."""

    companies: dict[str, str] = field(
        default_factory=lambda: {unit: f"Sandbox company {unit}" for unit in UNITS}
    )
    currencies: list[str] = field(default_factory=lambda: ["USD", "EUR", "GBP", "CAD"])
    identifier_schemes: list[str] = field(default_factory=lambda: ["PartyId", "TaxId", "VatId", "DUNS"])
    delivery_terms: list[str] = field(default_factory=lambda: ["DAP", "EXW", "FCA"])
    vendor_classes: list[str] = field(default_factory=lambda: ["Standard", "Employee"])

    def change(self, values: dict[str, Any]) -> None:
        """Set parts of it by name. Raises ``ValueError`` for an unknown one or a wrong type."""
        known = {item.name for item in fields(self)}
        for name, value in values.items():
            if name not in known:
                raise ValueError(f"unknown setting {name!r}; known are {', '.join(sorted(known))}")
            if name == "companies" and isinstance(value, list):
                value = {code: f"Sandbox company {code}" for code in value}  # noqa: PLW2901
            if type(value) is not type(getattr(self, name)):
                raise ValueError(f"{name} takes {type(getattr(self, name)).__name__}")
            setattr(self, name, value)


class P2P:
    """Takes records, or says why not."""

    def __init__(self, switches: BaswareSwitches, store: Store) -> None:
        self._switches, self._store = switches, store
        self.configuration = Configuration()
        self._codes: dict[tuple[str, str, str], str] = {}
        self._banks: dict[tuple[str, str], str] = {}

    def take(self, table: Table, code: str, value: Value) -> Verdict:
        """The second stage of one record."""
        errors, warnings = list(self._errors(table, code, value)), list(self._warnings(table, value))
        strange = self._strange_companies(value)
        if strange and (self._switches.unknown_company == "error" or len(strange) == len(value["companies"])):
            errors.insert(0, WRONG_COMPANY)
        elif strange:
            warnings.append(f"Company {', '.join(strange)} does not exist and was left out")
        if errors:
            return failed(*errors)
        self.forget(table, code)
        self._keep(table, code, value)
        return warned(*warnings) if warnings else Verdict()

    def _strange_companies(self, value: Value) -> list[str]:
        known = self.configuration.companies
        return [row["companyCode"] for row in value.get("companies", ()) if row["companyCode"] not in known]

    def _errors(self, table: Table, code: str, value: Value) -> Iterator[str]:
        resource = table.resource
        if not value.get("companies") and resource.name != "lists":
            yield WRONG_COMPANY
        for key in self._keys(table, value):
            if self._codes.get(key, code) != code:
                yield f"{resource.code} {key[2]} is used by another record of company {key[1]}"
        match resource.name:
            case "vendors":
                yield from self._vendor(code, value)
            case "exchangeRates":
                for name in ("currencyCodeFrom", "currencyCodeTo"):
                    yield from self._currency(value[name])
            case "paymentTerms":
                for name in ("dueDateEom", "cashDueDateEom"):
                    if value.get(name, 0) > 12:
                        yield f"{name} is more than 12"

    def _vendor(self, code: str, value: Value) -> Iterator[str]:
        terms = value.get("paymentTerms", {}).get("paymentTermCode")
        if terms is not None and not self._has_terms(terms):
            yield f"Payment term {terms} does not exist"
        for currency in sorted(vendors.currencies(value)):
            yield from self._currency(currency)
        for row in vendors.bank_accounts(value):
            if self._banks.get((row["schemeId"], row["id"]), code) != code:
                yield "Bank account is used by another vendor"
            if len(row["id"]) > IBAN_LENGTH:
                yield f"Bank account is longer than {IBAN_LENGTH} characters"
        for row in value.get("identifiers", ()):
            if row["schemeId"] not in self.configuration.identifier_schemes:
                yield f"Identifier scheme {row['schemeId']} is not configured"
        kind = value.get("vendorClass")
        if kind is not None and kind not in self.configuration.vendor_classes:
            yield f"Vendor class {kind} is not configured"

    def _currency(self, currency: str) -> Iterator[str]:
        if currency not in self.configuration.currencies:
            yield f"Currency {currency} is not active"

    def _has_terms(self, terms: str) -> bool:
        """Whether payment terms exist in any company where they are active."""
        return any(
            ("paymentTerms", company, terms) in self._codes for company in self.configuration.companies
        )

    def _warnings(self, table: Table, value: Value) -> Iterator[str]:
        if table.resource.name != "vendors":
            return
        delivery = value.get("deliveryTerm", {}).get("deliveryTermCode")
        if delivery is not None and delivery not in self.configuration.delivery_terms:
            yield f"Delivery term {delivery} does not exist and was left out"
        accounts = list(vendors.bank_accounts(value))
        if accounts and not any(row.get("default") for row in accounts):
            yield "No bank account is the default one"

    def _keys(self, table: Table, value: Value) -> Iterator[tuple[str, str, str]]:
        """What must be unique: a business code within a company where the record is active."""
        resource = table.resource
        if not resource.code:
            return
        for row in value.get("companies", ()):
            if row.get("active", True):
                yield resource.key, row["companyCode"], value[resource.code]

    def _keep(self, table: Table, code: str, value: Value) -> None:
        table.p2p[code] = value
        self._codes.update(dict.fromkeys(self._keys(table, value), code))
        if table.resource.name == "vendors":
            for row in vendors.bank_accounts(value):
                self._banks[row["schemeId"], row["id"]] = code

    def forget(self, table: Table, code: str) -> bool:
        """Lose a record, as a restored database or a user's deletion does; whether it was there."""
        value = table.p2p.pop(code, None)
        if value is None:
            return False
        for key in self._keys(table, value):
            self._codes.pop(key, None)
        if table.resource.name == "vendors":
            for row in vendors.bank_accounts(value):
                self._banks.pop((row["schemeId"], row["id"]), None)
        return True
