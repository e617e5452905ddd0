"""The resources that can be imported: where they lie, how they are wrapped, how many fit in a request."""

from __future__ import annotations

from dataclasses import dataclass, replace

from . import entities
from .shapes import Shape
from .vendors import VENDOR


@dataclass(frozen=True)
class Resource:
    """One resource.

    Attributes:
        name: also the first part of its scopes.
        wrapper: key under which a list stands.
        entity: what requestStatus calls it.
        code: field of the business code, which is unique within a company; empty where there is none.
        most: records in one POST.
        page, largest_page: default and largest `pageSize`.
        list_key: of a generic list.
    """

    name: str
    wrapper: str
    entity: str
    shape: Shape
    code: str = ""
    most: int = 500
    page: int = 500
    largest_page: int = 500
    version: int = 1
    list_key: str | None = None

    @property
    def key(self) -> str:
        """Its path behind the version."""
        return f"{self.name}/{self.list_key}" if self.list_key else self.name


_list = Resource("lists", "listItems", "GenericList", Shape())
ALL = (
    Resource("vendors", "vendorEntities", "Vendor", VENDOR, "vendorCode", most=200, page=100),
    Resource("accounts", "accounts", "Account", entities.ACCOUNT, "accountCode"),
    Resource("costCenters", "costCenters", "CostCenter", entities.COST_CENTER, "costCenterCode"),
    Resource("taxCodes", "taxCodes", "TaxCode", entities.TAX_CODE, "taxCode"),
    Resource("paymentTerms", "paymentTerms", "PaymentTerm", entities.PAYMENT_TERM, "paymentTermCode"),
    Resource("exchangeRates", "exchangeRates", "ExchangeRate", entities.EXCHANGE_RATE),
    Resource("projects", "projects", "Project", entities.PROJECT, "projectCode", version=2),
    *(replace(_list, shape=shape, list_key=key) for key, shape in entities.LISTS.items()),
)
BY_KEY = {resource.key: resource for resource in ALL}
"""`vendors`, `lists/ACC_LIST_1` and so on."""
