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


@dataclass(slots=True)
class Before:
    """What was invoiced of an order line already, by earlier invoices and earlier lines of this one."""

    quantity: Decimal = ZERO
    amount: Decimal = ZERO


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
            self.before.amount += self.line.amount
            return [
                self._piece(self.order_line.schedules[0], ONE.copy_sign(self.line.amount), self.line.amount)
            ]
        quantity = self.line.quantity or ZERO
        earlier = self.order_line.filled(self.before.quantity)
        self.before.quantity += quantity
        later = self.order_line.filled(self.before.quantity)
        rows = zip(
            self.order_line.schedules,
            (now - then for now, then in zip(later, earlier, strict=True)),
            strict=True,
        )
        parts = [(row, part) for row, part in rows if part] or [(self.order_line.schedules[0], ZERO)]
        amounts = split(self.line.amount, [part for _, part in parts], self.step)
        return [self._piece(row, part, amount) for (row, part), amount in zip(parts, amounts, strict=True)]

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
        for price in dict.fromkeys(row.price for row in self._schedules()):
            tolerance = self.options.price_tolerance(price)
            if abs(self.line.price - price) > tolerance:
                yield self._finding(
                    "price",
                    f"price {cash(self.line.price)}, but the order says {cash(price)} "
                    f"(tolerance {cash(tolerance)})",
                )
                return

    def _schedules(self) -> list[Schedule]:
        """Those that the line's quantity goes to."""
        earlier = self.order_line.filled(self.before.quantity)
        later = self.order_line.filled(self.before.quantity + (self.line.quantity or ZERO))
        moved = [one for one, a, b in zip(self.order_line.schedules, earlier, later, strict=True) if a != b]
        return moved or list(self.order_line.schedules[:1])

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

    def _receipt(self, quantity: Decimal) -> Iterator[Finding]:
        mode, before, accepted = self.options.receipts, self.before.quantity, self.order_line.accepted
        if quantity <= 0 or mode == "ignored" or (mode == "if_any" and not self.order_line.received):
            return
        if before + quantity > accepted:
            yield self._finding(
                "receipt",
                f"quantity {shown(quantity)}, but {shown(accepted)} were received and accepted, and "
                f"{shown(before)} invoiced before (tolerance 0)",
            )

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
