"""What people do: first a page that says what will happen, then the form that does it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query
from fastapi import Request as HttpRequest
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import StringConstraints

from ml_connector.console import state
from ml_connector.console.access import Allowed
from ml_connector.console.actions import ACTIONS, Action, Request
from ml_connector.console.catalog import FlowEntry
from ml_connector.console.rendering import document_path, page, with_query
from ml_connector.console.security import NotFound, NotPossible, checked_form, form_token
from ml_connector.console.views.confirmation import concerned
from ml_connector.core.errors import ConnectorError
from ml_connector.core.ledger.scope import Scope, Status

router = APIRouter()

MOST_KEYS = 500

Key = Annotated[str, StringConstraints(min_length=1, max_length=512)]
Keys = Annotated[list[Key], Query(alias="key", max_length=MOST_KEYS)]
FormKeys = Annotated[list[Key], Form(alias="key", max_length=MOST_KEYS)]
TargetId = Annotated[str, Query(max_length=128)]


@router.get("/actions/{name}")
def ask(
    request: HttpRequest,
    access: Allowed,
    name: str,
    *,
    tenant: str,
    flow: str,
    key: Keys = [],  # noqa: B006 - FastAPI copies defaults
    status: str = "",
    target_id: TargetId = "",
) -> HTMLResponse:
    """Say what will happen, and ask."""
    action, entry = _action(name), access.require_act(tenant, flow)
    asked = _request(entry, flow, key, status, target_id)
    with state.reading() as store:
        shown = concerned(store, action, asked)
    content = {
        "action": action, "asked": asked, "entry": entry, "shown": shown, "csrf": form_token(access.user),
        "back": _back(action, asked), "person": access.name, "status": status,
    }  # fmt: skip
    return page(request, "confirm.html", content)


@router.post("/actions/{name}", dependencies=[Depends(checked_form)])
def act(
    request: HttpRequest,
    access: Allowed,
    name: str,
    *,
    tenant: Annotated[str, Form()],
    flow: Annotated[str, Form()],
    key: FormKeys = [],  # noqa: B006 - FastAPI copies defaults
    status: Annotated[str, Form()] = "",
    target_id: Annotated[str, Form(max_length=128)] = "",
) -> RedirectResponse:
    """Do it, in the person's name."""
    action, entry = _action(name), access.require_act(tenant, flow)
    asked = _request(entry, flow, key, status, target_id)
    with state.acting(access.name) as store:
        try:
            action.check(asked)
            with store.write() as tx:
                count = action.perform(tx, asked)
        except ConnectorError as error:
            raise NotPossible(str(error)) from error
    root: str = request.scope.get("root_path", "")
    path, _, query = _back(action, asked).partition("?")
    told = with_query(path, done=action.name, count=str(count))
    return RedirectResponse(f"{root}{told}{f'&{query}' if query else ''}", 303)


def _action(name: str) -> Action:
    if name not in ACTIONS:
        raise NotFound(f"There is no action {name}.")
    return ACTIONS[name]


def _request(entry: FlowEntry, flow: str, keys: list[str], status: str, target_id: str) -> Request:
    names = [item for item in status.split(",") if item]
    if unknown := set(names) - {item.value for item in Status}:
        raise NotPossible(f"There is no state {', '.join(sorted(unknown))}.")
    scope = Scope(entry.tenant, entry.environment or "", flow)
    return Request(scope, tuple(dict.fromkeys(keys)), [Status(item) for item in names], target_id.strip())


def _back(action: Action, asked: Request) -> str:
    """Where the action leads to, and what its page is left for."""
    scope = asked.scope
    if action.name.startswith("crosswalk"):
        return with_query(
            "/crosswalks", tenant=scope.tenant, name=scope.flow, q=asked.keys[0] if asked.keys else ""
        )
    if not action.keys:
        return "/"
    if len(asked.keys) == 1:
        return document_path(scope.tenant, scope.flow, asked.keys[0])
    statuses = ",".join(asked.statuses)
    return with_query("/search", tenant=scope.tenant, flow=scope.flow, status=statuses)
