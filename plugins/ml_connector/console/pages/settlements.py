"""Settlements: which payments were booked for which vouchers; as a list, and as a file for finance."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, StreamingResponse

from ml_connector.console import state
from ml_connector.console.access import Access, Allowed
from ml_connector.console.csvfile import download
from ml_connector.console.rendering import digits, page, with_query
from ml_connector.console.security import NotFound
from ml_connector.core.ledger import history
from ml_connector.core.ledger.history import Settled
from ml_connector.core.ledger.privacy import plain

router = APIRouter()

PAGE = 100
COLUMNS = (
    "reference", "entry", "part", "kind", "way", "unit", "voucher", "amount", "currency", "accounting_date",
    "debit", "credit", "journal", "export", "exported_at", "created_at",
)  # fmt: skip

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
Day = Annotated[str, Query(max_length=10)]


@router.get("/settlements")
def show_settlements(
    request: Request,
    access: Allowed,
    *,
    tenant: str = "",
    export: str = "",
    since: Day = "",
    until: Day = "",
    number: Annotated[int, Query(alias="page", ge=1, le=100_000)] = 1,
) -> HTMLResponse:
    """Settlement rows of one tenant."""
    wanted = _wanted(access, tenant, export, since, until)
    query = {"export": export, "since": wanted.since, "until": wanted.until} if wanted else {}
    content: dict[str, object] = {
        "tenants": list(access.scopes), "wanted": wanted, "person": access.name, "rows": [], "files": [],
        "following": None, "query": query, "export": export, "zone": "UTC",
    }  # fmt: skip
    if wanted is not None:
        with state.reading() as store, store.read() as connection:
            rows = history.settled(connection, wanted, offset=(number - 1) * PAGE, limit=PAGE + 1)
            content["files"] = history.exports(connection, wanted.tenant, wanted.flows)
        content["rows"] = rows[:PAGE]
        content["readable"] = set(access.scopes.get(wanted.tenant, []))
        if len(rows) > PAGE:
            content["following"] = with_query("/settlements", tenant=wanted.tenant, **query, page=number + 1)
    return page(request, "settlements.html", content)


@router.get("/settlements/file")
def download_settlements(
    access: Allowed, tenant: str, export: str = "", since: Day = "", until: Day = ""
) -> StreamingResponse:
    """The same rows as a CSV file, all of them."""
    wanted = _wanted(access, tenant, export, since, until)
    if wanted is None:
        raise NotFound("There is no such tenant, or you may not read its DAGs.")
    part = export or "_".join(day for day in (wanted.since, wanted.until) if day) or "all"
    return download(f"settlements_{wanted.tenant}_{part}", COLUMNS, _rows(wanted))


def _rows(wanted: Settled) -> Iterator[list[object]]:
    offset = 0
    with state.reading() as store:
        while True:
            with store.read() as connection:
                rows = history.settled(connection, wanted, offset=offset, limit=1000)
            for row in rows:
                yield [
                    digits(row.amount) if name == "amount" else plain(getattr(row, name)) for name in COLUMNS
                ]
            offset += len(rows)
            if len(rows) < 1000:
                return


def _wanted(access: Access, tenant: str, export: str, since: str, until: str) -> Settled | None:
    """The tenant that was chosen, or the only one; what is no date counts as none."""
    chosen = tenant or next(iter(access.scopes), "")
    if chosen not in access.scopes:
        return None
    days = [day if _DAY.fullmatch(day) else None for day in (since, until)]
    return Settled(chosen, access.scopes[chosen], export or None, *days)
