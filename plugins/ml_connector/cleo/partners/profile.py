"""The file of one partner: who it is on envelopes, what it takes, and how it wants that written.

Dates are days on which documents are written or received, not the dates that stand in them: a partner that
changes over reads everything in its new way from that day on, changes of old orders too.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from ml_connector.cleo.partners.identity import ID_FORM, QUALIFIERS, address_text
from ml_connector.core.config.mapping import DecimalText
from ml_connector.core.config.tenant import Day
from ml_connector.core.config.values import Form, Model, Name, Switch, Text, UnitName, wrong
from ml_connector.core.errors import Rejected
from ml_connector.x12.model import Delimiters as Separators

Charset = Literal["basic", "extended", "utf-8"]
LineEnd = Literal["none", "LF", "CRLF"]
Kind = Literal["purchase_order", "invoice", "supplier_invoice"]
KINDS: tuple[Kind, ...] = ("purchase_order", "invoice", "supplier_invoice")

_EARLIEST, _LATEST = date.min, date.max


def _qualifier(text: str) -> str:
    if text not in QUALIFIERS:
        raise wrong("a qualifier of X12 (element I05) such as 01, 12 or ZZ")
    return text


def _as_text(value: Any) -> Any:
    """A number without quotes, which is meant as a code."""
    return str(value) if type(value) is int else value


def _separator(text: str) -> str:
    if len(text) != 1 or not "!" <= text <= "~" or text.isalnum() or text in ".-":
        raise wrong("one ASCII character that is no letter, digit, point, dash or blank")
    return text


def _terminator(text: str) -> str:
    return text if text == "\n" else _separator(text)


Qualifier = Annotated[str, AfterValidator(_qualifier)]
EnvelopeId = Annotated[
    str, Form(f"(?=.{{1,15}}$){ID_FORM}", "up to 15 capitals, digits and ._/- without padding")
]
GroupId = Annotated[
    str, Form(f"(?=.{{2,15}}$){ID_FORM}", "2 to 15 capitals, digits and ._/- without padding")
]
Version = Annotated[
    str, Form(r"00[45]010[A-Z0-9]{0,6}", "004010 or 005010, with a suffix such as 004010VICS where agreed")
]
EnvelopeVersion = Annotated[str, Form(r"00[2-5]0[0-9]", "a version of the ISA such as 00401 or 00501")]
VendorKey = Annotated[
    str, Form(r"[^\s|]{1,10}\|[^\s|]{1,15}", "a SETID and an id such as SHARE|0000000002, with its zeros")
]
UnitCode = Annotated[str, Form(r"[A-Z0-9]{2}", "a unit of X12 (element 355), two characters such as EA")]
SourceUnit = Annotated[str, Form(r"[^\s]{1,3}", "a unit of PeopleSoft, up to three characters such as EA")]
ItemQualifier = Literal["BP", "VP"]
"""Our item id and the vendor's: what orders and invoices of PeopleSoft know."""

OrderType = Annotated[str, Form(r"[A-Z0-9]{2}", "a type of order, two characters such as SA or NE")]
Code = Annotated[str, Form(r"[A-Z0-9]{2}", "a code of two characters")]
BasisCode = Annotated[
    str, Form(r"[A-Z0-9]{1,2}", "a code of element 333 such as 3 for the date of the invoice")
]
ChargeCode = Annotated[str, Form(r"[A-Z][0-9]{3}|ZZZZ", "a code of element 1300 such as D240 or H850")]
Requirement = Annotated[
    str,
    Form(
        r"[A-Z][A-Z0-9]{1,2}(\*[A-Z0-9]{1,3})?",
        "a segment such as PER, or one with its qualifier such as REF*IA",
    ),
]
Folder = Annotated[str, Form(r"[^\s/]+(/[^\s/]+)*", "a folder of the mailbox such as upload/850")]
TermsCode = Annotated[str, Form(r"[^\s]{1,5}", "payment terms of PeopleSoft, up to five characters")]
Endpoint = Annotated[str, Form(r"/?[^\s?#]+", "a path below the API provider's address such as invoices")]
Days = Annotated[int, Field(ge=0, le=999, strict=True)]


class Delimiters(Model):
    """The characters between elements, components, repetitions and behind segments."""

    element: Annotated[str, AfterValidator(_separator)] = "*"
    component: Annotated[str, AfterValidator(_separator)] = ">"
    segment: Annotated[str, AfterValidator(_terminator)] = "~"
    repetition: Annotated[str, AfterValidator(_separator)] = "^"

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        if len({self.element, self.component, self.segment, self.repetition}) != 4:
            raise wrong("four different characters", "two delimiters are the same")
        return self

    def of(self, version: str, isa_version: str | None = None) -> Separators:
        """As the writer takes them; 004010 knows no repetition, and envelopes know it from 00402 on."""
        repeats = version.startswith("005") or (isa_version is not None and isa_version >= "00402")
        repetition = self.repetition if repeats else None
        return Separators(self.element, self.component, self.segment, repetition)


class PartnerIdentity(Model):
    """One identity of the partner, for a time and for some of our business units, or for all."""

    qualifier: Qualifier
    id: EnvelopeId
    group_id: GroupId | None = None
    from_: Annotated[Day | None, Field(alias="from")] = None
    to: Day | None = None
    business_units: tuple[UnitName, ...] = ()

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.first > self.last:
            raise wrong("from on or before to", "the identity ends before it begins")
        if self.group_id is None and len(self.id) == 1:
            raise wrong("a group_id", "an id of one character is too short for GS02 and GS03")
        return self

    @property
    def first(self) -> date:
        """The first day."""
        return self.from_ or _EARLIEST

    @property
    def last(self) -> date:
        """The last day."""
        return self.to or _LATEST

    @property
    def group(self) -> str:
        """GS02 or GS03."""
        return self.group_id or self.id

    @property
    def text(self) -> str:
        """``qualifier:id``, as the state database keeps it."""
        return address_text(self.qualifier, self.id)

    def holds(self, day: date) -> bool:
        """Whether it is in force on this day."""
        return self.first <= day <= self.last

    def serves(self, unit: str) -> bool:
        """Whether it is for this business unit."""
        return not self.business_units or unit in self.business_units


class PartnerVersion(Model):
    """The version that documents from a date on are written in.

    Attributes:
        version: GS08.
        isa_version: ISA12, for a partner whose envelopes have another one.
    """

    version: Version
    isa_version: EnvelopeVersion | None = None
    from_: Annotated[Day | None, Field(alias="from")] = None

    @property
    def first(self) -> date:
        """The first day."""
        return self.from_ or _EARLIEST


_WITHOUT_DAYS = frozenset({"04", "05", "09", "10", "14", "17"})
"""ITD01: deferred, not applicable, proximo, instant, agreed before, and terms not known."""


class Terms(Model):
    """Payment terms as the elements of ITD."""

    type: Code = "01"
    basis: BasisCode = "3"
    percent: DecimalText | None = None
    discount_days: Days | None = None
    net_days: Days | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if (self.percent is None) != (self.discount_days is None):  # X12's condition on ITD03
            raise wrong("percent and discount_days together", "a discount needs its percentage and its days")
        if self.percent is not None and not 0 < self.percent < 100:
            raise wrong("a percentage above 0 and below 100")
        if self.net_days is None and self.percent is None and self.type not in _WITHOUT_DAYS:
            raise wrong("net_days, or percent with discount_days", "these terms say nothing")
        return self


class Route(Model):
    """Where a file goes: a folder of the mailbox, and the action that Cleo runs after the upload."""

    folder: Folder | None = None
    action: Text | None = None


class PurchaseOrderRules(Route):
    """Purchase orders to the partner.

    Attributes:
        purpose_type: type of order, BEG02.
        change: a changed order goes as 860, or as another 850 that replaces the first.
        line_ids: which item ids a line carries, in this order.
        require: segments without which the partner refuses the order.
        units: PeopleSoft's unit to X12's, beside the built-in table; a unit in neither is refused.
        terms: PeopleSoft's payment terms.
    """

    purpose_type: OrderType = "SA"
    change: Annotated[Literal["860", "replace"], BeforeValidator(_as_text)] = "860"
    line_ids: Annotated[tuple[ItemQualifier, ...], Field(min_length=1, max_length=10)] = ("BP", "VP")
    require: tuple[Requirement, ...] = ()
    units: dict[SourceUnit, UnitCode] = Field(default_factory=dict)
    terms: dict[TermsCode, Terms] = Field(default_factory=dict)


class InvoiceRules(Route):
    """Invoices to the partner, as X12 or as JSON to a folder or an endpoint of Cleo's API provider.

    Attributes:
        credit_sign: how a credit is told: by its type with positive amounts, by negative amounts, or both.
    """

    as_: Annotated[Literal["x12", "json"], Field(alias="as")] = "x12"
    endpoint: Endpoint | None = None
    credit_sign: Literal["type", "negative", "both"] = "type"
    line_ids: Annotated[tuple[ItemQualifier, ...], Field(min_length=1, max_length=10)] = ("BP", "VP")
    require: tuple[Requirement, ...] = ()
    units: dict[SourceUnit, UnitCode] = Field(default_factory=dict)
    terms: dict[TermsCode, Terms] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.endpoint is not None and self.as_ == "x12":
            raise wrong("as: json", "only JSON goes to an endpoint")
        if self.as_ == "json" and self.endpoint is None and self.folder is None:
            raise wrong("endpoint or folder", "nothing says where the JSON goes")
        if self.endpoint is not None and (self.folder is not None or self.action is not None):
            raise wrong("either endpoint or folder and action", "the invoice has two ways")
        return self


class SupplierInvoiceRules(Model):
    """Invoices from the partner.

    Attributes:
        units: X12's unit to PeopleSoft's.
        charges: what an allowance or charge is to PeopleSoft; others are miscellaneous.
        accept_header_only: take invoices without lines.
    """

    credit_sign: Literal["type", "negative", "both"] = "type"
    units: dict[UnitCode, SourceUnit] = Field(default_factory=dict)
    charges: dict[ChargeCode, Literal["freight", "tax", "vat", "miscellaneous"]] = Field(default_factory=dict)
    accept_header_only: Switch = False


class Documents(Model):
    """What is exchanged; a kind that is not named is not."""

    purchase_order: PurchaseOrderRules | None = None
    invoice: InvoiceRules | None = None
    supplier_invoice: SupplierInvoiceRules | None = None


class Acknowledgment(Model):
    """Functional acknowledgments both ways.

    Attributes:
        expected: the partner answers with a 997.
        hours: within which; the tenant's option where it is not given.
        send: we answer what it sends.
        detail: name every set in our 997, or only those with errors.
        request_ta1: ask for a TA1 in ISA14.
    """

    expected: Switch = True
    hours: Annotated[int | None, Field(ge=1, le=1440, strict=True)] = None
    send: Switch = True
    detail: Literal["all", "errors_only"] = "all"
    request_ta1: Switch = False


class Profile(Model):
    """A partner file. Whether an interchange is a test follows the tenant's environment.

    Attributes:
        partner: the file's name; it is the partner's id in crosswalks, too.
        vendors: PeopleSoft's suppliers that it stands for, ``SETID|VENDOR_ID``.
        customers: PeopleSoft's customers, ``SETID|CUST_ID``.
        connection: alias of its connection in Cleo; None where it is not to be checked.
        start: documents dated earlier are not its.
    """

    partner: Name
    name: Text
    vendors: tuple[VendorKey, ...] = ()
    customers: tuple[VendorKey, ...] = ()
    connection: Text | None = None
    start: Day | None = None
    identities: Annotated[tuple[PartnerIdentity, ...], Field(min_length=1)]
    versions: Annotated[tuple[PartnerVersion, ...], Field(min_length=1)]
    delimiters: Delimiters = Delimiters()
    line_end: LineEnd = "none"
    charset: Charset = "basic"
    upper_case: Switch = False
    documents: Documents = Documents()
    acknowledgment: Acknowledgment = Acknowledgment()

    def takes(self) -> Iterator[Kind]:
        """The kinds of documents that are exchanged."""
        return (kind for kind in KINDS if getattr(self.documents, kind) is not None)

    def identity(self, unit: str, day: str | date) -> PartnerIdentity:
        """Whom a document of a business unit is addressed to.

        Of several in force, one that names the unit goes before one for all, then the newest.

        Raises:
            Rejected: none is in force for the unit on that day.
        """
        at = _date(day)
        fitting = [one for one in self.identities if one.holds(at) and one.serves(unit)]
        if not fitting:
            reason = f"partner {self.partner} has no identity for business unit {unit} on {at.isoformat()}"
            raise Rejected(f"{reason}; add one to its file", field="identities")
        return max(fitting, key=lambda one: (bool(one.business_units), one.first))

    def version(self, day: str | date) -> PartnerVersion:
        """What a document of that day is written in.

        Raises:
            Rejected: no version is in force.
        """
        at = _date(day)
        begun = [one for one in self.versions if one.first <= at]
        if not begun:
            reason = f"partner {self.partner} has no version in force on {at.isoformat()}"
            raise Rejected(f"{reason}; add one to its file", field="versions")
        return max(begun, key=lambda one: one.first)

    def answer_within(self, hours: float) -> timedelta | None:
        """How long a 997 may take; None where none is expected.

        Args:
            hours: the tenant's, for a profile that says nothing.
        """
        if not self.acknowledgment.expected:
            return None
        return timedelta(hours=self.acknowledgment.hours or hours)


def _date(day: str | date) -> date:
    return day if isinstance(day, date) else date.fromisoformat(day)
