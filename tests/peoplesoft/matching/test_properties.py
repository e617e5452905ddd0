"""What holds for every invoice: not a cent is lost, and matching follows the tolerances exactly."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from ml_connector.peoplesoft.matching.amounts import cash, rounded, shown, split

from .support import D, before, invoice, invoice_line, matched, order, order_line, receipt, schedule

CENT = D("0.01")
amounts = st.integers(-10_000_000, 10_000_000).map(lambda cents: D(cents).scaleb(-2))
weights = st.lists(st.integers(-1000, 100_000).map(lambda cents: D(cents).scaleb(-2)), min_size=1, max_size=8)
quantities = st.integers(1, 2000).map(lambda tenths: D(tenths).scaleb(-1))
prices = st.integers(0, 500_000).map(lambda parts: D(parts).scaleb(-4))
percents = st.integers(0, 2000).map(lambda hundredths: D(hundredths).scaleb(-2))


@given(amounts, weights)
def test_parts_add_up_and_keep_their_proportion(amount: Decimal, sizes: list[Decimal]) -> None:
    parts = split(amount, sizes, CENT)
    assert sum(parts) == amount
    assert all(part.as_tuple().exponent == -2 for part in parts)
    assert all(not part or part.is_signed() == amount.is_signed() for part in parts)
    total = sum(abs(size) for size in sizes)
    for part, size in zip(parts, sizes, strict=True):
        share = amount * abs(size) / total if total else amount / len(sizes)
        assert abs(part - share) <= CENT


@given(st.integers(-10_000, 10_000), weights)
def test_without_decimals_parts_have_none(amount: int, sizes: list[Decimal]) -> None:
    parts = split(D(amount), sizes, D(1))
    assert sum(parts) == amount
    assert all(part == part.to_integral_value() for part in parts)


def test_an_amount_finer_than_its_currency_is_divided_all_the_same() -> None:
    assert split(D("0.005"), [D(1), D(1)], CENT) == [D("0.003"), D("0.002")]


def test_numbers_for_people() -> None:
    assert (shown(D("12.500")), shown(D("10")), shown(D("1E+2")), shown(D("0.00"))) == (
        "12.5",
        "10",
        "100",
        "0",
    )
    assert (cash(D("12.5")), cash(D("10")), cash(D("1.12345")), cash(D(0))) == (
        "12.50",
        "10.00",
        "1.12345",
        "0.00",
    )
    assert (rounded(D("0.125"), CENT), rounded(D("-0.125"), CENT)) == (D("0.13"), D("-0.13"))


@given(st.lists(st.tuples(quantities, prices), min_size=1, max_size=5), amounts, st.integers(-5, 5))
def test_a_matched_invoice_is_a_voucher_that_adds_up(
    rows: list[tuple[Decimal, Decimal]], charges: Decimal, cents: int
) -> None:
    lines, ordered = [], []
    for number, (quantity, price) in enumerate(rows, 1):
        ordered.append(
            order_line(
                number, schedule(1, str(quantity / 2), str(price)), schedule(2, str(quantity), str(price))
            )
        )
        amount = rounded(quantity * price, CENT)
        lines.append(invoice_line(str(number), str(quantity), str(price), amount=amount))
    held = invoice(*lines, freight=charges)
    held["total"] += cents * CENT
    match = matched(held, order(*ordered), freight_amount="100000")
    assert match["result"] == "matched", match["reason"]
    assert sum(row["MERCHANDISE_AMT"] for row in match["lines"]) + charges == held["total"]
    for row in match["lines"]:
        assert sum(part["MERCHANDISE_AMT"] for part in row["distributions"]) == row["MERCHANDISE_AMT"]
    assert sum(row["QTY_VCHR"] for row in match["lines"]) == sum(quantity for quantity, _ in rows)
    assert len({row["line"] for row in match["lines"]}) == len(match["lines"])


@given(prices, prices, percents, st.integers(0, 300).map(lambda cents: D(cents).scaleb(-2)))
def test_a_price_matches_if_and_only_if_it_is_within_the_tolerance(
    ordered: Decimal, asked: Decimal, percent: Decimal, amount: Decimal
) -> None:
    line = invoice_line(price=str(asked), quantity="10") | {
        "price": asked,
        "amount": rounded(10 * asked, CENT),
    }
    match = matched(
        invoice(line), order(order_line(1, schedule(1, "10", str(ordered)))),
        price_percent=percent, price_amount=amount,
    )  # fmt: skip
    within = abs(asked - ordered) <= max(ordered * percent / 100, amount)
    assert match["result"] == ("matched" if within else "price")


@given(quantities, quantities, quantities, quantities, percents)
def test_a_quantity_matches_if_and_only_if_it_was_ordered_and_received(
    ordered: Decimal, asked: Decimal, earlier: Decimal, accepted: Decimal, percent: Decimal
) -> None:
    amount = rounded(asked * D("1.25"), CENT)
    given = invoice(invoice_line(quantity=str(asked), amount=amount), invoiced_before=before(str(earlier)))
    held = order(order_line(1, schedule(1, str(ordered), receipts=[receipt(str(accepted))])))
    match = matched(given, held, quantity_percent=percent)
    too_many = earlier + asked > ordered * (1 + percent / 100)
    too_early = earlier + asked > accepted
    assert match["result"] == ("quantity" if too_many else "receipt" if too_early else "matched")
    assert ("received and accepted" in match["reason"]) == too_early


@given(st.integers(1, 40), st.integers(-80, 80))
def test_the_total_may_be_off_by_a_cent_for_each_line_and_at_least_by_five(lines: int, cents: int) -> None:
    ordered = [order_line(number) for number in range(1, lines + 1)]
    held = invoice(*(invoice_line(str(number)) for number in range(1, lines + 1)))
    held["total"] += cents * CENT
    within = abs(cents) <= max(lines, 5)
    assert matched(held, order(*ordered))["result"] == ("matched" if within else "total")
