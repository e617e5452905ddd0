"""The boards that `provision` makes, and the fields that the shipped mappings fill.

A tenant may have its own boards, with columns of its own names: then this is only the list of what can
be mapped. The ids of columns are fixed, so that a mapping by id fits every board made from here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

KEY = "ps_key"
"""Id of the text column that holds the natural key."""

LINK = "ps_parent"
"""Id of the column by which a line on a board of its own is connected with its document."""

GONE = "ps_gone"
"""Id of the checkbox that marks what is cancelled or deleted in PeopleSoft."""


@dataclass(frozen=True, slots=True)
class TemplateColumn:
    """A column as it is made.

    Attributes:
        title: what people see.
        type: Monday's type.
        labels: of a status or dropdown column, in their order; a status column has 40 at most.
        reference: name of the board whose items or labels the values are.
        done: labels that mean that nothing is left to do.
    """

    title: str
    type: str = "text"
    labels: tuple[str, ...] = ()
    reference: str | None = None
    done: tuple[str, ...] = ()


Columns = Mapping[str, TemplateColumn]


@dataclass(frozen=True, slots=True)
class TemplateBoard:
    """A board as it is made; columns by field of the mapping."""

    title: str
    columns: Columns
    groups: tuple[str, ...] = ("Open",)
    lines: Columns = field(default_factory=dict)


def column_id(name: str) -> str:
    """Id of a field's column where the tenant names none: at most 24 characters."""
    return f"ps_{name}"[:24]


_NUMBER, _DATE = "numbers", "date"
_SUPPLIER = TemplateColumn("Supplier", "board_relation", reference="suppliers")
_ACCOUNT = TemplateColumn("Account", "board_relation", reference="gl_accounts")

PAYMENT_FIELDS = frozenset({"payment_status", "paid_amount", "paid_on", "payment_reference"})
"""Fields of the invoices board that the flow ``payment_status`` owns; ``invoices`` leaves them alone."""

BOARDS: dict[str, TemplateBoard] = {
    "suppliers": TemplateBoard(
        "Suppliers",
        {
            "supplier_id": TemplateColumn("Supplier ID"),
            "short_name": TemplateColumn("Short name"),
            "status": TemplateColumn(
                "Status", "status", ("Approved", "Unapproved", "Inactive"), done=("Approved",)
            ),
            "class": TemplateColumn("Class"),
            "address": TemplateColumn("Address"),
            "city": TemplateColumn("City"),
            "state": TemplateColumn("State"),
            "postal_code": TemplateColumn("Postal code"),
            "country": TemplateColumn("Country"),
            "terms": TemplateColumn("Payment terms"),
        },
        groups=("Suppliers",),
    ),
    "gl_accounts": TemplateBoard(
        "GL accounts",
        {
            "account": TemplateColumn("Account"),
            "status": TemplateColumn("Status", "status", ("Active", "Inactive"), done=("Active",)),
            "account_type": TemplateColumn(
                "Type", "dropdown", ("Asset", "Liability", "Equity", "Revenue", "Expense")
            ),
            "effective_date": TemplateColumn("Effective", _DATE),
        },
        groups=("Accounts",),
    ),
    "invoices": TemplateBoard(
        "Invoices",
        {
            "voucher": TemplateColumn("Voucher"),
            "business_unit": TemplateColumn("Business unit"),
            "invoice_number": TemplateColumn("Invoice number"),
            "supplier": _SUPPLIER,
            "supplier_id": TemplateColumn("Supplier ID"),
            "amount": TemplateColumn("Amount", _NUMBER),
            "currency": TemplateColumn("Currency"),
            "invoice_date": TemplateColumn("Invoice date", _DATE),
            "due_date": TemplateColumn("Due date", _DATE),
            "accounting_date": TemplateColumn("Accounting date", _DATE),
            "terms": TemplateColumn("Payment terms"),
            "purchase_order": TemplateColumn("Purchase order"),
            "entry_status": TemplateColumn(
                "Entry", "status", ("Open", "Postable", "Recycled", "In entry", "Deleted"), done=("Postable",)
            ),
            "approval": TemplateColumn(
                "Approval", "status", ("Pending", "Approved", "Denied"), done=("Approved",)
            ),
            "match": TemplateColumn(
                "Match",
                "status",
                ("To be matched", "Matched", "Exception", "Not applicable", "Overridden", "Dispute"),
                done=("Matched",),
            ),
            "posting": TemplateColumn(
                "Posting", "status", ("Not posted", "Posted", "Payment not applied"), done=("Posted",)
            ),
            "description": TemplateColumn("Description", "long_text"),
            "payment_status": TemplateColumn(
                "Payment", "status", ("Not paid", "Partly paid", "Paid", "On hold"), done=("Paid",)
            ),
            "paid_amount": TemplateColumn("Paid", _NUMBER),
            "paid_on": TemplateColumn("Paid on", _DATE),
            "payment_reference": TemplateColumn("Payment reference"),
        },
        groups=("Open", "Paid", "Cancelled"),
        lines={
            "description": TemplateColumn("Description"),
            "amount": TemplateColumn("Amount", _NUMBER),
            "quantity": TemplateColumn("Quantity", _NUMBER),
            "unit_price": TemplateColumn("Unit price", _NUMBER),
            "account": _ACCOUNT,
            "account_number": TemplateColumn("Account number"),
            "department": TemplateColumn("Department"),
            "purchase_order": TemplateColumn("Purchase order"),
        },
    ),
    "purchase_orders": TemplateBoard(
        "Purchase orders",
        {
            "order": TemplateColumn("Order"),
            "business_unit": TemplateColumn("Business unit"),
            "supplier": _SUPPLIER,
            "supplier_id": TemplateColumn("Supplier ID"),
            "status": TemplateColumn(
                "Status",
                "status",
                ("Initial", "Open", "Pending", "Approved", "Dispatched", "Denied", "Complete", "Canceled"),
                done=("Complete",),
            ),
            "order_date": TemplateColumn("Order date", _DATE),
            "amount": TemplateColumn("Amount", _NUMBER),
            "currency": TemplateColumn("Currency"),
            "buyer": TemplateColumn("Buyer"),
            "reference": TemplateColumn("Reference"),
        },
        groups=("Open", "Cancelled"),
        lines={
            "description": TemplateColumn("Description"),
            "item": TemplateColumn("Item"),
            "quantity": TemplateColumn("Ordered", _NUMBER),
            "received": TemplateColumn("Received", _NUMBER),
            "unit": TemplateColumn("Unit"),
            "unit_price": TemplateColumn("Unit price", _NUMBER),
            "amount": TemplateColumn("Amount", _NUMBER),
            "due_date": TemplateColumn("Due date", _DATE),
        },
    ),
}
