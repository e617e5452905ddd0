"""Few calls for many items; the figures of ten thousand invoices stand in docs/benchmarks.md."""

from __future__ import annotations

import asyncio

from benchmarks.monday import LINES, PLANS, calls_ratios, least_minutes, plain, product

VOUCHERS, CHANGED = 300, 100


async def test_both_clients_write_everything_and_the_product_in_far_fewer_calls() -> None:
    ours = await asyncio.to_thread(product, PLANS[0], VOUCHERS, CHANGED)
    others = await asyncio.to_thread(plain, PLANS[0], VOUCHERS, CHANGED)
    new, unchanged, changed = ours
    assert (new["items"], new["refused"], changed["refused"]) == ((1 + LINES) * VOUCHERS, 0, 0)
    assert (unchanged["calls"], unchanged["writes"]) == (0, 0)
    assert calls_ratios(ours, others)["new"] > 20


def test_what_the_limits_allow_at_best() -> None:
    assert least_minutes(40_000) == 21.0
    assert least_minutes(19_000) == 0.0
    assert least_minutes(19_000 + 60_000 + 19_000 + 1_000) == 61.0
