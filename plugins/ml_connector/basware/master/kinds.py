"""The kinds of master data, as data: where each goes, in what portions, and how it looks there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

from ml_connector.basware.master.coding import Coding
from ml_connector.basware.master.options import KindName, MasterOptions
from ml_connector.basware.master.vendors import Vendors, bank_details
from ml_connector.core.contract import Payload
from ml_connector.core.errors import ConfigurationError


class Shape(Protocol):
    """How a kind looks in Basware."""

    @property
    def code(self) -> str:
        """The field of the business code, which is unique within a company."""
        ...

    def record(self, code: str, body: Payload, *, active: bool) -> Payload:
        """The record of a document."""
        ...

    def body(self, record: Payload) -> Payload:
        """The body of a record, comparable with what was sent."""
        ...

    def is_active(self, record: Payload) -> bool:
        """Whether the record may be used."""
        ...

    def companies_of(self, record: Payload) -> list[tuple[str, bool]]:
        """Company codes of a record, each with whether it may use the record."""
        ...

    def switched_off(self, record: Payload) -> Payload:
        """A record that stands in Basware, for nobody's use any more."""
        ...


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of master data.

    Attributes:
        name: of its flow.
        path: of the interface.
        entity: what ``requestStatus`` calls it.
        shape: how it looks.
        batch: records in one call at most (vendor's OpenAPI: 500, vendors 200).
        mark: the field that is altered where a record must look new.
        awaited: others refer to it, so that a load waits for P2P's decision.
        list_key: key of the generic list, where it is one.
    """

    name: KindName
    path: str
    entity: str
    shape: Shape
    mark: str
    batch: int = 500
    awaited: bool = False
    list_key: str | None = None

    def body(self, record: Payload) -> Payload:
        """The body of a record, with the list in which it stands."""
        found = self.shape.body(record)
        return found if self.list_key is None else found | {"list": self.list_key}

    def private(self, body: Payload) -> list[str]:
        """Values that no message may repeat."""
        return bank_details(body) if self.name == "vendors" else []


_PERIOD = frozenset({"validFrom", "validTo", "validUntil"})
_KINDS: dict[KindName, Kind] = {
    "payment_terms": Kind(
        "payment_terms", "/v1/paymentTerms", "PaymentTerm",
        Coding("paymentTermCode", "paymentTermNames", _PERIOD, inherits=True), "sortOrder", awaited=True,
    ),
    "tax_codes": Kind(
        "tax_codes", "/v1/taxCodes", "TaxCode",
        Coding("taxCode", "taxCodeNames", inherits=True), "taxCodeNames",
    ),
    "accounts": Kind(
        "accounts", "/v1/accounts", "Account", Coding("accountCode", "accountNames", inherits=True), "text5"
    ),
    "cost_centers": Kind(
        "cost_centers", "/v1/costCenters", "CostCenter", Coding("costCenterCode", "costCenterNames"), "text10"
    ),
    "projects": Kind(
        "projects", "/v2/projects", "Project", Coding("projectCode", days=_PERIOD), "description"
    ),
    "vendors": Kind(
        "vendors", "/v1/vendors", "Vendor", Vendors(), "description",
        batch=200,
    ),
}  # fmt: skip


def kind_of(name: KindName, options: MasterOptions) -> Kind:
    """A kind, as the tenant has it.

    Raises:
        ConfigurationError: the tenant names no list for a dimension.
    """
    if name in _KINDS and not (name == "projects" and options.projects == "list"):
        kind = _KINDS[name]
    else:
        kind = _listed(name, options)
    return replace(kind, mark=options.nonce_fields.get(name, kind.mark))


def _listed(name: KindName, options: MasterOptions) -> Kind:
    columns = getattr(options.lists, name)
    if columns is None:
        raise ConfigurationError(
            f"the flow basware.{name} is switched on, and no list is named for it",
            field=f"integrations.basware.options.master.lists.{name}",
            expected="the list of P2P that holds them, such as {list: ACC_LIST_1}",
        )
    taken = set(columns.by_field().values())
    texts = [f"text_{number}" for number in range(columns.capacity.texts, 0, -1)]
    free = next((column for column in texts if column not in taken), columns.description or columns.code)
    days = frozenset(column for column in taken if column.startswith("dateValue_"))
    return Kind(
        name,
        f"/v1/lists/{columns.list}",
        "GenericList",
        Coding(columns.code, days=days),
        free,
        list_key=columns.list,
    )
