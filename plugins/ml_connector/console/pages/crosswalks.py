"""Crosswalks: source key to target id. Entries are found here, set and removed."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from ml_connector.console import state
from ml_connector.console.access import Allowed
from ml_connector.console.notices import notice
from ml_connector.console.rendering import page, with_query
from ml_connector.console.views import crosswalks as view

router = APIRouter()

PAGE = 100


@router.get("/crosswalks")
def show(
    request: Request,
    access: Allowed,
    *,
    tenant: str = "",
    name: str = "",
    q: Annotated[str, Query(max_length=512)] = "",
    after: str = "",
    done: str = "",
    count: int = 0,
) -> HTMLResponse:
    """All crosswalks, or the entries of one."""
    content: dict[str, object] = {
        "tenant": tenant,
        "name": name,
        "q": q,
        "notice": notice(done, count),
        "person": access.name,
    }
    with state.reading() as store:
        if not (tenant and name):
            shown = [item for item in view.names(access, store) if tenant in ("", item.tenant)]
            return page(request, "crosswalks.html", content | {"names": shown})
        entry = access.entry(tenant, name)
        rows = view.entries(store, tenant, name, text=q, after=after, limit=PAGE + 1)
    following = None
    if len(rows) > PAGE:
        following = with_query("/crosswalks", tenant=tenant, name=name, q=q, after=rows[PAGE - 1].key)
    content |= {
        "rows": rows[:PAGE], "following": following, "may_act": access.may_act(entry), "entry": entry,
        "is_flow": (tenant, name) in access.entries,
    }  # fmt: skip
    return page(request, "crosswalk.html", content)
