"""What a tenant may set about master data under ``integrations.basware.options.master``.

Which companies, lists and columns there are is the customer's set-up of P2P, so a tenant names them. What
Basware does not document is an option, so that a site on which it behaves otherwise needs no new release.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from ml_connector.basware.master.capacity import LISTS, Capacity, capacity
from ml_connector.core.config.values import Duration, FieldName, Form, Model, Switch, Text, UnitName, wrong

KindName = Literal[
    "payment_terms", "tax_codes", "accounts", "cost_centers", "operating_units", "products", "funds",
    "classes", "programs", "projects", "vendors",
]  # fmt: skip

ListKey = Annotated[str, Form(LISTS, "a list such as ACC_LIST_1, INV_LIST_1 or CUST_RESOLVER_1")]
Column = Annotated[
    str, Form(r"(text|number|dateValue)_[1-9][0-9]?", "a column such as text_1, number_1 or dateValue_1")
]
TextColumn = Annotated[str, Form(r"text_[1-9][0-9]?", "a column of texts such as text_1")]
CompanyCode = Annotated[str, Form(r"\S{1,32}", "a company code of up to 32 characters without blanks")]
Language = Annotated[str, Form(r"[A-Za-z0-9-]{2,10}", "a language such as en-US or de-DE")]
Prefix = Annotated[
    str, Form(r"[A-Za-z0-9_.]{0,3}|[A-Za-z0-9_.]{1,3}-", "up to three letters and digits, and a hyphen")
]
FieldOfBasware = Annotated[str, Form(r"[A-Za-z][A-Za-z0-9_]*", "a field of the record such as text5")]
Scheme = Annotated[str, Form(r".{1,32}", "the key of an identifier scheme of up to 32 characters")]
Seconds = Annotated[float, Field(ge=0)]


class ListColumns(Model):
    """The list that holds a dimension, and what stands in which of its columns.

    Attributes:
        list: key of the list.
        code: column of the code, such as the operating unit.
        description: column of its description; without one it is left out.
        columns: columns of further fields of the mapping, by their names.
    """

    list: ListKey
    code: TextColumn = "text_1"
    description: TextColumn | None = "text_2"
    columns: dict[FieldName, Column] = Field(default_factory=dict)

    @property
    def capacity(self) -> Capacity:
        """What the list holds."""
        return capacity(self.list)

    def by_field(self) -> dict[str, str]:
        """Column by field of the mapping."""
        described = {} if self.description is None else {"description": self.description}
        return {"code": self.code, **described, **self.columns}

    @model_validator(mode="after")
    def _fits(self) -> Self:
        taken = list(self.by_field().values())
        for column in taken:
            if not self.capacity.holds(column):
                raise wrong(f"one of {self.capacity.columns()}", f"{self.list} has no column {column}")
        if len(set(taken)) < len(taken):
            raise wrong("a column of its own for each field", "two fields would share one column")
        return self


class Lists(Model):
    """The generic lists by dimension; a dimension without a list does not go to one."""

    operating_units: ListColumns | None = None
    products: ListColumns | None = None
    funds: ListColumns | None = None
    classes: ListColumns | None = None
    programs: ListColumns | None = None
    projects: ListColumns | None = None

    @model_validator(mode="after")
    def _one_each(self) -> Self:
        keys = [found.list for name in type(self).model_fields if (found := getattr(self, name)) is not None]
        if len(set(keys)) < len(keys):
            raise wrong("a list of its own for each dimension", "two dimensions would share one list")
        return self


class VendorOptions(Model):
    """What of suppliers goes to Basware beside names and addresses.

    Attributes:
        bank_accounts: send bank accounts; the tenant then names queries that show them.
        identifiers: identifier schemes of P2P by PeopleSoft's type of the number, such as ``{TXI: TaxId}``.
    """

    bank_accounts: Switch = False
    identifiers: dict[Text, Scheme] = Field(default_factory=dict)


class MasterOptions(Model):
    """Master data in Basware.

    Attributes:
        companies_of: Basware's company codes by SETID, or by business unit for what is kept per unit.
            Without an entry, the companies of the tenant's business units that use the SETID.
        inherit: what a company has is offered to the units below it too.
        code_prefix: stands before every external code, so that two PeopleSofts that share a Basware
            tenant do not overwrite each other's records. It must not change later.
        source_system: what vendors name as their origin.
        language: of descriptions, beside ``en-US``, which Basware always wants.
        lists: generic lists of the dimensions.
        projects: whether projects go to Basware's projects, or to a list as other dimensions do. The former
            needs the scopes ``projects.read`` and ``projects.write`` in the connection.
        vendors: what of suppliers is sent.
        nonce_fields: the field that is altered where Basware must take a record that looks the same to it.
        wait_seconds: a load of what others refer to, and each reconciliation, waits so long altogether for
            what P2P makes of the records; later runs ask about the rest.
        resend: a record that P2P passed over as unchanged is altered and sent again so often.
        settle_seconds: "not found" is believed so long after a call left.
        look_ups: records that are asked for one by one; of more, everything is listed.
        read_back_pages: pages that one reconciliation spends on what it did not touch.
        read_back_every: how often all of that is read back; what was touched is, in every run.
    """

    companies_of: dict[UnitName, tuple[CompanyCode, ...]] = Field(default_factory=dict)
    inherit: Switch = True
    code_prefix: Prefix = ""
    source_system: Annotated[str, Field(min_length=1, max_length=36)] = "PeopleSoft"
    language: Language = "en-US"
    lists: Lists = Lists()
    projects: Literal["interface", "list"] | None = None
    vendors: VendorOptions = VendorOptions()
    nonce_fields: dict[KindName, FieldOfBasware] = Field(default_factory=dict)
    wait_seconds: Seconds = 60.0
    resend: Annotated[int, Field(ge=1, le=10, strict=True)] = 3
    settle_seconds: Seconds = 120.0
    look_ups: Annotated[int, Field(ge=1, le=1000, strict=True)] = 200
    read_back_pages: Annotated[int, Field(ge=1, strict=True)] = 2500
    read_back_every: Duration = timedelta(days=1)

    @model_validator(mode="after")
    def _projects_have_a_list(self) -> Self:
        if self.projects == "list" and self.lists.projects is None:
            raise wrong("lists.projects together with projects: list", "projects are to go to a list")
        return self
