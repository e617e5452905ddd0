"""Where everything stands; also for one DAG, which Airflow's UI shows beside that DAG."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from ml_connector.console import state
from ml_connector.console.access import Access, Allowed
from ml_connector.console.notices import notice
from ml_connector.console.rendering import page
from ml_connector.console.views.overview import overview

router = APIRouter()


@router.get("/")
def show_overview(
    request: Request, access: Allowed, tenant: str = "", done: str = "", count: int = 0
) -> HTMLResponse:
    """All flows that the person may read, or those of one tenant."""
    return _show(request, access, access.chosen(tenant, None), tenant=tenant, notice=notice(done, count))


@router.get("/dag/{dag_id}")
def show_dag(request: Request, access: Allowed, dag_id: str) -> HTMLResponse:
    """The flows of one DAG; other DAGs of the installation have none."""
    scopes: dict[str, list[str]] = {}
    for (tenant, flow), entry in access.entries.items():
        if entry.dag_id == dag_id:
            scopes.setdefault(tenant, []).append(flow)
    return _show(request, access, scopes, dag_id=dag_id)


def _show(
    request: Request,
    access: Access,
    scopes: dict[str, list[str]],
    *,
    tenant: str = "",
    dag_id: str = "",
    notice: str | None = None,
) -> HTMLResponse:
    with state.reading() as store:
        groups = overview(access, store, scopes)
    content = {
        "groups": groups, "tenants": list(access.scopes), "tenant": tenant, "dag_id": dag_id,
        "notice": notice, "person": access.name,
    }  # fmt: skip
    return page(request, "overview.html", content)
