"""Who asks, and whether a form that arrives was filled in on one of our own pages.

Signing in is Airflow's: the cookie of its UI, or a bearer token. A plugin's application inherits no
authentication from the api-server, so every page asks for it.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from typing import Annotated
from urllib.parse import quote, urlsplit

from airflow.api_fastapi.auth.managers.models.base_user import BaseUser
from airflow.api_fastapi.auth.tokens import get_signing_key
from airflow.api_fastapi.core_api.security import get_user
from airflow.configuration import conf
from fastapi import Depends, Form, Request

from ml_connector.console import PREFIX

FORM_LIVES = 8 * 3600
"""Seconds for which a page's form can be sent: a working day."""

SignedIn = Annotated[BaseUser, Depends(get_user)]

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
        "form-action 'self'; frame-ancestors 'self'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Forbidden(Exception):
    """The person may not see or do this; the text says what is missing."""


class NotPossible(Exception):
    """The action cannot be done as the form says; the text says why and what to do."""


class NotFound(Exception):
    """There is no such page, document or report; the text says so."""


def airflow_root(request: Request) -> str:
    """Path below which the api-server is reached from outside, without a slash at its end."""
    root: str = request.scope.get("root_path", "")
    return root.removesuffix(PREFIX).rstrip("/")


def login_address(request: Request) -> str:
    """Airflow's login, leading back to the page that was asked for."""
    asked = f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path
    return f"{airflow_root(request)}/api/v2/auth/login?next={quote(asked, safe='')}"


def _origin(address: str) -> tuple[str, str, int | None] | None:
    try:
        parts = urlsplit(address)
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return None
    return (parts.scheme, parts.hostname, port) if parts.scheme and parts.hostname else None


def require_own_origin(request: Request) -> None:
    """Refuse a request that a page of somebody else sends with the person's cookie.

    Our own origin is that of ``[api] base_url``, or the address at which the request arrived.

    Raises:
        Forbidden: the origin is another one, or there is none.
    """
    if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
        raise Forbidden("This request came from another site. Open the console itself and try again.")
    sent = _origin(request.headers.get("origin") or request.headers.get("referer") or "")
    ours = {_origin(str(request.base_url)), _origin(conf.get("api", "base_url", fallback="") or "")}
    if sent is None or sent not in ours:
        raise Forbidden(
            "This request came from another address than the console's own. Behind a proxy, [api] base_url "
            "in airflow.cfg must be the address that people use."
        )


def form_token(user: BaseUser, now: float | None = None) -> str:
    """Goes into every form; only a page made for this person holds it.

    It is tied to the person rather than to the session's token, which some auth managers replace
    every few minutes.
    """
    at = str(int(time.time() if now is None else now))
    return f"{at}.{_signature(user, at)}"


def require_form_token(user: BaseUser, token: str) -> None:
    """Refuse a form that was not made for this person, or too long ago.

    Raises:
        Forbidden: it was not.
    """
    at, _, signature = token.partition(".")
    genuine = at.isascii() and at.isdigit() and hmac.compare_digest(_signature(user, at), signature)
    if not genuine or not 0 <= time.time() - int(at) <= FORM_LIVES:
        raise Forbidden("The form is no longer valid. Open the page again and repeat what you did.")


def _signature(user: BaseUser, at: str) -> str:
    key = get_signing_key("api", "secret_key").encode()
    return hmac.new(key, f"ml-connector form|{user.get_id()}|{at}".encode(), hashlib.sha256).hexdigest()


def checked_form(request: Request, user: SignedIn, csrf: Annotated[str, Form()] = "") -> None:
    """What every form's handler depends on."""
    require_own_origin(request)
    require_form_token(user, csrf)
