"""Plans: what a dry run would do, document by document and field by field."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from ml_connector.console import state
from ml_connector.console.access import Allowed
from ml_connector.console.pages.documents import zone
from ml_connector.console.rendering import page, with_query
from ml_connector.console.security import Forbidden
from ml_connector.core.ledger import history
from ml_connector.core.ledger.queries import change_answer

router = APIRouter()

PAGE = 100


@router.get("/plans")
def show_plans(request: Request, access: Allowed, tenant: str = "") -> HTMLResponse:
    """The newest plans."""
    with state.reading() as store, store.read() as connection:
        found = [
            line
            for name, flows in access.chosen(tenant, None).items()
            for line in history.plans(connection, name, flows)
        ]
    found.sort(key=lambda line: line.at, reverse=True)
    content = {
        "plans": found, "tenant": tenant, "tenants": list(access.scopes), "person": access.name,
        "zones": {name: zone(access, name) for name in access.scopes},
    }  # fmt: skip
    return page(request, "plans.html", content)


@router.get("/plans/{plan}")
def show_plan(
    request: Request,
    access: Allowed,
    plan: str,
    *,
    flow: str = "",
    operation: str = "",
    after: Annotated[list[str], Query(max_length=2)] = [],  # noqa: B006 - FastAPI copies defaults
) -> HTMLResponse:
    """One plan's documents."""
    every = sorted({name for flows in access.scopes.values() for name in flows})
    with state.reading() as store, store.read() as connection:
        line = history.plan_line(connection, plan, every)
        if line is None or line.tenant not in access.scopes:
            raise Forbidden("There is no such plan, or you may not read its DAG.")
        flows = access.chosen(line.tenant, flow).get(line.tenant, [])
        line = history.plan_line(connection, plan, access.scopes[line.tenant])
        place = (after[0], after[1]) if len(after) == 2 else ("", "")
        rows = history.plan_rows(
            connection, plan, flows, operation=operation or None, after=place, limit=PAGE + 1
        )
        shown = [
            (row, [change_answer(item) for item in store.open(row.changes) or []]) for row in rows[:PAGE]
        ]
    following = None
    if len(rows) > PAGE:
        last = rows[PAGE - 1]
        following = with_query(f"/plans/{plan}", flow=flow, operation=operation, after=[last.flow, last.key])
    content = {
        "line": line, "rows": shown, "flow": flow, "operation": operation, "following": following,
        "person": access.name, "zone": zone(access, line.tenant if line else ""),
    }  # fmt: skip
    return page(request, "plan.html", content)
