"""The console: FastAPI pages that Airflow's UI shows as its own, and the receiver of webhooks."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException

from ml_connector.console import receiver
from ml_connector.console.pages import (
    actions,
    crosswalks,
    documents,
    interchanges,
    overview,
    plans,
    reconciliation,
    settlements,
)
from ml_connector.console.rendering import FOLDER, page
from ml_connector.console.security import HEADERS, Forbidden, NotFound, NotPossible, login_address
from ml_connector.core.errors import ConnectorError

log = logging.getLogger(__name__)

PAGES = (overview, documents, interchanges, actions, crosswalks, reconciliation, plans, settlements)

_Scope = MutableMapping[str, Any]
_Receive = Callable[[], Awaitable[_Scope]]
_Send = Callable[[_Scope], Awaitable[None]]


class SafeHeaders:
    """Adds headers to every answer: what a page may load, who may frame it, that nobody keeps it.

    Style and script may be kept, and are asked for again: they change with a release.
    """

    def __init__(self, app: Callable[[_Scope, _Receive, _Send], Awaitable[None]]) -> None:
        self._app = app
        self._pages, self._files = (
            [*_encoded(HEADERS | more)] for more in ({}, {"Cache-Control": "no-cache"})
        )

    async def __call__(self, scope: _Scope, receive: _Receive, send: _Send) -> None:
        headers = self._files if "/static/" in scope.get("path", "") else self._pages

        async def with_headers(message: _Scope) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *headers]
            await send(message)

        await self._app(scope, receive, with_headers)


def _encoded(headers: dict[str, str]) -> Iterator[tuple[bytes, bytes]]:
    for name, value in headers.items():
        yield name.lower().encode(), value.encode()


def create_app() -> FastAPI:
    """The application; the plugin mounts it in the api-server."""
    made = FastAPI(title="ml-connector", docs_url=None, redoc_url=None, openapi_url=None)
    made.add_middleware(SafeHeaders)
    made.mount("/static", StaticFiles(directory=FOLDER / "static"), name="static")
    made.include_router(receiver.router)
    for module in PAGES:
        made.include_router(module.router)
    made.add_exception_handler(Forbidden, _forbidden)
    made.add_exception_handler(NotFound, _not_found)
    made.add_exception_handler(NotPossible, _not_possible)
    made.add_exception_handler(SQLAlchemyError, _no_database)
    made.add_exception_handler(ConnectorError, _not_working)
    made.add_exception_handler(HTTPException, _http_error)
    made.add_exception_handler(RequestValidationError, _bad_request)
    return made


def _wants_html(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "")


def _told(request: Request, status: int, title: str, text: str) -> Response:
    if not _wants_html(request):
        return JSONResponse({"detail": text}, status)
    return page(request, "message.html", {"title": title, "text": text}, status=status)


def _forbidden(request: Request, error: Exception) -> Response:
    return _told(request, 403, "Not allowed", str(error))


def _not_found(request: Request, error: Exception) -> Response:
    return _told(request, 404, "Not found", str(error))


def _not_possible(request: Request, error: Exception) -> Response:
    return _told(request, 409, "Not possible", f"{error}. Nothing was changed.".replace("..", "."))


def _no_database(request: Request, error: Exception) -> Response:
    log.error("%s %s: the state database does not answer", request.method, request.url.path, exc_info=error)
    text = (
        "The state database does not answer, or is busy. Nothing was changed. Try again in a minute; the log "
        "of the api-server says more, and `airflow ml-connector check` what is wrong."
    )
    return _told(request, 503, "This does not work at the moment", text)


def _not_working(request: Request, error: Exception) -> Response:
    """A failure that its text explains: above all a state database that was not initialised."""
    log.warning("%s %s: %s", request.method, request.url.path, error)
    return _told(request, 503, "This does not work at the moment", str(error))


def _bad_request(request: Request, error: Exception) -> Response:
    fields = ", ".join(str(item["loc"][-1]) for item in getattr(error, "errors", list)())
    return _told(request, 400, "Not understood", f"The address or the form is not complete: {fields}.")


def _http_error(request: Request, error: Exception) -> Response:
    status, detail = getattr(error, "status_code", 500), getattr(error, "detail", "")
    if status == 401 and request.method == "GET" and _wants_html(request):
        return RedirectResponse(login_address(request), 307)
    if status == 401:
        text = "Your session has ended. Open the page again, log in, and repeat what you did."
        return _told(request, 401, "Please log in again", text)
    title = {403: "Not allowed", 404: "Not found"}.get(status, "Not understood")
    return _told(request, status, title, "There is no such page." if status == 404 else str(detail))


app = create_app()
