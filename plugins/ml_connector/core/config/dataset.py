"""The dataset file: how documents of one kind are read from a source."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from ml_connector.core.config.conditions import Condition
from ml_connector.core.config.tenant import TenantConfig
from ml_connector.core.config.values import (
    Duration,
    FieldName,
    Form,
    Model,
    Name,
    QueryName,
    Switch,
    Text,
    wrong,
)

FieldType = Literal["text", "code", "amount", "decimal", "integer", "date", "datetime"]
QueryKind = Literal["changes", "open", "full", "by_key"]
Alias = Annotated[str, Form(r"[A-Z][A-Z0-9]*", "a record alias of the query such as A")]
Columns = dict[FieldName, Text | Annotated[tuple[Text, ...], Field(min_length=1)]]


class DatasetField(Model):
    """One field of a document.

    Attributes:
        type: ``amount`` and ``decimal`` become Decimal, ``integer`` int, ``date`` ``YYYY-MM-DD``,
            ``datetime`` ISO 8601 with offset, ``code`` the code even where the answer has its text.
        required: blank is a fault of the document.
        optional: the column may be missing from the answer; otherwise that is a changed contract.
        codes: code to text, as the source translates it.
    """

    type: FieldType = "text"
    required: Switch = False
    optional: Switch = False
    codes: dict[str, Text] = Field(default_factory=dict)
    description: str | None = None

    @model_validator(mode="after")
    def _codes_fit(self) -> Self:
        if (self.type == "code") != bool(self.codes):
            raise wrong("type: code together with codes", "codes and type: code belong together")
        return self


class EffectiveDated(Model):
    """Reduces history to the current row: the latest ``field`` not after today."""

    field: FieldName = "EFFDT"
    status: FieldName | None = None


class Level(Model):
    """What the root and its collections have in common."""

    alias: Alias | None = None
    key: Annotated[tuple[FieldName, ...], Field(min_length=1)]
    fields: Annotated[dict[FieldName, DatasetField], Field(min_length=1)]
    columns: Columns = Field(default_factory=dict)
    children: dict[FieldName, Child] = Field(default_factory=dict)
    effective_dated: EffectiveDated | None = None


class Child(Level):
    """A collection of rows inside a document, e.g. the lines of a voucher."""


class Query(Model):
    """A query of the source: its name and what each of its prompts is filled with.

    Prompt values: ``unit``, ``since``, ``until``, ``today``, ``after.FIELD`` (the key after which
    to go on), ``key.FIELD`` (only in ``by_key``).
    """

    name: QueryName
    owner: Literal["public", "private"] = "public"
    prompts: dict[Text, Text] = Field(default_factory=dict)


class Queries(Model):
    """The queries of a dataset, by purpose."""

    changes: Query | None = None
    open: Query | None = None
    full: Query | None = None
    by_key: Query | None = None

    def named(self) -> dict[QueryKind, Query]:
        """The queries that are defined."""
        kinds: tuple[QueryKind, ...] = ("changes", "open", "full", "by_key")
        return {kind: query for kind in kinds if (query := getattr(self, kind)) is not None}


class Change(Model):
    """The change stamp by which new and changed documents are found."""

    stamp: FieldName
    precision: Literal["date", "time"] = "date"
    overlap: Duration
    fallback: FieldName | None = None


class PageSize(Model):
    """Rows per page: where to begin, and between which bounds the reader may adapt."""

    rows: Annotated[int, Field(ge=1, strict=True)] = 1000
    minimum: Annotated[int, Field(ge=1, strict=True)] = 50
    maximum: Annotated[int, Field(ge=1, strict=True)] = 20000

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.minimum <= self.rows <= self.maximum:
            raise wrong("minimum <= rows <= maximum", "the page sizes are out of order")
        return self


class Dataset(Level):
    """A dataset file. The document itself is the top level.

    ``read: interface``: the source asks its system's own interface, so the file names no queries.
    ``unit: account``: the documents belong to the tenant's account there, not to a business unit or
    SETID; the system's name then stands for the unit.
    """

    dataset: Name
    system: Name
    description: str | None = None
    read: Literal["queries", "interface"] = "queries"
    unit: Literal["business_unit", "setid", "account"]
    unit_field: FieldName | None = None
    queries: Queries = Queries()
    change: Change | None = None
    open_when: Condition | None = None
    full_every: Duration | None = None
    select: Condition | None = None
    page: PageSize = PageSize()

    @property
    def reads_open(self) -> bool:
        """Whether documents that may change without a new stamp are read again each time."""
        return self.queries.open is not None or (self.read == "interface" and self.open_when is not None)

    @property
    def unit_name(self) -> str:
        """The field that holds the document's business unit or SETID."""
        return self.unit_field or ("BUSINESS_UNIT" if self.unit == "business_unit" else "SETID")

    def for_tenant(self, tenant: TenantConfig) -> Dataset:
        """This dataset with the query names that the tenant's site uses."""
        own: dict[str, Query] = {
            kind: query.model_copy(update={"name": name})
            for kind, query in self.queries.named().items()
            if (name := tenant.queries.get(f"{self.dataset}.{kind}"))
        }
        return self.model_copy(update={"queries": self.queries.model_copy(update=own)}) if own else self
