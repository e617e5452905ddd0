"""Finding documents, listing them by state, and one document's story."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from ml_connector.console import state
from ml_connector.console.access import Allowed
from ml_connector.console.notices import notice
from ml_connector.console.rendering import page, with_query
from ml_connector.console.security import NotFound
from ml_connector.console.views.story import story
from ml_connector.core.ledger.actions import REPLAYABLE
from ml_connector.core.ledger.scope import Status
from ml_connector.core.ledger.search import Filter, search

router = APIRouter()


@router.get("/search")
def find(
    request: Request,
    access: Allowed,
    *,
    q: Annotated[str, Query(max_length=512)] = "",
    tenant: str = "",
    flow: str = "",
    status: str = "",
    reason: str = "",
    overdue: bool = False,
    after: str = "",
    done: str = "",
    count: int = 0,
) -> HTMLResponse:
    """Documents by what people have in hand, and by state."""
    scopes = access.chosen(tenant, flow)
    known = {item.value for item in Status}
    statuses = [item for item in status.split(",") if item in known]
    with state.reading() as store:
        chosen = Filter(statuses, reason or None, store.now() if overdue else None)
        with store.read() as connection:
            hits = search(connection, scopes, q, chosen=chosen, after=after or None)
    query = {
        "q": q, "tenant": tenant, "flow": flow, "status": ",".join(statuses), "reason": reason,
        "overdue": 1 if overdue else "",
    }  # fmt: skip
    acting = len(scopes) == 1 and all(len(flows) == 1 for flows in scopes.values())
    content = {
        "query": query, "hits": hits.rows, "zones": {name: zone(access, name) for name in scopes},
        "following": hits.following and with_query("/search", **query, after=hits.following),
        "tenants": list(access.scopes), "statuses": [item.value for item in Status],
        "flows": access.flows_of(tenant),
        "replayable": [item.value for item in REPLAYABLE],
        "may_act": acting and access.may_act(access.entry(*_only(scopes))),
        "notice": notice(done, count), "person": access.name, "first": not after,
    }  # fmt: skip
    return page(request, "search.html", content)


def _only(scopes: dict[str, list[str]]) -> tuple[str, str]:
    ((tenant, (flow,)),) = scopes.items()
    return tenant, flow


def zone(access: Allowed, tenant: str) -> str:
    """A tenant's time zone."""
    file = access.catalog.tenants.get(tenant)
    return file.time_zone if file else "UTC"


@router.get("/documents/{tenant}/{flow}/{key:path}")
def show_document(
    request: Request, access: Allowed, tenant: str, flow: str, key: str, *, done: str = "", count: int = 0
) -> HTMLResponse:
    """One document's story."""
    entry = access.entry(tenant, flow)
    with state.reading() as store:
        found = story(access, store, entry, key)
    if found is None:
        raise NotFound(f"The ledger has no document {key} of {flow}, tenant {tenant}.")
    content = {"story": found, "notice": notice(done, count), "person": access.name}
    return page(request, "story.html", content)
