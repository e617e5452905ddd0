"""Reconcile: confirm what was only accepted, compare source, ledger and target, name every difference.

Every run reads back what it touched; the rest is read in rotation, within a budget of pages. A
run asked for ``full`` reads everything, the source included. A difference is explained when the
ledger has an open row for it; a new one fails the stage once, and stands in the ledger from then on.
"""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

from ml_connector.core.errors import ConnectorError
from ml_connector.core.ledger import claims, flows, reports
from ml_connector.core.ledger.claims import Claim
from ml_connector.core.ledger.reports import Difference
from ml_connector.core.stages import compare_source, compare_target, totals
from ml_connector.core.stages.context import FlowContext
from ml_connector.core.stages.outcomes import Pair, Settler

CONFIRM_CHUNK = 200


class Unreconciled(ConnectorError):
    """Source, ledger and target differ, and no row of the ledger says why."""


async def reconcile(ctx: FlowContext) -> dict[str, Any]:
    """Confirm, compare and report.

    Returns:
        The report's id, its totals, and the number of differences by kind.

    Raises:
        Unreconciled: a difference is not explained.
        ConnectorError: what keeps source or target from answering.
    """
    settler = Settler(ctx)
    await confirm(ctx, settler)
    seen = await compare_target.read_back(ctx)
    differences = list(seen.differences)
    if ctx.params.full and ctx.source is not None:
        differences += await compare_source.read_again(ctx)
    result = await asyncio.to_thread(_report, ctx, seen, differences)
    result["confirmed"], result["alerts"] = dict(settler.counts), settler.alerts[:20]
    if result["unexplained"]:
        raise Unreconciled(_sentence(ctx, result, differences))
    return result


async def confirm(ctx: FlowContext, settler: Settler) -> None:
    """Ask the target about everything accepted; what it has decided is settled."""
    after = 0
    while taken := await asyncio.to_thread(_claim_accepted, ctx, after):
        after = taken[-1].row.id
        receipts = [ctx.store.open(claim.row.receipt) or {} for claim in taken]
        outcomes = await ctx.need_target().confirm([claim.intent for claim in taken], receipts)
        by_key = {outcome.key: outcome for outcome in outcomes}
        pairs: list[Pair] = [(claim, by_key[claim.row.key]) for claim in taken if claim.row.key in by_key]
        await asyncio.to_thread(settler.settle, pairs)


def _claim_accepted(ctx: FlowContext, after: int) -> list[Claim]:
    with ctx.store.write() as tx:
        return claims.claim_accepted(tx, ctx.scope, ctx.claimant, CONFIRM_CHUNK, after)


def _report(ctx: FlowContext, seen: compare_target.Seen, differences: list[Difference]) -> dict[str, Any]:
    report = uuid.uuid4().hex
    with ctx.store.write() as tx:
        compare_target.mark_drift(ctx, tx, seen)
        rows = totals.compute(tx, ctx.scope, seen.amounts, seen.gone)
        reports.save(tx, ctx.scope, report, rows, differences)
        unexplained = sum(not item.explained for item in differences) + sum(not row.explained for row in rows)
        values: dict[str, Any] = {"ledger_cursor": seen.ledger_cursor, "target_cursor": seen.target_cursor}
        if seen.rotated:
            values["rotated_at"] = tx.store.now()
        if not unexplained:
            values["succeeded_at"] = tx.store.now()
        flows.put(tx, ctx.scope, **values)
        kinds = reports.by_kind(differences)
        data = {"report": report, "checked": seen.checked, "unexplained": unexplained, **kinds}
        tx.record("reconciled", data, **ctx.scope.labels())
    return {"report": report, "checked": seen.checked, "unexplained": unexplained, "differences": kinds}


def _sentence(ctx: FlowContext, result: dict[str, Any], differences: list[Difference]) -> str:
    named = [f"{item.kind} {item.label or item.key}" for item in differences if not item.explained][:5]
    more = f"; first: {', '.join(named)}" if named else ""
    return (
        f"{ctx.flow}: {result['unexplained']} difference(s) between source, ledger and target "
        f"are not explained{more}. "
        f"See `airflow ml-connector reconciliation --tenant {ctx.scope.tenant} --flow {ctx.flow}`."
    )
