"""What was sent to a trading partner, or came from one, for a document: the interchange itself."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from ml_connector.console import state
from ml_connector.console.access import Allowed
from ml_connector.console.rendering import page
from ml_connector.console.security import NotFound
from ml_connector.console.views.segments import Content, shown
from ml_connector.core.ledger.exchange import history

router = APIRouter()


@router.get("/interchanges/{tenant}/{flow}/{interchange_id}")
def show_interchange(
    request: Request, access: Allowed, tenant: str, flow: str, interchange_id: int, *, key: str
) -> HTMLResponse:
    """One interchange of a document, segment by segment."""
    entry = access.entry(tenant, flow)
    with state.reading() as store:
        with store.read() as connection:
            row = history.content(connection, tenant, flow, key, interchange_id)
        if row is None:
            raise NotFound(f"No interchange {interchange_id} carried {key} of {flow}, tenant {tenant}.")
        found = Content() if row.content is None else shown(store.cipher.open(row.content))
    content = {
        "row": row, "found": found, "kept": row.content is not None, "entry": entry, "key": key,
        "zone": entry.zone, "person": access.name,
    }  # fmt: skip
    return page(request, "interchange.html", content)
