"""What went to trading partners and came from them: a list, and one interchange segment by segment.

Whoever may read a flow may read what carried its documents, and what carried none: our 997s, and what
waits in quarantine.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from sqlalchemy import Connection

from ml_connector.console import state
from ml_connector.console.access import Access, Allowed
from ml_connector.console.rendering import page, with_query
from ml_connector.console.security import NotFound
from ml_connector.console.views.segments import Content, shown
from ml_connector.core.ledger.exchange import history
from ml_connector.core.ledger.exchange.history import Chosen

router = APIRouter()

PAGE = 100
STATES = (
    "built", "uploading", "uploaded", "delivered", "failed", "taken", "duplicate", "refused", "quarantined",
)  # fmt: skip


@router.get("/interchanges")
def list_interchanges(
    request: Request,
    access: Allowed,
    *,
    tenant: str = "",
    direction: str = "",
    status: str = "",
    q: Annotated[str, Query(max_length=256)] = "",
    before: Annotated[int | None, Query(ge=1)] = None,
) -> HTMLResponse:
    """Interchanges, the newest first."""
    with state.reading() as store, store.read() as connection:
        scopes = _scopes(access, connection, tenant)
        chosen = Chosen(direction, status, q, before)
        rows = history.interchanges(connection, scopes, chosen, PAGE + 1) if scopes else []
        of_rows = history.sets(connection, [row.id for row in rows[:PAGE]])
    codes: dict[int, list[str]] = defaultdict(list)
    for one in of_rows:
        codes[one.interchange_id].append(one.set_code)
    query = {"tenant": tenant, "direction": direction, "status": status, "q": q}
    following = with_query("/interchanges", **query, before=rows[PAGE - 1].id) if len(rows) > PAGE else None
    content = {
        "rows": rows[:PAGE], "codes": codes, "following": following, "query": query, "person": access.name,
        "tenants": sorted(access.scopes), "states": STATES, "zones": access.catalog.tenants,
    }  # fmt: skip
    return page(request, "interchanges.html", content)


@router.get("/interchanges/{tenant}/{interchange_id}")
def show_interchange(request: Request, access: Allowed, tenant: str, interchange_id: int) -> HTMLResponse:
    """One interchange, segment by segment."""
    with state.reading() as store:
        with store.read() as connection:
            names = _scopes(access, connection, tenant).get(tenant, [])
            found = history.one(connection, tenant, names, interchange_id) if names else None
        if found is None:
            raise NotFound(f"There is no interchange {interchange_id} of tenant {tenant} that you may read.")
        row, sets = found
        held = Content() if row.content is None else shown(store.cipher.open(row.content))
    file = access.catalog.tenants.get(tenant)
    content = {
        "row": row, "sets": [(one, one.flow in names) for one in sets], "found": held,
        "kept": row.content is not None, "zone": file.time_zone if file else "UTC", "person": access.name,
    }  # fmt: skip
    return page(request, "interchange.html", content)


def _scopes(access: Access, connection: Connection, tenant: str) -> dict[str, list[str]]:
    """Flows with exchanged documents that the person may read, by tenant."""
    found: dict[str, list[str]] = {}
    wanted = [name for name in access.scopes if tenant in ("", name)]
    for name, flow in sorted(history.flows(connection, wanted)):
        if flow in access.scopes[name]:
            found.setdefault(name, []).append(flow)
    return found
