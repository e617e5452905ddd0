"""What a tenant may set about matching: how far an invoice may be from its order."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

UNIT, PO_ID = "{BUSINESS_UNIT}", "{PO_ID}"

Percent = Annotated[Decimal, Field(ge=0, le=100)]
Amount = Annotated[Decimal, Field(ge=0)]
ChargeKind = Literal["freight", "tax", "miscellaneous"]
Code = Annotated[str, Field(pattern="^[A-Z0-9]{1,4}$")]


class MatchingOptions(BaseModel):
    """How invoices are held against orders and receipts."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    price_percent: Percent = Field(
        Decimal(0), description="A price may differ by so much from the order's, up or down"
    )
    price_amount: Amount = Field(
        Decimal(0), description="Or by so much, in the order's currency; the larger of the two counts"
    )
    quantity_percent: Percent = Field(
        Decimal(0), description="So much more than ordered may be invoiced, over all invoices together"
    )
    receipts: Literal["required", "if_any", "ignored"] = Field(
        "required",
        description="required: no more than was accepted; if_any: only where a line has receipts; ignored",
    )
    freight_percent: Percent = Field(Decimal(15), description="Freight may be so much of the goods")
    freight_amount: Amount = Field(
        Decimal(25), description="Or so much, in the order's currency; the larger of the two counts"
    )
    tax_percent: Percent = Field(
        Decimal(25), description="Tax and VAT together may be so much of goods, freight and other charges"
    )
    tax_amount: Amount = Field(Decimal(0), description="Or so much; the larger of the two counts")
    miscellaneous_percent: Percent = Field(
        Decimal(0), description="Other charges may be so much of the goods"
    )
    miscellaneous_amount: Amount = Field(Decimal(0), description="Or so much; the larger of the two counts")
    total_per_line: Amount = Field(
        Decimal("0.01"), description="The total may differ so much per line from what its parts add up to"
    )
    total_at_least: Amount = Field(Decimal("0.05"), description="And always by so much")
    statuses: tuple[Code, ...] = Field(
        ("D",), min_length=1, description="PO_STATUS of orders that may be invoiced"
    )
    cancelled: tuple[Code, ...] = Field(
        ("X",),
        description="CANCEL_STATUS of lines and schedules, and RECV_STATUS of receipts, that do not count",
    )
    order_numbers: tuple[str, ...] = Field(
        (f"{UNIT}-{PO_ID}", PO_ID),
        min_length=1,
        description="How suppliers write our order numbers; without it, the unit of the identity",
    )

    @field_validator("order_numbers")
    @classmethod
    def _usable(cls, forms: tuple[str, ...]) -> tuple[str, ...]:
        for form in forms:
            rest = form.replace(UNIT, "", 1).replace(PO_ID, "", 1)
            if PO_ID not in form or re.search(r"[{}|,\s]", rest):
                raise ValueError(f"{form!r} must hold {PO_ID} once, and {UNIT} at most once")
        return forms

    def total_tolerance(self, lines: int) -> Decimal:
        """How far the total of an invoice with so many lines may be off."""
        return max(self.total_per_line * lines, self.total_at_least)

    def price_tolerance(self, price: Decimal) -> Decimal:
        """How far a price or an amount may be from this one of the order."""
        return max(abs(price) * self.price_percent / 100, self.price_amount)

    def charge_rule(self, kind: ChargeKind) -> tuple[Decimal, Decimal]:
        """Percentage and amount that a kind of charge may reach."""
        rules = {
            "freight": (self.freight_percent, self.freight_amount),
            "tax": (self.tax_percent, self.tax_amount),
            "miscellaneous": (self.miscellaneous_percent, self.miscellaneous_amount),
        }
        return rules[kind]

    def charge_limit(self, kind: ChargeKind, base: Decimal) -> Decimal:
        """How much of a kind of charge is accepted for goods of this amount."""
        percent, amount = self.charge_rule(kind)
        return max(abs(base) * percent / 100, amount)
