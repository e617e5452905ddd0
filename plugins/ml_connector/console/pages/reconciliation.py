"""Reconciliation reports: what source, ledger and target agree on, and every difference by name."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, StreamingResponse

from ml_connector.console import state
from ml_connector.console.access import Access, Allowed
from ml_connector.console.catalog import FlowEntry
from ml_connector.console.csvfile import download
from ml_connector.console.rendering import digits, page, with_query
from ml_connector.console.security import NotFound
from ml_connector.core.ledger import history, queries

router = APIRouter()

OF_ONE_FLOW = 50
HEADER = (
    "kind", "unit", "status", "currency", "source_count", "source_amount", "ledger_count", "ledger_amount",
    "target_count", "target_amount", "open_count", "open_amount", "difference", "key", "label", "reason",
    "explained",
)  # fmt: skip


@router.get("/reconciliation")
def show_reports(
    request: Request, access: Allowed, tenant: str = "", flow: str = "", before: datetime | None = None
) -> HTMLResponse:
    """The newest report of each flow, or one flow's history."""
    scopes = access.chosen(tenant, flow)
    pairs = [(name, item) for name, flows in scopes.items() for item in flows]
    limit = OF_ONE_FLOW if len(pairs) == 1 else 1
    with state.reading() as store, store.read() as connection:
        found = [
            (access.entries[pair], line)
            for pair in pairs
            for line in history.reports(connection, *pair, before=before, limit=limit)
        ]
    following = None
    if limit > 1 and len(found) == limit:
        oldest = found[-1][1].at.isoformat()
        following = with_query("/reconciliation", tenant=pairs[0][0], flow=pairs[0][1], before=oldest)
    content = {
        "found": found, "tenant": tenant, "flow": flow, "tenants": list(access.scopes),
        "following": following, "flows": access.flows_of(tenant), "person": access.name,
    }  # fmt: skip
    return page(request, "reports.html", content)


@router.get("/reconciliation/{report}")
def show_report(request: Request, access: Allowed, report: str) -> HTMLResponse:
    """One report."""
    entry, found = _report(access, report)
    return page(request, "report.html", {"report": found, "entry": entry, "person": access.name})


@router.get("/reconciliation/{report}/file")
def download_report(access: Allowed, report: str) -> StreamingResponse:
    """The same as a CSV file: totals first, then the differences."""
    _, found = _report(access, report)
    name = f"reconciliation_{found['tenant']}_{found['flow']}_{found['at'][:10]}"
    return download(name, HEADER, _rows(found))


def _report(access: Access, report: str) -> tuple[FlowEntry, dict[str, Any]]:
    with state.reading() as store:
        with store.read() as connection:
            rows = history.report_rows(connection, report)
        if not rows:
            raise NotFound("There is no such report, or it was purged.")
        entry = access.entry(rows[0].tenant, rows[0].flow)
        return entry, queries.report_answer(store, rows[0].tenant, rows[0].flow, rows)


def _rows(found: dict[str, Any]) -> Iterator[tuple[object, ...]]:
    numbers = HEADER[4:13]
    for total in found["totals"]:
        group = (total["unit"], total["status"], total["currency"])
        yield (
            "total",
            *group,
            *(_number(name, total[name]) for name in numbers),
            "",
            "",
            "",
            _yes(total["explained"]),
        )
    for item in found["differences"]:
        reason = item["detail"].get("reason", "") if isinstance(item["detail"], dict) else ""
        blank = ("", "", *("" for _ in numbers))
        named = (item["key"], item["label"], reason, _yes(item["explained"]))
        yield item["kind"], item["unit"], *blank, *named


def _number(name: str, value: Any) -> object:
    return value if name.endswith("_count") else digits(value)


def _yes(value: object) -> str:
    return "yes" if value else "no"
