"""One line of an invoice against one line of the order: unit, price, quantity, receipt, amount."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from ml_connector.peoplesoft.matching.amounts import cash, rounded, shown, split
from ml_connector.peoplesoft.matching.findings import Finding, Word
from ml_connector.peoplesoft.matching.lines import InvoiceLine
from ml_connector.peoplesoft.matching.options import MatchingOptions
from ml_connector.peoplesoft.matching.order import ZERO, OrderLine, Schedule
from ml_connector.peoplesoft.matching.schedules import Before, Part, by_amount, by_quantity

ONE = Decimal(1)


@dataclass(slots=True)
class Piece:
    """A voucher line to be: what an invoice line asks for one schedule."""

    line: InvoiceLine
    order_line: OrderLine
    schedule: Schedule
    quantity: Decimal
    price: Decimal | None
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Comparison:
    """One line against the order's.

    Attributes:
        before: is moved on by :meth:`pieces`.
        step: smallest amount of the currency.
    """

    line: InvoiceLine
    order_line: OrderLine
    before: Before
    options: MatchingOptions
    step: Decimal

    def findings(self) -> Iterator[Finding]:
        """Everything that differs, the gravest first."""
        if self.order_line.cancelled:
            yield self._finding(
                "closed_line", f"line {self.order_line.number} of the order is cancelled", stops=True
            )
        elif self.order_line.amount_only:
            yield from self._amount_only()
        elif self.line.quantity is None:
            yield self._finding("quantity", "no quantity is given, and the order is by quantity", stops=True)
        else:
            yield from self._unit()
            yield from self._price()
            yield from self._quantity(self.line.quantity)
            yield from self._receipt(self.line.quantity)
            yield from self._amount(self.line.quantity)

    def pieces(self) -> list[Piece]:
        """The line laid into the order's schedules; its amount is divided by quantity."""
        if self.order_line.amount_only:
            laid = by_amount(self.order_line, self.before, self.line.amount)
            parts = [(row, ONE.copy_sign(amount), amount) for row, amount in self._used(laid)]
        else:
            used = self._used(self._laid())
            amounts = split(self.line.amount, [quantity for _, quantity in used], self.step)
            parts = [(row, quantity, amount) for (row, quantity), amount in zip(used, amounts, strict=True)]
        for row, quantity, amount in parts:
            self.before.quantities[row.number] += quantity
            self.before.amounts[row.number] += amount
        return [self._piece(row, quantity, amount) for row, quantity, amount in parts]

    def _laid(self) -> list[Part]:
        quantity = self.line.quantity or ZERO
        return by_quantity(self.order_line, self.before, quantity, receipts=self._receipts_count())

    def _used(self, parts: list[Part]) -> list[Part]:
        return [one for one in parts if one[1]] or parts[:1]

    def _piece(self, schedule: Schedule, quantity: Decimal, amount: Decimal) -> Piece:
        price = self.line.price if self.line.given else schedule.price
        return Piece(self.line, self.order_line, schedule, quantity, price, amount)

    # ---- the rules

    def _unit(self) -> Iterator[Finding]:
        wanted, given = self.order_line.unit, self.line.unit
        if given and wanted and given != wanted:
            yield self._finding("unit", f"unit {given}, but the order is in {wanted}")

    def _price(self) -> Iterator[Finding]:
        if not self.line.given:
            return
        if self.line.price is None:
            yield self._finding("price", "no price is given")
            return
        for price in dict.fromkeys(row.price for row, _ in self._used(self._laid())):
            tolerance = self.options.price_tolerance(price)
            if abs(self.line.price - price) > tolerance:
                yield self._finding(
                    "price",
                    f"price {cash(self.line.price)}, but the order says {cash(price)} "
                    f"(tolerance {cash(tolerance)})",
                )
                return

    def _quantity(self, quantity: Decimal) -> Iterator[Finding]:
        before, ordered = self.before.quantity, self.order_line.quantity
        most = ordered * (ONE + self.options.quantity_percent / 100)
        if quantity > 0 and before + quantity > most:
            yield self._finding(
                "quantity",
                f"quantity {shown(quantity)}, but {shown(ordered)} were ordered and {shown(before)} invoiced "
                f"before (tolerance {shown(self.options.quantity_percent)} %)",
            )
        if quantity < 0 and before + quantity < 0:
            yield self._finding(
                "quantity", f"{shown(-quantity)} credited, but {shown(before)} invoiced before"
            )

    def _receipts_count(self) -> bool:
        mode = self.options.receipts
        return mode == "required" or (mode == "if_any" and self.order_line.received)

    def _receipt(self, quantity: Decimal) -> Iterator[Finding]:
        if quantity <= 0 or not self._receipts_count():
            return
        several = len(self.order_line.schedules) > 1
        for row, part in self._laid():
            before = self.before.quantities[row.number]
            if part and before + part > row.accepted:
                where = f" for schedule {row.number}" if several else ""
                other = (
                    f"; {', '.join(row.elsewise)} more, not in {self.order_line.unit}" if row.elsewise else ""
                )
                yield self._finding(
                    "receipt",
                    f"quantity {shown(part)}{where}, but {shown(row.accepted)} were received and accepted, "
                    f"and {shown(before)} invoiced before (tolerance 0){other}",
                )
                return

    def _amount(self, quantity: Decimal) -> Iterator[Finding]:
        if self.line.price is None:
            return
        wanted = rounded(quantity * self.line.price, self.step)
        if abs(self.line.amount - wanted) > self.options.total_per_line:
            yield self._finding(
                "amount",
                f"amount {cash(self.line.amount)}, but quantity times price is {cash(wanted)} "
                f"(tolerance {cash(self.options.total_per_line)})",
            )

    def _amount_only(self) -> Iterator[Finding]:
        before, ordered, amount = self.before.amount, self.order_line.amount, self.line.amount
        tolerance = self.options.price_tolerance(ordered)
        if amount > 0 and before + amount > ordered + tolerance:
            yield self._finding(
                "amount",
                f"amount {cash(amount)}, but {cash(ordered)} was ordered and {cash(before)} invoiced "
                f"before (tolerance {cash(tolerance)})",
            )
        if amount < 0 and before + amount < 0:
            yield self._finding("amount", f"{cash(-amount)} credited, but {cash(before)} invoiced before")

    def _finding(self, word: Word, text: str, *, stops: bool = False) -> Finding:
        return Finding(word, f"Line {self.line.name}: {text}.", stops)
