"""What differs between vouchers, journals, suppliers and purchase orders, as data."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

from ml_connector.core.config import InterfaceKind
from ml_connector.core.contract import Payload, join_key
from ml_connector.peoplesoft.writers.compare import differences, money, normal
from ml_connector.peoplesoft.writers.ids import own_id
from ml_connector.peoplesoft.writers.options import Way, WriterOptions

ACTIVE = "active"
REMOVED = "removed"

NEXT = "NEXT"
"""Asks PeopleSoft for the next number."""

Relation = Literal["ours", "foreign", "other"]
"""How an object of the same natural key stands to a document: the same; perhaps the same, a person
decides; certainly another one."""

_PAID = frozenset({"R", "I", "P", "E", "S"})
"""PYMNT_SELCT_STATUS: requested, in process, paid, externally paid, settlement payment."""

_SEQUENCE = re.compile(r"-\d{3}$")  # PeopleSoft numbers short names that occur twice (inferred)


def _no_amount(_: Payload) -> Decimal | None:
    return None


def _never(_: Payload) -> str | None:
    return None


def _next(_key: str, _body: Payload) -> str:
    return NEXT


@dataclass(frozen=True)
class Kind:
    """One kind of object.

    Attributes:
        name: key under ``component_interfaces`` of a tenant file.
        noun: for people.
        interface: component interface where the tenant names none.
        dataset: reads whole objects; its key is ``keys``.
        search: dataset that finds objects by the natural key.
        found: its collection of objects found; None where its documents are the objects themselves.
        collections: collection of the datasets to collection of the interface.
        rows: collections of the top level; one that an answer of the interface lacks is empty.
        keys: properties that make the target id, e.g. ``US001|00001235``.
        generated: the key that PeopleSoft numbers, or we do.
        number: that key for a new object, from the document's key and body.
        identity: the natural key by which an object is found again.
        required: without these an object could not be told from others, so it is not created.
        same: properties in which an object of the same natural key must agree to be ours.
        amount: money amount of an object.
        label: what a person calls it by.
        status: the property that says where it stands.
        states: state by that status; ``active`` where not named.
        update: method for changes where the tenant names none.
        cancel: what removes an object; None where PeopleSoft has no call for it.
        restore: what brings a removed object back; None where that cannot be done.
        not_removable: why a removal is left to a person.
        unlike: properties that PeopleSoft writes in its own way, so they are not compared.
        more_rows: collections may hold rows that are none of ours.
        look_first: PeopleSoft does not reliably refuse a second one, so it is looked for before each create.
        source: property that says who entered an object; one that somebody else entered is not ours.
        settled: why an object may not be changed any more, or None.
        distinct: two documents of one party with one label are one and the same.
    """

    name: InterfaceKind
    noun: str
    interface: str
    dataset: str
    search: str
    found: str | None
    collections: Mapping[str, str]
    rows: tuple[str, ...]
    keys: tuple[str, ...]
    generated: str
    identity: tuple[str, ...]
    required: tuple[str, ...]
    same: tuple[str, ...]
    label: str
    status: str
    states: Mapping[str, str]
    update: Way
    number: Callable[[str, Payload], str] = _next
    amount: Callable[[Payload], Decimal | None] = _no_amount
    cancel: Callable[[WriterOptions], Payload] | None = None
    restore: Payload | None = None
    not_removable: str = ""
    unlike: frozenset[str] = field(default_factory=frozenset)
    more_rows: bool = False
    look_first: bool = False
    distinct: bool = False
    source: str | None = None
    settled: Callable[[Payload], str | None] = _never
    relate: Callable[[Kind, Payload, Payload, WriterOptions], Relation] | None = None

    def natural(self, key: str, body: Payload) -> dict[str, str]:
        """The natural key of a document as text."""
        named = {**body, self.generated: self.number(key, body)}
        return {name: str(named.get(name) or "").strip() for name in self.identity}

    def target_id(self, record: Mapping[str, Any]) -> str | None:
        """The target id; None where a key is missing."""
        named = {"UNPOST_SEQ": "0", **record}
        values = [str(named.get(name, "")).strip() for name in self.keys]
        return None if "" in values or NEXT in values else join_key(*values)

    def key_values(self, target_id: str) -> dict[str, str]:
        """Inverse of :meth:`target_id`."""
        return dict(zip(self.keys, target_id.split("|"), strict=True))

    def state(self, record: Payload) -> str:
        """Where an object stands, in the mapping's terms."""
        return self.states.get(str(record.get(self.status, "")), ACTIVE)

    def fit(self, record: Payload) -> bool:
        """Whether PeopleSoft will go on with an object, or waits for a person."""
        return self.state(record) in {ACTIVE, REMOVED}

    def counts(self, record: Payload) -> bool:
        """Whether an object stands in the way of a new one, or for it: a deleted one does not."""
        return self.restore is not None or self.state(record) != REMOVED

    def relation(self, body: Payload, record: Payload, options: WriterOptions) -> Relation:
        """How an object with the same natural key stands to a document."""
        if self.relate is not None:
            return self.relate(self, body, record, options)
        return "foreign" if self.difference(body, record) else "ours"

    def difference(self, body: Payload, record: Payload) -> str | None:
        """The first thing that shows two objects of one natural key to be different ones."""
        name = self.source
        if name and body.get(name) and name in record and normal(body[name]) != normal(record[name]):
            shown = record[name] or "blank"
            return f"it was entered by hand or by others: its {name} is {shown}, not {body[name]}"
        for name in self.same:
            if name in body and name in record and normal(body[name]) != normal(record[name]):
                return f"its {name} is {record[name]}, not {body[name]}"
        held, wanted = self.amount(record), self.amount(body)
        if held is not None and wanted is not None and held != wanted:
            return f"its amount is {held}, not {wanted}"
        return None


def _rows(record: Payload, *path: str) -> Iterator[Payload]:
    first, *rest = path
    for row in record.get(first) or ():
        if rest:
            yield from _rows(row, *rest)
        else:
            yield row


def _gross(record: Payload) -> Decimal | None:
    return money(record.get("GROSS_AMT"))


def _settled_voucher(record: Payload) -> str | None:
    """Posted or paid, as far as PeopleSoft shows it: a change of an approved one is approved anew there."""
    if normal(record.get("POST_STATUS_AP")) == "P":
        return "posted"
    if any(normal(row.get("PYMNT_SELCT_STATUS")) in _PAID for row in _rows(record, "PYMNT_VCHR_XREF")):
        return "paid, or about to be"
    return None


def _debits(record: Payload) -> Decimal | None:
    """Sum of the lines with a positive amount; credits are negative (inferred)."""
    amounts = [money(row.get("MONETARY_AMOUNT")) or Decimal(0) for row in _rows(record, "JRNL_LN")]
    return sum((amount for amount in amounts if amount > 0), Decimal(0)) if amounts else None


def _ordered(record: Payload) -> Decimal | None:
    amounts = [
        money(row.get("MERCHANDISE_AMT")) or Decimal(0) for row in _rows(record, "PO_LINE", "PO_LINE_SHIP")
    ]
    return sum(amounts, Decimal(0)) if amounts else None


def _journal_id(key: str, body: Payload) -> str:
    """The mapping's number, else ours: with a number of PeopleSoft's nothing finds a journal again."""
    given = str(body.get("JOURNAL_ID") or NEXT)
    return own_id(f"journal {key}", 10) if given == NEXT else given


def _supplier(kind: Kind, body: Payload, record: Payload, options: WriterOptions) -> Relation:
    """By our reference where the tenant names a property for it, else by short name, else by everything."""
    name = options.supplier_reference
    if name and body.get(name):
        held = normal(record.get(name))
        return "ours" if held == normal(body[name]) else "other" if held else "foreign"
    wanted, held = normal(body.get("VENDOR_NAME_SHORT")), normal(record.get("VENDOR_NAME_SHORT"))
    if wanted:
        return "ours" if wanted in {held, _SEQUENCE.sub("", held)} else "foreign"
    return "foreign" if differences(body, record, kind.unlike, more_rows=True) else "ours"


def _journal(kind: Kind, body: Payload, record: Payload, _: WriterOptions) -> Relation:
    """Unposting makes a second header of the same number, with UNPOST_SEQ 1."""
    if money(record.get("UNPOST_SEQ")) not in {None, Decimal(0)}:
        return "other"
    return "foreign" if kind.difference(body, record) else "ours"


VOUCHER = Kind(
    name="voucher",
    noun="voucher",
    interface="AP_VOUCHER",
    dataset="vouchers",
    search="vouchers_by_invoice",
    found="vouchers",
    collections={
        "lines": "VOUCHER_LINE", "distributions": "DISTRIB_LINE", "scheduled_payments": "PYMNT_VCHR_XREF",
    },
    rows=("VOUCHER_LINE",),
    keys=("BUSINESS_UNIT", "VOUCHER_ID"),
    generated="VOUCHER_ID",
    identity=("BUSINESS_UNIT", "VENDOR_ID", "INVOICE_ID"),
    required=("BUSINESS_UNIT", "VENDOR_ID", "INVOICE_ID", "INVOICE_DT", "GROSS_AMT"),
    same=("INVOICE_DT", "TXN_CURRENCY_CD"),
    amount=_gross,
    label="INVOICE_ID",
    status="ENTRY_STATUS",
    states={"X": REMOVED, "R": "recycle"},
    update="update",
    not_removable="no component interface deletes a voucher; delete or close it in PeopleSoft",
    # INVOICE_ID is put into capitals (inferred); people lift holds of payments, and pay cycles pay.
    unlike=frozenset({"VOUCHER_ID", "INVOICE_ID", "PYMNT_VCHR_XREF"}),
    look_first=True,
    distinct=True,
    source="ORIGIN",
    settled=_settled_voucher,
)  # fmt: skip

JOURNAL = Kind(
    name="journal",
    noun="journal",
    interface="JOURNAL_ENTRY",
    dataset="journals",
    search="journals",
    found=None,
    collections={"lines": "JRNL_LN"},
    rows=("JRNL_LN",),
    keys=("BUSINESS_UNIT", "JOURNAL_ID", "JOURNAL_DATE", "UNPOST_SEQ"),
    generated="JOURNAL_ID",
    number=_journal_id,
    identity=("BUSINESS_UNIT", "JOURNAL_ID"),
    required=("BUSINESS_UNIT", "JOURNAL_DATE"),
    same=("JOURNAL_DATE",),
    amount=_debits,
    label="JOURNAL_ID",
    status="JRNL_HDR_STATUS",
    states={"D": REMOVED, "X": REMOVED, "E": "errors"},
    update="update",
    not_removable="a journal is reversed by another journal, never removed",
    unlike=frozenset({"JOURNAL_ID"}),
    relate=_journal,
)

SUPPLIER = Kind(
    name="supplier",
    noun="supplier",
    interface="VNDR_ID",
    dataset="suppliers",
    search="suppliers_by_name",
    found="suppliers",
    collections={"addresses": "VENDOR_ADDR", "locations": "VENDOR_LOC"},
    rows=("VENDOR_ADDR", "VENDOR_LOC"),
    keys=("SETID", "VENDOR_ID"),
    generated="VENDOR_ID",
    identity=("SETID", "NAME1"),
    required=("SETID", "NAME1"),
    same=(),
    label="NAME1",
    status="VENDOR_STATUS",
    states={"I": REMOVED},
    update="updatedata",
    cancel=lambda _: {"VENDOR_STATUS": "I"},
    restore={"VENDOR_STATUS": "A"},
    unlike=frozenset({"VENDOR_ID", "VENDOR_NAME_SHORT"}),
    more_rows=True,
    look_first=True,
    relate=_supplier,
)

PURCHASE_ORDER = Kind(
    name="purchase_order",
    noun="purchase order",
    interface="PURCHASE_ORDER",
    dataset="purchase_orders",
    search="purchase_orders_by_reference",
    found="orders",
    collections={"lines": "PO_LINE", "schedules": "PO_LINE_SHIP", "distributions": "PO_LINE_DISTRIB"},
    rows=("PO_LINE",),
    keys=("BUSINESS_UNIT", "PO_ID"),
    generated="PO_ID",
    identity=("BUSINESS_UNIT", "PO_REF"),
    required=("BUSINESS_UNIT", "PO_REF"),
    same=("VENDOR_ID", "CURRENCY_CD"),
    amount=_ordered,
    label="PO_REF",
    status="PO_STATUS",
    states={"X": REMOVED, "PX": REMOVED},
    update="update",
    cancel=lambda options: {"PO_STATUS": options.order_cancel_status},
    unlike=frozenset({"PO_ID", "PO_STATUS"}),
    look_first=True,
)

KINDS: dict[InterfaceKind, Kind] = {kind.name: kind for kind in (VOUCHER, JOURNAL, SUPPLIER, PURCHASE_ORDER)}
