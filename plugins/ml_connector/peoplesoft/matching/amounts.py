"""Dividing an amount so that not a cent is lost."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction


def split(amount: Decimal, weights: Sequence[Decimal], step: Decimal) -> list[Decimal]:
    """Parts in proportion to the weights, in whole steps, that add up to the amount.

    What is left over after rounding down goes, a step each, to the parts that lost most by it. Where
    no weight counts, all count the same.

    Args:
        amount: of either sign.
        weights: their signs do not matter; at least one.
        step: the smallest part, such as ``0.01``; of an amount with more decimals, those decimals.
    """
    exponent = min(int(amount.normalize().as_tuple().exponent), int(step.normalize().as_tuple().exponent))
    unit = Decimal(1).scaleb(exponent)
    units = int(abs(amount) / unit)
    sizes = [Fraction(abs(weight)) for weight in weights]
    if not any(sizes):
        sizes = [Fraction(1)] * len(weights)
    exact = [units * size / sum(sizes) for size in sizes]
    whole = [int(share) for share in exact]
    by_loss = sorted(range(len(whole)), key=lambda place: (whole[place] - exact[place], place))
    for place in by_loss[: units - sum(whole)]:
        whole[place] += 1
    return [(unit * count).copy_sign(amount) if count else abs(unit * 0) for count in whole]


def rounded(amount: Decimal, step: Decimal) -> Decimal:
    """To whole steps, halves away from zero, as invoices are rounded."""
    return amount.quantize(step, ROUND_HALF_UP)


def shown(number: Decimal) -> str:
    """A number for people: without an exponent, and without zeros that say nothing."""
    text = f"{number:f}"
    whole, point, fraction = text.partition(".")
    short = fraction.rstrip("0")
    return f"{whole}.{short}" if point and short else whole


def cash(amount: Decimal) -> str:
    """An amount or a price for people: at least two decimals."""
    text = shown(amount)
    places = len(text.partition(".")[2])
    return text if places > 1 else f"{amount:.2f}"
